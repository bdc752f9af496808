"""Do structure factors agree with gemmi's and with a sum written out, and obey symmetry?"""

from __future__ import annotations

import math
from dataclasses import replace

import gemmi
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from interlith.crystal.cell import Cell
from interlith.crystal.phases import phase, shipped
from interlith.crystal.reflections import equivalents, extinct, reflections
from interlith.crystal.settings import Axes, change_axes
from interlith.crystal.structure import Site, Structure
from interlith.crystal.structure_factors import (
    Custom,
    Electrons,
    Neutrons,
    Probe,
    XRays,
    site_factors,
    structure_factors,
)
from interlith.crystal.supercells import all_atoms
from interlith.crystal.writing import write_cif
from interlith.errors import StudyError
from tests.crystal.crystals import crystal, layered, monoclinic, perovskite, spinel

Numbers = NDArray[np.float64]


def silicon() -> Structure:
    return crystal("Si", "F d -3 m:2", Cell(5.4310, 5.4310, 5.4310), (Site("Si", "Si", (0.125,) * 3, u_iso=0.0061),))


def ceria() -> Structure:
    sites = (Site("Ce", "Ce", (0, 0, 0), u_iso=0.003), Site("O", "O", (0.25,) * 3, u_iso=0.006))
    return crystal("CeO2", "F m -3 m", Cell(5.4113, 5.4113, 5.4113), sites)


def corundum() -> Structure:
    sites = (
        Site("Al", "Al", (0, 0, 0.35216), u_aniso=(0.0035, 0.0035, 0.0038, 0.00175, 0, 0)),
        Site("O", "O", (0.30624, 0, 0.25), u_aniso=(0.0042, 0.0040, 0.0045, 0.0020, 0.0004, 0.0008)),
    )
    return crystal("Al2O3", "R -3 c:H", Cell(4.7589, 4.7589, 12.991, 90, 90, 120), sites)


def with_u(structure: Structure) -> Structure:
    sites = tuple(replace(site, u_iso=0.004 + 0.002 * place) for place, site in enumerate(structure.sites))
    return replace(structure, sites=sites)


FIVE = {
    "Si": silicon(), "CeO2": ceria(), "corundum": corundum(), "LNMO": with_u(spinel()), "layered": with_u(layered()),
    "monoclinic": with_u(monoclinic()),
}  # fmt: skip


def gemmis(structure: Structure, hkl: NDArray[np.int64], kind: str) -> NDArray[np.complex128]:
    block = gemmi.cif.read_string(write_cif(structure)).sole_block()
    small = gemmi.make_small_structure_from_block(block)
    small.change_occupancies_to_crystallographic()
    calculator = {
        "X": gemmi.StructureFactorCalculatorX, "N": gemmi.StructureFactorCalculatorN, "E": gemmi.StructureFactorCalculatorE,
    }[kind](small.cell)  # fmt: skip
    return np.array([calculator.calculate_sf_from_small_structure(small, row) for row in hkl.tolist()])


def table_of_gemmi(kind: str) -> Custom:
    def factor(site: Site, s: Numbers) -> Numbers:
        element = gemmi.Element(site.element)
        table = {"X": element.it92, "N": element.neutron92, "E": element.c4322}[kind]
        return np.array([table.calculate_sf(float(value) ** 2) for value in s])

    return Custom(factor)


#: gemmi works out form factors in single precision; a constant such as a scattering length shows the sums themselves.
BY_PRECISION = {"X": 1e-8, "N": 1e-10, "E": 1e-8}


@pytest.mark.parametrize("kind", ["X", "N", "E"])
@pytest.mark.parametrize("name", FIVE)
def test_the_sums_are_gemmis_where_the_atoms_are(name: str, kind: str) -> None:
    structure = FIVE[name]
    hkl = reflections(structure, d_min=0.6).hkl
    expected = gemmis(structure, hkl, kind)
    found = structure_factors(structure, hkl, table_of_gemmi(kind))
    forward = abs(structure_factors(structure, [[0, 0, 0]], table_of_gemmi(kind))[0])
    assert np.abs(found - expected).max() < BY_PRECISION[kind] * max(forward, np.abs(expected).max())


#: Largest difference by the tables alone, as a share of F(000): stated on the page of crystals.
BY_TABLES = {"X": 6e-4, "N": 2e-2, "E": 1e-5}
PROBES: dict[str, Probe] = {"X": XRays(), "N": Neutrons(absorbing=False), "E": Electrons()}


@pytest.mark.parametrize("kind", ["X", "N", "E"])
@pytest.mark.parametrize("name", FIVE)
def test_own_tables_differ_by_what_the_page_states(name: str, kind: str) -> None:
    structure = FIVE[name]
    hkl = reflections(structure, d_min=0.6).hkl
    found, expected = structure_factors(structure, hkl, PROBES[kind]), gemmis(structure, hkl, kind)
    forward = sum(
        site.occupancy * site.multiplicity * abs(complex(PROBES[kind].amplitude(site, np.zeros(1))[0]))
        for site in structure.sites
    )
    assert np.abs(found - expected).max() < BY_TABLES[kind] * forward


