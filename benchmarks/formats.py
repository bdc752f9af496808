"""Every shared cycler file: read, flagged or refused as the manifest implies, and its charges beside the truth.

Run ``python benchmarks/formats.py [FOLDER]``; the folder holds ``MANIFEST.tsv`` and ``cycling/`` and defaults to
``INTERLITH_DATA`` or ``../shared/data``. Every file of the manifest's ``cycling/`` is in the table: its expected outcome
comes from there, what is known of its charges from `KNOWN` below.
"""

from __future__ import annotations

import csv
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
class Sums:
    """A table of charges by the vendor's cycle: file, names of its columns, factor into mAh, relative tolerance.

    `largest` where the table gives the largest half-cycle instead of the sum of all; `skipped` are cycles of pulses, for
    which the maker's own rule is not known.
    """

    file: str
    cycle: str
    charge: str
    discharge: str
    into_mah: float
    tolerance: float
    largest: bool = False
    skipped: tuple[int, ...] = ()


@dataclass(frozen=True)
class Known:
    """What is known of a file beyond the manifest: charges in mAh by direction, rows, the vendor's export of the same."""

    charges: tuple[tuple[int, int, float, float], ...] = ()
    rows: int = 0
    twin: str = ""
    sums: Sums | None = None
    options: dict[str, Any] = field(default_factory=dict)


#: direction (1 charge, -1 discharge), number of the half-cycle in that direction (from 0), truth (mAh), tolerance (mAh).
KNOWN = {
    "fastnda_BTS85-36-6-5-110-20240424.ndax": Known(
        tuple((1, number, value, 1e-4) for number, value in enumerate((1.057027, 1.048684, 1.051930, 1.022744)))
        + tuple((-1, number, value, 1e-4) for number, value in enumerate((1.026004, 1.031168, 1.036065, 1.005457))),
        rows=699_677,
    ),
    "fastnda_nw4-120-1-6-53.ndax": Known(twin="fastnda_nw4-120-1-6-53.parquet"),
    "fastnda_interp-test.ndax": Known(twin="fastnda_interp-test.parquet"),
    "fastnda_interp-test.csv": Known(twin="fastnda_interp-test.parquet"),
    "fastnda_nda_v22.nda.zip": Known(((1, 0, (388949 + 37440) / 3600, 0.01),), twin="fastnda_nda_v22.parquet"),
    "fastnda_TestFile.nda.zip": Known(twin="fastnda_TestFile.parquet"),
    "neware_uio.csv": Known(((1, 2, 4.242, 1e-3), (1, 3, 3.593, 1e-3)), rows=9065),
    "custom_data_003.xls": Known(((-1, 0, 3.524146, 1e-3), (1, 0, 3.119684, 1e-3), (-1, 1, 2.833251, 1e-3))),
    "20160805_test001_45_cc_01.res": Known(
        rows=10_261,
        sums=Sums(
            "cellpy_golden_pipeline_smoke_summary.parquet",
            "cycle_num",
            "charge_capacity_absolute",
            "discharge_capacity_absolute",
            1.0,
            1e-6,
        ),
    ),
    "battdat_p492-13-raw.csv": Known(
        sums=Sums("battdat_p492-13-summary.csv", "Cycle_Index", "Q_chg", "Q_dis", 1e3, 2e-3, largest=True, skipped=(5,))
    ),
    "jdb11-1_c3_gcpl_5cycles_2V-3p8V_C-24_data_C09.mpr": Known(
        ((-1, 0, 0.206529, 2e-6), (1, 0, 0.986781, 2e-6), (-1, 1, 0.852855, 2e-6)), rows=46_102
    ),
    "beep_xTESLADIAG_000019_CH70.070": Known(rows=11_669),
    "pyprobe_sample_data_novonix.csv": Known(((1, 0, 1706.52976, 1e-2),), rows=207),
    "pyprobe_Sample_data_biologic_01_MB_CA1.txt": Known(((-1, 0, 32.37135, 1e-3),), rows=1397),
    "pec_Test25205.csv": Known(rows=489),
    "custom_data_001.csv": Known(options=CUSTOM),
    "bad_custom_good_small.csv": Known(options=CUSTOM),
    "bad_custom_missing_column.csv": Known(options=CUSTOM),
}
#: Outcome that the manifest's words imply. A reader may always notice more than the manifest knows.
IMPLIED = {
    "read": ("read", "flagged"),
    "read, flag": ("flagged",),
    "refuse": ("refused",),
    "not a measurement": ("refused",),
}


