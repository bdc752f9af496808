"""BDF as it is met: other units in names, labels, packed text, parquet and Arrow of odd types, JSON lines, net capacities."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from interlith.errors import ReadError
from interlith.formats import bdf, landt_csv
from interlith.model import Reading
from tests.formats.samples import make, table

AS_IT_IS = {"time_scale": 1}


def _frame(reading: Reading) -> pl.DataFrame:
    return reading.payload.frame.collect()  # type: ignore[union-attr]


def _text(folder: Path, header: str, *rows: str, name: str = "x.bdf.csv") -> Path:
    path = folder / name
    path.write_text("\n".join([header, *rows, ""]), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "header",
    [
        "Test Time / s,Voltage / V,Current / A",
        "test time / s,voltage / V,current / A",
        "test_time_second,voltage_volt,current_ampere",
        "test_time_second,Voltage / V,current_ampere",
    ],
)
def test_names_and_labels_in_the_standards_units(header: str, tmp_path: Path) -> None:
    path = _text(tmp_path, header, "0,3.5,0.1", "10,3.6,0.1", "20,3.7,0.1")
    assert bdf.sniff(path.read_bytes(), path) > 0.9
    frame = _frame(bdf.read(path, AS_IT_IS))
    assert frame["test_time"].to_list() == [0, 10, 20]
    assert frame["current"].to_list() == [0.1] * 3


@pytest.mark.parametrize(
    ("header", "time"),
    [
        ("test_time_hour,voltage_millivolt,current_milliampere", 3600.0),
        ("Test Time / h,Voltage / mV,Current / mA", 3600.0),
        ("Test Time / min,Voltage / mV,Current / mA", 60.0),
        ("test_time_minute,voltage_millivolt,current_milliampere", 60.0),
        ("test_time_millisecond,voltage_millivolt,current_milliampere", 1e-3),
    ],
)
def test_other_units_in_the_names(header: str, time: float, tmp_path: Path) -> None:
    path = _text(tmp_path, header, "0,3500,100", "10,3600,100", "20,3700,-100")
    assert bdf.sniff(path.read_bytes(), path) > 0.9
    frame = _frame(bdf.read(path, AS_IT_IS))
    assert frame["test_time"].to_list() == pytest.approx([0, 10 * time, 20 * time])
    assert frame["voltage"].to_list() == pytest.approx([3.5, 3.6, 3.7])
    assert frame["current"].to_list() == pytest.approx([0.1, 0.1, -0.1])


def test_an_unknown_unit_is_refused_and_kelvin_left_out(tmp_path: Path) -> None:
    path = _text(tmp_path, "Test Time / s,Voltage / V,Current / furlong", "0,3,1", "1,3,1")
    with pytest.raises(ReadError, match="no unit of current"):
        bdf.read(path, AS_IT_IS)
    header = "test_time_second,voltage_volt,current_ampere,ambient_temperature_kelvin"
    reading = bdf.read(_text(tmp_path, header, "0,3,1,298", "1,3,1,298"), AS_IT_IS)
    assert "temperature" not in _frame(reading).columns
    assert [flag.code for flag in reading.flags] == ["column_left_out"]


def test_every_recommended_label(tmp_path: Path) -> None:
    header = (
        "Test Time / s,Voltage / V,Current / A,Unix Time / s,Cycle Count / 1,Step Index / 1,Step Type / 1,Charging Capacity / Ah,"
        "Discharging Capacity / Ah,Charging Energy / Wh,Discharging Energy / Wh,Surface Temperature T1 / degC,Net Capacity / Ah"
    )
    path = _text(
        tmp_path,
        header,
        "0,3.5,0,1767323045,1,1,rest,0,0,0,0,25.5,0",
        "10,3.6,2,1767323055,2,3,discharge,0,1,0,2,26,-1",
    )
    frame = _frame(bdf.read(path, AS_IT_IS))
    assert frame.row(1, named=True) == {
        "test_time": 10.0, "voltage": 3.6, "current": -2.0, "wall_clock": datetime(2026, 1, 2, 3, 4, 15), "vendor_cycle": 2,
        "vendor_step": 3, "vendor_step_type": "discharge", "charge_counter": 0.0, "discharge_counter": 1.0,
        "charge_energy_counter": 0.0, "discharge_energy_counter": 2.0, "temperature": 26.0,
    }  # fmt: skip


@pytest.mark.parametrize("name", ["net_capacity_ah", "Net Capacity / Ah", "step_capacity_ah"])
def test_a_net_capacity_becomes_two_counters(name: str, tmp_path: Path) -> None:
    header = f"test_time_second,voltage_volt,current_ampere,{name}"
    rows = ["0,3.5,1,0", "3600,3.6,1,1", "3601,3.6,-2,0.9994" if "et" in name else "3601,3.6,-2,0", "7201,3.4,-2,-1.0"]
    frame = _frame(bdf.read(_text(tmp_path, header, *rows), AS_IT_IS))
    assert frame["charge_counter"][-1] == pytest.approx(1.0, abs=1e-3)
    assert frame["discharge_counter"][-1] == pytest.approx(2.0 if "et" in name else 1.0, abs=2e-3)


def test_packed_text_is_the_same(tmp_path: Path) -> None:
    plain = make("bdf", tmp_path)
    packed = tmp_path / "x.bdf.csv.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert bdf.sniff(packed.read_bytes()[:65_536], packed) > 0.9
    assert _frame(bdf.read(packed, {})).equals(_frame(bdf.read(plain, {})))
    packed.write_bytes(packed.read_bytes()[:-30])
    with pytest.raises(ReadError, match="cut short"):
        bdf.read(packed, {})


def test_packed_text_that_swells_is_refused(tmp_path: Path) -> None:
    packed = tmp_path / "x.bdf.csv.gz"
    with gzip.open(packed, "wb") as stream:
        stream.write(b"test_time_second,voltage_volt,current_ampere\n")
        for _ in range(80):
            stream.write(b"0,3.5,0.1\n" * 100_000)
    with pytest.raises(ReadError, match="above what is allowed"):
        bdf.read(packed, {})


def _typed(columns: dict[str, pl.Series | list[object]]) -> pl.DataFrame:
    known = {"test_time_second": [0.0, 1.0, 2.0], "voltage_volt": [3.0, 3.1, 3.2], "current_ampere": [0.1, 0.1, 0.1]}
    return pl.DataFrame(known | columns)


@pytest.mark.parametrize("kind", ["parquet", "feather", "json"])
def test_typed_tables(kind: str, tmp_path: Path) -> None:
    frame = _typed({"cycle_count": [1, 1, 2], "unix_time_second": [1767323045, 1767323046, 1767323047]})
    path = tmp_path / f"x.bdf.{kind}"
    writers = {"parquet": frame.write_parquet, "feather": frame.write_ipc, "json": frame.write_ndjson}
    writers[kind](path)
    assert bdf.sniff(path.read_bytes()[:65_536], path) > 0.9
    got = _frame(bdf.read(path, AS_IT_IS))
    assert got["voltage"].to_list() == [3.0, 3.1, 3.2]
    assert got["vendor_cycle"].to_list() == [1, 1, 2]
    assert got["vendor_cycle"].dtype == pl.Int64
    assert str(got["wall_clock"][0]) == "2026-01-02 03:04:05"


def test_odd_types_that_mean_numbers(tmp_path: Path) -> None:
    path = tmp_path / "x.bdf.parquet"
    frame = _typed({}).with_columns(
        pl.col("voltage_volt").cast(pl.Decimal(10, 4)),
        pl.col("current_ampere").cast(pl.Float32),
        pl.duration(seconds=pl.col("test_time_second")).alias("test_time_second"),
        pl.Series("date_time", [datetime(2026, 1, 2, 3, 4, second, tzinfo=UTC) for second in (5, 6, 7)]),
    )
    frame.write_parquet(path)
    got = _frame(bdf.read(path, AS_IT_IS))
    assert got["test_time"].to_list() == [0, 1, 2]
    assert got["voltage"].to_list() == [3.0, 3.1, 3.2]
    np.testing.assert_allclose(got["current"], 0.1, rtol=1e-7)
    assert got["wall_clock"].dtype == pl.Datetime("ms")
    assert str(got["wall_clock"][0]) == "2026-01-02 03:04:05"


@pytest.mark.parametrize(
    "series",
    [
        pl.Series("voltage_volt", ["3.0", "3.1", "3.2"]),
        pl.Series("voltage_volt", [[3.0], [3.1], [3.2]]),
        pl.Series("voltage_volt", [{"a": 3.0}, {"a": 3.1}, {"a": 3.2}]),
        pl.Series("voltage_volt", [True, False, True]),
    ],
)
def test_odd_types_that_do_not(series: pl.Series, tmp_path: Path) -> None:
    path = tmp_path / "x.bdf.parquet"
    _typed({}).with_columns(series).write_parquet(path)
    with pytest.raises(ReadError, match=r"'voltage_volt' holds values of type .*where numbers are needed"):
        bdf.read(path, AS_IT_IS)


@pytest.mark.parametrize(
    "content", [b"PAR1 and nothing", b"ARROW1\x00\x00 broken", b"FEA1 of old", b"\x1f\x8b\x08 broken"]
)
def test_damaged_typed_tables(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.bdf.parquet"
    path.write_bytes(content)
    with pytest.raises(ReadError, match=r"x\.bdf\.parquet"):
        bdf.read(path, {})


def test_other_tables_are_not_claimed(tmp_path: Path) -> None:
    others = [
        b"TestTime/Sec,Voltage/V,Current/mA,Capacity/mAh,SysTime,StepStatus\n1,3,1,0,x,CCC\n",
        b"test_time_s,voltage_V,current_A\n0,3,1\n1,3,1\n",
        b"Test_Time(s),Voltage(V),Current(A),Cycle_Index\n0,3,1,1\n1,3,1,1\n",
        b"Total Time (Seconds),Voltage (V),Current (A)\n0,3,1\n1,3,1\n",
        json.dumps({"time": 1, "voltage": 2, "current": 3}).encode() + b"\n",
    ]
    for content in others:
        path = tmp_path / "other"
        path.write_bytes(content)
        assert bdf.sniff(content, path) == 0.0, content
    land = tmp_path / "l.csv"
    landt_csv.write(table(), land, {})
    assert bdf.sniff(land.read_bytes(), land) == 0.0


def test_real_twins_keep_their_last_rows(cycling_folder: Path) -> None:
    frame = _frame(bdf.read(cycling_folder / "SINTEF__LiGrR2032__2024-04-30__25degC__Landt.bdf.csv", {}))
    assert frame.height == 25_162
    assert frame["test_time"][0] == 0.02
    frame = _frame(bdf.read(cycling_folder / "DLR__LiLNMOHydra0b__20221125__POCV__25degC__Basytec.bdf.csv", {}))
    assert frame.height == 17_860
    assert frame["temperature"][0] == 26.05375
