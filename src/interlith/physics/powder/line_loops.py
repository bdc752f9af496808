"""What are the normal equations of many groups of lines at once? Compiled loops over the points that each group is fitted to."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from interlith.physics.powder.profile_loops import MOST_NODES, _compiled, _line_block, mixed, reach, smeared
from interlith.physics.powder.profile_strips import summed

Array = NDArray[np.float64]
Integers = NDArray[np.intp]

_DEG = math.pi / 180


@_compiled
def twin(position: float, factor: float) -> tuple[float, float]:
    """Position (deg) of the peak of a wavelength longer by a factor, and its slope; slope 0 where there is none."""
    half = 0.5 * position * _DEG
    sine = factor * math.sin(half)
    if abs(sine) >= 1.0:
        return 179.9, 0.0
    other = math.asin(sine)
    return 2.0 * other / _DEG, factor * math.cos(half) / math.cos(other)


@_compiled
def _value(terms: Array, x: float) -> tuple[float, float]:
    """A polynomial and its slope."""
    value = slope = 0.0
    for place in range(terms.size - 1, -1, -1):
        slope = slope * x + value
        value = value * x + terms[place]
    return value, slope


@_compiled
def widths(share: float, terms: Array) -> tuple[float, float, float, float]:
    """Gaussian and Lorentzian width over the whole width, and their slopes by the Lorentzian share; `terms` (2, n)."""
    square, square_slope = _value(terms[0], share)
    lorentz, lorentz_slope = _value(terms[1], share)
    gauss = math.sqrt(max(square, 1e-9))
    return gauss, lorentz, 0.5 * square_slope / gauss, lorentz_slope


@_compiled
def lines_drawn(x: Array, table: Array, terms: Array, radiation: Array, cut: float) -> Array:
    """Intensity (n,) of lines with the positions, areas, widths and shares of `table` (4, k).

    `radiation` holds the second wavelength over the first, its intensity over that of the first, S/L and H/L.
    """
    count = table.shape[1]
    copies = 2 if radiation[1] > 0 else 1
    position, area, gauss, lorentz = np.zeros((4, copies * count))
    for line in range(count):
        narrow, sharp, _, _ = widths(table[3, line], terms)
        for copy in range(copies):
            place = line + copy * count
            position[place], area[place] = table[0, line], table[1, line]
            gauss[place], lorentz[place] = table[2, line] * narrow, table[2, line] * sharp
            if copy == 1:
                position[place], slope = twin(table[0, line], radiation[0])
                area[place] *= radiation[1] if slope > 0 else 0.0
    out = np.zeros(x.size)
    summed(x, position, area, gauss, lorentz, radiation[2], radiation[3], cut, out)
    return out


@_compiled
def normal_equations(
    x: Array, y: Array, weight: Array, first: Integers, free: NDArray[np.bool_], values: Array, which: Integers,
    terms: Array, radiation: Array, cut: float,
) -> tuple[Array, Array, Array]:  # fmt: skip
    """Cost (b,), gradient (b, p) and Hessian (b, p, p) of groups of k lines on straight backgrounds, p = 4 k + 2.

    Parameters
    ----------
    x, y, weight
        (deg), intensity and 1/std^2 of all groups, one behind the other, shape (n,).
    first
        Where the points of each group begin, and where the last ends, shape (m + 1,).
    free
        Parameters whose slopes are wanted, shape (m, p); the others' stay 0.
    values, which
        Positions, areas, widths, shares, level and tilt, shape (b, p), of the groups with these numbers, shape (b,).
    terms, radiation, cut
        As `lines_drawn`.
    """
    count, size = values.shape
    cost, gradient, hessian = np.zeros(count), np.zeros((count, size)), np.zeros((count, size, size))
    nodes, slopes = np.empty((2, 2 * MOST_NODES)), np.empty((6, 2 * MOST_NODES))
    for row in range(count):
        low, high = first[which[row]], first[which[row] + 1]
        here = x[low:high]
        rest, jacobian = np.empty(high - low), np.zeros((high - low, size))
        middle, half = 0.5 * (here[0] + here[-1]), max(0.5 * (here[-1] - here[0]), 1e-12)
        for point in range(high - low):
            u = (here[point] - middle) / half
            jacobian[point, size - 2], jacobian[point, size - 1] = 1.0, u
            rest[point] = values[row, size - 2] + values[row, size - 1] * u - y[low + point]
        _add_lines(here, values[row], free[which[row]], terms, radiation, cut, nodes, slopes, rest, jacobian)
        for point in range(high - low):
            one = weight[low + point]
            cost[row] += one * rest[point] * rest[point]
            for place in range(size):
                part = one * jacobian[point, place]
                gradient[row, place] += part * rest[point]
                if part != 0.0:
                    for other in range(place + 1):
                        hessian[row, place, other] += part * jacobian[point, other]
        for place in range(size):
            for other in range(place):
                hessian[row, other, place] = hessian[row, place, other]
    return cost, gradient, hessian


@_compiled
def _add_lines(
    x: Array, values: Array, wanted: NDArray[np.bool_], terms: Array, radiation: Array, cut: float, nodes: Array,
    slopes: Array, rest: Array, jacobian: Array,
) -> None:  # fmt: skip
    """Lines added to the model less the data (n,), and their slopes to the Jacobian (n, p)."""
    lines = (values.size - 2) // 4
    block = np.empty((6, x.size))
    for line in range(lines):
        area, whole = values[lines + line], values[2 * lines + line]
        narrow, sharp, narrow_slope, sharp_slope = widths(values[3 * lines + line], terms)
        width, share, wg, wl, sg, sl = mixed(whole * narrow, whole * sharp)
        # Slopes of the whole width and of the share as the profile has them, by those of the line.
        by_width = (narrow * wg + sharp * wl, narrow * sg + sharp * sl)
        by_share = (whole * (narrow_slope * wg + sharp_slope * wl), whole * (narrow_slope * sg + sharp_slope * sl))
        for copy in range(2 if radiation[1] > 0 else 1):
            position, slope, strength = values[line], 1.0, 1.0
            if copy == 1:
                position, slope = twin(values[line], radiation[0])
                strength = radiation[1]
            if slope == 0:
                continue
            nodes_used = smeared(position, radiation[2], radiation[3], width, nodes, slopes)
            half = reach(width, share, cut)
            low = np.searchsorted(x, position + nodes[0, :nodes_used].min() - half)
            high = np.searchsorted(x, position + nodes[0, :nodes_used].max() + half)
            if low >= high:
                continue
            block[:, : high - low] = 0.0
            _line_block(x[low:high], position, area * strength, width, share, nodes, slopes, nodes_used, block, cut)
            # Several rays together end before the farthest of them does: where the line, lowered, is above zero.
            begin, end = 0, high - low
            while nodes_used > 1 and begin < end and block[1, begin] < 0:
                begin += 1
            while nodes_used > 1 and end > begin and block[1, end - 1] < 0:
                end -= 1
            for point in range(begin, end):
                unit = strength * block[1, point]
                rest[low + point] += area * unit
                jacobian[low + point, lines + line] += unit
                if wanted[line]:
                    jacobian[low + point, line] += slope * block[0, point]
                if wanted[2 * lines + line]:
                    jacobian[low + point, 2 * lines + line] += (
                        by_width[0] * block[2, point] + by_width[1] * block[3, point]
                    )
                if wanted[3 * lines + line]:
                    jacobian[low + point, 3 * lines + line] += (
                        by_share[0] * block[2, point] + by_share[1] * block[3, point]
                    )
