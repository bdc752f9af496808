"""What does a Neware text export (.csv, .txt; flat or layered) hold?

Flat exports have one header and one row a record; layered exports nest cycle, step and record rows. Units stand in the
header (A, mA, µA, V, mV, Ah, mAh, mAs ...). Capacity counters are unsigned and begin at zero in every step.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from interlith.model import Flag, Format, Reading, Table
from interlith.physics import layered_text
from interlith.physics import table_writing as writing
from interlith.physics.column_names import split, stems, unit_factor
from interlith.physics.implied_mass import implied_mass
from interlith.physics.lazy_text import iso
from interlith.physics.step_words import translate
from interlith.physics.text_layout import Layout, decode, is_text
from interlith.physics.text_table import header_of, names_cycling, read_text_table
from interlith.units import inside

VOCABULARY = {
    **dict.fromkeys(("cycleindex", "cycleid", "cycle", "循环号"), "vendor_cycle"),
    **dict.fromkeys(("stepindex", "stepid", "step", "工步号"), "vendor_step"),
    **dict.fromkeys(("steptype", "stepname", "status", "工步类型", "状态"), "vendor_step_type"),
    **dict.fromkeys(("time", "steptime", "relativetime", "时间", "相对时间"), "step_time"),
    **dict.fromkeys(("totaltime", "cumulativetime", "testtime", "总时间"), "test_time"),
    **dict.fromkeys(("current", "cur", "电流"), "current"),
    **dict.fromkeys(("voltage", "vol", "电压"), "voltage"),
    **dict.fromkeys(("capacity", "cap", "容量"), "capacity_counter"),
    **dict.fromkeys(("chgcap", "capchg", "capacitancechg", "capacitychg", "充电容量"), "charge_counter"),
    **dict.fromkeys(("dchgcap", "capdchg", "capacitancedchg", "capacitydchg", "放电容量"), "discharge_counter"),
    **dict.fromkeys(("energy", "能量"), "energy_counter"),
    **dict.fromkeys(("chgenergy", "engychg", "energychg", "充电能量"), "charge_energy_counter"),
    **dict.fromkeys(("dchgenergy", "engydchg", "energydchg", "放电能量"), "discharge_energy_counter"),
    **dict.fromkeys(("date", "realtime", "absolutetime", "绝对时间", "系统时间"), "wall_clock"),
    **dict.fromkeys(("temperature", "auxtemp", "t1"), "temperature"),
}
_RECORDS = frozenset({"datapoint", "recordid", "recordindex", "数据序号", "记录序号"})
_SPECIFIC = ("speccap", "capacitydensity", "cmpcap")
_WORDS = {
    ("rest", ""): "Rest",
    ("charge", "cc"): "CC Chg",
    ("discharge", "cc"): "CC DChg",
    ("charge", "cv"): "CV Chg",
    ("discharge", "cv"): "CV DChg",
    ("charge", "cccv"): "CCCV Chg",
    ("discharge", "cccv"): "CCCV DChg",
}
_COUNTERS = (
    ("capacity_counter", "Capacity(Ah)", "Spec. Cap.(mAh/g)"),
    ("charge_counter", "Chg. Cap.(Ah)", "Chg. Spec. Cap.(mAh/g)"),
    ("discharge_counter", "DChg. Cap.(Ah)", "DChg. Spec. Cap.(mAh/g)"),
    ("energy_counter", "Energy(Wh)", "Spec. Energy(mWh/g)"),
    ("charge_energy_counter", "Chg. Energy(Wh)", "Chg. Spec. Energy(mWh/g)"),
    ("discharge_energy_counter", "DChg. Energy(Wh)", "DChg. Spec. Energy(mWh/g)"),
)


def write(frame: pl.DataFrame, path: Path, metadata: Mapping[str, Any]) -> None:
    """Write canonical columns as a flat BTS8 export: 1 ms, 1e-8 A, 0.1 mV, 1e-8 Ah and Wh.

    Parameters
    ----------
    frame
        Canonical columns in inside units; ``vendor_cycle``, ``vendor_step`` and ``vendor_step_type`` are needed too.
        Counters that are absent are left out of the file.
    path
        File to write.
    metadata
        ``start`` (ISO text; adds the column Date) and ``active_mass`` (text with unit; adds the specific columns).

    Raises
    ------
    StudyError
        If a needed column is missing or a key of `metadata` is unknown.
    """
    start = writing.start_of(metadata, ("start", "active_mass"))
    frame = writing.completed(frame, needed=("vendor_cycle", "vendor_step", "vendor_step_type"))
    words = frame.get_column("vendor_step_type").cast(pl.String).unique().drop_nulls().to_list()
    out = [
        pl.int_range(1, pl.len() + 1).alias("DataPoint"),
        pl.col("vendor_cycle").alias("Cycle Index"),
        pl.col("vendor_step").alias("Step Index"),
        translate(pl.col("vendor_step_type"), _WORDS, words).alias("Step Type"),
        writing.clock(pl.col("step_time")).alias("Time"),
        writing.clock(pl.col("test_time")).alias("Total Time"),
        writing.fixed(pl.col("current"), 8).alias("Current(A)"),
        writing.fixed(pl.col("voltage"), 4).alias("Voltage(V)"),
    ]
    mass = inside(metadata["active_mass"], "active_mass") if "active_mass" in metadata else None
    for name, label, specific in _COUNTERS:
        if name in frame.columns:
            out.append(writing.fixed(pl.col(name), 8).alias(label))
            if mass is not None:
                out.append(writing.fixed(pl.col(name) / mass, 2).alias(specific))
    if start is not None:
        out.append(writing.dates(start).dt.strftime("%Y-%m-%d %H:%M:%S%.3f").alias("Date"))
    out.append(writing.fixed(pl.col("current").abs() * pl.col("voltage"), 8).alias("Power(W)"))
    frame.select(out).write_csv(path, line_terminator="\r\n")


def sniff(head: bytes, path: Path) -> float:
    """Confidence that the first bytes are a Neware text export: record, cycle, step and bracketed units in the header."""
    del path
    if not is_text(head):
        return 0.0
    if layered_text.levels_of(decode(head)[0], lambda row: names_cycling(row, VOCABULARY)) is not None:
        return 0.95
    names = header_of(head, VOCABULARY)
    found = stems(names)
    if not found & _RECORDS or not any("(" in name for name in names):
        return 0.0
    if "steptype" in found or "工步类型" in found:
        return 0.95
    return 0.9 if any("h:min:s" in name.casefold() for name in names) else 0.0


def read(path: Path, options: Mapping[str, Any]) -> Reading:
    """Read a Neware text export lazily.

    Raises
    ------
    ReadError
        If no header names time, current and voltage, or numbers are in a style that could be misread.
    """
    content = layered_text.flatten(path, lambda row: names_cycling(row, VOCABULARY)) if path.is_file() else None
    table = read_text_table(path, VOCABULARY, title="Neware", decimal=options.get("decimal"), content=content)
    layout = table.layout
    metadata = {"columns": layout.names, "encoding": layout.encoding, "layered": content is not None}
    mass = _mass(layout)
    return Reading(
        payload=Table(table.frame, table.columns),
        metadata=metadata,
        flags=tuple(Flag(item.code, item.message, item.where, item.severity) for item in table.remarks),
        proposals={"active_mass": mass} if mass else {},
        test=_test(layout),
    )


def _mass(layout: Layout) -> str | None:
    """Mass implied by a capacity column and its neighbour per gram."""
    places = {split(name).stem: (position, split(name).unit) for position, name in enumerate(layout.names)}
    specific = next((places[stem] for stem in _SPECIFIC if stem in places), None)
    total = places.get("capacity")
    if specific is None or total is None or total[1] is None:
        return None
    factor = unit_factor(total[1], "capacity_counter", column="Capacity", where=str(layout.path))
    rows = [row for row in (*layout.head_rows, *layout.tail_rows) if len(row) > max(total[0], specific[0])]
    return implied_mass([row[total[0]] for row in rows], [row[specific[0]] for row in rows], factor=factor)


def _test(layout: Layout) -> dict[str, str]:
    for position, name in enumerate(layout.names):
        if VOCABULARY.get(split(name).stem) == "wall_clock" and len(layout.head_rows[0]) > position:
            return {"start": iso(layout.head_rows[0][position])}
    return {}


FORMAT = Format(
    name="neware_csv",
    title="Neware text export (.csv)",
    patterns=("*.csv", "*.txt", "*.tsv"),
    sniff=sniff,
    read=read,
    source="BTS8 and BTSDA exports in public data sets (jepegit/cellpy, g-kimbell/fastnda); layered layout from public "
    "readers' descriptions",
    versions_seen=("BTS8 flat", "BTSDA 2024 flat", "BTS7 layered"),
    write=write,
)
