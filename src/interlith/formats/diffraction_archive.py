"""What does an archive of text patterns hold (.tar.gz, .tgz, .tar, .zip): one measurement with a frame for each member?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from interlith.layouts import diffraction_packed, diffraction_text, powder_scans
from interlith.layouts.lazy_text import Remark
from interlith.model import Flag, Format, Reading, State, Table


def sniff(head: bytes, path: Path) -> float:
    """Confidence from the first pattern that the archive holds."""
    return diffraction_packed.sniff(head, path)


def read(path: Path, options: Mapping[str, Any]) -> Reading:
    """Read all members in the order of the numbers in their names; ``frame`` is the place of a member among all, from 0.

    Raises
    ------
    ReadError
        If the archive is damaged, or most members are.
    """
    found = diffraction_packed.packed(path, options)
    kept = [(scan, place) for scan, place in zip(found.scans, found.places, strict=True) if scan.position.size]
    made = powder_scans.joined(found.scans, axis=found.axis, where=str(path))
    frame = made.frame
    if "frame" in frame.columns:
        frame = frame.with_columns(
            pl.col("frame").replace_strict(dict(enumerate(place for _, place in kept)), return_dtype=pl.Int64)
        )
    remarks: list[Remark] = [*found.remarks, *made.remarks]
    instrument = powder_scans.agreed([dict(one) for one in found.instruments], remarks)
    told = [
        {"frame": place, **about}
        for (_, place), about in zip(kept, powder_scans.told([scan for scan, _ in kept]), strict=True)
    ]
    return Reading(
        payload=Table(frame.lazy(), tuple(frame.columns)),
        metadata={"instrument": instrument | diffraction_text.steps(found.scans, found.axis), "scans": told},
        flags=tuple(Flag(item.code, item.message, item.where, item.severity) for item in powder_scans.once(remarks)),
        test={"start": made.start} if made.start else {},
        state={name: State(name, *values, "degC") for name, values in made.state.items()},
    )


FORMAT = Format(
    name="diffraction_archive",
    title="archive of text patterns (.tar.gz, .tar, .zip)",
    patterns=("*.tar.gz", "*.tgz", "*.tar", "*.zip"),
    sniff=sniff,
    read=read,
    technique="diffraction",
    source="the text formats of patterns, packed by tar or zip",
    versions_seen=("tar.gz of .xye", "written and read: tar, zip"),
    reads="every member that is a pattern in columns or GSAS text, one frame each, in the order of the numbers in the names",
    limits="members of other formats; a damaged member is left out and named",
)
