"""How is a simulated study laid out: which cells, in which batches, with which errors, under which programme?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from interlith.errors import StudyError
from interlith.formats import landt_csv, neware_csv
from interlith.model import Format
from interlith.physics.fluctuation import Fluctuation
from interlith.physics.protocol import Interruption, Protocol
from interlith.simulate.instrument import Instrument
from interlith.simulate.recipes import Effects, Recipe, Spread

#: Start of the first test on the wall clock, which is not used for anything but to be printed.
_START = datetime(2026, 1, 12, 9, 30)
#: Relative standard deviation of the declared masses of a study: electrodes are cut from one sheet.
_CUTTING = 0.03


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
class CellPlan:
    """One cell before it is simulated: all that is drawn or decided about it."""

    sample: str
    recipe: Recipe
    batch: str
    replicate: str
    declared_mass: float
    mass_is_declared: bool
    active_mass: float
    effects: Effects
    instrument: Instrument
    interruption: Interruption | None
    accessible: tuple[float, ...]
    format: Format
    start: datetime
    random: np.random.Generator


@dataclass(frozen=True, slots=True)
class StudyDesign:
    """The arguments of `interlith.simulate.study.simulate_study`, which explains them."""

    variants: tuple[Recipe, ...]
    cells_per_variant: int
    cycles: int
    seed: int
    batches: int
    cell_to_cell: Spread
    batch_to_batch: Spread | None
    fluctuation: Fluctuation
    errors: Errors
    words: Mapping[str, Any]
    reference_cycle: int
    restarted: int | None
    missing_mass: int | None
    landt: int | None
    active_mass: float

    @property
    def total(self) -> int:
        """Number of cells."""
        return len(self.variants) * self.cells_per_variant

    def check(self) -> None:
        """Refuse sizes that make no study.

        Raises
        ------
        StudyError
            If a size is not positive or a cell number does not exist.
        """
        if self.total < 1 or self.cycles < 1 or self.batches < 1:
            raise StudyError(
                "A simulated study needs cells, cycles and batches; it has "
                f"{self.total}, {self.cycles} and {self.batches}."
            )
        for number in (self.restarted, self.missing_mass, self.landt):
            if number is not None and not 0 <= number < self.total:
                raise StudyError(f"The simulated study has no cell {number}; its cells are 0 to {self.total - 1}.")

    def programme(self, recipe: Recipe, declared_mass: float) -> Protocol:
        """What the cycler does with a cell: its currents follow from the declared mass (kg), as in a laboratory."""
        material = recipe.material
        usual: dict[str, Any] = {
            "one_C": material.one_C * declared_mass, "lower": material.lower, "upper": material.upper,
            "cycles": self.cycles, "check_every": 50, "rows": 50,
            "hold_cut_off": 0.05 if material.kind != "half_anode" else None,
        }  # fmt: skip
        return Protocol(**(usual | dict(self.words)))

    def plan(self, number: int) -> CellPlan:
        """Everything about one cell (from 0): a random stream of its own makes it independent of all others."""
        kind, position = divmod(number, self.cells_per_variant)
        batch = position * min(self.batches, self.cells_per_variant) // self.cells_per_variant
        random = np.random.default_rng([self.seed, kind, position])
        effects = self.cell_to_cell.draw(random).times(self._batch_effects(kind, batch))
        cut, weighed, gain, offset = random.standard_normal(4).tolist()
        declared = round(self.active_mass * (1 + _CUTTING * cut), 8)
        errors = self.errors
        middle_charge = 2 * (2 * self.cycles // 5) + 1
        return CellPlan(
            sample=f"{self.variants[kind].name}_{position + 1}",
            recipe=self.variants[kind],
            batch=f"b{batch + 1}",
            replicate=str(position + 1),
            declared_mass=declared,
            mass_is_declared=number != self.missing_mass,
            active_mass=declared * (1 + errors.mass * weighed),
            effects=effects,
            instrument=Instrument(
                errors.current * gain, errors.voltage * offset, errors.current_noise, errors.voltage_noise
            ),
            interruption=Interruption(middle_charge) if number == self.restarted else None,
            accessible=self.fluctuation.draw(random, self.cycles),
            format=landt_csv.FORMAT if number == self.landt else neware_csv.FORMAT,
            start=_START + timedelta(minutes=17 * number),
            random=random,
        )

    def _batch_effects(self, kind: int, batch: int) -> Effects:
        if self.batch_to_batch is None:
            return Effects()
        half = self.batch_to_batch.scaled(0.5**0.5)
        common = half.draw(np.random.default_rng([self.seed, 1_000_000, batch]))
        return common.times(half.draw(np.random.default_rng([self.seed, kind, 1_000_000 + batch])))
