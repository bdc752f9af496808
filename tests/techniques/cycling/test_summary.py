"""Are capacities, efficiencies and their uncertainties right, and null where they are not known?"""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from interlith.errors import FitError, StudyError
from interlith.model import SCHEMA, Declared, Series
from interlith.techniques.cycling.overpotential import hysteresis
from interlith.techniques.cycling.retention import retention
from interlith.techniques.cycling.summary import summarise
from tests.techniques.cycling.frames import REST, cell, cycles, logged, measurement, series


def value(result, quantity: str, cycle: int) -> dict[str, object]:
    return result.table.filter(quantity=quantity, cycle=cycle).row(0, named=True)


def parts(row: dict[str, object]) -> dict[str, float]:
    return {part["source"]: part["size"] for part in row["components"]}  # type: ignore[attr-defined]


def test_specific_capacity_and_its_components() -> None:
    result = summarise(series(logged(cycles(2))))
    row = value(result, "discharge_capacity", 1)
    assert row["value"] == pytest.approx(98.0)
    assert row["unit"] == "mAh/g"
    found = parts(row)
    assert found["mass:A1"] == pytest.approx(-1.96)
    assert 0 < found["counter:A1/discharge/1"] < 0.2
    assert row["std"] == pytest.approx(1.96, rel=1e-2)
    assert row["includes"] == "counter+mass"
    assert tuple(result.table.columns) == (*SCHEMA, "components")


def test_a_heavier_mass_gives_less_in_step_with_its_component() -> None:
    light, heavy = (summarise(series(logged(cycles(1)), sample=cell(mass=mass))) for mass in (1e-5, 1.02e-5))
    moved = value(heavy, "charge_capacity", 1)["value"] - value(light, "charge_capacity", 1)["value"]
    assert moved == pytest.approx(parts(value(light, "charge_capacity", 1))["mass:A1"], rel=0.03)


@pytest.mark.parametrize(
    ("sample", "word"),
    [
        (cell(mass=None), "not declared"),
        (cell(mass=None, extra={}), "not declared"),
    ],
)
def test_without_a_mass_the_capacity_is_absolute(sample, word: str) -> None:
    row = value(summarise(series(logged(cycles(1)), sample=sample)), "charge_capacity", 1)
    assert (row["value"], row["unit"]) == (pytest.approx(1.0), "mAh")
    assert word in row["flag"]


def test_an_unconfirmed_mass_normalises_nothing() -> None:
    from dataclasses import replace

    sample = replace(cell(), active_mass=Declared(1e-5, "kg", 1e-7, "vendor header", confirmed=False))
    row = value(summarise(series(logged(cycles(1)), sample=sample)), "charge_capacity", 1)
    assert row["unit"] == "mAh"
    assert "unconfirmed" in row["flag"]


def test_a_mass_without_uncertainty_is_unknown_not_exact() -> None:
    from dataclasses import replace

    sample = replace(cell(), active_mass=Declared(1e-5, "kg"))
    result = summarise(series(logged(cycles(1)), sample=sample))
    row = value(result, "charge_capacity", 1)
    assert row["std"] == np.inf
    assert "mass" not in row["includes"].split("+")
    assert np.isfinite(value(result, "coulombic_efficiency", 1)["std"])


def test_areal_capacity_from_area_or_from_mass_and_loading() -> None:
    area = Declared(1e-4, "m^2", 1e-6, "study.yaml")
    row = value(summarise(series(logged(cycles(1)), sample=cell(area=area))), "areal_charge_capacity", 1)
    assert (row["value"], row["unit"]) == (pytest.approx(1.0), "mAh/cm^2")
    assert parts(row)["area:study"] == pytest.approx(-0.01)
    assert "mass:A1" not in parts(row)
    loading = Declared(0.1, "kg/m^2", 0.003, "measurements.csv")
    row = value(summarise(series(logged(cycles(1)), sample=cell(loading=loading))), "areal_charge_capacity", 1)
    assert row["value"] == pytest.approx(1.0)
    assert parts(row)["loading:A1"] == pytest.approx(0.03)
    assert parts(row)["mass:A1"] == pytest.approx(-0.02)


