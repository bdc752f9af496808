"""Where do the rows of numbers of a text begin, and which numbers and frames do they hold?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from interlith.errors import ReadError

Array = NDArray[np.float64]

#: Lines in which the first row must stand.
HEADER_LINES = 1000
#: Most columns that a table of patterns has: position, intensity, uncertainty and what a program adds.
WIDEST = 40
DELIMITERS: tuple[str | None, ...] = (None, ";", "\t", ",")
#: What begins a remark in exports of different programs.
COMMENT = re.compile(r"\s*(?:#|!|;|'|\"|/\*|\*/|\*|//|%|REM\b)")
_NUMBER = re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eEdD][-+]?\d+)?$")
_COMMA = re.compile(r"[-+]?\d*,\d+(?:[eE][-+]?\d+)?$")
#: What is printed where nothing was measured.
_NOTHING = frozenset(
    {"nan", "-nan", "inf", "-inf", "+inf", "-", "--", "n/a", "null", "?", "1.#qnan", "-1.#ind", "1.#inf"}
)
_PLAIN = frozenset("0123456789+-.eE")
#: What a number begins with.
_FIRST = frozenset("0123456789+-.")


@dataclass(frozen=True, slots=True)
class Place:
    """First row (line from 0), delimiter (`None`: blanks) and number of columns of a table."""

    start: int
    delimiter: str | None
    width: int


@dataclass(frozen=True, slots=True)
class Block:
    """Rows of one pattern, the line (from 1) of each, and the remarks before it."""

    values: Array
    lines: NDArray[np.int64]
    remarks: tuple[str, ...]


def fields(line: str, delimiter: str | None) -> list[str]:
    """Stripped fields of a row; a delimiter at its end begins no field."""
    if delimiter is None:
        return line.split()
    found = [field.strip().strip('"') for field in line.split(delimiter)]
    while found and not found[-1]:
        found.pop()
    return found


def is_number(field: str) -> bool:
    """Whether a field is a number with a decimal point or comma."""
    return bool(_NUMBER.match(field) or _COMMA.match(field))


def find(lines: Sequence[str]) -> Place | None:
    """Where a table of two columns or more begins: its first four rows are numbers and equally wide. Never raises."""
    for start in range(min(len(lines), HEADER_LINES)):
        line = lines[start]
        if not line.strip() or len(line) > 4000 or COMMENT.match(line):
            continue
        for delimiter in DELIMITERS:
            row = fields(line, delimiter)
            if 2 <= len(row) <= WIDEST and _is_row(row) and _goes_on(lines, start, delimiter, len(row)):
                return Place(start, delimiter, len(row))
    return None


def _is_row(row: Sequence[str]) -> bool:
    return is_number(row[0]) and all(is_number(field) or _is_nothing(field) for field in row)


def refuse_rows_above(lines: Sequence[str], place: Place, where: str) -> None:
    """Refuse a table above whose first row stands another row, whole or damaged: it would be lost without a word.

    Raises
    ------
    ReadError
        If there is one: the line is named.
    """
    for number in range(place.start - 1, max(-1, place.start - 9), -1):
        line = lines[number]
        if COMMENT.match(line) or not line.strip():
            continue
        row = fields(line, place.delimiter)
        beside = number == place.start - 1 and line.strip()[:1] in _FIRST and any(map(is_number, row))
        if len(row) == place.width and (_is_row(row) or beside):
            raise ReadError(
                f"{where}: line {number + 1}: '{line.strip()[:60]}' looks like a row of the table, which begins in line {place.start + 1} "
                "only; a row is damaged."
            )


def _goes_on(lines: Sequence[str], start: int, delimiter: str | None, width: int) -> bool:
    seen = 0
    for line in lines[start + 1 : start + 12]:
        if not line.strip() or COMMENT.match(line):
            continue
        row = fields(line, delimiter)
        if len(row) != width or not _is_row(row):
            return False
        seen += 1
        if seen == 3:
            return True
    return False


def blocks(
    lines: Sequence[str], place: Place, where: str, *, position: int = 0, decimal: str | None = None
) -> tuple[list[Block], str]:
    """The patterns below each other in a table, and the row that was left out because the file ends within it.

    A new pattern begins where the position falls back behind a blank line or a remark.

    Raises
    ------
    ReadError
        If a row is damaged, or the position falls back within a pattern: the line is named.
    """
    cut = ""
    quick = None if decimal == "," else _quick(lines, place)
    if quick is not None:
        values, places, gaps, between = quick
    else:
        rows, places, gaps, between = _rows(lines, place, where)
        if len(rows) > 1 and len(rows[-1]) < place.width and places[-1] == len(lines):
            cut = " ".join(rows.pop())
            places.pop()
        for row, number in zip(rows, places, strict=True):
            if len(row) != place.width:
                raise ReadError(
                    f"{where}: line {number}: the row has {len(row)} columns, the first one {place.width}; the file is damaged."
                )
        values = _numbers(rows, places, where, decimal)
    numbers = np.array(places, dtype=np.int64)
    at = values[:, position]
    if not np.isfinite(at).all():
        spot = int(np.flatnonzero(~np.isfinite(at))[0])
        raise ReadError(f"{where}: line {numbers[spot]}: the position is no number; the file is damaged.")
    starts = _starts(at, numbers, gaps, where)
    found = []
    for begin, end in zip(starts, [*starts[1:], len(values)], strict=True):
        found.append(Block(values[begin:end], numbers[begin:end], tuple(between.get(begin, ()))))
    return found, cut


def _rows(
    lines: Sequence[str], place: Place, where: str
) -> tuple[list[list[str]], list[int], set[int], dict[int, list[str]]]:
    """Fields and line of every row; rows behind a gap; remarks before rows."""
    rows: list[list[str]] = []
    places: list[int] = []
    gaps: set[int] = set()
    between: dict[int, list[str]] = {}
    for number in range(place.start, len(lines)):
        line = lines[number]
        # A line of words behind a blank one is the heading of the next pattern.
        heading = number > place.start and not lines[number - 1].strip() and line.strip()[:1].isalpha()
        if not line.strip() or COMMENT.match(line) or heading:
            gaps.add(len(rows))
            between.setdefault(len(rows), []).append(line)
            continue
        row = fields(line, place.delimiter)
        if not is_number(row[0] if row else ""):
            raise ReadError(
                f"{where}: line {number + 1}: '{line.strip()[:60]}' is no row of numbers; the file is damaged."
            )
        rows.append(row)
        places.append(number + 1)
    return rows, places, gaps, between


def _quick(lines: Sequence[str], place: Place) -> tuple[Array, list[int], set[int], dict[int, list[str]]] | None:
    """As `_rows` with the numbers, for a table without any doubt in it; `None` where there is one."""
    rows: list[str] = []
    places: list[int] = []
    gaps: set[int] = set()
    between: dict[int, list[str]] = {}
    for number in range(place.start, len(lines)):
        line = lines[number].strip()
        if line[:1] in _FIRST and line:
            rows.append(line)
            places.append(number + 1)
        elif not line or COMMENT.match(line) or (line[0].isalpha() and not lines[number - 1].strip()):
            gaps.add(len(rows))
            between.setdefault(len(rows), []).append(lines[number])
        else:
            return None
    allowed = b"0123456789+-.eE" + (place.delimiter or " \t").encode()
    if place.delimiter == ";" or "".join(rows).encode().translate(None, allowed):
        return None
    try:
        values = np.loadtxt(rows, dtype=np.float64, delimiter=place.delimiter, ndmin=2, comments=None)
    except ValueError:
        return None
    return (values, places, gaps, between) if values.shape == (len(rows), place.width) else None


def _starts(position: Array, numbers: NDArray[np.int64], gaps: set[int], where: str) -> list[int]:
    """First rows of the patterns."""
    steps = np.diff(position)
    direction = float(np.sign(np.median(steps))) if steps.size else 1.0
    starts = [0]
    for spot in np.flatnonzero(steps * (direction or 1.0) < 0) + 1:
        if int(spot) not in gaps:
            raise ReadError(
                f"{where}: line {numbers[spot]}: the position goes back from {position[spot - 1]:g} to {position[spot]:g}; "
                "the file is damaged, or holds several patterns without a blank line between them."
            )
        starts.append(int(spot))
    return starts


def _is_nothing(field: str) -> bool:
    return field.casefold() in _NOTHING or (bool(field) and set(field) == {"*"})


def _numbers(rows: Sequence[Sequence[str]], places: Sequence[int], where: str, decimal: str | None) -> Array:
    try:
        if decimal != "," and all(_PLAIN.issuperset(field) for row in rows for field in row):
            return np.array(rows, dtype=np.float64)
    except ValueError:
        pass
    found = np.array([[number(field, f"{where}: line {place}", decimal) for field in row]
                      for row, place in zip(rows, places, strict=True)])  # fmt: skip
    return found.astype(np.float64)


def number(field: str, where: str, decimal: str | None = None) -> float:
    """A number as instruments print it, nan where nothing was measured.

    Raises
    ------
    ReadError
        If it is none.
    """
    if _NUMBER.match(field) and not (decimal == "," and "." in field):
        return float(field.replace("D", "e").replace("d", "e"))
    if decimal != "." and _COMMA.match(field):
        return float(field.replace(",", "."))
    if _is_nothing(field):
        return float("nan")
    raise ReadError(f"{where}: '{field[:40]}' is no number; the file is damaged, or declare `decimal`.")
