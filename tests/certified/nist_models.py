"""The nonlinear regression sets of the NIST Statistical Reference Datasets: reader and models.

Derivatives come by the complex step, exact to rounding. ``https://www.itl.nist.gov/div898/strd/nls/nls_main.shtml``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy import arctan, cos, exp, pi, sin
from numpy.typing import NDArray

from interlith.numerics.fitting import Curves, Parameter, Parameters

Array = NDArray[np.float64]
Formula = Callable[[Any, Any], Any]

_STEP = 1e-30


@dataclass(frozen=True)
class Set:
    """One set: data, two starts (2, p), certified values, standard deviations and residual sum of squares."""

    name: str
    y: Array
    x: Array
    starts: Array
    values: Array
    std: Array
    squares: float


def read(path: Path) -> Set:
    """A set from its file."""
    text = path.read_text(encoding="ascii")
    lines = text.splitlines()
    first, last = (int(number) for number in re.search(r"Data\s*\(lines\s+(\d+) to\s+(\d+)\)", text).groups())  # type: ignore[union-attr]
    table = np.array([line.split("=")[1].split() for line in lines[:first] if re.match(r"\s*b\d+\s*=", line)], float)
    data = np.array([line.split() for line in lines[first - 1 : last] if line.strip()], float)
    squares = float(re.search(r"Residual Sum of Squares:\s+(\S+)", text)[1])  # type: ignore[index]
    y = np.log(data[:, 0]) if path.stem == "Nelson" else data[:, 0]  # its response is the logarithm
    x = data[:, 1:].T if data.shape[1] > 2 else data[:, 1]
    return Set(path.stem, y, x, table[:, :2].T.copy(), table[:, 2], table[:, 3], squares)


def _wave(x: Any, period: Any, cosine: Any, sine: Any) -> Any:
    return cosine * cos(2 * pi * x / period) + sine * sin(2 * pi * x / period)


def _three(b: Any, x: Any) -> Any:
    return b[0] * exp(-b[1] * x) + b[2] * exp(-b[3] * x) + b[4] * exp(-b[5] * x)


def _two_gaussians(b: Any, x: Any) -> Any:
    peaks = b[2] * exp(-(((x - b[3]) / b[4]) ** 2)) + b[5] * exp(-(((x - b[6]) / b[7]) ** 2))
    return b[0] * exp(-b[1] * x) + peaks


def _cubics(b: Any, x: Any) -> Any:
    return (b[0] + b[1] * x + b[2] * x**2 + b[3] * x**3) / (1 + b[4] * x + b[5] * x**2 + b[6] * x**3)


def _decay(b: Any, x: Any) -> Any:
    return exp(-b[0] * x) / (b[1] + b[2] * x)


#: Name of a set -> its model of parameters b and predictor x.
FORMULAS: dict[str, Formula] = {
    "Bennett5": lambda b, x: b[0] * (b[1] + x) ** (-1 / b[2]),
    "BoxBOD": lambda b, x: b[0] * (1 - exp(-b[1] * x)),
    "Chwirut1": _decay,
    "Chwirut2": _decay,
    "DanWood": lambda b, x: b[0] * x ** b[1],
    "ENSO": lambda b, x: b[0] + _wave(x, 12.0, b[1], b[2]) + _wave(x, b[3], b[4], b[5]) + _wave(x, b[6], b[7], b[8]),
    "Eckerle4": lambda b, x: b[0] / b[1] * exp(-0.5 * ((x - b[2]) / b[1]) ** 2),
    "Gauss1": _two_gaussians,
    "Gauss2": _two_gaussians,
    "Gauss3": _two_gaussians,
    "Hahn1": _cubics,
    "Kirby2": lambda b, x: (b[0] + b[1] * x + b[2] * x**2) / (1 + b[3] * x + b[4] * x**2),
    "Lanczos1": _three,
    "Lanczos2": _three,
    "Lanczos3": _three,
    "MGH09": lambda b, x: b[0] * (x**2 + x * b[1]) / (x**2 + x * b[2] + b[3]),
    "MGH10": lambda b, x: b[0] * exp(b[1] / (x + b[2])),
    "MGH17": lambda b, x: b[0] + b[1] * exp(-x * b[3]) + b[2] * exp(-x * b[4]),
    "Misra1a": lambda b, x: b[0] * (1 - exp(-b[1] * x)),
    "Misra1b": lambda b, x: b[0] * (1 - (1 + b[1] * x / 2) ** -2),
    "Misra1c": lambda b, x: b[0] * (1 - (1 + 2 * b[1] * x) ** -0.5),
    "Misra1d": lambda b, x: b[0] * b[1] * x / (1 + b[1] * x),
    "Nelson": lambda b, x: b[0] - b[1] * x[0] * exp(-b[2] * x[1]),
    "Rat42": lambda b, x: b[0] / (1 + exp(b[1] - b[2] * x)),
    "Rat43": lambda b, x: b[0] / (1 + exp(b[1] - b[2] * x)) ** (1 / b[3]),
    "Roszman1": lambda b, x: b[0] - b[1] * x - arctan(b[2] / (x - b[3])) / pi,
    "Thurber": _cubics,
}
#: Places of the parameters in which a model is linear.
LINEAR: dict[str, tuple[int, ...]] = {
    "Bennett5": (0,), "BoxBOD": (0,), "DanWood": (0,), "ENSO": (0, 1, 2, 4, 5, 7, 8), "Eckerle4": (0,),
    "Gauss1": (0, 2, 5), "Gauss2": (0, 2, 5), "Gauss3": (0, 2, 5), "Hahn1": (0, 1, 2, 3), "Kirby2": (0, 1, 2),
    "Lanczos1": (0, 2, 4), "Lanczos2": (0, 2, 4), "Lanczos3": (0, 2, 4), "MGH09": (0,), "MGH10": (0,),
    "MGH17": (0, 1, 2), "Misra1a": (0,), "Misra1b": (0,), "Misra1c": (0,), "Misra1d": (0,), "Nelson": (0, 1),
    "Rat42": (0,), "Rat43": (0,), "Roszman1": (0, 1), "Thurber": (0, 1, 2, 3),
}  # fmt: skip


def evaluate(name: str, x: Array, values: Array) -> Array:
    """Model (b, n) of values (b, p)."""
    columns = list(np.asarray(values, dtype=float).T[:, :, None])
    return np.asarray(FORMULAS[name](columns, x) + np.zeros(x.shape[-1]))


def derivatives(name: str, x: Array, values: Array) -> Array:
    """Derivatives (b, p, n) of the model at values (b, p)."""
    found = np.empty((*values.shape, x.shape[-1]))
    for place in range(values.shape[1]):
        moved = np.asarray(values, dtype=complex)
        moved = moved + 1j * _STEP * (np.arange(values.shape[1]) == place)
        found[:, place] = FORMULAS[name](list(moved.T[:, :, None]), x.astype(complex)).imag / _STEP
    return found


def problem(data: Set, start: Array, *, linear: bool = False) -> Curves:
    """The set as a problem, its amplitudes solved for if `linear`."""
    places = LINEAR.get(data.name, ()) if linear else ()
    items = [Parameter(f"b{k + 1}", float(one), linear=k in places) for k, one in enumerate(start)]

    def model(values: Array, _: Any) -> tuple[Array, Array]:
        return evaluate(data.name, data.x, values), derivatives(data.name, data.x, values)

    return Curves(Parameters(items), data.y, model)


def digits(found: Any, certified: Any) -> float:
    """Right digits of the worst of some numbers: minus the decimal logarithm of the relative error, 11 at most."""
    error = np.abs(np.asarray(found, dtype=float) - certified) / np.abs(certified)
    worst = float(np.max(np.where(np.isfinite(error), error, 1e300)))
    return float(min(11.0, -np.log10(max(worst, 1e-300))))
