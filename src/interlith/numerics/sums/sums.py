"""How wide is the interval of a sum whose terms are known with many or few degrees of freedom, at one place or along a line?

A sum of a term known from three replicates and one known from a calibration is neither normal nor Student t. Pure arrays.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import special

from interlith.errors import FitError

Array = NDArray[np.float64]

#: Draws from which the critical value of a band follows; its error is then below one per cent of the width.
DRAWS = 40_000


def t_quantile(level: float, degrees: Array | float) -> Array:
    """Two-sided quantile of Student's t for any degrees of freedom; normal where they are infinite.

    Parameters
    ----------
    level
        Probability inside.
    degrees
        (1), any shape; at least a little above zero.
    """
    known = np.asarray(degrees, dtype=float)
    finite = np.where(np.isfinite(known), known, 1.0)
    normal = special.ndtri(0.5 + level / 2)
    return np.asarray(np.where(np.isfinite(known), special.stdtrit(finite, 0.5 + level / 2), normal), dtype=float)


def effective_degrees(scatter: Array, degrees: Array, known: Array | float = 0.0) -> Array:
    """Degrees of freedom of a sum of independent variances, between those of Welch and Satterthwaite and corrected ones.

    Parameters
    ----------
    scatter
        (as the sum), shape (..., k): standard errors, each with its own degrees of freedom.
    degrees
        (1), shape (..., k) or (k,): infinite where a size is known.
    known
        (as the sum), shape (...): further standard uncertainty of known size.

    Returns
    -------
    (1), shape (...); infinite where nothing is estimated from few values.

    Notes
    -----
    The textbook formula puts an estimated fourth power where the true one belongs, which makes few degrees fewer: 0.98
    instead of 0.95 for four terms of two replicates. With the expected fourth power it is too many (0.93 where one term of
    three dominates). With one degree of freedom somewhere the mean of both is taken, with more soon the textbook alone;
    the weight was chosen by measured coverage (``benchmarks/balance_coverage.py``).

    References
    ----------
    Welch 1947, 10.1093/biomet/34.1-2.28. Satterthwaite 1946, 10.2307/3002019.
    """
    square = np.square(scatter)
    finite = np.isfinite(degrees)
    count = np.where(finite, degrees, 1.0)
    total = square.sum(axis=-1) + np.square(known)
    used = np.where(finite & (square > 0), square, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        textbook = np.square(total) / (np.square(used) / count).sum(axis=-1)
        corrected = np.square(total) / (np.square(used) / (count + 2.0)).sum(axis=-1) - 2.0
    fewest = np.where(finite & (square > 0), count, math.inf).min(axis=-1)
    estimated = used.sum(axis=-1) > 0
    share = np.where(estimated, 2.0 ** (1.0 - 2.0 * np.minimum(fewest, 20.0)), 0.0)
    known_only = np.where(estimated, textbook, 1.0)
    both = (1.0 - share) * known_only + share * np.where(estimated, np.maximum(corrected, fewest), 1.0)
    return np.where(estimated, both, math.inf)


def half_width(scatter: Array, degrees: Array, known: Array | float, level: float) -> Array:
    """Half of the two-sided interval of a sum with estimated and known parts.

    Parameters
    ----------
    scatter, degrees
        As in `effective_degrees`, shape (..., k).
    known
        (as the sum), shape (...): standard uncertainty of what is known (calibrations, counting).
    level
        Probability inside.

    Notes
    -----
    Between two bounds (weighted geometric mean): a single Student t for the total, too narrow where a dominating term comes
    from two or three values (0.91), and the quadratic sum of a Student t for the estimated and a normal for the known part,
    too wide (0.98). Measured over the cases of ``benchmarks/balance_coverage.py``: 0.94-0.97.
    """
    certain = np.where(np.isfinite(degrees), 0.0, np.square(scatter)).sum(axis=-1)
    fixed = np.sqrt(np.square(known) + certain)
    estimated = np.where(np.isfinite(degrees), scatter, 0.0)
    size = np.sqrt(np.square(estimated).sum(axis=-1))
    single = t_quantile(level, effective_degrees(estimated, degrees, fixed)) * np.hypot(size, fixed)
    apart = np.hypot(
        t_quantile(level, effective_degrees(estimated, degrees)) * size, t_quantile(level, math.inf) * fixed
    )
    return np.asarray(single**0.6 * apart**0.4, dtype=float)


def familywise_level(sizes: Array, level: float) -> float:
    """Level that each of several correlated intervals needs so that all hold together with probability `level`.

    Parameters
    ----------
    sizes
        (any unit), shape (m, s): signed standard uncertainty of each of m numbers by independent source.
    level
        Probability that all m intervals hold.

    Raises
    ------
    FitError
        If the level is no probability.

    Notes
    -----
    The distribution of the largest standardised error is drawn from the correlation (fixed seed). Where the sizes of the
    errors come from few values, intervals fail together less often than that, and the band is a little too wide.
    """
    if not 0.0 < level < 1.0:
        raise FitError(f"level is {level}; write a probability such as 0.95.")
    spread = np.sqrt(np.square(sizes).sum(axis=1))
    used = sizes[spread > 0] / spread[spread > 0, None]
    if len(used) < 2:
        return level
    values, vectors = np.linalg.eigh(used @ used.T)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    draws = np.random.default_rng(20_240_611).standard_normal((DRAWS, len(used)))
    largest = np.abs(draws @ root.T).max(axis=1)
    return float(2.0 * special.ndtr(np.quantile(largest, level)) - 1.0)


def t_degrees(ratio: float, level: float) -> float:
    """Degrees of freedom at which the interval at `level` is `ratio` standard uncertainties wide to either side.

    Infinite where the ratio is that of a normal interval or less.
    """
    if ratio <= float(special.ndtri(0.5 + level / 2)) * (1 + 1e-4):
        return math.inf
    low, high = math.log(0.3), math.log(1e7)
    for _ in range(80):
        middle = 0.5 * (low + high)
        if float(special.stdtrit(math.exp(middle), 0.5 + level / 2)) > ratio:
            low = middle
        else:
            high = middle
    return math.exp(0.5 * (low + high))
