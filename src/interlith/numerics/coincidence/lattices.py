"""Which superlattices does a plane lattice have, which of them are the same by its symmetry, and what is their shortest basis?

Lattices are bases of row vectors. A superlattice of index n of the lattice with basis A has the basis S A, where S is a matrix of
whole numbers with determinant +-n; its Hermite normal form (a b; 0 d) with a d = n and 0 <= b < d names it uniquely.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

#: Metrics that differ by less than this share count as equal: far below the uncertainty of any lattice parameter, far above
#: rounding.
SAME_METRIC = 1e-6


def gauss_reduced(bases: ArrayLike) -> tuple[Array, Integers]:
    """The two shortest independent vectors of each plane lattice.

    Parameters
    ----------
    bases
        Row vectors, shape (k, 2, 2).

    Returns
    -------
    Reduced bases, shape (k, 2, 2), the shorter vector first, and the whole-number matrices T with ``reduced = T @ bases``.
    """
    reduced = np.array(bases, dtype=float)
    turned = np.broadcast_to(np.eye(2, dtype=np.int64), reduced.shape).copy()
    active = np.arange(len(reduced))
    while active.size:
        first, second = reduced[active, 0], reduced[active, 1]
        swap = np.sum(first * first, axis=1) > np.sum(second * second, axis=1) * (1 + 1e-12)
        swapped = active[swap]
        reduced[swapped] = reduced[swapped, ::-1]
        turned[swapped] = turned[swapped, ::-1]
        first, second = reduced[active, 0], reduced[active, 1]
        ratio = np.sum(first * second, axis=1) / np.sum(first * first, axis=1)
        steps = np.where(np.abs(ratio) > 0.5 + 1e-9, np.rint(ratio), 0.0)
        reduced[active, 1] -= steps[:, None] * first
        turned[active, 1] -= steps.astype(np.int64)[:, None] * turned[active, 0]
        active = active[(steps != 0)]
    return reduced, turned


def point_group(basis: ArrayLike) -> Integers:
    """All rotations and reflections of a plane lattice in units of its basis: ``g @ basis = basis @ R``, shape (n, 2, 2).

    Parameters
    ----------
    basis
        A reduced basis, see `gauss_reduced`, shape (2, 2).

    Notes
    -----
    Whole lattices are meant, so that n is 2, 4, 8 or 12; a pattern of atoms on the lattice may have less symmetry.
    """
    rows = np.asarray(basis, dtype=float)
    metric = rows @ rows.T
    entries = np.array([-1, 0, 1])
    grid = np.stack(np.meshgrid(entries, entries, entries, entries, indexing="ij"), axis=-1).reshape(-1, 2, 2)
    grid = grid[np.abs(grid[:, 0, 0] * grid[:, 1, 1] - grid[:, 0, 1] * grid[:, 1, 0]) == 1]
    images = grid @ metric @ np.swapaxes(grid, 1, 2)
    size = np.sqrt(np.outer(np.diag(metric), np.diag(metric)))
    kept = np.all(np.abs(images - metric) < 2 * SAME_METRIC * size, axis=(1, 2))
    found: Integers = grid[kept].astype(np.int64)
    return found


@lru_cache(maxsize=64)
def hermite_forms(limit: int) -> Integers:
    """Hermite normal forms of all superlattices up to an index, shape (k, 2, 2), by rising index.

    There are sigma(n), the sum of the divisors of n, of index n.
    """
    rows = [
        (a, b, 0, n // a) for n in range(1, limit + 1) for a in range(1, n + 1) if n % a == 0 for b in range(n // a)
    ]
    made = np.array(rows, dtype=np.int64).reshape(-1, 2, 2)
    made.setflags(write=False)
    return made


def hermite_normal(matrices: ArrayLike) -> Integers:
    """Hermite normal form (a b; 0 d), 0 <= b < d, of whole-number matrices with non-zero determinant, shape (..., 2, 2)."""
    given = np.asarray(matrices, dtype=np.int64)
    p, q, r, s = (given[..., i, j] for i in (0, 1) for j in (0, 1))
    index = np.abs(p * s - q * r)
    a, x, y = _bezout(p, r)
    d = index // a
    b = (x * q + y * s) % d
    return np.stack([np.stack([a, b], axis=-1), np.stack([np.zeros_like(a), d], axis=-1)], axis=-2)


def _bezout(a: Integers, b: Integers) -> tuple[Integers, Integers, Integers]:
    """g > 0, x, y with a x + b y = g, the greatest common divisor of each pair."""
    a, b = np.array(a), np.array(b)
    x, y, u, v = np.ones_like(a), np.zeros_like(a), np.zeros_like(a), np.ones_like(a)
    while np.any(b):
        going = b != 0
        quotient = np.where(going, a // np.where(going, b, 1), 0)
        a, b = np.where(going, b, a), np.where(going, a - quotient * b, b)
        x, u = np.where(going, u, x), np.where(going, x - quotient * u, u)
        y, v = np.where(going, v, y), np.where(going, y - quotient * v, v)
    sign = np.where(a < 0, -1, 1)
    return a * sign, x * sign, y * sign


def representatives(limit: int, group: Integers) -> Integers:
    """One superlattice of each set that a point group makes equivalent, up to an index; Hermite normal forms, shape (k, 2, 2).

    Parameters
    ----------
    limit
        Largest index.
    group
        As `point_group` gives it, shape (n, 2, 2).
    """
    return _representatives(limit, tuple(int(entry) for entry in group.ravel()))


@lru_cache(maxsize=256)
def _representatives(limit: int, flat: tuple[int, ...]) -> Integers:
    group = np.array(flat, dtype=np.int64).reshape(-1, 2, 2)
    forms = hermite_forms(limit)
    if not len(forms):
        return forms
    images = hermite_normal(forms[:, None] @ group[None])
    # Equivalent superlattices have the same index, so that a and b tell them apart.
    keys = images[..., 0, 0] * (limit + 1) + images[..., 0, 1]
    own = forms[:, 0, 0] * (limit + 1) + forms[:, 0, 1]
    made: Integers = forms[own == keys.min(axis=1)]
    made.setflags(write=False)
    return made


def sum_lattice(numerators: ArrayLike, denominator: int) -> Integers:
    """Basis of the lattice that Z^2 and the rows of ``numerators / denominator`` span together, in units of 1/denominator.

    With Z^2 the host and the rows the film on it, this is the lattice of all shifts that keep the pattern of both, the
    displacement-shift-complete lattice. `numerators` has shape (k, 2); the answer is a Hermite normal form, shape (2, 2).
    """
    a, b, d = denominator, 0, denominator
    for p, q in np.asarray(numerators, dtype=np.int64).reshape(-1, 2).tolist():
        g, x, y = _bezout_of_two(a, p)
        # One row keeps the divisor of the first entries; what eliminating it leaves joins the second entry of the other.
        d = math.gcd(d, (p // g) * b - (a // g) * q)
        a, b = g, (x * b + y * q) % d
    return np.array([[a, b % d], [0, d]], dtype=np.int64)


def _bezout_of_two(a: int, b: int) -> tuple[int, int, int]:
    x, y, u, v = 1, 0, 0, 1
    while b:
        quotient = a // b
        a, b, x, y, u, v = b, a - quotient * b, u, v, x - quotient * u, y - quotient * v
    return (a, x, y) if a >= 0 else (-a, -x, -y)
