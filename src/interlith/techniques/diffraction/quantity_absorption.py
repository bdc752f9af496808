"""How much too weakly are the grains of a phase seen that absorb more than their surroundings?"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlith.crystal.scattering import photon_energy
from interlith.crystal.structure import Structure
from interlith.crystal.xray_tables import atomic_mass, mass_attenuation
from interlith.errors import StudyError
from interlith.techniques.diffraction.quantity import Fractions

Array = NDArray[np.float64]

#: Gauss nodes along each coordinate of the sphere: six digits up to an optical radius of 2. Paths that stand for all of them.
_NODES, _FEW = 14, 16
#: Radii of grains in powders as they are bought or ground by hand (um). Coarser ones spoil the intensities before absorption
#: does, since too few of them reflect; finer ones take minutes in a mill that is made for it.
RADII = (1.0, 5.0)
#: Rounds of the mean attenuation, which depends on the weights that it corrects, and the relative step below which it has settled.
_ROUNDS, _SETTLED = 200, 1e-13
#: Product of the largest radius and the range of attenuations below which only one mean agrees with the weights: no path is longer
#: than sqrt(8) radii, so that the mean that weights give moves by less than sqrt(8) / 4 of this product times the mean put in.
_ALONE = 1.4


def attenuation(structure: Structure, wavelength: float) -> float:
    """Linear attenuation coefficient of the solid (1/um), without its pores.

    Parameters
    ----------
    structure
        Composition and density.
    wavelength
        Of the X-rays (angstrom).

    References
    ----------
    W. T. Elam et al., Radiat. Phys. Chem. 63 (2002) 121-128, 10.1016/S0969-806X(01)00227-4 (tables of xraydb).
    """
    energy = photon_energy(wavelength)
    counts = structure.composition
    masses = {element: count * atomic_mass(element) for element, count in counts.items()}
    per_mass = sum(mass * mass_attenuation(element, energy) for element, mass in masses.items())
    # 1/cm -> 1/um
    return structure.density * per_mass / sum(masses.values()) * 1e-4


def particle_factor(contrast: ArrayLike) -> Array:
    """Particle absorption factor of spheres.

    Parameters
    ----------
    contrast
        (mu - mean mu) R, attenuation of the grain over that of the mixture times its radius (1); any shape.

    Returns
    -------
    Mean of exp(-(mu - mean mu) path) over a sphere of unit radius, same shape: 1 without contrast, below 1 for a grain that
    absorbs more than its surroundings.

    Notes
    -----
    For a scattering angle of 90 deg, as tabled by Brindley; between 0 and 180 deg the factor changes in second order only. The
    assumption that fails first: round grains of one size, each phase a grain of its own, packed at random; beyond
    |contrast| of about 0.1 ("medium powders") the correction can be worse than none.

    References
    ----------
    G. W. Brindley, Philos. Mag. 36 (1945) 347-369; J. C. Taylor, C. E. Matulis, J. Appl. Crystallogr. 24 (1991) 14-17.
    """
    asked = np.asarray(contrast, dtype=float)
    paths, weights = _paths()
    return np.asarray((np.exp(-asked[..., None] * paths) * weights).sum(axis=-1))


@cache
def _paths() -> tuple[Array, Array]:
    """Paths in and out of a unit sphere at a scattering angle of 90 deg, and the share of the sphere of each."""
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    radius, radius_weight = (nodes + 1.0) / 2.0, weights / 2.0 * ((nodes + 1.0) / 2.0) ** 2
    angle = np.arange(2 * _NODES) * np.pi / _NODES
    r, c, phi = np.meshgrid(radius, nodes, angle, indexing="ij")
    share = (radius_weight[:, None, None] * weights[None, :, None] * np.ones_like(phi)).ravel()
    sine = np.sqrt(1.0 - c**2)
    x, y = r * sine * np.cos(phi), r * sine * np.sin(phi)
    into = x + np.sqrt(1.0 - r**2 + x**2)
    out = -y + np.sqrt(1.0 - r**2 + y**2)
    return _few((into + out).ravel(), share / share.sum())


def _few(paths: Array, weights: Array) -> tuple[Array, Array]:
    """Few paths and shares with the same moments as many, after Lanczos: their mean of exp(-c path) is the same to 1e-12 for |c| < 5."""
    vector = np.sqrt(weights)
    basis, diagonal, beside = [vector / np.linalg.norm(vector)], [], []
    for _ in range(_FEW):
        image = paths * basis[-1]
        diagonal.append(float(image @ basis[-1]))
        for one in basis:
            image = image - (image @ one) * one
        beside.append(float(np.linalg.norm(image)))
        basis.append(image / beside[-1])
    nodes, ways = np.linalg.eigh(np.diag(diagonal) + np.diag(beside[:-1], 1) + np.diag(beside[:-1], -1))
    return nodes, ways[0] ** 2


def corrected(
    fractions: Fractions, attenuations: ArrayLike, densities: ArrayLike, radii: ArrayLike
) -> tuple[Fractions, Array]:
    """Weight fractions freed from the absorption of grains.

    Parameters
    ----------
    fractions
        By weight, as seen.
    attenuations
        Of the solids (1/um), shape (n,).
    densities
        Of the solids (g/cm^3), shape (n,).
    radii
        Of the grains (um), shape (n,) or one for all.

    Returns
    -------
    The weights, their covariances moved along, and the factors, shape (n,).

    Raises
    ------
    StudyError
        If a radius is negative.
    """
    radius = np.broadcast_to(np.asarray(radii, dtype=float), fractions.values.shape)
    if not np.all(radius >= 0):
        raise StudyError("A grain has a negative radius; write sizes such as '4 um'.")
    seen = fractions.values
    (values,), (factor,) = _freed(seen, np.asarray(attenuations, float), np.asarray(densities, float), radius[None])
    per = 1.0 / factor
    slope = (np.diag(per) - np.outer(values, per)) / float((seen * per).sum())
    parts = {cause: slope @ one @ slope.T for cause, one in fractions.parts.items()}
    return Fractions(fractions.names, values, parts, fractions.basis), factor


def corrected_weights(seen: ArrayLike, attenuations: ArrayLike, densities: ArrayLike, radii: ArrayLike) -> Array:
    """Weights as `corrected` gives them, for k sets of sizes of grains at once, shape (k, n).

    Parameters
    ----------
    seen
        Weights as seen, shape (n,).
    attenuations, densities
        As in `corrected`.
    radii
        Not negative (um), shape (k, n).
    """
    arrays = (np.asarray(one, dtype=float) for one in (seen, attenuations, densities, radii))
    return _freed(*arrays)[0]


def _freed(seen: Array, mu: Array, density: Array, radius: Array) -> tuple[Array, Array]:
    """Weights and factors of k sets of radii (k, n), both (k, n).

    The factors depend on the weights only through the mean attenuation, which Newton's method finds where only one can agree with
    the weights that it gives. Where several could, steps that do not go beyond what the weights give lead to the one next to what is
    seen.
    """
    paths, shares = _paths()
    by_path = shares[:, None] * np.stack([np.ones_like(paths), paths], axis=1)
    alone = np.ptp(mu) * radius.max(axis=1) < _ALONE
    mean = np.full(len(radius), mean_attenuation(seen, mu, density))
    for _ in range(_ROUNDS):
        factor, slope = np.moveaxis(np.exp(-((mu - mean[:, None]) * radius)[..., None] * paths) @ by_path, -1, 0)
        weights = seen / factor
        weights /= weights.sum(axis=1)[:, None]
        volume = weights / density
        volume /= volume.sum(axis=1)[:, None]
        off = volume @ mu - mean
        # Weights change by -radius times the mean path for each change of the mean; that it gives moves by the covariance with mu.
        bent = -radius * slope / factor
        gain = (volume * bent) @ mu - (volume * bent).sum(axis=1) * (volume @ mu)
        step = off / np.where(alone, 1.0 - gain, np.maximum(1.0 - gain, 1.0))
        if (np.abs(step) <= _SETTLED * np.abs(mean)).all():
            break
        mean = mean + step
    return weights, factor


def mean_attenuation(weights: ArrayLike, attenuations: ArrayLike, densities: ArrayLike) -> float:
    """Attenuation of the solid part of a mixture (1/um): the mean over volumes."""
    volume = np.asarray(weights, dtype=float) / np.asarray(densities, dtype=float)
    return float((volume * np.asarray(attenuations, dtype=float)).sum() / volume.sum())


def grain_radius(roughness: float, attenuation: float, *, usual: tuple[float, float] = RADII) -> float:
    """Size of grains that would make a surface as rough as the low angles say, within what is usual (um).

    Parameters
    ----------
    roughness
        q of the loss of intensity exp(-q / sin(theta)) at low angles (1).
    attenuation
        Of the solid part of the mixture (1/um).
    usual
        Smallest and largest radius that is believed (um): a pressed surface is smoother than its grains, and in light mixtures
        a beam wider than the specimen looks like a rough surface.

    Notes
    -----
    A relief h costs exp(-2 mu h / sin(theta)) on the ways in and out; a surface of grains has a relief of about half a radius:
    q = mu R. An estimate of the size within a factor of about two, good for an uncertainty, not for a correction: packing and
    pressing change the relief.

    References
    ----------
    P. Suortti, J. Appl. Crystallogr. 5 (1972) 325-331 (loss at low angles by rough surfaces).
    """
    return min(max(roughness / attenuation, usual[0]), usual[1])


def absorption_part(
    fractions: Fractions,
    attenuations: ArrayLike,
    densities: ArrayLike,
    radius: float,
    *,
    spread: Sequence[float] = (0.0, 2.0),
) -> Array:
    """Covariance of weights for want of knowledge about the grains, shape (n, n).

    Parameters
    ----------
    fractions, attenuations, densities
        As in `corrected`.
    radius
        Likely radius of the grains (um).
    spread
        Each phase has grains between these multiples of it, independently of the others.

    Notes
    -----
    Every phase is given the smallest and the largest grains in turn while the others keep the likely ones; half the way between
    the two is one standard uncertainty. To this comes the shift from no absorption to the likely one, which leaves the weights
    as they are seen but is not known to be absent.
    """
    size = len(fractions.names)
    likely = np.full((1, size), radius)
    # Each phase in turn with each end of its sizes.
    ends = [radius * np.where(np.eye(size, dtype=bool), multiple, 1.0) for multiple in spread]
    found = corrected_weights(fractions.values, attenuations, densities, np.concatenate([likely, *ends]))
    shift, ways = found[:1] - fractions.values, (found[1 + size :] - found[1 : 1 + size]) / 2.0
    return np.asarray(shift.T @ shift + ways.T @ ways)
