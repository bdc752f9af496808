"""What is known of an unbroken run of rows, and how do neighbouring runs become one?

A run is a maximal stretch of rows under one vendor marker and one sign of the current, without a time gap, a reset of a
counter or a clock that runs backwards. Everything that a row contributes is held as a running total at the first and
the last row of the run, so that runs merge by taking the first of one and the last of the other: no sum is ever redone.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(slots=True)
class Runs:
    """Columns over runs; `*_start` belongs to the first row of the run and `*_end` to the last.

    Running totals over the file: `charge` (A s), `energy` (V A s), and the sums of squares that bound the trapezoid,
    `charge_square` ((A s)^2) and `energy_square` ((V A s)^2). `up` and `down` are the counters that count while charging
    and while discharging (Ah); `*_ticks` counts how often a counter stepped inside the run, with time and running
    charge at its first and last step.
    """

    row_start: Integers
    row_end: Integers
    time_start: Floats
    time_end: Floats
    current_start: Floats
    current_end: Floats
    voltage_start: Floats
    voltage_end: Floats
    charge_start: Floats
    charge_end: Floats
    energy_start: Floats
    energy_end: Floats
    charge_square_start: Floats
    charge_square_end: Floats
    energy_square_start: Floats
    energy_square_end: Floats
    current_min: Floats
    current_max: Floats
    voltage_min: Floats
    voltage_max: Floats
    cycle: Integers
    step: Integers
    word: Integers
    marked: Flags
    late: Flags
    reset: Flags
    back: Flags
    up_start: Floats
    up_end: Floats
    down_start: Floats
    down_end: Floats
    up_energy_start: Floats
    up_energy_end: Floats
    down_energy_start: Floats
    down_energy_end: Floats
    up_ticks: Integers
    up_tick_time_start: Floats
    up_tick_time_end: Floats
    up_tick_charge_start: Floats
    up_tick_charge_end: Floats
    up_tick_value_start: Floats
    up_tick_value_end: Floats
    down_ticks: Integers
    down_tick_time_start: Floats
    down_tick_time_end: Floats
    down_tick_charge_start: Floats
    down_tick_charge_end: Floats
    down_tick_value_start: Floats
    down_tick_value_end: Floats

    def __len__(self) -> int:
        return int(self.row_start.size)

    @property
    def rows(self) -> Integers:
        """Number of rows of each run."""
        return self.row_end - self.row_start + 1

    @property
    def charge(self) -> Floats:
        """Trapezoid of the current inside each run (A s)."""
        return self.charge_end - self.charge_start

    @property
    def energy(self) -> Floats:
        """Trapezoid of the power inside each run (V A s)."""
        return self.energy_end - self.energy_start

    @property
    def duration(self) -> Floats:
        """Time between first and last row (s)."""
        return self.time_end - self.time_start

    @property
    def largest_current(self) -> Floats:
        """Largest magnitude of the current (A)."""
        return np.fmax(np.abs(self.current_min), np.abs(self.current_max))


NAMES = tuple(item.name for item in fields(Runs))
#: Columns of a run that describe its border with the run before it.
BORDERS = ("marked", "late", "reset", "back")
_SUMMED = ("up_ticks", "down_ticks")


def take(runs: Runs, index: Integers | Flags | slice) -> Runs:
    """Some runs of a table."""
    return Runs(**{name: getattr(runs, name)[index] for name in NAMES})


def concatenate(parts: list[Runs]) -> Runs:
    """Runs one after the other."""
    return Runs(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in NAMES})


def merge(runs: Runs, joins: Flags) -> Runs:
    """Merge every run marked in `joins` into the run before it.

    Parameters
    ----------
    runs
        The table.
    joins
        Shape (n,); true where a run continues the one before it. The first entry must be false.

    Notes
    -----
    The interval between two merged runs is then inside the run; running totals make its contribution count by itself.
    """
    if not bool(joins.any()):
        return runs
    first = np.flatnonzero(~joins)
    last = np.append(first[1:], len(runs)) - 1
    columns: dict[str, NDArray[np.generic]] = {}
    for name in NAMES:
        values = getattr(runs, name)
        if "_tick_" in name:
            continue
        if name in _SUMMED:
            columns[name] = np.add.reduceat(values, first)
        elif name.endswith("_min"):
            columns[name] = np.fmin.reduceat(values, first)
        elif name.endswith("_max"):
            columns[name] = np.fmax.reduceat(values, first)
        elif name.endswith("_end"):
            columns[name] = values[last]
        else:
            columns[name] = values[first]
    for side in ("up", "down"):
        seen = getattr(runs, f"{side}_ticks") > 0
        spot = np.arange(len(runs))
        earliest = np.minimum.reduceat(np.where(seen, spot, len(runs)), first)
        latest = np.maximum.reduceat(np.where(seen, spot, -1), first)
        for quantity in ("time", "charge", "value"):
            start = getattr(runs, f"{side}_tick_{quantity}_start")
            end = getattr(runs, f"{side}_tick_{quantity}_end")
            columns[f"{side}_tick_{quantity}_start"] = np.where(
                latest >= 0, start[np.minimum(earliest, len(runs) - 1)], np.nan
            )
            columns[f"{side}_tick_{quantity}_end"] = np.where(latest >= 0, end[np.maximum(latest, 0)], np.nan)
    return Runs(**columns)  # type: ignore[arg-type]


def same_marker(runs: Runs) -> Flags:
    """True where a run carries the vendor's markers of the run before it; the first entry is false."""
    same = ~runs.marked
    if same.size:
        same[0] = False
    return same
