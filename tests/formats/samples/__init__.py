"""One tiny, own-written sample for every format, made by code so that no vendor's file is in the repository.

Every module of this package may hold ``SAMPLES``: name of the format -> `Sample`.
"""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

from tests.formats.samples.common import ROWS, Sample, table

__all__ = ["ROWS", "SAMPLES", "Sample", "make", "table"]

SAMPLES: dict[str, Sample] = {}
for _module in pkgutil.iter_modules(__path__):
    _found = getattr(importlib.import_module(f"{__name__}.{_module.name}"), "SAMPLES", {})
    if twice := SAMPLES.keys() & _found.keys():
        raise RuntimeError(f"two samples of {', '.join(sorted(twice))}")
    SAMPLES |= _found


def make(name: str, folder: Path) -> Path:
    """Write the sample of a format into a folder."""
    target = folder / SAMPLES[name].file
    SAMPLES[name].write(target)
    return target
