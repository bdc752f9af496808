"""What does a LAND/LANDT .csv export hold?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from interlith.physics import table_writing as writing
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
