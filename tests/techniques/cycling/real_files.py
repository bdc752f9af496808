"""The shared real cycler files as summaries."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import import_module
from pathlib import Path

from interlith.model import Measurement, Result, Sample, Series, Source
from interlith.techniques.cycling.summary import summarise

FORMATS = {
    "fastnda_nw4-120-1-6-53.ndax": "neware_ndax",
    "fastnda_BTS85-36-6-5-110-20240424.ndax": "neware_ndax",
    "neware_uio.csv": "neware_csv",
    "DLR__LiLNMOHydra0b__20221125__POCV__25degC__Basytec.bdf.csv": "bdf",
}


def series_of(folder: Path, name: str) -> Series:
    """A real file as a series of one, nothing declared."""
    path = folder / name
    reading = import_module(f"interlith.formats.{FORMATS[name]}").FORMAT.read(path, {})
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    sample = Sample(name=name.split(".")[0], variant="real", cell_kind="half_cathode")
    source = Source(name, digest, path.stat().st_size, FORMATS[name], "1", path)
    return Series((Measurement(sample, "cycling", source, reading.payload, flags=reading.flags),))


@cache
def summary_of(folder: Path, name: str) -> Result:
    """Summary of a real file, made once a session."""
    return summarise(series_of(folder, name))
