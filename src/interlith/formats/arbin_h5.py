"""What does an HDF5 export of an Arbin database (.h5) hold?

Laboratories store the tables of Arbin's SQL server as they come: columns ``Test_Time``, ``Current`` ... without units, dates in
ticks of 100 ns since 1970, and beside them one row about the test. Any table with these names is read, wherever it lies.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from interlith.errors import ReadError
from interlith.layouts import arbin_checks, arbin_words, hdf5_tables, number_dates
from interlith.layouts.column_names import understand
from interlith.layouts.hdf5_tables import Columns
from interlith.layouts.lazy_text import Remark
from interlith.model import Flag, Format, Reading, Table

_EXPORT = "Export the record data from MITS Pro or Data Watcher as csv or xlsx with all columns."
#: Rows of a table that describes the test.
_FEW = 3


def sniff(head: bytes, path: Path) -> float:
    """Confidence from the names of the columns; low for any other HDF5 file, so that it is refused with a reason."""
    if not head.startswith(hdf5_tables.SIGNATURE):
        return 0.0
    try:
        with hdf5_tables.opened(path) as file:
            return max((_confidence(table) for table in hdf5_tables.tables(file, path)), default=0.31)
    except ReadError:
        return 0.31


def _confidence(table: Columns) -> float:
    """That a table is Arbin's; names in small letters are those of programs that store tables of any vendor."""
    own = any(name.startswith(("Test_Time", "Test Time")) for name in table.places)
    return max(0.31, arbin_words.confidence(tuple(table.places))) if own else 0.31


def read(path: Path, options: Mapping[str, Any]) -> Reading:
    """Read the one record table of an Arbin HDF5 export.

    Raises
    ------
    ReadError
        If the file is damaged, holds no such table or several, or unprinted units contradict the counters.
    """
    del options
    with hdf5_tables.opened(path) as file:
        found = hdf5_tables.tables(file, path)
        table = _records(path, found)
        frame, columns, remarks = _frame(file, path, table)
        header = _header(file, found)
    tests = frame.get_column("test_id").drop_nulls().unique().sort().to_list() if "test_id" in frame.columns else []
    if len(tests) > 1:
        raise ReadError(
            f"{path}: {table.name} holds {len(tests)} tests (Test_ID {', '.join(map(str, tests[:8]))}), which are never mixed. "
            f"{_EXPORT}"
        )
    frame = frame.drop("test_id", strict=False)
    ordered: list[Remark] = []
    if "data_point" in frame.columns:
        frame, ordered = arbin_checks.in_order(frame, str(path))
    frame, empty = arbin_checks.finite(frame)
    frame, signs = arbin_checks.signed(frame)
    units = [] if columns else [arbin_checks.judge_units(arbin_checks.frame_ratio(frame), str(path))]
    proposals, doubts = arbin_words.proposals(
        *(
            arbin_words.named(header, *names)
            for names in (("SpecificMASS", "MASS"), ("SpecificCapacity", "Specific_Capacity"), ("Capacity",))
        )
    )
    remarks += [*ordered, *empty, *signs, *units, *doubts]
    return Reading(
        payload=Table(frame.lazy(), tuple(frame.columns)),
        metadata=header | {"table": table.name, "columns": tuple(table.places)},
        flags=tuple(Flag(item.code, item.message, item.where, item.severity) for item in remarks),
        proposals=proposals,
        test=_test(header, tests),
    )


def _records(path: Path, found: list[Columns]) -> Columns:
    """The table of records: of those with Arbin's names the one with most rows, if the others only repeat parts of it."""
    fitting = [table for table in found if _confidence(table) >= 0.5]
    if not fitting:
        listed = ", ".join(f"{table.name} ({', '.join(list(table.places)[:6])} ...)" for table in found[:4])
        raise ReadError(
            f"{path}: no table of this HDF5 file has Arbin's columns; it holds {listed or 'no table'}. {_EXPORT}"
        )
    statistics = [table for table in fitting if "stat" in table.name.rsplit("/", 2)[-1].casefold()]
    records = [table for table in fitting if table not in statistics and "stat" not in table.name.casefold()]
    if len(records) != 1:
        listed = ", ".join(f"{table.name} ({table.rows} rows)" for table in records or fitting)
        raise ReadError(
            f"{path}: {len(records)} tables could be the records: {listed}; they are never mixed. {_EXPORT}"
        )
    if records[0].rows == 0:
        raise ReadError(f"{path}: the table {records[0].name} holds no record.")
    return records[0]


