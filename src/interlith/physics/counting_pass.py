"""How are rows turned into runs in one pass of bounded memory, the same whatever the size of the blocks?

Every block is joined to the last row of the block before it, so that each interval between two rows is seen once and
nothing depends on where the blocks end. What is kept: one entry a run, and curve points thinned by powers of two of the
row number inside the run, which are the same rows however the file is cut.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlith.physics.counting_points import POINTS_IN_ALL, Points, Thinning
from interlith.physics.counting_runs import Flags, Floats, Integers, Runs, concatenate, merge, same_marker, take

#: An interval is looked at as a possible gap when longer than this (s) and so many times longer than the one before.
GAP_SECONDS = 300.0
GAP_FACTOR = 10.0
#: A counter that falls below this share of its last value has been set back to zero by the cycler.
RESET_SHARE = 0.5
#: Currents below this share of the largest sustained current of the file are rest. Cyclers' zero readings lie near
#: 1e-4 of full scale (for instance -0.1 mA at 4.4 A in Arbin exports), the smallest deliberate ones (C/50 beside 10C)
#: at 2e-3.
REST_SHARE = 2e-4
#: Runs held before noise around zero is merged.
RUNS_BEFORE_COMPACTION = 50_000

_TOTALS = ("charge", "energy", "charge_square", "energy_square")
COUNTERS = ("up", "down", "up_energy", "down_energy")


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


@dataclass(slots=True)
class _Block:
    """Rows of one block with the last row of the block before it in front; `row` numbers the rows of the file."""

    row: Integers
    value: dict[str, Floats]
    part: dict[str, Floats]
    running: Floats
    cycle: Integers
    step: Integers
    word: pl.Series
    breaks: Flags
    marked: Flags
    late: Flags
    reset: Flags
    back: Flags
    ahead: int


@dataclass(slots=True)
class Pass:
    """State carried over the borders of blocks.

    Parameters
    ----------
    columns
        Which of our names are there: ``{"time": "test_time", "up": "charge_counter", ...}``.
    """

    columns: Mapping[str, str]
    clock: Clock = field(default_factory=Clock)
    words: dict[str | None, int] = field(default_factory=dict)
    _last: pl.DataFrame | None = None
    _last_row: int = -1
    _last_interval: float = 0.0
    _total: dict[str, float] = field(default_factory=lambda: dict.fromkeys(_TOTALS, 0.0))
    _closed: list[Runs] = field(default_factory=list)
    _closed_count: int = 0
    _open: Runs | None = None
    _thinning: Thinning = field(default_factory=Thinning)

    def feed(self, frame: pl.DataFrame) -> None:
        """Take in the next block of rows, in file order."""
        rows, frame = self._readable(frame)
        if frame.height == 0:
            return
        block = self._block(rows, frame)
        starts = np.flatnonzero(block.breaks)
        begins = starts if starts.size and starts[0] == 0 else np.concatenate([[0], starts])
        self._take_points(block, begins)
        self._take_runs(block, begins)
        self._last = frame.tail(1)
        self._last_row = int(block.row[-1])
        if self._closed_count > RUNS_BEFORE_COMPACTION:
            self._compact()
        if self._thinning.held > POINTS_IN_ALL:
            self._thinning.thin(self._runs())

    @property
    def any_row(self) -> bool:
        """Whether any readable row was fed."""
        return self._open is not None

    def finish(self) -> tuple[Runs, Points]:
        """Runs and points of the whole file; call once.

        Raises
        ------
        ValueError
            If no readable row was fed.
        """
        if self._open is None or self._last is None:
            raise ValueError("no readable row")
        time, current, voltage = (
            self._last.get_column(self.columns[name]).cast(pl.Float64).to_numpy()
            for name in ("time", "current", "voltage")
        )
        row = np.array([self._last_row], dtype=np.int64)
        self._thinning.close(Points(row, time, current, voltage, np.array([self._total["charge"]])))
        runs = self._runs()
        return runs, self._thinning.thin(runs)

    def _runs(self) -> Runs:
        return concatenate([*self._closed, *([self._open] if self._open is not None else [])])

    # -- reading a block -------------------------------------------------------------------------------------------

    def _readable(self, frame: pl.DataFrame) -> tuple[Integers, pl.DataFrame]:
        begin = self.clock.rows
        self.clock.rows += frame.height
        rows = np.arange(begin, begin + frame.height)
        needed = [self.columns[name] for name in ("time", "current", "voltage")]
        if all(_whole(frame.get_column(name)) for name in needed):
            return rows, frame
        good = frame.select(pl.all_horizontal(pl.col(needed).is_finite().fill_null(False)).alias("good")).get_column(
            "good"
        )
        lost = int(good.len() - good.sum())
        if lost and self.clock.unreadable == 0:
            self.clock.first_unreadable = begin + int((~good).arg_max() or 0) + 1
        self.clock.unreadable += lost
        return rows[good.to_numpy()], frame.filter(good)

    def _block(self, rows: Integers, frame: pl.DataFrame) -> _Block:
        ahead = 0 if self._last is None else 1
        if self._last is not None:
            frame = pl.concat([self._last, frame])
            rows = np.concatenate([[self._last_row], rows])
        arrays: dict[str, Floats] = {}
        value: dict[str, Floats] = {}
        for name, column in self.columns.items():
            if name not in ("cycle", "step", "word"):
                if column not in arrays:
                    arrays[column] = _numbers(frame.get_column(column))
                value[name] = arrays[column]
        cycle = self._marker(frame, "cycle")
        step = self._marker(frame, "step")
        word = frame.get_column(self.columns["word"]) if "word" in self.columns else pl.Series([None])
        time, current = value["time"], value["current"]
        interval = np.diff(time)
        marked = np.zeros(interval.size, dtype=np.bool_)
        for marker in (cycle, step):
            if marker.size > 1:
                marked |= marker[1:] != marker[:-1]
        if "word" in self.columns:
            marked |= _changes(word)
        positive, negative = current > 0, current < 0
        turned = (positive[1:] ^ positive[:-1]) | (negative[1:] ^ negative[:-1])
        back = interval < 0
        late = self._late(interval)
        reset = np.zeros(interval.size, dtype=np.bool_)
        for name in ("up", "down"):
            if name in value and not (name == "down" and value["down"] is value["up"]):
                reset |= value[name][1:] < RESET_SHARE * value[name][:-1]
        self._watch(rows, interval, back)
        part = self._parts(value, interval, back)
        running = self._running(part["charge"])
        breaks = marked | turned | late | reset | back
        if not ahead:
            breaks, marked, late, reset, back = (
                np.concatenate([[first], rest]) for first, rest in
                ((True, breaks), (True, marked), (False, late), (False, reset), (False, back))
            )  # fmt: skip
        return _Block(rows, value, part, running, cycle, step, word, breaks, marked, late, reset, back, ahead)

    def _marker(self, frame: pl.DataFrame, name: str) -> Integers:
        if name not in self.columns:
            return np.zeros(1, dtype=np.int64)
        return frame.get_column(self.columns[name]).cast(pl.Int64).fill_null(-1).to_numpy()

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

    def _parts(self, value: Mapping[str, Floats], interval: Floats, back: Flags) -> dict[str, Floats]:
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

    def _running(self, part: Floats) -> Floats:
        """Running charge at every row of the block, the row in front included."""
        running = np.empty(part.size + 1)
        running[0] = self._total["charge"]
        np.cumsum(part, out=running[1:])
        running[1:] += self._total["charge"]
        return running

    def _totals(self, block: _Block, begins: Integers, pieces: dict[str, NDArray[np.generic]]) -> None:
        """Running totals at the first and last row of every piece of the block."""
        for name in _TOTALS:
            part = block.part[name]
            if not block.ahead:
                part = np.concatenate([[0.0], part])
            ends = self._total[name] + np.cumsum(np.add.reduceat(part, begins))
            starts = np.concatenate([[self._total[name]], ends[:-1]]) + part[begins]
            pieces[f"{name}_start"], pieces[f"{name}_end"] = starts, ends
            self._total[name] = float(ends[-1])

    # -- runs ------------------------------------------------------------------------------------------------------

    def _take_points(self, block: _Block, begins: Integers) -> None:
        value, charge, ahead = block.value, block.running, block.ahead
        rows = Points(block.row, value["time"], value["current"], value["voltage"], charge)
        continues = not bool(block.breaks[0])
        if not continues and self._open is not None:
            self._thinning.close(rows.keep(slice(0, 1)))
        self._thinning.take(rows.keep(slice(ahead, None)), begins, continues=continues)

    def _take_runs(self, block: _Block, begins: Integers) -> None:
        """Cut the block at its breaks; the first piece continues the open run where it does not begin at a break."""
        first = begins + block.ahead
        last = np.append(first[1:], block.row.size) - 1
        pieces = self._pieces(block, begins, first, last)
        if self._open is not None:
            pieces = concatenate([self._open, pieces])
            joins = np.zeros(len(pieces), dtype=np.bool_)
            joins[1] = not bool(block.breaks[0])
            pieces = merge(pieces, joins)
        if len(pieces) > 1:
            self._closed.append(take(pieces, slice(0, -1)))
            self._closed_count += len(pieces) - 1
        self._open = take(pieces, slice(-1, None))

    def _pieces(self, block: _Block, begins: Integers, first: Integers, last: Integers) -> Runs:
        value, count = block.value, first.size
        columns: dict[str, NDArray[np.generic]] = {"row_start": block.row[first], "row_end": block.row[last]}
        for name in ("time", "current", "voltage"):
            columns[f"{name}_start"], columns[f"{name}_end"] = value[name][first], value[name][last]
        self._totals(block, begins, columns)
        for name in ("current", "voltage"):
            rows = value[name][block.ahead :]
            columns[f"{name}_min"] = np.minimum.reduceat(rows, begins)
            columns[f"{name}_max"] = np.maximum.reduceat(rows, begins)
        columns["cycle"] = block.cycle[first] if block.cycle.size > 1 or "cycle" in self.columns else np.full(count, -1)
        columns["step"] = block.step[first] if block.step.size > 1 or "step" in self.columns else np.full(count, -1)
        columns["word"] = self._word_codes(block, first)
        for name, flags in (
            ("marked", block.marked), ("late", block.late), ("reset", block.reset), ("back", block.back),
        ):  # fmt: skip
            columns[name] = flags[begins]
        for name in COUNTERS:
            known = name in value
            columns[f"{name}_start"] = value[name][first] if known else np.full(count, np.nan)
            columns[f"{name}_end"] = value[name][last] if known else np.full(count, np.nan)
        columns |= self._ticks(block, first, last)
        return Runs(**columns)  # type: ignore[arg-type]

    def _word_codes(self, block: _Block, first: Integers) -> Integers:
        if "word" not in self.columns:
            return np.full(first.size, -1, dtype=np.int64)
        texts = block.word.gather(first).cast(pl.String).to_list()
        return np.array([self.words.setdefault(text, len(self.words)) for text in texts], dtype=np.int64)

    def _ticks(self, block: _Block, first: Integers, last: Integers) -> dict[str, NDArray[np.generic]]:
        """Where the counters stepped inside the runs: a coarse counter is exact only in the rows where it steps."""
        columns: dict[str, NDArray[np.generic]] = {}
        shared = block.value.get("up") is not None and block.value.get("up") is block.value.get("down")
        for side in ("up", "down"):
            if side == "down" and shared:
                columns |= {name.replace("up_", "down_", 1): column for name, column in columns.items()}
                continue
            columns |= self._ticks_of(side, block, first, last)
        return columns

    def _ticks_of(self, side: str, block: _Block, first: Integers, last: Integers) -> dict[str, NDArray[np.generic]]:
        count = np.zeros(first.size, dtype=np.int64)
        early = late = np.zeros(first.size, dtype=np.int64)
        if side in block.value:
            counter = block.value[side]
            stepped = np.concatenate([[False], counter[1:] != counter[:-1]])
            # A step at the first row of a run belongs to the border, not to the run.
            stepped[block.ahead :][block.breaks] = False
            where = np.flatnonzero(stepped)
            begin = np.searchsorted(where, first, side="left")
            stop = np.searchsorted(where, last, side="right")
            count = stop - begin
            if where.size:
                early = where[np.minimum(begin, where.size - 1)]
                late = where[np.maximum(stop - 1, 0)]
        seen = count > 0
        columns: dict[str, NDArray[np.generic]] = {f"{side}_ticks": count}
        sources = (
            ("time", block.value["time"]),
            ("charge", block.running),
            ("value", block.value.get(side)),
        )
        for quantity, values in sources:
            for end, spot in (("start", early), ("end", late)):
                column = np.full(first.size, np.nan)
                if values is not None:
                    column[seen] = values[spot[seen]]
                columns[f"{side}_tick_{quantity}_{end}"] = column
        return columns

    def _compact(self) -> None:
        """Merge neighbouring runs that are rest for sure, and drop their points.

        The scale only grows, so that what is rest now is rest at the end: the answer does not depend on when this runs.
        """
        runs = concatenate(self._closed)
        still = runs.largest_current <= REST_SHARE * sustained_current(runs)
        plain = same_marker(runs) & ~runs.late & ~runs.reset & ~runs.back
        joins = plain & still & np.concatenate([[False], still[:-1]])
        runs = merge(runs, joins)
        self._closed, self._closed_count = [runs], 0
        self._thinning.drop(runs, runs.largest_current <= REST_SHARE * sustained_current(runs))


def sustained_current(runs: Runs) -> float:
    """Largest mean current of any run of three rows or more (A): the scale against which rest is judged."""
    long = (runs.rows >= 3) & (runs.duration > 0)
    if not bool(long.any()):
        return 0.0
    return float(np.max(np.abs(runs.charge[long]) / runs.duration[long]))


def _whole(series: pl.Series) -> bool:
    total = series.sum()
    return series.null_count() == 0 and total is not None and bool(np.isfinite(total))


def _changes(words: pl.Series) -> Flags:
    before, after = words.slice(0, words.len() - 1), words.slice(1)
    if words.null_count():
        return after.ne_missing(before).to_numpy()
    return (after != before).to_numpy()


def _numbers(series: pl.Series) -> Floats:
    if series.dtype != pl.Float64:
        series = series.cast(pl.Float64)
    if series.null_count():
        series = series.fill_null(strategy="forward").fill_null(0.0)
    return series.to_numpy()
