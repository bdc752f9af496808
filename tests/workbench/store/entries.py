"""Results to keep: small ones with every sort of word in them, and keys."""

from __future__ import annotations

import datetime as time
import hashlib
import math
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import polars as pl

from interlith.model import Choice, Citation, Effect, Flag, How, Refusal, Result


def key_of(word: object) -> str:
    """A step key."""
    return hashlib.sha256(str(word).encode()).hexdigest()


def small_result(number: float = 1.5) -> Result:
    """A result with one value in each table."""
    return Result(
        technique="cycling",
        name="summary",
        table=pl.DataFrame({"value": [number, math.nan, None]}),
        data={"points": pl.DataFrame({"voltage": [number, -0.0]}), "nothing": pl.DataFrame()},
        quality=pl.DataFrame({"ok": [True]}),
        how=How(
            technique="cycling",
            method="counting",
            options={"window": (1, 20), "limit": math.inf, "none": None, "nested": {"day": time.date(2026, 1, 2)}},
            versions={"polars": "2.1.0"},
            citations=(Citation("key", "Text, Ångström.", "@article{key}"),),
            methods_text="Counted.",
        ),
        choices=(
            Choice("a.ndax#sha256:0123456789ab", "reference_cycle", "3", "4", 0.5, ("capacity_retention",), "Because.", "JD",
                   (Effect("capacity_retention", "B1", "cycle 200", 91.5, None, math.inf, "%"),)),
        ),
        flags={"B1": (Flag("truncated", "It ends early.", "row 7", "note"),), "B2": ()},
    )  # fmt: skip


def refusal() -> Refusal:
    """A step that the data do not allow."""
    return Refusal("cycling", "diffusion", "B1_02", "There is no pulse in these data – none at all.")


def noisy_result(seed: int, count: int = 15_000) -> Result:
    """A result whose curves do not compress, so that writing it takes a while."""
    generator = np.random.default_rng(seed)
    found = small_result(float(seed))
    curves = pl.DataFrame({"x": generator.normal(size=count), "y": generator.normal(size=count)})
    return Result(found.technique, found.name, found.table, {"curves": curves}, found.quality, found.how)


def identical(one: Result | Refusal, two: Result | Refusal) -> bool:
    """Whether two results agree in every word, type and bit; loads what is lazy."""
    if isinstance(one, Refusal) or isinstance(two, Refusal):
        return one == two
    return (
        (one.technique, one.name, one.how, one.choices, dict(one.flags))
        == (two.technique, two.name, two.how, two.choices, dict(two.flags))
        and same_frame(one.table, two.table)
        and same_frame(one.quality, two.quality)
        and list(one.data) == list(two.data)
        and all(same_frame(one.data[name], two.data[name]) for name in one.data)
    )


def same_frame(one: pl.DataFrame, two: pl.DataFrame) -> bool:
    """Whether two tables agree in shape, types and bits."""
    if one.shape != two.shape or one.schema != two.schema or not one.equals(two, null_equal=True):
        return False
    floats = [name for name, kind in one.schema.items() if kind == pl.Float64]
    # `equals` takes -0.0 for 0.0 and one NaN for another.
    return all(_bits(one[name]) == _bits(two[name]) for name in floats)


def _bits(column: pl.Series) -> bytes:
    return column.fill_null(0.0).to_numpy().tobytes()


class FullDisk:
    """An open file on a disk with room for some more bytes: what is written beyond raises `error`."""

    def __init__(self, handle: BinaryIO, room: int, error: OSError) -> None:
        self._handle, self._room, self._error = handle, room, error

    def write(self, content: bytes) -> int:
        """Write, as far as there is room."""
        self._room -= len(content)
        if self._room < 0:
            raise self._error
        return self._handle.write(content)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._handle, name)


def flipped(path: Path, place: int, mask: int) -> None:
    """Change one byte of a file."""
    content = bytearray(path.read_bytes())
    content[place] ^= mask
    path.write_bytes(content)
