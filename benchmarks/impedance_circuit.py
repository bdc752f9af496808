"""Does a circuit come out of a spectrum without starts, with honest errors, how fast, and what do peers give on the same spectra?

Run: ``python benchmarks/impedance_circuit.py [--spectra 1000] [--peer-spectra 20] [--peers python] [--seed 1000] [--case all]``; prints
tables for ``docs/benchmarks.md``. All spectra are simulated: R0-(R1|Q1)-(R2|Q2)-W1, 60 points from 100 kHz to 10 mHz, noise of 0.5 %
of |Z| in either part, and other circuits, windows and noises. One thread; CPU seconds of the process.

``--peers`` names a Python that has impedance.py and pyimpspec installed (GPL: never imported by Interlith): the same spectra are fitted
there, by impedance.py from starts that are all off by a factor of three and from the truth, by pyimpspec from its own defaults.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import time

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")  # before numpy is loaded

import numpy as np  # noqa: E402
from numpy.typing import NDArray  # noqa: E402

from interlith.physics.circuits import Circuit, fit_circuit  # noqa: E402

Array = NDArray[np.float64]
MAIN = "R0-(R1|Q1)-(R2|Q2)-W1"
TRUTH = (10.0, 40.0, 2e-5, 0.85, 100.0, 3e-3, 0.80, 8.0)
#: Name -> circuit, truth, decades of frequency, points, relative noise.
CASES: dict[str, tuple[str, tuple[float, ...], tuple[float, float], int, float]] = {
    "main": (MAIN, TRUTH, (5, -2), 60, 0.005),
    "2 % noise": (MAIN, TRUTH, (5, -2), 60, 0.02),
    "noise 0.1 %, 30 points": (MAIN, TRUTH, (5, -2), 30, 0.001),
    "window 1 MHz to 0.1 Hz": (MAIN, (5.0, 20.0, 1e-7, 0.9, 60.0, 1e-4, 0.85, 15.0), (6, -1), 71, 0.005),
    "arcs a decade apart": (MAIN, (10.0, 40.0, 1e-4, 0.9, 60.0, 7e-4, 0.9, 8.0), (5, -2), 60, 0.005),
    "inductive": ("L1-R0-(R1|Q1)-(R2|Q2)-W1", (1e-6, *TRUTH), (6, -2), 70, 0.005),
    "three arcs": ("R0-(R1|Q1)-(R2|Q2)-(R3|Q3)", (5, 10, 1e-6, 0.9, 20, 1e-4, 0.85, 30, 1e-2, 0.9), (6, -2), 70, 0.005),
    "Q tail": ("R0-(R1|Q1)-(R2|Q2)-Q3", (5, 10, 1e-6, 0.9, 20, 1e-3, 0.85, 0.5, 0.7), (6, -2), 70, 0.005),
    "finite length": ("R0-(R1|Q1)-(R2|Q2)-Ws1", (5, 10, 1e-6, 0.9, 20, 1e-4, 0.85, 40, 5.0), (6, -2), 70, 0.005),
    "Randles, to a wall": ("R0-(R1|C1)-(R2-Wo1|C2)", (5, 20, 1e-6, 10, 60, 5.0, 1e-4), (5, -2), 60, 0.005),
    "Randles": ("R0-(Q1|R1-W1)", (5, 1e-5, 0.9, 20, 6.0), (5, -2), 60, 0.005),
    "film over transfer": ("R0-(Q1|R1-(Q2|R2))", (5, 1e-5, 0.9, 20, 1e-3, 0.85, 60), (5, -2), 60, 0.005),
    "Gerischer": ("R0-(R1|Q1)-G1", (5, 20, 1e-5, 0.9, 60, 0.5), (5, -2), 60, 0.005),
    "Havriliak-Negami": ("R0-HN1", (5, 60, 0.01, 0.9, 0.6), (5, -2), 60, 0.005),
    "pore": ("R0-TLM1", (5, 60, 5e-3, 0.9), (5, -2), 60, 0.005),
    "pore with reaction": ("R0-TLMR1", (5, 60, 30, 5e-3, 0.9), (5, -2), 60, 0.005),
    "composite between blocking contacts": ("TLMB1", (60, 20, 5e-3, 0.9), (5, -2), 60, 0.005),
}  # fmt: skip


def simulated(case: str, count: int, seed: int) -> tuple[Array, NDArray[np.complex128]]:
    text, truth, (high, low), points, noise = CASES[case]
    frequency = np.logspace(high, low, points)
    clean = Circuit(text).impedance(truth, frequency)
    spectra = []
    for k in range(count):
        random = np.random.default_rng(seed + k)
        spectra.append(
            clean + noise * np.abs(clean) * (random.standard_normal(points) + 1j * random.standard_normal(points))
        )
    return frequency, np.array(spectra)


def row(case: str, count: int, seed: int) -> str:
    text, truth, _, _, noise = CASES[case]
    frequency, spectra = simulated(case, count, seed)
    start = time.process_time()
    found = fit_circuit(frequency, spectra, text)
    batch = (time.process_time() - start) / count
    start = time.process_time()
    fit_circuit(frequency, spectra[0], text)
    alone = time.process_time() - start
    good = found.converged & (np.abs(found.values / np.array(truth) - 1) < 0.15).all(axis=1)
    lowest = found.scatter < 1.5 * noise
    pulls = ((found.values - truth) / found.std)[found.converged & lowest]
    widths = pulls.std(axis=0)
    return (
        f"| {case} | {text} | {good.sum()}/{count} | {(found.converged & lowest).sum()}/{count} | {widths.min():.3f}-{widths.max():.3f} | "
        f"{np.abs(pulls.mean(axis=0)).max():.2f} | {1e3 * batch:.1f} | {1e3 * alone:.0f} |"
    )


#: Runs in the peers' Python: spectra as JSON in, rows as JSON out.
PEERS = r"""
import json, sys, time, warnings
import numpy as np
warnings.simplefilter("ignore")
given = json.load(sys.stdin)
f = np.array(given["frequency"]); spectra = np.array(given["real"]) + 1j * np.array(given["imaginary"]); truth = np.array(given["truth"])
rows = []
def judge(name, values, seconds, failed):
    values = np.array(values)
    good = (np.abs(values / truth - 1) < 0.15).all(axis=1) if len(values) else np.zeros(0, bool)
    rows.append([name, int(good.sum()), len(spectra), failed, 1e3 * seconds / len(spectra)])
