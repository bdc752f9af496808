"""What does the text that a Parstat (VersaStudio, PowerSuite) exports for a test with a spectrum hold?

``Frequency (Hz)``, ``Zre (ohms)``, ``Zim (ohms)`` stand beside potential, current and time; records without a sine have a
frequency of zero.
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

_MISSING = "no line names Frequency (Hz), Zre (ohms) and Zim (ohms) as a Parstat's export does; export the data again with these."


def _own(row: Sequence[str]) -> bool:
    folded = {fold(name) for name in row}
    return {"frequency(hz)", "zre(ohms)", "zim(ohms)"} <= folded


def sniff(head: bytes, path: Path) -> float:
    """Confidence from the names that this export alone prints."""
    del path
    return 0.9 if any(map(_own, name_rows(head))) else 0.0


def read(path: Path, options: Mapping[str, Any]) -> Reading:
    """Read the spectra of an export.

    Raises
    ------
    ReadError
        If no line names the columns of a spectrum, or a column, unit or number is not understood.
    """
    options = told(options, path)
    text = text_of(path)
    made, table = read_table(
        text,
        options,
        missing=_MISSING,
        only_positive="records without a sine (charge, discharge or rest)",
    )
    return Reading(
        payload=Table(made.frame.lazy(), tuple(made.frame.columns)),
        metadata={"columns": table.names, "preamble": table.preamble},
        flags=tuple(Flag(item.code, item.message, item.where, item.severity) for item in made.remarks),
    )


FORMAT = Format(
    name="parstat",
    title="Parstat text",
    patterns=("*.txt",),
    sniff=sniff,
    read=read,
    technique="impedance",
    source="a public data file (ECSHackWeek/impedance.py, MIT)",
    versions_seen=("Potential (V), Current (A), Elapsed Time (s), Frequency (Hz), Zre (ohms), Zim (ohms)",),
    reads="spectra, each run of records with a frequency one of them; potential and time beside",
    limits="records without a sine are left out, with their count",
)
