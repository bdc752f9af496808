"""How large would the sheets of a workbook become in memory?

A reader of workbooks holds a sheet as a full rectangle. A file of a few kilobytes with one cell in the last row and column
then asks for hundreds of gigabytes, so the corner of the rectangle is looked for before the sheet is read.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from interlith.errors import ReadError
from interlith.layouts.percent_cells import column_number

#: Cells of a rectangle that are allowed always, and how many there may be for each cell that is filled.
ALWAYS = 4_000_000
FOR_EACH = 20
#: Rows of the largest sheet there can be.
MOST_ROWS = 1_048_576
_BLOCK = 1 << 22
_OVERLAP = 64
#: Cells as all usual software writes them, which are found ten times faster than any other spelling.
_USUAL = rb'<c r="'
_ANY = rb"""<(?:\w+:)?c\b[^>]*?\sr\s*=\s*["']"""
_UNUSUAL = (b":c ", b"<c\n", b"<c\t", b"<c\r")


def refuse_hollow(path: Path) -> None:
    """Refuse a workbook (.xlsx) whose sheets are far larger than what they hold.

    Raises
    ------
    ReadError
        If it is damaged, no workbook, or a sheet has a rectangle of far more cells than are filled.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if not any(name.startswith("xl/") for name in names):
                raise ReadError(
                    f"{path}: this archive is no Excel workbook (it has no member xl/...); save it as .xlsx."
                )
            for name in names:
                if name.startswith("xl/worksheets/") and name.endswith(".xml"):
                    _refuse(path, archive, name)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        raise ReadError(f"{path}: the workbook is damaged ({error}); export it again.") from error


def _refuse(path: Path, archive: zipfile.ZipFile, name: str) -> None:
    columns, cells, start = _width(archive, name)
    allowed = max(ALWAYS, FOR_EACH * cells)
    if MOST_ROWS * columns <= allowed:
        return
    if _height(archive, name, start) * columns <= allowed:
        return
    rows, columns = _corner(archive, name, start)
    if rows * columns > allowed:
        raise ReadError(
            f"{path}: the sheet {name.rsplit('/', 1)[-1]} holds {cells} cells spread over {rows} rows and {columns} "
            "columns; delete the empty part of the sheet (there is a cell far to the right or below) and save it again."
        )


def _width(archive: zipfile.ZipFile, name: str) -> tuple[int, int, bytes]:
    """Upper bound of the columns of a sheet, its filled cells, and the pattern that finds them."""
    letters: set[bytes] = set()
    cells = 0
    with archive.open(name) as member:
        for text in _blocks(member):
            if any(mark in text for mark in _UNUSUAL) or text.count(b"<c ") != text.count(_USUAL):
                return _slow_width(archive, name)
            letters.update(re.findall(_USUAL + rb"([A-Z]{2,3})\d", text))
            cells += text.count(b"<c ")
    return max((column_number(item.decode()) + 1 for item in letters), default=26), cells, _USUAL


def _slow_width(archive: zipfile.ZipFile, name: str) -> tuple[int, int, bytes]:
    letters: set[bytes] = set()
    cells = 0
    with archive.open(name) as member:
        for text in _blocks(member):
            letters.update(re.findall(_ANY + rb"([A-Z]{2,3})\d", text))
            cells += len(re.findall(rb"<(?:\w+:)?c\b", text))
    return max((column_number(item.decode()) + 1 for item in letters), default=26), cells, _ANY


def _height(archive: zipfile.ZipFile, name: str, start: bytes) -> int:
    """Upper bound of the rows of a sheet, from the digits of its cell names alone."""
    digits: int = 3
    with archive.open(name) as member:
        for text in _blocks(member):
            longer = (size for size in (7, 6, 5, 4) if size > digits)
            digits = next((size for size in longer if re.search(start + rb"[A-Z]{1,3}\d{%d}" % size, text)), digits)
    return int(min(10**digits, MOST_ROWS))


def _corner(archive: zipfile.ZipFile, name: str, start: bytes) -> tuple[int, int]:
    """Rows and columns of the rectangle, cell by cell: for the few sheets whose bounds are not enough."""
    letters: set[bytes] = set()
    last = 0
    with archive.open(name) as member:
        for text in _blocks(member):
            found = re.findall(start + rb"([A-Z]{1,3})(\d{1,7})", text)
            letters.update(column for column, _ in found)
            last = max(last, max((int(row) for _, row in found), default=0))
    return last, max((column_number(item.decode()) + 1 for item in letters), default=0)


def _blocks(member: IO[bytes]) -> Iterator[bytes]:
    """Pieces of a member, cut before an element begins."""
    kept = b""
    while block := member.read(_BLOCK):
        kept += block
        cut = kept.rfind(b"<")
        if cut <= 0:
            cut = max(0, len(kept) - _OVERLAP)
        yield kept[:cut]
        kept = kept[cut:]
    yield kept
