"""Weighed mixtures of precursors, 2 and 8 minutes each: one protocol, forms of the powders judged first, a peer beside it."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from itertools import product
from pathlib import Path

import numpy as np

from interlith.crystal.phases import shipped
from interlith.errors import FitError
from quantity_protocol import quantified
from weighed import Found, agreement, forms, peer, summary, table, weighed_in

LOW = 12.0


def one(path: Path, *, texture: bool) -> Found:
    """Forms, shares and their doubt of one pattern."""
    weighed = weighed_in(path.stem)
    choices = list(product(*(forms(powder) for powder in weighed)))
    names = min(choices, key=lambda choice: goodness(path, choice)) if len(choices) > 1 else choices[0]
    found = quantified(path, names, low=LOW, texture=texture)
    told = [*names, *(f"({one})" for one in found.textures)]
    return Found(
        path.stem, list(weighed.values()), found.values, found.std, found.own, found.r_wp, found.cpu, told, names
    )


def goodness(path: Path, names: Sequence[str]) -> float:
    """Root of chi squared per degree of freedom with some forms; infinite where they cannot be refined."""
    try:
        return quantified(path, names, low=LOW, texture=False).goodness
    except FitError:
        return math.inf


def main() -> None:
    """Print tables of both counting times, their agreement, and the peer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="folder of files such as V2O5_0p4005-NiO_0p6016--8min.xrdml")
    parser.add_argument("--peer", help="Python of an environment with rietx")
    parser.add_argument("--plain", action="store_true", help="look for no texture")
    given = parser.parse_args()
    found = {
        time: [one(path, texture=not given.plain) for path in sorted(given.folder.glob(f"*--{time}.xrdml"))]
        for time in ("2min", "8min")
    }
    for time, rows in found.items():
        print(f"## {time}\n", table(rows), f"\nInterlith, {time}: {summary(rows)}\n", sep="\n")
    pairs = {row.name.removesuffix("--8min"): row for row in found["8min"]}
    both = [row for row in found["2min"] if row.name.removesuffix("--2min") in pairs]
    print(agreement(both, [pairs[row.name.removesuffix("--2min")] for row in both]))
    if given.peer:
        cases = [
            {
                "name": row.name, "pattern": str((given.folder / f"{row.name}.xrdml").resolve()), "plan": "mccusker_default", "low": LOW,
                "cifs": [str(shipped()[name]) for name in row.phases], "radius": 145.0, "monochromator": None,
            }
            for row in found["8min"]
        ]  # fmt: skip
        weighed = {row.name: row.weighed for row in found["8min"]}
        theirs = [
            Found(each["name"], weighed[each["name"]], each["shares"], [s or np.nan for s in each["std"]], (), each["r_wp"], each["cpu"])
            for each in peer(given.peer, cases)
            if "error" not in each
        ]  # fmt: skip
        print("\n## rietx, 8 min\n", table(theirs), f"\nrietx, 8 min: {summary(theirs)}", sep="\n")


if __name__ == "__main__":
    main()
