"""Small study folders for the tests of the workbench; raw files come from the formats' own writers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from interlith.workbench.discovery import formats


def rows(cycles: int = 3, *, capacity: float = 1e-3, current: float = 1e-3, fade: float = 0.0) -> pl.DataFrame:
    """A cell that charges and discharges at constant current between 3 and 4 V (canonical columns, inside units)."""
    parts, clock = [], 0.0
    for cycle in range(1, cycles + 1):
        charge = capacity * (1 - fade * (cycle - 1))
        for step, sign in ((1, 1.0), (2, -1.0)):
            seconds = charge / current * 3600
            t = np.linspace(0.0, seconds, 61)
            q = current * t / 3600
            x = q / charge
            v = 3.0 + (x if sign > 0 else 1.0 - x)
            e = np.concatenate([[0.0], np.cumsum(0.5 * (v[1:] + v[:-1]) * np.diff(q))])
            parts.append(
                pl.DataFrame(
                    {
                        "test_time": clock + t,
                        "step_time": t,
                        "current": np.full(61, sign * current),
                        "voltage": v,
                        "vendor_cycle": np.full(61, cycle),
                        "vendor_step": np.full(61, step),
                        "vendor_step_type": ["CC Chg" if sign > 0 else "CC DChg"] * 61,
                        "charge_counter": q if sign > 0 else 0 * q,
                        "discharge_counter": q if sign < 0 else 0 * q,
                        "capacity_counter": q,
                        "energy_counter": e,
                        "charge_energy_counter": e if sign > 0 else 0 * e,
                        "discharge_energy_counter": e if sign < 0 else 0 * e,
                    }
                )
            )
            clock += seconds
    return pl.concat(parts)


def write_cell(path: Path, frame: pl.DataFrame | None = None) -> Path:
    """One Neware text file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write = formats()["neware_csv"].write
    assert write is not None
    write(rows() if frame is None else frame, path, {})
    return path


STUDY = """\
study: two variants
reference: bare
replication: {unit: cell}
primary: {capacity_retention: {cycle: 3, at_least: +5 %}}
samples:
  bare: {composition: LiNi0.5Mn1.5O4}
  coated: {parent: bare, steps: [{coat: La, dose: 0.5 at% of TM, temperature: 750 degC, hold: 1 h}]}
cells: {kind: half_cathode, one_C: 140 mA/g, area: 1.131 cm^2, area_uncertainty: 1 %, active_mass_uncertainty: 2 %}
analyses:
  cycling: {reference_cycle: 1}
"""
HEADER = "include,file,technique,sample,batch,replicate,active_mass,active_mass_source,area,electrolyte,cycle,voltage,temperature,dose,depth,note\n"


def write_study(folder: Path, *, cells: int = 2, cycles: int = 3) -> Path:
    """Two variants, some cells each, one mass left out."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [HEADER]
    for variant, fade in (("bare", 0.05), ("coated", 0.01)):
        for k in range(1, cells + 1):
            name = f"cells/{variant}_{k}.csv"
            write_cell(folder / name, rows(cycles, fade=fade + 0.001 * k))
            mass = "" if (variant, k) == ("coated", cells) else "7.1 mg"
            lines.append(f"yes,{name},cycling,{variant},b1,{k},{mass},{'balance' if mass else ''},,LP30,,,26 degC,,,\n")
    (folder / "measurements.csv").write_text("".join(lines), encoding="utf-8")
    (folder / "study.yaml").write_text(STUDY, encoding="utf-8")
    return folder
