"""Does the self-check see rows that are missing, doubled, half empty or out of line, and keep silent where nothing is?"""

from __future__ import annotations

import polars as pl
import pytest

from interlith.physics.counting import count
from tests.formats.mutations.bases import cycles
from tests.physics.test_counting import CYCLE, steps_frame

COUNTERS = ("charge_counter", "discharge_counter", "charge_energy_counter", "discharge_energy_counter")


def frame(*, counters: bool = True, records: bool = False) -> pl.DataFrame:
    """Three cycles, a row a minute, a row at every switch."""
    made = cycles()
    if records:
        made = made.with_columns(pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias("vendor_record"))
    return made if counters else made.drop(COUNTERS)


def codes(rows: pl.DataFrame) -> set[str]:
    """Codes of warnings and errors."""
    return {one.code for one in count(rows.lazy(), rows.columns).notices if one.severity != "note"}


def without(rows: pl.DataFrame, first: int, last: int) -> pl.DataFrame:
    """Rows `first` to `last` (from 1) are lost."""
    number = pl.int_range(1, pl.len() + 1)
    return rows.filter(~number.is_between(first, last))


def changed(rows: pl.DataFrame, row: int, name: str, value: object) -> pl.DataFrame:
    """One field is another (row from 1)."""
    here = pl.int_range(1, pl.len() + 1) == row
    return rows.with_columns(pl.when(here).then(pl.lit(value)).otherwise(pl.col(name)).alias(name))


@pytest.mark.parametrize("counters", [True, False])
@pytest.mark.parametrize("records", [True, False])
def test_a_whole_file_raises_nothing(counters: bool, records: bool) -> None:
    assert codes(frame(counters=counters, records=records)) == set()
    assert codes(steps_frame(CYCLE)) == set()


def test_a_lost_record_is_told_with_its_number() -> None:
    found = count(without(frame(records=True), 12, 14).lazy(), frame(records=True).columns).notices
    (said,) = (one for one in found if one.code == "records_missing")
    assert said.where == "row 12"
    assert said.message.startswith("3 records are missing in 1 places")
    assert "15 follows 11" in said.message


def test_records_that_come_again_or_in_another_order_are_told() -> None:
    rows = frame(records=True)
    assert "records_again" in codes(pl.concat([rows[:40], rows[35:]]))
    assert "records_again" in codes(pl.concat([rows[:40], rows[41:42], rows[40:41], rows[42:]]))


@pytest.mark.parametrize("every", [3, 10])
def test_an_export_of_every_tenth_record_is_no_loss(every: int) -> None:
    assert "records_missing" not in codes(steps_frame(CYCLE, interval=2.0).with_row_index("n").with_columns(
        (every * pl.col("n") + 1).cast(pl.Int64).alias("vendor_record")
    ).drop("n"))  # fmt: skip


def test_records_numbered_anew_in_every_step_are_no_loss() -> None:
    rows = frame().with_columns(
        pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over("vendor_step").alias("vendor_record")
    )
    assert codes(rows) == set()


@pytest.mark.parametrize("batch", [7, 50, 100_000])
def test_the_size_of_the_blocks_does_not_matter(batch: int) -> None:
    rows = changed(without(frame(records=True), 15, 15), 60, "discharge_counter", None)
    found = count(rows.lazy(), rows.columns, batch_rows=batch).notices
    assert {(one.code, one.where) for one in found} >= {("records_missing", "row 15"), ("fields_empty", "row 60")}


def test_a_field_that_is_empty_in_one_row_is_told_and_one_that_is_empty_often_is_not() -> None:
    rows = frame()
    assert "fields_empty" in codes(changed(rows, 50, "vendor_step", None))
    often = rows.with_columns(pl.when(pl.int_range(pl.len()) % 5 == 0).then("vendor_cycle").alias("vendor_cycle"))
    assert "fields_empty" not in codes(often)


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), 1e300, float("nan")])
@pytest.mark.parametrize("name", ["test_time", "current", "voltage", "discharge_counter"])
def test_numbers_that_cannot_be_are_left_out_and_told(name: str, value: float) -> None:
    assert codes(changed(frame(), 50, name, value)) & {"rows_unreadable", "fields_empty", "counter_disagrees"}


@pytest.mark.parametrize("value", [1.25, -0.5, 0.05])
def test_a_current_that_stands_out_is_told_where_no_counter_contradicts(value: float) -> None:
    assert codes(changed(frame(counters=False), 50, "current", value))


def test_a_small_current_that_stands_out_is_in_the_uncertainty() -> None:
    rows = changed(frame(counters=False), 50, "current", -1.3e-3)
    steps = count(rows.lazy(), rows.columns).steps
    clean = count(frame(counters=False).lazy(), rows.columns).steps
    assert codes(rows) == set()
    assert abs(steps["charge"][3] - clean["charge"][3]) < 2 * steps["charge_std"][3]


def test_a_sign_that_is_lost_in_one_row_is_told_and_a_profile_is_not() -> None:
    assert "row_against_step" in codes(changed(frame(), 50, "current", 1.25e-3))
    rows = frame()
    alternating = (
        pl.when((pl.int_range(pl.len()) % 3 == 0) & (pl.col("current") < 0)).then(1.25e-3).otherwise("current")
    )
    assert "row_against_step" not in codes(rows.with_columns(alternating.alias("current")))


@pytest.mark.parametrize("counters", [True, False])
@pytest.mark.parametrize(
    ("first", "last"), [(56, 62), (57, 64), (28, 44), (45, 75), (80, 100), (31, 64), (36, 66), (90, 115)]
)
def test_rows_lost_at_the_ends_of_steps_are_told(first: int, last: int, counters: bool) -> None:
    assert codes(without(frame(counters=counters), first, last))


@pytest.mark.parametrize("counters", [True, False])
def test_rows_lost_inside_a_step_do_no_harm(counters: bool) -> None:
    rows = frame(counters=counters)
    clean, found = (count(one.lazy(), one.columns).steps for one in (rows, without(rows, 46, 50)))
    assert found["charge"].to_numpy() == pytest.approx(clean["charge"].to_numpy(), rel=1e-3)


@pytest.mark.parametrize("factor", [3600.0, 1e6])
def test_a_time_in_another_unit_is_told(factor: float) -> None:
    assert "time_implausible" in codes(frame(counters=False).with_columns(pl.col("test_time") * factor))
