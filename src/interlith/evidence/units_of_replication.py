"""What is one independent unit here, which units are correlated through a batch, and can the batch be told apart?"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from interlith.errors import StudyError, nearest
from interlith.evidence.kernel import Array, Plan, plan
from interlith.model import Observable, Replication

UNITS = ("cell", "electrode", "batch")
GROUPS = ("batch",)


@dataclass(frozen=True, slots=True)
class Unit:
    """One independent unit: mean of its cells on the working scale, with its uncertainty by component there."""

    name: str
    variant: str
    batch: str
    value: float
    components: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Layout:
    """Units of a variant and its reference, how they are clustered, and whether more than these units can be spoken of.

    `inference` is false below two units a variant, and where each variant sits in a batch of its own.
    """

    units: tuple[Unit, ...]
    in_variant: tuple[bool, ...]
    plan: Plan
    inference: bool
    clustered: bool
    batches: int
    caveats: tuple[str, ...] = field(default=())

    @property
    def counts(self) -> tuple[int, int]:
        """Number of units of the variant and of the reference."""
        inside = sum(self.in_variant)
        return inside, len(self.in_variant) - inside

    def values(self) -> Array:
        """Unit values on the working scale, shape (n,)."""
        return np.array([unit.value for unit in self.units])

    def group(self, variant: bool) -> Array:
        """Unit values of the variant (true) or of the reference."""
        return np.array(
            [unit.value for unit, inside in zip(self.units, self.in_variant, strict=True) if inside == variant]
        )


def lay_out(
    items: Iterable[Observable], variant: str, reference: str, rules: Replication, *, logarithmic: bool
) -> Layout:
    """Aggregate cells to units and decide how their correlation is respected.

    Raises
    ------
    StudyError
        If the unit or group is unknown, or a ratio is asked of values that are not positive.
    """
    _check(rules)
    kept = [item for item in items if item.variant in (variant, reference)]
    units = _aggregate(kept, rules.unit, logarithmic)
    inside = tuple(unit.variant == variant for unit in units)
    few = min(sum(inside), len(inside) - sum(inside))
    own: list[Hashable] = list(range(len(units)))
    batches = {True: _batches(units, inside, True), False: _batches(units, inside, False)}
    every = batches[True] | batches[False]
    caveats: list[str] = []
    clusters, inference, clustered = own, few >= 2, False
    if rules.unit == "batch":
        clusters, clustered = [unit.batch or unit.name for unit in units], True
        if few >= 2 and len(every) == len(units):
            clusters = own
    elif rules.group == "batch" and few >= 2:
        clusters, inference, clustered, words = _group(units, own, batches, variant, reference)
        caveats.append(words)
    elif few >= 2 and "" not in every and not batches[True] & batches[False]:
        caveats.append(
            f"No batch holds both {variant} and {reference}: what the batches do cannot be told from what the variant does; "
            "declare `group: batch` to have this respected, or make both in common batches."
        )
    layout = plan(inside, clusters)
    if inference and layout.degrees < 1 - 1e-9:
        inference = False
        caveats.append("The batches leave less than one degree of freedom for the contrast; more batches are needed.")
    return Layout(units, inside, layout, inference, clustered, len(every), tuple(caveats))


def _check(rules: Replication) -> None:
    if rules.unit not in UNITS:
        raise StudyError(f"The unit of replication is '{rules.unit}'; {nearest(rules.unit, UNITS)}.")
    if rules.group is not None and rules.group not in GROUPS:
        raise StudyError(f"The group of replication is '{rules.group}'; {nearest(rules.group, GROUPS)}.")


def _batches(units: tuple[Unit, ...], inside: tuple[bool, ...], which: bool) -> set[str]:
    return {unit.batch for unit, flag in zip(units, inside, strict=True) if flag == which}


def _group(
    units: tuple[Unit, ...], own: list[Hashable], batches: Mapping[bool, set[str]], variant: str, reference: str
) -> tuple[list[Hashable], bool, bool, str]:
    """Clusters, whether inference is possible, whether batches cluster, and the sentence that says so."""
    every = batches[True] | batches[False]
    if len(every) == 1:
        name = next(iter(every))
        told = f"one batch ({name})" if name else "no named batch"
        return (
            own,
            True,
            False,
            f"All cells come from {told}: the interval holds within it and says nothing of other batches.",
        )
    if min(len(batches[True]), len(batches[False])) < 2:
        words = (
            f"{variant} comes from batch {_list(batches[True])} and {reference} from batch {_list(batches[False])}: the "
            "effect of the batch cannot be told from the effect of the variant, the interval holds within these batches; "
            "make both variants in at least two common batches."
        )
        return own, False, False, words
    words = f"Cells of one batch are taken as correlated; the interval rests on {len(every)} batches."
    return [unit.batch for unit in units], True, True, words


def _list(names: set[str]) -> str:
    return ", ".join(sorted(name or "(unnamed)" for name in names))


def _aggregate(items: list[Observable], unit: str, logarithmic: bool) -> tuple[Unit, ...]:
    groups: dict[tuple[str, ...], list[Observable]] = {}
    for item in items:
        keys = {
            "cell": (item.variant, item.sample),
            "electrode": (item.variant, item.batch, item.replicate or item.sample),
            "batch": (item.variant, item.batch or "(unnamed)"),
        }
        groups.setdefault(keys[unit], []).append(item)
    return tuple(_unit(key, members, logarithmic) for key, members in groups.items())


def _unit(key: tuple[str, ...], members: list[Observable], logarithmic: bool) -> Unit:
    total, parts = 0.0, dict[str, float]()
    for item in members:
        value = item.value
        if value is None or not math.isfinite(value):
            raise StudyError(f"{item.sample} has the {item.quantity} {value}; only finite numbers can be compared.")
        if logarithmic and value <= 0:
            raise StudyError(
                f"{item.sample} has the {item.quantity} {value:g} {item.unit}; a ratio needs positive values, "
                "ask for kind='difference'."
            )
        total += (math.log(value) if logarithmic else value) / len(members)
        scale = (1.0 / value if logarithmic else 1.0) / len(members)
        stated = item.components or {f"unknown:{item.sample}": math.inf}
        for source, size in stated.items():
            parts[source] = parts.get(source, 0.0) + size * scale
    return Unit(key[-1], members[0].variant, members[0].batch, total, parts)


def shared_causes(layout: Layout) -> tuple[float, tuple[str, ...]]:
    """Standard uncertainty of the contrast from sources that several units share, and those of unknown size.

    What only one unit has (its mass, its channel) is in the scatter of the units already and is not counted again.
    """
    counts: dict[str, int] = {}
    for unit in layout.units:
        for source in unit.components:
            counts[source] = counts.get(source, 0) + 1
    sizes = _contrast_components(layout, {source for source, count in counts.items() if count > 1})
    unknown = tuple(sorted(source for source, size in sizes.items() if math.isinf(size)))
    return math.sqrt(sum(size * size for size in sizes.values() if math.isfinite(size))), unknown


def measurement_only(layout: Layout) -> float:
    """Standard uncertainty of the contrast from all stated sources, no scatter between units; ``inf`` if one is unknown."""
    sources = {source for unit in layout.units for source in unit.components}
    return math.sqrt(sum(size * size for size in _contrast_components(layout, sources).values()))


def _contrast_components(layout: Layout, sources: set[str]) -> dict[str, float]:
    sizes = dict.fromkeys(sources, 0.0)
    for unit, weight in zip(layout.units, layout.plan.weights, strict=True):
        for source in sources & unit.components.keys():
            size = unit.components[source]
            sizes[source] = math.inf if math.isinf(size) or math.isinf(sizes[source]) else sizes[source] + weight * size
    return sizes
