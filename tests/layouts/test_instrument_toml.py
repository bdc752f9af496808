"""Does an instrument come back from its own file as it went in, and is a wrong file refused in words?"""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlith.errors import ReadError
from interlith.layouts.instrument_toml import KEYS, instrument_text, is_own, parsed_instrument

NUMBERS = st.floats(-1e6, 1e6, allow_nan=False)
TUBE: dict[str, Any] = {
    "name": "tube", "radiation": "x-ray", "geometry": "bragg-brentano", "wavelengths": (1.540562, 1.54439), "ratio": 0.5,
    "polarisation": 0.5, "monochromator": 26.6, "radius": 217.5, "zero": -0.012, "gauss": (0.0034, -0.0021, 0.0041),
    "lorentz": (0.012, 0.021), "sample_ratio": 0.025, "slit_ratio": 0.031, "source": "fit of LaB6\nrun 7",
}  # fmt: skip


def test_all_keys_return_with_their_uncertainties() -> None:
    std = {"gauss": (1e-4, 2e-4, 3e-4), "zero": 0.001}
    text = instrument_text(TUBE, std)
    assert is_own(text)
    assert set(TUBE) == set(KEYS)
    assert parsed_instrument(text, "tube.toml") == (TUBE, std)
    assert "# deg^2, FWHM^2 = U tan^2 + V tan + W" in text


@settings(max_examples=60, deadline=None)
@given(
    st.text(max_size=30).filter(lambda text: text == text.encode("utf-8", "ignore").decode()), st.lists(NUMBERS, min_size=3, max_size=3),
    st.lists(st.floats(0.1, 10), min_size=1, max_size=2),
)  # fmt: skip
def test_any_text_and_number_returns(name: str, gauss: list[float], wavelengths: list[float]) -> None:
    values = {
        "name": name,
        "radiation": "neutron",
        "wavelengths": tuple(wavelengths),
        "gauss": tuple(gauss),
        "lorentz": (0.0, 0.1),
    }
    found, std = parsed_instrument(instrument_text(values, {}), "any.toml")
    assert found == {key: value for key, value in values.items() if value != ""}
    assert std == {}


def test_what_is_not_known_is_left_out() -> None:
    text = instrument_text(
        TUBE | {"radius": math.nan, "name": "", "monochromator": math.nan}, {"gauss": (math.nan, 0.1, 0.1)}
    )
    found, std = parsed_instrument(text, "tube.toml")
    assert {"radius", "name", "monochromator"}.isdisjoint(found)
    assert std == {}


def test_wrong_files_are_refused() -> None:
    text = instrument_text(TUBE, {"zero": 0.001})
    for old, new, words in (
        ("layout = 1", "layout = 9", "reads layout 1"), ("radiation =", "radiaton =", "radiation is missing"),
        ("sample_ratio =", "sample_rato =", "did you mean 'sample_ratio'"), ('"x-ray"', '"xray"', "did you mean 'x-ray'"),
        ("[0.012, 0.021]", "[0.012]", "write 2 numbers"), ("zero = -0.012", 'zero = "small"', "which is no number"),
        ("zero = -0.012", "zero = nan", "which is no number"), ("[1.540562, 1.54439]", "[1, 2, 3]", "one or two numbers"),
        ("[instrument.std]", "std = 3 #", "is no TOML|std is no table"), ("zero = -0.012", "zero =", "is no TOML"),
        ('name = "tube"', "name = 5", "name is '5'"), ("zero = 0.001", "zeros = 0.001", "std: there is no 'zeros'"),
    ):  # fmt: skip
        assert old in text
        with pytest.raises(ReadError, match=words):
            parsed_instrument(text.replace(old, new), "tube.toml")
    with pytest.raises(ReadError, match="no table"):
        parsed_instrument("[other]\n", "other.toml")
    assert not is_own("INS   BANK 1\n")
