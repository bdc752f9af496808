"""How is a text table with named columns of a spectrum read, whoever wrote it?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from interlith.errors import ReadError
from interlith.layouts.impedance_names import ImpedanceColumn, declared, names_spectrum, understand
from interlith.layouts.impedance_spectra import Printed, Spectra, printed, spectra
from interlith.layouts.impedance_text import Numbers, Text, cells, find_header, is_numeric, numbers_of, table_end
from interlith.layouts.lazy_text import Remark

#: Tables of fewer columns could be taken for the lines of a preamble.
LEAST_WIDTH = 3


@dataclass(frozen=True, slots=True)
class Table:
    """Where a table stands: line (from 0) of its header and of its first row, line behind its last, names, delimiter."""

    header: int
    start: int
    end: int
    names: tuple[str, ...]
    delimiter: str | None
    preamble: tuple[str, ...] = field(default=(), repr=False)


def locate(text: Text, *, missing: str, start: int = 0, blanks: bool = False, wanted: Sequence[str] = ()) -> Table:
    """Find the table of a spectrum; `wanted` are names that the header must hold, else any that `names_spectrum` takes.

    Raises
    ------
    ReadError
        If there is none: the sentence `missing` ends the message.
    """
    needed = {name.strip() for name in wanted}

    def accept(row: Sequence[str]) -> bool:
        return needed <= set(row) if needed else names_spectrum(row)

    found = find_header(text.lines, accept, start=start, blanks=blanks)
    if found is None:
        raise ReadError(f"{text.path}: {missing}")
    number, delimiter = found
    names = cells(text.lines[number], delimiter)
    while names and not names[-1]:
        names.pop()
    refuse_rows_above(text, number, delimiter, len(names), start=start)
    first = number + 1
    while first < len(text.lines) and not _row(cells(text.lines[first], delimiter)):
        if any(map(is_numeric, cells(text.lines[first], delimiter))):
            break
        first += 1
    end = table_end(text, first, delimiter)
    if end <= first:
        raise ReadError(
            f"{text.path}: line {number + 1} names the columns of a spectrum, but no row of numbers follows it."
        )
    return Table(number, first, end, tuple(names), delimiter, text.lines[:number])


def refuse_rows_above(text: Text, header: int, delimiter: str | None, width: int, *, start: int = 0) -> None:
    """Rows of a table between line `start` and its names (from 0) would be missing without a word.

    Raises
    ------
    ReadError
        If there is one: the line is named.
    """
    for number in range(start, header):
        row = cells(text.lines[number], delimiter)
        if width >= LEAST_WIDTH and len(row) >= width - 1 and 2 * sum(map(is_numeric, row)) > len(row):
            raise ReadError(
                f"{text.path}: line {number + 1} is a row of numbers like those of the table, but stands above the names in line "
                f"{header + 1}: the lines of the file are in another order. Export it again."
            )


def _row(row: Sequence[str]) -> bool:
    return sum(map(is_numeric, row)) >= 2


def numbers(
    text: Text,
    table: Table,
    columns: Sequence[ImpedanceColumn],
    *,
    decimal: str | None = None,
    others: Mapping[str, int] | None = None,
) -> Numbers:
    """The numbers of the understood columns of a table, and those of other positions.

    Raises
    ------
    ReadError
        As `numbers_of`.
    """
    return numbers_of(
        text,
        {column.key: column.position for column in columns} | dict(others or {}),
        start=table.start,
        end=table.end,
        delimiter=table.delimiter,
        width=len(table.names),
        decimal=decimal,
        names={column.key: column.name for column in columns},
    )


def behind(text: Text, table: Table) -> list[Remark]:
    """What stands behind a table and was not read."""
    rest = [number for number in range(table.end, len(text.lines)) if text.lines[number].strip()]
    if not rest:
        return []
    message = f"{len(rest)} lines behind the table were not read ('{text.lines[rest[0]].strip()[:50]}')."
    return [Remark("lines_not_read", message, f"line {rest[0] + 1}")]


def read_table(
    text: Text,
    options: Mapping[str, Any],
    *,
    missing: str,
    default_ohm: bool = False,
    blanks: bool = False,
    only_positive: str = "",
) -> tuple[Spectra, Table]:
    """Read the spectra of a table with named columns.

    Parameters
    ----------
    text
        The file.
    options
        What the user declares under ``analyses: impedance:``.
    missing
        Sentence that ends the message where there is no such table.
    default_ohm
        Whether the vendor prints Hz, ohm and degrees without saying so.
    blanks
        Whether columns may be set apart by blanks.
    only_positive
        What rows with a frequency of zero are, where a file mixes them with those of spectra: they are left out with a note.

    Raises
    ------
    ReadError
        If there is none, or a column, unit or number is not understood.
    """
    mapping, units = options.get("mapping"), options.get("units")
    where = str(text.path)
    for word, value in (("mapping", mapping), ("units", units)):
        if value is not None and not (
            isinstance(value, Mapping) and all(isinstance(name, str) for name in value.values())
        ):
            raise ReadError(
                f"{where}: {word} must give a text for each quantity, for instance {{impedance_real: ohm}}."
            )
    table = locate(text, missing=missing, blanks=blanks, wanted=tuple(mapping.values()) if mapping else ())
    place = f"{where}: line {table.header + 1}"
    columns = (
        declared(table.names, mapping, where=place, units=units)
        if mapping
        else understand(table.names, where=place, units=units, default_ohm=default_ohm)
    )
    found = numbers(text, table, columns, decimal=options.get("decimal"))
    data = printed(found.columns, columns, lines=found.lines, remarks=[*found.remarks, *behind(text, table)])
    if only_positive:
        data = positive(data, only_positive)
    return spectra(data, options, where=where), table


def positive(data: Printed, what: str) -> Printed:
    """Without the rows whose frequency is zero, which belong to no spectrum."""
    frequency = data.columns["frequency"]
    kept = ~(frequency == 0)
    if kept.all():
        return data
    message = f"{int((~kept).sum())} rows with a frequency of zero are {what}; they were left out."
    remarks = [Remark("rows_without_frequency", message, "", "note")]
    parts = [data.columns[key] for key in ("real", "imaginary", "modulus") if key in data.columns]
    if odd := int(np.any([~kept & np.isfinite(part) & (part != 0) for part in parts], axis=0).sum()):
        message = (
            f"{odd} of the rows with a frequency of zero have an impedance; the column of the frequency may be another."
        )
        remarks.append(Remark("impedance_without_frequency", message))
    breaks = np.cumsum(np.diff(np.concatenate([[0], (~kept).astype(int)])) == 1)[kept]
    columns = {key: values[kept] for key, values in data.columns.items()}
    if np.unique(breaks).size > 1 and "number" not in columns:
        columns["number"] = breaks.astype(float)
    return replace(
        data,
        counted=False,
        columns=columns,
        lines=None if data.lines is None else data.lines[kept],
        remarks=(*data.remarks, *remarks),
    )
