"""What does a file of FullProf hold that begins with start, step and stop and goes on with intensities only?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from interlith.errors import ReadError
from interlith.layouts.diffraction_table import COMMENT, is_number, number

Array = NDArray[np.float64]

#: Lines of remarks above the first row, as FullProf and programs of its family allow.
_REMARKS = 8
#: Steps (deg) that are scanned, and the most points of a scan.
_STEPS, _LARGEST = (1e-5, 2.0), 2_000_000


@dataclass(frozen=True, slots=True)
class Range:
    """Start, step and stop (deg) in a line (from 0), and the points that they announce."""

    start: float
    step: float
    stop: float
    line: int

    @property
    def points(self) -> int:
        """Points from start to stop, both included."""
        return round((self.stop - self.start) / self.step) + 1


def range_of(lines: Sequence[str], *, sure: bool = True) -> Range | None:
    """The first row that is start, step and stop of two theta; `None` if there is none. Never raises.

    If it must be `sure`, only with rows of intensities below.
    """
    for at, line in enumerate(lines[: _REMARKS + 1]):
        words = line.split()
        if (
            COMMENT.match(line)
            or len(words) < 3
            or not all(map(is_number, words[:3]))
            or any("," in word for word in words[:3])
        ):
            continue
        start, step, stop = (float(re.sub("[dD]", "e", word)) for word in words[:3])
        if not (-30 <= start < stop <= 180 and _STEPS[0] <= step <= _STEPS[1]):
            continue
        found = Range(start, step, stop, at)
        whole = abs((stop - start) / step - (found.points - 1)) < 0.1
        if whole and 20 <= found.points <= _LARGEST and (not sure or _rows_below(lines[at + 1 : at + 5])):
            return found
    return None


def _rows_below(lines: Sequence[str]) -> bool:
    """Whether the rows below hold intensities only: many in a line, or one; two or three would be a table of their own."""
    rows = [line.split() for line in lines if line.strip()]
    if not rows or not all(is_number(word) for row in rows for word in row):
        return False
    widths = {len(row) for row in rows[:-1]} or {len(rows[0])}
    return len(widths) == 1 and (widths.pop() not in (2, 3))


def intensities(lines: Sequence[str], found: Range, where: str) -> tuple[Array, str]:
    """The intensities below the first row, as many as are announced, and what to say of those that are missing.

    Raises
    ------
    ReadError
        If a number is damaged or there are more than announced.
    """
    values: list[float] = []
    for place, line in enumerate(lines[found.line + 1 :], start=found.line + 2):
        if COMMENT.match(line):
            continue
        values += [number(word, f"{where}: line {place}", ".") for word in line.split()]
    announced = found.points
    extra = [value for value in values[announced:] if value > -900 and value != 0]
    if extra:
        raise ReadError(
            f"{where}: line {found.line + 1}: {found.start:g} to {found.stop:g} deg in steps of {found.step:g} are {announced} points, but "
            f"{len(values)} intensities follow; the file is damaged."
        )
    if not values:
        raise ReadError(
            f"{where}: line {found.line + 1}: no intensity follows start, step and stop; the file is cut short."
        )
    said = ""
    if len(values) < announced:
        said = f"{announced} points are announced, but {len(values)} intensities follow: the scan was stopped or the file cut short."
    return np.array(values[:announced]), said
