"""How large a sheet would become in memory: full ones are read, hollow ones are refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import xlsxwriter

from interlith.errors import ReadError
from interlith.layouts.sheet_extent import refuse_hollow


def test_a_cell_far_away_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "far.xlsx"
    book = xlsxwriter.Workbook(str(path))
    page = book.add_worksheet("record")
    page.write_number(0, 0, 1.0)
    page.write_number(1_048_575, 16_383, 1.0)
    book.close()
    with pytest.raises(ReadError, match="2 cells spread over 1048576 rows and 16384 columns"):
        refuse_hollow(path)


def test_a_long_sheet_that_is_full_is_no_hollow_one(tmp_path: Path) -> None:
    path = tmp_path / "long.xlsx"
    book = xlsxwriter.Workbook(str(path), {"constant_memory": True})
    page = book.add_worksheet("record")
    for row in range(100_000):
        page.write_number(row, 0, row)
        page.write_number(row, 1, 3.5)
    book.close()
    refuse_hollow(path)
