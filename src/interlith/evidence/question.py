"""What exactly is asked of a variant, and what do the selected observables answer?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from interlith.evidence.criteria import Criterion, Judgement, judge, judge_value
from interlith.evidence.estimates import Estimate, Kind, estimate
from interlith.evidence.selection import Selection
from interlith.evidence.units_of_replication import Layout, lay_out
from interlith.model import Observable, Primary, Replication


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of every variant: resolved from the arguments and the study."""

    quantity: str
    at: Mapping[str, float]
    reference: str
    kind: Kind
    rules: Replication
    primary: Primary | None
    comparisons: int
    level: float
    simulated: bool

    @property
    def each_level(self) -> float:
        """Level of a single interval so that all comparisons hold together (Bonferroni)."""
        return 1.0 - (1.0 - self.level) / self.comparisons


def effect(items: tuple[Observable, ...], variant: str, question: Question, kind: Kind) -> tuple[Estimate, Layout]:
    """Estimate and layout of the contrast of a variant with the reference."""
    layout = lay_out(items, variant, question.reference, question.rules, logarithmic=kind == "ratio")
    found = estimate(layout, kind, quantity=question.quantity, rules=question.rules, level=question.each_level)
    return found, layout


def positive(items: tuple[Observable, ...]) -> bool:
    """Whether a ratio can be formed of all values."""
    return all(item.value is not None and item.value > 0 for item in items)


def judge_contrast(chosen: Selection, variant: str, question: Question, criterion: Criterion | None) -> Judgement:
    """Verdict on the criterion in its own reading, or on whether there is a difference."""
    kind = question.kind
    if criterion is None:
        return judge(effect(chosen.used, variant, question, kind)[0], None, 0.0)
    if criterion.reading == "value of the variant":
        logarithmic = positive(chosen.used)
        layout = lay_out(chosen.used, variant, question.reference, question.rules, logarithmic=logarithmic)
        return judge_value(
            layout, criterion, logarithmic=logarithmic, level=question.each_level, complete=_calibrated(chosen, variant)
        )
    kind = "ratio" if criterion.reading == "relative change" else "difference"
    return judge(effect(chosen.used, variant, question, kind)[0], criterion.sense, criterion.limit)


def _calibrated(chosen: Selection, variant: str) -> bool:
    """Whether a calibration is stated for every cell; a quantity in per cent is a quotient in which gains cancel."""
    cells = [item for item in chosen.used if item.variant == variant]
    return chosen.unit == "%" or all("calibration" in item.includes for item in cells)
