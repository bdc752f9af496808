"""Which of the possible readings of a declared criterion is meant, and is it met?"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from interlith.errors import StudyError, nearest
from interlith.evidence.estimates import Estimate, mean_of
from interlith.evidence.kernel import Spread
from interlith.evidence.units_of_replication import Layout
from interlith.model import Primary
from interlith.model.finding import Verdict
from interlith.units import convert, factor

Reading = Literal["relative change", "difference", "value of the variant"]
SENSES = ("at_least", "at_most")


@dataclass(frozen=True, slots=True)
class Criterion:
    """A limit on one reading of the effect: per cent of the reference, or the unit of the quantity."""

    sense: str
    limit: float
    reading: Reading
    text: str
    unit: str

    @property
    def words(self) -> str:
        """The reading in words, for the report."""
        sign = {"at_least": "at least", "at_most": "at most"}[self.sense]
        if self.reading == "relative change":
            return f"{sign} {self.limit:+g} % of the reference's value"
        unit = "percentage points" if self.unit == "%" and self.reading == "difference" else self.unit
        if self.reading == "difference":
            return f"{sign} {self.limit:+g} {unit} from the reference"
        return f"{sign} {self.limit:g} {unit}"


@dataclass(frozen=True, slots=True)
class Judgement:
    """Verdict on a criterion with the probability that it is met (`None` where nothing can be said)."""

    verdict: Verdict
    probability: float | None


def is_primary(primary: Primary | None, quantity: str, at: Mapping[str, float]) -> bool:
    """Whether this quantity at this state is the declared primary endpoint."""
    return primary is not None and primary.quantity == quantity and dict(primary.at) == dict(at)


def read_criterion(primary: Primary, unit: str) -> Criterion | None:
    """The criterion of the primary endpoint for a quantity held in `unit`; `None` if none is declared.

    A signed limit (``+5 %``) is a change: in per cent it is relative to the reference's value, also where the quantity
    itself is in per cent. A limit without sign is a value of the variant itself where its unit is that of the quantity
    (``at_least: 80 %`` of a retention), and a relative change where the quantity has another unit.

    Raises
    ------
    StudyError
        If the sense is neither ``at_least`` nor ``at_most``.
    UnitError
        If the criterion's unit does not fit the quantity.
    """
    if primary.criterion is None or primary.sense is None:
        return None
    if primary.sense not in SENSES:
        raise StudyError(f"The primary endpoint has the sense '{primary.sense}'; {nearest(primary.sense, SENSES)}.")
    signed = not primary.text or re.search(r"[+\-\u2212]\s*[\d.]", primary.text) is not None
    if primary.relative:
        percent = 100.0 * primary.criterion
        if signed or unit != "%":
            return Criterion(primary.sense, percent, "relative change", primary.text, "%")
        return Criterion(primary.sense, percent, "value of the variant", primary.text, unit)
    if signed:
        limit = primary.criterion * factor(primary.unit or unit, unit)
        return Criterion(primary.sense, limit, "difference", primary.text, unit)
    limit = convert(primary.criterion, primary.unit or unit, unit)
    return Criterion(primary.sense, limit, "value of the variant", primary.text, unit)


def judge(found: Estimate, sense: str | None, limit: float) -> Judgement:
    """Verdict of an effect against a limit on its own scale; without a sense, whether it differs from zero."""
    if found.basis in ("measurement only", "these batches"):
        return Judgement("descriptive", None)
    if found.unknown or not math.isfinite(found.spread.half_width(found.level)):
        return Judgement("undecided", None)
    low, high = found.interval()
    if sense is None:
        apart = low > 0 or high < 0
        return Judgement("supported" if apart and found.spread.scatter > 0 else "undecided", None)
    above = found.probability_above(limit)
    return _against(low, high, above, sense, limit)


def _against(low: float, high: float, above: float, sense: str, limit: float) -> Judgement:
    if math.isnan(above):
        return Judgement("undecided", None)
    if sense == "at_most":
        low, high, limit, above = -high, -low, -limit, 1.0 - above
    if low >= limit:
        return Judgement("supported", above)
    return Judgement("contradicted" if high < limit else "undecided", above)


def judge_value(layout: Layout, criterion: Criterion, *, logarithmic: bool, level: float, complete: bool) -> Judgement:
    """Verdict on the variant's own mean; `complete` is false where a sort of uncertainty is missing that matters here.

    Unlike in a contrast, an error common to all cells does not cancel in the value itself.
    """
    _, low, high, count = mean_of(layout, variant=True, kind="ratio" if logarithmic else "difference", level=level)
    if count < 2:
        return Judgement("descriptive", None)
    if not complete or not math.isfinite(high - low):
        return Judgement("undecided", None)
    scale = math.log if logarithmic else float
    centre, half = (scale(high) + scale(low)) / 2, (scale(high) - scale(low)) / 2
    limit = scale(criterion.limit) if not logarithmic or criterion.limit > 0 else -math.inf
    spread = Spread(half / Spread(1.0, count - 1.0).half_width(level), count - 1.0)
    return _against(low, high, spread.probability_above(centre - limit, level), criterion.sense, criterion.limit)
