"""Which of several levels may be the best, and how probable is it for each?"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special, stats

from interlith.errors import FitError

Array = NDArray[np.float64]

_NODES = 64
#: Normal abscissas and weights, and middles of equal shares of the chi distribution.
_PLACES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(_NODES)
_WEIGHTS = _WEIGHTS / _WEIGHTS.sum()
_SHARES, _SHARE_WEIGHTS = np.polynomial.legendre.leggauss(_NODES)
_SHARES, _SHARE_WEIGHTS = 0.5 * (_SHARES + 1.0), 0.5 * _SHARE_WEIGHTS


def _scales(dof: float) -> tuple[Array, Array]:
    """Ratios of estimated to true scatter, and their weights."""
    if math.isinf(dof):
        return np.ones(1), np.ones(1)
    return np.sqrt(stats.chi2.ppf(_SHARES, dof) / dof), _SHARE_WEIGHTS


def one_sided_critical(variances: Array, level_number: int, dof: float, level: float) -> float:
    """Critical value of all comparisons of one level with the others, one-sided (Dunnett).

    Parameters
    ----------
    variances
        Relative variances of the means, shape (k,): one over the number of units.
    level_number
        Which level is held against the others.
    dof
        Degrees of freedom of the common scatter.
    level
        Confidence that all comparisons hold.

    Returns
    -------
    float
        1.64 for one comparison of known scatter at 0.95.

    References
    ----------
    Dunnett 1955, 10.1080/01621459.1955.10501294.
    """
    own = variances[level_number]
    others = np.delete(variances, level_number)
    ratios, weights = _scales(dof)
    total = np.sqrt(own + others)

    def missing(critical: float) -> float:
        reach = critical * ratios[:, None, None] * total + math.sqrt(own) * _PLACES[:, None]
        inner = special.ndtr(reach / np.sqrt(others)).prod(axis=-1) @ _WEIGHTS
        return float(weights @ inner) - level

    top = 5.0
    while missing(top) < 0:
        top *= 2.0
    return float(optimize.brentq(missing, -10.0, top, xtol=1e-8))


def possible_bests(
    means: Array, variances: Array, scale: Array, dof: float, *, level: float = 0.95, shared: Array | None = None
) -> NDArray[np.bool_]:
    """Levels that cannot be excluded as the highest; the truly highest is among them with at least this confidence.

    Parameters
    ----------
    means
        Of the levels, shape (..., k).
    variances
        Relative variances of the means, shape (k,).
    scale, dof
        Common standard deviation, shape (...), and its degrees of freedom.
    level
        Confidence over all levels together; attained where all levels are alike, exceeded elsewhere.
    shared
        Signed sizes of sources that means have in common, shape (m, k).

    Returns
    -------
    Array
        Shape (..., k).

    Notes
    -----
    Assumption that fails first: equal scatter at all levels; see `possible_bests_separate`.

    References
    ----------
    Gupta 1965, Technometrics 7, 225. Hsu 1984, Annals of Statistics 12, 1136.
    """
    lead, widths = _leads(means, variances, scale, dof, level, shared)
    return np.asarray((lead <= widths).all(axis=-1))


def largest_losses(
    means: Array, variances: Array, scale: Array, dof: float, *, level: float = 0.95, shared: Array | None = None
) -> Array:
    """How far each level may lie below the highest of the others, shape (..., k), all with this confidence together."""
    lead, widths = _leads(means, variances, scale, dof, level, shared)
    count = means.shape[-1]
    reach = np.where(np.eye(count, dtype=bool), 0.0, lead + widths)
    return np.asarray(np.maximum(reach.max(axis=-1), 0.0))


def _leads(
    means: Array, variances: Array, scale: Array, dof: float, level: float, shared: Array | None
) -> tuple[Array, Array]:
    """Lead of each other level over each level, and what chance allows it, shape (..., k, k)."""
    count = means.shape[-1]
    _check(count, variances)
    critical = np.array([one_sided_critical(variances, number, dof, level) for number in range(count)])
    widths = np.asarray(scale)[..., None, None] * critical[:, None] * np.sqrt(variances[:, None] + variances)
    if shared is not None and shared.size:
        common = np.sqrt(((shared[:, None, :] - shared[:, :, None]) ** 2).sum(axis=0))
        widths = np.hypot(widths, special.ndtri(1 - (1 - level) / max(1, count - 1)) * common)
    return means[..., None, :] - means[..., :, None], widths


def possible_bests_separate(means: Array, variances: Array, counts: Array, *, level: float = 0.95) -> NDArray[np.bool_]:
    """The same where levels scatter unequally: Welch's comparison of each pair, Bonferroni over the others.

    Parameters
    ----------
    means, variances
        Of the levels, shape (..., k); the variances are those of the units.
    counts
        Units of each level, shape (k,), at least two.
    """
    of_mean = variances / counts
    both = of_mean[..., :, None] + of_mean[..., None, :]
    below = of_mean**2 / (counts - 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        dof = both**2 / (below[..., :, None] + below[..., None, :])
    one_sided = 1 - (1 - level) / max(1, len(counts) - 1)
    widths = special.stdtrit(np.where(np.isfinite(dof), dof, 1.0), one_sided) * np.sqrt(both)
    return np.asarray((means[..., None, :] - means[..., :, None] <= widths).all(axis=-1))


def chances_of_best(means: Array, variances: Array, scale: float, dof: float) -> Array:
    """Probability for each level that it is the highest, given the data and no earlier knowledge.

    Parameters
    ----------
    means, variances
        Shape (k,): of the levels, and relative variances of the means.
    scale, dof
        Common standard deviation and its degrees of freedom.

    Returns
    -------
    Array
        Shape (k,), of sum one.
    """
    _check(means.size, variances)
    if scale == 0:
        best = means == means.max()
        return np.asarray(best / best.sum())
    ratios, weights = _scales(dof)
    sizes = scale / ratios[:, None] * np.sqrt(variances)
    found = np.empty(means.size)
    for number in range(means.size):
        others = np.arange(means.size) != number
        at = means[number] + sizes[:, None, number] * _PLACES
        pulls = (at[..., None] - means[others]) / sizes[:, None, others]
        found[number] = weights @ (special.ndtr(pulls).prod(axis=-1) @ _WEIGHTS)
    return np.asarray(found / found.sum())


def _check(count: int, variances: Array) -> None:
    if count < 2 or variances.shape != (count,) or not (np.isfinite(variances).all() and (variances > 0).all()):
        raise FitError(
            f"The best of levels needs two or more of them, each with a positive relative variance; found {count} levels "
            f"and variances of shape {variances.shape}."
        )


def pooled_scatter(values: Array, member: NDArray[np.int64]) -> tuple[Array, Array, float]:
    """Means of levels, shape (..., k), common standard deviation, shape (...), and its degrees of freedom.

    Parameters
    ----------
    values
        Shape (..., n).
    member
        Shape (n,): number of the level of each value, 0 to k - 1.
    """
    groups = np.eye(int(member.max()) + 1)[member]
    counts = groups.sum(axis=0)
    means = values @ groups / counts
    dof = float(values.shape[-1] - counts.size)
    squares = np.square(values - means[..., member]).sum(axis=-1)
    return means, np.sqrt(squares / dof) if dof > 0 else np.full(squares.shape, math.nan), dof


Scatter = Literal["pooled", "separate"]