def _frame(file: Any, path: Path, table: Columns) -> tuple[pl.DataFrame, bool, list[Remark]]:
    """Canonical columns with ``data_point`` and ``test_id``, and whether the names have units."""
    names = tuple(table.places)
    left_out: list[str] = []
    units = arbin_words.units_of(names)
    understood = understand(names, arbin_words.VOCABULARY, where=str(path), units=units, left_out=left_out)
    remarks = [Remark("column_left_out", text) for text in left_out]
    remarks += arbin_words.several_temperatures(names)
    made: dict[str, pl.Series] = {}
    for column in understood:
        if column.kind == "date" and hdf5_tables.is_text(file, table, column.name):
            remarks.append(
                Remark("clock_not_understood", f"The dates in '{column.name}' are texts and were left out.", "", "note")
            )
            continue
        values = pl.Series(hdf5_tables.numbers(file, table, column.name)).fill_nan(None)
        if column.kind == "integer":
            made[column.quantity] = values.cast(pl.Int64, strict=False)
        elif column.kind == "date":
            clock = number_dates.from_numbers(values)
            if clock is not None:
                made[column.quantity] = clock
        else:
            made[column.quantity] = values * column.factor
    for quantity, spelled in (("data_point", "Data_Point"), ("test_id", "Test_ID")):
        place = next((name for name in names if name.replace(" ", "_") == spelled), None)
        if place is not None:
            made[quantity] = (
                pl.Series(hdf5_tables.numbers(file, table, place)).fill_nan(None).cast(pl.Int64, strict=False)
            )
    return pl.DataFrame(made), not arbin_words.without_units(understood), remarks


def _header(file: Any, found: list[Columns]) -> dict[str, object]:
    """What a table of one row says about the test."""
    names = {"SpecificMASS", "Schedule_File_Name", "IV_Ch_ID", "Test_Name", "First_Start_DateTime"}
    about = next((table for table in found if 0 < table.rows <= _FEW and names & set(table.places)), None)
    return {} if about is None else hdf5_tables.first_row(file, about)


def _test(header: Mapping[str, object], tests: list[int]) -> dict[str, str]:
    start = arbin_words.named(header, "First_Start_DateTime", "Start_DateTime")
    try:
        clock = number_dates.from_numbers(pl.Series([float(start)]))
        start = clock[0].isoformat(timespec="seconds") if clock is not None else ""
    except ValueError:
        start = ""
    found = {
        "channel": arbin_words.named(header, "IV_Ch_ID", "Channel_ID", "Channel_Index"),
        "test_id": arbin_words.named(header, "Test_Name") or (str(tests[0]) if tests else ""),
        "start": start,
        "barcode": arbin_words.named(header, "Item_ID", "BarCode"),
    }
    return {name: text for name, text in found.items() if text}


FORMAT = Format(
    name="arbin_h5",
    title="Arbin HDF5 export (.h5)",
    patterns=("*.h5", "*.hdf5", "*.hdf"),
    sniff=sniff,
    read=read,
    source="the description of such exports in a public reader (jepegit/cellpy, MIT: tables data_df, info_df, stat_df); the "
    "HDF5 and PyTables layouts",
    versions_seen=("tables of the SQL server stored by pandas (fixed, table)", "datasets of named fields"),
    reads="tables of named fields, a dataset a column, and tables stored by pandas, with Arbin's column names",
    limits="any other HDF5; links out of the file; datasets larger than the file allows",
)
