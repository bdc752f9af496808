"""The bounded step is the constrained minimiser of its quadratic model, found by others too."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

from interlith.numerics.fitting.steps import Box, bounded_step, solved

MANY = settings(max_examples=60, deadline=None)


def box(low: np.ndarray, high: np.ndarray, held: np.ndarray | None = None, rows: np.ndarray | None = None,
        row_low: np.ndarray | None = None, row_high: np.ndarray | None = None) -> Box:  # fmt: skip
    count, size = low.shape
    rows = np.zeros((count, 0, size)) if rows is None else rows
    empty = np.zeros((count, rows.shape[1]))
    return Box(
        low, high, np.zeros(low.shape, dtype=bool) if held is None else held, rows,
        empty - np.inf if row_low is None else row_low, empty + np.inf if row_high is None else row_high,
    )  # fmt: skip


def drawn(seed: int, count: int, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Normal matrices with a unit diagonal, as the solver hands them over, gradients and boxes about zero."""
    random = np.random.default_rng(seed)
    factor = random.normal(size=(count, size + 3, size))
    factor /= np.linalg.norm(factor, axis=1)[:, None, :]
    hessian = factor.transpose(0, 2, 1) @ factor
    gradient = random.normal(size=(count, size)) * random.choice([0.1, 1.0, 10.0], size=(count, 1))
    low = -random.exponential(1.0, (count, size)) * random.choice([0.0, 0.3, 1.0], size=(count, size))
    high = random.exponential(1.0, (count, size)) * random.choice([0.0, 0.3, 1.0], size=(count, size))
    return hessian, gradient, low, high


def value(hessian: np.ndarray, gradient: np.ndarray, step: np.ndarray) -> np.ndarray:
    return np.einsum("bi,bi->b", gradient, step) + 0.5 * np.einsum("bi,bij,bj->b", step, hessian, step)


@MANY
@given(st.integers(0, 10_000), st.integers(1, 9))
def test_box_step_equals_bounded_least_squares(seed: int, size: int) -> None:
    hessian, gradient, low, high = drawn(seed, 5, size)
    high = np.maximum(high, low + 1e-6)
    found = bounded_step(hessian, gradient, box(low, high))
    assert (found >= low).all()
    assert (found <= high).all()
    for k in range(5):
        triangle = np.linalg.cholesky(hessian[k]).T
        right = -np.linalg.solve(triangle.T, gradient[k])
        other = optimize.lsq_linear(triangle, right, (low[k], high[k]), method="bvls", tol=1e-14).x
        ours, theirs = value(hessian[k : k + 1], gradient[k : k + 1], np.stack([found[k]])), None
        theirs = value(hessian[k : k + 1], gradient[k : k + 1], np.stack([other]))
        assert ours[0] <= theirs[0] + 1e-9 * (1 + abs(theirs[0]))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 5))
def test_tied_rows_are_kept_and_the_step_is_the_minimiser(seed: int, size: int) -> None:
    hessian, gradient, low, high = drawn(seed, 3, size)
    low, high = low - 0.05, high + 0.05
    random = np.random.default_rng(seed + 1)
    rows = random.normal(size=(3, 1, size))
    row_low, row_high = -random.exponential(0.5, (3, 1)), random.exponential(0.5, (3, 1))
    bounds = box(low, high, rows=rows, row_low=row_low, row_high=row_high)
    found = bounded_step(hessian, gradient, bounds)
    assert bounds.holds(found).all()
    for k in range(3):
        other = optimize.minimize(
            lambda p, k=k: gradient[k] @ p + 0.5 * p @ hessian[k] @ p, np.zeros(size),
            jac=lambda p, k=k: gradient[k] + hessian[k] @ p, method="SLSQP", bounds=list(zip(low[k], high[k], strict=True)),
            constraints=[
                {"type": "ineq", "fun": lambda p, k=k: rows[k, 0] @ p - row_low[k, 0]},
                {"type": "ineq", "fun": lambda p, k=k: row_high[k, 0] - rows[k, 0] @ p},
            ],
            options={"maxiter": 300, "ftol": 1e-13},
        )  # fmt: skip
        ours = float(value(hessian[k : k + 1], gradient[k : k + 1], found[k : k + 1])[0])
        assert ours <= float(other.fun) + 1e-6 * (1 + abs(float(other.fun)))


@MANY
@given(st.integers(0, 10_000))
def test_held_parameters_stay_and_the_rest_is_solved(seed: int) -> None:
    hessian, gradient, _, _ = drawn(seed, 4, 6)
    held = np.random.default_rng(seed).random((4, 6)) < 0.4
    wide = np.full((4, 6), np.inf)
    found = bounded_step(hessian, gradient, box(-wide, wide, held))
    assert (found[held] == 0).all()
    slope = gradient + np.einsum("bij,bj->bi", hessian, found)
    assert np.abs(slope[~held]).max(initial=0.0) < 1e-8


def test_members_do_not_see_each_other() -> None:
    hessian, gradient, low, high = drawn(3, 40, 6)
    together = bounded_step(hessian, gradient, box(low, high))
    for k in range(40):
        alone = bounded_step(hessian[k : k + 1], gradient[k : k + 1], box(low[k : k + 1], high[k : k + 1]))
        assert together[k] == pytest.approx(alone[0], rel=1e-9, abs=1e-12)


def test_a_singular_matrix_gets_the_smallest_solution() -> None:
    matrix = np.array([[[1.0, 1.0], [1.0, 1.0]], [[2.0, 0.0], [0.0, 1.0]]])
    found = solved(matrix, np.array([[2.0, 2.0], [4.0, 3.0]]))
    assert found == pytest.approx(np.array([[1.0, 1.0], [2.0, 3.0]]))
