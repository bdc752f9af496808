"""Equivalent circuits: their grammar, elements, impedance, fits and choice."""

from interlith.physics.circuits.choosing import CAVEAT, LADDER, Chosen, choose_circuit
from interlith.physics.circuits.circuit import Circuit
from interlith.physics.circuits.derived import Derived, derived
from interlith.physics.circuits.determined import Verdict, judged
from interlith.physics.circuits.elements import ELEMENTS
from interlith.physics.circuits.fitted import CircuitFit
from interlith.physics.circuits.fitting import fit_circuit

__all__ = [
    "CAVEAT",
    "ELEMENTS",
    "LADDER",
    "Chosen",
    "Circuit",
    "CircuitFit",
    "Derived",
    "Verdict",
    "choose_circuit",
    "derived",
    "fit_circuit",
    "judged",
]
