"""Which impedance has a bare, a coated, an open or a closed cell, and how does it change along voltage or temperature?

The numbers are chosen to look like such cells; they are not those of a published study.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from interlith.errors import StudyError
from interlith.physics.circuits.circuit import Circuit

Array = NDArray[np.float64]
#: State -> value of a parameter.
Law = Callable[[float], float]


@dataclass(frozen=True, slots=True)
class Kinked:
    """Constant up to `onset`, then rising by `slope` per unit of the state, at most to `ceiling`; parameters in their units."""

    base: float
    onset: float = float("inf")
    slope: float = 0.0
    ceiling: float = float("inf")

    def __call__(self, state: float) -> float:
        return min(self.base + self.slope * max(0.0, state - self.onset), self.ceiling)


@dataclass(frozen=True, slots=True)
class Mixed:
    """A weighted sum of laws: the powder as a mixture of open and closed grains."""

    parts: tuple[tuple[float, Kinked], ...]

    def __call__(self, state: float) -> float:
        return sum(weight * law(state) for weight, law in self.parts)


@dataclass(frozen=True, slots=True)
class SpectraRecipe:
    """One variant of a simulated impedance study.

    Parameters
    ----------
    name, parent
        As `study.yaml` declares them.
    circuit
        Text of the circuit.
    laws
        Parameter -> its law along the state, or a constant. For a part ``(R|Q)`` the time constant (s) may be given as
        ``R1_time_constant`` instead of ``Q1``, which then follows from the resistance.
    processes
        Parameter -> the quantity that it stands for.
    lowest
        Lowest frequency (Hz) where the sweep of this variant ends earlier; `None`: that of the study.
    """

    name: str
    circuit: str
    laws: Mapping[str, Law | float]
    processes: Mapping[str, str] = field(default_factory=dict)
    parent: str | None = None
    lowest: float | None = None

    def values(self, state: float) -> dict[str, float]:
        """True parameters of the circuit at a state.

        Raises
        ------
        StudyError
            If a parameter has no law.
        """
        told = {name: float(law(state)) if callable(law) else float(law) for name, law in self.laws.items()}
        found = {}
        for name in Circuit(self.circuit).names:
            time = f"R{name[1:]}_time_constant"
            if name in told:
                found[name] = told[name]
            elif name.startswith("Q") and time in told:
                # tau = (R Q)^(1/n) of a resistor beside a constant-phase element.
                found[name] = told[time] ** told[f"{name}_exponent"] / told[f"R{name[1:]}"]
            else:
                raise StudyError(f"The recipe '{self.name}' has no law for '{name}' of {self.circuit}.")
        return found

    def impedance(self, state: float, frequency: Array) -> NDArray[np.complex128]:
        """Impedance (ohm), shape (n,), at frequencies (Hz), shape (n,)."""
        return Circuit(self.circuit).impedance(self.values(state), frequency)


IN_SITU_CIRCUIT = "R0-(R1|Q1)-(R2|Q2)-(R3|Q3)-Ws4"
IN_SITU_PROCESSES = {
    "R1": "grain_boundary_resistance", "R2": "interphase_resistance", "R3": "charge_transfer_resistance",
    "Ws4_resistance": "diffusion_resistance",
}  # fmt: skip
_IN_SITU: dict[str, Law | float] = {
    "R0": 9.0, "R1": 14.0, "R1_time_constant": 1.2e-6, "Q1_exponent": 0.95, "R2_time_constant": 1.1e-4, "Q2_exponent": 0.9,
    "R3_time_constant": 1.6e-2, "Q3_exponent": 0.9, "Ws4_time_constant": 12.0,
}  # fmt: skip
#: A solid-state cell along its first charge: charge transfer and diffusion of the bare one rise above 4.4 V.
IN_SITU = (
    SpectraRecipe(
        "bare",
        IN_SITU_CIRCUIT,
        _IN_SITU | {"R2": 26.0, "R3": Kinked(34.0, 4.4, 260.0), "Ws4_resistance": Kinked(60.0, 4.4, 420.0)},
        IN_SITU_PROCESSES,
    ),
    SpectraRecipe(
        "coated", IN_SITU_CIRCUIT, _IN_SITU | {"R2": 19.0, "R3": 27.0, "Ws4_resistance": 52.0}, IN_SITU_PROCESSES, "bare"
    ),
)  # fmt: skip

SINTERING_CIRCUIT = "R0-(R1|Q1)-(R2|Q2)"
SINTERING_PROCESSES = {"R1": "grain_boundary_resistance", "R2": "interface_resistance"}
_SINTERING: dict[str, Law | float] = {
    "R0": 120.0, "R1": 340.0, "R1_time_constant": 6e-7, "Q1_exponent": 0.92, "R2_time_constant": 2.5e-3, "Q2_exponent": 0.88,
}  # fmt: skip
_CLOSED, _OPEN = Kinked(420.0, 600.0, 14.0), Kinked(520.0, 400.0, 9.0, ceiling=1870.0)
#: Share of open grains in the simulated powder.
OPEN_SHARE = 0.4
#: Interfaces after co-sintering: closed rises from 600 degC on, open from 400 degC until it levels off, the powder does both.
SINTERING = (
    SpectraRecipe("closed", SINTERING_CIRCUIT, _SINTERING | {"R2": _CLOSED}, SINTERING_PROCESSES),
    SpectraRecipe("open", SINTERING_CIRCUIT, _SINTERING | {"R2": _OPEN}, SINTERING_PROCESSES),
    SpectraRecipe(
        "powder", SINTERING_CIRCUIT,
        _SINTERING | {"R2": Mixed(((OPEN_SHARE, _OPEN), (1 - OPEN_SHARE, _CLOSED)))}, SINTERING_PROCESSES,
    ),
)  # fmt: skip


def sweep(highest: float, lowest: float, per_decade: int = 10) -> Array:
    """Frequencies (Hz) of a sweep, falling, logarithmic."""
    decades = np.log10(highest / lowest)
    return np.geomspace(highest, lowest, round(per_decade * decades) + 1)


def names_of(recipes: Sequence[SpectraRecipe]) -> dict[str, str]:
    """Parameter -> quantity over all recipes."""
    return {name: quantity for recipe in recipes for name, quantity in recipe.processes.items()}
