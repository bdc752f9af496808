"""Is this a BioLogic .mpr, and which export must be made of it? It is recognised so that it can be refused helpfully."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from interlith.errors import ReadError
from interlith.model import Format, Reading

_EXPORT = (
    "This is a BioLogic .mpr, which this version does not read; in EC-Lab or BT-Lab use Experiment > Export as "
    "Text with time, I and Ewe or Ecell, and declare its columns with a mapping."
)


def sniff(head: bytes, path: Path) -> float:
    """Confidence from the words ``BIO-LOGIC MODULAR FILE`` at byte 0."""
    del path
    return 0.98 if head.startswith(b"BIO-LOGIC MODULAR FILE") else 0.0


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
    name="biologic_mpr",
    title="BioLogic .mpr",
    patterns=("*.mpr", "*.mps", "*.mpl"),
    sniff=sniff,
    read=read,
    source="BioLogic files in public data sets",
    refuses=_EXPORT,
)
