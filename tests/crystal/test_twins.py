"""Are twin laws what they are called, and their lattices as close as tables say?"""

from __future__ import annotations

import math

import numpy as np
import pytest

from interlith.crystal.cell import Cell
from interlith.crystal.orientation import cartesian_group, parallel_planes, smallest_rotation
from interlith.crystal.structure import Structure
from interlith.crystal.twins import turn, twin, twin_lattices
from interlith.errors import StudyError
from tests.crystal.crystals import layered, monoclinic, perovskite, spinel
from tests.crystal.test_orientation import austenite


def refined() -> Structure:
    """The monoclinic oxide with the cell that a neutron refinement of a lithium-rich cathode gave."""
    base = monoclinic()
    return Structure(
        base.name, Cell(4.940, 8.550, 5.028, 90, 109.333, 90), base.sites, base.rotations, base.translations
    )


def test_the_spinel_law() -> None:
    found = twin(austenite(), plane=(1, 1, 1))
    law = smallest_rotation(found)
    assert law.angle == pytest.approx(60)
    assert np.abs(law.uvw) == pytest.approx(np.ones(3))
    best = twin_lattices(austenite(), (1, 1, 1))[0]
    assert (best.index, best.obliquity) == (3, pytest.approx(0, abs=1e-6))
    # (200) of the twin is (2 -1 -1)... of the parent: thirds, as for every sigma 3 boundary.
    assert found.plane((2, 0, 0)) * 3 == pytest.approx(np.array([-2, 4, 4]))


@pytest.mark.parametrize("plane", [(0, 0, 1), (0, 1, 2), (1, 1, 0)])
def test_reflection_and_half_turn_are_one_law_with_an_inversion(plane: tuple[int, int, int]) -> None:
    mirrored, turned = twin(refined(), plane=plane, reflection=True), twin(refined(), plane=plane)
    assert np.linalg.det(mirrored.matrix) == pytest.approx(-1)
    assert mirrored.matrix == pytest.approx(-turned.matrix)
    assert smallest_rotation(mirrored).angle == pytest.approx(smallest_rotation(turned).angle)
    # The twin plane stays where it is, and twinning twice is nothing.
    assert turned.plane(plane) == pytest.approx(np.array(plane), abs=1e-9)
    assert turned.plane_matrix @ turned.plane_matrix == pytest.approx(np.eye(3), abs=1e-9)


def test_the_interlayer_twin_of_the_honeycomb_oxide() -> None:
    found = twin(refined(), plane=(0, 0, 1))
    # a stays in the plane and turns over, b as well: 180 deg about c*.
    assert found.plane((0, 1, 0)) == pytest.approx([0, -1, 0], abs=1e-9)
    assert smallest_rotation(found).angle == pytest.approx(180)
    a, _, c, _, beta, _ = refined().cell.parameters
    assert found.plane_matrix[2, 0] == pytest.approx(-2 * c * math.cos(math.radians(beta)) / a)
    best = twin_lattices(refined(), (0, 0, 1))[0]
    assert (best.direction, best.index) == ((1.0, 0.0, 3.0), 3)
    # The direction [103] from cell edges: its angle with the normal of (001).
    x, z = a + 3 * c * math.cos(math.radians(beta)), 3 * c * math.sin(math.radians(beta))
    assert best.obliquity == pytest.approx(math.degrees(math.atan2(abs(x), z)))
    # Planes of the shared oxygen lattice meet: (13-1) type and (20-2) within a degree.
    pairs = {(one.first, one.second) for one in parallel_planes(found, largest=3, within=1.0)}
    assert ((0, 0, 1), (0, 0, 1)) in pairs


def test_a_half_turn_about_an_axis() -> None:
    found = twin(refined(), axis=(1, 0, 0))
    assert found.direction((1, 0, 0)) == pytest.approx([1, 0, 0], abs=1e-9)
    # With 2 along b, turning about a or about c* says the same.
    other = twin(refined(), plane=(0, 0, 1))
    group = cartesian_group(refined())
    assert min(np.abs(found.matrix @ one - other.matrix).max() for one in group) < 1e-9
    third = twin(spinel(), axis=(1, 1, 1), angle=60.0)
    assert smallest_rotation(third).angle == pytest.approx(60)


def test_the_layered_oxide_twins_on_its_layers() -> None:
    found = twin(layered(), plane=(0, 0, 3))
    assert smallest_rotation(found).angle == pytest.approx(60)
    assert found.plane((1, 0, 4)) == pytest.approx([-1, 0, 4])
    assert twin_lattices(layered(), (0, 0, 1))[0].index == 3


def test_the_index_of_an_even_product_is_half_of_it() -> None:
    # [110] of a primitive cube meets every second plane (110) in a lattice point, and the planes between at its middle.
    best = twin_lattices(perovskite(), (1, 1, 0))[0]
    assert (best.direction, best.index, best.obliquity) == ((1.0, 1.0, 0.0), 1, pytest.approx(0, abs=1e-5))
    assert twin_lattices(perovskite(), (1, 1, 1))[0].index == 3


def test_what_is_no_law_is_refused() -> None:
    with pytest.raises(StudyError, match="symmetry of spinel"):
        twin(spinel(), plane=(1, 1, 0))
    with pytest.raises(StudyError, match="symmetry of"):
        twin(refined(), axis=(0, 1, 0))
    with pytest.raises(StudyError, match="one of them"):
        twin(spinel())
    with pytest.raises(StudyError, match="one of them"):
        twin(spinel(), plane=(1, 1, 1), axis=(1, 1, 1))
    with pytest.raises(StudyError, match="needs the plane"):
        twin(spinel(), axis=(1, 1, 1), reflection=True)
    with pytest.raises(StudyError, match="no direction"):
        twin(spinel(), axis=(0, 0, 0))


def test_turns_are_right_handed() -> None:
    assert turn((0, 0, 2), 90.0) @ np.array([1, 0, 0]) == pytest.approx([0, 1, 0])
    assert turn((1, 1, 1), 120.0) @ np.array([1, 0, 0]) == pytest.approx([0, 1, 0])
