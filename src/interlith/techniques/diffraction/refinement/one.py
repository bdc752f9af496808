"""How is one pattern refined: through stages from a fresh start, or at once from a neighbour's values?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from interlith.errors import FitError
from interlith.numerics.fitting import Fit, Settings, fit
from interlith.numerics.fitting.covariance import alike_covariance
from interlith.numerics.fitting.losses import Linear
from interlith.numerics.fitting.reduced import reduced, starts_of
from interlith.numerics.fitting.solver import Track, minimise
from interlith.physics.powder.pattern_model import PatternModel
from interlith.techniques.diffraction.refinement.problem import PatternProblem
from interlith.techniques.diffraction.refinement.setup import Setup
from interlith.techniques.diffraction.refinement.shifting import shifted
from interlith.techniques.diffraction.refinement.starting import first_values, place_weak, with_scales

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

#: A phase whose scale is this many standard uncertainties shows where its lines are, and how wide they are.
PLACED, WIDENED = 5.0, 12.0
#: Least variance of a count where the model says less.
_LEAST = 0.5
_LOSS = Linear()


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """One pattern as the refinement sees it.

    Parameters
    ----------
    two_theta, intensity, std
        (deg), counts or the unit of the file, and standard uncertainties, shape (n,): only points that count.
    counted
        Variance over intensity where the intensities are counts (times a factor), 0 where the file states uncertainties: counts
        are weighted by the model in the end, since those that came out low would weigh too much.
    """

    two_theta: Array
    intensity: Array
    std: Array
    counted: float = 0.0


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
        Covariance with neighbouring residuals taken as alike, shape (p, p).
    calculated
        Shape (n,).
    held
        Phases whose cell, size and strain were not set free since they are too weak to show them.
    steps
        Evaluations in all stages.
    fresh
        Whether it began without a neighbour.
    """

    model: PatternModel
    points: Points
    fit: Fit
    inflated: Array
    calculated: Array
    held: tuple[str, ...]
    steps: int
    fresh: bool

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
    start = dict(zip(model.names, values.tolist(), strict=True))
    wanted, steps = setup.wanted(model), 0
    held: set[str] = set(setup.pattern.names)
    for number, stage in enumerate(setup.plan.stages):
        if number:
            values, held = _placed(setup, model, values, points, wanted, far=0.15 if number == 1 else 0.0)
        moving = wanted & np.array(setup.plan.free(number, model.names)) & ~_held(setup, model, held)
        if not moving.any():
            continue
        problem = PatternProblem(setup.parameters(model, values, moving, start), model, points.intensity, points.std)
        values, spent = _moved(problem, values, Settings(stage.tolerance, stage.rounds))
        steps += spent
    return _finished(setup, model, points, values, start, steps=steps, fresh=True)


def refine_from(setup: Setup, points: Points, seed: Mapping[str, float]) -> Fitted:
    """A pattern that is like one that was refined: all names at once from there, scales and background solved for first.

    Raises
    ------
    FitError
        If the model gives no pattern at its start.
    """
    model = setup.model(points.two_theta)
    values = np.array([seed[name] for name in model.names])
    start = dict(zip(model.names, model.start.tolist(), strict=True))
    with_scales(setup, model, values, points.intensity, points.std)
    values, _ = _placed(setup, model, values, points, setup.wanted(model), far=0.04)
    return _finished(setup, model, points, values, start, steps=0, fresh=False)


def _placed(
    setup: Setup, model: PatternModel, values: Array, points: Points, wanted: Mask, *, far: float
) -> tuple[Array, set[str]]:  # fmt: skip
    """Values with lines looked for near their places, and weak phases where something is left over; and which stay weak."""
    weak = _weak(setup, model, values, points, wanted)
    if far > 0:
        other = shifted(model, values, wanted & ~_held(setup, model, weak), points.intensity, points.std, far=far)
        values = _lower(setup, model, values, other, points)
        weak = _weak(setup, model, values, points, wanted)
    if weak:
        other = _lower(
            setup, model, values, place_weak(setup, model, values, weak, points.intensity, points.std), points
        )
        left = weak if other is values else _weak(setup, model, other, points, wanted)
        # A phase that is not seen elsewhere either stays where it was, or it would take from its neighbours' lines.
        if left < weak:
            values, weak = other, left
    return values, weak


def _lower(setup: Setup, model: PatternModel, values: Array, other: Array, points: Points) -> Array:
    """Those of two values that fit better, scales and background solved for."""
    if np.array_equal(values, other):
        return values
    with_scales(setup, model, other, points.intensity, points.std)
    costs = [float((((points.intensity - model.intensity(one)) / points.std) ** 2).sum()) for one in (values, other)]
    return other if costs[1] < costs[0] else values


