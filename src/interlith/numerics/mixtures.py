"""Which weights make a curve a sum of other curves, when every curve has errors, and how sure are they near their limits?

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
from interlith.numerics.sums import t_quantile

Array = NDArray[np.float64]

#: Steps of the fit, and relative size of a step at which it has ended.
STEPS, SMALL = 60, 1e-9
#: Points of a profile between the limits, and its reach in half-widths of a Student t interval.
POINTS, REACH = 41, 2.0


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


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights of the parts with intervals.

    Parameters
    ----------
    value
        (1), shape (..., count): inside the limits, all weights together.
    free
        (1), shape (..., count): without the limits.
    low, high
        (1), shape (..., count): interval inside the limits; infinite where the data set no end.
    std
        (1), shape (..., count): of `free`, all sources.
    operator
        (1/unit), shape (..., count, m): `free` moves by operator @ (change of target less that of the weighted parts).
    size
        (1), shape (...): factor on the own variances (1 where these are taken at their word).
    coefficients
        Shape (..., p): with the limits.
    """

    value: Array
    free: Array
    low: Array
    high: Array
    std: Array
    operator: Array
    size: Array
    coefficients: Array


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
    origin, basis = _affine(problem.rows, problem.totals)
    batch = np.broadcast_shapes(problem.target.shape[:-1], origin.shape[:-1], np.shape(size))
    current = np.broadcast_to(origin, (*batch, origin.shape[-1])).copy()
    if start is not None:
        current = current + _project(basis, np.broadcast_to(start, current.shape) - current)
    scale = np.broadcast_to(np.asarray(size, dtype=float), batch)
    found = _pieces(problem, current, scale, basis)
    if basis.shape[-1] == 0:
        return found
    pace = np.ones(batch)
    for _ in range(STEPS):
        weighted = np.linalg.solve(found.covariance, np.swapaxes(found.true, -1, -2) @ basis)
        curvature = np.swapaxes(found.true @ weighted, -1, -2) @ basis
        slope = np.einsum("...mf,...m->...f", weighted, found.residual)
        step = np.einsum("...pf,...f->...p", basis, _divide(curvature, slope))
        trial = _pieces(problem, found.coefficients + pace[..., None] * step, scale, basis)
        worse = trial.squares > found.squares * (1 + 1e-12) + 1e-300
        pace = np.where(worse, 0.3 * pace, np.minimum(1.0, 2.0 * pace))
        moved = np.abs(step).max(axis=-1) / (1e-12 + np.abs(found.coefficients).max(axis=-1))
        found = Solved(*(_choose(worse, getattr(found, name), getattr(trial, name)) for name in _FIELDS), basis)
        if (moved < SMALL).all():
            break
    return found


_FIELDS = ("coefficients", "squares", "residual", "covariance", "true")


def weights(problem: Mixing, *, stated: bool, level: float = 0.95) -> Weights:
    """Weights of the parts with intervals that know their limits.

    Parameters
    ----------
    problem
        Curves and conditions.
    stated
        Whether the own errors are taken at their word; else their common size follows from the scatter about the sum.
    level
        Of the intervals.

    Raises
    ------
    FitError
        With too few points.

    Notes
    -----
    The interval of a weight is that of the likelihood ratio, the other weights and the true parts eliminated, with critical
    values of Feldman and Cousins: near a limit they are those of an estimate that may not pass it, so that a weight of 0 or 1
    is neither excluded nor included too often. The limits of the other weights are not used for it. The ratio is widened
    where the errors of the parts make its curvature larger than its information.

    References
    ----------
    Feldman and Cousins 1998, 10.1103/PhysRevD.57.3873, section IV.
    """
    least = 1 if stated else 2
    if problem.dof < least - 1 or problem.target.shape[-1] < problem.free + least - 1:
        raise FitError(f"{problem.target.shape[-1]} points are too few for {problem.free} free parameters.")
    found, size = _sized(problem, stated)
    degrees = np.inf if stated else float(problem.dof)
    gradient = problem.gradient(found.coefficients) @ found.basis
    operator, spread, widening = _linear(problem, found, size, gradient)
    free = problem.weights(found.coefficients)
    limited = found.coefficients
    if np.isfinite(problem.low) or np.isfinite(problem.high):
        limited = inside(problem, size=size).coefficients
    value = problem.weights(limited)
    ends = [
        _interval(problem, found, size, number, (free, spread, widening), degrees, level)
        for number in range(problem.count)
    ]
    low = np.minimum(np.stack([end[0] for end in ends], axis=-1), value)
    high = np.maximum(np.stack([end[1] for end in ends], axis=-1), value)
    return Weights(value, free, low, high, spread, operator, size, limited)


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
            keep = ~(squares < best.squares)
            fields = [_choose(keep, getattr(best, name), v) for name, v in zip(_FIELDS, (found.coefficients, squares, found.residual, found.covariance, found.true), strict=True)]  # fmt: skip
            best = Solved(*fields, best.basis)
    if best is None:
        raise FitError("No set of parts can be fitted under these conditions.")
    return best


