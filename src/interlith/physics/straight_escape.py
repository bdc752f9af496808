"""What share of the electrons gets out of a particle if they fly straight?

The alternative to the nearest surface (`interlith.physics.electron_yield`): loss exp(-s / L) along the straight way s out,
averaged over all directions of flight. For a sphere one direction and all atoms is the same as all directions.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlith.errors import StudyError
from interlith.physics.electron_yield import Body, Profile, body, weighted

Array = NDArray[np.float64]

#: Points of the low-discrepancy set over (place on a face, direction) of a polyhedron.
_POINTS = 1 << 13


def escape_at(radius: ArrayLike, depth: ArrayLike, below: ArrayLike) -> Array:
    """Share that gets out of a sphere from atoms at a distance `below` its surface, over all directions.

    Parameters
    ----------
    radius, depth, below
        Radius R, attenuation length L and distance from the surface (nm), shapes that fit together.

    Notes
    -----
    With the ways s from R - rho to R + rho, rho = R - below, the cosine of the direction is (R^2 - rho^2 - s^2) / (2 rho s), so
    that the mean is (1 / 4 rho) times the integral of exp(-s / L) (1 + (R^2 - rho^2) / s^2): exponentials and the integral E1.
    """
    from scipy.special import exp1

    outer, length, under = (np.asarray(item, dtype=float) for item in (radius, depth, below))
    rho = np.maximum(outer - under, 1e-3 * outer)
    short, long = np.maximum(outer - rho, 1e-14 * outer), outer + rho
    first, last = np.exp(-short / length), np.exp(-long / length)
    tail = first / short - last / long - (exp1(short / length) - exp1(long / length)) / length
    mean = (length * (first - last) + short * long * tail) / (4.0 * rho)
    # About the centre the difference above cancels; the mean is flat there (its slope is zero).
    return np.asarray(np.clip(mean, 0.0, 1.0))


def straight_share(radius: ArrayLike, depth: ArrayLike, profile: Profile | None = None) -> Array:
    """Mean share of the electrons that get out of a sphere on straight ways, over the atoms of a profile.

    Parameters
    ----------
    radius, depth
        Radius and attenuation length L (nm).
    profile
        Where the atoms are (default: everywhere alike).

    Raises
    ------
    StudyError
        If a size is not positive or the profile is unknown.
    """
    outer, length = np.asarray(radius, dtype=float), np.asarray(depth, dtype=float)
    if not bool((length > 0).all()):
        raise StudyError("The escape depth must be positive; write for instance depth='20 nm'.")
    particle, where = body("sphere", radius=outer), profile or Profile("homogeneous")
    out = weighted(particle, where, lambda d: escape_at(outer[..., None], length[..., None], d))
    return np.asarray(out / weighted(particle, where, lambda d: np.ones_like(d)))


def straight_whole(radius: float, depth: float) -> float:
    """Closed form of `straight_share` for a homogeneous sphere.

    Notes
    -----
    Each chord l gives L (1 - exp(-l / L)), and chords of a sphere in one direction are spread as l dl pi / 2: the yield is
    (pi L / 2) (2 R^2 - L^2 (1 - (1 + x) exp(-x))), x = 2 R / L.
    """
    x = 2.0 * radius / depth
    area = 2.0 * radius**2 - depth**2 * (1.0 - (1.0 + x) * math.exp(-x))
    return math.pi * depth / 2.0 * area / (4.0 / 3.0 * math.pi * radius**3)


def straight_polyhedron(particle: Body, depth: float, profile: Profile | None = None) -> float:
    """Mean share that gets out of a cube or an octahedron on straight ways, over all directions.

    Parameters
    ----------
    particle
        From `interlith.physics.electron_yield.body`, of one size.
    depth
        Attenuation length L (nm).
    profile
        Where the atoms are (default: everywhere alike).

    Raises
    ------
    StudyError
        If the shape is neither.

    Notes
    -----
    A low-discrepancy set of 8,192 places on a face and directions for each depth: about 1e-3 of the value.
    """
    if particle.name not in ("cube", "octahedron"):
        raise StudyError(
            f"Straight ways out of a {particle.name} are not worked out here; cubes, octahedra and spheres are."
        )
    normals, places, directions = _samples(particle.name)
    size = float(particle.inradius)
    towards = directions @ normals.T

    def escape(depths: Array) -> Array:
        found = []
        for below in np.atleast_1d(depths):
            left = size - (places * (size - below)) @ normals.T
            with np.errstate(divide="ignore"):
                ways = np.where(towards > 0, left / towards, np.inf)
            found.append(np.exp(-ways.min(axis=1) / depth).mean())
        return np.asarray(found)

    where = profile or Profile("homogeneous")
    return float(weighted(particle, where, escape) / weighted(particle, where, lambda d: np.ones_like(d)))


@cache
def _samples(shape: str) -> tuple[Array, Array, Array]:
    """Face normals, places on one face of the body of inradius 1, directions."""
    from scipy.stats import qmc

    draws = qmc.Sobol(4, rng=np.random.default_rng(20261129)).random(_POINTS)
    cosine, angle = 2.0 * draws[:, 2] - 1.0, 2.0 * math.pi * draws[:, 3]
    sine = np.sqrt(1.0 - cosine**2)
    directions = np.stack([sine * np.cos(angle), sine * np.sin(angle), cosine], axis=1)
    if shape == "cube":
        places = np.stack([np.ones(_POINTS), 2.0 * draws[:, 0] - 1.0, 2.0 * draws[:, 1] - 1.0], axis=1)
        return np.concatenate([np.eye(3), -np.eye(3)]), places, directions
    signs = np.array([(a, b, c) for a in (1, -1) for b in (1, -1) for c in (1, -1)], dtype=float)
    root = np.sqrt(draws[:, 0])
    places = math.sqrt(3.0) * np.stack([1.0 - root, root * (1.0 - draws[:, 1]), root * draws[:, 1]], axis=1)
    return signs / math.sqrt(3.0), places, directions
