"""What did the user say about parameters: held, started, bounded, shared, smooth; and what bounds hold otherwise?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from interlith.errors import FitError, nearest
from interlith.physics.circuits.circuit import Circuit
from interlith.physics.circuits.element import Array, ElementParameter
from interlith.physics.circuits.spectra import Spectra

_WORDS = ("start", "low", "high", "fixed")


@dataclass(frozen=True, slots=True)
class Asked:
    """Of every parameter: `start` (nan where none was given), `low`, `high`, `fixed`, shape (p,); ties along the series."""

    start: Array
    low: Array
    high: Array
    fixed: NDArray[np.bool_]
    shared: tuple[str, ...]
    smooth: Mapping[str, float]
    touched: frozenset[str]

    @property
    def coupled(self) -> bool:
        """Whether the members of the series are one problem."""
        return bool(self.shared or self.smooth)

    def held(self, circuit: Circuit) -> dict[str, float]:
        """Name -> value of what is held."""
        return {name: float(self.start[k]) for k, name in enumerate(circuit.names) if self.fixed[k]}

    def bounds(self, circuit: Circuit, spectra: Spectra) -> tuple[Array, Array, Array]:
        """Lower and upper bounds as physics and the user say, and the middle of what the spectrum could tell, shape (m, p)."""
        modulus = np.abs(spectra.impedance)
        smallest = np.where(spectra.used, modulus, np.inf).min(axis=1)
        largest = np.where(spectra.used, modulus, 0.0).max(axis=1)
        slow, fast = (2.0 * np.pi * one for one in spectra.window())
        low, high, middle = np.empty((3, spectra.members, len(circuit.names)))
        for k, parameter in enumerate(circuit.parameters):
            low[:, k] = parameter.low if np.isnan(self.low[k]) else self.low[k]
            high[:, k] = parameter.high if np.isnan(self.high[k]) else self.high[k]
            if self.fixed[k]:
                low[:, k] = high[:, k] = self.start[k]
            bottom, top = _seen(parameter, np.maximum(smallest, 1e-300), largest, slow, fast)
            middle[:, k] = np.clip(np.sqrt(bottom * top), low[:, k], high[:, k])
        return low, high, middle


def _seen(parameter: ElementParameter, low: Array, high: Array, slow: Array, fast: Array) -> tuple[Array, Array]:
    """Range of a parameter for moduli from `low` to `high` (ohm) and angular frequencies from `slow` to `fast` (rad/s)."""
    if parameter.kind == "resistance":
        return low, high
    if parameter.kind == "time":
        return 1.0 / fast, 1.0 / slow
    if parameter.kind == "capacitance":
        return 1.0 / (fast * high), 1.0 / (slow * low)
    if parameter.kind == "inductance":
        return low / fast, high / slow
    if parameter.kind == "warburg":
        return low * np.sqrt(slow), high * np.sqrt(fast)
    if parameter.kind == "constant_phase":
        return 1.0 / (fast * high), 1.0 / (slow * low)
    return np.full_like(low, parameter.low), np.full_like(low, parameter.high)


def asked(
    circuit: Circuit,
    parameters: Mapping[str, float | Mapping[str, float]] | None,
    shared: Sequence[str],
    smooth: Mapping[str, float] | None,
) -> Asked:
    """The user's words, those in the text of the circuit included.

    Raises
    ------
    FitError
        If a name or word is unknown, a value is impossible, or a parameter is held and shared at once.
    """
    count = len(circuit.names)
    start, low, high = np.full((3, count), np.nan)
    fixed = np.zeros(count, dtype=np.bool_)
    rows = {name: dict(row) for name, row in circuit.given.items()}
    for name, said in (parameters or {}).items():
        circuit.index(name)
        row = {"start": float(said), "fixed": 1.0} if not isinstance(said, Mapping) else dict(said)
        rows[name] = {**rows.get(name, {}), **row}
    for name, row in rows.items():
        k = circuit.index(name)
        for word, value in row.items():
            if word not in _WORDS:
                raise FitError(f"'{word}' of {name}: {nearest(word, _WORDS)}.")
            if word == "fixed":
                fixed[k] = bool(value)
            else:
                {"start": start, "low": low, "high": high}[word][k] = float(value)
        _check(name, circuit.parameters[k], start[k], low[k], high[k], bool(fixed[k]))
    constrained = frozenset(name for name, row in rows.items() if set(row) - {"start"})
    ties = dict(smooth or {})
    for name in (*shared, *ties):
        if fixed[circuit.index(name)]:
            raise FitError(f"{name} is held, and shared or smooth as well; leave out one of the two.")
    for name, size in ties.items():
        if name in shared or not float(size) > 0:
            raise FitError(f"{name} is smooth by {size}; give a positive number, for a parameter that is not shared.")
    return Asked(start, low, high, fixed, tuple(shared), ties, constrained)


def _check(name: str, parameter: ElementParameter, start: float, low: float, high: float, fixed: bool) -> None:
    if fixed and np.isnan(start):
        raise FitError(f"{name} is to be held but has no value; write {name}: 12.3, or give a start.")
    for value in (start, low, high):
        wrong = parameter.logarithmic and value <= 0
        if wrong or value < parameter.low or value > parameter.high:
            allowed = "positive" if parameter.logarithmic else f"from {parameter.low:g} to {parameter.high:g}"
            raise FitError(f"{name} is {value:g}; it must be {allowed}.")
    if low > high or start < low or start > high:
        raise FitError(f"{name} has the start {start:g} and the bounds {low:g} and {high:g}; put them in order.")
