"""Which stretches of the raw rows, and which fit, stand behind a number?"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from interlith.model import FileRecord, Result

#: ``counter:B1_01/discharge/12``: the counting error of one half-cycle, so its number rests on that half-cycle.
_COUNTED = re.compile(
    r"(?:counter|sampling|noise|join):(?P<sample>.*)/(?P<direction>charge|discharge)/(?P<cycle>-?\d+)(?:/.*)?"
)
_DIRECTION = re.compile(r"(?<![a-z])(charge|discharge)(?![a-z])")
#: Tables of a result that hold curves and bookkeeping, not a fit.
_NO_FIT = ("curves", "half_cycles", "steps", "cycles", "vendor_cycles", "conditions")
#: Rows of a table of a fit that are told; more are data, not the words of a fit.
MOST_ROWS = 6


@dataclass(frozen=True, slots=True)
class Stretch:
    """A half-cycle: its place in the raw file and what it spans. Voltages in V, charge in Ah, times in s."""

    half_cycle: int
    cycle: int
    direction: str
    file: str
    first_row: int
    last_row: int
    points: int
    voltage_start: float | None
    voltage_end: float | None
    charge: float | None
    charge_method: str
    start_time: float | None
    end_time: float | None
    complete: bool
    flag: str


def stretches(row: Mapping[str, Any], result: Result, files: Sequence[FileRecord]) -> tuple[Stretch, ...]:
    """Half-cycles behind a number: those whose counting error is in it, else those of its cycle.

    Parameters
    ----------
    row
        Row of the observables.
    result
        The result that holds ``half_cycles`` of the specimen.
    files
        Its raw files, by part.
    """
    table = result.data["half_cycles"]
    if not isinstance(table, pl.DataFrame) or table.is_empty():
        return ()
    mine = table.filter(pl.col("sample") == row["sample"])
    pairs = counted(row["components"] or ())
    if pairs:
        wanted = pl.DataFrame(pairs, schema={"cycle": pl.Int64, "direction": pl.String}, orient="row")
        mine = mine.join(wanted, on=["cycle", "direction"], how="semi", maintain_order="left")
    elif row["cycle"] is not None:
        mine = mine.filter(pl.col("cycle") == row["cycle"])
        told = set(_DIRECTION.findall(row["quantity"].replace("_", " ")))
        if len(told) == 1:
            mine = mine.filter(pl.col("direction") == told.pop())
    else:
        return ()
    names = {one.part: one.path for one in files}
    curves = result.data.get("curves")
    points: dict[int, int] = {}
    if isinstance(curves, pl.DataFrame) and curves.height:
        here = curves.filter(
            (pl.col("sample") == row["sample"]) & pl.col("half_cycle").is_in(mine["half_cycle"].to_list())
        )
        points = dict(here.group_by("half_cycle").len().iter_rows())
    return tuple(_stretch(one, names, points) for one in mine.iter_rows(named=True))


def _stretch(one: Mapping[str, Any], names: Mapping[int, str], points: Mapping[int, int]) -> Stretch:
    return Stretch(
        half_cycle=one["half_cycle"], cycle=one["cycle"], direction=one["direction"],
        file=names.get(one["part"], next(iter(names.values()), "")), first_row=one["first_row"], last_row=one["last_row"],
        points=points.get(one["half_cycle"], 0), voltage_start=one["voltage_start"], voltage_end=one["voltage_end"],
        charge=one["charge"], charge_method=one["charge_method"] or "", start_time=one["start_time"],
        end_time=one["end_time"], complete=bool(one["complete"]), flag=one["flag"] or "",
    )  # fmt: skip


def counted(components: Sequence[Mapping[str, Any]]) -> list[tuple[int, str]]:
    """(own cycle, direction) of every half-cycle whose counting error is among some components."""
    found = [_COUNTED.fullmatch(part["source"]) for part in components]
    return list(dict.fromkeys((int(one["cycle"]), one["direction"]) for one in found if one is not None))


def fit_rows(row: Mapping[str, Any], result: Result) -> dict[str, tuple[dict[str, Any], ...]]:
    """What the result of a step says of its fit for one number: rows of its tables about this specimen and state.

    Empty where the number comes from no fit.
    """
    fitted = bool(row["fit"]) or any(str(part["source"]).startswith("fit:") for part in row["components"] or ())
    if not fitted:
        return {}
    found: dict[str, tuple[dict[str, Any], ...]] = {}
    for name, table in result.data.items():
        if name in _NO_FIT or not isinstance(table, pl.DataFrame) or "sample" not in table.columns:
            continue
        rows = table.filter(pl.col("sample") == row["sample"])
        if row["cycle"] is not None and "cycle" in table.columns:
            rows = rows.filter(pl.col("cycle") == row["cycle"])
        if "of" in table.columns:
            named = rows.filter(pl.lit(row["quantity"]).str.contains(pl.col("of"), literal=True))
            rows = named if named.height else rows
        if 0 < rows.height <= MOST_ROWS:
            told = rows.drop("sample", *(["variant"] if "variant" in rows.columns else []))
            found[name] = tuple(told.iter_rows(named=True))
    return found


def curve_points(row: Mapping[str, Any], result: Result, wanted: Sequence[Stretch]) -> pl.DataFrame:
    """Curve points of some half-cycles: sample, half_cycle, charge (Ah), voltage (V), current (A), time (s), cc."""
    curves = result.data["curves"]
    numbers = [one.half_cycle for one in wanted]
    found: pl.DataFrame = curves.filter((pl.col("sample") == row["sample"]) & pl.col("half_cycle").is_in(numbers))
    return found
