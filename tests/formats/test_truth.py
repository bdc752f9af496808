"""Real files against the truth beside them: the vendor's own exports, BDF twins and figures of the data set."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from interlith.errors import ReadError
from interlith.formats import (
    bdf,
    generic_csv,
    landt_csv,
    neware_csv,
    neware_nda,
    neware_ndax,
    neware_xlsx,
    other_workbook,
)
from interlith.model import Format, Reading

#: Largest difference from the vendor's export: its printed digit, or the single precision both are stored in.
BINARIES = [
    (neware_ndax, "fastnda_nw4-120-1-6-53.ndax", "fastnda_nw4-120-1-6-53.parquet"),
    (neware_ndax, "fastnda_interp-test.ndax", "fastnda_interp-test.parquet"),
    (neware_nda, "fastnda_nda_v22.nda.zip", "fastnda_nda_v22.parquet"),
    (neware_nda, "fastnda_TestFile.nda.zip", "fastnda_TestFile.parquet"),
]


def _frame(reading: Reading) -> pl.DataFrame:
    return reading.payload.frame.collect()  # type: ignore[union-attr]


def _codes(reading: Reading) -> set[str]:
    return {flag.code for flag in reading.flags}


@pytest.mark.parametrize(("module", "file", "truth"), BINARIES, ids=[item[1] for item in BINARIES])
def test_neware_binaries_equal_the_vendors_export(module: object, file: str, truth: str, cycling_folder: Path) -> None:
    got = _frame(module.FORMAT.read(cycling_folder / file, {}))  # type: ignore[attr-defined]
    want = pl.read_parquet(cycling_folder / truth)
    assert got.height == want.height
    np.testing.assert_allclose(got["test_time"], want["Total Time"], atol=1e-9)
    np.testing.assert_allclose(got["step_time"], want["Time"], atol=1e-9)
    np.testing.assert_allclose(got["voltage"] * 1e3, want["Voltage(mV)"], atol=0.051)
    np.testing.assert_allclose(got["current"] * 1e6, want["Current(uA)"], atol=0.51, rtol=1e-6)
    np.testing.assert_allclose(got["capacity_counter"] * 3.6e6, want["Capacity(mAs)"].abs(), atol=0.51, rtol=1e-6)
    np.testing.assert_allclose(got["energy_counter"] * 3.6e6, want["Energy(mWs)"].abs(), atol=0.51, rtol=1e-6)
    assert got["vendor_cycle"].to_list() == want["Cycle Index"].to_list()
    assert got["vendor_step"].to_list() == want["Step Index"].to_list()
    words = want["Step Type"].cast(pl.String).str.replace("_", " ").to_list()
    assert got["vendor_step_type"].str.replace("_", " ").to_list() == words


def test_the_text_twin_of_the_interpolated_file(cycling_folder: Path) -> None:
    got = _frame(neware_csv.FORMAT.read(cycling_folder / "fastnda_interp-test.csv", {}))
    want = pl.read_parquet(cycling_folder / "fastnda_interp-test.parquet")
    np.testing.assert_allclose(got["test_time"], want["Total Time"], atol=1e-9)
    np.testing.assert_allclose(got["voltage"] * 1e3, want["Voltage(mV)"], atol=1e-4)


def test_interpolated_records_are_counted(cycling_folder: Path) -> None:
    reading = neware_ndax.FORMAT.read(cycling_folder / "fastnda_interp-test.ndax", {})
    flag = next(flag for flag in reading.flags if flag.code == "interpolated_records")
    assert "267 of 333 records" in flag.message


def test_the_large_binary(cycling_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    reading = neware_ndax.FORMAT.read(cycling_folder / "fastnda_BTS85-36-6-5-110-20240424.ndax", {})
    frame = _frame(reading)
    assert frame.height == 699_677
    assert {"clock_jumps_back", "interpolated_records"} <= _codes(reading)
    assert (frame["test_time"].diff().drop_nulls() >= 0).all()
    steps = frame.with_columns(pl.col("vendor_step_type").rle_id().alias("block"))
    ends = steps.group_by("block", maintain_order=True).agg(
        pl.col("vendor_step_type").first(), pl.col("capacity_counter").max() * 1e3
    )
    charge = ends.filter(pl.col("vendor_step_type") == "CC_Chg")["capacity_counter"]
    discharge = ends.filter(pl.col("vendor_step_type") == "CC_DChg")["capacity_counter"]
    np.testing.assert_allclose(charge[:4], [1.057027, 1.048684, 1.051930, 1.022744], atol=2e-6)
    np.testing.assert_allclose(discharge[:4], [1.026004, 1.031168, 1.036065, 1.005457], atol=2e-6)
    assert reading.test["barcode"] == "20240424_ic634_HJ19_09_fccc"
    printed = capsys.readouterr()
    assert printed.out == printed.err == ""


def test_numbers_of_the_ndax_header(cycling_folder: Path) -> None:
    reading = neware_ndax.FORMAT.read(cycling_folder / "fastnda_nw4-120-1-6-53.ndax", {})
    assert reading.proposals == {"nominal_capacity": "3.87 mAh"}
    assert reading.test == {
        "channel": "120-0-6",
        "test_id": "53",
        "start": "2025-04-07T12:44:13",
        "barcode": "250403_kigr_gen9_06",
    }


def test_the_flat_text_export(cycling_folder: Path) -> None:
    reading = neware_csv.FORMAT.read(cycling_folder / "neware_uio.csv", {})
    frame = _frame(reading)
    assert frame.height == 9065
    assert sum(frame.null_count().row(0)) == 0
    assert reading.proposals == {"active_mass": "2.08 mg"}
    assert frame["test_time"][-1] == 144 * 3600 + 2 * 60 + 18
    third = frame.filter(pl.col("vendor_cycle") == 3).with_columns(pl.col("vendor_step").rle_id().alias("block"))
    charges = third.group_by("block").agg(pl.col("charge_counter").max() * 1e3)["charge_counter"].sort(descending=True)
    assert charges[0] == pytest.approx(4.242, abs=5e-4)
    assert charges.sum() == pytest.approx(7.835, abs=5e-4)


def test_the_landt_text_equals_its_twin(cycling_folder: Path) -> None:
    stem = "SINTEF__LiGrR2032__2024-04-30__25degC__Landt"
    reading = landt_csv.FORMAT.read(cycling_folder / f"{stem}.csv", {})
    got = _frame(reading)
    want = _frame(bdf.FORMAT.read(cycling_folder / f"{stem}.bdf.csv", {}))
    assert got.height == want.height == 25_162
    for name in ("test_time", "voltage", "current", "vendor_step", "charge_counter", "discharge_counter"):
        assert got[name].to_list() == want[name].to_list(), name
    assert {"coarse_resolution", "no_temperature_sensor"} <= _codes(reading)
    assert got["vendor_step_type"].unique().sort().to_list() == ["charge CC", "discharge CC", "rest"]


def test_the_old_workbook(cycling_folder: Path) -> None:
    reading = neware_xlsx.FORMAT.read(cycling_folder / "custom_data_003.xls", {})
    frame = _frame(reading)
    assert frame.height == 2943
    assert reading.proposals == {"active_mass": "1.04497215 mg"}
    assert reading.test["channel"] == "14-1-3"
    ends = frame.group_by("vendor_cycle", "vendor_step", "vendor_step_type").agg(pl.col("capacity_counter").max() * 1e3)
    first = ends.filter(pl.col("vendor_step") == 2)["capacity_counter"].item()
    assert first == pytest.approx(3.5241456666666666, abs=1e-9)
    fourteenth = ends.filter((pl.col("vendor_cycle") == 14) & (pl.col("vendor_step_type") == "CC_Chg"))
    assert fourteenth["capacity_counter"].item() == pytest.approx(1.209321388888889, abs=1e-9)
    device = frame["test_time"][-1] - frame["test_time"][0]
    clock = (frame["wall_clock"][-1] - frame["wall_clock"][0]).total_seconds()
    assert device == pytest.approx(clock, abs=60)


def test_seconds_multiplied_by_3600(cycling_folder: Path) -> None:
    """The public file claims a test of 16.8 years; divided by 3600 its capacity is that of a coin cell at C/19."""
    path = cycling_folder / "DLR__LiLNMOHydra0b__20221125__POCV__25degC__Basytec.bdf.csv"
    reading = bdf.FORMAT.read(path, {})
    assert "time_unit_contradiction" in _codes(reading)
    frame = _frame(reading)
    time, current = frame["test_time"].to_numpy(), frame["current"].to_numpy()
    charging = np.where(current > 0, current, 0)
    charge = np.trapezoid(charging, time) / 3.6
    assert 6.2 < charge < 6.35
    assert 40 * 3600 < time[-1] < 42 * 3600


MAPPING = {
    "mapping": {"test_time": "test_time", "current": "current", "voltage": "voltage", "vendor_cycle": "cycle"},
    "units": {"test_time": "s", "current": "A", "voltage": "V"},
}


def test_a_declared_text_and_its_lost_digits(cycling_folder: Path) -> None:
    reading = generic_csv.FORMAT.read(cycling_folder / "custom_data_001.csv", MAPPING)
    frame = _frame(reading)
    assert frame.height == 2442
    assert frame["test_time"][-1] == 142455.05
    assert frame["voltage"].max() == 3.4
    assert "current_is_zero" in _codes(reading)
    assert _frame(generic_csv.FORMAT.read(cycling_folder / "bad_custom_good_small.csv", MAPPING)).height > 0


def test_a_missing_voltage_is_refused(cycling_folder: Path) -> None:
    path = cycling_folder / "bad_custom_missing_column.csv"
    with pytest.raises(ReadError, match="'voltage' is not there"):
        generic_csv.FORMAT.read(path, MAPPING)
    with pytest.raises(ReadError, match="none is recognised as voltage"):
        generic_csv.FORMAT.read(path, {})


@pytest.mark.parametrize(
    ("form", "file"),
    [
        (other_workbook.FORMAT, "pyprobe_Experiment_Record.xlsx"),
    ],
    ids=lambda item: item if isinstance(item, str) else item.name,
)
def test_what_cannot_be_read_yet_is_recognised(form: Format, file: str, cycling_folder: Path) -> None:
    path = cycling_folder / file
    assert form.sniff(path.read_bytes()[:65_536], path) > 0.3
    with pytest.raises(ReadError, match=r"(?i)export"):
        form.read(path, {})
