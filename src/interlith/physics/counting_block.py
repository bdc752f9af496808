"""What happens between two rows, for a block of rows joined to the last row of the block before it?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlith.physics.counting_rows import Rows
from interlith.physics.counting_runs import Flags, Floats, Integers

#: An interval is looked at as a possible gap when longer than this (s) and so many times longer than the one before.
GAP_SECONDS = 300.0
GAP_FACTOR = 10.0
#: A counter that falls below this share of its last value has been set back to zero by the cycler.
RESET_SHARE = 0.5
#: A current that falls below this share of the row before it, or rises by as much, begins a run of its own: a zero
#: reading that happens to carry the sign of the step before must not be counted into it.
JUMP_SHARE = 0.02
#: Beyond this (s, A or V) a number was never measured, and its square is beyond what can be summed; a sum this much larger
#: has one in it.
IMPOSSIBLE, IMPOSSIBLE_SUM = 1e12, 1e17

COUNTERS = ("up", "down", "up_energy", "down_energy")
_MARKERS = ("cycle", "step", "word", "record")
Number = TypeVar("Number", bound=np.generic)


@dataclass(slots=True)
class Clock:
    """What was odd about rows and clock, counted over the file; rows are numbered from 1."""

    rows: int = 0
    unreadable: int = 0
    first_unreadable: int = 0
    backwards: int = 0
    first_backwards: int = 0
    duplicates: int = 0
    largest_step_back: float = 0.0
    rows_seen: Rows = field(default_factory=Rows)


@dataclass(slots=True)
class Block:
    """Rows of one block, with the last row of the block before it in front where `ahead` is 1 (not in `word`).

    `row` numbers the rows of the file from 0. `part` is what each interval adds to the integrals. The flags have one entry
    a row of the block proper: `breaks` where a run begins, `marked` where the vendor's marker changes, `late` after a
    long wait, `reset` where a counter was set back, `back` where the clock runs backwards.
    """

    row: Integers
    value: dict[str, Floats]
    part: dict[str, Floats]
    cycle: Integers
    step: Integers
    word: pl.Series | None
    breaks: Flags
    marked: Flags
    late: Flags
    reset: Flags
    back: Flags
    ahead: int

    @property
    def begins(self) -> Integers:
        """Where the pieces of the block begin, counted in rows of the block proper; the first entry is 0."""
        starts = np.flatnonzero(self.breaks)
        return starts if starts.size and starts[0] == 0 else np.concatenate([[0], starts])

    def last(self, name: str) -> Floats:
        """The last value of a quantity, shape (1,)."""
        return self.value[name][-1:]


@dataclass(slots=True)
class Blocks:
    """Makes blocks of the batches of a file, in order.

    Parameters
    ----------
    columns
        Which of our names are there: ``{"time": "test_time", "up": "charge_counter", ...}``.
    """

    columns: Mapping[str, str]
    clock: Clock = field(default_factory=Clock)
    _last: dict[str, float] = field(default_factory=dict)
    _last_word: str | None = None
    _last_row: int = -1
    _last_interval: float = 0.0

    def next(self, frame: pl.DataFrame) -> Block | None:
        """The next block, or `None` where no row of the batch can be read."""
        frame = _possible(frame, self.columns)
        self.clock.rows_seen.watch(frame, self.columns)
        rows, frame = self._readable(frame)
        if frame.height == 0:
            return None
        ahead = 1 if self._last else 0
        value = self._values(frame)
        cycle, step = self._marker(frame, "cycle"), self._marker(frame, "step")
        word = frame.get_column(self.columns["word"]) if "word" in self.columns else None
        marked = (cycle[1:] != cycle[:-1]) | (step[1:] != step[:-1])
        if word is not None:
            marked |= self._word_changes(word, ahead)
        if ahead:
            rows = np.concatenate([[self._last_row], rows])
        self._last_row = int(rows[-1])
        return self._block(rows, value, cycle, step, word, marked, ahead)

    def _block(
        self,
        rows: Integers,
        value: dict[str, Floats],
        cycle: Integers,
        step: Integers,
        word: pl.Series | None,
        marked: Flags,
        ahead: int,
    ) -> Block:
        interval = np.diff(value["time"])
        back = interval < 0
        late = self._late(interval)
        reset = _reset(value)
        self._watch(rows, interval, back)
        part = _parts(value, interval, back)
        breaks = marked | _turned(value["current"]) | late | reset | back
        if not ahead:
            breaks, marked = (np.concatenate([[True], flags]) for flags in (breaks, marked))
            late, reset, back = (np.concatenate([[False], flags]) for flags in (late, reset, back))
        return Block(rows, value, part, cycle, step, word, breaks, marked, late, reset, back, ahead)

    def _values(self, frame: pl.DataFrame) -> dict[str, Floats]:
        arrays: dict[str, Floats] = {}
        value: dict[str, Floats] = {}
        for name, column in self.columns.items():
            if name in _MARKERS:
                continue
            if column not in arrays:
                numbers = _numbers(frame.get_column(column), self._last.get(column, 0.0))
                # Some vendors give the counter the sign of the current.
                signed = name in COUNTERS and float(numbers.min()) < 0
                arrays[column] = self._joined(column, np.abs(numbers) if signed else numbers)
            value[name] = arrays[column]
        return value

    def _joined(self, column: str, numbers: NDArray[Number]) -> NDArray[Number]:
        """The numbers with the last one of the block before in front."""
        before = self._last.get(column)
        self._last[column] = numbers[-1].item()
        if before is None:
            return numbers
        joined = np.empty(numbers.size + 1, dtype=numbers.dtype)
        joined[0] = before
        joined[1:] = numbers
        return joined

    def _word_changes(self, word: pl.Series, ahead: int) -> Flags:
        first = word.item(0)
        changed = _changes(word)
        if ahead:
            changed = np.concatenate([[first != self._last_word], changed])
        self._last_word = word.item(word.len() - 1)
        return changed

    def _readable(self, frame: pl.DataFrame) -> tuple[Integers, pl.DataFrame]:
        begin = self.clock.rows
        self.clock.rows += frame.height
        rows = np.arange(begin, begin + frame.height)
        needed = [self.columns[name] for name in ("time", "current", "voltage")]
        if all(_whole(frame.get_column(name)) for name in needed):
            return rows, frame
        within = pl.all_horizontal(pl.col(needed).abs().lt(IMPOSSIBLE).fill_null(False))
        good = frame.select(within.alias("good")).get_column("good")
        lost = int(good.len() - good.sum())
        if lost and self.clock.unreadable == 0:
            self.clock.first_unreadable = begin + int((~good).arg_max() or 0) + 1
        self.clock.unreadable += lost
        return rows[good.to_numpy()], frame.filter(good)

    def _marker(self, frame: pl.DataFrame, name: str) -> Integers:
        if name not in self.columns:
            return np.full(frame.height + bool(self._last_row >= 0), -1, dtype=np.int64)
        marker = frame.get_column(self.columns[name])
        if marker.dtype != pl.Int64 or marker.null_count():
            marker = marker.cast(pl.Int64).fill_null(-1)
        return self._joined(self.columns[name], marker.to_numpy())

    def _late(self, interval: Floats) -> Flags:
        if interval.size == 0:
            return np.zeros(0, dtype=np.bool_)
        late = interval > GAP_SECONDS
        spots = np.flatnonzero(late)
        before = np.where(spots > 0, interval[spots - 1], self._last_interval)
        late[spots] = interval[spots] > GAP_FACTOR * before
        self._last_interval = float(interval[-1])
        return late

    def _watch(self, rows: Integers, interval: Floats, back: Flags) -> None:
        count = int(np.count_nonzero(back))
        if count:
            if self.clock.backwards == 0:
                self.clock.first_backwards = int(rows[int(np.argmax(back)) + 1]) + 1
            self.clock.largest_step_back = max(self.clock.largest_step_back, -float(interval.min()))
        self.clock.backwards += count
        self.clock.duplicates += int(np.count_nonzero(interval == 0))


def _turned(current: Floats) -> Flags:
    """True where the current changes sign, starts, stops, or jumps by a large factor."""
    positive, negative = current > 0, current < 0
    turned: Flags = (positive[1:] ^ positive[:-1]) | (negative[1:] ^ negative[:-1])
    size = np.abs(current)
    small = JUMP_SHARE * size
    turned |= (size[1:] < small[:-1]) | (small[1:] > size[:-1])
    return turned


def _reset(value: Mapping[str, Floats]) -> Flags:
    """True where a counter was set back."""
    reset = np.zeros(value["time"].size - 1, dtype=np.bool_)
    for name in ("up", "down"):
        if name in value and not (name == "down" and value["down"] is value["up"]):
            reset |= value[name][1:] < RESET_SHARE * value[name][:-1]
    return reset


def _parts(value: Mapping[str, Floats], interval: Floats, back: Flags) -> dict[str, Floats]:
    """What each interval adds to the integrals; one in which the clock runs backwards adds nothing."""
    current, voltage = value["current"], value["voltage"]
    if back.any():
        interval = np.where(back, 0.0, interval)
    charge = current[1:] + current[:-1]
    charge *= 0.5
    charge *= interval
    energy = voltage[1:] + voltage[:-1]
    energy *= 0.5
    energy *= charge
    charge_square = current[1:] - current[:-1]
    charge_square *= interval
    charge_square *= charge_square
    energy_square = voltage[1:] - voltage[:-1]
    energy_square *= charge
    energy_square *= energy_square
    return {"charge": charge, "energy": energy, "charge_square": charge_square, "energy_square": energy_square}


def _possible(frame: pl.DataFrame, columns: Mapping[str, str]) -> pl.DataFrame:
    """The rows without the values of counters that nobody counted: an infinite one, or one beyond all sums."""
    bad = [name for name in {columns[key] for key in COUNTERS if key in columns} if not _finite(frame.get_column(name))]
    if not bad:
        return frame
    return frame.with_columns(pl.when(pl.col(name).abs() < IMPOSSIBLE).then(pl.col(name)).alias(name) for name in bad)


def _finite(series: pl.Series) -> bool:
    total = series.sum()
    return total is not None and math.fabs(total) < IMPOSSIBLE_SUM


def _whole(series: pl.Series) -> bool:
    return series.null_count() == 0 and _finite(series)


def _changes(words: pl.Series) -> Flags:
    before, after = words.slice(0, words.len() - 1), words.slice(1)
    if words.null_count():
        return after.ne_missing(before).to_numpy()
    return (after != before).to_numpy()


def _numbers(series: pl.Series, before: float) -> Floats:
    if series.dtype != pl.Float64:
        series = series.cast(pl.Float64)
    if series.null_count():
        series = series.fill_null(strategy="forward").fill_null(before)
    return series.to_numpy()
