"""Weighed mixtures of precursors, 2 and 8 minutes each: one protocol, forms of the powders judged first, a peer beside it."""

from __future__ import annotations

import argparse
from itertools import product
from pathlib import Path

import numpy as np

import interlith as il
from interlith.crystal.phases import shipped
from interlith.physics.powder.instrument import Instrument
from quantity_protocol import Fit, quantified, refine
from weighed import Found, agreement, forms, peer, summary, table, weighed_in

LOW = 12.0


def instrument_of(metadata: dict[str, object]) -> Instrument:
    """What the file says of the instrument; the widths are a start."""
    told = metadata["instrument"]
    wavelengths = tuple(float(one) for one in told["wavelengths"])[:2]
    return Instrument(
        wavelengths, float(told.get("ratio", 0.5)), gauss=(0.0, 0.0, 0.01), lorentz=(0.01, 0.0), sample_ratio=0.03, slit_ratio=0.03,
        radius=float(told["radius"]), monochromator=float(told.get("monochromator", 0.0)),
    )  # fmt: skip


def one(path: Path) -> Found:
    """Forms, shares and their doubt of one pattern."""
    measured = il.read(path)
    weighed = weighed_in(path.stem)
    frame = measured.payload.frame.collect()
    x, y = frame["two_theta"].to_numpy(), frame["intensity"].to_numpy().astype(float)
    x, y = x[x > LOW], y[x > LOW]
    instrument = instrument_of(dict(measured.original_metadata))
    choices = list(product(*(forms(powder) for powder in weighed)))
    if len(choices) > 1:
        tried: list[tuple[float, tuple[str, ...]]] = []
        for choice in choices:
            fit: Fit = refine(x, y, choice, instrument)
            tried.append((fit.chi_squared, choice))
        choices = [min(tried)[1]]
    fit, found, _, cpu = quantified(x, y, choices[0], instrument)
    own = np.sqrt(np.diag(found.parts["fit"] + found.parts["model"]))
    return Found(path.stem, list(weighed.values()), found.values, found.std, own, fit.r_wp, cpu, choices[0])


def main() -> None:
    """Print tables of both counting times, their agreement, and the peer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="folder of files such as V2O5_0p4005-NiO_0p6016--8min.xrdml")
    parser.add_argument("--peer", help="Python of an environment with rietx")
    given = parser.parse_args()
    found = {time: [one(path) for path in sorted(given.folder.glob(f"*--{time}.xrdml"))] for time in ("2min", "8min")}
    for time, rows in found.items():
        print(f"## {time}\n", table(rows), f"\nInterlith, {time}: {summary(rows)}\n", sep="\n")
    pairs = {row.name.removesuffix("--8min"): row for row in found["8min"]}
    both = [row for row in found["2min"] if row.name.removesuffix("--2min") in pairs]
    print(agreement(both, [pairs[row.name.removesuffix("--2min")] for row in both]))
    if given.peer:
        cases = [
            {
                "name": row.name, "pattern": str((given.folder / f"{row.name}.xrdml").resolve()), "plan": "mccusker_default", "low": LOW,
                "cifs": [str(shipped()[name]) for name in row.forms], "radius": 145.0, "monochromator": None,
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
