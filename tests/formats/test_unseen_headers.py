"""Header shapes of files that no reader was made for: signs turned round, columns of two origins, rows glued or in quotes."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from interlith.errors import ReadError
from interlith.formats import bdf, gamry_dta, neware_csv, novonix
from interlith.model import Reading
from tests.formats.samples import table
from tests.formats.samples.gamry import HEAD, curve


def _frame(reading: Reading) -> pl.DataFrame:
    return reading.payload.frame.collect()  # type: ignore[union-attr]


def _flags(reading: Reading) -> dict[str, str]:
    return {flag.code: flag.severity for flag in reading.flags}


def _bdf(folder: Path, header: str, rows: list[str], *, packed: bool = False) -> Reading:
    path = folder / ("x.bdf.parquet" if packed else "x.bdf.csv")
    path.write_text("\n".join([header, *rows, ""]), encoding="utf-8")
    if packed:
        pl.read_csv(path).write_parquet(path)
    return bdf.read(path, {"time_scale": 1})


TURNED = [
    *(f"{tick},{-0.1 if tick < 10 else 0.1},{3.5 + 0.01 * tick},{'charge' if tick < 10 else 'discharge'},{min(tick, 9) / 360}"
      for tick in range(20)),
]  # fmt: skip


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("first", ["charge", "discharge"])
def test_a_current_whose_signs_are_all_turned_round(first: str, packed: bool, tmp_path: Path) -> None:
    rows = TURNED if first == "charge" else [*TURNED[10:], *TURNED[:10]]
    reading = _bdf(
        tmp_path, "Test Time / s,Current / A,Voltage / V,Step Type / 1,Charge Capacity / Ah", rows, packed=packed
    )
    frame = _frame(reading)
    assert _flags(reading)["sign_turned_round"] == "warning"
    assert set(frame.filter(pl.col("vendor_step_type") == "charge")["current"]) == {0.1}
    assert set(frame.filter(pl.col("vendor_step_type") == "discharge")["current"]) == {-0.1}


def test_a_charge_with_a_negative_current_alone_is_told_and_left(tmp_path: Path) -> None:
    reading = _bdf(tmp_path, "Test Time / s,Current / A,Voltage / V,Step Type / 1,Charge Capacity / Ah", TURNED[:10])
    assert _flags(reading)["sign_contradicts_step_type"] == "error"
    assert set(_frame(reading)["current"]) == {-0.1}


@pytest.mark.parametrize("sign", [1, -1])
def test_magnitudes_and_turned_signs_in_a_neware_text(sign: int, tmp_path: Path) -> None:
    text = "DataPoint,Cycle Index,Step Index,Step Type,Time,Total Time,Current(A),Voltage(V),Capacity(Ah)\n"
    for row in range(12):
        word, current = ("CC Chg", sign * 0.01) if row < 6 else ("CC DChg", 0.01)
        text += (
            f"{row + 1},1,{1 + row // 6},{word},00:00:{row % 6:02d},00:00:{row:02d},{current},3.5,{row % 6 / 360000}\n"
        )
    path = tmp_path / "x.csv"
    path.write_text(text, encoding="utf-8")
    reading = neware_csv.read(path, {})
    assert _frame(reading)["current"].to_list() == [0.01] * 6 + [-0.01] * 6
    assert ("sign_turned_round" if sign < 0 else "sign_from_step_type") in _flags(reading)


def test_the_vendors_own_columns_beside_those_of_the_standard(tmp_path: Path) -> None:
    header = (
        "Test_ID,Test_Time,Step_Time,Current,Charge_Energy,Test Time / s,Voltage / V,Current / A,Charging Capacity / Ah"
    )
    rows = [f"7,{9 * tick},{9 * tick},{-tick},{tick},{tick},3.5,0.1,{tick / 36000}" for tick in range(20)]
    reading = _bdf(tmp_path, header, rows)
    frame = _frame(reading)
    assert frame["test_time"].to_list() == list(range(20))
    assert set(frame["current"]) == {0.1}
    assert not {"step_time", "charge_energy_counter"} & set(frame.columns)
    assert [flag.message.split("'")[1] for flag in reading.flags if flag.code == "column_left_out"] == [
        "Step_Time", "Charge_Energy",
    ]  # fmt: skip
    with pytest.raises(ReadError, match="unit"):
        _bdf(tmp_path, "Test Time / s,Voltage,Current / A", ["0,3.5,0.1", "1,3.5,0.1"])


def test_settings_behind_a_table_of_gamry(tmp_path: Path) -> None:
    rows = [(at, 0.1 * at, 3.5, 0.02) for at in range(30)]
    body = HEAD.format(tag="PWR800_CHARGE", convention=1)
    body += curve("CURVE", ["Pt", "T", "Vf", "Im"], ["#", "s", "V", "A"], rows)
    path = tmp_path / "x.DTA"
    path.write_bytes((body + "TIMEOFFSET\tQUANT\t12.5\tOffset of the start (s)\r\n").encode())
    frame = _frame(gamry_dta.read(path, {}))
    assert frame["test_time"].to_list() == pytest.approx([row[1] for row in rows])
    assert set(frame["current"]) == {0.02}


def _layered(*, glued: bool, more: str = "") -> str:
    lines = [
        "Cycle Index,Chg. Cap.(Ah),DChg. Cap.(Ah)",
        ",Step Index,Step Number,Step Type,Step Time",
        ",,DataPoint,Time,Total Time,Current(A),Voltage(V),Capacity(Ah),T1(?)",
    ]
    record = 0
    for cycle in (1, 2):
        lines.append(f"{cycle},0.01,0.02")
        for step, (word, current) in enumerate([("Rest", 0), ("CC Chg", 1), ("CC DChg", -1)], start=3 * cycle - 2):
            row = f"{step},{step},{word},00:00:30{more}"
            if glued and word == "Rest":
                lines[-1] += f",{row}"
            else:
                lines.append(f",{row}")
            for tick in range(4):
                clock = (f"00:{at // 60:02d}:{at % 60:02d}" for at in (10 * tick, 10 * record))
                record += 1
                lines.append(f",,{record},{','.join(clock)},{current},3.{tick},{abs(current) * tick / 360},25.0")
    return "\r\n".join(lines) + "\r\n"


def test_the_first_step_in_the_row_of_its_cycle(tmp_path: Path) -> None:
    frames = []
    for glued in (False, True):
        path = tmp_path / f"{glued}.csv"
        path.write_text(_layered(glued=glued), encoding="utf-8", newline="")
        assert neware_csv.sniff(path.read_bytes(), path) > 0.9
        frames.append(_frame(neware_csv.read(path, {})))
    assert frames[0].equals(frames[1])
    assert frames[1]["vendor_step"].to_list() == [step for step in range(1, 7) for _ in range(4)]
    assert frames[1]["vendor_cycle"].to_list() == [1] * 12 + [2] * 12
    assert frames[1]["vendor_step_type"].to_list()[::4] == ["Rest", "CC Chg", "CC DChg"] * 2


def test_a_row_that_is_longer_than_a_cycle_and_a_step_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(_layered(glued=True, more=",9"), encoding="utf-8")
    with pytest.raises(ReadError, match=r"line 4 has more fields than a cycle and a step have names \(3 and 4\)"):
        neware_csv.read(path, {})


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_novonix_table_whose_lines_stand_in_quotes(end: str, tmp_path: Path) -> None:
    plain, quoted = tmp_path / "plain.csv", tmp_path / "quoted.csv"
    novonix.write(table(), plain, {"start": "2026-01-20T03:04:05"})
    head, rows = plain.read_text(encoding="utf-8").split("[Data]\n")
    head = head.replace("[Protocol]\n", '[Protocol]\n"   [During CV, End step when hold time > 15 hours]"\n')
    body = [f'"{line}"' for line in rows.splitlines()]
    quoted.write_text(end.join([*f"{head}[Data]".splitlines(), *body, ""]), encoding="utf-8", newline="")
    assert novonix.sniff(quoted.read_bytes(), quoted) > 0.9
    assert _frame(novonix.read(quoted, {})).equals(_frame(novonix.read(plain, {})))


@pytest.mark.parametrize("runs_on", [False, True])
def test_a_total_time_that_begins_anew_in_each_step(runs_on: bool, tmp_path: Path) -> None:
    text = "DataPoint,Cycle Index,Step Index,Step Type,Time(s),Total Time(s),Current(A),Voltage(V),Capacity(Ah)\n"
    for row in range(18):
        step, tick = divmod(row, 6)
        word, current = (("Rest", 0.0), ("CC Chg", 0.01), ("CC DChg", -0.01))[step]
        total = 10 * (5 * step + tick) if runs_on else 10 * tick
        text += f"{row + 1},1,{step + 1},{word},{10 * tick},{total},{current},3.5,{abs(current) * tick / 360}\n"
    path = tmp_path / "x.csv"
    path.write_text(text, encoding="utf-8")
    reading = neware_csv.read(path, {})
    assert _frame(reading)["test_time"].to_list() == [
        10.0 * (5 * step + tick) for step in range(3) for tick in range(6)
    ]
    assert ("time_from_steps" in _flags(reading)) is not runs_on
