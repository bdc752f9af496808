"""Uncertainties of points: where they come from, and that none is ever infinite in weight."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from interlith.errors import FitError
from interlith.techniques.diffraction.weights import weights_of

Array = NDArray[np.float64]


def expected(seed: int, level: float, points: int = 3000) -> Array:
    rng = np.random.default_rng(seed)
    place = np.arange(points)
    out = level * (1 + 0.5 * np.exp(-place / 600))
    for top in rng.uniform(0, points, 40):
        out += level * 10 ** rng.uniform(-1, 1.7) / (1 + (2 * (place - top) / rng.uniform(5, 15)) ** 2)
    return np.asarray(out)


def counted(seed: int, level: float) -> Array:
    return np.random.default_rng(seed).poisson(expected(seed, level)).astype(float)


def test_counts_are_counts() -> None:
    y = counted(1, 2.0)
    assert np.any(y == 0)
    found = weights_of(y)
    assert (found.basis, found.factor, found.notes) == ("counts", 1.0, ())
    assert found.used.all()
    assert found.std == pytest.approx(np.sqrt(np.maximum(y, 1)))


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**5), level=st.floats(10, 1e5), power=st.floats(-4, 4))
def test_the_factor_of_scaled_counts_is_found(seed: int, level: float, power: float) -> None:
    factor = 10.0**power
    found = weights_of(factor * counted(seed, level))
    assert found.basis == ("counts" if factor == 1 else "scaled counts")
    assert found.factor == pytest.approx(factor, rel=0.05)


@pytest.mark.parametrize("level", [10.0, 1e3, 1e5])
@pytest.mark.parametrize("factor", [0.04, 3.7])
def test_rates_that_were_rounded_or_corrected_are_known_by_their_scatter(level: float, factor: float) -> None:
    found = []
    for seed in range(5):
        y = counted(seed, level)
        corrected = factor * y * (1 + 0.1 * np.sin(np.arange(y.size) / 500))  # such as a varying slit
        one = weights_of(corrected)
        assert one.basis == "scaled counts"
        assert "counts times about" in one.notes[0]
        found.append(math.sqrt(one.factor / factor))
    assert np.mean(found) == pytest.approx(1.0, abs=0.05)


def test_whole_numbers_that_scatter_otherwise_are_no_counts() -> None:
    found = weights_of(np.round(counted(3, 5000.0) * 0.1))
    assert found.basis == "scaled counts"
    assert found.factor == pytest.approx(0.1, rel=0.2)
    assert "whole numbers" in found.notes[0]


def test_stated_uncertainties_are_kept_and_zero_negative_and_nan_have_no_weight() -> None:
    y = counted(2, 400.0)
    std = np.sqrt(y)
    std[:3], std[3:5], std[5] = 0.0, -1.0, math.nan
    y[6] = math.nan
    found = weights_of(y, std)
    assert found.basis == "stated"
    assert np.flatnonzero(~found.used).tolist() == list(range(7))
    assert np.isnan(found.std[:7]).all()
    assert np.array_equal(found.std[7:], std[7:])
    assert found.notes == (f"7 of {y.size} points have no uncertainty and do not count.",)


@pytest.mark.parametrize(("times", "said"), [(0.3, "too small"), (3.0, "too large")])
def test_stated_uncertainties_that_the_scatter_belies_are_told(times: float, said: str) -> None:
    y = counted(2, 400.0)
    found = weights_of(y, times * np.sqrt(y))
    assert said in found.notes[0]
    assert np.array_equal(found.std, times * np.sqrt(y))


def test_negative_points_among_counts_and_dead_runs_do_not_count() -> None:
    y = counted(4, 200.0)
    y[100:103] = -5.0
    y[500:520] = 0.0
    y[900] = math.nan
    found = weights_of(y)
    assert found.basis == "counts"
    assert np.flatnonzero(~found.used).tolist() == [100, 101, 102, *range(500, 520), 900]
    assert len(found.notes) == 3


def test_patterns_with_something_subtracted_are_weighted_by_their_scatter() -> None:
    rng = np.random.default_rng(5)
    y = rng.normal(0, 3.0, 3000)
    found = weights_of(y)
    assert found.basis == "scatter"
    assert found.used.all()
    assert np.median(found.std) == pytest.approx(3.0, rel=0.1)
    assert "subtracted" in found.notes[0]


def test_shapes_that_differ_are_refused() -> None:
    with pytest.raises(FitError, match="shape"):
        weights_of(np.ones(5), np.ones(4))


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.one_of(st.just(0.0), st.integers(0, 10**6).map(float), st.floats(-1e6, 1e9), st.just(math.nan)), max_size=120
    ),
    st.booleans(),
    st.integers(0, 10**6),
)
def test_no_weight_is_ever_infinite(values: list[float], stated: bool, seed: int) -> None:
    y = np.array(values, dtype=np.float64)
    std = np.random.default_rng(seed).choice([0.0, -1.0, math.nan, math.inf, 1.0, 1e3], y.size) if stated else None
    found = weights_of(y, std)
    assert found.std.shape == found.used.shape == y.shape
    assert np.all(np.isfinite(found.std[found.used]))
    assert np.all(found.std[found.used] > 0)
    assert np.all(np.isfinite(1 / found.std[found.used] ** 2))
    assert np.all(np.isnan(found.std[~found.used]))
    assert math.isfinite(found.factor)
    assert found.factor > 0
