"""Does a short series rise or fall, and how steeply, when nothing is known of the shape of its scatter?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from interlith.errors import FitError

Array = NDArray[np.float64]

#: Up to this many points the distribution of Kendall's statistic is counted out, beyond it is normal.
MOST_COUNTED = 60


@dataclass(frozen=True, slots=True)
class Monotone:
    """Median slope with its exact interval, and the test of no trend.

    Parameters
    ----------
    slope, low, high
        Theil and Sen's median of all slopes between two points, and its interval; infinite ends where the points are
        too few for the level.
    kendall
        Kendall's statistic over the number of pairs, -1 to 1.
    probability
        Two-sided probability of a statistic at least this far from zero without a trend.
    held
        Level that the interval really has, at least the asked one because the statistic is discrete.
    """

    slope: float
    low: float
    high: float
    kendall: float
    probability: float
    held: float


def monotone(x: ArrayLike, y: ArrayLike, *, level: float = 0.95) -> Monotone:
    """Theil-Sen slope and Kendall's test.

    Parameters
    ----------
    x
        Abscissa, shape (n,), in any order; pairs of equal abscissa say nothing of the slope and are left out.
    y
        Values, shape (n,).
    level
        Least confidence of the interval.

    Raises
    ------
    FitError
        With fewer than three different abscissas, or numbers that are not finite.

    Notes
    -----
    Exact for independent scatter of any one continuous distribution about a line, so that outliers and heavy tails change
    nothing; with equal values in `y` or repeated abscissas the interval is a little wide. The assumption that fails
    first: that neighbouring residuals are independent.

    References
    ----------
    Sen 1968, 10.1080/01621459.1968.10480934. Kendall 1938, 10.1093/biomet/30.1-2.81.
    """
    abscissa, values = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    if abscissa.shape != values.shape or abscissa.ndim != 1:
        raise FitError(f"A trend needs x and y of one shape (n,); found {abscissa.shape} and {values.shape}.")
    if not (np.isfinite(abscissa).all() and np.isfinite(values).all()):
        raise FitError("A trend needs finite numbers; found nan or inf. Leave incomplete points out.")
    if np.unique(abscissa).size < 3:
        raise FitError(f"A trend needs at least three different abscissas; found {np.unique(abscissa).size}.")
    one, two = np.triu_indices(abscissa.size, 1)
    run = abscissa[two] - abscissa[one]
    used = run != 0
    slopes = np.sort((values[two] - values[one])[used] / run[used])
    statistic = int(np.sign(slopes).sum())
    tail, held = _critical(abscissa.size, level)
    # With repeated abscissas there are fewer slopes than the counted distribution has pairs: the ends then lie further
    # out than they need to, and the interval is a little wide.
    outside = (slopes.size - tail) // 2
    if tail > slopes.size:
        low, high, held = -math.inf, math.inf, 1.0
    else:
        low, high = float(slopes[outside]), float(slopes[slopes.size - 1 - outside])
    return Monotone(
        float(np.median(slopes)), low, high, statistic / slopes.size, _probability(abscissa.size, statistic), held
    )


def _critical(count: int, level: float) -> tuple[int, float]:
    """Smallest C such that |S| < C holds with at least this probability without a trend, and that probability."""
    sizes, chances = _distribution(count)
    inside = np.cumsum(np.bincount(np.abs(sizes), chances))
    found = int(np.argmax(inside >= level - 1e-12))
    # S has the parity of its largest value, so the next value up is two further.
    return found + 2, float(inside[found])


def _probability(count: int, statistic: int) -> float:
    sizes, chances = _distribution(count)
    return float(min(1.0, chances[np.abs(sizes) >= abs(statistic)].sum()))


@cache
def _distribution(count: int) -> tuple[NDArray[np.int64], Array]:
    """Values of Kendall's S for `count` points without ties and without a trend, and their probabilities."""
    pairs = count * (count - 1) // 2
    sizes = np.arange(-pairs, pairs + 1, 2)
    if count > MOST_COUNTED:
        spread = math.sqrt(count * (count - 1) * (2 * count + 5) / 18)
        edges = special.ndtr((np.append(sizes, pairs + 2) - 1) / spread)
        edges[0], edges[-1] = 0.0, 1.0
        return sizes, np.diff(edges)
    chances = np.ones(1)
    for step in range(2, count + 1):
        # The new last point is larger than any number of the earlier ones with equal chance.
        chances = np.convolve(chances, np.full(step, 1.0 / step))
    return sizes, chances
