"""Samples of BioLogic: a text export, and a .mpr written by a small writer of its own that every part of can be turned wrong.

The layout is written down here a second time, apart from the reader, from what real files show.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from interlith.formats import biologic_mpt
from tests.formats.samples.common import Sample, table

MAGIC = b"BIO-LOGIC MODULAR FILE\x1a".ljust(48) + b"\x00" * 4
START = datetime(2026, 1, 2, 3, 4, 5)
#: Type of a column by its number; those of one bit are in `BITS`.
WIDTHS = {
    4: "<f8", 5: "<f4", 6: "<f4", 7: "<f8", 8: "<f4", 9: "<f4", 11: "<f8", 13: "<f8", 20: "<f4", 24: "<f8", 27: "<f4",
    32: "<f4", 35: "<f4", 36: "<f4", 37: "<f4", 38: "<f4", 39: "<u2", 70: "<f4", 74: "<f8", 76: "<f4", 77: "<f4",
    123: "<f8", 124: "<f8", 131: "<u2", 211: "<f8", 212: "<u4", 434: "<f4", 435: "<f4", 462: "<f4", 467: "<f8", 468: "<u4",
    469: "<u4", 498: "<f8", 499: "<f8",
}  # fmt: skip
BITS = {1: 0, 2: 2, 3: 3, 21: 4, 31: 5, 65: 7}
FIRST_RECORD = {0: 100, 2: 405, 3: 406, 11: 1007}


def module(name: str, content: bytes, *, version: int, long_header: bool, length: int | None = None) -> bytes:
    """One module with the header of older or newer files."""
    size = len(content) if length is None else length
    words = b"MODULE" + name.encode().ljust(10) + name.encode().ljust(25)
    if long_header:
        return words + struct.pack("<IIII", 0xFFFFFFFF, size, 0, version) + b"01/02/26" + content
    return words + struct.pack("<II", size, version) + b"01/02/26" + content


def data(
    columns: Mapping[int, Sequence[Any]], *, version: int, rows: int | None = None, numbers: Sequence[int] | None = None
) -> bytes:
    """Content of the data module; flags lie in one byte where the first of them is listed."""
    listed = list(columns) if numbers is None else list(numbers)
    count = len(next(iter(columns.values()))) if columns else 0
    fields: list[tuple[str, str]] = []
    for number in columns:
        name = "flags" if number in BITS else str(number)
        if (name, WIDTHS.get(number, "|u1")) not in fields and name not in [field for field, _ in fields]:
            fields.append((name, "|u1" if number in BITS else WIDTHS[number]))
    records = np.zeros(count, dtype=np.dtype(fields)) if fields else np.zeros(0, dtype="u1")
    for number, values in columns.items():
        if number in BITS:
            records["flags"] |= (np.asarray(values, dtype=np.uint8) << BITS[number]).astype(np.uint8)
        else:
            records[str(number)] = values
    head = struct.pack("<I", count if rows is None else rows)
    if version == 0:
        head += struct.pack(f"<B{len(listed)}B", len(listed), *listed)
    elif version == 11:
        head += struct.pack(f"<H{len(listed)}H", len(listed), *listed)
    else:
        head += struct.pack(f"<B{len(listed)}H", len(listed), *listed)
    head = head.ljust(FIRST_RECORD[version], b"\x00")
    if version in (3, 11):
        head = head[:-1] + b"\x01"
    return head + records.tobytes()


def settings(
    technique: int, *, mass: float = 0.001, unit: int = 2, capacity: float = 0.0, active: float = 0.001
) -> bytes:
    """Content of the settings module: technique, masses, capacity."""
    body = bytearray(7000)
    body[0] = technique
    body[7:16] = b"\x08a coment"
    struct.pack_into("<f", body, 0x107, active)
    struct.pack_into("<f", body, 0x10F, 90.93)
    struct.pack_into("<fBB", body, 0x24C, mass, 2, unit)
    struct.pack_into("<fB", body, 0x25C, capacity, 1)
    return bytes(body)


def log(channel: int = 3, file: str = "cell_02_GCPL_C04.mpr") -> bytes:
    """Content of the log module: channel, start, name of the file."""
    body = bytearray(8000)
    body[9] = channel
    struct.pack_into("<d", body, 0x249, (START - datetime(1899, 12, 30)).total_seconds() / 86400)
    body[0x251 : 0x252 + len(file)] = bytes([len(file)]) + file.encode()
    body[0x3CF:0x3D4] = b"\x040168"
    return bytes(body)


def mpr(
    columns: Mapping[int, Sequence[Any]],
    *,
    version: int = 3,
    technique: int = 4,
    rows: int | None = None,
    numbers: Sequence[int] | None = None,
    **said: Any,
) -> bytes:
    """A whole file: settings, data, log."""
    long_header = version == 11
    other = 10 if long_header else 0
    return b"".join(
        (
            MAGIC,
            module("VMP Set", settings(technique, **said), version=other, long_header=long_header),
            module(
                "VMP data",
                data(columns, version=version, rows=rows, numbers=numbers),
                version=version,
                long_header=long_header,
            ),
            module("VMP LOG", log(), version=other, long_header=long_header),
        )
    )


def gcpl(frame: pl.DataFrame | None = None) -> dict[int, Any]:
    """Columns of a GCPL file from the common table: no current is stored, only charge since the record before."""
    frame = table() if frame is None else frame
    time, current, step = (frame[name].to_numpy() for name in ("test_time", "current", "vendor_step"))
    dq = np.concatenate([[0.0], current[1:] * np.diff(time) / 3.6])
    turns = np.flatnonzero(np.diff(np.sign(current), prepend=0.0) != 0)
    half, inside = np.zeros(len(time), dtype=int), np.cumsum(dq)
    for place in turns:
        if current[place]:
            last = int(half[place - 1]) if place else 0
            half[place:] = last + 1 + (((last + 1) % 2 == 0) != (current[place] > 0))
            inside[place:] = np.cumsum(dq[place:])
    mode = np.where(current == 0, 3, 1)
    return {
        1: mode, 2: (current > 0).astype(int), 3: 0 * mode, 21: 0 * mode, 31: np.diff(step, prepend=step[0]), 65: 0 * mode,
        131: step, 4: time, 7: dq, 13: np.cumsum(dq), 5: current * 1e3, 6: frame["voltage"].to_numpy(), 39: 0 * mode + 14,
        467: inside, 468: half, 70: current * frame["voltage"].to_numpy(),
    }  # fmt: skip


SAMPLES: dict[str, Sample] = {
    "biologic_mpr": Sample("k.mpr", lambda path: _put(path, mpr(gcpl()))),
    "biologic_mpt": Sample(
        "k.mpt",
        lambda path: biologic_mpt.write(table(), path, {"start": "2026-01-02T03:04:05", "active_mass": "2.08 mg"}),
    ),
}


def _put(path: Path, content: bytes) -> None:
    path.write_bytes(content)
