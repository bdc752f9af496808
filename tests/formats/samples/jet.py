"""A writer of tiny Jet databases, so that a .res can be made, changed and broken byte by byte in tests."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

BOOLEAN, BYTE, INTEGER, LONG, SINGLE, DOUBLE, TEXT, OLE = 1, 2, 3, 4, 6, 7, 10, 11
_WIDTHS = {BOOLEAN: (1, ""), BYTE: (1, "B"), INTEGER: (2, "h"), LONG: (4, "i"), SINGLE: (4, "f"), DOUBLE: (8, "d")}
#: Flags of a row: deleted, and moved to another page.
DELETED, MOVED = 0xC000, 0x4000
_HEADER_KEY = bytes.fromhex("c7da396b")


@dataclass(frozen=True)
class JetTable:
    """Columns (name -> type), rows in the order in which they are written, and what to do to single rows of them.

    `deleted` rows are marked so; `moved` rows are written to a page of their own, and a pointer stands in their place. A
    `wide_map` lists the pages on a page of its own, as large tables have it.
    """

    columns: Mapping[str, int]
    rows: Sequence[Sequence[object]]
    rows_a_page: int = 20
    deleted: frozenset[int] = frozenset()
    moved: frozenset[int] = frozenset()
    said: int | None = None
    compressed: bool = False
    wide_map: bool = False


def write_database(path: Path, tables: Mapping[str, JetTable], *, old: bool = False) -> dict[str, int]:
    """Write a Jet 4 (or, if `old`, Jet 3) database; returns the page of each table's definition."""
    size = 2048 if old else 4096
    pages: list[bytes] = [_head(size, old), b"", b"", b""]
    maps: list[bytes] = [_usage_map([3])]
    places: dict[str, int] = {}
    for name, table in tables.items():
        places[name] = len(pages)
        pages.append(b"")
        mine = _data_pages(table, len(pages), places[name], size, old)
        numbers = list(range(len(pages), len(pages) + len(mine)))
        pages += mine
        if table.wide_map:
            made = _map_pages(numbers, size)
            maps.append(_wide_map(len(pages), len(made)))
            pages += made
        else:
            maps.append(_usage_map(numbers))
        pages[places[name]] = _definition(table, len(maps) - 1, size, old)
    catalogue = JetTable(
        {"Id": LONG, "Type": INTEGER, "Flags": LONG, "Name": TEXT, "LvProp": OLE},
        [(2, 1, -0x80000000, "MSysObjects", None), *((place, 1, 0, name, None) for name, place in places.items())],
        rows_a_page=50,
    )
    pages[1] = _page(maps, 1, size, old)
    pages[2] = _definition(catalogue, 0, size, old)
    pages[3] = _data_pages(catalogue, 3, 2, size, old)[0]
    path.write_bytes(b"".join(pages))
    return places


def _head(size: int, old: bool) -> bytes:
    """The first page; the password and the key of the pages, behind the vendor's fixed mask, are zero."""
    head = b"\x00\x01\x00\x00Standard Jet DB\x00" + bytes([0 if old else 1, 0, 0, 0])
    return (head + _mask(126 if old else 128)).ljust(size, b"\x00")


def _mask(length: int) -> bytes:
    state, other, out = list(range(256)), 0, []
    for place in range(256):
        other = (other + state[place] + _HEADER_KEY[place % 4]) % 256
        state[place], state[other] = state[other], state[place]
    other = 0
    for count in range(1, length + 1):
        place = count % 256
        other = (other + state[place]) % 256
        state[place], state[other] = state[other], state[place]
        out.append(state[(state[place] + state[other]) % 256])
    return bytes(out)


def _usage_map(numbers: Sequence[int]) -> bytes:
    first = min(numbers, default=0)
    bits = sum(1 << (number - first) for number in numbers)
    return b"\x00" + struct.pack("<I", first) + bits.to_bytes(64, "little")


