"""What every own-written sample shares: a table with known truth, and how a sample is described."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

ROWS = 60
_INSTEAD: list[pl.DataFrame] = []


@contextmanager
def instead(frame: pl.DataFrame) -> Iterator[None]:
    """Let `table` give another table, so that the samples' writers write more cycles."""
    _INSTEAD.append(frame)
    try:
        yield
    finally:
        _INSTEAD.pop()


def table(rows: int = ROWS) -> pl.DataFrame:
    """A rest, a charge and a discharge with counters that are the exact integrals; inside units."""
    if _INSTEAD:
        return _INSTEAD[-1]
    third = rows // 3
    time = np.arange(rows) * 10.5
    step = np.repeat([1, 2, 3], third)
    current = np.choose(step - 1, [0.0, 1.25e-3, -1.25e-3])
    since = np.tile(np.arange(third) * 10.5, 3)
    charge = np.where(step == 2, 1.25e-3 * since / 3600, 0.0)
    discharge = np.where(step == 3, 1.25e-3 * since / 3600, 0.0)
    voltage = np.choose(step - 1, [3.2 + 0 * since, 3.4 + 0.002 * since, 4.2 - 0.002 * since])
    return pl.DataFrame(
        {
            "test_time": time,
            "current": current,
            "voltage": voltage,
            "vendor_cycle": np.where(step == 3, 2, 1),
            "vendor_step": step,
            "vendor_step_type": [["Rest", "CC Chg", "CC DChg"][number - 1] for number in step],
            "charge_counter": charge,
            "discharge_counter": discharge,
            "charge_energy_counter": charge * 3.8,
            "discharge_energy_counter": discharge * 3.8,
        }
    )


@dataclass(frozen=True)
class Sample:
    """How a sample is made, how it is read and how many rows come out."""

    file: str
    write: Callable[[Path], None]
    rows: int = ROWS
    options: Mapping[str, Any] = field(default_factory=dict)
    needs_suffix: bool = False
    real: bool = False
