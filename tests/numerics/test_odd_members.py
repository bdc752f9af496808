"""Odd members: a corrupt curve is found, a change that stays is not."""

import numpy as np

from interlith.numerics.odd_members import odd_members

X = np.linspace(0.0, 1.0, 300)


def _series(rng):
    return np.array([100 * np.exp(-(((X - 0.3 - 0.002 * k) / 0.03) ** 2)) + rng.normal(size=300) for k in range(12)])


def test_single_and_double_faults_are_found():
    y = _series(np.random.default_rng(1))
    y[3, 150:] = 0.0
    y[3, :150] += 300.0
    y[7:9] *= 0.1
    y[7:9] += 60.0
    assert np.flatnonzero(odd_members(y, np.ones(y.shape))).tolist() == [3, 7, 8]


def test_a_step_that_stays_is_no_fault():
    y = _series(np.random.default_rng(2))
    y[6:] += 50 * np.exp(-(((X - 0.7) / 0.02) ** 2))
    assert not odd_members(y, np.ones(y.shape)).any()


def test_a_curve_without_points_is_odd():
    y = _series(np.random.default_rng(3))
    y[5] = np.nan
    assert np.flatnonzero(odd_members(y, np.ones(y.shape))).tolist() == [5]
