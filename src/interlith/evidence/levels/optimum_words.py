"""How does the best level, or an optimum between levels, read in a report, and what must stand beside it?"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from interlith.evidence.levels.optimum_fit import Best, Between, Ranking
from interlith.evidence.levels.optimum_levels import Grid
from interlith.evidence.wording import interval_words, named, number, plural
from interlith.numerics.levels.stationary import Stationary

#: Ratio of standard deviations of levels from which on equal scatter is doubted, and fewest values of a level for that.
_UNEQUAL, _FEWEST = 3.0, 3


def listed(words: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a; b and c`` where they hold commas themselves."""
    mark = ";" if any("," in word for word in words) else ","
    return words[0] if len(words) == 1 else f"{f'{mark} '.join(words[:-1])} and {words[-1]}"


def axes_words(grid: Grid) -> str:
    """``dose`` or ``dose and temperature``."""
    return " and ".join(named(axis) for axis in grid.axes)


def counts_words(ranking: Ranking, unit: str) -> str:
    """``4 levels, 3 cells each``."""
    low, high = int(ranking.counts.min()), int(ranking.counts.max())
    each = f"{low}" if low == high else f"{low} to {high}"
    return f"{len(ranking.means)} levels, {each} {unit if high == 1 else plural(unit)} each"


def best_sentence(grid: Grid, ranking: Ranking, best: Best, unit: str, level: float, *, simultaneous: bool) -> str:
    """Which level has the best mean, and which others cannot be excluded; no full stop."""
    shown = "" if grid.unit == "1" else f" {grid.unit}"
    size = f"{number(float(ranking.means[ranking.best]), float(ranking.errors[ranking.best]))}{shown}"
    these = "The" if ranking.replicated else f"In these {plural(unit)}, the"
    text = f"{these} {named(grid.quantity)} is {best} at {axes_words(grid)} {grid.name(ranking.best)} ({size}"
    text += f", {counts_words(ranking, unit)})"
    if ranking.chances is None:
        return f"{text}; nothing is known of its scatter, so no level is excluded as best"
    share = f"{100 * level:.4g} % confidence over all levels"
    others = [grid.name(k) for k in np.flatnonzero(ranking.kept).tolist() if k != ranking.best]
    bound = "at least " if simultaneous else ""
    if not others:
        return f"{text}; every other level is excluded as best ({share})"
    if len(others) == len(ranking.means) - 1:
        return f"{text}, but no level is excluded as best ({share})"
    return f"{text}, but {bound}{listed(others)} cannot be excluded as best ({share})"


def between_sentence(grid: Grid, found: Between, best: Best, level: float) -> str:
    """Where the parabola has its optimum; no full stop."""
    chosen = grid.levels[found.used, 0]
    form = f"parabola through {int(found.used.sum())} levels from {grid.place(0, chosen.min())} to {grid.place(0, chosen.max())}"
    share = f"{100 * level:.4g} %"
    text = f"The {named(grid.quantity)} of the {form}"
    if found.low is None or found.high is None:
        return f"{text} has no {best} place that could be told: its curvature is not distinct from zero ({share} confidence)"
    low, high = float(grid.levels[:, 0].min()), float(grid.levels[:, 0].max())
    return (
        f"{text} {_place_words(grid, 0, found.value, (found.low, found.high), (low, high), best, f'{share} interval')}"
    )


