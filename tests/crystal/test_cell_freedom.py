"""Are the independent cell parameters those of the crystal system and setting, and the slopes of 1/d^2 right?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlith.crystal.cell import Cell, cell_of
from interlith.crystal.cell_freedom import cell_freedom, spacings_with_slopes
from interlith.crystal.phases import phase, shipped
from interlith.crystal.settings import OBVERSE, Axes, change_axes, to_primitive
from interlith.crystal.structure import Site
from interlith.errors import StudyError
from tests.crystal.crystals import crystal, layered, monoclinic, spinel

ATOM = (Site("Ni", "Ni", (0.0, 0.0, 0.0)),)

SETTINGS = {
    "P m -3 m": ((4, 4, 4, 90, 90, 90), ("a",)),
    "I 4/m m m": ((4, 4, 6, 90, 90, 90), ("a", "c")),
    "P 63/m m c": ((3, 3, 5, 90, 90, 120), ("a", "c")),
    "R -3 m:H": ((3, 3, 14, 90, 90, 120), ("a", "c")),
    "R -3 m:R": ((5, 5, 5, 33, 33, 33), ("a", "alpha")),
    "P n m a": ((5, 6, 7, 90, 90, 90), ("a", "b", "c")),
    "C 1 2/m 1": ((5, 8, 5, 90, 109, 90), ("a", "b", "c", "beta")),
    "P 1 1 21/m": ((5, 8, 5, 90, 90, 95), ("a", "b", "c", "gamma")),
    "P 21/m 1 1": ((5, 8, 5, 97, 90, 90), ("a", "b", "c", "alpha")),
    "P -1": ((5, 6, 7, 80, 95, 101), ("a", "b", "c", "alpha", "beta", "gamma")),
}


@pytest.mark.parametrize("group", SETTINGS)
def test_each_system_and_setting_has_its_free_parameters(group: str) -> None:
    six, names = SETTINGS[group]
    found = cell_freedom(crystal("x", group, Cell(*six), ATOM))
    assert found.names == names
    assert np.allclose(found.six(found.free(six)), six, atol=1e-12)
    larger = found.six(found.free(six) + 0.01)
    assert np.isclose(larger[0], six[0] + 0.01)
    held = found.matrix @ np.ones(len(names)) == 0
    assert np.array_equal(found.six(np.zeros(len(names)))[held], np.array(six)[held])


def test_edges_that_only_happen_to_be_equal_stay_free() -> None:
    assert cell_freedom(crystal("x", "P n m a", Cell(5, 5, 5), ATOM)).names == ("a", "b", "c")


def test_rhombohedral_axes_come_from_operations_and_not_from_the_shape() -> None:
    found = cell_freedom(change_axes(layered(), Axes(OBVERSE, np.zeros(3))))
    assert found.names == ("a", "alpha")
    assert np.allclose(found.matrix, [[1, 0]] * 3 + [[0, 1]] * 3)
    assert np.allclose(found.constant, 0)


def test_the_primitive_cell_of_a_face_centred_cubic_crystal_has_fixed_angles() -> None:
    found = cell_freedom(change_axes(spinel(), to_primitive(spinel())))
    assert found.names == ("a",)
    assert np.allclose(found.constant, [0, 0, 0, 60, 60, 60], atol=1e-9)


def test_a_setting_with_angles_from_axial_ratios_is_refused() -> None:
    structure = crystal("x", "I 4/m m m", Cell(4, 4, 6), ATOM)
    with pytest.raises(StudyError, match="conventional cell"):
        cell_freedom(change_axes(structure, to_primitive(structure)))


def test_a_cell_that_contradicts_its_group_is_refused() -> None:
    with pytest.raises(StudyError, match="does not have the symmetry"):
        cell_freedom(crystal("x", "P m -3 m", Cell(4, 4, 4.2), ATOM))


@pytest.mark.parametrize("name", shipped())
def test_shipped_structures_are_reproduced_by_their_free_parameters(name: str) -> None:
    structure = phase(name)
    found = cell_freedom(structure)
    assert np.allclose(found.six(found.free(structure.cell.parameters)), structure.cell.parameters, rtol=1e-5)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(2.5, 15), min_size=3, max_size=3), st.lists(st.floats(65, 115), min_size=3, max_size=3),
    st.integers(0, 2**32 - 1),
)  # fmt: skip
def test_slopes_are_those_of_finite_differences(edges: list[float], angles: list[float], seed: int) -> None:
    six = np.array([*edges, *angles])
    hkl = np.random.default_rng(seed).integers(-6, 7, (20, 3))
    hkl[np.all(hkl == 0, axis=1)] = (1, 1, 1)
    values, slopes = spacings_with_slopes(six, hkl)
    assert np.allclose(values, 1 / cell_of(six.tolist()).spacing(hkl) ** 2, rtol=1e-10)
    for place in range(6):
        step = np.zeros(6)
        step[place] = 1e-5 * six[place]
        sides = [spacings_with_slopes(six + sign * step, hkl)[0] for sign in (1, -1)]
        numeric = (sides[0] - sides[1]) / (2 * step[place])
        assert np.allclose(slopes[:, place], numeric, rtol=1e-6, atol=1e-7 * np.abs(values).max())


def test_slopes_chain_to_the_free_parameters() -> None:
    structure = monoclinic()
    freedom = cell_freedom(structure)
    hkl = np.array([[1, 1, 0], [2, 0, -1], [0, 0, 1]])
    free = freedom.free(structure.cell.parameters)
    _, slopes = spacings_with_slopes(freedom.six(free), hkl)
    moved = free + np.array([0, 0, 0, 1e-4])
    change = spacings_with_slopes(freedom.six(moved), hkl)[0] - spacings_with_slopes(freedom.six(free), hkl)[0]
    assert np.allclose((slopes @ freedom.matrix)[:, 3], change / 1e-4, rtol=1e-4)
