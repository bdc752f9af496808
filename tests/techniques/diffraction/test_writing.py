"""A refined structure and its pattern are written as CIF that others read, with uncertainties and without invented digits."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from gemmi import cif
from hypothesis import given
from hypothesis import strategies as st

from interlith.crystal.cif import parse_cif
from interlith.crystal.phases import phase
from interlith.techniques.diffraction.writing_cif import RefinedPhase, number, refined_cif
from interlith.techniques.diffraction.writing_pdcif import WrittenPattern, block_names, pd_cif


def refined() -> RefinedPhase:
    """The shipped spinel as if refined: an edge, an oxygen and its displacement with uncertainties."""
    known = phase("LNMO")
    cell = replace(known.cell, std=(0.00012, 0.00012, 0.00012, 0.0, 0.0, 0.0))
    *metals, oxygen = known.sites
    oxygen = replace(oxygen, fraction_std=(0.0001,) * 3, u_iso=0.0102, u_iso_std=0.0008)
    return RefinedPhase(
        replace(known, cell=cell, sites=(*metals, oxygen)), (0.9821, 0.0013), 0.024, {"crystallite_size": (121.0, 14.0, "nm")},
        ("Li was held.",),
    )  # fmt: skip


def pattern() -> WrittenPattern:
    position = 10 + 0.02 * np.arange(40)
    observed = np.round(100 + 50 * np.exp(-(((position - 10.4) / 0.05) ** 2)))
    weight = np.where((position > 10.6) & (position < 10.7), 0.0, 1 / observed)
    calculated = np.where(weight > 0, observed + 0.5, np.nan)
    agreement = {"r_p": 0.04, "r_wp": 0.052, "r_exp": 0.031, "goodness_of_fit": 1.68, "parameters": 12}
    return WrittenPattern(
        "S1 (charged)", position, observed, weight, calculated, np.full(40, 100.0), wavelengths=(1.54056, 1.54439), ratio=0.5,
        agreement=agreement, source="a.xy", background_words="Chebyshev, 6 terms",
    )  # fmt: skip


def test_a_refined_structure_comes_back_with_its_uncertainties() -> None:
    back = parse_cif(refined_cif(refined()))
    known = refined().structure
    assert back.cell.a == pytest.approx(known.cell.a, abs=1e-5)
    assert back.cell.std[0] == pytest.approx(0.00012)
    assert math.isnan(back.cell.std[3]) or back.cell.std[3] == 0
    assert back.sites[-1].fraction[0] == pytest.approx(known.sites[-1].fraction[0], abs=1e-4)
    assert back.sites[-1].fraction_std[0] == pytest.approx(0.0001)
    block = cif.read_string(refined_cif(refined())).sole_block()
    assert block.find_value("_pd_phase_mass_%") == "98.21(13)"
    assert block.find_value("_cell_volume").endswith("(24)")
    assert "121(14) nm" in block.find_value("_refine_special_details")
    assert "Li was held." in block.find_value("_refine_special_details")
    assert block.find_loop("_atom_site_U_iso_or_equiv")[len(known.sites) - 1] == "0.01020(80)"


def test_the_pattern_keeps_every_point_and_says_which_were_used() -> None:
    written = pattern()
    document = cif.read_string(pd_cif(written, [refined()], software="Interlith 0", date="2026-01-01"))
    assert [block.name for block in document] == ["S1__charged_", "S1__charged__LNMO"]
    first = document[0]
    angles = [float(text) for text in first.find_loop("_pd_meas_2theta_scan")]
    np.testing.assert_allclose(angles, written.position, atol=1e-6)
    weights = np.array([float(text) for text in first.find_loop("_pd_proc_ls_weight")])
    calculated = list(first.find_loop("_pd_calc_intensity_total"))
    assert ((weights == 0) == (np.array(calculated) == ".")).all()
    assert (weights == 0).sum() == (written.weight == 0).sum() > 0
    assert first.find_value("_pd_proc_ls_prof_wR_factor") == "0.05200"
    assert first.find_value("_pd_meas_2theta_range_inc") == "0.02"
    assert "10.62 to 10.68" in first.find_value("_pd_proc_info_excluded_regions")
    assert list(first.find_loop("_diffrn_radiation_wavelength_wt")) == ["1", "0.5"]
    assert list(first.find_loop("_pd_phase_block_id")) == ["'S1__charged__LNMO'"]
    assert document[1].find_value("_pd_block_diffractogram_id") == first.find_value("_pd_block_id")
    assert parse_cif(document[1].as_string()).number == 227


def test_hostile_words_end_no_text_field() -> None:
    evil = replace(pattern(), name="data_\nloop_", notes=(";\n_cell_length_a 1", 'it\'s "x"'))
    document = cif.read_string(pd_cif(evil, []))
    assert len(document) == 1
    assert document[0].find_value("_cell_length_a") is None


def test_blocks_of_equal_names_are_told_apart() -> None:
    assert block_names("a", ["x", "X", "x"]) == ["a", "a_x", "a_X_2", "a_x_3"]


@given(st.floats(-1e4, 1e4), st.floats(1e-7, 1e3))
def test_a_printed_number_holds_its_value_and_uncertainty(value: float, std: float) -> None:
    text = number(value, std)
    shown, bracket = text.rstrip(")").split("(")
    decimals = len(shown.partition(".")[2])
    assert abs(float(shown) - value) <= 0.5 * 10.0**-decimals * (1 + 1e-9) + 1e-12
    assert int(bracket) * 10.0**-decimals == pytest.approx(std, rel=0.06 if std >= 10 else 0.055)


def test_unknown_numbers_have_no_brackets() -> None:
    assert number(1.5, math.nan) == "1.5"
    assert number(math.nan, 0.1) == "?"
    assert number(123456.7, 0.0) == "123457"
