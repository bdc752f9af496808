"""What does the BANK record of a GSAS powder file announce, and where do its points lie?"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from interlith.errors import ReadError

Array = NDArray[np.float64]

#: Binnings whose points are times of flight (us) whatever their values, and those that may be angles as well.
TIMES = ("SLOG", "LOG6", "TIME_MAP")
EITHER = ("CONS", "CONST", "RALF", "COND")
TYPES = ("STD", "ESD", "FXYE", "FXY", "ALT")
#: Half a turn (centidegrees): a larger position is a time.
HALF_TURN = 18_000.0
#: Most points of a bank.
LARGEST = 20_000_000
#: Positions of ALT and RALF are in parts of a us or centidegree.
PARTS = 32.0


@dataclass(frozen=True, slots=True)
class Bank:
    """A BANK record: number, announced points, binning, its coefficients or time map, type of the data, and the line (from 1)."""

    number: int
    points: int
    binning: str
    coefficients: tuple[float, ...]
    type: str
    line: int


@dataclass(frozen=True, slots=True)
class TimeMap:
    """Left edges (us) of the channels of a bank, and the right edge of the last."""

    edges: Array


def is_bank(line: str) -> bool:
    """Whether a line is a BANK record."""
    return line.startswith("BANK") and bool(re.match(r"BANK\s+\d+\s+\d+\s", line))


def bank_of(line: str, number: int, where: str) -> Bank:
    """The BANK record in a line.

    Raises
    ------
    ReadError
        If a number is missing or damaged, or binning or type are unknown.
    """
    words = line.split()
    place = f"{where}: line {number}"
    if len(words) < 5 or not all(word.isascii() and word.isdigit() for word in words[1:4]):
        raise ReadError(f"{place}: '{line.strip()[:70]}' is no whole BANK record; the file is damaged.")
    binning = words[4].upper()
    if binning not in (*TIMES, *EITHER):
        raise ReadError(
            f"{place}: points in steps of '{binning}' are not read; allowed: {', '.join((*TIMES, *EITHER))}. Export the pattern as FXYE."
        )
    rest = words[5:]
    type_ = rest.pop().upper() if rest and not _is_number(rest[-1]) else "STD"
    if type_ not in TYPES:
        raise ReadError(f"{place}: data of type '{type_}' are not read; allowed: {', '.join(TYPES)}.")
    if not all(map(_is_number, rest)):
        raise ReadError(f"{place}: '{' '.join(rest)[:60]}' are no coefficients of {binning}; the file is damaged.")
    points = int(words[2])
    if not 0 < points <= LARGEST:
        raise ReadError(f"{place}: {points} points are announced, which no bank has; the file is damaged.")
    return Bank(int(words[1]), points, binning, tuple(float(word) for word in rest), type_, number)


def _is_number(word: str) -> bool:
    return bool(re.fullmatch(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eEdD][-+]?\d+)?", word)) and math.isfinite(
        float(re.sub("[dD]", "e", word))
    )


def time_map(lines: Sequence[str], at: int, where: str) -> tuple[int, TimeMap, int]:
    """Number and edges of the time map whose record stands in line `at` (from 0), and the line behind it.

    The record names the map, its numbers, its lines and the width of a clock pulse (ns); triplets of channel, time and width (pulses)
    follow, and at the end the largest time.

    Raises
    ------
    ReadError
        If it is damaged.
    """
    words = lines[at].split()
    place = f"{where}: line {at + 1}"
    if len(words) < 6 or not all(word.isascii() and word.isdigit() for word in words[1:4]) or not _is_number(words[5]):
        raise ReadError(f"{place}: '{lines[at].strip()[:70]}' is no whole TIME_MAP record; the file is damaged.")
    count, records, clock = int(words[2]), int(words[3]), float(words[5]) / 1000.0
    numbers: list[int] = []
    for line in lines[at + 1 : at + 1 + records]:
        numbers += [
            int(field) for field in _fixed(line, 8) if field.lstrip("+-").isascii() and field.lstrip("+-").isdigit()
        ]
    if len(numbers) < count or count < 4 or count % 3 != 1 or clock <= 0:
        raise ReadError(
            f"{place}: {count} numbers are announced, triplets and a largest time, but {len(numbers)} follow; the file is damaged."
        )
    starts = np.array(numbers[: count - 1], dtype=np.float64).reshape(-1, 3)
    last = float(numbers[count - 1])
    edges = _edges(starts, last, place)
    return int(words[1]), TimeMap(edges * clock), at + 1 + records


def _edges(starts: Array, last: float, place: str) -> Array:
    """Edges (pulses) of all channels."""
    if (
        np.any(starts[:, 2] <= 0)
        or np.any(np.diff(starts[:, 0]) <= 0)
        or np.any(np.diff(starts[:, 1]) <= 0)
        or last <= starts[-1, 1]
    ):
        raise ReadError(f"{place}: channels, times and widths of the map do not rise; the file is damaged.")
    ends = [*starts[1:, 0], starts[-1, 0] + math.ceil((last - starts[-1, 1]) / starts[-1, 2])]
    if ends[-1] - starts[0, 0] > LARGEST:
        raise ReadError(
            f"{place}: the map has {ends[-1] - starts[0, 0]:.0f} channels, which no bank has; the file is damaged."
        )
    runs = [time + width * np.arange(end - channel) for (channel, time, width), end in zip(starts, ends, strict=True)]
    return np.append(np.concatenate(runs), last)


def _fixed(line: str, width: int) -> list[str]:
    text = line.rstrip()
    return [text[at : at + width].strip() for at in range(0, len(text), width)]


def positions(bank: Bank, count: int, maps: Mapping[int, TimeMap], where: str) -> Array:
    """Positions of points that are not printed, in the unit of the file (centidegrees or us), shape (count,).

    Raises
    ------
    ReadError
        If the BANK record does not tell them.

    Notes
    -----
    Of a time map the left edges are taken, as the programs do that instrument files are made with; their zero holds the difference.
    """
    place = f"{where}: line {bank.line}"
    told = bank.coefficients
    if bank.binning == "TIME_MAP":
        known = maps.get(int(told[0])) if told else None
        if known is None:
            raise ReadError(
                f"{place}: the bank names the time map {told[0] if told else -1:g}, which the file does not hold."
            )
        if count > known.edges.size - 1:
            raise ReadError(
                f"{place}: {count} points, but the time map has {known.edges.size - 1} channels; the file is damaged."
            )
        return known.edges[:count]
    if bank.binning in ("CONS", "CONST") and len(told) >= 2 and told[1] > 0:
        return told[0] + told[1] * np.arange(count, dtype=np.float64)
    if bank.binning == "SLOG" and len(told) >= 3 and told[0] > 0 and 0 < told[2] < 1:
        return np.asarray(told[0] * (1.0 + told[2]) ** np.arange(count))
    raise ReadError(
        f"{place}: the steps of {bank.binning} with the coefficients {', '.join(f'{number:g}' for number in told) or 'none'} are not "
        "computed; export the pattern as FXYE, which prints every position."
    )


def is_time(bank: Bank, position: Array, header: str, declared: str, where: str) -> bool:
    """Whether positions are times of flight (us), not angles (centidegrees).

    Parameters
    ----------
    bank, position
        The record, and the positions in the unit of the file.
    header
        All words above the bank.
    declared
        ``two_theta`` or ``time_of_flight`` as the user says; empty where nobody does.

    Raises
    ------
    ReadError
        If they could be either, or what is declared cannot be.
    """
    largest = float(np.max(np.abs(position)))
    if declared:
        if declared == "two_theta" and (bank.binning in TIMES or largest > HALF_TURN):
            raise ReadError(
                f"{where}: line {bank.line}: positions to {largest:g} in steps of {bank.binning} are no centidegrees of two theta."
            )
        return declared == "time_of_flight"
    if bank.binning in TIMES or largest > HALF_TURN:
        return True
    speaks = re.search(r"flight\s*path|time[- ]of[- ]flight|\bTOF\b|\bDIFC\b", header, re.IGNORECASE)
    if speaks:
        return True
    if bank.binning == "RALF":
        raise ReadError(
            f"{where}: line {bank.line}: positions to {largest:g} in steps of RALF may be times of flight (us) or centidegrees of two "
            'theta; declare `analyses: {diffraction: {mapping: {time_of_flight: "1", intensity: "2"}}}` or the same with two_theta.'
        )
    return False
