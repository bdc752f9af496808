"""Which open-circuit voltage belongs to which state of charge?

Every electrode is a sum of galleries (a voltage, a share of the charge, a width): charge as a function of voltage is a
sum of logistic steps, so the curve rises everywhere and its dQ/dV peaks are known. State of charge runs from 0
(lithiated cathode, empty full cell) to 1 and rises while the current is positive; for an anode half-cell positive
current takes lithium out, so that the same rule holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from interlith.errors import StudyError

Array = NDArray[np.float64]

#: Nodes of the tabulated curve, evenly spaced in voltage and, again, in state of charge.
_NODES = 2000


@dataclass(frozen=True, slots=True)
class Gallery:
    """One step of the curve: `voltage` (V), `share` of the charge, `width` (V; RT/F = 0.0257 V if ideal)."""

    voltage: float
    share: float
    width: float


@dataclass(frozen=True, slots=True, eq=False)
class OpenCircuit:
    """A rising open-circuit curve, linear between its nodes, so that its integral is exact.

    Parameters
    ----------
    state
        State of charge of the nodes, 0 to 1, shape (n,).
    voltage
        (V), shape (n,), strictly rising.
    integral
        Integral of voltage over state of charge from 0 (V), shape (n,).
    """

    state: Array
    voltage: Array
    integral: Array

    @classmethod
    def from_nodes(cls, state: Array, voltage: Array) -> OpenCircuit:
        """Make a curve from nodes.

        Raises
        ------
        StudyError
            If state or voltage does not rise from node to node.
        """
        if np.any(np.diff(state) <= 0) or np.any(np.diff(voltage) <= 0):
            raise StudyError("An open-circuit curve must rise from node to node, in state of charge and in voltage.")
        pieces = 0.5 * (voltage[1:] + voltage[:-1]) * np.diff(state)
        return cls(state, voltage, np.concatenate(([0.0], np.cumsum(pieces))))

    def at(self, state: Array | float) -> Array:
        """Voltage (V) at a state of charge, held constant outside 0 to 1."""
        return np.asarray(np.interp(state, self.state, self.voltage))

    def find(self, voltage: float) -> float:
        """State of charge at a voltage (V)."""
        return float(np.interp(voltage, self.voltage, self.state))

    def area(self, state: Array | float) -> Array:
        """Integral of voltage over state of charge from 0 (V), exact for the piecewise linear curve."""
        inside = np.clip(state, 0.0, 1.0)
        index = np.clip(np.searchsorted(self.state, inside, side="right") - 1, 0, len(self.state) - 2)
        width = inside - self.state[index]
        slope = (self.voltage[index + 1] - self.voltage[index]) / (self.state[index + 1] - self.state[index])
        part = self.integral[index] + width * (self.voltage[index] + 0.5 * slope * width)
        outside = np.asarray(state) - inside
        return np.asarray(part + outside * self.at(inside))


def from_galleries(galleries: Sequence[Gallery], *, lowest: float, highest: float) -> OpenCircuit:
    """Tabulate a sum of galleries between two voltages (V).

    Raises
    ------
    StudyError
        If there is no gallery, or a share or width is not positive.

    Notes
    -----
    Equilibrium without hysteresis: two-phase plateaus are steps of small width, so their voltage does not depend on the
    direction of the current.

    References
    ----------
    Verbrugge et al., J. Electrochem. Soc. 164 (2017) E3243, doi:10.1149/2.0341708jes, eq. 4 (multi-species,
    multi-reaction model).
    """
    if not galleries or any(item.share <= 0 or item.width <= 0 for item in galleries):
        raise StudyError("An open-circuit curve needs galleries with positive share and width.")

    def charge(voltage: Array) -> Array:
        total = np.zeros_like(voltage)
        for item in galleries:
            total += item.share * 0.5 * (1.0 + np.tanh(0.5 * (voltage - item.voltage) / item.width))
        return total

    fine = np.linspace(lowest, highest, 50 * _NODES)
    passed = charge(fine)
    state = (passed - passed[0]) / (passed[-1] - passed[0])
    rising = np.concatenate(([True], np.diff(np.maximum.accumulate(state)) > 0))
    by_state = np.interp(np.linspace(0.0, 1.0, _NODES), state[rising], fine[rising])
    voltage = np.union1d(by_state, np.linspace(lowest, highest, _NODES))
    passed = charge(voltage)
    state = (passed - passed[0]) / (passed[-1] - passed[0])
    keep = np.concatenate(([True], np.diff(np.maximum.accumulate(state)) > 1e-12))
    return OpenCircuit.from_nodes(state[keep], voltage[keep])


@cache
def lnmo() -> OpenCircuit:
    """LiNi0.5Mn1.5O4 spinel against lithium: small Mn3+/Mn4+ step at 4.0 V, two nickel plateaus around 4.7 V.

    Notes
    -----
    Shapes are typical, not fitted to a sample; the share of the 4.0 V step is 6 % (disordered spinel).
    """
    galleries = (
        Gallery(3.80, 0.012, 0.120),
        Gallery(4.03, 0.06, 0.035),
        Gallery(4.62, 0.06, 0.060),
        Gallery(4.705, 0.46, 0.008),
        Gallery(4.755, 0.42, 0.010),
        Gallery(4.860, 0.02, 0.060),
    )
    return from_galleries(galleries, lowest=2.0, highest=5.4)


@cache
def li_rich_first_charge() -> OpenCircuit:
    """Li-rich layered oxide in its first charge: sloping transition-metal region, then the oxygen plateau at 4.5 V."""
    galleries = (Gallery(3.85, 0.27, 0.060), Gallery(4.15, 0.15, 0.090), Gallery(4.50, 0.58, 0.016))
    return from_galleries(galleries, lowest=1.5, highest=5.4)


@cache
def li_rich() -> OpenCircuit:
    """Li-rich layered oxide after its first charge: a slope without plateau."""
    galleries = (
        Gallery(2.70, 0.02, 0.150),
        Gallery(3.25, 0.28, 0.110),
        Gallery(3.70, 0.42, 0.095),
        Gallery(4.20, 0.30, 0.120),
    )
    return from_galleries(galleries, lowest=1.0, highest=5.6)


@cache
def graphite() -> OpenCircuit:
    """Graphite against lithium, state of charge 1 = without lithium: stages at 0.09, 0.12 and 0.21 V."""
    galleries = (
        Gallery(0.088, 0.48, 0.004),
        Gallery(0.124, 0.27, 0.006),
        Gallery(0.210, 0.16, 0.020),
        Gallery(0.450, 0.09, 0.110),
    )
    return from_galleries(galleries, lowest=-0.2, highest=2.5)


def full_cell(cathode: OpenCircuit, anode: OpenCircuit, *, anode_excess: float = 1.1) -> OpenCircuit:
    """Curve of a full cell from those of its electrodes against lithium.

    Parameters
    ----------
    cathode, anode
        Half-cell curves; state of charge as in this module.
    anode_excess
        Anode capacity over cathode capacity (N/P), above 1.

    Notes
    -----
    The anode starts without lithium and no lithium is lost in between: slippage of the electrodes is not modelled.
    """
    if anode_excess <= 1.0:
        raise StudyError(f"The anode excess is {anode_excess}; a full cell needs more anode than cathode (above 1).")
    state = np.unique(np.concatenate((cathode.state, np.clip((1.0 - anode.state) * anode_excess, 0.0, 1.0))))
    voltage = cathode.at(state) - anode.at(1.0 - state / anode_excess)
    keep = np.concatenate(([True], (np.diff(state) > 1e-12) & (np.diff(np.maximum.accumulate(voltage)) > 0)))
    return OpenCircuit.from_nodes(state[keep], voltage[keep])
