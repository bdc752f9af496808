"""Phases that appear and go in a refined series are told with an interval that holds the truth; simulated patterns."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import polars as pl
import pytest

from interlith.errors import StudyError
from interlith.model import Result, Series
from interlith.techniques.diffraction.new_phases import _appearance, _Shares, new_phases
from interlith.techniques.diffraction.refinement.pattern import Pattern
from interlith.techniques.diffraction.refinement.refining import refine
from tests.techniques.diffraction.refined_series import patterns
from tests.techniques.diffraction.refinement.simulated import LAB

#: Shares of the strongest line of Si; the first pattern has 25 degC, the others 100 K more each.
COMES = (0.0, 0.0, 0.0, 0.0, 0.02, 0.1, 0.2, 0.3)


@cache
def _refined(second: tuple[float, ...]) -> Result:
    items = patterns(tuple(5.640 + 0.004 * number for number in range(len(second))), second)
    return refine(Series(items), Pattern(["NaCl", "Si"], instrument=LAB, background=3, refine=("zero",)))


def test_a_phase_that_appears_has_an_interval_of_states() -> None:
    found = new_phases(_refined(COMES))
    (onset,) = found.observables("Si_onset")
    assert onset.unit == "degC"
    assert onset.low is not None
    assert onset.high is not None
    # The pattern at 425 degC is the first that holds some; slow growth may have begun well before it was seen.
    assert 25 < onset.low <= 425
    assert 325 < onset.high <= 525
    rows = found.data["appearances"]
    assert set(rows["phase"]) == {"NaCl", "Si"}
    # The other was there from the start, and both are there in the end.
    assert [one.quantity for one in found.observables()] == ["Si_onset"]
    assert rows.filter((pl.col("phase") == "NaCl") & (pl.col("end") == "onset")).item(0, "from_start")


def test_a_phase_that_goes_has_an_end() -> None:
    found = new_phases(_refined(COMES[::-1]))
    (end,) = found.observables("Si_end")
    assert end.low is not None
    assert end.high is not None
    # The pattern at 325 degC is the last that holds some.
    assert 225 <= end.low <= 425
    assert 325 <= end.high < 725
    assert not found.observables("Si_onset")
    row = found.data["appearances"].filter((pl.col("phase") == "Si") & (pl.col("end") == "end")).row(0, named=True)
    assert row["first_pattern"] <= row["last_pattern"]


def test_a_phase_that_never_comes_is_not_told() -> None:
    found = new_phases(_refined((0.0,) * 8), names=("Si",))
    assert not found.observables()
    assert not found.data["appearances"]["present"].any()


def test_what_is_no_refinement_with_shares_is_refused() -> None:
    found = _refined(COMES)
    with pytest.raises(StudyError, match="no phase 'silicon'"):
        new_phases(found, names=("silicon",))
    with pytest.raises(StudyError, match="asks for a refinement"):
        new_phases(replace(found, data={}))
    alone = refine(Series(patterns()[:1]), Pattern("NaCl", instrument=LAB, background=3, refine=("zero",)))
    with pytest.raises(StudyError, match="no shares"):
        new_phases(alone)


def test_too_few_patterns_are_said() -> None:
    # Unasked, as after every refinement of a study, it is no failure.
    found = new_phases(_refined(COMES[:5]))
    assert not found.observables()
    assert found.quality.is_empty()
    (told,) = [flag for flags in found.flags.values() for flag in flags]
    assert "needs 6 patterns with a share; there are 5" in told.message
    asked = new_phases(_refined(COMES[:5]), names=("Si",))
    assert asked.quality.get_column("ok").to_list() == [False]
    assert "needs 6 patterns" in asked.quality.item(0, "reason")


def _simulated(share: np.ndarray, misfit: float) -> _Shares:
    number, size = np.arange(share.size, dtype=float), np.full(share.size, misfit)
    return _Shares(number, 10 * number, share, np.hypot(0.002, size), size)


def test_a_misfit_that_all_patterns_share_is_no_phase() -> None:
    noise = np.random.default_rng(1).normal(0.0, 0.002, 100)
    # Half a standard uncertainty by misfit in every pattern: by averaging alone it would stand out.
    assert not _appearance(_simulated(0.025 + noise, 0.05), 3).present
    assert _appearance(_simulated(0.025 + noise, 0.0), 3).present


def test_what_misfit_hides_widens_the_interval() -> None:
    noise = np.random.default_rng(2).normal(0.0, 0.002, 100)
    grown = np.clip(np.arange(100) - 40.5, 0.0, None) * 0.02
    sure, unsure = (_appearance(_simulated(grown + noise, misfit), 3) for misfit in (0.0, 0.05))
    assert sure.low <= 40.5 <= sure.high
    assert unsure.low <= sure.low
    assert unsure.high > sure.high + 2
