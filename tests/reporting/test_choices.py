"""Does the report say what hangs on a choice, how to correct it, and what people decided?"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from interlith.model import Choice, Decision, Effect, Step, StudyOutcome, read_target
from interlith.reporting.choices import choice_groups, corrections, moved_text
from interlith.reporting.decision import page_one
from interlith.reporting.page import render
from interlith.reporting.workbook import write_workbook
from interlith.workbench import discovery
from tests.reporting.fakes import HOSTILE, make_outcome

FIELDS = {"step_type": "pause, charge or discharge", "reference_cycle": "a cycle number"}


@pytest.fixture(scope="module")
def outcome() -> StudyOutcome:
    """Six cells; one choice recomputed, one that moves nothing, a correction in force and one whose bytes are gone."""
    made = make_outcome(6, 40)
    first, digest = made.study.measurements[0].source.path, made.study.measurements[0].source.sha256[:12]
    moved = (
        Effect("discharge_capacity", "bare_01", "cycle 40", 128.412, 128.3051, 0.9, "mAh/g"),
        Effect("capacity_retention", "bare_01", "cycle 40", 97.87, 95.93, 0.11, "%"),
    )
    choices = list(made.choices)
    choices[2] = replace(choices[2], target=f"{first}#sha256:{digest}/half_cycle/9", effects=moved[::-1])
    choices[0] = replace(choices[0], effects=(replace(moved[0], other=moved[0].value),))
    choices.append(Choice(f"{first}#sha256:{digest}/half_cycle/37", "step_type", "pause", "charge", 1.0, ("discharge_capacity",),
                          "decided by mk: power cut.", "mk"))  # fmt: skip
    decisions = (
        Decision(read_target(f"{first}#sha256:{digest}/half_cycle/37"), "step_type", "pause", "power cut at 14:05", "mk", "2026-11-20", "charge", 1),
        Decision(read_target(f"{first}#sha256:0123456789ab"), "include", False, "leaked", "ab", "2026-11-19", None, 8),
    )  # fmt: skip
    return replace(made, choices=tuple(choices), study=replace(made.study, decisions=decisions))


@pytest.fixture(autouse=True)
def _fields(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cycling with steps that ask for decisions, whatever its real ones are."""
    cycling = replace(discovery.techniques()["cycling"], steps=(Step("summary", lambda given: None, decides=FIELDS),))
    monkeypatch.setattr(discovery, "techniques", lambda: {"cycling": cycling})
    monkeypatch.setattr("interlith.workbench.corrections.decisions.all_techniques", lambda: {"cycling": cycling})


def test_what_was_found_to_move_comes_first_and_what_moves_nothing_last(outcome: StudyOutcome) -> None:
    groups = choice_groups(outcome)
    assert [group.field for group in groups] == ["cycle_join", "reference_cycle", "column", "step_type", "step_type"]
    assert [group.who for group in groups] == ["automatic", "study file", "automatic", "mk", "automatic"]
    assert groups[0].effects[0].quantity == "capacity_retention"
    assert groups[-1].stays
    assert not groups[0].stays
    assert [group.number for group in groups] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("effect", "text"),
    [
        (("capacity_retention", "B1_02", "cycle 200", 85.1234, 83.2211, 0.4, "%"), "Capacity retention of B1_02 at cycle 200: 85.1 % → 83.2 %"),
        (("capacity_retention", "B1_02", "cycle 200", 85.1234, 85.1219, 0.4, "%"), "Capacity retention of B1_02 at cycle 200: 85.1234 % → 85.1219 %"),
        (("discharge_capacity", "a", "", 1312.4, 902.2, None, "mAh"), "Discharge capacity of a: 1312 mAh → 902.2 mAh"),
        (("plateau_share", "a", "", 41.2, None, 1.0, "%"), "Plateau share of a: 41.20 % → no number"),
        (("capacity_decay", "a", "", -0.0213, 0.0213, 1.0, "%/cycle"), "Capacity decay of a: −0.021 %/cycle → 0.021 %/cycle"),
        (("x", "", "", 1e-9, 2e-9, None, "1"), "X: 1.000 × 10⁻⁹ → 2.000 × 10⁻⁹"),
    ],
)  # fmt: skip
def test_both_numbers_are_written_as_finely_as_they_differ(effect: tuple[object, ...], text: str) -> None:
    assert moved_text(Effect(*effect)) == text  # type: ignore[arg-type]


