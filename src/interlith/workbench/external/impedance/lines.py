"""How are tables of numbers cut from texts of other programs: delimited, in Markdown, with points or commas as decimal sign?"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterator, Sequence

from interlith.errors import StudyError

_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_NOTHING = frozenset({"", "-", "--", "n/a", "na", "nan", "none", "null", "inf", "-inf", "∞"})
Row = tuple[int, tuple[str, ...]]


def rows_of(text: str, delimiter: str | None = None) -> Iterator[Row]:
    """Number (from 1) and cells of every line that is not empty.

    Parameters
    ----------
    text
        Delimited by tabs, semicolons or commas, or a Markdown table.
    delimiter
        If it is known; otherwise each line is cut at what it holds: bars, tabs, semicolons, commas, else two blanks or more.
    """
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            yield number, cells_of(line, delimiter)


def cells_of(line: str, delimiter: str | None = None) -> tuple[str, ...]:
    """Cells of one line."""
    found = delimiter or next((sign for sign in ("|", "\t", ";", ",") if sign in line), "")
    if found == "|":
        return tuple(cell.strip() for cell in line.strip().strip("|").split("|"))
    if not found:
        return tuple(cell.strip() for cell in re.split(r"\s{2,}", line.strip()))
    (cells,) = csv.reader([line], delimiter=found) if line.count('"') % 2 == 0 else (line.split(found),)
    return tuple(cell.strip() for cell in cells)


def decimal_of(text: str, delimiter: str) -> str:
    """The decimal sign of all numbers of a table; a comma only where cells are not cut at commas and no number has a point."""
    if delimiter == ",":
        return "."
    points = len(re.findall(r"\d\.\d", text))
    commas = len(re.findall(r"(?<![\d,])\d+,\d+(?![\d,])", text))
    return "," if commas and not points else "."


def number(text: str, decimal: str = ".", *, where: str = "") -> tuple[float, float]:
    """A number and one unit of its last printed digit; nan where the cell says that there is none.

    Raises
    ------
    StudyError
        If the cell holds something else: the message names the place.
    """
    plain = text.strip().rstrip("%").strip()
    if plain.casefold() in _NOTHING:
        return math.nan, 0.0
    if decimal == ",":
        plain = plain.replace(",", ".")
    if _NUMBER.fullmatch(plain) is None:
        raise StudyError(f"{where} holds '{text}', which is no number; export the table again.")
    mantissa, _, exponent = plain.lower().partition("e")
    value, power = float(plain), int(exponent or 0) - len(mantissa.partition(".")[2])
    if not math.isfinite(value) or abs(power) > 300:
        raise StudyError(f"{where} holds '{text}', which is beyond any number of an impedance; export the table again.")
    return value, 10.0**power


def is_number(text: str) -> bool:
    """Whether a cell holds a plain number, with a point or a comma."""
    return _NUMBER.fullmatch(text.strip().replace(",", ".")) is not None


def folded(cells: Sequence[str]) -> tuple[str, ...]:
    """Cells in lower case without blanks, for comparing headers."""
    return tuple(re.sub(r"\s+", "", cell).casefold() for cell in cells)


def after(text: str, *names: str) -> str:
    """What stands behind the first of several names and a colon or tab, to the end of the line; empty without any."""
    for name in names:
        found = re.search(
            rf"^[ \t]*{re.escape(name)}[ \t]*[:\t][ \t]*(?P<rest>.*)$", text, re.IGNORECASE | re.MULTILINE
        )
        if found:
            return found["rest"].strip().strip("\t;,").strip()
    return ""


_NUMBERED = re.compile(r"^(?P<file>.+\.\w{1,5})[_#](?P<number>\d{1,4})$")


def raw_name(text: str) -> tuple[str, int | None]:
    """File name without folders, and the number of the spectrum where it hangs behind the ending: ``C5.mpr_3`` -> 3."""
    name = text.replace("\\", "/").rpartition("/")[2].strip().strip('"')
    found = _NUMBERED.match(name)
    return (found["file"], int(found["number"])) if found else (name, None)
