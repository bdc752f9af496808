"""From which abscissa on does a quantity rise from zero, when some points lie before and are clipped or only bounded?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special, stats

from interlith.errors import FitError

Array = NDArray[np.float64]

#: Newton steps of slope and scatter at a given threshold; the logarithm of the likelihood is concave in them.
_STEPS = 14
#: Thresholds looked at within and before the points; how many ranges of the points before them.
_WITHIN, _BEFORE, _RANGES = 161, 40, 30.0
_HALVINGS = 34
#: With fewer measured points slope and threshold leave no degree of freedom.
FEWEST = 3


@dataclass(frozen=True, slots=True)
class Hinge:
    """``y = max(0, slope (x - threshold))`` through points, some known only to lie below a bound.

    Parameters
    ----------
    threshold, slope
        Shape (...).
    low, high
        Ends of the thresholds that a likelihood ratio test does not exclude; infinite where there is none.
    likelihood
        Greatest logarithm of the likelihood, shape (...).
    scale
        Standard deviation of residuals over the stated uncertainties; one where those are taken at their word.
    dof
        Degrees of freedom of the scale.
    """

    threshold: Array
    slope: Array
    low: Array
    high: Array
    likelihood: Array
    scale: Array
    dof: float


@dataclass(frozen=True, slots=True)
class _Points:
    """Points over their uncertainties: abscissas (n,), values (r, n), sizes (n,), which are bounds (r, n)."""

    x: Array
    y: Array
    std: Array
    below: NDArray[np.bool_]
    scaled: bool


def fit_hinge(
    x: ArrayLike, y: ArrayLike, std: ArrayLike, *, scaled: bool, below: ArrayLike | None = None, level: float = 0.95
) -> Hinge:
    """Fit a rise from zero by greatest likelihood, and its threshold's interval by inverting the likelihood ratio.

    Parameters
    ----------
    x
        Abscissas, shape (n,).
    y
        Values, shape (..., n).
    std
        Standard uncertainties, shape (n,), relative ones if `scaled`.
    below
        Shape (..., n): points of which only is known that they lie below `y` (at zero: clipped there).
    level
        Confidence.

    Raises
    ------
    FitError
        If fewer than `FEWEST` points are measured (one more than two if scaled), or a number is not finite.

    Notes
    -----
    For measured points alone the test is that of the F distribution; with bounds its ratio is turned into Student's t by
    the relation that holds without them. A threshold at or before the first point makes the hinge a line. The assumption
    that fails first: the quantity is zero before the threshold and straight after it.

    References
    ----------
    Tobin 1958, 10.2307/1907382. Feder 1975, 10.1214/aos/1176342999. Olsen 1978, 10.2307/1913082 (concavity).
    """
    places, values, sizes = (np.asarray(item, dtype=float) for item in (x, y, std))
    limits = np.zeros(values.shape, dtype=bool) if below is None else np.broadcast_to(np.asarray(below), values.shape)
    _check(places, values, sizes, limits, scaled)
    shape, count = values.shape[:-1], places.size
    points = _Points(places, values.reshape(-1, count), sizes, limits.reshape(-1, count), scaled)
    grid = _grid(places)
    logs = _profile(points, np.broadcast_to(grid, (len(points.y), grid.size)))[0]
    best = _polished(points, grid, logs)
    highest, slope, scale = (item[:, 0] for item in _profile(points, best[:, None]))
    measured = (~points.below).sum(axis=1)
    dof = int(measured.min()) - 2
    drop = _allowed(measured, dof, level, scaled)
    kept = highest[:, None] - logs <= drop[:, None]
    low, high = (_end(points, grid, kept, best, highest - drop, last=last) for last in (False, True))
    return Hinge(
        best.reshape(shape), slope.reshape(shape), low.reshape(shape), high.reshape(shape),
        highest.reshape(shape), scale.reshape(shape), float(dof) if scaled else math.inf,
    )  # fmt: skip


def _allowed(measured: NDArray[np.int64], dof: int, level: float, scaled: bool) -> Array:
    """Drop of the logarithm of the likelihood that the test allows, one a series."""
    if not scaled:
        return np.full(measured.shape, stats.chi2.ppf(level, 1) / 2)
    left = measured - 2
    return np.asarray(measured / 2 * np.log1p(stats.t.ppf(0.5 + level / 2, left) ** 2 / left))


def _grid(x: Array) -> Array:
    low, span = float(x.min()), float(np.ptp(x))
    before = low - span * np.geomspace(0.01, _RANGES, _BEFORE)[::-1]
    # The last point alone fits any slope, so thresholds end just before it.
    return np.concatenate([before, np.linspace(low, float(x.max()) - 1e-6 * span, _WITHIN)])


def _profile(points: _Points, at: Array) -> tuple[Array, Array, Array]:
    """Greatest log-likelihood, slope and scale at thresholds, shape (r, g) each."""
    height = points.y[:, None, :] / points.std
    reach = np.maximum(points.x - at[..., None], 0.0) / points.std
    free, bound = ~points.below[:, None, :], points.below[:, None, :]
    seen, run = np.where(free, height, 0.0), np.where(free, reach, 0.0)
    count = free.sum(axis=-1)
    yy, yh, hh = (seen**2).sum(axis=-1), (seen * run).sum(axis=-1), (run**2).sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = np.where(hh > 0, np.maximum(yh / hh, 0.0), 0.0)
    squares = np.maximum(yy - 2 * slope * yh + slope**2 * hh, 1e-24 * np.maximum(yy, 1e-300))
    root = np.sqrt(count / squares) if points.scaled else np.ones(slope.shape)
    if not points.below.any():
        logs = count * np.log(root) - 0.5 * root**2 * squares
        return logs, slope, 1.0 / root * (np.sqrt(count / np.maximum(count - 2, 1)) if points.scaled else 1.0)
    limit, far = np.where(bound, height, 0.0), np.where(bound, reach, 0.0)
    gain = slope * root
    for _ in range(_STEPS):
        root, gain = _newton(root, gain, (count, yy, yh, hh), (limit, far, bound), points.scaled)
    squares = root**2 * yy - 2 * root * gain * yh + gain**2 * hh
    chance = np.where(bound, special.log_ndtr(root[..., None] * limit - gain[..., None] * far), 0.0).sum(axis=-1)
    logs = count * np.log(root) - 0.5 * squares + chance
    correction = np.sqrt(count / np.maximum(count - 2, 1)) if points.scaled else 1.0
    return logs, gain / root, correction / root


def _newton(
    root: Array, gain: Array, sums: tuple[Array, Array, Array, Array],
    bounds: tuple[Array, Array, NDArray[np.bool_]], scaled: bool,
) -> tuple[Array, Array]:  # fmt: skip
    """One step in reciprocal scatter and slope over scatter, kept positive and not negative."""
    count, yy, yh, hh = sums
    limit, far, bound = bounds
    at = root[..., None] * limit - gain[..., None] * far
    ratio = np.where(bound, np.exp(-0.5 * at**2 - 0.5 * math.log(2 * math.pi) - special.log_ndtr(at)), 0.0)
    bend = ratio * (at + ratio)
    slope_up = root * yh - gain * hh - (ratio * far).sum(axis=-1)
    gg = -hh - (bend * far**2).sum(axis=-1)
    if not scaled:
        with np.errstate(divide="ignore", invalid="ignore"):
            step = np.where(gg < 0, slope_up / gg, 0.0)
        return root, np.maximum(gain - step, 0.0)
    root_up = count / root - root * yy + gain * yh + (ratio * limit).sum(axis=-1)
    rr = -count / root**2 - yy - (bend * limit**2).sum(axis=-1)
    rg = yh + (bend * limit * far).sum(axis=-1)
    # A slope at its lower end of zero that would fall further is held there.
    held = ((gain <= 0) & (slope_up <= 0)) | (gg >= 0)
    determinant = np.where(held, rr, rr * gg - rg**2)
    step_root = np.where(held, root_up, gg * root_up - rg * slope_up) / determinant
    step_gain = np.where(held, 0.0, rr * slope_up - rg * root_up) / determinant
    return np.clip(root - step_root, root / 3, root * 3), np.maximum(gain - step_gain, 0.0)


def _polished(points: _Points, grid: Array, logs: Array) -> Array:
    """Thresholds of greatest likelihood, by sections of the neighbourhood of the best of the grid."""
    place = logs.argmax(axis=1)
    low, high = grid[np.maximum(place - 1, 0)], grid[np.minimum(place + 1, grid.size - 1)]
    section = (math.sqrt(5) - 1) / 2
    left, right = high - section * (high - low), low + section * (high - low)
    pair = _profile(points, np.stack([left, right], axis=1))[0]
    at_left, at_right = pair[:, 0], pair[:, 1]
    for _ in range(_HALVINGS):
        better = at_left > at_right
        low, high = np.where(better, low, left), np.where(better, right, high)
        kept, height = np.where(better, left, right), np.where(better, at_left, at_right)
        fresh = np.where(better, high - section * (high - low), low + section * (high - low))
        value = _profile(points, fresh[:, None])[0][:, 0]
        left, right = np.where(better, fresh, kept), np.where(better, kept, fresh)
        at_left, at_right = np.where(better, value, height), np.where(better, height, value)
    return np.asarray(np.where(at_left > at_right, left, right))


def _end(points: _Points, grid: Array, kept: NDArray[np.bool_], best: Array, floor: Array, *, last: bool) -> Array:
    """First or last threshold that the test keeps, by halving between grid points; infinite at the end of the grid."""
    some = kept.any(axis=1)
    step = kept[:, ::-1].argmax(axis=1) if last else kept.argmax(axis=1)
    place = kept.shape[1] - 1 - step if last else step
    inside = np.where(some, grid[place], best)
    inside = np.maximum(inside, best) if last else np.minimum(inside, best)
    beyond = np.where(some, place + (1 if last else -1), np.searchsorted(grid, best) - (0 if last else 1))
    open_ = (beyond < 0) | (beyond >= grid.size)
    outside = grid[np.clip(beyond, 0, grid.size - 1)]
    outside = np.maximum(outside, inside) if last else np.minimum(outside, inside)
    for _ in range(_HALVINGS):
        middle = 0.5 * (inside + outside)
        holds = _profile(points, middle[:, None])[0][:, 0] >= floor
        inside, outside = np.where(holds, middle, inside), np.where(holds, outside, middle)
    return np.where(open_, math.inf if last else -math.inf, inside)


def _check(x: Array, y: Array, std: Array, below: NDArray[np.bool_], scaled: bool) -> None:
    if x.ndim != 1 or y.shape[-1:] != x.shape or std.shape != x.shape:
        raise FitError(f"A hinge needs x, y and std of one length; found {x.shape}, {y.shape} and {std.shape}.")
    if not all(np.isfinite(item).all() for item in (x, y, std)) or (std <= 0).any():
        raise FitError("A hinge needs finite numbers and positive uncertainties. Leave incomplete points out.")
    fewest = FEWEST if scaled else 2
    measured = int((~below).sum(axis=-1).min())
    if measured < fewest:
        raise FitError(f"{measured} points are measured, the others only bounded; a threshold needs at least {fewest}.")
    if np.unique(x).size < 3:
        raise FitError(f"A hinge needs three different abscissas; found {np.unique(x).size}.")
