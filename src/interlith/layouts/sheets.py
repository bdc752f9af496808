"""How does the record table of a vendor's workbook (.xlsx, .xls) become a canonical table?"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from interlith.errors import ReadError
from interlith.layouts import archives, compound_file, current_sign, dates, device_time, number_dates
from interlith.layouts.column_names import Column, understand
from interlith.layouts.lazy_text import NULLS, Remark, clock_expression
from interlith.layouts.sheet_extent import refuse_hollow

#: Rows of a sheet in which the header of the record table must begin.
HEADER_ROWS = 60
#: A workbook of the old kind (.xls) holds at most 65,536 rows a sheet; larger files are damaged or hostile.
LARGEST_XLS = 500_000_000
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_EXCEL_DAY_ZERO = datetime(1899, 12, 30)
Row = Sequence[Any]


@dataclass(frozen=True, slots=True)
class SheetTable:
    """The record table with its header, the other sheets' first rows, and what was noticed."""

    frame: pl.LazyFrame
    names: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    understood: tuple[Column, ...]
    other: Mapping[str, tuple[Row, ...]]
    remarks: tuple[Remark, ...]


def is_workbook(head: bytes, path: Path) -> bool:
    """Whether the first bytes are those of a .xls or .xlsx; the extension does not matter. Never raises."""
    if head[:8] == _OLE:
        return True
    return any(name.startswith("xl/") for name in archives.names_in(head, path))


def words(path: Path, head: bytes) -> str:
    """Text in which the words of a workbook's headers can be looked for, without reading its numbers. Never raises."""
    if head[:8] == _OLE:
        try:
            with path.open("rb") as handle:
                block = handle.read(8_000_000)
        except OSError:
            block = head
        return block.replace(b"\x00", b"").decode("latin-1")
    import zipfile

    found: list[str] = []
    try:
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                if name in ("xl/workbook.xml", "xl/sharedStrings.xml") or name.startswith("xl/worksheets/sheet"):
                    with archive.open(name) as member:
                        found.append(member.read(65_536).decode("utf-8", errors="replace"))
    except Exception:  # decompressors differ in what they raise on damaged bytes, and sniffing never raises
        return ""
    return " ".join(found)


def read_sheets(
    path: Path,
    vocabulary: Mapping[str, str],
    accept: Callable[[Sequence[str]], bool],
    *,
    title: str,
    select: Callable[[Sequence[str]], Sequence[str]] | None = None,
    units: Mapping[str, str] | None = None,
) -> SheetTable:
    """Read the sheets whose header `accept` takes, one after the other, as one record table.

    Parameters
    ----------
    path
        The workbook.
    vocabulary
        Folded stem of a column name -> quantity.
    accept
        Whether a row of cells is the header of the record table.
    title
        Name of the format for messages.
    select
        From the names of all sheets those that hold records, in the order in which they follow each other; of the others
        only the first rows are looked at. `None` takes all.
    units
        Unit per quantity where the vendor's header prints none.

    Raises
    ------
    ReadError
        If the workbook is damaged or holds no such sheet, or a cell of a needed column is no number.
    """
    sheets, selected = _sheets(path, select)
    tables: list[tuple[str, int, list[Row]]] = []
    other: dict[str, tuple[Row, ...]] = {}
    for name, rows in sheets:
        start = next(
            (number for number, row in enumerate(rows[:HEADER_ROWS]) if accept([_text(cell) for cell in row])), None
        )
        if start is None or name not in selected:
            other[name] = tuple(rows[:40])
        else:
            tables.append((name, start, rows))
    if not tables:
        listed = ", ".join(name for name, _ in sheets)
        raise ReadError(
            f"{path}: no sheet ({listed}) holds a table with time, current and voltage as {title} exports it; export the "
            "record data, not only cycles and steps."
        )
    names = tuple(_text(cell) for cell in tables[0][2][tables[0][1]])
    body: list[Row] = []
    for name, start, rows in tables:
        if tuple(_text(cell) for cell in rows[start]) != names:
            raise ReadError(
                f"{path}: the sheets '{tables[0][0]}' and '{name}' have different columns; export them alike."
            )
        body.extend(row for row in rows[start + 1 :] if any(_text(cell) for cell in row))
    left_out: list[str] = []
    columns = understand(names, vocabulary, where=f"{path}, sheet '{tables[0][0]}'", units=units, left_out=left_out)
    table = _assemble(path, columns, body, names, other)
    return replace(table, remarks=(*table.remarks, *(Remark("column_left_out", text) for text in left_out)))


