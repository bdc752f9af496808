"""Sample of a Basytec result text."""

from __future__ import annotations

from interlith.formats import basytec
from tests.formats.samples.common import Sample, table

SAMPLES: dict[str, Sample] = {
    "basytec": Sample("o.txt", lambda path: basytec.write(table(), path, {"start": "2026-01-02T03:04:05"})),
}
