"""Every shared cycler file: read, flagged or refused, and its capacity beside the truth (issue "Must show", 1).

Run ``python benchmarks/formats.py [FOLDER]``; the folder holds ``cycling/`` and defaults to ``INTERLITH_DATA`` or
``../shared/data``.
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from interlith.errors import ReadError
from interlith.model import Table
from interlith.physics.counting import Counted, count, self_check
from interlith.workbench.reading import read_file, recognise

REPOSITORY = Path(__file__).resolve().parents[1]
CUSTOM = {
    "mapping": {"test_time": "test_time", "current": "current", "voltage": "voltage", "vendor_cycle": "cycle"},
    "units": {"test_time": "s", "current": "A", "voltage": "V"},
}


@dataclass(frozen=True)
class Expected:
    """What is known of a file: outcome, and charges in mAh by direction as (position, truth, tolerance)."""

    outcome: str
    charges: tuple[tuple[int, int, float, float], ...] = ()
    twin: str = ""
    options: dict[str, Any] = field(default_factory=dict)


#: direction (1 charge, -1 discharge), number of the half-cycle in that direction (from 0), truth (mAh), tolerance (mAh).
EXPECTED = {
    "fastnda_BTS85-36-6-5-110-20240424.ndax": Expected(
        "flagged",
        tuple((1, number, value, 1e-4) for number, value in enumerate((1.057027, 1.048684, 1.051930, 1.022744)))
        + tuple((-1, number, value, 1e-4) for number, value in enumerate((1.026004, 1.031168, 1.036065, 1.005457))),
    ),
    "fastnda_nw4-120-1-6-53.ndax": Expected("flagged", twin="fastnda_nw4-120-1-6-53.parquet"),
    "fastnda_interp-test.ndax": Expected("flagged", twin="fastnda_interp-test.parquet"),
    "fastnda_interp-test.csv": Expected("read", twin="fastnda_interp-test.parquet"),
    "fastnda_nda_v22.nda.zip": Expected(
        "read", ((1, 0, (388949 + 37440) / 3600, 0.01),), twin="fastnda_nda_v22.parquet"
    ),
    "fastnda_TestFile.nda.zip": Expected("flagged", twin="fastnda_TestFile.parquet"),
    "bdf_filetype14-0.ndax": Expected("flagged"),
    "neware_uio.csv": Expected("read", ((1, 2, 4.242, 1e-3), (1, 3, 3.593, 1e-3))),
    "custom_data_003.xls": Expected(
        "flagged", ((-1, 0, 3.524146, 1e-3), (1, 0, 3.119684, 1e-3), (-1, 1, 2.833251, 1e-3))
    ),
    "SINTEF__LiGrR2032__2024-04-30__25degC__Landt.csv": Expected("flagged"),
    "SINTEF__LiGrR2032__2024-04-30__25degC__Landt.bdf.csv": Expected("read"),
    "DLR__LiLNMOHydra0b__20221125__POCV__25degC__Basytec.bdf.csv": Expected("flagged"),
    "custom_data_001.csv": Expected("flagged", options=CUSTOM),
    "bad_custom_good_small.csv": Expected("flagged", options=CUSTOM),
    "bad_custom_missing_column.csv": Expected("refused", options=CUSTOM),
    "pyprobe_Experiment_Record.xlsx": Expected("refused"),
    "20160805_test001_45_cc_01.res": Expected("refused"),
    "bdf_GCPL-0.mpr": Expected("refused"),
    "bdf_MB-0.mpr": Expected("refused"),
    "jdb11-1_c3_gcpl_5cycles_2V-3p8V_C-24_data_C09.mpr": Expected("refused"),
    "battdat_maccor_example.001": Expected("refused"),
    "beep_xTESLADIAG_000019_CH70.070": Expected("refused"),
}


def main(arguments: list[str]) -> int:
    """Print the table; the exit code is the number of files that did not come out as expected."""
    default = os.environ.get("INTERLITH_DATA", REPOSITORY.parent / "shared" / "data")
    folder = Path(arguments[0] if arguments else default) / "cycling"
    if not folder.is_dir():
        print(f"There is no folder {folder}; give the folder that holds 'cycling', or set INTERLITH_DATA.")
        return 2
    wrong = 0
    print("| file | format | outcome | rows | capacity against truth | CPU s | flags |\n|---|---|---|---|---|---|---|")
    for name, expected in EXPECTED.items():
        row, good = _line(folder, name, expected)
        wrong += not good
        print("| " + " | ".join(row) + " |")
    print(f"\n{len(EXPECTED) - wrong} of {len(EXPECTED)} files as expected.")
    return wrong


def _line(folder: Path, name: str, expected: Expected) -> tuple[list[str], bool]:
    path = folder / name
    claimed = recognise(path).format
    form = claimed.name if claimed is not None else "none"
    start = time.process_time()
    try:
        reading = read_file(path, options=expected.options)[1]
        assert isinstance(reading.payload, Table)
        counted = count(reading.payload.frame, reading.payload.columns)
    except ReadError as error:
        reason = str(error).replace(str(path), "").lstrip(": ").replace("|", "/")
        return [name, form, "refused", "", reason[:70] + "...", "", ""], expected.outcome == "refused"
    spent = time.process_time() - start
    codes = [flag.code for flag in reading.flags] + [notice.code for notice in self_check(counted)]
    outcome = "flagged" if codes else "read"
    verdict, good = _against_truth(folder, expected, reading.payload.frame, counted)
    flags = ", ".join(dict.fromkeys(codes))
    good = good and (outcome == expected.outcome or (expected.outcome == "read" and outcome == "flagged"))
    return [name, form, outcome, str(counted.rows), verdict, f"{spent:.2f}", flags], good


def _against_truth(folder: Path, expected: Expected, frame: pl.LazyFrame, counted: Counted) -> tuple[str, bool]:
    parts, good = [], True
    for direction, number, truth, tolerance in expected.charges:
        halves = _half_cycles(counted).filter(pl.col("direction") == direction)
        value = halves["charge"][number] * 1e3 if halves.height > number else float("nan")
        good &= abs(value - truth) <= tolerance
        parts.append(f"{value:.4f} ({truth:.4f})")
    if expected.twin:
        want = pl.read_parquet(folder / expected.twin)
        got = frame.select("test_time", "current", "voltage", "capacity_counter").collect()
        wanted = want.select(
            pl.col("Total Time"), pl.col("Current(uA)"), pl.col("Voltage(mV)"), pl.col("Capacity(mAs)").abs()
        ).cast(pl.Float64)
        gaps = [
            (got["test_time"] - wanted["Total Time"]).abs().max(),
            (got["current"] * 1e6 - wanted["Current(uA)"]).abs().max(),
            (got["voltage"] * 1e3 - wanted["Voltage(mV)"]).abs().max(),
            (got["capacity_counter"] * 3.6e6 - wanted["Capacity(mAs)"]).abs().max(),
        ]
        time_gap, current_gap, voltage_gap, charge_gap = (float(str(gap)) for gap in gaps)
        good &= got.height == want.height and time_gap < 1e-6 and current_gap < 0.51 and voltage_gap < 0.051
        parts.append(
            f"{want.height} rows equal to {current_gap:.2g} uA, {voltage_gap:.2g} mV, {charge_gap / 3600:.2g} mAh"
        )
    return "; ".join(parts) or "-", good


def _half_cycles(counted: Counted) -> pl.DataFrame:
    """Charge of steps in one direction that follow each other, rests between them ignored."""
    running = counted.steps.filter(pl.col("direction") != 0)
    half = pl.col("direction").rle_id().alias("half")
    return running.group_by(half, maintain_order=True).agg(pl.col("direction").first(), pl.col("charge").sum())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
