"""What among the things measured speaks against a finding, and what is only not known?"""

from __future__ import annotations

import re
from dataclasses import dataclass

from interlith.model import Finding, StudyOutcome
from interlith.reporting.forest import criterion_of, no_change
from interlith.reporting.numbers import interval_text

#: Caveats that rest on something measured. All others (a condition that nobody declared, how many intervals hold
#: together) tell what is not known, which is no evidence; they stand with the finding.
_MEASURED = re.compile(r"has no value of|scatters [\d.]+ times|Unlike conditions were allowed|No batch holds both")


@dataclass(frozen=True, slots=True)
class Against:
    """A sentence that speaks against the statement, and the anchor of what it rests on."""

    text: str
    anchor: str = ""


def against(outcome: StudyOutcome, primary: tuple[tuple[int, Finding], ...]) -> list[Against]:
    """What speaks most strongly against the statement of page 1, the strongest first; empty where nothing does."""
    chosen = {number for number, _ in primary}
    others = [
        Against(item.statement, f"f-{number}")
        for number, item in enumerate(outcome.findings, start=1)
        if number not in chosen and item.verdict == "contradicted"
    ]
    found = [
        *(entry for number, item in primary for entry in _own_limits(number, item)),
        *(entry for number, item in primary for entry in _other_way(number, item)),
        *(entry for number, item in primary for entry in _exclusion(number, item)),
        *others,
        *(entry for number, item in primary for entry in _measured(number, item)),
        *(entry for number, item in primary for entry in _flags(number, item, outcome)),
    ]
    unique: dict[str, Against] = {}
    for item in found:
        unique.setdefault(item.text, item)
    return list(unique.values())


def flags_of(item: Finding, outcome: StudyOutcome) -> list[str]:
    """Flags of the values behind a finding, with the specimen in front: ``bare_1: a line does not describe the fade``."""
    names = set(outcome.observables.get_column("sample").drop_nulls().unique().to_list())
    return [words for words in item.caveats if words.partition(": ")[0] in names]


def _own_limits(number: int, item: Finding) -> list[Against]:
    """The contrast itself leaves the question open."""
    anchor = f"f-{number}"
    if item.verdict == "descriptive":
        limits = [words for words in item.caveats if words.startswith(("Below two", "The interval is a lower bound"))]
        return [Against(words, anchor) for words in limits[:1]] or [
            Against("Too few units: true of these specimens only.", anchor)
        ]
    if item.low is None or item.high is None:
        return []
    interval = interval_text(item.low, item.high, item.unit, level=item.level)
    if item.verdict == "undecided":
        return [Against(f"{_about(item)}the interval allows both answers ({interval}).", anchor)]
    contrast = item.kind in ("ratio", "difference")
    if contrast and item.verdict == "supported" and item.low <= no_change(item) <= item.high:
        return [Against(f"{_about(item)}the interval includes no change ({interval}).", anchor)]
    return []


def _other_way(number: int, item: Finding) -> list[Against]:
    """Single units that lie beyond the other group's mean."""
    many, every = len(item.opposing), len(item.opposing) + len(item.supporting)
    if not many or not item.supporting:
        return []
    text = (
        f"{_about(item)}{many} of the {every} values behind the contrast point{'s' if many == 1 else ''} the other way."
    )
    return [Against(text, f"f-{number}")]


def _exclusion(number: int, item: Finding) -> list[Against]:
    """The statement rests on leaving specimens out: with them the interval ends on the other side of its limit."""
    ends = [item.details.get(name) for name in ("with_excluded_low", "with_excluded_high")]
    if item.low is None or item.high is None or not all(isinstance(end, (int, float)) for end in ends):
        return []
    low, high = float(str(ends[0])), float(str(ends[1]))
    limit = criterion_of(item)
    at = no_change(item) if limit is None else limit
    if _side(item.low, item.high, at) == _side(low, high, at):
        return []
    words = interval_text(low, high, item.unit, level=item.level)
    return [Against(f"{_about(item)}with the excluded specimens the answer would differ ({words}).", f"f-{number}")]


def _side(low: float, high: float, at: float) -> int:
    """1 above a limit, -1 below it, 0 where the interval holds it."""
    return 1 if low > at else -1 if high < at else 0


def _measured(number: int, item: Finding) -> list[Against]:
    found = [words for words in item.caveats if _MEASURED.search(words)]
    return [Against(words, f"f-{number}") for words in found]


def _flags(number: int, item: Finding, outcome: StudyOutcome) -> list[Against]:
    return [Against(words, f"f-{number}") for words in flags_of(item, outcome)[:1]]


def _about(item: Finding) -> str:
    name = next(iter(item.units), "")
    return f"{name}: " if name else ""
