"""The level that a record relaxes to: recovered where it can be told, bounded where it cannot."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from interlith.errors import FitError
from interlith.physics.polarisation import blocked, relaxing
from interlith.techniques.polarisation.tails import tail_of, theta

Array = NDArray[np.float64]

TIME = np.arange(1.0, 1201.0)


@pytest.mark.parametrize(
    "answer",
    [
        lambda t: relaxing(t, 1.0, (), ()),
        lambda t: relaxing(t, 1.0, (2.0,), (50.0,)),
        lambda t: relaxing(t, 1.0, (2.0,), (400.0,)),
        lambda t: blocked(t, 1.0, 0.5, 400.0),
    ],
    ids=["constant", "steady", "not over", "diffusion"],
)
def test_the_level_is_recovered_with_pulls_of_unit_width(answer: Callable[[Array], Array]) -> None:
    pulls, inside = [], 0
    for seed in range(30):
        found = tail_of(TIME, answer(TIME) + np.random.default_rng(seed).normal(0.0, 0.01, len(TIME)))
        assert found.told
        pulls.append((found.level - 1.0) / found.std)
        inside += found.low <= 1.0 <= found.high
    assert inside >= 26
    assert abs(np.mean(pulls)) < 0.7
    assert 0.5 < np.std(pulls) < 1.5


def test_a_record_that_ends_long_before_its_relaxation_tells_no_level() -> None:
    found = tail_of(
        TIME, relaxing(TIME, 0.01, (1.0, 1.0), (30.0, 9000.0)) + np.random.default_rng(1).normal(0, 1e-3, len(TIME))
    )
    assert not found.told
    assert not found.steady
    assert found.low < 0.01 < found.high
    assert found.time > 1200


def test_a_relaxation_that_follows_none_of_the_laws_is_no_number() -> None:
    answer = 1.0 + 3.0 / np.sqrt(1 + TIME / 10)
    found = tail_of(TIME, answer + np.random.default_rng(2).normal(0, 1e-3, len(TIME)))
    assert not found.told
    assert not found.fits
    assert found.end > 1.2


def test_the_level_does_not_hang_on_units_and_a_short_record_is_refused() -> None:
    value = relaxing(TIME, 1.0, (2.0,), (100.0,)) + np.random.default_rng(3).normal(0, 0.01, len(TIME))
    plain, scaled = tail_of(TIME, value), tail_of(60 * TIME, 1e-9 * value)
    assert scaled.level == pytest.approx(1e-9 * plain.level, rel=1e-6)
    assert scaled.std == pytest.approx(1e-9 * plain.std, rel=1e-4)
    with pytest.raises(FitError, match="12 are needed"):
        tail_of(TIME[:5], value[:5])


def test_the_sum_over_modes_is_that_of_many_terms() -> None:
    x = np.array([1e-3, 0.1, 0.9, 1.1, 5.0])
    n = np.arange(1, 400)[:, None]
    assert theta(x) == pytest.approx(np.exp(-(n**2) * x).sum(axis=0), rel=1e-10)
