"""How often does the interval of `interlith.evidence.causes.trend` hold the true slope?

Run: ``python benchmarks/evidence_trend_coverage.py --repeats 1000 --seed 1``; prints tables for ``docs/benchmarks.md``.
All data are simulated. Proper cases keep what the method assumes, stress cases break it and are named by what they break.
Theil-Sen: the interval in the details of a finding, for independent scatter of any shape.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from interlith.evidence.causes.trend_findings import Asked, interval_of, mean_of
from interlith.evidence.causes.trend_fit import check_rank, fit_slope, without
from interlith.evidence.curves import Curve
from interlith.model import Observable
from shares import clopper

Array = NDArray[np.float64]
SLOPE = -0.05


@dataclass(frozen=True)
class Case:
    """A row: what is simulated, what the method is told."""

    name: str
    x: Array
    draw: Callable[[np.random.Generator, Array], Array]
    std: Callable[[Array], Array] = lambda x: np.full(x.size, 1.0)
    errors: str = "scaled"
    residuals: str = "independent"
    shared: float = 0.0


def white(size: Callable[[Array], Array]) -> Callable[[np.random.Generator, Array], Array]:
    return lambda random, x: random.standard_normal(x.size) * size(x)


def memory(correlation: float, size: Callable[[Array], Array] = lambda x: np.ones(x.size)) -> Callable[..., Array]:
    def draw(random: np.random.Generator, x: Array) -> Array:
        fresh = random.standard_normal(x.size)
        made = np.empty(x.size)
        made[0] = fresh[0]
        for step in range(1, x.size):
            made[step] = correlation * made[step - 1] + math.sqrt(1 - correlation**2) * fresh[step]
        return made * size(x)

    return draw


def spoiled(random: np.random.Generator, x: Array) -> Array:
    """Normal scatter, every tenth point on average off by five standard deviations."""
    noise = random.standard_normal(x.size)
    return noise + 5.0 * (random.random(x.size) < 0.1) * random.choice([-1.0, 1.0], x.size)


def one(x: Array) -> Array:
    return np.ones(x.size)


def rising(x: Array) -> Array:
    """Scatter that grows five times along the axis."""
    return 0.5 + 2.0 * (x - x.min()) / np.ptp(x)


def proper() -> Iterator[Case]:
    for count in (3, 5, 8, 12, 30, 100):
        yield Case(f"{count} points, equal scatter", np.arange(1.0, count + 1), white(one))
    uneven = np.array([25.0, 200, 400, 600, 700])
    yield Case("5 uneven states, scatter known to grow five times", uneven, white(rising), rising)
    yield Case("12 points, scatter known to grow five times", np.arange(1.0, 13), white(rising), rising)
    yield Case("4 states of 3 points", np.repeat([1.0, 2.0, 3.0, 6.0], 3), white(one))
    for count in (2, 5, 12):
        yield Case(f"{count} points, sizes stated", np.arange(1.0, count + 1), white(rising), rising, errors="stated")
    yield Case("8 points, a declared drift of the meter (0.15 per x)", np.arange(1.0, 9), white(one), shared=0.15)
    for count, correlation in ((50, 0.0), (50, 0.6), (100, 0.3), (100, 0.8), (200, 0.8)):
        x = np.arange(1.0, count + 1)
        yield Case(f"{count} states, correlation {correlation:g}", x, memory(correlation), residuals="autocorrelated")
    x = np.arange(1.0, 61)
    yield Case(
        "60 states, correlation 0.6, scatter known to grow", x, memory(0.6, rising), rising, residuals="autocorrelated"
    )
    x = np.repeat(np.arange(1.0, 61), 2)
    yield Case("60 states of 2 points, independent", x, white(one), residuals="autocorrelated")


def stress() -> Iterator[Case]:
    for count in (8, 20, 60):
        yield Case(f"{count} points, one in ten off by 5 sigma (outliers)", np.arange(1.0, count + 1), spoiled)
    x = np.arange(1.0, 61)
    yield Case("60 states, outliers, taken as autocorrelated", x, spoiled, residuals="autocorrelated")
    for count in (8, 30):
        yield Case(f"{count} points, scatter grows five times, not told", np.arange(1.0, count + 1), white(rising))
    for count in (12, 20, 30, 50, 200):
        x = np.arange(1.0, count + 1)
        yield Case(f"{count} states, correlation 0.9", x, memory(0.9), residuals="autocorrelated")
    for count in (12, 30):
        x = np.arange(1.0, count + 1)
        yield Case(f"{count} states, correlation 0 (few for a memory)", x, white(one), residuals="autocorrelated")
    yield Case("8 points, correlation 0.6 (few points: taken as independent)", np.arange(1.0, 9), memory(0.6))
    yield Case("4 points, heavy tails (t with 2)", np.arange(1.0, 5), lambda random, x: random.standard_t(2, x.size))
    yield Case(
        "12 points, sizes stated half as large as they are",
        np.arange(1.0, 13),
        white(lambda x: 2 * one(x)),
        errors="stated",
    )


def curve_of(case: Case, y: Array) -> Curve:
    x = case.x
    shared = {"calibration:meter": case.shared * (x - x.mean())} if case.shared else {}
    points = (Observable("q", 1.0, "ohm", "s"),) * x.size
    return Curve("s", "v", "q", "ohm", "t", "V", x, x, x, y, case.std(x), shared, (), points)


def row(case: Case, repeats: int, seed: int) -> str:
    random = np.random.default_rng([seed, case.x.size, len(case.name), round(1000 * float(case.x.sum()))])
    held = rank = bent = refused = 0
    halves = []
    for _ in range(repeats):
        y = 100 + SLOPE * case.x + case.draw(random, case.x)
        y = y + case.shared * (case.x - case.x.mean()) * random.standard_normal()
        curve = curve_of(case, y)
        slope = fit_slope(curve, degree=1, errors=case.errors, residuals=case.residuals, level=0.95)  # type: ignore[arg-type]
        if slope is None:
            continue
        low, high = interval_of(curve, slope, 0.95)
        held += low <= SLOPE <= high
        halves.append((high - low) / 2)
        bent += slope.straight is False
        refused += slope.misfit < 0.01
        found = check_rank(curve, 0.95)
        rank += found is not None and found.low <= SLOPE <= found.high
    low, high = clopper(held, repeats)
    asked = "stated" if case.errors == "stated" else case.residuals
    return (
        f"| {case.name} | {asked} | {repeats} | **{held / repeats:.3f}** | {low:.3f}-{high:.3f} | {np.median(halves):.3g} | "
        f"{rank / repeats:.3f} | {bent / repeats:.3f} | {refused / repeats:.3f} |"
    )


def variants(repeats: int, seed: int) -> None:
    """Mean slope of a variant whose specimens differ, with a calibration that all share."""
    print("\n| mean over specimens | repeats | coverage | Clopper-Pearson | median half-width |\n|---|---|---|---|---|")
    asked = Asked(1.0, None, 0.95, "scaled", "independent", 1, False)
    for count, spread in ((2, 0.02), (3, 0.02), (6, 0.02), (3, 0.0)):
        random = np.random.default_rng([seed, count, round(100 * spread)])
        held, halves, x = 0, [], np.arange(1.0, 9)
        for _ in range(repeats):
            gain = 1 + 0.02 * random.standard_normal()
            members = []
            for number in range(count):
                y = (
                    100 + (SLOPE + spread * random.standard_normal()) * x + 0.2 * random.standard_normal(x.size)
                ) * gain
                items = (Observable("q", 1.0, "ohm", f"s{number}"),)
                curve = Curve(
                    f"s{number}",
                    "v",
                    "q",
                    "ohm",
                    "t",
                    "V",
                    x,
                    x,
                    x,
                    y,
                    np.ones(8),
                    {"calibration:m": 0.02 * y},
                    (),
                    items,
                )
                slope = fit_slope(curve, degree=1, errors="scaled", residuals="independent", level=0.95)
                if slope is not None:
                    members.append((curve, slope))
            _, found = mean_of("v", members, asked)
            low, high = found.interval()
            held += low <= SLOPE <= high
            halves.append((high - low) / 2)
        low, high = clopper(held, repeats)
        print(
            f"| {count} specimens, spread {spread:g} | {repeats} | **{held / repeats:.3f}** | {low:.3f}-{high:.3f} | {np.median(halves):.3g} |"
        )


def outliers(repeats: int, seed: int) -> None:
    """False verdicts where there is no trend, with outliers: by one interval, and by both as a verdict needs them."""
    print(
        "\n| no trend, outliers | repeats | one interval leaves out zero | with and without the outliers named |\n|---|---|---|---|"
    )
    for count in (8, 20, 60):
        random = np.random.default_rng([seed, count])
        x = np.arange(1.0, count + 1)
        single = both = 0
        for _ in range(repeats):
            curve = curve_of(Case("", x, spoiled), spoiled(random, x))
            slope = fit_slope(curve, degree=1, errors="scaled", residuals="independent", level=0.95)
            assert slope is not None
            ends = [interval_of(curve, slope, 0.95)]
            if slope.outliers:
                rest = without(curve, slope.outliers)
                again = fit_slope(rest, degree=1, errors="scaled", residuals="independent", level=0.95)
                ends += [] if again is None else [interval_of(rest, again, 0.95)]
            clear = [low > 0 or high < 0 for low, high in ends]
            single += clear[0]
            both += all(clear)
        print(f"| {count} points | {repeats} | {single / repeats:.3f} | {both / repeats:.3f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    begun = time.perf_counter()
    print(f"Simulated, {asked.repeats} repeats a row, seed {asked.seed}.")
    for title, cases in (("Proper cases", proper()), ("Stress cases", stress())):
        print(
            f"\n| {title} | residuals, errors | repeats | coverage | Clopper-Pearson | median half-width | Theil-Sen | called bent | stated errors refuted |"
        )
        print("|---|---|---|---|---|---|---|---|---|")
        for case in cases:
            print(row(case, asked.repeats, asked.seed), flush=True)
    variants(asked.repeats, asked.seed)
    outliers(asked.repeats, asked.seed)
    print(f"\n{time.perf_counter() - begun:.0f} s")


if __name__ == "__main__":
    main()
