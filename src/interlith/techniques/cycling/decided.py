"""What did people decide about a part of a cell, in which words, and what is told where it cannot be followed?"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from interlith.errors import StudyError, nearest
from interlith.model import Choice, Decision, Flag
from interlith.units import inside

#: Target of a decision about all cells.
EVERY_CELL = "cycling"
#: What a half-cycle or a step may be.
KINDS = ("pause", "rest", "pulse", "charge", "discharge")
#: What a step may be besides.
HELD_KINDS = ("cc_charge", "cv_charge", "cc_discharge", "cv_discharge")
JOINS = ("joined", "separate")
METHODS = ("counter", "counter_ticks", "integral")
ORDERS = ("device clock", "declared order")

#: Fields that a person may decide, with the sentence that names the allowed values; one sentence a field, wherever it is
#: decided.
STEP_TYPE = (
    "what a half-cycle (target .../half_cycle/N) or a step (.../step/N) is: pause, rest, pulse, charge or discharge; a step "
    "also cc_charge, cv_charge, cc_discharge or cv_discharge. N as the software counts without decisions"
)
CYCLE_JOIN = (
    "whether a half-cycle (target .../half_cycle/N) goes on over missing rows: joined (with the next one) or separate"
)
CHARGE_METHOD = "where the charge of a step (target .../step/N) comes from: counter, counter_ticks or integral"
PART_ORDER = "where a file of a restarted test (target .../part/N) stands: device clock or declared order"
REFERENCE_CYCLE = "own number of the cycle that counts as 100 %: a whole number; target cycling for all cells, or .../retention or .../fade"
CURRENT = (
    "current of the cycles on the line of the decay (target .../fade): for instance 1.2 mA, or as the report prints it"
)
BLOCKS = "first and last own cycle number of the blocks of a rate test (target .../rate_table): for instance 1-5, 6-10"
RESOLUTION = "resolution of dQ/dV of all cells (target cycling): a voltage, for instance 5 mV"
SPLIT_VOLTAGE = (
    "voltage above which charge counts as plateau: for instance 4.45 V; target cycling, or .../plateau_share"
)


def about(decisions: Iterable[Decision], field: str, part: str) -> Decision | None:
    """The decision in one field about one part of this cell."""
    found = [one for one in decisions if one.field == field and one.target.digest and one.target.part == part]
    return found[-1] if found else None


def about_all(decisions: Iterable[Decision], field: str) -> Decision | None:
    """The decision in one field about all cells."""
    found = [one for one in decisions if one.field == field and one.target.technique == EVERY_CELL]
    return found[-1] if found else None


def closest(decisions: Iterable[Decision], field: str, part: str) -> Decision | None:
    """What was decided about this cell, else about all cells."""
    known = tuple(decisions)
    return about(known, field, part) or about_all(known, field)


def told(
    one: Decision, runner_up: str, moves: tuple[str, ...], *, value: str | None = None, declared: str = ""
) -> Choice:
    """How a decision that was followed stands among the choices.

    Parameters
    ----------
    one
        The decision.
    runner_up
        What the software, or the study file, had taken.
    moves
        Headline quantities that depend on it.
    value
        What holds now, where it is written in other words than the decision.
    declared
        What the study file says, where the decision overrides it: told behind the reason.
    """
    shown = str(one.value) if value is None else value
    reason = f"{one.reason} [study.yaml: {declared}]" if declared else one.reason
    return Choice(one.target.text, one.field, shown, runner_up, 1.0, moves, reason, one.who or "a person")


def vanished(one: Decision, why: str) -> Flag:
    """What is told of a decision that is understood but has nothing to change.

    Parameters
    ----------
    one
        The decision.
    why
        The end of the sentence: what is there instead.
    """
    return Flag(
        "decision_vanished", f"{_place(one)}{one.field}: {one.value} of {one.target.text} has no effect: {why}.", one.target.text
    )  # fmt: skip


def misplaced(
    decisions: Iterable[Decision], fields: Mapping[str, Collection[str]], parts: Collection[str]
) -> list[Flag]:
    """Flags for decisions about something that their field does not belong to.

    Parameters
    ----------
    decisions
        All that were handed over.
    fields
        Fields to look at, each with what it may be decided about: ``half_cycle/N``, ``retention``, or ``cycling``.
    parts
        Beginnings of the parts that are looked up elsewhere.
    """
    flags = []
    for one in decisions:
        allowed = fields.get(one.field)
        if allowed is None:
            continue
        kind = one.target.part.partition("/")[0] if one.target.digest else one.target.text
        if kind not in {word.partition("/")[0] for word in allowed} and kind not in parts:
            flags.append(vanished(one, f"{one.field} is decided about {' or '.join(allowed)}"))
    return flags


def number_in(one: Decision) -> int | None:
    """The number at the end of a target such as ``half_cycle/37``."""
    text = one.target.part.rpartition("/")[2]
    return int(text) if text.isascii() and text.isdigit() else None


def word_of(one: Decision, allowed: Collection[str]) -> str:
    """The value as one of some words.

    Raises
    ------
    StudyError
        If it is none of them: the message names them.
    """
    word = str(one.value).strip()
    if word not in allowed:
        raise StudyError(f"{_place(one)}{one.field} of {one.target.text} is '{word}'; {nearest(word, allowed)}.")
    return word


def cycle_of(one: Decision) -> int:
    """The value as the number of a cycle.

    Raises
    ------
    StudyError
        If it is no whole number.
    """
    text = str(one.value).strip()
    if isinstance(one.value, bool) or not (text.isascii() and text.isdigit()):
        raise StudyError(
            f"{_place(one)}{one.field} of {one.target.text} is '{one.value}', which is no number of a cycle; write a whole "
            "number, for instance 3."
        )
    return int(text)


def voltage_of(one: Decision, low: float, high: float, example: str) -> float:
    """The value as a voltage (V).

    Raises
    ------
    StudyError
        If it is none, or not between the limits.
    UnitError
        If it has a wrong unit.
    """
    number = isinstance(one.value, (int, float)) and not isinstance(one.value, bool)
    value = float(one.value) if number else inside(str(one.value), "voltage", what=f"{_place(one)}{one.field}")
    if not low <= value <= high:
        raise StudyError(
            f"{_place(one)}{one.field} of {one.target.text} is '{one.value}', which is no voltage between {low:g} and {high:g} V; "
            f"write for instance {example}."
        )
    return value


def _place(one: Decision) -> str:
    return f"decisions.yaml, line {one.line}: " if one.line else ""
