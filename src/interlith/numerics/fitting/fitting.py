"""One verb for every technique: fit a problem, one member or thousands, alone or coupled."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlith.errors import FitError
from interlith.numerics.fitting.concluding import conclude_members, conclude_series
from interlith.numerics.fitting.coupled import descend, series_of
from interlith.numerics.fitting.losses import Loss, loss_named
from interlith.numerics.fitting.parameters import Array
from interlith.numerics.fitting.problem import Members, Problem
from interlith.numerics.fitting.reduced import Reduced, reduced, starts_of, tied_outside, typical
from interlith.numerics.fitting.result import Errors, Fit
from interlith.numerics.fitting.solver import Settings, Status, Track, minimise

#: Spread of the first start drawn anew, as a share of the parameter (natural logarithm) or of its range; doubled each time.
_SPREAD = 0.2
#: From this attempt on a parameter with two bounds is drawn from its whole range.
_ANYWHERE = 3


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
    random = np.random.default_rng(seed)
    for attempt in range(1, attempts + retries):
        again = members if attempt < attempts else np.flatnonzero(_wanting(track, space, members))
        if not again.size:
            continue
        inner = _drawn(problem, space, first, again, attempt, random)
        _keep_better(track, again, minimise(problem, space, inner, again, chosen, limits))
        tries[again] += 1
    return conclude_members(problem, space, track, chosen, errors, tries)


def _wanting(track: Track, space: Reduced, members: Members) -> NDArray[np.bool_]:
    """Members that failed, or ended where the cost does not depend on a parameter that is free."""
    diagonal = np.einsum("bii->bi", track.normal.hessian)
    free = ~space.held[members]
    largest = np.where(free, diagonal, 0.0)
    scaled = largest * np.square(typical(space, track.inner))
    flat = free & (scaled <= 1e-18 * scaled.max(axis=1, keepdims=True))
    return np.asarray((track.status != Status.CONVERGED) | flat.any(axis=1))


def _drawn(
    problem: Problem, space: Reduced, first: Array, again: Members, attempt: int, random: np.random.Generator
) -> Array:  # fmt: skip
    """Other starts: the problem's own guess, else the first ones times factors that grow from attempt to attempt."""
    guess = getattr(problem, "guess", None)
    if guess is not None:
        inner = np.asarray(guess(again, attempt, random), dtype=np.float64)[:, list(space.parameters.independent)]
    else:
        spread = _SPREAD * 2.0 ** (attempt - 1)
        low, high = space.low[again], space.high[again]
        closed = np.isfinite(low) & np.isfinite(high)
        width = np.where(closed, high - low, 0.0)
        random_numbers = random.standard_normal((len(again), first.shape[1]))
        begun, size = first[again], typical(space, first)[again]
        free = np.where(begun == 0, size * spread * random_numbers, begun * np.exp(spread * random_numbers))
        within = (
            np.where(closed, low, 0.0) + width * random.random(free.shape)
            if attempt >= _ANYWHERE
            else begun + spread * width * random_numbers
        )
        inner = np.where(closed, within, free)
    inner = np.where(np.isfinite(inner), inner, first[again])
    return np.where(space.held[again], first[again], np.clip(inner, space.low[again], space.high[again]))


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
    random, used = np.random.default_rng(seed), 1
    for attempt in range(1, tries):
        if (best.status != Status.STEP_LIMIT).all() and (best.status != Status.STUCK).all():
            break
        again = np.arange(problem.members)
        drawn = _drawn(problem, space, inner, again, attempt, random)
        drawn[:, space.shared] = drawn[:1, space.shared]
        other, cost = descend(series, drawn, settings)
        used += 1
        if cost < lowest:
            best, lowest = other, cost
    return conclude_series(series, best, lowest, errors, used)
