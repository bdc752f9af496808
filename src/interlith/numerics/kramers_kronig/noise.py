"""How large is the scatter of a spectrum from point to point, and how does it depend on frequency and |Z|?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Scatter is averaged over about so many decades, and drawn to its mean by so many imagined squares: a spectrum has a few
#: tens of points, and a profile that follows their chance would take outliers for noise.
_WIDTH, _IMAGINED = 0.4, 2.0


def profile(residuals: Array, place: Array) -> Array:
    """Relative size of the scatter along the spectrum, real and imaginary parts for themselves.

    Parameters
    ----------
    residuals
        In units of their expected size, shape (2, n), by rising `place`.
    place
        Decimal logarithm of the frequency, shape (n,).

    Returns
    -------
    ndarray
        Shape (2, n); its mean square is one.

    Notes
    -----
    From second differences of neighbours, so that a smooth misfit does not pass for noise.
    """
    if place.size < 8:
        return np.ones(residuals.shape)
    second = (residuals[:, :-2] - 2 * residuals[:, 1:-1] + residuals[:, 2:]) / np.sqrt(6.0)
    squares = second**2
    middle = float(np.median(squares)) / 0.4549
    if middle == 0:
        return np.ones(residuals.shape)
    weights = np.exp(-0.5 * ((place[:, None] - place[None, 1:-1]) / _WIDTH) ** 2)
    ceiling = np.full(squares.shape, 36.0 * middle)
    for _ in range(3):
        # One outlier must not raise the noise of its neighbourhood.
        kept = np.minimum(squares, ceiling)
        # Second differences overlap: each holds about the information of half a square.
        local = (0.5 * kept @ weights.T + _IMAGINED * kept.mean()) / (0.5 * weights.sum(axis=1) + _IMAGINED)
        ceiling = 4.5 * local[:, 1:-1]
    return np.asarray(np.sqrt(local / np.mean(local)))


def two_terms(squares: Array, magnitude: Array) -> tuple[float, float]:
    """Fit squared residuals by a^2 + b^2 |Z|^2.

    Parameters
    ----------
    squares
        Squared residuals, corrected for the freedom of the fit (ohm^2), shape (2, n).
    magnitude
        |Z| (ohm), shape (n,).

    Returns
    -------
    tuple
        a (ohm) and b (relative). One of them is zero where the spectrum does not ask for it.

    Notes
    -----
    Likelihood of normal scatter, by multiplicative steps that keep both terms positive.
    """
    power = magnitude**2
    x = power.mean() / power  # relative to |Z|^2: a^2 / |Z|^2
    scaled = squares / power
    terms = np.array([0.5 * scaled.mean() / x.mean(), 0.5 * scaled.mean()])
    for _ in range(200):
        expected = terms[0] * x + terms[1]
        ratio = scaled / expected
        terms = terms * np.sqrt(
            [
                (ratio * (x / expected)).sum() / (2 * (x / expected).sum()),
                (ratio / expected).sum() / (2 / expected).sum(),
            ]
        )
    kept = np.where(terms * np.array([x.max(), 1.0]) < 1e-4 * scaled.mean(), 0.0, terms)
    return float(np.sqrt(kept[0] * power.mean())), float(np.sqrt(kept[1]))


@dataclass(frozen=True, slots=True)
class Region:
    """Relative noise of a decade: lowest and highest frequency (Hz) of its points, root mean square, number of points."""

    low: float
    high: float
    noise: float
    points: int


def by_region(relative: Array, place: Array) -> tuple[Region, ...]:
    """Root mean square of relative residuals, shape (2, n), in regions of about a decade by rising frequency."""
    low, high = float(place.min()), float(place.max())
    count = max(round(high - low), 1)
    number = np.minimum(((place - low) / max(high - low, 1e-12) * count).astype(int), count - 1)
    rows = []
    for k in np.unique(number):
        inside = number == k
        ends = 10.0 ** float(place[inside].min()), 10.0 ** float(place[inside].max())
        rows.append(Region(*ends, float(np.sqrt(np.mean(relative[:, inside] ** 2))), int(inside.sum())))
    return tuple(rows)
