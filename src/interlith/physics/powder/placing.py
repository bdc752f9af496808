"""Where does an instrument see the lines that phases reflect, how wide and how strong, and how does each change?

Here the axis of the pattern enters: from 1/d^2 to two theta. Time of flight would be a second `placed` with its own law
(t = C d + A d^2 + zero) and its own widths; what phases hand over, and the chain behind it, would stay.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from interlith.errors import FitError
from interlith.physics.powder.instrument import Instrument

Array = NDArray[np.float64]

#: What the instrument and the mounting of the specimen add to a pattern, in the order of the first parameters: shift of the
#: zero (deg) and of the specimen (mm), roughness of its surface (1), U, V, W (deg^2), X, Y (deg), S/L and H/L, depth that
#: the beam reaches over the radius (deg), absorption of a cylinder (1).
COMMON = (
    "zero", "displacement", "roughness", "gauss_u", "gauss_v", "gauss_w", "lorentz_x", "lorentz_y", "sample_ratio", "slit_ratio",
    "transparency", "absorption", "displacement_across",
)  # fmt: skip
#: Shape factor between the Lorentzian width of a line and the volume-weighted size of crystallites: a sphere by its integral
#: breadth has 1.07, by its full width 0.89; A. L. Patterson, Phys. Rev. 56 (1939) 978, 10.1103/PhysRev.56.978.
SCHERRER = 0.9
#: A squared Gaussian width of zero is this (deg^2), so that its slope is a number; one below zero by more than the square of
#: 0.003 deg, which no instrument resolves, is refused.
_LEAST_SQUARE, _REFUSED = 1e-10, 1e-5
#: Position, area, Gaussian and Lorentzian width in a chain.
POSITION, AREA, GAUSS, LORENTZ = range(4)


class Reflected(NamedTuple):
    """What one phase hands to an instrument.

    Attributes
    ----------
    square
        1/d^2 (1/angstrom^2), shape (n,).
    strength
        Area of each line before what the instrument does to it, shape (n,).
    inverse_size, strain
        (1/nm) and (1), shape (n,).
    slopes
        Of these four by the parameters of the phase, shape (4, n, p).
    last
        1/d^2 (1/angstrom^2) beyond which lines are listed only since cells drift; their widths are not judged.
    """

    square: Array
    strength: Array
    inverse_size: Array
    strain: Array
    slopes: Array
    last: float = math.inf


class Together(NamedTuple):
    """Lines of all phases and wavelengths one behind the other: as `Reflected`, with wavelength (angstrom) and its weight, shape (k,)."""

    square: Array
    strength: Array
    inverse_size: Array
    strain: Array
    last: Array
    wavelength: Array
    weight: Array


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """Lines as the instrument sees them.

    Parameters
    ----------
    table
        Position (deg), area, Gaussian and Lorentzian full width (deg), shape (4, k).
    by_square
        Slopes of the table by 1/d^2, shape (4, k).
    by_strength, by_inverse, by_strain
        Slope of the area by the strength, of the Lorentzian width by inverse size and strain, shape (k,).
    by_common
        Name of a common parameter -> what it moves (0 to 3), and the slopes, shape (k,).
    """

    table: Array
    by_square: Array
    by_strength: Array
    by_inverse: Array
    by_strain: Array
    by_common: Mapping[str, tuple[int, Array]]


def placed(
    lines: Together, instrument: Instrument, common: Mapping[str, float], factors: Callable[[Array], tuple[Array, Array]],
    named: Callable[[int], str],
) -> Placed:  # fmt: skip
    """Lines of constant wavelength as an instrument sees them.

    Parameters
    ----------
    lines
        What the phases reflect.
    instrument
        Its geometry and radius; its widths are in `common`.
    common
        Values of `COMMON`.
    factors
        theta (rad) -> factor of each area and its slope by theta: Lorentz and polarisation.
    named
        Number of a line -> name of its phase, for messages.

    Raises
    ------
    FitError
        If a squared Gaussian width is negative at a line.

    Notes
    -----
    Lines that the wavelength cannot reach have area 0 and no slopes. Transparency t shifts lines of a flat specimen by
    - t sin(2 theta) / 2, t = 1 / (mu R) (deg): what a thick specimen does that the beam enters. The assumption that fails first: one
    shift for a line that transparency also widens.

    References
    ----------
    Cheary, Coelho and Cline 2004, 10.6028/jres.109.002 (transparency).
    """
    sine = 0.5 * lines.wavelength * np.sqrt(lines.square)
    seen = sine < 1
    theta = np.arcsin(np.where(seen, sine, 0.5))
    sine, cosine = np.sin(theta), np.cos(theta)
    table, by_theta = np.empty((4, theta.size)), np.empty((4, theta.size))
    moved: dict[str, tuple[int, Array]] = {}
    table[0], by_theta[0] = _shifted(instrument, common, theta, moved)
    factor, log_slope, by_exponent = _weakened(instrument, common, sine, cosine)
    own, own_slope = factors(theta)
    factor = seen * lines.weight * factor
    by_strength = factor * own
    table[1] = by_strength * lines.strength
    by_theta[1] = table[1] * log_slope + factor * own_slope * lines.strength
    moved |= {name: (AREA, table[1] * slope) for name, slope in by_exponent.items()}
    tangent = sine / cosine
    judged = seen & (lines.square <= lines.last)
    table[2], by_theta[2] = _gauss(common, theta, tangent, cosine, judged, named, moved)
    # 0.1 nm an angstrom.
    unit = math.degrees(SCHERRER * 0.1) * lines.wavelength
    wide = common["lorentz_x"] + unit * lines.inverse_size
    strained = common["lorentz_y"] + math.degrees(4) * lines.strain
    table[3], by_theta[3] = wide / cosine + strained * tangent, (wide * sine + strained) / cosine**2
    moved["lorentz_x"], moved["lorentz_y"] = (LORENTZ, 1 / cosine), (LORENTZ, tangent)
    turn = seen * lines.wavelength**2 / (8 * sine * cosine)
    return Placed(table, by_theta * turn, by_strength, unit / cosine, math.degrees(4) * tangent, moved)


def _shifted(
    instrument: Instrument, common: Mapping[str, float], theta: Array, moved: dict[str, tuple[int, Array]]
) -> tuple[Array, Array]:
    """Two theta (deg) of lines and its slope by theta; slopes by the shifts go into `moved`."""
    place, by_theta = np.degrees(2 * theta) + common["zero"], np.full(theta.size, math.degrees(2.0))
    moved["zero"] = (POSITION, np.ones(theta.size))
    shifts: dict[str, tuple[Array, Array]] = {}
    if instrument.radius > 0:
        shifts["displacement"] = instrument.displacement(theta)
        if instrument.geometry == "debye-scherrer":
            shifts["displacement_across"] = instrument.displacement_across(theta)
    if instrument.geometry == "bragg-brentano":
        shifts["transparency"] = (-np.sin(2 * theta) / 2, -np.cos(2 * theta))
    for name, (shift, bend) in shifts.items():
        place, by_theta = place + common[name] * shift, by_theta + common[name] * bend
        moved[name] = (POSITION, shift)
    return place, by_theta


def _weakened(
    instrument: Instrument, common: Mapping[str, float], sine: Array, cosine: Array
) -> tuple[Array, Array, dict[str, Array]]:
    """Factor of the areas by roughness and absorption; slopes of its logarithm by theta, and by the two.

    Notes
    -----
    Roughness q weakens low angles by exp(q - q / sin(theta)), the form of a surface whose pits shade each other. Absorption mu R
    weakens the lines of a cylinder by exp(- (1.7133 - 0.0368 s) mu R + (0.0927 + 0.375 s) (mu R)^2), s = sin^2(theta): within
    1.3 % of the integral over a cylinder up to mu R = 1. Both are common to all phases. The assumption that fails first: one absorption
    for all phases, which is what weighs wrongly where heavy and light grains are mixed.

    References
    ----------
    P. Suortti, J. Appl. Crystallogr. 5 (1972) 325, 10.1107/S0021889872009707 (surface roughness).
    A. W. Hewat, Acta Cryst. A35 (1979) 248 (cylinder; checked = false: the numbers are those of program manuals).
    """
    rough, square = 1 - 1 / sine, sine**2
    exponent, slope = common["roughness"] * rough, common["roughness"] * cosine / square
    found = {"roughness": rough}
    if instrument.geometry == "debye-scherrer":
        mu = common["absorption"]
        linear, bent = 1.7133 - 0.0368 * square, 0.0927 + 0.375 * square
        exponent = exponent - linear * mu + bent * mu**2
        slope = slope + (0.0368 * mu + 0.375 * mu**2) * 2 * sine * cosine
        found["absorption"] = -linear + 2 * bent * mu
    return np.exp(exponent), slope, found


def _gauss(
    common: Mapping[str, float], theta: Array, tangent: Array, cosine: Array, judged: NDArray[np.bool_],
    named: Callable[[int], str], moved: dict[str, tuple[int, Array]],
) -> tuple[Array, Array]:  # fmt: skip
    """Gaussian full widths (deg) and their slopes by theta; slopes by U, V and W go into `moved`."""
    u, v, w = common["gauss_u"], common["gauss_v"], common["gauss_w"]
    variance = (u * tangent + v) * tangent + w
    if np.any(judged & (variance < -_REFUSED)):
        worst = int(np.argmin(np.where(judged, variance, np.inf)))
        raise FitError(
            f"U, V, W = {u:.4g}, {v:.4g}, {w:.4g} deg^2 give {named(worst)} a squared Gaussian width of {variance[worst]:.3g} deg^2 "
            f"at {math.degrees(2 * theta[worst]):.2f} deg; it must not be negative there. Raise W, or V towards zero."
        )
    width = np.sqrt(np.maximum(variance, _LEAST_SQUARE))
    # A line held at the least width does not follow U, V and W.
    half = np.where(variance > _LEAST_SQUARE, 1 / (2 * width), 0.0)
    for name, slope in (("gauss_u", half * tangent**2), ("gauss_v", half * tangent), ("gauss_w", half)):
        moved[name] = (GAUSS, slope)
    return width, (2 * u * tangent + v) * half / cosine**2
