"""Do several values of one number agree, what is their mean, and which of them stands apart?

Generalised weighted means of values whose errors have common sources, without and with scatter beyond the stated errors. Pure
arrays; every function takes one set of values or a batch of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray
from scipy import special

from interlith.errors import FitError
from interlith.numerics.sums.sums import t_quantile

Array = NDArray[np.float64]

#: Steps of the search for the extra variance; each halves its logarithm's range.
STEPS = 60
#: How far the degrees of freedom follow the effective number of values (1: all the way), and their least number.
CONCENTRATION, FEWEST = 0.25, 0.3
#: Degrees of freedom that an uncertainty of two or fewer takes from the common size of all; fewer where it has more itself.
BORROWED = 2.0


@dataclass(frozen=True, slots=True)
class Mean:
    """A weighted mean.

    Parameters
    ----------
    value, half
        (as the values), shape (...): mean, and half of its interval.
    weights
        (1), shape (..., k): they add up to one; negative where strongly correlated values make them so.
    scatter, shared
        (as the values), shape (...): standard error from what each value has alone (and from extra scatter), and from common
        sources.
    extra
        (as the values), shape (...): standard deviation of the scatter beyond the stated errors.
    chi2
        (1), shape (...): weighted sum of squares about the mean.
    """

    value: Array
    half: Array
    weights: Array
    scatter: Array
    shared: Array
    extra: Array
    chi2: Array


def stated_mean(values: Array, own: Array, shared: Array, *, level: float = 0.95) -> Mean:
    """Generalised weighted mean with the stated errors taken at their word.

    Parameters
    ----------
    values
        (any unit), shape (..., k).
    own
        (as values), shape (..., k): standard uncertainties that only one value has, above zero.
    shared
        (as values), shape (..., s, k): signed sizes of the sources that several values have in common; s may be 0.
    level
        Of the interval (normal).
    """
    matrix = _covariance(own, shared, np.zeros(values.shape[:-1]))
    value, weights, chi2 = _solve(values, matrix)
    scatter, common = _parts(weights, own, shared)
    half = t_quantile(level, np.inf) * np.hypot(scatter, common)
    return Mean(value, half, weights, scatter, common, np.zeros_like(value), chi2)


def scattered_mean(values: Array, own: Array, shared: Array, *, level: float = 0.95) -> Mean:
    """Mean with scatter beyond the stated errors (Paule and Mandel), and its interval after Hartung and Knapp.

    Parameters
    ----------
    values, own, shared, level
        As in `stated_mean`; k is at least 2.

    Raises
    ------
    FitError
        With fewer than two values.

    Notes
    -----
    The interval uses the scatter that is seen, also where it is less than the stated errors explain: Student t with k - 1
    degrees of freedom, fewer where one value carries most of the weight (extra scatter that k values do not show would take
    that weight away). Measured: 0.94-0.97 where stated errors differ up to fourfold, whatever the extra scatter; 0.90-0.99
    where they differ tenfold (``benchmarks/convergence_coverage.py``). What all values share cannot be seen in their scatter and is added in quadrature. The assumption that
    fails first: each route errs independently and symmetrically about the truth.

    References
    ----------
    Paule and Mandel 1982, 10.6028/jres.087.022. Hartung and Knapp 2001, 10.1002/sim.791. Sidik and Jonkman 2002,
    10.1002/sim.1262.
    """
    count = values.shape[-1]
    if count < 2:
        raise FitError("Extra scatter needs at least two values.")
    extra = _paule_mandel(values, own, shared)
    matrix = _covariance(own, shared, extra)
    value, weights, chi2 = _solve(values, matrix)
    scatter, common = _parts(weights, np.sqrt(np.square(own) + extra[..., None]), shared)
    # Below one where the values agree better than stated: the scatter that is seen sets the width.
    seen = np.sqrt(chi2 / (count - 1))
    alone = np.maximum(1.0 / np.square(weights).sum(axis=-1) - 1.0, FEWEST)
    degrees = np.minimum(count - 1.0, (count - 1.0) ** (1.0 - CONCENTRATION) * alone**CONCENTRATION)
    half = np.hypot(t_quantile(level, degrees) * seen * scatter, t_quantile(level, np.inf) * common)
    return Mean(value, half, weights, seen * scatter, common, np.sqrt(extra), chi2)


def extra_interval(values: Array, own: Array, shared: Array, *, level: float = 0.95) -> tuple[Array, Array]:
    """Interval of the standard deviation of the extra scatter (Q profile), shape (...) each.

    References
    ----------
    Viechtbauer 2007, 10.1002/sim.2514.
    """
    dof = values.shape[-1] - 1
    low = _extra_at(values, own, shared, float(special.chdtri(dof, (1 - level) / 2)))
    high = _extra_at(values, own, shared, float(special.chdtri(dof, (1 + level) / 2)))
    return np.sqrt(low), np.sqrt(high)


def steadied(own: Array, degrees: Array) -> tuple[Array, Array]:
    """Uncertainties that rest on few values, drawn towards their common size, and the degrees of freedom they then have.

    Parameters
    ----------
    own
        (as the values), shape (..., k).
    degrees
        (1), shape (k,): infinite where a size is known; such sizes stay.

    Notes
    -----
    Weights made from sizes that rest on three values follow their chance: the smallest gets nearly all. Measured for five values
    of three replicates each, coverage with extra scatter 0.90 before and 0.95 after, a value falsely named 0.12 and 0.04
    (``benchmarks/convergence_coverage.py``).
    """
    few = np.isfinite(degrees)
    if few.sum() < 2:
        return own, degrees
    count = np.where(few, degrees, 1.0)
    borrowed = BORROWED * np.minimum(1.0, np.square(2.0 / count))
    common = np.where(few, np.square(own), 0.0).sum(axis=-1, keepdims=True) / few.sum()
    pooled = np.sqrt((count * np.square(own) + borrowed * common) / (count + borrowed))
    return np.where(few, pooled, own), np.where(few, count + borrowed, degrees)


def homogeneity(values: Array, own: Array, shared: Array, degrees: Array) -> tuple[Array, Array]:
    """Weighted sum of squares about the mean and the probability of one at least as large if all values agree.

    Parameters
    ----------
    values, own, shared
        As in `stated_mean`.
    degrees
        (1), shape (k,) or (..., k): degrees of freedom of each own uncertainty, infinite where it is taken at its word.

    References
    ----------
    Welch 1951, 10.1093/biomet/38.3-4.330 (few degrees of freedom).
    """
    found = stated_mean(values, own, shared)
    dof = values.shape[-1] - 1
    share = np.clip(1.0 - found.weights, 0.0, 1.0) ** 2 / degrees
    slack = share.sum(axis=-1)
    size = dof + 1.0
    correction = 1.0 + 2.0 * (size - 2.0) / (size**2 - 1.0) * slack
    second = (size**2 - 1.0) / (3.0 * np.maximum(slack, 1e-12))
    exact = special.chdtrc(dof, found.chi2)
    welch = special.fdtrc(dof, second, found.chi2 / dof / correction)
    return found.chi2, np.where(slack > 1e-9, welch, exact)


def apart(values: Array, own: Array, shared: Array, degrees: Array) -> tuple[Array, Array, Array]:
    """How far each value lies from the mean of the others.

    Parameters
    ----------
    values, own, shared, degrees
        As in `homogeneity`.

    Returns
    -------
    difference, standard uncertainty, probability
        Shape (..., k): value less mean of the others, its standard uncertainty with every correlation, and the two-sided
        probability of one at least as large, before any adjustment for having looked at all of them.
    """
    inverse = np.linalg.inv(_covariance(own, shared, np.zeros(values.shape[:-1])))
    row = inverse.sum(axis=-1)
    projector = inverse - row[..., :, None] * row[..., None, :] / row.sum(axis=-1)[..., None, None]
    diagonal = np.einsum("...ii->...i", projector)
    difference = np.einsum("...ij,...j->...i", projector, values) / diagonal
    spread = 1.0 / np.sqrt(diagonal)
    weights = -projector / diagonal[..., None] + np.eye(values.shape[-1]) * 2.0
    known = np.broadcast_to(degrees, values.shape)
    parts = np.square(np.square(weights * own[..., None, :])) / known[..., None, :]
    with np.errstate(divide="ignore"):
        dof = np.minimum(spread**4 / np.maximum(parts.sum(axis=-1), 1e-300), 1e9)
    return difference, spread, 2.0 * special.stdtr(dof, -np.abs(difference / spread))


def largest_disagreement(values: Array, own: Array, shared: Array, degrees: Array, *, level: float = 0.95) -> Array:
    """Largest true difference between two of the values that is still compatible with them, shape (...).

    Notes
    -----
    The largest of the one-sided bounds of all pairs. The pair that truly differs most is one of them, so no adjustment for
    the number of pairs is needed.
    """
    first, second = np.triu_indices(values.shape[-1], 1)
    distance = np.abs(values[..., first] - values[..., second])
    common = np.square(shared[..., first] - shared[..., second]).sum(axis=-2)
    squares = np.square(own)
    total = squares[..., first] + squares[..., second]
    known = np.broadcast_to(degrees, values.shape)
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = squares[..., first] ** 2 / known[..., first] + squares[..., second] ** 2 / known[..., second]
        dof = np.where(parts > 0, (total + common) ** 2 / np.where(parts > 0, parts, 1.0), np.inf)
    return cast(Array, (distance + t_quantile(2 * level - 1, dof) * np.sqrt(total + common)).max(axis=-1))


def _covariance(own: Array, shared: Array, extra: Array) -> Array:
    diagonal = np.square(own) + extra[..., None]
    matrix = diagonal[..., None] * np.eye(own.shape[-1])
    return cast(Array, matrix + np.einsum("...si,...sj->...ij", shared, shared))


def _solve(values: Array, matrix: Array) -> tuple[Array, Array, Array]:
    inverse = np.linalg.inv(matrix)
    row = inverse.sum(axis=-1)
    weights = row / row.sum(axis=-1, keepdims=True)
    value = (weights * values).sum(axis=-1)
    rest = values - value[..., None]
    return value, weights, np.einsum("...i,...ij,...j->...", rest, inverse, rest)


def _parts(weights: Array, own: Array, shared: Array) -> tuple[Array, Array]:
    scatter = np.sqrt(np.square(weights * own).sum(axis=-1))
    common = np.sqrt(np.square(np.einsum("...sk,...k->...s", shared, weights)).sum(axis=-1))
    return scatter, common


def _paule_mandel(values: Array, own: Array, shared: Array) -> Array:
    return _extra_at(values, own, shared, float(values.shape[-1] - 1))


def _extra_at(values: Array, own: Array, shared: Array, wanted: float) -> Array:
    """Extra variance at which the weighted sum of squares is `wanted`; zero where it is less already."""
    shape = values.shape[:-1]
    spread = np.ptp(values, axis=-1) ** 2 * values.shape[-1] / max(wanted, 1e-12) + np.square(own).max(axis=-1)
    high = np.log(np.broadcast_to(spread, shape) + 1e-300)
    low = high - 40.0
    zero = _solve(values, _covariance(own, shared, np.zeros(shape)))[2] <= wanted
    for _ in range(STEPS):
        middle = 0.5 * (low + high)
        above = _solve(values, _covariance(own, shared, np.exp(middle)))[2] > wanted
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return np.where(zero, 0.0, np.exp(0.5 * (low + high)))
