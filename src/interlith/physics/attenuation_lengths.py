"""How far do electrons of a given energy come in a material before their line loses them?

Two lengths that must not be mixed up: the inelastic mean free path (way between two losses) and the effective attenuation
length (what exp(-t / L) of an overlayer needs, elastic scattering included; smaller by 5 to 30 %).
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlith.crystal.elements import atomic_mass, checked_symbol, symbols
from interlith.crystal.structure import Structure, formula_text
from interlith.errors import StudyError, nearest

Array = NDArray[np.float64]

Formula = Literal["S3", "S4", "TPP-2M"]
FORMULAS: tuple[str, ...] = get_args(Formula)
#: Rest energy of the electron (eV): CODATA 2018, 10.1103/RevModPhys.93.025010.
_REST_ENERGY = 510998.95
#: Avogadro's number times 1e-21, from g/mol per nm^3 to g/cm^3: exact since 2019 (SI Brochure, 9th ed.).
_PER_MOLE = 602.214076
#: Energies (eV) in which the formulas were fitted.
RANGE: dict[str, tuple[float, float]] = {"S3": (100.0, 30000.0), "S4": (100.0, 30000.0), "TPP-2M": (50.0, 200000.0)}


@dataclass(frozen=True, slots=True)
class Material:
    """A solid as electrons see it.

    Parameters
    ----------
    name
        For messages.
    composition
        Element -> atoms in a formula unit (any multiple of it).
    density
        (g/cm^3).
    gap
        Band gap (eV), 0 for metals or where unknown: 4 eV lengthen S3 by 9 %, and TPP-2M by 1 %.
    valence
        Valence electrons in the formula unit; `None` takes those of the elements from the shipped table.
    """

    name: str
    composition: Mapping[str, float]
    density: float
    gap: float = 0.0
    valence: float | None = None

    @property
    def mass(self) -> float:
        """Molar mass of the formula unit (g/mol)."""
        return math.fsum(count * atomic_mass(element) for element, count in self.composition.items())

    @property
    def atoms(self) -> float:
        """Atoms in the formula unit."""
        return math.fsum(self.composition.values())

    @property
    def mean_number(self) -> float:
        """Mean atomic number."""
        order = symbols()
        first = order.index("H")
        return (
            math.fsum(count * (order.index(element) - first + 1) for element, count in self.composition.items())
            / self.atoms
        )

    def number_density(self, element: str) -> float:
        """Atoms of an element (1/nm^3).

        Raises
        ------
        StudyError
            If there are none.
        """
        if not self.composition.get(element, 0.0) > 0:
            raise StudyError(f"{self.name} holds no {element}; {nearest(element, self.composition)}.")
        return self.composition[element] / self.mass * self.density * _PER_MOLE


def material_of(structure: Structure, *, gap: float = 0.0) -> Material:
    """The material that a crystal structure is."""
    units = structure.formula_units or 1.0
    composition = {element: count / units for element, count in structure.composition.items() if count > 0}
    return Material(structure.name, composition, structure.density, gap)


def material_from(formula: str, density: float, *, gap: float = 0.0, name: str = "") -> Material:
    """A material by formula, such as ``LaMnO3``, and density (g/cm^3).

    Raises
    ------
    StudyError
        If the formula cannot be read or the density is not positive.
    """
    import periodictable
    from pyparsing.exceptions import ParseBaseException

    if not density > 0:
        raise StudyError(f"The density of {formula} is {density:g} g/cm^3; it must be positive.")
    try:
        atoms = periodictable.formula(formula.strip()).atoms
    except (ValueError, ParseBaseException) as error:
        raise StudyError(
            f"'{formula}' is not a chemical formula; write for instance LaMnO3 or LiNi0.5Mn1.5O4."
        ) from error
    found = {checked_symbol(str(atom)): float(count) for atom, count in atoms.items()}
    return Material(name or formula_text(found), found, density, gap)


def attenuation_length(energy: ArrayLike, material: Material, formula: Formula = "S3") -> Array:
    """Effective attenuation length (nm) of electrons in a material.

    Parameters
    ----------
    energy
        Kinetic energy (eV).
    material
        In which they travel.
    formula
        ``S3`` and ``S4``: effective attenuation lengths fitted by Seah to 100 eV - 30 keV. ``TPP-2M``: the inelastic mean
        free path, taken as if elastic scattering did nothing.

    Raises
    ------
    StudyError
        If the formula is unknown or an energy lies outside the range that it was fitted to.

    Notes
    -----
    S3: (5.8 + 0.0041 Z^1.7 + 0.088 E^0.93) a^1.82 / (Z^0.38 (1 - W)), a^3 the volume of a mean atom (nm^3), W = 0.02 of the gap
    in eV for compounds, 0 for elements. S4: (0.65 + 0.007 E^0.93) / Z^0.38. Relative standard uncertainty about 10 %, common
    to all energies in one material. Assumption that fails first: emission near the surface normal; beyond about 60 deg elastic
    scattering lengthens them.

    References
    ----------
    M. P. Seah, Surf. Interface Anal. 44 (2012) 1353, 10.1002/sia.5033 (S3, S4); 44 (2012) 497, 10.1002/sia.4816 (W).
    """
    if formula not in FORMULAS:
        raise StudyError(f"There is no attenuation length '{formula}'; {nearest(formula, FORMULAS)}.")
    kinetic = np.asarray(energy, dtype=float)
    low, high = RANGE[formula]
    if not bool(((kinetic >= low) & (kinetic <= high)).all()):
        raise StudyError(
            f"A kinetic energy of {float(kinetic.min() if kinetic.min() < low else kinetic.max()):g} eV is outside "
            f"{low:g} to {high:g} eV, where {formula} holds; check photon and binding energy."
        )
    if formula == "TPP-2M":
        return inelastic_mean_free_path(kinetic, material)
    number = material.mean_number
    if formula == "S4":
        return np.asarray((0.65 + 0.007 * kinetic**0.93) / number**0.38)
    size = (material.mass / (material.density * _PER_MOLE * material.atoms)) ** (1 / 3)
    bound = 0.02 * material.gap if len(material.composition) > 1 else 0.0
    length = (5.8 + 0.0041 * number**1.7 + 0.088 * kinetic**0.93) * size**1.82 / (number**0.38 * (1.0 - bound))
    return np.asarray(length)


def inelastic_mean_free_path(energy: ArrayLike, material: Material) -> Array:
    """Inelastic mean free path (nm) by the relativistic TPP-2M formula.

    Parameters
    ----------
    energy
        Kinetic energy (eV), 50 eV to 200 keV.
    material
        In which they travel; its valence electrons decide.

    Raises
    ------
    StudyError
        If the valence electrons of an element are not in the table and not declared.

    References
    ----------
    S. Tanuma, C. J. Powell, D. R. Penn, Surf. Interface Anal. 21 (1994) 165, 10.1002/sia.740210302; relativistic form:
    H. Shinotsuka et al., Surf. Interface Anal. 47 (2015) 871, 10.1002/sia.5789.
    """
    return _tpp(energy, _valence(material), material.density, material.mass, material.gap)


def average_matrix_length(energy: ArrayLike) -> Array:
    """Inelastic mean free path (nm) in the average matrix, which sensitivity factors for at% hold.

    References
    ----------
    M. P. Seah, I. S. Gilmore, S. J. Spencer, J. Electron Spectrosc. 120 (2001) 93, 10.1016/S0368-2048(01)00311-5.
    """
    row = table()["average_matrix"]
    return _tpp(energy, row["valence"], row["density"], row["mass"], row["gap"])


def _tpp(energy: ArrayLike, valence: float, density: float, mass: float, gap: float) -> Array:
    kinetic = np.asarray(energy, dtype=float)
    share = valence * density / mass
    plasmon = 28.816 * math.sqrt(share)
    slow = (1.0 + kinetic / (2.0 * _REST_ENERGY)) / (1.0 + kinetic / _REST_ENERGY) ** 2
    beta = -1.0 + 9.44 / math.hypot(plasmon, gap) + 0.69 * density**0.1
    gamma = 0.191 / math.sqrt(density)
    first, second = 19.7 - 9.1 * share, 534.0 - 208.0 * share
    loss = beta * np.log(gamma * slow * kinetic) - first / kinetic + second / kinetic**2
    return np.asarray(slow * kinetic / (plasmon**2 * loss))


def _valence(material: Material) -> float:
    if material.valence is not None:
        return material.valence
    known = table()["valence_electrons"]
    missing = [element for element in material.composition if element not in known]
    if missing:
        raise StudyError(
            f"The valence electrons of {', '.join(missing)} are not in the table for TPP-2M; declare those of a formula unit of "
            f"{material.name}, or use the formula S3."
        )
    return math.fsum(count * known[element] for element, count in material.composition.items())


@cache
def table() -> dict[str, Any]:
    """The shipped numbers, `reference/attenuation.toml`."""
    text = (resources.files("interlith.reference") / "attenuation.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def relative_uncertainty(formula: Formula) -> float:
    """Relative standard uncertainty of an attenuation length by a formula, common to all lines in one material."""
    return float(table()["uncertainty"][formula]) / 100.0
