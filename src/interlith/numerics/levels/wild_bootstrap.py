"""Can a straight line pass through a given point of the axis, if the errors of the points have unknown unequal sizes?"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlith.errors import FitError

Array = NDArray[np.float64]

#: Residuals are divided by one minus the leverage, never by less than this.
_LEAST_FREEDOM = 1e-6
#: Sizes of the multipliers of residuals, six equally likely values with mean zero and variance one: with few points two of
#: them would leave only a handful of different samples.
_MULTIPLIERS = np.sqrt([0.5, 1.0, 1.5])
#: Numbers held at once.
_BLOCK = 2_000_000
#: Places looked at along the axis, from minus to plus infinity, and halvings of an end.
_PLACES, _HALVINGS = 64, 22
#: Fewest points: with three, one residual is left over.
FEWEST = 4


def wild_probability(
    x: ArrayLike, y: ArrayLike, std: ArrayLike, at: ArrayLike, *, repeats: int = 999, seed: int = 20260101
) -> Array:
    """Probability of a studentised height at least this large if the line passes through zero at an abscissa.

    Parameters
    ----------
    x
        Abscissas, shape (n,), n of at least `FEWEST`.
    y
        Values above the level, shape (r, n) or (n,).
    std
        Standard uncertainties that give the weights, shape (n,) or as `y`; whether they are right does not matter.
    at
        Abscissas asked for, shape (r,), one a series; several for a single series.
    repeats, seed
        Of the resampling; the same multipliers serve every series.

    Returns
    -------
    Array
        Shape (r,).

    Notes
    -----
    Lines through the point asked for give the residuals, over one minus their leverage, which are then multiplied by random
    numbers (wild bootstrap with the null imposed); the height is studentised by the variance that allows for unequal sizes
    (HC3). Assumption that fails first: symmetric errors of so few points; no single point may carry the line.

    References
    ----------
    Davidson and Flachaire 2008, 10.1016/j.jeconom.2008.08.003. MacKinnon and White 1985, 10.1016/0304-4076(85)90158-7.
    """
    places, heights, asked = np.asarray(x, dtype=float), np.asarray(y, dtype=float), np.atleast_1d(at).astype(float)
    count = places.size
    if count < FEWEST:
        raise FitError(f"{count} points are too few for a bootstrap of a line; at least {FEWEST} are needed.")
    heights = np.broadcast_to(heights, (asked.size, count))
    sizes = np.broadcast_to(np.asarray(std, dtype=float), heights.shape)
    random = np.random.default_rng(seed)
    signs = random.choice([-1.0, 1.0], (repeats, count)) * random.choice(_MULTIPLIERS, (repeats, count))
    block = max(1, _BLOCK // (repeats * count))
    parts = [slice(start, start + block) for start in range(0, asked.size, block)]
    return np.concatenate([_block(places, heights[part], sizes[part], asked[part], signs) for part in parts])


def _block(x: Array, y: Array, std: Array, at: Array, signs: Array) -> Array:
    # Whitened columns of the line about the abscissa asked for: its height there and its slope.
    one, step, height = 1.0 / std, (x - at[:, None]) / std, y / std
    total, first, second = (one**2).sum(axis=1), (one * step).sum(axis=1), (step**2).sum(axis=1)
    inner = total * second - first**2
    row = (second[:, None] * one - first[:, None] * step) / inner[:, None]
    slope_row = (total[:, None] * step - first[:, None] * one) / inner[:, None]
    freedom = np.maximum(1.0 - row * one - slope_row * step, _LEAST_FREEDOM)

    def studentised(values: Array) -> Array:
        found = np.einsum("rn,r...n->r...", row, values)
        slope = np.einsum("rn,r...n->r...", slope_row, values)
        spare = (slice(None),) + (None,) * (values.ndim - 2)
        left = values - found[..., None] * one[spare] - slope[..., None] * step[spare]
        spread = np.sqrt(np.einsum("rn,r...n->r...", row**2, (left / freedom[spare]) ** 2))
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(found == 0, 0.0, np.abs(found) / spread)

    alone = (height * step).sum(axis=1) / second
    bound = np.maximum(1.0 - step**2 / second[:, None], _LEAST_FREEDOM)
    residual = (height - alone[:, None] * step) / bound
    drawn = studentised(residual[:, None, :] * signs)
    return np.asarray((1.0 + (drawn >= studentised(height)[:, None]).sum(axis=1)) / (1.0 + len(signs)))


def wild_interval(
    x: ArrayLike, y: ArrayLike, std: ArrayLike, estimate: float, level: float, *, repeats: int = 999, seed: int = 20260101
) -> tuple[float, float]:  # fmt: skip
    """Zeros of one line around the estimated one that `wild_probability` does not exclude; infinite ends where it never does.

    Parameters
    ----------
    x, y, std
        One series, shape (n,).
    estimate
        Abscissa at which the fitted line is zero.
    level
        Confidence.
    """
    places = np.asarray(x, dtype=float)
    span = float(np.ptp(places))
    angles = np.linspace(0.0, math.pi / 2, _PLACES + 1)[1:-1]

    def kept(at: Array) -> NDArray[np.bool_]:
        return wild_probability(places, y, std, at, repeats=repeats, seed=seed) > 1.0 - level

    ends = []
    for sign in (-1.0, 1.0):
        distances = span * np.tan(angles) * 0.25
        out = ~kept(estimate + sign * distances)
        if not out.any():
            ends.append(sign * math.inf)
            continue
        first = int(out.argmax())
        inside, outside = (distances[first - 1] if first else 0.0), distances[first]
        for _ in range(_HALVINGS):
            middle = 0.5 * (inside + outside)
            if kept(np.array([estimate + sign * middle]))[0]:
                inside = middle
            else:
                outside = middle
        ends.append(estimate + sign * float(inside))
    return ends[0], ends[1]
