"""Does a series come out the same forth, back and fresh, and does a bad pattern stay alone?"""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

from interlith.errors import FitError, StudyError
from interlith.model import Result, Series, State
from interlith.techniques.diffraction.refinement.amounts import Element
from interlith.techniques.diffraction.refinement.members import chosen_numbers, members_of
from interlith.techniques.diffraction.refinement.pattern import Pattern, Phase
from interlith.techniques.diffraction.refinement.refining import refine
from tests.techniques.diffraction.refinement.simulated import ANGLES, LAB, measured, model_of, strength, truth

NAMES = ("LNMO", "NiO")
COUNT, BORN, SPOILT = 10, 5, 3
PATTERN = Pattern(NAMES, instrument=LAB, background=3, refine=("displacement",))


def _truth(number: int) -> np.ndarray:
    """A spinel that grows by 0.05 % a pattern, and rock salt that appears."""
    model = model_of(NAMES)
    values = truth(
        model, displacement=0.03, LNMO_cell_a=8.17 * (1 + 5e-4 * number), NiO_cell_a=4.18 * (1 - 3e-4 * number)
    )
    values[model.place_of("LNMO_scale")] = strength(model, values, "LNMO", 3000.0)
    values[model.place_of("NiO_scale")] = strength(model, values, "NiO", 120.0) * max(0, number - BORN + 1)
    return values


def _series(*, spoilt: bool = False) -> Series:
    model = model_of(NAMES)
    items = []
    for number in range(COUNT):
        y = np.random.default_rng(number).poisson(model.intensity(_truth(number))).astype(float)
        if spoilt and number == SPOILT:
            y = y[::-1].copy()
        heat = 25.0 + 10 * number
        items.append(
            measured(ANGLES, y, number, {"temperature": State("temperature", heat, heat - 1, heat + 1, "degC")})
        )
    return Series(tuple(items))


@pytest.fixture(scope="module")
def forth() -> Result:
    return refine(_series(), PATTERN)


def _values(result: Result, quantity: str) -> pl.DataFrame:
    return result.table.filter(pl.col("quantity") == quantity).sort("state_value")


def test_forth_back_and_fresh_are_one(forth: Result) -> None:
    for start in ("backward", "fresh"):
        other = refine(_series(), PATTERN, start=start)
        for quantity in ("LNMO_cell_a", "LNMO_crystallite_size", "LNMO_weight_fraction", "NiO_weight_fraction"):
            one, two = _values(forth, quantity), _values(other, quantity)
            assert one.height == two.height == COUNT
            away = (one["value"] - two["value"]).abs() / one["std"]
            assert away.max() < 0.3, (start, quantity)


def test_truth_is_found_along_the_series(forth: Result) -> None:
    cells = _values(forth, "LNMO_cell_a")
    expected = np.array([8.17 * (1 + 5e-4 * number) for number in range(COUNT)])
    assert np.abs((cells["value"].to_numpy() - expected) / cells["std"].to_numpy()).max() < 4
    assert cells["state"].to_list() == ["temperature"] * COUNT
    assert (cells["std"] < 5e-4).all()


def test_a_phase_appears(forth: Result) -> None:
    held = forth.data["refined"].sort("pattern")["held"].to_list()
    assert held[: BORN - 1] == ["NiO"] * (BORN - 1)
    assert held[BORN + 1 :] == [""] * (COUNT - BORN - 1)
    shares = _values(forth, "NiO_weight_fraction")
    assert shares["low"][:BORN].to_list() == [0.0] * BORN
    assert (shares["high"][:BORN] > 0).all()
    assert (shares["high"][:BORN] < 0.06).all()
    assert (shares["low"][BORN + 1 :] > 0).all()
    # Where the phase is not seen, nothing is said of its cell.
    assert _values(forth, "NiO_cell_a").height <= COUNT - BORN


def test_a_bad_pattern_is_told_and_never_starts_its_neighbour() -> None:
    found = refine(_series(spoilt=True), PATTERN)
    rows = found.data["refined"].sort("pattern")
    assert rows["good"].to_list() == [number != SPOILT for number in range(COUNT)]
    assert rows["started_from"][SPOILT + 1] == SPOILT - 1
    reasons = dict(zip(found.quality["step"].to_list(), found.quality["reason"].to_list(), strict=True))
    assert reasons[f"pattern {SPOILT}"]
    assert f"pattern {SPOILT}" not in found.table["fit"].to_list()


def test_a_part_starts_from_the_nearest_good_one(forth: Result) -> None:
    again = refine(_series(), PATTERN, only="6:8", start="nearest-good", earlier=forth)
    assert again.data["refined"]["pattern"].to_list() == [6, 7]
    assert set(again.data["refined"]["started_from"].to_list()) <= {5, 6, 7, 8}
    one, two = (
        _values(again, "NiO_cell_a"),
        _values(forth, "NiO_cell_a").filter(pl.col("state_value").is_in([85.0, 95.0])),
    )
    assert ((one["value"] - two["value"]).abs() / two["std"]).max() < 0.3


def test_numbers_of_one_pattern_stay_correlated(forth: Result) -> None:
    found = {one.quantity: one for one in forth.observables() if one.fit == "pattern 9"}
    volume, edge = found["LNMO_cell_volume"], found["LNMO_cell_a"]
    # V = a^3: the part that is not common must vanish.
    assert volume.value == pytest.approx(edge.value**3, rel=1e-9)
    assert volume.minus(edge.times(3 * edge.value**2, unit="angstrom^3")).std < 1e-3 * volume.std
    both = found["LNMO_weight_fraction"], found["NiO_weight_fraction"]
    assert both[0].value + both[1].value == pytest.approx(1, abs=1e-9)


