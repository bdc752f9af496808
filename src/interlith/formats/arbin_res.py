"""What does an Arbin .res (a Microsoft Jet database of MITS Pro 4 to 8) hold?

``Channel_Normal_Table`` has one row a record, in no fixed order; ``Global_Table`` one row a test; ``Auxiliary_Table`` what
further inputs measured. Units are Arbin's own: s, V, A, Ah, Wh, days since 1899-12-30.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from interlith.errors import ReadError
from interlith.layouts import arbin_checks, arbin_words, jet_pages, jet_tables, number_dates
from interlith.layouts.jet_pages import Database, Rows
from interlith.layouts.jet_tables import Definition
from interlith.layouts.lazy_text import Remark
from interlith.model import Flag, Format, Reading, Table

_RECORDS, _TESTS, _INPUTS, _INPUT_NAMES = (
    "Channel_Normal_Table",
    "Global_Table",
    "Auxiliary_Table",
    "Aux_Global_Data_Table",
)
_COLUMNS = {
    "test_time": "Test_Time",
    "current": "Current",
    "voltage": "Voltage",
    "step_time": "Step_Time",
    "vendor_cycle": "Cycle_Index",
    "vendor_step": "Step_Index",
    "charge_counter": "Charge_Capacity",
    "discharge_counter": "Discharge_Capacity",
    "charge_energy_counter": "Charge_Energy",
    "discharge_energy_counter": "Discharge_Energy",
}
_NEEDED = ("Test_ID", "Data_Point", "Test_Time", "Current", "Voltage")
_WHOLE = ("vendor_cycle", "vendor_step")
#: Code of a temperature among the inputs, and how its unit is written where the file names it.
_TEMPERATURE, _CELSIUS = 1, ("c", "°c", "degc", "celsius")


@dataclass(frozen=True, slots=True)
class _Open:
    """A table of the open database."""

    database: Database
    table: Definition
    rows: Rows

    def numbers(self, name: str) -> pl.Series | None:
        """A column as Float64 with nulls; `None` if there is no such column."""
        field = self.table.field(name)
        if field is None:
            return None
        return pl.Series(jet_tables.numbers(self.database, self.table, self.rows, field)).fill_nan(None)


def sniff(head: bytes, path: Path) -> float:
    """Confidence from the database signature ``Standard Jet DB`` at byte 4."""
    del path
    return 0.95 if jet_pages.is_database(head) else 0.0


def read(path: Path, options: Mapping[str, Any]) -> Reading:
    """Read the records of the one test in a .res.

    Raises
    ------
    ReadError
        If the database is damaged, cut short or no Arbin's, or holds several tests.
    """
    del options
    database = jet_pages.open_database(path)
    pages = jet_tables.tables(database)
    if _RECORDS not in pages:
        raise ReadError(
            f"{path}: this database holds no {_RECORDS}, so it is no Arbin .res; it holds "
            f"{', '.join(sorted(pages)) or 'no table'}. Export the record data from the software that wrote it."
        )
    records = _open(database, pages[_RECORDS])
    remarks = _counted(records)
    frame = _frame(records, path)
    header = _one_test(path, frame, _headers(database, pages))
    frame, ordered = arbin_checks.in_order(frame.drop("test_id"), str(path))
    frame, sensors = _with_temperature(database, pages, frame)
    frame, empty = arbin_checks.finite(frame.drop("point"))
    frame, signs = arbin_checks.signed(frame)
    proposals, doubts = arbin_words.proposals(*(header.get(name) for name in ("MASS", "Specific_Capacity", "Capacity")))
    remarks += [*ordered, *sensors, *empty, *signs, *doubts]
    return Reading(
        payload=Table(frame.lazy(), tuple(frame.columns)),
        metadata=header | _version(database, pages),
        flags=tuple(Flag(item.code, item.message, item.where, item.severity) for item in remarks),
        proposals=proposals,
        test=_test(header),
    )


def _open(database: Database, page: int) -> _Open:
    table = jet_tables.definition(database, page)
    return _Open(database, table, jet_pages.rows_of(database, jet_pages.owned_pages(database, page)))


def _counted(records: _Open) -> list[Remark]:
    """A remark where the table says that it has another count of rows than were found."""
    said, found = records.table.rows, len(records.rows.start)
    if said == found:
        return []
    text = f"The table of records says that it has {said} rows, but {found} were found; the tester may have been interrupted."
    return [Remark("row_count_disagrees", text)]


def _headers(database: Database, pages: Mapping[str, int]) -> list[dict[str, object]]:
    if _TESTS not in pages:
        return []
    tests = _open(database, pages[_TESTS])
    return jet_tables.cells(database, tests.table, tests.rows)


def _version(database: Database, pages: Mapping[str, int]) -> dict[str, object]:
    if "Version_Table" not in pages:
        return {}
    found = _open(database, pages["Version_Table"])
    rows = jet_tables.cells(database, found.table, found.rows)
    return dict(rows[0]) if rows else {}


def _frame(records: _Open, path: Path) -> pl.DataFrame:
    """Canonical columns in file order, with ``test_id`` and the record's number as ``data_point`` and ``point``."""
    missing = [name for name in _NEEDED if records.table.field(name) is None]
    if missing:
        named = ", ".join(field.name for field in records.table.fields)
        raise ReadError(f"{path}: {_RECORDS} has no column {', '.join(missing)}; it has {named}.")
    if not len(records.rows.start):
        raise ReadError(
            f"{path}: {_RECORDS} holds no record; the test was never started, or its data lie in another file."
        )
    found: dict[str, pl.Series] = {}
    for quantity, name in (("test_id", "Test_ID"), ("data_point", "Data_Point"), *_COLUMNS.items()):
        series = records.numbers(name)
        if series is not None:
            found[quantity] = (
                series.cast(pl.Int64, strict=False) if quantity in ("test_id", "data_point", *_WHOLE) else series
            )
    clock = records.numbers("DateTime")
    if clock is not None:
        found["wall_clock"] = number_dates.from_days(clock)
    frame = pl.DataFrame(found)
    unnumbered = frame.get_column("data_point").null_count()
    if unnumbered:
        raise ReadError(
            f"{path}: {unnumbered} records have no Data_Point, so their order is unknown; the file is damaged."
        )
    return frame.with_columns(pl.col("data_point").alias("point"))


