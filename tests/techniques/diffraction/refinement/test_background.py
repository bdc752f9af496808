"""Are there as many polynomials as the background asks for, and are they told truly?"""

from __future__ import annotations

import numpy as np
import pytest

from interlith.model import Choice, Result, Series
from interlith.techniques.diffraction.refinement import background as module
from interlith.techniques.diffraction.refinement.pattern import Pattern
from interlith.techniques.diffraction.refinement.refining import refine
from tests.techniques.diffraction.refinement.simulated import ANGLES, LAB, measured, model_of, strength, truth

NAMES = ("LNMO", "NiO")
ASKED = Pattern(NAMES, instrument=LAB, refine=("displacement",))


def patterns(count: int, hump: float) -> Series:
    """Counts on a flat background with a broad hump at 40 deg, and a little rock salt."""
    model = model_of(NAMES)
    values = truth(model, displacement=0.03)
    values[model.place_of("LNMO_scale")] = strength(model, values, "LNMO", 3000.0)
    values[model.place_of("NiO_scale")] = strength(model, values, "NiO", 60.0)
    mean = model.intensity(values) + hump * np.exp(-4 * np.log(2) * ((ANGLES - 40.0) / 9.0) ** 2)
    made = [np.random.default_rng(number).poisson(mean).astype(float) for number in range(count)]
    return Series(tuple(measured(ANGLES, one, number) for number, one in enumerate(made)))


def terms(result: Result) -> int:
    return sum(name.startswith("background_") for name in result.data["parameters"]["name"].unique().to_list())


def choice(result: Result) -> Choice:
    (one,) = [each for each in result.choices if each.field == "background"]
    return one


def test_a_hump_wants_more_than_a_flat_background_and_the_choice_says_which_number_was_taken() -> None:
    flat, humped = (refine(patterns(1, hump), ASKED) for hump in (0.0, 150.0))
    assert terms(flat) <= 12  # three would do; feet of peaks ask for more
    assert terms(humped) >= 18  # as many as the hump takes
    assert humped.data["refined"]["goodness"].max() < 1.04
    for one in (flat, humped):
        assert choice(one).value == str(terms(one))
        assert choice(one).runner_up != choice(one).value
        assert 0 <= choice(one).margin <= 1
        assert "by chance so much in" in choice(one).reason


@pytest.mark.parametrize("count", [1, 5])
def test_too_few_by_the_curve_under_the_peaks_are_found_out(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    told = Choice("simulated", "background", "5", "6", 0.5, (), "Said.")
    asked: list[int] = []

    def short(members: list[object]) -> tuple[int, Choice]:
        asked.append(len(members))
        return 5, told

    monkeypatch.setattr("interlith.techniques.diffraction.refinement.refining.chosen_background", short)
    found = refine(patterns(count, 150.0), ASKED)
    assert asked == [min(count, 3)]
    assert terms(found) >= 10
    assert choice(found).value == str(terms(found))
    assert choice(found).runner_up == "5"
    assert choice(found).margin > 0.95
    assert "Refined with 5" in choice(found).reason
    assert "ask" in choice(found).reason
    assert len(found.data["refined"]) == count
    held = refine(patterns(count, 150.0), Pattern(NAMES, instrument=LAB, refine=("displacement",), background=5))
    excess = [one.data["refined"]["goodness"].max() - 1 for one in (found, held)]
    assert excess[0] < 0.5 * excess[1]


def test_a_number_that_is_given_stays() -> None:
    found = refine(patterns(1, 150.0), Pattern(NAMES, instrument=LAB, refine=("displacement",), background=4))
    assert terms(found) == 4
    assert not [one for one in found.choices if one.field == "background"]


def test_the_number_does_not_depend_on_where_a_series_is_begun() -> None:
    series = patterns(4, 40.0)
    told = {choice(refine(series, ASKED, start=start)) for start in ("previous", "backward", "fresh")}
    assert len(told) == 1


def test_three_patterns_are_asked_from_end_to_end() -> None:
    numbers = list(range(11))
    assert module.asked_of(numbers) == [0, 5, 10]  # type: ignore[comparison-overlap, arg-type]
    assert module.asked_of([7]) == [7]  # type: ignore[comparison-overlap, list-item]
