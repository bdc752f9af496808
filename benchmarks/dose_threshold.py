"""How often does the 95 % interval of the dose at which a second phase begins hold the truth, from patterns to the answer?

Simulated synchrotron patterns (0.07748 nm): two specimens of each of four doses (0.3, 0.5, 0.7 and 1.0 at% of La on LiNi0.5Mn1.5O4), new
specimens, new counts and a new threshold in every repeat. Each repeat goes the whole way through files: written, read, refined in one chain,
the La in the perovskite over the metals, the threshold with its interval. The displacements of the atoms are not those that the refinement assumes.
In the end one threshold is converted to the size of the particles and to monolayers.

Run: python benchmarks/dose_threshold.py [--repeats 1000] [--seed 1] [--low 0.32] [--high 0.68] [--background N]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import interlith as il
from interlith.errors import InterlithError
from interlith.model import Observable
from interlith.simulate.powder_doses import simulate_doses
from interlith.simulate.powder_recipes import Dosed
from shares import shown

#: Rows of the table by the true threshold (at%): how many doses lie beyond it.
PARTS = ((0.3, 0.5, "three doses beyond it"), (0.5, 0.7, "two doses beyond it"))
#: Edge of the octahedra for which a threshold is told in monolayers.
EDGE = "176 +- 5 nm"


@dataclass(frozen=True, slots=True)
class Repeat:
    """One answer, in at%; no `low` where none was given or it has no end."""

    truth: float
    value: float
    low: float
    high: float
    std: float
    reason: str = ""

    @property
    def told(self) -> bool:
        return np.isfinite(self.low) and np.isfinite(self.high)

    @property
    def holds(self) -> bool:
        return self.low <= self.truth <= self.high


def once(truth: float, seed: int, background: int | None) -> Repeat:
    """One study: simulated, read, refined, asked."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        simulate_doses(folder, series=(Dosed("C", truth),), seed=seed)
        patterns = il.open_study(folder)["diffraction"].order_by("dose")
        # Edges as study.yaml has them: to 0.01 angstrom.
        model = il.diffraction.Pattern(
            ["LNMO", "LaTMO3"],
            instrument=folder / "instrument.toml",
            background=background,
            start={"LNMO_cell_a": 8.17, "LaTMO3_cell_a": 3.88},
        )
        lanthanum = il.diffraction.Element("La", "LaTMO3", per=("Ni", "Mn"))
        try:
            refined = il.diffraction.refine(patterns, model, element=lanthanum)
            asked = il.evidence.threshold(refined, "element_fraction", against="dose", simulated=True)
        except InterlithError as error:
            return Repeat(truth, *[float("nan")] * 4, str(error))
    (found,) = asked.observables
    return answer(truth, found)


def answer(truth: float, found: Observable) -> Repeat:
    """What an observable says."""
    value, low, high = (float("nan") if one is None else one for one in (found.value, found.low, found.high))
    return Repeat(truth, value, low, high, found.std)


HEAD = "| threshold | repeats | 95 % intervals that hold (Clopper-Pearson) | mean error (at%) | spread (at%) | median width (at%) | without an end or an answer |\n|---|---:|---|---:|---:|---:|---:|"


def row(name: str, made: list[Repeat]) -> str:
    """One row of the table."""
    told = [one for one in made if one.told]
    if not told:
        return f"| {name} | {len(made)} | - | - | - | - | {len(made)} |"
    errors = np.array([one.value - one.truth for one in told])
    width = np.median([one.high - one.low for one in told])
    mean, doubt = errors.mean(), errors.std() / np.sqrt(errors.size)
    hits = shown(sum(one.holds for one in told), len(told))
    return f"| {name} | {len(made)} | {hits} | {mean:+.4f} +- {doubt:.4f} | {errors.std():.4f} | {width:.4f} | {len(made) - len(told)} |"


def table(made: list[Repeat]) -> str:
    """All rows."""
    rows = [
        row(f"{low:g} to {high:g} at%, {words}", [one for one in made if low <= one.truth < high])
        for low, high, words in PARTS
    ]
    return "\n".join([HEAD, *rows, row("all", made)])


def converted(one: Repeat) -> str:
    """Size at which the threshold is one monolayer, and monolayers at a known size."""
    threshold = f"{one.value:.4f} +- {one.std:.4f} at%"
    size = il.design.coverage("LNMO", edge=EDGE, element="La", threshold=threshold)
    layers = il.design.coverage("LNMO", measured={"LNMO": {"dose": threshold, "edge": EDGE}})
    lines = [f"\n{threshold} (true: {one.truth:.4f} at%):"]
    lines += [f"- {item.statement}" for item in size if item.kind == "threshold size"]
    lines += [
        f"- {item.value:.3f} +- {item.std:.3f} monolayers on octahedra with an edge of {EDGE}"
        for item in layers.observables
        if item.quantity == "measured_threshold_monolayers"
    ]
    return "\n".join(lines)


def main() -> None:
    """Print the table as it grows, and in the end."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--repeats", type=int, default=1000)
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--low", type=float, default=0.32)
    words.add_argument("--high", type=float, default=0.68)
    words.add_argument("--background", type=int, help="polynomials; chosen by the refinement if left out")
    words.add_argument("--every", type=int, default=100)
    words.add_argument("--misses", action="store_true", help="print each repeat whose interval misses")
    asked = words.parse_args()
    random = np.random.default_rng(asked.seed)
    begun, made = time.process_time(), []
    for number in range(asked.repeats):
        made.append(once(float(random.uniform(asked.low, asked.high)), int(random.integers(2**31)), asked.background))
        if asked.misses and not made[-1].holds:
            print(number, made[-1], flush=True)
        if (number + 1) % asked.every == 0 and number + 1 < asked.repeats:
            print(f"\n{number + 1} repeats, {time.process_time() - begun:.0f} CPU s\n\n{table(made)}", flush=True)
    print(f"\n{asked.repeats} repeats, {time.process_time() - begun:.0f} CPU s\n\n{table(made)}")
    for one in made:
        if one.told:
            print(converted(one))
            break


if __name__ == "__main__":
    main()
