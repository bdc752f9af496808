"""How near to the true distribution of relaxation times, how well covered and how fast, beside pyimpspec and a fit that knows the form?

Run: ``python benchmarks/impedance_drt.py WORKLOAD.py [--seeds 0 50] [--peer-python PATH] [--peer-seeds 10]``, where WORKLOAD.py defines
``FREQUENCY``, ``TAU``, ``exact_gamma()``, ``exact_impedance()``, ``spectrum(seed)``, ``score(tau, gamma)``, ``ZARCS``. Prints a table for ``docs/benchmarks.md``. All spectra are simulated. One
thread; CPU seconds of the process. pyimpspec (GPL) runs in an interpreter of its own, given by ``--peer-python``, on the same spectra.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import time
import types
from pathlib import Path

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")  # before numpy is loaded

import numpy as np  # noqa: E402


def workload(path: str) -> types.ModuleType:
    """The module that makes the spectra."""
    spec = importlib.util.spec_from_file_location("workload", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def peers(path: str, seeds: list[int]) -> dict[str, dict[str, list[float]]]:
    """Scores of pyimpspec's methods; runs in the interpreter that has it."""
    import pyimpspec  # type: ignore[import-not-found]

    made = workload(path)
    methods = {
        "pyimpspec TR-RBF, credible intervals": (
            "tr-rbf",
            {"credible_intervals": True, "num_samples": 2000, "timeout": 300},
        ),
        "pyimpspec TR-RBF": ("tr-rbf", {}),
        "pyimpspec TR-NNLS": ("tr-nnls", {}),
    }
    found: dict[str, dict[str, list[float]]] = {}
    for name, (method, options) in methods.items():
        row: dict[str, list[float]] = {"l2": [], "polarisation": [], "covered": [], "seconds": []}
        for seed in seeds[: 3 if options else None]:
            data = pyimpspec.DataSet(made.FREQUENCY, made.spectrum(seed))
            begun = time.process_time()
            try:
                result = pyimpspec.calculate_drt(data, method=method, num_procs=1, **options)
            except Exception as error:  # a peer that is not complete is told, not hidden
                print(f"{name}: {error}", file=sys.stderr)
                break
            row["seconds"].append(time.process_time() - begun)
            gamma = result.get_gammas()
            gamma = gamma[0] if isinstance(gamma, tuple) else gamma
            score = made.score(result.get_time_constants(), gamma)
            row["l2"].append(score["gamma_relative_l2"])
            row["polarisation"].append(score["polarisation_error_percent"])
            if options:
                tau, _, low, high = result.get_drt_credible_intervals_data()
                order = np.argsort(tau)
                truth = made.exact_gamma()
                at = np.log(made.TAU)
                low, high = (np.interp(at, np.log(tau[order]), np.asarray(end)[order]) for end in (low, high))
                row["covered"].append(float(((low <= truth) & (truth <= high)).mean()))
        found[name] = row
    return found


def oracle(made: types.ModuleType, data: np.ndarray) -> np.ndarray:
    """Gamma of a fit that knows the form: resistor and ZARCs, started at the truth, weights 1/|Z|."""
    from scipy.optimize import least_squares

    truth = np.concatenate([[np.log(made.R_INF)], *([np.log(r), np.log(t), a] for r, t, a in made.ZARCS)])
    omega = 2j * np.pi * made.FREQUENCY

    def residual(p: np.ndarray) -> np.ndarray:
        z = np.exp(p[0]) + sum(np.exp(r) / (1 + (omega * np.exp(t)) ** a) for r, t, a in p[1:].reshape(-1, 3))
        off = (z - data) / np.abs(data)
        return 100 * np.concatenate([off.real, off.imag])

    found = least_squares(residual, truth, x_scale="jac").x
    total = np.zeros_like(made.TAU)
    for r, t, a in found[1:].reshape(-1, 3):
        x = a * (np.log(made.TAU) - t)
        total += np.exp(r) / (2 * np.pi) * np.sin((1 - a) * np.pi) / (np.cosh(x) - np.cos((1 - a) * np.pi))
    return total


