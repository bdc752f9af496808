"""How often do the intervals of a combined value hold the truth, and how often is a route named that is as good as the rest?

Run: ``python benchmarks/convergence_coverage.py --repeats 1000 --seed 1``; prints rows for ``docs/benchmarks.md``. All data are
simulated: routes with stated errors, common sources, and a scatter beyond the stated errors of `extra`.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from interlith.numerics.sums.routes import (
    apart,
    homogeneity,
    largest_disagreement,
    scattered_mean,
    stated_mean,
    steadied,
)
from shares import shown

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Case:
    """Stated errors, extra scatter, sizes of common sources, replicates behind each error (0: known), true sizes over stated."""

    name: str
    own: tuple[float, ...]
    extra: float = 0.0
    shared: tuple[tuple[float, ...], ...] = ()
    replicates: int = 0
    true: float = 1.0
    off: float = 0.0


CASES = (
    Case("2 routes", (1, 1)),
    Case("2 routes, extra 2", (1, 1), 2),
    Case("3 routes", (1, 1, 1)),
    Case("3 routes, extra 1", (1, 1, 1), 1),
    Case("3 routes, errors 0.5 to 2", (0.5, 1, 2)),
    Case("3 routes, errors 0.5 to 2, extra 1", (0.5, 1, 2), 1),
    Case("5 routes", (1, 1, 1, 1, 1)),
    Case("5 routes, extra 1", (1, 1, 1, 1, 1), 1),
    Case("5 routes, errors 0.5 to 2, extra 3", (0.5, 0.8, 1, 1.5, 2), 3),
    Case("5 routes, two share a calibration", (1, 1, 1, 1, 1), 0, ((1, 1, 0, 0, 0),)),
    Case("5 routes, two share a calibration, extra 2", (1, 1, 1, 1, 1), 2, ((1, 1, 0, 0, 0),)),
    Case("8 routes, errors 0.5 to 2", (0.5, 0.5, 1, 1, 1, 2, 2, 2)),
    Case("stress: all share a source as large as their own error", (1, 1, 1, 1), 0, ((1, 1, 1, 1),)),
    Case("stress: 5 routes, errors from 3 replicates each", (1, 1, 1, 1, 1), 0, (), 3),
    Case("stress: 5 routes, errors 0.5 to 2 from 3 replicates each, extra 1", (0.5, 0.8, 1, 1.5, 2), 1, (), 3),
    Case("stress: 3 routes, errors from 2 replicates each", (1, 1, 1), 0, (), 2),
    Case("stress: errors stated at half their size", (1, 1, 1, 1, 1), 0, (), 0, 2.0),
    Case("stress: one of 5 routes off by 6", (1, 1, 1, 1, 1), off=6.0),
    Case("stress: errors tenfold unlike", (0.3, 1, 3)),
    Case("stress: errors tenfold unlike, extra 1", (0.3, 1, 3), 1),
    Case("stress: errors tenfold unlike, extra 1, 5 routes", (0.3, 0.5, 1, 2, 3), 1),
)


def row(case: Case, repeats: int, random: np.random.Generator) -> str:
    """One line of the table."""
    own = np.array(case.own)
    count = len(own)
    shared = np.array(case.shared).reshape(-1, count)
    bias = case.extra * random.standard_normal((repeats, count))
    bias[:, 0] += case.off
    noise = case.true * own * random.standard_normal((repeats, count))
    stated = np.broadcast_to(own, noise.shape)
    degrees = np.full(count, np.inf)
    if case.replicates:
        single = own * np.sqrt(case.replicates) * random.standard_normal((case.replicates, repeats, count))
        noise, stated = single.mean(axis=0), single.std(axis=0, ddof=1) / np.sqrt(case.replicates)
        degrees = np.full(count, case.replicates - 1.0)
        stated, degrees = steadied(stated, degrees)
    values = bias + noise + random.standard_normal((repeats, len(shared))) @ shared
    plain, wide = stated_mean(values, stated, shared), scattered_mean(values, stated, shared)
    chance = homogeneity(values, stated, shared, degrees)[1]
    alone = apart(values, stated, shared, degrees)[2].min(axis=1) * count
    true = bias.max(axis=1) - bias.min(axis=1)
    bound = largest_disagreement(values, stated, shared, degrees)
    cells = (
        shown(int((np.abs(plain.value) <= plain.half).sum()), repeats),
        shown(int((np.abs(wide.value) <= wide.half).sum()), repeats),
        f"{np.median(plain.half):.2f} / {np.median(wide.half):.2f}",
        f"{(chance < 0.05).mean():.3f}",
        f"{((alone < 0.05) & (count > 2)).mean():.3f}",
        shown(int((bound >= true).sum()), repeats),
    )
    return f"| {case.name} | {repeats} | " + " | ".join(cells) + " |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    print(
        "| case | repeats | stated errors | with extra scatter | median half-widths | disagreement found | a route stands apart | bound of the disagreement holds |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for number, case in enumerate(CASES):
        print(row(case, asked.repeats, np.random.default_rng([asked.seed, number])))


if __name__ == "__main__":
    main()
