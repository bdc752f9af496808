"""How are many lines and their slopes summed quickly over many points? Strips of points that stay in the nearest memory.

Near its middle a line is worked out with its Gaussian part and ray by ray; in its flanks only the Lorentzian part is left, and two
rays stand for all: they have the mean, the variance and the third moment of the shifts. Loops over a strip hold no branches and no
calls, so that the compiler makes them work on several points at a time.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from numba import njit
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

Array = NDArray[np.float64]
Integers = NDArray[np.intp]
_Function = TypeVar("_Function", bound=Callable[..., Any])

#: Points of a strip.
STRIP = 256
LN2 = math.log(2)
#: Beyond 40 = (2 d / w)^2 a Gaussian is below 1e-12 of its height.
_SQUARE = 40.0
_NEAR = 0.5 * math.sqrt(_SQUARE)
#: Flanks begin this many spreads of the shifts away: there two rays for all err by about 1e-8 of the height.
_SPREADS = 10.0
#: exp(-t) is the 256th power of a polynomial of t / 256 < 0.11: within 2e-10.
_THIRD, _FOURTH, _FIFTH, _SIXTH, _SEVENTH = (1 / math.factorial(number) for number in range(3, 8))


def compiled(function: _Function) -> _Function:
    """Compiled with sums in any order; numbers that are none are kept."""
    return cast(
        _Function, njit(cache=True, fastmath={"reassoc", "contract", "nsz", "arcp"}, error_model="numpy")(function)
    )


@compiled
def fading(square: float) -> float:
    """Height of a Gaussian over that of its middle at (2 d / w)^2, within 2e-10; without branches, so that many go at a time."""
    t = (square if square < _SQUARE else _SQUARE) * (LN2 / 256)
    power = 1 - t * (1 - t * (0.5 - t * (_THIRD - t * (_FOURTH - t * (_FIFTH - t * (_SIXTH - t * _SEVENTH))))))
    power *= power
    power *= power
    power *= power
    power *= power
    power *= power
    power *= power
    power *= power
    return power * power


@compiled
def _near(
    x: Array, room: Array, middle: float, width: float, share: float, weight: float, moves: Array, gains: Array
) -> None:
    """One ray of a line with unit area added to a strip: slopes by position, S/L, H/L, width, share and the value itself.

    `room` holds six strips: position, value, width, share, S/L, H/L. `moves` and `gains` (3,) are weight times the slope of the
    place of the ray, and the slope of its weight, by position, S/L and H/L.
    """
    narrow, thin = 4 / (width * width), weight / width
    rounded_unit, sharp_unit = _GAUSS_HEIGHT / width, 2 / (math.pi * width)
    move_p, move_s, move_h = moves[0], moves[1], moves[2]
    gain_p, gain_s, gain_h = gains[0], gains[1], gains[2]
    for point in range(x.size):
        away = x[point] - middle
        square = narrow * away * away
        below = 1 / (1 + square)
        power = fading(square)
        sharp, rounded = sharp_unit * below, rounded_unit * power
        first, second = share * sharp, (1 - share) * rounded
        value = first + second
        falling = 2 * first * below + (2 * LN2) * second
        moved = falling * narrow * away
        room[point] += move_p * moved + gain_p * value
        room[STRIP + point] += weight * value
        room[2 * STRIP + point] += thin * (falling * square - value)
        room[3 * STRIP + point] += weight * (sharp - rounded)
        room[4 * STRIP + point] += move_s * moved + gain_s * value
        room[5 * STRIP + point] += move_h * moved + gain_h * value


@compiled
def _far(
    x: Array, room: Array, middle: float, width: float, share: float, weight: float, moves: Array, gains: Array
) -> None:
    """As `_near`, where the Gaussian part has died away."""
    narrow, thin = 4 / (width * width), weight / width
    sharp_unit = 2 / (math.pi * width)
    move_p, move_s, move_h = moves[0], moves[1], moves[2]
    gain_p, gain_s, gain_h = gains[0], gains[1], gains[2]
    for point in range(x.size):
        away = x[point] - middle
        square = narrow * away * away
        below = 1 / (1 + square)
        sharp = sharp_unit * below
        value = share * sharp
        falling = 2 * value * below
        moved = falling * narrow * away
        room[point] += move_p * moved + gain_p * value
        room[STRIP + point] += weight * value
        room[2 * STRIP + point] += thin * (falling * square - value)
        room[3 * STRIP + point] += weight * sharp
        room[4 * STRIP + point] += move_s * moved + gain_s * value
        room[5 * STRIP + point] += move_h * moved + gain_h * value


@compiled
def _near_value(x: Array, out: Array, middle: float, width: float, sharp_unit: float, rounded_unit: float) -> None:
    """One ray of a line added to points."""
    narrow = 4 / (width * width)
    for point in range(x.size):
        away = x[point] - middle
        square = narrow * away * away
        power = fading(square)
        out[point] += sharp_unit / (1 + square) + rounded_unit * power


@compiled
def _far_value(x: Array, out: Array, middle: float, width: float, sharp_unit: float) -> None:
    """As `_near_value`, where the Gaussian part has died away."""
    narrow = 4 / (width * width)
    for point in range(x.size):
        away = x[point] - middle
        out[point] += sharp_unit / (1 + narrow * away * away)


@compiled
def bounds(
    x: Array, position: float, width: float, half: float, nodes: Array, count: int, few: int
) -> tuple[int, int, int, int]:
    """Points at which a line begins, its near part begins and ends, and it ends."""
    low, high = nodes[0, 0], nodes[0, 0]
    for ray in range(1, count):
        low, high = min(low, nodes[0, ray]), max(high, nodes[0, ray])
    first, last = np.searchsorted(x, position + low - half), np.searchsorted(x, position + high + half)
    near = _NEAR * width
    if few < count:
        near = max(near, _SPREADS * (high - low))
    begin = min(max(np.searchsorted(x, position + low - near), first), last)
    end = max(min(np.searchsorted(x, position + high + near), last), begin)
    return first, begin, end, last


@compiled
def _height(x: float, position: float, width: float, sharp: float, rounded: float, nodes: Array, count: int) -> float:
    """What many rays of unit area add up to at a place."""
    narrow, found = 4 / (width * width), 0.0
    for ray in range(count):
        away = x - position - nodes[0, ray]
        square = narrow * away * away
        found += nodes[1, ray] * (sharp / (1 + square) + rounded * math.exp(-LN2 * min(square, _SQUARE)))
    return found


@compiled
def _inside(
    x: Array, position: float, width: float, sharp: float, rounded: float, lowered: float, nodes: Array, count: int,
    pair: Array, few: int, ends: tuple[int, int, int, int],
) -> tuple[int, int, int, int]:  # fmt: skip
    """Ends moved to where the line, lowered, is above zero: several rays together end before the farthest of them does."""
    first, begin, end, last = ends
    while first < begin and _height(x[first], position, width, sharp, 0.0, pair, few) < lowered:
        first += 1
    while last > end and _height(x[last - 1], position, width, sharp, 0.0, pair, few) < lowered:
        last -= 1
    if first == begin:
        while begin < end and _height(x[begin], position, width, sharp, rounded, nodes, count) < lowered:
            begin += 1
        first = begin
    if last == end:
        while end > begin and _height(x[end - 1], position, width, sharp, rounded, nodes, count) < lowered:
            end -= 1
        last = end
    return first, begin, end, last


@compiled
def summed(
    x: Array,
    position: Array,
    area: Array,
    gauss: Array,
    lorentz: Array,
    sample: float,
    slit: float,
    cut: float,
    out: Array,
) -> None:
    """Intensity of all lines added to `out` (n,)."""
    nodes, slopes, pair, pair_slopes = (
        np.empty((2, 2 * MOST_NODES)),
        np.empty((6, 2 * MOST_NODES)),
        np.empty((2, 2)),
        np.empty((6, 2)),
    )
    for line in range(position.size):
        if area[line] == 0:
            continue
        width, share, _, _, _, _ = mixed(gauss[line], lorentz[line])
        half = reach(width, share, cut)
        widest = half + farthest_shift(position[line], sample + slit)
        if position[line] + widest < x[0] or position[line] - widest > x[-1]:
            continue
        count = smeared(position[line], sample, slit, width, nodes, slopes)
        few = two_rays(nodes, slopes, count, pair, pair_slopes)
        ends = bounds(x, position[line], width, half, nodes, count, few)
        rounded, sharp = (1 - share) * _GAUSS_HEIGHT / width, share * 2 / (math.pi * width)
        if count > 1:
            lower = cut * (rounded + sharp)
            ends = _inside(x, position[line], width, sharp, rounded, lower, nodes, count, pair, few, ends)
        first, begin, end, last = ends
        for ray in range(few):
            middle, weight = position[line] + pair[0, ray], area[line] * pair[1, ray]
            _far_value(x[first:begin], out[first:begin], middle, width, weight * sharp)
            _far_value(x[end:last], out[end:last], middle, width, weight * sharp)
        for ray in range(count):
            middle, weight = position[line] + nodes[0, ray], area[line] * nodes[1, ray]
            _near_value(x[begin:end], out[begin:end], middle, width, weight * sharp, weight * rounded)
        lowered = area[line] * cut * (rounded + sharp)
        for point in range(first, last):
            out[point] -= lowered


@compiled
def with_slopes(
    x: Array, position: Array, area: Array, gauss: Array, lorentz: Array, sample: float, slit: float, cut: float, chain: Array,
    rows: Integers, out: Array, jacobian: Array,
) -> None:  # fmt: skip
    """Intensity of all lines added to `out` (n,), and slopes by q parameters added to their `rows` of `jacobian` (p, n).

    Parameters
    ----------
    chain
        As `interlith.physics.powder.profile.LINE_TERMS`, shape (k, q, 6).
    """
    nodes, slopes, pair, pair_slopes = (
        np.empty((2, 2 * MOST_NODES)),
        np.empty((6, 2 * MOST_NODES)),
        np.empty((2, 2)),
        np.empty((6, 2)),
    )
    room, ends, used = np.empty(6 * STRIP), np.empty(4, dtype=np.intp), np.empty(rows.size, dtype=np.intp)
    for line in range(position.size):
        some = _used(chain[line], used)
        # All terms but the area itself go with the area.
        if area[line] == 0 and not np.any(chain[line, :, 1]):
            continue
        width, share, wg, wl, sg, sl = mixed(gauss[line], lorentz[line])
        half = reach(width, share, cut)
        widest = half + farthest_shift(position[line], sample + slit)
        if position[line] + widest < x[0] or position[line] - widest > x[-1]:
            continue
        count = smeared(position[line], sample, slit, width, nodes, slopes)
        few = two_rays(nodes, slopes, count, pair, pair_slopes)
        _weighted(nodes, slopes, count)
        _weighted(pair, pair_slopes, few)
        height, by_share = 2 / (math.pi * width), 2 / (math.pi * width) - _GAUSS_HEIGHT / width
        lowered = cut * (height - (1 - share) * by_share)
        limits = bounds(x, position[line], width, half, nodes, count, few)
        if count > 1:
            rounded = (1 - share) * _GAUSS_HEIGHT / width
            limits = _inside(
                x, position[line], width, share * height, rounded, lowered, nodes, count, pair, few, limits
            )
        ends[0], ends[1], ends[2], ends[3] = limits
        turn = (wg, wl, sg, sl)
        for part in range(3):
            low = ends[part]
            while low < ends[part + 1]:
                high = min(low + STRIP, ends[part + 1])
                here = x[low:high]
                room[:] = 0.0
                if part == 1:
                    for ray in range(count):
                        _near(
                            here,
                            room,
                            position[line] + nodes[0, ray],
                            width,
                            share,
                            nodes[1, ray],
                            slopes[:3, ray],
                            slopes[3:, ray],
                        )
                else:
                    for ray in range(few):
                        _far(here, room, position[line] + pair[0, ray], width, share, pair[1, ray], pair_slopes[:3, ray], pair_slopes[3:, ray])  # fmt: skip
                _finished(room, area[line], lowered, width, cut * by_share, turn, out[low:high])
                for number in range(some):
                    _added(room, chain[line, used[number]], jacobian[rows[used[number]], low:high])
                low = high


@compiled
def _used(chain: Array, used: Integers) -> int:
    """Parameters that move a line, with its chain (q, 6), put into `used`; how many."""
    some = 0
    for parameter in range(chain.shape[0]):
        for term in range(6):
            if chain[parameter, term] != 0:
                used[some] = parameter
                some += 1
                break
    return some


@compiled
def _weighted(nodes: Array, slopes: Array, count: int) -> None:
    """Slopes of the places of rays times their weights; by the position, a ray moves along with its line."""
    for ray in range(count):
        slopes[0, ray] = (1 + slopes[0, ray]) * nodes[1, ray]
        slopes[1, ray] *= nodes[1, ray]
        slopes[2, ray] *= nodes[1, ray]


@compiled
def _finished(
    room: Array, area: float, lowered: float, width: float, lowered_by_share: float, turn: tuple[float, float, float, float],
    out: Array,
) -> None:  # fmt: skip
    """The line lowered so that it is zero at its ends; slopes by Gaussian and Lorentzian width for those by width and share."""
    wg, wl, sg, sl = turn[0] * area, turn[1] * area, turn[2] * area, turn[3] * area
    by_width = lowered / width
    for point in range(out.size):
        value = room[STRIP + point] - lowered
        first, second = room[2 * STRIP + point] + by_width, room[3 * STRIP + point] - lowered_by_share
        room[point] *= area
        room[STRIP + point] = value
        room[2 * STRIP + point] = first * wg + second * sg
        room[3 * STRIP + point] = first * wl + second * sl
        room[4 * STRIP + point] *= area
        room[5 * STRIP + point] *= area
        out[point] += area * value


@compiled
def _added(room: Array, chain: Array, row: Array) -> None:
    """Terms of a line times its chain (6,) added to the row of one parameter."""
    count = 0
    for term in range(6):
        if chain[term] != 0:
            count += 1
    if count > 2:
        zero, one, two, three, four, five = chain[0], chain[1], chain[2], chain[3], chain[4], chain[5]
        for point in range(row.size):
            row[point] += (
                zero * room[point] + one * room[STRIP + point] + two * room[2 * STRIP + point]
                + three * room[3 * STRIP + point] + four * room[4 * STRIP + point] + five * room[5 * STRIP + point]
            )  # fmt: skip
        return
    for term in range(6):
        slope = chain[term]
        if slope != 0:
            strip = room[term * STRIP : term * STRIP + row.size]
            for point in range(row.size):
                row[point] += slope * strip[point]
