"""Where does a headline number come from: which curve, fit, method, choices and raw bytes?"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from interlith.model import StudyOutcome
from interlith.reporting.choices import ChoiceGroup, choice_groups
from interlith.reporting.explained import Behind, Origins
from interlith.reporting.headline import Column, state_text
from interlith.reporting.numbers import significant, with_uncertainty

_DIGEST = re.compile(r"sha256:([0-9a-f]{6,64})")
#: Observables shown for and against each finding; the Parquet file holds all.
MOST_EVIDENCE = 24
#: A component below this share of the largest is rounding left over from a cancellation.
CANCELS = 1e-9


@dataclass(frozen=True, slots=True)
class Trace:
    """One number and what it rests on."""

    id: str
    text: str
    quantity: str
    where: str
    sample: str
    technique: str
    method: str
    fit: str
    sources: tuple[str, ...]
    parts: str
    choices: tuple[int, ...]
    flag: str
    behind: Behind


def traced(outcome: StudyOutcome, shown: Sequence[Column]) -> pl.DataFrame:
    """Observables that the page traces: every number in the table of cells and all that a finding names."""
    frame = outcome.observables
    named = [
        identity
        for item in outcome.findings
        for identity in (*item.supporting[:MOST_EVIDENCE], *item.opposing[:MOST_EVIDENCE])
    ]
    pieces = [column.rows(frame) for column in shown] + [frame.filter(pl.col("id").is_in(list(set(named))))]
    return pl.concat(pieces).filter(pl.col("id").fill_null("") != "").unique("id", keep="first", maintain_order=True)


def traces(outcome: StudyOutcome, rows: pl.DataFrame, found: Origins) -> list[Trace]:
    """A trace for each of some observables.

    Parameters
    ----------
    outcome
        The run.
    rows
        Observables, as `traced` picks them.
    found
        Their steps and curves.
    """
    moved = _moved(choice_groups(outcome))
    return [_trace(row, moved, found.of(row["id"])) for row in rows.iter_rows(named=True)]


def anchor_of(source: str | None) -> list[str]:
    """First twelve hex digits of every digest in a source: the anchors of the files in the table of raw data."""
    return [digest[:12] for digest in _DIGEST.findall(source or "")]


def component_text(components: Sequence[Mapping[str, Any]] | None) -> str:
    """Standard uncertainty by kind, the largest first: ``mass 2.6, counter 0.05, current cancels``."""
    squares: dict[str, float] = {}
    for part in components or ():
        kind = str(part["source"]).partition(":")[0]
        squares[kind] = squares.get(kind, 0.0) + float(part["size"]) ** 2
    total = max(squares.values(), default=0.0)
    ordered = sorted(squares.items(), key=lambda pair: -pair[1])
    return ", ".join(f"{kind} {_size(square, total)}" for kind, square in ordered)


def _size(square: float, total: float) -> str:
    """A shared component that a ratio has divided out is said to cancel, not to be 10^-17."""
    if not math.isfinite(square):
        return "unknown"
    return "cancels" if square <= CANCELS**2 * total else significant(math.sqrt(square), 2)


def included(rows: pl.DataFrame) -> str:
    """Which causes the uncertainties of a column hold, so that a missing one is seen: ``counter, mass``."""
    told = rows.filter(pl.col("value").is_not_null()).get_column("includes").fill_null("").unique().to_list()
    kinds = [set(text.split("+")) - {""} for text in told]
    if not any(kinds):
        return "unknown" if told else ""
    some, every = set[str]().union(*kinds), set[str].intersection(*kinds)
    return ", ".join([*sorted(every), *(f"{kind} in part" for kind in sorted(some - every))])


def _moved(groups: Sequence[ChoiceGroup]) -> dict[str, list[tuple[int, frozenset[str]]]]:
    """Choices by quantity: their number, and the files that they are about (none: about the whole technique)."""
    moved: dict[str, list[tuple[int, frozenset[str]]]] = {}
    for group in groups:
        bound = [anchor_of(target) for target in group.targets]
        about = frozenset(digest for digests in bound for digest in digests) if all(bound) else frozenset()
        for name in group.moves:
            moved.setdefault(name, []).append((group.number, about))
    return moved


def _trace(row: Mapping[str, Any], moved: Mapping[str, list[tuple[int, frozenset[str]]]], behind: Behind) -> Trace:
    sources = behind.sources or tuple(anchor_of(row["source"]))
    near = [
        number for number, about in moved.get(row["quantity"], ()) if not about or not sources or about & set(sources)
    ]
    return Trace(
        id=row["id"],
        text=with_uncertainty(row["value"], row["std"], row["unit"] or ""),
        quantity=row["quantity"],
        where=state_text(row["state"], row["state_value"], row["state_unit"]),
        sample=row["sample"] or "",
        technique=row["technique"] or "",
        method=row["method"] or "",
        fit=row["fit"] or "",
        sources=sources,
        parts=component_text(row["components"]),
        choices=tuple(near[:6]),
        flag=row["flag"] or "",
        behind=behind,
    )
