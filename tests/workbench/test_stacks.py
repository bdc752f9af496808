"""Do frames of a stack become measurements with their own numbers, times and places, and files of one frame stay?"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from interlith.model import Flag, Measurement, Sample, Series, Source, State, Table
from interlith.workbench.joining.exposures import exposures
from interlith.workbench.joining.stacks import apart


def _file(name: str, part: int, frames: Sequence[int], times: Sequence[float] | None = None) -> Measurement:
    rows = [(number, 10.0 + step, float(number)) for number in frames for step in range(3)]
    table = pl.DataFrame(rows, schema=["frame", "two_theta", "intensity"], orient="row")
    if times is not None:
        table = table.with_columns(test_time=pl.Series([one for one in times for _ in range(3)]))
    state = {"temperature": State("temperature", 25.0, 24.0, 26.0, "degC")}
    return Measurement(
        Sample("A"), "diffraction", Source(name, "0" * 64, 1, "made", "1"), Table(table.lazy(), tuple(table.columns)), state,
        flags=(Flag("noticed", "something"),), part=part,
    )  # fmt: skip


def test_frames_become_measurements_in_the_order_of_files_and_frames() -> None:
    second, first = _file("b.h5", 1, (0, 1), (300.0, 400.0)), _file("a.h5", 0, (0, 1, 2), (0.0, 100.0, 200.0))
    found = apart(Series((second, first)))
    places = [(one.source.path, one.part) for one in found]
    assert places == [("a.h5", 0), ("a.h5", 1), ("a.h5", 2), ("b.h5", 3), ("b.h5", 4)]
    assert [one.state["time"].value for one in found] == [0.0, 100.0, 200.0, 300.0, 400.0]
    assert all(one.state["temperature"].value == 25.0 for one in found)
    third = found[2].payload
    assert isinstance(third, Table)
    assert third.columns == ("frame", "two_theta", "intensity")
    assert third.frame.collect()["frame"].to_list() == [2, 2, 2]
    assert [len(one.flags) for one in found] == [1, 0, 0, 1, 0]


def test_a_series_without_a_stack_is_returned_as_it_is() -> None:
    table = pl.DataFrame({"two_theta": [1.0, 2.0], "intensity": [3.0, 4.0]})
    item = Measurement(
        Sample("A"), "diffraction", Source("a.xy", "0" * 64, 1, "made", "1"), Table(table.lazy(), tuple(table.columns))
    )  # fmt: skip
    series = Series((item, item))
    assert apart(series) is series


def test_frames_follow_each_other_where_only_their_distance_is_declared() -> None:
    taken = exposures(apart(Series((_file("a.h5", 0, tuple(range(12))),))), None, None, "50 s")
    assert taken.start.tolist() == [50.0 * number for number in range(12)]
