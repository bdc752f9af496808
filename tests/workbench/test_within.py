"""Spectra inside a cycling file: handed on as measurements of their own technique, with the voltage of their step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

from interlith.errors import ReadError
from interlith.model import Format, Reading, State, Table, Within
from interlith.workbench import discovery, facade
from interlith.workbench.initialise import initialise
from interlith.workbench.opening import open_study
from interlith.workbench.reading import as_series
from interlith.workbench.running.run import run

RECORDS = {"test_time": [0.0, 60.0, 120.0], "current": [0.0, 1e-3, 1e-3], "voltage": [3.0, 3.5, 3.6]}
SPECTRA = [(3.5, {"frequency": [1e3, 1.0], "impedance_real": [1.0, 2.0], "impedance_imaginary": [-0.1, -0.2]}),
           (3.6, {"frequency": [1e3, 1.0], "impedance_real": [5.0, 6.0], "impedance_imaginary": [-0.3, -0.4]})]  # fmt: skip


def _table(columns: Mapping[str, list[float]]) -> Table:
    return Table(pl.DataFrame(columns).lazy(), tuple(columns))


def _read(path: Path, options: Mapping[str, Any]) -> Reading:
    if b"spectrum" in path.read_bytes():
        return Reading(_table(SPECTRA[0][1]))
    within = tuple(
        Within("impedance", _table(columns), {"voltage": State("voltage", volts, volts, volts, "V")}, f"step {number}")
        for number, (volts, columns) in enumerate(SPECTRA, start=1)
    )
    return Reading(_table(RECORDS), within=within)


TOY = Format(
    name="toy_chain", title="a chain", patterns=("*.toy",), sniff=lambda head, path: float(head.startswith(b"toy")),
    read=_read, source="made for this test",
    technique_of=lambda head, path: "impedance" if b"spectrum" in head else "cycling",
)  # fmt: skip


@pytest.fixture(autouse=True)
def toy(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    point = SimpleNamespace(name="toy_chain", value="tests", load=lambda: TOY)
    monkeypatch.setattr(discovery, "entry_points", lambda group: [point] if group == "interlith.formats" else [])
    discovery.formats.cache_clear()
    yield
    discovery.formats.cache_clear()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "bare_1.toy").write_bytes(b"toy chain")
    (tmp_path / "bare_1_peis.toy").write_bytes(b"toy spectrum")
    return tmp_path


def test_a_file_and_what_is_inside(folder: Path) -> None:
    whole, first, second = facade.read_all(folder / "bare_1.toy")
    assert (whole.technique, whole.inner) == ("cycling", 0)
    assert [(item.technique, item.inner, item.state["voltage"].value) for item in (first, second)] == [
        ("impedance", 1, 3.5),
        ("impedance", 2, 3.6),
    ]
    assert first.source == whole.source


def test_a_series_of_one_technique(folder: Path) -> None:
    path = folder / "bare_1.toy"
    assert [item.inner for item in as_series(path, technique="impedance")] == [1, 2]
    assert [item.inner for item in as_series(path)] == [0]
    with pytest.raises(ReadError, match=r"feeds 'impedance' and holds nothing for 'cycling'"):
        as_series(folder / "bare_1_peis.toy", technique="cycling")


def test_a_study_has_them_cold_and_from_the_store(folder: Path) -> None:
    initialise(folder)
    table = (folder / "measurements.csv").read_text()
    assert "bare_1.toy,cycling" in table
    assert "bare_1_peis.toy,impedance" in table
    for _ in range(2):
        study = open_study(folder, execute="inline")
        assert not study.unread
        assert len(study["cycling"]) == 1
        spectra = study["impedance"]
        inside = [item for item in spectra if item.inner]
        assert [item.state["voltage"].value for item in inside] == [3.5, 3.6]
        got = [item.payload.frame.collect()["impedance_real"].to_list() for item in inside]  # type: ignore[union-attr]
        assert got == [[1.0, 2.0], [5.0, 6.0]]
        assert len({(item.sample.name, item.part) for item in spectra}) == len(spectra)


def test_a_run_goes_on_where_their_spectra_are_too_short(folder: Path) -> None:
    initialise(folder)
    outcome = run(folder, execute="inline")
    (test,) = [result for result in outcome.results if result.name == "summary"]
    assert test.table.height
    assert all(result.table.is_empty() for result in outcome.results if result.how.technique == "impedance")
    assert any("no spectrum with 5 points" in reason for _, reason in outcome.failures)


def test_a_row_that_declares_the_wrong_technique_is_told(folder: Path) -> None:
    initialise(folder)
    table = folder / "measurements.csv"
    table.write_text(table.read_text().replace("bare_1_peis.toy,impedance", "bare_1_peis.toy,cycling"))
    study = open_study(folder, execute="inline")
    assert any("feeds 'impedance', but measurements.csv declares 'cycling'" in item.reason for item in study.unread)
