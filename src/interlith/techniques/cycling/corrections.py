"""How do the steps of a cell change by what people decided, and which decisions found nothing to change?

Half-cycles are meant by the number that they have without any decision, steps by their number in their own file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlith.model import Choice, Decision, Flag
from interlith.techniques.cycling.counted import MOVES
from interlith.techniques.cycling.decided import (
    HELD_KINDS,
    JOINS,
    KINDS,
    METHODS,
    misplaced,
    number_in,
    told,
    vanished,
    word_of,
)
from interlith.techniques.cycling.half_cycles import Forced, divide
from interlith.techniques.cycling.steps import Specimen

#: Where the charge of each method stands in the table of steps.
_COLUMNS = {"counter": "counter", "counter_ticks": "ticks", "integral": "integral"}
_PLACES = {
    "step_type": ("half_cycle/N", "step/N"),
    "cycle_join": ("half_cycle/N",),
    "charge_method": ("step/N",),
    "part_order": ("part/N",),
}
_WAYS = {1: "charge", -1: "discharge", 0: "rest"}


@dataclass(slots=True)
class Corrected:
    """A specimen after the decisions: what they force on the half-cycles, and what is told of them."""

    specimen: Specimen
    forced: Forced
    #: Number of the half-cycle of each step without any decision, 0 outside.
    numbers: NDArray[np.int64]
    choices: list[Choice] = field(default_factory=list)
    flags: list[Flag] = field(default_factory=list)
    #: Decided pulses with the steps that they are made of.
    pulses: list[tuple[Decision, NDArray[np.bool_]]] = field(default_factory=list)


def correct(specimen: Specimen, decisions: Sequence[Decision]) -> Corrected:
    """Apply decisions to the steps of a specimen.

    Parameters
    ----------
    specimen
        Its steps.
    decisions
        About its files; at least one.

    Raises
    ------
    StudyError
        If a value is not understood.
    """
    automatic = divide(specimen.steps)[0]
    number = automatic.get_column("half_cycle").fill_null(0).to_numpy()
    made = Corrected(specimen, Forced.nothing(specimen.steps.height), number)
    made.flags += misplaced(decisions, _PLACES, ())
    for one in decisions:
        kind = one.target.part.partition("/")[0]
        if one.field == "cycle_join" and kind == "half_cycle":
            _join(made, one, automatic, number)
        elif one.field == "step_type" and kind == "half_cycle":
            _half_cycle(made, one, automatic, number)
        elif one.field == "step_type" and kind == "step":
            _step(made, one, automatic)
        elif one.field == "charge_method" and kind == "step":
            _charge(made, one)
    return made


def missed_pulses(made: Corrected, steps: pl.DataFrame) -> list[Flag]:
    """Flags for decided pulses that stand alone: nothing of the other direction lies on both sides of them."""
    way, ours = (steps.get_column(name).to_numpy() for name in ("half_direction", "direction"))
    return [
        vanished(
            one, "no half-cycle of the other direction lies on both sides of it, inside of which it could be a pulse"
        )
        for one, rows in made.pulses
        if np.any(np.nan_to_num(way[rows].astype(float)) == ours[rows])
    ]


def _rows_of(made: Corrected, one: Decision) -> NDArray[np.bool_] | None:
    """The step that a decision is about; `None`, with a flag, where it is not there."""
    steps, number = made.specimen.steps, number_in(one)
    parts = [part for part, item in enumerate(made.specimen.parts) if item.source.sha256.startswith(one.target.digest)]
    if not parts:
        made.flags.append(
            vanished(one, "all rows of this file stand in another file of the test, which is counted instead")
        )
        return None
    inside = steps.get_column("part").to_numpy() == parts[0]
    count = int(np.count_nonzero(inside))
    if number is None or not 1 <= number <= count:
        made.flags.append(vanished(one, f"the file has the steps 1 to {count}"))
        return None
    rows = np.zeros(steps.height, dtype=np.bool_)
    rows[int(np.argmax(inside)) + number - 1] = True
    return rows


def _half_cycle(made: Corrected, one: Decision, automatic: pl.DataFrame, number: NDArray[np.int64]) -> None:
    kind = word_of(one, KINDS)
    inside = _numbered(made, one, number)
    if inside is None:
        return
    moving = inside & (automatic.get_column("direction").to_numpy() != 0)
    way = _WAYS[int(automatic.get_column("half_direction").to_numpy()[inside][0])]
    if kind in ("charge", "discharge") and kind != way:
        made.flags.append(
            vanished(one, f"by its current it is a {way}, which may be pause, rest or pulse but no {kind}")
        )
        return
    _turn(made, one, kind, moving)
    made.choices.append(told(one, way, MOVES))


def _step(made: Corrected, one: Decision, automatic: pl.DataFrame) -> None:
    kind = word_of(one, (*KINDS, *HELD_KINDS))
    rows = _rows_of(made, one)
    if rows is None:
        return
    row = automatic.filter(pl.Series(rows)).row(0, named=True)
    way, wanted = _WAYS[row["direction"]], kind.rpartition("_")[2]
    if row["step_type"] == "gap" or (wanted in ("charge", "discharge") and wanted != way):
        what = "no rows were written there" if row["step_type"] == "gap" else f"by its current it is a {way}"
        made.flags.append(vanished(one, what))
        return
    _turn(made, one, wanted, rows)
    if kind in HELD_KINDS:
        held = pl.Series(rows)
        changed = [(held, pl.lit(kind), "step_type"), (held, pl.lit(kind.partition("_")[0]), "control")]
        made.specimen = replace(made.specimen, steps=_changed(made.specimen.steps, changed))
    made.choices.append(told(one, row["step_type"], MOVES))


def _turn(made: Corrected, one: Decision, kind: str, rows: NDArray[np.bool_]) -> None:
    """Take steps for something else than their current says, or keep them from being taken for something else."""
    if kind == "pulse":
        made.forced.pulse[rows] = True
        made.pulses.append((one, rows))
    elif kind in ("charge", "discharge"):
        made.forced.whole[rows] = True
    else:
        still = pl.Series(rows)
        steps = _changed(
            made.specimen.steps,
            [(still, pl.lit(0), "direction"), (still, pl.lit(0.0), "charge"), (still, pl.lit(kind), "step_type"),
             (still, pl.lit(""), "control"), (still, pl.lit(""), "flag")],
        )  # fmt: skip
        curves = made.specimen.curves.filter(~pl.col("step").is_in(steps.filter(still).get_column("step").to_list()))
        made.specimen = replace(made.specimen, steps=steps, curves=curves)


def _changed(steps: pl.DataFrame, changes: Sequence[tuple[pl.Series, pl.Expr, str]]) -> pl.DataFrame:
    return steps.with_columns(
        pl.when(pl.lit(rows)).then(value.cast(steps.schema[name])).otherwise(pl.col(name)).alias(name)
        for rows, value, name in changes
    )


def _numbered(made: Corrected, one: Decision, number: NDArray[np.int64]) -> NDArray[np.bool_] | None:
    wanted, count = number_in(one), int(number.max(initial=0))
    if wanted is None or not 1 <= wanted <= count:
        made.flags.append(vanished(one, f"the test has the half-cycles 1 to {count}"))
        return None
    return np.asarray(number == wanted)


def _join(made: Corrected, one: Decision, automatic: pl.DataFrame, number: NDArray[np.int64]) -> None:
    word = word_of(one, JOINS)
    inside = _numbered(made, one, number)
    if inside is None:
        return
    rows = np.flatnonzero(inside & (automatic.get_column("direction").to_numpy() != 0))
    borders = _borders(automatic, rows)
    behind = np.flatnonzero((number == number[rows[0]] + 1) & (automatic.get_column("direction").to_numpy() != 0))
    if word == "separate":
        if borders.size:
            made.forced.apart[borders] = True
            made.choices.append(told(one, "joined", MOVES))
        elif _next_after_missing(automatic, rows, behind):
            made.choices.append(told(one, "separate", MOVES))
        else:
            made.flags.append(vanished(one, "no rows are missing inside of it, so that it cannot be taken apart"))
    elif borders.size and not _next_after_missing(automatic, rows, behind):
        made.forced.together[borders] = True
        made.choices.append(told(one, "joined", MOVES))
    elif _next_after_missing(automatic, rows, behind):
        made.forced.together[[*borders, behind[0]]] = True
        made.choices.append(told(one, "separate", MOVES))
    else:
        made.flags.append(vanished(one, "no half-cycle of the same direction follows it after missing rows"))


def _borders(steps: pl.DataFrame, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Steps of a half-cycle that begin after a restart; where there is none, those that begin after missing rows."""
    part = steps.get_column("part").to_numpy()[rows]
    gaps = np.cumsum((steps.get_column("step_type") == "gap").to_numpy())[rows]
    restart = part[1:] != part[:-1]
    found: NDArray[np.int64] = rows[1:][restart if restart.any() else gaps[1:] != gaps[:-1]]
    return found


