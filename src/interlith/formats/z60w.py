"""What does a Z60W text hold, the older layout of Solartron's analysers that Autolab exports too?

Quoted comment lines, a line of settings, the count of points, a quoted line of names, then rows between commas as in a .z.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from interlith.errors import ReadError
from interlith.layouts.impedance_names import understand
from interlith.layouts.impedance_options import told
from interlith.layouts.impedance_spectra import printed, spectra
from interlith.layouts.impedance_table import refuse_rows_above
from interlith.layouts.impedance_text import head_lines, numbers_of, text_of
from interlith.layouts.lazy_text import Remark
from interlith.model import Flag, Format, Reading, Table

_OPENING = re.compile(r'^"?\s*(?P<what>Z60W?|ZView Calculated|ZPlot)\s+Data File', re.IGNORECASE)


def _opening(line: str) -> str:
    found = _OPENING.match(line.strip().strip("\ufeff"))
    return "" if found is None else found["what"].casefold()


def sniff(head: bytes, path: Path) -> float:
    """Confidence from the first line, ``Z60W Data File``."""
    del path
    lines = head_lines(head, 3)
    return 0.97 if lines and _opening(lines[0]) else 0.0


def read(path: Path, options: Mapping[str, Any]) -> Reading:
    """Read a Z60W text.

    Raises
    ------
    ReadError
        If it is none, holds a calculated curve, or a point is damaged.
    """
    options = told(options, path)
    text = text_of(path)
    what = _opening(text.lines[0]) if text.lines else ""
    if not what:
        raise ReadError(f"{path}: line 1 is no 'Z60W Data File', so this is no such text; copy it again.")
    if "calculated" in what:
        raise ReadError(
            f"{path}: line 1 says that this is a curve that ZView calculated, not a measurement; use the measured file."
        )
    header = next(
        (at for at, line in enumerate(text.lines) if "freq" in line.casefold() and "z'" in line.casefold()), None
    )
    if header is None:
        raise ReadError(f"{path}: no line names the columns (Freq (Hz), Z'(a), Z''(b)); copy the file again.")
    names = re.split(r"\s{2,}|\t", text.lines[header].strip().strip('"').strip())
    columns = understand(names, where=f"{path}: line {header + 1}", default_ohm=True)
    missing = {"frequency", "real", "imaginary"} - {column.key for column in columns}
    if missing:
        raise ReadError(
            f"{path}: line {header + 1} names no column for {', '.join(sorted(missing))}; export the file again."
        )
    refuse_rows_above(text, header, ",", len(names))
    rows = [line for line in text.lines[header + 1 :] if line.strip()]
    if not rows:
        raise ReadError(f"{path}: line {header + 1} is the last; no point was written.")
    found = numbers_of(
        text,
        {column.key: column.position for column in columns},
        start=header + 1,
        delimiter="," if "," in rows[0] else None,
        width=len(names),
        names={column.key: column.name for column in columns},
    )
    remarks = [*found.remarks]
    announced = text.lines[header - 1].strip() if header else ""
    if announced.isdigit() and int(announced) != len(found.lines):
        remarks.append(
            Remark(
                "truncated", f"The file announces {announced} points and holds {len(found.lines)}.", f"line {header}"
            )
        )
    made = spectra(printed(found.columns, columns, lines=found.lines, remarks=remarks), options, where=str(path))
    return Reading(
        payload=Table(made.frame.lazy(), tuple(made.frame.columns)),
        metadata={"preamble": tuple(line.strip().strip('"') for line in text.lines[:header])},
        flags=tuple(Flag(item.code, item.message, item.where, item.severity) for item in made.remarks),
    )


FORMAT = Format(
    name="z60w",
    title="Solartron and Autolab Z60W text",
    patterns=("*.txt", "*.z", "*.z60", "*.dat"),
    sniff=sniff,
    read=read,
    technique="impedance",
    source="a public export of Autolab (ECSHackWeek/impedance.py, MIT)",
    versions_seen=("Z60W Data File: Version 1.1",),
    reads="one spectrum: frequency, Z', Z'', and time where it runs",
    limits="curves that ZView calculated",
)
