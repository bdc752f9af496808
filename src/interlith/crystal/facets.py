"""What does a crystal look like along a plane: its mesh, its layers, the planes equal by symmetry?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlith.crystal.lattice import primitive_basis, reduced_pair
from interlith.crystal.structure import Structure
from interlith.errors import StudyError

Array = NDArray[np.float64]
Indices = tuple[int, int, int]

#: Atoms within this height (angstrom) form one layer.
LAYER = 0.3


@dataclass(frozen=True, eq=False)
class Mesh:
    """The two-dimensional lattice of a plane: its smallest cell, centring included.

    Parameters
    ----------
    hkl
        The plane as asked for, in the axes of the structure.
    vectors
        Rows: two shortest translations (angstrom, Cartesian), right-handed about the normal, shape (2, 3).
    indices
        The same in units of the cell edges (fractions where the lattice is centred), shape (2, 3).
    normal
        Unit vector, shape (3,).
    spacing
        Distance between neighbouring lattice planes (angstrom): one repeat of the layers.
    stacking
        A translation from one lattice plane to the next (angstrom, Cartesian), shape (3,).
    """

    hkl: Indices
    vectors: Array
    indices: Array
    normal: Array
    spacing: float
    stacking: Array

    @cached_property
    def area(self) -> float:
        """Area of the mesh (angstrom^2)."""
        return float(np.linalg.norm(np.cross(self.vectors[0], self.vectors[1])))

    @cached_property
    def frame(self) -> Array:
        """Rows x, y, z of the facet: x along the first vector, z along the normal, shape (3, 3)."""
        x = self.vectors[0] / np.linalg.norm(self.vectors[0])
        return np.array([x, np.cross(self.normal, x), self.normal])

    @cached_property
    def in_plane(self) -> Array:
        """The two vectors in the frame of the facet (angstrom), shape (2, 2)."""
        return np.asarray(self.vectors @ self.frame[:2].T)

    @property
    def angle(self) -> float:
        """Angle between the two vectors (deg)."""
        (a, b), (c, d) = self.in_plane
        return math.degrees(math.atan2(a * d - b * c, a * c + b * d))


@dataclass(frozen=True, eq=False)
class Layer:
    """Atoms at one height of a repeat.

    Parameters
    ----------
    height
        Above the lattice plane through the origin (angstrom), 0 to the spacing.
    atoms
        Indices into ``structure.atoms``, images by centring left out.
    composition
        Element -> atoms for each mesh, occupancies counted.
    charge
        Sum of oxidation numbers for each mesh, nan where one is not declared.
    """

    height: float
    atoms: tuple[int, ...]
    composition: dict[str, float]
    charge: float


def checked_hkl(hkl: ArrayLike, *, what: str = "The facet") -> Indices:
    """Three whole Miller indices; four (h k i l) are accepted where i = -(h + k).

    Raises
    ------
    StudyError
        If they are no plane.
    """
    values = np.asarray(hkl, dtype=float).ravel()
    if values.size == 4 and values[0] + values[1] + values[2] == 0:
        values = values[[0, 1, 3]]
    if values.size != 3 or not np.all(np.isfinite(values)) or np.any(values != np.round(values)) or not values.any():
        raise StudyError(f"{what} is {hkl!r}; write three whole Miller indices, not all zero, such as [1, 1, 1].")
    return (int(values[0]), int(values[1]), int(values[2]))


def mesh(structure: Structure, hkl: ArrayLike) -> Mesh:
    """The smallest cell of the lattice in a plane.

    Parameters
    ----------
    structure
        The crystal; its centring is taken from its operations.
    hkl
        Miller indices in the axes of the structure, shape (3,). Common factors do not matter: (222) is the plane (111).

    Raises
    ------
    StudyError
        If the indices are no plane.
    """
    plane = checked_hkl(hkl)
    basis = primitive_basis(structure.centrings)
    # Indices in the primitive reciprocal basis, coprime: whole because centring vectors are fractions of 24ths.
    raw = np.rint(basis @ np.array(plane) * 24).astype(np.int64)
    across = raw // math.gcd(*(int(value) for value in raw))
    in_plane, onward = _in_plane(across)
    cell = structure.cell
    normal = cell.normal(plane)
    pair = reduced_pair(in_plane @ basis @ cell.vectors, normal)
    fractions = pair @ np.linalg.inv(cell.vectors)
    stacking = onward @ basis @ cell.vectors
    return Mesh(plane, pair, np.round(fractions * 24) / 24, normal, float(stacking @ normal), stacking)


def _in_plane(across: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Whole vectors that span the plane n . across = 0, and one with n . across = 1."""
    h, k, m = (int(value) for value in across)
    g, x, y = _bezout(h, k)
    if g == 0:
        return np.array([[1, 0, 0], [0, 1, 0]]), np.array([0, 0, 1 if m > 0 else -1])
    first = np.array([k // g, -h // g, 0])
    _, p, q = _bezout(g, m)
    second = np.array([-m * x, -m * y, g])
    return np.array([first, second]), np.array([p * x, p * y, q])


def _bezout(a: int, b: int) -> tuple[int, int, int]:
    """g >= 0, x, y with a x + b y = g, the greatest common divisor."""
    x, y, u, v = 1, 0, 0, 1
    while b:
        quotient = a // b
        a, b, x, y, u, v = b, a - quotient * b, u, v, x - quotient * u, y - quotient * v
    return (a, x, y) if a >= 0 else (-a, -x, -y)


def layers(structure: Structure, hkl: ArrayLike, *, tolerance: float = LAYER) -> tuple[Layer, ...]:
    """The layers of one repeat along the normal, from the bottom up.

    Parameters
    ----------
    structure, hkl
        As for `mesh`.
    tolerance
        Heights (angstrom) closer than this belong to one layer; chains of near heights stay together.

    Raises
    ------
    StudyError
        If the indices are no plane.
    """
    plane = mesh(structure, hkl)
    kept = distinct_atoms(structure)
    heights = (structure.positions[kept] @ plane.normal) % plane.spacing
    heights[heights > plane.spacing - 1e-6] = 0.0
    order = np.argsort(heights, kind="stable")
    rising = heights[order]
    gaps = np.diff(np.append(rising, rising[0] + plane.spacing))
    breaks = np.flatnonzero(gaps > tolerance)
    if breaks.size == 0:
        groups = [order]
    else:
        start = int(breaks[-1] + 1) % len(order)
        turned = np.roll(order, -start)
        ends = np.sort((breaks - start) % len(order))
        groups = np.split(turned, ends[:-1] + 1)
    made = [_layer(structure, kept[group], heights[group], plane.spacing) for group in groups]
    return tuple(sorted(made, key=lambda layer: layer.height))


def _layer(structure: Structure, atoms: NDArray[np.int64], heights: Array, spacing: float) -> Layer:
    # A layer around height zero has members just below the next repeat.
    unfolded = heights - spacing * np.round((heights - heights[0]) / spacing)
    composition: dict[str, float] = {}
    charge = 0.0
    for atom in atoms:
        element, share = structure.atoms.elements[int(atom)], float(structure.atoms.occupancies[int(atom)])
        composition[element] = composition.get(element, 0.0) + share
        charge += share * float(structure.atoms.charges[int(atom)])
    height = float(unfolded.mean() % spacing)
    return Layer(0.0 if height > spacing - 1e-6 else height, tuple(int(atom) for atom in atoms), composition, charge)


def distinct_atoms(structure: Structure) -> NDArray[np.int64]:
    """Indices of the atoms of one primitive cell: of images by centring the first is kept."""
    atoms, kept = structure.atoms, list[int]()
    if len(structure.centrings) == 1:
        return np.arange(len(atoms))
    taken = np.zeros(len(atoms), dtype=bool)
    for place in range(len(atoms)):
        if taken[place]:
            continue
        kept.append(place)
        same = atoms.site == atoms.site[place]
        gaps = atoms.fractions[None, :, :] - (atoms.fractions[place] + structure.centrings)[:, None, :]
        gaps -= np.round(gaps)
        taken |= same & (np.linalg.norm(gaps @ structure.cell.vectors, axis=-1) < 0.02).any(axis=0)
    return np.array(kept, dtype=np.int64)


def family(structure: Structure, hkl: ArrayLike, *, friedel: bool = False) -> tuple[Indices, ...]:
    """All planes that the point group makes equivalent, the given one first; `friedel` adds their opposites.

    Raises
    ------
    StudyError
        If the indices are no plane.
    """
    plane = np.array(checked_hkl(hkl))
    images = [tuple(int(x) for x in plane @ rotation) for rotation in structure.point_group]
    found = dict.fromkeys([tuple(int(x) for x in plane), *images])
    if friedel:
        found |= dict.fromkeys((-h, -k, -m) for h, k, m in list(found))
    return tuple((h, k, m) for h, k, m in found)
