"""How strong are the lines of an overlayer and of what lies below it: flat, in islands, or round a particle?

Intensities are in units of those of the pure thick flat solid of the same line, so that cross sections, transmission and
densities are gone. Electrons fly straight and lose exp(-s / L), L the effective attenuation length.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

_NODES = 40


@dataclass(frozen=True, slots=True)
class Lengths:
    """Attenuation lengths (nm) of the two lines in the two materials; numbers or arrays of one shape.

    Parameters
    ----------
    layer_in_layer, layer_in_substrate
        Of the line of the layer, in either.
    substrate_in_layer, substrate_in_substrate
        Of the line of the substrate, in either.
    """

    layer_in_layer: ArrayLike
    substrate_in_layer: ArrayLike
    layer_in_substrate: ArrayLike
    substrate_in_substrate: ArrayLike


def flat(thickness: ArrayLike, coverage: ArrayLike, lengths: Lengths, angle: ArrayLike = 0.0) -> tuple[Array, Array]:
    """Intensities of layer and substrate where a share of a flat surface is covered.

    Parameters
    ----------
    thickness
        Of the covered places (nm).
    coverage
        Their share of the surface.
    lengths
        Attenuation lengths; those in the substrate are not used.
    angle
        Emission from the surface normal (deg).

    Returns
    -------
    Both relative to the pure solids at the same angle.

    Notes
    -----
    Islands with upright sides that do not shade each other: the assumption that fails first at grazing emission, where the
    height of islands is no longer small against their distance. Beyond 60 deg elastic scattering makes L depend on the angle.
    """
    deep = np.asarray(thickness, dtype=float) / np.cos(np.radians(np.asarray(angle, dtype=float)))
    covered = np.asarray(coverage, dtype=float)
    layer = covered * -np.expm1(-deep / np.asarray(lengths.layer_in_layer, dtype=float))
    below = 1.0 - covered + covered * np.exp(-deep / np.asarray(lengths.substrate_in_layer, dtype=float))
    return np.asarray(layer), np.asarray(below)


def sphere(radius: ArrayLike, thickness: ArrayLike, coverage: ArrayLike, lengths: Lengths) -> tuple[Array, Array]:
    """Intensities of the shell and the core of a sphere, averaged over its face to the analyser.

    Parameters
    ----------
    radius
        Of the core (nm).
    thickness
        Of the shell (nm).
    coverage
        Share of the particles, or of places large against the shell, that have one.
    lengths
        Attenuation lengths.

    Returns
    -------
    Intensities by the cross section of the core-shell particle pi (r + t)^2, relative to the pure flat solids.

    Notes
    -----
    Direct integration over all parallel ways, those through the core included. Holds for lone particles and for powders
    with particles at random, whatever the emission angle (10.1063/1.4884061). Assumption that fails first: uncovered places
    are taken as whole bare particles of the core's radius.

    References
    ----------
    A. G. Shard, J. Phys. Chem. C 116 (2012) 16806, 10.1021/jp305267d (the same integrals).
    """
    core, shell = np.broadcast_arrays(np.asarray(radius, dtype=float), np.asarray(thickness, dtype=float))
    covered = np.asarray(coverage, dtype=float)
    front, inside = _core_shell(core, shell, lengths)
    bare = _bare(core, np.asarray(lengths.substrate_in_substrate, dtype=float)) * (core / (core + shell)) ** 2
    return np.asarray(covered * front), np.asarray(covered * inside + (1.0 - covered) * bare)


def _bare(radius: Array, length: Array) -> Array:
    """Homogeneous sphere over the flat solid: 1 - 2 (1 - (1 + x) exp(-x)) / x^2 with x = 2 R / L."""
    x = 2.0 * radius / length
    series = x * (2.0 / 3.0 - x * (0.25 - x / 15.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        closed = 1.0 - 2.0 * (-np.expm1(-x) - x * np.exp(-x)) / x**2
    return np.where(x < 1e-3, series, closed)


def _core_shell(core: Array, shell: Array, lengths: Lengths) -> tuple[Array, Array]:
    outer = core + shell
    rim = np.sqrt(shell * (2.0 * core + shell))
    sizes = [
        np.asarray(item, dtype=float)[..., None]
        for item in (
            lengths.layer_in_layer, lengths.substrate_in_layer, lengths.layer_in_substrate, lengths.substrate_in_substrate,
        )
    ]  # fmt: skip
    own, through, across, deep = sizes
    places, weights = _panels()
    # Ways beside the core: half chords v from 0 to the rim, b db = -v dv.
    half = rim[..., None] * places
    beside = np.sum(weights * half * -np.expm1(-2.0 * half / own), axis=-1) * rim
    # Ways through the core: half chords w of the core; panels gather at w = 0, where the shell is crossed at grazing angles.
    inside = core[..., None] * places
    skin = rim[..., None] ** 2 / (np.sqrt(inside**2 + rim[..., None] ** 2) + inside)
    crossing = -np.expm1(-skin / own)
    back = np.exp(-skin / own - 2.0 * inside / across)
    shells = np.sum(weights * inside * crossing * (1.0 + back), axis=-1) * core
    cores = np.sum(weights * inside * np.exp(-skin / through) * -np.expm1(-2.0 * inside / deep), axis=-1) * core
    scale = 2.0 / outer**2
    return scale * (beside + shells), scale * cores


@cache
def _panels() -> tuple[Array, Array]:
    """Nodes and weights on 0 to 1 in panels that shrink towards 0."""
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    edges = np.array([0.0, 1e-3, 1e-2, 0.05, 0.2, 0.5, 1.0])
    centres, halves = 0.5 * (edges[1:] + edges[:-1]), 0.5 * np.diff(edges)
    return (centres[:, None] + halves[:, None] * nodes).ravel(), (halves[:, None] * weights).ravel()


def flat_thickness(ratio: float, length: float, other: float, angle: float = 0.0) -> float:
    """Thickness (nm) of a closed flat layer from the ratio of layer to substrate, each over its pure solid.

    Parameters
    ----------
    ratio
        A; not negative.
    length, other
        Attenuation lengths (nm) of the lines of layer and substrate in the layer.
    angle
        Emission from the surface normal (deg).

    Notes
    -----
    For one length L cos(angle) ln(1 + A); for two by Newton steps on ln(ratio), which rises steadily with the thickness.
    """
    if not ratio > 0:
        return 0.0
    along = math.cos(math.radians(angle))
    first, second = length * along, other * along
    found = first * math.log1p(ratio)
    for _ in range(100):
        gone = math.exp(-found / first)
        value = math.log1p(-gone) + found / second - math.log(ratio)
        slope = gone / first / (1.0 - gone) + 1.0 / second
        step = value / slope
        found = found - step if found > step else found / 4.0
        if abs(step) <= 1e-13 * found:
            break
    return found


def shard_thickness(ratio: float, lengths: Lengths, radius: float) -> float:
    """Shell thickness (nm) of a core of a given radius by the empirical formula of Shard, for comparison.

    Parameters
    ----------
    ratio
        A: shell over core, each over its pure flat solid; positive.
    lengths
        Attenuation lengths (nm), numbers.
    radius
        Of the core (nm).

    Notes
    -----
    Within about 10 % of the integrals of `sphere`, inside 0.1 to 10 for the ratios of the lengths.

    References
    ----------
    A. G. Shard, J. Phys. Chem. C 116 (2012) 16806, 10.1021/jp305267d, eqs. 7-11.
    """
    own = float(np.asarray(lengths.layer_in_layer))
    b = own / float(np.asarray(lengths.substrate_in_layer))
    c = own / float(np.asarray(lengths.layer_in_substrate))
    size = radius / own
    large = (0.74 * ratio**3.6 * math.log(ratio) * b**-0.9 + 4.2 * ratio * b**-0.41) / (ratio**3.6 + 8.9)
    small = size * ((ratio * b * c + 1.0) ** (1.0 / 3.0) - 1.0)
    alpha = 1.8 / (ratio**0.1 * b**0.5 * c**0.4)
    beta = 0.13 * alpha**2.5 / size**1.5
    found: float = own * (large * size / (size + alpha) + beta * small) / (1.0 + beta)
    return found
