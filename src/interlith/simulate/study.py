"""How does a folder of raw vendor files with known truth come about?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl

from interlith.errors import StudyError
from interlith.physics.fluctuation import Fluctuation
from interlith.physics.protocol import CellTest
from interlith.simulate.cells import run_cell, typical_values
from interlith.simulate.declarations import measurements_text, study_text
from interlith.simulate.design import CellPlan, Errors, StudyDesign
from interlith.simulate.instrument import record
from interlith.simulate.recipes import Recipe, Spread
from interlith.simulate.truth import STATEMENT, CellTruth, Truth

Progress = Callable[[int, int, str], None]

#: Folder of the raw files inside the study.
RAW_FOLDER = "cells"


def simulate_study(
    folder: str | Path,
    *,
    variants: Sequence[Recipe],
    cells_per_variant: int = 3,
    cycles: int = 200,
    seed: int = 1,
    batches: int = 1,
    cell_to_cell: Spread | None = None,
    batch_to_batch: Spread | None = None,
    fluctuation: Fluctuation | None = None,
    errors: Errors | None = None,
    protocol: Mapping[str, Any] | None = None,
    reference_cycle: int = 4,
    restarted: int | None = None,
    missing_mass: int | None = None,
    landt: int | None = None,
    title: str = "Simulated study",
    primary: str | None = None,
    active_mass: float = 4.4e-6,
    progress: Progress | None = None,
) -> Truth:
    """Write raw files, `study.yaml`, `measurements.csv` and `truth.json` of a simulated cycling study.

    Parameters
    ----------
    folder
        Made if needed; files of the same names are overwritten.
    variants
        Recipes; the first is the reference.
    cells_per_variant, cycles, seed
        Size of the study; the same seed gives the same bytes.
    batches
        Batches over which the cells of each variant are dealt; every batch holds cells of every variant.
    cell_to_cell, batch_to_batch
        Spreads; batches differ only where `batch_to_batch` is given: half of that variance is common to all variants
        of a batch, half is each variant's own.
    fluctuation
        Swing of the capacity from cycle to cycle; 0.1 % with memory by default.
    errors
        Standard uncertainties of mass, area and cycler.
    protocol
        Words of `interlith.physics.protocol.Protocol` that differ: three slow cycles, then 1C with a slow check-up after
        every 50 cycles and a voltage hold after charge.
    reference_cycle
        Cycle to which retention refers.
    restarted, missing_mass, landt
        Which cell (from 0, variants one after the other) is cut in the middle of a half-cycle and continued in a second
        file, has no mass in `measurements.csv`, comes as a LANDT file. `None`: none.
    title, primary
        As written into `study.yaml`; the word "simulated" is added to a title that lacks it.
    active_mass
        Typical declared mass of a cell (kg).
    progress
        Called as ``progress(done, total, name)`` after each cell.

    Raises
    ------
    StudyError
        If sizes are not positive, a cell number does not exist, or a limit cannot be reached by the model.
    """
    design = StudyDesign(
        tuple(variants), cells_per_variant, cycles, seed, batches, cell_to_cell or Spread(), batch_to_batch,
        fluctuation or Fluctuation(),        errors or Errors(), protocol or {}, reference_cycle, restarted, missing_mass, landt, active_mass,
    )  # fmt: skip
    design.check()
    truth, rows = _simulate(Path(folder), design, progress)
    _declare(truth.folder, design, rows, title, primary)
    truth.write()
    return truth


def _simulate(root: Path, design: StudyDesign, progress: Progress | None) -> tuple[Truth, list[dict[str, str]]]:
    raw = root / RAW_FOLDER
    raw.mkdir(parents=True, exist_ok=True)
    cells: dict[str, CellTruth] = {}
    rows: list[dict[str, str]] = []
    for number in range(design.total):
        plan = design.plan(number)
        test, cell = run_cell(design, plan)
        cells[plan.sample] = replace(cell, files=_write(raw, plan, test))
        rows += _rows(plan, cells[plan.sample].files)
        if progress is not None:
            progress(number + 1, design.total, plan.sample)
    settings = {
        "generator": "interlith.simulate/1", "cycles": design.cycles, "batches": design.batches,
        "reference_cycle": design.reference_cycle,
    }  # fmt: skip
    typical = {recipe.name: typical_values(design, recipe) for recipe in design.variants}
    return Truth(root, design.seed, design.variants[0].name, cells, typical, settings), rows


def _write(raw: Path, plan: CellPlan, test: CellTest) -> tuple[str, ...]:
    write = plan.format.write
    if write is None:
        raise StudyError(f"The format {plan.format.title} has no writer; choose Neware or LANDT text.")
    begins = test.rows.group_by("part", maintain_order=True).agg(pl.col("elapsed").first()).get_column("elapsed")
    files = []
    for number, (part, begin) in enumerate(zip(record(test, plan.instrument, plan.random), begins, strict=True)):
        name = f"{plan.sample}{'_restart' if number else ''}.csv"
        start = plan.start + timedelta(seconds=round(begin))
        write(part, raw / name, {"start": start.isoformat()})
        files.append(f"{RAW_FOLDER}/{name}")
    return tuple(files)


def _rows(plan: CellPlan, files: Sequence[str]) -> list[dict[str, str]]:
    known = plan.mass_is_declared
    rows = []
    for number, file in enumerate(files):
        note = "simulated" if len(files) == 1 else f"simulated; part {number + 1} of {len(files)} of a restarted test"
        rows.append(
            {
                "include": "yes", "file": file, "technique": "cycling", "sample": plan.recipe.name, "batch": plan.batch,
                "replicate": plan.replicate, "active_mass": f"{plan.declared_mass * 1e6:.2f} mg" if known else "",
                "active_mass_source": "balance" if known else "", "electrolyte": "LP30", "temperature": "25 degC",
                "note": note,
            }
        )  # fmt: skip
    return rows


def _declare(
    root: Path, design: StudyDesign, rows: Sequence[Mapping[str, str]], title: str, primary: str | None
) -> None:
    variants, errors = design.variants, design.errors
    material = variants[0].material
    samples: dict[str, dict[str, Any]] = {}
    for recipe in variants:
        words: dict[str, Any] = {"parent": recipe.parent} if recipe.parent else {"composition": material.composition}
        samples[recipe.name] = words | ({"steps": list(recipe.steps)} if recipe.steps else {})
    check_rate = design.programme(variants[0], design.active_mass).check_rate
    text = study_text(
        title=title if "simulated" in title.casefold() else f"{title} (simulated)",
        comment=f"{STATEMENT}\nThe truth stands in truth.json.",
        simulated=True,
        reference=variants[0].name,
        group="batch" if design.batches > 1 else None,
        primary=primary,
        samples=samples,
        cells={"kind": material.kind, "one_C": f"{material.one_C:g} mA/g", "area": "1.131 cm^2"} | _stated(errors),
        analyses={"cycling": {"reference_cycle": design.reference_cycle, "exclude_rate": f"C/{1 / check_rate:g}"}},
    )  # fmt: skip
    (root / "study.yaml").write_text(text, encoding="utf-8", newline="\n")
    (root / "measurements.csv").write_text(measurements_text(rows), encoding="utf-8", newline="\n")


def _stated(errors: Errors) -> dict[str, str]:
    """The uncertainties as a user declares them; nobody declares that an instrument has none."""
    words = {
        "area_uncertainty": (100 * errors.area, "%"), "active_mass_uncertainty": (100 * errors.mass, "%"),
        "current_accuracy": (100 * errors.current, "%"), "voltage_accuracy": (1e3 * errors.voltage, "mV"),
    }  # fmt: skip
    return {name: f"{size:g} {unit}" for name, (size, unit) in words.items() if size > 0}
