"""How strongly does one atom scatter X-rays, neutrons or electrons?"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import cache
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlith.crystal.elements import checked_symbol, symbols
from interlith.crystal.xray_tables import dispersion, dispersion_range, form_factors
from interlith.errors import StudyError, nearest

Array = NDArray[np.float64]

#: Tables of X-ray form factors.
XRayTable = Literal["waasmaier-kirfel", "it92"]

#: h c (eV angstrom), exact in the SI of 2019.
_HC = 12398.419843320026
#: Rest energy of the electron (eV), CODATA 2022.
_REST_ENERGY = 510998.95069
#: Bohr radius (angstrom), CODATA 2022.
_BOHR = 0.529177210544
#: Factor of the Mott-Bethe formula, m e^2 / (8 pi h^2 eps0) = 1 / (8 pi^2 a0) (1/angstrom).
MOTT_BETHE = 1 / (8 * math.pi**2 * _BOHR)
#: Largest s = sin(theta)/lambda (1/angstrom) to which each table was fitted.
LARGEST_S = {"waasmaier": 6.0, "it92": 2.0, "peng": 2.0}
#: Neutron lengths of the tables hold for this wavelength (angstrom, 2200 m/s) unless they depend on energy.
THERMAL = 1.798


def photon_energy(wavelength: float) -> float:
    """Energy (eV) of a photon of a wavelength (angstrom)."""
    return _HC / _positive(wavelength, "wavelength", "angstrom")


def photon_wavelength(energy: float) -> float:
    """Wavelength (angstrom) of a photon of an energy (eV)."""
    return _HC / _positive(energy, "energy", "eV")


def electron_wavelength(voltage: float) -> float:
    """Wavelength (angstrom) of electrons of an accelerating voltage (V), relativistic."""
    energy = _positive(voltage, "voltage", "V")
    return _HC / math.sqrt(energy * (energy + 2 * _REST_ENERGY))


def relativistic_mass(voltage: float) -> float:
    """Mass of electrons of an accelerating voltage (V) over their rest mass."""
    return 1 + _positive(voltage, "voltage", "V") / _REST_ENERGY


def known_ions(element: str) -> tuple[str, ...]:
    """Neutral atom and ions of an element in the table of X-ray form factors: ``('Ni', 'Ni2+', 'Ni3+')``."""
    symbol = checked_symbol(element)
    return tuple(ion for ion in _ions() if ion.rstrip("+-0123456789") == symbol)


def xray_factor(
    element: str, s: ArrayLike, *, charge: float | None = None, table: XRayTable = "waasmaier-kirfel"
) -> Array:
    """Form factor f0 for X-rays.

    Parameters
    ----------
    element
        Chemical symbol.
    s
        sin(theta) / lambda = 1 / (2 d) (1/angstrom), any shape; up to 6.
    charge
        Oxidation number of a tabulated ion, `None` or 0 for the neutral atom.
    table
        ``"waasmaier-kirfel"``: five Gaussians, s up to 6. ``"it92"``: the four Gaussians of the International Tables, s up to 2,
        which refinement programs commonly hold, neutral atoms only; to compare with one.

    Returns
    -------
    Electrons, in the shape of `s`.

    Raises
    ------
    StudyError
        If the element or ion is not in the table (the message lists those that are), or `s` leaves its range.

    Notes
    -----
    The assumption that fails first: the electron density of an atom in a crystal is that of a free atom or ion. Low
    angles feel the bonding; above s of about 0.3 an ion and its atom differ little.

    References
    ----------
    D. Waasmaier and A. Kirfel, Acta Cryst. A51 (1995) 416, doi 10.1107/S0108767394013292; as held by xraydb. International
    Tables for Crystallography C (1992), table 6.1.1.4; as held by gemmi.
    """
    if table == "it92":
        four = _it92(checked_symbol(element), charge or 0.0)
        square = _squared(s, LARGEST_S["it92"], "X-ray form factors of the International Tables")
        return np.asarray(_sum_of_gaussians(four[:4], four[4:8], square) + four[8])
    if table != "waasmaier-kirfel":
        raise StudyError(f"There is no table of form factors '{table}'; {nearest(table, get_args(XRayTable))}.")
    heights, widths, offset = _gaussians(_ion(element, charge))
    square = _squared(s, LARGEST_S["waasmaier"], "X-ray form factors")
    return np.asarray(_sum_of_gaussians(heights, widths, square) + offset)


@cache
def _it92(symbol: str, charge: float) -> Array:
    """Four heights, four widths (angstrom^2) and the offset of a neutral atom, shape (9,)."""
    import gemmi

    found: Any = gemmi.Element(symbol).it92
    if charge or found is None:
        raise StudyError(
            f"The International Tables are held for neutral atoms up to Cf, not for {symbol} with charge {charge:+g}; leave the "
            "charge out, or take the table waasmaier-kirfel."
        )
    return np.array(found.get_coefs())


@cache
def anomalous(element: str, energy: float) -> tuple[float, float]:
    """Dispersion corrections f' and f'' (electrons) at a photon energy (eV); f'' is positive.

    Raises
    ------
    StudyError
        If there is no such element in the table, or the energy is outside it.

    Notes
    -----
    The assumption that fails first: free atoms; within some 50 eV of an absorption edge the chemical shift and the fine
    structure of the sample change both.

    References
    ----------
    C. T. Chantler, J. Phys. Chem. Ref. Data 29 (2000) 597, doi 10.1063/1.1321055; as held by xraydb.
    """
    symbol = checked_symbol(element)
    if symbol not in _chantler_elements():
        raise StudyError(f"There are no dispersion corrections for {symbol}; {nearest(symbol, _chantler_elements())}.")
    table = dispersion_range(symbol)
    if not table[0] <= energy <= table[1]:
        raise StudyError(
            f"Dispersion corrections of {symbol} are known from {table[0]:.4g} to {table[1]:.4g} eV, not at {energy:g} eV; "
            "check whether a wavelength was given for an energy."
        )
    return dispersion(symbol, energy)


@cache
def scattering_length(element: str, isotope: int | None = None, wavelength: float = THERMAL) -> complex:
    """Bound coherent scattering length for neutrons (fm).

    Parameters
    ----------
    element, isotope
        Chemical symbol; mass number, or `None` for the natural mixture.
    wavelength
        Of the neutrons (angstrom); matters only for nuclei with a resonance near thermal energies (Sm, Eu, Gd, ...).

    Returns
    -------
    The real part as tabulated; the imaginary part is positive where the nucleus absorbs, in step with f'' and with phases
    exp(+2 pi i h x). Tables with phases exp(-i Q r) print it negative.

    Raises
    ------
    StudyError
        If there is no such element or isotope, or nobody has measured it.

    References
    ----------
    H. Rauch and W. Waschkowski, Neutron Data Booklet (2003), and updates, as held by periodictable.
    """
    import periodictable

    symbol = checked_symbol(element)
    atom: Any = periodictable.elements.symbol(symbol)
    if isotope is not None:
        if isotope not in atom.isotopes:
            raise StudyError(f"{symbol} has no isotope {isotope}; {nearest(str(isotope), map(str, atom.isotopes))}.")
        atom = atom[isotope]
    if getattr(atom.neutron, "b_c", None) is None:
        measured = [
            str(number) for number in periodictable.elements.symbol(symbol).isotopes if _measured(symbol, number)
        ]
        raise StudyError(
            f"No neutron scattering length of {f'{symbol}-{isotope}' if isotope else f'natural {symbol}'} is known; measured "
            f"isotopes: {', '.join(measured) or 'none'}."
        )
    value = complex(atom.neutron.b_c_complex)
    if atom.neutron.is_energy_dependent:
        length, _ = atom.neutron.scattering_by_wavelength(_positive(wavelength, "wavelength", "angstrom"))
        value = complex(length)
    return complex(value.real, abs(value.imag))


def electron_factor(element: str, s: ArrayLike, *, charge: float | None = None, table: str = "peng") -> Array:
    """Elastic scattering factor for electrons in the first Born approximation, for the rest mass.

    Parameters
    ----------
    element
        Chemical symbol.
    s
        sin(theta) / lambda = 1 / (2 d) (1/angstrom), any shape.
    charge
        Oxidation number; only ``table="mott-bethe"`` knows ions.
    table
        ``"peng"``: five Gaussians for neutral atoms, s up to 2. ``"mott-bethe"``: from the X-ray factors of `xray_factor`,
        s up to 6; the sum of the Gaussians is taken as exactly Z minus the charge, so that the limit s -> 0 is finite.

    Returns
    -------
    Factors (angstrom), in the shape of `s`; multiply by `relativistic_mass` for a voltage.

    Raises
    ------
    StudyError
        If the element or ion is unknown, or `s` leaves the table; if an ion is asked for at s = 0, where the field of a
        net charge has no limit.

    Notes
    -----
    The assumption that fails first: one scattering event. A crystal thicker than some nm scatters dynamically.

    References
    ----------
    L.-M. Peng, G. Ren, S. L. Dudarev and M. J. Whelan, Acta Cryst. A52 (1996) 257, doi 10.1107/S0108767395014371,
    International Tables C (2004), table 4.3.2.2, as held by gemmi. N. F. Mott, Proc. R. Soc. A 127 (1930) 658,
    doi 10.1098/rspa.1930.0082.
    """
    if table not in ("peng", "mott-bethe"):
        raise StudyError(f"There is no table '{table}' of electron factors; {nearest(table, ('peng', 'mott-bethe'))}.")
    if table == "peng":
        if charge:
            raise StudyError(
                f"The table 'peng' knows neutral atoms, not {element} of charge {charge:g}; use 'mott-bethe'."
            )
        pair = _peng(checked_symbol(element))
        return _sum_of_gaussians(*pair, _squared(s, LARGEST_S["peng"], "electron factors ('mott-bethe' goes to 6)"))
    heights, widths, _ = _gaussians(_ion(element, charge))
    square = _squared(s, LARGEST_S["waasmaier"], "electron factors")
    if charge and np.any(square == 0):
        raise StudyError(
            f"An ion such as {element} of charge {charge:g} has no electron factor at s = 0; take neutral atoms there."
        )
    found = np.zeros_like(square)
    safe = np.where(square > 0, square, 1.0)
    for height, width in zip(heights, widths, strict=True):
        found += height * np.where(square > 0, -np.expm1(-width * safe) / safe, width)
    return np.asarray(MOTT_BETHE * (found + (charge or 0.0) / safe))


def _sum_of_gaussians(heights: Iterable[float], widths: Iterable[float], square: Array) -> Array:
    found = np.zeros_like(square)
    for height, width in zip(heights, widths, strict=True):
        found += height * np.exp(-width * square)
    return found


def _squared(s: ArrayLike, largest: float, what: str) -> Array:
    values = np.asarray(s, dtype=np.float64)
    if values.size and not (values.min() >= 0 and values.max() <= largest):
        raise StudyError(
            f"The table of {what} holds for s = 1/(2 d) from 0 to {largest:g} 1/angstrom; asked for {values.min():g} to "
            f"{values.max():g}. Give s in 1/angstrom, or a larger d."
        )
    return values * values


def _positive(value: float, name: str, unit: str) -> float:
    if not (math.isfinite(value) and value > 0):
        raise StudyError(f"A {name} of {value:g} {unit} is none; give a positive number of {unit}.")
    return float(value)


@cache
def _waasmaier() -> dict[str, tuple[tuple[float, ...], tuple[float, ...], float]]:
    # Cval and Siva are valence states fitted for diamond and silicon, no ions.
    return {ion: one for ion, one in form_factors().items() if ion not in ("Cval", "Siva")}


def _ions() -> tuple[str, ...]:
    return tuple(_waasmaier())


def _ion(element: str, charge: float | None) -> str:
    symbol = checked_symbol(element)
    word = symbol if not charge else f"{symbol}{abs(charge):g}{'+' if charge > 0 else '-'}"
    if word not in _waasmaier():
        known = known_ions(symbol)
        said = f"those of {symbol} are {', '.join(known)}" if known else nearest(symbol, _ions())
        raise StudyError(f"There is no form factor of {word} in the table of Waasmaier and Kirfel; {said}.")
    return word


def _gaussians(ion: str) -> tuple[tuple[float, ...], tuple[float, ...], float]:
    return _waasmaier()[ion]


@cache
def _peng(symbol: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    import gemmi

    try:
        table = gemmi.Element(symbol).c4322
        heights, widths = tuple(table.a), tuple(table.b)
    except (RuntimeError, AttributeError):
        heights, widths = (), ()
    if not any(heights):
        raise StudyError(f"There is no electron factor of {symbol} in the table of Peng and others (H to Cf).")
    return heights, widths


def _chantler_elements() -> tuple[str, ...]:
    # The tables end at uranium.
    return symbols()[:92]


def _measured(symbol: str, isotope: int) -> bool:
    import periodictable

    return getattr(periodictable.elements.symbol(symbol)[isotope].neutron, "b_c", None) is not None
