"""How large is the noise of a spectrum, judged by what the fit leaves over?

Two parts: one that every point has, and one in proportion to |Z|. Each is found by likelihood, both together explain the squares of the residuals.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Noise below this share of |Z| is not believed: rounding of the file.
_LEAST = 1e-7


def noise_std(parts: Array, modulus: Array) -> Array:
    """Standard uncertainty (ohm) of each part of each point.

    Parameters
    ----------
    parts
        Squares of the constant part (ohm^2) and of the share of |Z| (1), shape (m, 2).
    modulus
        |Z| (ohm), shape (m, 2 n).
    """
    return np.sqrt(parts[:, :1] + parts[:, 1:] * modulus**2)


def better_noise(parts: Array, modulus: Array, square: Array, used: Array, freedom: Array) -> Array:
    """Both parts of the noise by one scoring step of their likelihood.

    Parameters
    ----------
    parts
        So far, shape (m, 2).
    modulus
        |Z| (ohm), shape (m, 2 n).
    square
        Squared residuals (ohm^2), shape (m, 2 n).
    used
        1 for points that take part, else 0, shape (m, 2 n).
    freedom
        How many parameters the fit has used up, shape (m,).
    """
    count = used.sum(axis=1)
    grown = square * (count / np.maximum(count - freedom, 1.0))[:, None]
    weight = used / (parts[:, :1] + parts[:, 1:] * modulus**2) ** 2
    two = modulus**2
    s00, s01, s11 = weight.sum(axis=1), (weight * two).sum(axis=1), (weight * two * two).sum(axis=1)
    t0, t1 = (weight * grown).sum(axis=1), (weight * two * grown).sum(axis=1)
    determinant = s00 * s11 - s01**2
    apart = determinant > 1e-6 * s00 * s11
    safe = np.where(apart, determinant, 1.0)
    constant = np.where(apart, (t0 * s11 - t1 * s01) / safe, 0.0)
    share = np.where(apart, (t1 * s00 - t0 * s01) / safe, t1 / s11)
    only_share, only_constant = constant < 0, share < 0
    share = np.where(only_share, t1 / s11, np.maximum(share, 0.0))
    constant = np.where(only_constant, t0 / s00, np.maximum(constant, 0.0))
    least = (_LEAST**2) * two.max(axis=1)
    made = np.stack([np.where(only_share, 0.0, constant), np.where(only_constant, 0.0, share)], axis=1)
    empty = made @ np.ones(2) <= 0
    made[empty, 1] = _LEAST**2
    made[:, 0] = np.maximum(made[:, 0], least * 1e-2)
    old = parts[:, :1] + parts[:, 1:] * two
    new = made[:, :1] + made[:, 1:] * two
    # A step of more than a factor of thirty in variance is not believed at once.
    pace = np.clip(np.exp(np.mean(np.log(new / old), axis=1)), 1 / 30.0, 30.0) / np.exp(
        np.mean(np.log(new / old), axis=1)
    )
    return np.asarray(made * pace[:, None])
