"""Which ranges does a .uxd text hold: words of a header, then intensities with or without their positions?"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from interlith.errors import ReadError
from interlith.layouts.diffraction_header import ANODES, iso
from interlith.layouts.diffraction_table import number
from interlith.layouts.scan_axes import is_two_theta

Array = NDArray[np.float64]

_WORD = re.compile(r"\s*_(?P<key>[A-Z0-9_+\-]+)\s*=\s*(?P<value>.*?)\s*$", re.IGNORECASE)
#: What opens the data: whether positions are printed, the unit, and whether times are printed.
_MARK = re.compile(r"\s*_(?P<axis>[A-Z0-9]+?)?(?P<unit>COUNTS|CPS)(?P<time>TIME)?\s*(?:=.*)?$", re.IGNORECASE)
#: Lists of peaks, which are no pattern.
_PEAKS = re.compile(r"\s*_(?:2THETA|D)-?I\s*$", re.IGNORECASE)


#: Fewest counts of two digits in a row that do not come again by chance.
_WIDE = 6


@dataclass(frozen=True, slots=True)
class UxdRange:
    """One range: its words and those of the file, position (deg), values, counting times (s) where printed, unit, its line, and the
    lines of rows that stand in it twice.
    """

    words: Mapping[str, str]
    position: Array
    values: Array
    times: Array | None
    unit: str
    line: int
    twice: tuple[int, ...] = ()


def ranges(lines: Sequence[str], where: str) -> list[UxdRange]:
    """All ranges in file order.

    Raises
    ------
    ReadError
        If a number is damaged, positions cannot be told, or there is no range.
    """
    shared: dict[str, str] = {}
    own: dict[str, str] | None = None
    found: list[UxdRange] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        if _PEAKS.match(line):
            raise ReadError(
                f"{where}: line {at + 1}: the file is a list of peaks, not a pattern; export the measured range."
            )
        mark = _MARK.match(line)
        if mark is None:
            word = _WORD.match(line)
            if word is not None:
                key = word["key"].upper()
                own = {} if key == "DRIVE" else own
                (shared if own is None else own)[key] = word["value"].strip("'\"")
            elif line.strip() and not line.lstrip().startswith(";"):
                raise ReadError(
                    f"{where}: line {at + 1}: '{line.strip()[:60]}' is no word of a header; the file is damaged."
                )
            at += 1
            continue
        end = next((spot for spot in range(at + 1, len(lines)) if lines[spot].lstrip()[:1] in ("_", ";")), len(lines))
        found.append(_range({**shared, **(own or {})}, lines[at + 1 : end], at + 1, mark, where))
        at = end
    if not found:
        raise ReadError(
            f"{where}: no line opens the data (_COUNTS, _CPS, _2THETACOUNTS); the file holds no range, or is cut short."
        )
    return found


def _range(words: Mapping[str, str], body: Sequence[str], line: int, mark: re.Match[str], where: str) -> UxdRange:
    rows = [(place, row.replace(";", " ").split()) for place, row in enumerate(body, start=line + 1)]
    rows = [(place, row) for place, row in rows if row]
    for place, row in rows[:-1]:
        if len(row) != len(rows[0][1]):
            raise ReadError(
                f"{where}: line {place}: the row has {len(row)} numbers, the first one of its range {len(rows[0][1])}; the file is damaged."
            )
    values = np.array([number(word, f"{where}: line {place}") for place, row in rows for word in row])
    twice = _twice(rows)
    width = 1 + bool(mark["axis"]) + bool(mark["time"])
    if values.size % width:
        raise ReadError(
            f"{where}: line {line}: {values.size} numbers follow, which are no rows of {width}; the file is damaged."
        )
    table = values.reshape(-1, width)
    unit = "counts" if mark["unit"].upper() == "COUNTS" else "rate"
    times = table[:, -1] if mark["time"] else None
    if mark["axis"]:
        return UxdRange(words, table[:, 0], table[:, 1], times, unit, line, twice)
    start = _number(words, "START", where, line, "2THETA")
    if "2THETA" in words and is_two_theta(words.get("DRIVE", "COUPLED")):
        other = _number(words, "2THETA", where, line)
        if abs(other - start) > 1e-4:
            raise ReadError(
                f"{where}: line {line}: the range starts at {start:g} (_START) or {other:g} deg (_2THETA); the file is damaged."
            )
    step = _number(words, "STEPSIZE", where, line)
    announced = positive(words, "STEPCOUNT")
    if announced is not None and len(table) > announced:
        raise ReadError(
            f"{where}: line {line}: {announced:.0f} points are announced, but {len(table)} follow; the file is damaged."
        )
    if step == 0:
        raise ReadError(f"{where}: line {line}: the step of the range is 0; the file is damaged.")
    return UxdRange(
        words, start + step * np.arange(len(table), dtype=np.float64), table[:, 0], times, unit, line, twice
    )


def _twice(rows: Sequence[tuple[int, Sequence[str]]]) -> tuple[int, ...]:
    """Lines of whole rows of counts that stand above already, which chance does not make."""
    seen: set[tuple[str, ...]] = set()
    found: list[int] = []
    for place, row in rows:
        counted = len(row) >= _WIDE and len(set(row)) > 1 and sum(len(word) > 1 for word in row) >= _WIDE
        if counted and tuple(row) in seen:
            found.append(place)
        seen.add(tuple(row))
    return tuple(found)


def _number(words: Mapping[str, str], key: str, where: str, line: int, other: str = "") -> float:
    text = words.get(key, words.get(other, ""))
    if not text:
        raise ReadError(
            f"{where}: line {line}: the range has no _{key}, so the angles of its points are unknown; export them (_2THETACOUNTS)."
        )
    value = number(text, f"{where}: _{key} of the range above line {line}")
    if not np.isfinite(value):
        raise ReadError(f"{where}: _{key} of the range above line {line} is no number; the file is damaged.")
    return value


def positive(words: Mapping[str, str], key: str) -> float | None:
    """A positive number of a header; `None` where there is none."""
    try:
        value = float(words.get(key, ""))
    except ValueError:
        return None
    return value if np.isfinite(value) and value > 0 else None


def instrument_of(words: Mapping[str, str]) -> dict[str, Any]:
    """Words of ``metadata["instrument"]``: only what the header says."""
    found: dict[str, Any] = {"radiation": "x-ray"}
    anode = words.get("ANODE", "").strip().capitalize()
    if anode in ANODES:
        found["anode"] = anode
    first, second, ratio = (positive(words, key) for key in ("WL1", "WL2", "WLRATIO"))
    if first is not None:
        alone = second is None or words.get("WLRATIO", "").strip() in ("0", "0.0", "0.000000")
        found["wavelengths"] = [first] if alone or second is None else [first, second]
        if not alone and ratio is not None and ratio <= 1:
            found["ratio"] = ratio
    radius = positive(words, "GONIOMETER_RADIUS")
    return found | ({"radius": radius} if radius else {})


def start_of(words: Mapping[str, str]) -> str:
    """When the measurement began, as ISO text; empty where it is not said."""
    return next(
        (found for key in ("DATEMEASURED", "DATETIME", "DATE") if key in words and (found := iso(words[key]))), ""
    )
