"""Which step, curve and decisions stand behind each number of the page? What many numbers share is told once."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from interlith.model import StepRecord, StudyOutcome
from interlith.workbench.provenance.origin import makers
from interlith.workbench.provenance.stretches import counted

#: Sketches of curves on a page; each costs some 200 bytes. Beyond, the rows are named and not drawn.
MOST_SKETCHES = 600
#: Points of a sketch, and its box (units of its own).
POINTS, WIDE, HIGH = 24, 96, 28
#: Half-cycles told of one number.
MOST_CURVES = 2


@dataclass(frozen=True, slots=True)
class StepKind:
    """One step with one set of options and one code, for all its specimens."""

    number: int
    technique: str
    step: str
    takes: tuple[str, ...]
    options: str
    agreed: str
    code: str
    modules: tuple[tuple[str, str], ...]
    versions: str
    results: int
    cached: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Curve:
    """A half-cycle: its rows in the raw file, and the path of its sketch (empty where it is not drawn)."""

    anchor: str
    label: str
    rows: str
    path: str


@dataclass(frozen=True, slots=True)
class Behind:
    """What stands behind one number."""

    key: str = ""
    step: int = 0
    name: str = ""
    decisions: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    curves: tuple[Curve, ...] = ()
    more_curves: int = 0


@dataclass(frozen=True, slots=True)
class Origins:
    """Steps told once, sketches told once, and what each number has of them."""

    steps: tuple[StepKind, ...] = ()
    curves: tuple[Curve, ...] = ()
    behind: Mapping[str, Behind] = field(default_factory=dict)

    def of(self, identifier: str) -> Behind:
        """What stands behind a number; empty where the run kept no records."""
        return self.behind.get(identifier, _NOTHING)


_NOTHING = Behind()


def origins(outcome: StudyOutcome, rows: pl.DataFrame) -> Origins:
    """Walk from some numbers to their steps and curves.

    Parameters
    ----------
    outcome
        The run with its records.
    rows
        Observables that the page shows.
    """
    made = makers(rows, outcome.records)
    kinds, numbers = _kinds(outcome.records)
    by_number, curves = _curves(outcome, rows)
    behind = {}
    for identifier in rows.get_column("id").to_list():
        record = made.get(identifier)
        mine = by_number.get(identifier, ())
        shown, more = mine[:MOST_CURVES], max(0, len(mine) - MOST_CURVES)
        if record is None:
            behind[identifier] = Behind(curves=shown, more_curves=more)
        else:
            decided = tuple(f"{one.get('field')} = {one.get('value')}" for one in record.decisions)
            sources = tuple(dict.fromkeys(one.sha256[:12] for one in record.files))
            behind[identifier] = Behind(
                record.key[:12], numbers[record.key], record.step, decided, sources, shown, more
            )
    return Origins(kinds, curves, behind)


def _kinds(records: Sequence[StepRecord]) -> tuple[tuple[StepKind, ...], dict[str, int]]:
    gathered: dict[tuple[str, ...], list[StepRecord]] = {}
    for record in records:
        words = (record.technique, record.step, _words(record.options), _words(record.agreed), record.code)
        gathered.setdefault(words, []).append(record)
    kinds: list[StepKind] = []
    numbers: dict[str, int] = {}
    for number, ((technique, step, options, agreed, code), mine) in enumerate(gathered.items(), start=1):
        first = mine[0]
        numbers |= {record.key: number for record in mine}
        kinds.append(
            StepKind(
                number, technique, step, tuple(first.inputs) or ("raw files",), options, agreed, code[:12],
                tuple(first.modules.items()), ", ".join(f"{name} {text}" for name, text in first.versions.items()),
                len(mine), sum(record.cached for record in mine), sum(record.seconds for record in mine),
            )
        )  # fmt: skip
    return tuple(kinds), numbers


def _words(mapping: Mapping[str, Any]) -> str:
    texts = {
        name: value if isinstance(value, str) else json.dumps(value, default=str) for name, value in mapping.items()
    }
    return ", ".join(f"{name} = {text}" for name, text in texts.items())


def _curves(outcome: StudyOutcome, rows: pl.DataFrame) -> tuple[dict[str, tuple[Curve, ...]], tuple[Curve, ...]]:
    """Half-cycles by number, and all that are drawn."""
    found: dict[str, tuple[Curve, ...]] = {}
    drawn: list[Curve] = []
    parts = _parts(outcome)
    for result in outcome.results:
        half, points = result.data.get("half_cycles"), result.data.get("curves")
        if not isinstance(half, pl.DataFrame) or not isinstance(points, pl.DataFrame) or half.is_empty():
            continue
        mine = rows.filter(pl.col("technique") == result.technique)
        wanted = _wanted(mine).join(half, on=["sample", "cycle", "direction"], how="inner", maintain_order="left")
        if wanted.is_empty():
            continue
        each = wanted.unique(["sample", "half_cycle"], keep="first", maintain_order=True).head(MOST_SKETCHES)
        paths = _paths(each, points)
        made: dict[tuple[str, int], Curve] = {}
        for row in wanted.iter_rows(named=True):
            place = (row["sample"], row["half_cycle"])
            if place not in made:
                path = paths.get(place, "")
                anchor = f"w-{len(drawn) + 1}" if path else ""
                label = f"{row['direction']} {row['cycle']}"
                of = parts.get((row["sample"], row["part"]), "")
                made[place] = Curve(anchor, label, f"rows {row['first_row']} to {row['last_row']}{of}", path)
                drawn += [made[place]] if path else []
            found[row["id"]] = (*found.get(row["id"], ()), made[place])
    return found, tuple(drawn)


def _parts(outcome: StudyOutcome) -> dict[tuple[str, int], str]:
    """`` of part 2`` for specimens whose test was restarted: row numbers begin again in each file."""
    items = outcome.study.measurements
    several = {item.sample.name for item in items if item.part > 0}
    return {(i.sample.name, i.part): f" of part {i.part + 1}" for i in items if i.sample.name in several}


def _wanted(rows: pl.DataFrame) -> pl.DataFrame:
    """id, sample, cycle and direction of the half-cycles whose counting error is in a number, else of its cycle."""
    pairs = []
    for row in rows.select("id", "sample", "cycle", "quantity", "components").iter_rows(named=True):
        told = counted(row["components"] or ())
        if not told and row["cycle"] is not None:
            ways = [way for way in ("charge", "discharge") if row["quantity"].startswith(way)]
            told = [(row["cycle"], way) for way in ways or ("charge", "discharge")]
        pairs += [(row["id"], row["sample"], cycle, direction) for cycle, direction in told]
    schema = {"id": pl.String, "sample": pl.String, "cycle": pl.Int64, "direction": pl.String}
    return pl.DataFrame(pairs, schema=schema, orient="row")


def _paths(each: pl.DataFrame, points: pl.DataFrame) -> dict[tuple[str, int], str]:
    """Voltage over charge of some half-cycles as the path of an SVG, all on one scale of voltage."""
    names = ["sample", "half_cycle"]
    kept = points.join(each.select(names), on=names, how="semi").filter(
        pl.col("charge").is_finite() & pl.col("voltage").is_finite()
    )
    if kept.is_empty():
        return {}
    place, count = pl.int_range(pl.len()).over(names), pl.len().over(names)
    thin = kept.filter((place % (count // POINTS).clip(1) == 0) | (place == count - 1))
    low, high = thin.select(pl.col("voltage").min().alias("low"), pl.col("voltage").max().alias("high")).row(0)
    first, last = pl.col("charge").min().over(names), pl.col("charge").max().over(names)
    span = pl.when(last > first).then(last - first).otherwise(1.0)
    x = (WIDE * (pl.col("charge") - first) / span).round(0).cast(pl.Int64)
    y = (HIGH * (high - pl.col("voltage")) / ((high - low) or 1.0)).round(0).cast(pl.Int64)
    placed = thin.select(*names, pl.format("{},{}", x, y).alias("point"))
    drawn = placed.group_by(names, maintain_order=True).agg(pl.col("point").str.join(" "))
    return {(sample, number): f"M{path}" for sample, number, path in drawn.iter_rows()}
