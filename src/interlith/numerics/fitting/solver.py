"""Where is the cost lowest, for many independent members of one model at once?

Levenberg-Marquardt with the bounds inside the step. Every member has its own region of trust and stops by itself; those still
moving are gathered, so that a few hard members do not hold up thousands of easy ones.

References
----------
Moré 1978, 10.1007/BFb0067700 (scaling by the largest diagonal seen, radius).
Ruhe and Wedin 1980, 10.1137/1022057 (linear parameters undamped: variable projection after Kaufman).
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from interlith.numerics.fitting.damped import RIDGE, Equations, promised, step_from_normal, with_bends
from interlith.numerics.fitting.losses import Loss
from interlith.numerics.fitting.parameters import Array
from interlith.numerics.fitting.problem import Curves, Members, Normal, Problem
from interlith.numerics.fitting.reduced import Reduced
from interlith.numerics.fitting.region import Region
from interlith.numerics.fitting.steps import Box

#: So many first steps go this share of the way to a bound at most, while more than a variance is to be gained: a peak that the
#: first step throws onto its bound (height or width of nothing) does not come back by itself.
_WARY, _SHARE = 6, 0.3
#: Steps in vain in a row after which none will do; each refusal makes the region at least twice as small.
_MOST_IN_VAIN = 40
#: Steps in a row that a member may gain next to nothing in.
_STALLED = 3
#: Decrease still promised, in variances, that a member may be left with if no step does: a hundredth of a standard uncertainty.
_NEAR = 1e-4
_EPSILON = float(np.finfo(float).eps)
#: Evaluations by default; up to how many members are no crowd; least evaluations of stragglers, and which share they are.
_MOST_STEPS, _FEW, _PATIENCE, _LAST = 1000, 20, 40, 0.02


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
        Most evaluations of a member; by default 1000. Of a crowd (more than twenty members) the last two in a hundred get
        four times the median of all, at least 40: a few that run away must not cost more than all others together.
    stall
        A member has also converged when three steps together gained less than this, in variances: where two parameters hardly
        differ the way to the end is long and no number changes on it. 0 for never.
    """

    tolerance: float = 1e-7
    most_steps: int | None = None
    stall: float = 0.0

    def limit(self) -> int:
        """Most evaluations of a member."""
        return self.most_steps or _MOST_STEPS

    def for_stragglers(self, steps: NDArray[np.intp]) -> int:
        """Most evaluations of the last members of a crowd whose members took so many, shape (m,)."""
        if self.most_steps is not None or len(steps) <= _FEW:
            return self.limit()
        return min(self.limit(), max(_PATIENCE, int(4 * np.median(steps))))


@dataclass(slots=True)
class Track:
    """Where every member stands, in independent parameters; arrays over members. `bends`: how the model bends there, if it is known."""

    inner: Array
    normal: Normal
    status: NDArray[np.int8]
    steps: NDArray[np.intp]
    bends: Array | None = None

    def part(self, rows: slice) -> Track:
        """Some of the members."""
        normal = Normal(*(piece[rows] for piece in self.normal))
        bends = None if self.bends is None else self.bends[rows]
        return Track(self.inner[rows], normal, self.status[rows], self.steps[rows], bends)


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
    track = Track(
        inner.copy(), normal, np.full(count, Status.STEP_LIMIT, dtype=np.int8), np.ones(count, dtype=np.intp),
        space.bends(problem, inner, which),
    )  # fmt: skip
    possible = _usable(normal)
    track.status[~possible] = Status.IMPOSSIBLE_START
    left = np.flatnonzero(possible)
    largest = np.einsum("bii->bi", normal.hessian).copy()
    region = Region.about(inner, largest, space.linear)
    power = _power(problem, which)
    dof = np.maximum(problem.points[which] - inner.shape[1], 1)
    before, far = np.zeros(count), np.ones(count, dtype=np.bool_)
    gains = np.full((count, _STALLED), np.inf)
    for round_ in range(settings.limit()):
        if not left.size or (left.size <= _LAST * count and round_ >= settings.for_stragglers(track.steps)):
            break
        wary = far[left] & (round_ < _WARY)
        equations = _equations(problem, space, track, left, which, largest, wary, loss)
        now = equations.normal
        step, whole = region.step(left, equations)
        remaining = promised(now, whole)
        hoped = remaining if step is whole else promised(now, step)
        cost = now.cost
        trial = with_linear_solved(problem, space, track.inner[left] + step, which[left], loss)
        found = space.normal(problem, trial, which[left], loss)
        track.steps[left] += 1
        gain = cost - found.cost
        noise = np.maximum(1e-13 * cost, 4 * _EPSILON * np.sqrt(cost * power[left]))
        # Remaining decrement against the variance of the residuals: the share of a standard uncertainty still to go.
        variance = np.minimum(cost, found.cost) / dof[left] if not loss.likelihood else np.ones(len(left))
        # What is left after this step shrinks once more by the rate of the step before it.
        rate = np.divide(
            remaining, before[left], out=np.ones(len(left)), where=before[left] > np.maximum(remaining, 0.0)
        )
        small = remaining * rate <= settings.tolerance**2 * np.maximum(variance, np.finfo(float).tiny)
        # What is left within a part of the way to a bound says nothing of the whole way.
        small &= ~wary
        full = region.damping[left] == 0
        before[left], far[left] = np.where(full, remaining, 0.0), remaining > variance
        taken = _usable(found) & ((gain > 0) | (np.abs(gain) <= noise))
        slope = np.einsum("bi,bi->b", now.gradient, step)
        region.adapt(left, gain, hoped, slope, noise, first=round_ == 0)
        _accept(track, left[taken], trial[taken], found, taken)
        if track.bends is not None and taken.any():
            track.bends[left[taken]] = space.bends(problem, trial[taken], which[left[taken]])
        largest[left] = np.maximum(largest[left], np.einsum("bii->bi", track.normal.hessian[left]))
        flat = taken & (hoped <= 0.01 * noise) & (np.abs(gain) <= noise) & full
        stuck = region.vain[left] > _MOST_IN_VAIN
        gains[left] = np.column_stack([gains[left, 1:], np.where(taken, gain, 0.0)])
        stalled = taken & ~wary & (settings.stall > 0) & (gains[left].sum(axis=1) < settings.stall * variance)
        ended = small & (taken | (hoped <= noise))
        done = ended | flat | stalled | (cost == 0) | (stuck & (remaining <= _NEAR * variance))
        track.status[left[done]] = Status.CONVERGED
        track.status[left[stuck & ~done]] = Status.STUCK
        left = left[~done & ~stuck]
    return track


