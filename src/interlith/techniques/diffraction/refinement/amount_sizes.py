"""How sure are amounts that a pattern is linear in, where the model leaves something over?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def amount_sizes(rows: Array, left: Array, reach: int) -> Array:
    """Standard uncertainties of amounts, shape (q,), infinite where nothing says them.

    Parameters
    ----------
    rows
        Curve of each amount over the standard uncertainties of the points, shape (q, n).
    left
        Observed less calculated, over the same, shape (n,).
    reach
        Points over which a misfit goes on, such as a line.

    Notes
    -----
    Variances by counting, times the mean square of what is left over: of single points or, if that is more, of stretches of `reach`
    points, since what a misfit does to an amount adds up along it. The assumption that fails first: that the misfit is the same
    everywhere; what is left over where a phase has no line makes its amount less sure all the same.
    """
    square = rows @ rows.T
    diagonal = np.diag(square)
    unit = np.divide(1.0, np.sqrt(diagonal), out=np.zeros_like(diagonal), where=diagonal > 0)
    own = np.diag(np.linalg.pinv(square * np.outer(unit, unit), hermitian=True)) * unit**2
    sums = np.add.reduceat(left, np.arange(0, left.size, reach))
    misfit = max(1.0, float(left @ left) / left.size, float(sums @ sums) / left.size)
    return np.asarray(np.where(own > 0, np.sqrt(np.maximum(own, 0.0) * misfit), np.inf))
