"""dQ/dV of known peaks, conservation of charge, tracking over cycles and cells, real files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy import special

from interlith.errors import StudyError, UnitError
from interlith.techniques.cycling.derivative import differential
from tests.techniques.cycling.real_files import summary_of
from tests.techniques.cycling.synthetic import Array, MadeCell, summary

LEVEL = np.linspace(4.4, 4.95, 60_000)


def spinel(shift: float = 0.0, first: float = 0.5) -> Array:
    """Charge below each level: Gaussian peaks at 4.70 and 4.75 V plus a flat ground."""
    return np.asarray(
        0.1 * (LEVEL - 4.4) / 0.55
        + first * special.ndtr((LEVEL - 4.70 - shift) / 0.010)
        + 0.5 * special.ndtr((LEVEL - 4.75 - shift) / 0.008)
    )


def made(
    name: str, shifts: list[float], firsts: list[float], *, noise: float = 3e-4, seed: int = 0, backward: bool = False
) -> MadeCell:
    random = np.random.default_rng(seed)
    curves: list[tuple[object, ...]] = []
    for cycle, (shift, first) in enumerate(zip(shifts, firsts, strict=True), 1):
        total = spinel(shift, first)
        charge = np.linspace(0, total[-1], 800)
        voltage = np.interp(charge, total, LEVEL) + noise * random.standard_normal(800)
        curves.append((cycle, "charge", charge * 140 * 4e-6, voltage))
        if backward:
            curves.append((cycle, "discharge", charge * 140 * 4e-6, voltage[::-1].copy()))
    return MadeCell(name, np.full(len(shifts), 140.0), curves=curves, variant="bare" if name[0] == "B" else "coated")


def test_peaks_of_a_known_curve_with_pulls() -> None:
    cells = [made(f"B{seed}", [0.0], [0.5], seed=seed) for seed in range(60)]
    result = differential(summary(cells), resolution="3 mV")
    pulls = []
    for name, truth in (("dqdv_charge_P1_voltage", 4.70), ("dqdv_charge_P2_voltage", 4.75)):
        found = result.observables(name)
        assert len(found) == 60
        pulls += [(item.value - truth) / item.std for item in found if item.value is not None]
    assert 0.75 < np.std(pulls) < 1.2
    height = result.observables("dqdv_charge_P2_height")[0]
    expected = 140 * (0.1 / 0.55 + 0.5 / (np.hypot(0.008, 0.003) * np.sqrt(2 * np.pi)))
    assert height.value == pytest.approx(expected, rel=0.03)
    assert height.unit == "mAh/g/V"
    area = result.observables("dqdv_charge_P1_area")[0]
    assert area.unit == "mAh/g"
    assert abs(area.components["mass:B0"]) == pytest.approx(0.02 * area.value, rel=1e-6)


def test_charge_is_conserved_and_backward_steps_are_no_harm() -> None:
    result = differential(summary([made("B1", [0.0, 0.0], [0.5, 0.5], noise=2e-3, backward=True)]))
    areas = result.data["areas"]
    assert areas.height == 4
    assert areas.get_column("relative_error").abs().max() < 5e-3
    assert areas.get_column("backward_steps").min() > 0.1


def test_names_stay_when_a_peak_disappears_and_all_peaks_move() -> None:
    shifts = [0.0, 0.006, 0.012, 0.018, 0.024]
    cell = made("B1", shifts, [0.5, 0.3, 0.0, 0.0, 0.3])
    peaks = differential(summary([cell])).data["peaks"]
    assert peaks.filter(pl.col("cycle") == 3).get_column("peak").to_list() == ["P2"]
    for name, place in (("P1", 4.70), ("P2", 4.75)):
        own = peaks.filter(pl.col("peak") == name)
        expected = place + np.array(shifts)[own.get_column("cycle").to_numpy() - 1]
        assert own.get_column("position").to_numpy() == pytest.approx(expected, abs=4e-3)


def test_peaks_have_one_name_in_all_cells() -> None:
    # The coated cell lacks the first peak: its only one must not be called P1.
    cells = [made("B1", [0.0, 0.002], [0.5, 0.5]), made("C1", [0.004, 0.006], [0.0, 0.0])]
    peaks = differential(summary(cells)).data["peaks"]
    assert set(peaks.filter(pl.col("sample") == "C1").get_column("peak")) == {"P2"}


def test_the_resolution_is_chosen_from_the_data_and_recorded() -> None:
    fine = differential(summary([made("B1", [0.0], [0.5], noise=1e-4)]))
    coarse = differential(summary([made("B1", [0.0], [0.5], noise=3e-3)]))
    sizes = [result.data["areas"].item(0, "resolution") for result in (fine, coarse)]
    assert sizes[1] > 3 * sizes[0]
    assert [item.field for item in coarse.choices] == ["resolution"]
    forced = differential(summary([made("B1", [0.0], [0.5], noise=3e-3)]), resolution="2 mV")
    assert all("finer than quantum" in item.flag for item in forced.observables())


def test_dvdq_integrates_back_to_the_voltage() -> None:
    result = differential(summary([made("B1", [0.0], [0.5])]), points=600)
    curve = result.data["dvdq"].filter(pl.col("direction") == "charge")
    charge, slope = curve.get_column("charge").to_numpy(), curve.get_column("dvdq").to_numpy()
    rise = np.trapezoid(slope[60:540], charge[60:540])
    total = spinel()
    at = np.interp(charge[[60, 539]] / 140, total, LEVEL)
    assert rise == pytest.approx(at[1] - at[0], rel=0.03)
    assert curve.item(0, "unit") == "V/(mAh/g)"


def test_coarse_curves_are_refused_with_the_reason() -> None:
    charge = np.linspace(0, 1e-3, 30)
    cell = MadeCell("B1", np.array([100.0]), curves=((1, "charge", charge, np.linspace(3.0, 4.5, 30)),))
    result = differential(summary([cell]))
    assert result.table.is_empty()
    assert "30 points on its constant-current branch" in " ".join(result.quality.get_column("reason"))
    with pytest.raises(StudyError, match="at least ten points"):
        differential(summary([cell]), points=3)
    with pytest.raises(UnitError):
        differential(summary([cell]), gate="40 mA")


def test_the_nickel_peaks_of_a_real_spinel(cycling_folder: Path) -> None:
    result = differential(summary_of(cycling_folder, "DLR__LiLNMOHydra0b__20221125__POCV__25degC__Basytec.bdf.csv"))
    charge = result.data["peaks"].filter(pl.col("direction") == "charge").get_column("position").to_list()
    assert charge == pytest.approx([4.698, 4.753], abs=3e-3)
    discharge = result.data["peaks"].filter(pl.col("direction") == "discharge").get_column("position").to_list()
    # The Mn3+/4+ step, then the two nickel couples, a few millivolts below those of the charge.
    assert discharge == pytest.approx([4.02, 4.692, 4.745], abs=0.02)
    assert result.data["areas"].get_column("relative_error").abs().max() < 5e-3


def test_lower_currents_at_the_end_of_a_discharge_are_no_part_of_the_branch(cycling_folder: Path) -> None:
    result = differential(summary_of(cycling_folder, "neware_uio.csv"))
    row = result.data["areas"].filter((pl.col("cycle") == 1) & (pl.col("direction") == "discharge")).row(0, named=True)
    assert row["branch_charge"] < 0.94 * row["half_cycle_charge"]
    assert row["backward_steps"] == 0.0
    assert (
        result.data["dvdq"]
        .filter((pl.col("cycle") == 1) & (pl.col("direction") == "discharge"))
        .get_column("dvdq")
        .max()
        < 0
    )
