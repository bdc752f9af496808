"""Text exports of EC-Lab and BT-Lab: real files, locales, times, headers, spectra inside a test, broken rows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from interlith.errors import ReadError
from interlith.formats import biologic_mpt
from interlith.model import Reading, Table
from interlith.physics.counting import count
from tests.formats.samples import table

HEAD = "EC-Lab ASCII FILE\r\nNb header lines : {count}                          \r\n{more}{names}\r\n"
NAMES = "mode\tNs\ttime/s\tEwe/V\tI/mA\tdq/mA.h\t(Q-Qo)/mA.h\tcycle number\t"


def _frame(reading: Reading) -> pl.DataFrame:
    assert isinstance(reading.payload, Table)
    return reading.payload.frame.collect()


def _codes(reading: Reading) -> set[str]:
    return {flag.code for flag in reading.flags}


def _read(folder: Path, content: str | bytes, options: Mapping[str, Any] | None = None) -> Reading:
    path = folder / "x.mpt"
    path.write_bytes(content if isinstance(content, bytes) else content.encode("cp1252"))
    return biologic_mpt.read(path, options or {})


def _text(names: str, rows: list[str], header: list[str] | None = None) -> str:
    lines = header if header is not None else []
    more = "".join(f"{line}\r\n" for line in lines)
    return HEAD.format(count=3 + len(lines), more=more, names=names) + "".join(f"{row}\r\n" for row in rows)


# ------------------------------------------------------------------------------------------------------------ real files


def test_a_modulo_bat_export(cycling_folder: Path) -> None:
    reading = biologic_mpt.read(cycling_folder / "pyprobe_Sample_data_biologic_01_MB_CA1.txt", {})
    frame = _frame(reading)
    assert frame.height == 1397
    steps = count(frame.lazy(), frame.columns).steps
    assert steps["step_type"].to_list() == ["rest", "cc_discharge"]
    # The last line prints (Q-Qo) = -3.237135133365207E+001 mA.h and 1.131072579669868E-001 W.h discharged.
    assert steps["charge"][1] == pytest.approx(3.237135133365207e-2, rel=1e-12)
    assert steps["integral_charge"][1] == pytest.approx(3.237e-2, rel=1e-3)
    assert frame["discharge_energy_counter"][-1] == pytest.approx(1.131072579669868e-1, rel=1e-12)
    assert frame["temperature"][0] == pytest.approx(22.185871)
    assert dict(reading.proposals) == {"nominal_capacity": "4.5 Ah"}
    assert reading.test["channel"] == "0433 channel A1"
    assert reading.test["start"] == "2024-05-13T11:19:51.602"


def test_dates_become_device_time(cycling_folder: Path) -> None:
    reading = biologic_mpt.read(cycling_folder / "pyprobe_Sample_data_biologic_timestamped.txt", {})
    frame = _frame(reading)
    # The column "step time/s" of the same rows runs on from the start here.
    want = [0.0, 6.464, 7.464, 8.464, 9.464, 10.464, 11.464, 12.464]
    np.testing.assert_allclose(frame["test_time"], want, atol=1e-9)
    assert str(frame["wall_clock"][0]) == "2024-11-20 11:38:41.707000"
    assert frame["charge_counter"][-1] == pytest.approx(7.501638655090332e-4)
    assert reading.test["test_id"] == "DMT-CAT-DriveCycle-20degC 2024-11-20T11:38:41.707 0433 channel A1"


def test_a_spectrum(data_folder: Path) -> None:
    path = data_folder / "impedance" / "impedancepy__exampleDataBioLogic.mpt"
    assert biologic_mpt.technique_of(path.read_bytes()[:65_536], path) == "impedance"
    frame = _frame(biologic_mpt.read(path, {}))
    assert frame.columns == [
        "frequency",
        "impedance_real",
        "impedance_imaginary",
        "test_time",
        "voltage",
        "vendor_cycle",
    ]
    assert frame.height == 43
    assert frame.row(0)[:3] == (1000.3201, 65.470886, -0.38998979)
    assert frame["impedance_imaginary"][2] == 0.49220982


# ------------------------------------------------------------------------------------------------------ locales and times


def test_a_decimal_comma_is_no_thousands_separator(tmp_path: Path) -> None:
    rows = ["3\t0\t0,000\t3,800\t0,000\t0,000\t0,000\t1,000", "1\t1\t1,000\t4,050\t500,000\t1,234\t1,234\t1,000"]
    frame = _frame(_read(tmp_path, _text(NAMES, rows)))
    assert frame["test_time"].to_list() == [0.0, 1.0]
    assert frame["current"].to_list() == [0.0, 0.5]
    assert frame["charge_counter"][-1] == pytest.approx(1.234e-3)
    assert frame["vendor_cycle"].to_list() == [1, 1]


def test_two_decimal_signs_are_refused(tmp_path: Path) -> None:
    rows = ["3\t0\t0,000\t3.800\t0,000\t0,000\t0,000\t1", "1\t1\t1,000\t4,050\t500,0\t1,234\t1,234\t1"]
    with pytest.raises(ReadError, match=r"with a comma \('0,000'\) and with a point \('3\.800'\)"):
        _read(tmp_path, _text(NAMES, rows))


@pytest.mark.parametrize(
    ("texts", "wanted", "codes"),
    [
        (["11/20/2024 23:59:59.5070", "11/21/2024 00:00:00.5070"], [0.0, 1.0], set()),
        (["11/12/2024 23:59:59.500", "11/13/2024 00:00:00.500"], [0.0, 1.0], set()),
        (["11/12/2024 23:59:59.500", "12/12/2024 00:00:00.500"], [0.0, 1.0], set()),
        (["20.11.2024 23:59:59,500", "21.11.2024 00:00:00,500"], [0.0, 1.0], set()),
        (["05.15.2025 01:18:45", "05.17.2025 01:18:45"], [0.0, 172_800.0], set()),
        (["2024-11-20 23:59:59", "2024-11-21 00:00:01"], [0.0, 2.0], set()),
        (["03/04/2024 10:00:00", "03/04/2024 10:00:01"], [0.0, 1.0], {"date_order_assumed"}),
    ],
)
def test_dates_in_the_order_that_they_themselves_show(
    texts: list[str], wanted: list[float], codes: set[str], tmp_path: Path
) -> None:
    rows = [f"1\t0\t{text}\t3.8\t1.0\t0\t0\t1" for text in texts]
    reading = _read(tmp_path, _text(NAMES, rows))
    np.testing.assert_allclose(_frame(reading)["test_time"], wanted, atol=1e-6)
    assert _codes(reading) & {"date_order_assumed"} == codes


def test_dates_count_from_the_start_of_the_acquisition(tmp_path: Path) -> None:
    header = [
        "",
        "Modulo Bat",
        "",
        "Acquisition started on : 11/20/2024 10:00:00.000",
        "Technique started on : 11/20/2024 11:00:00.000",
    ]
    rows = [f"1\t0\t11/20/2024 11:00:0{second}.000\t3.8\t1.0\t0\t0\t1" for second in range(3)]
    reading = _read(tmp_path, _text(NAMES, rows, header))
    assert _frame(reading)["test_time"].to_list() == [3600.0, 3601.0, 3602.0]
    assert reading.test["start"] == "2024-11-20T11:00:00.000"
    late = _read(tmp_path, _text(NAMES, [f"1\t0\t{3600 + second}.0\t3.8\t1.0\t0\t0\t1" for second in range(3)], header))
    assert _frame(late)["test_time"].to_list() == [3600.0, 3601.0, 3602.0]
    assert late.test == reading.test


def test_dates_that_are_none_are_refused(tmp_path: Path) -> None:
    rows = [f"1\t0\t{text}\t3.8\t1.0\t0\t0\t1" for text in ("31/31/2024 10:00:00", "31/31/2024 10:00:01")]
    with pytest.raises(ReadError, match=r"dates in time/s .* are not understood"):
        _read(tmp_path, _text(NAMES, rows))


# ---------------------------------------------------------------------------------------------------------------- headers


def test_without_header_lines(tmp_path: Path) -> None:
    rows = [
        "3\t0\t2.816723801174285E+005\t2.93\t0.0\t0\t0\t0",
        "1\t1\t2.817723801174285E+005\t2.95\t1.5\t0.04\t0.04\t0",
    ]
    content = (NAMES + "\r\n" + "\r\n".join(rows)).encode()
    assert biologic_mpt.sniff(content, tmp_path / "x.bin") >= 0.9
    frame = _frame(_read(tmp_path, content))
    assert frame["test_time"][0] == 281672.3801174285
    assert frame["vendor_step_type"].to_list() == ["open circuit", "galvanostatic"]


def test_a_header_with_blank_lines_and_a_wrong_count(tmp_path: Path) -> None:
    content = "BT-Lab ASCII FILE\n\nNb header lines : 99\n\ntime/s\tEwe/V\tI/mA\n0,0\t3,8\t0,0\n1,0\t3,9\t500,0\n"
    assert biologic_mpt.sniff(content.encode(), tmp_path / "x") == 0.98
    assert _frame(_read(tmp_path, content))["current"].to_list() == [0.0, 0.5]


def test_a_header_longer_than_any_other(tmp_path: Path) -> None:
    header = ["", "Galvano Electrochemical Impedance Spectroscopy", "", "Number of loops : 12000"]
    header += [f"Loop {number} from point number {number} to {number}" for number in range(12_000)]
    rows = [f"{1e4 / 10**number:.4E}\t1.0E+000\t0.5\t{number}.0" for number in range(4)]
    frame = _frame(_read(tmp_path, _text("freq/Hz\tRe(Z)/Ohm\t-Im(Z)/Ohm\ttime/s\t", rows, header)))
    assert frame["impedance_imaginary"].to_list() == [-0.5] * 4


def test_what_the_header_says(tmp_path: Path) -> None:
    header = [
        "", "Galvanostatic Cycling with Potential Limitation", "", "Run on channel : 5 (SN 12)",
        "Acquisition started on : 02/13/2024 11:02:29.886", "Saved on :", "\tFile : cell_4_02_GCPL_C05.mpr",
        "Device : VMP3 (SN 0276)", "Comments : first µ", "Comments : second", "Mass of active material : 2,080 mg",
        "Molecular weight of active material (at x = 0) : 90,930 g/mol", "Battery capacity : 5,700 mA.h",
        "Electrode surface area : 1,131 cm²", "Characteristic mass : 0,001 g", "", "Modify on : 11/28/2024 21:21",
        "Battery capacity : 5,452 mA.h", "",
    ]  # fmt: skip
    reading = _read(tmp_path, _text(NAMES, ["1\t0\t10,0\t3,8\t1,0\t0\t0\t1", "1\t0\t11,0\t3,8\t1,0\t0\t0\t1"], header))
    assert dict(reading.proposals) == {"active_mass": "2.08 mg", "nominal_capacity": "5.452 mAh", "area": "1.131 cm^2"}
    assert reading.metadata["Comments"] == "first µ\nsecond"
    assert reading.test == {
        "channel": "0276 channel 5",
        "test_id": "cell_4 2024-02-13T11:02:29.886 0276 channel 5",
        "start": "2024-02-13T11:02:39.886",
    }


def test_the_example_mass_of_the_vendor_is_no_mass(tmp_path: Path) -> None:
    header = [
        "",
        "x",
        "",
        "Mass of active material : 7000.000 mg",
        "Molecular weight of active material (at x = 0) : 90.930 g/mol",
    ]
    reading = _read(tmp_path, _text(NAMES, ["1\t0\t0\t3.8\t1.0\t0\t0\t1", "1\t0\t1\t3.8\t1.0\t0\t0\t1"], header))
    assert not reading.proposals
    assert "placeholder_mass" in _codes(reading)


# ------------------------------------------------------------------------------------------------ currents and counters


def test_open_circuit_has_no_current(tmp_path: Path) -> None:
    header = ["", "Open Circuit Voltage", ""]
    reading = _read(tmp_path, _text("mode\terror\ttime/s\tEwe/V\t", ["3\t0\t0.0\t3.1", "3\t0\t60.0\t3.2"], header))
    assert _frame(reading)["current"].to_list() == [0.0, 0.0]
    assert "current_at_rest" in _codes(reading)
    assert _frame(_read(tmp_path, _text("time/s\tEwe/V\t", ["0.0\t3.1", "60.0\t3.2"], header)))[
        "current"
    ].to_list() == [0.0, 0.0]
    with pytest.raises(ReadError, match="neither a current"):
        _read(tmp_path, _text("mode\terror\ttime/s\tEwe/V\t", ["3\t0\t0.0\t3.1", "2\t0\t60.0\t3.2"], header))
    with pytest.raises(ReadError, match="neither a current"):
        _read(tmp_path, _text("time/s\tEwe/V\t", ["0.0\t3.1", "60.0\t3.2"], ["", "Modulo Bat", ""]))


def test_the_current_from_charge_equals_the_one_that_the_vendor_prints(tmp_path: Path) -> None:
    """Numbers of a public export that prints dq and <I> side by side."""
    rows = [
        "3\t0\t2.999979924214131E+001\t2.3504212E+000\t0.000000000000000E+000",
        "1\t1\t3.000019924213120E+001\t2.3511271E+000\t-2.454717953999837E-008",
        "1\t1\t3.002619924147439E+001\t2.3410723E+000\t-1.600779062343968E-006",
        "1\t1\t3.004079924110556E+001\t2.3310177E+000\t-8.988965418603686E-007",
    ]
    reading = _read(tmp_path, _text("mode\tNs\ttime/s\tEwe/V\tdq/mA.h\t", rows))
    printed = [0.0, -2.209246214410107e-4, -2.216463373084223e-4, -2.216457282497439e-4]
    np.testing.assert_allclose(_frame(reading)["current"], printed, rtol=1e-9)
    assert "current_from_charge" in _codes(reading)


def test_counters_that_begin_anew_in_every_half_cycle(tmp_path: Path) -> None:
    """The turn of a public export: the counter of the old direction goes on for one record, then falls to zero."""
    names = "Ns\ttime/s\tEcell/V\tI/mA\tQ charge/mA.h\tQ discharge/mA.h\tEnergy charge/W.h\tEnergy discharge/W.h\t"
    rows = ["1\t0\t2.3\t100\t0.0\t0.0\t0\t0", "1\t10\t2.3\t100\t0.2\t0.0\t0.5\t0", "2\t10\t2.3\t-65\t0.2\t0.0\t0.5\t0",
            "2\t20\t2.3\t-65\t0.0\t0.1\t0.5\t0.2", "3\t30\t2.3\t100\t0.3\t0.0\t0.7\t0.2"]  # fmt: skip
    frame = _frame(_read(tmp_path, _text(names, rows)))
    assert frame["charge_counter"].to_list() == pytest.approx([0.0, 2e-4, 2e-4, 2e-4, 5e-4])
    assert frame["discharge_counter"].to_list() == pytest.approx([0.0, 0.0, 0.0, 1e-4, 1e-4])
    assert frame["charge_energy_counter"].to_list() == pytest.approx([0.0, 0.5, 0.5, 0.5, 0.7])


def test_a_sum_that_is_set_back_where_the_header_lists_a_loop(tmp_path: Path) -> None:
    header = ["", "Chronoamperometry / Chronocoulometry", "", "Number of loops : 2", "Loop 0 from point number 0 to 1",
              "Loop 1 from point number 2 to 3", ""]  # fmt: skip
    rows = ["0\t3.4\t1.0\t1.0E-004", "1\t3.4\t1.0\t2.0E-004", "2\t3.4\t1.0\t1.0E-004", "3\t3.4\t1.0\t2.0E-004"]
    reading = _read(tmp_path, _text("time/s\tEwe/V\tI/mA\t(Q-Qo)/C\t", rows, header))
    want = np.array([0.0, 1e-4, 2e-4, 3e-4]) / 3600
    np.testing.assert_allclose(_frame(reading)["charge_counter"], want, rtol=1e-9)
    assert _frame(reading)["discharge_counter"].to_list() == [0.0] * 4


def test_a_sum_that_is_set_back_behind_a_pause_where_no_loop_is_listed(tmp_path: Path) -> None:
    rows = ["0\t3.4\t1.0\t1.0E-004", "1\t3.4\t1.0\t2.0E-004", "200\t3.4\t1.0\t1.0E-005", "201\t3.4\t1.0\t1.1E-004"]
    frame = _frame(_read(tmp_path, "\r\n".join(["time/s\tEwe/V\t<I>/mA\t(Q-Qo)/C\t", *rows, ""])))
    np.testing.assert_allclose(frame["charge_counter"], np.array([0.0, 1e-4, 1.1e-4, 2.1e-4]) / 3600, rtol=1e-9)
    assert frame["discharge_counter"].to_list() == [0.0] * 4


def test_mean_values_are_told(tmp_path: Path) -> None:
    reading = _read(tmp_path, _text("time/s\t<Ewe>/V\t<I>/mA\t", ["0\t3.1\t1.0", "1\t3.2\t1.0"]))
    assert {"mean_current", "mean_voltage"} <= _codes(reading)


def test_a_unit_that_is_not_known_is_refused_where_it_matters(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match=r"'I/kA' is in 'kA', which is no unit of current"):
        _read(tmp_path, _text("time/s\tEwe/V\tI/kA\t", ["0\t3.1\t1.0", "1\t3.2\t1.0"]))
    reading = _read(tmp_path, _text("time/h\tEwe/mV\tI/A\t|Energy|/eV\t", ["0\t3100\t1.0\t2", "1\t3200\t1.0\t3"]))
    assert _frame(reading).row(1) == pytest.approx((3600.0, 1.0, 3.2))
    assert "column_left_out" in _codes(reading)


def test_three_electrodes(tmp_path: Path) -> None:
    content = _text("time/s\tEwe/V\tEce/V\tI/mA\t", ["0\t3.1\t0.2\t1.0", "1\t3.2\t0.1\t1.0"])
    reading = _read(tmp_path, content)
    assert _frame(reading)["voltage"].to_list() == [3.1, 3.2]
    assert "three_electrodes" in _codes(reading)
    declared = _read(tmp_path, content, {"mapping": {"voltage": "Ewe-Ece/V"}})
    assert _frame(declared)["voltage"].to_list() == pytest.approx([2.9, 3.1])


# ------------------------------------------------------------------------------------------------ spectra inside a test


@pytest.mark.parametrize("sign", [".", ","])
def test_spectra_inside_a_modulo_bat_export(sign: str, tmp_path: Path) -> None:
    names = "mode\tNs\ttime/s\tEwe/V\tI/mA\tdq/mA.h\tfreq/Hz\t|Z|/Ohm\tPhase(Z)/deg\tz cycle\tRe(Z)/Ohm\t-Im(Z)/Ohm\t"
    rows = [
        "3\t0\t0.0\t3.50\t0.0\t0.0\t0.0\t0.0\t0.0\t0\t0.0\t0.0",
        "1\t1\t10.0\t3.60\t36.0\t0.1\t0.0\t0.0\t0.0\t0\t0.0\t0.0",
    ]
    rows += [
        f"2\t2\t{11 + number}.0\t3.60{number}\t0.0\t0.0\t{1000 / 10**number}\t9.0\t9.0\t1\t{1 + number}.0\t-0.5"
        for number in range(3)
    ]
    rows += ["1\t3\t20.0\t3.70\t36.0\t0.1\t0.0\t0.0\t0.0\t1\t0.0\t0.0"]
    content = _text(names, [row.replace(".", sign) for row in rows], ["", "Modulo Bat", ""])
    path = tmp_path / "x.mpt"
    path.write_text(content, newline="")
    assert biologic_mpt.technique_of(content.encode(), path) == "cycling"
    reading = biologic_mpt.read(path, {})
    frame = _frame(reading)
    assert frame["test_time"].to_list() == [0.0, 10.0, 20.0]
    assert frame["charge_counter"].to_list() == pytest.approx([0.0, 1e-4, 2e-4])
    (one,) = reading.within
    assert (one.technique, one.where) == ("impedance", "rows 3-5")
    assert isinstance(one.payload, Table)
    spectrum = one.payload.frame.collect()
    assert spectrum["impedance_imaginary"].to_list() == [0.5] * 3
    assert spectrum["impedance_real"].to_list() == [1.0, 2.0, 3.0]
    assert (one.state["voltage"].value, one.state["voltage"].high) == (3.6, 3.602)


# ---------------------------------------------------------------------------------------------------------- broken files


def test_a_last_row_cut_short_is_left_out_and_told(tmp_path: Path) -> None:
    content = _text(NAMES, ["1\t0\t0\t3.8\t1.0\t0\t0\t1", "1\t0\t1\t3.8\t1.0\t0\t0\t1"])
    reading = _read(tmp_path, content + "1\t0\t2\t3.")
    assert _frame(reading).height == 2
    assert "truncated" in _codes(reading)


@pytest.mark.parametrize(
    "content", ["EC-Lab ASCII FILE\r\n", "EC-Lab ASCII FILE\r\nNb header lines : 99999999999\r\n\r\nx\r\n"]
)
def test_a_header_without_a_table_is_refused(content: str, tmp_path: Path) -> None:
    with pytest.raises(ReadError, match=r"x\.mpt"):
        _read(tmp_path, content)


def test_a_word_among_numbers_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match=r"line 5, column 'I/mA' holds 'overload'"):
        _read(tmp_path, _text(NAMES, ["1\t0\t0\t3.8\t1.0\t0\t0\t1", "1\t0\t1\t3.8\toverload\t0\t0\t1"]))


def test_what_is_written_is_read(tmp_path: Path) -> None:
    truth = table()
    path = tmp_path / "x.mpt"
    biologic_mpt.write(truth, path, {"start": "2026-01-02T03:04:05.500", "active_mass": "2.08 mg"})
    reading = biologic_mpt.read(path, {})
    frame = _frame(reading)
    for name, digit in (("test_time", 1e-6), ("current", 1e-9), ("voltage", 1e-6)):
        np.testing.assert_allclose(frame[name], truth[name], atol=digit / 2)
    assert frame["vendor_step"].to_list() == truth["vendor_step"].to_list()
    assert dict(reading.proposals) == {"active_mass": "2.08 mg"}
    assert reading.test["start"] == "2026-01-02T03:04:05.500"
    one, two = (count(item.lazy(), item.columns).steps for item in (frame, truth))
    assert one["step_type"].to_list() == two["step_type"].to_list()
    for name in ("charge_counter", "discharge_counter"):
        assert frame[name][-1] == pytest.approx(float(truth[name].max()), abs=1e-12)  # type: ignore[arg-type]
    energy = frame["discharge_energy_counter"][-1]
    assert energy == pytest.approx(float(truth["discharge_energy_counter"].max()), abs=1e-9)  # type: ignore[arg-type]
