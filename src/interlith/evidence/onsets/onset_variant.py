"""Where is the onset of a variant, given those of several of its specimens?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from interlith.evidence.kernel import half_width
from interlith.evidence.onsets.onset_curve import Analysis
from interlith.evidence.onsets.onset_words import axis_unit, placed_words
from interlith.evidence.wording import named, number
from interlith.model import Finding, Observable


def variant_findings(
    made: Sequence[Analysis], observables: Mapping[int, tuple[Observable, ...]], level: float, simulated: bool
) -> list[Finding]:
    """One finding a variant and change, where at least two specimens of it were looked at."""
    groups: dict[str, list[Analysis]] = {}
    for item in made:
        if item.curve.variant and len(item.curve.samples) == 1:
            groups.setdefault(item.curve.variant, []).append(item)
    findings: list[Finding] = []
    for variant, items in groups.items():
        if len(items) < 2:
            continue
        found = [observables[id(item)] for item in items]
        counts = {sum(one.value is not None for one in each) for each in found}
        if len(counts) > 1 or counts == {0}:
            findings.append(_uneven(variant, items, found, level, simulated))
            continue
        findings += [
            _mean(variant, items, [each[place] for each in found], level, simulated) for place in range(counts.pop())
        ]
    return findings


def _uneven(
    variant: str, items: Sequence[Analysis], found: Sequence[Sequence[Observable]], level: float, simulated: bool
) -> Finding:  # fmt: skip
    curve = items[0].curve
    having = [item.curve.name for item, each in zip(items, found, strict=True) if each[0].value is not None]
    text = (
        f"Of {len(items)} specimens of {variant}, {', '.join(having) if having else 'none'} "
        f"{'show' if len(having) > 1 else 'shows'} an onset of the {named(curve.quantity)} along the {named(curve.axis)}"
    )
    if len(having) == len(items):
        text += ", but not the same number of changes"
    return Finding(
        "onset_of_variant", text + ".", "descriptive", found[0][0].quantity, level=level, units={variant: len(items)},
        caveats=("The data are simulated.",) if simulated else (), unit=curve.axis_unit,
    )  # fmt: skip


def _mean(
    variant: str, items: Sequence[Analysis], ones: Sequence[Observable], level: float, simulated: bool
) -> Finding:  # fmt: skip
    values, curve = np.array([one.value for one in ones], dtype=np.float64), items[0].curve
    count = len(values)
    seen = [source for one in ones for source in one.components]
    shared = {source for source in seen if seen.count(source) > 1}
    sizes = [sum(one.components.get(source, 0.0) for one in ones) / count for source in shared]
    scatter = float(values.std(ddof=1)) / math.sqrt(count)
    # Specimens that agree better than their own intervals allow have done so by luck.
    inner = math.sqrt(sum(_own(one, shared) ** 2 for one in ones)) / count
    known = float(half_width(np.asarray(scatter), float(count - 1), level, shared=math.hypot(*sizes) if sizes else 0.0))
    mean = float(values.mean())
    unknown = any(math.isinf(size) for one in ones for size in one.components.values())
    low, high = (-math.inf, math.inf) if unknown or not math.isfinite(known) else (mean - known, mean + known)
    unit = axis_unit(curve)
    ends = "of unknown width" if math.isinf(low) else f"{number(low, known)} to {number(high, known)} {unit}".rstrip()
    text = (
        f"The {named(ones[0].quantity)} of {variant} is at {placed_words(curve, number(mean, known))} "
        f"({100 * level:.4g} % interval {ends}, mean of {count} specimens)."
    ).replace("  ", " ")
    caveats = ["The data are simulated."] if simulated else []
    if scatter < 0.5 * inner:
        caveats.append(
            "The specimens agree better than their own intervals let expect; the interval may be too narrow."
        )
    if unknown:
        caveats.append("A shared source of unknown size leaves the interval open; declare its uncertainty.")
    return Finding(
        "onset_of_variant", text, "undecided" if math.isinf(low) else "supported", ones[0].quantity, mean, low, high,
        level, curve.axis_unit, units={variant: count}, supporting=tuple(one.id for one in ones if one.id),
        caveats=tuple(caveats),
        details={"standard_error": scatter, "degrees_of_freedom": count - 1, "standard_error_of_specimens_own": inner},
    )  # fmt: skip


def _own(one: Observable, shared: set[str]) -> float:
    return math.sqrt(sum(size * size for source, size in one.components.items() if source not in shared))
