"""Which layers of host and film stand on each other, and how near do they come?"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from interlith.crystal.facets import Layer, Mesh, layers
from interlith.crystal.neighbours import anions, contacts
from interlith.crystal.structure import Site, Structure
from interlith.design.matching.match import Match
from interlith.errors import StudyError
from interlith.numerics.coincidence import hermite_normal

Array = NDArray[np.float64]

#: Divisions of each edge of the cell of shifts when the nearest approach is looked for.
_GRID = 12
#: Atoms further from the surface of their block than this (angstrom) touch nothing on the other side.
_DEPTH = 3.5
#: More layers than this are not built.
MOST_LAYERS = 200


@dataclass(frozen=True, eq=False)
class Block:
    """Atoms of one side over the common cell, in the axes of the host's face.

    Parameters
    ----------
    positions
        Positions (angstrom), shape (n, 3); those of the host's top layer lie around height zero.
    layer
        Index of the layer of each atom from the bottom up, shape (n,).
    sites
        Site of each atom.
    anion
        Which are anions, shape (n,).
    """

    positions: Array
    layer: NDArray[np.int64]
    sites: tuple[Site, ...]
    anion: NDArray[np.bool_]


def host_block(match: Match, count: int | None, thickness: float) -> Block:
    """The host below its shared layer, which is on top.

    Raises
    ------
    StudyError
        If the number of layers is none.
    """
    assert match.shared is not None
    plane, stack = match.host_mesh, layers(match.host, match.host_hkl)
    places = _places(stack, plane, match.shared.host_layer, -1, count, thickness)[::-1]
    block = _block(match.host, plane, stack, places, match.host_matrix)
    top = stack[match.shared.host_layer].height
    return replace(block, positions=block.positions - np.array([0, 0, top]))


def film_block(match: Match, count: int | None, thickness: float, stretch: float) -> Block:
    """The film from its shared layer upward, strained, shifted, and turned over where its hand says so.

    The shared layer lies at height zero, where that of the host lies.
    """
    assert match.shared is not None
    plane, stack = match.film_mesh, layers(match.film, match.film_hkl)
    places = _places(stack, plane, match.shared.film_layer, match.hand, count, thickness)
    block = _block(match.film, plane, stack, places, match.film_matrix)
    flat = block.positions[:, :2] @ match.mapped + np.array(match.shared.shift)
    height = match.hand * stretch * (block.positions[:, 2] - stack[match.shared.film_layer].height)
    return replace(block, positions=np.column_stack([flat, height]))


def film_without_first(film: Block, *, again: bool, match: Match, layers: int | None, stretch: float) -> Block:
    """The film without its lowest layer, which is the host's top layer as well; a declared number of layers stays."""
    if again and layers is not None:
        film = film_block(match, layers + 1, 0.0, stretch)
    kept = film.layer > 0
    if not kept.any():
        raise StudyError("Nothing of the film is left beside the shared layer; ask for more layers.")
    sites = tuple(site for site, stays in zip(film.sites, kept, strict=True) if stays)
    return Block(film.positions[kept], film.layer[kept] - 1, sites, film.anion[kept])


def _places(
    stack: tuple[Layer, ...], plane: Mesh, first: int, step: int, count: int | None, thickness: float
) -> list[int]:  # fmt: skip
    """Indices of layers counted on through repeats, from the first one on in steps of +-1."""
    if count is not None and not 1 <= count <= MOST_LAYERS:
        raise StudyError(f"{count} layers cannot be built; write 1 to {MOST_LAYERS}.")

    def height(place: int) -> float:
        repeat, which = divmod(place, len(stack))
        return stack[which].height + repeat * plane.spacing

    found = [first]
    while (
        len(found) < count
        if count is not None
        else abs(height(found[-1]) - height(first)) < thickness and len(found) < MOST_LAYERS
    ):
        found.append(found[-1] + step)
    return found


def _block(
    structure: Structure, plane: Mesh, stack: tuple[Layer, ...], places: list[int], matrix: NDArray[np.int64]
) -> Block:  # fmt: skip
    rows, number, owners = list[Array](), list[int](), list[int]()
    for order, place in enumerate(places):
        repeat, which = divmod(place, len(stack))
        wanted = stack[which].height + repeat * plane.spacing
        for atom in stack[which].atoms:
            at = structure.positions[atom]
            rows.append(at + round((wanted - float(at @ plane.normal)) / plane.spacing) * plane.stacking)
            number.append(order)
            owners.append(atom)
    (a, _), (_, d) = hermite_normal(matrix).tolist()
    inside = np.array([(i, j) for i in range(a) for j in range(d)]) @ plane.in_plane
    local = np.array(rows) @ plane.frame.T
    every = local[:, None, :] + np.column_stack([inside, np.zeros(len(inside))])[None]
    anion = anions(structure)
    sites = tuple(structure.sites[int(structure.atoms.site[atom])] for atom in owners for _ in range(len(inside)))
    return Block(
        every.reshape(-1, 3), np.repeat(np.array(number, dtype=np.int64), len(inside)), sites,
        np.repeat(anion[owners], len(inside)),
    )  # fmt: skip


def nearest_allowed(host: Structure, film: Structure) -> Array:
    """Nearest distances in the two crystals (angstrom): cation-cation, cation-anion, anion-anion; shape (2, 2)."""
    found = np.full((2, 2), np.inf)
    for structure in (host, film):
        anion = anions(structure).astype(int)
        near = contacts(structure, structure.atoms.fractions, 4.5)
        kinds = (anion[near.points], anion[near.atoms])
        real = near.lengths > 0.05
        for one in (0, 1):
            for other in (0, 1):
                chosen = real & (kinds[0] == one) & (kinds[1] == other)
                if chosen.any():
                    found[one, other] = min(found[one, other], float(near.lengths[chosen].min()))
    return np.where(np.isfinite(found), found, 2.5)


def contact(host: Block, film: Block, match: Match, allowed: Array, shift: Array | None) -> tuple[Array, float]:
    """Shift of the film in the plane and smallest gap at which no two atoms are nearer than allowed (angstrom).

    `shift` is in addition to where the anions meet; `None` looks for that which brings the film nearest.
    """
    top, bottom = host.positions[:, 2].max(), film.positions[:, 2].min()
    low = host.positions[:, 2] > top - _DEPTH
    high = film.positions[:, 2] < bottom + _DEPTH
    on, onto = host.positions[low], film.positions[high]
    least = allowed[host.anion[low].astype(int)[:, None], film.anion[high].astype(int)[None]]
    depth = (top - on[:, 2])[:, None] + (onto[:, 2] - bottom)[None]
    gaps = onto[None, :, :2] - on[:, None, :2]
    turned = np.linalg.inv(match.cell)
    tried = [np.asarray(shift, dtype=float)] if shift is not None else _tried(match)
    best = (tried[0], np.inf)
    for step in tried:
        parts = (gaps + step) @ turned
        flat = (parts - np.round(parts)) @ match.cell
        lateral = np.sum(flat * flat, axis=-1)
        needed = np.sqrt(np.maximum(least**2 - lateral, 0)) - depth
        height = float(np.max(np.where(lateral < least**2, needed, -np.inf)))
        if height < best[1] - 1e-9:
            best = (step, height)
    return best[0], max(best[1], 0.0)


def _tried(match: Match) -> list[Array]:
    steps = np.arange(_GRID) / _GRID
    return [np.array([x, y]) @ match.shifts for x in steps for y in steps]
