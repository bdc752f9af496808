"""Do intervals of every method hold the truth as often as they say, and agree where they must?"""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import optimize

from interlith.errors import FitError
from interlith.numerics.fitting import Curves, Parameter, Parameters, Sum, Tie, fit, intervals

x = np.linspace(0.0, 1.0, 40)


def line(values, which):
    ones = np.ones((len(values), x.size))
    return values[:, :1] + values[:, 1:2] * x, np.stack([ones, ones * x], axis=1)


def decay(values, which):
    falling = np.exp(-x * values[:, 1:2])
    return values[:, :1] * falling, np.stack([falling, -values[:, :1] * x * falling], axis=1)


def two_peaks(values, which):
    first, second = np.exp(-(((x - 0.3) / 0.1) ** 2)), np.exp(-(((x - 0.7) / 0.1) ** 2))
    columns = np.broadcast_to(np.stack([first, second]), (len(values), 2, x.size))
    return values[:, :1] * first + values[:, 1:2] * second, columns


def lines(members, *, std, seed=1):
    data = 1 + 2 * x + np.random.default_rng(seed).normal(0, 0.1, (members, x.size))
    return fit(Curves(Parameters([Parameter("a", 0.0), Parameter("b", 0.0)]), data, line, std=std))


@pytest.mark.parametrize("std", [0.1, None])
def test_on_a_straight_model_the_profile_is_the_covariance_interval(std) -> None:
    found = lines(3, std=std)
    one, two = (intervals(found, method=method) for method in ("covariance", "profile"))
    np.testing.assert_allclose(two.low, one.low, atol=2e-4 * 0.1)
    np.testing.assert_allclose(two.high, one.high, atol=2e-4 * 0.1)
    assert one.notes == two.notes == ()


@pytest.mark.parametrize("method", ["bootstrap", "sampling"])
@pytest.mark.parametrize("std", [0.1, None])
def test_draws_are_as_wide_as_the_covariance(method, std) -> None:
    found = lines(1, std=std)
    drawn, known = intervals(found, method=method, repeats=2000), intervals(found)
    np.testing.assert_allclose(drawn.high - drawn.low, known.high - known.low, rtol=0.12)


@pytest.mark.parametrize("std", [0.3, None])
def test_a_curved_model_is_covered(std) -> None:
    data = np.exp(-3 * x) + np.random.default_rng(4).normal(0, 0.3, (600, x.size))
    problem = Curves(
        Parameters([Parameter("a", 1.0, low=0), Parameter("k", 2.0, low=0, high=200)]), data, decay, std=std
    )
    found = fit(problem, attempts=3)
    made = intervals(found, ["k"], method="profile")
    # 600 repeats: three standard errors of a share of 0.95.
    assert 0.92 < np.mean((made.low <= 3) & (made.high >= 3)) < 0.98
    few = intervals(found, ["k"], method="bootstrap", members=range(200), repeats=100)
    assert 0.88 < np.mean((few.low <= 3) & (few.high >= 3)) < 0.99


def test_an_end_that_the_data_leave_open_is_infinite() -> None:
    data = np.random.default_rng(0).normal(0.02, 0.3, (1, x.size))
    found = fit(Curves(Parameters([Parameter("a", 0.1), Parameter("k", 2.0)]), data, decay, std=0.3), attempts=4)
    assert found.converged.all()
    made = intervals(found, ["k"], method="profile")
    assert math.isinf(made.high[0, 0])
    assert made.low[0, 0] < -50


def test_a_tied_fraction_keeps_its_bounds() -> None:
    truth = np.array([0.97, 0.03])
    clean = two_peaks(truth[None], np.zeros(1, dtype=int))[0]
    data = clean + np.random.default_rng(2).normal(0, 0.05, (800, x.size))
    parameters = Parameters([Parameter("p", 0.5), Parameter("q", 0.5, low=0)], [Sum({"p": 1, "q": 1}, 1.0)])
    found = fit(Curves(parameters, data, two_peaks, std=0.05))
    at_bound = found.side[:, 1] < 0
    assert 0.0 < at_bound.mean() < 0.2
    assert (found.std[at_bound] > 0).all()
    made = intervals(found, method="profile")
    assert (made.low[:, 1] >= 0).all()
    assert (made.high[:, 0] <= 1 + 1e-6).all()
    covered = (made.low <= truth + 1e-9) & (made.high >= truth - 1e-9)
    assert (np.abs(covered.mean(axis=0) - 0.95) < 0.025).all()


