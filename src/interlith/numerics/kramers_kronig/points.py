"""Which single points stand apart from what all the others say?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from interlith.numerics.kramers_kronig.ladder import Ridge, ridge

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]

#: At most this share of the points is proposed; beyond it the spectrum as a whole is in doubt.
_MOST = 0.34

#: The noise around a point is known from about so many free values, because it may differ from region to region.
_AROUND = 48.0


@dataclass(frozen=True, slots=True)
class Weighted:
    """A spectrum in units of its scatter: columns, shape (2, n, p), and data, shape (2, n)."""

    columns: Array
    data: Array

    def rows(self, kept: Bools) -> tuple[Array, Array]:
        """Columns and data of some points, real parts first."""
        return self.columns[:, kept].reshape(-1, self.columns.shape[2]), self.data[:, kept].reshape(-1)

    def fitted(self, kept: Bools) -> Ridge:
        """The ladder through some points."""
        return ridge(*self.rows(kept))


def tail(squares: Array, variance: Array, freedom: Array) -> Array:
    """Probability of a pair at least so far away: F distribution with 2 and `freedom`, in closed form."""
    return np.asarray((1 + squares / variance / freedom) ** (-freedom / 2))


def distances(fit: Ridge, weighted: Weighted, kept: Bools) -> tuple[Array, Array]:
    """Squared distance of every point from what the others predict, for unit noise, and the residuals (2, n)."""
    n = kept.size
    squares, residuals = np.zeros(n), np.zeros((2, n))
    apart, variance = fit.left_out()
    squares[kept] = np.einsum("nc,ncd,nd->n", apart, np.linalg.inv(variance), apart)
    residuals[:, kept] = apart.T
    if not kept.all():
        columns = weighted.columns[:, ~kept]
        apart = (weighted.data[:, ~kept] - columns @ fit.coefficients).T
        squares[~kept] = np.einsum("nc,ncd,nd->n", apart, np.linalg.inv(fit.predicted_variance(columns)), apart)
        residuals[:, ~kept] = apart.T
    return squares, residuals


def standing_apart(
    weighted: Weighted, usable: Bools, level: float, *, tolerance: float = 0.0
) -> tuple[Bools, Ridge, Array, Array]:
    """Find points that the others contradict.

    Parameters
    ----------
    weighted
        The spectrum.
    usable
        Points to look at, shape (n,).
    level
        Probability with which one good spectrum gets any such point.
    tolerance
        Standard deviation that every point is allowed besides its scatter, relative to |Z|.

    Returns
    -------
    tuple
        Failing points, shape (n,); the fit without them; probability of every point, shape (n,), nan where not usable;
        residuals against the fit of the others, shape (2, n).

    Notes
    -----
    Points are proposed one neighbourhood at a time against a robust noise and then confirmed against a fit that holds none
    of them, so that one bad point neither hides another nor condemns its neighbours.
    """
    count = int(usable.sum())
    proposed = np.zeros(usable.size, dtype=bool)
    fit = weighted.fitted(usable)
    for _ in range(16):
        kept = usable & ~proposed
        squares, _ = distances(fit, weighted, kept)
        robust = float(np.median(squares[kept])) / (2 * np.log(2))
        # Robust against many bad points, and without the point itself where one is so bad that it rules the fit.
        variance = np.minimum(max(robust, 1e-300), _without_each(fit, squares, kept)) + tolerance**2
        chance = tail(squares, variance, _freedom(np.asarray(0.5 * fit.freedom)))
        worst = _worst_of_neighbours(np.where(kept, squares, 0.0))
        new = kept & worst & (chance * count < 3 * level)
        if not new.any() or (proposed | new).sum() > _MOST * count:
            break
        proposed |= new
        fit = weighted.fitted(usable & ~proposed)
    return _confirmed(weighted, usable, (proposed, fit), level, tolerance)


def _confirmed(
    weighted: Weighted, usable: Bools, start: tuple[Bools, Ridge], level: float, tolerance: float
) -> tuple[Bools, Ridge, Array, Array]:
    """Take proposed points back, one at a time, where the others agree with them and they with the others."""
    allowed = level / int(usable.sum())

    def told(failing: Bools, fit: Ridge) -> tuple[Array, Array]:
        squares, residuals = distances(fit, weighted, usable & ~failing)
        variance = _without_each(fit, squares, usable & ~failing) + tolerance**2
        return tail(squares, variance, _freedom(np.where(failing, fit.freedom, fit.freedom - 2))), residuals

    failing, fit = start
    chance, residuals = told(failing, fit)
    open_to_doubt = failing.copy()
    while (open_to_doubt & (chance > allowed)).any():
        number = int(np.argmax(np.where(open_to_doubt, chance, -1.0)))
        open_to_doubt[number] = False
        fewer = failing.copy()
        fewer[number] = False
        # A point far outside the others may be what they allow and yet, once it is in, drag the fit away from them.
        other = weighted.fitted(usable & ~fewer)
        found = told(fewer, other)
        if (found[0][usable & ~fewer] > allowed).all():
            failing, fit, (chance, residuals) = fewer, other, found
    chance = np.where(usable, chance, np.nan)
    return failing, fit, chance, residuals


def _without_each(fit: Ridge, squares: Array, kept: Bools) -> Array:
    """Variance from all points of the fit but each one, shape (n,)."""
    total = fit.variance * fit.freedom
    freedom = np.maximum(np.where(kept, fit.freedom - 2, fit.freedom), 1.0)
    return np.asarray(np.where(kept, np.maximum(total - squares, 1e-300), total) / freedom)


def _worst_of_neighbours(squares: Array) -> Bools:
    """Whether a point is the farthest among itself and two on either side."""
    padded = np.pad(squares, 2)
    around = np.stack([padded[k : k + squares.size] for k in range(5)])
    return np.asarray(squares >= around.max(axis=0))


def _freedom(own: Array) -> Array:
    return np.clip(own, 4.0, _AROUND)
