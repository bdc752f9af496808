"""A simulated spectrum of known truth as a raw file, and what another program would have made of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from interlith.physics.circuits.circuit import Circuit

CIRCUIT = Circuit("R0-(R1|Q1)-(R2|Q2)-W1")
TRUTH = np.array([20.0, 100.0, 1e-5, 0.9, 300.0, 2e-3, 0.85, 35.0])
FREQUENCY = np.logspace(5, -2, 50)


def impedance(seed: int = 1, noise: float = 0.003) -> NDArray[np.complex128]:
    """The circuit with noise in proportion to |Z|."""
    random = np.random.default_rng(seed)
    clean = np.asarray(CIRCUIT.impedance(TRUTH, FREQUENCY))
    return clean + noise * np.abs(clean) * (random.normal(size=len(clean)) + 1j * random.normal(size=len(clean)))


def write_raw(path: Path, spectrum: NDArray[np.complex128]) -> Path:
    """The spectrum as a plain table."""
    rows = [f"{f!r},{z.real!r},{z.imag!r}" for f, z in zip(FREQUENCY.tolist(), spectrum.tolist(), strict=True)]
    path.write_text("\n".join(["frequency (Hz),real (ohm),imaginary (ohm)", *rows]), encoding="utf-8")
    return path
