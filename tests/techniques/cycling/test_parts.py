"""Is a row that stands in two files of a test counted once, and is the order that of the device clock?"""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from interlith.model import Result
from interlith.techniques.cycling.summary import summarise
from tests.techniques.cycling.frames import cycles, logged, series


def _whole() -> pl.DataFrame:
    """Three unlike cycles on one clock, the voltage with the noise of a real one. Simulated."""
    frame = logged(cycles(3, fade=0.02), interval=30.0)
    noise = np.random.default_rng(1).normal(0.0, 1e-4, frame.height)
    return frame.with_columns((pl.col("voltage") + noise).round(5))


def _same(result: Result, whole: pl.DataFrame) -> None:
    expected = summarise(series(whole)).data["half_cycles"]
    found = result.data["half_cycles"]
    assert found["direction"].to_list() == expected["direction"].to_list()
    assert found["charge"].to_list() == pytest.approx(expected["charge"].to_list(), rel=1e-9)
    assert found["complete"].to_list() == expected["complete"].to_list()


def _codes(result: Result) -> list[str]:
    return [flag.code for flags in result.flags.values() for flag in flags]


@pytest.mark.parametrize("cut", [50, 123, 300, 420])
@pytest.mark.parametrize("back", [2, 20])
def test_rows_of_an_overlap_are_counted_once(cut: int, back: int) -> None:
    whole = _whole()
    result = summarise(series(whole[:cut], whole[cut - back :]))
    _same(result, whole)
    assert _codes(result) == ["parts_overlap"]
    (flag,) = result.flags["A1"]
    assert flag.severity == "warning"
    assert f"{back} rows" in flag.message


def test_rows_of_a_shortened_part_keep_their_numbers() -> None:
    whole = _whole()
    table = summarise(series(whole[:300], whole[280:])).data["half_cycles"]
    assert table.filter(part=1)["last_row"].to_list()[-1] <= whole.height - 280
    assert table.filter(part=1)["first_row"].min() > 19


@pytest.mark.parametrize("cut", [50, 123, 245, 300])
def test_an_export_that_holds_another_is_kept_alone(cut: int) -> None:
    whole = _whole()
    for parts in ((whole[:cut], whole), (whole, whole[:cut]), (whole, whole[cut:]), (whole, whole)):
        result = summarise(series(*parts))
        _same(result, whole)
        assert _codes(result) == ["parts_overlap"]


def test_parts_are_put_in_the_order_of_their_clock() -> None:
    whole = _whole()
    cut = int((whole["vendor_step"] < 5).sum())
    result = summarise(series(whole[cut:], whole[:cut]))
    _same(result, whole)
    assert _codes(result) == ["parts_order"]
    (choice,) = [item for item in result.choices if item.field == "part_order"]
    assert (choice.value, choice.runner_up) == ("device clock", "declared order")
    assert result.data["half_cycles"]["part"].to_list() == [0, 0, 1, 1, 1, 1]


def test_wrong_order_and_overlap() -> None:
    whole = _whole()
    result = summarise(series(whole[280:], whole[:300]))
    _same(result, whole)
    assert sorted(_codes(result)) == ["parts_order", "parts_overlap"]


def test_a_clock_that_was_set_back_is_no_overlap() -> None:
    plan = cycles(4, fade=0.02)
    result = summarise(series(logged(plan[:8]), logged(plan[8:])))
    assert _codes(result) == []
    assert result.data["half_cycles"].height == 8


def test_alike_cycles_with_other_numbers_are_two() -> None:
    first = logged(cycles(2))
    second = first.with_columns(pl.col("vendor_cycle") + 1)
    assert summarise(series(first, second)).data["half_cycles"].height == 8
    assert summarise(series(first, first)).data["half_cycles"].height == 4


def test_an_unlike_file_inside_the_time_of_another_is_told() -> None:
    whole = _whole()
    other = logged(cycles(1, current=2e-3), begin=7000.0)
    result = summarise(series(whole, other))
    assert _codes(result) == ["parts_clock_unclear"]
    assert result.data["half_cycles"].height == 8
