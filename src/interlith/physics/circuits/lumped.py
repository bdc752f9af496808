"""Which elements have no inner length or memory of their own: R, C, L, and the constant phase Q?

| symbol | impedance (ohm) | parameters |
|---|---|---|
| R | R | R (ohm) |
| C | 1 / (j w C) | C (F) |
| L | j w L | L (H) |
| Q | 1 / (Q (j w)^n) | Q (s^n/ohm), exponent n from 0.2 to 1 |

References
----------
Brug et al. 1984, 10.1016/S0022-0728(84)80324-1 (constant phase, this form of Q).
"""

from __future__ import annotations

import numpy as np

from interlith.physics.circuits.element import Array, Complex, Element, ElementParameter, Grid, exponent, resistance


def _resistor(values: Array, grid: Grid, slopes: Complex) -> Complex:
    slopes[:, 0] = 1.0
    return np.asarray(np.broadcast_to(values[:, :1].astype(np.complex128), (len(values), grid.omega.shape[1])))


def _capacitor(values: Array, grid: Grid, slopes: Complex) -> Complex:
    impedance = -1j / (grid.omega * values[:, :1])
    slopes[:, 0] = -impedance / values[:, :1]
    return np.asarray(impedance)


def _inductor(values: Array, grid: Grid, slopes: Complex) -> Complex:
    slopes[:, 0] = 1j * grid.omega
    return np.asarray(1j * grid.omega * values[:, :1])


def _constant_phase(values: Array, grid: Grid, slopes: Complex) -> Complex:
    impedance = grid.power(-values[:, 1]) / values[:, :1]
    slopes[:, 0] = -impedance / values[:, :1]
    slopes[:, 1] = -impedance * grid.log_j
    return np.asarray(impedance)


R = Element("R", "resistor", "R", (resistance(),), _resistor)
C = Element("C", "capacitor", "1 / (j w C)", (ElementParameter("", "capacitance"),), _capacitor)
L = Element("L", "inductor", "j w L", (ElementParameter("", "inductance"),), _inductor)
Q = Element(
    "Q", "constant phase", "1 / (Q (j w)^n)", (ElementParameter("", "constant_phase"), exponent()), _constant_phase,
    "10.1016/S0022-0728(84)80324-1",
)  # fmt: skip
ELEMENTS = (R, C, L, Q)
