"""Bond-valence sums of known crystals, charges from compositions, and energies of a probe ion."""

from __future__ import annotations

import math

import numpy as np
import pytest

from interlith.crystal.bond_valence import (
    bond_valence,
    bond_valence_sums,
    global_instability,
    ideal_length,
    pair,
    probe_sums,
    sources,
)
from interlith.crystal.cell import Cell
from interlith.crystal.charges import oxidation_numbers, site_charges
from interlith.crystal.neighbours import contacts, shell
from interlith.crystal.site_energy import COULOMB, bond_depth, probe_energy
from interlith.crystal.structure import Site, Structure
from interlith.errors import StudyError
from tests.crystal.crystals import crystal, layered, perovskite, spinel


def rock_salt(cation: str = "Mg", anion: str = "O", a: float = 4.212, charge: int = 2) -> Structure:
    sites = (Site(cation, cation, (0, 0, 0), charge=charge), Site(anion, anion, (0.5, 0.5, 0.5), charge=-charge))
    return crystal("rock salt", "F m -3 m", Cell(a, a, a), sites, units=4)


def fluorite(cation: str = "Ca", a: float = 5.4626) -> Structure:
    sites = (Site(cation, cation, (0, 0, 0), charge=2), Site("F", "F", (0.25, 0.25, 0.25), charge=-1))
    return crystal("fluorite", "F m -3 m", Cell(a, a, a), sites, units=4)


def test_a_bond_of_the_ideal_length_has_its_valence() -> None:
    parameters = pair("La3+", "O2-", source="BA85")
    length = ideal_length(parameters, 0.5)
    assert length == pytest.approx(2.172 + 0.37 * math.log(2))
    assert float(bond_valence(length, parameters)) == pytest.approx(0.5)
    with pytest.raises(StudyError, match="positive"):
        ideal_length(parameters, 0.0)


@pytest.mark.parametrize("source", ["GH15", "BA85"])
def test_magnesia_has_two(source: str) -> None:
    found = bond_valence_sums(rock_salt(), source=source)
    parameters = pair("Mg2+", "O2-", source=source)
    assert found[0].sum == pytest.approx(6 * math.exp((parameters.r0 - 2.106) / parameters.b))
    assert found[0].sum == pytest.approx(2.0, abs=0.15)
    assert found[0].bonds == 6
    assert found[1].sum == pytest.approx(found[0].sum)
    assert found[0].sources == (source,)
    assert source in sources()


def test_fluorite_shares_out_the_valence() -> None:
    cation, anion = bond_valence_sums(fluorite())
    assert cation.bonds == 8
    assert anion.bonds == 4
    assert cation.sum == pytest.approx(2 * anion.sum)
    assert cation.sum == pytest.approx(2.0, abs=0.15)


def test_a_mixed_position_is_judged_by_its_mean() -> None:
    found = {one.label: one for one in bond_valence_sums(spinel())}
    assert found["Mn"].excess < -0.3
    assert found["Ni"].excess > 0.5
    assert found["Mn"].position_mean == pytest.approx(0.75 * found["Mn"].sum + 0.25 * found["Ni"].sum)
    assert found["Mn"].position_charge == pytest.approx(3.5)
    assert global_instability(spinel()) < 0.15 < global_instability(spinel(), by="ion")
    with pytest.raises(StudyError, match="allowed: ion, position"):
        global_instability(spinel(), by="site")


def test_valence_is_conserved() -> None:
    for structure in (spinel(), layered(), perovskite()):
        found = bond_valence_sums(structure)
        total = [one.sum * site.multiplicity * site.occupancy * (1 if one.charge > 0 else -1)
                 for one, site in zip(found, structure.sites, strict=True)]  # fmt: skip
        assert sum(total) == pytest.approx(0, abs=1e-9 * sum(map(abs, total)))


def test_instability_of_a_stretched_crystal_is_its_deficit() -> None:
    stretched = rock_salt(a=4.4)
    cation, anion = bond_valence_sums(stretched)
    assert global_instability(stretched) == pytest.approx(math.sqrt((cation.excess**2 + anion.excess**2) / 2))
    assert cation.excess < -0.3


