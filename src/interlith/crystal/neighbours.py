"""Which atoms lie around a point of a crystal, and how far away?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlith.crystal.elements import ANIONS
from interlith.crystal.structure import Structure

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

#: A neighbour belongs to the first shell up to this multiple of the shortest distance, as for the broken bonds of facets.
SHELL = 1.25
#: Atoms closer than this (angstrom) to a point are on it.
ON = 0.05


@dataclass(frozen=True, slots=True)
class Contacts:
    """Pairs of a point and an atom within reach, images of the cell included.

    Parameters
    ----------
    points, atoms
        Indices into the points and into the atoms of the structure, shape (n,).
    lengths
        Distances (angstrom), shape (n,).
    """

    points: Integers
    atoms: Integers
    lengths: Array


def contacts(structure: Structure, fractions: ArrayLike, reach: float, atoms: Integers | None = None) -> Contacts:
    """All atoms within reach of some points.

    Parameters
    ----------
    structure
        The crystal.
    fractions
        The points in units of the cell edges, shape (n, 3); any cell.
    reach
        Largest distance (angstrom).
    atoms
        Indices of the atoms that count; by default all. Atoms on a point are left out.
    """
    from scipy.spatial import cKDTree

    chosen = np.arange(len(structure.atoms)) if atoms is None else atoms
    points = np.atleast_2d(np.asarray(fractions, dtype=float)) % 1.0
    # Cells on each side that a sphere around a point of the home cell may meet.
    counts = np.ceil(reach * np.linalg.norm(structure.cell.reciprocal, axis=1)).astype(int)
    steps = [np.arange(-count, count + 1) for count in counts]
    shifts = np.stack(np.meshgrid(*steps, indexing="ij"), axis=-1).reshape(-1, 3)
    images = (structure.atoms.fractions[chosen][None] + shifts[:, None]).reshape(-1, 3)
    margin = reach * np.linalg.norm(structure.cell.reciprocal, axis=1)
    near = np.all((images > -margin - 1e-9) & (images < 1 + margin + 1e-9), axis=1)
    owners = np.tile(chosen, len(shifts))[near]
    tree = cKDTree(images[near] @ structure.cell.vectors)
    found = cKDTree(points @ structure.cell.vectors).sparse_distance_matrix(tree, reach, output_type="coo_matrix")
    kept = found.data > ON
    return Contacts(
        np.asarray(found.row[kept], dtype=np.int64), owners[found.col[kept]], np.asarray(found.data[kept], dtype=float)
    )


def anions(structure: Structure) -> NDArray[np.bool_]:
    """Which atoms are anions: charge below zero, or an element that usually has one where none is declared; shape (n,)."""
    declared = structure.atoms.charges
    usual = np.array([element in ANIONS for element in structure.atoms.elements])
    return np.where(np.isnan(declared), usual, declared < 0)


def shell(structure: Structure, atom: int, *, limit: float = SHELL) -> tuple[Integers, Array]:
    """The first shell of anions of a cation, or of cations of an anion: indices of atoms and distances (angstrom).

    Positions that several elements share appear once for each element.
    """
    anion = anions(structure)
    others = np.flatnonzero(anion != anion[atom])
    reach = 4.0
    while reach < 12.0:
        found = contacts(structure, structure.atoms.fractions[atom], reach, others)
        if found.lengths.size and limit * found.lengths.min() <= reach:
            near = found.lengths <= limit * found.lengths.min()
            order = np.argsort(found.lengths[near], kind="stable")
            return found.atoms[near][order], found.lengths[near][order]
        reach *= 1.5
    return np.empty(0, dtype=np.int64), np.empty(0)
