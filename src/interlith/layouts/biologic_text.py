"""How is a text export of EC-Lab or BT-Lab laid out: header lines, decimal sign, absolute or relative times?

The computer's locale decides the decimal sign; between tabs a comma is never a thousands separator. Times are seconds since
the start of the acquisition, or dates, with the month first unless the dates themselves say otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import polars as pl

from interlith.errors import ReadError
from interlith.layouts.biologic_charge import paused
from interlith.layouts.biologic_columns import COUNTS, KEYS, meaning
from interlith.layouts.biologic_header import Header, date_of, text_header
from interlith.layouts.column_names import Column
from interlith.layouts.lazy_text import NULLS, Remark, clock_expression, scan
from interlith.layouts.text_layout import BLOCK, HEADER_LINES, Layout, decode, layout_of

MAGIC = ("EC-Lab ASCII FILE", "BT-Lab ASCII FILE")
DELIMITERS = ("\t", ";")
#: Longest header that is looked through: a line for every loop of a long test.
LONG_LINES, LONG_BYTES = 200_000, 16_000_000
_COUNT = re.compile(r"^Nb header lines\s*:\s*(\d+)\s*$")
_LOOP = re.compile(r"^\s*Loop \d+ from point number (\d+) to \d+\s*$")
_COMMA = re.compile(r"[-+]?\d*,\d+(?:[eE][-+]?\d+)?$")
_POINT = re.compile(r"[-+]?\d*\.\d+(?:[eE][-+]?\d+)?$")
_NEEDED = frozenset(
    {"time", "ewe", "ewe_mean", "ecell", "ecell_mean", "ewe_ece", "current", "current_mean", "frequency"}
)


@dataclass(frozen=True, slots=True)
class Export:
    """A text export as laid out: columns under keys in inside units, header, and what was noticed."""

    frame: pl.LazyFrame
    names: tuple[str, ...]
    header: Header
    layout: Layout
    first: float
    dated: bool
    remarks: tuple[Remark, ...]


def keys_of(row: Sequence[str]) -> set[str]:
    """Keys of the column names in a row that are understood; a unit that is not is nobody's business here."""
    found = set()
    for name in row:
        plain = name.strip()
        stem = plain if plain in KEYS else plain.rpartition("/")[0]
        if stem in KEYS and (plain in KEYS) == (KEYS[stem] in COUNTS):
            found.add(KEYS[stem])
    return found


def names_table(row: Sequence[str]) -> bool:
    """Whether a row names the columns of an export: a time and a voltage, or a spectrum."""
    keys = keys_of(row)
    return ("time" in keys and bool(keys & {"ewe", "ewe_mean", "ecell", "ecell_mean", "ewe_ece"})) or (
        "frequency" in keys and bool(keys & {"real", "modulus"})
    )


def first_lines(head: bytes) -> list[str]:
    """The lines in the first bytes of a file, empty if it holds zero bytes and is no text."""
    return [] if b"\x00" in head[:4096] and head[:2] not in (b"\xff\xfe", b"\xfe\xff") else decode(head)[0].splitlines()


def has_header(lines: Sequence[str]) -> bool:
    """Whether the first line that is not blank is that of EC-Lab or BT-Lab."""
    first = next((line for line in lines[:5] if line.strip()), "")
    return first.strip().strip("\ufeff") in MAGIC


def export(path: Path, *, decimal: str | None) -> Export:
    """Lay out and scan a text export.

    Raises
    ------
    ReadError
        If no line names time and voltage or a spectrum, a unit is unknown, or number styles are mixed.
    """
    layout = _decimal(_layout(path), decimal)
    header = text_header(layout.preamble) if has_header(layout.preamble) else Header()
    columns, remarks = _columns(layout, str(path))
    time = next((column for column in columns if column.quantity == "time"), None)
    texts = [text for text in layout.column(time.position) if text not in NULLS] if time is not None else []
    dated = any(re.search(r"\d[/.\-]\d+[/.\-]\d+\s+\d+:", text) for text in texts)
    if time is not None and (dated or any(":" in text for text in texts)):
        columns = [replace(column, kind="text") if column is time else column for column in columns]
    frame, more = scan(layout, columns)
    remarks += more
    first = 0.0
    if time is not None and dated:
        frame, first, header, said = _from_dates(frame, texts, header, str(path))
        remarks += said
    elif time is not None and any(":" in text for text in texts):
        seconds = clock_expression(pl.col("time"), texts)
        if seconds is None:
            raise ReadError(
                f"{path}: the column '{time.name}' holds '{texts[0]}', which is neither seconds nor a date."
            )
        frame = frame.with_columns(seconds.alias("time"))
    elif time is not None and texts:
        first = float(texts[0].replace(",", ".")) * time.factor
    names = [column.quantity for column in columns]
    if starts := loop_starts(layout.preamble):
        frame = frame.with_row_index("_row").with_columns(pl.col("_row").is_in(starts).alias("loop")).drop("_row")
        names.append("loop")
    elif not header.metadata and time is not None:
        frame = frame.with_columns(paused().alias("pause"))
        names.append("pause")
    return Export(frame, tuple(names), header, layout, first, dated, tuple(remarks))


def loop_starts(lines: Sequence[str]) -> list[int]:
    """Points (from 0) at which a loop begins, as the header lists them; the first loop begins at no turn."""
    found = [match for line in lines if (match := _LOOP.match(line))]
    return sorted({int(match[1]) for match in found} - {0})


