"""How much of the electron yield of a particle comes from atoms at its surface, and how much from the same atoms inside?

The share of the electrons of an atom that get out is exp(-d / L), L the escape depth. What counts as d is a choice:

``nearest``
    the distance to the nearest point of the surface. Escape depths of total electron yield are measured with flat layers of
    known thickness, so that L means this; electrons of the cascade have no direction to keep. Exact here: the volume deeper
    than d of a sphere, cube or octahedron is (1 - d / r)^3 of the whole, r the radius of the inscribed sphere.
``straight``
    the straight way out, averaged over all directions (or over all atoms for one direction, which is the same for a sphere);
    see `interlith.physics.straight_escape`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlith.errors import StudyError, nearest

Array = NDArray[np.float64]

ShapeName = Literal["sphere", "cube", "octahedron", "truncated octahedron"]
SHAPES: tuple[str, ...] = get_args(ShapeName)
Kind = Literal["homogeneous", "layer", "core", "exponential", "erfc", "linear"]
KINDS: tuple[str, ...] = get_args(Kind)

#: exp(-45) = 3e-20: what lies deeper than 45 escape depths adds nothing.
_DEEPEST = 45.0
#: Nodes of the quadrature; exact to rounding for exp(-45 x) times a parabola.
_NODES = 64
#: A regular octahedron truncated further than this has its nearest faces at the cuts: another form of the volume.
DEEPEST_CUT = 1.0 - 1.0 / math.sqrt(3.0)


@dataclass(frozen=True, slots=True)
class Body:
    """A convex particle by the volume that lies deeper than d: the sum of weight (1 - d / reach)^3 over d < reach.

    Parameters
    ----------
    name
        Of the shape.
    weights, reaches
        Shares of the volume (sum 1) and depths at which they end (nm); a reach may be an array of many particles.
    """

    name: str
    weights: tuple[float, ...]
    reaches: tuple[Array, ...]

    @property
    def inradius(self) -> Array:
        """Radius of the inscribed sphere (nm)."""
        return self.reaches[0]

    @property
    def surface_to_volume(self) -> Array:
        """Surface over volume (1/nm)."""
        total: Array = sum(
            (3.0 * weight / reach for weight, reach in zip(self.weights, self.reaches, strict=True)),
            np.zeros_like(self.reaches[0]),
        )
        return total


@dataclass(frozen=True, slots=True)
class Profile:
    """Where the atoms are: concentration against the depth d below the surface.

    Parameters
    ----------
    kind
        ``homogeneous``; ``layer`` (constant down to `width`); ``core`` (constant from `width` on); ``exponential``
        exp(-d / width); ``erfc`` erfc(d / width), what diffusion from a constant source leaves, with width = 2 sqrt(D t);
        ``linear`` 1 - d / width down to zero.
    width
        (nm), a number or an array of many.
    """

    kind: Kind
    width: ArrayLike = 0.0


def body(
    shape: str, *, radius: ArrayLike | None = None, edge: ArrayLike | None = None, truncation: float = 1 / 3
) -> Body:
    """A particle by its size.

    Parameters
    ----------
    shape
        One of `SHAPES`.
    radius
        (nm) of the sphere; of the sphere through the outermost corners of a polyhedron.
    edge
        (nm) of a cube, or of an octahedron before it is truncated; instead of `radius`.
    truncation
        Share of the edge that is cut off at each corner of a truncated octahedron: 1/3 for the regular one.

    Raises
    ------
    StudyError
        If the shape is unknown, not exactly one size is given, a size is not positive, or the cuts are too deep.
    """
    if shape not in SHAPES:
        raise StudyError(f"There is no shape '{shape}' here; {nearest(shape, SHAPES)}.")
    if (radius is None) == (edge is None) or (shape == "sphere" and edge is not None):
        raise StudyError(
            f"Give the {shape} {'its radius' if shape == 'sphere' else 'either its radius (to the corners) or its edge'}."
        )
    size = np.asarray(radius if radius is not None else edge, dtype=float)
    if not bool((size > 0).all()):
        raise StudyError(f"The size of a {shape} must be positive; write for instance radius='80 nm'.")
    if shape == "sphere":
        return Body(shape, (1.0,), (size,))
    if edge is not None:
        size = size * (math.sqrt(3.0) / 2.0 if shape == "cube" else 1.0 / math.sqrt(2.0))
    if shape != "truncated octahedron":
        return Body(shape, (1.0,), (size / math.sqrt(3.0),))
    if not 0 <= truncation <= DEEPEST_CUT:
        raise StudyError(
            f"A truncation of {truncation:g} is outside 0 to {DEEPEST_CUT:.3f}; write the share of the edge cut off at each corner."
        )
    if radius is not None:
        # Corners lie on the edges of the whole octahedron, the share of the cut away from its own corners.
        size = size / math.hypot(1.0 - truncation, truncation)
    inscribed = size / math.sqrt(3.0)
    if truncation == 0:
        return Body(shape, (1.0,), (inscribed,))
    # Each of the six corners is a pyramid; going inwards by d the octahedron loses sqrt(3) d of its half axis and the cut d.
    lost = 3.0 * truncation**3
    tips = size * truncation / (math.sqrt(3.0) - 1.0)
    return Body(shape, (1.0 / (1.0 - lost), -lost / (1.0 - lost)), (inscribed, tips))


def escaping_share(particle: Body, depth: ArrayLike, profile: Profile | None = None) -> Array:
    """Mean share of the electrons that get out, over the atoms of a profile: the electron yield per atom.

    Parameters
    ----------
    particle
        Its shape and size.
    depth
        Escape depth L (nm), a number or one a particle; 0 and inf are allowed.
    profile
        Where the atoms are (default: everywhere alike).

    Returns
    -------
    Between 0 and 1, shape of `depth` and the sizes together.

    Raises
    ------
    StudyError
        If the escape depth is negative, or the profile is not one of `KINDS` or holds no atoms.

    Notes
    -----
    Convention ``nearest``. X-rays are taken to pass the particle without loss (no saturation), and particles not to shade
    each other. The assumption that fails first: that one exponential describes the escape.

    References
    ----------
    Exponential loss with the thickness of a layer: B. H. Frazer et al., Surf. Sci. 537 (2003) 161, 10.1016/S0039-6028(03)00613-7.
    """
    with np.errstate(divide="ignore"):
        rate = 1.0 / _checked_depth(depth)
    shape = profile or Profile("homogeneous")
    whole = weighted(particle, shape, lambda d: np.ones_like(d))
    out = weighted(particle, shape, lambda d: np.exp(-rate[..., None] * d), rate)
    return np.asarray(np.clip(np.where(np.isinf(rate), 0.0, out / whole), 0.0, 1.0))


def _checked_depth(depth: ArrayLike) -> Array:
    length = np.asarray(depth, dtype=float)
    if not bool((length >= 0).all()):
        raise StudyError("The escape depth is negative; write for instance depth='20 nm'.")
    return length


def weighted(particle: Body, profile: Profile, escape: Callable[[Array], Array], rate: ArrayLike = 0.0) -> Array:
    """Integral of concentration times escape over the depths of a particle, in units of its volume.

    Parameters
    ----------
    particle, profile
        Whose.
    escape
        Depths (nm), shape (..., n), to shares of the same shape.
    rate
        (1/nm): how fast `escape` falls at least; the integral ends where nothing is left.

    Raises
    ------
    StudyError
        If the profile is unknown or its width is not positive.
    """
    width = _checked_width(profile)
    nodes, weights = _legendre(_NODES)
    total: Array = np.zeros(())
    fall = np.where(np.isfinite(np.asarray(rate, dtype=float)), rate, 0.0)
    for share, reach in zip(particle.weights, particle.reaches, strict=True):
        start, end, own = _range(profile.kind, width, reach)
        with np.errstate(divide="ignore"):
            end = np.minimum(end, start + _DEEPEST / (fall + own))
        span = np.maximum(end - start, 0.0)
        # Nodes gather at the start, where the escape along straight lines has a steep tangent.
        places = start[..., None] + span[..., None] * nodes**2
        density = 3.0 / reach[..., None] * (1.0 - places / reach[..., None]) ** 2 * concentration(profile, places)
        total = total + share * span * np.sum(weights * 2.0 * nodes * density * escape(places), axis=-1)
    return total


def _checked_width(profile: Profile) -> Array:
    if profile.kind not in KINDS:
        raise StudyError(f"There is no profile '{profile.kind}'; {nearest(profile.kind, KINDS)}.")
    width = np.asarray(profile.width, dtype=float)
    if profile.kind != "homogeneous" and not bool((width > 0).all()):
        raise StudyError(f"The width of the {profile.kind} profile must be positive; write for instance '1 nm'.")
    return width


def _range(kind: str, width: Array, reach: Array) -> tuple[Array, Array, Array]:
    """First and last depth that hold atoms, and how fast the concentration falls (1/nm)."""
    zero = np.zeros(np.broadcast_shapes(width.shape, reach.shape))
    if kind == "core":
        return np.minimum(zero + width, reach), zero + reach, zero
    if kind in ("layer", "linear"):
        return zero, np.minimum(zero + width, reach), zero
    if kind == "homogeneous":
        return zero, zero + reach, zero
    # erfc(x) < exp(-x^2) < e exp(-2 x): bounded by an exponential of twice the rate, more than enough with 45 of them.
    return zero, zero + reach, zero + 1.0 / width


def concentration(profile: Profile, depth: Array) -> Array:
    """Relative concentration at depths (nm), shape (..., n)."""
    width = np.asarray(profile.width, dtype=float)[..., None]
    if profile.kind == "exponential":
        return np.asarray(np.exp(-depth / width))
    if profile.kind == "erfc":
        from scipy.special import erfc

        return np.asarray(erfc(depth / width))
    if profile.kind == "linear":
        return np.asarray(np.maximum(1.0 - depth / width, 0.0))
    return np.ones_like(depth)


def sphere_share(radius: float, depth: float, thickness: float | None = None) -> float:
    """Closed form of `escaping_share` for a sphere: all of it, or its outermost layer of a `thickness` (nm).

    Notes
    -----
    With y = R - d the yield is 3 exp(-R / L) / R^3 times the integral of y^2 exp(y / L), which is
    L exp(y / L) (y^2 - 2 L y + 2 L^2). Terms of the order (L / R)^3 cancel where L is large: not for L > 100 R.
    """
    inner = 0.0 if thickness is None else max(radius - thickness, 0.0)

    def primitive(y: float) -> float:
        return depth * math.exp((y - radius) / depth) * (y * y - 2.0 * depth * y + 2.0 * depth * depth)

    return 3.0 * (primitive(radius) - primitive(inner)) / (radius**3 - inner**3)


@cache
def _legendre(count: int) -> tuple[Array, Array]:
    """Gauss-Legendre nodes and weights on 0 to 1."""
    nodes, weights = np.polynomial.legendre.leggauss(count)
    return 0.5 * (nodes + 1.0), 0.5 * weights