def test_a_mean_charge_takes_parts_of_both() -> None:
    both = [bond_valence_sums(spinel(), charges={"Li": 1, "Mn": charge, "Ni": 2, "O": -2})[1].sum for charge in (3, 4)]
    half = bond_valence_sums(spinel(), charges={"Li": 1, "Mn": 3.5, "Ni": 2, "O": -2})[1].sum
    assert half == pytest.approx(sum(both) / 2, rel=0.02)


@pytest.mark.parametrize(
    ("composition", "expected", "mixed"),
    [
        ({"Li": 1, "Ni": 0.5, "Mn": 1.5, "O": 4}, {"Ni": 2, "Mn": 4}, ()),
        ({"Li": 1, "Mn": 2, "O": 4}, {"Mn": 3.5}, ("Mn",)),
        ({"Li": 1, "Ni": 1 / 3, "Co": 1 / 3, "Mn": 1 / 3, "O": 2}, {"Ni": 2, "Co": 3, "Mn": 4}, ()),
        ({"Li": 1, "Ni": 0.8, "Co": 0.1, "Mn": 0.1, "O": 2}, {"Ni": 2.875, "Co": 3, "Mn": 4}, ("Ni",)),
        ({"Li": 1, "Ni": 1, "O": 2}, {"Ni": 3}, ()),
        ({"Li": 3, "Sc": 1, "F": 6}, {"Sc": 3}, ()),
        ({"Li": 1.2, "Ni": 0.13, "Co": 0.13, "Mn": 0.54, "O": 2}, {"Ni": 2, "Co": 3, "Mn": 4}, ()),
    ],
)  # fmt: skip
def test_charges_of_compositions(
    composition: dict[str, float], expected: dict[str, float], mixed: tuple[str, ...]
) -> None:
    found = oxidation_numbers(composition)
    assert {element: found.charges[element] for element in expected} == pytest.approx(expected)
    assert found.mixed == mixed


def test_declared_charges_are_kept_and_checked() -> None:
    assert oxidation_numbers({"Li": 1, "Ni": 1, "O": 2}, declared={"Ni": 3}).charges["Ni"] == 3
    with pytest.raises(StudyError, match="No usual charges"):
        oxidation_numbers({"Li": 1, "O": 1})
    with pytest.raises(StudyError, match="does not occur"):
        oxidation_numbers({"Li": 2, "O": 1}, declared={"Mn": 4})
    assert site_charges(spinel(), {"Ni": 2}).tolist() == [1, 4, 2, -2]


def test_unknown_pairs_list_what_there_is() -> None:
    with pytest.raises(StudyError, match=r"no bond-valence parameters of Li2\+.*there are Li\+"):
        pair("Li2+", "O2-")
    with pytest.raises(StudyError, match="those that have: GH15"):
        pair("Li+", "O2-", source="BO91")
    with pytest.raises(StudyError, match="no pair of a cation and an anion"):
        pair("O2-", "Li+")


def test_contacts_find_all_images() -> None:
    structure = rock_salt()
    found = contacts(structure, [[0, 0, 0]], 4.3)
    assert np.sum(np.isclose(found.lengths, 2.106)) == 6
    assert np.sum(np.isclose(found.lengths, 4.212 / math.sqrt(2))) == 12
    moved = contacts(structure, [[3, -2, 5]], 4.3)
    assert np.sort(moved.lengths) == pytest.approx(np.sort(found.lengths))


def test_shells() -> None:
    members, lengths = shell(layered(), 0)
    assert len(members) == 6
    assert lengths == pytest.approx(np.full(6, lengths[0]))
    assert len(shell(perovskite(), 0)[0]) == 12
    assert len(shell(spinel(), 0)[0]) == 4


def test_a_probe_is_content_at_its_site_and_not_in_a_bottleneck() -> None:
    structure = layered()
    home, bottleneck = probe_sums(structure, np.array([[0, 0, 0], [0.5, 0, 0]]))
    assert home == pytest.approx(1.0, abs=0.25)
    assert bottleneck > 1.5
    energies = probe_energy(structure, np.array([[0, 0, 0], [0.5, 0, 0], [1, 1, 1]]))
    assert energies[1] - energies[0] > 0.5
    assert energies[2] == pytest.approx(energies[0])


