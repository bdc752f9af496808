"""Are residuals of a ladder mere scatter, or do they have a shape that no linear, stable system gives?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from interlith.numerics.kramers_kronig.ladder import Ridge

Array = NDArray[np.float64]

#: Directions count as described by the ladder where the data determine at least this share of them.
_DESCRIBED = 0.1


@dataclass(frozen=True, slots=True)
class Free:
    """The data in the directions that the ladder does not describe.

    Parameters
    ----------
    signal
        Orthonormal directions of the ladder, shape (2n, k).
    residuals
        What is left of the data without them, shape (2n,).
    """

    signal: Array
    residuals: Array

    @property
    def dof(self) -> int:
        """Number of such directions."""
        return int(self.signal.shape[0] - self.signal.shape[1])

    @property
    def variance(self) -> float:
        """Mean square along them."""
        return float(self.residuals @ self.residuals) / max(self.dof, 1)

    def without(self, direction: Array) -> Array:
        """The part of a direction that the ladder does not describe, shape (2n,)."""
        return np.asarray(direction - self.signal @ (self.signal.T @ direction))

    def projected(self, kernel: Array) -> Array:
        """A covariance in the directions that the ladder does not describe, shape (2n, 2n)."""
        half = kernel - self.signal @ (self.signal.T @ kernel)
        return np.asarray(half - (half @ self.signal) @ self.signal.T)


def free_part(fit: Ridge, data: Array) -> Free:
    """Take out of the data what the ladder describes."""
    signal = fit.left[:, fit.shares > _DESCRIBED]
    return Free(signal, data - signal @ (signal.T @ data))


def alike(place: Array, width: float) -> Array:
    """Covariance of a smooth function, real and imaginary parts for themselves, shape (2n, 2n)."""
    return np.asarray(np.kron(np.eye(2), np.exp(-0.5 * ((place[:, None] - place) / width) ** 2)))


def shape_probability(free: Free, kernel: Array) -> float:
    """Probability of residuals at least as smooth if they were scatter.

    Parameters
    ----------
    free
        Real parts, then imaginary parts.
    kernel
        Covariance of smooth functions, shape (2n, 2n).

    Notes
    -----
    Score test of a smooth random function: T = e' K e / e' e. For normal scatter T is independent of e' e, which gives its
    mean and variance exactly; a beta distribution has the same. The assumption that fails first: scatter that is
    independent from point to point.

    References
    ----------
    J. Durbin and G. S. Watson, Biometrika 37 (1950) 409, 10.1093/biomet/37.3-4.409 (moments of such ratios).
    """
    if free.dof < 4 or free.variance == 0:
        return 1.0
    projected = free.projected(kernel)
    dof, first, second = free.dof, float(np.trace(projected)), float(np.sum(projected * projected.T))
    mean = first / dof
    variance = 2 * (dof * second - first**2) / (dof**2 * (dof + 2))
    top = float(np.linalg.eigvalsh(projected)[-1])
    found = float(free.residuals @ kernel @ free.residuals) / float(free.residuals @ free.residuals)
    # The ratio lies between 0 and the largest eigenvalue.
    mean, variance, found = mean / top, variance / top**2, min(found / top, 1.0)
    common = mean * (1 - mean) / variance - 1
    return float(special.betaincc(mean * common, (1 - mean) * common, found))


def along(free: Free, direction: Array, kernel: Array, *, tolerance: float = 0.0) -> tuple[float, float, float]:
    """How much of a direction is in the data?

    Parameters
    ----------
    free
        Real parts, then imaginary parts.
    direction
        Change of the weighted data for one unit, shape (2n,).
    kernel
        Covariance of smooth functions, shape (2n, 2n).
    tolerance
        Standard deviation that every point is allowed besides its scatter.

    Returns
    -------
    tuple
        Estimate, its standard uncertainty, and two-sided probability (Student t).

    Notes
    -----
    Where the residuals have another smooth part besides, its size is estimated and widens the uncertainty: an error of the
    instrument that is alike at neighbouring frequencies must not pass for a change of the cell.
    """
    left = free.without(direction)
    length = float(left @ left)
    if free.dof < 6 or length < 1e-12 * float(direction @ direction):
        return 0.0, float("inf"), 1.0
    estimate = float(left @ free.residuals) / length
    rest = Free(np.column_stack([free.signal, left / np.sqrt(length)]), free.residuals - estimate * left)
    projected = rest.projected(kernel)
    first, second = float(np.trace(projected)), float(np.sum(projected * projected.T))
    # Two moments, e' e and e' K e, for the variances of scatter and of the smooth part.
    squares, smooth = float(rest.residuals @ rest.residuals), float(rest.residuals @ kernel @ rest.residuals)
    common = max((smooth * rest.dof - squares * first) / max(second * rest.dof - first**2, 1e-300), 0.0)
    scatter = max((squares - common * first) / rest.dof, 0.0) + tolerance**2
    std = float(np.sqrt((scatter + common * float(left @ kernel @ left) / length) / length))
    if std == 0:
        return estimate, 0.0, float(estimate == 0)
    return estimate, std, float(2 * special.stdtr(rest.dof, -abs(estimate / std)))