def _finished(
    setup: Setup, model: PatternModel, points: Points, values: Array, start: Mapping[str, float], *, steps: int, fresh: bool
) -> Fitted:  # fmt: skip
    """All names free to convergence, phases that are too weak held; counts weighted by the model at last."""
    wanted, plan = setup.wanted(model), setup.plan
    used = _reweighted(points, model.intensity(values)) if points.counted else points
    held = _weak(setup, model, values, used, wanted)
    seen: list[set[str]] = []
    settings = Settings(plan.tolerance, plan.rounds)
    while True:
        seen.append(held)
        moving = wanted & ~_held(setup, model, held)
        if points.counted:
            # Weights follow the model, so the model must be near its end before they are fixed.
            problem = PatternProblem(setup.parameters(model, values, moving, start), model, used.intensity, used.std)
            values, spent = _moved(problem, values, Settings(0.5, plan.rounds))
            steps += spent
            used = _reweighted(points, model.intensity(values))
        problem = PatternProblem(setup.parameters(model, values, moving, start), model, used.intensity, used.std)
        found = fit(problem, start=_whole(problem, values), settings=settings, retries=0, errors="stated")
        steps += int(found.steps[0])
        values = np.asarray(found.values[0, : len(model.names)])
        end, held = _placed(setup, model, values, used, wanted, far=0.0)
        if held not in seen:
            values = end
        # A phase at the edge of being seen must not go back and forth.
        if held in seen:
            break
    return Fitted(
        model, used, found, _inflated(problem, found), model.intensity(found.values[0, : len(model.names)]), tuple(sorted(seen[-1])), steps, fresh
    )  # fmt: skip


def _inflated(problem: PatternProblem, found: Fit) -> Array:
    """Covariance with neighbouring residuals taken as alike, shape (p, p)."""
    covariance = np.where(np.isfinite(found.covariance[0]), found.covariance[0], 0.0)
    _, residual, jacobian = problem.rooted(found.values, np.zeros(1, dtype=np.intp), _LOSS)
    size = int((np.diag(covariance)[list(problem.parameters.independent)] > 0).sum())
    wider = alike_covariance(residual[0], jacobian[0], covariance, size=size)
    count = len(problem.model.names)
    return np.where(np.isfinite(found.covariance[0]), wider, found.covariance[0])[:count, :count]


def _moved(problem: PatternProblem, values: Array, settings: Settings) -> tuple[Array, int]:
    space = reduced(problem)
    inner = starts_of(problem, space, _whole(problem, values)[None])
    track: Track = minimise(problem, space, inner, np.zeros(1, dtype=np.intp), _LOSS, settings)
    if not np.isfinite(track.normal.cost[0]):
        raise FitError("The model gives no pattern at its start; give other starting values or fix widths.")
    return np.asarray(space.full(track.inner)[0, : len(values)]), int(track.steps[0])


def _whole(problem: PatternProblem, values: Array) -> Array:
    """Values of the model's names followed by those that only have bounds, shape (q,)."""
    more = len(problem.parameters) - len(values)
    return np.concatenate([values, np.zeros(more)])


def _reweighted(points: Points, calculated: Array) -> Points:
    variance = points.counted * np.maximum(calculated, _LEAST)
    return replace(points, std=np.sqrt(variance))


def _held(setup: Setup, model: PatternModel, phases: Iterable[str]) -> Mask:
    """Names of phases that stay, all but their scales, shape (p,)."""
    stay = np.zeros(len(model.names), dtype=np.bool_)
    words = set(phases)
    for number, phase in enumerate(setup.phases):
        if phase.name in words:
            part = model.slice_of(number)
            stay[part] = True
            stay[model.place_of(f"{phase.name}_scale")] = False
    return stay


def _weak(setup: Setup, model: PatternModel, values: Array, points: Points, wanted: Mask) -> set[str]:
    """Phases too weak to show more than how strong they are."""
    scales = [model.place_of(f"{one.name}_scale") for one in setup.phases]
    terms = [place for place, name in enumerate(model.names) if name.startswith("background_")]
    moving = np.zeros(len(model.names), dtype=np.bool_)
    moving[[*scales, *terms]] = True
    _, slopes = model.with_slopes(values, moving)
    scaled = slopes[moving] / points.std
    inverse = np.linalg.pinv(scaled @ scaled.T, hermitian=True)
    place = {int(one): row for row, one in enumerate(np.flatnonzero(moving))}
    weak = set()
    for one, scale in zip(setup.phases, scales, strict=True):
        size = float(np.sqrt(max(inverse[place[scale], place[scale]], 0.0)))
        if not values[scale] > PLACED * size:
            weak.add(one.name)
    return weak
