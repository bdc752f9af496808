"""Every shared pattern in text against an independent look at its bytes: NumPy's reader, or lines taken apart by hand."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from interlith.errors import ReadError
from interlith.formats import diffraction_archive, diffraction_text
from interlith.model import Reading, Table
from interlith.workbench.reading import read_file, recognise

OURS = ("diffraction_text", "diffraction_archive", "gsas_powder", "fullprof_dat", "bruker_uxd", "philips_udf", "pdcif")


@pytest.fixture(scope="session")
def diffraction(data_folder: Path) -> Path:
    if not (data_folder / "diffraction").is_dir():
        pytest.skip("the shared patterns are absent")
    return data_folder


def _read(path: Path, format_name: str) -> tuple[pl.DataFrame, Reading]:
    found, reading = read_file(path)
    assert found.name == format_name
    assert isinstance(reading.payload, Table)
    return reading.payload.frame.collect(), reading


def _codes(reading: Reading) -> list[str]:
    return sorted({flag.code for flag in reading.flags})


def _equal(frame: pl.DataFrame, want: NDArray[np.float64], axis: str = "two_theta") -> None:
    """First, last and all points, and their sum."""
    names = [axis, "intensity", "intensity_std"][: want.shape[1]]
    assert frame.height == len(want)
    got = frame.select(names).to_numpy()
    np.testing.assert_allclose(got[[0, -1]], want[[0, -1]], rtol=1e-12)
    np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-9)
    np.testing.assert_allclose(got[:, 1].sum(), want[:, 1].sum(), rtol=1e-12)


@pytest.mark.parametrize("name", ["corundum", "fluorite", "zincite", "cpd-1a", "cpd-1c", "cpd-1e", "cpd-1g"])
def test_the_round_robin(name: str, diffraction: Path) -> None:
    path = diffraction / "diffraction" / "cpd_roundrobin" / f"{name}.prn"
    frame, reading = _read(path, "diffraction_text")
    _equal(frame, np.loadtxt(path))
    assert frame.columns == ["two_theta", "intensity"]
    assert (frame["two_theta"][0], frame["two_theta"][-1], frame.height) == (5.0, 150.0, 7251)
    assert _codes(reading) == ["columns_by_position"]
    assert reading.metadata["scans"][0]["intensity_unit"] == "counts"


def test_neutrons_with_names_and_uncertainties(diffraction: Path) -> None:
    path = diffraction / "diffraction" / "easydiff" / "hrpt.xye"
    frame, reading = _read(path, "diffraction_text")
    _equal(frame, np.loadtxt(path))
    assert frame["intensity_std"].null_count() == 0
    assert _codes(reading) == []


def test_a_time_of_flight_without_a_name_is_refused_until_declared(diffraction: Path) -> None:
    path = diffraction / "diffraction" / "easydiff" / "sepd.xye"
    assert (recognise(path).format, recognise(path).technique)[1] == "diffraction"
    with pytest.raises(ReadError, match=r"runs from 2000 to 29995, which is no two theta.*time_of_flight"):
        read_file(path)
    told = {"mapping": {"time_of_flight": "1", "intensity": "2", "intensity_std": "3"}}
    frame = diffraction_text.read(path, told).payload.frame.collect()  # type: ignore[union-attr]
    _equal(frame, np.loadtxt(path), "time_of_flight")


def test_a_powder_cif(diffraction: Path) -> None:
    path = diffraction / "diffraction" / "easydiff" / "d1a.cif"
    frame, reading = _read(path, "pdcif")
    lines = path.read_text().splitlines()
    start = lines.index("_pd_meas.intensity_total_su") + 1
    _equal(frame, np.array([line.split() for line in lines[start:] if line.strip()], dtype=float))
    assert reading.metadata["instrument"] == {"radiation": "neutron", "wavelengths": [1.91], "step": 0.05}
    assert _codes(reading) == ["offset_not_applied"]


def test_an_operando_pattern_with_cyrillic_words_is_read_once(diffraction: Path) -> None:
    folder = diffraction / "diffraction" / "operando_licov"
    for number in (1, 2, 50, 100):
        path = folder / f"{number}.txt"
        frame, reading = _read(path, "diffraction_text")
        text = path.read_bytes().decode("cp1251")
        rows = text.partition("Result vector")[0].partition("repeat№ 0")[2].strip().splitlines()
        _equal(frame, np.array([row.split() for row in rows], dtype=float))
        assert frame.height == 3517  # the file holds every row twice
        assert reading.metadata["instrument"] == {"wavelengths": [1.5406, 1.54439], "ratio": 0.497, "step": 0.0144}
        assert reading.metadata["header"]["Образец"] == "Ячейка LCoV 16-09-2022"
        assert "start" not in reading.test  # all hundred files carry the second of their export
        assert _codes(reading) == ["intensity_unit_unknown", "repeats_left_out"]
    assert recognise(folder / "charge.txt").technique == "cycling"


@pytest.mark.parametrize("number", ["00", "09", "19", "24", "28", "32", "38", "45", "53"])
def test_a_series_of_temperatures(number: str, diffraction: Path) -> None:
    path = diffraction / "diffraction" / "seq_CuCr2O4_11bm" / f"OH_{number}.fxye"
    frame, reading = _read(path, "gsas_powder")
    lines = path.read_text().splitlines()
    bank = next(at for at, line in enumerate(lines) if line.startswith("BANK"))
    want = np.loadtxt(lines[bank + 1 :])
    _equal(frame, want * [0.01, 1, 1])
    kelvin = float(next(line for line in lines if "Temp (K)" in line).split("=")[1])
    state = reading.state["temperature"]
    assert state.value == pytest.approx(kelvin - 273.15, abs=1e-9)
    assert state.low < state.value < state.high
    assert reading.metadata["instrument"]["wavelengths"] == [0.413263]
    assert reading.test["start"].startswith("2011-04-25T")
    assert _codes(reading) == []


def test_more_rows_than_announced(diffraction: Path) -> None:
    path = diffraction / "diffraction" / "tof_nac_powgen" / "11BM_NAC.fxye"
    frame, reading = _read(path, "gsas_powder")
    lines = path.read_text().splitlines()
    bank = next(at for at, line in enumerate(lines) if line.startswith("BANK"))
    _equal(frame, np.loadtxt(lines[bank + 1 :]) * [0.01, 1, 1])
    assert (frame.height, _codes(reading)) == (59498, ["points_not_as_announced"])


def test_times_of_flight(diffraction: Path) -> None:
    path = diffraction / "diffraction" / "tof_nac_powgen" / "PG3_22048.gsa"
    frame, reading = _read(path, "gsas_powder")
    lines = path.read_text().splitlines()
    bank = next(at for at, line in enumerate(lines) if line.startswith("BANK"))
    _equal(frame, np.loadtxt(lines[bank + 1 :]), "time_of_flight")
    assert reading.metadata["instrument"] == {"radiation": "neutron"}
    assert reading.metadata["scans"][0] == {
        "bank": 2, "binning": "SLOG", "type": "FXYE", "flight_path": 63.18, "bank_angle": 90.0, "difc": 22585.8,
    }  # fmt: skip


@pytest.mark.parametrize("number", [435, 445, 455, 465, 475, 485, 495])
def test_two_banks_whose_ends_were_not_measured(number: int, diffraction: Path) -> None:
    path = diffraction / "diffraction" / "tof_vulcan_seq" / f"{number}.gda"
    frame, reading = _read(path, "gsas_powder")
    lines = path.read_text().splitlines()
    starts = [at for at, line in enumerate(lines) if line.startswith("BANK")]
    for order, start in enumerate(starts):
        body = lines[start + 1 : [*starts, len(lines)][order + 1]]
        want = np.loadtxt([line for line in body if not line.startswith("#")])
        part = frame.filter(pl.col("frame") == order)
        _equal(part.select("time_of_flight", "intensity"), want[:, :2], "time_of_flight")
        good = want[:, 2] > 0
        np.testing.assert_array_equal(part["intensity_std"].is_not_null(), good)
        np.testing.assert_allclose(part["intensity_std"].drop_nulls(), want[good, 2])
    assert reading.metadata["instrument_file"] == "Vulcan.prm"
    assert _codes(reading) == ["points_without_weight", "several_banks"]


def test_counts_of_several_detectors(diffraction: Path) -> None:
    path = diffraction / "diffraction" / "cw_garnet" / "garnet.raw"
    frame, reading = _read(path, "gsas_powder")
    rows = [line[:80] for line in path.read_bytes().decode().splitlines()[2:]]
    cells = [row[at : at + 8] for row in rows for at in range(0, len(row.rstrip()), 8)][:2679]
    n, mean = (np.array([float(cell[part]) for cell in cells]) for part in (slice(2), slice(2, 8)))
    _equal(frame, np.stack([24 + 0.05 * np.arange(2679), mean, np.sqrt(mean / n)], axis=1))
    assert n.max() > 1
    assert _codes(reading) == ["mean_of_detectors"]


def test_counts_of_one_detector(diffraction: Path) -> None:
    path = diffraction / "diffraction" / "pbso4" / "PBSO4.XRA"
    frame, reading = _read(path, "gsas_powder")
    counts = np.array(" ".join(path.read_text().splitlines()[2:]).split(), dtype=float)[:6001]
    _equal(frame, np.stack([10 + 0.025 * np.arange(6001), counts], axis=1))
    assert "intensity_std" not in frame.columns
    assert _codes(reading) == []


def test_the_same_scan_as_uxd_and_dat(diffraction: Path) -> None:
    folder = diffraction / "realsets" / "licoo2"
    uxd, told = _read(folder / "LiCoO2.UXD", "bruker_uxd")
    dat, _ = _read(folder / "LiCoO2.dat", "fullprof_dat")
    counts = np.array((folder / "LiCoO2.dat").read_text().split()[3:], dtype=float)
    _equal(dat, np.stack([16 + 0.03 * np.arange(4001), counts], axis=1))
    _equal(uxd, np.stack([15.985 + 0.03 * np.arange(4001), counts], axis=1))
    assert told.metadata["instrument"] == {
        "radiation": "x-ray", "anode": "Cu", "wavelengths": [1.5406, 1.54443], "ratio": 0.514, "step": 0.03, "counting_time": 12.5,
    }  # fmt: skip


def test_observed_beside_calculated(diffraction: Path) -> None:
    for path in sorted((diffraction / "realsets" / "insitu_heating_17bm" / "control_pxrd").glob("*.txt")):
        frame, reading = _read(path, "diffraction_text")
        want = np.loadtxt(path, delimiter=",", skiprows=2)
        _equal(frame, want[:, :2])
        names = path.read_text().splitlines()[1].split(",")  # in two orders among these files
        difference = want[:, 1] - want[:, names.index("Ycalc")]
        np.testing.assert_allclose(difference, want[:, names.index("Diff")], atol=1e-3)  # so the second one is observed
        assert _codes(reading) == ["columns_left_out"]
        assert reading.metadata["scans"][0]["intensity_unit"] == "counts"


def test_an_archive_of_a_heating_series(diffraction: Path) -> None:
    path = diffraction / "realsets" / "insitu_heating_17bm" / "xye_001_192.tar.gz"
    assert recognise(path).technique == "diffraction"
    reading = diffraction_archive.read(path, {})
    frame = reading.payload.frame.collect()  # type: ignore[union-attr]
    assert frame["frame"].unique().to_list() == list(range(192))
    with tarfile.open(path) as archive:
        for number in (1, 2, 10, 100, 192):
            member = archive.extractfile(f"{number}.xye")
            assert member is not None
            want = np.loadtxt(io.StringIO(member.read().decode().replace("/*", "#").replace("*/", "#")))
            _equal(frame.filter(pl.col("frame") == number - 1), want)
            assert reading.metadata["scans"][number - 1]["member"] == f"{number}.xye"


def test_no_other_shared_file_is_taken_for_a_pattern(diffraction: Path) -> None:
    taken = set()
    for path in sorted(diffraction.rglob("*")):
        inside = path.relative_to(diffraction).parts
        if not path.is_file() or inside[0] == "diffraction" or inside[1:2] in (("licoo2",), ("insitu_heating_17bm",)):
            continue
        match: Any = recognise(path) if path.stat().st_size else None
        if match is not None and match.format is not None and match.format.name in OURS:
            taken.add(str(path))
    assert taken == set()
