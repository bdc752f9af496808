"""What does an Arbin text export (.csv, .txt) hold?

Names are ``Test_Time(s)``, ``Test Time (s)`` or, in exports of the database, ``Test_Time`` without a unit; then Arbin's own
units hold, and the counters are asked whether that can be. Dates are text, often behind a tab, or seconds since 1970.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlith.errors import ReadError
from interlith.layouts import arbin_checks, arbin_words, dates, number_dates
from interlith.layouts import table_writing as writing
from interlith.layouts.column_names import Column, split, understand
from interlith.layouts.implied_mass import implied_mass
from interlith.layouts.lazy_text import NULLS, Remark
from interlith.layouts.text_layout import Layout, header_rows, layout_of
from interlith.layouts.text_table import TextTable, assemble, names_cycling
from interlith.model import Flag, Format, Reading, Table

_NAMES = (
    ("test_time", "Test_Time(s)", 4), ("step_time", "Step_Time(s)", 4), ("vendor_step", "Step_Index", 0),
    ("vendor_cycle", "Cycle_Index", 0), ("current", "Current(A)", 10), ("voltage", "Voltage(V)", 6),
    ("charge_counter", "Charge_Capacity(Ah)", 10), ("discharge_counter", "Discharge_Capacity(Ah)", 10),
    ("charge_energy_counter", "Charge_Energy(Wh)", 10), ("discharge_energy_counter", "Discharge_Energy(Wh)", 10),
    ("temperature", "Aux_Temperature_1(C)", 5),
)  # fmt: skip
#: File names of exports say test, channel and part: ``name_Channel_3_Wb_1.CSV``, ``name_CH8.csv``.
_FILE = re.compile(r"(?P<test>.+?)_(?:Channel_|CH)(?P<channel>\d+(?:[-_]\d+)?)(?:_Wb_\d+)?$", re.IGNORECASE)
#: Records that differ from the one before by no more than this (s) and in nothing but an auxiliary input.
_SAME_TIME = 2e-4


def write(frame: pl.DataFrame, path: Path, metadata: Mapping[str, Any]) -> None:
    """Write canonical columns as MITS Pro exports them: 0.1 ms, 0.1 nA, 1 uV, 0.1 nAh and nWh.

    Parameters
    ----------
    frame
        Canonical columns in inside units; ``vendor_cycle`` and ``vendor_step`` are needed too.
    path
        File to write.
    metadata
        ``start`` (ISO text; adds the column Date_Time).

    Raises
    ------
    StudyError
        If a needed column is missing or a key of `metadata` is unknown.
    """
    start = writing.start_of(metadata, ("start",))
    frame = writing.completed(frame, needed=("vendor_cycle", "vendor_step"))
    out = [pl.int_range(1, pl.len() + 1).alias("Data_Point")]
    if start is not None:
        clock = writing.dates(start).dt.strftime("%m/%d/%Y %H:%M:%S%.3f")
        out.append(pl.concat_str([pl.lit("\t"), clock]).alias("Date_Time"))
    out += [
        writing.fixed(pl.col(name), decimals).alias(label) for name, label, decimals in _NAMES if name in frame.columns
    ]
    frame.select(out).write_csv(path, line_terminator="\r\n")


def sniff(head: bytes, path: Path) -> float:
    """Confidence that the first bytes hold a table in Arbin's spelling; statistics are recognised to be refused."""
    del path
    rows = [row for _, _, row in header_rows(head)]
    return max((0.9 if arbin_words.is_statistics(row) else arbin_words.confidence(row) for row in rows), default=0.0)


def read(path: Path, options: Mapping[str, Any]) -> Reading:
    """Read an Arbin text export lazily.

    Raises
    ------
    ReadError
        If no header names time, current and voltage, a unit is not understood, or unprinted units contradict the counters.
    """
    layout = layout_of(
        path,
        lambda row: names_cycling(row, arbin_words.VOCABULARY),
        missing="no line names a time, a current and a voltage as Arbin does; export the record data with all columns.",
        decimal=options.get("decimal"),
    )
    if arbin_words.is_statistics(layout.names):
        raise ReadError(
            f"{path}: these are Arbin's statistics, one row a cycle or step, and no records; export the record data (files "
            "such as name_Channel_1_Wb_1.CSV)."
        )
    left_out: list[str] = []
    understood = understand(
        layout.names,
        arbin_words.VOCABULARY,
        where=str(path),
        units=arbin_words.units_of(layout.names),
        left_out=left_out,
    )
    records = _Records(layout, {column.quantity: column for column in understood})
    remarks = [Remark("column_left_out", text) for text in left_out]
    if arbin_words.without_units(understood):
        remarks.append(arbin_checks.judge_units(records.ratio(), str(path)))
    table = _in_order(layout, understood, remarks)
    frame = table.frame
    if records.sign() < 0:
        frame = frame.with_columns(-pl.col("current"))
        remarks.append(arbin_checks.sign_remark())
    remarks += [*table.remarks, *records.remarks(), *arbin_words.several_temperatures(layout.names)]
    frame, dead = arbin_words.without_dead_sensor(frame, understood, layout.column)
    remarks += dead
    mass = _mass(layout)
    return Reading(
        payload=Table(frame, tuple(frame.collect_schema().names())),
        metadata={"columns": layout.names, "encoding": layout.encoding, "preamble": layout.preamble},
        flags=tuple(Flag(item.code, item.message, item.where, item.severity) for item in remarks),
        proposals={"active_mass": mass} if mass else {},
        test=_test(path, records),
    )


