"""How is the best level drawn: values and means by level, the levels that may be best, and the optimum between them?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from interlith.evidence.kernel import quantile
from interlith.evidence.levels.optimum_fit import Best, Between, Ranking
from interlith.evidence.levels.optimum_levels import Grid
from interlith.evidence.wording import axis_label, named
from interlith.model import Band, Figure, Line, Panel
from interlith.numerics.levels.stationary import Stationary

Array = NDArray[np.float64]

_DRAWN = 81
#: Half-width of the shading of a level, over the smallest distance of levels, and over the range at most.
_SHADE, _MOST_SHADE = 0.3, 0.03
_MEANS, _KEPT, _OPTIMUM = "means", "may be best", "optimum between levels"


def optimum_figure(
    grid: Grid, ranking: Ranking, between: Between | None, surface: Stationary | None, best: Best, level: float,
    *, bent: bool, simulated: bool,
) -> Figure:  # fmt: skip
    """One axis: values by level. Two axes: the same by lines, and a map of the grid."""
    share = f"{100 * level:.4g} %"
    sign = 1.0 if best == "highest" else -1.0
    one = len(grid.axes) == 1
    panels = (
        (_levels(grid, ranking, between, sign, level),)
        if one
        else (_families(grid, ranking), _map(grid, ranking, surface if bent else None))
    )
    shaded = (
        f"Shaded: levels that cannot be excluded as {best} ({share} over all levels)."
        if one
        else f"Right: levels marked as such cannot be excluded as {best} ({share} over all levels); shaded: {share} region of the optimum of a quadratic surface."
    )
    bars = "Single values (pale), means with their standard error" if ranking.chances is not None else "Means"
    curve = (
        " Dashed: parabola with its band; bar: interval of its vertex."
        if one and between is not None and between.low is not None
        else ""
    )
    return Figure(
        f"optimum_{grid.quantity}_{'_'.join(grid.axes)}",
        f"Best level of {' and '.join(map(named, grid.axes))} for the {named(grid.quantity)}",
        f"{bars}. {shaded}{curve}{' The data are simulated.' if simulated else ''}",
        panels,
        width=1 if one else 2,
        columns=len(panels),
        simulated=simulated,
        tags=("optimum",),
    )


def _label(grid: Grid, axis: int) -> str:
    return axis_label(grid.axes[axis], grid.units[axis])


def _y_label(grid: Grid) -> str:
    return axis_label(grid.quantity, grid.unit)


def _errors(ranking: Ranking) -> Array | None:
    return ranking.errors if ranking.chances is not None else None


def _levels(grid: Grid, ranking: Ranking, between: Between | None, sign: float, level: float) -> Panel:
    x = grid.levels[:, 0]
    span = float(np.ptp(x))
    half = min(_SHADE * float(np.diff(x).min()), _MOST_SHADE * span)
    low, high = float(grid.values.min()), float(grid.values.max())
    room = 0.22 * ((high - low) or 1.0)
    limits = (low - room, high + room)
    lines = [Line(x[grid.member], grid.values, "", _MEANS, "", style="points", faint=True)]
    lines.append(Line(x, ranking.means, "", _MEANS, std=_errors(ranking), style="points"))
    bands = [
        Band(np.array([x[k] - half, x[k] + half]), np.full(2, limits[0]), np.full(2, limits[1]), _KEPT if not number else "", _KEPT)
        for number, k in enumerate(np.flatnonzero(ranking.kept))
    ]  # fmt: skip
    if between is not None and between.low is not None:
        more, band = _parabola(between, x[between.used], sign, level)
        lines.append(more)
        bands.append(band)
        lines += _bar(between, (x[0] - 0.06 * span, x[-1] + 0.06 * span), limits)
    return Panel(
        _label(grid, 0), _y_label(grid), tuple(lines), tuple(bands), (),
        x_limits=(x[0] - 0.07 * span, x[-1] + 0.07 * span), y_limits=limits,
    )  # fmt: skip


def _parabola(found: Between, x: Array, sign: float, level: float) -> tuple[Line, Band]:
    grid = np.linspace(x.min(), x.max(), _DRAWN)
    rows = np.vander((grid - found.fit.centre) / found.fit.unit, 3, increasing=True)
    middle = sign * rows @ found.fit.coefficients
    spread = np.sqrt(np.einsum("gi,ij,gj->g", rows, found.fit.covariance, rows))
    half = quantile(level, found.fit.dof) * float(found.fit.scale) * spread
    return Line(grid, middle, "parabola", _OPTIMUM, dashed=True), Band(grid, middle - half, middle + half, "", _OPTIMUM)


def _bar(found: Between, reach: tuple[float, float], limits: tuple[float, float]) -> list[Line]:
    """Interval of the vertex near the foot of the panel, with caps at ends within the grid."""
    if found.low is None or found.high is None:
        return []
    foot, cap = limits[0] + 0.06 * (limits[1] - limits[0]), 0.02 * (limits[1] - limits[0])
    ends = np.clip([found.low, found.high], *reach)
    bar = [Line(ends, np.full(2, foot), "", _OPTIMUM)]
    inside = [end for end in (found.low, found.high) if reach[0] < end < reach[1]]
    return bar + [Line(np.full(2, end), np.array([foot - cap, foot + cap]), "", _OPTIMUM) for end in inside]


def _families(grid: Grid, ranking: Ranking) -> Panel:
    errors = _errors(ranking)
    lines = []
    for value in np.unique(grid.levels[:, 1]):
        rows = grid.levels[:, 1] == value
        name = grid.place(1, float(value))
        lines.append(
            Line(
                grid.levels[rows, 0],
                ranking.means[rows],
                name,
                name,
                std=None if errors is None else errors[rows],
                style="both",
            )
        )
    return Panel(_label(grid, 0), _y_label(grid), tuple(lines))


def _map(grid: Grid, ranking: Ranking, surface: Stationary | None) -> Panel:
    kept, out = grid.levels[ranking.kept], grid.levels[~ranking.kept]
    lines = [Line(out[:, 0], out[:, 1], "excluded as best" if len(out) else "", "", style="points")]
    lines.append(Line(kept[:, 0], kept[:, 1], _KEPT, _KEPT, style="points"))
    bands = []
    if surface is not None and surface.kept.any():
        one, two = surface.axes
        columns = surface.kept.any(axis=1)
        low = np.array([two[row].min() if row.any() else np.nan for row in surface.kept])
        high = np.array([two[row].max() if row.any() else np.nan for row in surface.kept])
        bands.append(Band(one[columns], low[columns], high[columns], _OPTIMUM, _OPTIMUM))
        inside = all(axis[0] <= value <= axis[-1] for axis, value in zip(surface.axes, surface.value, strict=True))
        if inside:
            lines.append(Line(surface.value[:1], surface.value[1:], "", _OPTIMUM, style="points"))
    reach = np.ptp(grid.levels, axis=0) * 0.08
    low_, high_ = grid.levels.min(axis=0) - reach, grid.levels.max(axis=0) + reach
    return Panel(
        _label(grid, 0), _label(grid, 1), tuple(line for line in lines if line.x.size), tuple(bands), (),
        x_limits=(float(low_[0]), float(high_[0])), y_limits=(float(low_[1]), float(high_[1])),
    )  # fmt: skip