def main(arguments: list[str]) -> int:
    """Print the table; the exit code is the number of files that did not come out as expected."""
    default = os.environ.get("INTERLITH_DATA", REPOSITORY.parent / "shared" / "data")
    folder = Path(arguments[0] if arguments else default)
    if not (folder / "MANIFEST.tsv").is_file():
        print(f"There is no {folder / 'MANIFEST.tsv'}; give the folder that holds it, or set INTERLITH_DATA.")
        return 2
    with (folder / "MANIFEST.tsv").open(encoding="utf-8", newline="") as handle:
        listed = [row for row in csv.DictReader(handle, delimiter="\t") if row["file"].startswith("cycling/")]
    measured = [row for row in listed if row["expected"] in IMPLIED]
    wrong = 0
    print("| file | format | outcome | rows | against what is known | CPU s | flags |\n|---|---|---|---|---|---|---|")
    for row in measured:
        cells, good = _line(folder / row["file"], IMPLIED[row["expected"]])
        wrong += not good
        print("| " + " | ".join(cells) + " |" + ("" if good else " <- not as the manifest implies"))
    print(
        f"\n{len(measured) - wrong} of {len(measured)} files as expected; {len(listed) - len(measured)} more hold truths."
    )
    return wrong


def _line(path: Path, allowed: tuple[str, ...]) -> tuple[list[str], bool]:
    known = KNOWN.get(path.name, Known())
    claimed = recognise(path).format
    form = claimed.name if claimed is not None else "none"
    start = time.process_time()
    try:
        reading = read_file(path, options=known.options)[1]
        assert isinstance(reading.payload, Table)
        counted = count(reading.payload.frame, reading.payload.columns)
    except ReadError as error:
        reason = str(error).replace(str(path), "").lstrip(": ").replace("|", "/")
        return [path.name, form, "refused", "", reason[:70] + "...", "", ""], "refused" in allowed
    spent = time.process_time() - start
    codes = [flag.code for flag in reading.flags] + [notice.code for notice in self_check(counted)]
    outcome = "flagged" if codes else "read"
    verdict, good = _against_truth(path.parent, known, reading.payload.frame, counted)
    flags = ", ".join(dict.fromkeys(codes))
    good &= outcome in allowed and known.rows in (0, counted.rows)
    return [path.name, form, outcome, f"{counted.rows:,}", verdict, f"{spent:.2f}", flags], good


def _against_truth(folder: Path, known: Known, frame: pl.LazyFrame, counted: Counted) -> tuple[str, bool]:
    parts, good = [], True
    for direction, number, truth, tolerance in known.charges:
        halves = _half_cycles(counted).filter(pl.col("direction") == direction)
        value = halves["charge"][number] * 1e3 if halves.height > number else float("nan")
        good &= abs(value - truth) <= tolerance
        parts.append(f"{value:.4f} ({truth:.4f})")
    if known.twin:
        want = pl.read_parquet(folder / known.twin)
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
    if known.sums is not None:
        text, same = _by_vendor_cycle(folder, known.sums, counted)
        parts.append(text)
        good &= same
    return "; ".join(parts) or "-", good


def _by_vendor_cycle(folder: Path, known: Sums, counted: Counted) -> tuple[str, bool]:
    """The largest gap between our charges, added up by the vendor's cycle, and a table of them."""
    path = folder / known.file
    table = pl.read_parquet(path) if path.suffix == ".parquet" else pl.read_csv(path, infer_schema_length=None)
    want = table.select(
        pl.col(known.cycle).cast(pl.Int64).alias("vendor_cycle"),
        (pl.col(known.charge).cast(pl.Float64).fill_nan(None) * known.into_mah).alias("up"),
        (pl.col(known.discharge).cast(pl.Float64).fill_nan(None) * known.into_mah).alias("down"),
    )
    running = counted.steps.filter(pl.col("direction") != 0)
    halves = running.group_by(
        pl.struct("direction", "vendor_cycle").rle_id().alias("half"), "direction", "vendor_cycle"
    ).agg((pl.col("charge").fill_null(float("nan")) * 1e3).sum(), pl.col("last_row").max())
    up, down = (pl.col("charge").filter(pl.col("direction") == way) for way in (1, -1))
    ours = (up.max(), down.max()) if known.largest else (up.sum(), down.sum())
    got = halves.group_by("vendor_cycle").agg(
        ours[0].alias("ours_up"), ours[1].alias("ours_down"), pl.col("last_row").max()
    )
    # An excerpt may end within its last cycle.
    both = want.join(got, on="vendor_cycle").filter(
        (pl.col("last_row") < pl.col("last_row").max()) & ~pl.col("vendor_cycle").is_in(known.skipped)
    )
    scale = pl.max_horizontal("up", "down").max()
    gaps = both.select(
        pl.max_horizontal((pl.col(f"ours_{way}") - pl.col(way)).abs().max() / scale for way in ("up", "down"))
    )
    gap = float(gaps.item())
    return (
        f"{both.height} vendor cycles equal to {gap:.1g} of the largest charge in {known.file}",
        gap <= known.tolerance,
    )


def _half_cycles(counted: Counted) -> pl.DataFrame:
    """Charge of steps in one direction that follow each other, rests between them ignored."""
    running = counted.steps.filter(pl.col("direction") != 0)
    half = pl.col("direction").rle_id().alias("half")
    return running.group_by(half, maintain_order=True).agg(pl.col("direction").first(), pl.col("charge").sum())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
