"""Which thickness and coverage agree with measured ratios, attenuation lengths being as uncertain as they are?

Every declared uncertainty (attenuation lengths in either material, the radius, a declared thickness or coverage) is a parameter
of the fit, held by its own declaration as by one more datum: the intervals are profiles over all of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from interlith.design.inputs import Uncertain
from interlith.errors import FitError

Array = NDArray[np.float64]
#: Values (b, k) of all parameters by name -> model of the data (b, n).
Model = Callable[[Mapping[str, Array]], Array]


@dataclass(frozen=True)
class Free:
    """A parameter that is looked for: start, and the bounds between which it can be told."""

    name: str
    start: float
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


def estimate(
    model: Model, data: Sequence[tuple[float, float]], free: Sequence[Free], declared: Mapping[str, Uncertain]
) -> Estimated:
    """Fit some parameters to data, others held by their declarations.

    Parameters
    ----------
    model
        Parameters by name, shape (b, 1) each, to the model of the data, shape (b, n).
    data
        Value and standard uncertainty of each datum.
    free
        What is looked for.
    declared
        Name -> declared number; those without uncertainty are fixed.

    Raises
    ------
    FitError
        If the data cannot be fitted at all.
    """
    from interlith.numerics.fitting import Curves, Parameter, Parameters, fit, intervals, numerical

    loose = [name for name, item in declared.items() if item.std > 0]
    names = [item.name for item in free] + loose
    fixed = {name: item.value for name, item in declared.items() if name not in loose}
    values, sizes = (np.array(column, dtype=float) for column in zip(*data, strict=True))

    def curve(rows: Array, which: NDArray[np.intp]) -> Array:
        known = {name: rows[:, place, None] for place, name in enumerate(names)}
        for name in loose:
            item = declared[name]
            known[name] = np.maximum(item.value + item.std * known[name], 1e-3 * item.value)
        known |= {name: np.full((rows.shape[0], 1), value) for name, value in fixed.items()}
        pulls = rows[:, len(free) :]
        return np.concatenate([(model(known) - values) / sizes, pulls, np.ones((rows.shape[0], 1))], axis=1)

    def made(held: bool) -> Parameters:
        rows = [Parameter(item.name, item.start, low=item.low, high=item.high) for item in free]
        rows += [Parameter(name, 0.0, low=-6.0, high=6.0, fixed=held, scale=1.0) for name in loose]
        return Parameters(rows)

    # The last row is a constant misfit of 1: with as many unknowns as data the cost would be rounding noise at its minimum.
    target = np.zeros((1, len(data) + len(loose) + 1))
    scale = np.array([max(abs(item.start), 1e-3) for item in free] + [1.0] * len(loose))
    found = fit(Curves(made(False), target, numerical(curve, scale=scale), std=1.0), attempts=4)
    if not bool(found.converged[0]):
        raise FitError(f"Thickness and coverage could not be fitted: {found.reason()}.")
    inside = intervals(found, [item.name for item in free], method="profile")
    alone = fit(
        Curves(made(True), target, numerical(curve, scale=scale), std=1.0), start=found.values * _only(len(free), names)
    )
    parts = []
    for place, item in enumerate(free):
        total, noise = found.uncertainty(item.name), alone.uncertainty(item.name)
        low, high = float(inside.low[0, place]), float(inside.high[0, place])
        width = item.high - item.low
        parts.append(
            Estimate(
                item.name, float(found.values[0, place]), -math.inf if low <= item.low + 1e-6 * width else low,
                math.inf if high >= item.high - 1e-6 * width else high, noise,
                math.sqrt(max(total**2 - noise**2, 0.0)) if math.isfinite(total) and math.isfinite(noise) else math.inf,
                int(found.side[0, place]),
            )
        )  # fmt: skip
    best = {name: float(found.values[0, place]) for place, name in enumerate(names)}
    best |= {name: declared[name].value + declared[name].std * best[name] for name in loose} | fixed
    dof = len(data) - len(free)
    return Estimated(tuple(parts), max(float(found.cost[0]) - 1.0, 0.0), dof, best, found.reason())


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


def _only(count: int, names: Sequence[str]) -> Array:
    return np.array([1.0] * count + [0.0] * (len(names) - count))


def solved(function: Callable[[Array], Array], target: Array, low: float, high: float) -> Array:
    """Where rising functions, one a draw, reach their targets: `low` or `high` where they do not, shape of `target`."""
    below, above = np.full(target.shape, low), np.full(target.shape, high)
    for _ in range(50):
        middle = 0.5 * (below + above)
        less = function(middle) < target
        below, above = np.where(less, middle, below), np.where(less, above, middle)
    middle = 0.5 * (below + above)
    return np.asarray(middle)
