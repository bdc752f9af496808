"""Spectra as each vendor prints them: every number comes back, the sign is that of the cell, and variants of a layout are read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from interlith.errors import ReadError
from interlith.model import Reading, Sample
from interlith.workbench.discovery import formats
from interlith.workbench.reading import measure_all, read_file, recognise
from tests.formats.samples import SAMPLES, impedance, make
from tests.formats.samples.impedance import POINTS, cell, frequencies

#: Relative size of the last printed digit.
DIGITS = {"ch_instruments": 6e-4, "impedance_rows": 1e-5}
ONE_CELL = [name for name in SAMPLES if name in formats() and formats()[name].technique == "impedance"]


def frame_of(reading: Reading) -> pl.DataFrame:
    return reading.payload.frame.collect()  # type: ignore[union-attr]


def put(folder: Path, lines: list[str], name: str = "x.txt", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(("\n".join(lines) + "\n").encode(encoding))
    return path


def codes(reading: Reading, *, notes: bool = True) -> set[str]:
    return {flag.code for flag in reading.flags if notes or flag.severity != "note"}


def impedance_of(frame: pl.DataFrame, number: int = 1) -> np.ndarray:
    part = frame.filter(pl.col("vendor_cycle") == number)
    return part["impedance_real"].to_numpy() + 1j * part["impedance_imaginary"].to_numpy()


@pytest.mark.parametrize("name", ONE_CELL)
def test_the_first_spectrum_of_every_sample_is_the_cell(name: str, tmp_path: Path) -> None:
    found, reading = read_file(make(name, tmp_path), options=SAMPLES[name].options)
    assert found.name == name
    frame = frame_of(reading)
    first = frame.filter(pl.col("vendor_cycle") == 1)
    tolerance = DIGITS.get(name, 1e-6)
    np.testing.assert_allclose(first["frequency"], frequencies(), rtol=tolerance)
    scale = 2.0 if name == "impedance_lists" else 1.0
    truth = cell(scale=scale)
    if name == "impedance_csv":
        truth = truth * 1e3  # printed in kohm
    assert np.abs(impedance_of(frame) / truth - 1).max() < 2 * tolerance
    assert codes(reading, notes=False) <= {"units_not_printed"}


@pytest.mark.parametrize("name", ["palmsens_csv", "palmsens_session", "versastudio", "parstat", "relaxis"])
def test_several_spectra_of_a_file_are_told_apart(name: str, tmp_path: Path) -> None:
    frame = frame_of(read_file(make(name, tmp_path))[1])
    assert frame["vendor_cycle"].to_list() == [1] * POINTS + [2] * POINTS
    np.testing.assert_allclose(impedance_of(frame, 2), cell(scale=1.3), rtol=1e-7)


def test_times_and_potentials_come_along(tmp_path: Path) -> None:
    truth = impedance.frame(2)
    frame = frame_of(read_file(make("versastudio", tmp_path))[1])
    np.testing.assert_allclose(frame["test_time"], truth["test_time"], rtol=1e-6)
    np.testing.assert_allclose(frame["voltage"], truth["voltage"], rtol=1e-12)
    frame = frame_of(read_file(make("relaxis", tmp_path))[1])
    assert sorted(frame["voltage"].unique()) == pytest.approx([3.8, 3.9])


@pytest.mark.parametrize(("delimiter", "decimal"), [(";", ","), ("\t", "."), ("\t", ","), (",", ".")])
def test_nova_in_other_locales(delimiter: str, decimal: str, tmp_path: Path) -> None:
    path = put(tmp_path, impedance.nova(delimiter, decimal))
    found, reading = read_file(path)
    assert found.name == "autolab_nova"
    np.testing.assert_allclose(impedance_of(frame_of(reading)), cell(), rtol=1e-7)


def test_nova_whose_sign_of_ohm_was_lost_says_so(tmp_path: Path) -> None:
    path = put(tmp_path, [line.replace("Ω", "?") for line in impedance.nova()])
    assert "unit_garbled" in codes(read_file(path)[1])


@pytest.mark.parametrize("minus", [True, False])
def test_pstrace_prints_the_imaginary_part_turned_whatever_its_name(minus: bool, tmp_path: Path) -> None:
    path = put(tmp_path, impedance.pstrace(minus=minus), "x.csv", "utf-16")
    reading = read_file(path)[1]
    np.testing.assert_allclose(impedance_of(frame_of(reading)), cell(), rtol=1e-7)
    assert ("imaginary_printed_turned" in codes(reading)) == (not minus)


def test_a_line_of_pstrace_that_is_quoted_as_a_whole(tmp_path: Path) -> None:
    lines = [f'"{line}"' if at % 2 else line for at, line in enumerate(impedance.pstrace())]
    np.testing.assert_allclose(
        impedance_of(frame_of(read_file(put(tmp_path, lines, "x.csv"))[1]), 2), cell(scale=1.3), rtol=1e-7
    )


def test_a_session_without_spectra_is_refused(tmp_path: Path) -> None:
    path = put(
        tmp_path, ['{"Type": "PalmSens.DataFiles.SessionFile", "Measurements": [{"EISDataList": []}]}'], "x.pssession"
    )
    with pytest.raises(ReadError, match="no measurement of this session has a spectrum"):
        read_file(path)
    path = put(tmp_path, [impedance.session().replace('"V": 100000.0', '"V": "many"', 1)], "x.pssession")
    with pytest.raises(ReadError, match="'many', which is no number"):
        read_file(path)


def test_the_run_up_of_thales_is_left_out(tmp_path: Path) -> None:
    reading = read_file(make("zahner_text", tmp_path))[1]
    assert frame_of(reading).height == POINTS
    assert "run_up_left_out" in codes(reading)
    without = read_file(put(tmp_path, impedance.zahner(run_up=False)))[1]
    assert frame_of(without).equals(frame_of(reading))
    assert "run_up_left_out" not in codes(without)


def test_a_binary_par_names_the_export(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match=r"DataFormat=Binary.*data format ASCII"):
        read_file(put(tmp_path, ["<Application>", "Name=VersaStudio", "</Application>", "DataFormat=Binary"], "x.par"))


def test_a_curve_that_zview_calculated_is_refused(tmp_path: Path) -> None:
    lines = [line.replace("Z60W Data", "ZView Calculated Data") for line in impedance.z60w()]
    with pytest.raises(ReadError, match="a curve that ZView calculated"):
        read_file(put(tmp_path, lines))


def test_announced_points_that_are_missing_are_told(tmp_path: Path) -> None:
    whole = make("zplot", tmp_path).read_bytes().splitlines(keepends=True)
    path = tmp_path / "cut.z"
    path.write_bytes(b"".join(whole[:-4]))
    reading = read_file(path)[1]
    assert codes(reading) == {"truncated"}
    assert frame_of(reading).height == POINTS - 4


def test_errors_that_the_instrument_marked_are_told(tmp_path: Path) -> None:
    text = make("zplot", tmp_path).read_text(encoding="ascii").replace("0.0000E+00\t0\t4", "0.0000E+00\t2\t4", 3)
    assert "instrument_error" in codes(read_file(put(tmp_path, text.splitlines(), "x.z"))[1])


@pytest.mark.parametrize("turned", [True, False])
def test_a_scan_of_ch_instruments_is_voltammetry_with_oxidation_positive(turned: bool, tmp_path: Path) -> None:
    lines, volts, amperes = impedance.chi_scan(turned=turned)
    path = put(tmp_path, lines)
    assert recognise(path).technique == "voltammetry"
    measurement = measure_all(path, Sample("cell", "cell"), technique="voltammetry")[0]
    frame = measurement.payload.frame.collect()  # type: ignore[union-attr]
    assert frame.columns == ["test_time", "voltage", "current", "vendor_cycle"]
    np.testing.assert_allclose(frame["voltage"], volts, atol=5e-4)
    np.testing.assert_allclose(frame["current"], amperes, rtol=1e-3, atol=1e-9)
    assert frame["test_time"][-1] == pytest.approx(2.4 / 0.05)
    assert frame["vendor_cycle"].value_counts().sort("vendor_cycle")["count"].to_list() == [121, 120]
    assert ({flag.code for flag in measurement.flags} == {"time_from_scan_rate", "current_turned"}) == turned


def test_a_scan_without_its_rate_is_refused(tmp_path: Path) -> None:
    lines = [line for line in impedance.chi_scan()[0] if "Scan Rate" not in line]
    with pytest.raises(ReadError, match="Scan Rate"):
        read_file(put(tmp_path, lines))


def test_a_spectrum_of_ivium(tmp_path: Path) -> None:
    from interlith.formats import ivium
    from tests.formats.samples.ivium import HEAD

    z = cell()
    for sign in (1, -1):
        body = ["Method=Impedance", "Title=a test", "Mconfig", "primary_data", " 3", f" {POINTS}"]
        body += [
            f"{re: .6E}  {sign * im: .6E}  {f: .6E}" for re, im, f in zip(z.real, z.imag, frequencies(), strict=True)
        ]
        path = tmp_path / "x.ids"
        path.write_bytes(HEAD + "\r\n".join([*body, "end", ""]).encode())
        assert ivium.technique_of(path.read_bytes(), path) == "impedance"
        reading = ivium.read(path, {})
        np.testing.assert_allclose(impedance_of(frame_of(reading)), z, rtol=1e-6)
        assert {"columns_by_position", "imaginary_sign_by_physics"} == codes(reading)


def test_gamry_with_several_curves_and_a_disagreeing_modulus(tmp_path: Path) -> None:
    from interlith.formats import gamry_dta
    from tests.formats.samples.gamry import HEAD, curve

    names, units = ["Pt", "Time", "Freq", "Zreal", "Zimag", "Zmod", "Zphz"], ["#", "s", "Hz", "ohm", "ohm", "ohm", "°"]
    body = HEAD.format(tag="EISPOT", convention=1)
    for number in range(2):
        z = cell(scale=1 + number)
        rows = [(at, at + 100 * number, f, one.real, one.imag, abs(one) * (1.05 if at == 3 else 1), np.degrees(np.angle(one)))
                for at, (f, one) in enumerate(zip(frequencies(), z, strict=True))]  # fmt: skip
        body += curve(f"ZCURVE{number}", names, units, rows)
    path = tmp_path / "x.DTA"
    path.write_bytes(body.encode("cp1252"))
    reading = gamry_dta.read(path, {})
    np.testing.assert_allclose(impedance_of(frame_of(reading), 2), cell(scale=2), rtol=1e-12)
    told = {flag.code: flag for flag in reading.flags}
    assert set(told) == {"several_spectra", "polar_disagrees"}
    assert "2 of 62 points" in told["polar_disagrees"].message
