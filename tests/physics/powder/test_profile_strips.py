"""Strips of points: against all rays at every point, and against moments."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from interlith.physics.powder.profile import Lines, line_turns, profile_sum, profile_terms
from interlith.physics.powder.profile_loops import (
    MOST_NODES,
    _line_block,
    farthest_shift,
    mixed,
    reach,
    smeared,
    two_rays,
)

Array = NDArray[np.float64]
#: Examples are not made smaller: a failing one says enough.
QUICK = (Phase.explicit, Phase.reuse, Phase.generate)


def rays(position: float, sample: float, slit: float, width: float) -> tuple[Array, Array, int]:
    nodes, slopes = np.empty((2, 2 * MOST_NODES)), np.empty((6, 2 * MOST_NODES))
    return nodes, slopes, smeared(position, sample, slit, width, nodes, slopes)


def ray_by_ray(x: Array, values: Array, cut: float) -> tuple[Array, Array]:
    """One line and its six slopes from all rays at all its points."""
    position, area, gauss, lorentz, sample, slit = (float(one) for one in values)
    width, share, wg, wl, sg, sl = mixed(gauss, lorentz)
    nodes, slopes, count = rays(position, sample, slit, width)
    half = reach(width, share, cut)
    first = np.searchsorted(x, position + nodes[0, :count].min() - half)
    last = np.searchsorted(x, position + nodes[0, :count].max() + half)
    block = np.zeros((6, x.size))
    inside = np.zeros((6, last - first))
    _line_block(x[first:last], position, area, width, share, nodes, slopes, count, inside, cut)
    block[:, first:last] = inside
    block[2], block[3] = block[2] * wg + block[3] * sg, block[2] * wl + block[3] * sl
    return area * block[1], block


@settings(max_examples=15, deadline=None, phases=QUICK)
@given(
    st.floats(4, 150), st.floats(0.005, 0.1), st.floats(0.0, 0.1), st.floats(0.0, 0.03), st.floats(0.0, 0.03)
)  # fmt: skip
def test_flanks_of_two_rays_are_those_of_all(
    position: float, gauss: float, lorentz: float, sample: float, slit: float
) -> None:
    values = np.array([position, 2.0, gauss, lorentz, sample, slit])
    x = np.linspace(position - 3, position + 3, 3001)
    expected, terms = ray_by_ray(x, values, 3e-4)
    place, area, narrow, wide = values[:4, None]
    lines = Lines(place, area, narrow, wide, sample, slit)
    found, slopes = profile_terms(x, lines, np.eye(6)[None])
    largest = expected.max()
    # Several rays together end before the farthest of them does.
    inside = expected > 1e-7 * largest
    expected, terms = np.where(inside, expected, 0.0), np.where(inside, terms, 0.0)
    slopes = np.where(inside, slopes, 0.0)
    assert found == pytest.approx(expected, abs=2e-7 * largest)
    assert profile_sum(x, lines) == pytest.approx(expected, abs=2e-7 * largest)
    for term in range(6):
        # Slopes by ratios that are nearly zero are differences of large numbers.
        part, least = (1e-6, 1e-8) if term < 4 else (1e-5, 1e-7)
        assert slopes[term] == pytest.approx(terms[term], abs=part * np.abs(terms[term]).max() + least * largest)


def moments(nodes: Array, count: int) -> Array:
    mean = np.sum(nodes[0, :count] * nodes[1, :count])
    away = nodes[0, :count] - mean
    return np.array([nodes[1, :count].sum(), mean, *(np.sum(nodes[1, :count] * away**power) for power in (2, 3))])


@settings(max_examples=15, deadline=None, phases=QUICK)
@given(st.floats(4, 70), st.floats(0.003, 0.03), st.floats(0.003, 0.03))
def test_two_rays_keep_the_moments_of_all_and_their_slopes(position: float, sample: float, slit: float) -> None:
    def both(values: Array) -> tuple[Array, Array, Array, Array]:
        nodes, slopes, count = rays(float(values[0]), float(values[1]), float(values[2]), 0.05)
        pair, pair_slopes = np.empty((2, 2)), np.empty((6, 2))
        assert two_rays(nodes, slopes, count, pair, pair_slopes) == 2
        assert moments(pair, 2) == pytest.approx(moments(nodes, count), rel=1e-6, abs=1e-15)
        return nodes, slopes, pair, pair_slopes

    values = np.array([position, sample, slit])
    _, _, pair, slopes = both(values)
    for by in range(3):
        if by and abs(sample - slit) < 1e-4:
            continue
        step = 1e-5 * values[by]
        high, low = (both(np.where(np.arange(3) == by, values + sign * step, values))[2] for sign in (1, -1))
        expected = (high - low) / (2 * step)
        assert slopes[by] == pytest.approx(expected[0], rel=1e-4, abs=1e-6 * np.abs(pair[0]).max())
        assert slopes[3 + by] == pytest.approx(expected[1], rel=1e-4, abs=1e-6)


def test_lines_far_outside_add_nothing_and_those_without_area_only_slopes() -> None:
    x = np.linspace(20, 40, 2001)
    lines = Lines(
        np.array([10.0, 30.0, 55.0]), np.array([5.0, 0.0, 7.0]), np.full(3, 0.05), np.full(3, 0.02), 0.02, 0.02
    )
    found, slopes = profile_terms(x, lines, np.tile(np.eye(6), (3, 1, 1)))
    assert np.all(found == 0)
    assert np.trapezoid(slopes[1], x) == pytest.approx(1.0, rel=0.02)
    assert np.all(slopes[0] == 0)


def test_the_largest_shift_is_that_of_the_highest_ray() -> None:
    nodes, _, count = rays(12.0, 0.02, 0.01, 0.01)
    assert 0.9 < -nodes[0, :count].min() / farthest_shift(12.0, 0.03) < 1.0


def test_sums_over_a_line_its_slope_and_its_second_slope_are_those_of_differences() -> None:
    x = np.linspace(20, 40, 4001)
    # Nothing pulls at the flanks, which are left out.
    pull = np.random.default_rng(2).normal(size=x.size) * ((np.abs(x - 25.0) < 0.25) | (np.abs(x - 33.0) < 0.25))
    lines = Lines(np.array([25.0, 33.0]), np.array([3.0, 0.0]), np.array([0.08, 0.05]), np.array([0.03, 0.06]))
    found = line_turns(x, lines, pull, cut=1e-9)
    for number in range(2):
        one = [part[[number]] for part in (lines.position, lines.gauss, lines.lorentz)]
        step = 1e-4
        low, middle, high = (
            pull @ profile_sum(x, Lines(one[0] + move, np.ones(1), one[1], one[2]), cut=1e-9) for move in (-step, 0, step)
        )  # fmt: skip
        size = [np.abs(pull).max(), 20 * np.abs(pull).max(), 2000 * np.abs(pull).max()]
        assert found[0, number] == pytest.approx(middle, abs=1e-3 * size[0])
        assert found[1, number] == pytest.approx((high - low) / (2 * step), abs=1e-3 * size[1])
        assert found[2, number] == pytest.approx((high - 2 * middle + low) / step**2, abs=1e-3 * size[2])


def test_a_smeared_line_has_nearly_the_second_slope_of_differences() -> None:
    x = np.linspace(20, 40, 4001)
    pull = np.random.default_rng(3).normal(size=x.size)
    place, gauss, lorentz = np.array([27.0]), np.array([0.05]), np.array([0.04])
    found = line_turns(x, Lines(place, np.ones(1), gauss, lorentz, 0.015, 0.02), pull)
    ends = [
        pull @ profile_sum(x, Lines(place + move, np.ones(1), gauss, lorentz, 0.015, 0.02)) for move in (-1e-4, 0, 1e-4)
    ]
    assert found[2, 0] == pytest.approx((ends[0] - 2 * ends[1] + ends[2]) / 1e-8, rel=0.01)
