"""Which weighted sum of the values of a curve gives its height at any abscissa?"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlith.errors import FitError

Array = NDArray[np.float64]


def polynomial_rows(x: ArrayLike, std: ArrayLike, degree: int, at: ArrayLike) -> Array:
    """Rows of weights with which a weighted polynomial of least squares gives heights: height = rows @ y.

    Parameters
    ----------
    x, std
        Abscissas and (relative) standard uncertainties, shape (n,).
    degree
        Of the polynomial.
    at
        Abscissas asked for, shape (g,).

    Returns
    -------
    Array
        Shape (g, n).

    Raises
    ------
    FitError
        If there are fewer different abscissas than coefficients.
    """
    places, sizes, asked = (np.asarray(item, dtype=float) for item in (x, std, at))
    different = np.unique(places).size
    if different < degree + 1:
        raise FitError(f"A polynomial of degree {degree} needs {degree + 1} different abscissas; found {different}.")
    low, span = float(places.min()), float(np.ptp(places)) or 1.0

    def columns(where: Array) -> Array:
        return np.asarray(np.polynomial.legendre.legvander(2.0 * (where - low) / span - 1.0, degree))

    orthogonal, upper = np.linalg.qr(columns(places) / sizes[:, None])
    return np.asarray(columns(asked) @ np.linalg.solve(upper, orthogonal.T / sizes))


def interpolation_rows(x: ArrayLike, std: ArrayLike, at: ArrayLike) -> Array:
    """The same for straight pieces between neighbouring abscissas; repeated abscissas are averaged by weight.

    Raises
    ------
    FitError
        If an abscissa asked for lies outside those of the curve, or there is only one.
    """
    places, sizes, asked = (np.asarray(item, dtype=float) for item in (x, std, at))
    knots, member = np.unique(places, return_inverse=True)
    if knots.size < 2:
        raise FitError("Straight pieces need two different abscissas; found one.")
    slack = 1e-9 * (knots[-1] - knots[0])
    if asked.min() < knots[0] - slack or asked.max() > knots[-1] + slack:
        raise FitError(f"Straight pieces reach from {knots[0]:g} to {knots[-1]:g}; a height outside was asked for.")
    average = np.zeros((knots.size, places.size))
    average[member, np.arange(places.size)] = sizes**-2.0
    average /= average.sum(axis=1, keepdims=True)
    right = np.clip(np.searchsorted(knots, asked), 1, knots.size - 1)
    share = np.clip((asked - knots[right - 1]) / (knots[right] - knots[right - 1]), 0.0, 1.0)
    return np.asarray((1.0 - share)[:, None] * average[right - 1] + share[:, None] * average[right])
