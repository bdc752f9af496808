"""What does a table hold in which a row is a measurement and its spectrum stands in lists inside cells?

``frequency [Hz]`` holds ``[20000.0, 17698.0, ...]``, real and imaginary part likewise; other columns say temperature, sample,
recorded resistance, conductivity and cell constant.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from interlith.errors import ReadError
from interlith.layouts import impedance_cells
from interlith.layouts.impedance_names import ImpedanceColumn, fold, key_of, names_spectrum, understand
from interlith.layouts.impedance_options import told
from interlith.layouts.impedance_spectra import printed, spectra
from interlith.layouts.impedance_text import Text, head_lines, text_of
from interlith.layouts.lazy_text import Remark
from interlith.model import Flag, Format, Reading, Table

_LIST = re.compile(r"^\s*[\[(](?P<items>[^\[\]()]*)[\])]\s*$")
_NUMBER = re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?$")
_NAMES_OF_CELLS = ("experimentid", "sample", "sampleid", "cell", "cellid", "id")
_LONGEST_CELL, _MOST_POINTS = 4_000_000, 100_000


@dataclass(frozen=True, slots=True)
class _Rows:
    names: list[str]
    rows: list[list[str]]
    lines: list[int]


def _taken_apart(lines: Sequence[str], delimiter: str) -> list[list[str]]:
    csv.field_size_limit(_LONGEST_CELL)
    return list(csv.reader(io.StringIO("\n".join(lines)), delimiter=delimiter))


def sniff(head: bytes, path: Path) -> float:
    """Confidence from names of a spectrum above a row with lists of numbers."""
    del path
    lines = head_lines(head, 4)
    if len(lines) < 2:
        return 0.0
    for delimiter in (";", ",", "\t"):
        names = [name.strip() for name in lines[0].strip("\ufeff").split(delimiter)]
        if names_spectrum(names) and re.search(r"[\[(]\s*[-+\d.][^\[\]()]*,", lines[1]):
            return 0.9
    return 0.0


def read(path: Path, options: Mapping[str, Any]) -> Reading:
    """Read the spectra of a table, one from each row.

    Raises
    ------
    ReadError
        If a list is damaged, lists of a row differ in length, or there are several samples and none is named.
    """
    options = told(options, path)
    text = text_of(path)
    table = _table(text)
    where = f"{path}: line 1"
    columns = [one for one in understand(table.names, where=where, units=options.get("units")) if one.key != "time"]
    lists = [one for one in columns if one.key in ("frequency", "real", "imaginary", "modulus", "phase")]
    owner = next((at for at, name in enumerate(table.names) if fold(name) in _NAMES_OF_CELLS), None)
    cells = [row[owner] if owner is not None else "1" for row in table.rows]
    kept, remarks = impedance_cells.choose(
        cells, options.get("cell"), why=f"column '{table.names[owner or 0]}'", where=str(path)
    )
    joined, lines, remarks = _joined(path, table, columns, lists, kept, remarks)
    made = spectra(printed(joined, columns, lines=lines, remarks=remarks), options, where=str(path))
    about = [
        _about(table, row) | {"cell": cell} for row, cell, take in zip(table.rows, cells, kept, strict=True) if take
    ]
    return Reading(
        payload=Table(made.frame.lazy(), tuple(made.frame.columns)),
        metadata={"spectra": about},
        flags=tuple(Flag(item.code, item.message, item.where, item.severity) for item in made.remarks),
    )


def _table(text: Text) -> _Rows:
    for delimiter in (";", ",", "\t"):
        try:
            found = _taken_apart(text.lines, delimiter)
        except csv.Error as error:
            raise ReadError(
                f"{text.path}: line 1: the table cannot be taken apart ({error}); export it again."
            ) from error
        names = [name.strip().strip("\ufeff") for name in found[0]] if found else []
        if not names_spectrum(names):
            continue
        rows = [row for row in found[1:] if any(field.strip() for field in row)]
        if not rows:
            raise ReadError(f"{text.path}: line 1 names the columns, but no row follows it; export the table again.")
        for number, row in enumerate(rows, start=2):
            if len(row) != len(names):
                raise ReadError(
                    f"{text.path}: line {number} has {len(row)} fields where the header names {len(names)}; the file is cut short or "
                    "damaged. Copy it again."
                )
        return _Rows(names, rows, list(range(2, len(rows) + 2)))
    raise ReadError(
        f"{text.path}: line 1 names no frequency with real and imaginary part; this is no table of spectra in lists."
    )


def _joined(
    path: Path,
    table: _Rows,
    columns: Sequence[ImpedanceColumn],
    lists: Sequence[ImpedanceColumn],
    kept: NDArray[np.bool_],
    remarks: list[Remark],
) -> tuple[dict[str, NDArray[np.float64]], NDArray[np.int64], list[Remark]]:
    """All points below each other, with the number of their spectrum and its temperature."""
    parts: dict[str, list[NDArray[np.float64]]] = {column.key: [] for column in columns}
    sizes, lines = [], []
    for row, line, take in zip(table.rows, table.lines, kept, strict=True):
        if not take:
            continue
        place = f"{path}: line {line}"
        found = {one.key: _numbers(row[one.position], one.name, place) for one in lists}
        if len(lengths := {values.size for values in found.values()}) > 1:
            raise ReadError(
                f"{place}: the lists of the spectrum have different lengths ({sorted(lengths)}); export the table again."
            )
        size = lengths.pop()
        for one in columns:
            if one.key not in found:
                field = row[one.position].strip()
                value = float(field) if _NUMBER.match(field) and abs(float(field)) < 1e300 else np.nan
                found[one.key] = np.full(size, value)
            parts[one.key].append(found[one.key])
        sizes.append(size)
        lines.append(line)
    joined = {key: np.concatenate(values) for key, values in parts.items()}
    joined["number"] = np.repeat(np.arange(1.0, len(sizes) + 1), sizes)
    return joined, np.repeat(lines, sizes), remarks


def _numbers(field: str, name: str, place: str) -> NDArray[np.float64]:
    found = _LIST.match(field)
    if found is None:
        raise ReadError(
            f"{place}: '{name}' holds no list of numbers but '{field.strip()[:30]}'; the file is damaged. Copy it again."
        )
    items = [item.strip() for item in found["items"].split(",")]
    if items and not items[-1]:
        items.pop()
    if len(items) > _MOST_POINTS:
        raise ReadError(f"{place}: '{name}' holds {len(items)} numbers, more than a spectrum has.")
    for item in items:
        if (not _NUMBER.match(item) or np.isinf(float(item))) and item not in ("nan", "None"):
            raise ReadError(
                f"{place}: '{name}' holds '{item[:30]}', which is no number; the file is damaged. Copy it again."
            )
    return np.array([float(item) if _NUMBER.match(item) else np.nan for item in items])


def _about(table: _Rows, row: Sequence[str]) -> dict[str, str]:
    """What the other columns say of a spectrum, as printed."""
    lists = ("frequency", "real", "imaginary", "modulus", "phase")
    return {
        name: field.strip()
        for name, field in zip(table.names, row, strict=True)
        if name and field.strip() and key_of(name) not in lists and not (_LIST.match(field) and len(field) > 80)
    }


FORMAT = Format(
    name="impedance_lists",
    title="table with spectra in lists inside cells",
    patterns=("*.csv",),
    sniff=sniff,
    read=read,
    technique="impedance",
    source="a public table of electrolyte spectra (fuzhanrahmanian/MADAP, MIT)",
    versions_seen=("frequency [Hz], real impedance Z' [Ohm], imaginary impedance Z'' [Ohm]",),
    reads="a spectrum from each row, with its temperature; recorded resistance, conductivity, cell constant and more as metadata",
    limits="several samples in one table until `cell` names one",
)
