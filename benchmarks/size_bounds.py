"""Do intervals and lower bounds of crystallite sizes, and upper ends of strains, hold the truth? Simulated patterns of one phase.

Run: python benchmarks/size_bounds.py [--repeats 300]
"""

from __future__ import annotations

import argparse

import numpy as np
import polars as pl

from interlith.crystal.phases import phase
from interlith.model import Measurement, Sample, Series, Source, Table
from interlith.physics.powder.instrument import Instrument
from interlith.physics.powder.pattern_model import PatternModel
from interlith.physics.powder.phase_lines import phase_lines
from interlith.techniques.diffraction.refinement.pattern import Pattern
from interlith.techniques.diffraction.refinement.refining import refine
from shares import shown

LAB = Instrument(
    (1.540593, 1.544427), 0.5, gauss=(0.0, 0.0, 0.004), lorentz=(0.02, 0.02), sample_ratio=0.01, slit_ratio=0.01, radius=240.0
)  # fmt: skip
ANGLES = np.arange(15.0, 90.0, 0.03)
NAME, STRAIN = "LNMO", 1e-4


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--repeats", type=int, default=300)
    repeats = words.parse_args().repeats
    lines = phase_lines(phase(NAME), LAB, 90.0, name=NAME, unknown_displacement=0.0076)
    model = PatternModel(ANGLES, (lines,), LAB, background=3)
    print("| size (nm) | told | repeats | 95 % intervals or bounds that hold |\n|---:|---|---:|---|")
    for size in (100.0, 400.0, 1500.0, 10000.0):
        held: dict[str, list[bool]] = {"size, a value": [], "size, a lower bound": [], "strain": []}
        for seed in range(repeats):
            found = refine(
                Series((simulated(model, size, seed),)), Pattern(NAME, instrument=LAB, background=3), offered=[]
            )
            for one in found.observables(f"{NAME}_crystallite_size"):
                low, high = one.low or 0.0, one.high or np.inf
                held["size, a lower bound" if one.value is None else "size, a value"].append(low <= size <= high)
            for one in found.observables(f"{NAME}_microstrain"):
                if one.low is not None and one.high is not None:
                    held["strain"].append(one.low <= STRAIN <= one.high)
        for told, values in held.items():
            if values:
                print(f"| {size:g} | {told} | {len(values)} | {shown(sum(values), len(values))} |", flush=True)


def simulated(model: PatternModel, size: float, seed: int) -> Measurement:
    """Counts of one pattern, 3,000 at its highest point above 200."""
    values = model.start.copy()
    values[model.place_of(f"{NAME}_inverse_size")] = 1 / size
    values[model.place_of(f"{NAME}_microstrain")] = STRAIN
    values[model.place_of(f"{NAME}_scale")] = 1.0
    values[model.place_of(f"{NAME}_scale")] = 3000.0 / float(model.phase_intensity(values, 0).max())
    values[model.place_of("background_0")] = 200.0
    counts = np.random.default_rng(seed).poisson(model.intensity(values)).astype(float)
    frame = pl.DataFrame({"two_theta": ANGLES, "intensity": counts}).lazy()
    source = Source(f"simulated_{seed:04d}.xy", f"{seed:064x}", ANGLES.size, "simulated", "1")
    return Measurement(Sample("S"), "diffraction", source, Table(frame, ("two_theta", "intensity")), {}, {})


if __name__ == "__main__":
    main()
