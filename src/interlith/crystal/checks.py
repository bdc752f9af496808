"""Does a structure look wrong: atoms on top of each other, sites filled twice, a cell in the wrong unit?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from interlith.crystal.structure import Structure

#: No two atoms of a crystal but hydrogen are closer (angstrom); the shortest bonds, N-N and C-O, have 1.1.
CLOSEST = 0.9
#: Structures with more atoms are not searched for short distances: the table would be large.
MOST_ATOMS = 1_500


def doubts(structure: Structure) -> tuple[str, ...]:
    """Sentences on what looks wrong; empty where nothing does."""
    return (*_overfilled(structure), *_short(structure))


def _gaps(structure: Structure) -> NDArray[np.float64]:
    """Shortest distances between atoms (angstrom), shape (n, n); to the nearest image where an atom meets itself."""
    fractions = structure.atoms.fractions
    gaps = fractions[:, None, :] - fractions[None, :, :]
    gaps -= np.round(gaps)
    shifts = np.array([(i, j, k) for i in (-1, 0, 1) for j in (-1, 0, 1) for k in (-1, 0, 1)], dtype=float)
    best = np.full(gaps.shape[:2], np.inf)
    for shift in shifts:
        lengths = np.linalg.norm((gaps + shift) @ structure.cell.vectors, axis=-1)
        if not shift.any():
            lengths[np.arange(len(lengths)), np.arange(len(lengths))] = np.inf
        best = np.minimum(best, lengths)
    return best


def shortest_distance(structure: Structure) -> float:
    """Shortest distance between two positions (angstrom); elements that share a position do not count."""
    gaps = _gaps(structure)
    return float(gaps[gaps > 0.05].min(initial=np.inf))


def _short(structure: Structure) -> tuple[str, ...]:
    atoms = structure.atoms
    if len(atoms) > MOST_ATOMS or "H" in atoms.elements:
        return ()
    gaps = _gaps(structure)
    # Half-filled split sites are never occupied at once.
    both = atoms.occupancies[:, None] + atoms.occupancies[None, :] > 1.0 + 1e-6
    gaps = np.where(both & (gaps > 0.05), gaps, np.inf)
    place = np.unravel_index(int(np.argmin(gaps)), gaps.shape)
    shortest = float(gaps[place])
    if shortest >= CLOSEST:
        return ()
    first, second = (atoms.elements[int(index)] for index in place)
    words = f"{first} and {second} of {structure.name} are {shortest:.3g} angstrom apart, which no crystal allows"
    if 10 * shortest >= 1.2 and structure.density > 100:
        return (
            f"{words}; cell edges of {structure.cell.a:g} look like nm, not angstrom (density {structure.density:.3g} g/cm^3).",
        )
    return (f"{words}; check the cell and the positions.",)


def _overfilled(structure: Structure) -> tuple[str, ...]:
    atoms = structure.atoms
    if len(atoms) > MOST_ATOMS:
        return ()
    gaps = atoms.fractions[:, None, :] - atoms.fractions[None, :, :]
    gaps -= np.round(gaps)
    same = np.linalg.norm(gaps @ structure.cell.vectors, axis=-1) < 0.05
    filled = same @ atoms.occupancies
    place = int(np.argmax(filled))
    if filled[place] <= 1.0 + 5e-3:
        return ()
    elements = sorted({atoms.elements[int(other)] for other in np.flatnonzero(same[place])})
    return (
        f"The position of {' and '.join(elements)} in {structure.name} is filled {filled[place]:.3f} times; occupancies of one "
        "position add up to at most 1.",
    )
