"""How do the lines of a layer and of what lies below it change while ions take the surface away?

The model has the three causes of Hofmann's MRI model: atomic mixing over a zone of width w, roughness, and the information
depth of the electrons. The zone at the surface is one mixture; each step takes its composition away from the top and adds
what lies below, w dc / dz = X(z + w) - c. Below the zone the solid is as it was.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

#: Nodes over the heights of a rough surface.
_HEIGHTS = 24
#: Nodes over the faces of a sphere, polar and azimuthal.
_POLAR, _AZIMUTH = 24, 48


@dataclass(frozen=True, slots=True)
class Etching:
    """How the surface is taken away and seen.

    Parameters
    ----------
    mixing
        Width w of the mixed zone (nm); 0 for none. About the range of the ions: 1 to 3 nm for Ar of 0.5 to 3 keV.
    roughness
        Standard deviation of the etched depth over the analysed area (nm), growing in proportion to the depth up to `at`.
    layer_length, substrate_length
        Effective attenuation lengths of both lines in the layer (nm).
    angle
        Emission from the surface normal (deg).
    """

    layer_length: ArrayLike
    substrate_length: ArrayLike
    mixing: ArrayLike = 0.0
    roughness: ArrayLike = 0.0
    angle: ArrayLike = 0.0


def layer_left(depth: ArrayLike, thickness: ArrayLike, mixing: ArrayLike) -> tuple[Array, Array]:
    """What etching has left of a layer.

    Parameters
    ----------
    depth
        Etched (nm), from 0.
    thickness, mixing
        Of the layer and of the mixed zone (nm).

    Returns
    -------
    Share of the layer's material in the mixed zone, and thickness of what is left of it below the zone (nm).

    Notes
    -----
    The zone mixes at the first ion; nothing is lost but from the top, so that the integral of the share over the etched depth
    is the thickness of the layer. Preferential sputtering is not modelled: both materials leave as they are mixed.

    References
    ----------
    S. Hofmann, J. Surf. Anal. 4 (1998) 9, 10.48550/arXiv.cond-mat/9807053 (mixing function of the same equation).
    """
    etched, thick, width = np.broadcast_arrays(*(np.asarray(item, dtype=float) for item in (depth, thickness, mixing)))
    below = np.maximum(thick - etched - width, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        start = np.minimum(thick / width, 1.0)
        # Pure layer is fed to the zone until its lower edge has reached the substrate, then the share falls as exp(-z / w).
        since = np.maximum(etched - np.maximum(thick - width, 0.0), 0.0)
        share = start * np.exp(-since / width)
    share = np.where(width > 0, share, 0.0)
    return share, below


def signals(depth: ArrayLike, thickness: ArrayLike, coverage: ArrayLike, etching: Etching) -> tuple[Array, Array]:
    """Intensities of a layer and of its flat substrate after etching, over those of the pure solids.

    Parameters
    ----------
    depth
        Etched depth (nm), shape (..., n); where nothing has been etched nothing is mixed.
    thickness, coverage
        Of the covered places (nm) and their share.
    etching
        Conditions; arrays of shape (..., 1) or numbers.

    Notes
    -----
    Covered and bare places are etched at one rate. The assumption that fails first: ions that push atoms of the layer inwards
    (cascade mixing beyond w) leave a tail that this does not have.
    """
    etched = np.asarray(depth, dtype=float)
    rough = np.asarray(etching.roughness, dtype=float)
    if not bool((rough > 0).any()):
        return _smooth(etched, thickness, coverage, etching)
    nodes, weights = _hermite()
    # Roughness grows with what has been taken away and cannot be larger than it.
    spread = np.minimum(rough, etched / 2.0)
    heights = np.maximum(etched[..., None] + spread[..., None] * nodes, 0.0)
    finer = Etching(
        _finer(etching.layer_length),
        _finer(etching.substrate_length),
        _finer(etching.mixing),
        0.0,
        _finer(etching.angle),
    )
    layer, below = _smooth(heights, _finer(thickness), _finer(coverage), finer)
    return np.asarray((layer * weights).sum(axis=-1)), np.asarray((below * weights).sum(axis=-1))


def _finer(item: ArrayLike) -> Array:
    return np.asarray(item, dtype=float)[..., None]


def _smooth(etched: Array, thickness: ArrayLike, coverage: ArrayLike, etching: Etching) -> tuple[Array, Array]:
    thick, covered, width = (np.asarray(item, dtype=float) for item in (thickness, coverage, etching.mixing))
    along = np.cos(np.radians(np.asarray(etching.angle, dtype=float)))
    own, other = (np.asarray(item, dtype=float) * along for item in (etching.layer_length, etching.substrate_length))
    zone = np.where(etched > 0, width, 0.0)
    share, below = layer_left(etched, thick, zone)
    below = np.where(zone > 0, below, np.maximum(thick - etched, 0.0))
    layer = share * -np.expm1(-zone / own) + np.exp(-zone / own) * -np.expm1(-below / own)
    # Of the substrate: its share of the zone, and what lies below zone and layer.
    rest = (1.0 - share) * -np.expm1(-zone / other) + np.exp(-(zone + below) / other)
    return np.asarray(covered * layer), np.asarray(1.0 - covered + covered * rest)


def sphere_signals(
    depth: ArrayLike, thickness: ArrayLike, coverage: ArrayLike, etching: Etching, *, ion_angle: float = 45.0
) -> tuple[Array, Array]:
    """Intensities of the shell and the core of spheres while ions come from one side.

    Parameters
    ----------
    depth
        Etched depth of a flat surface that faces the ions (nm), shape (..., n).
    thickness, coverage
        Of the shell (nm); share of places that have one.
    etching
        Conditions, shape (..., 1) or numbers. The emission angle is that of each place, the one given here is not used.
    ion_angle
        Between ion beam and analyser (deg).

    Notes
    -----
    For spheres that are large against the attenuation lengths: each place is flat, leans away from the analyser by its
    emission angle, and recedes with the cosine of its angle to the ions (a yield that does not depend on the angle). Places in
    the shadow keep their shell: of the signal of a thin one a share (ion angle) / 180 deg stays for ever, of a thick one
    (1 - cos(ion angle)) / 2. Particles do not shade each other here, which in a powder leaves still more. Quadrature over the
    sphere: about 1 % of the first intensity.
    """
    emission, towards, weights = _faces(math.radians(ion_angle))
    local = _finer(depth) * towards
    turned = np.degrees(np.arccos(np.minimum(emission, 1.0)))
    places = Etching(
        _finer(etching.layer_length),
        _finer(etching.substrate_length),
        _finer(etching.mixing),
        _finer(etching.roughness),
        turned,
    )
    layer, below = signals(local, _finer(thickness), _finer(coverage), places)
    # Each face counts with its projection, which `weights` holds, and with its intensity at its own emission angle.
    return np.asarray((layer * weights).sum(axis=-1)), np.asarray((below * weights).sum(axis=-1))


@cache
def _hermite() -> tuple[Array, Array]:
    nodes, weights = np.polynomial.hermite_e.hermegauss(_HEIGHTS)
    return nodes, weights / weights.sum()


@cache
def _faces(ion_angle: float) -> tuple[Array, Array, Array]:
    """Cosine to the analyser, cosine to the ions (0 in the shadow) and weight of places on the visible half of a sphere."""
    nodes, weights = np.polynomial.legendre.leggauss(_POLAR)
    cosine, share = 0.5 * (nodes + 1.0), 0.5 * weights
    around = (np.arange(_AZIMUTH) + 0.5) * 2.0 * math.pi / _AZIMUTH
    sine = np.sqrt(1.0 - cosine**2)
    lit = cosine[:, None] * math.cos(ion_angle) + sine[:, None] * math.sin(ion_angle) * np.cos(around)
    weight = np.broadcast_to((2.0 * cosine * share)[:, None] / _AZIMUTH, lit.shape)
    return np.broadcast_to(cosine[:, None], lit.shape).ravel(), np.maximum(lit, 0.0).ravel(), weight.ravel()
