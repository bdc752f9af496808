"""Where is the cube in a distorted perovskite: which edges of 3.9 angstrom, and what are its indices?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from interlith.crystal.cell import Cell, cell_of_vectors
from interlith.crystal.geometry import bonds
from interlith.crystal.neighbours import anions
from interlith.crystal.settings import Axes, change_axes
from interlith.crystal.structure import Integers, Site, Structure, simple_structure
from interlith.errors import StudyError

Array = NDArray[np.float64]

#: Distance between octahedra that share a corner (angstrom): 3.5 (small B, fluoride) to 4.6 (iodides are larger).
_NEAREST, _FURTHEST = 3.4, 4.7
#: Longest over shortest bond of an octahedron: Mn3+ stretched by the Jahn-Teller effect reaches 1.15.
_LONGEST_BOND = 1.3


@dataclass(frozen=True, eq=False)
class PseudoCube:
    """The small cell that a distorted perovskite nearly has.

    Parameters
    ----------
    structure
        The perovskite.
    axes
        From the axes of the structure to the edges of the cube (`Axes.hkl`, `Axes.uvw` carry indices along). The edges are
        halves of lattice vectors in general: the cube is no exact cell.
    cell
        Of the cube: three edges near 3.9 angstrom, angles near 90 deg.
    """

    structure: Structure
    axes: Axes
    cell: Cell

    @property
    def edge(self) -> float:
        """Cube root of its volume (angstrom)."""
        return float(self.cell.volume ** (1 / 3))

    @property
    def distortion(self) -> float:
        """Largest deviation of an edge from the mean, or of an angle from 90 deg in radians."""
        edges = [abs(value / self.edge - 1) for value in self.cell.parameters[:3]]
        return max(*edges, *(math.radians(abs(angle - 90)) for angle in self.cell.angles))

    def doubled(self) -> Structure:
        """The exact structure on twice the edges, 2 x 2 x 2 cubes.

        Raises
        ------
        StudyError
            If the distortion repeats over more than two cubes.
        """
        return change_axes(self.structure, Axes(2 * self.axes.rows, np.zeros(3)))

    def averaged(self) -> Structure:
        """One cube with the mean of all atoms folded into it, in P 1: what a diffraction pattern without superlattice shows.

        Positions are means, occupancies sums over the cubes of the cell; B sits at the origin.
        """
        return _folded(self)


def pseudo_cube(structure: Structure) -> PseudoCube:
    """Find the cube of corner-sharing octahedra in a perovskite ABX3 of any tilt.

    Parameters
    ----------
    structure
        In any setting: Pm-3m, R-3c on hexagonal or rhombohedral axes, Pnma or Pbnm, P4/mmm, ...

    Raises
    ------
    StudyError
        If the octahedral cations do not form a lattice that is nearly cubic.

    Notes
    -----
    The assumption that fails first: one kind of octahedral position in each cube; layered perovskites have no cube.
    """
    metals = _octahedral(structure)
    pairs = bonds(structure, _FURTHEST, first=metals[:1], second=metals)
    vectors = pairs.vectors[pairs.lengths >= _NEAREST]
    edges = _three(vectors)
    if edges is None:
        raise StudyError(
            f"{structure.name}: the octahedral cations have no three neighbours {_NEAREST:g} to {_FURTHEST:g} angstrom away at "
            "right angles; it is no perovskite of corner-sharing octahedra."
        )
    # A mean over both senses takes out what the first position alone would say of a tilt.
    rows = edges @ structure.cell.reciprocal.T
    cubes = 1 / abs(float(np.linalg.det(rows)))
    if abs(cubes - len(metals)) > 0.02 * len(metals):
        raise StudyError(
            f"{structure.name}: {len(metals)} octahedral positions do not fill {cubes:.3g} cubes; no perovskite."
        )
    near = np.rint(rows * 12) / 12
    exact = np.where(np.abs(rows - near) < 0.02, near, rows)
    new = Axes(exact, structure.atoms.fractions[metals[0]])
    return PseudoCube(structure, new, cell_of_vectors(exact @ structure.cell.vectors))


def _octahedral(structure: Structure) -> Integers:
    """One atom for each position with six anions around it, in a third as many positions as there are anions."""
    anion = anions(structure)
    positions: dict[tuple[float, ...], int] = {}
    for atom, place in enumerate(np.round(structure.atoms.fractions, 5).tolist()):
        if not anion[atom]:
            positions.setdefault(tuple(place), atom)
    others = np.flatnonzero(anion)
    found = []
    for atom in positions.values():
        shell = bonds(structure, 2.8, first=[atom], second=others)
        if (
            len(shell)
            and np.count_nonzero(shell.lengths <= _LONGEST_BOND * shell.lengths[0]) == 6
            and shell.lengths[0] < 2.35
        ):
            found.append(atom)
    if not found:
        raise StudyError(f"{structure.name} has no cation with six anions around it; it is no perovskite.")
    return np.array(found, dtype=np.int64)


def _three(vectors: Array) -> Array | None:
    """Three of the vectors at nearly right angles, right-handed, the most along x, y and z of the cell frame."""
    rounded = np.round(vectors, 3)
    by_x = vectors[np.lexsort((-rounded[:, 2], -rounded[:, 1], -rounded[:, 0]))]
    by_y = vectors[np.lexsort((-rounded[:, 0], -rounded[:, 2], -rounded[:, 1]))]
    for x in by_x:
        for y in by_y:
            for z in vectors:
                if _right(x, y) and _right(x, z) and _right(y, z) and np.dot(np.cross(x, y), z) > 0:
                    return np.array([x, y, z])
    return None


def _right(first: Array, second: Array) -> bool:
    cosine = np.dot(first, second) / (np.linalg.norm(first) * np.linalg.norm(second))
    return bool(abs(cosine) < math.cos(math.radians(75)))


def _folded(cube: PseudoCube) -> Structure:
    """Atoms of all cubes brought into one; those of one ideal position joined."""
    structure = cube.structure
    ideal = {
        "A": (0.5, 0.5, 0.5),
        "B": (0.0, 0.0, 0.0),
        "X1": (0.5, 0.0, 0.0),
        "X2": (0.0, 0.5, 0.0),
        "X3": (0.0, 0.0, 0.5),
    }
    names, places = list(ideal), np.array(list(ideal.values()))
    share = abs(float(np.linalg.det(cube.axes.rows)))
    sums: dict[tuple[str, str], list[tuple[Array, float]]] = {}
    fractions = cube.axes.fraction(structure.atoms.fractions)
    for place, element, occupancy in zip(fractions, structure.atoms.elements, structure.atoms.occupancies, strict=True):
        gaps = place - places
        gaps -= np.rint(gaps)
        nearest = int(np.argmin(np.linalg.norm(gaps @ cube.cell.vectors, axis=1)))
        sums.setdefault((names[nearest], element), []).append((gaps[nearest], float(occupancy)))
    sites = []
    for (name, element), parts in sums.items():
        weights = np.array([part[1] for part in parts])
        mean: Array = weights @ np.array([part[0] for part in parts]) / weights.sum() + places[names.index(name)]
        x, y, z = (float(value) for value in np.round(mean, 12) % 1.0)
        sites.append(Site(f"{element}_{name}", element, (x, y, z), round(float(weights.sum()) * share, 9)))
    plain = simple_structure(f"{structure.name} averaged", cube.cell, ["O"], [[0, 0, 0]], source=structure.source)
    return Structure(
        plain.name, cube.cell, tuple(sites), plain.rotations, plain.translations, "P 1", 1, structure.source, 1.0,
        (*structure.notes, "Averaged over the cubes of the cell: superlattice reflections are gone."),
    )  # fmt: skip
