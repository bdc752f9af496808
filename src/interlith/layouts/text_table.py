"""How does a vendor's delimited text become a canonical lazy table, given the vendor's vocabulary?

The one path that all text formats share: lay out, understand the names, scan lazily, give time and sign.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from interlith.layouts import device_time, digit_groups
from interlith.layouts.column_names import Column, split, understand
from interlith.layouts.lazy_text import NULLS, Remark, refusal, scan
from interlith.layouts.text_layout import Layout, header_rows, is_word, layout_of
from interlith.physics.step_words import step_word

#: A table of cycling holds at least these (test or step time beside them).
NEEDED = frozenset({"current", "voltage"})


@dataclass(frozen=True, slots=True)
class TextTable:
    """A canonical lazy table with the layout it was read by and what was noticed."""

    frame: pl.LazyFrame
    columns: tuple[str, ...]
    layout: Layout
    understood: tuple[Column, ...]
    remarks: tuple[Remark, ...]


def names_cycling(row: Sequence[str], vocabulary: Mapping[str, str]) -> bool:
    """Whether a row of fields is a header with current, voltage and a time."""
    found = {vocabulary.get(split(field).stem) for field in row if is_word(field)}
    return found >= NEEDED and bool(found & {"test_time", "step_time"})


def blank_rows(layout: Layout) -> bool:
    """Whether blank rows stand between records, in the rows looked at."""
    filled = [any(field.strip() for field in row) for row in layout.head_rows]
    while filled and not filled[-1]:
        filled.pop()
    return not all(filled)


def header_of(head: bytes, vocabulary: Mapping[str, str]) -> tuple[str, ...]:
    """Header fields in the first bytes of a file; empty if it is no text or holds no such header. Never raises."""
    found = next((row for _, _, row in header_rows(head) if names_cycling(row, vocabulary)), ())
    return tuple(field.strip().strip("\ufeff") for field in found)


def read_text_table(
    path: Path,
    vocabulary: Mapping[str, str],
    *,
    title: str,
    decimal: str | None = None,
    units: Mapping[str, str] | None = None,
    content: bytes | None = None,
) -> TextTable:
    """Read a vendor's delimited text lazily.

    Parameters
    ----------
    path
        The file.
    vocabulary
        Folded stem of a column name -> quantity.
    title
        Name of the format for messages.
    decimal
        Declared decimal sign, if any.
    units
        Unit per quantity where the vendor's header prints none.
    content
        The text where it is not that of the file itself, as UTF-8.

    Raises
    ------
    ReadError
        If there is no header with time, current and voltage, or a column cannot be understood.
    """
    layout = layout_of(
        path,
        lambda row: names_cycling(row, vocabulary),
        missing=f"no line names a time, a current and a voltage as {title} does; export the record data with all columns.",
        decimal=decimal,
        content=content,
    )
    left_out: list[str] = []
    understood = understand(layout.names, vocabulary, where=str(path), units=units, left_out=left_out)
    table = assemble(layout, understood)
    return replace(table, remarks=(*table.remarks, *(Remark("column_left_out", text) for text in left_out)))


def assemble(layout: Layout, understood: tuple[Column, ...]) -> TextTable:
    """Scan a laid out text and add device time and sign where the vendor leaves them out.

    Raises
    ------
    ReadError
        If a row that is looked at here holds something else than a number.
    """
    try:
        return _assembled(layout, understood)
    except pl.exceptions.PolarsError as error:
        raise refusal(error, str(layout.path)) from error


def _assembled(layout: Layout, understood: tuple[Column, ...]) -> TextTable:
    frame, remarks = scan(layout, understood)
    names = set(frame.collect_schema().names())
    clock = next((item for item in understood if item.quantity == "test_time" and item.kind == "duration"), None)
    if clock is not None:
        frame, days = device_time.over_midnight(frame, layout.column(clock.position))
        remarks = [*remarks, *days]
    if _same_times(layout, understood) and device_time.only_of_steps(frame):
        frame = frame.drop("test_time")
    frame, more = device_time.from_step_time(frame, set(frame.collect_schema().names()))
    frame, signs = device_time.signed(frame, names, contradicted=_unsigned(layout, understood))
    return TextTable(frame, tuple(frame.collect_schema().names()), layout, understood, (*remarks, *more, *signs))


def _same_times(layout: Layout, understood: Sequence[Column]) -> bool:
    """Whether total and step time are the same text in all rows looked at, as where the total begins anew in each step."""
    where = {column.quantity: column.position for column in understood}
    if not {"test_time", "step_time"} <= set(where):
        return False
    one, other = where["test_time"], where["step_time"]
    rows = (row for row in (*layout.head_rows, *layout.tail_rows) if len(row) > max(one, other))
    return all(row[one] == row[other] for row in rows)


def _unsigned(layout: Layout, understood: Sequence[Column]) -> bool:
    """Whether the first row that says discharge has a positive current, or the first that says charge a negative one."""
    where = {column.quantity: column.position for column in understood}
    if not {"current", "vendor_step_type"} <= set(where):
        return False
    awaited = {"discharge": 1.0, "charge": -1.0}
    for row in (*layout.head_rows, *layout.tail_rows):
        if not awaited:
            break
        if len(row) <= max(where["current"], where["vendor_step_type"]):
            continue
        current = row[where["current"]].strip()
        direction = step_word(row[where["vendor_step_type"]]).direction
        if direction in awaited and current not in NULLS:
            plain = digit_groups.plain(current, layout.group) if layout.group else current
            amount = float(plain.replace(",", ".") or 0.0)
            if amount != 0.0 and amount * awaited.pop(direction) > 0:
                return True
    return False