def test_a_probe_sees_the_symmetry_of_the_crystal() -> None:
    structure = layered()
    start = np.array([0.21, 0.07, 0.03])
    images = structure.rotations @ start + structure.translations
    for values in (probe_energy(structure, images), probe_sums(structure, images)):
        assert values == pytest.approx(np.full(len(images), values[0]), abs=1e-9)


def test_attraction_of_one_anion_by_hand() -> None:
    lonely = crystal(
        "lonely", "P 1", Cell(30, 30, 30),
        (Site("O", "O", (0, 0, 0), charge=-2), Site("Mg", "Mg", (0.5, 0.5, 0.5), 0.5, charge=2)),
    )  # fmt: skip
    best, depth = 1.94001, 0.98816
    near = probe_energy(lonely, [[best / 30, 0, 0], [2.5 / 30, 0, 0]])
    assert near[0] == pytest.approx(-depth / 2)
    assert near[1] == pytest.approx(depth * ((math.exp((best - 2.5) / 0.516) - 1) ** 2 - 1) / 2, rel=1e-6)
    half = probe_energy(lonely, [[0.5, 0.5, 0.5 + 2 / 30]])
    assert 0 < half[0] < 0.5 * COULOMB * 2 / 2


def test_repulsion_raises_the_energy_near_cations() -> None:
    structure = layered()
    point = [[1 / 3, 2 / 3, 0.02]]
    assert probe_energy(structure, point) > probe_energy(structure, point, repulsion=False)


@pytest.mark.parametrize(
    ("cation", "length", "b", "expected"),
    [("Li+", 1.940013, 0.516, 0.98816), ("Al3+", 1.758058, 0.424, 1.803461), ("Ni2+", 1.924524, 0.443, 1.468407), ("La3+", 2.469886, 0.451, 1.185874)],
)  # fmt: skip
def test_depths_of_potentials_in_use(cation: str, length: float, b: float, expected: float) -> None:
    assert bond_depth(cation, "O2-", length, b) == pytest.approx(expected, rel=2e-4)


def test_a_probe_without_parameters_is_refused() -> None:
    with pytest.raises(StudyError, match=r"no site-energy parameters of Mg2\+"):
        probe_energy(layered(), [[0, 0, 0]], "Mg2+")
    nitride = rock_salt("Sc", "N", 4.5, 3)
    with pytest.raises(StudyError, match="N3-"):
        probe_energy(nitride, [[0.25, 0.25, 0.25]])


def test_half_filled_neighbours_count_half() -> None:
    def alone(share: float) -> float:
        site = Site("O", "O", (0, 0, 0), share, charge=-2)
        spare = Site("Mg", "Mg", (0.5, 0.5, 0.5), share, charge=2)
        return float(probe_energy(crystal("alone", "P 1", Cell(30, 30, 30), (site, spare)), [[0.07, 0, 0]])[0])

    assert alone(0.5) == pytest.approx(alone(1.0) / 2)


def test_contacts_agree_with_counting_in_a_skewed_cell() -> None:
    cell = Cell(2.9, 4.1, 3.3, 70, 65, 80)
    structure = crystal(
        "skewed", "P 1", cell, (Site("O", "O", (0.1, 0.2, 0.9), charge=-2), Site("Mg", "Mg", (0.6, 0.7, 0.4), charge=2))
    )
    point, reach = np.array([0.85, 0.05, 0.5]), 7.3
    found = contacts(structure, [point], reach)
    steps = np.stack(np.meshgrid(*[np.arange(-6, 7)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    images = (structure.atoms.fractions[None] + steps[:, None] - point) @ cell.vectors
    lengths = np.linalg.norm(images, axis=-1)
    for atom in range(2):
        expected = np.sort(lengths[:, atom][lengths[:, atom] <= reach])
        assert np.sort(found.lengths[found.atoms == atom]) == pytest.approx(expected)
