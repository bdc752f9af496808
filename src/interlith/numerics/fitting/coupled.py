"""Where is the cost of a whole series lowest, when its members share parameters or follow each other smoothly?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from interlith.errors import FitError
from interlith.numerics.fitting.arrow import Arrow
from interlith.numerics.fitting.damped import RIDGE
from interlith.numerics.fitting.losses import Loss
from interlith.numerics.fitting.parameters import Array, Mask
from interlith.numerics.fitting.problem import Normal, Problem
from interlith.numerics.fitting.reduced import Reduced
from interlith.numerics.fitting.solver import Settings, Status, Track

_ROUNDS = 30
_FIRST_DAMPING, _MOST_DAMPING, _LEAST_DAMPING = 1e-3, 1e16, 1e-14


@dataclass(frozen=True, slots=True)
class Series:
    """Which independent parameters are local and shared, their bounds, and the strength of smoothness.

    `tight`, shape (l,), is one over the squared standard deviation of a change between neighbours; zero for none.
    """

    problem: Problem
    space: Reduced
    loss: Loss
    local: NDArray[np.intp]
    shared: NDArray[np.intp]
    tight: Array
    alive: Mask

    def normal(self, inner: Array) -> tuple[float, Normal, Array, Array]:
        """Whole cost, normal equations of the members, and gradient of the whole: (m, l) and (s,)."""
        members = np.flatnonzero(self.alive)
        found = self.space.normal(self.problem, inner[members], members, self.loss)
        count, size = inner.shape
        cost, gradient, hessian = np.zeros(count), np.zeros((count, size)), np.zeros((count, size, size))
        cost[members], gradient[members], hessian[members] = found
        local = gradient[:, self.local]
        total = float(cost.sum())
        if self.tight.any():
            change = np.diff(inner[:, self.local], axis=0)
            total += float((change**2 * self.tight).sum())
            local = local.copy()
            local[1:] += change * self.tight
            local[:-1] -= change * self.tight
        return total, Normal(cost, gradient, hessian), local, gradient[:, self.shared].sum(axis=0)

    def arrow(self, normal: Normal) -> Arrow:
        """Normal matrix of the whole."""
        local = normal.hessian[:, self.local[:, None], self.local].copy()
        border = normal.hessian[:, self.local[:, None], self.shared]
        corner = normal.hessian[:, self.shared[:, None], self.shared].sum(axis=0)
        if not self.tight.any():
            return Arrow(local, border, corner)
        places = np.arange(len(self.local))
        neighbours = np.full(len(local), 2.0)
        neighbours[[0, -1]] = 1.0
        local[:, places, places] += neighbours[:, None] * self.tight
        return Arrow(local, border, corner, np.repeat(-self.tight[None], len(local) - 1, axis=0))

    def joined(self, inner: Array, local: Array, shared: Array) -> Array:
        """Independent parameters (m, q) moved by a step."""
        moved = inner.copy()
        moved[:, self.local] += local
        moved[:, self.shared] += shared
        return moved


def series_of(problem: Problem, space: Reduced, first: Array, loss: Loss) -> tuple[Series, Array]:
    """The coupled view of a problem and its start, shared parameters averaged over the members.

    Raises
    ------
    FitError
        If a shared parameter has bounds, or is fixed, differently from member to member, or no member can be evaluated.
    """
    shared, local = np.flatnonzero(space.shared), np.flatnonzero(~space.shared)
    for table in (space.low, space.high, space.held):
        if len(table) and not (table[:, shared] == table[:1, shared]).all():
            place = int(shared[np.argwhere(table[:, shared] != table[:1, shared])[0][1]])
            name = space.parameters.names[space.parameters.independent[place]]
            raise FitError(
                f"'{name}' is shared, so its bounds and whether it is fixed must be the same in all members."
            )
    inner = first.copy()
    inner[:, shared] = first[:, shared].mean(axis=0)
    begun = space.normal(problem, inner, np.arange(problem.members), loss)
    alive = np.isfinite(begun.cost) & np.isfinite(begun.gradient).all(axis=1)
    if not alive.any():
        raise FitError("No member of the series has a finite cost at the start; start inside the domain of the model.")
    tight = 1.0 / np.square(problem.parameters.smoothness()[local])
    if len(inner) < 2:
        tight = np.zeros_like(tight)
    return Series(problem, space, loss, local, shared, tight, alive), inner


def descend(series: Series, inner: Array, settings: Settings) -> tuple[Track, float]:
    """Lowest cost of the whole series reached from one start, and that cost, smoothness included."""
    cost, normal, local, shared = series.normal(inner)
    damping, raising, before = _FIRST_DAMPING, 2.0, 0.0
    largest = _diagonals(series.arrow(normal))
    points = float(series.problem.points[series.alive].sum())
    dof = max(points - series.alive.sum() * len(series.local) - len(series.shared), 1.0)
    status, steps = Status.STEP_LIMIT, 1
    for _ in range(settings.limit()):
        arrow = series.arrow(normal)
        step = _step(series, arrow, inner, (local, shared), largest, damping)
        hoped = _promised(arrow, (local, shared), step)
        remaining = hoped
        if damping > 1e-2:
            free = _step(series, arrow, inner, (local, shared), largest, 1e-12)
            remaining = max(hoped, _promised(arrow, (local, shared), free))
        trial = series.joined(inner, *step)
        found = series.normal(trial)
        steps += 1
        gain, noise = cost - found[0], 1e-13 * cost
        taken = np.isfinite(found[0]) and (gain > 0 or abs(gain) <= noise)
        ratio = gain / hoped if hoped > 0 and np.isfinite(gain) else 0.0
        variance = 1.0 if series.loss.likelihood else min(cost, found[0]) / dof
        rate = remaining / before if before > remaining else 1.0
        small = remaining * rate <= settings.tolerance**2 * max(variance, float(np.finfo(float).tiny))
        before = remaining if damping <= 1e-2 else 0.0
        if taken:
            inner = trial
            cost, normal, local, shared = found
            latest = _diagonals(series.arrow(normal))
            largest = (np.maximum(largest[0], latest[0]), np.maximum(largest[1], latest[1]))
        if taken and ratio > 1e-4:
            damping, raising = max(damping * max(0.1, 1 - (2 * min(ratio, 2.0) - 1) ** 3), _LEAST_DAMPING), 2.0
        else:
            damping, raising = damping * raising, raising * 2
        if (small and (taken or hoped <= noise)) or cost == 0 or (taken and hoped <= 0.01 * noise and damping <= 1):
            status = Status.CONVERGED
            break
        if damping > _MOST_DAMPING:
            status = Status.CONVERGED if hoped <= noise else Status.STUCK
            break
    ended = np.where(series.alive, status, Status.IMPOSSIBLE_START).astype(np.int8)
    return Track(inner, normal, ended, np.full(len(inner), steps, dtype=np.intp)), cost


def _diagonals(arrow: Arrow) -> tuple[Array, Array]:
    return np.einsum("mii->mi", arrow.local).copy(), np.diag(arrow.corner).copy()


def _promised(arrow: Arrow, gradient: tuple[Array, Array], step: tuple[Array, Array]) -> float:
    above, below = arrow.times(*step)
    slope = float((gradient[0] * step[0]).sum() + (gradient[1] * step[1]).sum())
    return -2.0 * slope - float((above * step[0]).sum() + (below * step[1]).sum())


def _step(
    series: Series, arrow: Arrow, inner: Array, gradient: tuple[Array, Array], largest: tuple[Array, Array], damping: float
) -> tuple[Array, Array]:  # fmt: skip
    """Damped step inside the bounds of independent parameters, cut short where a tied one would leave its own."""
    space = series.space
    extra = []
    for places, size in ((series.local, largest[0]), (series.shared, largest[1])):
        scale = np.where(size > 0, size, 1.0)
        extra.append(np.where(space.linear[places], RIDGE, damping) * scale)
    low, high = space.low - inner, space.high - inner
    bounds = (
        (low[:, series.local], high[:, series.local], space.held[:, series.local] | ~series.alive[:, None]),
        (low[0, series.shared], high[0, series.shared], space.held[0, series.shared]),
    )
    places = np.arange(len(series.local))
    local = arrow.local.copy()
    local[:, places, places] += extra[0]
    damped = Arrow(local, arrow.border, arrow.corner + np.diag(extra[1]), arrow.link)
    step = _bounded(damped, gradient, bounds)
    if not space.rows.size:
        return step
    moved = series.joined(inner, *step) - inner
    reached, room = moved @ space.rows.T, inner @ space.rows.T
    over, under = space.row_high - room, space.row_low - room
    slack = 1e-12 * (1 + np.abs(reached))
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = np.where(
            reached > over + slack, over / reached, np.where(reached < under - slack, under / reached, 1.0)
        )
    share = float(np.clip(shares, 0.0, 1.0).min(initial=1.0))
    return step[0] * share, step[1] * share


_Bounds = tuple[tuple[Array, Array, Mask], tuple[Array, Array, Mask]]


def _bounded(arrow: Arrow, gradient: tuple[Array, Array], bounds: _Bounds) -> tuple[Array, Array]:
    """Minimiser of the quadratic model inside the bounds, by mending active sets as for single members."""
    states = []
    for (low, high, held), slope in zip(bounds, gradient, strict=True):
        state = np.where(held, 1, 0).astype(np.int8)
        state[(state == 0) & (low >= 0) & (slope > 0)] = 2
        state[(state == 0) & (high <= 0) & (slope < 0)] = 3
        states.append(state)
    step = (np.zeros_like(gradient[0]), np.zeros_like(gradient[1]))
    for _ in range(_ROUNDS):
        fixed = [
            np.where(state == 2, low, np.where(state == 3, high, 0.0))
            for state, (low, high, _) in zip(states, bounds, strict=True)
        ]
        step = _equality(arrow, gradient, states, fixed)
        pulls = [part + slope for part, slope in zip(arrow.times(*step), gradient, strict=True)]
        changed = False
        for number, (low, high, _) in enumerate(bounds):
            state, part, pull = states[number], step[number], pulls[number]
            slack = 1e-12 * (1.0 + np.abs(part))
            new = state.copy()
            new[(state == 0) & (part < low - slack)] = 2
            new[(state == 0) & (part > high + slack)] = 3
            new[(state == 2) & (pull < 0) & (low < high)] = 0
            new[(state == 3) & (pull > 0) & (low < high)] = 0
            changed |= bool((new != state).any())
            states[number] = new
        if not changed:
            break
    cut = [np.clip(part, low, high) for part, (low, high, _) in zip(step, bounds, strict=True)]
    return np.where(bounds[0][2], 0.0, cut[0]), np.where(bounds[1][2], 0.0, cut[1])


def _equality(
    arrow: Arrow, gradient: tuple[Array, Array], states: list[NDArray[np.int8]], fixed: list[Array]
) -> tuple[Array, Array]:
    """Step with active parameters put to their bounds."""
    active, still = states[0] > 0, states[1] > 0
    above, below = arrow.times(fixed[0], fixed[1])
    right = (np.where(active, fixed[0], -gradient[0] - above), np.where(still, fixed[1], -gradient[1] - below))
    free, loose = ~active, ~still
    local = np.where(free[:, :, None] & free[:, None, :], arrow.local, 0.0)
    places = np.arange(local.shape[1])
    local[:, places, places] = np.where(active, 1.0, local[:, places, places])
    border = np.where(free[:, :, None] & loose[None, None, :], arrow.border, 0.0)
    corner = np.where(loose[:, None] & loose[None, :], arrow.corner, 0.0)
    spots = np.arange(len(corner))
    corner[spots, spots] = np.where(still, 1.0, corner[spots, spots])
    link = None if arrow.link is None else np.where(free[:-1] & free[1:], arrow.link, 0.0)
    return Arrow(local, border, corner, link).solve(*right)
