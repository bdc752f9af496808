"""Simulated polarisations as measurements, for the tests of this technique."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlith.model import Measurement, Sample, Source, Table

Array = NDArray[np.float64]


def held(
    steps: Sequence[tuple[float, Callable[[Array], Array]]],
    *,
    noise: float,
    seed: int = 0,
    duration: float = 2400.0,
    rows: int = 1200,
    first: float | None = None,
    rest: float = 0.0,
    galvanostatic: bool = False,
    name: str = "S1",
) -> Measurement:
    """A rest, then each (held value, answer over time) for `duration` (s); the first row `first` (s) after each step."""
    random = np.random.default_rng(seed)
    columns = [(np.arange(0.0, 61.0, 2.0), np.zeros(31), np.full(31, 0.0 if not galvanostatic else rest))]
    start = 60.0
    for value, answer in steps:
        clock = np.linspace(duration / rows, duration, rows)
        if first is not None:
            clock = clock[clock >= first]
            clock = clock - clock[0] + first
        columns.append((start + clock, np.full(len(clock), value), answer(clock) + (rest if galvanostatic else 0.0)))
        start += duration + 1.0
    time, given, found = (np.concatenate(parts) for parts in zip(*columns, strict=True))
    found = found + random.normal(0.0, noise, len(found))
    voltage, current = (found, given) if galvanostatic else (given + rest, found)
    frame = pl.DataFrame({"test_time": time, "voltage": voltage, "current": current})
    digest = hashlib.sha256(frame.write_csv().encode()).hexdigest()
    return Measurement(
        sample=Sample(name=name, variant=name),
        technique="polarisation",
        source=Source(f"{name}.csv", digest, 1, "simulated", "1"),
        payload=Table(frame.lazy(), tuple(frame.columns)),
    )
