"""What is true in a simulated study, by cell and by variant?"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from interlith.errors import StudyError, nearest
from interlith.physics.cell_truth import Values

STATEMENT = (
    "SIMULATED by interlith.simulate: these files come from a forward model, not from an experiment. The values here "
    "are true by construction, before measurement error and rounding."
)


@dataclass(frozen=True, slots=True)
class CellTruth:
    """One simulated cell.

    Parameters
    ----------
    sample, variant, batch, replicate, files
        Identity; `sample` is the name that the study gives to the cell, the common stem of its files.
    active_mass, declared_mass
        True and declared (kg); the declared one is `None` where it is missing in `measurements.csv`.
    current_gain, voltage_offset
        Errors of the channel (relative, V).
    half_cycles
        True half-cycles (see `interlith.physics.protocol.CellTest`).
    values
        True observables in shown units, specific ones per true mass.
    """

    sample: str
    variant: str
    batch: str
    replicate: str
    files: tuple[str, ...]
    active_mass: float
    declared_mass: float | None
    current_gain: float
    voltage_offset: float
    half_cycles: pl.DataFrame
    values: Values


@dataclass(frozen=True, slots=True)
class Truth:
    """The truth of a simulated study.

    `variants` holds the observables of each variant's typical cell: no cell-to-cell or batch effect, no cycler error.
    """

    folder: Path
    seed: int
    reference: str
    cells: Mapping[str, CellTruth]
    variants: Mapping[str, Values]
    settings: Mapping[str, Any] = field(default_factory=dict)

    def value(self, quantity: str, *, variant: str, cycle: int | None = None) -> float:
        """True value of a variant, in shown units.

        Raises
        ------
        StudyError
            If there is no such variant, quantity or cycle.
        """
        if variant not in self.variants:
            raise StudyError(f"The truth holds no variant '{variant}'; {nearest(variant, self.variants)}.")
        values = self.variants[variant]
        if (quantity, cycle) not in values:
            known = {name for name, _ in values}
            hint = (
                nearest(quantity, known) if quantity not in known else f"it has the cycles of {self._range(quantity)}"
            )
            raise StudyError(f"The truth holds no '{quantity}' of '{variant}' at cycle {cycle}; {hint}.")
        return values[quantity, cycle]

    def contrast(
        self, quantity: str, *, variant: str, to: str | None = None, cycle: int | None = None, kind: str = "ratio"
    ) -> float:
        """True ratio or difference between a variant and the reference."""
        one = self.value(quantity, variant=variant, cycle=cycle)
        other = self.value(quantity, variant=to or self.reference, cycle=cycle)
        return one / other if kind == "ratio" else one - other

    def write(self) -> Path:
        """Write ``truth.json`` into the folder and return its path."""
        path = self.folder / "truth.json"
        document = {
            "simulated": True,
            "statement": STATEMENT,
            "seed": self.seed,
            "reference": self.reference,
            "settings": dict(self.settings),
            "variants": {name: _nested(values) for name, values in self.variants.items()},
            "cells": {name: _cell(cell) for name, cell in self.cells.items()},
        }
        path.write_text(json.dumps(document, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")
        return path

    def _range(self, quantity: str) -> str:
        cycles = sorted(cycle for name, cycle in next(iter(self.variants.values())) if name == quantity and cycle)
        return f"{cycles[0]} to {cycles[-1]}" if cycles else "no cycle"


def _cell(cell: CellTruth) -> dict[str, Any]:
    columns = {
        name: [_short(value) for value in cell.half_cycles.get_column(name).to_list()]
        for name in cell.half_cycles.columns
    }
    return {
        "variant": cell.variant,
        "batch": cell.batch,
        "replicate": cell.replicate,
        "files": list(cell.files),
        "active_mass_kg": _short(cell.active_mass),
        "declared_mass_kg": _short(cell.declared_mass),
        "current_gain": _short(cell.current_gain),
        "voltage_offset_V": _short(cell.voltage_offset),
        "values": _nested(cell.values),
        "half_cycles": columns,
    }


def _nested(values: Values) -> dict[str, Any]:
    """``{quantity: {cycle: value}}``, or ``{quantity: value}`` where there is no cycle."""
    nested: dict[str, Any] = {}
    for (quantity, cycle), value in values.items():
        if cycle is None:
            nested[quantity] = _short(value)
        else:
            nested.setdefault(quantity, {})[str(cycle)] = _short(value)
    return nested


def _short(value: Any) -> Any:
    """Ten significant digits: enough for every comparison, and the same text on every machine."""
    if not isinstance(value, float):
        return value
    return float(f"{value:.10g}") if value == value else None
