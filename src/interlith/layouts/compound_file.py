"""Do the sectors of a compound file (the container of .xls) form chains that end, and do its cells lie within a sheet?

The library that reads such workbooks follows a chain that bites its own tail for ever; it is therefore looked at before.
"""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from interlith.errors import ReadError

Sectors = NDArray[np.uint32]

#: Marks of the end of a chain and above: end, free, table.
_LAST = 0xFFFFFFFA
_ENTRY = 128
#: Records of a sheet that hold a cell, the one that holds its size, and how large a sheet may be.
_CELLS = frozenset((0x06, 0xBD, 0xBE, 0xD6, 0xFD, 0x201, 0x203, 0x204, 0x205, 0x27E))
_DIMENSIONS, _ROWS, _COLUMNS = 0x200, 65_536, 256
_RECORD, _U32, _U16 = struct.Struct("<HHHH"), struct.Struct("<I"), struct.Struct("<H")


def check(path: Path) -> None:
    """Follow every chain of sectors once.

    Raises
    ------
    ReadError
        If the file is cut short, or a chain runs in a circle or out of the file.
    """
    data = np.fromfile(path, dtype=np.uint8)
    if len(data) < 512:
        raise ReadError(f"{path}: {len(data)} bytes are too few for a workbook (.xls); copy the file again.")
    shift = int(data[30])
    if shift not in (9, 12):
        raise ReadError(f"{path}: byte 30 says sectors of 2^{shift} bytes; the workbook is damaged, export it again.")
    size = 1 << shift
    words = np.frombuffer(data[: len(data) // 4 * 4].tobytes(), dtype="<u4")
    per = size // 4
    table = _table(path, words, per, shift)
    directory = _follow(path, table, int(words[12]), "the directory")
    mini = _follow(path, table, int(words[15]), "the table of small sectors")
    small = np.concatenate([_sector(words, per, number) for number in mini]) if mini else np.zeros(0, dtype=np.uint32)
    entries = [data[(number + 1) * size + at :][:_ENTRY] for number in directory for at in range(0, size, _ENTRY)]
    limit = int(words[14])
    for entry in entries:
        if len(entry) < _ENTRY or entry[66] not in (2, 5):
            continue
        start, length = (int.from_bytes(entry[at : at + 4].tobytes(), "little") for at in (116, 120))
        inside = small if entry[66] == 2 and length < limit else table
        chain = _follow(path, inside, start if length else _LAST, "a stream")
        name = entry[:64].tobytes().decode("utf-16-le", errors="replace").rstrip("\x00")
        if name in ("Workbook", "Book") and inside is table:
            _check_cells(path, b"".join(data[(number + 1) * size : (number + 2) * size].tobytes() for number in chain))


def _check_cells(path: Path, stream: bytes) -> None:
    """Refuse a cell beyond the last column that such a workbook has: a grid up to it would fill the memory."""
    at, end = 0, len(stream) - 16
    while at <= end:
        kind, length, row, column = _RECORD.unpack_from(stream, at)
        if kind in _CELLS and column >= _COLUMNS:
            raise ReadError(
                f"{path}: byte {at} of its stream: a cell in row {row + 1} and column {column + 1}, where such workbooks have "
                f"{_COLUMNS} columns; the workbook is damaged, export it again."
            )
        if kind == _DIMENSIONS and (
            _U32.unpack_from(stream, at + 8)[0] > _ROWS or _U16.unpack_from(stream, at + 14)[0] > _COLUMNS
        ):
            raise ReadError(
                f"{path}: byte {at} of its stream: a sheet of impossible size; the workbook is damaged, export it again."
            )
        at += 4 + length


def _sector(words: Sectors, per: int, number: int) -> Sectors:
    return words[(number + 1) * per : (number + 2) * per]


def _table(path: Path, words: Sectors, per: int, shift: int) -> Sectors:
    """For each sector the next one of its chain."""
    most = len(words) // per
    places = [int(number) for number in words[19:128] if number < _LAST]
    following, seen = int(words[17]), 0
    while following < _LAST:
        part = _sector(words, per, following)
        seen += 1
        if len(part) < per or seen > most:
            raise _broken(path, "the list of tables", following, shift)
        places += [int(number) for number in part[:-1] if number < _LAST]
        following = int(part[-1])
    outside = [number for number in places if number + 2 > most]
    if outside or len(places) > most:
        raise _broken(path, "the table of sectors", outside[0] if outside else 0, shift)
    return np.concatenate([_sector(words, per, number) for number in places] or [np.zeros(0, dtype=np.uint32)])


def _follow(path: Path, table: Sectors, start: int, what: str) -> list[int]:
    """The sectors of a chain in their order."""
    found: list[int] = []
    number = start
    while number < _LAST:
        if number >= len(table) or len(found) > len(table):
            raise ReadError(
                f"{path}: the sectors of {what} that begins at {start} run out of the file or in a circle; the workbook is "
                "damaged, export it again."
            )
        found.append(number)
        number = int(table[number])
    return found


def _broken(path: Path, what: str, number: int, shift: int) -> ReadError:
    return ReadError(
        f"{path}: byte {(number + 1) << shift}: {what} runs out of the file or in a circle; the workbook is damaged, export it "
        "again."
    )
