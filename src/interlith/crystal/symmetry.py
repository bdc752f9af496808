"""Which symmetry do the atoms have, on which Wyckoff positions do they sit, and how is the cell chosen by convention?"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from interlith.crystal.cell import Cell, cell_of, cell_of_vectors
from interlith.crystal.groups import Group, named_group
from interlith.crystal.phase_sums import rotated_tensors
from interlith.crystal.settings import Axes, change_axes, tensor_on, to_primitive, wrapped
from interlith.crystal.spglib_calls import atoms_symmetry, operation_rows, setting_of, short_symbol
from interlith.crystal.structure import SAME_ATOM, Integers, Site, Structure
from interlith.crystal.supercells import all_atoms
from interlith.errors import StudyError

Array = NDArray[np.float64]

#: Atoms this close (angstrom) to an image by an operation obey it.
TOLERANCE = 1e-3
_LABEL_COUNT = re.compile(r"_\d+$")


@dataclass(frozen=True, eq=False)
class Symmetry:
    """The symmetry that the atoms of a structure have.

    Parameters
    ----------
    symbol, number
        Of the space group.
    letters, site_symmetries
        Wyckoff letter and site symmetry of each site of the structure.
    standard
        Axes and origin of the standard setting, from those of the structure.
    own_setting
        Whether the letters are those of the structure's own origin and axes. Otherwise they are those after the change to
        the standard setting; where a group has several equivalent origins, letters such as 16c and 16d of Fd-3m may then be
        exchanged as a whole.
    matches
        Whether this is the symmetry that the structure lists.
    """

    symbol: str
    number: int
    letters: tuple[str, ...]
    site_symmetries: tuple[str, ...]
    standard: Axes
    own_setting: bool
    matches: bool


@dataclass(frozen=True, slots=True)
class SiteRow:
    """One line of a table of sites: all elements on one position.

    Parameters
    ----------
    labels, contents
        Labels of the sites and ``{element: occupancy}``.
    wyckoff
        Multiplicity and letter, ``16d``.
    site_symmetry
        Oriented symbol of the point group of the position.
    fraction
        Position in units of the edges.
    u_iso
        Mean square displacement (angstrom^2), a third of the trace where it is anisotropic; nan if unknown.
    """

    labels: tuple[str, ...]
    contents: dict[str, float]
    wyckoff: str
    site_symmetry: str
    fraction: tuple[float, float, float]
    u_iso: float

    @property
    def occupancy(self) -> float:
        """Share of the position that is filled."""
        return math.fsum(self.contents.values())


def symmetry(structure: Structure, *, tolerance: float = TOLERANCE) -> Symmetry:
    """Find the symmetry of the atoms, whatever the structure lists.

    Parameters
    ----------
    structure
        The crystal; elements that share a position count as one kind of atom, by their occupancies.
    tolerance
        Distance (angstrom) within which an atom may miss the image of another.

    Raises
    ------
    StudyError
        If no symmetry can be found at this tolerance.

    References
    ----------
    A. Togo, K. Shinohara and I. Tanaka, Sci. Technol. Adv. Mater., Methods 4 (2024) 2384822,
    doi 10.1080/27660400.2024.2384822 (spglib).
    """
    places, kinds, rows = _kinds(structure)
    found = _dataset(structure, places, kinds, tolerance)
    shift = np.asarray(found.origin_shift) - np.rint(found.origin_shift)
    own = np.allclose(found.transformation_matrix, np.eye(3), atol=1e-6) and np.allclose(shift, 0, atol=1e-6)
    letters = tuple(str(found.wyckoffs[row]) for row in rows)
    listed = operation_rows(structure.rotations, structure.translations)
    matches = listed == operation_rows(found.rotations, found.translations)
    usual = _usual_setting(int(found.number))
    standard = _standard(atoms_symmetry(structure.cell.vectors, places, kinds, tolerance, usual))
    names = tuple(str(found.site_symmetry_symbols[row]) for row in rows)
    symbol = short_symbol(int(found.hall_number))
    return Symmetry(symbol, int(found.number), letters, names, standard, own, matches)


def with_letters(structure: Structure, *, tolerance: float = TOLERANCE) -> Structure:
    """The structure with the Wyckoff letter written to each site.

    Raises
    ------
    StudyError
        As `symmetry`.
    """
    found = symmetry(structure, tolerance=tolerance)
    return replace(
        structure,
        sites=tuple(replace(site, wyckoff=letter) for site, letter in zip(structure.sites, found.letters, strict=True)),
    )


def site_table(structure: Structure, *, tolerance: float = TOLERANCE) -> tuple[SiteRow, ...]:
    """The positions of a structure with Wyckoff symbols, contents and displacements; mixed positions are one row.

    Raises
    ------
    StudyError
        As `symmetry`.
    """
    found = symmetry(structure, tolerance=tolerance)
    groups: dict[tuple[float, ...], list[int]] = {}
    start = 0
    for number, site in enumerate(structure.sites):
        first = structure.atoms.fractions[start]
        start += site.multiplicity
        groups.setdefault((*np.round(first, 6).tolist(), site.multiplicity), []).append(number)
    rows = []
    for members in groups.values():
        sites = [structure.sites[number] for number in members]
        contents: dict[str, float] = {}
        for site in sites:
            contents[site.element] = contents.get(site.element, 0.0) + site.occupancy
        letter, name = found.letters[members[0]], found.site_symmetries[members[0]]
        wyckoff = f"{sites[0].multiplicity}{letter}"
        labels = tuple(site.label for site in sites)
        rows.append(SiteRow(labels, contents, wyckoff, name, sites[0].fraction, _equivalent_u(structure, sites[0])))
    return tuple(rows)


def standardised(structure: Structure, *, primitive: bool = False, tolerance: float = TOLERANCE) -> Structure:
    """The structure in the standard setting of the symmetry that its atoms have, ideal positions, symmetry listed.

    Parameters
    ----------
    structure
        The crystal, for instance one in P 1 from a calculation.
    primitive
        Whether to give the primitive cell rather than the conventional one.
    tolerance
        As `symmetry`.

    Raises
    ------
    StudyError
        As `symmetry`.
    """
    plain = all_atoms(structure)
    places, kinds, _ = _kinds(plain)
    number = int(atoms_symmetry(plain.cell.vectors, places, kinds, tolerance).number)
    group = _usual_group(number)
    found = atoms_symmetry(plain.cell.vectors, places, kinds, tolerance, _usual_setting(number))
    new = _standard(found)
    # A cell that only nearly has the symmetry takes the ideal one.
    ideal = cell_of_vectors(np.asarray(found.std_lattice))
    cell = cell_of([round(value, 11) for value in ideal.parameters])
    made = Structure(
        structure.name, cell, _leaders(plain, new, cell, group), group.rotations, group.translations, group.symbol, number,
        structure.source, round(structure.formula_units * new.volume, 9), structure.notes,
    )  # fmt: skip
    return change_axes(made, to_primitive(made)) if primitive else made


def _leaders(plain: Structure, new: Axes, cell: Cell, group: Group) -> tuple[Site, ...]:
    """One site of each set of atoms that the operations of the standard setting join."""
    sites: list[Site] = []
    taken: dict[tuple[object, ...], list[Array]] = {}
    for site in plain.sites:
        place = wrapped(new.fraction(np.asarray(site.fraction)))
        key = (site.element, site.isotope, site.charge, round(site.occupancy, 4))
        earlier = taken.setdefault(key, [])
        gaps = np.concatenate([place - orbit for orbit in earlier]) if earlier else np.ones((1, 3)) / 2
        if np.min(np.linalg.norm((gaps - np.rint(gaps)) @ cell.vectors, axis=1)) < SAME_ATOM:
            continue
        earlier.append(group.rotations @ place + group.translations)
        tensor = None
        if site.u_aniso is not None:
            tensor = tensor_on(rotated_tensors(plain, site, np.array([site.fraction]))[0], new, cell)
        label = _LABEL_COUNT.sub("", site.label)
        x, y, z = place.tolist()
        sites.append(replace(site, label=label, fraction=(x, y, z), u_aniso=tensor, fraction_std=(math.nan,) * 3))
    return _numbered(sites)


def _numbered(sites: list[Site]) -> tuple[Site, ...]:
    """Labels that occur twice get a number."""
    labels = [site.label for site in sites]
    return tuple(
        replace(site, label=f"{site.label}_{labels[: place + 1].count(site.label)}")
        if labels.count(site.label) > 1
        else site
        for place, site in enumerate(sites)
    )


def _usual_group(number: int) -> Group:
    """The operations in the setting of databases: origin at the centre, hexagonal axes."""
    found = named_group(str(number))
    if found is None:
        raise StudyError(f"There is no space group {number}.")
    return found


def _position_of(structure: Structure) -> Integers:
    """Which distinct position each atom has, in the order of first appearance, shape (n,)."""
    keys: dict[tuple[float, ...], int] = {}
    return np.array([keys.setdefault(tuple(row), len(keys)) for row in np.round(structure.atoms.fractions, 6).tolist()])


def _kinds(structure: Structure) -> tuple[Array, list[int], list[int]]:
    """Distinct positions, a number for the contents of each, and the first position of each site."""
    position = _position_of(structure)
    atoms = structure.atoms
    contents: list[list[tuple[str, int, float]]] = [[] for _ in range(int(position.max()) + 1)]
    first: dict[int, int] = {}
    places = np.zeros((len(contents), 3))
    for row, place in enumerate(position.tolist()):
        site = structure.sites[int(atoms.site[row])]
        contents[place].append((site.element, site.isotope or 0, round(site.occupancy, 4)))
        places[place] = atoms.fractions[row]
        first.setdefault(int(atoms.site[row]), place)
    numbers: dict[tuple[Any, ...], int] = {}
    kinds = [numbers.setdefault(tuple(sorted(one)), len(numbers) + 1) for one in contents]
    return places, kinds, [first[number] for number in range(len(structure.sites))]


def _dataset(structure: Structure, places: Array, kinds: Sequence[int], tolerance: float) -> Any:
    """What spglib finds, in the setting that the structure is listed in if that is the group found."""
    vectors = structure.cell.vectors
    number = int(atoms_symmetry(vectors, places, kinds, tolerance).number)
    # The library's own choice of two origins is the first: its letters may then belong to another origin.
    hall = setting_of(structure.rotations, structure.translations, number)
    return atoms_symmetry(vectors, places, kinds, tolerance, hall or _usual_setting(number))


def _usual_setting(number: int) -> int:
    group = _usual_group(number)
    return setting_of(group.rotations, group.translations, number)


def _standard(found: Any) -> Axes:
    """Axes of the standard setting: x_standard = P x + p, so that edges are rows of the transposed inverse."""
    matrix = np.asarray(found.transformation_matrix, dtype=float)
    back = np.linalg.inv(matrix)
    rows = back.T
    return Axes(rows, -back @ np.asarray(found.origin_shift, dtype=float))


def _equivalent_u(structure: Structure, site: Site) -> float:
    """U of one number (angstrom^2): a third of the trace of an anisotropic tensor."""
    if site.u_aniso is None:
        return site.u_iso
    u11, u22, u33, u12, u13, u23 = site.u_aniso
    lengths = np.linalg.norm(structure.cell.reciprocal, axis=1)
    tensor = np.array([[u11, u12, u13], [u12, u22, u23], [u13, u23, u33]]) * np.outer(lengths, lengths)
    return float(np.sum(tensor * structure.cell.metric) / 3)
