"""What does a delimited text of an unknown origin hold, once the user has declared its columns?

The declaration stands in `study.yaml` under ``analyses: cycling:``, as ``mapping`` (quantity -> column), ``units`` (where the
header has none), ``decimal`` and ``positive_current`` (``charge`` or ``discharge``). Without it the file is refused with the
declaration to write.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from interlith.errors import ReadError, nearest
from interlith.layouts import likely_columns
from interlith.layouts.column_names import QUANTITIES, Column, declared_column
from interlith.layouts.lazy_text import Remark
from interlith.layouts.text_layout import Layout, decode, fields, find_header, header_rows, is_text, layout_of
from interlith.layouts.text_table import assemble
from interlith.model import Flag, Format, Reading, Table

_CURRENTS = ("charge", "discharge")


def _looks_like_header(row: Sequence[str]) -> bool:
    proposal = likely_columns.propose([field.strip() for field in row])
    return "test_time" in proposal and ("current" in proposal or "voltage" in proposal)


def sniff(head: bytes, path: Path) -> float:
    """Low confidence for any text table with a time and a current or voltage, so that every vendor's reader goes first."""
    del path
    found = next((row for _, _, row in header_rows(head) if _looks_like_header(row)), None)
    if found is None:
        return 0.0
    proposal = likely_columns.propose([field.strip() for field in found])
    return 0.4 if {"current", "voltage"} <= set(proposal) else 0.32


def read(path: Path, options: Mapping[str, Any]) -> Reading:
    """Read a delimited text whose columns are declared.

    Raises
    ------
    ReadError
        If nothing is declared (the message holds the declaration to write), a declared column is absent, or a column
        has no unit.
    """
    mapping = options.get("mapping")
    if mapping is None:
        raise ReadError(_what_to_write(path))
    if not isinstance(mapping, Mapping) or not all(isinstance(name, str) for name in mapping.values()):
        raise ReadError(f"{path}: mapping must give a column name for each quantity, for instance {{voltage: U/V}}.")
    for quantity in (*mapping, *_units(options, path)):
        if quantity not in QUANTITIES:
            raise ReadError(
                f"{path}: mapping and units know no quantity '{quantity}'; {nearest(quantity, QUANTITIES)}."
            )
    missing = {"current", "voltage"} - set(mapping)
    if missing or not {"test_time", "step_time"} & set(mapping):
        raise ReadError(
            f"{path}: mapping declares {', '.join(mapping)}; it needs test_time (or step_time), current and voltage."
        )
    layout = _layout(path, mapping, options)
    columns = tuple(
        declared_column(layout.names, name, quantity, _units(options, path).get(quantity), where=str(path))
        for quantity, name in mapping.items()
    )
    table = assemble(layout, columns)
    frame = table.frame
    positive = options.get("positive_current", "charge")
    if positive not in _CURRENTS:
        raise ReadError(f"{path}: positive_current is '{positive}'; {nearest(str(positive), _CURRENTS)}.")
    if positive == "discharge":
        frame = frame.with_columns(-pl.col("current"))
    remarks = [*table.remarks, *_dead_current(layout, columns)]
    return Reading(
        payload=Table(frame, table.columns),
        metadata={"columns": layout.names, "preamble": layout.preamble, "encoding": layout.encoding},
        flags=tuple(Flag(item.code, item.message, item.where, item.severity) for item in remarks),
    )


def _units(options: Mapping[str, Any], path: Path) -> Mapping[str, str]:
    units = options.get("units", {})
    if not isinstance(units, Mapping):
        raise ReadError(f"{path}: units must give a unit for each quantity, for instance {{current: mA}}.")
    return units


def _layout(path: Path, mapping: Mapping[str, str], options: Mapping[str, Any]) -> Layout:
    wanted = {name.strip() for name in mapping.values()}
    decimal = options.get("decimal")
    if decimal not in (None, ".", ","):
        raise ReadError(f"{path}: decimal is '{decimal}'; {nearest(str(decimal), ('.', ','))}.")
    lost = f"no line names all the declared columns ({', '.join(sorted(wanted))}). "
    return layout_of(
        path,
        lambda row: wanted <= {field.strip().strip("\ufeff") for field in row},
        missing=lost + _nearest_header(path, wanted),
        decimal=decimal,
    )


def _header(path: Path) -> tuple[str, ...]:
    """The line that looks most like a header of a table, in the first block of the file."""
    try:
        with path.open("rb") as handle:
            head = handle.read(65_536)
    except OSError as error:
        raise ReadError(f"{path}: cannot be opened ({error.strerror or error}).") from error
    if not is_text(head):
        raise ReadError(f"{path}: this is not text; export the record data as delimited text.")
    lines = [line.rstrip("\r") for line in decode(head)[0].split("\n")]
    found = find_header(lines, _looks_like_header) or find_header(lines, lambda row: len(row) > 2 and all(row))
    return () if found is None else tuple(field.strip() for field in fields(lines[found[0]], found[1]) if field.strip())


def _nearest_header(path: Path, wanted: set[str]) -> str:
    names = _header(path)
    if not names:
        return "The file holds no line that looks like the header of a table."
    absent = sorted(wanted - set(names))
    return f"'{absent[0]}' is not there: {nearest(absent[0], names)}." if absent else ""


def _what_to_write(path: Path) -> str:
    names = _header(path)
    if not names:
        return f"{path}: this text holds no table with a header; it is not a measurement of time, current and voltage."
    proposal = likely_columns.propose(names)
    missing = [name for name in likely_columns.NEEDED if name not in proposal]
    if missing:
        return (
            f"{path}: among the columns {', '.join(names)} none is recognised as {' or '.join(missing)}. If one is, declare it "
            "under `analyses: cycling: mapping:` in study.yaml; if there is none, export the record data with all columns."
        )
    shown = ", ".join(f'{quantity}: "{name}"' for quantity, name in proposal.items())
    units = ", ".join(f"{quantity}: {unit}" for quantity, unit in likely_columns.without_unit(proposal).items())
    lines = f"analyses: {{cycling: {{mapping: {{{shown}}}" + (f", units: {{{units}}}" if units else "") + "}}"
    return (
        f"{path}: no vendor's layout. Check the columns and units and write into study.yaml: {lines} . "
        f"The file has the columns {', '.join(names)}."
    )


def _dead_current(layout: Layout, columns: tuple[Column, ...]) -> list[Remark]:
    """A current that is zero in every row looked at was printed with too few digits, or not measured."""
    column = next(item for item in columns if item.quantity == "current")
    values = [text for text in layout.column(column.position) if text]
    if values and all(text.strip("-+").strip("0").strip(".,").strip("0") == "" for text in values):
        message = (
            f"'{column.name}' is '{values[0]}' in all {len(values)} rows looked at: its digits were lost in the export, so "
            "no capacity can be had from it."
        )
        return [Remark("current_is_zero", message, f"column {column.position + 1}", "error")]
    return []


FORMAT = Format(
    name="generic_csv",
    title="delimited text with declared columns",
    patterns=("*.csv", "*.txt", "*.tsv", "*.dat"),
    sniff=sniff,
    read=read,
    source="the user's declaration in study.yaml",
    reads="columns that `mapping` and `units` declare",
    limits="everything until it is declared; the refusal holds the declaration to write",
)
