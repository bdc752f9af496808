"""Which onsets does a variant or specimen have, and how are they jointly distributed?"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from interlith.errors import StudyError, nearest
from interlith.evidence.curves import Array
from interlith.model import Observable, Statement
from interlith.numerics.changes.ordering import joint_means, joint_positions
from interlith.units import convert

#: What `order` reads.
Onsets = Statement | Observable | Iterable["Statement | Observable"]


@dataclass(frozen=True, slots=True)
class Group:
    """Onsets of one variant or specimen.

    Parameters
    ----------
    name
        Of the variant or specimen.
    events
        Event -> specimen -> onset, all in one unit.
    draws
        Event -> joint draws, for events that were found in every specimen that was looked at, shape (draws,).
    after
        Event -> end of the axis up to which it was found in none of the specimens.
    specimens
        Names.
    paired
        Whether all events were found in the same specimens, so that differences are taken within each.
    """

    name: str
    events: dict[str, dict[str, Observable]]
    draws: dict[str, Array]
    after: dict[str, float]
    specimens: tuple[str, ...]
    paired: bool


def event_name(quantity: str) -> str:
    """``onset_of_vacancies`` -> ``vacancies``; ``second_onset_of_resistance`` -> ``second_resistance``."""
    return quantity.replace("onset_of_", "")


def chance_words(probability: float) -> str:
    """``97.2 %``, ``over 99.9 %``."""
    if probability > 0.999:
        return "over 99.9 %"
    return "below 0.1 %" if probability < 0.001 else f"{100 * probability:.3g} %"


def onsets_of(source: Onsets) -> list[Observable]:
    """Observables of statements and lists, in order.

    Raises
    ------
    StudyError
        If there are none.
    """
    if isinstance(source, Observable):
        return [source]
    if isinstance(source, Statement):
        return list(source.observables)
    found = [one for item in source for one in onsets_of(item)]
    if not found:
        raise StudyError("There are no onsets to order; pass what `onset` returned, or its observables.")
    return found


def wanted(sequence: Sequence[str] | None, items: Sequence[Observable]) -> tuple[str, ...]:
    """Events in the declared order, or all in order of appearance.

    Raises
    ------
    StudyError
        If an event is unknown or named twice, or fewer than two are there.
    """
    known = tuple(dict.fromkeys(event_name(one.quantity) for one in items))
    if sequence is None:
        chosen = known
    else:
        chosen = tuple(event_name(str(name)) for name in sequence)
        for name in chosen:
            if name not in known:
                raise StudyError(f"There is no onset of '{name}'; {nearest(name, known)}.")
        if len(set(chosen)) < len(chosen):
            raise StudyError(f"The sequence names an onset twice: {', '.join(chosen)}.")
    if len(chosen) < 2:
        raise StudyError(f"An order needs at least two onsets; there is {', '.join(known)} only.")
    return chosen


def groups_of(items: Sequence[Observable], events: Sequence[str], by: str, level: float) -> list[Group]:
    """Onsets by variant or specimen with their joint draws.

    Raises
    ------
    StudyError
        If `by` is unknown, a specimen has an onset twice, or onsets lie on axes of different dimension.
    """
    if by not in ("variant", "sample"):
        raise StudyError(f"by is '{by}'; {nearest(by, ('variant', 'sample'))}.")
    unit = items[0].unit
    found: dict[str, dict[str, dict[str, Observable]]] = {}
    for one in items:
        event = event_name(one.quantity)
        if event not in events:
            continue
        owner = getattr(one, by) or one.sample or "all"
        specimens = found.setdefault(owner, {}).setdefault(event, {})
        if one.sample in specimens:
            raise StudyError(f"{one.sample} has two values of {one.quantity}; pass one of them.")
        specimens[one.sample] = _in_unit(one, unit)
    return [_group(name, {event: parts.get(event, {}) for event in events}, level) for name, parts in found.items()]


def _in_unit(one: Observable, unit: str) -> Observable:
    if one.unit == unit:
        return one
    from dataclasses import replace

    step = convert(1.0, one.unit, unit) - convert(0.0, one.unit, unit)
    moved = [None if end is None else convert(end, one.unit, unit) for end in (one.value, one.low, one.high)]
    state = one.state
    if state is not None:
        ends = [convert(end, state.unit, unit) for end in (state.value, state.low, state.high)]
        state = replace(state, value=ends[0], low=ends[1], high=ends[2], unit=unit)
    parts = {source: size * step for source, size in one.components.items()}
    return replace(one, value=moved[0], low=moved[1], high=moved[2], components=parts, unit=unit, state=state)


def _group(name: str, events: dict[str, dict[str, Observable]], level: float) -> Group:
    specimens = tuple(dict.fromkeys(sample for parts in events.values() for sample in parts))
    after: dict[str, float] = {}
    complete: dict[str, dict[str, Observable]] = {}
    for event, parts in events.items():
        ends = [one.state.value for one in parts.values() if one.value is None and one.state is not None]
        if parts and len(ends) == len(parts):
            after[event] = min(ends)
        elif parts and all(one.value is not None and _bounded(one) for one in parts.values()):
            complete[event] = parts
    paired = len({frozenset(parts) for parts in complete.values()}) == 1
    draws = _draws(complete, paired, level)
    return Group(name, events, draws, after, specimens, paired)


def _bounded(one: Observable) -> bool:
    return all(math.isfinite(end) for end in one.interval()) and math.isfinite(one.std)


def _draws(events: dict[str, dict[str, Observable]], paired: bool, level: float) -> dict[str, Array]:
    if not events:
        return {}
    if paired:
        names = list(events)
        together = [[events[event][sample] for event in names] for sample in next(iter(events.values()))]
        return dict(zip(names, _joint(together, level, 0).T, strict=True))
    return {
        event: _joint([[one] for one in parts.values()], level, number)[:, 0]
        for number, (event, parts) in enumerate(events.items())
    }


def _joint(rows: Sequence[Sequence[Observable]], level: float, number: int) -> Array:
    """Joint draws of the events (columns) of the specimens (rows)."""
    seed = 20261127 + number
    sources = [source for row in rows for one in row for source in one.components]
    shared = sorted({source for source in sources if sources.count(source) > 1})
    if len(rows) == 1:
        row = rows[0]
        sizes = np.array([[one.components.get(source, 0.0) for source in shared] for one in row]).reshape(len(row), -1)
        values = np.array([one.value for one in row], dtype=np.float64)
        ends = np.array([_at_level(one, level) for one in row])
        own = np.array(
            [math.sqrt(sum(size**2 for name, size in one.components.items() if name not in shared)) for one in row]
        )
        return joint_positions(values, values - ends[:, 0], ends[:, 1] - values, own, sizes, level=level, seed=seed)
    # What the events of one specimen share moves them together in the values already; only what several specimens
    # share is not in their scatter.
    owners = {source: {k for k, row in enumerate(rows) for one in row if source in one.components} for source in shared}
    wide = [source for source in shared if len(owners[source]) > 1]
    table = np.array([[one.value for one in row] for row in rows], dtype=np.float64)
    sizes = np.array(
        [
            [sum(row[k].components.get(source, 0.0) for row in rows) / len(rows) for source in wide]
            for k in range(len(rows[0]))
        ]
    ).reshape(len(rows[0]), -1)
    return joint_means(table, sizes, seed=seed)


def _at_level(one: Observable, level: float) -> tuple[float, float]:
    """Interval of an onset at the level of the draws; another level is reached by the normal ratio."""
    low, high = one.interval()
    if one.level == level or one.value is None:
        return low, high
    from scipy import stats

    ratio = float(stats.norm.ppf(0.5 + level / 2) / stats.norm.ppf(0.5 + one.level / 2))
    return one.value - ratio * (one.value - low), one.value + ratio * (high - one.value)
