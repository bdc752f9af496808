"""How far may a step go, and which damping keeps it there?

The region is an ellipsoid about the present place, in units of the largest change of the model that each parameter has
shown. A whole Gauss-Newton step that stays inside is taken as it is, so that an easy member costs one solution a step.

References
----------
Moré 1978, 10.1007/BFb0067700 (radius, damping from the radius, when to widen and to narrow).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from interlith.numerics.fitting.damped import Equations
from interlith.numerics.fitting.parameters import Array, Mask
from interlith.numerics.fitting.problem import Members

#: A step may miss the radius by this share.
_LOOSE = 0.1
#: Rounds of the search for the damping of one radius.
_ROUNDS = 10


@dataclass(slots=True)
class Region:
    """Radius of every member, damping and length of its last step, steps in vain in a row; arrays over members."""

    radius: Array
    damping: Array
    length: Array
    vain: NDArray[np.intp]

    @classmethod
    def about(cls, inner: Array, scale: Array, linear: Mask) -> Region:
        """First regions: as far as zero; without end where all starts are zero.

        Parameters
        ----------
        inner, scale
            Starts and diagonal of the normal matrix, shape (b, q).
        linear
            Parameters that are solved for and do not count, shape (q,).
        """
        count = len(inner)
        with np.errstate(over="ignore"):
            size = np.sqrt(np.where(linear, 0.0, np.square(inner) * scale).sum(axis=1))
        radius = np.where((size > 0) & np.isfinite(size), size, np.inf)
        return cls(radius, np.zeros(count), np.zeros(count), np.zeros(count, dtype=np.intp))

    def adapt(self, left: Members, gain: Array, hoped: Array, slope: Array, noise: Array, *, first: bool) -> None:
        """Widen or narrow after the trial steps of the members `left` (b,).

        Parameters
        ----------
        gain, hoped
            Decrease of the cost, and what the quadratic model promised, shape (b,).
        slope
            Half the slope of the cost along the step, shape (b,).
        noise
            Change of the cost that drowns in rounding, shape (b,).
        first
            Whether this was the first step: it says how large a step is.
        """
        length, radius, damping = self.length[left], self.radius[left], self.damping[left]
        radius = np.minimum(radius, length) if first else radius
        gain = np.where(np.isfinite(gain), gain, -np.inf)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.where(hoped > 0, gain / hoped, np.where(gain >= 0, 1.0, 0.0))
            share = np.where(gain >= 0, 0.5, 0.5 * slope / (slope + 0.5 * gain))
        share = np.where(np.isfinite(share), np.clip(share, 0.1, 0.5), 0.1)
        narrow, wide = ratio <= 0.25, (damping == 0) | (ratio >= 0.75)
        grown = np.where(wide, 2.0 * length, radius)
        adapted = np.where(narrow, share * np.minimum(radius, 10.0 * length), grown)
        self.radius[left] = np.where(adapted > 0, adapted, radius)
        self.damping[left] = np.where(narrow, damping / share, np.where(wide, 0.5 * damping, damping))
        self.vain[left] = np.where(gain > noise, 0, self.vain[left] + 1)

    def step(self, left: Members, equations: Equations) -> tuple[Array, Array]:
        """Steps of the members `left` inside their regions, and the undamped ones, shape (b, q)."""
        whole = equations.step(np.arange(len(left)), np.zeros(len(left)))
        length, radius, damping = equations.length(whole), self.radius[left], np.zeros(len(left))
        step = whole
        rows = np.flatnonzero(~(length <= (1.0 + _LOOSE) * radius))
        if rows.size:
            step = whole.copy()
            guess = self.damping[left[rows]]
            step[rows], damping[rows], length[rows] = _inside(equations, rows, length[rows], radius[rows], guess)
        self.damping[left], self.length[left] = damping, length
        return step, whole


def _inside(
    equations: Equations, rows: Members, whole: Array, radius: Array, guess: Array
) -> tuple[Array, Array, Array]:
    """Steps of about the radius, the damping that gives them, and their lengths.

    One over the length is nearly straight in the damping, which a secant from the undamped step uses.
    """
    pull = equations.pull(rows)
    known = np.isfinite(whole) & (whole > 0)
    inverse = np.divide(1.0, whole, out=np.zeros_like(whole), where=known)
    low, high = np.zeros(len(rows)), pull / radius
    damping = np.clip(np.where(guess > 0, guess, pull / np.where(known, whole, radius)), 1e-10 * high, high)
    step, length = np.zeros((len(rows), equations.scale.shape[1])), np.zeros(len(rows))
    left = np.arange(len(rows))
    for _ in range(_ROUNDS):
        step[left] = equations.step(rows[left], damping[left])
        length[left] = equations.length(step[left], rows[left])
        left = left[~(np.abs(length[left] - radius[left]) <= _LOOSE * radius[left])]
        if not left.size:
            break
        long = length[left] > radius[left]
        low[left] = np.where(long, damping[left], low[left])
        high[left] = np.where(long, high[left], damping[left])
        with np.errstate(divide="ignore", invalid="ignore"):
            secant = (1.0 / radius[left] - inverse[left]) * damping[left] / (1.0 / length[left] - inverse[left])
        middle = np.sqrt(np.maximum(low[left], 1e-3 * high[left]) * high[left])
        damping[left] = np.where((secant > low[left]) & (secant < high[left]), secant, middle)
    over = length > (1.0 + _LOOSE) * radius
    step[over] *= (radius[over] / length[over])[:, None]
    length[over] = radius[over]
    return step, damping, length
