"""Is what a pattern tells worked out once the same as by plain formulas, and are blind directions left alone?"""

from __future__ import annotations

import numpy as np
import pytest

from interlith.techniques.diffraction.quantity_information import information, inverted, stretches


def test_the_covariance_is_the_pseudo_inverse_whatever_the_units() -> None:
    draw = np.random.default_rng(1)
    slopes = draw.standard_normal((6, 200)) * 10.0 ** np.array([-9, -3, 0, 2, 6, 9])[:, None]
    told = information(slopes)
    length = np.sqrt((slopes**2).sum(axis=1))
    assert told.size == pytest.approx(length, rel=1e-14)
    assert np.diag(told.matrix) == pytest.approx(np.ones(6), rel=1e-14)
    plain = np.linalg.inv((slopes / length[:, None]) @ (slopes / length[:, None]).T)
    assert told.covariance * np.outer(length, length) == pytest.approx(plain, rel=1e-10)
    assert information(told) is told


def test_a_parameter_that_nothing_sees_has_no_variance_and_is_marked() -> None:
    slopes = np.random.default_rng(2).standard_normal((3, 50))
    slopes[1] = 0.0
    told = information(slopes)
    assert told.seen.tolist() == [True, False, True]
    assert told.size[1] == 1.0
    assert not told.covariance[1].any()
    others = np.delete(slopes, 1, axis=0)
    assert told.covariance[np.ix_([0, 2], [0, 2])] == pytest.approx(np.linalg.inv(others @ others.T), rel=1e-12)


def test_a_stack_of_matrices_is_inverted_as_one_by_one_without_faint_directions() -> None:
    draw = np.random.default_rng(3)
    ways = np.linalg.qr(draw.standard_normal((5, 4, 4)))[0]
    powers = np.array([1.0, -0.3, 1e-5, 1e-9])
    stack = (ways * powers) @ ways.swapaxes(1, 2)
    found = inverted(*np.linalg.eigh(stack), 1e-6)
    assert found == pytest.approx(np.linalg.pinv(stack, rcond=1e-6, hermitian=True), rel=1e-6, abs=1e-6)
    assert np.abs(found).max() > 1e3


def test_stretches_in_any_order_add_up_to_the_whole() -> None:
    draw = np.random.default_rng(5)
    slopes, residual, blocks = draw.standard_normal((4, 90)), draw.standard_normal(90), draw.integers(0, 7, 90)
    told = information(slopes)
    each = stretches(told, residual, blocks)
    assert len(each.parts) == 7
    assert each.matrices.sum(axis=0) == pytest.approx(told.matrix, abs=1e-12)
    assert each.pulls.sum(axis=0) * told.size == pytest.approx(slopes @ residual, abs=1e-12)
    assert each.pulls[3] * told.size == pytest.approx(slopes[:, blocks == 3] @ residual[blocks == 3], abs=1e-12)
