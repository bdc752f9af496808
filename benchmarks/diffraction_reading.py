"""What do large diffraction files cost: an archive of real patterns, and 2,000 frames in one simulated HDF5 file?

    python benchmarks/diffraction_reading.py --data /path/to/data

CPU seconds and the largest resident memory of the process so far.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import polars as pl

from interlith.workbench.reading import read_file


def told(words: str, call: Callable[[], Any]) -> Any:
    """Print what a call costs, and give what it returns."""
    began = time.process_time()
    found = call()
    spent, peak = time.process_time() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"| {words} | {spent:.2f} s | {peak:.0f} MB |")
    return found


def stack(path: Path, frames: int, points: int) -> None:
    """Simulated counts with their errors, written a block at a time."""
    random = np.random.default_rng(1)
    with h5py.File(path, "w") as file:
        data = file.create_group("entry/data")
        file["entry"].attrs["NX_class"], data.attrs["NX_class"] = "NXentry", "NXdata"
        data.attrs["signal"], data.attrs["axes"] = "intensity", ["frame", "two_theta"]
        data["two_theta"] = np.linspace(5, 60, points)
        data["two_theta"].attrs["units"] = "deg"
        signal = data.create_dataset("intensity", (frames, points), "f4", chunks=(20, points))
        errors = data.create_dataset("intensity_errors", (frames, points), "f4", chunks=(20, points))
        for first in range(0, frames, 100):
            counts = random.poisson(100, (min(100, frames - first), points))
            signal[first : first + 100], errors[first : first + 100] = counts, np.sqrt(counts)


def main() -> None:
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--data", type=Path)
    reader.add_argument("--frames", type=int, default=2000)
    asked = reader.parse_args()
    print("| what | CPU | largest memory so far |\n|---|---|---|")
    told("programs loaded", lambda: read_file)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "stack.h5"
        stack(path, asked.frames, 4000)
        told(f"{asked.frames} frames of 4,000 points written (simulated)", lambda: None)
        _, reading = told("opened and surveyed", lambda: read_file(path))
        table = reading.payload.frame
        told("one frame", lambda: table.filter(pl.col("frame") == asked.frames // 2).collect())
        told("mean of every frame", lambda: table.group_by("frame").agg(pl.col("intensity").mean()).collect(engine="streaming"))  # fmt: skip
    archive = asked.data / "realsets" / "insitu_heating_17bm" / "xye_001_192.tar.gz" if asked.data else None
    if archive is not None and archive.is_file():
        _, reading = told("archive of 192 real patterns of 2,500 points read", lambda: read_file(archive))
        told("its rows collected", lambda: reading.payload.frame.collect())


if __name__ == "__main__":
    main()
