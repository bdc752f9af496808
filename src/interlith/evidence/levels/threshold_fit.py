"""Which threshold has one curve of observables, as a straight line or as a rise from zero?"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from interlith.errors import StudyError
from interlith.evidence.curves import Curve
from interlith.evidence.kernel import quantile
from interlith.numerics.levels.fieller import CLOSED, OUTSIDE
from interlith.numerics.levels.hinges import FEWEST, Hinge, fit_hinge
from interlith.numerics.levels.intercepts import Intercept, fit_intercept
from interlith.numerics.levels.regression_outliers import deleted_probabilities
from interlith.numerics.levels.wild_bootstrap import FEWEST as FEWEST_FOR_BOOTSTRAP
from interlith.numerics.levels.wild_bootstrap import wild_interval
from interlith.numerics.trends.weighted_line import weighted_line

Array = NDArray[np.float64]
Errors = Literal["scaled", "stated"]
Shape = Literal["line", "hinge"]

#: Gain in the logarithm of the likelihood by which a line must be the better one before it is taken for points that lie on
#: both sides of a hinge's threshold: by less, points that scatter about the level would pass for a line through it.
LINE_GAIN = 2.0
#: Share of the scatter from which on the uncertainty of the states is taken into the fit.
_MATTERS = 0.01
#: Probability, over all points, below which one is named as an outlier.
OUTLYING = 0.01
#: Share of points beyond which none is named.
_MOST_OUTLYING = 1 / 3
#: Step of the numerical derivative of a hinge's threshold, in standard uncertainties of a point.
_STEP = 1e-2


@dataclass(frozen=True, slots=True)
class Asked:
    """What the caller asked for, in the unit of the curves."""

    at: float
    shape: Literal["auto", "line", "hinge"]
    method: Literal["fieller", "bootstrap", "both"]
    errors: Errors
    outliers: Literal["keep", "leave_out"]
    level: float
    simulated: bool


@dataclass(frozen=True, slots=True)
class Found:
    """A threshold and everything that is said of it.

    Parameters
    ----------
    value, std, low, high
        (axis unit): threshold, standard uncertainty from the scatter to first order, interval with shared sources of known
        size; infinite ends where the set of thresholds has none.
    gap
        (axis unit): ends of an interval that is excluded while both sides of it are not; `None` otherwise.
    slope
        (unit over axis unit).
    shape, clipped
        Model, and whether each point is only known to lie below a bound, shape (n,).
    used
        Numbers of the points of the curve that entered.
    gradient
        (axis unit over unit), shape (n,): derivative with respect to all values of the curve.
    bent, misfit
        Probability of so much curvature if straight, and of so much scatter if the errors were right; nan if not tested.
    outliers
        Numbers of points of the curve.
    wild
        Interval of the bootstrap, where there is one.
    right
        1 where the quantity leaves the level towards larger states, -1 where it arrives at it (of a hinge).
    weighted
        Whether the points' own uncertainties gave the weights.
    across
        Whether the uncertainty of the states entered.
    model_at
        Value of the model and half-width of its interval at abscissas.
    """

    value: float
    std: float
    low: float
    high: float
    gap: tuple[float, float] | None
    slope: float
    dof: float
    shape: Shape
    clipped: NDArray[np.bool_]
    used: tuple[int, ...]
    gradient: Array
    bent: float
    misfit: float
    outliers: tuple[int, ...]
    wild: tuple[float, float] | None
    right: float
    weighted: bool
    across: bool
    model_at: Callable[[Array], tuple[Array, Array]]

    @property
    def bounded(self) -> bool:
        """Whether the set of thresholds is one interval with two ends."""
        return math.isfinite(self.low) and math.isfinite(self.high)


@dataclass(frozen=True, slots=True)
class _Ready:
    """Points for a fit: heights above the level, sizes, clipped ones; `up` and `right` give the direction of the rise."""

    x: Array
    y: Array
    std: Array
    x_std: Array
    clipped: NDArray[np.bool_]
    weighted: bool
    up: float
    right: float


def clipped_points(curve: Curve, at: float, bounded: frozenset[int]) -> NDArray[np.bool_]:
    """Points of which only is known that they lie beyond a bound: told as such, or exactly at a floor of all values."""
    told = np.array([id(item) in bounded for item in curve.observables])
    height = (curve.y - at)[~told]
    floor = height.size > 0 and bool((height >= 0).all() or (height <= 0).all())
    return np.asarray(told | ((curve.y == at) & floor))


def fit_threshold(curve: Curve, asked: Asked, clipped: NDArray[np.bool_], kept: tuple[int, ...]) -> Found | None:
    """Threshold of a curve from the points `kept`; `None` where they are too few.

    Raises
    ------
    StudyError
        If the errors of points are unknown that are to be taken at their word.
    """
    free = np.array([number for number in kept if not clipped[number]], dtype=int)
    fewest = 3 if asked.errors == "scaled" else 2
    if free.size < fewest or np.unique(curve.x[free]).size < 2:
        return None
    ready = _ready(curve, asked, clipped, kept)
    measured = ~ready.clipped
    shape = _shape(ready, asked)
    if shape == "line":
        used = tuple(np.array(kept)[measured])
        return _line(curve, asked, ready, clipped, used)
    return _hinge(curve, asked, ready, clipped, kept)


def _ready(curve: Curve, asked: Asked, clipped: NDArray[np.bool_], kept: tuple[int, ...]) -> _Ready:
    chosen = np.array(kept)
    own, free = curve.own[chosen], ~clipped[chosen]
    known = np.isfinite(own) & (own > 0)
    weighted = bool(known[free].all())
    if asked.errors == "stated" and not weighted:
        bad = [f"{state:g}" for state, fine in zip(curve.x[chosen], known | ~free, strict=True) if not fine]
        raise StudyError(
            f"{curve.name}: the own uncertainty of {curve.quantity} at {curve.axis} {', '.join(bad[:3])} is unknown or zero, "
            "so it cannot be taken at its word; use errors='scaled', which takes the size from the scatter."
        )
    std = np.where(known, own, np.max(own[free & known], initial=0.0)) if weighted else np.ones(len(chosen))
    for place, number in enumerate(kept):
        high = curve.observables[number].high
        if weighted and not known[place] and high is not None and curve.y[number] == asked.at and high > asked.at:
            std[place] = (high - asked.at) / quantile(curve.observables[number].level, math.inf)
    height = curve.y[chosen] - asked.at
    up = 1.0 if abs(height.max()) >= abs(height.min()) else -1.0
    x = curve.x[chosen]
    falling = float(np.cov(x, up * height)[0, 1]) < 0
    across = (curve.x_high - curve.x_low)[chosen] / math.sqrt(12)
    return _Ready(x, height, std, across, clipped[chosen], weighted, up, -1.0 if falling else 1.0)


def _shape(ready: _Ready, asked: Asked) -> Shape:
    """The asked shape; ``auto``: a hinge where points are clipped or lie before its threshold, unless a line is clearly better."""
    if asked.shape != "auto":
        return asked.shape
    measured = ~ready.clipped
    if int(measured.sum()) < FEWEST or np.unique(ready.x).size < 3:
        return "line"
    if ready.clipped.any():
        return "hinge"
    scaled = asked.errors == "scaled"
    hinge = _fitted_hinge(ready, ready.std, asked)
    line = fit_intercept(ready.x, ready.y, ready.std, scaled=scaled)
    squares = float((line.residuals**2).sum())
    count = ready.x.size
    logs = 0.5 * count * math.log(count / max(squares, 1e-300)) - 0.5 * count if scaled else -0.5 * squares
    before = float(hinge.threshold) > float((ready.right * ready.x).min())
    return "hinge" if before and logs - float(hinge.likelihood) < LINE_GAIN else "line"


def _fitted_hinge(ready: _Ready, std: Array, asked: Asked, y: Array | None = None) -> Hinge:
    height = ready.up * (ready.y if y is None else y)
    return fit_hinge(
        ready.right * ready.x, height, std, scaled=asked.errors == "scaled", below=ready.clipped, level=asked.level
    )


def _across(ready: _Ready, fit: Intercept, scaled: bool) -> tuple[Array, bool]:
    """Sizes of the points' own errors in true units, and whether those of the states matter beside them."""
    slope = float(fit.coefficients[1])
    total = np.square(fit.scale * fit.std)
    share = float(np.mean(np.square(slope * ready.x_std[~ready.clipped]) / total)) if total.all() else 0.0
    if share < _MATTERS:
        return fit.std, False
    # The scatter holds what comes from the states; the rest is the points' own, at least a tenth of it.
    size = float(fit.scale) * math.sqrt(max(1.0 - share, 0.1)) if scaled else 1.0
    return fit.std * size, True


