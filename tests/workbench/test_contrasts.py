"""At which state are variants compared where nobody says it?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from interlith.model import Observable, State, Study, to_frame
from interlith.workbench.contrasts import planned


def _rows(states: dict[str, list[tuple[float, float]]], name: str = "voltage") -> list[Observable]:
    """One number a state (value, half width) and specimen."""
    return [
        Observable("R", 1.0, "ohm", sample, {"fit:x": 0.1}, sample[0], state=State(name, x, x - half, x + half, "V"))
        for sample, places in states.items()
        for x, half in places
    ]


@pytest.fixture
def study(tmp_path) -> Study:  # type: ignore[no-untyped-def]
    import interlith as il

    (tmp_path / "study.yaml").write_text("study: s\n", encoding="utf-8")
    (tmp_path / "measurements.csv").write_text("include,file,technique,sample\n", encoding="utf-8")
    return il.open_study(tmp_path)


def test_the_highest_state_that_all_reached_is_taken(study: Study) -> None:
    rows = _rows({"a1": [(4.0, 0.01), (4.4003, 0.001)], "b1": [(3.9999, 0.01), (4.3997, 0.001), (4.7, 0.001)]})
    assert planned(study, to_frame(rows), ["R"]) == [("R", {"voltage": 4.4})]


def test_without_a_common_state_nothing_is_compared(study: Study) -> None:
    assert (
        planned(study, to_frame(_rows({"a1": [(4.0, 0.01), (4.2, 0.01)], "b1": [(4.1, 0.01), (4.3, 0.01)]})), ["R"])
        == []
    )


def test_one_value_a_specimen_needs_no_state(study: Study) -> None:
    assert planned(study, to_frame(_rows({"a1": [(4.0, 0.01)], "b1": [(4.3, 0.01)]})), ["R"]) == [("R", {})]


def test_states_within_a_cycle_are_told_apart(study: Study) -> None:
    """Spectra along the charges of cycles 1 and 500: the last common cycle, and the last common voltage in it."""
    rows = [
        replace(one, cycle=cycle)
        for cycle, top in ((1, 4.7), (500, 4.4))
        for one in _rows({"a1": [(4.0, 0.01), (top, 0.01)], "b1": [(4.0, 0.01), (top, 0.01)]})
    ]
    assert planned(study, to_frame(rows), ["R"]) == [("R", {"cycle": 500.0, "voltage": 4.4})]
