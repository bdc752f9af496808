"""Which zone axis, and which reflections, do measured spots belong to?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlith.crystal.orientation import Indices
from interlith.crystal.reflections import absent, equivalents, lattice_reflections
from interlith.crystal.structure import Integers, Structure
from interlith.crystal.zone_axes import zone_axis
from interlith.errors import StudyError

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Zone:
    """A zone axis that measured spots fit.

    Parameters
    ----------
    uvw
        The axis.
    hkl
        Index of each spot.
    spacings, angles
        Computed d (angstrom) of each spot, and angle (deg) of each from the first.
    forbidden
        Which spots are absent by symmetry and would have to come from double scattering.
    misfit
        Root mean square of deviations over their tolerances: below 1 all is within.
    """

    uvw: Indices
    hkl: tuple[Indices, ...]
    spacings: tuple[float, ...]
    angles: tuple[float, ...]
    forbidden: tuple[bool, ...]
    misfit: float


def find_zones(
    structure: Structure, spacings: Sequence[float], angles: Sequence[float] | None = None, *,
    spacing_tolerance: float = 0.03, angle_tolerance: float = 2.0, most: int = 10,
) -> tuple[Zone, ...]:  # fmt: skip
    """Zone axes in which measured spots occur, the best first.

    Parameters
    ----------
    structure
        The crystal that the spots may belong to.
    spacings
        d of two or more spots (angstrom), not all on one line.
    angles
        Angle of each further spot from the first (deg), one fewer than spacings; `None` if only spacings are known.
    spacing_tolerance, angle_tolerance
        Relative, and in deg.
    most
        How many to return.

    Returns
    -------
    Axes that symmetry makes equivalent appear once. Where angles are unknown, three spots of which one is the sum of the
    two others come before those that only share a zone.

    Raises
    ------
    StudyError
        If there are fewer than two spacings, or not one angle fewer.
    """
    if len(spacings) < 2 or any(not value > 0 for value in spacings):
        raise StudyError(f"Indexing needs two or more positive spacings (angstrom); got {list(spacings)}.")
    if angles is not None and len(angles) != len(spacings) - 1:
        raise StudyError(
            f"Give one angle from the first spot for each further spot: {len(spacings) - 1}, not {len(angles)}."
        )
    every = lattice_reflections(structure, d_min=min(spacings) * (1 - spacing_tolerance))
    d_every = np.asarray(structure.cell.spacing(every))
    away = [np.flatnonzero(np.abs(d_every / value - 1) <= spacing_tolerance) for value in spacings]
    found: list[tuple[float, int, Zone]] = []
    known: set[Indices] = set()
    for first in every[away[0]]:
        # Equivalent first spots lead to equivalent zones.
        if _indices(first) in known:
            continue
        known |= {_indices(row) for row in equivalents(structure, first)}
        for row in away[1]:
            axis = np.cross(first, every[row])
            if axis.any():
                found += _completed(
                    structure,
                    np.array([first, every[row]]),
                    every,
                    away,
                    spacings,
                    angles,
                    spacing_tolerance,
                    angle_tolerance,
                )
    return _distinct(structure, sorted(found, key=lambda one: one[:2]), most)


def _completed(
    structure: Structure, pair: Integers, every: Integers, away: list[Integers], spacings: Sequence[float],
    angles: Sequence[float] | None, spacing_tolerance: float, angle_tolerance: float,
) -> list[tuple[float, int, Zone]]:  # fmt: skip
    """The zone of two indexed spots, the others filled in as well as they can be; empty where one cannot."""
    cell = structure.cell
    axis = np.array(zone_axis(*pair))
    chosen = [pair[0], pair[1]]
    for place in range(2, len(spacings)):
        candidates = every[away[place]]
        candidates = candidates[(candidates @ axis == 0) & np.any(np.cross(candidates, pair[0]) != 0, axis=1)]
        if not len(candidates):
            return []
        cost = np.abs(np.asarray(cell.spacing(candidates)) / spacings[place] - 1) / spacing_tolerance
        if angles is not None:
            cost = cost + np.abs(_angles(structure, pair[0], candidates) - angles[place - 1]) / angle_tolerance
        else:
            # The corner of the mesh before spots that are further apart.
            cost = cost - 10.0 * np.all((candidates == pair[0] + pair[1]) | (candidates == pair[0] - pair[1]), axis=1)
        chosen.append(candidates[int(np.argmin(cost))])
    rows = np.array(chosen)
    d, turned = np.asarray(cell.spacing(rows)), _angles(structure, rows[0], rows[1:])
    parts = list(np.abs(d / np.asarray(spacings) - 1) / spacing_tolerance)
    if angles is not None:
        parts += list(np.abs(turned - np.asarray(angles)) / angle_tolerance)
    if max(parts) > 1:
        return []
    closed = len(rows) < 3 or any(np.array_equal(rows[2], pair[0] + sign * pair[1]) for sign in (1, -1))
    misfit = math.sqrt(float(np.mean(np.square(parts))))
    axis, rows = _presented(structure, axis, rows)
    dark = tuple(absent(structure, rows).tolist())
    zone = Zone(
        _indices(axis), tuple(_indices(row) for row in rows), tuple(d.tolist()), tuple(turned.tolist()), dark, misfit
    )
    size = int(np.abs(axis).sum()) + int(np.abs(rows).sum())
    # What needs double scattering, and three spots that make no mesh, come after what fits without.
    return [(round(misfit, 6) + sum(dark) + (0.0 if closed else 10.0), size, zone)]


def _presented(structure: Structure, axis: Integers, rows: Integers) -> tuple[Integers, Integers]:
    """The equivalent of an axis with the fewest negative indices (then the largest), the spots turned with it."""
    best = (axis, rows)
    for turn in np.concatenate([structure.point_group, -structure.point_group]):
        # Directions turn as x' = R x, indices of planes by the inverse.
        turned = turn @ axis
        if _order(turned) > _order(best[0]):
            best = (turned, np.rint(rows @ np.linalg.inv(turn)).astype(np.int64))
    return best


def _order(axis: Integers) -> tuple[int, ...]:
    return (-int((axis < 0).sum()), *axis.tolist())


def _distinct(structure: Structure, found: list[tuple[float, int, Zone]], most: int) -> tuple[Zone, ...]:
    kept: list[Zone] = []
    seen: set[Indices] = set()
    for _, _, zone in found:
        # Directions turn as x' = R x; the axis and its reverse show the same mesh.
        equivalent = structure.point_group @ np.array(zone.uvw)
        family = {_indices(row) for row in np.concatenate([equivalent, -equivalent])}
        if not family & seen:
            kept.append(zone)
            seen.add(zone.uvw)
        if len(kept) == most:
            break
    return tuple(kept)


def _angles(structure: Structure, first: Integers, others: Integers) -> Array:
    """Angles (deg) between the normal of one plane and those of others, shape (n,)."""
    cosines = structure.cell.normal(others) @ structure.cell.normal(first)
    return np.asarray(np.degrees(np.arccos(np.clip(cosines, -1, 1))))


def _indices(row: ArrayLike) -> Indices:
    h, k, m = (int(value) for value in np.asarray(row))
    return h, k, m
