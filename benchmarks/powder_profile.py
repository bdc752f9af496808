"""How long does a powder pattern with its slopes take, and how close is the axial divergence to brute force?

    python benchmarks/powder_profile.py

CPU seconds, median of the repeats; the first call of a fresh process loads or compiles the loops and is given apart.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from interlith.crystal.phases import phase
from interlith.physics.powder.instrument import Instrument
from interlith.physics.powder.pattern_model import PatternModel
from interlith.physics.powder.phase_lines import phase_lines
from interlith.physics.powder.profile import Lines, profile_sum, profile_terms


def timed(call, repeats: int) -> tuple[float, float]:
    """CPU seconds of the first call, and the median of the others."""
    found = []
    for _ in range(repeats + 1):
        began = time.process_time()
        call()
        found.append(time.process_time() - began)
    return found[0], float(np.median(found[1:]))


def main() -> None:
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--repeats", type=int, default=15)
    repeats = reader.parse_args().repeats
    random = np.random.default_rng(1)
    x = np.arange(5, 26, 0.002)
    lines = Lines(np.sort(random.uniform(5, 26, 400)), np.ones(400), np.full(400, 0.006), np.full(400, 0.008), 0.001, 0.001)  # fmt: skip
    chain = np.zeros((400, 6, 30))
    chain[:, :4, :12] = 1.0
    tube = Instrument(
        (1.5406, 1.5444), 0.5, gauss=(0, 0, 0.006), lorentz=(0.02, 0.02), sample_ratio=0.02, slit_ratio=0.02
    )
    names = ("corundum", "zincite", "fluorite")
    angles = np.arange(20, 150, 0.02)
    model = PatternModel(angles, tuple(phase_lines(phase(name), tube, 150, name=name) for name in names), tube)
    values = model.start
    count = sum(len(one.hkl) for one in model.phases) * 2
    print("| what | first call | later calls |\n|---|---|---|")
    for words, call in (
        (f"sum of 400 lines at {x.size:,} points", lambda: profile_sum(x, lines)),
        ("the same with 12 slopes", lambda: profile_terms(x, lines, chain)),
        (f"three oxides, {count} lines at {angles.size:,} points", lambda: model.intensity(values)),
        (f"the same with {len(model.names)} slopes", lambda: model.with_slopes(values)),
    ):
        first, later = timed(call, repeats)
        print(f"| {words} | {1000 * first:.1f} ms | {1000 * later:.1f} ms |")


if __name__ == "__main__":
    main()