def test_page_one_shows_the_moved_number_and_that_people_decided(outcome: StudyOutcome) -> None:
    assert [group.field for group in page_one(outcome).choices] == ["cycle_join", "column", "step_type"]
    page = render(outcome)
    first = page[page.index('id="decision"') : page.index('id="evidence"')]
    assert "Capacity retention of bare_01 at cycle 40: 97.9 % → 95.9 % with the runner-up." in first
    assert "2 choices corrected or confirmed by people" in first
    assert "1 of them without effect now" in first
    assert "corrected or confirmed by people</a>" not in render(make_outcome(2, 10))


def test_each_choice_has_the_line_that_corrects_it(outcome: StudyOutcome) -> None:
    lines = {group.field: group.command for group in choice_groups(outcome) if group.who == "automatic"}
    assert lines["step_type"] == f'interlith decide {outcome.choices[0].target} step_type pause --reason "..."'
    assert lines["column"] == ""
    assert choice_groups(outcome)[1].command == ""
    assert choice_groups(outcome)[3].command == f"interlith decide --undo {outcome.choices[-1].target} step_type"
    unclear = replace(outcome.choices[0], runner_up="12 mA / 12 mA", target="bare_01/fade")
    (group,) = choice_groups(replace(outcome, choices=(unclear,)))
    assert group.command == 'interlith decide bare_01/fade step_type VALUE --reason "..."'


def test_people_are_named_with_reason_and_what_they_replaced(outcome: StudyOutcome) -> None:
    kept, gone = corrections(outcome)
    assert (kept.value, kept.was, kept.vanished) == ("pause", "charge", "")
    assert (gone.value, gone.was) == ("no", "")
    assert "its bytes changed (now sha256:" in gone.vanished
    part = render(outcome)
    part = part[part.index('id="corrections"') : part.index('id="methods"')]
    for words in (
        "power cut at 14:05",
        "mk",
        "2026-11-20",
        "not recorded",
        "interlith decide --undo",
        "its bytes changed",
    ):
        assert words in part
    assert "no headline number changes" in part
    assert "None: every choice" in render(make_outcome(2, 10))


def test_hostile_words_of_a_decision_stay_words(outcome: StudyOutcome) -> None:
    word = HOSTILE[0]
    decision = Decision(read_target(f"{word}#sha256:0123456789ab/{word}"), "step_type", word, word, word, word, word, 3)
    effect = Effect(word, word, word, 1.0, 2.0, 0.1, word)
    choice = replace(outcome.choices[0], runner_up=word, target=f"{word}#sha256:0123456789ab", effects=(effect,))
    page = render(replace(outcome, choices=(choice,), study=replace(outcome.study, decisions=(decision,))))
    assert word not in page
    assert len(re.findall("<script", page)) == 1


def test_the_workbook_holds_what_people_decided(outcome: StudyOutcome, tmp_path: Path) -> None:
    write_workbook(outcome, tmp_path / "results.xlsx")
    book = CalamineWorkbook.from_path(str(tmp_path / "results.xlsx"))
    decided = book.get_sheet_by_name("Corrections").to_python()
    assert any("power cut at 14:05" in map(str, row) for row in decided)
    assert any("its bytes changed" in str(row[-1]) for row in decided)
    told = book.get_sheet_by_name("Choices").to_python()
    assert any("97.9 % → 95.9 %" in str(row) for row in told)
    assert any(str(row[-1]).startswith("interlith decide") for row in told)
