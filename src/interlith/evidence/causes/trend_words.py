"""How does a trend read in a report, and what must stand beside it?"""

from __future__ import annotations

import math

import numpy as np

from interlith.evidence.causes.trend_fit import FEWEST_FOR_MEMORY, REFUTED, Errors, Slope
from interlith.evidence.curves import Curve
from interlith.evidence.wording import difference_unit, interval_words, named, number, plural

#: Share of the spread of states that their own errors may have before the slope is said to be flattened by them.
_FLATTENED = 0.02


def per_words(curve: Curve, per: float) -> str:
    """``per 100 cycles``, ``per 10 degC``, ``per V``."""
    axis = curve.axis_unit if curve.axis_unit not in ("", "1") else named(curve.axis)
    if per == 1:
        return f"per {axis}"
    return f"per {per:g} {plural(axis) if curve.axis_unit in ('', '1') else axis}"


def slope_unit(curve: Curve) -> str:
    """Unit of a slope as an observable: ``ohm/degC``, ``%/cycle``."""
    axis = curve.axis_unit if curve.axis_unit not in ("", "1") else curve.axis
    return f"{curve.unit or '1'}/{axis}"


def sentence(
    subject: str, curve: Curve, value: float, low: float, high: float, *, level: float, per: float, of: str, unknown: bool
) -> str:  # fmt: skip
    """``The resistance of bare_1 rises by 5.2 ohm per 100 degC (95 % interval 4.1 to 6.3 ohm, 12 points)``; no full stop."""
    clear = (low > 0 or high < 0) and not unknown
    turned = clear and value < 0
    ends = (-high, -low) if turned else (low, high)
    half = (high - low) / 2
    unit = difference_unit(curve.unit)
    width = "of unknown width" if not math.isfinite(half) else interval_words(*ends, half, unit)
    bound = "at least as wide as " if unknown and math.isfinite(half) else ""
    bracket = f"({100 * level:.4g} % interval {bound}{width}, {of})"
    size = number(abs(value) if clear else value, half)
    if not clear and value > 0:
        size = f"+{size}"
    verb = ("rises" if value > 0 else "falls") if clear else "changes"
    words = f"{subject} {verb} by {size} {unit} {per_words(curve, per)} {bracket}".replace("  ", " ")
    return words if clear else f"{words}; neither a rise nor a fall is shown"


def range_words(low: float, high: float, curve: Curve) -> str:
    """``25 to 700 degC``, ``cycle 1 to 200``."""
    if curve.axis_unit in ("", "1"):
        return f"{named(curve.axis)} {low:g} to {high:g}"
    return f"{low:g} to {high:g} {curve.axis_unit}"


def caveats(curve: Curve, slope: Slope, errors: Errors, *, weighted: bool) -> tuple[str, ...]:
    """Sentences that must stand beside the slope of one curve."""
    words = []
    samples = curve.samples
    if len(samples) == 1:
        words.append("This is one specimen; it says nothing of others.")
    elif len(samples) < len(curve):
        words.append(
            f"Several points of each of {len(samples)} specimens are taken as one curve: what a specimen keeps to itself is "
            "taken for independent scatter, and the interval is too narrow; give each specimen its own curve."
        )
    if slope.straight is False:
        words.append(
            f"A line is not the right shape (p = {slope.bent:.1g}): the slope is that of the best line through a bent curve."
        )
    if errors == "scaled" and math.isnan(slope.correlation):
        few = np.unique(curve.x).size < FEWEST_FOR_MEMORY
        why = f"fewer than {FEWEST_FOR_MEMORY} states cannot show otherwise" if few else "as was asked"
        words.append(f"Neighbouring points are taken as independent, {why}.")
    if errors == "stated" and slope.misfit < REFUTED:
        words.append(
            f"The points scatter more than their errors say (p = {slope.misfit:.1g}): the interval is too narrow, "
            "errors='scaled' takes the size from the scatter."
        )
    if errors == "scaled" and not weighted:
        words.append("The points' own uncertainties are not all known, so they weigh alike.")
    if slope.outliers:
        where = ", ".join(f"{curve.x[number]:g}" for number in slope.outliers[:5])
        words.append(f"Outliers at {named(curve.axis)} {where}: kept in; the slope without them is in the details.")
    share = _flattening(curve)
    if share > _FLATTENED:
        words.append(
            f"The states themselves are uncertain; a slope fitted to them is up to {100 * share:.0f} % too flat."
        )
    if curve.unknown:
        words.append(
            f"The interval is a lower bound, and there is no verdict: {', '.join(curve.unknown)} is shared by several "
            "points and of unknown size; declare its uncertainty."
        )
    return tuple(words)


def _flattening(curve: Curve) -> float:
    """Share of the variance of states that comes from their own intervals, taken as uniform."""
    spread = float(np.var(curve.x))
    return float(np.mean(np.square(curve.x_high - curve.x_low))) / 12 / spread if spread > 0 else 0.0
