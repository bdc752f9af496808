"""Absolute shares of a refinement: what the standard says, and how patterns of one specimen share its weighing."""

from __future__ import annotations

import numpy as np
import pytest

from interlith.errors import StudyError
from interlith.techniques.diffraction.quantity import Fractions
from interlith.techniques.diffraction.refinement.standards import Standard, absolute_amounts

SEEN = Fractions(("oxide", "corundum"), np.array([0.6, 0.4]), {"fit": 1e-4 * np.array([[1.0, -1.0], [-1.0, 1.0]])})


def test_what_is_not_seen_is_amorphous() -> None:
    found = absolute_amounts(SEEN, Standard("corundum", 0.2, 0.001), "S1/a", "S1")
    assert {name: one.value for name, one in found.items()} == pytest.approx({"oxide": 0.375, "amorphous": 0.625})
    # The share of the oxide rises with both: d(ratio)/dx is 1/0.4**2, and s/(1-s) has the slope 1/(1-s)**2.
    fit = [size for source, size in found["oxide"].components.items() if source.startswith("fit:")]
    weighed = [size for source, size in found["oxide"].components.items() if source.startswith("calibration:")]
    assert np.hypot.reduce(fit) == pytest.approx(0.01 / 0.4**2 * 0.25)
    assert np.hypot.reduce(weighed) == pytest.approx(0.001 / 0.8**2 * 1.5)


def test_two_patterns_of_a_specimen_share_the_weighing_alone() -> None:
    standard = Standard("corundum", 0.2, 0.001)
    one, other = (absolute_amounts(SEEN, standard, own, "S1")["oxide"].components for own in ("S1/a", "S1/b"))
    common = set(one) & set(other)
    assert common
    assert all(source.startswith("calibration:S1/") for source in common)


def test_a_share_below_zero_is_shown_as_it_is() -> None:
    found = absolute_amounts(SEEN, Standard("corundum", 0.6, 0.001), "S1/a", "S1")["amorphous"]
    assert found.value < -1
    assert (found.low, found.high) == (None, None)


@pytest.mark.parametrize(("added", "std"), [(0.0, 0.1), (1.0, 0.1), (0.2, -0.1), (0.2, float("inf"))])
def test_weighings_that_are_none(added: float, std: float) -> None:
    with pytest.raises(StudyError, match="corundum"):
        Standard("corundum", added, std)
