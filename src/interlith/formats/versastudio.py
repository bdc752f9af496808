"""What does a VersaStudio data file (.par) hold?

Settings between ``<Name>`` and ``</Name>``; each segment says what its columns are in ``Definition=`` and holds rows between commas.
Rows with a frequency above zero are points of a spectrum; a segment is a sweep of its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from interlith.errors import ReadError
from interlith.layouts.impedance_names import ImpedanceColumn, names_spectrum, understand
from interlith.layouts.impedance_options import told
from interlith.layouts.impedance_spectra import printed, spectra
from interlith.layouts.impedance_table import positive
from interlith.layouts.impedance_text import Numbers, Text, cells, head_lines, is_numeric, numbers_of, text_of
from interlith.layouts.lazy_text import Remark
from interlith.model import Flag, Format, Reading, Table

_SEGMENT = re.compile(r"^<Segment(?P<number>\d+)>$")
_DEFINITION = "Definition="
_EXPORT = "save the data as text in VersaStudio (data format ASCII), with Frequency(Hz), Z Real and Z Imag"


def sniff(head: bytes, path: Path) -> float:
    """Confidence from the sections of VersaStudio and the definition of a segment."""
    del path
    lines = [line.strip() for line in head_lines(head, 4000)]
    if any(line.startswith(_DEFINITION) and "Segment #" in line for line in lines):
        return 0.93
    return 0.6 if lines[:1] == ["<Application>"] and any("VersaStudio" in line for line in lines[:8]) else 0.0


def read(path: Path, options: Mapping[str, Any]) -> Reading:
    """Read the spectra of a .par.

    Raises
    ------
    ReadError
        If it holds no segment as text, none with a spectrum, or a row is damaged.
    """
    options = told(options, path)
    text = text_of(path)
    parts: list[Numbers] = []
    remarks: list[Remark] = []
    said: list[ImpedanceColumn] = []
    segments = _segments(path, text)
    for begin, end, number, closed in segments:
        names, start = _definition(path, text, begin, end)
        if not names_spectrum(names):
            message = f"Segment {number} names no Frequency(Hz), Z Real and Z Imag; it was not read."
            remarks.append(Remark("segment_not_read", message, f"line {start}"))
            continue
        columns = understand(names, where=f"{path}: line {start}", default_ohm=True)
        said = said or list(columns)
        if start >= end:
            continue
        found = numbers_of(
            text,
            {column.key: column.position for column in columns},
            start=start,
            end=end,
            delimiter=",",
            width=len(names),
            names={column.key: column.name for column in columns},
        )
        remarks += found.remarks
        if not closed:
            remarks.append(
                Remark(
                    "truncated",
                    f"Segment {number} does not end with </Segment{number}>; the file is cut short.",
                    f"line {end}",
                )
            )
        parts.append(found)
    if not parts:
        raise ReadError(f"{path}: no segment has Frequency(Hz), Z Real and Z Imag, so there is no spectrum; {_EXPORT}.")
    remarks += _outside(text, segments)
    data = positive(
        printed(_joined(parts), said, lines=np.concatenate([one.lines for one in parts]), remarks=remarks),
        "records without a sine",
    )
    made = spectra(data, options, where=str(path))
    return Reading(
        payload=Table(made.frame.lazy(), tuple(made.frame.columns)),
        metadata=_settings(text),
        flags=tuple(Flag(item.code, item.message, item.where, item.severity) for item in made.remarks),
    )


def _segments(path: Path, text: Text) -> list[tuple[int, int, int, bool]]:
    """First line, line behind the last, number, and whether it is closed, of each segment."""
    found = []
    begin = number = 0
    for at, line in enumerate(text.lines):
        opened = _SEGMENT.match(line.strip())
        if opened and not begin:
            begin, number = at + 1, int(opened["number"])
        elif begin and (line.strip() == f"</Segment{number}>" or opened):
            found.append((begin, at, number, not opened))
            begin, number = (at + 1, int(opened["number"])) if opened else (0, 0)
    if begin:
        found.append((begin, len(text.lines), number, False))
    if not found:
        binary = any(line.strip() == "DataFormat=Binary" for line in text.lines)
        raise ReadError(
            f"{path}: no <Segment> with its data is in this file{' (it says DataFormat=Binary)' if binary else ''}; {_EXPORT}."
        )
    return found


def _outside(text: Text, segments: list[tuple[int, int, int, bool]]) -> list[Remark]:
    """Segments that are missing between others, and rows that stand in none."""
    found = []
    numbers = [number for _, _, number, _ in segments]
    if numbers != list(range(numbers[0], numbers[0] + len(numbers))):
        message = (
            f"The segments are numbered {', '.join(map(str, numbers[:8]))}; one between them is missing or damaged."
        )
        found.append(Remark("segments_missing", message))
    inside = {line for begin, end, _, _ in segments for line in range(begin, end)}
    rows = [
        number
        for number, line in enumerate(text.lines)
        if number not in inside and sum(map(is_numeric, cells(line, ","))) >= 4
    ]
    if rows:
        message = f"{len(rows)} rows of numbers stand in no segment; they were not read."
        found.append(Remark("lines_not_read", message, f"line {rows[0] + 1}"))
    return found


def _definition(path: Path, text: Text, begin: int, end: int) -> tuple[list[str], int]:
    for at in range(begin, min(end, begin + 40)):
        line = text.lines[at].strip()
        if line.startswith(_DEFINITION):
            return cells(line.removeprefix(_DEFINITION), ","), at + 1
    raise ReadError(
        f"{path}: line {begin}: the segment does not say what its columns are (Definition=); copy the file again."
    )


def _joined(parts: list[Numbers]) -> dict[str, Any]:
    keys = [key for key in parts[0].columns if all(key in part.columns for part in parts)]
    columns = {key: np.concatenate([part.columns[key] for part in parts]) for key in keys}
    if len(parts) > 1:
        columns["number"] = np.repeat(np.arange(1.0, len(parts) + 1), [part.lines.size for part in parts])
    return columns


def _settings(text: Text) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in text.lines[:4000]:
        key, equals, value = line.strip().partition("=")
        if equals and key and len(key) < 80:
            found.setdefault(key, value)
    return found


FORMAT = Format(
    name="versastudio",
    title="VersaStudio .par",
    patterns=("*.par",),
    sniff=sniff,
    read=read,
    technique="impedance",
    source="the VersaStudio manual's and public scripts' description of segments and their Definition",
    versions_seen=("Segment, Definition with 25 columns",),
    reads="spectra, a segment a sweep, with time and potential",
    limits="binary data; files without a spectrum (records without a sine are counted and left out)",
)
