"""Which numbers follow from the parameters of a circuit, and how do they change with them?

| number | formula |
|---|---|
| time constant of (R|Q) | tau = (R Q)^(1/n) |
| frequency of the top of the arc | 1 / (2 pi tau) |
| capacitance, distribution normal to the electrode (Hsu, Mansfeld) | tau / R = Q^(1/n) R^(1/n - 1) |
| capacitance, distribution along the electrode (Brug) | Q^(1/n) (1 / R0 + 1 / R)^(1 - 1/n) |
| ohmic resistance | sum of the resistors in series with everything |
| polarisation resistance | resistance of all other conducting parts at frequency zero |

References
----------
Hsu and Mansfeld 2001, 10.5006/1.3280607. Brug et al. 1984, 10.1016/S0022-0728(84)80324-1 (equation 20). Hirschorn et al. 2010,
10.1016/j.electacta.2009.10.065 (which of the two applies).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from interlith.physics.circuits.blocks import Block, arc, blocks_of
from interlith.physics.circuits.circuit import Circuit
from interlith.physics.circuits.element import Grid
from interlith.physics.circuits.tree import Leaf, Node, Series

#: Elements through which a direct current passes.
_CONDUCTING = frozenset({"R", "L", "Ws", "G", "K", "Zarc", "HN", "TLMR", "TLME", "TLMB"})
#: (Hz) stands for zero.
_ZERO = 1e-30


@dataclass(frozen=True, slots=True)
class Derived:
    """A number made of parameters: its derivatives by name, how it is made, and the parameters that it stands and falls with."""

    quantity: str
    value: float
    unit: str
    slopes: Mapping[str, float]
    method: str

    @property
    def relative(self) -> dict[str, float]:
        """Derivatives of its logarithm."""
        return {name: slope / self.value for name, slope in self.slopes.items()}


def derived(circuit: Circuit, values: Mapping[str, float]) -> list[Derived]:
    """All numbers that follow for one spectrum.

    Parameters
    ----------
    circuit
        What was fitted.
    values
        Name -> value in units of the parameters.
    """
    blocks = blocks_of(circuit)
    ohmic = [block.circuit.names[0] for block in blocks if block.form == "R"]
    made: list[Derived] = []
    for block in blocks:
        if arc(block):
            made += _of_arc(block, values, ohmic)
        elif block.form in ("K", "Zarc"):
            made += _of_relaxation(block, values)
    return made + _sums(blocks, values, ohmic)


def _of_arc(block: Block, values: Mapping[str, float], ohmic: list[str]) -> list[Derived]:
    resistance = next(name for name in block.circuit.names if name.startswith("R"))
    store = next(name for name in block.circuit.names if name.startswith(("C", "Q")))
    power = f"{store}_exponent"
    n = values.get(power, 1.0)
    r, q = values[resistance], values[store]
    log = math.log(r * q) / n
    tau = math.exp(log)
    slopes = {resistance: tau / (n * r), store: tau / (n * q)} | ({power: -tau * log / n} if power in values else {})
    capacity = {name: slope / r for name, slope in slopes.items()}
    capacity[resistance] -= tau / r**2
    words = "R C" if store.startswith("C") else "(R Q)^(1/n)"
    made = [
        Derived(f"{resistance}_time_constant", tau, "s", slopes, words),
        _frequency(resistance, tau, slopes),
        Derived(
            f"{resistance}_capacitance", tau / r, "F", capacity, "time constant over resistance (Hsu and Mansfeld)"
        ),
    ]
    if store.startswith("Q") and len(ohmic) == 1:
        made.append(_brug(resistance, store, ohmic[0], values))
    return made


def _brug(resistance: str, store: str, ohmic: str, values: Mapping[str, float]) -> Derived:
    n, q = values[f"{store}_exponent"], values[store]
    conductance = 1.0 / values[ohmic] + 1.0 / values[resistance]
    capacity = q ** (1.0 / n) * conductance ** (1.0 - 1.0 / n)
    per_conductance = capacity * (1.0 - 1.0 / n) / conductance
    slopes = {
        store: capacity / (n * q),
        f"{store}_exponent": -capacity * (math.log(q) - math.log(conductance)) / n**2,
        ohmic: -per_conductance / values[ohmic] ** 2,
        resistance: -per_conductance / values[resistance] ** 2,
    }
    return Derived(f"{resistance}_capacitance_brug", capacity, "F", slopes, f"Brug, with {ohmic} in series")


def _of_relaxation(block: Block, values: Mapping[str, float]) -> list[Derived]:
    resistance, duration = block.circuit.names[:2]
    name = block.circuit.text
    r, tau = values[resistance], values[duration]
    slopes = {resistance: -tau / r**2, duration: 1.0 / r}
    return [
        _frequency(name, tau, {duration: 1.0}),
        Derived(f"{name}_capacitance", tau / r, "F", slopes, "time constant over resistance (Hsu and Mansfeld)"),
    ]


def _frequency(name: str, tau: float, slopes: Mapping[str, float]) -> Derived:
    frequency = 1.0 / (2.0 * math.pi * tau)
    turned = {one: -frequency / tau * slope for one, slope in slopes.items()}
    return Derived(f"{name}_frequency", frequency, "Hz", turned, "1 / (2 pi tau)")


def _sums(blocks: tuple[Block, ...], values: Mapping[str, float], ohmic: list[str]) -> list[Derived]:
    made = []
    if ohmic:
        total = sum(values[name] for name in ohmic)
        made.append(Derived("ohmic_resistance", total, "ohm", dict.fromkeys(ohmic, 1.0), f"sum of {', '.join(ohmic)}"))
    direct, slopes, parts = 0.0, dict[str, float](), []
    for block in blocks:
        if block.form in ("R", "L") or not conducts(block.circuit.tree):
            continue
        row = np.array([[values[name] for name in block.circuit.names]])
        impedance, derivatives = block.circuit.with_slopes(row, Grid([_ZERO]))
        direct += float(impedance[0, 0].real)
        slopes |= {name: float(derivatives[0, k, 0].real) for k, name in enumerate(block.circuit.names)}
        parts.append(block.circuit.text)
    # Only what moves the resistance at frequency zero belongs to it; the rest is rounding.
    slopes = {name: slope for name, slope in slopes.items() if abs(slope * values[name]) > 1e-9 * direct}
    if parts:
        words = f"resistance at frequency zero of {', '.join(parts)}"
        made.append(Derived("polarisation_resistance", direct, "ohm", slopes, words))
    return made


def conducts(node: Node) -> bool:
    """Whether a direct current passes a part of a circuit."""
    if isinstance(node, Leaf):
        return node.symbol in _CONDUCTING
    found = [conducts(part) for part in node.parts]
    return all(found) if isinstance(node, Series) else any(found)