def _place_words(
    grid: Grid, axis: int, value: float, ends: tuple[float, float], edges: tuple[float, float], best: Best, share: str
) -> str:
    """``is highest at dose 0.55 at% (95 % interval 0.48 to 0.63 at%)``, or at and beyond an edge."""
    unit = "" if grid.units[axis] in ("", "1") else grid.units[axis]
    name = named(grid.axes[axis])
    if ends[1] < edges[0] or ends[0] > edges[1]:
        edge, side = (edges[0], "below") if ends[1] < edges[0] else (edges[1], "above")
        return (
            f"is {best} {side} the edge of the grid at {name} {grid.place(axis, edge)}: test levels {side} it ({share})"
        )
    width = (min(ends[1], edges[1]) - max(ends[0], edges[0])) / 2
    left, right = ends[0] < edges[0], ends[1] > edges[1]
    if left and right:
        return f"is {best} anywhere on the grid or beyond its edges ({share})"
    if left or right:
        inner, edge = (ends[1], edges[0]) if left else (ends[0], edges[1])
        told = f"{number(inner, width)} {unit}".rstrip()
        near = "up to" if left else "from"
        beyond = "at or below" if left else "at or above"
        return f"is {best} {near} {name} {told} {'down' if left else 'on'}, {beyond} the edge of the grid at {grid.place(axis, edge)} not excluded ({share})"
    told = f"{number(value, width)} {unit}".rstrip()
    return f"is {best} at {name} {told} ({share} {interval_words(*ends, width, unit)})"


def surface_sentence(
    grid: Grid, found: Stationary, ends: Sequence[tuple[float, float]], best: Best, level: float, *, bent: bool
) -> str:
    """Where the quadratic surface has its optimum along either axis; no full stop."""
    share = f"{100 * level:.4g} %"
    text = f"The {named(grid.quantity)} of the quadratic surface through {len(grid.levels)} levels"
    if not bent:
        return f"{text} has no {best} place that could be told: its curvature is not distinct from zero ({share} confidence)"
    edges = [(float(grid.levels[:, axis].min()), float(grid.levels[:, axis].max())) for axis in (0, 1)]
    parts = [
        _place_words(grid, axis, float(found.value[axis]), ends[axis], edges[axis], best, f"{share} together,")
        for axis in (0, 1)
    ]
    return f"{text} {parts[0]} and {parts[1]}"


def caveats(grid: Grid, ranking: Ranking, unit: str, *, simulated: bool) -> tuple[str, ...]:
    """Sentences that must stand beside both answers."""
    words = ["The data are simulated."] if simulated else []
    lone = [grid.name(k) for k in np.flatnonzero(ranking.counts < 2).tolist()]
    if ranking.basis == "declared spread":
        words.append("The spread between units is declared, not observed.")
    elif lone:
        words.append(
            f"One {unit} each at {listed(lone)}: what is said holds for these {plural(unit)} and not for others of the same "
            "level; repeat them, or declare the spread between units."
        )
    if ranking.basis == "measurement only":
        words.append(f"The uncertainty is that of the measurement only and leaves out how {plural(unit)} differ.")
    words += _about_scatter(grid, ranking)
    repeated = len({item.sample for item in grid.observables}) < len(grid.observables)
    if repeated:
        words.append(
            "A specimen was measured at several levels: what it keeps to itself is taken for independent scatter."
        )
    if grid.unknown:
        words.append(
            f"There is no verdict: {', '.join(grid.unknown)} is shared by several values and of unknown size; declare its "
            "uncertainty."
        )
    return (*words, *grid.caveats)


def _about_scatter(grid: Grid, ranking: Ranking) -> list[str]:
    if ranking.basis != "replicates":
        return []
    spread = [
        float(grid.values[grid.member == k].std(ddof=1)) for k in np.flatnonzero(ranking.counts >= _FEWEST).tolist()
    ]
    if len(spread) < 2 or min(spread) <= 0 or max(spread) / min(spread) < _UNEQUAL:
        return []
    if ranking.separate is None or (ranking.separate == ranking.kept).all():
        tail = (
            "with a scatter of its own for each level the set is the same"
            if ranking.separate is not None
            else "so equal scatter is doubtful"
        )
    else:
        names = listed([grid.name(k) for k in np.flatnonzero(ranking.separate).tolist()])
        tail = f"with a scatter of its own for each level the set would be {names}"
    return [f"Levels scatter up to {max(spread) / min(spread):.2g} times as much as others; {tail}."]


def finite(value: float) -> float | None:
    """A number, or nothing."""
    return value if math.isfinite(value) else None
