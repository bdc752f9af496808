"""What is expected of a distribution of relaxation times before any data are seen?

Nothing about its form. Its logarithm u bends little and in few places: a second derivative that is white noise whose variance itself varies along
ln tau (log variance `bends`, a smooth random field), so that the top of a narrow process may be sharp while its flanks stay straight. Beyond the
outermost processes u falls off with a slope of about 0.85, as constant-phase elements do, unless the data say otherwise (Student's t).
Signed distributions have the same prior on gamma itself, without slopes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from interlith.numerics.relaxation.kernel import Grid

Array = NDArray[np.float64]

#: Reach of the field of bends in ln tau, and its standard deviation in log variance.
_REACH, _SPREAD = 0.5, 2.0
#: Median log variance of the second derivative (1/length^3), of log gamma and of a signed gamma over its mean, and how well it is known.
_MEDIAN = {True: -2.0, False: 3.0}
_KNOWN = {True: 1.0, False: 3.0}
#: Weak pull of the slope towards zero (1/length), and of the level towards its start.
_SLOPE_PULL, _LEVEL_PULL = 0.05, 1e-4
#: Flanks: below this share of the highest value; expected slope, spread, degrees of freedom, weight (1/length).
_SHARE, _SLOPE, _SLOPE_SPREAD, _FREEDOM, _SLOPE_WEIGHT = 0.3, 0.85, 0.2, 3.0, 12.0
#: Directions of the field below this share of its largest variance are left out.
_NEGLECT = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class Prior:
    """The prior of one grid.

    Parameters
    ----------
    logarithmic
        Whether it is a prior of log gamma, or of a signed gamma.
    curvature
        Second differences of the coefficients, scaled to white noise, shape (c - 2, c).
    slope
        First differences, likewise, shape (c - 1, c).
    field
        Log variance of the curvature for coordinates of unit variance, shape (c - 2, q).
    median
        Log variance where all coordinates are zero.
    spacing
        Of the coefficients.
    """

    logarithmic: bool
    curvature: Array
    slope: Array
    field: Array
    median: float
    spacing: float

    def precision(self, bends: Array, slopes: Array) -> Array:
        """Precision matrices, shape (m, c, c), for bends (m, q) and slope weights (m, c - 1)."""
        stiffness = np.exp(-self.variance(bends))
        return self.from_stiffness(stiffness, slopes)

    def from_stiffness(self, stiffness: Array, slopes: Array) -> Array:
        """The same for inverse variances of the curvature, shape (m, c - 2): a banded matrix written band by band."""
        members, size = len(stiffness), self.curvature.shape[1]
        made = np.zeros((members, size, size))
        bent = stiffness / self.spacing**3
        sloped = slopes / self.spacing
        place = np.arange(size)
        made[:, place, place] = _LEVEL_PULL
        for first, one in enumerate((1.0, -2.0, 1.0)):
            for second, two in enumerate((1.0, -2.0, 1.0)):
                made[:, place[first : size - 2 + first], place[second : size - 2 + second]] += one * two * bent
        for first, one in enumerate((-1.0, 1.0)):
            for second, two in enumerate((-1.0, 1.0)):
                made[:, place[first : size - 1 + first], place[second : size - 1 + second]] += one * two * sloped
        return made

    def variance(self, bends: Array) -> Array:
        """Log variance of the curvature, shape (m, c - 2)."""
        return self.median + bends @ self.field.T

    def slopes(self, values: Array | None, members: int, *, robust: bool) -> tuple[Array, Array]:
        """Weights of the slopes, and their pull, shape (m, c - 1) and (m, c).

        Parameters
        ----------
        values
            Coefficients (m, c) of log gamma so far, or `None` where there are none to look at.
        members
            m.
        robust
            Whether slopes far from the expected one are let go.
        """
        count = self.slope.shape[0]
        weak = np.full((members, count), _SLOPE_PULL)
        if values is None or not self.logarithmic:
            return weak, np.zeros((members, count + 1))
        middle = 0.5 * (values[:, 1:] + values[:, :-1])
        high = middle > middle.max(axis=1, keepdims=True) + np.log(_SHARE)
        place = np.arange(count)
        fast = place < high.argmax(axis=1)[:, None]
        slow = place > (count - 1 - high[:, ::-1].argmax(axis=1))[:, None]
        expected = _SLOPE * (fast.astype(float) - slow.astype(float))
        weight = np.full((members, count), _SLOPE_WEIGHT)
        if robust:
            found = np.diff(values, axis=1) / self.spacing
            weight *= (_FREEDOM + 1) / (_FREEDOM + ((found - expected) / _SLOPE_SPREAD) ** 2)
        weight = np.where(fast | slow, weight, weak)
        return weight, (weight * expected * np.sqrt(self.spacing)) @ self.slope


def curvatures(values: Array, spacing: float) -> Array:
    """Scaled second differences along the last axis."""
    return np.asarray((values[..., 2:] - 2 * values[..., 1:-1] + values[..., :-2]) / spacing**1.5)


def curvature_variances(covariance: Array, spacing: float) -> Array:
    """Variances of the scaled second differences for covariances (m, c, c) of the coefficients, shape (m, c - 2)."""
    main, first, second = (np.diagonal(covariance, offset, 1, 2) for offset in (0, 1, 2))
    made = main[:, 2:] + 4 * main[:, 1:-1] + main[:, :-2] + 2 * second - 4 * first[:, 1:] - 4 * first[:, :-1]
    return np.asarray(np.maximum(made / spacing**3, 0.0))


@lru_cache(maxsize=32)
def _matrices(size: int, spacing: float, logarithmic: bool) -> tuple[Array, Array, Array]:
    curvature = np.diff(np.eye(size), 2, axis=0) / spacing**1.5
    slope = np.diff(np.eye(size), 1, axis=0) / np.sqrt(spacing)
    place = spacing * np.arange(size - 2)
    covariance = _SPREAD**2 * np.exp(-0.5 * ((place[:, None] - place[None, :]) / _REACH) ** 2)
    values, vectors = np.linalg.eigh(covariance)
    kept = values > _NEGLECT * values[-1]
    field = np.concatenate(
        [np.full((size - 2, 1), _KNOWN[logarithmic]), vectors[:, kept] * np.sqrt(values[kept])], axis=1
    )
    return curvature, slope, field


def prior(of: Grid, *, logarithmic: bool = True) -> Prior:
    """The prior on a grid, of log gamma or of a signed gamma in units of its mean."""
    curvature, slope, field = _matrices(of.basis.shape[1], of.spacing, logarithmic)
    return Prior(logarithmic, curvature, slope, field, _MEDIAN[logarithmic], of.spacing)


def better_bends(of: Prior, bends: Array, square: Array, share: Array, *, steps: int = 1) -> Array:
    """Bends of higher marginal likelihood: one or more Newton steps.

    Parameters
    ----------
    bends
        Coordinates of the field, shape (m, q).
    square
        Squared curvatures, shape (m, c - 2).
    share
        How far each curvature is known from the data, 1 - (its variance after) / (its variance before), shape (m, c - 2).

    Notes
    -----
    The gradient of the marginal likelihood with respect to a log variance v is (square exp(-v) - share) / 2: at its maximum the variance is the square over
    the share that the data know (MacKay 1992).

    References
    ----------
    MacKay, Neural Computation 4, 415 (1992), 10.1162/neco.1992.4.3.415, equation 2.23.
    """
    for _ in range(steps):
        ratio = square * np.exp(-of.variance(bends))
        weight = 0.5 * np.maximum(share, ratio)
        normal = (of.field.T[None] * weight[:, None, :]) @ of.field
        place = np.arange(bends.shape[1])
        normal[:, place, place] += 1.0
        gradient = (0.5 * (ratio - share)) @ of.field - bends
        step = np.linalg.solve(normal, gradient[:, :, None])[:, :, 0]
        largest = np.abs(step @ of.field.T).max(axis=1)
        bends = bends + step * np.minimum(1.0, 1.5 / np.maximum(largest, 1e-300))[:, None]
    return bends
