"""Search: peaks of every width on any straight background, and as many false alarms as asked for."""

import numpy as np
import pytest

from interlith.errors import FitError
from interlith.numerics.peak_search import scatter, search, threshold

X = np.arange(0.0, 40.0, 0.02)


def _curve(peaks, rng, noise=5.0):
    y = 200.0 - 3.0 * X
    for place, width, height in peaks:
        y = y + height * np.exp(-4 * np.log(2) * ((X - place) / width) ** 2)
    return y + rng.normal(size=X.size) * noise


def test_peaks_of_different_widths_are_found_where_they_are():
    peaks = [(5.0, 0.1, 60.0), (12.3, 0.5, 30.0), (30.0, 0.2, 500.0)]
    found = search(X, _curve(peaks, np.random.default_rng(1)), np.full(X.size, 5.0), narrow=0.08, wide=1.0, least=6.0)
    assert len(found) == 3
    assert np.abs(found.position - [5.0, 12.3, 30.0]).max() < 0.03
    assert np.abs(np.log(found.width / [0.1, 0.5, 0.2])).max() < 0.45
    assert np.abs(np.log(found.height / [60.0, 30.0, 500.0])).max() < 0.3


def test_two_peaks_near_each_other_are_not_taken_for_one_wide_peak():
    found = search(
        X,
        _curve([(20.0, 0.2, 300.0), (20.35, 0.2, 200.0)], np.random.default_rng(2)),
        np.full(X.size, 5.0),
        narrow=0.08,
        wide=1.5,
        least=6.0,
    )
    assert found.position == pytest.approx([20.0, 20.35], abs=0.05)


def test_noise_alone_raises_as_many_alarms_as_asked_for():
    rng = np.random.default_rng(3)
    least = threshold(40.0, 0.1, 0.6, false_alarms=0.2)
    alarms = sum(
        len(search(X, rng.normal(size=X.size) * 3, np.full(X.size, 3.0), narrow=0.1, wide=0.6, least=least)) > 0
        for _ in range(150)
    )
    assert 0.08 < alarms / 150 < 0.27


def test_the_twin_of_a_doublet_is_no_peak():
    twins = X + 0.4
    y = _curve([(10.0, 0.15, 400.0), (10.4, 0.15, 200.0)], np.random.default_rng(4))
    assert len(search(X, y, np.full(X.size, 5.0), narrow=0.08, wide=0.5, least=6.0)) == 2
    assert search(
        X, y, np.full(X.size, 5.0), narrow=0.08, wide=0.5, least=6.0, doublet=(twins, 0.5)
    ).position == pytest.approx([10.0], abs=0.02)


def test_points_without_uncertainty_are_left_out():
    y, std = _curve([(20.0, 0.2, 300.0)], np.random.default_rng(5)), np.full(X.size, 5.0)
    y[500:520], std[500:520] = 1e6, np.nan
    assert search(X, y, std, narrow=0.08, wide=0.5, least=6.0).position == pytest.approx([20.0], abs=0.02)


def test_scatter_follows_the_noise_along_the_curve():
    rng = np.random.default_rng(6)
    size = np.where(X < 20, 1.0, 3.0)
    table = rng.normal(size=(8, X.size)) * size
    found = scatter(table, np.ones(table.shape))
    assert np.median(found[:, 200:800]) == pytest.approx(1.0, abs=0.1)
    assert np.median(found[:, 1200:1800]) == pytest.approx(3.0, abs=0.3)


def test_falling_x_is_refused():
    with pytest.raises(FitError, match="rising"):
        search(X[::-1], X, np.ones(X.size), narrow=0.1, wide=0.5)


def test_right_uncertainties_are_found_right_also_at_the_ends() -> None:
    random = np.random.default_rng(5)
    found = np.array([scatter(random.normal(size=3000), np.ones(3000)) for _ in range(60)])
    assert found.min() > 0.6
    assert found.max() < 1.6
    # The ends are no worse than the middle by more than the halved window explains.
    assert found[:, [0, -1]].std() < 1.8 * found[:, 1500].std()
