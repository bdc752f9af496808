"""What does a Bruker .brml hold: an archive of XML documents, one a scan?"""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

from interlith.errors import ReadError
from interlith.layouts import archive_members, archives, powder_scans, safe_xml
from interlith.layouts.bruker_views import instrument_of, scan_of
from interlith.layouts.lazy_text import Remark
from interlith.layouts.powder_scans import Scan
from interlith.layouts.safe_xml import attribute, below, find, text
from interlith.model import Flag, Format, Reading, State, Table

_SCAN = re.compile(r"(?:^|/)RawData(\d+)\.xml$")


def sniff(head: bytes, path: Path) -> float:
    """Confidence from the names in the archive."""
    names = archives.names_in(head, path)
    held = {posixpath.basename(name) for name in names}
    scans = any(_SCAN.search(name) for name in names)
    return (
        0.98 if scans and "DataContainer.xml" in held else 0.9 if scans or "experimentCollection.xml" in held else 0.0
    )


def read(path: Path, options: Mapping[str, Any]) -> Reading:
    """Read all scans of two theta, one frame a scan.

    Raises
    ------
    ReadError
        If the archive or a document is damaged, or no scan is one of two theta: then it says what they are.
    """
    del options
    if not path.is_file():
        raise ReadError(f"{path}: cannot be opened (no such file).")
    members = {item.filename: item for item in archives.members(path)}
    names = _in_order(path, members)
    remarks: list[Remark] = []
    scans: list[Scan] = []
    others: list[str] = []
    instruments: list[dict[str, Any]] = []
    for name in names:
        where = f"{path}: {name}"
        root = _document(path, members[name])
        found = scan_of(root, where, remarks)
        if isinstance(found, str):
            others.append(found)
            continue
        scans.append(found)
        instruments.append(instrument_of(root, where, remarks))
    remarks += powder_scans.only_patterns(scans, others, str(path))
    made = powder_scans.joined(scans, where=str(path))
    return Reading(
        payload=Table(made.frame.lazy(), tuple(made.frame.columns)),
        metadata=_words(path, members) | {"instrument": powder_scans.agreed(instruments, remarks) | powder_scans.steps(scans), "scans": powder_scans.told(scans)},
        flags=tuple(Flag(item.code, item.message, item.where, item.severity) for item in powder_scans.once((*remarks, *made.remarks))),
        test={"start": made.start} if made.start else {},
        state={name: State(name, *values, "degC") for name, values in made.state.items()},
    )  # fmt: skip


def _in_order(path: Path, members: Mapping[str, zipfile.ZipInfo]) -> list[str]:
    """Documents of the scans in the order in which the container lists them, else by their numbers."""
    listed: list[str] = []
    for name, item in members.items():
        if posixpath.basename(name) == "DataContainer.xml":
            root = _document(path, item)
            references = (text(entry) for group in below(root, "RawDataReferenceList") for entry in group)
            listed += [reference.replace("\\", "/") for reference in references]
    numbered = sorted((int(found[1]), name) for name in members if (found := _SCAN.search(name)))
    if not numbered:
        raise ReadError(f"{path}: the archive holds no RawData document, so no scan; it is no .brml of a measurement.")
    known = [name for name in dict.fromkeys(listed) if name in members]
    return known if set(known) >= {name for _, name in numbered} else [name for _, name in numbered]


def _document(path: Path, item: zipfile.ZipInfo) -> Element:
    data = archive_members.content(path, item, largest=safe_xml.LARGEST)
    return safe_xml.parsed(data, f"{path}: {item.filename}")


def _words(path: Path, members: Mapping[str, zipfile.ZipInfo]) -> dict[str, Any]:
    item = next((item for name, item in members.items() if posixpath.basename(name) == "DataContainer.xml"), None)
    if item is None:
        return {}
    root = _document(path, item)
    about = next(iter(below(root, "MeasurementInfo")), None)
    told = {
        "version": text(find(root, "CreatingVersion")),
        "sample": attribute(about, "SampleName"),
        "user": attribute(about, "UserName"),
        "comment": attribute(about, "Comment"),
        "instrument_name": next((text(entry) for entry in below(root, "InstrumentName")), ""),
        "serial_number": next((text(entry) for entry in below(root, "SerialNo")), ""),
    }
    return {name: value for name, value in told.items() if value}


FORMAT = Format(
    name="bruker_brml",
    title="Bruker DIFFRAC measurement (.brml)",
    patterns=("*.brml",),
    sniff=sniff,
    read=read,
    technique="diffraction",
    source="the names that the XML documents of such an archive carry themselves, held against a real file with an automatic absorber",
    versions_seen=("6.5.0.0",),
    reads="all scans of two theta, one frame each, with absorber factors, counting times, start times and recorded temperatures",
    limits="rocking curves, pole figures, and rows that are pictures of a detector",
)
