"""Which elements describe diffusion: without end (W), to a wall (Wo), to a sink (Ws), with a reaction on the way (G)?

| symbol | impedance (ohm) | parameters |
|---|---|---|
| W | sigma (1 - j) / sqrt(w) | sigma (ohm/s^0.5) |
| Wo | R coth(x) / x, x = sqrt(j w tau) | resistance R (ohm), time constant tau = L^2 / D (s) |
| Ws | R tanh(x) / x, x = sqrt(j w tau) | resistance R (ohm), time constant tau = L^2 / D (s) |
| G | R / sqrt(1 + j w tau) | resistance R (ohm), time constant tau = 1 / k (s) |

Notes
-----
`Wo` (finite space, blocked end) is what impedance.py calls Wo with Z0 = R: its real part at low frequency tends to R / 3, its
capacitance is tau / R. `Ws` (finite length, open end) tends to R. At high frequency both become W with sigma = R / sqrt(2 tau):
a spectrum that ends there fixes that ratio and not R.

References
----------
Franceschetti, Macdonald and Buck 1991, 10.1149/1.2085788 (finite diffusion). Boukamp and Bouwmeester 2003,
10.1016/S0167-2738(02)00185-6 (Gerischer).
"""

from __future__ import annotations

import numpy as np

from interlith.physics.circuits.element import Array, Complex, Element, ElementParameter, Grid, duration, resistance
from interlith.physics.circuits.hyperbolic import cotangent, tangent


def _warburg(values: Array, grid: Grid, slopes: Complex) -> Complex:
    slopes[:, 0] = (1.0 - 1j) / np.sqrt(grid.omega)
    return np.asarray(slopes[:, 0] * values[:, :1])


def _root(values: Array, grid: Grid) -> Complex:
    return np.asarray(np.sqrt(0.5) * (1.0 + 1j) * np.sqrt(grid.omega * values[:, 1:2]))


def _finite_space(values: Array, grid: Grid, slopes: Complex) -> Complex:
    shape, slope = cotangent(_root(values, grid))
    slopes[:, 0] = shape
    slopes[:, 1] = 0.5 * values[:, :1] / values[:, 1:2] * slope
    return np.asarray(values[:, :1] * shape)


def _finite_length(values: Array, grid: Grid, slopes: Complex) -> Complex:
    shape, slope = tangent(_root(values, grid))
    slopes[:, 0] = shape
    slopes[:, 1] = 0.5 * values[:, :1] / values[:, 1:2] * slope
    return np.asarray(values[:, :1] * shape)


def _gerischer(values: Array, grid: Grid, slopes: Complex) -> Complex:
    below = 1.0 + 1j * grid.omega * values[:, 1:2]
    slopes[:, 0] = 1.0 / np.sqrt(below)
    impedance = values[:, :1] * slopes[:, 0]
    slopes[:, 1] = -0.5j * impedance * grid.omega / below
    return np.asarray(impedance)


_FINITE = (resistance("_resistance"), duration())
W = Element("W", "semi-infinite diffusion", "sigma (1 - j) / sqrt(w)", (ElementParameter("", "warburg"),), _warburg)
Wo = Element(
    "Wo", "diffusion to a wall (finite space)", "R coth(x) / x, x = sqrt(j w tau)", _FINITE, _finite_space,
    "10.1149/1.2085788",
)  # fmt: skip
Ws = Element(
    "Ws", "diffusion to a sink (finite length)", "R tanh(x) / x, x = sqrt(j w tau)", _FINITE, _finite_length,
    "10.1149/1.2085788",
)  # fmt: skip
G = Element(
    "G", "Gerischer: diffusion with reaction", "R / sqrt(1 + j w tau)", _FINITE, _gerischer,
    "10.1016/S0167-2738(02)00185-6",
)  # fmt: skip
ELEMENTS = (W, Wo, Ws, G)
