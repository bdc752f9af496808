"""How are canonical cycling columns printed as the text a vendor's software would export?

Used by the writers of formats, which feed the simulator: what is printed here must come back exactly to the printed
digit when the same format reads it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import polars as pl

from interlith.errors import StudyError, nearest

REQUIRED = ("test_time", "current", "voltage")


def fixed(expression: pl.Expr, decimals: int) -> pl.Expr:
    """Print numbers with a fixed count of decimals, as vendors do; nulls become empty fields."""
    scale = 10**decimals
    whole = (expression.cast(pl.Float64) * scale).round(0).cast(pl.Int64)
    sign = pl.when(whole < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    digits = (whole.abs() // scale).cast(pl.String)
    if decimals == 0:
        return pl.concat_str([sign, digits])
    return pl.concat_str([sign, digits, pl.lit("."), (whole.abs() % scale).cast(pl.String).str.zfill(decimals)])


def clock(expression: pl.Expr, decimals: int = 3) -> pl.Expr:
    """Print seconds as ``hh:mm:ss.fff``; hours grow beyond 24."""
    scale = 10**decimals
    ticks = (expression.cast(pl.Float64) * scale).round(0).cast(pl.Int64)
    seconds = ticks // scale
    parts = [
        (seconds // 3600).cast(pl.String).str.zfill(2),
        pl.lit(":"),
        (seconds // 60 % 60).cast(pl.String).str.zfill(2),
        pl.lit(":"),
        (seconds % 60).cast(pl.String).str.zfill(2),
    ]
    if decimals:
        parts += [pl.lit("."), (ticks % scale).cast(pl.String).str.zfill(decimals)]
    return pl.concat_str(parts)


def completed(frame: pl.DataFrame, *, needed: tuple[str, ...] = ()) -> pl.DataFrame:
    """Add what every vendor prints and can be derived: step time and the counter of either direction.

    Parameters
    ----------
    frame
        Canonical columns.
    needed
        Columns beside test time, current and voltage that the vendor always prints.

    Raises
    ------
    StudyError
        If a needed column is missing.
    """
    missing = [name for name in (*REQUIRED, *needed) if name not in frame.columns]
    if missing:
        raise StudyError(
            f"A table to be written has no column {', '.join(missing)}; it has {', '.join(frame.columns)}. "
            f"Give at least {', '.join((*REQUIRED, *needed))}."
        )
    if "step_time" not in frame.columns and "vendor_step" in frame.columns:
        start = pl.col("test_time").first().over(pl.col("vendor_step").rle_id())
        frame = frame.with_columns((pl.col("test_time") - start).alias("step_time"))
    for total, charge, discharge in (
        ("capacity_counter", "charge_counter", "discharge_counter"),
        ("energy_counter", "charge_energy_counter", "discharge_energy_counter"),
    ):
        if total not in frame.columns and {charge, discharge} <= set(frame.columns):
            frame = frame.with_columns((pl.col(charge) + pl.col(discharge)).alias(total))
    return frame


def start_of(metadata: Mapping[str, Any], allowed: tuple[str, ...]) -> datetime | None:
    """The declared start of the test (ISO text under ``start``), after checking that all keys are known.

    Raises
    ------
    StudyError
        If a key is unknown or the start is not ISO text.
    """
    for key in metadata:
        if key not in allowed:
            raise StudyError(f"This writer has no place for the metadata '{key}'; {nearest(key, allowed)}.")
    text = metadata.get("start")
    if text is None:
        return None
    try:
        return datetime.fromisoformat(str(text))
    except ValueError as error:
        raise StudyError(f"start is '{text}', which is not a date such as 2026-11-20T09:00:00.") from error


def dates(start: datetime) -> pl.Expr:
    """Wall clock of each row from the start of the test, to the second."""
    return pl.lit(start) + pl.duration(milliseconds=(pl.col("test_time") * 1000).round(0).cast(pl.Int64))
