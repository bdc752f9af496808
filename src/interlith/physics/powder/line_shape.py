"""Which peaks does one line of a powder pattern put on the scale, and how do they follow from its position, area, width and shape?

A line is what one spacing gives: with a tube two peaks, K-alpha 1 and 2. All parameters are those of the first.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlith.errors import StudyError

Array = NDArray[np.float64]

#: Bounds of the Lorentzian share: beyond the upper one the Gaussian width changes without limit.
LEAST_SHARE, MOST_SHARE = 0.0, 0.98
#: Widths of the Gaussian and the Lorentzian over the whole width as polynomials of the Lorentzian share.
#: Thompson, Cox and Hastings 1987, 10.1107/S0021889887087090, inverted as usual (FullProf manual, peak shape functions).
_GAUSS = (1.0, -0.74417, -0.24781, -0.00810)
_LORENTZ = (0.0, 0.72928, 0.19289, 0.07783)
#: Both as one table, shape (2, 4).
WIDTH_TERMS = np.array([_GAUSS, _LORENTZ])


@dataclass(frozen=True, slots=True)
class Radiation:
    """What every line of a pattern has in common.

    Parameters
    ----------
    wavelengths
        One, or two of a doublet, the stronger first (angstrom).
    ratio
        Intensity of the second over that of the first.
    low_ratio, high_ratio
        S/L and H/L of the asymmetry after Finger, Cox and Jephcoat; 0 for symmetric peaks.

    Raises
    ------
    StudyError
        If there is no wavelength, more than two, or one that is not positive.
    """

    wavelengths: tuple[float, ...]
    ratio: float = 0.0
    low_ratio: float = 0.0
    high_ratio: float = 0.0

    def __post_init__(self) -> None:
        if len(self.wavelengths) not in (1, 2) or not all(one > 0 for one in self.wavelengths) or self.ratio < 0:
            raise StudyError(
                f"Radiation has one wavelength, or two of a doublet, above zero (angstrom), and a ratio from 0; got {self.wavelengths}, "
                f"{self.ratio:g}."
            )

    @property
    def doublet(self) -> bool:
        """Whether every line has a twin."""
        return len(self.wavelengths) == 2 and self.ratio > 0

    @property
    def numbers(self) -> Array:
        """Second wavelength over the first, its intensity over that of the first, S/L and H/L, shape (4,)."""
        factor = self.wavelengths[-1] / self.wavelengths[0]
        return np.array([factor, self.ratio if self.doublet else 0.0, self.low_ratio, self.high_ratio])

    def twin(self, position: ArrayLike) -> tuple[Array, Array]:
        """Position of the second peak (deg) of lines at positions (deg), and its slope by that of the first, shape (n,).

        Beyond 180 deg there is none: nan.
        """
        place = np.asarray(position, dtype=np.float64)
        if not self.doublet:
            return np.full(place.shape, math.nan), np.zeros(place.shape)
        factor = self.wavelengths[1] / self.wavelengths[0]
        half = np.radians(place / 2.0)
        sine = factor * np.sin(half)
        with np.errstate(invalid="ignore"):
            other = np.arcsin(np.where(np.abs(sine) < 1.0, sine, math.nan))
        return np.degrees(2.0 * other), np.asarray(factor * np.cos(half) / np.cos(other))

    def spacing(self, position: ArrayLike) -> Array:
        """d (angstrom) of positions (deg), shape (n,)."""
        return np.asarray(
            self.wavelengths[0] / (2.0 * np.sin(np.radians(np.asarray(position, dtype=np.float64) / 2.0)))
        )

    def spacing_slope(self, position: ArrayLike) -> Array:
        """Derivative of d by the position (angstrom/deg), shape (n,)."""
        half = np.radians(np.asarray(position, dtype=np.float64) / 2.0)
        return np.asarray(-self.spacing(position) / np.tan(half) * math.radians(0.5))


def parts(share: ArrayLike) -> tuple[Array, Array, Array, Array]:
    """Gaussian and Lorentzian width over the whole width for Lorentzian shares, and their slopes, each shape (n,)."""
    eta = np.clip(np.asarray(share, dtype=np.float64), LEAST_SHARE, MOST_SHARE)
    square = _polynomial(_GAUSS, eta)
    gauss = np.sqrt(np.maximum(square, 1e-9))
    return gauss, _polynomial(_LORENTZ, eta), 0.5 * _slope(_GAUSS, eta) / gauss, _slope(_LORENTZ, eta)


def _polynomial(terms: tuple[float, ...], x: Array) -> Array:
    return np.asarray(np.polynomial.polynomial.polyval(x, terms))


def _slope(terms: tuple[float, ...], x: Array) -> Array:
    return np.asarray(np.polynomial.polynomial.polyval(x, [power * term for power, term in enumerate(terms)][1:]))


def peaks_of(
    radiation: Radiation, position: Array, area: Array, width: Array, share: Array
) -> tuple[Array, Array, Array, Array, Array]:
    """Peaks of lines for the sum over a pattern, and how each follows from the parameters of the lines.

    Parameters
    ----------
    radiation
        Wavelengths and asymmetry.
    position, area, width, share
        Of each line of b patterns (deg, intensity x deg, deg, 1), shape (b, k).

    Returns
    -------
    position, area, gauss, lorentz
        Of the peaks, shape (b, m k), the twins behind the first ones.
    chain
        Derivatives of (position, area, gauss, lorentz, S/L, H/L) of each peak by the positions, areas, widths and shares of the
        lines, shape (b, m k, 6, 4 k).
    """
    patterns, count = position.shape
    gauss, lorentz, gauss_slope, lorentz_slope = parts(share)
    copies = 2 if radiation.doublet else 1
    chain = np.zeros((patterns, copies * count, 6, 4 * count))
    rows = np.arange(count)
    places, areas = [position], [area]
    for copy in range(copies):
        here = rows + copy * count
        slope: Array = np.ones(position.shape)
        factor: Array = np.ones(position.shape)
        if copy:
            other, slope = radiation.twin(position)
            reached = np.isfinite(other)
            places.append(np.where(reached, other, 179.9))
            slope, factor = np.where(reached, slope, 0.0), radiation.ratio * reached
            areas.append(factor * area)
        chain[:, here, 0, rows] = slope
        chain[:, here, 1, count + rows] = factor
        chain[:, here, 2, 2 * count + rows], chain[:, here, 3, 2 * count + rows] = gauss, lorentz
        chain[:, here, 2, 3 * count + rows], chain[:, here, 3, 3 * count + rows] = (
            width * gauss_slope,
            width * lorentz_slope,
        )
    return (
        np.concatenate(places, axis=1), np.concatenate(areas, axis=1), np.tile(width * gauss, (1, copies)),
        np.tile(width * lorentz, (1, copies)), chain,
    )  # fmt: skip