def _assemble(
    path: Path,
    columns: tuple[Column, ...],
    body: list[Row],
    names: tuple[str, ...],
    other: Mapping[str, tuple[Row, ...]],
) -> SheetTable:
    if not body:
        raise ReadError(f"{path}: the record table has a header but no row.")
    made = [
        _series(path, column, [row[column.position] if column.position < len(row) else None for row in body])
        for column in columns
    ]
    frame = pl.DataFrame([item for item in made if item is not None])
    present = set(frame.columns)
    contradicted = {"current", "vendor_step_type"} <= present and current_sign.contradicted(frame.lazy())
    lazy, times = device_time.from_step_time(frame.lazy(), present)
    lazy, signs = device_time.signed(lazy, present, contradicted=contradicted)
    if "test_time" not in lazy.collect_schema().names():
        raise ReadError(f"{path}: the record table has no time column that is understood; it has {', '.join(names)}.")
    rows = tuple(tuple(_text(cell) for cell in row) for row in [*body[:2000], *body[-200:]])
    return SheetTable(lazy, names, rows, columns, other, (*times, *signs))


def _sheets(
    path: Path, select: Callable[[Sequence[str]], Sequence[str]] | None
) -> tuple[list[tuple[str, list[Row]]], Collection[str]]:
    """Rows of all sheets, those with records in their order before the others, and the names of the former."""
    import python_calamine

    try:
        with path.open("rb") as handle:
            head = handle.read(8)
    except OSError as error:
        raise ReadError(f"{path}: cannot be opened ({error.strerror or error}).") from error
    if head[:4] == b"PK\x03\x04":
        archives.members(path)
        refuse_hollow(path)
    elif head != _OLE or path.stat().st_size > LARGEST_XLS:
        raise ReadError(f"{path}: this is no workbook (.xls or .xlsx): byte 0 is {head[:4]!r}.")
    else:
        compound_file.check(path)
    try:
        book = python_calamine.CalamineWorkbook.from_path(str(path))
        selected = list(book.sheet_names if select is None else select(book.sheet_names))
        rest = [name for name in book.sheet_names if name not in selected]
        found: list[tuple[str, list[Row]]] = [
            (name, list(book.get_sheet_by_name(name).to_python(nrows=None if name in selected else HEADER_ROWS)))
            for name in (*selected, *rest)
        ]
        return found, selected
    except ReadError:
        raise
    except (
        BaseException
    ) as error:  # the library fails in any way on damaged bytes; what its Rust part raises is no Exception
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        raise ReadError(
            f"{path}: the workbook is damaged ({type(error).__name__}: {error}); export it again."
        ) from error


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


def _series(path: Path, column: Column, cells: list[Any]) -> pl.Series | None:
    if column.kind == "text":
        return pl.Series(column.quantity, [_text(cell) or None for cell in cells], dtype=pl.String)
    if column.kind == "date":
        return _dates(column, cells)
    if column.kind == "duration":
        return _durations(path, column, cells)
    if {type(cell) for cell in cells} <= {float, int}:
        plain = pl.Series(column.quantity, cells, dtype=pl.Float64)
        return _whole(path, plain, column) if column.kind == "integer" else plain * column.factor
    numbers = [_number(path, column, cell, row) for row, cell in enumerate(cells)]
    series = pl.Series(column.quantity, numbers, dtype=pl.Float64)
    return _whole(path, series, column) if column.kind == "integer" else series * column.factor


