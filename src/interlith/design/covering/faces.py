"""On which faces of a particle are atoms counted, and how many are they for each area of its whole surface?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from interlith.crystal.facets import Indices, family
from interlith.crystal.shapes import Shape, coprime, hkl_of, wulff
from interlith.crystal.structure import Structure
from interlith.design.covering.densities import Counted, Rule, an, cell_name, counted_on, exponents, mesh_area, plane
from interlith.design.inputs import Uncertain, uncertain
from interlith.errors import StudyError, nearest

FaceRule = Literal["facet", "own", "only"]
RULES = ("facet", "own", "only")
_STEP = 1e-4


@dataclass(frozen=True)
class Surface:
    """Atoms on the surface of a particle.

    Parameters
    ----------
    rule
        ``facet``: every face holds as much for each area as the facet asked for; ``own``: each face what its own mesh holds;
        ``only``: the faces equivalent to the facet, the others nothing.
    density, element
        Counted atoms and those of the element, mean over the whole surface (1/nm^2).
    share
        Of the surface that is covered.
    powers
        ``density`` and ``surface`` (surface over volume at a size): input -> power, where they depend on inputs.
    words
        Which atoms are counted where.
    own
        Mean density of the element if each face held what its own mesh holds; nan where the faces have no indices.
    own_words
        Families with their shares of the surface and areal densities.
    """

    rule: FaceRule
    density: float
    element: float
    share: float
    powers: Mapping[str, dict[str, float]] = field(default_factory=dict)
    words: str = ""
    own: float = math.nan
    own_words: str = ""


def surface_of(
    host: Structure, facet: Indices, counted: Counted, shape: Shape, rule: FaceRule | None, how: Rule, element: str,
    metals: Sequence[str], energies: Mapping[str, Uncertain],
) -> Surface:  # fmt: skip
    """What is counted on the faces of a shape.

    Raises
    ------
    StudyError
        If the rule is unknown, or the faces of the shape are no facets of the host.
    """
    free = shape.axes == "structure"
    chosen: str = rule or ("own" if free else "facet")
    if chosen not in RULES:
        raise StudyError(f"There is no rule '{chosen}' for faces; {nearest(chosen, RULES)}.")
    fits = _fits(host, shape)
    if chosen != "facet" and shape.body is None:
        raise StudyError(f"A {shape.name} has no facets; count with faces: facet.")
    if chosen != "facet" and not fits:
        raise StudyError(
            f"The faces of {an(shape.name)} are no facets of {host.name}, whose cell is not {shape.axes}; "
            "count with faces: facet, or make the shape of facets with surface_energies."
        )
    areal = 100.0 / counted.area
    powers: dict[str, dict[str, float]] = {}
    own, own_words = math.nan, ""
    if fits:
        parts = _parts(host, shape, facet, counted, how, element, metals)
        own = _mean(parts, element=True)
        own_words = ", ".join(
            f"{plane(item.hkl)} {100 * share:.3g} % of the surface with {100 * item.element / item.area:.4g} {element}/nm^2"
            for share, item in parts if share > 1e-12
        )  # fmt: skip
    if free:
        powers |= _energy_powers(host, facet, counted, how, element, metals, energies, chosen)
    if chosen == "own":
        powers["density"] = powers.get("density", {}) | _own_powers(host, parts)
        words = "; ".join(item.words for share, item in parts if share > 1e-12)
        return Surface("own", _mean(parts, element=False), own, 1.0, powers, words, own, own_words)
    if chosen == "only":
        share = _share(host, shape, facet)
        if not share > 0:
            raise StudyError(
                f"A {shape.name} of {host.name} shows no face {plane(facet)}; count with faces: facet or own."
            )
        words = f"{counted.words}, on {plane(facet)} only ({100 * share:.3g} % of the surface)"
        return Surface(
            "only", areal * counted.every * share, areal * counted.element * share, share, powers, words, own, own_words
        )  # fmt: skip
    return Surface("facet", areal * counted.every, areal * counted.element, 1.0, powers, counted.words, own, own_words)


def _fits(host: Structure, shape: Shape) -> bool:
    """Whether the faces of a shape are lattice planes of the host with the indices that they bear."""
    cell = host.cell
    right = cell.alpha == cell.beta == 90.0
    square = right and cell.gamma == 90.0 and math.isclose(cell.a, cell.b, rel_tol=1e-9)
    if shape.axes == "cubic":
        return square and math.isclose(cell.a, cell.c, rel_tol=1e-9) and 195 <= host.number <= 230
    if shape.axes == "tetragonal":
        return square
    if shape.axes == "hexagonal":
        return right and cell.gamma == 120.0 and math.isclose(cell.a, cell.b, rel_tol=1e-9)
    return shape.axes == "structure"


def _parts(
    host: Structure, shape: Shape, facet: Indices, counted: Counted, how: Rule, element: str, metals: Sequence[str]
) -> list[tuple[float, Counted]]:
    """Share of the surface and what is counted there, for each family of faces that shows."""
    found = []
    for face in shape.faces:
        assert face.hkl is not None
        if face.share <= 1e-12:
            continue
        same = coprime(facet) in family(host, coprime(face.hkl), friedel=True)
        found.append(
            (face.share, counted if same else counted_on(host, face.hkl, how, element, metals=metals))
        )  # fmt: skip
    return found


def _mean(parts: list[tuple[float, Counted]], *, element: bool) -> float:
    return math.fsum(100.0 * share * (item.element if element else item.every) / item.area for share, item in parts)


def _share(host: Structure, shape: Shape, facet: Indices) -> float:
    planes = family(host, coprime(facet), friedel=True)
    return math.fsum(face.share for face in shape.faces if face.hkl is not None and coprime(face.hkl) in planes)


def _own_powers(host: Structure, parts: list[tuple[float, Counted]]) -> dict[str, float]:
    """Powers of the mean density in the parameters of the cell."""
    whole = _mean(parts, element=True)
    found: dict[str, float] = {}
    for share, item in parts:
        weight = 100.0 * share * item.element / item.area / whole
        for name, power in exponents(host, mesh_area(host, item.hkl)).items():
            key = cell_name(host, name)
            found[key] = found.get(key, 0.0) - weight * power
    return found


def energy_name(hkl: Indices) -> str:
    """Name of the input that is the energy of a facet."""
    return f"surface energy of {plane(hkl)}"


def energy_inputs(given: Mapping[Any, Any]) -> dict[str, Uncertain]:
    """Declared surface energies by the name of their input.

    Raises
    ------
    StudyError, UnitError
        If a facet or an energy cannot be read.
    """
    return {
        energy_name(hkl_of(key)): uncertain(text, "J/m^2", f"the surface energy of {key}")
        for key, text in given.items()
    }


def wulff_of(host: Structure, energies: Mapping[str, float]) -> Shape:
    """The Wulff shape of energies by the name of their input."""
    return wulff(host, {hkl_of(name.partition("(")[2]): value for name, value in energies.items()})


def _energy_powers(
    host: Structure, facet: Indices, counted: Counted, how: Rule, element: str, metals: Sequence[str],
    energies: Mapping[str, Uncertain], rule: str,
) -> dict[str, dict[str, float]]:  # fmt: skip
    """Powers by which surface over volume (by each size) and mean density go with the surface energies."""
    found: dict[str, dict[str, float]] = {"radius": {}, "diameter": {}, "density": {}}
    centre = {name: item.value for name, item in energies.items()}
    for name in energies:
        sides = []
        for sign in (1, -1):
            shape = wulff_of(host, centre | {name: centre[name] * (1 + sign * _STEP)})
            parts = _parts(host, shape, facet, counted, how, element, metals)
            density = {"own": _mean(parts, element=True), "only": max(_share(host, shape, facet), 1e-12)}.get(rule, 1.0)
            sides.append((shape.surface_to_volume("radius"), shape.surface_to_volume("diameter"), density))
        for key, (high, low) in zip(found, zip(*sides, strict=True), strict=True):
            found[key][name] = math.log(high / low) / (2 * _STEP)
    return found
