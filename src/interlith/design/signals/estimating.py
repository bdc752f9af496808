"""Which thickness and coverage agree with measured ratios, attenuation lengths being as uncertain as they are?

Every declared uncertainty (attenuation lengths in either material, the radius, a declared thickness or coverage) is a parameter
of the fit, held by its own declaration as by one more datum: the intervals are profiles over all of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from interlith.design.inputs import Uncertain
from interlith.errors import FitError

if TYPE_CHECKING:
    from interlith.numerics.fitting import Fit

Array = NDArray[np.float64]

#: Rise of chi squared at the ends of a 95 % profile interval of one parameter.
_RISE = 3.841458820694124
_HALVINGS = 18
#: Width of a 95 % interval in standard uncertainties.
_WIDE = 2 * 1.959963984540054
#: Relative step of central differences: the cube root of machine precision.
_STEP = 6e-6
#: Places of the grid for starts, each parameter.
_GRID = 24
#: Values (b, k) of all parameters by name -> model of the data (b, n).
Model = Callable[[Mapping[str, Array]], Array]


@dataclass(frozen=True)
class Free:
    """A positive parameter that is looked for, and the bounds between which it can be told."""

    name: str
    low: float
    high: float


@dataclass(frozen=True)
class Estimate:
    """What was found of one parameter.

    Parameters
    ----------
    name, value
        The parameter and its best value.
    low, high
        95 % profile interval; ``-inf`` or ``inf`` where it reaches a bound beyond which the data tell nothing.
    noise, model
        Standard uncertainty from the data, and from what was declared.
    side
        -1 or 1 where the best value sits at a bound.
    """

    name: str
    value: float
    low: float
    high: float
    noise: float
    model: float
    side: int


@dataclass(frozen=True)
class Estimated:
    """What a fit found.

    Parameters
    ----------
    parameters
        Those looked for.
    cost, dof
        Chi squared, declarations included, and data less free parameters.
    best
        Best values of every parameter by name.
    reason
        How the fit ended.
    blind
        Declared numbers of unknown uncertainty that move the answer: by more than a tenth of its uncertainty if they are 10 % off.
    """

    parameters: tuple[Estimate, ...]
    cost: float
    dof: int
    best: dict[str, float]
    reason: str
    blind: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> Estimate:
        return next(item for item in self.parameters if item.name == name)


@dataclass(frozen=True)
class Series:
    """Estimates of m data sets at once: the same model, free parameters and declarations.

    Parameters
    ----------
    names
        Free parameters, length k.
    value, low, high, noise, model
        As in `Estimate`, shape (m, k).
    side
        -1 or 1 where the best value sits at a bound, shape (m, k).
    cost
        Chi squared, declarations included, shape (m,).
    best
        Best values of every parameter by name, shape (m,).
    converged, reason
        Which members were fitted, and how the first one ended.
    """

    names: tuple[str, ...]
    value: Array
    low: Array
    high: Array
    noise: Array
    model: Array
    side: NDArray[np.int8]
    cost: Array
    best: dict[str, Array]
    converged: NDArray[np.bool_]
    reason: str


def estimate_series(
    model: Model, values: Array, sizes: Array, free: Sequence[Free], declared: Mapping[str, Uncertain]
) -> Series:
    """Fit some parameters to each of m data sets, others held by their declarations.

    Parameters
    ----------
    model
        Parameters by name, shape (b, 1) each, to the model of the data, shape (b, n).
    values, sizes
        Data and their standard uncertainties, shape (m, n).
    free
        What is looked for.
    declared
        Name -> declared number; those without uncertainty are fixed.
    """
    from interlith.numerics.fitting import intervals

    fitting = _Fitting(model, values, sizes, free, declared)
    found = fitting.fit()
    inside = intervals(found, [item.name for item in free], method="profile")
    alone = fitting.fit(held=fitting.loose, start=found.values * fitting.only_free)
    low, high = inside.low.copy(), inside.high.copy()
    for place, item in enumerate(free):
        for ends, bound in ((low, item.low), (high, item.high)):
            near = np.abs(ends[:, place] - bound) <= 1e-6 * (item.high - item.low)
            ends[near, place] = math.inf
            if bool(np.isinf(ends[:, place]).any()):
                # The search of the profile gives up where the cost jumps; fits with the parameter held settle it.
                ends[:, place] = np.where(np.isinf(ends[:, place]), fitting.end(found, place, bound), ends[:, place])
    count = len(free)
    total, noise = found.std[:, :count], alone.std[:, :count]
    with np.errstate(invalid="ignore"):
        rest = np.sqrt(np.maximum(total**2 - noise**2, 0.0))
    best = {name: found.values[:, place] for place, name in enumerate(fitting.names)}
    best |= {name: declared[name].value + declared[name].std * best[name] for name in fitting.loose}
    best |= {name: np.full(len(values), item.value) for name, item in declared.items() if name not in best}
    return Series(
        tuple(item.name for item in free), found.values[:, :count], low, high, noise,
        np.where(np.isfinite(total) & np.isfinite(noise), rest, math.inf), found.side[:, :count],
        np.maximum(found.cost - 1.0, 0.0), best, found.converged, found.reason(),
    )  # fmt: skip


class _Fitting:
    """The least-squares problem: data, and one datum more for each declared number that is not exact."""

    def __init__(
        self, model: Model, values: Array, sizes: Array, free: Sequence[Free], declared: Mapping[str, Uncertain]
    ) -> None:
        self.model, self.values, self.sizes, self.free, self.declared = model, values, sizes, free, declared
        self.loose = [name for name, item in declared.items() if item.std > 0]
        self.names = [item.name for item in free] + self.loose
        self.only_free = np.array([1.0] * len(free) + [0.0] * len(self.loose))
        self.starts = self._starts()

    def _starts(self) -> Array:
        """Best places of a grid over the free parameters, declared numbers as declared, shape (m, k)."""
        axes = [np.geomspace(2.0 * item.low, 0.98 * item.high, _GRID) for item in self.free]
        grid = np.stack([axis.ravel() for axis in np.meshgrid(*axes, indexing="ij")], axis=1)
        known = {item.name: grid[:, place, None] for place, item in enumerate(self.free)}
        known |= {name: np.full((len(grid), 1), item.value) for name, item in self.declared.items()}
        curves = self.model(known)
        best = [
            np.argmin((((curves - one) / size) ** 2).sum(axis=1))
            for one, size in zip(self.values, self.sizes, strict=True)
        ]
        return np.asarray(grid[best])

    def _curve(self, rows: Array, which: NDArray[np.intp]) -> Array:
        known = {name: rows[:, place, None] for place, name in enumerate(self.names)}
        for name in self.loose:
            item = self.declared[name]
            known[name] = np.maximum(item.value + item.std * known[name], 1e-3 * item.value)
        for name, item in self.declared.items():
            if name not in known:
                known[name] = np.full((rows.shape[0], 1), item.value)
        misfits = (self.model(known) - self.values[which]) / self.sizes[which]
        return np.concatenate([misfits, rows[:, len(self.free) :], np.ones((rows.shape[0], 1))], axis=1)

    def _both(self, rows: Array, which: NDArray[np.intp]) -> tuple[Array, Array]:
        """Curves and their central differences, all by one call of the model: it costs little more for many rows."""
        count, size = rows.shape
        scale = np.array([1e-2] * len(self.free) + [1.0] * len(self.loose))
        steps = _STEP * np.maximum(np.abs(rows), scale)
        moved = np.repeat(rows[None], 2 * size + 1, axis=0)
        for place in range(size):
            moved[1 + place, :, place] += steps[:, place]
            moved[1 + size + place, :, place] -= steps[:, place]
        made = self._curve(moved.reshape(-1, size), np.tile(which, 2 * size + 1)).reshape(2 * size + 1, count, -1)
        slopes = (made[1 : 1 + size] - made[1 + size :]) / (2.0 * steps.T[:, :, None])
        return made[0], np.ascontiguousarray(slopes.transpose(1, 0, 2))

    def fit(
        self, *, held: Sequence[str] = (), start: Array | None = None, attempts: int = 4, fixed_at: Array | None = None
    ) -> Fit:
        """Fit, some parameters held at their start."""
        from interlith.numerics.fitting import Curves, Parameter, Parameters, fit

        rows = []
        for place, item in enumerate(self.free):
            first = self.starts[:, place] if fixed_at is None or item.name not in held else fixed_at
            rows.append(Parameter(item.name, first, low=item.low, high=item.high, fixed=item.name in held))
        rows += [Parameter(name, 0.0, low=-6.0, high=6.0, fixed=name in held, scale=1.0) for name in self.loose]
        # The last row is a constant misfit of 1: with as many unknowns as data the cost would be rounding noise at its minimum.
        target = np.zeros((len(self.values), self.values.shape[1] + len(self.loose) + 1))
        curves = Curves(Parameters(rows), target, self._both, std=1.0)
        return fit(curves, start=start, attempts=attempts)

    def end(self, found: Fit, place: int, bound: float) -> Array:
        """End of the 95 % interval towards a bound, shape (m,): ``inf`` of its sign where the bound itself is not refused."""
        best, name = found.values[:, place], self.free[place].name
        inner, outer = best.copy(), np.full(best.shape, bound)
        state = found.values.copy()

        def rises(at: Array) -> NDArray[np.bool_]:
            nonlocal state
            state[:, place] = at
            again = self.fit(held=[name], start=state, attempts=1, fixed_at=at)
            state = again.values.copy()
            return np.asarray(again.cost > found.cost + _RISE)

        refused = rises(outer)
        for _ in range(_HALVINGS):
            middle = 0.5 * (inner + outer)
            far = rises(middle)
            outer, inner = np.where(far, middle, outer), np.where(far, inner, middle)
        side = -math.inf if bound < float(np.min(best)) or bound == self.free[place].low else math.inf
        return np.where(refused, outer, side)


def estimate(
    model: Model, data: Sequence[tuple[float, float]], free: Sequence[Free], declared: Mapping[str, Uncertain]
) -> Estimated:
    """`estimate_series` of one data set.

    Raises
    ------
    FitError
        If the data cannot be fitted at all.
    """
    values, sizes = (np.array([column], dtype=float) for column in zip(*data, strict=True))
    found = estimate_series(model, values, sizes, free, declared)
    closed = bool(np.isfinite(found.low[0]).all() and np.isfinite(found.high[0]).all())
    if not bool(found.converged[0]) and closed:
        # At a kink of the model (a zone that just reaches the substrate) no gradient vanishes; the profile is closed all the same.
        found = replace(found, noise=(found.high - found.low) / _WIDE, model=np.zeros_like(found.model))
    elif not bool(found.converged[0]):
        raise FitError(f"Thickness and coverage could not be fitted: {found.reason}.")
    parts = tuple(
        Estimate(
            name,
            float(found.value[0, k]),
            float(found.low[0, k]),
            float(found.high[0, k]),
            float(found.noise[0, k]),
            float(found.model[0, k]),
            int(found.side[0, k]),
        )
        for k, name in enumerate(found.names)
    )
    best = {name: float(item[0]) for name, item in found.best.items()}
    return Estimated(parts, float(found.cost[0]), len(data) - len(free), best, found.reason)


def checked(
    model: Model, data: Sequence[tuple[float, float]], free: Sequence[Free], declared: Mapping[str, Uncertain]
) -> Estimated:
    """`estimate`, and which declared numbers of unknown uncertainty matter.

    Raises
    ------
    FitError
        If the data cannot be fitted at all.
    """
    found = estimate(model, data, free, declared)
    matter = []
    for name, item in declared.items():
        if not math.isnan(item.std):
            continue
        moved = estimate(model, data, free, {**declared, name: replace(item, value=1.1 * item.value)})
        for one, other in zip(found.parameters, moved.parameters, strict=True):
            if abs(one.value - other.value) > 0.1 * math.hypot(one.noise, one.model):
                matter.append(name)
                break
    return replace(found, blind=tuple(matter))


def solved(function: Callable[[Array], Array], target: Array, low: float, high: float) -> Array:
    """Where rising functions, one a draw, reach their targets: `low` or `high` where they do not, shape of `target`."""
    below, above = np.full(target.shape, low), np.full(target.shape, high)
    for _ in range(50):
        middle = 0.5 * (below + above)
        less = function(middle) < target
        below, above = np.where(less, middle, below), np.where(less, above, middle)
    middle = 0.5 * (below + above)
    return np.asarray(middle)
