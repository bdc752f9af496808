"""What does a file in the Battery Data Format hold?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from interlith.physics import table_writing as writing

_WRITTEN = (
    ("test_time", "test_time_second", 6),
    ("voltage", "voltage_volt", 6),
    ("current", "current_ampere", 9),
    ("vendor_cycle", "cycle_count", 0),
    ("vendor_step", "step_index", 0),
    ("step_time", "step_time_second", 6),
    ("charge_counter", "charging_capacity_ah", 9),
    ("discharge_counter", "discharging_capacity_ah", 9),
    ("temperature", "ambient_temperature_celsius", 4),
)


def write(frame: pl.DataFrame, path: Path, metadata: Mapping[str, Any]) -> None:
    """Write canonical columns as BDF text (.bdf.csv): 1 us, 1 uV, 1 nA, 1 nAh.

    Raises
    ------
    StudyError
        If test time, current or voltage is missing, or `metadata` is not empty: BDF text has no header for it.
    """
    writing.start_of(metadata, ())
    frame = writing.completed(frame)
    out = [
        writing.fixed(pl.col(name), decimals).alias(label)
        for name, label, decimals in _WRITTEN
        if name in frame.columns
    ]
    frame.select(out).write_csv(path)