def test_element_in_a_phase(forth: Result) -> None:
    found = refine(_series(), PATTERN, only=(9,), element=Element("Ni", "NiO", ("Ni", "Mn")))
    share = found.observables("element_fraction")[0]
    weight = _values(forth, "NiO_weight_fraction")["value"][-1]
    nio, spinel = 58.6934 + 15.999, 6.94 + 0.5 * 58.6934 + 1.5 * 54.938 + 4 * 15.999
    expected = (weight / nio) / (weight / nio + 2 * (1 - weight) / spinel)
    assert share.value == pytest.approx(expected, rel=2e-3)
    assert 0 < share.std < 0.1 * share.value
    with pytest.raises(StudyError, match="holds no La"):
        refine(_series(), PATTERN, only=(9,), element=Element("La", "NiO"))


def test_masks_limits_and_words() -> None:
    members, _ = members_of(_series(), limits=(20, 80), masks={-1: [(40, 42)], 2: [(50, 60)]}, skip=(1,))
    assert members[1].points is None
    assert members[1].reason
    angle = members[2].points.two_theta
    assert angle.min() >= 20
    assert angle.max() <= 80
    assert not ((angle > 40) & (angle < 42)).any()
    assert not ((angle > 50) & (angle < 60)).any()
    assert ((members[3].points.two_theta > 50) & (members[3].points.two_theta < 60)).any()
    with pytest.raises(StudyError, match="no pattern 10"):
        members_of(_series(), only=(10,))
    assert chosen_numbers("3, 5:7") == (3, 5, 6)
    for text in ("5:3", "a", "1:b", ""):
        with pytest.raises(StudyError):
            chosen_numbers(text)
    with pytest.raises(StudyError, match="nearest-good"):
        refine(_series(), PATTERN, start="nearest")
    with pytest.raises(StudyError, match="no parameter"):
        refine(_series(), Pattern(NAMES, instrument=LAB, start={"LNMO_cell_b": 8.0}))
    with pytest.raises(StudyError, match="no parameter"):
        refine(_series(), Pattern(NAMES, instrument=LAB, fixed=("spinel_*",)))
    with pytest.raises(StudyError, match="cannot be refined"):
        Phase("LNMO", refine=("cel",))


def test_ends_that_are_reversed_or_not_two_are_refused() -> None:
    with pytest.raises(StudyError, match=r"limits: .* lower one first"):
        Pattern(NAMES, limits=(70.0, 20.0))
    with pytest.raises(StudyError, match=r"limits: .* two numbers"):
        Pattern(NAMES, limits=(30.0,))  # type: ignore[arg-type]
    with pytest.raises(StudyError, match="bounds of NiO_cell_a"):
        Pattern(NAMES, bounds={"NiO_cell_a": (4.2, 4.1)})
    with pytest.raises(StudyError, match="path of an instrument file"):
        Pattern(NAMES, instrument={"wavelengths": [0.7748]})  # type: ignore[arg-type]
    with pytest.raises(FitError, match=r"runs from 15 to .* the limits are 100 to 120"):
        refine(_series(), Pattern(NAMES, instrument=LAB, limits=(100.0, 120.0)))


def test_a_series_without_a_pattern_is_refused() -> None:
    with pytest.raises(FitError, match="no pattern"):
        refine(Series(()), PATTERN)
    empty = measured(ANGLES, np.full(ANGLES.size, math.nan))
    with pytest.raises(FitError):
        refine(Series((empty,)), PATTERN)


def test_a_phase_that_was_forgotten_is_proposed() -> None:
    found = refine(_series(), Pattern(("LNMO",), instrument=LAB, background=3, refine=("displacement",)))
    left = found.data["left_over"]
    assert left["pattern"].min() >= BORN
    assert {7, 8, 9} <= set(left["pattern"].to_list())
    choice = next(one for one in found.choices if one.field == "phase")
    assert choice.value == "no further phase"
    assert choice.runner_up == "NiO"
    assert "belong to no phase" in choice.reason
    assert any(one.code == "peaks_left_over" for one in found.flags["S1"])


def test_nothing_is_left_over_of_a_complete_model(forth: Result) -> None:
    assert "left_over" not in forth.data
    assert not [one for one in forth.choices if one.field == "phase"]


def test_one_pattern_again_is_compared_with_those_about_it() -> None:
    whole = refine(_series(spoilt=True), PATTERN)
    with pytest.raises(FitError, match=r"chi squared|is seen"):
        refine(_series(spoilt=True), PATTERN, only=(SPOILT,), start="nearest-good", earlier=whole)


def test_a_name_that_ends_at_a_bound_is_told() -> None:
    held = Pattern(
        NAMES, instrument=LAB, background=3, refine=("displacement",), bounds={"displacement": (-0.01, 0.01)}
    )
    found = refine(_series(), held, only=(9,))
    told = [one for one in found.flags["S1"] if one.code == "at_bound"]
    assert [one.where for one in told] == ["displacement"]
    assert not [one for one in refine(_series(), PATTERN, only=(9,)).flags["S1"] if one.code == "at_bound"]
