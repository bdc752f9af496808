"""How does a file with many frames become measurements of one frame each, so that each can have a state of its own?"""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from interlith.model import Measurement, Series, State, Table
from interlith.units import QUANTITIES

#: Column with the number of the frame, and with when it was taken (s) on the clock of the file.
FRAME, TAKEN = "frame", "test_time"
#: State that says when a measurement started.
START = "time"


def apart(series: Series) -> Series:
    """A series in which every frame of a stack is a measurement of its own.

    Parameters
    ----------
    series
        Measurements, of which tables with a column ``frame`` may hold many.

    Returns
    -------
    Series
        Files of one frame as they were. A frame keeps its number; where the file says when it was taken that is its state ``time`` (s).
        Parts of a specimen are numbered anew, in their order.
    """
    if not any(_stacked(item) for item in series):
        return series
    found: list[Measurement] = []
    parts: dict[str, int] = {}
    ordered = sorted(series, key=lambda item: item.part)
    for item in ordered if series.axis is None else series:
        for one in _frames(item) if _stacked(item) else [item]:
            number = parts.get(item.sample.name, 0)
            parts[item.sample.name] = number + 1
            found.append(replace(one, part=number))
    return Series(tuple(found), series.axis)


def _stacked(item: Measurement) -> bool:
    return isinstance(item.payload, Table) and FRAME in item.payload.columns


def _frames(item: Measurement) -> list[Measurement]:
    assert isinstance(item.payload, Table)
    # Read once: a file that is opened for each of thousands of frames costs more than all of them take in memory.
    table = item.payload.frame.collect()
    columns = tuple(name for name in item.payload.columns if name != TAKEN)
    found = []
    for number, part in enumerate(table.partition_by(FRAME, maintain_order=True)):
        state = dict(item.state)
        if TAKEN in part.columns:
            times = part.get_column(TAKEN).drop_nulls()
            if times.len():
                low, high = float(times.min()), float(times.max())  # type: ignore[arg-type]
                state.setdefault(START, State(START, low, low, high, QUANTITIES[TAKEN].unit))
        found.append(
            replace(
                item, payload=Table(part.select(pl.col(list(columns))).lazy(), columns), state=state,
                flags=item.flags if number == 0 else (),
            )
        )  # fmt: skip
    return found
