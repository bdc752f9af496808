"""How far can a parameter move, all others following, before the cost says no?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from interlith.errors import FitError
from interlith.numerics.fitting.fitting import fit as solve
from interlith.numerics.fitting.parameters import Array
from interlith.numerics.fitting.problem import Curves
from interlith.numerics.fitting.reduced import reduced
from interlith.numerics.fitting.result import Fit
from interlith.numerics.fitting.solver import Settings
from interlith.numerics.fitting.steps import Box, bounded_step

#: Rounds of the secant search for one end; the signed root of the rise is nearly straight, so four are usual.
_ROUNDS = 16
_CLOSE = 1e-4
#: An end farther out than this many standard uncertainties, or this factor of the last step, is called open.
_FARTHEST = 1e3


@dataclass(frozen=True, slots=True)
class Ends:
    """Ends (k,) of the profile intervals of k pairs of member and parameter, and how much lower a cost was met on the way."""

    low: Array
    high: Array
    lower_cost: Array


def profile_ends(
    found: Fit, members: NDArray[np.intp], places: NDArray[np.intp], rise: Array, *, settings: Settings | None = None
) -> Ends:
    """Ends of the intervals within which the profile cost rises by less than `rise`.

    Parameters
    ----------
    members, places
        Pairs of member and parameter, shape (k,).
    rise
        Allowed rise of the cost, shape (k,).

    Raises
    ------
    FitError
        If the problem keeps its data to itself (no `Curves`).

    Notes
    -----
    An end at a bound is the bound; one that is not reached is infinite.
    """
    if not isinstance(found.problem, Curves):
        raise FitError("A profile needs `Curves`; ask for method='covariance' for a problem of normal equations.")
    sides = np.concatenate([-np.ones(len(places)), np.ones(len(places))])
    search = _Search(found, np.tile(members, 2), np.tile(places, 2), sides, np.tile(rise, 2), settings or Settings())
    ends = search.run()
    count = len(places)
    return Ends(ends[:count], ends[count:], np.minimum(search.lowest[:count], search.lowest[count:]))


class _Search:
    """Secant search for many ends at once, every step of all of them one batch of fits."""

    def __init__(
        self, found: Fit, members: NDArray[np.intp], places: NDArray[np.intp], sides: Array, rise: Array, settings: Settings
    ) -> None:  # fmt: skip
        assert isinstance(found.problem, Curves)
        self.found, self.members, self.places, self.sides, self.settings = found, members, places, sides, settings
        self.target = np.sqrt(rise)
        self.best = found.values[members, places]
        low, high = (found.parameters.table(name, found.problem.members) for name in ("low", "high"))
        self.limit = np.where(sides < 0, low[members, places], high[members, places])
        step = found.std[members, places]
        size = np.where(np.isfinite(step) & (step > 0), step, np.maximum(np.abs(self.best), 1e-6) * 0.1)
        self.step = size * self.target / np.sqrt(np.maximum(_factor(found)[members], 1e-300))
        self.values = found.values[members].copy()
        self.lowest = np.zeros(len(places))
        self.coupled = found.parameters.flags("shared").any() or np.isfinite(found.parameters.smoothness()).any()
        self.total = float(found.cost.sum())

    def run(self) -> Array:
        """Positions of the ends, shape (k,)."""
        count = len(self.places)
        inner, outer = np.zeros(count), np.full(count, math.nan)  # distances bracketing the end
        inner_root, outer_root = np.zeros(count), np.full(count, math.nan)
        distance = self.step.copy()
        room = np.abs(self.limit - self.best)
        ends = np.full(count, math.nan)
        ends[room == 0] = self.limit[room == 0]
        left = np.flatnonzero(np.isnan(ends))
        for _ in range(_ROUNDS):
            if not left.size:
                break
            trial = np.minimum(distance[left], room[left])
            root = self._root(left, trial)
            reached = root >= self.target[left]
            hit = np.abs(root - self.target[left]) <= _CLOSE * self.target[left]
            bounded = (trial >= room[left]) & ~reached
            far = (trial > _FARTHEST * self.step[left]) & ~reached
            ends[left[hit]] = (self.best + self.sides * distance)[left[hit]]
            ends[left[hit]] = self.best[left[hit]] + self.sides[left[hit]] * trial[hit]
            ends[left[bounded]] = self.limit[left[bounded]]
            ends[left[far & ~bounded]] = self.sides[left[far & ~bounded]] * math.inf
            outer[left[reached]], outer_root[left[reached]] = trial[reached], root[reached]
            inner[left[~reached]], inner_root[left[~reached]] = trial[~reached], root[~reached]
            distance[left] = _next(inner[left], inner_root[left], outer[left], outer_root[left], self.target[left])
            left = left[np.isnan(ends[left])]
        rest = np.isnan(ends)
        known = rest & ~np.isnan(outer)
        # Beyond an end where no fit is possible there is nothing: the last possible place is the end.
        last = np.where(np.isfinite(outer_root), outer, inner)
        ends[known] = (self.best + self.sides * last)[known]
        ends[np.isnan(ends)] = (self.sides * math.inf)[np.isnan(ends)]
        return ends

    def _root(self, rows: NDArray[np.intp], distance: Array) -> Array:
        """Square root of the rise of the cost at a distance, others fitted anew; inf where that fit failed."""
        at = self.best[rows] + self.sides[rows] * distance
        if self.coupled:
            cost = np.array([self._coupled(row, value) for row, value in zip(rows, at, strict=True)])
            rise = cost - self.total
        else:
            cost = self._members(rows, at)
            rise = cost - self.found.cost[self.members[rows]]
        self.lowest[rows] = np.minimum(self.lowest[rows], np.where(np.isfinite(rise), rise, 0.0))
        return np.where(np.isfinite(rise), np.sqrt(np.maximum(rise, 0.0)), math.inf)

    def _members(self, rows: NDArray[np.intp], at: Array) -> Array:
        problem, found = self.found.problem, self.found
        assert isinstance(problem, Curves)
        members, places = self.members[rows], self.places[rows]
        start, possible = _shifted(found, members, places, at)
        cost = np.full(len(rows), math.inf)
        if not possible.any():
            return cost
        members, places, at = members[possible], places[possible], at[possible]
        held = {int(place): (np.flatnonzero(places == place), at[places == place]) for place in np.unique(places)}
        parameters = found.parameters.repeated(members, problem.members, start[possible], held)
        again = solve(problem.repeated(members, parameters), loss=found.loss, retries=0, settings=self.settings)
        cost[possible] = np.where(again.converged, again.cost, math.inf)
        return cost

    def _coupled(self, row: np.intp, at: float) -> float:
        problem, found = self.found.problem, self.found
        assert isinstance(problem, Curves)
        place, member = int(self.places[row]), int(self.members[row])
        every = np.arange(problem.members)
        shared = bool(found.parameters.items[place].shared)
        rows = every if shared else np.array([member])
        start = found.values.copy()
        start[rows, place] = at
        parameters = found.parameters.repeated(every, problem.members, start, {place: (rows, np.full(len(rows), at))})
        again = solve(problem.repeated(every, parameters), loss=found.loss, retries=0, settings=self.settings)
        return float(again.cost.sum()) if again.converged.all() else math.inf


def _factor(found: Fit) -> Array:
    """Variance factor in the covariance of every member: one, or chi squared per degree of freedom."""
    if "chi squared per" not in found.basis:
        return np.ones(len(found.cost))
    return np.where(found.dof > 0, found.reduced_cost, math.inf)


def _shifted(
    found: Fit, members: NDArray[np.intp], places: NDArray[np.intp], at: Array
) -> tuple[Array, NDArray[np.bool_]]:
    """Values (k, p) with one parameter moved to `at`, others as little as ties and bounds demand; whether that is possible."""
    problem, parameters = found.problem, found.parameters
    space = reduced(problem)
    independent = list(parameters.independent)
    inner = found.values[members][:, independent]
    box = space.box(inner, members)
    shift = at - found.values[members, places]
    column = {place: number for number, place in enumerate(independent)}
    rows, row_low, row_high = box.rows.copy(), box.row_low.copy(), box.row_high.copy()
    extra = np.zeros((len(members), 1, inner.shape[1]))
    for number, place in enumerate(places):
        if place in column:
            box.low[number, column[place]] = box.high[number, column[place]] = shift[number]
        else:
            extra[number, 0] = space.matrix[place]
    wanted = np.where(extra.any(axis=2), shift[:, None], 0.0)
    box = Box(
        box.low, box.high, box.held, np.concatenate([rows, extra], axis=1),
        np.concatenate([row_low, wanted], axis=1), np.concatenate([row_high, wanted], axis=1),
    )  # fmt: skip
    size = np.where((found.std[members][:, independent] > 0) & np.isfinite(found.std[members][:, independent]),
                    found.std[members][:, independent], np.maximum(np.abs(inner), 1e-6))  # fmt: skip
    hessian = np.zeros((len(members), inner.shape[1], inner.shape[1]))
    numbers = np.arange(inner.shape[1])
    hessian[:, numbers, numbers] = 1.0 / np.square(size)
    unit = size
    step = bounded_step(hessian * unit[:, :, None] * unit[:, None, :], np.zeros_like(inner), box.scaled(unit)) * unit
    values = space.full(inner + step)
    slack = 1e-9 * (np.abs(at) + np.abs(shift)) + 1e-300
    return values, (np.abs(values[np.arange(len(members)), places] - at) <= slack) & box.holds(step)


def _next(inner: Array, inner_root: Array, outer: Array, outer_root: Array, target: Array) -> Array:
    """Distance to try next: straight through the bracket, or outwards while nothing brackets the end."""
    bracketed = ~np.isnan(outer) & np.isfinite(outer_root)
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = np.where(inner_root > 0, inner_root / inner, math.nan)
        grown = np.where(slope > 0, target / slope * 1.02, inner * 4.0)
        outwards = np.clip(np.where(np.isfinite(grown), grown, inner * 4.0), inner * 1.05, inner * 8.0)
        share = (target - inner_root) / (outer_root - inner_root)
    between = inner + np.clip(share, 0.02, 0.98) * (outer - inner)
    halved = 0.5 * (inner + outer)
    return np.where(bracketed, between, np.where(np.isnan(outer), outwards, halved))
