"""Which numbers stand in the rows of a text with spectra, in which line, and with which decimal sign?

Files of spectra are small, so they are read whole; every field that is used is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from interlith.errors import ReadError, nearest
from interlith.layouts.lazy_text import Remark
from interlith.layouts.text_layout import decode, fields, is_text

Array = NDArray[np.float64]

#: Largest text (bytes) that is read whole.
LARGEST = 200_000_000
#: Lines among which the header of a table must begin.
HEADER_LINES = 600
DELIMITERS = ("\t", ";", ",")
#: A line of UTF-16 with more signs of other scripts than this, and more than of Latin, is shifted by a byte.
SHIFTED = 30
LONGEST_NAMES = 65_536
#: What a line that names a frequency holds.
_FREQUENCY = re.compile(r"freq|omega|(?<![A-Za-z0-9])[f\u03c9](?![A-Za-z0-9])", re.IGNORECASE)
_POINT = re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eEdD][-+]?\d+)?$")
_COMMA = re.compile(r"[-+]?\d*,\d+(?:[eE][-+]?\d+)?$")
_THOUSANDS = re.compile(r"[-+]?\d{1,3}(?:,\d{3})+\.\d+$|[-+]?\d{1,3}(?:\.\d{3})+,\d+$|[-+]?\d{1,3}(?:,\d{3}){2,}$")
_SIGNS = frozenset("0123456789+-.eE")
#: What is printed where nothing was measured.
_NOTHING = frozenset({"", "-", "--", "nan", "NaN", "NAN", "N/A", "n/a", "inf", "-inf", "INF"})


@dataclass(frozen=True, slots=True)
class Text:
    """A text as lines; `ended` says whether its last line is closed."""

    path: Path
    lines: tuple[str, ...]
    ended: bool


@dataclass(frozen=True, slots=True)
class Numbers:
    """Columns of numbers (nan where nothing was measured), the line (from 1) of each row, and what was noticed."""

    columns: Mapping[str, Array]
    lines: NDArray[np.int64]
    remarks: tuple[Remark, ...]


def text_of(path: Path) -> Text:
    """Read a text whole.

    Raises
    ------
    ReadError
        If it cannot be opened, is empty, too large, or no text.
    """
    try:
        size = path.stat().st_size
        content = path.read_bytes() if size <= LARGEST else b""
    except OSError as error:
        raise ReadError(f"{path}: cannot be opened ({error.strerror or error}).") from error
    if size > LARGEST:
        raise ReadError(f"{path}: {size} bytes are more than a text of spectra holds ({LARGEST}); split it.")
    if not content:
        raise ReadError(f"{path}: the file is empty (0 bytes); copy it again from the instrument.")
    if not is_text(content[:65_536]) or (b"\x00" in content and content[:2] not in (b"\xff\xfe", b"\xfe\xff")):
        spot = content.find(b"\x00")
        raise ReadError(
            f"{path}: byte {max(spot, 0)}: this is not text; export the spectrum as text, or copy it again."
        )
    lines = decode(content)[0].split("\n")
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        _refuse_shifted(path, lines)
    ended = lines[-1].strip("\r") == ""
    return Text(path, tuple(line.rstrip("\r") for line in (lines[:-1] if ended else lines)), ended)


def _refuse_shifted(path: Path, lines: Sequence[str]) -> None:
    """A byte that is missing from a text of two bytes each turns all behind it into signs of no language."""
    for number, line in enumerate(lines, start=1):
        odd = sum(ord(sign) > 0x07FF for sign in line)
        if odd > SHIFTED and 2 * odd > len(line) - line.count(" "):
            raise ReadError(
                f"{path}: line {number} turns into signs of other scripts: a byte is missing or too many. Copy the file again."
            )


@lru_cache(maxsize=4)
def _head(head: bytes) -> tuple[str, ...]:
    """Every reader of spectra looks at the same bytes, so they are taken apart once."""
    return tuple(line.rstrip("\r") for line in decode(head)[0].split("\n")) if is_text(head) else ()


def head_lines(head: bytes, count: int = HEADER_LINES) -> list[str]:
    """The first lines of a file, for recognising it; empty if it is no text. Never raises."""
    return list(_head(head)[:count])


@lru_cache(maxsize=4)
def _naming(head: bytes) -> tuple[str, ...]:
    """Lines at the start of a file that hold the word frequency or a sign for it."""
    lines = _head(head)[:HEADER_LINES]
    if not _FREQUENCY.search("\n".join(lines)):
        return ()
    return tuple(line for line in lines if len(line) <= LONGEST_NAMES and _FREQUENCY.search(line))


def name_rows(head: bytes, *, blanks: bool = False) -> list[tuple[str, ...]]:
    """Rows in the first lines of a file that may name the columns of a spectrum: three or more, a frequency among them. Never raises."""
    found = []
    for line in _naming(head):
        for delimiter in (*DELIMITERS, *((None,) if blanks else ())):
            if delimiter is None or delimiter in line:
                row = tuple(cells(line, delimiter))
                if len(row) > 2:
                    found.append(row)
    return found


def cells(line: str, delimiter: str | None) -> list[str]:
    """The stripped fields of a line; without delimiter they are set apart by blanks. A line that is quoted as a whole is opened."""
    text = line.strip()
    if len(text) > 1 and text[0] == text[-1] == '"' and text.count('"') == 2:
        text = line = text[1:-1]
    if delimiter is None:
        return text.split()
    return [field.strip() for field in fields(line, delimiter)]


def find_header(
    lines: Sequence[str], accept: Callable[[Sequence[str]], bool], *, start: int = 0, blanks: bool = False
) -> tuple[int, str | None] | None:
    """First line from `start` that `accept` takes for a header, and its delimiter (`None`: blanks); `None` if there is none."""
    for number in range(start, min(len(lines), start + HEADER_LINES)):
        line = lines[number]
        if len(line) > LONGEST_NAMES:
            continue
        for delimiter in (*DELIMITERS, *((None,) if blanks else ())):
            if (delimiter is None or delimiter in line) and accept(cells(line, delimiter)):
                return number, delimiter
    return None


def is_numeric(field: str) -> bool:
    """Whether a field is a number with a decimal point or comma."""
    return bool(_POINT.match(field) or _COMMA.match(field))


def table_end(text: Text, start: int, delimiter: str | None) -> int:
    """Line (from 0) behind the last row of numbers from `start` on; blank lines within the table belong to it."""
    end = start
    for number in range(start, len(text.lines)):
        row = cells(text.lines[number], delimiter)
        if not any(row):
            continue
        if not (is_numeric(row[0]) or (len(row) > 1 and is_numeric(row[1]))):
            break
        end = number + 1
    return end


def numbers_of(
    text: Text,
    columns: Mapping[str, int],
    *,
    start: int,
    end: int | None = None,
    delimiter: str | None,
    width: int,
    decimal: str | None = None,
    names: Mapping[str, str] | None = None,
) -> Numbers:
    """Columns of numbers from the rows of a table.

    Parameters
    ----------
    text
        The file.
    columns
        Key -> position in the row.
    start, end
        First line (from 0) and the line behind the last; blank lines are passed over.
    delimiter
        Between fields; `None` for blanks.
    width
        Fields that the header names; a row may not hold more, and one with fewer than the columns need is refused, or, at the
        end of the file, left out.
    decimal
        Declared decimal sign.
    names
        Key -> printed name, for messages.

    Raises
    ------
    ReadError
        If a field is no number, a row is short or long, or decimal signs are mixed: the line is named.
    """
    if decimal not in (None, ".", ","):
        raise ReadError(f"{text.path}: decimal is '{decimal}'; {nearest(str(decimal), ('.', ','))}.")
    last = len(text.lines) if end is None else end
    rows, places = [], []
    for number in range(start, last):
        row = cells(text.lines[number], delimiter)
        if any(row):
            rows.append(row)
            places.append(number + 1)
    remarks = []
    if rows and last == len(text.lines) and (cut := _cut(text, rows, columns, delimiter)):
        remarks.append(Remark("truncated", cut, f"line {places[-1]}"))
        rows.pop()
        places.pop()
    _refuse_widths(text, rows, places, columns, width)
    sign = decimal or _decimal(text, rows, places, columns, delimiter)
    shown = names or {}
    found = {
        key: _column([row[at] for row in rows], places, sign, f"column '{shown.get(key, key)}'", text.path)
        for key, at in columns.items()
    }
    return Numbers(found, np.array(places, dtype=np.int64), tuple(remarks))


def _cut(text: Text, rows: Sequence[Sequence[str]], columns: Mapping[str, int], delimiter: str | None) -> str:
    """Why the last row is taken for cut short; empty if it is whole."""
    if text.ended:
        return ""
    needed = max(columns.values()) + 1
    row = rows[-1]
    usual = max((len(one) for one in rows[:-1]), default=len(row))
    told = "it was left out. The file was probably copied while it was being written."
    if len(row) < min(usual, needed) or (len(row) < usual and len(row) <= needed and len(rows) > 1):
        return f"The last row has {len(row)} of {usual} fields; {told}"
    fixed = {len(one[-1]) for one in rows[:-1] if len(one) == len(row)}
    signed = {len(one[-1].lstrip("-+")) for one in rows[:-1] if len(one) == len(row)}
    length = len(row[-1].lstrip("-+"))
    exponents = [("e" in one[-1].casefold()) for one in rows[:-1] if len(one) == len(row)]
    if delimiter is not None and len(rows) > 3 and (len(fixed) == 1 or len(signed) == 1) and length < min(signed):
        return f"The last number '{row[-1]}' is shorter than all above it; {told}"
    if len(rows) > 3 and exponents and all(exponents) and "e" not in row[-1].casefold():
        return f"The last number '{row[-1]}' has lost its exponent; {told}"
    return ""


def _refuse_widths(
    text: Text, rows: Sequence[Sequence[str]], places: Sequence[int], columns: Mapping[str, int], width: int
) -> None:
    needed = max(columns.values()) + 1
    for row, place in zip(rows, places, strict=True):
        if len(row) < needed:
            raise ReadError(
                f"{text.path}: line {place} has {len(row)} fields where {needed} are needed ('{text.lines[place - 1].strip()[:60]}'); "
                "the file is damaged. Copy it again from the instrument."
            )
        if len(row) > width and any(row[width:]):
            raise ReadError(
                f"{text.path}: line {place} has {len(row)} fields, but the header names only {width}; columns may have shifted "
                "(decimal commas between commas?). Export with semicolons or tabs, or with a decimal point."
            )


def _decimal(
    text: Text,
    rows: Sequence[Sequence[str]],
    places: Sequence[int],
    columns: Mapping[str, int],
    delimiter: str | None,
) -> str:
    if delimiter == ",":
        return "."
    comma: tuple[str, int] | None = None
    point: tuple[str, int] | None = None
    for row, place in zip(rows, places, strict=True):
        for at in columns.values():
            field = row[at]
            if "," in field:
                if _THOUSANDS.match(field):
                    raise ReadError(
                        f"{text.path}: line {place}: '{field}' has a thousands separator; export the file without it, or it would be "
                        "misread."
                    )
                comma = comma or (field, place)
            elif "." in field:
                point = point or (field, place)
            if comma and point:
                raise ReadError(
                    f"{text.path}: numbers are written with a comma ('{comma[0]}', line {comma[1]}) and with a point ('{point[0]}', "
                    f"line {point[1]}); export the file again with one decimal sign."
                )
    return "," if comma else "."


def _column(texts: Sequence[str], places: Sequence[int], decimal: str, shown: str, path: Path) -> Array:
    if decimal == "." and _SIGNS.issuperset("".join(texts)):
        try:
            quick = np.array(texts, dtype=np.float64)
        except ValueError:
            quick = np.array([np.inf])
        if np.isfinite(quick).all() and quick.size == len(texts):
            return quick
    style = _COMMA if decimal == "," else _POINT
    made = np.empty(len(texts))
    for at, field in enumerate(texts):
        value = np.inf
        if style.match(field) or (decimal == "," and "." not in field and _POINT.match(field)):
            value = float(field.replace(",", ".").replace("D", "e").replace("d", "e"))
        elif field in _NOTHING:
            value = np.nan
        if np.isinf(value):
            raise ReadError(
                f"{path}: line {places[at]}, {shown} holds '{field[:40]}', which is not a number with the decimal sign '{decimal}' "
                "of the file; export it again."
            )
        made[at] = value
    return made
