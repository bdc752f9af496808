"""Does the interval of a contrast hold the truth as often as it says?"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from interlith.evidence.kernel import Spread, contrast, half_width, plan, quantile, welch_half_width

REPEATS = 10_000


def holds(hits: int, of: int) -> bool:
    """Within 0.93-0.97, and 0.95 in the Clopper-Pearson interval at 99.9 %, as some twenty cases are tested."""
    low = stats.beta.ppf(0.0005, hits, of - hits + 1)
    high = stats.beta.ppf(0.9995, hits + 1, of - hits)
    return bool(low <= 0.95 <= high and 0.93 <= hits / of <= 0.97)


def layout(cells: int, batches: int, *, own: bool) -> tuple[list[bool], list[str]]:
    names = [f"b{index % batches}" for index in range(cells)]
    return [False] * cells + [True] * cells, names + ([f"v{name}" for name in names] if own else names)


@pytest.mark.parametrize("cells", [2, 3, 6])
def test_coverage_without_batches(cells: int) -> None:
    inside, _ = layout(cells, 1, own=False)
    scheme = plan(inside, range(2 * cells))
    values = np.random.default_rng(cells).normal(size=(REPEATS, 2 * cells)) + 1.5 * np.array(inside)
    estimate, error = contrast(values, scheme)
    assert holds(int((abs(estimate - 1.5) <= half_width(error, scheme.degrees, 0.95)).sum()), REPEATS)


@pytest.mark.parametrize(("cells", "batches", "own"), [(4, 2, False), (6, 3, False), (6, 2, True), (6, 3, True)])
@pytest.mark.parametrize("size", [0.0, 1.0, 3.0])
def test_coverage_with_batches(cells: int, batches: int, own: bool, size: float) -> None:
    inside, names = layout(cells, batches, own=own)
    scheme = plan(inside, names)
    random = np.random.default_rng(7)
    where = np.array([list(dict.fromkeys(names)).index(name) for name in names])
    values = random.normal(size=(REPEATS, 2 * cells)) + size * random.normal(size=(REPEATS, len(set(names))))[:, where]
    estimate, error = contrast(values, scheme)
    assert holds(int((abs(estimate) <= half_width(error, scheme.degrees, 0.95)).sum()), REPEATS)


def test_ignoring_batches_would_find_differences_that_are_none() -> None:
    """The reason for clusters: the same data without them miss the truth far too often."""
    inside, names = layout(6, 2, own=True)
    random = np.random.default_rng(8)
    where = np.array([list(dict.fromkeys(names)).index(name) for name in names])
    values = random.normal(size=(REPEATS, 12)) + random.normal(size=(REPEATS, 4))[:, where]
    scheme = plan(inside, range(12))
    estimate, error = contrast(values, scheme)
    assert np.mean(abs(estimate) <= half_width(error, scheme.degrees, 0.95)) < 0.80


@pytest.mark.parametrize("common", [0.3, 1.0, 3.0])
def test_coverage_with_a_common_error_is_at_least_nominal(common: float) -> None:
    inside, _ = layout(3, 1, own=False)
    scheme = plan(inside, range(6))
    random = np.random.default_rng(9)
    values = random.normal(size=(REPEATS, 6)) + common * random.normal(size=(REPEATS, 1)) * np.array(inside)
    estimate, error = contrast(values, scheme)
    share = np.mean(abs(estimate) <= half_width(error, scheme.degrees, 0.95, shared=common))
    assert 0.945 <= share <= 0.97


def test_unequal_scatter_costs_what_the_documentation_says() -> None:
    inside, _ = layout(3, 1, own=False)
    scheme = plan(inside, range(6))
    noise = np.random.default_rng(10).normal(size=(REPEATS, 6))
    for ratio, low, high in ((2.0, 0.93, 0.95), (3.0, 0.915, 0.935)):
        estimate, error = contrast(noise * np.where(inside, ratio, 1.0), scheme)
        assert low < np.mean(abs(estimate) <= half_width(error, scheme.degrees, 0.95)) < high


def test_students_quantiles() -> None:
    assert quantile(0.95, 1) == pytest.approx(12.706204736)
    assert quantile(0.95, math.inf) == pytest.approx(1.959963985)


@given(
    first=st.lists(st.floats(-100, 100), min_size=2, max_size=6),
    second=st.lists(st.floats(-100, 100), min_size=2, max_size=6),
    shift=st.floats(-50, 50),
)
@settings(max_examples=60, deadline=None)
def test_invariants(first: list[float], second: list[float], shift: float) -> None:
    inside = [True] * len(first) + [False] * len(second)
    values = np.array(first + second)
    scheme = plan(inside, range(values.size))
    estimate, error = contrast(values, scheme)
    moved, same = contrast(values + shift, scheme)
    swapped, mirrored = contrast(values, plan([not item for item in inside], range(values.size)))
    expected = np.var(first, ddof=1) / len(first) + np.var(second, ddof=1) / len(second)
    assert error == pytest.approx(math.sqrt(expected), abs=1e-9)
    assert moved == pytest.approx(estimate, abs=1e-9)
    assert same == pytest.approx(error, abs=1e-6)
    assert swapped == pytest.approx(-estimate, abs=1e-9)
    assert mirrored == pytest.approx(error, abs=1e-9)


def test_welch_is_that_of_scipy() -> None:
    first, second = np.array([1.0, 2.0, 4.0]), np.array([0.0, 0.1])
    low, high = stats.ttest_ind(first, second, equal_var=False).confidence_interval(0.95)
    assert welch_half_width(first, second, 0.95) == pytest.approx((high - low) / 2)


def test_probability_is_975_per_mille_where_the_interval_touches() -> None:
    spread = Spread(1.0, 2.0, 0.7)
    assert spread.probability_above(spread.half_width(0.95)) == pytest.approx(0.975)
    assert math.isnan(Spread(math.inf, math.inf).probability_above(1.0))
