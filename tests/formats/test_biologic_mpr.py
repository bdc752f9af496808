"""BioLogic .mpr: real files against their twins and vendor numbers; own-written ones of every version, whole and damaged."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from interlith.errors import ReadError
from interlith.formats import biologic_mpr, biologic_mpt
from interlith.model import Reading, Table
from interlith.physics.counting import count
from tests.formats.samples import biologic as own
from tests.formats.samples import table

GCPL = "jdb11-1_c3_gcpl_5cycles_2V-3p8V_C-24_data_C09.mpr"
#: The vendor's own sum (Q charge/discharge/mA.h, another column than the one read) at the end of each half cycle.
HALF_CYCLES = [-0.206529, 0.986781, -0.852855, 0.937090, -0.876330, 0.941940, -0.874678, 0.947933, -0.876656, 0.951689,
               -0.878613, 0.955886, -0.879492]  # fmt: skip


def _frame(reading: Reading) -> pl.DataFrame:
    assert isinstance(reading.payload, Table)
    return reading.payload.frame.collect()


def _codes(reading: Reading) -> set[str]:
    return {flag.code for flag in reading.flags}


def _read(folder: Path, content: bytes, options: Mapping[str, Any] | None = None, name: str = "x.mpr") -> Reading:
    path = folder / name
    path.write_bytes(content)
    return biologic_mpr.read(path, options or {})


# ------------------------------------------------------------------------------------------------------------ real files


def test_half_cycles_of_a_real_file_equal_the_vendors_sums(cycling_folder: Path) -> None:
    reading = biologic_mpr.read(cycling_folder / GCPL, {})
    frame = _frame(reading)
    assert frame.height == 46_102
    counted = count(frame.lazy(), frame.columns)
    running = counted.steps.filter(pl.col("direction") != 0)
    signed = (running["charge"] * running["direction"] * 1e3).to_numpy()
    np.testing.assert_allclose(signed, HALF_CYCLES, atol=1.5e-6)
    np.testing.assert_allclose(running["integral_charge"], running["counter_charge"], rtol=1e-4)
    assert not [notice for notice in counted.notices if notice.severity != "note"]
    assert frame["test_time"][-1] == pytest.approx(456_309.58615131, abs=1e-6)
    assert frame["vendor_cycle"].unique().sort().to_list() == [0, 1, 2, 3, 4, 5, 6]


def test_the_current_taken_from_charge_equals_the_vendors_power(cycling_folder: Path) -> None:
    raw = (cycling_folder / GCPL).read_bytes()
    (begin,) = (raw.find(b"VMP data") + 51,)
    kind = np.dtype("u1,<u2,<f8,<f8,<f8,<f4,<f4,<u2,<f8,<u4,<f4")
    rows = np.frombuffer(raw, dtype=kind, count=46_102, offset=begin + 406)
    frame = _frame(biologic_mpr.read(cycling_folder / GCPL, {}))
    power = frame["current"].to_numpy() * frame["voltage"].to_numpy()
    np.testing.assert_allclose(power, rows["f10"].astype(float), rtol=5e-7, atol=1e-15)
    assert frame["current"].null_count() == 0


def test_header_facts_of_real_files(cycling_folder: Path, data_folder: Path) -> None:
    reading = biologic_mpr.read(cycling_folder / GCPL, {})
    assert dict(reading.proposals) == {"active_mass": "10 mg"}
    assert reading.test["start"] == "2020-10-26T12:49:58.000"
    assert reading.test["channel"] == "0168 channel 9"
    assert {"current_from_charge", "cycle_from_half_cycles"} <= _codes(reading)
    solid = biologic_mpr.read(data_folder / "impedance" / "hybriddrt__CP_SSB.mpr", {})
    assert dict(solid.proposals) == {"active_mass": "7.826 mg", "nominal_capacity": "1.68 mAh"}
    assert solid.test["test_id"] == "HybridGEIS_0.005C 2024-05-17T14:09:11.952 0451 channel 8"
    assert solid.test["start"] == "2024-05-17T14:09:31.846"
    rest = biologic_mpr.read(cycling_folder / "bdf_GCPL-0.mpr", {})
    assert not rest.proposals
    assert "placeholder_mass" in _codes(rest)


def test_charge_of_short_pulses_equals_the_second_counter_of_the_vendor(data_folder: Path) -> None:
    frame = _frame(biologic_mpr.read(data_folder / "impedance" / "hybriddrt__CP_SSB.mpr", {}))
    assert frame.height == 30_208
    net = (frame["charge_counter"] - frame["discharge_counter"])[-1] * 3600
    assert net == pytest.approx(-6.0718196e-07, rel=1e-6)
    time, current = frame["test_time"].to_numpy(), frame["current"].to_numpy()
    assert np.trapezoid(current, time) == pytest.approx(net, rel=5e-3)


@pytest.mark.parametrize(("file", "rows"), [("bdf_GCPL-0.mpr", 4), ("bdf_MB-0.mpr", 2)])
def test_a_rest_has_no_current(file: str, rows: int, cycling_folder: Path) -> None:
    frame = _frame(biologic_mpr.read(cycling_folder / file, {}))
    assert frame.height == rows
    assert frame["current"].to_list() == [0.0] * rows
    assert set(frame["vendor_step_type"]) == {"open circuit"}


def test_a_spectrum_equals_its_text_twin(data_folder: Path) -> None:
    folder = data_folder / "impedance"
    stored = biologic_mpr.read(folder / "hybriddrt__PEIS_LPSCl_IonBlocking_-25C.mpr", {})
    printed = biologic_mpt.read(folder / "hybriddrt__PEIS_LPSCl_IonBlocking_-25C.txt", {})
    one, two = _frame(stored), _frame(printed)
    assert one.height == two.height == 79
    for name in ("frequency", "impedance_real", "impedance_imaginary", "test_time", "voltage"):
        np.testing.assert_allclose(one[name], two[name], rtol=6e-8, err_msg=name)
    assert (one["impedance_imaginary"] < 0).all()
    assert stored.test == printed.test


@pytest.mark.parametrize(
    ("file", "sweeps", "truth"),
    [
        ("Cell001_Form_20uA_25T_30RH_Cycle1to10_01_GEIS_CA1.mpr", list(range(10)), range(10)),
        ("Cell001_Cyc_20uA_25T_30RH_Cycle11to100_01_GEIS_CA1.mpr", [0, 1, 3, 4, 5, 6, 7, 8], range(10, 18)),
    ],
)
def test_spectra_equal_the_published_table(file: str, sweeps: list[int], truth: range, data_folder: Path) -> None:
    folder = data_folder / "realsets" / "eis_ssb"
    path = folder / file
    assert biologic_mpr.technique_of(path.read_bytes()[:65_536], path) == "impedance"
    frame = _frame(biologic_mpr.read(path, {}))
    assert frame["vendor_cycle"].unique().to_list() == list(range(1, 1 + int(str(frame["vendor_cycle"].max()))))
    published = pl.read_csv(folder / "EISdata1_SoC0_Cyc1to100.csv")
    real = [name for name in published.columns if name.startswith("Re(Z)")]
    frequencies = [float(name.removeprefix("Re(Z)")) for name in real]
    for sweep, row in zip(sweeps, truth, strict=True):
        spectrum = frame.filter(pl.col("vendor_cycle") == sweep + 1).sort("frequency")
        np.testing.assert_allclose(spectrum["frequency"], frequencies, rtol=2e-5)
        np.testing.assert_allclose(spectrum["impedance_real"], published[row, real].row(0), rtol=1e-5)
        imaginary = published[row, [name.replace("Re(Z)", "-Im(Z)") for name in real]].row(0)
        np.testing.assert_allclose(-spectrum["impedance_imaginary"], imaginary, rtol=1e-5)


# ---------------------------------------------------------------------------------------------------- own-written files


@pytest.mark.parametrize("version", [0, 2, 3, 11])
def test_every_version_of_the_data_module_gives_the_truth(version: int, tmp_path: Path) -> None:
    columns = own.gcpl()
    if version == 0:
        columns = {{467: 211, 468: 212}.get(number, number): values for number, values in columns.items()}
    reading = _read(tmp_path, own.mpr(columns, version=version))
    frame, truth = _frame(reading), table()
    np.testing.assert_allclose(frame["test_time"], truth["test_time"], atol=1e-12)
    np.testing.assert_allclose(frame["current"], truth["current"], atol=1e-12)
    np.testing.assert_allclose(frame["voltage"], truth["voltage"], rtol=1e-7)
    assert frame["vendor_step"].to_list() == truth["vendor_step"].to_list()
    steps = count(frame.lazy(), frame.columns).steps.filter(pl.col("direction") != 0)
    # The charge of the interval between two steps belongs to the later one, whose current flows in it.
    np.testing.assert_allclose(steps["charge"], [1.25e-3 * 20 * 10.5 / 3600] * 2, rtol=1e-9)
    assert reading.test == {
        "channel": "0168 channel 4",
        "test_id": "cell 2026-01-02T03:04:05.000 0168 channel 4",
        "start": "2026-01-02T03:04:05.000",
    }


def test_a_stored_current_goes_before_charge(tmp_path: Path) -> None:
    columns = own.gcpl() | {8: table()["current"].to_numpy() * 2e3}
    reading = _read(tmp_path, own.mpr(columns))
    np.testing.assert_allclose(_frame(reading)["current"], 2 * table()["current"], rtol=1e-7)
    assert "current_from_charge" not in _codes(reading)


def test_records_at_one_time_take_the_current_of_their_own_step(tmp_path: Path) -> None:
    step = [1, 1, 1, 2, 2, 2]
    columns: dict[int, Any] = {
        1: [3, 3, 3, 1, 1, 1],
        131: step,
        4: [0.0, 10.0, 20.0, 20.0, 30.0, 30.0],
        7: [0, 0, 0, 0, 1.0, 0],
        6: [3.5] * 6,
    }
    frame = _frame(_read(tmp_path, own.mpr(columns)))
    assert frame["current"].to_list() == pytest.approx([0.0, 0.0, 0.0, 0.36, 0.36, 0.36])
    assert frame["charge_counter"][-1] == pytest.approx(1e-3)


def test_a_charge_that_runs_back_in_every_half_cycle_loses_nothing_at_the_turn(tmp_path: Path) -> None:
    columns = own.gcpl()
    del columns[7], columns[13]
    frame = _frame(_read(tmp_path, own.mpr(columns)))
    want = 1.25e-3 * 20 * 10.5 / 3600
    assert frame["charge_counter"][-1] == pytest.approx(want)
    assert frame["discharge_counter"][-1] == pytest.approx(want)


def test_two_counts_of_one_charge_that_disagree_are_told(tmp_path: Path) -> None:
    columns = own.gcpl()
    columns[13] = np.where(np.arange(60) < 30, columns[13], columns[13] - columns[13][30])
    assert "charges_disagree" in _codes(_read(tmp_path, own.mpr(columns)))
    assert "charges_disagree" not in _codes(_read(tmp_path, own.mpr(own.gcpl())))


def test_a_sum_that_is_set_back_when_a_loop_of_the_chain_comes_round(tmp_path: Path) -> None:
    """The turn of a public file: 191 s in which another technique ran, after which (Q-Qo) begins at zero."""
    time = np.array([29.65, 30.15, 30.65, 221.07, 221.57, 222.07])
    charge = np.array([2.8e-5, 2.934e-5, 3.072e-5, 1.249e-6, 2.724e-6, 4.294e-6])
    half_charge = np.array([2.8e-5, 2.934e-5, 3.072e-5, -2.9475e-5, 1.475e-6, 3.044e-6])
    columns: dict[int, Any] = {
        1: [2] * 6, 4: time, 6: [3.424] * 6, 11: [1.1e-2, 1.1e-2, 1.1e-2, 0.95e-2, 1.06e-2, 1.13e-2], 13: charge,
        467: half_charge, 468: [0, 0, 0, 1, 2, 2],
    }  # fmt: skip
    loop = own.module("VMP loop", struct.pack("<IIII", 2, 0, 3, 6) + bytes(40), version=0, long_header=False)
    frame = _frame(_read(tmp_path, own.mpr(columns, technique=24) + loop))
    want = 1e-3 * np.array([0, 1.34e-6, 2.72e-6, 2.72e-6 + 1.249e-6, 2.72e-6 + 2.724e-6, 2.72e-6 + 4.294e-6])
    np.testing.assert_allclose(frame["charge_counter"], want, rtol=1e-9, atol=1e-18)
    assert frame["discharge_counter"].to_list() == [0.0] * 6
    del columns[13]
    frame = _frame(_read(tmp_path, own.mpr(columns, technique=24) + loop))
    assert frame["discharge_counter"].to_list() == [0.0] * 6


def test_a_sum_that_runs_on_through_a_loop_is_not_set_back(tmp_path: Path) -> None:
    columns: dict[int, Any] = {
        1: [1] * 6, 4: np.arange(6.0), 6: [3.4] * 6, 13: [1.0, 2.0, 3.0, 4.0, 3.0, 2.0], 7: [0.0, 1.0, 1.0, 1.0, -1.0, -1.0],
    }  # fmt: skip
    loop = own.module("VMP loop", struct.pack("<IIII", 2, 0, 3, 6) + bytes(40), version=0, long_header=False)
    frame = _frame(_read(tmp_path, own.mpr(columns, technique=127) + loop))
    assert frame["charge_counter"].to_list() == pytest.approx([0.0, 1e-3, 2e-3, 3e-3, 3e-3, 3e-3])
    assert frame["current"].to_list() == pytest.approx([3.6, 3.6, 3.6, -3.6, -3.6, -3.6])


def test_numbers_that_two_programs_use_differently_are_told_apart_by_their_width(tmp_path: Path) -> None:
    bt_lab: dict[int, Any] = {
        131: [1, 1],
        4: [0.0, 10.0],
        8: [1.0, 1.0],
        6: [3.5, 3.6],
        498: [0.0, 1.0],
        499: [0.0, 0.0],
    }
    frame = _frame(_read(tmp_path, own.mpr(bt_lab)))
    assert frame["charge_counter"].to_list() == [0.0, 1e-3]
    assert frame["voltage"].to_list() == pytest.approx([3.5, 3.6])
    harmonics = own.WIDTHS | {498: "<f4", 499: "<f4"}
    before, own.WIDTHS = own.WIDTHS, harmonics
    try:
        frame = _frame(_read(tmp_path, own.mpr(bt_lab)))
    finally:
        own.WIDTHS = before
    assert "charge_counter" not in frame.columns
    assert frame["voltage"].to_list() == pytest.approx([3.5, 3.6])


def test_three_electrodes_are_told_and_the_cell_can_be_declared(tmp_path: Path) -> None:
    columns = own.gcpl() | {9: np.full(60, 0.1)}
    reading = _read(tmp_path, own.mpr(columns))
    assert "three_electrodes" in _codes(reading)
    np.testing.assert_allclose(_frame(reading)["voltage"], table()["voltage"], rtol=1e-7)
    declared = _frame(_read(tmp_path, own.mpr(columns), {"mapping": {"voltage": "Ewe-Ece/V"}}))
    np.testing.assert_allclose(declared["voltage"], table()["voltage"] - 0.1, rtol=1e-6)
    with pytest.raises(ReadError, match=r"no column 'Ecell/V'.*Ewe/V"):
        _read(tmp_path, own.mpr(columns), {"mapping": {"voltage": "Ecell/V"}})


def test_energy_and_temperature(tmp_path: Path) -> None:
    truth = table()
    columns = own.gcpl() | {
        123: truth["charge_energy_counter"],
        124: truth["discharge_energy_counter"],
        462: np.full(60, 25.5),
    }
    frame = _frame(_read(tmp_path, own.mpr(columns)))
    assert frame["charge_energy_counter"][-1] == pytest.approx(float(truth["charge_energy_counter"].max()))  # type: ignore[arg-type]
    assert frame["temperature"].to_list() == [25.5] * 60
    frame = _frame(_read(tmp_path, own.mpr(own.gcpl() | {74: np.arange(60.0)})))
    assert frame["energy_counter"].to_list() == list(range(60))


@pytest.mark.parametrize(
    ("mass", "unit", "active", "wanted", "code"),
    [
        (2.5, 2, 0.001, {"active_mass": "2.5 mg"}, ""),
        (0.5, 1, 7000.0, {"active_mass": "0.5 g"}, ""),
        (1.0, 2, 0.001, {}, "placeholder_mass"),
        (0.001, 1, 7000.0, {}, "placeholder_mass"),
        (2.5, 2, 3.5, {}, "masses_differ"),
        (2.5, 9, 0.001, {}, "placeholder_mass"),
    ],
)
def test_masses_are_proposed_unless_they_are_placeholders(
    mass: float, unit: int, active: float, wanted: dict[str, str], code: str, tmp_path: Path
) -> None:
    reading = _read(tmp_path, own.mpr(own.gcpl(), mass=mass, unit=unit, active=active))
    assert dict(reading.proposals) == wanted
    assert not code or code in _codes(reading)


# ---------------------------------------------------------------------------------------------- spectra inside a test


def _mixed() -> dict[int, Any]:
    """Ten records of rest, a spectrum of five, five records of charge, a spectrum of five, by modulus and phase."""
    frequency = np.array([0.0] * 10 + [1e4, 1e3, 1e2, 10, 1] + [0.0] * 5 + [1e4, 1e3, 1e2, 10, 1])
    swept = frequency > 0
    time = np.arange(25.0)
    charging = np.arange(25) // 15 == 1
    passed = np.where(charging & ~swept, 0.01, 0.0)
    return {
        1: np.where(charging & ~swept, 1, 3), 131: np.where(charging, 1, 0) + np.where(swept, 2, 0), 4: time,
        6: 3.5 + np.where(charging, 0.1, 0.0) + np.where(swept, 0.004, 0.0), 8: np.where(charging & ~swept, 36.0, 0.0), 7: passed,
        13: np.cumsum(passed), 32: frequency, 36: np.where(swept, 2.0, 0.0), 35: np.where(swept, -60.0, 0.0), 469: np.where(swept, 1 + charging, 0),
    }  # fmt: skip


@pytest.mark.parametrize("version", [3, 11])
def test_spectra_in_a_test_are_measurements_of_their_own(version: int, tmp_path: Path) -> None:
    path = tmp_path / "x.mpr"
    path.write_bytes(own.mpr(_mixed(), version=version, technique=127))
    assert biologic_mpr.technique_of(path.read_bytes()[:65_536], path) == "cycling"
    reading = biologic_mpr.read(path, {})
    frame = _frame(reading)
    assert frame.height == 15
    assert frame["charge_counter"][-1] == pytest.approx(5e-5)
    assert [one.where for one in reading.within] == ["rows 11-15", "rows 21-25"]
    first, second = (one.payload.frame.collect() for one in reading.within if isinstance(one.payload, Table))
    assert first["frequency"].to_list() == [1e4, 1e3, 1e2, 10.0, 1.0]
    np.testing.assert_allclose(first["impedance_real"], 1.0, rtol=1e-6)
    np.testing.assert_allclose(first["impedance_imaginary"], -np.sqrt(3), rtol=1e-6)
    assert second["vendor_cycle"].to_list() == [2] * 5
    states = [one.state["voltage"] for one in reading.within]
    assert [state.value for state in states] == pytest.approx([3.5, 3.6])
    assert [state.high for state in states] == pytest.approx([3.504, 3.604])


def test_a_file_of_spectra_is_told_by_its_technique_or_its_columns(tmp_path: Path) -> None:
    columns: dict[int, Any] = {
        32: [1e3, 10.0, 1e3, 10.0],
        37: [1.0, 2.0, 3.0, 4.0],
        38: [0.5, 0.6, 0.7, -0.8],
        4: [0.0, 1.0, 2.0, 3.0],
        77: [3.7] * 4,
    }
    path = tmp_path / "x.mpr"
    for technique in (29, 30, 200):
        path.write_bytes(own.mpr(columns, technique=technique))
        assert biologic_mpr.technique_of(path.read_bytes()[:65_536], path) == "impedance"
        frame = _frame(biologic_mpr.read(path, {}))
        assert frame["vendor_cycle"].to_list() == [1, 1, 2, 2]
        assert frame["impedance_imaginary"].to_list() == pytest.approx([-0.5, -0.6, -0.7, 0.8])
    columns[32][0] = 0.0
    assert _frame(_read(tmp_path, own.mpr(columns, technique=29))).height == 3
    with pytest.raises(ReadError, match="no row has a frequency"):
        _read(tmp_path, own.mpr(columns | {32: [0.0] * 4}, technique=29))
    with pytest.raises(ReadError, match=r"needs freq/Hz with Re\(Z\)"):
        _read(tmp_path, own.mpr({32: [1.0, 2.0], 4: [0.0, 1.0], 77: [3.7] * 2}, technique=29))


# ------------------------------------------------------------------------------------------------------------- hostile


def test_a_column_that_is_not_known_is_refused_by_its_number(tmp_path: Path) -> None:
    columns: dict[int, Any] = {1: [1, 1], 4: [0.0, 1.0], 6: [3.5, 3.5], 8: [1.0, 1.0]}
    with pytest.raises(ReadError, match=r"number 9998, 9999 is not known.*Export as Text"):
        _read(tmp_path, own.mpr(columns, numbers=[1, 4, 6, 9998, 9999]))


def test_a_column_listed_twice_and_none_at_all_are_refused(tmp_path: Path) -> None:
    columns: dict[int, Any] = {4: [0.0, 1.0], 6: [3.5, 3.5], 8: [1.0, 1.0]}
    with pytest.raises(ReadError, match="columns 6 are listed twice"):
        _read(tmp_path, own.mpr(columns, numbers=[4, 6, 6]))
    with pytest.raises(ReadError, match="announces 0 columns"):
        _read(tmp_path, own.mpr(columns, numbers=[]))
    with pytest.raises(ReadError, match="no column time/s"):
        _read(tmp_path, own.mpr({6: [3.5, 3.5], 8: [1.0, 1.0]}))
    with pytest.raises(ReadError, match="no column Ewe/V"):
        _read(tmp_path, own.mpr({4: [0.0, 1.0], 8: [1.0, 1.0]}))


@pytest.mark.parametrize("rows", [0, 1, 59, 61, 2**31, 2**32 - 1])
def test_a_count_of_points_that_does_not_fill_the_module_is_refused(rows: int, tmp_path: Path) -> None:
    with pytest.raises(ReadError, match=r"do not fill the data module"):
        _read(tmp_path, own.mpr(own.gcpl(), rows=rows))


def test_no_record_at_all_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="0 records are announced"):
        _read(tmp_path, own.mpr({4: [], 6: [], 8: []}))


@pytest.mark.parametrize("length", [0, 5, 405, 10**9, 2**32 - 1])
def test_a_length_that_is_absurd_is_refused(length: int, tmp_path: Path) -> None:
    raw = own.mpr(own.gcpl())
    place = raw.find(b"VMP data") + 35
    with pytest.raises(ReadError, match="byte"):
        _read(tmp_path, raw[:place] + struct.pack("<I", length) + raw[place + 4 :])


def test_an_unknown_version_or_module_is_refused(tmp_path: Path) -> None:
    raw = own.mpr(own.gcpl())
    place = raw.find(b"VMP data") + 39
    with pytest.raises(ReadError, match="version 7; versions 0, 2, 3, 10, 11 are known"):
        _read(tmp_path, raw[:place] + struct.pack("<I", 7) + raw[place + 4 :])
    with pytest.raises(ReadError, match="begins a module 'VMP dada'"):
        _read(tmp_path, raw.replace(b"VMP data", b"VMP dada"))


@pytest.mark.parametrize("version", [3, 11])
def test_a_file_cut_short_anywhere_gives_its_whole_records_and_says_so(version: int, tmp_path: Path) -> None:
    columns: dict[int, Any] = {
        1: [1] * 5,
        131: [1] * 5,
        4: np.arange(5.0),
        7: [0.0, 1.0, 1.0, 1.0, 1.0],
        6: [3.5, 3.6, 3.7, 3.8, 3.9],
    }
    raw = own.mpr(columns, version=version)
    begin = raw.find(b"VMP data") - 6
    after = raw.find(b"VMP LOG") - 6
    first = begin + (65 if version == 11 else 57) + own.FIRST_RECORD[version]
    width = (after - first) // 5
    cuts = [
        0,
        20,
        51,
        52,
        60,
        100,
        begin,
        begin + 6,
        begin + 60,
        begin + 70,
        first - 1,
        *range(first, len(raw), 7),
        len(raw) - 1,
    ]
    for cut in dict.fromkeys(cuts):
        whole = min(5, max(0, cut - first) // width)
        if whole == 0:
            with pytest.raises(ReadError):
                _read(tmp_path, raw[:cut])
            continue
        reading = _read(tmp_path, raw[:cut])
        frame = _frame(reading)
        assert frame["voltage"].to_list() == pytest.approx(columns[6][:whole]), cut
        assert frame["charge_counter"][-1] == pytest.approx(1e-3 * (whole - 1))
        assert ("truncated" in _codes(reading)) == (cut != after), cut


@pytest.mark.parametrize("shift", [-53, -3, 1, 53])
def test_bytes_lost_or_added_among_the_records_are_refused(shift: int, tmp_path: Path) -> None:
    raw = own.mpr(own.gcpl())
    place = raw.find(b"VMP LOG") - 1000
    damaged = raw[:place] + b"\x00" * shift + raw[place:] if shift > 0 else raw[:place] + raw[place - shift :]
    with pytest.raises(ReadError, match=r"bytes are (missing|too many) among the records"):
        _read(tmp_path, damaged)


def test_what_stands_behind_the_records_and_is_no_module_is_told(tmp_path: Path) -> None:
    raw = own.mpr(own.gcpl())
    place = raw.find(b"VMP LOG") - 6
    reading = _read(tmp_path, raw[:place] + b"garbage" * 40)
    assert _frame(reading).height == 60
    assert "truncated" in _codes(reading)
    assert "start" not in reading.test


def test_numbers_that_are_not_finite(tmp_path: Path) -> None:
    for number in (7, 13):
        columns = own.gcpl()
        columns[number] = columns[number].copy()
        columns[number][40] = np.nan
        reading = _read(tmp_path, own.mpr(columns))
        assert _codes(reading) & {"charge_unreadable", "charges_disagree"}
        assert _frame(reading)["charge_counter"].is_finite().all()
    signalling = own.mpr(own.gcpl()).replace(struct.pack("<f", 3.4), b"\xff\xff\xbf\x7f", 1)
    assert _frame(_read(tmp_path, signalling))["voltage"].is_nan().sum() == 1
    for number, bad in ((4, np.nan), (4, np.inf), (4, 1e300), (6, 1e30), (13, np.inf)):
        with pytest.raises(ReadError, match=r"byte \d+: record 5 has a (time|ewe|charge) of"):
            _read(tmp_path, own.mpr(own.gcpl() | {number: np.where(np.arange(60) == 4, bad, own.gcpl()[number])}))
    for bad in (np.nan, np.inf, 1.5, 1e300):
        with pytest.raises(ReadError, match=r"record 4, column 'cycle number'"):
            _read(tmp_path, own.mpr(own.gcpl() | {24: np.where(np.arange(60) == 3, bad, 1.0)}))


def test_a_current_that_nothing_gives_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="neither a current"):
        _read(tmp_path, own.mpr({1: [3, 2], 4: [0.0, 1.0], 6: [3.5, 3.5], 20: [1.0, 1.0]}))
    for number in (5, 20):
        reading = _read(tmp_path, own.mpr({1: [3, 1], 4: [0.0, 1.0], 6: [3.5, 3.5], number: [1.0, 1.0]}))
        assert _frame(reading)["current"].to_list() == pytest.approx([0.0, 1e-3])
        assert "current_from_control" in _codes(reading)
    reading = _read(tmp_path, own.mpr({1: [3, 3], 4: [0.0, 1.0], 6: [3.5, 3.5]}))
    assert _frame(reading)["current"].to_list() == [0.0, 0.0]
    assert "current_at_rest" in _codes(reading)


def test_techniques_of_one_chain_share_a_test_and_stand_in_time_order(tmp_path: Path) -> None:
    early = _read(tmp_path, own.mpr(own.gcpl()))
    columns = own.gcpl()
    late = _read(
        tmp_path, own.mpr(columns | {4: columns[4] + 1000.0}).replace(b"cell_02_GCPL_C04", b"cell_03_GCPL_C04")
    )
    assert early.test["test_id"] == late.test["test_id"]
    assert early.test["start"] < late.test["start"]
    assert _frame(late)["test_time"][0] == 1000.0


# ------------------------------------------------------------------------------------------------------------ voltammetry


@pytest.mark.parametrize(
    ("technique", "feeds"),
    [(6, "voltammetry"), (48, "voltammetry"), (51, "voltammetry"), (108, "voltammetry"), (4, "cycling")],
)
def test_scans_feed_voltammetry(technique: int, feeds: str, tmp_path: Path) -> None:
    volts = np.concatenate([np.linspace(3.0, 4.0, 40), np.linspace(4.0, 3.0, 40)])
    amperes = np.where(np.arange(80) < 40, 2e-3, -2e-3)
    columns = {
        1: np.full(80, 2), 2: np.zeros(80, int), 3: np.zeros(80, int), 21: np.zeros(80, int), 31: np.zeros(80, int),
        65: np.zeros(80, int), 4: np.arange(80) * 2.5, 5: volts, 6: volts, 76: amperes * 1e3, 24: np.repeat([1.0, 2.0], 40),
    }  # fmt: skip
    path = tmp_path / "cv.mpr"
    path.write_bytes(own.mpr(columns, technique=technique))
    assert biologic_mpr.technique_of(path.read_bytes()[:65_536], path) == feeds
    reading = biologic_mpr.read(path, {})
    frame = _frame(reading)
    assert {"test_time", "voltage", "current", "vendor_cycle"} <= set(frame.columns)
    np.testing.assert_allclose(frame["current"], amperes, rtol=1e-6)
    assert frame["vendor_cycle"].to_list() == [1] * 40 + [2] * 40
    assert "voltammetry" not in _codes(reading)


@pytest.mark.parametrize(
    ("name", "feeds"),
    [("Cyclic Voltammetry", "voltammetry"), ("Cyclic Voltammetry Advanced", "voltammetry"), ("Linear Sweep Voltammetry", "voltammetry"),
     ("Galvanostatic Cycling with Potential Limitation", "cycling")],
)  # fmt: skip
def test_text_exports_of_scans_feed_voltammetry(name: str, feeds: str, tmp_path: Path) -> None:
    path = tmp_path / "cv.mpt"
    biologic_mpt.write(table(), path, {})
    lines = path.read_text(encoding="cp1252").replace("Galvanostatic Cycling with Potential Limitation", name)
    path.write_text(lines, encoding="cp1252", newline="")
    assert biologic_mpt.technique_of(path.read_bytes(), path) == feeds
    assert {"test_time", "voltage", "current", "vendor_cycle"} <= set(_frame(biologic_mpt.read(path, {})).columns)
