"""Which levels may be the best, and where between them does a parabola or a quadratic surface have its highest place?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from interlith.evidence.causes.trend_fit import Errors
from interlith.evidence.levels.optimum_levels import Grid
from interlith.model import Replication
from interlith.numerics.levels.best_levels import (
    Scatter,
    chances_of_best,
    largest_losses,
    pooled_scatter,
    possible_bests,
    possible_bests_separate,
)
from interlith.numerics.levels.fieller import CLOSED
from interlith.numerics.levels.stationary import COEFFICIENTS, Stationary, stationary_place
from interlith.numerics.levels.vertices import Vertex, fit_vertex

Array = NDArray[np.float64]
Best = Literal["highest", "lowest"]
Through = Literal["auto", "all", "neighbours"]
Basis = Literal["replicates", "declared spread", "measurement only", "none"]

#: Probability of so much misfit below which a parabola through all levels gives way to the neighbours of the best one. At
#: 0.05 the choice itself cost coverage (0.92 to 0.93 where the parabola holds).
MISFIT = 0.01


@dataclass(frozen=True, slots=True)
class Ranking:
    """Levels by their means, and which may be the best.

    Parameters
    ----------
    means, counts
        (unit) of the quantity, and number of values, shape (k,).
    variances, scale, dof, basis
        Relative variances of the means; (unit) their scale, its degrees of freedom, and what it rests on.
    kept
        Levels that cannot be excluded as best, shape (k,); all where nothing is known of the scatter.
    chances
        Probability of being best, shape (k,); `None` where nothing is known.
    loss
        (unit) How far the level with the best mean may be from the truly best one.
    separate
        `kept` with separate scatters, where every level has two values.
    """

    means: Array
    counts: NDArray[np.int64]
    variances: Array
    scale: float
    dof: float
    basis: Basis
    kept: NDArray[np.bool_]
    chances: Array | None
    loss: float
    separate: NDArray[np.bool_] | None
    best: int

    @property
    def replicated(self) -> bool:
        """Whether something may be said of more than these specimens."""
        seen = self.basis == "replicates" and int(self.counts.min()) >= 2
        return seen or self.basis == "declared spread"

    @property
    def errors(self) -> Array:
        """(unit), shape (k,): standard errors of the means."""
        return np.asarray(self.scale * np.sqrt(self.variances))


def rank(
    grid: Grid, best: Best, *, errors: Errors, scatter: Scatter, replication: Replication | None, level: float
) -> Ranking:
    """Means, scatter, and the set of levels that cannot be excluded as best."""
    sign = 1.0 if best == "highest" else -1.0
    counts = grid.counts
    means, scale, dof = pooled_scatter(grid.values, grid.member)
    variances, size, degrees, basis = _errors(grid, means, float(scale), dof, errors, replication)
    winner = int((sign * means).argmax())
    alone = None
    if counts.min() >= 2:
        spread = np.array([grid.values[grid.member == number].var(ddof=1) for number in range(len(means))])
        alone = possible_bests_separate(sign * means, spread, counts.astype(float), level=level)
    if basis == "none":
        everything = np.ones(len(means), dtype=bool)
        return Ranking(means, counts, variances, math.nan, 0.0, basis, everything, None, math.inf, None, winner)
    shared = sign * grid.of_means()
    unit = np.asarray(size)
    kept = possible_bests(sign * means, variances, unit, degrees, level=level, shared=shared)
    loss = float(largest_losses(sign * means, variances, unit, degrees, level=level, shared=shared)[winner])
    chances = chances_of_best(sign * means, variances, size, degrees)
    chosen = alone if scatter == "separate" and alone is not None else kept
    return Ranking(means, counts, variances, size, degrees, basis, chosen, chances, loss, alone, winner)


def _errors(
    grid: Grid, means: Array, scale: float, dof: float, errors: Errors, replication: Replication | None
) -> tuple[Array, float, float, Basis]:
    counts = grid.counts
    known = bool((np.isfinite(grid.own) & (grid.own > 0)).all())
    if errors == "scaled" and dof > 0 and scale > 0:
        return 1.0 / counts, scale, dof, "replicates"
    declared = replication.spread.get(grid.quantity) if replication is not None else None
    if declared is not None:
        return 1.0 / counts, declared[0] * abs(float(means.mean())), math.inf, "declared spread"
    if known:
        groups = np.eye(len(counts))[grid.member]
        squares = grid.own**2 @ groups / counts**2
        typical = math.sqrt(float(squares.mean()))
        return squares / typical**2, typical, math.inf, "measurement only"
    return 1.0 / counts, math.nan, 0.0, "none"


@dataclass(frozen=True, slots=True)
class Between:
    """The optimum along one axis by a parabola.

    Parameters
    ----------
    fit
        In the sense of the best: its vertex is a highest place.
    used
        Levels that entered, shape (k,).
    low, high
        (axis unit) Ends of the set, not confined to the grid; `None` where the curvature is not distinct from zero.
    through
        Whether all levels or the neighbours of the best one entered.
    misfit
        Probability of so much misfit of a parabola through all levels; nan if it cannot be tested.
    """

    fit: Vertex
    used: NDArray[np.bool_]
    low: float | None
    high: float | None
    through: Literal["all", "neighbours"]
    misfit: float

    @property
    def value(self) -> float:
        """(axis unit) The vertex."""
        return float(self.fit.value)


def between_levels(
    grid: Grid, ranking: Ranking, best: Best, *, through: Through, errors: Errors, level: float
) -> Between | None:
    """Vertex along one axis with its set; `None` where levels or values are too few for a parabola with an error."""
    everything = np.ones(len(grid.levels), dtype=bool)
    sizes, scaled = _sizes(grid, ranking, errors)
    if len(grid.levels) < 3 or (scaled and grid.values.size < 4):
        return None
    whole = _parabola(grid, everything, best, sizes, scaled)
    misfit = float(whole.misfit)
    near = through == "neighbours" or (through == "auto" and misfit < MISFIT)
    used = _neighbours(len(grid.levels), ranking.best) if near else everything
    chosen = used[grid.member]
    if scaled and int(chosen.sum()) < 4:
        return None
    fit = _parabola(grid, used, best, sizes, scaled) if near else whole
    found = fit.interval(level, shared=grid.matrix()[:, chosen])
    told = found.kind == CLOSED and float(fit.coefficients[2]) < 0
    low, high = (float(found.low), float(found.high)) if told else (None, None)
    return Between(fit, used, low, high, "neighbours" if near else "all", misfit)


def _sizes(grid: Grid, ranking: Ranking, errors: Errors) -> tuple[Array, bool]:
    """Standard uncertainties of the values, and whether their scatter gives the size."""
    if ranking.basis == "declared spread":
        return np.full(grid.values.size, ranking.scale), False
    if errors == "stated" and ranking.basis == "measurement only":
        return grid.own, False
    return np.ones(grid.values.size), True


def _parabola(grid: Grid, used: NDArray[np.bool_], best: Best, sizes: Array, scaled: bool) -> Vertex:
    chosen = used[grid.member]
    sign = 1.0 if best == "highest" else -1.0
    return fit_vertex(grid.levels[grid.member[chosen], 0], sign * grid.values[chosen], sizes[chosen], scaled=scaled)


def _neighbours(count: int, best: int) -> NDArray[np.bool_]:
    """The best level and one on either side; at the edge the two next to it."""
    start = min(max(best - 1, 0), count - 3)
    return np.isin(np.arange(count), np.arange(start, start + 3))


def on_surface(grid: Grid, ranking: Ranking, best: Best, *, errors: Errors, level: float) -> Stationary | None:
    """Stationary place over two axes; `None` where levels or values are too few for a quadratic surface with an error."""
    sizes, scaled = _sizes(grid, ranking, errors)
    several = all(np.unique(grid.levels[:, axis]).size >= 3 for axis in (0, 1))
    if not several or len(grid.levels) < COEFFICIENTS or (scaled and grid.values.size <= COEFFICIENTS):
        return None
    span = np.ptp(grid.levels, axis=0)
    unit = (grid.levels - grid.levels.mean(axis=0)) / span
    columns = np.column_stack([np.ones(len(unit)), unit, unit**2, unit[:, 0] * unit[:, 1]])
    if np.linalg.matrix_rank(columns) < COEFFICIENTS:
        return None
    sign = 1.0 if best == "highest" else -1.0
    return stationary_place(
        grid.levels[grid.member], sign * grid.values, sizes, scaled=scaled, level=level, shared=grid.matrix()
    )
