"""How is one crystal turned against another: which planes and directions are parallel, and in how many ways?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlith.crystal.structure import Structure
from interlith.errors import StudyError

Array = NDArray[np.float64]
Indices = tuple[int, int, int]

#: Two rotations this close (deg) are one: 0.001 rad.
SAME_ROTATION = 0.06


@dataclass(frozen=True, eq=False)
class Orientation:
    """A second crystal turned against a first one.

    Parameters
    ----------
    first, second
        The crystals.
    matrix
        Turns Cartesian vectors of the second (in the frame of its cell) into the frame of the first, shape (3, 3):
        ``v1 = matrix @ v2``. A reflection has determinant -1.
    """

    first: Structure
    second: Structure
    matrix: Array

    @cached_property
    def plane_matrix(self) -> Array:
        """Indices of planes, second to first, as columns: ``hkl1 = plane_matrix @ hkl2``, shape (3, 3)."""
        return _tidy(self.first.cell.vectors @ self.matrix @ self.second.cell.reciprocal.T)

    @cached_property
    def direction_matrix(self) -> Array:
        """Indices of directions, second to first, as columns: ``uvw1 = direction_matrix @ uvw2``, shape (3, 3)."""
        return _tidy(self.first.cell.reciprocal @ self.matrix @ self.second.cell.vectors.T)

    def plane(self, hkl: ArrayLike) -> Array:
        """Indices in the first crystal of planes of the second, fractions where no lattice plane is, shape of `hkl`."""
        found: Array = np.asarray(hkl, dtype=float) @ self.plane_matrix.T
        return found

    def direction(self, uvw: ArrayLike) -> Array:
        """Indices in the first crystal of directions of the second, shape of `uvw`."""
        found: Array = np.asarray(uvw, dtype=float) @ self.direction_matrix.T
        return found

    def plane_angle(self, first: ArrayLike, second: ArrayLike) -> float:
        """Angle (deg, 0 to 180) between normals of a plane of the first and a plane of the second crystal."""
        return _angle(self.first.cell.normal(first), self.matrix @ self.second.cell.normal(second))

    def direction_angle(self, first: ArrayLike, second: ArrayLike) -> float:
        """Angle (deg, 0 to 180) between a direction of the first and a direction of the second crystal."""
        return _angle(self.first.cell.direction(first), self.matrix @ self.second.cell.direction(second))

    @property
    def back(self) -> Orientation:
        """The first crystal seen from the second."""
        return Orientation(self.second, self.first, self.matrix.T)

    def then(self, other: Orientation) -> Orientation:
        """The second crystal of `other` against the first of this, where `other` starts from this one's second."""
        return Orientation(self.first, other.second, self.matrix @ other.matrix)


@dataclass(frozen=True, slots=True)
class Rotation:
    """A turn about an axis.

    Parameters
    ----------
    angle
        In deg, 0 to 180.
    axis
        Unit vector in the Cartesian frame of the first crystal, shape (3,); arbitrary for no turn.
    uvw
        The same as a direction of the first crystal, scaled to a largest index of 1.
    """

    angle: float
    axis: Array
    uvw: Array


@dataclass(frozen=True, slots=True)
class Parallel:
    """A pair that is nearly parallel.

    Parameters
    ----------
    first, second
        Indices in either crystal.
    angle
        Between the two (deg).
    misfit
        p times the spacing (planes) or length (directions) of the second, over q times that of the first, minus 1.
    ratio
        The whole numbers (p, q) up to 3 for which that is smallest.
    """

    first: Indices
    second: Indices
    angle: float
    misfit: float
    ratio: tuple[int, int]


def parallel(
    first: Structure, second: Structure, planes: tuple[ArrayLike, ArrayLike], directions: tuple[ArrayLike, ArrayLike]
) -> Orientation:
    """Orientation relation from a pair of parallel planes and a pair of parallel directions in them.

    Parameters
    ----------
    first, second
        The crystals.
    planes
        (hkl) of the first and (hkl) of the second, normals in the same sense.
    directions
        [uvw] of the first and [uvw] of the second, in the same sense.

    Raises
    ------
    StudyError
        If a direction does not lie in its plane.
    """
    frames = [
        _frame(crystal, plane, direction)
        for crystal, plane, direction in zip((first, second), planes, directions, strict=True)
    ]
    return Orientation(first, second, frames[0].T @ frames[1])


