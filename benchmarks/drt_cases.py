"""For which spectra does the distribution of relaxation times succeed, and where does it fail?

Run: ``python benchmarks/drt_cases.py [--repeats 40] [--seed 1] [--pulls]``; prints a table for ``docs/benchmarks.md``. All spectra are simulated, noise in proportion to |Z|
on each part. The interval of the coverage comes from the spread over spectra: the points of one spectrum are not independent. ``--pulls`` prints the pulls of resistances and
time constants instead. One thread; CPU seconds of the process.
"""

from __future__ import annotations

import argparse
import os
import time
from dataclasses import dataclass, field

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")  # before numpy is loaded

import numpy as np  # noqa: E402
from numpy.typing import NDArray  # noqa: E402

from interlith.numerics.relaxation import distributions, peaks  # noqa: E402
from shares import shown  # noqa: E402

Array = NDArray[np.float64]
WIDE = (1e6, 1e-2, 80)
TWO = ((60.0, 1e-4, 0.85), (100.0, 5e-2, 0.75))


@dataclass(frozen=True)
class Case:
    """Arcs (ohm, s, exponent), single relaxations (ohm, s), terms beside them, noise and window (Hz, Hz, points)."""

    name: str
    arcs: tuple[tuple[float, float, float], ...] = ()
    single: tuple[tuple[float, float], ...] = ()
    normal: tuple[tuple[float, float, float], ...] = ()
    gerischer: tuple[float, float] | None = None
    inductance: float = 0.0
    warburg: float = 0.0
    capacity: float = 0.0
    noise: float = 0.005
    window: tuple[float, float, int] = WIDE
    options: dict[str, bool] = field(default_factory=dict)


CASES = (
    Case("two ZARCs", TWO),
    Case("two ZARCs, 0.05 % noise", TWO, noise=0.0005),
    Case("two ZARCs, 2 % noise", TWO, noise=0.02),
    Case("two ZARCs, 30 points 100 kHz to 0.1 Hz", TWO, window=(1e5, 0.1, 30)),
    Case("exponents 0.95 and 0.9", ((60.0, 1e-4, 0.95), (100.0, 5e-2, 0.9))),
    Case("exponents 0.6 and 0.65", ((60.0, 1e-3, 0.6), (100.0, 0.5, 0.65))),
    Case("ZARCs one decade apart", ((80.0, 3e-3, 0.85), (60.0, 3e-2, 0.85))),
    Case("ZARCs half a decade apart, exponent 0.95", ((80.0, 3e-3, 0.95), (60.0, 9.5e-3, 0.95))),
    Case("ZARCs half a decade apart, exponent 0.85", ((80.0, 3e-3, 0.85), (60.0, 9.5e-3, 0.85))),
    Case("three ZARCs", ((40.0, 1e-5, 0.8), (80.0, 1e-3, 0.85), (100.0, 0.1, 0.75))),
    Case("10 ohm beside 150 ohm", ((10.0, 1e-4, 0.8), (150.0, 3e-2, 0.8))),
    Case("log-normal, sigma 0.8 and 1.2", normal=((60.0, 1e-4, 0.8), (100.0, 5e-2, 1.2))),
    Case("RC and ZARC", ((100.0, 5e-2, 0.75),), single=((40.0, 1e-5),), options={"spikes": True}),
    Case("two RC", single=((50.0, 1e-4), (80.0, 1e-2)), options={"spikes": True}),
    Case("RC on the flank of a ZARC", ((100.0, 5e-2, 0.75),), single=((40.0, 2e-3),), options={"spikes": True}),
    Case("with 2 uH", TWO, inductance=2e-6),
    Case("with Warburg tail 8 ohm/s^0.5", TWO, warburg=8.0),
    Case("with series capacitance 20 mF", TWO, capacity=0.02),
    Case("Gerischer", gerischer=(80.0, 1e-2)),
    Case("slow process beyond the window", ((60.0, 1e-4, 0.85), (100.0, 100.0, 0.8))),
    Case("negative loop, non-negative", (*TWO, (-30.0, 1.0, 0.85))),
    Case("negative loop, signed", (*TWO, (-30.0, 1.0, 0.85)), options={"signed": True}),
    Case("two ZARCs, signed", TWO, options={"signed": True}),
)


def impedance(case: Case, frequency: Array) -> NDArray[np.complex128]:
    s = 2j * np.pi * frequency
    z = np.full(frequency.size, 20.0 + 0j)
    for r, t, a in case.arcs:
        z += r / (1 + (s * t) ** a)
    for r, t in case.single:
        z += r / (1 + s * t)
    x = np.linspace(-8, 8, 1601)
    for r, t, width in case.normal:
        bell = np.exp(-0.5 * x * x) / np.sqrt(2 * np.pi) * (x[1] - x[0])
        z += (r * bell / (1 + s[:, None] * t * np.exp(width * x))).sum(axis=1)
    if case.gerischer:
        r, t = case.gerischer
        z += r / np.sqrt(1 + s * t)
    z += case.inductance * s + case.warburg * (1 - 1j) / np.sqrt(s.imag)
    return z + (1 / (case.capacity * s) if case.capacity else 0.0)


