"""Is a declared number read as it was meant, with the uncertainty that was given and none that was not?"""

from __future__ import annotations

import math

import numpy as np
import pytest

from interlith.design.inputs import uncertain
from interlith.errors import StudyError, UnitError


@pytest.mark.parametrize(
    ("text", "unit", "value", "std", "shape"),
    [
        ("0.22-0.29 J/m^2", "J/m^2", 0.255, 0.07 / math.sqrt(12), "uniform"),
        ("0.255 +- 0.02 J/m^2", "J/m^2", 0.255, 0.02, "normal"),
        ("8.17(1) angstrom", "nm", 0.817, 0.001, "normal"),
        ("1 to 2 nm", "angstrom", 15.0, 10 / math.sqrt(12), "uniform"),
        ("-5 to -3 %", "1", -0.04, 0.02 / math.sqrt(12), "uniform"),
        (("1 nm", "2 nm"), "nm", 1.5, 1 / math.sqrt(12), "uniform"),
        ("5e-3", "1", 0.005, math.nan, "exact"),
        (3, "nm", 3.0, math.nan, "exact"),
        ("0.1 +- 0 nm", "nm", 0.1, 0.0, "exact"),
    ],
)
def test_numbers_and_ranges(text, unit: str, value: float, std: float, shape: str) -> None:
    found = uncertain(text, unit, "x", positive=False)
    assert found.value == pytest.approx(value)
    assert found.std == pytest.approx(std, nan_ok=True)
    assert (found.shape, found.unit) == (shape, unit)


def test_what_nobody_gave_is_unknown_and_not_zero() -> None:
    assert uncertain("3 nm", "nm", "x").size == math.inf
    assert uncertain("3 +- 0 nm", "nm", "x").size == 0.0
    assert uncertain(uncertain("3(1) nm", "nm", "x"), "angstrom", "x").size == pytest.approx(10.0)


def test_draws_have_the_shape_that_was_declared() -> None:
    random = np.random.default_rng(5)
    flat = uncertain("1-3 nm", "nm", "x").sample(random, 20_000)
    assert (flat.min() >= 1, flat.max() <= 3) == (True, True)
    assert flat.std() == pytest.approx(2 / math.sqrt(12), rel=0.03)
    assert uncertain("2 +- 0.5 nm", "nm", "x").sample(random, 20_000).std() == pytest.approx(0.5, rel=0.03)
    assert set(uncertain("2 nm", "nm", "x").sample(random, 5)) == {2.0}


@pytest.mark.parametrize(
    ("text", "unit", "error", "words"),
    [
        ("3", "nm", UnitError, "without a unit"),
        ("3 kg", "nm", UnitError, "the size is '3 kg'; it needs the dimension of nm"),
        ("-3 nm", "nm", StudyError, "must be positive"),
        ("3-1 nm", "nm", StudyError, "must rise"),
        (("1 nm", "2 nm", "3 nm"), "nm", StudyError, "two ends"),
        ("much", "nm", UnitError, "not a number"),
    ],
)
def test_what_is_no_declaration_is_refused(text, unit: str, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        uncertain(text, unit, "the size")
