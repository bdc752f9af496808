"""Arbin text exports and workbooks: units, spellings, dates and records as they occur, and the public files."""

from __future__ import annotations

import zipfile
from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from interlith.errors import ReadError
from interlith.formats import arbin_csv, arbin_xlsx
from interlith.model import Reading
from interlith.physics.counting import count
from tests.formats.samples import make, table
from tests.formats.samples.arbin import HEADER, START, cells, stepped, workbook

DATABASE = (
    "Data_Point,Test_Time,DateTime,Step_Time,Step_Index,Cycle_Index,Current,Voltage,Charge_Capacity,Discharge_Capacity"
)


def _frame(reading: Reading) -> pl.DataFrame:
    return reading.payload.frame.collect()  # type: ignore[union-attr]


def _flags(reading: Reading) -> dict[str, str]:
    return {flag.code: flag.message for flag in reading.flags}


def _csv(path: Path, header: str, rows: list[str], encoding: str = "utf-8") -> Path:
    path.write_bytes(("\r\n".join([header, *rows]) + "\r\n").encode(encoding))
    return path


def _rows(current: float = 1.0, charge: float = 1.0, clock: str = "{:.0f}") -> list[str]:
    """Rows of a database export, with the current and the counters on other scales."""
    return [
        f"{number},{row['test_time']:.4f},{clock.format(START.timestamp() + row['test_time'])},{row['step_time']:.4f},"
        f"{row['vendor_step']}.0,{row['vendor_cycle']}.0,{row['current'] * current:.9g},{row['voltage']:.6f},"
        f"{row['charge_counter'] * charge:.12g},{row['discharge_counter'] * charge:.12g}"
        for number, row in enumerate(stepped().iter_rows(named=True), start=1)
    ]


def test_what_is_written_comes_back(tmp_path: Path) -> None:
    got = _frame(arbin_csv.FORMAT.read(make("arbin_csv", tmp_path), {}))
    want = table()
    for name in ("test_time", "current", "voltage", "charge_counter", "discharge_counter", "discharge_energy_counter"):
        np.testing.assert_allclose(got[name], want[name], atol=6e-11, err_msg=name)
    assert got["vendor_step"].to_list() == want["vendor_step"].to_list()
    assert got["wall_clock"][0] == START


@pytest.mark.parametrize(
    ("header", "factors"),
    [
        ("Data_Point,Test_Time(s),Step_Time(s),Step_Index,Cycle_Index,Current(A),Voltage(V),Charge_Capacity(Ah)", (1, 1, 1, 1)),
        ("Data Point,Test Time (s),Step Time (s),Step Index,Cycle Index,Current (A),Voltage (V),Charge Capacity (Ah)", (1, 1, 1, 1)),
        ("Data_Point,Test_Time(h),Step_Time(h),Step_Index,Cycle_Index,Current(mA),Voltage(mV),Charge_Capacity(mAh)",
         (3600, 1e-3, 1e-3, 1e-3)),
        ("Data Point,Test Time (min),Step Time (min),Step Index,Cycle Index,Current (uA),Voltage (V),Charge Capacity (uAh)",
         (60, 1e-6, 1, 1e-6)),
    ],
)  # fmt: skip
def test_units_in_the_header(header: str, factors: tuple[float, ...], tmp_path: Path) -> None:
    path = _csv(tmp_path / "a.csv", header, ["1,0.5,0.5,1,1,2.5,3.5,0", "2,1.5,1.5,1,1,2.5,3.6,0.7"])
    assert arbin_csv.FORMAT.sniff(path.read_bytes(), path) > 0.9
    got = _frame(arbin_csv.FORMAT.read(path, {}))
    found = [got[name][1] for name in ("test_time", "current", "voltage", "charge_counter")]
    np.testing.assert_allclose(found, np.array([1.5, 2.5, 3.6, 0.7]) * factors, rtol=1e-12)


def test_an_unknown_unit_is_refused(tmp_path: Path) -> None:
    header = "Data_Point,Test_Time(s),Step_Index,Cycle_Index,Current(kA),Voltage(V)"
    with pytest.raises(ReadError, match=r"'Current\(kA\)' is in 'kA'"):
        arbin_csv.FORMAT.read(_csv(tmp_path / "a.csv", header, ["1,0,1,1,2,3"]), {})


