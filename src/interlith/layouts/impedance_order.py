"""Which rows form one spectrum, and in which order do its frequencies stand?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from interlith.layouts.lazy_text import Remark

Array = NDArray[np.float64]
Numbers = NDArray[np.int64]

#: Frequencies that differ by less than this share are one frequency.
SAME = 1e-6
#: A step against the direction by more than this share of the span so far (in decades) begins a new spectrum.
_BACK = 0.5
#: So many steps the other way are a sweep back.
_RETURN = 4


def numbered(frequency: Array) -> Numbers:
    """Number (from 1) of the spectrum that each row belongs to, from the jumps of the frequency.

    Parameters
    ----------
    frequency
        (Hz), shape (n,), above zero.
    """
    level = np.log10(frequency)
    number = np.ones(frequency.size, dtype=np.int64)
    steps = np.sign(np.diff(level)) * (np.abs(np.diff(level)) > SAME)
    begin, current = 0, 1
    for at in range(1, frequency.size):
        inside = steps[begin : at - 1]
        direction = np.sign(inside.sum()) if inside.size else 0.0
        if direction and steps[at - 1] == -direction:
            span = level[begin:at].max() - level[begin:at].min()
            jumped = abs(level[at] - level[at - 1]) > _BACK * span
            turned = at - begin > _RETURN and np.all(steps[at - 1 : at - 1 + _RETURN] == -direction)
            if (jumped or turned) and at - begin > 2 and frequency.size - at >= _RETURN - 1:
                begin, current = at, current + 1
        number[at] = current
    return number


def remarks_on(frequency: Array, number: Numbers, lines: Numbers | None) -> list[Remark]:
    """What is odd in the frequencies: no order, or one that occurs twice."""
    found: list[Remark] = []
    unordered, doubled, first = [], 0, ""
    for one in np.unique(number):
        rows = np.flatnonzero(number == one)
        steps = np.diff(np.log10(frequency[rows]))
        moving = steps[np.abs(steps) > SAME]
        if moving.size and not (np.all(moving > 0) or np.all(moving < 0)):
            unordered.append(int(one))
        level = np.round(np.log10(frequency[rows]) / SAME).astype(np.int64)
        unique, counts = np.unique(level, return_counts=True)
        twice = int((counts - 1).sum())
        if twice and not first:
            spot = rows[np.flatnonzero(level == unique[np.argmax(counts > 1)])[-1]]
            first = f"line {lines[spot]}" if lines is not None else f"row {spot + 1}"
        doubled += twice
    if doubled:
        message = f"{doubled} points repeat a frequency of their spectrum; all are kept, so that they count as often as they stand."
        found.append(Remark("duplicate_frequency", message, first))
    if unordered:
        shown = ", ".join(map(str, unordered[:5])) + (" ..." if len(unordered) > 5 else "")
        message = f"The frequencies neither rise nor fall throughout in spectrum {shown}; rows may have been moved."
        found.append(Remark("frequencies_unordered", message))
    return found
