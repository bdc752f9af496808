"""What does a Neware .csv export hold?"""

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
