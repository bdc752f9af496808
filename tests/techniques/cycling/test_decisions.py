"""Does each decision change what it is about and nothing before it, and is one that finds nothing told?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import polars as pl
import pytest

from interlith.errors import StudyError
from interlith.model import Choice, Result
from interlith.model.decision import Value
from interlith.model.merging import restated
from interlith.techniques.cycling.analysis import STEPS
from tests.techniques.cycling.frames import REST, Step, cell, cycles, logged
from tests.techniques.cycling.steps_taken import decision, files, taken, together, vanished

HALVES = ["direction", "cycle", "complete", "pulses"]


def _ways(result: Result) -> list[str]:
    return result.data["half_cycles"]["direction"].to_list()


def _charges(result: Result) -> list[float | None]:
    return [None if value is None else round(1e3 * value, 4) for value in result.data["half_cycles"]["charge"]]


def _made(results: dict[str, Result], field: str) -> list[Choice]:
    return [one for result in results.values() for one in result.choices if one.field == field]


def _interrupted(back: float = 4.0, size: float = 1500.0) -> list[Step]:
    """A charge interrupted by a discharge of some size, between ordinary cycles."""
    first = [(1800.0, 1e-3, 3.1, 3.9), (size, -1e-3, 3.9, back), (1800.0, 1e-3, back, 4.2)]
    return [*cycles(1), *first, REST, *cycles(2)[2:]]


def test_an_accidental_discharge_is_taken_out_as_a_pause() -> None:
    series = files(logged(_interrupted(3.4)))
    before = taken(series)
    assert _ways(before["summary"]) == ["charge", "discharge"] + ["charge", "discharge", "charge"] + [
        "discharge"
    ] * 1 + ["charge", "discharge"]
    after = taken(series, decision(series, "half_cycle/4", "step_type", "pause"))
    assert _ways(after["summary"]) == ["charge", "discharge"] * 3
    assert after["summary"].data["half_cycles"]["cycle"].to_list() == [1, 1, 2, 2, 3, 3]
    assert _charges(after["summary"])[2] == pytest.approx(1.0)  # the two halves of the charge, nothing of the pause
    (choice,) = [one for one in _made(after, "step_type") if one.who != "automatic"]
    assert (choice.value, choice.runner_up, choice.who, choice.margin) == ("pause", "discharge", "mk", 1.0)
    assert choice.reason == "see the lab book"
    curve = after["summary"].data["curves"].filter(half_cycle=3)
    assert curve["charge"].diff().min() > -1e-15
    assert curve["charge"].max() == pytest.approx(1e-3, rel=1e-3)
    assert not vanished(after)


def test_a_pause_is_no_rest() -> None:
    series = files(logged([(900.0, -1e-3, 3.4, 3.05), *cycles(2)]))
    found = {}
    for word in ("pause", "rest"):
        result = taken(series, decision(series, "half_cycle/1", "step_type", word))["summary"]
        assert _ways(result) == ["charge", "discharge"] * 2
        found[word] = result.data["half_cycles"]["rest_voltage_before"][0]
    assert found == {"rest": pytest.approx(3.05), "pause": None}


def test_a_stretch_can_be_made_a_pulse_and_a_pulse_a_half_cycle() -> None:
    series = files(logged(_interrupted(3.5)))
    pulse = taken(series, decision(series, "half_cycle/4", "step_type", "pulse"))["summary"]
    assert _ways(pulse) == ["charge", "discharge"] * 3
    assert _charges(pulse)[2] == pytest.approx(1.0 - 1500 / 3600, abs=1e-3)
    assert pulse.data["half_cycles"]["pulses"][2] == 1
    small = files(logged(_interrupted(3.8, size=180.0)))
    plain = taken(small)["summary"]
    assert _ways(plain) == ["charge", "discharge"] * 3
    own = taken(small, decision(small, "step/6", "step_type", "discharge"))["summary"]
    assert _ways(own) == ["charge", "discharge", "charge", "discharge", "charge", "discharge", "charge", "discharge"]
    (choice,) = [one for one in own.choices if one.who == "mk"]
    assert (choice.value, choice.runner_up) == ("discharge", "pulse")


def test_only_one_step_of_a_half_cycle_can_be_taken_out() -> None:
    plan = [(3600.0, 1e-3, 3.1, 4.2), (1800.0, 0.9e-3, 4.2, 4.21), REST, (3500.0, -1e-3, 4.1, 3.0), REST, *cycles(1)]
    series = files(logged(plan))
    assert _charges(taken(series)["summary"])[0] == pytest.approx(1.45)
    after = taken(series, decision(series, "step/2", "step_type", "pause"))["summary"]
    assert _charges(after)[0] == pytest.approx(1.0)
    held = taken(series, decision(series, "step/2", "step_type", "cv_charge"))["summary"]
    assert held.data["half_cycles"]["cv_charge"][0] == pytest.approx(0.45e-3)
    assert held.data["half_cycles"]["cc_charge"][0] == pytest.approx(1e-3)


@pytest.mark.parametrize(
    ("part", "field", "value", "words"),
    [
        ("half_cycle/99", "step_type", "pause", "the half-cycles 1 to 6"),
        ("half_cycle/0", "step_type", "pause", "the half-cycles 1 to 6"),
        ("step/99", "step_type", "pause", "the steps 1 to 12"),
        ("half_cycle/1", "step_type", "discharge", "by its current it is a charge"),
        ("step/2", "step_type", "charge", "by its current it is a rest"),
        ("half_cycle/1", "step_type", "pulse", "no half-cycle of the other direction lies on both sides"),
        ("half_cycle/2", "cycle_join", "separate", "no rows are missing"),
        ("half_cycle/2", "cycle_join", "joined", "no half-cycle of the same direction"),
        ("vendor_cycle/3", "step_type", "pause", "decided about half_cycle/N or step/N"),
        ("half_cycle/2", "charge_method", "integral", "decided about step/N"),
        ("step/2", "charge_method", "integral", "no current flows"),
        ("step/1", "charge_method", "counter_ticks", "a charge by counter and integral"),
        ("part/0", "part_order", "declared order", "both the clock and the declaration"),
        ("half_cycle/2", "reference_cycle", 3, "decided about cycling or .../retention or .../fade"),
        ("half_cycle/2", "resolution", "5 mV", "decided about cycling"),
        ("half_cycle/2", "split_voltage", "4 V", "decided about cycling or .../plateau_share"),
        ("half_cycle/2", "blocks", "1-2", "decided about .../rate_table"),
        ("fade", "current", "7 mA", "there are 1 mA / 1 mA"),
        ("retention", "current", "7 mA", "decided about .../fade"),
    ],
)
def test_a_decision_without_anything_to_change_is_told_and_changes_nothing(
    part: str, field: str, value: Value, words: str
) -> None:
    series = files(logged(cycles(3)))
    options = {"plateau": {"split": 3.8}}
    plain = taken(series, options=options)
    found = taken(series, decision(series, part, field, value), options=options)
    (flag,) = vanished(found)
    assert words in flag.message
    assert flag.message.startswith(f"decisions.yaml, line 4: {field}: {value} of A1_0.csv#sha256:")
    assert flag.severity == "warning"
    assert [name for name in plain if not plain[name].table.equals(found[name].table)] == []


@pytest.mark.parametrize(
    ("part", "field", "value", "words", "step"),
    [
        ("half_cycle/1", "step_type", "paus", "did you mean 'pause'", "summary"),
        ("half_cycle/1", "cycle_join", "yes", "Allowed: joined, separate", "summary"),
        ("step/1", "charge_method", "counting", "Allowed: counter, counter_ticks, integral", "summary"),
        ("part/0", "part_order", "wall clock", "Allowed: declared order, device clock", "summary"),
        ("retention", "reference_cycle", "first", "write a whole number", "retention"),
        ("fade", "reference_cycle", 2.5, "write a whole number", "fade"),
        ("fade", "current", "fast", "not a number with a unit", "fade"),
        ("plateau_share", "split_voltage", "44.5 V", "no voltage between 0 and 10 V", "plateau share"),
        ("plateau_share", "split_voltage", "4 mA", "cannot be turned into 'V'", "plateau share"),
        ("rate_table", "blocks", "fast", "write first and last own cycle number", "rate table"),
    ],
)
def test_a_value_that_is_not_understood_names_the_allowed_ones(
    part: str, field: str, value: Value, words: str, step: str
) -> None:
    series = files(logged(cycles(3)))
    found = taken(series, decision(series, part, field, value), options={"plateau": {"split": 3.8}})
    told = [row for one in found.values() for row in one.quality.rows(named=True) if not row["ok"]]
    assert [row["step"] for row in told if words in row["reason"]] == [step]


def _restart(back: float) -> tuple[Any, Any]:
    """A charge that ends at 3.65 V in one file and goes on in the next, this far back."""
    plan = cycles(3)
    one = [*plan[:4], (1800.0, 1e-3, 3.1, 3.65)]
    two = [(1800.0, 1.0e-3, 3.65 - back, 4.2), REST, *plan[6:]]
    return logged(one), logged(two)


def test_a_join_can_be_undone() -> None:
    series = files(*_restart(0.0))
    before = taken(series)
    assert before["summary"].data["half_cycles"]["joined"].to_list() == [False, False, True, False, False, False]
    (automatic,) = _made(before, "cycle_join")
    assert (automatic.value, automatic.runner_up, automatic.margin) == ("joined", "separate", 1.0)
    after = taken(series, decision(series, "half_cycle/3", "cycle_join", "separate"))
    halves = after["summary"].data["half_cycles"]
    assert halves["direction"].to_list() == [
        "charge",
        "discharge",
        "charge",
        "charge",
        "discharge",
        "charge",
        "discharge",
    ]
    assert not halves["joined"].any()
    assert halves["complete"].to_list() == [True, True, False, True, True, True, True]
    (choice,) = _made(after, "cycle_join")
    assert (choice.value, choice.runner_up, choice.who, choice.target) == ("separate", "joined", "mk", automatic.target)


@pytest.mark.parametrize(("back", "margin"), [(0.5, 0.16), (0.45, 0.067)])
def test_a_missing_join_can_be_made(back: float, margin: float) -> None:
    series = files(*_restart(back))
    before = taken(series)
    (automatic,) = _made(before, "cycle_join")
    assert (automatic.value, automatic.runner_up) == ("separate", "joined")
    assert automatic.margin == pytest.approx(margin, abs=0.01)
    assert automatic.target == f"A1_0.csv#sha256:{series[0].source.sha256[:12]}/half_cycle/3"
    after = taken(series, decision(series, "half_cycle/3", "cycle_join", "joined"))
    halves = after["summary"].data["half_cycles"]
    assert halves["direction"].to_list() == ["charge", "discharge"] * 3
    assert halves["joined"][2]
    assert halves["charge"][2] == pytest.approx(1e-3, rel=0.02)
    (choice,) = _made(after, "cycle_join")
    assert (choice.value, choice.runner_up, choice.who) == ("joined", "separate", "mk")


def test_numbers_of_targets_are_those_without_decisions() -> None:
    series = files(*_restart(0.5))
    first = decision(series, "half_cycle/1", "step_type", "pause")
    (choice,) = _made(taken(series, first), "cycle_join")
    assert choice.target.endswith("/half_cycle/3")
    both = taken(series, first, decision(series, "half_cycle/3", "cycle_join", "joined"))
    assert _ways(both["summary"]) == ["discharge", "charge", "discharge", "charge", "discharge"]


def test_a_gap_inside_a_file_can_be_taken_apart() -> None:
    plan = cycles(3)
    one, two = logged([*plan[:4], (1800.0, 1e-3, 3.1, 3.65)]), logged([(1800.0, 1e-3, 3.65, 4.2), REST, *plan[6:]])
    late = two.with_columns(pl.col("test_time") + one["test_time"].max() + 9000.0)
    series = files(pl.concat([one, late]))
    assert len(_ways(taken(series)["summary"])) == 6
    assert not _made(taken(series), "cycle_join")  # no doubt, no choice: gaps are many
    after = taken(series, decision(series, "half_cycle/3", "cycle_join", "separate"))["summary"]
    assert _ways(after) == ["charge", "discharge", "charge", "charge", "discharge", "charge", "discharge"]


@pytest.mark.parametrize(
    ("size", "value", "told"),
    [(150.0, "pulse", False), (300.0, "pulse", True), (420.0, "discharge", True), (1200.0, "discharge", False)],
)
def test_stretches_near_a_threshold_are_told(size: float, value: str, told: bool) -> None:
    series = files(logged(_interrupted(3.6, size=size)))
    found = taken(series)
    choices = _made(found, "step_type")
    assert bool(choices) is told
    if told:
        (choice,) = choices
        assert choice.value == value
        share = size / 1800.0 / 0.2
        assert choice.margin == pytest.approx(1 - min(share, 1 / share), abs=0.01)
        # The target is one that can be decided as it is printed.
        part = choice.target.split("#")[1]
        back = taken(series, decision(series, part.partition("/")[2], "step_type", choice.runner_up))
        (made,) = [one for one in _made(back, "step_type") if one.who == "mk"]
        assert made.target == choice.target
        assert _ways(back["summary"]) != _ways(found["summary"])
        assert not vanished(back)


def test_the_charge_of_a_step_comes_from_where_a_person_says() -> None:
    frame = logged(cycles(3)).with_columns(pl.col("capacity_counter") * 1.002)
    series = files(frame)
    before = taken(series)["summary"]
    after = taken(
        series,
        decision(series, "step/5", "charge_method", "counter"),
        decision(series, "step/1", "charge_method", "integral"),
    )
    halves = after["summary"].data["half_cycles"]
    assert halves["charge"][2] == pytest.approx(1.002e-3, rel=1e-4)
    assert halves["charge"][0] == pytest.approx(1.0e-3, rel=1e-4)
    curves = after["summary"].data["curves"]
    for number, charge in ((3, 1.002e-3), (1, 1.0e-3)):
        assert curves.filter(half_cycle=number)["charge"].max() == pytest.approx(charge, rel=1e-4)
    assert "as decided" in halves["flag"][2]
    assert [one.value for one in after["summary"].choices if one.who == "mk"] == ["counter", "integral"]
    untouched = ["half_cycle", "charge", "charge_method", "flag"]
    assert halves[[3, 4, 5]].select(untouched).equals(before.data["half_cycles"][[3, 4, 5]].select(untouched))


def test_a_replaced_counter_can_be_taken_back() -> None:
    frame = logged([(128000.0, -0.177e-3, 1.0, 0.1)], interval=10.0)
    series = files(frame.with_columns(pl.col("current", "capacity_counter").round(4)))
    (automatic,) = _made(taken(series), "charge_method")
    assert automatic.value == "counter_ticks"
    after = taken(series, decision(series, "step/1", "charge_method", "counter"))
    (choice,) = _made(after, "charge_method")
    assert (choice.value, choice.runner_up, choice.target) == ("counter", "counter_ticks", automatic.target)
    assert after["summary"].data["half_cycles"]["charge"][0] == pytest.approx(6.3e-3)


def test_the_window_of_a_half_cycle_does_not_hold_its_pauses() -> None:
    plan = _interrupted(2.6)
    plan[6] = (1800.0, 1e-3, 3.9, 4.2)
    series = files(logged(plan))
    after = taken(series, decision(series, "half_cycle/4", "step_type", "pause"))["summary"]
    assert after.data["half_cycles"]["voltage_min"][2] == pytest.approx(3.1)
    assert _charges(after)[2] == pytest.approx(1.0)


def test_a_file_can_be_kept_where_it_was_declared() -> None:
    whole = logged(cycles(3, fade=0.02))
    cut = int((whole["vendor_step"] < 5).sum())
    series = files(whole[cut:], whole[:cut])
    before = taken(series)["summary"]
    (choice,) = [one for one in before.choices if one.field == "part_order"]
    part = choice.target.split("#")[1].partition("/")[2]
    after = taken(series, decision(series, part, "part_order", "declared order", number=1))["summary"]
    assert after.data["half_cycles"]["charge"].to_list()[:2] == pytest.approx(
        before.data["half_cycles"]["charge"].to_list()[2:4]
    )
    (made,) = [one for one in after.choices if one.field == "part_order"]
    assert (made.value, made.runner_up, made.target) == ("declared order", "device clock", choice.target)


def test_the_reference_cycle_of_all_cells_and_of_one() -> None:
    one, two = files(logged(cycles(8, fade=0.01))), files(logged(cycles(8, fade=0.01)), sample=cell("A2"))
    both = together(one, two)
    every = decision(None, "cycling", "reference_cycle", 3)
    found = taken(both, every)
    assert found["retention"].how.options["reference_cycle"] == 3
    assert set(found["fade"].data["lines"]["reference_cycle"]) == {3}
    (choice,) = [item for item in _made(found, "reference_cycle") if item.target == "cycling"]
    assert (choice.value, choice.runner_up, choice.who) == ("3", "1", "mk")
    # A declaration is overridden, and both are told.
    declared = taken(both, every, options={"reference_cycle": 2})
    (choice,) = _made(declared, "reference_cycle")
    assert (choice.value, choice.runner_up) == ("3", "2")
    assert choice.reason == "see the lab book [study.yaml: 2]"
    # One cell alone, and only its retention.
    own = taken(both, every, decision(two, "retention", "reference_cycle", 4))
    kept = own["retention"].table
    assert kept.filter(sample="A1", cycle=3)["value"].to_list() == [pytest.approx(100.0)]
    assert kept.filter(sample="A2", cycle=4)["value"].to_list() == [pytest.approx(100.0)]
    assert own["fade"].table.equals(found["fade"].table)
    line = taken(both, decision(two, "fade", "reference_cycle", 4))
    assert line["fade"].data["lines"].filter(of="capacity")["reference_cycle"].to_list() == [1, 4]
    assert line["retention"].how.options["reference_cycle"] == 1


def test_the_usual_reference_cycle_is_one_that_all_cells_have() -> None:
    early = files(logged(cycles(8, fade=0.01)))
    late = files(logged([*cycles(2, current=0.5e-3), *cycles(6, fade=0.01)]), sample=cell("A2"))
    found = taken(together(early, late))["retention"]
    assert found.how.options["reference_cycle"] == 3
    assert [(one.value, one.runner_up) for one in found.choices] == [("3", "1")]


def test_a_reference_cycle_that_no_cell_has_is_told_although_nobody_asked() -> None:
    series = files(logged(cycles(4)))
    found = taken(series, decision(None, "cycling", "reference_cycle", 99))
    (row,) = found["retention"].quality.rows(named=True)
    assert not row["ok"]
    assert "no cycle 99" in row["reason"]


def test_the_split_of_all_cells_and_of_one() -> None:
    one, two = files(logged(cycles(3))), files(logged(cycles(3)), sample=cell("A2"))
    both = together(one, two)
    options = {"plateau": {"split": 3.8}}
    decided = (
        decision(None, "cycling", "split_voltage", "3.9 V"),
        decision(two, "plateau_share", "split_voltage", 4.0),
    )
    found = taken(both, *decided, options=options)["plateau_share"]
    assert found.data["splits"]["split"].to_list() == [3.9, 4.0]
    assert [(item.target[:7], item.value, item.runner_up) for item in found.choices] == [
        ("cycling", "3.9 V", "3.8 V"),
        ("A2_0.cs", "4.0", "3.8 V"),
    ]
    assert found.choices[0].reason == "see the lab book [study.yaml: 3.8 V]"
    plain = taken(both, options=options)
    alike = taken(both, *decided, options=options)
    assert [name for name in plain if not plain[name].table.equals(alike[name].table)] == ["plateau_share"]


def test_the_resolution_of_all_cells() -> None:
    series = together(files(logged(cycles(3))), files(logged(cycles(3)), sample=cell("A2")))
    found = taken(series, decision(None, "cycling", "resolution", "25 mV"))["differential"]
    assert set(found.data["areas"]["resolution"]) == {0.025}
    (choice,) = found.choices
    assert choice.value == "25 mV"
    assert choice.runner_up.endswith("mV (discharge)")
    with pytest.raises(StudyError, match=r"is '5', which is no voltage between .* write for instance 5 mV"):
        taken(series, decision(None, "cycling", "resolution", 5))


def test_the_current_of_the_line() -> None:
    plan = [*cycles(5, fade=0.01), *cycles(4, current=0.5e-3)]
    series = files(logged(plan))
    before = taken(series)
    (automatic,) = _made(before, "current")
    assert (automatic.value, automatic.runner_up) == ("1 mA / 1 mA", "0.5 mA / 0.5 mA")
    for word in ("0.5 mA / 0.5 mA", "0.5 mA", "500 uA"):
        after = taken(series, decision(series, "fade", "current", word))
        (choice,) = _made(after, "current")
        assert (choice.value, choice.runner_up, choice.who) == ("0.5 mA / 0.5 mA", "1 mA / 1 mA", "mk")
        assert after["fade"].data["points"].filter(of="capacity", used=True)["cycle"].to_list() == [6, 7, 8, 9]


def test_blocks_as_they_are_printed() -> None:
    plan = [step for rate in (1e-3, 2e-3, 4e-3, 1e-3) for step in cycles(3, current=rate)]
    series = files(logged(plan))
    before = taken(series)["rate_table"]
    (automatic,) = before.choices
    assert automatic.value == "1-3, 4-6, 7-9, 10-12"
    after = taken(series, decision(series, "rate_table", "blocks", "1-3, 5-6, 7-9"))["rate_table"]
    assert after.data["blocks"]["first_cycle"].to_list() == [1, 5, 7]
    (choice,) = after.choices
    assert (choice.runner_up, choice.target) == (automatic.value, automatic.target)


def test_every_field_has_one_sentence_wherever_it_is_decided() -> None:
    sentences: dict[str, set[str]] = {}
    for step in STEPS:
        for field, sentence in step.decides.items():
            sentences.setdefault(field, set()).add(sentence)
    assert all(len(found) == 1 for found in sentences.values())
    assert set(sentences) == {
        "step_type", "cycle_join", "charge_method", "part_order", "reference_cycle", "current", "blocks", "resolution", "split_voltage",
    }  # fmt: skip


def test_choices_about_cells_are_called_by_their_files() -> None:
    plan = [*cycles(5, fade=0.01), *cycles(4, current=0.5e-3), *cycles(4, current=2e-3)]
    series = files(logged(plan))
    found = taken(series, options={"plateau": {"split": None}})
    targets = {one.target for result in found.values() for one in result.choices}
    stem = f"A1_0.csv#sha256:{series[0].source.sha256[:12]}/"
    assert all(target == "cycling" or target.startswith(stem) for target in targets)


def test_what_a_number_would_become_is_computed_as_if_decided_by_nobody() -> None:
    series = files(*_restart(0.0))
    meant = decision(series, "half_cycle/3", "cycle_join", "separate")
    (choice,) = _made(taken(series, replace(meant, who="automatic", reason="the runner-up")), "cycle_join")
    assert (choice.value, choice.runner_up) == ("separate", "joined")
    # The same bytes and decision later come out of the store with the words of the person.
    again = restated(choice, (meant,))
    assert (again.who, again.reason) == ("mk", "see the lab book")
