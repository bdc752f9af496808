"""How steep is a line through independent points of unequal weight, and would a bend describe them better?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from interlith.errors import FitError

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class WeightedLine:
    """A polynomial through independent points, for one series or for many of the same abscissas.

    Parameters
    ----------
    coefficients
        Shape (..., p), of polynomials that are orthogonal over the points.
    covariance
        Shape (p, p), of the coefficients for a residual variance of one.
    scale
        Shape (...): standard deviation of residuals in units of the stated ones; one where those are taken at their word.
    operator
        Coefficients = operator @ y, shape (p, n).
    residuals
        In units of the stated standard uncertainties, shape (..., n).
    dof
        Degrees of freedom of `scale`; infinite where the stated ones are taken at their word.
    misfit
        Probability of a larger sum of squared residuals if the stated ones were right; nan where they are relative.
    bent
        Probability of curvature at least this strong if the polynomial were of this degree; nan if too few points.
    """

    x: Array
    coefficients: Array
    covariance: Array
    scale: Array
    operator: Array
    residuals: Array
    dof: float
    misfit: Array
    bent: Array

    @property
    def slope_gradient(self) -> Array:
        """Mean slope (that of the best line through the curve) = gradient @ coefficients, shape (p,)."""
        gradient = np.zeros(self.coefficients.shape[-1])
        gradient[1] = 1.0 / float(np.std(self.x))
        return gradient

    def slope(self) -> tuple[Array, Array]:
        """Mean slope and its standard uncertainty, in units of y per x, shape (...)."""
        return self.linear(self.slope_gradient)

    def linear(self, gradient: Array) -> tuple[Array, Array]:
        """A linear combination of the coefficients and its standard uncertainty, shape (...)."""
        return self.coefficients @ gradient, self.scale * math.sqrt(float(gradient @ self.covariance @ gradient))

    def gradient_at(self, at: float) -> Array:
        """Value of the polynomial at an abscissa = gradient @ coefficients, shape (p,)."""
        degree = self.coefficients.shape[-1] - 1
        return np.asarray(_vandermonde(np.array([at]), self.x, degree)[0] @ _orthogonal(self.x, degree))


def weighted_line(x: ArrayLike, y: ArrayLike, std: ArrayLike, *, scaled: bool, degree: int = 1) -> WeightedLine:
    """Fit a polynomial by weighted least squares.

    Parameters
    ----------
    x
        Abscissa, shape (n,); values may repeat.
    y
        Values, shape (..., n).
    std
        Standard uncertainties, in units of y, shape (n,); all finite and positive.
    scaled
        Whether `std` is relative and the scatter about the polynomial gives the size (Student t with n - degree - 1
        degrees of freedom), or it is taken at its word (normal).
    degree
        1 for a line.

    Raises
    ------
    FitError
        If there are fewer different abscissas than coefficients, no degree of freedom is left for `scaled`, or a number
        is not finite.

    Notes
    -----
    Exact for independent normal scatter of these relative sizes. The assumption that fails first: independence of
    neighbouring points, for which see `interlith.numerics.trends.trend`.
    """
    abscissa, values, sizes = (np.asarray(item, dtype=float) for item in (x, y, std))
    _check(abscissa, values, sizes, degree, scaled)
    different = np.unique(abscissa).size
    order = _vandermonde(abscissa, abscissa, degree) @ _orthogonal(abscissa, degree)
    root, residuals, covariance, operator = _solved(order, values, sizes)
    squares = np.square(residuals).sum(axis=-1)
    dof = abscissa.size - degree - 1
    misfit = special.chdtrc(dof, squares) if not scaled and dof > 0 else np.full(squares.shape, math.nan)
    scale = np.sqrt(squares / dof) if scaled else np.ones(squares.shape)
    bent = np.full(squares.shape, math.nan)
    extra = min(2, different - degree - 2) if scaled else min(2, different - degree - 1)
    if extra > 0:
        wider = _vandermonde(abscissa, abscissa, degree + extra) @ _orthogonal(abscissa, degree + extra)
        less = np.square(_solved(wider, values, sizes)[1]).sum(axis=-1)
        left = dof - extra
        with np.errstate(divide="ignore", invalid="ignore"):
            gain = np.maximum(squares - less, 0.0)
            bent = special.fdtrc(extra, left, gain / extra / (less / left)) if scaled else special.chdtrc(extra, gain)
    return WeightedLine(
        abscissa, root, covariance, scale, operator, residuals, float(dof) if scaled else math.inf, misfit, bent
    )


def _check(x: Array, y: Array, std: Array, degree: int, scaled: bool) -> None:
    if x.ndim != 1 or y.shape[-1:] != x.shape or std.shape != x.shape:
        raise FitError(f"A trend needs x, y and std of one length; found {x.shape}, {y.shape} and {std.shape}.")
    if not (np.isfinite(x).all() and np.isfinite(y).all() and np.isfinite(std).all() and (std > 0).all()):
        raise FitError("A trend needs finite numbers and positive uncertainties. Leave incomplete points out.")
    if np.unique(x).size < degree + 1:
        raise FitError(f"A trend of degree {degree} needs {degree + 1} different abscissas; found {np.unique(x).size}.")
    if scaled and x.size < degree + 2:
        raise FitError(
            f"{x.size} points leave no scatter about a trend of degree {degree}; at least {degree + 2} are needed."
        )


def _vandermonde(at: Array, x: Array, degree: int) -> Array:
    low, high = float(x.min()), float(x.max())
    return np.asarray(np.polynomial.legendre.legvander(2.0 * (at - low) / (high - low) - 1.0, degree), dtype=float)


def _orthogonal(x: Array, degree: int) -> Array:
    """Legendre coefficients of polynomials orthogonal over the points, each of unit mean square and rising."""
    _, upper = np.linalg.qr(_vandermonde(x, x, degree))
    upper = upper * np.sign(np.diag(upper))[:, None]
    return np.asarray(np.linalg.inv(upper) * math.sqrt(x.size))


def _solved(columns: Array, y: Array, std: Array) -> tuple[Array, Array, Array, Array]:
    """Coefficients, residuals in units of `std`, covariance for unit variance, and the operator."""
    white = columns / std[:, None]
    inverse = np.asarray(np.linalg.inv(white.T @ white), dtype=np.float64)
    operator = inverse @ white.T / std
    coefficients = y @ operator.T
    return coefficients, (y - coefficients @ columns.T) / std, inverse, operator
