"""How is one pattern refined: through stages from a fresh start, or at once from a neighbour's values?"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from interlith.errors import FitError
from interlith.numerics.fitting import Fit, Settings, fit
from interlith.numerics.fitting.covariance import alike_covariance
from interlith.physics.powder.pattern_model import PatternModel
from interlith.techniques.diffraction.refinement.attempt import Attempt, Points
from interlith.techniques.diffraction.refinement.problem import PatternProblem
from interlith.techniques.diffraction.refinement.setup import Setup
from interlith.techniques.diffraction.refinement.starting import begun, first_values, inside

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

#: How far (deg) lines are looked for from a fresh start, and from a neighbour's values; they are not where chi squared is below this
#: many times the number of points.
_FAR_FRESH, _FAR_SEEDED, _NEAR = 0.15, 0.04, 2.0
#: Turns of areas and the rest after Le Bail, and the relative change below which they have settled.
_TURNS, _SETTLED = 30, 1e-4
#: Times that counts are weighted anew after a fit that went far.
_WEIGHTED = 3
#: Edges are of nearly one length within this part of it; a fit is as good within this part of chi squared.
_NEARLY, _AS_GOOD = 0.01, 1e-5
#: Share of a standard uncertainty to which a fit goes before its weights are fixed.
_ROUGH, _STALL = 0.5, 0.3


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """One refined pattern.

    Parameters
    ----------
    model
        The pattern as a function of its names.
    points
        With the standard uncertainties used at last.
    fit
        Values, covariance by the stated uncertainties, bounds, entangled names.
    inflated
        Covariance with neighbouring residuals taken as alike, and widths at a bound as free for the others, shape (p, p).
    one_sided
        How far inside its bound a name that ended there may lie (1 standard uncertainty), widened as `inflated`; NaN elsewhere, shape (p,).
    calculated
        Shape (n,).
    held
        Phases whose cell, size and strain were not set free since they are too weak to show them.
    steps
        Evaluations in all stages.
    fresh
        Whether it began without a neighbour.
    one_site
        Displacements that were taken as equal since their atoms stand on one site.
    """

    model: PatternModel
    points: Points
    fit: Fit
    inflated: Array
    one_sided: Array
    calculated: Array
    held: tuple[str, ...]
    steps: int
    fresh: bool
    one_site: tuple[tuple[str, ...], ...] = ()

    @property
    def values(self) -> Array:
        """Shape (p,)."""
        return np.asarray(self.fit.values[0, : len(self.model.names)])

    @property
    def named(self) -> dict[str, float]:
        """Values by name."""
        return dict(zip(self.model.names, self.values.tolist(), strict=True))

    @property
    def moving(self) -> Mask:
        """Names that were refined, shape (p,)."""
        problem = self.fit.problem
        assert isinstance(problem, PatternProblem)
        return problem.moving

    @property
    def covariance(self) -> Array:
        """By the stated uncertainties, shape (p, p)."""
        count = len(self.model.names)
        return np.asarray(self.fit.covariance[0, :count, :count])

    @property
    def converged(self) -> bool:
        """Whether it may be used."""
        return bool(self.fit.converged[0])

    @property
    def reduced_cost(self) -> float:
        """Chi squared per degree of freedom."""
        return float(self.fit.reduced_cost[0])


def refine_fresh(setup: Setup, points: Points) -> Fitted:
    """A pattern that nothing is known of, through the stages of the plan.

    Raises
    ------
    FitError
        If the model gives no pattern at its start.
    """
    model = setup.model(points.two_theta)
    values = first_values(setup, model, points.intensity, points.std)
    work = Attempt(setup, model, points, dict(zip(model.names, values.tolist(), strict=True)))
    held, steps, shapes = frozenset(setup.pattern.names), 0, begun(setup, model)
    for number, stage in enumerate(setup.plan.stages):
        if number == 1:
            values = work.shifted(work.scaled(values), _FAR_FRESH).values
        if number:
            weak = work.weak(work.scaled(values))
            values, held = work.placed(work.scaled(work.home(values, weak, shapes)), weak)
        moving = np.array(setup.plan.free(number, model.names)) & work.free(held)
        if moving.any():
            values, spent = work.moved(values, moving, Settings(stage.tolerance, stage.rounds))
            steps += spent
    return _as_listed(setup, _finished(work, values, held, shapes, steps=steps, fresh=True))


def refine_from(setup: Setup, points: Points, seed: Mapping[str, float]) -> Fitted:
    """A pattern that is like one that was refined: all names at once from there, scales and background solved for first.

    Raises
    ------
    FitError
        If the model gives no pattern at its start.
    """
    model = setup.model(points.two_theta)
    values = np.array([seed[name] for name in model.names])
    values = shapes = inside(setup, model, values)
    work = Attempt(setup, model, points, dict(zip(model.names, model.start.tolist(), strict=True)))
    now = work.shifted(work.scaled(shapes), _FAR_SEEDED, unless=_NEAR * points.intensity.size)
    values, held = work.placed(now, work.weak(now))
    return _finished(work, values, held, shapes, steps=0, fresh=False)


def refine_again(setup: Setup, fitted: Fitted, changed: Mapping[str, float]) -> Fitted:
    """A refined pattern with other values of phases that it hardly shows: weights stay as they were.

    Raises
    ------
    FitError
        If the model gives no pattern at its start.
    """
    model, named = fitted.model, fitted.named | dict(changed)
    shapes = inside(setup, model, np.array([named[name] for name in model.names]))
    work = Attempt(setup, model, fitted.points, dict(zip(model.names, model.start.tolist(), strict=True)))
    now = work.scaled(shapes)
    return _finished(work, now.values, work.weak(now), shapes, steps=0, fresh=fitted.fresh, weighted=True)


def _as_listed(setup: Setup, fitted: Fitted) -> Fitted:
    """With edges of nearly one length in the order of the structure, where they changed places and that order fits as well."""
    named, changed = fitted.named, dict[str, float]()
    for phase in setup.pattern.phases:
        edges = [f"{phase.name}_cell_{one}" for one in "abc"]
        lengths = dict(zip(edges, phase.structure.cell.parameters[:3], strict=True))
        for one, two in combinations([edge for edge in edges if edge in named and phase.name not in fitted.held], 2):
            crossed = (lengths[one] - lengths[two]) * (named[one] - named[two]) < 0
            if crossed and abs(named[one] - named[two]) < _NEARLY * named[one]:
                changed |= {one: named[two], two: named[one]}
    if not changed or not fitted.converged:
        return fitted
    try:
        other = refine_again(setup, fitted, changed)
    except FitError:
        return fitted
    as_good = other.converged and other.reduced_cost < fitted.reduced_cost * (1 + _AS_GOOD)
    return replace(other if as_good else fitted, steps=fitted.steps + other.steps)


def _finished(
    work: Attempt, values: Array, held: frozenset[str], shapes: Array, *, steps: int, fresh: bool, weighted: bool = False
) -> Fitted:  # fmt: skip
    """All names free to convergence, phases that are too weak held at `shapes`; counts weighted by the model at last, unless they are."""
    plan, model, seen, again = work.setup.plan, work.model, [held], _WEIGHTED
    while True:
        moving = work.free(held)
        if work.setup.shared_out:
            # Areas and the rest are found in turns: a few steps, then the areas anew.
            for _ in range(_TURNS):
                before = values
                values, spent = work.moved(values, moving, Settings(_ROUGH, 3))
                steps += spent
                if np.abs(values - before).max() <= _SETTLED * np.abs(before).max():
                    break
        if work.points.counted and not weighted:
            # Weights follow the model, so the model must be near its end before they are fixed.
            values, spent = work.moved(values, moving, Settings(_ROUGH, plan.rounds, _STALL))
            steps += spent
            work = work.reweighted(model.intensity(values))
        problem = work.problem(values, moving)
        found = fit(
            problem,
            start=work.whole(problem, values),
            settings=Settings(plan.tolerance, plan.rounds, plan.stall),
            retries=0,
            errors="stated",
        )
        steps += int(found.steps[0])
        values = np.asarray(found.values[0, : len(model.names)])
        calculated, slopes = model.with_slopes(values, problem.moving)
        if work.points.counted and not weighted and again and work.outdated(calculated):
            # A phase was found on the way: what weights came from is not what the pattern is.
            again -= 1
            continue
        weak = work.weak_after(values, calculated, slopes, moving)
        end, now = work.placed(work.scaled(work.home(values, weak - held, shapes)), weak) if weak else (values, weak)
        # A phase at the edge of being seen must not go back and forth.
        if now in seen:
            break
        values, held = end, now
        seen.append(held)
    if work.nothing_seen(found, calculated, slopes, moving):
        held = frozenset(work.setup.pattern.names)
    inflated, one_sided = _inflated(problem, found, calculated, slopes)
    shared = tuple(group for group in work.setup.one_site if moving[model.place_of(group[0])])
    return Fitted(model, work.points, found, inflated, one_sided, calculated, tuple(sorted(held)), steps, fresh, shared)


def _inflated(problem: PatternProblem, found: Fit, calculated: Array, slopes: Array) -> tuple[Array, Array]:
    """Covariance with neighbouring residuals taken as alike (p, p), and how far inside the bounds that they ended at names may lie (p,).

    A width that ended at its bound counts as free for the others: had it stayed inside, they would be elsewhere by as much as the two do
    the same. Taken as known, it would make its partner sure of a value that is off by several standard uncertainties.
    """
    known = np.isfinite(found.covariance[0])
    covariance = np.where(known, found.covariance[0], 0.0)
    independent, names = list(problem.parameters.independent), problem.model.names
    count, moving = len(names), np.flatnonzero(problem.moving)
    jacobian = (slopes[moving] / problem.std).T
    free = np.diag(covariance)[independent] > 0
    ended = [place for place in independent if place < count and found.side[0, place] and _is_width(names[place])]
    if ended:
        covariance = np.where(known, _with_free(problem, jacobian, free, ended), 0.0)
    # Names that do not move have no variance, and cost nothing.
    own = np.ix_(moving, moving)
    wider = np.zeros((count, count))
    residual = (calculated - problem.intensity) / problem.std
    wider[own] = alike_covariance(residual, jacobian, covariance[own], size=int(free.sum()))
    # At the bound itself its one-sided distance says how far inside it may lie: without the bound it would lie as far beyond it, less surely.
    one_sided = found.one_sided[0, :count].copy()
    for place in ended:
        inside, stated, alike = one_sided[place], covariance[place, place], wider[place, place]
        if 0 < inside < math.inf and stated > 0:
            beyond = max((stated - inside**2) / (2 * inside), 0.0)
            one_sided[place] = max(inside, math.sqrt(beyond**2 + alike) - beyond)
    wider[ended] = wider[:, ended] = 0.0
    return np.asarray(np.where(known[:count, :count], wider, found.covariance[0, :count, :count])), one_sided


def _is_width(name: str) -> bool:
    return name.startswith(("gauss_", "lorentz_")) or "_inverse_size" in name or "_microstrain" in name


def _with_free(problem: PatternProblem, jacobian: Array, free: Mask, ended: Collection[int]) -> Array:
    """Covariance of all names (p, p) by the stated uncertainties, with those that ended at a bound free too."""
    matrix, independent = problem.parameters.matrix, list(problem.parameters.independent)
    some = free | np.isin(independent, list(ended))
    columns = jacobian @ matrix[np.flatnonzero(problem.moving)][:, some]
    size = np.sqrt((columns**2).sum(axis=0))
    size[size == 0] = 1.0
    scaled = columns / size
    inner = np.linalg.pinv(scaled.T @ scaled, rcond=1e-11, hermitian=True) / np.outer(size, size)
    return np.asarray(matrix[:, some] @ inner @ matrix[:, some].T)
