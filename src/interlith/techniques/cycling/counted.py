"""What does one raw file hold, step by step, whoever's cell it was?

The only pass over the rows. Its result depends on the bytes and the reader alone: no path, no specimen is in it.
"""

from __future__ import annotations

import polars as pl

from interlith.errors import ReadError
from interlith.layouts.lazy_text import refusal
from interlith.model import Choice, Flag, Given, Payload, Result, Step, Table
from interlith.physics.counting import Counted, count
from interlith.physics.counting_checks import Decision, Notice
from interlith.techniques.cycling.records import how, no_observables, quality_table

#: Headline quantities that hang on the steps.
MOVES = ("charge_capacity", "discharge_capacity", "coulombic_efficiency")
_RESOLVED = ("current", "voltage")


def count_rows(payload: Payload, frame: pl.LazyFrame | None = None) -> Counted:
    """Count the rows of a table, or of a part of it.

    Parameters
    ----------
    payload
        What a reader found.
    frame
        Some of its rows.

    Raises
    ------
    ReadError
        If it is no table with time, current and voltage, or breaks off; the message does not name the file.
    """
    if not isinstance(payload, Table):
        raise ReadError(f"cycling needs a table over time, not {type(payload).__name__}.")
    try:
        return count(payload.frame if frame is None else frame, payload.columns)
    except pl.exceptions.PolarsError as error:
        # The table is lazy: a damaged row far down shows only now.
        raise ReadError(str(refusal(error, "")).removeprefix(": ")) from error
    except ValueError as error:
        raise ReadError(f"{error}.") from error


def run(given: Given) -> Result:
    """Count the rows of one file.

    Raises
    ------
    ReadError
        If it is no table with time, current and voltage, or breaks off.
    """
    found = count_rows(given.series[0].payload)
    facts = {"rows": [found.rows]} | {f"{name}_resolution": [found.resolution.get(name)] for name in _RESOLVED}
    types = {"rows": pl.Int64} | {f"{name}_resolution": pl.Float64 for name in _RESOLVED}
    return Result(
        technique="cycling", name="count", table=no_observables(),
        data={"steps": found.steps, "curves": found.curves, "facts": pl.DataFrame(facts, schema=types)},
        quality=quality_table(()), how=how("one pass over the rows", {}, ""),
        choices=tuple(
            Choice(one.part, one.field, one.value, one.runner_up, one.margin, MOVES, one.reason) for one in found.decisions
        ),
        flags={"": tuple(Flag(one.code, one.message, one.where, one.severity) for one in found.notices)},
    )  # fmt: skip


def counted_of(result: Result) -> Counted:
    """What was counted, from its result."""
    facts = result.data["facts"].row(0, named=True)
    resolution = {name: facts[f"{name}_resolution"] for name in _RESOLVED}
    return Counted(
        steps=result.data["steps"],
        curves=result.data["curves"],
        rows=facts["rows"],
        notices=tuple(Notice(one.code, one.message, one.where, one.severity) for one in result.flags.get("", ())),
        decisions=tuple(
            Decision(one.target, one.field, one.value, one.runner_up, one.margin, one.reason) for one in result.choices
        ),
        resolution={name: value for name, value in resolution.items() if value is not None},
    )


STEP = Step("count", run, over="file", reads=True, shown=False)
