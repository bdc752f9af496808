"""Are rival explanations weighed as the literature says, are their errors taken off, and are their odds honest?"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate

from interlith.errors import FitError
from interlith.numerics.trends.rivals import compare_rivals


def drawn(random, shape, correlation):
    z = random.standard_normal((*shape, 2))
    second = correlation * z[..., 0] + math.sqrt(1 - correlation**2) * z[..., 1]
    return np.stack([z[..., 0], second], axis=-1)


def expected_log_bayes(share: float, count: int, size: int) -> float:
    """Zellner and Siow's Bayes factor by adaptive quadrature (Liang et al. 2008, eq. 6 with their prior of g)."""

    def inside(log_g: float) -> float:
        g = math.exp(log_g)
        logarithm = 0.5 * (count - 1 - size) * math.log1p(g) - 0.5 * (count - 1) * math.log1p((1 - share) * g)
        return math.exp(logarithm + 0.5 * math.log(count / 2 / math.pi) - 0.5 * log_g - count / (2 * g))

    return math.log(integrate.quad(inside, -8, 40, limit=400)[0])


@pytest.mark.parametrize("count", [8, 15, 40])
def test_evidence_is_that_of_the_literature(count: int) -> None:
    random = np.random.default_rng(count)
    x = drawn(random, (count,), 0.5)
    y = x[:, 0] + random.standard_normal(count)
    found = compare_rivals(y, x, np.zeros_like(x))
    assert found.subsets == ((), (0,), (1,), (0, 1))
    for model, subset in enumerate(found.subsets[1:], start=1):
        design = np.column_stack([np.ones(count), x[:, list(subset)]])
        left = y - design @ np.linalg.lstsq(design, y, rcond=None)[0]
        share = 1 - float(left @ left) / float(np.sum((y - y.mean()) ** 2))
        assert found.explained[model] == pytest.approx(share)
        assert found.log_bayes[model] == pytest.approx(expected_log_bayes(share, count, len(subset)), abs=1e-3)
    assert found.probability.sum() == pytest.approx(1)
    assert found.takes_part(0) == pytest.approx(found.probability[1] + found.probability[3])


def test_stated_errors_give_the_evidence_of_known_scatter() -> None:
    random = np.random.default_rng(3)
    x = drawn(random, (20,), 0.0)
    std = random.uniform(0.5, 2, 20)
    y = 1 + 0.8 * x[:, 0] + std * random.standard_normal(20)
    found = compare_rivals(y, x, np.zeros_like(x), y_std=std, stated=True)
    design = np.column_stack([np.ones(20), x[:, 0]]) / std[:, None]
    none = design[:, :1]
    squares = [np.sum((y / std - item @ np.linalg.lstsq(item, y / std, rcond=None)[0]) ** 2) for item in (none, design)]

    def inside(log_g: float) -> float:
        g = math.exp(log_g)
        logarithm = -0.5 * math.log1p(g) + 0.5 * (squares[0] - squares[1]) * g / (1 + g)
        return math.exp(logarithm + 0.5 * math.log(10 / math.pi) - 0.5 * log_g - 10 / g)

    assert found.log_bayes[1] == pytest.approx(math.log(integrate.quad(inside, -8, 40, limit=400)[0]), abs=1e-3)


def test_stated_odds_are_right_as_often_as_they_say() -> None:
    random = np.random.default_rng(4)
    repeats, count = 1500, 14
    x = drawn(random, (repeats, count), 0.5)
    inside = random.integers(0, 2, (repeats, 2)).astype(float)
    slopes = np.zeros((repeats, 2))
    for number in range(repeats):
        true = np.flatnonzero(inside[number])
        moved = x[number][:, true] - x[number][:, true].mean(axis=0)
        if true.size:
            root = np.linalg.cholesky(np.linalg.inv(moved.T @ moved))
            slopes[number, true] = math.sqrt(0.5 * count / random.gamma(0.5)) * root @ random.standard_normal(true.size)
    y = (x * slopes[:, None, :]).sum(axis=-1) + random.standard_normal((repeats, count))
    found = compare_rivals(y, x + 0.2 * random.standard_normal(x.shape), np.full(x.shape, 0.2))
    stated = np.concatenate([found.takes_part(0), found.takes_part(1)])
    true = np.concatenate([inside[:, 0], inside[:, 1]])
    for low, high in ((0.0, 0.3), (0.3, 0.6), (0.6, 0.9), (0.9, 1.0)):
        chosen = (stated > low) & (stated <= high)
        room = 3.5 * math.sqrt(0.25 / chosen.sum())
        assert stated[chosen].mean() == pytest.approx(true[chosen].mean(), abs=room)
    assert np.mean(stated > 0.9) > 0.1


