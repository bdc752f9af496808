"""What did a log show over a window of time, and between which bounds did it lie?"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from interlith.errors import StudyError, nearest
from interlith.model import Flag, Measurement, Sample, Table
from interlith.numerics.clocks.events import UNIFORM, Events, events, noise
from interlith.physics.resolution import resolution
from interlith.workbench.joining.passed import derivable, passed
from interlith.workbench.reading import measure

Array = NDArray[np.float64]

#: Quantities that are joined where none are named, as far as the log holds them.
USUAL = ("voltage", "current", "temperature")
#: Columns in which events show, the likeliest first.
MARKERS = ("current", "specific_current", "temperature")
#: Columns that say when, not what.
CLOCKS = ("test_time", "step_time", "wall_clock")
#: An interval that many times longer than is usual before and after it is a gap (a slow rest has slow neighbours).
GAP = 20.0
_NEIGHBOURS = 5
#: A change that many times what the neighbouring intervals let expect is a jump.
_JUMP = 3.0
#: A clock that goes back by less than this share of the typical interval was read out of order, not restarted.
_REORDERED = 2.0


@dataclass(frozen=True, slots=True)
class Log:
    """One running of a log: its clock never goes back.

    Parameters
    ----------
    name, sha256
        Of the file.
    time
        Device time (s), ascending, shape (n,).
    values
        Quantity -> values in inside units, shape (n,).
    wall
        Wall clock (s since 1970), shape (n,), `None` where the log has none; for a rough offset only.
    sample
        Declarations of the instrument's accuracy stand there.
    part, parts
        Which running of how many, from 1.
    """

    name: str
    sha256: str
    time: Array
    values: Mapping[str, Array]
    wall: Array | None
    sample: Sample
    part: int = 1
    parts: int = 1
    flags: tuple[Flag, ...] = ()

    @property
    def span(self) -> tuple[float, float]:
        """First and last time (s)."""
        return float(self.time[0]), float(self.time[-1])


@dataclass(frozen=True, slots=True)
class Course:
    """One quantity of a log without its empty samples, shape (n,).

    `least` and `most` are the extremes from this sample to the next, `doubt` the standard uncertainty of a sample;
    `accurate` says whether the accuracy of the instrument is in it, and `broken`, shape (n - 1,), which intervals between
    samples are gaps.
    """

    time: Array
    value: Array
    least: Array
    most: Array
    doubt: Array
    accurate: bool
    broken: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Seen:
    """What a log showed over windows: mean over the window, bounds over the widened one, and whether a gap lies in it;
    shape (k,) each, nan where the log did not cover the window."""

    mean: Array
    low: Array
    high: Array
    gap: NDArray[np.bool_] = field(default_factory=lambda: np.empty(0, dtype=bool))


def as_measurement(log: Measurement | str | Path) -> Measurement:
    """A log as a measurement; a path is read.

    Raises
    ------
    ReadError
        If the file cannot be read.
    """
    if isinstance(log, Measurement):
        return log
    path = Path(log)
    return measure(path, Sample(path.stem, variant=path.stem))


def read_log(log: Measurement | str | Path, quantities: Sequence[str] | None) -> tuple[Log, ...]:
    """The runnings of a log, one where its clock never restarts.

    Parameters
    ----------
    log
        A measurement that holds a table with ``test_time``, or the path of a file.
    quantities
        Columns wanted beside the usual ones (voltage, current, temperature); all columns of numbers by default.

    Raises
    ------
    StudyError
        If it is no table over device time, or lacks a quantity.
    """
    import polars as pl

    item = as_measurement(log)
    name = item.source.path
    if not isinstance(item.payload, Table) or "test_time" not in item.payload.columns:
        raise StudyError(f"{name} is no table over device time (column test_time), so no clock can be related to it.")
    held = [column for column in item.payload.columns if column not in CLOCKS]
    counted = derivable(held)
    for quantity in quantities or ():
        if quantity not in held and quantity not in counted:
            raise StudyError(f"{name} has no column '{quantity}'; {nearest(quantity, [*held, *counted])}.")
    asked = [quantity for quantity in quantities or () if quantity not in held]
    if quantities is not None:
        quantities = [*(one for one in quantities if one in held), *(counted[one] for one in asked)]
    schema = item.payload.frame.collect_schema()
    wanted = dict.fromkeys([*(quantities or held), *(column for column in (*USUAL, *MARKERS) if column in held)])
    chosen = [column for column in wanted if schema[column].is_numeric()]
    wall = [pl.col("wall_clock").dt.epoch("us") / 1e6] if "wall_clock" in item.payload.columns else []
    frame = item.payload.frame.select(
        pl.col("test_time").cast(pl.Float64), *(pl.col(column).cast(pl.Float64) for column in chosen), *wall
    ).collect()
    frame = frame.filter(pl.col("test_time").is_finite())
    if frame.height < 2:
        raise StudyError(f"{name} holds {frame.height} rows with a time; a log needs at least two.")
    columns = {column: frame.get_column(column).to_numpy() for column in frame.columns}
    return tuple(with_passed(log, asked) for log in _runnings(item, columns, tuple(chosen)))


def with_passed(log: Log, asked: Sequence[str]) -> Log:
    """The log with the charge that has passed since its beginning."""
    if not asked:
        return log
    held = derivable(log.values)
    more = {name: passed(log.time, log.values[held[name]]) for name in asked}
    return replace(log, values={**log.values, **more})


def _runnings(item: Measurement, columns: Mapping[str, Array], quantities: tuple[str, ...]) -> tuple[Log, ...]:
    time = columns["test_time"]
    ahead = np.diff(time)
    typical = float(np.median(ahead[ahead > 0])) if np.any(ahead > 0) else 0.0
    back = np.flatnonzero(ahead < 0)
    restarts = back[-ahead[back] > _REORDERED * typical] + 1
    flags: tuple[Flag, ...] = ()
    if restarts.size < back.size:
        flags = (
            Flag("log_out_of_order", f"{back.size - restarts.size} rows stand before their time and were put in order.",
                 f"{item.source.path}, row {int(back[0]) + 2}", "note"),
        )  # fmt: skip
    bounds = [0, *restarts.tolist(), time.size]
    pieces = [slice(start, stop) for start, stop in itertools.pairwise(bounds) if stop - start > 1]
    found = []
    for number, piece in enumerate(pieces, start=1):
        order = np.argsort(time[piece], kind="stable")
        ordered = {name: column[piece][order] for name, column in columns.items()}
        found.append(
            Log(
                item.source.path, item.source.sha256, ordered["test_time"], {name: ordered[name] for name in quantities},
                ordered.get("wall_clock"), item.sample, number, len(pieces), flags,
            )
        )  # fmt: skip
    return tuple(found)


def course(log: Log, quantity: str) -> Course:
    """One quantity over the log, with the noise, the printed digits and the declared accuracy of a sample.

    Parameters
    ----------
    log
        The log.
    quantity
        One of its columns.
    """
    value = log.values[quantity]
    kept = np.isfinite(value)
    time, value = log.time[kept], value[kept]
    declared = {"voltage": log.sample.voltage_accuracy}.get(quantity)
    relative = log.sample.current_accuracy if quantity == "current" else None
    random = np.hypot(noise(time, value), resolution(value) * UNIFORM if value.size else 0.0)
    doubt = np.full(value.size, float(np.hypot(random, declared or 0.0)))
    if relative:
        doubt = np.hypot(doubt, np.abs(value) * relative)
    least, most = _extremes(time, value)
    return Course(time, value, least, most, doubt, bool(declared or relative), _broken(np.diff(time)))


def _extremes(time: Array, value: Array) -> tuple[Array, Array]:
    """Extremes between each sample and the next: the two samples, and beside a jump where the courses before and after it
    would have come to."""
    ahead, rise = np.diff(time), np.diff(value)
    slope = np.divide(rise, ahead, out=np.zeros_like(rise), where=ahead > 0)
    following = np.append(value[1:], value[-1:])
    least, most = np.minimum(value, following), np.maximum(value, following)
    if rise.size > 2:
        inner = slice(1, -1)
        calm = np.maximum(np.abs(slope[:-2]), np.abs(slope[2:])) * ahead[inner]
        jumps = np.flatnonzero(np.abs(rise[inner]) > _JUMP * calm) + 1
        reached = value[jumps] + slope[jumps - 1] * ahead[jumps], value[jumps + 1] - slope[jumps + 1] * ahead[jumps]
        least[jumps] = np.minimum(least[jumps], np.minimum(*reached))
        most[jumps] = np.maximum(most[jumps], np.maximum(*reached))
    return least, most


def _broken(ahead: Array) -> NDArray[np.bool_]:
    """Which intervals between samples are gaps."""
    if ahead.size < 2 * _NEIGHBOURS:
        return np.asarray(ahead > GAP * np.median(ahead)) if ahead.size else np.zeros(0, dtype=bool)
    padded = np.concatenate((ahead[:_NEIGHBOURS][::-1], ahead, ahead[-_NEIGHBOURS:][::-1]))
    usual = np.median(np.lib.stride_tricks.sliding_window_view(padded, _NEIGHBOURS), axis=1)
    return np.asarray(ahead > GAP * np.maximum(usual[: ahead.size], usual[_NEIGHBOURS + 1 :]))


def over(one: Course, start: Array, stop: Array, low: Array, high: Array, *, width: float) -> Seen:
    """Mean of a quantity from start to stop, and its bounds from low to high.

    Parameters
    ----------
    one
        The quantity.
    start, stop
        Windows on the log's clock (s), shape (k,); equal where the exposure is an instant.
    low, high
        The windows widened by what is not known about the clocks (s), shape (k,).
    width
        Standard uncertainties of a sample that widen the bounds.

    Notes
    -----
    The mean is that of the line through the samples. The bounds are the extremes of all samples in the widened window
    and of the one before and after it, and what a course would have reached before a jump between two of them.
    """
    empty = np.full(start.size, np.nan)
    if one.time.size < 2:
        return Seen(empty, empty, empty, np.zeros(start.size, dtype=bool))
    inside = (low >= one.time[0]) & (high <= one.time[-1])
    first = np.clip(np.searchsorted(one.time, low, side="right") - 1, 0, one.time.size - 2)
    last = np.clip(np.searchsorted(one.time, high, side="left"), first + 1, one.time.size - 1)
    cuts = np.stack((first, last + 1), axis=1).ravel()

    def extreme(which: np.ufunc, values: Array, pad: float) -> Array:
        return np.asarray(which.reduceat(np.append(values, pad), cuts)[::2])

    within = np.stack((first, last), axis=1).ravel()
    gap = np.asarray(np.logical_or.reduceat(np.append(one.broken, False), within)[::2])
    bottom = extreme(np.minimum, one.least - width * one.doubt, np.inf)
    top = extreme(np.maximum, one.most + width * one.doubt, -np.inf)
    covered = inside & ~gap
    return Seen(
        np.where(covered, _mean(one, start, stop), np.nan),
        np.where(covered, bottom, np.nan),
        np.where(covered, top, np.nan),
        gap & inside,
    )


def _mean(one: Course, start: Array, stop: Array) -> Array:
    steps = np.diff(one.time) * (one.value[1:] + one.value[:-1]) / 2
    total = np.concatenate(([0.0], np.cumsum(steps)))

    def area(at: Array) -> Array:
        k = np.clip(np.searchsorted(one.time, at, side="right") - 1, 0, one.time.size - 2)
        there = np.interp(at, one.time, one.value)
        return np.asarray(total[k] + (at - one.time[k]) * (one.value[k] + there) / 2)

    width = stop - start
    middle = np.interp((start + stop) / 2, one.time, one.value)
    return np.asarray(np.where(width > 0, (area(stop) - area(start)) / np.where(width > 0, width, 1.0), middle))


def marked(log: Log, marker: str | None) -> Events:
    """Events of a log: bends of a temperature, steps of anything else.

    Parameters
    ----------
    log
        The log.
    marker
        The column; the current by default, else the temperature, else the only other column.

    Raises
    ------
    StudyError
        If the column is not there or cannot be chosen.
    """
    name = marker or next((word for word in MARKERS if word in log.values), None)
    if name is None and len(log.values) == 1:
        name = next(iter(log.values))
    if name is None or name not in log.values:
        said = "no column was named" if name is None else f"there is no column '{name}'"
        raise StudyError(f"{log.name}: {said} in which events show (marker); {nearest(name or 'current', log.values)}.")
    return events(log.time, log.values[name], kind="slope" if name == "temperature" else "step")
