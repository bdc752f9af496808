"""The widest way through a periodic grid: against closed forms and against trying all thresholds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from interlith.numerics.percolation import widest_ways


def by_filling(values: np.ndarray, plane: tuple[int, int, int]) -> float:
    """Largest threshold at which a walk over neighbours comes back to its point in another layer of cells."""
    best = -np.inf
    for threshold in np.unique(values)[::-1]:
        open_points = values >= threshold
        if _winds(open_points, plane):
            best = float(threshold)
            break
    return best


def _winds(open_points: np.ndarray, plane: tuple[int, int, int]) -> bool:
    shape = np.array(open_points.shape)
    height: dict[tuple[int, ...], int] = {}
    for start in map(tuple, np.argwhere(open_points).tolist()):
        if start in height:
            continue
        height[start] = 0
        waiting = [start]
        while waiting:
            point = waiting.pop()
            for axis in range(3):
                for step in (1, -1):
                    moved = np.array(point)
                    moved[axis] += step
                    cell = moved // shape
                    at = tuple((moved % shape).tolist())
                    if not open_points[at]:
                        continue
                    raised = height[point] + int(cell @ np.array(plane))
                    if at not in height:
                        height[at] = raised
                        waiting.append(at)
                    elif height[at] != raised:
                        return True
    return False


@given(
    arrays(np.int64, st.tuples(st.integers(1, 4), st.integers(2, 5), st.integers(2, 4)), elements=st.integers(0, 9)),
    st.sampled_from([(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0), (1, -1, 2)]),
)
@settings(max_examples=80, deadline=None)
def test_the_widest_way_across_a_plane_is_the_largest_threshold_that_still_winds(
    values: np.ndarray, plane: tuple[int, int, int]
) -> None:
    assert widest_ways(values.astype(float)).across(plane) == by_filling(values, plane)


def test_a_tunnel_leads_along_its_axis_only() -> None:
    values = np.zeros((12, 12, 12))
    values[3:6, 4:8, :] = 2.0
    values[4, 5, 7] = 1.5
    ways = widest_ways(values)
    assert ways.across((0, 0, 1)) == 2.0
    assert ways.across((1, 0, 0)) == 0.0
    assert ways.span(1.0).tolist() == [[0, 0, 1]]


def test_a_neck_is_the_width_of_a_layer() -> None:
    values = np.zeros((12, 12, 12))
    values[:, :, 2] = 3.0
    values[5, :, 2] = 1.25
    ways = widest_ways(values)
    assert ways.across((0, 1, 0)) == 3.0
    assert ways.across((1, 0, 0)) == 1.25
    assert len(ways.span(1.0)) == 2
    assert ways.across((0, 0, 1)) == 0.0


def test_a_diagonal_tunnel_advances_along_several_axes() -> None:
    values = np.full((12, 12, 12), -1.0)
    for place in range(12):
        values[place, place, 3] = values[(place + 1) % 12, place, 3] = 4.0
    ways = widest_ways(values)
    assert ways.translations[0].tolist() == [1, 1, 0]
    assert ways.across((1, -1, 0)) == -1.0
    assert ways.across((1, 0, 0)) == pytest.approx(4.0)