def test_normalisation_by_area_and_none() -> None:
    sample = cell(area=Declared(1e-4, "m^2", 1e-6))
    assert (
        value(summarise(series(logged(cycles(1)), sample=sample), normalise="area"), "charge_capacity", 1)["unit"]
        == "mAh/cm^2"
    )
    assert (
        value(summarise(series(logged(cycles(1)), sample=sample), normalise="none"), "charge_capacity", 1)["unit"]
        == "mAh"
    )
    with pytest.raises(StudyError, match="active_mass"):
        summarise(series(logged(cycles(1))), normalise="mass")


@pytest.mark.parametrize(("kind", "expected"), [("half_cathode", 98.0), ("full", 98.0), ("half_anode", 100 / 0.98)])
def test_efficiency_in_the_right_direction(kind: str, expected: float) -> None:
    plan = (
        cycles(2)
        if kind != "half_anode"
        else [step for one in range(2) for step in (cycles(1)[2], REST, cycles(1)[0], REST)]
    )
    row = value(summarise(series(logged(plan), sample=cell(kind=kind))), "coulombic_efficiency", 2)
    assert row["value"] == pytest.approx(expected)
    assert all(source.startswith("counter:") for source in parts(row))


def test_no_kind_no_efficiency() -> None:
    result = summarise(series(logged(cycles(2)), sample=cell(kind=None)))
    for quantity in ("coulombic_efficiency", "initial_coulombic_efficiency", "energy_efficiency"):
        row = value(result, quantity, 1)
        assert row["value"] is None
        assert "half_cathode" in row["flag"]
    assert value(result, "charge_capacity", 1)["value"] is not None


def test_energy_is_charge_times_mean_voltage_and_carries_the_voltage() -> None:
    sample = cell(voltage_accuracy=1e-3, current_accuracy=5e-4)
    result = summarise(series(logged(cycles(1)), sample=sample))
    row = value(result, "charge_energy", 1)
    assert row["value"] == pytest.approx(100.0 * 3.65)
    assert row["unit"] == "mWh/g"
    found = parts(row)
    assert found["voltage:A1"] == pytest.approx(0.1)
    assert found["current:A1"] == pytest.approx(365.0 * 5e-4)
    assert value(result, "energy_efficiency", 1)["value"] == pytest.approx(98 * 3.55 / 3.65)
    assert value(result, "voltage_hysteresis", 1)["value"] == pytest.approx(0.1)
    assert "voltage:A1" not in parts(value(result, "voltage_hysteresis", 1))


def test_rate_from_the_declared_one_c() -> None:
    one_c = Declared(200.0, "A/kg", 0.0)
    table = summarise(series(logged(cycles(1)), sample=cell(one_C=one_c))).data["half_cycles"]
    assert table["rate"].to_list() == pytest.approx([0.5, 0.5])
    assert summarise(series(logged(cycles(1)))).data["half_cycles"]["rate"].to_list() == [None, None]


def test_nothing_null_goes_without_a_flag() -> None:
    plan = [*cycles(2)[2:], (1000.0, 1e-3, 3.1, 3.4)]
    table = summarise(series(logged(plan))).table
    empty = table.filter(pl.col("value").is_null())
    assert empty.height > 5
    assert (empty["flag"].str.len_chars() > 0).all()


def test_a_file_that_fails_leaves_the_others() -> None:
    dead = logged([REST, REST])
    both = Series((measurement(dead, cell("dead")), measurement(logged(cycles(1)), cell("A1"))))
    result = summarise(both)
    assert result.quality["ok"].to_list() == [False, True]
    assert "no current" in result.quality["reason"][0]
    assert result.table["sample"].unique().to_list() == ["A1"]


