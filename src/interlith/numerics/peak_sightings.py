"""Which peaks were seen in which curve of a series?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Sightings:
    """All peaks of all members.

    Parameters
    ----------
    member
        Number of the member in the series, not falling, shape (n,).
    position, spread, width, size
        (as the abscissa; spread: standard uncertainty of the position), and size > 0, shape (n,).
    """

    member: Rows
    position: Array
    spread: Array
    width: Array
    size: Array


def sightings(
    position: Sequence[Array], spread: Sequence[Array], width: Sequence[Array], size: Sequence[Array]
) -> Sightings:
    """Peaks of members in order, each a list of arrays, as one table."""
    member = np.repeat(np.arange(len(position)), [len(one) for one in position])
    parts = [
        np.concatenate([np.asarray(one, dtype=np.float64) for one in table]) if table else np.zeros(0)
        for table in (position, spread, width, size)
    ]
    return Sightings(member, *parts)


def parts_of(seen: Sightings, chain: Rows) -> list[Rows]:
    """Sightings of each chain in order, by the number of the chain."""
    order = np.lexsort((seen.member, chain))
    return np.split(order, np.flatnonzero(np.diff(chain[order])) + 1) if order.size else []
