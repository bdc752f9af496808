"""Interfaces as atoms: composition, strain, distances, held layers, vacuum, files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from interlith.crystal.cell import Cell
from interlith.crystal.cif import read_cif
from interlith.crystal.structure import Structure, simple_structure
from interlith.design.matching.anions import with_shared
from interlith.design.matching.faces import face_pairs
from interlith.design.matching.interfaces import Interface, interface
from interlith.design.matching.match import Match
from interlith.design.matching.search import search
from interlith.errors import StudyError
from interlith.physics.stiffness import isotropic
from tests.crystal.crystals import layered, monoclinic, perovskite, spinel
from tests.design.matching.test_search import titanate


def first(host: Structure, film: Structure, pair: tuple[tuple[int, int, int], tuple[int, int, int]]) -> Match:
    return search(host, film, [pair], area=150.0, strain=0.08)[0]


def octahedral() -> Match:
    return first(spinel(), perovskite(), ((1, 1, 1), (1, 1, 1)))


def distances(built: Interface, one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Distances between two sets of atoms, periodic in the plane."""
    at = built.structure.positions
    shifts = np.array([(i, j, 0) for i in (-1, 0, 1) for j in (-1, 0, 1)]) @ built.structure.cell.vectors
    gaps = at[one][:, None, None] - (at[other][None, :, None] + shifts[None, None])
    return np.asarray(np.linalg.norm(gaps, axis=-1).min(axis=-1))


def test_a_shared_layer_is_built_once_and_the_film_goes_on_above_it() -> None:
    built = interface(octahedral(), host_layers=10, film_layers=4)
    film = np.flatnonzero(built.of_film)
    assert len(built.structure.cell.vectors) == 3
    names = [built.structure.atoms.elements[place] for place in film]
    # Two B layers and two AO3 layers of the perovskite, one mesh each.
    assert sorted(names) == sorted(["Mn", "Mn", "La", "La", *["O"] * 6])
    assert built.gap == pytest.approx(3.88 / np.sqrt(3) / 2, abs=0.12)
    assert built.shortest[0] > 1.8
    assert any("share one layer" in words for words in built.words)
    lengths = np.linalg.norm(built.structure.cell.vectors[:2], axis=1)
    assert lengths == pytest.approx([8.17 / np.sqrt(2)] * 2)


def test_the_first_cations_of_the_film_sit_in_their_octahedra() -> None:
    """B of the perovskite above the oxygen of the spinel: three oxygen neighbours below at about the length in the crystal."""
    built = interface(octahedral(), host_layers=10, film_layers=4)
    film = np.flatnonzero(built.of_film)
    heights = built.structure.positions[:, 2]
    lowest = film[np.argmin(heights[film])]
    oxygen = np.array(
        [i for i, name in enumerate(built.structure.atoms.elements) if name == "O" and not built.of_film[i]]
    )
    near = np.sort(distances(built, np.array([lowest]), oxygen)[0])[:3]
    assert np.all(np.abs(near - 1.98) < 0.15)


def test_half_of_the_host_is_held_unless_said_otherwise() -> None:
    match = octahedral()
    half = interface(match, host_layers=10)
    heights = half.structure.positions[:, 2]
    host = ~half.of_film
    assert half.frozen[host].any()
    assert not half.frozen[half.of_film].any()
    assert heights[half.frozen].max() < heights[host & ~half.frozen].min()
    every = interface(match, host_layers=10, frozen="host")
    assert np.array_equal(every.frozen, ~every.of_film)
    assert interface(match, host_layers=10, frozen="none").frozen.sum() == 0
    two = interface(match, host_layers=10, frozen=2)
    assert len(np.unique(np.round(two.structure.positions[two.frozen, 2], 1))) <= 4
    for wrong in ("film", 11, True):
        with pytest.raises(StudyError, match="frozen is"):
            interface(match, host_layers=10, frozen=wrong)


@pytest.mark.parametrize("vacuum", ["1.5 angstrom", "7.9 angstrom", 3.0])
def test_a_vacuum_that_separates_nothing_is_refused(vacuum: str | float) -> None:
    with pytest.raises(StudyError, match="cannot separate a slab"):
        interface(octahedral(), vacuum=vacuum)


