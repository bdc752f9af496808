"""What is the effect with its interval, and what does the interval stand for: inference, a declared spread, or these cells only?"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import Literal

import numpy as np

from interlith.evidence.kernel import Array, Spread, contrast, degrees_of_freedom, quantile, welch_half_width
from interlith.evidence.units_of_replication import Layout, Unit, measurement_only, shared_causes
from interlith.model import Replication

Kind = Literal["ratio", "difference"]
Basis = Literal["replicates", "these batches", "declared spread", "measurement only"]


@dataclass(frozen=True, slots=True)
class Estimate:
    """An effect on the scale it is shown on: per cent of the reference for a ratio, the unit of the quantity otherwise.

    `centre` and `spread` are on the working scale (logarithms for a ratio). `unknown` lists shared sources of unknown
    size; then the interval is a lower bound.
    """

    kind: Kind
    centre: float
    spread: Spread
    level: float
    basis: Basis
    unknown: tuple[str, ...] = ()

    @property
    def value(self) -> float:
        """The effect as shown."""
        return shown(self.centre, self.kind)

    def interval(self, level: float | None = None) -> tuple[float, float]:
        """Interval of what is known, as shown."""
        half = self.spread.half_width(level or self.level)
        return shown(self.centre - half, self.kind), shown(self.centre + half, self.kind)

    def probability_above(self, limit: float) -> float:
        """Probability that the true effect exceeds a limit given as shown."""
        return self.spread.probability_above(self.centre - working(limit, self.kind))


def shown(effect: float, kind: Kind) -> float:
    """Working scale -> shown: a difference of logarithms becomes a relative change in per cent."""
    if kind == "difference":
        return effect
    return 100.0 * math.expm1(effect) if effect < 700 else math.inf


def working(effect: float, kind: Kind) -> float:
    """Shown -> working scale; a change of -100 % or less is minus infinity."""
    if kind == "difference":
        return effect
    return math.log1p(effect / 100.0) if effect > -100.0 else -math.inf


def estimate(layout: Layout, kind: Kind, *, quantity: str, rules: Replication, level: float) -> Estimate:
    """Effect and uncertainty for a layout: scatter of units, else declared spread, else measurement only.

    Notes
    -----
    Assumption that fails first: that the units are independent and scatter alike in both variants. A declared spread
    is taken as the standard deviation between units as measured, so it holds their own measurement errors already.
    """
    centre, error = contrast(layout.values(), layout.plan)
    shared, unknown = shared_causes(layout)
    declared = rules.spread.get(quantity)
    basis: Basis
    if min(layout.counts) >= 2:
        basis = "replicates" if layout.inference else "these batches"
        spread = Spread(float(error), float(degrees_of_freedom(layout.values(), layout.plan)), shared)
    elif declared is not None:
        basis, spread = "declared spread", Spread(_declared_error(layout, declared[0], kind), math.inf, shared)
    else:
        basis, spread = "measurement only", Spread(measurement_only(layout), math.inf)
    return Estimate(kind, float(centre), spread, level, basis, unknown)


def mean_of(layout: Layout, *, variant: bool, kind: Kind, level: float) -> tuple[float, float, float, int]:
    """Mean of one group with its interval, in the unit of the quantity, and the number of units behind it.

    Student t with n - 1 degrees of freedom (12.706 standard errors at n = 2), batches as units where they cluster;
    sources that several units share are added. Below two units the interval is that of the measurement.
    """
    chosen = [unit for unit, inside in zip(layout.units, layout.in_variant, strict=True) if inside == variant]
    values = _batch_means(chosen) if layout.clustered else layout.group(variant)
    centre, count = float(layout.group(variant).mean()), len(values)
    single = count < 2
    common = _common_size(chosen, everything=single)
    scatter = 0.0 if single else float(values.std(ddof=1)) / math.sqrt(count)
    half = Spread(scatter, math.inf if single else count - 1.0, common).half_width(level)
    ends = [centre, centre - half, centre + half]
    if kind == "ratio":
        ends = [math.exp(min(end, 700.0)) for end in ends]
    return ends[0], ends[1], ends[2], count


def scatter_of_units(layout: Layout, quantity: str, rules: Replication, kind: Kind) -> tuple[float, float]:
    """Standard deviation between units within a variant on the working scale, and its degrees of freedom (0: unknown)."""
    first, second = layout.group(True), layout.group(False)
    degrees = first.size + second.size - 2
    if min(layout.counts) < 2 and quantity in rules.spread:
        relative = rules.spread[quantity][0]
        return (relative if kind == "ratio" else relative * abs(float(second.mean()))), math.inf
    if degrees < 1:
        return math.nan, 0.0
    squares = float(np.square(first - first.mean()).sum() + np.square(second - second.mean()).sum())
    return math.sqrt(squares / degrees), float(degrees)


def welch_interval(layout: Layout, found: Estimate) -> tuple[float, float] | None:
    """Interval with Welch's degrees of freedom, for independent units only."""
    if layout.clustered or min(layout.counts) < 2:
        return None
    half = welch_half_width(layout.group(True), layout.group(False), found.level)
    half = math.hypot(half, quantile(found.level, math.inf) * found.spread.shared)
    return shown(found.centre - half, found.kind), shown(found.centre + half, found.kind)


def _common_size(units: list[Unit], *, everything: bool) -> float:
    counts = Counter(source for unit in units for source in unit.components)
    total = 0.0
    for source, count in counts.items():
        if everything or count > 1:
            total += (sum(unit.components.get(source, 0.0) for unit in units) / len(units)) ** 2
    return math.sqrt(total)


def _batch_means(units: list[Unit]) -> Array:
    groups: dict[str, list[float]] = {}
    for unit in units:
        groups.setdefault(unit.batch or unit.name, []).append(unit.value)
    return np.array([np.mean(values) for values in groups.values()])


def _declared_error(layout: Layout, relative: float, kind: Kind) -> float:
    total = 0.0
    for inside, count in zip((True, False), layout.counts, strict=True):
        size = relative if kind == "ratio" else relative * abs(float(layout.group(inside).mean()))
        total += size * size / count
    return math.sqrt(total)
