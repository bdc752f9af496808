"""Two thousand patterns of a cell beside its cycler: are the refined numbers right, how fast do they come, are births and clock found?

Simulated operando study: a layered oxide in its first cycle, a spinel and a rock salt that are born at drawn times, 5 % of the frames spoiled,
and a cycler whose wall clock is ten minutes ahead. The stack is opened, its frames get their states from the log by the bends of the patterns, and
all are refined in one chain, each size of the study in a process of its own. All data are simulated.

Run: python benchmarks/refined_operando.py [--patterns 2000] [--seeds 1] [--first 1] [--displacement-held]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from shares import shown

Array = NDArray[np.float64]

#: Rows of the table of pulls: kinds of numbers by the ends of their names.
KINDS = {
    "cells": ("_cell_a", "_cell_c"),
    "sizes": ("_crystallite_size",),
    "strains": ("_microstrain",),
    "shares, whole uncertainty": ("_weight_fraction",),
}
BORN = ("spinel", "rocksalt")
#: The width that ends at its bound when another one of its phase takes up all of it.
PARTNER = {"_crystallite_size": "_microstrain", "_microstrain": "_crystallite_size"}
#: A share this many standard uncertainties (counting alone) above 0 lies inside.
INSIDE = 3.0
#: True shares below this are next to nothing.
FAINT = 0.01


def main() -> None:
    """All sizes, one after the other; tables of the pulls over all of them."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--patterns", type=int, nargs="*", default=[2000])
    words.add_argument("--seeds", type=int, default=1)
    words.add_argument("--first", type=int, default=1)
    words.add_argument("--displacement-held", action="store_true", help="as the structures have it")
    words.add_argument("--keep", type=Path, help="folder for the studies and what was refined")
    words.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    asked = words.parse_args()
    if asked.inside is not None:
        inside(asked.inside, held=asked.displacement_held)
        return
    print(
        "| patterns | seed | CPU (s) | of it clocks (s) | of it refinement (s) | a pattern (ms) | peak memory (MB) | good | clock offset (s) | truth |\n|---:|---:|---:|---:|---:|---:|---:|---:|---|---:|"
    )
    found = Found()
    with tempfile.TemporaryDirectory() as made:
        for count in asked.patterns:
            for seed in range(asked.first, asked.first + asked.seeds):
                folder = (asked.keep or Path(made)) / f"{count}_{seed}"
                done = ran(folder, count, seed, held=asked.displacement_held)
                print(found.add(folder, count, seed, done), flush=True)
    print(found.tables())


def ran(folder: Path, count: int, seed: int, *, held: bool) -> dict[str, Any]:
    """Simulate a study here, refine it in a process of its own."""
    from interlith.simulate.powder_operando import simulate_operando

    simulate_operando(folder, patterns=count, seed=seed)
    command = [sys.executable, __file__, "--inside", str(folder), *(["--displacement-held"] if held else [])]
    text = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ).stdout
    return json.loads(text.splitlines()[-1])  # type: ignore[no-any-return]


def inside(folder: Path, *, held: bool) -> None:
    """Open, relate the clocks, refine; numbers as files, costs as one line."""
    import interlith as il

    truth = json.loads((folder / "truth.json").read_text())["values"]["bare_01"]
    begun = time.process_time()
    stack = il.open_study(folder)["diffraction"]
    joined = il.join_state(
        stack, folder / "cycler" / "bare_01.csv", events="patterns", exposure=f"{0.95 * truth['every']:.2f} s", near="10 min",
        tolerance="10 min", drift=0, quantities=["voltage"],
    )  # fmt: skip
    clocks = time.process_time() - begun
    pattern = il.diffraction.Pattern(
        [
            il.diffraction.Phase(
                "NCM111", name="layered", texture=(0, 0, 3), displacement="structure" if held else "auto"
            ),
            il.diffraction.Phase("LRM_S", name="spinel"),
            il.diffraction.Phase("NiO", name="rocksalt"),
        ],
        instrument=folder / "instrument.toml",
        start={"layered_cell_a": 2.85, "layered_cell_c": 14.25, "spinel_cell_a": 8.14, "rocksalt_cell_a": 4.16},
    )
    refined = il.diffraction.refine(joined.series, pattern, against="test_time")
    whole = time.process_time()
    rows = [
        {
            "pattern": int(str(one.fit).split()[-1]), "quantity": one.quantity, "value": one.value, "std": one.std, "low": one.low, "high": one.high,
            "fit": part(one.components),
        }
        for one in refined.observables()
    ]  # fmt: skip
    pl.DataFrame(rows, infer_schema_length=None).write_parquet(folder / "numbers.parquet")
    refined.data["refined"].write_parquet(folder / "refined.parquet")
    il.diffraction.new_phases(refined).data["appearances"].write_parquet(folder / "appearances.parquet")
    low, high = joined.clock.offset_interval()
    told = {
        "cpu": whole, "clocks": clocks, "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "offset": joined.clock.offset, "low": low, "high": high, "refined": whole - begun - clocks,
    }  # fmt: skip
    print(json.dumps(told))


