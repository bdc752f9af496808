"""How often does the 95 % interval of a fade hold the truth, by method, correlation of the residuals and length?

Run: ``python benchmarks/trend_coverage.py [repeats]``; prints rows for ``docs/benchmarks.md``. All data are simulated.
Methods: ordinary least squares; Newey-West with fixed-b critical values; restricted likelihood with one estimate of the
correlation plugged in; and ours, correlation and share of independent noise integrated out.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from interlith.numerics.trends.trend import fit_trend
from shares import clopper

Array = NDArray[np.float64]
SLOPE = -0.05
LENGTHS = (10, 20, 30, 50, 100, 200, 500)
CORRELATIONS = (0.0, 0.3, 0.6, 0.8, 0.9)


def noise(random: np.random.Generator, repeats: int, count: int, correlation: float) -> Array:
    """Stationary AR(1), unit variance."""
    fresh = random.standard_normal((repeats, count))
    made = np.empty_like(fresh)
    made[:, 0] = fresh[:, 0]
    for step in range(1, count):
        made[:, step] = correlation * made[:, step - 1] + np.sqrt(1 - correlation**2) * fresh[:, step]
    return made


def least_squares(x: Array, y: Array) -> tuple[Array, Array]:
    centred = x - x.mean()
    slope = y @ centred / (centred @ centred)
    residual = y - y.mean(axis=1)[:, None] - slope[:, None] * centred
    std = np.sqrt((residual**2).sum(axis=1) / (len(x) - 2) / (centred @ centred))
    return slope, special.stdtrit(len(x) - 2, 0.975) * std


def newey_west(x: Array, y: Array) -> tuple[Array, Array]:
    count, centred = len(x), x - x.mean()
    slope = y @ centred / (centred @ centred)
    score = (y - y.mean(axis=1)[:, None] - slope[:, None] * centred) * centred
    lags = max(1, int(1.3 * count**0.5))
    long_run = (score**2).sum(axis=1)
    for lag in range(1, min(lags, count - 1)):
        long_run = long_run + 2 * (1 - lag / lags) * (score[:, lag:] * score[:, :-lag]).sum(axis=1)
    b = lags / count  # critical value of Kiefer and Vogelsang 2005 for the Bartlett kernel
    critical = 1.96 + 2.9694 * b + 0.4160 * b**2 - 0.5324 * b**3
    return slope, critical * np.sqrt(np.maximum(long_run, 0.0) * count / (count - 2)) / (centred @ centred)


def plugged_in(x: Array, y: Array) -> tuple[Array, Array]:
    count = len(x)
    design = np.column_stack([np.ones(count), (x - x.mean()) / np.ptp(x)])
    best, slope, half = (np.full(len(y), value) for value in (-np.inf, 0.0, 0.0))
    for correlation in np.linspace(-0.5, 0.995, 80):
        root = np.sqrt(1 - correlation**2)
        inner = np.vstack([design[:1], (design[1:] - correlation * design[:-1]) / root])
        outer = np.concatenate([y[:, :1], (y[:, 1:] - correlation * y[:, :-1]) / root], axis=1)
        inverse = np.linalg.inv(inner.T @ inner)
        beta = outer @ inner @ inverse
        squares = ((outer - beta @ inner.T) ** 2).sum(axis=1)
        score = -(count - 1) * np.log(root) + 0.5 * np.linalg.slogdet(inverse)[1] - 0.5 * (count - 2) * np.log(squares)
        std = np.sqrt(squares / (count - 2) * inverse[1, 1]) / np.ptp(x)
        better = score > best
        best = np.where(better, score, best)
        slope = np.where(better, beta[:, 1] / np.ptp(x), slope)
        half = np.where(better, special.stdtrit(count - 2, 0.975) * std, half)
    return slope, half


@dataclass
class Ours:
    """What came of our intervals: coverage of the line alone and of the line or, where flagged, the cubic; and their width."""

    line: float
    covered: float
    in_sigma: float
    half: float
    bent: float


def ours(x: Array, y: Array, truth: float) -> Ours:
    alone, held, inside, halves, bent = [], [], [], [], 0
    for row in y:
        trend = fit_trend(x, row)
        line = trend.slope()
        flagged = trend.linear is False
        bent += flagged
        found = fit_trend(x, row, degree=3).slope() if flagged else line
        alone.append(line.low <= truth <= line.high)
        held.append(found.low <= truth <= found.high)
        inside.append(abs(found.value - truth) <= found.std)
        halves.append((found.high - found.low) / 2)
    return Ours(
        float(np.mean(alone)), float(np.mean(held)), float(np.mean(inside)), float(np.median(halves)), bent / len(y)
    )


def model_holds(repeats: int) -> None:
    print(
        "| cycles | correlation | least squares | Newey-West | plugged-in | ours | 95 % of ours | in 1 sigma | half-width, ours / known noise | bent |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    for count in LENGTHS:
        for correlation in CORRELATIONS:
            random = np.random.default_rng([count, int(100 * correlation)])
            x = np.arange(1.0, count + 1)
            y = 100 + SLOPE * x + noise(random, repeats, count, correlation)
            covered = [
                np.mean(np.abs(slope - SLOPE) <= half)
                for slope, half in (method(x, y) for method in (least_squares, newey_west, plugged_in))
            ]
            found = ours(x, y, SLOPE)
            low, high = clopper(round(found.covered * repeats), repeats)
            others = " | ".join(f"{value:.3f}" for value in covered)
            wider = found.half / known_half(x, correlation)
            print(
                f"| {count} | {correlation:g} | {others} | **{found.covered:.3f}** | {low:.3f}-{high:.3f} | {found.in_sigma:.3f} | {wider:.2f} | {found.bent:.3f} |",
                flush=True,
            )


def known_half(x: Array, correlation: float) -> float:
    """Half-width of the interval if correlation and variance were known."""
    covariance = correlation ** np.abs(x[:, None] - x[None, :])
    design = np.column_stack([np.ones_like(x), x])
    return float(1.96 * np.sqrt(np.linalg.inv(design.T @ np.linalg.solve(covariance, design))[1, 1]))


def model_fails(repeats: int) -> None:
    """Cases in which the residuals are not AR(1) about a line; the truth is the slope of the best line through the curve."""
    print("\n| case | cycles | least squares | ours, line only | ours | flagged as bent |")
    print("|---|---|---|---|---|---|")
    for count in (50, 200):
        x = np.arange(1.0, count + 1)
        u = (x - 1) / (count - 1)
        cases = {
            "weak bend (1 sigma), correlation 0.5": (-4 * (u - 0.5) ** 2, 0.5, 0.0),
            "strong bend (5 sigma), correlation 0.5": (-20 * (u - 0.5) ** 2, 0.5, 0.0),
            "knee at 70 % (10 sigma), correlation 0.5": (-10 * np.maximum(u - 0.7, 0.0) / 0.3, 0.5, 0.0),
            "fast start (exponential, 5 sigma), correlation 0.5": (5 * np.exp(-u / 0.1), 0.5, 0.0),
            "AR(1) 0.9 and as much white noise": (0 * u, 0.9, 1.0),
            "yearly swing of the room (sine, 3 sigma, 1.5 periods)": (3 * np.sin(3 * np.pi * u), 0.3, 0.0),
            "correlation 0.97": (0 * u, 0.97, 0.0),
            "one step of 3 sigma at 40 %": (3.0 * (u > 0.4), 0.3, 0.0),
            "one cycle in twenty off by 6 sigma": (np.where(np.arange(count) % 20 == 7, 6.0, 0.0), 0.3, 0.0),
        }  # fmt: skip
        for name, (curve, correlation, white) in cases.items():
            random = np.random.default_rng([count, len(name)])
            truth = SLOPE + float(np.polyfit(x, curve, 1)[0])
            y = 100 + SLOPE * x + curve + noise(random, repeats, count, correlation)
            y = y + white * random.standard_normal(y.shape)
            slope, half = least_squares(x, y)
            found = ours(x, y, truth)
            plain = np.mean(np.abs(slope - truth) <= half)
            print(
                f"| {name} | {count} | {plain:.3f} | {found.line:.3f} | **{found.covered:.3f}** | {found.bent:.2f} |",
                flush=True,
            )


if __name__ == "__main__":
    asked = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    begun = time.perf_counter()
    print(f"Simulated, {asked} repeats a row.\n")
    model_holds(asked)
    model_fails(asked)
    print(f"\n{time.perf_counter() - begun:.0f} s")
