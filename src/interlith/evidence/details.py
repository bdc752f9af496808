"""Which further numbers stand behind a contrast: other readings, exclusions, each variant's mean, cells needed?"""

from __future__ import annotations

import math

from interlith.evidence.criteria import Criterion
from interlith.evidence.estimates import Estimate, Kind, mean_of, scatter_of_units, welch_interval, working
from interlith.evidence.power import CellsNeeded, cells_for_power
from interlith.evidence.question import Question, effect, judge_contrast, positive
from interlith.evidence.selection import Selection
from interlith.evidence.units_of_replication import Layout
from interlith.evidence.wording import difference_unit

Detail = dict[str, float | int | str | None]


def contrast_details(chosen: Selection, variant: str, question: Question, found: Estimate, layout: Layout) -> Detail:
    """Numbers behind a contrast by name."""
    details: Detail = {
        "variant": variant,
        "reference": question.reference,
        **question.at,
        "basis": found.basis,
        "comparisons": question.comparisons,
        "adjusted_level": question.each_level,
        "degrees_of_freedom": found.spread.degrees,
        "shared_standard_uncertainty": found.spread.shared,
        "endpoint": "primary" if question.primary else "secondary",
    }
    if question.comparisons > 1:
        details |= dict(zip(("low_unadjusted", "high_unadjusted"), found.interval(question.level), strict=True))
    welch = welch_interval(layout, found)
    if welch:
        details |= {"welch_low": welch[0], "welch_high": welch[1]}
    for name, side in (("variant", True), ("reference", False)):
        mean, low, high, _ = mean_of(layout, variant=side, kind=found.kind, level=question.level)
        details |= {f"{name}_mean": mean, f"{name}_mean_low": low, f"{name}_mean_high": high}
    details["mean_unit"] = chosen.unit
    other: Kind = "difference" if found.kind == "ratio" else "ratio"
    if other == "difference" or positive(chosen.used):
        second, _ = effect(chosen.used, variant, question, other)
        low, high = second.interval()
        unit = "%" if other == "ratio" else difference_unit(chosen.unit)
        details |= {
            f"as_{other}": second.value,
            f"as_{other}_low": low,
            f"as_{other}_high": high,
            f"as_{other}_unit": unit,
        }
    return details | _with_excluded(chosen, variant, question)


def _with_excluded(chosen: Selection, variant: str, question: Question) -> Detail:
    touched = [item for item in chosen.everything if item.variant in (variant, question.reference)]
    if len(touched) == len([item for item in chosen.used if item.variant in (variant, question.reference)]):
        return {}
    second, layout = effect(tuple(touched), variant, question, question.kind)
    low, high = second.interval()
    return {
        "with_excluded": second.value,
        "with_excluded_low": low,
        "with_excluded_high": high,
        "with_excluded_units": f"{layout.counts[0]} and {layout.counts[1]}",
        "with_excluded_basis": second.basis,
    }


def criterion_details(chosen: Selection, variant: str, question: Question, criterion: Criterion) -> Detail:
    """How the criterion was read, and what the other reading of a per cent sign would give."""
    details: Detail = {
        "criterion": criterion.text or criterion.words,
        "criterion_limit": criterion.limit,
        "criterion_reading": f"{criterion.reading}: {criterion.words}",
    }
    if criterion.reading == "relative change" and chosen.unit == "%":
        other = Criterion(criterion.sense, criterion.limit, "difference", criterion.text, "%")
        judged = judge_contrast(chosen, variant, question, other)
        details |= {
            "other_reading": f"difference: {other.words}",
            "other_reading_verdict": judged.verdict,
            "other_reading_probability": judged.probability,
        }
    return details


def power_details(layout: Layout, found: Estimate, question: Question, criterion: Criterion | None) -> Detail:
    """Cells per variant for 80 % power: to tell the effect from none, and to prove the criterion if the estimate is true."""
    spread, degrees = scatter_of_units(layout, question.quantity, question.rules, found.kind)
    limit = _limit_for(found, criterion)
    target = limit if limit else found.centre
    if degrees == 0 or spread == 0 or target == 0 or not math.isfinite(target):
        return {"cells_for_80_percent_power": None}
    needed = cells_for_power(spread, target, degrees=degrees, level=question.each_level)
    details = _needed("cells_for_80_percent_power", needed)
    details["effect_for_power"] = "the declared criterion" if limit else "the observed effect"
    details["spread_between_units"] = spread * (100.0 if found.kind == "ratio" else 1.0)
    if limit and criterion and (found.centre - limit) * (1 if criterion.sense == "at_least" else -1) > 0:
        proof = cells_for_power(spread, found.centre - limit, degrees=degrees, level=question.each_level)
        details |= _needed("cells_to_prove_the_criterion", proof)
    return details


def _limit_for(found: Estimate, criterion: Criterion | None) -> float | None:
    if criterion is None or criterion.reading == "value of the variant":
        return None
    kind = "ratio" if criterion.reading == "relative change" else "difference"
    return working(criterion.limit, found.kind) if kind == found.kind else None


def _needed(name: str, needed: CellsNeeded) -> Detail:
    return {name: needed.cells, f"{name}_low": needed.low, f"{name}_high": needed.high}