def departure(problem: Mixing) -> tuple[Array, Array, Array, Array]:
    """Is the curve a sum of the parts at all: sum of squares, its degrees of freedom, probability, and residual by point.

    Stated errors are taken at their word. The residuals are over their standard uncertainty, that of the fit taken off, shape
    (..., m).
    """
    found = inside(problem)
    absent = (problem.weights(found.coefficients) <= 1e-9).sum(axis=-1) if problem.low >= 0 else 0
    # With a sum of one and all but one part absent nothing is left to vary.
    used = np.maximum(problem.free - absent, 0)
    dof = problem.target.shape[-1] - used
    inverse = np.linalg.inv(found.covariance)
    scores = np.einsum("...mn,...n->...m", inverse, found.residual)
    design = np.swapaxes(found.true, -1, -2) @ _affine(problem.rows, problem.totals)[1]
    middle = inverse @ design
    projector = inverse - middle @ np.linalg.pinv(np.swapaxes(design, -1, -2) @ middle) @ np.swapaxes(middle, -1, -2)
    variance = np.einsum("...mm->...m", projector)
    standard = scores / np.sqrt(np.maximum(variance, 1e-300))
    return found.squares, dof, special.chdtrc(np.maximum(dof, 1), found.squares), standard


def _pieces(problem: Mixing, coefficients: Array, size: Array, basis: Array) -> Solved:
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


def _affine(rows: Array, totals: Array) -> tuple[Array, Array]:
    """A point that fulfils the conditions, and a basis of what is left free."""
    count = rows.shape[-2]
    if count == 0:
        return np.zeros(rows.shape[-1]), np.eye(rows.shape[-1])
    turned = np.linalg.svd(rows, full_matrices=True)[2]
    origin = np.einsum("...pr,...r->...p", np.linalg.pinv(rows), totals)
    return origin, np.swapaxes(turned[..., count:, :], -1, -2)


def _project(basis: Array, change: Array) -> Array:
    return cast(Array, np.einsum("...pf,...qf,...q->...p", basis, basis, change))


def _divide(matrix: Array, vector: Array) -> Array:
    size = matrix.shape[-1]
    ridge = 1e-12 * np.einsum("...ii->...", matrix)[..., None, None] / size + 1e-300
    return cast(Array, np.linalg.solve(matrix + ridge * np.eye(size), vector[..., None])[..., 0])


def _choose(keep: Array, one: Array, two: Array) -> Array:
    shape = np.broadcast_shapes(one.shape, two.shape)
    mask = keep.reshape(keep.shape + (1,) * (len(shape) - keep.ndim))
    return np.where(mask, one, two)


def _sized(problem: Mixing, stated: bool) -> tuple[Solved, Array]:
    found = solve(problem)
    size = np.ones(found.squares.shape)
    if stated:
        return found, size
    for _ in range(1 if problem.shared.shape[-3] == 0 else 3):
        size = _size(problem, found, size)
        found = solve(problem, size=size, start=found.coefficients)
    return found, size


