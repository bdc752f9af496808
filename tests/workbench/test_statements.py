"""Statements that `study.yaml` asks for: made from the observables of the run, refused before it where they are wrong."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import interlith as il
from interlith.errors import StudyError
from interlith.model import Observable, to_frame
from interlith.workbench.declaring.schema import STATEMENT_WORDS
from interlith.workbench.running.run import run
from interlith.workbench.running.statements import STATEMENTS, functions, stated

from .folders import write_study


def asked(folder: Path, text: str) -> Path:
    path = folder / "study.yaml"
    path.write_text(path.read_text() + "evidence:\n" + text)
    return folder


def test_the_words_of_the_schema_are_the_functions() -> None:
    assert set(STATEMENT_WORDS) == set(STATEMENTS) == set(functions())


def test_a_trend_over_cycles_is_in_the_outcome_with_its_figure(tmp_path: Path) -> None:
    folder = write_study(tmp_path, cycles=8)
    outcome = run(asked(folder, "  - trend: {quantity: capacity_retention, against: cycle}\n"))
    assert not outcome.failures
    table = outcome.observables
    alone = il.evidence.trend(table, "capacity_retention", against="cycle")
    assert [item.statement for item in alone.findings] == [
        item.statement for item in outcome.findings if item.kind == alone.findings[0].kind
    ]
    assert {figure.name for figure in alone.figures} <= {figure.name for figure in outcome.figures}


def test_single_numbers_are_picked_and_balanced(tmp_path: Path) -> None:
    folder = write_study(tmp_path)
    entry = """\
  - balance:
      unit: "%"
      terms:
        first: {quantity: capacity_retention, sample: bare_1, at: {cycle: 1}}
        third: {quantity: capacity_retention, sample: bare_1, at: {cycle: 3}, coefficient: -1}
"""
    outcome = run(asked(folder, entry))
    assert not outcome.failures
    (finding,) = [item for item in outcome.findings if item.kind == "balance"]
    assert finding.estimate == pytest.approx(100 * 2 * 0.051, abs=0.05)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("  - onsets: {quantity: a, against: cycle}\n", r"line \d+: .*no statement 'onsets'.*onset"),
        ("  - onset: {quantity: a, against: cycle, shape: kink}\n", "entry 1 .onset.*'shape' is unknown"),
        ("  - onset: {quantity: a}\n", "`against` is missing"),
        ("  - {onset: {quantity: a, against: cycle}, trend: {quantity: a, against: cycle}}\n", "one statement"),
    ],
)
def test_a_wrong_entry_is_refused_before_anything_runs(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(StudyError, match=words):
        run(asked(write_study(tmp_path), text))


def test_a_statement_that_cannot_be_made_is_a_failure_and_the_run_goes_on(tmp_path: Path) -> None:
    text = "  - onset: {quantity: charge_transfer_resistance, against: voltage}\n  - order: {}\n"
    outcome = run(asked(write_study(tmp_path), text))
    assert [name for name, _ in outcome.failures] == [
        "evidence, onset of charge_transfer_resistance",
        "evidence, order of the study",
    ]
    assert "No onset stands before it" in outcome.failures[1][1]
    assert outcome.findings


def test_an_entry_that_describes_several_numbers_is_refused(tmp_path: Path) -> None:
    table = to_frame([Observable("a", 1.0, "1", name, {"fit:x": 0.1}) for name in ("s", "t")])
    study = il.open_study(
        asked(write_study(tmp_path), "  - balance: {terms: {x: {quantity: a}, y: {quantity: a, smaple: s}}}\n")
    )
    made, failures = stated(study, table)
    assert made == []
    assert "describes 2 numbers" in failures[0][1]
    made, failures = stated(study, table.filter(pl.col("sample") == "s"))
    assert "'y' holds 'smaple'" in failures[0][1]
