"""How does a result of this technique say how it came about and where it failed?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import polars as pl

from interlith.model import How, to_frame
from interlith.model.recording import versions_of


def how(method: str, options: Mapping[str, Any], words: str) -> How:
    """Record of an analysis of this technique."""
    return How("cycling", method, dict(options), versions_of("interlith", "polars", "numpy"), (), words)


@cache
def no_observables() -> pl.DataFrame:
    """The table of a result that holds no observable."""
    return to_frame(())


def quality_table(rows: Sequence[Mapping[str, object]]) -> pl.DataFrame:
    """Quality rows with fixed columns."""
    types = {"sample": pl.String, "step": pl.String, "ok": pl.Boolean, "reason": pl.String}
    return pl.DataFrame(list(rows), schema=types)
