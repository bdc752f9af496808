"""Which patterns does a series hold, in which states, and what do all of them look like at once?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlith.errors import FitError
from interlith.model import Flag, Given, Measurement, Result, Series, State, Step, Table
from interlith.techniques.diffraction.records import result
from interlith.units import QUANTITIES, convert

Array = NDArray[np.float64]

#: Positions that a pattern may be over, the usual first.
POSITIONS = ("two_theta", "scattering_vector", "time_of_flight")
#: Cells of the map at most, along a pattern and along the series: more than the dots of a page.
MOST_COLUMNS, MOST_ROWS = 1500, 400
#: Columns of a pattern that are no state.
_NO_STATE = frozenset({*POSITIONS, "intensity", "intensity_std", "frame"})
_WORDS = "Patterns were put on one grid for drawing; neighbouring points and patterns were averaged where there were more than can be seen."


@dataclass(frozen=True, slots=True)
class Looked:
    """One pattern: where it comes from, its points and its states; no `std` where the file states none, nan for points without weight."""

    item: Measurement
    frame: int
    position: Array
    intensity: Array
    unweighted: int
    state: Mapping[str, State]
    axis: str
    std: Array | None


def patterns(series: Series) -> Result:
    """Every pattern of a series with its states, and a map of them all.

    Parameters
    ----------
    series
        Patterns of one specimen or of several.

    Returns
    -------
    Result
        No observables. `data`: ``patterns``, one row a pattern: `pattern` (from 0), `file`, `frame`, `points`, `unweighted` (points that a
        refinement must not use), `first`, `last`, and of each state its value, `_low`, `_high` and `_unit`; ``map``, one row for some
        neighbouring patterns: `first`, `last` and the list `intensity` on the `position` of ``grid``.

    Raises
    ------
    FitError
        If no measurement holds a pattern.
    """
    from interlith.model.stepping import in_steps

    found = in_steps((STEP,), series, {}, technique="diffraction")
    if not found or "patterns" not in found[0].data:
        reasons = found[0].quality.get_column("reason").to_list() if found else []
        raise FitError(reasons[0] if reasons else "The series holds no pattern.")
    return found[0]


def run(given: Given) -> Result:
    """The patterns of one specimen."""
    looked = [one for item in given.series for one in look(item)]
    if not looked:
        raise FitError(
            "No table of this specimen has a position (two theta, scattering vector, time of flight) and an intensity."
        )
    sample = given.series[0].sample.name
    axis = next(name for name in POSITIONS if name in _columns(looked[0].item))
    table = pl.DataFrame([_row(sample, number, one) for number, one in enumerate(looked)], infer_schema_length=None)
    grid, rows = _map(looked)
    width = -(-len(looked) // len(rows))
    starts = [row * width for row in range(len(rows))]
    drawn = pl.DataFrame(
        {
            "sample": [sample] * len(rows), "first": starts, "last": [min(len(looked), start + width) - 1 for start in starts],
            "intensity": pl.Series(rows.tolist(), dtype=pl.List(pl.Float64)),
        }
    )  # fmt: skip
    data = {
        "patterns": table, "map": drawn, "grid": pl.DataFrame({"sample": [sample] * grid.size, "axis": [axis] * grid.size, "position": grid}),
    }  # fmt: skip
    return result(
        "patterns", (), method="reading of patterns", options={}, quality=[(sample, "patterns", True, "")], data=data, words=_WORDS,
        flags={sample: tuple(_noticed(looked))},
    )  # fmt: skip


def look(item: Measurement) -> Iterator[Looked]:
    """The patterns of one file, in order."""
    columns = _columns(item)
    axis = next((name for name in POSITIONS if name in columns), None)
    if axis is None or "intensity" not in columns or not isinstance(item.payload, Table):
        return
    for number, part in frames(item.payload):
        position, intensity = (part.get_column(name).cast(pl.Float64).to_numpy() for name in (axis, "intensity"))
        bad = ~np.isfinite(intensity) | ~np.isfinite(position)
        std = None
        if "intensity_std" in columns:
            std = part.get_column("intensity_std").cast(pl.Float64).fill_null(np.nan).to_numpy()
            bad |= part.get_column("intensity_std").is_null().to_numpy()
        order = np.argsort(position, kind="stable")
        yield Looked(
            item, number, position[order], intensity[order], int(bad.sum()), _states(item, part), axis, None if std is None else std[order]
        )  # fmt: skip


def frames(table: Table) -> list[tuple[int, pl.DataFrame]]:
    """The patterns of a table with their numbers, in order; a table without ``frame`` is one, with number 0."""
    rows = table.frame.collect()
    if "frame" not in rows.columns:
        return [(0, rows)]
    return [(int(part.item(0, "frame")), part) for part in rows.partition_by("frame", maintain_order=True)]


def _columns(item: Measurement) -> tuple[str, ...]:
    return item.payload.columns if isinstance(item.payload, Table) else ()


def _states(item: Measurement, part: pl.DataFrame) -> dict[str, State]:
    """What is known of the specimen meanwhile: by the table of the study and other logs, else by the file itself."""
    found: dict[str, State] = {}
    for name in part.columns:
        if name in _NO_STATE or name not in QUANTITIES or not part.schema[name].is_numeric():
            continue
        values = part.get_column(name).drop_nulls().to_numpy()
        if values.size:
            kind = QUANTITIES[name]
            mean, low, high = (convert(float(one), kind.unit, kind.shown) for one in _extent(values))
            found[name] = State(name, mean, low, high, kind.shown)
    return found | dict(item.state)


def _extent(values: Array) -> tuple[float, float, float]:
    """Mean, least and largest; a mean of equal numbers is that number, whatever its last digit came to."""
    low, high = float(values.min()), float(values.max())
    return min(max(float(values.mean()), low), high), low, high


def _row(sample: str, number: int, one: Looked) -> dict[str, Any]:
    row: dict[str, Any] = {
        "sample": sample, "pattern": number, "file": one.item.source.path, "frame": one.frame, "points": one.position.size,
        "unweighted": one.unweighted, "first": float(one.position[0]) if one.position.size else None,
        "last": float(one.position[-1]) if one.position.size else None,
    }  # fmt: skip
    for name, state in one.state.items():
        row |= {name: state.value, f"{name}_low": state.low, f"{name}_high": state.high, f"{name}_unit": state.unit}
    return row


def _map(looked: list[Looked]) -> tuple[Array, Array]:
    """Common grid (n,) and intensities (m, n), averaged over neighbours."""
    filled = [one for one in looked if one.position.size > 1]
    if not filled:
        return np.zeros(0), np.zeros((len(looked), 0))
    first = filled[0].position
    alike = all(one.position.size == first.size and np.array_equal(one.position, first) for one in looked)
    if alike:
        grid, values = first, np.array([one.intensity for one in looked])
    else:
        low, high = min(one.position[0] for one in filled), max(one.position[-1] for one in filled)
        grid = np.linspace(low, high, min(MOST_COLUMNS, max(one.position.size for one in filled)))
        values = np.array([_on(grid, one) for one in looked])
    return _averaged(grid[None], MOST_COLUMNS, 1)[0], _averaged(_averaged(values, MOST_COLUMNS, 1), MOST_ROWS, 0)


def _on(grid: Array, one: Looked) -> Array:
    known = np.isfinite(one.intensity)
    if known.sum() < 2:
        return np.full(grid.size, np.nan)
    return np.asarray(np.interp(grid, one.position[known], one.intensity[known], left=np.nan, right=np.nan))


def _averaged(values: Array, most: int, axis: int) -> Array:
    """Means over neighbours along an axis where it is longer than can be drawn; unknown ones do not count."""
    size = values.shape[axis]
    step = max(1, -(-size // most))
    if step == 1:
        return values
    starts = np.arange(0, size, step)
    known = np.isfinite(values)
    total = np.add.reduceat(np.where(known, values, 0.0), starts, axis=axis)
    count = np.add.reduceat(known.astype(float), starts, axis=axis)
    return np.asarray(np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0))


def _noticed(looked: list[Looked]) -> Iterator[Flag]:
    unweighted = sum(one.unweighted for one in looked)
    if unweighted:
        touched = sum(one.unweighted > 0 for one in looked)
        text = f"{unweighted} points of {touched} patterns are dead, negative or without a positive uncertainty; they get no weight."
        yield Flag("points_without_weight", text, "", "note")
    short = [one.item.source.path for one in looked if one.position.size < 2]
    if short:
        yield Flag(
            "patterns_without_points", f"{len(short)} patterns hold no curve, the first in {short[0]}.", short[0]
        )


STEP = Step("patterns", run, reads=True)
