"""Simulated voltammograms as measurements, for the tests of this technique."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlith.model import Declared, Measurement, Sample, Source, State, Table
from interlith.physics.voltammetry import Couple, triangle, voltammogram

Array = NDArray[np.float64]

AREA = 1e-4
SOLVED = Couple(0.0, 1.0, 1e-9)
BOUND = Couple(0.0, 2e-6, confined=True)


def scan(
    couples: Sequence[Couple],
    rate: float = 0.1,
    *,
    noise: float = 5e-7,
    seed: int = 0,
    window: tuple[float, float] = (-0.4, 0.4),
    step: float = 1e-3,
    cycles: int = 1,
    resistance: float = 0.0,
    capacitance: float = 2e-5,
    area: float = AREA,
) -> tuple[Array, Array, Array]:
    """Time (s), voltage (V) and current (A) of a simulated file."""
    voltage = triangle(window[0], window[1], window[0], step=step, cycles=cycles)
    current = voltammogram(voltage, couples, scan_rate=rate, area=area, resistance=resistance, capacitance=capacitance)
    current = current + np.random.default_rng(seed).normal(0.0, noise, len(current))
    return np.arange(len(voltage)) * step / rate, voltage, current


def measured(
    columns: tuple[Array | None, Array, Array],
    name: str = "S1",
    *,
    part: int = 0,
    metadata: Mapping[str, Any] | None = None,
    area: Declared | None = None,
) -> Measurement:
    """A measurement of these columns; without time where that is `None`."""
    time, voltage, current = columns
    frame = pl.DataFrame({"voltage": voltage, "current": current})
    if time is not None:
        frame = frame.with_columns(test_time=pl.Series(time))
    digest = hashlib.sha256(frame.write_csv().encode()).hexdigest()
    return Measurement(
        sample=Sample(name=name, variant=name, area=area),
        technique="voltammetry",
        source=Source(f"{name}_{part}.csv", digest, 1, "simulated", "1"),
        payload=Table(frame.lazy(), tuple(frame.columns)),
        state={"temperature": State("temperature", 25.0, 24.0, 26.0, "degC")},
        original_metadata=dict(metadata or {}),
        part=part,
    )
