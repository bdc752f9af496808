"""How good is the estimate of miscibility: against known solubilities, measured moduli, and other people's tables?

    python benchmarks/miscibility.py [--samples 4000] [--competing 20]

Prints Markdown: (1) dopants whose fate is known, (2) bulk moduli from the two stiffnesses that the strain rests on,
(3) Shannon's radii against the copy that pymatgen ships, (4) bond-valence sums of known crystals, (5) time.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from interlith.crystal.bond_valence import bond_valence_sums, global_instability
from interlith.crystal.cell import Cell
from interlith.crystal.groups import named_group
from interlith.crystal.phases import phase
from interlith.crystal.radii import _document, parse_ion
from interlith.crystal.site_energy import bond_depth, probe_energy
from interlith.crystal.structure import Site, Structure
from interlith.design.mixing.strain import GPA, HAZEN
from interlith.design.mixing.verb import miscibility
from shares import shown

#: Host, dopant, share of the positions, temperature, whether it dissolves, source. "textbook" is the phase diagram of two
#: rock salts as every textbook has it, no page looked up.
KNOWN = (
    ("LNMO", "Al", "2.5 %", "850 degC", True, "10.1039/C9RA00374F, no impurity at 5 % in all"),
    ("LNMO", "Mg", "2.5 %", "850 degC", True, "J. Power Sources 264 (2014) 290"),
    ("LNMO", "Co", "2.5 %", "850 degC", True, "J. Power Sources 264 (2014) 290"),
    ("LNMO", "Ga", "0.5 %", "850 degC", True, "published study of these four dopants"),
    ("LNMO", "Y", "0.5 %", "850 degC", True, "published study of these four dopants"),
    ("LNMO", "La", "0.5 %", "850 degC", False, "published study of these four dopants"),
    ("LiMn2O4", "Ga", "10 %", "800 degC", True, "J. Phys. Chem. B 106 (2002) 7432, x to 0.20"),
    ("LiMn2O4", "Mg", "2 %", "800 degC", True, "Physica B 405 (2010) 649"),
    ("LiMn2O4", "Fe", "2 %", "800 degC", True, "Physica B 405 (2010) 649"),
    ("LiMn2O4", "Cr", "7.5 %", "800 degC", True, "Solid State Ionics 146 (2002) 55"),
    ("LiCoO2", "Al", "25 %", "850 degC", True, "MRS Proc. 1998, Effects of aluminum doping: single phase to y = 0.5"),
    ("LiCoO2", "Zr", "1 %", "850 degC", False, "10.1149/1.3523285"),
    ("LiCoO2", "Ti", "1 %", "850 degC", False, "doping limit calculated very low, most Ti segregates"),
    ("NCM111", "K", "10 %", "850 degC", False, "10.1071/CH19114"),
    ("NCM111", "Cs", "10 %", "850 degC", False, "10.1071/CH19114"),
    ("NCM811", "Mg", "1 %", "780 degC", True, "10.1039/D2DT02246J"),
    ("LiNi0.8Co0.2O2", "Al", "5 %", "780 degC", True, "phase pure, M <= 0.05"),
    ("LiNi0.8Co0.2O2", "Mg", "5 %", "780 degC", True, "phase pure, M <= 0.05"),
    ("LiNi0.8Co0.2O2", "Ti", "5 %", "800 degC", True, "10.1039/C7NJ02679J"),
    ("MgO", "Ni", "5 %", "1000 degC", True, "textbook"),
    ("MgO", "Co2+", "5 %", "1000 degC", True, "textbook"),
    ("MgO", "Fe2+", "5 %", "1000 degC", True, "textbook"),
    ("MgO", "Zn", "5 %", "1000 degC", True, "textbook"),
    ("MgO", "Ca", "5 %", "1000 degC", False, "textbook"),
    ("MgO", "Sr", "1 %", "1000 degC", False, "textbook"),
    ("MgO", "Ba", "1 %", "1000 degC", False, "textbook"),
    ("CaO", "Sr", "10 %", "1000 degC", True, "textbook"),
    ("CaO", "Mg", "5 %", "1000 degC", False, "textbook"),
)  # fmt: skip

#: Rock salts and perovskites: cation, charge, neighbours, bond length (angstrom), bulk modulus (GPa), anion. Textbook values.
MODULI = (
    ("Mg2+", 6, 2.106, 160), ("Ca2+", 6, 2.405, 113), ("Sr2+", 6, 2.58, 91), ("Ba2+", 6, 2.77, 70), ("Mn2+", 6, 2.22, 150),
    ("Fe2+", 6, 2.155, 175), ("Co2+", 6, 2.13, 182), ("Ni2+", 6, 2.088, 190),
)  # fmt: skip


def built(name: str, group: str, cell: Cell, sites: tuple[Site, ...]) -> Structure:
    found = named_group(group)
    assert found is not None
    return Structure(name, cell, sites, found.rotations, found.translations, found.symbol, found.number)


def layered(name: str, metals: dict[str, float], a: float, c: float, z: float = 0.2405) -> Structure:
    sites = [Site("Li", "Li", (0, 0, 0)), *(Site(m, m, (0, 0, 0.5), share) for m, share in metals.items())]
    return built(name, "R -3 m:H", Cell(a, a, c, 90, 90, 120), (*sites, Site("O", "O", (0, 0, z))))


def rock_salt(name: str, cation: str, a: float) -> Structure:
    sites = (Site(cation, cation, (0, 0, 0)), Site("O", "O", (0.5, 0.5, 0.5)))
    return built(name, "F m -3 m", Cell(a, a, a), sites)


def hosts() -> dict[str, Structure]:
    spinel = (Site("Li", "Li", (0.125, 0.125, 0.125)), Site("Mn", "Mn", (0.5, 0.5, 0.5)), Site("O", "O", (0.2632,) * 3))
    return {
        "LNMO": phase("LNMO"), "NCM111": phase("NCM111"),
        "LiMn2O4": built("LiMn2O4", "F d -3 m:2", Cell(8.247, 8.247, 8.247), spinel),
        "LiCoO2": layered("LiCoO2", {"Co": 1.0}, 2.816, 14.054, 0.2395),
        "NCM811": layered("NCM811", {"Ni": 0.8, "Co": 0.1, "Mn": 0.1}, 2.872, 14.20),
        "LiNi0.8Co0.2O2": layered("LiNi0.8Co0.2O2", {"Ni": 0.8, "Co": 0.2}, 2.865, 14.18),
        "MgO": rock_salt("MgO", "Mg", 4.212), "CaO": rock_salt("CaO", "Ca", 4.811),
    }  # fmt: skip


def fates(samples: int, competing: float) -> None:
    structures = hosts()
    print("| host | dopant | share | at | known | estimate kJ/mol | probability | best on | source |")
    print("|---|---|---|---|---|---|---|---|---|")
    chances, truth = [], []
    for host, dopant, dose, heat, dissolves, source in KNOWN:
        charges = {"Fe": 3, "Cr": 3, "Co": 3} if dopant in ("Fe", "Cr", "Co") else None
        answer = miscibility(
            structures[host],
            (dopant,),
            dose=dose,
            temperature=heat,
            samples=samples,
            competing=competing,
            charges=charges,
        )
        row = answer.data["ranking"].row(0, named=True)
        chances.append(row["probability_dissolves"])
        truth.append(dissolves)
        print(
            f"| {host} | {row['dopant']} | {dose} | {heat.replace(' degC', ' °C')} | {'dissolves' if dissolves else 'does not'} "
            f"| {row['solution_energy']:.0f} ({row['low']:.0f} to {row['high']:.0f}) | {row['probability_dissolves']:.2f} "
            f"| {row['best_on']} | {source} |"
        )
    chance, known = np.array(chances), np.array(truth)
    right = int(np.sum((chance > 0.5) == known))
    pairs = (chance[known][:, None] > chance[~known][None, :]) + 0.5 * (
        chance[known][:, None] == chance[~known][None, :]
    )
    sure = (chance >= 0.95) | (chance <= 0.05)
    print(f"\nOn the right side of one half: {shown(right, len(known))}; where it is sure (above 0.95 or below 0.05): "
          f"{shown(int(np.sum(((chance > 0.5) == known)[sure])), int(sure.sum()))}; Brier score {np.mean((chance - known) ** 2):.3f} "
          f"({np.mean((known.mean() - known) ** 2):.3f} for always the mean); a dissolving one above a not dissolving one: "
          f"{pairs.mean():.3f} of all pairs.\n")  # fmt: skip


def moduli() -> None:
    print("| oxide | measured bulk modulus GPa | from bond valence | ratio | 750 Z / d^3 | ratio |")
    print("|---|---|---|---|---|---|")
    logs = []
    for ion, _, length, measured in MODULI:
        charge = parse_ion(ion)[1]
        # Six springs a cation of a rock salt: K = k / (3 d); b cancels between depth and curvature.
        spring = bond_depth(ion, "O2-", length, 1.0)
        ours, site = spring / (3 * length) / GPA, HAZEN * charge / length**3
        logs.append((np.log(ours / measured), np.log(site / measured)))
        print(f"| {ion} | {measured} | {ours:.0f} | {ours / measured:.2f} | {site:.0f} | {site / measured:.2f} |")
    rms = np.sqrt(np.mean(np.square(logs), axis=0))
    print(f"\nRoot mean square of the logarithm of the ratio: bond valence {rms[0]:.2f}, site {rms[1]:.2f}.\n")


def radii() -> None:
    from pymatgen.core import Element

    roman = {
        "III": 3,
        "IV": 4,
        "V": 5,
        "VI": 6,
        "VII": 7,
        "VIII": 8,
        "IX": 9,
        "X": 10,
        "XI": 11,
        "XII": 12,
        "II": 2,
        "XIV": 14,
    }
    same, others = 0, list[str]()
    for ion, rows in _document()["ionic_radii"].items():
        element, charge = parse_ion(ion)
        theirs: dict[str, float] = {}
        for word, spins in Element(element).data["Shannon radii"].get(str(charge), {}).items():
            for spin, values in spins.items():
                if word.endswith("PY"):
                    continue
                key = str(roman[word.removesuffix("SQ")]) + (" square" if word.endswith("SQ") else "")
                theirs[" ".join([key, *([spin.split()[0].lower()] if spin else [])])] = values["ionic_radius"]
        for key, value in rows.items():
            if key in theirs and abs(theirs[key] - value) < 1e-6:
                same += 1
            else:
                others.append(f"{ion} {key}: {value} against {theirs.get(key)}")
    print(f"Radii equal to those that pymatgen ships: {same} of {same + len(others)}. {'; '.join(others)}\n")


def sums() -> None:
    print("| crystal | bond-valence sums | global instability |")
    print("|---|---|---|")
    for structure in hosts().values():
        found = bond_valence_sums(structure)
        told = ", ".join(f"{one.label} {one.position_mean:.2f} for {abs(one.position_charge):.2f}" for one in found)
        print(f"| {structure.name} | {told} | {global_instability(structure, found):.3f} |")
    print()


def costs(samples: int) -> None:
    miscibility("LNMO", samples=samples)
    start = time.process_time()
    miscibility("LNMO", samples=samples)
    verb = time.process_time() - start
    structure = hosts()["LiCoO2"]
    points = np.random.default_rng(0).random((10_000, 3))
    start = time.process_time()
    probe_energy(structure, points)
    print(f"CPU: four dopants {verb:.2f} s warm; 10 000 site energies {time.process_time() - start:.2f} s.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=4000)
    parser.add_argument("--competing", type=float, default=20.0, help="spread of competing phases in kJ/mol")
    given = parser.parse_args()
    fates(given.samples, given.competing)
    moduli()
    radii()
    sums()
    costs(given.samples)


if __name__ == "__main__":
    main()
