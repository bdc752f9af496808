"""Do instrument files of other programs give the widths, wavelengths and ratios that these programs mean?"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from interlith.errors import ReadError, StudyError
from interlith.layouts.instrument_facts import InstrumentFacts, fitted_widths
from interlith.layouts.instrument_files import chosen_bank, instrument_bank, instrument_facts, write_instrument_file
from interlith.physics.powder.profile import pseudo_voigt_width

Array = NDArray[np.float64]
ANGLES = np.linspace(8, 130, 40)


def full_width(gauss: np.ndarray, lorentz: np.ndarray) -> np.ndarray:
    return pseudo_voigt_width(gauss, lorentz)[0]


def written(folder: Path, text: str, name: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="latin-1", newline="")
    return path


def one(path: Path) -> InstrumentFacts:
    (found,) = instrument_facts(path)
    return found


def widths(facts: InstrumentFacts, two_theta: Array = ANGLES) -> tuple[Array, Array]:
    """Gaussian and Lorentzian full widths (deg) of what was read, by our own formulas."""
    theta = np.radians(two_theta / 2)
    assert facts.gauss is not None
    assert facts.lorentz is not None
    u, v, w = facts.gauss
    x, y = facts.lorentz
    return np.sqrt(u * np.tan(theta) ** 2 + v * np.tan(theta) + w), x / np.cos(theta) + y * np.tan(theta)


def card(bank: str, name: str, fields: str) -> str:
    return f"INS{bank:>3}{name:<6}{fields}".ljust(80) + "\r\n"


def gsas(
    coefficients: dict[str, float], *, function: int = 3, kind: str = "PXCR", second: float = 0.0, zero: float = 0.0,
    share: float = 0.5, way: int = 0, ratio: float = 0.5, labels: bool = False,
) -> str:  # fmt: skip
    """An instrument file of GSAS in its fixed columns."""
    icons = f"{1.5406:10.6f}{second:10.6f}{zero:10.4f}{'':10}{share:10.3f}{way:5d}{ratio:10.3f}"
    names, values = list(coefficients), list(coefficients.values())
    lines = [card("", " BANK", "     1"), card("", " HTYPE", f"  {kind}"), card("1", " ICONS", icons)]
    lines += [card("1", " IRAD", "    3"), card("1", "I HEAD", "  a diffractometer")]
    lines += [card("1", "PRCF1", f"{function:5d}{len(values):5d}{0.01:10.5f}")]
    for start in range(0, len(values), 4):
        part = values[start : start + 4]
        fields = "".join(f"{value:15.6E}" for value in part)
        if labels:
            fields = "  " + "  ".join(
                f"{name} {value:.6f}" for name, value in zip(names[start : start + 4], part, strict=True)
            )
        lines.append(card("1", f"PRCF1{start // 4 + 1}", fields))
    return " " * 12 + "123456789012345678901234567890".ljust(68) + "\r\n" + "".join(lines)


THREE = {"GU": 2.1, "GV": -1.7, "GW": 4.9, "GP": 0.4, "LX": 1.3, "LY": 5.2, "S/L": 0.021, "H/L": 0.017}


def gsas_profile(coefficients: dict[str, float], two_theta: Array) -> Array:
    """Full width (deg) of the pseudo-Voigt as GSAS defines it: a variance and a width in centidegrees."""
    theta = np.radians(two_theta / 2)
    variance = (
        coefficients.get("GU", 0) * np.tan(theta) ** 2
        + coefficients.get("GV", 0) * np.tan(theta)
        + coefficients.get("GW", 0)
        + coefficients.get("GP", 0) / np.cos(theta) ** 2
    )
    width = coefficients.get("LX", 0) / np.cos(theta) + coefficients.get("LY", 0) * np.tan(theta)
    return full_width(np.sqrt(8 * math.log(2) * variance), width) / 100


def test_the_profile_of_gsas_has_the_width_that_gsas_gives_it(tmp_path: Path) -> None:
    facts = one(written(tmp_path, gsas(THREE, second=1.5444, zero=-2.5, share=0.55), "tube.prm"))
    assert np.allclose(full_width(*widths(facts)), gsas_profile(THREE, ANGLES), rtol=1e-6)
    assert (facts.program, facts.radiation, facts.name) == ("GSAS", "x-ray", "a diffractometer")
    assert facts.wavelengths == (1.5406, 1.5444)
    assert (facts.ratio, facts.polarisation, facts.monochromator) == (0.5, 0.55, 0.0)
    assert facts.zero == pytest.approx(-0.025)
    assert (facts.sample_ratio, facts.slit_ratio) == (0.021, 0.017)
    assert facts.words["anode"] == "Cu"
    assert facts.notes == ()


def test_a_profile_drawn_by_the_definition_of_gsas_has_the_half_width_that_was_read(tmp_path: Path) -> None:
    only = {"GU": 0.0, "GV": 0.0, "GW": 6.25, "GP": 0.0, "LX": 0.0, "LY": 0.0, "S/L": 0.0, "H/L": 0.0}
    facts = one(written(tmp_path, gsas(only), "gauss.prm"))
    centidegrees = np.linspace(-20, 20, 400_001)
    drawn = np.exp(-(centidegrees**2) / (2 * 6.25)) / np.sqrt(2 * np.pi * 6.25)
    high = centidegrees[drawn >= drawn.max() / 2]
    assert widths(facts)[0][0] == pytest.approx((high.max() - high.min()) / 100, rel=1e-4)


def test_a_monochromator_is_told_from_a_polarised_fraction(tmp_path: Path) -> None:
    facts = one(written(tmp_path, gsas(THREE, share=0.8, way=1), "mono.prm"))
    assert facts.polarisation == 0.5
    assert math.cos(math.radians(facts.monochromator)) ** 2 == pytest.approx(0.8)
    strange = one(written(tmp_path, gsas(THREE, share=1.25, way=1), "strange.prm"))
    assert strange.polarisation == pytest.approx(1 / 2.25)
    with pytest.raises(ReadError, match="IPOLA 0 and 1"):
        instrument_facts(written(tmp_path, gsas(THREE, way=2), "wrong.prm"))


FUNCTIONS = {
    1: {"GU": 354.0, "GV": -760.0, "GW": 651.0, "asym": 0.0, "F1": 0.0, "F2": 0.0},
    2: {"GU": 3.0, "GV": -2.0, "GW": 5.0, "LX": 1.3, "LY": 5.2, "trns": 0.0, "asym": 0.0, "shft": 0.0, "GP": 0.7},
    4: {"GU": 3.0, "GV": -2.0, "GW": 5.0, "GP": 0.7, "LX": 1.3, "ptec": 0.0, "trns": 0.0, "shft": 0.0, "sfec": 0.0, "S/L": 0.01, "H/L": 0.02, "eta": 0.75},
}  # fmt: skip


@pytest.mark.parametrize("function", FUNCTIONS)
def test_each_profile_function_has_its_own_order(function: int, tmp_path: Path) -> None:
    values = FUNCTIONS[function]
    facts = one(written(tmp_path, gsas(values, function=function, kind="PNCR"), "any.prm"))
    assert np.allclose(full_width(*widths(facts)), gsas_profile(values, ANGLES), rtol=1e-6)
    assert facts.radiation == "neutron"
    assert math.isnan(facts.polarisation)
    assert facts.notes == ()
    if function == 4:
        assert (facts.sample_ratio, facts.slit_ratio) == (0.01, 0.02)
    else:
        assert math.isnan(facts.sample_ratio)


def test_what_is_not_carried_over_is_said(tmp_path: Path) -> None:
    values = FUNCTIONS[2] | {"asym": 1.5, "shft": -3.0}
    facts = one(written(tmp_path, gsas(values, function=2), "old.prm"))
    assert any("asym = 1.5" in note for note in facts.notes)
    assert any("shft = -3" in note and "displacement" in note for note in facts.notes)


def test_names_beside_the_numbers_are_skipped(tmp_path: Path) -> None:
    plain = one(written(tmp_path, gsas(THREE), "plain.prm"))
    labelled = one(written(tmp_path, gsas(THREE, labels=True), "labelled.prm"))
    assert labelled.gauss == pytest.approx(plain.gauss)
    assert labelled.lorentz == pytest.approx(plain.lorentz)


def test_the_function_with_our_asymmetry_is_taken_of_several(tmp_path: Path) -> None:
    text = gsas(FUNCTIONS[1], function=1)
    more = card("1", "PRCF2", f"{3:5d}{8:5d}{0.01:10.5f}")
    values = list(THREE.values())
    more += card("1", "PRCF21", "".join(f"{value:15.6E}" for value in values[:4]))
    more += card("1", "PRCF22", "".join(f"{value:15.6E}" for value in values[4:]))
    facts = one(written(tmp_path, text + more, "two.prm"))
    assert np.allclose(full_width(*widths(facts)), gsas_profile(THREE, ANGLES), rtol=1e-6)
    assert "also lists 1" in facts.notes[0]


def gsas2(words: dict[str, object], *, bank: int | None = None) -> str:
    head = f"#Bank {bank}: " if bank else "#"
    lines = [f"{head}GSAS-II instrument parameter file; do not add/delete items!"]
    return "\n".join([*lines, *(f"{key}:{value}" for key, value in words.items())]) + "\n"


TWO = {
    "Type": "PXC", "Lam1": 1.5405, "Lam2": 1.5443, "I(L2)/I(L1)": 0.5, "Zero": 0.0123, "Polariz.": 0.7, "Azimuth": 0.0,
    "U": 2.0, "V": -2.0, "W": 5.0, "X": 1.0, "Y": 3.0, "Z": 0.0, "SH/L": 0.0032, "InstrName": "tube",
}  # fmt: skip


def test_gsas2_means_variances_and_a_sum_of_ratios(tmp_path: Path) -> None:
    facts = one(written(tmp_path, gsas2(TWO), "tube.instprm"))
    as_gsas = {"GU": 2.0, "GV": -2.0, "GW": 5.0, "LX": 1.0, "LY": 3.0}
    assert np.allclose(full_width(*widths(facts)), gsas_profile(as_gsas, ANGLES), rtol=1e-9)
    assert (facts.wavelengths, facts.ratio, facts.zero) == ((1.5405, 1.5443), 0.5, 0.0123)
    assert (facts.sample_ratio, facts.slit_ratio) == (0.0016, 0.0016)
    assert (facts.name, facts.polarisation) == ("tube", 0.7)


def test_an_azimuth_turns_the_polarisation(tmp_path: Path) -> None:
    facts = one(written(tmp_path, gsas2(TWO | {"Azimuth": 90.0, "Polariz.": 0.95}), "side.instprm"))
    assert facts.polarisation == pytest.approx(0.05)


def test_several_words_in_a_line_long_texts_and_banks(tmp_path: Path) -> None:
    text = (
        "#GSAS-II instrument parameter file; do not add/delete items!\n"
        "Type:PNC;Bank:1\nLam:1.909;Zero:0.0;Polariz.:0\nU:354.0;V:-760.0;W:651.0;X:0;Y:0;Z:0;SH/L:0.002\n"
        "InstrName:'''D1A\nat ILL'''\nDiff-type:Debye-Scherrer;Gonio. radius:500\n"
    )
    facts = one(written(tmp_path, text, "d1a.instprm"))
    assert (facts.radiation, facts.wavelengths, facts.geometry, facts.radius) == (
        "neutron",
        (1.909,),
        "debye-scherrer",
        500,
    )
    assert facts.words["InstrName"] == "D1A\nat ILL"
    both = written(tmp_path, gsas2(TWO, bank=1) + gsas2(TWO | {"Zero": 0.5}, bank=2), "banks.instprm")
    banks = instrument_facts(both)
    assert [bank.bank for bank in banks] == [1, 2]
    assert chosen_bank(banks, 2, "banks").zero == 0.5
    with pytest.raises(StudyError, match="banks 1, 2; name one"):
        chosen_bank(banks, None, "banks")
    with pytest.raises(StudyError, match="no bank 3"):
        chosen_bank(banks, 3, "banks")


def test_a_constant_width_is_carried_over_nearly_and_says_so(tmp_path: Path) -> None:
    facts = one(written(tmp_path, gsas2(TWO | {"Z": 1.0}), "z.instprm"))
    theta = np.radians(ANGLES / 2)
    gaussian = np.sqrt(8 * math.log(2) * (2 * np.tan(theta) ** 2 - 2 * np.tan(theta) + 5)) / 100
    lorentzian = (1 / np.cos(theta) + 3 * np.tan(theta) + 1) / 100
    meant = full_width(gaussian, lorentzian)
    assert np.abs(full_width(*widths(facts)) / meant - 1).max() < 0.05
    assert "Z = 1 centidegrees" in facts.notes[0]
    assert "at most" in facts.notes[0]


def irf(extra: str = "", *, row: str = "0.0034 -0.0021 0.0041 0.012 0.021 0.0") -> str:
    return (
        "! Instrument resolution\nTITLE lab tube\nJOBT  XR_CW\nWAVE  1.540560 1.544390 0.5000 ! two lines\n"
        f"THRG 10.0 0.02 120.0\nCTHM 0.7998\nRKK 0.5\nASYMM 0.025 0.031\nGEOM Bragg-Brentano\nUVWXYZ {row}\n{extra}"
    )


def fullprof_width(row: str, two_theta: Array) -> Array:
    """Full width (deg) as FullProf defines it for Res = 1."""
    u, v, w, x, y, z = (float(word) for word in row.split())
    theta = np.radians(two_theta / 2)
    gaussian = np.sqrt((u * np.tan(theta) + v) * np.tan(theta) + w)
    return full_width(gaussian, x * np.tan(theta) + y / np.cos(theta) + z)


def test_the_resolution_of_fullprof_has_x_and_y_the_other_way_round(tmp_path: Path) -> None:
    facts = one(written(tmp_path, irf(), "tube.irf"))
    row = "0.0034 -0.0021 0.0041 0.012 0.021 0.0"
    assert facts.lorentz == (0.021, 0.012)
    assert np.allclose(full_width(*widths(facts)), fullprof_width(row, ANGLES), rtol=1e-9)
    assert (facts.wavelengths, facts.ratio, facts.polarisation) == ((1.54056, 1.54439), 0.5, 0.5)
    assert math.cos(math.radians(facts.monochromator)) ** 2 == pytest.approx(0.7998)
    assert (facts.sample_ratio, facts.slit_ratio, facts.geometry) == (0.025, 0.031, "bragg-brentano")
    assert (facts.radiation, facts.name) == ("x-ray", "lab tube")


def test_polarisation_and_monochromator_mean_the_intensities_of_fullprof(tmp_path: Path) -> None:
    facts = one(written(tmp_path, irf().replace("RKK 0.5", "RKK 0.1"), "sync.irf"))
    cosine = np.cos(np.radians(ANGLES)) ** 2
    theirs = 1 - 0.1 + 0.1 * 0.7998 * cosine
    damped = math.cos(math.radians(facts.monochromator)) ** 2
    ours = facts.polarisation + (1 - facts.polarisation) * damped * cosine
    assert np.allclose(ours / ours[0], theirs / theirs[0])


def test_a_file_without_words_is_read_by_its_rows(tmp_path: Path) -> None:
    text = "Resolution function of D2B   ires: 1\n! U V W X Y Z\n 0.04 -0.12 0.15 0.01 0.02 0.0\n 0.04 -0.12 0.15 0.01 0.02 0.0\n"
    facts = one(written(tmp_path, text, "d2b.irf"))
    assert facts.gauss == (0.04, -0.12, 0.15)
    assert facts.lorentz == (0.02, 0.01)
    assert facts.wavelengths == ()
    assert facts.notes == ()
    silent = one(written(tmp_path, text.replace("ires: 1", ""), "silent.irf"))
    assert "Res = 1 is taken" in silent.notes[0]
    with pytest.raises(ReadError, match="Res = 8 is not known"):
        instrument_facts(written(tmp_path, text.replace("ires: 1", "ires: 8"), "new.irf"))


def test_a_table_of_widths_is_followed(tmp_path: Path) -> None:
    two_theta = np.linspace(10, 140, 27)
    theta = np.radians(two_theta / 2)
    gaussian = np.sqrt(0.04 * np.tan(theta) ** 2 - 0.06 * np.tan(theta) + 0.05)
    lorentzian = 0.02 / np.cos(theta) + 0.03 * np.tan(theta)
    rows = "\n".join(f"{a:.4f} {b:.8f} {c:.8f}" for a, b, c in zip(two_theta, gaussian, lorentzian, strict=True))
    text = irf().replace(
        "UVWXYZ 0.0034 -0.0021 0.0041 0.012 0.021 0.0\n", f"N_POINTS {len(two_theta)}\n! a comment\n{rows}\n"
    )
    facts = one(written(tmp_path, text, "table.irf"))
    assert facts.gauss == pytest.approx((0.04, -0.06, 0.05), abs=1e-5)
    assert facts.lorentz == pytest.approx((0.02, 0.03), abs=1e-5)
    assert "come closest from 10 to 140 deg" in facts.notes[0]
    with pytest.raises(ReadError, match="announces 30 rows, 27 are there"):
        instrument_facts(written(tmp_path, text.replace("N_POINTS 27", "N_POINTS 30"), "short.irf"))
    jagged = text.replace(f"{gaussian[13]:.8f}", f"{3 * gaussian[13]:.8f}")
    with pytest.raises(ReadError, match="cannot be written as U, V, W, X, Y"):
        instrument_facts(written(tmp_path, jagged, "jagged.irf"))


@settings(max_examples=30, deadline=None)
@given(st.floats(0.001, 0.5), st.floats(0.0, 0.99), st.floats(0.0, 0.05), st.floats(0.0, 0.05))
def test_widths_of_our_own_form_are_found_again(size: float, slope: float, x: float, y: float) -> None:
    theta = np.radians(ANGLES / 2)
    u, v, w = size, -2 * slope * math.sqrt(size * 0.02), 0.02
    gaussian = np.sqrt(u * np.tan(theta) ** 2 + v * np.tan(theta) + w)
    found = fitted_widths(ANGLES, gaussian, x / np.cos(theta) + y * np.tan(theta))
    assert found.worst < 1e-6
    assert found.gauss == pytest.approx((u, v, w), rel=1e-4, abs=1e-6)


def test_time_of_flight_is_recognised_and_refused(tmp_path: Path) -> None:
    flight = gsas(THREE, kind="PNTR")
    irf_flight = "Instrumental resolution function for POWGEN ireso: 6\nNPROF 10\nTOFRG 5000 4 51000\nD2TOF 22580.6 0 -1\nTWOTH 90.0\nSIGMA 1 2 3\nEND\n"
    two = gsas2({"Type": "PNT", "difC": 22600.0, "difA": -0.9, "Zero": -8.5})
    for name, text in (("a.prm", flight), ("b.irf", irf_flight), ("c.instprm", two)):
        banks = instrument_facts(written(tmp_path, text, name))
        assert banks[0].time_of_flight
        assert banks[0].words
        with pytest.raises(ReadError, match="time of flight is not modelled yet"):
            chosen_bank(banks, None, name)


def test_an_instrument_of_another_program_is_kept_in_a_file_of_ours(tmp_path: Path) -> None:
    theirs = instrument_bank(written(tmp_path, gsas(THREE, second=1.5444, share=0.8, way=1), "tube.prm"))
    path = write_instrument_file(theirs, tmp_path / "tube.toml", std={"zero": 0.002})
    ours = instrument_bank(path)
    for name in (
        "radiation",
        "wavelengths",
        "ratio",
        "monochromator",
        "gauss",
        "lorentz",
        "sample_ratio",
        "slit_ratio",
    ):
        assert getattr(ours, name) == getattr(theirs, name)
    assert (ours.program, ours.std) == ("Interlith", {"zero": 0.002})
    assert instrument_bank(write_instrument_file(ours, tmp_path / "again.toml")) == ours
    with pytest.raises(StudyError, match="did you mean 'zero'"):
        write_instrument_file({"zeros": 0.1}, path)
    with pytest.raises(StudyError, match="time of flight cannot be written"):
        write_instrument_file(InstrumentFacts("GSAS", time_of_flight=True), path)


def test_what_is_no_instrument_is_refused(tmp_path: Path) -> None:
    for text, words in (
        ("10.0 5.0\n", "no instrument file that is known"), ("", "no instrument file that is known"),
        (gsas(THREE).replace("HTYPE", "HTXPE"), "no card HTYPE"), (gsas(THREE).replace("4.900000E+00", "4.9000x0E+00"), "is no number"),
        (gsas(THREE, kind="PXER"), "allowed: PXC"), (gsas2(TWO | {"Type": "PXB"}), "profile that is not modelled"),
        (gsas2({"Type": "PXC", "U": 1.0}), "no wavelength"), (gsas2(TWO | {"U": "wide"}), "'wide' is no number"),
        ("a\0b", "is no text"), (irf(row="1 2 3"), "6 numbers are needed"), (irf().replace("CTHM 0.7998", "CTHM 26.6"), "CTHM is cos"),
    ):  # fmt: skip
        with pytest.raises(ReadError, match=words):
            instrument_facts(written(tmp_path, text, "any.prm"))
    with pytest.raises(ReadError, match="no instrument file"):
        instrument_facts(tmp_path / "missing.prm")


def test_files_of_the_shared_sets(data_folder: Path) -> None:
    folder = data_folder / "diffraction"
    synchrotron = one(folder / "seq_CuCr2O4_11bm" / "OH_00.prm")
    assert (synchrotron.wavelengths, synchrotron.polarisation) == ((0.413263,), 0.99)
    assert widths(synchrotron, np.array([10.0]))[0][0] == pytest.approx(0.00581, rel=1e-3)
    tube = one(folder / "pbso4" / "INST_XRY.PRM")
    assert (tube.wavelengths, tube.ratio, tube.polarisation, tube.sample_ratio) == ((1.5405, 1.5443), 0.5, 0.7, 0.015)
    neutrons = one(folder / "pbso4" / "inst_d1a.prm")
    assert (neutrons.radiation, neutrons.wavelengths, neutrons.zero) == ("neutron", (1.909,), -0.001)
    assert [bank.time_of_flight for bank in instrument_facts(folder / "tof_vulcan_seq" / "Vulcan.prm")] == [True, True]
    assert one(folder / "tof_nac_powgen" / "POWGEN_1066.instprm").time_of_flight


def test_the_widths_of_a_neutron_diffractometer_are_those_of_its_peaks(data_folder: Path) -> None:
    from scipy.optimize import curve_fit

    folder = data_folder / "diffraction" / "cw_garnet"
    facts = one(folder / "inst_d1a.prm")
    lines = (folder / "garnet.raw").read_text(encoding="latin-1").splitlines()[2:]
    cells = [line[start : start + 8] for line in lines for start in range(0, 80, 8)]
    counts = np.array([float(cell[2:]) for cell in cells if cell.strip()])
    two_theta = 24 + 0.05 * np.arange(len(counts))

    def peak(x: Array, area: float, centre: float, width: float, level: float) -> Array:
        return np.asarray(area * np.exp(-4 * math.log(2) * ((x - centre) / width) ** 2) + level)

    for centre in (57.72, 68.78, 71.77, 88.98, 96.03):
        near = np.abs(two_theta - centre) < 0.8
        values, _ = curve_fit(peak, two_theta[near], counts[near], [counts[near].max(), centre, 0.4, 200])
        # Half the width, 2.35 times too narrow or too wide would be another unit.
        assert widths(facts, np.array([centre]))[0][0] == pytest.approx(abs(values[2]), rel=0.05)
