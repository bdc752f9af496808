"""What does a text export of a PEC battery tester hold?

A preamble of ``Key:,Value`` lines stands before the table. Units are chosen at export and stand in the header (V or mV, A or
mA, four spellings of time). One file may hold several cells, below or beside each other; they are never mixed: the file is
refused unless the study says which cell (``cell``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from interlith.layouts import dates, device_time
from interlith.layouts import table_writing as writing
from interlith.layouts.column_names import Column, fold, split, understand
from interlith.layouts.lazy_text import NULLS, Remark, scan
from interlith.layouts.pec_cells import Cell, cell_of, identity_of
from interlith.layouts.text_layout import Layout, header_rows, layout_of
from interlith.layouts.text_table import names_cycling
from interlith.model import Flag, Format, Reading, Table

VOCABULARY = {
    "totaltime": "test_time",
    "steptime": "step_time",
    "voltage": "voltage",
    "current": "current",
    "chargecapacity": "charge_counter",
    "dischargecapacity": "discharge_counter",
    "chargeenergy": "charge_energy_counter",
    "dischargeenergy": "discharge_energy_counter",
    "cycle": "vendor_cycle",
    "step": "vendor_step",
    "instructionname": "vendor_step_type",
    "realtime": "wall_clock",
    **dict.fromkeys(("temp", "cellsurfacetemperature", "celltemperature"), "temperature"),
}
_PREAMBLE = ("request year:", "test:", "testregime name:")
#: A fall of the voltage (V) at zero current at the end of a file that no cell shows by itself.
FALL = 0.5
#: Relative difference up to which two nominal capacities agree.
ALIKE = 0.05
#: Rows at the end that are looked at for it.
LAST = 200
_WRITTEN = (
    ("voltage", "Voltage (V)", 1.0, 7),
    ("current", "Current (A)", 1.0, 9),
    ("charge_counter", "Charge Capacity (mAh)", 1e3, 6),
    ("discharge_counter", "Discharge Capacity (mAh)", 1e3, 6),
    ("charge_energy_counter", "Charge Energy (mWh)", 1e3, 6),
    ("discharge_energy_counter", "Discharge Energy (mWh)", 1e3, 6),
)


def write(frame: pl.DataFrame, path: Path, metadata: Mapping[str, Any]) -> None:
    """Write canonical columns as an export of one cell: 1 ms, 0.1 uV, 1 nA, 1 nAh, 1 nWh.

    Parameters
    ----------
    frame
        Canonical columns in inside units; ``vendor_cycle``, ``vendor_step`` and ``vendor_step_type`` are needed too.
    path
        File to write.
    metadata
        ``start`` (ISO text).

    Raises
    ------
    StudyError
        If a needed column is missing or a key of `metadata` is unknown.
    """
    start = writing.start_of(metadata, ("start",)) or writing.start_of({"start": "2000-01-01"}, ("start",))
    frame = writing.completed(frame, needed=("vendor_cycle", "vendor_step", "vendor_step_type"))
    shown = "%m/%d/%Y %H:%M:%S"
    out = [
        pl.lit("1").alias("Test"),
        pl.lit("1").alias("Cell"),
        *(pl.lit(text).alias(name) for name, text in (("Rack", "SIM1"), ("Shelf", "001"), ("Position", "1"))),
        pl.lit("").alias("Cell ID"),
        pl.col("vendor_step").alias("Step"),
        pl.col("vendor_step_type").alias("Instruction Name"),
        pl.col("vendor_cycle").alias("Cycle"),
        writing.clock(pl.col("test_time")).alias("Total Time (Hours in hh:mm:ss.xxx)"),
        writing.fixed(pl.col("step_time"), 3).alias("Step Time (Seconds)"),
        writing.dates(start).dt.strftime(shown).alias("Real Time"),  # type: ignore[arg-type]
        pl.lit(f"{start:{shown}}").alias("Position Start Time"),
    ]
    for name, label, size, decimals in _WRITTEN:
        if name in frame.columns:
            out.append(writing.fixed(pl.col(name) * size, decimals).alias(label))
    out.append(pl.lit("30").alias("ReasonCode"))
    head = "Request Year:,2026\nTest:,1\nTest Description:,\nTestRegime Name:,simulated\nNumber Of Cells:,1\n"
    head += f"Start Time:,{start:{shown}}\n"
    path.write_text(head + frame.select(out).write_csv(), encoding="utf-8")


def sniff(head: bytes, path: Path) -> float:
    """Confidence from the columns that PEC alone prints: which cell, and times spelled ``Total Time (...)``."""
    del path
    row = next((row for _, _, row in header_rows(head) if names_cycling(row, VOCABULARY)), ())
    found = {split(name).stem for name in row}
    if not {"test", "totaltime", "step"} <= found or not found & {"cell", "cellid"}:
        return 0.0
    lines = head[:2000].decode("latin-1").casefold()
    if "reasoncode" in found or "positionstarttime" in found or all(word in lines for word in _PREAMBLE):
        return 0.97
    return 0.85 if {"chargecapacity", "dischargecapacity"} <= found else 0.0


def read(path: Path, options: Mapping[str, Any]) -> Reading:
    """Read a PEC export of one cell lazily; ``options["cell"]`` names the cell where the file holds several.

    Raises
    ------
    ReadError
        If the file holds several cells and none is declared, or a column cannot be understood.
    """
    layout = layout_of(
        path,
        lambda row: names_cycling(row, VOCABULARY),
        missing="no line names Total Time, Voltage and Current as PEC does; export the record data as csv with all columns.",
        decimal=options.get("decimal"),
    )
    cell = cell_of(layout, options.get("cell"))
    left_out: list[str] = []
    columns = _columns(layout, cell, left_out)
    identity = tuple(Column(position, name, f"_{name}", "text") for name, position in identity_of(layout, cell).items())
    frame, remarks = scan(layout, (*columns, *(identity if cell.rows is not None else ())))
    if cell.rows is not None:
        frame = frame.filter(cell.rows).drop([item.quantity for item in identity])
    if (cell.first, cell.last) != (0, len(layout.names)):
        frame = frame.filter(pl.col("voltage").is_not_null())
    names = set(frame.collect_schema().names())
    frame, more = device_time.from_step_time(frame, names)
    frame, signs = _signed(frame, names, layout, columns)
    remarks = [*remarks, *more, *signs, *(Remark("column_left_out", text) for text in left_out)]
    remarks += _at_the_end(layout, columns) if cell.rows is None else []
    preamble = _preamble(layout)
    proposals = _proposals(preamble, remarks)
    return Reading(
        payload=Table(frame, tuple(frame.collect_schema().names())),
        metadata=preamble | {"columns": layout.names},
        flags=tuple(Flag(item.code, item.message, item.where, item.severity) for item in remarks),
        proposals=proposals,
        test=_test(layout, cell),
    )


def _columns(layout: Layout, cell: Cell, left_out: list[str]) -> tuple[Column, ...]:
    """Columns of one cell. ``Charge Capacity (mWh)`` is an energy: older exports give both one name and tell them by unit."""
    names = []
    for name in layout.names[cell.first : cell.last]:
        parts = split(name)
        energy = (parts.unit or "").casefold() in ("wh", "mwh", "kwh")
        names.append(name.replace("Capacity", "Energy") if energy and parts.stem.endswith("capacity") else name)
    columns = understand(names, VOCABULARY, where=str(layout.path), left_out=left_out)
    return tuple(replace(item, position=item.position + cell.first) for item in columns)


def _signed(
    frame: pl.LazyFrame, names: set[str], layout: Layout, columns: Sequence[Column]
) -> tuple[pl.LazyFrame, list[Remark]]:
    """Discharge is negative. Where the export prints magnitudes only, the counter that moves says the direction."""
    if not {"discharge_counter", "charge_counter"} <= names:
        return frame, []
    current = next(item.position for item in columns if item.quantity == "current")
    if any(text.startswith("-") and text.strip("-0.,Ee+") for text in layout.column(current)):
        return frame, []
    down = pl.col("discharge_counter").abs().diff()
    falls = (down > 0) & (down > pl.col("charge_counter").diff())
    seen = frame.select(
        (pl.col("current") < 0).any().alias("signed"), (falls & (pl.col("current") > 0)).sum().alias("rows")
    )
    signed, rows = seen.collect().row(0)
    if signed or not rows:
        return frame, []
    begins = falls.fill_null(value=False)
    remark = Remark(
        "sign_from_counter",
        f"No current is negative, but the discharge counter rises in {rows} rows; there the current was given a negative sign.",
        severity="note",
    )
    fixed = pl.when(begins).then(-pl.col("current")).otherwise(pl.col("current"))
    return frame.with_columns(fixed.alias("current")), [remark]


def _at_the_end(layout: Layout, columns: Sequence[Column]) -> list[Remark]:
    """A voltage that falls to nothing at zero current in the last rows: the cell was taken away while the test ran."""
    where = {item.quantity: item for item in columns}
    rows = [row for row in (layout.tail_rows or layout.head_rows)[-LAST:] if any(text.strip() for text in row)]
    voltages, currents = ([_value(layout, row, where[name]) for row in rows] for name in ("voltage", "current"))
    idle = len(rows)
    while idle > 0 and currents[idle - 1] == 0:
        idle -= 1
    last = [value for value in voltages[idle:] if value is not None]
    if not last or max(last) - last[-1] < FALL or last[-1] > 0.5 * max(last):
        return []
    count = sum(1 for value in last if max(last) - value > 0.01 * max(last))
    message = (
        f"At zero current the voltage falls from {max(last):.4g} to {last[-1]:.3g} V in the last {count} rows: the cell was "
        "probably disconnected while the test still ran; these rows are no measurement of it."
    )
    return [Remark("cell_disconnected", message, f"the last {count} rows")]


def _value(layout: Layout, row: Sequence[str], column: Column) -> float | None:
    text = row[column.position].strip() if column.position < len(row) else ""
    text = text.replace(",", ".") if layout.decimal == "," else text
    return float(text) * column.factor if text and text not in NULLS else None


def _preamble(layout: Layout) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in layout.preamble:
        key, _, value = line.partition(layout.delimiter)
        if key.strip().endswith(":"):
            found.setdefault(key.strip().rstrip(":"), value.strip(f" {layout.delimiter}\r"))
    return found


def _proposals(preamble: Mapping[str, str], remarks: list[Remark]) -> dict[str, str]:
    """Nominal capacity of the test regime or its parameters; where they contradict, none is proposed.

    The mass among the parameters is that of the whole cell (energy per mass is made of it) and never proposed.
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(m?Ah)", preamble.get("TestRegime CellSize", ""), re.IGNORECASE)
    size = float(found[1]) * (1.0 if found[2][0] in "mM" else 1e3) if found else 0.0
    names, values = (preamble.get(key, "").split(",") for key in ("Parameter names", "Parameter values"))
    given = dict(zip((name.strip() for name in names), values, strict=False))
    rate = next((text.strip() for name, text in given.items() if name.startswith("C-Rate (mAh")), "")
    if re.fullmatch(r"\d+(?:\.\d+)?", rate) and float(rate) > 0:
        if size and abs(size / float(rate) - 1) > ALIKE:
            message = (
                f"The test regime names a cell of {size:g} mAh, its parameter C-Rate is {rate} mAh; neither was proposed as "
                "nominal capacity."
            )
            remarks.append(Remark("nominal_capacity_contradicts", message, "the preamble", "note"))
            return {}
        return {"nominal_capacity": f"{rate} mAh"}
    return {"nominal_capacity": f"{size:g} mAh"} if size else {}


def _test(layout: Layout, cell: Cell) -> dict[str, str]:
    first = layout.head_rows[0]
    values = {
        fold(name): first[at].strip()
        for at, name in enumerate(layout.names[cell.first : cell.last], start=cell.first)
        if at < len(first)
    }
    place = [values[key] for key in ("rack", "shelf", "position") if values.get(key)]
    found = {
        "channel": "-".join(place),
        "test_id": values.get("test", ""),
        "barcode": values.get("cellid", ""),
        "start": dates.iso(values["positionstarttime"]) if values.get("positionstarttime") else "",
    }
    return {key: text for key, text in found.items() if text} if cell.rows is None else {}


FORMAT = Format(
    name="pec",
    title="PEC text export (.csv)",
    patterns=("*.csv", "*.txt"),
    sniff=sniff,
    read=read,
    source="exports in public data and documentation (jepegit/cellpy, MIT: test 25205 of 2026 and the layout of 2019)",
    versions_seen=("PEC 2026 columns", "PEC 2019 columns", "cells beside each other"),
    write=write,
    reads="all units that the header may name; one cell a file, or the one that `cell` names",
    limits="several cells in one file until the study says which",
)
