"""Is a number written with as much and as little as is known of it?"""

import math
import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from interlith.reporting.numbers import (
    NEGLIGIBLE,
    bytes_text,
    effect_text,
    elide,
    interval_text,
    pretty_unit,
    probability_text,
    short,
    significant,
    title,
    with_uncertainty,
)


@pytest.mark.parametrize(
    ("value", "std", "unit", "written"),
    [
        (131.42, 2.64, "mAh/g", "131.4 ± 2.6 mAh/g"),
        (99.96, 0.0996, "%", "99.96 ± 0.10 %"),
        (13124.0, 1234.0, "", "13100 ± 1200"),
        (1.3123e-10, 2.6e-12, "cm^2/s", "(1.312 ± 0.026) × 10⁻¹⁰ cm²/s"),
        (-0.00042, 0.00012, "1", "−0.00042 ± 0.00012"),
        (131.4, 9.96, "mAh/g", "131 ± 10 mAh/g"),
        (5.0, 0.0, "V", "5.00000 ± 0 V"),
        (3.2, 120.0, "%", "0 ± 120 %"),
    ],
)
def test_two_digits_of_the_uncertainty(value: float, std: float, unit: str, written: str) -> None:
    assert with_uncertainty(value, std, unit) == written


def test_unknown_is_said_and_never_zero() -> None:
    for unknown in (math.inf, None, math.nan):
        assert with_uncertainty(48.1, unknown, "ohm") == "48.10 Ω (uncertainty unknown)"


def test_missing_is_a_dash_with_its_flag() -> None:
    assert with_uncertainty(None, None, "%", flag="incomplete half-cycle") == "— (incomplete half-cycle)"
    assert with_uncertainty(math.nan, 1.0, "%") == "—"


@given(st.floats(-1e5, 1e5).filter(lambda value: value == 0 or abs(value) > 1e-3), st.floats(1e-3, 1e4))
def test_the_written_number_is_the_number_within_its_last_digit(value: float, std: float) -> None:
    assume(std >= NEGLIGIBLE * abs(value))
    found = re.fullmatch(r"(−?[\d.]+) ± ([\d.]+)", with_uncertainty(value, std))
    assert found is not None
    assert float(found[2]) == pytest.approx(std, rel=0.051)
    assert abs(float(found[1].replace("−", "-")) - value) <= 0.051 * float(found[2]) + 1e-12


def test_intervals_with_open_ends() -> None:
    assert interval_text(1.234, 4.81, "%") == "95 % interval 1.2 to 4.8 %"
    assert interval_text(-math.inf, math.inf, "%") == "95 % interval unknown"
    assert interval_text(None, 2.0) == "no interval"
    assert interval_text(-0.02, 0.0312, "V", level=0.9) == "90 % interval −0.020 to 0.031 V"
    assert "−∞" in interval_text(-math.inf, 2.0, "%")


def test_effects_take_the_digits_of_their_interval() -> None:
    assert effect_text(5.314159, 3.12, 7.5, "%") == "5.3 %"
    assert effect_text(5.314159, -math.inf, math.inf, "%") == "5.31 %"
    assert effect_text(None, 1.0, 2.0) == "—"


def test_probabilities_never_claim_certainty() -> None:
    assert probability_text(1.0) == "> 99.9 %"
    assert probability_text(0.0) == "< 0.1 %"
    assert probability_text(0.64) == "64 %"
    assert probability_text(0.9962) == "99.6 %"
    assert probability_text(None) == "—"


def test_words_and_units() -> None:
    assert title("initial_coulombic_efficiency") == "Initial coulombic efficiency"
    assert title("dqdv_peak_voltage") == "dQ/dV peak voltage"
    assert pretty_unit("mAh/cm^2") == "mAh/cm²"
    assert pretty_unit("degC") == "°C"
    assert significant(99999.0) == "100000"
    assert significant(1.234e-5) == "1.234 × 10⁻⁵"
    assert bytes_text(4_210_000) == "4.21 MB"


def test_a_resolution_is_not_shown_as_an_accuracy() -> None:
    assert with_uncertainty(0.3236199021, 4.9e-9, "mAh") == "0.32362 mAh (resolution only)"


def test_texts_are_cut_between_words_and_names_in_their_middle() -> None:
    text = "Thin lines are single cells. Bands are 95 % intervals of the mean over all the cells."
    for most in range(14, len(text)):
        cut = short(text, most)
        assert len(cut) <= most
        assert cut.endswith(" …")
        assert text.startswith(cut[:-2])
        assert text[len(cut) - 2] in " .,"
    assert short(text, len(text)) == text
    assert elide("SINTEF__LiGrR2032__25degC__Landt", 11) == "SINTE…Landt"
    assert short("a_name_without_any_border_to_cut_it_at", 11) == "a_nam…it_at"
