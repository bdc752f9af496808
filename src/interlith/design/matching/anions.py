"""How many anions of a host's last layer and a film's first layer fall on each other?

A coincidence makes this cheap: of all differences between a host and a film translation each occurs exactly once in the common
cell, and together they are the lattice of shifts D (`interlith.numerics.coincidence.sum_lattice`). The pairs of anions within a
distance are therefore the points of D in a circle, and the best shift is the centre of the fullest circle.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlith.crystal.elements import ANIONS
from interlith.crystal.facets import Layer, Mesh, layers
from interlith.crystal.structure import Structure
from interlith.design.matching.match import Match, Shared
from interlith.numerics.coincidence import Circles, gauss_reduced, point_group

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

#: Anions closer than this in the plane (angstrom) count as one: a third of the radius of O2- (1.40 angstrom, Shannon 1976),
#: about what an anion at an interface moves by to join two lattices.
TOLERANCE = 0.5
#: Positions closer than this (angstrom) are one anion, or one pattern.
_SAME = 0.02


@dataclass(frozen=True, eq=False)
class Pattern:
    """Anions of one layer in the plane, as one of the positions the lattice allows.

    Parameters
    ----------
    layer
        Index of the layer.
    points
        Positions in units of the mesh vectors, shape (n, 2).
    weights
        Occupancy of each, shape (n,).
    turn
        Symmetry of the lattice that was applied, ``points = original @ turn``, shape (2, 2).
    """

    layer: int
    points: Array
    weights: Array
    turn: Integers


def patterns(structure: Structure, plane: Mesh, *, elements: Sequence[str]) -> tuple[Pattern, ...]:
    """All different patterns of anions in the layers of a face, and what symmetries of the mesh make of them.

    Parameters
    ----------
    structure, plane
        The crystal and the mesh of its face.
    elements
        Which atoms count.
    """
    reduced, turned = gauss_reduced(plane.in_plane[None])
    back = np.rint(np.linalg.inv(turned[0])).astype(np.int64)
    group = [back @ turn @ turned[0] for turn in point_group(reduced[0])]
    # Identity first, so that the position as the crystal has it is kept of equal ones.
    group.sort(key=lambda turn: (not np.array_equal(turn, np.eye(2)), np.linalg.det(turn) < 0, -np.trace(turn)))
    found: list[Pattern] = []
    for place, layer in enumerate(layers(structure, plane.hkl)):
        points, weights = _positions(structure, plane, layer, elements)
        if not len(points):
            continue
        for turn in group:
            made = Pattern(place, points @ turn, weights, np.asarray(turn))
            if not any(_same(made, other, plane.in_plane) for other in found):
                found.append(made)
    return tuple(found)


def _positions(
    structure: Structure, plane: Mesh, layer: Layer, elements: Sequence[str]
) -> tuple[Array, Array]:  # fmt: skip
    chosen = [atom for atom in layer.atoms if structure.atoms.elements[atom] in elements]
    to_mesh = np.linalg.inv(plane.in_plane)
    points, weights = list[Array](), list[float]()
    for atom in chosen:
        at = structure.positions[atom]
        # The image of this repeat: one repeat higher the whole pattern stands aside.
        at = at + round((layer.height - float(at @ plane.normal)) / plane.spacing) * plane.stacking
        flat = (at @ plane.frame.T)[:2] @ to_mesh
        share = float(structure.atoms.occupancies[atom])
        same = [place for place, other in enumerate(points) if _near(flat - other, plane.in_plane)]
        if same:
            weights[same[0]] += share
        else:
            points.append(flat)
            weights.append(share)
    return np.array(points).reshape(-1, 2), np.array(weights)


def _near(gap: Array, basis: Array) -> bool:
    return bool(np.linalg.norm((gap - np.round(gap)) @ basis) < _SAME)


def _same(one: Pattern, other: Pattern, basis: Array) -> bool:
    """Whether a shift carries one onto the other."""
    if len(one.points) != len(other.points) or not np.allclose(np.sort(one.weights), np.sort(other.weights)):
        return False
    for start in other.points:
        gaps = (one.points - one.points[0] + start)[:, None] - other.points[None]
        apart = np.linalg.norm((gaps - np.round(gaps)) @ basis, axis=-1)
        partner = np.argmin(apart, axis=1)
        if np.all(apart.min(axis=1) < _SAME) and np.allclose(one.weights, other.weights[partner]):
            return True
    return False


def compared(host: Structure, film: Structure) -> tuple[str, ...]:
    """Elements whose positions are compared: anions where both crystals have some, else all."""
    both = [set(structure.composition) for structure in (host, film)]
    known = set(ANIONS)
    if all(elements & known for elements in both):
        return tuple(sorted((both[0] | both[1]) & known))
    return tuple(sorted(both[0] | both[1]))


def with_shared(found: Sequence[Match], *, tolerance: float = TOLERANCE) -> tuple[Match, ...]:
    """Matches with the share of anions that meet, each turned into its variant with the largest share.

    Parameters
    ----------
    found
        Matches of one host and one film.
    tolerance
        Largest distance in the plane (angstrom) of two anions that count as one.
    """
    known: dict[tuple[str, tuple[int, int, int]], tuple[Pattern, ...]] = {}
    groups: dict[tuple[tuple[int, int, int], tuple[int, int, int]], list[int]] = {}
    for place, match in enumerate(found):
        elements = compared(match.host, match.film)
        for side, structure, plane in (
            ("host", match.host, match.host_mesh),
            ("film", match.film, match.film_mesh),
        ):
            if (side, plane.hkl) not in known:
                known[side, plane.hkl] = patterns(structure, plane, elements=elements)
        groups.setdefault((match.host_hkl, match.film_hkl), []).append(place)
    made = list(found)
    for (first, second), places in groups.items():
        some = [found[place] for place in places]
        scored = _scored(some, known["host", first], known["film", second], tolerance)
        for place, match in zip(places, scored, strict=True):
            made[place] = match
    return tuple(made)


def _scored(
    found: Sequence[Match], hosts: Sequence[Pattern], films: Sequence[Pattern], tolerance: float
) -> list[Match]:
    bases = gauss_reduced(np.array([match.shifts for match in found]))[0]
    maps = np.array([match.film_mesh.in_plane @ match.mapped for match in found])
    counts = np.array([(match.host_count, match.film_count) for match in found], dtype=float)
    best = np.full(len(found), -1.0)
    kept: list[tuple[Pattern, Pattern, Array] | None] = [None] * len(found)
    for on in hosts:
        for onto in films:
            share, shift = overlay(on, onto, found[0].host_mesh.in_plane, maps, bases, counts, tolerance, floor=best)
            better = share > best + 1e-9
            best = np.where(better, share, best)
            for place in np.flatnonzero(better):
                kept[place] = (on, onto, shift[place])
    return [_variant(match, found_at, float(share)) for match, found_at, share in zip(found, kept, best, strict=True)]


def overlay(
    on: Pattern, onto: Pattern, host: Array, maps: ArrayLike, bases: ArrayLike, counts: ArrayLike, tolerance: float,
    *, floor: Array | None = None,
) -> tuple[Array, Array]:  # fmt: skip
    """Share of anions that meet at the best shift, and that shift, for many maps at once.

    Parameters
    ----------
    on, onto
        Patterns of host and film.
    host
        Mesh vectors of the host (angstrom), shape (2, 2).
    maps
        Mesh vectors of the film on the host (angstrom), shape (k, 2, 2).
    bases
        Reduced bases of the lattices of shifts (angstrom), shape (k, 2, 2).
    counts
        Host and film meshes in the common cell, shape (k, 2).
    tolerance
        Radius (angstrom).
    floor
        Share that is known already, shape (k,): smaller ones need not be exact.

    Returns
    -------
    Shares, shape (k,), and shifts (angstrom), shape (k, 2).
    """
    strained, shifts, size = np.asarray(maps), np.asarray(bases), np.asarray(counts)
    gaps = (on.points @ host)[None, :, None] - (onto.points @ strained)[:, None, :]
    pairs = np.minimum(on.weights[:, None], onto.weights[None]).ravel()
    totals = size * [on.weights.sum(), onto.weights.sum()]
    circles = Circles(gaps.reshape(len(strained), -1, 2), pairs, shifts, tolerance)
    known = None if floor is None else floor * totals.max(axis=1)
    best, where = circles.fullest(floor=known)
    return np.minimum(best, totals.min(axis=1)) / totals.max(axis=1), where


def _variant(match: Match, kept: tuple[Pattern, Pattern, Array] | None, share: float) -> Match:
    """The match turned by the symmetries of the lattices that brought the patterns together."""
    if kept is None:
        return match
    on, onto, shift = kept
    # Host pattern h^-1 and film pattern g under one map F: the crystals as they are meet under g F h.
    h = np.linalg.inv(on.turn)
    plane = match.host_mesh.in_plane
    other = match.film_mesh.in_plane
    h_plane, g_plane = np.linalg.inv(plane) @ h @ plane, np.linalg.inv(other) @ onto.turn @ other
    host_matrix = np.rint(match.host_matrix @ h).astype(np.int64)
    film_matrix = np.rint(match.film_matrix @ np.linalg.inv(onto.turn)).astype(np.int64)
    mapped = g_plane @ match.mapped @ h_plane
    if np.linalg.det(host_matrix @ plane) < 0:
        host_matrix[1], film_matrix[1] = -host_matrix[1], -film_matrix[1]
    hand = 1 if np.linalg.det(mapped) > 0 else -1
    moved = shift @ h_plane
    counts = (match.host_count * float(on.weights.sum()), match.film_count * float(onto.weights.sum()))
    shared = Shared(
        share, on.layer, onto.layer, (float(moved[0]), float(moved[1])), share * max(counts), counts[0], counts[1]
    )
    return replace(match, host_matrix=host_matrix, film_matrix=film_matrix, mapped=mapped, hand=hand, shared=shared)
