"""What is the device time of a record where the vendor prints only the time within its step, and which sign its current?"""

from __future__ import annotations

import re
from collections.abc import Sequence

import polars as pl

from interlith.layouts import current_sign
from interlith.layouts.lazy_text import Remark

#: Seconds of a day, and how near to midnight on both sides (together, s) a clock must stand that has passed it: a duration
#: that begins anew falls too.
DAY = 86400.0
NEAR = 3600.0
_OF_DAY = re.compile(r"(?:[01]?\d|2[0-3]):[0-5]\d:[0-5]\d(?:[.,]\d+)?$")


def over_midnight(frame: pl.LazyFrame, samples: Sequence[str]) -> tuple[pl.LazyFrame, list[Remark]]:
    """Let `test_time` run on where the vendor prints the time of day, which begins anew at midnight.

    Parameters
    ----------
    frame
        With `test_time` (s) as printed.
    samples
        Texts of its column in the rows looked at. Where one of them is no time of day, nothing is changed.

    Notes
    -----
    Assumes that the records on both sides of midnight are at most `NEAR` apart; others are left running back, which the
    self-check tells. A gap of days without a record cannot be seen in a time of day.
    """
    clocks = [text for text in samples if text]
    if not clocks or not all(_OF_DAY.match(text) for text in clocks):
        return frame, []
    fell = pl.col("test_time").diff().fill_null(0.0) <= NEAR - DAY
    midnights = int(frame.select(fell.sum()).collect().item() or 0)
    if midnights == 0:
        return frame, []
    remark = Remark(
        "time_of_day",
        f"The time column holds the time of day and passes midnight {midnights} times; each time a day was added.",
        severity="note",
    )
    return frame.with_columns(pl.col("test_time") + DAY * fell.cast(pl.Int64).cum_sum()), [remark]


def only_of_steps(frame: pl.LazyFrame) -> bool:
    """Whether `test_time` is the `step_time` throughout and begins anew: some exports of Neware print it so."""
    time = pl.col("test_time")
    apart = (time - pl.col("step_time")).abs().max() > 0.0
    found = frame.select(apart.alias("apart"), (time.diff() < 0.0).any().alias("falls")).collect()
    return bool(found["falls"].item()) and not found["apart"].item()


def from_step_time(frame: pl.LazyFrame, names: set[str]) -> tuple[pl.LazyFrame, list[Remark]]:
    """Add `test_time` as the running sum of step times, where the vendor gives none.

    Notes
    -----
    Assumes that a step begins when the one before it ends: time between steps that was not recorded is lost. A step
    begins where the step time falls, or where the vendor's step number, cycle or type changes.
    """
    if "test_time" in names or "step_time" not in names:
        return frame, []
    time = pl.col("step_time")
    begins = time.diff().fill_null(0.0) < 0
    for name in ("vendor_step", "vendor_cycle", "vendor_step_type"):
        if name in names:
            begins = begins | pl.col(name).ne_missing(pl.col(name).shift(1))
    passed = pl.when(begins).then(time).otherwise(time.diff().fill_null(time.first()))
    remark = Remark(
        "time_from_steps",
        "The export has no total time, or one that begins anew in each step; device time is the sum of the step times, without "
        "unrecorded time between steps.",
        severity="note",
    )
    return frame.with_columns(passed.cum_sum().alias("test_time")), [remark]


def signed(frame: pl.LazyFrame, names: set[str], *, contradicted: bool) -> tuple[pl.LazyFrame, list[Remark]]:
    """Give charge a positive and discharge a negative current where the step words contradict what the export prints."""
    if not contradicted or not {"current", "vendor_step_type"} <= names:
        return frame, []
    return current_sign.settled(frame, "")
