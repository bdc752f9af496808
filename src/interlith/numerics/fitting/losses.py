"""How much does a point cost that lies away from the model: squared, softly, heavy-tailed, or by its count?

Every loss is written as cost, slope and weight of one point with respect to the model value ``f``: the solver then needs
``gradient = J @ slope`` and ``J * weight @ J.T``, whatever the loss. The cost is on the scale of chi squared.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from interlith.errors import FitError

Array = NDArray[np.float64]


class Loss(Protocol):
    """What the solver asks of a loss or likelihood."""

    @property
    def name(self) -> str:
        """For messages and methods."""
        ...

    @property
    def quadratic(self) -> bool:
        """Whether the cost is a sum of squares of residuals."""
        ...

    @property
    def likelihood(self) -> bool:
        """Whether the slope has the variance of the weight if the model is true, so that no scatter scales the errors."""
        ...

    def terms(self, model: Array, observed: Array, std: Array) -> tuple[Array, Array, Array]:
        """Cost, half its slope and half its expected curvature with respect to the model value, each shape (b, n).

        ``inf`` as a cost marks a model value that is impossible; the step is then refused.
        """
        ...

    def bend(self, residual: Array) -> Array:
        """Half the second derivative of the cost with respect to the residual over its standard uncertainty."""
        ...


@dataclass(frozen=True, slots=True)
class Linear:
    """Least squares: the cost is the squared residual over its standard uncertainty."""

    name: str = "least squares"
    quadratic: bool = True
    likelihood: bool = False

    def terms(self, model: Array, observed: Array, std: Array) -> tuple[Array, Array, Array]:
        """See `Loss`."""
        weight = 1.0 / (std * std)
        distance = model - observed
        slope = distance * weight
        return slope * distance, slope, np.broadcast_to(weight, model.shape)

    def bend(self, residual: Array) -> Array:
        """See `Loss`."""
        return np.ones_like(residual)


@dataclass(frozen=True, slots=True)
class SoftL1:
    """Squared near the model, straight beyond `scale` standard uncertainties: an outlier pulls with bounded force.

    References
    ----------
    Charbonnier et al. 1997, 10.1109/83.551699.
    """

    scale: float = 1.345
    name: str = "soft L1"
    quadratic: bool = False
    likelihood: bool = False

    def terms(self, model: Array, observed: Array, std: Array) -> tuple[Array, Array, Array]:
        """See `Loss`."""
        residual = (model - observed) / std
        root = np.sqrt(1.0 + (residual / self.scale) ** 2)
        cost = 2.0 * self.scale**2 * (root - 1.0)
        return cost, residual / root / std, 1.0 / (root * std * std)

    def bend(self, residual: Array) -> Array:
        """See `Loss`."""
        return (1.0 + (residual / self.scale) ** 2) ** -1.5


@dataclass(frozen=True, slots=True)
class StudentT:
    """Errors of Student's t with `dof` degrees of freedom: an outlier far out pulls less the farther it lies.

    References
    ----------
    Lange, Little and Taylor 1989, 10.1080/01621459.1989.10478852.
    """

    dof: float = 4.0
    name: str = "Student t"
    quadratic: bool = False
    likelihood: bool = False

    def terms(self, model: Array, observed: Array, std: Array) -> tuple[Array, Array, Array]:
        """See `Loss`."""
        residual = (model - observed) / std
        square = residual * residual
        weight = (self.dof + 1.0) / (self.dof + square)
        return (self.dof + 1.0) * np.log1p(square / self.dof), weight * residual / std, weight / (std * std)

    def bend(self, residual: Array) -> Array:
        """See `Loss`."""
        square = residual * residual
        return (self.dof + 1.0) * (self.dof - square) / (self.dof + square) ** 2


@dataclass(frozen=True, slots=True)
class Poisson:
    """Counts: the cost is the Poisson deviance, right at five counts a channel and at none; `std` is not used.

    Fisher scoring: the weight is the expected curvature ``1 / model``, never one over the observed count, which would
    pull every fit below the data.

    References
    ----------
    Cash 1979, 10.1086/156922. Baker and Cousins 1984, 10.1016/0167-5087(84)90016-4.
    """

    name: str = "Poisson"
    quadratic: bool = False
    likelihood: bool = True

    def terms(self, model: Array, observed: Array, std: Array) -> tuple[Array, Array, Array]:
        """See `Loss`."""
        positive = model > 0
        rate = np.where(positive, model, 1.0)
        counted = np.where(observed > 0, observed, 1.0)
        cost = 2.0 * (rate - observed + observed * np.log(counted / rate))
        # A model of nothing where nothing was counted is possible, and costs nothing.
        nothing = np.where((model == 0) & (observed == 0), 0.0, np.inf)
        return np.where(positive, cost, nothing), 1.0 - observed / rate, np.where(positive, 1.0 / rate, 0.0)

    def bend(self, residual: Array) -> Array:
        """See `Loss`; Fisher scoring has no use for it."""
        return np.ones_like(residual)


LOSSES: dict[str, Loss] = {"linear": Linear(), "soft_l1": SoftL1(), "student_t": StudentT(), "poisson": Poisson()}


def loss_named(loss: str | Loss) -> Loss:
    """A loss by its name (``linear``, ``soft_l1``, ``student_t``, ``poisson``), or the one that was passed.

    Raises
    ------
    FitError
        If there is none of this name.
    """
    if not isinstance(loss, str):
        return loss
    if loss not in LOSSES:
        raise FitError(f"There is no loss '{loss}'; one of {', '.join(LOSSES)}, or an object with `terms`.")
    return LOSSES[loss]