def test_a_parameter_at_its_bound_gets_a_one_sided_interval() -> None:
    data = 1 + 2 * x + np.random.default_rng(3).normal(0, 0.1, (1, x.size))
    found = fit(Curves(Parameters([Parameter("a", 2.0, low=1.1), Parameter("b", 0.0)]), data, line, std=0.1))
    made = intervals(found, ["a"])
    assert found.side[0, 0] == -1
    assert made.low[0, 0] == 1.1

    def rise(a):
        rest = data[0] - a
        slope = rest @ x / (x @ x)
        return float(((rest - slope * x) ** 2).sum()) / 0.01 - float(found.cost[0])

    expected = optimize.brentq(lambda a: rise(a) - 1.959964**2, 1.1, 2.0)
    assert made.high[0, 0] == pytest.approx(expected, rel=1e-4)


def test_a_shared_parameter_is_profiled_over_the_whole_series() -> None:
    data = np.linspace(0, 1, 4)[:, None] + 2 * x + np.random.default_rng(5).normal(0, 0.1, (4, x.size))
    parameters = Parameters([Parameter("a", 0.0), Parameter("b", 0.0, shared=True)])
    found = fit(Curves(parameters, data, line, std=0.1))
    one, two = (intervals(found, method=method) for method in ("covariance", "profile"))
    np.testing.assert_allclose(two.low, one.low, atol=1e-4)
    np.testing.assert_allclose(two.high, one.high, atol=1e-4)


def test_a_tied_parameter_is_profiled() -> None:
    data = 1 + 2 * x + np.random.default_rng(6).normal(0, 0.1, (1, x.size))
    parameters = Parameters([Parameter("a", 0.0), Parameter("b", 0.0)], [Tie("b", {"a": 2.0})])
    found = fit(Curves(parameters, data, line, std=0.1))
    one, two = (intervals(found, method=method) for method in ("covariance", "profile"))
    np.testing.assert_allclose(two.low, one.low, atol=1e-4)
    np.testing.assert_allclose(one.high[0, 1], 2 * one.high[0, 0])


def test_poisson_draws_follow_the_counts() -> None:
    counts = np.random.default_rng(7).poisson(5.0, (1, 50))

    def constant(values, which):
        return np.repeat(values[:, :1], 50, axis=1), np.ones((len(values), 1, 50))

    found = fit(Curves(Parameters([Parameter("rate", 3.0, low=1e-9)]), counts, constant), loss="poisson")
    mean = counts.mean()
    made = intervals(found, method="bootstrap", repeats=3000)
    assert made.high[0, 0] - made.low[0, 0] == pytest.approx(2 * 1.96 * math.sqrt(mean / 50), rel=0.08)
    profile = intervals(found, method="profile")

    def rise(rate):
        return 2 * 50 * (rate - mean + mean * math.log(mean / rate)) - 1.959964**2

    assert profile.low[0, 0] == pytest.approx(optimize.brentq(rise, 0.5 * mean, mean), rel=1e-4)


def test_failed_members_stay_open_and_are_named() -> None:
    data = np.vstack([1 + 2 * x, 1 + 2 * x]) + np.random.default_rng(8).normal(0, 0.1, (2, x.size))

    def broken(values, which):
        found, derivatives = line(values, which)
        return np.where(which[:, None] == 1, np.nan, found), derivatives

    found = fit(Curves(Parameters([Parameter("a", 0.0), Parameter("b", 0.0)]), data, broken, std=0.1))
    made = intervals(found)
    assert np.isfinite(made.low[0]).all()
    assert np.isinf(made.low[1]).all()
    assert any("Member 1" in note and "finite cost" in note for note in made.notes)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"method": "jackknife"}, "no method 'jackknife'"),
        ({"level": 95}, "level is 95"),
        ({"names": ["c"]}, "no parameter 'c'"),
        ({"members": [7]}, "asked for 7"),
    ],
)
def test_refusals(options, words) -> None:
    with pytest.raises(FitError, match=words):
        intervals(lines(2, std=0.1), **options)


def test_a_robust_loss_has_no_profile() -> None:
    data = 1 + 2 * x + np.random.default_rng(3).normal(0, 0.1, (1, x.size))
    found = fit(Curves(Parameters([Parameter("a", 0.0), Parameter("b", 0.0)]), data, line, std=0.1), loss="soft_l1")
    with pytest.raises(FitError, match="no likelihood"):
        intervals(found, method="profile")
    assert np.isfinite(intervals(found, method="bootstrap", repeats=100).low).all()
