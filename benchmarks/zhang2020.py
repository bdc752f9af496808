"""What does it cost to map the relaxation times of a whole published ageing study, and does the map make sense?

Run: ``python benchmarks/zhang2020.py EIS_data.txt [--picture map.png] [--every 1]``, where EIS_data.txt is the file of Zhang et al. 2020 (Nat. Commun. 11, 1706): a spectrum
a row, 60 real parts and then 60 negative imaginary parts (ohm). The file has no frequencies: 60 in equal ratios from 20 kHz to 20 mHz are taken here, as remembered from the
paper, and said so. One thread; CPU seconds of the process.
"""

from __future__ import annotations

import argparse
import os
import time

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")  # before numpy is loaded

import numpy as np  # noqa: E402

from interlith.numerics.relaxation import TERMS, Distributions, distributions, peaks  # noqa: E402

FREQUENCY = np.geomspace(2e4, 2e-2, 60)


def picture(found: Distributions, path: str) -> None:
    """The map: spectra downwards, time constants to the right, colour the distribution."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    inside = found.grid.inside
    decades = found.grid.log_tau[inside] / np.log(10)
    figure, axes = plt.subplots(figsize=(7, 9))
    image = axes.imshow(
        np.log10(np.clip(found.gamma[:, inside], 1e-4, 1.0)),
        aspect="auto",
        extent=(decades[0], decades[-1], len(found.gamma), 0),
    )
    axes.set_xlabel("log10 of time constant (s)")
    axes.set_ylabel("spectrum, in the order of the file")
    figure.colorbar(image, label="log10 of gamma (ohm)")
    figure.savefig(path, dpi=80)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("file")
    options.add_argument("--picture")
    options.add_argument("--every", type=int, default=1)
    given = options.parse_args()
    raw = np.loadtxt(given.file)[:: given.every]
    data = raw[:, :60] - 1j * raw[:, 60:120]
    distributions(FREQUENCY, data[:2])
    begun = time.process_time()
    found = distributions(FREQUENCY, data)
    mapped = time.process_time() - begun
    processes = [peaks(one, draws=50) for one in found.bands]
    whole = time.process_time() - begun
    counts = np.bincount([one.count for one in processes])
    print("| spectra | map, CPU | with processes, CPU | stood still | flagged | noise, median | processes a spectrum |")
    print("|---|---|---|---|---|---|---|")
    shares = ", ".join(f"{number}: {count / len(data):.0%}" for number, count in enumerate(counts) if count)
    print(
        f"| {len(data)} | {mapped:.0f} s | {whole:.0f} s | {found.converged.mean():.1%} | {np.mean([bool(one) for one in found.reasons]):.1%} "
        f"| {100 * np.median(found.noise[:, 1]):.2f} % | {shares} |"
    )
    print(
        "\nTerms: "
        + ", ".join(f"{name} {share:.0%}" for name, share in zip(TERMS, found.allowed.mean(axis=0), strict=True))
    )
    if given.picture:
        picture(found, given.picture)


if __name__ == "__main__":
    main()
