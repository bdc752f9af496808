"""Where does a curved surface over two axes have its highest place, and which places can the data not exclude?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from interlith.errors import FitError

Array = NDArray[np.float64]

COEFFICIENTS = 6
#: Places looked at along either axis, and directions in which curvature is tested.
_PLACES, _DIRECTIONS = 121, 180


@dataclass(frozen=True, slots=True)
class Stationary:
    """Result of a quadratic surface asked for its highest place within the grid of levels.

    Parameters
    ----------
    value
        Stationary point, shape (2,); it may lie outside the grid.
    spread
        Standard uncertainties of its two coordinates to first order, shape (2,).
    gradient
        Derivative of `value` with respect to the points, shape (2, n).
    bent
        Probability, in the direction that shows it least, of so much downward curvature if there were none.
    axes, kept
        Places along both axes, shape (g,) each, and which pairs a test of zero slope does not exclude, shape (g, g).
    misfit, dof
        Lack of fit as a probability, nan where it cannot be tested; degrees of freedom of the scatter.
    """

    value: Array
    spread: Array
    gradient: Array
    bent: float
    axes: tuple[Array, Array]
    kept: NDArray[np.bool_]
    misfit: float
    dof: float


def stationary_place(
    x: ArrayLike, y: ArrayLike, std: ArrayLike, *, scaled: bool = True, level: float = 0.95, shared: Array | None = None
) -> Stationary:
    """Fit a quadratic surface and ask where both slopes are zero.

    Parameters
    ----------
    x
        Levels, shape (n, 2).
    y, std
        Values and standard uncertainties (relative if `scaled`), shape (n,).
    level
        Confidence of the region, both coordinates together (Box and Hunter).
    shared
        Signed sizes of sources that points have in common, shape (m, n).

    Raises
    ------
    FitError
        If the levels do not determine the six coefficients, or nothing is left for the scatter.

    Notes
    -----
    Assumption that fails first: the surface is quadratic over the whole grid.

    References
    ----------
    Box and Hunter 1954, 10.1093/biomet/41.1-2.190.
    """
    places, values, sizes = (np.asarray(item, dtype=float) for item in (x, y, std))
    low, high = places.min(axis=0), places.max(axis=0)
    centre, unit = 0.5 * (low + high), 0.5 * (high - low)
    if (unit <= 0).any():
        raise FitError("A surface needs several levels along both axes; one axis has a single level.")
    columns = _columns((places - centre) / unit)
    if np.linalg.matrix_rank(columns) < COEFFICIENTS:
        raise FitError("The levels do not determine a quadratic surface: three levels along both axes, and six in all.")
    dof = len(values) - COEFFICIENTS
    if scaled and dof < 1:
        raise FitError("Six values leave no scatter about a quadratic surface; add levels or repeat some.")
    white = columns / sizes[:, None]
    covariance = np.linalg.inv(white.T @ white)
    operator = covariance @ white.T / sizes
    found = operator @ values
    squares = float(np.square((values - columns @ found) / sizes).sum())
    variance = covariance * (squares / dof if scaled else 1.0)
    freedom = float(dof) if scaled else math.inf
    bend = np.array([[2 * found[3], found[5]], [found[5], 2 * found[4]]])
    value = -np.linalg.solve(bend, found[1:3])
    slopes = _slopes(value)
    row = -np.linalg.solve(bend, slopes) * unit[:, None]
    grid = np.linspace(-1.0, 1.0, _PLACES)
    kept = _region(grid, found, variance, freedom, level, None if shared is None else operator @ shared.T)
    return Stationary(
        centre + unit * value,
        np.sqrt(np.einsum("ki,ij,kj->k", row, variance, row)),
        row @ operator,
        _bent(found, variance, freedom),
        (centre[0] + unit[0] * grid, centre[1] + unit[1] * grid),
        kept,
        _misfit(places, values, sizes, squares, scaled),
        freedom,
    )


def _columns(u: Array) -> Array:
    one, two = u[:, 0], u[:, 1]
    return np.column_stack([np.ones(len(u)), one, two, one**2, two**2, one * two])


def _slopes(u: Array) -> Array:
    """Slopes along both axes = rows @ coefficients, shape (..., 2, 6)."""
    zero, one = np.zeros(u.shape[:-1]), np.ones(u.shape[:-1])
    first = np.stack([zero, one, zero, 2 * u[..., 0], zero, u[..., 1]], axis=-1)
    second = np.stack([zero, zero, one, zero, 2 * u[..., 1], u[..., 0]], axis=-1)
    return np.stack([first, second], axis=-2)


def _region(
    grid: Array, found: Array, variance: Array, dof: float, level: float, moved: Array | None
) -> NDArray[np.bool_]:
    rows = _slopes(np.stack(np.meshgrid(grid, grid, indexing="ij"), axis=-1))
    slope = rows @ found
    limit = stats.chi2.ppf(level, 2) if math.isinf(dof) else 2 * stats.f.ppf(level, 2, dof)
    spread = limit * np.einsum("...ki,ij,...lj->...kl", rows, variance, rows)
    if moved is not None and moved.size:
        common = rows @ moved
        spread = spread + stats.chi2.ppf(level, 2) * np.einsum("...km,...lm->...kl", common, common)
    # By the cofactors of two rows, which is much faster than a solver for so many small systems.
    one, two, mixed = spread[..., 0, 0], spread[..., 1, 1], spread[..., 0, 1]
    size = two * slope[..., 0] ** 2 - 2 * mixed * slope[..., 0] * slope[..., 1] + one * slope[..., 1] ** 2
    return np.asarray(size <= one * two - mixed**2)


def _bent(found: Array, variance: Array, dof: float) -> float:
    angle = np.linspace(0.0, math.pi, _DIRECTIONS, endpoint=False)
    one, two = np.cos(angle), np.sin(angle)
    rows = np.stack([one**2, two**2, one * two], axis=-1)
    pull = rows @ found[3:] / np.sqrt(np.einsum("di,ij,dj->d", rows, variance[3:, 3:], rows))
    worst = float(pull.max())
    return float(stats.norm.cdf(worst) if math.isinf(dof) else stats.t.cdf(worst, dof))


def _misfit(places: Array, values: Array, sizes: Array, squares: float, scaled: bool) -> float:
    _, member = np.unique(places, axis=0, return_inverse=True)
    member = member.ravel()
    levels = int(member.max()) + 1
    extra, left = levels - COEFFICIENTS, len(values) - levels
    if extra < 1 or (scaled and left < 1):
        return math.nan
    groups, weights = np.eye(levels)[member], sizes**-2.0
    means = values @ (groups * weights[:, None]) / (groups.T @ weights)
    pure = float(np.square((values - means[member]) / sizes).sum())
    gain = max(squares - pure, 0.0)
    if not scaled:
        return float(stats.chi2.sf(gain, extra))
    return float(stats.f.sf(gain / extra / (pure / left), extra, left)) if pure > 0 else 0.0
