"""How does the clock of some measurements relate to that of a log: declared, or by the events that both show?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from interlith.errors import FitError, StudyError
from interlith.model import Choice, Flag, Measurement
from interlith.numerics.clocks import clocks
from interlith.numerics.clocks.clocks import Clock
from interlith.numerics.clocks.events import UNIFORM, Events
from interlith.workbench.joining.exposures import Told, told
from interlith.workbench.joining.logs import Log, marked, read_log

#: Word for `near`: the log's own wall clock says roughly where its device time lies.
WALL_CLOCK = "wall clock"
#: How far a wall clock is trusted (s): less than the hour by which daylight saving moves it.
_WALL_TOLERANCE = 900.0

Marker = str | Sequence[str] | None
Kept = Measurement | str | Path


@dataclass(frozen=True, slots=True)
class Related:
    """The relation, the running of the log that it holds for, and what the user must hear about it."""

    clock: Clock
    log: Log
    flags: tuple[Flag, ...] = ()


@dataclass(frozen=True, slots=True)
class Observed:
    """Events and the time that their log covers (s)."""

    events: Events
    span: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Words:
    """What a person says about the relation, as `interlith.join_state` takes it."""

    offset: str | float = "auto"
    drift: str | float = "auto"
    near: str | float | None = None
    tolerance: str | float | None = None
    marker: Marker = None

    @property
    def declared(self) -> bool:
        """Whether nothing is left to be found."""
        return self.offset != "auto" and self.drift != "auto"

    def columns(self) -> tuple[str | None, str | None]:
        """Column of the events in the own log and in the other one.

        Raises
        ------
        StudyError
            If more than two are named.
        """
        if self.marker is None or isinstance(self.marker, str):
            return self.marker, self.marker
        if len(self.marker) != 2:
            raise StudyError(f"marker names {len(self.marker)} columns; write one for both logs or [own, log].")
        return self.marker[0], self.marker[1]


def relate_clocks(
    own: Events | Kept,
    log: Events | Kept,
    *,
    offset: str | float = "auto",
    drift: str | float = "auto",
    near: str | float | None = None,
    tolerance: str | float | None = None,
    marker: Marker = None,
) -> Clock:
    """Relate the clocks of two logs of one experiment.

    Parameters
    ----------
    own
        A log kept by the own clock (measurement or path), or its events.
    log
        The other one likewise.
    offset
        Log clock minus own clock at the start of `own`: ``auto``, or declared as ``"10 min"`` or ``"10 +- 0.2 min"``.
    drift
        What the log clock gains: ``auto``, 0, ``"50 ppm"`` or ``"50 +- 5 ppm"``.
    near
        Roughly where the offset lies, ``"10 min"``, where equal cycles leave it open; ``"wall clock"`` takes it from the
        log's own wall clock.
    tolerance
        How far from `near`; by default three times its uncertainty, else one unit of its last printed digit.
    marker
        Column in which the events show, one for both or ``(own, log)``; the current by default, else the temperature.

    Raises
    ------
    FitError
        If the events do not settle the relation: the message names the runner-up.
    StudyError
        If a log holds no such column, or a declared number cannot be read.
    """
    words = Words(offset, drift, near, tolerance, marker)
    mine = observed(own, words.columns()[0])
    if isinstance(log, Events):
        return _by_events(mine, observed(log, None), words, None, mine.span[0])
    return relation(mine, read_log(log, None), words, at=mine.span[0]).clock


def observed(log: Events | Kept, marker: str | None) -> Observed:
    """The events of a log whose clock never restarts.

    Raises
    ------
    StudyError
        If it restarts, or has no such column.
    """
    if isinstance(log, Events):
        if not len(log):
            raise FitError("There are no events, so the clocks cannot be related; declare offset and drift.")
        return Observed(log, (float(log.low[0]), float(log.high[-1])))
    runnings = read_log(log, None)
    if len(runnings) > 1:
        raise StudyError(
            f"{runnings[0].name}: its clock restarts {len(runnings) - 1} times; give the part that the measurements belong to."
        )
    return Observed(marked(runnings[0], marker), runnings[0].span)


def relation(own: Observed | None, runnings: tuple[Log, ...], words: Words, *, at: float) -> Related:
    """The relation to a log; where its clock restarts, to the one running whose events fit.

    Parameters
    ----------
    own
        Events on the own clock, `None` where none are known.
    runnings
        Of the log.
    words
        What is declared.
    at
        Own time (s) at which a declared or rough offset holds.

    Raises
    ------
    StudyError
        If nothing says how the clocks relate, or which running is meant.
    FitError
        If the events do not settle it.
    """
    name = runnings[0].name
    if words.declared:
        if len(runnings) > 1:
            raise StudyError(
                f"{name}: its clock restarts {len(runnings) - 1} times, so a declared offset does not say which running is "
                "meant; split the file."
            )
        shift, gain = told(words.offset, "s", what="offset"), told(words.drift, "1", what="drift")
        return Related(
            clocks.declared(shift.value, gain.value, offset_std=shift.std, drift_std=gain.std, at=at), runnings[0]
        )
    if own is None:
        raise StudyError(
            f"Nothing says how the clock of the measurements relates to that of {name}: name a log kept by their own clock "
            "in which the same events show (events), or declare both offset and drift."
        )
    found: list[tuple[Clock, Log]] = []
    reasons: list[str] = []
    for log in runnings:
        try:
            other = Observed(marked(log, words.columns()[1]), log.span)
            found.append((_by_events(own, other, words, log, at), log))
        except FitError as error:
            reasons.append(str(error) if len(runnings) == 1 else f"Running {log.part}: {error}")
    if len(found) > 1:
        raise FitError(
            f"{name}: {len(found)} runnings of its clock fit the events; split the file and name the one meant."
        )
    if not found:
        raise FitError(f"{name}: " + " ".join(reasons))
    clock, log = found[0]
    return Related(clock, log, (*log.flags, *_notes(clock, log, words)))


def _by_events(own: Observed, other: Observed, words: Words, log: Log | None, at: float) -> Clock:
    near, tolerance = rough_offset(words, log)
    shift = None if words.offset == "auto" else told(words.offset, "s", what="offset")
    gain = None if words.drift == "auto" else told(words.drift, "1", what="drift")
    if not len(other.events) or not len(own.events):
        side = "other" if len(own.events) else "own"
        raise FitError(f"The {side} log shows no event, so its clock cannot be related; declare offset and drift.")
    return clocks.relate(
        own.events.time,
        other.events.time,
        first_std=own.events.std,
        second_std=other.events.std,
        first_span=own.span,
        second_span=other.span,
        near=near,
        tolerance=tolerance,
        at=at,
        offset=None if shift is None else (shift.value, shift.std),
        drift=None if gain is None else (gain.value, gain.std),
    )


def rough_offset(words: Words, log: Log | None) -> tuple[float | None, float]:
    """Where the offset lies roughly (s), `None` where nobody says, and how far from there it may lie (s).

    Raises
    ------
    StudyError
        If a wall clock is asked for and there is none.
    """
    if words.near is None:
        return None, math.inf
    if words.near == WALL_CLOCK:
        if log is None or log.wall is None:
            where = "" if log is None else f" {log.name} holds none."
            raise StudyError(f"near is 'wall clock', but there is no wall clock to take it from.{where}")
        near = Told(float(np.nanmedian(log.time - log.wall)), _WALL_TOLERANCE / 3, 0.0)
    else:
        near = told(words.near, "s", what="near")
    stated = words.near != WALL_CLOCK and near.std == near.digit * UNIFORM
    tolerance = near.digit if stated else 3 * near.std
    if words.tolerance is not None:
        tolerance = told(words.tolerance, "s", what="tolerance").value
    return near.value, tolerance


def _notes(clock: Clock, log: Log, words: Words) -> tuple[Flag, ...]:
    """What the user must hear about a fitted relation."""
    notes = []
    if words.near == WALL_CLOCK:
        notes.append(
            Flag(
                "near_from_wall_clock",
                "The rough offset comes from a wall clock, which may have been set anew.",
                log.name,
            )
        )
    if log.parts > 1:
        notes.append(
            Flag("log_restarts", f"The clock of the log restarts; of its {log.parts} runnings only number {log.part} fits "
                 "the events.", log.name)
        )  # fmt: skip
    match = clock.match
    if match is not None and match.unmatched:
        notes.append(
            Flag("events_alone", f"{match.unmatched} events have no partner in the other log; {len(match.pairs)} pairs "
                 "remain.", log.name, "note")
        )  # fmt: skip
    if clock.common:
        notes.append(
            Flag("clock_errors_alike", "The events err alike (sampled in step with them, or a clock that wanders), so more "
                 "of them do not make the relation surer.", log.name, "note")
        )  # fmt: skip
    return tuple(notes)


def choice_of(clock: Clock, log: Log, quantities: Sequence[str]) -> tuple[Choice, ...]:
    """The correspondence as an automatic choice with its runner-up; none where nothing was fitted.

    Parameters
    ----------
    clock
        The relation.
    log
        The log.
    quantities
        States that rest on it.
    """
    match = clock.match
    if match is None:
        return ()
    half = clock.quantile()
    value = (
        f"offset {clock.offset:.6g} +- {half * clock.offset_std:.2g} s, drift {clock.drift * 1e6:.4g} +- "
        f"{half * clock.drift_std * 1e6:.2g} ppm, {len(match.pairs)} pairs"
    )
    rival, margin = "no other correspondence", 1.0 - min(match.chance, 1.0)
    if math.isfinite(match.lead):
        rival = (
            f"offset {match.rival:.6g} s, {match.rival_pairs} pairs, {match.rival_unmatched} events without a partner"
        )
        margin = -math.expm1(-match.lead)
    reason = (
        f"{len(match.pairs)} events of both logs fall together within {clock.residual_std:.2g} s (one standard deviation), "
        f"{match.unmatched} have no partner; unrelated logs would match as well with a probability below {match.chance:.1g}."
    )
    target = f"{log.name}#sha256:{log.sha256[:12]}/clock"
    return (Choice(target, "clock", value, rival, margin, tuple(quantities), reason),)
