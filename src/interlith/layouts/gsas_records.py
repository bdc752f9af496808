"""Which numbers stand in the data records of a GSAS powder file: STD, ESD, ALT, FXY and FXYE?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlith.errors import ReadError
from interlith.layouts.diffraction_table import number
from interlith.layouts.gsas_bank import PARTS, Bank

Array = NDArray[np.float64]

#: Width of the fields of a record, how often they repeat in a line, and how many decimals a number without a point has
#: (GSAS manual, LAUR 86-748 (2004), "GSAS standard powder data file": 10(I2,F6.0), 10F8.0, 4(F8.0,F7.4,F5.4)).
_FIELDS: dict[str, tuple[tuple[int, ...], tuple[int, ...], int]] = {
    "STD": ((2, 6), (0, 0), 10),
    "ESD": ((8, 8), (0, 0), 5),
    "ALT": ((8, 7, 5), (0, 4, 4), 4),
}
#: Bytes of rows of plain numbers, and the largest of those between them.
_ROWS, _BLANK = b"0123456789+-.eE \t\n", ord(" ")


@dataclass(frozen=True, slots=True)
class Records:
    """Points of a bank as printed.

    Parameters
    ----------
    position
        In the unit of the file (centidegrees or us), shape (n,); `None` where the BANK record tells it.
    intensity
        Shape (n,); of STD the mean of the detectors.
    std
        Its standard uncertainty, shape (n,); `None` where it is the square root of the intensity.
    cut
        What the last row says if it is cut short.
    """

    position: Array | None
    intensity: Array
    std: Array | None
    cut: str = ""


def records(bank: Bank, lines: Sequence[str], first: int, where: str, *, ended: bool) -> Records:
    """The points in the lines of a bank.

    Parameters
    ----------
    bank
        Its record.
    lines, first
        The lines below it, remarks and blank lines left empty, and the number (from 1) of the first.
    ended
        Whether the last line is closed; an open one of too few points is cut short.

    Raises
    ------
    ReadError
        If a number is damaged: the line is named.
    """
    if bank.type in ("FXY", "FXYE"):
        return _free(bank, lines, first, where, ended=ended)
    values, cut = _fixed(bank, lines, first, where, ended=ended)
    if bank.type == "STD":
        return _counted(values[:, 0], values[:, 1], cut)
    if bank.type == "ESD":
        return Records(None, values[:, 0], values[:, 1], cut)
    return Records(values[:, 0] / PARTS, values[:, 1], values[:, 2], cut)


def _counted(detectors: Array, intensity: Array, cut: str) -> Records:
    """Mean intensity of n detectors, whose variance is the intensity over n; no number of detectors means one."""
    n = np.where(np.isfinite(detectors) & (detectors > 0), detectors, 1.0)
    std = None if np.all(n == 1) else np.sqrt(np.maximum(intensity * n, 1.0)) / n
    return Records(None, intensity, std, cut)


def _free(bank: Bank, lines: Sequence[str], first: int, where: str, *, ended: bool) -> Records:
    width = 3 if bank.type == "FXYE" else 2
    quick = _quick(lines, width)
    # An open last line may be cut short, unless all points are there.
    if quick is not None and (ended or len(quick) >= bank.points):
        return Records(quick[:, 0], quick[:, 1], quick[:, 2] if width == 3 else None)
    rows = [(place, line.split()) for place, line in enumerate(lines, start=first) if line.strip()]
    cut = ""
    if rows and not ended and len(rows) <= bank.points and (len(rows[-1][1]) < width or len(rows) < bank.points):
        cut = " ".join(rows.pop()[1])
    for place, row in rows:
        if len(row) < width:
            raise ReadError(
                f"{where}: line {place}: {bank.type} has {width} numbers a row, not '{' '.join(row)[:50]}'; the file is damaged."
            )
    kept = [row[:width] for _, row in rows]
    try:
        plain = set("0123456789+-.eE").issuperset("".join(field for row in kept for field in row))
        values = np.array(kept, dtype=np.float64) if plain else None
    except ValueError:
        values = None
    if values is None:
        values = np.array(
            [[number(field, f"{where}: line {place}", ".") for field in row[:width]] for place, row in rows]
        )
    values = values.reshape(-1, width)
    if (bad := np.flatnonzero(~np.isfinite(values[:, 0]))).size:
        raise ReadError(f"{where}: line {rows[int(bad[0])][0]}: the position is no number; the file is damaged.")
    return Records(values[:, 0], values[:, 1], values[:, 2] if width == 3 else None, cut)


def _quick(lines: Sequence[str], width: int) -> Array | None:
    """Numbers of rows without any doubt in them, shape (n, width); `None` where there is one.

    Every line is blank or has as many fields as the others, plain numbers between blanks and tabs, with finite positions.
    """
    text = "\n".join(lines)
    if not text.isascii() or (written := text.encode()).translate(None, _ROWS):
        return None
    blank = np.frombuffer(b"\n" + written + b"\n", dtype=np.uint8) <= _BLANK
    begins = np.flatnonzero(blank[:-1] & ~blank[1:])
    ends = np.cumsum([len(line) + 1 for line in lines])
    counts = np.diff(np.searchsorted(begins, ends), prepend=0)
    columns = int(counts.max(initial=0))
    if columns < width or not np.all((counts == columns) | (counts == 0)):
        return None
    numbers = pl.Series(text.split()).cast(pl.Float64, strict=False)
    if numbers.null_count():
        return None
    values = np.array(numbers.to_numpy(), dtype=np.float64).reshape(-1, columns)[:, :width]
    return values if np.isfinite(values[:, 0]).all() else None


def _fixed(bank: Bank, lines: Sequence[str], first: int, where: str, *, ended: bool) -> tuple[Array, str]:
    """Points of a type with fields of fixed width, as many as are announced, shape (n, fields)."""
    widths, decimals, repeat = _FIELDS[bank.type]
    total = sum(widths)
    filled = [(place, line.rstrip()) for place, line in enumerate(lines, start=first) if line.strip()]
    cut = ""
    points: list[list[float]] = []
    for order, (place, line) in enumerate(filled):
        if "\t" in line or len(line) > total * repeat:
            raise ReadError(
                f"{where}: line {place}: records of {bank.type} have {repeat} fields of {total} characters, but the line has {len(line)} "
                "or a tab; export the pattern as FXYE."
            )
        for at in range(0, len(line), total):
            if len(points) == bank.points:
                break
            field = line[at : at + total]
            if len(field) < total and order == len(filled) - 1 and not ended:
                cut = field
                break
            points.append(_point(field, widths, decimals, f"{where}: line {place}"))
    return np.array(points, dtype=np.float64).reshape(-1, len(widths)), cut


def _point(field: str, widths: Sequence[int], decimals: Sequence[int], where: str) -> list[float]:
    """Numbers of one point; a blank is no number of detectors, and otherwise nothing measured."""
    found: list[float] = []
    at = 0
    for width, places in zip(widths, decimals, strict=True):
        text = field[at : at + width]
        at += width
        word = text.strip()
        if " " in word:
            raise ReadError(
                f"{where}: '{text}' is no number in its {width} characters; the fields are shifted. Export as FXYE."
            )
        value = number(word, where, ".") if word else math.nan
        found.append(value if places == 0 or "." in word else value / 10.0**places)
    if (
        len(widths) == 2
        and widths[0] == 2
        and ((field[:2].strip() and not field[:2].strip().isdigit()) or _fused(field))
    ):
        raise ReadError(
            f"{where}: '{field}' is no number of detectors in two characters and counts in six; the fields are shifted. Export as FXYE."
        )
    return found


def _fused(field: str) -> bool:
    """Whether a number with a decimal point reaches into the number of detectors."""
    return bool(field[1:2].strip()) and bool(field[2:3].strip()) and "." in field
