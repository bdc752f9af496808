"""Counting, merging of detectors, and mishaps of simulated patterns."""

from __future__ import annotations

import numpy as np
import pytest

from interlith.simulate.powder_counting import MISHAPS, SATURATED, counted, merged, mishaps, spoiled


def test_counts_scatter_as_counts_do() -> None:
    counts = counted(np.full(20_000, 8.0), 5.0, np.random.default_rng(1))
    assert counts.mean() == pytest.approx(40.0, rel=0.01)
    assert counts.var() == pytest.approx(40.0, rel=0.04)


def test_merged_detectors_state_their_scatter() -> None:
    random = np.random.default_rng(2)
    true = np.full(20_000, 3.0)
    intensity, std = merged(counted(true * 12, 2.0, random), 2.0, 12.0)
    pulls = (intensity - true) / std
    assert pulls.std() == pytest.approx(1.0, abs=0.03)
    nothing, one = merged(np.zeros(3), 2.0, 12.0)
    assert nothing.tolist() == [0.0] * 3
    assert one.tolist() == pytest.approx([1 / 24] * 3)


def test_mishaps_hit_the_share_asked_for_and_spare_the_spared() -> None:
    found = mishaps(400, 0.05, np.random.default_rng(3), spared=(0, 399))
    assert len(found) == 20
    assert {one.kind for one in found} == set(MISHAPS)
    places = [one.pattern for one in found]
    assert places == sorted(set(places))
    assert 0 not in places
    assert 399 not in places
    assert mishaps(10, 0.0, np.random.default_rng(3)) == ()


@pytest.mark.parametrize("kind", MISHAPS)
def test_what_is_spoiled_shows_it(kind: str) -> None:
    clean = np.full(1000, 500.0)
    found = spoiled(clean, kind, np.random.default_rng(4))
    assert clean.min() == 500.0  # the pattern itself is not touched
    if kind == "dead stretch":
        dead = np.flatnonzero(found == 0)
        assert 40 <= dead.size < 250
        assert dead[-1] - dead[0] + 1 == dead.size
    elif kind == "saturated spikes":
        assert 1 <= np.count_nonzero(found == SATURATED) <= 5
    elif kind == "empty frame":
        assert not found.any()
    else:
        assert 0.01 < found.mean() / 500 < 0.45
        assert found.std() > 1
