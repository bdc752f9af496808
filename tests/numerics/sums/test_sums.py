"""Is the interval of a sum right when its terms come from many or few values, and is a band right everywhere together?"""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from interlith.errors import FitError
from interlith.numerics.sums.sums import effective_degrees, familywise_level, half_width, t_degrees


def test_known_terms_give_the_normal_interval_and_one_estimated_term_students():
    normal = half_width(np.array([3.0, 4.0]), np.array([np.inf, np.inf]), 0.0, 0.95)
    assert float(normal) == pytest.approx(5 * stats.norm.ppf(0.975))
    student = half_width(np.array([2.0]), np.array([2.0]), 0.0, 0.95)
    assert float(student) == pytest.approx(2 * stats.t.ppf(0.975, 2))


def test_many_degrees_of_freedom_become_normal():
    wide = half_width(np.array([1.0, 1.0]), np.array([1e6, 1e6]), 1.0, 0.95)
    assert float(wide) == pytest.approx(math.sqrt(3) * stats.norm.ppf(0.975), rel=1e-3)


@pytest.mark.parametrize(("counts", "known"), [((3, 3), 0.0), ((2, 2, 2), 0.0), ((3, 5), 0.3), ((4, 3, 6), 0.5)])
def test_coverage_of_terms_with_few_replicates(counts, known):
    random = np.random.default_rng(5)
    repeats = 4000
    error, sizes = known * random.standard_normal(repeats), []
    for count in counts:
        drawn = random.standard_normal((repeats, count))
        error += drawn.mean(axis=1)
        sizes.append(drawn.std(axis=1, ddof=1) / math.sqrt(count))
    half = half_width(np.array(sizes).T, np.array(counts) - 1.0, known, 0.95)
    assert 0.93 < (np.abs(error) <= half).mean() < 0.975


@given(st.floats(1e-3, 1e3), st.permutations([0, 1, 2]))
def test_the_width_scales_and_ignores_order(scale, order):
    scatter, degrees = np.array([1.0, 2.0, 0.5]), np.array([2.0, 5.0, np.inf])
    base = half_width(scatter, degrees, 0.7, 0.95)
    moved = half_width(scale * scatter[order], degrees[order], scale * 0.7, 0.95)
    assert float(moved) == pytest.approx(scale * float(base), rel=1e-9)


def test_degrees_lie_between_the_fewest_and_all():
    found = effective_degrees(np.array([1.0, 1.0]), np.array([3.0, 4.0]))
    assert 3.0 <= float(found) <= 8.0
    assert math.isinf(effective_degrees(np.array([1.0]), np.array([np.inf])))


def test_a_band_is_wider_than_one_interval_and_narrower_than_bonferroni():
    sizes = np.hstack([np.eye(6), np.full((6, 1), 1.0)])
    found = familywise_level(sizes, 0.95)
    assert 0.95 < found < 1 - 0.05 / 6
    assert familywise_level(np.ones((6, 1)), 0.95) == pytest.approx(0.95, abs=0.004)
    assert familywise_level(np.eye(6), 0.95) == pytest.approx(0.95 ** (1 / 6), abs=0.002)
    with pytest.raises(FitError, match="probability"):
        familywise_level(sizes, 1.5)


def test_degrees_of_freedom_from_the_width_of_an_interval():
    assert t_degrees(float(stats.t.ppf(0.975, 2)), 0.95) == pytest.approx(2, rel=1e-6)
    assert math.isinf(t_degrees(1.96, 0.95))
