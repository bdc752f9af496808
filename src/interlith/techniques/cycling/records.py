"""How does a result of this technique say how it came about and where it failed?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import version
from typing import Any

import polars as pl

from interlith.model import How, to_frame


def how(method: str, options: Mapping[str, Any], words: str) -> How:
    """Record of an analysis of this technique."""
    return How("cycling", method, dict(options), versions_of("interlith", "polars", "numpy"), (), words)


@cache
def _version(package: str) -> str:
    # Looked up on disk: too slow to be asked for every cell.
    return version(package)


def versions_of(*packages: str) -> dict[str, str]:
    """Versions of packages as they are installed."""
    return {name: _version(name) for name in packages}


@cache
def no_observables() -> pl.DataFrame:
    """The table of a result that holds no observable."""
    return to_frame(())


def quality_table(rows: Sequence[Mapping[str, object]]) -> pl.DataFrame:
    """Quality rows with fixed columns."""
    types = {"sample": pl.String, "step": pl.String, "ok": pl.Boolean, "reason": pl.String}
    return pl.DataFrame(list(rows), schema=types)
