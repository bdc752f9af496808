"""Is this a Maccor raw file, and which export must be made of it? It is recognised so that it can be refused helpfully."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from interlith.errors import ReadError
from interlith.layouts.text_layout import is_text
from interlith.model import Format, Reading

_EXPORT = (
    "This is a Maccor file, which this version does not read. Export it with MIMS Client as text with Test (Sec), Amps, Volts "
    "and State; then remove the first line (Today's Date ...) so that the header comes first, give discharge steps a negative "
    "current, and declare the columns with a mapping."
)


def sniff(head: bytes, path: Path) -> float:
    """Confidence from the words ``Today's Date`` and ``Rec#`` of a raw text export."""
    if is_text(head):
        return 0.9 if head.lstrip(b"\xef\xbb\xbf").startswith(b"Today's Date") and b"Rec" in head[:4096] else 0.0
    suffix = path.suffix[1:]
    return 0.4 if len(suffix) == 3 and suffix.isdigit() and b"\x00" in head else 0.0


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
    title="Maccor raw file",
    patterns=("*.0[0-9][0-9]", "*.[0-9][0-9][0-9]"),
    sniff=sniff,
    read=read,
    source="Maccor files in public data sets (TRI-AMDD/beep, Apache-2.0)",
    refuses=_EXPORT,
)
