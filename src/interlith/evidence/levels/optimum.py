"""Which level of a design grid is the best, which others may be, and where between levels lies the optimum?"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from interlith.errors import StudyError, nearest
from interlith.evidence.causes.trend_fit import REFUTED, Errors
from interlith.evidence.levels.optimum_figure import optimum_figure
from interlith.evidence.levels.optimum_fit import (
    MISFIT,
    Best,
    Between,
    Ranking,
    Through,
    between_levels,
    on_surface,
    rank,
)
from interlith.evidence.levels.optimum_levels import Grid, Levels, read_grid
from interlith.evidence.levels.optimum_words import (
    axes_words,
    best_sentence,
    between_sentence,
    caveats,
    finite,
    surface_sentence,
)
from interlith.evidence.selection import Source
from interlith.model import Finding, Observable, Replication, Statement
from interlith.model.finding import Verdict
from interlith.numerics.levels.best_levels import Scatter
from interlith.numerics.levels.stationary import Stationary

Ends = tuple[float, float]
_ALLOWED: Mapping[str, tuple[str, ...]] = {
    "best": ("highest", "lowest"),
    "through": ("auto", "all", "neighbours"),
    "scatter": ("pooled", "separate"),
    "errors": ("scaled", "stated"),
}


def optimum(
    source: Source,
    quantity: str,
    *,
    over: str | tuple[str, ...],
    levels: Levels | None = None,
    at: Mapping[str, float] | None = None,
    best: Best = "highest",
    through: Through = "auto",
    scatter: Scatter = "pooled",
    errors: Errors = "scaled",
    replication: Replication | None = None,
    exclude: Mapping[str, str] | None = None,
    level: float = 0.95,
    simulated: bool = False,
) -> Statement:
    """Best level of one or two axes: the levels that may be it, and the optimum between levels.

    Parameters
    ----------
    source, quantity, exclude, level, simulated, replication
        As for `interlith.evidence.causes.trend.trend` and `compare`; the confidence holds over all levels together.
    over
        One or two axes: ``("dose",)`` or ``("dose", "temperature")``.
    levels, at
        Variant -> level (``0.5`` or ``"0.5 at%"``), or a tuple of one an axis, and the state at which values are taken
        (``{"cycle": 200}``); by default levels are the states along the one axis.
    best, through
        ``highest`` or ``lowest``. Parabola through ``all`` levels, the best one and its ``neighbours``, or ``auto``: all
        unless off it (p < 0.01).
    scatter
        ``pooled``: one for all levels; ``separate``: of each level (two values each at least), for a wider set.
    errors
        ``scaled``: scatter of the units within levels. ``stated``: the values' own uncertainties, measurement only.

    Returns
    -------
    Statement
        Findings ``best_level`` and ``optimum``; observables ``optimum_of_<quantity>`` (two axes: ``.._along_<axis>``).

    Raises
    ------
    StudyError, UnitError
        If what is asked for does not exist, a unit has two values at a level, or levels have unlike dimensions.

    Notes
    -----
    Assumption that fails first: equal scatter of all levels for the set (which then holds the best one in 0.89 to 0.92, with
    separate scatter in 0.96 to 0.97), a parabola for the optimum (a lopsided peak: 0.0 to 0.1). Where they hold
    (``benchmarks/optimum_coverage.py``) the set has 0.94 to 0.95 where all levels are alike, more where they differ; the
    optimum 0.94 to 0.96, the choice of levels costing 0.006. Probabilities leave out what levels share.

    References
    ----------
    Gupta 1965, Technometrics 7, 225. Hsu 1984, Annals of Statistics 12, 1136. Box and Hunter 1954.
    """
    axes = (over,) if isinstance(over, str) else tuple(over)
    _check({"best": best, "through": through, "scatter": scatter, "errors": errors}, level)
    grid = read_grid(source, quantity, axes, levels, dict(at or {}), dict(exclude or {}))
    rules = replication or Replication()
    ranking = rank(grid, best, errors=errors, scatter=scatter, replication=rules, level=level)
    told = caveats(grid, ranking, rules.unit, simulated=simulated)
    first = _best(grid, ranking, best, rules.unit, level, told)
    if len(axes) == 1:
        between = between_levels(grid, ranking, best, through=through, errors=errors, level=level)
        second, numbers = _between(grid, ranking, between, best, level, told), _vertex(grid, between, best, level)
        figure = optimum_figure(grid, ranking, between, None, best, level, bent=False, simulated=simulated)
        return Statement((first, second), numbers, (figure,))
    return _over_two(grid, ranking, first, best, errors, level, told, simulated=simulated)


def _over_two(
    grid: Grid, ranking: Ranking, first: Finding, best: Best, errors: Errors, level: float, told: tuple[str, ...],
    *, simulated: bool,
) -> Statement:  # fmt: skip
    surface = on_surface(grid, ranking, best, errors=errors, level=level)
    bent = surface is not None and surface.bent < (1 - level) / 2 and bool(surface.kept.any())
    second = _surface(grid, ranking, surface, best, level, told, bent=bent)
    numbers = _places(grid, surface, best, level) if surface is not None and bent else ()
    figure = optimum_figure(grid, ranking, None, surface, best, level, bent=bent, simulated=simulated)
    return Statement((first, second), numbers, (figure,))


def _check(words: Mapping[str, str], level: float) -> None:
    for name, word in words.items():
        if word not in _ALLOWED[name]:
            raise StudyError(f"{name} is '{word}'; {nearest(word, _ALLOWED[name])}.")
    if not 0.5 < level < 1:
        raise StudyError(f"level is {level}; a confidence between 0.5 and 1 is needed, such as 0.95.")


def _identifiers(grid: Grid) -> tuple[str, ...]:
    return tuple(item.id for item in grid.observables if item.id)


def _units(grid: Grid, ranking: Ranking) -> dict[str, int]:
    return {grid.name(k): int(count) for k, count in enumerate(ranking.counts)}


def _best(grid: Grid, ranking: Ranking, best: Best, unit: str, level: float, told: tuple[str, ...]) -> Finding:
    alone = int(ranking.kept.sum()) == 1
    verdict: Verdict = "supported" if alone else "undecided"
    if not ranking.replicated:
        verdict = "descriptive"
    if grid.unknown:
        verdict = "undecided"
    details: dict[str, float | int | str | None] = {
        "best_level": grid.name(ranking.best),
        "may_be_best": "; ".join(grid.name(k) for k in np.flatnonzero(ranking.kept).tolist()),
        "loss_at_most": finite(ranking.loss),
        "basis": ranking.basis,
        "scatter": finite(ranking.scale),
        "degrees_of_freedom": finite(ranking.dof),
    }
    if ranking.separate is not None:
        details["may_be_best_separate_scatter"] = "; ".join(
            grid.name(k) for k in np.flatnonzero(ranking.separate).tolist()
        )
    for number, mean in enumerate(ranking.means):
        details[f"mean at {grid.name(number)}"] = float(mean)
        if ranking.chances is not None:
            details[f"probability that {grid.name(number)} is best"] = float(ranking.chances[number])
    return Finding(
        kind="best_level",
        statement=f"{best_sentence(grid, ranking, best, unit, level, simultaneous=bool(grid.unknown))}.",
        verdict=verdict,
        quantity=grid.quantity,
        estimate=float(ranking.means[ranking.best]),
        level=level,
        unit=grid.unit,
        probability=None if ranking.chances is None else float(ranking.chances[ranking.best]),
        units=_units(grid, ranking),
        supporting=_identifiers(grid),
        caveats=told,
        details=details,
    )


def _few(grid: Grid, told: tuple[str, ...], level: float) -> Finding:
    needed = (
        "three levels and a fourth value"
        if len(grid.axes) == 1
        else "three levels along either axis, six in all and a seventh value"
    )
    text = (
        f"An optimum of the {grid.quantity.replace('_', ' ')} between levels of {axes_words(grid)} cannot be asked: "
        f"{needed} are needed"
    )
    return Finding("optimum", f"{text}.", "undecided", grid.quantity, level=level, caveats=told)


def _between(
    grid: Grid, ranking: Ranking, found: Between | None, best: Best, level: float, told: tuple[str, ...]
) -> Finding:
    if found is None:
        return _few(grid, told, level)
    edges = float(grid.levels[:, 0].min()), float(grid.levels[:, 0].max())
    ends = _open(found.low, found.high, edges)
    shown = ends is not None
    misfit = float(found.fit.misfit)
    words = list(told)
    forced = found.through == "neighbours" and found.misfit < MISFIT
    if forced:
        words.append(
            f"All levels do not lie on one parabola (p = {found.misfit:.1g}), so it goes through the best level and its "
            "neighbours; whether these three lie on one cannot be tested, and a lopsided peak would shift the optimum."
        )
    if misfit < REFUTED:
        words.append(f"The levels do not lie on a parabola (p = {misfit:.1g}).")
    inside = shown and edges[0] <= found.value <= edges[1]
    details: dict[str, float | int | str | None] = {
        "through": found.through,
        "levels": int(found.used.sum()),
        "p_curvature": float(found.fit.bent_downwards()),
        "p_parabola": finite(found.misfit),
        "vertex": finite(found.value) if shown else None,
        "degrees_of_freedom": finite(found.fit.dof),
    }
    if ends is not None and found.low is not None and found.high is not None:
        details |= {"low_in_grid": max(found.low, edges[0]), "high_in_grid": min(found.high, edges[1])}
    return Finding(
        kind="optimum",
        statement=f"{between_sentence(grid, found, best, level)}.",
        verdict=_verdict(
            grid, ranking, shown=ends is not None and all(map(math.isfinite, ends)) and not (forced or misfit < REFUTED)
        ),
        quantity=grid.quantity,
        estimate=found.value if inside else None,
        low=None if ends is None or grid.unknown else ends[0],
        high=None if ends is None or grid.unknown else ends[1],
        level=level,
        unit=grid.units[0],
        units=_units(grid, ranking),
        supporting=_identifiers(grid),
        caveats=tuple(words),
        details=details,
    )


def _verdict(grid: Grid, ranking: Ranking, *, shown: bool) -> Verdict:
    if grid.unknown or not shown:
        return "undecided"
    return "supported" if ranking.replicated else "descriptive"


def _open(low: float | None, high: float | None, edges: Ends) -> Ends | None:
    """Ends of the set; infinite beyond the grid, about which nothing is claimed."""
    if low is None or high is None:
        return None
    return (low if low >= edges[0] else -math.inf, high if high <= edges[1] else math.inf)


def _vertex(grid: Grid, found: Between | None, best: Best, level: float) -> tuple[Observable, ...]:
    if found is None or found.low is None or found.high is None:
        return ()
    edges = float(grid.levels[:, 0].min()), float(grid.levels[:, 0].max())
    gradient = np.zeros(grid.values.size)
    # The parabola was fitted in the sense of the best; its vertex does not change with the sign of the values.
    gradient[found.used[grid.member]] = found.fit.gradient * (1.0 if best == "highest" else -1.0)
    ends = _open(found.low, found.high, edges)
    inside = edges[0] <= found.value <= edges[1]
    return (
        Observable(
            f"optimum_of_{grid.quantity}", found.value if inside else None, grid.units[0], "",
            _components(grid, f"optimum/{grid.axes[0]}", float(found.fit.spread), gradient),
            method=f"vertex of a parabola through {int(found.used.sum())} levels, Fieller",
            flag="" if inside else "at or beyond the edge of the grid",
            low=None if ends is None else ends[0], high=None if ends is None else ends[1], level=level,
        ),
    )  # fmt: skip


def _components(grid: Grid, name: str, spread: float, gradient: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> dict[str, float]:  # fmt: skip
    parts = {f"fit:{name}/{grid.quantity}": spread}
    parts |= {source: float(gradient @ sizes) for source, sizes in grid.shared.items()}
    return parts | dict.fromkeys(grid.unknown, math.inf)


def _ends_along(found: Stationary, axis: int) -> Ends:
    """Ends of the region along one axis; infinite where it reaches an edge of the grid."""
    kept = np.flatnonzero(found.kept.any(axis=1 - axis))
    places = found.axes[axis]
    # One step outwards, so that the places looked at do not cut the region short.
    low = -math.inf if kept[0] == 0 else float(places[kept[0] - 1])
    high = math.inf if kept[-1] == places.size - 1 else float(places[kept[-1] + 1])
    return low, high


def _surface(
    grid: Grid,
    ranking: Ranking,
    found: Stationary | None,
    best: Best,
    level: float,
    told: tuple[str, ...],
    *,
    bent: bool,
) -> Finding:
    if found is None:
        return _few(grid, told, level)
    ends = [_ends_along(found, axis) for axis in (0, 1)] if bent else [(-math.inf, math.inf)] * 2
    closed = bent and all(math.isfinite(end) for pair in ends for end in pair)
    details: dict[str, float | int | str | None] = {
        "p_curvature": found.bent,
        "p_surface": finite(found.misfit),
        "degrees_of_freedom": finite(found.dof),
    }
    for axis, name in enumerate(grid.axes):
        details[f"optimum along {name}"] = float(found.value[axis]) if bent else None
        details[f"low along {name}"], details[f"high along {name}"] = ends[axis]
    words = told
    if found.misfit < REFUTED:
        words = (*told, f"The levels do not lie on a quadratic surface (p = {found.misfit:.1g}).")
    return Finding(
        kind="optimum",
        statement=f"{surface_sentence(grid, found, ends, best, level, bent=bent)}.",
        verdict=_verdict(grid, ranking, shown=closed and not found.misfit < REFUTED),
        quantity=grid.quantity,
        level=level,
        units=_units(grid, ranking),
        supporting=_identifiers(grid),
        caveats=words,
        details=details,
    )


def _places(grid: Grid, found: Stationary, best: Best, level: float) -> tuple[Observable, ...]:
    made = []
    sign = 1.0 if best == "highest" else -1.0
    for axis, name in enumerate(grid.axes):
        ends = _ends_along(found, axis)
        inside = found.axes[axis][0] <= found.value[axis] <= found.axes[axis][-1]
        made.append(
            Observable(
                f"optimum_of_{grid.quantity}_along_{name}", float(found.value[axis]) if inside else None, grid.units[axis],
                "", _components(grid, f"optimum/{name}", float(found.spread[axis]), sign * found.gradient[axis]),
                method="highest place of a quadratic surface, Box and Hunter's region",
                flag="" if inside else "at or beyond the edge of the grid", low=ends[0], high=ends[1], level=level,
            )
        )  # fmt: skip
    return tuple(made)
