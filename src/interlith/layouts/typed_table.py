"""How does a table whose columns have types already (parquet, Arrow, JSON lines) become canonical columns?

Types are checked against what a column must hold before a row is read: text where numbers belong, and values nested in lists or
records, are refused by name.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from interlith.errors import ReadError
from interlith.layouts import number_dates
from interlith.layouts.column_names import Column

PARQUET, ARROW, FEATHER_1 = b"PAR1", b"ARROW1", b"FEA1"


def opened(path: Path, head: bytes) -> pl.LazyFrame | None:
    """The typed table that begins with these bytes, not read yet; `None` if it is of no such kind or damaged."""
    try:
        if head.startswith(PARQUET):
            frame = pl.scan_parquet(path, glob=False)
        elif head.startswith(ARROW):
            frame = pl.scan_ipc(path)
        elif head.startswith((b'{"', b"{ ")) and b"}" in head.split(b"\n", 1)[0]:
            frame = pl.scan_ndjson(path, infer_schema_length=1000)
            # A column that begins with whole numbers may go on with others.
            whole = [name for name, dtype in frame.collect_schema().items() if dtype.is_integer()]
            frame = pl.scan_ndjson(path, infer_schema_length=1000, schema_overrides=dict.fromkeys(whole, pl.Float64))
        else:
            return None
        frame.collect_schema()
    except (pl.exceptions.PolarsError, OSError, ValueError):
        return None
    return frame


def canonical(frame: pl.LazyFrame, columns: Sequence[Column], *, where: str) -> pl.LazyFrame:
    """Columns in inside units under the names of their quantities.

    Raises
    ------
    ReadError
        If a column has a type that its quantity cannot have.
    """
    schema = frame.collect_schema()
    out = []
    for column in columns:
        made = _column(frame, column, schema[column.name], where)
        if made is not None:
            out.append(made.alias(column.quantity))
    return frame.select(out)


def _column(frame: pl.LazyFrame, column: Column, dtype: pl.DataType, where: str) -> pl.Expr | None:
    value = pl.col(column.name)
    if isinstance(dtype, pl.Duration) and column.kind == "duration":
        return value.dt.total_nanoseconds().cast(pl.Float64) / 1e9
    if column.kind == "date":
        return _date(frame, value, dtype)
    if column.kind == "text":
        if dtype.is_nested() or isinstance(dtype, pl.Binary):
            raise _wrong(column, dtype, where, "text")
        return value.cast(pl.String)
    if not dtype.is_numeric():
        raise _wrong(column, dtype, where, "numbers")
    if column.kind == "integer":
        return value.cast(pl.Int64)
    number = value.cast(pl.Float64)
    return number * column.factor if column.factor != 1.0 else number


def _wrong(column: Column, dtype: pl.DataType, where: str, needed: str) -> ReadError:
    return ReadError(
        f"{where}: the column '{column.name}' holds values of type {dtype} where {needed} are needed as {column.quantity}; "
        f"save it as {needed}."
    )


def _date(frame: pl.LazyFrame, value: pl.Expr, dtype: pl.DataType) -> pl.Expr | None:
    if isinstance(dtype, pl.Datetime):
        value = value.dt.convert_time_zone("UTC").dt.replace_time_zone(None) if dtype.time_zone else value
        return value.cast(pl.Datetime("ms"))
    if not dtype.is_numeric():
        return None
    low, high = frame.select(value.min().alias("low"), value.max().alias("high")).collect().row(0)
    if low is None or high is None:
        return None
    return number_dates.expression(value.cast(pl.Float64), float(low), float(high))
