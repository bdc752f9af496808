"""What is an element of an equivalent circuit: its parameters, their units and bounds, its impedance and derivatives?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]
Mask = NDArray[np.bool_]

#: What a parameter does when every impedance is multiplied by c: resistances, inductances and Warburg coefficients by c,
#: capacitances and constant phases by 1/c, times and exponents by nothing.
Kind = Literal["resistance", "capacitance", "inductance", "constant_phase", "warburg", "time", "exponent"]
#: Power of c of every kind.
SCALING: dict[Kind, int] = {
    "resistance": 1, "inductance": 1, "warburg": 1, "capacitance": -1, "constant_phase": -1, "time": 0, "exponent": 0,
}  # fmt: skip
UNITS: dict[Kind, str] = {
    "resistance": "ohm", "capacitance": "F", "inductance": "H", "constant_phase": "s^n/ohm", "warburg": "ohm/s^0.5",
    "time": "s", "exponent": "1",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ElementParameter:
    """One parameter of an element: `suffix` follows the name of the element (``_exponent``; empty for the element itself).

    `low` and `high` are what physics allows; a fit narrows them by what the frequencies can see. Every parameter but an
    exponent is positive and fitted on a logarithmic scale.
    """

    suffix: str
    kind: Kind
    low: float = 0.0
    high: float = float("inf")

    @property
    def logarithmic(self) -> bool:
        """Whether it is fitted as its logarithm."""
        return self.kind != "exponent"


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Angular frequencies (rad/s), shape (1, n) for all members or (b, n), with their natural logarithms."""

    omega: Array
    log: Array = field(init=False)

    def __init__(self, frequency: ArrayLike) -> None:
        omega = 2.0 * np.pi * np.atleast_2d(np.asarray(frequency, dtype=np.float64))
        object.__setattr__(self, "omega", omega)
        object.__setattr__(self, "log", np.log(omega))

    def of(self, which: NDArray[np.intp]) -> Grid:
        """The frequencies of some members."""
        if len(self.omega) == 1:
            return self
        part = object.__new__(Grid)
        object.__setattr__(part, "omega", self.omega[which])
        object.__setattr__(part, "log", self.log[which])
        return part

    def power(self, exponent: Array) -> Complex:
        """``(j omega)^exponent`` for exponents (b,), shape (b, n)."""
        turned = np.exp(0.5j * np.pi * exponent)
        return np.asarray(np.exp(exponent[:, None] * self.log) * turned[:, None])

    @property
    def log_j(self) -> Complex:
        """``ln(j omega)``, shape (1 or b, n)."""
        return np.asarray(self.log + 0.5j * np.pi)


#: Values (b, p), frequencies, where the derivatives (b, p, n) go -> impedance (b, n) in ohm.
Evaluate = Callable[[Array, Grid, Complex], Complex]


@dataclass(frozen=True, slots=True)
class Element:
    """A kind of element.

    Parameters
    ----------
    symbol, title
        As written in a circuit, and in words.
    formula
        Impedance as plain text, with w = 2 pi f.
    parameters
        In the order in which `evaluate` takes them.
    evaluate
        Impedance, derivatives written into the array handed over.
    doi
        Where the formula stands; empty where it is common knowledge.
    """

    symbol: str
    title: str
    formula: str
    parameters: tuple[ElementParameter, ...]
    evaluate: Evaluate
    doi: str = ""

    def names(self, name: str) -> tuple[str, ...]:
        """Names of the parameters of an element called `name`."""
        return tuple(name + parameter.suffix for parameter in self.parameters)


def resistance(suffix: str = "") -> ElementParameter:
    """A resistance (ohm)."""
    return ElementParameter(suffix, "resistance")


def duration(suffix: str = "_time_constant") -> ElementParameter:
    """A time constant (s)."""
    return ElementParameter(suffix, "time")


def exponent(suffix: str = "_exponent", low: float = 0.2) -> ElementParameter:
    """An exponent between `low` and 1."""
    return ElementParameter(suffix, "exponent", low, 1.0)
