"""Of which parts in series is a circuit made, which shapes can each take, and which time constant does it have?

Multiply every impedance of a part by c and its shape stays: only its size changes. So a spectrum is a sum of shapes with positive
sizes, and what a search for starts must try is shapes alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from interlith.physics.circuits.circuit import Circuit
from interlith.physics.circuits.element import SCALING, Array, ElementParameter, Grid
from interlith.physics.circuits.tree import Leaf, Node, Parallel, Series, leaves, shape, written

#: Shapes that are tried, by how many numbers a shape has.
_COUNTS = (1, 40, 110, 300, 600, 1000)
#: Decades by which time constants may lie outside of what the frequencies see.
_MARGIN = 0.5


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a circuit that is in series with all others: its circuit, its columns in the whole, its form."""

    circuit: Circuit
    columns: slice
    form: str

    @property
    def involved(self) -> bool:
        """Whether three numbers or more belong to its shape."""
        return len(self.circuit.names) > 3


def blocks_of(circuit: Circuit) -> tuple[Block, ...]:
    """The parts in series, left to right; a circuit that is no series is one block."""
    parts: tuple[Node, ...] = circuit.tree.parts if isinstance(circuit.tree, Series) else (circuit.tree,)
    found, at = [], 0
    for part in parts:
        own = Circuit(written(part))
        found.append(Block(own, slice(at, at + len(own.names)), shape(part)))
        at += len(own.names)
    return tuple(found)


def shapes(block: Block, window: tuple[float, float], fixed: dict[str, float]) -> Array:
    """Values of a block, with sizes about one ohm, that between them show what shapes it can take, shape (s, p).

    Parameters
    ----------
    window
        (Hz) lowest and highest frequency.
    fixed
        Name -> value of parameters that are held.
    """
    parameters, names = block.circuit.parameters, block.circuit.names
    moving = [k for k, name in enumerate(names) if name not in fixed]
    anchor = next((k for k in moving if parameters[k].kind == "resistance"), None)
    if anchor is None:
        anchor = next((k for k in moving if SCALING[parameters[k].kind]), None)
    drawn = [k for k in moving if k != anchor]
    cube = _spread(len(drawn))
    values = np.ones((len(cube), len(names)))
    slow, fast = (1.0 / (2.0 * math.pi * frequency) for frequency in window)
    low, high = math.log10(fast) - _MARGIN, math.log10(slow) + _MARGIN
    for k, name in enumerate(names):
        if name in fixed:
            values[:, k] = fixed[name]
    # Exponents first: how large a constant phase must be for a time constant depends on them.
    for k in sorted(drawn, key=lambda k: SCALING[parameters[k].kind] != 0):
        share = cube[:, drawn.index(k)]
        values[:, k] = _drawn(parameters, k, share, 10.0 ** (low + (high - low) * share), values)
    return values


def _drawn(parameters: tuple[ElementParameter, ...], k: int, share: Array, time: Array, values: Array) -> Array:
    """Values of parameter k for shares of its range, or for time constants beside one ohm."""
    parameter = parameters[k]
    if parameter.kind == "exponent":
        bottom = max(parameter.low, 0.5)
        return np.asarray(bottom + (1.0 - bottom) * share)
    if parameter.kind == "resistance":
        return np.asarray(10.0 ** (2.4 * share - 1.2))
    if parameter.kind == "constant_phase":
        # The exponent of a constant phase stands behind it.
        return np.asarray(time ** values[:, k + 1])
    return np.asarray(1.0 / np.sqrt(time) if parameter.kind == "warburg" else time)


def _spread(dimensions: int) -> Array:
    """Points that fill a unit cube evenly: a grid up to two dimensions, an additive recurrence beyond."""
    count = _COUNTS[min(dimensions, len(_COUNTS) - 1)]
    if dimensions == 0:
        return np.zeros((1, 0))
    # The real root of x^(d+1) = x + 1 gives the most even recurrence.
    root = 2.0
    for _ in range(60):
        root = (1.0 + root) ** (1.0 / (dimensions + 1))
    steps = root ** -np.arange(1.0, dimensions + 1)
    return np.asarray((0.5 + np.arange(count)[:, None] * steps) % 1.0)


def rescaled(block: Block, values: Array, size: Array) -> Array:
    """Values (s, p) of a block whose impedance is multiplied by `size` (s,)."""
    powers = np.array([SCALING[parameter.kind] for parameter in block.circuit.parameters])
    return np.asarray(values * size[:, None] ** powers)


def time_constant(block: Block, values: Array) -> Array:
    """Time constant (s) of a block with values (m, p), by which arcs are put in order; ``inf`` where it has none.

    Its own where an element carries one, else ``(R Q)^(1/n)`` of its first resistance with its first capacitance or constant phase.
    """
    found: dict[str, tuple[int, ElementParameter]] = {}
    for k, parameter in enumerate(block.circuit.parameters):
        found.setdefault(parameter.kind, (k, parameter))
    if "time" in found:
        return np.asarray(values[:, found["time"][0]])
    if "resistance" not in found:
        return np.full(len(values), math.inf)
    resistance = values[:, found["resistance"][0]]
    if "capacitance" in found:
        return np.asarray(resistance * values[:, found["capacitance"][0]])
    if "constant_phase" in found:
        k = found["constant_phase"][0]
        return np.asarray((resistance * values[:, k]) ** (1.0 / values[:, k + 1]))
    return np.full(len(values), math.inf)


def ordered(blocks: tuple[Block, ...], values: Array, tied: frozenset[str]) -> Array:
    """Values (m, p) with blocks of one form put in order of their time constants, the lowest number being the fastest.

    Parameters
    ----------
    tied
        Names of parameters that the user holds or bounds: a block that has one stays where it is.
    """
    done = values.copy()
    for form in dict.fromkeys(block.form for block in blocks):
        alike = [block for block in blocks if block.form == form and not tied.intersection(block.circuit.names)]
        if len(alike) < 2 or len(alike[0].circuit.names) < 2:
            continue
        alike.sort(key=lambda block: _first_number(block.circuit.tree))
        times = np.stack([time_constant(block, values[:, block.columns]) for block in alike], axis=1)
        order = np.argsort(times, axis=1, kind="stable")
        parts = np.stack([values[:, block.columns] for block in alike], axis=1)
        parts = np.take_along_axis(parts, order[:, :, None], axis=1)
        for k, block in enumerate(alike):
            done[:, block.columns] = parts[:, k]
    return done


def _first_number(tree: Node) -> int:
    found = leaves(tree)
    number = next((leaf.number for leaf in found if leaf.symbol == "R"), found[0].number)
    return number or 0


def arc(block: Block) -> bool:
    """Whether a block is a resistor with a capacitor or constant phase beside it and nothing else."""
    tree = block.circuit.tree
    if not isinstance(tree, Parallel) or not all(isinstance(part, Leaf) for part in tree.parts):
        return False
    return sorted(leaf.symbol for leaf in leaves(tree)) in (["C", "R"], ["Q", "R"])


def seen(block: Block, values: Array, grid: Grid) -> Array:
    """(ohm) change of the real part of a block between the ends of the spectrum, shape (m,), for values (m, p)."""
    impedance, _ = block.circuit.with_slopes(values, grid)
    return np.asarray(np.abs(impedance[:, 0].real - impedance[:, -1].real))
