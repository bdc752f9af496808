"""What does reading a million rows cost, format by format, beside the best peer that reads the same file?

    python benchmarks/format_cost.py [--rows 1000000] [--repeats 3] [--formats NAME ...] [--peers PYTHON] [--folder FOLDER]

Every file is written by the format's own writer or by that of its sample in the tests, from a simulated test, or made by
repeating the rows of a real file (folder ``INTERLITH_DATA``); Neware binaries, the old workbook and Arbin's database are
the real files as they are. Workbooks and .DTA hold fewer rows. `PYTHON` is the python
of an environment that holds the peers (galvani, PyProBE-Data, NewareNDA, battery-data-toolkit, batterydf, gamry-parser).
Every figure comes from a fresh process: CPU (user and system) after the imports, and the growth of the resident memory
over what the imports took, at its peak. Ours reads all columns that the format gives, with its own checks; a peer does
what its documentation calls reading. The two take turns. Prints rows for `docs/benchmarks.md`.
"""

from __future__ import annotations

import argparse
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
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))
DATA = Path(os.environ.get("INTERLITH_DATA", REPOSITORY.parent / "shared" / "data"))
#: Formats whose real file is read as it is.
REAL = {
    "arbin_res": "cycling/20160805_test001_45_cc_01.res",
    "neware_ndax": "cycling/fastnda_BTS85-36-6-5-110-20240424.ndax",
    "neware_nda": "cycling/fastnda_TestFile.nda.zip",
    "neware_xlsx": "cycling/custom_data_003.xls",
}
#: Formats whose real text is repeated below so many header lines.
REPEATED = {"nrel_csv": ("cycling/battdat_p492-13-raw.csv", 1)}
#: Workbooks end at 1,048,576 rows and take minutes; a peer's reading of .DTA grows with the square of the rows.
AT_MOST = {"arbin_xlsx": 100_000, "landt_xlsx": 100_000, "gamry_dta": 50_000}
OPTIONS = {"generic_csv": {"mapping": {"test_time": "Time [h]", "current": "I/mA", "voltage": "U/V"}}}
SUFFIXES = {
    "maccor_text": ".001", "biologic_mpt": ".mpt", "basytec": ".txt", "bdf": ".bdf.csv", "arbin_xlsx": ".xlsx",
    "landt_xlsx": ".xlsx", "biologic_mpr": ".mpr", "arbin_h5": ".h5",
}  # fmt: skip


#: A method that takes longer (s) is given up.
LONGEST = 120.0

# -- files ----------------------------------------------------------------------------------------------------------------


def simulated(rows: int) -> pl.DataFrame:
    """A test of charges and discharges of 1,000 rows each, with the counters that a vendor prints."""
    import numpy as np
    import polars as pl

    number = np.arange(rows)
    half, within = number // 1000, number % 1000
    way = np.where(half % 2 == 0, 1.0, -1.0)
    charge = 1.25e-3 * within * 10.0 / 3600
    up = np.where(way > 0, charge, 0.0)
    down = np.where(way < 0, charge, 0.0)
    voltage = 3.8 + way * (0.0004 * within - 0.2)
    return pl.DataFrame(
        {
            "test_time": number * 10.0,
            "step_time": within * 10.0,
            "current": way * 1.25e-3,
            "voltage": voltage,
            "vendor_cycle": half // 2 + 1,
            "vendor_step": half % 2 + 1,
            "vendor_step_type": np.where(way > 0, "CC Chg", "CC DChg"),
            "charge_counter": up,
            "discharge_counter": down,
            "charge_energy_counter": up * 3.8,
            "discharge_energy_counter": down * 3.8,
        }
    )


def make(name: str, rows: int, folder: Path) -> Path | None:
    """The file of a format; `None` where none can be made here."""
    from interlith.workbench.discovery import formats

    if name in REAL:
        found = DATA / REAL[name]
        return found if found.is_file() else None
    target = folder / f"cell__a__2026{SUFFIXES.get(name, '.csv')}"
    if name == "biologic_mpr":
        return repeated_mpr(DATA / "cycling/jdb11-1_c3_gcpl_5cycles_2V-3p8V_C-24_data_C09.mpr", rows, target)
    if name in REPEATED:
        file, head = REPEATED[name]
        return repeated_text(DATA / file, head, rows, target)
    item, test = formats()[name], simulated(min(rows, AT_MOST.get(name, rows)))
    if item.write is not None:
        item.write(test, target, {})
        return target
    from tests.formats.samples import SAMPLES
    from tests.formats.samples.common import instead

    target = folder / SAMPLES[name].file
    with instead(test):
        SAMPLES[name].write(target)
    return target


def repeated_text(source: Path, head: int, rows: int, target: Path) -> Path | None:
    """The header of a text once and its rows again and again."""
    if not source.is_file():
        return None
    lines = source.read_bytes().splitlines(keepends=True)
    body = lines[head:]
    with target.open("wb") as handle:
        handle.writelines(lines[:head])
        for _ in range(max(1, round(rows / len(body)))):
            handle.writelines(body)
    return target


