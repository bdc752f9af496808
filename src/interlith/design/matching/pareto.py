"""Which matches is no other better than in everything?"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

#: Two values of a goal closer than this share count as equal: rounding must not decide what stands on a front.
_EQUAL = 1e-9


def front(goals: ArrayLike) -> NDArray[np.bool_]:
    """Which rows are on the Pareto front.

    Parameters
    ----------
    goals
        Goals to be small, shape (n, m).

    Returns
    -------
    True where no other row is at least as good in all goals and better in one, shape (n,). Rows that are equal in all goals
    are all on it, or none.
    """
    values = np.asarray(goals, dtype=float)
    kept = np.ones(len(values), dtype=bool)
    slack = _EQUAL * np.maximum(np.abs(values).max(axis=0, initial=0), 1e-300)
    for place in np.lexsort(values.T[::-1]):
        if not kept[place]:
            continue
        worse = np.all(values >= values[place] - slack, axis=1) & np.any(values > values[place] + slack, axis=1)
        kept &= ~worse
    return kept
