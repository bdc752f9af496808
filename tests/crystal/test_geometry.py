"""Are neighbours complete in any cell, and are lengths and angles as sure as their cell and positions?"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlith.crystal.cell import Cell
from interlith.crystal.geometry import angles, bond_angle, bond_length, bonds, coordination
from interlith.crystal.settings import Axes, change_axes
from interlith.crystal.structure import Structure, simple_structure
from interlith.crystal.supercells import supercell
from interlith.errors import StudyError
from tests.crystal.crystals import layered, monoclinic, perovskite, spinel


def brute(structure: Structure, reach: float) -> list[float]:
    """Every distance within reach, from far more cells than needed."""
    steps = np.stack(np.meshgrid(*[np.arange(-6, 7)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    places = structure.atoms.fractions
    found: list[float] = []
    for place in places:
        lengths = np.linalg.norm(
            (places[None] + steps[:, None] - place).reshape(-1, 3) @ structure.cell.vectors, axis=1
        )
        found += lengths[(lengths > 0.05) & (lengths <= reach)].tolist()
    return sorted(found)


@given(
    st.tuples(*[st.floats(2.5, 6.0)] * 3), st.tuples(*[st.floats(50.0, 110.0)] * 3), st.integers(0, 1000), st.floats(1.0, 6.0)
)  # fmt: skip
@settings(max_examples=15, deadline=None)
def test_no_neighbour_is_missed_in_a_skewed_cell(
    edges: tuple[float, float, float], turns: tuple[float, float, float], seed: int, reach: float
) -> None:
    a, b, c = (math.cos(math.radians(turn)) for turn in turns)
    if 1 - a * a - b * b - c * c + 2 * a * b * c < 0.15:
        return
    structure = simple_structure(
        "x", Cell(*edges, *turns), ["O", "Mn"], np.random.default_rng(seed).uniform(0, 1, (2, 3))
    )
    expected = [length for length in brute(structure, reach) if abs(length - reach) > 1e-9]
    found = sorted(length for length in bonds(structure, reach).lengths if abs(length - reach) > 1e-9)
    assert found == pytest.approx(expected)


def test_pairs_are_seen_from_both_ends() -> None:
    found = bonds(monoclinic(), 3.2)
    forward = {
        (i, j, *shift)
        for i, j, shift in zip(found.first.tolist(), found.second.tolist(), found.shifts.tolist(), strict=True)
    }
    assert {(j, i, *(-s for s in shift)) for i, j, *shift in forward} == forward
    rebuilt = (
        monoclinic().atoms.fractions[found.second] + found.shifts - monoclinic().atoms.fractions[found.first]
    ) @ monoclinic().cell.vectors
    assert rebuilt == pytest.approx(found.vectors)
    assert np.all(np.diff(found.first) >= 0)


@pytest.mark.parametrize(
    ("structure", "element", "number", "length"),
    [
        (spinel(), "Mn", 6, 8.17 * math.sqrt((0.5 - 0.2625) ** 2 + 2 * 0.0125**2)),
        (spinel(), "Li", 4, 8.17 * math.sqrt(3) * (0.2625 - 0.125)),
        (perovskite(), "La", 12, 3.88 / math.sqrt(2)),
        (perovskite(), "Mn", 6, 1.94),
        (layered(), "Co", 6, 1.921),
        (layered(), "Li", 6, 2.092),
    ],
)
def test_first_shells(structure: Structure, element: str, number: int, length: float) -> None:
    atom = structure.atoms.elements.index(element)
    found = coordination(structure, atom, elements=["O"])
    assert found.number == pytest.approx(number)
    assert found.bonds.lengths == pytest.approx(length, abs=2e-3)
    larger = supercell(structure, 2)
    again = coordination(larger, larger.atoms.elements.index(element), elements=["O"])
    assert again.bonds.lengths == pytest.approx(found.bonds.lengths)


def test_a_mixed_position_counts_as_one_atom() -> None:
    oxygen = spinel().atoms.elements.index("O")
    found = coordination(spinel(), oxygen, elements=["Mn", "Ni"])
    assert found.number == pytest.approx(3.0)
    assert len(found.bonds) == 6
    assert coordination(spinel(), oxygen, limit=1.03).number == pytest.approx(4.0)


def test_angles_of_an_octahedron() -> None:
    found = coordination(perovskite(), perovskite().atoms.elements.index("Mn"), elements=["O"])
    assert sorted(set(np.round(angles(found.bonds), 6).ravel().tolist())) == [0.0, 90.0, 180.0]


def _with_std(structure: Structure, label: str, std: tuple[float, float, float]) -> Structure:
    return replace(
        structure, sites=tuple(replace(site, fraction_std=std) if site.label == label else site for site in structure.sites)
    )  # fmt: skip


def test_the_uncertainty_of_a_length_is_that_of_cell_and_free_coordinate() -> None:
    structure = _with_std(spinel(std=0.001), "O", (0.0002, 0.0002, 0.0002))
    atom = structure.atoms.elements.index("Li")
    shell = coordination(structure, atom, elements=["O"]).bonds
    found = bond_length(structure, atom, int(shell.second[0]), shell.shifts[0].tolist())
    assert found.value == pytest.approx(shell.lengths[0])
    # Li-O = a sqrt(3) (u - 1/8).
    assert abs(found.components["cell a"]) == pytest.approx(found.value / 8.17 * 0.001, rel=1e-5)
    assert abs(found.components["O x"]) == pytest.approx(8.17 * math.sqrt(3) * 0.0002, rel=1e-5)
    assert set(found.components) == {"cell a", "O x"}
    assert found.std == pytest.approx(math.hypot(*found.components.values()))


def test_uncertainties_hold_against_sampling() -> None:
    base = monoclinic()
    cell = replace(base.cell, std=(0.001, 0.002, 0.001, 0.0, 0.02, 0.0))
    structure = _with_std(_with_std(replace(base, cell=cell), "O2", (0.0004, 0.0003, 0.0005)), "Mn", (0.0, 0.0006, 0.0))
    manganese = structure.atoms.elements.index("Mn")
    oxygen = [int(atom) for atom in np.flatnonzero(structure.atoms.site == 5)]
    shell = bonds(structure, 2.3, first=[manganese], second=oxygen)
    pair = ([int(shell.second[place]) for place in (0, 1)], [shell.shifts[place].tolist() for place in (0, 1)])
    length = bond_length(structure, manganese, pair[0][0], pair[1][0])
    angle = bond_angle(structure, manganese, (pair[0][0], pair[0][1]), (pair[1][0], pair[1][1]))
    random = np.random.default_rng(3)
    drawn = []
    for _ in range(400):
        sites = []
        for site in structure.sites:
            std = np.nan_to_num(np.array(site.fraction_std))
            sites.append(replace(site, fraction=tuple(np.array(site.fraction) + std * random.normal(size=3))))
        moved = Cell(*(np.array(cell.parameters) + np.array(cell.std) * random.normal(size=6)))
        one = replace(structure, cell=moved, sites=tuple(sites))
        drawn.append(
            (
                bond_length(one, manganese, pair[0][0], pair[1][0]).value,
                bond_angle(one, manganese, (pair[0][0], pair[0][1]), (pair[1][0], pair[1][1])).value,
            )
        )
    spread = np.std(np.array(drawn), axis=0, ddof=1)
    # 400 draws tell a standard deviation to 3.5 %; three of those.
    assert spread == pytest.approx([length.std, angle.std], rel=0.11)


def test_both_ends_of_a_bond_may_move_with_one_coordinate() -> None:
    structure = _with_std(spinel(std=0.0), "O", (0.001, 0.001, 0.001))
    oxygen = structure.select(elements=["O"])
    edges = bonds(structure, 3.2, first=[int(oxygen[5])], second=oxygen)
    wider, narrower = spinel(u=0.2625 + 1e-5), spinel(u=0.2625 - 1e-5)
    for second, shift in zip(edges.second.tolist(), edges.shifts.tolist(), strict=True):
        found = bond_length(structure, int(oxygen[5]), second, shift)
        moved = [bond_length(one, int(oxygen[5]), second, shift).value for one in (wider, narrower)]
        slope = (moved[0] - moved[1]) / 2e-5
        assert found.components.get("O x", 0.0) == pytest.approx(0.001 * slope, abs=1e-7)


def test_equivalent_bonds_are_equally_sure() -> None:
    cell = replace(monoclinic().cell, std=(0.001, 0.002, 0.001, 0.0, 0.02, 0.0))
    structure = _with_std(replace(monoclinic(), cell=cell), "O2", (0.0004, 0.0003, 0.0005))
    structure = _with_std(structure, "Mn", (0.0, 0.0006, 0.0))
    manganese = [int(atom) for atom in np.flatnonzero(structure.atoms.site == 0)]
    shell = bonds(
        structure, 2.3, first=manganese, second=[int(atom) for atom in np.flatnonzero(structure.atoms.site == 5)]
    )
    by_length: dict[float, list[float]] = {}
    for first, second, shift, length in zip(shell.first, shell.second, shell.shifts, shell.lengths, strict=True):
        std = bond_length(structure, int(first), int(second), shift.tolist()).std
        by_length.setdefault(round(float(length), 6), []).append(std)
    assert sorted(map(len, by_length.values())) == [8, 8]
    for stds in by_length.values():
        assert stds == pytest.approx([stds[0]] * len(stds), rel=1e-6)


def test_unknown_is_infinite_where_it_matters() -> None:
    lithium = spinel(std=0.001).atoms.elements.index("Li")
    oxygen = coordination(spinel(std=0.001), lithium, elements=["O"]).bonds
    unsure = bond_length(spinel(std=0.001), lithium, int(oxygen.second[0]), oxygen.shifts[0].tolist())
    assert unsure.components["O x"] == math.inf
    manganese = perovskite().atoms.elements.index("Mn")
    near = coordination(perovskite(), manganese, elements=["O"]).bonds
    known = replace(perovskite(), cell=replace(perovskite().cell, std=(0.002, 0.002, 0.002, 0.0, 0.0, 0.0)))
    found = bond_length(known, manganese, int(near.second[0]), near.shifts[0].tolist())
    # All atoms sit on positions without freedom: half an edge.
    assert found.components == pytest.approx({"cell a": found.components["cell a"]})
    assert found.std == pytest.approx(0.001)
    assert bond_length(perovskite(), manganese, int(near.second[0]), near.shifts[0].tolist()).std == math.inf
    right = bond_angle(known, manganese, (int(near.second[0]), int(near.second[1])), (near.shifts[0], near.shifts[1]))
    assert right.components == {}


@given(st.tuples(*[st.floats(-1, 1)] * 3))
@settings(max_examples=10, deadline=None)
def test_lengths_do_not_depend_on_the_origin(origin: tuple[float, float, float]) -> None:
    moved = change_axes(monoclinic(), Axes(np.eye(3), np.array(origin)))
    assert sorted(bonds(moved, 2.4).lengths) == pytest.approx(sorted(bonds(monoclinic(), 2.4).lengths))


def test_what_is_not_there_is_said() -> None:
    with pytest.raises(StudyError, match="positive distance"):
        bonds(spinel(), 0.0)
    with pytest.raises(StudyError, match="too many cells"):
        bonds(spinel(), 500.0)
    with pytest.raises(StudyError, match="has atoms 0 to 71, not 90"):
        coordination(spinel(), 90)
    with pytest.raises(StudyError, match="has atoms 0 to 71, not -1"):
        bond_length(spinel(), 0, -1)
    with pytest.raises(StudyError, match="no element 'La'"):
        coordination(spinel(), 0, elements=["La"])
