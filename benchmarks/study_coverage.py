"""How often do the intervals of whole simulated studies hold the truth, from the rows of a cycler to the contrast?

Every study is simulated by the forward model (cell-to-cell spread, batch effects, weighing errors, channel errors,
fluctuating capacity, printed digits), read as rows, summarised, and compared: nothing between the raw rows and the
interval is skipped. Part 1 keeps the rows in memory, part 2 writes vendor files and opens the folder as a user would.

- *one batch*: six cells a variant from one batch; the rows for n = 1, 2, 3 take its first cells.
- *three batches*: six cells a variant, two from each of three batches, `replication: {unit: cell, group: batch}`.
- *A/A*: three cells against three of the same variant; an interval without zero is a false positive.

The truth of a contrast is that of the variants' typical cells; for n = 1, where nothing but these specimens can be spoken
of, it is that of the two cells. The truth of a cell's numbers is its own.

Retention of the bare cells scatters about 2.2 times as much as that of the coated ones. A contrast with common degrees of
freedom then covers 0.937, 0.935 and 0.941 at n = 2, 3 and 6 (exact by Monte Carlo on normal numbers), not 0.95.

Run: python benchmarks/study_coverage.py [--studies 1000] [--files 30] [--cycles 24]
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
from scipy import stats

from interlith.evidence import compare
from interlith.model import Finding, Replication, Series
from interlith.physics.cell import Ageing
from interlith.physics.fluctuation import Fluctuation
from interlith.simulate.cells import typical_values
from interlith.simulate.design import Errors, StudyDesign
from interlith.simulate.recipes import Recipe, Spread
from interlith.simulate.series import simulate_series
from interlith.simulate.study import simulate_study
from interlith.simulate.truth import CellTruth
from interlith.techniques.cycling.fade import fade
from interlith.techniques.cycling.retention import retention
from interlith.techniques.cycling.summary import summarise

BARE = Recipe("bare", ageing=Ageing(3e-3, 8e-3, side_share=6e-3, first_side_share=0.15))
COATED = Recipe(
    "coated",
    parent="bare",
    specific_capacity=134.0,
    ageing=Ageing(1.5e-3, 4e-3, side_share=3e-3, first_side_share=0.13),
)
REFERENCE = 2
#: Quantity of a cell -> at which cycle (`None`: no cycle; 0: the last).
CELL_QUANTITIES: dict[str, int | None] = {
    "capacity_retention": 0,
    "capacity_decay": None,
    "discharge_capacity": REFERENCE,
    "initial_coulombic_efficiency": None,
    "discharge_mean_voltage": REFERENCE,
}
CONTRASTS = ("capacity_retention", "capacity_decay", "discharge_capacity")


@dataclass
class Tally:
    """Hits and trials by row of the report."""

    hits: dict[tuple[str, str], int] = field(default_factory=dict)
    trials: dict[tuple[str, str], int] = field(default_factory=dict)
    withheld: dict[tuple[str, str], int] = field(default_factory=dict)

    def add(self, row: str, quantity: str, held: bool | None) -> None:
        """Count one interval; `None`: no number was given."""
        key = (row, quantity)
        if held is None:
            self.withheld[key] = self.withheld.get(key, 0) + 1
            return
        self.trials[key] = self.trials.get(key, 0) + 1
        self.hits[key] = self.hits.get(key, 0) + held

    def lines(self) -> Iterator[str]:
        """The report as a Markdown table."""
        yield "| row | quantity | trials | share | Clopper-Pearson 95 % | withheld |"
        yield "|---|---|---|---|---|---|"
        for (row, quantity), trials in self.trials.items():
            hits = self.hits[row, quantity]
            low, high = stats.binomtest(hits, trials).proportion_ci(0.95, method="exact")
            none = self.withheld.get((row, quantity), 0)
            yield f"| {row} | {quantity} | {trials} | {hits / trials:.3f} | {low:.3f}-{high:.3f} | {none} |"


def design(seed: int, cycles: int, batches: int) -> StudyDesign:
    """Six cells a variant, three per cent of weighing error, one per cent between cells, one between batches."""
    return StudyDesign(
        variants=(BARE, COATED),
        cells_per_variant=6,
        cycles=cycles,
        seed=seed,
        batches=batches,
        cell_to_cell=Spread(),
        batch_to_batch=Spread(capacity=0.01, fade=0.08, resistance=0.05, side=0.05) if batches > 1 else None,
        fluctuation=Fluctuation(),
        errors=Errors(mass=0.03),
        words={"formation_cycles": REFERENCE - 1, "check_every": 15, "rows": 12, "rest": 300.0, "hold_cut_off": 0.02},
        reference_cycle=REFERENCE,
        restarted=4,
        missing_mass=None,
        landt=None,
        active_mass=4.4e-6,
    )


def analysed(series: Series) -> pl.DataFrame:
    """The observables that a study is judged by."""
    summary = summarise(series)
    words = {"reference_cycle": REFERENCE, "exclude_rate": "C/10"}
    return pl.concat(
        [
            summary.table,
            retention(summary, **words).table,  # type: ignore[arg-type]
            fade(summary, **words).table,  # type: ignore[arg-type]
        ]
    )


def at(quantity: str, cycles: int) -> int | None:
    """Cycle at which a quantity is judged."""
    cycle = CELL_QUANTITIES[quantity]
    return cycles if cycle == 0 else cycle


def judge_cells(table: pl.DataFrame, truths: Mapping[str, CellTruth], cycles: int, tally: Tally) -> None:
    """Intervals of single cells against the truth of the same cell."""
    for quantity in CELL_QUANTITIES:
        cycle = at(quantity, cycles)
        rows = table.filter(pl.col("quantity") == quantity)
        if cycle is not None:
            rows = rows.filter(pl.col("cycle") == cycle)
        found = {row["sample"]: row for row in rows.iter_rows(named=True)}
        for sample, truth in truths.items():
            row = found.get(sample)
            known = row is not None and row["value"] is not None
            value = truth.values[quantity, cycle]
            tally.add("one cell", quantity, row["low"] <= value <= row["high"] if known and row else None)


def contrast(table: pl.DataFrame, quantity: str, cycle: int | None, group: str | None) -> Finding:
    """Relative change of the coated variant against the bare one."""
    state = {} if cycle is None else {"cycle": float(cycle)}
    rules = Replication("cell", group)
    return compare(table, quantity, at=state, to="bare", replication=rules, number_of_secondary=1)[0]


def holds(finding: Finding, truth: float) -> bool | None:
    """Whether the interval holds the truth; `None` where no interval was given."""
    if finding.low is None or finding.high is None or finding.estimate is None:
        return None
    return finding.low <= truth <= finding.high


def judge_study(
    seed: int, cycles: int, typical: Mapping[str, Mapping[tuple[str, int | None], float]], tally: Tally
) -> None:
    """One study from one batch and one from three, all rows of the report."""
    for batches in (1, 3):
        # Every design has its own stream, so that no two rows share a draw.
        series, truths = simulate_series(design(10 * seed + batches, cycles, batches))
        table = analysed(series)
        judge_cells(table, truths, cycles, tally)
        for quantity in CONTRASTS:
            cycle = at(quantity, cycles)
            population = change(typical["coated"][quantity, cycle], typical["bare"][quantity, cycle])
            if batches == 3:
                found = contrast(table, quantity, cycle, "batch")
                tally.add("contrast, 6 and 6 cells in 3 batches", quantity, holds(found, population))
                continue
            for cells in (1, 2, 3, 6):
                kept = table.filter(pl.col("sample").str.extract(r"_(\d+)$").cast(pl.Int64) <= cells)
                found = contrast(kept, quantity, cycle, None)
                truth = population
                if cells == 1:
                    one, other = (truths[f"{name}_1"].values[quantity, cycle] for name in ("coated", "bare"))
                    truth = change(one, other)
                row = f"contrast, {cells} and {cells} cells" + (" (these specimens)" if cells == 1 else "")
                tally.add(row, quantity, holds(found, truth))
                if cells == 1:
                    tally.add("verdict 'descriptive' at n = 1", quantity, found.verdict == "descriptive")
            judge_same(table, quantity, cycle, tally)


def judge_same(table: pl.DataFrame, quantity: str, cycle: int | None, tally: Tally) -> None:
    """Three cells against three others of the same variant: how often does the interval leave zero out?"""
    number = pl.col("sample").str.extract(r"_(\d+)$").cast(pl.Int64)
    same = table.filter(pl.col("variant") == "coated").with_columns(
        pl.when(number <= 3).then(pl.lit("bare")).otherwise(pl.lit("again")).alias("variant")
    )
    inside = holds(contrast(same, quantity, cycle, None), 0.0)
    tally.add("false positives, A/A, 3 and 3 cells", quantity, None if inside is None else not inside)


def change(value: float, reference: float) -> float:
    """Relative change in per cent."""
    return 100.0 * (value / reference - 1.0)


def judge_files(seed: int, cycles: int, tally: Tally) -> None:
    """One study through vendor files, opened as a folder: restart, LANDT text, missing mass included."""
    from interlith.workbench.opening import open_study

    with tempfile.TemporaryDirectory(prefix="Überdeckung ") as folder:
        truth = simulate_study(
            Path(folder) / "study", variants=(BARE, COATED), cells_per_variant=3, cycles=cycles, seed=seed,
            reference_cycle=REFERENCE, restarted=1, landt=4, missing_mass=5, errors=Errors(mass=0.03),
            protocol={"formation_cycles": REFERENCE - 1, "check_every": 15, "rows": 30},
        )  # fmt: skip
        study = open_study(truth.folder)
        if study.unread:
            raise SystemExit(f"unread files: {study.unread}")
        table = analysed(study["cycling"])
        weighed = {name: cell for name, cell in truth.cells.items() if cell.declared_mass is not None}
        judge_cells(table, weighed, cycles, tally)
        for quantity in ("capacity_retention", "capacity_decay"):
            cycle = at(quantity, cycles)
            found = contrast(table, quantity, cycle, None)
            expected = change(*(truth.value(quantity, variant=name, cycle=cycle) for name in ("coated", "bare")))
            tally.add("contrast, 3 and 3 cells", quantity, holds(found, expected))


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--studies", type=int, default=1000)
    parser.add_argument("--files", type=int, default=30)
    parser.add_argument("--cycles", type=int, default=24)
    parser.add_argument("--seed", type=int, default=20261)
    arguments = parser.parse_args()
    began = time.perf_counter()
    memory, folder = Tally(), Tally()
    plan = design(0, arguments.cycles, 1)
    typical = {recipe.name: typical_values(plan, recipe) for recipe in plan.variants}
    for number in range(arguments.studies):
        judge_study(arguments.seed + number, arguments.cycles, typical, memory)
        if number % 100 == 99:
            print(f"\n{number + 1} studies so far, {time.perf_counter() - began:.0f} s\n", flush=True)
            print("\n".join(memory.lines()), flush=True)
    print(f"\nSimulated. {arguments.studies} studies of each layout, {arguments.cycles} cycles, nominal 0.95:\n")
    print("\n".join(memory.lines()))
    for number in range(arguments.files):
        judge_files(arguments.seed + number, arguments.cycles, folder)
    if arguments.files:
        print(f"\nThrough vendor files, {arguments.files} studies of three cells a variant:\n")
        print("\n".join(folder.lines()))
    print("\n" + json.dumps({"seed": arguments.seed, "seconds": round(time.perf_counter() - began)}))


if __name__ == "__main__":
    main()
