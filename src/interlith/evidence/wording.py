"""How does a finding read in a report?"""

from __future__ import annotations

import math
from collections.abc import Mapping

from interlith.evidence.estimates import Estimate
from interlith.evidence.units_of_replication import Layout

#: What a variant does more or less of, for quantities that have a verb of their own.
_VERBS: Mapping[str, tuple[str, str]] = {"capacity_retention": ("keeps", "of its capacity")}
_PLURALS: Mapping[str, str] = {"batch": "batches"}


def number(value: float, scale: float) -> str:
    """A number with two significant digits of `scale` (the half-width of its interval), or three of its own."""
    if not math.isfinite(value):
        return "unknown" if math.isnan(value) else ("-inf" if value < 0 else "inf")
    size = scale if math.isfinite(scale) and scale > 0 else abs(value) / 10
    if size == 0:
        return f"{value:g}"
    decimals = min(12, max(0, 1 - math.floor(math.log10(size))))
    text = f"{value:.{decimals}f}"
    return text.lstrip("-") if float(text) == 0 else text


def named(quantity: str) -> str:
    """``capacity_retention`` -> ``capacity retention``."""
    return quantity.replace("_", " ")


def axis_label(quantity: str, unit: str) -> str:
    """``charge_transfer_resistance`` in ohm -> ``Charge transfer resistance / ohm``."""
    words = named(quantity)
    return words[:1].upper() + words[1:] + ("" if unit in ("", "1") else f" / {unit}")


def state_words(at: Mapping[str, float]) -> str:
    """`` at cycle 200``, with a leading space, empty where there is no state."""
    return " at " + " and ".join(f"{named(name)} {value:g}" for name, value in at.items()) if at else ""


def plural(unit: str) -> str:
    """``cell`` -> ``cells``, ``batch`` -> ``batches``."""
    return _PLURALS.get(unit, f"{unit}s")


def unit_words(layout: Layout, unit: str) -> str:
    """``3 and 3 cells``, variant first, with the number of batches where they carry the interval."""
    first, second = layout.counts
    word = unit if first == second == 1 else plural(unit)
    batches = f" in {layout.batches} batches" if layout.clustered and unit != "batch" else ""
    return f"{first} and {second} {word}{batches}"


def interval_words(low: float, high: float, scale: float, unit: str) -> str:
    """``2.0 to 8.2 %``; signs on both ends as soon as one is negative."""
    ends = [number(low, scale), number(high, scale)]
    if min(low, high) < 0:
        ends = [end if end.startswith("-") or float_is_zero(end) else f"+{end}" for end in ends]
    return f"{ends[0]} to {ends[1]} {unit}".rstrip()


def float_is_zero(text: str) -> bool:
    """Whether a printed number is zero to its digits."""
    return text not in ("inf", "-inf", "unknown") and float(text) == 0


def basis_words(found: Estimate, level: float) -> str:
    """What the interval stands for, before its two ends."""
    name = f"{100 * level:.4g} %"
    if found.basis == "measurement only":
        return f"{name} interval of the measurement only"
    if found.basis == "these batches":
        return f"{name} interval within these batches"
    if found.basis == "declared spread":
        return f"{name} interval from the declared spread"
    return f"{name} interval"


def contrast_sentence(
    found: Estimate,
    layout: Layout,
    names: tuple[str, str],
    quantity: str,
    at: Mapping[str, float],
    *,
    unit: str,
    of: str,
    relative: bool = False,
) -> str:
    """``C0.5La keeps 5.1 % (95 % interval 2.0 to 8.2 %, 3 and 3 cells) more of its capacity than bare at cycle 200``.

    `unit` is that of the shown effect and `of` the unit of replication; `relative` marks per cent of a value that is
    itself in per cent. No full stop at the end.
    """
    low, high = found.interval()
    if found.value < 0:
        # The sentence says "lower": size and interval are then read in that direction.
        low, high = -high, -low
    half = (high - low) / 2
    ends = "of unknown width" if not math.isfinite(half) else interval_words(low, high, half, unit)
    bound = "at least as wide as " if found.unknown and math.isfinite(half) else ""
    bracket = f"({basis_words(found, found.level)} {bound}{ends}, {unit_words(layout, of)})"
    size = f"{number(abs(found.value), half)} {unit}".rstrip()
    variant, reference = names
    where = state_words(at)
    if found.kind == "ratio" and quantity in _VERBS:
        verb, tail = _VERBS[quantity]
        return (
            f"{variant} {verb} {size} {bracket} {'more' if found.value >= 0 else 'less'} {tail} than {reference}{where}"
        )
    if relative:
        bracket = f"(relative; {bracket[1:]}"
    word = "higher" if found.value >= 0 else "lower"
    return f"The {named(quantity)} of {variant} is {size} {bracket} {word} than that of {reference}{where}"


def difference_unit(unit: str) -> str:
    """Unit of a difference as people say it: per cent minus per cent are percentage points."""
    return "percentage points" if unit == "%" else ("" if unit == "1" else unit)
