"""Reference: the degree that is needed, its uncertainty, and where it ends."""

import numpy as np
import pytest

from interlith.errors import FitError
from interlith.numerics.reference_curve import reference_curve

X = np.linspace(25.0, 800.0, 20)


def test_a_straight_reference_stays_straight_and_a_bent_one_bends():
    rng = np.random.default_rng(1)
    straight = sum(
        reference_curve(X, 100 + 0.003 * X + rng.normal(size=20) * 0.01, np.full(20, 0.01)).degree == 1
        for _ in range(50)
    )
    assert straight >= 46
    assert reference_curve(X, 100 + 0.003 * X + 2e-6 * X**2 + rng.normal(size=20) * 0.01, np.full(20, 0.01)).degree == 2


def test_values_agree_with_their_uncertainty():
    rng = np.random.default_rng(2)
    pulls = []
    for _ in range(200):
        one = reference_curve(X, 100 + 0.003 * X + rng.normal(size=20) * 0.01, np.full(20, 0.01), degree=1)
        size = np.linalg.norm(one.powers([300.0])[0] @ one.factor())
        pulls.append((one.value(300.0)[0] - 100.9) / size)
    assert np.std(pulls) == pytest.approx(0.95, abs=0.12)  # the scale only ever widens


def test_the_slope_is_that_of_the_values():
    one = reference_curve(X, 1e-6 * X**3, np.full(20, 0.01), degree=3)
    assert one.slope([400.0])[0] == pytest.approx((one.value(400.1)[0] - one.value(399.9)[0]) / 0.2, rel=1e-6)


def test_it_ends_where_the_data_end():
    assert reference_curve(X, X, np.ones(20)).outside([20.0, 400.0, 900.0]).tolist() == [False, False, True]


def test_two_values_are_no_reference():
    with pytest.raises(FitError, match="3 values"):
        reference_curve(X[:2], X[:2], np.ones(2))
