"""Sample of Novonix."""

from __future__ import annotations

from interlith.formats import novonix
from tests.formats.samples.common import Sample, table

SAMPLES = {
    "novonix": Sample("novonix.csv", lambda path: novonix.write(table(), path, {"start": "2026-01-02T03:04:05"}))
}
