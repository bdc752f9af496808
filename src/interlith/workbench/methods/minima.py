"""Of which sum of squares are the values of another program the minimum: which weights, and which points?

At a minimum the step towards it vanishes. For every weighting that programs use the step from the values of the other program
is computed, in units of our standard errors: the one where it vanishes is what the program minimised.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from interlith.physics.circuits.circuit import Circuit

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]
Mask = NDArray[np.bool_]

#: Step, in units of our standard errors, below which values count as a minimum.
AT_MINIMUM = 0.03
#: Share of a standard error by which a parameter is moved for a derivative.
_MOVE = 0.01


@dataclass(frozen=True, slots=True)
class Minimum:
    """A weighting with the points it was tried on, in words, and how far its minimum is: largest step over standard error."""

    words: str
    step: float


#: Observed, fitted, fitted at the values themselves (for weights that stay) -> residuals of real and imaginary parts.
Residual = Callable[[Complex, Complex, Complex], Array]


def _parts(number: Complex) -> Array:
    return np.concatenate([number.real, number.imag])


def _twice(modulus: Array) -> Array:
    return np.concatenate([modulus, modulus])


#: Words -> residual whose squares are summed.
OBJECTIVES: dict[str, Residual] = {
    "unit weights": lambda seen, made, _: _parts(seen - made),
    "weights 1/|Z|^2 of the fitted spectrum": lambda seen, made, there: _parts(seen - made) / _twice(np.abs(there)),
    "weights 1/|Z|^2 of the measured spectrum": lambda seen, made, _: _parts(seen - made) / _twice(np.abs(seen)),
    "weights 1/|Z|": lambda seen, made, _: _parts(seen - made) / np.sqrt(_twice(np.abs(seen))),
    "proportional weights 1/Z'^2 and 1/Z''^2": lambda seen, made, _: _parts(seen - made) / np.abs(_parts(seen)),
    "fourth powers of the residuals": lambda seen, made, _: _parts(seen - made) ** 2,
    "fourth powers of the residuals over |Z|^2": lambda seen, made, _: _parts(seen - made) ** 2 / _twice(np.abs(made)),
    "fourth powers of the residuals over |Z|^4": lambda seen, made, _: (
        _parts(seen - made) ** 2 / _twice(np.abs(seen)) ** 2
    ),
    "fourth powers of the relative residuals of Z' and Z''": lambda seen, made, _: (
        (_parts(seen - made) / _parts(made)) ** 2
    ),
}


def minima(
    circuit: Circuit,
    values: Array,
    free: Mask,
    std: Array,
    frequency: Array,
    impedance: Complex,
    points: dict[str, Mask],
) -> tuple[Minimum, ...]:
    """How far the minimum of every weighting is from given values, the nearest first.

    Parameters
    ----------
    circuit
        Whose values these are.
    values
        (units of the parameters), shape (p,).
    free
        Which of them the other program fitted, shape (p,).
    std
        (units of the parameters), shape (p,): our standard errors, the unit of a step.
    frequency, impedance
        (Hz), (ohm), shape (n,).
    points
        Words (empty for all) -> which points, shape (n,).

    Notes
    -----
    One step of Gauss and Newton, with derivatives by differences. Far from any minimum its size says nothing but that it is far.
    """
    free = free & np.isfinite(std) & (std > 0)
    found = []
    for where, mask in points.items():
        if 2 * mask.sum() <= free.sum():
            continue
        part, seen = frequency[mask], impedance[mask]
        moved = _moved(circuit, values, free, std, part)
        there = np.asarray(circuit.impedance(values, part))
        for words, residual in OBJECTIVES.items():
            step = _step(residual, seen, there, moved)
            found.append(Minimum(f"{words}{' over ' + where if where else ''}", step))
    return tuple(sorted(found, key=lambda one: one.step))


#: Spectra with one parameter a little lower and higher, and its standard error over the distance of the two.
Moved = tuple[Complex, Complex, float]


def _moved(circuit: Circuit, values: Array, free: Mask, std: Array, frequency: Array) -> list[Moved]:
    moved = []
    for k in np.flatnonzero(free):
        size = min(_MOVE * std[k], 0.01 * abs(values[k])) or _MOVE * std[k]
        pair = []
        for sign in (-1.0, 1.0):
            other = values.copy()
            other[k] += sign * size
            pair.append(np.asarray(circuit.impedance(other, frequency)))
        moved.append((pair[0], pair[1], float(std[k] / (2 * size))))
    return moved


def _step(residual: Residual, seen: Complex, there: Complex, moved: list[Moved]) -> float:
    with np.errstate(all="ignore"):
        here = residual(seen, there, there)
        columns = [(residual(seen, high, there) - residual(seen, low, there)) * scale for low, high, scale in moved]
        jacobian = np.stack(columns, axis=1)
    if not np.isfinite(jacobian).all() or not np.isfinite(here).all():
        return float("inf")
    size = np.sqrt(np.square(jacobian).sum(axis=0))
    if not (size > 0).all():
        return float("inf")
    step = np.linalg.lstsq(jacobian / size, -here, rcond=1e-12)[0] / size
    return float(np.abs(step).max())
