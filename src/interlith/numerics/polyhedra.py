"""Which corners, faces and edges does a convex body bounded by planes have, and how much lies within a distance of it?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

#: A point this close to a plane, relative to the size of the body, lies on it.
ON_PLANE = 1e-9
#: Triples of planes solved at once; keeps memory below 100 MB for any number of planes.
_CHUNK = 20_000


@dataclass(frozen=True, eq=False)
class Polyhedron:
    """A convex polyhedron, the points x with normals . x <= distances.

    Parameters
    ----------
    normals, distances
        Outward unit normals, shape (n, 3), and distances of the planes from the origin, shape (n,).
    vertices
        Corners, shape (m, 3).
    faces
        For each plane the indices of its corners, counter-clockwise from outside; empty where the plane cuts nothing off.
    """

    normals: Array
    distances: Array
    vertices: Array
    faces: tuple[tuple[int, ...], ...]

    @cached_property
    def areas(self) -> Array:
        """Area of each face, 0 where a plane bounds nothing, shape (n,)."""
        return np.array(
            [_area(self.vertices[list(face)], normal) for face, normal in zip(self.faces, self.normals, strict=True)]
        )

    @property
    def area(self) -> float:
        """Surface."""
        return float(self.areas.sum())

    @cached_property
    def volume(self) -> float:
        """Volume, the sum of pyramids over the faces."""
        return float(self.areas @ (self.distances - self.normals @ self.vertices[0])) / 3.0

    @cached_property
    def centroid(self) -> Array:
        """Centre of mass, shape (3,)."""
        apex, moment, whole = self.vertices.mean(axis=0), np.zeros(3), 0.0
        for face in self.faces:
            for second, third in pairwise(face):
                corners = self.vertices[[face[0], second, third]]
                part = float(np.linalg.det(corners - apex)) / 6.0
                moment += part * (apex + corners.sum(axis=0)) / 4.0
                whole += part
        return np.asarray(moment / whole)

    @property
    def circumradius(self) -> float:
        """Distance of the outermost corner from the centroid."""
        return float(np.linalg.norm(self.vertices - self.centroid, axis=1).max())

    @property
    def inradius(self) -> float:
        """Distance of the nearest face from the centroid."""
        used = self.areas > 0
        return float((self.distances - self.normals @ self.centroid)[used].min())

    @cached_property
    def edges(self) -> tuple[Integers, Array, Array]:
        """Corners at both ends, shape (k, 2); lengths; and angles between the normals of the two faces (rad), shape (k,)."""
        sides: dict[tuple[int, int], list[int]] = {}
        for place, face in enumerate(self.faces):
            for start, end in zip(face, (*face[1:], *face[:1]), strict=True):
                sides.setdefault((min(start, end), max(start, end)), []).append(place)
        pairs = np.array(list(sides), dtype=np.int64).reshape(-1, 2)
        lengths = np.linalg.norm(self.vertices[pairs[:, 0]] - self.vertices[pairs[:, 1]], axis=1)
        angles = []
        for beside in sides.values():
            one, other = self.normals[beside[0]], self.normals[beside[-1]]
            angles.append(math.atan2(float(np.linalg.norm(np.cross(one, other))), float(one @ other)))
        return pairs, lengths, np.array(angles)

    @property
    def curvature(self) -> float:
        """Mean curvature integrated over the surface: half the sum over edges of length times angle of the normals."""
        _, lengths, angles = self.edges
        return float(lengths @ angles) / 2.0

    def within(self, distance: ArrayLike) -> Array:
        """Volume of all points no further from the body than `distance`, itself included (formula of Steiner).

        References
        ----------
        R. Schneider, Convex Bodies: The Brunn-Minkowski Theory, 2nd ed. (2014), chapter 4 (10.1017/CBO9781139003858).
        """
        return steiner(self.volume, self.area, self.curvature, distance)

    def moved(self, distance: ArrayLike) -> Polyhedron:
        """The body with its faces moved outwards by `distance`, one number or one for each plane; inwards if negative.

        Raises
        ------
        ValueError
            If nothing is left.
        """
        kept = self.areas > 0
        shift = np.broadcast_to(np.asarray(distance, dtype=float), self.distances.shape)
        return polyhedron(self.normals[kept], (self.distances + shift)[kept])


def steiner(volume: ArrayLike, area: ArrayLike, curvature: ArrayLike, distance: ArrayLike) -> Array:
    """Volume within `distance` of a convex body of known volume, surface and integrated mean curvature."""
    d = np.asarray(distance, dtype=float)
    found: Array = np.asarray(volume) + np.asarray(area) * d + np.asarray(curvature) * d**2 + 4.0 / 3.0 * math.pi * d**3
    return found


def polyhedron(normals: ArrayLike, distances: ArrayLike) -> Polyhedron:
    """The body inside all planes.

    Parameters
    ----------
    normals
        Outward normals of any length, shape (n, 3).
    distances
        From the origin along the unit normals; may be negative, shape (n,) or one number.

    Raises
    ------
    ValueError
        If the planes enclose no volume, or leave it open to infinity.

    Notes
    -----
    Corners are all meeting points of three planes that lie inside all others, so that any number of planes may pass through
    one corner. Effort grows with the fourth power of the number of planes: a second for 150.
    """
    raw = np.asarray(normals, dtype=float).reshape(-1, 3)
    lengths = np.linalg.norm(raw, axis=1)
    if not bool((lengths > 0).all()) or not bool(np.isfinite(raw).all()):
        raise ValueError("a normal has no direction")
    unit = raw / lengths[:, None]
    away = np.array(np.broadcast_to(np.asarray(distances, dtype=float), (len(unit),)))
    unit, away = _merged(unit, away)
    if not _encloses(unit):
        raise ValueError("the planes leave the body open to infinity")
    corners = _corners(unit, away)
    if len(corners) < 4:
        raise ValueError("the planes enclose no volume")
    size = float(np.abs(corners - corners.mean(axis=0)).max())
    on = np.abs(corners @ unit.T - away) <= 10 * ON_PLANE * max(size, float(np.abs(away).max()))
    faces = tuple(_ordered(corners, np.flatnonzero(on[:, place]), unit[place]) for place in range(len(unit)))
    found = Polyhedron(unit, away, corners, faces)
    if not found.volume > 1e-9 * size**3:
        raise ValueError("the planes enclose no volume")
    return found


def _merged(normals: Array, distances: Array) -> tuple[Array, Array]:
    """Each direction once, with the nearest plane."""
    kept: list[int] = []
    for place in np.argsort(distances, kind="stable"):
        if not kept or float((normals[kept] @ normals[place]).max()) < 1 - 1e-14:
            kept.append(int(place))
    order = sorted(kept)
    return normals[order], distances[order]


def _encloses(normals: Array) -> bool:
    """Whether positive weights of the normals add up to zero while they span space: only then is the body bounded."""
    from scipy.optimize import nnls

    if len(normals) < 4 or np.linalg.matrix_rank(normals, tol=1e-9) < 3:
        return False
    _, rest = nnls(normals.T, -normals.sum(axis=0))
    return bool(rest < 1e-9)


def _corners(normals: Array, distances: Array) -> Array:
    """Meeting points of three planes inside all planes, each once."""
    triples = np.array(list(combinations(range(len(normals)), 3)), dtype=np.int64)
    found: list[Array] = []
    for start in range(0, len(triples), _CHUNK):
        part = triples[start : start + _CHUNK]
        matrix = normals[part]
        part, matrix = (item[np.abs(np.linalg.det(matrix)) > 1e-10] for item in (part, matrix))
        points = np.linalg.solve(matrix, distances[part][..., None])[..., 0]
        slack = (points @ normals.T - distances).max(axis=1)
        reach = np.maximum(np.abs(points).max(axis=1), float(np.abs(distances).max()))
        found.append(points[slack <= ON_PLANE * reach])
    points = np.concatenate(found) if found else np.zeros((0, 3))
    if not len(points):
        return points
    close = 10 * ON_PLANE * max(float(np.ptp(points, axis=0).max()), float(np.abs(distances).max()))
    kept: list[Array] = []
    for point in points:
        if not kept or float(np.abs(np.array(kept) - point).max(axis=1).min()) > close:
            kept.append(point)
    return np.array(kept)


def _ordered(corners: Array, members: Integers, normal: Array) -> tuple[int, ...]:
    """Corners of a face, counter-clockwise about its normal; nothing for a plane that touches an edge or corner only."""
    if len(members) < 3:
        return ()
    middle = corners[members].mean(axis=0)
    first = corners[members[0]] - middle
    x = first - (first @ normal) * normal
    x /= np.linalg.norm(x)
    rays = corners[members] - middle
    turned = np.arctan2(rays @ np.cross(normal, x), rays @ x)
    return tuple(int(place) for place in members[np.argsort(turned)])


def _area(points: Array, normal: Array) -> float:
    if len(points) < 3:
        return 0.0
    rays = points[1:] - points[0]
    return float(np.cross(rays[:-1], rays[1:]).sum(axis=0) @ normal) / 2.0
