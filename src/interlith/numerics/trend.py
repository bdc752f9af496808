"""How steep is an ordered series whose scatter remembers itself, how sure is that, and is a line the right shape?

Cycle data drift with room temperature and with the cell's own slow states, so neighbouring residuals are alike and
ordinary least squares quotes a slope several times too surely. Here the residuals are an AR(1) process, and the
interval averages over every correlation that the data allow, instead of trusting one estimate of it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, special

from interlith.errors import FitError

Array = NDArray[np.float64]

#: Fewest points for a slope (three degrees of freedom) and for the test of shape.
FEWEST = 5
FEWEST_FOR_SHAPE = 10
#: Probability below which a line is said not to describe the series.
BENT = 0.01

_GRID = 60
_LOWEST_CORRELATION = -0.95


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with standard uncertainty (half of the central 68 %), interval, and the degrees of freedom of a Student t
    whose interval is as much wider."""

    value: float
    std: float
    low: float
    high: float
    dof: float

    def scaled(self, number: float) -> Estimate:
        """The estimate times an exact number; a negative one swaps the ends of the interval."""
        ends = sorted((self.low * number, self.high * number))
        return Estimate(self.value * number, self.std * abs(number), ends[0], ends[1], self.dof)


@dataclass(frozen=True, slots=True)
class Trend:
    """A polynomial trend with AR(1) residuals, the correlation integrated out.

    Parameters
    ----------
    x
        Abscissa, shape (n,).
    weights
        Posterior probability of each correlation of the grid, shape (k,).
    coefficients, covariances
        Generalised least squares at each correlation, shapes (k, p) and (k, p, p), the residual variance included.
    operator
        Coefficients = operator @ y, averaged over the correlations, shape (p, n): carries shared errors of `y`.
    correlation
        Posterior mean of the correlation between neighbours.
    residual_std
        Standard deviation of the residuals about the trend.
    bent
        Probability of curvature at least this strong if a line were true; nan if too few points.
    """

    x: Array
    weights: Array
    coefficients: Array
    covariances: Array
    operator: Array
    basis: Array
    dof: int
    correlation: float
    residual_std: float
    bent: float = math.nan

    @property
    def degree(self) -> int:
        """Degree of the polynomial."""
        return int(self.coefficients.shape[1]) - 1

    @property
    def linear(self) -> bool | None:
        """Whether a line describes the series; `None` where that could not be tested."""
        return None if math.isnan(self.bent) else self.bent >= BENT

    def slope_gradient(self) -> Array:
        """Gradient of the mean slope with respect to the coefficients, shape (p,).

        The basis is orthogonal over the points, so the mean slope (that of the best line through the curve) is one
        coefficient whatever the degree.
        """
        gradient = np.zeros(self.degree + 1)
        gradient[1] = 1.0 / float(np.std(self.x))
        return gradient

    def level_gradient(self, at: float) -> Array:
        """Gradient of the trend's value at an abscissa, shape (p,)."""
        return cast(Array, _vandermonde(np.array([at]), self.x, self.degree)[0] @ self.basis)

    def estimate(self, gradient: ArrayLike, *, level: float = 0.95) -> Estimate:
        """A linear combination of the coefficients with its interval from the mixture of Student t distributions."""
        direction = np.asarray(gradient, dtype=float)
        centres = self.coefficients @ direction
        stds = np.sqrt(np.maximum(np.einsum("i,kij,j->k", direction, self.covariances, direction), 0.0))
        value = float(self.weights @ centres)
        std = math.sqrt(float(self.weights @ (stds**2 + (centres - value) ** 2)))
        if std == 0.0:
            return Estimate(value, 0.0, value, value, float(self.dof))
        tail = (1 - level) / 2
        low, high, below, above = (
            self._quantile(probability, centres, stds, value, std)
            for probability in (tail, 1 - tail, special.ndtr(-1.0), special.ndtr(1.0))
        )
        # Rare large correlations blow the second moment up; half the central 68 % is what one sigma means to a reader.
        return Estimate(value, (above - below) / 2, low, high, _equivalent_dof((high - low) / (above - below), level))

    def slope(self, *, level: float = 0.95) -> Estimate:
        """Mean slope over the points, in units of y per x."""
        return self.estimate(self.slope_gradient(), level=level)

    def relative_slope(self, at: float, *, level: float = 0.95) -> Estimate:
        """Mean slope over the trend's value at an abscissa (first-order propagation).

        Raises
        ------
        FitError
            If the trend is not distinct from zero there.
        """
        level_there = self.estimate(self.level_gradient(at))
        base = level_there.value
        if abs(base) <= 4 * level_there.std or base == 0.0:
            raise FitError(
                f"The trend at {at:g} is {base:.3g} +- {level_there.std:.2g}, not distinct from zero; a relative slope is "
                "undefined there."
            )
        slope = float(self.weights @ (self.coefficients @ self.slope_gradient()))
        ratio = slope / base
        found = self.estimate(self.relative_gradient(at), level=level)
        shift = ratio - found.value
        return Estimate(ratio, found.std, found.low + shift, found.high + shift, found.dof)

    def relative_gradient(self, at: float) -> Array:
        """Gradient of slope over level, to first order, shape (p,)."""
        base = float(self.weights @ (self.coefficients @ self.level_gradient(at)))
        slope = float(self.weights @ (self.coefficients @ self.slope_gradient()))
        return (self.slope_gradient() - slope / base * self.level_gradient(at)) / base

    def _quantile(self, probability: float, centres: Array, stds: Array, value: float, std: float) -> float:
        spread = np.maximum(stds, 1e-300)

        def excess(at: float) -> float:
            return float(self.weights @ special.stdtr(self.dof, (at - centres) / spread)) - probability

        reach = 10.0 * std
        while excess(value - reach) > 0 or excess(value + reach) < 0:
            reach *= 4.0
        return float(optimize.brentq(excess, value - reach, value + reach, xtol=1e-9 * std))


