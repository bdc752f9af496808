"""Which runs make one step, and is the step rest, constant current, constant voltage or something else?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from interlith.physics.counting_block import GAP_FACTOR
from interlith.physics.counting_points import Points
from interlith.physics.counting_rest import TRANSIENT_ROWS, directions
from interlith.physics.counting_runs import Flags, Floats, Integers, Runs, merge, same_marker
from interlith.physics.step_words import step_word

#: A step is at constant current if so much of it lies within so much of its median current.
CONSTANT_SHARE, CONSTANT_WIDTH = 0.9, 0.05
#: A step is at constant voltage if the voltage stays within this (V) while the current falls below this share.
CONSTANT_VOLTAGE, DECAYED = 0.010, 0.95
#: A step held at constant voltage in its last part has had its current fall below this share of the start.
TAPERED = 0.9
#: Width (V) within which the last part of a step counts as one voltage.
HOLD_WIDTH = 0.005
#: Fewer rows than this say nothing of what was held constant.
LEAST_ROWS = 5
#: Fewer points than this say nothing of a hold.
LEAST_HOLD_POINTS = 4


@dataclass(frozen=True, slots=True)
class Resolved:
    """Runs that are steps: `direction` 1 charging, -1 discharging, 0 rest; `gap` where rows are missing before a step."""

    runs: Runs
    direction: Integers
    gap: Flags


def resolve(runs: Runs, words: Mapping[str | None, int]) -> Resolved:
    """Merge runs into steps: noise at rest, switching transients, and intervals that only looked like gaps.

    Parameters
    ----------
    runs
        Runs of the whole file.
    words
        Code of each of the vendor's words.
    """
    direction = directions(runs, words)
    plain = same_marker(runs) & ~runs.late & ~runs.reset & ~runs.back
    still = direction == 0
    joins = plain & still & _before(still)
    runs, direction = merge(runs, joins), direction[~joins]
    gap = _gaps(runs)
    # Not a gap after all, a long interval among others as long; or a jump of the current under one marker.
    plain = same_marker(runs) & ~gap & ~runs.reset & ~runs.back
    joins = plain & (direction == _before(direction))
    runs, gap, direction = merge(runs, joins), gap[~joins], direction[~joins]
    return _absorb(runs, gap, direction)


def _before(values: Integers | Flags) -> Integers | Flags:
    return np.concatenate([values[:1], values[:-1]])


def _gaps(runs: Runs) -> Flags:
    """True where the wait before a run is long beside the intervals of the runs on both sides and of the file."""
    gap = np.zeros(len(runs), dtype=np.bool_)
    if len(runs) < 2:
        return gap
    everywhere = (runs.time_end[-1] - runs.time_start[0]) / max(int(runs.rows.sum()), 1)
    usual = np.maximum(runs.duration / np.maximum(runs.rows - 1, 1), everywhere)
    wait = runs.time_start[1:] - runs.time_end[:-1]
    gap[1:] = runs.late[1:] & (wait > GAP_FACTOR * np.maximum(usual[1:], usual[:-1]))
    return gap


def _absorb(runs: Runs, gap: Flags, direction: Integers) -> Resolved:
    """Merge a few resting rows at the start or in the middle of a vendor's step into its rows under current."""
    marked = (runs.cycle >= 0) | (runs.step >= 0) | (runs.word >= 0)
    brief = (direction == 0) & (runs.rows <= TRANSIENT_ROWS) & marked
    plain = same_marker(runs) & ~gap & ~runs.reset & ~runs.back
    follows = plain & _before(brief).astype(np.bool_) & (direction != 0)
    if follows.size:
        follows[0] = False
    starts = brief & np.append(follows[1:], False)
    inside = starts & plain & (_before(direction) == np.append(direction[1:], 0))
    joins = follows | inside
    # The resting rows are no longer of interest once they are inside a step under current.
    runs.current_min[starts] = np.nan
    runs.current_max[starts] = np.nan
    way = np.sign(np.add.reduceat(direction, np.flatnonzero(~joins)))
    return Resolved(merge(runs, joins), way, gap[~joins])


@dataclass(frozen=True, slots=True)
class Kinds:
    """`control` of every run: ``cc``, ``cv``, ``rest`` or empty; medians of the current (A); where a hold begins.

    `hold_point` is the index of the curve point at which a constant-voltage part begins inside a run, -1 where none.
    """

    control: list[str]
    median_current: Floats
    hold_point: Integers
    first_point: Integers
    last_point: Integers


