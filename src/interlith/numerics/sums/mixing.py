"""Which weighted sum of noisy curves is nearest to a noisy curve?

The errors of the parts bend the weights towards zero if the parts are taken as exact (attenuation). Here the parts are unknown
true curves that were seen with errors, as the target was, and are eliminated by least squares; errors may be correlated over
points and common to several curves. Pure arrays; every function takes one problem or a batch of them.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import cast

import numpy as np
from numpy.typing import NDArray
from scipy import special

from interlith.errors import FitError

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

#: Steps of the fit, and relative size of a step at which it has ended.
STEPS, SMALL = 60, 1e-9


@dataclass(frozen=True, slots=True)
class Mixing:
    """A curve and those of which it may be a sum.

    Parameters
    ----------
    target
        (any unit), shape (..., m).
    parts
        (as target), shape (..., p, m): the parts, and as last row ones where an offset is allowed.
    own
        (unit squared), shape (..., p + 1, m, m) or (p + 1, m, m): covariance of the errors of the target (first) and of each
        part, zero for an offset.
    shared
        (as target), shape (..., s, p + 1, m): signed sizes of common sources in every curve; s may be 0.
    rows, totals
        Linear conditions: ``rows @ coefficients = totals``, shapes (r, p) and (r,); r may be 0.
    count
        How many of the rows of `parts` are parts.
    scaled
        Whether weights are shares of the sum of the coefficients (a free common scale).
    low, high
        Limits of each weight.
    """

    target: Array
    parts: Array
    own: Array
    shared: Array
    rows: Array
    totals: Array
    count: int
    scaled: bool = False
    low: float = 0.0
    high: float = 1.0

    @property
    def free(self) -> int:
        """Free parameters."""
        return int(self.parts.shape[-2] - self.rows.shape[-2])

    @property
    def dof(self) -> int:
        """Points less free parameters."""
        return int(self.target.shape[-1]) - self.free

    def weights(self, coefficients: Array) -> Array:
        """Weights of the parts, shape (..., count)."""
        kept = coefficients[..., : self.count]
        return kept / kept.sum(axis=-1, keepdims=True) if self.scaled else kept

    def gradient(self, coefficients: Array) -> Array:
        """Derivatives of the weights with respect to the coefficients, shape (..., count, p)."""
        shape = (*coefficients.shape[:-1], self.count, coefficients.shape[-1])
        made = np.zeros(shape)
        made[..., : self.count] = np.eye(self.count)
        if self.scaled:
            total = coefficients[..., : self.count].sum(axis=-1)[..., None, None]
            made[..., : self.count] -= self.weights(coefficients)[..., :, None]
            made = made / total
        return made


@dataclass(frozen=True, slots=True)
class Solved:
    """A fit: coefficients (..., p), sum of squares (...), residual and weights of points.

    `true` are the parts as the fit sees them, shape (..., p, m); `basis` spans what is free, shape (..., p, f).
    """

    coefficients: Array
    squares: Array
    residual: Array
    covariance: Array
    true: Array
    basis: Array


def solve(problem: Mixing, *, size: Array | float = 1.0, start: Array | None = None) -> Solved:
    """Least squares with the true parts eliminated.

    Parameters
    ----------
    problem
        Curves and conditions.
    size
        (1), shape (...): factor on the own covariances.
    start
        Shape (..., p): coefficients from which to start.

    References
    ----------
    York et al. 2004, 10.1119/1.1632486 (two curves). Fuller, Measurement Error Models, 1987, section 2.3.
    """
    origin, basis = affine(problem.rows, problem.totals)
    batch = np.broadcast_shapes(problem.target.shape[:-1], origin.shape[:-1], np.shape(size))
    current = np.broadcast_to(origin, (*batch, origin.shape[-1])).copy()
    if start is not None:
        current = current + _project(basis, np.broadcast_to(start, current.shape) - current)
    scale = np.broadcast_to(np.asarray(size, dtype=float), batch)
    found = pieces(problem, current, scale, basis)
    if basis.shape[-1] == 0:
        return found
    pace = np.ones(batch)
    for _ in range(STEPS):
        weighted = np.linalg.solve(found.covariance, np.swapaxes(found.true, -1, -2) @ basis)
        curvature = np.swapaxes(found.true @ weighted, -1, -2) @ basis
        slope = np.einsum("...mf,...m->...f", weighted, found.residual)
        step = np.einsum("...pf,...f->...p", basis, divide(curvature, slope))
        trial = pieces(problem, found.coefficients + pace[..., None] * step, scale, basis)
        worse = trial.squares > found.squares * (1 + 1e-12) + 1e-300
        pace = np.where(worse, 0.3 * pace, np.minimum(1.0, 2.0 * pace))
        moved = np.abs(step).max(axis=-1) / (1e-12 + np.abs(found.coefficients).max(axis=-1))
        found = _better(worse, found, trial)
        if (moved < SMALL).all():
            break
    return found


def settled(problem: Mixing) -> Mixing:
    """The same with the sizes of common sources at the fitted values instead of the noisy ones.

    An error of scale that all curves share must cancel in a mixture. With sizes in proportion to noisy values it would seem to
    explain the noise that is left over, and the fit would trust it (Peelle's pertinent puzzle).
    """
    if problem.shared.shape[-3] == 0:
        return problem
    alone = solve(replace(problem, shared=problem.shared[..., :0, :, :]))
    fitted = np.einsum("...p,...pm->...m", alone.coefficients, alone.true)
    seen = np.concatenate([problem.target[..., None, :], problem.parts], axis=-2)
    smooth = np.concatenate([fitted[..., None, :], alone.true], axis=-2)
    ratio = np.divide(smooth, seen, out=np.ones_like(smooth), where=seen != 0)
    # Next to zero a ratio says nothing of the source.
    ratio = np.where((ratio > 0.5) & (ratio < 2.0), ratio, 1.0)
    return replace(problem, shared=problem.shared * ratio[..., None, :, :])


def inside(problem: Mixing, *, size: Array | float = 1.0) -> Solved:
    """The fit with no weight below zero: the best over all sets of parts that are absent."""
    best: Solved | None = None
    if problem.low < 0:
        return solve(problem, size=size)
    for absent in range(problem.count):
        for chosen in itertools.combinations(range(problem.count), absent):
            rows = np.zeros((absent, problem.parts.shape[-2]))
            rows[np.arange(absent), list(chosen)] = 1.0
            tried = replace(
                problem,
                rows=np.concatenate([problem.rows, rows]),
                totals=np.concatenate([problem.totals, np.zeros(absent)]),
            )
            if tried.free < 0:
                continue
            found = solve(tried, size=size)
            allowed = (problem.weights(found.coefficients) >= -1e-9).all(axis=-1)
            squares = np.where(allowed, found.squares, np.inf)
            if best is None:
                best = replace(found, squares=squares)
                continue
            best = _better(~(squares < best.squares), best, replace(found, squares=squares))
    if best is None:
        raise FitError("No set of parts can be fitted under these conditions.")
    return best


def departure(problem: Mixing) -> tuple[Array, Array, Array, Array]:
    """Is the curve a sum of the parts at all: sum of squares, its degrees of freedom, probability, and residual by point.

    Stated errors are taken at their word. The residuals are over their standard uncertainty, that of the fit taken off, shape
    (..., m).
    """
    problem = settled(problem)
    found = inside(problem)
    absent = (problem.weights(found.coefficients) <= 1e-9).sum(axis=-1) if problem.low >= 0 else 0
    # With a sum of one and all but one part absent nothing is left to vary.
    used = np.maximum(problem.free - absent, 0)
    dof = problem.target.shape[-1] - used
    inverse = np.linalg.inv(found.covariance)
    scores = np.einsum("...mn,...n->...m", inverse, found.residual)
    design = np.swapaxes(found.true, -1, -2) @ affine(problem.rows, problem.totals)[1]
    middle = inverse @ design
    projector = inverse - middle @ np.linalg.pinv(np.swapaxes(design, -1, -2) @ middle) @ np.swapaxes(middle, -1, -2)
    variance = np.einsum("...mm->...m", projector)
    standard = scores / np.sqrt(np.maximum(variance, 1e-300))
    return found.squares, dof, special.chdtrc(np.maximum(dof, 1), found.squares), standard


def pieces(problem: Mixing, coefficients: Array, size: Array, basis: Array) -> Solved:
    """Residual, its covariance and the parts as they are seen, at given coefficients."""
    residual = problem.target - np.einsum("...p,...pm->...m", coefficients, problem.parts)
    power = np.concatenate([np.ones_like(coefficients[..., :1]), np.square(coefficients)], axis=-1)
    spread = size[..., None] * power
    matrix = np.einsum("...p,...pmn->...mn", spread, problem.own)
    common = problem.shared[..., 0, :] - np.einsum("...p,...spm->...sm", coefficients, problem.shared[..., 1:, :])
    matrix = matrix + np.einsum("...sm,...sn->...mn", common, common)
    pull = np.linalg.solve(matrix, residual[..., None])[..., 0]
    drawn = -(size[..., None] * coefficients)[..., None] * np.einsum(
        "...pmn,...n->...pm", problem.own[..., 1:, :, :], pull
    )
    drawn = drawn + np.einsum(
        "...spm,...s->...pm", problem.shared[..., 1:, :], np.einsum("...sm,...m->...s", common, pull)
    )
    squares = (residual * pull).sum(axis=-1)
    return Solved(coefficients, squares, residual, matrix, problem.parts - drawn, basis)


def affine(rows: Array, totals: Array) -> tuple[Array, Array]:
    """A point that fulfils the conditions, and a basis of what is left free."""
    count = rows.shape[-2]
    if count == 0:
        return np.zeros(rows.shape[-1]), np.eye(rows.shape[-1])
    turned = np.linalg.svd(rows, full_matrices=True)[2]
    origin = np.einsum("...pr,...r->...p", np.linalg.pinv(rows), totals)
    return origin, np.swapaxes(turned[..., count:, :], -1, -2)


def _project(basis: Array, change: Array) -> Array:
    return cast(Array, np.einsum("...pf,...qf,...q->...p", basis, basis, change))


def divide(matrix: Array, vector: Array) -> Array:
    """Solve a small symmetric system that may be almost singular."""
    size = matrix.shape[-1]
    ridge = 1e-12 * np.einsum("...ii->...", matrix)[..., None, None] / size + 1e-300
    return cast(Array, np.linalg.solve(matrix + ridge * np.eye(size), vector[..., None])[..., 0])


def _better(keep: Mask, one: Solved, two: Solved) -> Solved:
    """The first fit where it is to be kept, else the second; the basis is that of the first."""

    def pick(first: Array, second: Array) -> Array:
        mask = keep.reshape(keep.shape + (1,) * (max(first.ndim, second.ndim) - keep.ndim))
        return np.where(mask, first, second)

    return Solved(
        pick(one.coefficients, two.coefficients), pick(one.squares, two.squares), pick(one.residual, two.residual),
        pick(one.covariance, two.covariance), pick(one.true, two.true), one.basis,
    )  # fmt: skip
