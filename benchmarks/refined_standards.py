"""Patterns of standards refined by one call each: cells against published ones, what the data do not fix, what is refused.

LBCO on HRPT and PbSO4 on D1A (neutrons), garnet on D1A against the printed result of its GSAS-II tutorial, PbSO4 of the 1992 round
robin with X-rays against the cell of the structure file beside it, LiCoO2 in three formats of one pattern against three published
cells. Nothing but phases, instruments and wavelengths is said, unless a row tells it. Then every other shared pattern file: read and
refined, or why not.

Run: python benchmarks/refined_standards.py DATA
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import interlith as il
from interlith.errors import InterlithError
from interlith.model import Result, Series
from interlith.numerics.fitting.parameters import Sum, Tie
from interlith.techniques.diffraction.instruments import known_instrument
from interlith.techniques.diffraction.refinement.pattern import Pattern, Phase
from interlith.techniques.diffraction.refinement.refining import refine

#: Coordinates at which the GSAS-II tutorial "Neutron CW Powder Data" begins; sites of Fe and Al are mixed.
GARNET = """data_garnet
_cell_length_a 12.19
_cell_length_b 12.19
_cell_length_c 12.19
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 90
_symmetry_space_group_name_H-M 'I a -3 d'
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
_atom_site_occupancy
_atom_site_U_iso_or_equiv
Y1 Y 0.125 0.0 0.25 1 0.01
Fe1 Fe 0 0 0 0.5 0.01
Al1 Al 0 0 0 0.5 0.01
Al2 Al 0.375 0 0.25 0.5 0.01
Fe2 Fe 0.375 0 0.25 0.5 0.01
O1 O -0.03 0.05 0.15 1 0.01
"""


@dataclass(frozen=True, slots=True)
class Case:
    """A pattern, what is said about it, and what was published."""

    name: str
    file: Path
    pattern: Pattern
    published: Mapping[str, tuple[float, float]] = field(default_factory=dict)


def main() -> None:
    words = argparse.ArgumentParser()
    words.add_argument("data", type=Path)
    data = words.parse_args().data
    print(
        "| pattern | R_wp | R_exp | goodness | name | refined (inflated) | published | off in sigma | evaluations | CPU (s) |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    notes = []
    with tempfile.TemporaryDirectory() as folder:
        garnet = Path(folder) / "garnet.cif"
        garnet.write_text(GARNET)
        for case in cases(data, garnet):
            found, cpu = refined(case)
            if isinstance(found, str):
                print(f"| {case.name} | refused: {found} | | | | | | | | {cpu:.2f} |")
                continue
            rows(case, found, cpu)
            told = [
                flag.message
                for flags in found.flags.values()
                for flag in flags
                if flag.code.startswith("not_identified")
            ]
            notes += [f"{case.name}: {text}" for text in told]
    print("\nWhat the data do not fix:\n")
    for text in notes:
        print(f"- {text}")
    print("\n| file | |\n|---|---|")
    for file in others(data):
        print(f"| {file.relative_to(data)} | {read(file)} |")


def cases(data: Path, garnet: Path) -> list[Case]:
    """Standards in the order of the table."""
    easy, lead = data / "diffraction/easydiff", data / "diffraction/pbso4"
    d1a = data / "diffraction/cw_garnet"
    lbco = {"LBCO_cell_a": (3.8909, 1e-4)}
    sulphate = {
        "PbSO4_cell_a": (8.48, 0.002),
        "PbSO4_cell_b": (5.398, 0.002),
        "PbSO4_cell_c": (6.958, 0.002),
    }
    anglesite = Phase(lead / "PbSO4-Wyckoff.cif", name="PbSO4", positions="all", u_iso="all")
    mixed = Phase(garnet, name="garnet", positions=("O1",), u_iso="all", occupancies=("Fe1", "Al1", "Fe2", "Al2"))
    ties: list[Tie | Sum] = [
        Sum({"garnet_Fe1_occupancy": 1, "garnet_Al1_occupancy": 1}, 1.0),
        Sum({"garnet_Fe2_occupancy": 1, "garnet_Al2_occupancy": 1}, 1.0),
        Tie("garnet_Al1_u_iso", {"garnet_Fe1_u_iso": 1.0}),
        Tie("garnet_Al2_u_iso", {"garnet_Fe2_u_iso": 1.0}),
    ]
    printed = {
        "garnet_cell_a": (12.181739, 2.4e-4), "garnet_Fe1_occupancy": (0.577, 0.009), "garnet_Fe2_occupancy": (0.299, 0.007),
        "garnet_O1_x": (-0.02942, 6e-5), "garnet_O1_y": (0.0539, 6e-5), "garnet_O1_z": (0.15059, 7e-5),
    }  # fmt: skip
    made = [
        Case(
            "LBCO, HRPT, La and Ba", easy / "hrpt.xye",
            Pattern(Phase(easy / "lbco.cif", name="LBCO", u_iso="all"), instrument="neutron", wavelength=1.494), lbco,
        ),
        Case(
            "LBCO, HRPT, La alone", easy / "hrpt.xye",
            Pattern(Phase(easy / "lbco.cif", name="LBCO", u_iso=("La", "Co", "O")), instrument="neutron", wavelength=1.494), lbco,
        ),
        Case(
            "garnet, D1A", d1a / "garnet.raw", Pattern(mixed, instrument=d1a / "inst_d1a.prm", ties=ties), printed,
        ),
        Case(
            "garnet, D1A, U V W refined", d1a / "garnet.raw",
            Pattern(
                mixed, instrument=d1a / "inst_d1a.prm", refine=("zero", "gauss_*", "sample_ratio", "slit_ratio"),
                ties=[*ties, Tie("slit_ratio", {"sample_ratio": 1.0})], start={"sample_ratio": 0.02, "slit_ratio": 0.02},
            ), printed,
        ),
        Case(
            # Held where R_wp is that of the tutorial, 5.18 %.
            "garnet, D1A, S/L and H/L 0.0494", d1a / "garnet.raw",
            Pattern(
                mixed, instrument=d1a / "inst_d1a.prm", refine=("zero", "gauss_*"), ties=ties,
                start={"sample_ratio": 0.0494, "slit_ratio": 0.0494},
            ), printed,
        ),
        Case(
            "garnet, D1A, no divergence", d1a / "garnet.raw",
            Pattern(mixed, instrument=d1a / "inst_d1a.prm", refine=("zero", "gauss_*"), ties=ties), printed,
        ),
        Case(
            "garnet, D1A, two displacements", d1a / "garnet.raw",
            Pattern(
                mixed, instrument=replace(known_instrument(d1a / "inst_d1a.prm", None).instrument, radius=650.0),
                refine=("displacement", "displacement_across"), ties=ties,
            ), printed,
        ),
        Case("PbSO4, D1A", easy / "d1a.cif", Pattern(anglesite)),
        Case(
            "PbSO4, X-rays", lead / "PBSO4.XRA", Pattern(anglesite, instrument=lead / "INST_XRY.PRM", limits=(16.0, 158.4)), sulphate,
        ),
        Case(
            "PbSO4, X-rays, divergence refined", lead / "PBSO4.XRA",
            Pattern(
                anglesite, instrument=lead / "INST_XRY.PRM", limits=(16.0, 158.4), refine=("displacement", "sample_ratio", "slit_ratio"),
                ties=[Tie("slit_ratio", {"sample_ratio": 1.0})],
            ), sulphate,
        ),
    ]  # fmt: skip
    return made + cobaltate(data / "realsets/licoo2")


def cobaltate(folder: Path) -> list[Case]:
    """LiCoO2: lines stand 0.1 deg from where the cell puts them; three formats, and ways to miss it."""
    published = {"LCO_cell_a": (2.8150, 3e-4), "LCO_cell_c": (14.0516, 6e-4)}
    phase = Phase(folder / "4505482.cif", name="LCO", positions="all")

    def case(name: str, file: str, **more: Any) -> Case:
        tube = "Cu" if file.endswith("dat") else None
        return Case(f"LiCoO2, {name}", folder / file, Pattern(phase, instrument=tube, **more), published)

    axial: Sequence[str] = ("gauss_w", "sample_ratio", "slit_ratio")
    equal = {"ties": [Tie("slit_ratio", {"sample_ratio": 1.0})], "start": {"sample_ratio": 0.02, "slit_ratio": 0.02}}
    return [
        case("UXD", "LiCoO2.UXD"),
        case("RAW", "LiCoO2.RAW"),
        case("dat", "LiCoO2.dat"),
        case("nothing shifts", "LiCoO2.UXD", refine=axial, **equal),
        case("zero", "LiCoO2.UXD", refine=("zero", *axial), **equal),
        case("zero and displacement", "LiCoO2.UXD", refine=("zero", "displacement", *axial), **equal),
        case(
            "zero and displacement to 50 deg", "LiCoO2.UXD", refine=("zero", "displacement", *axial), limits=(16.0, 50.0), **equal
        ),
    ]  # fmt: skip


def refined(case: Case) -> tuple[Result | str, float]:
    """The result or why there is none, and CPU seconds with reading."""
    began = time.process_time()
    try:
        found: Result | str = refine(Series((il.read(case.file),)), case.pattern)
    except InterlithError as error:
        found = " ".join(str(error).split())[:160]
    return found, time.process_time() - began


def rows(case: Case, found: Result, cpu: float) -> None:
    """Rows of one standard: its residuals and what was published of it."""
    quality = found.data["refined"].row(0, named=True)
    values = {row["name"]: row for row in found.data["parameters"].rows(named=True)}
    head = f"| {case.name} | {100 * quality['r_wp']:.2f} | {100 * quality['r_exp']:.2f} | {quality['goodness']:.2f} "
    tail = f"| {quality['evaluations']} | {cpu:.2f} |"
    names = list(case.published) or [name for name in values if "_cell_" in name]
    for number, name in enumerate(names):
        row = values[name]
        shown = f"{row['value']:.5f} ({row['inflated']:.5f})"
        other, off = "", ""
        if name in case.published:
            value, std = case.published[name]
            other, off = (
                f"{value:g} ({std:g})",
                f"{(row['value'] - value) / (row['inflated'] ** 2 + std**2) ** 0.5:+.1f}",
            )
        print(
            f"{head if not number else '| | | | '}| {name} | {shown} | {other} | {off} {tail if not number else '| | |'}"
        )


def others(data: Path) -> list[Path]:
    """Shared pattern files that are in no table of refinements."""
    folder = data / "diffraction"
    names = (
        "easydiff/sepd.xye", "easydiff/si.cif", "tof_nac_powgen/11BM_NAC.fxye", "tof_nac_powgen/PG3_22048.gsa",
        "tof_vulcan_seq/435.gda", "vendor_raw/bruker_absorber.brml", "vendor_raw/bruker_raw4_scrambled.raw",
        "vendor_raw/panalytical_mesh.xrdml", "vendor_raw/panalytical_powder.xrdml", "vendor_raw/rigaku_nims.ras",
        "vendor_raw/rigaku_powder.rasx", "operando_licov/1.txt",
    )  # fmt: skip
    return [folder / name for name in names] + sorted((data / "realsets/xrd_repeat").glob("*"))


def read(file: Path) -> str:
    """What reading says."""
    try:
        found = il.read(file)
    except InterlithError as error:
        return "refused: " + " ".join(str(error).split())[:200]
    table = getattr(found.payload, "frame", None)
    if table is None:
        return f"read: {type(found.payload).__name__}"
    flags = "; ".join(flag.message[:80] for flag in found.flags)
    return f"read: {', '.join(getattr(found.payload, 'columns', ()))}{'; ' + flags if flags else ''}"


if __name__ == "__main__":
    main()
