"""Is this workbook no measurement: an experiment log, a summary of cycles, a list of cells?

Recognised so that a folder with such a workbook gets a reason instead of an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from interlith.errors import ReadError
from interlith.layouts import sheets
from interlith.model import Format, Reading

_REASON = (
    "This workbook is not a measurement: no sheet has columns of time, current and voltage. If it should, export the record "
    "data from the cycler's software; if it is a log or a summary, leave it out of measurements.csv."
)


def sniff(head: bytes, path: Path) -> float:
    """Low confidence for any workbook, so that every vendor's reader goes first."""
    return 0.35 if sheets.is_workbook(head, path) else 0.0


def read(path: Path, options: Mapping[str, Any]) -> Reading:
    """Refuse, saying that the workbook holds no measurement.

    Raises
    ------
    ReadError
        Always.
    """
    del options
    raise ReadError(f"{path}: {_REASON}")


FORMAT = Format(
    name="other_workbook",
    title="workbook without a measurement",
    patterns=("*.xlsx", "*.xls"),
    sniff=sniff,
    read=read,
    source="ECMA-376 (xlsx) and the compound file signature (xls)",
    refuses=_REASON,
)
