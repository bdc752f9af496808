"""What are the terms of a balance at each state, and which of their errors are of one term or shared by several?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from interlith.errors import StudyError
from interlith.evidence.kernel import quantile
from interlith.evidence.wording import named
from interlith.model import Observable
from interlith.model.observable import kind_of
from interlith.numerics.sums.sums import half_width, t_degrees
from interlith.units import factor as unit_factor

Array = NDArray[np.float64]
Given = Observable | Sequence[Observable]
Terms = Mapping[str, Given | tuple[Given, float]] | Sequence[tuple[float, Given]]

#: Asymmetry of an interval, relative to its width, from which on its two sides are used apart.
ASYMMETRY = 0.02


@dataclass(frozen=True, slots=True)
class Term:
    """One term at one state, times its coefficient, in the unit of the sum.

    Parameters
    ----------
    name
        As given.
    value
        Value times coefficient.
    own
        Standard uncertainty that no other term shares, with `degrees` of freedom (infinite: taken at its word).
    below, above
        The same for the lower and the upper limit of the sum, unlike `own` where the given interval is asymmetric.
    sizes
        Source -> signed size of every known source of this term; those of replicates stand in one source of their own.
    shared
        Names of those sources that other terms have as well.
    unknown
        Sources of unknown size.
    lacking
        Wanted kinds of uncertainty that this term does not include.
    observables
        Behind the term.
    """

    name: str
    value: float
    own: float
    degrees: float
    below: float
    above: float
    sizes: Mapping[str, float]
    shared: frozenset[str]
    unknown: tuple[str, ...]
    lacking: tuple[str, ...]
    observables: tuple[Observable, ...]


@dataclass(frozen=True, slots=True)
class Sum:
    """Terms at one state, and what they add up to."""

    terms: tuple[Term, ...]
    closes_to: float
    state: float | None = None

    @property
    def residual(self) -> float:
        """Sum of the terms less what it should be."""
        return sum(term.value for term in self.terms) - self.closes_to

    @property
    def sizes(self) -> dict[str, float]:
        """Source -> signed size, added over the terms, so that what they share cancels where it does."""
        total: dict[str, float] = {}
        for term in self.terms:
            for source, size in term.sizes.items():
                total[source] = total.get(source, 0.0) + size
        return total

    @property
    def std(self) -> float:
        """Standard uncertainty of the residual from known sources."""
        return math.sqrt(sum(size * size for size in self.sizes.values()))

    @property
    def unknown(self) -> tuple[str, ...]:
        """Sources of unknown size."""
        return tuple(dict.fromkeys(source for term in self.terms for source in term.unknown))

    def interval(self, level: float) -> tuple[float, float]:
        """Interval of the residual from what is known."""
        shared = frozenset(source for term in self.terms for source in term.shared)
        sizes = self.sizes
        known = math.sqrt(sum(sizes[source] ** 2 for source in shared))
        degrees = np.array([term.degrees for term in self.terms])
        ends = []
        for side in ("below", "above"):
            scatter = np.array([getattr(term, side) for term in self.terms])
            ends.append(float(half_width(scatter, degrees, known, level)))
        return (self.residual - ends[0], self.residual + ends[1])

    def shares(self) -> dict[str, float]:
        """Term or shared source -> share of the variance of the residual, largest first."""
        sizes, owners = self.sizes, {}
        for term in self.terms:
            for source in term.sizes:
                owners[source] = f"shared {source}" if source in term.shared else term.name
        found: dict[str, float] = {}
        for source, size in sizes.items():
            found[owners[source]] = found.get(owners[source], 0.0) + size * size
        total = sum(found.values())
        ordered = sorted(found.items(), key=lambda pair: -pair[1])
        return {name: part / total for name, part in ordered} if total > 0 else {}


def sums(
    terms: Terms, *, against: str | None, closes_to: float, unit: str, errors: str, needs: Sequence[str]
) -> tuple[Sum, ...]:
    """The sum at every state that all terms have; one without a state where `against` is not given."""
    given = _read(terms)
    places = _places(given, against)
    made = []
    for place in places:
        chosen = {name: _at(items, place, against) for name, (items, _) in given.items()}
        common = _common(chosen)
        parts = [
            _term(name, items, given[name][1], unit, common, errors, needs, place) for name, items in chosen.items()
        ]
        made.append(Sum(tuple(parts), closes_to, place))
    return tuple(made)


def _read(terms: Terms) -> dict[str, tuple[list[Observable], float]]:
    pairs: list[tuple[str, object, object]] = []
    if isinstance(terms, Mapping):
        for name, entry in terms.items():
            value, factor = entry if isinstance(entry, tuple) else (entry, 1.0)
            pairs.append((str(name), value, factor))
    else:
        for factor, value in terms:
            first = value if isinstance(value, Observable) else next(iter(value), None)
            name = named(first.quantity) if isinstance(first, Observable) else "term"
            taken = {pair[0] for pair in pairs}
            pairs.append((name if name not in taken else f"{name} {len(pairs) + 1}", value, factor))
    found: dict[str, tuple[list[Observable], float]] = {}
    for name, value, factor in pairs:
        items = [value] if isinstance(value, Observable) else list(value) if isinstance(value, Sequence) else []
        kept = [item for item in items if isinstance(item, Observable) and item.value is not None]
        if not kept:
            raise StudyError(
                f"The term '{name}' has no observable with a value; write it as an observable, several of them, or "
                "(observables, coefficient)."
            )
        if not isinstance(factor, int | float) or not math.isfinite(factor) or factor == 0:
            raise StudyError(f"The coefficient of '{name}' is {factor!r}; write a number other than zero.")
        found[name] = (kept, float(factor))
    if len(found) < 2:
        raise StudyError(f"A balance needs at least two terms; found {len(found)}.")
    return found


def _where(item: Observable, against: str) -> float | None:
    if item.state is not None and item.state.name == against:
        return item.state.value
    return float(item.cycle) if against == "cycle" and item.cycle is not None else None


def _same(one: float, two: float) -> bool:
    return abs(one - two) <= 1e-9 * max(1.0, abs(one), abs(two))


def _places(given: Mapping[str, tuple[list[Observable], float]], against: str | None) -> list[float | None]:
    if against is None:
        return [None]
    common: list[float] | None = None
    for items, _ in given.values():
        there = sorted({place for item in items if (place := _where(item, against)) is not None})
        if there:
            common = there if common is None else [x for x in common if any(_same(x, y) for y in there)]
    if common is None:
        raise StudyError(
            f"No term has the state '{against}'; leave `against` out, or give observables with that state."
        )
    if not common:
        raise StudyError(f"The terms have no {against} in common; a balance needs every term at the same state.")
    return list(common)


def _at(items: Sequence[Observable], place: float | None, against: str | None) -> list[Observable]:
    if place is None or against is None:
        return list(items)
    states = [(item, _where(item, against)) for item in items]
    # A term without any state (a calibration constant, a dose) is the same everywhere.
    constant = all(where is None for _, where in states)
    return [item for item, where in states if constant or (where is not None and _same(where, place))]


def _common(chosen: Mapping[str, Sequence[Observable]]) -> frozenset[str]:
    counts: dict[str, int] = {}
    for items in chosen.values():
        for source in {source for item in items for source in item.components}:
            counts[source] = counts.get(source, 0) + 1
    return frozenset(source for source, count in counts.items() if count > 1)


def _term(
    name: str,
    items: Sequence[Observable],
    coefficient: float,
    unit: str,
    common: frozenset[str],
    errors: str,
    needs: Sequence[str],
    place: float | None,
) -> Term:
    scales = np.array([coefficient * _factor(item.unit, unit) for item in items])
    values = np.array([item.value for item in items], dtype=float) * scales
    count = len(items)
    seen: dict[str, int] = {}
    total: dict[str, float] = {}
    for item, scale in zip(items, scales, strict=True):
        for source, size in item.components.items():
            seen[source] = seen.get(source, 0) + 1
            part = math.inf if math.isinf(size) else float(size * scale / count)
            total[source] = math.inf if math.isinf(part) else total.get(source, 0.0) + part
    unknown = [source for source, size in total.items() if math.isinf(size)]
    scattered = count > 1 and errors == "scaled"
    if any(not item.components for item in items) and not scattered:
        unknown.append(f"model:{name} without stated uncertainty")
    # What differs between replicates is in their scatter already, whatever was stated for it.
    sizes = {s: size for s, size in total.items() if math.isfinite(size) and not (scattered and seen[s] == 1 and s not in common)}  # fmt: skip
    unknown = [s for s in unknown if not (scattered and seen.get(s, 1) == 1 and s not in common)]
    includes = {kind_of(source) for source in total if math.isfinite(total[source])}
    below = above = own = math.sqrt(sum(size**2 for source, size in sizes.items() if source not in common))
    degrees = math.inf
    if scattered:
        includes.add("replicate")
        scatter = float(values.std(ddof=1)) / math.sqrt(count)
        sizes[f"replicate:balance/{name}" + ("" if place is None else f"/{place:g}")] = scatter
        below = above = own = math.hypot(own, scatter)
        degrees = count - 1.0
    elif count == 1:
        degrees, low, high = _shape(items[0])
        below, above = (own * low, own * high) if scales[0] > 0 else (own * high, own * low)
    return Term(
        name=name,
        value=float(values.mean()),
        own=own,
        degrees=degrees,
        below=below,
        above=above,
        sizes=sizes,
        shared=frozenset(sizes) & common,
        unknown=tuple(unknown),
        lacking=tuple(kind for kind in needs if kind not in includes),
        observables=tuple(items),
    )


def _factor(unit: str, wanted: str) -> float:
    return 1.0 if unit == wanted else unit_factor(unit, wanted)


def _shape(item: Observable) -> tuple[float, float, float]:
    """Degrees of freedom, and size of the lower and upper side over the normal one, that a stated interval implies."""
    std = item.std
    if item.low is None or item.high is None or item.value is None or not math.isfinite(std) or std == 0:
        return (math.inf, 1.0, 1.0)
    lower, upper = item.value - item.low, item.high - item.value
    if not (math.isfinite(lower) and math.isfinite(upper) and lower >= 0 and upper >= 0):
        return (math.inf, 1.0, 1.0)
    if abs(upper - lower) <= ASYMMETRY * (upper + lower):
        return (t_degrees((lower + upper) / 2 / std, item.level), 1.0, 1.0)
    normal = quantile(item.level, math.inf) * std
    return (math.inf, lower / normal, upper / normal)
