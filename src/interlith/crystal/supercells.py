"""How does a crystal look in a larger cell, with every atom listed?"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from interlith.crystal.phase_sums import rotated_tensors
from interlith.crystal.settings import Axes, cell_on, change_axes, points_inside, tensor_on, wrapped
from interlith.crystal.structure import Site, Structure
from interlith.errors import StudyError

#: Cells repeated at most: a box of 100 x 100 x 100.
MOST_CELLS = 1_000_000


def supercell(structure: Structure, matrix: int | ArrayLike, *, symmetry: bool = False) -> Structure:
    """A larger cell of the same crystal.

    Parameters
    ----------
    structure
        The crystal.
    matrix
        One number, three numbers along the edges, or rows of new edges in old ones, shape (3, 3), of whole numbers.
    symmetry
        `False` lists every atom (space group P 1), ready to be changed one by one; `True` keeps the operations that map
        the new lattice onto itself.

    Raises
    ------
    StudyError
        If the matrix is not of whole numbers or not right-handed, or the cell would be too large.
    """
    rows = np.asarray(matrix, dtype=float)
    if rows.ndim < 2:
        rows = np.diag(np.broadcast_to(rows, (3,)))
    if rows.shape != (3, 3) or not np.all(rows == np.rint(rows)):
        raise StudyError(f"A supercell is given by whole numbers: one, three, or 3 x 3 rows; got {rows.tolist()}.")
    new = Axes(rows, np.zeros(3))
    if new.volume > MOST_CELLS:
        raise StudyError(f"A supercell of {new.volume:.3g} cells is too large; at most {MOST_CELLS:,}.")
    name = f"{structure.name} x {round(new.volume)}"
    return change_axes(structure, new, name=name) if symmetry else _listed(structure, new, name)


def all_atoms(structure: Structure) -> Structure:
    """The same cell in P 1: every atom is a site of its own, its displacement turned by symmetry."""
    return _listed(structure, Axes(np.eye(3), np.zeros(3)), structure.name)


def _listed(structure: Structure, new: Axes, name: str) -> Structure:
    cell = cell_on(new, structure.cell)
    points = points_inside(new)
    sites: list[Site] = []
    start = 0
    for site in structure.sites:
        orbit = structure.atoms.fractions[start : start + site.multiplicity]
        start += site.multiplicity
        places = wrapped(new.fraction((orbit[:, None, :] + points[None, :, :]).reshape(-1, 3)))
        turned = [None] * len(orbit) if site.u_aniso is None else list(rotated_tensors(structure, site, orbit))
        tensors = [None if beta is None else tensor_on(beta, new, cell) for beta in turned]
        for count, (x, y, z) in enumerate(places.tolist()):
            label = site.label if len(places) == 1 else f"{site.label}_{count + 1}"
            tensor = tensors[count // len(points)]
            sites.append(
                replace(site, label=label, fraction=(x, y, z), u_aniso=tensor, wyckoff="", fraction_std=(math.nan,) * 3)
            )
    return Structure(
        name, cell, tuple(sites), np.eye(3, dtype=np.int64)[None], np.zeros((1, 3)), "P 1", 1, structure.source,
        round(structure.formula_units * new.volume, 9), structure.notes,
    )  # fmt: skip
