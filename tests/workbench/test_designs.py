"""Are the designs of a study answered alone, within a run, and refused where they are wrong?"""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import interlith as il
from interlith.crystal.writing import write_cif
from interlith.errors import StudyError
from interlith.workbench.declaring.design_files import design_files
from interlith.workbench.declaring.schema import DESIGN_WORDS
from interlith.workbench.provenance.anonymise import anonymised
from interlith.workbench.provenance.recorded import read_provenance
from interlith.workbench.provenance.writing import write_provenance
from interlith.workbench.running.designs import design, functions
from interlith.workbench.running.run import prepare
from interlith.workbench.running.session import session
from tests.crystal.crystals import perovskite
from tests.workbench.folders import write_study

GROWTH = "  - growth: {host: LNMO, film: film.cif, gain: 0.22-0.29 J/m^2, elastic_cost: 0.16 J/m^2 at 5 %, layer_spacing: 3.88 angstrom"


def _file(folder: Path, *entries: str) -> Path:
    path = folder / "study.yaml"
    path.write_text("\n".join(["study: A", "design:", *entries]) + "\n", encoding="utf-8")
    return path


def test_every_word_of_the_schema_is_a_function() -> None:
    assert sorted(functions()) == sorted(DESIGN_WORDS)


def test_a_study_file_alone_is_answered(tmp_path: Path) -> None:
    (tmp_path / "film.cif").write_text(write_cif(perovskite()), encoding="utf-8")
    path = _file(tmp_path, GROWTH + ", reported: {implied_modulus: 150 GPa}}")
    made = design(path)
    answers = made.answers
    assert (made.name, made.failures) == ("A", ())
    assert answers[0].number("implied_modulus").value == pytest.approx(165, abs=0.5)
    assert [item.verdict for item in answers[0] if item.kind == "audit"] == ["contradicted"]
    assert design(tmp_path).answers[0].findings == answers[0].findings


def test_one_that_fails_does_not_stop_the_others(tmp_path: Path) -> None:
    (tmp_path / "film.cif").write_text("data_x\n", encoding="utf-8")
    good = GROWTH.replace("film.cif", "LaTMO3") + "}"
    made = design(_file(tmp_path, GROWTH + "}", good))
    assert len(made.answers) == 1
    assert made.failures[0][0] == "design, growth of LNMO and film.cif"
    assert "no atom positions" in made.failures[0][1]


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("  - growing: {host: LNMO}", "did you mean 'growth'"),
        ("  - {growth: {}, coverage: {}}", "an entry is one design"),
        ("  - growth: {host: LNMO}", "`film` is missing"),
        ("  - growth: {host: LNMO, film: LaTMO3, gian: 1}", "did you mean 'gain'"),
    ],
)
def test_wrong_entries_are_refused_before_anything_runs(tmp_path: Path, entry: str, words: str) -> None:
    with pytest.raises(StudyError, match=words):
        design(_file(tmp_path, entry))


def test_a_study_without_designs_says_what_to_write(tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_text("study: A\n", encoding="utf-8")
    with pytest.raises(StudyError, match="write under `design:`"):
        design(path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A study of cells that also asks for a design."""
    write_study(tmp_path)
    with (tmp_path / "study.yaml").open("a", encoding="utf-8") as handle:
        handle.write("design:\n" + GROWTH.replace("film.cif", "LaTMO3") + "}\n")
    return tmp_path


def test_a_run_answers_them_with_the_evidence(folder: Path) -> None:
    outcome = il.run(folder)
    assert [one.how.method for one in outcome.designs if one.how] == ["growth"]
    assert "growth mode" in {finding.kind for finding in outcome.findings}
    assert any(figure.name.startswith("growth_layers") for figure in outcome.figures)
    # What was not measured stands in no table of measurements.
    assert outcome.observables.filter(pl.col("technique") == "design").is_empty()
    made, _ = anonymised(outcome, b"salt" * 8)
    assert made.designs == ()
    assert "growth mode" not in {finding.kind for finding in made.findings}


def test_a_wrong_design_stops_a_run_before_it_begins(folder: Path) -> None:
    text = (folder / "study.yaml").read_text(encoding="utf-8")
    (folder / "study.yaml").write_text(text.replace("gain:", "gian:"), encoding="utf-8")
    with pytest.raises(StudyError, match="did you mean 'gain'"):
        il.run(folder)


def test_a_changed_structure_is_designed_again(folder: Path) -> None:
    (folder / "film.cif").write_text(write_cif(perovskite()), encoding="utf-8")
    text = (folder / "study.yaml").read_text(encoding="utf-8")
    (folder / "study.yaml").write_text(text.replace("LaTMO3", "film.cif"), encoding="utf-8")
    with session() as work:
        first = prepare(folder, work).key
        assert prepare(folder, work).key == first
        (folder / "film.cif").write_text(write_cif(perovskite(3.9)), encoding="utf-8")
        assert prepare(folder, work).key != first


def test_structures_of_designs_go_with_the_study(folder: Path) -> None:
    (folder / "film.cif").write_text(write_cif(perovskite()), encoding="utf-8")
    text = (folder / "study.yaml").read_text(encoding="utf-8")
    (folder / "study.yaml").write_text(text.replace("LaTMO3", "film.cif"), encoding="utf-8")
    outcome = il.run(folder)
    write_provenance(outcome, folder / "results")
    with read_provenance(folder / "results") as known:
        assert "film.cif" in known.study_files()
        assert known.changed_since(folder) == ()
        (folder / "film.cif").write_text(write_cif(perovskite(3.9)), encoding="utf-8")
        assert known.changed_since(folder) == ("film.cif",)


def test_files_are_found_wherever_an_entry_names_them(tmp_path: Path) -> None:
    for name in ("a.cif", "b.cif"):
        (tmp_path / name).write_text("data_x\n", encoding="utf-8")
    entries = (("registry", {"host": "a.cif", "film": "LaTMO3.cif"}), ("x", {"deep": [{"more": "b.cif"}]}))
    assert design_files(entries, tmp_path) == ("a.cif", "b.cif")


def test_the_host_is_the_structure_of_the_reference(tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    words = "study: A\nreference: bare\nsamples:\n  bare: {structure: SrTiO3}\ndesign:\n"
    path.write_text(
        words + "  - concentration: {element: O}\n  - concentration: {structure: LNMO, element: O}\n", encoding="utf-8"
    )
    assert [one.observables[0].sample for one in design(path).answers] == ["SrTiO3", "LNMO"]
