"""Which observables enter a comparison, which do not and why, and were they taken under like conditions?"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations

import polars as pl

from interlith.errors import StudyError, nearest
from interlith.model import Observable, Result, from_frame
from interlith.model.outcome import StudyOutcome
from interlith.units import factor

#: What `compare` and `equivalent` accept as data.
Source = Result | StudyOutcome | pl.DataFrame | Iterable[Observable | Result]
#: sample -> condition -> (value, tolerance, unit)
Conditions = Mapping[str, Mapping[str, tuple[float, float, str]]]
#: Relative difference below which two values on a state axis are the same.
_SAME_STATE = 1e-9


@dataclass(frozen=True, slots=True)
class Selection:
    """Observables of one quantity at one state, in one unit; `used` without and `everything` with exclusions."""

    used: tuple[Observable, ...]
    everything: tuple[Observable, ...]
    unit: str
    caveats: tuple[str, ...]


def select(
    source: Source, quantity: str, at: Mapping[str, float], excluded: Mapping[str, str], *, needed: Iterable[str] = ()
) -> Selection:
    """The observables of `quantity` at the state `at`, one a sample.

    Raises
    ------
    StudyError
        If there is no such quantity or state, if a sample has two values there, if an exclusion has no reason, or if a
        variant of `needed` has no value left.
    """
    check_reasons(excluded)
    pool = _gather(source, quantity, at)
    if not pool.there:
        raise StudyError(f"No sample has {quantity} {words_at(at)}; {pool.reach()}.")
    whole = [item for item in pool.there if item.value is not None and item.variant]
    _refuse_doubles(whole, quantity, at)
    have = {item.sample for item in whole}
    lacking = [name for name in pool.samples if name not in have and name not in excluded]
    stray = sorted({item.sample for item in pool.there if not item.variant})
    lacking = [name for name in lacking if name not in stray]
    caveats = [f"{name} belongs to no variant and is not compared." for name in stray]
    caveats += [f"{name} has no value of {quantity} {words_at(at)}{_why(pool.there, name)}." for name in lacking]
    unit = whole[0].unit if whole else ""
    whole = [_in_unit(item, unit) for item in whole]
    used = [item for item in whole if item.sample not in excluded]
    for name, reason in excluded.items():
        shown = "shown with and without it" if any(item.sample == name for item in whole) else "it has no value here"
        caveats.append(f"{name} is excluded ({reason}); {shown}.")
    for variant in needed:
        if not any(item.variant == variant for item in used):
            present = sorted({item.variant for item in used})
            raise StudyError(
                f"The variant '{variant}' has no value of {quantity} {words_at(at)}; {nearest(variant, present)}."
            )
    flags = dict.fromkeys(f"{item.sample}: {item.flag}." for item in used if item.flag)
    return Selection(tuple(used), tuple(whole), unit, (*caveats, *flags))


def words_at(at: Mapping[str, float]) -> str:
    """``at cycle 200`` for ``{"cycle": 200}``; empty for no state."""
    return "at " + " and ".join(f"{name} {value:g}" for name, value in at.items()) if at else "(no state asked for)"


@dataclass(slots=True)
class _Pool:
    """What the sources hold of one quantity: all samples that have it, observables at the state, states there are."""

    there: list[Observable]
    samples: dict[str, str]
    quantities: set[str]
    states: list[float]

    def reach(self) -> str:
        """A clause that says which states there are."""
        if not self.states:
            return "it is not given at states at all, so ask without a state"
        return f"what there is reaches from {min(self.states):g} to {max(self.states):g}, ask for a state in there"


def _gather(source: Source, quantity: str, at: Mapping[str, float]) -> _Pool:
    pool = _Pool([], {}, set(), [])
    for item in _pieces(source):
        if isinstance(item, Observable):
            _add_one(pool, item, quantity, at)
        else:
            _add_table(pool, item, quantity, at)
    if not pool.quantities:
        raise StudyError(
            "There are no observables to compare; pass a result, a table of observables, or a list of them."
        )
    if not pool.samples:
        raise StudyError(f"There is no observable '{quantity}'; {nearest(quantity, pool.quantities)}.")
    return pool


def _pieces(source: Source) -> Iterable[Observable | pl.DataFrame]:
    if isinstance(source, pl.DataFrame):
        return [source]
    if isinstance(source, Result):
        return [source.table]
    if isinstance(source, StudyOutcome):
        return [source.observables]
    return [item.table if isinstance(item, Result) else item for item in source]


def observables_of(source: Source) -> Iterable[Observable]:
    """Every observable of a source, tables turned into objects."""
    for item in _pieces(source):
        if isinstance(item, Observable):
            yield item
        else:
            yield from from_frame(item)


def of_quantity(source: Source, quantity: str) -> list[Observable]:
    """The observables of one quantity that have a value.

    Raises
    ------
    StudyError
        If there is no such quantity.
    """
    everything = list(observables_of(source))
    known = {item.quantity for item in everything}
    if quantity not in known:
        raise StudyError(f"There is no observable '{quantity}'; {nearest(quantity, known)}.")
    return [item for item in everything if item.quantity == quantity and item.value is not None]


def _add_one(pool: _Pool, item: Observable, quantity: str, at: Mapping[str, float]) -> None:
    pool.quantities.add(item.quantity)
    if item.quantity != quantity:
        return
    pool.samples.setdefault(item.sample, item.variant)
    state = item.state
    pool.states.extend([float(item.cycle)] if item.cycle is not None else [state.value] if state else [])
    for name, value in at.items():
        inside = (
            state is not None
            and state.name == name
            and (state.low <= value <= state.high or abs(state.value - value) <= _SAME_STATE * max(1.0, abs(value)))
        )
        if not inside and not (name == "cycle" and item.cycle == value):
            return
    pool.there.append(item)


def _add_table(pool: _Pool, table: pl.DataFrame, quantity: str, at: Mapping[str, float]) -> None:
    pool.quantities.update(table.get_column("quantity").unique().to_list())
    rows = table.filter(pl.col("quantity") == quantity)
    for sample, variant in rows.select("sample", "variant").unique(maintain_order=True).iter_rows():
        pool.samples.setdefault(sample, variant)
    states = rows.select(pl.coalesce(pl.col("cycle").cast(pl.Float64), "state_value").alias("state")).get_column(
        "state"
    )
    pool.states.extend(value for value in (states.min(), states.max()) if isinstance(value, float))
    for name, value in at.items():
        near = (pl.col("state_value") - value).abs() <= _SAME_STATE * max(1.0, abs(value))
        inside = (pl.col("state") == name) & (
            near | pl.lit(value).is_between(pl.col("state_low"), pl.col("state_high"))
        )
        if name == "cycle":
            inside = inside.fill_null(False) | (pl.col("cycle") == value)
        rows = rows.filter(inside.fill_null(False))
    pool.there.extend(from_frame(rows))


def check_reasons(excluded: Mapping[str, str]) -> None:
    """Refuse an exclusion without a reason.

    Raises
    ------
    StudyError
        Naming the sample.
    """
    for name, reason in excluded.items():
        if not str(reason).strip():
            raise StudyError(f"The exclusion of {name} has no reason; write one, or leave the sample in.")


def _refuse_doubles(items: list[Observable], quantity: str, at: Mapping[str, float]) -> None:
    seen: dict[str, Observable] = {}
    for item in items:
        if item.sample in seen:
            first = seen[item.sample]
            raise StudyError(
                f"{item.sample} has two values of {quantity} {words_at(at)}: {first.value:g} ({first.method or 'no method'}, "
                f"cycle {first.cycle}) and {item.value:g} ({item.method or 'no method'}, cycle {item.cycle}); "
                "pass one state or one method."
            )
        seen[item.sample] = item


def _why(there: Iterable[Observable], sample: str) -> str:
    words = "; ".join(dict.fromkeys(item.flag for item in there if item.sample == sample and item.flag))
    return f" ({words})" if words else ""


def _in_unit(item: Observable, unit: str) -> Observable:
    return item if item.unit == unit else item.times(factor(item.unit, unit), unit=unit)


def check_conditions(used: Iterable[Observable], conditions: Conditions, *, allow_unlike: bool) -> tuple[str, ...]:
    """Refuse a comparison of cells that were run under different conditions, or say so where it is allowed.

    Raises
    ------
    StudyError
        If two cells differ by more than the larger of their tolerances: the message names cells and values.
    """
    names = list(dict.fromkeys(item.sample for item in used))
    caveats: list[str] = []
    for condition in dict.fromkeys(word for name in names for word in conditions.get(name, {})):
        known = [name for name in names if condition in conditions.get(name, {})]
        silent = [name for name in names if name not in known]
        if silent:
            caveats.append(
                f"The {condition.replace('_', ' ')} of {', '.join(silent)} is not known, so it is not compared."
            )
        clash = _clash(condition, known, conditions)
        if clash and not allow_unlike:
            raise StudyError(f"{clash}; compare like with like, or pass allow_unlike=True to compare all the same.")
        if clash:
            caveats.append(f"Unlike conditions were allowed: {clash}.")
    return tuple(caveats)


def _clash(condition: str, names: list[str], conditions: Conditions) -> str:
    worst, words = 0.0, ""
    for one, two in combinations(names, 2):
        (first, slack_one, unit), (second, slack_two, other) = conditions[one][condition], conditions[two][condition]
        second, slack_two = second * (scale := factor(other or "1", unit or "1")), slack_two * scale
        excess = abs(first - second) - max(slack_one, slack_two) * (1 + 1e-9)
        if excess > worst and math.isfinite(excess):
            worst = excess
            words = (
                f"the {condition.replace('_', ' ')} of {one} is {first:g} {unit} and that of {two} is {second:g} {unit}, "
                f"more than the tolerance of {max(slack_one, slack_two):g} {unit} apart"
            )
    return words
