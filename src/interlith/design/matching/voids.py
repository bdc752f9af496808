"""Where in a crystal is room for a mobile ion, and which ways join these places?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from interlith.crystal.charges import site_charges
from interlith.crystal.neighbours import shell
from interlith.crystal.radii import ion_of, known_radii
from interlith.crystal.site_energy import probe_energy
from interlith.crystal.structure import Structure
from interlith.errors import StudyError
from interlith.numerics.percolation import Ways, widest_ways

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

#: Grid points along an axis are a multiple of this, so that special positions such as 1/3 and 1/4 lie on the grid.
_MULTIPLE = 12
#: Grids with more points are refused.
MOST_POINTS = 400_000
#: Energies are worked out for so many points at once.
_BATCH = 4000
#: Points nearer than this to the centre of an atom of the frame (angstrom) are in it: no energy is asked for.
_CORE = 1.0


@dataclass(frozen=True, eq=False)
class Room:
    """Room for an ion in a crystal.

    Parameters
    ----------
    radius
        Distance to the surface of the nearest atom of the frame (angstrom) on a grid of the cell.
    ways
        Ways through it, by the radius at their bottleneck.
    energy
        Bond-valence site energy (eV) on the same grid, inf within atoms; `None` where there are no parameters.
    energy_ways
        Ways through it, by minus the energy at their saddle; `None` likewise.
    radii
        Of the frame, site label -> angstrom.
    step
        Largest distance of neighbouring grid points (angstrom).
    words
        What was assumed.
    """

    radius: Array
    ways: Ways
    energy: Array | None
    energy_ways: Ways | None
    radii: dict[str, float]
    step: float
    words: tuple[str, ...] = ()


def frame(structure: Structure, ion: str) -> Integers:
    """Indices of the atoms that stay: all but those on positions that the ion fills to a half or more."""
    atoms = structure.atoms
    mobile = np.array([element == ion for element in atoms.elements])
    gaps = atoms.fractions[:, None] - atoms.fractions[None, mobile]
    gaps -= np.round(gaps)
    same = np.linalg.norm(gaps @ structure.cell.vectors, axis=-1) < 0.05
    share = same @ atoms.occupancies[mobile]
    apart = atoms.fractions[:, None] - atoms.fractions[None, ~mobile]
    apart -= np.round(apart)
    other = (np.linalg.norm(apart @ structure.cell.vectors, axis=-1) < 0.05) @ atoms.occupancies[~mobile]
    # An almost empty position lets the ion through; one that others fill more than the ion does not.
    return np.flatnonzero(~mobile & (other > share) & (other > 0.5))


def frame_radii(structure: Structure, places: Integers, radii: Mapping[str, float] | None) -> dict[str, float]:
    """Ionic radius (angstrom) of each site of the frame, by label: declared by element, else Shannon's.

    Notes
    -----
    A coordination that Shannon does not list takes the nearest that he does; mean charges are rounded.

    Raises
    ------
    StudyError
        If there is no radius for an ion; give one by element.
    """
    present = {structure.atoms.elements[int(place)] for place in places}
    # Charges are asked for only where a radius has to be looked up.
    charges = np.zeros(len(structure.sites)) if present <= set(radii or {}) else np.asarray(site_charges(structure))
    found: dict[str, float] = {}
    for site in np.unique(structure.atoms.site[places]):
        one = structure.sites[int(site)]
        if radii and one.element in radii:
            found[one.label] = float(radii[one.element])
            continue
        atom = int(np.flatnonzero(structure.atoms.site == site)[0])
        neighbours, _ = shell(structure, atom)
        count = float(structure.atoms.occupancies[neighbours].sum())
        charge = round(float(charges[int(site)]))
        if charge == 0:
            raise StudyError(
                f"{structure.name}, site {one.label}: no ion, so that Shannon has no radius; write radii: {{{one.element}: 1.2}}."
            )
        rows = known_radii(ion_of(one.element, charge))
        key = min(rows, key=lambda text: (abs(int(text.split()[0]) - count), "low" in text, "square" in text))
        found[one.label] = rows[key]
    return found


def room(
    structure: Structure, *, ion: str = "Li", radii: Mapping[str, float] | None = None, step: float = 0.2, energy: bool = True
) -> Room:  # fmt: skip
    """Room for an ion and the ways through it.

    Parameters
    ----------
    structure
        The crystal.
    ion
        Element that moves; its atoms are taken out.
    radii
        Element -> radius (angstrom) where Shannon's is not wanted.
    step
        Distance of grid points (angstrom), at most.
    energy
        Whether bond-valence site energies are worked out as well.

    Raises
    ------
    StudyError
        If the grid is too fine, or a radius is missing.
    """
    shape = grid_shape(structure, step)
    places = frame(structure, ion)
    if not len(places):
        raise StudyError(f"{structure.name} has no atoms beside {ion}; there is no frame for it to move in.")
    labels = frame_radii(structure, places, radii)
    points = _grid(shape)
    radius = _void(structure, places, labels, points).reshape(shape)
    words: tuple[str, ...] = ()
    energies = None
    if energy:
        try:
            energies = _energies(structure, ion, places, points).reshape(shape)
        except StudyError as error:
            words = (f"No bond-valence energies: {error}",)
    finest = float((np.linalg.norm(structure.cell.vectors, axis=1) / shape).max())
    return Room(
        radius, widest_ways(radius), energies, None if energies is None else widest_ways(-np.minimum(energies, 1e3)),
        labels, finest, words,
    )  # fmt: skip


def grid_shape(structure: Structure, step: float) -> tuple[int, int, int]:
    """Number of grid points along the three axes."""
    if not 0.05 <= step <= 0.5:
        raise StudyError(f"A grid of {step:g} angstrom is none; write 0.05 to 0.5.")
    lengths = structure.cell.parameters[:3]
    a, b, c = (_MULTIPLE * math.ceil(length / step / _MULTIPLE - 1e-9) for length in lengths)
    if a * b * c > MOST_POINTS:
        raise StudyError(
            f"The grid of {structure.name} would have {a * b * c:,} points; at most {MOST_POINTS:,}: write a coarser step than "
            f"{step:g} angstrom."
        )
    return a, b, c


def _grid(shape: tuple[int, int, int]) -> Array:
    axes = [np.arange(count) / count for count in shape]
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)


def _void(structure: Structure, places: Integers, labels: Mapping[str, float], points: Array) -> Array:
    """Distance to the nearest surface of an atom of the frame (angstrom)."""
    from scipy.spatial import cKDTree

    found = np.full(len(points), np.inf)
    at = points @ structure.cell.vectors
    for site in np.unique(structure.atoms.site[places]):
        mine = places[structure.atoms.site[places] == site]
        tree = cKDTree(_images(structure, structure.atoms.fractions[mine]))
        found = np.minimum(found, tree.query(at)[0] - labels[structure.sites[int(site)].label])
    return found


def _images(structure: Structure, fractions: Array) -> Array:
    """The atoms in this cell and in all cells around it that can be the nearest to one of its points (angstrom)."""
    span = [np.arange(-1, 2)] * 3
    cells = np.stack(np.meshgrid(*span, indexing="ij"), axis=-1).reshape(-1, 3)
    return np.asarray((fractions[:, None] + cells[None]).reshape(-1, 3) @ structure.cell.vectors)


def _energies(structure: Structure, ion: str, places: Integers, points: Array) -> Array:
    from scipy.spatial import cKDTree

    tree = cKDTree(_images(structure, structure.atoms.fractions[places]))
    outside = np.flatnonzero(tree.query(points @ structure.cell.vectors)[0] > _CORE)
    found = np.full(len(points), np.inf)
    for start in range(0, len(outside), _BATCH):
        some = outside[start : start + _BATCH]
        found[some] = probe_energy(structure, points[some], f"{ion}+")
    return found


def widest_angle(span: Integers, structure: Structure, plane: tuple[int, int, int]) -> float:
    """Angle (deg) between a facet and the ways of a span: 0 where all run in it, 90 where one runs along its normal."""
    vectors = span @ structure.cell.vectors
    basis = np.linalg.qr(vectors.T)[0][:, : len(span)]
    inside = float(np.linalg.norm(basis.T @ structure.cell.normal(plane)))
    return math.degrees(math.asin(min(1.0, inside)))
