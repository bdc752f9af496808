"""How strongly does a crystal diffract into each reflection?"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlith.crystal.phase_sums import as_indices, images, phase_sums
from interlith.crystal.radiation import Amplitudes, Custom, Electrons, Neutrons, Probe, XRays
from interlith.crystal.structure import Site, Structure

__all__ = ["Custom", "Electrons", "Neutrons", "Probe", "XRays", "site_factors", "structure_factors"]

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]


def structure_factors(
    structure: Structure, hkl: ArrayLike, probe: Probe | None = None, *, unknown_displacement: float = 0.0
) -> Complex:
    """Structure factors of one unit cell: F = sum of occupancy f T exp(2 pi i (hx + ky + lz)) over its atoms.

    Parameters
    ----------
    structure
        The crystal.
    hkl
        Indices, shape (n, 3); 0 0 0 is allowed, and so are fractions (satellites).
    probe
        `XRays` (default: without dispersion), `Neutrons`, `Electrons` or anything with an ``amplitude``.
    unknown_displacement
        U (angstrom^2) of sites that declare none.

    Returns
    -------
    Complex, shape (n,), in the unit of the probe: electrons, fm or angstrom.

    Raises
    ------
    StudyError
        If `hkl` has another shape, or an element is in no table.

    Notes
    -----
    Displacements are harmonic, T = exp(-2 pi^2 U / d^2), anisotropic ones turned by symmetry. The assumption that fails
    first: average occupancies; short-range order adds diffuse scattering beside the reflections.

    References
    ----------
    International Tables for Crystallography B (2010), section 1.2, equations 1.2.4.2 and 1.2.11.
    """
    indices = as_indices(hkl)
    prepared = images(structure)
    sums = phase_sums(structure, indices)
    found = np.zeros(len(indices), dtype=np.complex128)
    for number, weight in _weights(structure, indices, probe or XRays(), unknown_displacement):
        found += structure.sites[number].occupancy * weight * sums[:, prepared.column[number]]
    return found


def site_factors(
    structure: Structure, hkl: ArrayLike, probe: Probe | None = None, *, unknown_displacement: float = 0.0
) -> Complex:
    """Contribution of each site to `structure_factors` were it full, shape (n, number of sites).

    ``site_factors(...) @ occupancies`` is the structure factor; a column is its derivative by one occupancy.

    Raises
    ------
    StudyError
        As `structure_factors`.
    """
    indices = as_indices(hkl)
    prepared = images(structure)
    sums = phase_sums(structure, indices)
    found = np.zeros((len(indices), len(structure.sites)), dtype=np.complex128)
    for number, weight in _weights(structure, indices, probe or XRays(), unknown_displacement):
        found[:, number] = weight * sums[:, prepared.column[number]]
    return found


def _weights(structure: Structure, hkl: Array, probe: Probe, unknown: float) -> Iterator[tuple[int, Amplitudes]]:
    """Amplitude times isotropic displacement of each site; equal ones are worked out once."""
    lengths = np.linalg.norm(hkl @ structure.cell.reciprocal, axis=1)
    # Equivalents and lines of a powder share d.
    distinct, rows = np.unique(np.round(lengths, 12), return_inverse=True)
    made: dict[tuple[object, ...], Amplitudes] = {}
    for number, site in enumerate(structure.sites):
        displacement = _isotropic(site, unknown)
        key = (site.element, site.charge, site.isotope, displacement) if not isinstance(probe, Custom) else (number,)
        if key not in made:
            weight = probe.amplitude(site, distinct / 2)
            if displacement:
                weight = weight * np.exp(-2 * math.pi**2 * displacement * distinct**2)
            made[key] = weight[rows]
        yield number, made[key]


def _isotropic(site: Site, unknown: float) -> float:
    """U (angstrom^2) of the factor that is the same for all images: 0 where an anisotropic tensor stands in its place."""
    if site.u_aniso is not None:
        return 0.0
    return unknown if math.isnan(site.u_iso) else site.u_iso
