"""Coverage of weight fractions of simulated mixtures through the refinement: counting, scattered intensities, displacements, absence."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from interlith.crystal.phases import phase
from interlith.physics.powder.instrument import Instrument
from interlith.physics.powder.pattern_model import PatternModel
from interlith.physics.powder.profile import profile_sum
from interlith.techniques.diffraction.quantity_shares import DISPLACEMENT, sources
from interlith.techniques.diffraction.refinement.amounts import amounts, bounded
from interlith.techniques.diffraction.refinement.attempt import Points
from interlith.techniques.diffraction.refinement.one import refine_from
from interlith.techniques.diffraction.refinement.pattern import Pattern
from interlith.techniques.diffraction.refinement.setup import Setup
from shares import shown

Array = NDArray[np.float64]
NAMES = ("corundum", "zincite", "fluorite")
LAB = Instrument(
    (1.540593, 1.544427), 0.5, gauss=(0.0, 0.0, 0.004), lorentz=(0.02, 0.02), sample_ratio=0.02, slit_ratio=0.02, radius=240.0
)  # fmt: skip
ANGLES = np.arange(24.0, 100.0, 0.04)
#: Counts under the peaks, and of the strongest peak if there were one phase alone.
GROUND, PEAK = 60.0, 6000.0


@dataclass(frozen=True, slots=True)
class Case:
    """What is wrong in the simulated patterns, and which parts of the uncertainty answer for it."""

    words: str
    shares: tuple[float, float, float]
    scatter: float = 0.0
    displaced: float = 0.0
    causes: tuple[str, ...] = ("fit", "model")


CASES = (
    Case("counting alone", (0.55, 0.15, 0.30)),
    Case("areas of lines scatter by 5 %", (0.55, 0.15, 0.30), scatter=0.05),
    Case("areas of lines scatter by 20 %", (0.55, 0.15, 0.30), scatter=0.20),
    Case(
        "displacements are as wrong as assumed", (0.55, 0.15, 0.30), displaced=1.0, causes=("fit", "model", "displacement")
    ),
    Case("fluorite 1 %", (0.80, 0.19, 0.01)),
    Case("no fluorite", (0.80, 0.20, 0.0)),
)  # fmt: skip


class World:
    """A series that is refined again and again, with its truth."""

    def __init__(self, case: Case) -> None:
        self.case = case
        pattern = Pattern(NAMES, instrument=LAB, background=3, refine=("displacement",))
        self.setup = Setup(pattern, LAB, 0.0, True, 3, float(ANGLES[-1]))
        self.model: PatternModel = self.setup.model(ANGLES)
        model, crystals = self.model, [phase(name) for name in NAMES]
        self.truth = model.start.copy()
        for name in NAMES:
            self.truth[model.place_of(f"{name}_inverse_size")] = 1 / 80
            self.truth[model.place_of(f"{name}_microstrain")] = 4e-4
        self.truth[model.place_of("background_0")] = GROUND
        self.truth[model.place_of("displacement")] = 0.03
        per_weight = [1 / (one.density * one.cell.volume**2) for one in crystals]
        heights = [per * float(model.phase_intensity(self.truth, place).max()) for place, per in enumerate(per_weight)]
        for name, per, share in zip(NAMES, per_weight, case.shares, strict=True):
            self.truth[model.place_of(f"{name}_scale")] = per * share * PEAK / max(heights)
        self.named = dict(zip(model.names, self.truth.tolist(), strict=True))
        for name in NAMES:
            self.named[f"{name}_scale"] = max(self.named[f"{name}_scale"], 1e-9)

    def drawn(self, draw: np.random.Generator) -> Points:
        """One pattern."""
        lines = self.model.lines(self.truth)
        factors = []
        for one in self.setup.phases:
            count = len(one.hkl)
            factor = np.maximum(1 + self.case.scatter * draw.standard_normal(count), 0.0)
            sites_known = all(np.isfinite(site.u_iso) and site.u_iso > 0 for site in one.structure.sites)
            wrong = self.case.displaced * DISPLACEMENT[sites_known] * draw.standard_normal()
            place = lines.position[len(np.concatenate(factors)) if factors else 0 :][:count]
            factor *= np.exp(-2 * wrong * (np.sin(np.radians(place / 2)) / LAB.wavelengths[0]) ** 2)
            factors += [factor, factor]
        moved = replace(lines, area=lines.area * np.concatenate(factors))
        mean = profile_sum(self.model.two_theta, moved, cut=self.model.cut) + self.model.background_of(self.truth)
        counts = draw.poisson(mean).astype(float)
        return Points(ANGLES, counts, np.sqrt(np.maximum(counts, 1.0)), 1.0)

    def repeat(self, seed: int) -> tuple[Array, Array, list[bool], bool]:
        """Errors and standard uncertainties of the shares (1), whether the intervals hold the truth, and whether it converged."""
        fitted = refine_from(self.setup, self.drawn(np.random.default_rng(seed)), self.named)
        _, _, found = amounts(self.setup, fitted, "S1/p")
        kept = replace(found, parts={cause: found.parts[cause] for cause in self.case.causes})
        told = [bounded(float(value), parts) for value, parts in zip(kept.values, sources(kept, "S1/p"), strict=True)]
        true = np.array(self.case.shares)
        inside = []
        for one, std, aim in zip(told, kept.std, true, strict=True):
            low = one.value - 1.959964 * std if one.low is None else one.low
            high = one.value + 1.959964 * std if one.high is None else one.high
            inside.append(bool(low <= aim <= high))
        return kept.values - true, kept.std, inside, fitted.converged


def measured(case: Case, repeats: int, first: int = 0) -> dict[str, object]:
    """Pulls and coverage of one case."""
    world, began = World(case), time.process_time()
    done = [world.repeat(first + number) for number in range(repeats)]
    errors, stds = np.array([one[0] for one in done]), np.array([one[1] for one in done])
    inside = np.array([one[2] for one in done])
    pulls = errors / np.where(stds > 0, stds, np.inf)
    return {
        "pulls": np.sqrt((pulls**2).mean(axis=0)), "bias": errors.mean(axis=0), "std": np.median(stds, axis=0), "inside": inside.sum(axis=0),
        "repeats": repeats, "converged": sum(one[3] for one in done), "cpu": (time.process_time() - began) / repeats,
    }  # fmt: skip


def main(words: Sequence[str] | None = None) -> None:
    """Print one row a case and phase."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=1000)
    parser.add_argument("--cases", type=int, nargs="*", default=list(range(len(CASES))))
    given = parser.parse_args(words)
    print("| simulated | phase | share | median std (wt %) | bias (wt %) | width of pulls | 95 % intervals | CPU (s) |")
    print("|---|---|---|---|---|---|---|---|")
    for number in given.cases:
        case = CASES[number]
        found = measured(case, given.repeats, 100_000 * number)
        for place, name in enumerate(NAMES):
            hits = int(found["inside"][place])
            print(
                f"| {case.words} | {name} | {100 * case.shares[place]:g} % | {100 * found['std'][place]:.3f} | "
                f"{100 * found['bias'][place]:+.3f} | {found['pulls'][place]:.3f} | {shown(hits, given.repeats)} | "
                f"{found['cpu']:.3f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
