"""What does a PANalytical or Malvern Panalytical .xrdml hold?"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import polars as pl

from interlith.errors import ReadError
from interlith.layouts import panalytical_writing, powder_scans, safe_xml
from interlith.layouts.lazy_text import Remark
from interlith.layouts.panalytical_instrument import instrument_of
from interlith.layouts.panalytical_scans import scan_of
from interlith.layouts.powder_scans import Scan
from interlith.layouts.safe_xml import attribute, every, find, text
from interlith.layouts.scan_axes import fixed_incidence
from interlith.model import Flag, Format, Reading, State, Table

_ROOT = re.compile(rb"<(?:\w+:)?xrdMeasurements[\s>]")


def sniff(head: bytes, path: Path) -> float:
    """Confidence from the root element ``xrdMeasurements``."""
    del path
    start = (
        head[:4096].decode("utf-16", errors="ignore").encode()
        if head[:2] in (b"\xff\xfe", b"\xfe\xff")
        else head[:4096]
    )
    return 0.98 if _ROOT.search(start) else 0.0


def read(path: Path, options: Mapping[str, Any]) -> Reading:
    """Read all scans of two theta, one frame a scan.

    Raises
    ------
    ReadError
        If the document is damaged, or holds no scan of two theta: then it says what it holds.
    """
    del options
    root = safe_xml.parsed(_bytes(path), str(path))
    if safe_xml.local(root) != "xrdMeasurements":
        raise ReadError(
            f"{path}: the root element is <{safe_xml.local(root)}>, not <xrdMeasurements>; this is no .xrdml."
        )
    remarks: list[Remark] = []
    instruments: list[dict[str, Any]] = []
    scans: list[Scan] = []
    others: list[str] = []
    for measurement in every(root, "xrdMeasurement"):
        found = every(measurement, "scan")
        instruments += [instrument_of(measurement, str(path), remarks)] if found else []
        for element in found:
            scan = scan_of(element, f"{path}: scan {len(scans) + len(others) + 1}", remarks)
            if isinstance(scan, Scan):
                scans.append(scan)
            else:
                others.append(scan)
        remarks += _no_powder(measurement, scans)
    remarks += powder_scans.only_patterns(scans, others, str(path))
    made = powder_scans.joined(scans, where=str(path))
    instrument = powder_scans.agreed(instruments, remarks) | powder_scans.steps(scans)
    return Reading(
        payload=Table(made.frame.lazy(), tuple(made.frame.columns)),
        metadata=_words(root) | {"instrument": instrument, "scans": powder_scans.told(scans)},
        flags=tuple(
            Flag(item.code, item.message, item.where, item.severity)
            for item in powder_scans.once((*remarks, *made.remarks))
        ),
        test={"start": made.start} if made.start else {},
        state={name: State(name, *values, "degC") for name, values in made.state.items()},
    )


def _bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > safe_xml.LARGEST:
            raise ReadError(f"{path}: {path.stat().st_size} bytes of XML are more than is read ({safe_xml.LARGEST}).")
        return path.read_bytes()
    except OSError as error:
        raise ReadError(f"{path}: cannot be opened ({error.strerror or error}).") from error


def _no_powder(measurement: Element, scans: list[Scan]) -> list[Remark]:
    """What is scanned along two theta and still is no plain powder pattern."""
    kind = attribute(measurement, "measurementType")
    if kind == "Area measurement":
        axis = attribute(measurement, "measurementStepAxis") or "another axis"
        message = (
            f"This is a map: {len(scans)} scans of two theta, stepped in {axis}, as for a single crystal or film; each is a frame, but "
            "none is a powder pattern."
        )
        return [Remark("area_measurement", message, "", "error")]
    fixed = any("omega" in scan.about for scan in scans)
    if fixed and attribute(measurement, "sampleMode") == "Reflection":
        return [fixed_incidence("")]
    return []


def _words(root: Element) -> dict[str, Any]:
    entries = [text(entry) for entry in every(find(root, "comment"), "entry") if text(entry)]
    measurement = find(root, "xrdMeasurement")
    tube = find(measurement, "incidentBeamPath", "xRayTube")
    source = find(measurement, "scan", "header", "source")
    told = {
        "schema": safe_xml.namespace(root),
        "sample": text(find(root, "sample", "id")) or text(find(root, "sample", "name")),
        "prepared_by": text(find(root, "sample", "preparedBy")),
        "comment": entries,
        "measurement_type": attribute(measurement, "measurementType"),
        "sample_mode": attribute(measurement, "sampleMode"),
        "intended_wavelength": attribute(find(measurement, "usedWavelength"), "intended"),
        "tube": attribute(tube, "name"),
        "tension_kV": text(find(tube, "tension")),
        "current_mA": text(find(tube, "current")),
        "detector": attribute(find(measurement, "diffractedBeamPath", "detector"), "name"),
        "optics": _optics(measurement),
        "instrument_software": text(find(source, "instrumentControlSoftware")),
        "instrument_id": text(find(source, "instrumentID")),
    }
    return {name: value for name, value in told.items() if value}


def _optics(measurement: Element | None) -> list[str]:
    sides = (find(measurement, side) for side in ("incidentBeamPath", "diffractedBeamPath"))
    return [attribute(item, "name") for side in sides if side is not None for item in side if attribute(item, "name")]


def write(frame: pl.DataFrame, path: Path, metadata: Mapping[str, Any]) -> None:
    """Write one or several simulated scans; see `interlith.layouts.panalytical_writing.document`."""
    path.write_text(panalytical_writing.document(frame, metadata), encoding="utf-8", newline="\n")


FORMAT = Format(
    name="panalytical_xrdml",
    title="PANalytical XRDML (.xrdml)",
    patterns=("*.xrdml",),
    sniff=sniff,
    read=read,
    write=write,
    technique="diffraction",
    source="the public XML schemas at http://www.xrdml.com/XRDMeasurement/1.5 and /2.1",
    versions_seen=("1.3", "1.5", "1.6", "2.1", "2.3"),
    reads="all scans of two theta, one frame each, with attenuator factors, counting times, start times and temperatures",
    limits="rocking curves, pole figures and other scans without two theta; divergence corrections are told, not applied",
)
