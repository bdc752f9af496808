"""When did a logged signal jump, or bend, and between which samples?

An event that shows between two samples happened somewhere between them: its time is their middle with the standard
uncertainty of a uniform distribution. The first sample after the event would be late by half an interval on average.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlith.errors import FitError

Array = NDArray[np.float64]
Index = NDArray[np.intp]

#: A change counts from this many standard deviations of the noise ...
CLEAR = 8.0
#: ... and from this share of the range of the signal (step) or of its slopes (slope).
LEAST_SHARE = 0.05
#: A change spread over more intervals than this is a ramp, not a step.
LONGEST_STEP = 3
#: Samples on each side of a bend that give its two slopes.
SLOPE_SAMPLES = 12
#: Standard deviation of a uniform distribution of unit width.
UNIFORM = 1.0 / math.sqrt(12.0)
_MOST_DECIMALS = 6
_TO_STD = 1.482602218505602


@dataclass(frozen=True, slots=True)
class Events:
    """Times at which something happened in a log, ascending.

    Parameters
    ----------
    time
        Best time on the clock of the log (s), shape (n,).
    std
        Standard uncertainty of `time` (s), shape (n,).
    low, high
        Bounds (s), shape (n,): the samples between which a step happened, to half a printed digit; for a bend a uniform distribution of the
        same standard deviation.
    size
        Change of the signal, or of its slope (per s), shape (n,).
    """

    time: Array
    std: Array
    low: Array
    high: Array
    size: Array

    def __len__(self) -> int:
        return int(self.time.size)


def events(
    time: ArrayLike,
    signal: ArrayLike,
    *,
    kind: Literal["step", "slope"] = "step",
    threshold: float | None = None,
    samples: int = SLOPE_SAMPLES,
) -> Events:
    """Find the steps or the bends of a logged signal.

    Parameters
    ----------
    time
        Clock of the log (s), ascending, shape (n,).
    signal
        What was logged, any unit, shape (n,); samples that are not finite are left out.
    kind
        ``step`` (a current is switched, a shutter opens) or ``slope`` (a temperature ramp starts or ends).
    threshold
        Least change that counts, in units of the signal (step) or per s (slope); found from noise and range by default.
    samples
        Samples on each side of a bend; more where the ramp is slow or the noise high.

    Raises
    ------
    FitError
        If the time does not ascend, or the shapes differ.

    Notes
    -----
    A step is a difference between the medians of three samples before and three after, so that one wild sample is no
    event; a level that holds for one sample only is not seen. Fails first: a signal that answers late (a furnace, a
    filtered channel) bends or jumps later than its cause, by the same time at every event; nothing in the log shows it.
    """
    times, values = np.asarray(time, dtype=float), np.asarray(signal, dtype=float)
    if times.ndim != 1 or times.shape != values.shape:
        raise FitError(
            f"Time and signal must be two rows of one length; their shapes are {times.shape}, {values.shape}."
        )
    kept = np.isfinite(times) & np.isfinite(values)
    times, values = times[kept], values[kept]
    if np.any(np.diff(times) < 0):
        row = int(np.argmax(np.diff(times) < 0)) + 1
        raise FitError(
            f"The clock goes back at sample {row + 1} ({times[row - 1]:g} -> {times[row]:g} s); split the log there."
        )
    return _steps(times, values, threshold) if kind == "step" else _bends(times, values, threshold, samples)


def uniform_std(width: ArrayLike) -> Array:
    """Standard uncertainty (s) of a time known to lie within a width (s)."""
    return np.asarray(width, dtype=float) * UNIFORM


def printed_step(time: ArrayLike) -> float:
    """Decimal step to which times were printed (s), 1e-6 at least."""
    times = np.asarray(time, dtype=float)
    used = times[:: max(1, times.size // 2000)]
    for decimals in range(_MOST_DECIMALS):
        scaled = used * 10.0**decimals
        if np.all(np.abs(scaled - np.round(scaled)) <= 1e-4):
            return float(10.0**-decimals)
    return float(10.0**-_MOST_DECIMALS)


def noise(time: ArrayLike, signal: ArrayLike) -> float:
    """Standard deviation of a sample about the line between its neighbours, robust against steps; same unit as `signal`.

    Zero where more than half of the samples stand exactly on that line.
    """
    times, values = np.asarray(time, dtype=float), np.asarray(signal, dtype=float)
    if values.size < 3:
        return 0.0
    span = times[2:] - times[:-2]
    share = np.divide(times[1:-1] - times[:-2], span, out=np.full(span.size, 0.5), where=span > 0)
    apart = values[1:-1] - (1 - share) * values[:-2] - share * values[2:]
    scaled = apart / np.sqrt(1 + (1 - share) ** 2 + share**2)
    return float(_TO_STD * np.median(np.abs(scaled)))


def _nothing() -> Events:
    return Events(*(np.empty(0) for _ in range(5)))


def _middle(first: Array, second: Array, third: Array) -> Array:
    return np.maximum(np.minimum(first, second), np.minimum(np.maximum(first, second), third))


def _steps(time: Array, signal: Array, threshold: float | None) -> Events:
    if signal.size < 6:
        return _nothing()
    level = _middle(signal[:-2], signal[1:-1], signal[2:])
    jump = np.diff(signal)
    # Boundary b lies between samples b and b + 1; three samples stand on each side of it.
    size = np.zeros(jump.size)
    size[2:-2] = level[3:] - level[:-3]
    least = _least_step(signal, level) if threshold is None else threshold
    if least <= 0:
        return _nothing()
    sign = np.where(np.abs(size) >= least, np.sign(size), 0.0)
    starts = np.flatnonzero((sign != 0) & (sign != np.concatenate(([0.0], sign[:-1]))))
    if starts.size == 0:
        return _nothing()
    ends = np.flatnonzero((sign != 0) & (sign != np.concatenate((sign[1:], [0.0])))) + 1
    run = np.repeat(np.arange(starts.size), ends - starts)
    inside = np.flatnonzero(sign)
    along = jump[inside] * sign[inside]
    largest = np.full(starts.size, -np.inf)
    np.maximum.at(largest, run, along)
    # A sample in the middle of the change (an average over the switching) splits it over two intervals.
    part = along > 0.2 * largest[run]
    first, last = np.full(starts.size, jump.size), np.full(starts.size, -1)
    np.minimum.at(first, run[part], inside[part])
    np.maximum.at(last, run[part], inside[part])
    change = np.zeros(starts.size)
    np.maximum.at(change, run, np.abs(size[inside]))
    kept = (last - first < LONGEST_STEP) & (largest > 0)
    first, last, change = first[kept], last[kept], change[kept] * sign[starts[kept]]
    # Cyclers write the last row of a step and the first of the next with one time: what is left is how it was printed.
    digit = printed_step(time)
    low, high = time[first] - digit / 2, time[last + 1] + digit / 2
    return Events((low + high) / 2, uniform_std(high - low), low, high, change)


def _least_step(signal: Array, level: Array) -> float:
    apart = np.diff(signal)
    scatter = _TO_STD * float(np.median(np.abs(apart - np.median(apart)))) / math.sqrt(2.0)
    return max(CLEAR * scatter, LEAST_SHARE * float(np.ptp(level)))


@dataclass(frozen=True, slots=True)
class _Lines:
    """Straight lines through windows of samples: level at the centre of the window, slope, and factors of variance."""

    centre: Array
    level: Array
    slope: Array
    spread: Array
    count: int


def _lines(time: Array, signal: Array, count: int) -> _Lines:
    """One line a window of `count` samples; window k starts at sample k."""

    def sums(values: Array) -> Array:
        total = np.concatenate(([0.0], np.cumsum(values)))
        return total[count:] - total[:-count]

    x, y = time - time.mean(), signal - signal.mean()
    mean_x, mean_y = sums(x) / count, sums(y) / count
    spread = np.maximum(sums(x * x) - count * mean_x**2, np.finfo(float).tiny)
    slope = (sums(x * y) - count * mean_x * mean_y) / spread
    return _Lines(mean_x + time.mean(), mean_y + signal.mean(), slope, spread, count)


def _bends(time: Array, signal: Array, threshold: float | None, samples: int) -> Events:
    from scipy.signal import find_peaks

    if samples < 3:
        raise FitError(f"A slope needs at least 3 samples; samples is {samples}.")
    if signal.size < 2 * samples + 1:
        return _nothing()
    lines = _lines(time, signal, samples)
    scatter = max(noise(time, signal), 1e-9 * float(np.ptp(signal)))
    # Bend b: the window that ends at sample b + samples - 1 against the one that starts there.
    change = lines.slope[samples - 1 :] - lines.slope[: 1 - samples]
    doubt = scatter * np.sqrt(1 / lines.spread[samples - 1 :] + 1 / lines.spread[: 1 - samples])
    share = LEAST_SHARE * float(np.ptp(lines.slope)) if threshold is None else threshold
    clear = np.where((np.abs(change) >= share) & (np.abs(change) >= CLEAR * doubt), np.abs(change), 0.0)
    peaks, _ = find_peaks(np.concatenate(([0.0], clear, [0.0])), height=np.finfo(float).tiny, distance=samples)
    corner = peaks - 1 + samples - 1
    found = _cross(time, lines, corner, scatter, samples)
    kept = np.isfinite(found.time) & (np.abs(found.size) > 0)
    order = np.flatnonzero(kept)
    return Events(found.time[order], found.std[order], found.low[order], found.high[order], found.size[order])


def _cross(time: Array, lines: _Lines, corner: Index, scatter: float, samples: int) -> Events:
    """Where the line before and the line after meet, the sample at the corner left out of both.

    Once located, the windows are laid anew on both sides of the crossing.
    """
    most = time.size - samples
    where = corner.astype(float)
    for _ in range(2):
        sample = np.clip(np.round(where).astype(np.intp), samples, most - 1)
        before, after = sample - samples, np.minimum(sample + 1, most)
        slope_0, slope_1 = lines.slope[before], lines.slope[after]
        bend = slope_1 - slope_0
        safe = np.where(bend == 0, np.nan, bend)
        gap = lines.level[before] - lines.level[after]
        meeting = (gap + slope_1 * lines.centre[after] - slope_0 * lines.centre[before]) / safe
        where = np.interp(meeting, time, np.arange(time.size, dtype=float))
        where = np.where(np.isfinite(where), where, sample)
    variance = scatter**2 * (
        2 / samples
        + (meeting - lines.centre[before]) ** 2 / lines.spread[before]
        + (meeting - lines.centre[after]) ** 2 / lines.spread[after]
    )
    std = np.sqrt(variance) / np.abs(safe)
    far = np.abs(where - corner) > samples
    meeting = np.where(far, np.nan, meeting)
    half = std / (2 * UNIFORM)
    return Events(meeting, std, meeting - half, meeting + half, bend)
