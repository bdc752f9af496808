"""Which patterns of a series are refined, with which weights, in which state?"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from interlith.errors import FitError, StudyError
from interlith.model import Flag, Measurement, Series, State
from interlith.techniques.diffraction.refinement.attempt import Points
from interlith.techniques.diffraction.states import state_of
from interlith.techniques.diffraction.survey import Looked, look
from interlith.techniques.diffraction.weights import weights_of

Range = tuple[float, float]

#: Fewer usable points are no pattern.
LEAST_POINTS = 50


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """One pattern of the series.

    Parameters
    ----------
    number
        Place in the series, from 0; patterns that are left out are counted.
    item, frame
        Where it comes from.
    points
        Those that count; `None` where the pattern cannot be used.
    state
        Along the series.
    reason
        Why it cannot be used.
    """

    number: int
    item: Measurement
    frame: int
    points: Points | None
    state: State
    reason: str = ""


def members_of(
    series: Series, *, against: str | None = None, limits: Range | None = None, masks: Mapping[int, Sequence[Range]] | None = None,
    skip: Collection[int] = (), only: Collection[int] | None = None,
) -> tuple[list[Member], list[Flag]]:  # fmt: skip
    """Patterns of a series of one specimen, in order, and what was noticed.

    Parameters
    ----------
    series
        Tables with ``two_theta`` and ``intensity``.
    against
        State along which the series goes; the likeliest one by default.
    limits, masks
        Part that is used (deg); number of a pattern -> ranges (deg) left out, -1 for all.
    skip, only
        Numbers of patterns left out; the only ones taken.

    Raises
    ------
    FitError
        If there is no pattern.
    StudyError
        If a pattern is over something else than two theta, or a number is beyond the last pattern.
    """
    looked = [one for item in series for one in look(item)]
    if not looked:
        raise FitError("The series holds no pattern with two theta and intensity.")
    wrong = sorted(one for one in {*(only or ()), *skip} if not 0 <= one < len(looked))
    if wrong:
        raise StudyError(f"There is no pattern {wrong[0]}; they are numbered from 0 to {len(looked) - 1}.")
    taken = [number for number in range(len(looked)) if only is None or number in only]
    notes: dict[str, int] = {}
    found = [_member(looked[number], number, against, limits, masks or {}, number in skip, notes) for number in taken]
    flags = [
        Flag("weights", text if count == 1 else f"{text} ({count} patterns)", "", "note")
        for text, count in notes.items()
    ]
    return found, flags


def _member(
    one: Looked, number: int, against: str | None, limits: Range | None, masks: Mapping[int, Sequence[Range]], skipped: bool,
    notes: dict[str, int],
) -> Member:  # fmt: skip
    state = state_of(one, number, against)
    if one.axis != "two_theta":
        raise StudyError(
            f"{one.item.source.path} is over {one.axis.replace('_', ' ')}; refinement needs two theta at one wavelength."
        )
    if skipped:
        return Member(number, one.item, one.frame, None, state, "left out on request")
    weights = weights_of(one.intensity, one.std)
    for text in weights.notes:
        notes[text] = notes.get(text, 0) + 1
    x = one.position
    kept = weights.used & np.concatenate([[True], np.diff(x) > 0])
    if limits is not None:
        kept &= (x >= limits[0]) & (x <= limits[1])
    for low, high in (*masks.get(-1, ()), *masks.get(number, ())):
        kept &= (x < low) | (x > high)
    if kept.sum() < LEAST_POINTS:
        inside = "" if limits is None else f" and the limits are {limits[0]:g} to {limits[1]:g}"
        reason = (
            f"only {int(kept.sum())} points can be used; a pattern needs {LEAST_POINTS}. It runs from {x.min():g} to {x.max():g} deg{inside}"
            if x.size
            else "it has no points"
        )
        return Member(number, one.item, one.frame, None, state, reason)
    counted = weights.factor if "counts" in weights.basis else 0.0
    points = Points(x[kept], one.intensity[kept], weights.std[kept], counted)
    return Member(number, one.item, one.frame, points, state)


def chosen_numbers(text: str) -> tuple[int, ...]:
    """Numbers of patterns from a text: ``812:840`` (the last one not taken), ``3``, or several with commas.

    Raises
    ------
    StudyError
        If it is none of these.
    """
    found: list[int] = []
    for part in str(text).split(","):
        first, colon, last = part.strip().partition(":")
        if not first.isdigit() or (colon and not last.isdigit()):
            raise StudyError(f"'{part.strip()}' names no patterns; write 812:840, 3, or several with commas, from 0.")
        if colon and int(last) <= int(first):
            raise StudyError(f"{part.strip()} is empty: the first number must be below the second.")
        found += range(int(first), int(last)) if colon else [int(first)]
    return tuple(found)
