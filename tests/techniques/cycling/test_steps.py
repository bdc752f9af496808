"""Are the parts of a test counted one by one and put behind each other on device time?"""

from __future__ import annotations

import polars as pl
import pytest

from interlith.errors import ReadError
from interlith.model import Arrays, Measurement, Series, Source
from interlith.techniques.cycling.steps import read_steps
from tests.techniques.cycling.frames import cell, cycles, logged, series


def test_parts_run_on() -> None:
    plan = cycles(2, fade=0.01)
    found = read_steps(series(logged(plan[:4]), logged(plan[4:])).measurements)
    whole = read_steps(series(logged(plan)).measurements)
    assert found.clock_continues == (False,)
    assert found.steps["step"].to_list() == whole.steps["step"].to_list()
    assert found.steps["start_time"].to_list() == pytest.approx(whole.steps["start_time"].to_list())
    assert found.steps["part"].to_list() == [0] * 4 + [1] * 4
    assert found.curves["time"].to_list() == pytest.approx(whole.curves["time"].to_list())


def test_a_clock_that_runs_on_is_left_alone() -> None:
    plan = cycles(2)
    end = sum(step[0] for step in plan[:4])
    found = read_steps(series(logged(plan[:4]), logged(plan[4:], begin=end + 5000.0)).measurements)
    assert found.clock_continues == (True,)
    assert found.steps.filter(part=1)["start_time"][0] == pytest.approx(end + 5000.0)


def test_the_wall_clock_is_never_used() -> None:
    plan = cycles(1)
    clock = pl.datetime(2030, 1, 1) - pl.duration(seconds=pl.int_range(pl.len()))
    backwards = logged(plan).with_columns(clock.alias("wall_clock"))
    assert read_steps(series(backwards).measurements).steps.equals(read_steps(series(logged(plan)).measurements).steps)


def test_a_replaced_counter_is_a_choice() -> None:
    frame = logged([(128000.0, -0.177e-3, 1.0, 0.1)], interval=10.0)
    frame = frame.with_columns(pl.col("current", "capacity_counter").round(4))
    (choice,) = read_steps(series(frame).measurements).choices
    assert (choice.field, choice.value, choice.runner_up) == ("charge_method", "counter_ticks", "counter")
    assert choice.target.endswith("/step/1")
    assert "6.3 " in choice.reason


def test_flags_name_the_file() -> None:
    frame = logged(cycles(1)).with_columns(pl.col("current") * 1000)
    flags = read_steps(series(frame).measurements).flags
    assert flags[0].code == "counter_disagrees"
    assert flags[0].where.startswith("cell.csv, rows")


def test_no_table_is_refused() -> None:
    item = Measurement(cell(), "cycling", Source("a.nc", "0" * 64, 1, "x", "1"), Arrays(None))  # type: ignore[arg-type]
    with pytest.raises(ReadError, match=r"a\.nc.*table"):
        read_steps(Series((item,)).measurements)


def test_a_missing_column_is_refused() -> None:
    with pytest.raises(ReadError, match="voltage"):
        read_steps(series(logged(cycles(1)).drop("voltage")).measurements)
