"""Is a current logged with the wrong sign noticed where no step word tells, and nothing else taken for one?"""

from __future__ import annotations

import polars as pl
import pytest

from interlith.techniques.cycling.analysis import analyse
from interlith.techniques.cycling.summary import summarise
from tests.techniques.cycling.frames import Step, cycles, logged, series


def _inverted(count: int = 3) -> pl.DataFrame:
    return logged(cycles(count, fade=0.01), words=False).with_columns(-pl.col("current"))


@pytest.mark.parametrize("counter", [True, False])
def test_an_inverted_current_is_withheld(counter: bool) -> None:
    frame = logged(cycles(3, fade=0.01), words=False, counter=counter).with_columns(-pl.col("current"))
    result = summarise(series(frame))
    flags = [flag for flag in result.flags["A1"] if flag.code == "current_sign"]
    assert [flag.severity for flag in flags] == ["error"]
    assert "positive_current" in flags[0].message
    assert result.table["value"].null_count() == result.table.height
    told = result.table.filter(quantity="discharge_capacity")["flag"].to_list()
    assert sorted({text.split("; ")[-1] for text in told}) == [
        "no discharge in this cycle",
        "the current seems to have the wrong sign: withheld",
    ]
    half = result.data["half_cycles"]
    assert not half["complete"].any()
    assert half["charge"].null_count() == half.height


def test_analyses_of_an_inverted_current_hold_no_number() -> None:
    for result in analyse(series(_inverted()), {}):
        assert result.table["value"].null_count() == result.table.height


def test_the_right_sign_is_left_alone() -> None:
    result = summarise(series(logged(cycles(3), words=False)))
    assert result.flags["A1"] == ()


def test_a_single_odd_step_does_not_tell() -> None:
    plan = cycles(3)
    seconds, current, first, last = plan[4]
    plan[4] = (seconds, current, last, first)
    assert summarise(series(logged(plan, words=False))).flags["A1"] == ()


def test_one_step_each_way_is_too_few() -> None:
    assert summarise(series(_inverted(1))).flags["A1"] == ()


def test_a_symmetric_cell_has_the_right_sign() -> None:
    # The overpotential of plating falls during each step, but its sign is that of the current. Simulated.
    step: list[Step] = [(3600.0, 1e-3, 0.05, 0.03), (3600.0, -1e-3, -0.05, -0.03)]
    assert summarise(series(logged(step * 3, words=False))).flags["A1"] == ()
