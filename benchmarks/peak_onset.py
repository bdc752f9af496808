"""How often does the interval of a first appearance hold the truth, for growth of many kinds and sizes, and how often does noise appear?

    python benchmarks/peak_onset.py --repeats 1000 [--floor] [--points 100]

With ``--floor`` amounts cannot be negative, as shares of phases. Simulated areas along a temperature; truths between two patterns, anywhere.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from interlith.numerics.first_appearance import Appearance, first_appearance
from shares import clopper

GROWTH = {
    "jump": lambda t: (t > 0) * 1.0,
    "even": lambda t: np.clip(t, 0, 200) / 200,
    "quadratic": lambda t: (np.clip(t, 0, 200) / 200) ** 2,
    "exponential": lambda t: np.where(t > 0, 1 - np.exp(-np.clip(t, 0, None) / 60), 0),
    "Avrami 2": lambda t: np.where(t > 0, 1 - np.exp(-((np.clip(t, 0, None) / 60) ** 2)), 0),
    "Avrami 3": lambda t: np.where(t > 0, 1 - np.exp(-((np.clip(t, 0, None) / 80) ** 3)), 0),
}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=20261127)
    parser.add_argument("--floor", action="store_true", help="amounts below zero are given as zero")
    parser.add_argument("--points", type=int, default=100)
    given = parser.parse_args()
    rng = np.random.default_rng(given.seed)
    x = np.linspace(25, 850, given.points)
    lines = [
        "| growth | final area / noise | coverage | 95 % interval | too late | too early | median width (K) | found | ms |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for size in (5, 20, 100):
        for name, growth in GROWTH.items():
            held = late = early = found = 0
            widths, begun = [], time.process_time()
            for _ in range(given.repeats):
                truth = rng.uniform(300, 650)
                one = appeared(x, size * growth(x - truth) + rng.normal(size=x.size), places=100, floor=given.floor)
                if one.present:
                    found += 1
                    held += one.low <= truth <= one.high
                    late += truth < one.low
                    early += truth > one.high
                    widths.append(one.high - one.low)
            low, high = clopper(held, found)
            spent = 1e3 * (time.process_time() - begun) / given.repeats
            lines.append(
                f"| {name} | {size} | {held / found:.3f} | {low:.3f}-{high:.3f} | {late / found:.3f} | {early / found:.3f} | {np.median(widths):.0f} | {found / given.repeats:.3f} | {spent:.0f} |"
            )
    alarms = sum(
        appeared(x, rng.normal(size=x.size), places=1, floor=given.floor).present for _ in range(given.repeats)
    )
    low, high = clopper(alarms, given.repeats)
    lines.append(
        f"| noise alone (5 % asked for) | 0 | {alarms / given.repeats:.3f} false alarms | {low:.3f}-{high:.3f} | | | | | |"
    )
    print("\n".join(lines))


def appeared(x: np.ndarray, amount: np.ndarray, *, places: int, floor: bool) -> Appearance:
    """When amounts with noise of 1 first appear."""
    seen = np.maximum(amount, 0.0) if floor else amount
    return first_appearance(x, seen, np.ones(x.size), places=places, cut=seen == 0 if floor else None)


if __name__ == "__main__":
    main()
