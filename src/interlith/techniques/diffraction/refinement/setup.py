"""What is the same for all patterns of a series: lines of the phases, models by grid, names that are refined and their bounds?"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from interlith.errors import StudyError, nearest
from interlith.numerics.fitting.parameters import Parameter, Parameters, Sum, Tie
from interlith.physics.powder.free_lines import FreeLines, free_lines
from interlith.physics.powder.instrument import Instrument
from interlith.physics.powder.pattern_model import COMMON, PatternModel
from interlith.physics.powder.phase_lines import PhaseLines, phase_lines
from interlith.physics.powder.profile import pseudo_voigt_width
from interlith.techniques.diffraction.refinement.limits import limits_of, typical
from interlith.techniques.diffraction.refinement.one_site import named, on_one_site
from interlith.techniques.diffraction.refinement.pattern import UNKNOWN_DISPLACEMENT, Pattern, Phase
from interlith.techniques.diffraction.refinement.plans import USUAL, Plan, matches

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

#: Lines without a structure that are nearer than this (deg) share one area.
_TOGETHER = 0.01
#: Axial divergence of an instrument.
AXIAL = ("sample_ratio", "slit_ratio")
#: Least Gaussian width in steps of the pattern: what is narrower is not seen, and its slopes are out of all measure. At how many
#: angles it is looked at.
_NARROWEST, _PLACES = 0.25, 20
#: Sets of bounds that are kept.
_KEPT = 64


@dataclass(slots=True, eq=False)
class Setup:
    """Shared by all patterns of a series.

    Parameters
    ----------
    pattern
        What the person said.
    instrument
        Of the series; its widths are the start.
    zero
        Where the zero starts (deg).
    widths_known
        Whether the widths of the instrument were measured.
    background
        Number of polynomials.
    two_theta_max
        Angle (deg) up to which lines are listed.
    axial_known
        Whether the axial divergence of the instrument is known.
    """

    pattern: Pattern
    instrument: Instrument
    zero: float
    widths_known: bool
    background: int
    two_theta_max: float
    axial_known: bool = True
    phases: tuple[PhaseLines | FreeLines, ...] = field(init=False)
    models: dict[bytes, PatternModel] = field(default_factory=dict)
    chosen: dict[tuple[str, ...], Mask] = field(init=False, default_factory=dict)
    bounds: dict[Hashable, Parameters] = field(init=False, default_factory=dict)
    reaches: dict[bytes, int] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.phases = tuple(self._lines(one) for one in self.pattern.phases)

    def _lines(self, one: Phase) -> PhaseLines | FreeLines:
        if one.intensities != "structure":
            return free_lines(
                one.structure, self.instrument, self.two_theta_max, name=one.name, nearer=_TOGETHER, size=one.size_shape,
                strain=one.strain_shape, axis=one.axis,
            )  # fmt: skip
        return phase_lines(
            one.structure, self.instrument, self.two_theta_max, name=one.name, positions=one.positions, u_iso=one.u_iso,
            u_aniso=one.u_aniso, occupancies=one.occupancies, overall="overall" in one.refine, texture=one.plane,
            unknown_displacement=UNKNOWN_DISPLACEMENT, size=one.size_shape, strain=one.strain_shape, axis=one.axis,
        )  # fmt: skip

    @property
    def shared_out(self) -> tuple[str, ...]:
        """Phases whose areas are shared out after Le Bail between the steps."""
        return tuple(one.name for one in self.pattern.phases if one.intensities == "le_bail")

    def model(self, two_theta: Array) -> PatternModel:
        """The model on a grid (deg), shape (n,); one for all patterns of that grid."""
        key = two_theta.tobytes()
        if key not in self.models:
            self.models[key] = PatternModel(
                two_theta, self.phases, self.instrument, background=self.background, humps=self.pattern.humps
            )
            self._known(self.models[key])
        return self.models[key]

    def reach(self, model: PatternModel) -> int:
        """Points over which the misfit of a line goes on: two of its widths, of the line in the middle of all at its start."""
        key = model.two_theta.tobytes()
        if key not in self.reaches:
            lines = model.lines(model.start)
            inside = (lines.position > model.two_theta[0]) & (lines.position < model.two_theta[-1])
            width, _ = pseudo_voigt_width(lines.gauss[inside], lines.lorentz[inside])
            step = float(np.median(np.diff(model.two_theta)))
            self.reaches[key] = max(1, round(2 * float(np.median(width)) / step)) if inside.any() else 1
        return self.reaches[key]

    def wanted(self, model: PatternModel) -> Mask:
        """Names that are refined in the end, shape (p,)."""
        if model.names not in self.chosen:
            self.chosen[model.names] = self._chosen(model)
        return self.chosen[model.names].copy()

    def _chosen(self, model: PatternModel) -> Mask:
        words = ["background_*", "hump_*"]
        words += self.common if self.pattern.refine is None else self.pattern.refine
        for one, phase in zip(self.pattern.phases, self.phases, strict=True):
            if isinstance(phase, PhaseLines):
                words.append(f"{one.name}_scale")
            elif one.intensities == "pawley":
                words.append(f"{one.name}_area_*")
            for word in one.refine:
                words += [f"{one.name}_{name}" for name in _names(phase, word)]
        atoms = {f"{phase.name}_{name}" for phase in self._with_atoms for name in phase.strengths.names}
        held = self.pattern.fixed
        return np.array(
            [
                (name in atoms or matches(name, words)) and not (matches(name, held) and not name.endswith("_scale"))
                for name in model.names
            ]
        )  # fmt: skip

    @property
    def common(self) -> list[str]:
        """What is refined of the instrument and the mounting unless the person says otherwise."""
        flat = self.instrument.geometry == "bragg-brentano"
        words = ["displacement" if flat and self.instrument.radius > 0 else "zero"]
        neutrons = self.instrument.radiation == "neutron"
        if not self.widths_known:
            words += ["gauss_*"] if neutrons else ["gauss_w"]
        # What lines at low angles lean by moves the cell of others; an area detector far away sees none of it.
        if not self.axial_known and (neutrons or flat):
            words += AXIAL
        if flat and self.instrument.radiation == "x-ray" and not any(one.moves_atoms for one in self.pattern.phases):
            words += ["roughness"]
        return words

    @property
    def structured(self) -> tuple[str, ...]:
        """Names of phases whose intensities follow from a structure."""
        return tuple(one.name for one in self._with_atoms)

    @property
    def _with_atoms(self) -> tuple[PhaseLines, ...]:
        return tuple(one for one in self.phases if isinstance(one, PhaseLines))

    @property
    def one_site(self) -> tuple[tuple[str, ...], ...]:
        """Displacements that are taken as equal since their atoms stand on one site."""
        names = [f"{phase.name}_{name}" for phase in self._with_atoms for name in phase.strengths.names]
        held = [name for name in names if matches(name, self.pattern.fixed)]
        return on_one_site(self._with_atoms, self.pattern.ties, held)

    @property
    def ties(self) -> tuple[Tie | Sum, ...]:
        """Those of the person; and what no pattern tells apart, as equal: displacements on one site, S/L and H/L that no one knows."""
        own = self.pattern.ties
        made = [Tie(name, {first: 1.0}) for first, *others in self.one_site for name in others]
        asked = any(name in AXIAL for one in own for name in named(one))
        held = any(matches(name, self.pattern.fixed) for name in AXIAL)
        if self.pattern.refine is None and "slit_ratio" in self.common and not asked and not held:
            made.append(Tie("slit_ratio", {"sample_ratio": 1.0}))
        return (*own, *made)

    @property
    def plan(self) -> Plan:
        """Stages."""
        return self.pattern.plan or USUAL

    def parameters(self, model: PatternModel, values: Array, moving: Mask, start: Mapping[str, float]) -> Parameters:
        """Parameters with bounds; those that do not move are fixed, wherever a fit is started.

        Parameters
        ----------
        start
            Name -> value about which a cell may move.

        Notes
        -----
        Kept: the patterns of a series ask for the same again and again.
        """
        bent = bool(moving[model.place_of("gauss_u")] or moving[model.place_of("gauss_v")])
        least = -math.inf if bent or not moving[model.place_of("gauss_w")] else self._least_square(model, values)
        key = (
            model.names,
            moving.tobytes(),
            np.array(list(start.values())).tobytes(),
            least,
            model.two_theta.tobytes(),
        )
        if key not in self.bounds:
            tied = {one.tie().name if isinstance(one, Sum) else one.name for one in self.ties}
            items = []
            for place, name in enumerate(model.names):
                low, high = limits_of(name, start[name], self.pattern)
                low = max(low, least) if name == "gauss_w" else low
                fixed = not moving[place] and name not in tied
                at = float(min(max(start[name], low), high))
                items.append(Parameter(name, at, low, high, fixed=fixed, scale=typical(name, start[name])))
            more = self._squares(model) if bent else []
            items += [Parameter(tie.name, low=self._square(model), high=math.inf) for tie in more]
            if len(self.bounds) >= _KEPT:
                self.bounds.clear()
            self.bounds[key] = Parameters(items, (*self.ties, *more))
        return self.bounds[key]

    def _tangents(self, model: PatternModel) -> Array:
        """tan(theta) over all lines, those a little outside included, shape (k,)."""
        ends = np.radians(np.clip([0.98 * model.two_theta[0], 1.02 * self.two_theta_max], 0.5, 179.0) / 2)
        return np.asarray(np.linspace(math.tan(ends[0]), math.tan(ends[1]), _PLACES))

    def _least_square(self, model: PatternModel, values: Array) -> float:
        """W below which the squared Gaussian width is negative somewhere, U and V being what they are."""
        u, v = values[model.place_of("gauss_u")], values[model.place_of("gauss_v")]
        tangent = self._tangents(model)
        return float(np.max(-(u * tangent**2 + v * tangent))) + self._square(model)

    def _square(self, model: PatternModel) -> float:
        """Least squared Gaussian width (deg^2) that is allowed."""
        return (_NARROWEST * float(np.median(np.diff(model.two_theta)))) ** 2

    def _squares(self, model: PatternModel) -> list[Tie]:
        """Squared Gaussian widths at some angles as they follow from U, V and W: none may be negative."""
        return [
            Tie(f"gauss_square_{number}", {"gauss_u": float(one) ** 2, "gauss_v": float(one), "gauss_w": 1.0})
            for number, one in enumerate(self._tangents(model))
        ]

    def _known(self, model: PatternModel) -> None:
        """Refuse names that no parameter has."""
        for word in (
            *self.pattern.start,
            *self.pattern.bounds,
            *(one.name for one in self.pattern.ties if not isinstance(one, Sum)),
        ):
            if word not in model.names:
                raise StudyError(f"The pattern has no parameter '{word}'; {nearest(word, model.names)}.")
        for word in (*(self.pattern.refine or ()), *self.pattern.fixed):
            if not any(matches(name, [word]) for name in model.names):
                raise StudyError(f"'{word}' is the name of no parameter; {nearest(word, [*COMMON, *model.names])}.")


def _names(phase: PhaseLines | FreeLines, word: str) -> list[str]:
    """Names of a phase that a word of `Phase.refine` stands for."""
    if word == "cell":
        return ["cell_*"]
    if word in ("texture", "overall"):
        return [{"texture": "texture", "overall": "overall_u"}[word]]
    wide = phase.broadening.names
    return [name for name in wide if name.startswith("inverse_size") == (word == "size")]
