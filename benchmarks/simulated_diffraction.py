"""From simulated raw patterns to swings, onsets and expansion (B6, D1): how often is the truth held?

End to end, raw files -> ``interlith run``: (B6) bare and coated cells along the first charge, sixty patterns each, three cells a variant, as NeXus stacks;
positions of (003) and (101) against the truth, swing of d(003), its contrast with interval. (D1) a mixture and its electrolyte alone on heating to
850 degC, as .xrdml; volume split into expansion and what is left for lithium, first appearance of the perovskite and of LiTiO2 (truth 750 degC).
Coverage: the same verbs on the parts of the patterns that hold the lines in question, with new noise in every repeat (files are
written and read): ``--repeats`` of heating, a tenth of it of the swings. All data are simulated.

Run: python benchmarks/simulated_diffraction.py [--seeds 3] [--repeats 1000] [--first 21] [--part swing heating ...]
"""

from __future__ import annotations

import argparse
import os
import re
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl

import interlith as il
from interlith.evidence.onsets.onset import onset
from interlith.model import Result, Series
from interlith.simulate.powder_heating import simulate_heating
from interlith.simulate.powder_heating_recipes import SPLIT
from interlith.simulate.powder_operando import simulate_operando
from interlith.simulate.powder_recipes import SWING
from interlith.simulate.powder_truth import PowderTruth
from interlith.techniques.diffraction.expansion import expansion
from interlith.techniques.diffraction.new_peaks import new_peaks
from shares import shown
from timed_run import ran

#: Other lines of the oxide that cross (101): while they are nearer than this (deg) a position of it is told apart.
CROSSING, NEAR = ((0, 0, 6), (1, 0, 2)), 0.15
#: Where the first line of LiTiO2 lies at 850 degC (deg), and within what it is looked for.
LITIO2, WITHIN = 24.05, 0.35


@dataclass
class Pulls:
    """Errors over stated standard uncertainties, and whether 95 % intervals held."""

    pulls: list[float] = field(default_factory=list)
    held: list[bool] = field(default_factory=list)

    def add(self, value: float, std: float, truth: float) -> None:
        pull = (value - truth) / std if std > 0 else float("nan")
        self.pulls.append(pull)
        self.held.append(abs(pull) <= 1.96)

    def row(self, name: str) -> str:
        found = np.array(self.pulls)
        return f"| {name} | {found.size} | {np.mean(found):+.2f} | {np.std(found):.2f} | {np.median(np.abs(found)) / 0.6745:.2f} | {shown(sum(self.held), len(self.held))} |"


HEAD = (
    "| what | numbers | mean pull | spread | robust spread | 95 % intervals that hold |\n|---|---:|---:|---:|---:|---|"
)


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--seeds", type=int, default=3)
    words.add_argument("--repeats", type=int, default=1000)
    words.add_argument("--first", type=int, default=21)
    parts = {
        "swing": swings,
        "heating": heatings,
        "swing-coverage": swing_coverage,
        "split-coverage": split_coverage,
        "onset-coverage": onset_coverage,
    }
    words.add_argument("--part", nargs="*", choices=list(parts), default=list(parts))
    asked = words.parse_args()
    for name in asked.part:
        begun = time.process_time() + os.times().children_user
        parts[name](asked)
        print(f"\n{name}: {time.process_time() + os.times().children_user - begun:.0f} CPU s\n", flush=True)


# B6 ------------------------------------------------------------------------------------------------------------------


def swings(asked: argparse.Namespace) -> None:
    """End to end: tracks, swings, contrast."""
    names = (
        "(003) position",
        "(003) change since the first pattern",
        "(101) position, no other line near",
        "(101) position, other lines near",
        "swing of d(003)",
    )
    pulls = {name: Pulls() for name in names}
    print(
        "\n| seed | run, wall (s) | CPU (s) | swing, coated against bare (%) | truth | patterns that had mishaps | of them left out | good ones left out |"
    )
    print("|---|---:|---:|---|---:|---:|---:|---:|")
    for seed in range(asked.first, asked.first + asked.seeds):
        with tempfile.TemporaryDirectory() as made:
            folder = Path(made)
            truth = operando(folder, seed, patterns=60)
            took = ran(folder)
            outcome = il.run(folder, store=folder / "store", execute="inline")
            tracked = next(one for one in outcome.results if one.name == "tracks")
            for sample in truth.values:
                followed(tracked, truth, sample, pulls)
            (found,) = il.compare(outcome.results, "peak_003_d_swing", study=outcome.study)
            bad = truth.patterns.filter(pl.col("corrupt") != "").height
            left, wrong = left_out(tracked, truth)
            print(
                f"| {seed} | {took.wall:.1f} | {took.cpu:.1f} | {found.estimate:+.1f} ({found.low:+.1f} to {found.high:+.1f}) | {typical(truth):+.1f} | {bad} | {left} | {wrong} |",
                flush=True,
            )
    print(f"\n{HEAD}")
    for name, one in pulls.items():
        print(one.row(name))


