"""Which small simulated series with known truth stands for polarisation in tests, documents and gallery?"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlith.model import Declared, Example, Measurement, Sample, Series, Source, Table
from interlith.physics.polarisation import relaxing

Array = NDArray[np.float64]

#: Thickness (m), diameter (m) and electronic conductivity (S/m) of the composite; resistance of the leads (ohm).
_THICKNESS, _DIAMETER, _CONDUCTIVITY, _LEADS = 6.0e-4, 1.0e-2, 2.92, 0.12
_VOLTAGES = (0.1, 0.2, 0.4)
_SEED = 4


def example() -> Example:
    """A composite cathode between ion-blocking contacts, held at three voltages for 40 min, and a separator that is not steady by then.

    Returns an `interlith.model.Example`; thickness, diameter and leads are off by errors drawn with the declared uncertainties.
    """
    random = np.random.default_rng(_SEED)
    errors = random.standard_normal(3)
    thickness, diameter = _THICKNESS * (1 + 0.01 * errors[0]), _DIAMETER * (1 + 0.005 * errors[1])
    cell = thickness / (math.pi * diameter**2 / 4)
    resistance = cell / _CONDUCTIVITY + _LEADS + 0.02 * errors[2]
    laws = [(u, u / resistance, (0.4 * u / resistance,), (90.0,)) for u in _VOLTAGES]
    items = (
        _measured("composite", laws, random, noise=2e-4),
        _measured("separator", [(0.4, 2e-9, (8e-7, 3e-7), (150.0, 9000.0))], random, noise=2e-10),
    )
    truth: dict[tuple[str, str, int | None], float] = {
        ("composite", "electronic_conductivity", None): 0.01 * _CONDUCTIVITY
    }
    options = {
        "blocks": "ions", "thickness": "0.600 +- 0.006 mm", "diameter": "10 +- 0.05 mm",
        "lead_resistance": {"composite": "0.12 +- 0.02 ohm"},
    }  # fmt: skip
    return Example(Series(items), truth, options)


def _measured(
    name: str, laws: Sequence[tuple[float, float, tuple[float, ...], tuple[float, ...]]], random: np.random.Generator, *, noise: float
) -> Measurement:  # fmt: skip
    parts: list[tuple[Array, Array, Array]] = []
    start = 0.0
    rest = np.arange(0.0, 60.0, 1.0)
    parts.append((rest, np.zeros(len(rest)), np.zeros(len(rest))))
    start = 60.0
    for voltage, level, amplitudes, times in laws:
        clock = np.arange(1.0, 2401.0, 1.0)
        parts.append((start + clock, np.full(len(clock), voltage), relaxing(clock, level, amplitudes, times)))
        start += 2400.0
    time, voltages, current = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    current = current + random.normal(0.0, noise, len(current))
    frame = pl.DataFrame({"test_time": time, "voltage": np.round(voltages, 6), "current": current})
    text = frame.write_csv().encode()
    return Measurement(
        sample=Sample(
            name=name, variant=name, batch="b1", replicate="1", area=Declared(7.85e-5, "m^2", 8e-7, "simulated")
        ),
        technique="polarisation",
        source=Source(f"simulated/{name}.csv", hashlib.sha256(text).hexdigest(), len(text), "simulated", "1"),
        payload=Table(frame.lazy(), tuple(frame.columns)),
        original_metadata={"statement": "simulated by the forward model of interlith.physics.polarisation"},
    )
