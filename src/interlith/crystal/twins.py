"""How is a twin turned, what becomes of its indices, and how well do the two lattices fit?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlith.crystal.lattice import primitive_basis
from interlith.crystal.orientation import Indices, Orientation, cartesian_group, primitive_indices
from interlith.crystal.structure import Structure
from interlith.errors import StudyError

Array = NDArray[np.float64]

#: Beyond these a common lattice says nothing: Friedel's usual bounds.
LARGEST_INDEX, LARGEST_OBLIQUITY = 6, 6.0


@dataclass(frozen=True, slots=True)
class TwinLattice:
    """A plane and a direction nearly normal to it, whose cell both twins share but for the obliquity.

    Parameters
    ----------
    plane, direction
        Indices in the axes of the structure; the direction of a centred lattice may have halves or thirds.
    index
        Cells of the lattice in the shared one: 1 for all lattice points in common.
    obliquity
        Angle (deg) between the direction and the normal of the plane.
    """

    plane: Indices
    direction: tuple[float, float, float]
    index: int
    obliquity: float


def twin(
    structure: Structure, *, plane: ArrayLike | None = None, axis: ArrayLike | None = None, angle: float = 180.0,
    reflection: bool = False,
) -> Orientation:  # fmt: skip
    """Twin law by a plane or by an axis.

    Parameters
    ----------
    structure
        The crystal; the result has it as first and as second.
    plane
        (hkl) of the twin plane: a turn by 180 deg about its normal, or a reflection in it.
    axis
        [uvw] of the twin axis in place of a plane.
    angle
        Of the turn about the axis (deg).
    reflection
        Whether the plane reflects. For crystals with an inversion both say the same.

    Raises
    ------
    StudyError
        If not exactly one of plane and axis is given, the law is a symmetry of the crystal, or a reflection has no plane.
    """
    if (plane is None) == (axis is None):
        raise StudyError("A twin law is given by a plane (hkl) or by an axis [uvw]; give one of them.")
    if reflection and plane is None:
        raise StudyError("A reflection needs the plane (hkl) that it reflects in; an axis turns.")
    vector = (
        structure.cell.normal(plane) if plane is not None else structure.cell.direction(np.asarray(axis, dtype=float))
    )
    size = float(np.linalg.norm(vector))
    if size == 0:
        raise StudyError("[0 0 0] is no direction; at least one index must not be zero.")
    unit = vector / size
    matrix = np.eye(3) - 2 * np.outer(unit, unit) if reflection else turn(unit, 180.0 if plane is not None else angle)
    if np.any(np.abs(cartesian_group(structure) - matrix).max(axis=(1, 2)) < 1e-3):
        raise StudyError(
            f"This law is a symmetry of {structure.name} ({structure.space_group}); a twin needs an operation that is none."
        )
    return Orientation(structure, structure, matrix)


def twin_lattices(
    structure: Structure, plane: ArrayLike, *, largest_index: int = LARGEST_INDEX, obliquity: float = LARGEST_OBLIQUITY
) -> tuple[TwinLattice, ...]:
    """Lattice directions near the normal of a plane, the best fitting first: smallest sum of index and obliquity (deg).

    Parameters
    ----------
    structure
        The crystal, whose lattice with its centring counts.
    plane
        (hkl), whole numbers.
    largest_index, obliquity
        Bounds on the twin index and on the obliquity (deg).

    References
    ----------
    G. Friedel, Lecons de cristallographie (1926); International Tables for Crystallography D (2013), chapter 3.3.8.
    """
    hkl = np.asarray(plane, dtype=float)
    normal = structure.cell.normal(hkl)
    basis = primitive_basis(structure.centrings)
    inner = basis @ hkl
    inner = np.rint(inner / _divisor(inner)).astype(np.int64)
    rows = primitive_indices(8)
    rows = rows[rows @ inner > 0]
    directions = rows @ basis
    vectors = directions @ structure.cell.vectors
    away = np.degrees(np.arccos(np.clip(vectors @ normal / np.linalg.norm(vectors, axis=1), -1, 1)))
    products = rows @ inner
    # Every second plane repeats through the direction's midpoint where the product is even.
    indices = np.where(products % 2 == 0, products // 2, products)
    kept = np.flatnonzero((away <= obliquity) & (indices <= largest_index))
    order = sorted(kept.tolist(), key=lambda row: (round(float(indices[row] + away[row]), 6), int(indices[row])))
    h, k, m = (int(value) for value in np.rint(hkl))
    found: list[TwinLattice] = []
    for row in order:
        u, v, w = (float(value) for value in np.round(directions[row], 9))
        found.append(TwinLattice((h, k, m), (u, v, w), int(indices[row]), float(away[row])))
    return tuple(found)


def turn(axis: ArrayLike, angle: float) -> Array:
    """Matrix of a turn about a Cartesian axis by an angle (deg), counter-clockwise seen against the axis, shape (3, 3)."""
    x, y, z = np.asarray(axis, dtype=float) / np.linalg.norm(np.asarray(axis, dtype=float))
    cosine, sine = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    skew = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    unit = np.array([x, y, z])
    return np.asarray(cosine * np.eye(3) + sine * skew + (1 - cosine) * np.outer(unit, unit))


def _divisor(values: Array) -> float:
    """Largest common divisor of rational numbers with denominators up to 24."""
    whole = np.rint(values * 24).astype(np.int64)
    return float(np.gcd.reduce(np.abs(whole))) / 24
