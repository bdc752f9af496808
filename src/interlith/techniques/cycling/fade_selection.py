"""Which cycles of a cell belong on the line of its decay, and why not the others?"""

from __future__ import annotations

from dataclasses import dataclass, replace

import polars as pl

from interlith.model import Choice
from interlith.techniques.cycling.over_cycles import SAME_CURRENT, at_declared_rate
from interlith.units import inside

#: Headline quantities that hang on the current and on the first cycle of the line.
MOVES = ("capacity_decay", "absolute_capacity_decay", "mean_voltage_decay")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for: reference cycle, C-rates (1/h) to leave out, first and last cycle, and a group of currents."""

    reference: int | None = None
    excluded: tuple[float, ...] = ()
    window: tuple[int, int] | None = None
    group: int | None = None


@dataclass(frozen=True, slots=True)
class Selected:
    """Cycles of one cell that belong on one line, and why the others do not.

    `reference` is the cycle at which the line starts, `usual` the one at which it would without a declared one; `sizes`
    are groups of like currents with their numbers of cycles, the largest first.
    """

    rows: pl.DataFrame
    left_out: pl.DataFrame
    reference: int
    usual: int
    sizes: tuple[tuple[int, int], ...]


def select(table: pl.DataFrame, currents: pl.DataFrame, wanted: Wanted) -> Selected:
    """Choose the cycles of one cell.

    Parameters
    ----------
    table
        Observables of one quantity by cycle.
    currents
        As `interlith.techniques.cycling.over_cycles.currents`.
    wanted
        What was asked for; without a group the cycles at the current of the majority are taken.
    """
    known = currents.with_columns(at_declared_rate(wanted.excluded).alias("_declared"))
    rows = table.join(known, on="cycle", how="left", maintain_order="left")
    first, last = wanted.window or (0, 2**62)
    start = first if wanted.reference is None else max(first, wanted.reference)
    inside_window = pl.col("cycle").is_between(start, last)
    candidates = rows.filter(inside_window & pl.col("value").is_not_null() & ~pl.col("_declared").fill_null(False))
    sizes = candidates.group_by("group").len().sort("len", "group", descending=[True, False]).rows()
    taken = wanted.group if wanted.group is not None else sizes[0][0] if sizes else None
    other = (
        "at another current than the majority" if wanted.group is None else "at another current than the decided one"
    )
    reason = (
        pl.when(pl.col("value").is_null())
        .then(pl.when(pl.col("flag").fill_null("") != "").then("incomplete: " + pl.col("flag")).otherwise(pl.lit("incomplete")))
        .when(~inside_window).then(pl.lit("outside the window"))
        .when(pl.col("_declared").fill_null(False)).then(pl.lit("at an excluded rate"))
        .when(pl.col("group").ne_missing(pl.lit(taken))).then(pl.lit(other))
        .otherwise(pl.lit(""))
    )  # fmt: skip
    told = rows.with_columns(reason.alias("reason"))
    used = told.filter(pl.col("reason") == "")
    left_out = told.filter(pl.col("reason") != "")
    if wanted.reference is None:
        begin = usual = int(used.item(0, "cycle")) if used.height else start
    else:
        begin, usual = start, select(table, currents, replace(wanted, reference=None)).reference
    return Selected(used, left_out, begin, usual, tuple(sizes))


def choices(place: str, chosen: Selected, currents: pl.DataFrame, wanted: Wanted) -> tuple[Choice, ...]:
    """What was taken without being asked for.

    Parameters
    ----------
    place
        The target.
    chosen, currents, wanted
        As in `select`.
    """
    made = []
    if len(chosen.sizes) > 1 and wanted.group is None:
        most, next_most = chosen.sizes[0], chosen.sizes[1]
        texts = [current_text(currents, group) for group, _ in (most, next_most)]
        made.append(
            Choice(
                place, "current", texts[0], texts[1], (most[1] - next_most[1]) / most[1], MOVES,
                f"{most[1]} cycles run at {texts[0]}, {next_most[1]} at {texts[1]}: the line takes the majority.",
            )
        )  # fmt: skip
    if wanted.reference is None and chosen.rows.height > 1:
        second = int(chosen.rows.item(1, "cycle"))
        made.append(
            Choice(
                place, "reference_cycle", str(chosen.reference), str(second), 0.0, MOVES[:1],
                "no reference cycle is declared: the line starts at the first complete cycle at the majority current.",
            )
        )  # fmt: skip
    return tuple(made)


def current_text(currents: pl.DataFrame, group: int) -> str:
    """Currents of charge and discharge of a group of cycles, as the report prints them."""
    row = currents.filter(pl.col("group") == group).select("charge_current", "discharge_current").median().row(0)
    return " / ".join("unknown" if value is None else f"{1e3 * value:.4g} mA" for value in row)


def group_of(currents: pl.DataFrame, text: str) -> int | None:
    """The group of cycles that is meant by a current: as printed, or that of the discharge alone; `None` if there is none.

    Raises
    ------
    UnitError
        If the text is no current.
    """
    groups = currents.get_column("group").unique(maintain_order=True).to_list()
    for group in groups:
        if current_text(currents, group) == text.strip():
            return int(group)
    meant = abs(inside(text.rpartition("/")[2].strip(), "current", what="current"))
    levels = currents.group_by("group", maintain_order=True).agg(pl.col("discharge_current").median().alias("level"))
    near = levels.filter((pl.col("level") - meant).abs() < SAME_CURRENT * meant)
    return None if near.is_empty() else int(near.item(0, "group"))
