"""How many cells per variant would decide the question?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.special import ndtr

from interlith.errors import StudyError

#: More cells than this is no plan for an experiment; the answer is then "more than".
MOST_CELLS = 10_000
_NODES = 1_000


@dataclass(frozen=True, slots=True)
class CellsNeeded:
    """Cells per variant; `low` and `high` follow from the 95 % interval of the spread that was put in.

    `None` stands for more than `MOST_CELLS`.
    """

    cells: int | None
    low: int | None
    high: int | None
    spread: float
    effect: float
    power: float
    level: float


def cells_for_power(
    spread: float, effect: float, *, degrees: float = math.inf, power: float = 0.8, level: float = 0.95
) -> CellsNeeded:
    """Cells per variant with which a true effect of this size is told from none with the given power.

    Parameters
    ----------
    spread
        (as effect) standard deviation between units within a variant.
    effect
        True difference to be found; sign does not matter.
    degrees
        Degrees of freedom with which the spread was estimated; infinite where it is declared.
    power, level
        Probability of finding it, and confidence of the two-sided interval.

    Raises
    ------
    StudyError
        If spread is negative, effect is zero, or power and level are no probabilities.

    Notes
    -----
    Assumption that fails first: that the spread put in is the true one. From three cells a variant it is known only
    within a factor of about three, which `low` and `high` show. Noncentral t, equal numbers and equal scatter.
    """
    if not (spread >= 0 and math.isfinite(spread)):
        raise StudyError(f"The spread between units is {spread}; it must be a finite number of at least 0.")
    if effect == 0 or not math.isfinite(effect):
        raise StudyError(f"The effect to be found is {effect}; no number of cells finds an effect of zero.")
    if not (0 < power < 1 and 0 < level < 1):
        raise StudyError(f"Power is {power} and level {level}; both must lie between 0 and 1.")
    low_spread, high_spread = spread_interval(spread, degrees)
    return CellsNeeded(
        _cells(spread, effect, power, level),
        _cells(low_spread, effect, power, level),
        _cells(high_spread, effect, power, level),
        spread,
        abs(effect),
        power,
        level,
    )


def spread_interval(spread: float, degrees: float, level: float = 0.95) -> tuple[float, float]:
    """Interval of a standard deviation from its degrees of freedom (chi-squared); the value itself if declared."""
    if math.isinf(degrees):
        return (spread, spread)
    tail = (1 - level) / 2
    low, high = stats.chi2.ppf([tail, 1 - tail], degrees)
    return (spread * math.sqrt(degrees / high), spread * math.sqrt(degrees / low) if low > 0 else math.inf)


def power_of(cells: int, spread: float, effect: float, level: float = 0.95) -> float:
    """Probability that the two-sided interval of a contrast of n and n cells leaves out zero."""
    if spread == 0:
        return 1.0
    degrees = 2 * cells - 2
    shift = abs(effect) / (spread * math.sqrt(2 / cells))
    limit = float(stats.t.ppf(0.5 + level / 2, degrees))
    # The noncentral t written as a mean over the scatter that may be observed: scipy's own returns nan far out.
    scale = limit * _relative_scatter(degrees)
    return float(np.mean(ndtr(shift - scale) + ndtr(-shift - scale)))


@lru_cache(maxsize=256)
def _relative_scatter(degrees: int) -> NDArray[np.float64]:
    """Observed over true standard deviation at evenly spaced probabilities, shape (_NODES,)."""
    shares = stats.chi2.ppf((np.arange(_NODES) + 0.5) / _NODES, degrees)
    return np.asarray(np.sqrt(shares / degrees), dtype=np.float64)


def _cells(spread: float, effect: float, power: float, level: float) -> int | None:
    if not math.isfinite(spread) or power_of(MOST_CELLS, spread, effect, level) < power:
        return None
    few, many = 1, MOST_CELLS
    while many - few > 1:
        middle = (few + many) // 2
        if power_of(middle, spread, effect, level) >= power:
            many = middle
        else:
            few = middle
    return many
