"""What does a Neware text export (.csv, .txt; flat or layered) hold?

Flat exports have one header and one row a record; layered exports nest cycle, step and record rows. Units stand in the
header (A, mA, µA, V, mV, Ah, mAh, mAs ...). Capacity counters are unsigned and begin at zero in every step.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from interlith.layouts import layered_text, neware_words
from interlith.layouts import table_writing as writing
from interlith.layouts.column_names import split, stems
from interlith.layouts.dates import iso
from interlith.layouts.text_layout import Layout, decode, is_text
from interlith.layouts.text_table import header_of, names_cycling, read_text_table
from interlith.model import Flag, Format, Reading, Table
from interlith.physics.step_words import translate
from interlith.units import inside

_RECORDS = frozenset({"datapoint", "recordid", "recordindex", "数据序号", "记录序号"})
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
    if layered_text.levels_of(decode(head)[0], lambda row: names_cycling(row, neware_words.VOCABULARY)) is not None:
        return 0.95
    names = header_of(head, neware_words.VOCABULARY)
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
    content = (
        layered_text.flatten(path, lambda row: names_cycling(row, neware_words.VOCABULARY)) if path.is_file() else None
    )
    table = read_text_table(
        path, neware_words.VOCABULARY, title="Neware", decimal=options.get("decimal"), content=content
    )
    layout = table.layout
    metadata = {"columns": layout.names, "encoding": layout.encoding, "layered": content is not None}
    mass = neware_words.mass(layout.names, (*layout.head_rows, *layout.tail_rows))
    return Reading(
        payload=Table(table.frame, table.columns),
        metadata=metadata,
        flags=tuple(Flag(item.code, item.message, item.where, item.severity) for item in table.remarks),
        proposals={"active_mass": mass} if mass else {},
        test=_test(layout),
    )


def _test(layout: Layout) -> dict[str, str]:
    for position, name in enumerate(layout.names):
        if neware_words.VOCABULARY.get(split(name).stem) == "wall_clock" and len(layout.head_rows[0]) > position:
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
    reads="flat and layered exports, English and Chinese, all units of BTS and BTSDA",
    limits="exports without time, current and voltage",
)
