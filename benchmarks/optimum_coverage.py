"""How often is the truly best level among those that are not excluded, and the true optimum within its interval?

Run: ``python benchmarks/optimum_coverage.py [--repeats 1000] [--seed 1]``; prints rows of ``docs/benchmarks.md``. All data are
simulated. The first table asks for the set of levels, the second for the vertex where its curvature is told, with the choice
of levels (all, or the neighbours of the best) as the statement makes it; the third for the region on two axes.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from numpy.typing import NDArray

from interlith.evidence.levels.optimum_fit import Ranking, between_levels
from interlith.evidence.levels.optimum_levels import Grid
from interlith.numerics.levels.best_levels import pooled_scatter, possible_bests, possible_bests_separate
from interlith.numerics.levels.stationary import stationary_place
from shares import clopper

Array = NDArray[np.float64]


def shown(held: NDArray[np.bool_]) -> str:
    if held.size == 0:
        return "none"
    low, high = clopper(int(held.sum()), held.size)
    return f"{held.mean():.3f} ({low:.3f}-{high:.3f})"


def sets(repeats: int, seed: int) -> None:
    print("| case | repeats | truly best kept (Clopper-Pearson) | levels kept | separate scatter | levels kept |")
    print("|---|---|---|---|---|---|")
    cases: list[tuple[str, tuple[int, ...], Array, Array, str]] = [
        ("4 levels alike, 3 cells", (3,) * 4, np.zeros(4), np.ones(4), ""),
        ("3 levels alike, 2 cells", (2,) * 3, np.zeros(3), np.ones(3), ""),
        ("9 levels alike, 2 cells", (2,) * 9, np.zeros(9), np.ones(9), ""),
        ("5 levels alike, 2 to 6 cells", (2, 3, 4, 5, 6), np.zeros(5), np.ones(5), ""),
        ("4 levels, best by 1 scatter, 3 cells", (3,) * 4, np.array([1.0, 0, 0, 0]), np.ones(4), ""),
        ("4 levels, best by 4 scatters, 3 cells", (3,) * 4, np.array([4.0, 0, 0, 0]), np.ones(4), ""),
        ("stress: best scatters 4 times as much", (3,) * 4, np.zeros(4), np.array([4.0, 1, 1, 1]), ""),
        ("stress: another scatters 4 times as much", (3,) * 4, np.zeros(4), np.array([1.0, 4, 1, 1]), ""),
        ("stress: one outlier of 8 scatters, 3 cells", (3,) * 4, np.zeros(4), np.ones(4), "outlier"),
        ("stress: skewed (log-normal), 3 cells", (3,) * 4, np.zeros(4), np.ones(4), "skewed"),
    ]
    for number, (name, counts, means, scatter, kind) in enumerate(cases):
        random = np.random.default_rng([seed, number])
        member = np.repeat(np.arange(len(counts)), counts)
        noise = random.standard_normal((repeats, member.size))
        if kind == "skewed":
            noise = np.exp(noise) - np.exp(0.5)
        if kind == "outlier":
            noise[np.arange(repeats), random.integers(member.size, size=repeats)] -= 8
        y = means[member] + scatter[member] * noise
        found, scale, dof = pooled_scatter(y, member)
        kept = possible_bests(found, 1.0 / np.array(counts), scale, dof)
        spread = np.stack([y[:, member == k].var(axis=1, ddof=1) for k in range(len(counts))], axis=1)
        apart = possible_bests_separate(found, spread, np.array(counts, dtype=float))
        print(
            f"| {name} | {repeats} | {shown(kept[:, 0])} | {kept.sum(axis=1).mean():.2f} | {shown(apart[:, 0])} | "
            f"{apart.sum(axis=1).mean():.2f} |",
            flush=True,
        )


def grid_of(x: Array, member: NDArray[np.int64], y: Array) -> Grid:
    return Grid("q", "%", ("dose",), ("at%",), x[:, None], member, y, np.full(y.size, np.inf), {}, (), (), ())


def ranking_of(made: Grid) -> Ranking:
    """What the vertex needs of a ranking: the best level and that replicates give the scatter."""
    means, scale, dof = pooled_scatter(made.values, made.member)
    every = np.ones(means.size, dtype=bool)
    return Ranking(
        means,
        made.counts,
        1.0 / made.counts,
        float(scale),
        dof,
        "replicates",
        every,
        None,
        0.0,
        None,
        int(means.argmax()),
    )


def vertices(repeats: int, seed: int) -> None:
    print("\n| case | told | coverage where told (Clopper-Pearson) | half-width | neighbours |")
    print("|---|---|---|---|---|")
    doses = np.array([0.3, 0.5, 0.7, 1.0])
    six = np.linspace(0.0, 1.0, 6)
    cases = [
        ("4 doses, 3 cells, small scatter", doses, 3, 0.5, 0.55, "parabola"),
        ("4 doses, 3 cells", doses, 3, 1.5, 0.55, "parabola"),
        ("4 doses, 3 cells, large scatter", doses, 3, 4.0, 0.55, "parabola"),
        ("3 doses, 2 cells", doses[:3], 2, 0.3, 0.52, "parabola"),
        ("6 doses, 2 cells", six, 2, 1.5, 0.4, "parabola"),
        ("4 doses, 3 cells, optimum at the edge", doses, 3, 1.5, 1.0, "parabola"),
        ("4 doses, 3 cells, optimum beyond the edge", doses, 3, 1.5, 1.2, "parabola"),
        ("stress: lopsided peak, 6 doses, 3 cells", six, 3, 0.5, 0.4, "lopsided"),
        ("stress: lopsided peak, large scatter", six, 3, 2.0, 0.4, "lopsided"),
        ("stress: scatter grows fourfold over the doses", doses, 3, 1.5, 0.55, "unequal"),
    ]
    for number, (name, x, cells, scatter, best, kind) in enumerate(cases):
        random = np.random.default_rng([seed, 100 + number])
        member = np.repeat(np.arange(x.size), cells)
        away = x - best
        curve = 80 - 60 * away**2
        if kind == "lopsided":
            curve = 80 - np.where(away < 0, 120, 40) * away**2
        size = scatter * (0.4 + 1.2 * (x - x[0]) / np.ptp(x)) if kind == "unequal" else np.full(x.size, scatter)
        held, halves, near = [], [], 0
        for _ in range(repeats):
            made = grid_of(x, member, curve[member] + size[member] * random.standard_normal(member.size))
            ranking = ranking_of(made)
            found = between_levels(made, ranking, "highest", through="auto", errors="scaled", level=0.95)
            if found is None or found.low is None or found.high is None:
                continue
            held.append(found.low <= best <= found.high)
            halves.append((found.high - found.low) / 2)
            near += found.through == "neighbours"
        half = f"{np.median(halves):.3f}" if halves else ""
        share = near / max(1, len(held))
        print(f"| {name} | {len(held) / repeats:.3f} | {shown(np.array(held))} | {half} | {share:.2f} |", flush=True)


def surfaces(repeats: int, seed: int) -> None:
    print("\n| case | told | region holds the optimum where told (Clopper-Pearson) |")
    print("|---|---|---|")
    x = np.array([(a, b) for a in (0.5, 1.0, 2.0) for b in (600.0, 700.0, 800.0) for _ in range(2)])
    truth = np.array([1.1, 715.0])
    for number, scatter in enumerate((0.3, 1.0, 3.0)):
        random = np.random.default_rng([seed, 200 + number])
        held = []
        for _ in range(repeats):
            y = 80 - 6 * (x[:, 0] - truth[0]) ** 2 - ((x[:, 1] - truth[1]) / 40) ** 2
            found = stationary_place(x, y + scatter * random.standard_normal(len(x)), np.ones(len(x)))
            if found.bent >= 0.025:
                continue
            place = tuple(int(np.abs(axis - value).argmin()) for axis, value in zip(found.axes, truth, strict=True))
            held.append(found.kept[place])
        print(
            f"| 3 by 3 levels, 2 cells, scatter {scatter:g} | {len(held) / repeats:.3f} | {shown(np.array(held))} |",
            flush=True,
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--repeats", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    begun = time.perf_counter()
    print(f"Simulated, {given.repeats} repeats a row, seed {given.seed}.\n")
    sets(given.repeats, given.seed)
    vertices(given.repeats, given.seed)
    surfaces(given.repeats, given.seed)
    print(f"\n{time.perf_counter() - begun:.0f} s")
