"""Simulated patterns with known values of every name, as measurements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlith.crystal.phases import phase
from interlith.model import Measurement, Sample, Series, Source, State, Table
from interlith.physics.powder.instrument import Instrument
from interlith.physics.powder.pattern_model import PatternModel
from interlith.physics.powder.phase_lines import phase_lines

Array = NDArray[np.float64]

LAB = Instrument(
    (1.540593, 1.544427), 0.5, gauss=(0.0, 0.0, 0.004), lorentz=(0.02, 0.02), sample_ratio=0.01, slit_ratio=0.01, radius=240.0
)  # fmt: skip
ANGLES = np.arange(15.0, 90.0, 0.03)


def model_of(names: Sequence[str], x: Array = ANGLES, *, background: int = 3) -> PatternModel:
    """Pattern of shipped structures on the laboratory instrument."""
    lines = tuple(phase_lines(phase(name), LAB, float(x[-1]), name=name, unknown_displacement=0.0076) for name in names)
    return PatternModel(x, lines, LAB, background=background)


def truth(model: PatternModel, **given: float) -> Array:
    """Values of all names: a specimen of 60 nm and 0.0004 on a background of 200 counts, and what is given."""
    values = model.start.copy()
    for one in model.phases:
        values[model.place_of(f"{one.name}_inverse_size")] = 1 / 60
        values[model.place_of(f"{one.name}_microstrain")] = 4e-4
        values[model.place_of(f"{one.name}_scale")] = 0.0
    values[model.place_of("background_0")] = 200.0
    for name, value in given.items():
        values[model.place_of(name)] = value
    return values


def strength(model: PatternModel, values: Array, name: str, peak: float) -> float:
    """Scale at which the strongest point of a phase has so many counts."""
    unit = values.copy()
    unit[model.place_of(f"{name}_scale")] = 1.0
    number = [one.name for one in model.phases].index(name)
    return peak / float(model.phase_intensity(unit, number).max())


def measured(x: Array, intensity: Array, number: int = 0, state: Mapping[str, State] | None = None) -> Measurement:
    """A simulated pattern of counts as it comes from a reader."""
    frame = pl.DataFrame({"two_theta": x, "intensity": intensity}).lazy()
    source = Source(f"simulated_{number:04d}.xy", f"{number:064x}", x.size, "simulated", "1")
    told = {"instrument": {"radiation": "x-ray", "anode": "Cu", "wavelengths": [1.540593, 1.544427], "ratio": 0.5}}
    return Measurement(
        Sample("S1", "bare"), "diffraction", source, Table(frame, ("two_theta", "intensity")), dict(state or {}), told, part=number
    )  # fmt: skip


def series(*items: Measurement) -> Series:
    """A series of simulated patterns."""
    return Series(items)
