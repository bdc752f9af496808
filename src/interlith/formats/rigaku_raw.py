"""What does a binary Rigaku .raw (``FI``) hold?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from interlith.layouts import powder_scans, rigaku_blocks, rigaku_writing
from interlith.layouts.bruker_binary import Range, loaded
from interlith.layouts.bruker_late import positions
from interlith.layouts.lazy_text import Remark
from interlith.layouts.photon_counts import counted
from interlith.layouts.powder_scans import Scan
from interlith.model import Flag, Format, Reading, State, Table


def sniff(head: bytes, path: Path) -> float:
    """Confidence from the mark of the file, and of a range where it lies within the first bytes."""
    del path
    if not head.startswith(b"FI") or b"\0" not in head[:64]:
        return 0.0
    return 0.96 if b"PI\0\0" in head else 0.4 if head[2:4] == b"\0\0" else 0.0


def read(path: Path, options: Mapping[str, Any]) -> Reading:
    """Read all ranges, one frame each.

    Raises
    ------
    ReadError
        If the file is cut short, or its layout is not the one that is known.
    """
    del options
    raw = loaded(path)
    found = rigaku_blocks.ranges_of(raw)
    axis_unknown = "The layout has no known word for the scanned axis; the angles were taken as two theta. Compare with an export as .ras."
    remarks: list[Remark] = [Remark("axis_assumed", axis_unknown)]
    scans = [_scan(item, f"{path}: range {order}", remarks) for order, item in enumerate(found, start=1)]
    made = powder_scans.joined(scans, where=str(path))
    instrument = dict(rigaku_blocks.instrument_of(raw)) | powder_scans.steps(scans)
    return Reading(
        payload=Table(made.frame.lazy(), tuple(made.frame.columns)),
        metadata={"instrument": instrument, "scans": powder_scans.told(scans)},
        flags=tuple(Flag(item.code, item.message, item.where, item.severity) for item in (*remarks, *made.remarks)),
        test={"start": made.start} if made.start else {},
        state={name: State(name, *values, "degC") for name, values in made.state.items()},
    )


def _scan(item: Range, where: str, remarks: list[Remark]) -> Scan:
    result = counted(item.values, unit="", where=where)
    remarks += [Remark(told.code, told.message, where, told.severity) for told in result.remarks]
    start = str(item.about.get("start", ""))
    return Scan(positions(item), result.intensity, result.std, start, {}, item.about | {"intensity_unit": result.unit})


def write(frame: pl.DataFrame, path: Path, metadata: Mapping[str, Any]) -> None:
    """Write simulated ranges; see `interlith.layouts.rigaku_writing`."""
    path.write_bytes(rigaku_writing.binary(frame, metadata))


FORMAT = Format(
    name="rigaku_raw",
    title="Rigaku SmartLab binary (.raw)",
    patterns=("*.raw",),
    sniff=sniff,
    read=read,
    write=write,
    technique="diffraction",
    source="three independent public readers that agree on its blocks (one of them part of wojdyr/xylib); no real file was at hand",
    versions_seen=("written by our own writer only",),
    reads="ranges whose start, end, step, number of points and place in the file confirm each other",
    limits="older layouts, and files in which these numbers contradict each other",
)
