"""What is checked of every spectrum and never assumed: sign, unit, area, phase, order, twice and missing points, decimal sign."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from interlith.errors import ReadError
from interlith.model import Reading
from interlith.workbench.reading import read_file
from tests.formats.samples import impedance
from tests.formats.samples.impedance import POINTS, cell, frequencies
from tests.formats.test_impedance_vendors import codes, frame_of, impedance_of, put


def bare(
    folder: Path, z: np.ndarray | None = None, *, options: Mapping[str, Any] | None = None, f: np.ndarray | None = None
) -> Reading:
    z, f = cell() if z is None else z, frequencies() if f is None else f
    lines = [f"{one:.9g}\t{two.real:.9g}\t{two.imag:.9g}" for one, two in zip(f, z, strict=True)]
    return read_file(put(folder, lines), options=options)[1]


def named(folder: Path, names: str, pattern: str, *, options: Mapping[str, Any] | None = None) -> Reading:
    return read_file(put(folder, [names, *impedance.rows(pattern)]), options=options)[1]


# ------------------------------------------------------------------------------------------------------------------- sign


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("rising", [False, True])
def test_a_sign_that_no_name_tells_is_decided_and_told(turned: bool, rising: bool, tmp_path: Path) -> None:
    order = slice(None, None, -1 if rising else 1)
    z = cell().conj() if turned else cell()
    reading = bare(tmp_path, z[order], f=frequencies()[order])
    np.testing.assert_allclose(impedance_of(frame_of(reading)), cell()[order], rtol=1e-8)
    (flag,) = [one for one in reading.flags if one.code == "imaginary_sign_by_physics"]
    assert flag.severity == "note"
    assert ("sign turned" in flag.message.partition(":")[0]) == turned


def test_an_inductive_loop_at_low_frequency_does_not_mislead(tmp_path: Path) -> None:
    """Its half plane is the wrong one over most of the lower half, so causality must decide, and is not called sure."""
    omega = 2 * np.pi * frequencies()
    z = 20.0 + 5 / (1 + 1j * omega * 1e-4) - 15 / (1 + 1j * omega * 0.05)
    for one in (z, z.conj()):
        reading = bare(tmp_path, one)
        np.testing.assert_allclose(impedance_of(frame_of(reading)), z, rtol=1e-8)
        (flag,) = [one for one in reading.flags if one.code == "imaginary_sign_by_physics"]
        assert flag.severity == "warning"


def test_a_blocking_electrode_is_taken_as_capacitive(tmp_path: Path) -> None:
    z = 50 + 1 / (2j * np.pi * frequencies() * 1e-6)
    for one in (z, z.conj()):
        np.testing.assert_allclose(impedance_of(frame_of(bare(tmp_path, one))), z, rtol=1e-8)


def test_a_pure_resistance_tells_nothing_and_is_taken_as_printed(tmp_path: Path) -> None:
    noise = np.random.default_rng(3).normal(0, 1e-4, POINTS)
    assert "imaginary_sign_unknown" in codes(bare(tmp_path, 50 + 1j * noise))


@pytest.mark.parametrize(("declared", "sign"), [("as printed", 1), ("negated", -1)])
def test_a_declared_sign_goes_before_what_the_numbers_say(declared: str, sign: int, tmp_path: Path) -> None:
    reading = bare(tmp_path, options={"imaginary": declared})
    np.testing.assert_allclose(impedance_of(frame_of(reading)).imag, sign * cell().imag, rtol=1e-7)
    assert "imaginary_declared" in codes(reading)
    with pytest.raises(ReadError, match="imaginary is 'turned'"):
        bare(tmp_path, options={"imaginary": "turned"})


def test_a_name_goes_first_and_a_contradiction_is_told(tmp_path: Path) -> None:
    reading = named(tmp_path, "f/Hz,Z'/ohm,Z''/ohm", "{f},{re},{minus}")
    (flag,) = [one for one in reading.flags if one.code == "imaginary_sign_contradicted"]
    assert flag.severity == "warning"
    np.testing.assert_allclose(impedance_of(frame_of(reading)), cell().conj(), rtol=1e-12)
    assert '"x.txt": {imaginary: negated}' in flag.message
    # A word for all files does not touch a name; one for this file does.
    for words, wanted in (
        ({"imaginary": "negated"}, cell().conj()),
        ({"files": {"x.txt": {"imaginary": "negated"}}}, cell()),
    ):
        again = named(tmp_path, "f/Hz,Z'/ohm,Z''/ohm", "{f},{re},{minus}", options=words)
        np.testing.assert_allclose(impedance_of(frame_of(again)), wanted, rtol=1e-12)


@pytest.mark.parametrize(
    ("names", "pattern"),
    [
        ("freq/Hz\tRe(Z)/Ohm\t-Im(Z)/Ohm", "{f}\t{re}\t{minus}"),
        ("f (Hz),Zreal (ohm),Zimag (ohm)", "{f},{re},{im}"),
        ("Frequency [Hz];Z' [Ω];Z\" [Ω]", "{f};{re};{im}"),
        ("f/kHz;Z′/Ω;−Z″/Ω", "{f}e-3;{re};{minus}"),
        ("omega/rad/s,Z'/mohm,Im(Z)/mohm", "{f},{re}e3,{im}e3"),
        ("Frequency/Hz,|Z|/ohm,Phase/deg", "{f},{mod},{phase}"),
        ("Frequency/Hz,|Z|/ohm,-Phase/°", "{f},{mod},{turned}"),
    ],
)  # fmt: skip
def test_names_signs_and_units(names: str, pattern: str, tmp_path: Path) -> None:
    reading = named(tmp_path, names, pattern)
    frame = frame_of(reading)
    scale = 2 * np.pi if "omega" in names else 1.0
    if "omega" in names:
        assert "not_causal" not in codes(reading)
    np.testing.assert_allclose(frame["frequency"] * scale, frequencies(), rtol=1e-12)
    np.testing.assert_allclose(impedance_of(frame), cell(), rtol=1e-11)


# ------------------------------------------------------------------------------------------------------------------- units


def test_milli_and_mega_are_told_apart_by_case(tmp_path: Path) -> None:
    for unit, factor in (("mHz", 1e-3), ("MHz", 1e6)):
        frame = frame_of(named(tmp_path, f"f/{unit};Z'/ohm;Z''/ohm", "{f};{re};{im}"))
        assert frame["frequency"][0] == pytest.approx(1e5 * factor)
    with pytest.raises(ReadError, match="'mhz', which is not understood"):
        named(tmp_path, "f/mhz;Z'/ohm;Z''/ohm", "{f};{re};{im}")
    with pytest.raises(ReadError, match="'furlong', which is not understood"):
        named(tmp_path, "f/Hz;Z'/furlong;Z''/ohm", "{f};{re};{im}")


def test_a_column_without_unit_is_refused_until_it_is_declared(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match=r"line 1: the frequency 'f' has no unit.*units: \{frequency: Hz\}"):
        named(tmp_path, "f;Z';Z''", "{f};{re};{im}")
    units = {"frequency": "Hz", "impedance_real": "kohm", "impedance_imaginary": "kohm"}
    frame = frame_of(named(tmp_path, "f;Z';Z''", "{f};{re};{im}", options={"units": units}))
    np.testing.assert_allclose(impedance_of(frame), 1e3 * cell(), rtol=1e-12)


def test_ohm_is_assumed_of_bare_columns_only_with_a_warning(tmp_path: Path) -> None:
    assert "units_not_printed" in codes(bare(tmp_path), notes=False)
    units = {"frequency": "Hz", "impedance_real": "mohm", "impedance_imaginary": "mohm"}
    declared = bare(tmp_path, options={"units": units})
    assert "units_not_printed" not in codes(declared)
    np.testing.assert_allclose(impedance_of(frame_of(declared)), 1e-3 * cell(), rtol=1e-8)


@pytest.mark.parametrize("unit", ["ohm cm^2", "Ohm*cm2", "Ω·cm²", "ohm.cm2"])
def test_ohm_times_an_area_is_never_silently_ohm(unit: str, tmp_path: Path) -> None:
    names = f"f/Hz;Z' ({unit});Z'' ({unit})"
    with pytest.raises(ReadError, match=r'area: "1\.13 cm'):
        named(tmp_path, names, "{f};{re};{im}")
    reading = named(tmp_path, names, "{f};{re};{im}", options={"area": "2 cm^2"})
    np.testing.assert_allclose(impedance_of(frame_of(reading)), cell() / 2, rtol=1e-12)
    assert "divided_by_area" in codes(reading)
    for wrong in ("2", "2 g", "-2 cm^2"):
        with pytest.raises(ReadError, match="area"):
            named(tmp_path, names, "{f};{re};{im}", options={"area": wrong})


# ------------------------------------------------------------------------------------------------------------------- phase


def test_a_phase_without_unit_is_told_by_its_numbers_or_refused(tmp_path: Path) -> None:
    reading = named(tmp_path, "f/Hz;|Z|/ohm;phase", "{f};{mod};{phase}")
    assert "phase_unit" in codes(reading)
    np.testing.assert_allclose(impedance_of(frame_of(reading)), cell(), rtol=1e-11)
    small = [f"{f};{abs(z)};{np.angle(z)}" for f, z in zip(frequencies(), cell(), strict=True)]
    with pytest.raises(ReadError, match=r"could be degrees or radians; declare `units: \{phase: deg\}`"):
        read_file(put(tmp_path, ["f/Hz;|Z|/ohm;phase", *small]))
    told = read_file(put(tmp_path, ["f/Hz;|Z|/ohm;phase", *small]), options={"units": {"phase": "rad"}})[1]
    np.testing.assert_allclose(impedance_of(frame_of(told)), cell(), rtol=1e-11)


def test_a_third_column_that_is_a_phase_is_refused(tmp_path: Path) -> None:
    lines = [line.replace(";", "\t") for line in impedance.rows("{f};{mod};{phase}")]
    with pytest.raises(ReadError, match=r"modulus and phase in degrees.*units: \{phase: deg\}"):
        read_file(put(tmp_path, lines))
    words = {"mapping": {"frequency": "1", "modulus": "2", "phase": "3"}, "units": {"phase": "deg"}}
    np.testing.assert_allclose(
        impedance_of(frame_of(read_file(put(tmp_path, lines), options=words)[1])), cell(), rtol=1e-11
    )


def test_modulus_and_phase_that_contradict_are_told(tmp_path: Path) -> None:
    names = "f/Hz;Z'/ohm;Z''/ohm;|Z|/ohm;Phase/deg"
    assert not codes(named(tmp_path, names, "{f};{re};{im};{mod};{phase}"))
    assert codes(named(tmp_path, names, "{f};{re};{im};{mod};{turned}")) == {"phase_turned"}
    lines = impedance.rows("{f};{re};{im};{mod};{phase}")
    lines[4] = lines[4].replace(lines[4].split(";")[3], "77.7")
    reading = read_file(put(tmp_path, [names, *lines]))[1]
    assert [(flag.code, flag.where) for flag in reading.flags] == [("polar_disagrees", "line 6")]


# ----------------------------------------------------------------------------------------------------------- rows and order


def test_rows_that_are_no_points_are_left_out_and_told(tmp_path: Path) -> None:
    lines = impedance.rows("{f};{re};{im}")
    lines[3], lines[7], lines[9] = "0;1;1", "500;0;0", "400;nan;-1"
    reading = read_file(put(tmp_path, ["f/Hz;Z'/ohm;Z''/ohm", *lines]))[1]
    assert frame_of(reading).height == POINTS - 3
    assert {(flag.code, flag.where) for flag in reading.flags} == {
        ("frequency_not_positive", "line 5"), ("zero_impedance", "line 9"), ("rows_without_number", "line 11"),
    }  # fmt: skip


def test_a_frequency_that_stands_twice_is_told_and_kept(tmp_path: Path) -> None:
    lines = impedance.rows("{f};{re};{im}")
    reading = read_file(put(tmp_path, ["f/Hz;Z'/ohm;Z''/ohm", *lines[:5], lines[4], *lines[5:]]))[1]
    assert frame_of(reading).height == POINTS + 1
    assert [(flag.code, flag.where) for flag in reading.flags] == [("duplicate_frequency", "line 7")]


def test_a_point_out_of_order_is_told(tmp_path: Path) -> None:
    lines = impedance.rows("{f};{re};{im}")
    lines[10], lines[11] = lines[11], lines[10]
    assert codes(read_file(put(tmp_path, ["f/Hz;Z'/ohm;Z''/ohm", *lines]))[1]) == {"frequencies_unordered"}


def test_sweeps_down_and_up_are_two_spectra(tmp_path: Path) -> None:
    down = impedance.rows("{f};{re};{im}")
    reading = read_file(put(tmp_path, ["f/Hz;Z'/ohm;Z''/ohm", *down, *reversed(down)]))[1]
    assert frame_of(reading)["vendor_cycle"].to_list() == [1] * POINTS + [2] * POINTS
    assert codes(reading) == {"several_spectra"}
    again = read_file(put(tmp_path, ["f/Hz;Z'/ohm;Z''/ohm", *down, *down]))[1]
    assert frame_of(again)["vendor_cycle"].n_unique() == 2
    assert codes(again) == {"several_spectra", "spectrum_repeated"}
    moved = read_file(put(tmp_path, ["f/Hz;Z'/ohm;Z''/ohm", *down[12:], *down[:12]]))[1]
    assert "spectra_by_jumps" in codes(moved, notes=False)


def test_a_file_cut_short_is_told(tmp_path: Path) -> None:
    whole = "\n".join(["f/Hz;Z'/ohm;Z''/ohm", *impedance.rows("{f:.6e};{re:.6e};{im:.6e}")])
    for cut in (8, 16, 21):
        path = tmp_path / "cut.csv"
        path.write_text(whole[:-cut], encoding="utf-8")
        reading = read_file(path)[1]
        assert codes(reading) == {"truncated"}
        assert frame_of(reading).height == POINTS - 1
    lines = whole.split("\n")
    lines[4] = lines[4].rpartition(";")[0]
    with pytest.raises(ReadError, match="line 5 has 2 fields where 3 are needed"):
        read_file(put(tmp_path, lines))


def test_mixed_decimal_signs_and_thousands_are_refused(tmp_path: Path) -> None:
    lines = ["f/Hz;Z'/ohm;Z''/ohm", *impedance.rows("{f:.6e};{re:.6e};{im:.6e}")]
    lines[6] = lines[6].replace(".", ",")
    with pytest.raises(ReadError, match=r"with a comma \('1,000000e\+04', line 7\) and with a point"):
        read_file(put(tmp_path, lines))
    lines[6] = "1,234.5;1.0;-1.0"
    with pytest.raises(ReadError, match=r"line 7: '1,234\.5' has a thousands separator"):
        read_file(put(tmp_path, lines))


def test_numbers_of_other_columns_are_told(tmp_path: Path) -> None:
    chance = np.random.default_rng(1)
    assert "not_causal" in codes(bare(tmp_path, 10 + chance.normal(0, 3, POINTS) + 1j * chance.normal(0, 3, POINTS)))


# ------------------------------------------------------------------------------------------------- tables of many spectra


def test_several_cells_are_never_mixed(tmp_path: Path) -> None:
    path = put(tmp_path, impedance.wide(cells=3), "x.csv")
    with pytest.raises(ReadError, match=r"3 cells .*: 1, 2, 3\. Declare which"):
        read_file(path)
    reading = read_file(path, options={"cell": 2})[1]
    frame = frame_of(reading)
    assert frame["vendor_cycle"].n_unique() == 4
    assert sorted(frame["cycle"].unique()) == [1, 2, 5, 9]
    assert [one["Q_relative"] for one in reading.metadata["spectra"]] == ["1.000", "0.950", "0.900", "0.850"]
    every = read_file(path, options={"cell": "all"})[1]
    assert frame_of(every)["vendor_cycle"].n_unique() == 12
    assert "several_cells" in codes(every, notes=False)
    with pytest.raises(ReadError, match="no cell '7'"):
        read_file(path, options={"files": {"*.csv": {"cell": 7}}})


def test_a_unit_in_the_names_of_a_wide_table(tmp_path: Path) -> None:
    words = {"units": {"impedance_real": "ohm", "impedance_imaginary": "ohm"}}
    reading = read_file(put(tmp_path, impedance.wide(unit="kHz"), "x.csv"), options=words)[1]
    assert frame_of(reading)["frequency"].max() == pytest.approx(1e8)
    assert not codes(reading, notes=False)


def test_lists_in_cells(tmp_path: Path) -> None:
    path = put(tmp_path, impedance.lists(samples=2), "x.csv")
    with pytest.raises(ReadError, match=r"2 cells \(column 'experimentID'\): E1, E2"):
        read_file(path)
    frame = frame_of(read_file(path, options={"cell": "E2"})[1])
    assert frame["temperature"].unique(maintain_order=True).to_list() == [-20, 0, 20]
    np.testing.assert_allclose(impedance_of(frame, 3), cell(scale=1), rtol=1e-8)
    lines = impedance.lists()
    with pytest.raises(ReadError, match=r"line 3: .* holds '1e5x', which is no number"):
        read_file(put(tmp_path, [*lines[:2], lines[2].replace("[100000", "[1e5x"), lines[3]], "x.csv"))
    with pytest.raises(ReadError, match=r"line 2: the lists of the spectrum have different lengths"):
        read_file(put(tmp_path, [lines[0], lines[1].replace("[100000, ", "["), *lines[2:]], "x.csv"))


def test_rows_without_frequencies_say_what_to_declare(tmp_path: Path) -> None:
    path = put(tmp_path, impedance.matrix())
    with pytest.raises(ReadError, match=r"31 points each.*frequencies: \{from: 20 kHz, to: 0.02 Hz, points: 60\}"):
        read_file(path)
    (tmp_path / "freq.txt").write_text("\n".join(f"{one:.9g}" for one in frequencies()), encoding="utf-8")
    for said in (impedance.AXIS, {"file": "freq.txt"}, [float(one) for one in frequencies()]):
        reading = read_file(path, options={"frequencies": said})[1]
        np.testing.assert_allclose(impedance_of(frame_of(reading), 3), cell(scale=1.4), atol=1e-5)
        assert {"arrangement_by_smoothness", "imaginary_sign_by_physics", "units_not_printed"} <= codes(reading)
    for wrong, match in (
        ({**impedance.AXIS, "points": 30}, "30 frequencies are declared, but a spectrum of this file has 31"),
        ({"from": "20 kg", "to": "1 Hz", "points": 31}, "frequencies: from"),
        ({"from": "20 kHz", "to": "0 Hz", "points": 31}, "above zero"),
        ("20 kHz", "frequencies is '20 kHz'"),
        ({"file": "absent.txt"}, "absent"),
    ):
        with pytest.raises(ReadError, match=match):
            read_file(path, options={"frequencies": wrong})


def test_an_axis_declared_the_wrong_way_round_is_an_error(tmp_path: Path) -> None:
    turned = {"from": "0.1 Hz", "to": "100 kHz", "points": POINTS}
    reading = read_file(put(tmp_path, impedance.matrix()), options={"frequencies": turned})[1]
    assert [flag.severity for flag in reading.flags if flag.code == "frequencies_reversed"] == ["error"]


def test_rows_with_parts_in_turn(tmp_path: Path) -> None:
    lines = [
        " ".join(f"{value:.12e}" for one in cell(scale=scale) for value in (one.real, one.imag)) for scale in (1, 1.5)
    ]
    reading = read_file(put(tmp_path, lines), options={"frequencies": impedance.AXIS})[1]
    np.testing.assert_allclose(impedance_of(frame_of(reading), 2), cell(scale=1.5), rtol=1e-11)
    with pytest.raises(ReadError, match="arrangement is 'mixed'"):
        read_file(put(tmp_path, lines), options={"frequencies": impedance.AXIS, "arrangement": "mixed"})


def test_words_for_files_are_checked(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="knows no word 'imaginery'; did you mean 'imaginary'"):
        bare(tmp_path, options={"files": {"*.txt": {"imaginery": "negated"}}})
    with pytest.raises(ReadError, match="files must give words"):
        bare(tmp_path, options={"files": "x.txt"})
