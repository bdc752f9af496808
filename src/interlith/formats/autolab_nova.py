"""What does the text that Autolab's NOVA exports for a spectrum hold?

Names with units in brackets, ``Frequency (Hz)``, ``Z' (Ω)``, ``-Z'' (Ω)``, ``-Phase (°)``; the imaginary part and the phase are
printed with the sign turned, and say so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from interlith.layouts.impedance_names import fold, names_spectrum
from interlith.layouts.impedance_options import told
from interlith.layouts.impedance_table import read_table
from interlith.layouts.impedance_text import name_rows, text_of
from interlith.model import Flag, Format, Reading, Table

_MISSING = "no line names Frequency (Hz), Z' and -Z'' in brackets' units as NOVA does; export the data of the FRA measurement as text."


def _own(row: Sequence[str]) -> bool:
    folded = {fold(name).partition("(")[0] for name in row if "(" in name}
    return {"frequency", "z'", "-z''"} <= folded and names_spectrum(row)


def sniff(head: bytes, path: Path) -> float:
    """Confidence from the names that NOVA prints, with units in brackets and a turned imaginary part."""
    del path
    return 0.85 if any(map(_own, name_rows(head))) else 0.0


def read(path: Path, options: Mapping[str, Any]) -> Reading:
    """Read the text of a spectrum from NOVA.

    Raises
    ------
    ReadError
        If no line names the columns of a spectrum, or a column, unit or number is not understood.
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
    name="autolab_nova",
    title="Autolab NOVA text",
    patterns=("*.txt", "*.csv"),
    sniff=sniff,
    read=read,
    technique="impedance",
    source="names of columns that public scripts for NOVA exports expect",
    versions_seen=("Frequency (Hz), Z' (Ω), -Z'' (Ω)",),
    reads="spectra with named columns, any delimiter, decimal comma; sign from the name",
    limits="columns without units; mixed decimal signs",
)
