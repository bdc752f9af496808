"""Stacks of patterns: read lazily, in any order of axes and units, nothing outside the file, pictures refused."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interlith.errors import ReadError
from interlith.formats import nexus_diffraction
from interlith.layouts import nexus_stack
from interlith.model import Reading, Table
from tests.formats.samples.diffraction_vendor import ABOUT, pattern

h5py = pytest.importorskip("h5py")
POINTS, FRAMES = 30, 5


def _frame(reading: Reading) -> pl.DataFrame:
    assert isinstance(reading.payload, Table)
    return reading.payload.frame.collect()


def _codes(reading: Reading) -> set[str]:
    return {flag.code for flag in reading.flags}


def _counts(frames: int = FRAMES, points: int = POINTS) -> np.ndarray[Any, Any]:
    return np.random.default_rng(3).poisson(50, (frames, points)).astype(np.float64)


def _file(path: Path, members: dict[str, Any], units: dict[str, str], **attributes: Any) -> Path:
    """One NXdata of the given members."""
    with h5py.File(path, "w") as file:
        entry = file.create_group("entry")
        entry.attrs["NX_class"] = "NXentry"
        data = entry.create_group("data")
        data.attrs["NX_class"] = "NXdata"
        for name, value in members.items():
            data[name] = value
            if name in units:
                data[name].attrs["units"] = units[name]
        for name, value in attributes.items():
            data.attrs[name] = value
    return path


def test_what_is_written_is_read_frame_by_frame(tmp_path: Path) -> None:
    frame = pattern(4).with_columns(
        intensity_std=pl.col("intensity").clip(1.0).sqrt(), voltage=pl.col("test_time") / 1000
    )
    path = tmp_path / "a.nxs"
    nexus_diffraction.write(
        frame, path, ABOUT | {"instrument": {"wavelengths": [0.7749], "radiation": "x-ray"}, "compression": "gzip"}
    )
    reading = nexus_diffraction.read(path, {})
    found = _frame(reading).select(frame.columns)
    assert found.equals(frame)
    assert reading.metadata["instrument"] == {"wavelengths": [0.7749], "radiation": "x-ray"}
    assert reading.test["start"] == ABOUT["start"]
    assert not reading.flags


@given(
    frames=st.integers(1, 4),
    points=st.integers(2, 12),
    axis=st.sampled_from(["two_theta", "scattering_vector", "time_of_flight"]),
    seed=st.integers(0, 2**20),
)
@settings(max_examples=30, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_stack_comes_back(frames: int, points: int, axis: str, seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(seed)
    where = np.sort(rng.uniform(1, 100, points)) + np.arange(points)
    frame = pl.DataFrame(
        {
            "frame": np.repeat(np.arange(frames), points),
            axis: np.tile(where, frames),
            "intensity": rng.poisson(30, frames * points).astype(float),
            "intensity_std": rng.uniform(0.1, 9, frames * points),
        }
    )
    nexus_diffraction.write(frame, tmp_path / "a.nxs", {})
    assert _frame(nexus_diffraction.read(tmp_path / "a.nxs", {})).equals(frame)


def test_the_lazy_table_answers_like_the_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.nxs"
    nexus_diffraction.write(pattern(6), path, ABOUT)
    reading = nexus_diffraction.read(path, {})
    assert isinstance(reading.payload, Table)
    lazy, whole = reading.payload.frame, _frame(reading)
    for asked in (
        pl.col("frame") == 3,
        pl.col("test_time").is_between(600, 1800),
        (pl.col("frame") > 1) & (pl.col("intensity") > 100),
        pl.col("two_theta") < 18.1,
        pl.col("frame") == 99,
    ):
        assert lazy.filter(asked).collect().equals(whole.filter(asked))
    assert lazy.head(50).collect().equals(whole.head(50))
    assert lazy.select("intensity").collect().equals(whole.select("intensity"))
    assert lazy.group_by("frame").agg(pl.len()).collect().height == 6


def test_frames_that_are_not_asked_for_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.nxs"
    nexus_diffraction.write(pattern(6), path, ABOUT)
    monkeypatch.setattr(nexus_stack, "_AT_ONCE", 40)  # a frame at once
    reading = nexus_diffraction.read(path, {})
    assert isinstance(reading.payload, Table)
    read: list[int] = []
    taken = nexus_stack.taken

    def watched(file: Any, dataset: str, stack: Any, first: int, last: int) -> Any:
        read.append(first)
        return taken(file, dataset, stack, first, last)

    monkeypatch.setattr(nexus_stack, "taken", watched)
    reading.payload.frame.filter(pl.col("frame") == 4).collect()
    assert set(read) == {4}
    read.clear()
    reading.payload.frame.filter(pl.col("temperature") < 40).head(10).collect()
    assert set(read) == {0, 1}


@pytest.mark.parametrize(
    ("name", "unit", "factor", "column"),
    [
        ("2th", "deg", 1.0, "two_theta"),
        ("tth", "rad", 180 / np.pi, "two_theta"),
        ("radial", "2th_deg", 1.0, "two_theta"),
        ("q", "A^-1", 1.0, "scattering_vector"),
        ("q", "nm^-1", 0.1, "scattering_vector"),
        ("q", "1/angstrom", 1.0, "scattering_vector"),
        ("radial", "q_nm^-1", 0.1, "scattering_vector"),
        ("tof", "us", 1.0, "time_of_flight"),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_axes_in_all_units_and_orders(
    name: str, unit: str, factor: float, column: str, turned: bool, tmp_path: Path
) -> None:
    counts, axis = _counts(), np.linspace(1, 2, POINTS)
    order = [name, "time"] if turned else ["time", name]
    path = _file(
        tmp_path / "a.h5",
        {"I": counts.T if turned else counts, name: axis, "time": np.arange(FRAMES) * 2.0},
        {name: unit, "time": "min"}, signal="I", axes=order,
    )  # fmt: skip
    found = _frame(nexus_diffraction.read(path, {}))
    np.testing.assert_array_equal(found["intensity"].to_numpy(), counts.ravel())
    np.testing.assert_allclose(found[column].to_numpy()[:POINTS], axis * factor)
    assert found["test_time"].unique().sort().to_list() == [0.0, 120.0, 240.0, 360.0, 480.0]


def test_a_square_goes_by_the_order_of_the_axes(tmp_path: Path) -> None:
    counts = _counts(6, 6)
    for turned, order in ((False, ["time", "q"]), (True, ["q", "time"])):
        path = _file(
            tmp_path / f"{turned}.h5", {"I": counts, "q": np.arange(6.0)}, {"q": "1/A"}, signal="I", axes=order
        )
        expected = counts.T if turned else counts
        np.testing.assert_array_equal(
            _frame(nexus_diffraction.read(path, {}))["intensity"].to_numpy(), expected.ravel()
        )


def test_plain_groups_and_older_signals(tmp_path: Path) -> None:
    counts = _counts()
    with h5py.File(tmp_path / "plain.h5", "w") as file:
        file["run/intensity"], file["run/two_theta"] = counts, np.linspace(5, 6, POINTS)
        file["run/temperature"] = np.arange(FRAMES) + 300.0
        file["run/temperature"].attrs["units"] = "K"
    found = _frame(nexus_diffraction.read(tmp_path / "plain.h5", {}))
    assert found["temperature"][0] == pytest.approx(26.85)
    with h5py.File(tmp_path / "old.h5", "w") as file:
        group = file.create_group("entry/data")
        group.attrs["NX_class"] = "NXdata"
        group["counts"], group["two_theta"] = counts[0], np.linspace(6, 5, POINTS)
        group["counts"].attrs["signal"] = 1
        group["counts"].attrs["axes"] = "two_theta"
    one = _frame(nexus_diffraction.read(tmp_path / "old.h5", {}))
    assert one.columns == ["two_theta", "intensity"]
    assert one["intensity"].to_list() == counts[0][::-1].tolist()  # turned, since the axis runs downwards


def test_errors_bad_points_and_dead_frames(tmp_path: Path) -> None:
    counts = _counts() + 0.25
    counts[1, 3], counts[2, 4], counts[4] = -1.0, np.nan, 0.0
    errors = np.sqrt(np.abs(np.nan_to_num(counts)) + 1)
    errors[0, 0] = 0.0
    path = _file(
        tmp_path / "a.h5",
        {"I": counts, "I_errors": errors, "q": np.arange(POINTS) * 1.0},
        {"q": "1/A"},
        signal="I",
        axes=["frame", "q"],
    )
    reading = nexus_diffraction.read(path, {})
    found = _frame(reading)
    assert found["intensity_std"].null_count() == 3
    assert reading.metadata["dead_frames"] == (4,)
    assert _codes(reading) == {"points_without_weight", "dead_frames"}
    bare = _file(
        tmp_path / "b.h5", {"I": counts, "q": np.arange(POINTS) * 1.0}, {"q": "1/A"}, signal="I", axes=["frame", "q"]
    )
    assert "intensity_unit_unknown" in _codes(nexus_diffraction.read(bare, {}))


def test_wavelength_and_times_since_1970(tmp_path: Path) -> None:
    path = _file(
        tmp_path / "a.h5", {"I": _counts(), "q": np.arange(POINTS) * 1.0, "timestamp": 1_700_000_000.0 + np.arange(FRAMES)}, {"q": "1/A"},
        signal="I", axes=["timestamp", "q"],
    )  # fmt: skip
    with h5py.File(path, "a") as file:
        file["entry/configuration"] = json.dumps({"wavelength": 7.749e-11, "dist": 0.3})
        file["entry/sample/temperature"] = 300.0
        file["entry/sample/temperature"].attrs["units"] = "K"
    reading = nexus_diffraction.read(path, {})
    assert reading.metadata["instrument"]["wavelengths"] == [pytest.approx(0.7749)]
    assert reading.test["start"] == "2023-11-14T22:13:20+00:00"
    assert _frame(reading)["test_time"].unique().sort().to_list() == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert reading.state["temperature"].value == pytest.approx(26.85)


def test_pictures_cakes_and_unclear_files_are_refused(tmp_path: Path) -> None:
    picture = tmp_path / "picture.h5"
    with h5py.File(picture, "w") as file:
        file["entry/data/data"] = np.zeros((2, 100, 100), dtype="u2")
    with pytest.raises(ReadError, match=r"pictures of a detector .*integrate"):
        nexus_diffraction.read(picture, {})
    cake = _file(
        tmp_path / "cake.h5", {"I": _counts(), "q": np.arange(POINTS) * 1.0, "chi": np.arange(FRAMES) * 1.0}, {"q": "1/A"}, signal="I",
        axes=["chi", "q"],
    )  # fmt: skip
    with pytest.raises(ReadError, match="integrate over the azimuth"):
        nexus_diffraction.read(cake, {})
    unitless = _file(
        tmp_path / "unit.h5", {"I": _counts(), "q": np.arange(POINTS) * 1.0}, {}, signal="I", axes=["frame", "q"]
    )
    with pytest.raises(ReadError, match="without a unit"):
        nexus_diffraction.read(unitless, {})


def test_several_sets_need_a_choice(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        for name in ("sample", "empty"):
            group = file.create_group(name)
            group.attrs["NX_class"], group.attrs["signal"], group.attrs["axes"] = "NXdata", "I", ["frame", "q"]
            group["I"], group["q"] = _counts() + (name == "empty"), np.arange(POINTS) * 1.0
            group["q"].attrs["units"] = "1/A"
    with pytest.raises(ReadError, match=r"/sample/I.*option dataset"):
        nexus_diffraction.read(path, {})
    assert _frame(nexus_diffraction.read(path, {"dataset": "empty"}))["intensity"][0] == _counts()[0, 0] + 1
    with pytest.raises(ReadError, match="no set of patterns 'other'"):
        nexus_diffraction.read(path, {"dataset": "other"})
    with h5py.File(path, "a") as file:
        file.attrs["default"] = "sample"
    assert _frame(nexus_diffraction.read(path, {}))["intensity"][0] == _counts()[0, 0]


def test_nothing_outside_the_file_and_no_absurd_size(tmp_path: Path) -> None:
    nexus_diffraction.write(pattern(2), tmp_path / "other.h5", ABOUT)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["entry"] = h5py.ExternalLink("other.h5", "/entry")
    with pytest.raises(ReadError, match="no dataset"):
        nexus_diffraction.read(tmp_path / "a.h5", {})
    with h5py.File(tmp_path / "b.h5", "w") as file:
        group = file.create_group("d")
        group.create_dataset("intensity", shape=(10**6, 10**6), chunks=(1, 1000), dtype="f8", compression="gzip")
        group["two_theta"] = np.arange(10**6) / 1e4
    with pytest.raises(ReadError, match="above what is allowed"):
        nexus_diffraction.read(tmp_path / "b.h5", {})


def test_thousands_of_frames_stay_out_of_memory(tmp_path: Path) -> None:
    path = tmp_path / "big.h5"
    frames, points = 2000, 4000
    rng = np.random.default_rng(5)
    block = rng.poisson(100, (50, points)).astype("f4")
    with h5py.File(path, "w") as file:
        group = file.create_group("d")
        data = group.create_dataset("intensity", (frames, points), dtype="f4", chunks=(1, points))
        for first in range(0, frames, 50):
            data[first : first + 50] = block
        group["two_theta"] = np.linspace(5, 45, points)
    # In a process of its own, whose largest size is then its own: the whole table would take 190 MB.
    script = (
        "import resource, sys, polars as pl, h5py\n"
        "from pathlib import Path\n"
        "from polars.io.plugins import register_io_source\n"
        "from interlith.formats import nexus_diffraction as format\n"
        "pl.DataFrame({'a': [1]}).lazy().collect()\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        f"reading = format.read(Path({str(path)!r}), {{}})\n"
        "one = reading.payload.frame.filter(pl.col('frame') == 1234).collect()\n"
        "print(one.height, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)\n"
    )
    height, grown = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    ).stdout.split()
    assert int(height) == points
    assert int(grown) < 90  # MB


def test_a_damaged_heap_of_texts_is_refused_before_the_library_meets_it(tmp_path: Path) -> None:
    path = tmp_path / "a.nxs"
    nexus_diffraction.write(pattern(2), path, ABOUT)
    raw = bytearray(path.read_bytes())
    heap = raw.index(b"GCOL")
    last = heap + 16
    while int.from_bytes(raw[last : last + 2], "little"):
        last += 16 + (int.from_bytes(raw[last + 8 : last + 16], "little") + 7) // 8 * 8
    raw[last + 8 : last + 16] = bytes(8)  # free space of no length
    path.write_bytes(bytes(raw))
    with pytest.raises(ReadError, match=rf"byte {last}: a heap of texts"):
        nexus_diffraction.read(path, {})
    assert nexus_diffraction.sniff(bytes(raw), path) == 0.35
