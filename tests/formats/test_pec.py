"""PEC: units chosen at export, one name for two quantities, several cells in one file, and a cell that was taken away."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from interlith.errors import ReadError
from interlith.formats import pec
from interlith.model import Reading
from tests.formats.samples import table


def _frame(reading: Reading) -> pl.DataFrame:
    return reading.payload.frame.collect()  # type: ignore[union-attr]


def _codes(reading: Reading) -> set[str]:
    return {flag.code for flag in reading.flags}


def test_the_real_file(cycling_folder: Path) -> None:
    reading = pec.read(cycling_folder / "pec_Test25205.csv", {})
    frame = _frame(reading)
    assert frame.height == 489
    assert frame["test_time"][0] == 0.002
    assert frame["test_time"][-1] == pytest.approx(19 * 3600 + 41 * 60 + 58.98, abs=1e-6)
    assert frame["step_time"][-1] == pytest.approx(68338.301)
    assert frame["voltage"][0] == 3.6824952
    assert frame["charge_counter"][-1] == pytest.approx(0.012e-3)
    assert frame["discharge_energy_counter"][-1] == pytest.approx(0.08e-3)
    assert frame["current"].min() == -1e-6
    assert frame["temperature"].drop_nulls()[0] == 19.26
    assert str(frame["wall_clock"][-1]) == "2026-01-09 13:27:07"
    assert reading.test == {
        "channel": "ACT4-014-1", "test_id": "25205", "barcode": "345626_9356111_33_6", "start": "2026-01-08T17:45:08",
    }  # fmt: skip


def test_a_cell_that_was_taken_away_is_said(cycling_folder: Path) -> None:
    reading = pec.read(cycling_folder / "pec_Test25205.csv", {})
    flag = next(flag for flag in reading.flags if flag.code == "cell_disconnected")
    assert "from 3.683 to 0.064 V in the last 72 rows" in flag.message
    assert flag.severity == "warning"


def test_capacities_that_contradict_are_not_proposed(cycling_folder: Path) -> None:
    reading = pec.read(cycling_folder / "pec_Test25205.csv", {})
    assert reading.proposals == {}
    assert "nominal_capacity_contradicts" in _codes(reading)


PREAMBLE = (
    "Request Year:,2019\nTest:,187\nTestRegime Name:,dQdV\nTestRegime CellSize:,{size}\nVariable names:\n"
    "#RESULTS CHECK\nReqYear,Test,CellNr,Type,Value,Reason,\n2019,187,1,1,3272,3,\n#END RESULTS CHECK\n"
)
OLD = (
    "Test,Cell,Rack,Shelf,Position,Cell ID,Step,Cycle,Total Time ({time}),Load On Time ({time}),Step Time (Seconds),Real Time,"
    "Position Start Time,Voltage (mV),Current (mA),Charge Capacity (mAh),Discharge Capacity (mAh),Charge Capacity (mWh),"
    "Discharge Capacity (mWh),ReasonCode,Ambient temperature (\u00c2\u00b0C),Cell surface temperature (\u00c2\u00b0C),\n"
)


def _row(test: int, cell: int, second: float, current: float, charge: float, discharge: float, time: float) -> str:
    return (
        f"{test},{cell},SBT0550,001,1,,1,0,{time},0,{second},02/22/2019 16:23:27,02/22/2019 16:23:26,{3272.632 + second},"
        f"{current},{charge},{discharge},{charge * 3.3},{discharge * 3.3},30,25.83,24.9,\n"
    )


def _written(path: Path, rows: list[str], *, time: str = "Seconds", size: str = "Default cellsize") -> Path:
    path.write_text(PREAMBLE.format(size=size) + OLD.format(time=time) + "".join(rows), encoding="utf-8")
    return path


@pytest.mark.parametrize(("time", "size"), [("Seconds", 1.0), ("Decimal Hours", 3600.0), ("Minutes", 60.0)])
def test_the_layout_of_2019_in_milli_units(time: str, size: float, tmp_path: Path) -> None:
    rows = [_row(187, 1, second, 150.0, second * 0.5, 0, second / size) for second in range(0, 7200, 3600)]
    path = _written(tmp_path / "p.csv", rows, time=time, size="3500 mAh")
    assert pec.sniff(path.read_bytes(), path) > 0.9
    reading = pec.read(path, {})
    frame = _frame(reading)
    assert frame["test_time"].to_list() == pytest.approx([0, 3600])
    assert frame["voltage"].to_list() == pytest.approx([3.272632, 6.872632])
    assert frame["current"].to_list() == pytest.approx([0.15, 0.15])
    assert frame["charge_counter"].to_list() == pytest.approx([0, 1.8])
    assert frame["charge_energy_counter"].to_list() == pytest.approx([0, 5.94])
    assert frame["temperature"].to_list() == [24.9, 24.9]
    assert reading.proposals == {"nominal_capacity": "3500 mAh"}


def test_magnitudes_get_their_sign_from_the_counters(tmp_path: Path) -> None:
    rows = [_row(1, 1, second, 100.0, second, 0, second) for second in range(5)]
    rows += [_row(1, 1, second, 100.0, 4, second - 4, second) for second in range(5, 9)]
    reading = pec.read(_written(tmp_path / "p.csv", rows), {})
    assert "sign_from_counter" in _codes(reading)
    assert _frame(reading)["current"].sign().to_list() == [1] * 5 + [-1] * 4


def test_negative_discharge_stays_as_it_is(tmp_path: Path) -> None:
    rows = [_row(1, 1, second, -100.0, 0, second, second) for second in range(5)]
    reading = pec.read(_written(tmp_path / "p.csv", rows), {})
    assert "sign_from_counter" not in _codes(reading)
    assert _frame(reading)["current"].to_list() == [-0.1] * 5


@pytest.mark.parametrize("many", [3, 6000])
def test_several_cells_below_each_other_are_never_mixed(many: int, tmp_path: Path) -> None:
    rows = [_row(187, cell, second, 1.0 * cell, second, 0, second) for cell in (1, 2) for second in range(many)]
    path = _written(tmp_path / "p.csv", rows)
    with pytest.raises(ReadError, match=r"holds 2 cells .*187/1, 187/2.*export each cell"):
        pec.read(path, {})
    frame = _frame(pec.read(path, {"cell": 2}))
    assert frame.height == many
    assert set(frame["current"]) == {0.002}
    with pytest.raises(ReadError, match="'7' is there 0 times"):
        pec.read(path, {"cell": "7"})


def test_one_row_of_another_cell_deep_in_the_file_is_found(tmp_path: Path) -> None:
    rows = [_row(187, 1, second, 1.0, second, 0, second) for second in range(9000)]
    rows[6000] = _row(187, 12, 6000, 1.0, 6000, 0, 6000)
    path = _written(tmp_path / "p.csv", rows)
    assert path.stat().st_size > 800_000
    with pytest.raises(ReadError, match="187/1, 187/12"):
        pec.read(path, {})


def test_cell_1_is_not_taken_for_cell_12(tmp_path: Path) -> None:
    header = "Test,Cell,Step,Total Time (Seconds),Voltage (V),Current (A),Charge Capacity (mAh),Discharge Capacity (mAh),ReasonCode"
    rows = [f"187,{12 if second == 3000 else 1},1,{second},3.5,1,{second},0,30" for second in range(9000)]
    path = tmp_path / "p.csv"
    path.write_text("\n".join(["Test:,187", header, *rows, ""]))
    with pytest.raises(ReadError, match="187/1, 187/12"):
        pec.read(path, {})
    path.write_text("\n".join(["Test:,187", header, *(row for row in rows if ",12,1," not in row), "", ""]))
    assert _frame(pec.read(path, {})).height == 8999


def test_cells_beside_each_other_are_never_mixed(tmp_path: Path) -> None:
    names = "Test,Cell ID,Step,Cycle,Total Time (Seconds),Step Time (Seconds),Voltage (V),Current (A),Charge Capacity (mAh),"
    names += "Discharge Capacity (mAh)"
    rows = [f"5,A,1,1,{k},{k},3.5,1,{k},0,6,B,1,1,{k},{k},3.6,2,{k},0" for k in range(5)] + [
        "5,A,1,1,5,5,3.5,1,5,0" + "," * 10
    ]
    path = tmp_path / "p.csv"
    path.write_text(f"Request Year:,2019\nTest:,5\nTestRegime Name:,x\n{names},{names}\n" + "\n".join(rows) + "\n")
    assert pec.sniff(path.read_bytes(), path) > 0.5
    with pytest.raises(ReadError, match="5/A, 6/B"):
        pec.read(path, {})
    frame = _frame(pec.read(path, {"cell": "B"}))
    assert frame["current"].to_list() == [2.0] * 5
    assert frame["voltage"].to_list() == [3.6] * 5
    assert _frame(pec.read(path, {"cell": "5/A"})).height == 6


def test_an_unknown_unit_is_refused(tmp_path: Path) -> None:
    path = _written(tmp_path / "p.csv", [_row(1, 1, k, 1, k, 0, k) for k in range(3)])
    path.write_text(path.read_text("utf-8").replace("Voltage (mV)", "Voltage (foo)"), encoding="utf-8")
    with pytest.raises(ReadError, match="no unit of voltage"):
        pec.read(path, {})


def test_it_comes_back_to_the_printed_digit(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    pec.write(table(), path, {"start": "2026-01-02T03:04:05"})
    back, truth = _frame(pec.read(path, {})), table()
    for name, digit in (("test_time", 6e-4), ("current", 6e-10), ("voltage", 6e-8), ("charge_counter", 6e-10)):
        np.testing.assert_allclose(back[name], truth[name], atol=digit, err_msg=name)
    assert back["vendor_step_type"].to_list() == truth["vendor_step_type"].to_list()
    assert back["vendor_cycle"].to_list() == truth["vendor_cycle"].to_list()
