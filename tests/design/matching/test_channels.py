"""Open and closed facets: layers, tunnels and networks of known crystals."""

from __future__ import annotations

import math

import numpy as np
import pytest

from interlith.crystal.cell import Cell
from interlith.crystal.structure import Site, Structure, simple_structure
from interlith.design.matching.channels import Openness, _disagreement, channels
from interlith.design.matching.voids import frame, frame_radii, grid_shape, room, widest_angle
from interlith.errors import StudyError
from tests.crystal.crystals import crystal, layered, spinel


def olivine() -> Structure:
    """LiFePO4, Pnma (tunnels along b); Streltsov et al., Acta Crystallogr. B 49 (1993) 147, rounded."""
    sites = (
        Site("Li", "Li", (0, 0, 0), charge=1),
        Site("Fe", "Fe", (0.2822, 0.25, 0.9747), charge=2),
        Site("P", "P", (0.0948, 0.25, 0.4182), charge=5),
        Site("O1", "O", (0.0967, 0.25, 0.7428), charge=-2),
        Site("O2", "O", (0.4571, 0.25, 0.2060), charge=-2),
        Site("O3", "O", (0.1656, 0.0465, 0.2848), charge=-2),
    )
    return crystal("olivine", "P n m a", Cell(10.332, 6.010, 4.692), sites, units=4)


@pytest.mark.parametrize(("a", "c", "z"), [(2.862, 14.227, 0.2411), (2.8155, 14.0537, 0.2395), (2.88, 14.4, 0.242)])
def test_layered_oxides_are_closed_on_003_and_open_on_104(a: float, c: float, z: float) -> None:
    found = channels(layered(a, c, z), [[0, 0, 3], [1, 0, 4], [1, 1, 0]], energy=False)
    closed, slanted, upright = found.data["facets"]
    assert not closed.open
    assert slanted.open
    assert upright.open
    assert closed.across < slanted.across - 0.15
    assert slanted.across == upright.across == closed.easiest
    assert closed.angle == pytest.approx(0, abs=1e-6)
    assert upright.angle == pytest.approx(90)
    # The plane (104) stands at atan(4 a sqrt(3) / 2 c)-like angle to the layers: from the cell itself.
    cell = Cell(a, a, c, 90, 90, 120)
    assert slanted.angle == pytest.approx(cell.angle((0, 0, 1), (1, 0, 4)), abs=1e-6)
    assert "closed to Li" in found[0].statement
    assert "layers parallel to (001)" in found[0].statement


def test_bond_valence_says_the_same_as_radii() -> None:
    found = channels(layered(), [[0, 0, 3], [1, 0, 4]], step="0.2 angstrom")
    closed, opened = found.data["facets"]
    assert closed.barrier_across > 3 * closed.barrier_easiest
    assert opened.score == pytest.approx(1.0)
    assert closed.score < 0.4
    assert found.number("openness", sample="layered (104)").value == pytest.approx(1.0)
    assert math.isinf(found.number("barrier_across", sample="layered (003)").std)


def test_where_radii_and_bond_valence_disagree_it_is_said() -> None:
    room_enough = Openness((0, 0, 1), across=0.3, easiest=0.3, barrier_across=4.0, barrier_easiest=0.5, angle=90.0)
    assert "undecided" in _disagreement(room_enough)[0]
    for barrier, across in ((0.6, 0.3), (4.0, 0.0), (math.nan, 0.3)):
        assert not _disagreement(Openness((0, 0, 1), across, 0.3, barrier, 0.5, 90.0))


def test_olivine_has_tunnels_along_b() -> None:
    found = channels(olivine(), [[0, 1, 0], [1, 0, 0], [0, 0, 1]], energy=False)
    along, across, other = found.data["facets"]
    assert along.open
    assert not across.open
    assert not other.open
    assert "tunnels along [0 1 0]" in found[0].statement
    assert along.angle == pytest.approx(90)
    assert found[0].details["dimension"] == 1


