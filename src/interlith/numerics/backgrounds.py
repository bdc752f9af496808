"""Which smooth curve runs under the peaks of a noisy curve, before any peak is fitted?

A point either belongs to the curve or lies above it. How far it may lie below says how noisy it is; above, anything may be.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.polynomial.chebyshev import chebvander
from numpy.typing import ArrayLike, NDArray

from interlith.errors import FitError

Array = NDArray[np.float64]

#: Means of neighbours that a curve is reduced to; peaks narrower than the span of one are cut off inside it.
_BINS = 500
#: Neighbours on either side whose uncertainties stand for that of a point.
_AROUND = 7
#: Inside a mean, points that lie higher above its median than this many standard uncertainties are left out.
_CLIP = 3.0
#: Polynomials of the first, rough curve; points above it pull on it by this part of what points below do, and less the higher they are.
_ROUGH, _UPWARD = 10, 0.03
#: Stiffness: a wave of period P (in parts of the whole range) is let through by half where P is about 2 pi (stiffness)^(1/4) = 0.079.
_STIFFNESS = 2.5e-8
#: What the rough curve counts for beside the points, where all of them are peaks.
_HOLD = 0.02
_ITERATIONS, _SETTLED = 40, 0.2
#: Added to the normal matrix, whose diagonal is 1.
_SMALL = 1e-10


@dataclass(frozen=True, slots=True, eq=False)
class Baseline:
    """A smooth curve under peaks, each array shape (n,), n at most about a thousand.

    Parameters
    ----------
    x, y
        Means of neighbouring points.
    std
        Their standard uncertainties, widened to the scatter below the curve where that is larger.
    level
        The curve.
    share
        Probability that a mean is of the curve alone and of no peak.
    """

    x: Array
    y: Array
    std: Array
    level: Array
    share: Array

    @property
    def weight(self) -> Array:
        """What each mean counts for a curve through `level`, shape (n,)."""
        return np.asarray((self.share + _HOLD) / self.std**2)


def baseline(x: ArrayLike, y: ArrayLike, std: ArrayLike) -> Baseline:
    """A robust smooth curve under the peaks of another.

    Parameters
    ----------
    x
        Rising, shape (n,).
    y, std
        Curve and its standard uncertainties, shape (n,); points without a finite, positive uncertainty do not count.

    Raises
    ------
    FitError
        If the shapes differ, x does not rise or fewer than eight points count.

    Notes
    -----
    Each mean is of the curve, with normal noise, or above it by an excess whose logarithm is about evenly spread; both shares
    follow from the data, and a stiff curve through the means by their share of the first. The assumption that fails first:
    that somewhere there is nothing but background within a twelfth of the range. Where peaks overlap all along, the curve lies too high.

    References
    ----------
    W. I. F. David, D. S. Sivia, J. Appl. Crystallogr. 34 (2001) 318, 10.1107/S0021889801004332 (points that are free to lie above);
    P. H. C. Eilers, Anal. Chem. 75 (2003) 3631, 10.1021/ac034173t (stiff curve).
    """
    place, values, sizes = checked(x, y, std)
    short, mean, size = _reduced(place, values, sizes)
    rough = _lower(chebyshev_basis(short, place, min(_ROUGH, short.size // 3)), mean, size)
    level, share, noise = rough, np.ones_like(mean), 1.0
    part, before = 0.5, -math.inf
    stiffness = _STIFFNESS * short.size**4 * float(np.median(1 / size**2))
    for _ in range(_ITERATIONS):
        height = (mean - level) / size
        noise = _below(height)
        own, likely = _shares(height / noise, part)
        likely -= short.size * math.log(noise)
        share, part = own, float(np.clip(1 - own.mean(), 0.02, 0.98))
        weight = share + _HOLD
        level = _stiff(weight / size**2, (share * mean + _HOLD * rough) / weight, stiffness)
        if abs(likely - before) < _SETTLED:
            break
        before = likely
    return Baseline(short, mean, size * noise, level, share)


def chebyshev_start(x: ArrayLike, y: ArrayLike, std: ArrayLike, count: int) -> Array:
    """Coefficients of Chebyshev polynomials that follow the curve under the peaks.

    Parameters
    ----------
    x, y, std
        As for `baseline`. The polynomials run from -1 to 1 between the first and the last x, counting or not.
    count
        Number of polynomials.

    Returns
    -------
    Array
        Shape (count,).

    Raises
    ------
    FitError
        As `baseline`, or if the count is negative.
    """
    if count < 0:
        raise FitError(f"The number of polynomials is {count}; it cannot be negative.")
    if count == 0:
        return np.zeros(0)
    found = baseline(x, y, std)
    curves = chebyshev_basis(found.x, np.asarray(x, dtype=np.float64), count)
    return least_squares(curves, found.level, found.weight)


def least_squares(curves: Array, values: Array, weight: Array) -> Array:
    """Coefficients of weighted least squares, kept small where the values do not fix them.

    Parameters
    ----------
    curves
        Shape (n, k).
    values, weight
        Shape (n,).
    """
    weighted = curves * (weight / weight.max())[:, None]
    matrix = weighted.T @ curves
    size = np.sqrt(matrix.diagonal())
    scaled = matrix / np.outer(size, size) + _SMALL * np.eye(size.size)
    return np.asarray(np.linalg.solve(scaled, weighted.T @ values / size) / size)


def checked(x: ArrayLike, y: ArrayLike, std: ArrayLike) -> tuple[Array, Array, Array]:
    """The points that count.

    Raises
    ------
    FitError
        If the shapes differ, x does not rise or fewer than eight points count.
    """
    place, values, sizes = (np.asarray(one, dtype=np.float64) for one in (x, y, std))
    if place.ndim != 1 or not place.shape == values.shape == sizes.shape:
        raise FitError(
            f"A background needs x, y and std of one shape (n,); got {place.shape}, {values.shape}, {sizes.shape}."
        )
    if not np.all(np.diff(place) > 0):
        raise FitError("A background needs x that rises from point to point.")
    good = np.isfinite(values) & np.isfinite(sizes) & (sizes > 0)
    if good.sum() < 8:
        raise FitError(f"A background needs eight points with a standard uncertainty; got {good.sum()}.")
    return place[good], values[good], sizes[good]


def chebyshev_basis(short: Array, whole: Array, count: int) -> Array:
    """Chebyshev polynomials at some places, shape (n, count), which run from -1 to 1 over the whole range, shape (m,)."""
    first, last = whole[0], whole[-1]
    return np.asarray(chebvander((2 * short - first - last) / (last - first), max(count - 1, 0)))


def _reduced(x: Array, y: Array, std: Array) -> tuple[Array, Array, Array]:
    """Means of neighbours without the peaks inside them, and their standard uncertainties."""
    # Counts that happen to be low have small uncertainties; those of their surroundings are the same for high and low ones.
    variance = _median_around(std**2)
    width = x.size // _BINS
    if width < 2:
        return x, y, np.sqrt(variance)
    count = x.size // width
    rest = x.size - count * width
    edges = np.concatenate([[0], np.cumsum(np.full(count, width) + (np.arange(count) < rest))])
    number = np.repeat(np.arange(count), np.diff(edges))
    table = np.full((count, width + 1), math.inf)
    table[number, np.arange(x.size) - edges[number]] = y
    top = np.partition(table, (width - 1) // 2, axis=1)[:, (width - 1) // 2] + _CLIP * np.sqrt(
        np.bincount(number, variance) / np.diff(edges)
    )
    kept = y <= top[number]
    size = np.bincount(number[kept], minlength=count)
    x_mean, y_mean, spread = (np.bincount(number[kept], one[kept], count) / size for one in (x, y, variance))
    return x_mean, y_mean, np.sqrt(spread / size)


def _median_around(values: Array) -> Array:
    """Median of each value and its neighbours; the first and last stand for those beyond the ends."""
    # A running median of SciPy takes a fifth of a second to import, which the first pattern would pay for.
    windows = sliding_window_view(np.pad(values, _AROUND, mode="edge"), 2 * _AROUND + 1)
    return np.asarray(np.partition(windows, _AROUND, axis=1)[:, _AROUND])


def _lower(curves: Array, y: Array, std: Array) -> Array:
    """A rough curve along the lower edge of the points, shape (n,)."""
    weight = 1 / std**2
    level = curves @ least_squares(curves, y, weight)
    for _ in range(_ITERATIONS):
        height = (y - level) / std
        height /= _below(height)
        bent = np.where(height > 0, _UPWARD / (1 + np.maximum(height, 0) / _CLIP), 1.0)
        new = curves @ least_squares(curves, y, bent * weight)
        moved = float(np.max(np.abs(new - level) / std))
        level = new
        if moved < 0.1:
            break
    return np.asarray(level)


def _below(height: Array) -> float:
    """Scatter of what lies below a curve, in standard uncertainties, never less than 1."""
    low = height[height < 0]
    return max(1.0, math.sqrt(float(np.mean(low**2)))) if low.size > 5 else 1.0


@cache
def _excess() -> tuple[Array, Array]:
    """Density of noise plus an excess e that is spread as 1 / (1 + e), by place; not normalised."""
    step = 0.02
    free = np.arange(0.0, 60.0, step)
    # Noise beyond ten of its standard deviations is less than the last digit of a density.
    noise = np.exp(-0.5 * (step * np.arange(-500, 501)) ** 2) / math.sqrt(2 * math.pi)
    first = 500 + round(-6.0 / step)
    density = np.convolve(step / (1 + free), noise)[first : first + 2301 : 2]
    return np.linspace(-6.0, 40.0, 1151), density


def _shares(height: Array, part: float) -> tuple[Array, float]:
    """Probability that points of a height (in their noise) are of the curve, and the log likelihood of all."""
    place, density = _excess()
    whole = math.log1p(max(float(height.max()), 10.0))
    above = np.where(height > 38.0, 1 / (1 + np.maximum(height, 1.0)), np.interp(height, place, density)) / whole
    of_curve = (1 - part) * np.exp(-0.5 * height**2) / math.sqrt(2 * math.pi)
    both = np.maximum(of_curve + part * above, 1e-300)
    return np.asarray(of_curve / both), float(np.log(both).sum())


def _stiff(weight: Array, y: Array, stiffness: float) -> Array:
    """The curve z of least ``sum weight (y - z)^2 + stiffness sum (second differences of z)^2``, shape (n,)."""
    from scipy.linalg import solveh_banded

    bands = np.zeros((3, y.size))
    bands[0], bands[1, :-1], bands[2, :-2] = 6.0, -4.0, 1.0
    bands[0, [0, -1]], bands[0, [1, -2]], bands[1, [0, -2]] = 1.0, 5.0, -2.0
    bands *= stiffness
    bands[0] += weight
    return np.asarray(solveh_banded(bands, weight * y, lower=True, check_finite=False, overwrite_ab=True))
