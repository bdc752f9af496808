"""How does a delimited text become a lazy table in inside units, reading only the columns that are asked for?"""

from __future__ import annotations

import io
import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import polars as pl

from interlith.errors import ReadError
from interlith.layouts import dates, digit_groups, number_dates
from interlith.layouts.column_names import Column
from interlith.layouts.text_layout import LARGEST_REWRITE, Layout

#: What vendors print where nothing was measured.
NULLS = ["-", "--", "NaN", "nan", "N/A", "NULL", "null", "None"]
#: Blocks (bytes each) in which the marks of `NULLS` are looked for.
PROBE = 65_536
PROBES = 12
#: So many rows, or this share of them, that are shorter than the others are damage; more are the vendor's way.
FEW_SHORT, SHORT_SHARE = 3, 0.005
_PLAIN = re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?$")
_WHOLE = re.compile(r"[-+]?\d+$")
_NULLS = frozenset(NULLS)
_CLOCK = re.compile(r"(?P<hours>\d+):(?P<minutes>\d\d):(?P<seconds>\d\d)(?:\.(?P<part>\d+))?$")
_DAY_CLOCK = re.compile(r"\s*\d+d \d\d:\d\d:\d\d(?:\.(?P<part>\d+))?$")
_DAYS = r"^\s*(?:(?P<days>\d+)\s*(?:d\s*|-))?(?P<hours>\d+):(?P<minutes>\d{1,2}):(?P<seconds>\d{1,2}(?:[.:]\d+)?)\s*$"


@dataclass(frozen=True, slots=True)
class Remark:
    """Something noticed while reading; a format turns it into a flag of the measurement."""

    code: str
    message: str
    where: str = ""
    severity: Literal["note", "warning", "error"] = "warning"


def scan(layout: Layout, columns: Sequence[Column]) -> tuple[pl.LazyFrame, list[Remark]]:
    """Scan a laid out text lazily into columns named and scaled as `columns` say.

    Raises
    ------
    ReadError
        If a column that is needed as a number holds something else in the rows looked at.

    Notes
    -----
    Rows beyond the first and last block are only looked at when the frame is collected; a field there that is no number
    then raises `polars.exceptions.ComputeError`, which `refusal` turns into a `ReadError` with the line.
    """
    remarks = _short_rows(layout)
    by_position = {column.position: column for column in columns}
    schema: dict[str, pl.DataType | type[pl.DataType]] = {}
    expressions: list[pl.Expr] = []
    for position in range(layout.width):
        label = f"c{position}"
        column = by_position.get(position)
        if column is None:
            schema[label] = pl.String
            continue
        dtype, expression = _expression(layout, column, pl.col(label))
        schema[label] = dtype
        if expression is not None:
            expressions.append(expression.alias(column.quantity))
        else:
            remarks.append(
                Remark("clock_not_understood", f"The dates in '{column.name}' are not understood.", "", "note")
            )
    rows = None
    if layout.rows_to_drop:
        rows = _count_lines(layout) - layout.data_line - layout.rows_to_drop
        remarks.append(_ending_remark(layout, rows))
    frame = pl.scan_csv(
        _source(layout),
        has_header=False,
        separator=layout.delimiter,
        skip_lines=layout.data_line,
        schema=schema,
        null_values=_nulls_seen(layout) or None,
        quote_char='"' if layout.quoted else None,
        n_rows=rows,
        glob=False,
    )
    return frame.select(expressions), remarks


def _short_rows(layout: Layout) -> list[Remark]:
    """Rows that lack fields which all others have: what is left of them may stand in the wrong columns."""
    rows = (*layout.head_rows, *layout.tail_rows)
    widths = Counter(map(len, rows))
    usual = widths.most_common(1)[0][0] if widths else 0
    short = [number for number, row in enumerate(rows) if len(row) < usual and any(field.strip() for field in row)]
    if not 0 < len(short) <= max(FEW_SHORT, SHORT_SHARE * len(rows)):
        return []
    where = f"line {layout.data_line + short[0] + 1}" if short[0] < len(layout.head_rows) else "near the end"
    message = (
        f"{len(short)} rows have fewer fields than the {usual} of the others: fields of them are lost, and those that are left may "
        "stand in the wrong columns."
    )
    return [Remark("fields_missing", message, where)]


