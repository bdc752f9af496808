"""Sample of a Maccor raw text export."""

from __future__ import annotations

from interlith.formats import maccor_text
from tests.formats.samples.common import Sample, table

SAMPLES: dict[str, Sample] = {
    "maccor_text": Sample(
        "n.001", lambda path: maccor_text.write(table(), path, {"start": "2026-01-20T03:04:05", "filename": "cell.001"})
    ),
}
