"""Small synthetic tests of a cell, as a cycler logs them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from interlith.model import Declared, Measurement, Sample, Series, Source, Table

#: Seconds, ampere, first volt, last volt.
Step = tuple[float, float, float, float]
REST: Step = (600.0, 0.0, 3.5, 3.5)


def logged(
    steps: Sequence[Step], *, interval: float = 20.0, begin: float = 0.0, words: bool = True, counter: bool = True
) -> pl.DataFrame:
    """Rows of constant-current steps; the voltage is linear, the counter starts at zero in each step."""
    parts = []
    for number, (seconds, current, first, last) in enumerate(steps, start=1):
        time = np.append(np.arange(0.0, seconds, interval), seconds)
        frame = {
            "test_time": begin + time,
            "current": np.full(time.size, current),
            "voltage": first + (last - first) * time / seconds,
        }
        if words:
            word = "Rest" if current == 0 else "CC Chg" if current > 0 else "CC DChg"
            frame |= {"vendor_cycle": np.ones(time.size, dtype=np.int64), "vendor_step": np.full(time.size, number)}
            frame["vendor_step_type"] = [word] * time.size
        if counter:
            frame["capacity_counter"] = abs(current) * time / 3600.0
        parts.append(pl.DataFrame(frame))
        begin += seconds
    return pl.concat(parts)


def cycles(count: int, *, current: float = 1e-3, fade: float = 0.0, rest: bool = True) -> list[Step]:
    """Charge and discharge between 3.0 and 4.2 V, an hour each, losing a share of the capacity each cycle."""
    steps: list[Step] = []
    for number in range(count):
        seconds = 3600.0 * (1.0 - fade * number)
        steps += [(seconds, current, 3.1, 4.2)] + [REST] * rest + [(0.98 * seconds, -current, 4.1, 3.0)] + [REST] * rest
    return steps


def measurement(
    frame: pl.DataFrame | pl.LazyFrame, sample: Sample | None = None, *, part: int = 0, name: str = "cell.csv"
) -> Measurement:
    """A measurement around a frame."""
    lazy = frame.lazy()
    columns = tuple(lazy.collect_schema().names())
    source = Source(name, f"{part:064d}", 1, "simulated", "1")
    return Measurement(sample or cell(), "cycling", source, Table(lazy, columns), part=part)


def cell(name: str = "A1", kind: str | None = "half_cathode", mass: float | None = 1e-5, **more: object) -> Sample:
    """A cell of 10 mg with a mass known to 2 %."""
    declared = None if mass is None else Declared(mass, "kg", 0.02 * mass, "balance")
    return Sample(name=name, cell_kind=kind, active_mass=declared, **more)  # type: ignore[arg-type]


def series(*parts: pl.DataFrame | pl.LazyFrame, sample: Sample | None = None) -> Series:
    """One test in one or more parts."""
    return Series(tuple(measurement(frame, sample, part=number) for number, frame in enumerate(parts)))
