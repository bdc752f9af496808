"""Scans become one table: frames, times, points without weight."""

from __future__ import annotations

import numpy as np
import pytest

from interlith.errors import ReadError
from interlith.layouts.powder_scans import Scan, joined, seconds_between

X = np.array([10.0, 10.1, 10.2])


def test_one_scan_has_no_frame_and_no_invented_uncertainty() -> None:
    made = joined([Scan(X, np.array([0.0, 2.0, 3.0]), start="2024-01-01T00:00:00")], where="x")
    assert made.frame.columns == ["two_theta", "intensity"]
    assert made.start == "2024-01-01T00:00:00"


def test_frames_carry_their_time_and_state() -> None:
    scans = [
        Scan(X, X, start="2024-01-01T00:00:00+01:00", state={"temperature": (25.0, 24.0, 26.0)}),
        Scan(X[:2], X[:2], start="2024-01-01T00:10:00+01:00", state={"temperature": (35.0, 34.0, 36.0)}),
    ]
    made = joined(scans, where="x")
    assert made.frame["frame"].to_list() == [0, 0, 0, 1, 1]
    assert made.frame["test_time"].to_list() == [0.0, 0.0, 0.0, 600.0, 600.0]
    assert made.frame["temperature"].to_list() == [25.0] * 3 + [35.0] * 2
    assert made.state == {"temperature": (30.0, 24.0, 36.0)}


def test_bad_points_stay_without_weight_and_zero_counts_are_good() -> None:
    made = joined([Scan(X, np.array([0.0, -2.0, np.nan]))], where="x")
    assert made.frame["intensity_std"].to_list() == [1.0, None, None]
    assert made.frame["intensity"].to_list() == [0.0, -2.0, None]
    assert "2 points" in made.remarks[0].message
    given = joined([Scan(X, np.array([1.0, 2.0, 3.0]), np.array([1.0, 0.0, np.inf]))], where="x")
    assert given.frame["intensity_std"].to_list() == [1.0, None, None]


def test_a_scan_downwards_is_turned_and_a_disordered_one_sorted_and_told() -> None:
    down = joined([Scan(X[::-1], np.array([3.0, 2.0, 1.0]))], where="x")
    assert down.frame["intensity"].to_list() == [1.0, 2.0, 3.0]
    assert not down.remarks
    mixed = joined([Scan(X[[1, 0, 2]], np.array([2.0, 1.0, 3.0]))], where="x")
    assert mixed.frame["intensity"].to_list() == [1.0, 2.0, 3.0]
    assert mixed.remarks[0].code == "positions_not_ascending"


def test_empty_scans_and_positions_that_are_none() -> None:
    nothing = Scan(np.empty(0), np.empty(0))
    made = joined([nothing, Scan(X, X)], where="x")
    assert made.remarks[0].code == "empty_scan"
    with pytest.raises(ReadError, match="no scan"):
        joined([nothing], where="x")
    with pytest.raises(ReadError, match="point 2"):
        joined([Scan(np.array([1.0, np.nan]), np.array([1.0, 1.0]))], where="x")


def test_times_of_which_only_one_has_a_zone_are_not_compared() -> None:
    assert np.isnan(seconds_between("2024-01-01T00:00:00", "2024-01-01T00:00:00+00:00"))
    assert seconds_between("2024-01-01T00:00:00", "2024-01-01T00:00:07.5") == 7.5
