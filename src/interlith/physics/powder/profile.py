"""What does a powder pattern look like whose lines have given places, areas and widths, and how does it change with each?

A line is a pseudo-Voigt after Thompson, Cox and Hastings, smeared by the axial divergence of beam and receiver after Finger,
Cox and Jephcoat. The smearing is a short weighted sum of shifted lines: over the height h of the ray (in units of the radius)
the weights are smooth, so that a few nodes do. The loops are compiled once and kept on disk.

References
----------
Thompson, Cox and Hastings 1987, 10.1107/S0021889887087090 (width and mixing of the pseudo-Voigt).
Finger, Cox and Jephcoat 1994, 10.1107/S0021889894004218 (axial divergence).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlith.errors import FitError
from interlith.physics.powder import profile_loops, profile_strips, profile_turns

Array = NDArray[np.float64]
Integers = NDArray[np.intp]

#: What a line hangs on, in the order of the second axis of a chain.
LINE_TERMS = ("position", "area", "gauss", "lorentz", "sample_ratio", "slit_ratio")
#: A line ends where it has fallen to this part of its height: 29 full widths for a Lorentzian, 1.8 for a Gaussian.
CUT = 3e-4


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """Lines of a powder pattern.

    Parameters
    ----------
    position
        Two theta of the line without axial divergence (deg), shape (k,).
    area
        (intensity x deg), shape (k,).
    gauss, lorentz
        Full widths at half maximum (deg) of the two parts, shape (k,); not negative, not both zero.
    sample_ratio, slit_ratio
        Half heights of sample and receiving slit over the radius, S/L and H/L; one number for all lines.
    """

    position: Array
    area: Array
    gauss: Array
    lorentz: Array
    sample_ratio: float = 0.0
    slit_ratio: float = 0.0


def pseudo_voigt_width(gauss: ArrayLike, lorentz: ArrayLike) -> tuple[Array, Array]:
    """Full width (deg) and Lorentzian share of the pseudo-Voigt that stands for a Voigt, shape as the widths.

    Parameters
    ----------
    gauss, lorentz
        Full widths at half maximum (deg).

    References
    ----------
    Thompson, Cox and Hastings 1987, 10.1107/S0021889887087090, equations 3 to 5; within 1.3 % of the height of a Voigt.
    """
    first, second = np.broadcast_arrays(np.asarray(gauss, dtype=float), np.asarray(lorentz, dtype=float))
    width, share = np.empty(first.shape), np.empty(first.shape)
    for place in np.ndindex(first.shape):
        width[place], share[place], *_ = profile_loops.mixed(float(first[place]), float(second[place]))
    return width, share


def profile_sum(two_theta: Array, lines: Lines, *, cut: float = CUT) -> Array:
    """Intensity of all lines together, shape (n,).

    Parameters
    ----------
    two_theta
        (deg), shape (n,), rising; any steps.
    lines
        The lines; those outside the pattern add their flanks.
    cut
        Part of its height at which a line ends.

    Raises
    ------
    FitError
        If a width is negative, both are zero, or something is no number.

    Notes
    -----
    The assumption that fails first: axial divergence without Soller slits; with them S/L and H/L are only effective numbers.
    """
    _check(lines)
    out = np.zeros(two_theta.size)
    profile_strips.summed(np.ascontiguousarray(two_theta), *_columns(lines), cut, out)
    return out


def profile_terms(two_theta: Array, lines: Lines, chain: Array, *, cut: float = CUT) -> tuple[Array, Array]:
    """Intensity of all lines together, and its slopes by the parameters that the lines follow from.

    Parameters
    ----------
    two_theta
        (deg), shape (n,), rising.
    lines
        The lines.
    chain
        Slope of each of `LINE_TERMS` of each line by each parameter, shape (k, 6, p).
    cut
        Part of its height at which a line ends; the end moves with the line and its slope is left out.

    Returns
    -------
    Intensity, shape (n,), and slopes, shape (p, n).

    Raises
    ------
    FitError
        As `profile_sum`.
    """
    _check(lines)
    out, slopes = np.zeros(two_theta.size), np.zeros((chain.shape[2], two_theta.size))
    rows = np.arange(chain.shape[2])
    add_terms(two_theta, lines, np.ascontiguousarray(chain.transpose(0, 2, 1)), rows, out, slopes, cut=cut)
    return out, slopes


def add_terms(
    two_theta: Array, lines: Lines, chain: Array, rows: Integers, out: Array, slopes: Array, *, cut: float = CUT
) -> None:
    """Add the intensity of lines to `out` and its slopes to some rows of `slopes`.

    Parameters
    ----------
    two_theta
        (deg), shape (n,), rising, contiguous.
    lines
        The lines.
    chain
        Slope of each of `LINE_TERMS` of each line by each of q parameters, shape (k, q, 6), contiguous.
    rows
        Where their slopes stand, shape (q,).
    out, slopes
        Shapes (n,) and (p, n), contiguous; changed in place.
    cut
        As `profile_terms`.

    Raises
    ------
    FitError
        As `profile_sum`.
    """
    _check(lines)
    profile_strips.with_slopes(np.ascontiguousarray(two_theta), *_columns(lines), cut, chain, rows, out, slopes)


def line_turns(two_theta: Array, lines: Lines, pull: Array, *, cut: float = CUT) -> Array:
    """Sums over the points of `pull` times each line of unit area, times its slope and its second slope by position.

    Parameters
    ----------
    two_theta
        (deg), shape (n,), rising, contiguous.
    lines
        The lines, as `profile_sum` accepts them.
    pull
        Any number at each point, shape (n,).
    cut
        As `profile_terms`.

    Returns
    -------
    Shape (3, k).

    Notes
    -----
    Where axial divergence smears a line, that the smear changes with the place is left out; so are the flanks, and what a line is lowered by.
    """
    out = np.empty((3, lines.position.size))
    position, _, gauss, lorentz, sample, slit = _columns(lines)
    profile_turns.turned(two_theta, position, gauss, lorentz, sample, slit, cut, pull, out)
    return out


def _columns(lines: Lines) -> tuple[Array, Array, Array, Array, float, float]:
    position, area, gauss, lorentz = (
        np.ascontiguousarray(one, dtype=float) for one in (lines.position, lines.area, lines.gauss, lines.lorentz)
    )
    return position, area, gauss, lorentz, float(lines.sample_ratio), float(lines.slit_ratio)


def _check(lines: Lines) -> None:
    numbers = np.stack([lines.position, lines.area, lines.gauss, lines.lorentz])
    if not np.all(np.isfinite(numbers)):
        place = int(np.flatnonzero(~np.isfinite(numbers).all(axis=0))[0])
        raise FitError(
            f"Line {place} of the pattern has a place, area or width that is no number: {numbers[:, place]}."
        )
    wrong = (lines.gauss < 0) | (lines.lorentz < 0) | (lines.gauss + lines.lorentz <= 0)
    if wrong.any():
        place = int(np.flatnonzero(wrong)[0])
        raise FitError(
            f"The line at {lines.position[place]:.3f} deg has the widths {lines.gauss[place]:.3g} and "
            f"{lines.lorentz[place]:.3g} deg; neither may be negative, nor both zero."
        )
    if lines.sample_ratio < 0 or lines.slit_ratio < 0:
        raise FitError(f"S/L and H/L must not be negative; got {lines.sample_ratio:g} and {lines.slit_ratio:g}.")
