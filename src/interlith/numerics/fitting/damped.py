"""What is the next step of Levenberg-Marquardt, from normal equations or by QR, and how much does it promise?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from interlith.numerics.fitting.losses import Loss
from interlith.numerics.fitting.parameters import Array, Mask
from interlith.numerics.fitting.problem import Curves, Members, Normal, Problem
from interlith.numerics.fitting.reduced import Reduced
from interlith.numerics.fitting.steps import Box, bounded_step

#: Ridge, relative to the diagonal, that lets an undamped step exist where the data do not fix a parameter.
RIDGE = 1e-14
#: Up to this many numbers in all Jacobians the step comes from QR, which keeps the digits that J^T J loses.
_QR_NUMBERS = 40_000


def step_from_normal(normal: Normal, extra: Array, scale: Array, box: Box) -> Array:
    """Bounded step of (b, q) from normal equations, found in units in which the diagonal is one.

    Parameters
    ----------
    normal
        Of the independent parameters.
    extra
        Damping added to the diagonal, shape (b, q).
    scale
        Positive diagonal by which the units are chosen, shape (b, q).
    """
    unit = 1.0 / np.sqrt(scale)
    matrix = normal.hessian * unit[:, :, None] * unit[:, None, :]
    places = np.arange(matrix.shape[1])
    matrix[:, places, places] += extra / scale
    return np.asarray(bounded_step(matrix, normal.gradient * unit, box.scaled(unit)) * unit)


@dataclass(slots=True)
class Equations:
    """What steps of b members are solved from: normal equations, and where it pays the triangle of their Jacobians.

    The triangle (b, r, q) keeps the digits that ``J^T J`` loses; it is decomposed once and serves every damping. `scale`,
    shape (b, q), is the positive diagonal by which units are chosen.
    """

    normal: Normal
    scale: Array
    box: Box
    linear: Mask
    upper: Array | None
    right: Array | None

    @classmethod
    def of(
        cls, problem: Problem, space: Reduced, inner: Array, which: Members, normal: Normal, scale: Array, loss: Loss
    ) -> Equations:
        """Equations of the members `which` at `inner` (b, q)."""
        box = space.box(inner, which)
        if not isinstance(problem, Curves) or not qr_pays(problem):
            return cls(normal, scale, box, space.linear, None, None)
        _, residual, jacobian = problem.rooted(space.full(inner), which, loss)
        jacobian = jacobian if space.identity else jacobian @ space.matrix
        jacobian = np.where(box.held[:, None, :], 0.0, jacobian / np.sqrt(scale)[:, None, :])
        orthogonal, upper = np.linalg.qr(jacobian)
        return cls(normal, scale, box, space.linear, upper, -np.einsum("bni,bn->bi", orthogonal, residual))

    def step(self, rows: Members, damping: Array) -> Array:
        """Bounded steps (b, q) of some members with their damping (b,) on what is not linear."""
        extra = np.where(self.linear, RIDGE, np.maximum(damping, RIDGE)[:, None]) * self.scale[rows]
        box = self.box.of(rows)
        if self.upper is None or self.right is None:
            return self._bounded(rows, extra, box)
        step, sound = self._free(rows, extra, box)
        if not sound.all():
            rest = ~sound
            step[rest] = self._bounded(rows[rest], extra[rest], box.of(rest))
        return step

    def length(self, step: Array, rows: Members | None = None) -> Array:
        """Length of steps (b, q) in units of the scale, linear parameters left out, shape (b,)."""
        scale = self.scale if rows is None else self.scale[rows]
        return np.asarray(np.sqrt(np.einsum("bi,bi->b", np.where(self.linear, 0.0, scale), step * step)))

    def pull(self, rows: Members) -> Array:
        """Length of the scaled gradient, shape (b,): the damping never exceeds it over the radius."""
        slope = np.where(self.linear, 0.0, np.square(self.normal.gradient[rows]) / self.scale[rows])
        return np.asarray(np.sqrt(slope.sum(axis=1)))

    def _bounded(self, rows: Members, extra: Array, box: Box) -> Array:
        part = Normal(*(piece[rows] for piece in self.normal))
        return step_from_normal(part, extra, self.scale[rows], box)

    def _free(self, rows: Members, extra: Array, box: Box) -> tuple[Array, Mask]:
        """Steps by QR where no bound is in the way, and whether that is so."""
        assert self.upper is not None
        assert self.right is not None
        upper, right = self.upper[rows], self.right[rows]
        count, held_rows, size = upper.shape
        places = np.arange(size)
        damping = np.zeros((count, size, size))
        damping[:, places, places] = np.where(box.held, 1.0, np.sqrt(extra / self.scale[rows]))
        orthogonal, triangle = np.linalg.qr(np.concatenate([upper, damping], axis=1))
        turned = np.einsum("bni,bn->bi", orthogonal[:, :held_rows], right)
        sound = np.abs(np.einsum("bii->bi", triangle)).min(axis=1) > 0
        triangle[~sound] = np.eye(size)
        step = np.linalg.solve(triangle, turned[:, :, None])[:, :, 0] / np.sqrt(self.scale[rows])
        return step, np.asarray(sound & np.isfinite(step).all(axis=1) & box.holds(step))


def qr_pays(problem: Curves) -> bool:
    """Whether the Jacobians of all members are small enough for QR; never by how many are left, so that none hangs on others."""
    return problem.observed.size * len(problem.parameters) <= _QR_NUMBERS


def promised(normal: Normal, step: Array) -> Array:
    """Decrease of the cost that the quadratic model expects of a step, shape (b,)."""
    bend = np.einsum("bi,bi->b", np.matmul(normal.hessian, step[:, :, None])[:, :, 0], step)
    return np.asarray(-2.0 * np.einsum("bi,bi->b", normal.gradient, step) - bend)


#: Least power of a direction beside that of its parameters.
_FLAT = 1e-13
#: A direction bends by at least this share of what J^T J says.
_LEAST_BEND = 0.4


def with_bends(normal: Normal, bends: Array) -> Normal:
    """Normal equations whose hessian knows how the model bends, positive in all directions.

    Parameters
    ----------
    normal
        Of b members.
    bends
        What is added to their hessians, shape (b, q, q).

    Notes
    -----
    Where the cost bends down, its bend is taken the other way: a step then leaves the saddle and does not run to it.

    References
    ----------
    Nocedal and Wright 2006, Numerical Optimization, 10.1007/978-0-387-40065-5, section 3.4 (modified Newton).
    """
    hessian = normal.hessian.copy()
    for square, bend in zip(hessian, bends, strict=True):
        diagonal = np.diag(square)
        some = np.flatnonzero((diagonal > 0) & bend.any(axis=1))
        if not some.size:
            continue
        place = np.ix_(some, some)
        unit = 1 / np.sqrt(diagonal[some])
        with np.errstate(over="ignore", invalid="ignore"):
            turned, root = bend[place] * np.outer(unit, unit), square[place] * np.outer(unit, unit)
        if not np.isfinite(turned).all():
            continue
        powers, ways = np.linalg.eigh(root)
        ways = ways * np.sqrt(np.maximum(powers, _FLAT))
        inverse = np.linalg.inv(ways)
        ratios, turns = np.linalg.eigh(inverse @ turned @ inverse.T)
        ways = (ways @ turns) / unit[:, None]
        square[place] += (ways * (np.maximum(np.abs(1 + ratios), _LEAST_BEND) - 1)) @ ways.T
    return Normal(normal.cost, normal.gradient, hessian)
