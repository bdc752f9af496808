"""How does a sum over the points of a pattern follow the place of each line, to second order? One pass over the points near each."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from interlith.physics.powder.profile_loops import (
    _GAUSS_HEIGHT,
    MOST_NODES,
    farthest_shift,
    mixed,
    reach,
    smeared,
    two_rays,
)
from interlith.physics.powder.profile_strips import LN2, bounds, compiled, fading

Array = NDArray[np.float64]


@compiled
def turned(
    x: Array, position: Array, gauss: Array, lorentz: Array, sample: float, slit: float, cut: float, pull: Array, out: Array
) -> None:  # fmt: skip
    """Sums over points of `pull` (n,) times each line of unit area, its slope and its second slope by position: `out` (3, k)."""
    nodes, slopes, pair, pair_slopes = (
        np.empty((2, 2 * MOST_NODES)),
        np.empty((6, 2 * MOST_NODES)),
        np.empty((2, 2)),
        np.empty((6, 2)),
    )
    for line in range(position.size):
        out[:, line] = 0.0
        width, share, _, _, _, _ = mixed(gauss[line], lorentz[line])
        half = reach(width, share, cut)
        widest = half + farthest_shift(position[line], sample + slit)
        if position[line] + widest < x[0] or position[line] - widest > x[-1]:
            continue
        count = smeared(position[line], sample, slit, width, nodes, slopes)
        few = two_rays(nodes, slopes, count, pair, pair_slopes)
        _, begin, end, _ = bounds(x, position[line], width, half, nodes, count, few)
        rounded, sharp = (1 - share) * _GAUSS_HEIGHT / width, share * 2 / (math.pi * width)
        for ray in range(count):
            middle, weight = position[line] + nodes[0, ray], nodes[1, ray]
            value, slope, turn = _turn(x[begin:end], pull[begin:end], middle, width, weight * sharp, weight * rounded)
            out[0, line] += value
            out[1, line] += slope
            out[2, line] += turn


@compiled
def _turn(
    x: Array, pull: Array, middle: float, width: float, sharp_unit: float, rounded_unit: float
) -> tuple[float, float, float]:
    """Sums of `pull` times one ray, its slope and its second slope by its place."""
    narrow = 4 / (width * width)
    value = slope = turn = 0.0
    for point in range(x.size):
        away = x[point] - middle
        square = narrow * away * away
        below = 1 / (1 + square)
        power = fading(square)
        sharp, rounded = sharp_unit * below, rounded_unit * power
        value += pull[point] * (sharp + rounded)
        slope += pull[point] * away * (2 * sharp * below + (2 * LN2) * rounded)
        turn += pull[point] * (sharp * below * below * (6 * square - 2) + (2 * LN2) * rounded * (2 * LN2 * square - 1))
    return value, slope * narrow, turn * narrow
