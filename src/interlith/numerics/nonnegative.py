"""Which amounts, some of which cannot be negative, explain a curve best as a sum of known ones?"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

#: Part of its largest pull at which an amount at zero stays there.
_STAYS = 1e-10


def amounts_of(columns: ArrayLike, aim: ArrayLike, signed: ArrayLike) -> Array:
    """Least squares with some amounts not negative.

    Parameters
    ----------
    columns
        Known curves over the standard uncertainty of the points, shape (p, n).
    aim
        What they add up to, over the same, shape (n,).
    signed
        Which amounts may be negative, shape (p,).

    Returns
    -------
    Shape (p,). Curves that are zero everywhere have the amount 0.

    Notes
    -----
    By normal equations: meant for a few dozen curves that are not nearly alike.

    References
    ----------
    C. L. Lawson, R. J. Hanson, Solving Least Squares Problems (1974), chapter 23.
    """
    rows, seen = np.asarray(columns, dtype=float), np.asarray(aim, dtype=float)
    size = np.sqrt((rows**2).sum(axis=1))
    unit = np.divide(rows, size[:, None], out=np.zeros_like(rows), where=size[:, None] > 0)
    gram, pull = unit @ unit.T, unit @ seen
    free = np.asarray(signed, dtype=bool)
    some = _solved(gram, pull, size > 0)
    if (some[~free] < 0).any():
        some = _active(gram, pull, free & (size > 0), size > 0)
    return np.asarray(np.divide(some, size, out=np.zeros_like(some), where=size > 0))


def _solved(gram: Array, pull: Array, some: NDArray[np.bool_]) -> Array:
    found = np.zeros(len(pull))
    found[some] = np.linalg.lstsq(gram[np.ix_(some, some)], pull[some], rcond=None)[0]
    return found


def _active(gram: Array, pull: Array, free: NDArray[np.bool_], real: NDArray[np.bool_]) -> Array:
    """Amounts taken in one by one where they pull most, and let go where they would turn negative."""
    inside = free.copy()
    found = _solved(gram, pull, inside)
    for _ in range(3 * len(pull)):
        gain = np.where(inside | ~real, -np.inf, pull - gram @ found)
        best = int(np.argmax(gain))
        if not gain[best] > _STAYS * max(float(np.abs(pull).max()), 1e-300):
            break
        inside[best] = True
        while True:
            aim = _solved(gram, pull, inside)
            below = inside & ~free & (aim <= 0)
            if not below.any():
                found = aim
                break
            step = found[below] / (found[below] - aim[below])
            found = found + float(step.min()) * (aim - found)
            inside &= ~(below & (found <= _STAYS * float(np.abs(found).max())))
            inside |= free
            found[~inside] = 0.0
            if not (inside & ~free).any():
                found = _solved(gram, pull, inside)
                break
    return found
