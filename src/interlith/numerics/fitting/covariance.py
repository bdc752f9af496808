"""How sure are the parameters of a fit, which of them do the data not fix, and what holds at a bound?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from interlith.numerics.fitting.coupled import Series
from interlith.numerics.fitting.losses import Loss
from interlith.numerics.fitting.parameters import Array, Mask
from interlith.numerics.fitting.problem import Curves, Members, Normal, Problem, Rooted
from interlith.numerics.fitting.reduced import Reduced, typical

#: Singular value, relative to the largest of a Jacobian with unit columns, below which a direction is not fixed.
RANK = 1e-11
#: The same read from normal equations, which see only squares.
_RANK_SQUARED = 1e-13
#: Smallest eigenvalue of the scaled hessian from which its inverse keeps six digits.
_SOUND = 1e-8
#: Diagonal of a hessian below which (and over one upon which) products leave the range of double precision.
_NOTHING = 1e-290
#: Standard uncertainty, as a multiple of the parameter, from which it is tried out whether the cost rises at all.
_SUSPECT = 1e3
#: Share of the rise that the hessian promises below which the cost is called flat.
_FLAT = 0.1
#: Share of a residual that is left of it so far away that nothing is.
_FADED = 1e-12
#: Share of a null direction from which a parameter belongs to it.
_BELONGS = 0.1


@dataclass(frozen=True, slots=True)
class Certainty:
    """Inverse hessian (b, q, q) in the independent parameters with rows of those held or at a bound zero.

    `loose`, shape (b, q), marks parameters that the data do not fix; `groups` names them member by member by place.
    """

    inverse: Array
    loose: Mask
    groups: tuple[tuple[tuple[int, ...], ...], ...]


def certainty(
    problem: Problem, space: Reduced, inner: Array, which: Members, normal: Normal, still: Mask, loss: Loss
) -> Certainty:
    """Inverse of the hessian where it exists, pseudo-inverse and the names of null directions elsewhere.

    Parameters
    ----------
    still
        Independent parameters that do not move: held, or at a bound, shape (b, q).

    Notes
    -----
    The hessian is scaled to a unit diagonal. Where its smallest eigenvalue may be below 1e-8, the Jacobian itself is
    decomposed: its singular values keep twice the digits.
    """
    diagonal = np.einsum("bii->bi", normal.hessian)
    dead = ~still & ~((diagonal > _NOTHING) & (diagonal < 1.0 / _NOTHING))
    moving = ~still & ~dead
    unit = np.where(moving, 1.0 / np.sqrt(np.where(moving, diagonal, 1.0)), 0.0)
    hessian = np.where(moving[:, :, None] & moving[:, None, :], normal.hessian, 0.0)
    matrix = hessian * unit[:, :, None] * unit[:, None, :]
    places = np.arange(matrix.shape[1])
    matrix[:, places, places] = 1.0
    inverse, sound = _inverted(matrix)
    loose = dead | _on_plateau(problem, space, inner, which, normal, moving, loss)
    groups: list[tuple[tuple[int, ...], ...]] = [()] * len(inner)
    for number in np.flatnonzero(loose.any(axis=1)):
        groups[number] = tuple((int(k),) for k in np.flatnonzero(loose[number]))
    for number in np.flatnonzero(~sound):
        spectrum, directions, limit = _spectrum(
            problem, space, inner[number], which[number], unit[number], loss, matrix[number]
        )
        null = spectrum <= limit * spectrum.max(initial=0.0)
        null_vectors = directions[:, null]
        belongs = (np.abs(null_vectors) > _BELONGS).any(axis=1) & moving[number]
        kept = np.where(null, 0.0, 1.0 / np.where(null, 1.0, spectrum))
        inverse[number] = (directions * kept) @ directions.T
        if belongs.any():
            loose[number] |= belongs
            groups[number] = (*groups[number], *_split(null_vectors, belongs))
    inverse *= unit[:, :, None] * unit[:, None, :]
    return Certainty(inverse, loose, tuple(groups))


def _on_plateau(
    problem: Problem, space: Reduced, inner: Array, which: Members, normal: Normal, moving: Mask, loss: Loss
) -> Mask:  # fmt: skip
    """Parameters whose cost hardly rises on one side where the hessian promises a unit of variance, shape (b, q).

    An exponential that has died out before the first point still has a slope of 1e-50 there: its standard uncertainty is a
    number, yet no value beyond is any worse.
    """
    found = np.zeros(moving.shape, dtype=np.bool_)
    diagonal = np.where(moving, np.einsum("bii->bi", normal.hessian), np.inf)
    points = np.maximum(problem.points[which] - moving.sum(axis=1), 1)
    stated = loss.likelihood or (isinstance(problem, Curves) and problem.std is not None)
    variance = np.ones(len(inner)) if stated else normal.cost / points
    size = np.sqrt(variance[:, None] / diagonal)
    rows, places = np.nonzero(moving & (size > _SUSPECT * typical(space, inner)))
    for sign in (-1.0, 1.0):
        moved = inner[rows].copy()
        moved[np.arange(len(rows)), places] += sign * size[rows, places]
        moved = np.clip(moved, space.low[which[rows]], space.high[which[rows]])
        if len(rows):
            rise = space.normal(problem, moved, which[rows], loss).cost - normal.cost[rows]
            found[rows, places] |= rise < _FLAT * variance[rows]
    return found


def _inverted(matrix: Array) -> tuple[Array, Mask]:
    """Inverses of matrices (b, q, q) with a unit diagonal, and whether each keeps six digits."""
    try:
        inverse = np.asarray(np.linalg.inv(matrix), dtype=np.float64)
    except np.linalg.LinAlgError:  # one of them is singular: halve the batch until it stands alone
        if len(matrix) == 1:
            return np.zeros_like(matrix), np.zeros(1, dtype=np.bool_)
        half = len(matrix) // 2
        first, second = _inverted(matrix[:half]), _inverted(matrix[half:])
        return np.concatenate([first[0], second[0]]), np.concatenate([first[1], second[1]])
    # The smallest eigenvalue is at least one over the trace of the inverse.
    diagonal = np.einsum("bii->bi", inverse)
    sound = np.isfinite(diagonal).all(axis=1) & (diagonal > 0).all(axis=1) & (diagonal.sum(axis=1) < 1 / _SOUND)
    return inverse, np.asarray(sound)


def _spectrum(
    problem: Problem, space: Reduced, inner: Array, member: np.intp, unit: Array, loss: Loss, matrix: Array
) -> tuple[Array, Array, float]:  # fmt: skip
    """Eigenvalues of the scaled hessian with their directions, from the Jacobian where there is one."""
    if not isinstance(problem, Rooted):
        values, vectors = np.linalg.eigh(matrix)
        return values, vectors, _RANK_SQUARED
    _, _, jacobian = problem.rooted(space.full(inner[None]), np.array([member]), loss)
    scaled = (jacobian[0] if space.identity else jacobian[0] @ space.matrix) * unit
    _, singular, right = np.linalg.svd(scaled, full_matrices=scaled.shape[0] < scaled.shape[1])
    padded = np.zeros(right.shape[0])
    padded[: singular.size] = singular
    # Directions of parameters that do not move have no column: they are no null direction of the data.
    idle = unit == 0
    if idle.any():
        padded = np.where(np.abs(right[:, idle]).max(axis=1) > 0.5, 1.0, padded)
    return padded**2, right.T, RANK**2


def _split(vectors: Array, belongs: Mask) -> list[tuple[int, ...]]:
    """Groups of parameters that share a null direction."""
    linked = (np.abs(vectors) > _BELONGS).astype(float)
    together = (linked @ linked.T) > 0
    left, groups = set(np.flatnonzero(belongs).tolist()), []
    while left:
        group, grown = {left.pop()}, True
        while grown:
            more = {k for k in left if any(together[k, one] for one in group)}
            grown = bool(more)
            group |= more
            left -= more
        groups.append(tuple(sorted(group)))
    return sorted(groups)


def robust_covariance(
    problem: Curves, space: Reduced, inner: Array, which: Members, found: Certainty, loss: Loss
) -> Array:
    """Covariance (b, q, q) of a robust fit from the spread of its residuals and the mean bend of its cost.

    Notes
    -----
    The assumption that fails first: residuals over their standard uncertainty are spread alike over the points.

    References
    ----------
    Huber 1973, 10.1214/aos/1176342503 (the second proposal for the covariance).
    """
    model, derivatives = problem.evaluate(space.full(inner), which)
    used = problem.used[which]
    std = np.ones((1, 1)) if problem.std is None else problem.std[which]
    residual = np.where(used, (model - problem.observed[which]) / std, 0.0)
    points = used.sum(axis=1)
    slope = loss.terms(model, problem.observed[which], np.broadcast_to(std, model.shape))[1] * std
    bend = (np.where(used, loss.bend(residual), 0.0)).sum(axis=1) / points
    spread = np.where(used, slope**2, 0.0).sum(axis=1)
    scaled = np.where(used[:, None, :], derivatives / np.broadcast_to(std, model.shape)[:, None, :], 0.0)
    if not space.identity:
        scaled = np.einsum("bpn,pq->bqn", scaled, space.matrix)
    moving = np.einsum("bii->bi", found.inverse) > 0
    pair = moving[:, :, None] & moving[:, None, :]
    inverse = np.linalg.pinv(np.where(pair, scaled @ scaled.transpose(0, 2, 1), 0.0), hermitian=True)
    left = points - moving.sum(axis=1)
    factor = np.divide(spread, left * np.maximum(bend, 1e-6) ** 2, out=np.full(len(which), math.inf), where=left > 0)
    with np.errstate(invalid="ignore"):
        return np.where(pair, inverse * factor[:, None, None], 0.0)


def correlated_covariance(
    problem: Rooted, space: Reduced, inner: Array, which: Members, found: Certainty, loss: Loss
) -> Array:
    """Covariance (b, q, q) if residuals of neighbouring points are alike: an AR(1) process along the points.

    Notes
    -----
    The correlation is estimated from the residuals and corrected for the parameters that were fitted to them. The
    assumption that fails first: that the likeness falls off exponentially from point to point; a misfit that waves slowly
    under the whole curve is no noise of any kind.

    References
    ----------
    Bérar and Lelann 1991, 10.1107/S0021889890008391 (the same inflation for powder patterns). Kendall 1954,
    10.1093/biomet/41.3-4.403 (bias of the correlation).
    """
    covariance = np.zeros_like(found.inverse)
    for row, member in enumerate(which):
        _, residual, jacobian = problem.rooted(space.full(inner[row : row + 1]), which[row : row + 1], loss)
        used = problem.used[member]
        columns = (jacobian[0] if space.identity else jacobian[0] @ space.matrix)[used]
        covariance[row] = alike_covariance(residual[0][used], columns, found.inverse[row])
    return covariance


def alike_covariance(residual: Array, jacobian: Array, inverse: Array, *, size: int | None = None) -> Array:
    """Covariance (q, q) if residuals of neighbouring points are alike, from that of independent ones.

    Parameters
    ----------
    residual, jacobian
        Over the standard uncertainty of the points, in their order, shapes (n,) and (n, q).
    inverse
        Covariance by the stated uncertainties, shape (q, q); zero where a parameter does not move.
    size
        Number of independent parameters that move; by default those with a variance.

    Notes
    -----
    See `correlated_covariance`.
    """
    moving = np.diag(inverse) > 0
    points, count = len(residual), int(moving.sum()) if size is None else size
    power = float(residual @ residual)
    seen = float(residual[1:] @ residual[:-1]) / power if power > 0 else 0.0
    alike = float(np.clip((points * seen + count) / max(points - count - 2, 1), 0.0, 0.98))
    # Points run along the memory.
    rows = np.ascontiguousarray(jacobian.T[moving])
    square = np.zeros_like(inverse)
    mixed = _faded(rows, alike) @ rows.T
    square[np.ix_(moving, moving)] = rows @ rows.T + mixed + mixed.T
    left = points - float(np.trace(inverse @ square))
    factor = power / left if left > 0 else math.inf
    with np.errstate(invalid="ignore"):
        return np.where(inverse == 0, 0.0, inverse @ square @ inverse * factor)


def _faded(rows: Array, alike: float) -> Array:
    """Sum over all earlier points of each row, each weighted by a power of how far back it is, shape (q, n)."""
    before = np.zeros_like(rows)
    # One row at a time stays in the near memory.
    for row, out in zip(rows, before, strict=True):
        total, reach = row.copy(), 1
        while reach < row.size and alike**reach > _FADED:
            total[reach:] += alike**reach * total[:-reach]
            reach *= 2
        np.multiply(total[:-1], alike, out=out[1:])
    return before


def pinned(
    space: Reduced, inner: Array, normal: Normal, found: Certainty, covariance: Array
) -> tuple[Array, NDArray[np.int8], Array]:
    """Covariance with one-sided freedom where tied parameters sit at bounds, which rows do (b, k), and how far inside (b, k).

    Notes
    -----
    Without its bound a tied parameter of variance v would lie d beyond it. Inside the bound the cost rises by one unit of
    variance within ``sqrt(d^2 + v) - d``: that distance replaces its standard uncertainty, others follow in proportion.
    """
    covariance = covariance.copy()
    side = np.zeros((len(inner), len(space.rows)), dtype=np.int8)
    distances = np.full(side.shape, math.nan)
    if not space.rows.size:
        return covariance, side, distances
    reached = inner @ space.rows.T
    push = np.einsum("ki,bij,bj->bk", space.rows, found.inverse, -normal.gradient)
    slack = 1e-9 * (1.0 + np.abs(reached))
    side[(reached <= space.row_low + slack) & (push <= 0)] = -1
    side[(reached >= space.row_high - slack) & (push >= 0)] = 1
    for member, row in np.argwhere(side != 0):
        column = covariance[member] @ space.rows[row]
        own = float(space.rows[row] @ column)
        if not 0 < own < math.inf:
            continue
        beyond = abs(float(push[member, row]))
        inside = own / (math.sqrt(beyond**2 + own) + beyond)
        distances[member, row] = inside
        covariance[member] += np.outer(column, column) * (inside**2 / own - 1.0) / own
    return covariance, side, distances


def series_certainty(series: Series, normal: Normal, still: Mask) -> Certainty:
    """Inverse of the hessian of a coupled series, its blocks member by member in all independent parameters (m, q, q).

    What one member does not fix is looked for in its own block, what the series does not fix in the Schur complement.
    """
    count, size = still.shape
    arrow = series.arrow(normal)
    local_still, shared_still = still[:, series.local], still[:, series.shared].all(axis=0)
    units, loose = [], np.zeros((count, size), dtype=np.bool_)
    for diagonal, stays in ((np.einsum("mii->mi", arrow.local), local_still), (np.diag(arrow.corner), shared_still)):
        units.append(np.where(~stays & (diagonal > 0), 1.0 / np.sqrt(np.where(diagonal > 0, diagonal, 1.0)), 0.0))
    loose[:, series.local] = ~local_still & (units[0] == 0)
    loose[:, series.shared] = ~shared_still & (units[1] == 0)
    scaled = arrow.scaled(units[0], units[1])
    groups: list[list[tuple[int, ...]]] = [[(int(k),) for k in np.flatnonzero(row)] for row in loose]
    local, ridge = scaled.local.copy(), 1e-12
    values = np.linalg.eigvalsh(local)[:, 0] if scaled.link is None and local.size else np.ones(count)
    for member in np.flatnonzero(values < _RANK_SQUARED):
        _name_null(local[member], series.local, loose[member], groups[member])
        local[member] += ridge * np.eye(local.shape[1])
    repaired = type(scaled)(local, scaled.border, scaled.corner, scaled.link)
    schur = repaired.schur()
    if schur.size and np.linalg.eigvalsh(schur)[0] < _RANK_SQUARED:
        for number in range(count):
            _name_null(schur, series.shared, loose[number], groups[number])
        repaired = type(scaled)(local, scaled.border, scaled.corner + ridge * np.eye(len(schur)), scaled.link)
    own, border, shared = repaired.inverse_blocks()
    inverse = np.zeros((count, size, size))
    one, two = units[0], np.broadcast_to(units[1], (count, len(series.shared)))
    inverse[:, series.local[:, None], series.local] = own * one[:, :, None] * one[:, None, :]
    inverse[:, series.local[:, None], series.shared] = border * one[:, :, None] * two[:, None, :]
    inverse[:, series.shared[:, None], series.local] = inverse[:, series.local[:, None], series.shared].transpose(
        0, 2, 1
    )
    inverse[:, series.shared[:, None], series.shared] = shared * two[:, :, None] * two[:, None, :]
    return Certainty(inverse, loose, tuple(tuple(found) for found in groups))


def _name_null(matrix: Array, places: NDArray[np.intp], loose: Mask, groups: list[tuple[int, ...]]) -> None:
    values, vectors = np.linalg.eigh(matrix)
    null = vectors[:, values < _RANK_SQUARED]
    belongs = (np.abs(null) > _BELONGS).any(axis=1)
    loose[places[belongs]] = True
    groups.extend(tuple(int(places[k]) for k in group) for group in _split(null, belongs))


def at_bounds(space: Reduced, inner: Array, which: Members, normal: Normal) -> NDArray[np.int8]:
    """-1 or 1 where an independent parameter sits at a bound that the cost pushes it against, shape (b, q)."""
    low, high = space.low[which], space.high[which]
    near = 1e-10 * np.maximum(np.abs(inner), np.where(np.isfinite(high - low), high - low, 0.0))
    down = (inner <= low + near) & (normal.gradient >= 0) & ~space.held[which]
    up = (inner >= high - near) & (normal.gradient <= 0) & ~space.held[which]
    return np.where(down & (low < high), -1, np.where(up & (low < high), 1, 0)).astype(np.int8)


def one_sided(normal: Normal, found: Certainty, side: NDArray[np.int8], variance: Array) -> Array:
    """How far inside a bound a parameter may lie before the cost rises by its variance, others following, shape (b, q).

    Notes
    -----
    Quadratic in the distance with the slope that the bound holds up; nan where a parameter is not at a bound.
    """
    distances = np.full(side.shape, math.nan)
    for member, place in np.argwhere(side != 0):
        hessian, inverse = normal.hessian[member], found.inverse[member]
        column = hessian[:, place]
        bend = float(hessian[place, place] - column @ inverse @ column)
        slope = abs(float(normal.gradient[member, place]))
        rise = float(variance[member])
        root = math.sqrt(max(slope * slope + max(bend, 0.0) * rise, 0.0))
        distances[member, place] = rise / (slope + root) if slope + root > 0 else math.inf
    return distances
