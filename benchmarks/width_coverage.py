"""Do intervals of size and strain hold the truth where the two can hardly be told apart, and one of them ends at its bound?

**Simulated**: LNMO with some NiO whose lines are weak and broad, so that size and strain of NiO do nearly the same and one of them
often ends at 0. Every repeat has new counts.

Run: python benchmarks/width_coverage.py [--repeats 1000] [--strain 0.0004] [--counts 400]
"""

from __future__ import annotations

import argparse
import math

import numpy as np

from interlith.crystal.phases import phase
from interlith.physics.powder.instrument import Instrument
from interlith.physics.powder.pattern_model import PatternModel
from interlith.physics.powder.phase_lines import phase_lines
from interlith.techniques.diffraction.refinement.attempt import Points
from interlith.techniques.diffraction.refinement.one import Fitted, refine_fresh, refine_from
from interlith.techniques.diffraction.refinement.pattern import Pattern
from interlith.techniques.diffraction.refinement.setup import Setup
from shares import shown

NAMES = ("LNMO", "NiO")
TUBE = Instrument(
    (1.540593, 1.544427), 0.5, gauss=(0.0, 0.0, 0.004), lorentz=(0.02, 0.02), sample_ratio=0.01, slit_ratio=0.01, radius=240.0
)  # fmt: skip
ANGLES = np.arange(15.0, 90.0, 0.03)
SIZE = 25.0


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--repeats", type=int, default=1000)
    words.add_argument("--strain", type=float, default=4e-4)
    words.add_argument("--counts", type=float, default=400.0)
    words.add_argument("--seed", type=int, default=1)
    asked = words.parse_args()
    lines = tuple(phase_lines(phase(name), TUBE, 90.0, name=name, unknown_displacement=0.0076) for name in NAMES)
    model = PatternModel(ANGLES, lines, TUBE, background=3)
    true = _truth(model, asked.strain, asked.counts)
    setup = Setup(Pattern(NAMES, instrument=TUBE, background=3, refine=("displacement",)), TUBE, 0.0, True, 3, 90.0)
    seed = refine_fresh(setup, _counted(model, true, np.random.default_rng([asked.seed, 0]))).named
    pulls: dict[tuple[str, str], list[float]] = {}
    for number in range(asked.repeats):
        found = refine_from(setup, _counted(model, true, np.random.default_rng([asked.seed, number + 1])), seed)
        for name in ("NiO_inverse_size", "NiO_microstrain"):
            place, other = model.place_of(name), model.place_of(_partner(name))
            if not found.converged or found.fit.side[0, place]:
                continue
            where = "beside one at its bound" if found.fit.side[0, other] else "both inside"
            pulls.setdefault((name, where), []).append(_pull(found, true, place))
    print("| number | partner | repeats | mean | std | 95 % intervals that hold |\n|---|---|---:|---:|---:|---|")
    for (name, where), one in sorted(pulls.items()):
        inside = int((np.abs(one) < 1.959964).sum())
        print(
            f"| {name} | {where} | {len(one)} | {np.mean(one):+.3f} | {np.std(one):.3f} | {shown(inside, len(one))} |"
        )
    whole = [one for kind in pulls.values() for one in kind]
    print(
        f"| all | | {len(whole)} | {np.mean(whole):+.3f} | {np.std(whole):.3f} | {shown(int((np.abs(whole) < 1.959964).sum()), len(whole))} |"
    )


def _partner(name: str) -> str:
    return "NiO_microstrain" if name.endswith("size") else "NiO_inverse_size"


def _pull(found: Fitted, true: np.ndarray, place: int) -> float:
    return float((found.values[place] - true[place]) / math.sqrt(found.inflated[place, place]))


def _truth(model: PatternModel, strain: float, counts: float) -> np.ndarray:
    values = model.start.copy()
    values[model.place_of("background_0")] = 200.0
    for name, size in (("LNMO", 60.0), ("NiO", SIZE)):
        values[model.place_of(f"{name}_inverse_size")] = 1 / size
        values[model.place_of(f"{name}_microstrain")] = strain
    for number, height in enumerate((4000.0, counts)):
        place = model.place_of(f"{NAMES[number]}_scale")
        values[place] = 1.0
        values[place] = height / float(model.phase_intensity(values, number).max())
    return values


def _counted(model: PatternModel, values: np.ndarray, random: np.random.Generator) -> Points:
    counts = random.poisson(model.intensity(values)).astype(float)
    return Points(ANGLES, counts, np.sqrt(np.maximum(counts, 1.0)), 1.0)


if __name__ == "__main__":
    main()
