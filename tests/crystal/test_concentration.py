"""Moles per litre of crystal."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlith.crystal.concentration import concentration, content, implied_count, molar_concentration
from interlith.crystal.phases import phase
from interlith.errors import StudyError
from tests.crystal.crystals import layered, spinel


def test_one_atom_in_a_volume() -> None:
    # 1 mol in 1 dm^3 = 1e27 angstrom^3.
    assert molar_concentration(6.02214076e23, 1e27) == pytest.approx(1.0, rel=1e-12)
    assert molar_concentration([3.0, 6.0], 100.92) == pytest.approx([49.363, 98.725], abs=1e-3)


@given(st.floats(1e-3, 1e3), st.floats(1.0, 1e5))
def test_counts_and_concentrations_are_inverse(count: float, volume: float) -> None:
    assert implied_count(molar_concentration(count, volume), volume) == pytest.approx(count, rel=1e-12)


def test_lithium_of_the_layered_oxide_agrees_with_the_reported_number() -> None:
    found = concentration(phase("NCM111"), elements=["Li"])
    assert found.count == pytest.approx(3.0)
    assert found.value == pytest.approx(49.43, abs=0.01)
    # a and c of the source are known to 0.07 and 0.06 %; a counts twice.
    assert found.std == pytest.approx(found.value * math.hypot(2 * 0.002 / 2.860, 0.008 / 14.227), rel=1e-4)
    assert abs(found.value - 49.3) < 2 * found.std
    assert set(found.components) == {"a", "c"}
    assert found.atoms == "Li of NCM111"
    assert found.notes == ()


def test_lithium_of_the_titanate_does_not_reach_the_reported_number() -> None:
    cell = phase("LLTO_study")
    own = concentration(cell, elements=["Li"])
    assert own.value == pytest.approx(9.24, abs=0.01)
    assert any("Li1 (0.66)" in note for note in own.notes)
    asked = content(cell, 10.0, elements=["Li"])
    assert asked.value == pytest.approx(0.357, abs=5e-4)
    assert asked.actual == pytest.approx(0.33, abs=1e-6)
    assert asked.volume == pytest.approx(118.55 / 2, abs=1e-3)
    # The usual contents at this volume.
    assert molar_concentration([0.33, 0.35], asked.volume) == pytest.approx([9.24, 9.80], abs=0.01)


def test_sites_and_elements_narrow_what_is_counted() -> None:
    crystal = phase("NCM111_exchanged")
    exchanged = concentration(crystal, elements=["Li"], sites=["Li2"])
    everywhere = concentration(crystal, elements=["Li"])
    assert exchanged.value / everywhere.value == pytest.approx(0.025, rel=1e-6)
    assert exchanged.components["occupancy of Li2"] == pytest.approx(exchanged.value * 0.001 / 0.025, rel=1e-6)
    assert exchanged.atoms == "Li on site Li2 of NCM111_exchanged"
    assert concentration(crystal).count == pytest.approx(12.0, abs=3e-3)


def test_number_density_of_the_octahedral_cations() -> None:
    found = concentration(spinel(), elements=["Mn", "Ni"])
    assert found.density == pytest.approx(16 / 8.17**3)
    assert 1000 * found.density == pytest.approx(29.34, abs=0.01)


def test_unknown_uncertainty_of_the_cell_is_said_and_not_hidden() -> None:
    assert math.isinf(concentration(layered(), elements=["Li"]).std)
    assert concentration(spinel(std=0.01), elements=["Li"]).std == pytest.approx(3 * 0.01 / 8.17 * 24.36, rel=1e-3)


def test_uncertainty_of_a_stated_concentration_is_carried() -> None:
    found = content(spinel(), 24.0, elements=["Li"], stated_std=0.5)
    assert found.components["stated concentration"] == pytest.approx(0.5 * 8.17**3 * 6.02214076e-4 / 8)
    assert found.std == pytest.approx(found.components["stated concentration"])
    assert content(spinel(), 0.0, elements=["Li"]).value == 0.0


def test_formula_units_scale_the_content() -> None:
    one = content(layered(), 49.3, elements=["Li"], formula_units=1)
    three = content(layered(), 49.3, elements=["Li"])
    assert one.value == pytest.approx(3 * three.value)
    assert np.isclose(one.actual, 3.0)


@pytest.mark.parametrize("stated", [-1.0, math.nan, math.inf])
def test_impossible_concentrations_are_refused(stated: float) -> None:
    with pytest.raises(StudyError, match="mol/L is none"):
        content(layered(), stated, elements=["Li"])


def test_unknown_atoms_and_missing_formula_units_are_refused() -> None:
    with pytest.raises(StudyError, match="no element 'Ni'"):
        concentration(layered(), elements=["Ni"])
    with pytest.raises(StudyError, match="No atom of layered is Li on site O"):
        concentration(layered(), elements=["Li"], sites=["O"])
    with pytest.raises(StudyError, match="how many formula units"):
        content(spinel(), 1.0, elements=["Li"], formula_units=0.0)
