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
                if steps[at - 2] == 0:  # the frequency at the turn stands twice: once for each sweep
                    begin = at - 1
                    number[begin] = current
        number[at] = current
    return number


def remarks_on_several(
    frequency: Array, real: Array, imaginary: Array, number: Numbers, lines: Numbers | None, *, by_jumps: bool
) -> list[Remark]:
    """How many spectra there are, whether one stands twice, and whether pieces that were told apart by jumps are alike.

    Parameters
    ----------
    frequency, real, imaginary
        (Hz, ohm, ohm), shape (n,).
    number
        Spectrum of each row, shape (n,).
    lines
        Line of each row, where the file has lines.
    by_jumps
        Whether only jumps of the frequency tell them apart.
    """
    places = [np.flatnonzero(number == one) for one in np.unique(number)]
    if len(places) < 2:
        return []
    found = [Remark("several_spectra", f"The file holds {len(places)} spectra, numbered in vendor_cycle.", "", "note")]
    seen: dict[bytes, int] = {}
    for one, rows in enumerate(places, start=1):
        print_of = np.column_stack([frequency[rows], real[rows], imaginary[rows]]).tobytes()
        if (first := seen.setdefault(print_of, one)) != one:
            where = f"line {lines[rows[0]]}" if lines is not None else f"row {rows[0] + 1}"
            message = (
                f"Spectrum {one} has the same numbers as spectrum {first}: it was probably copied or exported twice."
            )
            found.append(Remark("spectrum_repeated", message, where))
            break
    axes = [np.sort(frequency[rows]) for rows in places]
    alike = all(axis.size == axes[0].size and np.allclose(axis, axes[0], rtol=1e-2) for axis in axes)
    if by_jumps and not alike:
        rows = places[1]
        where = f"line {lines[rows[0]]}" if lines is not None else f"row {rows[0] + 1}"
        sizes = ", ".join(str(axis.size) for axis in axes[:6]) + (" ..." if len(axes) > 6 else "")
        message = (
            f"The rows were taken for {len(places)} spectra ({sizes} points) only because the frequency jumps back, and these differ in "
            "their frequencies; rows may have been lost, moved or put together."
        )
        found.append(Remark("spectra_by_jumps", message, where))
    return found


def remarks_on(frequency: Array, number: Numbers, lines: Numbers | None) -> list[Remark]:
    """What is odd in the frequencies: no order, or one that occurs twice."""
    found: list[Remark] = []
    unordered, doubled, first = [], 0, ""
    judged: dict[bytes, tuple[bool, int, int]] = {}
    for one in np.unique(number):
        rows = np.flatnonzero(number == one)
        axis = frequency[rows].tobytes()
        if axis not in judged:
            judged[axis] = _axis(frequency[rows])
        ordered, twice, spot = judged[axis]
        if not ordered:
            unordered.append(int(one))
        if twice and not first:
            first = f"line {lines[rows[spot]]}" if lines is not None else f"row {rows[spot] + 1}"
        doubled += twice
    if doubled:
        message = f"{doubled} points repeat a frequency of their spectrum; all are kept, so that they count as often as they stand."
        found.append(Remark("duplicate_frequency", message, first))
    if unordered:
        shown = ", ".join(map(str, unordered[:5])) + (" ..." if len(unordered) > 5 else "")
        message = f"The frequencies neither rise nor fall throughout in spectrum {shown}; rows may have been moved."
        found.append(Remark("frequencies_unordered", message))
    return found


def _axis(frequency: Array) -> tuple[bool, int, int]:
    """Whether frequencies run in one direction, how many stand again, and the place of the first of these."""
    level = np.log10(frequency)
    steps = np.diff(level)
    moving = steps[np.abs(steps) > SAME]
    ordered = not moving.size or bool(np.all(moving > 0) or np.all(moving < 0))
    unique, counts = np.unique(np.round(level / SAME).astype(np.int64), return_counts=True)
    twice = int((counts - 1).sum())
    spot = 0
    if twice:
        spot = int(np.flatnonzero(np.round(level / SAME).astype(np.int64) == unique[np.argmax(counts > 1)])[-1])
    return ordered, twice, spot
