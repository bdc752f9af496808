"""Compound files written here: whole, with chains that bite their tail, and with cells beyond any sheet."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from interlith.errors import ReadError
from interlith.layouts import compound_file

_END, _FREE, _TABLE = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD


def _write(path: Path, stream: bytes, *, table: dict[int, int] | None = None, lists: int = _END) -> Path:
    """Sector 0 is the table of sectors, 1 the directory, from 2 on the stream ``Workbook``."""
    stream = stream.ljust(512 * max(8, -(-len(stream) // 512)), b"\x00")
    sectors = len(stream) // 512
    following = (
        {0: _TABLE, 1: _END} | {2 + spot: 3 + spot for spot in range(sectors)} | {1 + sectors: _END} | (table or {})
    )
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    head += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, _END, 0, lists, 0) + struct.pack("<I", 0) + b"\xff" * (4 * 108)
    name = "Workbook".encode("utf-16-le").ljust(64, b"\x00")
    entry = name + struct.pack("<HBB", 18, 2, 1) + bytes(48) + struct.pack("<II", 2, len(stream)) + bytes(4)
    places = struct.pack("<128I", *(following.get(spot, _FREE) for spot in range(128)))
    path.write_bytes(head[:512] + places + entry.ljust(512, b"\x00") + stream)
    return path


def _cell(row: int, column: int) -> bytes:
    return struct.pack("<HHHHHd", 0x203, 14, row, column, 15, 1.5)


def test_a_whole_file_passes(tmp_path: Path) -> None:
    compound_file.check(_write(tmp_path / "a.xls", _cell(0, 0) + _cell(65_535, 255) + bytes(32)))


@pytest.mark.parametrize(
    ("table", "lists"), [({1: 1}, _END), ({2: 2}, _END), ({5: 3}, _END), ({9: 4000}, _END), ({}, 2), ({}, 90)]
)
def test_chains_without_end_are_refused(table: dict[int, int], lists: int, tmp_path: Path) -> None:
    with pytest.raises(ReadError, match=r"a\.xls: .*in a circle"):
        compound_file.check(_write(tmp_path / "a.xls", _cell(0, 0), table=table, lists=lists))


def test_a_cell_beyond_any_sheet_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="byte 18 of its stream: a cell in row 4 and column 301"):
        compound_file.check(_write(tmp_path / "a.xls", _cell(0, 0) + _cell(3, 300) + bytes(32)))
    size = struct.pack("<HHIIHHH", 0x200, 14, 0, 4_000_000_000, 0, 17, 0)
    with pytest.raises(ReadError, match="a sheet of impossible size"):
        compound_file.check(_write(tmp_path / "a.xls", size + bytes(32)))


def test_a_file_cut_short_is_refused(tmp_path: Path) -> None:
    path = _write(tmp_path / "a.xls", _cell(0, 0))
    raw = path.read_bytes()
    for cut in (0, 100, 511, 600):
        path.write_bytes(raw[:cut])
        with pytest.raises(ReadError, match=r"a\.xls"):
            compound_file.check(path)


def test_a_public_workbook_passes(cycling_folder: Path) -> None:
    compound_file.check(cycling_folder / "custom_data_003.xls")