def test_unprinted_units_are_asked_of_the_counters(tmp_path: Path) -> None:
    reading = arbin_csv.FORMAT.read(_csv(tmp_path / "a.csv", DATABASE, _rows()), {})
    assert "The integral of the current is 1 of the counters" in _flags(reading)["units_assumed"]
    frame = _frame(reading)
    assert frame["vendor_step"].to_list() == table()["vendor_step"].to_list()
    assert frame["wall_clock"][1] == datetime.fromtimestamp(round(START.timestamp() + 10.5))
    for current, charge in ((1e3, 1.0), (1.0, 1e3), (1.0, 3600.0)):
        with pytest.raises(ReadError, match="times what the counters say"):
            arbin_csv.FORMAT.read(_csv(tmp_path / "b.csv", DATABASE, _rows(current, charge)), {})


def test_a_turned_current_is_told_and_turned_back(tmp_path: Path) -> None:
    reading = arbin_csv.FORMAT.read(_csv(tmp_path / "a.csv", DATABASE, _rows(current=-1.0)), {})
    assert "sign_from_counters" in _flags(reading)
    np.testing.assert_allclose(_frame(reading)["current"], table()["current"], atol=1e-12)


@pytest.mark.parametrize("clock", ["{:.4f}", "{:.0f}", "{:.0f}0000000"])
def test_dates_as_numbers(clock: str, tmp_path: Path) -> None:
    reading = arbin_csv.FORMAT.read(_csv(tmp_path / "a.csv", DATABASE, _rows(clock=clock)), {})
    assert abs(_frame(reading)["wall_clock"][0].timestamp() - START.timestamp()) < 1
    assert "clock_not_understood" not in _flags(reading)
    assert reading.test["start"].startswith(START.isoformat(timespec="minutes"))


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        ("Aux_Temperature_1 (C)", "utf-8"),
        ("Aux_Temperature(℃)_1", "utf-8"),
        ("Aux_Temperature(℃)_1", "gbk"),
        ("Aux_Temperature(°C)_3", "cp1252"),
        ("Aux_Temperature(¡æ)_1", "utf-8"),
        ("Temperature (C)_1", "utf-8"),
        ("Surface_Temp(degC)", "utf-8"),
        ("Temperature", "utf-8"),
    ],
)
def test_spellings_of_temperature(name: str, encoding: str, tmp_path: Path) -> None:
    header = f"Data_Point,Test_Time(s),Step_Index,Cycle_Index,Current(A),Voltage(V),{name},Aux_Temperature_9(C)"
    path = _csv(tmp_path / "a.csv", header, ["1,0,1,1,2,3,25.5,9", "2,1,1,1,2,3,26.5,9"], encoding)
    reading = arbin_csv.FORMAT.read(path, {})
    assert _frame(reading)["temperature"].to_list() == [25.5, 26.5]
    assert "2 temperatures" in _flags(reading)["several_temperatures"]


def test_a_temperature_in_fahrenheit_is_left_out_and_told(tmp_path: Path) -> None:
    header = "Data_Point,Test_Time(s),Step_Index,Cycle_Index,Current(A),Voltage(V),Aux_Temperature_1(F)"
    reading = arbin_csv.FORMAT.read(_csv(tmp_path / "a.csv", header, ["1,0,1,1,2,3,77", "2,1,1,1,2,3,77"]), {})
    assert "temperature" not in _frame(reading).columns
    assert "'F'" in _flags(reading)["column_left_out"]


def test_a_sensor_that_is_not_there(tmp_path: Path) -> None:
    header = "Data_Point,Test_Time(s),Step_Index,Cycle_Index,Current(A),Voltage(V),Aux_Temperature_1(C)"
    reading = arbin_csv.FORMAT.read(_csv(tmp_path / "a.csv", header, ["1,0,1,1,2,3,0", "2,1,1,1,2,3,0.0"]), {})
    assert "temperature" not in _frame(reading).columns
    assert "no_temperature_sensor" in _flags(reading)


def test_blank_fields_and_decimal_commas(tmp_path: Path) -> None:
    header = "Data_Point;Test_Time(s);Step_Index;Cycle_Index;Current(A);Voltage(V)"
    path = _csv(tmp_path / "a.csv", header, ["1;0,5;;1;0,25;3,5", "2;1,5;;1;-0,25;3,6"])
    frame = _frame(arbin_csv.FORMAT.read(path, {}))
    assert frame["current"].to_list() == [0.25, -0.25]
    assert frame["vendor_step"].to_list() == [None, None]


def test_records_out_of_order_are_sorted(tmp_path: Path) -> None:
    rows = _rows()
    reading = arbin_csv.FORMAT.read(_csv(tmp_path / "a.csv", DATABASE, rows[30:] + rows[:30]), {})
    assert "records_sorted" in _flags(reading)
    frame = _frame(reading)
    np.testing.assert_allclose(frame["test_time"], table()["test_time"], atol=1e-9)
    assert "data_point" not in frame.columns


