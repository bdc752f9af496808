"""Which identifier does a number carry, so that it can be found again and changes when what made it changes?"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

#: Columns of an observable that make it one of a kind within a step.
COLUMNS = ("source", "sample", "quantity", "state", "state_value", "cycle", "method", "fit")


def identifier(key: str, row: Mapping[str, Any]) -> str:
    """First 16 hex of SHA-256 of the step key and of what makes the number one of a kind within the step.

    The number so names the step that made it: whoever has the key and the row can prove that they belong together.
    """
    return hashlib.sha256("|".join([key, *(str(row[name]) for name in COLUMNS)]).encode()).hexdigest()[:16]


def identify(table: pl.DataFrame, key: str) -> pl.DataFrame:
    """Fill the column ``id`` of the observables of one step, see `identifier`."""
    import polars as pl

    rows = table.select(COLUMNS).iter_rows(named=True)
    return table.with_columns(pl.Series("id", [identifier(key, row) for row in rows], dtype=pl.String))


def in_study(table: pl.DataFrame, study: str) -> pl.DataFrame:
    """Fill the column ``study``."""
    import polars as pl

    return table.with_columns(pl.lit(study).alias("study"))
