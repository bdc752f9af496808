"""Which atoms lie around a point of a crystal, and how far away?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlith.crystal.elements import ANIONS
from interlith.crystal.structure import Structure
from interlith.errors import StudyError

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

#: A neighbour belongs to the first shell up to this multiple of the shortest distance, as for the broken bonds of facets.
SHELL = 1.25
#: Cells around the home cell that are looked into at most.
MOST_CELLS = 50_000
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


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Atoms of the cell and of all cells around it that come within reach of a point of the cell.

    Parameters
    ----------
    atoms
        Index of the atom each is an image of, shape (n,).
    shifts
        Cells by which it is moved, shape (n, 3).
    positions
        Cartesian (angstrom), shape (n, 3).
    """

    atoms: Integers
    shifts: Integers
    positions: Array


def surroundings(structure: Structure, reach: float, atoms: Integers | None = None) -> Surroundings:
    """Images of some atoms (by default all) within `reach` (angstrom) of the cell, exact for skew cells.

    Raises
    ------
    StudyError
        If the reach is not positive or takes in more than some ten thousand cells.
    """
    if not 0 < reach < math.inf:
        raise StudyError(f"Neighbours are looked for within a positive distance (angstrom); got {reach:g}.")
    chosen = np.arange(len(structure.atoms)) if atoms is None else np.asarray(atoms, dtype=np.int64)
    margin = reach * np.linalg.norm(structure.cell.reciprocal, axis=1)
    counts = np.ceil(margin).astype(np.int64)
    if math.prod((2 * counts + 1).tolist()) > MOST_CELLS:
        raise StudyError(f"Within {reach:g} angstrom lie too many cells of {structure.name}; give a smaller distance.")
    steps = np.stack(np.meshgrid(*[np.arange(-n, n + 1) for n in counts], indexing="ij"), axis=-1).reshape(-1, 3)
    images = structure.atoms.fractions[chosen][None] + steps[:, None]
    near = np.all((images > -margin - 1e-9) & (images < 1 + margin + 1e-9), axis=-1)
    which, row = np.nonzero(near)
    return Surroundings(chosen[row], steps[which], images[near] @ structure.cell.vectors)


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

    Raises
    ------
    StudyError
        As `surroundings`.
    """
    from scipy.spatial import cKDTree

    points = np.atleast_2d(np.asarray(fractions, dtype=float)) % 1.0
    around = surroundings(structure, reach, atoms)
    tree = cKDTree(around.positions)
    found = cKDTree(points @ structure.cell.vectors).sparse_distance_matrix(tree, reach, output_type="coo_matrix")
    kept = found.data > ON
    return Contacts(
        np.asarray(found.row[kept], dtype=np.int64),
        around.atoms[found.col[kept]],
        np.asarray(found.data[kept], dtype=float),
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
