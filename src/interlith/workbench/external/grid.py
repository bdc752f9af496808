"""Which cells does a table of results from another program hold: delimited text or sheets of a workbook?"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any

from interlith.errors import ReadError, StudyError, nearest
from interlith.layouts import archives
from interlith.layouts.percent_cells import column_letters, percent_cells
from interlith.layouts.sheet_extent import refuse_hollow
from interlith.workbench.declaring.measurements_file import read_text

#: A table of results is made by people and programs for people; what is larger (bytes) is raw data.
LARGEST = 20_000_000
TEXTS = (".csv", ".tsv", ".txt")
WORKBOOKS = (".xlsx", ".xlsm")
DELIMITERS = ",;\t"
#: How a date in a cell is written here; no number looks like it.
DATE = "the date "

Cell = str | float


@dataclass(frozen=True, slots=True)
class Grid:
    """One sheet: rows of cells with their numbers (from 1) in the file; typed numbers stay numbers, all else is text.

    `sheet` is empty for a text file.
    """

    file: str
    sheet: str
    rows: tuple[tuple[int, tuple[Cell, ...]], ...]

    def where(self, row: int, column: int | None = None, name: str = "") -> str:
        """The place as the user finds it: ``icp.xlsx, sheet 'Ni', cell C4 (value)`` or ``xps.csv, line 4 (value)``."""
        bracket = f" ({name})" if name else ""
        if not self.sheet:
            return f"{self.file}, line {row}{bracket}"
        cell = f"row {row}" if column is None else f"cell {column_letters(column)}{row}"
        return f"{self.file}, sheet '{self.sheet}', {cell}{bracket}"


def read_grids(path: Path) -> tuple[Grid, ...]:
    """The cells of a text file, or of every sheet of a workbook that is not empty.

    Raises
    ------
    StudyError
        If the file is missing, too large, of another kind, damaged or empty.
    """
    suffix = path.suffix.casefold()
    if not path.is_file():
        raise StudyError(f"There is no file {path}; give a table of results (.csv or .xlsx).")
    if suffix not in (*TEXTS, *WORKBOOKS):
        raise StudyError(
            f"{path.name} is no table that can be read; save it as .xlsx or .csv. {nearest(suffix, (*TEXTS, *WORKBOOKS))}."
        )
    if path.stat().st_size > LARGEST:
        raise StudyError(
            f"{path.name} has {path.stat().st_size:,} bytes; a table of results has less than {LARGEST:,}. Raw data belong "
            "into measurements.csv."
        )
    grids = (_text(path),) if suffix in TEXTS else _workbook(path)
    filled = tuple(grid for grid in grids if grid.rows)
    if not filled:
        raise StudyError(f"{path.name} holds no cell; export the table again.")
    return filled


def _text(path: Path) -> Grid:
    text = read_text(path)
    lines = [line for line in text.splitlines() if line.strip() and not is_remark(line)]
    delimiter = max(DELIMITERS, key=lines[0].count) if lines else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        filled = ((reader.line_num, cells) for cells in reader if any(cell.strip() for cell in cells))
        rows = [(number, tuple(cell.strip() for cell in cells)) for number, cells in filled]
    except csv.Error as error:
        raise StudyError(f"{path.name}, line {reader.line_num}: {error}; export the table again.") from error
    return Grid(path.name, "", tuple(rows))


def is_remark(line: str) -> bool:
    """Whether a line, or the first cell of a row, opens with ``#``."""
    return line.lstrip().lstrip('"').lstrip().startswith("#")


def _workbook(path: Path) -> tuple[Grid, ...]:
    import python_calamine

    try:
        archives.members(path)
        refuse_hollow(path)
        percent = percent_cells(path)
        book = python_calamine.CalamineWorkbook.from_path(str(path))
        sheets = [
            (name, list(book.get_sheet_by_name(name).to_python(skip_empty_area=False))) for name in book.sheet_names
        ]
    except ReadError as error:
        raise StudyError(str(error)) from error
    except Exception as error:  # the reader of a closed format fails in any way on damaged bytes
        raise StudyError(f"{path.name}: the workbook is damaged ({type(error).__name__}: {error}).") from error
    return tuple(_sheet(path.name, name, rows, percent.get(name, frozenset())) for name, rows in sheets)


def _sheet(file: str, name: str, rows: Sequence[Sequence[Any]], percent: frozenset[tuple[int, int]]) -> Grid:
    found = []
    for number, row in enumerate(rows):
        cells = tuple(_cell(cell, (number, column) in percent) for column, cell in enumerate(row))
        if any(cell != "" for cell in cells):
            found.append((number + 1, cells))
    return Grid(file, name, tuple(found))


def _cell(cell: Any, percent: bool) -> Cell:
    if cell is None:
        return ""
    if isinstance(cell, (date, time, timedelta)):
        return f"{DATE}{cell}"
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        # What the sheet shows as "5 %" is stored as 0.05.
        return f"{100 * cell:.12g} %" if percent else float(cell)
    return str(cell).strip()
