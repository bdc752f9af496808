"""Rigaku text, archive and binary: real files by an independent parse, attenuators, rates, damage."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interlith.errors import ReadError
from interlith.formats import rigaku_ras, rigaku_rasx, rigaku_raw
from interlith.layouts import archive_members, rigaku_writing
from interlith.model import Reading, Table
from tests.formats.samples.diffraction_vendor import ABOUT, pattern


def _frame(reading: Reading) -> pl.DataFrame:
    assert isinstance(reading.payload, Table)
    return reading.payload.frame.collect()


def _codes(reading: Reading) -> set[str]:
    return {flag.code for flag in reading.flags}


def _ras(path: Path, frame: pl.DataFrame, **about: object) -> Path:
    path.write_bytes(rigaku_writing.words(frame, ABOUT | about).encode())
    return path


def _rasx(path: Path, frame: pl.DataFrame, **about: object) -> Path:
    rigaku_rasx.write(frame, path, ABOUT | about)
    return path


def test_the_real_text(data_folder: Path) -> None:
    path = data_folder / "diffraction" / "vendor_raw" / "rigaku_nims.ras"
    if not path.is_file():
        pytest.skip("the real text is absent")
    reading = rigaku_ras.read(path, {})
    rows = path.read_text().split("*RAS_INT_START")[1].split("*RAS_INT_END")[0].split()
    expected = np.array(rows, dtype=float).reshape(-1, 3)
    np.testing.assert_array_equal(_frame(reading).to_numpy(), expected[:, :2])
    assert reading.metadata["instrument"] == {
        "radiation": "x-ray", "anode": "Cu", "wavelengths": [1.540593, 1.544414], "step": 0.01, "counting_time": 0.075,
    }  # fmt: skip
    assert reading.test["start"] == "2017-11-21T08:32:31"
    assert not reading.flags


def test_the_real_archive(data_folder: Path) -> None:
    path = data_folder / "diffraction" / "vendor_raw" / "rigaku_powder.rasx"
    if not path.is_file():
        pytest.skip("the real archive is absent")
    reading = rigaku_rasx.read(path, {})
    text = zipfile.ZipFile(path).read("Data0/Profile0.txt").decode("utf-8-sig")
    expected = np.array(text.split(), dtype=float).reshape(-1, 3)
    np.testing.assert_array_equal(_frame(reading).to_numpy(), expected[:, :2])
    assert reading.metadata["instrument"]["wavelengths"] == [1.540593]  # the tube is declared Ka1
    assert _codes(reading) == {"counts_not_whole", "fixed_incidence"}


@pytest.mark.parametrize("make", [_ras, _rasx])
def test_attenuators_multiply_and_the_uncertainty_is_that_of_the_counts(make: object, tmp_path: Path) -> None:
    counts = pattern()["intensity"].to_numpy()
    factors = np.where(counts > 300, 11.7, 1.0)
    frame = pattern().with_columns(intensity=pl.Series(counts * factors), attenuator=pl.Series(factors))
    path = make(tmp_path / "a", frame)  # type: ignore[operator]
    reading = (rigaku_ras if make is _ras else rigaku_rasx).read(path, {})
    found = _frame(reading)
    np.testing.assert_allclose(found["intensity"].to_numpy(), counts * factors)
    np.testing.assert_allclose(found["intensity_std"].to_numpy(), factors * np.sqrt(np.maximum(counts, 1)))
    assert "attenuator" in _codes(reading)


def test_where_whole_counts_leave_doubt_the_factor_multiplies(tmp_path: Path) -> None:
    counts = 10.0 * pattern()["intensity"].to_numpy()  # whole with and without a factor of ten
    frame = pattern().with_columns(intensity=pl.Series(counts * 10), attenuator=pl.lit(10.0))
    found = _frame(rigaku_ras.read(_ras(tmp_path / "a.ras", frame), {}))
    np.testing.assert_allclose(found["intensity"].to_numpy(), counts * 10)
    np.testing.assert_allclose(found["intensity_std"].to_numpy(), 10 * np.sqrt(np.maximum(counts, 1)))


def test_an_archive_is_not_believed_its_sizes(tmp_path: Path) -> None:
    path = _rasx(tmp_path / "a.rasx", pattern())
    item = zipfile.ZipFile(path).getinfo("Data0/Profile0.txt")
    assert archive_members.content(path, item, largest=10_000).decode("utf-8-sig").startswith("18.0")
    with pytest.raises(ReadError, match="more than the file has"):
        archive_members.content(path, item, largest=100)
    item.compress_size = 2**30
    with pytest.raises(ReadError, match="claims 1073741824 packed"):
        archive_members.content(path, item, largest=10_000)


@pytest.mark.parametrize("make", [_ras, _rasx])
def test_rates_become_counts_and_scans_frames(make: object, tmp_path: Path) -> None:
    frame = pattern(3)
    path = make(tmp_path / "a", frame.with_columns(pl.col("intensity") / 2.5), unit="cps")  # type: ignore[operator]
    reading = (rigaku_ras if make is _ras else rigaku_rasx).read(path, {})
    found = _frame(reading)
    np.testing.assert_allclose(found["intensity"].to_numpy(), frame["intensity"].to_numpy(), rtol=1e-12)
    assert found["test_time"].to_list() == frame["test_time"].to_list()
    assert _codes(reading) == {"rate_to_counts"}


@pytest.mark.parametrize("make", [_ras, _rasx])
def test_other_scans_and_units_are_refused(make: object, tmp_path: Path) -> None:
    read = (rigaku_ras if make is _ras else rigaku_rasx).read
    with pytest.raises(ReadError, match="rocking curve"):
        read(make(tmp_path / "a", pattern(), axis="Omega"), {})  # type: ignore[operator]
    with pytest.raises(ReadError, match="'percent'"):
        read(make(tmp_path / "b", pattern(), unit="percent"), {})  # type: ignore[operator]


def test_a_text_cut_short_or_damaged(tmp_path: Path) -> None:
    whole = _ras(tmp_path / "a.ras", pattern()).read_text()
    short = tmp_path / "b.ras"
    short.write_text(whole[: whole.index("*RAS_INT_END") - 60])
    assert {"truncated", "scan_not_completed"} <= _codes(rigaku_ras.read(short, {}))
    for old, new, said in (
        ("18.02 ", "18.02x ", r"line \d+: '18\.02x"),
        ("*RAS_INT_START", "*RAS_INT_STAR", "no .RAS_INT_START"),
        ('MEAS_DATA_COUNT "40"', 'MEAS_DATA_COUNT "30"', "30 points are announced"),
        ("18.02 ", "*BROKEN ", "stands among the rows"),
    ):
        short.write_text(whole.replace(old, new, 1))
        with pytest.raises(ReadError, match=said):
            rigaku_ras.read(short, {})


@given(
    counts=st.lists(st.integers(0, 2**24), min_size=2, max_size=30),
    start=st.integers(0, 140_000),
    step=st.integers(1, 500),
)
@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_is_read(counts: list[int], start: int, step: int, tmp_path: Path) -> None:
    angle = np.round((start + step * np.arange(len(counts))) / 1e3, 6)
    frame = pl.DataFrame({"two_theta": angle, "intensity": np.array(counts, dtype=float)})
    rigaku_raw.write(frame, tmp_path / "a.raw", ABOUT)
    for reading in (
        rigaku_ras.read(_ras(tmp_path / "a.ras", frame), {}),
        rigaku_rasx.read(_rasx(tmp_path / "a.rasx", frame), {}),
        rigaku_raw.read(tmp_path / "a.raw", {}),
    ):
        found = _frame(reading)
        assert found["intensity"].to_list() == counts
        np.testing.assert_allclose(found["two_theta"].to_numpy(), angle, rtol=1e-6, atol=1e-6)


def test_binary_ranges_confirm_themselves(tmp_path: Path) -> None:
    frame = pattern(3)
    path = tmp_path / "a.raw"
    rigaku_raw.write(frame, path, ABOUT)
    reading = rigaku_raw.read(path, {})
    found = _frame(reading)
    assert found["intensity"].to_list() == frame["intensity"].to_list()
    assert found["test_time"].to_list() == frame["test_time"].to_list()
    assert reading.metadata["instrument"]["wavelengths"] == [1.5406, 1.54443]
    assert _codes(reading) == {"axis_assumed"}
    raw = bytearray(path.read_bytes())
    struct.pack_into("<f", raw, 2136 + 826 + 4, 30.0)  # the last angle
    path.write_bytes(bytes(raw))
    with pytest.raises(ReadError, match="contradict each other"):
        rigaku_raw.read(path, {})
    struct.pack_into("<fI", raw, 2136 + 826 + 4, 18.78, 0)
    path.write_bytes(bytes(raw[:-50]))
    with pytest.raises(ReadError, match=r"byte \d+"):
        rigaku_raw.read(path, {})
