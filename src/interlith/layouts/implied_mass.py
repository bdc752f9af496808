"""Which active mass did the user type into the cycler, judged from columns per gram beside columns per cell?"""

from __future__ import annotations

import math
from collections.abc import Sequence

#: Relative width of the interval of possible masses above which nothing is proposed.
WIDEST = 0.02


def implied_mass(totals: Sequence[str], specifics: Sequence[str], *, factor: float) -> str | None:
    """Mass in mg implied by a capacity and a specific capacity of the same rows: the shortest number that fits them all.

    Parameters
    ----------
    totals
        Printed capacities.
    specifics
        Printed specific capacities (mAh/g) of the same rows.
    factor
        From the printed capacity to Ah.

    Notes
    -----
    Every row allows an interval of masses by the rounding of its two numbers; the intervals are intersected. Vendors print
    specific values with a mass of the user, which may be a placeholder: the result is a proposal. Rows that contradict
    each other give `None`.
    """
    low, high = 0.0, math.inf
    for total, specific in zip(totals, specifics, strict=False):
        try:
            charge, per_gram = abs(float(total)), abs(float(specific))
        except ValueError:
            continue
        charge_half, per_gram_half = _half_digit(total), _half_digit(specific)
        if charge <= charge_half or per_gram <= per_gram_half:
            continue
        low = max(low, (charge - charge_half) * factor * 1e6 / (per_gram + per_gram_half))
        high = min(high, (charge + charge_half) * factor * 1e6 / (per_gram - per_gram_half))
    if not math.isfinite(high) or not 0 < low <= high or high / low - 1 > WIDEST:
        return None
    middle = 0.5 * (low + high)
    for decimals in range(8):
        text = f"{middle:.{decimals}f}"
        if low <= float(text) <= high:
            return f"{text} mg"
    return None


def _half_digit(text: str) -> float:
    return 0.51 * 10.0 ** -len(text.strip().partition(".")[2])
