"""Where are the tables of a Gamry EXPLAIN text, and how do their rows become lazy columns?

Each table begins with its name and the word TABLE, then a line of column names and one of units; its rows begin with a tab.
Settings stand between the tables, one a line.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from interlith.errors import ReadError
from interlith.layouts.column_names import unit_factor

#: Rows at each end of a table that are looked at.
LOOKED_AT = 200
#: Bytes in which the settings before the first table and the two lines above each table's rows must end.
LONGEST_HEADER = 1_000_000
LONGEST_LINE = 65_536
#: Largest file (bytes) that is taken apart.
LARGEST = 2_000_000_000
#: A number with each decimal sign; a thousands separator or a mix of both is none.
_NUMBER = {
    sign: re.compile(rf"[-+]?(?:\d+(?:{re.escape(sign)}\d*)?|{re.escape(sign)}\d+)(?:[eE][-+]?\d+)?$") for sign in ".,"
}
_BY_COMMA = tuple((sign, _NUMBER[sign]) for sign in ",.")
#: Lines that a data file has once.
_OPENINGS = (b"EXPLAIN", b"\nTAG\t", b"\nDATE\tLABEL")
_DEGREE = math.pi / 180.0
_TABLE = re.compile(r"(?P<name>[A-Z][A-Z0-9_]*)\tTABLE(?:\t(?P<rows>\d+))?\s*$")
_LAST = re.compile(rb"\n(?=[^\t])")


@dataclass(frozen=True, slots=True)
class Section:
    """One table: its rows are the bytes from `start` to `end`, `line` (from 0) is that of the first of them."""

    path: Path
    name: str
    names: tuple[str, ...]
    units: tuple[str, ...]
    start: int
    end: int
    line: int
    rows: int
    announced: int | None
    first: tuple[tuple[str, ...], ...]
    last: tuple[tuple[str, ...], ...]
    cut: bool

    @property
    def decimal(self) -> str:
        """Decimal sign of the numbers in the rows looked at."""
        fields = [text for row in (*self.first, *self.last) for text in row]
        commas, points = (sum(sign in text and bool(style.match(text)) for text in fields) for sign, style in _BY_COMMA)
        return "," if commas > points else "."

    def numbers(self, name: str) -> list[float]:
        """Numbers of one column in the rows looked at."""
        at = self.names.index(name)
        return [float(row[at].replace(",", ".")) for row in (*self.first, *self.last)]


def sections_of(path: Path) -> tuple[dict[str, str], tuple[Section, ...]]:
    """Settings before the first table, and all tables with rows.

    Raises
    ------
    ReadError
        If the file cannot be opened, does not open with EXPLAIN, or a table is damaged.
    """
    try:
        size = path.stat().st_size
        text = path.read_bytes() if size <= LARGEST else b""
    except OSError as error:
        raise ReadError(f"{path}: cannot be opened ({error.strerror or error}).") from error
    if size > LARGEST:
        raise ReadError(f"{path}: {size} bytes are more than a Gamry data file holds ({LARGEST}); split it.")
    if not text[:64].lstrip(b"\xef\xbb\xbf").startswith(b"EXPLAIN"):
        raise ReadError(f"{path}: byte 0 is no EXPLAIN, so this is no Gamry data file; copy it again.")
    for opening in _OPENINGS:
        first = text.find(opening)
        again = text.find(opening, first + 1) if first >= 0 else -1
        if again >= 0:
            raise ReadError(
                f"{path}: at byte {again + 1} another data file begins ({opening.strip().decode()}): two were put together; give "
                "each a file of its own."
            )
    return _settings(text), tuple(_tables(path, text))


def _settings(text: bytes) -> dict[str, str]:
    end = text.find(b"\tTABLE", 0, LONGEST_HEADER)
    found: dict[str, str] = {}
    for line in text[: end if end >= 0 else LONGEST_HEADER].decode("cp1252", errors="replace").splitlines():
        fields = line.split("\t")
        if len(fields) > 1 and fields[0]:
            found.setdefault(fields[0], fields[1] if fields[0] == "TAG" else (*fields, "")[2])
    return found


def _tables(path: Path, text: bytes) -> list[Section]:
    found: list[Section] = []
    at = line = counted = 0
    while (mark := text.find(b"\tTABLE", at)) >= 0:
        begin = text.rfind(b"\n", max(0, mark - 200), mark) + 1
        heads = []
        stop = begin
        for _ in range(3):
            ends = text.find(b"\n", stop, stop + LONGEST_LINE)
            ends = len(text) if ends < 0 else ends
            heads.append(text[stop:ends].decode("cp1252", errors="replace").rstrip("\r"))
            stop = min(ends + 1, len(text))
        head = _TABLE.match(heads[0])
        at = stop
        if head is None:
            continue
        closed = _LAST.search(text, max(stop - 1, 0))
        end = closed.start() + 1 if closed else len(text)
        line += text.count(b"\n", counted, stop)
        counted, at = stop, max(end, stop)
        if end > stop:
            announced = int(head["rows"]) if head["rows"] else None
            found.append(_section(path, text, head["name"], heads, (stop, end), line, announced))
    return found


def _section(
    path: Path,
    text: bytes,
    name: str,
    heads: Sequence[str],
    span: tuple[int, int],
    line: int,
    announced: int | None,
) -> Section:
    start, end = span
    names, units = (tuple(part.strip() for part in head.split("\t")[1:]) for head in heads[1:])
    if not any(names) or len(set(names)) < len([item for item in names if item]):
        raise ReadError(f"{path}: line {line - 1}: the table {name} does not name its columns; copy the file again.")
    rows = text.count(b"\n", start, end)
    rows += text[end - 1 : end] != b"\n"
    whole = max(start, end - LOOKED_AT * 400)
    head = text[start : min(end, start + LOOKED_AT * 400)].decode("cp1252", errors="replace").splitlines()[:LOOKED_AT]
    tail = text[whole:end].decode("cp1252", errors="replace").splitlines()
    tail = tail[max(0, len(tail) - min(LOOKED_AT, rows - len(head))) :] if rows > len(head) else []
    first, last = ([tuple(item.split("\t")[1:]) for item in part] for part in (head, tail))
    ending = last or first
    cut = len(ending[-1]) < len(names) and end == len(text)
    if cut:
        ending.pop()
    return Section(
        path, name, names, units, start, end, line, rows - cut, announced, tuple(first), tuple(last), cut
    )  # fmt: skip


def checked(section: Section, wanted: Mapping[str, str]) -> dict[str, float]:
    """Factor into the inside unit for each wanted column that a table has.

    Parameters
    ----------
    section
        The table.
    wanted
        Name of a column -> quantity; those that the table has not are left out.

    Raises
    ------
    ReadError
        If a unit is not understood, or a field in the rows looked at is no number.
    """
    found: dict[str, float] = {}
    style = _NUMBER[section.decimal]
    for name, quantity in wanted.items():
        if name not in section.names:
            continue
        at = section.names.index(name)
        unit = section.units[at] if at < len(section.units) else ""
        found[name] = _factor(section, name, unit, quantity)
        for offset, row in enumerate((*section.first, *section.last)):
            field = row[at] if at < len(row) else ""
            if not style.match(field):
                near = f"line {section.line + offset + 1}" if offset < len(section.first) else "near its end"
                raise ReadError(
                    f"{section.path}: {near}, table {section.name}, column '{name}' holds '{field}', which is not a number "
                    f"with the decimal sign '{section.decimal}' of the table; copy the file again from the instrument."
                )
    return found


def _factor(section: Section, name: str, unit: str, quantity: str) -> float:
    fixed = {"frequency": "Hz", "impedance_real": "ohm", "impedance_imaginary": "ohm", "modulus": "ohm"}
    if quantity == "phase":
        return _DEGREE  # the sign of a degree is lost in some code pages
    if quantity in fixed:
        if unit.casefold() != fixed[quantity].casefold():
            raise ReadError(
                f"{section.path}: the column '{name}' of the table {section.name} is in '{unit}' instead of {fixed[quantity]}; "
                "copy the file again from the instrument."
            )
        return 1.0
    plain = re.sub(r"\s+vs\.?\s+ref\.?$", "", unit, flags=re.IGNORECASE)
    return unit_factor(plain, quantity, column=name, where=f"{section.path}, table {section.name}")


def scan(
    sections: Sequence[Section], wanted: Mapping[str, str], factors: Sequence[Mapping[str, float]]
) -> list[pl.LazyFrame]:
    """Lazy columns of each table under the names of their quantities.

    A table that ends the file is scanned from it; others are copied, since each scan of the file would begin at its start
    and read on beyond the end of its table.
    """
    frames = []
    for section, known in zip(sections, factors, strict=True):
        source: Path | io.BytesIO = section.path
        lines = section.line
        if len(sections) > 1 or section.end < section.path.stat().st_size:
            with section.path.open("rb") as handle:
                handle.seek(section.start)
                source, lines = io.BytesIO(handle.read(section.end - section.start)), 0
        text = section.decimal == ","
        # Rows may end with tabs behind the last name.
        width = max(len(section.names), *(len(row) for row in (*section.first, *section.last)))
        labels = ["_", *(f"c{at}" for at in range(width))]
        kinds = {f"c{section.names.index(name)}": pl.String if text else pl.Float64 for name in known}
        raw = pl.scan_csv(
            source,
            has_header=False,
            separator="\t",
            skip_lines=lines,
            n_rows=section.rows,
            schema={label: kinds.get(label, pl.String) for label in labels},
            quote_char=None,
            truncate_ragged_lines=True,
            glob=False,
        )
        out = []
        for name, size in known.items():
            value = pl.col(f"c{section.names.index(name)}")
            value = value.str.replace(",", ".", literal=True).cast(pl.Float64) if text else value
            out.append((value * size if size != 1.0 else value).alias(wanted[name]))
        frames.append(raw.select(out))
    return frames
