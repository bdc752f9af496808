"""How much energy does an ion cost that is too large, too small or wrongly charged for its site?

Plain numbers and arrays; all functions broadcast.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlith.crystal.site_energy import COULOMB

Array = NDArray[np.float64]

#: GPa angstrom^3 in eV, and eV in kJ/mol: exact by the definitions of 2019.
GPA = 1 / 160.2176634
KJ_MOL = 96.48533212
#: Gas constant (kJ/mol/K): exact.
GAS = 8.31446261815324e-3
#: Bulk modulus of a polyhedron of oxygen times d^3 / charge (GPa angstrom^3): R. M. Hazen, L. W. Finger, J. Geophys. Res. 84
#: (1979) 6723, 10.1029/JB084iB12p06723.
HAZEN = 750.0
#: Young's modulus over bulk modulus for a Poisson's ratio of 1/4, as in 10.1038/372452a0.
YOUNG_OVER_BULK = 1.5


def site_modulus(charge: ArrayLike, length: ArrayLike) -> Array:
    """Young's modulus of a site (GPa) from the charge of its ion and the length of its bonds (angstrom): 1125 Z / d^3.

    References
    ----------
    R. M. Hazen, L. W. Finger (1979), 10.1029/JB084iB12p06723, in the use of J. Blundy, B. Wood, Nature 372 (1994) 452,
    10.1038/372452a0. The bonds meant are those to oxygen.
    """
    found: Array = YOUNG_OVER_BULK * HAZEN * np.asarray(charge, dtype=float) / np.asarray(length, dtype=float) ** 3
    return found


def misfit_energy(radius: ArrayLike, site: ArrayLike, modulus: ArrayLike) -> Array:
    """Strain energy of an ion in a site of another radius (kJ/mol).

    Parameters
    ----------
    radius, site
        Radii of the ion and of the site (angstrom).
    modulus
        Young's modulus of the site (GPa).

    Notes
    -----
    E = 4 pi Y (r0 / 2 (r - r0)^2 + 1/3 (r - r0)^3): an elastic sphere whose surface follows the ion. The assumption that fails
    first is linear elasticity; at 50 % of mismatch this is a scale, not a number.

    References
    ----------
    J. C. Brice, J. Cryst. Growth 28 (1975) 249, 10.1016/0022-0248(75)90241-9; J. Blundy, B. Wood, Nature 372 (1994) 452,
    10.1038/372452a0.
    """
    own, hole = np.asarray(radius, dtype=float), np.asarray(site, dtype=float)
    gap = own - hole
    found: Array = 4 * np.pi * np.asarray(modulus) * GPA * KJ_MOL * (hole / 2 * gap**2 + gap**3 / 3)
    return found


def shell_energy(
    wanted: ArrayLike, given: ArrayLike, bonds: ArrayLike, depth: ArrayLike, softness: ArrayLike, shear: ArrayLike
) -> tuple[Array, Array]:
    """Energy of a shell that meets the ion half-way (kJ/mol), and how far it moves (angstrom).

    Parameters
    ----------
    wanted, given
        Length of the bonds that the ion asks for, and that the site has (angstrom).
    bonds
        Number of bonds.
    depth, softness
        Depth (eV) and softness (angstrom) of the Morse potential of one bond, a half of which belongs to the ion.
    shear
        Shear modulus of the crystal around the shell (GPa).

    Returns
    -------
    Least energy over all displacements u of the shell, and the u of it. Energy of the bonds: n D / 2 (exp((R_wanted - R) / b)
    - 1)^2; of the crystal around: 8 pi G R u^2, an isotropic continuum with a spherical hole.

    Notes
    -----
    All bonds change alike: a shell that keeps some short and some long, as around Mn3+, costs less.
    """
    target, start = np.asarray(wanted, dtype=float), np.asarray(given, dtype=float)
    count, deep, soft = (
        np.asarray(bonds, dtype=float),
        np.asarray(depth, dtype=float),
        np.asarray(softness, dtype=float),
    )
    stiff = 8 * np.pi * np.asarray(shear, dtype=float) * GPA * start
    gap = target - start
    low, high = np.broadcast_arrays(np.minimum(gap, 0.0), np.maximum(gap, 0.0))
    low, high = low.copy(), high.copy()
    # The force of the bonds falls and that of the crystal rises from one end to the other: one root, found by halving.
    for _ in range(60):
        middle = (low + high) / 2
        pull = np.exp((gap - middle) / soft)
        slope = -count * deep / soft * (pull - 1) * pull + 2 * stiff * middle
        low, high = np.where(slope < 0, middle, low), np.where(slope < 0, high, middle)
    moved: Array = (low + high) / 2
    pull = np.exp((gap - moved) / soft)
    energy: Array = KJ_MOL * (count * deep / 2 * (pull - 1) ** 2 + stiff * moved**2)
    return energy, moved


def charge_energy(mismatch: ArrayLike, radius: ArrayLike, permittivity: ArrayLike) -> Array:
    """Electrostatic energy of a lonely charge in a site (kJ/mol): dz^2 e^2 / (8 pi eps0 eps r).

    Parameters
    ----------
    mismatch
        Charge of the ion less that of the ion it replaces.
    radius
        Radius of the site (angstrom).
    permittivity
        Relative permittivity of the crystal.

    Notes
    -----
    An upper end: what makes up for the charge (an electron on a neighbouring metal, a vacancy) sits close and takes part of
    it back.

    References
    ----------
    B. J. Wood, J. D. Blundy, Earth Planet. Sci. Lett. 188 (2001) 59.
    """
    square = np.asarray(mismatch, dtype=float) ** 2
    return np.asarray(KJ_MOL * COULOMB / 2 * square / (np.asarray(radius) * np.asarray(permittivity)))


def solubility(energy: ArrayLike, temperature: ArrayLike) -> Array:
    """Share of the positions that a dopant fills at most (0 to 1): exp(-E / RT), E in kJ/mol, temperature in K.

    Notes
    -----
    Dilute and ideal: dissolved ions do not see each other. Above some percent it is only "much".
    """
    exponent = -np.asarray(energy, dtype=float) / (GAS * np.asarray(temperature, dtype=float))
    found: Array = np.exp(np.minimum(exponent, 0.0))
    return found
