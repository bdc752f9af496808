"""What did a fit find, how sure is it, which members failed and what helps?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from interlith.errors import FitError
from interlith.numerics.fitting.losses import Loss
from interlith.numerics.fitting.parameters import Array, Parameters
from interlith.numerics.fitting.problem import Problem
from interlith.numerics.fitting.solver import Status

Errors = Literal["auto", "stated", "scaled", "correlated"]

_WORDS: Mapping[Status, tuple[str, str]] = {
    Status.CONVERGED: ("converged", ""),
    Status.STEP_LIMIT: (
        "did not converge within the allowed evaluations",
        "start nearer, fix or tie a parameter that the data barely fix, or ask for more attempts",
    ),
    Status.STUCK: (
        "found no step that lowers the cost, although the gradient is not zero",
        "start elsewhere or ask for more attempts, check that the derivatives belong to the model, and that the model is smooth at the start",
    ),
    Status.IMPOSSIBLE_START: (
        "the model gives no finite cost at the start",
        "start inside the domain of the model; a Poisson likelihood needs a positive model everywhere",
    ),
}


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """The outcome of a fit of m members with p parameters, tied and fixed ones included.

    Parameters
    ----------
    problem, loss
        What was fitted, and how distance was counted.
    values
        (as the parameters), shape (m, p). Of a failed member the best values seen; its uncertainties are ``inf``.
    covariance
        (as the parameters), shape (m, p, p), by the convention in `basis`; a fixed parameter has zeros, one that the
        data do not fix has ``inf`` on the diagonal.
    basis
        In words: what the covariance rests on (stated errors, scaled by chi squared, correlated residuals).
    cost, dof
        Chi squared, deviance or robust cost, and degrees of freedom (for a coupled series its share), shape (m,).
    status, steps, attempts
        How each member ended, evaluations it took, and starts that were tried, shape (m,).
    side
        -1 where a parameter sits at its lower bound, 1 at its upper, 0 inside, shape (m, p).
    one_sided
        (as the parameters), shape (m, p): for a parameter at a bound, how far inside it could lie at one sigma, and what
        that means for those tied to it; nan elsewhere.
    entangled
        For each member groups of names that the data cannot tell apart.
    """

    problem: Problem
    loss: Loss
    values: Array
    covariance: Array
    basis: str
    cost: Array
    dof: Array
    status: NDArray[np.int8]
    steps: NDArray[np.intp]
    attempts: NDArray[np.intp]
    side: NDArray[np.int8]
    one_sided: Array
    entangled: tuple[tuple[tuple[str, ...], ...], ...]

    @property
    def parameters(self) -> Parameters:
        """Names, bounds and ties."""
        return self.problem.parameters

    @property
    def converged(self) -> NDArray[np.bool_]:
        """Which members may be used, shape (m,)."""
        return np.asarray(self.status == Status.CONVERGED)

    @property
    def reduced_cost(self) -> Array:
        """Cost per degree of freedom, shape (m,); nan where there are none."""
        empty: Array = np.full(self.cost.shape, math.nan)
        return np.divide(self.cost, self.dof, out=empty, where=self.dof > 0)

    @property
    def std(self) -> Array:
        """Standard uncertainties, shape (m, p): at a bound the one-sided distance, ``inf`` where the fit failed."""
        sizes = np.sqrt(np.maximum(np.einsum("mpp->mp", self.covariance), 0.0))
        return np.where(np.isnan(self.one_sided), sizes, self.one_sided)

    @property
    def correlation(self) -> Array:
        """Correlation coefficients, shape (m, p, p); zero beside fixed and unknown parameters."""
        sizes = np.sqrt(np.maximum(np.einsum("mpp->mp", self.covariance), 0.0))
        inverse = np.divide(1.0, sizes, out=np.zeros_like(sizes), where=(sizes > 0) & np.isfinite(sizes))
        known = np.where(np.isfinite(self.covariance), self.covariance, 0.0)
        return np.asarray(known * inverse[:, :, None] * inverse[:, None, :])

    def value(self, name: str, member: int = 0) -> float:
        """Value of one parameter."""
        return float(self.values[member, self.parameters.index(name)])

    def uncertainty(self, name: str, member: int = 0) -> float:
        """Standard uncertainty of one parameter."""
        return float(self.std[member, self.parameters.index(name)])

    def reason(self, member: int = 0) -> str:
        """One sentence on how a member ended, with what helps where it failed; empty where all is well.

        Entangled parameters are named even if the fit converged.
        """
        status = Status(int(self.status[member]))
        told, remedy = _WORDS[status]
        sentences = [] if status is Status.CONVERGED else [f"The fit {told}: {remedy}."]
        for group in self.entangled[member]:
            one = f"The data do not fix {group[0]}" if len(group) == 1 else f"{_listed(group)} cannot be told apart"
            sentences.append(f"{one[0].upper()}{one[1:]}: fix one, tie them, or add data that tell them apart.")
        return " ".join(sentences)

    def components(self, gradient: str | Mapping[str, float], prefix: str, member: int = 0) -> dict[str, float]:
        """Uncertainty of a parameter, or of a function with this gradient, by component: Cholesky columns of the covariance.

        Two numbers of one fit that are given their components with one `prefix` are then correlated as the fit says.

        Parameters
        ----------
        gradient
            Name of a parameter, or name -> derivative of the number with respect to it.
        prefix
            Of the sources, for instance ``fit:xps-5c1f``; `/k` is appended for column k.

        Raises
        ------
        FitError
            If a name is unknown.
        """
        wanted = {gradient: 1.0} if isinstance(gradient, str) else gradient
        places = [self.parameters.index(name) for name in wanted]
        direction = np.array(list(wanted.values()), dtype=np.float64)
        unknown = [name for name, place in zip(wanted, places, strict=True) if math.isinf(self.std[member, place])]
        if any(wanted[name] != 0 for name in unknown):
            return {f"{prefix}/{name}": math.inf for name in unknown if wanted[name] != 0}
        column = _cholesky(np.where(np.isfinite(self.covariance[member]), self.covariance[member], 0.0))
        sizes = direction @ column[places]
        parts = {f"{prefix}/{k}": float(size) for k, size in enumerate(sizes) if size != 0.0}
        matrix = self.parameters.matrix[places]
        for place, slope in zip(self.parameters.independent, direction @ matrix, strict=True):
            distance = self.one_sided[member, place]
            if np.isfinite(distance) and slope != 0:
                parts[f"{prefix}/bound of {self.parameters.names[place]}"] = float(slope * distance)
        return parts


def _listed(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _cholesky(covariance: Array) -> Array:
    """Lower factor of a positive semidefinite matrix; rows of zeros stay zero."""
    sizes = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    inverse = np.divide(1.0, sizes, out=np.zeros_like(sizes), where=sizes > 0)
    matrix = covariance * inverse[:, None] * inverse[None, :]
    factor = np.zeros_like(matrix)
    for k in range(len(matrix)):
        pivot = matrix[k, k] - factor[k, :k] @ factor[k, :k]
        if pivot > 1e-13:
            factor[k, k] = math.sqrt(pivot)
            factor[k + 1 :, k] = (matrix[k + 1 :, k] - factor[k + 1 :, :k] @ factor[k, :k]) / factor[k, k]
    return np.asarray(factor * sizes[:, None])


def check_member(fit: Fit, member: int) -> None:
    """Refuse a member that does not exist or whose fit failed.

    Raises
    ------
    FitError
        With the reason and what helps.
    """
    if not 0 <= member < len(fit.values):
        raise FitError(f"The fit has {len(fit.values)} members, counted from 0; there is no member {member}.")
    if not fit.converged[member]:
        raise FitError(f"Member {member}: {fit.reason(member)}")
