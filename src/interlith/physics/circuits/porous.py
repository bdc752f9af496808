"""Which elements are lines: a porous electrode with one resistive rail, or a composite with an ionic and an electronic one?

With the admittance of the whole interface between the rails Y = 1 / R_ct + Q (j w)^n (without R_ct where the interface blocks)
and the resistances R_i, R_e of the whole rails:

| symbol | impedance (ohm) | what it is |
|---|---|---|
| TLM | R_i coth(x) / x, x = sqrt(R_i Y), Y = Q (j w)^n | pore with a blocking wall, electrons free (De Levie) |
| TLMR | the same with Y = 1 / R_ct + Q (j w)^n | pore with a reaction at its wall |
| TLME | R_i R_e / S (1 + 2 / (x sinh x)) + (R_i^2 + R_e^2) / S coth(x) / x, x = sqrt(S Y), S = R_i + R_e | composite electrode between an electrolyte (ions) and a collector (electrons), with reaction |
| TLMB | R_i R_e / S + R_e^2 / S tanh(x / 2) / (x / 2), x = sqrt(S Y), Y = Q (j w)^n | composite between two contacts that block ions: R_e at low frequency, both rails side by side at high |

Parameters: ionic, electronic and charge-transfer resistance (ohm), interface Q (s^n/ohm), its exponent n from 0.2 to 1.

Notes
-----
Rails and interface are uniform over the thickness; a gradient of porosity fails first. For a composite between two contacts that
block electrons, exchange the words ionic and electronic in TLMB.

References
----------
De Levie 1963, 10.1016/0013-4686(63)80042-0. Bisquert 2002, 10.1039/b001708f and 10.1021/jp011941g (two rails; reaction).
Siroma et al. 2015, 10.1016/j.electacta.2015.02.065 (blocking configurations of composite electrodes).
"""

from __future__ import annotations

import numpy as np

from interlith.physics.circuits.element import Array, Complex, Element, ElementParameter, Grid, exponent, resistance
from interlith.physics.circuits.hyperbolic import cosecant, cotangent, tangent


def _pore(values: Array, grid: Grid, slopes: Complex) -> Complex:
    rail, interface = values[:, :1], values[:, 1:2]
    admittance = interface * grid.power(values[:, 2])
    shape, slope = cotangent(np.sqrt(rail * admittance))
    slopes[:, 0] = shape + 0.5 * slope
    slopes[:, 1] = 0.5 * rail * slope / interface
    slopes[:, 2] = 0.5 * rail * slope * grid.log_j
    return np.asarray(rail * shape)


def _reacting_pore(values: Array, grid: Grid, slopes: Complex) -> Complex:
    rail, transfer, interface = values[:, :1], values[:, 1:2], values[:, 2:3]
    power = grid.power(values[:, 3])
    admittance = 1.0 / transfer + interface * power
    shape, slope = cotangent(np.sqrt(rail * admittance))
    per_admittance = 0.5 * rail * slope / admittance
    slopes[:, 0] = shape + 0.5 * slope
    _interface_slopes(slopes[:, 1:], per_admittance, transfer, interface, power, grid)
    return np.asarray(rail * shape)


def _composite(values: Array, grid: Grid, slopes: Complex) -> Complex:
    ionic, electronic, transfer, interface = (values[:, k, None] for k in range(4))
    power, total = grid.power(values[:, 4]), ionic + electronic
    admittance = 1.0 / transfer + interface * power
    x = np.sqrt(total * admittance)
    side, ends = ionic * electronic / total, (ionic**2 + electronic**2) / total
    (coth, coth_slope), (inverse, inverse_slope) = cotangent(x), cosecant(x)
    # With respect to ln x; x goes with the root of the total rail and of the admittance.
    turning = 2.0 * side * inverse_slope + ends * coth_slope
    for place, (own, other) in enumerate(((ionic, electronic), (electronic, ionic))):
        per_side, per_ends = (other / total) ** 2, (2.0 * own - ends) / total
        slopes[:, place] = per_side * (1.0 + 2.0 * inverse) + per_ends * coth + 0.5 * turning / total
    _interface_slopes(slopes[:, 2:], 0.5 * turning / admittance, transfer, interface, power, grid)
    return np.asarray(side * (1.0 + 2.0 * inverse) + ends * coth)


def _blocked(values: Array, grid: Grid, slopes: Complex) -> Complex:
    ionic, electronic, interface = (values[:, k, None] for k in range(3))
    total = ionic + electronic
    admittance = interface * grid.power(values[:, 3])
    shape, slope = tangent(np.asarray(0.5 * np.sqrt(total * admittance), dtype=np.complex128))
    side, middle = ionic * electronic / total, electronic**2 / total
    turning = middle * slope
    slopes[:, 0] = (electronic / total) ** 2 - middle / total * shape + 0.5 * turning / total
    slopes[:, 1] = (ionic / total) ** 2 + (2.0 * electronic - middle) / total * shape + 0.5 * turning / total
    slopes[:, 2] = 0.5 * turning / interface
    slopes[:, 3] = 0.5 * turning * grid.log_j
    return np.asarray(side + middle * shape)


def _interface_slopes(
    slopes: Complex, per_admittance: Complex, transfer: Array, interface: Array, power: Complex, grid: Grid
) -> None:
    """Derivatives with respect to charge transfer, interface and exponent."""
    slopes[:, 0] = -per_admittance / transfer**2
    slopes[:, 1] = per_admittance * power
    slopes[:, 2] = per_admittance * interface * power * grid.log_j


_IONIC, _ELECTRONIC = resistance("_ionic_resistance"), resistance("_electronic_resistance")
_TRANSFER = resistance("_charge_transfer_resistance")
_WALL = (ElementParameter("_interface", "constant_phase"), exponent())
TLM = Element(
    "TLM", "pore with a blocking wall (De Levie)", "R_i coth(x) / x, x = sqrt(R_i Q (j w)^n)", (_IONIC, *_WALL), _pore,
    "10.1016/0013-4686(63)80042-0",
)  # fmt: skip
TLMR = Element(
    "TLMR", "pore with a reaction at its wall", "R_i coth(x) / x, x = sqrt(R_i (1 / R_ct + Q (j w)^n))",
    (_IONIC, _TRANSFER, *_WALL), _reacting_pore, "10.1021/jp011941g",
)  # fmt: skip
TLME = Element(
    "TLME", "composite electrode, ionic and electronic rail",
    "R_i R_e / S (1 + 2 / (x sinh x)) + (R_i^2 + R_e^2) / S coth(x) / x, x = sqrt(S (1 / R_ct + Q (j w)^n)), S = R_i + R_e",
    (_IONIC, _ELECTRONIC, _TRANSFER, *_WALL), _composite, "10.1039/b001708f",
)  # fmt: skip
TLMB = Element(
    "TLMB", "composite between contacts that block ions",
    "R_i R_e / S + R_e^2 / S tanh(x / 2) / (x / 2), x = sqrt(S Q (j w)^n), S = R_i + R_e",
    (_IONIC, _ELECTRONIC, *_WALL), _blocked, "10.1016/j.electacta.2015.02.065",
)  # fmt: skip
ELEMENTS = (TLM, TLMR, TLME, TLMB)
