"""Sample of PEC."""

from __future__ import annotations

from interlith.formats import pec
from tests.formats.samples.common import Sample, table

SAMPLES = {"pec": Sample("pec.csv", lambda path: pec.write(table(), path, {"start": "2026-01-02T03:04:05"}))}