def fit_trend(x: ArrayLike, y: ArrayLike, *, degree: int = 1) -> Trend:
    """Fit a polynomial with AR(1) residuals and test whether a line would do.

    Parameters
    ----------
    x
        Strictly increasing abscissa, shape (n,). Gaps are respected: the correlation over a gap of d steps is the d-th
        power of that between neighbours.
    y
        Values, shape (n,).
    degree
        1 for a line. With 3 the mean slope keeps its meaning (the slope of the best line through the curve), while the
        curvature is no longer taken for noise.

    Raises
    ------
    FitError
        With fewer than `FEWEST` points (or two more than coefficients), or if `x` does not increase.

    Notes
    -----
    Given the correlation, generalised least squares with a Student t interval is exact. The correlation is integrated
    out under its restricted likelihood with a prior proportional to ``(1 - rho)^-a`` on (-0.95, 1); `a` falls from 0.55
    at 10 points to 0.25 from 50 points on, chosen by measured coverage (``benchmarks/trend_coverage.py``): 0.93-0.97
    from 50 points and for correlations up to 0.9. Below that a correlation cannot be told from a trend: the interval is
    too wide for independent residuals and, at ten points with a correlation of 0.9, still somewhat too narrow.
    Plugging in one estimate of the correlation covers 0.76 there, Newey-West with fixed-b critical values 0.59.
    The assumption that fails first: residuals are stationary about a polynomial. A step (a changed clamp, a restarted
    test) is neither.

    References
    ----------
    Harville 1974, restricted likelihood, 10.1093/biomet/61.2.383. Kiefer and Vogelsang 2005, fixed-b,
    10.1017/S0266466605050565. Berger and Yang 1994, priors for AR(1), 10.1017/S026646660000863X.
    """
    abscissa, values = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    _check(abscissa, values, degree)
    trend = _marginal(abscissa, values, degree)
    if len(abscissa) < max(FEWEST_FOR_SHAPE, degree + 3):
        return trend
    full = trend if degree >= 3 else _marginal(abscissa, values, 3)
    return Trend(
        trend.x, trend.weights, trend.coefficients, trend.covariances, trend.operator, trend.basis, trend.dof,
        trend.correlation, trend.residual_std, _bent(full),
    )  # fmt: skip


def _check(x: Array, y: Array, degree: int) -> None:
    if x.ndim != 1 or x.shape != y.shape:
        raise FitError(f"A trend needs x and y of one shape (n,); found {x.shape} and {y.shape}.")
    fewest = max(FEWEST, degree + 3)
    if len(x) < fewest:
        raise FitError(f"A trend of degree {degree} needs at least {fewest} points; found {len(x)}.")
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise FitError("A trend needs finite numbers; found nan or inf. Leave incomplete points out.")
    if np.any(np.diff(x) <= 0):
        raise FitError("The abscissa of a trend must increase from point to point; order the points first.")


def _vandermonde(at: Array, x: Array, degree: int) -> Array:
    return cast(Array, np.polynomial.legendre.legvander(2.0 * (at - x[0]) / (x[-1] - x[0]) - 1.0, degree))


