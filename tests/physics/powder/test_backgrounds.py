"""Polynomials and humps under the lines."""

from __future__ import annotations

import numpy as np
import pytest

from interlith.errors import FitError, StudyError
from interlith.physics.powder.backgrounds import Background

X = np.linspace(0.0, 100.0, 5001)


def test_a_hump_has_its_area_its_place_and_its_width() -> None:
    made = Background(X, 2, ((40.0, 10.0),))
    assert made.names == ("background_0", "background_1", "hump_0_area", "hump_0_position", "hump_0_width")
    assert made.start.tolist() == [0, 0, 0, 40, 10]
    found = made.intensity(np.array([0, 0, 50.0, 40.0, 10.0]))
    assert np.trapezoid(found, X) == pytest.approx(50)
    assert X[np.argmax(found)] == pytest.approx(40)
    half = X[found > found.max() / 2]
    assert half[-1] - half[0] == pytest.approx(10, abs=0.05)


def test_slopes_are_those_of_differences() -> None:
    made = Background(X, 3, ((40.0, 10.0), (70.0, 25.0)))
    values = np.array([5.0, 1.0, -2.0, 50.0, 41.0, 9.0, 80.0, 69.0, 24.0])
    slopes = np.zeros((values.size, X.size))
    made.add_slopes(values, np.ones(values.size, dtype=bool), np.arange(values.size), slopes)
    for place in range(values.size):
        step = np.where(np.arange(values.size) == place, 1e-5, 0.0)
        expected = (made.intensity(values + step) - made.intensity(values - step)) / 2e-5
        assert slopes[place] == pytest.approx(expected, abs=1e-6 * np.abs(expected).max() + 1e-9)
    some = np.zeros((3, X.size))
    wanted = np.isin(np.arange(values.size), [1, 4, 8])
    made.add_slopes(values, wanted, np.array([0, 1, 2]), some)
    assert np.array_equal(some, slopes[wanted])


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(StudyError, match="A hump has a position"):
        Background(X, 2, ((40.0, 0.0),))
    made = Background(X, 1, ((40.0, 5.0),))
    assert made.intensity(np.array([2.0, 0.0, 40.0, 0.0])) == pytest.approx(2.0)
    with pytest.raises(FitError, match="Hump 0"):
        made.intensity(np.array([2.0, 1.0, 40.0, -1.0]))
