"""What does a Neware .ndax (BTS8/BTS9, a zip of .ndc blocks) hold?

fastnda decodes it. Times and counters of most records are not stored in newer files: only every so often one is, and the
rest is filled in from the current, as the vendor's own software does; the count is flagged.
"""

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

#: Largest ratio of unpacked to packed bytes above so many unpacked bytes: records hardly compress (public files: 2), and each
#: byte of theirs becomes twenty in memory.
RATIO = 40
RATIO_FROM = 10_000_000


def sniff(head: bytes, path: Path) -> float:
    """Confidence from the names in the archive: ``data.ndc`` is in every .ndax."""
    names = archives.names_in(head, path)
    return 0.98 if "data.ndc" in names else 0.9 if any(name.endswith(".ndc") for name in names) else 0.0


def read(path: Path, options: Mapping[str, Any]) -> Reading:
    """Read a .ndax.

    Raises
    ------
    ReadError
        If the archive is damaged, too large, or of a version that fastnda cannot decode.
    """
    del options
    archives.members(path, ratio=RATIO, ratio_from=RATIO_FROM)
    if path.suffix.lower() == ".ndax":
        decoded = neware_binary.decode(path, shown=path)
        stored = _stored(path)
    else:
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "copy.ndax"
            shutil.copyfile(path, copy)
            decoded = neware_binary.decode(copy, shown=path)
            stored = _stored(copy)
    frame, remarks = neware_binary.canonical(decoded)
    count = decoded.records.height
    if stored is not None and stored < count:
        remarks.append(
            Remark(
                "interpolated_records",
                f"Time and counters of {count - stored} of {count} records are not stored in the file and were filled in "
                "from their neighbours and the current; between stored records the counter is no independent check.",
                severity="note",
            )
        )
    return Reading(
        payload=Table(frame, tuple(frame.collect_schema().names())),
        metadata=decoded.header,
        flags=tuple(Flag(item.code, item.message, item.where, item.severity) for item in remarks),
        proposals=_proposals(decoded.header),
        test=_test(decoded.header),
    )


def _stored(path: Path) -> int | None:
    """How many records the file itself gives a time; `None` where the installed fastnda does not let us count."""
    import zipfile

    try:
        from fastnda._ndc import read_ndc
    except ImportError:
        return None
    with zipfile.ZipFile(path) as archive:
        if "data_runInfo.ndc" not in archive.namelist():
            return None
        try:
            return int(read_ndc(archive.read("data_runInfo.ndc")).height)
        except Exception as error:  # fastnda puts another decompressor into zipfile, with errors of its own
            raise ReadError(
                f"{path}: the member 'data_runInfo.ndc' is damaged ({type(error).__name__}: {error}); copy the file again."
            ) from error


def _proposals(header: Mapping[str, Any]) -> dict[str, str]:
    """Nominal capacity (MultCap, in mAs) and active mass (SCQ in 10 µg, SCQ_F in kg), as typed in by the user.

    Notes
    -----
    MultCap: a public file with steps of 1.94 mA at 0.5C and 0.39 mA at 0.1C holds 13932, which is 3.87 mAh. SCQ and SCQ_F
    are taken only where they agree; 591 and 5.91E-06 stand in a public file with 1.026 mAh, which is 174 mAh/g.
    """
    found: dict[str, str] = {}
    capacity = _number(neware_binary.find(header, "MultCap"))
    if capacity > 0:
        found["nominal_capacity"] = f"{capacity / 3600:.6g} mAh"
    mass, mass_again = _number(neware_binary.find(header, "SCQ")), _number(neware_binary.find(header, "SCQ_F"))
    if mass > 0 and abs(mass * 1e-8 - mass_again) < 1e-6 * mass_again:
        found["active_mass"] = f"{mass / 100:.6g} mg"
    return found


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def _test(header: Mapping[str, Any]) -> dict[str, str]:
    parts = [neware_binary.find(header, name) for name in ("DevID", "UnitID", "ChlID")]
    found = {
        "channel": "-".join(part for part in parts if part),
        "test_id": neware_binary.find(header, "TestID"),
        "start": neware_binary.find(header, "StartTime").replace(" ", "T", 1),
        "barcode": neware_binary.find(header, "Barcode", "Remark"),
    }
    return {name: text for name, text in found.items() if text}


FORMAT = Format(
    name="neware_ndax",
    title="Neware .ndax",
    patterns=("*.ndax",),
    sniff=sniff,
    read=read,
    source="fastnda (g-kimbell/fastnda, BSD-3-Clause), checked against vendor exports beside its test files",
    versions_seen=("BTS 8.0.0 (ndc 2, 5, 11)", "BTS 2024.06.24 (ndc 14)"),
    reads="what fastnda decodes; records that are rebuilt between stored ones are counted and told",
    limits="versions that fastnda does not know; archives that would unpack beyond all measure",
)
