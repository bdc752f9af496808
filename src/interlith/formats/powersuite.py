"""What does the text that PowerSuite (Princeton Applied Research) exports for a spectrum hold?

Three columns, ``Frequency``, ``Zre``, ``Zimg``, without units: Hz and ohm.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from interlith.layouts.impedance_names import fold
from interlith.layouts.impedance_options import told
from interlith.layouts.impedance_table import read_table
from interlith.layouts.impedance_text import name_rows, text_of
from interlith.model import Flag, Format, Reading, Table

_MISSING = "no line is 'Frequency, Zre, Zimg' as PowerSuite exports; export the spectrum again."


def _own(row: Sequence[str]) -> bool:
    return [fold(name) for name in row if name] == ["frequency", "zre", "zimg"]


def sniff(head: bytes, path: Path) -> float:
    """Confidence from the three names that PowerSuite alone prints."""
    del path
    return 0.9 if any(map(_own, name_rows(head))) else 0.0


def read(path: Path, options: Mapping[str, Any]) -> Reading:
    """Read the text of a spectrum from PowerSuite.

    Raises
    ------
    ReadError
        If no line names the columns of a spectrum, or a column, unit or number is not understood.
    """
    options = told(options, path)
    text = text_of(path)
    made, table = read_table(text, options, missing=_MISSING, default_ohm=True)
    return Reading(
        payload=Table(made.frame.lazy(), tuple(made.frame.columns)),
        metadata={"columns": table.names, "preamble": table.preamble},
        flags=tuple(Flag(item.code, item.message, item.where, item.severity) for item in made.remarks),
    )


FORMAT = Format(
    name="powersuite",
    title="PowerSuite text",
    patterns=("*.txt",),
    sniff=sniff,
    read=read,
    technique="impedance",
    source="a public data file (ECSHackWeek/impedance.py, MIT)",
    versions_seen=("Frequency, Zre, Zimg",),
    reads="one spectrum in Hz and ohm",
    limits="other tables of PowerSuite",
)
