"""Which identifier does a number carry, so that it can be found again and changes when what made it changes?"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

#: Libraries whose version may change a number.
NUMERICAL = ("numpy", "polars", "scipy")


@cache
def versions() -> Mapping[str, str]:
    """Versions of Interlith and of the libraries that make numbers."""
    found = {}
    for name in ("interlith", *NUMERICAL):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "absent"
    return found


@cache
def code_version(technique: str) -> str:
    """Hash of the source of a technique and of the rooms it may import from, with the numerical libraries."""
    digest = hashlib.sha256(json.dumps(dict(versions()), sort_keys=True).encode())
    for package in (f"interlith.techniques.{technique}", "interlith.physics", "interlith.numerics", "interlith.model"):
        spec = find_spec(package)
        for folder in spec.submodule_search_locations or () if spec else ():
            for path in sorted(Path(folder).rglob("*.py")):
                digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def step_key(technique: str, name: str, options: Mapping[str, Any]) -> str:
    """Key of one analysis without its raw bytes: options and code."""
    parts = [technique, name, options, code_version(technique)]
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def identify(table: pl.DataFrame, study: str, key: str) -> pl.DataFrame:
    """Fill the columns ``study`` and ``id``: first 16 hex of sha256 of step key, raw bytes, sample, quantity and state.

    The raw bytes enter row by row (column ``source``), so a changed file changes the identifiers of its own numbers only.
    """
    import polars as pl

    columns = ("source", "sample", "quantity", "state", "state_value", "cycle", "method", "fit")
    identifiers = [
        hashlib.sha256("|".join([key, *(str(part) for part in row)]).encode()).hexdigest()[:16]
        for row in table.select(columns).iter_rows()
    ]
    return table.with_columns(pl.Series("id", identifiers, dtype=pl.String), pl.lit(study).alias("study"))
