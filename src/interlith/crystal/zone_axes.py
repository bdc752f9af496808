"""Which spots does a crystal show along a zone axis?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlith.crystal.orientation import Indices, Orientation
from interlith.crystal.radiation import Electrons, Probe
from interlith.crystal.reflections import absent, lattice_reflections
from interlith.crystal.structure import Integers, Structure
from interlith.crystal.structure_factors import structure_factors
from interlith.errors import StudyError

Array = NDArray[np.float64]

#: Spots further from the plane through the origin than this (1/angstrom) are not of the zone.
_ON_PLANE = 1e-9


@dataclass(frozen=True, eq=False)
class Spots:
    """A kinematic pattern, seen against the direction that the beam flies: the zone axis points to the viewer.

    Parameters
    ----------
    hkl
        Indices, shape (n, 3), the strongest order first by distance from the centre.
    positions
        Along x and y of the pattern (1/angstrom), shape (n, 2).
    amplitudes
        Structure factors, complex, shape (n,).
    forbidden
        Absent by symmetry: dark here, but often seen where a beam is scattered twice; shape (n,).
    excitation
        Distance from the plane through the origin (1/angstrom), shape (n,): 0 in the zone, more where a second crystal
        is a little tilted.
    """

    hkl: Integers
    positions: Array
    amplitudes: NDArray[np.complex128]
    forbidden: NDArray[np.bool_]
    excitation: Array

    def __len__(self) -> int:
        return len(self.hkl)

    @property
    def intensities(self) -> Array:
        """Squares of the amplitudes, shape (n,)."""
        return np.asarray(np.abs(self.amplitudes) ** 2)

    @property
    def spacings(self) -> Array:
        """d (angstrom), shape (n,)."""
        return np.asarray(1 / np.hypot(np.linalg.norm(self.positions, axis=1), self.excitation))

    @property
    def azimuths(self) -> Array:
        """Angle from x towards y (deg, -180 to 180), shape (n,)."""
        return np.degrees(np.arctan2(self.positions[:, 1], self.positions[:, 0]))


def zone_axis(first: ArrayLike, second: ArrayLike) -> Indices:
    """The direction common to two planes, without common divisor.

    Raises
    ------
    StudyError
        If the planes are parallel or indices are not whole.
    """
    found = np.cross(np.asarray(first, dtype=float), np.asarray(second, dtype=float))
    whole = np.rint(found).astype(np.int64)
    if not np.allclose(found, whole) or not whole.any():
        raise StudyError(
            f"Planes {np.ravel(first).tolist()} and {np.ravel(second).tolist()} have no common axis; give whole indices of two that are not parallel."
        )
    u, v, w = (int(value) for value in whole // np.gcd.reduce(np.abs(whole)))
    return u, v, w


def in_zone(structure: Structure, uvw: ArrayLike, *, d_min: float, forbidden: bool = False) -> Integers:
    """Every reflection of a zone down to d_min (angstrom), both senses, shape (n, 3).

    `forbidden` adds those absent by a screw axis or glide plane.

    Raises
    ------
    StudyError
        If the axis is not three whole numbers, or d_min impossible.
    """
    axis = _whole_axis(uvw)
    every = lattice_reflections(structure, d_min=d_min)
    every = every[every @ axis == 0]
    kept: Integers = every if forbidden else every[~absent(structure, every)]
    return kept


def spots(
    structure: Structure, uvw: ArrayLike, *, d_min: float, along: ArrayLike | None = None, probe: Probe | None = None,
    forbidden: bool = False,
) -> Spots:  # fmt: skip
    """Kinematic pattern of a zone axis.

    Parameters
    ----------
    structure
        The crystal.
    uvw
        Zone axis, whole numbers; it points to the viewer.
    d_min
        Smallest spacing (angstrom).
    along
        Reflection of the zone that x points along; by default the one of the largest d.
    probe
        Default: `Electrons` at rest mass; a voltage scales all amplitudes alike.
    forbidden
        Whether to list reflections absent by a screw axis or glide plane too (with amplitude 0).

    Raises
    ------
    StudyError
        If the axis is no direction, or `along` is not in the zone.

    Notes
    -----
    The assumption that fails first: one scattering event. Intensities of crystals thicker than some nm are dynamical;
    positions stay.
    """
    axis = _whole_axis(uvw)
    z = structure.cell.direction(axis)
    z = z / np.linalg.norm(z)
    hkl = in_zone(structure, axis, d_min=d_min, forbidden=forbidden)
    if not len(hkl):
        raise StudyError(
            f"No reflection of the zone {axis.tolist()} of {structure.name} has d above {d_min:g} angstrom."
        )
    # Of the longest d, the one with the fewest negative indices.
    lead = hkl[np.lexsort((*(-hkl.T[::-1]), (hkl < 0).sum(axis=1), -np.round(structure.cell.spacing(hkl), 6)))[0]]
    if along is not None:
        lead = np.asarray(along, dtype=float)
        if abs(float(lead @ axis)) > 1e-9 or not lead.any():
            raise StudyError(
                f"({lead.tolist()}) is not in the zone {axis.tolist()}; x points along a reflection of the zone."
            )
    x = structure.cell.normal(lead)
    return _pattern(structure, hkl, np.array([x, np.cross(z, x), z]), probe)


def composite(
    orientation: Orientation, uvw: ArrayLike, *, d_min: float, along: ArrayLike | None = None, probe: Probe | None = None,
    within: float = 0.02,
) -> tuple[Spots, Spots]:  # fmt: skip
    """Patterns of two crystals in a known orientation, in one frame.

    Parameters
    ----------
    orientation
        Of the second crystal against the first (`parallel`, `twin`).
    uvw, along, d_min, probe
        Zone axis and x direction of the first crystal, as `spots`.
    within
        Distance (1/angstrom) from the plane of the pattern up to which spots of the second crystal are listed: about the
        reciprocal of the thickness.

    Raises
    ------
    StudyError
        As `spots`.
    """
    host = spots(orientation.first, uvw, d_min=d_min, along=along, probe=probe)
    z = orientation.first.cell.direction(_whole_axis(uvw))
    z = z / np.linalg.norm(z)
    # The frame of the host pattern, from its first spot.
    g = host.hkl[0] @ orientation.first.cell.reciprocal
    turned = -math.atan2(host.positions[0, 1], host.positions[0, 0])
    x = math.cos(turned) * g + math.sin(turned) * np.cross(z, g)
    x = x / np.linalg.norm(x)
    frame = np.array([x, np.cross(z, x), z]) @ orientation.matrix
    second = orientation.second
    every = lattice_reflections(second, d_min=d_min)
    every = every[~absent(second, every)]
    near = np.abs(every @ second.cell.reciprocal @ frame[2]) <= within
    return host, _pattern(second, every[near], frame, probe)


def _whole_axis(uvw: ArrayLike) -> Integers:
    axis = np.asarray(uvw, dtype=float)
    if axis.shape != (3,) or not axis.any() or not np.all(axis == np.rint(axis)):
        raise StudyError(f"A zone axis has three whole indices, not all zero; got {axis.tolist()}.")
    return axis.astype(np.int64)


def _pattern(structure: Structure, hkl: Integers, frame: Array, probe: Probe | None) -> Spots:
    """Spots with the rows of the frame as x, y and towards the viewer."""
    places = hkl @ structure.cell.reciprocal @ frame.T
    places[np.abs(places) < _ON_PLANE] = 0.0
    order = np.lexsort(
        (
            np.round(places[:, 1], 9),
            -np.round(places[:, 0], 9),
            np.round(np.linalg.norm(places, axis=1), 9),
        )
    )
    hkl, places = hkl[order], places[order]
    amplitudes = structure_factors(structure, hkl, probe or Electrons())
    dark = absent(structure, hkl)
    return Spots(hkl, places[:, :2], np.where(dark, 0, amplitudes), dark, places[:, 2])
