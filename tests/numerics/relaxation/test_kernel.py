"""The impedance of a hat, and integrals of a broken line, against quadrature."""

from __future__ import annotations

import numpy as np
import pytest

from interlith.numerics.relaxation.kernel import grid, hat_impedance, integral_weights, window
from tests.numerics.relaxation.spectra import FREQUENCY


@pytest.mark.parametrize("node", [0, 7, 60, -1])
def test_hats_are_integrated_exactly(node: int) -> None:
    nodes = np.linspace(-14.0, 4.0, 121)
    step = nodes[1] - nodes[0]
    fine = np.linspace(max(nodes[node] - step, nodes[0]), min(nodes[node] + step, nodes[-1]), 20001)
    hat = 1 - np.abs(fine - nodes[node]) / step
    for number in (0, 40, 79):
        expected = np.trapezoid(hat / (1 + 2j * np.pi * FREQUENCY[number] * np.exp(fine)), fine)
        assert hat_impedance(FREQUENCY, nodes)[number, node] == pytest.approx(expected, rel=1e-7)


def test_integral_weights_are_exact_between_nodes() -> None:
    nodes = np.linspace(0.0, 3.0, 7)
    values = np.array([0.0, 1.0, 4.0, 2.0, 2.0, 5.0, 1.0])
    fine = np.linspace(0.37, 2.61, 200001)
    assert integral_weights(nodes, 0.37, 2.61) @ values == pytest.approx(
        np.trapezoid(np.interp(fine, nodes, values), fine), rel=1e-8
    )
    assert not integral_weights(nodes, 5.0, 6.0).any()


def test_the_window_is_one_over_two_pi_f() -> None:
    low, high = window(FREQUENCY)
    assert np.exp(high) == pytest.approx(15.915, rel=1e-3)
    assert np.exp(low) == pytest.approx(1.5915e-7, rel=1e-3)
    made = grid(FREQUENCY)
    assert made.log_tau[0] < low
    assert made.log_tau[-1] > high
    np.testing.assert_allclose(made.basis.sum(axis=1), 1.0)
