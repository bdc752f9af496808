"""Which members of a series are like none of their neighbours, although those are like each other?"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

#: A member is odd if it is so many times farther from one on either side than these are from each other; they lie so near.
_FARTHER, _NEAR = 4.0, 3


def odd_members(y: ArrayLike, std: ArrayLike) -> NDArray[np.bool_]:
    """Members that stand alone, shape (m,).

    Parameters
    ----------
    y, std
        Curves on one grid and their standard uncertainties, shape (m, n); nan where a curve has no point.

    Notes
    -----
    A change that stays is no oddity: then the neighbours differ as much. Up to two odd members in a row are found, at the ends of the
    series none. The assumption that fails first: that nothing real comes and goes within three members.
    """
    values, sizes = np.asarray(y, dtype=np.float64), np.asarray(std, dtype=np.float64)
    count = len(values)
    odd = np.array([not np.isfinite(row).any() for row in values], dtype=np.bool_)
    for apart in range(2, _NEAR + 1):
        for low in range(count - apart):
            high = low + apart
            if odd[low] or odd[high]:
                continue
            between = _distance(values, sizes, low, high)
            inside = [_away(values, sizes, low, k, high) for k in range(low + 1, high)]
            if all(one > _FARTHER * between for one in inside):
                odd[low + 1 : high] = True
    return odd


def _away(values: Array, sizes: Array, low: int, member: int, high: int) -> float:
    return min(_distance(values, sizes, member, low), _distance(values, sizes, member, high))


def _distance(values: Array, sizes: Array, first: int, second: int) -> float:
    """Root mean square of the difference over its uncertainty; a point on one side only counts as far off."""
    one, other = np.isfinite(values[first]), np.isfinite(values[second])
    both = one & other
    if not both.any():
        return float("inf")
    size = np.hypot(sizes[first][both], sizes[second][both])
    z = (values[first][both] - values[second][both]) / size
    lost = np.count_nonzero(one ^ other) / both.size
    return float(np.sqrt(np.mean(z**2) + 25.0 * lost))