def variants(orientation: Orientation, *, tolerance: float = SAME_ROTATION) -> tuple[Orientation, ...]:
    """All orientations of the second crystal that the symmetry of the first makes equivalent, the given one first.

    Parameters
    ----------
    orientation
        One of them.
    tolerance
        Angle (deg) within which two count as one. A monoclinic crystal that is nearly hexagonal has fewer variants with a
        larger tolerance.

    Notes
    -----
    Their number is the order of the point group of the first crystal over that of the operations both share. Where point
    groups hold no inversion, mirror images count as variants too.
    """
    outer, inner = cartesian_group(orientation.first), cartesian_group(orientation.second)
    found: list[Array] = []
    known = np.empty((0, 3, 3))
    for operation in outer:
        candidate = operation @ orientation.matrix
        if len(known):
            gaps = np.trace(np.swapaxes(known, 1, 2) @ candidate, axis1=1, axis2=2)
            if _turned(float(gaps.max())) <= tolerance:
                continue
        found.append(candidate)
        known = np.concatenate([known, candidate @ inner])
    # A proper rotation says the same where the second crystal has improper operations.
    made = []
    for matrix in found:
        improper = inner[np.linalg.det(inner) < 0]
        wanted = np.linalg.det(orientation.matrix) * np.linalg.det(matrix) < 0 and len(improper)
        made.append(Orientation(orientation.first, orientation.second, matrix @ improper[0] if wanted else matrix))
    return tuple(made)


def smallest_rotation(orientation: Orientation) -> Rotation:
    """The smallest turn that brings the second crystal into the orientation, symmetry of both used (disorientation).

    Raises
    ------
    StudyError
        If no proper rotation does: mirror images of a crystal without inversion or mirror.
    """
    outer, inner = cartesian_group(orientation.first), cartesian_group(orientation.second)
    every = ((outer @ orientation.matrix)[:, None] @ inner[None]).reshape(-1, 3, 3)
    every = every[np.linalg.det(every) > 0]
    if not len(every):
        raise StudyError(
            f"{orientation.second.name} is a mirror image that no rotation brings into this orientation; its point group has "
            "neither inversion nor mirror."
        )
    traces = np.trace(every, axis1=1, axis2=2)
    best = every[np.flatnonzero(traces > traces.max() - 1e-9)]
    angle, axes_found = _turned(float(traces.max())), [_axis(matrix) for matrix in best]
    # Among equivalent axes the one with the largest components comes first, as tables print it.
    axis = max(axes_found, key=lambda one: tuple(np.round(np.sort(one)[::-1], 6)))
    uvw = axis @ orientation.first.cell.reciprocal.T
    return Rotation(angle, axis, _tidy(uvw / np.abs(uvw).max()))


def misorientation(crystal: Structure, first: ArrayLike, second: ArrayLike) -> Rotation:
    """Smallest turn between two grains of one crystal, each given by the matrix that turns its frame into the sample's.

    Raises
    ------
    StudyError
        If a matrix is no rotation.
    """
    matrices = [np.asarray(matrix, dtype=float) for matrix in (first, second)]
    for matrix in matrices:
        if matrix.shape != (3, 3) or not np.allclose(matrix @ matrix.T, np.eye(3), atol=1e-6):
            raise StudyError(
                f"An orientation is a rotation matrix, shape (3, 3), with orthogonal rows; got {matrix.tolist()}."
            )
    return smallest_rotation(Orientation(crystal, crystal, matrices[0].T @ matrices[1]))


def parallel_planes(orientation: Orientation, *, largest: int = 2, within: float = 1.0) -> tuple[Parallel, ...]:
    """Planes of the two crystals that are parallel within an angle (deg), indices up to `largest`, closest first.

    Each plane is listed in one sense; see `Parallel` for the misfit of spacings.
    """
    rows = primitive_indices(largest)
    first, second = orientation.first.cell, orientation.second.cell
    pair = (first.normal(rows), second.normal(rows) @ orientation.matrix.T)
    return _pairs(rows, *pair, np.asarray(first.spacing(rows)), np.asarray(second.spacing(rows)), within)


def parallel_directions(orientation: Orientation, *, largest: int = 2, within: float = 1.0) -> tuple[Parallel, ...]:
    """Directions of the two crystals that are parallel within an angle (deg), indices up to `largest`, closest first."""
    rows = primitive_indices(largest)
    first = orientation.first.cell.direction(rows)
    second = orientation.second.cell.direction(rows) @ orientation.matrix.T
    lengths = np.linalg.norm(first, axis=1), np.linalg.norm(second, axis=1)
    return _pairs(rows, first / lengths[0][:, None], second / lengths[1][:, None], *lengths, within)


def primitive_indices(largest: int) -> NDArray[np.int64]:
    """All index triples without common divisor up to a size, both senses, shape (n, 3), small ones first."""
    axis = np.arange(-largest, largest + 1)
    rows = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
    rows = rows[np.gcd.reduce(rows, axis=1) == 1]
    order = np.lexsort((*(-rows.T[::-1]), np.abs(rows).sum(axis=1)))
    return np.asarray(rows[order], dtype=np.int64)


