"""Is a crystal the same crystal on other axes?"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlith.crystal.reflections import reflections
from interlith.crystal.settings import Axes, axes, change_axes, to_hexagonal, to_primitive, to_rhombohedral
from interlith.crystal.structure import Structure
from interlith.crystal.structure_factors import structure_factors
from interlith.errors import StudyError
from tests.crystal.crystals import layered, monoclinic, spinel
from tests.crystal.test_structure_factors import ACENTRIC, corundum


def same_crystal(old: Structure, new: Axes, made: Structure) -> None:
    """Composition, density and diffraction of the made structure are those of the old one."""
    hkl = reflections(old, d_min=1.0).hkl
    first = structure_factors(old, hkl) * np.exp(-2j * math.pi * (hkl @ new.origin))
    second = structure_factors(made, new.hkl(hkl)) / new.volume
    assert second == pytest.approx(first, abs=1e-6)
    assert made.cell.spacing(new.hkl(hkl)) == pytest.approx(old.cell.spacing(hkl))
    assert made.density == pytest.approx(old.density)


@pytest.mark.parametrize(
    ("structure", "basis", "group", "number"),
    [
        (layered(), "2/3a+1/3b+1/3c, -1/3a+1/3b+1/3c, -1/3a-2/3b+1/3c", "R -3 m:R", 166),
        (monoclinic(), "c, b, -a-c", "I 1 2/m 1", 12),
        (monoclinic(), "c, a, b", "A 1 1 2/m", 12),
        (spinel(), "1/2a+1/2b, -1/2a+1/2b, c", "unnamed setting", 141),
        (corundum(), "a+2b, -a, c", "unnamed setting", 15),
        (corundum(), "2a, b, c", "unnamed setting", 2),
        (ACENTRIC, "a, b, 2c", "unnamed setting", 5),
        (ACENTRIC, "a, a+b, c", "P 31 2 1", 152),
    ],
)  # fmt: skip
def test_axes_may_change(structure: Structure, basis: str, group: str, number: int) -> None:
    if basis in ("2a, b, c", "a, b, 2c", "a, a+b, c", "c, a, b"):
        made = change_axes(structure, axes(basis))
        same_crystal(structure, axes(basis), made)
        return
    new = axes(basis)
    made = change_axes(structure, new)
    assert (made.space_group, made.number) == (group, number)
    same_crystal(structure, new, made)


def test_rhombohedral_and_back() -> None:
    for structure in (layered(), corundum()):
        there = to_rhombohedral(structure)
        small = change_axes(structure, there)
        assert small.space_group.endswith(":R")
        assert len(small.atoms) * 3 == len(structure.atoms)
        back = change_axes(small, to_hexagonal())
        assert back.cell.parameters == pytest.approx(structure.cell.parameters)
        assert back.space_group == structure.space_group
        same_crystal(structure, there.then(to_hexagonal()), back)
    with pytest.raises(StudyError, match="not on hexagonal axes"):
        to_rhombohedral(spinel())


def test_rhombohedral_indices_are_those_of_the_tables() -> None:
    # (104) of the layered oxide is (211) of the rhombohedral cell; (003) is (111).
    there = to_rhombohedral(layered())
    assert there.hkl([[0, 0, 3], [1, 0, 4]]).tolist() == [[1, 1, 1], [2, 1, 1]]
    assert there.uvw([0, 0, 1]).tolist() == [1, 1, 1]


@pytest.mark.parametrize("structure", [spinel(), layered(), monoclinic(), corundum()], ids=lambda one: one.name)
def test_primitive_cells(structure: Structure) -> None:
    new = to_primitive(structure)
    made = change_axes(structure, new)
    assert new.volume == pytest.approx(1 / len(structure.centrings))
    assert len(made.centrings) == 1
    assert len(made.rotations) == len(structure.rotations) // len(structure.centrings)
    assert made.number == structure.number
    same_crystal(structure, new, made)
    conventional = change_axes(made, new.back)
    assert conventional.space_group == structure.space_group
    assert conventional.cell.parameters == pytest.approx(structure.cell.parameters)
    same_crystal(structure, new.then(new.back), conventional)


def test_an_edge_that_is_no_period_is_refused() -> None:
    with pytest.raises(StudyError, match="not all lattice vectors"):
        change_axes(spinel(), axes("1/2a, b, c"))
    with pytest.raises(StudyError, match="right-handed"):
        axes("b, a, c")
    for words in ("a, b", "a+, b, c", "a+x, b, c", "1..2a, b, c"):
        with pytest.raises(StudyError):
            axes(words)


MATRIX = st.lists(st.integers(-2, 2), min_size=9, max_size=9).filter(
    lambda entries: 0 < round(float(np.linalg.det(np.reshape(entries, (3, 3))))) <= 3
)
SOME: dict[str, Structure] = {"monoclinic": monoclinic(), "layered": layered(), "acentric": ACENTRIC}
TRIPLE = st.tuples(*[st.integers(-5, 5)] * 3)


@given(MATRIX, TRIPLE, TRIPLE, st.tuples(*[st.floats(-1, 1)] * 3))
@settings(max_examples=50, deadline=None)
def test_planes_and_directions_keep_their_product(
    entries: list[int], hkl: tuple[int, int, int], uvw: tuple[int, int, int], origin: tuple[float, float, float]
) -> None:
    new = Axes(np.reshape(entries, (3, 3)).astype(float), np.array(origin))
    assert new.hkl(hkl) @ new.uvw(uvw) == pytest.approx(np.dot(hkl, uvw), abs=1e-9)
    assert new.back.hkl(new.hkl(hkl)) == pytest.approx(np.array(hkl), abs=1e-9)
    assert new.back.fraction(new.fraction(uvw)) == pytest.approx(np.array(uvw), abs=1e-9)
    assert new.then(new.back).rows == pytest.approx(np.eye(3), abs=1e-9)
    second = axes("a+b, b-c, 2c", (0.3, -0.2, 0.1))
    assert new.then(second).fraction(uvw) == pytest.approx(second.fraction(new.fraction(uvw)), abs=1e-9)
    assert new.then(second).hkl(hkl) == pytest.approx(second.hkl(new.hkl(hkl)), abs=1e-9)


# Origins nearer than 1e-4/24 of an edge to a tabled one are that one, by design: no smaller steps than 1/1000.
@given(MATRIX, st.sampled_from(sorted(SOME)), st.tuples(*[st.integers(-1000, 1000).map(lambda part: part / 1000)] * 3))
@settings(max_examples=15, deadline=None)
def test_any_sublattice_is_the_same_crystal(entries: list[int], name: str, origin: tuple[float, float, float]) -> None:
    structure = SOME[name]
    new = Axes(np.reshape(entries, (3, 3)).astype(float), np.array(origin))
    made = change_axes(structure, new)
    same_crystal(structure, new, made)
    assert len(made.atoms) == round(len(structure.atoms) * new.volume)


def test_labels_stay_where_a_site_stays_whole() -> None:
    made = change_axes(layered(), to_rhombohedral(layered()))
    assert [site.label for site in made.sites] == ["Li", "Co", "O"]
    split = change_axes(monoclinic(), axes("a, b, 2c"))
    assert {site.label.partition("_")[0] for site in split.sites} == {site.label for site in monoclinic().sites}