def _whole(path: Path, numbers: pl.Series, column: Column) -> pl.Series:
    """Counts, none of which may be larger than any count."""
    if not numbers.drop_nulls().is_between(-(2**53), 2**53).all():
        raise ReadError(
            f"{path}: the column '{column.name}' holds numbers that are no counts; the workbook is damaged."
        )
    return numbers.cast(pl.Int64)


def _dates(column: Column, cells: list[Any]) -> pl.Series | None:
    """Dates as cells of dates, as texts in one pattern, or as numbers of one kind; `None` where they are mixed or unknown."""
    texts = [cell.strip() for cell in cells if isinstance(cell, str) and cell.strip()]
    numbers = [cell for cell in cells if isinstance(cell, (int, float)) and not isinstance(cell, bool)]
    if texts and numbers:
        return None
    if texts:
        pattern = dates.pattern_of([*texts[:50], *texts[-50:]])
        raw = pl.Series("raw", [cell.strip() if isinstance(cell, str) else None for cell in cells], dtype=pl.String)
        if pattern is None:
            return None
        return raw.str.to_datetime(pattern, strict=False, time_unit="ms").alias(column.quantity)
    if numbers:
        plain = [float(cell) if isinstance(cell, (int, float)) else None for cell in cells]
        made = number_dates.from_numbers(pl.Series("raw", plain, dtype=pl.Float64))
        return None if made is None else made.alias(column.quantity)
    # A date at midnight comes without its time.
    found = [
        cell if isinstance(cell, datetime) else datetime(*cell.timetuple()[:3]) if isinstance(cell, date) else None
        for cell in cells
    ]
    return pl.Series(column.quantity, found, dtype=pl.Datetime("ms"))


def _durations(path: Path, column: Column, cells: list[Any]) -> pl.Series:
    texts = [cell.strip() for cell in cells if isinstance(cell, str) and cell.strip()]
    if any(":" in text for text in texts):
        raw = pl.Series("raw", [cell.strip() if isinstance(cell, str) else None for cell in cells], dtype=pl.String)
        seconds = clock_expression(pl.col("raw"), texts)
        if seconds is None or len(texts) < sum(_text(cell) != "" for cell in cells):
            raise ReadError(f"{path}: the column '{column.name}' mixes durations such as '{texts[0]}' with others.")
        try:
            return raw.to_frame().select(seconds.alias(column.quantity)).to_series()
        except pl.exceptions.PolarsError as error:
            raise ReadError(
                f"{path}: the column '{column.name}' holds something else than durations such as '{texts[0]}' "
                f"({str(error).splitlines()[0]}); export it again."
            ) from error
    return pl.Series(
        column.quantity, [_seconds(path, column, cell, row) for row, cell in enumerate(cells)], dtype=pl.Float64
    )


def _seconds(path: Path, column: Column, cell: Any, row: int) -> float | None:
    if isinstance(cell, timedelta):
        return cell.total_seconds()
    if isinstance(cell, time):
        return cell.hour * 3600.0 + cell.minute * 60.0 + cell.second + cell.microsecond * 1e-6
    if isinstance(cell, datetime) and cell.year < 1910:
        return (cell - _EXCEL_DAY_ZERO).total_seconds()
    number = _number(path, column, cell, row)
    if number is not None and column.factor != column.factor:
        raise ReadError(f"{path}: the column '{column.name}' holds {number} without a unit; export it with a unit.")
    return None if number is None else number * column.factor


def _number(path: Path, column: Column, cell: Any, row: int) -> float | None:
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        return float(cell)
    text = _text(cell)
    if not text or text in NULLS:
        return None
    if isinstance(cell, (date, time)) or not re.fullmatch(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?", text):
        raise ReadError(
            f"{path}: the column '{column.name}' holds '{text}' in record {row + 1}, which is not a number; save the numbers "
            "as numbers, with a decimal point."
        )
    return float(text)
