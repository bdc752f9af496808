"""The front of goals: against comparing all pairs."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from interlith.design.matching.pareto import front


@given(arrays(np.int64, st.tuples(st.integers(0, 25), st.integers(1, 3)), elements=st.integers(0, 6)))
def test_the_front_is_what_no_other_is_better_than(goals: np.ndarray) -> None:
    kept = front(goals.astype(float))
    for place, row in enumerate(goals):
        better = np.all(goals <= row, axis=1) & np.any(goals < row, axis=1)
        assert kept[place] == (not better.any())


def test_rounding_decides_nothing() -> None:
    assert front([[1.0, 2.0], [1.0 + 1e-13, 2.0 - 1e-13]]).tolist() == [True, True]
    assert front(np.zeros((0, 3))).tolist() == []
