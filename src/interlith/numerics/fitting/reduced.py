"""How do starts, bounds and normal equations of all parameters read in the independent ones?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from interlith.errors import FitError
from interlith.numerics.fitting.losses import Loss
from interlith.numerics.fitting.parameters import Array, Mask, Parameters
from interlith.numerics.fitting.problem import Bent, Members, Normal, Problem
from interlith.numerics.fitting.steps import Box


@dataclass(frozen=True, slots=True)
class Reduced:
    """The independent side of a problem.

    Parameters
    ----------
    matrix, constant
        Of the affine map to all parameters, shapes (p, q) and (p,).
    low, high, held
        Bounds of the independent parameters and whether they stay, shape (m, q).
    rows
        Rows of the map of tied parameters that have a bound, shape (k, q); `row_places`: which parameters these are;
        `row_low`, `row_high`: those bounds less the constant, shape (m, k).
    linear, shared
        Of the independent parameters, shape (q,).
    """

    parameters: Parameters
    matrix: Array
    constant: Array
    low: Array
    high: Array
    held: Mask
    rows: Array
    row_places: tuple[int, ...]
    row_low: Array
    row_high: Array
    linear: Mask
    shared: Mask

    @property
    def identity(self) -> bool:
        """Whether nothing is tied."""
        return not self.parameters.tied

    def full(self, inner: Array) -> Array:
        """All parameters (b, p) of independent ones (b, q)."""
        return inner if self.identity else inner @ self.matrix.T + self.constant

    def box(self, inner: Array, which: Members) -> Box:
        """How far the members `which` may move from `inner` (b, q)."""
        reached = inner @ self.rows.T
        return Box(
            self.low[which] - inner, self.high[which] - inner, self.held[which],
            np.broadcast_to(self.rows, (len(which), *self.rows.shape)),
            self.row_low[which] - reached, self.row_high[which] - reached,
        )  # fmt: skip

    def normal(self, problem: Problem, inner: Array, which: Members, loss: Loss) -> Normal:
        """Normal equations in the independent parameters."""
        found = problem.normal(self.full(inner), which, loss)
        if self.identity:
            return found
        return Normal(found.cost, found.gradient @ self.matrix, self.matrix.T @ found.hessian @ self.matrix)

    def bends(self, problem: Problem, inner: Array, which: Members) -> Array | None:
        """What a problem that knows it adds to the Hessian since its model bends, (b, q, q)."""
        if not isinstance(problem, Bent):
            return None
        found = problem.bends(self.full(inner), which)
        return found if self.identity else self.matrix.T @ found @ self.matrix


def reduced(problem: Problem) -> Reduced:
    """The independent side of a problem."""
    parameters, members = problem.parameters, problem.members
    independent = list(parameters.independent)
    low, high = parameters.table("low", members), parameters.table("high", members)
    tied = [place for place in parameters.tied if np.isfinite(low[:, place]).any() or np.isfinite(high[:, place]).any()]
    rows, offset = parameters.matrix[tied], parameters.constant[tied]
    return Reduced(
        parameters=parameters,
        matrix=parameters.matrix,
        constant=parameters.constant,
        low=low[:, independent],
        high=high[:, independent],
        held=parameters.table("fixed", members)[:, independent] > 0,
        rows=rows,
        row_places=tuple(tied),
        row_low=low[:, tied] - offset,
        row_high=high[:, tied] - offset,
        linear=parameters.flags("linear"),
        shared=parameters.flags("shared"),
    )


def starts_of(problem: Problem, space: Reduced, start: Array | None) -> Array:
    """Independent starts (m, q) from `start` (m, p), or from the parameters; inside the bounds.

    A linear parameter without start begins at zero, or at the bound nearest to it: the first step solves for it.

    Raises
    ------
    FitError
        If a parameter that is not linear has no start, a start is not finite, or has another shape.
    """
    parameters, members = problem.parameters, problem.members
    values = parameters.table("start", members) if start is None else np.asarray(start, dtype=np.float64)
    values = np.atleast_2d(values)
    if values.shape != (members, len(parameters)):
        if values.shape != (1, len(parameters)):
            raise FitError(f"start has the shape {values.shape}; expected {(members, len(parameters))}.")
        values = np.broadcast_to(values, (members, len(parameters)))
    inner = values[:, list(parameters.independent)].copy()
    empty = np.isnan(inner) & space.linear
    inner[empty] = 0.0
    if not np.isfinite(inner).all():
        member, place = (int(number) for number in np.argwhere(~np.isfinite(inner))[0])
        name = parameters.names[parameters.independent[place]]
        raise FitError(f"'{name}' of member {member} has the start {inner[member, place]}; give a finite number.")
    moved = np.clip(inner, space.low, space.high)
    return np.where(space.held, inner, moved)


def tied_outside(space: Reduced, inner: Array) -> str | None:
    """Name of a tied parameter that a start puts outside its bounds, or `None`."""
    if not space.rows.size:
        return None
    reached = inner @ space.rows.T
    slack = 1e-9 * (1 + np.abs(reached))
    wrong = (reached < space.row_low - slack) | (reached > space.row_high + slack)
    if not wrong.any():
        return None
    return space.parameters.names[space.row_places[int(np.argwhere(wrong)[0][1])]]


def typical(space: Reduced, inner: Array) -> Array:
    """Typical size of every independent parameter, shape (m, q)."""
    sizes = [space.parameters.items[place].scale for place in space.parameters.independent]
    declared = np.array([math.nan if size is None else size for size in sizes])
    seen = np.where(inner == 0, 1.0, np.abs(inner))
    return np.where(np.isnan(declared), seen, declared)
