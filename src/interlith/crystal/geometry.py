"""How long are bonds, how wide are angles, how many neighbours has an atom, and how sure is each number?"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from interlith.crystal.cell import Cell
from interlith.crystal.neighbours import ON, SHELL, surroundings
from interlith.crystal.structure import Integers, Structure
from interlith.errors import StudyError

Array = NDArray[np.float64]

#: Step of a fraction in a central difference; bonds of 2 angstrom curve over 1e-2.
_STEP = 1e-5
_AXES = "xyz"


@dataclass(frozen=True, slots=True)
class Bonds:
    """Pairs of atoms, images of the cell included; each pair appears once from either end.

    Parameters
    ----------
    first, second
        Indices into ``structure.atoms``, shape (n,).
    shifts
        Cells by which the second atom is moved, shape (n, 3).
    vectors
        From the first to the second atom (angstrom, Cartesian), shape (n, 3).
    lengths
        Distances (angstrom), shape (n,).
    """

    first: Integers
    second: Integers
    shifts: Integers
    vectors: Array
    lengths: Array

    def __len__(self) -> int:
        return len(self.lengths)


@dataclass(frozen=True, slots=True)
class Measured:
    """A length or angle with its uncertainty by source.

    Parameters
    ----------
    value
        In angstrom or deg.
    components
        Source (``cell a``, ``O x``) -> sensitivity times standard uncertainty, signed, in the unit of the value; inf where
        the structure does not tell the uncertainty of something that matters. Empty where symmetry fixes the value.
    """

    value: float
    components: dict[str, float]

    @property
    def std(self) -> float:
        """Standard uncertainty, the components taken as independent."""
        return math.sqrt(math.fsum(size * size for size in self.components.values()))


@dataclass(frozen=True, slots=True)
class Coordination:
    """The first shell of an atom.

    Parameters
    ----------
    atom
        Index into ``structure.atoms``.
    number
        Atoms in the shell by their occupancies; a mixed position that is full counts one.
    bonds
        The shell, nearest first; elements that share a position stand in rows of their own.
    """

    atom: int
    number: float
    bonds: Bonds


def bonds(
    structure: Structure, reach: float, *, first: Sequence[int] | Integers | None = None,
    second: Sequence[int] | Integers | None = None,
) -> Bonds:  # fmt: skip
    """All pairs of atoms within reach, exact for any cell.

    Parameters
    ----------
    structure
        The crystal.
    reach
        Largest distance (angstrom). Atoms on one position are no pair.
    first, second
        Indices of the atoms at either end (``structure.select``); all by default.

    Returns
    -------
    Sorted by first atom, then by length.

    Raises
    ------
    StudyError
        If the reach is not positive or takes in more than some ten thousand cells.
    """
    from scipy.spatial import cKDTree

    cell, every = structure.cell, structure.atoms.fractions
    heads = np.arange(len(every)) if first is None else np.asarray(first, dtype=np.int64)
    around = surroundings(structure, reach, None if second is None else np.asarray(second, dtype=np.int64))
    found = list(cKDTree(around.positions).query_ball_point(every[heads] @ cell.vectors, reach * (1 + 1e-12)))
    sizes = [len(one) for one in found]
    hits = np.concatenate([np.asarray(one, dtype=np.int64) for one in found]) if found else np.zeros(0, dtype=np.int64)
    ends = np.repeat(heads, sizes)
    others, shifts = around.atoms[hits], around.shifts[hits]
    vectors = (every[others] + shifts - every[ends]) @ cell.vectors
    lengths = np.linalg.norm(vectors, axis=1)
    order = np.lexsort((others, np.round(lengths, 9), ends))
    order = order[lengths[order] > ON]
    return Bonds(ends[order], others[order], shifts[order], vectors[order], lengths[order])


def coordination(
    structure: Structure, atom: int, *, elements: Sequence[str] | None = None, limit: float = SHELL
) -> Coordination:
    """First shell of an atom: neighbours up to `limit` times the shortest distance.

    Parameters
    ----------
    structure
        The crystal.
    atom
        Index into ``structure.atoms``.
    elements
        Which elements count as neighbours; by default all others than the atom's own.
    limit
        Where the shell ends, as a multiple of the shortest distance.

    Raises
    ------
    StudyError
        If there is no such atom or element, or no neighbour within 12 angstrom.

    Notes
    -----
    The assumption that fails first: a gap behind the first shell. Strongly distorted octahedra (Jahn-Teller Mn3+, Pb2+)
    need a larger `limit`; look at the lengths.
    """
    names = structure.atoms.elements
    if not 0 <= atom < len(names):
        raise StudyError(f"{structure.name} has atoms 0 to {len(names) - 1}, not {atom}.")
    wanted = elements or [name for name in structure.composition if name != names[atom]] or [names[atom]]
    others = structure.select(elements=list(wanted))
    reach = 3.0
    while reach <= 12.0:
        found = bonds(structure, reach, first=[atom], second=others)
        if len(found) and limit * found.lengths[0] <= reach:
            kept = found.lengths <= limit * found.lengths[0]
            chosen = Bonds(
                *(getattr(found, name)[kept] for name in ("first", "second", "shifts", "vectors", "lengths"))
            )
            return Coordination(atom, float(structure.atoms.occupancies[chosen.second].sum()), chosen)
        reach *= 1.6
    raise StudyError(
        f"Atom {atom} ({names[atom]}) of {structure.name} has no neighbour {', '.join(wanted)} within 12 angstrom."
    )


def angles(found: Bonds) -> Array:
    """Angles (deg) between all bonds of one atom, shape (n, n)."""
    units = found.vectors / found.lengths[:, None]
    return np.asarray(np.degrees(np.arccos(np.clip(units @ units.T, -1.0, 1.0))))


def bond_length(structure: Structure, first: int, second: int, shift: Sequence[int] = (0, 0, 0)) -> Measured:
    """Distance (angstrom) between two atoms with its uncertainty from cell and positions.

    Parameters
    ----------
    structure
        The crystal.
    first, second
        Indices into ``structure.atoms``.
    shift
        Cells by which the second atom is moved (``Bonds.shifts``).

    Raises
    ------
    StudyError
        If there are no such atoms.
    """

    def length(cell: Cell, places: Array) -> float:
        return float(np.linalg.norm((places[1] - places[0]) @ cell.vectors))

    return _measured(structure, [first, second], [(0, 0, 0), tuple(shift)], length)


def bond_angle(
    structure: Structure, apex: int, ends: tuple[int, int],
    shifts: tuple[Sequence[int], Sequence[int]] = ((0, 0, 0), (0, 0, 0)),
) -> Measured:  # fmt: skip
    """Angle (deg) at an atom between bonds to two others with its uncertainty.

    Parameters
    ----------
    structure
        The crystal.
    apex, ends
        Indices into ``structure.atoms``.
    shifts
        Cells by which each end is moved.

    Raises
    ------
    StudyError
        If there are no such atoms.

    Notes
    -----
    To first order; an angle of 180 deg by chance has no first order, and gets an uncertainty near zero.
    """

    def angle(cell: Cell, places: Array) -> float:
        left, right = ((places[end] - places[0]) @ cell.vectors for end in (1, 2))
        cosine = left @ right / (np.linalg.norm(left) * np.linalg.norm(right))
        return math.degrees(math.acos(min(1.0, max(-1.0, float(cosine)))))

    return _measured(structure, [apex, *ends], [(0, 0, 0), *(tuple(shift) for shift in shifts)], angle)


def _measured(
    structure: Structure,
    atoms: Sequence[int],
    shifts: Sequence[tuple[int, ...]],
    quantity: Callable[[Cell, Array], float],
) -> Measured:
    count = len(structure.atoms)
    for atom in atoms:
        if not 0 <= atom < count:
            raise StudyError(f"{structure.name} has atoms 0 to {count - 1}, not {atom}.")
    places = structure.atoms.fractions[list(atoms)] + np.asarray(shifts, dtype=float)
    value = quantity(structure.cell, places)
    components = {
        f"cell {name}": size for name, size in structure.cell.std_of(lambda cell: quantity(cell, places)).items()
    }
    numbers = structure.atoms.site[list(atoms)]
    for number in dict.fromkeys(numbers.tolist()):
        site = structure.sites[number]
        moved = [row for row, own in enumerate(numbers) if own == number]
        for axis, along in _free_directions(structure, int(number)):
            step = np.zeros_like(places)
            for row in moved:
                step[row] = _turn(structure, int(atoms[row])) @ along
            slope = (
                quantity(structure.cell, places + _STEP * step) - quantity(structure.cell, places - _STEP * step)
            ) / (2 * _STEP)
            std = site.fraction_std[axis]
            if std == 0 or abs(slope) < 1e-6 * max(1.0, abs(value)):
                continue
            components[f"{site.label} {_AXES[axis]}"] = math.inf if math.isnan(std) else slope * std
    return Measured(value, components)


def _free_directions(structure: Structure, number: int) -> list[tuple[int, Array]]:
    """Free coordinates of the listed position of a site: axis, and how the position moves when that coordinate does.

    Of x,x,x only x is free, and all three move with it.
    """
    listed = _listed_place(structure, number)
    reached = structure.rotations @ listed + structure.translations
    gaps = reached - listed
    gaps -= np.rint(gaps)
    kept = np.all(np.abs(gaps) < 1e-6, axis=1)
    rows = structure.rotations[kept].mean(axis=0).T.copy()
    found: list[tuple[int, Array]] = []
    for axis in range(3):
        pivot = next((row for row in range(len(found), 3) if abs(rows[row, axis]) > 1e-9), None)
        if pivot is None:
            continue
        place = len(found)
        rows[[place, pivot]] = rows[[pivot, place]]
        rows[place] /= rows[place, axis]
        for row in range(3):
            if row != place:
                rows[row] -= rows[row, axis] * rows[place]
        found.append((axis, rows[place]))
    return [(axis, rows[place].copy()) for place, (axis, _) in enumerate(found)]


def _listed_place(structure: Structure, number: int) -> Array:
    """The listed position of a site, put exactly on its special position."""
    orbit = structure.atoms.fractions[structure.atoms.site == number]
    gaps = orbit - np.asarray(structure.sites[number].fraction)
    gaps -= np.rint(gaps)
    place: Array = orbit[int(np.argmin(np.linalg.norm(gaps @ structure.cell.vectors, axis=1)))]
    return place


def _turn(structure: Structure, atom: int) -> Array:
    """Rotation that leads from the listed position of its site to an atom, shape (3, 3)."""
    reached = structure.rotations @ _listed_place(structure, int(structure.atoms.site[atom])) + structure.translations
    gaps = reached - structure.atoms.fractions[atom]
    gaps -= np.rint(gaps)
    turn: Array = structure.rotations[int(np.argmin(np.abs(gaps).max(axis=1)))].astype(float)
    return turn
