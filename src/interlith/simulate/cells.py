"""How does a plan become a tested cell with its truth?"""

from __future__ import annotations

from collections.abc import Sequence

from interlith.physics.cell_truth import Values, true_values
from interlith.physics.protocol import CellTest, Protocol, cycle_cell
from interlith.simulate.design import CellPlan, StudyDesign
from interlith.simulate.recipes import Recipe, make_cell
from interlith.simulate.truth import CellTruth


def run_cell(design: StudyDesign, plan: CellPlan) -> tuple[CellTest, CellTruth]:
    """Cycle a planned cell; its truth names no files yet."""
    cell = make_cell(plan.recipe, active_mass=plan.active_mass, effects=plan.effects)
    programme = design.programme(plan.recipe, plan.declared_mass)
    test = cycle_cell(
        cell,
        programme,
        interruption=plan.interruption,
        current_gain=plan.instrument.current_gain,
        voltage_offset=plan.instrument.voltage_offset,
        accessible=plan.accessible,
    )
    truth = CellTruth(
        sample=plan.sample,
        variant=plan.recipe.name,
        batch=plan.batch,
        replicate=plan.replicate,
        files=(),
        active_mass=plan.active_mass,
        declared_mass=plan.declared_mass if plan.mass_is_declared else None,
        current_gain=plan.instrument.current_gain,
        voltage_offset=plan.instrument.voltage_offset,
        half_cycles=test.half_cycles,
        values=_values(test, plan.active_mass, programme, cell.kind, design.reference_cycle, plan.accessible),
    )
    return test, truth


def _values(
    test: CellTest,
    mass: float,
    protocol: Protocol,
    kind: str,
    reference_cycle: int,
    accessible: Sequence[float] | None = None,
) -> Values:
    ordinary = {
        cycle: protocol.rate_of(cycle) == protocol.rate_of(reference_cycle) for cycle in range(1, protocol.cycles + 1)
    }
    return true_values(
        test.half_cycles, active_mass=mass, kind=kind, reference_cycle=reference_cycle, ordinary=ordinary,
        accessible=accessible,
    )  # fmt: skip


def typical_values(design: StudyDesign, recipe: Recipe) -> Values:
    """Observables of the cell without effects and errors."""
    cell = make_cell(recipe, active_mass=design.active_mass)
    programme = design.programme(recipe, design.active_mass)
    return _values(cycle_cell(cell, programme), design.active_mass, programme, cell.kind, design.reference_cycle)