def refusal(error: Exception, layout_path: str) -> ReadError:
    """Turn an error that polars raised while collecting into a sentence with file, column and byte."""
    text = str(error)
    found = re.search(r"could not parse `(?P<field>.*?)` as dtype .*? at column '(?P<column>.*?)'", text)
    where = re.search(r"current offset in the file is (\d+) bytes", text)
    if found:
        return ReadError(
            f"{layout_path}: near byte {where[1] if where else 'unknown'}, column number {found['column'].lstrip('c')}: "
            f"'{found['field']}' is not a number; repair the row or export the file again."
        )
    return ReadError(f"{layout_path}: the table breaks off or changes its shape: {text.splitlines()[0]}.")


def clock_expression(column: pl.Expr, samples: Sequence[str]) -> pl.Expr | None:
    """Seconds from durations such as ``31692:04:00``, ``0:00:01.250``, ``2d 03:04:05`` or ``1-02:03:04``.

    Durations that all have the same count of decimals are cut at fixed places from their right end, which costs a
    tenth of splitting them; `None` if the samples are no durations.
    """
    filled = [text for text in samples if text and text not in _NULLS]
    found = [_CLOCK.match(text) for text in filled]
    if filled and all(found):
        decimals = {len(match["part"] or "") for match in found if match}
        if len(decimals) == 1:
            return _fixed_clock(column, decimals.pop())
    daily = [_DAY_CLOCK.match(text) for text in filled]
    if filled and all(daily):
        decimals = {len(match["part"] or "") for match in daily if match}
        if len(decimals) == 1:
            tail = 1 + max(decimals) if max(decimals) else 0
            days = column.str.head(-(tail + 10)).str.strip_chars().cast(pl.Int64).cast(pl.Float64)
            return days * 86400.0 + _fixed_clock(column.str.tail(tail + 8), max(decimals))
    if filled and all(re.match(_DAYS, text) for text in filled):
        parts = column.str.extract_groups(_DAYS)
        days = parts.struct.field("days").cast(pl.Float64).fill_null(0.0)
        hours, minutes = (parts.struct.field(name).cast(pl.Float64) for name in ("hours", "minutes"))
        seconds = parts.struct.field("seconds").str.replace(":", ".", literal=True).cast(pl.Float64)
        return days * 86400.0 + hours * 3600.0 + minutes * 60.0 + seconds
    return None


def _fixed_clock(column: pl.Expr, decimals: int) -> pl.Expr:
    tail = decimals + 1 if decimals else 0
    seconds = column.str.slice(-(tail + 2), 2).cast(pl.Int64)
    minutes = column.str.slice(-(tail + 5), 2).cast(pl.Int64)
    hours = column.str.head(-(tail + 6)).cast(pl.Int64)
    whole = (seconds + 60 * minutes + 3600 * hours).cast(pl.Float64)
    if decimals:
        return whole + column.str.slice(-decimals).cast(pl.Int64).cast(pl.Float64) / 10.0**decimals
    return whole


def _expression(layout: Layout, column: Column, raw: pl.Expr) -> tuple[pl.DataType | type[pl.DataType], pl.Expr | None]:
    if column.kind == "text":
        return pl.String, raw.str.strip_chars() if layout.padded(column.position) else raw
    samples = [text for text in layout.column(column.position) if text and text not in _NULLS]
    if column.kind == "date":
        return pl.String, _date(raw, samples)
    if column.kind == "duration" and any(":" in text for text in samples):
        if layout.decimal == "," and any("," in text for text in samples):
            raw, samples = raw.str.replace(",", ".", literal=True), [text.replace(",", ".") for text in samples]
        seconds = clock_expression(raw, samples)
        if seconds is None:
            wrong = next((text for text in samples if not re.match(_DAYS, text)), samples[0])
            raise ReadError(f"{layout.path}: the column '{column.name}' holds '{wrong}', which is no duration.")
        return pl.String, seconds
    return _number(layout, column, raw, samples)


def _number(
    layout: Layout, column: Column, raw: pl.Expr, samples: Sequence[str]
) -> tuple[pl.DataType | type[pl.DataType], pl.Expr]:
    if math.isnan(column.factor):
        raise ReadError(
            f"{layout.path}: the column '{column.name}' holds numbers such as '{next(iter(samples), '')}' without a unit; "
            f"export it with a unit in the header, or declare `units: {{{column.quantity}: s}}` beside the mapping."
        )
    if layout.group:
        samples = [digit_groups.plain(text, layout.group) for text in samples]
    plain = [text.replace(",", ".") if layout.decimal == "," else text for text in samples]
    for text in dict.fromkeys(plain):
        if not _PLAIN.match(text):
            raise _no_number(layout, column, text)
    if layout.padded(column.position) or layout.decimal == "," or layout.quoted or layout.group:
        clean = raw.str.strip_chars()
        clean = pl.when(clean == "").then(None).otherwise(clean)
        if layout.group:
            clean = digit_groups.ungrouped(clean, layout.group)
        if layout.decimal == ",":
            clean = clean.str.replace(",", ".", literal=True)
        value = clean.cast(pl.Float64)
        return pl.String, _scaled(value, column)
    if column.kind == "integer" and all(map(_WHOLE.match, plain)):
        return pl.Int64, raw
    return pl.Float64, _scaled(raw, column)


