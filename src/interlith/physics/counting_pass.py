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

from interlith.physics.counting_block import COUNTERS, Block, Blocks, Clock
from interlith.physics.counting_points import POINTS_IN_ALL, Points, Thinning
from interlith.physics.counting_rest import surely_rest
from interlith.physics.counting_runs import Floats, Integers, Runs, concatenate, merge, same_marker, take

#: Runs held before noise around zero is merged.
RUNS_BEFORE_COMPACTION = 50_000

_TOTALS = ("charge", "energy", "charge_square", "energy_square")


@dataclass(slots=True)
class Pass:
    """State carried over the borders of blocks.

    Parameters
    ----------
    columns
        Which of our names are there: ``{"time": "test_time", "up": "charge_counter", ...}``.
    """

    columns: Mapping[str, str]
    words: dict[str | None, int] = field(default_factory=dict)
    _blocks: Blocks = field(init=False)
    _last: Points | None = None
    _total: dict[str, float] = field(default_factory=lambda: dict.fromkeys(_TOTALS, 0.0))
    _closed: list[Runs] = field(default_factory=list)
    _closed_count: int = 0
    _open: Runs | None = None
    _thinning: Thinning = field(default_factory=Thinning)

    def __post_init__(self) -> None:
        self._blocks = Blocks(self.columns)

    @property
    def clock(self) -> Clock:
        """What was odd about rows and clock."""
        return self._blocks.clock

    def feed(self, frame: pl.DataFrame) -> None:
        """Take in the next rows, in file order."""
        block = self._blocks.next(frame)
        if block is None:
            return
        begins = block.begins
        running = self._running(block.part["charge"])
        self._take_points(block, running, begins)
        self._take_runs(block, running, begins)
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
        self._thinning.close(self._last)
        runs = self._runs()
        return runs, self._thinning.thin(runs)

    def _runs(self) -> Runs:
        return concatenate([*self._closed, *([self._open] if self._open is not None else [])])

    def _running(self, part: Floats) -> Floats:
        """Running charge at every row of the block, the row in front included."""
        running = np.empty(part.size + 1)
        running[0] = self._total["charge"]
        np.cumsum(part, out=running[1:])
        running[1:] += self._total["charge"]
        return running

    def _totals(self, block: Block, begins: Integers, pieces: dict[str, NDArray[np.generic]]) -> None:
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

    def _take_points(self, block: Block, running: Floats, begins: Integers) -> None:
        value, ahead = block.value, block.ahead
        rows = Points(block.row, value["time"], value["current"], value["voltage"], running)
        continues = not bool(block.breaks[0])
        if not continues and self._open is not None:
            self._thinning.close(rows.keep(slice(0, 1)))
        self._thinning.take(rows.keep(slice(ahead, None)), begins, continues=continues)
        self._last = rows.keep(np.array([block.row.size - 1]))

    def _take_runs(self, block: Block, running: Floats, begins: Integers) -> None:
        """Cut the block at its breaks; the first piece continues the open run where it does not begin at a break."""
        first = begins + block.ahead
        last = np.append(first[1:], block.row.size) - 1
        pieces = self._pieces(block, running, begins, first, last)
        if self._open is not None:
            pieces = concatenate([self._open, pieces])
            joins = np.zeros(len(pieces), dtype=np.bool_)
            joins[1] = not bool(block.breaks[0])
            pieces = merge(pieces, joins)
        if len(pieces) > 1:
            self._closed.append(take(pieces, slice(0, -1)))
            self._closed_count += len(pieces) - 1
        self._open = take(pieces, slice(-1, None))

    def _pieces(self, block: Block, running: Floats, begins: Integers, first: Integers, last: Integers) -> Runs:
        value, count = block.value, first.size
        columns: dict[str, NDArray[np.generic]] = {"row_start": block.row[first], "row_end": block.row[last]}
        for name in ("time", "current", "voltage"):
            columns[f"{name}_start"], columns[f"{name}_end"] = value[name][first], value[name][last]
        self._totals(block, begins, columns)
        for name in ("current", "voltage"):
            rows = value[name][block.ahead :]
            columns[f"{name}_min"] = np.minimum.reduceat(rows, begins)
            columns[f"{name}_max"] = np.maximum.reduceat(rows, begins)
        columns["cycle"] = block.cycle[first]
        columns["step"] = block.step[first]
        columns["word"] = self._word_codes(block, first)
        for name, flags in (
            ("marked", block.marked), ("late", block.late), ("reset", block.reset), ("back", block.back),
        ):  # fmt: skip
            columns[name] = flags[begins]
        for name in COUNTERS:
            known = name in value
            columns[f"{name}_start"] = value[name][first] if known else np.full(count, np.nan)
            columns[f"{name}_end"] = value[name][last] if known else np.full(count, np.nan)
        columns |= self._ticks(block, running, first, last)
        return Runs(**columns)  # type: ignore[arg-type]

    def _word_codes(self, block: Block, first: Integers) -> Integers:
        if block.word is None:
            return np.full(first.size, -1, dtype=np.int64)
        texts = block.word.gather(first - block.ahead).cast(pl.String).to_list()
        return np.array([self.words.setdefault(text, len(self.words)) for text in texts], dtype=np.int64)

    def _ticks(self, block: Block, running: Floats, first: Integers, last: Integers) -> dict[str, NDArray[np.generic]]:
        """Where the counters stepped inside the runs: a coarse counter is exact only in the rows where it steps."""
        columns: dict[str, NDArray[np.generic]] = {}
        shared = block.value.get("up") is not None and block.value.get("up") is block.value.get("down")
        for side in ("up", "down"):
            if side == "down" and shared:
                columns |= {name.replace("up_", "down_", 1): column for name, column in columns.items()}
                continue
            columns |= self._ticks_of(side, block, running, first, last)
        return columns

    def _ticks_of(
        self, side: str, block: Block, running: Floats, first: Integers, last: Integers
    ) -> dict[str, NDArray[np.generic]]:
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
            ("charge", running),
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
        still = surely_rest(runs, self.words)
        plain = same_marker(runs) & ~runs.late & ~runs.reset & ~runs.back
        joins = plain & still & np.concatenate([[False], still[:-1]])
        runs = merge(runs, joins)
        self._closed, self._closed_count = [runs], 0
        self._thinning.drop(runs, surely_rest(runs, self.words))
