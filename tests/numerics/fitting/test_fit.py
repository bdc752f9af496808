"""`fit` recovers what was put in, with pulls of unit width, and tells what failed; all data are simulated."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from interlith.errors import FitError
from interlith.numerics.fitting import (
    Curves,
    Fit,
    Normal,
    Parameter,
    Parameters,
    Settings,
    Status,
    Sum,
    Tie,
    fit,
    numerical,
)
from tests.numerics.fitting.models import decay, gaussian, line, shapes

Array = NDArray[np.float64]
X = np.linspace(0.0, 1.0, 40)
MEMBERS = 1500


def lines(
    std: float | None = 0.1, *, noise: float = 0.1, members: int = MEMBERS, seed: int = 1, **options: object
) -> Curves:
    """Members ``1 + 2 x`` with normal noise."""
    y = 1 + 2 * X + np.random.default_rng(seed).normal(0, noise, (members, X.size))
    start: dict[str, float] = {} if options.get("linear") else {"start": 0.0}
    items = [Parameter(name, linear=bool(options.get("linear")), **start) for name in ("a", "b")]  # type: ignore[arg-type]
    return Curves(Parameters(items), y, line(X), std=std)


def unit_pulls(found: Fit, truth: object, rel: float = 0.06) -> None:
    pulls = (found.values - truth) / found.std
    assert pulls.std(axis=0) == pytest.approx(np.ones(pulls.shape[1]), rel=rel)
    assert np.abs(pulls.mean(axis=0)).max() < 4 / np.sqrt(len(pulls))


@pytest.mark.parametrize("errors", ["stated", "scaled", "auto"])
def test_pulls_of_a_line_have_unit_width(errors: str) -> None:
    std = None if errors == "auto" else 0.1
    found = fit(lines(std), errors=errors)  # type: ignore[arg-type]
    assert found.converged.all()
    unit_pulls(found, [1.0, 2.0])
    assert ("stated" in found.basis) == (errors == "stated")


def test_scaled_errors_follow_the_scatter_and_stated_ones_do_not() -> None:
    right, wrong = lines(0.1), lines(1.0)
    assert fit(wrong, errors="scaled").std == pytest.approx(fit(right, errors="scaled").std, rel=1e-6)
    assert fit(wrong).std == pytest.approx(10 * fit(right).std, rel=1e-6)
    assert fit(wrong).basis.startswith("stated")
    assert fit(right).dof.tolist() == [38.0] * MEMBERS
    assert fit(right).reduced_cost.mean() == pytest.approx(1.0, abs=0.02)


def test_covariance_is_that_of_linear_least_squares() -> None:
    found = fit(lines(0.1, members=2))
    design = np.stack([np.ones_like(X), X], axis=1) / 0.1
    expected = np.linalg.inv(design.T @ design)
    assert found.covariance[0] == pytest.approx(expected, rel=1e-9)
    size = np.sqrt(np.diag(expected))
    assert found.correlation[0] == pytest.approx(expected / np.outer(size, size), rel=1e-9)
    assert found.uncertainty("b") == pytest.approx(size[1])
    assert found.value("b") == found.values[0, 1]


def test_linear_parameters_need_no_start_and_give_the_same() -> None:
    one, two = fit(lines(0.1)), fit(lines(0.1, linear=True))
    assert two.values == pytest.approx(one.values, rel=1e-9)
    assert two.std == pytest.approx(one.std, rel=1e-9)
    assert two.steps.max() <= 3


def test_a_nonlinear_model_has_unit_pulls() -> None:
    x = np.linspace(-3, 3, 80)
    truth = np.array([5.0, 0.2, 0.7, 1.0])
    y = gaussian(x)(np.repeat(truth[None], MEMBERS, 0), None)[0] + np.random.default_rng(2).normal(
        0, 0.2, (MEMBERS, 80)
    )
    items = [
        Parameter("height", 3.0, low=0),
        Parameter("centre", 0.0),
        Parameter("width", 1.0, low=0.05),
        Parameter("level", 0.0),
    ]
    found = fit(Curves(Parameters(items), y, gaussian(x), std=0.2))
    assert found.converged.all()
    unit_pulls(found, truth)


def test_fixed_parameters_stay_member_by_member() -> None:
    problem = lines(0.1, members=3)
    items = [Parameter("a", [0.5, 1.0, 1.5], fixed=[True, False, True]), Parameter("b", 0.0)]
    found = fit(Curves(Parameters(items), problem.observed, problem.model, std=0.1))
    assert found.values[[0, 2], 0].tolist() == [0.5, 1.5]
    assert found.std[:, 0] == pytest.approx([0.0, found.std[1, 0], 0.0])
    assert found.std[1, 0] > 0
    assert found.dof.tolist() == [39.0, 38.0, 39.0]
    free = fit(Curves(Parameters([Parameter("a", 0.0), Parameter("b", 0.0)]), problem.observed, problem.model, std=0.1))
    assert found.values[1] == pytest.approx(free.values[1], rel=1e-8)


def test_bounds_hold_and_say_which_side() -> None:
    problem = lines(0.1)
    items = [Parameter("a", 1.1, low=1.0), Parameter("b", 0.0)]
    found = fit(Curves(Parameters(items), problem.observed, problem.model, std=0.1))
    assert (found.values[:, 0] >= 1.0).all()
    at = found.side[:, 0] == -1
    assert 0.4 < at.mean() < 0.6
    assert (found.values[at, 0] == 1.0).all()
    assert (found.side[:, 1] == 0).all()
    # One side only: within the distance told the cost rises by one, the others following.
    member = int(np.flatnonzero(at)[0])
    held = [Parameter("a", 1.0 + found.std[member, 0], fixed=True), Parameter("b", 0.0)]
    again = fit(Curves(Parameters(held), problem.observed[member], problem.model, std=0.1))
    assert again.cost[0] - found.cost[member] == pytest.approx(1.0, rel=1e-4)
    assert np.isnan(found.one_sided[~at, 0]).all()


def test_bounds_differ_from_member_to_member() -> None:
    problem = lines(0.1, members=3)
    items = [Parameter("a", 0.0), Parameter("b", [1.0, 3.0, 2.0], low=[0.0, 2.5, -np.inf], high=[1.5, 9.0, np.inf])]
    found = fit(Curves(Parameters(items), problem.observed, problem.model, std=0.1))
    assert found.values[:2, 1].tolist() == [1.5, 2.5]
    assert found.side[:, 1].tolist() == [1, -1, 0]


def test_a_start_outside_its_bounds_is_moved_in() -> None:
    problem = lines(0.1, members=1)
    found = fit(
        Curves(
            Parameters([Parameter("a", -5.0, low=0.0), Parameter("b", 0.0)]), problem.observed, problem.model, std=0.1
        )
    )
    assert found.converged[0]
    assert found.values[0] == pytest.approx([1.0, 2.0], abs=0.2)


def test_points_left_out_do_not_count() -> None:
    problem = lines(0.1, members=2)
    holes = problem.observed.copy()
    holes[0, 5:20] = np.nan
    found = fit(Curves(problem.parameters, holes, problem.model, std=0.1))
    kept = np.r_[0:5, 20:40]
    alone = fit(Curves(problem.parameters, problem.observed[0, kept], line(X[kept]), std=0.1))
    assert found.values[0] == pytest.approx(alone.values[0], rel=1e-9)
    assert found.covariance[0] == pytest.approx(alone.covariance[0], rel=1e-9)
    assert found.dof.tolist() == [23.0, 38.0]


def test_grids_may_differ_between_members() -> None:
    random = np.random.default_rng(4)
    grids = np.sort(random.random((3, 30)), axis=1)

    def model(values: Array, which: NDArray[np.intp]) -> tuple[Array, Array]:
        x = grids[which]
        return values[:, :1] + values[:, 1:] * x, np.stack([np.ones_like(x), x], axis=1)

    y = 1 + 2 * grids
    y[1, 20:] = np.nan
    found = fit(Curves(Parameters([Parameter("a", 0.0), Parameter("b", 0.0)]), y, model, std=0.1))
    assert found.values == pytest.approx(np.tile([1.0, 2.0], (3, 1)), rel=1e-9)
    assert found.dof.tolist() == [28.0, 18.0, 28.0]


def test_entangled_parameters_are_named_and_the_rest_is_known() -> None:
    table = np.stack([np.ones_like(X), np.ones_like(X), X])
    problem = lines(0.1, members=2)
    items = [Parameter(name, 0.1) for name in ("zero", "displacement", "slope")]
    found = fit(Curves(Parameters(items), problem.observed, shapes(table), std=0.1))
    assert found.converged.all()
    assert found.entangled[0] == (("zero", "displacement"),)
    assert found.reason(0).startswith("Zero and displacement cannot be told apart")
    assert np.isinf(found.std[:, :2]).all()
    assert found.std[:, 2] == pytest.approx(fit(problem).std[:, 1], rel=1e-6)
    assert found.values[:, :2].sum(axis=1) == pytest.approx(fit(problem).values[:, 0], rel=1e-6)


def test_a_parameter_without_effect_is_named() -> None:
    table = np.stack([np.ones_like(X), X, np.zeros_like(X)])
    items = [Parameter(name, 0.1) for name in ("a", "b", "idle")]
    found = fit(Curves(Parameters(items), lines(members=1).observed, shapes(table), std=0.1))
    assert found.entangled[0] == (("idle",),)
    assert "The data do not fix idle" in found.reason(0)
    assert np.isinf(found.std[0, 2])
    assert np.isfinite(found.std[0, :2]).all()


def test_an_exponential_that_died_out_is_not_called_known() -> None:
    x = np.linspace(1.0, 10.0, 30)
    y = np.random.default_rng(5).normal(0, 0.1, (1, 30))
    items = [Parameter("a", 1.0, fixed=True), Parameter("k", 60.0)]
    found = fit(Curves(Parameters(items), y, decay(x), std=0.1))
    assert "The data do not fix k" in found.reason(0)
    assert np.isinf(found.std[0, 1])


def test_tied_parameters_have_the_covariance_of_those_they_follow() -> None:
    table = np.stack([np.exp(-(((X - 0.3) / 0.1) ** 2)), np.exp(-(((X - 0.7) / 0.1) ** 2))])
    y = 0.3 * table[0] + 0.7 * table[1] + np.random.default_rng(6).normal(0, 0.05, (MEMBERS, 40))
    found = fit(
        Curves(
            Parameters([Parameter("p", 0.5), Parameter("q", 0.5)], [Sum({"p": 1, "q": 1}, 1.0)]),
            y,
            shapes(table),
            std=0.05,
        )
    )
    unit_pulls(found, [0.3, 0.7])
    assert found.values.sum(axis=1) == pytest.approx(np.ones(MEMBERS), abs=1e-12)
    assert found.correlation[0, 0, 1] == pytest.approx(-1.0)
    assert found.dof[0] == 39


def test_bounds_of_a_tied_parameter_hold() -> None:
    table = np.stack([np.exp(-(((X - 0.3) / 0.1) ** 2)), np.exp(-(((X - 0.7) / 0.1) ** 2))])
    y = 1.05 * table[0] - 0.05 * table[1] + np.random.default_rng(7).normal(0, 0.05, (300, 40))
    items = [Parameter("p", 0.5), Parameter("q", 0.5, low=0.0)]
    found = fit(Curves(Parameters(items, [Sum({"p": 1, "q": 1}, 1.0)]), y, shapes(table), std=0.05))
    assert found.converged.all()
    assert (found.values[:, 1] >= -1e-12).all()
    assert (found.values[:, 0] <= 1 + 1e-12).all()
    at = found.side[:, 1] == -1
    assert at.mean() > 0.9
    assert (found.std[at] > 0).all()


def test_three_fractions_at_a_corner() -> None:
    centres = np.array([0.2, 0.5, 0.8])
    table = np.exp(-(((X - centres[:, None]) / 0.1) ** 2))
    y = np.array([1.0, 0.0, 0.0]) @ table + np.random.default_rng(8).normal(0, 0.02, (200, 40))
    items = [Parameter(name, 1 / 3, low=0.0, high=1.0) for name in "pqr"]
    found = fit(Curves(Parameters(items, [Sum({"p": 1, "q": 1, "r": 1}, 1.0)]), y, shapes(table), std=0.02))
    assert found.converged.all()
    assert (found.values >= -1e-9).all()
    assert found.values.sum(axis=1) == pytest.approx(np.ones(200), abs=1e-12)
    # Nothing inside the bounds fits better: every other corner and edge that is near was tried by brute force.
    grid = np.array([[1 - q - r, q, r] for q in np.linspace(0, 0.1, 41) for r in np.linspace(0, 0.1, 41)])
    cost = (((y[:, None] - grid[None] @ table) / 0.02) ** 2).sum(axis=2).min(axis=1)
    assert (found.cost <= cost + 1e-9).all()


def fails(name: str) -> tuple[Curves, dict[str, object], Status]:
    problem = lines(0.1, members=2)
    if name == "impossible":

        def model(values: Array, which: NDArray[np.intp]) -> tuple[Array, Array]:
            found, slope = line(X)(values, which)
            return np.where(values[:, :1] < -50, np.nan, found), slope

        items = [Parameter("a", [0.0, -100.0]), Parameter("b", 0.0)]
        return Curves(Parameters(items), problem.observed, model, std=0.1), {"retries": 0}, Status.IMPOSSIBLE_START
    if name == "limit":
        y = decay(X)(np.array([[1.0, 3.0], [1.0, 3.0]]), None)[0]
        start = [Parameter("a", [1.0, 40.0]), Parameter("k", [3.0, -9.0])]
        return (
            Curves(Parameters(start), y, decay(X), std=0.1),
            {"retries": 0, "settings": Settings(most_steps=3)},
            Status.STEP_LIMIT,
        )

    def wrong(values: Array, which: NDArray[np.intp]) -> tuple[Array, Array]:
        found, slope = line(X)(values, which)
        return found, np.where(which[:, None, None] == 1, -slope, slope)

    return Curves(problem.parameters, problem.observed, wrong, std=0.1), {"retries": 0}, Status.STUCK


@pytest.mark.parametrize("name", ["impossible", "limit", "stuck"])
def test_failures_are_data_with_a_reason(name: str) -> None:
    problem, options, status = fails(name)
    found = fit(problem, **options)  # type: ignore[arg-type]
    assert found.converged.tolist() == [True, False]
    assert found.status[1] == status
    assert found.reason(0) == ""
    assert found.reason(1).startswith("The fit ") or found.reason(1).startswith("The model")
    assert ":" in found.reason(1)
    assert np.isinf(found.std[1]).all()
    assert np.isfinite(found.std[0]).all()
    assert np.isfinite(found.values).all()


def test_a_bad_member_changes_nothing_for_its_neighbours() -> None:
    x = np.linspace(-3, 3, 60)
    truth = np.array([5.0, 0.2, 0.7, 1.0])
    y = gaussian(x)(np.repeat(truth[None], 30, 0), None)[0] + np.random.default_rng(9).normal(0, 0.3, (30, 60))
    starts = np.repeat(np.array([[3.0, 0.0, 1.0, 0.0]]), 30, 0)

    def fitted(data: Array, start: Array) -> Fit:
        items = [
            Parameter("height", 3.0, linear=True),
            Parameter("centre", 0.0),
            Parameter("width", 1.0),
            Parameter("level", 0.0),
        ]
        return fit(Curves(Parameters(items), data, gaussian(x), std=0.3), start=start)

    clean = fitted(y, starts)
    worse, bad = y.copy(), starts.copy()
    worse[7], bad[7, 2] = 1e200 * np.cos(x), 1e-200
    worse[8] = np.random.default_rng(1).normal(0, 1e-3, 60)
    bad[9, 1] = 400.0
    other = fitted(worse, bad)
    rest = np.setdiff1d(np.arange(30), [7, 8, 9])
    assert other.values[rest] == pytest.approx(clean.values[rest], rel=1e-10)
    assert other.std[rest] == pytest.approx(clean.std[rest], rel=1e-8)
    assert (other.steps[rest] == clean.steps[rest]).all()


def test_order_of_members_does_not_matter() -> None:
    x = np.linspace(-3, 3, 60)
    random = np.random.default_rng(10)
    truth = random.uniform([2, -1, 0.4, 0], [6, 1, 1.0, 2], (40, 4))
    y = gaussian(x)(truth, None)[0] + random.normal(0, 0.2, (40, 60))
    order = random.permutation(40)
    items = [Parameter("height", 3.0), Parameter("centre", 0.0), Parameter("width", 1.0), Parameter("level", 0.0)]
    one, two = (fit(Curves(Parameters(items), data, gaussian(x), std=0.2), retries=0) for data in (y, y[order]))
    assert two.values == pytest.approx(one.values[order], rel=1e-12)
    assert (two.steps == one.steps[order]).all()


@settings(max_examples=12, deadline=None)
@given(st.integers(-12, 12), st.integers(-12, 12))
def test_units_do_not_matter(height: int, abscissa: int) -> None:
    x = np.linspace(-3, 3, 60)
    up, along = 10.0**height, 10.0**abscissa
    truth = np.array([5.0, 0.2, 0.7, 1.0])
    y = gaussian(x)(truth[None], None)[0] + np.random.default_rng(11).normal(0, 0.2, (1, 60))
    names, start = ("height", "centre", "width", "level"), np.array([3.0, 0.3, 1.0, 0.5])
    unit = np.array([up, along, along, up])

    def fitted(scale: Array, data: Array, grid: Array, std: float) -> Fit:
        items = [Parameter(name, value) for name, value in zip(names, start * scale, strict=True)]
        return fit(Curves(Parameters(items), data, gaussian(grid), std=std))

    one, two = fitted(np.ones(4), y, x, 0.2), fitted(unit, y * up, x * along, 0.2 * up)
    assert two.converged[0]
    assert two.values[0] / unit == pytest.approx(one.values[0], rel=1e-6)
    assert two.std[0] / unit == pytest.approx(one.std[0], rel=1e-6)
    assert two.cost[0] == pytest.approx(one.cost[0], rel=1e-9)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.floats(-3, 3), st.floats(-3, 3))
def test_data_moved_by_a_line_move_the_parameters(seed: int, a: float, b: float) -> None:
    problem = lines(0.1, members=2, seed=seed)
    moved = Curves(problem.parameters, problem.observed + a + b * X, problem.model, std=0.1)
    one, two = fit(problem), fit(moved)
    assert two.values - one.values == pytest.approx(np.tile([a, b], (2, 1)), abs=1e-7)
    assert two.std == pytest.approx(one.std, rel=1e-9)


@pytest.mark.parametrize("loss", ["soft_l1", "student_t"])
def test_outliers_spoil_least_squares_and_not_robust_losses(loss: str) -> None:
    random = np.random.default_rng(12)
    errors = random.normal(0, 0.1, (MEMBERS, 40))
    errors[random.random(errors.shape) < 0.1] *= 10
    problem = Curves(lines().parameters, 1 + 2 * X + errors, line(X), std=0.1)
    plain, robust = fit(problem), fit(problem, loss=loss)
    assert robust.values.std(axis=0).max() < 0.5 * plain.values.std(axis=0).max()
    assert ((plain.values - [1, 2]) / plain.std).std() > 2
    unit_pulls(robust, [1.0, 2.0], rel=0.1)


def test_counts_of_five_are_fitted_without_bias() -> None:
    counts = np.random.default_rng(13).poisson(5, (8000, 50)).astype(float)
    table = np.ones((1, 50))
    found = fit(Curves(Parameters([Parameter("rate", 3.0, low=1e-6)]), counts, shapes(table)), loss="poisson")
    assert found.values[:, 0] == pytest.approx(counts.mean(axis=1), rel=1e-6)
    unit_pulls(found, [5.0])
    assert "stated" in found.basis
    biased = fit(
        Curves(Parameters([Parameter("rate", 3.0)]), counts, shapes(table), std=np.sqrt(np.maximum(counts, 1)))
    )
    assert (biased.values.mean() - 5) / found.std.mean() < -2


def test_empty_channels_are_data_too() -> None:
    found = fit(
        Curves(Parameters([Parameter("rate", 3.0, low=0.0)]), np.zeros((1, 20)), shapes(np.ones((1, 20)))),
        loss="poisson",
    )
    assert found.values[0, 0] == 0.0
    assert found.side[0, 0] == -1
    assert found.std[0, 0] == pytest.approx(1 / 40)  # where the deviance 2 n rate has risen by one


def test_more_attempts_find_the_lower_of_two_minima() -> None:
    x = np.linspace(-10, 10, 200)
    model = gaussian(x)
    y = model(np.array([[5.0, 6.0, 0.5, 0.0]]), None)[0] + model(np.array([[1.0, -6.0, 0.5, 0.0]]), None)[0]
    items = [
        Parameter("height", 1.0, low=0),
        Parameter("centre", -6.5, low=-10, high=10),
        Parameter("width", 0.5, low=0.1, high=5),
        Parameter("level", 0.0),
    ]
    problem = Curves(Parameters(items), y, model, std=0.1)
    near, far = fit(problem), fit(problem, attempts=12)
    assert near.value("centre") == pytest.approx(-6.0, abs=0.2)
    assert far.value("centre") == pytest.approx(6.0, abs=0.2)
    assert far.cost[0] < near.cost[0]
    assert far.attempts[0] == 12


def test_a_guess_is_asked_for_other_starts() -> None:
    x = np.linspace(-10, 10, 200)
    y = gaussian(x)(np.array([[5.0, 6.0, 0.5, 0.0]]), None)[0]
    seen: list[int] = []

    def guess(which: NDArray[np.intp], attempt: int, random: np.random.Generator) -> Array:
        seen.append(attempt)
        return np.repeat(np.array([[4.0, x[np.argmax(y[0])], 0.6, 0.0]]), len(which), 0)

    items = [Parameter("height", 1.0), Parameter("centre", -9.0), Parameter("width", 0.5), Parameter("level", 0.0)]
    found = fit(Curves(Parameters(items), y, gaussian(x), std=0.1, guess=guess), attempts=2)
    assert found.value("centre") == pytest.approx(6.0, abs=1e-6)
    assert set(seen) >= {1}


def test_numerical_derivatives_serve_for_trying_out() -> None:
    x = np.linspace(-3, 3, 60)
    y = gaussian(x)(np.array([[5.0, 0.2, 0.7, 1.0]]), None)[0] + np.random.default_rng(14).normal(0, 0.2, (1, 60))
    items = Parameters(
        [Parameter("height", 3.0), Parameter("centre", 0.0), Parameter("width", 1.0), Parameter("level", 0.0)]
    )
    exact = fit(Curves(items, y, gaussian(x), std=0.2))
    tried = fit(Curves(items, y, numerical(lambda values, which: gaussian(x)(values, which)[0]), std=0.2))
    assert tried.values == pytest.approx(exact.values, rel=1e-6)
    assert tried.std == pytest.approx(exact.std, rel=1e-5)


class Sums:
    """A line that hands over normal equations and nothing else."""

    def __init__(self, inner: Curves) -> None:
        self.inner, self.parameters, self.members, self.points = inner, inner.parameters, inner.members, inner.points

    def normal(self, values: Array, which: NDArray[np.intp], loss: object) -> Normal:
        return self.inner.normal(values, which, loss)  # type: ignore[arg-type]


def test_a_problem_of_normal_equations_is_fitted_alike() -> None:
    problem = lines(0.1, members=5)
    one, two = fit(problem), fit(Sums(problem), errors="stated")
    assert two.values == pytest.approx(one.values, rel=1e-10)
    assert two.std == pytest.approx(one.std, rel=1e-10)
    with pytest.raises(FitError, match="residuals themselves"):
        fit(Sums(problem), errors="correlated")


def wrong_shape(values: Array, _: object) -> tuple[Array, Array]:
    return np.zeros((len(values), 3)), np.zeros((len(values), 2, 3))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: fit(lines(members=2), loss="huber"), "no loss 'huber'"),
        (lambda: fit(lines(members=2), errors="sandwich"), "errors is 'sandwich'"),  # type: ignore[arg-type]
        (lambda: fit(lines(members=2), start=[1.0]), "start has the shape"),
        (lambda: fit(lines(members=2), start=[1.0, np.nan]), "give a finite number"),
        (lambda: fit(Curves(Parameters([Parameter("a"), Parameter("b", 0.0)]), X, line(X))), "'a' of member 0 has the start nan"),
        (lambda: fit(Curves(lines().parameters, X, wrong_shape)), "returned the shapes"),
        (lambda: Curves(lines().parameters, np.zeros((2, 2, 2)), line(X)), "shape"),
        (lambda: Curves(lines().parameters, np.full((2, 40), np.nan), line(X)), "no point"),
        (lambda: Curves(lines().parameters, X, line(X), std=0.0), "must be positive"),
        (lambda: Curves(lines().parameters, X, line(X), std=np.ones(3)), "standard uncertainties have the shape"),
        (
            lambda: fit(Curves(Parameters([Parameter("a", 1.0), Parameter("b", 0.0, high=0.5)], [Tie("b", {"a": 1.0})]), X, line(X))),
            "'b' follows from other parameters and starts outside",
        ),
    ],
)  # fmt: skip
def test_wrong_problems_are_refused_in_words(make: Callable[[], object], words: str) -> None:
    with pytest.raises(FitError, match=words):
        make()


def test_a_loose_tolerance_does_not_stop_on_the_way_to_a_bound() -> None:
    # The first steps go only part of the way to a bound: what is left within that part says nothing of the whole way.
    x = np.linspace(0.0, 1.0, 50)
    columns = np.stack([np.exp(-x), np.exp(-1.2 * x)])
    data = columns.T @ np.array([2.0, -0.3])

    def model(values: Array, which: NDArray[np.intp]) -> tuple[Array, Array]:
        return values @ columns, np.broadcast_to(columns, (len(values), *columns.shape))

    ends = []
    for second in (0.4, 0.05, 1.0):
        parameters = Parameters([Parameter("first", 1.3), Parameter("second", second, low=0.0)])
        found = fit(Curves(parameters, data, model, std=0.05), settings=Settings(0.03, stall=0.02), retries=0)
        assert found.converged.all()
        ends.append(found.value("second"))
    assert ends == pytest.approx([0.0, 0.0, 0.0], abs=1e-6)


class Ring:
    """Points of (r^2 - 1, theta / 10) about an origin that is off: residuals are large, and a square bends the cost."""

    parameters = Parameters([Parameter("r", start=1.2), Parameter("t", start=0.4)])
    members = 1
    points = np.array([2])

    def __init__(self, off: float, *, told: bool) -> None:
        self.off, self.told, self.asked = off, told, 0

    def normal(self, values: Array, which: object, loss: object) -> Normal:
        self.asked += 1
        r, t = values[0]
        residual = np.array([r**2 - self.off, 0.5 * t + t**2 + 1.0])
        jacobian = np.array([[2 * r, 0.0], [0.0, 0.5 + 2 * t]])
        return Normal(np.array([residual @ residual]), (jacobian.T @ residual)[None], (jacobian.T @ jacobian)[None])

    def bends(self, values: Array, which: object) -> Array:
        r, t = values[0]
        size = np.array([2 * (r**2 - self.off), 2 * (0.5 * t + t**2 + 1.0)]) if self.told else np.zeros(2)
        return np.diag(size)[None]


@pytest.mark.parametrize("off", [4.0, -0.3])
def test_a_problem_that_says_how_it_bends_is_solved_in_fewer_steps(off: float) -> None:
    blind, told = Ring(off, told=False), Ring(off, told=True)
    expected, found = fit(blind, retries=0), fit(told, retries=0)
    assert found.converged.all()
    # The lowest cost of the second part is where t = - 1/4 and its residual is 15/16: J^T J is nothing there.
    assert found.values[0, 1] == pytest.approx(-0.25, abs=1e-3)
    assert found.values[0, 0] ** 2 == pytest.approx(max(off, 0.0), abs=1e-3)
    assert found.cost[0] <= expected.cost[0] + 1e-9
    assert told.asked < 0.5 * blind.asked
