"""What does a PSTrace export (.csv) hold of spectra?

A block of rows for each spectrum, named ``freq / Hz``, ``neg. Phase / °``, ``Z / Ohm``, ``Z' / Ohm``, ``Z'' / Ohm``, often in UTF-16.
PSTrace prints the imaginary part turned, also where its name has no minus: the phase, which says ``neg.``, tells.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from interlith.errors import ReadError
from interlith.layouts.impedance_names import ImpedanceColumn, fold, names_spectrum, understand
from interlith.layouts.impedance_options import told
from interlith.layouts.impedance_spectra import printed, spectra
from interlith.layouts.impedance_table import Table as Located
from interlith.layouts.impedance_table import locate, numbers
from interlith.layouts.impedance_text import Numbers, Text, cells, is_numeric, name_rows, text_of
from interlith.layouts.lazy_text import Remark
from interlith.model import Flag, Format, Reading, Table

_MISSING = "no line names freq / Hz, Z' / Ohm and Z'' / Ohm as PSTrace does; export the impedance data as csv again."
_MOST_BLOCKS = 10_000


def _own(row: Sequence[str]) -> bool:
    folded = {fold(name) for name in row}
    return "freq/hz" in folded and bool(folded & {"negphase/°", "idc/ua", "idc/µa", "cs/f"}) and names_spectrum(row)


def sniff(head: bytes, path: Path) -> float:
    """Confidence from the names that PSTrace prints."""
    del path
    return 0.92 if any(map(_own, name_rows(head))) else 0.0


def read(path: Path, options: Mapping[str, Any]) -> Reading:
    """Read the spectra of an export.

    Raises
    ------
    ReadError
        If no line names the columns of a spectrum, or a unit or number is not understood.
    """
    options = told(options, path)
    text = text_of(path)
    blocks = _blocks(text, options)
    columns = [
        column for column in blocks[0][1] if all(column.key in {one.key for one in said} for _, said, _ in blocks)
    ]
    sizes = [found.lines.size for _, _, found in blocks]
    joined = {column.key: np.concatenate([found.columns[column.key] for _, _, found in blocks]) for column in columns}
    joined["number"] = np.repeat(np.arange(1.0, len(blocks) + 1), sizes)
    remarks = [remark for _, _, found in blocks for remark in found.remarks]
    remarks += _unread(text, [table for table, _, _ in blocks])
    columns = _turned(columns, joined, remarks)
    lines = np.concatenate([found.lines for _, _, found in blocks])
    made = spectra(printed(joined, columns, lines=lines, remarks=remarks), options, where=str(path))
    titles = [text.lines[table.header - 1].strip() if table.header else "" for table, _, _ in blocks]
    return Reading(
        payload=Table(made.frame.lazy(), tuple(made.frame.columns)),
        metadata={"titles": titles, "columns": blocks[0][0].names},
        flags=tuple(Flag(item.code, item.message, item.where, item.severity) for item in made.remarks),
    )


def _blocks(text: Text, options: Mapping[str, Any]) -> list[tuple[Located, tuple[ImpedanceColumn, ...], Numbers]]:
    found: list[tuple[Located, tuple[ImpedanceColumn, ...], Numbers]] = []
    start = 0
    while len(found) < _MOST_BLOCKS:
        try:
            table = locate(text, missing=_MISSING, start=start)
        except ReadError:
            if found:
                break
            raise
        columns = understand(table.names, where=f"{text.path}: line {table.header + 1}", units=options.get("units"))
        found.append((table, columns, numbers(text, table, columns, decimal=options.get("decimal"))))
        start = table.end
    return found


def _unread(text: Text, tables: Sequence[Located]) -> list[Remark]:
    """Rows of numbers that stand in no block."""
    inside = {number for table in tables for number in range(table.header, table.end)}
    rows = [
        number
        for number, line in enumerate(text.lines)
        if number not in inside and sum(map(is_numeric, cells(line, ","))) >= 4
    ]
    if not rows:
        return []
    message = f"{len(rows)} rows of numbers belong to no spectrum that is named; they were not read."
    return [Remark("lines_not_read", message, f"line {rows[0] + 1}")]


def _turned(columns: list[ImpedanceColumn], values: Mapping[str, Any], remarks: list[Remark]) -> list[ImpedanceColumn]:
    """An imaginary part whose name has no minus is printed turned where it has the sign of the turned phase."""
    said = {column.key: column for column in columns}
    imaginary, phase = said.get("imaginary"), said.get("phase")
    if imaginary is None or phase is None or imaginary.turned or not phase.turned:
        return columns
    both = values["imaginary"] * values["phase"]
    both = both[np.isfinite(both) & (both != 0)]
    if both.size == 0 or (both > 0).mean() < 0.5:
        return columns
    message = (
        f"'{imaginary.name}' has the sign of '{phase.name}', which is printed turned; so it is -Z'', as PSTrace prints it, whatever its "
        "name says."
    )
    remarks.append(Remark("imaginary_printed_turned", message, "", "note"))
    return [replace(column, turned=True) if column is imaginary else column for column in columns]


FORMAT = Format(
    name="palmsens_csv",
    title="PalmSens PSTrace .csv",
    patterns=("*.csv",),
    sniff=sniff,
    read=read,
    technique="impedance",
    source="exports as public scripts describe them (names of columns, UTF-16, imaginary part printed turned)",
    versions_seen=("freq / Hz, neg. Phase / °, Idc / uA, Z / Ohm, Z' / Ohm, Z'' / Ohm, Cs / F",),
    reads="a spectrum a block; the sign of the imaginary part from the phase beside it",
    limits="voltammetry and other blocks of the same export",
)