def truth(case: Case, log_tau: Array) -> Array:
    """Distribution without the terms and the single relaxations."""
    made = np.zeros_like(log_tau)
    for r, t, a in case.arcs:
        made += (
            r / (2 * np.pi) * np.sin((1 - a) * np.pi) / (np.cosh(a * (log_tau - np.log(t))) - np.cos((1 - a) * np.pi))
        )
    for r, t, width in case.normal:
        made += r * np.exp(-0.5 * ((log_tau - np.log(t)) / width) ** 2) / (np.sqrt(2 * np.pi) * width)
    if case.gerischer:
        r, t = case.gerischer
        share = np.exp(log_tau) / t
        made += np.where(share < 1, r / np.pi * np.sqrt(share / np.maximum(1 - share, 1e-9)), 0.0)
    return made


def run(case: Case, repeats: int, seed: int) -> str:
    high, low, points = case.window
    frequency = np.geomspace(high, low, points)
    z = impedance(case, frequency)
    random = np.random.default_rng(seed)
    size = case.noise * np.abs(z)
    data = z + size * (random.standard_normal((repeats, points)) + 1j * random.standard_normal((repeats, points)))
    begun = time.process_time()
    found = distributions(frequency, data, **case.options)
    seconds = (time.process_time() - begun) / repeats
    inside = found.grid.inside
    exact = truth(case, found.grid.log_tau)
    total = float(found.grid.integral @ exact) + sum(r for r, _ in case.single)
    l2 = covered = "-"
    # The distribution of a single relaxation has no height to compare with.
    if not case.single or case.arcs:
        off = np.linalg.norm((found.gamma - exact)[:, inside], axis=1) / np.linalg.norm(exact[inside])
        seen = inside & (np.abs(exact) > 1e-3 * np.abs(exact).max())
        held = ((found.low <= exact) & (exact <= found.high))[:, seen].mean(axis=1)
        half = 1.96 * held.std(ddof=1) / np.sqrt(repeats)
        l2, covered = f"{np.median(off):.3f}", f"{held.mean():.3f} ({held.mean() - half:.3f}-{held.mean() + half:.3f})"
    error = float(np.median(np.abs(found.polarisation / total - 1))) * 100
    pull = (found.polarisation - total) / found.polarisation_std
    count = [peaks(one).count for one in found.bands]
    expected = len(case.arcs) + len(case.single) + len(case.normal) + bool(case.gerischer) + (case.warburg > 0)
    flagged = sum(bool(one) for one in found.reasons)
    return (
        f"| {case.name} | {l2} | {error:.2f} % | {pull.std():.2f} | {covered} | {shown(sum(c == expected for c in count), repeats)} | {flagged}/{repeats} "
        f"| {1e3 * seconds:.0f} ms |"
    )


def pulls(repeats: int, seed: int) -> None:
    print("| case | process | resistance: mean, std | ln tau: mean, std |\n|---|---|---|---|")
    for case in CASES:
        if not case.arcs or case.single or case.options or min(r for r, _, _ in case.arcs) < 0:
            continue
        high, low, points = case.window
        frequency = np.geomspace(high, low, points)
        z = impedance(case, frequency)
        random = np.random.default_rng(seed)
        size = case.noise * np.abs(z)
        data = z + size * (random.standard_normal((repeats, points)) + 1j * random.standard_normal((repeats, points)))
        made = [peaks(one) for one in distributions(frequency, data).bands]
        same = [one for one in made if one.count == len(case.arcs) + (case.warburg > 0)]
        for place, (r, t, _) in enumerate(case.arcs):
            off = np.array(
                [(one.values[place, :2] - [r, np.log(t)]) / one.std[place, :2] for one in same if not one.side[place]]
            )
            if len(off) > 5:
                (a, b), (c, d) = off.mean(axis=0), off.std(axis=0)
                print(f"| {case.name} ({len(off)}) | {r:g} ohm, {t:g} s | {a:+.2f}, {c:.2f} | {b:+.2f}, {d:.2f} |")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--repeats", type=int, default=40)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--pulls", action="store_true")
    given = options.parse_args()
    if given.pulls:
        pulls(given.repeats, given.seed)
        return
    print(
        "| spectrum | L2 of gamma | polarisation off by | its pull | 95 % band holds, where gamma > 0.1 % of its top | all processes found, none else | flagged | CPU |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for case in CASES:
        print(run(case, given.repeats, given.seed), flush=True)


if __name__ == "__main__":
    main()
