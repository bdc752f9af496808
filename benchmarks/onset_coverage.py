"""How often does the 95 % interval of an onset hold the truth, and how often is an onset found where there is none?

Run: ``python benchmarks/onset_coverage.py --repeats 1000 --seed 1``; prints rows for ``docs/benchmarks.md``. All data are
simulated. One curve has n states from 0 to 1; noise is given as one over the size of the change over the whole axis.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from interlith.evidence.curves import curves
from interlith.evidence.onsets.onset_curve import AUTO, Analysis, Options, analyse
from interlith.model import Observable, State
from shares import shown

Array = NDArray[np.float64]
Curve = Callable[[Array], Array]
PLAIN = Options(("kink",), 1, "any", 1, "scaled", "own", "keep", 0.95)


@dataclass(frozen=True)
class Case:
    """One row: truth, states, noise, and what the method is told."""

    name: str
    truth: tuple[float, ...]
    curve: Curve
    count: int
    noise: float
    options: Options = PLAIN
    spoil: str = ""
    shift: float = 0.0
    stress: bool = False


def kink(x: Array) -> Array:
    return 0.2 * x + np.maximum(x - 0.62, 0) / 0.38


def plateau(x: Array) -> Array:
    return np.maximum(x - 0.55, 0) / 0.45


def levels(x: Array) -> Array:
    return np.minimum(x - 0.45, 0) / 0.45


def step(x: Array) -> Array:
    return (x > 0.53) * 1.0


def ramp(x: Array) -> Array:
    return (np.maximum(x - 0.31, 0) - np.maximum(x - 0.68, 0)) / 0.37


def two_kinks(x: Array) -> Array:
    return 0.3 * x + 2 * np.maximum(x - 0.31, 0) - 3 * np.maximum(x - 0.68, 0)


def two_steps(x: Array) -> Array:
    return 1.0 * (x > 0.31) - 0.8 * (x > 0.68)


def sample(case: Case, random: np.random.Generator) -> list[Observable]:
    x = np.linspace(0.0, 1.0, case.count)
    sizes = np.full(case.count, case.noise)
    if case.spoil in ("told sizes", "untold sizes"):
        sizes = case.noise * np.exp(random.normal(0.0, 0.7, case.count))
    if case.spoil == "grows untold":
        sizes = case.noise * (0.3 + 2.0 * x)
    noise = sizes * random.standard_normal(case.count)
    if case.spoil == "outliers":
        noise = np.where(
            random.random(case.count) < 0.08, noise + 8 * case.noise * random.choice([-1, 1], case.count), noise
        )
    if case.spoil == "heavy tails":
        noise = case.noise * random.standard_t(3, case.count)
    if case.spoil == "drift":
        for k in range(1, case.count):
            noise[k] = 0.6 * noise[k - 1] + 0.8 * noise[k]
    moved = x + (random.uniform(-case.shift, case.shift) if case.spoil == "clock" else 0.0)
    if case.spoil == "exposure":
        window = np.linspace(-case.shift, case.shift, 21)
        y = np.mean([case.curve(x + each) for each in window], axis=0) + noise
    else:
        y = case.curve(moved) + noise
    told = np.full(case.count, case.noise) if case.spoil in ("untold sizes", "grows untold") else sizes
    if case.spoil == "sizes stated too small":
        told = sizes / 1.5
    return [
        Observable("y", float(y[k]), "ohm", "s", {f"fit:{k}": float(told[k])}, variant="v",
                   state=State("x", float(x[k]), float(x[k] - case.shift), float(x[k] + case.shift), "V"))
        for k in range(case.count)
    ]  # fmt: skip


def one(case: Case, random: np.random.Generator) -> Analysis:
    (curve,) = curves(sample(case, random), "y", against="x")
    return analyse(curve, case.options)


def coverage_cases() -> list[Case]:
    plateau_end = replace(PLAIN, forms=("plateau_end",))
    made = [
        Case("kink", (0.62,), kink, n, s)
        for n, s in ((6, 0.02), (8, 0.05), (12, 0.1), (20, 0.1), (20, 0.02), (50, 0.2), (200, 0.3))
    ]
    made += [
        Case("kink, sizes stated", (0.62,), kink, n, s, replace(PLAIN, errors="stated"))
        for n, s in ((6, 0.04), (20, 0.1))
    ]
    made += [Case("kink, unequal sizes, told", (0.62,), kink, 20, 0.07, spoil="told sizes")]
    made += [Case("plateau end", (0.55,), plateau, n, s, plateau_end) for n, s in ((6, 0.05), (12, 0.1), (30, 0.15))]
    made += [
        Case("plateau begins", (0.45,), levels, n, s, replace(PLAIN, forms=("plateau_start",)))
        for n, s in ((8, 0.05), (20, 0.1))
    ]
    made += [
        Case("step", (0.53,), step, n, s, replace(PLAIN, forms=("step",))) for n, s in ((6, 0.1), (12, 0.3), (40, 0.5))
    ]
    made += [Case("two lines with a jump", (0.53,), lambda x: x + step(x), 24, 0.15, replace(PLAIN, forms=("jump",)))]
    made += [
        Case("two kinks", (0.31, 0.68), two_kinks, n, s, replace(PLAIN, number=2)) for n, s in ((15, 0.03), (40, 0.05))
    ]
    made += [
        Case("ramp between plateaus", (0.31, 0.68), ramp, n, s, replace(plateau_end, number=2))
        for n, s in ((9, 0.05), (25, 0.1))
    ]
    made += [
        Case("two steps", (0.31, 0.68), two_steps, n, s, replace(PLAIN, forms=("step",), number=2))
        for n, s in ((12, 0.1), (40, 0.25))
    ]
    made += [Case("plateau end, form chosen", (0.55,), plateau, 20, 0.08, replace(PLAIN, forms=AUTO))]
    made += [Case("kink, clock error common to all states", (0.62,), kink, 20, 0.05, spoil="clock", shift=0.04)]
    made += [Case("kink, exposure over a whole gap", (0.62,), kink, 20, 0.05, spoil="exposure", shift=0.026)]
    return made


def stress_cases() -> list[Case]:
    name = replace(PLAIN, outliers="name")
    made = [Case("outliers (8 % off by 8 sigma), kept", (0.62,), kink, 30, 0.05, spoil="outliers"),
            Case("outliers (8 % off by 8 sigma), named", (0.62,), kink, 30, 0.05, name, "outliers"),
            Case("no outliers, but looked for", (0.62,), kink, 30, 0.05, name),
            Case("heavy tails (t of 3), kept", (0.62,), kink, 30, 0.07, spoil="heavy tails"),
            Case("heavy tails (t of 3), named", (0.62,), kink, 30, 0.07, name, "heavy tails"),
            Case("unequal sizes, not told", (0.62,), kink, 30, 0.07, spoil="untold sizes"),
            Case("noise grows sevenfold, not told", (0.62,), kink, 30, 0.07, spoil="grows untold"),
            Case("sizes stated 1.5 times too small", (0.62,), kink, 20, 0.05, replace(PLAIN, errors="stated"), "sizes stated too small"),
            Case("weak kink, many not found", (0.62,), kink, 12, 0.4),
            Case("five points", (0.62,), kink, 5, 0.01),
            Case("neighbours correlated by 0.6", (0.62,), kink, 30, 0.07, spoil="drift"),
            Case("curved before and after (kink fitted)", (0.62,), lambda x: kink(x) + 0.5 * (x - 0.5) ** 2, 20, 0.05),
            Case("rounded over 0.1 (kink fitted)", (0.62,), lambda x: 0.05 * np.logaddexp(0, (x - 0.62) / 0.05) / 0.38, 20, 0.05)]  # fmt: skip
    return [replace(case, stress=True) for case in made]


def null_cases() -> list[Case]:
    auto = replace(PLAIN, forms=AUTO)
    made = [Case(f"{words}, {form}", (), curve, n, 0.1, replace(PLAIN, forms=forms))
            for words, curve in (("constant", lambda x: 0 * x), ("line", lambda x: x))
            for form, forms in (("kink", ("kink",)), ("plateau end", ("plateau_end",)), ("form chosen", AUTO))
            for n in (6, 12, 30)]  # fmt: skip
    made += [
        Case("line, form chosen, sizes stated", (), lambda x: x, n, 0.1, replace(auto, errors="stated"))
        for n in (6, 30)
    ]
    made += [Case("line, unequal sizes told, form chosen", (), lambda x: x, 12, 0.1, auto, "told sizes")]
    made += [Case("line, kink, outliers looked for", (), lambda x: x, 20, 0.1, replace(PLAIN, outliers="name"))]
    made += [Case("line, two kinks asked for", (), lambda x: x, 15, 0.1, replace(PLAIN, number=2))]
    stress = [Case("constant, kink, outliers kept", (), lambda x: 0 * x, 20, 0.1, PLAIN, "outliers"),
              Case("constant, kink, outliers named", (), lambda x: 0 * x, 20, 0.1, replace(PLAIN, outliers="name"), "outliers"),
              Case("line, kink, noise grows sevenfold, not told", (), lambda x: x, 20, 0.1, PLAIN, "grows untold"),
              Case("line, kink, neighbours correlated by 0.6", (), lambda x: x, 20, 0.1, PLAIN, "drift")]  # fmt: skip
    stress += [
        Case(
            f"parabola ({bend:g} sigma at the ends), kink",
            (),
            lambda x, bend=bend: x + 0.1 * bend * (2 * x - 1) ** 2,
            20,
            0.1,
        )
        for bend in (2.0, 10.0)
    ]
    stress += [
        Case(
            "parabola (10 sigma), kink against a parabola",
            (),
            lambda x: x + (2 * x - 1) ** 2,
            20,
            0.1,
            replace(PLAIN, degree=2),
        )
    ]
    return made + [replace(case, stress=True) for case in stress]


def count_cases() -> list[Case]:
    auto = replace(PLAIN, number=None)
    return [Case("one kink, number open", (0.62,), kink, n, 0.05, auto) for n in (12, 30)] + [
        Case("one step, number open", (0.53,), step, 20, 0.2, replace(auto, forms=("step",))),
        Case("plateau end, number open", (0.55,), plateau, 20, 0.05, replace(auto, forms=("plateau_end",))),
        Case("ramp, number and form open", (0.31, 0.68), ramp, 20, 0.05, replace(auto, forms=AUTO)),
    ]


def coverage(cases: list[Case], repeats: int, seed: int) -> None:
    print(
        "| case | states | noise | repeats | found | coverage (Clopper-Pearson) | median half-width | said to be open |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for number, case in enumerate(cases):
        random = np.random.default_rng([seed, number, case.count])
        found, hits, trials, halves, open_ = 0, 0, 0, list[float](), 0
        for _ in range(repeats):
            item = one(case, random)
            found += bool(item.placed)
            open_ += bool(item.placed) and item.smooth_better
            for truth, placed in zip(case.truth, item.placed, strict=False):
                trials += 1
                hits += placed.low <= truth <= placed.high
                halves.append((placed.high - placed.low) / 2)
        stress = "stress: " if case.stress else ""
        half = f"{np.median(halves):.3f}" if halves else "-"
        print(
            f"| {stress}{case.name} | {case.count} | {case.noise:g} | {repeats} | {found / repeats:.3f} | {shown(hits, trials)} | {half} | {open_ / repeats:.3f} |",
            flush=True,
        )


def nulls(cases: list[Case], repeats: int, seed: int) -> None:
    print("\n| no onset in truth | states | repeats | onset found (Clopper-Pearson) | claimed |\n|---|---|---|---|---|")
    for number, case in enumerate(cases):
        random = np.random.default_rng([seed, 1000 + number, case.count])
        items = [one(case, random) for _ in range(repeats)]
        found = sum(bool(item.placed) for item in items)
        claimed = sum(bool(item.placed) and not item.smooth_better for item in items)
        stress = "stress: " if case.stress else ""
        print(
            f"| {stress}{case.name} | {case.count} | {repeats} | {shown(found, repeats)} | {claimed / repeats:.3f} |",
            flush=True,
        )


def numbers(cases: list[Case], repeats: int, seed: int) -> None:
    print("\n| truth | states | repeats | none | one | two | three |\n|---|---|---|---|---|---|---|")
    for number, case in enumerate(cases):
        random = np.random.default_rng([seed, 2000 + number, case.count])
        counts = np.bincount([len(one(case, random).placed) for _ in range(repeats)], minlength=4) / repeats
        print(
            f"| {case.name} | {case.count} | {repeats} | {' | '.join(f'{each:.3f}' for each in counts)} |", flush=True
        )


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--repeats", type=int, default=1000)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--parts", default="coverage,stress,nulls,numbers")
    given = asked.parse_args()
    begun = time.process_time()
    print(f"Simulated, {given.repeats} repeats a row, seed {given.seed}.\n")
    if "coverage" in given.parts:
        coverage(coverage_cases(), given.repeats, given.seed)
    if "stress" in given.parts:
        coverage(stress_cases(), given.repeats, given.seed + 1)
    if "nulls" in given.parts:
        nulls(null_cases(), given.repeats, given.seed)
    if "numbers" in given.parts:
        numbers(count_cases(), max(1, given.repeats // 4), given.seed)
    print(f"\n{time.process_time() - begun:.0f} CPU s")
