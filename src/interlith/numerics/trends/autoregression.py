"""Which correlations of neighbouring residuals are thinkable, and how does a series look once each is taken out?

Residuals are modelled as a first-order autoregressive process plus independent noise: a cell that follows the temperature of
the room, read by a counter that forgets. Every member of the grid is one pair (correlation, share of independent noise).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Shares of independent noise besides none, and the prior mass of all of them together.
_SHARES = (0.2, 0.4, 0.6, 0.8)
_MASS_OF_SHARES = 0.1
_POINTS, _POINTS_WITH_NOISE = 60, 24
_LOWEST_CORRELATION = -0.95


@dataclass(frozen=True, slots=True)
class Grid:
    """Pairs of correlation (per smallest step) and share of independent noise, with the logarithm of their prior mass.

    `powers`: correlation over each gap of the series, shape (n - 1, k).
    """

    correlation: Array
    share: Array
    log_prior: Array
    powers: Array


@dataclass(frozen=True, slots=True)
class Filter:
    """Innovations filter of every member: standard deviation of each innovation and gain, shape (n, k)."""

    grid: Grid
    scale: Array
    gain: Array


def grid_for(steps: Array) -> Grid:
    """Grid for a series with these gaps, in units of the smallest gap.

    Notes
    -----
    Prior of the correlation proportional to ``(1 - rho)^-a``; `a` falls from 0.55 at ten points to 0.25 from fifty on.
    Negative correlations are considered without independent noise and for whole steps only: a negative number has no
    power of a fraction.
    """
    whole = bool(np.allclose(steps, np.round(steps), atol=1e-6))
    exponent = 0.25 + 0.3 * float(np.clip((50 - len(steps) - 1) / 40, 0.0, 1.0))
    parts = [_line(_LOWEST_CORRELATION if whole else 0.0, _POINTS, exponent, 1 - _MASS_OF_SHARES, 0.0)]
    parts += [_line(0.0, _POINTS_WITH_NOISE, exponent, _MASS_OF_SHARES / len(_SHARES), share) for share in _SHARES]
    correlation, share, prior = (np.concatenate([part[index] for part in parts]) for index in range(3))
    sign = np.where(correlation < 0, -1.0, 1.0) ** np.round(steps)[:, None]
    return Grid(correlation, share, prior, sign * np.abs(correlation) ** steps[:, None])


def _line(lowest: float, points: int, exponent: float, mass: float, share: float) -> tuple[Array, Array, Array]:
    z = (np.arange(points) + 0.5) / points
    correlation = 1.0 - (1.0 - lowest) * (1.0 - z) ** 2  # dense towards one, where the slope is least certain
    density = (1.0 - z) * (1.0 - correlation) ** -exponent
    return correlation, np.full(points, share), np.log(mass * density / density.sum())


def filter_for(grid: Grid) -> Filter:
    """Run the variances of the filter through the series; they depend on the gaps only."""
    signal = 1.0 - grid.share
    count = len(grid.powers) + 1
    scale, gain = np.empty((count, len(signal))), np.empty((count, len(signal)))
    variance = signal
    for step in range(count):
        if step:
            power = grid.powers[step - 1]
            variance = power**2 * variance + signal * (1.0 - power**2)
        total = variance + grid.share
        scale[step], gain[step] = np.sqrt(total), variance / total
        variance = variance * (1.0 - gain[step])
    return Filter(grid, scale, gain)


def whitened(columns: Array, made: Filter) -> Array:
    """Independent innovations of unit variance of several columns, shape (n, k, c), from columns of shape (n, c)."""
    count, width = columns.shape
    found = np.empty((count, made.scale.shape[1], width))
    state = np.zeros((made.scale.shape[1], width))
    for step in range(count):
        if step:
            state = made.grid.powers[step - 1][:, None] * state
        surprise = columns[step] - state
        state = state + made.gain[step][:, None] * surprise
        found[step] = surprise / made.scale[step][:, None]
    return found


def transposed(weights: Array, made: Filter) -> Array:
    """Apply the transpose of `whitened`: weights of innovations, shape (n, k, p), into weights of values, same shape."""
    found = np.empty_like(weights)
    state = np.zeros(weights.shape[1:])
    for step in range(len(weights) - 1, -1, -1):
        direct = weights[step] / made.scale[step][:, None]
        gain = made.gain[step][:, None]
        found[step] = direct + gain * state
        if step:
            state = made.grid.powers[step - 1][:, None] * ((1.0 - gain) * state - direct)
    return found


def log_determinant(made: Filter) -> Array:
    """Half the logarithm of the determinant of the covariance, shape (k,)."""
    return cast(Array, np.log(made.scale).sum(axis=0))
