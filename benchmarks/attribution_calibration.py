"""Is a stated probability of `interlith.evidence.causes.attribution` right as often as it says, and when does it name the wrong one?

Run: ``python benchmarks/attribution_calibration.py --repeats 1000 --seed 1``; prints tables for ``docs/benchmarks.md``.
All data are simulated. Stress cases are named by what they break.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from interlith.evidence.causes.attribution_table import Table, joined
from interlith.evidence.causes.attribution_verdict import Asked, settle
from interlith.evidence.causes.attribution_words import overall
from interlith.evidence.kernel import quantile
from interlith.model import Observable, State
from interlith.numerics.trends.rivals import compare_rivals
from shares import clopper

Array = NDArray[np.float64]
ASKED = Asked("y", ("a", "b"), "scaled", 2, 0.95, True)
EDGES = np.array([0.0, 0.05, 0.2, 0.4, 0.6, 0.8, 0.95, 1.0])


def pair(random: np.random.Generator, shape: tuple[int, ...], correlation: float) -> Array:
    """True values of two rivals, unit variance."""
    drawn = random.standard_normal((*shape, 2))
    second = correlation * drawn[..., 0] + math.sqrt(1 - correlation**2) * drawn[..., 1]
    return np.stack([drawn[..., 0], second], axis=-1)


def effects(random: np.random.Generator, x: Array, inside: Array, size: float | None) -> Array:
    """Coefficients of the rivals that are true: from the prior of the method, or of a fixed size with either sign."""
    repeats, count, rivals = x.shape
    if size is not None:
        return inside * size * random.choice([-1.0, 1.0], (repeats, rivals))
    made = np.zeros((repeats, rivals))
    for number in range(repeats):
        true = np.flatnonzero(inside[number])
        if true.size:
            moved = x[number][:, true] - x[number][:, true].mean(axis=0)
            root = np.linalg.cholesky(np.linalg.inv(moved.T @ moved))
            g = 0.5 * count / random.gamma(0.5)
            made[number, true] = math.sqrt(g) * root @ random.standard_normal(true.size)
    return made


def reliability(repeats: int, seed: int) -> None:
    """Stated probability that a rival takes part against how often it does, truths drawn as the method assumes and not."""
    cases = {
        "as the method assumes (n 12, rivals correlated 0.5, error 0.2)": (12, 0.5, 0.2, None),
        "as the method assumes (n 30, rivals correlated 0.8, error 0.4)": (30, 0.8, 0.4, None),
        "as the method assumes (n 8, rivals correlated 0.3, no error)": (8, 0.3, 0.0, None),
        "effects all of half a scatter (n 12, 0.5, 0.2)": (12, 0.5, 0.2, 0.5),
        "effects all of two scatters (n 12, 0.5, 0.2)": (12, 0.5, 0.2, 2.0),
    }
    names = [f"{low:g}-{high:g}" for low, high in pairwise(EDGES)]
    print(f"\n| truths | {' | '.join(names)} |\n|---|{'---|' * len(names)}")
    for name, (count, correlation, error, size) in cases.items():
        random = np.random.default_rng([seed, len(name), count])
        x = pair(random, (4 * repeats, count), correlation)
        inside = random.integers(0, 2, (4 * repeats, 2)).astype(float)
        y = (x * effects(random, x, inside, size)[:, None, :]).sum(axis=-1) + random.standard_normal(x.shape[:2])
        seen = x + error * random.standard_normal(x.shape)
        found = compare_rivals(y, seen, np.full(x.shape, error))
        cells = []
        stated = np.concatenate([found.takes_part(0), found.takes_part(1)])
        true = np.concatenate([inside[:, 0], inside[:, 1]])
        for low, high in pairwise(EDGES):
            chosen = (stated > low) & (stated <= high)
            if chosen.sum() < 20:
                cells.append("-")
                continue
            ends = clopper(int(true[chosen].sum()), int(chosen.sum()))
            cells.append(f"{stated[chosen].mean():.2f}: {true[chosen].mean():.2f} ({ends[0]:.2f}-{ends[1]:.2f})")
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


Maker = Callable[[np.random.Generator], list[Observable]]


def observed(values: Array, errors: tuple[float, float, float], variants: list[str] | None = None) -> list[Observable]:
    """Observables of samples with outcome y and rivals a, b in the columns."""
    return [
        Observable(
            quantity, float(row[column]), "1", f"s{number}", {f"fit:{quantity}/{number}": errors[column]},
            variant=variants[number] if variants else "",
        )
        for number, row in enumerate(values)
        for column, quantity in enumerate(("y", "a", "b"))
    ]  # fmt: skip


def study(
    count: int,
    correlation: float,
    *,
    truth: tuple[float, float] = (1.5, 0.0),
    error: float = 0.2,
    told: float | None = None,
    shape: Callable[[Array], Array] = lambda x: x,
    spoil: float = 0.0,
    hidden: float | None = None,
) -> Maker:
    """Samples whose outcome follows the rivals, or a hidden cause that goes with the first one."""

    def make(random: np.random.Generator) -> list[Observable]:
        x = pair(random, (count,), correlation)
        y = truth[0] * shape(x[:, 0]) + truth[1] * x[:, 1] + random.standard_normal(count)
        if hidden is not None:
            cause = hidden * x[:, 0] + math.sqrt(1 - hidden**2) * random.standard_normal(count)
            y = 1.5 * cause + random.standard_normal(count)
        y = y + spoil * (random.random(count) < 0.1)
        seen = x + error * random.standard_normal(x.shape)
        size = error if told is None else told
        return observed(np.column_stack([y, seen]), (0.3, size, size))

    return make


def varied(groups: int, each: int, *, within: float, between: float, cause: float = 1.5) -> Maker:
    """Samples of variants that differ in both rivals; only the first acts, and only within variants where `cause` is set."""

    def make(random: np.random.Generator) -> list[Observable]:
        place = np.repeat(np.arange(groups), each)
        level = between * random.standard_normal((groups, 3))[place]
        inner = within * random.standard_normal((groups * each, 2))
        x = level[:, :2] + inner
        y = level[:, 2] + cause * inner[:, 0] + random.standard_normal(groups * each)
        seen = x + 0.2 * random.standard_normal(x.shape)
        return observed(np.column_stack([y, seen]), (0.3, 0.2, 0.2), [f"v{item}" for item in place])

    return make


def walks(samples: int, states: int, *, cause: float, walking: bool) -> Maker:
    """Rivals that pile up along a state axis, all of them; residuals walk as well or are made anew at each state."""

    def make(random: np.random.Generator) -> list[Observable]:
        items = []
        for sample in range(samples):
            x = np.cumsum(0.5 + random.standard_normal((states, 2)), axis=0)
            noise = random.standard_normal(states)
            y = cause * x[:, 0] + (np.cumsum(noise) if walking else noise)
            seen = x + 0.2 * random.standard_normal(x.shape)
            for state in range(states):
                for quantity, value, size in (
                    ("y", y[state], 0.3),
                    ("a", seen[state, 0], 0.2),
                    ("b", seen[state, 1], 0.2),
                ):
                    axis = State("cycle", 10.0 * state, 10.0 * state, 10.0 * state, "1")
                    parts = {f"fit:{quantity}/{sample}/{state}": size}
                    items.append(Observable(quantity, float(value), "1", f"s{sample}", parts, state=axis))
        return items

    return make


def table_of(items: list[Observable], against: str | None) -> Table:
    return joined(items, ("y", "a", "b"), against=against, at={}, exclude={})


def answers(title: str, cases: dict[str, tuple[Maker, str | None]], repeats: int, seed: int) -> None:
    print(
        f"\n| {title} | repeats | a takes part | b takes part | neither said | of these: not identifiable | none of them |"
    )
    print("|---|---|---|---|---|---|---|")
    for name, (make, against) in cases.items():
        random = np.random.default_rng([seed, len(name), len(title)])
        counts = dict.fromkeys(("a", "b", "open", "not", "none"), 0)
        for _ in range(repeats):
            table, judged = settle(table_of(make(random), against), ASKED)
            if judged is None or judged.found is None:
                counts["open"] += 1
                counts["not"] += 1
                continue
            verdict, words = overall(table, judged, ASKED)
            part = {name: float(judged.known.takes_part(place)) for place, name in enumerate(judged.names)}
            for rival, number in (("a", 0), ("b", 1)):
                counts[rival] += verdict == "supported" and part.get(rival, 0) >= 0.95 and number not in judged.reasons
            counts["open"] += verdict == "undecided"
            counts["not"] += "not identifiable" in words
            counts["none"] += verdict == "contradicted"
        shares = " | ".join(f"{counts[key] / repeats:.3f}" for key in ("a", "b", "open", "not", "none"))
        print(f"| {name} | {repeats} | {shares} |", flush=True)


def coverage(repeats: int, seed: int) -> None:
    """Intervals of the effect, error of the rival corrected, and of the share explained by the rival alone."""
    print(
        "\n| effect and share of one rival | repeats | effect | Clopper-Pearson | uncorrected | share | Clopper-Pearson |"
    )
    print("|---|---|---|---|---|---|---|")
    for count in (8, 15, 40):
        for error in (0.0, 0.3, 0.6):
            random = np.random.default_rng([seed, count, int(10 * error)])
            x = random.standard_normal((repeats, count, 1))
            y = x[..., 0] + random.standard_normal((repeats, count))
            found = compare_rivals(y, x + error * random.standard_normal(x.shape), np.full(x.shape, error))
            half = quantile(0.95, found.dof - 1) * found.slope_std[:, 0]
            held = int((np.abs(found.slope[:, 0] - 1) <= half).sum())
            true = np.clip(found.reliability[:, 0], 0.02, 1)
            plain = np.mean(np.abs(found.slope[:, 0] * true - 1) <= half * true)
            share = int(((found.share_low[:, 0] <= 0.5) & (found.share_high[:, 0] >= 0.5)).sum())
            ends, others = clopper(held, repeats), clopper(share, repeats)
            print(
                f"| n {count}, error of the rival {error:g} of its spread | {repeats} | **{held / repeats:.3f}** | {ends[0]:.3f}-{ends[1]:.3f} | "
                f"{plain:.3f} | **{share / repeats:.3f}** | {others[0]:.3f}-{others[1]:.3f} |"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    begun = time.perf_counter()
    print(
        f"Simulated, seed {asked.seed}. Reliability: mean stated probability: share that is true (Clopper-Pearson), by bin."
    )
    reliability(asked.repeats, asked.seed)
    proper: dict[str, tuple[Maker, str | None]] = {
        "a acts; 12 samples, rivals correlated 0.3": (study(12, 0.3), None),
        "a acts; 30 samples, 0.3": (study(30, 0.3), None),
        "a acts; 12 samples, 0.8": (study(12, 0.8), None),
        "a acts; 30 samples, 0.8": (study(30, 0.8), None),
        "both act; 30 samples, 0.3": (study(30, 0.3, truth=(1.5, 1.5)), None),
        "none acts; 12 samples, 0.3": (study(12, 0.3, truth=(0.0, 0.0)), None),
        "none acts; 30 samples, 0.3": (study(30, 0.3, truth=(0.0, 0.0)), None),
        "a acts, badly measured (error 0.7); 20 samples, 0.8": (study(20, 0.8, error=0.7), None),
        "3 variants of 6, a acts within": (varied(3, 6, within=1.0, between=2.0), None),
        "3 samples of 8 states, residuals walk": (walks(3, 8, cause=1.5, walking=True), "cycle"),
        "none acts; 3 samples of 8 states, residuals walk": (walks(3, 8, cause=0.0, walking=True), "cycle"),
    }
    answers("Rivals that can be told apart", proper, asked.repeats, asked.seed)
    alike: dict[str, tuple[Maker, str | None]] = {
        "12 samples, correlation 0.98": (study(12, 0.98), None),
        "12 samples, correlation 0.99": (study(12, 0.99), None),
        "30 samples, correlation 0.98": (study(30, 0.98), None),
        "30 samples, correlation 0.99, effect of 5 scatters": (study(30, 0.99, truth=(5.0, 0.0)), None),
        "12 samples, one rival is the other": (study(12, 1.0, error=0.0, told=0.0), None),
        "2 variants of 6 that differ in both, none acts": (varied(2, 6, within=0.0, between=3.0, cause=0.0), None),
        "4 variants of 3 that differ in both, none acts": (varied(4, 3, within=0.0, between=3.0, cause=0.0), None),
        "5 samples": (study(5, 0.0, truth=(5.0, 0.0)), None),
        "rivals vary within their error": (study(12, 0.0, error=2.0), None),
    }
    answers("Rivals that cannot be told apart", alike, asked.repeats, asked.seed)
    broken: dict[str, tuple[Maker, str | None]] = {
        "hidden cause, correlated 0.5 with a; 20 samples": (study(20, 0.3, hidden=0.5), None),
        "hidden cause, correlated 0.9 with a; 20 samples": (study(20, 0.3, hidden=0.9), None),
        "hidden cause, correlated 0 with a; 20 samples": (study(20, 0.3, hidden=0.0), None),
        "a acts as its square; 20 samples, 0.3": (study(20, 0.3, shape=lambda x: x**2), None),
        "one outcome in ten off by 6 scatters (outliers); 20 samples, 0.3": (study(20, 0.3, spoil=6.0), None),
        "none acts, the same outliers; 20 samples": (study(20, 0.3, truth=(0.0, 0.0), spoil=6.0), None),
        "errors of rivals told half; 20 samples, 0.8, error 0.7": (study(20, 0.8, error=0.7, told=0.35), None),
        "errors of rivals told double; 20 samples, 0.8, error 0.2": (study(20, 0.8, told=0.4), None),
        "8 variants of 3 that differ in both and in a hidden cause": (
            varied(8, 3, within=0.0, between=3.0, cause=0.0),
            None,
        ),
        "4 variants of 4, a acts within, hidden cause between": (varied(4, 4, within=1.0, between=3.0), None),
        "none acts; 3 samples of 8 states, residuals made anew": (walks(3, 8, cause=0.0, walking=False), "cycle"),
    }
    answers("Stress", broken, asked.repeats, asked.seed)
    coverage(asked.repeats, asked.seed)
    print(f"\n{time.perf_counter() - begun:.0f} s")


if __name__ == "__main__":
    main()
