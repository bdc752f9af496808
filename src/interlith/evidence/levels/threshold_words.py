"""How does a threshold read in a report, and what must stand beside it?"""

from __future__ import annotations

import math

from interlith.evidence.causes.trend_fit import REFUTED
from interlith.evidence.curves import Curve
from interlith.evidence.levels.threshold_fit import Asked, Found
from interlith.evidence.wording import interval_words, named, number
from interlith.numerics.trends.trend import BENT

#: Ratio of widths from which on the bootstrap says that the scatter is not what the weights say, and fewest points for
#: that: with fewer it is so wide anyway.
_UNLIKE, _FEWEST_FOR_UNLIKE = 2.0, 8


def subject(curve: Curve) -> str:
    """``The element fraction``, with the name of the curve where there is one."""
    return f"The {named(curve.quantity)}" + ("" if curve.name in ("", "all") else f" of {curve.name}")


def place(curve: Curve, value: float, half: float) -> str:
    """``dose 0.31 at%``."""
    unit = "" if curve.axis_unit in ("", "1") else f" {curve.axis_unit}"
    return f"{named(curve.axis)} {number(value, half)}{unit}"


def level_words(curve: Curve, at: float) -> str:
    """``zero``, or the level with its unit."""
    return "zero" if at == 0 else f"{at:g} {'' if curve.unit == '1' else curve.unit}".rstrip()


def ends_words(low: float, high: float, unit: str) -> str:
    """``0.24 to 0.36 at%``, ``up to 0.36 at%`` or ``from 0.24 at% on`` where an end is open."""
    tail = "" if unit in ("", "1") else unit
    if math.isfinite(low) and math.isfinite(high):
        return interval_words(low, high, (high - low) / 2, tail)
    if math.isfinite(high):
        return f"up to {number(high, abs(high) / 10)} {tail}".rstrip()
    if math.isfinite(low):
        return f"from {number(low, abs(low) / 10)} {tail}".rstrip() + " on"
    return "open on both sides"


def sentence(curve: Curve, found: Found, asked: Asked) -> str:
    """One sentence without its full stop."""
    zero = level_words(curve, asked.at)
    share = f"{100 * asked.level:.4g} %"
    below = int(found.clipped[list(found.used)].sum())
    form = (
        f"straight line through {len(found.used)} points"
        if found.shape == "line"
        else f"hinge through {len(found.used)} points"
    )
    form += f", {below} of them below detection" if below else ""
    if not math.isfinite(found.low) and not math.isfinite(found.high):
        return f"{subject(curve)} shows no threshold: its slope against {named(curve.axis)} is not distinct from zero, {_gap(curve, found)} ({share} confidence, {form})"
    half = (found.high - found.low) / 2
    verb = "rises" if found.slope > 0 else "falls"
    through = "through" if found.shape == "line" else ("from" if found.right > 0 else "to")
    bound = "at least as wide as " if curve.unknown else ""
    where = place(curve, found.value, half if math.isfinite(half) else found.std)
    return (
        f"{subject(curve)} {verb} {through} {zero} at {where} ({share} interval {bound}"
        f"{ends_words(found.low, found.high, curve.axis_unit)}, {form})"
    )


def _gap(curve: Curve, found: Found) -> str:
    if found.gap is None:
        return "and no state can be excluded"
    unit = "" if curve.axis_unit in ("", "1") else f" {curve.axis_unit}"
    low, high = found.gap
    width = (high - low) / 2
    return f"and only states between {number(low, width)} and {number(high, width)}{unit} are excluded"


def caveats(curve: Curve, found: Found, asked: Asked) -> tuple[str, ...]:
    """Sentences that must stand beside the threshold of one curve."""
    words = ["The data are simulated."] if asked.simulated else []
    words += _about_specimens(curve)
    words += _about_shape(curve, found, asked)
    if asked.errors == "stated" and found.misfit < REFUTED:
        words.append(
            f"The points scatter more than their errors say (p = {found.misfit:.1g}): the interval is too narrow, "
            "errors='scaled' takes the size from the scatter."
        )
    if asked.errors == "scaled" and not found.weighted:
        words.append("The points' own uncertainties are not all known, so they weigh alike.")
    if found.outliers:
        where = ", ".join(f"{curve.x[number]:g}" for number in found.outliers)
        kept = (
            "kept in; without them see the details"
            if asked.outliers == "keep"
            else "left out; with them see the details"
        )
        words.append(f"Outliers at {named(curve.axis)} {where}: {kept}.")
    if found.across:
        words.append("The uncertainty of the states is in the fit, taken as independent from point to point.")
    if found.wild is not None and found.bounded and asked.method == "both" and len(found.used) >= _FEWEST_FOR_UNLIKE:
        ratio = (found.wild[1] - found.wild[0]) / (found.high - found.low) if found.high > found.low else 1.0
        if ratio > _UNLIKE:
            words.append(
                f"The bootstrap, which allows for scatter of unequal size, has an interval {ratio:.3g} times as wide; see the details."
            )
    if curve.unknown:
        words.append(
            f"The interval is a lower bound, and there is no verdict: {', '.join(curve.unknown)} is shared by several "
            "points and of unknown size; declare its uncertainty."
        )
    return tuple(words)


def _about_specimens(curve: Curve) -> list[str]:
    samples = curve.samples
    if len(samples) == 1:
        return ["This is one specimen; it says nothing of others."]
    if len(samples) < len(curve):
        return [
            f"Several points of each of {len(samples)} specimens are taken as one curve: what a specimen keeps to itself is "
            "taken for independent scatter, and the interval is too narrow; give each specimen its own curve."
        ]
    return []


def _about_shape(curve: Curve, found: Found, asked: Asked) -> list[str]:
    words = []
    if found.bent < BENT:
        words.append(
            f"A straight line is not the right shape (p = {found.bent:.1g}): where the curve reaches the level depends on its bend."
        )
    x = curve.x[list(found.used)]
    if found.shape == "line":
        left = int(found.clipped.sum())
        if left:
            words.append(
                f"{left} point{'s' if left > 1 else ''} below detection stand{'' if left > 1 else 's'} outside the line; shape='hinge' takes them in."
            )
        if found.bounded and not x.min() <= found.value <= x.max():
            words.append(
                f"The threshold lies outside the states measured ({x.min():g} to {x.max():g}): it is an extrapolation of the line."
            )
    elif asked.shape == "auto":
        words.append(
            "A rise from a flat start was chosen because leading points lie at the level; the straight line is in the details."
        )
    return words
