"""Are terminations, their densities and their broken bonds those that one counts by hand?"""

from __future__ import annotations

import math

import pytest

from interlith.crystal.facets import mesh
from interlith.crystal.terminations import terminations
from tests.crystal.crystals import layered, perovskite, spinel


def test_terminations_that_symmetry_makes_equal_are_one() -> None:
    assert [cut.layers for cut in terminations(perovskite(), (1, 0, 0))] == [(0,), (1,)]
    assert [cut.layers for cut in terminations(spinel(), (1, 0, 0))] == [(0, 2), (1, 3)]
    assert len(terminations(layered(), (1, 0, 4))) == 1
    assert {frozenset(cut.composition) for cut in terminations(perovskite(), (1, 1, 1))} == {
        frozenset({"Mn"}),
        frozenset({"La", "O"}),
    }


def test_broken_bonds_are_counted_for_each_area() -> None:
    # Each (100) cut of a perovskite breaks one Mn-O bond and four of twelve La-O bonds a mesh.
    found = terminations(perovskite(), (1, 0, 0))
    assert [cut.broken_bonds * 3.88**2 for cut in found] == pytest.approx([5.0, 5.0])
    # Cutting through the lithium layer of a layered oxide breaks three bonds of each lithium, through a slab three Co-O.
    assert terminations(layered(), (0, 0, 3))[0].broken_bonds * mesh(layered(), (0, 0, 3)).area == pytest.approx(3.0)


def test_densities_are_those_of_the_mesh() -> None:
    found = next(cut for cut in terminations(layered(), (0, 0, 3)) if "Co" in cut.composition)
    assert found.densities["Co"] == pytest.approx(1 / (math.sqrt(3) / 2 * 2.8155**2))
