"""Coupled series: the arrow solved as one dense matrix would be, without ever building it; all data are simulated."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlith.errors import FitError
from interlith.numerics.fitting import Curves, Parameter, Parameters, Status, Sum, fit
from interlith.numerics.fitting.arrow import Arrow
from tests.numerics.fitting.models import Array, line, shapes

X = np.linspace(0.0, 1.0, 30)


def drawn(seed: int, members: int, local: int, shared: int, linked: bool) -> Arrow:
    random = np.random.default_rng(seed)
    factor = random.normal(size=(members, local + shared + 4, local + shared))
    whole = factor.transpose(0, 2, 1) @ factor
    link = -random.uniform(0, 1, (members - 1, local)) if linked else None
    blocks = whole[:, :local, :local].copy()
    if link is not None:
        places = np.arange(local)
        blocks[:-1, places, places] -= link
        blocks[1:, places, places] -= link
    return Arrow(blocks, whole[:, :local, local:], whole[:, local:, local:].sum(axis=0), link)


def dense(arrow: Arrow) -> Array:
    members, local, shared = arrow.border.shape
    whole = np.zeros((members * local + shared, members * local + shared))
    whole[members * local :, members * local :] = arrow.corner
    for k in range(members):
        own = slice(k * local, (k + 1) * local)
        whole[own, own] = arrow.local[k]
        whole[own, members * local :] = arrow.border[k]
        whole[members * local :, own] = arrow.border[k].T
        if arrow.link is not None and k + 1 < members:
            after = slice((k + 1) * local, (k + 2) * local)
            whole[own, after] = whole[after, own] = np.diag(arrow.link[k])
    return whole


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 6), st.integers(1, 4), st.integers(0, 3), st.booleans())
def test_the_arrow_is_its_dense_matrix(seed: int, members: int, local: int, shared: int, linked: bool) -> None:
    arrow = drawn(seed, members, local, shared, linked)
    matrix = dense(arrow)
    random = np.random.default_rng(seed + 1)
    above, below = random.normal(size=(members, local)), random.normal(size=shared)
    vector = np.concatenate([above.ravel(), below])
    one, two = arrow.times(above, below)
    assert np.concatenate([one.ravel(), two]) == pytest.approx(matrix @ vector, rel=1e-9, abs=1e-9)
    one, two = arrow.solve(above, below)
    expected = np.linalg.solve(matrix, vector)
    assert np.concatenate([one.ravel(), two]) == pytest.approx(expected, rel=1e-6, abs=1e-7 * np.abs(expected).max())
    own, border, corner = arrow.inverse_blocks()
    inverse = np.linalg.inv(matrix)
    size = members * local
    tolerance = 1e-7 * np.abs(inverse).max()
    for k in range(members):
        part = slice(k * local, (k + 1) * local)
        assert own[k] == pytest.approx(inverse[part, part], rel=1e-6, abs=tolerance)
        assert border[k] == pytest.approx(inverse[part, size:], rel=1e-6, abs=tolerance)
    assert corner == pytest.approx(inverse[size:, size:], rel=1e-6, abs=tolerance)
    if shared:
        schur = arrow.corner - matrix[size:, :size] @ np.linalg.solve(matrix[:size, :size], matrix[:size, size:])
        assert arrow.schur() == pytest.approx(schur, rel=1e-6, abs=1e-7 * np.abs(schur).max())


def series(members: int = 12, *, smooth: float | None = None, seed: int = 2, **shared: Any) -> tuple[Curves, Array]:
    """Lines with levels of their own and one common slope of 2."""
    random = np.random.default_rng(seed)
    levels = np.cumsum(random.normal(0, 0.1, members))
    y = levels[:, None] + 2 * X + random.normal(0, 0.2, (members, 30))
    items = [Parameter("level", 0.0, smooth=smooth), Parameter("slope", 0.0, shared=True, **shared)]
    return Curves(Parameters(items), y, line(X), std=0.2), levels


def design(members: int) -> Array:
    return np.hstack([np.kron(np.eye(members), np.ones((30, 1))), np.tile(X[:, None], (members, 1))]) / 0.2


def test_a_common_slope_equals_one_dense_least_squares() -> None:
    problem, _ = series()
    found = fit(problem)
    matrix = design(12)
    expected = np.linalg.lstsq(matrix, problem.observed.ravel() / 0.2, rcond=None)[0]
    inverse = np.linalg.inv(matrix.T @ matrix)
    assert found.converged.all()
    assert found.values[:, 0] == pytest.approx(expected[:-1], rel=1e-8, abs=1e-9)
    assert found.values[:, 1] == pytest.approx(np.full(12, expected[-1]), rel=1e-9)
    for k in range(12):
        assert found.covariance[k] == pytest.approx(inverse[np.ix_([k, 12], [k, 12])], rel=1e-8)
    assert found.dof.sum() == pytest.approx(12 * 30 - 13)
    scaled = fit(problem, errors="scaled")
    assert scaled.covariance == pytest.approx(found.covariance * found.cost.sum() / (12 * 30 - 13), rel=1e-8)


def test_a_smooth_series_equals_its_dense_normal_equations() -> None:
    problem, _ = series(smooth=0.1)
    found = fit(problem)
    matrix = design(12)
    change = np.diff(np.eye(13), axis=0)[:11]
    change[:, 12] = 0
    normal = matrix.T @ matrix + change.T @ change / 0.01
    expected = np.linalg.solve(normal, matrix.T @ problem.observed.ravel() / 0.2)
    inverse = np.linalg.inv(normal)
    assert found.converged.all()
    assert found.values[:, 0] == pytest.approx(expected[:-1], rel=1e-7, abs=1e-8)
    assert found.values[0, 1] == pytest.approx(expected[-1], rel=1e-8)
    assert found.std[:, 0] == pytest.approx(np.sqrt(np.diag(inverse))[:-1], rel=1e-7)


def test_smoothness_that_is_true_lowers_the_error_and_its_pulls_stay_of_unit_width() -> None:
    rough, smooth, pulls = [], [], []
    for seed in range(25):
        problem, levels = series(30, smooth=0.1, seed=seed)
        plain, _ = series(30, seed=seed)
        found = fit(problem)
        smooth.append(found.values[:, 0] - levels)
        rough.append(fit(plain).values[:, 0] - levels)
        pulls.append((found.values[:, 0] - levels) / found.std[:, 0])
    assert np.std(smooth) < 0.95 * np.std(rough)
    assert np.std(pulls) == pytest.approx(1.0, abs=0.12)  # 750 pulls, those of one series alike


def test_a_shared_bound_holds_for_all() -> None:
    problem, _ = series(high=1.5)
    found = fit(problem)
    assert found.converged.all()
    assert (found.values[:, 1] == 1.5).all()
    assert (found.side[:, 1] == 1).all()
    levels = (problem.observed - 1.5 * X).mean(axis=1)
    assert found.values[:, 0] == pytest.approx(levels, rel=1e-8)
    assert (found.std[:, 1] > 0).all()
    assert found.std[:, 0] == pytest.approx(np.full(12, 0.2 / np.sqrt(30)), rel=1e-8)


def test_local_bounds_hold_inside_a_coupled_series() -> None:
    problem, _ = series()
    free = fit(problem)
    items = [Parameter("level", 1.0, low=0.0), Parameter("slope", 0.0, shared=True)]
    found = fit(Curves(Parameters(items), problem.observed, problem.model, std=0.2))
    assert (free.values[:, 0] < 0).any()
    assert (found.values[:, 0] >= 0).all()
    low = found.side[:, 0] == -1
    assert low.any()
    # The rest is the dense solution with those held at zero.
    matrix = design(12)[:, np.append(~low, True)]
    expected = np.linalg.lstsq(matrix, problem.observed.ravel() / 0.2, rcond=None)[0]
    assert found.values[~low, 0] == pytest.approx(expected[:-1], rel=1e-7)
    assert found.values[0, 1] == pytest.approx(expected[-1], rel=1e-8)


def test_a_dead_member_is_told_and_the_others_go_on() -> None:
    problem, _ = series()

    def model(values: Array, which: Any) -> tuple[Array, Array]:
        found, slopes = line(X)(values, which)
        return np.where(which[:, None] == 4, np.nan, found), slopes

    found = fit(Curves(problem.parameters, problem.observed, model, std=0.2))
    alive = np.arange(12) != 4
    assert found.converged.tolist() == alive.tolist()
    assert found.status[4] == Status.IMPOSSIBLE_START
    assert np.isinf(found.std[4]).all()
    without = fit(Curves(problem.parameters, problem.observed[alive], line(X), std=0.2))
    assert found.values[alive] == pytest.approx(without.values, rel=1e-9)
    assert found.covariance[alive] == pytest.approx(without.covariance, rel=1e-9)


def test_order_of_the_members_does_not_matter_when_they_only_share() -> None:
    problem, _ = series()
    order = np.random.default_rng(3).permutation(12)
    one, two = fit(problem), fit(Curves(problem.parameters, problem.observed[order], problem.model, std=0.2))
    assert two.values == pytest.approx(one.values[order], rel=1e-9)
    assert two.std == pytest.approx(one.std[order], rel=1e-9)


def test_what_the_series_does_not_fix_is_named() -> None:
    table = np.stack([np.ones_like(X), np.ones_like(X), X])
    problem, _ = series()
    items = [Parameter("level", 0.1), Parameter("offset", 0.1, shared=True), Parameter("slope", 0.1, shared=True)]
    found = fit(Curves(Parameters(items), problem.observed, shapes(table), std=0.2))
    assert "offset" in found.reason(0).lower()
    assert np.isinf(found.std[:, 1]).all()
    assert np.isfinite(found.std[:, 2]).all()


def test_a_tie_across_local_and_shared() -> None:
    problem, _ = series()
    table = np.stack([np.ones_like(X), X, X])
    items = [Parameter("level", 0.0), Parameter("one", 0.3, shared=True), Parameter("two", 0.7, low=0.0)]
    found = fit(Curves(Parameters(items, [Sum({"one": 1, "two": 1}, 2.5)]), problem.observed, shapes(table), std=0.2))
    assert found.converged.all()
    assert (found.values[:, 1] + found.values[:, 2]) == pytest.approx(np.full(12, 2.5))


def test_wrong_series_are_refused() -> None:
    problem, _ = series()
    items = [Parameter("level", 0.0), Parameter("slope", 0.0, low=np.linspace(-1, 0, 12), shared=True)]
    with pytest.raises(FitError, match="'slope' is shared"):
        fit(Curves(Parameters(items), problem.observed, problem.model, std=0.2))
    with pytest.raises(FitError, match="one by one"):
        fit(problem, errors="correlated")


def test_no_dense_matrix_of_the_series_is_built() -> None:
    members, peaks = 120, 6
    random = np.random.default_rng(5)
    local, shared = 2 * peaks, 4
    table = random.normal(size=(shared, 60))
    x = np.linspace(0, 1, 60)
    centres = np.linspace(0.1, 0.9, peaks)

    def model(values: Array, _: Any) -> tuple[Array, Array]:
        slopes = np.empty((len(values), local + shared, 60))
        found = values[:, local:] @ table
        for k in range(peaks):
            u = (x - values[:, 2 * k + 1, None]) / 0.04
            e = np.exp(-0.5 * u * u)
            slopes[:, 2 * k], slopes[:, 2 * k + 1] = e, values[:, 2 * k, None] * e * u / 0.04
            found = found + values[:, 2 * k, None] * e
        slopes[:, local:] = table
        return found, slopes

    truth = np.empty((members, local + shared))
    truth[:, 0:local:2], truth[:, 1:local:2] = random.uniform(1, 3, (members, peaks)), centres
    truth[:, local:] = random.normal(0, 0.5, shared)
    y = model(truth, None)[0] + random.normal(0, 0.05, (members, 60))
    items = [
        item for k in range(peaks) for item in (Parameter(f"a{k}", 2.0, low=0), Parameter(f"c{k}", centres[k] + 0.005))
    ]
    items += [Parameter(f"t{k}", 0.0, shared=True) for k in range(shared)]
    problem = Curves(Parameters(items), y, model, std=0.05)
    fit(problem)
    tracemalloc.start()
    found = fit(problem)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.converged.all()
    pulls = (found.values - truth) / found.std
    assert pulls[:, :local].std() == pytest.approx(1.0, abs=0.08)
    assert np.abs(pulls[0, local:]).max() < 4
    assert peak < 0.4 * (members * local + shared) ** 2 * 8
