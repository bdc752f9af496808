"""Do slow waves in what a fit leaves over ask for more polynomials under it?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from interlith.errors import FitError
from interlith.numerics.background_terms import MOST
from interlith.numerics.backgrounds import chebyshev_basis

Array = NDArray[np.float64]

#: Polynomials beyond those that a background may have, in parts of them: what they take away says how rough the rest is.
_BEYOND = 2
#: Points a polynomial that is looked at.
_EACH = 4
#: By how much a polynomial must lessen chi squared, over what chance takes away, to make the curve truer (Mallows).
_WORTH = 2.0
#: Chance up to which waves are taken for real. One polynomial too many makes all numbers a little less certain, and their standard
#: uncertainties tell so; one too few shifts what is weak, and nothing tells: hence no stricter test.
_CHANCE = 0.05
#: Added to the normal matrix, whose diagonal is 1: curves that are nearly sums of others take nothing away.
_SMALL = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Waves:
    """What polynomials beyond those of a fit would take away from its chi squared.

    Parameters
    ----------
    count
        Number of polynomials in the fit.
    gains
        Of each further one after those before it, shape (k,), up to the most that a background may have.
    level
        Mean gain of still further ones that no background needs: 1 where the fit is right, more where it is wrong at its peaks.
    freedom
        Number of those.
    """

    count: int
    gains: Array
    level: float
    freedom: int


@dataclass(frozen=True, slots=True)
class More:
    """How many polynomials the waves ask for.

    Parameters
    ----------
    count
        Number of polynomials; that of the fit if no more are asked for.
    tried
        The number that those of the fit were compared with: `count` if that is more, else the best of what is not asked for.
    gain
        Mean gain of the polynomials from the fit's to `tried`, over that of polynomials that no background needs.
    chance
        How likely a gain of that size is without any wave.
    """

    count: int
    tried: int
    gain: float
    chance: float


def waves_left(x: Array, left: Array, std: Array, slopes: Array, count: int) -> Waves | None:
    """Gains of further Chebyshev polynomials, to first order, everything else refined along.

    Parameters
    ----------
    x
        Rising, shape (n,).
    left, std
        Observed less calculated, and standard uncertainties, shape (n,).
    slopes
        Of the calculated curve in all that was refined, the background included, shape (p, n).
    count
        Number of polynomials in the fit.

    Returns
    -------
    `None` where there are too few points to tell, or no further polynomials may be added.

    Raises
    ------
    FitError
        If the shapes do not fit each other.

    Notes
    -----
    The assumption that fails first: that what is wrong at the peaks takes part in slow waves as much as in those a little faster. Where lines
    are as broad as the waves, it does not.
    """
    if not x.shape == left.shape == std.shape == slopes.shape[1:]:
        raise FitError(f"x, left, std and slopes need one number of points; got {x.shape}, {left.shape}, {std.shape}, {slopes.shape}.")  # fmt: skip
    highest = min(_BEYOND * MOST, (x.size - len(slopes)) // _EACH)
    most = highest // _BEYOND
    if most <= count:
        return None
    further = chebyshev_basis(x, x, highest)[:, count:].T
    columns = np.concatenate([slopes, further]) / std
    size = np.sqrt((columns**2).sum(axis=1))
    columns = np.divide(columns, size[:, None], out=np.zeros_like(columns), where=size[:, None] > 0)
    matrix = columns @ columns.T
    matrix[np.diag_indices_from(matrix)] = 1 + _SMALL
    # Forward substitution takes the curves in one after the other.
    gains = np.linalg.solve(np.linalg.cholesky(matrix), columns @ (left / std))[len(slopes) :] ** 2
    some = gains[most - count :]
    return Waves(count, gains[: most - count], float(some.mean()), some.size)


def more_terms(found: Sequence[Waves]) -> More:
    """Number of polynomials by the waves that one or several fits with the same number leave over.

    Parameters
    ----------
    found
        At least one.

    Raises
    ------
    FitError
        If there is none, or their numbers differ.

    Notes
    -----
    The number of least C_p is taken, the error being what polynomials beyond all that a background needs take away, if so much is unlikely by
    chance. A level below 1 counts as 1: uncertainties are not made smaller by a fit that happens to be good.

    References
    ----------
    C. L. Mallows, Technometrics 42 (2000) 87, 10.1080/00401706.2000.10485984 (C_p; first printed in 1973).
    """
    if len({one.count for one in found}) != 1:
        raise FitError("Waves of fits with one number of polynomials are needed; got none, or several numbers.")
    further = min(one.gains.size for one in found)
    gains = np.stack([one.gains[:further] / max(one.level, 1.0) for one in found])
    worth = np.cumsum((gains - _WORTH).sum(axis=0))
    best = 1 + int(np.argmax(worth))
    gain, chance = _compared(found, best)
    more = worth[best - 1] > 0 and chance <= _CHANCE
    first = found[0].count
    return More(first + best if more else first, first + best, gain, chance)


def _compared(found: Sequence[Waves], further: int) -> tuple[float, float]:
    """Mean gain of some further polynomials over the level, and the chance of so much."""
    from scipy import special

    terms, freedom = len(found) * further, sum(one.freedom for one in found)
    gain = sum(float(one.gains[:further].sum()) / max(one.level, 1.0) for one in found) / terms
    return gain, float(special.fdtrc(terms, freedom, gain))