def test_effects_and_shares_are_corrected_for_the_error_of_the_rival() -> None:
    random = np.random.default_rng(5)
    x = random.standard_normal((1500, 20, 1))
    y = x[..., 0] + random.standard_normal((1500, 20))
    found = compare_rivals(y, x + 0.6 * random.standard_normal(x.shape), np.full(x.shape, 0.6))
    half = 2.101 * found.slope_std[:, 0]
    assert np.median(found.slope) == pytest.approx(1.0, abs=0.05)
    assert 0.935 < np.mean(np.abs(found.slope[:, 0] - 1) <= half) < 0.985
    assert 0.93 < np.mean((found.share_low <= 0.5) & (found.share_high >= 0.5)) < 0.985
    assert np.median(found.share) == pytest.approx(0.5, abs=0.05)
    assert np.median(found.reliability) == pytest.approx(1 / 1.36, abs=0.03)


def test_a_badly_measured_cause_is_not_beaten_by_its_precise_neighbour() -> None:
    random = np.random.default_rng(6)
    x = drawn(random, (600, 20), 0.8)
    y = 2 * x[..., 0] + 0.5 * random.standard_normal((600, 20))
    errors = np.array([0.8, 0.05])
    seen = x + errors * random.standard_normal(x.shape)
    corrected = compare_rivals(y, seen, np.broadcast_to(errors, x.shape))
    plain = compare_rivals(y, seen, np.zeros(x.shape))
    alike = corrected.alike.max(axis=-1) >= 10
    wrong = (corrected.takes_part(1) >= 0.95) & (corrected.takes_part(0) < 0.5) & ~alike
    assert np.mean(wrong) < 0.03
    assert np.mean((plain.takes_part(1) >= 0.95) & (plain.takes_part(0) < 0.5)) > 3 * np.mean(wrong)


def test_groups_take_away_what_differs_between_them() -> None:
    random = np.random.default_rng(7)
    place = np.repeat(np.arange(3), 6)
    columns = np.eye(3)[place]
    x = random.standard_normal((18, 2))
    y = x[:, 0] + 0.3 * random.standard_normal(18)
    first = compare_rivals(y, x, np.full(x.shape, 0.1), nuisance=columns)
    moved = compare_rivals(
        y + columns @ [5.0, -3.0, 1.0],
        x + columns @ random.standard_normal((3, 2)),
        np.full(x.shape, 0.1),
        nuisance=columns,
    )
    np.testing.assert_allclose(moved.probability, first.probability, atol=1e-9)
    assert first.dof == 15


def test_variation_by_error_alone_is_seen() -> None:
    random = np.random.default_rng(8)
    x = 0.5 * random.standard_normal((2000, 12, 1))
    found = compare_rivals(random.standard_normal((2000, 12)), x, np.full(x.shape, 0.5))
    assert np.mean(found.varies < 0.05) == pytest.approx(0.05, abs=0.02)
    assert np.median(found.reliability) == pytest.approx(0.0, abs=0.1)


def test_copies_are_alike_and_strangers_are_not() -> None:
    random = np.random.default_rng(9)
    x = random.standard_normal((30, 3))
    x[:, 1] = 2 - 3 * x[:, 0]
    found = compare_rivals(random.standard_normal(30), x, np.zeros_like(x))
    assert (found.alike[:2] > 100).all()
    assert found.alike[2] < 2
    assert np.isfinite(found.probability).all()


@given(st.permutations(range(10)), st.floats(0.1, 10), st.floats(-5, 5))
@settings(max_examples=25, deadline=None)
def test_order_units_and_shifts_change_no_odds(order: list[int], scale: float, shift: float) -> None:
    random = np.random.default_rng(10)
    x = drawn(random, (10,), 0.4)
    y = x[:, 0] + random.standard_normal(10)
    first = compare_rivals(y, x, np.full(x.shape, 0.3))
    second = compare_rivals((y * scale + shift)[order], (x * scale - shift)[order], np.full(x.shape, 0.3 * scale))
    np.testing.assert_allclose(second.probability, first.probability, atol=1e-8)
    np.testing.assert_allclose(second.slope, first.slope, rtol=1e-8)
    np.testing.assert_allclose(second.share_high, first.share_high, rtol=1e-8)


@pytest.mark.parametrize(
    ("y", "x", "words"),
    [
        ([1.0, 2, 3], [[1.0], [2]], "Rivals need y"),
        ([1.0, math.nan, 3, 4], [[1.0], [2], [3], [4]], "finite"),
        ([1.0, 2, 3], [[1.0], [2], [3]], "fewer than three comparisons"),
    ],
)
def test_refusals(y: list[float], x: list[list[float]], words: str) -> None:
    with pytest.raises(FitError, match=words):
        compare_rivals(y, x, np.zeros_like(np.asarray(x)))
