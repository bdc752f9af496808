"""What patterns does a text of columns hold: .xy, .xye, .dat, .csv, .txt, .prn, .chi of any program?"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from interlith.errors import ReadError, nearest
from interlith.layouts import diffraction_bare as bare
from interlith.layouts import diffraction_columns as columns_
from interlith.layouts import diffraction_header as header
from interlith.layouts import diffraction_table as table
from interlith.layouts import powder_scans
from interlith.layouts.diffraction_columns import Columns
from interlith.layouts.diffraction_lines import head_lines
from interlith.layouts.diffraction_repeats import repeats
from interlith.layouts.diffraction_table import Block, Place
from interlith.layouts.lazy_text import Remark
from interlith.layouts.photon_counts import Unit, counted
from interlith.layouts.powder_scans import Scan

#: Rows of the head that are looked at for recognising a table.
_LOOKED = 1000
#: Lines of formats that have readers of their own.
_OTHERS = re.compile(
    r"BANK\s|TIME_MAP|data_|loop_|_pd_|\*RAS_|\*TYPE|_FILEVERSION|_DRIVE|SampleIdent,|#FORMAT\s*:|RawScan",
    re.IGNORECASE,
)
#: Largest two theta (deg).
_HALF_TURN = 180.0
#: Heading of what a program made of the repeats above it.
_RESULT = re.compile(r"\s*result vector", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Patterns:
    """The patterns of one text, the quantity of their positions, what it says of the instrument, its words and what was noticed."""

    scans: tuple[Scan, ...]
    axis: str
    instrument: Mapping[str, Any]
    words: Mapping[str, Any]
    remarks: tuple[Remark, ...] = field(default=())


def sniff(head: bytes, path: Path) -> float:
    """Confidence that a text holds patterns: from the names of its columns, else from the numbers. Never raises."""
    lines = head_lines(head)
    place = table.find(lines)
    if place is None or any(map(_OTHERS.match, lines[: place.start])):
        return 0.0
    try:
        names = _names(lines, place)
        known = columns_.named(names, place.width, "", {}) if names else None
    except ReadError:
        return 0.8  # a position without unit: refused with the declaration to write
    if known is not None:
        return 0.85
    if names:
        foreign = any(columns_.FOREIGN.search(name) for name in names)
        return 0.0 if foreign or place.width > 3 or not _rising(lines, place) else 0.31
    rows = _first_rows(lines, place)
    if len(rows) < 20 or place.width > 3:
        return 0.0
    values = bare.head_values(rows)
    if bare.evidence(values, path.name):
        return 0.45
    # What may be a pattern is claimed as well, so that the refusal holds the declaration to write.
    known_std = place.width == 3 and bare.behaves_as_std(values[:, 1], values[:, 2])
    return 0.33 if bare.even_angles(values[:, 0]) or (known_std and np.all(np.diff(values[:, 0]) > 0)) else 0.0


def _first_rows(lines: Sequence[str], place: Place) -> list[list[str]]:
    rows = [table.fields(line, place.delimiter) for line in lines[place.start : place.start + _LOOKED] if line.strip()]
    return [row for row in rows[:-1] if len(row) == place.width and table.is_number(row[0])]


def _rising(lines: Sequence[str], place: Place) -> bool:
    rows = _first_rows(lines, place)
    return len(rows) >= 20 and bare.even_angles(bare.head_values(rows)[:, 0])


def _names(lines: Sequence[str], place: Place) -> tuple[str, ...]:
    if label := columns_.labels_above(lines, place):
        return (label, "intensity")
    return columns_.names_above(lines, place)


def patterns(lines: Sequence[str], where: str, options: Mapping[str, Any], *, name: str) -> Patterns:
    """All patterns of a text, by the names of its columns, by a declaration, or where the numbers leave no doubt.

    Parameters
    ----------
    lines, where
        The text, and its place for messages.
    options
        ``mapping``, ``units`` and ``decimal`` as declared.
    name
        Name of the file.

    Raises
    ------
    ReadError
        If there is no table, a row is damaged, or the columns could be anything: then it holds the declaration to write.
    """
    decimal = options.get("decimal")
    if decimal not in (None, ".", ","):
        raise ReadError(f"{where}: decimal is '{decimal}'; {nearest(str(decimal), ('.', ','))}.")
    place = table.find(lines)
    if place is None:
        raise ReadError(
            f"{where}: no four rows of two or more numbers follow each other, so there is no pattern in this text."
        )
    table.refuse_rows_above(lines, place, where)
    units = columns_.declared_units(options, where)
    names = _names(lines, place)
    if names and place.delimiter is not None and len(names) < place.width and not options.get("mapping"):
        raise ReadError(
            f"{where}: line {place.start + 1} has {place.width} columns, but the names above are only {len(names)} ({', '.join(names)}), so "
            "columns may have shifted (decimal commas or thousands between commas?). Export with tabs, or declare `mapping`."
        )
    remarks: list[Remark] = []
    chosen = _declared_or_named(options, names, place, where, units)
    found, cut = table.blocks(
        lines,
        place,
        where,
        position=chosen.position if chosen else 0,
        decimal=None if decimal is None else str(decimal),
    )
    if cut:
        text = (
            f"The last row ('{cut[:40]}') is cut short and was left out: the file was copied or written incompletely."
        )
        remarks.append(Remark("truncated", text, f"line {len(lines)}"))
    if chosen is None:
        chosen = _bare(found, names, place, where, name, remarks)
    found = list(_results(found, remarks))
    words = header.words_of(lines[: place.start])
    _refuse_scaled(lines[: place.start], where)
    scans = _scans(found, chosen, words, where, remarks)
    remarks += repeats(scans)
    if chosen.left:
        text = (
            f"Columns {', '.join(chosen.left)} were left out: they are no measured position, intensity or uncertainty."
        )
        remarks.append(Remark("columns_left_out", text, "", "note"))
    preamble = [line for line in lines[: place.start] if line.strip()][:100]
    about = {"header": dict(words), "preamble": preamble, "columns": list(names)}
    instrument = header.instrument_of(words) | steps(scans, chosen.axis)
    return Patterns(tuple(scans), chosen.axis, instrument, about, tuple(remarks))


def steps(scans: Sequence[Scan], axis: str) -> dict[str, float]:
    """Step (deg) and counting time (s) where all scans have the same; a step only of two theta."""
    found = powder_scans.steps(scans)
    if axis != "two_theta":
        found.pop("step", None)
    return found


def _results(found: Sequence[Block], remarks: list[Remark]) -> Sequence[Block]:
    """The results where a file repeats its rows as what a program made of them."""
    results = [block for block in found if any(map(_RESULT.match, block.remarks))]
    if not results or len(results) == len(found):
        return found
    before = len(found) - len(results)
    same = before == len(results) == 1 and np.array_equal(found[0].values, results[0].values, equal_nan=True)
    text = (
        "The rows stand twice in the file, as measured and as its result; they are one pattern."
        if same
        else f"{before} repeats were left out: the file holds the result that its program made of them, and this was read."
    )
    remarks.append(Remark("repeats_left_out", text, "", "note"))
    return results


def _declared_or_named(
    options: Mapping[str, Any], names: Sequence[str], place: Place, where: str, units: Mapping[str, str]
) -> Columns | None:
    if options.get("mapping"):
        return columns_.declared(options["mapping"], names, place.width, where, units)
    return columns_.named(names, place.width, f"{where}: line {place.start + 1}", units) if names else None


def _bare(
    found: Sequence[Block], names: Sequence[str], place: Place, where: str, name: str, remarks: list[Remark]
) -> Columns:
    """Two theta, intensity and uncertainty where the numbers of every pattern leave no doubt."""
    first = f"{where}: line {place.start + 1}"
    shown = '{two_theta: "1", intensity: "2"' + (', intensity_std: "3"}' if place.width == 3 else "}")
    write = (
        f"If it is a pattern, write into study.yaml which column is what: `analyses: {{diffraction: {{mapping: {shown}}}}}`; instead of "
        "two_theta it may be scattering_vector or time_of_flight, with `units`."
    )
    if names:
        raise ReadError(
            f"{first}: the columns are named {', '.join(names)}, and none of these is a position of diffraction. {write}"
        )
    why = bare.evidence(found[0].values, name)
    if not why or not all(bare.even_angles(block.values[:, 0]) for block in found):
        raise ReadError(f"{first}: the columns have no names, and {bare.what_speaks_against(found[0].values)}. {write}")
    taken = "two theta (deg), intensity" + (" and its uncertainty" if place.width == 3 else "")
    remarks.append(
        Remark(
            "columns_by_position", f"The columns have no names; they were taken as {taken}, since {why}.", "", "note"
        )
    )
    return bare.columns_of(place.width)


def _refuse_scaled(lines: Sequence[str], where: str) -> None:
    """Refuse a file that says that its columns are not what they look like: to be multiplied, or drawn on another scale."""
    for number, line in enumerate(lines[:20], start=1):
        words = line.split()
        factors = [
            float(word)
            for word in words[1:3]
            if table.is_number(word) and "," not in word and "d" not in word.casefold()
        ]
        if words and words[0].upper() == "INTER" and any(factor not in (0.0, 1.0) for factor in factors):
            raise ReadError(
                f"{where}: line {number}: '{line.strip()}' scales the columns; write the file with factors of 1."
            )
        saved = re.match(r"\W*y-axis saved as\s+(\S+)", line, re.IGNORECASE)
        if saved and saved[1].casefold() != "y":
            raise ReadError(f"{where}: line {number}: the intensities are saved as {saved[1]}; save them as y.")


def _scans(
    found: Sequence[Block], chosen: Columns, words: Mapping[str, str], where: str, remarks: list[Remark]
) -> list[Scan]:
    scans = []
    time = header.instrument_of(words).get("counting_time")
    unit: Unit = {"counts": "counts", "counts/s": "rate"}.get(chosen.unit, "")  # type: ignore[assignment]
    inner = [header.words_of(block.remarks) for block in found]
    shared = not any(map(header.state_of, inner[1:]))  # a temperature above all patterns, and none above each
    for order, block in enumerate(found, start=1):
        place = where if len(found) == 1 else f"{where}: pattern {order}"
        position, intensity = block.values[:, chosen.position] * chosen.factor, block.values[:, chosen.intensity]
        if chosen.axis == "two_theta" and float(np.abs(position).max()) > _HALF_TURN:
            raise ReadError(
                f"{place}: two theta would reach {float(np.abs(position).max()):g} deg, which no goniometer does; declare `mapping` or `units`: "
                "the positions may be times of flight, or in centidegrees."
            )
        own = words if order == 1 else inner[order - 1]
        state, start = header.state_of(words if shared else own), header.start_of(own)
        about: dict[str, Any] = {"lines": f"{block.lines[0]}-{block.lines[-1]}"}
        if chosen.std is not None:
            about |= {"intensity_unit": chosen.unit or "unknown"} | ({"counting_time": time} if time else {})
            scans.append(Scan(position, intensity, block.values[:, chosen.std], start, state, about))
            continue
        result = counted(intensity, unit=unit, times=time, where=place)
        remarks += [Remark(item.code, item.message, item.where, item.severity) for item in result.remarks]
        about |= {"intensity_unit": result.unit} | ({"counting_time": result.time} if result.time else {})
        scans.append(Scan(position, result.intensity, result.std, start, state, about))
    return scans
