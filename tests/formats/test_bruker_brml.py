"""Bruker .brml: the real absorber scan against its own rows, several scans, damage."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from interlith.errors import ReadError
from interlith.formats import bruker_brml
from interlith.model import Reading, Table
from tests.formats.samples.diffraction_vendor import brml, pattern


def _frame(reading: Reading) -> pl.DataFrame:
    assert isinstance(reading.payload, Table)
    return reading.payload.frame.collect()


def test_the_real_absorber_scan(data_folder: Path) -> None:
    path = data_folder / "diffraction" / "vendor_raw" / "bruker_absorber.brml"
    if not path.is_file():
        pytest.skip("the real scan is absent")
    reading = bruker_brml.read(path, {})
    frame = _frame(reading)
    text = zipfile.ZipFile(path).read("Experiment0/RawData0.xml").decode()
    rows = np.array([line.split(",") for line in re.findall("<Datum>([^<]*)", text)], dtype=float)
    np.testing.assert_array_equal(frame["two_theta"].to_numpy(), rows[:, 2])
    np.testing.assert_allclose(frame["intensity"].to_numpy(), rows[:, 7])
    behind = rows[:, 1] == 8.3
    assert behind.sum() == 29
    # The true counts behind the absorber are whole, and their root times the factor is the uncertainty.
    counts = rows[behind, 7] / 8.3
    np.testing.assert_allclose(counts, np.rint(counts), atol=0.01)
    np.testing.assert_allclose(frame["intensity_std"].to_numpy()[behind], 8.3 * np.sqrt(counts), rtol=1e-6)
    assert reading.metadata["instrument"]["wavelengths"] == [1.5406]  # behind a channel-cut crystal
    assert reading.metadata["instrument"]["radius"] == 300.0
    assert {flag.code for flag in reading.flags} == {"attenuator", "k_alpha_1_alone"}
    assert reading.test["start"] == "2023-01-26T15:23:09.837152+01:00"


def test_scans_are_frames_with_times(tmp_path: Path) -> None:
    frame = pattern(3)
    reading = bruker_brml.read(brml(tmp_path / "a.brml", frame), {})
    found = _frame(reading)
    assert found["intensity"].to_list() == frame["intensity"].to_list()
    assert found["test_time"].unique().sort().to_list() == [0.0, 60.0, 120.0]
    assert reading.metadata["instrument"] == {
        "radiation": "x-ray", "anode": "Cu", "wavelengths": [1.5406, 1.54439], "ratio": 0.5, "radius": 280.0, "step": 0.02,
        "counting_time": 2.5,
    }  # fmt: skip
    assert not reading.flags


def test_columns_are_found_by_name_and_planned_times_scaled(tmp_path: Path) -> None:
    frame = pattern()
    times = [1.0] * 20 + [4.0] * 20
    reading = bruker_brml.read(brml(tmp_path / "a.brml", frame, axes=("Theta", "Phi", "TwoTheta"), times=times), {})
    found = _frame(reading)
    np.testing.assert_allclose(found["two_theta"].to_numpy(), frame["two_theta"].to_numpy())
    np.testing.assert_allclose(found["intensity"].to_numpy(), frame["intensity"].to_numpy() * 4 / np.array(times))
    assert "counting_times_differ" in {flag.code for flag in reading.flags}


def test_scans_that_are_no_patterns(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="rocking curve"):
        bruker_brml.read(brml(tmp_path / "a.brml", pattern(), name="Rocking Curve", axes=("Theta",)), {})
    with pytest.raises(ReadError, match="picture of 192 channels"):
        bruker_brml.read(brml(tmp_path / "b.brml", pattern(), width=192), {})
    alone = bruker_brml.read(brml(tmp_path / "c.brml", pattern(), axes=("TwoTheta",)), {})
    assert "fixed_incidence" in {flag.code for flag in alone.flags}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (b"<Datum>2.5,1,18.02", b"<Datum>2.5,x,18.02", "<Datum> 2 holds 'x'"),
        (b"<Datum>2.5,1,18.02", b"<Datum>2.5,18.02", "<Datum> 2 has 4 numbers"),
        (b'Start="4" Length="1"', b'Start="44" Length="1"', "counts would be number 45"),
        (b"</DataRoute>", b"", "no well-formed XML"),
        (b'Base="Counts"', b'Base="Volt"', "no view of the rows records counts"),
    ],
)
def test_damage_is_refused_with_its_place(old: bytes, new: bytes, said: str, tmp_path: Path) -> None:
    source = zipfile.ZipFile(brml(tmp_path / "a.brml", pattern()))
    target = tmp_path / "b.brml"
    with zipfile.ZipFile(target, "w") as archive:
        for name in source.namelist():
            content = source.read(name)
            assert "RawData0" not in name or old in content
            archive.writestr(name, content.replace(old, new, 1))
    with pytest.raises(ReadError, match=said):
        bruker_brml.read(target, {})


def test_entities_are_refused(tmp_path: Path) -> None:
    bomb = '<!DOCTYPE a [<!ENTITY b "cccccccccc">]>'
    with pytest.raises(ReadError, match="document type"):
        bruker_brml.read(brml(tmp_path / "a.brml", pattern(), before=bomb), {})


def _rewritten(source: Path, target: Path, *changes: tuple[str, str]) -> Path:
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            content = old.read(name).decode()
            for before, after in changes:
                content = re.sub(before, after, content) if "RawData0" in name else content
            new.writestr(name, content)
    return target


def test_recorded_temperatures_and_rates(tmp_path: Path) -> None:
    frame = pattern()
    source = brml(tmp_path / "a.brml", frame.with_columns(pl.col("intensity") / 2.5))
    view = (
        '<RawDataView xsi:type="RecordedRawDataView" Start="5" Length="1"><Recording LogicName="modeActualTemp">'
        '<Unit Base="Kelvin" /></Recording></RawDataView></DataViews>'
    )
    changes = (("</Datum>", ",323.15</Datum>"), ("</DataViews>", view), ('Base="Counts"', 'Base="Cps"'))
    reading = bruker_brml.read(_rewritten(source, tmp_path / "b.brml", *changes), {})
    assert reading.state["temperature"].value == pytest.approx(50.0)
    np.testing.assert_allclose(_frame(reading)["intensity"].to_numpy(), frame["intensity"].to_numpy(), rtol=1e-9)
    assert "rate_to_counts" in {flag.code for flag in reading.flags}


def test_the_measured_route_is_taken_and_stopped_scans_told(tmp_path: Path) -> None:
    source = brml(tmp_path / "a.brml", pattern())
    other = '<DataRoutes><DataRoute RouteFlag="Final"><Datum>1,1,1,1,1</Datum></DataRoute>'
    path = _rewritten(source, tmp_path / "b.brml", ("<DataRoutes>", other), (">Measured<", ">Aborted<"))
    reading = bruker_brml.read(path, {})
    assert _frame(reading)["intensity"].to_list() == pattern()["intensity"].to_list()
    assert "scan_not_completed" in {flag.code for flag in reading.flags}
