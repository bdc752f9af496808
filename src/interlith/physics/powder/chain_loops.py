"""How do the parameters of one phase move its lines? The chain from 1/d^2, strength, size and strain, compiled."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[np.float64]
Integers = NDArray[np.intp]


@njit(cache=True, error_model="numpy")
def fill_chain(
    chain: Array, first: int, slopes: Array, used: Integers, slots: Integers, by_square: Array, by_strength: Array,
    by_inverse: Array, by_strain: Array,
) -> None:  # fmt: skip
    """Put the slopes of the lines of one phase and wavelength by its parameters into the chain.

    Parameters
    ----------
    chain
        Shape (k, q, 6); changed in place.
    first
        Row of the first line.
    slopes
        Of 1/d^2, strength, inverse size and strain by the parameters of the phase, shape (4, n, p).
    used, slots
        Parameters of the phase that move, and where they stand in the chain, shape (m,).
    by_square, by_strength, by_inverse, by_strain
        Of all lines: shapes (4, k) and (k,).
    """
    for line in range(slopes.shape[1]):
        row = first + line
        for number in range(used.size):
            place, slot = used[number], slots[number]
            square, strength = slopes[0, line, place], slopes[1, line, place]
            inverse, strain = slopes[2, line, place], slopes[3, line, place]
            chain[row, slot, 0] = by_square[0, row] * square
            chain[row, slot, 1] = by_square[1, row] * square + by_strength[row] * strength
            chain[row, slot, 2] = by_square[2, row] * square
            chain[row, slot, 3] = by_square[3, row] * square + by_inverse[row] * inverse + by_strain[row] * strain