def _map_pages(numbers: Sequence[int], size: int) -> list[bytes]:
    """Pages of bits, each for as many pages as it has bits behind its head."""
    span = (size - 4) * 8
    bits = [bytearray(size - 4) for _ in range(max(numbers, default=0) // span + 1)]
    for number in numbers:
        bits[number // span][number % span // 8] |= 1 << (number % 8)
    return [b"\x05\x01\x00\x00" + bytes(page) for page in bits]


def _wide_map(first: int, count: int) -> bytes:
    return b"\x01" + struct.pack(f"<{count}I", *range(first, first + count)) + bytes(4 * (16 - count))


def _definition(table: JetTable, map_row: int, size: int, old: bool) -> bytes:
    fixed, texts, columns, names = 0, 0, b"", b""
    for number, (name, kind) in enumerate(table.columns.items()):
        variable = kind in (TEXT, OLE)
        offset, flags = (0, 2) if variable else (fixed, 3)
        width = 250 if variable else _WIDTHS[kind][0]
        if old:
            columns += struct.pack("<BHHH6xBHH", kind, number, texts, number, flags, offset, width)
            names += bytes([len(name)]) + name.encode("cp1252")
        else:
            columns += struct.pack("<B4xHHH4xBx4xHH", kind, number, texts, number, flags, offset, width)
            names += struct.pack("<H", 2 * len(name)) + name.encode("utf-16-le")
        texts += variable
        fixed += 0 if variable or kind == BOOLEAN else width
    rows = len(table.rows) - len(table.deleted) if table.said is None else table.said
    count = len(table.columns)
    pointer = bytes([map_row]) + (1).to_bytes(3, "little")
    if old:
        head = struct.pack("<2sHIIII", b"\x02\x01", 0, 0, 0, rows, 0)
        head += struct.pack("<BHHHII", 0x4E, count, texts, count, 0, 0) + pointer * 2
    else:
        head = struct.pack("<2sHIIIII16x", b"\x02\x01", 0, 0, 0, 0, rows, 0)
        head += struct.pack("<BHHHII", 0x4E, count, texts, count, 0, 0) + pointer * 2
    return (head + columns + names).ljust(size, b"\x00")


def _row(table: JetTable, values: Sequence[object], old: bool) -> bytes:
    fixed, texts, present = b"", [], 0
    for number, (kind, value) in enumerate(zip(table.columns.values(), values, strict=True)):
        if kind == BOOLEAN:
            present |= bool(value) << number
            continue
        present |= (value is not None) << number
        if kind in (TEXT, OLE):
            texts.append(_text(str(value or ""), table.compressed, old))
        else:
            fixed += struct.pack("<" + _WIDTHS[kind][1], 0 if value is None else value)
    count = len(table.columns)
    out = (bytes([count]) if old else struct.pack("<H", count)) + fixed
    if texts:
        places = [len(out) + sum(map(len, texts[:spot])) for spot in range(len(texts) + 1)]
        out += b"".join(texts)
        out += _places_old(places, len(out), count) if old else _places(places)
    return out + present.to_bytes((count + 7) // 8, "little")


def _places(places: Sequence[int]) -> bytes:
    return struct.pack(f"<{len(places)}H", *reversed(places)) + struct.pack("<H", len(places) - 1)


def _places_old(places: Sequence[int], before: int, columns: int) -> bytes:
    """Single bytes, and beside them at which column the places pass each multiple of 256."""
    jumps = 0
    while (before + len(places) + jumps + 1 + (columns + 7) // 8 - 1) // 256 > jumps:
        jumps += 1
    passed = [next((spot for spot, at in enumerate(places) if at >= 256 * (turn + 1)), 255) for turn in range(jumps)]
    return bytes(at % 256 for at in reversed(places)) + bytes(reversed(passed)) + bytes([len(places) - 1])


def _text(text: str, compressed: bool, old: bool) -> bytes:
    if old:
        return text.encode("cp1252", errors="replace")
    return b"\xff\xfe" + text.encode("latin-1") if compressed and text else text.encode("utf-16-le")


def _data_pages(table: JetTable, first: int, owner: int, size: int, old: bool) -> list[bytes]:
    chunks = [
        range(at, min(at + table.rows_a_page, len(table.rows))) for at in range(0, len(table.rows), table.rows_a_page)
    ]
    moved = sorted(table.moved)
    out = []
    for chunk in chunks:
        rows, flags = [], []
        for number in chunk:
            row, flag = _row(table, table.rows[number], old), 0
            if number in table.moved:
                row, flag = bytes([moved.index(number)]) + (first + len(chunks)).to_bytes(3, "little"), MOVED
            rows.append(row)
            flags.append(DELETED if number in table.deleted else flag)
        out.append(_page(rows, owner, size, old, flags))
    if moved:
        out.append(
            _page([_row(table, table.rows[number], old) for number in moved], owner, size, old, [0x8000] * len(moved))
        )
    return out


def _page(rows: Sequence[bytes], owner: int, size: int, old: bool, flags: Sequence[int] = ()) -> bytes:
    page = bytearray(size)
    end, starts = size, []
    for row in rows:
        end -= len(row)
        page[end : end + len(row)] = row
        starts.append(end)
    marked = [start | flag for start, flag in zip(starts, flags or [0] * len(rows), strict=True)]
    head = struct.pack("<2sHI", b"\x01\x01", 0, owner) + (b"" if old else bytes(4))
    head += struct.pack(f"<H{len(rows)}H", len(rows), *marked)
    if len(head) > end:
        raise ValueError(f"{len(rows)} rows do not fit into a page")
    struct.pack_into("<H", page, 2, 0)
    page[: len(head)] = head
    return bytes(page)