def _next_after_missing(steps: pl.DataFrame, rows: NDArray[np.int64], behind: NDArray[np.int64]) -> bool:
    """Whether the half-cycle behind goes the same way and rows are missing between the two."""
    if not behind.size:
        return False
    way = steps.get_column("half_direction").to_numpy()
    return bool(way[rows[0]] == way[behind[0]] and _borders(steps, np.array([rows[-1], behind[0]])).size)


def _charge(made: Corrected, one: Decision) -> None:
    method = word_of(one, METHODS)
    rows = _rows_of(made, one)
    if rows is None:
        return
    chosen = pl.Series(rows)
    row = made.specimen.steps.filter(chosen).row(0, named=True)
    has = [name for name, column in _COLUMNS.items() if _positive(row[f"{column}_charge"])]
    if row["direction"] == 0 or method not in has:
        there = (
            "no current flows in it"
            if row["direction"] == 0
            else f"it has a charge by {' and '.join(has) or 'nothing'}"
        )
        made.flags.append(vanished(one, there))
        return
    charge, std = (row[f"{_COLUMNS[method]}_{name}"] for name in ("charge", "std"))
    before = row["charge"] if row["charge"] is not None else row["integral_charge"]
    steps = _changed(
        made.specimen.steps,
        [(chosen, pl.lit(charge), "charge"), (chosen, pl.lit(std), "charge_std"), (chosen, pl.lit(method), "charge_method"),
         (chosen, pl.lit(f"the charge of step {number_in(one)} is that by {method} as decided"), "flag")],
    )  # fmt: skip
    scale = charge / before if _positive(before) else 1.0
    here = pl.col("step") == row["step"]
    curves = made.specimen.curves.with_columns(
        pl.when(here).then(pl.col("charge") * scale).otherwise("charge").alias("charge")
    )
    made.specimen = replace(made.specimen, steps=steps, curves=curves)
    made.choices.append(told(one, row["charge_method"] or "counter", MOVES))


def _positive(value: float | None) -> bool:
    return value is not None and bool(np.isfinite(value)) and value > 0
