"""How does a study refine its patterns, and redo the part of them that a person asks for?

Two steps: the whole series as the words of the study say, then those patterns again that a decision names, from there. The first
is kept by itself, so that redoing a few patterns of a thousand takes the time of a few.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from interlith.errors import InterlithError, StudyError, nearest
from interlith.model import Choice, Decision, Flag, Given, Result, Series, Step
from interlith.model.recording import target_of
from interlith.techniques.diffraction.options import plain
from interlith.techniques.diffraction.records import result
from interlith.techniques.diffraction.refinement.chain import STARTS
from interlith.techniques.diffraction.refinement.members import chosen_numbers
from interlith.techniques.diffraction.refinement.refining import refine
from interlith.techniques.diffraction.refinement_decisions import DECIDES, decided
from interlith.techniques.diffraction.refinement_words import RELEASED, WORDS, pattern_of
from interlith.techniques.diffraction.survey import look

#: Beginning of the part of a target that names patterns: ``patterns/812:840``.
PATTERNS = "patterns"
START = f"where the patterns of the target are refined again from: {', '.join(STARTS)}"
BOUNDS = f"{RELEASED}: the patterns of the target are refined again without bounds but those of physics"
#: Fields of what is refined again.
_AGAIN = {"start": START, "bounds": BOUNDS}
#: A goodness of fit within this share of another one is the same.
_SAME = 1e-3


@dataclass(frozen=True, slots=True)
class Again:
    """Patterns that are refined again.

    Parameters
    ----------
    numbers
        Of the patterns, from 0.
    start
        Where each begins.
    released
        Whether bounds are released.
    decisions
        That ask for it.
    """

    numbers: tuple[int, ...]
    start: str
    released: bool
    decisions: tuple[Decision, ...]


def run_whole(given: Given) -> Result:
    """All patterns of one specimen; a failure is told in the quality of the result."""
    options = plain(given.options)
    sample = given.series[0].sample.name
    try:
        pattern, choices = decided(pattern_of(options), given.decisions, options.get("offered", {}))
        made = refine(given.series, pattern, start=options.get("start", "previous"), **_more(options, given.series))
        return replace(made, choices=(*choices, *made.choices))
    except InterlithError as error:
        # A step that is not shown must not fail in silence.
        return result(
            "refine", (), method="Rietveld refinement", options={}, quality=[(sample, "refine", False, str(error))]
        )


def _more(options: Mapping[str, Any], series: Series) -> dict[str, Any]:
    """What else a study asks of a refinement."""
    sample = series[0].sample
    standards = options.get("standard", {})
    standard = next((standards[name] for name in (sample.name, sample.variant, "") if name in standards), None)
    offered = options.get("offered")
    return {
        "skip": options.get("skip", ()), "against": options.get("against"), "element": options.get("element_fraction"),
        "standard": standard, "offered": None if offered is None else tuple(offered.values()),
    }  # fmt: skip


def run(given: Given) -> Result:
    """All patterns of one specimen, those that decisions name refined again.

    Raises
    ------
    StudyError
        If a decision has a value that is not understood.
    """
    found = given.result("refine_all")
    again = [one for one in given.decisions if one.field in _AGAIN]
    if "refined" not in found.data or not again:
        return found
    owners = _owners(given.series)
    choices: list[Choice] = []
    for one in wanted_again(again):
        gone = [decision for decision in one.decisions if not _stands(decision, one.numbers, owners)]
        if gone:
            found = _flagged(found, given.series, _vanished(gone[0], one))
            continue
        found, told = _again(found, given, one)
        choices += told
    return replace(found, choices=(*found.choices, *choices))


def wanted_again(decisions: Sequence[Decision]) -> list[Again]:
    """What decisions ask for, wide ranges first: where they overlap, the narrower one has the last word.

    Raises
    ------
    StudyError
        If a value or the part of a target is not understood.
    """
    by_part: dict[str, list[Decision]] = {}
    for one in decisions:
        by_part.setdefault(one.target.part, []).append(one)
    found = []
    for part, mine in by_part.items():
        word, _, numbers = part.partition("/")
        if word != PATTERNS or not numbers:
            raise StudyError(
                f"The target {mine[0].target.text} names no patterns; write {PATTERNS}/812:840 behind the file."
            )
        said = {one.field: str(one.value) for one in mine}
        start = said.get("start", "nearest-good")
        if start not in STARTS:
            raise StudyError(f"start of {mine[0].target.text} is '{start}'; {nearest(start, STARTS)}.")
        if said.get("bounds", RELEASED) != RELEASED:
            raise StudyError(f"bounds of {mine[0].target.text} is '{said['bounds']}'; write {RELEASED}.")
        found.append(Again(chosen_numbers(numbers), start, "bounds" in said, tuple(mine)))
    return sorted(found, key=lambda one: (-len(one.numbers), one.numbers))


def _again(found: Result, given: Given, again: Again) -> tuple[Result, list[Choice]]:
    """The result with some patterns refined again, and what was taken of each."""
    options = plain(given.options)
    pattern, _ = decided(pattern_of(options), given.decisions, options.get("offered", {}))
    if again.released:
        pattern = pattern.without_bounds()
    name = given.series[0].sample.name
    words = ", ".join((again.start, *(("bounds released",) if again.released else ())))
    try:
        made = refine(
            given.series, pattern, start=again.start, only=again.numbers, earlier=found, **_more(options, given.series)
        )
    except InterlithError as error:
        said = (
            f"Patterns {_shown(again.numbers)} could not be refined again ({words}); the numbers before stay: {error}"
        )
        return _flagged(found, given.series, Flag("not_refined_again", said)), []
    taken, kept = _compared(found, made)
    if kept:
        places = f"patterns {_shown(tuple(kept))}"
        said = f"{places.capitalize()}: refined again ({words}) and no better; the numbers before stay ({next(iter(kept.values()))})."
        found = _flagged(found, given.series, Flag("not_better", said, places, "note"))
    notes = tuple(
        replace(flag, where=flag.where or f"patterns {_shown(tuple(taken))}") for flag in made.flags.get(name, ())
    )
    merged = _with_reasons(replaced(found, made, taken), {number: "" for number in taken} | kept)
    if taken:
        merged = replace(
            merged, flags={**merged.flags, name: tuple(dict.fromkeys((*merged.flags.get(name, ()), *notes)))}
        )
    target = _target(given.series, again)
    choices = [
        Choice(target, one.field, str(one.value), "as refined at first", 1.0, (), one.reason, one.who or "a person")
        for one in again.decisions
    ]
    return merged, choices


def _compared(found: Result, made: Result) -> tuple[list[int], dict[int, str]]:
    """Patterns whose new refinement is taken; and those whose earlier one stays, with the reason."""
    before = {row["pattern"]: row for row in found.data["refined"].iter_rows(named=True)}
    taken, kept = [], {}
    for row in made.data["refined"].iter_rows(named=True):
        number, old = int(row["pattern"]), before.get(row["pattern"])
        if old is None or not old["good"]:
            # What failed before loses nothing by a failure that is told anew.
            taken.append(number)
        elif not row["good"]:
            kept[number] = f"pattern {number}: {row['reason']}"
        elif row["goodness"] > old["goodness"] * (1 + _SAME):
            kept[number] = f"pattern {number}: goodness of fit {row['goodness']:.4g} after {old['goodness']:.4g}"
        else:
            taken.append(number)
    return taken, kept


def replaced(found: Result, made: Result, taken: Sequence[int]) -> Result:
    """A result of one specimen with the rows of some patterns from another one."""
    fits = [f"pattern {number}" for number in taken]
    old = found.table.filter(~pl.col("fit").is_in(fits))
    table = pl.concat([old, made.table.filter(pl.col("fit").is_in(fits))], how="vertical_relaxed")
    quality = pl.concat(
        [found.quality.filter(~pl.col("step").is_in(fits)), made.quality.filter(pl.col("step").is_in(fits))], how="vertical_relaxed"
    )  # fmt: skip
    order = {f"pattern {row}": row for row in found.data["refined"].get_column("pattern").to_list()}
    data = {name: _rows(frame, made.data.get(name), taken) for name, frame in found.data.items()}
    return replace(found, table=_sorted(table, "fit", order), quality=_sorted(quality, "step", order), data=data)


def _with_reasons(found: Result, reasons: Mapping[int, str]) -> Result:
    """The column ``again`` of the patterns: why a pattern that was refined again keeps its numbers, empty where it has new ones."""
    rows = found.data["refined"]
    old = rows.get_column("again").to_list() if "again" in rows.columns else [None] * rows.height
    told = [
        reasons.get(int(number), before) for number, before in zip(rows.get_column("pattern").to_list(), old, strict=True)
    ]  # fmt: skip
    return replace(found, data={**found.data, "refined": rows.with_columns(pl.Series("again", told, dtype=pl.String))})


def _rows(frame: pl.DataFrame, other: pl.DataFrame | None, taken: Sequence[int]) -> pl.DataFrame:
    if "pattern" not in frame.columns:
        return frame
    mine = frame.filter(~pl.col("pattern").is_in(list(taken)))
    if other is None or not other.width:
        return mine
    theirs = other.filter(pl.col("pattern").is_in(list(taken)))
    return pl.concat([mine, theirs], how="diagonal_relaxed").sort("pattern", maintain_order=True)


def _sorted(frame: pl.DataFrame, column: str, order: Mapping[str, int]) -> pl.DataFrame:
    place = pl.col(column).replace_strict(order, default=-1, return_dtype=pl.Int64)
    return frame.sort(place, maintain_order=True)


def _owners(series: Series) -> list[str]:
    """SHA-256 of the file of each pattern."""
    return [item.source.sha256 for item in series for _ in look(item)]


def _stands(decision: Decision, numbers: Sequence[int], owners: Sequence[str]) -> bool:
    """Whether a pattern that a decision names is still one of its file, or that file the first one: else the series is another one."""
    if max(numbers) >= len(owners):
        return False
    return any(owners[one].startswith(decision.target.digest) for one in (0, *numbers))


def _vanished(decision: Decision, again: Again) -> Flag:
    said = (
        f"The decision on {decision.target.text} names patterns {_shown(again.numbers)}, which are not what they were when it was "
        "written; take it back or write it anew."
    )
    return Flag("decision_vanished", said)


def _flagged(found: Result, series: Series, flag: Flag) -> Result:
    name = series[0].sample.name
    return replace(found, flags={**found.flags, name: (*found.flags.get(name, ()), flag)})


def _target(series: Series, again: Again) -> str:
    item = next(item for item in series if item.source.sha256.startswith(again.decisions[0].target.digest))
    return target_of(item, again.decisions[0].target.part)


def _shown(numbers: Sequence[int]) -> str:
    """``812 to 839`` or ``3, 5``; at most a few are listed."""
    if len(numbers) > 2 and tuple(numbers) == tuple(range(numbers[0], numbers[-1] + 1)):
        return f"{numbers[0]} to {numbers[-1]}"
    return ", ".join(map(str, numbers[:6])) + (f" and {len(numbers) - 6} more" if len(numbers) > 6 else "")


def _wanted(options: Mapping[str, Any]) -> bool:
    return options.get("phases") is not None


WHOLE = Step("refine_all", run_whole, words=WORDS, decides=DECIDES, reads=True, wanted=_wanted, shown=False)
STEP = Step(
    "refine", run, after=("refine_all",), words=WORDS, decides={**DECIDES, **_AGAIN}, reads=True, wanted=_wanted
)  # fmt: skip
