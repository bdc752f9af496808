"""Are real files taken from a mirror only if they are the recorded ones, and is nothing declared that is not known?"""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest

from interlith.errors import ReadError
from interlith.simulate import real
from interlith.simulate.real import real_files, write_real_demo


@pytest.fixture
def mirror(tmp_path: Path, data_folder: Path) -> Path:
    """A writable copy of the files of the demo."""
    for item in real_files():
        goal = tmp_path / "mirror" / item.file
        goal.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(data_folder / item.file, goal)
    return tmp_path / "mirror"


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(item: real.RealFile) -> Path:
        raise AssertionError(f"{item.url} would be fetched")

    monkeypatch.setattr(real, "_fetch", refuse)


def test_every_file_names_source_version_licence_and_digest() -> None:
    for item in real_files():
        assert len(item.commit) == 40
        assert len(item.sha256) == 64
        assert item.commit in item.url
        assert item.licence
        assert item.bytes > 0
    assert len({item.variant for item in real_files()}) == len(real_files())


def test_the_recorded_files_are_those_of_the_manifest(data_folder: Path) -> None:
    with (data_folder / "MANIFEST.tsv").open(encoding="utf-8") as handle:
        manifest = {row["file"]: row for row in csv.DictReader(handle, delimiter="\t")}
    for item in real_files():
        row = manifest[item.file]
        assert (item.repository, item.path, item.commit) == (row["repository"], row["path"], row["commit"])
        assert item.bytes == int(row["bytes"])


def test_a_study_is_written_over_the_mirror(tmp_path: Path, mirror: Path) -> None:
    done = write_real_demo(tmp_path / "Übung 1", mirror=mirror)
    assert done.mirror == mirror
    for item in done.files:
        assert (done.folder / "raw" / item.name).read_bytes() == (mirror / item.file).read_bytes()
    with (done.folder / "measurements.csv").open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert [row["sample"] for row in rows] == [item.variant for item in real_files()]
    assert all(not row["active_mass"] and not row["area"] for row in rows)
    text = (done.folder / "study.yaml").read_text(encoding="utf-8")
    assert "simulated" not in text
    sources = (done.folder / "sources.txt").read_text(encoding="utf-8")
    assert all(item.commit in sources and item.licence in sources for item in real_files())


def test_the_environment_variable_names_the_mirror(
    tmp_path: Path, mirror: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INTERLITH_DATA", str(mirror))
    assert write_real_demo(tmp_path / "study").mirror == mirror


def test_a_changed_file_is_refused(tmp_path: Path, mirror: Path) -> None:
    item = real_files()[2]
    path = mirror / item.file
    path.write_bytes(path.read_bytes().replace(b"2.9170", b"2.9171", 1))
    with pytest.raises(ReadError, match=r"neware_uio\.csv has the SHA-256 .* was changed"):
        write_real_demo(tmp_path / "study", mirror=mirror)
    assert not (tmp_path / "study" / "raw" / item.name).exists()


def test_a_missing_file_is_named(tmp_path: Path, mirror: Path) -> None:
    (mirror / real_files()[0].file).unlink()
    with pytest.raises(ReadError, match=r"has no file cycling/fastnda_nw4"):
        write_real_demo(tmp_path / "study", mirror=mirror)


def test_the_study_opens_with_our_loader(tmp_path: Path, mirror: Path) -> None:
    opening = pytest.importorskip("interlith.workbench.opening")
    opened = opening.open_study(write_real_demo(tmp_path / "study", mirror=mirror).folder)
    assert not opened.simulated
    assert [item.name for item in opened.samples]
