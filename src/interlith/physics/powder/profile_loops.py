"""How is the sum over lines and points worked out quickly? Compiled loops with slopes derived by hand."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[np.float64]
_Function = TypeVar("_Function", bound=Callable[..., Any])

#: Most nodes of the sum over heights of the ray, in each of its two pieces.
MOST_NODES = 96
#: Rules of Gauss and Legendre on (0, 1) with 1 ... 96 nodes.
_RULES = np.zeros((MOST_NODES + 1, 2, MOST_NODES))
for _count in range(1, MOST_NODES + 1):
    _nodes, _weights = np.polynomial.legendre.leggauss(_count)
    _RULES[_count, 0, :_count], _RULES[_count, 1, :_count] = (_nodes + 1) / 2, _weights / 2
_FOUR_LN2 = 4 * math.log(2)
_GAUSS_HEIGHT = math.sqrt(_FOUR_LN2 / math.pi)
_DEG = math.pi / 180
#: Divergence below this (in units of the radius) shifts nothing above 2 deg by more than 1e-9 deg.
_LEAST_HEIGHT = 1e-6


def _compiled(function: _Function) -> _Function:
    return cast(_Function, njit(cache=True, fastmath=False, error_model="numpy")(function))


@_compiled
def mixed(gauss: float, lorentz: float) -> tuple[float, float, float, float, float, float]:
    """Full width, Lorentzian share, and slopes of both by the two widths: (w, s, dw/dg, dw/dl, ds/dg, ds/dl)."""
    g, m = gauss, lorentz
    g2, m2 = g * g, m * m
    fifth = (
        g2 * g2 * g
        + 2.69269 * g2 * g2 * m
        + 2.42843 * g2 * g * m2
        + 4.47163 * g2 * m2 * m
        + 0.07842 * g * m2 * m2
        + m2 * m2 * m
    )
    width = fifth**0.2
    by_gauss = (
        5 * g2 * g2 + 4 * 2.69269 * g2 * g * m + 3 * 2.42843 * g2 * m2 + 2 * 4.47163 * g * m2 * m + 0.07842 * m2 * m2
    )
    by_lorentz = (
        2.69269 * g2 * g2 + 2 * 2.42843 * g2 * g * m + 3 * 4.47163 * g2 * m2 + 4 * 0.07842 * g * m2 * m + 5 * m2 * m2
    )
    scale = width / (5 * fifth)
    wg, wl = by_gauss * scale, by_lorentz * scale
    q = m / width
    share = q * (1.36603 + q * (-0.47719 + q * 0.11116))
    slope = 1.36603 + q * (-2 * 0.47719 + q * 3 * 0.11116)
    return width, share, wg, wl, -slope * q * wg / width, slope * (1 - q * wl) / width


@_compiled
def reach(width: float, share: float, cut: float) -> float:
    """Distance from its middle (deg) at which a line has fallen to a part of its height."""
    height = share * 2 / math.pi + (1 - share) * _GAUSS_HEIGHT
    gauss = 0.5 * width * math.sqrt(max(math.log(1 / cut), 0.0) / math.log(2.0))
    lorentz = 0.5 * width * math.sqrt(max(share * 2 / math.pi / (cut * height) - 1, 0.0))
    return max(gauss, lorentz)


@_compiled
def farthest_shift(position: float, height: float) -> float:
    """How far (deg) rays of the largest height, in units of the radius, are seen from where the line stands."""
    cosine = abs(math.cos(position * _DEG))
    return abs(math.acos(min(cosine * math.sqrt(1 + height * height), 1.0)) - math.acos(cosine)) / _DEG


@_compiled
def _by_ratios(sample: float, slit: float) -> tuple[float, float, float, float]:
    """Slopes of the flat part |H - S| and of the ramp 2 min(H, S) of the acceptance by S and by H."""
    if slit > sample:
        return -1.0, 1.0, 2.0, 0.0
    if sample > slit:
        return 1.0, -1.0, 0.0, 2.0
    # Both move together: each carries half of what the ramp gains.
    return 0.0, 0.0, 1.0, 1.0


@_compiled
def _unsmeared(nodes: Array, slopes: Array) -> None:
    """One ray, where the line stands."""
    nodes[0, 0], nodes[1, 0] = 0.0, 1.0
    for term in range(6):
        slopes[term, 0] = 0.0


@_compiled
def smeared(position: float, sample: float, slit: float, width: float, nodes: Array, slopes: Array) -> int:
    """Nodes of the axial smearing of a line; how many.

    `nodes` (2, 2 MOST_NODES) takes shift (deg) and weight, `slopes` (6, 2 MOST_NODES) the slopes of shift and of weight by
    position, S/L and H/L.
    """
    _unsmeared(nodes, slopes)
    total_height, cosine = sample + slit, math.cos(position * _DEG)
    if total_height <= _LEAST_HEIGHT or abs(cosine) < 1e-9:
        return 1
    flat, ramp = abs(slit - sample), 2 * min(slit, sample)
    flat_s, flat_h, ramp_s, ramp_h = _by_ratios(sample, slit)
    spread = farthest_shift(position, total_height) / width
    # So many that one more changes a line by less than 1e-6 of its height: a step there would be an end of a fit that is none.
    count = min(4 + int(6 * spread + 3 * math.sqrt(spread)), MOST_NODES)
    found = 0
    total = total_p = total_s = total_h = 0.0
    for piece in range(2):
        if (piece == 0 and flat <= 0) or (piece == 1 and ramp <= 0):
            continue
        for number in range(count):
            t, rule = _RULES[count, 0, number], _RULES[count, 1, number]
            # Only ratios of weights count, so that the acceptance is taken over that of the flat part.
            if piece == 1:
                height, by_flat, by_ramp = flat + ramp * t, 1.0, t
                raw, raw_flat, raw_ramp = ramp * (1 - t) * rule, 0.0, (1 - t) * rule
            else:
                height, by_flat, by_ramp = flat * t, t, 0.0
                raw, raw_flat, raw_ramp = flat * rule, rule, 0.0
            height_s, height_h = flat_s * by_flat + ramp_s * by_ramp, flat_h * by_flat + ramp_h * by_ramp
            raw_s, raw_h = raw_flat * flat_s + raw_ramp * ramp_s, raw_flat * flat_h + raw_ramp * ramp_h
            if _node(position, height, raw, height_s, height_h, raw_s, raw_h, nodes[:, found], slopes[:, found]):
                total += nodes[1, found]
                total_p += slopes[3, found]
                total_s += slopes[4, found]
                total_h += slopes[5, found]
                found += 1
    for number in range(found):
        weight = nodes[1, number] / total
        nodes[1, number] = weight
        slopes[3, number] = (slopes[3, number] - weight * total_p) / total
        slopes[4, number] = (slopes[4, number] - weight * total_s) / total
        slopes[5, number] = (slopes[5, number] - weight * total_h) / total
    if found == 0:
        _unsmeared(nodes, slopes)
    return max(found, 1)


@_compiled
def _node(
    position: float, height: float, raw: float, height_s: float, height_h: float, raw_s: float, raw_h: float,
    node: Array, slope: Array,
) -> bool:  # fmt: skip
    """Shift and weight of rays of one height with their slopes; whether such rays are seen at all."""
    angle = position * _DEG
    root = math.sqrt(1 + height * height)
    inner = math.cos(angle) * root
    if abs(inner) >= 1:
        return False
    seen = math.acos(inner)
    sine = math.sin(seen)
    by_position = math.sin(angle) * root / sine
    by_height = -math.cos(angle) * height / (root * sine)
    bend = inner / sine
    factor = 1 / (root * root * sine)
    weight = raw * factor
    log_height = -2 * height / (root * root) - bend * by_height
    node[0], node[1] = (seen - angle) / _DEG, weight
    slope[0], slope[1], slope[2] = by_position - 1, by_height * height_s / _DEG, by_height * height_h / _DEG
    slope[3] = -weight * bend * by_position * _DEG
    slope[4], slope[5] = (
        factor * raw_s + weight * log_height * height_s,
        factor * raw_h + weight * log_height * height_h,
    )
    return True


@_compiled
def two_rays(nodes: Array, slopes: Array, count: int, pair: Array, pair_slopes: Array) -> int:
    """Two rays with the first three moments of many; how many there are now (the same as before if there were two or fewer).

    Shapes as in `smeared`.
    """
    if count <= 2:
        for ray in range(count):
            pair[0, ray], pair[1, ray] = nodes[0, ray], nodes[1, ray]
            for term in range(6):
                pair_slopes[term, ray] = slopes[term, ray]
        return count
    mean = variance = third = 0.0
    for ray in range(count):
        mean += nodes[1, ray] * nodes[0, ray]
    for ray in range(count):
        away = nodes[0, ray] - mean
        variance += nodes[1, ray] * away * away
        third += nodes[1, ray] * away * away * away
    skew = third / variance
    root = math.sqrt(skew * skew + 4 * variance)
    low, high = (skew - root) / 2, (skew + root) / 2
    pair[0, 0], pair[0, 1], pair[1, 0], pair[1, 1] = mean + low, mean + high, high / root, -low / root
    for by in range(3):
        mean_by = variance_by = third_by = 0.0
        for ray in range(count):
            mean_by += slopes[3 + by, ray] * nodes[0, ray] + nodes[1, ray] * slopes[by, ray]
        for ray in range(count):
            away, gain = nodes[0, ray] - mean, slopes[3 + by, ray]
            turn = nodes[1, ray] * (slopes[by, ray] - mean_by)
            variance_by += gain * away * away + 2 * turn * away
            third_by += gain * away * away * away + 3 * turn * away * away
        skew_by = (third_by - skew * variance_by) / variance
        root_by = (skew * skew_by + 2 * variance_by) / root
        low_by, high_by = (skew_by - root_by) / 2, (skew_by + root_by) / 2
        pair_slopes[by, 0], pair_slopes[by, 1] = mean_by + low_by, mean_by + high_by
        gain = (high_by - pair[1, 0] * root_by) / root
        pair_slopes[3 + by, 0], pair_slopes[3 + by, 1] = gain, -gain
    return 2


@_compiled
def _line_block(
    x: Array,
    position: float,
    area: float,
    width: float,
    share: float,
    nodes: Array,
    slopes: Array,
    count: int,
    block: Array,
    cut: float,
) -> None:
    """Slopes of one line by position, area, width, share, S/L and H/L at its points, added to `block` (6, ...).

    A line is lowered by its height at its ends, so that it is zero there: a step that wanders over the points would make a cost
    that is not smooth, and a fit that finds no end.
    """
    narrow = 4 / (width * width)
    round_unit, sharp_unit = _GAUSS_HEIGHT / width, 2 / (math.pi * width)
    end, end_by_share = cut * (share * sharp_unit + (1 - share) * round_unit), cut * (sharp_unit - round_unit)
    for node in range(count):
        middle, weight = position + nodes[0, node], nodes[1, node]
        move_p, move_s, move_h = 1 + slopes[0, node], slopes[1, node], slopes[2, node]
        gain_p, gain_s, gain_h = slopes[3, node], slopes[4, node], slopes[5, node]
        for point in range(x.size):
            away = x[point] - middle
            square = narrow * away * away
            below = 1 / (1 + square)
            sharp = sharp_unit * below
            rounded = round_unit * math.exp(-square * (_FOUR_LN2 / 4)) if square < 40 else 0.0
            value = share * sharp + (1 - share) * rounded - end
            # Slopes by the middle of the line, and by its width.
            falling = share * sharp * 2 * below + (1 - share) * rounded * (_FOUR_LN2 / 2)
            moved = falling * narrow * away
            wider = (falling * square - value) / width
            block[0, point] += area * (weight * moved * move_p + gain_p * value)
            block[1, point] += weight * value
            block[2, point] += area * weight * wider
            block[3, point] += area * weight * (sharp - rounded - end_by_share)
            block[4, point] += area * (weight * moved * move_s + gain_s * value)
            block[5, point] += area * (weight * moved * move_h + gain_h * value)
