"""Where is the difference of two curves not distinct from zero, and does it change its sign there?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from interlith.errors import FitError

Array = NDArray[np.float64]
#: Abscissas (n,) -> difference and half-width of its interval, shape (n,) each.
Difference = Callable[[Array], tuple[Array, Array]]

#: Places looked at along the range, and how closely an end is found, over their distance.
_PLACES, _CLOSE = 401, 1e-6


@dataclass(frozen=True, slots=True)
class Piece:
    """An interval of abscissas at which the difference is not distinct from zero.

    Parameters
    ----------
    low, high
        Its ends.
    before, after
        Sign of the difference just outside, where it is distinct from zero; 0 where the range of abscissas ends first.
    roots
        Abscissas within, at which the difference itself is zero.
    """

    low: float
    high: float
    before: int
    after: int
    roots: tuple[float, ...]

    @property
    def crosses(self) -> bool:
        """Whether the difference is of opposite sign, distinct from zero, on the two sides."""
        return self.before * self.after < 0


def crossing_pieces(difference: Difference, low: float, high: float) -> tuple[Piece, ...]:
    """Intervals of ``low`` to ``high`` in which two curves may cross, by inverting a test on their difference.

    Parameters
    ----------
    difference
        Difference and half-width of its interval at abscissas; both continuous.
    low, high
        Range in which both curves are known.

    Returns
    -------
    tuple of Piece
        In order; empty where the difference is distinct from zero everywhere. A given crossing lies in one of them with
        the confidence of the interval of the difference.

    Raises
    ------
    FitError
        If the range is empty or the difference is not finite.

    Notes
    -----
    Touches and crossings closer than 1/400 of the range are not told apart.
    """
    if not low < high:
        raise FitError(
            f"The range {low:g} to {high:g} in which both curves are known is empty; no crossing can be asked."
        )
    grid = np.linspace(low, high, _PLACES)
    middle, half = difference(grid)
    if not np.isfinite(middle).all():
        raise FitError("The difference of the curves is not finite everywhere in their common range.")
    sign = np.where(np.abs(middle) > half, np.sign(middle), 0.0).astype(int)
    roots = _roots(difference, grid, middle)
    pieces = []
    start = 0
    while start < grid.size:
        if sign[start] != 0:
            # A change of sign between two neighbours is a piece narrower than the grid.
            if start + 1 < grid.size and sign[start] * sign[start + 1] < 0:
                pieces.append(_narrow(difference, grid[start], grid[start + 1], roots, (sign[start], sign[start + 1])))
            start += 1
            continue
        stop = start
        while stop + 1 < grid.size and sign[stop + 1] == 0:
            stop += 1
        left = grid[0] if start == 0 else _edge(difference, grid[start], grid[start - 1])
        right = grid[-1] if stop == grid.size - 1 else _edge(difference, grid[stop], grid[stop + 1])
        inside = tuple(root for root in roots if left <= root <= right)
        before = int(sign[start - 1]) if start else 0
        after = int(sign[stop + 1]) if stop + 1 < grid.size else 0
        pieces.append(Piece(float(left), float(right), before, after, inside))
        start = stop + 1
    return tuple(pieces)


def closest(difference: Difference, low: float, high: float) -> tuple[float, float, float]:
    """Where the curves come closest, their difference there and the least distance from zero that the data allow.

    Returns
    -------
    tuple
        Abscissa, difference, and the smallest absolute lower bound of the difference over the range, zero where it is not
        distinct from zero.
    """
    grid = np.linspace(low, high, _PLACES)
    middle, half = difference(grid)
    place = int(np.abs(middle).argmin())
    bound = float(np.maximum(np.abs(middle) - half, 0.0).min())
    return float(grid[place]), float(middle[place]), bound


def _roots(difference: Difference, grid: Array, middle: Array) -> tuple[float, ...]:
    places = np.flatnonzero(middle[:-1] * middle[1:] < 0)
    step = float(grid[1] - grid[0])

    def height(at: float) -> float:
        return float(difference(np.array([at]))[0][0])

    found = [_zero(height, grid[k], grid[k + 1], _CLOSE * step) for k in places]
    return tuple(sorted(float(root) for root in [*found, *grid[middle == 0.0]]))


def _edge(difference: Difference, inside: float, outside: float) -> float:
    def excess(at: float) -> float:
        middle, half = difference(np.array([at]))
        return float(abs(middle[0]) - half[0])

    return _zero(excess, inside, outside, _CLOSE * abs(outside - inside))


def _zero(function: Callable[[float], float], one: float, two: float, close: float) -> float:
    """Where a function changes its sign; an end where rounding has moved the change onto it."""
    first, second = function(one), function(two)
    if first * second >= 0:
        return one if abs(first) <= abs(second) else two
    return float(optimize.brentq(function, one, two, xtol=close))


def _narrow(
    difference: Difference, left: float, right: float, roots: tuple[float, ...], signs: tuple[int, int]
) -> Piece:
    root = next((item for item in roots if left <= item <= right), 0.5 * (left + right))
    ends = [_edge(difference, root, side) for side in (left, right)]
    return Piece(float(ends[0]), float(ends[1]), int(signs[0]), int(signs[1]), (root,))