def test_a_vacuum_in_nm_is_read_and_a_slip_of_units_is_named() -> None:
    built = interface(octahedral(), vacuum="1.5 nm")
    assert built.vacuum == pytest.approx(15.0)
    top = built.structure.positions[:, 2].max()
    assert built.structure.cell.c - top == pytest.approx(15.0)
    with pytest.raises(StudyError, match=r"15 angstrom \(1.5 nm\) would"):
        interface(octahedral(), vacuum="1.5 angstrom")


def test_a_declared_gap_and_shift_are_kept() -> None:
    match = octahedral()
    built = interface(match, gap="2.4 angstrom", shift=[0.25, 0.5])
    assert built.gap == pytest.approx(2.4, abs=1e-9)
    moved = interface(match, gap="2.4 angstrom", shift=[0.75, 0.5])
    film = built.of_film
    step = moved.structure.atoms.fractions[film] - built.structure.atoms.fractions[film]
    step -= np.round(step)
    assert np.allclose(np.abs(step[:, 0]), 0.5)
    assert np.allclose(step[:, 1:], 0, atol=1e-9)
    with pytest.raises(StudyError, match="apart; give a larger gap"):
        interface(match, gap="0.1 angstrom", shift=[0.0, 0.0])
    with pytest.raises(StudyError, match="two numbers"):
        interface(match, shift=[0.1, 0.2, 0.3])


def test_a_film_that_shares_little_is_set_down_until_atoms_touch() -> None:
    host, film = spinel(), perovskite()
    near = [
        one
        for one in search(host, film, [((1, 1, 1), (1, 1, 1))], area=350.0, strain=0.02)
        if (one.host_count, one.film_count) == (12, 13)
    ]
    built = interface(near[0], host_layers=6, film_layers=2)
    assert 1.5 < built.gap < 3.5
    assert built.shortest[0] > 1.8
    assert built.of_film.sum() == 13 * 5


@pytest.mark.parametrize(
    ("host", "film", "pair"),
    [
        (titanate(), layered(), ((1, 1, 1), (0, 0, 3))),
        (spinel(), monoclinic(), ((1, 1, 1), (0, 0, 1))),
        (perovskite(), layered(), ((1, 0, 0), (1, 0, 4))),
    ],
)
def test_the_film_keeps_its_bonds_within_the_strain(
    host: Structure, film: Structure, pair: tuple[tuple[int, int, int], tuple[int, int, int]]
) -> None:
    """Distances of neighbours in the inner film layers are those of the crystal, changed by the misfit at most."""
    for match in with_shared(search(host, film, [pair], area=150.0, strain=0.08))[:4]:
        built = interface(match, film_layers=9)
        inside = np.flatnonzero(built.of_film)
        found = distances(built, inside, inside)
        found[found < 0.05] = np.inf
        bulk = film.positions
        shifts = np.array([(i, j, k) for i in (-1, 0, 1) for j in (-1, 0, 1) for k in (-1, 0, 1)]) @ film.cell.vectors
        every = np.linalg.norm(bulk[:, None, None] - bulk[None, :, None] - shifts[None, None], axis=-1)
        shortest = every[every > 0.05].min()
        assert found.min() == pytest.approx(shortest, rel=match.misfit + 0.01)
        assert built.composition["O"] > 0


def test_a_turned_over_film_is_the_mirror_image_of_the_other() -> None:
    """Both hands of an oblique film hold the same atoms at the same distances."""
    host, film = monoclinic(), monoclinic()
    found = search(host, film, [((1, 1, 1), (1, 1, 1))], area=160.0, strain=0.08)
    hands = {one.hand for one in found}
    assert hands == {1, -1}
    turned = next(one for one in found if one.hand < 0)
    built = interface(turned, film_layers=6, gap="2.2 angstrom")
    at = built.structure.positions[built.of_film]
    names = np.array(built.structure.atoms.elements)[built.of_film]
    lowest, highest = names[np.argmin(at[:, 2])], names[np.argmax(at[:, 2])]
    assert {lowest, highest} <= {"O", "Mn", "Li"}
    assert built.shortest[0] > 1.5


