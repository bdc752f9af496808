"""What does a pattern tell of all parameters together, and what each of its stretches?"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

#: A direction with less than this part of the most information has no inverse: rounding leaves so much.
_NOTHING = 1e-15


@dataclass(frozen=True, eq=False, slots=True)
class Information:
    """J J^T of the slopes J of a pattern, each parameter in units of its own size, with its directions.

    Parameters
    ----------
    slopes
        J: of the calculated intensity over the standard uncertainty of each point, shape (p, n).
    size
        Length of the row of each parameter, 1 where it is zero, shape (p,).
    seen
        Whether the row is not zero, shape (p,).
    matrix
        J J^T over the sizes of both, shape (p, p).
    powers, ways
        Eigenvalues, ascending, and eigenvectors of `matrix`, shapes (p,) and (p, p).
    inverse
        Pseudo-inverse of `matrix`, shape (p, p).
    """

    slopes: Array
    size: Array
    seen: NDArray[np.bool_]
    matrix: Array
    powers: Array
    ways: Array
    inverse: Array

    @property
    def covariance(self) -> Array:
        """Covariance of the parameters by counting, shape (p, p)."""
        return self.inverse / np.outer(self.size, self.size)


def information(jacobian: ArrayLike | Information) -> Information:
    """What the slopes of a pattern tell; what was worked out already is handed through.

    Parameters
    ----------
    jacobian
        Slopes of the calculated intensity over the standard uncertainty of each point, shape (p, n).
    """
    if isinstance(jacobian, Information):
        return jacobian
    slopes = np.asarray(jacobian, dtype=float)
    whole = slopes @ slopes.T
    size = np.sqrt(np.diag(whole))
    seen = size > 0
    size[~seen] = 1.0
    matrix = whole / np.outer(size, size)
    powers, ways = np.linalg.eigh(matrix)
    return Information(slopes, size, seen, matrix, powers, ways, inverted(powers, ways, _NOTHING))


def inverted(powers: Array, ways: Array, least: float) -> Array:
    """Pseudo-inverse of symmetric matrices from their eigenvalues (..., p) and eigenvectors (..., p, p).

    Parameters
    ----------
    least
        Directions of less than this part of the largest eigenvalue have none.
    """
    size = np.abs(powers)
    kept = size > least * size.max(axis=-1, keepdims=True)
    turned = ways * np.divide(1.0, powers, out=np.zeros_like(powers), where=kept)[..., None, :]
    return np.asarray(turned @ np.swapaxes(ways, -1, -2))


@dataclass(frozen=True, eq=False, slots=True)
class Stretches:
    """What each of B stretches of a pattern tells, each parameter in units of its own size.

    Parameters
    ----------
    parts
        Slopes of the points of each stretch, shapes (p, n of the stretch), unscaled.
    pulls
        Their product with the residual, shape (B, p).
    size
        As in `Information`, shape (p,).
    """

    parts: tuple[Array, ...]
    pulls: Array
    size: Array

    @property
    def matrices(self) -> Array:
        """J J^T of each stretch, shape (B, p, p)."""
        return np.array([part @ part.T for part in self.parts]) / np.outer(self.size, self.size)


def stretches(told: Information, residual: ArrayLike, blocks: ArrayLike) -> Stretches:
    """The stretches of a pattern.

    Parameters
    ----------
    told
        What the whole pattern tells.
    residual
        Observed less calculated over the standard uncertainty of each point, shape (n,).
    blocks
        Number of the stretch of each point, in any order, shape (n,).
    """
    slopes, misfit, number = told.slopes, np.asarray(residual, dtype=float), np.asarray(blocks, dtype=np.intp)
    if np.any(np.diff(number) < 0):
        order = np.argsort(number, kind="stable")
        slopes, misfit, number = slopes[:, order], misfit[order], number[order]
    starts = [*np.flatnonzero(np.diff(number, prepend=number[:1] - 1)).tolist(), len(number)]
    pieces = [slice(first, end) for first, end in pairwise(starts)]
    parts = tuple(slopes[:, one] for one in pieces)
    pulls = np.array([part @ misfit[one] for part, one in zip(parts, pieces, strict=True)])
    return Stretches(parts, pulls / told.size, told.size)
