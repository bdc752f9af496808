"""Between which values does a parameter lie: by covariance, profile, bootstrap or sampling, behind one argument?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from interlith.errors import FitError
from interlith.numerics.fitting.parameters import Array
from interlith.numerics.fitting.profile import profile_ends
from interlith.numerics.fitting.resampling import corrected_percentiles, resampled
from interlith.numerics.fitting.result import Fit
from interlith.numerics.fitting.sampling import sampled

Method = Literal["covariance", "profile", "bootstrap", "sampling"]
METHODS = ("covariance", "profile", "bootstrap", "sampling")


@dataclass(frozen=True, slots=True)
class Intervals:
    """Intervals of k parameters of m members: `low`, `high` (as the parameters), shape (m, k), infinite where open.

    `notes` says for which members something must be known: a failed fit, a lower minimum met on the way.
    """

    names: tuple[str, ...]
    low: Array
    high: Array
    level: float
    method: str
    notes: tuple[str, ...] = ()


def intervals(
    found: Fit,
    names: Sequence[str] | None = None,
    *,
    method: Method = "covariance",
    level: float = 0.95,
    members: Sequence[int] | None = None,
    repeats: int = 400,
    seed: int = 20261127,
) -> Intervals:
    """Intervals of some parameters, all by default.

    Parameters
    ----------
    found
        A fit.
    names, members
        Which parameters of which members.
    method
        ``covariance``: symmetric, Student t where the scatter gave the size of the errors; a parameter at a bound gets its
        profile. ``profile``: how far a parameter can move, the others following. ``bootstrap``: data drawn anew.
        ``sampling``: draws from the likelihood (extra `sampling`).
    level
        Of the intervals.
    repeats
        Draws of the bootstrap; of the sampler ten times as many.
    seed
        Of the draws.

    Raises
    ------
    FitError
        If a name, member, level or method does not exist, or the method does not fit the problem.

    Notes
    -----
    Assumption that fails first: for ``covariance`` that the model is straight over the width of the interval. Then the
    profile is the cheaper and the surer remedy; a bootstrap is needed where the errors are not what they were said to be.

    References
    ----------
    Venzon and Moolgavkar 1988, 10.2307/2347496 (profile likelihood).
    """
    if not 0 < level < 1:
        raise FitError(f"level is {level}; write a probability such as 0.95.")
    if method not in METHODS:
        raise FitError(f"There is no method '{method}'; one of {', '.join(METHODS)}.")
    wanted = tuple(names) if names is not None else found.parameters.names
    places = np.array([found.parameters.index(name) for name in wanted], dtype=np.intp)
    rows = np.arange(len(found.values)) if members is None else np.asarray(members, dtype=np.intp)
    if rows.size and (rows.min() < 0 or rows.max() >= len(found.values)):
        raise FitError(f"The fit has {len(found.values)} members, counted from 0; asked for {int(rows.max())}.")
    low, high = np.full((len(rows), len(places)), -math.inf), np.full((len(rows), len(places)), math.inf)
    good = found.converged[rows]
    notes = [f"Member {row}: {found.reason(int(row))}" for row in rows[~good]]
    if good.any():
        ends = _by(found, rows[good], places, method, level, repeats, seed)
        low[good], high[good] = ends[0], ends[1]
        notes += ends[2]
    return Intervals(wanted, low, high, level, method, tuple(notes))


def _by(
    found: Fit, rows: NDArray[np.intp], places: NDArray[np.intp], method: Method, level: float, repeats: int, seed: int
) -> tuple[Array, Array, list[str]]:  # fmt: skip
    if method == "covariance":
        return _covariance(found, rows, places, level)
    if method == "profile":
        pairs = np.repeat(rows, len(places)), np.tile(places, len(rows))
        low, high, notes = _profile(found, *pairs, level)
        return low.reshape(len(rows), -1), high.reshape(len(rows), -1), notes
    if method == "bootstrap":
        drawn = resampled(found, rows, repeats=repeats, seed=seed)[:, :, places]
    else:
        drawn = np.stack([sampled(found, int(row), draws=10 * repeats, seed=seed) for row in rows])[:, :, places]
    low, high = np.empty((len(rows), len(places))), np.empty((len(rows), len(places)))
    for column in range(len(places)):
        if method == "bootstrap":
            ends = corrected_percentiles(drawn[:, :, column], found.values[rows, places[column]], level)
        else:
            both = np.quantile(drawn[:, :, column], [(1 - level) / 2, (1 + level) / 2], axis=1)
            ends = (both[0], both[1])
        low[:, column], high[:, column] = ends
    return low, high, []


def _quantiles(found: Fit, rows: NDArray[np.intp], level: float) -> Array:
    """Two-sided quantile of every member: Student t where the scatter gave the size of the errors, else normal."""
    from scipy import special  # a tenth of a second, and most fits ask for no intervals

    if found.basis.startswith("stated"):
        return np.full(len(rows), float(special.ndtri(0.5 + level / 2)))
    dof = np.maximum(found.dof[rows], 1e-9)
    if "series" in found.basis:
        dof = np.full(len(rows), found.dof.sum())
    return np.asarray(special.stdtrit(dof, 0.5 + level / 2))


def _covariance(
    found: Fit, rows: NDArray[np.intp], places: NDArray[np.intp], level: float
) -> tuple[Array, Array, list[str]]:  # fmt: skip
    half = _quantiles(found, rows, level)[:, None] * found.std[np.ix_(rows, places)]
    centre = found.values[np.ix_(rows, places)]
    low, high = centre - half, centre + half
    cornered = np.argwhere(found.side[np.ix_(rows, places)] != 0)
    notes: list[str] = []
    if cornered.size:
        ends = _profile(found, rows[cornered[:, 0]], places[cornered[:, 1]], level)
        low[tuple(cornered.T)], high[tuple(cornered.T)] = ends[0], ends[1]
        notes = ends[2]
    return low, high, notes


def _profile(
    found: Fit, rows: NDArray[np.intp], places: NDArray[np.intp], level: float
) -> tuple[Array, Array, list[str]]:  # fmt: skip
    if not (found.loss.quadratic or found.loss.likelihood):
        raise FitError(
            f"The {found.loss.name} loss is no likelihood, so its profile has no level; ask for method='covariance' or 'bootstrap'."
        )
    if "correlated" in found.basis:
        raise FitError("A profile takes the points as independent; ask for method='covariance' or 'bootstrap'.")
    factor = np.ones(len(rows))
    if "chi squared per" in found.basis:
        factor = found.reduced_cost[rows]
        if "series" in found.basis:
            factor = np.full(len(rows), float(found.cost.sum() / found.dof.sum()))
    rise = _quantiles(found, rows, level) ** 2 * factor
    ends = profile_ends(found, rows, places, rise)
    lower = np.unique(rows[ends.lower_cost < -0.01 * rise])
    notes = [f"Member {row}: a lower minimum was met while profiling; fit again with more attempts." for row in lower]
    return ends.low, ends.high, notes
