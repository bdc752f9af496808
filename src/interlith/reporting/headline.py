"""Which of a hundred thousand numbers stand in the tables of the page, and in which columns?

Nothing is computed here but the plain mean and standard deviation over cells; every other number is an observable.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from interlith.model import Primary, StudyOutcome
from interlith.notation import pretty_unit, state_text, title

__all__ = ["Column", "Sampled", "Spread", "columns", "sampled", "spread_states", "spreads", "state_text"]

#: Quantities that lead the tables where they occur, after the primary endpoint; others follow in alphabetical order.
FIRST = (
    "discharge_capacity", "initial_coulombic_efficiency", "capacity_retention", "areal_discharge_capacity",
    "coulombic_efficiency", "discharge_mean_voltage", "capacity_decay", "mean_voltage_decay", "voltage_hysteresis",
    "energy_efficiency", "rate_capacity", "plateau_share", "chemical_diffusion",
)  # fmt: skip
MOST_COLUMNS = 10
MOST_STATES = 8


@dataclass(frozen=True, slots=True)
class Column:
    """One quantity in one unit at one state: a column of the table of cells."""

    technique: str
    quantity: str
    unit: str
    state: str | None
    value: float | None
    state_unit: str = ""
    relative_to: str = ""

    @property
    def label(self) -> str:
        """``Discharge capacity``."""
        return title(self.quantity)

    @property
    def where(self) -> str:
        """``cycle 200, relative to cycle 4``, or nothing where the quantity has no state."""
        state = state_text(self.state, self.value, self.state_unit)
        return ", ".join(words for words in (state, self.relative_to and f"relative to {self.relative_to}") if words)

    @property
    def unit_shown(self) -> str:
        """``mAh/g``, or nothing for plain numbers."""
        return "" if self.unit in ("", "1") else pretty_unit(self.unit)

    def rows(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The observables of this column, one a specimen (the first where there are several)."""
        wanted = (
            (pl.col("quantity") == self.quantity)
            & pl.col("unit").fill_null("").eq(self.unit)
            & pl.col("technique").fill_null("").eq(self.technique)
            & pl.col("state").eq_missing(pl.lit(self.state, dtype=pl.String))
        )
        if self.value is not None:
            wanted &= pl.col("state_value") == self.value
        return frame.filter(wanted).unique("sample", keep="first", maintain_order=True)


