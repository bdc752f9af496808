"""How often does the 95 % interval of an activation energy hold the truth, and what do four real electrolytes give?

Run: ``python benchmarks/arrhenius.py [--repeats 2000] [--seed 1] [--real]``; prints the tables of ``docs/benchmarks.md``. The series of
the first table are simulated; the real ones are found through ``INTERLITH_DATA``: resistances as recorded, and from the spectra.
"""

from __future__ import annotations

import argparse
import ast
import csv
import os
from pathlib import Path

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")  # before numpy is loaded

import numpy as np  # noqa: E402

from interlith.model import Series  # noqa: E402
from interlith.techniques.impedance.arrhenius import activation_energy  # noqa: E402
from interlith.techniques.impedance.arrhenius_fit import BOLTZMANN, arrhenius, vogel  # noqa: E402
from interlith.techniques.impedance.bare import spectrum  # noqa: E402
from interlith.techniques.impedance.conductivity import conductivity  # noqa: E402
from shares import shown  # noqa: E402

#: Name -> temperatures, stated error of ln(sigma), scatter that nobody stated, error of a temperature (K).
CASES = {
    "three temperatures": (3, 0.02, 0.0, 0.0), "four, scatter not stated": (4, 0.02, 0.02, 0.0), "five": (5, 0.02, 0.0, 0.0),
    "six, scatter not stated": (6, 0.02, 0.02, 0.0), "eight": (8, 0.02, 0.0, 0.0),
    "eight, scatter four times the stated": (8, 0.005, 0.02, 0.0), "nine, temperatures +- 0.5 K": (9, 0.02, 0.0, 0.5),
    "nine, nothing stated": (9, 0.0, 0.03, 0.0),
}  # fmt: skip
ENERGY = 0.3


def simulated(repeats: int, seed: int) -> None:
    print("| series (simulated) | interval holds the truth | called bent | half-width (eV) |")
    print("|---|---|---|---|")
    for name, (count, stated, extra, wrong) in CASES.items():
        random = np.random.default_rng(seed)
        hits, bent, widths = 0, 0, []
        for _ in range(repeats):
            kelvin = np.linspace(253.15, 333.15, count)
            std = stated * np.exp(random.normal(0, 0.5, count))
            true = kelvin + wrong * random.standard_normal(count)
            logarithm = 5 - ENERGY / (BOLTZMANN * true) + np.hypot(std, extra) * random.standard_normal(count)
            line = arrhenius(kelvin, logarithm, std, wrong)
            hits += abs(line.energy - ENERGY) < line.quantile * line.std
            bent += line.bend_chance < 0.05
            widths.append(line.quantile * line.std)
        shown_bent = shown(bent, repeats) if count >= 5 else "not tested"
        print(f"| {name} | {shown(hits, repeats)} | {shown_bent} | {np.median(widths):.4f} |", flush=True)


def bending(repeats: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    kelvin = np.linspace(243.15, 333.15, 10)
    zero, strength, found = 0, 0, 0
    for _ in range(repeats):
        logarithm = 2 - 0.035 / (BOLTZMANN * (kelvin - 150)) + 0.01 * random.standard_normal(10)
        found += arrhenius(kelvin, logarithm, 0.01).bend_chance < 0.05
        curve = vogel(kelvin, logarithm, 1.0)
        zero += curve.zero_low < 150 < curve.zero_high
        strength += curve.energy_low < 0.035 < curve.energy_high
    print(
        f"\nVogel, Tammann and Fulcher, {repeats} simulated series of ten temperatures, 0.035 eV and 150 K, scatter 1 %: called bent"
    )
    print(
        f"{shown(found, repeats)}; interval of the temperature holds it {shown(zero, repeats)}, of the energy {shown(strength, repeats)}."
    )


def real(folder: Path) -> None:
    csv.field_size_limit(10**8)
    path = folder / "realsets" / "eis_electrolyte_T" / "madap_conductivity_EIS_4electrolytes.csv"
    with path.open(encoding="utf-8") as lines:
        rows = list(csv.reader(lines, delimiter=";"))[1:]
    print(
        "\n| electrolyte | T | from | ln(sigma): E (eV) | ln(sigma T): E (eV) | bent (chance) | local, coldest and warmest (eV) | VTF (eV; K) |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for name in dict.fromkeys(row[1] for row in rows):
        own = [row for row in rows if row[1] == name]
        kelvin = np.array([float(row[2]) for row in own]) + 273.15
        by_program = np.log([float(row[4]) for row in own])
        line, other = arrhenius(kelvin, by_program, 0.0), arrhenius(kelvin, by_program + np.log(kelvin), 0.0)
        curve = vogel(kelvin, by_program, 1.0)
        print(
            f"| {name} | {len(own)} | recorded | {line.energy:.4f} +- {line.quantile * line.std:.4f} | {other.energy:.4f} | "
            f"{line.bend_chance:.1g} | {line.local[0]:.3f}, {line.local[1]:.3f} | {curve.energy:.4f}; {curve.zero:.0f} |"
        )
        measured = []
        for row in own:
            frequency, re, im = (np.array(ast.literal_eval(row[k])) for k in (6, 7, 8))
            measured.append(spectrum(frequency, re + 1j * im, sample=name, state={"temperature": float(row[2])}))
        constant = ast.literal_eval(own[0][9])
        found = conductivity(Series(tuple(measured)), cell_constant=f"{constant[0]} +- {constant[1]} 1/cm")
        plain, hopping = (activation_energy(found, form=form) for form in ("ln(sigma)", "ln(sigma T)"))
        energies = {one.quantity: one for one in plain.observables()}
        energy, local = energies["activation_energy"], plain.observables("local_activation_energy")
        low, high = energy.interval()
        bent = "; ".join(flag.message.split("chance ")[1].split(")")[0] for flag in plain.flags.get(name, ())) or "no"
        both = ", ".join(f"{one.value:.3f}" for one in local) or "-"
        law = f"{energies['vogel_energy'].value:.4f}; {energies['vogel_temperature'].value:.0f}" if local else "-"
        ratio = [one.value * 1.0 for one in found.observables("ionic_resistance") if one.value]
        print(
            f"| {name} | {len(ratio)} | spectra | {energy.value:.4f} +- {(high - low) / 2:.4f} | "
            f"{hopping.observables('activation_energy')[0].value:.4f} | {bent} | {both} | {law} |",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--real", action="store_true", help="only the real electrolytes")
    asked = parser.parse_args()
    if not asked.real:
        simulated(asked.repeats, asked.seed)
        bending(asked.repeats, asked.seed)
    real(Path(os.environ.get("INTERLITH_DATA", Path(__file__).resolve().parents[2] / "shared" / "data")))


if __name__ == "__main__":
    main()
