"""192 synchrotron patterns of Na2CO3 + Mn2O3 + 2 YCl3 heated to 650 degC: one chain of refinements beside the authors' own.

Seven shipped structures and a P2 layer of NaxMnO2; Y3O4Cl and Na3MnO4 of the authors' table are not among them. Cells within -1.5 and
+3 %, sizes refined, strains not. Told: CPU, R_wp of scans beside the authors', where each phase first appears as an interval, and
where the authors' table has it first. Refine whole or every n-th scan.

Run: python benchmarks/heating_series.py DATA/realsets/insitu_heating_17bm [--every 1] [--picture FOLDER]
"""

from __future__ import annotations

import argparse
import csv
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

import interlith as il
from interlith.model import Result, Series
from interlith.techniques.diffraction.new_phases import new_phases
from interlith.techniques.diffraction.refinement.pattern import Pattern, Phase
from interlith.techniques.diffraction.refinement.refining import refine

SHIPPED = ("YCl3", "Na2CO3", "Mn2O3", "NaCl", "YOCl", "Y2O3", "Y2Mn2O7")
WAVELENGTH = 0.24125
#: The P2 type (Delmas, Fouassier and Hagenmuller 1980, 10.1016/0378-4363(80)90214-4) at round numbers: prisms of Na between layers.
LAYERED = """data_NaxMnO2
_cell_length_a 2.90
_cell_length_b 2.90
_cell_length_c 11.4
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 120
_symmetry_space_group_name_H-M 'P 63/m m c'
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
_atom_site_occupancy
_atom_site_U_iso_or_equiv
Mn Mn 0 0 0 1 0.01
O O 0.3333333 0.6666667 0.0889 1 0.015
Na1 Na 0 0 0.25 0.25 0.03
Na2 Na 0.6666667 0.3333333 0.25 0.42 0.03
"""


def main() -> None:
    words = argparse.ArgumentParser()
    words.add_argument("folder", type=Path)
    words.add_argument("--every", type=int, default=1)
    words.add_argument("--picture", type=Path)
    asked = words.parse_args()
    truth = list(csv.DictReader((asked.folder / "truth_scan_001_192.csv").open()))
    began = time.process_time()
    series = Series((il.read(asked.folder / "xye_001_192.tar.gz"),))
    read = time.process_time() - began
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "NaxMnO2.cif"
        path.write_text(LAYERED)
        began = time.process_time()
        only = None if asked.every == 1 else list(range(0, len(truth), asked.every))
        result = refine(series, pattern(path), only=only, offered=[])
        cpu = time.process_time() - began
    table = result.data["refined"]
    print(f"{len(table)} patterns, {int(table['good'].sum())} good; {cpu:.1f} CPU s, reading {read:.1f} s.\n")
    residuals(table, truth)
    appearances(result, truth)
    if asked.picture is not None:
        picture(result, truth, asked.picture)


def pattern(layered: Path) -> Pattern:
    """What is said about every scan."""
    phases = [Phase(name, refine=("cell", "size"), size=30.0) for name in SHIPPED]
    phases.append(Phase(layered, name="NaxMnO2", refine=("cell", "size"), size=30.0))
    bounds = {}
    for phase in phases:
        cell = phase.structure.cell
        for name, edge in (("a", cell.a), ("b", cell.b), ("c", cell.c)):
            bounds[f"{phase.name}_cell_{name}"] = (0.985 * edge, 1.03 * edge)
    # Edges that follow from others have no name of their own.
    follow = {"Mn2O3": "bc", "NaCl": "bc", "YOCl": "b", "Y2O3": "bc", "Y2Mn2O7": "bc", "NaxMnO2": "b"}
    for phase_name, edges in follow.items():
        for name in edges:
            del bounds[f"{phase_name}_cell_{name}"]
    return Pattern(
        phases, instrument="synchrotron", wavelength=WAVELENGTH, limits=(1.7, 14.0), bounds=bounds, refine=("zero",),
    )  # fmt: skip


def residuals(table: pl.DataFrame, truth: list[dict[str, str]]) -> None:
    """R_wp beside the authors'."""
    own = 100 * table["r_wp"].to_numpy()
    theirs = np.array([float(truth[number]["Rwp"]) for number in table["pattern"].to_list()])
    print("| scan | temperature (degC) | R_wp (%) | authors' | held |\n|---|---|---|---|---|")
    for number in range(0, len(own), max(1, len(own) // 12)):
        row = table.row(number, named=True)
        print(
            f"| {row['pattern'] + 1} | {truth[row['pattern']]['Temperature']} | {own[number]:.2f} | {theirs[number]:.2f} | {row['held']} |"
        )
    lower = int((own <= theirs).sum())
    print(f"\nMedian {np.median(own):.2f}, authors' {np.median(theirs):.2f}; ours is lower in {lower} of {len(own)}.\n")


def shares(result: Result, name: str) -> tuple[list[int], np.ndarray, np.ndarray]:
    """Patterns, weight fractions of one phase and their standard uncertainties."""
    found = [one for one in result.observables() if one.quantity == f"{name}_weight_fraction"]
    numbers = [int(str(one.fit).rsplit(" ", 1)[-1]) for one in found]
    values = np.array([np.nan if one.value is None else one.value for one in found])
    return numbers, values, np.array([one.std for one in found])


def appearances(result: Result, truth: list[dict[str, str]]) -> None:
    """Where each phase first appears, as an interval of scans and of temperatures."""
    print("| phase | first appears, scans | temperature (degC) | authors' first scan | (degC) |\n|---|---|---|---|---|")
    temperature = np.array([float(row["Temperature"]) for row in truth])
    rows = new_phases(result).data["appearances"].filter(pl.col("end") == "onset")
    for row in rows.rows(named=True):
        name = row["phase"]
        listed = [one for one in truth if one[f"Volume_{name}"]] if f"Volume_{name}" in truth[0] else []
        first = f"{listed[0]['Scan Number']} | {listed[0]['Temperature']}" if listed else " | "
        if not row["present"] or row["from_start"]:
            by = (
                "there from the first scan"
                if row["value"] is None
                else f"by {row['last_pattern'] + 1:.1f}, perhaps from the first"
            )
            print(f"| {name} | {by if row['present'] else 'not seen'} | | {first} |")
            continue
        ends = [row["first_pattern"] + 1.0, row["last_pattern"] + 1.0]
        at = [float(np.interp(one, np.arange(len(truth)) + 1.0, temperature)) for one in ends]
        print(f"| {name} | {ends[0]:.1f} to {ends[1]:.1f} | {at[0]:.0f} to {at[1]:.0f} | {first} |")


def picture(result: Result, truth: list[dict[str, str]], folder: Path) -> None:
    """Weight fractions and residuals against the scan."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    folder.mkdir(parents=True, exist_ok=True)
    figure, axes = plt.subplots(2, 1, figsize=(12, 9), sharex=True)
    for name in (*SHIPPED, "NaxMnO2"):
        numbers, values, std = shares(result, name)
        axes[0].errorbar(np.array(numbers) + 1, values, std, label=name, lw=1)
    axes[0].set_ylabel("weight fraction")
    axes[0].legend(ncol=4)
    table = result.data["refined"]
    axes[1].plot(table["pattern"] + 1, 100 * table["r_wp"], label="R_wp")
    axes[1].plot(
        [int(row["Scan Number"]) for row in truth], [float(row["Rwp"]) for row in truth], label="authors' R_wp"
    )
    axes[1].legend()
    axes[1].set_xlabel("scan")
    figure.savefig(folder / "heating_series.png", dpi=75)


if __name__ == "__main__":
    main()