def _size(problem: Mixing, found: Solved, size: Array) -> Array:
    """Factor on the own variances at which the weighted squares are as many as the degrees of freedom."""
    if problem.shared.shape[-3] == 0:
        return np.maximum(found.squares * size / problem.dof, 1e-300)
    low, high = np.full(size.shape, -40.0), np.full(size.shape, 40.0)
    for _ in range(50):
        middle = 0.5 * (low + high)
        matrix = _pieces(problem, found.coefficients, np.exp(middle), found.basis).covariance
        design = np.swapaxes(found.true, -1, -2) @ found.basis
        whitened = np.linalg.solve(matrix, design)
        pull = np.linalg.solve(matrix, found.residual[..., None])[..., 0]
        slope = np.einsum("...mf,...m->...f", whitened, found.residual)
        curvature = np.swapaxes(design, -1, -2) @ whitened
        squares = (found.residual * pull).sum(axis=-1) - (slope * _divide(curvature, slope)).sum(axis=-1)
        above = squares > problem.dof
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return cast(Array, np.exp(0.5 * (low + high)))


def _linear(problem: Mixing, found: Solved, size: Array, gradient: Array) -> tuple[Array, Array, Array]:
    """Operator, standard uncertainty and widening of the likelihood ratio for each weight."""
    if found.basis.shape[-1] == 0:
        shape = (*found.squares.shape, problem.count)
        return np.zeros((*shape, problem.target.shape[-1])), np.zeros(shape), np.ones(shape)
    design = np.swapaxes(found.true, -1, -2) @ found.basis
    whitened = np.linalg.solve(found.covariance, design)
    score = np.swapaxes(design, -1, -2) @ whitened
    inverse = np.linalg.inv(found.covariance)
    own = (size[..., None] * found.coefficients)[..., None, None] * problem.own[..., 1:, :, :]
    mixed = inverse[..., None, :, :] @ own
    noise = -np.einsum("...pmn,...qnm->...pq", mixed, mixed)
    diagonal = size[..., None] * np.einsum(
        "...mn,...pnm->...p", inverse, np.broadcast_to(problem.own[..., 1:, :, :], own.shape)
    )
    noise = noise + diagonal[..., None] * np.eye(found.coefficients.shape[-1])
    information = score - np.swapaxes(found.basis, -1, -2) @ noise @ found.basis
    # Noise larger than the differences of the parts: the ratio has no usable curvature left.
    sound = np.linalg.eigvalsh(information)[..., 0] > 0.05 * np.linalg.eigvalsh(score)[..., 0]
    information = np.where(sound[..., None, None], information, score)
    back = np.linalg.inv(information)
    cover = back @ score @ back
    naive = np.einsum("...kf,...fg,...kg->...k", gradient, back, gradient)
    true = np.einsum("...kf,...fg,...kg->...k", gradient, cover, gradient)
    operator = gradient @ back @ np.swapaxes(whitened, -1, -2)
    widening = np.where(sound[..., None] & (naive > 0), true / np.maximum(naive, 1e-300), 1.0)
    return operator, np.sqrt(true), np.where(sound[..., None], widening, 25.0)


def _interval(
    problem: Mixing,
    found: Solved,
    size: Array,
    number: int,
    linear: tuple[Array, Array, Array],
    degrees: float,
    level: float,
) -> tuple[Array, Array]:
    free, spread, widening = (item[..., number] for item in linear)
    if found.basis.shape[-1] == 0:
        return free, free
    reach = REACH * float(t_quantile(level, degrees)) * np.maximum(spread, 1e-12)
    places = free[..., None] + reach[..., None] * np.linspace(-1.0, 1.0, POINTS)
    ends = [np.full((*free.shape, 1), end) for end in (problem.low, problem.high) if np.isfinite(end)]
    places = np.sort(np.concatenate([np.clip(places, problem.low, problem.high), *ends], axis=-1), axis=-1)
    squares = _profile(problem, found, size, number, places)
    distance = np.sqrt(np.maximum(squares - found.squares[..., None], 0.0) / widening[..., None])
    distance = np.where(places < free[..., None], -distance, distance)
    low_end = distance[..., :1] if np.isfinite(problem.low) else np.full_like(distance[..., :1], -np.inf)
    high_end = distance[..., -1:] if np.isfinite(problem.high) else np.full_like(distance[..., :1], np.inf)
    nearest = np.clip(0.0, low_end, high_end)
    ratio = np.square(distance) - np.square(nearest)
    critical = feldman_cousins(
        np.maximum(distance - low_end, 0.0), np.maximum(high_end - distance, 0.0), degrees, level
    )
    return _ends(places, ratio - critical, (problem.low, problem.high))


