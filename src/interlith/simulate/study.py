"""How does a folder of raw vendor files with known truth come about?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from interlith.errors import StudyError
from interlith.formats import landt_csv, neware_csv
from interlith.model import Format
from interlith.physics.cell_truth import Values, true_values
from interlith.physics.protocol import CellTest, Interruption, Protocol, cycle_cell
from interlith.simulate.declarations import measurements_text, study_text
from interlith.simulate.instrument import Instrument, record
from interlith.simulate.recipes import Effects, Recipe, Spread, make_cell
from interlith.simulate.truth import STATEMENT, CellTruth, Truth

Progress = Callable[[int, int, str], None]

#: Start of the first test on the wall clock, which is not used for anything but to be printed.
_START = datetime(2026, 1, 12, 9, 30)
#: Folder of the raw files inside the study.
RAW_FOLDER = "cells"


@dataclass(frozen=True, slots=True)
class Errors:
    """Standard uncertainties that the study declares, and from which the simulator draws true errors.

    Relative of mass, area and current; of the voltage in V; `current_noise` (relative) and `voltage_noise` (V) are
    those of each record and are not declared.
    """

    mass: float = 0.02
    area: float = 0.01
    current: float = 1e-3
    voltage: float = 1e-3
    current_noise: float = 2e-5
    voltage_noise: float = 2e-4


@dataclass(frozen=True, slots=True)
class _Plan:
    """One cell before it is simulated: all that is drawn or decided about it."""

    sample: str
    recipe: Recipe
    batch: str
    replicate: str
    declared_mass: float
    active_mass: float
    effects: Effects
    instrument: Instrument
    interruption: Interruption | None
    format: Format
    start: datetime
    random: np.random.Generator


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
    errors
        Standard uncertainties of mass, area and cycler.
    protocol
        Words of `interlith.physics.protocol.Protocol` that differ from those of this study: slow formation of three
        cycles, then 1C, a slow check-up after every 50 cycles, a voltage hold after charge.
    reference_cycle
        Cycle to which retention refers.
    restarted, missing_mass, landt
        Which cell of the study (from 0, variants one after the other) is cut in the middle of a half-cycle and
        continued in a second file, has no mass in `measurements.csv`, comes as a LANDT file. `None`: none.
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
    root, errors = Path(folder), errors or Errors()
    total = len(variants) * cells_per_variant
    _check(total, cycles, batches, restarted, missing_mass, landt)
    raw = root / RAW_FOLDER
    raw.mkdir(parents=True, exist_ok=True)
    spreads = (cell_to_cell or Spread(), batch_to_batch)
    plans = [
        _plan(number, variants, cells_per_variant, batches, seed, spreads, errors, active_mass, cycles,
              number == restarted, number == landt)
        for number in range(total)
    ]  # fmt: skip
    programme = {recipe.name: _protocol(recipe, active_mass, cycles, protocol or {}) for recipe in variants}
    cells: dict[str, CellTruth] = {}
    rows: list[dict[str, str]] = []
    for number, plan in enumerate(plans):
        own = _protocol(plan.recipe, plan.declared_mass, cycles, protocol or {})
        cell, files = _run(raw, plan, own, reference_cycle, declared=number != missing_mass)
        cells[plan.sample] = cell
        rows += _rows(plan, files, declared=number != missing_mass)
        if progress is not None:
            progress(number + 1, total, plan.sample)
    typical = {
        recipe.name: _typical(recipe, active_mass, programme[recipe.name], reference_cycle) for recipe in variants
    }
    settings = {
        "cycles": cycles,
        "batches": batches,
        "reference_cycle": reference_cycle,
        "generator": "interlith.simulate/1",
    }
    truth = Truth(root, seed, variants[0].name, cells, typical, settings)
    _declare(root, variants, rows, errors, title, primary, programme[variants[0].name], reference_cycle, batches)
    truth.write()
    return truth


def _check(total: int, cycles: int, batches: int, *numbers: int | None) -> None:
    if total < 1 or cycles < 1 or batches < 1:
        raise StudyError(f"A simulated study needs cells, cycles and batches; it has {total}, {cycles} and {batches}.")
    for number in numbers:
        if number is not None and not 0 <= number < total:
            raise StudyError(f"The simulated study has no cell {number}; its cells are 0 to {total - 1}.")


def _plan(
    number: int,
    variants: Sequence[Recipe],
    per_variant: int,
    batches: int,
    seed: int,
    spreads: tuple[Spread, Spread | None],
    errors: Errors,
    typical_mass: float,
    cycles: int,
    restarted: bool,
    landt: bool,
) -> _Plan:
    kind, position = divmod(number, per_variant)
    batch = position * batches // per_variant if batches <= per_variant else position
    random = np.random.default_rng([seed, kind, position])
    effects = spreads[0].draw(random)
    if spreads[1] is not None:
        half = spreads[1].scaled(0.5**0.5)
        for keys in ([seed, 1_000_000, batch], [seed, kind, 1_000_000 + batch]):
            effects = effects.times(half.draw(np.random.default_rng(keys)))
    draws = random.standard_normal(4)
    declared = round(float(typical_mass * (1 + 0.03 * draws[0])), 8)
    instrument = Instrument(
        errors.current * float(draws[2]), errors.voltage * float(draws[3]), errors.current_noise, errors.voltage_noise
    )
    middle_charge = 2 * (2 * cycles // 5) + 1
    return _Plan(
        sample=f"{variants[kind].name}_{position + 1}",
        recipe=variants[kind],
        batch=f"b{batch + 1}",
        replicate=str(position + 1),
        declared_mass=declared,
        active_mass=declared * (1 + errors.mass * float(draws[1])),
        effects=effects,
        instrument=instrument,
        interruption=Interruption(middle_charge) if restarted else None,
        format=landt_csv.FORMAT if landt else neware_csv.FORMAT,
        start=_START + timedelta(minutes=17 * number),
        random=random,
    )


def _protocol(recipe: Recipe, declared_mass: float, cycles: int, words: Mapping[str, Any]) -> Protocol:
    material = recipe.material
    usual: dict[str, Any] = {
        "one_C": material.one_C * declared_mass, "lower": material.lower, "upper": material.upper, "cycles": cycles,
        "check_every": 50, "hold_cut_off": 0.05 if material.kind != "half_anode" else None, "rows": 50,
    }  # fmt: skip
    return Protocol(**(usual | dict(words)))


def _run(
    raw: Path, plan: _Plan, protocol: Protocol, reference_cycle: int, *, declared: bool
) -> tuple[CellTruth, tuple[str, ...]]:
    cell = make_cell(plan.recipe, active_mass=plan.active_mass, effects=plan.effects)
    test = cycle_cell(
        cell,
        protocol,
        interruption=plan.interruption,
        current_gain=plan.instrument.current_gain,
        voltage_offset=plan.instrument.voltage_offset,
    )
    files = _write(raw, plan, test)
    truth = CellTruth(
        sample=plan.sample,
        variant=plan.recipe.name,
        batch=plan.batch,
        replicate=plan.replicate,
        files=files,
        active_mass=plan.active_mass,
        declared_mass=plan.declared_mass if declared else None,
        current_gain=plan.instrument.current_gain,
        voltage_offset=plan.instrument.voltage_offset,
        half_cycles=test.half_cycles,
        values=_values(test, plan.active_mass, protocol, cell.kind, reference_cycle),
    )
    return truth, files


def _write(raw: Path, plan: _Plan, test: CellTest) -> tuple[str, ...]:
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


def _values(test: CellTest, mass: float, protocol: Protocol, kind: str, reference_cycle: int) -> Values:
    ordinary = {
        cycle: protocol.rate_of(cycle) == protocol.rate_of(reference_cycle) for cycle in range(1, protocol.cycles + 1)
    }
    return true_values(
        test.half_cycles, active_mass=mass, kind=kind, reference_cycle=reference_cycle, ordinary=ordinary
    )


def _typical(recipe: Recipe, mass: float, protocol: Protocol, reference_cycle: int) -> Values:
    cell = make_cell(recipe, active_mass=mass)
    return _values(cycle_cell(cell, protocol), mass, protocol, cell.kind, reference_cycle)


def _rows(plan: _Plan, files: Sequence[str], *, declared: bool) -> list[dict[str, str]]:
    rows = []
    for number, file in enumerate(files):
        note = "simulated" if len(files) == 1 else f"simulated; part {number + 1} of {len(files)} of a restarted test"
        rows.append(
            {
                "include": "yes", "file": file, "technique": "cycling", "sample": plan.recipe.name, "batch": plan.batch,
                "replicate": plan.replicate, "active_mass": f"{plan.declared_mass * 1e6:.2f} mg" if declared else "",
                "active_mass_source": "balance" if declared else "", "electrolyte": "LP30", "temperature": "25 degC",
                "note": note,
            }
        )  # fmt: skip
    return rows


def _declare(
    root: Path,
    variants: Sequence[Recipe],
    rows: Sequence[Mapping[str, str]],
    errors: Errors,
    title: str,
    primary: str | None,
    protocol: Protocol,
    reference_cycle: int,
    batches: int,
) -> None:
    material = variants[0].material
    samples: dict[str, dict[str, Any]] = {}
    for recipe in variants:
        words: dict[str, Any] = {"parent": recipe.parent} if recipe.parent else {"composition": material.composition}
        samples[recipe.name] = words | ({"steps": list(recipe.steps)} if recipe.steps else {})
    text = study_text(
        title=title if "simulated" in title.casefold() else f"{title} (simulated)",
        comment=f"{STATEMENT}\nThe truth stands in truth.json.",
        simulated=True,
        reference=variants[0].name,
        group="batch" if batches > 1 else None,
        primary=primary,
        samples=samples,
        cells={
            "kind": material.kind, "one_C": f"{material.one_C:g} mA/g", "area": "1.131 cm^2",
            "area_uncertainty": f"{100 * errors.area:g} %", "active_mass_uncertainty": f"{100 * errors.mass:g} %",
            "current_accuracy": f"{100 * errors.current:g} %", "voltage_accuracy": f"{1e3 * errors.voltage:g} mV",
        },
        cycling={"reference_cycle": str(reference_cycle), "exclude_rate": f"C/{1 / protocol.check_rate:g}"},
    )  # fmt: skip
    (root / "study.yaml").write_text(text, encoding="utf-8", newline="\n")
    (root / "measurements.csv").write_text(measurements_text(rows), encoding="utf-8", newline="\n")
