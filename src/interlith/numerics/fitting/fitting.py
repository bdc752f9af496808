"""One verb for every technique: fit a problem, one member or thousands, alone or coupled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from interlith.errors import FitError
from interlith.numerics.fitting.concluding import conclude_members, conclude_series, judged
from interlith.numerics.fitting.coupled import descend, series_of
from interlith.numerics.fitting.losses import Loss, loss_named
from interlith.numerics.fitting.parameters import Array
from interlith.numerics.fitting.problem import Members, Problem
from interlith.numerics.fitting.reduced import Reduced, reduced, starts_of, tied_outside, typical
from interlith.numerics.fitting.result import Errors, Fit
from interlith.numerics.fitting.solver import Settings, Status, Track, minimise, with_linear_solved

#: Spreads of starts drawn anew, as a share of the range or, without one, in natural logarithms; one for each parameter, so
#: that a good start of one survives a bad one of another.
_SPREADS = (0.1, 0.4, 0.8, 1.6, 3.2)
#: Starts that are drawn and looked at for each one that is followed: for an attempt of all members, for a retry of a few.
_FOR_ATTEMPT, _FOR_RETRY = 8, 40


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
        Starts of every member, the given one and others from the problem's `guess` or drawn about it; the best is kept.
    retries, seed
        Further starts for members that failed or ended where the data do not fix a parameter; seed of the drawn starts.
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
    first = starts_of(problem, space, None if start is None else np.asarray(start, dtype=np.float64))
    name = tied_outside(space, first)
    if name is not None:
        raise FitError(f"'{name}' follows from other parameters and starts outside its bounds; move their starts.")
    if space.shared.any() or np.isfinite(problem.parameters.smoothness()).any():
        return _coupled(problem, space, first, chosen, limits, errors, attempts + retries, seed)
    return _apart(problem, space, first, chosen, limits, errors, (attempts, retries, seed))


def _apart(
    problem: Problem, space: Reduced, first: Array, chosen: Loss, limits: Settings, errors: Errors,
    again: tuple[int, int, int],
) -> Fit:  # fmt: skip
    """Members one by one; `again` holds attempts, retries and the seed of their starts."""
    attempts, retries, seed = again
    members = np.arange(problem.members)
    track = minimise(problem, space, first, members, chosen, limits)
    tries = np.ones(problem.members, dtype=np.intp)
    for attempt in range(1, attempts):
        inner = _drawn(problem, space, first, members, chosen, _FOR_ATTEMPT, (seed, attempt))
        _keep_better(track, members, minimise(problem, space, inner, members, chosen, limits))
        tries += 1
    ends = judged(problem, space, track, members, chosen)
    wanting = np.flatnonzero((track.status != Status.CONVERGED) | ends.found.loose.any(axis=1))
    if wanting.size and retries:
        numbers = range(attempts, attempts + retries)
        _retry(problem, space, track, first, wanting, chosen, limits, [(seed, number) for number in numbers])
        tries[wanting] += retries
        ends.replace(wanting, judged(problem, space, track, wanting, chosen))
    return conclude_members(problem, space, track, ends, chosen, errors, tries)


def _retry(
    problem: Problem, space: Reduced, track: Track, first: Array, again: Members, loss: Loss, settings: Settings,
    keys: Sequence[tuple[int, int]],
) -> None:  # fmt: skip
    """Some members followed on from where they stopped and from further starts, all at once: that costs little more than one."""
    starts = [track.inner[again], *(_drawn(problem, space, first, again, loss, _FOR_RETRY, key) for key in keys)]
    limits = replace(settings, most_steps=settings.for_stragglers(track.steps))
    found = minimise(problem, space, np.concatenate(starts), np.tile(again, len(starts)), loss, limits)
    for number in range(len(starts)):
        _keep_better(track, again, found.part(slice(number * again.size, (number + 1) * again.size)))


def _drawn(
    problem: Problem, space: Reduced, first: Array, again: Members, loss: Loss, candidates: int, key: tuple[int, int]
) -> Array:  # fmt: skip
    """Other starts: of some candidates for every member the one of lowest cost, linear parameters solved for.

    `key` is the seed and the attempt. What is drawn for a member never depends on how its neighbours fared.
    """
    guess = getattr(problem, "guess", None)
    if guess is None:
        drawn = _near(space, first, again, candidates, key)
    else:
        every, random = np.arange(problem.members), np.random.default_rng(key)
        independent = list(space.parameters.independent)
        tables = [np.asarray(guess(every, key[1], random), dtype=np.float64)[again] for _ in range(candidates)]
        drawn = np.stack(tables)[:, :, independent]
    begun, low, high = first[again], space.low[again], space.high[again]
    best, lowest = begun.copy(), np.full(len(again), np.inf)
    for table in drawn:
        inner = np.where(np.isfinite(table), table, begun)
        inner = np.where(space.held[again], begun, np.clip(inner, low, high))
        inner = _within_ties(space, begun, inner, again)
        inner = with_linear_solved(problem, space, inner, again, loss)
        cost = space.normal(problem, inner, again, loss).cost
        lower = cost < lowest
        best[lower], lowest[lower] = inner[lower], cost[lower]
    return best


def _near(space: Reduced, first: Array, again: Members, candidates: int, key: tuple[int, int]) -> Array:
    """Candidates near the first starts of some members or, where bounds allow, anywhere, shape (candidates, b, q)."""
    shape = (candidates, first.shape[1])
    drawn = np.empty((3, len(again), *shape))
    for row, member in enumerate(again):
        random = np.random.default_rng((*key, int(member)))
        spread = np.asarray(_SPREADS)[random.integers(len(_SPREADS), size=shape)]
        drawn[:, row] = spread, random.standard_normal(shape), random.random(shape)
    spread, normal, uniform = drawn.transpose(0, 2, 1, 3)
    begun, low, high = first[again], space.low[again], space.high[again]
    closed = np.isfinite(low) & np.isfinite(high)
    bottom, width = np.where(closed, low, 0.0), np.where(closed, high - low, 0.0)
    free = np.where(begun == 0, typical(space, begun) * spread * normal, begun * np.exp(spread * normal))
    anywhere = (np.arange(candidates) % 2 == 1)[:, None, None]
    within = np.where(anywhere, bottom + width * uniform, begun + spread * width * normal)
    return np.where(closed, within, free)


def _within_ties(space: Reduced, first: Array, inner: Array, which: Members) -> Array:
    """Starts moved back towards the first ones until no tied parameter is outside its bounds."""
    if not space.rows.size:
        return inner
    begun, change = first @ space.rows.T, (inner - first) @ space.rows.T
    with np.errstate(divide="ignore", invalid="ignore"):
        room = np.where(change > 0, space.row_high[which] - begun, space.row_low[which] - begun) / change
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
        drawn = _drawn(problem, space, inner, np.arange(problem.members), loss, _FOR_RETRY, (seed, attempt))
        drawn[:, space.shared] = drawn[:1, space.shared]
        other, cost = descend(series, drawn, settings)
        used += 1
        if cost < lowest:
            best, lowest = other, cost
    return conclude_series(series, best, lowest, errors, used)
