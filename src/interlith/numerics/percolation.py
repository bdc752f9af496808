"""How wide is the widest way through a periodic space, along any direction?

A grid of values (a void radius, a negative energy) on a periodic cell is a graph of neighbours; the width of an edge is the smaller
of its two values. A maximum spanning tree joins any two points by a widest way, and each edge that is not in it closes one loop,
whose width is its own and which ends a whole number of cells away from where it began. Those translations, with their widths, say
all: a way along a direction is as wide as the widest loop that advances along it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Ways:
    """Loops through a periodic grid that end in another cell, the widest first.

    Parameters
    ----------
    translations
        Cells advanced, shape (n, 3); each once, at its greatest width.
    widths
        Smallest value on the way, shape (n,).
    """

    translations: Integers
    widths: Array

    def across(self, plane: ArrayLike) -> float:
        """Width of the widest way that leaves a lattice plane (indices, shape (3,)); ``-inf`` if none does."""
        crossing = self.translations @ np.asarray(plane, dtype=np.int64) != 0
        return float(self.widths[crossing][0]) if crossing.any() else -np.inf

    def span(self, width: float) -> Integers:
        """Independent translations of the ways at least so wide, shape (rank, 3)."""
        kept: list[Integers] = []
        for row in self.translations[self.widths >= width]:
            if np.linalg.matrix_rank(np.array([*kept, row])) > len(kept):
                kept.append(row)
            if len(kept) == 3:
                break
        return np.array(kept, dtype=np.int64).reshape(-1, 3)


def widest_ways(values: ArrayLike) -> Ways:
    """All ways through a periodic grid.

    Parameters
    ----------
    values
        On a grid of a cell without its last faces, shape (a, b, c); larger is wider.

    Notes
    -----
    Points are joined to their six neighbours, so that a way is a little narrower than the true one: by at most the change of
    the values over half a diagonal of the grid.
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import minimum_spanning_tree

    grid = np.asarray(values, dtype=float)
    count = grid.size
    starts, ends, wraps = _neighbours(grid.shape)
    flat = grid.ravel()
    width = np.minimum(flat[starts], flat[ends])
    # The narrower an edge the longer: positive lengths, and equal order, make the shortest tree the widest.
    length = width.max() - width + 1.0
    matrix = coo_matrix((length, (starts, ends)), shape=(count, count))
    tree = minimum_spanning_tree(matrix.tocsr()).tocoo()
    names = starts * count + ends
    by_name = np.argsort(names, kind="stable")
    used = by_name[np.searchsorted(names[by_name], tree.row.astype(np.int64) * count + tree.col)]
    offsets = _offsets(count, starts[used], ends[used], wraps[used])
    loose = np.ones(len(starts), dtype=bool)
    loose[used] = False
    advanced = offsets[starts[loose]] + wraps[loose] - offsets[ends[loose]]
    return _once(advanced, width[loose])


def _neighbours(shape: tuple[int, ...]) -> tuple[Integers, Integers, Integers]:
    """Points, their next neighbours along each axis, and the cell that these lie in."""
    names = np.arange(int(np.prod(shape))).reshape(shape)
    starts, ends, wraps = [], [], []
    for axis in range(3):
        ends.append(np.roll(names, -1, axis=axis).ravel())
        starts.append(names.ravel())
        wrap = np.zeros((*shape, 3), dtype=np.int64)
        np.moveaxis(wrap, axis, 0)[-1, ..., axis] = 1
        wraps.append(wrap.reshape(-1, 3))
    return np.concatenate(starts), np.concatenate(ends), np.concatenate(wraps)


def _offsets(count: int, starts: Integers, ends: Integers, wraps: Integers) -> Integers:
    """Cell of each point as the tree reaches it from the first one, shape (count, 3)."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import breadth_first_order

    edge = np.arange(1, len(starts) + 1)
    graph = coo_matrix((edge, (starts, ends)), shape=(count, count)).tocsr()
    order, parents = breadth_first_order(graph, 0, directed=False)
    both = coo_matrix(
        (np.concatenate([edge, -edge]), (np.concatenate([starts, ends]), np.concatenate([ends, starts]))),
        shape=(count, count),
    ).tocsr()
    children = order[1:]
    signed = np.asarray(both[parents[children], children]).ravel().astype(np.int64)
    steps = wraps[np.abs(signed) - 1] * np.sign(signed)[:, None]
    found = np.zeros((count, 3), dtype=np.int64)
    found[children] = steps
    ahead = np.where(parents < 0, 0, parents)
    # Each round doubles how far back along the tree the steps are summed.
    while np.any(ahead):
        found += found[ahead]
        ahead = ahead[ahead]
    return found


def _once(translations: Integers, widths: Array) -> Ways:
    moved = np.any(translations != 0, axis=1)
    translations, widths = translations[moved], widths[moved]
    # A way and its reverse are one.
    first = np.argmax(translations != 0, axis=1)
    sign = np.sign(translations[np.arange(len(translations)), first])
    translations = translations * sign[:, None]
    order = np.argsort(-widths, kind="stable")
    translations, widths = translations[order], widths[order]
    _, places = np.unique(translations, axis=0, return_index=True)
    places = np.sort(places)
    return Ways(translations[places], widths[places])
