"""Where does the voltage turn, and how fast did it move between the turns?"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from interlith.errors import FitError
from interlith.numerics.smoothing import noise_of

Array = NDArray[np.float64]

#: A turn counts where the voltage has come back by this share of its whole range.
LEAST_TURN = 0.02
#: A sweep has at least so many rows, and covers this share of the widest one.
FEWEST_ROWS, LEAST_RANGE = 20, 0.3
#: Largest root mean square distance from a straight line over time, as a share of the range of a sweep.
MOST_UNEVEN = 0.01
_CENTRE = (0.1, 0.9)


@dataclass(frozen=True, slots=True)
class Sweep:
    """Rows `start` to `stop` in which the voltage moves evenly one way.

    `direction` 1 where it rises; `rate` and `rate_std` (V/s); `step` distance of two rows (V), `span` between the ends (V).
    """

    start: int
    stop: int
    direction: int
    rate: float
    rate_std: float
    step: float
    span: float


def find_sweeps(voltage: Array, time: Array | None = None, *, scan_rate: float | None = None) -> list[Sweep]:
    """Sweeps of a voltammogram, in order.

    Parameters
    ----------
    voltage
        (V), shape (n,), as set or measured: before any correction by the current.
    time
        (s), shape (n,); `None` where it was not stored.
    scan_rate
        Declared (V/s); needed without time, and used instead of it where given.

    Raises
    ------
    FitError
        If there is neither time nor a scan rate, or the voltage nowhere moves evenly.

    Notes
    -----
    Rests before and holds at the turns are left out: they lie off the line through the middle of their sweep. The assumption
    that fails first: one rate from turn to turn.
    """
    if time is None and scan_rate is None:
        raise FitError("the table holds no time; declare the scan rate (scan_rate: 0.1 mV/s).")
    turns = turning_points(voltage)
    legs = [(int(one), int(other)) for one, other in itertools.pairwise(turns)]
    widest = max((abs(voltage[other] - voltage[one]) for one, other in legs), default=0.0)
    found = []
    uneven = 0
    for one, other in legs:
        if other - one + 1 < FEWEST_ROWS or abs(voltage[other] - voltage[one]) < LEAST_RANGE * widest:
            continue
        sweep = _measured(voltage, time, one, other + 1, scan_rate)
        uneven += sweep is None
        found += [] if sweep is None else [sweep]
    if not found:
        words = "nowhere moves evenly with time: this is no voltammogram" if uneven else "makes no sweep of twenty rows"
        raise FitError(f"the voltage {words}.")
    return found


def turning_points(voltage: Array) -> NDArray[np.int64]:
    """Rows at which the voltage turns, first and last row included, shape (m,).

    Notes
    -----
    A turn is told from noise by hysteresis: the voltage must come back by `LEAST_TURN` of its range and by six times its noise.
    """
    if len(voltage) < 2:
        return np.zeros(len(voltage), dtype=np.int64)
    least = max(LEAST_TURN * float(np.ptp(voltage)), 6.0 * noise_of(voltage))
    slope = np.sign(np.diff(voltage))
    moving = np.flatnonzero(slope)
    if len(moving) == 0:
        return np.array([0, len(voltage) - 1])
    # Only local extremes can be turns; the loop below runs over these alone.
    change = moving[:-1][slope[moving[:-1]] != slope[moving[1:]]] + 1
    candidates = [0, *change.tolist(), len(voltage) - 1]
    turns = [0]
    high = low = 0
    trend = 0
    for row in candidates[1:]:
        high = row if voltage[row] > voltage[high] else high
        low = row if voltage[row] < voltage[low] else low
        if trend >= 0 and voltage[high] - voltage[row] > least:
            if trend > 0 or high > 0:
                turns.append(high)
            trend, low = -1, row
            high = row
        elif trend <= 0 and voltage[row] - voltage[low] > least:
            if trend < 0 or low > 0:
                turns.append(low)
            trend, high = 1, row
            low = row
    turns.append(len(voltage) - 1)
    return np.array(list(dict.fromkeys(turns)), dtype=np.int64)


def _measured(voltage: Array, time: Array | None, start: int, stop: int, scan_rate: float | None) -> Sweep | None:
    own = voltage[start:stop]
    direction = 1 if own[-1] > own[0] else -1
    if time is None or scan_rate is not None:
        rate = float(scan_rate or math.nan)
        if time is None:
            return Sweep(start, stop, direction, rate, 0.0, _step(own), float(np.ptp(own)))
    assert time is not None
    clock = time[start:stop]
    low, high = float(own.min()), float(own.max())
    inner = (own > low + _CENTRE[0] * (high - low)) & (own < low + _CENTRE[1] * (high - low))
    if inner.sum() < FEWEST_ROWS // 2 or np.ptp(clock[inner]) <= 0:
        return None
    slope, level, std, scatter = _line(clock[inner], own[inner])
    if scatter > MOST_UNEVEN * (high - low) or slope * direction <= 0:
        return None
    step = _step(own[inner])
    near = np.abs(own - level - slope * clock) <= max(5 * scatter, 2 * step, 0.002 * (high - low))
    rows = np.flatnonzero(near)
    if len(rows) < FEWEST_ROWS:
        return None
    first, last = start + int(rows[0]), start + int(rows[-1]) + 1
    rate, rate_std = (float(f"{abs(slope):.9g}"), std) if scan_rate is None else (scan_rate, 0.0)
    return Sweep(first, last, direction, rate, rate_std, step, float(np.ptp(voltage[first:last])))


def _step(voltage: Array) -> float:
    """Usual distance between two rows; several rows may share one voltage."""
    return float(np.ptp(voltage)) / max(len(voltage) - 1, 1)


def _line(x: Array, y: Array) -> tuple[float, float, float, float]:
    """Slope, level at x = 0, standard uncertainty of the slope, scatter about the line."""
    middle = float(x.mean())
    centred = x - middle
    norm = float(centred @ centred)
    slope = float(centred @ y) / norm
    level = float(y.mean())
    residual = y - level - slope * centred
    scatter = math.sqrt(float(residual @ residual) / max(len(x) - 2, 1))
    return slope, level - slope * middle, scatter / math.sqrt(norm), scatter