def written_out(structure: Structure, hkl: Numbers, probe: Probe) -> NDArray[np.complex128]:
    """Every atom and every operation, one after the other."""
    reciprocal = structure.cell.reciprocal
    lengths = np.linalg.norm(reciprocal, axis=1)
    found = np.zeros(len(hkl), dtype=complex)
    for place, index in enumerate(hkl):
        d = np.linalg.norm(index @ reciprocal)
        for site in structure.sites:
            factor = complex(probe.amplitude(site, np.array([d / 2]))[0]) * site.occupancy
            factor *= site.multiplicity / len(structure.rotations)
            for rotation, shift in zip(structure.rotations, structure.translations, strict=True):
                phase = np.exp(2j * math.pi * (index @ (rotation @ np.array(site.fraction) + shift)))
                exponent = site.u_iso * d * d if site.u_aniso is None else 0.0
                if site.u_aniso is not None:
                    u11, u22, u33, u12, u13, u23 = site.u_aniso
                    turned = (index @ rotation) * lengths
                    exponent = turned @ np.array([[u11, u12, u13], [u12, u22, u23], [u13, u23, u33]]) @ turned
                found[place] += factor * phase * np.exp(-2 * math.pi**2 * exponent)
    return found


@pytest.mark.parametrize("probe", [XRays(1.5406), Neutrons(), Electrons(200e3)], ids=["X", "N", "E"])
@pytest.mark.parametrize("name", FIVE)
def test_the_sum_written_out_agrees(name: str, probe: Probe) -> None:
    structure = FIVE[name]
    hkl = np.random.default_rng(1).integers(-6, 7, (12, 3)).astype(float)
    found, expected = structure_factors(structure, hkl, probe), written_out(structure, hkl, probe)
    assert found == pytest.approx(expected, abs=1e-9 * max(1.0, float(np.abs(expected).max())))


def test_known_values() -> None:
    # Without vibration F(111) of silicon is 4 sqrt(2) f, F(220) is 8 f.
    still = replace(silicon(), sites=(replace(silicon().sites[0], u_iso=0.0),))
    f111, f220, f222 = structure_factors(still, [[1, 1, 1], [2, 2, 0], [2, 2, 2]], table_of_gemmi("X"))
    assert abs(f111) == pytest.approx(4 * math.sqrt(2) * 10.55, rel=0.01)
    assert abs(f220) == pytest.approx(8 * 8.71, rel=0.01)
    assert abs(f222) < 1e-9
    (forward,) = structure_factors(spinel(), [[0, 0, 0]])
    assert forward.real == pytest.approx(8 * 3 + 12 * 25 + 4 * 28 + 32 * 8, rel=2e-4)


def test_neutrons_see_the_isotope_of_a_site() -> None:
    heavy = replace(layered(), sites=(replace(layered().sites[0], isotope=7), *layered().sites[1:]))
    first, second = (structure_factors(one, [[0, 0, 3]], Neutrons())[0] for one in (layered(), heavy))
    assert first != pytest.approx(second, rel=1e-3)


def test_ions_change_low_angles_only() -> None:
    hkl = reflections(spinel(), d_min=0.4).hkl
    plain, charged = (structure_factors(spinel(), hkl, XRays(ions=ions)) for ions in (False, True))
    ratio = np.abs(charged) / np.abs(plain)
    assert abs(ratio[0] - 1) > 3e-3
    assert np.abs(np.abs(plain) - np.abs(charged))[-20:].max() < 1.5
    odd = replace(spinel(), sites=(replace(spinel().sites[1], charge=3.5),))
    with pytest.raises(StudyError, match=r"Mn3\.5\+"):
        structure_factors(odd, hkl, XRays(ions=True))


def test_corrections_may_come_from_elsewhere() -> None:
    hkl = reflections(ceria(), d_min=1.0).hkl
    given_pair = structure_factors(ceria(), hkl, XRays(corrections={"Ce": (-2.0, 9.0), "O": (0.0, 0.0)}))
    plain = structure_factors(ceria(), hkl)
    cerium = structure_factors(
        ceria(), hkl, Custom(lambda site, s: np.full(s.shape, 1.0 if site.element == "Ce" else 0.0))
    )
    assert given_pair == pytest.approx(plain + (-2 + 9j) * cerium)


def test_contributions_add_up() -> None:
    hkl = reflections(spinel(), d_min=1.0).hkl
    shares = site_factors(spinel(), hkl, XRays(1.5406))
    occupancies = np.array([site.occupancy for site in spinel().sites])
    assert shares @ occupancies == pytest.approx(structure_factors(spinel(), hkl, XRays(1.5406)))


def test_a_declared_guess_stands_in_for_an_unknown_displacement() -> None:
    hkl = [[4, 0, 0]]
    still, moving = structure_factors(spinel(), hkl), structure_factors(spinel(), hkl, unknown_displacement=0.01)
    d = spinel().cell.spacing([4, 0, 0])
    assert moving == pytest.approx(still * math.exp(-2 * math.pi**2 * 0.01 / d**2))


