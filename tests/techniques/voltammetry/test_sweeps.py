"""Turns of the voltage are found through noise, rests and holds; what is no scan is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlith.errors import FitError
from interlith.physics.voltammetry import triangle
from interlith.techniques.voltammetry.sweeps import find_sweeps, turning_points


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    noise=st.sampled_from([0.0, 1e-4, 1e-3, 4e-3]),
    cycles=st.integers(1, 4),
    low=st.floats(-3.0, 3.0),
    span=st.floats(0.3, 3.0),
)
def test_every_turn_is_found_through_noise(seed: int, noise: float, cycles: int, low: float, span: float) -> None:
    voltage = triangle(low, low + span, low, step=span / 400, cycles=cycles)
    noisy = voltage + np.random.default_rng(seed).normal(0.0, noise * span, len(voltage))
    time = np.arange(len(voltage)) * 0.5
    sweeps = find_sweeps(noisy, time)
    assert [one.direction for one in sweeps] == [1, -1] * cycles
    for one in sweeps:
        assert one.rate == pytest.approx(span / 400 / 0.5, abs=max(6 * one.rate_std, 1e-6 * span))
    turns = turning_points(noisy)
    assert (np.diff(noisy[turns]) != 0).all()
    assert len(turns) in (2 * cycles + 1, 2 * cycles + 2)


def test_rests_and_holds_are_left_out_and_a_start_between_the_turns_is_a_sweep_of_its_own() -> None:
    up = np.concatenate([np.full(200, 0.1), np.arange(0.1, 0.5, 1e-3), np.full(50, 0.5), np.arange(0.5, -0.2, -1e-3)])
    sweeps = find_sweeps(up, np.arange(len(up)) * 0.1)
    assert [one.direction for one in sweeps] == [1, -1]
    assert sweeps[0].start >= 195
    assert sweeps[0].rate == pytest.approx(0.01, rel=1e-6)
    assert up[sweeps[1].start : sweeps[1].stop].max() == pytest.approx(0.5, abs=0.003)
    assert sweeps[1].start >= 200 + 400 + 45


def test_without_time_the_scan_rate_must_be_declared() -> None:
    voltage = triangle(0.0, 1.0, 0.0, step=0.01)
    assert find_sweeps(voltage, None, scan_rate=0.2)[0].rate == 0.2
    with pytest.raises(FitError, match="declare the scan rate"):
        find_sweeps(voltage)


def test_a_galvanostatic_curve_is_no_voltammogram() -> None:
    time = np.linspace(0, 1, 500)
    with pytest.raises(FitError, match="no voltammogram"):
        find_sweeps(3 + np.tanh(4 * (time - 0.5)) ** 3, time)
    with pytest.raises(FitError, match="sweep of twenty rows"):
        find_sweeps(np.linspace(0, 1, 10), np.arange(10.0))
