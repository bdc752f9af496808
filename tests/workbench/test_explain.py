"""Does every number lead back to the step, curve, choices and bytes that made it, and is what changed since told?"""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

import interlith as il
from interlith.errors import StudyError
from interlith.model import Choice
from interlith.workbench.provenance.explanation import SCHEMA, Explanation
from interlith.workbench.provenance.origin import maker
from interlith.workbench.provenance.recorded import read_provenance
from interlith.workbench.provenance.writing import write_provenance
from interlith.workbench.running.identity import identifier
from tests.workbench.recorded_study import finished, key_of


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("explained")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return tmp_path_factory.mktemp("its_store")


@pytest.fixture(scope="module")
def outcome(place, store):
    return finished(place, store)


def _row(outcome, quantity: str, sample: str, cycle: int | None = None) -> dict:
    rows = outcome.observables.filter((pl.col("quantity") == quantity) & (pl.col("sample") == sample))
    if cycle is not None:
        rows = rows.filter(pl.col("cycle") == cycle)
    return rows.row(0, named=True)


def _explained(outcome, place, store, quantity: str, sample: str, cycle: int | None = None) -> Explanation:
    return il.explain(_row(outcome, quantity, sample, cycle)["id"], place, store=store)


def test_the_identifier_of_every_number_proves_its_step(outcome, place) -> None:
    rows = outcome.observables.sample(60, seed=3)
    with read_provenance(place / "results") as known:
        for row in rows.iter_rows(named=True):
            record = maker(row, known)
            assert record is not None
            assert record.specimen == row["sample"]
            assert identifier(record.key, row) == row["id"]
            assert maker(row | {"method": "another"}, known) is None


def test_a_capacity_leads_to_its_curve_and_bytes(outcome, place, store) -> None:
    sample = outcome.study.samples[0].name
    found = _explained(outcome, place, store, "discharge_capacity", sample, 7)
    (item,) = [one for one in outcome.study.measurements if one.sample.name == sample]
    assert [(one.direction, one.cycle) for one in found.stretches] == [("discharge", 7)]
    (stretch,) = found.stretches
    rows = item.payload.frame.slice(stretch.first_row - 1, stretch.last_row - stretch.first_row + 1).collect()
    assert stretch.voltage_start == pytest.approx(rows["voltage"][0], abs=2e-3)
    assert rows["current"].median() < 0
    curve = found.curve
    assert curve is not None
    assert curve.height == stretch.points
    mass = item.sample.active_mass
    assert curve["charge"].max() / mass.value == pytest.approx(found.value, rel=1e-3)
    assert [one.state for one in found.files] == ["same"]
    assert found.files[0].file.sha256 == item.source.sha256
    assert [record.step for record in found.steps] == ["summary", "count"]


def test_a_retention_rests_on_two_half_cycles_and_a_restarted_test_on_two_files(outcome, place, store) -> None:
    names = [item.sample.name for item in outcome.study.measurements]
    restarted = next(name for name in names if names.count(name) == 2)
    found = _explained(outcome, place, store, "capacity_retention", restarted, 12)
    assert len(found.stretches) == 2
    assert {one.direction for one in found.stretches} == {"discharge"}
    assert max(one.cycle for one in found.stretches) == 12
    assert [record.step for record in found.steps] == ["retention", "summary", "fade", "count", "count"]
    assert len(found.files) == 2
    assert len({one.file for one in found.stretches}) == 2, "one half-cycle lies in each part"


def test_a_decay_tells_its_fit(outcome, place, store) -> None:
    found = _explained(outcome, place, store, "capacity_decay", outcome.study.samples[0].name)
    assert found.fit["lines"][0]["points"] > 3
    assert "residual std" in found.text()
    assert found.citations
    assert found.curve is None


def test_the_text_names_sources_in_words_and_stays_short(outcome, place, store) -> None:
    for quantity in outcome.observables["quantity"].unique():
        found = _explained(outcome, place, store, quantity, outcome.study.samples[0].name)
        lines = found.text(width=80).splitlines()
        assert len(lines) <= 60
        assert max(len(line) for line in lines[1:]) <= 80
        assert lines[0].startswith("SIMULATED DATA")
    text = _explained(outcome, place, store, "discharge_capacity", outcome.study.samples[0].name, 7).text()
    for words in ("active mass of", "mg, from", "±", "own half-cycle", "sha256", "the file on disk has these bytes"):
        assert words in text


