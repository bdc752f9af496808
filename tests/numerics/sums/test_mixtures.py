"""Are the weights of a mixture free of attenuation, do their intervals hold near limits, and is a stranger found?"""

import numpy as np
import pytest
from scipy import stats

from interlith.errors import FitError
from interlith.numerics.sums.limits import feldman_cousins
from interlith.numerics.sums.mixing import Mixing, departure, inside, solve
from interlith.numerics.sums.mixtures import weights

T = np.linspace(0.0, 1.0, 9)
PARTS = np.array([1 + 1.6 / (1 + np.exp(-(T - 0.4) / 0.05)), 1 + 1 / (1 + np.exp(-(T - 0.7) / 0.05))])


def problem(true, *, error=0.05, repeats=1, seed=1, tied=True, low=0.0, high=1.0, shared=None, bump=0.0):
    random = np.random.default_rng(seed)
    curves = np.vstack([np.array(true) @ PARTS, PARTS])
    curves[0, 4] += bump
    seen = curves + error * random.standard_normal((repeats, *curves.shape))
    own = np.broadcast_to(max(error, 1e-4) ** 2 * np.eye(T.size), (3, T.size, T.size))
    sources = np.zeros((repeats, 0, 3, T.size)) if shared is None else shared(seen)
    rows = np.ones((1, 2)) if tied else np.zeros((0, 2))
    return Mixing(seen[:, 0], seen[:, 1:], own, sources, rows, np.ones(len(rows)), 2, low=low, high=high)


def test_exact_curves_give_exact_weights():
    found = weights(problem((0.3, 0.7), error=0.0), stated=True)
    np.testing.assert_allclose(found.value[0], [0.3, 0.7], atol=1e-6)


def test_the_fit_is_the_smallest_of_its_own_squares():
    made = problem((0.3, 0.7), error=0.2, tied=False, high=np.inf)
    found = solve(made)
    for step in (np.array([1e-3, 0]), np.array([0, 1e-3]), np.array([-1e-3, 5e-4])):
        rest = made.target[0] - (found.coefficients[0] + step) @ made.parts[0]
        size = made.own[0] + np.einsum("p,pmn->mn", (found.coefficients[0] + step) ** 2, made.own[1:])
        assert rest @ np.linalg.solve(size, rest) > float(found.squares[0])


def test_noisy_parts_do_not_bend_the_weight():
    made = problem((1.0, 0.0), error=0.3, repeats=4000, low=-np.inf, high=np.inf)
    ours = np.median(solve(made).coefficients[:, 0])
    x, y = made.parts[:, 0] - made.parts[:, 1], made.target - made.parts[:, 1]
    exact = np.median((x * y).sum(axis=1) / (x * x).sum(axis=1))
    assert abs(ours - 1.0) < 0.02
    assert exact < 0.95


@pytest.mark.parametrize(
    ("true", "stated"), [((0.4, 0.6), True), ((0.0, 1.0), True), ((0.0, 1.0), False), ((0.6, 0.4), False)]
)
def test_coverage_in_the_middle_and_at_the_limit(true, stated):
    found = weights(problem(true, error=0.1, repeats=500, seed=2), stated=stated)
    held = ((found.low[:, 0] <= true[0] + 1e-9) & (found.high[:, 0] >= true[0] - 1e-9)).mean()
    assert 0.92 < held < 0.98
    assert (found.low >= 0).all()
    assert (found.high <= 1).all()


def brute_force(mean, level):
    """Smallest critical ratio by adding up the density in the order of the ratio, limit at zero from below."""
    x = np.linspace(mean - 12, mean + 12, 240_001)
    ratio = (x - mean) ** 2 - np.minimum(x, 0.0) ** 2
    order = np.argsort(ratio)
    mass = np.cumsum(stats.norm.pdf(x[order] - mean)) * (x[1] - x[0])
    return ratio[order][np.searchsorted(mass, level)]


@pytest.mark.parametrize("mean", [0.0, 0.3, 1.0, 1.9, 5.0])
@pytest.mark.parametrize("level", [0.9, 0.95])
def test_critical_values_at_a_limit_agree_with_brute_force(mean, level):
    found = feldman_cousins(np.array([mean]), np.array([np.inf]), np.inf, level)
    assert float(found[0]) == pytest.approx(brute_force(mean, level), abs=2e-3)


def test_far_from_limits_the_critical_value_is_that_of_the_normal_interval():
    far = feldman_cousins(np.array([50.0]), np.array([50.0]), np.inf, 0.95)
    assert float(far[0]) == pytest.approx(stats.norm.ppf(0.975) ** 2, rel=1e-6)


def test_a_common_scale_error_cancels():
    def common(seen):
        return (0.2 * seen)[:, None]

    plain, carried = problem((0.4, 0.6)), problem((0.4, 0.6), shared=common)
    one, two = weights(plain, stated=True), weights(carried, stated=True)
    np.testing.assert_allclose(one.std, two.std, rtol=0.02)
    np.testing.assert_allclose(one.value, two.value, atol=2e-3)


def test_a_scale_error_of_one_curve_does_not_cancel():
    def single(seen):
        return 0.2 * seen[:, None] * np.array([1.0, 0.0, 0.0])[:, None]

    one, two = weights(problem((0.4, 0.6)), stated=True), weights(problem((0.4, 0.6), shared=single), stated=True)
    assert (two.std > 1.5 * one.std).all()


def test_a_curve_that_is_no_mixture_is_found_where_it_departs():
    _, dof, chance, _ = departure(problem((0.4, 0.6), repeats=1000, seed=7))
    assert (dof == 8).all()
    assert 0.02 < (chance < 0.05).mean() < 0.08
    squares, _, chance, standard = departure(problem((0.4, 0.6), bump=1.0))
    assert float(chance[0]) < 1e-6
    assert int(np.abs(standard[0]).argmax()) == 4
    assert float(squares[0]) > 50


def test_weights_inside_their_limits_are_the_best_allowed():
    made = problem((-0.3, 1.3), error=0.02)
    assert float(solve(made).coefficients[0, 0]) < -0.1
    np.testing.assert_allclose(inside(made).coefficients[0], [0.0, 1.0], atol=1e-9)
    found = weights(made, stated=True)
    assert float(found.low[0, 0]) == 0.0


def test_units_do_not_matter():
    made = problem((0.4, 0.6))
    larger = Mixing(made.target * 1e3, made.parts * 1e3, made.own * 1e6, made.shared, made.rows, made.totals, 2)
    one, two = weights(made, stated=True), weights(larger, stated=True)
    np.testing.assert_allclose(one.low, two.low, rtol=1e-6)
    np.testing.assert_allclose(one.high, two.high, rtol=1e-6)


def test_the_order_of_points_does_not_matter():
    made = problem((0.4, 0.6))
    order = np.random.default_rng(4).permutation(T.size)
    mixed = Mixing(made.target[:, order], made.parts[:, :, order], made.own, made.shared, made.rows, made.totals, 2)
    np.testing.assert_allclose(weights(made, stated=False).high, weights(mixed, stated=False).high, rtol=1e-6)


def test_too_few_points_are_refused():
    made = problem((0.4, 0.6))
    short = Mixing(
        made.target[:, :1], made.parts[:, :, :1], made.own[:, :1, :1], made.shared[..., :1], made.rows, made.totals, 2
    )
    with pytest.raises(FitError, match="too few"):
        weights(short, stated=False)
