"""What does the text that Zahner's Thales exports for a spectrum hold?

``Number``, ``Frequency/Hz``, ``Impedance/Ohm``, ``Phase/deg``, ``Significance``, ``Time/s``, set apart by blanks or commas. A
sweep usually begins in the middle, runs up and then all the way down; the run up is the same part once more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from interlith.layouts.impedance_names import fold, names_spectrum, understand
from interlith.layouts.impedance_options import told
from interlith.layouts.impedance_spectra import Printed, printed, spectra
from interlith.layouts.impedance_table import behind, locate, numbers
from interlith.layouts.impedance_text import name_rows, text_of
from interlith.layouts.lazy_text import Remark
from interlith.model import Flag, Format, Reading, Table

_MISSING = "no line names Frequency/Hz, Impedance/Ohm and Phase/deg as Thales does; export the spectrum as text again."


def _own(row: Sequence[str]) -> bool:
    folded = {fold(name) for name in row}
    own = {"number", "significance"} & folded
    return bool(own) and "frequency/hz" in folded and names_spectrum(row)


def sniff(head: bytes, path: Path) -> float:
    """Confidence from the names that Thales prints."""
    del path
    return 0.88 if any(map(_own, name_rows(head, blanks=True))) else 0.0


def read(path: Path, options: Mapping[str, Any]) -> Reading:
    """Read the text of a spectrum from Thales.

    Raises
    ------
    ReadError
        If no line names the columns of a spectrum, or a unit or number is not understood.
    """
    options = told(options, path)
    text = text_of(path)
    table = locate(text, missing=_MISSING, blanks=True)
    columns = understand(table.names, where=f"{path}: line {table.header + 1}", units=options.get("units"))
    found = numbers(text, table, columns, decimal=options.get("decimal"))
    data = printed(found.columns, columns, lines=found.lines, remarks=[*found.remarks, *behind(text, table)])
    made = spectra(_without_run_up(data), options, where=str(path))
    settings = dict(line.split(":", 1) for line in table.preamble if ":" in line)
    return Reading(
        payload=Table(made.frame.lazy(), tuple(made.frame.columns)),
        metadata={key.strip(): value.strip() for key, value in settings.items()} | {"columns": table.names},
        flags=tuple(Flag(item.code, item.message, item.where, item.severity) for item in made.remarks),
    )


def _without_run_up(data: Printed) -> Printed:
    """Leave out a run in one direction at the start that a longer one the other way repeats."""
    frequency = data.columns["frequency"]
    if frequency.size < 4 or not (np.isfinite(frequency).all() and (frequency > 0).all()):
        return data
    steps = np.sign(np.diff(frequency))
    moving = steps[steps != 0]
    turns = np.flatnonzero(moving[1:] != moving[:-1])
    if turns.size != 1:
        return data
    # A frequency that stands twice at the turn belongs to both runs.
    turn = int(np.argmax(frequency) if moving[0] > 0 else np.argmin(frequency))
    rest = frequency[turn:]
    if (
        turn == 0
        or turn >= rest.size
        or not rest.min() <= frequency[:turn].min() <= frequency[:turn].max() <= rest.max()
    ):
        return data
    message = (
        f"The sweep begins in the middle: its first {turn} points, up to {frequency[turn]:.4g} Hz, are measured again in the run back "
        "and were left out."
    )
    return replace(
        data,
        columns={key: values[turn:] for key, values in data.columns.items()},
        lines=None if data.lines is None else data.lines[turn:],
        remarks=(*data.remarks, Remark("run_up_left_out", message, "", "note")),
    )


FORMAT = Format(
    name="zahner_text",
    title="Zahner Thales text",
    patterns=("*.txt", "*.csv", "*.isc"),
    sniff=sniff,
    read=read,
    technique="impedance",
    source="names of columns that public scripts for Thales exports expect",
    versions_seen=("Number, Frequency/Hz, Impedance/Ohm, Phase/deg, Significance, Time/s",),
    reads="spectra as modulus and phase (or Re/Ohm, Im/Ohm); the run up before the sweep is left out with a note",
    limits="the binary .ism, which Thales exports as text",
)
