"""How do running medians, running means and curves that bend little cost next to nothing, the first time included?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from interlith.errors import FitError
from interlith.numerics.machine_code import MachineCode

Array = NDArray[np.float64]


def _compiled() -> Mapping[str, Any]:
    from interlith.numerics.curve_loops import ENTRIES

    return ENTRIES


_CODE = MachineCode(
    "curves",
    _compiled,
    [Path(__file__), Path(__file__).with_name("curve_loops.py")],
    {"running_median": "annaa", "solved": "aan"},
)


def running_median(values: Array, width: int, *, ends: Literal["edge", "symmetric"]) -> Array:
    """Median of the values around each, shape (n,).

    Parameters
    ----------
    values
        Shape (n,), without nan.
    width
        Values looked at; of an even number the higher of the two middle ones is taken, and one more lies before than behind.
    ends
        What stands beyond the ends: their value, or the curve mirrored.

    Raises
    ------
    FitError
        If there are no values or the width is not positive.
    """
    padded = _padded(values, width, ends)
    out, room = np.empty(values.size), np.empty(width)
    _CODE["running_median"](padded.ctypes.data, values.size, width, room.ctypes.data, out.ctypes.data)
    return out


def running_mean(values: Array, width: int, *, ends: Literal["edge", "symmetric"]) -> Array:
    """Mean of the values around each, shape (n,); parameters and errors as `running_median`."""
    sums = np.concatenate([[0.0], np.cumsum(_padded(values, width, ends))])
    return np.asarray((sums[width:] - sums[:-width]) / width)


def stiff_curve(weight: Array, y: Array, stiffness: float) -> Array:
    """The curve z of least ``sum weight (y - z)^2 + stiffness sum (second differences of z)^2``, shape (n,).

    Parameters
    ----------
    weight, y
        Shape (n,), four points at least.
    stiffness
        Larger for straighter curves.

    Raises
    ------
    FitError
        If fewer than two points have a weight, so that no one curve is the best.
    """
    bands = np.zeros((3, y.size))
    bands[0], bands[1, :-1], bands[2, :-2] = 6.0, -4.0, 1.0
    bands[0, [0, -1]], bands[0, [1, -2]], bands[1, [0, -2]] = 1.0, 5.0, -2.0
    bands *= stiffness
    bands[0] += weight
    curve = weight * y
    _CODE["solved"](bands.ctypes.data, curve.ctypes.data, curve.size)
    if not (bands[0] > 0).all():
        raise FitError(
            f"A stiff curve through {y.size} points needs weights above zero; the largest is {weight.max():g}."
        )
    return np.asarray(curve)


def _padded(values: Array, width: int, ends: Literal["edge", "symmetric"]) -> Array:
    if not values.size or width < 1:
        raise FitError(f"A running window needs values and a width of one or more; got {values.size} and {width}.")
    return np.ascontiguousarray(np.pad(values.astype(np.float64), (width // 2, width - 1 - width // 2), mode=ends))
