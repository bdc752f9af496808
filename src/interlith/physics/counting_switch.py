"""How much charge passed after the last row of a step, where a cycler writes no row at the switch?

A counter that starts each step at zero shows in the first row of the next step how long that has run, and so when the
switch was. What the step before passed from its last row to then is in no row of the file.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from interlith.physics.counting_points import Points
from interlith.physics.counting_runs import Flags, Floats, Integers, Runs

SECONDS_AN_HOUR = 3600.0
RECTANGULAR = 1.0 / np.sqrt(12.0)
#: The last interval of a step differs by more than this share from those before it where a row is written at the switch.
REGULAR = 0.01
#: Waits below this share of the usual interval are none; those below so many seconds may be the electronics' and widen
#: the uncertainty only.
SHORT_WAIT, SHORT_SECONDS = 0.02, 2.0


@dataclass(frozen=True, slots=True)
class Tail:
    """Unseen end of every run: length and its uncertainty (s), charge (Ah, positive) and slope of the voltage (V/s)."""

    seconds: Floats
    seconds_std: Floats
    charge: Floats
    charge_std: Floats
    slope: Floats


def tails(runs: Runs, direction: Integers, gap: Flags, resets: tuple[Flags, Flags], points: Points) -> Tail:
    """Find the steps whose last row is missing and the time they went on without one.

    Parameters
    ----------
    runs, direction, gap
        Steps of a file.
    resets
        Where the counter up and the counter down were set back at the start of a run, or were at zero.
    points
        Curve points, which show whether the last interval of a step is one of the regular ones.

    Notes
    -----
    The assumption that fails first: that the cycler treats all switches of a file alike, so that the delay of the first
    row seen in steps under current holds for rests.
    """
    nothing = np.zeros(len(runs))
    regular, slope = _last_interval(runs, points)
    if len(runs) < 2 or not np.isfinite(runs.up_start).any():
        return Tail(nothing, nothing, nothing, nothing, slope)
    wait = np.append(runs.time_start[1:] - runs.time_end[:-1], 0.0)
    usual = runs.duration / np.maximum(runs.rows - 1, 1)
    late = _delay(runs, direction, resets)
    follows = ~np.append(gap[1:] | runs.back[1:], True)
    # A counter that goes on over the switch has counted the end of the step by itself.
    set_back = np.where(direction > 0, np.append(resets[0][1:], False), np.append(resets[1][1:], False))
    missing = (direction != 0) & follows & set_back.astype(np.bool_) & regular & (wait > SHORT_WAIT * usual)
    whole = np.where(missing, np.maximum(wait - np.append(late[1:], 0.0), 0.0), 0.0)
    unseen = np.minimum(whole, 1.5 * usual)
    unseen[unseen < SHORT_WAIT * usual] = 0.0
    seconds = np.where(wait >= SHORT_SECONDS, unseen, 0.0)
    spread = np.where(wait >= SHORT_SECONDS, RECTANGULAR, 2.0 * RECTANGULAR) * unseen
    # A longer wait than a cycler leaves at a switch means that rows are missing, and the step went on for any part of it.
    missed = whole > 1.5 * np.maximum(usual, np.append(usual[1:], 0.0))
    spread = np.where(missed, np.maximum(spread, 2.0 * RECTANGULAR * (whole - unseen)), spread)
    current = np.abs(runs.current_end) / SECONDS_AN_HOUR
    return Tail(seconds, spread, current * seconds, current * spread, slope)


def _delay(runs: Runs, direction: Integers, resets: tuple[Flags, Flags]) -> Floats:
    """Time from the switch to the first row of each run (s), by its counter; for rests that of the file as a rule."""
    start = np.where(direction > 0, runs.up_start, runs.down_start)
    known = (direction != 0) & np.where(direction > 0, resets[0], resets[1]) & (runs.current_start != 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        own = np.where(known, start * SECONDS_AN_HOUR / np.abs(runs.current_start), np.nan)
    usual = float(np.median(own[known])) if known.any() else 0.0
    delay: Floats = np.where(np.isfinite(own), own, usual)
    return delay


def _last_interval(runs: Runs, points: Points) -> tuple[Flags, Floats]:
    """Whether the last interval of each run is as long as those before it, and the slope of the voltage there (V/s)."""
    first = np.searchsorted(points.row, runs.row_start, side="left")
    last = np.searchsorted(points.row, runs.row_end, side="right") - 1
    enough = last - first >= 2
    regular = np.zeros(len(runs), dtype=np.bool_)
    slope = np.zeros(len(runs))
    end, middle, begin = last[enough], last[enough] - 1, last[enough] - 2
    with np.errstate(invalid="ignore", divide="ignore"):
        usual = (points.time[middle] - points.time[begin]) / (points.row[middle] - points.row[begin])
        lasted = (points.time[end] - points.time[middle]) / (points.row[end] - points.row[middle])
        regular[enough] = np.abs(lasted - usual) * (points.row[end] - points.row[middle]) <= REGULAR * usual
        slope[enough] = np.where(
            lasted > 0, (points.voltage[end] - points.voltage[middle]) / (points.time[end] - points.time[middle]), 0.0
        )
    return regular, slope
