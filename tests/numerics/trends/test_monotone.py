"""Are the rank test and the median slope exact for few points, and is the weighted line that of least squares?"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from interlith.errors import FitError
from interlith.numerics.trends.monotone import monotone
from interlith.numerics.trends.trend import fit_trend
from interlith.numerics.trends.weighted_line import weighted_line


@pytest.mark.parametrize("count", [4, 7, 12, 30])
def test_probability_is_that_of_the_exact_test(count: int) -> None:
    random = np.random.default_rng(count)
    x, y = random.standard_normal((2, count))
    found = monotone(x, y)
    expected = stats.kendalltau(x, y, method="exact")
    assert found.kendall == pytest.approx(expected.statistic)
    assert found.probability == pytest.approx(expected.pvalue, abs=1e-12)
    assert found.slope == pytest.approx(stats.theilslopes(y, x).slope)


def test_many_points_are_taken_as_normal() -> None:
    random = np.random.default_rng(1)
    x, y = random.standard_normal((2, 80))
    found = monotone(x, y)
    assert found.probability == pytest.approx(stats.kendalltau(x, y).pvalue, abs=0.01)
    assert 0.95 <= found.held < 0.96


@pytest.mark.parametrize(("count", "held"), [(5, 59 / 60), (8, 0.96885), (12, 0.95526)])
def test_the_interval_covers_as_often_as_it_says_for_wild_scatter(count: int, held: float) -> None:
    random = np.random.default_rng(count)
    x = np.arange(float(count))
    found = [monotone(x, 2 * x + random.standard_cauchy(count)) for _ in range(800)]
    covered = np.mean([item.low <= 2 <= item.high for item in found])
    assert found[0].held == pytest.approx(held, abs=1e-4)
    assert covered == pytest.approx(held, abs=4 * math.sqrt(held * (1 - held) / 800))


def test_four_points_reach_no_95_per_cent() -> None:
    found = monotone([1, 2, 3, 4], [1, 2, 3, 4])
    assert (found.low, found.high) == (-math.inf, math.inf)
    assert found.probability == pytest.approx(2 / 24)
    assert math.isfinite(monotone([1, 2, 3, 4], [1, 2, 3, 4], level=0.9).low)


@given(st.permutations(range(7)), st.floats(0.1, 10), st.floats(-5, 5))
@settings(max_examples=40, deadline=None)
def test_order_units_and_shifts_change_nothing(order: list[int], scale: float, shift: float) -> None:
    x = np.array([0.0, 1, 2, 4, 7, 8, 9])
    y = np.array([0.3, 1.1, 0.9, 2.2, 1.9, 3.3, 2.8])
    first, second = monotone(x, y), monotone(x[order] / scale + shift, scale * y[order] - shift)
    assert second.slope == pytest.approx(first.slope * scale**2)
    assert second.low == pytest.approx(first.low * scale**2)
    assert second.probability == first.probability


@pytest.mark.parametrize("y", [[1.0, 2.0], [1.0, math.nan, 2.0], [1.0, 2.0, 3.0, 4.0]])
def test_what_is_no_series_is_refused(y: list[float]) -> None:
    with pytest.raises(FitError):
        monotone([1.0, 2.0, 3.0][: max(2, len(y) - 1)] if len(y) != 3 else [1.0, 2.0, 3.0], y)


def test_the_weighted_line_is_that_of_least_squares() -> None:
    random = np.random.default_rng(2)
    x, std = random.uniform(0, 5, 15), random.uniform(0.5, 2, 15)
    y = 1 + 2 * x + std * random.standard_normal(15)
    (slope, _), covariance = np.polyfit(x, y, 1, w=1 / std, cov=True)
    found = weighted_line(x, y, std, scaled=True)
    assert [float(item) for item in found.slope()] == pytest.approx([slope, math.sqrt(covariance[0, 0])])
    _, covariance = np.polyfit(x, y, 1, w=1 / std, cov="unscaled")
    stated = weighted_line(x, y, std, scaled=False)
    assert [float(item) for item in stated.slope()] == pytest.approx([slope, math.sqrt(covariance[0, 0])])
    assert float(stated.linear(stated.gradient_at(3.0))[0]) == pytest.approx(
        np.polyval(np.polyfit(x, y, 1, w=1 / std), 3.0)
    )
    np.testing.assert_allclose(found.slope_gradient @ found.operator @ y, slope)


def test_the_weighted_line_covers_and_finds_bends() -> None:
    random = np.random.default_rng(3)
    x = np.array([1.0, 2, 3, 5, 8, 9, 10])
    std = 0.3 + 0.2 * x
    y = 2 * x + std * random.standard_normal((3000, 7))
    for scaled in (True, False):
        found = weighted_line(x, y, std, scaled=scaled)
        value, size = found.slope()
        wide = stats.t.ppf(0.975, found.dof)
        assert np.mean(np.abs(value - 2) <= wide * size) == pytest.approx(0.95, abs=0.015)
        assert np.mean(found.bent < 0.05) == pytest.approx(0.05, abs=0.015)
        bent = weighted_line(x, y + x**2, std, scaled=scaled)
        assert np.mean(bent.bent < 0.05) > 0.9
    assert np.mean(weighted_line(x, y, std, scaled=False).misfit < 0.05) == pytest.approx(0.05, abs=0.015)


def test_relative_sizes_weigh_an_autocorrelated_trend() -> None:
    random = np.random.default_rng(4)
    x = np.arange(1.0, 61)
    sizes = np.where(x > 30, 5.0, 0.5)
    y = 3 + 0.1 * x + sizes * random.standard_normal(60)
    weighted, plain = fit_trend(x, y, relative=sizes).slope(), fit_trend(x, y).slope()
    expected = weighted_line(x, y, sizes, scaled=True).slope()
    assert weighted.high - weighted.low < 0.8 * (plain.high - plain.low)
    assert weighted.value == pytest.approx(float(expected[0]), abs=float(expected[1]))
    same = fit_trend(x, y, relative=np.full(60, 7.0)).slope()
    assert (same.value, same.low) == pytest.approx((plain.value, plain.low))
    found = fit_trend(x, y, relative=sizes)
    np.testing.assert_allclose(found.slope_gradient() @ found.operator @ y, found.slope().value)
    with pytest.raises(FitError, match="Relative sizes"):
        fit_trend(x, y, relative=[1.0, 0.0])
