"""Is a facet open or closed to a mobile ion: do the ways it moves on end there, or run along it?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from interlith.crystal.facets import Indices, checked_hkl
from interlith.crystal.phases import phase
from interlith.crystal.structure import Structure
from interlith.design.inputs import uncertain
from interlith.design.matching.asking import Phase
from interlith.design.matching.faces import face_text
from interlith.design.matching.voids import Room, room, widest_angle
from interlith.design.recording import answer, digest_of, number
from interlith.design.reported import audited
from interlith.errors import StudyError
from interlith.model import Citation, Figure, Finding, Line, Marker, Observable, Panel, Statement
from interlith.notation import significant

Array = NDArray[np.float64]

#: Ways narrower than the easiest by more than this (angstrom) are others: the scatter of Shannon's radii from crystal to crystal.
OTHER_WAY = 0.1
#: Above this ratio of barriers bond valence calls a facet open: twice the barrier is another way.
_SAME_BARRIER = 0.5
_ADAMS = Citation(
    "chen2019",
    "Chen, Wong and Adams 2019, Acta Crystallogr. B 75, 18",
    "@article{chen2019, author={Chen, Haomin and Wong, Lee Loong and Adams, Stefan}, title={SoftBV -- a software tool for screening "
    "the materials genome of inorganic fast ion conductors}, journal={Acta Crystallographica Section B}, volume={75}, pages={18--33}, "
    "year={2019}, doi={10.1107/S2052520618015718}}",
)
_SHANNON = Citation(
    "shannon1976",
    "Shannon 1976, Acta Crystallogr. A 32, 751",
    "@article{shannon1976, author={Shannon, R. D.}, title={Revised effective ionic radii and systematic studies of interatomic "
    "distances in halides and chalcogenides}, journal={Acta Crystallographica Section A}, volume={32}, pages={751--767}, year={1976}, "
    "doi={10.1107/S0567739476001551}}",
)


@dataclass(frozen=True, eq=False)
class Openness:
    """Ways across one facet.

    Parameters
    ----------
    hkl
        The facet.
    across, easiest
        Radius at the bottleneck (angstrom) of the widest way that leaves the facet behind, and of the widest way at all.
    barrier_across, barrier_easiest
        Lowest saddle over the lowest site (eV) of the same; inf where the grid finds no way, nan where there are no energies.
    angle
        Between the facet and the easiest ways (deg): 0 where they run along it.
    """

    hkl: Indices
    across: float
    easiest: float
    barrier_across: float
    barrier_easiest: float
    angle: float

    @property
    def open(self) -> bool:
        """Whether the easiest ways cross the facet."""
        return self.across >= self.easiest - OTHER_WAY

    @property
    def score(self) -> float:
        """Barrier of the easiest way over that across the facet: 1 is open, near 0 closed; nan where there are no energies."""
        if math.isnan(self.barrier_across) or not self.barrier_easiest > 0:
            return math.nan
        return self.barrier_easiest / self.barrier_across


def openness(structure: Structure, found: Room, hkl: Indices) -> Openness:
    """Ways across a facet of a crystal whose room is known."""
    ways = found.ways
    easiest = float(ways.widths[0]) if len(ways.widths) else -math.inf
    span = ways.span(easiest - OTHER_WAY)
    angle = widest_angle(span, structure, hkl) if len(span) else math.nan
    across, lowest = math.nan, math.nan
    if found.energy is not None and found.energy_ways is not None and len(found.energy_ways.widths):
        floor = float(found.energy.min())
        across, lowest = (
            _saddle(-width, floor) for width in (found.energy_ways.across(hkl), found.energy_ways.widths[0])
        )
    return Openness(hkl, ways.across(hkl), easiest, across, lowest, angle)


def _saddle(energy: float, floor: float) -> float:
    # Within atoms no energies were worked out: such a way is none.
    return energy - floor if energy < 900 else math.inf


def channels(
    structure: Phase, facet: Sequence[Any], *, ion: str = "Li", radii: Mapping[str, float] | None = None, step: str | float = 0.15,
    energy: bool = True, reported: Mapping[str, str | float] | None = None,
) -> Statement:  # fmt: skip
    """Whether facets are open or closed to a mobile ion.

    Parameters
    ----------
    structure
        Name, CIF or structure.
    facet
        Miller indices, or a list of several facets.
    ion
        Element that moves; its own atoms are taken out, all others stay where they are.
    radii
        Element -> radius (angstrom) of the frame where Shannon's is not wanted.
    step
        Distance of grid points (angstrom), at most.
    energy
        Whether bond-valence site energies are worked out too (Li and Na).
    reported
        Numbers of a paper to check, by quantity, for the first facet.

    Returns
    -------
    Statement
        Findings: one for each facet, and one for each reported number. ``data``: ``facets`` (a tuple of `Openness`), ``ways``
        (translations in cells and bottleneck radii).

    Raises
    ------
    StudyError, UnitError, ReadError
        If there is no radius for an ion, or the grid is too fine.

    Notes
    -----
    A facet is open where the ways that are the widest in the crystal advance across it, closed where these run along it and
    only narrower ones cross. Nothing is adjusted to a material. The frame does not give way, so that bottlenecks look too narrow
    and barriers too high, most of all in layered crystals; that is why facets are compared with the easiest way of the same
    crystal. The assumption that fails first: that the surface opens as the bulk does; defects, domain boundaries and
    reconstruction may open a closed facet.
    """
    crystal = phase(structure)
    facets = _facets(facet)
    found = room(
        crystal, ion=ion, radii=radii, step=uncertain(step, "angstrom", "the step of the grid").value, energy=energy
    )
    answers = tuple(openness(crystal, found, hkl) for hkl in facets)
    source = digest_of(crystal)
    observables = [one for each in answers for one in _numbers(crystal, each, found, source)]
    findings = [_finding(crystal, each, found, ion) for each in answers]
    first = [one for one in observables if one.sample == _sample(crystal, facets[0])]
    return answer(
        "channels", observables, findings=(*findings, *audited(first, reported)), figures=(_figure(crystal, answers, ion),),
        options={
            "structure": crystal.name, "facets": [list(hkl) for hkl in facets], "ion": ion, "step": found.step,
            "radii": found.radii,
        },
        words=(
            f"The widest ways of {ion} through {crystal.name} were found on a grid of {found.step:.2g} angstrom as the widest paths "
            "between ionic spheres (Shannon radii)"
            + (" and as the lowest paths of the bond-valence site energy" if found.energy is not None else "")
            + "; a facet is open where the easiest of them cross it."
        ),
        data={"facets": answers, "ways": found.ways}, citations=(_SHANNON, *((_ADAMS,) if found.energy is not None else ())),
    )  # fmt: skip


def _facets(given: Sequence[Any]) -> tuple[Indices, ...]:
    if isinstance(given, str) or not len(given):
        raise StudyError(f"facet is {given!r}; write three Miller indices, or a list of such.")
    nested = not isinstance(given[0], (int, float, np.integer))
    return tuple(dict.fromkeys(checked_hkl(one) for one in (given if nested else [given])))


def _sample(structure: Structure, hkl: Indices) -> str:
    return f"{structure.name} {face_text(hkl)}"


def _numbers(structure: Structure, one: Openness, found: Room, source: str) -> list[Observable]:
    sample = _sample(structure, one.hkl)
    # A path on the grid is narrower by up to half a diagonal of it, uniformly distributed.
    grid = {"model:grid": found.step * math.sqrt(3) / 2 / math.sqrt(3), "model:ionic radii": OTHER_WAY / 2}
    rigid = {"model:rigid lattice": math.inf}
    rows = [
        ("bottleneck_across", one.across, "angstrom", grid), ("bottleneck_easiest", one.easiest, "angstrom", grid),
        ("angle_to_ways", one.angle, "deg", {}), ("barrier_across", one.barrier_across, "eV", rigid),
        ("barrier_easiest", one.barrier_easiest, "eV", rigid), ("openness", one.score, "1", rigid),
    ]  # fmt: skip
    return [
        number(
            name, value, unit, parts, sample=sample, source=source,
            flag="" if math.isfinite(value) else "no way on the grid" if math.isinf(value) else "no energies",
        )
        for name, value, unit, parts in rows
    ]  # fmt: skip


def _finding(structure: Structure, one: Openness, found: Room, ion: str) -> Finding:
    span = found.ways.span(one.easiest - OTHER_WAY)
    words = "open" if one.open else "closed"
    across = f"{one.across:.2f} angstrom" if math.isfinite(one.across) else "nothing"
    barrier = ""
    if math.isfinite(one.barrier_easiest):
        high = (
            f"{significant(one.barrier_across, 2)} eV"
            if math.isfinite(one.barrier_across)
            else "no finite number of eV"
        )
        barrier = (
            f"; by bond valence in a rigid lattice it is {high} across against {significant(one.barrier_easiest, 2)} eV"
        )
    return Finding(
        "channels",
        f"{_sample(structure, one.hkl)} is {words} to {ion}: ways across it are {across} wide (radius at the bottleneck), the easiest "
        f"ways of the crystal, {_shape(structure, span)}, {one.easiest:.2f} angstrom{barrier}.",
        "descriptive", "bottleneck_across", one.across if math.isfinite(one.across) else None, unit="angstrom",
        caveats=(
            "The frame is rigid and the bulk is meant: compare facets, do not read barriers as numbers.", *_disagreement(one), *found.words,
            *(f"{structure.name}: {note}" for note in structure.notes),
        ),
        details={"open": words, "dimension": len(span)},
    )  # fmt: skip


def _disagreement(one: Openness) -> tuple[str, ...]:
    """Words where radii and bond valence judge differently."""
    if math.isnan(one.score) or one.open == (one.score >= _SAME_BARRIER):
        return ()
    return (
        f"Radii say {'open' if one.open else 'closed'}, bond valence says {'closed' if one.open else 'open'}: undecided.",
    )


def _shape(structure: Structure, span: NDArray[np.int64]) -> str:
    """``layers parallel to (001)``, ``tunnels along [010]``."""
    if len(span) == 0:
        return "of which there are none"
    if len(span) == 3:
        return "which form a network in all directions"
    if len(span) == 1:
        whole = span[0] // math.gcd(*(abs(int(entry)) for entry in span[0]))
        return f"tunnels along [{' '.join(str(int(entry)) for entry in whole)}]"
    normal = np.cross(span[0], span[1])
    normal = normal // math.gcd(*(abs(int(entry)) for entry in normal))
    normal = normal * (-1 if next(entry for entry in normal if entry) < 0 else 1)
    return f"layers parallel to {face_text([int(entry) for entry in normal])}"


def _figure(structure: Structure, answers: Sequence[Openness], ion: str) -> Figure:
    x = np.arange(1.0, len(answers) + 1)
    names = tuple((float(at), face_text(one.hkl)) for at, one in zip(x, answers, strict=True))
    widths = np.array([one.across if math.isfinite(one.across) else math.nan for one in answers])
    panels = [
        Panel(
            "Facet", "Radius at the bottleneck / Å", (Line(x, widths, "widest way across", "across", style="points"),),
            markers=(Marker(answers[0].easiest, "easiest way of the crystal", "y"),), x_names=names,
            x_limits=(0.5, len(answers) + 0.5),
        )
    ]  # fmt: skip
    if math.isfinite(answers[0].barrier_easiest):
        barriers = np.array([one.barrier_across if math.isfinite(one.barrier_across) else math.nan for one in answers])
        panels.append(
            Panel(
                "Facet", "Bond-valence barrier / eV", (Line(x, barriers, "lowest way across", "across", style="points"),),
                markers=(Marker(answers[0].barrier_easiest, "easiest way of the crystal", "y"),), x_names=names,
                x_limits=(0.5, len(answers) + 0.5),
            )
        )  # fmt: skip
    return Figure(
        f"channels_{structure.name}".replace(" ", "_"), "Open and closed facets",
        f"Ways of {ion} through {structure.name} that cross each facet, in a rigid lattice; the line is the easiest way in any direction.",
        tuple(panels), width=2 if len(panels) > 1 else 1, columns=2,
    )  # fmt: skip
