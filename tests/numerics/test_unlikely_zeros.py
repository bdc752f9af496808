"""Zeros of a detector that was off, and those of a weak source."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlith.numerics.unlikely_zeros import unlikely_zeros


@pytest.mark.parametrize(("mean", "length", "dead"), [(100, 1, True), (5, 1, False), (5, 6, True), (0.5, 5, False)])
def test_a_run_is_dead_where_counting_would_not_give_it(mean: float, length: int, dead: bool) -> None:
    counts = np.random.default_rng(3).poisson(mean, 400).astype(float)
    counts[200 : 200 + length] = 0
    assert unlikely_zeros(counts)[200 : 200 + length].all() == dead


def test_a_shadow_at_the_beginning_is_dead() -> None:
    counts = np.concatenate([np.zeros(12), np.random.default_rng(4).poisson(60, 100)])
    assert np.flatnonzero(unlikely_zeros(counts)).tolist() == list(range(12))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.01, 30))
def test_no_zero_of_an_even_source_is_taken_for_dead(seed: int, mean: float) -> None:
    counts = np.random.default_rng(seed).poisson(mean, 2000)
    assert not unlikely_zeros(counts).any()


@pytest.mark.parametrize("values", [[0.0, 0.5, 0.0, 7.25], [0.0] * 8, [3.0, 4.0, 5.0]])
def test_nothing_is_said_of_other_than_counts(values: list[float]) -> None:
    assert not unlikely_zeros(values).any()
