"""Peaks against the truth of the forward model: potentials, currents, widths, charges, couples."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from interlith.errors import StudyError
from interlith.model import Decision, Result, Series, read_target
from interlith.model.stepping import in_steps
from interlith.physics.voltammetry import FARADAY, GAS
from interlith.techniques.voltammetry import peaks as peaks_module
from interlith.techniques.voltammetry import scans
from interlith.techniques.voltammetry.couples import centres, pair
from interlith.techniques.voltammetry.peaks import peaks
from tests.techniques.voltammetry.scans import AREA, BOUND, SOLVED, measured, scan

THERMAL = GAS * 298.15 / FARADAY


def value(result: Result, quantity: str, cycle: int = 1) -> tuple[float, float]:
    """Value and standard uncertainty of one number."""
    row = result.table.filter((pl.col("quantity") == quantity) & (pl.col("cycle") == cycle)).row(0, named=True)
    return row["value"], row["std"]


def test_pulls_of_a_surface_couple_have_unit_width() -> None:
    truth = {
        "anodic_peak_1_potential": 0.0,
        "anodic_peak_1_current": 1e3 * FARADAY * 0.1 * AREA * 2e-6 / (4 * THERMAL),
        "peak_1_separation": 0.0,
    }
    pulls: dict[str, list[float]] = {name: [] for name in truth}
    for seed in range(60):
        # A staircase: the current is read somewhere in the step of the voltage, in all sweeps at the same place.
        place = np.random.default_rng(1000 + seed).uniform(-0.5, 0.5) * 2e-3
        time, voltage, current = scan([BOUND], noise=2e-7, seed=seed, step=2e-3)
        sign = np.where(np.arange(len(voltage)) <= len(voltage) // 2, 1.0, -1.0)
        result = peaks(Series((measured((time, voltage + sign * place, current)),)))
        for name, true in truth.items():
            found, std = value(result, name)
            pulls[name].append((found - true) / std)
    for name, own in pulls.items():
        assert abs(np.mean(own)) < 0.45, name
        assert 0.6 < np.std(own) < 1.35, name


def test_a_diffusing_couple_is_measured_as_it_was_made() -> None:
    result = peaks(Series((measured(scan([SOLVED], noise=2e-7)),)))
    truth = {
        "anodic_peak_1_potential": 0.02850,
        "anodic_peak_1_half_width": 0.0566,
        "anodic_peak_1_current": 1e3 * 0.4463 * FARADAY * AREA * math.sqrt(1e-9 * 0.1 / THERMAL),
        "peak_1_current_ratio": 1.0,
    }
    for name, true in truth.items():
        found, std = value(result, name)
        assert abs(found - true) < 3.5 * std, name
        assert std < 0.03 * abs(true), name
    assert value(result, "peak_1_separation")[0] == pytest.approx(0.0574, abs=0.0015)
    (choice,) = [one for one in result.choices if one.field == "peak_current_ratio"]
    assert choice.runner_up == "heights over their baselines"


def test_the_ohmic_drop_is_taken_off_with_its_uncertainty() -> None:
    item = measured(scan([BOUND], resistance=100.0, noise=1e-7, capacitance=0.0))
    plain = peaks(Series((item,)))
    mended = peaks(Series((item,)), resistance="100 +- 5 ohm")
    shifted, _ = value(plain, "peak_1_separation")
    found, std = value(mended, "peak_1_separation")
    height = 1e-3 * value(mended, "anodic_peak_1_current")[0]
    # A surface couple is moved by its drop twice: once by the axis, once by the lag of its charge.
    assert shifted == pytest.approx(4 * 100 * height, abs=2e-3)
    assert found == pytest.approx(2 * 100 * height, abs=2e-3)
    assert abs(found) < 2 * std
    row = mended.observables("peak_1_separation")[0]
    assert abs(row.components["calibration:S1/resistance"]) == pytest.approx(2 * height * 5, rel=0.02)
    assert row.components["model:S1/lag"] == pytest.approx(2 * height * 100 / math.sqrt(3), rel=0.02)


def test_two_couples_are_told_apart_numbered_and_paired() -> None:
    couples = [replace(BOUND, potential=-0.15), replace(BOUND, potential=0.15)]
    result = peaks(Series((measured(scan(couples, noise=2e-7, cycles=2)),)))
    assert value(result, "peak_1_midpoint", 2)[0] == pytest.approx(-0.15, abs=2e-3)
    assert value(result, "peak_2_midpoint", 2)[0] == pytest.approx(0.15, abs=2e-3)
    assert result.data["pairs"].height == 4
    assert pair([0.1, 0.5], [0.05, 0.45], 1.0) == [(0, 0), (1, 1)]
    assert pair([0.5], [0.05, 0.45], 1.0) == [(0, 1)]
    assert centres([3.9, 3.91, 4.7], [4.72, 2.0]) == {"1": 2.0, "2": 3.905, "3": 4.7}


def test_a_second_wave_on_the_tail_of_the_first_says_that_it_is_a_bound() -> None:
    couples = [replace(SOLVED, potential=-0.15), replace(SOLVED, potential=0.15)]
    result = peaks(Series((measured(scan(couples, window=(-0.5, 0.5))),)))
    row = result.table.filter(pl.col("quantity") == "anodic_peak_2_current").row(0, named=True)
    assert "no less than" in row["flag"]
    full = 1e3 * 0.4463 * FARADAY * AREA * math.sqrt(1e-9 * 0.1 / THERMAL)
    assert row["value"] < full


def test_a_couple_hidden_in_the_flank_of_another_is_a_shoulder() -> None:
    couples = [replace(BOUND, potential=-0.10, concentration=1.3e-6), replace(BOUND, potential=0.0, concentration=4e-6)]
    result = peaks(Series((measured(scan(couples, noise=2e-9, capacitance=0.0)),)))
    row = result.table.filter(pl.col("quantity").str.starts_with("anodic_shoulder")).row(0, named=True)
    assert row["value"] == pytest.approx(-0.10, abs=0.02)
    assert "no maximum" in row["flag"]


def test_noise_alone_shows_no_peak_and_says_so() -> None:
    result = peaks(Series((measured(scan([], noise=1e-6)),)))
    assert result.table.height == 0
    assert not result.quality.item(0, "ok")
    assert "no sweep shows a peak" in result.quality.item(0, "reason")


def test_a_header_that_states_another_rate_is_told_and_a_file_without_time_takes_the_declared_one() -> None:
    time, voltage, current = scan([BOUND])
    result = peaks(Series((measured((time, voltage, current), metadata={"SCANRATE": "50 mV/s"}),)))
    assert [flag.code for flag in result.flags["S1"]] == ["scan_rate_disagrees"]
    agreed = peaks(Series((measured((time, voltage, current), metadata={"SCANRATE": "100"}),)))
    assert not agreed.flags.get("S1")
    declared = peaks(Series((measured((None, voltage, current)),)), scan_rate="100 mV/s")
    for name in ("anodic_peak_1_charge", "peak_1_separation"):
        assert value(declared, name)[0] == pytest.approx(value(result, name)[0], rel=1e-6, abs=1e-9)


def test_a_baseline_that_a_person_decides_is_taken_and_one_that_is_unknown_refused() -> None:
    item = measured(scan([SOLVED]))
    steps = (scans.STEP, peaks_module.STEP)
    target = read_target(f"{item.source.path}#sha256:{item.source.sha256[:12]}/baseline")
    found = in_steps(
        steps, Series((item,)), {}, [Decision(target, "baseline", "zero", "as published")], technique="voltammetry"
    )
    assert set(found[-1].data["peaks"]["baseline"]) == {"zero"}
    wrong = in_steps(steps, Series((item,)), {}, [Decision(target, "baseline", "tangent", "")], technique="voltammetry")
    assert "'tangent' is unknown" in wrong[0].quality.item(0, "reason")
    with pytest.raises(StudyError, match="tangent"):
        peaks(Series((item,)), baseline="tangent")


def test_the_choice_of_the_baseline_says_what_the_other_one_makes_of_the_currents() -> None:
    result = peaks(Series((measured(scan([SOLVED])),)))
    choice = next(one for one in result.choices if one.field == "baseline")
    assert (choice.value, choice.runner_up) == ("linear", "level")
    effect = choice.effects[0]
    assert effect.value == pytest.approx(value(result, effect.quantity)[0])
    assert effect.other != effect.value
