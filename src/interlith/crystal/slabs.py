"""How does a slab of a crystal look: so many layers of a facet, a termination, a vacuum?"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlith.crystal.cell import cell_of
from interlith.crystal.facets import LAYER, Mesh, distinct_atoms, layers, mesh
from interlith.crystal.structure import Site, Structure
from interlith.crystal.terminations import terminations
from interlith.errors import StudyError

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

#: Slabs with more atoms are not built: nobody calculates or draws them.
MOST_ATOMS = 200_000


@dataclass(frozen=True, eq=False)
class Slab:
    """A slab without symmetry; its third axis is the normal, its atoms begin at height zero.

    Parameters
    ----------
    structure
        Cell and atoms; elements that share a position are separate sites.
    layer
        Index of the layer of each atom of ``structure.atoms``, 0 at the bottom, shape (n,).
    mesh
        Of the facet, before `matrix`.
    matrix
        Rows: the two edges in units of the mesh vectors, shape (2, 2).
    thickness
        Height of the topmost atom above the lowest (angstrom).
    """

    structure: Structure
    layer: Integers
    mesh: Mesh
    matrix: Integers
    thickness: float

    @property
    def heights(self) -> Array:
        """Heights of the atoms (angstrom), shape (n,)."""
        return np.asarray(self.structure.positions[:, 2])

    @property
    def top(self) -> Integers:
        """Indices of the atoms of the topmost layer."""
        return np.flatnonzero(self.layer == self.layer.max())

    @property
    def bottom(self) -> Integers:
        """Indices of the atoms of the lowest layer."""
        return np.flatnonzero(self.layer == 0)


def slab(
    structure: Structure, hkl: ArrayLike, *, count: int | None = None, thickness: float | None = None, termination: int = 0,
    vacuum: float = 15.0, matrix: ArrayLike = ((1, 0), (0, 1)), tolerance: float = LAYER,
) -> Slab:  # fmt: skip
    """Cut a slab.

    Parameters
    ----------
    structure, hkl
        Crystal and facet.
    count, thickness
        Number of layers, or least thickness (angstrom) as built of whole layers; one of the two.
    termination
        Which of ``terminations(structure, hkl)`` is on top.
    vacuum
        Empty height above the topmost atom (angstrom).
    matrix
        Rows: the two edges in units of the mesh vectors, whole numbers with a positive determinant, shape (2, 2).
    tolerance
        As for `interlith.crystal.facets.layers`.

    Raises
    ------
    StudyError
        If the facet, termination, matrix or size is none, or the slab would hold too many atoms.
    """
    plane = mesh(structure, hkl)
    edges = _edges(matrix)
    cuts = terminations(structure, hkl, tolerance=tolerance)
    if not 0 <= termination < len(cuts):
        raise StudyError(
            f"Facet {plane.hkl} of {structure.name} has {len(cuts)} terminations; there is no {termination}."
        )
    stack = layers(structure, hkl, tolerance=tolerance)
    chosen = _chosen([layer.height for layer in stack], cuts[termination].layer, plane, count, thickness)
    multiples = round(abs(float(np.linalg.det(edges))))
    total = sum(len(stack[place % len(stack)].atoms) for place in chosen) * multiples
    if total > MOST_ATOMS:
        raise StudyError(
            f"The slab would hold {total:,} atoms; at most {MOST_ATOMS:,} are built. Make it thinner or smaller."
        )
    if len(distinct_atoms(structure)) != sum(len(layer.atoms) for layer in stack):
        raise StudyError(
            f"The layers of {structure.name} {plane.hkl} do not hold each atom once; give another tolerance."
        )
    rows, owner, number = [], list[int](), list[int]()
    for order, place in enumerate(chosen):
        repeat, which = divmod(place, len(stack))
        for atom in stack[which].atoms:
            start = structure.positions[atom]
            height = float(start @ plane.normal)
            # The atom of this repeat whose height belongs to the layer.
            wanted = stack[which].height + repeat * plane.spacing
            steps = round((wanted - height) / plane.spacing)
            rows.append(start + steps * plane.stacking)
            owner.append(atom)
            number.append(order)
    return _assembled(structure, plane, edges, np.array(rows), owner, number, vacuum)


def _edges(matrix: ArrayLike) -> Integers:
    given = np.asarray(matrix)
    if given.shape != (2, 2) or np.any(given != np.round(given)) or not np.linalg.det(given) > 0.5:
        raise StudyError(
            f"matrix is {np.asarray(matrix).tolist()}; write two rows of whole numbers, determinant above 0."
        )
    return given.astype(np.int64)


def _chosen(heights: list[float], top: int, plane: Mesh, count: int | None, thickness: float | None) -> list[int]:
    """Indices of layers, counted on through repeats, from the bottom up; the last is the termination."""
    if (count is None) == (thickness is None):
        raise StudyError("A slab needs either a number of layers (`count`) or a thickness (angstrom), one of the two.")
    size = len(heights)
    if count is not None:
        if count < 1:
            raise StudyError(f"count is {count}; a slab has at least one layer.")
        return list(range(top - count + 1, top + 1))
    assert thickness is not None
    found = [top]
    while _height(heights, found[-1], plane) - _height(heights, found[0], plane) < thickness - 1e-9:
        found.insert(0, found[0] - 1)
        if len(found) > 100 * size + 10_000:
            raise StudyError(f"A slab of {thickness:g} angstrom has more layers than are built; make it thinner.")
    return found


def _height(heights: list[float], place: int, plane: Mesh) -> float:
    repeat, which = divmod(place, len(heights))
    return heights[which] + repeat * plane.spacing


def _assembled(
    structure: Structure, plane: Mesh, edges: Integers, positions: Array, owner: list[int], number: list[int], vacuum: float
) -> Slab:  # fmt: skip
    local = positions @ plane.frame.T
    local[:, 2] -= local[:, 2].min()
    thickness = float(local[:, 2].max())
    wide = edges @ plane.in_plane
    lengths = np.linalg.norm(wide, axis=1)
    angle = float(np.degrees(np.arccos(np.clip(wide[0] @ wide[1] / lengths.prod(), -1, 1))))
    cell = cell_of([*lengths, thickness + vacuum, 90.0, 90.0, round(angle, 10)])
    shifts = _inside(edges) @ plane.in_plane
    turned = np.linalg.inv(wide)
    sites, layer = list[Site](), list[int]()
    for row, atom, order in zip(local, owner, number, strict=True):
        site = structure.sites[int(structure.atoms.site[atom])]
        for shift in shifts:
            x, y = ((row[:2] + shift) @ turned) % 1.0
            place = (float(x % 1.0), float(y % 1.0), float(row[2] / cell.c))
            label = f"{site.element}{len(sites) + 1}"
            sites.append(
                replace(
                    site, label=label, fraction=place, u_aniso=None, wyckoff="",
                    fraction_std=(float("nan"),) * 3,
                )
            )  # fmt: skip
            layer.append(order)
    made = Structure(
        f"{structure.name} ({' '.join(map(str, plane.hkl))}) slab", cell, tuple(sites), np.eye(3, dtype=np.int64)[None],
        np.zeros((1, 3)), source=f"cut from {structure.name}", notes=structure.notes,
    )  # fmt: skip
    return Slab(made, np.array(layer, dtype=np.int64), plane, edges, thickness)


def _inside(edges: Integers) -> Integers:
    """Mesh translations that lie in the enlarged cell, one for each mesh in it, shape (n, 2)."""
    multiples = round(abs(float(np.linalg.det(edges))))
    bound = int(np.abs(edges).sum())
    grid = np.array([(i, j) for i in range(-bound, bound + 1) for j in range(-bound, bound + 1)], dtype=np.int64)
    parts = grid @ np.linalg.inv(edges)
    kept = grid[np.all((parts > -1e-9) & (parts < 1 - 1e-9), axis=1)]
    if len(kept) != multiples:
        raise StudyError(f"The cell of {multiples} meshes could not be filled; this is a bug of ours.")
    return kept
