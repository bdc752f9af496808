"""Which surfaces can a cut along a plane leave, and how many bonds does each break?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from interlith.crystal.facets import LAYER, Array, Indices, Layer, Mesh, distinct_atoms, layers, mesh
from interlith.crystal.geometry import bonds
from interlith.crystal.neighbours import SHELL, anions
from interlith.crystal.structure import Structure

#: A bond is a cation-anion distance up to this multiple of the shortest one of that cation: the first shell, distorted.
BOND = SHELL
#: Distances (angstrom) within which the nearest anion of a cation is looked for, first and at last.
_FIRST_REACH, _LAST_REACH = 3.5, 12.0


@dataclass(frozen=True, eq=False)
class Termination:
    """A cut above one layer; the solid lies below.

    Parameters
    ----------
    hkl, layer, height
        Plane, index of the topmost layer and height of the cut (angstrom) in a repeat.
    composition
        Of the topmost layer, element -> atoms for each mesh.
    densities
        The same for each area (1/angstrom^2).
    broken_bonds
        Cation-anion bonds cut for each area (1/angstrom^2).
    layers
        Indices of all layers that give the same surface by symmetry.
    """

    hkl: Indices
    layer: int
    height: float
    composition: dict[str, float]
    densities: dict[str, float]
    broken_bonds: float
    layers: tuple[int, ...]


def terminations(structure: Structure, hkl: ArrayLike, *, tolerance: float = LAYER) -> tuple[Termination, ...]:
    """All different cuts along a plane, that with the fewest broken bonds first.

    Parameters
    ----------
    structure, hkl, tolerance
        As for `layers`.

    Raises
    ------
    StudyError
        If the indices are no plane.

    Notes
    -----
    Cuts through a layer are not made: buckled layers stay whole. The assumption that fails first is that bonds are those to
    the nearest shell of anions; the order of metallic or molecular crystals by it means little.
    """
    plane = mesh(structure, hkl)
    stack = layers(structure, hkl, tolerance=tolerance)
    tops = [max(_heights(structure, layer, plane)) for layer in stack]
    floors = [min(_heights(structure, layer, plane)) for layer in stack]
    cuts = []
    for place, top in enumerate(tops):
        above = floors[place + 1] if place + 1 < len(stack) else floors[0] + plane.spacing
        cuts.append((top + above) / 2)
    cut_bonds = _bonds(structure, plane)
    found = []
    for members in _equivalent(structure, plane, cuts):
        first = members[0]
        composition = dict(stack[first].composition)
        densities = {element: count / plane.area for element, count in composition.items()}
        broken = _crossings(cut_bonds, cuts[first], plane.spacing) / plane.area
        found.append(
            Termination(plane.hkl, first, cuts[first] % plane.spacing, composition, densities, broken, tuple(members))
        )
    return tuple(sorted(found, key=lambda cut: (round(cut.broken_bonds, 6), cut.layer)))


def _heights(structure: Structure, layer: Layer, plane: Mesh) -> Array:
    raw = structure.positions[list(layer.atoms)] @ plane.normal
    return np.asarray(raw - plane.spacing * np.round((raw - layer.height) / plane.spacing))


def _equivalent(structure: Structure, plane: Mesh, cuts: list[float]) -> list[list[int]]:
    """Cuts that an operation which keeps the normal turns into each other."""
    spacing = plane.spacing
    groups = [{place} for place in range(len(cuts))]
    hkl = np.array(plane.hkl)
    for rotation, translation in zip(structure.rotations, structure.translations, strict=True):
        if not np.array_equal(hkl @ rotation, hkl):
            continue
        shift = float(translation @ structure.cell.vectors @ plane.normal)
        for place, cut in enumerate(cuts):
            gaps = [abs((cut + shift - other + spacing / 2) % spacing - spacing / 2) for other in cuts]
            other = int(np.argmin(gaps))
            if gaps[other] < 0.05 and groups[other] is not groups[place]:
                joined = groups[place] | groups[other]
                for member in joined:
                    groups[member] = joined
    return [sorted(group) for group in {id(group): group for group in groups}.values()]


def _bonds(structure: Structure, plane: Mesh) -> Array:
    """Lower end, upper end (angstrom along the normal) and weight of the bonds of one primitive cell, shape (n, 3)."""
    anion = anions(structure)
    if not anion.any() or anion.all():
        # Metals and molecules: every atom counts at both ends.
        anion = np.ones(len(anion), dtype=bool)
    heads = np.array([place for place in distinct_atoms(structure) if anion.all() or not anion[place]])
    reach, nearest = _FIRST_REACH, np.full(len(anion), np.inf)
    while not np.all(np.isfinite(nearest[heads])) and reach < _LAST_REACH:
        found = bonds(structure, reach * BOND, first=heads, second=np.flatnonzero(anion))
        np.minimum.at(nearest, found.first, found.lengths)
        nearest[nearest > reach] = np.inf
        reach *= 1.5
    kept = found.lengths <= BOND * nearest[found.first]
    first, second = found.first[kept], found.second[kept]
    weights = structure.atoms.occupancies[first] * structure.atoms.occupancies[second]
    starts, rise = structure.positions[first] @ plane.normal, found.vectors[kept] @ plane.normal
    return np.stack([starts + np.minimum(rise, 0), starts + np.maximum(rise, 0), weights], axis=1)


def _crossings(ends: Array, cut: float, spacing: float) -> float:
    """Weight of bonds that planes at ``cut + n spacing`` meet: those of one mesh at one cut."""
    met = np.floor((ends[:, 1] - cut) / spacing) - np.floor((ends[:, 0] - cut) / spacing)
    return float(met @ ends[:, 2])
