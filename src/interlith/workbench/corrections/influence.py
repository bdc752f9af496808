"""Which choices move the headline numbers, by how much, and which decision would turn each of them round?"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from interlith.errors import InterlithError, StudyError, UnitError
from interlith.model import Choice, Decision, Effect, read_target
from interlith.model.decision import Value
from interlith.units import parse
from interlith.workbench.corrections.decision_entries import YES_NO

if TYPE_CHECKING:
    import polars as pl

#: Choices recomputed with their runner-up unless said otherwise, and effects kept of each.
MOST_RECOMPUTED, MOST_EFFECTS = 30, 12
#: A relative change below this is rounding of sums in another order.
ROUNDING = 1e-9
AUTOMATIC = "automatic"
#: A field whose sentence says this takes a value in the words in which choices tell it.
AS_PRINTED = "as the report prints it"
#: Runners-up that say that there was none.
_NOTHING = ("", "none", "unknown", "nothing")
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?")
_WITH_UNIT = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)? ?[^\W\d_°%][\w/^°µ-]*|-?\d+(?:\.\d+)? ?[%°]\w*")

Redo = Callable[[Choice], "pl.DataFrame | None"]


def as_decision(choice: Choice, *, fields: Mapping[str, str], files: Mapping[str, Sequence[str]]) -> Decision | None:
    """The decision that would take the runner-up, or `None` where no decision can say that.

    Parameters
    ----------
    choice
        With a target that names bytes, a technique, or a specimen (``B1_02/plateau_share``).
    fields
        Fields that can be decided, each with the sentence that names its values: numbers, with a unit or without, are
        taken as they are; other words count only where they stand in the sentence, or where it takes them "as the report
        prints it".
    files
        Targets ``path#sha256:first-12-hex`` of the files of every specimen, in the order of their parts.
    """
    value = _runner_up(choice, fields)
    if value is None:
        return None
    name, _, part = choice.target.partition("/")
    text = choice.target
    if "#sha256:" not in text and files.get(name):
        text = f"{files[name][0]}/{part}" if part else files[name][0]
    try:
        target = read_target(text)
    except StudyError:
        return None
    if choice.field == "include" and target.part:
        return None
    return Decision(target, choice.field, value, f"the runner-up of: {choice.reason}", who=AUTOMATIC)


def effects(
    choices: Iterable[Choice],
    table: pl.DataFrame,
    redo: Redo,
    headlines: Iterable[str],
    *,
    at: Mapping[str, float],
    most: int = MOST_RECOMPUTED,
) -> tuple[Choice, ...]:
    """The choices by influence, those worth it with the headline numbers recomputed with their runner-up.

    Parameters
    ----------
    choices
        All of them; effects that they carry already are kept.
    table
        The observables as they are.
    redo
        Observables with the runner-up instead: all numbers of the specimens that the choice touches and nothing of the
        others; `None` where that cannot be had. One of our errors counts as `None`.
    headlines
        Quantities that matter.
    at
        State of the primary endpoint (``{"cycle": 200}``); quantities without a value there are taken at the last cycle
        that all specimens have.
    most
        How many choices are recomputed: those of people first, then the least clear ones.
    """
    everything = list(choices)
    cycles = places(table, headlines, at)
    now = _values(table, cycles)
    waiting = [k for k, one in enumerate(everything) if one.moves and one.runner_up and not one.effects]
    waiting.sort(key=lambda k: (everything[k].who == AUTOMATIC, everything[k].margin, k))
    done = 0
    for k in waiting:
        if done >= most:
            break
        other = _redone(redo, everything[k])
        if other is None:
            continue
        done += 1
        everything[k] = replace(everything[k], effects=_moved(now, other, cycles))
    return by_influence(everything)


def by_influence(choices: Iterable[Choice]) -> tuple[Choice, ...]:
    """The choices, the most influential first; equals keep their order."""
    return tuple(sorted(choices, key=influence, reverse=True))


def influence(choice: Choice) -> tuple[int, float]:
    """How much hangs on a choice, as something to sort by.

    What a recomputation moved comes first: by the largest shift in standard uncertainties of the number (a number lost
    altogether counts as the largest), or, where that uncertainty is unknown, by the relative shift. Then choices nobody
    recomputed, by how unclear they were; last those that were recomputed and move nothing.
    """
    shifts = [_shift(one) for one in choice.effects]
    if not shifts:
        doubt = 1.0 - min(max(choice.margin, 0.0), 1.0)
        return (1, doubt if choice.moves else 0.1 * doubt)
    return max(shifts)


def places(table: pl.DataFrame, headlines: Iterable[str], at: Mapping[str, float]) -> dict[str, int | None]:
    """Cycle at which each headline quantity is looked at; `None` for one that exists once a specimen."""
    import polars as pl

    wanted = int(at["cycle"]) if "cycle" in at else None
    found: dict[str, int | None] = {}
    for quantity in headlines:
        rows = table.filter((pl.col("quantity") == quantity) & pl.col("value").is_not_null())
        if rows.is_empty():
            continue
        if rows.group_by("sample").len().get_column("len").to_list() == [1] * rows.get_column("sample").n_unique():
            found[quantity] = None
            continue
        counts = rows.drop_nulls("cycle").group_by("cycle").agg(pl.col("sample").n_unique().alias("n"))
        if counts.is_empty():
            continue
        most = counts.get_column("n").max()
        common = counts.filter(pl.col("n") == most).get_column("cycle").to_list()
        if common:
            found[quantity] = wanted if wanted in common else int(max(common))
    return found


def _runner_up(choice: Choice, fields: Mapping[str, str]) -> Value | None:
    text, sentence = choice.runner_up.strip(), fields.get(choice.field)
    if sentence is None or text.casefold() in _NOTHING:
        return None
    if choice.field in YES_NO:
        return {"yes": True, "no": False}.get(text.casefold())
    if _NUMBER.fullmatch(text):
        return int(text) if re.fullmatch(r"-?\d+", text) else float(text)
    if _WITH_UNIT.fullmatch(text):
        try:
            parse(text)
        except UnitError:
            return None
        return text
    named = re.search(rf"(?<!\w){re.escape(text)}(?!\w)", sentence) is not None
    return text if named or AS_PRINTED in sentence else None


def _redone(redo: Redo, choice: Choice) -> pl.DataFrame | None:
    try:
        return redo(choice)
    except InterlithError:
        return None


_Key = tuple[str, str]
_Row = tuple[float | None, float | None, str]


def _values(table: pl.DataFrame, cycles: Mapping[str, int | None]) -> dict[_Key, _Row]:
    """Value, standard uncertainty and unit of each headline quantity of each specimen."""
    import polars as pl

    found: dict[_Key, _Row] = {}
    for quantity, cycle in cycles.items():
        rows = table.filter((pl.col("quantity") == quantity) & pl.col("value").is_not_null())
        if cycle is not None:
            rows = rows.filter(pl.col("cycle") == cycle)
        for sample, value, std, unit in rows.select("sample", "value", "std", "unit").iter_rows():
            found[quantity, sample] = (value, std, unit or "")
    return found


def _moved(now: Mapping[_Key, _Row], other: pl.DataFrame, cycles: Mapping[str, int | None]) -> tuple[Effect, ...]:
    """What differs, the largest shift first; where nothing does, the first number that might have."""
    touched = set(other.get_column("sample").to_list())
    then = _values(other, cycles)
    moved: list[Effect] = []
    still: list[Effect] = []
    for (quantity, sample), (value, std, unit) in now.items():
        if sample not in touched:
            continue
        second = then.get((quantity, sample), (None, None, unit))
        if second[0] is not None and second[2] != unit:
            continue
        known = std if std is not None and math.isfinite(std) else None
        cycle = cycles[quantity]
        effect = Effect(quantity, sample, "" if cycle is None else f"cycle {cycle}", value, second[0], known, unit)
        (moved if _shift(effect)[0] else still).append(effect)
    moved.sort(key=_shift, reverse=True)
    return tuple(moved[:MOST_EFFECTS] or still[:1])


def _shift(effect: Effect) -> tuple[int, float]:
    """(3, in standard uncertainties), (2, relative, uncertainty unknown) or (0, 0) for no change."""
    if effect.value is None or effect.other is None:
        return (0, 0.0) if effect.value is effect.other else (3, math.inf)
    change = abs(effect.other - effect.value)
    if change <= ROUNDING * max(abs(effect.value), abs(effect.other)):
        return (0, 0.0)
    if effect.std is not None and math.isfinite(effect.std) and effect.std > 0:
        return (3, change / effect.std)
    return (2, change / abs(effect.value) if effect.value else math.inf)