def test_an_empty_series_gives_an_empty_result() -> None:
    result = summarise(Series(()))
    assert result.table.height == 0
    assert tuple(result.table.columns) == (*SCHEMA, "components")


def test_a_contradiction_gives_no_number() -> None:
    result = summarise(series(logged(cycles(2)).with_columns(pl.col("current") * 1000)))
    row = value(result, "charge_capacity", 1)
    assert row["value"] is None
    assert "contradict" in row["flag"]
    assert result.flags["A1"][0].severity == "error"


def test_an_absurd_voltage_withholds_energy_not_charge() -> None:
    result = summarise(series(logged(cycles(2)).with_columns(pl.col("voltage") * 1e3)))
    assert value(result, "charge_capacity", 1)["value"] == pytest.approx(100.0)
    assert value(result, "charge_energy", 1)["value"] is None
    assert value(result, "charge_mean_voltage", 1)["value"] is None


# -- retention -----------------------------------------------------------------------------------------------------------


def test_the_mass_cancels_in_retention_and_not_in_capacity() -> None:
    result = summarise(series(logged(cycles(5, fade=0.02)), sample=cell(current_accuracy=1e-3)))
    kept = retention(result, reference_cycle=2).table.filter(cycle=5).row(0, named=True)
    assert kept["value"] == pytest.approx(100 * 0.92 / 0.98)
    found = parts(kept)
    assert found["mass:A1"] == pytest.approx(0.0, abs=1e-9)
    assert found["current:A1"] == pytest.approx(0.0, abs=1e-9)
    assert kept["std"] < 0.5
    assert value(result, "discharge_capacity", 5)["std"] > 1.5


def test_retention_agrees_with_the_observable_algebra() -> None:
    result = summarise(series(logged(cycles(4, fade=0.02))))
    first, last = (
        next(item for item in result.observables("discharge_capacity") if item.cycle == number) for number in (1, 4)
    )
    expected = last.over(first, unit="%")
    row = retention(result, reference_cycle=1).table.filter(cycle=4).row(0, named=True)
    assert row["value"] == pytest.approx(expected.value)
    assert row["std"] == pytest.approx(expected.std)


def test_check_ups_at_another_rate_are_left_out() -> None:
    plan = [*cycles(2), *cycles(1, current=1e-4), *cycles(2)]
    found = retention(summarise(series(logged(plan))), reference_cycle=2)
    assert found.table["cycle"].to_list() == [2, 4, 5]
    left = dict(found.data["left_out"].select("cycle", "reason").rows())
    assert "before the reference" in left[1]
    assert "another rate" in left[3]


def test_the_excluded_rate() -> None:
    plan = [*cycles(1, current=1e-4), *cycles(3)]
    sample = cell(one_C=Declared(100.0, "A/kg", 0.0))
    found = retention(summarise(series(logged(plan), sample=sample)), reference_cycle=2, exclude_rate="C/10")
    assert dict(found.data["left_out"].select("cycle", "reason").rows())[1] == "at the excluded rate 0.1C"


def test_a_missing_reference_cycle_is_named() -> None:
    with pytest.raises(FitError, match="has no cycle 9"):
        retention(summarise(series(logged(cycles(2)))), reference_cycle=9)


def test_an_unknown_mass_uncertainty_still_cancels() -> None:
    from dataclasses import replace

    sample = replace(cell(), active_mass=Declared(1e-5, "kg"))
    row = retention(summarise(series(logged(cycles(3)), sample=sample)), reference_cycle=1).table.filter(cycle=3)
    assert np.isfinite(row["std"][0])


