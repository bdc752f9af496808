"""Densities that conserve the amount, noise and quantum of a reading, slopes at a stated resolution."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlith.errors import FitError
from interlith.numerics.smoothing import density_along, local_slope, noise_of, quantum_of, resolution_of


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), noise=st.sampled_from([0.0, 1e-4, 3e-3]), quantum=st.sampled_from([0.0, 1e-3]))
def test_the_integral_is_the_amount_whatever_the_curve(seed: int, noise: float, quantum: float) -> None:
    random = np.random.default_rng(seed)
    x = np.concatenate([[0.0], np.cumsum(random.uniform(0, 1, 300))])
    y = 3.5 + np.sin(x / 40) * 0.4 + 0.002 * x + noise * random.standard_normal(301)
    if quantum:
        y = np.round(y / quantum) * quantum
    density = density_along(x, y, resolution=0.004)
    assert density.density.min() >= 0
    assert density.density.sum() * density.spacing == pytest.approx(x[-1], rel=1e-6)
    assert density.amount(density.level[0], density.level[-1]) == pytest.approx(x[-1], rel=1e-4)


def test_a_reversed_curve_has_the_same_density() -> None:
    x = np.linspace(0, 1, 500)
    y = 3 + x**2
    up = density_along(x, y, resolution=0.005)
    down = density_along(x, y[::-1], resolution=0.005)
    assert up.density == pytest.approx(down.density[: len(up.density)], abs=1e-9)


def test_a_flat_plateau_becomes_the_kernel() -> None:
    y = np.concatenate([np.linspace(3.0, 4.0, 100), np.full(100, 4.0), np.linspace(4.0, 4.2, 50)])
    density = density_along(np.arange(250.0), y, resolution=0.01)
    top = density.density.max()
    assert density.level[density.density.argmax()] == pytest.approx(4.0, abs=0.003)
    assert top == pytest.approx(100 / (0.01 * np.sqrt(2 * np.pi)), rel=0.1)


def test_gaps_are_left_out() -> None:
    x, y = np.arange(100.0), np.linspace(3, 4, 100)
    joined = np.ones(99, dtype=bool)
    joined[40:60] = False
    density = density_along(x, y, resolution=0.01, joined=joined)
    assert density.total == 79
    assert np.interp(3.5, density.level, density.density) < 0.01 * density.density.max()


def test_the_noise_of_the_density_is_as_stated() -> None:
    random = np.random.default_rng(4)
    x = np.linspace(0, 1, 600)
    clean = 3.6 + 0.8 * x + 0.05 * np.sin(12 * x)
    draws = [density_along(x, clean + 1e-3 * random.standard_normal(600), resolution=0.012) for _ in range(300)]
    level = 4.0
    heights = np.array([np.interp(level, item.level, item.density) for item in draws])
    stated = np.mean([item.height_std(level) for item in draws])
    assert heights.std() == pytest.approx(stated, rel=0.25)


def test_noise_and_quantum_are_recognised() -> None:
    random = np.random.default_rng(5)
    x = np.linspace(0, 1, 800)
    curve = 3.5 + 0.5 * x**2
    assert noise_of(curve + 2e-3 * random.standard_normal(800)) == pytest.approx(2e-3, rel=0.15)
    assert noise_of(curve) < 1e-6
    assert quantum_of(np.round(curve, 3)) == pytest.approx(1e-3)
    # Readings at every few steps of a converter repeat no value.
    assert quantum_of(3.0 + 1.9073e-4 * np.cumsum(random.integers(1, 12, 300))) == pytest.approx(1.9073e-4, rel=1e-3)
    assert quantum_of(curve + 1e-3 * random.standard_normal(800)) == 0.0
    assert noise_of(np.round(curve, 3)) >= 1e-3 / 12**0.5 * 0.999
    assert resolution_of(np.round(curve, 3)) >= 2e-3


def test_local_slopes_and_their_uncertainty() -> None:
    random = np.random.default_rng(6)
    x = np.linspace(0, 1, 500)
    at = np.linspace(0.05, 0.95, 40)
    true = 0.5 + 0.6 * np.cos(4 * at)
    clean = 0.5 * x + 0.15 * np.sin(4 * x)
    slopes = np.array(
        [
            local_slope(x, clean + 1e-3 * random.standard_normal(500), at, resolution=0.03, noise=1e-3)[0]
            for _ in range(200)
        ]
    )
    _, std = local_slope(x, clean, at, resolution=0.03, noise=1e-3)
    assert np.abs(slopes.mean(axis=0) - true).max() < 0.02
    assert slopes.std(axis=0) == pytest.approx(std, rel=0.25)


def test_too_little_is_refused() -> None:
    with pytest.raises(FitError, match="eight joined samples; found 4"):
        density_along(np.arange(5.0), np.arange(5.0), resolution=0.1)
    with pytest.raises(FitError, match="must be positive"):
        density_along(np.arange(50.0), np.arange(50.0), resolution=0.0)
    with pytest.raises(FitError, match="grid points"):
        density_along(np.arange(50.0), np.arange(50.0), resolution=1e-5)