def _layout(path: Path) -> Layout:
    lines, size = HEADER_LINES, BLOCK
    try:
        with path.open("rb") as handle:
            start = first_lines(handle.read(4096))
    except OSError as error:
        raise ReadError(f"{path}: cannot be opened ({error.strerror or error}).") from error
    counts = [found for line in start[:6] if (found := _COUNT.match(line.strip()))]
    announced = int(counts[0][1]) if counts else 0
    if announced > HEADER_LINES // 2:
        lines, size = min(announced + 10, LONG_LINES), LONG_BYTES
    layout = layout_of(
        path,
        names_table,
        missing=f"no line{f' among the {announced} announced header lines' if announced else ''} names a time (time/s) and a voltage "
        "(Ewe/V, Ecell/V), or a spectrum (freq/Hz, Re(Z)/Ohm), as EC-Lab and BT-Lab do; export the file again with these columns.",
        decimal=".",
        delimiters=DELIMITERS,
        header_lines=lines,
        head_bytes=size,
    )
    # The line of names ends with a tab, those of numbers do not; a name beyond their end has no column.
    width = max(len(row) for row in (*layout.head_rows, *layout.tail_rows))
    return replace(layout, names=layout.names[:width], width=width)


def _decimal(layout: Layout, declared: str | None) -> Layout:
    """The decimal sign, from the numbers looked at; both signs in one file are refused."""
    if declared is not None:
        return replace(layout, decimal=declared)
    comma = point = ""
    for row in (*layout.head_rows, *layout.tail_rows):
        for field in row:
            text = field.strip()
            if "," in text and _COMMA.match(text):
                comma = comma or text
            elif "." in text and _POINT.match(text):
                point = point or text
    if comma and point:
        raise ReadError(
            f"{layout.path}: numbers are written with a comma ('{comma}') and with a point ('{point}'); export the file again "
            'with one decimal sign, or declare `decimal: ","`.'
        )
    return replace(layout, decimal=",") if comma else layout


def _columns(layout: Layout, where: str) -> tuple[list[Column], list[Remark]]:
    found: dict[str, Column] = {}
    remarks: list[Remark] = []
    for position, name in enumerate(layout.names):
        try:
            said = meaning(name, where=where)
        except ReadError as error:
            if keys_of([name]) & _NEEDED:
                raise
            remarks.append(Remark("column_left_out", str(error)))
            continue
        if said is not None and said.key not in found:
            kind = "integer" if said.key in COUNTS else "number"
            found[said.key] = Column(position, name, said.key, kind, said.factor)  # type: ignore[arg-type]
    return list(found.values()), remarks


def _from_dates(
    frame: pl.LazyFrame, texts: Sequence[str], header: Header, where: str
) -> tuple[pl.LazyFrame, float, Header, list[Remark]]:
    """Seconds since the start of the acquisition, from dates; the dates stay beside them."""
    order, assumed = _order(texts, where)
    written = header.metadata.get("Acquisition started on", "")
    start = date_of(str(written), order) if written else None
    first = date_of(texts[0], order)
    assert first is not None  # `_order` has read it
    if start is None or start > first:
        start = first
    sign = next(character for character in texts[0] if character in "/.-")
    parts = {"month": "%m{0}%d{0}%Y", "day": "%d{0}%m{0}%Y", "year": "%Y{0}%m{0}%d"}[order].format(sign)
    text = pl.col("time").str.strip_chars()
    if any("," in one for one in texts):
        text = text.str.replace(",", ".", literal=True)
    clock = text.str.to_datetime(f"{parts} %H:%M:%S%.f", strict=False, time_unit="us")
    seconds = (clock - pl.lit(start)).dt.total_microseconds().cast(pl.Float64) / 1e6
    frame = frame.with_columns(clock.cast(pl.Datetime("ms")).alias("wall_clock"), seconds.alias("time"))
    remarks = [
        Remark(
            "time_from_dates", "Times are printed as dates; device time is the difference from the start.", "", "note"
        )
    ]
    if assumed:
        remarks.append(
            Remark(
                "date_order_assumed",
                f"'{texts[0]}' is read with the {order} first, which is the vendor's order; both are possible.",
                "",
                "note",
            )
        )
    return frame, (first - start).total_seconds(), replace(header, start=start), remarks


def _order(texts: Sequence[str], where: str) -> tuple[str, bool]:
    """Which number of a date comes first, and whether that is only assumed.

    Notes
    -----
    A wrong order takes records that follow each other apart by months, so that the shorter span is the right one.
    """
    spans: dict[str, float] = {}
    for order in ("month", "day"):
        dates = [_strictly(text, order) for text in dict.fromkeys(texts)]
        if all(date is not None for date in dates):
            known = [date for date in dates if date is not None]
            spans[order] = (max(known) - min(known)).total_seconds()
    if not spans:
        raise ReadError(f"{where}: the dates in time/s ('{texts[0]}') are not understood; export the time in seconds.")
    if len(texts[0].split()[0].replace(".", "/").replace("-", "/").split("/")[0]) == 4:
        return "year", False
    if len(spans) == 2 and spans["day"] < spans["month"]:
        return "day", False
    order = "month" if "month" in spans else "day"
    same = (
        len(spans) == 2
        and spans["day"] == spans["month"]
        and _strictly(texts[0], "day") != _strictly(texts[0], "month")
    )
    return order, same


def _strictly(text: str, order: str) -> datetime | None:
    found = date_of(text, order)
    if found is None or order == "day":
        return found
    first, second = (int(part) for part in re.split(r"[/.\-]", text.strip())[:2])
    return found if first > 99 or (found.month, found.day) == (first, second) else None