def ours(made: types.ModuleType, seeds: list[int]) -> dict[str, list[float]]:
    """Scores of Interlith, one spectrum a call, warm."""
    from interlith.numerics.relaxation import distributions

    distributions(made.FREQUENCY, made.spectrum(10**6))
    row: dict[str, list[float]] = {"l2": [], "polarisation": [], "covered": [], "seconds": []}
    truth, at = made.exact_gamma(), np.log(made.TAU)
    for seed in seeds:
        data = made.spectrum(seed)
        begun = time.process_time()
        found = distributions(made.FREQUENCY, data)
        row["seconds"].append(time.process_time() - begun)
        score = made.score(found.tau, found.gamma[0])
        row["l2"].append(score["gamma_relative_l2"])
        row["polarisation"].append(score["polarisation_error_percent"])
        low, high = (np.exp(np.interp(at, found.grid.log_tau, np.log(end[0]))) for end in (found.low, found.high))
        row["covered"].append(float(((low <= truth) & (truth <= high)).mean()))
    return row


def batch_seconds(made: types.ModuleType, count: int) -> float:
    """CPU seconds of a series of spectra in one call, warm."""
    from interlith.numerics.relaxation import distributions

    data = np.array([made.spectrum(seed) for seed in range(count)])
    distributions(made.FREQUENCY, data[:2])
    begun = time.process_time()
    distributions(made.FREQUENCY, data)
    return time.process_time() - begun


def spread(covered: list[float]) -> str:
    """Mean coverage with its 95 % interval from the spread over spectra: points of one spectrum are not independent."""
    if not covered:
        return "-"
    mean = float(np.mean(covered))
    half = 1.96 * float(np.std(covered, ddof=1)) / np.sqrt(len(covered)) if len(covered) > 1 else float("nan")
    return f"{mean:.3f} ({mean - half:.3f}-{mean + half:.3f})"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("workload")
    options.add_argument("--seeds", type=int, nargs=2, default=(0, 50))
    options.add_argument("--peer-python")
    options.add_argument("--peer-seeds", type=int, default=10)
    options.add_argument("--only-peers", action="store_true")
    given = options.parse_args()
    seeds = list(range(*given.seeds))
    if given.only_peers:
        print(json.dumps(peers(given.workload, seeds)))
        return
    made = workload(given.workload)
    truth, at = made.exact_gamma(), np.log(made.TAU)
    rows = {"Interlith": ours(made, seeds)}
    known = [oracle(made, made.spectrum(seed)) for seed in seeds]
    rows["fit that knows the form"] = {
        "l2": [float(np.linalg.norm(one - truth) / np.linalg.norm(truth)) for one in known],
        "polarisation": [float(abs(np.trapezoid(one, at) / np.trapezoid(truth, at) - 1) * 100) for one in known],
        "covered": [],
        "seconds": [],
    }
    if given.peer_python:
        first, last = given.seeds[0], min(given.seeds[0] + given.peer_seeds, given.seeds[1])
        command = [
            given.peer_python,
            str(Path(__file__).resolve()),
            given.workload,
            "--only-peers",
            "--seeds",
            str(first),
            str(last),
        ]
        rows |= json.loads(
            subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()[-1]
        )
    print(
        "| | spectra | L2 of gamma, median | 90 % below | polarisation off by, median | 95 % band holds | CPU a spectrum |"
    )
    print("|---|---|---|---|---|---|---|")
    for name, row in rows.items():
        if not row["l2"]:
            continue
        seconds = f"{1e3 * float(np.median(row['seconds'])):.0f} ms" if row["seconds"] else "-"
        print(
            f"| {name} | {len(row['l2'])} | {np.median(row['l2']):.4f} | {np.quantile(row['l2'], 0.9):.3f} "
            f"| {np.median(row['polarisation']):.3f} % | {spread(row['covered'])} | {seconds} |"
        )
    ratio = np.median(rows["Interlith"]["polarisation"]) / np.median(rows["fit that knows the form"]["polarisation"])
    print(
        f"\nPolarisation: {ratio:.2f} times the error of the fit that knows the form. 100 spectra in one call: {batch_seconds(made, 100):.2f} s CPU."
    )


if __name__ == "__main__":
    main()