def test_the_json_is_for_every_reader(outcome, place, store) -> None:
    found = _explained(outcome, place, store, "discharge_capacity", outcome.study.samples[0].name, 7)
    words = json.loads(found.json(), parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert words["schema"] == SCHEMA
    assert set(words) == {
        "schema", "id", "run", "number", "components", "step", "method", "steps", "curve", "fit", "choices", "decisions",
        "files", "findings", "citations", "notes",
    }  # fmt: skip
    assert words["number"]["value"] == found.value
    assert words["steps"][0]["key"] == words["step"]
    assert words["steps"][0]["inputs"]["count"] == [words["steps"][1]["key"]]


def test_the_box_of_a_notebook_escapes_every_word(outcome, place, store) -> None:
    found = _explained(outcome, place, store, "discharge_capacity", outcome.study.samples[0].name, 7)
    hostile = replace(found, notes=("<script>alert(1)</script>",))
    assert "<script>" not in hostile._repr_html_()
    assert "&lt;script&gt;" in hostile._repr_html_()


def test_a_short_identifier_does_and_a_wrong_one_is_told(outcome, place) -> None:
    row = _row(outcome, "discharge_capacity", outcome.study.samples[0].name, 7)
    assert il.explain(row["id"][:10].upper(), place, verify=False).id == row["id"]
    with pytest.raises(StudyError, match="no identifier"):
        il.explain("xyz", place)
    wrong = row["id"][:15] + ("0" if row["id"][15] != "0" else "1")
    with pytest.raises(StudyError, match=f"the nearest is {row['id']}"):
        il.explain(wrong, place)
    with pytest.raises(StudyError, match="There are no results"):
        il.explain(row["id"], place / "cells")


def test_a_shortened_identifier_that_fits_several_numbers_names_them(outcome, tmp_path: Path, place) -> None:
    shutil.copytree(place / "results", tmp_path / "results")
    path = tmp_path / "results" / "observables.parquet"
    frame = pl.read_parquet(path)
    frame.with_columns(id="abcdef" + pl.col("id").str.slice(6)).write_parquet(path)
    with pytest.raises(StudyError, match=r"fits .* numbers: .* of bare_1"):
        il.explain("abcdef", tmp_path)


def test_what_changed_since_the_run_is_told(outcome, place, store, tmp_path: Path) -> None:
    copy = tmp_path / "study"
    shutil.copytree(place, copy)
    row = _row(outcome, "discharge_capacity", outcome.study.samples[0].name, 7)
    path = copy / next(item.source.path for item in outcome.study.measurements)
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)
    found = il.explain(row["id"], copy, store=store)
    assert [one.state for one in found.files] == ["changed"]
    assert "OTHER BYTES" in found.text()
    assert [one.state for one in il.explain(row["id"], copy, store=store, verify=False).files] == ["not checked"]
    path.unlink()
    with (copy / "study.yaml").open("a", encoding="utf-8") as file:
        file.write("# later\n")
    found = il.explain(row["id"], copy, store=store)
    assert [one.state for one in found.files] == ["missing"]
    assert "older than study.yaml" in found.notes[0]


def test_a_cleaned_store_is_told_with_the_remedy(outcome, place, tmp_path: Path) -> None:
    row = _row(outcome, "discharge_capacity", outcome.study.samples[0].name, 7)
    found = il.explain(row["id"], place, store=tmp_path / "empty")
    assert found.curve is None
    assert found.files
    assert "run the study again" in found.notes[0]


def test_a_table_of_another_run_is_not_believed(outcome, place, store, tmp_path: Path) -> None:
    shutil.copytree(place / "results", tmp_path / "results")
    other = tuple(replace(one, key=key_of("other", one.key)) for one in outcome.records)
    write_provenance(replace(outcome, records=other), tmp_path / "results")
    row = _row(outcome, "discharge_capacity", outcome.study.samples[0].name, 7)
    found = il.explain(row["id"], tmp_path, store=store)
    assert found.chain is None
    assert "cannot be proved" in found.notes[0]
    assert found.text()


def test_only_choices_about_these_bytes_and_numbers_are_told(outcome, place, store, tmp_path: Path) -> None:
    shutil.copytree(place / "results", tmp_path / "results")
    row = _row(outcome, "discharge_capacity", outcome.study.samples[0].name, 7)
    mine, other = row["source"].removeprefix("sha256:")[:12], "0" * 12
    moves = ("discharge_capacity",)
    choices = (
        Choice(f"a#sha256:{mine}/half_cycle/14", "step_type", "here", "x", 0.3, moves, "."),
        Choice(f"a#sha256:{mine}/half_cycle/2", "step_type", "elsewhere in the file", "x", 0.1, moves, "."),
        Choice(f"b#sha256:{other}/half_cycle/14", "step_type", "another file", "x", 0.1, moves, "."),
        Choice(f"a#sha256:{mine}/half_cycle/2", "cycle_join", "shifts the count", "x", 0.1, moves, "."),
        Choice(f"a#sha256:{mine}/half_cycle/20", "cycle_join", "later", "x", 0.1, moves, "."),
        Choice("cycling", "reference_cycle", "whole technique", "x", 0.2, moves, "."),
        Choice("cycling", "reference_cycle", "another quantity", "x", 0.2, ("capacity_retention",), "."),
    )
    write_provenance(replace(outcome, choices=choices), tmp_path / "results")
    found = il.explain(row["id"], tmp_path, store=store)
    assert found.stretches[0].half_cycle == 14
    assert [choice.value for choice in found.choices] == ["shifts the count", "whole technique", "here"]
