"""What does a record table of NREL's battery data hold (``Time_s``, ``Current_A``, ``Voltage_V``, ``Datenum_d``)?

The table is made from a cycler's records and the sweeps of an impedance analyser between them. Rows with a frequency are no
records of cycling: they become spectra, at the voltage of the records around them. The analyser's own voltage, which can have
the other sign, is not used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from interlith.errors import ReadError
from interlith.layouts import current_sign, shared_counter
from interlith.layouts.column_names import Column, fold, split, understand
from interlith.layouts.lazy_text import Remark, refusal, scan
from interlith.layouts.text_layout import header_rows, layout_of
from interlith.layouts.text_table import header_of, names_cycling
from interlith.model import Flag, Format, Reading, State, Table, Within

VOCABULARY = {
    "time": "test_time",
    "cycleindex": "vendor_cycle",
    "step": "vendor_step",
    "current": "current",
    "voltage": "voltage",
    "chargecapacity": "charge_counter",
    "dischargecapacity": "discharge_counter",
    "chargeenergy": "charge_energy_counter",
    "dischargeenergy": "discharge_energy_counter",
    "celltemperature": "temperature",
}
#: The cycler's own counter. The pairs are made from it row by row, and repeat what it had passed where a step takes it over.
_COUNTERS = {"amphr": "capacity_counter", "watthr": "energy_counter"}
_PAIRS = frozenset({"chargecapacity", "dischargecapacity", "chargeenergy", "dischargeenergy"})
_SPECTRUM = {"frequency": "frequency", "zreal": "impedance_real", "zimag": "impedance_imaginary", "zphase": "phase"}
_UNITS = {"frequency": "hz", "impedance_real": "ohm", "impedance_imaginary": "ohm", "phase": "degree"}
#: Day 719529 of Matlab's count is 1970-01-01.
EPOCH, DAY = 719_529.0, 86_400_000.0
#: Words of the table of cycles that is published beside the records.
_SUMMARY = frozenset({"qchg", "qdis", "echg", "edis", "tsecsstart", "tsecscycle", "equivalentfullcycles"})
_REFUSED = (
    "this is a table with one row for each cycle (Q_chg, Q_dis ...), not a table of records; export the raw records with Time_s, "
    "Current_A and Voltage_V."
)
#: The charge that passed in either direction, over the whole table: what it gained between two records and the counter of the
#: cycler did not, passed in records that are lost. Published tables differ so by 2 % of the largest charge where pulses are.
_THROUGHPUT, LOST_SHARE = "absolutechargethroughput", 0.025
_OWN = frozenset({"datenum", "cyclelabel", "segmentlabel", "absolutechargethroughput", "amphr"})


def sniff(head: bytes, path: Path) -> float:
    """Confidence from the names that only these tables have; tables of cycles are claimed to be refused."""
    del path
    stems = {split(name).stem for name in header_of(head, VOCABULARY)}
    if {"time", "current", "voltage", "cycleindex"} <= stems and len(stems & _OWN) >= 2:
        return 0.95
    return 0.9 if _is_summary(head) else 0.0


def _is_summary(head: bytes) -> bool:
    rows = header_rows(head)[:1]
    return any(len({fold(name) for name in row} & _SUMMARY) >= 4 for _, _, row in rows)


def read(path: Path, options: Mapping[str, Any]) -> Reading:
    """Read the records lazily and the spectra between them.

    Raises
    ------
    ReadError
        If the table has no records, or a unit is not understood.
    """
    try:
        with path.open("rb") as handle:
            head = handle.read(65_536)
    except OSError as error:
        raise ReadError(f"{path}: cannot be opened ({error.strerror or error}).") from error
    if not header_of(head, VOCABULARY) and _is_summary(head):
        raise ReadError(f"{path}: {_REFUSED}")
    layout = layout_of(
        path,
        lambda row: names_cycling(row, VOCABULARY),
        missing="no line names Time_s, Current_A and Voltage_V; export the raw records with all columns.",
        decimal=options.get("decimal"),
    )
    left_out: list[str] = []
    understood = understand(
        layout.names,
        _vocabulary(layout.names),
        where=str(path),
        units={"capacity_counter": "Ah", "energy_counter": "Wh"},
        left_out=left_out,
    )
    spectral = _spectral(layout.names, str(path))
    remarks = [Remark("column_left_out", text) for text in left_out]
    try:
        frame, more = scan(layout, [*understood, *spectral, *_dates(layout.names), *_throughput(layout.names)])
        frame = _dated(frame)
        within: tuple[Within, ...] = ()
        if len(spectral) >= 3:
            within, spoken = _spectra(frame)
            more += spoken
            frame = frame.filter(pl.col("frequency").is_null())
        more += _lost(frame)
        frame = frame.drop([column.quantity for column in spectral]).drop("throughput", strict=False)
        frame, signs = current_sign.settled(frame, str(path))
        frame = shared_counter.in_two_counters(frame, frame.collect_schema().names())
    except pl.exceptions.PolarsError as error:
        raise refusal(error, str(path)) from error
    return Reading(
        payload=Table(frame, tuple(frame.collect_schema().names())),
        metadata={"columns": layout.names},
        flags=tuple(Flag(item.code, item.message, item.where, item.severity) for item in [*remarks, *more, *signs]),
        test={},
        within=within,
    )


def _vocabulary(names: Sequence[str]) -> dict[str, str]:
    """Words by which the counters are read: those of the cycler where they are printed."""
    if "amphr" not in {split(name).stem for name in names}:
        return VOCABULARY
    return {stem: quantity for stem, quantity in VOCABULARY.items() if stem not in _PAIRS} | _COUNTERS


def _spectral(names: Sequence[str], where: str) -> list[Column]:
    """Columns of the impedance; their units stand in the names and must be Hz, ohm and degrees."""
    found: list[Column] = []
    for position, name in enumerate(names):
        stem, _, unit = name.strip().rpartition("_")
        quantity = _SPECTRUM.get(fold(stem))
        if quantity is None:
            continue
        if unit.casefold() != _UNITS[quantity]:
            raise ReadError(
                f"{where}: the column '{name}' is not in {_UNITS[quantity]}; export it so, or leave it out."
            )
        found.append(Column(position, name, quantity, "number"))
    return found if {"frequency", "impedance_real", "impedance_imaginary"} <= {one.quantity for one in found} else []


def _dates(names: Sequence[str]) -> list[Column]:
    place = next((position for position, name in enumerate(names) if name.strip().casefold() == "datenum_d"), None)
    return [] if place is None else [Column(place, names[place], "wall_clock", "number")]


def _throughput(names: Sequence[str]) -> list[Column]:
    place = next((position for position, name in enumerate(names) if split(name).stem == _THROUGHPUT), None)
    return (
        []
        if place is None or split(names[place]).unit != "Ah"
        else [Column(place, names[place], "throughput", "number")]
    )


def _lost(frame: pl.LazyFrame) -> list[Remark]:
    """What the whole table's throughput gained and the cycler's counter did not: records are missing."""
    if not {"throughput", "capacity_counter"} <= set(frame.collect_schema().names()):
        return []
    counter = pl.col("capacity_counter")
    gained = pl.when(counter.diff() >= 0).then(counter.diff()).otherwise(counter)
    hidden = pl.col("throughput").diff() - gained
    missed = hidden > LOST_SHARE * counter.max()
    found = frame.select(
        missed.sum().alias("count"), hidden.filter(missed).sum().alias("charge"), missed.arg_max().alias("row")
    )
    count, charge, row = found.collect().row(0)
    if not count:
        return []
    text = (
        f"Over {count} places the table's own throughput gained {1e3 * charge:.4g} mAh that no record shows: records are missing, "
        "and charges and cycles with them."
    )
    return [Remark("records_missing", text, f"row {int(row) + 1}")]


def _dated(frame: pl.LazyFrame) -> pl.LazyFrame:
    if "wall_clock" not in frame.collect_schema().names():
        return frame
    milliseconds = ((pl.col("wall_clock") - EPOCH) * DAY).round(0).cast(pl.Int64)
    return frame.with_columns(milliseconds.cast(pl.Datetime("ms")).alias("wall_clock"))


def _spectra(frame: pl.LazyFrame) -> tuple[tuple[Within, ...], list[Remark]]:
    """Each run of rows with a frequency is a spectrum; a cycle, a step or a rising frequency begins a new one."""
    swept_here = pl.col("frequency").is_not_null()
    beside = swept_here.shift(1).fill_null(value=False) | swept_here.shift(-1).fill_null(value=False)
    rows = frame.with_row_index("row").filter(swept_here | beside).collect()
    swept = rows.filter(swept_here)
    if swept.is_empty():
        return (), []
    new = (swept["row"].diff().fill_null(2) > 1) | (swept["frequency"].diff().fill_null(-1.0) > 0)
    for name in ("vendor_cycle", "vendor_step"):
        if name in swept.columns:
            new = new | (swept[name].diff().fill_null(0) != 0)
    swept = swept.with_columns(new.cum_sum().alias("sweep"))
    edges = swept.group_by("sweep", maintain_order=True).agg(
        pl.col("row").min().alias("a"), pl.col("row").max().alias("b")
    )
    around = rows.filter(~swept_here & pl.col("voltage").is_not_null()).select("row", "voltage")
    remarks = []
    if (swept["voltage"].abs() > 0).any():
        text = (
            f"Rows of the impedance analyser print a voltage of {swept['voltage'][0]:.5g} V; spectra were given the voltage of the "
            "cycler's records before and after."
        )
        remarks.append(Remark("voltage_of_records", text, f"row {int(swept['row'][0]) + 1}", "note"))
    found = []
    for (_, sweep), (first, last) in zip(
        swept.group_by("sweep", maintain_order=True), edges.select("a", "b").iter_rows(), strict=True
    ):
        data = sweep.select("frequency", "impedance_real", "impedance_imaginary")
        if "phase" in sweep.columns:
            remarks += _contradicting(sweep, first)
        state = _state(around, first)
        if "vendor_cycle" in sweep.columns and sweep["vendor_cycle"][0] is not None:
            cycle = float(sweep["vendor_cycle"][0])
            state["cycle"] = State("cycle", cycle, cycle, cycle, "1")
        found.append(
            Within("impedance", Table(data.lazy(), tuple(data.columns)), state, f"rows {first + 1}-{last + 1}")
        )
    return tuple(found), remarks


def _state(around: pl.DataFrame, first: int) -> dict[str, State]:
    """Voltage of the nearest records before and after a sweep."""
    place = int(around["row"].search_sorted(first))
    volts = around["voltage"].slice(max(0, place - 1), 1 + (place > 0)).to_list()
    if not volts:
        return {}
    return {"voltage": State("voltage", float(np.mean(volts)), min(volts), max(volts), "V")}


def _contradicting(sweep: pl.DataFrame, first: int) -> list[Remark]:
    """The sign of the imaginary part must be that of the phase; else capacitive and inductive are swapped."""
    product = (sweep["impedance_imaginary"] * sweep["phase"]).drop_nulls()
    if not len(product) or (product >= 0).mean() > 0.5:  # type: ignore[operator]
        return []
    text = "The imaginary part and the phase have opposite signs: one of them is printed negated; check which."
    return [Remark("phase_contradicts", text, f"row {first + 1}", "error")]


FORMAT = Format(
    name="nrel_csv",
    title="NREL battery data record table (.csv)",
    patterns=("*raw.csv", "*.csv"),
    sniff=sniff,
    read=read,
    source="NREL battery data hub tables, an excerpt of which is public in ROVI-org/battery-data-toolkit (Apache-2.0)",
    versions_seen=("raw records with impedance",),
    reads="record tables, with spectra as impedance and the voltage of their step",
    limits="tables of cycles",
)
