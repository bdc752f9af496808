"""Simulated spectra with known distributions for the tests of relaxation times."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FREQUENCY = np.geomspace(1e6, 1e-2, 80)
OMEGA = 2j * np.pi * FREQUENCY
#: Resistance (ohm), time constant (s), exponent.
TWO = ((50.0, 3e-5, 0.82), (90.0, 2e-2, 0.78))


def arcs(*parts: tuple[float, float, float], ohmic: float = 15.0) -> NDArray[np.complex128]:
    """Resistor and ZARCs."""
    return np.asarray(ohmic + sum(r / (1 + (OMEGA * t) ** a) for r, t, a in parts), dtype=complex)


def gamma_of(log_tau: NDArray[np.float64], *parts: tuple[float, float, float]) -> NDArray[np.float64]:
    """Their distribution per unit of ln tau."""
    total = np.zeros_like(log_tau)
    for r, t, a in parts:
        x = a * (log_tau - np.log(t))
        total += r / (2 * np.pi) * np.sin((1 - a) * np.pi) / (np.cosh(x) - np.cos((1 - a) * np.pi))
    return total


def noisy(z: NDArray[np.complex128], count: int = 8, *, noise: float = 0.005, seed: int = 11) -> NDArray[np.complex128]:
    """Spectra with noise in proportion to |Z| on each part, shape (count, n)."""
    random = np.random.default_rng(seed)
    size = noise * np.abs(z)
    return np.asarray(
        z + size * (random.standard_normal((count, z.size)) + 1j * random.standard_normal((count, z.size)))
    )
