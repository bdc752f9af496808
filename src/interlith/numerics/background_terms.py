"""How many polynomials does a background need, and may it have a hump?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlith.errors import FitError
from interlith.numerics.backgrounds import Baseline, baseline, chebyshev_basis, least_squares

Array = NDArray[np.float64]

#: Full widths at half maximum that a hump may have, in parts of the range: a narrower one would be a peak, a wider one needs no term.
_NARROW, _WIDE = 1 / 20, 1 / 3
_WIDTHS, _PER_WIDTH = 6, 3.0
#: Polynomials that a background may have: the curve under the peaks has no faster waves (`backgrounds._STIFFNESS`).
MOST = 40
#: Parameters of a hump, and by how much the criterion must be less with one (odds of 150 to 1).
_OF_HUMP, _CLEAR = 3, 10.0


@dataclass(frozen=True, slots=True)
class Hump:
    """A broad, Gaussian rise of the background: scattering by something without long-range order.

    Parameters
    ----------
    position, width
        (as x): top, and full width at half maximum.
    height
        (as y).
    """

    position: float
    width: float
    height: float

    def at(self, x: ArrayLike) -> Array:
        """Its height at some places, shape of `x`."""
        return self.height * _gaussian(np.asarray(x, dtype=np.float64), self.position, self.width)


@dataclass(frozen=True, slots=True)
class Terms:
    """What a background consists of.

    Parameters
    ----------
    count
        Number of Chebyshev polynomials.
    hump
        If there is one.
    criterion
        Misfit and number of parameters weighed against each other (Bayesian information criterion); less is better, by 10 clearly.
    """

    count: int
    hump: Hump | None
    criterion: float


@dataclass(frozen=True, slots=True)
class Wanted:
    """The terms of a background, and what else may be.

    Parameters
    ----------
    best, runner_up
        The best and the second best number of polynomials.
    with_hump
        The best number beside a hump, where that is better than `best` by at least 10; only a fit of the peaks can tell whether
        it is one.
    """

    best: Terms
    runner_up: Terms
    with_hump: Terms | None = None

    @property
    def lead(self) -> float:
        """By how much the criterion of the best number is less than that of the second best."""
        return self.runner_up.criterion - self.best.criterion


def wanted_terms(x: ArrayLike, y: ArrayLike, std: ArrayLike, *, fewest: int = 3, most: int = MOST) -> Wanted:
    """Number of polynomials, and perhaps a hump, that follow the curve under the peaks.

    Parameters
    ----------
    x, y, std
        As for `interlith.numerics.backgrounds.baseline`.
    fewest, most
        Numbers of polynomials that are tried.

    Raises
    ------
    FitError
        As `interlith.numerics.backgrounds.baseline`, or if fewer than two numbers are to be tried.

    Notes
    -----
    The terms are compared with the robust baseline, in units of the noise of the points it was drawn through: a term counts where the points
    show it. The assumption that fails first: a baseline without peaks. Where they overlap all along, waves of it are peaks, and where many
    counts show the feet of strong peaks, these may look like a hump: in simulated patterns of 1,000 counts without any, one in three did.

    References
    ----------
    G. Schwarz, Ann. Statist. 6 (1978) 461, 10.1214/aos/1176344136 (criterion).
    """
    if not 1 <= fewest < most:
        raise FitError(f"At least two numbers of polynomials from 1 must be tried; got {fewest} to {most}.")
    found = baseline(x, y, std)
    most = min(most, max(fewest + 1, found.x.size // 4))
    curves = chebyshev_basis(found.x, np.asarray(x, dtype=np.float64), most)
    root = np.sqrt(found.weight)
    penalty = math.log(found.x.size)
    numbers = range(fewest, most + 1)
    plain = sorted(
        (_without(curves[:, :count], found, root, penalty) for count in numbers), key=lambda one: one.criterion
    )
    bumps, places = _humps(found, root)
    humped = min(
        (_with_hump(curves[:, :count], found, root, penalty, bumps, places) for count in numbers),
        key=lambda one: one.criterion,
    )
    clear = plain[0].criterion - humped.criterion >= _CLEAR
    return Wanted(plain[0], plain[1], humped if clear else None)


def _without(curves: Array, found: Baseline, root: Array, penalty: float) -> Terms:
    rest = found.level - curves @ least_squares(curves, found.level, found.weight)
    return Terms(curves.shape[1], None, float(np.sum((root * rest) ** 2)) + curves.shape[1] * penalty)


def _with_hump(
    curves: Array, found: Baseline, root: Array, penalty: float, bumps: Array, places: list[tuple[float, float]]
) -> Terms:
    """The terms with the hump of a grid that lessens the misfit most; no hump may be negative."""
    count = curves.shape[1]
    frame, _ = np.linalg.qr(curves * root[:, None])
    rest = root * found.level
    rest = rest - frame @ (frame.T @ rest)
    free = bumps - frame @ (frame.T @ bumps)
    size = np.sum(free**2, axis=0)
    height = np.divide(free.T @ rest, size, out=np.zeros_like(size), where=size > 1e-9 * np.sum(bumps**2, axis=0))
    gain = np.where(height > 0, height**2 * size, 0.0)
    best = int(np.argmax(gain))
    hump = Hump(*places[best], float(height[best]))
    return Terms(count, hump, float(rest @ rest - gain[best]) + (count + _OF_HUMP) * penalty)


def _humps(found: Baseline, root: Array) -> tuple[Array, list[tuple[float, float]]]:
    """Weighted humps of height 1 on a grid, shape (n, m), and position and width of each."""
    first, last = float(found.x[0]), float(found.x[-1])
    places = []
    for width in np.geomspace(_NARROW, _WIDE, _WIDTHS) * (last - first):
        count = max(2, round(_PER_WIDTH * (last - first) / width))
        places += [(float(place), float(width)) for place in np.linspace(first, last, count + 1)[1:-1]]
    return np.stack([root * _gaussian(found.x, *one) for one in places], axis=1), places


def _gaussian(x: Array, position: float, width: float) -> Array:
    return np.asarray(np.exp(-4 * math.log(2) * ((x - position) / width) ** 2))