def repeated_mpr(source: Path, rows: int, target: Path) -> Path | None:
    """The records of a .mpr again and again, their count and the length of their module put right.

    The module begins with MODULE, names of 10 and 25 bytes, the length of its data, version and date; the data with the
    count of records and the count of columns. The records fill it to its end.
    """
    if not source.is_file():
        return None
    import struct

    raw = source.read_bytes()
    at = next(
        place
        for place in range(len(raw))
        if raw.startswith(b"MODULE", place) and raw[place + 6 : place + 14] == b"VMP data"
    )
    length_at = at + 6 + 10 + 25
    (length,) = struct.unpack_from("<I", raw, length_at)
    begin = length_at + 4 + 4 + 8
    (points,) = struct.unpack_from("<I", raw, begin)
    end = begin + length
    from interlith.formats.biologic_mpr import FORMAT

    read = FORMAT.read(source, {}).payload.frame.collect().height  # type: ignore[union-attr]
    assert read == points
    head = 100 if (length - 100) % points == 0 else next(n for n in (405, 406, 407, 1007) if (length - n) % points == 0)
    body = raw[begin + head : end]
    times = max(1, round(rows / points))
    made = struct.pack("<I", points * times) + raw[begin + 4 : begin + head] + body * times
    target.write_bytes(raw[:length_at] + struct.pack("<I", len(made)) + raw[length_at + 4 : begin] + made + raw[end:])
    return target


# -- methods; each returns the work to be measured, imports done, and the work returns the count of rows --------------------


def ours(path: Path, name: str) -> Callable[[], int]:
    """All columns of the format."""
    import polars as pl

    from interlith.workbench.discovery import formats

    item = formats()[name]
    options = OPTIONS.get(name, {})
    pl.DataFrame({"a": [1.0]}).lazy().select(pl.col("a") * 2).collect()

    def work() -> int:
        payload = item.read(path, options).payload
        return int(payload.frame.collect().height)  # type: ignore[union-attr]

    return work


def galvani_mpr(path: Path, name: str) -> Callable[[], int]:
    from galvani import BioLogic

    return lambda: len(BioLogic.MPRfile(str(path)).data)


def galvani_mpt(path: Path, name: str) -> Callable[[], int]:
    from galvani import BioLogic

    return lambda: len(BioLogic.MPTfile(str(path))[0])


def galvani_res(path: Path, name: str) -> Callable[[], int]:
    import sqlite3

    from galvani import res2sqlite

    def work() -> int:
        with tempfile.TemporaryDirectory() as folder:
            target = str(Path(folder) / "a.sqlite")
            res2sqlite.convert_arbin_to_sqlite(str(path), target)
            with sqlite3.connect(target) as base:
                return len(base.execute("SELECT * FROM Channel_Normal_Table").fetchall())

    return work


def newarenda(path: Path, name: str) -> Callable[[], int]:
    import NewareNDA

    if path.suffix == ".zip":
        raise RuntimeError("reads no zip")
    return lambda: len(NewareNDA.read(str(path), log_level="ERROR"))


def pyprobe(path: Path, name: str) -> Callable[[], int]:
    import importlib
    import warnings

    warnings.simplefilter("ignore")
    word = {"maccor_text": "maccor", "maccor_csv": "maccor"}.get(name, name.split("_")[0])
    module = importlib.import_module(f"pyprobe.cyclers.{word}")
    reader = getattr(module, word.capitalize())

    def work() -> int:
        with tempfile.TemporaryDirectory() as folder:
            made = reader(input_data_path=str(path), output_data_path=str(Path(folder) / "a.parquet"))
            return int(made.get_pyprobe_dataframe().height)

    return work


def battdat(path: Path, name: str) -> Callable[[], int]:
    from battdat.io.arbin import ArbinReader
    from battdat.io.maccor import MACCORReader

    reader = ArbinReader() if name.startswith("arbin") else MACCORReader()
    return lambda: len(reader.read_file(str(path)))


def batterydf(path: Path, name: str) -> Callable[[], int]:
    import bdf
    from bdf.io import load

    return lambda: len(load(str(path)) if name == "bdf" else bdf.read(str(path)))


def gamry(path: Path, name: str) -> Callable[[], int]:
    from gamry_parser import GamryParser

    def work() -> int:
        parser = GamryParser(filename=str(path))
        parser.load()
        return sum(len(curve) for curve in parser.get_curves())

    return work


METHODS: dict[str, Callable[[Path, str], Callable[[], int]]] = {
    "ours": ours, "galvani": galvani_mpr, "galvani (mpt)": galvani_mpt, "galvani (res)": galvani_res,
    "NewareNDA": newarenda, "PyProBE": pyprobe, "battery-data-toolkit": battdat, "batterydf": batterydf, "gamry-parser": gamry,
}  # fmt: skip
PEERS = {
    "arbin_csv": ("PyProBE", "battery-data-toolkit"),
    "arbin_res": ("galvani (res)",),
    "basytec": ("PyProBE", "batterydf"),
    "bdf": ("batterydf",),
    "biologic_mpr": ("galvani",),
    "biologic_mpt": ("galvani (mpt)", "PyProBE", "batterydf"),
    "digatron": ("batterydf",),
    "gamry_dta": ("gamry-parser",),
    "landt_csv": ("batterydf",),
    "maccor_text": ("battery-data-toolkit", "PyProBE"),
    "neware_csv": ("PyProBE", "batterydf"),
    "neware_nda": ("NewareNDA",),
    "neware_ndax": ("NewareNDA",),
    "novonix": ("PyProBE", "batterydf"),
}


