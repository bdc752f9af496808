"""Which small simulated series with known truth stands for diffraction in tests, documents and gallery?"""

from __future__ import annotations

import hashlib

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlith.model import Example, Measurement, Sample, Series, Source, State, Table

Array = NDArray[np.float64]

#: Wavelengths (angstrom) and ratio of a copper tube: K-alpha 1 and 2 of Hoelzer et al. 1997, 10.1103/PhysRevA.56.4554.
WAVELENGTHS, RATIO = (1.540593, 1.544427), 0.5
#: Edges (angstrom) of the layered oxide at 25 degC, and their relative expansion (1/K).
EDGES, EXPANSION = (2.8700, 14.2500), (1.2e-5, 1.6e-5)
TEMPERATURES = (25.0, 100.0, 200.0, 300.0, 400.0, 500.0, 600.0)
#: Index -> area (counts x deg) and full width (deg).
PEAKS = {(0, 0, 3): (900.0, 0.13), (1, 0, 1): (420.0, 0.15), (1, 0, 4): (700.0, 0.17)}
#: Lorentzian share, counts of the background.
_SHARE, _BACKGROUND = 0.5, 120.0
_SEED = 11
_OPTIONS = {
    "tracks": {"003": "18.7 deg", "101": "36.6 deg", "104": "44.5 deg"},
    "cell": "hexagonal",
    "against": "temperature",
}


def example() -> Example:
    """A layered oxide heated in steps: three peaks of a K-alpha doublet over a flat background, with counting noise.

    Returns an `interlith.model.Example` whose truth is that of the simulation, at the first temperature.
    """
    random = np.random.default_rng(_SEED)
    items = [_measured(temperature, part, random) for part, temperature in enumerate(TEMPERATURES)]
    a, c = edges(TEMPERATURES[0])
    truth: dict[tuple[str, str, int | None], float] = {("oxide", "cell_a", None): a, ("oxide", "cell_c", None): c}
    for hkl, (area, width) in PEAKS.items():
        name = "".join(map(str, hkl))
        truth |= {
            ("oxide", f"peak_{name}_position", None): float(angle(hkl, TEMPERATURES[0], WAVELENGTHS[0])),
            ("oxide", f"peak_{name}_area", None): area,
            ("oxide", f"peak_{name}_width", None): width,
        }
    return Example(Series(tuple(items)), truth, _OPTIONS)


def edges(temperature: float) -> tuple[float, float]:
    """Edges a and c (angstrom) at a temperature (degC)."""
    a, c = (edge * (1 + slope * (temperature - 25.0)) for edge, slope in zip(EDGES, EXPANSION, strict=True))
    return a, c


def angle(hkl: tuple[int, int, int], temperature: float, wavelength: float) -> float:
    """Two theta (deg) of a reflection of the hexagonal cell."""
    a, c = edges(temperature)
    h, k, index = hkl
    inverse = 4 / 3 * (h * h + h * k + k * k) / a**2 + index**2 / c**2
    return float(2 * np.degrees(np.arcsin(wavelength * np.sqrt(inverse) / 2)))


def simulated(x: Array, temperature: float) -> Array:
    """Expected counts (n,) at two theta `x` (deg, shape (n,))."""
    total = np.full(x.size, _BACKGROUND)
    for hkl, (area, width) in PEAKS.items():
        for wavelength, share in zip(WAVELENGTHS, (1.0, RATIO), strict=True):
            apart = (x - angle(hkl, temperature, wavelength)) / width
            lorentz = 2 / np.pi / (1 + 4 * apart**2)
            gauss = 2 * np.sqrt(np.log(2) / np.pi) * np.exp(-4 * np.log(2) * apart**2)
            total += area * share / width * (_SHARE * lorentz + (1 - _SHARE) * gauss)
    return total


def _measured(temperature: float, part: int, random: np.random.Generator) -> Measurement:
    x = np.round(16 + 0.03 * np.arange(1134), 4)
    counts = random.poisson(simulated(x, temperature)).astype(float)
    frame = pl.DataFrame({"two_theta": x, "intensity": counts})
    text = frame.write_csv().encode()
    return Measurement(
        sample=Sample(name="oxide", variant="oxide", batch="b1", replicate="1"),
        technique="diffraction",
        source=Source(f"simulated/oxide_{part}.xy", hashlib.sha256(text).hexdigest(), len(text), "simulated", "1"),
        payload=Table(frame.lazy(), tuple(frame.columns)),
        state={"temperature": State("temperature", temperature, temperature - 1, temperature + 1, "degC")},
        original_metadata={
            "instrument": {"radiation": "x-ray", "wavelengths": list(WAVELENGTHS), "ratio": RATIO},
            "statement": "simulated: pseudo-Voigt doublets on a flat background with counting noise",
        },
        part=part,
    )
