"""From which thickness on do misfit dislocations pay, and what does a partly relaxed film cost?

Two crossed arrays of straight dislocations lie in the interface. One line costs (energy per length, isotropic)
L(h) = G b^2 (1 - nu cos^2 beta) / (4 pi (1 - nu)) (ln(h / b) + core), and takes up b cos(lambda) of misfit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import lambertw

from interlith.errors import StudyError
from interlith.physics.growth.layers import PER_AREA, elastic_energy

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Dislocation:
    """A misfit dislocation.

    Parameters
    ----------
    burgers
        Length of its Burgers vector b (angstrom).
    shear, poisson
        Shear modulus (GPa) and Poisson's ratio of the film, isotropic means.
    beta
        Angle between Burgers vector and line (deg): 90 edge, 0 screw.
    lambda_
        Angle between the Burgers vector and the direction in the interface across the line (deg): 0 takes up most misfit.
    core
        Constant beside the logarithm, the energy of the core: 1 in Matthews and Blakeslee's formula.

    Raises
    ------
    StudyError
        If a length or modulus is not positive, or the dislocation takes up no misfit.
    """

    burgers: float
    shear: float
    poisson: float
    beta: float = 90.0
    lambda_: float = 0.0
    core: float = 1.0

    def __post_init__(self) -> None:
        if not (self.burgers > 0 and self.shear > 0 and -1 < self.poisson < 0.5):
            raise StudyError(
                f"A dislocation with b = {self.burgers:g} angstrom, G = {self.shear:g} GPa and nu = {self.poisson:g} is none; "
                "lengths and moduli must be positive and Poisson's ratio between -1 and 0.5."
            )
        if self.across <= 1e-9 * self.burgers:
            raise StudyError(
                f"A dislocation at lambda = {self.lambda_:g} deg takes up no misfit; write less than 90 deg."
            )

    @property
    def across(self) -> float:
        """Misfit that one line takes up (angstrom): b cos(lambda)."""
        return self.burgers * math.cos(math.radians(self.lambda_))

    @property
    def prefactor(self) -> float:
        """Energy per length before the logarithm (GPa angstrom^2)."""
        mixed = 1 - self.poisson * math.cos(math.radians(self.beta)) ** 2
        return self.shear * self.burgers**2 * mixed / (4 * math.pi * (1 - self.poisson))

    def line_energy(self, thickness: ArrayLike) -> Any:
        """Energy per length (GPa angstrom^2, 1e-11 J/m) below a film of a thickness (angstrom)."""
        return self.prefactor * (np.log(np.asarray(thickness, dtype=float) / self.burgers) + self.core)


def _crossing(ratio: ArrayLike, core: float) -> Any:
    """Larger root x of x = ratio (ln x + core); nan where the line stays above the logarithm."""
    k = np.asarray(ratio, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        argument = -np.exp(-core) / k
        root = -k * lambertw(np.where(k > 0, argument, np.nan), -1).real
        found = np.where((k > 0) & (argument >= -math.exp(-1.0)), root, np.nan)
    return float(found) if np.ndim(found) == 0 else found


def critical_thickness(modulus: ArrayLike, misfit: ArrayLike, dislocation: Dislocation) -> Any:
    """Thickness (angstrom) from which the first dislocation pays (Matthews and Blakeslee, balance of forces).

    It is also the thickness at which the energy of the film with crossed arrays (`film_energy`) begins to fall below that of
    the coherent film: M f h b cos(lambda) = L(h). nan where the strain beats the line at every thickness: then dislocations
    pay as soon as a film is thick enough for one, about b, and no continuum theory gives a number.

    Parameters
    ----------
    modulus, misfit
        Biaxial modulus (GPa) and misfit, shape (...).

    Notes
    -----
    Solved with the lower branch of Lambert's W, so that there is no start value to fail. Gives the thickness of equilibrium;
    what fails first is that dislocations must form and glide, so films often stay coherent far beyond it.

    References
    ----------
    J. W. Matthews, A. E. Blakeslee, J. Cryst. Growth 27 (1974) 118, 10.1016/S0022-0248(74)80055-2.
    """
    b = dislocation.burgers
    strain = np.abs(np.asarray(misfit, dtype=float))
    with np.errstate(divide="ignore"):
        ratio = dislocation.prefactor / (np.asarray(modulus, dtype=float) * strain * dislocation.across * b)
    return np.where(strain > 0, b * _crossing(ratio, dislocation.core), np.inf)[()]


def critical_thickness_energy(modulus: ArrayLike, misfit: ArrayLike, dislocation: Dislocation, *, width: float) -> Any:
    """Thickness (angstrom) at which the whole strain energy equals that of a dislocation spread over a width.

    M f^2 h = L(h) / width, the balance of People and Bean, who took a screw dislocation without core energy and a width of
    2 sqrt(2) a. It describes films that had no sources of dislocations; it lies above `critical_thickness`. nan as there.

    Parameters
    ----------
    width
        Width over which one line spreads (angstrom).

    Raises
    ------
    StudyError
        If the width is not positive.

    References
    ----------
    R. People, J. C. Bean, Appl. Phys. Lett. 47 (1985) 322, 10.1063/1.96206.
    """
    if not width > 0:
        raise StudyError(f"A dislocation spread over {width:g} angstrom is none; the width must be positive.")
    b = dislocation.burgers
    strain = np.asarray(misfit, dtype=float)
    with np.errstate(divide="ignore"):
        ratio = dislocation.prefactor / (np.asarray(modulus, dtype=float) * strain**2 * width * b)
    return np.where(strain != 0, b * _crossing(ratio, dislocation.core), np.inf)[()]


def residual_strain(modulus: ArrayLike, misfit: ArrayLike, thickness: ArrayLike, dislocation: Dislocation) -> Any:
    """Strain of lowest energy of a film of a thickness (angstrom): the misfit below the critical thickness."""
    h = np.asarray(thickness, dtype=float)
    strain = np.asarray(misfit, dtype=float)
    thick = np.maximum(h, dislocation.burgers)
    balance = dislocation.line_energy(thick) / (np.asarray(modulus, dtype=float) * thick * dislocation.across)
    relaxed = np.where(h < dislocation.burgers, np.abs(strain), np.minimum(np.abs(strain), np.maximum(balance, 0.0)))
    return np.sign(strain) * relaxed


def film_energy(modulus: ArrayLike, misfit: ArrayLike, thickness: ArrayLike, dislocation: Dislocation) -> Any:
    """Energy per area (J/m^2) of strain and dislocations of lowest sum, at a thickness (angstrom).

    M e^2 h + 2 (f - e) L(h) / (b cos lambda). Thin films: M f^2 h. Thick ones: 2 f L(h) / (b cos lambda), which grows with the
    logarithm of the thickness only.

    Notes
    -----
    Lines do not interact; that fails first where their spacing comes near the thickness, and overstates thick films.
    """
    h = np.asarray(thickness, dtype=float)
    strain = np.abs(np.asarray(misfit, dtype=float))
    left = np.abs(residual_strain(modulus, strain, h, dislocation))
    line = dislocation.line_energy(np.maximum(h, dislocation.burgers))
    return elastic_energy(modulus, left, h) + PER_AREA * 2 * (strain - left) * line / dislocation.across


def network_energy(misfit: ArrayLike, dislocation: Dislocation) -> Any:
    """Energy per area (J/m^2) of two crossed arrays that take up a whole misfit, cut off at half their spacing.

    Notes
    -----
    An upper estimate at large misfit: cores that nearly touch, and an interface that bonds weakly, cost less.

    References
    ----------
    J. P. Hirth, J. Lothe, Theory of Dislocations, 2nd ed., Wiley 1982, chapter 3.
    """
    strain = np.abs(np.asarray(misfit, dtype=float))
    safe = np.where(strain > 0, strain, 1.0)
    spacing = dislocation.across / safe
    line = dislocation.line_energy(np.maximum(spacing / 2, dislocation.burgers))
    return np.where(strain > 0, PER_AREA * 2 * line / spacing, 0.0)[()]
