"""What do circuits say about real spectra: published values, repeats, fresh and aged cells, a set of 1,358?

Run: ``INTERLITH_DATA=... python benchmarks/circuit_real.py [--part all]``; prints tables for ``docs/benchmarks.md``. One thread; CPU
seconds of the process.

- ``example``: the example spectrum of impedance.py (MIT), unweighted, points with a negative imaginary part, beside the values and
  standard errors that its documentation prints.
- ``repeats``: two sweeps each over two dummy cells (impedance.py, MIT).
- ``ageing``: fresh and aged 18650 cells at three states of charge, three spectra each (2nd-NLEIS manuscripts, MIT); whether the three are
  cells or repeats is not stated. One circuit for all, 10 kHz to 20 mHz, exponents shared by the three spectra of a condition. Ratio aged
  over fresh with the 95 % interval of Welch's t over the logarithms of the three and three.
- ``cells``: 148 spectra of eight solid-state cells over cycles (SSB_EIS_ML, MIT): the resistance within the window, from the
  distribution of relaxation times, with 95 % intervals. The first spectrum of each cell fails Kramers-Kronig and is left out.
- ``set``: 1,358 spectra of coin cells over cycles (Zhang et al. 2020). The file has no frequencies; 60 logarithmic steps from 20 kHz to
  20 mHz are assumed.
"""

from __future__ import annotations

import argparse
import csv
import math
import os
import time
from pathlib import Path

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")  # before numpy is loaded

import numpy as np  # noqa: E402
from numpy.typing import NDArray  # noqa: E402
from scipy import special  # noqa: E402