def test_hysteresis_at_a_state_of_charge() -> None:
    result = hysteresis(summarise(series(logged(cycles(2)))), at=0.5)
    row = value(result, "voltage_hysteresis_at_soc", 1)
    assert row["value"] == pytest.approx(3.65 - 3.55, abs=1e-6)
    assert value(result, "overpotential_at_soc", 1)["value"] == pytest.approx(0.05, abs=1e-6)
    with pytest.raises(StudyError, match="between 0 and 1"):
        hysteresis(result, at=1.5)


# -- real files ----------------------------------------------------------------------------------------------------------


def neware(path: Path) -> pl.LazyFrame:
    from interlith.formats.neware_nda import FORMAT as NDA
    from interlith.formats.neware_ndax import FORMAT as NDAX

    reading = (NDAX if path.suffix == ".ndax" else NDA).read(path, {})
    return reading.payload.frame.select(reading.payload.columns)


def test_every_cycle_of_nw4_equals_the_vendors_table(cycling_folder: Path) -> None:
    truth = pl.read_parquet(cycling_folder / "fastnda_nw4-120-1-6-53.parquet")
    frame = neware(cycling_folder / "fastnda_nw4-120-1-6-53.ndax")
    table = summarise(series(frame)).data["half_cycles"]
    # The vendor counts 150 cycles, ten of which hold two loops.
    assert table.height == 320
    assert table["vendor_cycle"].max() == 150
    expected = vendor_halves(truth)
    assert 1e3 * table["charge"].to_numpy() == pytest.approx(expected, abs=2e-6)


def vendor_halves(truth: pl.DataFrame) -> np.ndarray:
    """Charge of each half-cycle (mAh) by the vendor's table: last counter of every step, summed over one direction."""
    steps = truth.group_by("Step Count", maintain_order=True).agg(
        (pl.col("Capacity(mAs)").last().cast(pl.Float64).abs() / 3600.0).alias("mAh"),
        pl.first("Step Type").cast(pl.String).str.contains("DChg").alias("down"),
    )
    return steps.group_by(pl.col("down").rle_id(), maintain_order=True).agg(pl.col("mAh").sum())["mAh"].to_numpy()


def test_bts85_equals_the_published_capacities(cycling_folder: Path) -> None:
    frame = neware(cycling_folder / "fastnda_BTS85-36-6-5-110-20240424.ndax")
    result = summarise(series(frame))
    table = result.data["cycles"].filter(pl.col("cycle") <= 4)
    assert 1e3 * table["charge_capacity"].to_numpy() == pytest.approx(
        [1.057027, 1.048684, 1.051930, 1.022744], abs=6e-7
    )
    assert 1e3 * table["discharge_capacity"].to_numpy() == pytest.approx(
        [1.026004, 1.031168, 1.036065, 1.005457], abs=6e-7
    )
    last = result.data["half_cycles"].row(-1, named=True)
    assert last["complete"] is False


def test_a_single_charge_has_no_efficiency(cycling_folder: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(cycling_folder / "fastnda_nda_v22.nda.zip") as archive:
        archive.extractall(tmp_path)
    result = summarise(series(neware(tmp_path / "nda_v22.nda")))
    assert result.data["half_cycles"]["direction"].to_list() == ["charge"]
    assert value(result, "coulombic_efficiency", 1)["value"] is None
    assert "no discharge" in value(result, "coulombic_efficiency", 1)["flag"]


def test_the_full_cell_of_test_file(cycling_folder: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(cycling_folder / "fastnda_TestFile.nda.zip") as archive:
        archive.extractall(tmp_path)
    table = summarise(series(neware(tmp_path / "TestFile.nda"), sample=cell(kind="full"))).data["half_cycles"]
    assert table["cycle"].to_list() == [0, 1, 1, 2]
    assert 1e3 * table["charge"].to_numpy() == pytest.approx([3790.1682, 5811.0250, 5806.6465, 5815.0910], rel=1e-5)
    assert table["complete"].all()
    assert 1e3 * table["cv_charge"].to_numpy()[[1, 3]] == pytest.approx([155.937, 155.234], rel=1e-4)
