"""How are thousands of patterns of one file read, a few at a time, only those that are asked for?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlith.errors import ReadError
from interlith.layouts import nexus_find, nexus_heaps
from interlith.layouts.lazy_text import Remark
from interlith.layouts.nexus_find import Stack
from interlith.layouts.photon_counts import are_whole

#: Numbers that are read at once.
_AT_ONCE = 500_000
#: Frames that are named when they are dead.
_NAMED = 8


@dataclass(frozen=True, slots=True)
class Survey:
    """What one pass over all frames found: points without weight, dead frames, whether all counts are whole."""

    bad: int
    dead: tuple[int, ...]
    whole: bool


def blocks(stack: Stack) -> Iterator[tuple[int, int]]:
    """First frame and the frame behind the last of each block."""
    step = max(1, _AT_ONCE // max(1, stack.points))
    total = max(1, stack.frames)
    for first in range(0, total, step):
        yield first, min(first + step, total)


def taken(file: Any, dataset: str, stack: Stack, first: int, last: int) -> NDArray[np.float64]:
    """Some frames of a dataset, shape (frames, points)."""
    item = file[dataset]
    if item.ndim == 1:
        return np.asarray(item[()], dtype=np.float64)[None, :]
    values = item[:, first:last].T if stack.turned and dataset != stack.position else item[first:last]
    return np.asarray(values, dtype=np.float64)


def positions(file: Any, stack: Stack, first: int, last: int) -> NDArray[np.float64]:
    """Positions of the points of some frames in inside units, shape (frames or 1, points).

    Raises
    ------
    ReadError
        If one is no number.
    """
    found = taken(file, stack.position, stack, first, last) * stack.axis.factor + stack.axis.offset
    if not np.isfinite(found).all():
        raise ReadError(f"{file.filename}: {stack.position} holds positions that are no numbers; write the axis anew.")
    return found


def surveyed(path: Path, stack: Stack) -> Survey:
    """Pass over all frames once, a block at a time.

    Raises
    ------
    ReadError
        If a dataset cannot be read.
    """
    bad, dead, whole = 0, list[int](), True
    with nexus_heaps.opened(path) as file:
        for name in filter(None, (stack.signal, stack.errors, stack.position)):
            nexus_find.check(file[name], path)
        for first, last in blocks(stack):
            values = taken(file, stack.signal, stack, first, last)
            positions(file, stack, first, last)
            without = _without_weight(values, _std(file, stack, first, last))
            bad += int(without.sum())
            silent = without.all(axis=1) | (np.nan_to_num(values) <= 0).all(axis=1)
            dead += [first + int(place) for place in np.flatnonzero(silent)]
            whole = whole and (are_whole(values) or not np.any(values > 0))
    return Survey(bad, tuple(dead), whole)


def _std(file: Any, stack: Stack, first: int, last: int) -> NDArray[np.float64] | None:
    return taken(file, stack.errors, stack, first, last) if stack.errors else None


def _without_weight(values: NDArray[np.float64], std: NDArray[np.float64] | None) -> NDArray[np.bool_]:
    bad = ~np.isfinite(values) | (values < 0)
    return bad if std is None else bad | ~np.isfinite(std) | (std <= 0)


def remarks(found: Survey, stack: Stack) -> list[Remark]:
    """What the survey has to say."""
    told: list[Remark] = []
    if found.bad:
        text = f"{found.bad} points are negative, no numbers or without a positive uncertainty; they are kept without weight."
        told.append(Remark("points_without_weight", text))
    if found.dead and stack.frames:
        some = ", ".join(map(str, found.dead[:_NAMED])) + (" ..." if len(found.dead) > _NAMED else "")
        text = f"{len(found.dead)} of {stack.frames} frames hold no positive intensity ({some}); the beam or the detector was off."
        told.append(Remark("dead_frames", text))
    if not stack.errors and not found.whole:
        text = (
            "The intensities are no whole counts and have no uncertainties beside them (integrated frames are means of pixels); their "
            "uncertainty is unknown, and the square root is not it. Integrate with an error model."
        )
        told.append(Remark("intensity_unit_unknown", text))
    return told


def lazily(path: Path, stack: Stack, per_frame: Mapping[str, NDArray[np.float64]], *, weights: bool) -> pl.LazyFrame:
    """A table of all frames that reads only what is asked for, a block at a time.

    Parameters
    ----------
    path, stack
        The file and where the patterns lie in it.
    per_frame
        Time and state, one number a frame.
    weights
        Whether a column of uncertainties is needed: the file has some, or points without weight.
    """
    from polars.io.plugins import register_io_source

    schema: dict[str, Any] = {"frame": pl.Int64, stack.axis.name: pl.Float64, "intensity": pl.Float64}
    schema |= {"intensity_std": pl.Float64} if weights else {}
    schema |= dict.fromkeys(per_frame, pl.Float64)

    def source(
        with_columns: list[str] | None, predicate: pl.Expr | None, n_rows: int | None, batch_size: int | None
    ) -> Iterator[pl.DataFrame]:
        del batch_size  # blocks are as large as is good for the file
        wanted = list(schema) if with_columns is None else with_columns
        kept = _kept(stack, per_frame, predicate)
        left = n_rows
        with nexus_heaps.opened(path) as file:
            for first, last in blocks(stack):
                if not kept[first:last].any():
                    continue
                made = _block(file, stack, per_frame, (first, last), kept[first:last], weights)
                if predicate is not None:
                    made = made.filter(predicate)
                if left is not None:
                    made = made.head(left)
                    left -= made.height
                yield made.select(wanted)
                if left == 0:
                    return

    return register_io_source(source, schema=pl.Schema(schema))


def _kept(stack: Stack, per_frame: Mapping[str, NDArray[np.float64]], predicate: pl.Expr | None) -> NDArray[np.bool_]:
    """Frames that a filter on frame, time or state leaves; all where it asks for more."""
    every = np.ones(max(1, stack.frames), dtype=bool)
    if predicate is None or not set(predicate.meta.root_names()) <= {"frame", *per_frame}:
        return every
    table = pl.DataFrame({"frame": np.arange(every.size, dtype=np.int64), **per_frame}, nan_to_null=True)
    return np.isin(np.arange(every.size), table.filter(predicate)["frame"].to_numpy())


def _block(
    file: Any,
    stack: Stack,
    per_frame: Mapping[str, NDArray[np.float64]],
    span: tuple[int, int],
    kept: NDArray[np.bool_],
    weights: bool,
) -> pl.DataFrame:
    first, last = span
    values = taken(file, stack.signal, stack, first, last)
    where = np.broadcast_to(positions(file, stack, first, last), values.shape)
    std = _std(file, stack, first, last)
    bad = _without_weight(values, std)
    sure = np.sqrt(np.maximum(np.nan_to_num(values), 1.0)) if std is None else std
    order = np.argsort(where, axis=1, kind="stable")
    rows = np.arange(values.shape[0])[:, None]
    columns: dict[str, Any] = {
        "frame": np.repeat(np.arange(first, last, dtype=np.int64)[kept], values.shape[1]),
        stack.axis.name: where[rows, order][kept].ravel(),
        "intensity": values[rows, order][kept].ravel(),
    }
    if weights:
        columns["intensity_std"] = np.where(bad, np.nan, sure)[rows, order][kept].ravel()
    for name, told in per_frame.items():
        columns[name] = np.repeat(told[first:last][kept], values.shape[1])
    return pl.DataFrame(columns, nan_to_null=True)
