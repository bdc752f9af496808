"""How is a step found for a series whose members share parameters, or follow each other smoothly, without a dense matrix?

The normal matrix of such a series is an arrow: a block for each member, a border to the shared parameters, one corner.
Smoothness adds diagonal links between neighbouring blocks. Members are eliminated one after the other, what is left for the shared
parameters is their Schur complement.

References
----------
Golub and Van Loan, Matrix Computations (4th ed.), section 4.5.1 (block tridiagonal systems).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Arrow:
    """A normal matrix of m members with l local and s shared parameters.

    Parameters
    ----------
    local
        Blocks of the members, shape (m, l, l).
    border
        From local to shared, shape (m, l, s).
    corner
        Of the shared parameters, shape (s, s).
    link
        Diagonals of the blocks between neighbours, shape (m - 1, l), or `None`.
    """

    local: Array
    border: Array
    corner: Array
    link: Array | None = None

    def times(self, local: Array, shared: Array) -> tuple[Array, Array]:
        """Product with a vector: parts (m, l) and (s,)."""
        above = np.einsum("mij,mj->mi", self.local, local) + self.border @ shared
        if self.link is not None:
            above[:-1] += self.link * local[1:]
            above[1:] += self.link * local[:-1]
        return above, np.einsum("mls,ml->s", self.border, local) + self.corner @ shared

    def scaled(self, local: Array, shared: Array) -> Arrow:
        """The matrix between vectors times `local` (m, l) and `shared` (s,); a row scaled by zero becomes one of unity."""
        places, spots = np.arange(local.shape[1]), np.arange(len(shared))
        block = self.local * local[:, :, None] * local[:, None, :]
        block[:, places, places] += local == 0
        corner = self.corner * shared[:, None] * shared[None, :]
        corner[spots, spots] += shared == 0
        link = None if self.link is None else self.link * local[1:] * local[:-1]
        return Arrow(block, self.border * local[:, :, None] * shared[None, None, :], corner, link)

    def schur(self) -> Array:
        """What is left for the shared parameters once the members are eliminated, shape (s, s)."""
        border = _eliminated(self.local, self.link, self.border)
        eliminated: Array = np.einsum("mls,mlt->st", self.border, border)
        return self.corner - eliminated

    def solve(self, local: Array, shared: Array) -> tuple[Array, Array]:
        """Solution for right-hand sides (m, l) and (s,).

        Raises
        ------
        numpy.linalg.LinAlgError
            If a block or the Schur complement is singular.
        """
        columns = np.concatenate([local[:, :, None], self.border], axis=2)
        solved = _eliminated(self.local, self.link, columns)
        first, border = solved[:, :, 0], solved[:, :, 1:]
        if not shared.size:
            return first, shared
        schur = self.corner - np.einsum("mls,mlt->st", self.border, border)
        answer = np.linalg.solve(schur, shared - np.einsum("mls,ml->s", self.border, first))
        return first - border @ answer, answer

    def inverse_blocks(self) -> tuple[Array, Array, Array]:
        """Blocks of the inverse: of each member (m, l, l), member to shared (m, l, s), shared (s, s).

        Raises
        ------
        numpy.linalg.LinAlgError
            If a block or the Schur complement is singular.
        """
        own = _inverse_diagonal(self.local, self.link)
        border = _eliminated(self.local, self.link, self.border)
        if not self.corner.size:
            return own, border, self.corner
        shared = np.linalg.inv(self.corner - np.einsum("mls,mlt->st", self.border, border))
        outer = border @ shared
        return own + outer @ border.transpose(0, 2, 1), -outer, shared


def _eliminated(local: Array, link: Array | None, columns: Array) -> Array:
    """Solution of the block (tri)diagonal part for right-hand sides (m, l, k)."""
    if link is None or not len(link):
        return np.asarray(np.linalg.solve(local, columns))
    count = len(local)
    pivots = np.empty_like(local)
    right = columns.copy()
    pivots[0] = local[0]
    for k in range(1, count):
        step = link[k - 1]
        both = np.linalg.solve(pivots[k - 1], np.concatenate([np.diag(step), right[k - 1]], axis=1))
        pivots[k] = local[k] - step[:, None] * both[:, : len(step)]
        right[k] -= step[:, None] * both[:, len(step) :]
    answer = np.empty_like(right)
    answer[-1] = np.linalg.solve(pivots[-1], right[-1])
    for k in range(count - 2, -1, -1):
        answer[k] = np.linalg.solve(pivots[k], right[k] - link[k][:, None] * answer[k + 1])
    return answer


def _inverse_diagonal(local: Array, link: Array | None) -> Array:
    """Diagonal blocks of the inverse of the block (tri)diagonal part."""
    if link is None or not len(link):
        return np.asarray(np.linalg.inv(local))
    forward, backward = local.copy(), local.copy()
    for k in range(1, len(local)):
        forward[k] -= link[k - 1][:, None] * np.linalg.inv(forward[k - 1]) * link[k - 1]
    for k in range(len(local) - 2, -1, -1):
        backward[k] -= link[k][:, None] * np.linalg.inv(backward[k + 1]) * link[k]
    return np.asarray(np.linalg.inv(forward + backward - local))
