"""What would a term that was not measured have to be, and which number should be measured better?"""

from __future__ import annotations

import math
from collections.abc import Sequence

from interlith.evidence.sums.balance_asked import Asked, Missing, lacking, residual_observable
from interlith.evidence.sums.balance_terms import Sum
from interlith.evidence.wording import interval_words, named, number
from interlith.model import Finding, Observable
from interlith.model.finding import Verdict


def missing_term(made: Sequence[Sum], missing: Missing, asked: Asked) -> tuple[Finding, list[Observable]]:
    """What an unmeasured term would have to be at each state, and whether it can."""
    name, (coefficient, (lowest, highest)) = next(iter(missing.items()))
    wanted, impossible, open_ends = [], 0, 0
    unknown = any(item.unknown for item in made) or bool(lacking(made))
    for item in made:
        ends = sorted(-end / coefficient for end in item.interval(asked.each_level))
        outside = ends[1] < lowest or ends[0] > highest
        impossible += outside
        open_ends += not outside and (ends[0] < lowest or ends[1] > highest)
        parts = {source: -size / coefficient for source, size in item.sizes.items()}
        parts |= dict.fromkeys(item.unknown, math.inf)
        base = residual_observable(item, asked)
        wanted.append(Observable(
            name.replace(" ", "_"), -item.residual / coefficient, asked.unit, base.sample, parts, variant=base.variant,
            state=base.state, low=-math.inf if item.unknown else ends[0], high=math.inf if item.unknown else ends[1],
            level=asked.each_level, method=f"what closes the {named(asked.quantity)}", flag="not measured; inferred from the balance",
        ))  # fmt: skip
    shown = max(wanted, key=lambda one: abs(one.value or 0.0))
    known = [sorted(-end / coefficient for end in item.interval(asked.each_level)) for item in made]
    low, high = known[wanted.index(shown)]
    half = (high - low) / 2
    limits = _limits(lowest, highest, asked.shown_unit)
    if unknown:
        verdict: Verdict = "undecided"
        words = "whether that is possible cannot be said, because a kind of uncertainty is missing"
    elif impossible:
        verdict, words = "contradicted", f"that is not possible ({limits}), so something else is missing or wrong"
    elif open_ends:
        verdict, words = "undecided", f"part of that is not possible ({limits})"
    else:
        verdict, words = "supported", f"that is possible ({limits})"
    where = "" if shown.state is None else f" at {named(shown.state.name)} {shown.state.value:g}"
    unit = f" {asked.shown_unit}" if asked.shown_unit else ""
    text = (
        f"To close the {named(asked.quantity)}{where}, {name} would have to be {number(shown.value or 0.0, half)}{unit} "
        f"({100 * asked.level:.4g} % interval {interval_words(low, high, half, asked.shown_unit)}); {words}."
    )
    finding = Finding(
        "missing_term", text, verdict, name.replace(" ", "_"), shown.value, shown.low, shown.high, asked.each_level, asked.unit,
        caveats=("It is inferred from the balance and carries every error of the other terms; it is no measurement.",),
        details={"lowest_possible": lowest, "highest_possible": highest, "coefficient": coefficient},
    )  # fmt: skip
    return finding, wanted


def _limits(lowest: float, highest: float, unit: str) -> str:
    tail = f" {unit}".rstrip()
    if math.isinf(lowest) and math.isinf(highest):
        return "any value can be"
    if math.isinf(highest):
        return f"it cannot be below {lowest:g}{tail}"
    return (
        f"it cannot be above {highest:g}{tail}" if math.isinf(lowest) else f"it lies in {lowest:g} to {highest:g}{tail}"
    )


def next_measurement(made: Sequence[Sum], asked: Asked) -> Finding:
    """Which term or common source carries most of the variance."""
    item = max(made, key=lambda one: one.std)
    shares = item.shares()
    unknown = item.unknown
    if unknown:
        text = f"The next measurement for the {named(asked.quantity)} is the size of {unknown[0]}, which is unknown."
        return Finding("next_measurement", text, "descriptive", asked.quantity, unit=asked.unit)
    if not shares:
        text = f"The terms of the {named(asked.quantity)} carry no uncertainty, so none can be said to limit it."
        return Finding("next_measurement", text, "undecided", asked.quantity, unit=asked.unit)
    name, share = next(iter(shares.items()))
    narrower = 1.0 - math.sqrt(max(0.0, 1.0 - 0.75 * share))
    text = (
        f"{name[0].upper() + name[1:]} carries {100 * share:.0f} % of the variance of the {named(asked.quantity)}; half its "
        f"uncertainty would narrow the interval by {100 * narrower:.0f} %."
    )
    details: dict[str, float | int | str | None] = {f"share of {key}": value for key, value in shares.items()}
    return Finding("next_measurement", text, "descriptive", asked.quantity, share, unit="1", details=details)
