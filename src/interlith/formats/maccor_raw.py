"""Is this a closed Maccor binary, and which export must be made of it? It is recognised so that it can be refused helpfully."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from interlith.errors import ReadError
from interlith.layouts.text_layout import is_text
from interlith.model import Format, Reading

_EXPORT = (
    "This looks like a closed Maccor binary, which is not read. Export it with MIMS Client or Maccor Export as text (tabs or csv) "
    "with Rec#, Cyc#, Step, Test (Sec), Step (Sec), Amp-hr, Watt-hr, Amps, Volts, State and DPt Time; that text is read."
)


def sniff(head: bytes, path: Path) -> float:
    """Confidence from a run number as suffix and bytes that are no text; the text exports are read by another format."""
    suffix = path.suffix[1:]
    return 0.4 if len(suffix) == 3 and suffix.isdigit() and b"\x00" in head and not is_text(head) else 0.0


def read(path: Path, options: Mapping[str, Any]) -> Reading:
    """Refuse, naming the export to make.

    Raises
    ------
    ReadError
        Always.
    """
    del options
    raise ReadError(f"{path}: {_EXPORT}")


FORMAT = Format(
    name="maccor_raw",
    title="Maccor raw binary",
    patterns=("*.0[0-9][0-9]", "*.[0-9][0-9][0-9]"),
    sniff=sniff,
    read=read,
    source="Maccor files in public data sets (TRI-AMDD/beep, Apache-2.0)",
    refuses=_EXPORT,
)
