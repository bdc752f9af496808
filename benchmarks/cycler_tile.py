"""How long does a file of millions of rows take, from text to the per-cycle table, beside a bare scan and beside peers?

    python benchmarks/cycler_tile.py 220 --repeats 5 [--pyprobe PYTHON] [--keep FILE]

Tiles the real file ``cycling/neware_uio.csv`` (folder ``INTERLITH_DATA``) N times into one consistent export; 220 gives
1,994,300 rows. Every figure comes from a fresh process: CPU (user and system, after imports) and peak resident memory.
The methods take turns, so that a busy machine burdens all alike. Peers: a pandas script that makes the same per-cycle
table by the vendor's cycle number, and PyProBE (``PyProBE-Data``, in an environment of its own: ``--pyprobe`` names its
python). Hashing the file is measured apart. Prints rows for `docs/benchmarks.md`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

COLUMNS = (
    "Cycle Index", "Step Index", "Step Type", "Cumulative Time", "Current(A)", "Voltage(V)", "Capacity(Ah)", "Energy(Wh)",
)  # fmt: skip
FLOATS = COLUMNS[4:]
TITLES = {
    "bare": "bare polars scan of the eight columns",
    "ours": "Interlith: read, steps, self-checks, per-cycle table",
    "pandas": "pandas script, table by vendor cycle",
    "pyprobe": "PyProBE: import and cycling summary",
    "hash": "SHA-256 of the file",
}


def tile(source: Path, count: int, target: Path) -> int:
    """Write the file `count` times behind itself with cycle number, time and date running on; return the rows."""
    import polars as pl

    raw = pl.read_csv(source, infer_schema=False)
    fields = pl.col("Cumulative Time").str.split(":")
    seconds = sum(fields.list.get(number).cast(pl.Int64) * size for number, size in ((0, 3600), (1, 60), (2, 1)))
    base = raw.with_columns(
        seconds.alias("_seconds"), pl.col("Date").str.to_datetime("%Y-%m-%d %H:%M:%S").alias("_date")
    )
    period = int(base["_seconds"].max()) + 60
    cycles = int(raw["Cycle Index"].cast(pl.Int64).max())
    with target.open("wb") as handle:
        for number in range(count):
            now = pl.col("_seconds") + number * period
            clock = [(now // 3600, 2), (now % 3600 // 60, 2), (now % 60, 2)]
            base.with_columns(
                (pl.col("DataPoint").cast(pl.Int64) + number * raw.height).cast(pl.String).alias("DataPoint"),
                (pl.col("Cycle Index").cast(pl.Int64) + number * cycles).cast(pl.String).alias("Cycle Index"),
                pl.concat_str([part.cast(pl.String).str.zfill(size) for part, size in clock], separator=":").alias(
                    "Cumulative Time"
                ),
                (pl.col("_date") + pl.duration(seconds=number * period)).dt.strftime("%Y-%m-%d %H:%M:%S").alias("Date"),
            ).select(raw.columns).write_csv(handle, include_header=number == 0)
    return raw.height * count


def cpu() -> float:
    """User and system seconds of this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


# -- the methods; each returns the work to be measured, imports done ------------------------------------------------------


def bare(path: Path) -> Callable[[], object]:
    """The eight columns, nothing else."""
    import polars as pl

    types = dict.fromkeys(FLOATS, pl.Float64)
    return lambda: pl.scan_csv(path, schema_overrides=types).select(COLUMNS).collect().height


def ours(path: Path) -> Callable[[], object]:
    """Everything from the file to the result of `summarise`."""
    from interlith.formats.neware_csv import FORMAT
    from interlith.model import Declared, Measurement, Sample, Series, Source
    from interlith.techniques.cycling.summary import summarise

    sample = Sample("cell", cell_kind="half_anode", active_mass=Declared(2.08e-6, "kg", 2e-8))

    def work() -> object:
        reading = FORMAT.read(path, {})
        source = Source(path.name, "0" * 64, path.stat().st_size, FORMAT.name, FORMAT.version)
        item = Measurement(sample, "cycling", source, reading.payload, flags=reading.flags)
        result = summarise(Series((item,)))
        assert result.quality["ok"].all()
        return result.data["half_cycles"].height

    return work


def pandas(path: Path) -> Callable[[], object]:
    """What a careful script does: step table, capacity, energy, mean voltage and efficiency by the vendor's cycle."""
    import pandas as pd

    def work() -> object:
        raw = pd.read_csv(path, usecols=list(COLUMNS))
        fields = raw["Cumulative Time"].str.split(":", expand=True).astype("int64")
        raw["seconds"] = fields[0] * 3600 + fields[1] * 60 + fields[2]
        change = (
            raw[["Cycle Index", "Step Index", "Step Type"]] != raw[["Cycle Index", "Step Index", "Step Type"]].shift()
        ).any(axis=1)
        raw["step"] = change.cumsum()
        steps = raw.groupby("step").agg(
            cycle=("Cycle Index", "first"), kind=("Step Type", "first"), rows=("seconds", "size"),
            begin=("seconds", "first"), end=("seconds", "last"), charge=("Capacity(Ah)", "last"),
            energy=("Energy(Wh)", "last"), current=("Current(A)", "median"), low=("Voltage(V)", "min"), high=("Voltage(V)", "max"),
        )  # fmt: skip
        moving = steps[steps["kind"] != "Rest"]
        way = moving["kind"].str.contains("DChg").map({True: "discharge", False: "charge"})
        table = moving.assign(way=way).groupby(["cycle", "way"])[["charge", "energy"]].sum().unstack()
        table["efficiency"] = table["charge"]["charge"] / table["charge"]["discharge"]
        return len(table)

    return work