def _no_number(layout: Layout, column: Column, text: str) -> ReadError:
    """The refusal of a field, with its line where it stands in the first block."""
    shown = text.replace(".", ",") if layout.decimal == "," else text
    line = next(
        (
            layout.data_line + offset + 1
            for offset, row in enumerate(layout.head_rows)
            if column.position < len(row) and row[column.position].strip() in (text, shown)
        ),
        None,
    )
    where = f"line {line}" if line else "near the end"
    if text == column.name:
        return ReadError(
            f"{layout.path}: {where} repeats the header: several exports stand one after the other. Split the file."
        )
    return ReadError(
        f"{layout.path}: {where}, column '{column.name}' holds '{text}', which is not a number; repair the row or export "
        "the file again."
    )


def _nulls_seen(layout: Layout) -> list[str]:
    """The marks for "not measured" that occur in this file; each one looked for costs time in every field of every row.

    Small files are looked at as a whole, large ones at both ends and in blocks between.
    """
    blocks = [layout.content] if layout.content is not None else []
    if not blocks:
        with layout.path.open("rb") as handle:
            size = handle.seek(0, 2)
            places = (
                range(0, size, PROBE) if size <= PROBES * PROBE else [size * part // PROBES for part in range(PROBES)]
            )
            for place in (*places, max(0, size - PROBE)):
                handle.seek(place)
                blocks.append(handle.read(PROBE))
    text = b"\n".join(blocks)
    return sorted(mark for mark in NULLS if _stands_alone(mark.encode(), text, layout.delimiter.encode()))


def _stands_alone(mark: bytes, text: bytes, delimiter: bytes) -> bool:
    """Whether a mark fills a field somewhere. The search begins with the mark itself, which few places hold."""
    ends = delimiter + b'"\r\n'
    for found in re.finditer(re.escape(mark) + rb"[ \t]*(?=[" + re.escape(ends) + rb"])", text):
        before = found.start() - 1
        while before >= 0 and text[before] in b" \t" and text[before] not in delimiter:
            before -= 1
        if before < 0 or text[before] in delimiter + b'"\n':
            return True
    return False


def _scaled(value: pl.Expr, column: Column) -> pl.Expr:
    if column.kind == "integer":
        return value.cast(pl.Int64)
    return value if column.factor == 1.0 else value * column.factor


def _date(raw: pl.Expr, samples: Sequence[str]) -> pl.Expr | None:
    pattern = dates.pattern_of([*samples[:50], *samples[-50:]])
    if pattern is None:
        return number_dates.from_texts(raw, samples)
    return raw.str.strip_chars().str.to_datetime(pattern, strict=False, time_unit="ms")


def _source(layout: Layout) -> str | io.BytesIO:
    """The path where polars can scan it, else the text rewritten as UTF-8 in memory."""
    if layout.content is not None:
        return io.BytesIO(layout.content)
    if layout.encoding == "utf-8" or layout.ascii_data:
        return str(layout.path)
    size = layout.path.stat().st_size
    if size > LARGEST_REWRITE:
        raise ReadError(
            f"{layout.path}: {size} bytes in {layout.encoding}; save it as UTF-8, it is too large to rewrite."
        )
    return io.BytesIO(layout.path.read_bytes().decode(layout.encoding, errors="replace").encode("utf-8"))


def _count_lines(layout: Layout) -> int:
    lines, last = 0, b""
    if layout.content is not None:
        return layout.content.count(b"\n") + (not layout.content.endswith(b"\n"))
    with layout.path.open("rb") as handle:
        while block := handle.read(1 << 20):
            lines += block.count(b"\n")
            last = block
    return lines + (not last.endswith(b"\n"))


def _ending_remark(layout: Layout, rows: int) -> Remark:
    where = f"line {layout.data_line + rows + 1}"
    if layout.truncated:
        return Remark(
            "truncated",
            f"The last row is cut short ('{layout.truncated[:60]}') and was left out; the file was probably copied while "
            "it was being written.",
            where,
        )
    return Remark("blank_rows", f"{layout.rows_to_drop} blank rows at the end were left out.", where, "note")
