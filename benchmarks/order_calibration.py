"""Is an order with stated probability p true in the share p, and how often is one claimed where onsets coincide?

Run: ``python benchmarks/order_calibration.py --repeats 1000 --seed 1``; prints rows for ``docs/benchmarks.md``. All data are
simulated: two quantities of one specimen (or three) along one axis from 0 to 1, each with an onset, ordered by what
`interlith.evidence.onsets.onset` says of them.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from interlith.evidence.curves import curves
from interlith.evidence.onsets.onset_curve import Options, analyse
from interlith.evidence.onsets.onset_words import observables_of_changes
from interlith.evidence.onsets.order_events import groups_of
from interlith.model import Observable, State
from interlith.numerics.changes.ordering import precedes
from shares import shown

Array = NDArray[np.float64]
SURE = 0.975


@dataclass(frozen=True)
class Case:
    """Forms and states of the two quantities, their noise, and what they share."""

    name: str
    forms: tuple[str, str] = ("kink", "kink")
    counts: tuple[int, int] = (16, 24)
    noise: tuple[float, float] = (0.06, 0.09)
    specimens: int = 1
    between: float = 0.0
    clock: float = 0.0
    spread: float = 0.06
    stress: bool = False


def curve(form: str, x: Array, at: float) -> Array:
    if form == "step":
        return (x > at) * 1.0
    return 2.5 * np.maximum(x - at, 0) + (0.2 * x if form == "kink" else 0.0)


def found(case: Case, place: int, at: float, shift: float, specimen: int, random: np.random.Generator) -> Observable:
    x = np.linspace(0, 1, case.counts[place])
    y = curve(case.forms[place], x + shift, at) + case.noise[place] * random.standard_normal(len(x))
    items = [
        Observable(f"q{place}", float(b), "1", f"s{specimen}", {f"fit:{specimen}/{place}/{k}": case.noise[place]}, variant="v",
                   state=State("x", float(a), float(a - case.clock), float(a + case.clock), "V"))
        for k, (a, b) in enumerate(zip(x, y, strict=True))
    ]  # fmt: skip
    options = Options((case.forms[place],), 1, "any", 1, "scaled", "common", "keep", 0.95)
    (made,) = curves(items, f"q{place}", against="x")
    return observables_of_changes(analyse(made, options), options)[0]


def probability(case: Case, truths: tuple[float, float], random: np.random.Generator) -> float:
    observables = []
    for specimen in range(case.specimens):
        shift = random.uniform(-case.clock, case.clock)
        # What differs between specimens moves both of their onsets in part together.
        both = case.between * random.standard_normal()
        for place in (0, 1):
            at = truths[place] + both + 0.5 * case.between * random.standard_normal()
            observables.append(found(case, place, at, shift, specimen, random))
    (group,) = groups_of(observables, ("q0", "q1"), "variant", 0.95)
    if len(group.draws) < 2:
        return float("nan")
    return precedes(group.draws["q0"], group.draws["q1"])


CASES = (
    Case("two kinks, one specimen"),
    Case("plateau end and kink, one specimen", ("plateau_end", "kink"), (8, 20), (0.05, 0.08)),
    Case("step and kink, one specimen", ("step", "kink"), (20, 20), (0.15, 0.06)),
    Case("two kinks, clock error of 0.1 shared", clock=0.1),
    Case("two kinks, three specimens", specimens=3, between=0.04, counts=(12, 16), spread=0.05),
    Case("two kinks, five specimens", specimens=5, between=0.04, counts=(12, 16), spread=0.04),
    Case("two steps between coarse states", ("step", "step"), (8, 9), (0.1, 0.1), spread=0.1, stress=True),
)


def reliability(case: Case, repeats: int, random: np.random.Generator) -> None:
    """Distance of the truths drawn evenly over more than the intervals reach, so that no order is likelier beforehand."""
    stated, true = [], []
    for _ in range(repeats):
        first = random.uniform(0.4, 0.5)
        second = first + random.uniform(-3, 3) * case.spread
        chance = probability(case, (first, second), random)
        if np.isfinite(chance):
            flip = chance < 0.5
            stated.append(1 - chance if flip else chance)
            true.append((first < second) != flip)
    p, hit = np.array(stated), np.array(true)
    edges = (0.5, 0.7, 0.9, 0.975, 1.0001)
    cells = []
    for low, high in pairwise(edges):
        inside = (p >= low) & (p < high)
        words = f"{p[inside].mean():.3f}: " if inside.any() else ""
        cells.append(words + shown(int(hit[inside].sum()), int(inside.sum())) + f" of {int(inside.sum())}")
    stress = "stress: " if case.stress else ""
    print(f"| {stress}{case.name} | {' | '.join(cells)} | {p.mean():.3f} / {hit.mean():.3f} |", flush=True)


def coincidence(case: Case, repeats: int, random: np.random.Generator) -> None:
    claims, told = 0, 0
    for _ in range(repeats):
        at = random.uniform(0.4, 0.6)
        chance = probability(case, (at, at), random)
        told += bool(np.isfinite(chance))
        claims += bool(np.isfinite(chance)) and max(chance, 1 - chance) >= SURE
    stress = "stress: " if case.stress else ""
    print(f"| {stress}{case.name} | {repeats} | {shown(claims, told)} |", flush=True)


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--repeats", type=int, default=1000)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--parts", default="reliability,coincidence")
    given = asked.parse_args()
    begun = time.process_time()
    print(
        f"Simulated, {given.repeats} repeats a row, seed {given.seed}. Stated mean probability: share truly in order.\n"
    )
    if "reliability" in given.parts:
        print(
            "| case | stated 0.5-0.7 | 0.7-0.9 | 0.9-0.975 | above 0.975 | all, stated / true |\n|---|---|---|---|---|---|"
        )
        for number, case in enumerate(CASES):
            reliability(case, given.repeats, np.random.default_rng([given.seed, number]))
    if "coincidence" in given.parts:
        print("\n| onsets that coincide | repeats | one said to precede (Clopper-Pearson) |\n|---|---|---|")
        for number, case in enumerate(CASES):
            coincidence(case, given.repeats, np.random.default_rng([given.seed, 100 + number]))
    print(f"\n{time.process_time() - begun:.0f} CPU s")
