"""What does a Neware .nda (one binary file, BTS 5 to 9), possibly zipped, hold? fastnda decodes it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from interlith.errors import ReadError
from interlith.layouts import archives, neware_binary
from interlith.layouts.lazy_text import Remark
from interlith.model import Flag, Format, Reading, Table

_MAGIC = b"NEWARE"
#: Lengths (bytes) of a record in the known versions, and places looked at for numbers that follow the last one.
_LENGTHS = tuple(range(36, 120))
MOST_SPOTS = 2000


def sniff(head: bytes, path: Path) -> float:
    """Confidence from the first six bytes, or from the one .nda inside a zip."""
    if head.startswith(_MAGIC):
        return 0.98
    names = [name for name in archives.names_in(head, path) if not name.endswith("/")]
    return 0.95 if len([name for name in names if name.lower().endswith(".nda")]) == 1 else 0.0


def read(path: Path, options: Mapping[str, Any]) -> Reading:
    """Read a .nda or a zip that holds one.

    Raises
    ------
    ReadError
        If the file is damaged, the archive holds none or several, or fastnda does not know the version.
    """
    del options
    with tempfile.TemporaryDirectory() as folder:
        source = _plain(path, Path(folder))
        decoded = neware_binary.decode(source, shown=path)
        lost = _undecoded(source, decoded)
    frame, remarks = neware_binary.canonical(decoded)
    remarks += lost
    mass = decoded.header.get("active_mass_mg")
    return Reading(
        payload=Table(frame, tuple(frame.collect_schema().names())),
        metadata=decoded.header,
        flags=tuple(Flag(item.code, item.message, item.where, item.severity) for item in remarks),
        proposals={"active_mass": f"{float(mass):.6g} mg"} if isinstance(mass, (int, float)) and mass > 0 else {},
        test=_test(decoded.header),
    )


def _plain(path: Path, folder: Path) -> Path:
    """The .nda itself, unpacked or copied where fastnda needs another name."""
    try:
        with path.open("rb") as handle:
            magic = handle.read(6)
    except OSError as error:
        raise ReadError(f"{path}: cannot be opened ({error.strerror or error}).") from error
    if magic == _MAGIC:
        if path.suffix.lower() == ".nda":
            return path
        return Path(shutil.copyfile(path, folder / "copy.nda"))
    if magic[:4] != b"PK\x03\x04":
        raise ReadError(f"{path}: byte 0 is {magic!r}, but a Neware .nda begins with {_MAGIC!r}.")
    found = [item for item in archives.members(path) if item.filename.lower().endswith(".nda")]
    if len(found) != 1:
        raise ReadError(f"{path}: the archive holds {len(found)} .nda files; keep one file a test, unpacked or zipped.")
    return archives.unpack(path, found[0], folder / "unpacked.nda")


def _undecoded(path: Path, decoded: neware_binary.Decoded) -> list[Remark]:
    """Records behind the last one decoded that are in the file all the same: it is damaged before them.

    Records have one length and are numbered, so that the next numbers stand at one distance from each other.
    """
    if "index" not in decoded.records.columns:
        return []
    last = int(str(decoded.records.get_column("index").max()))
    if not 0 <= last < 1 << 31:
        return []
    marks = [(last + number).to_bytes(4, "little") for number in range(2, 6)]
    content = path.read_bytes()
    spot = content.find(marks[0])
    for _ in range(MOST_SPOTS):
        if spot < 0:
            return []
        for length in _LENGTHS:
            if all(content[spot + n * length : spot + n * length + 4] == mark for n, mark in enumerate(marks)):
                return [_lost(last, spot)]
        spot = content.find(marks[0], spot + 1)
    return []


def _lost(last: int, spot: int) -> Remark:
    message = (
        f"Records from number {last + 1} on stand in the file but not where they belong, and were left out: bytes before them "
        "were lost or added. Copy the file again."
    )
    return Remark("records_lost", message, f"byte {spot}", "error")


def _test(header: Mapping[str, Any]) -> dict[str, str]:
    keys = {
        "channel": ("channel", "channel_id", "ChlID"),
        "test_id": ("test_id", "TestID"),
        "start": ("start_time", "StartTime"),
        "barcode": ("barcode", "Barcode", "remarks"),
    }
    found = {name: neware_binary.find(header, *names) for name, names in keys.items()}
    found["start"] = found["start"].replace(" ", "T", 1)
    return {name: text for name, text in found.items() if text}


FORMAT = Format(
    name="neware_nda",
    title="Neware .nda",
    patterns=("*.nda", "*.nda.zip"),
    sniff=sniff,
    read=read,
    source="fastnda (g-kimbell/fastnda, BSD-3-Clause), checked against vendor exports beside its test files",
    versions_seen=("nda 22", "nda 29"),
    reads="what fastnda decodes, also inside a zip",
    limits="versions that fastnda does not know; the refusal names the export to make",
)
