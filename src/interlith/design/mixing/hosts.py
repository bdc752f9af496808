"""Which ions of a host could a dopant replace, how large are they and how stiff are their sites?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from interlith.crystal.charges import site_charges
from interlith.crystal.neighbours import anions, shell
from interlith.crystal.radii import Radius, Spin, ion_of, radius
from interlith.crystal.structure import Structure
from interlith.errors import StudyError, nearest


@dataclass(frozen=True, slots=True)
class HostIon:
    """An ion of the host on one site.

    Parameters
    ----------
    label, element, charge, spin
        Of the site; the charge may be a mean of two.
    ion
        Its name: ``Ni2+``, ``Mn3.5+``.
    coordination, length, anion
        Number of its neighbours, their mean distance (angstrom) and the ion most of them are, such as ``O2-``.
    radius, radius_doubt
        Ionic radius (angstrom), mean of the two charges where there are two, and standard uncertainty where it was read
        between rows.
    position_radius, position_charge
        Mean radius and charge of all ions that share the position.
    share
        Share of the cations of the position that it is.
    """

    label: str
    element: str
    charge: float
    spin: str
    ion: str
    coordination: int
    length: float
    anion: str
    radius: float
    radius_doubt: float
    position_radius: float
    position_charge: float
    share: float

    @property
    def name(self) -> str:
        """``Ni2+ (6)``."""
        return f"{self.ion} ({self.coordination})"


def host_ions(
    structure: Structure, *, sites: Sequence[str] | None = None, charges: Mapping[str, float] | None = None,
    spin: Mapping[str, Spin] | None = None,
) -> tuple[HostIon, ...]:  # fmt: skip
    """The cations of a structure; equal ions with equal neighbours are listed once.

    Parameters
    ----------
    structure
        The host.
    sites
        Labels of sites or elements that may be replaced; by default all cations.
    charges
        Element -> oxidation number.
    spin
        Ion -> ``low`` or ``high``, where it is not the usual one.

    Raises
    ------
    StudyError
        If a name does not occur, or a radius is not known.
    """
    numbers = site_charges(structure, charges)
    wanted = _wanted(structure, sites)
    negative = anions(structure)
    firsts = [int(np.argmax(structure.atoms.site == place)) for place in range(len(structure.sites))]
    bare: dict[int, tuple[Radius, float, int, str]] = {}
    for place, site in enumerate(structure.sites):
        if numbers[place] <= 0 or site.occupancy <= 0:
            continue
        around, lengths = shell(structure, firsts[place])
        weights = structure.atoms.occupancies[around]
        count = max(1, round(float(weights.sum())))
        partners = [structure.atoms.site[int(other)] for other in around if negative[int(other)]]
        most = max(set(partners), key=partners.count)
        anion = ion_of(structure.sites[most].element, round(float(numbers[most])))
        found = mean_radius(site.element, float(numbers[place]), count, spin)
        bare[place] = found, float(np.average(lengths, weights=weights)), count, anion
    made: dict[tuple[str, int, float], HostIon] = {}
    for place, (size, length, count, anion) in bare.items():
        site = structure.sites[place]
        if place not in wanted:
            continue
        same = [other for other in bare if _together(structure, firsts[place], firsts[other])]
        weights = np.array([structure.sites[other].occupancy for other in same])
        weights = weights / weights.sum()
        one = HostIon(
            site.label, site.element, float(numbers[place]), size.spin, charged(site.element, float(numbers[place])), count,
            length, anion, size.value, size.doubt, float(weights @ [bare[other][0].value for other in same]),
            float(weights @ [numbers[other] for other in same]),
            float(site.occupancy / sum(structure.sites[other].occupancy for other in same)),
        )  # fmt: skip
        made.setdefault((one.ion, count, round(length, 2)), one)
    if not made:
        raise StudyError(f"{structure.name} has no cation that a dopant could replace among the sites that were named.")
    return tuple(made.values())


def charged(element: str, charge: float) -> str:
    """Name of an ion whose charge may be a mean: ``Mn3.5+``."""
    if abs(charge - round(charge)) < 1e-6:
        return ion_of(element, charge)
    return f"{element}{charge:.3g}+"


def mean_radius(
    element: str, charge: float, coordination: int, spin: Mapping[str, Spin] | None = None, *, interpolate: bool = True
) -> Radius:
    """Ionic radius of an ion; of a mean charge the mean of the two whole ones.

    Raises
    ------
    StudyError
        If the table has no row.
    """
    low, high = int(np.floor(charge + 1e-6)), int(np.ceil(charge - 1e-6))
    found = []
    for whole in (low, high):
        ion = ion_of(element, whole)
        found.append(radius(ion, coordination, (spin or {}).get(ion), interpolate=interpolate))
    if low == high:
        return found[0]
    share = charge - low
    value = found[0].value * (1 - share) + found[1].value * share
    return Radius(value, charged(element, charge), coordination, found[0].spin or found[1].spin, "ionic")


def _wanted(structure: Structure, sites: Sequence[str] | None) -> set[int]:
    if sites is None:
        return set(range(len(structure.sites)))
    labels = [site.label for site in structure.sites]
    elements = [site.element for site in structure.sites]
    for word in sites:
        if word not in labels and word not in elements:
            raise StudyError(
                f"{structure.name} has no site or element '{word}'; {nearest(word, [*labels, *elements])}."
            )
    return {place for place, site in enumerate(structure.sites) if site.label in sites or site.element in sites}


def _together(structure: Structure, first: int, second: int) -> bool:
    gap = structure.atoms.fractions[first] - structure.atoms.fractions[second]
    gap = gap - np.round(gap)
    return bool(np.linalg.norm(gap @ structure.cell.vectors) < 0.05)
