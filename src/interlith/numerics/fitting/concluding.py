"""What is said of a fit once its minimum is found: covariance, bounds, what the data do not fix?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from interlith.errors import FitError
from interlith.numerics.fitting.coupled import Series
from interlith.numerics.fitting.covariance import (
    Certainty,
    at_bounds,
    certainty,
    correlated_covariance,
    one_sided,
    pinned,
    robust_covariance,
    series_certainty,
)
from interlith.numerics.fitting.losses import Loss
from interlith.numerics.fitting.parameters import Array, Mask
from interlith.numerics.fitting.problem import Curves, Members, Normal, Problem, Rooted
from interlith.numerics.fitting.reduced import Reduced
from interlith.numerics.fitting.result import Errors, Fit
from interlith.numerics.fitting.solver import Status, Track

#: Distance from a bound, in standard uncertainties of unit variance, that is none.
_NEXT_TO = 1e-6


@dataclass(slots=True)
class Judged:
    """Which bounds hold members, shape (m, q), and how sure their parameters are."""

    side: NDArray[np.int8]
    still: Mask
    found: Certainty

    def replace(self, rows: Members, other: Judged) -> None:
        """Put in the members `rows` from elsewhere."""
        self.side[rows], self.still[rows] = other.side, other.still
        self.found.inverse[rows], self.found.loose[rows] = other.found.inverse, other.found.loose
        groups = list(self.found.groups)
        for row, group in zip(rows, other.found.groups, strict=True):
            groups[row] = group
        self.found = Certainty(self.found.inverse, self.found.loose, tuple(groups))


def judged(problem: Problem, space: Reduced, track: Track, rows: Members, loss: Loss) -> Judged:
    """Bounds and certainty of the members `rows` where they stand, those next to a bound put onto it."""
    _put_onto_bounds(problem, space, track, rows, loss)
    inner, normal = track.inner[rows], Normal(*(piece[rows] for piece in track.normal))
    side = at_bounds(space, inner, rows, normal)
    still = space.held[rows] | (side != 0)
    return Judged(side, still, certainty(problem, space, inner, rows, normal, still, loss))


def _put_onto_bounds(problem: Problem, space: Reduced, track: Track, rows: Members, loss: Loss) -> None:
    """Parameters pushed against a bound that is nearer than a millionth of their size: scoring halves for ever."""
    inner, slope = track.inner[rows], track.normal.gradient[rows]
    diagonal = np.einsum("bii->bi", track.normal.hessian[rows])
    known = diagonal > 1e-290
    near = _NEXT_TO * np.sqrt(np.divide(1.0, diagonal, out=np.zeros_like(diagonal), where=known))
    down = (slope > 0) & (inner > space.low[rows]) & (inner - space.low[rows] <= near)
    up = (slope < 0) & (inner < space.high[rows]) & (space.high[rows] - inner <= near)
    moved = np.where(down, space.low[rows], np.where(up, space.high[rows], inner))
    some = np.flatnonzero(((down | up) & ~space.held[rows]).any(axis=1))
    if not some.size:
        return
    which = rows[some]
    found = space.normal(problem, moved[some], which, loss)
    good = np.isfinite(found.gradient).all(axis=1) & (found.cost <= track.normal.cost[which] * (1 + 1e-12))
    track.inner[which[good]] = moved[some][good]
    for mine, theirs in zip(track.normal, found, strict=True):
        mine[which[good]] = theirs[good]


def conclude_members(
    problem: Problem, space: Reduced, track: Track, ends: Judged, loss: Loss, errors: Errors, tries: NDArray[np.intp]
) -> Fit:  # fmt: skip
    """The fit of independent members."""
    members, found = np.arange(problem.members), ends.found
    dof = (problem.points[members] - (~ends.still).sum(axis=1)).astype(np.float64)
    inner, basis, variance = covariance_by(problem, space, track.inner, members, track.normal, found, loss, errors, dof)
    distances = one_sided(track.normal, found, ends.side, variance)
    return _assembled(problem, space, track, inner, found, (ends.side, distances), Told(basis, dof, loss, tries))


def conclude_series(series: Series, track: Track, cost: float, errors: Errors, tries: int) -> Fit:
    """The fit of a coupled series; the covariance of each member holds its own and the shared parameters."""
    problem, space, loss = series.problem, series.space, series.loss
    members = np.arange(problem.members)
    _, _, local, shared = series.normal(track.inner)
    whole = track.normal._replace(gradient=np.zeros_like(track.normal.gradient))
    whole.gradient[:, series.local], whole.gradient[:, series.shared] = local, shared
    side = at_bounds(space, track.inner, members, whole)
    still = space.held | (side != 0) | ~series.alive[:, None]
    found = series_certainty(series, track.normal, still)
    free_local = (~still[:, series.local]).sum(axis=1)
    free_shared = int((~still[:, series.shared]).all(axis=0).sum())
    dof = problem.points - free_local - free_shared / max(int(series.alive.sum()), 1)
    total = float(dof[series.alive].sum())
    factor = cost / total if total > 0 else math.inf
    chosen = _convention(problem, loss, errors)
    if chosen == "correlated":
        raise FitError("errors='correlated' is for members that are fitted one by one; ask for errors='scaled'.")
    variance = np.full(len(members), factor if chosen == "scaled" else 1.0)
    basis = "scaled by chi squared per degree of freedom of the series" if chosen == "scaled" else _STATED
    covariance = found.inverse * variance[:, None, None]
    distances = one_sided(whole, found, side, variance)
    told = Told(basis, dof.astype(np.float64), loss, np.full(len(members), tries, dtype=np.intp))
    return _assembled(problem, space, track, covariance, found, (side, distances), told)


_STATED = "stated standard uncertainties, not scaled by chi squared"


def _convention(problem: Problem, loss: Loss, errors: Errors) -> str:
    if errors not in ("auto", "stated", "scaled", "correlated"):
        raise FitError(f"errors is '{errors}'; one of auto, stated, scaled, correlated.")
    if errors != "auto":
        return errors
    unknown = isinstance(problem, Curves) and problem.std is None and not loss.likelihood
    return "scaled" if unknown else "stated"


def covariance_by(
    problem: Problem, space: Reduced, inner: Array, which: Members, normal: Normal, found: Certainty, loss: Loss,
    errors: Errors, dof: Array,
) -> tuple[Array, str, Array]:  # fmt: skip
    """Covariance (b, q, q) by the asked convention, that convention in words, and the variance factor (b,).

    Raises
    ------
    FitError
        If the convention is unknown, or correlated residuals are asked of a problem that keeps its residuals to itself.
    """
    chosen = _convention(problem, loss, errors)
    factor = np.divide(normal.cost, dof, out=np.full(len(which), math.inf), where=dof > 0)
    robust = not (loss.quadratic or loss.likelihood)
    if chosen == "correlated" and not isinstance(problem, Rooted):
        raise FitError("Correlated residuals need the residuals themselves; fit `Curves`, or ask for errors='scaled'.")
    if chosen == "correlated" and isinstance(problem, Rooted):
        found_here = correlated_covariance(problem, space, inner, which, found, loss)
        return found_here, "scaled by the residuals, neighbours being correlated", factor
    if robust and isinstance(problem, Curves):
        words = f"the spread of the residuals under the {loss.name} loss"
        return robust_covariance(problem, space, inner, which, found, loss), words, factor
    if chosen == "stated":
        return found.inverse, _STATED, np.ones(len(which))
    with np.errstate(invalid="ignore"):
        scaled = np.where(found.inverse == 0, 0.0, found.inverse * factor[:, None, None])
    return scaled, "scaled by chi squared per degree of freedom", factor


@dataclass(frozen=True, slots=True)
class Told:
    """What is known beside the minimum: how to read the covariance, degrees of freedom, starts tried."""

    basis: str
    dof: Array
    loss: Loss
    attempts: NDArray[np.intp]


def _assembled(
    problem: Problem, space: Reduced, track: Track, covariance: Array, found: Certainty, sides: tuple[NDArray[np.int8], Array],
    told: Told,
) -> Fit:  # fmt: skip
    """The fit in all parameters, tied ones included; what is not known is ``inf``."""
    parameters, independent = problem.parameters, list(problem.parameters.independent)
    count, size = len(track.inner), len(parameters)
    failed = track.status != Status.CONVERGED
    infinite = ~np.isfinite(np.einsum("bii->bi", covariance))
    covariance, row_side, row_distances = pinned(
        space, track.inner, track.normal, found, np.where(np.isfinite(covariance), covariance, 0.0)
    )
    full = space.matrix @ covariance @ space.matrix.T
    # A tied parameter is unknown if one that it follows from is.
    weights = np.abs(space.matrix).T
    moves = (~space.held).astype(float) @ weights > 0
    unknown = (((found.loose | infinite).astype(float) @ weights > 0) | failed[:, None]) & moves
    full = np.where(unknown[:, :, None] | unknown[:, None, :], 0.0, full)
    places = np.arange(size)
    full[:, places, places] = np.where(unknown, math.inf, full[:, places, places])
    side, distances = np.zeros((count, size), dtype=np.int8), np.full((count, size), math.nan)
    side[:, independent], distances[:, independent] = sides
    side[:, space.row_places], distances[:, space.row_places] = row_side, row_distances
    # What follows from a parameter at a bound moves with it.
    held_up = np.where(np.isnan(distances[:, independent]), 0.0, distances[:, independent])
    endless = ~np.isfinite(held_up)
    carried = np.square(np.where(endless, 0.0, held_up)) @ np.square(space.matrix).T
    carried = np.where(endless.astype(float) @ np.abs(space.matrix).T > 0, math.inf, carried)
    carried[:, independent] = 0.0
    follows = (carried > 0) & np.isnan(distances)
    distances = np.where(follows, np.sqrt(np.maximum(full[:, places, places], 0.0) + carried), distances)
    distances = np.where(failed[:, None] & ((side != 0) | follows), math.inf, distances)
    names = parameters.names
    entangled = tuple(tuple(tuple(names[independent[k]] for k in group) for group in groups) for groups in found.groups)
    return Fit(
        problem=problem, loss=told.loss, values=space.full(track.inner), covariance=full, basis=told.basis,
        cost=track.normal.cost.copy(), dof=told.dof, status=track.status.copy(), steps=track.steps.copy(),
        attempts=told.attempts, side=side, one_sided=distances, entangled=entangled,
    )  # fmt: skip
