"""How often does the 95 % interval of a threshold hold the truth, by shape, number of points, and kind of error?

Run: ``python benchmarks/threshold_coverage.py [--repeats 1000] [--seed 1]``; prints the rows of ``docs/benchmarks.md``. All
data are simulated. Lines and hinges go through the statement itself; the bootstrap through the test that it inverts.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from interlith.evidence.curves import Curve
from interlith.evidence.levels.threshold_fit import Asked, Found, clipped_points, fit_threshold
from interlith.numerics.levels.wild_bootstrap import wild_probability
from shares import clopper

Array = NDArray[np.float64]
TRUTH = 0.22
Draw = Callable[[np.random.Generator], Curve]


def curve(x: Array, y: Array, own: Array, wide: float = 0.0, shared: dict[str, Array] | None = None) -> Curve:
    return Curve("s", "", "q", "1", "dose", "at%", x, x - wide, x + wide, y, own, shared or {}, (), ())


def line(count: int, sigma: float, *, unequal: str = "", known: bool = True, tails: str = "", wide: float = 0.0, low: float = 0.3) -> Draw:  # fmt: skip
    """A straight line beyond the threshold; `unequal` errors grow or shrink, are known or not; `tails` of outliers."""
    x = np.linspace(low, 1.0, count)
    size = {
        "": np.full(count, sigma),
        "grow": sigma * (0.2 + 1.6 * (x - low) / (1 - low)),
        "shrink": sigma * (1.8 - 1.6 * (x - low) / (1 - low)),
    }[unequal]

    def draw(random: np.random.Generator) -> Curve:
        noise = size * random.standard_normal(count)
        if tails:
            noise[random.integers(count)] += 8 * sigma * random.choice([-1.0, 1.0])
        told = x + wide / np.sqrt(3) * random.standard_normal(count) if wide else x
        return curve(told, x - TRUTH + noise, size if known else np.ones(count), wide)

    return draw


def hinge(count: int, sigma: float, *, clipped: bool, low: float = 0.0) -> Draw:
    x = np.linspace(low, 1.0, count)

    def draw(random: np.random.Generator) -> Curve:
        y = np.maximum(x - TRUTH, 0.0) + sigma * random.standard_normal(count)
        return curve(x, np.maximum(y, 0.0) if clipped else y, np.full(count, sigma))

    return draw


class _Item:
    high = None


def told(draw: Draw, asked: Asked, repeats: int, seed: list[int]) -> list[Found]:
    """What the statement would tell, one a repeat; both treatments of named outliers as it does."""
    random = np.random.default_rng(seed)
    out = []
    for _ in range(repeats):
        made = draw(random)
        item = _Item()
        made = Curve(**{name: getattr(made, name) for name in made.__slots__ if name != "observables"}, observables=(item,) * len(made))  # type: ignore[arg-type]  # fmt: skip
        clipped = clipped_points(made, asked.at, frozenset())
        everything = tuple(range(len(made)))
        found = fit_threshold(made, asked, clipped, everything)
        if found is not None and found.outliers and asked.outliers == "leave_out":
            rest = tuple(k for k in everything if k not in found.outliers)
            found = fit_threshold(made, asked, clipped, rest)
        if found is not None:
            out.append(found)
    return out


def holds(found: Found) -> bool:
    if found.gap is not None:
        return not found.gap[0] < TRUTH < found.gap[1]
    return found.low <= TRUTH <= found.high


def row(name: str, draw: Draw, asked: Asked, repeats: int, seed: list[int]) -> None:
    made = told(draw, asked, repeats, seed)
    hits = sum(map(holds, made))
    low, high = clopper(hits, len(made))
    halves = np.array([(item.high - item.low) / 2 for item in made])
    hinges = sum(item.shape == "hinge" for item in made) / len(made)
    print(
        f"| {name} | {len(made)} | {hits / len(made):.3f} ({low:.3f}-{high:.3f}) | {np.median(halves):.3f} | "
        f"{np.mean(~np.isfinite(halves)):.3f} | {hinges:.2f} |",
        flush=True,
    )


def statement(repeats: int, seed: int) -> None:
    def asked(shape: str, errors: str = "scaled", outliers: str = "keep") -> Asked:
        return Asked(0.0, shape, "fieller", errors, outliers, 0.95, True)  # type: ignore[arg-type]

    print("| case | repeats | coverage (Clopper-Pearson) | half-width | open | hinge |")
    print("|---|---|---|---|---|---|")
    rows: list[tuple[str, Draw, Asked]] = [
        (f"line, {count} points, noise {sigma:g}", line(count, sigma), asked("line"))
        for count in (4, 6, 10)
        for sigma in (0.02, 0.1)
    ]
    rows += [
        ("line, 6 points, noise 0.3 (often open)", line(6, 0.3), asked("line")),
        ("line, 6 points, errors known and taken at their word", line(6, 0.05), asked("line", "stated")),
        ("line, 6 points, known unequal errors", line(6, 0.05, unequal="grow"), asked("line")),
        ("line, 8 points, states uncertain by 0.03", line(8, 0.03, wide=0.03 * np.sqrt(3)), asked("line")),
        ("line, 6 points, auto", line(6, 0.03), asked("auto")),
        ("line, 6 points, auto, noise 0.1", line(6, 0.1), asked("auto")),
        ("hinge, 7 points, noise 0.02, auto", hinge(7, 0.02, clipped=False), asked("auto")),
        ("hinge, 12 points, noise 0.05", hinge(12, 0.05, clipped=False), asked("hinge")),
        ("hinge, 12 points, noise 0.05, auto", hinge(12, 0.05, clipped=False), asked("auto")),
        ("line through zero at 8 points, noise 0.05, auto", line(8, 0.05, low=-0.2), asked("auto")),
        ("hinge, 7 points, clipped at zero, noise 0.02, auto", hinge(7, 0.02, clipped=True), asked("auto")),
        ("hinge, 12 points, clipped at zero, noise 0.05, auto", hinge(12, 0.05, clipped=True), asked("auto")),
        (
            "stress: hinge, 8 points, clipped, errors at their word",
            hinge(8, 0.05, clipped=True),
            asked("hinge", "stated"),
        ),
        ("stress: hinge taken for a line, 7 points", hinge(7, 0.02, clipped=False), asked("line")),
        ("stress: clipped hinge, line through the others", hinge(12, 0.05, clipped=True), asked("line")),
        ("stress: hinge, 7 points, noise 0.1, auto", hinge(7, 0.1, clipped=False), asked("auto")),
        ("stress: line through zero at 8 points, noise 0.1, auto", line(8, 0.1, low=-0.2), asked("auto")),
        ("stress: errors grow, not told, 8 points", line(8, 0.05, unequal="grow", known=False), asked("line")),
        ("stress: errors shrink, not told, 8 points", line(8, 0.05, unequal="shrink", known=False), asked("line")),
        ("stress: one outlier of 8 sigma, 8 points, kept", line(8, 0.03, tails="one"), asked("line")),
        ("stress: the same, left out where named", line(8, 0.03, tails="one"), asked("line", outliers="leave_out")),
        ("no outlier, 8 points, left out where named", line(8, 0.03), asked("line", outliers="leave_out")),
    ]
    for number, (name, draw, wanted) in enumerate(rows):
        row(name, draw, wanted, repeats, [seed, number])


def bootstrap(repeats: int, seed: int) -> None:
    print("\n| points | errors | bootstrap | Fieller, equal weights |")
    print("|---|---|---|---|")
    from interlith.numerics.levels.intercepts import fit_intercept

    for count in (4, 5, 6, 8, 12, 20):
        for kind in ("", "grow", "shrink"):
            draw = line(count, 0.03, unequal=kind, known=False)
            random = np.random.default_rng([seed, count, len(kind)])
            made = [draw(random) for _ in range(repeats)]
            x, y = made[0].x, np.array([item.y for item in made])
            chance = wild_probability(x, y, np.ones(count), np.full(repeats, TRUTH))
            hits = int((chance > 0.05).sum())
            low, high = clopper(hits, repeats)
            plain = fit_intercept(x, y, np.ones(count), scaled=True).interval(0.95).holds(TRUTH).mean()
            words = {"": "equal", "grow": "grow ninefold", "shrink": "shrink ninefold"}[kind]
            print(f"| {count} | {words} | {hits / repeats:.3f} ({low:.3f}-{high:.3f}) | {plain:.3f} |", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--repeats", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    begun = time.perf_counter()
    print(f"Simulated, {given.repeats} repeats a row, seed {given.seed}.\n")
    statement(given.repeats, given.seed)
    bootstrap(given.repeats, given.seed)
    print(f"\n{time.perf_counter() - begun:.0f} s")
