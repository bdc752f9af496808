"""How is a trend drawn: data, line and band, and what residuals remember of each other?"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from interlith.evidence.causes.trend_fit import Slope
from interlith.evidence.causes.trend_words import per_words
from interlith.evidence.curves import Curve
from interlith.evidence.wording import axis_label, named, number
from interlith.model import Band, Figure, Line, Marker, Panel

#: Points of a drawn line, and lags of the autocorrelation at most.
_DRAWN, _LAGS = 25, 25
_MOST_BANDS = 4
#: With fewer points an autocorrelation shows nothing.
_FEWEST_FOR_MEMORY = 8


def figure_of(
    curves: Sequence[Curve], slopes: Sequence[Slope | None], per: float, level: float, *, simulated: bool
) -> Figure:
    """Left the curves with their lines, right the autocorrelation of the residuals with what chance allows."""
    first = curves[0]
    left = Panel(
        axis_label(first.axis, first.axis_unit),
        axis_label(first.quantity, first.unit),
        tuple(line for curve, slope in zip(curves, slopes, strict=True) for line in _lines(curve, slope, per)),
        tuple(
            _band(curve, slope, level)
            for curve, slope in zip(curves, slopes, strict=True)
            if slope is not None and len(curves) <= _MOST_BANDS
        ),
    )
    pairs = [
        (curve, slope) for curve, slope in zip(curves, slopes, strict=True) if slope is not None and slope.x.size > 4
    ]
    panels = (left, _memory(pairs)) if pairs else (left,)
    told = [slope.correlation for _, slope in pairs if math.isfinite(slope.correlation)]
    memory = (
        f" Correlation of neighbouring residuals as estimated: {', '.join(f'{item:.2f}' for item in told)}."
        if told
        else ""
    )
    many = " Bands are left out, there are too many curves." if len(curves) > _MOST_BANDS else ""
    return Figure(
        f"trend_{first.quantity}_{first.axis}",
        f"Trend of {named(first.quantity)} with {named(first.axis)}",
        f"Points with their own standard uncertainty, fitted curve and its {100 * level:.4g} % band; slopes "
        f"{per_words(first, per)}.{many} Autocorrelation of the residuals; dashed: what 95 % of independent ones stay within."
        f"{memory}{' The data are simulated.' if simulated else ''}",
        panels,
        width=2,
        columns=2,
        simulated=simulated,
        tags=("trend",),
    )


def _lines(curve: Curve, slope: Slope | None, per: float) -> list[Line]:
    variant = curve.variant or curve.name
    own = curve.own if np.isfinite(curve.own).any() and (curve.own > 0).any() else None
    points = Line(curve.x, curve.y, "" if slope else curve.name, variant, curve.name, own, "points")
    if slope is None:
        return [points]
    low, high = slope.interval(0.95)
    grid = np.linspace(curve.x.min(), curve.x.max(), _DRAWN)
    size = number(slope.value * per, (high - low) / 2 * per)
    label = f"{curve.name}: {size} {'' if curve.unit == '1' else curve.unit} {per_words(curve, per)}".replace("  ", " ")
    return [points, Line(grid, slope.curve_at(grid)[0], label, variant, curve.name)]


def _band(curve: Curve, slope: Slope, level: float) -> Band:
    grid = np.linspace(curve.x.min(), curve.x.max(), _DRAWN)
    middle, half = slope.curve_at(grid)
    return Band(grid, middle - half, middle + half, "", curve.variant or curve.name)


def autocorrelation(
    residuals: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Autocorrelation of residuals in order, from lag 0 to a quarter of their number (at least three lags)."""
    count = residuals.size
    lags = min(_LAGS, max(3, count // 4), count - 1)
    centred = residuals - residuals.mean()
    total = float(centred @ centred) or 1.0
    return np.array([float(centred[: count - lag] @ centred[lag:]) / total for lag in range(lags + 1)])


def _memory(pairs: Sequence[tuple[Curve, Slope]]) -> Panel:
    lines, reach, most = [], 0.0, 1
    for curve, slope in pairs:
        found = autocorrelation(slope.residuals)
        most = max(most, found.size - 1)
        reach = max(reach, 1.96 / math.sqrt(slope.residuals.size))
        lines.append(
            Line(np.arange(found.size, dtype=float), found, "", curve.variant or curve.name, curve.name, style="both")
        )
    markers = (Marker(reach, "", "y"), Marker(-reach, "", "y"))
    return Panel("Lag / points", "Autocorrelation of residuals", tuple(lines), (), markers, y_limits=(-1.05, 1.05))
