"""From raw impedance files of bare and coated cells to resistances, onsets and bounds: how often is the truth held?

Part 1 (B5): bare and coated solid-state cells along the first charge, forty voltages each, 1 MHz to 1 mHz, 1 % noise, written as
BioLogic text, run by `interlith run` in a process of its own; charge transfer and diffusion resistance of every spectrum against
the truth; the onset of the bare cell at 4.4 V and none of the coated one. The control ends at 0.1 Hz: its diffusion resistance must
be a bound. Part 2 (D4): interfaces over the temperature of co-sintering as ZPlot files: onsets at 600 degC (closed) and 400 degC
(open), the powder as a mixture of the two. All data are simulated.

Run: python benchmarks/in_situ.py [--seeds 5] [--first 11]
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl

import interlith as il
from interlith.model import Finding
from interlith.simulate.spectra import SpectraTruth, simulate_in_situ, simulate_sintering
from interlith.simulate.spectra_recipes import IN_SITU, OPEN_SHARE
from shares import shown
from timed_run import ran

PROCESSES = ("charge_transfer_resistance", "diffusion_resistance")


def main() -> None:
    words = argparse.ArgumentParser()
    words.add_argument("--seeds", type=int, default=5)
    words.add_argument("--first", type=int, default=11)
    asked = words.parse_args()
    seeds = range(asked.first, asked.first + asked.seeds)
    in_situ(seeds)
    control(asked.first)
    sintering(seeds)


def in_situ(seeds: range) -> None:
    """B5: coverage of two sigma, onsets, and how long a run takes from raw files."""
    hits: dict[tuple[str, str], list[bool]] = {}
    pulls: dict[str, list[float]] = {}
    print("\n| seed | run (s) | CPU (s) | onset R_ct bare (V) | onset R_d bare (V) | coated |")
    print("|---|---|---|---|---|---|")
    for seed in seeds:
        with tempfile.TemporaryDirectory() as folder:
            truth = simulate_in_situ(folder, seed=seed)
            took = ran(Path(folder))
            table = pl.read_parquet(Path(folder) / "results" / "observables.parquet")
            for name in truth.values:
                for quantity in PROCESSES:
                    found = against_truth(table, truth, name, quantity)
                    hits.setdefault((name, quantity), []).extend(abs(pull) <= 2 for pull in found)
                    pulls.setdefault(quantity, []).extend(found)
            print(
                f"| {seed} | {took.wall:.1f} | {took.cpu:.1f} | " + " | ".join(onsets(Path(folder))) + " |", flush=True
            )
    print("\n| specimen | quantity | within 2 sigma |")
    print("|---|---|---|")
    for (name, quantity), held in hits.items():
        print(f"| {name} | {quantity} | {shown(sum(held), len(held))} |")
    for quantity, found in pulls.items():
        print(f"pulls of {quantity}: mean {np.mean(found):+.3f}, std {np.std(found):.3f} ({len(found)})")


def control(seed: int) -> None:
    """The same cells measured to 0.1 Hz only."""
    with tempfile.TemporaryDirectory() as folder:
        simulate_in_situ(folder, seed=seed, lowest=0.1, recipes=[replace(one, lowest=0.1) for one in IN_SITU])
        ran(Path(folder))
        table = pl.read_parquet(Path(folder) / "results" / "observables.parquet")
        rows = table.filter(pl.col("quantity") == "diffusion_resistance")
        print(
            f"\ncontrol to 0.1 Hz: {rows.height} diffusion resistances, {rows['value'].null_count()} without a value, of which "
            f"{rows.filter(pl.col('value').is_null() & pl.col('low').is_finite()).height} with a lower bound; "
            f"flag: {rows['flag'].drop_nulls().unique().to_list()[:2]}"
        )


def sintering(seeds: range) -> None:
    """D4: onsets and the mixture."""
    print("\n| seed | closed (degC) | open (degC) | weight of open in the powder |")
    print("|---|---|---|---|")
    for seed in seeds:
        with tempfile.TemporaryDirectory() as folder:
            simulate_sintering(folder, seed=seed)
            found = il.run(folder, store=Path(folder) / "store").findings
            row = [told(found, "onset_of_interface_resistance", f" of {name} ") for name in ("closed", "open")]
            print(f"| {seed} | {' | '.join(row)} | {told(found, 'weight_of_open', '')} |", flush=True)
    print(f"truth: 600; 400 and 550 (levels off); {OPEN_SHARE}")


def told(findings: Sequence[Finding], quantity: str, words: str) -> str:
    """Estimates with intervals of the findings about a quantity whose sentence holds some words."""
    mine = [
        one for one in findings
        if one.quantity.endswith(quantity) and words in one.statement and one.estimate is not None
    ]  # fmt: skip
    return (
        "; ".join(f"{one.estimate:.5g} ({one.low:.5g} to {one.high:.5g})" for one in mine if one.kind != "no_onset")
        or "none"
    )


def against_truth(table: pl.DataFrame, truth: SpectraTruth, sample: str, quantity: str) -> list[float]:
    """Pulls of one quantity of one specimen; a spectrum without a number counts as far off."""
    rows = table.filter((pl.col("sample") == sample) & (pl.col("quantity") == quantity))
    pulls = []
    for state in truth.states[sample]:
        near = rows.filter((pl.col("state_value") - state).abs() < 0.005)
        if near.height != 1 or near.item(0, "value") is None:
            pulls.append(np.inf)
            continue
        pulls.append((near.item(0, "value") - truth.at(sample, quantity, state)) / near.item(0, "std"))
    return pulls


def onsets(folder: Path) -> list[str]:
    """What the statements of the study say, read again from the store of the run."""
    findings = il.run(folder, store=folder / "store").findings
    bare = [told(findings, f"onset_of_{quantity}", " of bare ") for quantity in PROCESSES]
    coated = {told(findings, f"onset_of_{quantity}", " of coated ") for quantity in PROCESSES}
    return [*bare, "; ".join(sorted(coated))]


if __name__ == "__main__":
    main()
