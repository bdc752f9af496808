"""Counts, rates, attenuators and counting times: what an intensity is, and how sure it is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlith.errors import ReadError
from interlith.layouts.photon_counts import are_whole, counted

COUNTS = np.array([0.0, 4.0, 100.0, 12_345.0])


def test_plain_counts_stay_as_they_are_and_need_no_uncertainty() -> None:
    found = counted(COUNTS, unit="counts", times=2.0, where="x")
    assert found.std is None
    assert found.unit == "counts"
    assert found.time == 2.0
    np.testing.assert_array_equal(found.intensity, COUNTS)


@pytest.mark.parametrize("corrected", [True, False])
def test_the_uncertainty_behind_an_attenuator_is_that_of_the_counts(corrected: bool) -> None:
    factors = np.array([1.0, 1.0, 8.3, 70.0])
    values = COUNTS * factors if corrected else COUNTS
    found = counted(values, unit="counts", factors=factors, corrected=corrected, where="x")
    np.testing.assert_allclose(found.intensity, COUNTS * factors)
    assert found.std is not None
    np.testing.assert_allclose(found.std, factors * np.sqrt(np.maximum(COUNTS, 1)))
    assert [item.code for item in found.remarks] == ["attenuator"]


def test_whole_counts_decide_against_the_habit_of_a_format() -> None:
    factors = np.full(4, 8.3)
    found = counted(np.array([7.0, 31.0, 113.0, 5.0]), unit="counts", factors=factors, corrected=True, where="x")
    assert found.remarks[0].code == "attenuation_against_habit"
    np.testing.assert_allclose(found.intensity, np.array([7.0, 31.0, 113.0, 5.0]) * 8.3)
    rounded = counted(
        np.array([7.0, 31.0, 113.0, 5.0]),
        unit="counts",
        factors=factors,
        corrected=True,
        printed_exactly=False,
        where="x",
    )
    np.testing.assert_allclose(rounded.intensity, [7.0, 31.0, 113.0, 5.0])


def test_a_rate_becomes_counts_only_through_a_counting_time() -> None:
    found = counted(COUNTS / 2.5, unit="rate", times=2.5, where="x")
    np.testing.assert_allclose(found.intensity, COUNTS)
    assert found.std is None
    assert found.remarks[0].code == "rate_to_counts"
    unknown = counted(COUNTS / 2.5, unit="rate", where="x")
    assert unknown.unit == "counts/s"
    assert unknown.remarks[0].code == "counting_time_unknown"


def test_undeclared_values_tell_themselves_what_they_are() -> None:
    assert counted(COUNTS, unit="", times=0.3, where="x").unit == "counts"
    rate = counted(COUNTS / 0.3, unit="", times=0.3, where="x")
    assert rate.unit == "counts"
    np.testing.assert_allclose(rate.intensity, COUNTS)
    odd = counted(COUNTS * 0.7312, unit="", times=0.3, where="x")
    assert odd.unit == "unknown"
    assert odd.remarks[0].code == "intensity_unit_unknown"


def test_points_of_different_times_are_brought_to_one() -> None:
    times = np.array([1.0, 1.0, 2.0, 4.0])
    found = counted(COUNTS, unit="counts", times=times, where="x")
    np.testing.assert_allclose(found.intensity, COUNTS * 4 / times)
    assert found.std is not None
    np.testing.assert_allclose(found.std, np.sqrt(np.maximum(COUNTS, 1)) * 4 / times)
    assert found.time == 4.0


@pytest.mark.parametrize(("name", "given_"), [("times", 0.0), ("times", np.nan), ("factors", -1.0), ("factors", 0.0)])
def test_times_and_factors_that_are_none_are_refused(name: str, given_: float) -> None:
    with pytest.raises(ReadError, match="point 1 is"):
        counted(COUNTS, unit="counts", where="x", **{name: np.full(4, given_)})


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=30), st.floats(1.0, 5000.0), st.floats(0.01, 1000.0))
@settings(max_examples=80, deadline=None, derandomize=True)
def test_relative_uncertainty_is_that_of_counts_whatever_was_done_to_them(
    counts: list[int], factor: float, time: float
) -> None:
    behind = np.array(counts, dtype=np.float64)
    found = counted(behind / time, unit="rate", times=time, factors=factor, where="x")
    std = np.sqrt(np.maximum(found.intensity, 1)) if found.std is None else found.std
    seen = behind >= 1
    np.testing.assert_allclose(std[seen] / found.intensity[seen], 1 / np.sqrt(behind[seen]), rtol=1e-9)


def test_whole_means_within_printing() -> None:
    assert are_whole(np.array([1.0, 2.004, 1e9 + 100.0]))
    assert not are_whole(np.array([1.0, 2.4]))
    assert not are_whole(np.array([-1.0, np.nan]))
