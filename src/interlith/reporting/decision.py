"""What does somebody need who reads one page and then decides?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from interlith.model import Finding, Gap, StudyOutcome
from interlith.reporting.choices import AUTOMATIC, ChoiceGroup, choice_groups
from interlith.reporting.designed import design_against, design_question, design_sentence, design_steps
from interlith.reporting.headline import state_text
from interlith.reporting.numbers import probability_text, title
from interlith.reporting.objections import Against, against

CONTRASTS = ("ratio", "difference", "equivalence")
#: Lengths that keep page 1 on one sheet of A4; the rest is a link away.
MOST_EFFECTS, MOST_AGAINST, MOST_CHOICES, MOST_GAPS = 5, 2, 3, 4


@dataclass(frozen=True, slots=True)
class GapGroup:
    """The same thing missing in one or many cells of the user's files."""

    what: str
    consequence: str
    places: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PageOne:
    """Contents of page 1. `primary` holds (number in the list of findings, finding)."""

    question: str
    verdict: str
    sentence: str
    primary: tuple[tuple[int, Finding], ...]
    more: int
    against: tuple[Against, ...]
    choices: tuple[ChoiceGroup, ...]
    gaps: tuple[GapGroup, ...]
    gaps_left: int
    next_steps: tuple[str, ...]


def page_one(outcome: StudyOutcome) -> PageOne:
    """Boil a study down to one page; nothing here is a new number."""
    if outcome.only_designed:
        return design_page(outcome)
    primary = primary_findings(outcome)
    groups = gap_groups(outcome.study.gaps)
    return PageOne(
        question=question(outcome),
        verdict=_verdict(outcome, primary),
        sentence=_sentence(outcome, primary),
        primary=primary[:MOST_EFFECTS],
        more=max(0, len(primary) - MOST_EFFECTS),
        against=tuple(against(outcome, primary)[:MOST_AGAINST]),
        choices=tuple(group for group in choice_groups(outcome) if group.who == AUTOMATIC)[:MOST_CHOICES],
        gaps=groups[:MOST_GAPS],
        gaps_left=max(0, len(groups) - MOST_GAPS),
        next_steps=tuple(next_steps(outcome, primary)[:3]),
    )


def design_page(outcome: StudyOutcome) -> PageOne:
    """The same page where nothing was measured: what follows from structures, what contradicts it, what to declare."""
    return PageOne(
        question=design_question(outcome), verdict="descriptive", sentence=design_sentence(outcome), primary=(), more=0,
        against=design_against(outcome)[:MOST_AGAINST], choices=(), gaps=(), gaps_left=0,
        next_steps=design_steps(outcome)[:3],
    )  # fmt: skip


def question(outcome: StudyOutcome) -> str:
    """The question that the study declares, as one sentence."""
    study = outcome.study
    names = [name for name in study.variants if name != study.reference]
    primary = study.primary
    if primary is None:
        if len(study.variants) > 1 and study.reference:
            return f"How do {_list(names)} differ from {study.reference}? No primary endpoint is declared."
        return "What do these specimens show? No primary endpoint is declared."
    places = ", ".join(state_text(name, value) for name, value in primary.at.items())
    goal = title(primary.quantity).lower() + (f" at {places}" if places else "")
    criterion = f" by {_criterion(outcome)}" if primary.criterion is not None else ""
    if not names or len(study.variants) < 2:
        return f"How large is the {goal}?"
    against_whom = f" against {study.reference}" if study.reference else ""
    verb = "Does" if len(names) == 1 else "Do"
    return f"{verb} {_list(names)} change the {goal}{criterion}{against_whom}?"


def primary_findings(outcome: StudyOutcome) -> tuple[tuple[int, Finding], ...]:
    """Findings on the primary endpoint with their number (from 1); all contrasts where none is declared."""
    numbered = tuple(enumerate(outcome.findings, start=1))
    marked = tuple(pair for pair in numbered if pair[1].details.get("endpoint") == "primary")
    if marked:
        return marked
    contrasts = tuple(pair for pair in numbered if pair[1].kind in CONTRASTS)
    wanted = outcome.study.primary
    if wanted is None:
        return contrasts
    return tuple(pair for pair in contrasts if pair[1].quantity == wanted.quantity)


