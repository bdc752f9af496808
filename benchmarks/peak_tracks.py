"""How fast and how surely are peaks tracked: a simulated series with crossings, and a real operando folder where there is one?

    python benchmarks/peak_tracks.py --data /path/to/data

CPU seconds. In the simulated series two peaks cross a fixed one and a fourth is born; pulls are of all positions away from the crossings.
"""

from __future__ import annotations

import argparse
import re
import time
from pathlib import Path

import numpy as np

from interlith.numerics.peak_search import scatter
from interlith.physics.powder.line_groups import drawn
from interlith.physics.powder.line_patterns import Curve
from interlith.physics.powder.line_shape import Radiation
from interlith.physics.powder.line_tracks import Tracks, track_lines, usual_widths

TUBE = Radiation((1.5406, 1.54439), 0.497)


def simulated(seed: int, members: int = 100) -> tuple[list[Curve], np.ndarray, np.ndarray]:
    """Patterns, true positions (m, 4) and areas."""
    rng = np.random.default_rng(seed)
    x = np.arange(30.0, 40.0, 0.0144)
    place = np.array([[36.0, 35.3 + 0.014 * k, 37.2 - 0.02 * k, 38.5] for k in range(members)])
    area = np.array([[300.0, 90.0, 60.0, 2.0 * max(0, k - 60)] for k in range(members)])
    width, share = np.array([0.12, 0.18, 0.15, 0.2]), np.full(4, 0.5)
    curves = []
    for at, size in zip(place, area, strict=True):
        clean = 500 + drawn(x, TUBE, at, size, width, share)
        curves.append(Curve(x, rng.poisson(clean).astype(float), np.sqrt(clean)))
    return curves, place, area


def judged(found: Tracks, place: np.ndarray) -> tuple[int, float, float]:
    """Lines whose name is kept from end to end, spread of the pulls, share within two standard uncertainties."""
    kept, pulls = 0, []
    clear = np.ones(place.shape, dtype=bool)
    for i in range(place.shape[1]):
        for j in range(place.shape[1]):
            if i != j:
                clear[:, i] &= np.abs(place[:, i] - place[:, j]) > 0.5
    for line in range(place.shape[1]):
        own = [
            row
            for row in range(len(found.position))
            if np.nanmedian(np.abs(found.position[row] - place[:, line])) < 0.05
        ]
        kept += len(own) == 1
        for row in own:
            good = found.seen[row] & clear[:, line]
            pulls += ((found.position[row] - place[:, line]) / found.position_std[row])[good].tolist()
    sizes = np.abs(np.array(pulls))
    return kept, float(np.sqrt(np.mean(sizes**2))), float(np.mean(sizes < 1.96))


def operando(folder: Path) -> list[Curve]:
    """Patterns of a real operando folder with their noise."""
    rows = []
    for number in range(1, 101):
        text = (folder / f"{number}.txt").read_text(encoding="cp1251").split("Result vector")[0]
        rows.append(
            np.array(
                [[float(one) for one in pair] for pair in re.findall(r"^([0-9.]+)\t([0-9.]+)\s*$", text, re.MULTILINE)]
            )
        )
    y = np.array([row[:, 1] for row in rows])
    std = np.sqrt(y) * scatter(y, np.sqrt(y))
    return [Curve(rows[0][:, 0], one, size) for one, size in zip(y, std, strict=True)]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=None)
    parser.add_argument("--repeats", type=int, default=5)
    given = parser.parse_args()
    track_lines(simulated(0, 6)[0], TUBE, narrow=0.06, wide=0.6)  # compiles
    print(
        "| series | patterns | CPU s | lines with one name | rms pull of positions | within 1.96 |\n|---|---|---|---|---|---|"
    )
    for seed in range(1, 1 + given.repeats):
        curves, place, _ = simulated(seed)
        begun = time.process_time()
        found = track_lines(curves, TUBE, narrow=0.06, wide=0.6)
        spent = time.process_time() - begun
        kept, spread, inside = judged(found, place)
        print(f"| simulated {seed} | {len(curves)} | {spent:.1f} | {kept} of 4 | {spread:.2f} | {inside:.3f} |")
    folder = None if given.data is None else given.data / "diffraction" / "operando_licov"
    if folder is not None and folder.is_dir():
        curves = operando(folder)
        begun = time.process_time()
        narrow, wide = usual_widths(curves, TUBE)
        found = track_lines(curves, TUBE, narrow=narrow, wide=wide)
        often = int((found.seen.mean(axis=1) > 0.9).sum())
        print(f"| operando_licov | {len(curves)} | {time.process_time() - begun:.1f} | {often} seen in over 90 % | | |")


if __name__ == "__main__":
    main()
