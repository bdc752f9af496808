"""Where does a parabola through uncertain points have its highest place, and is there one at all?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special, stats

from interlith.errors import FitError
from interlith.numerics.levels.fieller import RootSet, root_set

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Vertex:
    """A parabola through points, asked where its slope is zero; for one series or many over the same abscissas.

    Parameters
    ----------
    centre, unit
        The parabola is one in (x - centre) / unit.
    coefficients
        Of that, shape (..., 3).
    operator
        Coefficients = operator @ y, shape (3, n).
    covariance
        Of the coefficients for unit scale, shape (3, 3).
    scale, dof
        Standard deviation of the residuals over their uncertainties, shape (...), and its degrees of freedom.
    misfit
        Probability of residuals of the level means this large if the parabola holds; nan where that cannot be tested.
    """

    centre: float
    unit: float
    coefficients: Array
    operator: Array
    covariance: Array
    scale: Array
    dof: float
    misfit: Array

    @property
    def value(self) -> Array:
        """Abscissa of zero slope, shape (...)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(self.centre - self.unit * self.coefficients[..., 1] / (2.0 * self.coefficients[..., 2]))

    @property
    def spread(self) -> Array:
        """Standard uncertainty of `value` to first order, from the scatter alone, shape (...)."""
        row = self._row()
        variance = np.einsum("...i,ij,...j->...", row, self.covariance, row)
        return np.asarray(self.scale * np.sqrt(variance))

    @property
    def gradient(self) -> Array:
        """Derivative of `value` with respect to the points, shape (..., n)."""
        return np.asarray(self._row() @ self.operator)

    def _row(self) -> Array:
        second = self.coefficients[..., 2]
        zero = np.zeros(second.shape)
        away = self.coefficients[..., 1] / second
        return np.stack([zero, -self.unit / (2.0 * second), self.unit * away / (2.0 * second)], axis=-1)

    def bent_downwards(self) -> Array:
        """One-sided probability of so much downward curvature if there were none, shape (...)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            pull = self.coefficients[..., 2] / (self.scale * math.sqrt(float(self.covariance[2, 2])))
        return np.asarray(special.ndtr(pull) if math.isinf(self.dof) else special.stdtr(self.dof, pull))

    def interval(self, level: float, *, shared: Array | None = None) -> RootSet:
        """Abscissas at which a slope of zero is not excluded (Fieller).

        Parameters
        ----------
        level
            Confidence.
        shared
            Signed sizes of sources that points have in common, shape (m, n): normal, added in quadrature.
        """
        quantile = stats.norm.ppf(0.5 + level / 2) if math.isinf(self.dof) else stats.t.ppf(0.5 + level / 2, self.dof)
        slope = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 2.0]])
        widths = (quantile * self.scale[..., None, None]) ** 2 * (slope @ self.covariance @ slope.T)
        if shared is not None and shared.size:
            moved = slope @ self.operator @ shared.T
            widths = widths + stats.norm.ppf(0.5 + level / 2) ** 2 * (moved @ moved.T)
        found = root_set(self.coefficients @ slope.T, widths)
        return RootSet(found.kind, self.centre + self.unit * found.low, self.centre + self.unit * found.high)


def fit_vertex(x: ArrayLike, y: ArrayLike, std: ArrayLike, *, scaled: bool = True) -> Vertex:
    """Fit a parabola by weighted least squares.

    Parameters
    ----------
    x
        Levels, shape (n,); repeated where a level has several units.
    y
        Values, shape (..., n).
    std
        Standard uncertainties, shape (n,), relative ones if `scaled`.
    scaled
        Whether the scatter gives the size: that within levels where these are as many as coefficients, else that about the
        parabola as well.

    Raises
    ------
    FitError
        If there are fewer than three levels, or nothing is left for the scatter.

    Notes
    -----
    Exact for normal values of these relative sizes. Assumption that fails first: the curve is a parabola over all levels.

    References
    ----------
    Fieller 1954, 10.1111/j.2517-6161.1954.tb00159.x.
    """
    places, values, sizes = (np.asarray(item, dtype=float) for item in (x, y, std))
    levels, member = np.unique(places, return_inverse=True)
    if levels.size < 3:
        raise FitError(f"A parabola needs three levels; found {levels.size}.")
    if scaled and places.size < 4:
        raise FitError("Three single values leave no scatter about a parabola; repeat a level or add one.")
    centre, unit = 0.5 * (levels[0] + levels[-1]), 0.5 * (levels[-1] - levels[0])
    columns = np.vander((places - centre) / unit, 3, increasing=True)
    white = columns / sizes[:, None]
    covariance = np.linalg.inv(white.T @ white)
    operator = covariance @ white.T / sizes
    coefficients = values @ operator.T
    squares = np.square((values - coefficients @ columns.T) / sizes).sum(axis=-1)
    dof = float(places.size - 3)
    misfit = _misfit(values, sizes, member, squares, scaled)
    scale = np.sqrt(squares / dof) if scaled else np.ones(squares.shape)
    return Vertex(
        float(centre), float(unit), coefficients, operator, covariance, scale, dof if scaled else math.inf, misfit
    )


def _misfit(values: Array, sizes: Array, member: NDArray[np.int64], squares: Array, scaled: bool) -> Array:
    """Lack of fit: what the level means lie off the parabola, against the scatter within levels."""
    levels = int(member.max()) + 1
    extra = levels - 3
    if extra < 1:
        return np.full(squares.shape, math.nan)
    groups = np.eye(levels)[member]
    weights = sizes**-2.0
    means = values @ (groups * weights[:, None]) / (groups.T @ weights)
    pure = np.square((values - means[..., member]) / sizes).sum(axis=-1)
    left = values.shape[-1] - levels
    gain = np.maximum(squares - pure, 0.0)
    if not scaled:
        return np.asarray(special.chdtrc(extra, gain))
    if left < 1:
        return np.full(squares.shape, math.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(special.fdtrc(extra, left, (gain / extra) / (pure / left)))
