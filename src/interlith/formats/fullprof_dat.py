"""What does a .dat of FullProf hold that says start, step and stop first (INSTRM = 0)?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from interlith.errors import ReadError
from interlith.layouts import diffraction_header, diffraction_lines, fullprof_rows, powder_scans
from interlith.layouts.lazy_text import Remark
from interlith.layouts.photon_counts import counted
from interlith.layouts.powder_scans import Scan
from interlith.model import Flag, Format, Reading, State, Table


def sniff(head: bytes, path: Path) -> float:
    """Confidence from a first row of start, step and stop above rows of many numbers."""
    del path
    return 0.7 if fullprof_rows.range_of(diffraction_lines.head_lines(head)) is not None else 0.0


def read(path: Path, options: Mapping[str, Any]) -> Reading:
    """Read the pattern.

    Raises
    ------
    ReadError
        If a number is damaged, or there are more intensities than start, step and stop announce.
    """
    del options
    lines = diffraction_lines.read_lines(path)
    found = fullprof_rows.range_of(lines, sure=False)
    if found is None:
        raise ReadError(
            f"{path}: lines 1 to {min(len(lines), 9)}: none says start, step and stop of two theta that make whole steps; the file is "
            "damaged, or of another kind."
        )
    values, said = fullprof_rows.intensities(lines, found, str(path))
    result = counted(values, unit="", where=str(path))
    remarks = [*result.remarks, *([Remark("scan_not_completed", said, f"line {found.line + 1}")] if said else [])]
    words = diffraction_header.words_of(lines[: found.line])
    position = found.start + found.step * np.arange(values.size, dtype=np.float64)
    scan = Scan(
        position, result.intensity, result.std, "", diffraction_header.state_of(words), {"intensity_unit": result.unit}
    )
    made = powder_scans.joined([scan], where=str(path))
    title = " ".join(lines[found.line].split()[3:])
    about = {"title": title, "preamble": [line for line in lines[: found.line] if line.strip()]}
    return Reading(
        payload=Table(made.frame.lazy(), tuple(made.frame.columns)),
        metadata={name: value for name, value in about.items() if value}
        | {"instrument": diffraction_header.instrument_of(words) | powder_scans.steps([scan])},
        flags=tuple(Flag(item.code, item.message, item.where, item.severity) for item in (*remarks, *made.remarks)),
        state={name: State(name, *numbers, "degC") for name, numbers in made.state.items()},
    )


FORMAT = Format(
    name="fullprof_dat",
    title="FullProf pattern of start, step and stop (.dat)",
    patterns=("*.dat",),
    sniff=sniff,
    read=read,
    technique="diffraction",
    source="FullProf manual (J. Rodriguez-Carvajal, https://www.ill.eu/sites/fullprof), INSTRM = 0",
    versions_seen=("free format",),
    reads="intensities below a row of start, step and stop (deg)",
    limits="other values of INSTRM; files with columns of positions are read as text",
)
