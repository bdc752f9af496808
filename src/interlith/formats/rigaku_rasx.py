"""What does a Rigaku .rasx hold: an archive with a profile and its conditions for each scan?"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlith.errors import ReadError
from interlith.layouts import archive_members, archives, powder_scans, rigaku_words, rigaku_writing, safe_xml
from interlith.layouts.lazy_text import Remark
from interlith.layouts.powder_scans import Scan
from interlith.layouts.safe_xml import attribute, below, every, find, text
from interlith.model import Flag, Format, Reading, State, Table

_PROFILE = re.compile(r"(?:^|/)Data(\d+)/Profile\d*\.txt$", re.IGNORECASE)
_CONDITIONS = re.compile(r"(?:^|/)Data(\d+)/Me[a]?surementConditions\d*\.xml$", re.IGNORECASE)
#: Largest profile (bytes) that is taken into memory.
_LARGEST = 400_000_000
#: Elements of the conditions by the words that a .ras has for them.
_WORDS = {
    "MEAS_SCAN_AXIS_X": ("ScanInformation", "AxisName"), "MEAS_SCAN_MODE": ("ScanInformation", "Mode"),
    "MEAS_SCAN_STEP": ("ScanInformation", "Step"), "MEAS_SCAN_SPEED": ("ScanInformation", "Speed"),
    "MEAS_SCAN_SPEED_UNIT": ("ScanInformation", "SpeedUnit"), "MEAS_SCAN_UNIT_X": ("ScanInformation", "PositionUnit"),
    "MEAS_SCAN_UNIT_Y": ("ScanInformation", "IntensityUnit"), "MEAS_SCAN_START_TIME": ("ScanInformation", "StartTime"),
    "MEAS_SCAN_END_TIME": ("ScanInformation", "EndTime"), "MEAS_DATA_COUNT": ("ScanInformation", "DataCount"),
    "HW_XG_TARGET_NAME": ("HWConfigurations", "XrayGenerator", "TargetName"),
    "MEAS_COND_XG_WAVE_TYPE": ("HWConfigurations", "XrayGenerator", "WaveType"),
    "HW_XG_WAVE_LENGTH_ALPHA1": ("HWConfigurations", "XrayGenerator", "WavelengthKalpha1"),
    "HW_XG_WAVE_LENGTH_ALPHA2": ("HWConfigurations", "XrayGenerator", "WavelengthKalpha2"),
    "HW_XG_WAVE_LENGTH_BETA": ("HWConfigurations", "XrayGenerator", "WavelengthKbeta"),
    "MEAS_COND_XG_VOLTAGE": ("HWConfigurations", "XrayGenerator", "Voltage"),
    "MEAS_COND_XG_CURRENT": ("HWConfigurations", "XrayGenerator", "Current"),
    "FILE_SAMPLE": ("GeneralInformation", "SampleName"), "FILE_COMMENT": ("GeneralInformation", "Comment"),
    "FILE_OPERATOR": ("GeneralInformation", "Operator"), "FILE_SYSTEM_NAME": ("GeneralInformation", "SystemName"),
    "MEAS_COND_OPT_ATTR": ("HWConfigurations", "Optics", "Attribute"),
}  # fmt: skip


def sniff(head: bytes, path: Path) -> float:
    """Confidence from the names in the archive."""
    return 0.98 if any(_PROFILE.search(name) for name in archives.names_in(head, path)) else 0.0


def read(path: Path, options: Mapping[str, Any]) -> Reading:
    """Read all profiles of two theta, one frame each.

    Raises
    ------
    ReadError
        If the archive, a profile or its conditions are damaged, or no profile is one of two theta.
    """
    del options
    if not path.is_file():
        raise ReadError(f"{path}: cannot be opened (no such file).")
    members = archives.members(path)
    profiles = _numbered(members, _PROFILE)
    conditions = _numbered(members, _CONDITIONS)
    if not profiles:
        raise ReadError(
            f"{path}: the archive holds no Data0/Profile0.txt; it is no .rasx of a scan, or holds only images."
        )
    remarks: list[Remark] = []
    scans: list[Scan] = []
    others: list[str] = []
    headers: list[Mapping[str, str]] = []
    for number in sorted(profiles):
        where = f"{path}: {profiles[number].filename}"
        if number not in conditions:
            raise ReadError(
                f"{where}: the archive has no conditions for this profile, so its axis and unit are unknown."
            )
        header = _header(path, conditions[number])
        found = rigaku_words.scan_of(
            header, _rows(archive_members.content(path, profiles[number], largest=_LARGEST), where), where, remarks
        )
        if isinstance(found, str):
            others.append(found)
            continue
        scans.append(found)
        headers.append(header)
    remarks += powder_scans.only_patterns(scans, others, str(path))
    instruments = [rigaku_words.instrument_of(header, str(path), remarks) for header in headers]
    made = powder_scans.joined(scans, where=str(path))
    return Reading(
        payload=Table(made.frame.lazy(), tuple(made.frame.columns)),
        metadata={key: value for key, value in headers[0].items() if value}
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


def _numbered(members: Sequence[zipfile.ZipInfo], pattern: re.Pattern[str]) -> dict[int, zipfile.ZipInfo]:
    return {int(found[1]): item for item in members if (found := pattern.search(item.filename))}


def _header(path: Path, item: zipfile.ZipInfo) -> dict[str, str]:
    """Words of the conditions as a .ras has them."""
    root = safe_xml.parsed(archive_members.content(path, item, largest=_LARGEST), f"{path}: {item.filename}")
    found = {key: text(find(root, *place)) for key, place in _WORDS.items()}
    for pair in below(root, "Pair"):
        words = [text(word) for word in every(pair, "string")]
        if len(words) == 2 and words[1] and not words[0].startswith("*MEAS_COND_AXIS"):
            name = words[0].lstrip("*")
            found[name] = found.get(name) or words[1]
    found |= _distances(root)
    return found


def _distances(root: Element) -> dict[str, str]:
    """Distance from the stage to the detector, which is the radius of the circle on which it runs."""
    for item in below(root, "Distance"):
        if attribute(item, "From") == "AttachmentStage" and attribute(item, "To") == "Detector":
            return {"DISTANCE_STAGE_DETECTOR": f"{attribute(item, 'Value')} {attribute(item, 'Unit')}".strip()}
    return {}


def _rows(content: bytes, where: str) -> NDArray[np.float64]:
    lines = content.decode("utf-8-sig", errors="replace").splitlines()
    words = [(number, line.split()) for number, line in enumerate(lines, start=1) if line.strip()]
    width = len(words[0][1]) if words else 3
    if words and not 2 <= width <= 3:
        raise ReadError(
            f"{where}: line {words[0][0]}: a row has {width} numbers, not position, intensity and attenuator."
        )
    try:
        return np.array([row for _, row in words], dtype=np.float64).reshape(len(words), width)
    except ValueError:
        pass
    for number, row in words:
        for word in row:
            safe_xml.as_number(word, f"{where}: line {number}")
        if len(row) != width:
            raise ReadError(
                f"{where}: line {number}: a row of {len(row)} numbers among rows of {width}; the file is damaged."
            )
    raise ReadError(f"{where}: the rows are no numbers; the file is damaged.")


def write(frame: pl.DataFrame, path: Path, metadata: Mapping[str, Any]) -> None:
    """Write one or several simulated scans; see `interlith.layouts.rigaku_writing`."""
    rigaku_writing.archive(frame, path, metadata)


FORMAT = Format(
    name="rigaku_rasx",
    title="Rigaku SmartLab archive (.rasx)",
    patterns=("*.rasx",),
    sniff=sniff,
    read=read,
    write=write,
    technique="diffraction",
    source="the names that the documents of such an archive carry themselves, held against a real file",
    versions_seen=("Root 1.1.0.0",),
    reads="all profiles of two theta, one frame each, with attenuator factors, rates turned into counts, and start times",
    limits="rocking curves, pole figures, and archives of images",
)
