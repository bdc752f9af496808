"""Slopes with autocorrelated residuals: exactness, coverage, pulls, invariants, refusals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from interlith.errors import FitError
from interlith.numerics.trends.autoregression import grid_for
from interlith.numerics.trends.trend import fit_trend
from tests.techniques.cycling.synthetic import ar1


def test_an_exact_line_is_found_exactly() -> None:
    x = np.array([3.0, 4, 5, 7, 8, 9, 12, 13, 14, 15])
    trend = fit_trend(x, 100 - 0.25 * x)
    assert trend.slope().value == pytest.approx(-0.25, rel=1e-10)
    assert trend.relative_slope(3.0).value == pytest.approx(-0.25 / 99.25, rel=1e-10)


def test_white_noise_gives_nearly_the_least_squares_answer() -> None:
    random = np.random.default_rng(1)
    x = np.arange(400.0)
    y = 5 + 0.02 * x + random.standard_normal(400)
    known = stats.linregress(x, y)
    found = fit_trend(x, y).slope()
    assert found.value == pytest.approx(known.slope, abs=0.3 * known.stderr)
    assert found.std == pytest.approx(known.stderr, rel=0.15)


def test_a_known_correlation_gives_generalised_least_squares() -> None:
    # At one correlation of the grid the coefficients must equal the textbook formula with the full covariance matrix.
    random = np.random.default_rng(2)
    x = np.array([1.0, 2, 3, 5, 6, 9, 10, 11, 12, 13, 15])
    y = random.standard_normal(len(x)) + 0.3 * x
    trend = fit_trend(x, y)
    grid = grid_for(np.diff(x))
    for index in (5, 30, 55, 70, 120):
        covariance = (1 - grid.share[index]) * grid.correlation[index] ** np.abs(x[:, None] - x[None, :])
        covariance += grid.share[index] * np.eye(len(x))
        design = np.column_stack([np.ones_like(x), x])
        inverse = np.linalg.inv(covariance)
        normal = design.T @ inverse @ design
        beta = np.linalg.solve(normal, design.T @ inverse @ y)
        residual = y - design @ beta
        variance = residual @ inverse @ residual / (len(x) - 2) * np.linalg.inv(normal)[1, 1]
        gradient = trend.slope_gradient()
        assert trend.coefficients[index] @ gradient == pytest.approx(beta[1], rel=1e-7)
        assert gradient @ trend.covariances[index] @ gradient == pytest.approx(variance, rel=1e-7)


def test_the_operator_reproduces_the_coefficients() -> None:
    random = np.random.default_rng(3)
    x = np.array([1.0, 2, 4, 5, 6, 7, 9, 10, 12, 13, 14])
    y = random.standard_normal(len(x))
    trend = fit_trend(x, y, degree=3)
    assert trend.operator @ y == pytest.approx(trend.weights @ trend.coefficients, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(("count", "correlation"), [(50, 0.0), (50, 0.8), (100, 0.6), (120, 0.9)])
def test_coverage_and_pulls(count: int, correlation: float) -> None:
    random = np.random.default_rng(count + int(10 * correlation))
    x = np.arange(1.0, count + 1)
    slopes = [fit_trend(x, 100 - 0.05 * x + noise).slope() for noise in ar1(random, (250, count), correlation)]
    covered = np.mean([item.low <= -0.05 <= item.high for item in slopes])
    # 250 repeats: standard error 1.4 %; the full study is benchmarks/trend_coverage.py.
    assert 0.91 <= covered <= 0.99
    pulls = np.array([(item.value + 0.05) / item.std for item in slopes])
    assert 0.8 < pulls.std() < 1.2
    assert abs(pulls.mean()) < 0.15


def test_least_squares_would_not_have_covered() -> None:
    # The reason for this file: with a correlation of 0.8 the textbook interval holds the truth half of the time.
    random = np.random.default_rng(5)
    x = np.arange(100.0)
    held = []
    for noise in ar1(random, (300, 100), 0.8):
        known = stats.linregress(x, noise)
        held.append(abs(known.slope) < 1.98 * known.stderr)
    assert np.mean(held) < 0.7


@pytest.mark.parametrize("correlation", [0.0, 0.6])
def test_false_alarms_of_curvature_are_rare_and_real_bends_are_found(correlation: float) -> None:
    random = np.random.default_rng(6)
    x = np.arange(1.0, 101)
    noise = ar1(random, (200, 100), correlation)
    straight = [fit_trend(x, 100 - 0.05 * x + one).linear for one in noise]
    bent = [fit_trend(x, 100 - 0.05 * x - 3e-3 * (x - 50) ** 2 + one).linear for one in noise[:60]]
    assert np.mean([item is False for item in straight]) <= 0.04
    assert np.mean([item is False for item in bent]) > 0.9


def test_the_cubic_keeps_the_mean_slope_of_a_bent_curve() -> None:
    random = np.random.default_rng(7)
    x = np.arange(1.0, 201)
    curve = 100 - 0.05 * x - 3e-4 * (x - 60) ** 2
    truth = np.polyfit(x, curve, 1)[0]
    found = [fit_trend(x, curve + 0.3 * one, degree=3).slope() for one in ar1(random, (120, 200), 0.5)]
    assert np.mean([item.low <= truth <= item.high for item in found]) > 0.9
    line = fit_trend(x, curve + 0.3 * random.standard_normal(200)).slope()
    assert np.median([item.std for item in found]) < 0.3 * line.std


@settings(max_examples=30, deadline=None)
@given(
    scale=st.floats(1e-6, 1e6), shift=st.floats(-1e3, 1e3), stretch=st.integers(1, 7), sign=st.sampled_from([-1.0, 1.0])
)
def test_units_and_origin_do_not_matter(scale: float, shift: float, stretch: int, sign: float) -> None:
    x = np.arange(1.0, 31)
    y = np.sin(x) + 0.1 * x
    first = fit_trend(x, y)
    other = fit_trend(stretch * x + 40, sign * scale * (y + shift))
    factor = sign * scale / stretch
    expected = first.slope().scaled(factor)
    found = other.slope()
    for name in ("value", "std", "low", "high"):
        assert getattr(found, name) == pytest.approx(getattr(expected, name), rel=1e-4, abs=1e-9 * abs(factor))
    assert other.bent == pytest.approx(first.bent, rel=1e-4)


def test_what_cannot_be_fitted_is_refused() -> None:
    with pytest.raises(FitError, match="at least 5 points; found 4"):
        fit_trend(np.arange(4.0), np.arange(4.0))
    with pytest.raises(FitError, match="finite"):
        fit_trend(np.arange(6.0), np.array([1, 2, math.nan, 4, 5, 6]))
    with pytest.raises(FitError, match="must increase"):
        fit_trend(np.array([1.0, 2, 2, 3, 4, 5]), np.arange(6.0))
    with pytest.raises(FitError, match="undefined"):
        fit_trend(np.arange(-5.0, 6), np.arange(-5.0, 6)).relative_slope(0.0)


def test_few_points_leave_the_shape_untested() -> None:
    random = np.random.default_rng(8)
    assert fit_trend(np.arange(8.0), random.standard_normal(8)).linear is None
