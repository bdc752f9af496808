"""Which elements are one relaxation with a resistance and a time constant: K, Zarc, HN?

| symbol | impedance (ohm) | parameters |
|---|---|---|
| K | R / (1 + j w tau) | resistance R (ohm), time constant tau (s) |
| Zarc | R / (1 + (j w tau)^n) | R, tau, exponent n from 0.2 to 1 |
| HN | R / (1 + (j w tau)^alpha)^beta | R, tau, alpha from 0.2 to 1, beta from 0.1 to 1 |

Notes
-----
K is (R|C) with tau = R C, Zarc is (R|Q) with tau = (R Q)^(1/n): the same curves, other parameters. HN with beta = 1 is Zarc;
with alpha = 1 and beta = 1/2 it is a Gerischer element.

References
----------
Cole and Cole 1941, 10.1063/1.1750906. Havriliak and Negami 1967, 10.1016/0032-3861(67)90021-3.
"""

from __future__ import annotations

import numpy as np

from interlith.physics.circuits.element import Array, Complex, Element, Grid, duration, exponent, resistance


def _voigt(values: Array, grid: Grid, slopes: Complex) -> Complex:
    slopes[:, 0] = 1.0 / (1.0 + 1j * grid.omega * values[:, 1:2])
    slopes[:, 1] = -1j * values[:, :1] * grid.omega * np.square(slopes[:, 0])
    return np.asarray(values[:, :1] * slopes[:, 0])


def _raised(values: Array, grid: Grid) -> tuple[Complex, Complex]:
    """``ln(j w tau)`` and ``(j w tau)^exponent``, the exponent being the third parameter."""
    log = grid.log_j + np.log(values[:, 1:2])
    return log, np.exp(values[:, 2:3] * log)


def _zarc(values: Array, grid: Grid, slopes: Complex) -> Complex:
    log, raised = _raised(values, grid)
    slopes[:, 0] = 1.0 / (1.0 + raised)
    impedance = values[:, :1] * slopes[:, 0]
    common = -impedance * raised * slopes[:, 0]
    slopes[:, 1] = common * values[:, 2:3] / values[:, 1:2]
    slopes[:, 2] = common * log
    return np.asarray(impedance)


def _havriliak_negami(values: Array, grid: Grid, slopes: Complex) -> Complex:
    log, raised = _raised(values, grid)
    below = 1.0 + raised
    outer = np.log(below)
    slopes[:, 0] = np.exp(-values[:, 3:4] * outer)
    impedance = values[:, :1] * slopes[:, 0]
    common = -impedance * values[:, 3:4] * raised / below
    slopes[:, 1] = common * values[:, 2:3] / values[:, 1:2]
    slopes[:, 2] = common * log
    slopes[:, 3] = -impedance * outer
    return np.asarray(impedance)


_BASE = (resistance("_resistance"), duration())
K = Element("K", "one relaxation (Voigt)", "R / (1 + j w tau)", _BASE, _voigt)
Zarc = Element(
    "Zarc", "depressed arc (Cole-Cole)", "R / (1 + (j w tau)^n)", (*_BASE, exponent()), _zarc, "10.1063/1.1750906"
)
HN = Element(
    "HN", "skewed arc (Havriliak-Negami)", "R / (1 + (j w tau)^alpha)^beta",
    (*_BASE, exponent("_alpha"), exponent("_beta", 0.1)), _havriliak_negami, "10.1016/0032-3861(67)90021-3",
)  # fmt: skip
ELEMENTS = (K, Zarc, HN)