def _in_order(layout: Layout, understood: tuple[Column, ...], remarks: list[Remark]) -> TextTable:
    """The table; sorted by the number of the record where the rows looked at are not in that order."""
    place = next((spot for spot, name in enumerate(layout.names) if split(name).stem == "datapoint"), None)
    rows = [] if place is None else [row[place] for row in layout.head_rows if place < len(row)]
    known = [value for value in map(_number, rows) if value is not None]
    if place is None or all(after >= before for before, after in itertools.pairwise(known)):
        if len(set(known)) < len(known):
            remarks.append(Remark("repeated_records", "Numbers of records stand twice in the rows looked at."))
        return assemble(layout, understood)
    table = assemble(layout, understood)
    remarks.append(
        Remark("records_sorted", "The records do not lie in their order; they were sorted by Data_Point.", "", "note")
    )
    frame = table.frame.sort("vendor_record", maintain_order=True)
    return TextTable(frame, table.columns, layout, understood, table.remarks)


@dataclass(frozen=True, slots=True)
class _Records:
    """The rows looked at, as numbers in inside units."""

    layout: Layout
    columns: Mapping[str, Column]

    def values(self, quantity: str, rows: Sequence[tuple[str, ...]]) -> NDArray[np.float64]:
        """A column over some rows; nan where it says nothing."""
        column = self.columns.get(quantity)
        if column is None:
            return np.full(len(rows), np.nan)
        texts = [row[column.position] if column.position < len(row) else "" for row in rows]
        found = [_number(text.replace(",", ".") if self.layout.decimal == "," else text) for text in texts]
        factor = 1.0 if column.kind == "integer" else column.factor
        return np.array([np.nan if value is None else value * factor for value in found])

    def ratio(self) -> float:
        """Integral of the current over what the counters add, in the first rows or the last; nan if neither tells."""
        names = ("test_time", "current", "charge_counter", "discharge_counter")
        for rows in (self.layout.head_rows, self.layout.tail_rows):
            found = arbin_checks.integral_ratio(*(self.values(name, rows) for name in names))
            if not math.isnan(found):
                return found
        return math.nan

    def sign(self) -> int:
        """1 or -1 by the counters; 0 if the rows do not tell."""
        names = ("current", "charge_counter", "discharge_counter")
        told = [
            arbin_checks.current_sign(*(self.values(name, rows) for name in names))
            for rows in (self.layout.head_rows, self.layout.tail_rows)
        ]
        return next((item for item in told if item), 0)

    def remarks(self) -> list[Remark]:
        """A remark where records were repeated for a new value of an auxiliary input."""
        time, current, voltage = (
            self.values(name, self.layout.head_rows) for name in ("test_time", "current", "voltage")
        )
        with np.errstate(invalid="ignore"):
            again = (np.diff(time) <= _SAME_TIME) & (np.diff(current) == 0) & (np.diff(voltage) == 0)
        repeated = int(again.sum())
        if not repeated:
            return []
        text = (
            f"{repeated} of the first {int(np.isfinite(time).sum())} records repeat the one before within {_SAME_TIME * 1e3:g} ms, with only an "
            "auxiliary input renewed; they change no charge and no energy."
        )
        return [Remark("auxiliary_records", text, "", "note")]


def _number(text: str) -> float | None:
    plain = text.strip()
    if not plain or plain in NULLS:
        return None
    try:
        return float(plain)
    except ValueError:
        return None


def _mass(layout: Layout) -> str | None:
    """Mass implied by the column mAh/g beside the capacities."""
    places = {name.strip().casefold(): spot for spot, name in enumerate(layout.names)}
    total, specific = places.get("capacity (ah)"), places.get("mah/g")
    if total is None or specific is None:
        return None
    rows = [row for row in (*layout.head_rows, *layout.tail_rows) if len(row) > max(total, specific)]
    return implied_mass([row[total] for row in rows], [row[specific] for row in rows], factor=1.0)


def _test(path: Path, records: _Records) -> dict[str, str]:
    named = _FILE.match(path.stem)
    found = {"test_id": named["test"], "channel": named["channel"]} if named else {}
    column = records.columns.get("wall_clock")
    first = next((text for text in records.layout.column(column.position) if text), "") if column else ""
    if first:
        clock = number_dates.from_numbers(pl.Series([float(first)])) if _number(first) is not None else None
        found["start"] = clock[0].isoformat(timespec="seconds") if clock is not None else dates.iso(first)
    return found


FORMAT = Format(
    name="arbin_csv",
    title="Arbin text export (.csv)",
    patterns=("*.csv", "*.txt", "*.tsv"),
    sniff=sniff,
    read=read,
    source="public exports (ROVI-org/battery-data-toolkit and TRI-AMDD/beep, Apache-2.0; ImperialCollegeLondon/PyProBE, "
    "BSD-3-Clause) and header lists of public readers",
    versions_seen=("MITS Pro 8+ csv (Test Time (s))", "MITS Pro csv (Test_Time(s))", "database export (Test_Time)"),
    write=write,
    reads=(
        "records with printed units, or with none where the counters prove Arbin's own; auxiliary temperature; "
        "dates as text, Unix seconds or Excel days"
    ),
    limits="tables of statistics (one row a cycle or step); a file without units whose current and counters disagree",
)
