"""Which date does a number mean: seconds since 1970, finer ticks of these, or the days of databases and workbooks?

The ranges of the four do not overlap for any date between 1990 and 2100. The wall clock is kept for the record and never
used for arithmetic.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import polars as pl

#: Days from 1899-12-30, day zero of Jet databases and workbooks, to 1970-01-01; milliseconds of a day.
DAY_ZERO, DAY = 25_569, 86_400_000
#: Least and greatest number of each kind, and how many of it are a millisecond.
_KINDS = (
    (32_874.0, 73_050.0, None),
    (6.3e8, 4.1e9, 1e-3),
    (6.3e11, 4.1e12, 1.0),
    (6.3e15, 4.1e16, 1e4),
)
_NUMBER = re.compile(r"\d+(?:\.\d*)?$")


def from_days(days: pl.Series) -> pl.Series:
    """Dates from days since 1899-12-30, to a millisecond; null outside 1990 to 2100."""
    return days.to_frame("days").select(_days(pl.col("days")).alias("wall_clock")).to_series()


def from_numbers(numbers: pl.Series) -> pl.Series | None:
    """Dates from numbers of one kind; `None` where they are of none."""
    filled = numbers.drop_nulls()
    if not len(filled):
        return None
    found = expression(pl.col("raw"), float(str(filled.min())), float(str(filled.max())))
    return None if found is None else numbers.to_frame("raw").select(found.alias("wall_clock")).to_series()


def from_texts(raw: pl.Expr, samples: Sequence[str]) -> pl.Expr | None:
    """Dates from texts that are plain numbers of one kind; `None` where they are none."""
    texts = [text.strip() for text in samples]
    if not texts or not all(map(_NUMBER.match, texts)):
        return None
    values = [float(text) for text in texts]
    return expression(raw.str.strip_chars().cast(pl.Float64, strict=False), min(values), max(values))


def expression(numbers: pl.Expr, smallest: float, greatest: float) -> pl.Expr | None:
    """Dates from a column of numbers between two bounds; `None` where no kind holds both."""
    for low, high, ticks in _KINDS:
        if low <= smallest and greatest <= high:
            return _days(numbers) if ticks is None else _within((numbers / ticks).round(0))
    return None


def _days(days: pl.Expr) -> pl.Expr:
    return _within(((days - DAY_ZERO) * DAY).round(0))


def _within(milliseconds: pl.Expr) -> pl.Expr:
    known = milliseconds.is_between(6.3e11, 4.1e12)
    return pl.when(known).then(milliseconds).cast(pl.Int64).cast(pl.Datetime("ms"))
