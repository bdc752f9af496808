"""Which zeros among counts did a detector that was off write, and not a weak source?"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

#: Neighbours on each side of a run of zeros that say how many counts were to be expected.
NEIGHBOURS = 10
#: A side with fewer points says nothing.
FEWEST = 5
#: A run is taken for dead where counting would give it less often than this.
RAREST = 1e-9


def unlikely_zeros(counts: ArrayLike) -> NDArray[np.bool_]:
    """Runs of zeros that counting does not explain, shape (n,).

    Parameters
    ----------
    counts
        In order along the scan, shape (n,); other than whole numbers nothing is said of.

    Notes
    -----
    k zeros in a row where m counts are expected have the probability exp(-k m). m is the lesser of the medians of the ten
    points on either side, of the one side at an end. A scan without any count is left as it is: there is nothing to compare it
    with. The assumption that fails first: a background that falls to nothing within the run.
    """
    values = np.asarray(counts, dtype=float)
    found = np.zeros(values.shape, dtype=bool)
    zero = values == 0
    if not zero.any() or zero.all() or not np.all(values[np.isfinite(values)] % 1 == 0):
        return found
    edges = np.flatnonzero(np.diff(np.concatenate([[False], zero, [False]]).astype(np.int8)))
    for first, last in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        sides = [values[max(0, first - NEIGHBOURS) : first], values[last : last + NEIGHBOURS]]
        known = [float(np.median(side)) for side in sides if side.size >= FEWEST]
        expected = min(known, default=0.0)
        found[first:last] = (last - first) * expected > -math.log(RAREST)
    return found
