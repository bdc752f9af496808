"""One verb for every technique: fit a problem, one member or thousands, alone or coupled."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlith.errors import FitError
from interlith.numerics.fitting.concluding import conclude_members, conclude_series
from interlith.numerics.fitting.coupled import descend, series_of
from interlith.numerics.fitting.covariance import at_bounds, certainty
from interlith.numerics.fitting.losses import Loss, loss_named
from interlith.numerics.fitting.parameters import Array
from interlith.numerics.fitting.problem import Members, Normal, Problem
from interlith.numerics.fitting.reduced import Reduced, reduced, starts_of, tied_outside, typical
from interlith.numerics.fitting.result import Errors, Fit
from interlith.numerics.fitting.solver import Settings, Status, Track, minimise, with_linear_solved

#: Spreads of starts drawn anew, as a share of the range or, without one, in natural logarithms; one for each parameter, so
#: that a good start of one survives a bad one of another.
_SPREADS = (0.1, 0.4, 0.8, 1.6, 3.2)
#: Starts that are drawn and looked at for each one that is followed.
_CANDIDATES = 20


def fit(
    problem: Problem,
    *,
    start: ArrayLike | None = None,
    loss: str | Loss = "linear",
    errors: Errors = "auto",
    attempts: int = 1,
    retries: int = 2,
    seed: int = 20261127,
    settings: Settings | None = None,
) -> Fit:
    """Fit every member of a problem.

    Parameters
    ----------
    problem
        `Curves`, or any object that supplies normal equations (`Problem`).
    start
        (as the parameters), shape (m, p) or (p,), instead of the starts of the parameters.
    loss
        ``linear`` (least squares), ``soft_l1``, ``student_t``, ``poisson``, or an object with `terms`.
    errors
        ``stated``: the covariance takes the standard uncertainties at their word. ``scaled``: it is multiplied by the cost
        per degree of freedom. ``correlated``: as scaled by the residuals themselves, neighbours being allowed to share
        their errors. ``auto``: stated where they are given or the loss is a likelihood, else scaled.
    attempts
        Starts of every member: the first is the given one, others come from the problem's `guess` or are drawn about it. The lowest
        cost is kept.
    retries
        Further starts for members that failed or ended where the data do not fix a parameter.
    seed
        Of the drawn starts.
    settings
        When to stop.

    Returns
    -------
    Fit
        Failures are entries of it: status, reason and remedy of each member; nothing is raised for them.

    Raises
    ------
    FitError
        If the problem itself is wrong: no start, shapes that do not fit, a tied parameter that starts outside its bounds.

    Notes
    -----
    Levenberg-Marquardt with the bounds inside the step; members stop by themselves. Parameters that are shared or smooth
    couple the members: then one step is found for all by Schur complement, without a dense matrix of the series. The
    assumption that fails first: that the lowest minimum found is the lowest there is. `attempts` is the remedy.

    References
    ----------
    Moré 1978, 10.1007/BFb0067700. Golub and Pereyra 2003, 10.1088/0266-5611/19/2/201 (linear parameters).
    """
    chosen, space = loss_named(loss), reduced(problem)
    limits = settings or Settings()
    given = None if start is None else np.asarray(start, dtype=np.float64)
    first = starts_of(problem, space, given)
    name = tied_outside(space, first)
    if name is not None:
        raise FitError(f"'{name}' follows from other parameters and starts outside its bounds; move their starts.")
    if space.shared.any() or np.isfinite(problem.parameters.smoothness()).any():
        return _coupled(problem, space, first, chosen, limits, errors, attempts + retries, seed)
    members = np.arange(problem.members)
    track = minimise(problem, space, first, members, chosen, limits)
    tries = np.ones(problem.members, dtype=np.intp)
    for attempt in range(1, attempts + retries):
        again = members if attempt < attempts else np.flatnonzero(_wanting(problem, space, track, chosen))
        if not again.size:
            continue
        inner = _drawn(problem, space, first, again, attempt, seed, chosen)
        _keep_better(track, again, minimise(problem, space, inner, again, chosen, limits))
        tries[again] += 1
    return conclude_members(problem, space, track, chosen, errors, tries)


def _wanting(problem: Problem, space: Reduced, track: Track, loss: Loss) -> NDArray[np.bool_]:
    """Members that failed, or ended where the data do not fix a parameter, shape (m,)."""
    every = np.arange(problem.members)
    still = space.held | (at_bounds(space, track.inner, every, track.normal) != 0)
    loose = np.zeros(len(every), dtype=np.bool_)
    good = np.flatnonzero(track.status == Status.CONVERGED)
    if good.size:
        part = Normal(*(piece[good] for piece in track.normal))
        loose[good] = certainty(problem, space, track.inner[good], good, part, still[good], loss).loose.any(axis=1)
    return np.asarray((track.status != Status.CONVERGED) | loose)


def _drawn(
    problem: Problem, space: Reduced, first: Array, again: Members, attempt: int, seed: int, loss: Loss
) -> Array:  # fmt: skip
    """Other starts: of some drawn for every member the one of lowest cost, linear parameters solved for.

    Drawn for all members whichever are asked for, so that the start of one never depends on how its neighbours fared.
    """
    random = np.random.default_rng((seed, attempt))
    best, lowest = first[again].copy(), np.full(len(again), np.inf)
    for candidate in range(_CANDIDATES):
        inner = _candidates(problem, space, first, attempt, candidate, random)[again]
        inner = with_linear_solved(problem, space, inner, again, loss)
        cost = space.normal(problem, inner, again, loss).cost
        lower = cost < lowest
        best[lower], lowest[lower] = inner[lower], cost[lower]
    return best


def _candidates(
    problem: Problem, space: Reduced, first: Array, attempt: int, candidate: int, random: np.random.Generator
) -> Array:  # fmt: skip
    """A start for every member: the problem's own guess, else near the first one or, where bounds allow, anywhere."""
    guess = getattr(problem, "guess", None)
    if guess is not None:
        every = np.arange(problem.members)
        inner = np.asarray(guess(every, attempt, random), dtype=np.float64)[:, list(space.parameters.independent)]
    else:
        spread = random.choice(_SPREADS, first.shape)
        closed = np.isfinite(space.low) & np.isfinite(space.high)
        low, width = np.where(closed, space.low, 0.0), np.where(closed, space.high - space.low, 0.0)
        normal, uniform = random.standard_normal(first.shape), random.random(first.shape)
        free = np.where(first == 0, typical(space, first) * spread * normal, first * np.exp(spread * normal))
        within = low + width * uniform if candidate % 2 else first + spread * width * normal
        inner = np.where(closed, within, free)
    inner = np.where(np.isfinite(inner), inner, first)
    return _within_ties(space, first, np.where(space.held, first, np.clip(inner, space.low, space.high)))


