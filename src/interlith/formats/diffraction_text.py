"""What does a text of columns hold that is a powder pattern: .xy, .xye, .dat, .csv, .txt, .prn, .chi, and what pyFAI writes?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from interlith.layouts import diffraction_lines, diffraction_text, diffraction_writing, powder_scans
from interlith.model import Flag, Format, Reading, State, Table


def sniff(head: bytes, path: Path) -> float:
    """Sure where the columns are named; modest where only the numbers tell, so that every vendor's reader goes first."""
    return diffraction_text.sniff(head, path)


def read(path: Path, options: Mapping[str, Any]) -> Reading:
    """Read the patterns of a text, one frame each where it holds several.

    Raises
    ------
    ReadError
        If a row is damaged, or the columns could be anything: then the message holds the declaration to write.
    """
    lines = diffraction_lines.read_lines(path)
    found = diffraction_text.patterns(lines, str(path), options, name=path.name)
    made = powder_scans.joined(found.scans, axis=found.axis, where=str(path))
    return Reading(
        payload=Table(made.frame.lazy(), tuple(made.frame.columns)),
        metadata=dict(found.words)
        | {"instrument": dict(found.instrument), "scans": powder_scans.told(found.scans)},
        flags=tuple(Flag(item.code, item.message, item.where, item.severity) for item in powder_scans.once((*found.remarks, *made.remarks))),
        test={"start": made.start} if made.start else {},
        state={name: State(name, *values, "degC") for name, values in made.state.items()},
    )  # fmt: skip


def write(frame: pl.DataFrame, path: Path, metadata: Mapping[str, Any]) -> None:
    """Write patterns as .xye: position, intensity and uncertainty; see `interlith.layouts.diffraction_writing.xye`."""
    path.write_text(diffraction_writing.xye(frame, metadata), encoding="utf-8", newline="\n")


FORMAT = Format(
    name="diffraction_text",
    title="text of a powder pattern (.xy, .xye, .dat, .csv, .txt, .prn, .chi)",
    patterns=("*.xye", "*.xy", "*.dat", "*.csv", "*.txt", "*.prn", "*.chi", "*.asc"),
    sniff=sniff,
    read=read,
    write=write,
    technique="diffraction",
    source="names of columns as programs print them, or the user's declaration in study.yaml; the text output that pyFAI documents "
    "(https://pyfai.readthedocs.io)",
    versions_seen=(
        "columns with names",
        "columns without names",
        "observed and calculated columns",
        "pyFAI 1D",
        "FullProf XYDATA",
    ),
    reads="two theta, scattering vector or time of flight with intensity and uncertainty, several patterns below each other, headers "
    "with wavelengths, temperature and start",
    limits="columns that could be anything, until `mapping` and `units` declare them; columns of d-spacings",
)
