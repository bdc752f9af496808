"""What does a .udf text of a Philips or PANalytical diffractometer hold?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from interlith.layouts import diffraction_lines, philips_udf_words, powder_scans
from interlith.layouts.lazy_text import Remark
from interlith.layouts.photon_counts import counted
from interlith.layouts.powder_scans import Scan
from interlith.model import Flag, Format, Reading, Table


def sniff(head: bytes, path: Path) -> float:
    """Confidence from the keys at the start of its lines."""
    del path
    keys = {line.partition(",")[0].strip() for line in diffraction_lines.head_lines(head)[:60]}
    known = {"SampleIdent", "DataAngleRange", "ScanStepSize", "RawScan"} & keys
    return 0.97 if len(known) == 4 else 0.6 if len(known) >= 2 else 0.0


def read(path: Path, options: Mapping[str, Any]) -> Reading:
    """Read the scan.

    Raises
    ------
    ReadError
        If a number is damaged, or counts and range contradict each other.
    """
    del options
    words, counts, line = philips_udf_words.header_and_counts(diffraction_lines.read_lines(path), str(path))
    position, announced = philips_udf_words.positions(words, counts.size, str(path))
    result = counted(counts, unit="", where=str(path))
    remarks = list(result.remarks)
    if counts.size < announced:
        text = (
            f"{announced} points are announced, but {counts.size} follow: the scan was stopped or the file cut short."
        )
        remarks.append(Remark("scan_not_completed", text, f"line {line}"))
    scan = Scan(position, result.intensity, result.std, "", {}, {"intensity_unit": result.unit})
    made = powder_scans.joined([scan], where=str(path))
    return Reading(
        payload=Table(made.frame.lazy(), tuple(made.frame.columns)),
        metadata={key: value for key, value in words.items() if value}
        | {"instrument": philips_udf_words.instrument_of(words) | powder_scans.steps([scan])},
        flags=tuple(Flag(item.code, item.message, item.where, item.severity) for item in (*remarks, *made.remarks)),
    )


FORMAT = Format(
    name="philips_udf",
    title="Philips or PANalytical pattern text (.udf)",
    patterns=("*.udf",),
    sniff=sniff,
    read=read,
    technique="diffraction",
    source="headers of such texts as public readers quote them; range and step announce the number of counts, which is held against it",
    versions_seen=("written and read",),
    reads="the counts with their two theta, wavelengths and anode",
    limits="the time of a step, which means different things on different diffractometers, and the date, which is that of the file, are not used",
)
