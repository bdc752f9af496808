"""Are reflections complete, merged and absent as symmetry wants, in any group and setting?"""

from __future__ import annotations

import math

import gemmi
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlith.crystal.cell import Cell
from interlith.crystal.groups import group_of_operations, named_group
from interlith.crystal.phases import phase, shipped
from interlith.crystal.reflections import (
    absent,
    equivalents,
    extinct,
    reflections,
    smallest_spacing,
    unmerged,
)
from interlith.crystal.structure import Site, Structure
from interlith.crystal.structure_factors import structure_factors
from interlith.errors import StudyError
from tests.crystal.crystals import crystal, layered, monoclinic, perovskite, spinel

CUBIC, HEXAGONAL, RHOMBOHEDRAL = (6.1, 6.1, 6.1, 90, 90, 90), (4.9, 4.9, 7.3, 90, 90, 120), (5.4, 5.4, 5.4, 61, 61, 61)
TETRAGONAL, ORTHORHOMBIC = (5.2, 5.2, 7.7, 90, 90, 90), (5.3, 6.4, 7.7, 90, 90, 90)
GROUPS = [
    ("P -1", (5.1, 6.2, 7.3, 81, 95, 103)), ("P 1", (5.1, 6.2, 7.3, 81, 95, 103)), ("P 1 21/c 1", (5.1, 6.2, 7.3, 90, 105, 90)),
    ("C 1 2/m 1", (5.1, 6.2, 7.3, 90, 105, 90)), ("C 1 2/c 1", (5.1, 6.2, 7.3, 90, 105, 90)), ("I 1 2/m 1", (5.1, 6.2, 7.3, 90, 105, 90)),
    ("P n m a", ORTHORHOMBIC), ("P 21 21 21", ORTHORHOMBIC), ("F d d 2", ORTHORHOMBIC), ("C m c m", ORTHORHOMBIC), ("P b n m", ORTHORHOMBIC),
    ("P 41", TETRAGONAL), ("P 4/m m m", TETRAGONAL), ("I 41/a m d:2", TETRAGONAL), ("I 41/a c d:1", TETRAGONAL), ("P 42/m n m", TETRAGONAL),
    ("P 31 2 1", HEXAGONAL), ("R -3 m:H", HEXAGONAL), ("R -3 c:H", HEXAGONAL), ("R 3 c:H", HEXAGONAL), ("R -3 c:R", RHOMBOHEDRAL),
    ("R -3 m:R", RHOMBOHEDRAL), ("P 63/m m c", HEXAGONAL), ("P 63 m c", HEXAGONAL), ("P 61 2 2", HEXAGONAL), ("P -3 1 m", HEXAGONAL),
    ("P 43 3 2", CUBIC), ("P a -3", CUBIC), ("F m -3 m", CUBIC), ("F d -3 m:1", CUBIC), ("F d -3 m:2", CUBIC), ("I a -3 d", CUBIC),
]  # fmt: skip


def _general(name: str, parameters: tuple[float, ...]) -> Structure:
    return crystal("general", name, Cell(*parameters), (Site("X", "O", (0.1234, 0.2711, 0.0577)),))


