"""A study refines its patterns, and redoes the part that people ask for, from where it was."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import polars as pl
import pytest

from interlith.errors import StudyError
from interlith.model import Decision, Result, Series
from interlith.model.decision import Value, read_target
from interlith.model.stepping import in_steps
from interlith.techniques.diffraction.refinement_step import STEP, WHOLE, wanted_again
from tests.techniques.diffraction.refined_series import EDGES, patterns

OPTIONS: dict[str, Any] = {"phases": ["NaCl", "Si"], "background": 3, "bounds": {"NaCl_cell_a": [5.63, 5.655]}}


def refined(decisions: tuple[Decision, ...] = (), options: dict[str, Any] = OPTIONS) -> Result:
    (found,) = in_steps((WHOLE, STEP), Series(patterns()), options, decisions, technique="diffraction")
    return found


@cache
def plain() -> Result:
    return refined()


def decision(field: str, value: Value, part: str, digest: str = f"{2:064x}"[:12]) -> Decision:
    return Decision(read_target(f"simulated_0002.xy#sha256:{digest}/{part}"), field, value, "because", "me")


def edge(found: Result, number: int) -> float:
    rows = found.table.filter((pl.col("quantity") == "NaCl_cell_a") & (pl.col("fit") == f"pattern {number}"))
    return float(rows.item(0, "value")) if rows.height else float("nan")


def test_patterns_that_a_bound_spoilt_are_refined_again_without_it() -> None:
    before = plain()
    assert before.data["refined"].get_column("good").to_list() == [True, True, False, False]
    again = tuple(
        decision(field, value, "patterns/2:4") for field, value in (("start", "nearest-good"), ("bounds", "released"))
    )
    after = refined(again)
    assert after.data["refined"].get_column("good").to_list() == [True] * 4
    assert after.data["refined"].get_column("pattern").to_list() == [0, 1, 2, 3]
    assert [edge(after, number) for number in range(4)] == pytest.approx(list(EDGES), abs=4e-3)
    assert [edge(after, number) for number in range(2)] == [edge(before, number) for number in range(2)]
    assert after.quality.get_column("ok").to_list() == [True] * 4
    assert after.quality.get_column("step").to_list() == [f"pattern {number}" for number in range(4)]
    for name in ("parameters", "curves", "reflections"):
        assert after.data[name].get_column("pattern").unique(maintain_order=True).to_list() == [0, 1, 2, 3]
    assert {(one.field, one.value, one.who) for one in after.choices} >= {
        ("start", "nearest-good", "me"),
        ("bounds", "released", "me"),
    }


def test_what_is_no_better_stays_and_is_told() -> None:
    after = refined((decision("start", "fresh", "patterns/2:4"),))
    assert after.data["refined"].get_column("good").to_list() == [True, True, False, False]
    assert any(one.code == "not_refined_again" and "chi squared" in one.message for one in after.flags["S1"])
    kept = refined((decision("start", "fresh", "patterns/0:2", f"{0:064x}"[:12]),))
    assert [edge(kept, number) for number in range(2)] == pytest.approx(
        [edge(plain(), number) for number in range(2)], rel=1e-6
    )


def test_a_decision_about_other_patterns_than_those_of_its_file_is_told() -> None:
    items = patterns()
    shifted = Series((items[0], items[2], items[3], replace(items[1], part=4)))
    lost = decision("start", "fresh", "patterns/2")
    (found,) = in_steps((WHOLE, STEP), shifted, {**OPTIONS, "bounds": None}, (lost,), technique="diffraction")
    assert [one.code for one in found.flags["S1"] if one.code == "decision_vanished"] == []
    gone = decision("start", "fresh", "patterns/7:9")
    after = refined((gone,), {**OPTIONS, "bounds": None})
    assert any(one.code == "decision_vanished" and "7, 8" in one.message for one in after.flags["S1"])


@pytest.mark.parametrize(
    ("field", "value", "part", "said"),
    [("start", "backwards", "patterns/2", "backward"), ("start", "fresh", "pattern 2", "names no patterns"), ("bounds", "wide", "patterns/2", "released")],
)  # fmt: skip
def test_decisions_that_are_not_understood(field: str, value: str, part: str, said: str) -> None:
    with pytest.raises(StudyError, match=said):
        wanted_again([decision(field, value, part)])


def test_the_narrower_of_two_decisions_has_the_last_word() -> None:
    found = wanted_again([decision("start", "fresh", "patterns/2"), decision("start", "backward", "patterns/1:4")])
    assert [(one.numbers, one.start, one.released) for one in found] == [
        ((1, 2, 3), "backward", False),
        ((2,), "fresh", False),
    ]


def test_people_decide_background_and_texture() -> None:
    options = {"phases": ["NaCl"], "skip": [1, 2, 3]}
    texture = decision("texture", "1 0 0", "pattern 0/NaCl")
    found = refined((decision("background", 5, "pattern 0"), texture), options)
    names = found.data["parameters"].get_column("name").to_list()
    assert sum(one.startswith("background_") for one in names) == 5
    assert "NaCl_texture" in names
    assert {one.field for one in found.choices if one.who == "me"} == {"background", "texture"}
    with_phase = refined((decision("phase", "Si", "phases"),), {"phases": ["NaCl"], "background": 3})
    assert "Si_weight_fraction" in with_phase.table.get_column("quantity").to_list()


def test_people_decide_displacements() -> None:
    options = {"phases": ["NaCl"], "skip": [1, 2, 3], "background": 3}
    for value, wanted in (("refined", True), ("structure", False)):
        found = refined((decision("displacement", value, "pattern 0/NaCl"),), options)
        names = found.data["parameters"].get_column("name").to_list()
        assert ("NaCl_overall_u" in names) == wanted
        (made,) = (one for one in found.choices if one.field == "displacement")
        assert (made.value, made.who) == (value, "me")
    wrong = refined((decision("displacement", "free", "pattern 0/NaCl"),), options)
    assert "refined or structure" in wrong.quality.item(0, "reason")
    nobody = refined((decision("displacement", "refined", "pattern 0"),), options)
    assert "names no phase" in nobody.quality.item(0, "reason")


def test_a_failure_of_the_whole_is_told_in_the_quality() -> None:
    found = refined(options={**OPTIONS, "limits": (200.0, 210.0)})
    assert found.quality.get_column("ok").to_list() == [False]
    assert "points" in found.quality.item(0, "reason")
    wrong = refined((decision("background", 99, "pattern 0"),))
    assert "1 to 40" in wrong.quality.item(0, "reason")
