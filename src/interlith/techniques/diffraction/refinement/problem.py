"""Which normal equations does a powder pattern hand to the fitter?"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from interlith.errors import FitError
from interlith.numerics.fitting.losses import Loss
from interlith.numerics.fitting.parameters import Parameters
from interlith.numerics.fitting.problem import Members, Normal
from interlith.physics.powder.pattern_model import PatternModel

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class PatternProblem:
    """One pattern against its model; only slopes of parameters that move are worked out.

    Parameters
    ----------
    parameters
        Begin with `model.names` in their order; what follows behind them only has bounds. Fixed ones stay.
    model
        The pattern as a function of them.
    intensity, std
        Observed, and standard uncertainties, shape (n,).
    moving
        Names of the model that are not fixed, and those tied to one that is not, shape (p,).
    """

    parameters: Parameters
    model: PatternModel
    intensity: Array
    std: Array
    moving: Mask = field(init=False)
    _bends: dict[bytes, Array] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        # Names of the model that are not fixed, and those tied to one that is not.
        held = self.parameters.table("fixed", 1)[0] > 0
        found = (self.parameters.matrix != 0) @ ~held[list(self.parameters.independent)]
        object.__setattr__(self, "moving", np.asarray(found[: len(self.model.names)]))

    @property
    def members(self) -> int:
        """One pattern."""
        return 1

    @property
    def points(self) -> NDArray[np.intp]:
        """Number of points, shape (1,)."""
        return np.array([self.intensity.size], dtype=np.intp)

    @property
    def used(self) -> Mask:
        """All points, shape (1, n): those left out never come here."""
        return np.ones((1, self.intensity.size), dtype=np.bool_)

    def normal(self, values: Array, which: Members, loss: Loss) -> Normal:
        """See `interlith.numerics.fitting.problem.Problem`."""
        moving, count = self.moving, values.shape[1]
        cost, gradient, hessian = (
            np.empty(len(which)),
            np.zeros((len(which), count)),
            np.zeros((len(which), count, count)),
        )
        places = np.flatnonzero(moving)
        for row, one in enumerate(values):
            try:
                cost[row], slope, square = self._one(one, moving, loss)
            except FitError:
                cost[row] = np.inf
                continue
            gradient[row, places] = slope
            hessian[row][np.ix_(places, places)] = square
        return Normal(cost, gradient, hessian)

    def _one(self, values: Array, moving: Mask, loss: Loss) -> tuple[float, Array, Array]:
        """Cost, gradient (q,) and hessian (q, q) of the names that move."""
        own = values[: len(self.model.names)]
        if loss.quadratic:
            found = self.model.normal(own, moving, self.intensity, 1 / self.std**2)
            self._bends.clear()
            self._bends[values.tobytes()] = found.bend
            return found.cost, found.gradient, found.hessian
        calculated, slopes = self.model.with_slopes(own, moving)
        point, slope, weight = loss.terms(calculated[None], self.intensity[None], self.std[None])
        some = slopes[moving]
        return float(point.sum()), some @ slope[0], (some * weight[0]) @ some.T

    def bends(self, values: Array, which: Members) -> Array:
        """See `interlith.numerics.fitting.problem.Bent`; known where the normal equations were asked for last."""
        places, count = np.flatnonzero(self.moving), values.shape[1]
        out = np.zeros((len(which), count, count))
        for row, one in enumerate(values):
            out[row][np.ix_(places, places)] = self._bends.get(one.tobytes(), 0.0)
        return out

    def rooted(self, values: Array, which: Members, loss: Loss) -> tuple[Array, Array, Array]:
        """Cost (1,), weighted residuals (1, n) and Jacobian (1, n, p)."""
        own = len(self.model.names)
        calculated, some = self.model.with_slopes(values[0, :own], self.moving)
        slopes = np.zeros((values.shape[1], some.shape[1]))
        slopes[:own] = some
        cost, slope, weight = loss.terms(calculated[None], self.intensity[None], self.std[None])
        root = np.sqrt(weight)
        return cost.sum(axis=1), slope / root, (slopes * root).T[None]
