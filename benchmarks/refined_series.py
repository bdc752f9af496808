"""Nine patterns of CuCr2O4 with a trace of CuO at 11-BM, 6.8 to 289 K, refined as a series: cost, residuals, agreement of the ways.

A process of its own reads, refines forward and stops: its CPU is that of the series from cold. Then forward, backward and each by
itself in one process: names that are refined, R_wp of every pattern, the largest difference of any cell between the ways in inflated
standard uncertainties, and the share of CuO. The same patterns go through rietx where the Python of its environment is named.

Run: python benchmarks/refined_series.py DATA/diffraction/seq_CuCr2O4_11bm [--peer PYTHON] [--patterns 2]
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

import interlith as il
from interlith.model import Result, Sample, Series
from interlith.techniques.diffraction.refinement.pattern import Pattern, Phase
from interlith.techniques.diffraction.refinement.refining import refine

LIMITS = (5.0, 26.0)
WAYS = ("forward", "backward", "fresh")


def main() -> None:
    words = argparse.ArgumentParser()
    words.add_argument("folder", type=Path)
    words.add_argument("--peer", default="")
    words.add_argument("--patterns", type=int, default=2, help="patterns that the peer refines")
    words.add_argument("--one-way", action="store_true", help="forward, and nothing else is told than CPU seconds")
    asked = words.parse_args()
    if asked.one_way:
        result, cpu = refined(asked.folder, "forward")
        print(
            json.dumps({"cpu": time.process_time(), "refining": cpu, "good": int(result.data["refined"]["good"].sum())})
        )
        return
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, __file__, str(asked.folder), "--one-way"], check=True, capture_output=True, text=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cold = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"Series from a cold process: {cold:.2f} CPU s, {json.loads(done.stdout)['good']} patterns good.\n")
    results = {way: refined(asked.folder, way) for way in WAYS}
    residuals({way: result for way, (result, _) in results.items()})
    count = len(results["forward"][0].data["refined"])
    for way, (_, cpu) in results.items():
        print(f"{way}: {cpu / count:.3f} CPU s a pattern")
    agreement({way: result for way, (result, _) in results.items()})
    if asked.peer:
        peer(asked.peer, asked.folder, asked.patterns)


def refined(folder: Path, way: str) -> tuple[Result, float]:
    """The series one way, and CPU seconds without reading."""
    specimen = Sample("CuCr2O4")
    series = Series(tuple(replace(il.read(file), sample=specimen) for file in sorted(folder.glob("*.fxye"))))
    spinel = Phase(folder / "CuCr2O4.cif", name="spinel", positions="all", u_iso="all")
    oxide = Phase(folder / "CuO.cif", name="CuO", refine=("cell", "size"))
    pattern = Pattern(
        [spinel, oxide], instrument=next(folder.glob("*.prm")), limits=LIMITS, background=10, refine=("zero", "gauss_w")
    )
    began = time.process_time()
    return refine(series, pattern, start=way, against="temperature"), time.process_time() - began


def residuals(results: dict[str, Result]) -> None:
    """A row a pattern."""
    forward = results["forward"].data["refined"]
    print("| temperature (degC) | names | R_wp forward | backward | fresh | R_exp | CuO (wt %) | evaluations |")
    print("|---|---|---|---|---|---|---|---|")
    shares = [one for one in results["forward"].observables() if one.quantity == "CuO_weight_fraction"]
    for number, row in enumerate(forward.rows(named=True)):
        other = " | ".join(
            f"{100 * results[way].data['refined'].row(number, named=True)['r_wp']:.2f}" for way in WAYS[1:]
        )
        share = shares[number] if number < len(shares) else None
        told = "" if share is None or share.value is None else f"{100 * share.value:.2f} ({100 * share.std:.2f})"
        print(
            f"| {row['state']:.1f} | {row['refined']} | {100 * row['r_wp']:.2f} | {other} | {100 * row['r_exp']:.2f} | {told} "
            f"| {row['evaluations']} |"
        )
    print()


def agreement(results: dict[str, Result]) -> None:
    """Largest difference of cells between the ways, in inflated standard uncertainties."""
    cells = {
        way: result.data["parameters"].filter(pl.col("refined") & pl.col("name").str.contains("_cell_"))
        for way, result in results.items()
    }
    for way in WAYS[1:]:
        both = cells["forward"].join(cells[way], on=["pattern", "name"], suffix="_other")
        off = ((both["value"] - both["value_other"]) / both["inflated"]).abs()
        worst = both.row(int(off.arg_max() or 0), named=True)
        print(
            f"forward against {way}: {len(both)} cells, largest difference {off.max():.3f} sigma ({worst['name']}, pattern {worst['pattern']})"
        )


def peer(python: str, folder: Path, patterns: int) -> None:
    """The same patterns by rietx."""
    case: dict[str, Any] = {"folder": str(folder.resolve()), "patterns": patterns, "limits": LIMITS}
    script = Path(__file__).with_name("rietx_series.py")
    done = subprocess.run([python, str(script)], input=json.dumps(case), capture_output=True, text=True)
    if done.returncode:
        print(f"\nrietx failed: {done.stderr.strip().splitlines()[-1][:300]}")
        return
    print("\n| rietx | R_wp | names | CPU (s) | status |\n|---|---|---|---|---|")
    for one in json.loads(done.stdout):
        if "error" in one:
            print(f"| {one['name']} | {one['error']} | | | |")
        else:
            print(f"| {one['name']} | {100 * one['r_wp']:.2f} | {one['names']} | {one['cpu']:.1f} | {one['status']} |")


if __name__ == "__main__":
    main()
