"""Which numbers does a growth mode yield, each with its value, its causes of uncertainty and its interval?"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from interlith.design.growing.asked import Array, Asked
from interlith.design.growing.draws import Growth, central, draw, follow, modulus_input, spread
from interlith.design.inputs import Uncertain
from interlith.design.recording import digest_of, number
from interlith.errors import StudyError
from interlith.model import Observable
from interlith.physics.growth.layers import MODES

#: Words of a mode as part of a name.
MODE_NAMES = ("frank_van_der_merwe", "stranski_krastanov", "volmer_weber")
#: Of all intervals.
LEVEL = 0.95
_NM = 0.1
_FEWEST = 200


@dataclass(frozen=True)
class Answered:
    """All that was worked out.

    Parameters
    ----------
    asked, inputs
        What was declared, the stiffness as an input among it.
    middle, drawn
        Numbers at the declared values, and over the draws.
    draws
        The draws themselves, by input.
    probabilities
        Of the modes, in the order of `interlith.physics.growth.layers.MODES`.
    observables
        The numbers.
    """

    asked: Asked
    inputs: Mapping[str, Uncertain]
    middle: Growth
    drawn: Growth
    draws: Mapping[str, Array]
    probabilities: tuple[float, ...]
    observables: tuple[Observable, ...]

    def __getitem__(self, quantity: str) -> Observable:
        return next(item for item in self.observables if item.quantity == quantity)

    def has(self, quantity: str) -> bool:
        """Whether there is such a number."""
        return any(item.quantity == quantity for item in self.observables)


#: Quantity, unit, how to take it from `Growth`.
_Taken = Callable[[Growth], Any]
_BASIC: tuple[tuple[str, str, _Taken], ...] = (
    ("termination_gain", "J/m^2", lambda item: item.gain),
    ("layer_elastic_energy", "J/m^2", lambda item: item.elastic),
    ("first_layer_energy", "J/m^2", lambda item: item.elastic - item.gain),
    ("later_layer_energy", "J/m^2", lambda item: item.elastic - item.later),
    ("implied_modulus", "GPa", lambda item: item.modulus),
    ("largest_wetting_misfit", "%", lambda item: 100 * item.largest_misfit),
    ("critical_island_size", "nm", lambda item: 2 * _NM * item.island.critical),
    ("stable_island_size", "nm", lambda item: 2 * _NM * item.island.stable),
    ("stable_island_height", "nm", lambda item: _NM * item.island.stable * item.height),
    ("nucleation_barrier", "eV", lambda item: item.island.barrier),
)
_NETWORKED: tuple[tuple[str, str, _Taken], ...] = (
    (
        "stable_island_size_with_network",
        "nm",
        lambda item: 2 * _NM * (math.nan if item.networked is None else item.networked.stable),
    ),
)
_DISLOCATED: tuple[tuple[str, str, _Taken], ...] = (
    ("critical_thickness", "nm", lambda item: _NM * item.forces),
    ("critical_thickness_energy", "nm", lambda item: _NM * item.energies),
)


def work_out(asked: Asked, samples: int, seed: int) -> Answered:
    """Values, draws, probabilities and observables.

    Raises
    ------
    StudyError
        If there are too few draws for an interval of 95 %.
    """
    if samples < _FEWEST:
        raise StudyError(f"{samples} draws are too few for intervals of 95 %; write samples of at least {_FEWEST}.")
    inputs = dict(asked.inputs)
    modulus = modulus_input(asked)
    if modulus is not None:
        inputs["biaxial modulus"] = modulus
    draws = draw(asked, inputs, samples, seed)
    middle, drawn = follow(asked, central(inputs)), follow(asked, draws)
    codes = np.broadcast_to(drawn.mode, (samples,))
    counts = [int(np.sum(codes == code)) for code in range(len(MODES))]
    answered = Answered(asked, inputs, middle, drawn, draws, tuple(count / samples for count in counts), ())
    found = [_probability(answered, code, count, samples) for code, count in enumerate(counts)]
    wanted = _BASIC
    if drawn.networked is not None:
        wanted += _NETWORKED
    found += [_taken(answered, *item) for item in wanted]
    if drawn.forces is not None:
        found += [_thickness(answered, *item) for item in _DISLOCATED]
    if modulus is not None:
        parts = {} if modulus.std == 0 else {"calibration:stiffness": modulus.size}
        found.append(_number(answered, "stiffness_modulus", modulus.value, "GPa", parts))
    return replace(answered, observables=tuple(found))


def _number(
    answered: Answered, quantity: str, value: float | None, unit: str, parts: Mapping[str, float], *, flag: str = "",
    low: float | None = None, high: float | None = None, method: str = "",
) -> Observable:  # fmt: skip
    asked = answered.asked
    source = digest_of(*asked.structures) if asked.structures else ""
    return number(
        quantity, value, unit, parts, sample=asked.where, source=source, method=method, flag=flag, low=low, high=high
    )


def _probability(answered: Answered, code: int, count: int, samples: int) -> Observable:
    """Share of the draws, with the interval of Clopper and Pearson for their number."""
    from scipy.stats import beta

    share = count / samples
    tail = (1 - LEVEL) / 2
    low = 0.0 if count == 0 else float(beta.ppf(tail, count, samples - count + 1))
    high = 1.0 if count == samples else float(beta.ppf(1 - tail, count + 1, samples - count))
    # At 0 and 1 the binomial error would be nothing: half a count stands for it.
    error = math.sqrt(max(share * (1 - share), 0.5 / samples) / samples)
    return _number(
        answered, f"probability_{MODE_NAMES[code]}", share, "1", {"sampling:Monte Carlo": error}, low=low, high=high,
        method=f"share of {samples} draws of the inputs",
    )  # fmt: skip


def _taken(answered: Answered, quantity: str, unit: str, take: _Taken) -> Observable:
    value, many = float(take(answered.middle)), np.asarray(take(answered.drawn), dtype=float)
    if not math.isfinite(value):
        return _number(
            answered, quantity, None, unit, {}, flag="strained layers cost no more than relaxed islands of any size"
        )
    moved = _movers(answered, value, take)
    parts = spread(many, answered.draws, moved)
    if not np.all(np.isfinite(many)):
        parts = {"model:not stable in all draws": math.inf}
    blind = tuple(name for name, given in moved.items() if math.isnan(given.std))
    parts |= {f"declared:{name}": math.inf for name in blind}
    low, high = _interval(many, bool(parts))
    return _number(
        answered, quantity, value, unit, parts, low=low, high=high,
        flag=f"the interval takes {_listed(blind)} as exact: no uncertainty was given" if blind else "",
    )  # fmt: skip


def _thickness(answered: Answered, quantity: str, unit: str, take: _Taken) -> Observable:
    """A critical thickness; where strain beats the line at every thickness, its bound."""
    value = float(take(answered.middle))
    if math.isfinite(value):
        return _taken(answered, quantity, unit, take)
    bound = _NM * answered.asked.burgers
    return _number(
        answered, quantity, None, unit, {"model:continuum": math.inf}, low=0.0, high=bound,
        flag=f"the strain is too large for continuum theory: dislocations pay as soon as one fits, at about {bound:.2g} nm",
    )  # fmt: skip


def _interval(many: Array, any_parts: bool) -> tuple[float | None, float | None]:
    if not any_parts:
        return None, None
    low, high = np.quantile(many, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], method="closest_observation")
    return float(low), float(high)


def _movers(answered: Answered, value: float, take: _Taken) -> dict[str, Uncertain]:
    """Inputs that a number depends on."""
    found = {}
    for name, given in answered.inputs.items():
        moved = central(answered.inputs)
        moved[name] = moved[name] * (1 - 1e-4) - (1e-6 if given.value == 0 else 0.0)
        if not math.isclose(float(take(follow(answered.asked, moved))), value, rel_tol=1e-9):
            found[name] = given
    return found


def _listed(names: tuple[str, ...]) -> str:
    return " and ".join(f"the {name}" for name in names)
