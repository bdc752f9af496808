"""XRDML: every shared file against an independent parse, and what attenuators, times and other scans do."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interlith.errors import ReadError
from interlith.formats import panalytical_xrdml
from interlith.model import Reading, Table
from tests.formats.samples.diffraction_vendor import ABOUT, INSTRUMENT, pattern


def _frame(reading: Reading) -> pl.DataFrame:
    assert isinstance(reading.payload, Table)
    return reading.payload.frame.collect()


def _codes(reading: Reading) -> list[str]:
    return [flag.code for flag in reading.flags]


def _files(folder: Path) -> list[Path]:
    return [
        *sorted((folder / "diffraction" / "vendor_raw").glob("*.xrdml")),
        *sorted((folder / "realsets" / "qxrd_dara").rglob("*.xrdml")),
        *sorted((folder / "realsets" / "xrd_repeat").glob("*.xrdml")),
    ]


def test_all_real_files_agree_with_an_independent_parse(data_folder: Path) -> None:
    files = _files(data_folder)
    if len(files) < 30:
        pytest.skip("the real XRDML files are absent")
    for path in files:
        frame = _frame(panalytical_xrdml.read(path, {}))
        root = ElementTree.fromstring(path.read_bytes())
        counts = [
            np.array((item.text or "").split(), dtype=float)
            for item in root.iter()
            if re.search(r"\}(counts|intensities)$", item.tag)
        ]
        np.testing.assert_array_equal(frame["intensity"].to_numpy(), np.concatenate(counts), err_msg=str(path))
        starts = [float(item.text or "") for item in root.iter() if item.tag.endswith("}startPosition")]
        ends = [float(item.text or "") for item in root.iter() if item.tag.endswith("}endPosition")]
        if starts:  # the first pair is that of two theta
            expected = starts[0] + (ends[0] - starts[0]) * np.arange(counts[0].size) / (counts[0].size - 1)
            np.testing.assert_allclose(frame["two_theta"].to_numpy(), expected, rtol=0, atol=1e-9)


def test_a_series_has_its_start_times(data_folder: Path) -> None:
    files = sorted((data_folder / "realsets" / "xrd_repeat").glob("*.xrdml"))
    if not files:
        pytest.skip("the real series is absent")
    readings = [panalytical_xrdml.read(path, {}) for path in files]
    starts = [reading.test["start"] for reading in readings]
    assert starts[:2] == ["2020-11-06T18:09:37+00:00", "2020-11-06T18:24:36+00:00"]
    assert starts == sorted(starts)
    assert readings[0].metadata["instrument"]["wavelengths"] == [1.540598, 1.544426]
    assert readings[0].metadata["instrument"]["radius"] == 240.0
    assert "geometry" not in readings[0].metadata["instrument"]  # a focusing mirror


def test_a_map_is_read_by_frames_and_marked(data_folder: Path) -> None:
    path = data_folder / "diffraction" / "vendor_raw" / "panalytical_mesh.xrdml"
    if not path.is_file():
        pytest.skip("the real map is absent")
    reading = panalytical_xrdml.read(path, {})
    frame = _frame(reading)
    assert frame["frame"].n_unique() == 101
    assert {flag.code: flag.severity for flag in reading.flags}["area_measurement"] == "error"
    assert reading.metadata["instrument"]["wavelengths"] == [1.540598]
    # Bragg angle of Ge (220) for Cu K-alpha 1, International Tables C, section 4.2.2: 22.65 deg.
    assert reading.metadata["instrument"]["monochromator"] == pytest.approx(2 * 22.65, abs=0.01)
    assert reading.metadata["scans"][1]["omega"] == 60.9827


@given(
    counts=st.lists(st.integers(0, 10**7), min_size=2, max_size=40),
    start=st.integers(-500_000, 1_400_000),
    step=st.integers(1, 5000),
    version=st.sampled_from(["1.5", "2.1"]),
)
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_is_read(counts: list[int], start: int, step: int, version: str, tmp_path: Path) -> None:
    angle = (start + step * np.arange(len(counts))) / 1e4
    frame = pl.DataFrame({"two_theta": angle, "intensity": np.array(counts, dtype=float)})
    path = tmp_path / "a.xrdml"
    panalytical_xrdml.write(frame, path, ABOUT | {"version": version})
    found = _frame(panalytical_xrdml.read(path, {}))
    np.testing.assert_allclose(found["two_theta"].to_numpy(), angle, rtol=0, atol=2e-8)
    np.testing.assert_array_equal(found["intensity"].to_numpy(), counts)


def test_several_scans_keep_time_temperature_and_instrument(tmp_path: Path) -> None:
    frame = pattern(3)
    path = tmp_path / "a.xrdml"
    panalytical_xrdml.write(frame, path, ABOUT)
    reading = panalytical_xrdml.read(path, {})
    found = _frame(reading)
    assert found.select("frame", "test_time", "intensity").equals(frame.select("frame", "test_time", "intensity"))
    np.testing.assert_allclose(found["temperature"], frame["temperature"], atol=1e-4)
    assert reading.metadata["instrument"] == INSTRUMENT | {
        "radiation": "x-ray",
        "geometry": "bragg-brentano",
        "step": 0.02,
    }
    assert reading.metadata["sample"] == "LNMO <bare> & coated"
    assert reading.state["temperature"].low == pytest.approx(25.0, abs=1e-3)
    assert reading.state["temperature"].high == pytest.approx(45.0, abs=1e-3)


def _changed(tmp_path: Path, version: str, old: str, new: str) -> Path:
    path = tmp_path / "changed.xrdml"
    panalytical_xrdml.write(pattern(), path, ABOUT | {"version": version})
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


TIME = '<commonCountingTime unit="seconds">2.5</commonCountingTime>'


def test_attenuators_by_the_rules_of_each_schema(tmp_path: Path) -> None:
    factors = np.where(np.arange(40) < 20, 1.0, 103.7)
    listed = f"<beamAttenuationFactors>{' '.join(map(str, factors))}</beamAttenuationFactors>"
    plain = pattern()["intensity"].to_numpy()
    old = _frame(panalytical_xrdml.read(_changed(tmp_path, "1.5", TIME, TIME + listed), {}))
    np.testing.assert_allclose(old["intensity"].to_numpy(), plain)
    np.testing.assert_allclose(old["intensity_std"].to_numpy(), factors * np.sqrt(np.maximum(plain / factors, 1.0)))
    new = _frame(panalytical_xrdml.read(_changed(tmp_path, "2.1", TIME, TIME + listed), {}))
    np.testing.assert_allclose(new["intensity"].to_numpy(), plain * factors)
    np.testing.assert_allclose(new["intensity_std"].to_numpy(), factors * np.sqrt(np.maximum(plain, 1.0)))


def test_counting_times_of_points(tmp_path: Path) -> None:
    times = np.where(np.arange(40) < 20, 1.0, 4.0)
    listed = f'<countingTimes unit="seconds">{" ".join(map(str, times))}</countingTimes>'
    reading = panalytical_xrdml.read(_changed(tmp_path, "2.1", TIME, listed), {})
    found, plain = _frame(reading), pattern()["intensity"].to_numpy()
    np.testing.assert_allclose(found["intensity"].to_numpy(), plain * 4 / times)
    np.testing.assert_allclose(found["intensity_std"].to_numpy(), np.sqrt(np.maximum(plain, 1)) * 4 / times)
    assert reading.metadata["instrument"]["counting_time"] == 4.0


@pytest.mark.parametrize(
    ("axis", "words"), [("Omega", "rocking curve"), ("Phi", "pole figures"), ("Z", "adjusting"), ("", "no axis")]
)
def test_other_scans_are_refused_with_what_they_are(axis: str, words: str, tmp_path: Path) -> None:
    path = _changed(tmp_path, "1.5", 'scanAxis="Gonio"', f'scanAxis="{axis}"')
    with pytest.raises(ReadError, match=words):
        panalytical_xrdml.read(path, {})


def test_stopped_scans_fixed_incidence_and_slits_are_told(tmp_path: Path) -> None:
    stopped = panalytical_xrdml.read(
        _changed(tmp_path, "1.5", 'scanAxis="Gonio" status="Completed"', 'scanAxis="Gonio" status="Aborted"'), {}
    )
    assert "scan_not_completed" in _codes(stopped)
    omega = '<positions axis="Omega" unit="deg"><commonPosition>1.0</commonPosition></positions>'
    fixed = panalytical_xrdml.read(_changed(tmp_path, "1.5", TIME, omega + TIME), {})
    assert "fixed_incidence" in _codes(fixed)
    slit = "<commonDivergenceCorrection>2</commonDivergenceCorrection>"
    assert "divergence_not_corrected" in _codes(
        panalytical_xrdml.read(_changed(tmp_path, "2.1", TIME, slit + TIME), {})
    )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('unit="counts">', 'unit="counts">x ', "value 1 of the element <intensities>"),
        ("<startPosition>18", "<startPosition>a18", "element <startPosition>"),
        ('unit="deg"', 'unit="rad"', "not deg"),
        ("</dataPoints>", "", "line .*no well-formed XML"),
        (TIME, "<commonCountingTime>0</commonCountingTime>", "counting time of point 1 is 0"),
        ('<?xml version="1.0" encoding="UTF-8"?>', '<!DOCTYPE a [<!ENTITY b "c">]>', "document type"),
        ('<?xml version="1.0" encoding="UTF-8"?>', "<!DOCTYPE a>", "document type"),
        ("intensities", "intensity", "no well-formed XML"),
    ],
)
def test_damage_is_refused_with_its_place(old: str, new: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(ReadError, match=said):
        panalytical_xrdml.read(_changed(tmp_path, "1.5", old, new), {})
