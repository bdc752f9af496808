"""Between which two places along an axis does something first appear, if it appears at all?

Amounts with known noise scatter about nothing, and from some place on they grow. How they grow is not known: at once, evenly, or slowly at
first. The interval holds every place of a beginning that some growth reconciles with the amounts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlith.errors import FitError

Array = NDArray[np.float64]

#: Growth is ``1 - exp(-(distance / extent)^power)``: at once, even, or slow at first, and slowing down within these extents, as shares of
#: the stretch that is looked at, the last of which is no slowing down at all. Powers beyond those of known laws (Avrami: up to 4) and
#: extents in small steps stand for forms that none of them has: without them an exact third power with little noise was held in 0.90.
POWERS = (0.0, 0.33, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0)
EXTENTS = (*(0.04 * 1.25**k for k in range(15)), 10.0)
#: Places tried, between each two amounts and over the whole axis; amounts averaged when looking for the first that stands out.
_BETWEEN, _PLACES, _AVERAGED = 5, 300, (1, 2, 3, 5, 8)
#: No growth follows the law better than to this share of the amount.
SHAPE = 0.05
#: The beginning is judged by the amounts up to where they first reach this share of the most, and so many more.
_RISE, _MORE = 0.5, 3
#: Mean of what a normal deviate is below zero.
_BELOW = math.sqrt(2 / math.pi)


@dataclass(frozen=True, slots=True)
class Appearance:
    """When something appears.

    Parameters
    ----------
    present
        Whether anything stands out of the noise, at the chance of a false alarm asked for.
    low, high, value
        (as x): interval at the level asked for, and the likeliest beginning; nan where nothing is present. `low` is minus infinity where
        it may have been there from the first amount on, then `value` is nan if it certainly was.
    detected
        (as x): where an amount, or a mean of some up to there, first stands out; nan if none does.
    power
        Likeliest power of the growth.
    significance, least
        Largest mean over its uncertainty, and what was asked of it.
    scale
        Scatter of the amounts about the best growth over the stated uncertainties, where above one; they are widened by it.
    """

    present: bool
    low: float
    high: float
    value: float
    detected: float
    power: float
    significance: float
    least: float
    scale: float


def first_appearance(
    x: ArrayLike, amount: ArrayLike, std: ArrayLike, *, places: float = 1.0, false_alarms: float = 0.05, level: float = 0.95,
    cut: ArrayLike | None = None,
) -> Appearance:  # fmt: skip
    """Interval of the first appearance.

    Parameters
    ----------
    x
        Rising, shape (n,).
    amount, std
        Amounts, negative where noise makes them so, and their standard uncertainties, shape (n,); not finite where there is none.
    places
        Number of places that were searched for something like this: the more, the more it has to stand out.
    false_alarms
        Chance that noise alone passes for an appearance at any of these places.
    level
        Of the interval.
    cut
        Which amounts are 0 since they could not become negative, shape (n,); none by default. Each stands for the mean of what scatters
        below zero: taken as they are, the amounts before the beginning would have a mean above zero, and many of them bring it forward.

    Raises
    ------
    FitError
        If there are fewer than four amounts, or x does not rise.

    Notes
    -----
    Likelihood ratio over the place of the beginning; power, extent and size of the growth (not negative) are free. The upper end is no later
    than the first amount that stands out, which needs no assumption on growth. The assumption that fails first: that the amounts
    before the beginning scatter about zero; a neighbour's tail that is taken for an amount brings the interval forward.
    """
    place, values, sizes = (np.asarray(one, dtype=np.float64) for one in (x, amount, std))
    if cut is not None:
        values = np.where(np.asarray(cut, dtype=bool), -_BELOW * sizes, values)
    good = np.isfinite(values) & np.isfinite(sizes) & (sizes > 0) & np.isfinite(place)
    place, values, sizes = place[good], values[good], sizes[good]
    if place.size < 4 or not (np.diff(place) > 0).all():
        raise FitError(f"An appearance needs four amounts or more at rising places; got {place.size}.")
    least = _least(place.size, places, false_alarms)
    stand = _standing(values, sizes)
    out = np.flatnonzero(stand >= least)
    if not out.size:
        return Appearance(False, *(math.nan,) * 4, math.nan, float(stand.max()), least, 1.0)
    end = _end_of_rise(values, int(out[0]))
    sizes = np.hypot(sizes, SHAPE * np.maximum(_smooth(values), 0.0))
    grid = _grid(place, end)
    cost, power, dof = _profile(place[: end + 1], values[: end + 1], sizes[: end + 1], grid)
    best = int(np.argmin(cost))
    scale = math.sqrt(max(1.0, float(cost[best]) / dof)) if dof > 0 else 1.0
    inside = np.flatnonzero((cost - cost[best]) / scale**2 <= _quantile(level))
    detected = float(place[out[0]])
    low = float(grid[max(0, int(inside[0]) - 1)])
    high = min(float(grid[min(grid.size - 1, int(inside[-1]) + 1)]), detected)
    if detected <= low:  # an early excess that no growth explains: it may still have been the beginning
        low = float(place[max(0, int(out[0]) - 1)])
    from_start = int(inside[0]) == 0
    certain = int(inside[-1]) == 0 or int(out[0]) == 0
    return Appearance(
        True, -math.inf if from_start else low, max(high, low), math.nan if certain and from_start else min(float(grid[best]), detected),
        detected, float(power[best]), float(stand.max()), least, scale,
    )  # fmt: skip


def _least(count: int, places: float, false_alarms: float) -> float:
    from scipy import special

    tests = max(1.0, places) * count * len(_AVERAGED)
    return float(-special.ndtri(-math.expm1(math.log1p(-false_alarms) / tests)))


def _quantile(level: float) -> float:
    from scipy import special

    return float(special.chdtri(1.0, 1.0 - level))


def _standing(values: Array, sizes: Array) -> Array:
    """Largest significance of the means of one or more amounts that end at each, shape (n,)."""
    weight = 1.0 / sizes**2
    sums, weights = np.concatenate([[0.0], np.cumsum(values * weight)]), np.concatenate([[0.0], np.cumsum(weight)])
    stand = np.full(values.size, -math.inf)
    for count in _AVERAGED:
        if count <= values.size:
            mean = (sums[count:] - sums[:-count]) / np.sqrt(weights[count:] - weights[:-count])
            stand[count - 1 :] = np.maximum(stand[count - 1 :], mean)
    return stand


def _end_of_rise(values: Array, first: int) -> int:
    """Last amount that tells about the beginning."""
    smooth = _smooth(values)
    reached = np.flatnonzero(smooth >= _RISE * smooth.max())
    return min(values.size - 1, max(int(reached[0]), first) + _MORE)


def _smooth(values: Array) -> Array:
    return np.convolve(np.pad(values, 1, mode="edge"), np.ones(3) / 3.0, mode="valid")


def _grid(x: Array, end: int) -> Array:
    """Beginnings tried: before the first amount, and some between each two."""
    count = max(2, min(_BETWEEN, _PLACES // max(1, end)))
    share = np.arange(1, count + 1) / count
    inner = (x[:end, None] + np.diff(x[: end + 1])[:, None] * share[None]).ravel()
    # A beginning just before the first amount stands for all earlier ones.
    return np.concatenate([[x[0] - 1e-9 * float(x[-1] - x[0])], inner[inner < x[end]]])


def _profile(x: Array, values: Array, sizes: Array, grid: Array) -> tuple[Array, Array, int]:
    """Chi squared of the best growth from each place, its power, and degrees of freedom."""
    weight = 1.0 / sizes**2
    total = float(values @ (weight * values))
    away = x[None] - grid[:, None]
    behind = away > 0
    span = max(float(x[-1] - x[0]), 1e-300)
    relative = np.where(behind, away / span, 0.0)
    best, power = np.full(grid.size, math.inf), np.zeros(grid.size)
    for one in POWERS:
        grown = np.where(behind, relative**one, 0.0)
        for extent in EXTENTS if one else EXTENTS[-1:]:
            shape = -np.expm1(-grown / extent**one) if one else grown
            product, norm = shape @ (weight * values), shape**2 @ weight
            gain = np.divide(np.maximum(product, 0.0) ** 2, norm, out=np.zeros(grid.size), where=norm > 0)
            cost = total - gain
            power = np.where(cost < best, one, power)
            best = np.minimum(best, cost)
    return best, power, x.size - 4
