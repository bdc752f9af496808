"""How much charge has passed since a log began, which itself only shows the current?"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Quantity -> inside unit and shown unit.
PASSED_UNITS = {
    "charge": ("Ah", "mAh"), "specific_charge": ("Ah/kg", "mAh/g"), "specific_current": ("A/kg", "mA/g"),
}  # fmt: skip
_OF = {"charge": "current", "specific_charge": "specific_current"}
_SECONDS_PER_HOUR = 3600.0


def derivable(held: Iterable[str]) -> dict[str, str]:
    """Charges that some columns of a log allow to be counted: name -> column of the current."""
    columns = set(held)
    return {name: column for name, column in _OF.items() if column in columns}


def passed(time: Array, current: Array) -> Array:
    """Charge (Ah or Ah/kg) since the first sample, positive while charging.

    Parameters
    ----------
    time
        Device time (s), ascending, shape (n,).
    current
        Current (A) or specific current (A/kg), shape (n,); nan passes nothing on: all after it is nan.

    Notes
    -----
    Trapezoids between samples. Fails first: a log that samples less often than its current changes.
    """
    steps = np.diff(time) * (current[1:] + current[:-1]) / 2
    return np.asarray(np.concatenate(([0.0], np.cumsum(steps))) / _SECONDS_PER_HOUR)
