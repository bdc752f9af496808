"""Is a slab the crystal that was cut, with the top that was asked for?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlith.crystal.checks import shortest_distance
from interlith.crystal.facets import mesh
from interlith.crystal.slabs import slab
from interlith.crystal.terminations import terminations
from interlith.errors import StudyError
from tests.crystal.crystals import layered, perovskite, spinel

FACES = [
    ("spinel", (1, 1, 1)),
    ("spinel", (1, 0, 0)),
    ("perovskite", (1, 1, 0)),
    ("layered", (0, 0, 3)),
    ("layered", (1, 0, 4)),
]
MADE = {"spinel": spinel(), "perovskite": perovskite(), "layered": layered()}


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from(FACES), st.integers(0, 1), st.integers(1, 14),
    st.sampled_from([((1, 0), (0, 1)), ((2, 1), (0, 1)), ((1, 1), (-1, 2)), ((2, 0), (0, 3))]),
)  # fmt: skip
def test_a_slab_keeps_distances_and_its_top(face, termination, count, matrix) -> None:
    name, hkl = face
    structure = MADE[name]
    cuts = terminations(structure, hkl)
    chosen = cuts[termination % len(cuts)]
    made = slab(structure, hkl, count=count, termination=cuts.index(chosen), matrix=matrix, vacuum=20.0)
    multiples = round(abs(np.linalg.det(matrix)))
    atoms = made.structure.atoms
    top: dict[str, float] = {}
    for place in made.top:
        element = atoms.elements[place]
        top[element] = top.get(element, 0.0) + atoms.occupancies[place]
    assert top == pytest.approx({element: multiples * number for element, number in chosen.composition.items()})
    assert shortest_distance(made.structure) >= shortest_distance(structure) - 1e-9
    assert made.structure.cell.c == pytest.approx(made.thickness + 20.0)
    assert made.heights.min() == pytest.approx(0.0, abs=1e-9)
    assert set(made.layer) == set(range(count))


def test_whole_repeats_have_the_composition_of_the_crystal() -> None:
    made = slab(spinel(), (1, 1, 1), count=18)
    counts = made.structure.composition
    assert {element: counts[element] / counts["Li"] for element in counts} == pytest.approx(
        {"Li": 1.0, "Mn": 1.5, "Ni": 0.5, "O": 4.0}
    )


def test_neighbours_in_a_slab_are_those_of_the_bulk() -> None:
    structure = layered()
    made = slab(structure, (1, 0, 4), thickness=25.0, matrix=((3, 0), (0, 2)))
    cobalt = [place for place, element in enumerate(made.structure.atoms.elements) if element == "Co"]
    middle = min(cobalt, key=lambda place: abs(made.heights[place] - made.thickness / 2))
    gaps = made.structure.atoms.fractions - made.structure.atoms.fractions[middle]
    gaps -= np.round(gaps)
    lengths = np.linalg.norm(gaps @ made.structure.cell.vectors, axis=1)
    oxygen = np.array([element == "O" for element in made.structure.atoms.elements])
    assert np.sort(lengths[oxygen])[:6] == pytest.approx([shortest_distance(structure)] * 6, abs=1e-6)


def test_thickness_is_at_least_what_was_asked() -> None:
    made = slab(perovskite(), (1, 0, 0), thickness=20.0)
    assert 20.0 <= made.thickness < 20.0 + mesh(perovskite(), (1, 0, 0)).spacing


@pytest.mark.parametrize(
    ("words", "match"),
    [
        ({}, "either a number of layers"),
        ({"count": 2, "thickness": 3.0}, "either a number of layers"),
        ({"count": 0}, "at least one layer"),
        ({"count": 2, "termination": 7}, "there is no 7"),
        ({"count": 2, "matrix": ((1, 0), (1, 0))}, "determinant above 0"),
        ({"count": 2, "matrix": ((1.5, 0), (0, 1))}, "whole numbers"),
        ({"count": 200, "matrix": ((60, 0), (0, 60))}, "at most 200,000"),
        ({"thickness": 1e9}, "make it thinner"),
    ],
)
def test_impossible_slabs_are_refused(words: dict, match: str) -> None:
    with pytest.raises(StudyError, match=match):
        slab(perovskite(), (1, 0, 0), **words)
