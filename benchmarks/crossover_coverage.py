"""How often does the set of possible crossings hold the true one, and how often is a crossing told where there is none?

Run: ``python benchmarks/crossover_coverage.py [--repeats 1000] [--seed 1]``; prints rows of ``docs/benchmarks.md``. All data
are simulated; every row goes through the pair of curves that the statement uses.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from interlith.evidence.curves import Curve
from interlith.evidence.levels.crossover import _shown
from interlith.evidence.levels.crossover_fit import Degree, Pair, make_pair
from interlith.numerics.levels.crossings import crossing_pieces
from shares import clopper

Array = NDArray[np.float64]
Shape = Callable[[Array], Array]
CROSSING = 0.43


def curve(name: str, variant: str, x: Array, y: Array, own: Array) -> Curve:
    return Curve(name, variant, "q", "ohm", "t", "degC", x, x, x, y, own, {}, (), ())


def falling(x: Array) -> Array:
    return 2.0 - x


def rising(x: Array) -> Array:
    return 2.0 - CROSSING + 1.5 * (x - CROSSING)


def bent(x: Array) -> Array:
    return 2.0 - CROSSING + 1.5 * (x - CROSSING) + 3.0 * (x - CROSSING) ** 2


def above(x: Array) -> Array:
    return 2.4 - x


def draw(
    random: np.random.Generator, shapes: tuple[Shape, Shape], *, points: int, noise: tuple[float, float], specimens: int = 1,
    spread: float = 0.0, outlier: bool = False, unequal: bool = False,
) -> list[Curve]:  # fmt: skip
    x = np.linspace(0.0, 1.0, points)
    made = []
    for name, shape, size in zip(("a", "b"), shapes, noise, strict=True):
        for number in range(specimens):
            own = size * (0.4 + 1.2 * x) if unequal else np.full(points, size)
            error = own * random.standard_normal(points)
            if outlier and name == "a" and number == 0:
                error[random.integers(points)] += 8 * size
            # Specimens differ in level and slope.
            offset = spread * (random.standard_normal() + random.standard_normal() * (x - 0.5))
            told = np.full(points, size)
            made.append(curve(f"{name}{number}", name, x, shape(x) + offset + error, told))
    return made


def run(
    name: str, repeats: int, seed: list[int], *, degree: Degree, crossing: float | None = CROSSING, **layout: object
) -> None:  # fmt: skip
    random = np.random.default_rng(seed)
    shapes = layout.pop("shapes")
    held = told = apart = 0
    halves = []
    # The whole set is only looked for in every fifth repeat, but for nulls, since whether it holds the truth is one test.
    every = 1 if name.startswith("null") else 5
    for number in range(repeats):
        pair: Pair = make_pair(
            draw(random, shapes, **layout), ("a", "b"), degree=degree, errors="scaled", level=0.95  # type: ignore[arg-type]
        )  # fmt: skip
        if crossing is not None:
            middle, half = pair.difference(np.array([crossing]))
            held += abs(middle[0]) <= half[0]
        if number % every:
            continue
        pieces = crossing_pieces(pair.difference, 0.0, 1.0)
        sure = [k for k in range(len(pieces)) if _shown(pair, pieces, k, (0.0, 1.0))]
        told += bool(sure)
        apart += not pieces
        halves.append(sum(piece.high - piece.low for piece in pieces) / 2)
    low, high = clopper(held, repeats)
    cover = "" if crossing is None else f"{held / repeats:.3f} ({low:.3f}-{high:.3f})"
    print(
        f"| {name} | {repeats} | {cover} | {np.median(halves):.3f} | {told / len(halves):.3f} | {apart / len(halves):.3f} |",
        flush=True,
    )


def main(repeats: int, seed: int) -> None:
    print("| case | repeats | coverage (Clopper-Pearson) | half of the set | crossing told | told apart |")
    print("|---|---|---|---|---|---|")
    lines, curved = (falling, rising), (falling, bent)
    rows: list[tuple[str, dict[str, object]]] = [
        ("1 and 1, 5 points, lines", {"shapes": lines, "points": 5, "noise": (0.1, 0.1), "degree": 1}),
        ("1 and 1, 8 points, lines", {"shapes": lines, "points": 8, "noise": (0.1, 0.1), "degree": 1}),
        ("1 and 1, 8 points, noise 0.4", {"shapes": lines, "points": 8, "noise": (0.4, 0.4), "degree": 1}),
        ("1 and 1, 8 points, noise of one 4 times", {"shapes": lines, "points": 8, "noise": (0.05, 0.2), "degree": 1}),
        ("1 and 1, 12 points, parabolas", {"shapes": curved, "points": 12, "noise": (0.1, 0.1), "degree": 2}),
        ("1 and 1, 8 points, lines, auto", {"shapes": lines, "points": 8, "noise": (0.1, 0.1), "degree": "auto"}),
        ("1 and 1, 12 points, one bent, auto", {"shapes": curved, "points": 12, "noise": (0.1, 0.1), "degree": "auto"}),
        ("2 and 2, lines", {"shapes": lines, "points": 6, "noise": (0.03, 0.03), "specimens": 2, "spread": 0.1, "degree": 1}),
        ("3 and 3, lines", {"shapes": lines, "points": 6, "noise": (0.03, 0.03), "specimens": 3, "spread": 0.1, "degree": 1}),
        ("3 and 3, straight pieces", {"shapes": lines, "points": 6, "noise": (0.05, 0.05), "specimens": 3, "spread": 0.1, "degree": "interpolation"}),
        ("5 and 5, one bent, auto", {"shapes": curved, "points": 8, "noise": (0.05, 0.05), "specimens": 5, "spread": 0.1, "degree": "auto"}),
        ("null: parallel, 0.4 apart, noise 0.1", {"shapes": (falling, above), "points": 8, "noise": (0.1, 0.1), "degree": 1, "crossing": None}),
        ("null: parallel, 0.4 apart, noise 0.4", {"shapes": (falling, above), "points": 8, "noise": (0.4, 0.4), "degree": 1, "crossing": None}),
        ("null: the same curve, lines", {"shapes": (falling, falling), "points": 8, "noise": (0.1, 0.1), "degree": 1}),
        ("null: the same curve, 3 and 3, straight pieces", {"shapes": (falling, falling), "points": 8, "noise": (0.1, 0.1), "specimens": 3, "degree": "interpolation"}),
        ("stress: weak bend, auto, 6 points, noise 0.2", {"shapes": curved, "points": 6, "noise": (0.2, 0.2), "degree": "auto"}),
        ("stress: bend taken for a line", {"shapes": curved, "points": 12, "noise": (0.1, 0.1), "degree": 1}),
        ("stress: errors grow, not told", {"shapes": lines, "points": 8, "noise": (0.1, 0.1), "unequal": True, "degree": 1}),
        ("stress: one outlier of 8 sigma", {"shapes": lines, "points": 8, "noise": (0.1, 0.1), "outlier": True, "degree": 1}),
    ]  # fmt: skip
    for number, (name, layout) in enumerate(rows):
        run(name, repeats, [seed, number], **layout)  # type: ignore[arg-type]


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--repeats", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    begun = time.perf_counter()
    print(f"Simulated, {given.repeats} repeats a row, seed {given.seed}.\n")
    main(given.repeats, given.seed)
    print(f"\n{time.perf_counter() - begun:.0f} s")
