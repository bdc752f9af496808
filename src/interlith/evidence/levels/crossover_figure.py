"""How is a crossing drawn: both curves, their difference with its band, and the states at which it may be zero?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from interlith.evidence.levels.crossover_fit import Pair, Side
from interlith.evidence.wording import axis_label, named
from interlith.model import Band, Figure, Line, Marker, Panel
from interlith.numerics.levels.crossings import Piece

_DRAWN = 81


def crossover_figure(pair: Pair, pieces: Sequence[Piece], limits: tuple[float, float], *, simulated: bool) -> Figure:
    """Left the points and the fitted curves, right their difference; states at which they may cross are shaded."""
    curve = pair.curves[0]
    grid = np.linspace(*limits, _DRAWN)
    if pair.degree == "interpolation":
        knots = np.concatenate([item.x for item in pair.curves])
        grid = np.union1d(grid, knots[(knots > limits[0]) & (knots < limits[1])])
    means = pair.side_heights(grid)
    middle, half = pair.difference(grid)
    x_label = axis_label(curve.axis, curve.axis_unit)
    share = f"{100 * pair.level:.4g} %"
    heights = np.concatenate([item.y for item in pair.curves])
    lines = tuple(line for side, mean in zip(pair.sides, means, strict=True) for line in _lines(pair, side, grid, mean))
    ends = np.concatenate([middle - half, middle + half, [0.0]])
    left = Panel(
        x_label,
        axis_label(curve.quantity, curve.unit),
        lines,
        _shades(pieces, heights, "may cross here"),
    )
    right = Panel(
        x_label,
        f"{pair.second.name} − {pair.first.name}" + ("" if curve.unit in ("", "1") else f" / {curve.unit}"),
        (Line(grid, middle, "", pair.second.name),),
        (*_shades(pieces, ends, ""), Band(grid, middle - half, middle + half, "", pair.second.name)),
        (Marker(0.0, "", "y"),),
    )
    basis = "the scatter of specimens" if pair.replicated else "the scatter about each curve"
    return Figure(
        f"crossover_{curve.quantity}_{curve.axis}",
        f"Where the {named(curve.quantity)} of {pair.first.name} and {pair.second.name} cross",
        f"Left: points and curves{' (thin: single specimens)' if pair.replicated else ''}. Right: difference with its {share} band "
        f"from {basis}. Shaded: states at which the difference is not distinct from zero.{' The data are simulated.' if simulated else ''}",
        (left, right),
        width=2,
        columns=2,
        simulated=simulated,
        tags=("crossover",),
    )


def _lines(pair: Pair, side: Side, grid: np.ndarray[tuple[int, ...], np.dtype[np.float64]], mean: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> list[Line]:  # fmt: skip
    drawn = []
    for curve in side.curves:
        known = bool((np.isfinite(curve.own) & (curve.own > 0)).all())
        std = curve.own if known and not pair.replicated else None
        drawn.append(Line(curve.x, curve.y, "", side.name, curve.name, std, "points", faint=pair.replicated))
    return [*drawn, Line(grid, mean, side.name, side.name)]


def _shades(
    pieces: Sequence[Piece], heights: np.ndarray[tuple[int, ...], np.dtype[np.float64]], label: str
) -> tuple[Band, ...]:
    low, high = float(heights.min()), float(heights.max())
    room = 0.05 * (high - low)
    return tuple(
        Band(
            np.array([piece.low, piece.high]),
            np.full(2, low - room),
            np.full(2, high + room),
            label if number == 0 else "",
            "",
        )
        for number, piece in enumerate(pieces)
    )
