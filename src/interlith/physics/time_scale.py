"""Can the time column of a converted file be in seconds, as its name says?

A public file converted by others has its seconds multiplied by 3600: a rest of one hour became 150 days. Such a column is
found by the length of the test and put right only where what remains is round; else it is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from interlith.errors import ReadError
from interlith.physics.lazy_text import Remark

#: No cell is cycled for longer than this without a restart (s): 5 years.
LONGEST = 5 * 365.25 * 86400.0
#: Records under current are never further apart than this (s).
SPARSEST = 3600.0
#: How near an interval must be to a multiple of a tenth of a second after the division to count as round.
ROUND = 2e-5


@dataclass(frozen=True, slots=True)
class TimeScale:
    """The factor to multiply the time column by, and what was noticed."""

    factor: float
    remarks: tuple[Remark, ...] = ()


def judge(times: Sequence[float], currents: Sequence[float], last: float, *, where: str) -> TimeScale:
    """Judge the unit of a time column from its first records and its last time.

    Parameters
    ----------
    times
        (s as its name says), first records, shape (n,).
    currents
        (A), the same records.
    last
        (s as its name says), time of the last record.
    where
        File name for messages.

    Raises
    ------
    ReadError
        If the test would last longer than any does and no common factor explains it.
    """
    steps = np.diff(np.asarray(times, dtype=float))
    running = np.abs(np.asarray(currents, dtype=float))[1:] > 0
    intervals = steps[running & (steps > 0)]
    if intervals.size < 3 or (last <= LONGEST and float(np.median(intervals)) <= SPARSEST):
        return TimeScale(1.0)
    typical = float(np.median(intervals))
    evidence = (
        f"read as seconds, the test would last {last / 86400 / 365.25:.1f} years with one record every "
        f"{typical / 3600:.2g} h under current"
    )
    if last <= LONGEST:
        return TimeScale(1.0, (Remark("time_unit_doubtful", f"The time unit is doubtful: {evidence}."),))
    divided = typical / 3600.0
    if abs(divided - round(divided, 1)) <= ROUND * divided:
        return TimeScale(
            1 / 3600.0,
            (
                Remark(
                    "time_unit_contradiction",
                    f"The time column is not in seconds: {evidence}. It was divided by 3600, after which the test lasts "
                    f"{last / 3600 / 3600:.1f} h with a record every {divided:.4g} s; declare `time_scale: 1` to keep it as "
                    "written.",
                ),
            ),
        )
    raise ReadError(f"{where}: {evidence}, so the time unit is wrong; declare `time_scale` (a factor into seconds).")