def part(components: Mapping[str, float]) -> float:
    """Standard uncertainty by counting, and by misfit beyond it: what differs from pattern to pattern."""
    return float(np.sqrt(sum(size**2 for name, size in components.items() if "/fit/" in name or "/model/" in name)))


@dataclass(slots=True)
class Found:
    """What came of all studies."""

    pulls: dict[str, list[float]] = field(default_factory=dict)
    held: dict[str, list[bool]] = field(default_factory=dict)
    births: list[str] = field(default_factory=list)
    spoiled: dict[str, list[tuple[bool, float]]] = field(default_factory=dict)
    clocks: list[bool] = field(default_factory=list)

    def add(self, folder: Path, count: int, seed: int, done: Mapping[str, Any]) -> str:
        """One study; its row of costs."""
        about = json.loads((folder / "truth.json").read_text())
        truth = pl.DataFrame(about["patterns"], infer_schema_length=None).sort("pattern")
        numbers, refined = pl.read_parquet(folder / "numbers.parquet"), pl.read_parquet(folder / "refined.parquet")
        appearances = pl.read_parquet(folder / "appearances.parquet")
        self._pulls(numbers, truth)
        for name in BORN:
            self._birth(name, appearances, truth, about["values"]["bare_01"], f"{count} patterns, seed {seed}")
        self._spoiled(numbers, refined, truth)
        offset = about["values"]["bare_01"]["clock_offset"]
        self.clocks.append(done["low"] <= offset <= done["high"])
        return (
            f"| {count} | {seed} | {done['cpu']:.1f} | {done['clocks']:.1f} | {done['refined']:.1f} | {1000 * done['cpu'] / count:.0f} | "
            f"{done['memory']:.0f} | {refined['good'].sum()} | {done['offset']:.0f} ({done['low']:.0f} to {done['high']:.0f}) | {offset:.0f} |"
        )

    def _pulls(self, numbers: pl.DataFrame, truth: pl.DataFrame) -> None:
        fine = truth.filter(pl.col("corrupt") == "")
        ended = at_bounds(numbers)
        for quantity, patterns, rows in matched(numbers, fine):
            kind = next((kind for kind, ends in KINDS.items() if quantity.endswith(ends)), None)
            if kind is None:
                continue
            value, std, low, high, fit, true = rows
            there = np.isfinite(value) & np.isfinite(std) & (std > 0) & (true > 0)
            if kind.startswith("shares"):
                there &= value > INSIDE * fit
                self._count("shares, counting and misfit alone", (value - true)[there] / fit[there])
                self._bounds(quantity, rows)
            held = (low <= true) & (true <= high)
            partner = next(
                (quantity.removesuffix(end) + other for end, other in PARTNER.items() if quantity.endswith(end)), ""
            )
            alone = np.array([(number, partner) in ended for number in patterns.tolist()])
            if partner:
                some = there & alone & (value > 0)
                self._count("widths whose partner ended at its bound", (value - true)[some] / std[some], held[some])
                there &= ~alone & (value > 0)
            self._count(kind, (value - true)[there] / std[there], held[there])
            self._count(f"{quantity}", (value - true)[there] / std[there], held[there])

    def _bounds(self, quantity: str, rows: Sequence[Array]) -> None:
        _, _, low, high, _, true = rows
        none, faint = true == 0, (true > 0) & (true < FAINT)
        for words, held in (
            ("upper end above 0, lower end at 0", (low <= 0)[none]),
            (f"true share below {FAINT:g}: upper end holds", (high >= true)[faint]),
        ):
            if held.size:
                self.held.setdefault(f"{quantity}: {words}", []).extend(held.tolist())

    def _count(self, kind: str, pulls: Array, held: Array | None = None) -> None:
        self.pulls.setdefault(kind, []).extend(pulls.tolist())
        self.held.setdefault(kind, []).extend((np.abs(pulls) <= 1.96 if held is None else held).tolist())

    def _birth(
        self, name: str, appearances: pl.DataFrame, truth: pl.DataFrame, values: Mapping[str, float], where: str
    ) -> None:
        row = appearances.filter((pl.col("phase") == name) & (pl.col("end") == "onset")).row(0, named=True)
        hours = truth["test_time"].to_numpy() / 3600
        low, high = (
            float(np.interp(row[key], np.arange(hours.size), hours)) for key in ("first_pattern", "last_pattern")
        )
        born = values[f"{name}_birth"] / 3600
        self.births.append(
            f"| {where} | {name} | {born:.3f} | {low:.3f} to {high:.3f} | {'yes' if low <= born <= high else 'NO'} |"
        )

    def _spoiled(self, numbers: pl.DataFrame, refined: pl.DataFrame, truth: pl.DataFrame) -> None:
        good = dict(zip(refined["pattern"].to_list(), refined["good"].to_list(), strict=True))
        for number, kind in truth.select("pattern", "corrupt").iter_rows():
            own = numbers.filter((pl.col("pattern") == number) & (pl.col("quantity") == "layered_cell_c"))
            true = truth["layered_cell_c"][number]
            pull = (own.item(0, "value") - true) / own.item(0, "std") if kind and own.height else np.nan
            self.spoiled.setdefault(kind or "nothing", []).append((good[number], pull))

    def tables(self) -> str:
        """All but the costs."""
        lines = [
            "\n| numbers | count | mean pull | standard deviation | robust | 95 % intervals that hold |\n|---|---:|---:|---:|---:|---|"
        ]
        for kind in [
            *(one for one in self.pulls if " " in one or one in KINDS),
            *sorted(one for one in self.pulls if "_" in one),
        ]:
            pulls, held = np.array(self.pulls[kind]), self.held[kind]
            if pulls.size:
                lines.append(
                    f"| {kind} | {pulls.size} | {pulls.mean():+.3f} | {pulls.std():.3f} | {np.median(np.abs(pulls)) / 0.6745:.3f} | {shown(sum(held), len(held))} |"
                )
        lines.append("\n| interval of a share with an end at 0 | intervals that hold |\n|---|---|")
        lines += [
            f"| {kind} | {shown(sum(held), len(held))} |" for kind, held in sorted(self.held.items()) if ":" in kind
        ]
        lines.append("\n| study | phase | born (h) | first appearance, 95 % (h) | holds |\n|---|---|---:|---|---|")
        lines += self.births
        lines.append(
            "\n| what happened to a frame | frames | refused | used | of the used ones: mean and standard deviation of the pulls of c |\n|---|---:|---:|---:|---|"
        )
        for kind, made in sorted(self.spoiled.items()):
            pulls = np.array([pull for used, pull in made if used and np.isfinite(pull)])
            used = sum(one for one, _ in made)
            words = f"{pulls.mean():+.2f}, {pulls.std():.2f}" if pulls.size else "-"
            lines.append(f"| {kind} | {len(made)} | {len(made) - used} | {used} | {words} |")
        lines.append(f"\nclock: {sum(self.clocks)} of {len(self.clocks)} intervals hold")
        return "\n".join(lines)


