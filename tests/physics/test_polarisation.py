"""Relaxations of a held cell, and the formula of Bruce and Vincent."""

from __future__ import annotations

import numpy as np
import pytest

from interlith.physics.polarisation import blocked, bruce_vincent, relaxing


def test_a_blocked_conductor_falls_with_the_root_of_time_and_then_exponentially() -> None:
    time = np.array([1e-3, 4e-3, 2.0, 3.0])
    current = blocked(time, 0.0, 1.0, 1.0)
    assert current[0] / current[1] == pytest.approx(2.0, rel=0.03)
    assert current[3] / current[2] == pytest.approx(np.exp(-1.0), rel=3e-3)
    assert relaxing(time, 2.0, (1.0,), (1.0,)) == pytest.approx(2 + np.exp(-time))


def test_without_interfaces_the_transference_number_is_the_ratio_of_the_currents() -> None:
    value, _ = bruce_vincent(0.01, 1e-3, 3e-4, 0.0, 0.0)
    assert value == pytest.approx(0.3)


def test_its_derivatives_are_those_of_the_formula() -> None:
    names = ("voltage", "initial", "steady", "before", "after")
    at = np.array([0.01, 8e-5, 3e-5, 40.0, 60.0])
    value, slopes = bruce_vincent(*at)
    for k, name in enumerate(names):
        step = np.zeros(5)
        step[k] = 1e-5 * at[k]
        high, low = bruce_vincent(*(at + step))[0], bruce_vincent(*(at - step))[0]
        assert slopes[name] == pytest.approx((high - low) / (2 * step[k]), rel=1e-5), name
    assert 0 < value < 1


def test_an_interface_that_takes_all_of_the_voltage_gives_no_number() -> None:
    value, slopes = bruce_vincent(0.01, 1e-3, 3e-4, 20.0, 0.0)
    assert np.isnan(value)
    assert slopes == {}
