"""Noise of points with peaks among them, and units of counts, against what was simulated."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from interlith.numerics.point_noise import noise_factor, unit_of

Array = NDArray[np.float64]


def expected(seed: int, level: float, *, width: float = 10.0, points: int = 4000) -> Array:
    """Counts to be expected along a pattern with sixty peaks."""
    rng = np.random.default_rng(seed)
    place = np.arange(points)
    out = level * (1 + 0.5 * np.exp(-place / 600))
    for top in rng.uniform(0, points, 60):
        apart = 2 * (place - top) / width
        out += level * 10 ** rng.uniform(-1, 1.7) * (0.5 / (1 + apart**2) + 0.5 * np.exp(-np.log(2) * apart**2))
    return np.asarray(out)


@pytest.mark.parametrize("level", [1.0, 10.0, 100.0, 1e3, 1e4, 1e5])
def test_the_noise_of_counts_is_that_of_counts_with_peaks_at_every_level(level: float) -> None:
    ratios = []
    for seed in range(5):
        y = np.random.default_rng(seed + 100).poisson(expected(seed, level)).astype(float)
        ratios.append(math.sqrt(noise_factor(y, y)))
    assert np.mean(ratios) == pytest.approx(1.0, abs=0.05)
    assert np.ptp(ratios) < 0.25


def test_the_factor_is_that_of_the_variance() -> None:
    rng = np.random.default_rng(4)
    size = rng.uniform(1, 3, 5000)
    y = 40 + rng.normal(0, 2 * size)
    assert noise_factor(y, size**2) == pytest.approx(4.0, rel=0.1)
    assert noise_factor(7 * y, (7 * size) ** 2) == pytest.approx(noise_factor(y, size**2), rel=1e-9)


def test_smoothed_curves_are_quieter_than_their_uncertainties() -> None:
    y = np.random.default_rng(1).poisson(500, 3000).astype(float)
    smooth = np.convolve(y, np.ones(5) / 5, "same")
    assert noise_factor(smooth, smooth) < 0.1


def test_nothing_is_said_of_too_little() -> None:
    assert math.isnan(noise_factor(np.ones(10), np.ones(10)))
    assert math.isnan(noise_factor(np.ones(500), np.ones(500)))
    assert math.isnan(noise_factor(np.zeros(500), np.zeros(500)))


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), level=st.floats(1, 1e5), power=st.floats(-4, 4))
def test_the_unit_of_scaled_counts_is_found_exactly(seed: int, level: float, power: float) -> None:
    unit = 10.0**power
    y = unit * np.random.default_rng(seed).poisson(expected(seed, level, points=1500))
    assert unit_of(y) == pytest.approx(unit, rel=1e-6)


def test_counts_and_what_is_none() -> None:
    rng = np.random.default_rng(2)
    counts = rng.poisson(50, 2000).astype(float)
    assert unit_of(counts) == 1.0
    assert unit_of(2 * counts) == 2.0
    assert unit_of(np.round(counts / 7.3, 3)) == pytest.approx(1 / 7.3, rel=1e-3)
    assert unit_of(counts * rng.uniform(0.9, 1.1, 2000)) is None
    assert unit_of(np.full(100, 5.0)) == 1.0
    assert unit_of(np.full(100, 5.5)) is None
    assert unit_of(np.zeros(0)) == 1.0


def test_a_noisy_stretch_does_not_count() -> None:
    rng = np.random.default_rng(9)
    y = 100 + rng.normal(0, 1, 6000)
    y[1000:2000] += rng.normal(0, 10, 1000)
    assert noise_factor(y, np.ones(6000)) == pytest.approx(1.0, rel=0.1)
