"""Which common cells do the faces of two crystals have?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from interlith.crystal.facets import Indices, Mesh, mesh
from interlith.crystal.structure import Structure
from interlith.design.matching.match import Match
from interlith.errors import StudyError
from interlith.numerics.coincidence import MOST_STRAIN, Coincidences, coincidences, multiples

#: Common cells larger than this (angstrom^2) hold tens of thousands of atoms and match everything on everything.
MOST_AREA = 4000.0


def search(
    host: Structure, film: Structure, pairs: Sequence[tuple[Indices, Indices]], *, area: float, strain: float,
    with_multiples: bool = False,
) -> tuple[Match, ...]:  # fmt: skip
    """All common cells of pairs of faces, by area and strain.

    Parameters
    ----------
    host, film
        The crystals.
    pairs
        Faces, host first; see `interlith.design.matching.faces.face_pairs`.
    area
        Largest area on the host (angstrom^2).
    strain
        Largest principal misfit of the film.
    with_multiples
        Whether larger cells of the same map stand beside the smallest one.

    Raises
    ------
    StudyError
        If a bound is none.
    """
    check_bounds(area, strain)
    meshes: dict[tuple[str, Indices], Mesh] = {}
    for first, second in pairs:
        for side, structure, hkl in (("host", host, first), ("film", film, second)):
            if (side, hkl) not in meshes:
                meshes[side, hkl] = mesh(structure, hkl)
    found: list[Match] = []
    for first, second in pairs:
        on, onto = meshes["host", first], meshes["film", second]
        cells = coincidences(on.in_plane, onto.in_plane, area=area, strain=strain)
        found += _matches(host, film, on, onto, cells, np.ones(len(cells), dtype=np.int64))
        if with_multiples:
            larger, owner = multiples(cells, on.in_plane, onto.in_plane, area=area)
            found += _matches(host, film, on, onto, larger, larger.host_count // cells.host_count[owner])
    return tuple(sorted(found, key=lambda one: (round(one.area, 6), round(one.root_mean_square, 9), one.multiple)))


def check_bounds(area: float, strain: float) -> None:
    """Refuse bounds that cannot be searched.

    Raises
    ------
    StudyError
        With the allowed range.
    """
    if not 0 < area <= MOST_AREA:
        raise StudyError(f"An area of {area:g} angstrom^2 cannot be searched; write up to {MOST_AREA:g} angstrom^2.")
    if not 0 <= strain <= MOST_STRAIN:
        raise StudyError(f"A strain of {100 * strain:g} % cannot be searched; write 0 to {100 * MOST_STRAIN:g} %.")


def _matches(
    host: Structure, film: Structure, on: Mesh, onto: Mesh, cells: Coincidences, times: np.ndarray
) -> list[Match]:  # fmt: skip
    return [
        Match(
            host, film, on, onto, cells.host[place], cells.film[place], cells.maps[place], int(cells.hand[place]),
            int(cells.variants[place]), int(times[place]),
        )
        for place in range(len(cells))
    ]  # fmt: skip


def nearest_miss(
    host: Structure, film: Structure, pairs: Sequence[tuple[Indices, Indices]], *, area: float
) -> Match | None:
    """The match of least strain within the area, whatever the strain; `None` if there is none up to `MOST_STRAIN`."""
    for strain in (0.05, 0.1, 0.15, MOST_STRAIN):
        found = search(host, film, pairs, area=area, strain=strain)
        if found:
            return min(found, key=lambda one: (round(one.misfit, 9), one.area))
    return None
