"""What was asked of a balance, and how is its residual kept for further evidence?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from interlith.evidence.sums.balance_terms import Sum
from interlith.model import Observable, State

#: Name of a term that was not measured -> its coefficient and the interval in which it can lie.
Missing = Mapping[str, tuple[float, tuple[float, float]]]


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked, and the level of each interval after the adjustment for several states."""

    quantity: str
    unit: str
    tolerance: float | None
    level: float
    each_level: float
    against: str | None
    simulated: bool

    @property
    def shown_unit(self) -> str:
        """Unit as it is written behind a number."""
        return "" if self.unit == "1" else self.unit


def residual_observable(item: Sum, asked: Asked) -> Observable:
    """The residual at one state with its components and interval."""
    low, high = item.interval(asked.each_level)
    state = None
    if asked.against is not None and item.state is not None:
        unit = next((o.state.unit for t in item.terms for o in t.observables if o.state is not None), "1")
        state = State(asked.against, item.state, item.state, item.state, unit)
    samples, variants = whose(item)
    return Observable(
        quantity=f"residual_of_{asked.quantity}",
        value=item.residual,
        unit=asked.unit,
        sample=samples[0] if len(samples) == 1 else "",
        variant=variants[0] if len(variants) == 1 else "",
        components=item.sizes | dict.fromkeys(item.unknown, math.inf),
        state=state,
        low=-math.inf if item.unknown else low,
        high=math.inf if item.unknown else high,
        level=asked.each_level,
        method="sum of terms with shared sources added before they are squared",
        flag="lower bound: a kind of uncertainty is missing" if item.unknown or lacking([item]) else "",
    )


def whose(item: Sum) -> tuple[list[str], list[str]]:
    """Specimens and variants behind a sum."""
    everything = [observable for term in item.terms for observable in term.observables]
    samples = [name for name in dict.fromkeys(o.sample for o in everything) if name]
    return samples, [name for name in dict.fromkeys(o.variant for o in everything) if name]


def lacking(made: Sequence[Sum]) -> dict[str, tuple[str, ...]]:
    """Kind of uncertainty -> terms that do not include it."""
    found: dict[str, dict[str, None]] = {}
    for item in made:
        for term in item.terms:
            for kind in term.lacking:
                found.setdefault(kind, {})[term.name] = None
    return {kind: tuple(names) for kind, names in found.items()}
