"""Binary Bruker patterns of four versions: real files by struct, written ones by all versions, damage by byte."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interlith.errors import ReadError
from interlith.formats import bruker_raw
from interlith.model import Reading, Table
from tests.formats.samples.diffraction_vendor import ABOUT, pattern


def _frame(reading: Reading) -> pl.DataFrame:
    assert isinstance(reading.payload, Table)
    return reading.payload.frame.collect()


def test_the_real_version_1_reads_like_its_exports(data_folder: Path) -> None:
    folder = data_folder / "realsets" / "licoo2"
    if not (folder / "LiCoO2.RAW").is_file():
        pytest.skip("the real pattern is absent")
    reading = bruker_raw.read(folder / "LiCoO2.RAW", {})
    frame = _frame(reading)
    raw = (folder / "LiCoO2.RAW").read_bytes()
    assert frame["intensity"].to_list() == list(struct.unpack("<4001f", raw[156:]))
    uxd = (folder / "LiCoO2.UXD").read_text()
    exported = [float(word) for word in uxd.split("_COUNTS")[1].split()]
    assert frame["intensity"].to_list() == exported
    dat = [float(word) for line in (folder / "LiCoO2.dat").read_text().splitlines()[1:] for word in line.split()]
    assert frame["intensity"].to_list() == dat
    assert frame["two_theta"][0] == 15.985  # as the .UXD says; the .dat says 16.000, half a step too far
    np.testing.assert_allclose(np.diff(frame["two_theta"].to_numpy()), 0.03, atol=1e-9)
    assert reading.metadata["instrument"] == {
        "radiation": "x-ray", "wavelengths": [1.5406, 1.54443], "step": 0.03, "counting_time": 12.5,
    }  # fmt: skip
    assert not reading.flags


def test_the_real_version_4_is_walked(data_folder: Path) -> None:
    path = data_folder / "diffraction" / "vendor_raw" / "bruker_raw4_scrambled.raw"
    if not path.is_file():
        pytest.skip("the real pattern is absent")
    reading = bruker_raw.read(path, {})
    frame = _frame(reading)
    raw = path.read_bytes()
    marker = raw.index(b"Locked Coupled") - 32
    count, size, extra = (struct.unpack_from("<I", raw, marker + place)[0] for place in (88, 136, 140))
    assert (count, size) == (7134, 8)
    kind = np.dtype([("intensity", "<f4"), ("flag", "<i4")])
    values = np.frombuffer(raw, kind, count, marker + 160 + extra)
    assert set(values["flag"]) == {1}
    np.testing.assert_array_equal(frame["intensity"].to_numpy(), values["intensity"].astype(float))
    assert frame["two_theta"][0] == 10.0
    assert reading.test["start"] == "2025-04-07T20:48:56"
    assert reading.metadata["instrument"]["wavelengths"] == [1.5406]
    assert frame["intensity_std"].null_count() == (values["intensity"] < 0).sum()
    assert {flag.code for flag in reading.flags} == {"intensity_unit_unknown", "points_without_weight"}


@given(
    counts=st.lists(st.integers(0, 2**24), min_size=2, max_size=30),
    start=st.integers(0, 140_000),
    step=st.integers(1, 500),
    version=st.sampled_from([1, 2, 3, 4]),
)
@settings(max_examples=80, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_is_read(counts: list[int], start: int, step: int, version: int, tmp_path: Path) -> None:
    angle = (start + step * np.arange(len(counts))) / 1e3
    path = tmp_path / "a.raw"
    bruker_raw.write(
        pl.DataFrame({"two_theta": angle, "intensity": np.array(counts, dtype=float)}),
        path,
        ABOUT | {"version": version},
    )
    found = _frame(bruker_raw.read(path, {}))
    assert found["intensity"].to_list() == counts
    np.testing.assert_allclose(found["two_theta"].to_numpy(), angle, rtol=1e-6, atol=1e-5)


@pytest.mark.parametrize("version", [1, 2, 3, 4])
def test_ranges_are_frames_and_the_tube_comes_back(version: int, tmp_path: Path) -> None:
    frame = pattern(3)
    path = tmp_path / "a.raw"
    bruker_raw.write(frame, path, ABOUT | {"version": version, "supplement": 40, "record": 8})
    reading = bruker_raw.read(path, {})
    found = _frame(reading)
    assert found["frame"].to_list() == frame["frame"].to_list()
    assert found["intensity"].to_list() == frame["intensity"].to_list()
    about = reading.metadata["instrument"]
    assert about["wavelengths"] == [1.5406, 1.54443]
    assert about["step"] == pytest.approx(0.02)
    if version > 1:
        assert (about["anode"], about["ratio"]) == ("Cu", 0.5)
        assert reading.test["start"].startswith("2024-03-05T06:07")
    if version < 4:  # version 4 does not say in which unit its time is
        assert about["counting_time"] == 2.5
    assert not reading.flags


def test_a_later_range_of_version_1_may_lack_its_word(tmp_path: Path) -> None:
    frame = pattern(2)
    path = tmp_path / "a.raw"
    bruker_raw.write(frame, path, ABOUT | {"version": 1})
    raw = path.read_bytes()
    second = 156 + 4 * 40
    assert raw[second : second + 4] == b"RAW "
    path.write_bytes(raw[:second] + raw[second + 4 :])
    assert _frame(bruker_raw.read(path, {}))["intensity"].to_list() == frame["intensity"].to_list()


@pytest.mark.parametrize(
    ("about", "said"),
    [
        ({"version": 3, "scan_code": 3}, "rocking curve"),
        ({"version": 3, "scan_code": 5}, "pole figures"),
        ({"version": 3, "scan_code": 129}, "still picture"),
        ({"version": 4, "scan": "Rocking Curve", "drive": "Theta"}, "rocking curve"),
        ({"version": 4, "scan": "Phi", "drive": "Phi"}, "pole figures"),
    ],
)
def test_other_scans_are_refused_with_what_they_are(about: dict[str, object], said: str, tmp_path: Path) -> None:
    path = tmp_path / "a.raw"
    bruker_raw.write(pattern(), path, ABOUT | about)
    with pytest.raises(ReadError, match=said):
        bruker_raw.read(path, {})


@pytest.mark.parametrize("version", [1, 2, 3, 4])
def test_a_file_cut_short_names_the_byte(version: int, tmp_path: Path) -> None:
    path = tmp_path / "a.raw"
    bruker_raw.write(pattern(), path, ABOUT | {"version": version})
    raw = path.read_bytes()
    for cut in (1, 100, len(raw) // 2, len(raw) - 9):
        path.write_bytes(raw[: len(raw) - cut])
        with pytest.raises(ReadError, match=r"byte \d+|without a range|neither|begins with"):
            bruker_raw.read(path, {})


def test_counts_of_the_header_are_never_believed(tmp_path: Path) -> None:
    path = tmp_path / "a.raw"
    for version, at in ((1, 4), (3, 716)):
        bruker_raw.write(pattern(), path, ABOUT | {"version": version})
        raw = bytearray(path.read_bytes())
        struct.pack_into("<I", raw, at, 2_000_000_000)
        path.write_bytes(bytes(raw))
        with pytest.raises(ReadError, match="2000000000"):
            bruker_raw.read(path, {})


def test_points_read_at_a_wrong_stride_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.raw"
    bruker_raw.write(pattern(), path, ABOUT)
    path.write_bytes(path.read_bytes() + b"\1" * 200)
    with pytest.raises(ReadError, match="200 bytes are left"):
        bruker_raw.read(path, {})
    bruker_raw.write(pattern(), path, ABOUT)
    path.write_bytes(path.read_bytes() + bytes(300))
    assert not bruker_raw.read(path, {}).flags


def test_text_that_begins_alike_is_left_to_others(tmp_path: Path) -> None:
    text = b"RAW data of GSAS\nBANK 1 100 10 CONST 1000 5 0 0\n" * 20
    assert bruker_raw.sniff(text, tmp_path / "a.raw") == 0.0
    with pytest.raises(ReadError, match="even"):
        bruker_raw.write(
            pl.DataFrame({"two_theta": [1.0, 1.1, 1.3], "intensity": [1.0, 1.0, 1.0]}), tmp_path / "a.raw", {}
        )


def test_version_2_declares_its_temperature(tmp_path: Path) -> None:
    path = tmp_path / "a.raw"
    bruker_raw.write(pattern(), path, ABOUT | {"version": 2})
    raw = bytearray(path.read_bytes())
    struct.pack_into("<H", raw, 256 + 46, 573)
    path.write_bytes(bytes(raw))
    reading = bruker_raw.read(path, {})
    assert reading.state["temperature"].value == pytest.approx(299.85)
    assert reading.state["temperature"].unit == "degC"


def test_measured_angles_of_version_3_go_before_start_and_step(tmp_path: Path) -> None:
    path = tmp_path / "a.raw"
    frame = pattern()
    bruker_raw.write(frame, path, ABOUT)
    raw = bytearray(path.read_bytes())
    struct.pack_into("<II", raw, 712 + 248, 1, 12)
    angles = frame["two_theta"].to_numpy() + 0.001
    kind = np.dtype([("counts", "<f4"), ("angle", "<f8")])
    records = np.array(list(zip(frame["intensity"], angles, strict=True)), dtype=kind)
    path.write_bytes(bytes(raw[: 712 + 304]) + records.tobytes())
    found = _frame(bruker_raw.read(path, {}))
    np.testing.assert_array_equal(found["two_theta"].to_numpy(), angles)
    assert found["intensity"].to_list() == frame["intensity"].to_list()
    records["angle"] += 50
    path.write_bytes(bytes(raw[: 712 + 304]) + records.tobytes())
    with pytest.raises(ReadError, match="unknown layout"):
        bruker_raw.read(path, {})
