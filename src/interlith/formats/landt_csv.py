"""What does a LAND/LANDT text export hold?

Two layouts are public: the record table (``TestTime/Sec``, ``Voltage/V``, ``Current/mA`` or ``/uA``, ``Capacity/mAh``,
``SysTime``, ``StepStatus``) and the one with six header lines and names such as ``test_time_s``, ``current_A``. In the latter
the first column is named ``channel_index`` but counts records, and every row ends with an empty field.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from interlith.layouts import landt_words
from interlith.layouts import table_writing as writing
from interlith.layouts.column_names import stems
from interlith.layouts.text_table import header_of, read_text_table
from interlith.model import Flag, Format, Reading, Table
from interlith.physics.step_words import translate
from interlith.units import inside

_WORDS = {
    ("rest", ""): "Rest",
    ("charge", "cc"): "CCC",
    ("discharge", "cc"): "CCD",
    ("charge", "cv"): "CVC",
    ("discharge", "cv"): "CVD",
    ("charge", "cccv"): "CCCV_C",
    ("discharge", "cccv"): "CCCV_D",
}


def write(frame: pl.DataFrame, path: Path, metadata: Mapping[str, Any]) -> None:
    """Write canonical columns as the record table of a LANDT export: 1 ms, 0.1 uA, 0.1 mV, 0.1 uAh, 0.1 uWh.

    Parameters
    ----------
    frame
        Canonical columns in inside units; ``vendor_cycle``, ``vendor_step`` and ``vendor_step_type`` are needed too.
    path
        File to write.
    metadata
        ``start`` (ISO text; adds the column SysTime) and ``active_mass`` (text with unit; adds SpeCap/mAh/g).

    Raises
    ------
    StudyError
        If a needed column is missing or a key of `metadata` is unknown.
    """
    start = writing.start_of(metadata, ("start", "active_mass"))
    frame = writing.completed(frame, needed=("vendor_cycle", "vendor_step", "vendor_step_type"))
    words = frame.get_column("vendor_step_type").cast(pl.String).unique().drop_nulls().to_list()
    out = [
        pl.int_range(1, pl.len() + 1).alias("Record"),
        pl.col("vendor_cycle").alias("CycleNo"),
        pl.col("vendor_step").alias("StepNo"),
        translate(pl.col("vendor_step_type"), _WORDS, words).alias("StepStatus"),
        writing.fixed(pl.col("test_time"), 3).alias("TestTime/Sec"),
        writing.fixed(pl.col("step_time"), 3).alias("StepTime/Sec"),
        writing.fixed(pl.col("voltage"), 4).alias("Voltage/V"),
        writing.fixed(pl.col("current") * 1e3, 4).alias("Current/mA"),
    ]
    if "capacity_counter" in frame.columns:
        out.append(writing.fixed(pl.col("capacity_counter") * 1e3, 4).alias("Capacity/mAh"))
        if "active_mass" in metadata:
            mass = inside(metadata["active_mass"], "active_mass")
            out.append(writing.fixed(pl.col("capacity_counter") / mass, 3).alias("SpeCap/mAh/g"))
    if "energy_counter" in frame.columns:
        out.append(writing.fixed(pl.col("energy_counter") * 1e3, 4).alias("Energy/mWh"))
    if start is not None:
        out.append(writing.dates(start).dt.strftime("%Y-%m-%d %H:%M:%S").alias("SysTime"))
    frame.select(out).write_csv(path, line_terminator="\r\n")


def sniff(head: bytes, path: Path) -> float:
    """Confidence that the first bytes hold a LAND/LANDT record table."""
    del path
    names = header_of(head, landt_words.VOCABULARY)
    return landt_words.confidence(names, stems(names))


def read(path: Path, options: Mapping[str, Any]) -> Reading:
    """Read a LAND/LANDT text export lazily.

    Raises
    ------
    ReadError
        If no header names time, current and voltage, or numbers are in a style that could be misread.
    """
    table = read_text_table(path, landt_words.VOCABULARY, title="LANDT", decimal=options.get("decimal"))
    layout = table.layout
    remarks = [*table.remarks, *landt_words.resolution_remarks(table.understood, layout.column)]
    frame, dropped = landt_words.without_dead_sensor(table.frame, table.understood, layout.column)
    return Reading(
        payload=Table(frame, tuple(frame.collect_schema().names())),
        metadata=landt_words.preamble(layout.preamble, layout.delimiter) | {"columns": layout.names},
        flags=tuple(Flag(item.code, item.message, item.where, item.severity) for item in [*remarks, *dropped]),
        proposals=landt_words.proposals(layout.names, (*layout.head_rows, *layout.tail_rows)),
        test=landt_words.test_of(table.understood, layout.column),
    )


FORMAT = Format(
    name="landt_csv",
    title="LAND/LANDT text export (.csv)",
    patterns=("*.csv", "*.txt"),
    sniff=sniff,
    read=read,
    source="battery-data-alliance/battery-data-format (SINTEF, CC-BY-4.0) for the layout with units in names; public readers "
    "of LANDT record tables for the other",
    versions_seen=("LANDT names with units", "LANDT record table"),
    write=write,
    reads=(
        "the record table and the layout with units in its names; charge from a coarse counter is read where it steps"
    ),
    limits="tables of cycles or steps",
)
