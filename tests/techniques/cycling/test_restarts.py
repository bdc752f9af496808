"""Does a test in several files give the cycles it would give in one, with the join marked?"""

from __future__ import annotations

import polars as pl
import pytest

from interlith.techniques.cycling.summary import summarise
from tests.techniques.cycling.frames import cycles, logged, series


def test_a_restart_between_cycles_changes_nothing() -> None:
    plan = cycles(4, fade=0.01)
    one = summarise(series(logged(plan)))
    two = summarise(series(logged(plan[:8]), logged(plan[8:])))
    names = ["quantity", "cycle", "flag"]
    assert two.table.select(names).equals(one.table.select(names))
    assert two.table["value"].to_list() == pytest.approx(one.table["value"].to_list())
    assert two.data["half_cycles"]["joined"].any() is False
    assert two.data["half_cycles"]["part"].to_list() == [0] * 4 + [1] * 4


def test_a_discharge_interrupted_by_a_restart_is_joined_and_marked() -> None:
    plan = cycles(3)
    seconds = plan[6][0]
    begun = [*plan[:6], (0.4 * seconds, -1e-3, 4.1, 3.66)]
    rest = [(0.6 * seconds, -1e-3, 3.66, 3.0), *plan[7:]]
    result = summarise(series(logged(begun), logged(rest)))
    table = result.data["half_cycles"]
    assert table["joined"].to_list() == [False, False, False, True, False, False]
    assert table["charge"].to_list()[3] == pytest.approx(0.98e-3)
    row = result.table.filter(quantity="discharge_capacity", cycle=2).row(0, named=True)
    assert row["value"] == pytest.approx(98.0)
    assert "partial" in row["flag"]
    parts = {part["source"]: part["size"] for part in row["components"]}
    # Up to one sampling interval of 20 s at 1 mA is missing and left out: rectangular from nothing, on 10 mg.
    assert parts["join:A1/discharge/2"] == pytest.approx(20e-3 / 3600 / 3**0.5 / 1e-5, rel=1e-2)
    (choice,) = [choice for choice in result.choices if choice.field == "cycle_join"]
    assert (choice.value, choice.runner_up) == ("joined", "separate")


def test_a_charge_that_begins_anew_after_a_restart_is_not_joined() -> None:
    plan = cycles(2)
    cut = [*plan[:4], (1800.0, 1e-3, 3.1, 3.65)]
    result = summarise(series(logged(cut), logged(cycles(1, current=1.01e-3))))
    table = result.data["half_cycles"]
    assert table["direction"].to_list() == ["charge", "discharge", "charge", "charge", "discharge"]
    assert table["complete"].to_list() == [True, True, False, True, True]
    assert table["cycle"].to_list() == [1, 1, 2, 3, 3]
    row = result.table.filter(quantity="charge_capacity", cycle=2).row(0, named=True)
    assert row["value"] is None
    assert "incomplete" in row["flag"]


def test_a_half_cycle_ended_by_the_power_is_not_complete_because_the_next_file_turns_round() -> None:
    plan = cycles(2)
    cut = [*plan[:4], (1800.0, 1e-3, 3.1, 3.65)]
    result = summarise(series(logged(cut), logged([plan[6], plan[7]])))
    assert result.data["half_cycles"]["complete"].to_list() == [True, True, False, True]
    assert result.table.filter(quantity="coulombic_efficiency", cycle=2)["value"].to_list() == [None]


def test_device_time_is_merged() -> None:
    plan = cycles(2, fade=0.01)
    table = summarise(series(logged(plan[:4]), logged(plan[4:]))).data["half_cycles"]
    assert table["start_time"].is_sorted()
    assert table["end_time"].to_list()[-1] == pytest.approx(sum(step[0] for step in plan[:-1]))


def test_parts_are_ordered_by_number_not_by_position() -> None:
    plan = cycles(2, fade=0.1)
    one = series(logged(plan[:4]), logged(plan[4:]))
    turned = type(one)(tuple(reversed(one.measurements)))
    assert summarise(turned).table.select("value").equals(summarise(one).table.select("value"))


def test_two_specimens_stay_apart() -> None:
    from interlith.model import Series
    from tests.techniques.cycling.frames import cell, measurement

    both = Series(tuple(measurement(logged(cycles(2)), cell(name)) for name in ("A1", "A2")))
    result = summarise(both)
    assert result.data["half_cycles"].group_by("sample").len().sort("sample").rows() == [("A1", 4), ("A2", 4)]
    assert result.quality["ok"].to_list() == [True, True]
    assert isinstance(result.data["curves"], pl.DataFrame)