def cartesian_group(structure: Structure) -> Array:
    """The point group as Cartesian matrices in the frame of the cell, shape (n, 3, 3), the identity first."""
    vectors, reciprocal = structure.cell.vectors, structure.cell.reciprocal
    every = vectors.T @ structure.point_group @ reciprocal
    # Cells whose parameters carry rounding give matrices that are orthogonal to that rounding only.
    left, _, right = np.linalg.svd(every)
    turned = left @ right
    order = np.argsort(-np.trace(turned, axis1=1, axis2=2), kind="stable")
    return np.asarray(turned[order])


def _frame(crystal: Structure, plane: ArrayLike, direction: ArrayLike) -> Array:
    """Rows: the direction, the third of the right-handed set, the normal; unit vectors, shape (3, 3)."""
    hkl, uvw = np.asarray(plane, dtype=float), np.asarray(direction, dtype=float)
    if hkl.shape != (3,) or uvw.shape != (3,) or not hkl.any() or not uvw.any():
        raise StudyError(
            f"A plane and a direction have three indices each, not all zero; got {hkl.tolist()}, {uvw.tolist()}."
        )
    product = float(hkl @ uvw)
    if abs(product) > 1e-6:
        raise StudyError(
            f"[{_text(uvw)}] does not lie in ({_text(hkl)}) of {crystal.name}: hu + kv + lw is {product:g}, and must be 0. "
            "Check signs and which setting the indices belong to."
        )
    normal = crystal.cell.normal(hkl)
    along = crystal.cell.direction(uvw)
    along = along / np.linalg.norm(along)
    return np.array([along, np.cross(normal, along), normal])


def _pairs(
    rows: NDArray[np.int64], first: Array, second: Array, sizes: Array, others: Array, within: float
) -> tuple[Parallel, ...]:
    """Rows of either crystal whose unit vectors enclose at most `within` deg; the first of each pair in its positive sense."""
    cosines = np.clip(first @ second.T, -1, 1)
    found = []
    for left, right in zip(*np.nonzero(cosines >= math.cos(math.radians(within)) - 1e-12), strict=True):
        if tuple(rows[left]) < (0, 0, 0):
            continue
        ratio, misfit = _nearest_ratio(float(others[right] / sizes[left]))
        sine = np.linalg.norm(np.cross(first[left], second[right]))
        angle = math.degrees(math.atan2(float(sine), float(first[left] @ second[right])))
        pair = tuple(int(value) for value in rows[left]), tuple(int(value) for value in rows[right])
        found.append(
            Parallel((pair[0][0], pair[0][1], pair[0][2]), (pair[1][0], pair[1][1], pair[1][2]), angle, misfit, ratio)
        )
    return tuple(
        sorted(found, key=lambda one: (round(one.angle, 6), *np.abs(one.first).tolist(), *np.abs(one.second).tolist()))
    )


def _nearest_ratio(size: float) -> tuple[tuple[int, int], float]:
    """Whole numbers p, q up to 3 with p size closest to q, and p size / q - 1."""
    pairs = [(p, q) for p in (1, 2, 3) for q in (1, 2, 3) if math.gcd(p, q) == 1]
    best = min(pairs, key=lambda pair: (round(abs(pair[0] * size / pair[1] - 1), 9), sum(pair)))
    return best, best[0] * size / best[1] - 1


def _turned(trace: float) -> float:
    """Angle (deg) of a rotation from the trace of its matrix."""
    return math.degrees(math.acos(min(1.0, max(-1.0, (trace - 1) / 2))))


def _axis(matrix: Array) -> Array:
    """Unit vector along the axis of a proper rotation, about which it turns counter-clockwise."""
    skew = np.array([matrix[2, 1] - matrix[1, 2], matrix[0, 2] - matrix[2, 0], matrix[1, 0] - matrix[0, 1]])
    if np.linalg.norm(skew) > 1e-6:
        return np.asarray(skew / np.linalg.norm(skew))
    # A turn by 180 deg (or none) is symmetric: the axis is its eigenvector of eigenvalue 1.
    values, rows = np.linalg.eigh((matrix + matrix.T) / 2)
    axis = rows[:, int(np.argmax(values))]
    return np.asarray(axis * np.sign(axis[int(np.argmax(np.abs(axis)))]))


def _angle(first: Array, second: Array) -> float:
    return math.degrees(math.atan2(float(np.linalg.norm(np.cross(first, second))), float(np.dot(first, second))))


def _text(indices: Sequence[float] | Array) -> str:
    return " ".join(f"{value:g}" for value in indices)


def _tidy(numbers: Array) -> Array:
    near = np.rint(numbers * 24) / 24
    return np.asarray(np.where(np.abs(numbers - near) < 1e-9, near, numbers) + 0.0)