def test_others_tables_are_not_claimed() -> None:
    others = [
        "Date_Time,Test_Time (s),Cycle_Index,Step_Type,Current (A),Voltage (V),Charge_Capacity (Ah)",
        "DataPoint,Cycle Index,Step Index,Step Type,Time,Total Time,Current(A),Voltage(V),Capacity(Ah)",
        "test_time_second,voltage_volt,current_ampere,cycle_count,step_index",
        "Test Time / s,Voltage / V,Current / A,Cycle Count / 1,Step Index / 1",
        "Cycle_Index,Step,Time_s,Amphr,Watthr,Current_A,Voltage_V,Charge_Capacity_Ah",
        "Date and Time,Cycle Number,Step Type,Run Time (h),Step Time (h),Current (A),Potential (V),Capacity (Ah)",
    ]
    for header in others:
        assert arbin_csv.FORMAT.sniff(f"{header}\n1,2,3,4,5,6,7\n".encode(), Path("x.csv")) == 0.0, header
    archive = (
        "Date_Time,Test_Time (s),Cycle_Index,Current (A),Voltage (V),Charge_Capacity (Ah),Discharge_Capacity (Ah),"
        "Charge_Energy (Wh),Discharge_Energy (Wh),Environment_Temperature (C),Cell_Temperature (C)"
    )
    assert arbin_csv.FORMAT.sniff(f"{archive}\n".encode(), Path("x.csv")) == 0.0


def test_statistics_are_no_records(tmp_path: Path) -> None:
    header = (
        "Cycle_Index,Test_Time(s),Date_Time,Current(A),Voltage(V),Charge_Capacity(Ah),Discharge_Capacity(Ah),"
        "Charge_Energy(Wh),Discharge_Energy(Wh),Charge_Time(s),DisCharge_Time(s),Vmax_On_Cycle(V)"
    )
    path = _csv(tmp_path / "a.csv", header, ["1,100,x,0,3,1,1,3,3,50,50,4", "2,200,x,0,3,1,1,3,3,50,50,4"])
    assert arbin_csv.FORMAT.sniff(path.read_bytes(), path) == 0.9
    with pytest.raises(ReadError, match="statistics, one row a cycle"):
        arbin_csv.FORMAT.read(path, {})
    workbook(tmp_path / "a.xlsx", {"one row a cycle": [[1] * 12]}, header.split(","))
    with pytest.raises(ReadError, match=r"no sheet \(.*one row a cycle"):
        arbin_xlsx.FORMAT.read(tmp_path / "a.xlsx", {})


@pytest.mark.parametrize("sheet", ["Channel_1-007", "Channel-7_1", "Channel_7_1", "DST"])
def test_names_of_sheets(sheet: str, tmp_path: Path) -> None:
    workbook(tmp_path / "a.xlsx", {sheet: cells()})
    assert arbin_xlsx.FORMAT.sniff((tmp_path / "a.xlsx").read_bytes()[:65_536], tmp_path / "a.xlsx") > 0.9
    assert _frame(arbin_xlsx.FORMAT.read(tmp_path / "a.xlsx", {})).height == 60


def test_the_export_of_the_database(cycling_folder: Path) -> None:
    reading = arbin_csv.FORMAT.read(cycling_folder / "battdat_arbin_example.csv", {})
    frame, flags = _frame(reading), _flags(reading)
    assert frame.height == 2142
    assert sum(frame.null_count().row(0)) == 0
    assert "462 of the first" in flags["auxiliary_records"]
    assert "records_sorted" not in flags
    steps = count(reading.payload.frame, reading.payload.columns)  # type: ignore[union-attr]
    assert steps.notices == ()
    halves = steps.steps.filter(pl.col("direction") != 0)
    np.testing.assert_allclose(halves["integral_charge"], halves["counter_charge"], rtol=0.01, atol=1e-5)
    discharge = frame.filter(pl.col("vendor_cycle") == 1)["discharge_counter"].max()
    assert discharge == pytest.approx(1.0723600, abs=2e-4)
    assert frame["temperature"].is_between(28, 36).all()


def test_a_rest_that_cannot_tell_its_units(cycling_folder: Path) -> None:
    reading = arbin_csv.FORMAT.read(cycling_folder / "beep_FastCharge_000025_CH8.csv", {})
    frame = _frame(reading)
    assert frame.height == 248
    assert "no current to check" in _flags(reading)["units_assumed"]
    assert "67 of the first 248 records" in _flags(reading)["auxiliary_records"]
    device = frame["test_time"][-1] - frame["test_time"][0]
    assert device == pytest.approx((frame["wall_clock"][-1] - frame["wall_clock"][0]).total_seconds(), abs=2e-3)
    assert reading.test["channel"] == "8"


