"""Lines of powder patterns: against laws, brute force and differences."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import voigt_profile

from interlith.errors import FitError
from interlith.physics.powder.profile import Lines, profile_sum, profile_terms, pseudo_voigt_width

Array = NDArray[np.float64]


def line(position: float, area: float, gauss: float, lorentz: float, sample: float = 0.0, slit: float = 0.0) -> Lines:
    place, size, first, second = (np.array([value]) for value in (position, area, gauss, lorentz))
    return Lines(place, size, first, second, sample, slit)


def smeared_by_force(x: Array, position: float, gauss: float, lorentz: float, sample: float, slit: float) -> Array:
    """The integral over the angle at which a ray is seen, on a fine grid in the height of the ray."""
    edges = np.linspace(0, sample + slit, 40_001)
    height = (edges[1:] + edges[:-1]) / 2
    acceptance = np.where(height < abs(slit - sample), 2 * min(slit, sample), sample + slit - height)
    seen = np.arccos(math.cos(math.radians(position)) * np.sqrt(1 + height**2))
    weight = acceptance / ((1 + height**2) * np.sin(seen))
    bins, borders = np.histogram(np.degrees(seen), bins=2000, weights=weight / weight.sum())
    width, share = (float(value) for value in pseudo_voigt_width(gauss, lorentz))
    away = x[:, None] - (borders[1:] + borders[:-1]) / 2
    sharp = 2 / (math.pi * width) / (1 + 4 * (away / width) ** 2)
    rounded = math.sqrt(4 * math.log(2) / math.pi) / width * np.exp(-4 * math.log(2) * (away / width) ** 2)
    found: Array = (share * sharp + (1 - share) * rounded) @ bins
    return found


@pytest.mark.parametrize(("gauss", "lorentz"), [(0.1, 0.0), (0.0, 0.1), (0.08, 0.05), (0.03, 0.09)])
def test_a_symmetric_line_is_nearly_a_voigt(gauss: float, lorentz: float) -> None:
    x = np.linspace(29, 31, 4001)
    expected = voigt_profile(x - 30, gauss / math.sqrt(8 * math.log(2)), lorentz / 2)
    found = profile_sum(x, line(30, 1, gauss, lorentz), cut=1e-9)
    assert np.abs(found - expected).max() < 0.013 * expected.max()


@pytest.mark.parametrize(
    ("position", "gauss", "lorentz", "sample", "slit"),
    [(5, 0.01, 0.01, 0.01, 0.01), (10, 0.05, 0.03, 0.03, 0.02), (20, 0.05, 0.05, 0.02, 0.03), (120, 0.1, 0.1, 0.04, 0.04), (8, 0.004, 0.004, 0.001, 0.001)],
)  # fmt: skip
def test_axial_divergence_is_that_of_brute_force(
    position: float, gauss: float, lorentz: float, sample: float, slit: float
) -> None:
    x = np.linspace(position - 1.5, position + 1.5, 3001)
    expected = smeared_by_force(x, position, gauss, lorentz, sample, slit)
    found = profile_sum(x, line(position, 1, gauss, lorentz, sample, slit), cut=1e-9)
    assert np.abs(found - expected).max() < 0.004 * expected.max()
    # The tail points to small angles below 90 deg, to large ones above.
    middle = float(np.sum(x * found) / np.sum(found))
    assert (middle - position) * (position - 90) > 0


SIZES = st.floats(0.005, 0.1)
RATIOS = st.floats(0.001, 0.02)


@settings(max_examples=40, deadline=None)
@given(st.floats(6, 150), st.floats(0.1, 50), SIZES, SIZES, RATIOS, RATIOS)
def test_slopes_are_those_of_differences(
    position: float, area: float, gauss: float, lorentz: float, sample: float, slit: float
) -> None:
    values = np.array([position, area, gauss, lorentz, sample, slit])
    x = np.linspace(position - 1, position + 1, 801)
    _, slopes = profile_terms(x, line(*values), np.eye(6)[None], cut=1e-9)
    for place in range(4 if abs(sample - slit) < 2e-5 else 6):
        step = 1e-6
        ends = [profile_sum(x, line(*np.where(np.arange(6) == place, values + sign * step, values)), cut=1e-9) for sign in (1, -1)]  # fmt: skip
        expected = (ends[0] - ends[1]) / (2 * step)
        assert slopes[place] == pytest.approx(expected, abs=2e-4 * np.abs(expected).max() + 1e-6)


def test_equal_ratios_that_move_together_have_the_slope_of_both() -> None:
    x = np.linspace(7, 9, 801)
    _, slopes = profile_terms(x, line(8, 1, 0.01, 0.01, 0.01, 0.01), np.eye(6)[None], cut=1e-9)
    ends = [profile_sum(x, line(8, 1, 0.01, 0.01, 0.01 + step, 0.01 + step), cut=1e-9) for step in (1e-6, -1e-6)]
    expected = (ends[0] - ends[1]) / 2e-6
    assert slopes[4] + slopes[5] == pytest.approx(expected, abs=1e-6 * np.abs(expected).max())


def test_a_chain_adds_the_terms_of_many_lines() -> None:
    x = np.linspace(10, 40, 3001)
    lines = Lines(
        np.array([15.0, 25.0, 25.1]), np.array([3.0, 2.0, 1.0]), np.full(3, 0.05), np.full(3, 0.05), 0.01, 0.02
    )
    chain = np.zeros((3, 6, 2))
    chain[:, 1, 0] = lines.area
    chain[1, 0, 1] = 1.0
    total, slopes = profile_terms(x, lines, chain)
    assert slopes[0] == pytest.approx(total, abs=1e-9)
    assert total == pytest.approx(profile_sum(x, lines), abs=1e-9)
    assert np.all(slopes[1, x < 20] == 0)
    assert np.trapezoid(total, x) == pytest.approx(6, rel=0.02)


def test_the_end_of_a_line_costs_less_than_it_promises() -> None:
    x = np.linspace(0, 60, 60001)
    whole = profile_sum(x, line(30, 1, 0.02, 0.06), cut=1e-9)
    short = profile_sum(x, line(30, 1, 0.02, 0.06))
    assert np.abs(whole - short).max() < 3.1e-4 * whole.max()


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (line(30, 1, -0.1, 0.1), "neither may be negative"),
        (line(30, 1, 0, 0), "nor both zero"),
        (line(math.nan, 1, 0.1, 0.1), "Line 0"),
        (line(30, 1, 0.1, 0.1, -0.01), "S/L"),
    ],
)
def test_impossible_lines_are_refused(lines: Lines, words: str) -> None:
    with pytest.raises(FitError, match=words):
        profile_sum(np.linspace(29, 31, 11), lines)
