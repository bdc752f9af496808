"""How does a simulated study become a series in memory, without files, for coverage studies and examples?"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

import polars as pl

from interlith.model import Declared, Measurement, Sample, Series, Source, State, Table
from interlith.simulate.cells import run_cell
from interlith.simulate.design import CellPlan, StudyDesign
from interlith.simulate.instrument import record
from interlith.simulate.truth import CellTruth

#: Area of the electrodes (m^2), a disc of 12 mm.
_AREA = 1.131e-4
#: What a Neware export prints: decimals of each column.
_DECIMALS = {
    "test_time": 3, "step_time": 3, "current": 8, "voltage": 4, "charge_counter": 8, "discharge_counter": 8,
    "charge_energy_counter": 8, "discharge_energy_counter": 8,
}  # fmt: skip


def simulate_series(design: StudyDesign, *, prefix: str = "") -> tuple[Series, Mapping[str, CellTruth]]:
    """Simulate every cell of a design and round its records as a vendor prints them.

    Parameters
    ----------
    design
        Which cells; `interlith.simulate.study.simulate_study` explains its fields. A missing mass is left undeclared.
    prefix
        Put before the names of the cells, so that several studies fit into one series.

    Raises
    ------
    StudyError
        If a voltage limit cannot be reached by the model.
    """
    found = [_one(design, design.plan(number), prefix) for number in range(design.total)]
    truths = {f"{prefix}{truth.sample}": truth for _, truth in found}
    return Series(tuple(part for parts, _ in found for part in parts)), truths


def _one(design: StudyDesign, plan: CellPlan, prefix: str) -> tuple[list[Measurement], CellTruth]:
    test, truth = run_cell(design, plan)
    sample = _sample(design, plan, prefix)
    parts = _printed(record(test, plan.instrument, plan.random))
    return [_measurement(sample, frame, part) for part, frame in enumerate(parts)], truth


def _sample(design: StudyDesign, plan: CellPlan, prefix: str) -> Sample:
    errors, mass = design.errors, plan.declared_mass
    return Sample(
        name=f"{prefix}{plan.sample}",
        variant=plan.recipe.name,
        batch=f"{prefix}{plan.batch}",
        replicate=plan.replicate,
        cell_kind=plan.recipe.material.kind,
        active_mass=Declared(mass, "kg", errors.mass * mass, "simulated balance") if plan.mass_is_declared else None,
        area=Declared(_AREA, "m^2", errors.area * _AREA, "simulated"),
        one_C=Declared(plan.recipe.material.one_C, "A/kg", 0.0, "simulated"),
        current_accuracy=errors.current,
        voltage_accuracy=errors.voltage,
        note="simulated",
    )


def _printed(parts: Iterable[pl.DataFrame]) -> list[pl.DataFrame]:
    return [part.with_columns(pl.col(name).round(digits) for name, digits in _DECIMALS.items()) for part in parts]


def _measurement(sample: Sample, frame: pl.DataFrame, part: int) -> Measurement:
    digest = hashlib.sha256(frame.hash_rows().to_numpy().tobytes()).hexdigest()
    return Measurement(
        sample=sample,
        technique="cycling",
        source=Source(f"simulated/{sample.name}_{part}.csv", digest, int(frame.estimated_size()), "simulated", "1"),
        payload=Table(frame.lazy(), tuple(frame.columns)),
        state={"temperature": State("temperature", 25.0, 24.5, 25.5, "degC")},
        original_metadata={"statement": "simulated by the forward model of interlith.physics"},
        part=part,
    )
