"""How long does a real operando folder take from raw files to the report, and do its peaks follow the cell?

Run: ``python benchmarks/operando_licov.py [--data FOLDER] [--keep FOLDER]``, FOLDER holding `1.txt` ... `100.txt` and `charge.txt` of
https://github.com/rybakov-ks/xrd_operando (default: diffraction/operando_licov under INTERLITH_DATA). The headers of all patterns hold one time, that of
their export; 1140 s a pattern and the start with the cell are declared, as its authors say. `interlith run` starts cold (empty store, new process).
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
from pathlib import Path

import numpy as np
import polars as pl

from timed_run import ran

STUDY = """study: Operando diffraction of a LiCoVO4 cathode

join:
  diffraction:
    log: operando/charge.txt
    every: 1140 s             # the headers hold the time of the export
    offset: 0 +- 60 s         # the first pattern began with the cell
    drift: 0
    quantities: [voltage, specific_charge]

analyses:
  cycling: {mapping: {test_time: 1, voltage: 2, current: 3}, units: {voltage: V, current: mA/g}, positive_current: both}
  diffraction:
    against: test_time
    limits: [28, 64.9]        # beyond lies the strong line of a collector
    tracks: {'220': 30.58, '422': 54.3, '511': 57.9, '440': 63.6}
"""
PEAKS = ("220", "422", "511", "440")


def written(source: Path, folder: Path) -> None:
    """The study of the folder of raw files."""
    shutil.copytree(source, folder / "operando")
    (folder / "study.yaml").write_text(STUDY, encoding="utf-8")
    rows = "file,technique,sample,batch,replicate\noperando/{number}.txt,diffraction,LiCoVO4,b1,1\n"
    (folder / "measurements.csv").write_text(rows, encoding="utf-8")


def turn(hours: np.ndarray, position: np.ndarray) -> tuple[float, float]:
    """Where two straight lines, before and after, meet: time (h) of the largest angle and its standard uncertainty, by a scan of the corner."""
    inside = (hours > 5.0) & (hours < 25.0) & np.isfinite(position)
    t, y = hours[inside], position[inside]
    corners = np.linspace(10.0, 20.0, 1001)
    squares = np.empty(corners.size)
    for number, corner in enumerate(corners):
        design = np.column_stack([np.ones(t.size), t, np.maximum(t - corner, 0.0)])
        rest = y - design @ np.linalg.lstsq(design, y, rcond=None)[0]
        squares[number] = rest @ rest
    best = int(np.argmin(squares))
    spread = squares[best] / (t.size - 4)
    near = corners[squares < squares[best] + spread]
    return float(corners[best]), float(np.ptp(near) / 2)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument(
        "--data", type=Path, default=Path(os.environ.get("INTERLITH_DATA", "")) / "diffraction" / "operando_licov"
    )
    options.add_argument("--keep", type=Path, help="an empty folder for the study and its report")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = given.keep or Path(made)
        written(given.data, folder)
        took = ran(folder)
        table = pl.read_parquet(folder / "results" / "observables.parquet")
        page = (folder / "results" / "report.html").stat().st_size / 1e6
    print(
        f"\n`interlith run`, cold: {took.wall:.1f} s wall, {took.cpu:.1f} CPU s, {took.memory:.0f} MB at most; {table.height} numbers, report {page:.1f} MB\n"
    )
    log = np.loadtxt(given.data / "charge.txt", dtype=str)
    seconds = np.array(
        [sum(int(part) * size for part, size in zip(text.split(":"), (3600, 60, 1), strict=True)) for text in log[:, 0]]
    )
    end = seconds[np.flatnonzero(log[:, 2].astype(float) == 0.0)[1]] / 3600
    print(f"End of the charge by the cycler: {end:.2f} h; of its log: {seconds[-1] / 3600:.2f} h.\n")
    print("| peak | patterns | first, deg | at the end of charge | last | swing of d, A | position turns at, h |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for name in PEAKS:
        rows = table.filter(pl.col("quantity") == f"peak_{name}_position").sort("state_value")
        swing = table.filter(pl.col("quantity") == f"peak_{name}_d_swing")
        hours, position, std = (rows.get_column(column).to_numpy() for column in ("state_value", "value", "std"))
        if not hours.size:
            print(f"| {name} | 0 | | | | | |")
            continue
        places = (0, int(np.argmin(np.abs(hours - end))), -1)
        shown = " | ".join(f"{position[place]:.3f}({1000 * std[place]:.0f})" for place in places)
        corner, doubt = turn(hours, position) if hours[-1] > 20 else (np.nan, np.nan)
        turned = f"{corner:.2f} +- {doubt:.2f}" if np.isfinite(corner) else "lost before"
        size = f"{swing.item(0, 'value'):.4f} +- {swing.item(0, 'std'):.4f}" if swing.height else ""
        print(f"| {name} | {hours.size} | {shown} | {size} | {turned} |")


if __name__ == "__main__":
    main()
