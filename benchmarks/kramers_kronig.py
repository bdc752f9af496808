"""How often does the Kramers-Kronig test blame a good spectrum, what does it find in bad ones, and how do peers do?

Run: ``python benchmarks/kramers_kronig.py [--repeats 1000] [--seed 1] [--noise 0.003] [--parts clean power real peers]``; prints the
tables of ``docs/benchmarks.md``. Simulated spectra: ten circuits on six grids of frequencies, half of them each noise. Real files
are found through ``INTERLITH_DATA``. Peers (``peers``) are pyimpspec and impedance.py where they are installed. They give no verdict: their
largest residual is held against the true noise, which a user does not know.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import io
import os
import time
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")  # before numpy is loaded

import numpy as np  # noqa: E402
from numpy.typing import NDArray  # noqa: E402

from interlith.numerics.kramers_kronig import Settings, kramers_kronig  # noqa: E402
from shares import shown  # noqa: E402

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]
Random = np.random.Generator
STRICT = Settings(limit=0.0)
GRIDS = ((6, -2, 80), (5, -2, 60), (4, -2, 36), (6, -1, 70), (5, 0, 50), (6.5, -1.3, 61))


def arc(omega: Complex, resistance: float, time: float, exponent: float) -> Complex:
    return np.asarray(resistance / (1 + (omega * time) ** exponent))


CIRCUITS: dict[str, Callable[[Complex], Complex]] = {
    "two RC": lambda w: 10 + arc(w, 40, 1e-4, 1.0) + arc(w, 80, 0.05, 1.0),
    "two ZARC": lambda w: 20 + arc(w, 60, 1e-4, 0.85) + arc(w, 100, 0.05, 0.75),
    "ZARC, Warburg": lambda w: 10 + arc(w, 40, 1e-3, 0.85) + arc(w, 100, 0.1, 0.8) + 11.3 / np.sqrt(w),
    "inductive": lambda w: 5 + arc(w, 20, 1e-3, 0.9) + arc(w, 30, 0.5, 0.8) + 2e-6 * w,
    "blocking CPE": lambda w: 50 + 1 / (1e-5 * w**0.92),
    "arc, capacitor": lambda w: 50 + arc(w, 200, 3e-6, 0.9) + 1 / (1e-6 * w),
    "Gerischer": lambda w: 3 + 30 / np.sqrt(1 + w * 0.02) + arc(w, 10, 1e-4, 0.9),
    "finite Warburg": lambda w: 8 + arc(w, 25, 1e-4, 0.8) + 60 * np.tanh(np.sqrt(20 * w)) / np.sqrt(20 * w),
    "open Warburg": lambda w: 0.017 + arc(w, 0.009, 0.03, 1) + arc(w, 0.0054, 1.2e-3, 1) + 0.063 / np.tanh(np.sqrt(232 * w)) / np.sqrt(232 * w),
    "negative loop": lambda w: 20 + arc(w, 100, 0.01, 0.9) - 20 / (1 + 2 * w),
}  # fmt: skip
Broken = Callable[[Complex, Array, Random], tuple[Complex, NDArray[np.intp]]]
#: Largest residual of a peer that counts as an alarm: times the true noise of simulated spectra, share of |Z| of real ones.
_SIGMAS, _LARGE = 4.5, 0.02
NONE = np.zeros(0, dtype=np.intp)


def off(percent: float, count: int) -> Broken:
    def make(z: Complex, frequency: Array, random: Random) -> tuple[Complex, NDArray[np.intp]]:
        at = np.asarray(random.choice(z.size, count, replace=False), dtype=np.intp)
        z[at] += percent / 100 * np.abs(z[at]) * np.exp(2j * np.pi * random.random(count))
        return z, at

    return make


def mains(z: Complex, frequency: Array, random: Random) -> tuple[Complex, NDArray[np.intp]]:
    at = np.flatnonzero(np.abs(np.log10(frequency / 50)) < 0.08)
    z[at] += 0.04 * np.abs(z[at]) * np.exp(2j * np.pi * random.random(at.size))
    return z, at


def drifting(percent: float, whole: bool) -> Broken:
    def make(z: Complex, frequency: Array, random: Random) -> tuple[Complex, NDArray[np.intp]]:
        elapsed = np.cumsum(1 / frequency)
        return z + (z if whole else z - z[0]) * percent / 100 * elapsed / elapsed[-1], NONE

    return make


def tail(z: Complex, frequency: Array, random: Random) -> tuple[Complex, NDArray[np.intp]]:
    at = np.arange(z.size - 4, z.size)
    z[at] *= 1 + 0.2 * random.standard_normal(4)
    return z, at


def gain(z: Complex, frequency: Array, random: Random) -> tuple[Complex, NDArray[np.intp]]:
    return 1.02 * z.real + 1j * z.imag, NONE


def step(z: Complex, frequency: Array, random: Random) -> tuple[Complex, NDArray[np.intp]]:
    z[frequency < 1] *= 1.02
    return z, NONE


def saturated(z: Complex, frequency: Array, random: Random) -> tuple[Complex, NDArray[np.intp]]:
    at = np.arange(z.size - 5, z.size)
    z[at] = z[at] / np.abs(z[at]) * np.abs(z[at[0] - 1])
    return z, at


def good(z: Complex, frequency: Array, random: Random) -> tuple[Complex, NDArray[np.intp]]:
    return z, NONE


CASES: dict[str, Broken] = {
    "good": good, "one point off by 2 %": off(2, 1), "one point off by 5 %": off(5, 1), "three points off by 5 %": off(5, 3),
    "points at 50 Hz off by 4 %": mains, "whole drifts by 1 %": drifting(1, True), "whole drifts by 2 %": drifting(2, True),
    "whole drifts by 5 %": drifting(5, True), "polarisation drifts by 5 %": drifting(5, False),
    "last four points scatter by 20 %": tail, "last five points saturated": saturated, "real part 2 % too large": gain,
    "2 % step at 1 Hz": step,
}  # fmt: skip


def spectrum(number: int, random: Random, noise: float, broken: Broken) -> tuple[Array, Complex, NDArray[np.intp]]:
    names = list(CIRCUITS)
    frequency = np.logspace(*GRIDS[(number // len(names)) % len(GRIDS)])
    clean, at = broken(CIRCUITS[names[number % len(names)]](2j * np.pi * frequency), frequency, random)
    scatter = random.standard_normal(clean.size) + 1j * random.standard_normal(clean.size)
    return frequency, clean + noise * np.abs(clean) * scatter, at


def clean(repeats: int, seed: int) -> None:
    print(
        "| noise (%) | spectra | any alarm, nothing forgiven | points | shape | drift | with 0.7 % forgiven | noise / truth | CPU ms |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    worst = Counter[str]()
    for noise in (1e-4, 1e-3, 3e-3, 1e-2):
        random = np.random.default_rng(seed)
        found, lenient = [], 0
        start = time.process_time()
        spectra = [spectrum(number, random, noise, good) for number in range(repeats)]
        found = [kramers_kronig(f, z, settings=STRICT)[0] for f, z, _ in spectra]
        spent = 1e3 * (time.process_time() - start) / repeats
        lenient = sum(kramers_kronig(f, z)[0].verdict != "passes" for f, z, _ in spectra[: repeats // 2])
        level = 0.3 * STRICT.level
        for number, one in enumerate(found):
            worst[list(CIRCUITS)[number % len(CIRCUITS)]] += one.verdict != "passes"
        ratio = np.array([one.noise / noise for one in found])
        print(
            f"| {100 * noise:g} | {repeats} | {shown(sum(o.verdict != 'passes' for o in found), repeats)} | "
            f"{np.mean([o.failing.any() for o in found]):.3f} | {np.mean([o.shape < level for o in found]):.3f} | "
            f"{np.mean([o.drift_chance < level for o in found]):.3f} | {shown(lenient, repeats // 2)} | "
            f"{ratio.mean():.3f} +- {ratio.std():.3f} | {spent:.0f} |"
        )
    print(
        "\nAlarms by circuit, all noises: "
        + ", ".join(f"{k} {v / (4 * repeats / len(CIRCUITS)):.3f}" for k, v in worst.items())
    )


def power(repeats: int, seed: int, noise: float) -> None:
    print(f"\n{repeats} spectra a case, noise {100 * noise:g} %.\n")
    print(
        "| case | alarms, nothing forgiven | bad points found | good points condemned a spectrum | drift (%) | alarms, 0.7 % forgiven |"
    )
    print("|---|---|---|---|---|---|")
    for name, broken in CASES.items():
        random = np.random.default_rng(seed)
        rows = []
        for number in range(repeats):
            frequency, z, bad = spectrum(number, random, noise, broken)
            one, other = (kramers_kronig(frequency, z, settings=how)[0] for how in (STRICT, Settings()))
            hit = float(one.failing[bad].mean()) if bad.size else np.nan
            rows.append(
                (one.verdict != "passes", hit, np.delete(one.failing, bad).sum(), one.drift, other.verdict != "passes")
            )
        table = np.array(rows, dtype=float)
        hits = f"{np.nanmean(table[:, 1]):.2f}" if np.isfinite(table[:, 1]).any() else "-"
        drift = (
            f"{100 * np.median(table[:, 3]):.1f} +- {100 * table[:, 3].std():.1f}"
            if "drifts" in name or name == "good"
            else "-"
        )
        print(
            f"| {name} | {table[:, 0].mean():.2f} | {hits} | {table[:, 2].mean():.3f} | {drift} | {table[:, 4].mean():.2f} |"
        )


def solid_state(folder: Path) -> tuple[Array, Complex, list[str]]:
    with (folder / "realsets" / "eis_ssb" / "EISdata1_SoC0_Cyc1to100.csv").open(encoding="utf-8") as lines:
        head, *rows = list(csv.reader(lines))
    real = [k for k, name in enumerate(head) if name.startswith("Re(Z)")]
    cycle = head.index("cycle_Nr")
    values = np.array([[float(row[k]) - 1j * float(row[k + 1]) for k in real] for row in rows])
    return np.array([float(head[k][5:]) for k in real]), values, [row[cycle] for row in rows]


def real(folder: Path) -> None:
    frequency, spectra, cycles = solid_state(folder)
    start = time.process_time()
    found = kramers_kronig(frequency, spectra)
    spent = 1e3 * (time.process_time() - start) / len(found)
    print(
        f"\n{len(found)} real spectra of eight solid-state cells, {spent:.0f} CPU ms each: {dict(Counter(o.verdict for o in found))}."
    )
    print(
        f"Median residual {100 * np.median([o.misfit for o in found]):.2f} %, noise {100 * np.median([o.noise for o in found]):.2f} %.\n"
    )
    print("| spectrum | cycle | verdict | residual (%) | noise (%) | failing points (Hz) | drift (%) |")
    print("|---|---|---|---|---|---|---|")
    for number, one in enumerate(found):
        if one.verdict != "passes":
            points = ", ".join(f"{value:.3g}" for value in frequency[one.failing]) or "-"
            drift = f"{100 * one.drift:.1f} +- {100 * one.drift_std:.1f}" if one.verdict == "drifts" else "-"
            print(
                f"| {number} | {float(cycles[number]):g} | {one.verdict} | {100 * one.misfit:.2f} | {100 * one.noise:.2f} | {points} | {drift} |"
            )


def peers(folder: Path, repeats: int, seed: int, noise: float, wanted: list[str]) -> None:
    programs: dict[str, Callable[[Array, Complex], float]] = {"interlith": lambda f, z: 0.0}
    try:
        from impedance.validation import linKK

        np.set_printoptions(legacy="1.25")  # it evaluates the text of its numbers

        def classical(f: Array, z: Complex) -> float:
            with contextlib.redirect_stdout(io.StringIO()):
                found = linKK(f, z, c=0.85, max_M=100, fit_type="complex", add_cap=True)
            return float(np.hypot(*found[3:]).max())

        programs["impedance.py linKK"] = classical
    except ImportError:
        print("\nimpedance.py is absent.")
    try:
        import pyimpspec

        def perform(f: Array, z: Complex) -> float:
            found = pyimpspec.perform_kramers_kronig_test(pyimpspec.DataSet(frequencies=f, impedances=z), num_procs=1)
            return float(np.hypot(*found.get_residuals_data()[1:]).max() / 100)

        programs["pyimpspec"] = perform
    except ImportError:
        print("\npyimpspec is absent.")
    names = [
        "good",
        "one point off by 2 %",
        "one point off by 5 %",
        "whole drifts by 5 %",
        "last four points scatter by 20 %",
        "real part 2 % too large",
    ]
    print(
        f"\n{repeats} spectra a case, noise {100 * noise:g} %, share of alarms. Peers: largest residual above {_SIGMAS:g} times the true noise; of real spectra above {100 * _LARGE:g} %.\n"
    )
    print("| program | " + " | ".join(names) + " | 8 first of 148 real | others | CPU ms a spectrum |")
    print("|---" * (len(names) + 4) + "|")
    frequency, spectra, cycles = solid_state(folder)
    first = [k for k, cycle in enumerate(cycles) if float(cycle) == 1]
    rest = [k for k in range(len(spectra)) if k not in first][:: max(1, 140 // repeats)]
    for program, statistic in programs.items():
        if program.split()[0] not in wanted:
            continue
        shares, start, count = [], time.process_time(), 0
        for name in names:
            random = np.random.default_rng(seed)
            drawn = [spectrum(number, random, noise, CASES[name]) for number in range(repeats)]
            if program == "interlith":
                alarms = np.array([kramers_kronig(f, z, settings=STRICT)[0].verdict != "passes" for f, z, _ in drawn])
            else:
                sizes = np.array([statistic(f, z) for f, z, _ in drawn])
                alarms = sizes > _SIGMAS * noise
            shares.append(float(alarms.mean()))
            count += repeats
        spent = 1e3 * (time.process_time() - start) / count
        flagged = []
        for group in (first, rest):
            if program == "interlith":
                flagged.append(sum(kramers_kronig(frequency, spectra[k])[0].verdict != "passes" for k in group))
            else:
                flagged.append(sum(statistic(frequency, spectra[k]) > _LARGE for k in group))
        print(
            f"| {program} | "
            + " | ".join(f"{share:.2f}" for share in shares)
            + f" | {flagged[0]} | {flagged[1]} of {len(rest)} | {spent:.0f} |",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--noise", type=float, default=1e-3)
    parser.add_argument("--parts", nargs="+", default=["clean", "power", "real", "peers"])
    parser.add_argument("--peer-repeats", type=int, default=60)
    parser.add_argument("--programs", nargs="+", default=["interlith", "impedance.py", "pyimpspec"])
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    folder = Path(os.environ.get("INTERLITH_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
    if "clean" in asked.parts:
        clean(asked.repeats, asked.seed)
    if "power" in asked.parts:
        power(max(asked.repeats // 5, 20), asked.seed, asked.noise)
    if "real" in asked.parts:
        real(folder)
    if "peers" in asked.parts:
        peers(folder, asked.peer_repeats, asked.seed, asked.noise, asked.programs)


if __name__ == "__main__":
    main()
