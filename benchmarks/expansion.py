"""Does the split of a heated cell into expansion and composition mean what it says?

    python benchmarks/expansion.py --repeats 1000

Simulated cells of a mixture and of the material alone with the same curved expansion; the mixture takes up lithium above 450 degC.
"""

from __future__ import annotations

import argparse

import numpy as np

from interlith.model import Result, Sample, State
from interlith.model.recording import Recorder
from interlith.techniques.diffraction.expansion import expansion
from shares import clopper


def grown(t: np.ndarray) -> np.ndarray:
    """Relative volume."""
    return 1 + 3e-5 * (t - 25) + 4e-9 * (t - 25) ** 2


def cells(t: np.ndarray, volume: np.ndarray, name: str) -> Result:
    """A result as a refinement gives it."""
    recorder = Recorder("diffraction")
    made = [
        recorder.number(
            Sample(name), "cell_volume", float(v), "angstrom^3", {f"noise:{name}/{k}": 0.02}, source="",
            state=State("temperature", float(x), float(x), float(x), "degC"),
        )
        for k, (x, v) in enumerate(zip(t, volume, strict=True))
    ]  # fmt: skip
    return recorder.result("cells", made, method="", options={}, quality=[])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    rng = np.random.default_rng(given.seed)
    t, reference = np.linspace(25, 850, 34), np.linspace(25, 800, 20)
    uptake = np.where(t > 450, 0.1 * (1 - np.exp(-(t - 450) / 100)), 0.0)
    at = {300: 0, 600: 0, 750: 0}
    pulls: list[float] = []
    for _ in range(given.repeats):
        mixture = cells(t, 118.55 * grown(t) * (1 + uptake * 2.2 / 118.55) + rng.normal(size=t.size) * 0.02, "mixture")
        alone = cells(reference, 118.5 * grown(reference) + rng.normal(size=20) * 0.02, "alone")
        found = expansion(mixture, alone, per_lithium="1.1 +- 0.0001 angstrom^3", formulas=2).observables(
            "lithium_uptake"
        )
        for temperature in at:
            k = int(np.argmin(np.abs(t - temperature)))
            one = found[k]
            pulls.append((one.value - uptake[k]) / one.std)
            at[temperature] += one.interval()[0] <= uptake[k] <= one.interval()[1]
    print("| temperature (degC) | coverage of the uptake | 95 % interval |\n|---|---|---|")
    for temperature, hits in at.items():
        low, high = clopper(hits, given.repeats)
        print(f"| {temperature} | {hits / given.repeats:.3f} | {low:.3f}-{high:.3f} |")
    print(f"\nSpread of the pulls {np.std(pulls):.3f}, mean {np.mean(pulls):+.3f}.")


if __name__ == "__main__":
    main()
