"""Intervals that hold what they promise when errors are correlated or heavy-tailed, and components that keep correlations."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from interlith.errors import FitError
from interlith.numerics.fitting import Curves, Parameter, Parameters, Sum, fit
from tests.numerics.fitting.models import Array, gaussian, line, shapes

X = np.linspace(0.0, 1.0, 80)
REPEATS = 2000


def held(pulls: Array, dof: float) -> Array:
    """Share of pulls within the 95 % interval, each column."""
    return np.asarray((np.abs(pulls) <= stats.t.ppf(0.975, dof)).mean(axis=0))


def lines(errors: Array, std: float | None = None) -> Curves:
    items = Parameters([Parameter("a", 0.0), Parameter("b", 0.0)])
    return Curves(items, 1 + 2 * X[: errors.shape[1]] + errors, line(X[: errors.shape[1]]), std=std)


def alike(correlation: float, points: int = 80) -> Array:
    random = np.random.default_rng(3)
    errors = random.normal(size=(REPEATS, points))
    for k in range(1, points):
        errors[:, k] = correlation * errors[:, k - 1] + np.sqrt(1 - correlation**2) * errors[:, k]
    return 0.1 * errors


@pytest.mark.parametrize("correlation", [0.0, 0.4, 0.7])
def test_correlated_errors_hold_the_truth_where_independent_ones_do_not(correlation: float) -> None:
    problem = lines(alike(correlation))
    right = fit(problem, errors="correlated", retries=0)
    share = held((right.values - [1, 2]) / right.std, 70)
    assert (share > 0.90).all()
    assert (share < 0.985).all()
    if correlation:
        wrong = fit(problem, errors="scaled", retries=0)
        assert (held((wrong.values - [1, 2]) / wrong.std, 78) < 0.85).all()
    assert "correlated" in right.basis


@pytest.mark.parametrize("loss", ["soft_l1", "student_t"])
@pytest.mark.parametrize("tails", ["normal", "contaminated", "t3"])
def test_robust_errors_hold_the_truth(loss: str, tails: str) -> None:
    random = np.random.default_rng(4)
    errors = random.normal(0, 0.1, (REPEATS, 60))
    if tails == "contaminated":
        errors[random.random(errors.shape) < 0.1] *= 8
    if tails == "t3":
        errors = 0.1 * random.standard_t(3, (REPEATS, 60))
    found = fit(lines(errors, 0.1), loss=loss)
    assert found.converged.all()
    share = held((found.values - [1, 2]) / found.std, 58)
    assert (share > 0.93).all()
    assert (share < 0.97).all()
    assert "spread of the residuals" in found.basis


def test_robust_errors_do_not_hang_on_the_stated_size() -> None:
    # The stated size decides what an outlier is, not how wide the interval is: half or twice of it changes little.
    random = np.random.default_rng(5)
    errors = random.normal(0, 0.1, (REPEATS, 60))
    for std in (0.05, 0.2):
        found = fit(lines(errors, std), loss="soft_l1")
        share = held((found.values - [1, 2]) / found.std, 58)
        assert (share > 0.93).all()
        assert (share < 0.97).all()


def peak(std: float | None = 0.2) -> Curves:
    x = np.linspace(-3, 3, 60)
    y = gaussian(x)(np.array([[5.0, 0.2, 0.7, 1.0]]), None)[0] + np.random.default_rng(6).normal(0, 0.2, (1, 60))
    names = ("height", "centre", "width", "level")
    items = [Parameter(name, start) for name, start in zip(names, (3.0, 0.0, 1.0, 0.0), strict=True)]
    return Curves(Parameters(items), y, gaussian(x), std=std)


def covariance_of(one: dict[str, float], two: dict[str, float]) -> float:
    return sum(size * two.get(name, 0.0) for name, size in one.items())


def test_components_reproduce_the_covariance() -> None:
    found = fit(peak())
    names = found.parameters.names
    parts = [found.components(name, "fit:peak") for name in names]
    again = np.array([[covariance_of(one, two) for two in parts] for one in parts])
    assert again == pytest.approx(found.covariance[0], rel=1e-9, abs=1e-18)
    assert all(key.startswith("fit:peak/") for part in parts for key in part)


@settings(max_examples=30, deadline=None)
@given(st.floats(-5, 5), st.floats(-5, 5), st.floats(-5, 5))
def test_components_of_a_function_are_those_of_its_gradient(one: float, two: float, three: float) -> None:
    found = fit(peak())
    gradient = {"height": one, "width": two, "level": three}
    direction = np.array([one, 0.0, two, three])
    expected = float(direction @ found.covariance[0] @ direction)
    parts = found.components(gradient, "fit:peak")
    assert sum(size**2 for size in parts.values()) == pytest.approx(expected, rel=1e-8, abs=1e-18)


def test_a_difference_of_two_numbers_of_one_fit_keeps_their_correlation() -> None:
    found = fit(peak())
    height, width = found.components("height", "f"), found.components("width", "f")
    difference = {name: height.get(name, 0.0) - width.get(name, 0.0) for name in {*height, *width}}
    direct = found.components({"height": 1.0, "width": -1.0}, "f")
    for name, size in difference.items():
        assert size == pytest.approx(direct.get(name, 0.0), abs=1e-12)
    apart = found.components("width", "another fit")
    assert not set(height) & set(apart)


def test_fractions_that_add_up_to_one_have_no_uncertain_sum() -> None:
    table = np.stack([np.exp(-(((X - 0.3) / 0.1) ** 2)), np.exp(-(((X - 0.7) / 0.1) ** 2))])
    y = 0.3 * table[0] + 0.7 * table[1] + np.random.default_rng(7).normal(0, 0.05, 80)
    items = [Parameter("p", 0.5), Parameter("q", 0.5)]
    found = fit(Curves(Parameters(items, [Sum({"p": 1, "q": 1}, 1.0)]), y, shapes(table), std=0.05))
    assert sum(size**2 for size in found.components({"p": 1.0, "q": 1.0}, "f").values()) == pytest.approx(
        0.0, abs=1e-20
    )
    assert sum(size**2 for size in found.components({"p": 1.0, "q": -1.0}, "f").values()) > 0


def test_components_at_a_bound_and_of_what_is_not_fixed() -> None:
    y = 1 + 2 * X + np.random.default_rng(8).normal(0, 0.1, (1, 80))
    low = fit(Curves(Parameters([Parameter("a", 1.5, low=1.2), Parameter("b", 0.0)]), y, line(X), std=0.1))
    assert low.components("a", "f") == {"f/bound of a": pytest.approx(low.std[0, 0])}
    table = np.stack([np.ones_like(X), np.ones_like(X), X])
    items = [Parameter("one", 0.1), Parameter("two", 0.1), Parameter("slope", 0.1)]
    loose = fit(Curves(Parameters(items), y, shapes(table), std=0.1))
    assert loose.components("one", "f") == {"f/one": np.inf}
    assert loose.components({"slope": 1.0, "one": 0.0}, "f").keys() == loose.components("slope", "f").keys()
    fixed = fit(Curves(Parameters([Parameter("a", 1.0, fixed=True), Parameter("b", 0.0)]), y, line(X), std=0.1))
    assert fixed.components("a", "f") == {}
    with pytest.raises(FitError, match="no parameter 'c'"):
        fixed.components("c", "f")


def test_what_follows_a_parameter_at_a_bound_is_as_uncertain() -> None:
    table = np.stack([np.exp(-(((X - 0.3) / 0.1) ** 2)), np.exp(-(((X - 0.7) / 0.1) ** 2))])
    y = 1.1 * table[0] - 0.1 * table[1] + np.random.default_rng(10).normal(0, 0.05, (1, 80))
    items = [Parameter("p", 0.5, low=0, high=1), Parameter("q", 0.5, low=0)]
    found = fit(Curves(Parameters(items, [Sum({"p": 1, "q": 1}, 1.0)]), y, shapes(table), std=0.05))
    assert found.side[0].tolist() == [1, -1]
    assert found.std[0, 0] > 0
    assert found.std[0, 1] == pytest.approx(found.std[0, 0])
    assert found.components("q", "f") == {"f/bound of p": pytest.approx(-found.std[0, 0])}
    assert found.components({"p": 1.0, "q": 1.0}, "f") == {}


def test_a_parameter_at_a_bound_does_not_widen_the_others() -> None:
    y = 1 + 2 * X + np.random.default_rng(9).normal(0, 0.1, (1, 80))
    low = fit(Curves(Parameters([Parameter("a", 1.5, low=1.2), Parameter("b", 0.0)]), y, line(X), std=0.1))
    alone = fit(Curves(Parameters([Parameter("a", 1.2, fixed=True), Parameter("b", 0.0)]), y, line(X), std=0.1))
    assert low.std[0, 1] == pytest.approx(alone.std[0, 1], rel=1e-9)
    assert low.values[0, 1] == pytest.approx(alone.values[0, 1], rel=1e-9)


def test_nearly_entangled_parameters_keep_their_digits() -> None:
    # Two columns that differ by 1e-6: the normal equations lose them, the Jacobian does not.
    table = np.stack([X, X + 1e-6 * X**2])
    y = shapes(table)(np.array([[1.0, 2.0]]), None)[0]
    found = fit(Curves(Parameters([Parameter("p", 0.5), Parameter("q", 0.5)]), y, shapes(table), std=0.1))
    exact = np.stack([X, X**2])  # the same model in parameters that are not alike: p + q, and 1e-6 q
    inner = np.linalg.inv(exact @ exact.T) * 0.01
    assert found.std[0, 1] == pytest.approx(np.sqrt(inner[1, 1]) / 1e-6, rel=1e-3)
    assert found.entangled[0] == ()