def test_the_export_of_mits_8(cycling_folder: Path) -> None:
    reading = arbin_csv.FORMAT.read(cycling_folder / "pyprobe_sample_data_arbin.csv", {})
    frame = _frame(reading)
    assert frame.height == 13
    assert reading.test["start"] == "2024-09-20T08:32:34.558"
    assert frame["charge_counter"][-1] == 0.000400839
    assert frame["temperature"][-1] == 24.68785
    assert reading.flags == ()


def test_sheets_that_go_on(tmp_path: Path) -> None:
    rows = cells()
    parts = {"Channel_1-007_2": rows[20:40], "Channel_1-007_1": rows[:20], "Channel_1-007_10": rows[40:]}
    workbook(tmp_path / "a.xlsx", parts)
    reading = arbin_xlsx.FORMAT.read(tmp_path / "a.xlsx", {})
    frame = _frame(reading)
    assert reading.flags == ()
    np.testing.assert_allclose(frame["test_time"], table()["test_time"])
    np.testing.assert_allclose(frame["discharge_counter"], table()["discharge_counter"])
    assert frame["wall_clock"][0] == START
    assert reading.test == {"channel": "7", "test_id": "a cell", "start": "2026-01-02T03:04:05", "barcode": "LNMO-3"}
    assert reading.proposals == {"active_mass": "1.25 mg", "nominal_capacity": "0.2 mAh"}


def test_several_channels_are_never_mixed(tmp_path: Path) -> None:
    workbook(tmp_path / "a.xlsx", {"Channel_1-007": cells(), "Channel_1-008": cells()})
    with pytest.raises(ReadError, match=r"channels 1-007, 1-008.*never mixed"):
        arbin_xlsx.FORMAT.read(tmp_path / "a.xlsx", {})


def test_sheets_of_unknown_order_are_never_mixed(tmp_path: Path) -> None:
    workbook(tmp_path / "a.xlsx", {"DST": cells(), "US06": cells()})
    with pytest.raises(ReadError, match="the sheets DST, US06 all hold records"):
        arbin_xlsx.FORMAT.read(tmp_path / "a.xlsx", {})


def test_a_test_that_begins_anew_in_the_next_sheet_is_told(tmp_path: Path) -> None:
    workbook(tmp_path / "a.xlsx", {"Channel_1_1": cells(), "Channel_1_2": cells()})
    flags = _flags(arbin_xlsx.FORMAT.read(tmp_path / "a.xlsx", {}))
    assert "falls back at record 61" in flags["time_falls_back"]


def test_a_workbook_without_units(tmp_path: Path) -> None:
    plain = [name.partition("(")[0] for name in HEADER]
    workbook(tmp_path / "a.xlsx", {"Channel_1-007": cells()}, plain)
    assert "1 of the counters" in _flags(arbin_xlsx.FORMAT.read(tmp_path / "a.xlsx", {}))["units_assumed"]
    thousand = [[*row[:6], row[6] * 1e3, *row[7:]] for row in cells()]
    workbook(tmp_path / "b.xlsx", {"Channel_1-007": thousand}, plain)
    with pytest.raises(ReadError, match="1000 times what the counters say"):
        arbin_xlsx.FORMAT.read(tmp_path / "b.xlsx", {})
    mixed = [*plain[:6], "Current", "Voltage(V)", *plain[8:]]
    workbook(tmp_path / "c.xlsx", {"Channel_1-007": cells()}, mixed)
    with pytest.raises(ReadError, match="export it with units"):
        arbin_xlsx.FORMAT.read(tmp_path / "c.xlsx", {})


def test_dates_as_texts_in_cells(tmp_path: Path) -> None:
    rows = [[*row[:2], "\t" + row[2].strftime("%m/%d/%Y %H:%M:%S.%f")[:-3], *row[3:]] for row in cells()]
    workbook(tmp_path / "a.xlsx", {"Channel_1_1": rows})
    frame = _frame(arbin_xlsx.FORMAT.read(tmp_path / "a.xlsx", {}))
    assert frame["wall_clock"].to_list() == [row[2] for row in cells()]


def test_an_archive_bomb_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    workbook(path, {"Channel_1-007": cells()})
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("xl/media/x", "w") as member:
        for _ in range(80):
            member.write(b"\x00" * 1_000_000)
    with pytest.raises(ReadError, match="would unpack to"):
        arbin_xlsx.FORMAT.read(path, {})
