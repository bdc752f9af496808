"""In which state was the specimen while a measurement was taken, if another instrument kept the log of that state?

The measurement's start and exposure become a window on the log's clock; the state is the mean of the log over it, and its
bounds are the extremes over the window widened by what is not known about the clocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from interlith.errors import StudyError, UnitError, nearest
from interlith.model import Choice, Flag, Measurement, Series, State
from interlith.numerics.clocks.clocks import Clock, quantile
from interlith.numerics.clocks.events import Events
from interlith.units import QUANTITIES, convert
from interlith.workbench.joining.exposures import Exposures, exposures
from interlith.workbench.joining.logs import USUAL, Log, Seen, course, over, read_log
from interlith.workbench.joining.passed import PASSED_UNITS
from interlith.workbench.joining.pattern_clock import PATTERNS, related_by_patterns
from interlith.workbench.joining.relating import Kept, Marker, Related, Words, choice_of, observed, relation
from interlith.workbench.joining.stacks import apart
from interlith.workbench.reading import as_series

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Joined:
    """A series whose measurements know their state, and how that came about.

    Parameters
    ----------
    series
        The measurements in their order, with the joined states; flags that concern one stand with it.
    clock
        Relation of the clocks.
    choices
        The correspondence of events with its runner-up; empty where the relation was declared.
    flags
        Everything noticed, `where` naming the file.
    """

    series: Series
    clock: Clock
    choices: tuple[Choice, ...] = ()
    flags: tuple[Flag, ...] = ()


def join_state(
    series: Series | Kept,
    log: Kept,
    *,
    quantities: Sequence[str] | None = None,
    offset: str | float = "auto",
    drift: str | float = "auto",
    exposure: str | float | None = None,
    every: str | float | None = None,
    time: str | Sequence[float] | None = None,
    events: Events | Kept | None = None,
    near: str | float | None = None,
    tolerance: str | float | None = None,
    marker: Marker = None,
    level: float = 0.95,
) -> Joined:
    """Give every measurement of a series the state that another log shows for its exposure.

    Parameters
    ----------
    series
        Measurements that say when they started (`time`). Of a stack of frames each frame becomes a measurement with its own state.
    log
        Measurement or path of a file with the state over its own device time.
    quantities
        States wanted; voltage, current and temperature by default. ``charge`` and ``specific_charge`` count from the log's start.
    offset
        Log clock minus the series' clock at the start of the first measurement: ``auto`` (from events that both logs
        show), ``"10 min"`` (known to half of the last digit) or ``"10 +- 0.2 min"``.
    drift
        What the log clock gains: ``auto``, 0, ``"50 ppm"`` or ``"50 +- 5 ppm"``.
    exposure
        Duration of each measurement, ``"19 min"``; the state ``exposure`` of each by default, or `every`.
    every
        ``"1140 s"``: each starts so long after the one before, the first at 0, in the order of the numbers in the file names.
    time
        State or header entry with the start of each exposure, or the starts (s); by default the state ``time``, else the
        header entry ``start``.
    events
        A log kept by the clock of the series in which the same events show as in `log`, or the events; ``patterns`` where the
        measurements are diffraction patterns that bend when the cell is switched.
    near, tolerance, marker
        As in `relate_clocks`.
    level
        Level of the interval of the clocks and of the noise of a sample.

    Raises
    ------
    StudyError
        If no measurement has a start, the log lacks a quantity, or nothing says how the clocks relate.
    FitError
        If the events do not settle the relation.
    ReadError
        If the log cannot be read.

    Notes
    -----
    Every measurement with a known start also gets the state ``test_time``: the middle of its exposure on the log's clock, with
    its ends as bounds. A measurement whose widened window leaves the log or meets a gap in it gets no state, and a flag. Where a measurement
    declares the state already, the declared one stays; a contradiction is flagged. The bounds are meant to hold the state
    at every moment of the exposure. Fails first: an event that one of the instruments shows late shifts every state.
    """
    return joined_states(
        apart(as_series(series)), log, quantities=quantities, offset=offset, drift=drift, exposure=exposure, every=every, time=time,
        events=events, near=near, tolerance=tolerance, marker=marker, level=level,
    )  # fmt: skip


def joined_states(
    items: Series,
    log: Kept,
    *,
    quantities: Sequence[str] | None,
    offset: str | float,
    drift: str | float,
    exposure: str | float | None,
    every: str | float | None,
    time: str | Sequence[float] | None,
    events: Events | Kept | None,
    near: str | float | None,
    tolerance: str | float | None,
    marker: Marker,
    level: float = 0.95,
) -> Joined:
    """`join_state` for measurements as they are: one with many frames gets one state."""
    taken = exposures(items, time, exposure, every)
    words = Words(offset, drift, near, tolerance, marker)
    runnings = read_log(log, quantities)
    chosen = _quantities(runnings[0], quantities)
    related, choices = _related(items, taken, runnings, words, chosen, events)
    states, flags = _states(items, taken, related, chosen, level)
    noticed = (*taken.flags, *flags)
    everything = (*related.flags, *_reach(related.clock, taken, related.log), *noticed)
    return Joined(_with_states(items, states, noticed), related.clock, choices, everything)


def _related(
    items: Series,
    taken: Exposures,
    runnings: tuple[Log, ...],
    words: Words,
    chosen: tuple[str, ...],
    events: Events | Kept | None,
) -> tuple[Related, tuple[Choice, ...]]:
    """How the clocks relate, and the choice of it where it was not declared."""
    if events == PATTERNS and not words.declared:
        return related_by_patterns(items, taken, runnings, words, chosen)
    own = None if events is None or events == PATTERNS else observed(events, words.columns()[0])
    related = relation(own, runnings, words, at=float(np.nanmin(taken.start)))
    return related, choice_of(related.clock, related.log, chosen)


def _with_states(items: Series, states: Sequence[dict[str, State]], noticed: Sequence[Flag]) -> Series:
    """The measurements with their new states and the flags that concern them."""
    flags: dict[str, list[Flag]] = {}
    for flag in noticed:
        flags.setdefault(flag.where, []).append(flag)
    done = [
        replace(item, state={**item.state, **added}, flags=(*item.flags, *flags.get(item.source.path, ())))
        for item, added in zip(items, states, strict=True)
    ]
    return Series(tuple(done), items.axis)


def _quantities(log: Log, wanted: Sequence[str] | None) -> tuple[str, ...]:
    chosen = tuple(wanted) if wanted else tuple(name for name in USUAL if name in log.values)
    if not chosen:
        raise StudyError(f"{log.name} holds none of {', '.join(USUAL)}; name the quantity, {nearest('', log.values)}.")
    return chosen


def _states(
    items: Series, taken: Exposures, related: Related, chosen: tuple[str, ...], level: float
) -> tuple[list[dict[str, State]], list[Flag]]:
    """The states of every measurement by name, and what was noticed."""
    known = np.flatnonzero(np.isfinite(taken.start))
    stop = taken.start + taken.duration
    to_log = related.clock.to_log
    start_there, stop_there = to_log(taken.start[known]).time, to_log(stop[known]).time
    low = to_log(taken.low[known], level=level).low
    high = to_log(taken.high[known] + taken.duration[known], level=level).high
    states: list[dict[str, State]] = [{} for _ in items]
    for place, number in enumerate(known):
        middle, *ends = ((start_there[place] + stop_there[place]) / 2, low[place], high[place])
        states[int(number)]["test_time"] = _shown("test_time", float(middle), float(ends[0]), float(ends[1]))
    flags: list[Flag] = []
    for quantity in chosen:
        shown = course(related.log, quantity)
        seen = over(shown, start_there, stop_there, low, high, width=quantile(level, np.inf))
        if not shown.accurate:
            flags.append(
                Flag("accuracy_unknown", f"The accuracy of the {quantity} in the log is not declared; the bounds of the "
                     "state hold noise and clocks only.", related.log.name, "note")
            )  # fmt: skip
        for place, number in enumerate(known):
            item = items[int(number)]
            state = _state(quantity, seen, place)
            if state is None:
                flags.append(_absent(item, quantity, seen, place, related.log))
            elif quantity in item.state:
                flags += _contradiction(item, item.state[quantity], state)
            else:
                states[int(number)][quantity] = state
    return states, flags


def _state(quantity: str, seen: Seen, place: int) -> State | None:
    mean, low, high = (float(column[place]) for column in (seen.mean, seen.low, seen.high))
    if not np.isfinite(mean):
        return None
    return _shown(quantity, mean, low, high)


def _shown(quantity: str, mean: float, low: float, high: float) -> State:
    kind = QUANTITIES.get(quantity)
    inside, shown = (kind.unit, kind.shown) if kind is not None else PASSED_UNITS.get(quantity, ("", ""))
    mean, low, high = (convert(number, inside, shown) for number in (mean, low, high))
    return State(quantity, mean, low, high, shown)


def _absent(item: Measurement, quantity: str, seen: Seen, place: int, log: Log) -> Flag:
    if seen.gap[place]:
        return Flag(
            "join_gap", f"{log.name} has a gap within the exposure; no {quantity} was joined.", item.source.path
        )
    return Flag(
        "join_outside_log",
        f"The exposure, widened by what is not known about the clocks, is not covered by {log.name} "
        f"({log.span[0]:.6g} to {log.span[1]:.6g} s of its clock); no {quantity} was joined.",
        item.source.path,
    )


def _contradiction(item: Measurement, said: State, found: State) -> list[Flag]:
    """The declared state stays; what the log shows instead is told."""
    try:
        low, high = (convert(number, found.unit, said.unit) for number in (found.low, found.high))
    except UnitError:
        low, high = found.low, found.high
    if low <= said.high and said.low <= high:
        return []
    return [
        Flag(
            "join_contradicts",
            f"{said.name} is declared as {said.value:g} {said.unit}, but the log shows {low:g} to {high:g} {said.unit}; the "
            "declared one stays.",
            item.source.path,
        )
    ]


def _reach(clock: Clock, taken: Exposures, log: Log) -> tuple[Flag, ...]:
    """Whether measurements lie far outside the events that relate the clocks."""
    if clock.times.size < 2:
        return ()
    first, last = float(clock.times.min()), float(clock.times.max())
    beyond = max(first - float(np.nanmin(taken.start)), float(np.nanmax(taken.start)) - last)
    if beyond <= last - first:
        return ()
    return (
        Flag(
            "clock_far_from_events",
            f"Measurements lie up to {beyond:.4g} s outside the {last - first:.4g} s in which events relate the clocks; the "
            "drift is taken to be the same there.",
            log.name,
        ),
    )
