"""How large is the scatter of each point of a spectrum: alike, in proportion to the modulus, or both?"""

from __future__ import annotations

import numpy as np

from interlith.errors import FitError, nearest
from interlith.physics.circuits.element import Array, Complex, Mask

WEIGHTS = ("unit", "modulus", "noise")
#: Shares of the constant part that are tried: variance = share * median |Z|^2 + (1 - share) |Z|^2, up to a factor; their odds are even
#: on a logarithmic scale.
_ODDS = np.logspace(-8, 6, 85)
_SHARES = np.concatenate([[0.0], _ODDS / (1.0 + _ODDS), [1.0]])


def check_weights(weights: str) -> None:
    """Refuse an unknown word.

    Raises
    ------
    FitError
        If `weights` is none of the known words.
    """
    if weights not in WEIGHTS:
        raise FitError(f"weights is '{weights}'; {nearest(weights, WEIGHTS)}.")


def relative_std(weights: str, model: Complex, residual: Complex | None, used: Mask) -> Array:
    """(ohm) standard uncertainty of real and imaginary part up to a factor, shape (m, n).

    Parameters
    ----------
    weights
        ``unit``: alike for all points. ``modulus``: in proportion to |Z|. ``noise``: variance a^2 + b^2 |Z|^2, its shares estimated
        from the residuals by maximum likelihood.
    model
        (ohm), shape (m, n): the fitted spectrum where there is one, since weights from the data themselves favour points that
        scatter towards zero.
    residual
        (ohm), shape (m, n): observed minus fitted; `None` before the first fit, then ``noise`` begins as ``modulus``.
    used
        Whether there is a point, shape (m, n).
    """
    modulus = np.where(used, np.abs(model), np.nan)
    middle = np.nanmedian(modulus, axis=1, keepdims=True)
    if weights == "unit":
        return np.broadcast_to(middle, modulus.shape).copy()
    floor = 1e-6 * middle
    if weights == "modulus" or residual is None:
        return np.where(used, np.maximum(np.nan_to_num(modulus), floor), middle)
    return np.where(used, np.sqrt(_likeliest(np.nan_to_num(modulus), middle, np.abs(residual), used)), middle)


def _likeliest(modulus: Array, middle: Array, residual: Array, used: Mask) -> Array:
    """Variance (m, n) of the share of the constant part that makes the residuals likeliest, the factor integrated out."""
    best = np.full(len(modulus), np.inf)
    found = np.ones_like(modulus)
    points = used.sum(axis=1)
    for share in _SHARES:
        variance = np.maximum(share * middle**2 + (1.0 - share) * modulus**2, (1e-6 * middle) ** 2)
        squares = np.where(used, residual**2 / variance, 0.0).sum(axis=1)
        worth = points * np.log(np.maximum(squares, 1e-300)) + np.where(used, np.log(variance), 0.0).sum(axis=1)
        lower = worth < best
        best[lower], found[lower] = worth[lower], variance[lower]
    return found