def _equations(
    problem: Problem, space: Reduced, track: Track, left: Members, which: Members, largest: Array, wary: NDArray[np.bool_], loss: Loss
) -> Equations:  # fmt: skip
    """What the next steps of the members `left` are solved from; those that are wary go a part of the way to a bound at most."""
    now = Normal(*(part[left] for part in track.normal))
    if track.bends is not None:
        now = with_bends(now, track.bends[left])
    scale = np.where(largest[left] > 0, largest[left], 1.0)
    equations = Equations.of(problem, space, track.inner[left], which[left], now, scale, loss)
    if wary.any():
        equations.box = equations.box.shortened(np.where(wary, _SHARE, 1.0))
    return equations


def _usable(normal: Normal) -> NDArray[np.bool_]:
    """Where cost, gradient and hessian are finite numbers, shape (b,); no element of a hessian exceeds its diagonal."""
    finite = np.isfinite(normal.cost) & np.isfinite(normal.gradient).all(axis=1)
    return np.asarray(finite & np.isfinite(np.einsum("bii->bi", normal.hessian)).all(axis=1))


def _power(problem: Problem, which: Members) -> Array:
    """Cost of the data against zero, shape (b,): beside it, a change of cost drowns in rounding."""
    if not isinstance(problem, Curves):
        return np.zeros(len(which))
    std = 1.0 if problem.std is None else problem.std
    with np.errstate(over="ignore"):
        return np.asarray(np.square(problem.observed / std).sum(axis=1)[which])


def _accept(track: Track, members: Members, trial: Array, found: Normal, taken: NDArray[np.bool_]) -> None:
    track.inner[members] = trial
    track.normal.cost[members] = found.cost[taken]
    track.normal.gradient[members] = found.gradient[taken]
    track.normal.hessian[members] = found.hessian[taken]


def with_linear_solved(problem: Problem, space: Reduced, inner: Array, which: Members, loss: Loss) -> Array:
    """The same starts with the linear parameters at the lowest cost for the others."""
    if not space.linear.any():
        return inner
    inner = inner.copy()
    for _ in range(1 if loss.quadratic else 3):
        whole = space.normal(problem, inner, which, loss)
        # An impossible place stays where it is, and changes nothing for the others.
        rows = np.flatnonzero(_usable(whole))
        normal = Normal(*(part[rows] for part in whole))
        scale = np.einsum("bii->bi", normal.hessian)
        scale = np.where(scale > 0, scale, 1.0)
        box = space.box(inner[rows], which[rows])
        held = Box(box.low, box.high, box.held | ~space.linear, box.rows, box.row_low, box.row_high)
        moved = inner[rows] + step_from_normal(normal, RIDGE * scale, scale, held)
        good = np.isfinite(moved).all(axis=1)
        inner[rows[good]] = moved[good]
    return inner
