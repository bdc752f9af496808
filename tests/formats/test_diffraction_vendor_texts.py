"""Patterns in the texts of .uxd, .udf, FullProf, pdCIF, and in archives: what their words mean, and where they contradict themselves."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from interlith.errors import ReadError
from interlith.formats import bruker_uxd, diffraction_archive, fullprof_dat, pdcif, philips_udf
from interlith.layouts import archives
from interlith.model import Format, Reading
from interlith.workbench.reading import recognise
from tests.formats.samples.diffraction_texts import cif, dat, fixed, members, packed, udf, uxd
from tests.formats.samples.diffraction_vendor import pattern

ANGLE, COUNTS = (pattern()[name].to_numpy() for name in ("two_theta", "intensity"))
INSTRUMENT = {"radiation": "x-ray", "anode": "Cu", "step": 0.02}


def _read(format_: Format, path: Path, content: str | bytes, **options: Any) -> tuple[pl.DataFrame, Reading]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    reading = format_.read(path, options)
    return reading.payload.frame.collect(), reading  # type: ignore[union-attr]


def _codes(reading: Reading) -> list[str]:
    return sorted({flag.code for flag in reading.flags})


def _same(frame: pl.DataFrame) -> None:
    assert frame.columns == ["two_theta", "intensity"]
    np.testing.assert_allclose(frame["two_theta"], ANGLE, atol=1e-9)
    np.testing.assert_allclose(frame["intensity"], COUNTS, atol=1e-6)


@pytest.mark.parametrize("mark", ["_COUNTS", "_CPS", "_2THETACOUNTS", "_2THETACPS", "_2THETACOUNTSTIME"])
def test_uxd_in_all_its_marks(mark: str, tmp_path: Path) -> None:
    frame, reading = _read(bruker_uxd.FORMAT, tmp_path / "a.uxd", uxd(pattern(), mark=mark))
    _same(frame)
    told = {**INSTRUMENT, "wavelengths": [1.5406, 1.54443], "ratio": 0.5, "counting_time": 2.5}
    assert reading.metadata["instrument"] == told
    assert _codes(reading) == (["rate_to_counts"] if "CPS" in mark else [])


def test_uxd_ranges_are_frames_and_other_drives_are_left_out(tmp_path: Path) -> None:
    rocking = uxd(pattern(), drive="THETA").partition("; (Data")[2]
    frame, reading = _read(bruker_uxd.FORMAT, tmp_path / "a.uxd", uxd(pattern(2)) + "; (Data" + rocking)
    assert frame["frame"].unique().to_list() == [0, 1]
    assert _codes(reading) == ["scans_left_out"]
    with pytest.raises(ReadError, match=r"'THETA' \(a rocking curve"):
        _read(bruker_uxd.FORMAT, tmp_path / "a.uxd", uxd(pattern(), drive="THETA"))
    _, alone = _read(bruker_uxd.FORMAT, tmp_path / "a.uxd", uxd(pattern(), drive="2THETA"))
    assert _codes(alone) == ["fixed_incidence"]


@pytest.mark.parametrize(
    ("change", "said"),
    [(("_STEPSIZE=0.020000", "_STEPSIZE=0"), "the step of the range is 0"), (("_STEPSIZE", "_STEPSIZ"), "has no _STEPSIZE"),
     (("_COUNTS", "_2THETA-I"), "list of peaks"), (("_COUNTS", "_NOTHING=1"), "line 15: .* is no word of a header"),
     (("        19", "        1x"), r"line \d+: '1x' is no number"), (("        19", ""), r"line \d+: the row has 7 numbers"),
     (("_2THETA=18.000000", "_2THETA=17.0"), r"starts at 18 \(_START\) or 17 deg \(_2THETA\)"),
     (("_COUNTS", "_STEPCOUNT=39\n_COUNTS"), "39 points are announced, but 40 follow")],
)  # fmt: skip
def test_uxd_damage(change: tuple[str, str], said: str, tmp_path: Path) -> None:
    text = uxd(pattern())
    assert change[0] in text
    with pytest.raises(ReadError, match=said):
        _read(bruker_uxd.FORMAT, tmp_path / "a.uxd", text.replace(*change))


def test_uxd_rows_that_stand_twice_are_told(tmp_path: Path) -> None:
    lines = uxd(pattern()).splitlines()
    _, reading = _read(bruker_uxd.FORMAT, tmp_path / "a.uxd", "\n".join([*lines[:-3], lines[-4], *lines[-3:]]))
    assert _codes(reading) == ["rows_repeated"]
    assert reading.flags[0].where == f"line {len(lines) - 2}"


@pytest.mark.parametrize("end", [",/", "/", " /"])
def test_udf(end: str, tmp_path: Path) -> None:
    frame, reading = _read(philips_udf.FORMAT, tmp_path / "a.udf", udf(pattern(), end=end))
    _same(frame)
    # The time that it prints is that of a strip of detectors, and no time of a point.
    assert reading.metadata["instrument"] == {**INSTRUMENT, "wavelengths": [1.540598, 1.544426], "ratio": 0.5}
    assert reading.metadata["Title1"] == "bare, coated"
    assert reading.test == {}
    assert _codes(reading) == []


def test_udf_counts_and_range_must_agree(tmp_path: Path) -> None:
    text = udf(pattern())
    with pytest.raises(ReadError, match=r"are 40 points, but 41 counts follow"):
        _read(philips_udf.FORMAT, tmp_path / "a.udf", text.replace(",/\n", ",/\n", 1).removesuffix(",/\n") + ", 5,/\n")
    frame, reading = _read(philips_udf.FORMAT, tmp_path / "a.udf", text.rpartition("\n")[0].rpartition("\n")[0])
    assert frame.height == 31  # without its end the last number may be cut
    assert _codes(reading) == ["scan_not_completed"]
    with pytest.raises(ReadError, match=r"do not tell where the counts lie"):
        _read(philips_udf.FORMAT, tmp_path / "a.udf", text.replace("ScanStepSize, 0", "ScanStepSize, -0"))


def test_start_step_and_stop(tmp_path: Path) -> None:
    frame, reading = _read(fullprof_dat.FORMAT, tmp_path / "a.dat", dat(pattern()))
    _same(frame)
    assert reading.metadata["title"] == "LNMO"
    assert reading.metadata["instrument"] == {"step": 0.02}
    one = "18.0 0.02 18.78\n" + "\n".join(f"{counts:.0f}" for counts in COUNTS)
    _same(_read(fullprof_dat.FORMAT, tmp_path / "a.dat", one)[0])
    assert recognise(tmp_path / "a.dat").technique == "diffraction"


def test_start_step_and_stop_announce_the_points(tmp_path: Path) -> None:
    with pytest.raises(
        ReadError, match=r"line 2: 18 to 18\.78 deg in steps of 0\.02 are 40 points, but 42 intensities follow"
    ):
        _read(fullprof_dat.FORMAT, tmp_path / "a.dat", dat(pattern()) + "12 13\n")
    frame, reading = _read(fullprof_dat.FORMAT, tmp_path / "a.dat", dat(pattern()) + " 0 0\n")
    _same(frame)  # the rest of the last row is filled up
    frame, reading = _read(fullprof_dat.FORMAT, tmp_path / "a.dat", "\n".join(dat(pattern()).splitlines()[:5]))
    assert frame.height == 24
    assert _codes(reading) == ["scan_not_completed"]


def test_a_table_of_three_columns_is_no_start_step_and_stop() -> None:
    rows = "\n".join(f"{angle:.3f} 0.02 {angle + 40:.3f}" for angle in ANGLE)
    assert fullprof_dat.sniff(rows.encode(), Path("a.dat")) == 0.0


@pytest.mark.parametrize("dotted", [False, True])
def test_a_powder_cif_of_both_dictionaries(dotted: bool, tmp_path: Path) -> None:
    frame, reading = _read(pdcif.FORMAT, tmp_path / "a.cif", cif(pattern(), dotted=dotted))
    _same(frame.drop("intensity_std"))
    np.testing.assert_allclose(frame["intensity_std"], np.sqrt(COUNTS), rtol=1e-5)
    assert reading.metadata["instrument"] == {
        "radiation": "x-ray",
        "wavelengths": [1.5406, 1.54443],
        "ratio": 0.5,
        "step": 0.02,
    }
    state = reading.state["temperature"]
    assert state.value == pytest.approx(24.85)
    assert state.high - state.value == pytest.approx(1.96 * 0.5, rel=1e-3)


def _block(values: str, *words: str) -> str:
    return "\n".join(["data_a", *words, "loop_", values])


def test_ranges_brackets_and_weights_of_a_powder_cif(tmp_path: Path) -> None:
    ranged = ("_pd_meas_2theta_range_min 18.0", "_pd_meas_2theta_range_inc 0.02", "_pd_meas_2theta_range_max 18.78")
    counts = "\n".join(f"{value:.0f}" for value in COUNTS)
    frame, _ = _read(pdcif.FORMAT, tmp_path / "a.cif", _block(f"_pd_meas_counts_total\n{counts}\n", *ranged))
    _same(frame)
    bracketed = "\n".join(f"{value:.0f}({np.sqrt(value):.0f})" for value in COUNTS)
    frame, _ = _read(pdcif.FORMAT, tmp_path / "a.cif", _block(f"_pd_meas_intensity_total\n{bracketed}\n", *ranged))
    np.testing.assert_allclose(frame["intensity_std"], np.rint(np.sqrt(COUNTS)))
    weighted = "\n".join(f"{value:.0f} {0 if n == 3 else 1 / value:.8f}" for n, value in enumerate(COUNTS))
    frame, _ = _read(
        pdcif.FORMAT, tmp_path / "a.cif", _block(f"_pd_proc_intensity_total\n_pd_proc_ls_weight\n{weighted}\n", *ranged)
    )
    assert frame["intensity_std"][3] is None
    np.testing.assert_allclose(frame["intensity_std"].drop_nulls(), np.delete(np.sqrt(COUNTS), 3), rtol=1e-5)
    with pytest.raises(ReadError, match=r"18 to 19\.78 deg in steps of 0\.02 are 90 points, but 40 intensities"):
        _read(
            pdcif.FORMAT,
            tmp_path / "a.cif",
            _block(f"_pd_meas_counts_total\n{counts}\n", *ranged[:2], "_pd_meas_2theta_range_max 19.78"),
        )
    with pytest.raises(ReadError, match=r"40 intensities have no positions"):
        _read(pdcif.FORMAT, tmp_path / "a.cif", _block(f"_pd_meas_counts_total\n{counts}\n"))
    rows = "\n".join(f"{2 - n / 99:.4f} {value:.0f}" for n, value in enumerate(COUNTS))
    with pytest.raises(ReadError, match=r"d-spacings only"):
        _read(pdcif.FORMAT, tmp_path / "a.cif", _block(f"_pd_proc_d_spacing\n_pd_meas_counts_total\n{rows}\n"))


def test_a_cif_of_a_structure_is_no_pattern(tmp_path: Path) -> None:
    text = "data_a\n_cell_length_a 8.17\nloop_\n_atom_site_label\n_atom_site_fract_x\nLi 0.125\n"
    assert pdcif.sniff(text.encode(), tmp_path / "a.cif") == 0.0
    with pytest.raises(ReadError, match=r"a phase, not a pattern"):
        _read(pdcif.FORMAT, tmp_path / "a.cif", text)


def test_blocks_of_a_powder_cif_are_frames(tmp_path: Path) -> None:
    frame, reading = _read(pdcif.FORMAT, tmp_path / "a.cif", cif(pattern(3)))
    assert frame["frame"].unique().to_list() == [0, 1, 2]
    assert [scan["block"] for scan in reading.metadata["scans"]] == ["p0", "p1", "p2"]
    with pytest.raises(ReadError, match=r"line 54: unterminated"):
        _read(pdcif.FORMAT, tmp_path / "a.cif", cif(pattern()) + "_x 'open\n;\n")


@pytest.mark.parametrize("mode", ["w:gz", "w"])
def test_members_come_in_the_order_of_their_numbers(mode: str, tmp_path: Path) -> None:
    inside = members(12)
    assert [name for name, _ in inside][:3] == ["series/1.xye", "series/10.xye", "series/11.xye"]
    path = tmp_path / "a.tar.gz"
    frame, reading = _read(
        diffraction_archive.FORMAT, path, packed([*inside, ("series/readme.md", "about"), ("._1.xye", "x")], mode)
    )
    truth = pattern(12)
    np.testing.assert_array_equal(frame["frame"], truth["frame"])
    np.testing.assert_allclose(frame["intensity"], truth["intensity"])
    assert [scan["member"] for scan in reading.metadata["scans"]] == [f"series/{number}.xye" for number in range(1, 13)]
    assert recognise(path).format is not None
    assert recognise(path).technique == "diffraction"


def test_a_zip_of_patterns(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members(3):
            archive.writestr(name, text)
    frame = diffraction_archive.read(path, {}).payload.frame.collect()  # type: ignore[union-attr]
    np.testing.assert_allclose(frame["intensity"], pattern(3)["intensity"])
    assert recognise(path).technique == "diffraction"


def test_a_damaged_member_leaves_its_place_empty(tmp_path: Path) -> None:
    inside = [(name, text.replace("18.4", "18.x") if name == "series/3.xye" else text) for name, text in members(5)]
    frame, reading = _read(diffraction_archive.FORMAT, tmp_path / "a.tar", packed(inside, "w"))
    assert frame["frame"].unique().to_list() == [0, 1, 3, 4]
    (flag,) = [flag for flag in reading.flags if flag.code == "member_left_out"]
    assert flag.where == "series/3.xye"
    assert "line" in flag.message
    spoilt = [(name, text.replace("18.4", "18.x")) for name, text in members(5)]
    with pytest.raises(ReadError, match=r"3 of 5 members cannot be read"):
        _read(diffraction_archive.FORMAT, tmp_path / "a.tar", packed(spoilt, "w"))


def test_members_of_different_positions_are_refused(tmp_path: Path) -> None:
    other = fixed("STD", np.stack([np.ones(40), COUNTS], axis=1), "SLOG 5000 9000 0.004 0")
    with pytest.raises(
        ReadError, match=r"different positions: two_theta \(series/1\.xye\) and time_of_flight \(t\.gsa\)"
    ):
        _read(diffraction_archive.FORMAT, tmp_path / "a.tar", packed([*members(2), ("t.gsa", other)], "w"))


def test_a_stream_that_another_decompressor_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> bytes:
        raise RuntimeError("Error -3 Invalid lookback distance found")

    monkeypatch.setattr(archives, "gunzip", refuse)
    with pytest.raises(ReadError, match=r"a\.tar\.gz: the packed text is damaged or cut short \(Error -3"):
        _read(diffraction_archive.FORMAT, tmp_path / "a.tar.gz", packed(members()))


def test_an_archive_of_other_things_is_not_claimed(tmp_path: Path) -> None:
    for inside in ([("a.txt", "hello\n" * 50)], [("a.json", "{}")]):
        assert diffraction_archive.sniff(packed(inside), tmp_path / "a.tar.gz") == 0.0
    with pytest.raises(ReadError, match=r"the archive holds no pattern; allowed endings"):
        _read(diffraction_archive.FORMAT, tmp_path / "a.tar.gz", packed([("a.json", "{}")]))
