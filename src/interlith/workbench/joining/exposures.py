"""When did each measurement of a series start, how long did it last, and what do words such as '10 +- 0.2 min' say?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from interlith.errors import StudyError, UnitError
from interlith.model import Flag, Measurement, Series, Table
from interlith.numerics.clocks.events import UNIFORM
from interlith.units import convert, parse
from interlith.workbench.joining.file_order import numbered_order

Array = NDArray[np.float64]

#: Header entry with the start of a measurement, where no state says it.
HEADER_START = "start"
#: Starts that lie within this share of the time that the measurements took cannot be theirs.
_LEAST_SHARE = 0.5
#: Standard uncertainties on each side of a 95 % interval.
_TWO_SIDED = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Told:
    """A number that a person declared: value and standard uncertainty in inside units, and its last printed digit."""

    value: float
    std: float
    digit: float


@dataclass(frozen=True, slots=True)
class Exposures:
    """Start (s) with its bounds and duration (s) of each measurement, shape (k,); nan where no start is known."""

    start: Array
    low: Array
    high: Array
    duration: Array
    flags: tuple[Flag, ...]


def told(text: str | float, unit: str, *, what: str) -> Told:
    """Read a declared number; without an uncertainty it is known to half of its last printed digit.

    Parameters
    ----------
    text
        ``10 min``, ``10 +- 0.2 min``, ``50 ppm``; the bare number 0 is exact.
    unit
        Inside unit.
    what
        Its name for messages.

    Raises
    ------
    StudyError
        If the text is no number with a unit of this dimension.
    """
    try:
        value = parse(text, what=what)
        if value.unit == "":
            if value.value == 0.0:
                return Told(0.0, 0.0, 0.0)
            example = "50 ppm" if unit == "1" else "10 min"
            raise UnitError(f"{what} is '{text}' without a unit; write for instance '{example}'.")
        inside = value.to(unit)
    except UnitError as error:
        raise StudyError(str(error)) from error
    std = inside.std if not math.isnan(inside.std) else inside.resolution * UNIFORM
    return Told(inside.value, std, inside.resolution)


def exposures(
    series: Series,
    time: str | Sequence[float] | None,
    exposure: str | float | None,
    every: str | float | None = None,
) -> Exposures:
    """Start and duration of each measurement.

    Parameters
    ----------
    series
        The measurements.
    time
        Name of the state or header entry with the start of each, or the starts (s) themselves; by default the state
        ``time``, else the header entry ``start``.
    exposure
        Duration with unit, for all; by default the state ``exposure`` of each, or `every`.
    every
        Time with unit from the start of one measurement to that of the next; the first then starts at 0.

    Raises
    ------
    StudyError
        If no measurement has a start.
    """
    flags: list[Flag] = []
    if every is not None:
        if time is not None:
            raise StudyError("every and time both say when the measurements started; keep one.")
        bounds = _one_after_another(series, told(every, "s", what="every"), flags)
        exposure = every if exposure is None else exposure
    elif time is None or isinstance(time, str):
        bounds = [_start(item, time, flags) for item in series]
    else:
        if len(time) != len(series):
            raise StudyError(f"time holds {len(time)} starts for {len(series)} measurements; give one for each.")
        bounds = [(float(start), float(start), float(start)) for start in time]
    if every is None:
        _refuse_export_times(series, bounds, exposure)
    low, start, high = np.array(bounds, dtype=float).reshape(-1, 3).T
    if not np.any(np.isfinite(start)):
        where = (
            f"the state or header entry '{time}'" if isinstance(time, str) else f"the state 'time' or '{HEADER_START}'"
        )
        raise StudyError(f"None of the {len(series)} measurements says when it started ({where}); name it with time.")
    if exposure is not None:
        duration = np.full(start.size, told(exposure, "s", what="exposure").value)
    else:
        duration = np.array([_duration(item, flags) for item in series])
    if np.any(duration < 0):
        raise StudyError(f"An exposure of {duration.min():g} s is negative; write how long one measurement lasted.")
    return Exposures(start, low, high, duration, tuple(flags))


def _one_after_another(series: Series, step: Told, flags: list[Flag]) -> list[tuple[float, float, float]]:
    """Starts of measurements that follow each other without a break, in the order of the numbers in their names."""
    if not step.value > 0:
        raise StudyError(f"every is {step.value:g} s; it must be above zero.")
    place, reordered = numbered_order([_named(item) for item in series])
    if reordered:
        flags.append(
            Flag("join_order_from_names", "The rows do not stand in the order of the numbers in the file names; the "
                 "measurements follow each other by these numbers.", series[0].source.path, "note")
        )  # fmt: skip
    # Without a declared uncertainty the step is known to half of its last digit, everywhere alike.
    half = step.digit / 2 if step.std == step.digit * UNIFORM else _TWO_SIDED * step.std
    return [(k * (step.value - half), k * step.value, k * (step.value + half)) for k in place]


def _named(item: Measurement) -> str:
    """Path of a file; of one frame of a stack with its place behind it."""
    framed = isinstance(item.payload, Table) and "frame" in item.payload.columns
    return f"{item.source.path}#{item.part}" if framed else item.source.path


def _refuse_export_times(
    series: Series, bounds: Sequence[tuple[float, float, float]], exposure: str | float | None
) -> None:
    """Headers that put all measurements into less time than they took hold the time of an export.

    Raises
    ------
    StudyError
        If so: nothing says when each started.
    """
    if exposure is None or len(series) < 2:
        return
    started = np.array([start for _, start, _ in bounds])
    lasted = told(exposure, "s", what="exposure").value
    span = float(np.nanmax(started) - np.nanmin(started)) if np.isfinite(started).any() else math.nan
    if span < _LEAST_SHARE * lasted * (np.isfinite(started).sum() - 1):
        raise StudyError(
            f"The headers of {len(series)} files say that all began within {span:g} s, though each took {lasted:g} s: that is when "
            f"they were exported. Say how they follow each other instead, every: {exposure}."
        )


def _start(item: Measurement, name: str | None, flags: list[Flag]) -> tuple[float, float, float]:
    state = item.state.get(name or "time")
    if state is not None:
        low, value, high = (convert(number, state.unit, "s") for number in (state.low, state.value, state.high))
        return low, value, high
    found = item.original_metadata.get(name or HEADER_START)
    value = _seconds(found, item, name or HEADER_START, flags)
    if math.isnan(value):
        flags.append(
            Flag("join_no_start", "Nothing says when this measurement started; no state was joined.", item.source.path)
        )
    return value, value, value


def _seconds(found: Any, item: Measurement, name: str, flags: list[Flag]) -> float:
    """A header entry in s: a number, a text with unit, or a date, which is then a wall clock and flagged."""
    if found is None or isinstance(found, bool):
        return math.nan
    if isinstance(found, (int, float)):
        return float(found)
    if not isinstance(found, datetime):
        try:
            found = datetime.fromisoformat(str(found))
        except ValueError:
            return told(str(found), "s", what=f"{item.source.path}, {name}").value
    moment = found if found.tzinfo is not None else found.replace(tzinfo=UTC)
    flags.append(
        Flag("join_by_wall_clock", f"The start is a wall clock ({found.isoformat()}); a jump of that clock shows nowhere.",
             item.source.path, "note")
    )  # fmt: skip
    return float(moment.timestamp())


def _duration(item: Measurement, flags: list[Flag]) -> float:
    state = item.state.get("exposure")
    if state is not None:
        return convert(state.value, state.unit, "s")
    flags.append(
        Flag("join_no_exposure", "No exposure is known; the state is that of an instant.", item.source.path, "note")
    )
    return 0.0
