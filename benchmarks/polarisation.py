"""How often does the 95 % interval of a relaxed level hold the truth, what is only bounded, and what of transference numbers?

Run: ``OMP_NUM_THREADS=1 python benchmarks/polarisation.py --repeats 1000 --seed 1``; prints tables for ``docs/benchmarks.md``. All data
are simulated: 1200 rows of one second each, noise as a share of the level. A bound counts as right where the truth lies on its side.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from interlith.physics.polarisation import blocked, bruce_vincent, relaxing
from interlith.techniques.polarisation.tails import tail_of
from shares import shown

Array = NDArray[np.float64]

TIME = np.arange(1.0, 1201.0)


@dataclass(frozen=True)
class Case:
    """One row: the answer over time, whose level is one, and the noise."""

    name: str
    answer: Callable[[Array], Array]
    noise: float
    level: float = 1.0
    coloured: bool = False


CASES = (
    Case("constant, noise 1 %", lambda t: relaxing(t, 1.0, (), ()), 0.01),
    Case("constant, noise of 100 % of the level", lambda t: relaxing(t, 1.0, (), ()), 1.0),
    Case("relaxation of 50 s, noise 1 %", lambda t: relaxing(t, 1.0, (2.0,), (50.0,)), 0.01),
    Case("relaxation of 400 s (a third of the record)", lambda t: relaxing(t, 1.0, (2.0,), (400.0,)), 0.01),
    Case("relaxations of 30 s and 300 s", lambda t: relaxing(t, 1.0, (2.0, 0.5), (30.0, 300.0)), 0.01),
    Case("diffusion, 400 s", lambda t: blocked(t, 1.0, 0.5, 400.0), 0.01),
    Case("relaxation of 1200 s (as long as the record)", lambda t: relaxing(t, 1.0, (2.0,), (1200.0,)), 0.01),
    Case("relaxation of 6000 s (five times the record)", lambda t: relaxing(t, 1.0, (2.0,), (6000.0,)), 0.01),
    Case("level 1/50 of what still relaxes in 9000 s", lambda t: relaxing(t, 1.0, (100.0, 50.0), (50.0, 9000.0)), 0.1),
    Case("none of the laws: t^-1/2 (stress)", lambda t: 1.0 + 3.0 / np.sqrt(1 + t / 10), 0.01),
    Case("none of the laws: stretched exponential (stress)", lambda t: 1.0 + 2.0 * np.exp(-np.sqrt(t / 100))  , 0.01),
    Case("relaxation of 50 s, noise that wanders over 20 s (stress)", lambda t: relaxing(t, 1.0, (2.0,), (50.0,)), 0.01, coloured=True),
    Case("a late drift of +2 % over the last half (stress)", lambda t: 1.0 + 0.02 * np.maximum(t - 600, 0) / 600, 0.005),
)  # fmt: skip


def level_rows(repeats: int, seed: int) -> None:
    print(
        "| record | a number is given | its 95 % interval holds the level | mean pull | width of pulls | else the bound is on the right side |\n|---|---|---|---|---|---|"
    )
    for number, case in enumerate(CASES):
        random = np.random.default_rng([seed, number])
        clean = case.answer(TIME)
        pulls, inside, given, right = [], 0, 0, 0
        for _ in range(repeats):
            noise = random.normal(0.0, case.noise, len(TIME))
            if case.coloured:
                noise = np.convolve(
                    random.normal(0.0, case.noise, len(TIME) + 60), np.exp(-np.arange(61) / 20.0) * 0.31, mode="valid"
                )
            found = tail_of(TIME, clean + noise)
            if found.told:
                given += 1
                inside += int(found.low <= case.level <= found.high)
                pulls.append((found.level - case.level) / found.std)
            else:
                right += int(found.end > case.level - 3 * found.end_std)
        cells = (
            f"{given}/{repeats}", shown(inside, given), f"{np.mean(pulls):+.2f}" if pulls else "-", f"{np.std(pulls):.2f}" if pulls else "-",
            shown(right, repeats - given),
        )  # fmt: skip
        print(f"| {case.name} | {' | '.join(cells)} |", flush=True)


def transference_rows(repeats: int, seed: int) -> None:
    """Bruce-Vincent with errors of both interfaces drawn as declared; the initial current from the record or from the resistance of the cell."""
    print(
        "\n| transference number 0.3, interfaces 40 and 45 of 100 ohm, each +- 2 % | 95 % interval holds the truth | mean pull | width of pulls |\n|---|---|---|---|"
    )
    voltage, bulk, before, after, truth = 0.01, 60.0, 40.0, 45.0, 0.3
    first, last = voltage / (bulk + before), voltage / (bulk / truth + after)
    for name, total in (("initial current from the record", False), ("from the resistance of the cell, +- 1 %", True)):
        random = np.random.default_rng([seed, 50 + total])
        pulls = []
        for _ in range(repeats):
            found = tail_of(TIME, relaxing(TIME, last, (first - last,), (60.0,)) + random.normal(0.0, 2e-7, len(TIME)))
            stated = np.array([before, after, bulk + before]) * (
                1 + np.array([0.02, 0.02, 0.01]) * random.normal(0.0, 1.0, 3)
            )
            start, start_std = (
                (voltage / stated[2], voltage / stated[2] * 0.01) if total else (found.initial, found.initial_std)
            )
            value, slopes = bruce_vincent(voltage, start, found.level, stated[0], stated[1])
            parts = (
                slopes["initial"] * start_std,
                slopes["steady"] * found.std,
                slopes["before"] * 0.02 * stated[0],
                slopes["after"] * 0.02 * stated[1],
            )
            pulls.append((value - truth) / float(np.sqrt(np.sum(np.square(parts)))))
        inside = int(np.sum(np.abs(pulls) <= 1.959964))
        print(f"| {name} | {shown(inside, repeats)} | {np.mean(pulls):+.2f} | {np.std(pulls):.2f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    begin = time.process_time()
    level_rows(given.repeats, given.seed)
    transference_rows(given.repeats, given.seed)
    print(f"\n{given.repeats} repeats a row, seed {given.seed}, {time.process_time() - begin:.0f} s of CPU.")


if __name__ == "__main__":
    main()
