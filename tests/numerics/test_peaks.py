"""Peaks of known place and area with pulls of unit width, and identities that are kept."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import special

from interlith.numerics.peaks import Identity, find_peaks, track
from interlith.numerics.smoothing import density_along


def two_peaks(points: int = 900) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Charge and voltage of an equilibrium curve whose dQ/dV are Gaussians at 3.90 and 4.10 V on a flat ground."""
    level = np.linspace(3.6, 4.4, 40_000)
    amount = 0.5 * (level - 3.6) + 1.0 * special.ndtr((level - 3.9) / 0.02) + 0.6 * special.ndtr((level - 4.1) / 0.025)
    x = np.linspace(amount[0], amount[-1], points)
    return x, np.interp(x, amount, level)


def test_positions_heights_and_areas_are_recovered() -> None:
    x, y = two_peaks()
    found = find_peaks(density_along(x, y, resolution=0.004))
    assert [peak.position for peak in found] == pytest.approx([3.9, 4.1], abs=2e-4)
    broad = np.hypot(0.02, 0.004)
    assert found[0].height == pytest.approx(0.5 + 1.0 / (broad * np.sqrt(2 * np.pi)), rel=0.01)
    assert sum(peak.area for peak in found) == pytest.approx(x[-1] - x[0], rel=1e-3)
    assert found[0].area == pytest.approx(1.0 + 0.5 * (found[0].high - 3.6), rel=0.01)
    assert found[0].width == pytest.approx(2.355 * broad, rel=0.1)
    assert abs(found[0].position_bias) < 3e-4


def test_pulls_of_the_position_have_unit_width() -> None:
    random = np.random.default_rng(11)
    x, y = two_peaks()
    pulls = []
    for _ in range(300):
        found = find_peaks(density_along(x, y + 1e-3 * random.standard_normal(len(y)), resolution=0.008))
        assert len(found) == 2
        pulls += [(found[0].position - 3.9) / found[0].position_std, (found[1].position - 4.1) / found[1].position_std]
    width = np.std(pulls)
    assert 0.85 < width < 1.15
    assert abs(np.mean(pulls)) < 0.2


def test_noise_alone_adds_no_peaks_to_the_one_of_a_box() -> None:
    random = np.random.default_rng(12)
    x = np.linspace(0, 1, 800)
    counts = [
        len(find_peaks(density_along(x, 3.5 + x + 1e-3 * random.standard_normal(800), resolution=0.01)))
        for _ in range(30)
    ]
    assert np.mean(counts) < 1.1


def test_an_asymmetric_peak_owns_up_to_the_shift_by_the_kernel() -> None:
    level = np.linspace(3.6, 4.4, 40_000)
    shape = np.where(level < 4.0, np.exp((level - 4.0) / 0.05), np.exp(-((level - 4.0) ** 2) / (2 * 0.004**2)))
    amount = np.cumsum(shape)
    x = np.linspace(amount[0], amount[-1], 2000)
    sharp, blunt = (
        find_peaks(density_along(x, np.interp(x, amount, level), resolution=size))[0] for size in (0.001, 0.004)
    )
    moved = blunt.position - sharp.position
    assert abs(moved) > 5e-4
    assert blunt.position_bias == pytest.approx(moved, rel=0.8)


def test_a_peak_that_disappears_takes_no_name_with_it() -> None:
    series = [
        [(4.00, 1.0), (4.05, 1.0)],
        [(4.01, 1.0), (4.06, 1.0)],
        [(4.07, 1.0)],
        [(4.03, 0.9), (4.08, 1.0)],
        [(3.80, 0.2), (4.04, 1.0), (4.09, 1.0)],
    ]
    names, identities = track(series, gate=0.04)
    assert names == [[1, 2], [1, 2], [2], [1, 2], [3, 1, 2]]
    assert [item.name for item in identities] == [1, 2, 3]


def test_known_peaks_lend_their_names() -> None:
    names, _ = track([[(4.1, 1.0)]], gate=0.05, known=[Identity(1, 4.0, 1.0), Identity(2, 4.12, 1.0)])
    assert names == [[2]]
    names, _ = track([[(4.5, 1.0)]], gate=0.05, known=[Identity(1, 4.0, 1.0), Identity(2, 4.12, 1.0)])
    assert names == [[3]]


@given(
    st.lists(st.lists(st.floats(3, 5).map(lambda v: round(v, 4)), max_size=6, unique=True), min_size=1, max_size=8),
    st.floats(0.01, 0.2),
)
def test_names_are_never_shared_within_a_member_and_shifts_stay_within_the_gate(
    members: list[list[float]], gate: float
) -> None:
    series = [[(position, 1.0) for position in sorted(member)] for member in members]
    names, _ = track(series, gate=gate)
    last: dict[int, float] = {}
    for member, row in zip(series, names, strict=True):
        assert len(set(row)) == len(row) == len(member)
        for (position, _), name in zip(member, row, strict=True):
            assert abs(position - last.get(name, position)) <= gate
            last[name] = position