@dataclass(frozen=True, slots=True)
class Sampled:
    """One quantity over its states: which states are shown, and a row of observables (or `None`) for each specimen."""

    quantity: str
    unit: str
    state: str
    states: tuple[float, ...]
    total: int
    rows: Mapping[str, tuple[Mapping[str, Any] | None, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Spread:
    """Plain description of one variant in one column: never an inference."""

    variant: str
    column: Column
    count: int
    missing: int
    mean: float | None
    deviation: float | None
    low: float | None
    high: float | None


def columns(outcome: StudyOutcome) -> tuple[Column, ...]:
    """Columns of the table of cells: the primary endpoint first, then what a reader of the field looks for."""
    groups = _groups(outcome.observables)
    primary = outcome.study.primary
    found: list[Column] = []
    for group in sorted(groups, key=lambda item: _rank(item, primary)):
        for value in _states(group, primary, outcome.study.analyses):
            made = Column(
                group["technique"], group["quantity"], group["unit"], group["state"], value, group["state_unit"],
                group["relative_to"],
            )  # fmt: skip
            found.append(made)
    return tuple(found[:MOST_COLUMNS])


def spreads(frame: pl.DataFrame, shown: Sequence[Column], variants: Sequence[str]) -> list[Spread]:
    """Mean, standard deviation and range over cells of every variant in every column."""
    made = []
    for column in shown:
        rows = column.rows(frame).with_columns(pl.col("variant").fill_null(""))
        numbers = {
            row["variant"]: row
            for row in rows.group_by("variant")
            .agg(
                pl.col("value").count().alias("count"),
                pl.col("value").null_count().alias("missing"),
                pl.col("value").mean().alias("mean"),
                pl.col("value").std().alias("deviation"),
                pl.col("value").min().alias("low"),
                pl.col("value").max().alias("high"),
            )
            .iter_rows(named=True)
        }
        for variant in variants:
            if variant in numbers:
                row = numbers[variant]
                texts = {name: row[name] for name in ("count", "missing", "mean", "deviation", "low", "high")}
                made.append(Spread(variant=variant, column=column, **texts))
    return made


def sampled(outcome: StudyOutcome) -> tuple[Sampled, ...]:
    """Quantities along a state axis (cycles), at a few states spread over the whole of it."""
    primary = outcome.study.primary
    made = []
    for group in sorted(_groups(outcome.observables), key=lambda item: _rank(item, primary)):
        if len(group["values"]) < 2:
            continue
        shown = spread_states(group["values"])
        column = Column(group["technique"], group["quantity"], group["unit"], group["state"], None)
        here = outcome.observables.filter(
            (pl.col("quantity") == column.quantity)
            & pl.col("unit").fill_null("").eq(column.unit)
            & pl.col("technique").fill_null("").eq(column.technique)
            & (pl.col("state") == column.state)
            & pl.col("state_value").is_in(shown)
        )
        rows: dict[str, list[Mapping[str, Any] | None]] = {}
        place = {value: number for number, value in enumerate(shown)}
        for row in here.select("sample", "state_value", "value", "std", "flag").iter_rows(named=True):
            rows.setdefault(row["sample"], [None] * len(shown))[place[row["state_value"]]] = row
        kept = {name: tuple(cells) for name, cells in sorted(rows.items(), key=lambda item: item[0] or "")}
        made.append(Sampled(column.quantity, column.unit, group["state"], tuple(shown), len(group["values"]), kept))
    return tuple(made[:14])


def spread_states(values: Sequence[float]) -> list[float]:
    """At most eight states: first, last, and between them evenly on a logarithmic scale of their position."""
    ordered = sorted(values)
    if len(ordered) <= MOST_STATES:
        return ordered
    last = len(ordered) - 1
    places = {0, last} | {round((last + 1) ** (step / (MOST_STATES - 1))) - 1 for step in range(MOST_STATES)}
    return [ordered[min(place, last)] for place in sorted(places)]


def _groups(frame: pl.DataFrame) -> list[dict[str, Any]]:
    if frame.is_empty():
        return []
    keys = ("technique", "quantity", "unit")
    counted = (
        frame.with_columns([pl.col(name).fill_null("") for name in keys])
        .group_by(*keys, "state", "state_value", maintain_order=True)
        .agg(pl.col("value").count().alias("cells"), pl.col("state_unit").first())
        .sort("state_value", nulls_last=True)
        .group_by(*keys, "state", maintain_order=True)
        .agg(pl.col("state_value").alias("values"), "cells", pl.col("state_unit").first().fill_null(""))
    )
    groups = counted.to_dicts()
    for group in groups:
        group["relative_to"] = _relative_to(frame, group["quantity"])
        group["total"] = sum(group["cells"])
        pairs = [
            (value, cells) for value, cells in zip(group["values"], group["cells"], strict=True) if value is not None
        ]
        group["values"] = [value for value, _ in pairs]
        group["cells"] = [cells for _, cells in pairs]
    return groups


def _relative_to(frame: pl.DataFrame, quantity: str) -> str:
    """``cycle 4`` for the retention, where all cells have one reference cycle; the method of an observable says so."""
    if quantity != "capacity_retention":
        return ""
    told = frame.filter(pl.col("quantity") == quantity).get_column("method").fill_null("").unique().to_list()
    found = [text.removeprefix("ratio to ") for text in told if text.startswith("ratio to cycle ")]
    return found[0] if len(told) == len(found) == 1 else ""


def _rank(group: Mapping[str, Any], primary: Primary | None) -> tuple[int, int, str, int]:
    quantity = str(group["quantity"])
    first = 0 if primary is not None and quantity == primary.quantity else 1
    known = FIRST.index(quantity) if quantity in FIRST else len(FIRST)
    return (first, known, quantity, -group["total"])


def _states(
    group: Mapping[str, Any], primary: Primary | None, analyses: Mapping[str, Mapping[str, Any]]
) -> list[float | None]:
    """Which states of a quantity stand in the table: the declared one, else those that most cells reached."""
    values: list[float] = group["values"]
    if not values:
        return [None]
    declared = primary.at.get(str(group["state"])) if primary is not None else None
    most = max(group["cells"])
    reached = [value for value, cells in zip(values, group["cells"], strict=True) if cells == most]
    late = declared if declared in values else reached[-1]
    if len(values) == 1 or (primary is not None and group["quantity"] == primary.quantity):
        return [late]
    if not str(group["quantity"]).endswith("_capacity") or group["quantity"] == "charge_capacity":
        return [late]
    options = analyses.get(str(group["technique"]), {})
    reference = options.get("reference_cycle") if group["state"] == "cycle" else None
    early = float(reference) if isinstance(reference, (int, float)) and reference in values else reached[0]
    return [early, late] if early != late else [late]
