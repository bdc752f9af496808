"""What is a process: resistance, time constant, width, and what is known of them?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from interlith.numerics.relaxation.bands import Bands
from interlith.numerics.relaxation.kernel import window

Array = NDArray[np.float64]

#: A top closer to the end of the window than this (ln tau), or with more of its resistance outside, is known as a bound only.
_EDGE, _OUTSIDE = 0.5, 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Peaks:
    """Processes of one spectrum, fast ones first.

    Parameters
    ----------
    values
        Resistance (ohm), ln tau, width (decades: resistance over height), shape (p, 3).
    covariance
        Of all of them from the posterior, shape (3 p, 3 p), process by process.
    separation
        What the rule for sharing decides, one standard uncertainty, shape (p, 3).
    probability
        That the top stands above its valleys, shape (p,).
    inside, inside_low
        Resistance within the window (ohm), and the value that it exceeds with 97.5 %, shape (p,).
    side
        "" where the process lies within the window, else "fast" or "slow": its resistance is at least `inside_low`.
    discrete
        Whether it is a single relaxation, shape (p,).
    """

    values: Array
    covariance: Array
    separation: Array
    probability: Array
    inside: Array
    inside_low: Array
    side: tuple[str, ...]
    discrete: NDArray[np.bool_]

    @property
    def count(self) -> int:
        """Number of processes."""
        return len(self.values)

    @property
    def std(self) -> Array:
        """Standard uncertainties of `values`, sharing included, shape (p, 3)."""
        made = np.sqrt(np.diagonal(self.covariance)).reshape(-1, 3)
        return np.asarray(np.hypot(made, self.separation))


def processes(
    of: Bands,
    values: Array,
    inside: Array,
    cut: Array,
    certain: Array,
    discrete: NDArray[np.bool_],
    *,
    open_ends: tuple[bool, bool] = (False, False),
) -> Peaks:
    """Processes from values of the most probable state and of draws (1 + d, p, 3), fast ones first."""
    order = np.argsort(values[0, :, 1], kind="stable")
    values, inside, cut, certain, discrete = (
        values[:, order],
        inside[:, order],
        cut[:, order],
        certain[order],
        discrete[order],
    )
    low, high = window(of.grid.frequency)
    first = values[0]
    count = len(first)
    covariance = (
        np.zeros((0, 0))
        if not count
        else np.cov(values[1:].reshape(len(values) - 1, -1), rowvar=False).reshape(3 * count, 3 * count)
    )
    side = []
    for (resistance, place, _), within in zip(first, inside[0], strict=True):
        outside = 1 - within / resistance if resistance != 0 else 0.0
        near_fast, near_slow = place - low < _EDGE, high - place < _EDGE
        towards = "slow" if place > 0.5 * (low + high) else "fast"
        side.append("slow" if near_slow else "fast" if near_fast else towards if outside > _OUTSIDE else "")
    if count and open_ends[0] and not side[0]:
        side[0] = "fast"
    if count and open_ends[1] and not side[-1]:
        side[-1] = "slow"
    lower = np.quantile(inside[1:], 0.025, axis=0) if count else np.zeros(0)
    return Peaks(
        first, covariance, np.abs(first - cut[0]) / np.sqrt(3), certain, inside[0], lower, tuple(side), discrete
    )
