"""How does a diffractometer place, widen and weight the lines of a powder?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from interlith.errors import StudyError, nearest

Array = NDArray[np.float64]

GEOMETRIES = ("bragg-brentano", "debye-scherrer")
RADIATIONS = ("x-ray", "neutron")


@dataclass(frozen=True, slots=True)
class Instrument:
    """An instrument of constant wavelength.

    Parameters
    ----------
    wavelengths
        One, or two of a doublet, the stronger first (angstrom).
    ratio
        Intensity of the second over that of the first.
    radiation
        ``x-ray`` or ``neutron``.
    polarisation
        Fraction of the intensity that is polarised perpendicular to the diffraction plane: 0.5 for a tube, about 0.99 for a
        synchrotron with a vertical diffraction plane. Of no account for neutrons.
    monochromator
        Two theta of the monochromator crystal (deg), 0 for none.
    gauss
        U, V, W (deg^2) of the Gaussian full width: w^2 = U tan^2(theta) + V tan(theta) + W.
    lorentz
        X, Y (deg) of the Lorentzian full width: w = X / cos(theta) + Y tan(theta).
    sample_ratio, slit_ratio
        S/L and H/L of the axial divergence.
    geometry
        ``bragg-brentano`` or ``debye-scherrer``: what a displaced specimen does.
    radius
        Of the goniometer (mm); nan where unknown, then a displacement cannot be refined.
    name, source
        Of the instrument; where its numbers come from.

    Raises
    ------
    StudyError
        If a number is impossible or a word unknown.

    References
    ----------
    Caglioti, Paoletti and Ricci 1958, 10.1016/0369-643X(58)90029-X (Gaussian width).
    """

    wavelengths: tuple[float, ...]
    ratio: float = 0.0
    radiation: str = "x-ray"
    polarisation: float = 0.5
    monochromator: float = 0.0
    gauss: tuple[float, float, float] = (0.0, 0.0, 0.0)
    lorentz: tuple[float, float] = (0.0, 0.0)
    sample_ratio: float = 0.0
    slit_ratio: float = 0.0
    geometry: str = "bragg-brentano"
    radius: float = math.nan
    name: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        if len(self.wavelengths) not in (1, 2) or not all(0 < one < 100 for one in self.wavelengths):
            raise StudyError(
                f"An instrument has one wavelength, or two of a doublet, in angstrom; got {self.wavelengths}."
            )
        if not 0 <= self.ratio <= 1 or (len(self.wavelengths) == 1 and self.ratio):
            raise StudyError(
                f"The ratio of a doublet is between 0 and 1, and 0 for one wavelength; got {self.ratio:g} for {len(self.wavelengths)}."
            )
        for word, known, what in (
            (self.geometry, GEOMETRIES, "geometry"),
            (self.radiation, RADIATIONS, "radiation"),
        ):
            if word not in known:
                raise StudyError(f"The {what} '{word}' of the instrument is unknown; {nearest(word, known)}.")
        if not 0 <= self.polarisation <= 1:
            raise StudyError(f"The polarisation is a fraction from 0 to 1; got {self.polarisation:g}.")

    @property
    def lines(self) -> tuple[tuple[float, float], ...]:
        """Wavelength (angstrom) and weight of each line of the radiation; the first has weight 1."""
        return tuple(zip(self.wavelengths, (1.0, self.ratio)[: len(self.wavelengths)], strict=True))

    def lorentz_polarisation(self, theta: Array) -> tuple[Array, Array]:
        """Lorentz and polarisation factor of powder lines, and its slope by theta (1/rad), shape (n,).

        Parameters
        ----------
        theta
            Half the scattering angle (rad), shape (n,).

        Notes
        -----
        1 / (sin^2(theta) cos(theta)), for X-rays times P + (1 - P) M cos^2(2 theta) with M = cos^2 of the monochromator's two
        theta. The assumption that fails first: an ideally imperfect monochromator crystal.

        References
        ----------
        L. V. Azaroff, Acta Cryst. 8 (1955) 701, 10.1107/S0365110X55002156.
        """
        sine, cosine = np.sin(theta), np.cos(theta)
        factor = 1 / (sine**2 * cosine)
        slope = factor * (sine / cosine - 2 * cosine / sine)
        if self.radiation == "neutron":
            return factor, slope
        share = (1 - self.polarisation) * math.cos(math.radians(self.monochromator)) ** 2
        polarised = self.polarisation + share * np.cos(2 * theta) ** 2
        return factor * polarised, slope * polarised - factor * share * 2 * np.sin(4 * theta)

    def displacement(self, theta: Array) -> tuple[Array, Array]:
        """Shift of lines (deg) by a specimen displaced by 1 mm, and its slope by theta (deg/rad), shape (n,).

        Notes
        -----
        Bragg-Brentano: - 2 s cos(theta) / R, s positive away from the focusing circle. Debye-Scherrer: s sin(2 theta) / R, s
        positive along the beam towards the source.

        Raises
        ------
        StudyError
            If the radius is unknown.
        """
        if not self.radius > 0:
            raise StudyError("A displacement of the specimen needs the radius of the goniometer (mm); give it.")
        unit = math.degrees(1 / self.radius)
        if self.geometry == "bragg-brentano":
            return -2 * unit * np.cos(theta), 2 * unit * np.sin(theta)
        return unit * np.sin(2 * theta), 2 * unit * np.cos(2 * theta)

    def displacement_across(self, theta: Array) -> tuple[Array, Array]:
        """Shift of lines (deg) by a specimen displaced by 1 mm across the beam, and its slope by theta (deg/rad), shape (n,).

        Notes
        -----
        Debye-Scherrer: s cos(2 theta) / R, s positive towards the side of larger angles; at small angles the same as a zero. A flat
        specimen cannot be displaced so.

        Raises
        ------
        StudyError
            If the radius is unknown.
        """
        if not self.radius > 0:
            raise StudyError("A displacement of the specimen needs the radius of the goniometer (mm); give it.")
        unit = math.degrees(1 / self.radius)
        return unit * np.cos(2 * theta), -2 * unit * np.sin(2 * theta)
