"""Is a result ever lost or torn when runs are killed at random moments (issue "Must show", 2)?

    python benchmarks/kills.py [--kills 200] [--executors inline processes cluster] [--files 10] [--seed 1]

A simulated study of a few small files is run from the command line again and again; at a random moment the whole run is killed with SIGKILL, or,
where there are workers, in turn only one of them. After every kill each entry of the store is compared with its checksums
and the results folder is looked at; when a run comes to its end, its table is compared with that of an undisturbed run:
identifiers exactly, values and uncertainties to 1e-12 (relative). Then the store is emptied and the next round begins.
Exits with 1 if anything was torn or lost.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl
import psutil

from interlith.workbench.initialise import initialise
from interlith.workbench.store import Store, verify
from many_files import write

CLOSE = 1e-12


@dataclass
class Tally:
    """What happened with one executor."""

    executor: str
    kills: int = 0
    of_workers: int = 0
    finished: int = 0
    damaged: int = 0
    torn: int = 0
    unequal: list[str] = field(default_factory=list)
    orphans: int = 0
    seconds: float = 0.0


def main() -> int:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--kills", type=int, default=200, help="over all executors")
    words.add_argument("--executors", nargs="+", default=["inline", "processes", "cluster"])
    words.add_argument("--files", type=int, default=10, help="cells of the study")
    words.add_argument("--seed", type=int, default=1)
    given = words.parse_args()
    with tempfile.TemporaryDirectory() as place:
        study = Path(place) / "study"
        write(study, given.files, given.seed)
        initialise(study)
        truth, seconds = undisturbed(study, Path(place))
        print(f"undisturbed: {truth.height:,} numbers in {seconds:.1f} s (inline)")
        share = -(-given.kills // len(given.executors))
        tallies = [
            torment(study, Path(place), executor, share, truth, random.Random(given.seed + k), seconds)
            for k, executor in enumerate(given.executors)
        ]
    print(
        "| executor | kills | of these one worker only | runs that came to their end | damaged entries | torn results | unequal tables | orphans |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for one in tallies:
        print(
            f"| {one.executor} | {one.kills} | {one.of_workers} | {one.finished} | {one.damaged} | {one.torn} | "
            f"{len(one.unequal)} | {one.orphans} |"
        )
        for text in one.unequal:
            print(f"    {text}")
    return 1 if any(one.damaged or one.torn or one.unequal or one.orphans for one in tallies) else 0


def undisturbed(study: Path, place: Path) -> tuple[pl.DataFrame, float]:
    """Table of a run that nobody disturbs, and how long it takes (s)."""
    began = time.monotonic()
    code = start(study, place / "quiet-store", place / "quiet", "inline").wait()
    assert code in (0, 3), f"the undisturbed run ended with {code}"
    return pl.read_parquet(place / "quiet" / "observables.parquet"), time.monotonic() - began


def start(study: Path, store: Path, output: Path, executor: str) -> subprocess.Popen[bytes]:
    """`interlith run` in a process of its own."""
    command = [
        sys.executable,
        "-c",
        "from interlith.app.main import main; main()",
        "run",
        str(study),
        "-o",
        str(output),
    ]
    environment = {**os.environ, "INTERLITH_STORE": str(store)}
    return subprocess.Popen(
        [*command, "--executor", executor, "--workers", "2"], env=environment, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip


def torment(
    study: Path, place: Path, executor: str, kills: int, truth: pl.DataFrame, chance: random.Random, seconds: float
) -> Tally:
    """Kill runs with one executor until it was done often enough."""
    tally = Tally(executor)
    store, output = place / f"{executor}-store", place / f"{executor}-results"
    began = time.monotonic()
    while tally.kills < kills or not tally.finished:
        run = start(study, store, output, executor)
        family = [psutil.Process(run.pid)]
        while run.poll() is None and tally.kills < kills:
            if waited(run, chance.uniform(0.2, 1.3 * seconds)):
                break
            family = psutil.Process(run.pid).children(recursive=True)
            if family and chance.random() < 0.5:
                kill(chance.choice(family).pid)
                tally.of_workers += 1
                tally.kills += 1
            else:
                kill(run.pid)
                run.wait()
                tally.kills += 1
                tally.orphans += left_over(family)
        code = run.wait()
        tally.damaged += damaged(store)
        tally.torn += torn(output)
        if code in (0, 3):
            tally.finished += 1
            text = difference(pl.read_parquet(output / "observables.parquet"), truth)
            if text or code != 0:
                tally.unequal.append(text or f"exit code {code}")
            shutil.rmtree(store)
            shutil.rmtree(output)
    tally.seconds = time.monotonic() - began
    return tally


def waited(run: subprocess.Popen[bytes], seconds: float) -> bool:
    """Whether a run ends within a time."""
    try:
        run.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def left_over(family: list[psutil.Process]) -> int:
    """Processes that still live five seconds after their parent was killed."""
    _, alive = psutil.wait_procs(family, timeout=5)
    for one in alive:
        kill(one.pid)
    return len(alive)


def damaged(root: Path) -> int:
    """Entries that are not what was written."""
    if not root.exists():
        return 0
    with Store.open(root) as store:
        return len(verify(store).damaged)


def torn(output: Path) -> int:
    """Tables in the results that cannot be read: each is written whole or not at all."""
    wrong = 0
    for path in [output / "observables.parquet", output / "observables.csv"]:
        if path.exists():
            try:
                table = pl.read_parquet(path) if path.suffix == ".parquet" else pl.read_csv(path, infer_schema=False)
                wrong += table.height == 0
            except Exception:  # whatever polars says of half a file
                wrong += 1
    return wrong


def difference(found: pl.DataFrame, truth: pl.DataFrame) -> str:
    """What differs between two tables; empty where they are equal."""
    if found.get_column("id").to_list() != truth.get_column("id").to_list():
        return f"{found.height} against {truth.height} numbers, or other identifiers"
    for name in ("value", "std", "low", "high"):
        one, two = (table.get_column(name).to_numpy().astype(float) for table in (found, truth))
        if not np.allclose(one, two, rtol=CLOSE, atol=0, equal_nan=True):
            return f"{name} differs"
    return ""


if __name__ == "__main__":
    sys.exit(main())
