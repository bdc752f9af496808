"""Are symmetry, Wyckoff letters and standard cells those of the tables?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from interlith.crystal.phases import phase, shipped
from interlith.crystal.reflections import reflections
from interlith.crystal.settings import Axes, axes, change_axes
from interlith.crystal.structure import Structure
from interlith.crystal.structure_factors import structure_factors
from interlith.crystal.supercells import supercell
from interlith.crystal.symmetry import site_table, standardised, symmetry, with_letters
from interlith.errors import StudyError
from tests.crystal.crystals import layered, monoclinic, perovskite, spinel
from tests.crystal.test_structure_factors import ACENTRIC, corundum


def test_letters_are_those_of_the_own_origin() -> None:
    table = {"/".join(row.labels): row for row in site_table(spinel())}
    assert {name: row.wyckoff for name, row in table.items()} == {"Li": "8a", "Mn/Ni": "16d", "O": "32e"}
    assert table["Mn/Ni"].contents == {"Mn": 0.75, "Ni": 0.25}
    assert table["Mn/Ni"].occupancy == 1.0
    assert table["Mn/Ni"].site_symmetry == ".-3m"
    # The other origin at a centre of symmetry: cations on 16c and 8b by the same tables.
    moved = replace(
        spinel(), sites=tuple(replace(site, fraction=tuple(x + 0.5 for x in site.fraction)) for site in spinel().sites)
    )  # fmt: skip
    assert [row.wyckoff for row in site_table(moved)] == ["8b", "16c", "32e"]
    first = change_axes(spinel(), Axes(np.eye(3), np.array([-0.125, -0.125, -0.125])))
    assert first.space_group == "F d -3 m:1"
    assert [row.wyckoff for row in site_table(first)] == ["8a", "16d", "32e"]


def test_letters_of_the_refined_cell_of_the_honeycomb_oxide() -> None:
    assert {site.label: site.wyckoff for site in with_letters(monoclinic()).sites} == {
        "Mn": "g", "Li1": "b", "Li2": "h", "Li3": "c", "O1": "i", "O2": "j",
    }  # fmt: skip


#: Groups whose symbol stays the same when axes are exchanged: the source chose other ones than the standard setting here.
EXCHANGED = {"V2O5", "brookite"}


@pytest.mark.parametrize("name", sorted(shipped()))
def test_shipped_structures_have_the_symmetry_they_list(name: str) -> None:
    found = symmetry(phase(name))
    assert found.matches
    assert found.number == phase(name).number
    assert found.own_setting == (name not in EXCHANGED)
    if name in EXCHANGED:
        assert np.allclose(np.sort(np.abs(found.standard.rows), axis=1), [0.0, 0.0, 1.0])


@pytest.mark.parametrize(
    "structure", [spinel(), perovskite(), layered(), corundum(), ACENTRIC], ids=lambda one: one.name
)
def test_a_supercell_is_found_out(structure: Structure) -> None:
    listed = supercell(structure, (2, 1, 1))
    assert not symmetry(listed).matches
    made = standardised(listed)
    assert (made.space_group, made.number) == (structure.space_group, structure.number)
    assert made.cell.parameters == pytest.approx(structure.cell.parameters)
    assert made.composition == pytest.approx(structure.composition)
    assert len(made.sites) == len(structure.sites)
    assert symmetry(made).matches
    # Powder lines know neither origin nor axes.
    ours, theirs = reflections(structure, d_min=1.0), reflections(made, d_min=1.0)
    lines = [
        sorted(np.round(found.multiplicity * np.abs(structure_factors(one, found.hkl)) ** 2, 4))
        for one, found in ((structure, ours), (made, theirs))
    ]
    assert lines[0] == pytest.approx(lines[1], rel=1e-5, abs=1e-3)


def test_a_lost_origin_is_found() -> None:
    shifted = change_axes(spinel(), Axes(np.eye(3), np.array([0.11, 0.23, 0.31])))
    assert shifted.space_group == "unnamed setting"
    assert not symmetry(shifted).own_setting
    back = change_axes(shifted, symmetry(shifted).standard)
    assert back.space_group == "F d -3 m:2"


def test_the_primitive_standard_cell() -> None:
    made = standardised(supercell(spinel(), (1, 1, 2)), primitive=True)
    assert len(made.atoms) == 18
    assert made.density == pytest.approx(spinel().density)


def test_a_standard_setting_is_reached_through_its_axes() -> None:
    turned = change_axes(monoclinic(), axes("c, b, -a-c"))
    found = symmetry(turned)
    assert (found.symbol, found.number) == ("C2/m", 12)
    back = change_axes(turned, found.standard)
    assert back.space_group == "C 1 2/m 1"
    assert standardised(turned).cell.parameters == pytest.approx(monoclinic().cell.parameters)


def test_atoms_on_top_of_each_other_have_no_symmetry() -> None:
    near = replace(perovskite(), sites=tuple(replace(site, fraction=(0.0, 0.0, 0.0)) for site in perovskite().sites))
    assert symmetry(near).number == 221
    with pytest.raises(StudyError, match="No symmetry can be found"):
        symmetry(supercell(perovskite(), 2), tolerance=50.0)