def _basis(x: Array, degree: int) -> Array:
    """Legendre coefficients of polynomials orthogonal over the points, each of unit mean square and rising."""
    _, upper = np.linalg.qr(_vandermonde(x, x, degree))
    upper = upper * np.sign(np.diag(upper))[:, None]
    orthogonal: Array = np.linalg.inv(upper) * math.sqrt(len(x))
    return orthogonal


def _correlations(steps: Array) -> tuple[Array, Array]:
    """Grid of correlations, dense towards one, and the logarithm of its prior mass."""
    whole = np.allclose(steps, np.round(steps), atol=1e-6)
    lowest = _LOWEST_CORRELATION if whole else 0.0  # a negative correlation has no power of a fraction
    z = (np.arange(_GRID) + 0.5) / _GRID
    grid = 1.0 - (1.0 - lowest) * (1.0 - z) ** 2
    points = len(steps) + 1
    exponent = 0.25 + 0.3 * float(np.clip((50 - points) / 40, 0.0, 1.0))
    return grid, np.log(1.0 - z) - exponent * np.log(1.0 - grid)


def _marginal(x: Array, y: Array, degree: int) -> Trend:
    basis = _basis(x, degree)
    design = _vandermonde(x, x, degree) @ basis
    gaps = np.diff(x)
    steps = gaps / gaps.min()
    grid, prior = _correlations(steps)
    powers = np.sign(grid)[:, None] ** np.round(steps) * np.abs(grid)[:, None] ** steps
    shrink = 1.0 / np.sqrt(1.0 - powers**2)

    def whiten(columns: Array) -> Array:
        first = np.broadcast_to(columns[:1], (len(grid), 1, columns.shape[1]))
        rest = (columns[1:] - powers[:, :, None] * columns[:-1]) * shrink[:, :, None]
        return np.concatenate([first, rest], axis=1)

    centre = float(y.mean())
    scale = float(np.abs(y - centre).max()) or 1.0
    inner = whiten(design)
    target = whiten(((y - centre) / scale)[:, None])[:, :, 0]
    gram = np.einsum("kni,knj->kij", inner, inner)
    inverse = np.linalg.inv(gram)
    coefficients = np.einsum("kij,knj,kn->ki", inverse, inner, target, optimize=True)
    squares = ((target - np.einsum("kni,ki->kn", inner, coefficients)) ** 2).sum(axis=1)
    squares = np.maximum(squares, len(x) * 1e-28)
    dof = len(x) - degree - 1
    logarithm = prior + np.log(shrink).sum(axis=1) - 0.5 * np.linalg.slogdet(gram)[1] - 0.5 * dof * np.log(squares)
    weights = np.exp(logarithm - logarithm.max())
    weights /= weights.sum()
    coefficients[:, 0] += centre / scale
    return Trend(
        x=x,
        weights=weights,
        coefficients=coefficients * scale,
        covariances=inverse * (squares / dof * scale**2)[:, None, None],
        operator=_operator(inner, inverse, powers, shrink, weights),
        basis=basis,
        dof=dof,
        correlation=float(weights @ grid),
        residual_std=float(np.std(y - scale * design @ (weights @ coefficients))) * math.sqrt(len(x) / dof),
    )


def _operator(inner: Array, inverse: Array, powers: Array, shrink: Array, weights: Array) -> Array:
    hat = np.einsum("kij,knj->kin", inverse, inner)
    back = hat.copy()
    back[:, :, 1:] *= shrink[:, None, :]
    back[:, :, :-1] -= hat[:, :, 1:] * (shrink * powers)[:, None, :]
    return cast(Array, np.einsum("k,kin->in", weights, back))


def _bent(full: Trend) -> float:
    extra = full.coefficients[:, 2:]
    count = extra.shape[1]
    statistic = np.einsum("ki,kij,kj->k", extra, np.linalg.inv(full.covariances[:, 2:, 2:]), extra) / count
    return float(full.weights @ special.fdtrc(count, full.dof, statistic))


def _equivalent_dof(ratio: float, level: float) -> float:
    """Degrees of freedom of the Student t whose interval at `level` is this many times its central 68 %."""
    inner, outer = float(special.ndtr(1.0)), 0.5 + level / 2

    def excess(logarithm: float) -> float:
        dof = math.exp(logarithm)
        return float(special.stdtrit(dof, outer) / special.stdtrit(dof, inner)) - ratio

    if excess(math.log(1e6)) >= 0:
        return math.inf
    if excess(math.log(0.5)) <= 0:
        return 0.5
    return math.exp(float(optimize.brentq(excess, math.log(0.5), math.log(1e6))))
