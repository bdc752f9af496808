"""Are amounts that cannot be negative the best ones?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import lsq_linear

from interlith.numerics.nonnegative import amounts_of


@given(st.integers(0, 10_000))
@settings(max_examples=60, deadline=None)
def test_it_is_the_least_sum_of_squares(seed: int) -> None:
    draw = np.random.default_rng(seed)
    count = int(draw.integers(2, 9))
    columns = draw.standard_normal((count, 40)) * 10.0 ** draw.integers(-6, 6, size=(count, 1))
    signed = draw.random(count) < 0.4
    aim = draw.standard_normal(40)
    found = amounts_of(columns, aim, signed)
    assert np.all(found[~signed] >= 0)
    size = np.sqrt((columns**2).sum(axis=1))
    other = lsq_linear(
        (columns / size[:, None]).T, aim, (np.where(signed, -np.inf, 0.0), np.full(count, np.inf)), tol=1e-13
    )
    assert ((found @ columns - aim) ** 2).sum() == pytest.approx(2 * other.cost, rel=1e-8)


def test_nothing_is_nothing() -> None:
    columns = np.vstack([np.zeros(5), np.ones(5)])
    assert amounts_of(columns, np.full(5, 2.0), [True, False]).tolist() == pytest.approx([0.0, 2.0])
    assert amounts_of(columns, np.full(5, -2.0), [True, False]).tolist() == [0.0, 0.0]