@pytest.mark.parametrize(("name", "parameters"), GROUPS)
def test_lists_multiplicities_and_absences_are_those_of_gemmi(name: str, parameters: tuple[float, ...]) -> None:
    structure = _general(name, parameters)
    found = reflections(structure, d_min=0.9)
    group = gemmi.find_spacegroup_by_name(name)
    cell, operations = gemmi.UnitCell(*parameters), group.operations()
    asymmetric = gemmi.ReciprocalAsu(group)
    expected = {tuple(hkl) for hkl in gemmi.make_miller_array(cell, group, 0.9, unique=True).tolist()}
    reduced = [tuple(asymmetric.to_asu(hkl, operations)[0]) for hkl in found.hkl.tolist()]
    assert set(reduced) == expected
    assert len(reduced) == len(set(reduced))
    # Each set of equivalents, counted among all indices.
    every = [
        tuple(asymmetric.to_asu(hkl, operations)[0])
        for hkl in gemmi.make_miller_array(cell, group, 0.9, unique=False).tolist()
    ]
    sizes = [every.count(hkl) for hkl in reduced]
    assert found.multiplicity.tolist() == sizes
    assert found.spacing == pytest.approx([cell.calculate_d(hkl) for hkl in found.hkl.tolist()])
    whole = np.stack(np.meshgrid(*[np.arange(-5, 6)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    assert absent(structure, whole).tolist() == [operations.is_systematically_absent(hkl) for hkl in whole.tolist()]


def _random_cell(rotations: np.ndarray, random: np.random.Generator) -> Cell:
    """A cell that has the symmetry of a group, whatever its setting: a random metric averaged over the rotations."""
    vectors = np.diag([5.1, 5.9, 6.7]) + 0.3 * random.normal(size=(3, 3))
    metric = np.mean(np.swapaxes(rotations, 1, 2) @ (vectors @ vectors.T) @ rotations, axis=0)
    edges = np.sqrt(np.diag(metric))
    angles = [math.degrees(math.acos(metric[i, j] / edges[i] / edges[j])) for i, j in ((1, 2), (0, 2), (0, 1))]
    return Cell(*edges, *(round(angle) if abs(angle - round(angle)) < 1e-9 else angle for angle in angles))


def test_every_setting_of_the_tables() -> None:
    random = np.random.default_rng(0)
    failed = []
    for group in gemmi.spacegroup_table():
        operations = group.operations()
        found = group_of_operations([op.triplet() for op in operations], None, group.xhm())[0]
        cell = _random_cell(found.rotations, random)
        sites = (Site("A", "Si", (0.1234, 0.2711, 0.0577)), Site("B", "O", (0.3712, 0.1105, 0.4021)))
        structure = Structure("x", cell, sites, found.rotations, found.translations, group.xhm(), group.number)
        listed = reflections(structure, d_min=1.4)
        asymmetric, other = gemmi.ReciprocalAsu(group), gemmi.UnitCell(*cell.parameters)
        reduced = [tuple(asymmetric.to_asu(hkl, operations)[0]) for hkl in listed.hkl.tolist()]
        same = sorted(reduced) == sorted(map(tuple, gemmi.make_miller_array(other, group, 1.4, unique=True).tolist()))
        whole = int(listed.multiplicity.sum()) == len(gemmi.make_miller_array(other, group, 1.4, unique=False))
        some = random.integers(-6, 7, (60, 3))
        strength = np.abs(structure_factors(structure, some))
        dark = strength[absent(structure, some)] < 1e-7
        if not (same and whole and dark.all() and not listed.near_zero.any()):
            failed.append(group.xhm())
    assert failed == []


@pytest.mark.parametrize("name", sorted(shipped()))
def test_shipped_structures_have_the_reflections_of_gemmi(name: str) -> None:
    structure = phase(name)
    found = reflections(structure, d_min=0.8)
    group = gemmi.find_spacegroup_by_name(structure.space_group)
    operations, asymmetric = group.operations(), gemmi.ReciprocalAsu(group)
    cell = gemmi.UnitCell(*structure.cell.parameters)
    expected = {tuple(hkl) for hkl in gemmi.make_miller_array(cell, group, 0.8, unique=True).tolist()}
    assert {tuple(asymmetric.to_asu(hkl, operations)[0]) for hkl in found.hkl.tolist()} == expected
    assert int(found.multiplicity.sum()) == len(gemmi.make_miller_array(cell, group, 0.8, unique=False))


def test_familiar_lists() -> None:
    assert reflections(spinel(), d_min=2.3).hkl.tolist() == [[1, 1, 1], [2, 2, 0], [3, 1, 1], [2, 2, 2]]
    assert reflections(layered(), d_min=2.3).hkl.tolist() == [[0, 0, 3], [1, 0, 1], [0, 0, 6], [0, 1, 2]]
    found = reflections(perovskite(), d_min=1.6)
    assert found.multiplicity.tolist() == [6, 12, 8, 6, 24]
    equal = reflections(perovskite(), d_min=1.2)
    nine = [hkl for hkl, d in zip(equal.hkl.tolist(), equal.spacing, strict=True) if abs(d - 3.88 / 3) < 1e-9]
    assert nine == [[3, 0, 0], [2, 2, 1]]


def test_absences_by_special_position_are_marked_not_dropped() -> None:
    silicon = crystal("Si", "F d -3 m:2", Cell(5.431, 5.431, 5.431), (Site("Si", "Si", (0.125, 0.125, 0.125)),))
    found = reflections(silicon, d_min=0.8)
    marked = {tuple(hkl) for hkl in found.hkl[found.near_zero].tolist()}
    assert marked == {tuple(h) for h in found.hkl.tolist() if not any(i % 2 for i in h) and sum(h) % 4}
    assert (2, 2, 2) in marked
    assert not extinct(_general("F d -3 m:2", CUBIC), [[2, 2, 2]]).any()


@given(
    st.sampled_from(GROUPS),
    st.tuples(*[st.integers(-6, 6)] * 3).filter(any),
)
@settings(max_examples=60, deadline=None)
def test_equivalents_are_a_closed_set(group: tuple[str, tuple[float, ...]], hkl: tuple[int, int, int]) -> None:
    structure = _general(*group)
    found = equivalents(structure, hkl)
    assert tuple(found[0]) == hkl
    assert len(np.unique(found, axis=0)) == len(found)
    again = equivalents(structure, found[-1])
    assert {tuple(row) for row in again.tolist()} == {tuple(row) for row in found.tolist()}
    assert structure.cell.spacing(found) == pytest.approx(structure.cell.spacing(hkl))
    assert len(set(absent(structure, found).tolist())) == 1


@pytest.mark.parametrize("friedel", [True, False])
@pytest.mark.parametrize(("name", "parameters"), GROUPS[1::4])
def test_the_unmerged_list_holds_every_reflection_once(name: str, parameters: tuple[float, ...], friedel: bool) -> None:
    structure = _general(name, parameters)
    merged = reflections(structure, d_min=1.1, friedel=friedel)
    every, rows = unmerged(structure, merged)
    assert np.bincount(rows).tolist() == merged.multiplicity.tolist()
    group = gemmi.find_spacegroup_by_name(name)
    expected = gemmi.make_miller_array(gemmi.UnitCell(*parameters), group, 1.1, unique=False)
    assert {tuple(hkl) for hkl in every.tolist()} == {tuple(hkl) for hkl in expected.tolist()}
    assert len(every) == len(expected)


def test_without_friedel_a_polar_crystal_has_twice_the_sets() -> None:
    polar, centred = _general("P 63 m c", HEXAGONAL), _general("P 63/m m c", HEXAGONAL)
    apart = reflections(polar, d_min=0.9, friedel=False)
    assert len(apart) > len(reflections(polar, d_min=0.9))
    assert apart.multiplicity.sum() == reflections(polar, d_min=0.9).multiplicity.sum()
    assert len(reflections(centred, d_min=0.9, friedel=False)) == len(reflections(centred, d_min=0.9))


def test_limits_say_the_same_in_three_units() -> None:
    limit = smallest_spacing(two_theta_max=90.0, wavelength=1.5406)
    assert limit == pytest.approx(1.5406 / math.sqrt(2))
    assert smallest_spacing(q_max=2 * math.pi / limit) == pytest.approx(limit)
    found = reflections(monoclinic(), two_theta_max=90.0, wavelength=1.5406)
    assert found.two_theta(1.5406).max() <= 90.0
    assert len(found) == len(reflections(monoclinic(), q_max=2 * math.pi / limit))
    assert found.q == pytest.approx(4 * math.pi * found.s)
    assert np.isnan(found.two_theta(20.0)).any()


def test_a_limit_on_a_reflection_keeps_it() -> None:
    cell = spinel().cell
    assert reflections(spinel(), d_min=float(cell.spacing((3, 1, 1)))).hkl[-1].tolist() == [3, 1, 1]
    assert reflections(spinel(), d_min=1.0, d_max=float(cell.spacing((3, 1, 1)))).hkl[0].tolist() == [3, 1, 1]
    assert reflections(spinel(), d_min=float(cell.spacing((3, 1, 1))), padding=0.1).inside.tolist() == [True] * 3 + [
        False
    ]
    assert len(reflections(spinel(), d_min=5.0)) == 0


def test_padding_keeps_the_list_while_the_cell_moves() -> None:
    padded = reflections(layered(), d_min=1.0, padding=0.03)
    assert padded.where(padded.inside).hkl.tolist() == reflections(layered(), d_min=1.0).hkl.tolist()
    for scale in (0.985, 1.015):
        moved = reflections(layered(2.8155 * scale, 14.0537 * scale), d_min=1.0)
        assert {tuple(h) for h in moved.hkl.tolist()} <= {tuple(h) for h in padded.hkl.tolist()}


def test_spacings_fall() -> None:
    for structure in (spinel(), layered(), monoclinic()):
        found = reflections(structure, d_min=0.7)
        assert np.all(np.diff(found.spacing) <= 1e-9)
        assert len(np.unique(found.hkl, axis=0)) == len(found)


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({}, "Give one limit"),
        ({"d_min": 1.0, "q_max": 3.0}, "Give one limit"),
        ({"two_theta_max": 90.0}, "needs a wavelength"),
        ({"two_theta_max": 190.0, "wavelength": 1.0}, "0 to 180 deg"),
        ({"d_min": -1.0}, "must be positive"),
        ({"d_min": 0.005}, "ask for a larger d"),
        ({"d_min": 1.0, "padding": 2.0}, "padding is a share"),
    ],
)
def test_impossible_limits_are_refused(limits: dict[str, float], words: str) -> None:
    with pytest.raises(StudyError, match=words):
        reflections(spinel(), **limits)  # type: ignore[arg-type]


def test_a_cell_that_contradicts_the_group_is_refused() -> None:
    group = named_group("F m -3 m")
    assert group is not None
    wrong = Structure(
        "NaCl", Cell(5.6, 5.6, 5.7), (Site("Na", "Na", (0, 0, 0)),), group.rotations, group.translations, "F m -3 m"
    )
    with pytest.raises(StudyError, match="does not have the symmetry of F m -3 m"):
        reflections(wrong, d_min=1.0)
