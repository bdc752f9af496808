"""What is the impedance of a circuit and its derivative with respect to every parameter, for many members at once?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from interlith.errors import FitError, nearest
from interlith.physics.circuits.element import UNITS, Array, Complex, ElementParameter, Grid
from interlith.physics.circuits.elements import element
from interlith.physics.circuits.grammar import parse
from interlith.physics.circuits.tree import Leaf, Node, Parallel, leaves, written


@dataclass(frozen=True, slots=True, eq=False)
class Circuit:
    """An equivalent circuit.

    Parameters
    ----------
    text
        ``R0-(R1|Q1)-W1``: ``-`` is series, ``|`` parallel; also the spellings of impedance.py and the description code.

    Raises
    ------
    FitError
        If the text is no circuit.

    Examples
    --------
    >>> Circuit("R-(R|Q)-W").names
    ('R0', 'R1', 'Q1', 'Q1_exponent', 'W1')
    """

    text: str
    tree: Node = field(init=False)
    given: Mapping[str, Mapping[str, float]] = field(init=False)
    names: tuple[str, ...] = field(init=False)
    parameters: tuple[ElementParameter, ...] = field(init=False)
    places: Mapping[str, slice] = field(init=False)

    def __init__(self, text: str) -> None:
        parsed = parse(text)
        names: list[str] = []
        parameters: list[ElementParameter] = []
        places: dict[str, slice] = {}
        for leaf in leaves(parsed.tree):
            kind = element(leaf.symbol)
            places[leaf.name] = slice(len(names), len(names) + len(kind.parameters))
            names += kind.names(leaf.name)
            parameters += kind.parameters
        for name, value in (
            ("text", written(parsed.tree)), ("tree", parsed.tree), ("given", parsed.values), ("names", tuple(names)),
            ("parameters", tuple(parameters)), ("places", places),
        ):  # fmt: skip
            object.__setattr__(self, name, value)

    def __str__(self) -> str:
        return self.text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Circuit) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)

    @property
    def units(self) -> tuple[str, ...]:
        """Unit of every parameter."""
        return tuple(UNITS[parameter.kind] for parameter in self.parameters)

    def index(self, name: str) -> int:
        """Place of a parameter.

        Raises
        ------
        FitError
            If there is none of this name.
        """
        if name not in self.names:
            raise FitError(f"The circuit {self.text} has no parameter '{name}'; {nearest(name, self.names)}.")
        return self.names.index(name)

    def impedance(self, values: ArrayLike | Mapping[str, float], frequency: ArrayLike) -> Complex:
        """Impedance (ohm), shape (n,) for one set of values, (b, n) for several.

        Parameters
        ----------
        values
            Name -> value, or (units of the parameters), shape (p,) or (b, p).
        frequency
            (Hz), shape (n,) or (b, n).

        Raises
        ------
        FitError
            If a parameter is missing or unknown.
        """
        if isinstance(values, Mapping):
            values = self.ordered(values)
        table = np.asarray(values, dtype=np.float64)
        found, _ = self.with_slopes(np.atleast_2d(table), Grid(frequency))
        return found[0] if table.ndim == 1 else found

    def ordered(self, values: Mapping[str, float]) -> Array:
        """Values by name in the order of `names`, shape (p,).

        Raises
        ------
        FitError
            If a parameter is missing or unknown.
        """
        for name in values:
            self.index(name)
        missing = [name for name in self.names if name not in values]
        if missing:
            raise FitError(f"The circuit {self.text} needs {', '.join(self.names)}; missing: {', '.join(missing)}.")
        return np.array([values[name] for name in self.names], dtype=np.float64)

    def with_slopes(self, values: Array, grid: Grid) -> tuple[Complex, Complex]:
        """Impedance (b, n) and its derivatives (b, p, n).

        Parameters
        ----------
        values
            (units of the parameters), shape (b, p).
        grid
            Frequencies of the members.
        """
        slopes = np.empty((len(values), len(self.names), grid.omega.shape[1]), dtype=np.complex128)
        return self._node(self.tree, values, grid, slopes)[0], slopes

    def _node(self, node: Node, values: Array, grid: Grid, slopes: Complex) -> tuple[Complex, slice]:
        """Impedance of a part; its derivatives stand in the returned slice."""
        if isinstance(node, Leaf):
            place = self.places[node.name]
            return element(node.symbol).evaluate(values[:, place], grid, slopes[:, place]), place
        found = [self._node(part, values, grid, slopes) for part in node.parts]
        whole = slice(found[0][1].start, found[-1][1].stop)
        if not isinstance(node, Parallel):
            total = found[0][0].copy()
            for impedance, _ in found[1:]:
                total += impedance
            return total, whole
        admittance = 1.0 / found[0][0]
        for impedance, _ in found[1:]:
            admittance += 1.0 / impedance
        total = 1.0 / admittance
        for impedance, place in found:
            share = total / impedance
            slopes[:, place] *= np.square(share)[:, None]
        return total, whole
