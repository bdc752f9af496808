"""What does a Bruker or Siemens .uxd text hold?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from interlith.layouts import bruker_uxd_ranges, diffraction_lines, powder_scans
from interlith.layouts.bruker_uxd_ranges import UxdRange
from interlith.layouts.diffraction_repeats import repeats
from interlith.layouts.lazy_text import Remark
from interlith.layouts.photon_counts import counted
from interlith.layouts.powder_scans import Scan
from interlith.layouts.scan_axes import fixed_incidence, is_two_theta, plain, what_it_is
from interlith.model import Flag, Format, Reading, State, Table


def sniff(head: bytes, path: Path) -> float:
    """Confidence from the words at the start of a line that only this text has."""
    del path
    lines = diffraction_lines.head_lines(head)[:400]
    version = any(line.startswith("_FILEVERSION") for line in lines[:40])
    drive = any(line.startswith("_DRIVE") for line in lines)
    return (
        0.97
        if version and drive
        else 0.8
        if version or (drive and any(line.startswith("_STEP") for line in lines))
        else 0.0
    )


def read(path: Path, options: Mapping[str, Any]) -> Reading:
    """Read all ranges of two theta, one frame each where there are several.

    Raises
    ------
    ReadError
        If a number is damaged, or no range is one of two theta: then it says what they are.
    """
    del options
    ranges = bruker_uxd_ranges.ranges(diffraction_lines.read_lines(path), str(path))
    remarks: list[Remark] = []
    drives = [item.words.get("DRIVE", "COUPLED") for item in ranges]
    kept = [item for item, drive in zip(ranges, drives, strict=True) if is_two_theta(drive)]
    others = [f"'{drive}' ({what_it_is(drive)})" for drive in drives if not is_two_theta(drive)]
    scans = [_scan(item, path, remarks) for item in kept]
    remarks += powder_scans.only_patterns(scans, others, str(path))
    remarks += repeats(scans)
    made = powder_scans.joined(scans, where=str(path))
    instruments = [bruker_uxd_ranges.instrument_of(item.words) for item in kept]
    return Reading(
        payload=Table(made.frame.lazy(), tuple(made.frame.columns)),
        metadata={key.casefold(): value for key, value in kept[0].words.items()}
        | {
            "instrument": powder_scans.agreed(instruments, remarks) | powder_scans.steps(scans),
            "scans": powder_scans.told(scans),
        },
        flags=tuple(
            Flag(item.code, item.message, item.where, item.severity)
            for item in powder_scans.once((*remarks, *made.remarks))
        ),
        test={"start": made.start} if made.start else {},
        state={name: State(name, *values, "degC") for name, values in made.state.items()},
    )


def _scan(item: UxdRange, path: Path, remarks: list[Remark]) -> Scan:
    where = f"{path}: line {item.line}"
    if not item.values.size:
        return Scan(item.position, item.values)
    time = bruker_uxd_ranges.positive(item.words, "STEPTIME") if item.times is None else item.times
    result = counted(item.values, unit="counts" if item.unit == "counts" else "rate", times=time, where=where)
    remarks += [Remark(told.code, told.message, where, told.severity) for told in result.remarks]
    if item.twice:
        text = f"{len(item.twice)} rows stand twice in this range: the file may have been joined wrongly, and its angles shifted."
        remarks.append(Remark("rows_repeated", text, f"line {item.twice[0]}"))
    drive = item.words.get("DRIVE", "COUPLED")
    remarks += [fixed_incidence(where)] if plain(drive) in ("2theta", "twotheta") else []
    about = {"axis": drive, "intensity_unit": result.unit} | ({"counting_time": result.time} if result.time else {})
    return Scan(item.position, result.intensity, result.std, bruker_uxd_ranges.start_of(item.words), {}, about)


FORMAT = Format(
    name="bruker_uxd",
    title="Bruker or Siemens pattern text (.uxd)",
    patterns=("*.uxd",),
    sniff=sniff,
    read=read,
    technique="diffraction",
    source="the words of such texts themselves; public readers agree on what opens the data",
    versions_seen=("1", "written and read: _CPS, _2THETACOUNTS, _2THETACPS, _2THETACOUNTSTIME"),
    reads="all ranges of two theta, one frame each, counts or rates turned into counts, wavelengths and start",
    limits="rocking curves, pole figures and lists of peaks",
)
