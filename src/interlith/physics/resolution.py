"""To which digit was a column of numbers printed or stored?"""

from __future__ import annotations

import numpy as np

from interlith.physics.counting_runs import Floats

#: Numbers above this have no decimals in double precision.
LARGEST = 1e200
#: Numbers looked at, evenly spread.
SAMPLE = 4000
#: Share of the numbers that must be multiples of the resolution; the rest may be strays.
SHARE = 0.98
#: Decimals beyond which a number is taken for a binary one in single precision.
MOST_DECIMALS = 12
#: So many different numbers show the step to which they were rounded.
MANY_VALUES = 10
#: So many neighbours that differ by one step show it too.
LEAST_FLICKERS = 5
#: Fewer might be round by themselves; they are then taken to be exact to this share.
ROUND_SHARE = 1e-3
#: Spacing of single-precision numbers relative to their size.
SINGLE_PRECISION = 2.0**-23


def resolution(values: Floats) -> float:
    """Decimal step to which numbers were printed, such as 1e-4; for binary single-precision numbers their spacing.

    Parameters
    ----------
    values
        Shape (n,), any unit; zeros are ignored.

    Notes
    -----
    The assumption that fails first: numbers that happen to end in zero look coarser than they are, hence many are
    needed. Fewer than two different numbers say little: the answer is then the step of that number.
    """
    used = np.abs(values[np.isfinite(values) & (values != 0.0)])
    if used.size == 0:
        return 0.0
    used = used[:: max(1, used.size // SAMPLE)]
    decimals = np.full(used.size, MOST_DECIMALS + 1)
    for number in range(MOST_DECIMALS, -1, -1):
        scaled = np.minimum(used, LARGEST) * 10.0**number
        whole = np.abs(scaled - np.round(scaled)) <= np.maximum(1e-6, 4e-16 * scaled)
        decimals[whole & (scaled >= 0.5)] = number
    needed = int(np.quantile(decimals, SHARE, method="higher"))
    if needed > MOST_DECIMALS:
        return float(np.median(used)) * SINGLE_PRECISION
    return float(10.0**-needed)


def credible(step: float, values: Floats, *, others: float) -> float:
    """The step, or a finer one where the numbers are too few to show that they were rounded and not simply round.

    Parameters
    ----------
    step
        Decimal step found by `resolution` in `values`.
    values
        Shape (n,), any unit.
    others
        Decimal step of the other columns of the file, which a vendor prints to a like number of decimals; 0 if unknown.

    Notes
    -----
    A current that stands at exactly 0.001 A may have been rounded to that, or set to it. Many different numbers, or
    neighbouring rows that differ by one step, show rounding. Otherwise the step is bounded by that of the other columns
    or by `ROUND_SHARE` of the median, whichever is coarser.
    """
    used = np.abs(values[np.isfinite(values) & (values != 0.0)])
    if used.size == 0 or step == 0.0:
        return step
    jitter = np.abs(np.diff(values))
    flickers = (jitter > 0.5 * step) & (jitter < 1.5 * step) & (values[1:] * values[:-1] > 0)
    if np.unique(used).size >= MANY_VALUES or np.count_nonzero(flickers) >= LEAST_FLICKERS:
        return step
    return min(step, max(others, ROUND_SHARE * float(np.median(used))))
