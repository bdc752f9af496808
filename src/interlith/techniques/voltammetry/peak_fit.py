"""Where are the peaks of one sweep, how high are they over their baseline, and how sure is each of these?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from interlith.numerics.smoothing import noise_of
from interlith.techniques.voltammetry.baselines import Baseline, choose, made, outer, polynomial, surroundings
from interlith.techniques.voltammetry.peak_search import half_width_of, shoulders, smoothed, tops_of

Array = NDArray[np.float64]

#: The top is fitted down to this share of its height, by a polynomial of at most this degree, and once more from closer by.
TOP, CLOSER, DEGREE = 0.85, 0.93, 5
_FEWEST_TOP = 9
#: Neighbours overlap where more than this share of a peak is left between them.
OVERLAP = 0.05


@dataclass(frozen=True, slots=True)
class Found:
    """One peak in coordinates of the sweep (V along the sweep, A upwards, C).

    `_std` are from the noise; `bend` is how much a fit from closer by moves the top beyond its noise; `other_height` is the height over
    the runner-up baseline. A shoulder has nan for all but its position.
    """

    position: float
    position_std: float
    bend: float
    height: float
    height_std: float
    height_bend: float
    half_position: float
    half_std: float
    other_position: float
    other_half_position: float
    charge: float
    charge_std: float
    other_charge: float
    other_height: float
    baseline: str
    runner_up: str
    margin: float
    reason: str
    left_over: float
    crowded: bool
    shoulder: bool = False
    line: Baseline | None = None
    low: float = math.nan
    high: float = math.nan


def find(x: Array, y: Array, *, rate: float, kind: str | None = None) -> list[Found]:
    """Peaks and shoulders of one sweep, by position.

    Parameters
    ----------
    x, y
        Voltage along the sweep (V, rising but for noise) and current upwards (A), shape (n,).
    rate
        (V/s), for charges.
    kind
        Baseline, one of `KINDS`; chosen peak by peak where `None`.

    Notes
    -----
    The assumption that fails first: a peak that is narrower than a sixtieth of the sweep is flattened before it is looked for, though
    not where it is fitted.
    """
    smooth = smoothed(x, y)
    tops = tops_of(smooth)
    widths = [half_width_of(smooth, top) for top in tops]
    marks = [(float(smooth.x[top]), width) for top, width in zip(tops, widths, strict=True)]
    common = (
        outer(x, y, marks, max((float(smooth.y[top] - smooth.y.min()) for top in tops), default=0.0)) if marks else None
    )
    made_peaks = []
    for number, mark in enumerate(marks):
        before = marks[number - 1] if number else None
        behind = marks[number + 1] if number + 1 < len(marks) else None
        one = _measured(x, y, mark, before, behind, rate=rate, kind=kind, common=common)
        made_peaks += [] if one is None else [one]
    return sorted([*made_peaks, *(_hidden(*one) for one in shoulders(smooth, marks))], key=lambda one: one.position)


def _measured(
    x: Array, y: Array, mark: tuple[float, float], before: tuple[float, float] | None, behind: tuple[float, float] | None,
    *, rate: float, kind: str | None, common: NDArray[np.bool_] | None,
) -> Found | None:  # fmt: skip
    top, half_width = mark
    around = surroundings(x, y, top=top, half_width=half_width, before=before, behind=behind)
    rough = made("linear", x, y, around)
    height = float(np.interp(top, *_ordered(x, y))) - float(rough.at(top)[0])
    taken, runner_up, margin, reason = choose(x, y, around, height, common)
    if kind is not None:
        taken, runner_up, margin, reason = kind, taken if taken != kind else runner_up, 1.0, "as declared"
    line, other = (made(one, x, y, around, common) for one in (taken, runner_up))
    net = y - line.at(x)
    limits = (-math.inf if before is None else around.lowest, math.inf if behind is None else behind[0])
    fitted = _top(x, net, top, half_width, limits)
    if fitted is None:
        return None
    position, height = fitted.position, fitted.height
    height_std = math.hypot(fitted.height_std, line.std(position))
    half_position, half_std = _half(x, net, position, height, half_width, height_std)
    elsewhere = _top(x, y - other.at(x), top, half_width, limits) or fitted
    other_half, _ = _half(x, y - other.at(x), elsewhere.position, elsewhere.height, half_width, height_std)
    crowded = around.crowded or _overlapped(x, net, position, height, before, behind)
    first = position - 5.0 * half_width
    last, left_over = _end(x, net, position, height, half_width, limits[1])
    charge, charge_std = _charge(x, net, line, max(first, limits[0]), last, rate)
    other_charge, _ = _charge(x, y - other.at(x), other, max(first, limits[0]), last, rate)
    other_height = height + float(line.at(position)[0]) - float(other.at(position)[0])
    return Found(
        position, fitted.position_std, fitted.bend, height, height_std, fitted.height_bend, half_position, half_std, elsewhere.position,
        other_half, charge, charge_std, other_charge, other_height, line.kind, other.kind, margin, reason, left_over, crowded, False, line,
        max(first, float(x.min())), last,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Top:
    position: float
    position_std: float
    bend: float
    height: float
    height_std: float
    height_bend: float


def _top(x: Array, net: Array, top: float, half_width: float, limits: tuple[float, float]) -> _Top | None:
    """Maximum of a polynomial through the rows near the top, from two distances."""
    fits = []
    # Noise must not decide where the top begins: the more of it, the further down it is fitted.
    tall = max(float(np.interp(top, *_ordered(x, net))), 1e-300)
    lower = min(3.0 * noise_of(net) / tall, 0.35)
    for share in (TOP - lower, CLOSER - lower):
        rows = _above(x, net, top, half_width, share, limits)
        if rows.sum() < DEGREE + 5:
            rows = np.zeros(len(x), dtype=bool)
            rows[np.argsort(np.abs(x - top), kind="stable")[:_FEWEST_TOP]] = True
        one = _maximum(x[rows], net[rows], top, half_width, _degree((x[rows] - top) / half_width, net[rows]))
        if one is not None:
            fits.append(one)
    if not fits:
        return None
    position, position_std, height, height_std = fits[0]
    bend = height_bend = 0.0
    if len(fits) == 2:
        # A part of the rows is shared: the difference scatters with the difference of the variances.
        bend = _beyond(fits[1][0] - position, fits[1][1], position_std)
        height_bend = _beyond(fits[1][2] - height, fits[1][3], height_std)
    return _Top(position, position_std, bend, height, height_std, height_bend)


def _degree(u: Array, net: Array) -> int:
    """Degree that the rows can bear: noise bends a higher one into tops of its own."""
    best, least = 2, math.inf
    for degree in range(2, min(DEGREE, (len(u) - 3) // 2) + 1):
        found, _ = polynomial(u, net, degree)
        residual = net - np.vander(u, degree + 1, increasing=True) @ found
        square = max(float(residual @ residual), 1e-300)
        score = len(u) * math.log(square / len(u)) + (degree + 1) * math.log(len(u))
        if score < least:
            best, least = degree, score
    # One more than the scatter asks for: what a criterion just does not see still biases the top.
    return min(best + 1, DEGREE, max((len(u) - 3) // 2, 2))


def _beyond(difference: float, one: float, other: float) -> float:
    noise = abs(one * one - other * other)
    return math.sqrt(max(difference * difference - 4.0 * noise, 0.0))


def _above(
    x: Array, net: Array, top: float, half_width: float, share: float, limits: tuple[float, float]
) -> NDArray[np.bool_]:
    """Rows around the top in which a smoothed current stays above a share of it."""
    near = (x > max(top - 3 * half_width, limits[0])) & (x < min(top + 6 * half_width, limits[1]))
    places = np.flatnonzero(near)
    if len(places) < 5:
        return near
    order = places[np.argsort(x[places], kind="stable")]
    window = max(len(order) // 40, 1)
    level = np.convolve(
        np.pad(net[order], window, mode="edge"), np.full(2 * window + 1, 1 / (2 * window + 1)), mode="valid"
    )
    centre = int(np.argmin(np.abs(x[order] - top)))
    enough = level >= share * level[max(centre - window, 0) : centre + window + 1].max()
    first = centre - int(np.argmin(enough[: centre + 1][::-1])) + 1 if not enough[: centre + 1].all() else 0
    last = centre + int(np.argmin(enough[centre:])) if not enough[centre:].all() else len(order)
    rows = np.zeros(len(x), dtype=bool)
    rows[order[first:last]] = True
    return rows


def _maximum(
    x: Array, net: Array, top: float, half_width: float, degree: int
) -> tuple[float, float, float, float] | None:
    u = (x - top) / half_width
    found, covariance = polynomial(u, net, degree)
    powers = np.arange(degree + 1)
    place = 0.0
    low, high = float(u.min()), float(u.max())
    for _ in range(30):
        slope = float((found[1:] * powers[1:]) @ place ** powers[:-1])
        bend = float((found[2:] * powers[2:] * powers[1:-1]) @ place ** powers[:-2])
        if bend >= 0:
            return None
        step = -slope / bend
        place = min(max(place + step, low), high)
        if abs(step) < 1e-9:
            break
    bend = float((found[2:] * powers[2:] * powers[1:-1]) @ place ** powers[:-2])
    if bend >= 0 or place in (low, high):
        return None
    slopes = np.concatenate([[0.0], powers[1:] * place ** powers[:-1]])
    values = place**powers
    position_std = math.sqrt(max(float(slopes @ covariance @ slopes), 0.0)) / -bend * half_width
    return (
        top + half_width * place,
        position_std,
        float(values @ found),
        math.sqrt(max(float(values @ covariance @ values), 0.0)),
    )


def _half(
    x: Array, net: Array, position: float, height: float, half_width: float, height_std: float
) -> tuple[float, float]:
    """Where the rising side crosses half of the height."""
    low = (x < position) & (net < 0.25 * height)
    start = float(x[low].max()) if low.any() else position - 4 * half_width
    side = (x < position) & (x > start) & (net > 0.3 * height) & (net < 0.7 * height)
    if side.sum() < 5:
        ordered = _ordered(x[x <= position], net[x <= position])
        below = np.flatnonzero(ordered[1] < 0.5 * height)
        if len(below) == 0 or below[-1] + 1 >= len(ordered[0]):
            return math.nan, math.inf
        k = int(below[-1])
        step = ordered[0][k + 1] - ordered[0][k]
        share = (0.5 * height - ordered[1][k]) / (ordered[1][k + 1] - ordered[1][k])
        return float(ordered[0][k] + share * step), float(step) / 12**0.5
    # The voltage as a polynomial of the current would be biased by the noise of the current, so the other way round.
    middle = float(x[side].mean())
    u = (x[side] - middle) / half_width
    degree = 3 if side.sum() >= 12 else 1
    found, covariance = polynomial(u, net[side], degree)
    powers = np.arange(degree + 1)
    place = 0.0
    for _ in range(30):
        slope = float((found[1:] * powers[1:]) @ place ** powers[:-1])
        if slope <= 0:
            return math.nan, math.inf
        step = (0.5 * height - float(found @ place**powers)) / slope
        place = min(max(place + step, float(u.min())), float(u.max()))
        if abs(step) < 1e-9:
            break
    values = place**powers
    std = math.sqrt(max(float(values @ covariance @ values), 0.0) + 0.25 * height_std**2) / slope * half_width
    return middle + half_width * place, std


def _end(x: Array, net: Array, position: float, height: float, half_width: float, limit: float) -> tuple[float, float]:
    """Where the charge of the peak ends, and which share of its height still flows there."""
    behind = (x > position) & (x <= min(limit, float(x.max())))
    if not behind.any():
        return position, 1.0
    if math.isinf(limit):
        last = float(x.max()) - 0.01 * float(np.ptp(x))
    else:
        smooth = _ordered(x[behind], net[behind])
        last = float(smooth[0][int(np.argmin(smooth[1]))])
    closing = behind & (x <= position + 6.0 * half_width)
    low = closing & (net < 0.005 * height)
    if low.any() and math.isinf(limit):
        last = min(last, position + 6.0 * half_width)
    near = np.abs(x - last) <= 0.3 * half_width
    left = float(np.mean(net[near])) / height if near.any() and height > 0 else 1.0
    return last, left


def _overlapped(
    x: Array, net: Array, position: float, height: float, before: tuple[float, float] | None, behind: tuple[float, float] | None
) -> bool:  # fmt: skip
    """Whether the valley to a neighbour does not come down to the baseline."""
    for other in (before, behind):
        if other is None:
            continue
        between = (x > min(other[0], position)) & (x < max(other[0], position))
        if between.any() and float(np.quantile(net[between], 0.1)) > OVERLAP * height:
            return True
    return False


def _charge(x: Array, net: Array, line: Baseline, first: float, last: float, rate: float) -> tuple[float, float]:
    rows = (x >= first) & (x <= last)
    if rows.sum() < 3:
        return math.nan, math.inf
    place, level = _ordered(x[rows], net[rows])
    charge = float(np.trapezoid(level, place)) / rate
    steps = float(np.ptp(place)) / (len(place) - 1)
    noise = noise_of(level) * steps * math.sqrt(len(place))
    span = np.linspace(first, last, 25)
    powers = np.vander(span - line.origin, len(line.coefficients), increasing=True).mean(axis=0) * (last - first)
    under = math.sqrt(max(float(powers @ line.covariance @ powers), 0.0))
    return charge, math.hypot(noise, under) / rate


def _ordered(x: Array, y: Array) -> tuple[Array, Array]:
    order = np.argsort(x, kind="stable")
    return x[order], y[order]


def _hidden(place: float, spacing: float) -> Found:
    """A shoulder: only its place is known."""
    nan, inf = math.nan, math.inf
    return Found(
        place, 4.0 * spacing, 0.0, nan, inf, 0.0, nan, inf, place, nan, nan, inf, nan, nan, "", "", 0.0, "", nan, True, shoulder=True
    )  # fmt: skip
