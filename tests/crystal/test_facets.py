"""Are meshes and layers those that one counts by hand?"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlith.crystal.cell import Cell
from interlith.crystal.facets import checked_hkl, distinct_atoms, family, layers, mesh
from interlith.crystal.lattice import primitive_basis
from interlith.crystal.structure import Site
from interlith.errors import StudyError
from tests.crystal.crystals import crystal, layered, monoclinic, perovskite, spinel

triples = st.tuples(*(st.integers(-4, 4),) * 3).filter(any)
MADE = {"spinel": spinel(), "perovskite": perovskite(), "layered": layered(), "monoclinic": monoclinic()}


def test_meshes_of_cubic_faces() -> None:
    a = 8.17
    assert mesh(spinel(), (1, 1, 1)).area == pytest.approx(math.sqrt(3) / 4 * a**2, rel=1e-12)
    assert mesh(spinel(), (1, 0, 0)).area == pytest.approx(a**2 / 2, rel=1e-12)
    assert mesh(spinel(), (1, 1, 0)).area == pytest.approx(a**2 / math.sqrt(2), rel=1e-12)
    assert mesh(perovskite(), (1, 1, 1)).area == pytest.approx(math.sqrt(3) * 3.88**2, rel=1e-12)
    assert mesh(spinel(), (1, 1, 1)).angle == pytest.approx(120)
    assert mesh(layered(), (0, 0, 3)).area == pytest.approx(math.sqrt(3) / 2 * 2.8155**2, rel=1e-12)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(MADE)), triples, st.integers(1, 3))
def test_a_mesh_times_its_spacing_is_the_primitive_cell(name: str, hkl: tuple[int, int, int], common: int) -> None:
    structure = MADE[name]
    found = mesh(structure, tuple(common * index for index in hkl))
    assert found.area * found.spacing == pytest.approx(structure.cell.volume / len(structure.centrings), rel=1e-9)
    assert np.abs(found.vectors @ found.normal).max() < 1e-9
    assert np.dot(np.cross(*found.vectors), found.normal) > 0
    lengths = np.linalg.norm(found.vectors, axis=1)
    assert lengths[0] <= lengths[1] * (1 + 1e-9)
    assert abs(found.vectors[0] @ found.vectors[1]) <= lengths[0] ** 2 / 2 * (1 + 1e-9)
    # Every row is a translation of the lattice.
    whole = np.vstack([found.vectors, found.stacking]) @ np.linalg.inv(
        primitive_basis(structure.centrings) @ structure.cell.vectors
    )
    assert whole == pytest.approx(np.round(whole), abs=1e-7)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(sorted(MADE)), triples)
def test_the_layers_of_a_repeat_hold_the_primitive_cell(name: str, hkl: tuple[int, int, int]) -> None:
    structure = MADE[name]
    found = layers(structure, hkl)
    total: dict[str, float] = {}
    for layer in found:
        for element, count in layer.composition.items():
            total[element] = total.get(element, 0.0) + count
    per_cell = {element: count / len(structure.centrings) for element, count in structure.composition.items()}
    assert total == pytest.approx(per_cell)
    assert sorted(atom for layer in found for atom in layer.atoms) == sorted(distinct_atoms(structure))
    assert sum(layer.charge for layer in found) == pytest.approx(0.0, abs=1e-9)
    heights = [layer.height for layer in found]
    assert heights == sorted(heights)


def test_the_stack_of_a_spinel_along_111() -> None:
    found = [
        {element: round(count, 6) for element, count in layer.composition.items()}
        for layer in layers(spinel(), (1, 1, 1))
    ]
    assert found == [{"Mn": 2.25, "Ni": 0.75}, {"O": 4}, {"Li": 1}, {"Mn": 0.75, "Ni": 0.25}, {"Li": 1}, {"O": 4}]


def test_families_have_the_size_of_the_group() -> None:
    assert len(family(spinel(), (1, 1, 1))) == 8
    assert len(family(spinel(), (3, 2, 1))) == 48
    assert len(family(layered(), (1, 0, 4))) == 6
    assert len(family(layered(), (0, 0, 3))) == 2
    polar = crystal("ZnO", "P 63 m c", Cell(3.25, 3.25, 5.2, 90, 90, 120), (Site("Zn", "Zn", (1 / 3, 2 / 3, 0)),))
    assert family(polar, (0, 0, 1)) == ((0, 0, 1),)
    assert family(polar, (0, 0, 1), friedel=True) == ((0, 0, 1), (0, 0, -1))


def test_a_primitive_and_a_centred_description_give_one_mesh() -> None:
    centred = crystal("Cu", "F m -3 m", Cell(3.6, 3.6, 3.6), (Site("Cu", "Cu", (0, 0, 0)),))
    edge = 3.6 / math.sqrt(2)
    primitive = crystal("Cu", "P 1", Cell(edge, edge, edge, 60, 60, 60), (Site("Cu", "Cu", (0, 0, 0)),))
    # The planes (111) of the centred cell are (111) of the primitive one; (200) is (100)-like as (011).
    assert mesh(primitive, (1, 1, 1)).area == pytest.approx(mesh(centred, (1, 1, 1)).area)
    assert mesh(primitive, (0, 1, 1)).area == pytest.approx(mesh(centred, (2, 0, 0)).area)


@pytest.mark.parametrize("wrong", [(0, 0, 0), (1, 1), (1.5, 0, 0), (1, 1, 1, 0)])
def test_what_is_no_facet_is_refused(wrong: tuple[float, ...]) -> None:
    with pytest.raises(StudyError, match="three whole Miller indices"):
        checked_hkl(wrong)
    assert checked_hkl((1, 1, -2, 3)) == (1, 1, 3)