def test_films_stay_right_handed_also_when_turned_over() -> None:
    """Four different atoms about each other: turning a chiral crystal over must not make its mirror image."""
    cell = Cell(4.0, 4.6, 6.0, 83, 88, 75)
    names = ["O", "F", "S", "Cl"]
    chiral = simple_structure("chiral", cell, names, [[0, 0, 0], [0.3, 0, 0.05], [0, 0.3, 0.1], [0.1, 0.1, 0.3]])
    bulk = chiral.positions[1:] - chiral.positions[0]
    found = with_shared(search(chiral, chiral, [((0, 0, 1), (0, 0, 1))], area=60.0, strain=0.12))
    assert {one.hand for one in found} == {1, -1}
    for match in found:
        built = interface(match, gap="3 angstrom", film_layers=8)
        at = built.structure.positions
        kinds = np.array(built.structure.atoms.elements)
        periodic = np.array([(i, j, 0) for i in (-1, 0, 1) for j in (-1, 0, 1)]) @ built.structure.cell.vectors
        film = np.flatnonzero(built.of_film)
        middle = film[kinds[film] == "O"]
        middle = middle[np.argsort(at[middle, 2])[len(middle) // 2 :]][:1]
        arms = []
        for name in names[1:]:
            others = (at[film[kinds[film] == name]][:, None] + periodic[None]).reshape(-1, 3) - at[middle[0]]
            arms.append(others[np.argmin(np.linalg.norm(others, axis=1))])
        assert np.linalg.norm(arms, axis=1) == pytest.approx(np.linalg.norm(bulk, axis=1), rel=0.13)
        assert np.sign(np.linalg.det(np.array(arms))) == np.sign(np.linalg.det(bulk))


def test_layers_of_a_film_of_known_stiffness_come_closer() -> None:
    match = octahedral()
    loose, stiff = interface(match, film_layers=6), interface(match, film_layers=6, stiffness=isotropic(200.0, 0.3))
    spread = [np.ptp(one.structure.positions[one.of_film, 2]) for one in (loose, stiff)]
    assert spread[1] / spread[0] == pytest.approx(1 - 2 * 0.3 / 0.7 * match.misfit)


def test_files_come_back(tmp_path: Path) -> None:
    match = first(titanate(), titanate(), ((1, 0, 0), (1, 0, 0)))
    built = interface(match, host_layers=4, film_layers=4)
    text = built.write(tmp_path / "POSCAR").read_text(encoding="utf-8").splitlines()
    assert "Selective dynamics" in text
    assert sum(line.endswith("F F F") for line in text) == int(built.frozen.sum())
    assert [int(count) for count in text[6].split()] == [round(built.composition[name]) for name in text[5].split()]
    again = read_cif(built.write(tmp_path / "interface.cif"))
    assert again.composition == pytest.approx(built.composition)
    assert again.cell.parameters == pytest.approx(built.structure.cell.parameters)
    with pytest.raises(StudyError, match="names no format"):
        built.write(tmp_path / "interface.xyz")
    with pytest.raises(StudyError, match="whole atoms"):
        interface(octahedral()).write(tmp_path / "spinel.vasp")


def test_interfaces_that_are_too_large_or_empty_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StudyError, match="1 to 200"):
        interface(octahedral(), host_layers=0)
    monkeypatch.setattr("interlith.design.matching.interfaces.MOST_ATOMS", 50)
    with pytest.raises(StudyError, match="at most 50 are built"):
        interface(octahedral())


def test_a_crystal_on_itself_continues_as_bulk() -> None:
    """A film of the host on the host shares its layer and leaves no trace of an interface."""
    host = titanate()
    pairs = face_pairs(host, host, [[[1, 1, 0], [1, 1, 0]]])
    built = interface(search(host, host, pairs, area=30.0, strain=0.01)[0], host_layers=5, film_layers=5)
    heights = np.unique(np.round(built.structure.positions[:, 2], 6))
    assert np.allclose(np.diff(heights), 3.905 / np.sqrt(8))
    assert built.shortest[0] == pytest.approx(3.905 / 2)
