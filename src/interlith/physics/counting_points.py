"""Which rows of a long file stay as points of its curves, the same rows however the file is cut into blocks?

Inside a run every row stays whose number from the start of the run is a multiple of a power of two, chosen so that a run
keeps at most `POINTS_A_RUN` points and the file at most `POINTS_IN_ALL`; first and last row always stay.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from interlith.physics.counting_runs import Flags, Floats, Integers, Runs

#: Curve points kept of one run, and of the whole file.
POINTS_A_RUN = 700
POINTS_IN_ALL = 1_000_000


@dataclass(slots=True)
class Points:
    """Curve points: row number from 0, time (s), current (A), voltage (V) and running charge of the file (A s)."""

    row: Integers
    time: Floats
    current: Floats
    voltage: Floats
    charge: Floats

    def keep(self, which: Flags | Integers | slice) -> Points:
        """Some of the points."""
        return Points(self.row[which], self.time[which], self.current[which], self.voltage[which], self.charge[which])


def join(parts: list[Points]) -> Points:
    """Points one after the other."""
    if len(parts) == 1:
        return parts[0]
    if not parts:
        nothing = np.empty(0)
        return Points(np.empty(0, dtype=np.int64), nothing, nothing, nothing, nothing)
    return Points(
        np.concatenate([part.row for part in parts]),
        np.concatenate([part.time for part in parts]),
        np.concatenate([part.current for part in parts]),
        np.concatenate([part.voltage for part in parts]),
        np.concatenate([part.charge for part in parts]),
    )


def stride_of(rows: Integers) -> Integers:
    """Power of two that thins runs of so many rows to at most `POINTS_A_RUN` points."""
    return 2 ** np.ceil(np.log2(np.maximum(rows / POINTS_A_RUN, 1.0))).astype(np.int64)


@dataclass(slots=True)
class Thinning:
    """Points of the closed runs, and of the run that is still open at the end of a block."""

    held: int = 0
    _closed: list[Points] = field(default_factory=list)
    _open: list[Points] = field(default_factory=list)
    _open_begin: int = 0
    _open_stride: int = 1
    _stride: int = 1

    def take(self, rows: Points, begins: Integers, *, continues: bool) -> None:
        """Choose among the rows of a block.

        Parameters
        ----------
        rows
            All rows of the block, as views.
        begins
            Where the runs begin inside the block; the first entry is 0.
        continues
            Whether the first run is the open one. Otherwise `close` must have been called before.
        """
        count = rows.row.size
        ends = np.append(begins[1:], count)
        done = int(rows.row[0]) - self._open_begin if continues else 0
        lengths = ends - begins
        lengths[0] += done
        strides = np.maximum(stride_of(lengths), self._stride)
        mask = rows.current != 0.0
        for number in np.flatnonzero(strides > 1):
            begin, end, stride = int(begins[number]), int(ends[number]), int(strides[number])
            offset = -done % stride if number == 0 else 0
            kept = mask[begin + offset : end : stride].copy()
            tail = bool(mask[end - 1])
            mask[begin:end] = False
            mask[begin + offset : end : stride] = kept
            mask[end - 1] |= tail and end < count
        found = np.flatnonzero(mask)
        if begins.size > 1:
            self._refilter(int(strides[0]))
            head, tail_begin = np.searchsorted(found, [ends[0], begins[-1]])
            self._open.append(rows.keep(found[:head]))
            self.close(None)
            self._add(rows.keep(found[head:tail_begin]))
            found = found[tail_begin:]
        if begins.size > 1 or not continues:
            self._open_begin = int(rows.row[begins[-1]])
        self._open.append(rows.keep(found))
        self._refilter(int(strides[-1]))

    def close(self, last: Points | None) -> None:
        """End the open run; `last` is its last row where it may not have been kept."""
        points = join(self._open)
        fresh = last is not None and (points.row.size == 0 or int(points.row[-1]) != int(last.row[0]))
        if last is not None and fresh and float(last.current[0]) != 0.0:
            points = join([points, last])
        self._add(points)
        self._open, self._open_stride = [], 1

    def drop(self, runs: Runs, which: Flags) -> None:
        """Forget the points of some closed runs."""
        points = join(self._closed)
        spot = np.searchsorted(runs.row_start, points.row, side="right") - 1
        points = points.keep(~which[np.maximum(spot, 0)])
        self._closed, self.held = [points], points.row.size

    def thin(self, runs: Runs) -> Points:
        """Double the stride of every run until the file keeps at most `POINTS_IN_ALL` points; return what is left."""
        points = join(self._closed)
        while points.row.size > POINTS_IN_ALL:
            self._stride *= 2
            points = self._thinned(runs, points)
        self._closed, self.held = [points], points.row.size
        return points

    def _add(self, points: Points) -> None:
        self._closed.append(points)
        self.held += points.row.size

    def _refilter(self, stride: int) -> None:
        if stride > self._open_stride:
            points = join(self._open)
            self._open = [points.keep((points.row - self._open_begin) % stride == 0)]
        self._open_stride = stride

    def _thinned(self, runs: Runs, points: Points) -> Points:
        if points.row.size == 0:
            return points
        spot = np.maximum(np.searchsorted(runs.row_start, points.row, side="right") - 1, 0)
        inside = points.row - runs.row_start[spot]
        stride = np.maximum(stride_of(runs.rows), self._stride)[spot]
        return points.keep((inside % stride == 0) | (points.row == runs.row_end[spot]))
