"""Are powder intensities the mean of Friedel pairs of structure factors, and their derivatives those of differences?"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from interlith.crystal.atom_columns import site_tensor
from interlith.crystal.intensities import Strengths
from interlith.crystal.phases import phase, shipped
from interlith.crystal.radiation import Custom, Neutrons, Probe, XRays
from interlith.crystal.reflections import reflections
from interlith.crystal.structure import Site, Structure
from interlith.crystal.structure_factors import structure_factors
from interlith.errors import StudyError
from tests.crystal.crystals import spinel

Array = NDArray[np.float64]
COPPER = XRays(1.5406)


def wobbling(structure: Structure, seed: int) -> Structure:
    """The structure with displacements, half of them anisotropic."""
    from interlith.crystal.site_freedom import isotropic_tensor, symmetrised_tensor

    rng = np.random.default_rng(seed)
    sites = []
    for number, site in enumerate(structure.sites):
        u_iso = float(rng.uniform(0.003, 0.02))
        if rng.random() < 0.5:
            tensor = isotropic_tensor(structure, u_iso) + 0.3 * u_iso * rng.uniform(-1, 1, 6)
            six = symmetrised_tensor(structure, number, tensor).tolist()
            sites.append(replace(site, u_aniso=tuple(six)))
        else:
            sites.append(replace(site, u_iso=u_iso, u_aniso=None))
    return replace(structure, sites=tuple(sites))


def mean_of_pairs(structure: Structure, hkl: NDArray[Any], probe: Probe) -> Array:
    squares = [np.abs(structure_factors(structure, sign * np.asarray(hkl), probe)) ** 2 for sign in (1, -1)]
    return np.asarray((squares[0] + squares[1]) / 2)


@pytest.mark.parametrize("probe", [COPPER, Neutrons(1.494), XRays(0.4128)], ids=["Cu", "neutrons", "hard"])
@pytest.mark.parametrize("name", shipped())
def test_strengths_are_the_mean_of_friedel_pairs(name: str, probe: Probe) -> None:
    structure = wobbling(phase(name), 3)
    hkl = reflections(structure, d_min=1.1).hkl
    found = Strengths(structure, hkl, probe).squares()
    expected = mean_of_pairs(structure, hkl, probe)
    assert np.allclose(found, expected, rtol=1e-9, atol=1e-9 * expected.max())


@pytest.mark.parametrize("name", shipped())
def test_a_coordinate_is_that_of_the_listed_atom_whichever_operation_comes_first(name: str) -> None:
    listed = phase(name)
    # A file may list its operations in any order.
    turned = replace(listed, rotations=listed.rotations[::-1], translations=listed.translations[::-1])
    structure = wobbling(turned, 5)
    hkl = reflections(structure, d_min=1.3).hkl
    in_order = wobbling(listed, 5)
    assert np.allclose(
        mean_of_pairs(structure, hkl, COPPER), mean_of_pairs(in_order, hkl, COPPER), rtol=1e-6, atol=1e-3
    )
    strengths = Strengths(structure, hkl, COPPER, positions="all")
    if not strengths.columns:
        assert not strengths.names
        return
    values = strengths.start + np.random.default_rng(6).uniform(-0.01, 0.01, strengths.start.size)
    shifts = np.zeros((len(structure.sites), 3))
    for column, value, start in zip(strengths.columns, values, strengths.start, strict=True):
        shifts[list(column.sites)] += (value - start) * column.direction
    sites = [
        replace(site, fraction=tuple((np.array(site.fraction) + shift).tolist()))
        for site, shift in zip(structure.sites, shifts, strict=True)
    ]
    expected = mean_of_pairs(replace(structure, sites=tuple(sites)), hkl, COPPER)
    found = strengths.squares(values)
    assert np.allclose(found, expected, rtol=1e-6, atol=1e-7 * expected.max())
    assert not np.allclose(found, strengths.squares(), rtol=1e-3)


@pytest.mark.parametrize("name", ["LaMnO3", "rutile", "corundum", "Li2CO3", "V2O5"])
def test_a_tensor_is_that_of_the_listed_atom_whichever_operation_comes_first(name: str) -> None:
    listed = phase(name)
    structure = wobbling(replace(listed, rotations=listed.rotations[::-1], translations=listed.translations[::-1]), 5)
    hkl = reflections(structure, d_min=1.3).hkl
    strengths = Strengths(structure, hkl, COPPER, u_aniso="all")
    values = strengths.start + np.random.default_rng(1).uniform(-0.002, 0.002, strengths.start.size)
    tensors = [site_tensor(structure, number, 0.0) for number in range(len(structure.sites))]
    for column, value, start in zip(strengths.columns, values, strengths.start, strict=True):
        for number in column.sites:
            tensors[number] = tensors[number] + (value - start) * column.direction
    sites = [replace(site, u_aniso=tuple(six.tolist())) for site, six in zip(structure.sites, tensors, strict=True)]
    expected = mean_of_pairs(replace(structure, sites=tuple(sites)), hkl, COPPER)
    assert np.allclose(strengths.squares(values), expected, rtol=1e-6, atol=1e-7 * expected.max())


def test_the_pair_differs_in_a_polar_crystal_so_that_the_mean_matters() -> None:
    structure = phase("zincite")
    one = np.abs(structure_factors(structure, [[0, 0, 2], [1, 0, 1]], COPPER)) ** 2
    mean = Strengths(structure, [[0, 0, 2], [1, 0, 1]], COPPER).squares()
    assert np.all(np.abs(one / mean - 1) > 1e-3)


def moved_structure(structure: Structure, strengths: Strengths, values: Array) -> Structure:
    """The structure with the values written into its sites, by way of the columns."""
    sites = list(structure.sites)
    common = 0.0
    for column, value, start in zip(strengths.columns, values.tolist(), strengths.start.tolist(), strict=True):
        for number in column.sites:
            site = sites[number]
            if column.kind == "position":
                shifted = np.array(site.fraction) + (value - start) * column.direction
                sites[number] = replace(site, fraction=tuple(shifted.tolist()))
            elif column.kind == "u_iso":
                sites[number] = replace(site, u_iso=value)
            elif column.kind == "u_aniso":
                six = np.array(site.u_aniso) + (value - start) * column.direction
                sites[number] = replace(site, u_aniso=tuple(six.tolist()))
            elif column.kind == "occupancy":
                sites[number] = replace(site, occupancy=value)
            else:
                common = value
    if common:
        from interlith.crystal.site_freedom import isotropic_tensor

        extra = isotropic_tensor(structure, common)
        sites = [
            replace(site, u_iso=site.u_iso + common)
            if site.u_aniso is None
            else replace(site, u_aniso=tuple((np.array(site.u_aniso) + extra).tolist()))
            for site in sites
        ]
    return replace(structure, sites=tuple(sites))


def everything(structure: Structure, hkl: Array, probe: Probe) -> Strengths:
    aniso = [number for number, site in enumerate(structure.sites) if site.u_aniso is not None]
    iso = [number for number, site in enumerate(structure.sites) if site.u_aniso is None]
    return Strengths(structure, hkl, probe, positions="all", u_iso=iso, u_aniso=aniso, occupancies="all", overall=True)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(sorted(shipped())), st.integers(0, 2**32 - 1), st.sampled_from([COPPER, Neutrons(1.494)]))
def test_any_change_of_parameters_is_the_change_of_the_structure(name: str, seed: int, probe: Probe) -> None:
    structure = wobbling(phase(name), seed)
    hkl = np.asarray(reflections(structure, d_min=1.4).hkl, dtype=float)
    strengths = everything(structure, hkl, probe)
    rng = np.random.default_rng(seed)
    values = strengths.start + np.array(
        [
            {"position": 0.004, "u_iso": 0.002, "u_aniso": 3e-4, "occupancy": -0.1, "overall_u": 0.003}[column.kind]
            * rng.uniform(0.2, 1)
            for column in strengths.columns
        ]
    )
    values = np.where([column.kind == "occupancy" for column in strengths.columns], np.maximum(values, 0.0), values)
    expected = mean_of_pairs(moved_structure(structure, strengths, values), hkl, probe)
    assert np.allclose(strengths.squares(values), expected, rtol=1e-7, atol=1e-8 * expected.max())


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(sorted(shipped())), st.integers(0, 2**32 - 1), st.sampled_from([COPPER, Neutrons(1.494)]))
def test_slopes_are_those_of_finite_differences(name: str, seed: int, probe: Probe) -> None:
    structure = wobbling(phase(name), seed)
    hkl = np.asarray(reflections(structure, d_min=1.4).hkl, dtype=float)
    strengths = everything(structure, hkl, probe)
    values = strengths.start + 0.001
    cell = np.array(structure.cell.parameters) * np.array([1.001, 1.001, 1.001, 1, 1, 1])
    squares, slopes = strengths.with_slopes(values, cell)
    assert np.allclose(squares, strengths.squares(values, cell))
    for place in range(len(values)):
        step = np.zeros(len(values))
        step[place] = 1e-5
        numeric = (strengths.squares(values + step, cell) - strengths.squares(values - step, cell)) / 2e-5
        scale = np.abs(numeric).max() + squares.max()
        assert np.allclose(slopes[:, place], numeric, rtol=1e-5, atol=1e-6 * scale), strengths.names[place]


def test_elements_of_one_position_move_together_and_names_say_what_is_free() -> None:
    structure = replace(
        spinel(),
        sites=(Site("Mn", "Mn", (0.26,) * 3, 0.5), Site("Ni", "Ni", (0.26,) * 3, 0.5), Site("O", "O", (0.5,) * 3)),
    )
    strengths = Strengths(structure, [[1, 1, 1]], positions="all", u_iso=["O"], occupancies=["Ni"], overall=True)
    assert strengths.names == ("Mn_x", "O_u_iso", "Ni_occupancy", "overall_u")
    assert strengths.columns[0].sites == (0, 1)
    assert strengths.start.tolist() == [0.26, 0.0, 0.5, 0.0]


def test_a_floating_origin_is_held_by_the_heaviest_atom() -> None:
    names = Strengths(phase("zincite"), [[1, 0, 0]], positions="all").names
    assert names == ("O1_z",)


def test_the_cell_moves_form_factors() -> None:
    structure = spinel()
    strengths = Strengths(structure, [[4, 0, 0], [8, 0, 0]], COPPER, unknown_displacement=0.01)
    larger = replace(structure, cell=replace(structure.cell, a=8.3, b=8.3, c=8.3))
    expected = Strengths(larger, [[4, 0, 0], [8, 0, 0]], COPPER, unknown_displacement=0.01).squares()
    assert np.allclose(strengths.squares(cell=(8.3, 8.3, 8.3, 90, 90, 90)), expected, rtol=1e-12)
    assert not np.allclose(strengths.squares(), expected, rtol=1e-4)


def test_an_isotropic_site_refined_as_a_tensor_starts_with_the_same_intensities() -> None:
    structure = phase("LaMnO3")
    round_one = replace(structure, sites=tuple(replace(site, u_iso=0.008, u_aniso=None) for site in structure.sites))
    hkl = reflections(structure, d_min=0.9).hkl
    assert np.allclose(
        Strengths(round_one, hkl, u_aniso="all").squares(), Strengths(round_one, hkl).squares(), rtol=1e-10
    )


def test_amplitudes_of_the_caller_may_differ_by_site() -> None:
    numbers = {"Li": 1.0, "Mn": 2.0 + 0.5j, "Ni": 3.0, "O": -1.0}
    probe = Custom(lambda site, s: np.full(len(s), numbers[site.label]))
    hkl = reflections(spinel(), d_min=1.2).hkl
    assert np.allclose(Strengths(spinel(), hkl, probe).squares(), mean_of_pairs(spinel(), hkl, probe))


def test_reflections_that_the_centring_forbids_are_zero() -> None:
    assert Strengths(spinel(), [[1, 0, 0], [1, 1, 1]]).squares()[0] == 0


def test_wrong_requests_are_refused() -> None:
    tensor = replace(spinel(), sites=(replace(spinel().sites[3], u_aniso=(0.01, 0.01, 0.01, 0, 0, 0)),))
    with pytest.raises(StudyError, match="is a tensor"):
        Strengths(tensor, [[1, 1, 1]], u_iso=["O"])
    with pytest.raises(StudyError, match="or 'all'"):
        Strengths(spinel(), [[1, 1, 1]], u_iso="O")
    with pytest.raises(StudyError, match="1 parameters were chosen"):
        Strengths(spinel(), [[1, 1, 1]], positions=["O"]).squares([0.26, 0.1])


def test_evaluations_after_the_first_are_fast() -> None:
    structure = wobbling(phase("LaMnO3"), 1)
    strengths = everything(structure, np.asarray(reflections(structure, d_min=0.7).hkl, dtype=float), COPPER)
    strengths.with_slopes()
    start = time.process_time()
    for count in range(5):
        strengths.with_slopes(strengths.start + 1e-5 * count)
    assert (time.process_time() - start) / 5 < 0.1


def test_second_derivatives_by_coordinates_are_those_of_differences() -> None:
    structure = wobbling(phase("LNO_R3m"), 3) if "LNO_R3m" in shipped() else wobbling(spinel(), 3)
    hkl = reflections(structure, d_min=0.9).hkl
    made = Strengths(structure, hkl, COPPER, positions="all", u_iso=[], overall=True)
    rng = np.random.default_rng(5)
    weights, values = rng.normal(size=len(hkl)), made.start + rng.normal(0, 0.004, made.start.size)
    found = made.turned(weights, values)
    coordinates = np.array([column.kind == "position" for column in made.columns])
    assert coordinates.any()
    assert not coordinates.all()
    for place in np.flatnonzero(coordinates):
        ends = [made.with_slopes(np.where(np.arange(values.size) == place, values + sign * 1e-6, values))[1] for sign in (1, -1)]  # fmt: skip
        expected = weights @ (ends[0] - ends[1]) / 2e-6
        assert found[place, coordinates] == pytest.approx(
            expected[coordinates], rel=1e-5, abs=1e-6 * np.abs(found).max()
        )
    assert np.all(found[:, ~coordinates] == 0)