def test_spinel_is_open_everywhere() -> None:
    found = channels(spinel(), [[1, 1, 1], [1, 0, 0], [1, 1, 0]], energy=False, step=0.25)
    assert all(one.open for one in found.data["facets"])
    assert "network in all directions" in found[0].statement


def test_equivalent_facets_and_a_finer_grid_agree() -> None:
    coarse, fine = (channels(layered(), [[1, 0, 4], [0, 1, -4]], energy=False, step=step) for step in (0.2, 0.1))
    one, other = coarse.data["facets"]
    assert one.across == pytest.approx(other.across)
    bottleneck = coarse.number("bottleneck_across", sample="layered (104)")
    assert bottleneck.value is not None
    assert abs(fine.data["facets"][0].across - bottleneck.value) < 2 * bottleneck.std


def test_positions_that_the_ion_fills_are_no_walls_and_those_of_others_are() -> None:
    """A few percent of Ni on the Li site block nothing; a Li on the metal site opens nothing."""
    sites = (
        Site("Li1", "Li", (0, 0, 0), 0.97, charge=1),
        Site("Ni1", "Ni", (0, 0, 0), 0.03, charge=2),
        Site("Co", "Co", (0, 0, 0.5), 0.97, charge=3),
        Site("Li2", "Li", (0, 0, 0.5), 0.03, charge=1),
        Site("O", "O", (0, 0, 0.2395), charge=-2),
    )
    mixed = crystal("mixed", "R -3 m:H", Cell(2.8155, 2.8155, 14.0537, 90, 90, 120), sites, units=3)
    kept = {mixed.atoms.elements[place] for place in frame(mixed, "Li")}
    assert kept == {"Co", "O"}
    plain, other = (channels(one, [0, 0, 3], energy=False).data["facets"][0] for one in (layered(), mixed))
    assert plain.across == pytest.approx(other.across)


def test_radii_are_shannons_or_declared() -> None:
    crystal_ = layered()
    assert frame_radii(crystal_, frame(crystal_, "Li"), None) == pytest.approx({"Co": 0.61, "O": 1.40}, abs=0.07)
    assert frame_radii(crystal_, frame(crystal_, "Li"), {"O": 1.26})["O"] == 1.26
    small, usual = (channels(crystal_, [1, 0, 4], energy=False, radii=radii) for radii in ({"O": 1.26}, {"O": 1.40}))
    assert small.data["facets"][0].across - usual.data["facets"][0].across == pytest.approx(0.14)


def test_room_is_the_distance_to_the_nearest_sphere() -> None:
    """A primitive cubic crystal: the void at the centre of the cell is half its body diagonal less the radius."""
    cubic = simple_structure("cubic", Cell(4.0, 4.0, 4.0), ["O"], [[0, 0, 0]])
    found = room(cubic, radii={"O": 1.3}, energy=False)
    assert found.radius.max() == pytest.approx(2 * math.sqrt(3) - 1.3)
    assert found.ways.widths[0] == pytest.approx(2 * math.sqrt(2) - 1.3)
    assert widest_angle(np.array([[1, 0, 0]]), cubic, (1, 1, 0)) == pytest.approx(45.0)


def test_grids_and_facets_that_are_none_are_refused() -> None:
    with pytest.raises(StudyError, match=r"0\.05 to 0\.5"):
        grid_shape(layered(), 0.01)
    with pytest.raises(StudyError, match="coarser"):
        grid_shape(simple_structure("large", Cell(40, 40, 40), ["O"], [[0, 0, 0]]), 0.1)
    with pytest.raises(StudyError, match="three Miller indices"):
        channels(layered(), [])
    with pytest.raises(StudyError, match="no frame"):
        room(simple_structure("lithium", Cell(3.5, 3.5, 3.5), ["Li"], [[0, 0, 0]]), energy=False)
