"""What does a table hold in which every row is a spectrum and the frequencies stand in the names of the columns?

``Re(Z)0.0093``, ``-Im(Z)0.0093`` and so on; other columns say the cycle and more of each spectrum. A cycle that falls back begins
another cell.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from interlith.errors import ReadError
from interlith.layouts import impedance_cells
from interlith.layouts.impedance_names import ImpedanceColumn, fold, key_of, understand
from interlith.layouts.impedance_options import told
from interlith.layouts.impedance_spectra import printed, spectra
from interlith.layouts.impedance_table import refuse_rows_above
from interlith.layouts.impedance_text import Text, find_header, head_lines, is_numeric, numbers_of, text_of
from interlith.layouts.impedance_text import cells as cells_of
from interlith.layouts.lazy_text import Remark
from interlith.model import Flag, Format, Reading, Table

_NAME = re.compile(
    r"^(?P<stem>.*?[A-Za-z)'\"|])[\s_@]*(?P<number>\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)\s*(?P<unit>[mkM]?Hz)?$"
)
_FEWEST = 3
#: Names that are numbers: tables written from data frames have one or two.
_MOST_NUMBERS = 2
_ONE_BY_ONE = ("cycle", "cyclenr", "cyclenumber", "n", "nr")


def _point(name: str) -> tuple[str, float, str] | None:
    """Stem, frequency as printed and its unit, of a column such as ``-Im(Z)0.0093``."""
    found = _NAME.match(name.strip())
    if found is None or key_of(found["stem"]) not in ("real", "imaginary"):
        return None
    return found["stem"].strip(), float(found["number"]), found["unit"] or ""


def _own(row: Sequence[str]) -> bool:
    points = [point for name in row if (point := _point(name)) is not None]
    keys = [key_of(stem) for stem, _, _ in points]
    return keys.count("real") >= _FEWEST and keys.count("real") == keys.count("imaginary")


def sniff(head: bytes, path: Path) -> float:
    """Confidence from names that carry a frequency behind real and imaginary part."""
    del path
    return 0.85 if find_header(head_lines(head, 5), _own) is not None else 0.0


def read(path: Path, options: Mapping[str, Any]) -> Reading:
    """Read the spectra of a table, one from each row.

    Raises
    ------
    ReadError
        If the names carry no frequencies, a number is not understood, or there are several cells and none is named.
    """
    options = told(options, path)
    text = text_of(path)
    located = find_header(text.lines[:5], _own)
    if located is None:
        raise ReadError(
            f"{path}: no line names real and imaginary parts with their frequency behind (Re(Z)0.01, -Im(Z)0.01 ...)."
        )
    header, delimiter = located
    names = cells_of(text.lines[header], delimiter)
    refuse_rows_above(text, header, delimiter, len(names))
    frequency, places, columns, remarks = _axis(path, names, header, options)
    beside = {f"beside {at}": at for at, name in enumerate(names) if at not in set(places.values())}
    cycle = next((at for at, name in enumerate(names) if fold(name) in _ONE_BY_ONE), None)
    wanted = places | ({"cycle": cycle} if cycle is not None else {})
    found = numbers_of(
        text, wanted, start=header + 1, delimiter=delimiter, width=len(names), decimal=options.get("decimal")
    )
    remarks += found.remarks
    about = _about(text, found.lines, names, list(beside.values()), delimiter)
    if not found.lines.size:
        raise ReadError(f"{path}: line {header + 1} names real and imaginary parts, but no row of numbers follows it.")
    cells = _cells(found.columns.get("cycle"), found.lines.size)
    kept, said = impedance_cells.choose(
        cells, options.get("cell"), why="the cycle number falls back at each", where=str(path)
    )
    size = frequency.size
    rows = {key: values[kept] for key, values in found.columns.items()}
    joined = {
        "frequency": np.tile(frequency, int(kept.sum())),
        "real": np.column_stack([rows[f"real {at}"] for at in range(size)]).ravel(),
        "imaginary": np.column_stack([rows[f"imaginary {at}"] for at in range(size)]).ravel(),
        "number": np.repeat(np.arange(1.0, kept.sum() + 1), size),
    }
    if "cycle" in rows and np.isfinite(rows["cycle"]).all():
        joined["cycle"] = np.repeat(rows["cycle"], size)
    lines = np.repeat(found.lines[kept], size)
    made = spectra(printed(joined, columns, lines=lines, remarks=[*remarks, *said]), options, where=str(path))
    return Reading(
        payload=Table(made.frame.lazy(), tuple(made.frame.columns)),
        metadata={
            "spectra": [one | {"cell": cell} for one, cell, take in zip(about, cells, kept, strict=True) if take]
        },
        flags=tuple(Flag(item.code, item.message, item.where, item.severity) for item in made.remarks),
    )


def _axis(
    path: Path, names: Sequence[str], header: int, options: Mapping[str, Any]
) -> tuple[NDArray[np.float64], dict[str, int], tuple[ImpedanceColumn, ...], list[Remark]]:
    """Frequencies (Hz) in the names, position of each part at each of them, what the parts are, and what is not printed."""
    parts: dict[str, dict[float, int]] = {"real": {}, "imaginary": {}}
    stems: dict[str, str] = {}
    unit = ""
    for at, name in enumerate(names):
        point = _point(name)
        if point is None:
            continue
        stem, value, printed_unit = point
        key = key_of(stem)
        if value in parts[key]:
            raise ReadError(f"{path}: line {header + 1}: the column '{name}' is there twice; export the table again.")
        parts[key][value] = at
        stems.setdefault(key, stem)
        unit = unit or printed_unit
    if (bare := sum(map(is_numeric, names))) > _MOST_NUMBERS:
        raise ReadError(
            f"{path}: line {header + 1} names the columns, but {bare} of its fields are numbers: a row was probably joined to it. Copy the "
            "file again."
        )
    places = sorted((*parts["real"].values(), *parts["imaginary"].values()))
    if odd_names := [at for at in range(places[0], places[-1]) if at not in places]:
        raise ReadError(
            f"{path}: line {header + 1}: column {odd_names[0] + 1} between the points of the spectra is named '{names[odd_names[0]][:30]}', "
            "which carries no frequency; the line of names is damaged. Export the table again."
        )
    if set(parts["real"]) != set(parts["imaginary"]):
        odd = sorted(set(parts["real"]) ^ set(parts["imaginary"]))
        raise ReadError(
            f"{path}: line {header + 1}: the frequencies of the real and the imaginary parts differ (at {odd[0]:g}); export the table again."
        )
    given = options.get("units") or {}
    if not isinstance(given, Mapping):
        raise ReadError(f"{path}: units must give a unit for each quantity, for instance {{impedance_real: ohm}}.")
    hertz = understand([f"frequency ({given.get('frequency', unit or 'Hz')})"], where=str(path))[0].factor
    columns = understand([stems["real"], stems["imaginary"]], where=str(path), units=given, default_ohm=True)
    values = list(parts["real"])
    columns_of = {f"{key} {at}": parts[key][value] for key in parts for at, value in enumerate(values)}
    remarks = []
    silent = ([] if unit or "frequency" in given else ["frequency: Hz"]) + (
        [] if "impedance_real" in given else ["impedance_real: ohm", "impedance_imaginary: ohm"]
    )
    if silent:
        message = (
            f"No unit is printed: Hz and ohm were taken. Declare `units: {{{', '.join(silent)}}}` under `analyses: impedance:` if that is "
            "right, or the right ones."
        )
        remarks.append(Remark("units_not_printed", message, f"line {header + 1}"))
    return np.array(values) * hertz, columns_of, columns, remarks


def _about(
    text: Text, lines: NDArray[np.int64], names: Sequence[str], places: Sequence[int], delimiter: str | None
) -> list[dict[str, str]]:
    """What the other columns say of each spectrum, as printed."""
    found = []
    for line in lines:
        row = cells_of(text.lines[line - 1], delimiter)
        found.append({names[at] or f"column {at + 1}": row[at] for at in places if at < len(row) and row[at]})
    return found


def _cells(cycle: NDArray[np.float64] | None, rows: int) -> list[str]:
    if cycle is None:
        return ["1"] * rows
    return [str(1 + number) for number in np.cumsum(np.diff(cycle, prepend=cycle[0]) < 0)]


FORMAT = Format(
    name="impedance_wide",
    title="table with a spectrum in each row",
    patterns=("*.csv", "*.txt"),
    sniff=sniff,
    read=read,
    technique="impedance",
    source="a public table of spectra over cycles (OhhBinbin/SSB_EIS_ML, MIT) beside the raw files it was made from",
    versions_seen=("Re(Z)f, -Im(Z)f, cycle_Nr",),
    reads="a spectrum from each row, with its cycle; other columns as metadata of each; Hz and ohm with a warning until declared",
    limits="several cells in one table until `cell` names one",
)