def _one_test(path: Path, frame: pl.DataFrame, header: list[dict[str, object]]) -> dict[str, object]:
    """The header of the one test that has records.

    Raises
    ------
    ReadError
        If there are several, which are never mixed.
    """
    counts = frame.group_by("test_id").len().sort("test_id").rows()
    by_test = {
        int(number): row for row in header if isinstance(number := row.get("Test_ID"), float) and math.isfinite(number)
    }
    if len(counts) > 1:
        listed = "; ".join(
            f"{number} '{arbin_words.named(by_test.get(number, {}), 'Test_Name')}' (channel "
            f"{arbin_words.named(by_test.get(number, {}), 'Channel_Index') or '?'}, {rows} records)"
            for number, rows in counts
        )
        raise ReadError(
            f"{path}: the file holds {len(counts)} tests, which are never mixed: {listed}. Export each test on its own from "
            "MITS Pro or Data Watcher."
        )
    return by_test.get(counts[0][0], {})


def _with_temperature(
    database: Database, pages: Mapping[str, int], frame: pl.DataFrame
) -> tuple[pl.DataFrame, list[Remark]]:
    """Add the temperature of the first thermocouple that was recorded beside the channel."""
    if _INPUTS not in pages:
        return frame, []
    inputs = _open(database, pages[_INPUTS])
    columns = [inputs.numbers(name) for name in ("Data_Point", "Auxiliary_Index", "Data_Type", "X")]
    if not len(inputs.rows.start) or any(item is None for item in columns):
        return frame, []
    named = zip(("point", "input", "kind", "temperature"), columns, strict=True)
    table = pl.DataFrame({name: item for name, item in named if item is not None})
    units = _units(database, pages)
    table = table.filter(pl.col("kind") == _TEMPERATURE).with_columns(pl.col("point").cast(pl.Int64, strict=False))
    known = [
        number
        for number in table.get_column("input").unique().sort().to_list()
        if units.get((_TEMPERATURE, number), "c") in _CELSIUS
    ]
    remarks = []
    if table.height and not known:
        text = f"The thermocouples are in {', '.join(sorted(set(units.values())))}, not in degC, and were left out."
        return frame, [Remark("column_left_out", text)]
    if not known:
        return frame, []
    if len(known) > 1:
        text = f"{len(known)} thermocouples were recorded; the first (auxiliary input {int(known[0]) + 1}) was taken."
        remarks.append(Remark("several_temperatures", text, "", "note"))
    one = table.filter(pl.col("input") == known[0]).select("point", "temperature")
    once = one.unique("point", keep="last", maintain_order=True)
    if once.height < one.height:
        text = f"{one.height - once.height} temperatures repeat a record that has one; the last was taken."
        remarks.append(Remark("repeated_temperatures", text, "", "note"))
    return frame.join(once, on="point", how="left", maintain_order="left"), remarks


def _units(database: Database, pages: Mapping[str, int]) -> dict[tuple[int, float], str]:
    """Unit of each input, by its kind and number, folded; empty where the file does not say."""
    if _INPUT_NAMES not in pages:
        return {}
    names = _open(database, pages[_INPUT_NAMES])
    found = {}
    for row in jet_tables.cells(database, names.table, names.rows):
        kind, place, unit = (row.get(name) for name in ("Data_Type", "Auxiliary_Index", "Unit"))
        if isinstance(kind, float) and isinstance(place, float) and unit:
            found[int(kind), place] = str(unit).strip().casefold()
    return found


def _test(header: Mapping[str, object]) -> dict[str, str]:
    start = header.get("Start_DateTime")
    days = float(start) if isinstance(start, float) and math.isfinite(start) else 0.0
    clock = number_dates.from_days(pl.Series(np.array([days])))[0]
    found = {
        "channel": arbin_words.named(header, "Channel_Index"),
        "test_id": arbin_words.named(header, "Test_Name"),
        "start": clock.isoformat(timespec="seconds") if clock is not None else "",
        "barcode": arbin_words.named(header, "Item_ID"),
    }
    return {name: text for name, text in found.items() if text}


FORMAT = Format(
    name="arbin_res",
    title="Arbin .res",
    patterns=("*.res",),
    sniff=sniff,
    read=read,
    source="public files (jepegit/cellpy, MIT); layout of Jet databases as described by access_parser and Jackcess "
    "(Apache-2.0); checked against access_parser and mdb-export row by row",
    versions_seen=("Results File 5.26 (MITS Pro 4.32)",),
    reads=(
        "all fixed columns of Channel_Normal_Table in the order of Data_Point, the first thermocouple, mass and "
        "schedule of Global_Table"
    ),
    limits="several tests in one database; contradicting records of one number; encrypted, cut or foreign databases",
)
