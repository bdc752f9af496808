"""At which abscissa does a straight line through uncertain points reach a given level, and how sure is that?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from interlith.errors import FitError
from interlith.numerics.levels.fieller import RootSet, root_set

Array = NDArray[np.float64]

#: Steps of the line with errors in both coordinates, and the relative change of slope at which they end.
_STEPS, _SETTLED = 60, 1e-12


@dataclass(frozen=True, slots=True)
class Intercept:
    """A line through points, asked where it reaches a level; for one series or many over the same abscissas.

    Parameters
    ----------
    x, y
        Abscissas, shape (n,), and values above the level, shape (..., n).
    centre
        Abscissa at which the two coefficients are independent, shape (...).
    coefficients
        Height above the level at the centre, and slope, shape (..., 2).
    operator
        Coefficients = operator @ y, shape (..., 2, n).
    covariance
        Diagonal of the covariance of the coefficients for unit scale, shape (..., 2).
    std
        Effective standard uncertainties (values, and abscissas through the slope), shape (..., n).
    scale
        Standard deviation of residuals over `std`, shape (...); one where these are taken at their word.
    dof
        Degrees of freedom of the scale; infinite where sizes are taken at their word.
    residuals, leverage
        Over `std`, shape (..., n); share of each point in its own fitted value.
    """

    x: Array
    y: Array
    centre: Array
    coefficients: Array
    operator: Array
    covariance: Array
    std: Array
    scale: Array
    dof: float
    residuals: Array
    leverage: Array

    @property
    def value(self) -> Array:
        """Abscissa at which the line reaches the level, shape (...)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(self.centre - self.coefficients[..., 0] / self.coefficients[..., 1])

    @property
    def gradient(self) -> Array:
        """Derivative of `value` with respect to the values of the points, shape (..., n)."""
        away = (self.value - self.centre)[..., None]
        row = self.operator[..., 0, :] + away * self.operator[..., 1, :]
        return np.asarray(-row / self.coefficients[..., 1:2])

    @property
    def spread(self) -> Array:
        """Standard uncertainty of `value` to first order, from the points alone, shape (...)."""
        away = self.value - self.centre
        variance = self.covariance[..., 0] + away**2 * self.covariance[..., 1]
        return np.asarray(self.scale * np.sqrt(variance) / np.abs(self.coefficients[..., 1]))

    def interval(self, level: float, *, shared: Array | None = None) -> RootSet:
        """Abscissas that a test at `level` does not exclude (Fieller).

        Parameters
        ----------
        level
            Confidence.
        shared
            Signed sizes of sources that points have in common, shape (..., k, n): normal, added in quadrature.
        """
        quantile = _quantile(level, self.dof)
        widths = np.zeros((*self.centre.shape, 2, 2))
        for place in (0, 1):
            widths[..., place, place] = (quantile * self.scale) ** 2 * self.covariance[..., place]
        return self._moved(root_set(self.coefficients, widths + self._common(level, shared)))

    def _common(self, level: float, shared: Array | None) -> Array | float:
        if shared is None or shared.size == 0:
            return 0.0
        moved = np.einsum("...in,...kn->...ki", self.operator, shared)
        return np.asarray(_quantile(level, math.inf) ** 2 * np.einsum("...ki,...kj->...ij", moved, moved))

    def _moved(self, found: RootSet) -> RootSet:
        return RootSet(found.kind, found.low + self.centre, found.high + self.centre)


def _quantile(level: float, dof: float) -> float:
    return float(stats.norm.ppf(0.5 + level / 2) if math.isinf(dof) else stats.t.ppf(0.5 + level / 2, dof))


