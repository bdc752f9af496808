"""Bends of a slow signal find the offset of two clocks with an honest uncertainty, or are refused."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from interlith.errors import FitError
from interlith.numerics.clocks.kinks import kink_offset

Array = NDArray[np.float64]
EXPOSURE = 600.0


def bent(
    random: np.random.Generator, *, frames: int = 60, offset: float = 600.0, noise: float = 0.01, bends: bool = True
) -> tuple[Array, Array, Array, Array]:
    """Starts, stops, two signals and the events of a charge, a discharge and a rest over which a slow wave runs."""
    start = EXPOSURE * np.arange(frames)
    span = frames * EXPOSURE
    places = np.array([0.3, 0.62]) * span + random.uniform(-1, 1, 2) * EXPOSURE
    moments = start[:, None] + EXPOSURE * np.linspace(0, 1, 21)
    wave = 0.15 * np.sin(2 * np.pi * moments / span)
    course = np.interp(moments, [0, places[0], places[1], span], [0, 1, 0.1, 0.8]) if bends else moments / span
    mean = (course + wave).mean(axis=1)
    signals = np.stack([mean, 0.3 * mean**2], axis=1) + noise * random.standard_normal((frames, 2))
    return start, start + EXPOSURE, signals, places + offset


def test_the_offset_is_recovered_with_pulls_of_unit_width() -> None:
    random = np.random.default_rng(4)
    pulls = []
    for _ in range(80):
        offset = float(random.uniform(-1500, 1500))
        found = kink_offset(*bent(random, offset=offset), near=0.0, tolerance=3600.0)
        pulls.append((found.offset - offset) / found.std)
        assert found.chance < 0.01
        assert found.kinks == 2
    assert 0.75 < np.std(pulls) < 1.3
    assert np.mean(np.abs(pulls) < 1.96) > 0.88


def test_less_noise_gives_a_smaller_uncertainty() -> None:
    sizes = [
        kink_offset(*bent(np.random.default_rng(1), noise=noise), near=0.0, tolerance=3600.0).std
        for noise in (0.02, 0.004)
    ]
    assert sizes[1] < 0.4 * sizes[0]
    assert sizes[1] < EXPOSURE / 10


def test_a_smooth_signal_is_refused() -> None:
    with pytest.raises(FitError, match="as smoothly without a bend"):
        kink_offset(*bent(np.random.default_rng(2), bends=False), near=0.0, tolerance=1800.0)


def test_a_wild_frame_moves_nothing() -> None:
    start, stop, signals, events = bent(np.random.default_rng(3))
    before = kink_offset(start, stop, signals, events, near=0.0, tolerance=3600.0)
    signals[20] += 3.0
    after = kink_offset(start, stop, signals, events, near=0.0, tolerance=3600.0)
    assert not after.used[20]
    assert abs(after.offset - before.offset) < before.std


def test_bends_that_a_smooth_curve_follows_as_well_give_no_sure_offset() -> None:
    """Charge and discharge as short as the pieces of the curve: nothing is claimed that is better than a frame."""
    frames = 120
    start = EXPOSURE * np.arange(frames)
    moments = start + EXPOSURE / 2
    corners = np.arange(0.0, 13.0) * 10 * EXPOSURE
    signal = np.interp(moments, corners, np.arange(13) % 2.0)
    signals = (signal + 0.02 * np.random.default_rng(5).standard_normal(frames))[:, None]
    found = kink_offset(start, start + EXPOSURE, signals, corners[3:9], near=0.0, tolerance=12 * EXPOSURE)
    assert found.std > EXPOSURE


def test_events_beyond_the_frames_are_told() -> None:
    start, stop, signals, _ = bent(np.random.default_rng(6))
    with pytest.raises(FitError, match="does an event fall on a bend"):
        kink_offset(start, stop, signals, np.array([1e7]), near=0.0, tolerance=3600.0)
    with pytest.raises(FitError, match="too few"):
        kink_offset(start[:10], stop[:10], signals[:10], np.array([3000.0]), near=0.0, tolerance=600.0)
