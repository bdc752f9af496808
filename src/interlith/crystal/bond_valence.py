"""Are the bonds of every atom as strong as its charge asks, and would another ion be content at a place?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlith.crystal.charges import site_charges
from interlith.crystal.neighbours import anions, contacts
from interlith.crystal.radii import ion_of, parse_ion
from interlith.crystal.site_energy import probe_energy
from interlith.crystal.structure import Structure
from interlith.crystal.valence_parameters import Pair, document, ideal_length, pair, sources, usual_charges
from interlith.errors import StudyError

__all__ = [
    "Pair", "SiteValence", "bond_valence", "bond_valence_sums", "global_instability", "ideal_length", "pair",
    "probe_energy", "probe_sums", "sources", "usual_charges",
]  # fmt: skip

Array = NDArray[np.float64]

#: Contacts weaker than this share of the cation's charge are no bonds: D. Altermatt, I. D. Brown, Acta Crystallogr. B 41
#: (1985) 240, 10.1107/S0108768185002051.
WEAKEST = 0.04
#: Contacts further away than this (angstrom) are not looked at.
REACH = 6.0


@dataclass(frozen=True, slots=True)
class SiteValence:
    """Bond-valence sum of one site.

    Parameters
    ----------
    label, element
        Of the site.
    charge
        Its oxidation number.
    sum
        Sum of the valences of its bonds, positive.
    bonds
        Number of bonds counted, weighed by the occupancy of the neighbours.
    position_mean, position_charge
        Means of sum and charge over all ions that share the position: what an average structure can be held against.
    sources
        Short names of the parameters used.
    """

    label: str
    element: str
    charge: float
    sum: float
    bonds: float
    position_mean: float
    position_charge: float
    sources: tuple[str, ...]

    @property
    def excess(self) -> float:
        """Sum minus the size of the charge: positive where the atom is squeezed."""
        return self.sum - abs(self.charge)


def bond_valence(lengths: ArrayLike, parameters: Pair) -> Array:
    """Valence of bonds of some lengths (angstrom): s = exp((r0 - R) / b), of the shape of `lengths`."""
    found: Array = np.exp((parameters.r0 - np.asarray(lengths, dtype=float)) / parameters.b)
    return found


def _mean_valence(
    lengths: Array, element: str, charge: float, anion: str, source: str | None
) -> tuple[Array, set[str]]:
    """Valence of bonds of an ion whose mean charge may lie between two whole ones: parts of both."""
    low, high = math.floor(charge + 1e-6), math.ceil(charge - 1e-6)
    total, used = np.zeros_like(lengths), set[str]()
    for whole, share in {low: high - charge if high > low else 1.0, high: charge - low if high > low else 1.0}.items():
        parameters = pair(ion_of(element, whole), anion, source=source)
        total = total + share * bond_valence(lengths, parameters)
        used.add(parameters.source)
    return total, used


def bond_valence_sums(
    structure: Structure, *, charges: Mapping[str, float] | None = None, source: str | None = None
) -> tuple[SiteValence, ...]:
    """Bond-valence sum of every site.

    Parameters
    ----------
    structure
        The crystal.
    charges
        Element -> oxidation number; by default those of the sites, else those that the composition asks for.
    source
        Short name of the parameters; by default the first there are, pair by pair.

    Raises
    ------
    StudyError
        If a pair has no parameters, or no charges make the composition neutral.

    Notes
    -----
    Neighbours count by their occupancy. Where ions share a position, each has its sum at the mean distances of the structure:
    a small ion then looks too weakly bound and a large one too strongly, though in truth each draws its own shell. The mean
    over the position is free of most of that. Bonds weaker than 4 % of the charge of the cation are left out. An element
    between two charges (Mn 3.5) is taken as a mixture of both.
    """
    numbers = site_charges(structure, charges)
    atoms = structure.atoms
    charge = numbers[atoms.site]
    cation = np.flatnonzero(charge > 0)
    anion = np.flatnonzero(charge < 0)
    sums, bonds = np.zeros(len(atoms)), np.zeros(len(atoms))
    used: list[set[str]] = [set() for _ in structure.sites]
    found = contacts(structure, atoms.fractions[cation], REACH, anion)
    first = cation[found.points]
    kinds = np.stack([atoms.site[first], atoms.site[found.atoms]], axis=1)
    for positive, negative in np.unique(kinds, axis=0):
        mask = np.all(kinds == (positive, negative), axis=1)
        element, size = structure.sites[positive].element, float(numbers[positive])
        name = ion_of(structure.sites[negative].element, round(float(numbers[negative])))
        valences, keys = _mean_valence(found.lengths[mask], element, size, name, source)
        kept = valences > WEAKEST * size
        ours, theirs = first[mask][kept], found.atoms[mask][kept]
        np.add.at(sums, ours, valences[kept] * atoms.occupancies[theirs])
        np.add.at(sums, theirs, valences[kept] * atoms.occupancies[ours])
        np.add.at(bonds, ours, atoms.occupancies[theirs])
        np.add.at(bonds, theirs, atoms.occupancies[ours])
        if kept.any():
            used[positive] |= keys
            used[negative] |= keys
    return _by_site(structure, numbers, sums, bonds, used)


def _by_site(
    structure: Structure, numbers: Array, sums: Array, bonds: Array, used: list[set[str]]
) -> tuple[SiteValence, ...]:
    site, answers = structure.atoms.site, []
    firsts = [int(np.argmax(site == place)) for place in range(len(structure.sites))]
    for place, one in enumerate(structure.sites):
        gaps = structure.atoms.fractions[firsts] - structure.atoms.fractions[firsts[place]]
        gaps -= np.round(gaps)
        same = np.flatnonzero(np.linalg.norm(gaps @ structure.cell.vectors, axis=1) < 0.05)
        weights = np.array([structure.sites[other].occupancy for other in same])
        weights = weights / weights.sum() if weights.sum() > 0 else np.full(len(same), 1 / len(same))
        mean = float(weights @ sums[[firsts[other] for other in same]])
        answers.append(
            SiteValence(
                one.label, one.element, float(numbers[place]), float(sums[firsts[place]]), float(bonds[firsts[place]]),
                mean, float(weights @ numbers[same]), tuple(sorted(used[place])),
            )
        )  # fmt: skip
    return tuple(answers)


def global_instability(
    structure: Structure, sums: tuple[SiteValence, ...] | None = None, *, by: str = "position"
) -> float:
    """Root mean square of bond-valence sum minus charge over all atoms of the cell (valence units).

    Parameters
    ----------
    structure
        The crystal.
    sums
        Its sums, if they are at hand.
    by
        ``position``: ions that share a position count with their mean; ``ion``: each counts for itself.

    Raises
    ------
    StudyError
        As `bond_valence_sums`.

    References
    ----------
    A. Salinas-Sanchez et al., J. Solid State Chem. 100 (1992) 201, 10.1016/0022-4596(92)90094-C. Above about 0.2 a structure
    is strained or wrong.
    """
    if by not in ("position", "ion"):
        raise StudyError(f"'{by}' is no way to count; allowed: ion, position.")
    found = bond_valence_sums(structure) if sums is None else sums
    weights = np.array([site.multiplicity * site.occupancy for site in structure.sites])
    gaps = [one.position_mean - abs(one.position_charge) if by == "position" else one.excess for one in found]
    return float(np.sqrt(weights @ np.square(gaps) / weights.sum()))


def probe_sums(
    structure: Structure, fractions: ArrayLike, ion: str = "Li+", *, source: str | None = None, reach: float = REACH
) -> Array:
    """Bond-valence sum that an ion would have at some points.

    Parameters
    ----------
    structure
        The crystal; its anions attract the ion, its cations are not looked at.
    fractions
        Points in units of the cell edges, shape (n, 3).
    ion
        The cation.
    source
        Short name of the parameters; by default those that fall off fastest, so that no far shell counts.
    reach
        Largest distance (angstrom).

    Returns
    -------
    Shape (n,), valence units. Near its charge the ion is content; far above, it does not fit.

    Raises
    ------
    StudyError
        If a pair has no parameters.
    """
    element, charge = parse_ion(ion)
    name = ion_of(element, charge)
    others = np.flatnonzero(anions(structure))
    points = np.atleast_2d(np.asarray(fractions, dtype=float))
    found = contacts(structure, points, reach, others)
    total = np.zeros(len(points))
    for partner in sorted({structure.atoms.elements[int(place)] for place in others}):
        own = int(min(usual_charges(partner)))
        parameters = _fastest(name, ion_of(partner, own), source)
        mask = np.array([structure.atoms.elements[int(place)] == partner for place in found.atoms], dtype=bool)
        valences = bond_valence(found.lengths[mask], parameters) * structure.atoms.occupancies[found.atoms[mask]]
        np.add.at(total, found.points[mask], valences)
    return total


def _fastest(cation: str, anion: str, source: str | None) -> Pair:
    if source is not None:
        return pair(cation, anion, source=source)
    named = {str(row[2]).split()[0] for row in document()["parameters"].get(parse_ion(anion)[0], {}).get(cation, [])}
    sets = [pair(cation, anion, source=key) for key in named] or [pair(cation, anion)]
    return min(sets, key=lambda one: (one.b, one.source))
