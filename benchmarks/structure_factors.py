"""Do structure factors and reflection lists equal those of gemmi and pymatgen, and how long do they take?

Run: ``python benchmarks/structure_factors.py``; prints tables for ``docs/benchmarks.md``. The same structures go to all three
programs. "same factors": our sums with the atomic factors of the peer, so that only phases, occupancies, displacements and
symmetry are compared; "own tables": each program with its own. Differences are the largest of |F - F_peer| over all
reflections to d_min, over F(000) (X-rays), or over the sum of sizes (neutrons, electrons). pymatgen gives intensities of
powder lines only: theirs without the Lorentz-polarisation factor against the sum of multiplicity times |F|^2, over the
strongest line. Times are CPU milliseconds, median of repeats, tables warm.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(name, "1")  # before numpy is loaded

import gemmi  # noqa: E402
import numpy as np  # noqa: E402
from numpy.typing import NDArray  # noqa: E402

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

from interlith.crystal.phases import phase  # noqa: E402
from interlith.crystal.reflections import reflections  # noqa: E402
from interlith.crystal.structure import Site, Structure  # noqa: E402
from interlith.crystal.structure_factors import (  # noqa: E402
    Custom,
    Electrons,
    Neutrons,
    Probe,
    XRays,
    structure_factors,
)
from interlith.crystal.writing import write_cif  # noqa: E402

PHASES = ("Si", "CeO2", "corundum", "LNMO", "NCM111", "LRM_O3prime")
TIMED = ("Si", "LNMO", "LRM_O3prime", "La2Ti2O7")
OWN: dict[str, Probe] = {"X": XRays(), "N": Neutrons(absorbing=False), "E": Electrons()}
WORDS = {"X": "X-rays", "N": "neutrons", "E": "electrons"}


def prepared(name: str, *, still: bool = False) -> Structure:
    """A shipped structure with a displacement for every site (or none), neutral atoms, natural isotopes."""
    structure = phase(name)
    sites = tuple(
        replace(site, charge=None, isotope=None, u_aniso=None, u_iso=0.0 if still else 0.004 + 0.001 * place)
        for place, site in enumerate(structure.sites)
    )
    return replace(structure, sites=sites)


def small_structure(structure: Structure) -> Any:
    small = gemmi.make_small_structure_from_block(gemmi.cif.read_string(write_cif(structure)).sole_block())
    small.change_occupancies_to_crystallographic()
    return small


def gemmi_factors(small: Any, hkl: NDArray[np.int64], kind: str) -> NDArray[np.complex128]:
    maker = {
        "X": gemmi.StructureFactorCalculatorX,
        "N": gemmi.StructureFactorCalculatorN,
        "E": gemmi.StructureFactorCalculatorE,
    }
    calculator = maker[kind](small.cell)
    return np.array([calculator.calculate_sf_from_small_structure(small, row) for row in hkl.tolist()])


def table_of_gemmi(kind: str) -> Custom:
    def factor(site: Site, s: NDArray[np.float64]) -> NDArray[np.float64]:
        element = gemmi.Element(site.element)
        table = {"X": element.it92, "N": element.neutron92, "E": element.c4322}[kind]
        return np.array([table.calculate_sf(float(value) ** 2) for value in s])

    return Custom(factor)


def table_of_pymatgen() -> Custom:
    from pymatgen.analysis.diffraction.xrd import ATOMIC_SCATTERING_PARAMS

    def factor(site: Site, s: NDArray[np.float64]) -> NDArray[np.float64]:
        rows = np.array(ATOMIC_SCATTERING_PARAMS[site.element])
        gauss = (rows[:, 0] * np.exp(-rows[:, 1] * (s * s)[:, None])).sum(axis=1)
        return np.asarray(gemmi.Element(site.element).atomic_number - 41.78214 * s * s * gauss)

    return Custom(factor)


def pymatgen_structure(structure: Structure) -> Any:
    from pymatgen.io.cif import CifParser

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        parser = CifParser.from_str(write_cif(structure), occupancy_tolerance=1.01)
        return parser.parse_structures(primitive=False, check_occu=False)[0]


def pymatgen_lines(made: Any, wavelength: float, two_theta: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Spacings of its lines and their heights without the Lorentz-polarisation factor."""
    from pymatgen.analysis.diffraction.core import AbstractDiffractionPatternCalculator
    from pymatgen.analysis.diffraction.xrd import XRDCalculator

    # It leaves out lines below 1e-5 of the strongest; here every line counts.
    AbstractDiffractionPatternCalculator.SCALED_INTENSITY_TOL = -1
    pattern = XRDCalculator(wavelength).get_pattern(made, scaled=False, two_theta_range=(0, two_theta))
    half = np.radians(np.asarray(pattern.x) / 2)
    heights = np.asarray(pattern.y) / ((1 + np.cos(2 * half) ** 2) / (np.sin(half) ** 2 * np.cos(half)))
    return wavelength / (2 * np.sin(half)), heights


