"""Where is the cost lowest, for many independent members of one model at once?

Levenberg-Marquardt with the bounds inside the step. Every member has its own damping and stops by itself; those still
moving are gathered, so that a few hard members do not hold up thousands of easy ones.

References
----------
Moré 1978, 10.1007/BFb0067700 (scaling by the largest diagonal seen). Nielsen 1999, IMM-REP-1999-05 (damping).
Ruhe and Wedin 1980, 10.1137/1022057 (linear parameters undamped: variable projection after Kaufman).
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from interlith.numerics.fitting.damped import RIDGE, promised, qr_pays, step_from_normal, step_from_qr
from interlith.numerics.fitting.losses import Loss
from interlith.numerics.fitting.parameters import Array
from interlith.numerics.fitting.problem import Curves, Members, Normal, Problem
from interlith.numerics.fitting.reduced import Reduced
from interlith.numerics.fitting.steps import Box

_FIRST_DAMPING = 1e-3
_LEAST_DAMPING = 1e-14
_MOST_DAMPING = 1e16
_FEW = 20


class Status(enum.IntEnum):
    """How the fit of one member ended."""

    CONVERGED = 0
    STEP_LIMIT = 1
    STUCK = 2
    IMPOSSIBLE_START = 3


@dataclass(frozen=True, slots=True)
class Settings:
    """When to stop.

    Parameters
    ----------
    tolerance
        A member has converged when the undamped step still to go is at most this share of a standard uncertainty.
    most_steps
        Most evaluations of a member; by default 500 for up to twenty members and 100 for more, so that a few that run away
        do not cost more than all others together.
    """

    tolerance: float = 1e-7
    most_steps: int | None = None

    def limit(self, members: int) -> int:
        """Most evaluations where so many members are fitted at once."""
        return self.most_steps or (500 if members <= _FEW else 100)


@dataclass(slots=True)
class Track:
    """Where every member stands, in independent parameters; arrays over members."""

    inner: Array
    normal: Normal
    status: NDArray[np.int8]
    steps: NDArray[np.intp]


def minimise(problem: Problem, space: Reduced, inner: Array, which: Members, loss: Loss, settings: Settings) -> Track:
    """Lowest cost reached from each start.

    Parameters
    ----------
    inner
        Independent starts, shape (b, q), inside the bounds.
    which
        Member of every start, shape (b,); a member may be started several times.
    """
    inner = with_linear_solved(problem, space, inner, which, loss)
    normal = space.normal(problem, inner, which, loss)
    count = len(which)
    track = Track(inner.copy(), normal, np.full(count, Status.STEP_LIMIT, dtype=np.int8), np.ones(count, dtype=np.intp))
    possible = _usable(normal)
    track.status[~possible] = Status.IMPOSSIBLE_START
    left = np.flatnonzero(possible)
    damping, raising = np.full(count, _FIRST_DAMPING), np.full(count, 2.0)
    largest = np.einsum("bii->bi", normal.hessian).copy()
    power = _power(problem, which)
    dof = np.maximum(problem.points[which] - inner.shape[1], 1)
    before = np.zeros(count)
    for _ in range(settings.limit(count)):
        if not left.size:
            break
        step, hoped, remaining = _step(problem, space, track, left, which, damping, largest, loss)
        cost = track.normal.cost[left]
        trial = with_linear_solved(problem, space, track.inner[left] + step, which[left], loss)
        found = space.normal(problem, trial, which[left], loss)
        track.steps[left] += 1
        gain = cost - found.cost
        noise = np.maximum(1e-13 * cost, 4 * np.finfo(float).eps * np.sqrt(cost * power[left]))
        # Remaining decrement against the variance of the residuals: the share of a standard uncertainty still to go.
        variance = np.minimum(cost, found.cost) / dof[left] if not loss.likelihood else np.ones(len(left))
        # What is left after this step shrinks once more by the rate of the step before it.
        rate = np.divide(
            remaining, before[left], out=np.ones(len(left)), where=before[left] > np.maximum(remaining, 0.0)
        )
        small = remaining * rate <= settings.tolerance**2 * np.maximum(variance, np.finfo(float).tiny)
        before[left] = np.where(damping[left] <= 1e-2, remaining, 0.0)
        taken = _usable(found) & ((gain > 0) | (np.abs(gain) <= noise))
        ratio = np.where(hoped > 0, np.where(np.isfinite(gain), gain, -1.0) / np.maximum(hoped, 1e-300), 0.0)
        _accept(track, left[taken], trial[taken], found, taken)
        largest[left] = np.maximum(largest[left], np.einsum("bii->bi", track.normal.hessian[left]))
        damping[left], raising[left] = _damped(damping[left], raising[left], ratio, taken & (ratio > 1e-4))
        flat = taken & (hoped <= 0.01 * noise) & (np.abs(gain) <= noise) & (damping[left] <= 1.0)
        stuck = damping[left] > _MOST_DAMPING
        done = (small & (taken | (hoped <= noise))) | flat | (cost == 0) | (stuck & (hoped <= noise))
        track.status[left[done]] = Status.CONVERGED
        track.status[left[stuck & ~done]] = Status.STUCK
        left = left[~done & ~stuck]
    return track


def _usable(normal: Normal) -> NDArray[np.bool_]:
    """Where cost, gradient and hessian are finite numbers, shape (b,)."""
    finite = np.isfinite(normal.cost) & np.isfinite(normal.gradient).all(axis=1)
    return np.asarray(finite & np.isfinite(normal.hessian).all(axis=(1, 2)))


def _power(problem: Problem, which: Members) -> Array:
    """Cost of the data against zero, shape (b,): beside it, a change of cost drowns in rounding."""
    if not isinstance(problem, Curves):
        return np.zeros(len(which))
    std = 1.0 if problem.std is None else problem.std
    return np.asarray(np.square(problem.observed / std).sum(axis=1)[which])


def _accept(track: Track, members: Members, trial: Array, found: Normal, taken: NDArray[np.bool_]) -> None:
    track.inner[members] = trial
    track.normal.cost[members] = found.cost[taken]
    track.normal.gradient[members] = found.gradient[taken]
    track.normal.hessian[members] = found.hessian[taken]


def _damped(damping: Array, raising: Array, ratio: Array, good: NDArray[np.bool_]) -> tuple[Array, Array]:
    lower = np.maximum(0.1, 1.0 - (2.0 * np.clip(ratio, -1.0, 2.0) - 1.0) ** 3)
    after = np.where(good, damping * lower, damping * raising)
    return np.maximum(after, _LEAST_DAMPING), np.where(good, 2.0, raising * 2.0)


def _step(
    problem: Problem, space: Reduced, track: Track, left: Members, which: Members, damping: Array, largest: Array,
    loss: Loss,
) -> tuple[Array, Array, Array]:  # fmt: skip
    """Damped step, the decrease it promises, and the decrease that an undamped step would promise."""
    normal = Normal(*(part[left] for part in track.normal))
    scale = np.where(largest[left] > 0, largest[left], 1.0)
    box = space.box(track.inner[left], which[left])
    extra = np.where(space.linear, RIDGE, damping[left, None]) * scale
    if qr_pays(problem, len(left)) and isinstance(problem, Curves):
        step, sound = step_from_qr(problem, space, track.inner[left], which[left], extra, scale, box, loss)
    else:
        step, sound = np.zeros_like(extra), np.zeros(len(left), dtype=np.bool_)
    if not sound.all():
        rest = np.flatnonzero(~sound)
        part = Normal(*(piece[rest] for piece in normal))
        step[rest] = step_from_normal(part, extra[rest], scale[rest], box.of(rest))
    gained = promised(normal, step)
    remaining = gained.copy()
    loose = damping[left] > 1e-2
    if loose.any():
        part = Normal(*(piece[loose] for piece in normal))
        free = step_from_normal(part, 1e-12 * scale[loose], scale[loose], box.of(loose))
        remaining[loose] = np.maximum(promised(part, free), gained[loose])
    return step, gained, remaining


def with_linear_solved(problem: Problem, space: Reduced, inner: Array, which: Members, loss: Loss) -> Array:
    """The same starts with the linear parameters at the lowest cost for the others."""
    if not space.linear.any():
        return inner
    for _ in range(1 if loss.quadratic else 3):
        normal = space.normal(problem, inner, which, loss)
        scale = np.einsum("bii->bi", normal.hessian)
        scale = np.where(scale > 0, scale, 1.0)
        box = space.box(inner, which)
        held = Box(box.low, box.high, box.held | ~space.linear, box.rows, box.row_low, box.row_high)
        moved = inner + step_from_normal(normal, RIDGE * scale, scale, held)
        if not np.isfinite(moved).all():
            return inner
        inner = moved
    return inner
