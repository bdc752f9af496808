"""What does a powder file of GSAS hold: .gsa, .gda, .fxye, .raw, .XRA, .CWN with banks of STD, ESD, ALT, FXY or FXYE?"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from interlith.errors import ReadError
from interlith.layouts import diffraction_lines, diffraction_writing, gsas_powder, powder_scans
from interlith.model import Flag, Format, Reading, State, Table

_BANK = re.compile(r"BANK\s+\d+\s+\d+\s+\d+\s+[A-Z_]{3}", re.IGNORECASE)


def sniff(head: bytes, path: Path) -> float:
    """Confidence from a BANK record or a time map; a binary .raw has none."""
    del path
    if b"BANK" not in head and b"TIME_MAP" not in head:
        return 0.0
    lines = diffraction_lines.head_lines(head)
    return 0.97 if any(_BANK.match(line) or line.startswith("TIME_MAP ") for line in lines) else 0.0


def read(path: Path, options: Mapping[str, Any]) -> Reading:
    """Read all banks, one frame each where there are several.

    The option ``mapping`` says whether the positions are ``two_theta`` or ``time_of_flight`` where the file leaves it open.

    Raises
    ------
    ReadError
        If a record is damaged, a type is unknown, or positions could be angles or times.
    """
    mapping = options.get("mapping") or {}
    if not isinstance(mapping, Mapping):
        raise ReadError(f'{path}: mapping must name a quantity, for instance {{time_of_flight: "1", intensity: "2"}}.')
    declared = next((name for name in ("two_theta", "time_of_flight") if name in mapping), "")
    found = gsas_powder.banks(diffraction_lines.read_lines(path), str(path), declared=declared)
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
    """Write patterns as banks of FXYE; see `interlith.layouts.diffraction_writing.fxye`."""
    path.write_text(diffraction_writing.fxye(frame, metadata), encoding="utf-8", newline="\n")


FORMAT = Format(
    name="gsas_powder",
    title="GSAS powder data (.gsa, .gda, .fxye, .raw, .xra, .cwn)",
    patterns=("*.gsa", "*.gda", "*.fxye", "*.raw", "*.xra", "*.cwn", "*.gss", "*.gsas", "*.dat"),
    sniff=sniff,
    read=read,
    write=write,
    technique="diffraction",
    source="GSAS manual (A. C. Larson, R. B. Von Dreele, Los Alamos National Laboratory Report LAUR 86-748, 2004), standard powder "
    "data file",
    versions_seen=(
        "STD",
        "FXYE",
        "written and read: ESD, ALT, FXY",
        "CONS",
        "SLOG",
        "written and read: RALF, TIME_MAP",
    ),
    reads="all banks as frames, angles or times of flight, with the numbers of detectors of STD, uncertainties, and wavelength, "
    "temperature and start of an 11-BM header",
    limits="energy-dispersive and LPSD banks; LOG6 and RALF without printed positions",
)