def against_pymatgen(structure: Structure, wavelength: float, d_min: float, probe: Probe) -> float:
    """Largest difference of powder lines over the strongest one; lines that nearly coincide are summed on both sides."""
    two_theta = 2 * np.degrees(np.arcsin(wavelength / (2 * d_min)))
    theirs = pymatgen_lines(pymatgen_structure(structure), wavelength, float(two_theta))
    found = reflections(structure, d_min=d_min)
    ours = found.spacing, found.multiplicity * np.abs(structure_factors(structure, found.hkl, probe)) ** 2
    spacings = np.concatenate([theirs[0], ours[0]])
    signed = np.concatenate([-theirs[1], ours[1]])
    order = np.argsort(spacings)
    groups = np.concatenate([[0], np.cumsum(np.diff(np.log(spacings[order])) > 1e-5)])
    gaps = np.bincount(groups, weights=signed[order])
    # At the limit a line may be in one list only.
    inside = np.bincount(groups, weights=spacings[order]) / np.bincount(groups) > d_min * 1.0001
    return float(np.abs(gaps[inside]).max() / np.bincount(groups, weights=np.maximum(signed[order], 0)).max())


def agreement(d_min: float) -> None:
    print(f"\nReflections to d = {d_min} angstrom\n")
    print(
        "| phase | reflections | probe | gemmi, same factors | gemmi, own tables | pymatgen lines, same factors | own tables |"
    )
    print("|---|---|---|---|---|---|---|")
    for name in PHASES:
        structure = prepared(name)
        small = small_structure(structure)
        hkl = reflections(structure, d_min=d_min).hkl
        for kind, own in OWN.items():
            expected = gemmi_factors(small, hkl, kind)
            whole = sum(
                site.occupancy * site.multiplicity * abs(complex(own.amplitude(site, np.zeros(1))[0]))
                for site in structure.sites
            )
            same = np.abs(structure_factors(structure, hkl, table_of_gemmi(kind)) - expected).max() / whole
            tables = np.abs(structure_factors(structure, hkl, own) - expected).max() / whole
            lines = "- | -"
            if kind == "X":
                still = prepared(name, still=True)
                pair = [against_pymatgen(still, 0.7, d_min, probe) for probe in (table_of_pymatgen(), OWN["X"])]
                lines = f"{pair[0]:.1e} | {pair[1]:.1e}"
            print(f"| {name} | {len(hkl)} | {WORDS[kind]} | {same:.1e} | {tables:.1e} | {lines} |")


def clocked(work: Callable[[], object], repeats: int) -> float:
    work()
    times = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return 1000 * statistics.median(times)


def speed(d_min: float, repeats: int) -> None:
    print(f"\nCPU milliseconds to d = {d_min} angstrom, X-rays without dispersion, neutral atoms\n")
    print(
        "| phase | atoms in the cell | reflections | list: ours | list: gemmi | F: ours | F: gemmi | pattern: ours | pattern: pymatgen |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for name in TIMED:
        structure = prepared(name)
        small, made = small_structure(structure), pymatgen_structure(structure)
        cell, group = gemmi.UnitCell(*structure.cell.parameters), gemmi.find_spacegroup_by_name(structure.space_group)
        hkl = reflections(structure, d_min=d_min).hkl
        two_theta = float(2 * np.degrees(np.arcsin(0.7 / (2 * d_min))))

        def pattern(structure: Structure = structure) -> object:
            found = reflections(structure, d_min=d_min)
            return found.multiplicity * np.abs(structure_factors(structure, found.hkl)) ** 2

        def gemmi_list(cell: Any = cell, group: Any = group) -> object:
            return gemmi.make_miller_array(cell, group, d_min, unique=True)

        row = [
            clocked(lambda structure=structure: reflections(structure, d_min=d_min), repeats),
            clocked(gemmi_list, repeats),
            clocked(lambda structure=structure, hkl=hkl: structure_factors(structure, hkl), repeats),
            clocked(lambda small=small, hkl=hkl: gemmi_factors(small, hkl, "X"), repeats),
            clocked(pattern, repeats),
            clocked(lambda made=made, angle=two_theta: pymatgen_lines(made, 0.7, angle), 2),
        ]
        shown = " | ".join(f"{value:.3g}" for value in row)
        print(f"| {name} | {len(structure.atoms)} | {len(hkl)} | {shown} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--d-min", type=float, default=0.6, help="smallest spacing of the comparison (angstrom)")
    parser.add_argument("--repeats", type=int, default=9, help="repeats of a timing")
    parser.add_argument(
        "--table", choices=("waasmaier-kirfel", "it92"), default="waasmaier-kirfel", help="own X-ray table"
    )
    parser.add_argument("--only", choices=("agreement", "speed"), help="one of the two parts")
    asked = parser.parse_args()
    OWN["X"] = XRays(table=asked.table)
    if asked.only != "speed":
        agreement(asked.d_min)
    if asked.only != "agreement":
        speed(asked.d_min, asked.repeats)


if __name__ == "__main__":
    main()
