"""Maccor texts: real files against their own columns, and own-written variants of units, locales, signs and dates."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from interlith.errors import ReadError
from interlith.formats import maccor_raw, maccor_text
from interlith.model import Reading
from interlith.physics.counting import count, self_check
from tests.formats.samples.common import table

FIRST = "Today's Date {today}  Date of Test:\t{test}\t Filename:\tC:\\Data\\cell-7.002 Procedure: form.000\tComment/Barcode: B12\n"
HEADER = "Rec#\tCyc#\tStep\tTest (Sec)\tStep (Sec)\tAmp-hr\tWatt-hr\tAmps\tVolts\tState\tES\tDPt Time\n"
MIMS = "Rec,Cycle P,Cycle C,Step,Test Time (sec),Step Time (sec),Capacity,Energy,Current,Voltage,DPT Time,Temp 1\n"


def _frame(reading: Reading) -> pl.DataFrame:
    return reading.payload.frame.collect()  # type: ignore[union-attr]


def _codes(reading: Reading) -> dict[str, str]:
    return {flag.code: flag.message for flag in reading.flags}


def _read(folder: Path, text: str, name: str = "x.001", encoding: str = "utf-8") -> Reading:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    assert maccor_text.sniff(path.read_bytes()[:65_536], path) >= 0.9
    return maccor_text.read(path, {})


def _raw(rows: str, today: str = "04/14/2016", test: str = "04/13/2016") -> str:
    return FIRST.format(today=today, test=test) + HEADER + rows


def _written(folder: Path) -> str:
    path = folder / "written.001"
    maccor_text.write(table(), path, {"start": "2026-01-20T03:04:05"})
    return path.read_text(encoding="cp1252")


def test_what_is_written_comes_back(tmp_path: Path) -> None:
    reading = _read(tmp_path, _written(tmp_path))
    got, want = _frame(reading), table()
    for name, digit in (("test_time", 1e-4), ("current", 1e-10), ("voltage", 1e-8)):
        np.testing.assert_allclose(got[name], want[name], atol=0.51 * digit, rtol=0)
    for name in ("charge_counter", "discharge_counter", "charge_energy_counter", "discharge_energy_counter"):
        assert got[name].max() == pytest.approx(want[name].max(), abs=1e-10)
    assert got["vendor_step_type"].unique(maintain_order=True).to_list() == ["R", "C", "D"]
    assert reading.test["start"] == "2026-01-20T03:04:05"
    assert got["step_time"].max() == pytest.approx(19 * 10.5)
    assert got["vendor_step"].to_list() == want["vendor_step"].to_list()
    assert not reading.flags


def test_the_signed_diagnostic_file(cycling_folder: Path) -> None:
    """Every step ends with the charge that Maccor counted in it, on the side of its letter."""
    path = cycling_folder / "beep_xTESLADIAG_000019_CH70.070"
    reading = maccor_text.read(path, {})
    frame = _frame(reading)
    raw = pl.read_csv(path, separator="\t", skip_rows=1, infer_schema_length=None)
    assert frame.height == raw.height == 11_669
    for name, column in (("test_time", "Test (Sec)"), ("current", "Amps"), ("voltage", "Volts")):
        assert frame[name].to_list() == raw[column].to_list(), name
    ends = raw.with_columns(
        frame["charge_counter"], frame["discharge_counter"], pl.struct("Cyc#", "Step").rle_id().alias("run")
    )
    ends = ends.group_by("run", maintain_order=True).agg(
        pl.col("State", "Amp-hr", "charge_counter", "discharge_counter").last()
    )
    for letter, counter in (("C", "charge_counter"), ("D", "discharge_counter")):
        passed = ends[counter].diff().fill_null(ends[counter])
        want = pl.select(pl.when(ends["State"] == letter).then(ends["Amp-hr"]).otherwise(0.0)).to_series()
        np.testing.assert_allclose(passed, want, atol=1e-12)
    assert frame["charge_counter"][-1] == pytest.approx(88.607903, abs=1e-6)
    assert frame["discharge_counter"][-1] == pytest.approx(89.203498, abs=1e-6)
    assert reading.test == {"test_id": "xTESLADIAG_000019_CH70", "barcode": "EXP", "start": "2019-07-11T14:02:33"}
    assert frame["wall_clock"][-1].isoformat() == "2019-07-13T03:55:29"
    assert not reading.flags
    counted = count(reading.payload.frame, reading.payload.columns)  # type: ignore[union-attr]
    assert {notice.code for notice in self_check(counted)} == {"vendor_cycle_loops"}


def test_the_impedance_test_file(cycling_folder: Path) -> None:
    reading = maccor_text.read(cycling_folder / "beep_maccor_test_file_4267-66-6519.041", {})
    frame = _frame(reading)
    assert frame.height == 74
    assert frame["test_time"].max() == 10.0
    assert frame["vendor_step_type"].value_counts().sort("vendor_step_type")["count"].to_list() == [61, 1, 1, 11]
    assert "61 records say FRA" in _codes(reading)["spectrum_elsewhere"]
    # 11/02/2016 and 03/07/2018 can both be read with the day first.
    assert "date_ambiguous" in _codes(reading)
    assert "wall_clock" not in frame.columns
    assert "start" not in reading.test


def test_the_restarted_pair(cycling_folder: Path) -> None:
    first, second = (maccor_text.read(cycling_folder / f"battdat_maccor_example.00{part}", {}) for part in (1, 2))
    assert _frame(first).height == _frame(second).height == 8
    assert _frame(first)["test_time"].to_list()[:3] == pytest.approx([0.0, 10.002, 19.998])
    assert first.test["test_id"] == second.test["test_id"] == "SET-LN3024-104-1a"
    assert first.test["barcode"] == second.test["barcode"]
    assert first.test["start"] == "2016-03-31T16:05:31"
    assert "clock_without_date" in _codes(second)


def test_the_mims_csv(cycling_folder: Path) -> None:
    reading = maccor_text.read(cycling_folder / "pyprobe_sample_data_maccor.csv", {})
    frame = _frame(reading)
    assert frame.height == 15
    assert frame["current"].to_list()[-4:] == [28.844, 28.799, 28.798, 28.798]
    assert frame["charge_counter"].to_list()[-4:] == pytest.approx([0.0, 0.008, 0.016, 0.024])
    assert frame["temperature"][0] == 22.2591
    assert reading.test["start"] == "2023-11-23T15:56:11"
    assert "the integral of the current is 1 of the capacity" in _codes(reading)["units_assumed"]


def test_unsigned_currents_take_the_sign_of_the_letter(tmp_path: Path) -> None:
    unsigned = _written(tmp_path).replace("\t-0.00125", "\t0.00125")
    reading = _read(tmp_path, unsigned)
    np.testing.assert_allclose(_frame(reading)["current"], table()["current"], atol=1e-10)
    assert "sign_from_step_type" in _codes(reading)


def test_a_discharge_deep_in_the_file_still_gives_its_sign(tmp_path: Path) -> None:
    """Neither the first nor the last block of the file holds a record under discharge."""
    part = "{0}\t1\t{1}\t{0}\t{0}\t0.0\t0.0\t{2}\t3.5\t{3}\t1\t04/13/2016 10:00:00\n"
    rows = [part.format(n, 1, "0.0", "R") for n in range(30_000)]
    rows += [part.format(n, 2, "0.5", "D") for n in range(30_000, 31_000)]
    rows += [part.format(n, 3, "0.5", "C") for n in range(31_000, 32_000)]
    rows += [part.format(n, 4, "0.0", "R") for n in range(32_000, 40_000)]
    frame = _frame(_read(tmp_path, _raw("".join(rows))))
    assert frame["current"].min() == -0.5
    assert frame.filter(pl.col("vendor_step_type") == "C")["current"].unique().to_list() == [0.5]


def test_signs_that_are_printed_are_kept(tmp_path: Path) -> None:
    """A drive cycle says D throughout and recuperates with positive current."""
    rows = "".join(
        f"{n}\t1\t1\t{n}\t{n}\t0\t0\t{0.2 if n % 5 == 0 else -1.0}\t3.5\tD\t1\t04/13/2016 10:00:00\n" for n in range(50)
    )
    reading = _read(tmp_path, _raw(rows))
    assert _frame(reading)["current"].unique().sort().to_list() == [-1.0, 0.2]
    assert not _codes(reading)


def test_a_reversed_sign_is_turned_round_and_told(tmp_path: Path) -> None:
    rows = "".join(
        f"{n}\t1\t{1 + n // 5}\t{n}\t{n % 5}\t0\t0\t{-1.0 if n < 5 else 1.0}\t3.5\t{'C' if n < 5 else 'D'}\t1\t\n"
        for n in range(10)
    )
    reading = _read(tmp_path, _raw(rows))
    assert _frame(reading)["current"].to_list() == [1.0] * 5 + [-1.0] * 5
    assert "sign_turned_round" in _codes(reading)


def test_without_state_a_lost_sign_is_refused(tmp_path: Path) -> None:
    rows = "".join(
        f"{n},0,1,1,{n},{n},{n * 0.5 / 3600:.6f},0,0.5,{4 - n * 0.01:.3f},23-Nov-23 3:56:11 PM,25\n"
        for n in range(1, 99)
    )
    with pytest.raises(ReadError, match="charge and discharge cannot be told apart"):
        _read(tmp_path, MIMS + rows, "x.csv")


def test_units_that_contradict_the_counter_are_refused(tmp_path: Path) -> None:
    rows = "".join(
        f"{n},0,1,1,{n},{n},{n * 0.5 / 3600:.6f},0,500,{3 + n * 0.01:.3f},23-Nov-23 3:56:11 PM,25\n"
        for n in range(1, 99)
    )
    with pytest.raises(ReadError, match="1000 times what the capacity says"):
        _read(tmp_path, MIMS + rows, "x.csv")


@pytest.mark.parametrize(
    ("name", "value", "seconds"),
    [("Test (Min)", "1.5", 90.0), ("Test (Hr)", "0.5", 1800.0), ("Test Time [s]", "7", 7.0)],
)
def test_units_of_the_time(name: str, value: str, seconds: float, tmp_path: Path) -> None:
    text = _raw(f"1\t0\t1\t{value}\t0\t0\t0\t0\t3.5\tR\t1\t04/13/2016 10:00:00\n").replace("Test (Sec)", name)
    assert _frame(_read(tmp_path, text))["test_time"].to_list() == [seconds]


def test_a_time_without_unit_is_refused(tmp_path: Path) -> None:
    text = _raw("1\t0\t1\t5.5\t0\t0\t0\t0\t3.5\tR\t1\t04/13/2016 10:00:00\n").replace("Test (Sec)", "TestTime")
    with pytest.raises(ReadError, match=r"'TestTime' holds numbers such as '5\.5' without a unit"):
        _read(tmp_path, text)


def test_milliamperes_named_in_the_header(tmp_path: Path) -> None:
    text = _raw("1\t0\t1\t5\t0\t1\t0\t250\t3.5\tC\t1\t04/13/2016 10:00:00\n")
    text = text.replace("Amp-hr", "Capacity (mAHr)").replace("Amps", "Current (mA)").replace("Volts", "Voltage (V)")
    frame = _frame(_read(tmp_path, text))
    assert frame["current"].to_list() == [0.25]
    assert frame["charge_counter"].to_list() == pytest.approx([0.001])


MILLI = "Rec#\tCyc#\tStep\tTestTime\tStepTime\tmAmp-hr\tmWatt-hr\tmAmps\tVolts\tState\tES\tDPt Time\t\n"


@pytest.mark.parametrize(("volts", "millivolts"), [("2400.5", True), ("2.4005", False)])
def test_milliamperes_in_the_words_themselves(volts: str, millivolts: bool, tmp_path: Path) -> None:
    text = "Today''s Date\t03/28/2022 12:50:27 PM\n\nDate of Test:\t08/23/2021 6:04:18 PM\n\n" + MILLI
    rows = [
        f"{n}\t0\t{s}\t  0d 00:{10 * (s - 1) + k:02d}:00.00\t  0d 00:{k:02d}:00.00\t{3.0 * k / 60:.6f}\t{3.0 * k / 60 * 2.4005:.6f}"
        f"\t3.0\t{volts}\t{state}\t1\t08/23/2021 6:{10 * (s - 1) + k + 4:02d}:18 PM\t\n"
        for s, state in ((1, "C"), (2, "D"))
        for k in range(10)
        for n in (10 * (s - 1) + k + 1,)
    ]
    reading = _read(tmp_path, text + "".join(rows), "three.txt")
    got = _frame(reading)
    assert got["current"].to_list() == pytest.approx([0.003] * 10 + [-0.003] * 10)
    assert got["voltage"].to_list() == pytest.approx([2.4005] * 20)
    assert got["charge_counter"].max() == pytest.approx(0.45e-3)
    assert got["discharge_energy_counter"].max() == pytest.approx(0.45e-3 * 2.4005, rel=1e-5)
    assert ("units_assumed" in _codes(reading)) is millivolts
    assert reading.test["start"] == "2021-08-23T18:04:18"
    told = self_check(count(reading.payload.frame, reading.payload.columns))  # type: ignore[union-attr]
    assert "energy_disagrees" not in {notice.code for notice in told}
    assert all(notice.severity != "error" for notice in told)


def test_day_counts_with_short_seconds_and_auxiliary_inputs(tmp_path: Path) -> None:
    """Three header lines, unsigned current, seconds without leading zero, sixteen inputs with a column of units each."""
    header = (
        "Today's Date:\t14 December 2020\tDate of Test:\t11 December 2020, 12:22:12 PM\n"
        "Filename:\tcell_01\tTester Channel:\t3\nProcedure:\tform.000\tDescription:\t\n"
        "Rec#\tCyc#\tStep\tTestTime\tStepTime\tAmp-hr\tWatt-hr\tAmps\tVolts\tState\tES\tDPt Time\tAux #1\t Units\tAux #2\t Units\t\n"
    )
    rows = (
        "1\t0\t1\t  0d 00:00:0\t  0d 00:00:0\t0.0\t0.0\t0.0\t3.46\tR\t0\t12/11/2020 12:22:12\t{0}\t C  \t0.1\t V  \t\n"
        "2\t0\t2\t  0d 00:00:5.05000019073486\t  0d 00:00:0.05\t0.0\t0.0\t0.0\t3.41\tD\t0\t12/11/2020 12:22:17\t{0}\t C  \t0.1\t V  \t\n"
        "3\t0\t2\t  1d 00:01:9.31\t  1d 00:01:4.31\t0.0006\t0.002\t0.5\t3.4\tD\t5\t12/12/2020 12:23:21\t{0}\t C  \t0.1\t V  \t\n"
    )
    reading = _read(tmp_path, header + rows.format("23.5"), "x.txt")
    frame = _frame(reading)
    assert frame["test_time"].to_list() == pytest.approx([0.0, 5.05000019073486, 86469.31])
    assert frame["current"].to_list() == [0.0, 0.0, -0.5]
    assert frame["discharge_counter"].to_list() == pytest.approx([0.0, 0.0, 0.0006])
    assert frame["temperature"].to_list() == [23.5] * 3
    assert reading.test == {"test_id": "cell_01", "channel": "3", "start": "2020-12-11T12:22:12"}
    broken = _read(tmp_path, header + rows.format("-2501.8"), "x.txt")
    assert "temperature" not in _frame(broken).columns
    assert "no_temperature_sensor" in _codes(broken)


def test_decimal_commas_between_blank_lines(tmp_path: Path) -> None:
    header = "Today's Date\t14.12.2020\nDate of Test\t11.12.2020\nFilename\tx.001\n\n"
    names = "Rec\tCycle P\tCycle C\tStep\tTestTime\tStepTime\tCap. [Ah]\tEner. [Wh]\tCurrent [A]\tVoltage [V]\tMd\tES\tDPT Time\n\n"
    rows = (
        "1\t7\t1\t1\t  0d 00:00:00,00\t  0d 00:00:00,00\t0,00000\t0,0\t0,0\t3,4625\tR\t0\t11.12.2020 12:22:12\n\n"
        "1.002\t7\t1\t2\t  0d 00:00:05,50\t  0d 00:00:05,50\t0,0006\t0,0\t0,5\t3,4625\tD\t0\t11.12.2020 12:22:17\n\n"
    )
    reading = _read(tmp_path, header + names + rows, encoding="cp1252")
    frame = _frame(reading)
    assert frame["test_time"].to_list() == [0.0, 5.5]
    assert frame["current"].to_list() == [0.0, -0.5]
    assert frame["vendor_cycle"].to_list() == [1, 1]
    assert reading.test["start"] == "2020-12-11T12:22:12"
    assert "blank_rows" in _codes(reading)


def _thousands(number: float) -> str:
    return f"{number:,.4f}"


def test_groups_of_digits_are_read_where_the_file_proves_them(tmp_path: Path) -> None:
    rows = "".join(
        f"{n:,}\t1\t1\t{_thousands(n * 10.5)}\t{_thousands(n * 10.5)}\t0.0\t0.0\t-0.5\t3.5\tD\t1\t04/13/2016 10:00:00\n"
        for n in range(1, 1500)
    )
    frame = _frame(_read(tmp_path, _raw(rows)))
    np.testing.assert_allclose(frame["test_time"], np.arange(1, 1500) * 10.5)
    quoted = 'Rec,Cycle C,Step,Test Time [s],Step Time [s],Capacity [Ah],Energy [Wh],Current [A],Voltage [V],DPT Time\n1,1,1,"136,344.95",0,0,0,0,3.5,23-Nov-23 3:56:11 PM\n'
    assert _frame(_read(tmp_path, quoted, "x.csv"))["test_time"].to_list() == [136344.95]
    european = _raw("1.234\t1\t1\t136.344,95\t0,5\t0,0\t0,0\t-0,5\t3,5\tD\t1\t04/13/2016 10:00:00\n")
    assert _frame(_read(tmp_path, european))["test_time"].to_list() == [136344.95]


def test_groups_that_nothing_proves_are_refused(tmp_path: Path) -> None:
    rows = "1\t1\t1\t1,234\t0\t0\t0\t0\t3,500\tR\t1\t04/13/2016 10:00:00\n"
    with pytest.raises(ReadError, match=r"1\.234 or 1234"):
        _read(tmp_path, _raw(rows))


@pytest.mark.parametrize(
    "header",
    [
        "Rec#\tCyc#\tStep\tTest(Sec)\tStep(Sec)\tAmp-hr\tWatt-hr\tAmps\tVolts\tState\tES\tDPt-Time\tTemp 1",
        "Rec\tCyc#\tStep\tTestTime(s)\tStepTime(s)\tCapacity(Ah)\tWatt-hr\tCurrent(A)\tVoltage(V)\tMd\tDCIR\tDPt Time\tTemp 1",
        "Rec\tCycle C\tStep\tTest Time [s]\tStep Time [s]\tCapacity [Ah]\tEnergy [Wh]\tCurrent [A]\tVoltage [V]\tMd\tES\tDPT Time"
        "\tTemperature Cell [degC]",
    ],
)
@pytest.mark.parametrize("chamber", ["EV Temp", "Temperature Chamber [degC]"])
def test_tables_without_a_preamble(header: str, chamber: str, tmp_path: Path) -> None:
    """The temperature of the cell is taken, wherever that of the chamber stands."""
    names = header.split("\t")
    text = (
        "\t".join([*names[:-1], chamber, names[-1]])
        + "\n1\t3\t2\t7\t5\t0.1\t0.2\t0.5\t3.5\tD\t1\t13-Apr-16 10:00:00\t40\t25\n"
    )
    path = tmp_path / "x.txt"
    path.write_text(text)
    assert maccor_text.sniff(path.read_bytes(), path) >= 0.6
    (row,) = _frame(maccor_text.read(path, {})).rows(named=True)
    assert (row["vendor_cycle"], row["vendor_step"], row["test_time"], row["step_time"]) == (3, 2, 7.0, 5.0)
    assert (row["current"], row["voltage"], row["discharge_counter"], row["temperature"]) == (-0.5, 3.5, 0.1, 25.0)


def test_two_decimal_signs_are_no_groups(tmp_path: Path) -> None:
    """A voltage of three decimals beside a current with a comma must not become thousands of volts."""
    rows = "".join(f"{n}\t1\t1\t{n}\t{n}\t0\t0\t0,5\t3.45{n}\tC\t1\t04/13/2016 10:00:00\n" for n in range(9))
    frame = _frame(_read(tmp_path, _raw(rows)))
    assert frame["voltage"].max() == 3.458
    assert frame["current"].to_list() == [0.5] * 9


def test_a_wrong_group_deep_in_the_file_is_no_number(tmp_path: Path) -> None:
    rows = [f"{n}\t1\t1\t{n:,}.5\t0.5\t0\t0\t-0.5\t3.5\tD\t1\t04/13/2016 10:00:00\n" for n in range(40_000)]
    rows[20_000] = rows[20_000].replace("20,000.5", "20,00.5")
    reading = _read(tmp_path, _raw("".join(rows)))
    with pytest.raises(pl.exceptions.PolarsError):
        _frame(reading)


ROW = "1\t1\t1\t0\t0\t0\t0\t0\t3.5\tR\t1\t{0}\n2\t1\t1\t{2}\t{2}\t0\t0\t0\t3.5\tR\t1\t{1}\n"


@pytest.mark.parametrize(
    ("first", "last", "passed", "test", "start"),
    [
        ("04/07/2016 23:05:31", "05/07/2016 23:05:31", 86400, "04/07/2016", "2016-07-04T23:05:31"),
        ("04/07/2016 23:05:31", "04/08/2016 23:05:31", 86400, "04/07/2016", "2016-04-07T23:05:31"),
        ("04/07/2016 23:05:31", "04/07/2016 23:06:31", 60, "13/05/2016", "2016-07-04T23:05:31"),
        ("04/07/2016 23:05:31", "04/07/2016 23:06:31", 60, "04/07/2016", None),
        ("04/04/2016 23:05:31", "04/04/2016 23:06:31", 60, "04/04/2016", "2016-04-04T23:05:31"),
        ("4-Jul-16 11:05:31 PM", "4-Jul-16 11:06:31 PM", 60, "4-Jul-16", "2016-07-04T23:05:31"),
        ("31.12.2016 23:05:31", "31.12.2016 23:06:31", 60, "31.12.2016", "2016-12-31T23:05:31"),
        ("2016-12-03 23:05:31", "2016-12-03 23:06:31", 60, "2016-12-03", "2016-12-03T23:05:31"),
        ("12/13/2016 12:05:31 AM", "12/13/2016 12:06:31 AM", 60, "12/13/2016", "2016-12-13T00:05:31"),
    ],
)  # fmt: skip
def test_the_order_of_dates(first: str, last: str, passed: int, test: str, start: str | None, tmp_path: Path) -> None:
    reading = _read(tmp_path, _raw(ROW.format(first, last, passed), today=test, test=test))
    assert reading.test.get("start") == start
    assert ("date_ambiguous" in _codes(reading)) == (start is None)
    if start is not None:
        assert _frame(reading)["wall_clock"][0].isoformat() == start


def test_a_time_of_day_runs_on_past_midnight(tmp_path: Path) -> None:
    reading = _read(tmp_path, _raw(ROW.format("23:05:31", "01:05:31", 7200), today="04/27/2016", test="04/26/2016"))
    clocks = [clock.isoformat() for clock in _frame(reading)["wall_clock"]]
    assert clocks == ["2016-04-26T23:05:31", "2016-04-27T01:05:31"]
    assert reading.test["start"] == clocks[0]


def test_a_counter_that_runs_back_in_a_charge_pulse(tmp_path: Path) -> None:
    """Discharge 3 mAh, rest, charge 2 mAh: the unsigned counter falls to 1 mAh, then begins anew in the next discharge."""
    steps = [
        (1, "D", -1.0, [0, 1e-3, 2e-3, 3e-3]),
        (2, "R", 0.0, [3e-3, 3e-3]),
        (3, "C", 1.0, [3e-3, 2e-3, 1e-3]),
        (4, "D", -1.0, [0, 1e-3]),
    ]
    rows: list[str] = []
    time = 0.0
    for step, letter, current, values in steps:
        for place, value in enumerate(values):
            time += 3.6 if place else 1e-3
            rows.append(
                f"{len(rows)}\t1\t{step}\t{time:.4f}\t{place * 3.6}\t{value}\t0\t{current}\t3.5\t{letter}\t1\t04/13/2016 10:00:00\n"
            )
    frame = _frame(_read(tmp_path, _raw("".join(rows))))
    assert frame["charge_counter"][-1] == pytest.approx(2e-3)
    assert frame["discharge_counter"][-1] == pytest.approx(4e-3)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda text: text.replace("\tAmps", "\tOhms"), "no line names a time"),
        (lambda text: re.sub(r"\t3\.4\d+\tC", "\t3.4x\tC", text, count=1), "'3.4x', which is not a number"),
        (lambda text: text.replace("\tAmps", "\tCurrent (kA)"), "no unit of current"),
        (lambda text: text[: text.index("Rec#")], "no line names a time"),
    ],
)
def test_broken_texts_are_refused(change: object, match: str, tmp_path: Path) -> None:
    path = tmp_path / "x.001"
    path.write_text(change(_written(tmp_path)))  # type: ignore[operator]
    with pytest.raises(ReadError, match=match):
        maccor_text.read(path, {})


def test_a_cut_row_is_left_out_and_told(tmp_path: Path) -> None:
    reading = _read(tmp_path, _written(tmp_path)[:-40])
    assert _frame(reading).height == table().height - 1
    assert "truncated" in _codes(reading)


def test_a_closed_binary_is_refused_and_a_text_is_not_taken_for_one(tmp_path: Path) -> None:
    path = tmp_path / "x.001"
    path.write_bytes(b"\x00\x01" * 100)
    assert maccor_raw.sniff(path.read_bytes(), path) > 0.3
    path.write_text(_written(tmp_path))
    assert maccor_raw.sniff(path.read_bytes(), path) == 0.0
