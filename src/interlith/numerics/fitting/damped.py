"""What is the next step of Levenberg-Marquardt, from normal equations or by QR, and how much does it promise?"""

from __future__ import annotations

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


def qr_pays(problem: Problem, count: int) -> bool:
    """Whether the Jacobians of `count` members are small enough for QR."""
    return isinstance(problem, Curves) and count * problem.observed.shape[1] * len(problem.parameters) <= _QR_NUMBERS


def step_from_qr(
    problem: Curves, space: Reduced, inner: Array, which: Members, extra: Array, scale: Array, box: Box, loss: Loss
) -> tuple[Array, Mask]:  # fmt: skip
    """Step of (b, q) by QR of the damped Jacobian where no bound is in the way, and whether that is so, shape (b,)."""
    _, residual, jacobian = problem.rooted(space.full(inner), which, loss)
    jacobian = jacobian if space.identity else jacobian @ space.matrix
    unit = 1.0 / np.sqrt(scale)
    count, _, size = jacobian.shape
    jacobian = np.where(box.held[:, None, :], 0.0, jacobian * unit[:, None, :])
    damping = np.zeros((count, size, size))
    places = np.arange(size)
    damping[:, places, places] = np.where(box.held, 1.0, np.sqrt(extra / scale))
    orthogonal, upper = np.linalg.qr(np.concatenate([jacobian, damping], axis=1))
    right = -np.einsum("bni,bn->bi", orthogonal[:, : residual.shape[1]], residual)
    sound = np.abs(np.einsum("bii->bi", upper)).min(axis=1) > 0
    upper[~sound] = np.eye(size)
    step = np.linalg.solve(upper, right[:, :, None])[:, :, 0] * unit
    return step, np.asarray(sound & np.isfinite(step).all(axis=1) & box.holds(step))


def promised(normal: Normal, step: Array) -> Array:
    """Decrease of the cost that the quadratic model expects of a step, shape (b,)."""
    bend = np.einsum("bi,bij,bj->b", step, normal.hessian, step)
    return np.asarray(-2.0 * np.einsum("bi,bi->b", normal.gradient, step) - bend)
