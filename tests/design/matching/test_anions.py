"""Shared anions: the count by the lattice of shifts against counting pairs of atoms over the common cell."""

from __future__ import annotations

import numpy as np
import pytest

from interlith.crystal.facets import layers
from interlith.crystal.structure import Structure
from interlith.design.matching.anions import compared, overlay, patterns, with_shared
from interlith.design.matching.faces import face_pairs
from interlith.design.matching.match import Match
from interlith.design.matching.search import search
from interlith.numerics.coincidence import gauss_reduced, hermite_normal
from tests.crystal.crystals import layered, perovskite, spinel
from tests.design.matching.test_search import llto


def anions_of(structure: Structure, plane: object, place: int, matrix: np.ndarray) -> np.ndarray:
    """Positions of the oxygen of one layer over a common cell, axes of the facet."""
    layer = layers(structure, plane.hkl)[place]  # type: ignore[attr-defined]
    rows = []
    (a, _), (_, d) = hermite_normal(matrix).tolist()
    for atom in layer.atoms:
        if structure.atoms.elements[atom] != "O":
            continue
        at = structure.positions[atom]
        at = at + round((layer.height - at @ plane.normal) / plane.spacing) * plane.stacking  # type: ignore[attr-defined]
        cells = np.array([(i, j) for i in range(a) for j in range(d)])
        rows.append((plane.frame @ at)[:2] + cells @ plane.in_plane)  # type: ignore[attr-defined]
    return np.concatenate(rows)


def counted(match: Match, tolerance: float) -> tuple[int, int, int]:
    """Pairs of oxygen atoms that meet in the common cell at the shift of the match, by distances of all pairs."""
    assert match.shared is not None
    host = anions_of(match.host, match.host_mesh, match.shared.host_layer, match.host_matrix)
    film = anions_of(match.film, match.film_mesh, match.shared.film_layer, match.film_matrix)
    moved = film @ match.mapped + np.array(match.shared.shift)
    gaps = (moved[:, None] - host[None]) @ np.linalg.inv(match.cell)
    gaps -= np.round(gaps)
    return int((np.linalg.norm(gaps @ match.cell, axis=-1) <= tolerance).sum()), len(host), len(film)


@pytest.mark.parametrize(
    ("host", "film", "area"),
    [(spinel(), perovskite(), 400.0), (llto(), layered(), 120.0), (perovskite(), layered(), 110.0)],
)
def test_the_share_is_that_of_counted_atoms(host: Structure, film: Structure, area: float) -> None:
    found = with_shared(search(host, film, face_pairs(host, film, 1), area=area, strain=0.06))
    assert len(found) > 10
    for one in found:
        pairs, on, onto = counted(one, 0.5 * (1 + 1e-8))
        assert one.shared is not None
        assert (one.shared.host_count, one.shared.film_count) == pytest.approx((on, onto))
        assert one.shared.share == pytest.approx(min(pairs, on, onto) / max(on, onto))
        # Turning a match into its variant changes neither cell nor strain.
        assert np.allclose(one.film_matrix @ one.film_mesh.in_plane @ one.mapped, one.cell, atol=1e-8)
        assert np.linalg.det(one.cell) > 0
        assert (one.hand > 0) == (np.linalg.det(one.mapped) > 0)


def test_octahedral_faces_share_three_of_four_and_cube_faces_all() -> None:
    host, film = spinel(), perovskite()
    found = with_shared(search(host, film, face_pairs(host, film, 1), area=40.0, strain=0.06))
    shares = {one.host_hkl: one.shared.share for one in found if one.shared is not None}
    assert shares == pytest.approx({(1, 1, 1): 0.75, (1, 0, 0): 1.0})


def test_no_grid_of_shifts_finds_more() -> None:
    host, film = spinel(), perovskite()
    for match in search(host, film, [((1, 1, 1), (1, 1, 1)), ((1, 1, 0), (2, 1, 0))], area=210.0, strain=0.06):
        on = patterns(host, match.host_mesh, elements=["O"])[0]
        onto = patterns(film, match.film_mesh, elements=["O"])[0]
        basis = gauss_reduced(match.shifts[None])[0]
        maps = (match.film_mesh.in_plane @ match.mapped)[None]
        counts = np.array([[match.host_count, match.film_count]], dtype=float)
        share, _ = overlay(on, onto, match.host_mesh.in_plane, maps, basis, counts, 0.5)
        best = 0.0
        gaps = (on.points @ match.host_mesh.in_plane)[:, None] - (onto.points @ maps[0])[None]
        cells = np.array([(i, j) for i in range(-4, 5) for j in range(-4, 5)]) @ basis[0]
        for x in np.arange(0, 1, 0.05):
            for y in np.arange(0, 1, 0.05):
                moved = (gaps - np.array([x, y]) @ basis[0]).reshape(-1, 2) @ np.linalg.inv(basis[0])
                moved = (moved - np.round(moved)) @ basis[0]
                met = (np.linalg.norm(moved[:, None] + cells[None], axis=-1) <= 0.5).sum()
                best = max(best, met / max(counts[0] * [len(on.points), len(onto.points)]))
        assert share[0] >= best - 1e-9


def test_a_wider_circle_never_shares_less() -> None:
    host, film = spinel(), perovskite()
    found = search(host, film, face_pairs(host, film, 1), area=150.0, strain=0.06)
    last = np.zeros(len(found))
    for tolerance in (0.1, 0.3, 0.5, 0.9):
        shares = np.array(
            [one.shared.share for one in with_shared(found, tolerance=tolerance) if one.shared is not None]
        )
        assert np.all(shares >= last - 1e-9)
        last = shares


def test_lattices_without_anions_compare_all_atoms() -> None:
    assert compared(spinel(), perovskite()) == ("O",)
    from interlith.crystal.cell import Cell
    from interlith.crystal.structure import simple_structure

    metal = simple_structure("metal", Cell(4, 4, 4), ["Cu"], [[0, 0, 0]])
    assert compared(metal, perovskite()) == ("Cu", "La", "Mn", "O")
