"""How far does one of a few values lie from the others, and how often would that happen by chance?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

#: Below three values nothing is left that could be an estimate of the scatter of the others.
FEWEST = 3


def deleted_residuals(values: Array, *, least_scatter: float = 0.0) -> tuple[Array, Array]:
    """Studentised deleted residuals of a sample, and their two-sided probabilities.

    Each value is compared with the mean of the others in units of the standard deviation of the others, so that a value
    far out does not hide behind the scatter that it makes itself.

    Parameters
    ----------
    values
        Independent values, shape (n,), n of at least 3.
    least_scatter
        Standard deviation that is there in any case (of the measurement), in the unit of the values: others that agree
        by luck, or to the last digit, then prove nothing.

    Returns
    -------
    tuple
        Residuals and probabilities, shape (n,) each. The probabilities are of each value by itself: whoever looks for
        the largest of n multiplies by n (Bonferroni).

    Raises
    ------
    ValueError
        If there are fewer than three values or one is not finite.

    Notes
    -----
    Assumption that fails first: that the others are normal and hold no second outlier, which hides the first.

    References
    ----------
    Cook and Weisberg, Residuals and Influence in Regression (1982), section 2.2.1.
    """
    from scipy import stats

    count = values.size
    if count < FEWEST or not np.isfinite(values).all():
        raise ValueError(
            f"{count} values, of which {int(np.isfinite(values).sum())} finite; at least {FEWEST} are needed"
        )
    others = (values.sum() - values) / (count - 1)
    squares = np.array([np.square(np.delete(values, k) - others[k]).sum() for k in range(count)]) / (count - 2)
    scatter = np.sqrt(np.maximum(squares, least_scatter**2) * (1 + 1 / (count - 1)))
    distance = values - others
    with np.errstate(divide="ignore", invalid="ignore"):
        residuals = np.where(distance == 0, 0.0, distance / scatter)
    return residuals, np.asarray(2 * stats.t.sf(np.abs(residuals), df=count - 2), dtype=np.float64)