from interlith.numerics.relaxation import distributions  # noqa: E402
from interlith.physics.circuits import derived, fit_circuit, judged  # noqa: E402

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]
DATA = Path(os.environ.get("INTERLITH_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
AGEING = "L1-R0-(R1|Q1)-(R2|Q2)-Q3"
LOWEST = 0.0199


def example() -> None:
    table = np.loadtxt(DATA / "impedance" / "impedancepy__exampleData.csv", delimiter=",")
    frequency, impedance = table[:, 0], table[:, 1] + 1j * table[:, 2]
    kept = impedance.imag < 0
    start = time.process_time()
    found = fit_circuit(frequency[kept], impedance[kept], "R0-p(R1,C1)-p(R2-Wo1,C2)", weights="unit")
    seconds = time.process_time() - start
    published = (0.01652, 0.00868, 3.321, 0.00539, 0.0631, 232.5, 0.2195)
    errors = (0.00015, 0.00019, 0.190, 0.00021, 0.0019, 16.2, 0.0175)
    print(
        "| parameter | Interlith, no starts | impedance.py, printed | difference (its standard errors) |\n|---|---|---|---|"
    )
    for k, name in enumerate(found.names):
        away = (found.values[0, k] - published[k]) / errors[k]
        print(
            f"| {name} | {found.values[0, k]:.4g} +- {found.std[0, k]:.2g} | {published[k]} +- {errors[k]} | {away:+.2f} |"
        )
    model = {name: value for name, value in zip(found.names, published, strict=True)}
    squares = [
        float(np.sum(np.abs(impedance[kept] - one) ** 2))
        for one in (found.fitted[0], found.circuit.impedance(model, frequency[kept]))
    ]
    print(f"\nSum of squares {squares[0]:.5e} ohm^2, of the printed values {squares[1]:.5e}; {seconds:.2f} CPU s.\n")


def repeats() -> None:
    print("| cell | sweep | L1 (uH) | R0 (ohm) | R1 (ohm) | exponent | scatter |\n|---|---|---|---|---|---|---|")
    for cell in ("Circuit1", "Circuit2"):
        for sweep in (1, 2):
            lines = (
                (DATA / "impedance" / f"impedancepy__{cell}_EIS_{sweep}.z").read_text(encoding="latin-1").splitlines()
            )
            rows = [line.split() for line in lines[lines.index("End Comments") + 1 :] if line.strip()]
            table = np.array(rows, dtype=float)
            found = fit_circuit(table[:, 0], table[:, 4] + 1j * table[:, 5], "L1-R0-(R1|Q1)")
            v, s = found.values[0], found.std[0]
            print(
                f"| {cell} | {sweep} | {1e6 * v[0]:.3f} +- {1e6 * s[0]:.3f} | {v[1]:.3f} +- {s[1]:.3f} | {v[2]:.3f} +- {s[2]:.3f} | "
                f"{v[4]:.4f} +- {s[4]:.4f} | {100 * found.scatter[0]:.2f} % |"
            )
    print()


def condition(charge: int, age: str) -> tuple[Array, Complex]:
    """Frequencies (n,) and the three spectra (3, n) of one condition."""
    folder = DATA / "realsets" / "eis_nleis"
    numbers = np.loadtxt(folder / f"Z1s_{charge}{age}.txt")
    return np.loadtxt(folder / f"freq_{charge}{age}.txt"), numbers[:, ::2] + 1j * numbers[:, 1::2]


def ageing() -> None:
    print("| state of charge | number | fresh | aged | aged / fresh (95 %) | ageing shows |\n|---|---|---|---|---|---|")
    for charge in (10, 30, 50):
        values: dict[str, list[list[float]]] = {}
        for age in ("f", "a"):
            frequency, spectra = condition(charge, age)
            spectra = np.where(frequency >= LOWEST, spectra, np.nan)
            exponents = ("Q1_exponent", "Q2_exponent", "Q3_exponent")
            found = fit_circuit(frequency, spectra, AGEING, shared=exponents)
            for member, verdicts in enumerate(judged(found)):
                row = dict(zip(found.names, found.values[member].tolist(), strict=True))
                for one in derived(found.circuit, row):
                    row[one.quantity] = (
                        math.nan if any(verdicts[name].value is None for name in one.slopes) else one.value
                    )
                row |= {name: math.nan for name, one in verdicts.items() if one.value is None}
                for name in ("L1", "R0", "R1", "R1_time_constant", "R2", "R2_time_constant", "polarisation_resistance"):
                    values.setdefault(name, [[], []])[age == "a"].append(row[name])
        for name, (fresh, aged) in values.items():
            ratio, low, high = welch(fresh, aged)
            told = "yes" if low > 1 or high < 1 else "not resolved"
            if math.isnan(ratio):
                told = f"{sum(math.isnan(one) for one in fresh + aged)} of 6 are bounds"
            unit = {"L": ("nH", 1e9), "R": ("mohm", 1e3), "p": ("mohm", 1e3)}[name[0]]
            unit = ("ms", 1e3) if name.endswith("constant") else unit
            shown = [
                ", ".join("bound" if math.isnan(one) else f"{unit[1] * one:.3g}" for one in part)
                for part in (fresh, aged)
            ]
            print(
                f"| {charge} % | {name} ({unit[0]}) | {shown[0]} | {shown[1]} | {'-' if math.isnan(ratio) else f'{ratio:.2f} ({low:.2f}-{high:.2f})'} | {told} |"
            )
    print()


def welch(fresh: list[float], aged: list[float]) -> tuple[float, float, float]:
    """Ratio of geometric means with its 95 % interval."""
    first, second = np.log(fresh), np.log(aged)
    parts = [one.var(ddof=1) / one.size for one in (first, second)]
    size = math.sqrt(sum(parts))
    free = sum(parts) ** 2 / sum(part**2 / 2 for part in parts)
    half = float(special.stdtrit(free, 0.975)) * size
    middle = second.mean() - first.mean()
    return math.exp(middle), math.exp(middle - half), math.exp(middle + half)


def whole_set() -> None:
    table = np.loadtxt(DATA / "realsets" / "eis_zhang2020" / "EIS_data.txt")
    spectra = table[:, :60] - 1j * table[:, 60:]
    frequency = np.logspace(math.log10(20e3), math.log10(0.02), 60)
    print(
        "| circuit | spectra | converged | median scatter | all numbers given | CPU s to fit | to judge |\n|---|---|---|---|---|---|---|"
    )
    for circuit in ("R0-(R1|Q1)-(R2|Q2)-Q3", AGEING):
        start = time.process_time()
        found = fit_circuit(frequency, spectra, circuit)
        fitted = time.process_time() - start
        verdicts = judged(found)
        judging = time.process_time() - start - fitted
        given = sum(all(one.value is not None for one in row.values()) for row in verdicts)
        print(
            f"| {circuit} | {len(spectra)} | {found.converged.sum()} | {100 * np.median(found.scatter):.2f} % | {given} | {fitted:.1f} | {judging:.1f} |"
        )


def cells() -> None:
    with (DATA / "realsets" / "eis_ssb" / "EISdata1_SoC0_Cyc1to100.csv").open(encoding="utf-8") as handle:
        rows = list(csv.reader(handle))
    places = [k for k, name in enumerate(rows[0]) if name.startswith("Re(Z)")]
    frequency = np.array([float(rows[0][k].removeprefix("Re(Z)")) for k in places])
    spectra = np.array([[float(row[k]) - 1j * float(row[k + 1]) for k in places] for row in rows[1:]])
    cycle = np.array([float(row[2]) for row in rows[1:]])
    cell = np.cumsum(cycle == 1)
    good = cycle > 1
    start = time.process_time()
    found = distributions(frequency, spectra[good])
    print(f"{good.sum()} spectra, {found.converged.sum()} converged, {time.process_time() - start:.1f} CPU s")
    print(
        "\n| cell | resistance between 10 kHz and 9.3 mHz (ohm) at cycle 2 | at 10 | at the last |\n|---|---|---|---|"
    )
    for number in range(1, int(cell.max()) + 1):
        mine = np.flatnonzero(cell[good] == number)
        own = cycle[good][mine]
        chosen = [mine[own == 2][0], mine[own == 10][0], mine[-1]]
        words = [
            f"{found.polarisation[k]:.0f} +- {1.96 * found.polarisation_std[k]:.0f} (cycle {cycle[good][k]:.0f})"
            for k in chosen
        ]
        print(f"| {number} | {' | '.join(words)} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parts = {"example": example, "repeats": repeats, "ageing": ageing, "cells": cells, "set": whole_set}
    parser.add_argument("--part", default="all", choices=["all", *parts])
    asked = parser.parse_args()
    for name, part in parts.items():
        if asked.part in ("all", name):
            part()


if __name__ == "__main__":
    main()
