"""How often does the interval of a contrast hold the truth, and how often is a difference found where there is none?

Simulated studies, numbers only: cells with scatter, mass errors, batch effects and counter noise of known size. Each row
is one layout of a study. ``kernel`` rows put many repeats through the numeric kernel at once; ``compare`` rows put fewer
through the public function with observables, and the largest difference between the two is printed.

Run: python benchmarks/contrast_coverage.py [--repeats 20000] [--public 1000]
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from interlith.evidence import compare
from interlith.evidence.kernel import contrast, degrees_of_freedom, half_width, plan
from interlith.model import Observable, Replication, State
from shares import clopper

Array = NDArray[np.float64]

SEED = 20261120
EFFECT = math.log(1.04)
#: Relative standard deviations: capacity and retention between cells, weighing, batch, batch by variant, counter.
CAPACITY, RETENTION, MASS, BATCH, BATCH_BY_VARIANT, COUNTER = 0.015, 0.012, 0.02, 0.02, 0.008, 0.0005


@dataclass(frozen=True)
class Case:
    """A layout: cells a variant, batches (``shared`` by both variants or each variant ``own``), unit, extra causes."""

    cells: int
    batches: int = 1
    own: bool = False
    unit: str = "cell"
    scatter_ratio: float = 1.0
    channel: float = 0.0
    declared: bool = False

    @property
    def words(self) -> str:
        words = f"{self.cells} and {self.cells}"
        if self.batches > 1:
            words += f", {self.batches} batches {'a variant' if self.own else 'with both'}"
        if self.unit != "cell":
            words += f", unit {self.unit}"
        if self.scatter_ratio != 1:
            words += f", scatter {self.scatter_ratio:g} times"
        if self.channel:
            words += f", common error {100 * self.channel:g} %"
        return words + (", declared spread" if self.declared else "")

    @property
    def labels(self) -> tuple[list[bool], list[str]]:
        """Variant flag and batch label of every cell."""
        inside = [False] * self.cells + [True] * self.cells
        names = [f"b{index % self.batches}" for index in range(self.cells)]
        return inside, names + ([f"v{name}" for name in names] if self.own else names)


@dataclass(frozen=True)
class Draw:
    """Logarithms of capacity at the start and after 200 cycles, shape (repeats, cells), and the common gain error."""

    start: Array
    end: Array


def draw(case: Case, repeats: int, effect: float, random: np.random.Generator) -> Draw:
    """Cells of many studies; the effect is on retention and on the start alike."""
    inside, batches = (np.array(item) for item in case.labels)
    names = list(dict.fromkeys(batches.tolist()))
    where = np.array([names.index(name) for name in batches])
    shape = (repeats, len(inside))
    ratio = np.where(inside, case.scatter_ratio, 1.0)

    def batch(size: float) -> Array:
        common = BATCH * random.standard_normal((repeats, len(names)))
        single = BATCH_BY_VARIANT * random.standard_normal((repeats, len(names), 2))
        grouped = case.batches > 1 or not case.own
        return size * (common[:, where] + (single[:, where, inside.astype(int)] if case.batches > 1 else 0.0)) * grouped

    start = math.log(140.0) + effect * inside + batch(1.0) + CAPACITY * ratio * random.standard_normal(shape)
    fade = math.log(0.8) + effect * inside + batch(0.6) + RETENTION * ratio * random.standard_normal(shape)
    mass = MASS * ratio * random.standard_normal(shape)
    gain = case.channel * random.standard_normal((repeats, 1)) * inside
    end = start + fade
    noise = COUNTER * random.standard_normal((2, *shape))
    return Draw(start + mass + gain + noise[0], end + mass + gain + noise[1])


def spread_of(quantity: str) -> float:
    """The between-cell standard deviation as measured, for declaring it at n = 1."""
    if quantity == "discharge_capacity":
        return math.sqrt(CAPACITY**2 + RETENTION**2 + MASS**2 + COUNTER**2)
    return math.sqrt(RETENTION**2 + 2 * COUNTER**2)


def intervals(case: Case, values: Array, quantity: str, level: float = 0.95) -> tuple[Array, Array]:
    """Estimate and half-width on the logarithmic scale, for all repeats at once."""
    inside, batches = case.labels
    clusters = list(range(len(inside))) if case.batches == 1 else list(batches)
    shared = case.channel if quantity == "discharge_capacity" else 0.0
    layout = plan(inside, clusters)
    estimate, error = contrast(values, layout)
    if case.declared:
        error = np.full_like(error, spread_of(quantity) * math.sqrt(2 / case.cells))
        return estimate, half_width(error, math.inf, level, shared=shared)
    return estimate, half_width(error, degrees_of_freedom(values, layout), level, shared=shared)


def observables(case: Case, drawn: Draw, repeat: int) -> Iterator[Observable]:
    """One study as observables: capacity at cycle 200 with its mass, retention as the quotient of two capacities."""
    inside, batches = case.labels
    for index, (variant, batch) in enumerate(zip(inside, batches, strict=True)):
        name = f"{'coated' if variant else 'bare'}_{index}"
        both = []
        for cycle, value in ((4, drawn.start[repeat, index]), (200, drawn.end[repeat, index])):
            capacity = math.exp(value)
            parts = {f"mass:{name}": MASS * capacity, f"counter:{name}/discharge/{cycle}": COUNTER * capacity}
            if case.channel and variant:
                parts["current:rack"] = case.channel * capacity
            state = State("cycle", cycle, cycle, cycle, "1")
            both.append(
                Observable(
                    "discharge_capacity",
                    capacity,
                    "mAh/g",
                    name,
                    parts,
                    name.partition("_")[0],
                    batch,
                    state=state,
                    cycle=cycle,
                )
            )
        retention = both[1].over(both[0], unit="%")
        yield both[1]
        yield Observable(
            "capacity_retention", retention.value, "%", name, retention.components, retention.variant, batch,
            state=both[1].state, cycle=200,
        )  # fmt: skip


def row(route: str, quantity: str, case: Case, hits: int, of: int, wrong: int, width: float) -> str:
    """One line of the table: coverage with its interval, false positives of A/A studies, median half-width."""
    low, high = clopper(hits, of)
    share = hits / of
    good = "yes" if 0.93 <= share <= 0.97 and low <= 0.95 <= high else ("conservative" if share > 0.95 else "no")
    return (
        f"| {route} | {quantity.replace('_', ' ')} | {case.words} | {of} | {share:.4f} | {low:.3f}-{high:.3f} | {good} | "
        f"{wrong / of:.4f} | {100 * width:.2f} % |"
    )


def kernel_row(case: Case, quantity: str, repeats: int, random: np.random.Generator) -> str:
    """Coverage with an effect and false positives without one, through the numeric kernel."""
    shift = EFFECT if quantity == "capacity_retention" else 2 * EFFECT
    real = pick(draw(case, repeats, EFFECT, random), quantity)
    none = pick(draw(case, repeats, 0.0, random), quantity)
    estimate, half = intervals(case, real, quantity)
    null, null_half = intervals(case, none, quantity)
    hits, wrong = int((np.abs(estimate - shift) <= half).sum()), int((np.abs(null) > null_half).sum())
    return row("kernel", quantity, case, hits, repeats, wrong, float(np.median(half)))


def pick(drawn: Draw, quantity: str) -> Array:
    """Logarithms of the quantity at cycle 200."""
    return drawn.end if quantity == "discharge_capacity" else drawn.end - drawn.start


def rules(case: Case, quantity: str) -> Replication:
    """The declaration that belongs to a case."""
    spread = {quantity: (spread_of(quantity), "known, as the study is simulated")} if case.declared else {}
    return Replication(case.unit, "batch" if case.unit == "cell" else None, spread)


def public_row(case: Case, quantity: str, repeats: int, random: np.random.Generator) -> tuple[str, float]:
    """The same through `compare`, and the largest difference of an end of the interval from the kernel."""
    shift = EFFECT if quantity == "capacity_retention" else 2 * EFFECT
    hits, wrong, worst, widths = 0, 0, 0.0, []
    for effect in (EFFECT, 0.0):
        drawn = draw(case, repeats, effect, random)
        estimate, half = intervals(case, pick(drawn, quantity), quantity)
        for repeat in range(repeats):
            (finding,) = compare(
                list(observables(case, drawn, repeat)),
                quantity,
                at={"cycle": 200},
                to="bare",
                replication=rules(case, quantity),
            )
            low, high = (math.log1p(end / 100) for end in (finding.low, finding.high))
            worst = max(worst, abs(low - estimate[repeat] + half[repeat]), abs(high - estimate[repeat] - half[repeat]))
            if effect:
                hits += low <= shift <= high
                widths.append((high - low) / 2)
            else:
                wrong += finding.verdict == "supported"
    return row("compare", quantity, case, hits, repeats, wrong, float(np.median(widths))), worst


CASES = (
    Case(1, declared=True), Case(2), Case(3), Case(6),
    Case(4, batches=2), Case(6, batches=3), Case(6, batches=2, own=True), Case(6, batches=3, own=True),
    Case(6, batches=3, unit="batch"),
    Case(2, channel=0.01), Case(3, channel=0.01), Case(6, channel=0.01), Case(3, channel=0.04),
    Case(2, scatter_ratio=2), Case(3, scatter_ratio=2), Case(6, scatter_ratio=2), Case(3, scatter_ratio=3),
)  # fmt: skip
QUANTITIES = ("capacity_retention", "discharge_capacity")


def silent_below_two(repeats: int, random: np.random.Generator) -> str:
    """Studies of one cell a variant and no declared spread: every verdict must be descriptive."""
    case = Case(1)
    drawn = draw(case, repeats, EFFECT, random)
    verdicts = {
        compare(list(observables(case, drawn, repeat)), quantity, at={"cycle": 200}, to="bare")[0].verdict
        for repeat in range(repeats)
        for quantity in QUANTITIES
    }
    return f"1 and 1 cells without a declared spread, {repeats} studies: verdicts {sorted(verdicts)}"


def confounded(repeats: int, random: np.random.Generator) -> str:
    """A/A studies in which each variant has a batch of its own: no verdict may be given."""
    case = Case(3, own=True)
    drawn = draw(case, repeats, 0.0, random)
    verdicts = {
        compare(
            list(observables(case, drawn, repeat)), "capacity_retention", at={"cycle": 200}, to="bare",
            replication=Replication("cell", "batch"),
        )[0].verdict
        for repeat in range(repeats)
    }  # fmt: skip
    return f"3 and 3 cells, each variant in its own batch, {repeats} A/A studies: verdicts {sorted(verdicts)}"


def rival_intervals(repeats: int, random: np.random.Generator) -> Iterator[str]:
    """Coverage of the layout's interval beside its rivals, for equal and unequal scatter and numbers."""
    for first, second, ratio in (
        (2, 2, 1), (2, 2, 2), (2, 2, 3), (3, 3, 1), (3, 3, 2), (3, 3, 3), (6, 6, 1), (6, 6, 3),
        (2, 3, 1), (2, 3, 2), (2, 3, 10), (2, 6, 1), (2, 6, 2), (2, 6, 10),
    ):  # fmt: skip
        one, two = ratio * random.standard_normal((repeats, first)), random.standard_normal((repeats, second))
        parts = one.var(axis=1, ddof=1) / first, two.var(axis=1, ddof=1) / second
        error = np.sqrt(parts[0] + parts[1])
        welch = error**4 / (parts[0] ** 2 / (first - 1) + parts[1] ** 2 / (second - 1))
        squares = (first - 1) * first * parts[0] + (second - 1) * second * parts[1]
        pooled = np.sqrt(squares / (first + second - 2) * (1 / first + 1 / second))
        layout = plan([True] * first + [False] * second, range(first + second))
        halves = (
            half_width(error, degrees_of_freedom(np.hstack([one, two]), layout), 0.95),
            stats.t.ppf(0.975, first + second - 2) * pooled,
            stats.t.ppf(0.975, welch) * error,
            stats.t.ppf(0.975, min(first, second) - 1) * error,
        )
        distance = abs(one.mean(axis=1) - two.mean(axis=1))
        shares = " | ".join(f"{np.mean(distance <= half):.3f}" for half in halves)
        yield f"| {first} and {second} | {ratio} : 1 | {shares} |"


def main() -> None:
    """Print the table as markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=20_000)
    parser.add_argument("--public", type=int, default=1_000)
    asked = parser.parse_args()
    random = np.random.default_rng(SEED)
    started = time.process_time()
    print(
        "| route | quantity | cells | studies | coverage | Clopper-Pearson | 0.93-0.97 and holds 0.95 | A/A found | half-width |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for case in CASES:
        for quantity in QUANTITIES:
            print(kernel_row(case, quantity, asked.repeats, random), flush=True)
    took, worst = time.process_time() - started, 0.0
    for case in (*CASES[:5], Case(3, channel=0.01)):
        for quantity in QUANTITIES:
            line, difference = public_row(case, quantity, asked.public, random)
            worst = max(worst, difference)
            print(line, flush=True)
    print(f"\nkernel and compare differ by at most {worst:.1e} in the logarithm; kernel rows took {took:.1f} CPU s\n")
    print("| cells | scatter | layout (used) | pooled | Welch | smaller n minus 1 |\n|---|---|---|---|---|---|")
    print("\n".join(rival_intervals(5 * asked.repeats, random)), "\n")
    print(silent_below_two(asked.public, random))
    print(confounded(asked.public, random))


if __name__ == "__main__":
    main()
