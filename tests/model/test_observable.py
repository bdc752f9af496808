"""Shared causes cancel, unknown ones stay."""

from __future__ import annotations

import math

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlith.model import SCHEMA, Observable, State, from_frame, to_frame
from interlith.model.observable import kind_of


def capacity(cycle: int, value: float, *, mass: float = 0.02, counter: float = 0.05) -> Observable:
    return Observable(
        "discharge_capacity",
        value,
        "mAh/g",
        sample="B1",
        variant="bare",
        state=State("cycle", cycle, cycle, cycle, "1"),
        cycle=cycle,
        components={"mass:B1": -value * mass, f"counter:B1/discharge/{cycle}": counter},
    )


def test_the_mass_of_a_cell_cancels_in_its_retention_and_not_in_its_capacity() -> None:
    first, last = capacity(4, 130.0), capacity(200, 104.0)
    retention = last.over(first, unit="%")
    assert retention.value == pytest.approx(80.0)
    assert first.part(["calibration"]) == pytest.approx(2.6)
    assert retention.part(["calibration"]) == pytest.approx(0.0, abs=1e-12)
    counting = 80.0 * math.hypot(0.05 / 104.0, 0.05 / 130.0)
    assert retention.std == pytest.approx(counting)


def test_masses_of_two_cells_do_not_cancel() -> None:
    first = capacity(4, 130.0)
    other = Observable("discharge_capacity", 130.0, "mAh/g", "C1", {"mass:C1": -2.6})
    assert first.over(other).std == pytest.approx(math.hypot(0.02, 0.02), rel=1e-3)


def test_an_unknown_component_stays_unknown() -> None:
    first = Observable("q", 10.0, "V", "a", {"mass:a": math.inf, "counter:1": 0.1})
    assert math.isinf(first.over(first).std)
    assert first.includes == {"counting"}


def test_without_components_nothing_is_known() -> None:
    assert math.isinf(Observable("q", 1.0, "V").std)


def test_an_incomplete_number_stays_incomplete() -> None:
    gone = Observable("q", None, "mAh/g", flag="interrupted")
    assert gone.over(capacity(1, 1.0)).value is None
    assert "interrupted" in gone.minus(gone).flag


def test_units_are_converted_in_differences() -> None:
    one = Observable("v", 1.0, "V", "a", {"voltage:a": 0.001})
    two = Observable("v", 900.0, "mV", "a", {"voltage:a": 1.0})
    gap = one.minus(two)
    assert gap.value == pytest.approx(0.1)
    assert gap.std == pytest.approx(0.0, abs=1e-15)


def test_an_unknown_source_is_never_taken_for_random() -> None:
    assert kind_of("somebody's guess") == "model"


def test_the_table_has_the_published_columns() -> None:
    table = to_frame([capacity(4, 130.0)])
    assert tuple(table.columns) == (*SCHEMA, "components")
    row = table.row(0, named=True)
    assert row["std"] == pytest.approx(math.hypot(2.6, 0.05))
    assert row["std_systematic"] == pytest.approx(2.6)
    assert row["std_random"] == pytest.approx(0.05)
    assert row["includes"] == "counter+mass"
    assert row["high"] - row["value"] == pytest.approx(1.959964 * row["std"], rel=1e-6)


def test_a_null_value_has_no_interval() -> None:
    row = to_frame([Observable("q", None, "V", "a", {"fit:1": 0.1}, flag="interrupted")]).row(0, named=True)
    assert row["value"] is None
    assert row["std"] is None
    assert row["low"] is None


def test_no_component_gives_infinite_std_in_the_table() -> None:
    row = to_frame([Observable("q", 1.0, "V", "a")]).row(0, named=True)
    assert row["std"] == math.inf
    assert row["includes"] is None


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["mass:a", "counter:1", "counter:2", "area:study"]), st.floats(-5, 5), min_size=1
        ),
        min_size=1,
        max_size=5,
    )
)
def test_round_trip_through_the_table(parts: list[dict[str, float]]) -> None:
    items = [Observable("q", float(k), "V", "a", part, cycle=k) for k, part in enumerate(parts)]
    back = from_frame(to_frame(items))
    assert [item.components for item in back] == parts
    assert [item.value for item in back] == [item.value for item in items]


@given(st.floats(1, 100), st.floats(1, 100), st.floats(0, 1), st.floats(0, 1))
def test_ratio_matches_the_textbook_when_nothing_is_shared(a: float, b: float, da: float, db: float) -> None:
    ratio = Observable("a", a, "V", "x", {"fit:a": da}).over(Observable("b", b, "V", "x", {"fit:b": db}))
    assert ratio.value == pytest.approx(a / b)
    assert ratio.std == pytest.approx(a / b * math.hypot(da / a, db / b), abs=1e-12)


def test_an_empty_table_keeps_its_types() -> None:
    table = to_frame([])
    assert table.height == 0
    assert table.schema["value"] == pl.Float64
