"""How would the parameters scatter if the experiment were repeated?"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from interlith.errors import FitError
from interlith.numerics.fitting.fitting import fit as solve
from interlith.numerics.fitting.parameters import Array
from interlith.numerics.fitting.problem import Curves
from interlith.numerics.fitting.result import Fit

#: Members times repeats that are fitted in one batch.
_BATCH = 4_000


def resampled(found: Fit, members: NDArray[np.intp], *, repeats: int, seed: int) -> Array:
    """Parameters fitted to data drawn anew about the fit, shape (k, repeats, p); nan where such a fit failed.

    Parameters
    ----------
    members
        Shape (k,).
    repeats
        Draws of each.

    Raises
    ------
    FitError
        If the problem keeps its data to itself, or its members are coupled.

    Notes
    -----
    Counts are drawn from the Poisson law of the model; stated errors from normal ones of that size. Where the errors are
    known from the scatter only, the residuals themselves are drawn, in runs of neighbours if they are correlated, with the
    degrees of freedom given back. Assumption that fails first: that residuals over their standard uncertainty may be exchanged.

    References
    ----------
    Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapters 9 and 14. Künsch 1989, 10.1214/aos/1176347265.
    """
    problem = found.problem
    if not isinstance(problem, Curves):
        raise FitError("A bootstrap needs `Curves`; ask for method='covariance' for a problem of normal equations.")
    if found.parameters.flags("shared").any() or np.isfinite(found.parameters.smoothness()).any():
        raise FitError(
            "Members that share parameters are not resampled one by one; ask for method='profile' or 'covariance'."
        )
    random = np.random.default_rng(seed)
    drawn = np.full((len(members), repeats, len(found.parameters)), math.nan)
    each = max(1, _BATCH // max(len(members), 1))
    for first in range(0, repeats, each):
        count = min(each, repeats - first)
        base = np.repeat(members, count)
        data = _drawn_data(found, problem, base, random)
        parameters = found.parameters.repeated(base, problem.members, found.values[base], {})
        again = solve(problem.repeated(base, parameters, observed=data), loss=found.loss, retries=0)
        values = np.where(again.converged[:, None], again.values, math.nan)
        drawn[:, first : first + count] = values.reshape(len(members), count, -1)
    return drawn


def _drawn_data(found: Fit, problem: Curves, base: NDArray[np.intp], random: np.random.Generator) -> Array:
    model, _ = problem.evaluate(found.values[base], base)
    if found.loss.likelihood:
        return random.poisson(np.maximum(model, 0.0)).astype(np.float64)
    std = np.ones((1, 1)) if problem.std is None else problem.std[base]
    if found.basis.startswith("stated"):
        return np.asarray(model + std * random.standard_normal(model.shape))
    residual = problem.residuals(found.values[base], base)
    points = problem.points[base].astype(np.float64)
    inflation = np.sqrt(np.divide(points, found.dof[base], out=np.ones_like(points), where=found.dof[base] > 0))
    run = 1 if "correlated" not in found.basis else max(2, round(2.0 * float(points.mean()) ** (1 / 3)))
    return np.asarray(model + std * inflation[:, None] * _shuffled(residual, run, random))


def _shuffled(residual: Array, run: int, random: np.random.Generator) -> Array:
    """Residuals (b, n) drawn with replacement, `run` neighbours at a time, centred; nan keeps its places."""
    drawn = np.zeros_like(residual)
    for row, errors in enumerate(residual):
        used = np.flatnonzero(np.isfinite(errors))
        kept = errors[used] - errors[used].mean()
        starts = random.integers(0, len(used), math.ceil(len(used) / run))
        order = (starts[:, None] + np.arange(run)[None, :]).ravel()[: len(used)] % len(used)
        drawn[row, used] = kept[order]
    return drawn


def corrected_percentiles(drawn: Array, value: Array, level: float) -> tuple[Array, Array]:
    """Bias-corrected percentile interval of draws (k, repeats) about the values (k,).

    References
    ----------
    Efron 1981, 10.2307/3314608.
    """
    from scipy import special

    low, high = np.full(len(value), math.nan), np.full(len(value), math.nan)
    edge = special.ndtri(0.5 + level / 2)
    for row, centre in enumerate(value):
        kept = drawn[row][np.isfinite(drawn[row])]
        if kept.size < 40:
            low[row], high[row] = -math.inf, math.inf
            continue
        below = np.clip((np.sum(kept < centre) + 0.5 * np.sum(kept == centre)) / kept.size, 0.01, 0.99)
        shift = 2 * special.ndtri(below)
        low[row], high[row] = np.quantile(kept, special.ndtr([shift - edge, shift + edge]))
    return low, high
