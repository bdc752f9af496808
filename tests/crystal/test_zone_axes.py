"""Are spots of a zone axis where they belong, and are measured spots indexed?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlith.crystal.radiation import Electrons, XRays
from interlith.crystal.structure import Structure
from interlith.crystal.structure_factors import structure_factors
from interlith.crystal.twins import twin
from interlith.crystal.zone_axes import composite, in_zone, spots, zone_axis
from interlith.crystal.zone_indexing import find_zones
from interlith.errors import StudyError
from tests.crystal.crystals import layered, monoclinic, spinel
from tests.crystal.test_orientation import RELATION
from tests.crystal.test_structure_factors import ACENTRIC
from tests.crystal.test_twins import refined

CRYSTALS: dict[str, Structure] = {
    "spinel": spinel(), "layered": layered(), "monoclinic": monoclinic(), "acentric": ACENTRIC,
}  # fmt: skip


def test_the_zone_of_two_planes() -> None:
    assert zone_axis((-1, 1, 1), (1, -1, 1)) == (1, 1, 0)
    assert zone_axis((2, 0, 0), (0, 2, 0)) == (0, 0, 1)
    for pair in (((1, 1, 1), (2, 2, 2)), ((0.5, 0, 0), (0, 1, 0))):
        with pytest.raises(StudyError, match="no common axis"):
            zone_axis(*pair)


def test_the_pattern_of_the_spinel() -> None:
    found = spots(spinel(), (1, 1, 0), d_min=2.0)
    shown = {tuple(hkl): place for hkl, place in zip(found.hkl.tolist(), found.positions, strict=True)}
    assert (0, 0, 2) not in shown
    assert found.hkl[0].tolist() == [1, -1, 1]
    angle = np.degrees(np.arccos(shown[1, -1, 1] @ shown[1, -1, -1] / np.linalg.norm(shown[1, -1, 1]) ** 2))
    assert angle == pytest.approx(70.5288, abs=1e-3)
    with_dark = spots(spinel(), (1, 1, 0), d_min=2.0, forbidden=True)
    dark = {tuple(hkl) for hkl in with_dark.hkl[with_dark.forbidden].tolist()}
    assert dark == {(0, 0, 2), (0, 0, -2)}
    assert np.all(with_dark.intensities[with_dark.forbidden] == 0)
    assert found.spacings == pytest.approx(spinel().cell.spacing(found.hkl))


@given(
    st.sampled_from(sorted(CRYSTALS)), st.tuples(*[st.integers(-2, 2)] * 3).filter(any)
)  # fmt: skip
@settings(max_examples=30, deadline=None)
def test_positions_are_the_reciprocal_lattice(name: str, uvw: tuple[int, int, int]) -> None:
    structure = CRYSTALS[name]
    if not len(in_zone(structure, uvw, d_min=0.9)):
        return
    found = spots(structure, uvw, d_min=0.9)
    gram = found.positions @ found.positions.T
    g = found.hkl @ structure.cell.reciprocal
    assert gram == pytest.approx(g @ g.T, abs=1e-9)
    assert found.positions[0] == pytest.approx([1 / found.spacings[0], 0], abs=1e-9)
    assert np.all(found.hkl @ np.array(uvw) == 0)
    assert found.intensities == pytest.approx(
        np.abs(structure_factors(structure, found.hkl, Electrons())) ** 2, abs=1e-9
    )
    # Seen with the axis towards the viewer, x, y and the axis are right-handed.
    frame = np.linalg.lstsq(found.positions, g, rcond=None)[0]
    if np.linalg.matrix_rank(found.positions) == 2:
        assert np.cross(*frame) @ structure.cell.direction(uvw) > 0


def test_the_direction_of_x_may_be_chosen() -> None:
    found = spots(spinel(), (1, 1, 0), d_min=2.0, along=(0, 0, 1))
    four = found.positions[[tuple(hkl) == (0, 0, 4) for hkl in found.hkl.tolist()]]
    assert four == pytest.approx(np.array([[4 / 8.17, 0]]))
    assert spots(spinel(), (1, 1, 0), d_min=2.0, probe=XRays()).intensities.max() > 1e4
    assert found.azimuths.max() <= 180
    with pytest.raises(StudyError, match="is not in the zone"):
        spots(spinel(), (1, 1, 0), d_min=2.0, along=(1, 0, 0))
    with pytest.raises(StudyError, match="No reflection of the zone"):
        spots(spinel(), (1, 1, 0), d_min=20.0)
    for wrong in ((0, 0, 0), (0.5, 0, 0), (1, 1)):
        with pytest.raises(StudyError, match="three whole indices"):
            in_zone(spinel(), wrong, d_min=2.0)


def test_two_crystals_in_one_frame() -> None:
    host, guest = composite(RELATION, (1, 1, 0), d_min=1.2)
    places = {tuple(hkl): place for hkl, place in zip(guest.hkl.tolist(), guest.positions, strict=True)}
    # (001) of the layered crystal lies along (1 -1 1) of the spinel, at its own spacing.
    assert places[0, 0, 1] == pytest.approx([1 / monoclinic().cell.spacing((0, 0, 1)), 0], abs=1e-9)
    assert host.hkl[0].tolist() == [1, -1, 1]
    assert np.all(np.abs(guest.excitation) <= 0.02)
    assert np.all(guest.hkl[:, 1] == 0)
    own = spots(monoclinic(), (0, 1, 0), d_min=1.2, along=(0, 0, 1))
    assert sorted(map(tuple, guest.hkl.tolist())) == sorted(map(tuple, own.hkl.tolist()))


def test_a_twin_mirrors_its_spots() -> None:
    host, guest = composite(twin(refined(), plane=(0, 0, 1), reflection=True), (0, 1, 0), d_min=1.3, along=(0, 0, 1))
    mirrored = {(round(x, 6), round(-y, 6)) for x, y in host.positions.tolist()}
    assert {(round(x, 6), round(y, 6)) for x, y in guest.positions.tolist()} == mirrored


def test_spots_of_the_spinel_are_indexed() -> None:
    found = find_zones(spinel(), [4.7, 4.7, 4.1])
    assert found[0].uvw == (1, 1, 0)
    assert found[0].hkl[2] == (0, 0, 2)
    assert found[0].forbidden == (False, False, True)
    assert {tuple(abs(index) for index in hkl) for hkl in found[0].hkl[:2]} == {(1, 1, 1)}
    assert found[0].misfit < 1
    with_angles = find_zones(spinel(), [4.7, 4.7, 4.1], [70.5, 54.7])
    assert with_angles[0].uvw == (1, 1, 0)
    assert with_angles[0].angles == pytest.approx((70.53, 54.74), abs=0.01)
    assert find_zones(spinel(), [4.7, 4.7], [45.0]) == ()
    assert find_zones(spinel(), [9.0, 9.0]) == ()


@given(
    st.sampled_from(["spinel", "layered", "monoclinic"]),
    st.sampled_from([(1, 1, 0), (1, 0, 0), (0, 0, 1), (1, 1, 1), (0, 1, 0), (2, 1, 0)]), st.integers(0, 100),
)  # fmt: skip
@settings(max_examples=20, deadline=None)
def test_a_pattern_leads_back_to_its_zone(name: str, uvw: tuple[int, int, int], seed: int) -> None:
    structure = CRYSTALS[name]
    pattern = spots(structure, uvw, d_min=1.2)
    second = next(
        (row for row in range(1, len(pattern)) if 5 < abs(pattern.azimuths[row]) < 175), None
    )  # fmt: skip
    if second is None:
        return
    random = np.random.default_rng(seed)
    spacings = pattern.spacings[[0, second]] * (1 + 0.002 * random.normal(size=2))
    angle = abs(pattern.azimuths[second]) + 0.1 * random.normal()
    found = find_zones(structure, spacings.tolist(), [float(angle)], spacing_tolerance=0.015, most=50)
    family = {tuple(row) for row in (np.concatenate([structure.point_group, -structure.point_group]) @ uvw).tolist()}
    divisor = np.gcd.reduce(np.array(uvw))
    for zone in found:
        assert [int(np.dot(hkl, zone.uvw)) for hkl in zone.hkl] == [0, 0]
        assert structure.cell.spacing(zone.hkl) == pytest.approx(zone.spacings)
        assert structure.cell.angle(*zone.hkl) == pytest.approx(zone.angles[0])
    assert any(tuple(np.array(zone.uvw) * divisor) in family for zone in found)


def test_wrong_numbers_of_spots_are_refused() -> None:
    with pytest.raises(StudyError, match="two or more positive spacings"):
        find_zones(spinel(), [4.7])
    with pytest.raises(StudyError, match="one angle from the first spot"):
        find_zones(spinel(), [4.7, 4.7, 4.1], [70.5])
