"""The curve under simulated peaks against the one that was put there, and against what may break it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.polynomial.chebyshev import chebval
from numpy.typing import NDArray

from interlith.errors import FitError
from interlith.numerics.background_terms import Hump, wanted_terms
from interlith.numerics.backgrounds import baseline, chebyshev_basis, chebyshev_start, least_squares

Array = NDArray[np.float64]


def scaled(x: Array) -> Array:
    return np.asarray((2 * x - x[0] - x[-1]) / (x[-1] - x[0]))


def simulated(
    seed: int, *, level: float = 300.0, peaks: int = 40, points: int = 5000, width: float = 0.12, hump: float = 0.0
) -> tuple[Array, Array, Array, Array]:
    """x, counts, uncertainties and the true background."""
    rng = np.random.default_rng(seed)
    x = np.linspace(10.0, 100.0, points)
    u = scaled(x)
    truth = level * (1 - 0.3 * u + 0.2 * u**2 + 0.1 * u**3) + hump * level * np.exp(-0.5 * ((x - 28) / 3) ** 2)
    y = truth.copy()
    for place in rng.uniform(12, 100, peaks):
        apart = 2 * (x - place) / (width * rng.uniform(0.7, 1.4))
        y += level * 10 ** rng.uniform(-1, 1.5) * (0.5 / (1 + apart**2) + 0.5 * np.exp(-np.log(2) * apart**2))
    counts = rng.poisson(y).astype(float)
    return x, counts, np.sqrt(np.maximum(counts, 1.0)), truth


@pytest.mark.parametrize("level", [3.0, 30.0, 300.0, 10_000.0])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_background_is_found_within_the_noise_of_a_point(level: float, seed: int) -> None:
    x, y, std, truth = simulated(seed, level=level)
    found = chebval(scaled(x), chebyshev_start(x, y, std, 8))
    allowed = 0.5 * np.sqrt(level) + 0.03 * level  # tails of peaks are background to a curve without peaks
    assert np.sqrt(np.mean((found - truth) ** 2)) < allowed


def test_narrow_peaks_do_not_lift_it() -> None:
    # Nearly every mean of eighty neighbours has a peak of ten points inside it.
    x, y, std, truth = simulated(5, points=40_000, width=0.02, peaks=900)
    found = chebval(scaled(x), chebyshev_start(x, y, std, 6))
    assert np.max(np.abs(found - truth)) < np.sqrt(truth).mean()


def test_it_is_no_lower_than_the_points_where_there_are_no_peaks() -> None:
    # Low counts have small uncertainties; weights from single points would pull the curve down by about one count.
    for seed in range(3):
        x, y, std, truth = simulated(seed, level=20.0, peaks=0, points=600)
        found = chebval(scaled(x), chebyshev_start(x, y, std, 4))
        assert abs(np.mean(found - truth)) < 0.6


def test_a_curve_without_noise_comes_back() -> None:
    x = np.linspace(1.0, 26.0, 400)
    truth = np.array([100.0, -30.0, 12.0, 4.0])
    found = chebyshev_start(x, chebval(scaled(x), truth), np.full(400, 1e-3), 4)
    assert found == pytest.approx(truth, abs=0.02)


def test_polynomials_run_over_all_points_counting_or_not() -> None:
    x = np.linspace(5.0, 90.0, 900)
    truth = np.array([500.0, -200.0, 80.0])
    std = np.full(900, 0.01)
    std[:100], std[-80:] = 0.0, np.nan
    assert chebyshev_start(x, chebval(scaled(x), truth), std, 3) == pytest.approx(truth, abs=0.5)


def test_what_cannot_be_done_is_refused() -> None:
    x = np.arange(20.0)
    with pytest.raises(FitError, match="eight points"):
        baseline(x, x, np.where(x < 6, 1.0, 0.0))
    with pytest.raises(FitError, match="rises"):
        baseline(x[::-1], x, np.ones(20))
    with pytest.raises(FitError, match="one shape"):
        baseline(x, x[:-1], np.ones(20))
    with pytest.raises(FitError, match="negative"):
        chebyshev_start(x, x, np.ones(20), -1)
    with pytest.raises(FitError, match="At least two"):
        wanted_terms(x, x, np.ones(20), fewest=4, most=4)


def test_no_polynomial_is_asked_for() -> None:
    assert chebyshev_start(np.arange(20.0), np.ones(20), np.ones(20), 0).shape == (0,)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), count=st.integers(1, 16), points=st.integers(12, 700), power=st.floats(-6, 6))
def test_whatever_the_pattern_the_coefficients_are_finite_and_scale_with_it(
    seed: int, count: int, points: int, power: float
) -> None:
    rng = np.random.default_rng(seed)
    x = np.cumsum(rng.uniform(0.01, 1.0, points))
    y = rng.lognormal(2, 2, points).round()
    std = np.sqrt(np.maximum(y, 1))
    found = chebyshev_start(x, y, std, count)
    assert found.shape == (count,)
    assert np.all(np.isfinite(found))
    factor = 10.0**power
    again = chebyshev_start(3 * x + 7, factor * y, factor * std, count)
    assert again == pytest.approx(factor * found, rel=1e-4, abs=1e-4 * factor * np.abs(found).max())


def test_constant_and_empty_curves_are_followed() -> None:
    x = np.arange(1000.0)
    for level in (0.0, 1.0, 5e6):
        found = chebyshev_start(x, np.full(1000, level), np.ones(1000), 3)
        assert found == pytest.approx([level, 0, 0], abs=1e-6 + 1e-6 * level)


def test_least_squares_fits() -> None:
    x = np.linspace(-1, 1, 50)
    curves = chebyshev_basis(x, x, 4)
    truth = np.array([1.0, 2.0, -3.0, 0.5])
    assert least_squares(curves, curves @ truth, np.linspace(0.1, 1, 50)) == pytest.approx(truth, abs=1e-7)


@pytest.mark.parametrize("seed", range(4))
def test_a_simple_background_wants_few_polynomials_and_a_lively_one_more(seed: int) -> None:
    x, y, std, _ = simulated(seed, peaks=10)
    simple = wanted_terms(x, y, std)
    assert 3 <= simple.best.count <= 10  # four would do; tails of peaks ask for more
    assert simple.runner_up.count != simple.best.count
    assert simple.lead >= 0
    wavy = np.random.default_rng(seed).poisson(y + 200 * (1 + np.cos(3 * np.pi * scaled(x)))).astype(float)
    assert wanted_terms(x, wavy, np.sqrt(np.maximum(wavy, 1))).best.count >= 11


def test_a_background_that_wants_many_polynomials_gets_them() -> None:
    x = np.linspace(10.0, 100.0, 5000)
    y = np.random.default_rng(1).poisson(400 + 20 * np.cos(5 * np.pi * scaled(x))).astype(float)
    found = wanted_terms(x, y, np.sqrt(np.maximum(y, 1)))
    assert 17 <= found.best.count <= 24  # five periods are followed from about 5 pi polynomials on
    assert wanted_terms(x, y, np.sqrt(np.maximum(y, 1)), most=12).best.count <= 12


def test_a_hump_is_proposed_where_it_was_put() -> None:
    x, y, std, _ = simulated(4, level=30.0, peaks=10, hump=1.0)
    found = wanted_terms(x, y, std).with_hump
    assert found is not None
    assert found.hump is not None
    assert abs(found.hump.position - 28) < 3
    assert wanted_terms(*simulated(4, level=30.0, peaks=10)[:3]).with_hump is None


def test_a_hump_has_its_height_at_its_top_and_half_of_it_half_a_width_away() -> None:
    assert Hump(20.0, 4.0, 10.0).at(np.array([20.0, 22.0, 18.0])) == pytest.approx([10.0, 5.0, 5.0])
