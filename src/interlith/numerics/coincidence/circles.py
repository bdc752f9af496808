"""Where does a circle on a periodic set of points hold the most of them?"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

#: Circles looked at at once.
_BATCH = 2000


@dataclass(frozen=True, eq=False)
class Circles:
    """Circles of one radius laid on periodic points, many lattices at once.

    Parameters
    ----------
    gaps
        Points of one cell, shape (k, p, 2).
    weights
        Weight of each, the same in all lattices, shape (p,).
    bases
        Reduced bases of the lattices that repeat them, shape (k, 2, 2).
    radius
        Of the circles, in the same unit.
    """

    gaps: Array
    weights: Array
    bases: Array
    radius: float

    def fullest(self, *, floor: Array | None = None) -> tuple[Array, Array]:
        """Greatest weight that one circle holds, shape (k,), and its centre, shape (k, 2): exact.

        `floor` (shape (k,)) says what is known already: where no circle holds more than that, the weight returned may be too
        small.

        A circle that holds the most can be moved until two of its points lie on its rim, or it holds one point alone; all
        such circles are looked at whose surroundings hold more than the fullest circle about a point.
        """
        rows = np.arange(len(self.gaps))
        about, around = (np.zeros(self.gaps.shape[:2]) for _ in range(2))
        for place in range(self.gaps.shape[1]):
            squares = np.sum(self.points(rows, self.gaps[:, place]) ** 2, axis=-1)
            about[:, place] = np.count_nonzero(squares <= self.radius**2, axis=-1) @ self.weights
            around[:, place] = np.count_nonzero(squares <= 4 * self.radius**2, axis=-1) @ self.weights
        first = np.argmax(about, axis=1)
        best, where = about[rows, first], self.gaps[rows, first]
        least = best if floor is None else np.maximum(best, floor)
        open_rows, open_places = np.nonzero(around > least[:, None] + 1e-9)
        for start in range(0, len(open_rows), _BATCH):
            some = slice(start, start + _BATCH)
            row, centre = self._rims(open_rows[some], open_places[some])
            for part in range(0, len(row), _BATCH):
                self._improve(row[part : part + _BATCH], centre[part : part + _BATCH], best, where)
        return best, self._centred(best, where)

    def points(self, rows: Integers, centres: Array) -> Array:
        """Points near some centres, relative to them, shape (n, p, s, 2)."""
        basis = self.bases[rows]
        moved = (self.gaps[rows] - centres[:, None]) @ np.linalg.inv(basis)
        moved -= np.round(moved)
        return np.asarray((moved @ basis)[:, :, None] + (self._steps[None] @ basis)[:, None])

    @cached_property
    def _steps(self) -> Array:
        """Lattice steps to all points that can lie within twice the radius of a centre, shape (s, 2)."""
        area = np.abs(np.linalg.det(self.bases))
        heights = area[:, None] / np.linalg.norm(self.bases[:, ::-1], axis=2)
        reach = np.ceil((2 * self.radius / heights + 0.5).max(axis=0)).astype(int)
        span = [np.arange(-one, one + 1) for one in reach]
        return np.stack(np.meshgrid(*span, indexing="ij"), axis=-1).reshape(-1, 2).astype(float)

    def _rims(self, rows: Integers, places: Integers) -> tuple[Integers, Array]:
        """Centres of the circles that have a given point and one more on their rim."""
        at = self.gaps[rows, places]
        gaps = self.points(rows, at)
        # Each pair of points once: from the point of lower place, or, of a point and its own image, in one direction.
        behind = (gaps[..., 0] > 1e-9) | ((np.abs(gaps[..., 0]) <= 1e-9) & (gaps[..., 1] > 0))
        order = np.arange(gaps.shape[1])[None, :, None] - places[:, None, None]
        first = (order > 0) | ((order == 0) & behind)
        gaps = gaps.reshape(len(rows), -1, 2)
        lengths = np.linalg.norm(gaps, axis=-1)
        near = (lengths > 1e-6) & (lengths <= 2 * self.radius)
        which, other = np.nonzero(near & first.reshape(len(rows), -1))
        half = gaps[which, other] / 2
        aside = np.stack([-half[:, 1], half[:, 0]], axis=1) / (lengths[which, other] / 2)[:, None]
        height = np.sqrt(np.maximum(self.radius**2 - np.sum(half**2, axis=1), 0))[:, None]
        middle = at[which] + half
        return np.concatenate([rows[which]] * 2), np.concatenate([middle + height * aside, middle - height * aside])

    def _improve(self, rows: Integers, centres: Array, best: Array, where: Array) -> None:
        # Points on the rim belong to the circle, whatever rounding says.
        squares = np.sum(self.points(rows, centres) ** 2, axis=-1)
        held = np.count_nonzero(squares <= self.radius**2 * (1 + 1e-9), axis=-1) @ self.weights
        order = np.argsort(held, kind="stable")
        better = order[held[order] > best[rows[order]] + 1e-9]
        # Of several for one lattice the last, which holds the most, stays.
        best[rows[better]] = held[better]
        where[rows[better]] = centres[better]

    def _centred(self, best: Array, where: Array) -> Array:
        """The middle of the points held, where the circle about it holds as many."""
        rows = np.arange(len(where))
        points = self.points(rows, where)
        inside = (np.sum(points**2, axis=-1) <= self.radius**2 * (1 + 1e-9)) * self.weights[:, None]
        middle = where + np.einsum("kps,kpsx->kx", inside, points) / inside.sum(axis=(1, 2))[:, None]
        squares = np.sum(self.points(rows, middle) ** 2, axis=-1)
        same = np.count_nonzero(squares <= self.radius**2, axis=-1) @ self.weights >= best - 1e-9
        return np.asarray(np.where(same[:, None], middle, where))
