"""What does the slope of one curve, or the mean slope of a variant, say, and which number stands behind it?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from interlith.evidence.causes.trend_fit import (
    REFUTED,
    Errors,
    Residuals,
    Slope,
    check_rank,
    fit_slope,
    weights_of,
    without,
)
from interlith.evidence.causes.trend_words import caveats, per_words, range_words, sentence, slope_unit
from interlith.evidence.curves import Curve
from interlith.evidence.kernel import half_width, quantile
from interlith.evidence.wording import difference_unit, named, number, plural
from interlith.model import Finding, Observable
from interlith.model.finding import Verdict


@dataclass(frozen=True, slots=True)
class Asked:
    """What the caller asked for, in the units of the curves."""

    per: float
    bound: float | None
    level: float
    errors: Errors
    residuals: Residuals
    degree: int
    simulated: bool


def _source(curve: Curve) -> str:
    return f"fit:trend/{curve.name}/{curve.quantity}"


def interval_of(curve: Curve, slope: Slope, level: float) -> tuple[float, float]:
    """Interval from the scatter and from shared sources of known size."""
    low, high = slope.interval(level)
    known = math.sqrt(sum(float(slope.gradient @ sizes) ** 2 for sizes in curve.shared.values()))
    shared = quantile(level, math.inf) * known
    return slope.value - math.hypot(slope.value - low, shared), slope.value + math.hypot(high - slope.value, shared)


def observable_of(curve: Curve, slope: Slope, asked: Asked) -> Observable:
    low, high = (-math.inf, math.inf) if curve.unknown else interval_of(curve, slope, asked.level)
    samples = curve.samples
    return Observable(
        f"slope_of_{curve.quantity}",
        slope.value,
        slope_unit(curve),
        samples[0] if len(samples) == 1 else curve.name,
        {_source(curve): slope.std} | curve.propagate(slope.gradient),
        variant=curve.variant,
        batch=curve.observables[0].batch if len({item.batch for item in curve.observables}) == 1 else "",
        method=slope.method,
        flag="a line is not the right shape" if slope.straight is False else "",
        low=low,
        high=high,
        level=asked.level,
    )


def finding_of(curve: Curve, slope: Slope | None, asked: Asked) -> Finding:
    subject = f"The {named(curve.quantity)} of {curve.name}"
    if slope is None:
        words = f"{subject} has {len(curve)} points at {np.unique(curve.x).size} states, too few for a trend."
        return Finding("trend", words, "undecided", curve.quantity, level=asked.level, supporting=curve.identifiers)
    low, high = interval_of(curve, slope, asked.level)
    details = _details(curve, slope, asked)
    ends = [(low, high)]
    if slope.outliers:
        value, least, most = _without_outliers(curve, slope, asked)
        ends.append((least, most))
        details |= {
            "outliers": ", ".join(f"{curve.x[k]:g}" for k in slope.outliers),
            "slope_without_outliers": _number(value * asked.per),
            "low_without_outliers": least * asked.per,
            "high_without_outliers": most * asked.per,
        }
    verdict, tail = _judged(curve, slope, ends, asked)
    of = f"{len(curve)} points, {range_words(float(curve.x[0]), float(curve.x[-1]), curve)}"
    text = sentence(
        subject, curve, slope.value * asked.per, low * asked.per, high * asked.per,
        level=asked.level, per=asked.per, of=of, unknown=bool(curve.unknown),
    )  # fmt: skip
    open_ends = (-math.inf, math.inf) if curve.unknown else (low * asked.per, high * asked.per)
    return Finding(
        kind="trend",
        statement=f"{text}{tail}.",
        verdict=verdict,
        quantity=curve.quantity,
        estimate=slope.value * asked.per,
        low=open_ends[0],
        high=open_ends[1],
        level=asked.level,
        unit=_told_unit(curve, asked.per),
        units={curve.variant or curve.name: len(curve.samples)},
        supporting=curve.identifiers,
        caveats=(
            *_simulated(asked),
            *caveats(curve, slope, asked.errors, weighted=weights_of(curve, asked.errors)[1]),
        ),
        details=details,
    )


def _told_unit(curve: Curve, per: float) -> str:
    return f"{difference_unit(curve.unit)} {per_words(curve, per)}".strip()


def _simulated(asked: Asked) -> tuple[str, ...]:
    return ("The data are simulated.",) if asked.simulated else ()


def _judged(
    curve: Curve, slope: Slope, ends: list[tuple[float, float]], asked: Asked
) -> tuple[Verdict, str]:  # fmt: skip
    """Verdict, and a clause on the bound where one was declared."""
    if slope.misfit < REFUTED:
        return "undecided", "; the stated errors do not hold, so nothing is decided"
    if asked.bound is None:
        clear = all(low > 0 or high < 0 for low, high in ends)
        return ("supported" if clear and not curve.unknown else "undecided"), ""
    length = float(np.ptp(curve.x))
    low, high = interval_of(curve, slope, 2 * asked.level - 1)
    return judged_bound((low * length, high * length), asked.bound, curve.unit, unknown=bool(curve.unknown))


def judged_bound(change: tuple[float, float], bound: float, unit: str, *, unknown: bool) -> tuple[Verdict, str]:
    """Whether the change over the range, with its ends of two one-sided tests, stays within a bound."""
    largest = max(abs(change[0]), abs(change[1]))
    told = f"{number(bound, bound / 10)} {'' if unit == '1' else unit}".rstrip()
    if unknown:
        return "undecided", f"; whether it changes by more than {told} over this range cannot be said"
    if largest <= bound:
        return "supported", f"; over this range it does not change by more than {told}"
    if change[0] > bound or change[1] < -bound:
        return "contradicted", f"; over this range it changes by more than {told}"
    return "undecided", f"; whether it changes by more than {told} over this range is undecided"


def _details(curve: Curve, slope: Slope, asked: Asked) -> dict[str, float | int | str | None]:
    rank = check_rank(curve, asked.level)
    length = float(np.ptp(curve.x))
    details: dict[str, float | int | str | None] = {
        "points": len(curve),
        "states": int(np.unique(curve.x).size),
        "degree": slope.degree,
        "degrees_of_freedom": slope.dof if math.isfinite(slope.dof) else None,
        "p_straight": _number(slope.bent),
        "p_errors": _number(slope.misfit),
        "correlation": _number(slope.correlation),
        "change_over_range": slope.value * length,
        "smallest_bound": max(abs(end) for end in interval_of(curve, slope, 2 * asked.level - 1)) * length,
        "method": slope.method,
    }
    if rank is not None:
        details |= {
            "theil_sen": rank.slope * asked.per,
            "theil_sen_low": rank.low * asked.per,
            "theil_sen_high": rank.high * asked.per,
            "kendall": rank.kendall,
            "p_kendall": rank.probability,
        }
    if curve.unknown:
        low, high = interval_of(curve, slope, asked.level)
        details |= {"low_of_known": low * asked.per, "high_of_known": high * asked.per}
    return details


def _without_outliers(curve: Curve, slope: Slope, asked: Asked) -> tuple[float, float, float]:
    rest = without(curve, slope.outliers)
    again = fit_slope(rest, degree=asked.degree, errors=asked.errors, residuals=asked.residuals, level=asked.level)
    return (math.nan, -math.inf, math.inf) if again is None else (again.value, *interval_of(rest, again, asked.level))


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


_Members = list[tuple[Curve, Slope]]


def by_variant(found: Sequence[Curve], fits: Sequence[Slope | None]) -> dict[str, _Members]:
    groups: dict[str, _Members] = {}
    for curve, slope in zip(found, fits, strict=True):
        if slope is not None and curve.variant and len(curve.samples) == 1:
            groups.setdefault(curve.variant, []).append((curve, slope))
    return {variant: members for variant, members in groups.items() if len(members) > 1}


def mean_of(variant: str, members: _Members, asked: Asked) -> tuple[Finding, Observable]:
    """Mean slope over specimens: their scatter carries all that differs between them; what they share is added."""
    count, first = len(members), members[0][0]
    values = np.array([slope.value for _, slope in members])
    centre, scatter = float(values.mean()), float(values.std(ddof=1)) / math.sqrt(count)
    parts = [curve.propagate(slope.gradient) for curve, slope in members]
    common = {source for source in set().union(*parts) if sum(source in part for part in parts) > 1}
    shared = {source: sum(part.get(source, 0.0) for part in parts) / count for source in sorted(common)}
    unknown = tuple(source for source, size in shared.items() if math.isinf(size))
    known = math.sqrt(sum(size**2 for size in shared.values() if math.isfinite(size)))

    def ends(level: float) -> tuple[float, float]:
        half = float(half_width(np.asarray(scatter), count - 1, level, shared=known))
        return centre - half, centre + half

    low, high = ends(asked.level)
    length = float(np.mean([np.ptp(curve.x) for curve, _ in members]))
    if asked.bound is None:
        verdict: Verdict = "supported" if (low > 0 or high < 0) and not unknown else "undecided"
        tail = ""
    else:
        inner = ends(2 * asked.level - 1)
        change = (inner[0] * length, inner[1] * length)
        verdict, tail = judged_bound(change, asked.bound, first.unit, unknown=bool(unknown))
    text = sentence(
        f"The {named(first.quantity)} of {variant}", first, centre * asked.per, low * asked.per, high * asked.per,
        level=asked.level, per=asked.per, of=f"mean over {count} {plural('specimen')}", unknown=bool(unknown),
    )  # fmt: skip
    bent = [curve.name for curve, slope in members if slope.straight is False]
    words = [f"A line is not the right shape for {', '.join(bent)}; the slopes are mean ones."] if bent else []
    if unknown:
        words.append(
            f"The interval is a lower bound: {', '.join(unknown)} is shared by several specimens and of unknown size."
        )
    told = (-math.inf, math.inf) if unknown else (low, high)
    finding = Finding(
        kind="trend",
        statement=f"{text}{tail}.",
        verdict=verdict,
        quantity=first.quantity,
        estimate=centre * asked.per,
        low=told[0] * asked.per,
        high=told[1] * asked.per,
        level=asked.level,
        unit=_told_unit(first, asked.per),
        units={variant: count},
        supporting=tuple(name for curve, _ in members for name in curve.identifiers),
        caveats=(*_simulated(asked), *words),
        details={
            "specimens": ", ".join(curve.name for curve, _ in members),
            "degrees_of_freedom": count - 1,
            "change_over_range": centre * length,
        },
    )
    observable = Observable(
        f"mean_slope_of_{first.quantity}",
        centre,
        slope_unit(first),
        "",
        {f"replicate:trend/{variant}/{first.quantity}": scatter} | shared,
        variant=variant,
        method=f"mean slope of {count} specimens, Student t",
        low=told[0],
        high=told[1],
        level=asked.level,
    )
    return finding, observable
