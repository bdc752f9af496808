"""Two distributions of relaxation times: distance, peaks, and factors of convention."""

from __future__ import annotations

import math

import numpy as np
import pytest

from interlith.errors import StudyError
from interlith.workbench.methods.distributions import Curve, apart, peaks_of

LOG = np.linspace(math.log(1e-6), math.log(1e2), 400)


def _curve(places: dict[float, float], width: float = 0.6, log: np.ndarray = LOG) -> Curve:
    """Peaks of Gaussian shape: time constant (s) -> area (ohm)."""
    gamma = sum(
        area / (width * math.sqrt(2 * math.pi)) * np.exp(-0.5 * ((log - math.log(time)) / width) ** 2)
        for time, area in places.items()
    )
    return Curve(np.exp(log), np.asarray(gamma))


TWO = {1e-4: 100.0, 0.1: 300.0}


def test_peaks_have_their_places_and_areas() -> None:
    fast, slow = peaks_of(_curve(TWO))
    assert (fast.time_constant, slow.time_constant) == (pytest.approx(1e-4, rel=0.03), pytest.approx(0.1, rel=0.03))
    assert (fast.area, slow.area) == (pytest.approx(100, rel=1e-3), pytest.approx(300, rel=1e-3))


def test_the_same_curve_on_another_grid_is_the_same() -> None:
    found = apart(_curve(TWO), _curve(TWO, log=np.linspace(math.log(1e-5), math.log(10), 300)))
    assert found.distance < 2e-3
    assert found.convention == ""
    assert found.areas[1] == pytest.approx(found.areas[0], rel=1e-3)
    assert [pair[0] is not None and pair[1] is not None for pair in found.peaks] == [True, True]
    assert (found.low, found.high) == (pytest.approx(1e-5), pytest.approx(10))


def test_another_width_is_a_distance_with_equal_areas() -> None:
    found = apart(_curve(TWO), _curve(TWO, width=0.9))
    assert 0.1 < found.distance < 0.6
    assert found.areas[1] == pytest.approx(found.areas[0], rel=1e-2)
    assert found.convention == ""


@pytest.mark.parametrize(
    ("factor", "shift", "words"),
    [
        (math.log(10), 1.0, "per decade, ours per e-fold"),
        (1.0, 2 * math.pi, "time constant is 1 / f, ours"),
        (math.log(10), 2 * math.pi, "1 / f and their gamma per decade"),
    ],
)
def test_conventions_are_named(factor: float, shift: float, words: str) -> None:
    ours = _curve(TWO)
    theirs = Curve(ours.time_constant * shift, ours.gamma * factor)
    found = apart(ours, theirs)
    assert words in found.convention
    assert found.distance > 0.5


def test_a_peak_that_only_one_has_is_told() -> None:
    found = apart(_curve(TWO), _curve({**TWO, 10.0: 50.0}))
    alone = [pair for pair in found.peaks if pair[0] is None]
    assert len(alone) == 1
    assert alone[0][1] is not None
    assert alone[0][1].area == pytest.approx(50, rel=0.02)


def test_no_common_range_is_refused() -> None:
    with pytest.raises(StudyError, match="no time constant in common"):
        apart(_curve(TWO, log=np.linspace(-10, -5, 50)), _curve(TWO, log=np.linspace(-4, 0, 50)))


def test_peaks_a_decade_apart_are_two_and_those_near_are_one() -> None:
    near = apart(_curve({0.1: 300.0}), _curve({0.2: 300.0}))
    assert [pair[0] is not None and pair[1] is not None for pair in near.peaks] == [True]
    far = apart(_curve({0.1: 300.0}), _curve({1.0: 300.0}))
    assert sorted((pair[0] is None, pair[1] is None) for pair in far.peaks) == [(False, True), (True, False)]


def test_the_band_counts_where_theirs_lies_inside() -> None:
    ours = _curve(TWO)
    banded = Curve(ours.time_constant, ours.gamma, ours.gamma - 1, ours.gamma + 1)
    assert apart(banded, ours).inside == 1.0
    half = Curve(ours.time_constant, ours.gamma + np.where(ours.time_constant < 1e-2, 2.0, 0.0))
    assert apart(banded, half).inside == pytest.approx(0.5, abs=0.01)
    assert apart(ours, ours).inside is None


def test_what_lies_outside_the_common_range_is_counted_apart() -> None:
    short = _curve(TWO, log=np.linspace(math.log(1e-6), math.log(3.0), 300))
    found = apart(short, _curve({**TWO, 30.0: 50.0}))
    assert [pair[0] is not None and pair[1] is not None for pair in found.peaks] == [True, True]
    assert found.outside == 1


def test_a_curve_that_rises_to_its_end_has_no_peak_there() -> None:
    cut = _curve({1e-4: 100.0, 1.0: 300.0}, log=np.linspace(math.log(1e-6), math.log(0.8), 300))
    assert [round(math.log10(one.time_constant)) for one in peaks_of(cut)] == [-4]
