"""How long, how wide, how far apart: what do six lattice parameters say of lengths, planes and directions?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlith.errors import StudyError

Array = NDArray[np.float64]

#: Standard uncertainties of the six parameters where a source prints none.
UNKNOWN_STD = (math.nan,) * 6


@dataclass(frozen=True)
class Cell:
    """A unit cell.

    Parameters
    ----------
    a, b, c
        Edges (angstrom).
    alpha, beta, gamma
        Angles (deg) between b and c, c and a, a and b.
    std
        Standard uncertainties of the six, in the same order and units; nan where unknown, 0 where fixed by symmetry.

    Raises
    ------
    StudyError
        If an edge or angle is not positive, or the angles close no cell.
    """

    a: float
    b: float
    c: float
    alpha: float = 90.0
    beta: float = 90.0
    gamma: float = 90.0
    std: tuple[float, ...] = UNKNOWN_STD

    def __post_init__(self) -> None:
        if not all(math.isfinite(edge) and edge > 0 for edge in (self.a, self.b, self.c)):
            raise StudyError(
                f"A cell of edges {self.a:g}, {self.b:g}, {self.c:g} angstrom is none; all must be positive."
            )
        if not all(0 < angle < 180 for angle in self.angles):
            raise StudyError(
                f"A cell of angles {self.alpha:g}, {self.beta:g}, {self.gamma:g} deg is none; write 0 to 180."
            )
        if len(self.std) != 6:
            raise StudyError(f"A cell has six standard uncertainties, not {len(self.std)}; write nan for unknown ones.")
        if not self._squared_volume > 0:
            raise StudyError(
                f"Angles of {self.alpha:g}, {self.beta:g} and {self.gamma:g} deg close no cell; check them."
            )

    @property
    def parameters(self) -> tuple[float, float, float, float, float, float]:
        """The six parameters (angstrom, deg)."""
        return (self.a, self.b, self.c, self.alpha, self.beta, self.gamma)

    @property
    def angles(self) -> tuple[float, float, float]:
        """The three angles (deg)."""
        return (self.alpha, self.beta, self.gamma)

    @property
    def _squared_volume(self) -> float:
        x, y, z = (_cosine(angle) for angle in self.angles)
        return 1 - x * x - y * y - z * z + 2 * x * y * z

    @cached_property
    def volume(self) -> float:
        """Volume (angstrom^3)."""
        return self.a * self.b * self.c * math.sqrt(self._squared_volume)

    @cached_property
    def vectors(self) -> Array:
        """Rows a, b, c in Cartesian coordinates (angstrom), shape (3, 3): a along x, b in the xy plane."""
        x, y, z = (_cosine(angle) for angle in self.angles)
        sine = _sine(self.gamma)
        across = (x - y * z) / sine
        made = np.array(
            [
                [self.a, 0.0, 0.0],
                [self.b * z, self.b * sine, 0.0],
                [self.c * y, self.c * across, self.c * math.sqrt(self._squared_volume) / sine],
            ]
        )
        made.setflags(write=False)
        return made

    @cached_property
    def reciprocal(self) -> Array:
        """Rows a*, b*, c* without the factor 2 pi (1/angstrom), shape (3, 3)."""
        made = np.asarray(np.linalg.inv(self.vectors).T, dtype=np.float64)
        made.setflags(write=False)
        return made

    @cached_property
    def metric(self) -> Array:
        """Metric tensor (angstrom^2), shape (3, 3): scalar products of the edges."""
        made = np.asarray(self.vectors @ self.vectors.T, dtype=np.float64)
        made.setflags(write=False)
        return made

    def spacing(self, hkl: ArrayLike) -> Any:
        """Distance between lattice planes (angstrom): one number for (3,) indices, shape (n,) for (n, 3).

        Raises
        ------
        StudyError
            If an index triple is 0 0 0, which is no plane.
        """
        lengths = np.linalg.norm(np.asarray(hkl, dtype=float) @ self.reciprocal, axis=-1)
        if np.any(lengths == 0):
            raise StudyError("(0 0 0) is no lattice plane; at least one index must not be zero.")
        return 1.0 / lengths if np.ndim(lengths) else float(1.0 / lengths)

    def normal(self, hkl: ArrayLike) -> Array:
        """Unit vector along the normal of a plane, Cartesian, shape (3,) or (n, 3).

        Raises
        ------
        StudyError
            As `spacing`.
        """
        found: Array = np.asarray(hkl, dtype=float) @ self.reciprocal * np.asarray(self.spacing(hkl))[..., None]
        return found

    def direction(self, uvw: ArrayLike) -> Array:
        """Lattice direction in Cartesian coordinates (angstrom), shape (3,) or (n, 3)."""
        found: Array = np.asarray(uvw, dtype=float) @ self.vectors
        return found

    def angle(self, first: ArrayLike, second: ArrayLike) -> float:
        """Angle between the normals of two planes (deg)."""
        cosine = float(np.dot(self.normal(first), self.normal(second)))
        return math.degrees(math.acos(min(1.0, max(-1.0, cosine))))

    def std_of(self, quantity: Any, *, step: float = 1e-6) -> dict[str, float]:
        """Sensitivity times standard uncertainty of a function of the cell, by parameter.

        Parameters
        ----------
        quantity
            ``quantity(cell) -> float``, for instance ``lambda cell: cell.volume``.
        step
            Relative step of the central difference.

        Returns
        -------
        Name of the parameter -> signed size. A parameter whose uncertainty is unknown has ``inf`` where the quantity depends
        on it, and is left out where it does not.

        Notes
        -----
        Edges that symmetry makes equal move together: equal values with equal uncertainties share one entry, named after the
        first. The assumption that fails first: two edges that only happen to be printed with the same digits.
        """
        sizes: dict[str, float] = {}
        values, names = self.parameters, ("a", "b", "c", "alpha", "beta", "gamma")
        scale = max(abs(float(quantity(self))), 1e-300)
        for members in self._tied():
            first = members[0]
            width = step * values[first]
            sides = []
            for sign in (1, -1):
                moved = [value + sign * width * (place in members) for place, value in enumerate(values)]
                sides.append(float(quantity(cell_of(moved))))
            slope = (sides[0] - sides[1]) / (2 * width)
            if abs(slope) * values[first] < 1e-9 * scale or self.std[first] == 0:
                continue
            sizes[names[first]] = math.inf if math.isnan(self.std[first]) else slope * self.std[first]
        return sizes

    def _tied(self) -> list[tuple[int, ...]]:
        """Parameters that move together: equal edges of equal uncertainty; angles of 90 and 120 deg do not move."""
        groups: list[tuple[int, ...]] = []
        for places in ((0, 1, 2), (3, 4, 5)):
            seen: dict[tuple[float, str], list[int]] = {}
            for place in places:
                value = self.parameters[place]
                if place >= 3 and value in (90.0, 120.0) and not self.std[place] > 0:
                    continue
                seen.setdefault((value, repr(self.std[place])), []).append(place)
            groups += [tuple(members) for members in seen.values()]
        return groups


def cell_of(parameters: Sequence[float], std: Sequence[float] = UNKNOWN_STD) -> Cell:
    """A cell of six parameters (angstrom, deg) in a list.

    Raises
    ------
    StudyError
        As `Cell`.
    """
    a, b, c, alpha, beta, gamma = (float(value) for value in parameters)
    return Cell(a, b, c, alpha, beta, gamma, tuple(float(value) for value in std))


def cell_of_vectors(vectors: ArrayLike) -> Cell:
    """The cell whose edges are the rows of a matrix (angstrom), shape (3, 3).

    Raises
    ------
    StudyError
        If the rows are not three independent vectors of a right-handed set.
    """
    rows = np.asarray(vectors, dtype=float)
    if rows.shape != (3, 3) or not np.linalg.det(rows) > 1e-12:
        raise StudyError(
            "A cell needs three independent, right-handed edge vectors, shape (3, 3); exchange two of them."
        )
    lengths = np.linalg.norm(rows, axis=1)
    unit = rows / lengths[:, None]
    pairs = ((1, 2), (2, 0), (0, 1))
    angles = [math.degrees(math.acos(min(1.0, max(-1.0, float(unit[i] @ unit[j]))))) for i, j in pairs]
    tidy = [round(angle) if abs(angle - round(angle)) < 1e-9 else angle for angle in angles]
    return cell_of([*lengths, *tidy])


def _cosine(angle: float) -> float:
    # Exact where crystals are exact: cos(90 deg) must not leave 6e-17 in a metric.
    return {90.0: 0.0, 60.0: 0.5, 120.0: -0.5}.get(angle, math.cos(math.radians(angle)))


def _sine(angle: float) -> float:
    return {90.0: 1.0, 30.0: 0.5, 150.0: 0.5}.get(angle, math.sin(math.radians(angle)))
