"""Can the time column of a converted file be in seconds, as its name says?

A public file converted by others has its seconds multiplied by 3600: a rest of one hour became 150 days. Such a column is
found by the length of the test and put right only where what remains is round; else it is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from interlith.errors import ReadError
from interlith.layouts.lazy_text import Remark

FloatArray = npt.NDArray[np.float64]

#: No cell is cycled for longer than this without a restart (s): 5 years.
LONGEST = 5 * 365.25 * 86400.0
#: Records under current are never further apart than this (s).
SPARSEST = 3600.0
#: How near to whole minutes a rest must last after the division to count as programmed (s), and how many rests must.
ROUND = 0.05
RESTS = 2


@dataclass(frozen=True, slots=True)
class TimeScale:
    """The factor to multiply the time column by, and what was noticed."""

    factor: float
    remarks: tuple[Remark, ...] = ()


def suspicious(times: Sequence[float], currents: Sequence[float], last: float) -> bool:
    """Whether the first records and the last time (s as named) show a test too long or records too sparse to be true."""
    return last > LONGEST or _typical(np.asarray(times, float), np.asarray(currents, float)) > SPARSEST


def judge(times: Sequence[float], currents: Sequence[float], *, where: str) -> TimeScale:
    """Judge the unit of a whole time column that is suspicious.

    Parameters
    ----------
    times
        (s as its name says), shape (n,).
    currents
        (A), shape (n,).
    where
        File name for messages.

    Raises
    ------
    ReadError
        If the test would last longer than any does and a factor 3600 does not explain it.

    Notes
    -----
    The evidence for the factor is that rests, whose length is programmed, last whole minutes after the division; one in
    some hundreds does so by chance.
    """
    time, current = np.asarray(times, float), np.asarray(currents, float)
    last, typical = float(time[-1]), _typical(time, current)
    evidence = (
        f"read as seconds, the test would last {last / 86400 / 365.25:.1f} years with records {typical / 60:.0f} min apart "
        "under current"
    )
    if last <= LONGEST:
        return TimeScale(1.0, (Remark("time_unit_doubtful", f"The time unit is doubtful: {evidence}."),))
    rests = [length / 3600.0 for length in _rests(time, current) if length / 3600.0 > 30.0]
    whole = [length for length in rests if abs(length - 60.0 * round(length / 60.0)) < ROUND]
    if len(whole) < RESTS or len(whole) < 0.6 * len(rests):
        raise ReadError(
            f"{where}: {evidence}, so the time unit is wrong; declare `time_scale` (a factor into seconds)."
        )
    lengths = ", ".join(f"{length / 60:.2f}" for length in whole[:4])
    message = (
        f"The time column is not in seconds: {evidence}. Divided by 3600 it lasts {last / 3600 / 3600:.1f} h and its rests "
        f"last {lengths} min, as one would program them, so it was divided by 3600; declare `time_scale: 1` to keep it as "
        "written."
    )
    return TimeScale(1 / 3600.0, (Remark("time_unit_contradiction", message),))


def _typical(time: FloatArray, current: FloatArray) -> float:
    steps = np.diff(time)
    intervals = steps[(np.abs(current[1:]) > 0) & (steps > 0)]
    return float(np.median(intervals)) if intervals.size >= 20 else 0.0


def _rests(time: FloatArray, current: FloatArray) -> list[float]:
    """Lengths of the stretches without current."""
    idle = np.concatenate([[False], current == 0, [False]])
    edges = np.flatnonzero(np.diff(idle.astype(int)))
    return [float(time[stop - 1] - time[start]) for start, stop in zip(edges[::2], edges[1::2], strict=True)]
