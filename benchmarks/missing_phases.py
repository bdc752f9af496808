"""What comes of phases that are offered beside one that is missing? Simulated pairs, and subsets of a round robin's three phases.

Simulated: LNMO with a phase that nobody offers, refined with another that is not there; told is how often that one seems to be there.
Round robin: one or two of the three phases offered; edges beside those with all three, or the refusal.

Run: python benchmarks/missing_phases.py DATA/diffraction/cpd_roundrobin
"""

from __future__ import annotations

import argparse
from itertools import combinations, product
from pathlib import Path

import numpy as np

import interlith as il
from interlith.crystal.phases import phase
from interlith.errors import FitError
from interlith.model import Series
from interlith.physics.powder.pattern_model import PatternModel
from interlith.physics.powder.phase_lines import phase_lines
from interlith.techniques.diffraction.refinement.attempt import Points
from interlith.techniques.diffraction.refinement.one import refine_fresh
from interlith.techniques.diffraction.refinement.pattern import Pattern
from interlith.techniques.diffraction.refinement.refining import refine
from interlith.techniques.diffraction.refinement.setup import Setup
from size_bounds import ANGLES, LAB

HIDDEN = ("corundum", "zincite", "fluorite", "YOCl", "anatase", "NiO")
OFFERED = ("V2O5", "Na2CO3", "Mn2O3", "Y2O3", "La2O3", "rutile")
PHASES, SAMPLES = ("corundum", "zincite", "fluorite"), ("1a", "1c", "1e", "1g")


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("folder", type=Path)
    folder = words.parse_args().folder
    wrong = [
        f"{hidden} taken for {offered}" for hidden, offered in product(HIDDEN, OFFERED) if appears(hidden, offered)
    ]
    print(
        f"Simulated: of {len(HIDDEN) * len(OFFERED)} pairs {len(wrong)} make a phase appear: {', '.join(wrong) or 'none'}.\n"
    )
    print(
        "| sample | offered | R_wp | edges a (angstrom), off from those with all three in standard uncertainties |\n|---|---|---|---|"
    )
    for sample in SAMPLES:
        _, whole = edges(folder, sample, PHASES)
        for offered in (*combinations(PHASES, 1), *combinations(PHASES, 2)):
            try:
                r_wp, found = edges(folder, sample, offered)
            except FitError as error:
                print(f"| {sample} | {', '.join(offered)} | refused | {str(error).rsplit(':', 2)[1].strip()} |")
                continue
            told = [
                f"{name} {value:.4f} ({std:.4f}), {(value - whole[name][0]) / std:+.1f}"
                for name, (value, std) in found.items()
                if name in whole
            ]
            print(f"| {sample} | {', '.join(offered)} | {r_wp:.3f} | {'; '.join(told)} |")


def appears(hidden: str, offered: str) -> bool:
    """Whether a phase that is not there is set free in a simulated pattern of LNMO with one that nobody offered."""
    lines = [phase_lines(phase(name), LAB, 90.0, name=name, unknown_displacement=0.0076) for name in ("LNMO", hidden)]
    model = PatternModel(ANGLES, tuple(lines), LAB, background=3)
    values = model.start.copy()
    scales = [model.place_of(f"{name}_scale") for name in ("LNMO", hidden)]
    for name in ("LNMO", hidden):
        values[model.place_of(f"{name}_inverse_size")], values[model.place_of(f"{name}_microstrain")] = 1 / 60, 4e-4
    for number, peak in enumerate((20000.0, 2000.0)):
        values[scales[number]] = 1.0
        values[scales[number]] = peak / float(model.phase_intensity(values, number).max())
    values[model.place_of("background_0")], values[model.place_of("displacement")] = 200.0, 0.05
    values[model.place_of("LNMO_cell_a")] = 8.19
    y = np.random.default_rng(3).poisson(model.intensity(values)).astype(float)
    pattern = Pattern(["LNMO", offered], instrument=LAB, background=3, refine=("displacement",))
    found = refine_fresh(Setup(pattern, LAB, 0.0, True, 3, 90.0), Points(ANGLES, y, np.sqrt(np.maximum(y, 1.0)), 1.0))
    return offered not in found.held


def edges(folder: Path, sample: str, offered: tuple[str, ...]) -> tuple[float, dict[str, tuple[float, float]]]:
    """R_wp, and edges a with their standard uncertainties by phase, of those whose cell is told."""
    pattern = Pattern(list(offered), instrument="Cu", limits=(24.0, 150.0))
    found = refine(Series((il.read(folder / f"cpd-{sample}.prn"),)), pattern, offered=[])
    told = {
        name: (float(one.value), one.std)
        for name in offered
        for one in found.observables(f"{name}_cell_a")
        if one.value is not None
    }
    return float(found.data["refined"].item(0, "r_wp")), told


if __name__ == "__main__":
    main()
