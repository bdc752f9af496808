"""How are effects, probabilities and long words written in a report, and numbers as everywhere else?"""

from __future__ import annotations

import math
import re

from interlith.notation import (
    LARGE,
    NEGLIGIBLE,
    NOTHING,
    RESOLUTION,
    SMALL,
    UNKNOWN,
    bytes_text,
    fixed,
    interval_text,
    power_of_ten,
    pretty_unit,
    significant,
    title,
    unit_text,
    with_uncertainty,
)

__all__ = [
    "NEGLIGIBLE",
    "NOTHING",
    "RESOLUTION",
    "UNKNOWN",
    "bytes_text",
    "effect_text",
    "elide",
    "interval_text",
    "pretty_unit",
    "probability_text",
    "short",
    "significant",
    "title",
    "unit_text",
    "with_uncertainty",
]


def effect_text(value: float | None, low: float | None, high: float | None, unit: str = "") -> str:
    """An effect to two significant digits of the half width of its interval."""
    if value is None or not math.isfinite(value):
        return NOTHING
    half = math.inf if low is None or high is None else (high - low) / 2
    if not math.isfinite(half) or half <= 0 or power_of_ten(max(abs(value), half)) not in range(SMALL, LARGE):
        return significant(value, 3) + unit_text(unit)
    return fixed(value, 1 - power_of_ten(half), 0) + unit_text(unit)


def probability_text(probability: float | None) -> str:
    """A probability in words that never claim certainty."""
    if probability is None or math.isnan(probability):
        return NOTHING
    if probability > 0.999:
        return "> 99.9 %"
    if probability < 0.001:
        return "< 0.1 %"
    digits = 1 if probability > 0.99 or probability < 0.01 else 0
    return f"{100 * probability:.{digits}f} %"


def short(text: str, most: int = 160) -> str:
    """A text cut to at most `most` letters: where a sentence ends late enough, else between two words, never in one.

    Examples
    --------
    >>> short("Bands are 95 % intervals of the mean.", 24)
    'Bands are 95 % …'
    """
    if len(text) <= most:
        return text
    kept = text[: most - 2]
    stop = max(kept.rfind(end) for end in (". ", "; ", ": "))
    if stop >= 0.7 * most:
        return f"{kept[: stop + 1]} …"
    space = kept.rfind(" ") if text[most - 2] != " " else len(kept)
    if space < 0.4 * most:
        return elide(text, most)
    words = kept[:space].rstrip(" ,;:(-–")
    # A number parted from its unit, or a small word at the end, says nothing.
    return f"{re.sub(r'(?: (?:of|the|a|an|in|at|to|and|or|with|for|is|are|that|from|by|intervals?))+$', '', words)} …"


def elide(name: str, most: int) -> str:
    """A name cut in its middle: names of cells differ at their ends.

    Examples
    --------
    >>> elide("SINTEF__LiGrR2032__2024-04-30__25degC__Landt", 20)
    'SINTEF__Li…gC__Landt'
    """
    if len(name) <= most:
        return name
    tail = (most - 1) // 2
    return f"{name[: most - 1 - tail]}…{name[len(name) - tail :]}"
