"""Patterns in columns: what names, numbers and declarations make of them, and what could be anything."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interlith.errors import ReadError
from interlith.formats import diffraction_text
from interlith.model import Reading
from tests.formats.samples.diffraction_texts import with_std
from tests.formats.samples.diffraction_vendor import ABOUT, pattern

ANGLE = 18 + 0.02 * np.arange(40)
COUNTS = pattern()["intensity"].to_numpy()
ROWS = [f"{angle:.3f} {counts:.0f}" for angle, counts in zip(ANGLE, COUNTS, strict=True)]
SIGMA = [f"{row} {math.sqrt(max(counts, 1)):.4f}" for row, counts in zip(ROWS, COUNTS, strict=True)]


def _read(path: Path, text: str | bytes, **options: Any) -> tuple[pl.DataFrame, Reading]:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    reading = diffraction_text.read(path, options)
    return reading.payload.frame.collect(), reading  # type: ignore[union-attr]


def _codes(reading: Reading) -> list[str]:
    return sorted({flag.code for flag in reading.flags})


def _lines(*above: str, rows: list[str] = ROWS) -> str:
    return "\n".join([*above, *rows]) + "\n"


def _sniff(path: Path, text: str) -> float:
    path.write_text(text, encoding="utf-8")
    return diffraction_text.sniff(path.read_bytes()[:65_536], path)


COMMA = [row.replace(".", ",") for row in ROWS]
PRINTED = {
    "hash": _lines("# 2theta  I"),
    "star": _lines("/* made", "   by hand */", "2Theta Intensity"),
    "bang": _lines("! Two-theta (deg)  Intensity (counts)"),
    "tabs": _lines("2Theta\tI", rows=[row.replace(" ", "\t") for row in ROWS]),
    "commas": _lines("2theta, counts", rows=[row.replace(" ", ", ") for row in ROWS]),
    "semicolons and decimal commas": _lines("2θ [°];Intensität", rows=[row.replace(" ", ";") for row in COMMA]),
    "blanks and decimal commas": _lines("2theta I", rows=COMMA),
    "quoted names": _lines('"2theta (deg)","Intensity"', rows=[row.replace(" ", ",") for row in ROWS]),
    "pANalytical": _lines("[Scan points]", "Angle,Intensity", rows=[row.replace(" ", ",") for row in ROWS]),
    "chi": _lines("a.chi", "2-Theta Angle (Degrees)", "Intensity", "      40", rows=[f" {row}" for row in ROWS]),
    "carriage returns": _lines("2theta I").replace("\n", "\r\n"),
    "mark": "\ufeff" + _lines("2theta I"),
    "exponents": _lines("2theta I", rows=[f"{angle:.8E} {counts:.6E}" for angle, counts in zip(ANGLE, COUNTS, strict=True)]),
    "Fortran": _lines("2theta I", rows=[f"{angle:.8E} {counts:.6E}".replace("E", "D") for angle, counts in zip(ANGLE, COUNTS, strict=True)]),
    "descending": _lines("2theta I", rows=ROWS[::-1]),
    "bare": _lines(),
}  # fmt: skip


@pytest.mark.parametrize("name", list(PRINTED))
def test_one_pattern_in_every_print(name: str, tmp_path: Path) -> None:
    frame, reading = _read(tmp_path / "a.txt", PRINTED[name])
    assert frame.columns == ["two_theta", "intensity"]
    np.testing.assert_allclose(frame["two_theta"], ANGLE, atol=1e-9)
    np.testing.assert_array_equal(frame["intensity"], COUNTS)
    assert reading.metadata["instrument"]["step"] == pytest.approx(0.02)
    assert _codes(reading) == (["columns_by_position"] if name == "bare" else [])
    assert _sniff(tmp_path / "b.txt", PRINTED[name]) >= (0.4 if name == "bare" else 0.8)


def test_utf_16_is_text(tmp_path: Path) -> None:
    frame, _ = _read(tmp_path / "a.txt", _lines("2theta I").encode("utf-16"))
    np.testing.assert_array_equal(frame["intensity"], COUNTS)


def test_an_uncertainty_that_is_none_gives_no_weight(tmp_path: Path) -> None:
    rows = SIGMA.copy()
    for at, sigma in ((3, "0.0"), (5, "-2"), (7, "nan"), (9, "***")):
        rows[at] = f"{ROWS[at]} {sigma}"
    rows[11] = f"{ANGLE[11]:.3f} -4 2.0"
    rows[13] = f"{ANGLE[13]:.3f} nan 2.0"
    frame, reading = _read(tmp_path / "a.xye", _lines("# 2theta I sigma", rows=rows))
    lost = [3, 5, 7, 9, 11, 13]
    assert np.flatnonzero(frame["intensity_std"].is_null().to_numpy()).tolist() == lost
    assert frame.height == 40  # nothing is dropped
    assert frame["intensity"][11] == -4
    assert next(flag.message for flag in reading.flags if flag.code == "points_without_weight").startswith("6 points")


def test_a_zero_count_is_a_good_point(tmp_path: Path) -> None:
    rows = [
        f"{angle:.3f} {counts:.0f}" for angle, counts in zip(ANGLE, np.where(COUNTS < 22, 0, COUNTS // 12), strict=True)
    ]
    frame, reading = _read(tmp_path / "a.txt", _lines("2theta counts", rows=rows))
    assert (frame["intensity"] == 0).sum() > 2
    assert "intensity_std" not in frame.columns
    assert _codes(reading) == []


def test_counts_per_second_become_counts_where_the_time_is_known(tmp_path: Path) -> None:
    rows = [f"{angle:.3f} {counts / 8:.6f}" for angle, counts in zip(ANGLE, COUNTS, strict=True)]
    frame, reading = _read(tmp_path / "a.txt", _lines("# Time per step (sec) = 8.0", "# 2theta  cps", rows=rows))
    np.testing.assert_allclose(frame["intensity"], COUNTS, atol=1e-4)
    assert reading.metadata["instrument"]["counting_time"] == 8.0
    frame, reading = _read(tmp_path / "a.txt", _lines("# 2theta  Intensity (cps)", rows=rows))
    np.testing.assert_allclose(frame["intensity"], COUNTS / 8, atol=1e-4)
    assert _codes(reading) == ["counting_time_unknown"]


def test_the_header_says_wavelengths_temperature_and_start(tmp_path: Path) -> None:
    above = ["# Wavelength1 = 1.5406 A", "# Wavelength2 = 1.5444", "# Ka2/Ka1: 0.5", "# Anode: Copper (Cu)", "! Temperature (K) = 298.15",
             "; Scan start: 2024-03-05 06:07:08", "# 2theta I"]  # fmt: skip
    _, reading = _read(tmp_path / "a.txt", _lines(*above))
    told = reading.metadata["instrument"]
    assert (told["wavelengths"], told["ratio"]) == ([1.5406, 1.5444], 0.5)
    assert reading.test == {"start": "2024-03-05T06:07:08"}
    state = reading.state["temperature"]
    assert (state.value, state.low, state.high, state.unit) == pytest.approx((25.0, 24.995, 25.005, "degC"))


def test_a_date_alone_is_no_start(tmp_path: Path) -> None:
    _, reading = _read(
        tmp_path / "a.txt", _lines("2022.09.19 19:37:16", "2Theta\tI", rows=[row.replace(" ", "\t") for row in ROWS])
    )
    assert reading.test == {}
    assert reading.metadata["header"]["date"] == "2022.09.19 19:37:16"


@pytest.mark.parametrize(
    ("name", "axis", "factor"),
    [("2th_deg", "two_theta", 1.0), ("2th_rad", "two_theta", 180 / math.pi), ("q_nm^-1", "scattering_vector", 0.1),
     ("q_A^-1", "scattering_vector", 1.0), ("Q (1/Å)", "scattering_vector", 1.0), ("Q (Inverse Nanometres)", "scattering_vector", 0.1),
     ("TOF (us)", "time_of_flight", 1.0), ("tof_ms", "time_of_flight", 1000.0)],
)  # fmt: skip
def test_integrated_pictures(name: str, axis: str, factor: float, tmp_path: Path) -> None:
    above = ["# == pyFAI calibration ==", "# Distance Sample to Detector: 0.2 m", "# Wavelength: 7.2932e-11m", "# Polarization factor: 0.99",
             "# --> a.dat", f"#{name:14s}  {'I':14s}  {'sigma':14s}"]  # fmt: skip
    printed = ANGLE / 60 if name == "2th_rad" else ANGLE
    rows = [f"{at:14.6e}  {row.partition(' ')[2]}" for at, row in zip(printed, SIGMA, strict=True)]
    frame, reading = _read(tmp_path / "a.dat", _lines(*above, rows=rows))
    assert frame.columns == [axis, "intensity", "intensity_std"]
    np.testing.assert_allclose(frame[axis], printed * factor, rtol=1e-6)
    if axis != "time_of_flight":
        assert reading.metadata["instrument"]["wavelengths"] == [0.72932]
    assert ("step" in reading.metadata["instrument"]) == (axis == "two_theta")


def test_a_q_without_unit_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match=r"line 2: the column 'q' has no unit; declare .*1/angstrom, 1/nm"):
        _read(tmp_path / "a.dat", _lines("# q I sigma", rows=SIGMA))
    frame, _ = _read(tmp_path / "a.dat", _lines("# q I sigma", rows=SIGMA), units={"scattering_vector": "1/nm"})
    np.testing.assert_allclose(frame["scattering_vector"], ANGLE / 10)


def test_a_header_whose_unit_was_never_filled_in(tmp_path: Path) -> None:
    """A release of pyFAI wrote its own placeholder in place of the unit."""
    text = _lines("# --> a.dat", "#{str(dim1_unit):14s}  {'I':14s}  {'sigma':14s}", rows=[f"{row} 3.2" for row in ROWS])
    with pytest.raises(ReadError, match=r"declare|which column is what"):
        _read(tmp_path / "a.dat", text)


def test_observed_and_calculated_columns(tmp_path: Path) -> None:
    rows = [f"{angle:.3f},{counts + 0.5},1,{counts:.0f},2" for angle, counts in zip(ANGLE, COUNTS, strict=True)]
    frame, reading = _read(tmp_path / "a.txt", _lines("'y-axis saved as y", "'x,Ycalc,Diff,lnmo.raw,Bkg", rows=rows))
    np.testing.assert_array_equal(frame["intensity"], COUNTS)
    assert "Ycalc, Diff, Bkg" in next(flag.message for flag in reading.flags)
    with pytest.raises(ReadError, match=r"line 1: the intensities are saved as sqrt\(y\)"):
        _read(tmp_path / "a.txt", _lines("'y-axis saved as sqrt(y)", "'x,lnmo.raw,Diff,Ycalc,Bkg", rows=rows))


def test_an_export_of_gsas_ii(tmp_path: Path) -> None:
    rows = [
        f"{angle:.3f},{counts:.0f},{1 / counts:.6f},{counts + 1:.3f},20.0,1.2"
        for angle, counts in zip(ANGLE, COUNTS, strict=True)
    ]
    above = ['"Histogram:","LNMO"', '"x","y_obs","weight","y_calc","y_bkg","Q"']
    frame, _ = _read(tmp_path / "a.csv", _lines(*above, rows=rows))
    np.testing.assert_array_equal(frame["intensity"], COUNTS)
    np.testing.assert_allclose(frame["two_theta"], ANGLE)
    later = [f"{1000 * float(row.partition(',')[0]):.1f},{row.partition(',')[2]}" for row in rows]
    with pytest.raises(ReadError, match=r"two theta would reach 18780 deg"):
        _read(tmp_path / "a.csv", _lines(*above, rows=later))


def test_several_patterns_below_each_other(tmp_path: Path) -> None:
    text = (
        _lines("# Temp (K) = 300.00", "# 2theta I")
        + "\n"
        + _lines("# Temp (K) = 350.00", "# 2theta I")
        + "\nScan 3\n"
        + _lines()
    )
    frame, reading = _read(tmp_path / "a.txt", text)
    assert frame["frame"].to_list() == [0] * 40 + [1] * 40 + [2] * 40
    temperatures = frame.group_by("frame", maintain_order=True).first()["temperature"].to_list()
    assert temperatures == pytest.approx([26.85, 76.85, None])
    assert "temperature" not in reading.state  # of the third pattern nothing is said
    frame, reading = _read(tmp_path / "a.txt", text.partition("Scan 3")[0])
    assert reading.state["temperature"].low == pytest.approx(26.845)
    assert reading.state["temperature"].high == pytest.approx(76.855)


def test_a_blank_line_within_a_pattern_begins_no_other(tmp_path: Path) -> None:
    frame, _ = _read(tmp_path / "a.txt", _lines("# 2theta I", rows=[*ROWS[:9], "", "# a remark", *ROWS[9:]]))
    assert frame.columns == ["two_theta", "intensity"]
    assert frame.height == 40


def test_the_result_is_read_where_repeats_stand_above_it(tmp_path: Path) -> None:
    twice = [f"{angle:.3f} {2 * counts:.0f}" for angle, counts in zip(ANGLE, COUNTS, strict=True)]
    text = (
        _lines("2Theta I", "", "line№ 0 ;repeat№ 0")
        + "\nline№ 0 ;repeat№ 1\n"
        + _lines()
        + "\nResult vector\n"
        + _lines(rows=twice)
    )
    frame, reading = _read(tmp_path / "a.txt", text)
    np.testing.assert_array_equal(frame["intensity"], 2 * COUNTS)
    assert "2 repeats were left out" in next(flag.message for flag in reading.flags if flag.code == "repeats_left_out")
    frame, reading = _read(
        tmp_path / "a.txt", _lines("2Theta I", "", "line№ 0 ;repeat№ 0") + "\nResult vector\n" + _lines()
    )
    assert frame.height == 40
    assert "stand twice" in next(flag.message for flag in reading.flags if flag.code == "repeats_left_out")


def test_xydata_of_fullprof(tmp_path: Path) -> None:
    above = ["XYDATA", "INTER 1.0 1.0 0", "TEMP 298.15", "COMM made", "COMM by", "COMM hand"]
    frame, reading = _read(tmp_path / "a.dat", _lines(*above, rows=SIGMA))
    assert frame.columns == ["two_theta", "intensity", "intensity_std"]
    assert reading.state == {}  # the unit is not printed
    with pytest.raises(ReadError, match=r"line 2: 'INTER 1.0 10.0 0' scales the columns"):
        _read(tmp_path / "a.dat", _lines("XYDATA", "INTER 1.0 10.0 0", *above[2:], rows=SIGMA))


def test_a_declaration_by_names_or_numbers(tmp_path: Path) -> None:
    rows = [f"{counts:.0f} 7 {angle:.3f}" for angle, counts in zip(ANGLE, COUNTS, strict=True)]
    frame, _ = _read(tmp_path / "a.txt", _lines(rows=rows), mapping={"two_theta": "3", "intensity": "1"})
    np.testing.assert_allclose(frame["two_theta"], ANGLE)
    np.testing.assert_array_equal(frame["intensity"], COUNTS)
    text = _lines("n;k;w", rows=[row.replace(" ", ";") for row in rows])
    frame, _ = _read(
        tmp_path / "a.txt", text, mapping={"two_theta": "w", "intensity": "n"}, units={"two_theta": "centidegree"}
    )
    np.testing.assert_allclose(frame["two_theta"], ANGLE / 100)


@pytest.mark.parametrize(
    ("options", "said"),
    [({"mapping": {"two_theta": "1"}}, "needs intensity and one of"), ({"mapping": {"twotheta": "1", "intensity": "2"}}, "two_theta"),
     ({"mapping": {"two_theta": "1", "intensity": "9"}}, "no column '9'"), ({"mapping": "1"}, "must give a column"),
     ({"units": {"two_theta": "gon"}}, "cannot be in 'gon'"), ({"units": {"angle": "deg"}}, "no quantity 'angle'"),
     ({"units": "deg"}, "must give a unit"), ({"decimal": ":"}, "decimal is ':'"),
     ({"mapping": {"two_theta": "1", "time_of_flight": "1", "intensity": "2"}}, "one of")],
)  # fmt: skip
def test_a_wrong_declaration_is_told(options: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(ReadError, match=rf"a\.txt.*{said}"):
        _read(tmp_path / "a.txt", _lines(), **options)


FRACTIONS = [f"{angle:.3f} {counts / 7:.4f}" for angle, counts in zip(ANGLE, COUNTS, strict=True)]
ANYTHING = {
    "no whole counts": (_lines(rows=FRACTIONS), r"the second column holds no whole counts"),
    "a third column": (_lines(rows=[f"{row} {9 - n / 8}" for n, row in enumerate(ROWS)]), r"does not behave as the uncertainty"),
    "uneven steps": (_lines(rows=[f"{np.exp(angle) / 1e7:.4f} {counts:.0f}" for angle, counts in zip(ANGLE, COUNTS, strict=True)]),
                     r"does not rise in even steps"),
    "four columns": (_lines(rows=[f"{row} 1 2" for row in ROWS]), r"4 columns have no names"),
    "energies": (_lines(rows=[f"{angle + 500:.3f} {counts:.0f}" for angle, counts in zip(ANGLE, COUNTS, strict=True)]),
                 r"runs from 518 to 518.78, which is no two theta"),
    "names of nothing": (_lines("a;b", rows=[row.replace(" ", ";") for row in ROWS]), r"are named a, b"),
}  # fmt: skip


@pytest.mark.parametrize("name", list(ANYTHING))
def test_what_could_be_anything_is_refused_with_the_declaration(name: str, tmp_path: Path) -> None:
    text, said = ANYTHING[name]
    with pytest.raises(
        ReadError, match=rf"a\.txt: line \d+: .*{said}.*analyses: {{diffraction: {{mapping: {{two_theta"
    ):
        _read(tmp_path / "a.txt", text)
    assert _sniff(tmp_path / "a.txt", text) < 0.4
    axis = "time_of_flight" if name == "energies" else "two_theta"
    frame, _ = _read(tmp_path / "a.txt", text, mapping={axis: "1", "intensity": "2"})
    assert frame.columns == [axis, "intensity"]
    assert frame.height == 40


def test_an_ending_helps_where_only_counts_are_missing(tmp_path: Path) -> None:
    frame, reading = _read(tmp_path / "a.xy", _lines(rows=FRACTIONS))
    assert frame.height == 40
    assert _codes(reading) == ["columns_by_position", "intensity_unit_unknown"]


@pytest.mark.parametrize(
    "above",
    ["BE/eV,counts", "Energy (eV),mu", "Voltage (V),Capacity (mAh/g)", "Time/s,Voltage/V", "freq,Z'", "Raman shift,I"],
)
def test_columns_of_other_methods_are_left_to_others(above: str, tmp_path: Path) -> None:
    assert _sniff(tmp_path / "a.csv", _lines(above, rows=[row.replace(" ", ",") for row in ROWS])) == 0.0


def test_a_list_of_peaks_or_a_log_is_none(tmp_path: Path) -> None:
    assert _sniff(tmp_path / "a.txt", "\n".join(f"{n} {n * n}" for n in range(5))) == 0.0
    assert _sniff(tmp_path / "a.txt", "\n".join(f"00:00:{n:02d} {3 + n / 99:.3f} 39.0" for n in range(50))) == 0.0
    assert _sniff(tmp_path / "a.txt", _lines("BANK 1 40 40 CONS 1 1 0 0 FXY")) == 0.0


@pytest.mark.parametrize(
    ("at", "row", "said"),
    [(20, "18.4O0 25", "no row of numbers|is no number"), (20, "18.400", "the row has 1 columns"), (20, "1.400 25", "goes back from"),
     (20, "18.400 25 3", "the row has 3 columns"), (20, "18.400 2_5", "is no number"), (20, "nan 25", "no row of numbers")],
)  # fmt: skip
def test_a_damaged_row_is_named(at: int, row: str, said: str, tmp_path: Path) -> None:
    rows = ROWS.copy()
    rows[at] = row
    with pytest.raises(ReadError, match=rf"a\.txt: line {at + 2}: .*({said})"):
        _read(tmp_path / "a.txt", _lines("2theta I", rows=rows))


@pytest.mark.parametrize("at", [0, 1, 2, 3])
@pytest.mark.parametrize("row", ["18.0O0 25", "x 25", "1", "18.02 2_5"])
def test_no_first_row_is_lost_without_a_word(at: int, row: str, tmp_path: Path) -> None:
    if at == 0 and not row.startswith("18"):
        return  # a line of words or one number above a table is its heading
    rows = ROWS.copy()
    rows[at] = row
    with pytest.raises(ReadError, match=r"a\.txt: line \d+: .*(looks like a row|is no row|columns)"):
        _read(tmp_path / "a.txt", _lines("2theta I", rows=rows))


def test_a_first_row_without_a_number_is_a_row(tmp_path: Path) -> None:
    frame, _ = _read(tmp_path / "a.txt", _lines("2theta I", rows=["18.000 nan", *ROWS[1:]]))
    assert frame.height == 40
    assert frame["intensity"].null_count() == 1


def test_a_row_that_is_cut_short_is_left_out_and_told(tmp_path: Path) -> None:
    frame, reading = _read(tmp_path / "a.xye", _lines("# 2theta I sigma", rows=SIGMA).rstrip("\n").rpartition(" ")[0])
    assert frame.height == 39
    assert _codes(reading) == ["truncated"]


def test_thousands_are_not_taken_for_decimals(tmp_path: Path) -> None:
    """18.02,1,234 would be three columns, of which two have names."""
    rows = [f"{angle:.3f},{counts:,.0f}" for angle, counts in zip(ANGLE, COUNTS * 100, strict=True)]
    with pytest.raises(ReadError, match=r"line 2 has 3 columns, but the names above are only 2"):
        _read(tmp_path / "a.csv", _lines("2theta,counts", rows=rows))


FINITE = st.floats(0, 1e7, allow_subnormal=False)


@given(
    axis=st.sampled_from(["two_theta", "scattering_vector", "time_of_flight"]),
    start=st.floats(0.5, 100),
    step=st.floats(1e-3, 0.5),
    points=st.lists(
        st.tuples(st.one_of(FINITE, st.none()), st.one_of(st.floats(1e-3, 1e4), st.none())), min_size=4, max_size=30
    ),
    wavelength=st.floats(0.1, 3.0),
    temperature=st.floats(-260, 1500),
)
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_is_read(
    axis: str, start: float, step: float, points: list[tuple[float | None, float | None]], wavelength: float, temperature: float, tmp_path: Path
) -> None:  # fmt: skip
    frame = pl.DataFrame(
        {
            axis: start + step * np.arange(len(points)),
            "intensity": [point[0] for point in points],
            "intensity_std": [point[1] for point in points],
        },
        schema={axis: pl.Float64, "intensity": pl.Float64, "intensity_std": pl.Float64},
    )
    path = tmp_path / "a.xye"
    about = {"instrument": {"wavelengths": [wavelength]}, "temperature": temperature, "start": "2024-03-05T06:07:08"}
    diffraction_text.write(frame, path, about)
    reading = diffraction_text.read(path, {})
    found = reading.payload.frame.collect()  # type: ignore[union-attr]
    np.testing.assert_allclose(found[axis], frame[axis], rtol=1e-11)
    known = frame["intensity"].is_not_null()
    np.testing.assert_allclose(
        found["intensity"].to_numpy()[known.to_numpy()], frame["intensity"].drop_nulls(), rtol=1e-9, atol=1e-300
    )
    weighed = known & frame["intensity_std"].is_not_null()
    assert found["intensity_std"].is_not_null().to_list() == weighed.to_list()
    np.testing.assert_allclose(found["intensity_std"].drop_nulls(), frame["intensity_std"].filter(weighed), rtol=1e-9)
    assert reading.metadata["instrument"]["wavelengths"] == pytest.approx([wavelength], rel=1e-8)
    assert reading.state["temperature"].value == pytest.approx(temperature, abs=1e-5)
    assert reading.test == {"start": "2024-03-05T06:07:08"}


def test_a_series_is_written_and_read(tmp_path: Path) -> None:
    frame = with_std(pattern(4))
    diffraction_text.write(frame, tmp_path / "a.xye", ABOUT)
    reading = diffraction_text.read(tmp_path / "a.xye", {})
    found = reading.payload.frame.collect()  # type: ignore[union-attr]
    assert found.select(frame.columns).columns == frame.columns
    for name in frame.columns:
        np.testing.assert_allclose(found[name], frame[name], rtol=1e-9, atol=1e-5 if name == "temperature" else 0)
    assert reading.metadata["instrument"] | {} == {
        "wavelengths": [1.5406, 1.54443], "ratio": 0.5, "anode": "Cu", "radiation": "x-ray", "counting_time": 2.5, "step": 0.02,
    }  # fmt: skip
    assert "LNMO" in str(reading.metadata["header"]["Sample"])


def test_a_frame_without_a_position_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match=r"needs rows of intensity and one of two_theta"):
        diffraction_text.write(pl.DataFrame({"x": [1.0], "intensity": [2.0]}), tmp_path / "a.xye", {})
