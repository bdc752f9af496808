"""Simulated laboratory patterns: files, formats, truth."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import interlith as il
from interlith.errors import StudyError
from interlith.layouts.instrument_files import instrument_bank
from interlith.model import Table
from interlith.simulate.powder import grid, simulate_lab
from interlith.simulate.powder_recipes import LAB, LAYERED, WEIGHED, Mixture
from interlith.simulate.powder_specimen import Haze, Ingredient, Mount, Specimen

ONE = (
    Mixture("M", (Ingredient("zincite", "zincite", 0.7), Ingredient("fluorite", "fluorite", 0.3)), Mount(0.02, 0.05)),
)
SHORT = (25.0, 60.0)


def _rows(folder: Path) -> pl.DataFrame:
    payload = il.open_study(folder).measurements[0].payload
    assert isinstance(payload, Table)
    return payload.frame.collect()


@pytest.mark.parametrize("files", ["xye", "fxye", "xrdml", "nexus"])
def test_every_format_holds_the_truth_within_counting(tmp_path: Path, files: str) -> None:
    truth = simulate_lab(tmp_path, mixtures=ONE, limits=SHORT, files=files, counting_time=3.0, seed=4)
    study = il.open_study(tmp_path)
    assert study.unread == ()
    assert study.simulated
    rows = _rows(tmp_path)
    x, counts = rows["two_theta"].to_numpy(), rows["intensity"].to_numpy()
    assert x == pytest.approx(grid(SHORT, 0.02), abs=1e-6)
    specimen = Specimen(ONE[0].ingredients, LAB, grid(SHORT, 0.02), haze=Haze(), highest=4000.0)
    values, known = specimen.values(), truth.patterns.row(0, named=True)
    for name in specimen.model.names:
        word = name.replace("inverse_size", "crystallite_size")
        if word in known:
            values[specimen.model.place_of(name)] = known[word] if word == name else 1 / known[word]
    expected = 3.0 * specimen.expected(values)
    pulls = (counts - expected) / np.sqrt(expected)
    assert pulls.std() == pytest.approx(1.0, abs=0.06)
    assert abs(pulls.mean()) < 0.1


def test_the_truth_is_written_and_says_that_all_is_simulated(tmp_path: Path) -> None:
    truth = simulate_lab(tmp_path, mixtures=WEIGHED[:2], limits=SHORT, seed=2)
    held = json.loads((tmp_path / "truth.json").read_text(encoding="utf-8"))
    assert held["simulated"] is True
    assert held["patterns"]["corundum_weight_fraction"] == pytest.approx([0.30, 0.55])
    assert truth.of("M2_01")["zincite_weight_fraction"].to_list() == pytest.approx([0.15])
    with pytest.raises(StudyError, match="no specimen 'M9'"):
        truth.of("M9")
    assert "SIMULATED" in (tmp_path / "xrd" / "M1_01.xye").read_text(encoding="utf-8")
    assert "simulated: true" in (tmp_path / "study.yaml").read_text(encoding="utf-8")
    facts = instrument_bank(tmp_path / "instrument.toml")
    assert facts.gauss == LAB.gauss
    assert facts.wavelengths == LAB.wavelengths


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        simulate_lab(tmp_path / name, mixtures=ONE, limits=SHORT, seed=seed)
    first, second, third = ((tmp_path / name / "xrd" / "M_01.xye").read_bytes() for name in "abc")
    assert first == second
    assert first != third


def test_replicates_differ_by_their_cells(tmp_path: Path) -> None:
    truth = simulate_lab(tmp_path, mixtures=ONE, limits=SHORT, replicates=3, spread=1e-3, seed=7)
    edges = truth.patterns["fluorite_cell_a"].to_numpy()
    assert len(set(edges.tolist())) == 3
    assert 1e-4 < edges.std() / edges.mean() < 4e-3
    study = il.open_study(tmp_path)
    assert [one.sample.replicate for one in study.measurements] == ["1", "2", "3"]


def test_bare_and_coated_differ_in_their_cells(tmp_path: Path) -> None:
    truth = simulate_lab(tmp_path, mixtures=LAYERED, limits=SHORT)
    bare, coated = truth.patterns.rows(named=True)
    assert coated["layered_cell_c"] > bare["layered_cell_c"]
    assert coated["Li3ScF6_weight_fraction"] == pytest.approx(0.01)
    assert bare["Li3ScF6_weight_fraction"] is None
    names = ("layered_weight_fraction", "monoclinic_weight_fraction", "Li3ScF6_weight_fraction")
    assert sum(coated[name] for name in names) == pytest.approx(1.0)


def test_impossible_numbers_are_refused(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="counting times"):
        simulate_lab(tmp_path, counting_time=0.0)
    with pytest.raises(StudyError, match="smaller to a larger angle"):
        simulate_lab(tmp_path, limits=(60.0, 20.0))
    with pytest.raises(StudyError, match="written as 'xyz'"):
        simulate_lab(tmp_path, files="xyz")
