"""What lies under the lines of a pattern: polynomials and broad humps of what is not crystalline."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from interlith.errors import FitError, StudyError

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

_FOUR_LN2 = 4 * math.log(2)
_HEIGHT = math.sqrt(_FOUR_LN2 / math.pi)


@dataclass(frozen=True, slots=True, eq=False)
class Background:
    """Chebyshev polynomials and Gaussian humps.

    Parameters
    ----------
    two_theta
        (deg), shape (n,).
    terms
        Number of polynomials.
    humps
        Position and full width (deg) of each hump, the start; areas start at 0.

    Raises
    ------
    StudyError
        If a hump has no width.

    Notes
    -----
    The assumption that fails first: a hump as wide as the pattern cannot be told from the polynomials.
    """

    two_theta: Array
    terms: int
    humps: tuple[tuple[float, float], ...] = ()
    names: tuple[str, ...] = field(init=False)
    _curves: Array = field(init=False)

    def __post_init__(self) -> None:
        for place, width in self.humps:
            if not (math.isfinite(place) and width > 0):
                raise StudyError(
                    f"A hump has a position and a full width in deg, such as (20.0, 8.0); got ({place:g}, {width:g})."
                )
        names = [f"background_{number}" for number in range(self.terms)]
        names += [
            f"hump_{number}_{word}" for number in range(len(self.humps)) for word in ("area", "position", "width")
        ]
        first, last = self.two_theta[0], self.two_theta[-1]
        place = (2 * self.two_theta - first - last) / (last - first)
        curves = np.polynomial.chebyshev.chebvander(place, max(self.terms - 1, 0)).T[: self.terms]
        object.__setattr__(self, "names", tuple(names))
        object.__setattr__(self, "_curves", np.ascontiguousarray(curves))

    @property
    def start(self) -> Array:
        """Nothing, shape (p,)."""
        return np.concatenate([np.zeros(self.terms), *((0.0, *one) for one in self.humps)])

    def intensity(self, values: Array) -> Array:
        """At the values of `names`, shape (p,): shape (n,).

        Raises
        ------
        FitError
            If a hump that has an area has no width.
        """
        total = values[: self.terms] @ self._curves
        for number in range(len(self.humps)):
            area, place, width = values[self.terms + 3 * number : self.terms + 3 * number + 3]
            if area != 0:
                total = total + area * self._shape(number, float(place), float(width))
        return np.asarray(total)

    def add_slopes(self, values: Array, wanted: Mask, rows: NDArray[np.intp], slopes: Array) -> None:
        """Put slopes of the wanted parameters, shape (p,), into their `rows` of `slopes` (..., n)."""
        order = iter(rows)
        for number in range(self.terms):
            if wanted[number]:
                slopes[next(order)] = self._curves[number]
        for number in range(len(self.humps)):
            first = self.terms + 3 * number
            if not np.any(wanted[first : first + 3]):
                continue
            area, place, width = (float(one) for one in values[first : first + 3])
            shape = self._shape(number, place, width)
            away = (self.two_theta - place) / width
            bend = area * shape * (2 * _FOUR_LN2) * away / width
            for step, slope in enumerate((shape, bend, bend * away - area * shape / width)):
                if wanted[first + step]:
                    slopes[next(order)] = slope

    def _shape(self, number: int, place: float, width: float) -> Array:
        if not width > 0:
            raise FitError(f"Hump {number} of the background has the width {width:.3g} deg; it must be positive.")
        return np.asarray(_HEIGHT / width * np.exp(-_FOUR_LN2 * ((self.two_theta - place) / width) ** 2))