def _within_ties(space: Reduced, first: Array, inner: Array) -> Array:
    """Starts moved back towards the first ones until no tied parameter is outside its bounds."""
    if not space.rows.size:
        return inner
    begun, change = first @ space.rows.T, (inner - first) @ space.rows.T
    with np.errstate(divide="ignore", invalid="ignore"):
        room = np.where(change > 0, space.row_high - begun, space.row_low - begun) / change
    share = np.clip(np.where(change == 0, 1.0, room), 0.0, 1.0).min(axis=1, initial=1.0)
    return np.asarray(first + share[:, None] * (inner - first))


def _keep_better(track: Track, again: Members, other: Track) -> None:
    """Take the lower cost; a start that did not converge never replaces one that did unless it is clearly lower."""
    before, after = track.normal.cost[again], other.normal.cost
    good_before, good_after = track.status[again] == Status.CONVERGED, other.status == Status.CONVERGED
    lower = np.isfinite(after) & (after < before * (1 - 1e-9))
    better = (
        (good_after & lower) | (~good_before & good_after & (after <= before * (1 + 1e-9))) | (~good_before & lower)
    )
    rows = again[better]
    track.inner[rows] = other.inner[better]
    for mine, theirs in zip(track.normal, other.normal, strict=True):
        mine[rows] = theirs[better]
    track.status[rows] = other.status[better]
    track.steps[again] += other.steps


def _coupled(
    problem: Problem, space: Reduced, first: Array, loss: Loss, settings: Settings, errors: Errors, tries: int, seed: int
) -> Fit:  # fmt: skip
    """The whole series at once; other starts only where the first did not converge."""
    series, inner = series_of(problem, space, first, loss)
    best, lowest = descend(series, inner, settings)
    used = 1
    for attempt in range(1, tries):
        if (best.status != Status.STEP_LIMIT).all() and (best.status != Status.STUCK).all():
            break
        drawn = _drawn(problem, space, inner, np.arange(problem.members), attempt, seed, loss)
        drawn[:, space.shared] = drawn[:1, space.shared]
        other, cost = descend(series, drawn, settings)
        used += 1
        if cost < lowest:
            best, lowest = other, cost
    return conclude_series(series, best, lowest, errors, used)
