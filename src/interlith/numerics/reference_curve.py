"""What does a reference say at each place, with which shared uncertainty, and how far does it reach?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlith.errors import FitError

Array = NDArray[np.float64]

#: A further power is taken where its chance of being noise is below this.
_CHANCE = 0.01
#: Beyond the ends of the reference by more than this share of its range is outside.
_EDGE = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """A polynomial through a reference series, in ``u = (x - middle) / half``.

    Parameters
    ----------
    coefficients, covariance
        Shape (k,), (k, k); widened by the scatter about the polynomial where that is above one.
    middle, half, low, high
        Scale of x, and the range of the reference.
    scale
        Scatter over the stated uncertainties.
    """

    coefficients: Array
    covariance: Array
    middle: float
    half: float
    low: float
    high: float
    scale: float

    @property
    def degree(self) -> int:
        """Degree of the polynomial."""
        return self.coefficients.size - 1

    def powers(self, x: ArrayLike) -> Array:
        """Derivatives of the value by the coefficients, shape (n, k)."""
        u = (np.atleast_1d(np.asarray(x, dtype=np.float64)) - self.middle) / self.half
        return np.asarray(np.vander(u, self.coefficients.size, increasing=True))

    def value(self, x: ArrayLike) -> Array:
        """The reference, shape (n,)."""
        return np.asarray(self.powers(x) @ self.coefficients)

    def slope(self, x: ArrayLike) -> Array:
        """Its derivative by x, shape (n,)."""
        u = (np.atleast_1d(np.asarray(x, dtype=np.float64)) - self.middle) / self.half
        powers = np.arange(1, self.coefficients.size)
        return np.asarray(
            (np.vander(u, self.coefficients.size, increasing=True)[:, :-1] * powers) @ self.coefficients[1:] / self.half
        )

    def factor(self) -> Array:
        """Columns whose squares add up to the covariance, shape (k, k)."""
        values, vectors = np.linalg.eigh(self.covariance)
        return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)))

    def outside(self, x: ArrayLike) -> NDArray[np.bool_]:
        """Where the reference says nothing, shape (n,)."""
        margin = _EDGE * (self.high - self.low)
        place = np.asarray(x, dtype=np.float64)
        return np.asarray((place < self.low - margin) | (place > self.high + margin))


def reference_curve(
    x: ArrayLike, y: ArrayLike, std: ArrayLike, *, degree: int | None = None, most: int = 3
) -> Reference:
    """Polynomial through a reference.

    Parameters
    ----------
    x, y, std
        Reference series and its standard uncertainties, shape (n,).
    degree
        Of the polynomial; the lowest that a further power does not better beyond chance by default.
    most
        Highest degree that is tried.

    Raises
    ------
    FitError
        If there are fewer than three values, or fewer than the degree needs.

    Notes
    -----
    The assumption that fails first: that the reference has no transition within its range.
    """
    place, values, sizes = (np.asarray(one, dtype=np.float64) for one in (x, y, std))
    good = np.isfinite(place) & np.isfinite(values) & np.isfinite(sizes) & (sizes > 0)
    place, values, sizes = place[good], values[good], sizes[good]
    lacking = 3 if degree is None else degree + 1
    if place.size < lacking or np.ptp(place) <= 0:
        raise FitError(f"A reference needs {lacking} values or more at different places; got {place.size}.")
    middle, half = float(0.5 * (place.min() + place.max())), float(0.5 * np.ptp(place))
    u = (place - middle) / half
    if degree is not None:
        return _reference(u, values, sizes, degree, middle, half, place)
    taken = _reference(u, values, sizes, 1, middle, half, place)
    for number in range(2, min(most, place.size - 2) + 1):
        other = _reference(u, values, sizes, number, middle, half, place)
        if _chance(u, values, sizes, taken, other) < _CHANCE:
            taken = other
    return taken


def _reference(u: Array, y: Array, std: Array, degree: int, middle: float, half: float, x: Array) -> Reference:
    matrix = np.vander(u, degree + 1, increasing=True) / std[:, None]
    coefficients = np.asarray(np.linalg.lstsq(matrix, y / std, rcond=None)[0], dtype=np.float64)
    dof = y.size - degree - 1
    cost = float(np.square(matrix @ coefficients - y / std).sum())
    scale = math.sqrt(max(1.0, cost / dof)) if dof > 0 else 1.0
    covariance = np.asarray(np.linalg.inv(matrix.T @ matrix) * scale**2, dtype=np.float64)
    return Reference(coefficients, covariance, middle, half, float(x.min()), float(x.max()), scale)


def _chance(u: Array, y: Array, std: Array, first: Reference, second: Reference) -> float:
    """Probability that noise betters the fit as much as the further powers do."""
    from scipy import special

    costs = [
        float(np.square((np.vander(u, one.coefficients.size, increasing=True) @ one.coefficients - y) / std).sum())
        for one in (first, second)
    ]
    dof, more = y.size - second.coefficients.size, second.coefficients.size - first.coefficients.size
    if dof < 1:
        return 1.0
    # An unknown scale of the errors makes this Fisher's ratio; stated errors that are too small do no harm then.
    ratio = (costs[0] - costs[1]) / more / max(costs[1] / dof, 1e-300)
    return float(special.fdtrc(more, dof, max(ratio, 0.0)))
