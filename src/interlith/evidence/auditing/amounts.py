"""How do numbers with units add, multiply and compare, for many drawn values of each number at once?"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from interlith.errors import UnitError
from interlith.units import clean, convert, registry

Array = NDArray[np.float64]
Dimensions = tuple[tuple[str, float], ...]

#: Units that are no factor: a bare C is coulomb to a physicist and the C-rate to a battery tester.
_RATE = re.compile(r"^C$")
_TEMPERATURES = {"degC": "kelvin", "degF": "kelvin", "kelvin": "kelvin", "K": "kelvin"}


@dataclass(frozen=True, slots=True)
class Amount:
    """Values in base units (kg, m, s, A, K, mol), shape (n,) or (), with their dimensions."""

    values: Array
    dimensions: Dimensions = ()

    def like(self, other: Amount, doing: str) -> None:
        """Refuse two amounts of different dimension.

        Raises
        ------
        UnitError
            The message names both dimensions.
        """
        if self.dimensions != other.dimensions:
            raise UnitError(f"cannot {doing} {spelled(self.dimensions)} and {spelled(other.dimensions)}")

    def plus(self, other: Amount, sign: float = 1.0) -> Amount:
        """Sum, or difference for sign -1."""
        self.like(other, "add" if sign > 0 else "subtract")
        return Amount(self.values + sign * other.values, self.dimensions)

    def times(self, other: Amount, power: float = 1.0) -> Amount:
        """Product, or quotient for power -1; a division by zero gives inf or nan, which the audit reports."""
        with np.errstate(all="ignore"):
            values = self.values * other.values if power > 0 else self.values / other.values
        return Amount(np.asarray(values), _merged(self.dimensions, other.dimensions, power))

    def raised(self, exponent: Amount) -> Amount:
        """Power (nan where it is not real); with a dimension in the base the exponent must be one exact number.

        Raises
        ------
        UnitError
            If the exponent has a dimension, or varies while the base has one.
        """
        if exponent.dimensions:
            raise UnitError(f"an exponent must be a pure number, not {spelled(exponent.dimensions)}")
        with np.errstate(all="ignore"):
            real = np.asarray(np.power(self.values, exponent.values))
        if not self.dimensions:
            return Amount(real)
        if np.ptp(exponent.values) != 0:
            raise UnitError(f"{spelled(self.dimensions)} cannot be raised to a power that is itself uncertain")
        factor = float(np.ravel(exponent.values)[0])
        return Amount(real, tuple((name, size * factor) for name, size in self.dimensions if size * factor))


def _merged(first: Dimensions, second: Dimensions, power: float) -> Dimensions:
    total = dict(first)
    for name, size in second:
        total[name] = total.get(name, 0.0) + power * size
    return tuple(sorted((name, round(size, 9)) for name, size in total.items() if abs(size) > 1e-9))


def spelled(dimensions: Dimensions) -> str:
    """Dimensions for people: ``mass length^-2``; ``a pure number`` for none."""
    words = [f"{name.strip('[]')}{'' if size == 1 else f'^{size:g}'}" for name, size in dimensions]
    return "a " + " ".join(words) if words else "a pure number"


@cache
def base_factor(unit: str) -> tuple[float, float, Dimensions]:
    """Factor and offset into base units, and the dimensions; temperatures become kelvin.

    Raises
    ------
    UnitError
        If the unit is unknown, or is a bare ``C``.
    """
    if unit in ("", "1"):
        return 1.0, 0.0, ()
    if _RATE.match(unit.strip()):
        raise UnitError("'C' may be coulomb or a C-rate; write 'coulomb', or the current itself such as 75 mA/g")
    spelling = clean(unit)
    if spelling in _TEMPERATURES:
        offset = convert(0.0, spelling, "kelvin")
        return convert(1.0, spelling, "kelvin") - offset, offset, (("[temperature]", 1.0),)
    if re.search(r"deg[CF]", spelling):
        raise UnitError(f"'{unit}' holds a temperature with an offset; write K for temperature differences")
    convert(1.0, unit, unit)
    one = registry().Quantity(1.0, registry().parse_units(spelling)).to_base_units()
    dimensions: Mapping[str, Any] = one.dimensionality
    return float(one.magnitude), 0.0, tuple(sorted((name, float(size)) for name, size in dimensions.items()))


def amount(values: Array | float, unit: str) -> Amount:
    """Values given in a unit."""
    factor, offset, dimensions = base_factor(unit)
    return Amount(np.asarray(values, dtype=np.float64) * factor + offset, dimensions)


def _pure(name: str, function: Callable[[Array], Array]) -> Callable[[Amount], Amount]:
    def apply(value: Amount) -> Amount:
        if value.dimensions:
            raise UnitError(f"{name}() takes a pure number or an angle, not {spelled(value.dimensions)}")
        with np.errstate(all="ignore"):
            return Amount(np.asarray(function(value.values)))

    return apply


def _root(value: Amount) -> Amount:
    return value.raised(Amount(np.asarray(0.5)))


def _absolute(value: Amount) -> Amount:
    return Amount(np.abs(value.values), value.dimensions)


#: Functions of one argument in claims; log is the natural logarithm.
FUNCTIONS: dict[str, Callable[[Amount], Amount]] = {
    "sqrt": _root,
    "abs": _absolute,
    "exp": _pure("exp", np.exp),
    "log": _pure("log", np.log),
    "ln": _pure("ln", np.log),
    "log10": _pure("log10", np.log10),
    "sin": _pure("sin", np.sin),
    "cos": _pure("cos", np.cos),
    "tan": _pure("tan", np.tan),
}


def extreme(amounts: list[Amount], *, largest: bool) -> Amount:
    """The largest or smallest of several amounts of one dimension, value by value."""
    chosen = amounts[0]
    for item in amounts[1:]:
        chosen.like(item, "compare")
        chosen = Amount((np.maximum if largest else np.minimum)(chosen.values, item.values), chosen.dimensions)
    return chosen


PI = Amount(np.asarray(math.pi))
