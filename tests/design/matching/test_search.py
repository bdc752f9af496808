"""Common cells of crystals: spinel on perovskite, the four faces of a layered oxide, a crystal on itself."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlith.crystal.cell import Cell
from interlith.crystal.structure import Site, Structure
from interlith.design.matching.anions import with_shared
from interlith.design.matching.answers import fronts
from interlith.design.matching.faces import face_pairs, faces
from interlith.design.matching.match import Match
from interlith.design.matching.search import nearest_miss, search
from interlith.errors import StudyError
from tests.crystal.crystals import crystal, layered, monoclinic, perovskite, spinel


def llto(a: float = 3.87, c: float = 7.75) -> Structure:
    """La0.55Li0.35TiO3 with La in every other layer."""
    sites = (
        Site("La1", "La", (0, 0, 0), 0.9, charge=3),
        Site("La2", "La", (0, 0, 0.5), 0.2, charge=3),
        Site("Ti", "Ti", (0.5, 0.5, 0.26), charge=4),
        Site("O1", "O", (0.5, 0.5, 0), charge=-2),
        Site("O2", "O", (0.5, 0.5, 0.5), charge=-2),
        Site("O3", "O", (0, 0.5, 0.235), charge=-2),
    )
    return crystal("llto", "P 4/m m m", Cell(a, a, c), sites)


def titanate() -> Structure:
    """SrTiO3."""
    sites = (
        Site("Sr", "Sr", (0.5, 0.5, 0.5), charge=2),
        Site("Ti", "Ti", (0, 0, 0), charge=4),
        Site("O", "O", (0.5, 0, 0), charge=-2),
    )
    return crystal("titanate", "P m -3 m", Cell(3.905, 3.905, 3.905), sites, units=1)


def of_faces(found: tuple[Match, ...], host: tuple[int, ...], film: tuple[int, ...]) -> list[Match]:
    return [one for one in found if one.host_hkl == host and one.film_hkl == film]


def test_spinel_on_perovskite_has_the_known_cells() -> None:
    host, film = spinel(), perovskite()
    found = search(host, film, face_pairs(host, film, 1), area=400.0, strain=0.06)
    octahedral = of_faces(found, (1, 1, 1), (1, 1, 1))
    first = octahedral[0]
    assert (first.host_count, first.film_count, first.conventional) == (1, 1, (1, 4))
    assert first.area == pytest.approx(28.90, abs=0.005)
    assert first.film_area == pytest.approx(26.07, abs=0.005)
    assert first.strain.principal == pytest.approx([0.0528, 0.0528], abs=5e-5)
    near = [one for one in octahedral if (one.host_count, one.film_count) == (12, 13) and one.misfit < 0.02]
    assert [(round(one.area), round(one.film_area)) for one in near] == [(347, 339)]
    cubic = of_faces(found, (1, 0, 0), (1, 0, 0))[0]
    assert cubic.conventional == (1, 4)
    assert (cubic.host_count, cubic.film_count) == (1, 2)
    assert cubic.area == pytest.approx(8.17**2 / 2)


def test_multiples_stand_beside_the_smallest_cell() -> None:
    host, film = spinel(), perovskite()
    pairs = face_pairs(host, film, [[[1, 0, 0], [1, 0, 0]]])
    alone = search(host, film, pairs, area=70.0, strain=0.055)
    every = search(host, film, pairs, area=70.0, strain=0.055, with_multiples=True)
    assert [one.multiple for one in alone] == [1]
    assert sorted(one.multiple for one in every) == [1, 2, 2]
    square = [one for one in every if one.multiple == 2 and abs(one.cell[0] @ one.cell[1]) < 1e-9]
    assert [(one.host_count, one.film_count) for one in square] == [(2, 4), (2, 4)] or len(square) == 1
    assert all(one.misfit == pytest.approx(alone[0].misfit) for one in every)


def test_a_crystal_fits_itself_without_strain() -> None:
    host = monoclinic()
    for hkl in faces(host, 1):
        found = search(host, host, [(hkl, hkl)], area=200.0, strain=1e-6)
        assert found[0].misfit < 1e-9
        assert found[0].host_count == found[0].film_count == 1
        assert found[0].angle == 0.0


@given(st.floats(0.96, 1.04), st.floats(0.96, 1.04))
@settings(max_examples=10, deadline=None)
def test_edges_of_host_and_strained_film_are_the_same(along: float, across: float) -> None:
    film = llto(3.87 * along, 7.75 * across)
    host = titanate()
    for one in search(host, film, face_pairs(host, film, 1), area=80.0, strain=0.06):
        edges = one.film_matrix @ one.film_mesh.in_plane @ one.mapped
        assert np.allclose(edges, one.cell, atol=1e-8)
        assert one.strain.area == pytest.approx(one.area / one.film_area - 1, abs=1e-9)
        assert one.principal_for(host.cell, film.cell) == pytest.approx(one.strain.principal, abs=1e-8)
        assert one.misfits_for(host.cell, film.cell) == pytest.approx(one.along_and_across[:2], abs=1e-8)


def test_the_faces_of_an_epitaxial_stack_are_on_the_front_of_their_host_face() -> None:
    """LLTO (112) and (020) on SrTiO3 (111) and (001); a layered oxide (003) and (104) on these LLTO faces."""
    substrate, electrolyte, cathode = titanate(), llto(), layered(2.862, 14.227, 0.2415)
    for host, film, miller, wanted in (
        (substrate, electrolyte, 2, [((1, 1, 1), (1, 1, 2)), ((1, 0, 0), (1, 0, 0))]),
        (
            electrolyte,
            cathode,
            {"host": 2, "film": [*(f for f in faces(cathode, 2) if f != (0, 0, 1)), (0, 0, 3), (1, 0, 4)]},
            [((1, 1, 2), (0, 0, 3)), ((1, 0, 0), (1, 0, 4))],
        ),
    ):
        found = with_shared(search(host, film, face_pairs(host, film, miller), area=150.0, strain=0.06))
        overall, own = fronts(found)
        best = {(one.host_hkl, one.film_hkl) for one, kept in zip(found, own, strict=True) if kept}
        assert set(wanted) <= best
        # The film (112) on the host (111) is the best on its host face, not of all faces: those of (100) are smaller.
        everywhere = {(one.host_hkl, one.film_hkl) for one, kept in zip(found, overall, strict=True) if kept}
        assert set(wanted) - everywhere == ({((1, 1, 1), (1, 1, 2))} if film is electrolyte else set())


def test_nothing_fits_and_the_nearest_miss() -> None:
    host, film = spinel(), perovskite()
    pairs = face_pairs(host, film, 1)
    assert search(host, film, pairs, area=30.0, strain=0.001) == ()
    miss = nearest_miss(host, film, pairs, area=30.0)
    assert miss is not None
    assert miss.misfit == pytest.approx(8.17 / 2 / 3.88 - 1)
    assert nearest_miss(host, film, pairs, area=1.0) is None


@pytest.mark.parametrize(("area", "strain"), [(0.0, 0.1), (1e5, 0.1), (10.0, 0.3), (10.0, -0.1), (float("nan"), 0.1)])
def test_bounds_that_cannot_be_searched_are_refused(area: float, strain: float) -> None:
    with pytest.raises(StudyError, match="cannot be searched"):
        search(spinel(), perovskite(), [((1, 1, 1), (1, 1, 1))], area=area, strain=strain)
