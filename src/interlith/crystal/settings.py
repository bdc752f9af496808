"""How does a crystal read on other axes: another origin, primitive, rhombohedral, or the unique axis turned?"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlith.crystal.cell import Cell, cell_of, cell_of_vectors
from interlith.crystal.lattice import primitive_basis
from interlith.crystal.phase_sums import rotated_tensors
from interlith.crystal.spglib_calls import group_number, reduced_lattice
from interlith.crystal.structure import SAME_ATOM, Integers, Site, Structure
from interlith.errors import StudyError

Array = NDArray[np.float64]

_TERM = re.compile(r"([+-]?)(\d+(?:/\d+)?)?\*?([abc])(?:/(\d+))?")
#: Rows: rhombohedral edges in hexagonal ones, obverse (International Tables A, table 1.5.1.1).
OBVERSE = np.array([[2, 1, 1], [-1, 1, 1], [-1, -2, 1]]) / 3


@dataclass(frozen=True, eq=False)
class Axes:
    """A change of axes.

    Parameters
    ----------
    rows
        New edges in units of the old ones, row by row, shape (3, 3): ``[[1, -1, 0], ...]`` for a' = a - b. This is the
        transpose of the matrix P of the International Tables, where edges are columns.
    origin
        The new origin in units of the old edges, shape (3,).

    Raises
    ------
    StudyError
        If the new edges are no right-handed set of three.
    """

    rows: Array
    origin: Array

    def __post_init__(self) -> None:
        rows, origin = np.array(self.rows, dtype=float), np.array(self.origin, dtype=float)
        if rows.shape != (3, 3) or origin.shape != (3,) or not np.linalg.det(rows) > 1e-9:
            raise StudyError(
                "New axes are three independent edges, right-handed, as rows in units of the old ones, and an origin; got "
                f"{rows.tolist()} and {origin.tolist()}. Exchange two edges or change the sign of all three."
            )
        object.__setattr__(self, "rows", rows)
        object.__setattr__(self, "origin", origin)

    @cached_property
    def inverted(self) -> Array:
        """Old edges in units of the new ones, row by row, shape (3, 3)."""
        return np.asarray(np.linalg.inv(self.rows))

    @property
    def volume(self) -> float:
        """Volume of the new cell over that of the old one."""
        return float(np.linalg.det(self.rows))

    def hkl(self, hkl: ArrayLike) -> Array:
        """Indices of planes on the new axes (they turn as the edges do), shape (3,) or (n, 3); fractions stay fractions."""
        return _tidy(np.asarray(hkl, dtype=float) @ self.rows.T)

    def uvw(self, uvw: ArrayLike) -> Array:
        """Indices of directions on the new axes (they turn against the edges), shape (3,) or (n, 3)."""
        return _tidy(np.asarray(uvw, dtype=float) @ self.inverted)

    def fraction(self, fraction: ArrayLike) -> Array:
        """Positions in units of the new edges, from the new origin, shape (3,) or (n, 3)."""
        return _tidy((np.asarray(fraction, dtype=float) - self.origin) @ self.inverted)

    def then(self, second: Axes) -> Axes:
        """This change, then another one."""
        return Axes(second.rows @ self.rows, self.origin + second.origin @ self.rows)

    @property
    def back(self) -> Axes:
        """The change that undoes this one."""
        return Axes(self.inverted, -self.origin @ self.inverted)


def axes(basis: str | ArrayLike, origin: ArrayLike = (0.0, 0.0, 0.0)) -> Axes:
    """A change of axes from text or numbers.

    Parameters
    ----------
    basis
        ``"a-b, a+b, 2c"`` or ``"1/2a+1/2b, -1/2a+1/2b, c"``, or rows of new edges in old ones, shape (3, 3).
    origin
        New origin in units of the old edges.

    Raises
    ------
    StudyError
        If the text cannot be read or is no right-handed set.
    """
    if not isinstance(basis, str):
        return Axes(np.asarray(basis, dtype=float), np.asarray(origin, dtype=float))
    parts = basis.replace(" ", "").split(",")
    if len(parts) != 3:
        raise StudyError(f"Axes are three sums of a, b, c with commas, such as 'a-b, a+b, 2c'; got '{basis}'.")
    rows = np.zeros((3, 3))
    for row, part in zip(rows, parts, strict=True):
        terms = list(_TERM.finditer(part))
        if not part or "".join(term[0] for term in terms) != part:
            raise StudyError(
                f"'{part}' of the axes '{basis}' is no sum of a, b and c; write it as 'a-b' or '1/2a+1/2c'."
            )
        for sign, factor, letter, divisor in (term.groups() for term in terms):
            size = Fraction(factor or 1) / int(divisor or 1)
            row["abc".index(letter)] += float(-size if sign == "-" else size)
    return Axes(rows, np.asarray(origin, dtype=float))


def change_axes(structure: Structure, new: Axes, *, name: str | None = None) -> Structure:
    """The same crystal on other axes, with its symmetry.

    Parameters
    ----------
    structure
        The crystal.
    new
        Its new edges must be lattice vectors. A cell smaller than the old one drops what repeats, a larger one (see
        `supercell`) gains translations.
    name
        Of the new structure; the old one by default.

    Raises
    ------
    StudyError
        If a new edge is no lattice vector.

    Notes
    -----
    Operations that do not map the new lattice onto itself are dropped, and their images listed as sites of their own.
    Standard uncertainties of cell and positions are kept only where the axes stay as they are.
    """
    lattice = new.rows @ np.linalg.inv(primitive_basis(structure.centrings))
    if not np.allclose(lattice, np.rint(lattice), atol=1e-6):
        raise StudyError(
            f"{structure.name}: the new edges {new.rows.tolist()} are not all lattice vectors of {structure.space_group}; the "
            "crystal does not repeat along them."
        )
    moved = np.allclose(new.rows, np.eye(3), atol=1e-12)
    cell = cell_on(new, structure.cell)
    rotations, translations = _operations(structure, new)
    symbol, number = name_of(rotations, translations, cell)
    sites = _sites(structure, new, cell, rotations, translations, keep_std=moved)
    units = structure.formula_units * new.volume
    return Structure(
        name or structure.name, cell, sites, rotations, translations, symbol, number, structure.source,
        round(units, 9), structure.notes,
    )  # fmt: skip


def to_primitive(structure: Structure) -> Axes:
    """Axes of the reduced primitive cell (Niggli) of the lattice.

    References
    ----------
    International Tables for Crystallography A (2016), chapter 3.1; reduction by spglib.
    """
    vectors = primitive_basis(structure.centrings) @ structure.cell.vectors
    rows = _tidy(reduced_lattice(vectors) @ np.linalg.inv(structure.cell.vectors))
    return Axes(rows if np.linalg.det(rows) > 0 else -rows, np.zeros(3))


def to_rhombohedral(structure: Structure) -> Axes:
    """Axes from hexagonal to rhombohedral ones (obverse setting).

    Raises
    ------
    StudyError
        If the structure is not on hexagonal axes with rhombohedral centring.
    """
    expected = {(2, 1, 1), (1, 2, 2), (0, 0, 0)}
    found = {tuple(int(value) for value in np.rint(vector * 3)) for vector in structure.centrings}
    if found == expected:
        return Axes(OBVERSE, np.zeros(3))
    if found == {(1, 2, 1), (2, 1, 2), (0, 0, 0)}:
        return Axes(OBVERSE * np.array([-1, -1, 1]), np.zeros(3))
    raise StudyError(f"{structure.name} ({structure.space_group}) is not on hexagonal axes with centring R.")


def to_hexagonal() -> Axes:
    """Axes from rhombohedral to hexagonal ones (obverse setting): a - b, b - c, a + b + c."""
    return Axes(np.array([[1.0, -1, 0], [0, 1, -1], [1, 1, 1]]), np.zeros(3))


def name_of(rotations: Integers, translations: Array, cell: Cell) -> tuple[str, int]:
    """Hermann-Mauguin symbol with setting, and number, of operations; ``unnamed setting`` where no table lists them."""
    import gemmi

    parts = translations * 24
    whole = np.rint(parts)
    if len(rotations) <= 192 and np.allclose(parts, whole, atol=1e-4):
        operations = []
        for rotation, shift in zip(rotations, whole, strict=True):
            operation = gemmi.Op("x,y,z")
            operation.rot = [[int(value) * 24 for value in row] for row in rotation]
            operation.tran = [int(value) % 24 for value in shift]
            operations.append(operation)
        found = gemmi.find_spacegroup_by_ops(gemmi.GroupOps(operations))
        if found is not None:
            return found.xhm(), found.number
    return "unnamed setting", group_number(rotations, translations, cell.vectors)


def cell_on(new: Axes, old: Cell) -> Cell:
    """The cell of the new edges in its own upright frame; equal edges come out equal."""
    if np.allclose(new.rows, np.eye(3), atol=1e-12):
        return old
    made = cell_of_vectors(new.rows @ old.vectors)
    return cell_of([round(value, 11) for value in made.parameters])


def _operations(structure: Structure, new: Axes) -> tuple[Integers, Array]:
    """Operations on the new axes, shapes (n, 3, 3) and (n, 3); those that do not keep the new lattice are left out."""
    rotations = new.inverted.T @ structure.rotations @ new.rows.T
    whole = np.rint(rotations)
    kept = np.all(np.abs(rotations - whole) < 1e-6, axis=(1, 2))
    moved = structure.rotations @ new.origin + structure.translations - new.origin
    old = points_inside(new)
    shifts = (moved[kept][:, None, :] + old[None, :, :]) @ new.inverted
    turns = np.repeat(whole[kept].astype(np.int64), len(old), axis=0)
    shifts = wrapped(shifts.reshape(-1, 3))
    rows = np.column_stack([turns.reshape(-1, 9), np.rint(shifts * 1e5)])
    # The identity comes first, then the order of the old operations.
    _, first = np.unique(rows, axis=0, return_index=True)
    order = np.sort(first)
    plain = np.all(turns[order] == np.eye(3, dtype=np.int64), axis=(1, 2)) & np.all(shifts[order] == 0, axis=1)
    order = np.concatenate([order[plain], order[~plain]])
    return turns[order], shifts[order]


def points_inside(new: Axes) -> Array:
    """Old lattice points (whole numbers) of which each class modulo the new lattice has at least one, shape (n, 3)."""
    corners = np.array([(i, j, k) for i in (0, 1) for j in (0, 1) for k in (0, 1)]) @ new.rows
    ranges = [
        np.arange(np.floor(low), np.ceil(high) + 1) for low, high in zip(corners.min(0), corners.max(0), strict=True)
    ]
    points = np.stack(np.meshgrid(*ranges, indexing="ij"), axis=-1).reshape(-1, 3)
    inside = points @ new.inverted
    return np.asarray(points[np.all((inside > -1e-9) & (inside < 1 - 1e-9), axis=1)])


def _sites(
    structure: Structure, new: Axes, cell: Cell, rotations: Integers, translations: Array, *, keep_std: bool
) -> tuple[Site, ...]:
    """Sites on the new axes: one of each set of atoms that the kept operations join."""
    unknown = (np.nan,) * 3
    old = points_inside(new)
    edges = np.concatenate([[0], np.cumsum([site.multiplicity for site in structure.sites])])
    made: list[Site] = []
    for number, site in enumerate(structure.sites):
        orbit = structure.atoms.fractions[edges[number] : edges[number + 1]]
        tensors = rotated_tensors(structure, site, orbit) if site.u_aniso is not None else None
        every = wrapped(new.fraction((orbit[:, None, :] + old[None, :, :]).reshape(-1, 3)))
        parents = np.repeat(np.arange(len(orbit)), len(old))
        free = np.ones(len(every), dtype=bool)
        parts: list[Site] = []
        # The image nearest to the listed position leads.
        listed = wrapped(new.fraction(np.asarray(site.fraction)))
        for row in np.argsort(_far(every - listed, cell), kind="stable"):
            if not free[row]:
                continue
            reached = rotations @ every[row] + translations
            for start in range(0, len(reached), 512):
                gaps = every[:, None, :] - reached[None, start : start + 512, :]
                free &= ~np.any(_far(gaps, cell) < SAME_ATOM, axis=1)
            first, second, third = (float(value) for value in every[row])
            tensor = None if tensors is None else tensor_on(tensors[parents[row]], new, cell)
            stds = site.fraction_std if keep_std else unknown
            parts.append(replace(site, fraction=(first, second, third), u_aniso=tensor, wyckoff="", fraction_std=stds))
        if len(parts) > 1:
            parts = [replace(part, label=f"{site.label}_{place}") for place, part in enumerate(parts, start=1)]
        made += parts
    return tuple(made)


def tensor_on(beta: Array, new: Axes, cell: Cell) -> tuple[float, float, float, float, float, float]:
    """U11 U22 U33 U12 U13 U23 (angstrom^2) on new axes from the dimensionless tensor on the old ones."""
    lengths = np.linalg.norm(cell.reciprocal, axis=1)
    turned = new.inverted.T @ beta @ new.inverted / (2 * np.pi**2 * np.outer(lengths, lengths))
    u11, u22, u33 = (float(turned[place, place]) for place in range(3))
    return u11, u22, u33, float(turned[0, 1]), float(turned[0, 2]), float(turned[1, 2])


def _far(gaps: Array, cell: Cell) -> Array:
    return np.asarray(np.linalg.norm((gaps - np.rint(gaps)) @ cell.vectors, axis=-1))


def wrapped(fractions: Array) -> Array:
    """Fractions brought into 0 to 1, those a rounding error below 1 to 0."""
    inside = fractions % 1.0
    return np.where((inside > 1 - 1e-9) | (inside < 1e-12), 0.0, inside)


def _tidy(numbers: Array) -> Array:
    """Rounding of inverted matrices taken away where a multiple of 1/24 is meant."""
    near = np.rint(numbers * 24) / 24
    return np.asarray(np.where(np.abs(numbers - near) < 1e-10, near, numbers) + 0.0)
