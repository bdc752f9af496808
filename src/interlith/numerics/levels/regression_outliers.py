"""Which point of a fitted line lies farther from the line through the others than chance allows?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Array = NDArray[np.float64]


def deleted_probabilities(residuals: Array, leverage: Array, *, coefficients: int = 2, stated: bool = False) -> Array:
    """Probability, over all points (Bonferroni), that a point lies so far from the line through the others by chance.

    Parameters
    ----------
    residuals, leverage
        Over their standard uncertainties (relative ones unless `stated`), and the diagonal of the hat matrix, shape
        (..., n).
    coefficients
        Number of fitted coefficients.
    stated
        Whether the uncertainties are taken at their word (normal) and do not come from the scatter (Student t of the
        others, with n - coefficients - 1 degrees of freedom).

    Returns
    -------
    Array
        Shape (..., n), at most one; ones where no degree of freedom is left.

    Notes
    -----
    Assumption that fails first: that the others hold no second outlier, which hides the first.

    References
    ----------
    Cook and Weisberg, Residuals and Influence in Regression (1982), section 2.2.2.
    """
    count = residuals.shape[-1]
    left = count - coefficients - 1
    freedom = np.maximum(1.0 - leverage, 1e-12)
    if stated:
        return np.asarray(np.minimum(1.0, count * 2 * stats.norm.sf(np.abs(residuals) / np.sqrt(freedom))))
    if left < 1:
        return np.ones(residuals.shape)
    total = (residuals**2).sum(axis=-1, keepdims=True)
    rest = np.maximum(total - residuals**2 / freedom, 1e-14 * total) / left
    with np.errstate(divide="ignore", invalid="ignore"):
        pulls = np.where(residuals == 0, 0.0, residuals / np.sqrt(rest * freedom))
    # A point that alone fixes a coefficient has no residual that could be judged.
    judged = 1.0 - leverage > 1e-9
    return np.asarray(np.where(judged, np.minimum(1.0, count * 2 * stats.t.sf(np.abs(pulls), left)), 1.0))