def at_bounds(numbers: pl.DataFrame) -> set[tuple[int, str]]:
    """Pattern and quantity of sizes without an upper end and strains of nothing."""
    ended = pl.col("value").is_null() | (pl.col("value") == 0)
    return set(numbers.filter(ended).select("pattern", "quantity").iter_rows())


def matched(numbers: pl.DataFrame, truth: pl.DataFrame) -> list[tuple[str, NDArray[np.int64], tuple[Array, ...]]]:
    """Quantity, patterns that nothing happened to, and of each value, std, low, high, part by counting, and truth."""
    known = dict(zip(truth["pattern"].to_list(), range(truth.height), strict=True))
    found = []
    for (quantity,), rows in numbers.group_by("quantity", maintain_order=True):
        if quantity not in truth.columns:
            continue
        mine = rows.filter(pl.col("pattern").is_in(list(known)))
        patterns = mine["pattern"].to_numpy()
        places = [known[one] for one in patterns.tolist()]
        true = truth[quantity].cast(pl.Float64).to_numpy()[places]
        columns = [
            mine[name].cast(pl.Float64).fill_null(np.nan).to_numpy() for name in ("value", "std", "low", "high", "fit")
        ]
        found.append((str(quantity), patterns, (*columns, true)))
    return found


if __name__ == "__main__":
    main()
