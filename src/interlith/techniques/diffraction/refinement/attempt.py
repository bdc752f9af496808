"""What is done to the values of one pattern on the way: phases held, lines looked for, steps taken?"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from interlith.errors import FitError
from interlith.numerics.fitting import Fit, Settings
from interlith.numerics.fitting.losses import Linear
from interlith.numerics.fitting.reduced import reduced, starts_of
from interlith.numerics.fitting.solver import minimise
from interlith.physics.powder.free_lines import le_bail_update
from interlith.physics.powder.pattern_model import PatternModel
from interlith.techniques.diffraction.refinement.amount_sizes import amount_sizes
from interlith.techniques.diffraction.refinement.problem import PatternProblem
from interlith.techniques.diffraction.refinement.scaled import Scaled, scaled
from interlith.techniques.diffraction.refinement.setup import Setup
from interlith.techniques.diffraction.refinement.shifting import shifted
from interlith.techniques.diffraction.refinement.starting import place_weak

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

#: A phase whose scale is this many standard uncertainties shows where its lines are.
PLACED = 5.0
#: Times that areas without a structure are shared out before some steps.
_SHARED = 5
#: Least variance of a count where the model says less.
_LEAST = 0.5
#: Share of what stands above the background that a fit leaves over where it explains little.
LITTLE = 0.5
#: Change of chi squared, relative, by new weights that is one.
_OTHER = 0.2
LOSS = Linear()


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
class Attempt:
    """One pattern being refined.

    Parameters
    ----------
    setup
        Of the series.
    model
        On the grid of the pattern.
    points
        The pattern.
    start
        Name -> value about which bounds lie.
    wanted
        Names that are refined in the end, shape (p,).
    """

    setup: Setup
    model: PatternModel
    points: Points
    start: Mapping[str, float]
    wanted: Mask = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "wanted", self.setup.wanted(self.model))

    def free(self, held: Collection[str]) -> Mask:
        """Names that are refined while some phases keep all but their scales, shape (p,)."""
        found = self.wanted.copy()
        for number, phase in enumerate(self.setup.phases):
            if phase.name in held:
                scale = self.model.place_of(f"{phase.name}_scale")
                found[self.model.slice_of(number)] = False
                found[scale] = self.wanted[scale]
        return found

    def home(self, values: Array, held: Collection[str], shapes: Array) -> Array:
        """Values with phases that are held back at given cells, sizes and strains: what they took up while nothing was seen of them goes."""
        out = values.copy()
        for number, phase in enumerate(self.setup.phases):
            if phase.name in held:
                part, scale = self.model.slice_of(number), self.model.place_of(f"{phase.name}_scale")
                out[part] = shapes[part]
                out[scale] = values[scale]
        return out

    def problem(self, values: Array, moving: Mask) -> PatternProblem:
        """The fit of some names from where they are."""
        parameters = self.setup.parameters(self.model, values, moving, self.start)
        return PatternProblem(parameters, self.model, self.points.intensity, self.points.std)

    def whole(self, problem: PatternProblem, values: Array) -> Array:
        """Values of the model's names followed by those that only have bounds, shape (q,)."""
        return np.concatenate([values, np.zeros(len(problem.parameters) - len(values))])

    def moved(self, values: Array, moving: Mask, settings: Settings) -> tuple[Array, int]:
        """Values after some steps, and evaluations.

        Raises
        ------
        FitError
            If the model gives no pattern at its start.
        """
        for _ in range(_SHARED if self.setup.shared_out else 0):
            values = le_bail_update(
                self.model, values, self.points.intensity, std=self.points.std, phases=self.setup.shared_out
            )
        problem = self.problem(values, moving)
        space = reduced(problem)
        inner = starts_of(problem, space, self.whole(problem, values)[None])
        track = minimise(problem, space, inner, np.zeros(1, dtype=np.intp), LOSS, settings)
        if not np.isfinite(track.normal.cost[0]):
            raise FitError("The model gives no pattern at its start; give other starting values or fix widths.")
        return np.asarray(space.full(track.inner)[0, : len(values)]), int(track.steps[0])

    def reweighted(self, calculated: Array) -> Attempt:
        """The same with counts weighted by the model."""
        variance = self.points.counted * np.maximum(calculated, _LEAST)
        return Attempt(self.setup, self.model, replace(self.points, std=np.sqrt(variance)), self.start)

    def outdated(self, calculated: Array) -> bool:
        """Whether counts weighted by this model would give another chi squared than the weights that are."""
        left = self.points.intensity - calculated
        before, after = (
            float(((left / std) ** 2).sum()) for std in (self.points.std, self.reweighted(calculated).points.std)
        )
        return abs(after - before) > _OTHER * before

    def scaled(self, values: Array) -> Scaled:
        """Background and scales at their best for the rest."""
        return scaled(self.model, values, self.points.intensity, self.points.std)

    def shifted(self, now: Scaled, far: float, *, unless: float = 0.0) -> Scaled:
        """Lines looked for up to `far` (deg) from their places, unless chi squared is below a number."""
        if now.cost < unless:
            return now
        free = self.free(self.weak(now, placed=False))
        return self._lower(now, shifted(self.model, now.values, free, self.points.intensity, self.points.std, far=far))

    def placed(self, now: Scaled, weak: frozenset[str]) -> tuple[Array, frozenset[str]]:
        """Values with weak phases where something is left over, if they are seen there; and which stay weak."""
        if not weak:
            return now.values, weak
        points = self.points
        other = self._lower(now, place_weak(self.setup, self.model, now, set(weak), points.intensity, points.std))
        if other is now:
            return now.values, weak
        left = self.weak(other)
        # A phase that is not seen elsewhere either stays where it was, or it would take from its neighbours' lines.
        return (other.values, left) if left < weak else (now.values, weak)

    def weak(self, now: Scaled, *, placed: bool = True) -> frozenset[str]:
        """Phases too weak to show more than how strong they are; lines that are not `placed` yet leave much over that says nothing of amounts."""
        linear = now.linear & self.wanted
        return self._on_the_way(now.values, linear, now.rows[self.wanted[now.linear]], now.calculated, placed)

    def weak_after(self, values: Array, calculated: Array, slopes: Array, moving: Mask) -> frozenset[str]:
        """The same after a fit, from the slopes of the names that move, shape (p, n); a phase at the bound 0 is too weak."""
        linear = moving & self._linear
        return self._on_the_way(values, linear, slopes[linear] / self.points.std, calculated, True)

    def nothing_seen(self, found: Fit, calculated: Array, slopes: Array, moving: Mask) -> bool:
        """Whether a fit shows none of the phases: all are too weak for its misfit, or are at a bound of their cells where little is explained."""
        values, linear = np.asarray(found.values[0, : len(self.model.names)]), moving & self._linear
        away = self._too_weak(
            values, linear, slopes[linear] / self.points.std, calculated, self.setup.reach(self.model)
        )
        level = self.model.background_of(values)
        whole, left = (
            float(((one / self.points.std) ** 2).sum())
            for one in (self.points.intensity - level, self.points.intensity - calculated)
        )
        if left > LITTLE * whole:
            ends = zip(self.model.names, found.side[0, : len(values)].tolist(), moving.tolist(), strict=True)
            ended = [name for name, side, free in ends if side and free and "_cell_" in name]
            away |= {one for one in self.setup.structured if any(name.startswith(f"{one}_cell_") for name in ended)}
        return len(away) == len(self.setup.phases)

    @property
    def _linear(self) -> Mask:
        """Scales and terms of the background, in which a pattern is linear, shape (p,)."""
        return np.array([name.endswith("_scale") or name.startswith("background_") for name in self.model.names])

    def _on_the_way(
        self, values: Array, linear: Mask, rows: Array, calculated: Array, placed: bool
    ) -> frozenset[str]:  # fmt: skip
        weak = self._too_weak(values, linear, rows, calculated, self.setup.reach(self.model) if placed else 1)
        if placed and len(weak) == len(self.setup.phases):
            # Phases are missing, or lines are not where they are yet: those offered are judged point by point.
            return self._too_weak(values, linear, rows, calculated, 1)
        return weak

    def _too_weak(self, values: Array, linear: Mask, rows: Array, calculated: Array, reach: int) -> frozenset[str]:
        sizes = amount_sizes(rows, (self.points.intensity - calculated) / self.points.std, reach)
        known = dict(zip(np.flatnonzero(linear).tolist(), sizes.tolist(), strict=True))
        places = {name: self.model.place_of(f"{name}_scale") for name in self.setup.structured}
        return frozenset(
            name for name, place in places.items() if not values[place] > PLACED * known.get(place, math.inf)
        )

    def _lower(self, now: Scaled, values: Array) -> Scaled:
        """What fits better: what is, or other values with background and scales solved for."""
        if np.array_equal(now.values, values):
            return now
        other = self.scaled(values)
        return other if other.cost < now.cost else now