def _profile(problem: Mixing, found: Solved, size: Array, number: int, places: Array) -> Array:
    """Smallest weighted squares with one weight held, at each of several values, shape (..., g)."""
    width = problem.parts.shape[-2]
    row = np.zeros((*places.shape, 1, width))
    row[..., 0, number] = 1.0
    total = places[..., None]
    if problem.scaled:
        row[..., 0, : problem.count] -= places[..., None]
        total = np.zeros_like(total)
    rows = np.concatenate([np.broadcast_to(problem.rows, (*places.shape, *problem.rows.shape)), row], axis=-2)
    totals = np.concatenate([np.broadcast_to(problem.totals, (*places.shape, problem.totals.size)), total], axis=-1)
    held = replace(
        problem,
        target=problem.target[..., None, :],
        parts=problem.parts[..., None, :, :],
        own=problem.own if problem.own.ndim == 3 else problem.own[..., None, :, :, :],
        shared=problem.shared if problem.shared.ndim == 3 else problem.shared[..., None, :, :, :],
        rows=rows,
        totals=totals,
    )
    return solve(held, size=size[..., None], start=found.coefficients[..., None, :]).squares


def feldman_cousins(below: Array, above: Array, degrees: float, level: float) -> Array:
    """Critical value of the likelihood ratio at a distance from two limits.

    Parameters
    ----------
    below, above
        (standard uncertainties), shape (...): distance of the tested value from the lower and the upper limit; infinite where
        there is none.
    degrees
        Degrees of freedom of the standard uncertainty.
    level
        Probability of acceptance.

    Notes
    -----
    Far from limits it is the square of the two-sided quantile. With few degrees of freedom the Student t distribution takes the
    place of the normal one, with the distances in estimated units: an approximation.

    References
    ----------
    Feldman and Cousins 1998, 10.1103/PhysRevD.57.3873, eq. 4.1-4.3.
    """
    most = float(t_quantile(level, degrees)) ** 2
    low, high = (
        np.zeros(np.broadcast_shapes(below.shape, above.shape)),
        np.full(np.broadcast_shapes(below.shape, above.shape), most),
    )
    for _ in range(45):
        middle = 0.5 * (low + high)
        chance = _cdf(_edge(above, middle), degrees) - _cdf(-_edge(below, middle), degrees)
        enough = chance >= level
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return high


def _edge(distance: Array, critical: Array) -> Array:
    """How far an estimate may lie beyond the tested value, towards a limit, before it is rejected."""
    root = np.sqrt(critical)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        beyond = np.where(
            np.isinf(distance), root, (np.square(distance) + critical) / (2.0 * np.maximum(distance, 1e-300))
        )
    return np.where(distance >= root, root, beyond)


def _cdf(at: Array, degrees: float) -> Array:
    return cast(Array, special.ndtr(at) if np.isinf(degrees) else special.stdtr(degrees, at))


def _ends(places: Array, excess: Array, limits: tuple[float, float]) -> tuple[Array, Array]:
    """First and last place at which a curve over the places is not above zero, between them by a straight line."""
    accepted = excess <= 0
    last = places.shape[-1] - 1
    first, final = accepted.argmax(axis=-1), last - accepted[..., ::-1].argmax(axis=-1)

    def crossing(inner: Array, outer: Array) -> Array:
        pick = lambda array, index: np.take_along_axis(array, index[..., None], axis=-1)[..., 0]  # noqa: E731
        y0, y1 = pick(excess, inner), pick(excess, outer)
        x0, x1 = pick(places, inner), pick(places, outer)
        share = np.where(y1 > y0, -y0 / np.where(y1 > y0, y1 - y0, 1.0), 0.0)
        return np.asarray(x0 + share * (x1 - x0), dtype=float)

    low, high = crossing(first, np.maximum(first - 1, 0)), crossing(final, np.minimum(final + 1, last))
    return np.where(first == 0, limits[0], low), np.where(final == last, limits[1], high)