def _line(
    curve: Curve, asked: Asked, ready: _Ready, clipped: NDArray[np.bool_], used: tuple[int, ...]
) -> Found:  # fmt: skip
    scaled = asked.errors == "scaled"
    free = ~ready.clipped
    x, y, std = ready.x[free], ready.y[free], ready.std[free]
    fit = fit_intercept(x, y, std, scaled=scaled)
    sizes, across = _across(ready, fit, scaled)
    if across:
        fit = fit_intercept(x, y, sizes, scaled=scaled, x_std=ready.x_std[free])
    shared = np.array([sizes[list(used)] for sizes in curve.shared.values()]).reshape(-1, len(used))
    found = fit.interval(asked.level, shared=shared)
    gap = (float(found.low), float(found.high)) if found.kind == OUTSIDE else None
    low, high = (float(found.low), float(found.high)) if found.kind == CLOSED else (-math.inf, math.inf)
    wild = None
    if asked.method != "fieller" and x.size >= FEWEST_FOR_BOOTSTRAP:
        wild = wild_interval(x, y, fit.std, float(fit.value), asked.level)
        wild = _widened(float(fit.value), wild, fit.gradient, shared, asked.level)
        if asked.method == "bootstrap":
            (low, high), gap = wild, None
    gradient = np.zeros(len(curve))
    gradient[list(used)] = fit.gradient
    chance = deleted_probabilities(fit.residuals, fit.leverage, stated=not scaled)
    plain = weighted_line(x, y, fit.std, scaled=scaled)

    def model_at(grid: Array) -> tuple[Array, Array]:
        rows = fit.operator[0] + (grid - fit.centre)[:, None] * fit.operator[1]
        own = quantile(asked.level, fit.dof) * float(fit.scale) * np.sqrt(np.square(rows * fit.std).sum(axis=1))
        common = quantile(asked.level, math.inf) * np.sqrt(np.square(rows @ shared.T).sum(axis=1))
        return asked.at + rows @ y, np.hypot(own, common)

    return Found(
        float(fit.value), float(fit.spread), low, high, gap, float(fit.coefficients[1]), fit.dof, "line", clipped, used,
        gradient, float(plain.bent), float(plain.misfit), _named(np.array(used), chance),
        wild, 1.0, ready.weighted, across, model_at,
    )  # fmt: skip


