"""What does a powder CIF (pdCIF) hold?"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from interlith.layouts import diffraction_lines, diffraction_text, pdcif_patterns, powder_scans
from interlith.layouts.lazy_text import Remark
from interlith.model import Flag, Format, Reading, State, Table

_INTENSITY = re.compile(r"\s*_pd_(?:meas|proc)[_.](?:counts|intensity)_(?:total|net)\s*$", re.IGNORECASE)
_POWDER = re.compile(r"\s*_pd_(?:meas|proc|calc)[_.]", re.IGNORECASE)


def sniff(head: bytes, path: Path) -> float:
    """Confidence from a data block with names of the powder dictionary; a CIF of a structure has none."""
    del path
    if b"_pd_" not in head:
        return 0.0
    lines = diffraction_lines.head_lines(head)
    if not any(line.casefold().startswith("data_") for line in lines):
        return 0.0
    return 0.97 if any(map(_INTENSITY.match, lines)) else 0.6 if any(map(_POWDER.match, lines)) else 0.0


def read(path: Path, options: Mapping[str, Any]) -> Reading:
    """Read all measured patterns, one frame a data block where there are several.

    Raises
    ------
    ReadError
        If the text is no CIF, holds no measured pattern, or a number is damaged.
    """
    del options
    text = "\n".join(diffraction_lines.read_lines(path))
    found = pdcif_patterns.patterns(text, str(path))
    made = powder_scans.joined(found.scans, axis=found.axis, where=str(path))
    remarks: list[Remark] = [*found.remarks, *made.remarks]
    instrument = powder_scans.agreed([dict(one) for one in found.instruments], remarks)
    return Reading(
        payload=Table(made.frame.lazy(), tuple(made.frame.columns)),
        metadata=dict(found.words)
        | {
            "instrument": instrument | diffraction_text.steps(found.scans, found.axis),
            "scans": powder_scans.told(found.scans),
        },
        flags=tuple(Flag(item.code, item.message, item.where, item.severity) for item in powder_scans.once(remarks)),
        test={"start": made.start} if made.start else {},
        state={name: State(name, *values, "degC") for name, values in made.state.items()},
    )


FORMAT = Format(
    name="pdcif",
    title="powder CIF (pdCIF)",
    patterns=("*.cif", "*.rtv", "*.pdcif"),
    sniff=sniff,
    read=read,
    technique="diffraction",
    source="IUCr powder dictionary (cif_pd.dic, https://www.iucr.org/resources/cif/dictionaries/cif_pd), names with and without dots",
    versions_seen=("names with dots", "written and read: names without dots, ranges, weights"),
    reads="measured or processed intensities over two theta, time of flight or Q, with uncertainties, wavelengths and temperature",
    limits="calculated intensities and backgrounds; positions that are d-spacings only",
)