def pyprobe(path: Path) -> Callable[[], object]:
    """Import to its own parquet, then its cycling summary."""
    import warnings

    warnings.simplefilter("ignore")
    import pyprobe as peer
    from pyprobe.analysis import cycling

    def work() -> object:
        with tempfile.TemporaryDirectory() as folder:
            target = str(Path(folder) / "tile.parquet")
            cell = peer.Cell(info={"Name": "tile"})
            peer.process_cycler_data("neware", str(path), target)
            cell.import_data("tile", target)
            return cycling.summary(cell.procedure["tile"]).data.shape

    return work


def hash_(path: Path) -> Callable[[], object]:
    """SHA-256, as provenance needs it."""

    def work() -> object:
        with path.open("rb") as handle:
            return hashlib.file_digest(handle, "sha256").hexdigest()

    return work


METHODS = {"bare": bare, "ours": ours, "pandas": pandas, "pyprobe": pyprobe, "hash": hash_}


def measured(method: str, path: Path) -> dict[str, float | str]:
    """Run one method in this process and measure it."""
    work = METHODS[method](path)
    began, wall = cpu(), time.perf_counter()
    answer = work()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"cpu": cpu() - began, "wall": time.perf_counter() - wall, "peak": peak, "answer": str(answer)}


def in_fresh_process(method: str, path: Path, python: str) -> dict[str, float | str] | str:
    """Measure in a process of its own; a text says why it could not be done."""
    command = [python, __file__, "0", "--only", method, "--keep", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return (done.stderr.strip().splitlines() or ["no message"])[-1]
    answer: dict[str, float | str] = json.loads(done.stdout.strip().splitlines()[-1])
    return answer


def table(path: Path, rows: int, repeats: int, pythons: dict[str, str]) -> None:
    """Measure all methods in turns and print a row each."""
    runs: dict[str, list[dict[str, float | str]]] = {method: [] for method in pythons}
    failed: dict[str, str] = {}
    for _ in range(repeats):
        for method, python in pythons.items():
            if method in failed:
                continue
            found = in_fresh_process(method, path, python)
            if isinstance(found, str):
                failed[method] = found
            else:
                runs[method].append(found)
    print(f"{rows:,} rows, {path.stat().st_size / 1e6:.0f} MB, {repeats} repeats, {os.cpu_count()} cores\n")
    print("| method | CPU s: median (least-most) | times bare | wall s | peak MB |\n|---|---|---|---|---|")
    base = statistics.median(float(run["cpu"]) for run in runs["bare"])
    for method in pythons:
        if method in failed:
            print(f"| {TITLES[method]} | not measured: {failed[method]} | | | |")
            continue
        seconds = sorted(float(run["cpu"]) for run in runs[method])
        wall = statistics.median(float(run["wall"]) for run in runs[method])
        peak = max(float(run["peak"]) for run in runs[method])
        middle = statistics.median(seconds)
        print(
            f"| {TITLES[method]} | {middle:.2f} ({seconds[0]:.2f}-{seconds[-1]:.2f}) | {middle / base:.2f} | {wall:.2f} | {peak:.0f} |"
        )


def main() -> None:
    """Make the tile and print the table, or measure one method (called by itself)."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("count", type=int, help="how many times the file is repeated; 220 gives 1,994,300 rows")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--methods", default="bare,ours,pandas,hash", help="comma-separated, of: " + ", ".join(METHODS))
    parser.add_argument("--pyprobe", metavar="PYTHON", help="python of an environment that holds PyProBE-Data")
    parser.add_argument("--keep", type=Path, metavar="FILE", help="where the tile is kept; used as it is if it exists")
    parser.add_argument("--only", choices=tuple(METHODS), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.only:
        print(json.dumps(measured(given.only, given.keep)))
        return
    data = Path(os.environ.get("INTERLITH_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
    source = data / "cycling" / "neware_uio.csv"
    if not source.is_file():
        sys.exit(f"{source} is absent; set INTERLITH_DATA to the folder that holds 'cycling'.")
    with tempfile.TemporaryDirectory() as folder:
        path = given.keep or Path(folder) / "tile.csv"
        if path.exists():
            with path.open("rb") as handle:
                rows = sum(block.count(b"\n") for block in iter(lambda: handle.read(1 << 24), b"")) - 1
        else:
            rows = tile(source, given.count, path)
        pythons = dict.fromkeys(given.methods.split(","), sys.executable)
        if given.pyprobe:
            pythons["pyprobe"] = given.pyprobe
        table(path, rows, given.repeats, pythons)


if __name__ == "__main__":
    main()
