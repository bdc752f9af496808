"""Which weights make a curve a sum of other curves, and how sure are they near their limits?

The fit is that of `interlith.numerics.sums.mixing`, in which the parts have errors too. Pure arrays; every function takes one problem
or a batch of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast

import numpy as np
from numpy.typing import NDArray

from interlith.errors import FitError
from interlith.numerics.sums.limits import feldman_cousins
from interlith.numerics.sums.mixing import Mixing, Solved, divide, inside, pieces, settled, solve
from interlith.numerics.sums.sums import t_quantile

Array = NDArray[np.float64]

#: Points of a profile between the limits, and its reach in half-widths of a Student t interval.
POINTS, REACH = 41, 2.0


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
    problem = settled(problem)
    found, size = _sized(problem, stated)
    degrees = np.inf if stated else float(problem.dof)
    gradient = problem.gradient(found.coefficients) @ found.basis
    operator, spread, widening = _linear(problem, found, size, gradient)
    free = problem.weights(found.coefficients)
    limited = found.coefficients
    if np.isfinite(problem.low) or np.isfinite(problem.high):
        limited = inside(problem, size=size).coefficients
    value = np.clip(problem.weights(limited), problem.low, problem.high)
    ends = [
        _interval(problem, found, size, number, (free, spread, widening), degrees, level)
        for number in range(problem.count)
    ]
    low = np.minimum(np.stack([end[0] for end in ends], axis=-1), value)
    high = np.maximum(np.stack([end[1] for end in ends], axis=-1), value)
    return Weights(value, free, low, high, spread, operator, size, limited)


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
        matrix = pieces(problem, found.coefficients, np.exp(middle), found.basis).covariance
        design = np.swapaxes(found.true, -1, -2) @ found.basis
        whitened = np.linalg.solve(matrix, design)
        pull = np.linalg.solve(matrix, found.residual[..., None])[..., 0]
        slope = np.einsum("...mf,...m->...f", whitened, found.residual)
        curvature = np.swapaxes(design, -1, -2) @ whitened
        squares = (found.residual * pull).sum(axis=-1) - (slope * divide(curvature, slope)).sum(axis=-1)
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


def _ends(places: Array, excess: Array, limits: tuple[float, float]) -> tuple[Array, Array]:
    """First and last place at which a curve over the places is not above zero, between them by a straight line."""
    accepted = excess <= 0
    last = places.shape[-1] - 1
    first, final = accepted.argmax(axis=-1), last - accepted[..., ::-1].argmax(axis=-1)

    def crossing(inner: NDArray[np.intp], outer: NDArray[np.intp]) -> Array:
        y0, y1 = _picked(excess, inner), _picked(excess, outer)
        x0, x1 = _picked(places, inner), _picked(places, outer)
        share = np.where(y1 > y0, -y0 / np.where(y1 > y0, y1 - y0, 1.0), 0.0)
        return np.asarray(x0 + share * (x1 - x0), dtype=float)

    low, high = crossing(first, np.maximum(first - 1, 0)), crossing(final, np.minimum(final + 1, last))
    return np.where(first == 0, limits[0], low), np.where(final == last, limits[1], high)


def _picked(values: Array, index: NDArray[np.intp]) -> Array:
    return np.asarray(np.take_along_axis(values, index[..., None], axis=-1)[..., 0], dtype=float)
