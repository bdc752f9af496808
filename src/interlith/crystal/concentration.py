"""How many moles of an element does a litre of crystal hold, and what content does a stated concentration ask for?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from interlith.crystal.cell import Array
from interlith.crystal.structure import Structure
from interlith.errors import StudyError

#: Avogadro's number times 1e-27, atoms per cubic angstrom for 1 mol/L: exact since 2019 (SI Brochure, 9th ed.).
PER_LITRE = 6.02214076e-4


@dataclass(frozen=True, slots=True)
class Concentration:
    """Amount of some atoms per volume of crystal.

    Parameters
    ----------
    value, std
        Concentration and standard uncertainty (mol/L); `std` is inf where that of the cell is unknown.
    density
        Number density (1/angstrom^3).
    count
        Atoms in the cell, partial occupancies counted as such.
    volume
        Of the cell (angstrom^3).
    components
        Source -> signed size (mol/L): a parameter of the cell such as ``a``, or ``occupancy of Li1``.
    atoms
        Which atoms were counted, in words.
    notes
        Sentences on what counts as exact although it may not be.
    """

    value: float
    std: float
    density: float
    count: float
    volume: float
    components: Mapping[str, float]
    atoms: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Content:
    """Atoms per formula unit that a concentration asks for, beside those of the structure.

    Parameters
    ----------
    value, std
        Atoms per formula unit and standard uncertainty; inf where that of the cell is unknown.
    actual
        Atoms per formula unit in the structure.
    volume
        Of one formula unit (angstrom^3).
    components
        Source -> signed size, atoms per formula unit.
    """

    value: float
    std: float
    actual: float
    volume: float
    components: Mapping[str, float]


def molar_concentration(count: ArrayLike, volume: ArrayLike) -> Array:
    """Concentration (mol/L) of `count` atoms in `volume` (angstrom^3); shapes as for broadcasting."""
    found: Array = np.asarray(count, dtype=float) / (np.asarray(volume, dtype=float) * PER_LITRE)
    return found


def implied_count(concentration: ArrayLike, volume: ArrayLike) -> Array:
    """Atoms in `volume` (angstrom^3) at a concentration (mol/L); shapes as for broadcasting."""
    found: Array = np.asarray(concentration, dtype=float) * np.asarray(volume, dtype=float) * PER_LITRE
    return found


def concentration(
    structure: Structure, *, elements: Sequence[str] | None = None, sites: Sequence[str] | None = None
) -> Concentration:
    """Concentration of the atoms of some elements, or of sites by label; of both where both are given.

    Parameters
    ----------
    structure
        The crystal.
    elements, sites
        What is counted; an atom must satisfy all that is given. Without either, every atom counts.

    Raises
    ------
    StudyError
        If an element or site does not occur, or nothing satisfies both.

    Notes
    -----
    The assumption that fails first: that the occupancies of the structure are those of the sample. One without a stated
    uncertainty counts as exact, and `notes` says so if it is below 1. Uncertainties add up as if independent, which is too
    much where a refinement tied occupancies together, as in an exchange of two sites.
    """
    chosen = structure.select(elements=elements, sites=sites)
    if not chosen.size:
        raise StudyError(
            f"No atom of {structure.name} is {_words(elements, None)} on {_words(None, sites)}; ask for one of them."
        )
    counted = np.unique(structure.atoms.site[chosen])
    volume = structure.cell.volume
    count = float(structure.atoms.occupancies[chosen].sum())
    value = float(molar_concentration(count, volume))
    components = structure.cell.std_of(lambda cell: count / (cell.volume * PER_LITRE))
    unstated = []
    for place in counted:
        site = structure.sites[int(place)]
        if math.isfinite(site.occupancy_std):
            components[f"occupancy of {site.label}"] = float(
                molar_concentration(site.occupancy_std * site.multiplicity, volume)
            )
        elif site.occupancy < 1.0:
            unstated.append(f"{site.label} ({site.occupancy:.4g})")
    notes = (f"Occupancies without a stated uncertainty count as exact: {', '.join(unstated)}.",) if unstated else ()
    return Concentration(
        value, math.sqrt(math.fsum(size * size for size in components.values())), count / volume, count, volume,
        components, f"{_words(elements, sites)} of {structure.name}", notes,
    )  # fmt: skip


def content(
    structure: Structure,
    stated: float,
    *,
    elements: Sequence[str] | None = None,
    sites: Sequence[str] | None = None,
    stated_std: float = 0.0,
    formula_units: float | None = None,
) -> Content:
    """Atoms per formula unit that a stated concentration asks for in the cell of a structure.

    Parameters
    ----------
    structure
        The crystal; its cell is used, and its own content is given beside.
    stated, stated_std
        Concentration and standard uncertainty (mol/L).
    elements, sites
        What the concentration counts, as in `concentration`.
    formula_units
        In the cell; by default as declared by the structure.

    Raises
    ------
    StudyError
        If the concentration is negative or no number, the number of formula units is not known, or as `concentration`.
    """
    if not (math.isfinite(stated) and stated >= 0 and stated_std >= 0):
        raise StudyError(f"A concentration of {stated:g} +- {stated_std:g} mol/L is none; write two numbers from 0 up.")
    units = structure.formula_units if formula_units is None else formula_units
    if not units > 0:
        raise StudyError(
            f"{structure.name} does not say how many formula units its cell holds; give `formula_units`, such as 4."
        )
    own = concentration(structure, elements=elements, sites=sites)
    per_unit = own.volume / units
    components = structure.cell.std_of(lambda cell: stated * cell.volume * PER_LITRE / units) if stated else {}
    if stated_std:
        components["stated concentration"] = stated_std * per_unit * PER_LITRE
    return Content(
        float(implied_count(stated, per_unit)),
        math.sqrt(math.fsum(size * size for size in components.values())),
        own.count / units,
        per_unit,
        components,
    )


def _words(elements: Sequence[str] | None, sites: Sequence[str] | None) -> str:
    parts = [", ".join(elements)] if elements is not None else []
    parts += ["site" + ("s " if len(sites) > 1 else " ") + ", ".join(sites)] if sites is not None else []
    return " on ".join(parts) or "all atoms"
