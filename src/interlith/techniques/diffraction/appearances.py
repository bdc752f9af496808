"""How is a first appearance along the order of patterns said in states: between which two, and what speaks for it?"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from interlith.numerics.first_appearance import Appearance


def in_states(one: Appearance, pattern: ArrayLike, state: ArrayLike) -> dict[str, Any]:
    """A row of a table of appearances.

    Parameters
    ----------
    one
        Found along the numbers of the patterns.
    pattern, state
        Numbers, rising, and their states, shape (n,).

    Notes
    -----
    The interval is found along the order of the patterns and then said in states: while a state is held, its name does not tell patterns
    apart.
    """
    numbers, states = np.asarray(pattern, dtype=float), np.asarray(state, dtype=float)

    def at(place: float) -> float | None:
        return float(np.interp(place, numbers, states)) if math.isfinite(place) else None

    ends = [value for value in (at(one.low), at(one.high)) if value is not None]
    return {
        "present": one.present, "from_start": one.present and not math.isfinite(one.low), "low": min(ends) if len(ends) == 2 else None,
        "high": max(ends) if ends else None, "value": at(one.value), "detected": at(one.detected),
        "first_pattern": one.low if math.isfinite(one.low) else None, "last_pattern": one.high if math.isfinite(one.high) else None,
        "power": one.power, "significance": one.significance, "least": one.least, "scale": one.scale,
    }  # fmt: skip