def operando(
    folder: Path, seed: int, *, patterns: int, limits: tuple[float, float] = (8.0, 34.0), corrupt: float = 0.05
) -> PowderTruth:
    return simulate_operando(
        folder, recipes=SWING, patterns=patterns, cells=3, spread=0.05, corrupt=corrupt, voltage_in_files=True, whole_cycle=False, limits=limits,
        seed=seed,
    )  # fmt: skip


def followed(tracked: Result, truth: PowderTruth, sample: str, pulls: dict[str, Pulls]) -> None:
    """Pulls of the numbers of one cell."""
    known, table = truth.of(sample), tracked.table.filter(pl.col("sample") == sample)
    order = members(tracked, truth, sample)
    for word in ("003", "101"):
        rows = table.filter((pl.col("quantity") == f"peak_{word}_position") & pl.col("value").is_not_null())
        first: tuple[float, float, float] | None = None
        for row in rows.rows(named=True):
            place = order[int(re.findall(r"\d+", row["fit"])[0])]
            true = known[f"peak_{word}_position"][place]
            if word == "101":
                near = min(abs(true - other(known, place, hkl)) for hkl in CROSSING) < NEAR
                pulls["(101) position, other lines near" if near else "(101) position, no other line near"].add(
                    row["value"], row["std"], true
                )
                continue
            pulls["(003) position"].add(row["value"], row["std"], true)
            if first is None:
                first = (row["value"], row["std"], true)
            else:
                pulls["(003) change since the first pattern"].add(
                    row["value"] - first[0], float(np.hypot(row["std"], first[1])), true - first[2]
                )
    swing = table.filter(pl.col("quantity") == "peak_003_d_swing")
    pulls["swing of d(003)"].add(swing.item(0, "value"), swing.item(0, "std"), truth.values[sample]["peak_003_d_swing"])


def members(tracked: Result, truth: PowderTruth, sample: str) -> list[int]:
    """Frame of every member of the tracks, in order."""
    return list(
        tracked.data["patterns"].filter(pl.col("sample") == sample).sort("pattern").get_column("frame").to_list()
    )


def left_out(tracked: Result, truth: PowderTruth) -> tuple[int, int]:
    """Patterns that the tracks leave out: with a mishap, and good ones."""
    hit = wrong = 0
    for sample in truth.values:
        kept = set(members(tracked, truth, sample))
        for frame, kind in truth.of(sample).select("frame", "corrupt").iter_rows():
            hit += bool(kind) and frame not in kept
            wrong += not kind and frame not in kept
    return hit, wrong


def other(known: pl.DataFrame, place: int, hkl: tuple[int, int, int]) -> float:
    """Two theta (deg) of another line of the oxide."""
    a, c = known["layered_cell_a"][place], known["layered_cell_c"][place]
    inverse = 4 / 3 * (hkl[0] ** 2 + hkl[0] * hkl[1] + hkl[1] ** 2) / a**2 + hkl[2] ** 2 / c**2
    return float(np.degrees(2 * np.arcsin(0.7748 * np.sqrt(inverse) / 2)))


def typical(truth: PowderTruth) -> float:
    """Change (%) of the swing from a typical bare to a typical coated cell: without the spread from cell to cell."""
    means = {}
    for variant in ("bare", "coated"):
        own = [values for name, values in truth.values.items() if name.startswith(variant)]
        means[variant] = float(np.mean([values["peak_003_d_swing"] / values["change_factor"] for values in own]))
    return 100 * (means["coated"] / means["bare"] - 1)


