"""Which small simulated series with known truth stands for voltammetry in tests, documents and gallery?"""

from __future__ import annotations

import hashlib

import numpy as np
import polars as pl

from interlith.model import Declared, Example, Measurement, Sample, Series, Source, State, Table
from interlith.physics.voltammetry import FARADAY, GAS, ZERO_CELSIUS, Couple, triangle, voltammogram

#: Scan rates (V/s), diffusion coefficient (m^2/s), concentration (mol/m^3), area (m^2) and double layer (F).
RATES = (0.02, 0.05, 0.1, 0.2, 0.5)
DIFFUSIVITY, CONCENTRATION, AREA, LAYER = 7.0e-10, 2.0, 7.07e-6, 2.0e-7
#: Step of the potential (V), noise of the current (A).
_STEP, _NOISE = 1e-3, 1e-8
_SEED = 7
_OPTIONS = {"diffusion": {"electrons": 1, "concentration": "2 +- 0.02 mmol/L", "temperature": "25 +- 0.5 degC"}}


def example() -> Example:
    """One reversible couple in solution at five scan rates, and one electrode whose couple sits at its surface.

    Returns an `interlith.model.Example` whose truth is that of the forward model. Concentration and area are off by errors drawn with
    the uncertainties that are declared; the potentials by half a step, as those of a staircase may be.
    """
    random = np.random.default_rng(_SEED)
    off = 1 + 0.01 * random.standard_normal(2)
    solved = [Couple(0.25, CONCENTRATION * off[0], DIFFUSIVITY)]
    bound = [Couple(0.25, 2.0e-6, confined=True)]
    items = []
    for name, couples, area in (("solution", solved, AREA * off[1]), ("surface", bound, AREA)):
        for part, rate in enumerate(RATES):
            items.append(measured(name, couples, rate, area=area, part=part, random=random))
    thermal = GAS * (25.0 + ZERO_CELSIUS) / FARADAY
    truth: dict[tuple[str, str, int | None], float] = {
        ("solution", "anodic_peak_1_diffusion", None): 1e4 * DIFFUSIVITY,
        ("solution", "anodic_peak_1_potential", 1): 0.25 + 1.109 * thermal,
        ("solution", "anodic_peak_1_half_width", 1): 2.203 * thermal,
        ("surface", "peak_1_midpoint", 1): 0.25,
        ("surface", "anodic_peak_1_potential", 1): 0.25,
        ("surface", "anodic_peak_1_b_value", None): 1.0,
        ("surface", "anodic_peak_1_charge", 1): 1e3 * FARADAY * AREA * 2.0e-6 / 3600,
        ("surface", "anodic_capacitive_share", None): 100.0,
    }
    return Example(Series(tuple(items)), truth, _OPTIONS)


def measured(
    name: str, couples: list[Couple], rate: float, *, area: float, part: int, random: np.random.Generator
) -> Measurement:
    """One simulated file: two cycles at one scan rate, with noise, rounded as a potentiostat prints."""
    voltage = triangle(-0.15, 0.65, -0.15, step=_STEP, cycles=2)
    current = voltammogram(voltage, couples, scan_rate=rate, area=area, capacitance=LAYER)
    current = current + random.normal(0.0, _NOISE, len(current))
    frame = pl.DataFrame(
        {
            "test_time": np.round(np.arange(len(voltage)) * _STEP / rate, 4), "voltage": np.round(voltage, 5),
            "current": np.round(current, 10),
        }
    )  # fmt: skip
    text = frame.write_csv().encode()
    sample = Sample(
        name=name, variant=name, batch="b1", replicate="1", area=Declared(AREA, "m^2", 0.01 * AREA, "simulated"), cell_kind=None
    )  # fmt: skip
    return Measurement(
        sample=sample,
        technique="voltammetry",
        source=Source(f"simulated/{name}_{part}.csv", hashlib.sha256(text).hexdigest(), len(text), "simulated", "1"),
        payload=Table(frame.lazy(), tuple(frame.columns)),
        state={"temperature": State("temperature", 25.0, 24.0, 26.0, "degC")},
        original_metadata={"statement": "simulated by the forward model of interlith.physics.voltammetry"},
        part=part,
    )
