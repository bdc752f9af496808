"""What does the solver ask of a problem: its normal equations at given parameters, and where affordable its Jacobian?"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlith.errors import FitError
from interlith.numerics.fitting.losses import Loss
from interlith.numerics.fitting.parameters import Parameters

Array = NDArray[np.float64]
Members = NDArray[np.intp]

#: Values (b, p) of the members `which` (b,) -> model (b, n) and its derivatives (b, p, n).
Model = Callable[[Array, Members], tuple[Array, Array]]
#: The members whose start is drawn, which attempt (0 is the first guess), random numbers -> values (b, p).
Guess = Callable[[Members, int, np.random.Generator], Array]
#: Numbers of a Jacobian that are held at once: 2 MB stay in the cache of one core.
_CHUNK = 250_000


class Normal(NamedTuple):
    """Normal equations of b members: cost (b,), gradient (b, p) = J^T r and hessian (b, p, p) = J^T J, weights applied."""

    cost: Array
    gradient: Array
    hessian: Array


@runtime_checkable
class Problem(Protocol):
    """A fit to be solved. A technique that sums over many points supplies this itself; `Curves` does it for a model."""

    @property
    def parameters(self) -> Parameters:
        """Names, starts, bounds, ties."""
        ...

    @property
    def members(self) -> int:
        """Number of members of the series."""
        ...

    @property
    def points(self) -> NDArray[np.intp]:
        """Number of points of every member, shape (m,)."""
        ...

    def normal(self, values: Array, which: Members, loss: Loss) -> Normal:
        """Normal equations at the values (b, p) of the members `which` (b,); cost ``inf`` where impossible."""
        ...


@runtime_checkable
class Rooted(Problem, Protocol):
    """A problem that also shows its residuals: what singular values and correlated residuals need."""

    @property
    def used(self) -> NDArray[np.bool_]:
        """Which points count, shape (m, n)."""
        ...

    def rooted(self, values: Array, which: Members, loss: Loss) -> tuple[Array, Array, Array]:
        """Cost (b,), weighted residuals (b, n) and Jacobian (b, n, p) whose normal equations are those of `normal`."""
        ...


@runtime_checkable
class Bent(Problem, Protocol):
    """A problem that also knows how its model bends where it is off the data."""

    def bends(self, values: Array, which: Members) -> Array:
        """Sum of weighted residuals times second slopes (b, p, p), as far as they matter, at values whose normal equations were asked for last."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """A model of curves: one row of data a member, derivatives given.

    Parameters
    ----------
    parameters
        In the order in which `model` takes them.
    observed
        (any unit), shape (m, n) or (n,): data; nan where a member has no point, so that grids may differ.
    model
        Values (b, p) and member numbers (b,) -> model (b, n) and derivatives (b, p, n). Pure: the same call gives the
        same numbers. Abscissae that differ between members are looked up by member number.
    std
        (as observed), shape (m, n) or (n,) or one number: standard uncertainties; `None` if unknown, then the scatter
        about the model gives their size. Not used by a Poisson likelihood.
    guess
        Draws starts: member numbers, attempt, random generator -> values (b, p).

    Raises
    ------
    FitError
        If shapes do not fit, a standard uncertainty is not positive, or a member has no point.
    """

    parameters: Parameters
    observed: Array
    model: Model
    std: Array | None = None
    guess: Guess | None = None
    used: NDArray[np.bool_] = field(init=False)

    def __init__(
        self, parameters: Parameters, observed: ArrayLike, model: Model, *, std: ArrayLike | None = None,
        guess: Guess | None = None,
    ) -> None:  # fmt: skip
        data = np.atleast_2d(np.asarray(observed, dtype=np.float64))
        if data.ndim != 2:
            raise FitError(f"The data have the shape {data.shape}; give (members, points) or (points,).")
        used = np.isfinite(data)
        sizes = np.ones(1) if std is None else np.asarray(std, dtype=np.float64)
        try:
            sizes = np.broadcast_to(np.atleast_2d(sizes), data.shape)
        except ValueError:
            raise FitError(f"The standard uncertainties have the shape {sizes.shape}, the data {data.shape}.") from None
        wrong = used & ~(np.isfinite(sizes) & (sizes > 0))
        if wrong.any():
            member, point = (int(number) for number in np.argwhere(wrong)[0])
            raise FitError(
                f"Point {point} of member {member} has the standard uncertainty {sizes[member, point]:g}; it must be "
                "positive and finite. Make the data nan there to leave the point out."
            )
        if not used.any(axis=1).all():
            raise FitError(f"Member {int(np.argmin(used.any(axis=1)))} has no point; leave it out of the problem.")
        for name, value in (
            ("parameters", parameters),
            ("observed", np.where(used, data, 0.0)),
            ("model", model),
            ("std", None if std is None else (sizes if used.all() else np.where(used, sizes, 1.0))),
            ("guess", guess),
            ("used", used),
        ):
            object.__setattr__(self, name, value)

    @property
    def members(self) -> int:
        """Number of members."""
        return int(self.observed.shape[0])

    @property
    def points(self) -> NDArray[np.intp]:
        """Number of points of every member, shape (m,)."""
        return np.asarray(self.used.sum(axis=1), dtype=np.intp)

    def repeated(self, base: Members, parameters: Parameters, *, observed: Array | None = None) -> Curves:
        """The problem with member `base[k]` as its k-th: for profiles and resampled data.

        Parameters
        ----------
        base
            Members to repeat, shape (b,).
        parameters
            With starts, bounds and fixed flags for the b new members.
        observed
            (as observed), shape (b, n): other data for them; points left out stay left out.
        """
        data = self.observed[base] if observed is None else observed
        model = self.model
        return Curves(
            parameters,
            np.where(self.used[base], data, math.nan),
            lambda values, which: model(values, base[which]),
            std=None if self.std is None else self.std[base],
        )

    def evaluate(self, values: Array, which: Members) -> tuple[Array, Array]:
        """Model (b, n) and derivatives (b, p, n), zero where a member has no point.

        Raises
        ------
        FitError
            If the model returns other shapes.
        """
        model, derivatives = self.model(values, which)
        model, derivatives = np.asarray(model, dtype=np.float64), np.asarray(derivatives, dtype=np.float64)
        expected = (len(which), self.observed.shape[1])
        if model.shape != expected or derivatives.shape != (expected[0], len(self.parameters), expected[1]):
            raise FitError(
                f"The model returned the shapes {model.shape} and {derivatives.shape} for {expected[0]} members; expected "
                f"{expected} and {(expected[0], len(self.parameters), expected[1])}."
            )
        return model, derivatives

    def terms(self, model: Array, which: Members, loss: Loss) -> tuple[Array, Array, Array]:
        """Cost, slope and weight of every point, shape (b, n), zero where a member has no point."""
        std = (
            np.ones((len(which), 1))
            if self.std is None
            else self.std[which]
            if self.std.strides[1]
            else self.std[which, :1]
        )
        cost, slope, weight = loss.terms(model, self.observed[which], std)
        used = self.used[which]
        if used.all():
            return cost, slope, weight
        return np.where(used, cost, 0.0), np.where(used, slope, 0.0), np.where(used, weight, 0.0)

    def normal(self, values: Array, which: Members, loss: Loss) -> Normal:
        """See `Problem`."""
        count, size = values.shape
        rows = max(1, _CHUNK // (size * self.observed.shape[1]))
        cost, gradient, hessian = np.empty(count), np.empty((count, size)), np.empty((count, size, size))
        with np.errstate(all="ignore"):  # an impossible value is an answer here: its cost is not finite
            for start in range(0, count, rows):
                part = slice(start, start + rows)
                model, derivatives = self.evaluate(values[part], which[part])
                point_cost, slope, weight = self.terms(model, which[part], loss)
                cost[part] = point_cost.sum(axis=1)
                gradient[part] = np.matmul(derivatives, slope[:, :, None])[:, :, 0]
                hessian[part] = _weighted_square(derivatives, weight)
        return Normal(np.where(np.isnan(cost), np.inf, cost), gradient, hessian)

    def rooted(self, values: Array, which: Members, loss: Loss) -> tuple[Array, Array, Array]:
        """Cost (b,), weighted residuals (b, n) and Jacobian (b, n, p) whose normal equations are those of `normal`.

        What QR needs: half the digits that forming J^T J would lose are kept.
        """
        with np.errstate(all="ignore"):
            model, derivatives = self.evaluate(values, which)
            cost, slope, weight = self.terms(model, which, loss)
            root = np.sqrt(weight)
            residual = np.divide(slope, root, out=np.zeros_like(slope), where=root > 0)
            total = cost.sum(axis=1)
            jacobian = (derivatives * root[:, None, :]).transpose(0, 2, 1)
        return np.where(np.isnan(total), np.inf, total), residual, jacobian

    def residuals(self, values: Array, which: Members) -> Array:
        """Data minus model over the standard uncertainty (1 if unknown), shape (b, n); nan where a member has no point."""
        model, _ = self.evaluate(values, which)
        std = 1.0 if self.std is None else self.std[which]
        return np.where(self.used[which], (self.observed[which] - model) / std, math.nan)


def _weighted_square(derivatives: Array, weight: Array) -> Array:
    """``J^T W J`` of derivatives (b, p, n); one weight for all points of a member saves a pass over the derivatives."""
    if weight.strides[1] == 0:
        return np.asarray(np.matmul(derivatives, derivatives.transpose(0, 2, 1)) * weight[:, :1, None])
    return np.asarray(np.matmul(derivatives * weight[:, None, :], derivatives.transpose(0, 2, 1)))


def numerical(model: Callable[[Array, Members], Array], *, scale: ArrayLike = 0.0) -> Model:
    """A model whose derivatives are central differences: for trying out; a hand-derived or traced one is surer.

    Parameters
    ----------
    model
        Values (b, p) and members (b,) -> model (b, n).
    scale
        Typical sizes of the parameters, shape (p,), for those near zero.

    Notes
    -----
    Steps of the cube root of machine precision: derivatives good to about ten digits where the model is smooth.
    """
    relative = float(np.finfo(np.float64).eps ** (1 / 3))

    def both(values: Array, which: Members) -> tuple[Array, Array]:
        steps = relative * np.maximum(
            np.abs(values), np.broadcast_to(np.asarray(scale, dtype=np.float64), values.shape[1:])
        )
        steps = np.where(steps > 0, steps, relative)
        centre = np.asarray(model(values, which), dtype=np.float64)
        derivatives = np.empty((values.shape[0], values.shape[1], centre.shape[1]))
        for place in range(values.shape[1]):
            up, down = values.copy(), values.copy()
            up[:, place] += steps[:, place]
            down[:, place] -= steps[:, place]
            width = (up[:, place] - down[:, place])[:, None]
            derivatives[:, place] = (np.asarray(model(up, which)) - np.asarray(model(down, which))) / width
        return centre, derivatives

    return both
