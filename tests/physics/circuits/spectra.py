"""Simulated spectra with known truth for the tests of circuits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from interlith.physics.circuits import Circuit

TWO_ARCS = "R0-(R1|Q1)-(R2|Q2)-W1"
TRUTH = np.array([12.0, 30.0, 1e-5, 0.9, 80.0, 2e-3, 0.82, 6.0])
FREQUENCY = np.logspace(5, -2, 55)


def noisy(
    circuit: str, values: object, *, frequency: NDArray[np.float64] = FREQUENCY, noise: float = 0.005, count: int = 1, seed: int = 3
) -> NDArray[np.complex128]:  # fmt: skip
    """Spectra (count, n) with noise in proportion to the modulus."""
    random = np.random.default_rng(seed)
    clean = Circuit(circuit).impedance(np.asarray(values, dtype=float), frequency)
    shape = (count, frequency.size)
    return clean + noise * np.abs(clean) * (random.standard_normal(shape) + 1j * random.standard_normal(shape))
