"""What does a delimited text with named columns of a spectrum hold, when no vendor's layout is known?

Names such as ``f/Hz``, ``Re(Z) (ohm)``, ``-Z'' [kohm]`` or ``phase/deg`` are understood with their units; others are declared in
`study.yaml` under ``analyses: impedance:`` as ``mapping`` and ``units``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from interlith.layouts.impedance_names import names_spectrum
from interlith.layouts.impedance_options import told
from interlith.layouts.impedance_table import read_table
from interlith.layouts.impedance_text import name_rows, text_of
from interlith.model import Flag, Format, Reading, Table

_MISSING = (
    "no line names a frequency with a real and an imaginary part, or with a modulus and a phase, together with units. Name the columns "
    "so, or declare them: analyses: {impedance: {mapping: {frequency: ..., impedance_real: ..., impedance_imaginary: ...}}}."
)


def sniff(head: bytes, path: Path) -> float:
    """Medium confidence for a row of names that holds a spectrum, so that every vendor's reader goes first."""
    del path
    return 0.5 if any(map(names_spectrum, name_rows(head))) else 0.0


def read(path: Path, options: Mapping[str, Any]) -> Reading:
    """Read the spectra of a table with named columns.

    Raises
    ------
    ReadError
        If no line names them, or a unit is missing or not understood: the message holds the declaration to write.
    """
    options = told(options, path)
    text = text_of(path)
    made, table = read_table(text, options, missing=_MISSING)
    return Reading(
        payload=Table(made.frame.lazy(), tuple(made.frame.columns)),
        metadata={"columns": table.names, "preamble": table.preamble},
        flags=tuple(Flag(item.code, item.message, item.where, item.severity) for item in made.remarks),
    )


FORMAT = Format(
    name="impedance_csv",
    title="delimited text with named columns of a spectrum",
    patterns=("*.csv", "*.txt", "*.tsv", "*.dat"),
    sniff=sniff,
    read=read,
    technique="impedance",
    source="the names themselves, or the user's declaration in study.yaml",
    reads="spectra by real and imaginary part or modulus and phase, with the units that the names say or `units` declares",
    limits="columns without units until they are declared; ohm cm^2 until `area` is declared",
)
