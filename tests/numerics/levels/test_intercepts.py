"""Do intercepts, hinges and the bootstrap hold their truth, and stay put when units change?"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlith.errors import FitError
from interlith.numerics.levels.fieller import CLOSED, EVERYWHERE, OUTSIDE, root_set
from interlith.numerics.levels.hinges import fit_hinge
from interlith.numerics.levels.intercepts import fit_intercept
from interlith.numerics.levels.regression_outliers import deleted_probabilities
from interlith.numerics.levels.wild_bootstrap import wild_interval, wild_probability

X = np.array([0.4, 0.5, 0.6, 0.7, 0.85, 1.0])
NOISE = np.array([0.011, -0.024, 0.015, 0.003, -0.012, 0.009])
Y = X - 0.31 + NOISE


def test_the_three_shapes_of_a_set() -> None:
    unit = np.eye(2)
    closed = root_set(np.array([1.0, -2.0]), 0.01 * unit)
    assert closed.kind == CLOSED
    for end in (closed.low, closed.high):
        assert (1 - 2 * end) ** 2 == pytest.approx(0.01 * (1 + end**2))
    outside = root_set(np.array([1.0, 0.05]), 0.01 * unit)
    assert outside.kind == OUTSIDE
    assert outside.holds(-20.0)
    assert not outside.holds(0.5 * (outside.low + outside.high))
    everything = root_set(np.array([0.01, 0.01]), 0.01 * unit)
    assert everything.kind == EVERYWHERE
    assert everything.holds(3.0)
    assert (everything.low, everything.high) == (-math.inf, math.inf)


def test_an_interval_is_the_set_of_heights_that_are_not_distinct_from_zero() -> None:
    found = fit_intercept(X, Y, np.ones(6), scaled=True)
    ends = found.interval(0.95)
    design = np.column_stack([np.ones(6), X])
    (a, b), squares = np.linalg.lstsq(design, Y, rcond=None)[:2]
    covariance = np.linalg.inv(design.T @ design) * squares[0] / 4
    assert found.value == pytest.approx(-a / b)
    for end in (ends.low, ends.high):
        row = np.array([1.0, end])
        assert abs(row @ [a, b]) / math.sqrt(row @ covariance @ row) == pytest.approx(2.776445, rel=1e-5)


def test_the_gradient_is_the_derivative() -> None:
    found = fit_intercept(X, Y, 1 + X, scaled=True)
    for place in range(6):
        step = np.zeros(6)
        step[place] = 1e-6
        pair = [float(fit_intercept(X, Y + sign * step, 1 + X, scaled=True).value) for sign in (1, -1)]
        assert found.gradient[place] == pytest.approx((pair[0] - pair[1]) / 2e-6, rel=1e-5)


def test_a_source_that_multiplies_all_values_leaves_the_intercept_alone() -> None:
    found = fit_intercept(X, Y, np.ones(6), scaled=True)
    assert found.gradient @ Y == pytest.approx(0.0, abs=1e-12)
    plain, common = found.interval(0.95), found.interval(0.95, shared=0.05 * Y[None, :])
    assert common.high - common.low == pytest.approx(plain.high - plain.low, rel=0.01)
    offset = found.interval(0.95, shared=np.full((1, 6), 0.05))
    assert offset.high - offset.low > 2 * (plain.high - plain.low)


@pytest.mark.parametrize(("count", "sigma"), [(4, 0.1), (6, 0.02), (6, 0.3), (12, 0.1)])
def test_coverage_of_lines(count: int, sigma: float) -> None:
    random = np.random.default_rng(count)
    x = np.linspace(0.3, 1.0, count)
    own = sigma * (0.5 + x)
    y = x - 0.22 + own * random.standard_normal((40000, count))
    for scaled in (True, False):
        held = fit_intercept(x, y, own, scaled=scaled).interval(0.95).holds(0.22).mean()
        assert 0.946 < held < 0.954


def test_coverage_with_uncertain_abscissas_and_the_bias_that_goes() -> None:
    random = np.random.default_rng(2)
    truth = np.linspace(0.3, 1.0, 8)
    held, plain, straight = [], [], []
    for _ in range(600):
        x = truth + 0.06 * random.standard_normal(8)
        y = truth - 0.22 + 0.02 * random.standard_normal(8)
        found = fit_intercept(x, y, np.full(8, 0.02), scaled=True, x_std=np.full(8, 0.06))
        held.append(bool(found.interval(0.95).holds(0.22)))
        straight.append(float(found.value))
        plain.append(float(fit_intercept(x, y, np.ones(8), scaled=True).value))
    assert 0.92 < np.mean(held) < 0.98
    assert abs(np.median(straight) - 0.22) < 0.012
    assert np.median(plain) < 0.20


@pytest.mark.parametrize("kind", ["equal", "grow", "shrink"])
def test_the_bootstrap_holds_where_equal_weights_do_not(kind: str) -> None:
    random = np.random.default_rng(8)
    x = np.linspace(0.3, 1.0, 8)
    sizes = {"equal": np.ones(8), "grow": 0.2 + 2 * (x - 0.3), "shrink": 0.2 + 2 * (1 - x)}[kind]
    y = x - 0.22 + 0.03 * sizes * random.standard_normal((500, 8))
    chance = wild_probability(x, y, np.ones(8), np.full(500, 0.22), repeats=499)
    assert 0.905 < np.mean(chance > 0.05) < 0.98
    if kind == "shrink":
        assert fit_intercept(x, y, np.ones(8), scaled=True).interval(0.95).holds(0.22).mean() < 0.91


def test_the_ends_of_the_bootstrap_are_where_its_test_turns() -> None:
    low, high = wild_interval(X, Y, np.ones(6), 0.31, 0.95)
    assert low < 0.31 < high
    inside = wild_probability(X, Y, np.ones(6), [low + 1e-4, high - 1e-4])
    outside = wild_probability(X, Y, np.ones(6), [low - 1e-3, high + 1e-3])
    assert (inside > 0.05).all()
    assert (outside <= 0.05).all()
    with pytest.raises(FitError, match="too few for a bootstrap"):
        wild_interval(X[:3], Y[:3], np.ones(3), 0.3, 0.95)


@pytest.mark.parametrize("scaled", [True, False])
@pytest.mark.parametrize("clipped", [True, False])
def test_coverage_of_hinges(scaled: bool, clipped: bool) -> None:
    random = np.random.default_rng(5)
    x = np.linspace(0.0, 1.0, 9)
    y = np.maximum(x - 0.33, 0.0) + 0.04 * random.standard_normal((300, 9))
    y = np.maximum(y, 0.0) if clipped else y
    found = fit_hinge(x, y, np.full(9, 0.04), scaled=scaled, below=(y == 0.0) & clipped)
    held = ((found.low <= 0.33) & (found.high >= 0.33)).mean()
    assert 0.915 < held < 0.985
    assert abs(np.median(found.threshold) - 0.33) < 0.01


def test_a_hinge_beyond_its_threshold_is_the_line() -> None:
    line, hinge = fit_intercept(X, Y, np.ones(6), scaled=True), fit_hinge(X, Y, np.ones(6), scaled=True)
    assert hinge.threshold == pytest.approx(float(line.value), abs=1e-6)
    ends = line.interval(0.95)
    assert [float(hinge.low), float(hinge.high)] == pytest.approx([float(ends.low), float(ends.high)], abs=1e-6)


def test_a_bound_far_above_says_nothing_and_one_near_zero_does() -> None:
    x = np.concatenate([[0.1, 0.2], X])
    below = np.arange(8) < 2
    free = fit_hinge(X, Y, np.ones(6), scaled=True)
    loose = fit_hinge(x, np.concatenate([[9.0, 9.0], Y]), np.ones(8), scaled=True, below=below)
    assert loose.threshold == pytest.approx(float(free.threshold), abs=1e-5)
    late = np.concatenate([[0.0] * 4, Y[4:] + 0.1, [0.9]])
    x = np.concatenate([X, [1.15]])
    tight = fit_hinge(x, late, np.full(7, 0.02), scaled=False, below=late == 0.0)
    assert tight.threshold > 0.5


@given(st.floats(0.01, 100), st.floats(-10, 10), st.floats(0.01, 100), st.permutations(range(6)))
@settings(max_examples=25, deadline=None)
def test_units_shifts_and_order(scale: float, shift: float, size: float, order: list[int]) -> None:
    place = np.array(order)
    for fit in (fit_intercept, fit_hinge):
        first = fit(X, Y, 1 + X, scaled=True)
        second = fit((scale * X + shift)[place], (size * Y)[place], (1 + X)[place], scaled=True)
        told = first.value if fit is fit_intercept else first.threshold
        again = second.value if fit is fit_intercept else second.threshold
        assert again == pytest.approx(scale * told + shift, rel=1e-4, abs=1e-4 * scale)
        if fit is fit_intercept:
            ends, moved = first.interval(0.95), second.interval(0.95)
            assert moved.low == pytest.approx(scale * ends.low + shift, rel=1e-6, abs=1e-6 * scale)


def test_outliers_are_named_by_the_line_through_the_others() -> None:
    y = Y.copy()
    y[2] += 0.4
    found = fit_intercept(X, y, np.ones(6), scaled=True)
    chance = deleted_probabilities(found.residuals, found.leverage)
    assert chance.argmin() == 2
    assert chance[2] < 0.01
    rest = np.arange(6) != 2
    others = fit_intercept(X[rest], y[rest], np.ones(5), scaled=True)
    row = np.array([1.0, X[2] - others.centre])
    spread = others.scale * math.sqrt(1 + float(row**2 @ others.covariance))
    pull = (y[2] - row @ others.coefficients) / spread
    from scipy import stats

    assert chance[2] == pytest.approx(6 * 2 * stats.t.sf(abs(pull), 3), rel=1e-6)
    random = np.random.default_rng(1)
    fits = fit_intercept(X, X + random.standard_normal((4000, 6)), np.ones(6), scaled=True)
    false = (deleted_probabilities(fits.residuals, fits.leverage) < 0.05).any(axis=1).mean()
    assert 0.03 < false < 0.055


@pytest.mark.parametrize(
    ("x", "y", "std", "words"),
    [
        ([1, 1, 1], [1, 2, 3], [1, 1, 1], "two different abscissas"),
        ([1, 2], [1, 2], [1, 1], "leave no scatter"),
        ([1, 2, 3], [1, 2, math.nan], [1, 1, 1], "finite numbers"),
        ([1, 2, 3], [1, 2, 3], [1, 1, 0], "positive uncertainties"),
        ([1, 2, 3], [1, 2], [1, 1, 1], "one length"),
    ],
)
def test_refusals(x: list[float], y: list[float], std: list[float], words: str) -> None:
    with pytest.raises(FitError, match=words):
        fit_intercept(x, y, std, scaled=True)


def test_refusals_of_hinges() -> None:
    with pytest.raises(FitError, match="2 points are measured"):
        fit_hinge([1, 2, 3, 4], [0, 0, 1, 2], np.ones(4), scaled=True, below=[True, True, False, False])
    with pytest.raises(FitError, match="three different abscissas"):
        fit_hinge([1, 1, 2, 2], [0, 0, 1, 2], np.ones(4), scaled=True)
