"""Are weighted means, extra scatter and the value that stands apart right, with errors in common too?"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from interlith.errors import FitError
from interlith.numerics.sums.routes import (
    apart,
    extra_interval,
    homogeneity,
    largest_disagreement,
    scattered_mean,
    stated_mean,
    steadied,
)

NONE = np.zeros((0, 4))
OWN = np.array([0.5, 1.0, 1.0, 2.0])
VALUES = np.array([1.0, 2.5, -0.5, 3.0])
KNOWN = np.full(4, np.inf)


def test_independent_values_give_the_textbook_mean():
    weights = OWN**-2.0
    found = stated_mean(VALUES, OWN, NONE)
    mean = float((weights * VALUES).sum() / weights.sum())
    assert float(found.value) == pytest.approx(mean)
    assert float(found.half) == pytest.approx(stats.norm.ppf(0.975) / np.sqrt(weights.sum()))
    assert float(found.chi2) == pytest.approx(float((weights * (VALUES - mean) ** 2).sum()))


def test_a_source_common_to_all_moves_no_weight_and_widens_the_interval():
    plain, common = stated_mean(VALUES, OWN, NONE), stated_mean(VALUES, OWN, np.full((1, 4), 0.7))
    np.testing.assert_allclose(common.weights, plain.weights)
    assert float(common.chi2) == pytest.approx(float(plain.chi2))
    assert float(common.shared) == pytest.approx(0.7)
    assert float(common.half) > float(plain.half)


def test_extra_scatter_fulfils_its_equation():
    own = 0.3 * OWN
    found = scattered_mean(VALUES, own, NONE)
    assert float(found.extra) > 0
    assert float(found.chi2) == pytest.approx(3.0, rel=1e-6)
    low, high = extra_interval(VALUES, own, NONE)
    assert float(low) < float(found.extra) < float(high)
    with pytest.raises(FitError, match="two values"):
        scattered_mean(VALUES[:1], OWN[:1], np.zeros((0, 1)))


@pytest.mark.parametrize("extra", [0.0, 1.0, 4.0])
def test_coverage_with_extra_scatter(extra):
    random = np.random.default_rng(11)
    own, shared = np.array([1.0, 1.0, 0.7, 1.5, 1.0]), np.array([[0.5, 0.5, 0.0, 0.0, 0.0]])
    values = np.hypot(own, extra) * random.standard_normal((3000, 5)) + random.standard_normal((3000, 1)) @ shared
    found = scattered_mean(values, own, shared)
    assert 0.93 < (np.abs(found.value) <= found.half).mean() < 0.975
    if extra == 0.0:
        plain = stated_mean(values, own, shared)
        assert 0.94 < (np.abs(plain.value) <= plain.half).mean() < 0.96
        assert 0.04 < (homogeneity(values, own, shared, np.full(5, np.inf))[1] < 0.05).mean() < 0.06
        alone = apart(values, own, shared, np.full(5, np.inf))[2].min(axis=1) * 5
        assert (alone < 0.05).mean() < 0.06


def test_few_degrees_of_freedom_make_the_test_of_agreement_careful():
    random = np.random.default_rng(3)
    drawn = random.standard_normal((3, 4000, 5))
    values, own = drawn.mean(axis=0), drawn.std(axis=0, ddof=1) / np.sqrt(3)
    shared = np.zeros((0, 5))
    trusted = (homogeneity(values, own, shared, np.full(5, np.inf))[1] < 0.05).mean()
    careful = (homogeneity(values, own, shared, np.full(5, 2.0))[1] < 0.05).mean()
    assert trusted > 0.3
    assert careful < 0.08


def test_leave_one_out_equals_the_mean_of_the_others():
    difference, spread, _ = apart(VALUES, OWN, NONE, KNOWN)
    rest = stated_mean(VALUES[1:], OWN[1:], np.zeros((0, 3)))
    assert difference[0] == pytest.approx(VALUES[0] - float(rest.value))
    assert spread[0] == pytest.approx(np.hypot(OWN[0], float(rest.scatter)))


def test_the_largest_disagreement_covers_the_true_one():
    random = np.random.default_rng(8)
    true = np.array([0.0, 0.0, 2.0, 0.0])
    values = true + OWN * random.standard_normal((3000, 4))
    assert (largest_disagreement(values, OWN, NONE, KNOWN) >= 2.0).mean() > 0.94
    sure = largest_disagreement(true, 1e-9 * OWN, NONE, KNOWN)
    assert float(sure) == pytest.approx(2.0)


@given(st.permutations([0, 1, 2, 3]), st.floats(0.01, 100), st.floats(-50, 50))
def test_order_scale_and_shift(order, scale, shift):
    base = scattered_mean(VALUES, OWN, NONE)
    moved = scattered_mean(scale * VALUES[order] + shift, scale * OWN[order], NONE)
    assert float(moved.value) == pytest.approx(scale * float(base.value) + shift, rel=1e-6, abs=1e-6)
    assert float(moved.half) == pytest.approx(scale * float(base.half), rel=1e-6)


def test_sizes_from_few_values_are_drawn_together_and_known_ones_stay():
    own = np.array([0.1, 1.0, 2.0, 5.0])
    drawn, degrees = steadied(own, np.array([2.0, 2.0, 200.0, np.inf]))
    assert 0.1 < drawn[0] < drawn[1] < 2.0
    assert drawn[2] == pytest.approx(2.0, rel=1e-3)
    assert drawn[3] == 5.0
    assert degrees[0] == 4.0
    lone = steadied(own, np.array([2.0, np.inf, np.inf, np.inf]))[0]
    np.testing.assert_array_equal(lone, own)
