"""How do several uncertain positions lie relative to each other, given their intervals and what they share?"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

from interlith.errors import FitError

Array = NDArray[np.float64]
#: Joint draws; a probability of 0.975 is then known to 0.0004.
DRAWS = 160_000
#: Ratio of the half-width at 95 % to half of the central 68.3 % below which a position is anywhere in its interval.
_UNIFORM = 1.8


@lru_cache(maxsize=64)
def degrees_of(ratio: float, level: float) -> float:
    """Degrees of freedom of the Student t whose interval at `level` is `ratio` times its central 68.3 %."""
    inner, outer = float(stats.norm.cdf(1.0)), 0.5 + level / 2

    def excess(logarithm: float) -> float:
        dof = math.exp(logarithm)
        return float(stats.t.ppf(outer, dof) / stats.t.ppf(inner, dof)) - ratio

    if excess(math.log(1e4)) >= 0:
        return math.inf
    if excess(0.0) <= 0:
        return 1.0
    return math.exp(float(optimize.brentq(excess, 0.0, math.log(1e4), xtol=1e-3)))


def one_position(
    value: float, below: float, above: float, std: float, level: float, random: np.random.Generator
) -> Array:
    """Draws of one position whose interval reaches `below` and `above` its value, shape (DRAWS,).

    Half of the draws lie on either side. The tails are those of the Student t that has the interval at `level` and the
    central 68.3 % (twice `std`) in the ratio given; where the interval is not longer than a uniform one's, as for a
    step between two states, the draws are spread evenly in it.
    """
    half = 0.5 * (below + above)
    if half <= 0:
        return np.full(DRAWS, value)
    ratio = half / std if std > 0 else 0.0
    if 0 < ratio < _UNIFORM:
        standard = random.uniform(-1.0, 1.0, DRAWS)
    else:
        dof = degrees_of(round(ratio, 2), level) if ratio > 0 else math.inf
        if math.isinf(dof):
            standard = random.standard_normal(DRAWS) / float(stats.norm.ppf(0.5 + level / 2))
        else:
            standard = random.standard_t(dof, DRAWS) / float(stats.t.ppf(0.5 + level / 2, dof))
    return value + np.where(standard < 0, below, above) * standard


def joint_positions(
    values: Array, below: Array, above: Array, std: Array, shared: Array, *, level: float = 0.95, seed: int = 20261127
) -> Array:
    """Joint draws of positions of one specimen that share some causes.

    Parameters
    ----------
    values, below, above, std
        Shape (k,): position, reaches of its whole interval at `level`, and standard uncertainty of what it does not share.
    shared
        Signed sizes of the shared sources, shape (k, s).
    level, seed
        Of the intervals, and of the draws.

    Returns
    -------
    Shape (draws, k).

    Raises
    ------
    FitError
        If a number is not finite or a reach is negative.

    Notes
    -----
    Shared sources are normal. They are taken out of the reaches in quadrature and drawn once for all positions, so that what
    two of them share cancels in their difference.
    """
    if not all(np.isfinite(each).all() for each in (values, below, above, std, shared)) or min(*below, *above) < 0:
        raise FitError("Positions need finite values, reaches and sizes; an open interval has no order.")
    random = np.random.default_rng(seed)
    z = float(stats.norm.ppf(0.5 + level / 2))
    common = z * np.sqrt((shared**2).sum(axis=1))
    made = random.standard_normal((DRAWS, shared.shape[1])) @ shared.T
    for number in range(len(values)):
        low = math.sqrt(max(float(below[number]) ** 2 - float(common[number]) ** 2, 0.0))
        high = math.sqrt(max(float(above[number]) ** 2 - float(common[number]) ** 2, 0.0))
        made[:, number] += one_position(float(values[number]), low, high, float(std[number]), level, random)
    return np.asarray(made, dtype=np.float64)


def joint_means(values: Array, shared: Array, *, seed: int = 20261127) -> Array:
    """Joint draws of the mean positions over specimens, from the scatter between them.

    Parameters
    ----------
    values
        Shape (n, k): k positions of n specimens, n of at least 2.
    shared
        Signed mean sizes of the sources that several specimens share, shape (k, s).

    Returns
    -------
    Shape (draws, k): multivariate Student t with n - 1 degrees of freedom; every difference of two columns has the
    distribution of a paired t interval.

    Raises
    ------
    FitError
        With fewer than two specimens.
    """
    count = len(values)
    if count < 2:
        raise FitError(f"{count} specimen has no scatter; two are needed for a mean with an interval.")
    random = np.random.default_rng(seed)
    centred = values - values.mean(axis=0)
    weights = random.standard_normal((DRAWS, count))
    scale = np.sqrt((count - 1) / random.chisquare(count - 1, DRAWS))[:, None]
    made = values.mean(axis=0) + scale * (weights @ centred) / math.sqrt(count * (count - 1))
    return np.asarray(made + random.standard_normal((DRAWS, shared.shape[1])) @ shared.T, dtype=np.float64)


def precedes(first: Array, second: Array) -> float:
    """Share of joint draws in which one position lies below the other; ties count half."""
    return float(np.mean(first < second) + 0.5 * np.mean(first == second))
