"""How is a threshold drawn: points, model with band, and the interval where it meets the level?"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from interlith.evidence.curves import Curve
from interlith.evidence.levels.threshold_fit import Asked, Found
from interlith.evidence.levels.threshold_words import level_words
from interlith.evidence.wording import axis_label, named, number
from interlith.model import Band, Figure, Line, Marker, Panel

_DRAWN = 61
_MOST_BANDS = 4
#: Half the height of the caps of an interval, over the height of the panel.
_CAP = 0.025


def threshold_figure(curves: Sequence[Curve], found: Sequence[Found | None], asked: Asked) -> Figure:
    """The curves with their lines and, on the level asked for, the interval of the threshold."""
    first = curves[0]
    x_limits = _reach(curves, found)
    heights = np.concatenate([curve.y for curve in curves] + [[asked.at]])
    room = 0.08 * (float(np.ptp(heights)) or 1.0)
    y_limits = (float(heights.min()) - 1.5 * room, float(heights.max()) + 1.5 * room)
    lines: list[Line] = []
    bands: list[Band] = []
    for curve, item in zip(curves, found, strict=True):
        lines += _lines(curve, item, x_limits)
        if item is not None:
            lines += _interval(curve, item, asked, x_limits, _CAP * (y_limits[1] - y_limits[0]))
            bands += [_band(item, asked, x_limits, curve.variant or curve.name)] if len(curves) <= _MOST_BANDS else []
    panel = Panel(
        axis_label(first.axis, first.axis_unit),
        axis_label(first.quantity, first.unit),
        tuple(lines),
        tuple(bands),
        (Marker(asked.at, "", "y"),),
        x_limits=x_limits,
        y_limits=y_limits,
    )
    share = f"{100 * asked.level:.4g} %"
    return Figure(
        f"threshold_{first.quantity}_{first.axis}",
        f"Where the {named(first.quantity)} leaves {level_words(first, asked.at)}",
        f"Points with their own standard uncertainty, fitted model with its {share} band, and the {share} interval of the "
        f"threshold as a bar between two caps on the level {level_words(first, asked.at)} (dashed)."
        f"{' Open symbols: below detection, not in the line or only as a bound.' if any(item is not None and item.clipped.any() for item in found) else ''}"
        f"{' The data are simulated.' if asked.simulated else ''}",
        (panel,),
        simulated=asked.simulated,
        tags=("threshold",),
    )


def _reach(curves: Sequence[Curve], found: Sequence[Found | None]) -> tuple[float, float]:
    states = np.concatenate([curve.x for curve in curves])
    low, high = float(states.min()), float(states.max())
    span = (high - low) or 1.0
    for item in found:
        if item is None:
            continue
        # An interval far outside the points would press them into a corner; its bar then runs out of the panel.
        for end in (item.low, item.high, item.value):
            if math.isfinite(end):
                low, high = min(low, max(end, low - span)), max(high, min(end, high + span))
    room = 0.06 * (high - low)
    return low - room, high + room


def _lines(curve: Curve, found: Found | None, limits: tuple[float, float]) -> list[Line]:
    variant = curve.variant or curve.name
    known = bool((np.isfinite(curve.own) & (curve.own > 0)).any())
    if found is None:
        return [Line(curve.x, curve.y, curve.name, variant, curve.name, curve.own if known else None, "points")]
    free = ~found.clipped
    own = np.where(np.isfinite(curve.own), curve.own, np.nan)
    drawn = [Line(curve.x[free], curve.y[free], "", variant, curve.name, own[free] if known else None, "points")]
    if found.clipped.any():
        hollow = np.full(int(found.clipped.sum()), np.nan)
        drawn.append(Line(curve.x[~free], curve.y[~free], "", variant, curve.name, hollow, "points"))
    grid = _grid(found, limits)
    half = (found.high - found.low) / 2
    unit = "" if curve.axis_unit in ("", "1") else f" {curve.axis_unit}"
    told = f"{number(found.value, half if found.bounded else found.std)}{unit}" if found.bounded else "no threshold"
    name = "" if curve.name in ("", "all") else f"{curve.name}: "
    drawn.append(Line(grid, found.model_at(grid)[0], f"{name}{told}", variant, curve.name))
    return drawn


def _grid(found: Found, limits: tuple[float, float]) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    grid = np.linspace(*limits, _DRAWN)
    return np.union1d(grid, [found.value]) if limits[0] < found.value < limits[1] else grid


def _band(found: Found, asked: Asked, limits: tuple[float, float], variant: str) -> Band:
    grid = _grid(found, limits)
    middle, half = found.model_at(grid)
    low, high = middle - half, middle + half
    if found.shape == "hinge":
        # A hinge never lies beyond its level; before the threshold it may have risen by as much as its interval allows.
        start = found.low if found.right > 0 else found.high
        risen = found.slope * np.where(found.right * (grid - start) > 0, grid - start, 0.0)
        risen = np.where(np.isfinite(risen), risen, 0.0)
        before = found.right * (grid - found.value) <= 0
        upwards = found.slope * found.right > 0
        low = np.maximum(low, asked.at) if upwards else np.where(before, asked.at + risen, low)
        high = np.where(before, asked.at + risen, high) if upwards else np.minimum(high, asked.at)
    return Band(grid, low, high, "", variant)


def _interval(curve: Curve, found: Found, asked: Asked, limits: tuple[float, float], cap: float) -> list[Line]:
    """The interval as a bar on the level, with a cap at each end that lies within the panel."""
    if not (math.isfinite(found.low) or math.isfinite(found.high)):
        return []
    variant = curve.variant or curve.name
    bar = [Line(np.clip([found.low, found.high], *limits), np.full(2, asked.at), "", variant, curve.name)]
    caps = [
        Line(np.full(2, end), np.array([asked.at - cap, asked.at + cap]), "", variant, curve.name)
        for end in (found.low, found.high)
        if limits[0] <= end <= limits[1]
    ]
    return bar + caps
