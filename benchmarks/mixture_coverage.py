"""How often do the intervals of mixture weights hold the truth, how strongly do noisy parts bend them, and is a curve that is no
mixture found?

Run: ``python benchmarks/mixture_coverage.py --repeats 1000 --seed 1``; prints rows for ``docs/benchmarks.md``. All data are
simulated: parts are step-like curves of a resistance against temperature; errors are shares of the largest difference.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from interlith.numerics.sums.mixing import Mixing, departure
from interlith.numerics.sums.mixtures import weights
from shares import shown

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Case:
    """True weights, points, relative errors of target and parts, and what is not as it should be."""

    name: str
    true: tuple[float, ...]
    points: int = 8
    target: float = 0.03
    parts: float = 0.03
    stated: bool = True
    sum_to_one: bool = True
    offset: bool = False
    scale: bool = False
    area: float = 0.0
    own_area: float = 0.0
    told: float = 1.0
    uneven: float = 0.0
    outliers: float = 0.0
    bent: float = 0.0
    extra: dict[str, float] | None = None


CASES = (
    Case("2 parts, 0.4", (0.4, 0.6)),
    Case("2 parts, 5 points", (0.4, 0.6), points=5),
    Case("2 parts, 40 points, errors 15 %", (0.4, 0.6), points=40, target=0.15, parts=0.15),
    Case("2 parts, at the limit", (0.0, 1.0)),
    Case("2 parts, near the limit", (0.02, 0.98)),
    Case("2 parts, at the limit, errors 30 %", (1.0, 0.0), target=0.3, parts=0.3),
    Case("2 parts, errors 20 %", (0.3, 0.7), target=0.2, parts=0.2),
    Case("2 parts, scaled", (0.4, 0.6), stated=False),
    Case("2 parts, scaled, at the limit", (0.0, 1.0), stated=False),
    Case("2 parts, scaled, 5 points", (0.7, 0.3), points=5, stated=False),
    Case("2 parts, offset", (0.4, 0.6), offset=True, points=10),
    Case("2 parts, common scale", (0.4, 0.6), scale=True, points=10),
    Case("2 parts, no sum", (0.5, 0.8), sum_to_one=False, points=10),
    Case("2 parts, no sum, one absent", (0.0, 0.8), sum_to_one=False, points=10),
    Case("3 parts", (0.2, 0.3, 0.5), points=12),
    Case("3 parts, one absent", (0.0, 0.3, 0.7), points=12),
    Case("4 parts", (0.1, 0.2, 0.3, 0.4), points=20),
    Case("2 parts, common area error 10 %", (0.4, 0.6), area=0.1),
    Case("2 parts, each its own area error 5 %", (0.4, 0.6), own_area=0.05),
    Case("2 parts, each its own area error 5 %, scaled", (0.4, 0.6), own_area=0.05, stated=False),
    Case("stress: errors told at half their size", (0.4, 0.6), told=0.5),
    Case("stress: errors told at half their size, scaled", (0.4, 0.6), told=0.5, stated=False),
    Case("stress: errors grow fivefold, not told, scaled", (0.4, 0.6), uneven=4.0, stated=False),
    Case("stress: one point in ten off by 6 sigma, scaled", (0.4, 0.6), outliers=0.1, stated=False),
    Case("stress: errors of the parts not told", (0.3, 0.7), points=40, target=0.15, parts=-0.15),
    Case("stress: parts within their errors (50 %)", (0.4, 0.6), target=0.5, parts=0.5),
    Case("stress: no mixture (bump of 5 sigma)", (0.4, 0.6), bent=5.0),
)


def shapes(count: int, points: int) -> Array:
    """Curves that rise at different temperatures, shape (count, points)."""
    t = np.linspace(0.0, 1.0, points)
    places = np.linspace(0.35, 0.85, count)
    return np.array(
        [1.0 + (1.0 if k % 2 else 1.6) / (1.0 + np.exp(-(t - place) / 0.05)) for k, place in enumerate(places)]
    )


def make(case: Case, repeats: int, random: np.random.Generator) -> Mixing:
    """A batch of problems."""
    count, points = len(case.true), case.points
    clean = shapes(count, points)
    true = np.array(case.true)
    curves = np.concatenate([(true @ clean)[None], clean])
    spread = np.array([case.target] + [abs(case.parts)] * count)
    if case.scale:
        curves[0] *= 1.3
    if case.offset:
        curves[0] += 0.2
    grow = 1.0 + case.uneven * np.linspace(0.0, 1.0, points)
    noise = random.standard_normal((repeats, count + 1, points))
    noise += 6.0 * (random.random(noise.shape) < case.outliers)
    seen = curves + spread[:, None] * grow * noise
    seen[:, 0, points // 2] += case.bent * case.target
    shared = np.zeros((repeats, 0, count + 1, points))
    if case.area:
        seen = seen * (1 + case.area * random.standard_normal((repeats, 1, 1)))
        shared = (case.area * seen)[:, None]
    if case.own_area:
        seen = seen * (1 + case.own_area * random.standard_normal((repeats, count + 1, 1)))
        shared = case.own_area * seen[:, None] * np.eye(count + 1)[None, :, :, None]
    told = case.told * np.where(np.array([1.0] + [np.sign(case.parts)] * count) > 0, spread, 1e-6)
    own = np.square(told)[:, None, None] * np.eye(points)
    parts = seen[:, 1:]
    width = count
    if case.offset:
        parts = np.concatenate([parts, np.ones((repeats, 1, points))], axis=1)
        own = np.concatenate([own, np.zeros((1, points, points))])
        shared = np.concatenate([shared, np.zeros((*shared.shape[:2], 1, points))], axis=2)
        width += 1
    tied = case.sum_to_one and not case.scale
    rows = np.zeros((int(tied), width))
    rows[:, :count] = 1.0
    return Mixing(
        seen[:, 0],
        parts,
        own,
        shared,
        rows,
        np.ones(int(tied)),
        count,
        case.scale,
        0.0,
        1.0 if case.sum_to_one else np.inf,
    )


def naive(problem: Mixing) -> Array:
    """Ordinary least squares with the parts taken as exact, shape (repeats, count): what attenuation does."""
    last = problem.parts[:, problem.count - 1]
    tied = problem.rows.shape[0] > 0
    y = problem.target - (last if tied else 0.0)
    x = problem.parts[:, : problem.count - 1] - last[:, None] if tied else problem.parts[:, : problem.count]
    if problem.parts.shape[1] > problem.count:
        x = np.concatenate([x, problem.parts[:, problem.count :]], axis=1)
    found = np.linalg.solve(x @ np.swapaxes(x, 1, 2), np.einsum("rpm,rm->rp", x, y)[..., None])[..., 0]
    return found[:, :1]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    print(
        "| case | repeats | first weight held | last weight held | median half-width | bias, parts as exact / ours | no mixture found |"
    )
    print("|---|---|---|---|---|---|---|")
    for number, case in enumerate(CASES):
        problem = make(case, asked.repeats, np.random.default_rng([asked.seed, number]))
        found = weights(problem, stated=case.stated)
        held = [
            float(((found.low[:, k] <= case.true[k] + 1e-12) & (found.high[:, k] >= case.true[k] - 1e-12)).mean())
            for k in (0, -1)
        ]
        chance = departure(problem)[2]
        bias = f"{np.median(naive(problem)[:, 0]) - case.true[0]:+.3f}" if not case.scale else ""
        mine = np.median(found.free[:, 0]) - case.true[0]
        print(
            f"| {case.name} | {asked.repeats} | {shown(round(held[0] * asked.repeats), asked.repeats)} | {shown(round(held[1] * asked.repeats), asked.repeats)} | "
            f"{np.median(found.high - found.low) / 2:.3f} | {bias} / {mine:+.3f} | {(chance < 0.05).mean():.3f} |"
        )


if __name__ == "__main__":
    main()