def cpu() -> float:
    """User and system seconds of this process and the children it waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def measured(method: str, path: Path, name: str) -> dict[str, float]:
    """Run one method in this process and measure it."""
    work = METHODS[method](path, name)
    # What getrusage calls the largest memory is inherited from the process that started this one.
    Path("/proc/self/clear_refs").write_text("5")
    before = memory("VmRSS")
    began, wall = cpu(), time.perf_counter()
    rows = work()
    spent, passed = cpu() - began, time.perf_counter() - wall
    return {"cpu": spent, "wall": passed, "grown": memory("VmHWM") - before, "rows": rows}


def memory(name: str) -> float:
    """Resident memory (MB) of this process now (``VmRSS``) or at its peak (``VmHWM``), as Linux tells it."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{name}:"))


def in_fresh_process(method: str, path: Path, name: str, python: str) -> dict[str, float] | str:
    """Measure in a process of its own; a text says why it could not be done."""
    command = [python, __file__, "--only", method, name, str(path)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=LONGEST)
    except subprocess.TimeoutExpired:
        return f"longer than {LONGEST:g} s"
    if done.returncode:
        return (done.stderr.strip().splitlines() or ["no message"])[-1][:90].replace("|", "/")
    answer: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return answer


def line(name: str, path: Path, repeats: int, peers: str | None) -> str:
    """Ours and the peers in turns; the row of the table."""
    pythons = {"ours": sys.executable} | dict.fromkeys(PEERS.get(name, ()) if peers else (), peers or "")
    runs: dict[str, list[dict[str, float]]] = {method: [] for method in pythons}
    failed: dict[str, str] = {}
    for _ in range(repeats):
        for method, python in pythons.items():
            if method in failed:
                continue
            found = in_fresh_process(method, path, name, python)
            if isinstance(found, str):
                failed[method] = found
            else:
                runs[method].append(found)
    if "ours" in failed:
        return f"| {name} | not read: {failed['ours']} | | | | |"
    mine = _figures(runs["ours"])
    best = min((method for method in runs if method != "ours" and runs[method]), key=lambda one: _figures(runs[one])[0],
               default=None)  # fmt: skip
    told = [f"{method}: {reason}" for method, reason in failed.items()]
    if best is None:
        peer, ratio = "none reads it" + (f" ({'; '.join(told)})" if told else ""), "-"
    else:
        theirs = _figures(runs[best])
        rows = "" if theirs[4] == mine[4] else f", {theirs[4]:,.0f} rows"
        peer = f"{best}: {theirs[0]:.2f} ({theirs[1]:.2f}-{theirs[2]:.2f}), {theirs[3]:.0f} MB{rows}"
        peer += f"; {'; '.join(told)}" if told else ""
        ratio = f"{theirs[0] / mine[0]:.1f}" if mine[0] else "-"
    size = path.stat().st_size / 1e6
    return f"| {name} | {mine[4]:,.0f} ({size:.1f} MB) | {mine[0]:.2f} ({mine[1]:.2f}-{mine[2]:.2f}) | {mine[3]:.0f} | {peer} | {ratio} |"


def _figures(runs: list[dict[str, float]]) -> tuple[float, float, float, float, float]:
    """CPU s per million rows (median, least, most), growth of memory (MB, most), rows."""
    rows = runs[0]["rows"]
    seconds = sorted(run["cpu"] / max(rows, 1) * 1e6 for run in runs)
    return statistics.median(seconds), seconds[0], seconds[-1], max(run["grown"] for run in runs), rows


def main() -> None:
    """Print the table, or measure one method (called by itself)."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--formats", nargs="*")
    parser.add_argument("--peers", metavar="PYTHON")
    parser.add_argument("--folder", type=Path, help="where the files are made; a temporary folder by default")
    parser.add_argument("--only", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.only:
        method, name, path = given.only
        print(json.dumps(measured(method, Path(path), name)))
        return
    from interlith.workbench.discovery import formats

    names = given.formats or [name for name, item in sorted(formats().items()) if not item.refuses]
    print(
        "| format | rows (file) | CPU s a million rows: median (least-most) | memory MB | best peer | peer / ours |\n|---|---|---|---|---|---|"
    )
    for name in names:
        with tempfile.TemporaryDirectory(dir=given.folder) as folder:
            path = make(name, given.rows, Path(folder))
            if path is not None:
                print(line(name, path, given.repeats, given.peers), flush=True)


if __name__ == "__main__":
    main()
