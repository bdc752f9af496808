"""Which observables form a curve along a state axis, and which of its errors are of one point or shared by several?"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from interlith.errors import StudyError, UnitError, nearest
from interlith.evidence.selection import Source, check_reasons, of_quantity
from interlith.model import Observable
from interlith.units import convert, factor

Array = NDArray[np.float64]

#: How observables are put together into curves: by the name of an attribute, or variant -> name of the curve.
By = str | Mapping[str, str] | None
_ATTRIBUTES = ("sample", "variant", "batch", "replicate")


@dataclass(frozen=True, slots=True)
class Curve:
    """One quantity along one state axis, ordered by state.

    Parameters
    ----------
    name, variant
        Of the specimen, variant or series that the curve stands for; `variant` is empty where there are several.
    quantity, unit, axis, axis_unit
        What is drawn upwards and what to the right.
    x, x_low, x_high
        (axis_unit), shape (n,): state with the interval in which it lies (exposure, clock error).
    y
        (unit), shape (n,).
    own
        (unit), shape (n,): standard uncertainty from sources that this point alone has; ``inf`` where a size is
        unknown.
    shared
        Source -> (unit), shape (n,): signed sizes of sources that several points of this curve, or of another curve made
        in the same call, have in common. Sizes are finite.
    unknown
        Shared sources of unknown size: the interval of whatever follows is then a lower bound.
    observables
        Behind the points, in their order.
    """

    name: str
    variant: str
    quantity: str
    unit: str
    axis: str
    axis_unit: str
    x: Array
    x_low: Array
    x_high: Array
    y: Array
    own: Array
    shared: Mapping[str, Array]
    unknown: tuple[str, ...]
    observables: tuple[Observable, ...]

    def __len__(self) -> int:
        return int(self.x.size)

    @property
    def samples(self) -> tuple[str, ...]:
        """Specimens behind the points, in order of first appearance."""
        return tuple(dict.fromkeys(item.sample for item in self.observables))

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Identifiers of the observables behind the points, those that have one."""
        return tuple(item.id for item in self.observables if item.id)

    def propagate(self, gradient: Array) -> dict[str, float]:
        """Components of a number whose derivatives with respect to the values `y` are `gradient`, shape (n,).

        Only shared sources: what is independent from point to point belongs to the caller, who may know its size from
        the scatter. Unknown ones are infinite.
        """
        parts = {source: float(gradient @ sizes) for source, sizes in self.shared.items()}
        return parts | dict.fromkeys(self.unknown, math.inf)


def curves(
    source: Source, quantity: str, *, against: str, by: By = None, exclude: Mapping[str, str] | None = None
) -> tuple[Curve, ...]:
    """Curves of `quantity` against the state `against`, one a specimen, variant or series.

    Parameters
    ----------
    source
        Result, outcome of a study, table of observables, or a list of observables and results.
    quantity, against
        Name of the observable and of the state axis (``temperature``, ``voltage``, ``dose``, ``cycle``).
    by
        ``sample``, ``variant``, ``batch`` or ``replicate``; or a mapping from variant to the name of a curve, others being
        left out. By default one curve a sample where samples have several states, else one a variant where variants
        have, else a single one (a dose series, in which every dose is a variant of its own).
    exclude
        Sample -> reason.

    Raises
    ------
    StudyError
        If there is no such quantity or axis, `by` is unknown, an exclusion has no reason, or no curve has two points.
    """
    reasons = dict(exclude or {})
    check_reasons(reasons)
    chosen = of_quantity(source, quantity)
    chosen = [item for item in chosen if math.isfinite(item.value or 0.0) and item.sample not in reasons]
    placed = [(item, place) for item in chosen if (place := _place(item, against)) is not None]
    if not placed:
        axes = {item.state.name for item in chosen if item.state} | {
            "cycle" for item in chosen if item.cycle is not None
        }
        raise StudyError(f"No value of {quantity} has the state '{against}'; {nearest(against, axes)}.")
    groups = _grouped([item for item, _ in placed], [place[0] for _, place in placed], by)
    places = {id(item): place for item, place in placed}
    unit = next(iter(groups.values()))[0].unit
    common = _shared_sources(groups.values())
    made = [
        _curve(name, items, [places[id(item)] for item in items], unit, against, common)
        for name, items in groups.items()
    ]
    return tuple(made)


