"""Is this a LAND/LANDT .cex or .ccs, and which export must be made of it? It is recognised so that it can be refused helpfully.

One public reader takes .ccs apart (blocks of 128 bytes with up to five records of time, voltage, current, charge, energy and
resistance). Nothing public confirms its units: a current in mA with a charge in mAh would agree with itself just as well. So
these files stay refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from interlith.errors import ReadError
from interlith.model import Format, Reading

_EXPORT = (
    "This is a LAND/LANDT binary, whose layout is not public; open it in LANDdt (LandProcess) and export the "
    "record table (Record-Tab) as Excel or csv with TestTime, Voltage, Current, Capacity and StepStatus."
)


def sniff(head: bytes, path: Path) -> float:
    """Confidence from the suffix together with binary content; the layout is not public."""
    binary = b"\x00" in head and not head.startswith((b"PK", b"\xd0\xcf"))
    return 0.6 if binary and path.suffix.lower() in (".cex", ".ccs", ".cdf") else 0.0


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
    name="landt_binary",
    title="LAND/LANDT .cex or .ccs",
    patterns=("*.cex", "*.ccs", "*.cdf"),
    sniff=sniff,
    read=read,
    source="the layout is not public; seen by suffix and binary content only",
    refuses=_EXPORT,
)
