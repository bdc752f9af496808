"""Which slope has one curve of observables, by the fit that its number of points and its errors allow?"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from interlith.errors import StudyError
from interlith.evidence.curves import Curve
from interlith.evidence.kernel import quantile
from interlith.numerics.trends.monotone import Monotone, monotone
from interlith.numerics.trends.trend import BENT, FEWEST_FOR_SHAPE, Trend, fit_trend
from interlith.numerics.trends.weighted_line import WeightedLine, weighted_line

Array = NDArray[np.float64]
Errors = Literal["scaled", "stated"]
Residuals = Literal["autocorrelated", "independent"]

#: From so many different states on the correlation of neighbouring residuals is estimated; below it cannot be.
FEWEST_FOR_MEMORY = FEWEST_FOR_SHAPE
#: Probability of so much scatter below which errors that were taken at their word are refuted.
REFUTED = 0.01
#: Probability, over all points of a curve, below which a point is named as an outlier, and fewest points for that.
_OUTLYING, _FEWEST_FOR_OUTLIERS = 0.01, 6


@dataclass(frozen=True, slots=True)
class Slope:
    """Mean slope of a curve from the scatter of its own points; what points share is not in it.

    Parameters
    ----------
    value, std, dof
        (unit over axis unit), slope, its standard uncertainty, degrees of freedom of a Student t that is as wide.
    method
        In words.
    gradient
        (1 over axis unit), shape (n,): derivative of the slope with respect to the values of the curve.
    interval
        Interval of the slope for a confidence level.
    curve_at
        Value of the fit and half-width of its interval at abscissas.
    x, y, own, residuals
        States as fitted, shape (m,), repeated ones averaged where residuals are autocorrelated; residuals over their
        standard deviation.
    bent, misfit, correlation
        Probability of so much curvature if straight, and of so much scatter if the errors were right; posterior mean of
        the correlation of neighbouring residuals; nan where not tested.
    degree
        Of the polynomial whose mean slope it is.
    outliers
        Points of the curve, by number.
    """

    value: float
    std: float
    dof: float
    method: str
    gradient: Array
    interval: Callable[[float], tuple[float, float]]
    curve_at: Callable[[Array], tuple[Array, Array]]
    x: Array
    y: Array
    own: Array
    residuals: Array
    bent: float
    misfit: float
    correlation: float
    degree: int
    outliers: tuple[int, ...]

    @property
    def straight(self) -> bool | None:
        """Whether a line describes the curve; `None` where that could not be tested."""
        return None if math.isnan(self.bent) else self.bent >= BENT


def weights_of(curve: Curve, errors: Errors) -> tuple[Array, bool]:
    """Standard uncertainties for the fit, shape (n,), and whether they are the points' own (else equal ones).

    Raises
    ------
    StudyError
        If `errors` is ``stated`` and the size of a point's own error is unknown or zero.
    """
    known = bool(np.isfinite(curve.own).all() and (curve.own > 0).all())
    if known:
        return curve.own, True
    if errors == "stated":
        bad = [f"{state:g}" for state, size in zip(curve.x, curve.own, strict=True) if not 0 < size < math.inf]
        raise StudyError(
            f"{curve.name}: the own uncertainty of {curve.quantity} at {curve.axis} {', '.join(bad[:3])} is unknown or zero, "
            "so it cannot be taken at its word; use errors='scaled', which takes the size from the scatter."
        )
    return np.ones(len(curve)), False


def fit_slope(curve: Curve, *, degree: int, errors: Errors, residuals: Residuals, level: float) -> Slope | None:
    """Slope of a curve; `None` where it has too few points for one."""
    std, _ = weights_of(curve, errors)
    different = np.unique(curve.x).size
    if errors == "scaled" and residuals == "autocorrelated" and different >= max(FEWEST_FOR_MEMORY, degree + 3):
        return _with_memory(curve, std, degree, level)
    enough = different >= degree + 1 and (errors == "stated" or len(curve) >= degree + 2)
    return _without_memory(curve, std, degree, errors, level) if enough else None


def check_rank(curve: Curve, level: float) -> Monotone | None:
    """Theil-Sen slope and Kendall's test, which outliers do not move; `None` below three different states."""
    return monotone(curve.x, curve.y, level=level) if np.unique(curve.x).size >= 3 else None


def without(curve: Curve, outliers: tuple[int, ...]) -> Curve:
    """The curve without some points."""
    from dataclasses import replace

    kept = np.array([number for number in range(len(curve)) if number not in outliers])
    arrays = {name: getattr(curve, name)[kept] for name in ("x", "x_low", "x_high", "y", "own")}
    shared = {source: sizes[kept] for source, sizes in curve.shared.items()}
    return replace(curve, **arrays, shared=shared, observables=tuple(curve.observables[number] for number in kept))


