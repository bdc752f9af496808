"""Which crystals are in weighed mixtures of precursors, all shipped structures being offered? Peaks alone, before any refinement.

Run: python benchmarks/mixture_identity.py DATA/realsets/qxrd_dara/precursor_mixture
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np

import interlith as il
from interlith.crystal.phases import shipped
from interlith.model import Series
from weighed import forms, weighed_in


def main() -> None:
    """One row a pattern: powders that were found, missed, and crystals that nobody weighed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="folder of files such as V2O5_0p4005-NiO_0p6016--8min.xrdml")
    given = parser.parse_args()
    print(
        f"{len(shipped())} structures offered\n\n| pattern | found | missed | not weighed | unexplained area (%) | CPU (s) |\n|---|---|---|---|---|---|"
    )
    counts, seconds = np.zeros(3, dtype=int), []
    for path in sorted(given.folder.glob("*.xrdml")):
        begun = time.process_time()
        result = il.diffraction.candidates(Series((il.read(path),)))
        seconds.append(time.process_time() - begun)
        mixture = result.data["mixture"].get_column("phase").to_list()
        powders = {powder: [one for one in forms(powder) if one in mixture] for powder in weighed_in(path.stem)}
        found = [name for own in powders.values() for name in own]
        missed = [powder for powder, own in powders.items() if not own]
        more = [name for name in mixture if name not in found]
        counts += (len(powders) - len(missed), len(missed), len(more))
        left = 1 - result.data["mixture"].get_column("explained").sum()
        print(
            f"| {path.stem} | {', '.join(found)} | {', '.join(missed)} | {', '.join(more)} | {100 * left:.0f} | {seconds[-1]:.1f} |"
        )
    print(
        f"\n{counts[0]} powders found, {counts[1]} missed, {counts[2]} crystals that nobody weighed; {np.median(seconds):.1f} CPU s (median)"
    )


if __name__ == "__main__":
    main()