def kinds(resolved: Resolved, points: Points, words: Mapping[int, str | None]) -> Kinds:
    """Type every run from its own voltage and current; where it has too few rows to tell, from the vendor's word.

    Parameters
    ----------
    resolved, points
        Runs that are steps, and their curve points.
    words
        The vendor's words by the code that runs carry.
    """
    runs, direction = resolved.runs, resolved.direction
    first = np.searchsorted(points.row, runs.row_start, side="left")
    last = np.searchsorted(points.row, runs.row_end, side="right") - 1
    median, steady = _steadiness(runs, points, first, last, direction)
    span = runs.voltage_max - runs.voltage_min
    ratio = np.fmin(np.abs(runs.current_min), np.abs(runs.current_max)) / np.maximum(runs.largest_current, 1e-300)
    fixed_voltage = (span <= CONSTANT_VOLTAGE) & (ratio < DECAYED) & (runs.rows > 2)
    control = np.where(direction == 0, "rest", np.where(steady, "cc", np.where(fixed_voltage, "cv", "")))
    hold = np.full(len(runs), -1, dtype=np.int64)
    at_limit = (
        np.abs(runs.voltage_end - np.where(direction > 0, runs.voltage_max, runs.voltage_min)) <= CONSTANT_VOLTAGE
    )
    with np.errstate(invalid="ignore"):
        tapered = np.abs(runs.current_end) < TAPERED * np.abs(median)
        tapered |= np.abs(runs.current_end) < TAPERED * runs.largest_current
    for number in np.flatnonzero((direction != 0) & (control != "cv") & at_limit & tapered):
        hold[number] = _hold(points, int(first[number]), int(last[number]))
    for number in np.flatnonzero(hold >= 0):
        begin, point = int(first[number]), int(hold[number])
        if point == begin:
            control[number], hold[number] = "cv", -1
        else:
            control[number] = "cc" if _is_steady(np.abs(points.current[begin : point + 1])) else ""
    _follow_words(control, hold, resolved, words)
    return Kinds(control.tolist(), median, hold, first, last)


def _follow_words(
    control: NDArray[np.str_], hold: Integers, resolved: Resolved, words: Mapping[int, str | None]
) -> None:
    runs, direction = resolved.runs, resolved.direction
    said = {code: step_word(text).control for code, text in words.items() if text is not None}
    for number in np.flatnonzero((direction != 0) & (runs.rows < LEAST_ROWS)):
        hint = said.get(int(runs.word[number]), "")
        if hint in ("cc", "cv"):
            control[number], hold[number] = hint, -1


def _steadiness(
    runs: Runs, points: Points, first: Integers, last: Integers, direction: Integers
) -> tuple[Floats, Flags]:
    """Median current of every run, and whether most of its points lie close to it."""
    middle = 0.5 * (runs.current_min + runs.current_max)
    with np.errstate(invalid="ignore", divide="ignore"):
        narrow = (runs.current_max - runs.current_min) <= CONSTANT_WIDTH * np.abs(middle)
        mean = np.where(runs.duration > 0, runs.charge / runs.duration, runs.current_start)
    median = np.where(narrow, mean, 0.0)
    steady = narrow & (direction != 0)
    for number in np.flatnonzero((direction != 0) & ~narrow):
        current = points.current[first[number] : last[number] + 1]
        if current.size:
            median[number] = np.median(current)
            steady[number] = _is_steady(np.abs(current))
    return median, steady


def _is_steady(current: Floats) -> bool:
    middle = float(np.median(current))
    near = np.abs(current - middle) <= CONSTANT_WIDTH * middle
    return bool(np.mean(near) >= CONSTANT_SHARE) or (current.size <= TRANSIENT_ROWS + 1 and bool(near.any()))


def _hold(points: Points, first: int, last: int) -> int:
    """First point of the last part of a run in which the voltage stands still and the current falls; -1 if none."""
    voltage = points.voltage[first : last + 1]
    current = np.abs(points.current[first : last + 1])
    if voltage.size < LEAST_HOLD_POINTS:
        return -1
    level = float(np.median(voltage[-LEAST_HOLD_POINTS:]))
    away = np.flatnonzero(np.abs(voltage - level) > HOLD_WIDTH)
    begin = int(away[-1]) + 1 if away.size else 0
    if voltage.size - begin < LEAST_HOLD_POINTS or current[-1] >= TAPERED * current[begin:].max():
        return -1
    # The voltage nears its limit at constant current; the hold begins where the current starts to fall.
    full = np.flatnonzero(current[begin:] >= (1.0 - 0.2 * CONSTANT_WIDTH) * float(np.max(current[begin:])))
    return first + begin + int(full[-1])
