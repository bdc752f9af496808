"""Are the atoms of a cell counted, placed and weighed as they should be?"""

from __future__ import annotations

import numpy as np
import pytest

from interlith.crystal.cell import Cell
from interlith.crystal.checks import shortest_distance
from interlith.crystal.structure import Site, Structure, formula_text, simple_structure
from interlith.errors import StudyError
from tests.crystal.crystals import crystal, layered, monoclinic, perovskite, spinel


def test_multiplicities_are_those_of_the_tables() -> None:
    assert [site.multiplicity for site in spinel().sites] == [8, 16, 16, 32]
    assert [site.multiplicity for site in layered().sites] == [3, 3, 6]
    assert [site.multiplicity for site in monoclinic().sites] == [4, 2, 4, 2, 4, 8]


def test_composition_and_density() -> None:
    assert spinel().formula == "LiMn1.5Ni0.5O4"
    assert spinel().composition == {"Li": 8.0, "Mn": 12.0, "Ni": 4.0, "O": 32.0}
    assert layered().density == pytest.approx(5.05, abs=0.01)
    assert monoclinic().formula == "MnLi2O3"
    assert perovskite().mass == pytest.approx(138.905 + 54.938 + 3 * 15.999, abs=0.01)


def test_isotopes_weigh_what_they_weigh() -> None:
    natural = simple_structure("Li", Cell(3.5, 3.5, 3.5), ["Li"], [[0, 0, 0]])
    heavy = crystal("Li", "P 1", Cell(3.5, 3.5, 3.5), (Site("Li", "Li", (0, 0, 0), isotope=7),))
    assert heavy.mass == pytest.approx(7.016, abs=1e-3)
    assert natural.mass == pytest.approx(6.94, abs=0.01)
    with pytest.raises(StudyError, match="no isotope 99"):
        assert crystal("Li", "P 1", Cell(3, 3, 3), (Site("Li", "Li", (0, 0, 0), isotope=99),)).mass


def test_a_rounded_special_position_is_put_in_place() -> None:
    sites = (Site("O", "O", (0.333, 0.667, 0.25)), Site("Zn", "Zn", (0.3333, 0.6667, 0.0)))
    found = crystal("wurtzite", "P 63 m c", Cell(3.25, 3.25, 5.2, 90, 90, 120), sites)
    assert [site.multiplicity for site in found.sites] == [2, 2]
    assert np.allclose(np.sort(found.atoms.fractions[:2, 0]), [1 / 3, 2 / 3], atol=1e-12)


def test_distances_are_those_of_the_crystal() -> None:
    assert shortest_distance(perovskite()) == pytest.approx(1.94)
    # Tetrahedral Li-O and octahedral Mn-O of a spinel: sqrt(3) (u - 1/8) a, and with x = u - 1/4 the known form.
    u, a = 0.2625, 8.17
    assert shortest_distance(spinel(a, u)) == pytest.approx(
        min(np.sqrt(3) * (u - 0.125) * a, a * np.sqrt((0.5 - u) ** 2 + 2 * (u - 0.25) ** 2)), rel=1e-12
    )


def test_selection_by_element_and_site() -> None:
    found = spinel()
    assert len(found.select(elements=["Mn", "Ni"])) == 32
    assert len(found.select(sites=["Li"])) == 8
    with pytest.raises(StudyError, match="no element 'La'"):
        found.select(elements=["La"])


def test_formula_text() -> None:
    assert formula_text({"O": 4, "Li": 1, "Mn": 1.5, "Ni": 0.5}) == "LiMn1.5Ni0.5O4"
    assert formula_text({"La": 1 / 3}) == "La0.3333"


def test_impossible_occupancies_are_refused() -> None:
    with pytest.raises(StudyError, match=r"occupancy 1\.5"):
        crystal("x", "P 1", Cell(3, 3, 3), (Site("Li", "Li", (0, 0, 0), 1.5),))
    with pytest.raises(StudyError, match="no atoms"):
        Structure("x", Cell(3, 3, 3), (), np.eye(3, dtype=np.int64)[None], np.zeros((1, 3)))


def test_another_cell_keeps_the_atoms_and_forgets_where_they_were() -> None:
    from interlith.crystal.cell import cell_of
    from interlith.crystal.phases import phase

    spinel = phase("LNMO")
    before = spinel.positions
    larger = spinel.with_cell(cell_of([8.5, 8.5, 8.5, 90.0, 90.0, 90.0]), name="larger")
    assert larger.name == "larger"
    assert larger.cell.a == 8.5
    assert spinel.cell.a < 8.3
    assert larger.positions == pytest.approx(before * 8.5 / spinel.cell.a)
    assert larger.density == pytest.approx(spinel.density * (spinel.cell.a / 8.5) ** 3)
    assert len(larger.atoms) == len(spinel.atoms)