def _verdict(outcome: StudyOutcome, primary: tuple[tuple[int, Finding], ...]) -> str:
    verdicts = {item.verdict for _, item in primary}
    if not verdicts:
        return "nothing compared"
    if len(verdicts) == 1:
        return verdicts.pop()
    return "mixed"


def _sentence(outcome: StudyOutcome, primary: tuple[tuple[int, Finding], ...]) -> str:
    if len(primary) == 1:
        return primary[0][1].statement
    if primary:
        counts: dict[str, int] = {}
        for _, item in primary:
            counts[item.verdict] = counts.get(item.verdict, 0) + 1
        words = _list([f"{count} {verdict}" for verdict, count in counts.items()])
        return f"{len(primary)} contrasts were made: {words}."
    study = outcome.study
    if outcome.observables.is_empty():
        return (
            "No number came out of this study; the reasons stand under what is missing, unread files and failed steps."
        )
    used = [name for name in dict.fromkeys(outcome.observables.get_column("variant").to_list()) if name]
    cells = outcome.observables.get_column("sample").n_unique()
    specimens = f"{cells} specimen{'s' if cells != 1 else ''}"
    if len(used) <= 1:
        what = f"only {used[0]} was measured" if used else "no variants are declared"
        return f"Nothing is compared, because {what} ({specimens}). The numbers below describe what was measured."
    if study.reference is None:
        return f"Nothing is compared, because no reference is declared ({specimens}). Name one in study.yaml."
    return f"No contrast on the primary endpoint could be made ({specimens}); the reasons stand below."


def gap_groups(gaps: Iterable[Gap]) -> tuple[GapGroup, ...]:
    """What is missing, the same thing told once with all the cells to fill."""
    gathered: dict[tuple[str, str], list[str]] = {}
    for gap in gaps:
        gathered.setdefault((gap.what, gap.consequence), []).append(gap.where)
    return tuple(GapGroup(what, consequence, tuple(places)) for (what, consequence), places in gathered.items())


def next_steps(outcome: StudyOutcome, primary: tuple[tuple[int, Finding], ...]) -> list[str]:
    """The next measurement: from the power of the primary contrast, else from what is missing for any contrast."""
    steps: list[str] = []
    for _, item in primary:
        short = [name for name, count in item.units.items() if count < 2]
        if short:
            unit = outcome.study.replication.unit
            rule = "below two units nothing can be said beyond these specimens."
            steps.append(f"Measure at least one more {unit} of {_list(short)}: {rule}")
    open_ones = [pair for pair in primary if not _decided(pair[1])]
    hardest = max(open_ones, key=lambda pair: _units_needed(pair[1]), default=None)
    if hardest is not None:
        steps += power_words(hardest[1], outcome)
    elif primary:
        steps.append(_decided_words(primary, outcome))
    if not primary:
        steps.extend(_first_steps(outcome))
    return list(dict.fromkeys(steps))


def _decided(item: Finding) -> bool:
    return item.verdict in ("supported", "contradicted")


def _decided_words(primary: tuple[tuple[int, Finding], ...], outcome: StudyOutcome) -> str:
    """Nothing more is needed for what was asked; more units would only narrow the interval."""
    unit = outcome.study.replication.unit
    have = _list([f"{count} of {name}" for name, count in primary[0][1].units.items()]) if len(primary) == 1 else ""
    what = "declared criterion is" if any(item.probability is not None for _, item in primary) else "question is"
    odds = primary[0][1].probability if len(primary) == 1 else None
    sure = f" (probability that it is met {probability_text(odds)})" if odds is not None else ""
    with_units = f" with {have}" if have else ""
    return f"None for what was asked: the {what} decided{sure}{with_units}. More {_plural(unit)} would narrow the interval."