from impedance.models.circuits import CustomCircuit
order = np.array([0, 1, 2, 3, 4, 5, 6, 7])
for name, guess in (("impedance.py, starts three times off", truth * np.array([3, 1/3, 3, 1, 1/3, 3, 1, 3])), ("impedance.py, started at the truth", truth)):
    values, failed, begin = [], 0, time.process_time()
    for z in spectra:
        try:
            c = CustomCircuit("R0-p(R1,CPE1)-p(R2,CPE2)-W1", initial_guess=list(np.minimum(guess, np.where(np.isin(order, [3, 6]), 1.0, np.inf))))
            c.fit(f, z, weight_by_modulus=True)
            v = c.parameters_
            if (v[1] * v[2]) ** (1 / v[3]) > (v[4] * v[5]) ** (1 / v[6]): v = v[[0, 4, 5, 6, 1, 2, 3, 7]]
            values.append(v)
        except Exception: failed += 1
    judge(name, values, time.process_time() - begin, failed)
import pyimpspec
values, failed, begin = [], 0, time.process_time()
for z in spectra:
    try:
        data = pyimpspec.DataSet(frequencies=f, impedances=z)
        fit = pyimpspec.fit_circuit(pyimpspec.parse_cdc("R(RQ)(RQ)W"), data, method="auto", weight="auto", num_procs=1)
        e = fit.circuit.get_elements(); p = [x.get_values() for x in e]
        v = np.array([p[0]["R"], p[1]["R"], p[2]["Y"], p[2]["n"], p[3]["R"], p[4]["Y"], p[4]["n"], 1 / (np.sqrt(2) * p[5]["Y"])])
        if (v[1] * v[2]) ** (1 / v[3]) > (v[4] * v[5]) ** (1 / v[6]): v = v[[0, 4, 5, 6, 1, 2, 3, 7]]
        values.append(v)
    except Exception as error:
        failed += 1; print(repr(error)[:200], file=sys.stderr)
judge("pyimpspec, its own starts and methods", values, time.process_time() - begin, failed)
print(json.dumps(rows))
"""


def peers(python: str, count: int, seed: int) -> None:
    frequency, spectra = simulated("main", count, seed)
    start = time.process_time()
    found = fit_circuit(frequency, spectra, MAIN)
    own = 1e3 * (time.process_time() - start) / count
    good = (np.abs(found.values / np.array(TRUTH) - 1) < 0.15).all(axis=1).sum()
    given = {
        "frequency": frequency.tolist(), "real": spectra.real.tolist(), "imaginary": spectra.imag.tolist(), "truth": list(TRUTH),
    }  # fmt: skip
    done = subprocess.run([python, "-c", PEERS], input=json.dumps(given), capture_output=True, text=True, check=False)
    if done.returncode:
        print(done.stderr[-2000:])
        return
    print("\n| program | all parameters within 15 % | failed | CPU ms a spectrum |\n|---|---|---|---|")
    print(f"| Interlith, no starts, one batch | {good}/{count} | 0 | {own:.1f} |")
    for name, hits, of, failed, each in json.loads(done.stdout.splitlines()[-1]):
        print(f"| {name} | {hits}/{of} | {failed} | {each:.0f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--spectra", type=int, default=1000)
    parser.add_argument("--peer-spectra", type=int, default=20)
    parser.add_argument("--peers", help="a Python with impedance.py and pyimpspec")
    parser.add_argument("--seed", type=int, default=1000)
    parser.add_argument("--case", default="all", choices=["all", "none", *CASES])
    asked = parser.parse_args()
    chosen = {"all": list(CASES), "none": []}.get(asked.case, [asked.case])
    fit_circuit(*simulated("main", 2, 0), MAIN)  # warm
    if chosen:
        print(
            "| case | circuit | all parameters within 15 % | at the noise | width of pulls | largest mean pull | ms a spectrum, batch | ms alone |"
            "\n|---|---|---|---|---|---|---|---|"
        )
    for case in chosen:
        print(row(case, asked.spectra if case == "main" else min(asked.spectra, 200), asked.seed), flush=True)
    if asked.peers:
        peers(asked.peers, asked.peer_spectra, 0)


if __name__ == "__main__":
    main()
