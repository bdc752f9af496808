"""Do joint draws have the intervals they were made from, and does what two positions share cancel?"""

import numpy as np
import pytest
from scipy import stats

from interlith.errors import FitError
from interlith.numerics.changes.ordering import joint_means, joint_positions, precedes


def positions(values, reach, std, shared):
    values = np.array(values, dtype=float)
    reach = np.broadcast_to(np.asarray(reach, dtype=float), values.shape)
    return joint_positions(
        values,
        reach,
        reach,
        np.broadcast_to(np.asarray(std, dtype=float), values.shape),
        np.asarray(shared, dtype=float),
    )


def test_draws_have_the_interval_and_its_asymmetry():
    made = joint_positions(np.array([4.0]), np.array([0.1]), np.array([0.4]), np.array([0.12]), np.zeros((1, 0)))[:, 0]
    np.testing.assert_allclose(np.quantile(made, [0.025, 0.5, 0.975]), [3.9, 4.0, 4.4], atol=0.01)


def test_two_normal_positions_have_the_textbook_probability():
    made = positions([0.0, 1.0], 1.959964, 1.0, np.zeros((2, 0)))
    assert precedes(made[:, 0], made[:, 1]) == pytest.approx(stats.norm.cdf(1 / np.sqrt(2)), abs=0.005)


def test_a_shared_clock_cancels():
    z = 1.959964
    reach = z * np.hypot(1.0, 5.0)
    alone = positions([0.0, 2.0], reach, np.hypot(1.0, 5.0), np.zeros((2, 0)))
    shared = positions([0.0, 2.0], reach, 1.0, [[5.0], [5.0]])
    assert precedes(alone[:, 0], alone[:, 1]) < 0.65
    assert precedes(shared[:, 0], shared[:, 1]) == pytest.approx(stats.norm.cdf(2 / np.sqrt(2)), abs=0.005)


def test_a_step_is_anywhere_in_its_gap():
    made = positions([0.0], 1.0, 1 / np.sqrt(3), np.zeros((1, 0)))[:, 0]
    assert np.abs(made).max() <= 1.0
    assert made.std() == pytest.approx(1 / np.sqrt(3), rel=0.02)


def test_means_have_the_paired_t_probability():
    values = np.array([[1.0, 2.0], [1.5, 2.2], [0.7, 1.9]])
    made = joint_means(values, np.zeros((2, 0)))
    difference = values[:, 1] - values[:, 0]
    t = difference.mean() / (difference.std(ddof=1) / np.sqrt(3))
    assert precedes(made[:, 0], made[:, 1]) == pytest.approx(stats.t.cdf(t, 2), abs=0.003)
    with pytest.raises(FitError, match="two are needed"):
        joint_means(values[:1], np.zeros((2, 0)))


def test_open_intervals_have_no_order():
    with pytest.raises(FitError, match="finite"):
        positions([0.0, 1.0], np.inf, 1.0, np.zeros((2, 0)))
