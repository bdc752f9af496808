"""At which voltages or currents was the cell held, and what did each hold come to?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlith.errors import FitError
from interlith.model import Choice, Effect, Given, Measurement, Result, Step, Table
from interlith.techniques.polarisation.options import of_sample
from interlith.techniques.polarisation.records import result, target
from interlith.techniques.polarisation.tails import FEWEST_ROWS, Tail, tail_of

Array = NDArray[np.float64]

#: A step of what is controlled, as a share of its range; what is held scatters by less than this share of its range.
STEPPED, HELD = 0.05, 0.02
#: A hold at less than this share of the largest one (over the rest) is a rest.
RESTING = 0.02

HOLDS = {
    "sample": pl.String, "part": pl.Int64, "hold": pl.Int64, "control": pl.String, "start": pl.Float64, "duration": pl.Float64,
    "voltage": pl.Float64, "voltage_std": pl.Float64, "current": pl.Float64, "current_std": pl.Float64, "current_low": pl.Float64,
    "current_high": pl.Float64, "end_current": pl.Float64, "end_voltage": pl.Float64, "told": pl.Boolean, "steady": pl.Boolean,
    "misfit": pl.Float64, "drift": pl.Float64, "law": pl.String, "time": pl.Float64, "first": pl.Float64, "first_time": pl.Float64,
    "gap": pl.Float64, "initial": pl.Float64, "initial_std": pl.Float64, "rest_voltage": pl.Float64, "reason": pl.String,
}  # fmt: skip
TRACES = {
    "sample": pl.String, "part": pl.Int64, "hold": pl.Int64, "control": pl.String, "time": pl.Float64, "value": pl.Float64,
    "std": pl.Float64, "law": pl.Float64,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stretch:
    """Rows `start` to `stop` at one held value; `control` ``voltage`` or ``current``."""

    start: int
    stop: int
    control: str
    value: float


def find_holds(voltage: Array, current: Array) -> list[Stretch]:
    """Stretches at a constant voltage or current, rests among them, in order.

    Parameters
    ----------
    voltage, current
        (V, A), shape (n,).

    Raises
    ------
    FitError
        If neither is held.

    Notes
    -----
    What is controlled moves in few large steps, what answers moves between them.
    """
    shares = {}
    for name, value in (("voltage", voltage), ("current", current)):
        span = float(np.ptp(value))
        moves = np.abs(np.diff(value)) / span if span > 0 else np.zeros(max(len(value) - 1, 0))
        spots = _spots(value)
        inside = [float(np.std(value[a:b])) / span for a, b in spots] if span > 0 else [0.0]
        shares[name] = (
            float(np.median(inside)) if inside else math.inf,
            float(np.median(moves)) if len(moves) else 0.0,
        )
    control = min(shares, key=lambda name: shares[name])
    held = voltage if control == "voltage" else current
    if shares[control][0] > HELD:
        raise FitError("neither voltage nor current is held: this is no polarisation at a constant voltage or current.")
    return [Stretch(a, b, control, float(np.median(held[a:b]))) for a, b in _spots(held)]


def _spots(value: Array) -> list[tuple[int, int]]:
    """Rows between the steps of a value; a whole record without a step is one."""
    span = float(np.ptp(value))
    scale = max(span, 1e-3 * float(np.abs(value).max(initial=0.0)))
    cuts = np.flatnonzero(np.abs(np.diff(value)) > STEPPED * scale) + 1 if scale > 0 else np.zeros(0, dtype=int)
    ends = [0, *cuts.tolist(), len(value)]
    return [(a, b) for a, b in pairwise(ends) if b - a >= FEWEST_ROWS]


def run(given: Given) -> Result:
    """Holds of one specimen and the tails of each."""
    name = given.series[0].sample.name
    rows: list[dict[str, Any]] = []
    traces: list[pl.DataFrame] = []
    choices: list[Choice] = []
    skip = of_sample(given.options, "skip", name)
    for part, item in enumerate(given.series):
        made, curves, chosen = _file(item, part, 0.0 if skip is None else skip[0])
        rows += made
        traces += curves
        choices += chosen
    if not rows:
        raise FitError("no hold at a voltage or current differs from the rest before it.")
    flags = {name: tuple(dict.fromkeys(flag for item in given.series for flag in item.flags))}
    data = {"holds": pl.DataFrame(rows, schema=HOLDS), "traces": pl.concat(traces)}
    return result(
        "holds", (), method="relaxations averaged by how well they describe the record", options=given.options,
        quality=[(name, "holds", True, "")], data=data, choices=choices, flags=flags,
    )  # fmt: skip


def _file(item: Measurement, part: int, skip: float) -> tuple[list[dict[str, Any]], list[pl.DataFrame], list[Choice]]:
    time, voltage, current = _columns(item)
    stretches = find_holds(voltage, current)
    resting = _resting(stretches, voltage, current)
    rows: list[dict[str, Any]] = []
    traces = []
    choices = []
    rest = 0.0
    for number, one in enumerate(stretches):
        own = slice(one.start, one.stop)
        if resting[number]:
            rest = float(np.mean(voltage[own][-max((one.stop - one.start) // 10, 3) :]))
            continue
        begin = _onset(time, one)
        clock = time[own] - begin
        answer = current[own] if one.control == "voltage" else voltage[own] - rest
        try:
            tail = tail_of(clock, answer, skip=skip)
        except FitError as error:
            raise FitError(f"{item.source.path}, hold {number + 1}: {error}") from error
        gap = float(time[one.start] - time[one.start - 1]) if one.start else 0.0
        row = {"gap": gap} | _row(item, part, len(rows) + 1, one, tail, begin, clock, answer, rest, voltage[own])
        rows.append(row)
        traces.append(_trace(row, tail))
        choices.append(_choice(item, row, tail))
    return rows, traces, choices


def _columns(item: Measurement) -> tuple[Array, Array, Array]:
    names = ("test_time", "voltage", "current")
    if not isinstance(item.payload, Table) or not set(names) <= set(item.payload.columns):
        raise FitError(f"{item.source.path}: a polarisation needs the columns test_time, voltage and current.")
    frame = item.payload.frame.select(names).drop_nulls().collect()
    time, voltage, current = (frame.get_column(name).to_numpy().astype(float) for name in names)
    if len(time) < FEWEST_ROWS:
        raise FitError(f"{item.source.path}: {len(time)} rows are too few for a tail.")
    return time, voltage, current


def _resting(stretches: list[Stretch], voltage: Array, current: Array) -> list[bool]:
    """Stretches without a current that counts."""
    flowing = np.array([float(np.median(np.abs(current[one.start : one.stop]))) for one in stretches])
    if stretches[0].control == "current":
        return [bool(one <= RESTING * flowing.max()) for one in flowing]
    held = np.array([one.value for one in stretches])
    base = held[0] if flowing[0] <= RESTING * flowing.max() and len(held) > 1 else 0.0
    largest = float(np.abs(held - base).max())
    del voltage
    return [bool(abs(one - base) <= RESTING * largest and len(held) > 1) or largest == 0 for one in held]


def _onset(time: Array, one: Stretch) -> float:
    """When the step was: between the last row before and the first of it."""
    first = float(time[one.start])
    usual = float(np.median(np.diff(time[one.start : one.start + 8])))
    return max(float(time[one.start - 1]) if one.start else first - usual, first - usual)


def _row(
    item: Measurement, part: int, number: int, one: Stretch, tail: Tail, begin: float, clock: Array, answer: Array, rest: float,
    voltage: Array,
) -> dict[str, Any]:  # fmt: skip
    held = one.control == "voltage"
    # A voltage that is off the rest by an offset drives only the difference.
    applied = float(np.mean(voltage)) - rest if held else tail.level
    current = tail.level if held else one.value
    return {
        "sample": item.sample.name, "part": part, "hold": number, "control": one.control, "start": begin, "duration": float(clock[-1]),
        "voltage": applied, "voltage_std": float(np.std(voltage)) / math.sqrt(len(voltage)) if held else tail.std, "current": current,
        "current_std": tail.std if held else 0.0, "current_low": tail.low if held else one.value,
        "current_high": tail.high if held else one.value, "end_current": tail.end if held else one.value,
        "end_voltage": applied if held else tail.end, "told": tail.told, "steady": tail.steady, "misfit": tail.misfit, "drift": tail.drift,
        "law": tail.law, "time": tail.time, "first": float(answer[0]), "first_time": float(clock[0]), "initial": tail.initial,
        "initial_std": tail.initial_std, "rest_voltage": rest, "reason": "" if tail.told else _why(tail, float(clock[-1]), held),
    }  # fmt: skip


def _why(tail: Tail, duration: float, held: bool) -> str:
    what = "current" if held else "voltage"
    drift = (
        f"the {what} still changes by {100 * tail.drift / tail.end:+.2g} % over the last fifth"
        if tail.end
        else f"the {what} ends at zero"
    )
    if not tail.fits:
        return f"{drift}, and none of the laws describes it"
    return f"{drift}, and its relaxation (about {tail.time:.3g} s) is not over after {duration:.3g} s"


def _trace(row: dict[str, Any], tail: Tail) -> pl.DataFrame:
    time, value, std = tail.blocks
    frame = pl.DataFrame({"time": time, "value": value, "std": std, "law": tail.curve})
    names = ("sample", "part", "hold", "control")
    return frame.with_columns([pl.lit(row[name]).alias(name) for name in names]).select(
        [pl.col(name).cast(kind) for name, kind in TRACES.items()]
    )


def _choice(item: Measurement, row: dict[str, Any], tail: Tail) -> Choice:
    ordered = sorted(tail.weights, key=lambda name: -tail.weights[name])
    unit, scale = ("mA", 1e3) if row["control"] == "voltage" else ("V", 1.0)
    effect = Effect(
        "steady_current" if row["control"] == "voltage" else "steady_voltage", item.sample.name, f"hold {row['hold']}", scale * tail.level,
        scale * tail.end, scale * tail.std, unit,
    )  # fmt: skip
    return Choice(
        target(item, f"hold/{row['hold']}"), "tail", f"averaged laws, most weight: {ordered[0]}", "mean of the last fifth",
        tail.weights[ordered[0]] - tail.weights[ordered[1]], ("dc_resistance", "electronic_conductivity", "ionic_conductivity"),
        ("steady" if tail.steady else "not steady")
        + f": over the last fifth the record changes by {tail.drift:.2g} +- {tail.drift_std:.1g} {'A' if row['control'] == 'voltage' else 'V'}.",
        effects=(effect,),
    )  # fmt: skip


STEP = Step("holds", run, words=("skip",), reads=True)
