"""What does a binary Siemens or Bruker .raw hold, of versions 1 to 4?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from interlith.errors import ReadError
from interlith.layouts import bruker_early, bruker_late, bruker_writing, powder_scans
from interlith.layouts.bruker_binary import Range, RawFile, loaded
from interlith.layouts.lazy_text import Remark
from interlith.layouts.photon_counts import counted
from interlith.layouts.powder_scans import Scan
from interlith.layouts.scan_axes import fixed_incidence, is_two_theta, plain, refuse_unless_two_theta
from interlith.model import Flag, Format, Reading, State, Table

#: First bytes of each version, and what reads it.
_VERSIONS = (
    (b"RAW1.01", bruker_late.version_3),
    (b"RAW4.00", bruker_late.version_4),
    (b"RAW2", bruker_early.version_2),
    (b"RAW ", bruker_early.version_1),
)
_EXPORT = "export the pattern as .xy, .uxd or .brml"


def sniff(head: bytes, path: Path) -> float:
    """Confidence from the first bytes; a text that begins with ``RAW`` has no zero bytes and is none."""
    del path
    if not any(head.startswith(magic) for magic, _ in _VERSIONS):
        return 0.0
    return 0.98 if b"\0" in head[:256] else 0.0


def read(path: Path, options: Mapping[str, Any]) -> Reading:
    """Read all ranges of two theta, one frame a range.

    Raises
    ------
    ReadError
        If the file is cut short or damaged, of another version, or holds no range of two theta.
    """
    del options
    raw = loaded(path)
    reader = next((reader for magic, reader in _VERSIONS if raw.data.startswith(magic)), None)
    if reader is None:
        raise ReadError(
            f"{path}: byte 0: the file begins with {raw.data[:7]!r}; a Bruker .raw begins with 'RAW ', 'RAW2', 'RAW1.01' or 'RAW4.00'. "
            f"If it is a pattern, {_EXPORT}."
        )
    found = reader(raw)
    remarks: list[Remark] = []
    kept = _powder(found, path, remarks)
    scans = [_scan(item, order, found, f"{path}: range {order + 1}", remarks) for order, item in enumerate(kept)]
    made = powder_scans.joined(scans, where=str(path))
    if found.header.get("status") in ("active", "aborted", "interrupted"):
        message = f"The file calls its measurement '{found.header['status']}'; the last range may be incomplete."
        remarks.append(Remark("scan_not_completed", message))
    if found.left:
        message = f"{found.left} bytes behind the last range are not understood; the ranges before them agree with their headers."
        remarks.append(Remark("bytes_left_over", message))
    return Reading(
        payload=Table(made.frame.lazy(), tuple(made.frame.columns)),
        metadata={"version": found.version} | found.header
        | {"instrument": found.instrument | powder_scans.steps(scans), "scans": powder_scans.told(scans)},
        flags=tuple(Flag(item.code, item.message, item.where, item.severity) for item in powder_scans.once((*remarks, *made.remarks))),
        test={"start": made.start} if made.start else {},
        state={name: State(name, *values, "degC") for name, values in made.state.items()},
    )  # fmt: skip


def _powder(found: RawFile, path: Path, remarks: list[Remark]) -> list[Range]:
    """Ranges of two theta; versions 1 and 2 have no word for what they scan."""
    kept = [item for item in found.ranges if item.axis == "" or is_two_theta(item.axis)]
    if not kept:
        refuse_unless_two_theta(found.ranges[0].axis, str(path))
    if len(kept) < len(found.ranges):
        names = dict.fromkeys(item.axis for item in found.ranges if item.axis and not is_two_theta(item.axis))
        message = f"{len(found.ranges) - len(kept)} ranges ({', '.join(names)}) were left out: they are no scans of two theta."
        remarks.append(Remark("scans_left_out", message))
    return kept


def _scan(item: Range, order: int, found: RawFile, where: str, remarks: list[Remark]) -> Scan:
    result = counted(item.values, unit="", times=item.time, where=where)
    remarks += [Remark(told.code, told.message, where, told.severity) for told in result.remarks]
    remarks += [fixed_incidence(where)] if plain(str(item.about.get("scan", item.axis))) == "detectorscan" else []
    about = {"axis": item.axis, "counting_time": item.time, "intensity_unit": result.unit} | item.about
    state: dict[str, tuple[float, float, float]] = {}
    if isinstance(warm := item.about.get("temperature"), float):
        state["temperature"] = (warm, warm, warm)
    told_about = {name: value for name, value in about.items() if value not in ("", None)}
    start = found.start if order == 0 else ""  # the header has the start of the file alone
    return Scan(bruker_late.positions(item), result.intensity, result.std, start, state, told_about)


def write(frame: pl.DataFrame, path: Path, metadata: Mapping[str, Any]) -> None:
    """Write ranges of even steps; ``metadata["version"]`` is 1, 2, 3 or 4."""
    path.write_bytes(bruker_writing.content(frame, metadata))


FORMAT = Format(
    name="bruker_raw",
    title="Siemens and Bruker binary pattern (.raw)",
    patterns=("*.raw",),
    sniff=sniff,
    read=read,
    write=write,
    technique="diffraction",
    source="descriptions of the four layouts in public readers (wojdyr/xylib, AdvancedPhotonSource/GSAS-II, jcwang587/geddes), held "
    "against real files and their exports",
    versions_seen=("RAW (1)", "RAW4.00 (4)", "written and read: RAW2 (2), RAW1.01 (3)"),
    reads="all ranges of two theta, one frame each, with wavelengths, radius, start and, up to version 3, counting times",
    limits="rocking curves, pole figures and still pictures; the unit of the time per step of version 4 is not declared and left out",
)
