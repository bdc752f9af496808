"""Rules of integration, against those of NumPy and against what they must integrate exactly."""

from __future__ import annotations

import numpy as np
import pytest

from interlith.physics.powder.profile_loops import MOST_NODES, _rules


@pytest.mark.parametrize("count", [1, 2, 7, 40, MOST_NODES])
def test_rules_integrate_polynomials_exactly(count: int) -> None:
    node, weight = _rules(MOST_NODES)[count, :, :count]
    for power in (0, 1, count, 2 * count - 1):
        assert np.sum(weight * node**power) == pytest.approx(1 / (power + 1), rel=1e-12)


def test_rules_are_those_of_numpy_and_zero_beyond() -> None:
    rules = _rules(20)
    for count in range(1, 21):
        node, weight = np.polynomial.legendre.leggauss(count)
        assert np.allclose(rules[count, 0, :count], (node + 1) / 2, rtol=0, atol=1e-15)
        assert np.allclose(rules[count, 1, :count], weight / 2, rtol=1e-11, atol=0)
        assert not rules[count, :, count:].any()
    assert not rules[0].any()