def _with_memory(curve: Curve, std: Array, degree: int, level: float) -> Slope:
    x, average = _averaging(curve.x, std)
    y, sizes = average @ curve.y, np.sqrt(np.square(average) @ np.square(std))
    found = fit_trend(x, y, degree=degree, relative=sizes)
    bent = found.bent
    if found.linear is False and degree < 3:
        # With a bend taken for noise the residuals seem to remember, and the interval would be too wide or shifted.
        found = fit_trend(x, y, degree=3, relative=sizes)
    slope = found.slope(level=level)
    fitted = np.array([_value_at(found, state) for state in x])
    relative = sizes * math.sqrt(float(np.mean(sizes**-2.0)))
    pulls = (y - fitted) / relative / (found.residual_std or 1.0)
    far = _far(pulls, stats.norm.sf(np.abs(pulls)) * 2)
    return Slope(
        value=slope.value,
        std=slope.std,
        dof=slope.dof,
        method=f"polynomial of degree {found.degree}, autocorrelated residuals",
        gradient=np.asarray(found.slope_gradient() @ found.operator @ average),
        interval=lambda asked: _ends(found, asked),
        curve_at=lambda grid: _band(found, grid, level),
        x=x,
        y=y,
        own=average_own(average, curve.own),
        residuals=pulls,
        bent=bent,
        misfit=math.nan,
        correlation=found.correlation,
        degree=found.degree,
        outliers=tuple(int(k) for k in np.flatnonzero(np.isin(curve.x, x[list(far)]))),
    )


def average_own(average: Array, own: Array) -> Array:
    """Own uncertainty of averaged points; unknown ones stay unknown."""
    finite = np.where(np.isfinite(own), own, 0.0)
    sizes = np.sqrt(np.square(average) @ np.square(finite))
    return np.where((average != 0) @ ~np.isfinite(own), math.inf, sizes)


def _averaging(x: Array, std: Array) -> tuple[Array, Array]:
    """Different abscissas and the matrix that averages values of one abscissa by their weights."""
    states, place = np.unique(x, return_inverse=True)
    weights = np.zeros((states.size, x.size))
    weights[place, np.arange(x.size)] = std**-2.0
    return states, weights / weights.sum(axis=1)[:, None]


def _value_at(found: Trend, state: float) -> float:
    return float(found.weights @ (found.coefficients @ found.level_gradient(state)))


def _ends(found: Trend, level: float) -> tuple[float, float]:
    slope = found.slope(level=level)
    return slope.low, slope.high


def _band(found: Trend, grid: Array, level: float) -> tuple[Array, Array]:
    made = [found.estimate(found.level_gradient(float(state)), level=level) for state in grid]
    return np.array([item.value for item in made]), np.array([(item.high - item.low) / 2 for item in made])


def _without_memory(curve: Curve, std: Array, degree: int, errors: Errors, level: float) -> Slope:
    scaled = errors == "scaled"
    found = weighted_line(curve.x, curve.y, std, scaled=scaled, degree=degree)
    value, size = (float(item) for item in found.slope())
    pulls, far = _pulls(found)
    kind = "scatter gives the size, independent residuals" if scaled else "errors as stated, independent residuals"
    return Slope(
        value=value,
        std=size,
        dof=found.dof,
        method=f"polynomial of degree {degree}, {kind}",
        gradient=np.asarray(found.slope_gradient @ found.operator),
        interval=lambda asked: (
            value - quantile(asked, found.dof) * size,
            value + quantile(asked, found.dof) * size,
        ),
        curve_at=lambda grid: _line_band(found, grid, level),
        x=curve.x,
        y=curve.y,
        own=curve.own,
        residuals=pulls,
        bent=float(found.bent),
        misfit=float(found.misfit),
        correlation=math.nan,
        degree=degree,
        outliers=far,
    )


def _line_band(found: WeightedLine, grid: Array, level: float) -> tuple[Array, Array]:
    made = [found.linear(found.gradient_at(float(state))) for state in grid]
    wide = quantile(level, found.dof)
    return np.array([float(item[0]) for item in made]), np.array([wide * float(item[1]) for item in made])


def _pulls(found: WeightedLine) -> tuple[Array, tuple[int, ...]]:
    """Residuals over their standard deviation, and the points that lie too far out for their number."""
    count = found.x.size
    scale = float(found.scale) or 1.0
    pulls = found.residuals / scale
    if count < _FEWEST_FOR_OUTLIERS:
        return pulls, ()
    # Leverage h = diagonal of the projection; a deleted residual does not hide behind the scatter it makes itself.
    columns = np.array([found.gradient_at(float(state)) for state in found.x])
    leverage = np.clip(np.einsum("ij,ji->i", columns, found.operator), 0.0, 1.0 - 1e-9)
    inner = pulls / np.sqrt(1 - leverage)
    if math.isinf(found.dof):
        return pulls, _far(inner, 2 * stats.norm.sf(np.abs(inner)))
    left = found.dof - 1
    room = np.maximum(found.dof - np.square(inner), 1e-12)
    deleted = inner * np.sqrt(left / room)
    return pulls, _far(deleted, 2 * stats.t.sf(np.abs(deleted), left))


def _far(pulls: Array, chances: Array) -> tuple[int, ...]:
    if pulls.size < _FEWEST_FOR_OUTLIERS:
        return ()
    return tuple(int(number) for number in np.flatnonzero(chances * pulls.size < _OUTLYING))
