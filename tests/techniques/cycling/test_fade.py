"""Decay per cycle: truth with pulls, mass cancelling, check-ups out, bends told, nothing extrapolated."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlith.errors import StudyError, UnitError
from interlith.model import Observable, Result
from interlith.techniques.cycling.fade import fade
from interlith.techniques.cycling.retention import retention
from tests.techniques.cycling.real_files import summary_of
from tests.techniques.cycling.synthetic import Array, MadeCell, ar1, summary

CYCLES = np.arange(1, 101)


def made(noise: Array | float = 0.0, **changes: object) -> MadeCell:
    cell = MadeCell("B1", 150 - 0.06 * (CYCLES - 1) + noise, voltage=3.6 - 3.2e-4 * CYCLES, current=np.full(100, 5e-4))
    return replace(cell, **changes)


def one(result: Result, quantity: str) -> Observable:
    (found,) = result.observables(quantity)
    return found


def test_exact_lines_give_exact_decays_with_positive_sign_for_a_loss() -> None:
    result = fade(summary([made()]))
    assert one(result, "capacity_decay").value == pytest.approx(100 * 0.06 / 150, rel=1e-9)
    assert one(result, "absolute_capacity_decay").value == pytest.approx(0.06, rel=1e-9)
    assert one(result, "mean_voltage_decay").value == pytest.approx(0.32, rel=1e-9)
    units = {item.quantity: item.unit for item in result.observables()}
    assert units == {
        "capacity_decay": "%/cycle",
        "absolute_capacity_decay": "mAh/g/cycle",
        "mean_voltage_decay": "mV/cycle",
    }


def test_the_mass_leaves_the_relative_decay_and_stays_in_the_absolute_one() -> None:
    result = fade(summary([made(mass_relative=0.03)]))
    relative, absolute = one(result, "capacity_decay"), one(result, "absolute_capacity_decay")
    assert relative.components["mass:B1"] == 0.0
    assert abs(absolute.components["mass:B1"]) == pytest.approx(0.03 * 0.06, rel=1e-6)
    assert absolute.high is not None
    assert absolute.low is not None
    assert absolute.high - absolute.low == pytest.approx(2 * 1.96 * 0.03 * 0.06, rel=0.01)
    assert "calibration" in relative.includes


def test_a_mass_of_unknown_uncertainty_leaves_the_relative_decay_finite() -> None:
    result = fade(summary([made(mass_relative=math.inf)]))
    assert math.isfinite(one(result, "capacity_decay").std)
    assert math.isinf(one(result, "absolute_capacity_decay").std)


def test_an_offset_of_the_voltage_leaves_its_decay() -> None:
    decay = one(fade(summary([made(voltage_accuracy=5e-3)])), "mean_voltage_decay")
    assert abs(decay.components["voltage:B1"]) < 1e-9


@pytest.mark.parametrize("correlation", [0.0, 0.7])
def test_pulls_have_unit_width_and_intervals_hold_the_truth(correlation: float) -> None:
    random = np.random.default_rng(int(10 * correlation))
    names = [f"B{index}" for index in range(80)]
    noise = 0.4 * ar1(random, (80, 100), correlation)
    result = fade(summary([made(row, sample=name) for name, row in zip(names, noise, strict=True)]))
    for quantity, truth in (("absolute_capacity_decay", 0.06), ("capacity_decay", 100 * 0.06 / 150)):
        found = result.observables(quantity)
        random_parts = [item.part({"fit", "counting"}) for item in found]
        pulls = np.array([(item.value - truth) / part for item, part in zip(found, random_parts, strict=True)])
        assert 0.75 < pulls.std() < 1.25
        assert np.mean([item.low <= truth <= item.high for item in found]) > 0.9


def test_checkups_incomplete_cycles_and_the_window_are_left_out_with_reasons() -> None:
    current = np.full(100, 5e-4)
    capacity = 150 - 0.06 * (CYCLES - 1)
    current[[0, 1, 49]], capacity[[0, 1, 49]] = 5e-5, 170.0
    capacity[79] = 20.0
    cell = made(capacity=capacity, current=current, incomplete=(80,))
    result = fade(summary([cell]), window=(1, 90))
    assert one(result, "absolute_capacity_decay").value == pytest.approx(0.06, rel=1e-6)
    points = result.data["points"].filter((pl.col("of") == "capacity") & ~pl.col("used"))
    reasons = dict(points.select("cycle", "reason").rows())
    assert reasons[50] == reasons[1] == "at another current than the majority"
    assert reasons[80].startswith("incomplete")
    assert reasons[95] == "outside the window"
    (choice,) = [item for item in result.choices if item.field == "current"]
    assert choice.value == "0.5 mA / 0.5 mA"


def test_a_declared_rate_is_left_out_even_if_it_is_the_majority() -> None:
    rate = np.where(CYCLES % 2 == 0, 0.1, 1.0)
    current = 5e-4 * rate
    rate[:11], current[:11] = 0.1, 5e-5
    capacity = np.where(rate == 0.1, 160.0, 150 - 0.06 * (CYCLES - 1))
    cell = made(capacity=capacity, current=current, rate=rate)
    result = fade(summary([cell]), exclude_rate="C/10")
    assert one(result, "absolute_capacity_decay").value == pytest.approx(0.06, rel=1e-6)
    with pytest.raises(UnitError, match="not a C-rate"):
        fade(summary([cell]), exclude_rate="ten hours")


def test_a_knee_is_told_and_not_smoothed_over() -> None:
    random = np.random.default_rng(3)
    capacity = 150 - 0.02 * CYCLES - 1.5 * np.maximum(CYCLES - 70, 0) + 0.1 * random.standard_normal(100)
    decay = one(fade(summary([made(capacity=capacity)])), "absolute_capacity_decay")
    assert "a line does not describe the fade" in decay.flag
    assert "in its first third" in decay.flag
    straight = one(fade(summary([made(0.1 * random.standard_normal(100))])), "absolute_capacity_decay")
    assert straight.flag == ""


def test_few_cycles_give_null_with_the_reason_or_a_warning() -> None:
    short = made(capacity=np.array([150.0, 149, 148, 147]), voltage=np.full(4, 3.6), current=np.full(4, 5e-4))
    decay = one(fade(summary([short])), "capacity_decay")
    assert decay.value is None
    assert "4 cycles are left, at least 5 are needed" in decay.flag
    eight = made(capacity=150 - np.arange(8.0), voltage=np.full(8, 3.6), current=np.full(8, 5e-4))
    assert "the shape is untested" in one(fade(summary([eight])), "capacity_decay").flag


def test_a_coarse_counter_is_not_hidden_by_a_smooth_line() -> None:
    noise = 0.01 * np.random.default_rng(9).standard_normal(100)
    decay = one(fade(summary([made(noise, counter=1e-3)])), "absolute_capacity_decay")
    least = 150e-3 / np.sqrt(((CYCLES - CYCLES.mean()) ** 2).sum())
    assert decay.components["counter:B1/absolute_capacity_decay"] == pytest.approx(least, rel=0.1)
    assert decay.high is not None
    assert decay.value is not None
    assert decay.high - decay.value >= 1.9 * least


@settings(max_examples=6, deadline=None)
@given(factor=st.floats(0.01, 100), order=st.randoms())
def test_mass_and_order_of_cells_do_not_matter(factor: float, order: object) -> None:
    random = np.random.default_rng(1)
    cells = [made(0.3 * random.standard_normal(100), sample=name) for name in ("A", "B", "C")]
    changed = [replace(cell, capacity=cell.capacity * factor) for cell in cells]
    order.shuffle(changed)
    first = {item.sample: item for item in fade(summary(cells)).observables("capacity_decay")}
    for item in fade(summary(changed)).observables("capacity_decay"):
        assert item.value == pytest.approx(first[item.sample].value, rel=1e-6)
        assert item.std == pytest.approx(first[item.sample].std, rel=1e-4)


def test_wrong_words_are_refused_with_the_nearest() -> None:
    with pytest.raises(StudyError, match="did you mean 'discharge_capacity'"):
        fade(summary([made()]), quantity="dischage_capacity")
    with pytest.raises(StudyError, match="holds no two cycles"):
        fade(summary([made()]), window=(50, 50))


def test_a_dying_real_cell_is_told_to_be_no_line(cycling_folder: Path) -> None:
    result = fade(summary_of(cycling_folder, "fastnda_nw4-120-1-6-53.ndax"))
    decay = one(result, "absolute_capacity_decay")
    assert decay.unit == "mAh/cycle"
    assert "a line does not describe the fade" in decay.flag
    (choice,) = [item for item in result.choices if item.field == "current"]
    # 112 cycles run at a lower charge current; the fifteen at the start and the check-ups are not mixed in.
    assert choice.value.startswith("0.7447 mA")
    row = result.data["lines"].filter(pl.col("of") == "capacity").row(0, named=True)
    assert row["points"] == 112
    assert row["p_bent"] < 1e-6


@pytest.mark.parametrize("off", [1.03, 1.1, 1.25])
@pytest.mark.parametrize("held", [True, False])
@pytest.mark.parametrize("side", ["charge", "discharge"])
def test_retention_and_fade_keep_the_same_cycles(off: float, held: bool, side: str) -> None:
    made = summary([MadeCell("A1", 100.0 - 0.1 * np.arange(12.0), current=np.full(12, 1e-3))])
    halves = made.data["half_cycles"].with_columns(
        pl.when((pl.col("cycle") == 6) & (pl.col("direction") == side))
        .then(1e-3 * off)
        .otherwise(1e-3)
        .alias("mean_current")
    )
    current = pl.col("mean_current") if held else pl.lit(None, dtype=pl.Float64)
    made = replace(made, data={**made.data, "half_cycles": halves.with_columns(current.alias("cc_current"))})
    lines = fade(made).data["points"].filter((pl.col("of") == "capacity") & pl.col("used"))["cycle"].to_list()
    kept = retention(made, reference_cycle=1).table["cycle"].to_list()
    assert kept == lines
    assert (6 in kept) is (off < (1.05 if held else 1.2))


def test_a_cell_that_dies_in_a_bent_way_gets_no_decay_per_cycle() -> None:
    cycles = np.arange(1, 145)
    swing = np.cumsum(np.random.default_rng(3).normal(0, 0.3, cycles.size))
    cell = MadeCell("B1", 20.0 + 95.0 * np.exp(-cycles / 12.0) + swing, current=np.full(cycles.size, 5e-4))
    found = one(fade(summary([cell])), "capacity_decay")
    assert found.value is None
    assert "no decay per cycle" in found.flag
