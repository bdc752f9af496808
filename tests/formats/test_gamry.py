"""Gamry .DTA: experiments by their tag, several tables, decimal commas, signs, and spectra beside another reader's numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from interlith.errors import ReadError
from interlith.formats import gamry_dta
from interlith.model import Reading
from tests.formats.samples import table
from tests.formats.samples.gamry import HEAD, curve, text


def _read(folder: Path, content: str) -> Reading:
    path = folder / "x.DTA"
    path.write_bytes(content.encode("cp1252"))
    return gamry_dta.read(path, {})


def _frame(reading: Reading) -> pl.DataFrame:
    return reading.payload.frame.collect()  # type: ignore[union-attr]


def _codes(reading: Reading) -> set[str]:
    return {flag.code for flag in reading.flags}


SPECTRA = {
    "bayesdrt__550C.0.5V.DTA": (61, (100195.3, 0.6641507, 0.1476726, 3.0, 0.555284), "2020-08-31T16:39:19"),
    "hybriddrt__EISGALV_EISTest3.DTA": (
        71, (1000078.0, 0.04711733, 0.1695821, 1.541807, 1.461591), "2024-10-25T21:09:58.727",
    ),
    "impedancepy__exampleDataGamry.DTA": (72, (200015.6, 825.8584, -1367.239, 1.0, -0.3413299), "2018-04-23T16:43:15"),
}  # fmt: skip


@pytest.mark.parametrize("file", list(SPECTRA))
def test_real_spectra(file: str, data_folder: Path) -> None:
    path = data_folder / "impedance" / file
    head = path.read_bytes()[:65_536]
    assert gamry_dta.sniff(head, path) > 0.9
    assert gamry_dta.technique_of(head, path) == "impedance"
    reading = gamry_dta.read(path, {})
    frame = _frame(reading)
    rows, first, start = SPECTRA[file]
    assert frame.columns == [
        "frequency",
        "impedance_real",
        "impedance_imaginary",
        "test_time",
        "voltage",
        "vendor_cycle",
    ]
    assert frame.height == rows
    assert frame.row(0) == (*first, 1)
    assert reading.test["start"] == start
    assert not reading.flags


def test_the_open_circuit_before_a_spectrum(data_folder: Path) -> None:
    reading = gamry_dta.read(data_folder / "impedance" / "impedancepy__exampleDataGamry.DTA", {})
    assert reading.metadata["open_circuit_voltage_before"] == -0.29198
    assert reading.metadata["tables"]["OCVCURVE"][0] == 387


@pytest.mark.parametrize("decimal", [".", ","])
def test_open_circuit_and_curve_are_one_measurement(decimal: str, tmp_path: Path) -> None:
    reading = _read(tmp_path, text(decimal=decimal))
    frame, truth = _frame(reading), table()
    np.testing.assert_allclose(frame["current"], truth["current"], rtol=1e-5)
    np.testing.assert_allclose(frame["voltage"], truth["voltage"], rtol=1e-5)
    moved = truth["test_time"].to_numpy()
    np.testing.assert_allclose(frame["test_time"], np.r_[moved[:20], moved[20:] - moved[20] + moved[19]], atol=1e-3)
    assert frame["vendor_step"].to_list() == [1] * 20 + [2] * 40
    assert {"time_from_steps", "open_circuit"} <= _codes(reading)
    assert "temperature" not in frame.columns


def _power(tag: str, current: float, *, convention: int = 1) -> str:
    rows = [(k, k * 0.1, 3.5 + 0.01 * k, current, 24.5) for k in range(5)]
    names, units = ["Pt", "T", "Vf", "Im", "Temp"], ["#", "s", "V", "A", "deg C"]
    return HEAD.format(tag=tag, convention=convention) + curve("CURVE", names, units, rows)


@pytest.mark.parametrize(
    ("tag", "printed", "sign", "code"),
    [
        ("PWR800_CHARGE", 0.02, 1, ""),
        ("PWR800_DISCHARGE", -0.02, -1, ""),
        ("PWR800_DISCHARGE", 0.02, -1, "sign_from_step_type"),
        ("PWR800_CHARGE", -0.02, -1, "sign_contradicts_step_type"),
        ("CHRONOA", -0.02, -1, ""),
    ],
)
def test_the_sign_of_the_current(tag: str, printed: float, sign: int, code: str, tmp_path: Path) -> None:
    reading = _read(tmp_path, _power(tag, printed))
    assert _codes(reading) == ({code} if code else set())
    assert set(_frame(reading)["current"].sign()) == {sign}
    assert _frame(reading)["temperature"].to_list() == [24.5] * 5


def test_an_unusual_current_convention_is_said(tmp_path: Path) -> None:
    flags = _read(tmp_path, _power("CHRONOP", 0.02, convention=0)).flags
    assert [(flag.code, flag.severity) for flag in flags] == [("current_convention", "error")]


def test_open_circuit_alone(tmp_path: Path) -> None:
    rows = [(k, k * 0.5, 3.1, 3.2) for k in range(4)]
    body = HEAD.format(tag="CORPOT", convention=1)
    body += curve("CURVE", ["Pt", "T", "Vf", "Vm"], ["#", "s", "V vs. Ref.", "V"], rows, count=False)
    frame = _frame(_read(tmp_path, body))
    assert frame["current"].to_list() == [0.0] * 4
    assert frame["voltage"].to_list() == [3.1] * 4


def test_cycles_of_a_scan_keep_their_common_clock(tmp_path: Path) -> None:
    names, units = ["Pt", "T", "Vf", "Im"], ["#", "s", "V vs. Ref.", "A"]
    body = HEAD.format(tag="CV", convention=1)
    for cycle in range(3):
        body += curve(f"CURVE{cycle + 1}", names, units, [(k, 10 * cycle + k, 0.1 * k, 1e-3) for k in range(10)])
    path = tmp_path / "x.DTA"
    reading = _read(tmp_path, body)
    assert gamry_dta.technique_of(path.read_bytes(), path) == "voltammetry"
    assert _frame(reading)["test_time"].to_list() == list(range(30))
    assert not reading.flags


def test_a_summary_of_cycles_is_refused(tmp_path: Path) -> None:
    names, units = ["Pt", "Time", "Type", "Cycle", "Charge"], ["#", "s", "#", "#", "C"]
    body = HEAD.format(tag="PWR800_CYCLICCHARGEDISCHARGE", convention=1)
    body += curve("CAPACITYCURVE", names, units, [(1, 3493, 0, 1, 4362.1), (2, 6701, 1, 1, 4013.9)])
    with pytest.raises(ReadError, match=r"summary.*CHARGE_#n\.DTA"):
        _read(tmp_path, body)


def test_milliamperes_and_unknown_units(tmp_path: Path) -> None:
    body = _power("CHRONOP", 20.0)
    assert set(_frame(_read(tmp_path, body.replace("\tV\tA\t", "\tV\tmA\t")))["current"]) == {0.02}
    with pytest.raises(ReadError, match="no unit of current"):
        _read(tmp_path, body.replace("\tV\tA\t", "\tV\tfoo\t"))


def test_a_file_cut_short_is_said(tmp_path: Path) -> None:
    whole = text()
    lines = whole.split("\r\n")
    reading = _read(tmp_path, "\r\n".join(lines[:60]))
    assert "truncated" in _codes(reading)
    assert _frame(reading).height == 60 - (len(lines) - 2 - 40) + (40 - 20)
    with_half = _read(tmp_path, "\r\n".join(lines[:60]) + "\r\n\t39\t400\t3.")
    assert _frame(with_half).height == _frame(reading).height


@pytest.mark.parametrize("wrong", ["1,5", "1.234,5", "NaN?", ""])
def test_a_field_that_is_no_number_is_refused_with_its_line(wrong: str, tmp_path: Path) -> None:
    with pytest.raises(ReadError, match=r"table CURVE, column 'Vf'"):
        _read(tmp_path, text().replace("3.42100E+00", wrong or "\t"))


def test_a_date_that_can_be_read_in_two_ways_is_left_out(tmp_path: Path) -> None:
    assert _read(tmp_path, text()).test["start"] == "2026-01-22T09:08:07"
    assert "start" not in _read(tmp_path, text().replace("1/22/2026", "3/10/2026")).test


def test_two_files_put_together_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="another data file begins"):
        _read(tmp_path, text() + text())
    # The first line of the second file may be lost.
    with pytest.raises(ReadError, match="another data file begins"):
        _read(tmp_path, text() + text().partition("\n")[2])
