"""How are tanh, coth and their kin of a complex root taken without overflow or lost digits?

All arguments have a positive real part (roots of j w tau). Everything is written in e = exp(-2 x), which can only underflow.
"""

from __future__ import annotations

import numpy as np

from interlith.physics.circuits.element import Complex

#: Below this modulus a difference of order x^2 is taken from its series.
_SMALL = 0.02


def cotangent(x: Complex) -> tuple[Complex, Complex]:
    """``coth(x) / x`` and its logarithmic derivative ``x d/dx`` of it, ``-csch(x)^2 - coth(x) / x``."""
    decay = np.exp(-2.0 * x)
    rest = -np.expm1(-2.0 * x)
    value = (1.0 + decay) / (rest * x)
    return value, -4.0 * decay / np.square(rest) - value


def tangent(x: Complex) -> tuple[Complex, Complex]:
    """``tanh(x) / x`` and ``x d/dx`` of it, ``sech(x)^2 - tanh(x) / x``."""
    decay = np.exp(-2.0 * x)
    rest = 1.0 + decay
    value = -np.expm1(-2.0 * x) / (rest * x)
    slope = 4.0 * decay / np.square(rest) - value
    small = np.abs(x) < _SMALL
    if small.any():
        square = np.square(x[small])
        slope[small] = square * (-2.0 / 3.0 + square * (8.0 / 15.0 - square * 34.0 / 105.0))
    return value, slope


def cosecant(x: Complex) -> tuple[Complex, Complex]:
    """``1 / (x sinh(x))`` and ``x d/dx`` of it, ``-1 / (x sinh(x)) - coth(x) / sinh(x)``."""
    rest = -np.expm1(-2.0 * x)
    inverse = 2.0 * np.exp(-x) / rest
    value = inverse / x
    return value, -value - inverse * (2.0 - rest) / rest
