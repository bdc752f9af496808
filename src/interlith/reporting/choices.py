"""Which choices hang how much on the numbers, what would turn each round, and what did people correct?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from interlith.model import Choice, Decision, Effect, StudyOutcome
from interlith.notation import fixed, power_of_ten, significant, title, unit_text

if TYPE_CHECKING:
    from interlith.model.decision import Value

#: Who decided: the software, or the study file.
AUTOMATIC, DECLARED = "automatic", "study file"
#: Most decimals of a number with and without the runner-up.
MOST_DECIMALS = 6
NO_NUMBER = "no number"


@dataclass(frozen=True, slots=True)
class ChoiceGroup:
    """The same decision taken for one or many targets, told once.

    `effects` are the moved numbers of all of them, the most moved first, `stays` says that a recomputation moved nothing,
    and `command` is the line that would take the runner-up for the first target (empty where no command can).
    """

    number: int
    field: str
    value: str
    runner_up: str
    margin: float
    moves: tuple[str, ...]
    reason: str
    who: str
    targets: tuple[str, ...]
    score: tuple[int, float]
    effects: tuple[Effect, ...] = ()
    stays: bool = False
    command: str = ""


@dataclass(frozen=True, slots=True)
class Correction:
    """What a person decided, and whether it still touches anything: `vanished` is the sentence that says why not."""

    decision: Decision
    value: str
    was: str
    vanished: str
    undo: str


def choice_groups(outcome: StudyOutcome) -> list[ChoiceGroup]:
    """Decisions by influence, automatic or human: first by what they were found to move, then by how close they were."""
    gathered: dict[tuple[str, str, str, str], list[Choice]] = {}
    for item in outcome.choices:
        if not _told_by_another(item, outcome.choices):
            gathered.setdefault((item.field, item.value, item.runner_up, _who(item, outcome)), []).append(item)
    primary = outcome.study.primary.quantity if outcome.study.primary else ""
    groups = [
        (who, sorted(items, key=lambda item: _score(item, primary), reverse=True))
        for (*_, who), items in gathered.items()
    ]
    groups.sort(
        key=lambda group: (
            *(-part for part in _score(group[1][0], primary)),
            -len(group[1]),
            group[1][0].field,
            group[1][0].value,
        )
    )
    lines = _Lines(outcome)
    return [_group(number, who, items, primary, lines) for number, (who, items) in enumerate(groups, start=1)]


def corrections(outcome: StudyOutcome) -> list[Correction]:
    """Everything that people decided, in the order of `decisions.yaml`; what touches nothing any more is said."""
    from interlith.workbench.corrections.decisions import undo_command, vanished
    from interlith.workbench.discovery import techniques

    study = outcome.study
    if not study.decisions:
        return []
    items = (*study.measurements, *(item for item, _ in study.excluded))
    digests = {item.source.path: item.source.sha256 for item in items}
    mine = {item.technique: techniques()[item.technique] for item in items if item.technique in techniques()}
    gone = dict(vanished(study.decisions, digests, mine))
    return [
        Correction(
            one, _said(one.value), "" if one.was is None else _said(one.was), gone.get(one, ""), undo_command(one)
        )
        for one in study.decisions
    ]


def moved_text(effect: Effect) -> str:
    """``Capacity retention of B1_02 at cycle 200: 85.1 % → 83.2 %``."""
    place = f" at {effect.state}" if effect.state else ""
    owner = f" of {effect.sample}" if effect.sample else ""
    now, then = _pair(effect)
    return f"{title(effect.quantity)}{owner}{place}: {now} → {then}"


def _pair(effect: Effect) -> tuple[str, str]:
    """Both numbers to two significant digits of what lies between them."""
    unit = unit_text(effect.unit)
    value, other = effect.value, effect.other
    if value is None or other is None:
        texts = [NO_NUMBER if number is None else significant(number, 4) + unit for number in (value, other)]
        return texts[0], texts[1]
    change = abs(other - value)
    decimals = 1 - power_of_ten(change) if change else 4
    if not 0 <= decimals <= MOST_DECIMALS:
        return significant(value, 4) + unit, significant(other, 4) + unit
    return fixed(value, decimals, 0) + unit, fixed(other, decimals, 0) + unit


class _Lines:
    """Command lines for choices: which fields can be decided, and which bytes a specimen stands for."""

    def __init__(self, outcome: StudyOutcome) -> None:
        from interlith.workbench.corrections.decision_entries import fields_of
        from interlith.workbench.corrections.doubtful import files_of
        from interlith.workbench.discovery import techniques

        self.fields: Mapping[str, str] = fields_of(techniques().values())
        self.files: Mapping[str, Sequence[str]] = files_of(outcome.study)

    def command(self, item: Choice, who: str) -> str:
        """The line that would take the runner-up; with VALUE in its place where that is no value that can be typed.

        What a person decided is taken back instead.
        """
        from interlith.workbench.corrections.decisions import command_to_undo, decide_command
        from interlith.workbench.corrections.influence import as_decision

        if who == DECLARED or item.field not in self.fields:
            return ""
        if who != AUTOMATIC:
            return command_to_undo(item.target, item.field)
        found = as_decision(item, fields=self.fields, files=self.files)
        target = item.target if found is None else found.target.text
        return decide_command(target, item.field, None if found is None else found.value)


def _group(number: int, who: str, items: Sequence[Choice], primary: str, lines: _Lines) -> ChoiceGroup:
    from interlith.workbench.corrections.influence import influence

    first = items[0]
    recomputed = [(influence(item), effect) for item in items for effect in item.effects]
    moved = [effect for (tier, _), effect in recomputed if tier > 0]
    return ChoiceGroup(
        number=number,
        field=first.field,
        value=first.value,
        runner_up=first.runner_up,
        margin=first.margin,
        moves=tuple(dict.fromkeys(name for item in items for name in item.moves)),
        reason=first.reason,
        who=who,
        targets=tuple(item.target for item in items),
        score=_score(first, primary),
        effects=tuple(moved),
        stays=bool(recomputed) and not moved,
        command=lines.command(first, who),
    )


def _score(item: Choice, primary: str) -> tuple[int, float]:
    """Influence; among choices that nobody recomputed, those that can move the primary endpoint weigh more."""
    from interlith.workbench.corrections.influence import influence

    tier, size = influence(item)
    if tier != 1:
        return tier, size
    weight = 1.0 if primary in item.moves else 0.6 if item.moves else 0.1
    return tier, weight * (1.0 - min(max(item.margin, 0.0), 1.0))


def _who(item: Choice, outcome: StudyOutcome) -> str:
    """A value that stands in the study file was not chosen by the software, whatever an analysis recorded."""
    said = any(str(options.get(item.field)) == item.value for options in outcome.study.analyses.values())
    return DECLARED if item.who == AUTOMATIC and (said or item.reason.lower().startswith("declared")) else item.who


def _told_by_another(item: Choice, choices: tuple[Choice, ...]) -> bool:
    """The reference cycle is recorded by the analysis that used it, too, after the one that chose it."""
    if item.field != "reference_cycle" or not item.reason.startswith("retention of"):
        return False
    return any(other.field == item.field and other.reason.startswith("no reference_cycle") for other in choices)


def _said(value: Value) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)
