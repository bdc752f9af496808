"""Are amounts as unsure as what is left over makes them?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlith.techniques.diffraction.refinement.amount_sizes import amount_sizes

COUNT, REACH = 4000, 8


def curves(seed: int) -> np.ndarray:
    """Two smooth curves that overlap."""
    x = np.linspace(0, 1, COUNT)
    place = np.random.default_rng(seed).uniform(0.3, 0.7, 2)
    return np.exp(-(((x - place[:, None]) / 0.1) ** 2)) + 0.1


@given(seed=st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_noise_that_is_as_stated_gives_the_uncertainty_by_counting(seed: int) -> None:
    rows = curves(seed)
    left = np.random.default_rng(seed).normal(size=COUNT)
    expected = np.sqrt(np.diag(np.linalg.inv(rows @ rows.T)))
    assert amount_sizes(rows, left, 1) == pytest.approx(expected, rel=0.06)
    assert amount_sizes(rows, left, REACH) == pytest.approx(expected, rel=0.2)


def test_repeats_scatter_as_stated_where_errors_go_on_over_stretches() -> None:
    rows, rng = curves(3), np.random.default_rng(4)
    inverse = np.linalg.inv(rows @ rows.T)
    found, said = [], []
    for _ in range(1500):
        left = np.repeat(rng.normal(size=COUNT // REACH), REACH)
        found.append(inverse @ (rows @ left))
        said.append(amount_sizes(rows, left, REACH))
    assert np.std(found, axis=0) == pytest.approx(np.mean(said, axis=0), rel=0.07)


def test_what_is_left_over_is_never_taken_for_less_than_counting() -> None:
    rows = curves(5)
    quiet = 0.01 * np.random.default_rng(6).normal(size=COUNT)
    assert amount_sizes(rows, quiet, REACH) == pytest.approx(np.sqrt(np.diag(np.linalg.inv(rows @ rows.T))), rel=1e-9)


def test_an_amount_without_a_curve_is_not_known() -> None:
    rows = np.vstack([curves(7), np.zeros(COUNT)])
    found = amount_sizes(rows, np.ones(COUNT), REACH)
    assert np.isinf(found[2])
    assert np.isfinite(found[:2]).all()
