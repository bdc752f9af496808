"""Is this a Arbin .res, and which export must be made of it? It is recognised so that it can be refused helpfully."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from interlith.errors import ReadError
from interlith.model import Format, Reading

_EXPORT = (
    "This is an Arbin .res database, which this version does not read; export the test from Arbin's MITS Pro "
    "or Data Watcher as csv with all channels, and declare its columns with a mapping."
)


def sniff(head: bytes, path: Path) -> float:
    """Confidence from the database signature ``Standard Jet DB`` at byte 4."""
    del path
    return 0.95 if head[4:19] == b"Standard Jet DB" else 0.0


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
    name="arbin_res",
    title="Arbin .res",
    patterns=("*.res",),
    sniff=sniff,
    read=read,
    source="Arbin MITS Pro files in public data sets (jepegit/cellpy, MIT)",
    refuses=_EXPORT,
)
