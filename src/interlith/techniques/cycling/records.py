"""How does a result of this technique say how it came about and where it failed?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

import polars as pl

from interlith.model import How


def how(method: str, options: Mapping[str, Any], words: str) -> How:
    """Record of an analysis of this technique."""
    versions = {name: version(name) for name in ("interlith", "polars", "numpy")}
    return How("cycling", method, dict(options), versions, (), words)


def quality_table(rows: Sequence[Mapping[str, object]]) -> pl.DataFrame:
    """Quality rows with fixed columns."""
    types = {"sample": pl.String, "step": pl.String, "ok": pl.Boolean, "reason": pl.String}
    return pl.DataFrame(list(rows), schema=types)
