"""Further polynomials against waves that were put there, noise alone, and misfits at lines."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.polynomial.chebyshev import chebvander
from numpy.typing import NDArray

from interlith.errors import FitError
from interlith.numerics.background_waves import Waves, more_terms, waves_left

Array = NDArray[np.float64]

X = np.linspace(10.0, 80.0, 3000)
U = (2 * X - X[0] - X[-1]) / (X[-1] - X[0])
PLACES = np.random.default_rng(0).uniform(11, 79, 40)
LINES = np.exp(-4 * np.log(2) * ((X - PLACES[:, None]) / 0.15) ** 2)


def refined(left: Array, std: Array, count: int, *, lines: Array | None = None) -> Waves:
    """Waves left over by a linear fit of polynomials, and perhaps of a pattern of lines."""
    curves = chebvander(U, count - 1).T
    slopes = curves if lines is None else np.concatenate([curves, lines])
    found, *_ = np.linalg.lstsq((slopes / std).T, left / std, rcond=None)
    made = waves_left(X, left - found @ slopes, std, slopes, count)
    assert made is not None
    return made


def noise(seed: int, std: float = 10.0) -> tuple[Array, Array]:
    return np.random.default_rng(seed).normal(0, std, X.size), np.full(X.size, std)


def test_gains_are_those_of_fits_with_one_polynomial_more_each() -> None:
    left, std = noise(1)
    left = left + 3 * np.cos(7 * np.pi * U)
    gains = refined(left, std, 6, lines=LINES[:3]).gains
    costs = []
    for count in range(6, 12):
        columns = np.concatenate([chebvander(U, count - 1).T, LINES[:3]]) / std
        found, *_ = np.linalg.lstsq(columns.T, left / std, rcond=None)
        costs.append(float(((left / std - found @ columns) ** 2).sum()))
    assert gains[:5] == pytest.approx(-np.diff(costs), rel=1e-5, abs=1e-6)


def test_noise_alone_asks_for_no_more() -> None:
    asked = [more_terms([refined(*noise(seed), 6)]).count > 6 for seed in range(100)]
    assert sum(asked) <= 15


@pytest.mark.parametrize("waves", [8, 12, 16])
def test_waves_are_followed_to_where_they_end(waves: int) -> None:
    left, std = noise(3)
    found = more_terms([refined(left + 3.0 * chebvander(U, waves).sum(axis=1), std, 6)])
    assert waves + 1 <= found.count <= waves + 5
    assert found.tried == found.count
    assert found.gain > 2
    assert found.chance < 1e-6


def test_a_wave_that_one_pattern_does_not_show_is_seen_in_three() -> None:
    alone, together = [], []
    for seed in range(30):
        fits = []
        for pattern in range(3):
            left, std = noise(3 * seed + pattern)
            fits.append(refined(left + 0.6 * chebvander(U, 9)[:, 8], std, 8))
        alone.append(more_terms(fits[:1]).count > 8)
        together.append(more_terms(fits).count > 8)
    assert sum(together) > sum(alone) + 3


def test_misfits_at_lines_are_no_waves() -> None:
    rng = np.random.default_rng(5)
    asked, naive = 0, 0
    for seed in range(40):
        left, std = noise(seed)
        found = refined(left + rng.normal(0, 60, len(LINES)) @ LINES, std, 6)
        asked += more_terms([found]).count > 6
        naive += more_terms([Waves(6, found.gains, 1.0, found.freedom)]).count > 6
        assert found.level > 1.5
    assert asked <= 8
    assert naive > asked + 10


def test_what_the_lines_account_for_is_no_wave() -> None:
    left, std = noise(7)
    broad = np.exp(-4 * np.log(2) * ((X - 45.0) / 8.0) ** 2)[None]
    assert more_terms([refined(left + 30 * broad[0], std, 6)]).count > 6
    assert more_terms([refined(left + 30 * broad[0], std, 6, lines=broad)]).count == 6


def test_too_few_points_tell_nothing_and_no_more_than_forty_are_asked_for() -> None:
    x = np.linspace(0.0, 1.0, 60)
    curves = np.asarray(chebvander(x, 7).T, dtype=np.float64)
    assert waves_left(x, x, np.ones(60), curves[:3], 3) is not None
    assert waves_left(x, x, np.ones(60), curves, 8) is None
    left, std = noise(8)
    found = more_terms([refined(left + 5.0 * chebvander(U, 60).sum(axis=1), std, 36)])
    assert found.count <= 40


def test_what_does_not_fit_together_is_refused() -> None:
    with pytest.raises(FitError, match="one number of points"):
        waves_left(X, X[1:], X, X[None], 1)
    with pytest.raises(FitError, match="several numbers"):
        more_terms([])
    with pytest.raises(FitError, match="several numbers"):
        more_terms([Waves(3, np.ones(4), 1.0, 4), Waves(4, np.ones(4), 1.0, 4)])
