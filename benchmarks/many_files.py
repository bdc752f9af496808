"""How long do `init`, `check`, `run` and a warm `run` take over thousands of small files, in how much memory, and how do they grow?

    python benchmarks/many_files.py write FOLDER --files 10000 [--seed 1]
    python benchmarks/many_files.py measure FOLDER [--steps init check run warm] [--timeout 3600]
    python benchmarks/many_files.py grow FOLDER --files 1000 2000 4000 8000 [--steps init]

`write` makes a simulated study: two variants in batches of fifty cells each, three cycles of some 80 rows a cell, in turn as
Neware text (with the date, and with masses), LANDT text and Battery Data Format text. Some dozens of cells are simulated
by the forward model; every file then takes the rows of one of them with noise of its own in the last printed digit of the
voltage, so that no two files have the same bytes. `measure` runs the command line in fresh processes with an empty store.
CPU is user and system of the process and all its children; memory is the largest sum over the process tree, sampled every
50 ms. Prints rows for `docs/benchmarks.md`.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import psutil

from interlith.formats import bdf, landt_csv, neware_csv
from interlith.physics.cell import Ageing
from interlith.physics.fluctuation import Fluctuation
from interlith.simulate.cells import run_cell
from interlith.simulate.design import Errors, StudyDesign
from interlith.simulate.instrument import record
from interlith.simulate.recipes import Recipe, Spread

BARE = Recipe("bare", ageing=Ageing(3e-3, 8e-3, side_share=6e-3, first_side_share=0.15))
COATED = Recipe("C0.5La", parent="bare", specific_capacity=134.0, ageing=Ageing(1.5e-3, 4e-3, side_share=3e-3))
#: Cells of a variant in a batch, and simulated cells of a variant that the files are made from.
BATCH, TEMPLATES = 50, 8
START = {"start": "2026-03-02T08:00:00"}
COMMANDS = {"init": "init", "check": "check", "run": "run", "warm": "run"}
#: Seconds between two looks at the memory.
LOOK = 0.05


@dataclass(frozen=True)
class Template:
    """A rendered file as pieces around the voltages: pieces[0], voltage, pieces[1], voltage ... in units of the last digit."""

    pieces: tuple[str, ...]
    voltages: np.ndarray
    decimals: int

    def text(self, random: np.random.Generator) -> str:
        """The file with noise of one digit in every voltage."""
        noisy = self.voltages + random.integers(-1, 2, size=self.voltages.size)
        places, whole = self.decimals, 10**self.decimals
        fields = [f"{value // whole}.{value % whole:0{places}d}" for value in noisy.tolist()]
        return self.pieces[0] + "".join(f"{field}{piece}" for field, piece in zip(fields, self.pieces[1:], strict=True))


def templates(recipe: Recipe, folder: Path) -> list[Template]:
    """Simulated cells of a recipe, each in four formats."""
    words = {"rows": 20, "formation_cycles": 1, "hold_cut_off": None, "rest": 120.0, "first_rest": 600.0}
    design = StudyDesign(
        (recipe,), TEMPLATES, 3, 3, 1, Spread(), None, Fluctuation(), Errors(), words, 1, None, None, None, 4.4e-6
    )
    found = []
    for number in range(TEMPLATES):
        plan = design.plan(number)
        test, _ = run_cell(design, plan)
        frame = _thinned(record(test, plan.instrument, plan.random)[0])
        path = folder / "template.csv"
        mass = {"active_mass": f"{plan.declared_mass * 1e6:.2f} mg"}
        for write, extra, name in (
            (neware_csv.write, START, "Voltage(V)"),
            (neware_csv.write, START | mass, "Voltage(V)"),
            (landt_csv.write, START, "Voltage/V"),
            (bdf.write, {}, "voltage_volt"),
        ):
            write(frame, path, extra)
            found.append(_cut(path.read_text(encoding="utf-8"), name))
    return found


def _thinned(frame: pl.DataFrame) -> pl.DataFrame:
    """Every third record of a step, with its first and last."""
    step = pl.struct("vendor_cycle", "vendor_step").rle_id()
    place, count = pl.int_range(pl.len()).over(step), pl.len().over(step)
    return frame.filter((place % 3 == 0) | (place == count - 1))


def _cut(text: str, name: str) -> Template:
    header, *lines = text.split("\n")
    column = header.rstrip("\r").split(",").index(name)
    pieces, voltages, before, decimals = [], [], header + "\n", 0
    for line in lines:
        fields = line.split(",")
        if len(fields) <= column:
            before += line
            continue
        decimals = len(fields[column].partition(".")[2])
        voltages.append(round(float(fields[column]) * 10**decimals))
        pieces.append(before + "".join(f"{field}," for field in fields[:column]))
        before = "".join(f",{field}" for field in fields[column + 1 :]) + "\n"
    return Template((*pieces, before), np.array(voltages), decimals)


def write(folder: Path, files: int, seed: int) -> float:
    """Write the raw files of a study; returns milliseconds a file."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        made = {recipe.name: templates(recipe, Path(scratch)) for recipe in (BARE, COATED)}
    random = np.random.default_rng(seed)
    began = time.perf_counter()
    for number in range(files):
        batch, place = divmod(number, 2 * BATCH)
        variant = "bare" if place % 2 == 0 else "C0.5La"
        target = folder / f"batch{batch + 1:03d}"
        if place == 0:
            target.mkdir(exist_ok=True)
        pool = made[variant]
        text = pool[(number // 2) % len(pool)].text(random)
        (target / f"{variant}_{place // 2 + 1:02d}.csv").write_bytes(text.encode())
    return 1e3 * (time.perf_counter() - began) / max(files, 1)


@dataclass(frozen=True)
class Spent:
    """What a command cost."""

    code: int
    cpu: float
    wall: float
    memory: int


def spend(command: Sequence[str], environment: Mapping[str, str], timeout: float) -> Spent:
    """Run a command to its end and measure it with all its children."""
    before, began, peak = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter(), 0
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT, env=dict(environment))
        watched = psutil.Process(process.pid)
        while process.poll() is None:
            peak = max(peak, _resident(watched))
            if time.perf_counter() - began > timeout:
                process.kill()
            time.sleep(LOOK)
        code = process.wait()
        if code not in (0, 3):
            said.seek(0)
            sys.stderr.write(said.read().decode(errors="replace")[-2000:])
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return Spent(code, cpu, time.perf_counter() - began, peak)


def _resident(process: psutil.Process) -> int:
    total = 0
    try:
        for item in (process, *process.children(recursive=True)):
            total += item.memory_info().rss
    except psutil.Error:
        pass
    return total


def measure(folder: Path, steps: Sequence[str], timeout: float, store: Path) -> list[tuple[str, int, Spent]]:
    """The commands one after the other; `warm` is `run` with the store that the run before it left."""
    files = sum(1 for _ in folder.rglob("batch*/*.csv"))
    environment = os.environ | {"INTERLITH_STORE": str(store), "POLARS_VERBOSE": "0"}
    rows = []
    for step in steps:
        if step == "init":
            for name in ("measurements.csv", "study.yaml"):
                (folder / name).unlink(missing_ok=True)
        command = [sys.executable, "-m", "interlith", COMMANDS[step], str(folder)]
        rows.append((step, files, spend(command, environment, timeout)))
    return rows


def table(rows: Sequence[tuple[str, int, Spent]]) -> str:
    """Rows for the page of benchmarks."""
    lines = [
        "| command | files | CPU (s) | wall (s) | CPU a file (ms) | peak memory (MB) | exit |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {step} | {files:,} | {item.cpu:.1f} | {item.wall:.1f} | {1e3 * item.cpu / max(files, 1):.2f} | "
        f"{item.memory / 1e6:.0f} | {item.code} |"
        for step, files, item in rows
    ]
    return "\n".join(lines)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("write", "measure", "grow"):
        one = commands.add_parser(name)
        one.add_argument("folder", type=Path)
        if name == "write":
            one.add_argument("--files", type=int, default=10_000)
        if name == "grow":
            one.add_argument("--files", type=int, nargs="+", default=[1000, 2000, 4000, 8000])
        if name != "measure":
            one.add_argument("--seed", type=int, default=1)
        if name != "write":
            steps = ["init"] if name == "grow" else list(COMMANDS)
            one.add_argument("--steps", nargs="+", choices=list(COMMANDS), default=steps)
            one.add_argument("--timeout", type=float, default=3600.0)
    given = parser.parse_args()
    if given.command == "write":
        print(f"{given.files} files, {write(given.folder, given.files, given.seed):.2f} ms a file")
        return
    with tempfile.TemporaryDirectory(prefix="store") as store:
        if given.command == "measure":
            print(table(measure(given.folder, given.steps, given.timeout, Path(store))))
            return
        rows: list[tuple[str, int, Spent]] = []
        for files in given.files:
            folder = given.folder / f"files{files}"
            write(folder, files, given.seed)
            rows += measure(folder, given.steps, given.timeout, Path(store) / str(files))
            shutil.rmtree(folder)
        print(table(rows))


if __name__ == "__main__":
    main()