_Place = tuple[float, float, float, str]


def _place(item: Observable, against: str) -> _Place | None:
    state = item.state
    if state is not None and state.name == against:
        return (state.value, min(state.low, state.value), max(state.high, state.value), state.unit)
    if against == "cycle" and item.cycle is not None:
        return (float(item.cycle), float(item.cycle), float(item.cycle), "1")
    return None


def _grouped(items: Sequence[Observable], states: Sequence[float], by: By) -> dict[str, list[Observable]]:
    if by is None:
        for attribute in ("sample", "variant"):
            seen: dict[str, set[float]] = {}
            for item, state in zip(items, states, strict=True):
                seen.setdefault(getattr(item, attribute), set()).add(state)
            if any(len(values) > 1 for values in seen.values()):
                by = attribute
                break
    groups: dict[str, list[Observable]] = {}
    if isinstance(by, str) and by not in _ATTRIBUTES:
        raise StudyError(f"by is '{by}'; {nearest(by, _ATTRIBUTES)}, or a mapping from variant to the name of a curve.")
    for item in items:
        if by is None:
            name: str | None = ""
        else:
            name = str(getattr(item, by)) if isinstance(by, str) else by.get(item.variant)
        if name is not None:
            groups.setdefault(name, []).append(item)
    if not groups:
        raise StudyError(f"by names none of the variants {', '.join(sorted({item.variant for item in items}))}.")
    return groups


def _shared_sources(groups: Iterable[Sequence[Observable]]) -> frozenset[str]:
    counts: dict[str, int] = {}
    for items in groups:
        for item in items:
            for source in item.components:
                counts[source] = counts.get(source, 0) + 1
    return frozenset(source for source, count in counts.items() if count > 1)


def _curve(
    name: str, items: Sequence[Observable], places: Sequence[_Place], unit: str, axis: str, common: frozenset[str]
) -> Curve:  # fmt: skip
    axis_unit = places[0][3]
    order = sorted(range(len(items)), key=lambda number: _converted(places[number][0], places[number][3], axis_unit))
    ordered = [items[number] for number in order]
    rows = [[_converted(value, places[number][3], axis_unit) for value in places[number][:3]] for number in order]
    x, low, high = np.array(rows, dtype=np.float64).T
    scales = np.array([_factor(item, unit) for item in ordered])
    values = np.array([item.value for item in ordered], dtype=np.float64) * scales
    own, shared, unknown = np.zeros(len(ordered)), dict[str, Array](), dict[str, None]()
    for number, (item, scale) in enumerate(zip(ordered, scales, strict=True)):
        if not item.components:
            own[number] = math.inf
        for source, size in item.components.items():
            if source not in common:
                own[number] = math.hypot(own[number], size * scale)
            elif math.isinf(size):
                unknown[source] = None
            else:
                shared.setdefault(source, np.zeros(len(ordered)))[number] = size * scale
    variants = {item.variant for item in ordered}
    return Curve(
        name=name or "all",
        variant=variants.pop() if len(variants) == 1 else "",
        quantity=items[0].quantity,
        unit=unit,
        axis=axis,
        axis_unit=axis_unit,
        x=x, x_low=low, x_high=high, y=values, own=own,
        shared={source: sizes for source, sizes in shared.items() if source not in unknown},
        unknown=tuple(unknown),
        observables=tuple(ordered),
    )  # fmt: skip


def _converted(value: float, unit: str, wanted: str) -> float:
    return value if unit == wanted else convert(value, unit, wanted)


def _factor(item: Observable, wanted: str) -> float:
    if item.unit == wanted:
        return 1.0
    try:
        return factor(item.unit, wanted)
    except UnitError as error:
        raise StudyError(
            f"{item.sample} has the {item.quantity} in {item.unit or '1'}, others in {wanted or '1'}: leave it out "
            f"(exclude={{'{item.sample}': reason}}) or supply what is missing, such as its mass."
        ) from error
