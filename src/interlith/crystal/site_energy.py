"""How much energy does a mobile ion have at each place of a crystal, as far as the lengths of its bonds tell?"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlith.crystal.charges import site_charges
from interlith.crystal.neighbours import contacts
from interlith.crystal.radii import ion_of, parse_ion
from interlith.crystal.structure import Structure
from interlith.crystal.valence_parameters import document
from interlith.errors import StudyError, nearest

Array = NDArray[np.float64]

#: e^2 / (4 pi epsilon_0) in eV angstrom: CODATA 2018.
COULOMB = 14.399645
#: Contacts further away than this (angstrom) are not looked at.
REACH = 8.0
#: Screening of the repulsion: S. Adams, R. P. Rao, Phys. Status Solidi A 208 (2011) 1746, 10.1002/pssa.201001116.
SCREENING = 0.74
#: Last atomic number of each period but the last.
_PERIODS = (2, 10, 18, 36, 54, 86)


def principal_number(element: str) -> int:
    """Period of an element in the periodic table, its principal quantum number."""
    import gemmi

    return 1 + sum(gemmi.Element(element).atomic_number > last for last in _PERIODS)


def bond_depth(cation: str, anion: str, length: float, b: float) -> float:
    """Depth D0 (eV) of the Morse potential of a bond between two ions.

    Parameters
    ----------
    cation, anion
        Ions, such as ``Al3+`` and ``O2-``.
    length
        Length of the bond at the minimum (angstrom).
    b
        Softness of its bond valence (angstrom).

    Notes
    -----
    D0 = f e^2 / (4 pi eps0) (V_A V_X)^(1/c) / (R sqrt(n_A n_X)) b^2 / 2 with c = 1, f = 1 for cations of s and p elements and
    c = 2, f = 2 sqrt(2) for those of d and f elements; n are principal quantum numbers. These f reproduce the tables in use.

    References
    ----------
    S. Adams, R. P. Rao, Phys. Status Solidi A 208 (2011) 1746, 10.1002/pssa.201001116.
    """
    element, charge = parse_ion(cation)
    partner, negative = parse_ion(anion)
    product = float(charge * abs(negative))
    strength = 2 * math.sqrt(2) * math.sqrt(product) if _has_open_shell(element) else product
    numbers = principal_number(element) * principal_number(partner)
    return COULOMB * strength / (length * math.sqrt(numbers)) * b * b / 2


def _has_open_shell(element: str) -> bool:
    """Whether it is an element of the groups 3 to 12 or a lanthanide."""
    import gemmi

    number = gemmi.Element(element).atomic_number
    return any(low <= number <= high for low, high in ((21, 30), (39, 48), (57, 80), (89, 112)))


def probe_energy(
    structure: Structure, fractions: ArrayLike, ion: str = "Li+", *, charges: Mapping[str, float] | None = None,
    repulsion: bool = True, reach: float = REACH,
) -> Array:  # fmt: skip
    """Bond-valence site energy of a mobile ion at some points: an estimate from a rigid lattice.

    Parameters
    ----------
    structure
        The crystal. Atoms of the element of the ion are taken out first: they move.
    fractions
        Points in units of the cell edges, shape (n, 3).
    ion
        ``Li+`` or ``Na+``.
    charges
        Element -> oxidation number; by default those of the sites, else those that the composition asks for.
    repulsion
        Whether the other cations repel the ion, by a screened Coulomb term.
    reach
        Largest distance (angstrom).

    Returns
    -------
    Energy (eV), shape (n,); differences along a path are what it is for.

    Raises
    ------
    StudyError
        If there are no parameters of the ion with an anion of the crystal.

    Notes
    -----
    Partly filled positions count by occupancy. The lattice does not give way, so a bottleneck looks too high, most of all in
    layered crystals (by about a factor of two), and the mobile ions do not see each other. Read it as a scale, for ranking
    paths in crystals of one kind; a barrier for a calculation of rates needs a relaxed path.

    References
    ----------
    S. Adams, R. P. Rao, Phys. Status Solidi A 208 (2011) 1746, 10.1002/pssa.201001116; H. Chen, L. L. Wong, S. Adams, Acta
    Crystallogr. B 75 (2019) 18, 10.1107/S2052520618015718.
    """
    element, charge = parse_ion(ion)
    name = ion_of(element, charge)
    tables = {key: rows for key, rows in document()["site_energy"].items() if key != "checked"}
    if name not in tables:
        raise StudyError(f"There are no site-energy parameters of {ion}; {nearest(name, tables)}.")
    numbers = site_charges(structure, charges)
    points = np.atleast_2d(np.asarray(fractions, dtype=float))
    total = np.zeros(len(points))
    for place, site in enumerate(structure.sites):
        own = float(numbers[place])
        if site.element == element or own == 0 or (own > 0 and not repulsion):
            continue
        found = contacts(structure, points, reach, np.flatnonzero(structure.atoms.site == place))
        if own < 0:
            energies = _attraction(found.lengths, tables[name], ion_of(site.element, round(own)), name)
        else:
            energies = _repulsion(found.lengths, element, charge, site.element, own)
        total += site.occupancy * np.bincount(found.points, weights=energies, minlength=len(points))
    return total


def _attraction(lengths: Array, rows: Mapping[str, list[float]], anion: str, name: str) -> Array:
    if anion not in rows:
        raise StudyError(f"There are no site-energy parameters of {name} with {anion}; {nearest(anion, rows)}.")
    best, b, depth = rows[anion]
    found: Array = depth * ((np.exp((best - lengths) / b) - 1) ** 2 - 1) / 2
    return found


def _repulsion(lengths: Array, element: str, charge: int, partner: str, own: float) -> Array:
    import gemmi
    from scipy.special import erfc

    radii = gemmi.Element(element).covalent_r + gemmi.Element(partner).covalent_r
    numbers = principal_number(element) * principal_number(partner)
    found: Array = COULOMB * charge * own / math.sqrt(numbers) / lengths * erfc(lengths / (SCREENING * radii))
    return found
