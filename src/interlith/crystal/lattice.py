"""Which translations does a lattice have: a primitive basis, and the shortest vectors of a plane?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Centring vectors are multiples of this part of an edge in every setting of the tables.
_PARTS = 24


def primitive_basis(centrings: Array) -> Array:
    """Rows that span the lattice of a centred cell, in units of its edges, right-handed, shape (3, 3).

    Parameters
    ----------
    centrings
        Pure translations in [0, 1), shape (n, 3).
    """
    rows = np.concatenate([np.eye(3, dtype=np.int64) * _PARTS, np.rint(centrings * _PARTS).astype(np.int64)])
    basis = []
    for column in range(3):
        # Euclid's algorithm on one column leaves one row with the divisor and zeros in all others.
        while np.count_nonzero(rows[:, column]) > 1:
            used = np.flatnonzero(rows[:, column])
            pivot = used[np.argmin(np.abs(rows[used, column]))]
            others = used[used != pivot]
            rows[others] -= (rows[others, column] // rows[pivot, column])[:, None] * rows[pivot]
        pivot = int(np.flatnonzero(rows[:, column])[0])
        basis.append(rows[pivot] * np.sign(rows[pivot, column]))
        rows = np.delete(rows, pivot, axis=0)
    return np.array(basis) / _PARTS


def reduced_pair(pair: Array, normal: Array) -> Array:
    """The two shortest independent vectors of a plane lattice, by Gauss reduction.

    Parameters
    ----------
    pair
        Any two that span it, shape (2, 3).
    normal
        The pair returned is right-handed about it, shape (3,).

    Returns
    -------
    The shorter first, shape (2, 3); a hexagonal lattice gets 120 deg.
    """
    first, second = np.array(pair[0], dtype=float), np.array(pair[1], dtype=float)
    while True:
        if first @ first > second @ second * (1 + 1e-12):
            first, second = second, first
        turns = np.rint(first @ second / (first @ first))
        if turns == 0 or abs(first @ second / (first @ first)) < 0.5 + 1e-9:
            break
        second = second - turns * first
    if np.dot(np.cross(first, second), normal) < 0:
        second = -second
    equal = abs(first @ first - second @ second) < 1e-9 * (first @ first)
    if equal and abs(first @ second - first @ first / 2) < 1e-9 * (first @ first):
        second = second - first
    return np.array([first, second])