def swing_coverage(asked: argparse.Namespace) -> None:
    """Swing and contrast on the part of the patterns that holds (003)."""
    single, held, estimates = Pulls(), [], []
    repeats = max(1, asked.repeats // 10)
    for seed in range(repeats):
        with tempfile.TemporaryDirectory() as made:
            truth = operando(Path(made), 10_000 + seed, patterns=60, limits=(8.6, 10.2), corrupt=0.0)
            study = il.open_study(made)
            found = []
            for sample in truth.values:
                own = Series(
                    tuple(
                        one
                        for one in study.measurements
                        if one.technique == "diffraction" and one.sample.name == sample
                    )
                )
                found.append(il.diffraction.tracks(own, tracks={"003": 9.36}, against="voltage"))
                swing = found[-1].observables("peak_003_d_swing")
                if swing:
                    single.add(swing[0].value, swing[0].std, truth.values[sample]["peak_003_d_swing"])
            (contrast,) = il.compare(found, "peak_003_d_swing", to="bare", study=study)
            estimates.append(contrast.estimate - typical(truth))
            held.append(contrast.low <= typical(truth) <= contrast.high)
    print(f"\n{HEAD}\n{single.row('swing of d(003), single cell')}")
    print(
        f"\ncontrast of the swing, 3 and 3 cells: {shown(sum(held), len(held))} of {repeats} intervals hold; error {np.mean(estimates):+.2f} +- {np.std(estimates):.2f} percentage points"
    )


# D1 ------------------------------------------------------------------------------------------------------------------


def heatings(asked: argparse.Namespace) -> None:
    """End to end: split of the volume, onsets."""
    print(
        "\n| seed | run, wall (s) | CPU (s) | volume at 700 degC: expansion (%) | truth | composition (%) | truth | perovskite from (degC) | LiTiO2 from (degC) |"
    )
    print("|---|---:|---:|---|---:|---|---:|---|---|")
    for seed in range(asked.first, asked.first + asked.seeds):
        with tempfile.TemporaryDirectory() as made:
            folder = Path(made)
            truth = simulate_heating(folder, recipes=SPLIT, seed=seed)
            took = ran(folder)
            outcome = il.run(folder, store=folder / "store", execute="inline")
            (split,) = (one for one in outcome.results if one.name == "expansion")
            cells = [volumes(split, word, 700.0) or (np.nan, np.nan) for word in ("expansion", "composition")]
            trues = [
                100 * truth.at("mixture_Ar_01", f"LLTO_cell_volume_{word}", 700.0)
                for word in ("expansion", "composition")
            ]
            rows = (
                next(one for one in outcome.results if one.name == "new_peaks")
                .data["appearances"]
                .filter(pl.col("sample") == "mixture_Ar_01")
            )
            bends = [
                one for one in outcome.findings if one.quantity == "onset_of_peak_new_area" and one.estimate is not None
            ]
            onsets = [(bends[0].low, bends[0].high) if bends else None, appeared(rows, LITIO2)]
            words = [f"{value:.3f} +- {std:.3f} | {true:.3f}" for (value, std), true in zip(cells, trues, strict=True)]
            print(
                f"| {seed} | {took.wall:.1f} | {took.cpu:.1f} | {' | '.join(words)} | {' | '.join(told(one) for one in onsets)} |",
                flush=True,
            )
    print("\ntruth of the onsets: 750 degC")


def volumes(split: Result, word: str, temperature: float) -> tuple[float, float] | None:
    """Relative change of the volume (%) and its uncertainty, from that of the cubic edge; `None` where the line was not seen."""
    own = split.observables(f"cell_a_{word}")
    one = next((item for item in own if item.state is not None and abs(item.state.value - temperature) < 1), None)
    if one is None:
        return None
    edge = 1 + float(one.value or 0.0)
    return 100 * (edge**3 - 1), 100 * 3 * edge**2 * one.std


def appeared(rows: pl.DataFrame, place: float) -> tuple[float, float] | None:
    """Interval (degC) in which a line first appears near an angle; from the start has no lower end, nothing there is `None`."""
    near = rows.filter(pl.col("present") & ((pl.col("position") - place).abs() < WITHIN))
    late = near.filter(~pl.col("from_start"))
    if late.height == 0:
        return None if near.height == 0 else (float("-inf"), float(near.item(0, "high") or np.inf))
    best = late.sort("significance", descending=True).row(0, named=True)
    return (float("-inf") if best["low"] is None else best["low"]), best["high"]


def told(interval: tuple[float, float] | None) -> str:
    return "not seen" if interval is None else f"{interval[0]:.0f} to {interval[1]:.0f}"


def heated(truth: PowderTruth, folder: Path, sample: str) -> Series:
    study = il.open_study(folder)
    return Series(tuple(one for one in study.measurements if one.sample.name == sample))


def split_coverage(asked: argparse.Namespace) -> None:
    """Split of the edge at three temperatures, on the part of the patterns around one line of the electrolyte."""
    states = [25.0, *map(float, range(100, 701, 50))]
    found = {(word, state): Pulls() for word in ("expansion", "composition") for state in (300.0, 500.0, 700.0)}
    unseen = 0
    for truth, folder in repeated(asked.repeats, states, (30.8, 34.0)):
        cells = {
            one: il.diffraction.tracks(
                heated(truth, folder, one), tracks={"110": 32.45}, cell="cubic", against="temperature"
            )
            for one in truth.values
        }
        split = expansion(cells["mixture_Ar_01"], cells["LLTO_Ar_01"], quantity="cell_a")
        for (word, state), pulls in found.items():
            number = volumes(split, word, state)
            if number is None:
                unseen += 1
                continue
            pulls.add(*number, 100 * truth.at("mixture_Ar_01", f"LLTO_cell_volume_{word}", state))
    print(f"\n{unseen} numbers not told, since the line was not seen\n\n{HEAD}")
    for (word, state), pulls in found.items():
        print(pulls.row(f"volume, {word}, {state:.0f} degC"))


def onset_coverage(asked: argparse.Namespace) -> None:
    """Onset of two new phases, on the part of the patterns that holds their lines: one grows on a weak line, the other from nothing."""
    states = [25.0, *map(float, range(500, 851, 25))]
    names = ("perovskite (100), bend of the area", "LiTiO2 (101), first appearance")
    found: dict[str, list[tuple[float, float] | None]] = {name: [] for name in names}
    for truth, folder in repeated(asked.repeats, states, (20.0, 26.6), one=True):
        tracked = il.diffraction.tracks(
            heated(truth, folder, "mixture_Ar_01"), tracks={"new": 22.8}, against="temperature"
        )
        found[names[0]].append(bend(tracked))
        rows = new_peaks(tracked).data["appearances"]
        found[names[1]].append(appeared(rows, LITIO2) if rows.height else None)
    print(
        "\n| onset | intervals that hold 750 degC | median width (K) | without lower end | not seen |\n|---|---|---:|---:|---:|"
    )
    for name, made in found.items():
        seen = [one for one in made if one is not None]
        sizes = np.array([high - low for low, high in seen])
        print(
            f"| {name} | {shown(sum(low <= 750.0 <= high for low, high in seen), len(seen))} | {np.median(sizes) if seen else np.nan:.0f} | "
            f"{np.count_nonzero(~np.isfinite(sizes))} | {len(made) - len(seen)} |"
        )


def bend(tracked: Result) -> tuple[float, float] | None:
    """Interval (degC) in which the area of the line at 22.7 deg begins to rise."""
    if not tracked.observables("peak_new_area"):
        return None
    made = onset(tracked, "peak_new_area", against="temperature", form="kink", direction="rise", simulated=True)
    known = [one for one in made.findings if one.estimate is not None and one.low is not None and one.high is not None]
    return (known[0].low, known[0].high) if known else None


def repeated(
    repeats: int, states: Sequence[float], limits: tuple[float, float], *, one: bool = False
) -> Iterator[tuple[PowderTruth, Path]]:
    """The heating study with new noise, on a part of its patterns."""
    for seed in range(repeats):
        with tempfile.TemporaryDirectory() as made:
            recipes = SPLIT[:1] if one else SPLIT
            yield (
                simulate_heating(made, recipes=recipes, temperatures=states, limits=limits, seed=20_000 + seed),
                Path(made),
            )


if __name__ == "__main__":
    main()
