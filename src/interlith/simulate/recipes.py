"""Which cells does a recipe give: what is common to a variant, what differs between batches and between cells?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from interlith.errors import StudyError, nearest
from interlith.physics.cell import Ageing, Cell
from interlith.physics.ocv import OpenCircuit, graphite, li_rich, li_rich_first_charge, lnmo


@dataclass(frozen=True, slots=True)
class Chemistry:
    """What a cathode or anode material brings: curves, window (V), 1C (A/kg), composition, kind of cell."""

    curve: Callable[[], OpenCircuit]
    lower: float
    upper: float
    one_C: float
    composition: str
    kind: str = "half_cathode"
    first_curve: Callable[[], OpenCircuit] | None = None
    first_capacity_ratio: float = 1.0


CHEMISTRIES: Mapping[str, Chemistry] = {
    "lnmo": Chemistry(lnmo, 3.5, 4.9, 140.0, "LiNi0.5Mn1.5O4"),
    "li_rich": Chemistry(
        li_rich, 2.2, 4.7, 250.0, "Li1.2Ni0.13Co0.13Mn0.54O2",
        first_curve=li_rich_first_charge, first_capacity_ratio=1.25,
    ),
    "graphite": Chemistry(graphite, 0.01, 1.0, 350.0, "C6", kind="half_anode"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Recipe:
    """One variant of a simulated study.

    Parameters
    ----------
    name, parent, steps
        As `study.yaml` declares them.
    chemistry
        A word of `CHEMISTRIES`.
    specific_capacity
        Charge between the ends of the open-circuit curve (Ah/kg = mAh/g).
    resistance, relaxation_resistance
        Of a cell as made (ohm).
    exchange_current
        Of the charge transfer (A).
    ageing
        Change per cycle.
    """

    name: str
    parent: str | None = None
    steps: tuple[Mapping[str, Any], ...] = ()
    chemistry: str = "lnmo"
    specific_capacity: float = 136.0
    resistance: float = 25.0
    relaxation_resistance: float = 40.0
    exchange_current: float = 8e-4
    ageing: Ageing = field(default_factory=lambda: Ageing(side_share=0.004, first_side_share=0.13))

    @property
    def material(self) -> Chemistry:
        """The chemistry by name.

        Raises
        ------
        StudyError
            If there is none of that name.
        """
        try:
            return CHEMISTRIES[self.chemistry]
        except KeyError:
            raise StudyError(
                f"There is no chemistry '{self.chemistry}'; {nearest(self.chemistry, CHEMISTRIES)}."
            ) from None


@dataclass(frozen=True, slots=True)
class Spread:
    """Relative standard deviations of what differs from cell to cell, or from batch to batch.

    `capacity` is that of the specific capacity, `fade` of the loss per cycle and the growth of resistance, `resistance`
    of all resistances, `side` of the side reactions.
    """

    capacity: float = 0.01
    fade: float = 0.08
    resistance: float = 0.05
    side: float = 0.05

    def scaled(self, factor: float) -> Spread:
        """All four spreads times a factor."""
        return Spread(self.capacity * factor, self.fade * factor, self.resistance * factor, self.side * factor)

    def draw(self, random: np.random.Generator) -> Effects:
        """One draw of the four effects."""
        capacity, fade, resistance, side = random.standard_normal(4).tolist()
        return Effects(
            1 + self.capacity * capacity, 1 + self.fade * fade, 1 + self.resistance * resistance, 1 + self.side * side
        )


@dataclass(frozen=True, slots=True)
class Effects:
    """Factors on capacity, fade, resistance and side reactions; all 1 in the typical cell of a variant."""

    capacity: float = 1.0
    fade: float = 1.0
    resistance: float = 1.0
    side: float = 1.0

    def times(self, other: Effects) -> Effects:
        """Both effects together."""
        return Effects(
            self.capacity * other.capacity,
            self.fade * other.fade,
            self.resistance * other.resistance,
            self.side * other.side,
        )


def make_cell(recipe: Recipe, *, active_mass: float, effects: Effects | None = None) -> Cell:
    """A cell of a recipe with a true active mass (kg)."""
    factors = effects or Effects()
    material = recipe.material
    capacity = recipe.specific_capacity * active_mass * factors.capacity
    ageing = recipe.ageing
    ageing = replace(
        ageing,
        capacity_loss=ageing.capacity_loss * factors.fade,
        resistance_growth=ageing.resistance_growth * factors.fade,
        voltage_fade=ageing.voltage_fade * factors.fade,
        side_share=ageing.side_share * factors.side,
        first_side_share=ageing.first_side_share * factors.side,
    )
    return Cell(
        curve=material.curve(),
        capacity=capacity,
        resistance=recipe.resistance * factors.resistance,
        exchange_current=recipe.exchange_current / factors.resistance,
        relaxation_resistance=recipe.relaxation_resistance * factors.resistance,
        kind=material.kind,
        first_curve=material.first_curve() if material.first_curve else None,
        first_capacity=capacity * material.first_capacity_ratio,
        ageing=ageing,
    )
