"""Is a printed imaginary part that of the impedance, or was its sign turned? What the numbers themselves say.

Causality ties both parts: with the right sign a chain of relaxations describes a spectrum, with the wrong one none does. Where
that tells nothing (a blocking electrode, few points), the capacitive half plane is expected to dominate at low frequency.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Misfits of both signs that differ by this factor decide.
DECISIVE = 2.5
#: Mean share of the imaginary part in the modulus below which a spectrum is as good as real.
_REAL = 0.003
_FEWEST = 6
_PER_DECADE = 3.0
_MOST_SPECTRA = 12


@dataclass(frozen=True, slots=True)
class Hint:
    """What the numbers say of the printed imaginary part.

    `turned` is `None` where they say nothing. `misfit` and `misfit_turned` are the relative misfits (root mean square) of a chain
    of relaxations to the spectrum with the sign as it is and turned; `capacitive` is the mean of -Im Z / |Z| over the lower half
    of the frequencies; `sure` says whether causality decided and the half plane does not contradict it. `unexplained` is the smaller
    misfit over the relative variation of the spectrum, `worst` the number of the spectrum that is missed most with the better sign, and
    that misfit.
    """

    turned: bool | None
    sure: bool
    misfit: float
    misfit_turned: float
    capacitive: float
    unexplained: float
    worst: tuple[int, float] = (0, 0.0)


def hint(frequency: Array, real: Array, imaginary: Array, number: NDArray[np.int64]) -> Hint:
    """What the numbers say of the sign of an imaginary part.

    Parameters
    ----------
    frequency
        (Hz), shape (n,), above zero.
    real, imaginary
        (ohm), shape (n,).
    number
        Spectrum that each row belongs to, shape (n,).

    Notes
    -----
    Fails first where the spectrum drifts so far that neither sign is causal; then the half plane decides and `sure` is false.
    """
    squares = np.zeros(2)
    worst = (0, 0.0)
    capacitive, variation, points = 0.0, 0.0, 0
    for one in np.unique(number)[:_MOST_SPECTRA]:
        rows = number == one
        if rows.sum() < _FEWEST:
            continue
        f, z = frequency[rows], real[rows] + 1j * imaginary[rows]
        size = np.abs(z)
        if not (size > 0).all():
            continue
        both = misfit(f, z), misfit(f, z.conj())
        squares += rows.sum() * np.square(both)
        worst = max(worst, (int(one), min(both)), key=lambda pair: pair[1])
        variation += float(np.sum(np.abs(z - z.mean()) ** 2 / size**2))
        low = np.argsort(f)[: max(3, rows.sum() // 2)]
        capacitive += float(np.sum(-z.imag[low] / size[low])) * rows.sum() / low.size
        points += int(rows.sum())
    if points == 0:
        return Hint(None, False, np.nan, np.nan, np.nan, np.nan)
    own, other = (float(one) for one in np.sqrt(squares / points))
    left = min(own, other) / max(float(np.sqrt(variation / points)), 1e-12)
    capacitive /= points
    by_plane = None if abs(capacitive) < _REAL else capacitive < 0
    ratio = (own + 1e-12) / (other + 1e-12)
    if ratio > DECISIVE or ratio < 1.0 / DECISIVE:
        turned = bool(ratio > 1.0)
        return Hint(turned, by_plane is None or by_plane == turned, own, other, capacitive, left, worst)
    return Hint(by_plane, False, own, other, capacitive, left, worst)


def misfit(frequency: Array, impedance: NDArray[np.complex128]) -> float:
    """Relative misfit of resistance, inductance, capacitance and relaxations of either sign."""
    omega = 2.0 * np.pi * frequency
    decades = np.log10(omega.max() / omega.min())
    count = int(np.clip(_PER_DECADE * decades, 2, max(2, frequency.size - 3)))
    times = np.geomspace(1.0 / omega.max(), 1.0 / omega.min(), count)
    middle = np.sqrt(omega.max() * omega.min())
    basis = np.column_stack(
        [
            np.ones_like(omega, dtype=complex),
            1j * omega / middle,
            middle / (1j * omega),
            1.0 / (1.0 + 1j * omega[:, None] * times),
        ]
    )
    weight = 1.0 / np.abs(impedance)
    rows = np.concatenate([(basis.real.T * weight).T, (basis.imag.T * weight).T])
    wanted = np.concatenate([impedance.real * weight, impedance.imag * weight])
    found = np.linalg.lstsq(rows, wanted, rcond=1e-10)[0]
    return float(np.sqrt(np.mean((rows @ found - wanted) ** 2) * 2.0))
