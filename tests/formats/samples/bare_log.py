"""Sample of a cycler's log without a header."""

from __future__ import annotations

from pathlib import Path

from interlith.formats import cycler_bare
from tests.formats.samples.common import Sample, table


def _bare(path: Path) -> None:
    cycler_bare.write(table(), path, {"active_mass": 2e-6})


SAMPLES = {
    "cycler_bare": Sample(
        "log.txt",
        _bare,
        options={
            "mapping": {"test_time": 1, "voltage": 2, "current": 3}, "units": {"voltage": "V", "current": "mA/g"},
            "mass": "2 mg", "positive_current": "both",
        },
    )
}  # fmt: skip
