"""What do columns of numbers without names hold that look like a spectrum: frequency, real part, imaginary part?

That the first column is a frequency is seen from its even steps on a logarithmic scale; the sign of the third is decided by what
the numbers themselves say, and a third column that fits better as a phase is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from interlith.errors import ReadError
from interlith.layouts import impedance_sign
from interlith.layouts.impedance_names import DECLARABLE, ImpedanceColumn, declared
from interlith.layouts.impedance_options import told
from interlith.layouts.impedance_spectra import printed, spectra
from interlith.layouts.impedance_text import (
    DELIMITERS,
    Numbers,
    Text,
    cells,
    head_lines,
    is_numeric,
    numbers_of,
    text_of,
)
from interlith.layouts.lazy_text import Remark
from interlith.model import Flag, Format, Reading, Table

_USUAL = {"frequency": "1", "impedance_real": "2", "impedance_imaginary": "3"}
#: Rows that are looked at, and the fewest in which a frequency can be seen.
_LOOKED, _FEWEST = 400, 5
#: A phase fits better than an imaginary part where its misfit is smaller by this factor.
_BETTER = 3.0


def _delimiter(line: str) -> str | None:
    return next((sign for sign in DELIMITERS if sign in line), None)


def _first_row(lines: Sequence[str]) -> int | None:
    """First of two lines in a row that hold numbers only, at least three."""
    for at in range(min(len(lines) - 1, 40)):
        if _numeric(lines[at]) and _numeric(lines[at + 1]):
            return at
    return None


def _numeric(line: str) -> bool:
    if not line.lstrip(' \t"+-.')[:1].isdigit():
        return False
    row = [field for field in cells(line, _delimiter(line)) if field]
    return len(row) >= 3 and all(map(is_numeric, row))


def _log_spaced(values: NDArray[np.float64]) -> bool:
    """Whether positive numbers run in one direction with much the same ratio over a decade or more."""
    known = values[np.isfinite(values)]
    if known.size < _FEWEST or (known <= 0).any():
        return False
    steps = np.diff(np.log10(known))
    direction = np.sign(np.median(steps))
    moving = steps[steps * direction > 0]
    return bool(
        direction
        and moving.size > 0.8 * steps.size
        and np.ptp(np.log10(known)) >= 1.0
        and np.median(np.abs(moving - np.median(moving))) < 0.3 * abs(np.median(moving))
    )


def sniff(head: bytes, path: Path) -> float:
    """Low confidence for three or more columns of numbers, the first of which rises or falls evenly on a logarithmic scale."""
    del path
    lines = head_lines(head, _LOOKED)
    start = _first_row(lines)
    if start is None:
        return 0.0
    delimiter = _delimiter(lines[start])
    rows = [[field for field in cells(line, delimiter) if field] for line in lines[start:-1] if line.strip()]
    rows = [row for row in rows if len(row) == len(rows[0])]
    if len(rows) < _FEWEST or len(rows[0]) > 12 or not all(is_numeric(row[0]) for row in rows):
        return 0.0
    first = np.array([float(row[0].replace(",", ".")) for row in rows])
    return (0.36 if len(rows[0]) == 3 else 0.31) if _log_spaced(first) else 0.0


def read(path: Path, options: Mapping[str, Any]) -> Reading:
    """Read columns without names.

    Raises
    ------
    ReadError
        If the columns cannot be told, or the third is rather a phase: the message holds the declaration to write.
    """
    options = told(options, path)
    text = text_of(path)
    start = _first_row(text.lines)
    if start is None:
        raise ReadError(
            f"{path}: no two lines in a row hold three numbers or more, so there is no spectrum without names in this file."
        )
    delimiter = _delimiter(text.lines[start])
    width = len(cells(text.lines[start].rstrip(delimiter or " "), delimiter))
    mapping = options.get("mapping") or _USUAL
    columns = _columns(path, mapping, options, width, start)
    found = _numbers(text, columns, start, delimiter, width, options)
    remarks = [*found.remarks, *_said(options, columns, start, text)]
    if "mapping" not in options:
        _refuse_phase(path, found.columns)
    made = spectra(printed(found.columns, columns, lines=found.lines, remarks=remarks), options, where=str(path))
    return Reading(
        payload=Table(made.frame.lazy(), tuple(made.frame.columns)),
        metadata={"preamble": text.lines[:start]},
        flags=tuple(Flag(item.code, item.message, item.where, item.severity) for item in made.remarks),
    )


def _columns(
    path: Path, mapping: Any, options: Mapping[str, Any], width: int, start: int
) -> tuple[ImpedanceColumn, ...]:
    where = f"{path}: line {start + 1}"
    example = 'mapping: {frequency: "1", impedance_real: "2", impedance_imaginary: "3"}'
    if not isinstance(mapping, Mapping) or not set(mapping) <= set(DECLARABLE):
        raise ReadError(f"{where}: mapping must give the number of a column for each quantity, for instance {example}.")
    if width != 3 and mapping is _USUAL:
        raise ReadError(
            f"{where}: {width} columns without names, of which the first looks like a frequency; declare which they are under "
            f"`analyses: impedance:`, for instance {example}."
        )
    units = {"frequency": "Hz", "impedance_real": "ohm", "impedance_imaginary": "ohm", "modulus": "ohm"}
    given = options.get("units") or {}
    if not isinstance(given, Mapping):
        raise ReadError(f"{where}: units must give a unit for each quantity, for instance {{impedance_real: ohm}}.")
    names = [str(number) for number in range(1, width + 1)]
    found = declared(names, {key: str(name) for key, name in mapping.items()}, where=where, units={**units, **given})
    missing = {"frequency"} - {column.key for column in found}
    if missing:
        raise ReadError(f"{where}: mapping declares no frequency; write for instance {example}.")
    return found


def _numbers(
    text: Text,
    columns: Sequence[ImpedanceColumn],
    start: int,
    delimiter: str | None,
    width: int,
    options: Mapping[str, Any],
) -> Numbers:
    return numbers_of(
        text,
        {column.key: column.position for column in columns},
        start=start,
        delimiter=delimiter,
        width=width,
        decimal=options.get("decimal"),
        names={column.key: column.name for column in columns},
    )


def _said(options: Mapping[str, Any], columns: Sequence[ImpedanceColumn], start: int, text: Text) -> list[Remark]:
    found = []
    if "mapping" not in options:
        message = "The columns have no names; they were taken as frequency, real part and imaginary part."
        found.append(Remark("columns_by_position", message, f"line {start + 1}", "note"))
    given = options.get("units") or {}
    quantities = {
        "frequency": "frequency",
        "real": "impedance_real",
        "imaginary": "impedance_imaginary",
        "modulus": "modulus",
    }
    silent = [
        quantities[column.key] for column in columns if column.key in quantities and quantities[column.key] not in given
    ]
    if silent:
        message = (
            "No unit is printed: Hz and ohm were taken. Declare `units: {"
            + ", ".join(f"{name}: {'Hz' if name == 'frequency' else 'ohm'}" for name in silent)
            + "}` under `analyses: impedance:` if that is right, or the right ones."
        )
        found.append(Remark("units_not_printed", message, f"line {start + 1}"))
    if start:
        message = f"{start} lines above the numbers were not understood ('{text.lines[0].strip()[:40]}')."
        found.append(Remark("lines_not_read", message, "line 1", "note"))
    return found


def _refuse_phase(path: Path, columns: Mapping[str, NDArray[np.float64]]) -> None:
    frequency, one, other = columns["frequency"], columns["real"], columns["imaginary"]
    known = (
        np.isfinite(frequency) & np.isfinite(one) & np.isfinite(other) & (frequency > 0) & (np.hypot(one, other) > 0)
    )
    if known.sum() < 8 or (one[known] <= 0).any() or np.abs(other[known]).max() > 360:
        return
    frequency, one, other = frequency[known], one[known], other[known]
    plain = min(impedance_sign.misfit(frequency, one + sign * 1j * other) for sign in (1, -1))
    for unit, scale in (("degrees", np.pi / 180.0), ("radians", 1.0)):
        polar = min(impedance_sign.misfit(frequency, one * np.exp(sign * 1j * other * scale)) for sign in (1, -1))
        if polar * _BETTER < plain:
            raise ReadError(
                f"{path}: the second and third column describe a spectrum better as modulus and phase in {unit} than as real and imaginary "
                "part; declare which they are under `analyses: impedance:`, for instance mapping: "
                f'{{frequency: "1", modulus: "2", phase: "3"}}, units: {{phase: {unit[:3]}}}.'
            )


FORMAT = Format(
    name="impedance_bare",
    title="columns of a spectrum without names",
    patterns=("*.csv", "*.txt", "*.dat"),
    sniff=sniff,
    read=read,
    technique="impedance",
    source="public data files (ciuccislab/pyDRTtools and ECSHackWeek/impedance.py, MIT)",
    reads="frequency, real part, imaginary part; the sign by what the numbers say; Hz and ohm with a warning until `units` says so",
    limits="other than three columns until `mapping` declares them by number; a third column that is rather a phase",
)
