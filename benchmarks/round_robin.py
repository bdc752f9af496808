"""Weighed mixtures 1a, 1c, 1e, 1g of the IUCr round robin on quantitative phase analysis: one protocol, a peer beside it."""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import numpy as np

from interlith.crystal.phases import shipped
from interlith.physics.powder.instrument import Instrument
from quantity_protocol import quantified
from weighed import Found, peer, summary, table

PHASES = ("corundum", "zincite", "fluorite")
#: Philips PW 3020: copper tube, 173 mm, graphite monochromator behind the specimen (two theta of graphite 002 at copper).
INSTRUMENT = Instrument(
    (1.540598, 1.544426), 0.5, monochromator=26.6, gauss=(0.0, 0.0, 0.005), lorentz=(0.01, 0.0), sample_ratio=0.02, slit_ratio=0.02,
    radius=173.0,
)  # fmt: skip
#: First angle that is used (deg): below it there is only the direct beam.
LOW = 20.0


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="folder with cpd-1a.prn ... and weighed.tsv")
    parser.add_argument("--peer", help="Python of an environment with rietx")
    parser.add_argument("--plain", action="store_true", help="look for no texture")
    given = parser.parse_args()
    with (given.folder / "weighed.tsv").open() as file:
        weighed = {
            row["sample"]: [float(row[f"{name}_wt_percent"]) / 100 for name in PHASES]
            for row in csv.DictReader(file, delimiter="\t")
        }
    ours = []
    for sample, true in weighed.items():
        found = quantified(
            given.folder / f"cpd-{sample}.prn", PHASES, low=LOW, instrument=INSTRUMENT, texture=not given.plain
        )
        ours.append(Found(sample, true, found.values, found.std, found.own, found.r_wp, found.cpu, found.textures))
    print(table(ours), f"\nInterlith: {summary(ours)}", sep="\n")
    if given.peer:
        cases = [
            {
                "name": sample, "pattern": str((given.folder / f"cpd-{sample}.prn").resolve()), "plan": "mccusker_default", "low": 5.0,
                "cifs": [str(shipped()[name]) for name in PHASES], "radius": 173.0, "monochromator": 26.6,
            }
            for sample in weighed
        ]  # fmt: skip
        theirs = [
            Found(one["name"], weighed[one["name"]], one["shares"], [s or np.nan for s in one["std"]], (), one["r_wp"], one["cpu"])
            for one in peer(given.peer, cases)
        ]  # fmt: skip
        print("", table(theirs), f"\nrietx: {summary(theirs)}", sep="\n")


if __name__ == "__main__":
    main()
