"""Where does an interval end that may not pass a limit?"""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import NDArray
from scipy import special

from interlith.numerics.sums.sums import t_quantile

Array = NDArray[np.float64]


def feldman_cousins(below: Array, above: Array, degrees: float, level: float) -> Array:
    """Critical value of the likelihood ratio at a distance from two limits.

    Parameters
    ----------
    below, above
        (standard uncertainties), shape (...): distance of the tested value from the lower and the upper limit; infinite where
        there is none.
    degrees
        Degrees of freedom of the standard uncertainty.
    level
        Probability of acceptance.

    Notes
    -----
    Far from limits it is the square of the two-sided quantile. With few degrees of freedom the Student t distribution takes the
    place of the normal one, with the distances in estimated units: an approximation.

    References
    ----------
    Feldman and Cousins 1998, 10.1103/PhysRevD.57.3873, eq. 4.1-4.3.
    """
    most = float(t_quantile(level, degrees)) ** 2
    low, high = (
        np.zeros(np.broadcast_shapes(below.shape, above.shape)),
        np.full(np.broadcast_shapes(below.shape, above.shape), most),
    )
    for _ in range(45):
        middle = 0.5 * (low + high)
        chance = _cdf(_edge(above, middle), degrees) - _cdf(-_edge(below, middle), degrees)
        enough = chance >= level
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return high


def _edge(distance: Array, critical: Array) -> Array:
    """How far an estimate may lie beyond the tested value, towards a limit, before it is rejected."""
    root = np.sqrt(critical)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        beyond = np.where(
            np.isinf(distance), root, (np.square(distance) + critical) / (2.0 * np.maximum(distance, 1e-300))
        )
    return np.where(distance >= root, root, beyond)


def _cdf(at: Array, degrees: float) -> Array:
    return cast(Array, special.ndtr(at) if np.isinf(degrees) else special.stdtr(degrees, at))
