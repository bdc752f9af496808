"""Where does a straight function of uncertain coefficients pass through zero, and which zeros can the data not exclude?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

#: Shapes of a set: one interval; all but an interval; every number.
CLOSED, OUTSIDE, EVERYWHERE = 0, 1, 2


@dataclass(frozen=True, slots=True)
class RootSet:
    """The zeros that a test does not exclude.

    Parameters
    ----------
    kind
        Shape (...): `CLOSED` low to high; `OUTSIDE` up to `low` and from `high` on; `EVERYWHERE`.
    low, high
        Shape (...): ends, minus and plus infinity where the set is everything.
    """

    kind: NDArray[np.int64]
    low: Array
    high: Array

    def holds(self, value: ArrayLike) -> NDArray[np.bool_]:
        """Whether a number lies in the set, shape (...)."""
        asked = np.asarray(value, dtype=float)
        inside = (self.low <= asked) & (asked <= self.high)
        outside = (asked <= self.low) | (asked >= self.high)
        return np.where(self.kind == CLOSED, inside, np.where(self.kind == OUTSIDE, outside, True))


def root_set(coefficients: Array, widths: Array) -> RootSet:
    """Zeros of ``a + b x`` that are not excluded: (a + b x)^2 at most (1, x) widths (1, x)^T.

    Parameters
    ----------
    coefficients
        Shape (..., 2): a and b.
    widths
        Shape (..., 2, 2): squared quantile times covariance of a and b, summed over causes.

    Returns
    -------
    RootSet
        Exact for normal coefficients of this covariance. Not a bounded interval wherever b is not distinct from zero.

    References
    ----------
    Fieller 1954, 10.1111/j.2517-6161.1954.tb00159.x.
    """
    a, b = coefficients[..., 0], coefficients[..., 1]
    curved = b**2 - widths[..., 1, 1]
    half = a * b - widths[..., 0, 1]
    constant = a**2 - widths[..., 0, 0]
    inner = half**2 - curved * constant
    with np.errstate(divide="ignore", invalid="ignore"):
        root = np.sqrt(np.maximum(inner, 0.0))
        # The larger of the two sums loses no digits; the other end follows from the product of the ends.
        sum_ = -(half + np.where(half >= 0, root, -root))
        one = np.where(curved != 0, sum_ / curved, np.inf)
        two = np.where(sum_ != 0, constant / sum_, one)
    low, high = np.minimum(one, two), np.maximum(one, two)
    kind = np.where(curved > 0, CLOSED, np.where(inner > 0, OUTSIDE, EVERYWHERE))
    everything = kind == EVERYWHERE
    return RootSet(kind, np.where(everything, -np.inf, low), np.where(everything, np.inf, high))
