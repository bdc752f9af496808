"""Which observables enter a comparison, which do not and why, and were they taken under like conditions?"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import polars as pl

from interlith.errors import StudyError, nearest
from interlith.model import Observable, Result, from_frame
from interlith.model.outcome import StudyOutcome
from interlith.units import factor

if TYPE_CHECKING:
    pass

#: What `compare` and `equivalent` accept as data.
Source = Result | StudyOutcome | pl.DataFrame | Iterable[Observable | Result]
#: sample -> condition -> (value, tolerance, unit)
Conditions = Mapping[str, Mapping[str, tuple[float, float, str]]]


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
    table = _table(source)
    _check_reasons(excluded)
    rows = table.filter(pl.col("quantity") == quantity)
    if rows.is_empty():
        raise StudyError(
            f"There is no observable '{quantity}'; {nearest(quantity, table.get_column('quantity').unique().to_list())}."
        )
    there = _at_state(rows, quantity, at)
    samples = dict(rows.select("sample", "variant").unique(maintain_order=True).iter_rows())
    whole = [item for item in from_frame(there.filter(pl.col("value").is_not_null()))]
    _refuse_doubles(whole, quantity, at)
    caveats = [
        f"{name} has no value of {quantity} {words_at(at)}{_why(there, name)}."
        for name in _absent(samples, whole, excluded)
    ]
    unit = whole[0].unit if whole else ""
    whole = [_in_unit(item, unit) for item in whole]
    used = [item for item in whole if item.sample not in excluded]
    for name, reason in excluded.items():
        shown = "shown with and without it" if any(item.sample == name for item in whole) else "it has no value here"
        caveats.append(f"{name} is excluded ({reason}); {shown}.")
    for variant in needed:
        if not any(item.variant == variant for item in used):
            have = sorted({item.variant for item in used})
            raise StudyError(
                f"The variant '{variant}' has no value of {quantity} {words_at(at)}; {nearest(variant, have)}."
            )
    flags = dict.fromkeys(f"{item.sample}: {item.flag}." for item in used if item.flag)
    return Selection(tuple(used), tuple(whole), unit, (*caveats, *flags))


def words_at(at: Mapping[str, float]) -> str:
    """``at cycle 200`` for ``{"cycle": 200}``; empty for no state."""
    return "at " + " and ".join(f"{name} {value:g}" for name, value in at.items()) if at else "(no state asked for)"


def _table(source: Source) -> pl.DataFrame:
    from interlith.model import to_frame

    if isinstance(source, pl.DataFrame):
        return source
    if isinstance(source, Result):
        return source.table
    if isinstance(source, StudyOutcome):
        return source.observables
    items = list(source)
    tables = [item.table for item in items if isinstance(item, Result)]
    loose = [item for item in items if isinstance(item, Observable)]
    if loose:
        tables.append(to_frame(loose))
    if not tables:
        raise StudyError(
            "There are no observables to compare; pass a result, a table of observables, or a list of them."
        )
    return pl.concat(tables, how="vertical_relaxed")


def _check_reasons(excluded: Mapping[str, str]) -> None:
    for name, reason in excluded.items():
        if not str(reason).strip():
            raise StudyError(f"The exclusion of {name} has no reason; write one, or leave the sample in.")


def _at_state(rows: pl.DataFrame, quantity: str, at: Mapping[str, float]) -> pl.DataFrame:
    chosen = rows
    for name, value in at.items():
        inside = (pl.col("state") == name) & (
            ((pl.col("state_low") <= value) & (value <= pl.col("state_high")))
            | ((pl.col("state_value") - value).abs() <= 1e-9 * max(1.0, abs(value)))
        )
        if name == "cycle":
            inside = inside.fill_null(False) | (pl.col("cycle") == value)
        chosen = chosen.filter(inside.fill_null(False))
    if chosen.is_empty():
        column = pl.col("cycle").cast(pl.Float64) if "cycle" in at else pl.col("state_value")
        low, high = rows.select(column.min().alias("a"), column.max().alias("b")).row(0)
        reach = "has no state at all" if low is None else f"reaches from {low:g} to {high:g}"
        raise StudyError(f"No sample has {quantity} {words_at(at)}; what there is {reach}. Ask for a state in there.")
    return chosen


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


def _absent(samples: Mapping[str, str], found: list[Observable], excluded: Mapping[str, str]) -> list[str]:
    have = {item.sample for item in found}
    return [name for name in samples if name not in have and name not in excluded]


def _why(there: pl.DataFrame, sample: str) -> str:
    flags = there.filter((pl.col("sample") == sample) & pl.col("flag").is_not_null()).get_column("flag").to_list()
    words = "; ".join(flag for flag in dict.fromkeys(flags) if flag)
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
