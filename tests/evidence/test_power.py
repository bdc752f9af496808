"""Is the number of cells that is asked for enough, and not more than enough?"""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from interlith.errors import StudyError
from interlith.evidence import cells_for_power
from interlith.evidence.power import power_of, spread_interval


@pytest.mark.parametrize(("spread", "effect", "cells"), [(1.0, 1.0, 17), (1.0, 0.5, 64), (1.0, 2.0, 6)])
def test_textbook_numbers(spread: float, effect: float, cells: int) -> None:
    """Two-sided t test at 5 %, power 80 %: Cohen, Statistical Power Analysis (1988), table 2.4.1."""
    assert cells_for_power(spread, effect).cells == cells


def test_power_is_found_by_simulation() -> None:
    random = np.random.default_rng(3)
    found = stats.ttest_ind(random.normal(1.5, 1, (4000, 6)), random.normal(0, 1, (4000, 6)), axis=1).pvalue < 0.05
    assert power_of(6, 1.0, 1.5) == pytest.approx(found.mean(), abs=0.02)


def test_uncertain_spread_gives_a_range_of_cells() -> None:
    needed = cells_for_power(1.0, 2.0, degrees=4)
    assert needed.low is not None
    assert needed.cells is not None
    assert needed.high is not None
    assert needed.low < needed.cells < needed.high
    assert spread_interval(1.0, 4)[1] == pytest.approx(2.874, abs=0.001)


def test_hopeless_effects_have_no_number() -> None:
    assert cells_for_power(1.0, 0.001).cells is None
    assert cells_for_power(0.0, 0.001).cells == 2


@pytest.mark.parametrize(("spread", "effect", "power"), [(-1.0, 1.0, 0.8), (1.0, 0.0, 0.8), (1.0, 1.0, 1.0)])
def test_senseless_questions_are_refused(spread: float, effect: float, power: float) -> None:
    with pytest.raises(StudyError):
        cells_for_power(spread, effect, power=power)
