"""What does a time series of the Battery Archive hold (``Test_Time (s)``, ``Cell_Temperature (C)``)?

The archive publishes the cells of many laboratories in one layout, with units in the names; a positive current charges. Its
tables of cycles have the same look and one row a cycle: they are refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from interlith.errors import ReadError
from interlith.layouts import counter_checks
from interlith.layouts.column_names import split
from interlith.layouts.lazy_text import Remark, refusal
from interlith.layouts.text_layout import header_rows
from interlith.layouts.text_table import header_of, read_text_table
from interlith.model import Flag, Format, Reading, Table

VOCABULARY = {
    "testtime": "test_time",
    "datetime": "wall_clock",
    "cycleindex": "vendor_cycle",
    "current": "current",
    "voltage": "voltage",
    "chargecapacity": "charge_counter",
    "dischargecapacity": "discharge_counter",
    "chargeenergy": "charge_energy_counter",
    "dischargeenergy": "discharge_energy_counter",
    "celltemperature": "temperature",
    "environmenttemperature": "temperature",
}
_OWN = frozenset({"environmenttemperature", "celltemperature"})
_CYCLES = frozenset({"mincurrent", "maxcurrent", "minvoltage", "maxvoltage", "starttime", "endtime"})
#: Records that tell the sign of the current.
FIRST = 20_000


def sniff(head: bytes, path: Path) -> float:
    """Confidence from the two temperatures that the archive names."""
    del path
    stems = {split(name).stem for name in header_of(head, VOCABULARY)}
    if {"testtime", "cycleindex"} <= stems and stems & _OWN:
        return 0.97 if stems >= _OWN else 0.92
    return 0.9 if _is_cycles(head) else 0.0


def _is_cycles(head: bytes) -> bool:
    return any(len({split(name).stem for name in row} & _CYCLES) >= 4 for _, _, row in header_rows(head)[:1])


def read(path: Path, options: Mapping[str, Any]) -> Reading:
    """Read a time series lazily.

    Raises
    ------
    ReadError
        If the table has one row for each cycle, or a unit is not understood.
    """
    try:
        with path.open("rb") as handle:
            head = handle.read(65_536)
    except OSError as error:
        raise ReadError(f"{path}: cannot be opened ({error.strerror or error}).") from error
    if not header_of(head, VOCABULARY) and _is_cycles(head):
        raise ReadError(
            f"{path}: this is the archive's table with one row for each cycle (Min_Voltage, Max_Voltage ...), not a table of "
            "records; export the time series of the cell."
        )
    table = read_text_table(path, _vocabulary(head), title="the Battery Archive", decimal=options.get("decimal"))
    try:
        frame, remarks = _signed(table.frame, list(table.remarks))
    except pl.exceptions.PolarsError as error:
        raise refusal(error, str(path)) from error
    temperature = next((item for item in table.understood if item.quantity == "temperature"), None)
    if temperature is not None and all(not text.strip("-0.") for text in table.layout.column(temperature.position)):
        frame = frame.drop("temperature")
        text = f"'{temperature.name}' is empty or exactly 0 throughout and was left out: no sensor was connected."
        remarks.append(Remark("no_temperature_sensor", text, "", "note"))
    return Reading(
        payload=Table(frame, tuple(frame.collect_schema().names())),
        metadata={"columns": table.layout.names},
        flags=tuple(Flag(item.code, item.message, item.where, item.severity) for item in remarks),
        test={"barcode": path.name.removesuffix("_timeseries.csv")} if path.name.endswith("_timeseries.csv") else {},
    )


def _vocabulary(head: bytes) -> Mapping[str, str]:
    """The temperature of the cell goes before that of its surroundings."""
    stems = {split(name).stem for name in header_of(head, VOCABULARY)}
    left = "environmenttemperature" if "celltemperature" in stems else "celltemperature"
    return {stem: quantity for stem, quantity in VOCABULARY.items() if stem != left}


def _signed(frame: pl.LazyFrame, remarks: list[Remark]) -> tuple[pl.LazyFrame, list[Remark]]:
    if counter_checks.sign_by_counters(frame.head(FIRST).collect()) >= 0:
        return frame, remarks
    text = "The charge counter grows under negative current; the sign of the current was turned round."
    return frame.with_columns(-pl.col("current")), [*remarks, Remark("sign_from_counters", text)]


FORMAT = Format(
    name="battery_archive",
    title="Battery Archive time series (.csv)",
    patterns=("*timeseries.csv", "*.csv"),
    sniff=sniff,
    read=read,
    source="column names of the archive's exports (batteryarchive.org), as public readers describe them (TRI-AMDD/beep)",
    versions_seen=("time series",),
    reads="time series of batteryarchive.org",
    limits="its tables of cycles",
)
