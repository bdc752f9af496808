"""Which decision did the software take by itself, what else could it have taken, and which numbers does it move?"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Effect:
    """What a headline number becomes with the runner-up instead: ``capacity_retention`` of B1_02 at cycle 200.

    `value` and `other` are with what was taken and with the runner-up, in `unit`; `std` is the standard uncertainty of
    `value`; `None` where there is no number.
    """

    quantity: str
    sample: str
    state: str
    value: float | None
    other: float | None
    std: float | None
    unit: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One automatic decision.

    Parameters
    ----------
    target
        What was decided about: ``file#sha256:first-12-hex/part/number``, never a row number.
    field
        Which property of the target: ``step_type``, ``cycle_join``, ``reference_cycle``, ``split_voltage`` ...
    value, runner_up
        What was taken, and what would have been taken next.
    margin
        How clear the decision was: 0 is a coin toss, 1 leaves no doubt.
    moves
        Names of the headline quantities that depend on it.
    reason
        One sentence for the report.
    who
        ``automatic``, or the initials of the person who decided.
    effects
        Headline numbers recomputed with the runner-up, where that was cheap.
    """

    target: str
    field: str
    value: str
    runner_up: str
    margin: float
    moves: tuple[str, ...]
    reason: str
    who: str = "automatic"
    effects: tuple[Effect, ...] = ()