def fit_intercept(
    x: ArrayLike, y: ArrayLike, std: ArrayLike, *, scaled: bool, at: float = 0.0, x_std: ArrayLike | None = None
) -> Intercept:
    """Fit a straight line, to be asked where it reaches the level `at`.

    Parameters
    ----------
    x
        Abscissas, shape (n,); values may repeat.
    y, at
        Values, shape (..., n), and the level.
    std
        Standard uncertainties of the values, shape (n,); finite and positive.
    scaled
        Whether the uncertainties are relative and the scatter about the line gives their size (Student t with n - 2
        degrees of freedom), or they are taken at their word.
    x_std
        Standard uncertainties of the abscissas, shape (n,), in the same sense as `std`; exact abscissas if not given.

    Raises
    ------
    FitError
        If there are fewer than two different abscissas, no degree of freedom is left for `scaled`, or a number is not
        finite.

    Notes
    -----
    Exact for exact abscissas and independent normal errors of these (relative) sizes. With uncertain abscissas the line is
    that of least squares in both coordinates, and the interval holds to first order. The assumption that fails first: the
    line goes on straight to where it reaches the level.

    References
    ----------
    York, Evensen, Lopez Martinez and De Basabe Delgado 2004, 10.1119/1.1632486, eq. 13.
    """
    places, heights, sizes = (np.asarray(item, dtype=float) for item in (x, y, std))
    across = np.zeros(places.shape) if x_std is None else np.asarray(x_std, dtype=float)
    _check(places, heights, sizes, across, scaled)
    heights = heights - at
    slope, effective, adjusted, weights = _line(places, heights, sizes, across)
    total = weights.sum(axis=-1)
    centre = (weights * adjusted).sum(axis=-1) / total
    steps = adjusted - centre[..., None]
    squares = (weights * steps**2).sum(axis=-1)
    operator = np.stack([weights / total[..., None], weights * steps / squares[..., None]], axis=-2)
    # The line runs through the weighted mean of the points, whatever the adjusted abscissas.
    middle = (weights * places).sum(axis=-1) / total
    level = (weights * heights).sum(axis=-1) / total + slope * (centre - middle)
    fitted = level[..., None] + slope[..., None] * (places - centre[..., None])
    residuals = (heights - fitted) / effective
    dof = float(places.size - 2) if scaled else math.inf
    scale = np.sqrt((residuals**2).sum(axis=-1) / dof) if scaled else np.ones(slope.shape)
    leverage = weights / total[..., None] + weights * steps**2 / squares[..., None]
    return Intercept(
        places, heights, centre, np.stack([level, slope], axis=-1), operator,
        np.stack([1.0 / total, 1.0 / squares], axis=-1), effective, scale, dof, residuals, leverage,
    )  # fmt: skip


def _line(x: Array, y: Array, std: Array, x_std: Array) -> tuple[Array, Array, Array, Array]:
    """Slope, effective uncertainties, adjusted abscissas and weights of the line of least squares in both coordinates."""
    exact = not (x_std > 0).any()
    slope = np.zeros(y.shape[:-1])
    shape = (*y.shape[:-1], x.size)
    for step in range(_STEPS):
        effective = np.broadcast_to(np.sqrt(std**2 + (slope[..., None] * x_std) ** 2), shape)
        weights = effective**-2.0
        total = weights.sum(axis=-1, keepdims=True)
        across = x - (weights * x).sum(axis=-1, keepdims=True) / total
        upwards = y - (weights * y).sum(axis=-1, keepdims=True) / total
        adjusted = weights * (across * std**2 + slope[..., None] * upwards * x_std**2)
        with np.errstate(divide="ignore", invalid="ignore"):
            fresh = (weights * adjusted * upwards).sum(axis=-1) / (weights * adjusted * across).sum(axis=-1)
        done = exact or (step > 0 and bool(np.all(np.abs(fresh - slope) <= _SETTLED * np.abs(fresh))))
        slope = fresh
        if done:
            break
    places = x - across + adjusted
    return slope, effective, places, weights


def _check(x: Array, y: Array, std: Array, x_std: Array, scaled: bool) -> None:
    if x.ndim != 1 or y.shape[-1:] != x.shape or std.shape != x.shape or x_std.shape != x.shape:
        raise FitError(
            f"A line needs x, y and uncertainties of one length; found {x.shape}, {y.shape}, {std.shape} and {x_std.shape}."
        )
    if not all(np.isfinite(item).all() for item in (x, y, std, x_std)) or (std <= 0).any() or (x_std < 0).any():
        raise FitError("A line needs finite numbers and positive uncertainties. Leave incomplete points out.")
    if np.unique(x).size < 2:
        raise FitError("A line needs two different abscissas; found one.")
    if scaled and x.size < 3:
        raise FitError(
            f"{x.size} points leave no scatter about a line; at least 3 are needed, or stated uncertainties."
        )
