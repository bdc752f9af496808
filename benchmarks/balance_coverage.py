"""How often does the interval of a sum hold the true residual, and how often is an open balance called closed?

Run: ``python benchmarks/balance_coverage.py --repeats 1000 --seed 1``; prints rows for ``docs/benchmarks.md``. All data are
simulated. Terms have replicates with scatter of their own, known errors of their own, and a calibration that all share.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from interlith.numerics.sums.sums import familywise_level, half_width
from shares import clopper

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Case:
    """Coefficients with replicates (0: one value of known error), scatter of each term, and the shared relative error."""

    name: str
    replicates: tuple[int, ...]
    sizes: tuple[float, ...]
    shared: float = 0.0
    stated: float = 1.0
    outliers: float = 0.0
    drift: float = 0.0


CASES = (
    Case("4 terms of known error", (0, 0, 0, 0), (1.0, 0.5, 2.0, 1.0)),
    Case("4 terms of known error, shared calibration 5 %", (0, 0, 0, 0), (1.0, 0.5, 2.0, 1.0), 0.05),
    Case("2 terms of 3 replicates, equal scatter", (3, 3), (1.0, 1.0)),
    Case("2 terms of 3 replicates, scatter 1 to 3", (3, 3), (1.0, 3.0)),
    Case("2 terms of 2 replicates", (2, 2), (1.0, 1.0)),
    Case("4 terms of 2 replicates", (2, 2, 2, 2), (1.0, 1.0, 1.0, 1.0)),
    Case("4 terms of 3 replicates, one dominates", (3, 3, 3, 3), (2.0, 0.5, 0.5, 0.5)),
    Case("3 replicates and a known error as large", (3, 0), (1.0, 0.577)),
    Case("3 replicates and a known error of half", (3, 0, 0), (1.0, 0.2, 0.2)),
    Case("2 replicates and known errors", (2, 0, 0), (1.0, 0.5, 0.5)),
    Case("4, 3 and 6 replicates and calibration", (4, 3, 6), (1.0, 2.0, 0.5), 0.02),
    Case("stress: known errors stated at half their size", (0, 0, 0, 0), (1.0, 0.5, 2.0, 1.0), 0.0, 0.5),
    Case("stress: one replicate in ten off by 6 sigma", (4, 4, 4), (1.0, 1.0, 1.0), 0.0, 1.0, 0.1),
    Case("stress: a drift of 1.5 sigma common to one term's replicates", (4, 4, 4), (1.0, 1.0, 1.0), drift=1.5),
)
LEVELS = (20.0, -8.0, -7.0, -5.0)


def study(case: Case, repeats: int, random: np.random.Generator) -> tuple[Array, Array]:
    """Error of the residual and half-width of its interval, shape (repeats,)."""
    error, sizes, degrees = np.zeros(repeats), [], []
    for number, (count, size) in enumerate(zip(case.replicates, case.sizes, strict=True)):
        drawn = size * random.standard_normal((repeats, max(count, 1)))
        drawn += 6.0 * size * (random.random(drawn.shape) < case.outliers)
        drawn += case.drift * size * random.standard_normal((repeats, 1)) * (number == 0)
        error += drawn.mean(axis=1)
        if count:
            sizes.append(drawn.std(axis=1, ddof=1) / np.sqrt(count))
            degrees.append(count - 1.0)
        else:
            sizes.append(np.full(repeats, case.stated * size))
            degrees.append(np.inf)
    level = sum(LEVELS[: len(case.replicates)])
    known = case.shared * level
    error += known * random.standard_normal(repeats)
    return error, half_width(np.array(sizes).T, np.array(degrees), known, 0.95)


def band(places: int, shared: float, repeats: int, random: np.random.Generator) -> float:
    """Share of repeats in which a family-wise band holds the residual at every place."""
    sizes = np.hstack([np.eye(places), np.full((places, 1), shared)])
    errors = random.standard_normal((repeats, places + 1)) @ sizes.T
    width = special.ndtri(0.5 + familywise_level(sizes, 0.95) / 2) * np.sqrt(np.square(sizes).sum(axis=1))
    return float((np.abs(errors) <= width).all(axis=1).mean())


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    print("| case | repeats | coverage | Clopper-Pearson 95 % | median half-width |")
    print("|---|---|---|---|---|")
    for number, case in enumerate(CASES):
        error, half = study(case, asked.repeats, np.random.default_rng([asked.seed, number]))
        hits = int((np.abs(error) <= half).sum())
        low, high = clopper(hits, asked.repeats)
        print(
            f"| {case.name} | {asked.repeats} | {hits / asked.repeats:.3f} | {low:.3f}-{high:.3f} | {np.median(half):.2f} |"
        )
    for places, shared in ((5, 0.0), (5, 1.0), (20, 0.5), (20, 3.0)):
        share = band(places, shared, asked.repeats, np.random.default_rng([asked.seed, 100 + places, int(shared * 10)]))
        low, high = clopper(round(share * asked.repeats), asked.repeats)
        words = f"band over {places} states, shared error {shared:g} times the own"
        print(f"| {words} | {asked.repeats} | {share:.3f} | {low:.3f}-{high:.3f} | |")


if __name__ == "__main__":
    main()
