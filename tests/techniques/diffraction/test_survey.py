"""Every pattern is there once, in its order, with its states; the map is theirs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from interlith.errors import FitError
from interlith.model import Measurement, Series, State, Table
from interlith.techniques.diffraction import survey
from interlith.techniques.diffraction.example import TEMPERATURES, example
from interlith.techniques.diffraction.survey import look, patterns


def _stack(item: Measurement, frames: int, **columns: list[float]) -> Measurement:
    """One file with several patterns, its columns one number a frame."""
    base = item.payload.frame.collect()  # type: ignore[union-attr]
    parts = [
        base.with_columns(frame=pl.lit(number), intensity=pl.col("intensity") + number).with_columns(
            **{name: pl.lit(values[number]) for name, values in columns.items()}
        )
        for number in range(frames)
    ]
    frame = pl.concat(parts)
    return replace(item, payload=Table(frame.lazy(), tuple(frame.columns)))


def test_patterns_stand_in_the_order_of_the_files_with_their_states() -> None:
    found = patterns(example().series).data["patterns"]
    assert found["temperature"].to_list() == list(TEMPERATURES)
    assert found["temperature_unit"].unique().to_list() == ["degC"]
    assert found["pattern"].to_list() == list(range(len(TEMPERATURES)))
    assert found["points"].unique().to_list() == [1134]


def test_the_map_holds_the_measured_intensities_where_all_fit() -> None:
    series = example().series
    found = patterns(series)
    held = series[2].payload.frame.collect()  # type: ignore[union-attr]
    np.testing.assert_array_equal(found.data["map"]["intensity"][2].to_numpy(), held["intensity"].to_numpy())
    np.testing.assert_array_equal(found.data["grid"]["position"].to_numpy(), held["two_theta"].to_numpy())


def test_frames_of_a_stack_are_patterns_with_states_of_their_own() -> None:
    item = _stack(example().series[0], 3, test_time=[0.0, 600.0, 1200.0], voltage=[3.5, 3.6, 3.7])
    item = replace(item, state={})
    found = patterns(Series((item,))).data["patterns"]
    assert found["frame"].to_list() == [0, 1, 2]
    assert found["test_time"].to_list() == pytest.approx([0.0, 1 / 6, 1 / 3])
    assert found["voltage"].to_list() == [3.5, 3.6, 3.7]
    declared = replace(item, state={"voltage": State("voltage", 4.0, 4.0, 4.0, "V")})
    assert [one.state["voltage"].value for one in look(declared)] == [4.0, 4.0, 4.0]


def test_many_patterns_and_points_are_averaged_and_keep_their_mean(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(survey, "MOST_ROWS", 4)
    monkeypatch.setattr(survey, "MOST_COLUMNS", 100)
    series = example().series
    found = patterns(series)
    assert found.data["map"].height == 4
    assert found.data["map"]["last"].to_list() == [1, 3, 5, 6]
    width = len(found.data["map"]["intensity"][0])
    assert width <= 100
    assert found.data["grid"].height == width
    whole = np.mean([item.payload.frame.collect()["intensity"].head(12).to_numpy() for item in (series[0], series[1])])  # type: ignore[union-attr]
    assert found.data["map"]["intensity"][0][0] == pytest.approx(whole)


def test_patterns_on_different_grids_share_one() -> None:
    first, second, *_ = example().series
    short = second.payload.frame.filter(pl.col("two_theta") > 20).collect()
    found = patterns(Series((first, replace(second, payload=Table(short.lazy(), tuple(short.columns))))))
    rows = [np.array(row) for row in found.data["map"]["intensity"].to_list()]
    grid = found.data["grid"]["position"].to_numpy()
    assert np.isfinite(rows[0].astype(float)).all()
    assert np.isnan(rows[1].astype(float)[grid < 19.9]).all()


def test_points_without_weight_are_counted_and_told() -> None:
    item = example().series[0]
    frame = item.payload.frame.collect().with_columns(  # type: ignore[union-attr]
        intensity_std=pl.when(pl.col("two_theta") < 16.1).then(None).otherwise(5.0)
    )
    found = patterns(Series((replace(item, payload=Table(frame.lazy(), tuple(frame.columns))),)))
    assert found.data["patterns"]["unweighted"].to_list() == [4]
    (flag,) = found.flags["oxide"]
    assert flag.code == "points_without_weight"
    assert flag.message.startswith("4 points of 1 patterns")


def test_what_is_no_pattern_is_refused() -> None:
    item = example().series[0]
    frame = pl.DataFrame({"test_time": [0.0, 1.0], "voltage": [3.0, 3.1]})
    with pytest.raises(FitError, match="No table of this specimen"):
        patterns(Series((replace(item, payload=Table(frame.lazy(), tuple(frame.columns))),)))