def _named(numbers: NDArray[np.int64], chance: Array) -> tuple[int, ...]:
    """Outliers; none where so many points lie far off that it is the stated errors which do not hold."""
    far = chance < OUTLYING
    return tuple(int(number) for number in numbers[far]) if far.mean() <= _MOST_OUTLYING else ()


def _widened(
    value: float, ends: tuple[float, float], gradient: Array, shared: Array, level: float
) -> tuple[float, float]:
    known = quantile(level, math.inf) * math.sqrt(float(np.square(shared @ gradient).sum()))
    return value - math.hypot(value - ends[0], known), value + math.hypot(ends[1] - value, known)


def _hinge(
    curve: Curve, asked: Asked, ready: _Ready, clipped: NDArray[np.bool_], used: tuple[int, ...]
) -> Found | None:  # fmt: skip
    scaled = asked.errors == "scaled"
    if int((~ready.clipped).sum()) < FEWEST or np.unique(ready.x).size < 3:
        return None
    fit = _fitted_hinge(ready, ready.std, asked)
    std, scale = ready.std, float(fit.scale)
    reach = np.where(ready.right * ready.x > float(fit.threshold), float(fit.slope) * ready.x_std, 0.0)
    share = float(np.mean(np.square(reach / (scale * std)))) if scale > 0 else 0.0
    across = share >= _MATTERS
    if across:
        std = np.hypot(std * scale * math.sqrt(max(1.0 - share, 0.1)) if scaled else std, reach)
        fit = _fitted_hinge(ready, std, asked)
        scale = float(fit.scale)
    value, slope = ready.right * float(fit.threshold), ready.up * ready.right * float(fit.slope)
    steps = ready.x - value
    beyond = ready.right * steps > 0
    jacobian = np.column_stack([np.where(beyond, -slope, 0.0), np.where(beyond, steps, 0.0)]) / std[:, None]
    free = ~ready.clipped
    inverse = np.linalg.pinv(jacobian[free].T @ jacobian[free])
    residuals = (ready.y - slope * np.where(beyond, steps, 0.0)) / std
    leverage = np.einsum("ni,ij,nj->n", jacobian, inverse, jacobian)
    gradient = np.zeros(len(curve))
    if curve.shared:
        gradient[list(used)] = _hinge_gradient(ready, std, max(scale, 1e-9), asked)
    spread = scale * math.sqrt(max(float(inverse[0, 0]), 0.0))
    ends = sorted((ready.right * float(fit.low), ready.right * float(fit.high)))
    shared = np.array([sizes for sizes in curve.shared.values()]).reshape(-1, len(curve))
    low, high = _widened(value, (ends[0], ends[1]), gradient, shared, asked.level)
    chance = deleted_probabilities(residuals[free], leverage[free], stated=not scaled)
    squares, left = float((residuals[free] ** 2).sum()), int(free.sum()) - 2

    def model_at(grid: Array) -> tuple[Array, Array]:
        away = grid - value
        past = ready.right * away > 0
        rows = np.column_stack([np.where(past, -slope, 0.0), np.where(past, away, 0.0)])
        half = quantile(asked.level, fit.dof) * scale * np.sqrt(np.einsum("gi,ij,gj->g", rows, inverse, rows))
        return asked.at + slope * np.where(past, away, 0.0), half

    return Found(
        value, spread, low, high, None, slope, fit.dof, "hinge", clipped, used, gradient,
        _bent_beyond(ready, std, free & beyond, scaled), _chi(squares, left) if not scaled else math.nan,
        _named(np.array(used)[free], chance), None, ready.right, ready.weighted, across, model_at,
    )  # fmt: skip


def _hinge_gradient(ready: _Ready, std: Array, scale: float, asked: Asked) -> Array:
    """Derivative of the threshold with respect to each measured value, by differences."""
    count = ready.x.size
    step = np.diag(_STEP * scale * std)
    pair = np.concatenate([ready.y + step, ready.y - step])
    pair = np.where(ready.clipped, ready.y, pair)
    found = ready.right * _fitted_hinge(ready, std, asked, pair).threshold
    slopes = (found[:count] - found[count:]) / (2 * _STEP * scale * std)
    return np.asarray(np.where(ready.clipped, 0.0, slopes))


def _bent_beyond(ready: _Ready, std: Array, chosen: NDArray[np.bool_], scaled: bool) -> float:
    if int(chosen.sum()) < 4 or np.unique(ready.x[chosen]).size < 4:
        return math.nan
    return float(weighted_line(ready.x[chosen], ready.y[chosen], std[chosen], scaled=scaled).bent)


def _chi(squares: float, dof: int) -> float:
    from scipy import special

    return float(special.chdtrc(dof, squares)) if dof > 0 else math.nan
