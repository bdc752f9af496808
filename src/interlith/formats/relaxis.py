"""What does a spectrum export of RelaxIS hold?

A first line with the version, the date, the names of the columns (``Data: Frequency``, ``Data: Z'`` ...), then for each spectrum a
line with its constants (``DC=-0.08, TM=33.7``), its model and its name, and its rows. Several spectra stand below or beside each
other.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from interlith.errors import ReadError
from interlith.layouts.impedance_names import ImpedanceColumn, names_spectrum, understand
from interlith.layouts.impedance_options import told
from interlith.layouts.impedance_spectra import printed, spectra
from interlith.layouts.impedance_table import refuse_rows_above
from interlith.layouts.impedance_text import Numbers, Text, cells, head_lines, is_numeric, numbers_of, text_of
from interlith.layouts.lazy_text import Remark
from interlith.model import Flag, Format, Reading, Table

_OPENING = re.compile(r"^\ufeff?RelaxIS\b.*\bexport", re.IGNORECASE)
_CONSTANT = re.compile(r"(?P<key>\w+)\s*=\s*(?P<value>[-+]?[\d.]+(?:[eE][-+]?\d+)?)")


def sniff(head: bytes, path: Path) -> float:
    """Confidence from the first line, ``RelaxIS ... export``."""
    del path
    lines = head_lines(head, 3)
    return 0.97 if lines and _OPENING.match(lines[0]) else 0.0


def read(path: Path, options: Mapping[str, Any]) -> Reading:
    """Read the spectra of an export.

    Raises
    ------
    ReadError
        If it is none, names no columns of a spectrum, or a row is damaged.
    """
    options = told(options, path)
    text = text_of(path)
    if not text.lines or not _OPENING.match(text.lines[0]):
        raise ReadError(
            f"{path}: line 1 is no 'RelaxIS ... export', so this is no such text; export the spectra again."
        )
    header, blocks = _header(path, text)
    names = cells(text.lines[header], "\t")
    refuse_rows_above(text, header, "\t", len(names))
    parts: list[dict[str, Any]] = []
    remarks: list[Remark] = []
    said: list[ImpedanceColumn] = []
    for first, last in blocks:
        columns = understand(
            [name.removeprefix("Data:").strip() for name in names[first:last]],
            where=f"{path}: line {header + 1}",
            default_ohm=True,
        )
        said = said or list(columns)
        for start, end, about in _spectra(text, header, first):
            found = _rows(text, columns, first, (start, end), len(names))
            remarks += found.remarks
            parts.append({"numbers": found, "about": about})
    if not parts:
        raise ReadError(f"{path}: line {header + 1} names the columns of a spectrum, but no row of numbers follows it.")
    words = [tuple(part["about"].get("words", ())) for part in parts]
    if any(not one for one in words) or len(set(words)) < len(words):
        message = "A spectrum has no line with its name, or two have the same; a spectrum was probably cut in two, or exported twice."
        remarks.append(Remark("spectrum_without_name", message))
    made = spectra(_joined(parts, said, remarks), options, where=str(path))
    return Reading(
        payload=Table(made.frame.lazy(), tuple(made.frame.columns)),
        metadata={"version": text.lines[0].strip(), "spectra": [part["about"] for part in parts]},
        flags=tuple(Flag(item.code, item.message, item.where, item.severity) for item in made.remarks),
    )


def _header(path: Path, text: Text) -> tuple[int, list[tuple[int, int]]]:
    """Line of the names, and the first and last column of each block beside another."""
    for number, line in enumerate(text.lines[:60]):
        names = [name.removeprefix("Data:").strip() for name in cells(line, "\t")]
        if names_spectrum(names):
            begins = [at for at, name in enumerate(names) if name.casefold().startswith("freq")]
            return number, list(zip(begins, [*begins[1:], len(names)], strict=True))
    raise ReadError(
        f"{path}: no line names Data: Frequency, Data: Z' and Data: Z'' as RelaxIS does; export the spectra again."
    )


def _spectra(text: Text, header: int, first: int) -> list[tuple[int, int, dict[str, Any]]]:
    """First line and the line behind the last of each spectrum, with what is said of it."""
    found: list[tuple[int, int, dict[str, Any]]] = []
    about: dict[str, Any] = {}
    start = header + 1
    for number in range(header + 1, len(text.lines)):
        row = cells(text.lines[number], "\t")
        mine = row[first:]
        if not any(mine) or sum(map(is_numeric, mine)) >= 2:
            continue
        if not _CONSTANT.search(mine[0]) and not any(word.startswith("Model:") for word in mine):
            raise ReadError(
                f"{text.path}: line {number + 1} ('{text.lines[number].strip()[:40]}') is neither a row of numbers nor the constants of a "
                "spectrum; the file is damaged. Export the spectra again."
            )
        found.append((start, number, about))
        start = number + 1
        constants = {item["key"]: float(item["value"]) for item in _CONSTANT.finditer(mine[0])}
        about = {"constants": constants, "words": [word for word in mine if word], "line": number + 1}
    found.append((start, len(text.lines), about))
    return [item for item in found if item[1] > item[0]]


def _rows(text: Text, columns: Sequence[ImpedanceColumn], first: int, span: tuple[int, int], width: int) -> Numbers:
    return numbers_of(
        text,
        {column.key: first + column.position for column in columns},
        start=span[0],
        end=span[1],
        delimiter="\t",
        width=width,
        names={column.key: column.name for column in columns},
    )


def _joined(parts: Sequence[Mapping[str, Any]], said: Sequence[ImpedanceColumn], remarks: Sequence[Remark]) -> Any:
    keys = [key for key in parts[0]["numbers"].columns if all(key in part["numbers"].columns for part in parts)]
    columns = {key: np.concatenate([part["numbers"].columns[key] for part in parts]) for key in keys}
    sizes = [part["numbers"].lines.size for part in parts]
    columns["number"] = np.repeat(np.arange(1.0, len(parts) + 1), sizes)
    direct = [part["about"].get("constants", {}).get("DC", np.nan) for part in parts]
    if np.isfinite(direct).all():
        columns["voltage"] = np.repeat(direct, sizes)
    lines = np.concatenate([part["numbers"].lines for part in parts])
    return printed(columns, said, lines=lines, remarks=remarks)


FORMAT = Format(
    name="relaxis",
    title="RelaxIS spectrum export",
    patterns=("*.txt",),
    sniff=sniff,
    read=read,
    technique="impedance",
    source="a public export (jdhuang-csm/hybrid-drt, BSD-3-Clause) beside the raw file it was made from",
    versions_seen=("RelaxIS 3.0",),
    reads="spectra below or beside each other in Hz and ohm, each with its DC voltage; other constants and names as metadata",
    limits="fitted curves and distributions",
)
