"""What is scattered: X-rays of an energy, neutrons of a wavelength or electrons of a voltage, and how strongly by a site?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from interlith.crystal.scattering import (
    THERMAL,
    XRayTable,
    anomalous,
    electron_factor,
    electron_wavelength,
    photon_energy,
    relativistic_mass,
    scattering_length,
    xray_factor,
)
from interlith.crystal.structure import Site
from interlith.errors import StudyError

Array = NDArray[np.float64]
#: Real or complex numbers, one for each s.
Amplitudes = NDArray[Any]


class Probe(Protocol):
    """Anything that says how strongly the atom of a site scatters at s = sin(theta)/lambda (1/angstrom), shape (n,)."""

    def amplitude(self, site: Site, s: Array) -> Amplitudes:
        """Scattering amplitude of one whole atom at rest, shape (n,); occupancy and displacement are left out."""
        ...


@dataclass(frozen=True)
class XRays:
    """X-rays: amplitudes in electrons.

    Parameters
    ----------
    wavelength
        In angstrom; `None` leaves out the dispersion corrections f' and f''.
    ions
        Whether sites with a declared charge scatter as ions of that charge, which the table must know; neutral atoms
        otherwise.
    corrections
        Element -> (f', f'') in electrons, in place of the table: measured near an edge, or those of another program.
    table
        Of form factors, see `xray_factor`.
    """

    wavelength: float | None = None
    ions: bool = False
    corrections: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    table: XRayTable = "waasmaier-kirfel"

    def amplitude(self, site: Site, s: Array) -> Amplitudes:
        """f0 + f' + i f'' of the atom of a site (electrons), shape (n,).

        Raises
        ------
        StudyError
            As `xray_factor` and `anomalous`.
        """
        factor = xray_factor(site.element, s, charge=site.charge if self.ions else None, table=self.table)
        if site.element in self.corrections:
            real, imaginary = self.corrections[site.element]
        elif self.wavelength is not None:
            real, imaginary = anomalous(site.element, photon_energy(self.wavelength))
        else:
            return factor
        return np.asarray(factor + complex(real, imaginary))


@dataclass(frozen=True)
class Neutrons:
    """Neutrons: amplitudes in fm, isotopes as declared by the sites.

    Parameters
    ----------
    wavelength
        In angstrom; matters only for nuclei with a resonance (see `scattering_length`).
    absorbing
        Whether lengths keep their imaginary part.
    """

    wavelength: float = THERMAL
    absorbing: bool = True

    def amplitude(self, site: Site, s: Array) -> Amplitudes:
        """Bound coherent scattering length of the atom of a site (fm), shape (n,).

        Raises
        ------
        StudyError
            As `scattering_length`.
        """
        length = scattering_length(site.element, site.isotope, self.wavelength)
        return np.full(np.shape(s), length if self.absorbing else length.real)


@dataclass(frozen=True)
class Electrons:
    """Electrons: amplitudes in angstrom, first Born approximation.

    Parameters
    ----------
    voltage
        Accelerating voltage (V), 200000 for 200 kV; amplitudes then carry the relativistic mass. `None`: rest mass.
    table
        ``"peng"`` or ``"mott-bethe"``, see `electron_factor`.
    ions
        As for `XRays`; needs ``"mott-bethe"``.

    Raises
    ------
    StudyError
        If the voltage is below 1 kV, which is a number of kV written for one of V.
    """

    voltage: float | None = None
    table: str = "peng"
    ions: bool = False

    def __post_init__(self) -> None:
        if self.voltage is not None and not self.voltage >= 1000:
            raise StudyError(f"The voltage of electrons is in V, 200000 for 200 kV; got {self.voltage:g}.")

    @property
    def wavelength(self) -> float | None:
        """Wavelength (angstrom), `None` without a voltage."""
        return None if self.voltage is None else electron_wavelength(self.voltage)

    def amplitude(self, site: Site, s: Array) -> Amplitudes:
        """Scattering factor of the atom of a site (angstrom), shape (n,).

        Raises
        ------
        StudyError
            As `electron_factor`.
        """
        mass = 1.0 if self.voltage is None else relativistic_mass(self.voltage)
        charge = site.charge if self.ions else None
        return mass * electron_factor(site.element, s, charge=charge, table=self.table)


@dataclass(frozen=True)
class Custom:
    """Amplitudes of the caller: other tables, magnetic or bonded form factors.

    Parameters
    ----------
    function
        ``function(site, s) -> amplitudes``, s in 1/angstrom, both of shape (n,).
    """

    function: Callable[[Site, Array], Amplitudes]

    def amplitude(self, site: Site, s: Array) -> Amplitudes:
        """What the function says, shape (n,)."""
        return self.function(site, s)