def test_fast_electrons_are_heavy() -> None:
    hkl = reflections(spinel(), d_min=1.0).hkl
    slow, fast = (structure_factors(spinel(), hkl, Electrons(voltage)) for voltage in (None, 200e3))
    assert fast == pytest.approx(1.391390 * slow, rel=1e-6)
    assert Electrons(200e3).wavelength == pytest.approx(0.0250793, abs=1e-7)
    assert Electrons().wavelength is None
    with pytest.raises(StudyError, match="200000 for 200 kV"):
        Electrons(200)


def test_few_and_many_reflections_are_summed_alike() -> None:
    hkl = reflections(ACENTRIC, d_min=0.6).hkl
    still = replace(ACENTRIC, sites=tuple(replace(site, u_aniso=None, u_iso=0.01) for site in ACENTRIC.sites))
    for structure in (spinel(), still):
        many = structure_factors(structure, hkl, XRays(1.5))
        one_by_one = np.concatenate([structure_factors(structure, [row], XRays(1.5)) for row in hkl])
        assert many == pytest.approx(one_by_one, abs=1e-9)


def test_fractional_indices_are_allowed() -> None:
    doubled = all_atoms(perovskite())
    (found,) = structure_factors(doubled, [[0.5, 0.5, 0.5]])
    assert np.isfinite(found)
    with pytest.raises(StudyError, match="Indices come as rows"):
        structure_factors(doubled, [1, 1, 1])


NAMES = st.sampled_from(sorted(FIVE))
INDEX = st.tuples(*[st.integers(-7, 7)] * 3).filter(any)
ACENTRIC = crystal(
    "quartz-like", "P 31 2 1", Cell(4.913, 4.913, 5.405, 90, 90, 120),
    (Site("Si", "Si", (0.4697, 0, 1 / 3), u_iso=0.006), Site("O", "O", (0.4133, 0.2672, 0.4521), u_aniso=(0.015, 0.012, 0.011, 0.008, -0.003, -0.004))),
)  # fmt: skip


@given(NAMES, INDEX)
@settings(max_examples=50, deadline=None)
def test_equivalents_are_equally_strong(name: str, hkl: tuple[int, int, int]) -> None:
    structure = FIVE[name]
    found = np.abs(structure_factors(structure, equivalents(structure, hkl)))
    assert found == pytest.approx(found[0], abs=1e-9)


@given(INDEX)
@settings(max_examples=50, deadline=None)
def test_friedel_holds_without_and_fails_with_absorption(hkl: tuple[int, int, int]) -> None:
    pair = [hkl, tuple(-index for index in hkl)]
    first, second = structure_factors(ACENTRIC, pair)
    assert first == pytest.approx(np.conj(second), abs=1e-9)
    group = np.abs(structure_factors(ACENTRIC, equivalents(ACENTRIC, hkl, friedel=False), XRays(2.29)))
    assert group == pytest.approx(group[0], abs=1e-9)


def test_bijvoet_pairs_differ() -> None:
    first, second = np.abs(structure_factors(ACENTRIC, [[1, 1, 1], [-1, -1, -1]], XRays(2.29)))
    assert abs(first - second) > 1e-3


# Origins nearer than 1e-4/24 of an edge to a tabled one are that one, by design: no smaller steps than 1/1000.
@given(NAMES, INDEX, st.tuples(*[st.integers(-1000, 1000).map(lambda thousandth: thousandth / 1000)] * 3))
@settings(max_examples=30, deadline=None)
def test_another_origin_changes_phases_only(
    name: str, hkl: tuple[int, int, int], origin: tuple[float, float, float]
) -> None:
    structure = FIVE[name]
    moved = change_axes(structure, Axes(np.eye(3), np.array(origin)))
    first, second = structure_factors(structure, [hkl])[0], structure_factors(moved, [hkl])[0]
    assert second == pytest.approx(first * np.exp(-2j * math.pi * np.dot(hkl, origin)), abs=1e-7)


@given(NAMES)
@settings(max_examples=10, deadline=None)
def test_marked_reflections_have_no_intensity(name: str) -> None:
    structure = FIVE[name]
    found = reflections(structure, d_min=0.7)
    strength = np.abs(structure_factors(structure, found.hkl, XRays(0.7)))
    if all(site.u_aniso is None for site in structure.sites):
        assert np.all(strength[found.near_zero] < 1e-6)
    assert np.array_equal(extinct(structure, found.hkl), found.near_zero)


@pytest.mark.parametrize("name", sorted(shipped()))
def test_shipped_structures_agree_with_gemmi(name: str) -> None:
    structure = phase(name)
    known = replace(
        structure, sites=tuple(replace(site, charge=None, isotope=None, u_iso=0.005) for site in structure.sites)
    )
    hkl = reflections(known, d_min=0.9).hkl
    expected = gemmis(known, hkl, "X")
    (forward,) = np.abs(structure_factors(known, [[0, 0, 0]]))
    assert np.abs(structure_factors(known, hkl, table_of_gemmi("X")) - expected).max() < 1e-7 * forward