def power_words(item: Finding, outcome: StudyOutcome) -> list[str]:
    """How many units a variant would give 80 % power, with the interval of that plan, as evidence worked it out."""
    needed = _whole(item, "cells_for_80_percent_power")
    if needed is None:
        return []
    unit = outcome.study.replication.unit
    have = _list([f"{count} of {name}" for name, count in item.units.items()])
    aim = str(item.details.get("effect_for_power") or "the effect")
    steps = [f"{needed} {_plural(unit)} a variant to find {aim} with 80 % power (now {have})."]
    proof = _whole(item, "cells_to_prove_the_criterion")
    if proof is not None:
        steps.append(f"{proof} {_plural(unit)} a variant to prove the criterion, if the estimate is true.")
    return steps


def _units_needed(item: Finding) -> float:
    number = item.details.get("cells_for_80_percent_power")
    return float(number) if isinstance(number, (int, float)) else 0.0


def _whole(item: Finding, name: str) -> str | None:
    """``6 (4 to 21)``."""
    number = item.details.get(name)
    if not isinstance(number, (int, float)):
        return None
    low, high = item.details.get(f"{name}_low"), item.details.get(f"{name}_high")
    if not isinstance(low, (int, float)) or low == high == number:
        return f"{number:g}"
    return f"{number:g} ({low:g} to {f'{high:g}' if isinstance(high, (int, float)) else 'over 10 000'})"


def _plural(unit: str) -> str:
    return "batches" if unit == "batch" else f"{unit}s"


def _first_steps(outcome: StudyOutcome) -> list[str]:
    study = outcome.study
    unit = study.replication.unit
    used = {name for name in outcome.observables.get_column("variant").to_list() if name}
    absent = [name for name in study.variants if name not in used]
    if absent:
        return _absent(outcome, absent)
    if len(study.variants) < 2:
        return [f"Measure a second variant, at least two {unit}s of each, and name the reference in study.yaml."]
    return [] if study.reference else ["Name the variant to compare with under reference: in study.yaml."]


def _absent(outcome: StudyOutcome, absent: list[str]) -> list[str]:
    """Declared variants without a number, by what became of their files."""
    by_reason: dict[str, list[str]] = {}
    for name in absent:
        by_reason.setdefault(_why_absent(outcome, name), []).append(name)
    least = f"Two {_plural(outcome.study.replication.unit)} each are the least."
    return [f"Measure {_list(names)}: declared, but {reason}. {least}" for reason, names in by_reason.items()]


def _why_absent(outcome: StudyOutcome, variant: str) -> str:
    read = [item for item in outcome.study.measurements if item.sample.variant == variant]
    if not read:
        return "without a readable file"
    words = {item.sample.name for item in read} | {item.source.path for item in read}
    told = [message for step, message in outcome.failures if any(word in step or word in message for word in words)]
    for result in outcome.results:
        if {"sample", "reason"} <= set(result.quality.columns):
            rows = result.quality.select("sample", "reason").iter_rows()
            told += [reason or "" for sample, reason in rows if sample in words]
    if any("no current flows" in message.lower() for message in told):
        return "no current flows in its file"
    return "its file was read and gave no number, see the failed steps"


def _criterion(outcome: StudyOutcome) -> str:
    primary = outcome.study.primary
    if primary is None or primary.criterion is None:
        return ""
    if primary.text:
        return primary.text
    word = {"at_least": "at least", "at_most": "at most"}.get(primary.sense or "", primary.sense or "")
    if primary.relative:
        return f"{word} {100 * primary.criterion:+g} %".replace("-", "−")
    unit = f" {primary.unit}" if primary.unit and primary.unit != "1" else ""
    return f"{word} {primary.criterion:g}{unit}"


def _list(names: list[str]) -> str:
    if len(names) > 4:
        return f"{', '.join(names[:3])} and {len(names) - 3} more"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else ""
