"""How steep is an ordered series whose scatter remembers itself, how sure is that, and is a line the right shape?

Cycle data drift with room temperature and with the cell's own slow states, so neighbouring residuals are alike and
ordinary least squares quotes a slope several times too surely. Here the residuals are an AR(1) process plus noise, and the
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
from interlith.numerics.trends.autoregression import Filter, filter_for, grid_for, log_determinant, transposed, whitened

Array = NDArray[np.float64]

#: Fewest points for a slope (three degrees of freedom) and for the test of shape.
FEWEST = 5
FEWEST_FOR_SHAPE = 10
#: Probability below which a line is said not to describe the series.
BENT = 0.01


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
    """A polynomial trend with autocorrelated residuals, the correlation integrated out.

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
    correlation, memory
        Posterior means of the correlation between neighbouring residuals, and of that of their autocorrelated part.
    residual_std
        Standard deviation of the residuals about the trend, at the mean weight where their sizes differ.
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
    memory: float
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


def fit_trend(x: ArrayLike, y: ArrayLike, *, degree: int = 1, relative: ArrayLike | None = None) -> Trend:
    """Fit a polynomial with autocorrelated residuals and test whether a line would do.

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
    relative
        Standard deviations of the residuals relative to each other, shape (n,), positive; equal if not given. The
        residuals over these are what the autocorrelated process describes; the scatter gives their size.

    Raises
    ------
    FitError
        With fewer than `FEWEST` points (or two more than coefficients), or if `x` does not increase.

    Notes
    -----
    Given the correlation, generalised least squares with a Student t interval is exact. Correlation and share of
    independent noise (`interlith.numerics.trends.autoregression`) are integrated out under their restricted likelihood; the prior
    was chosen by measured coverage of the 95 % interval (``benchmarks/trend_coverage.py``, 1,000 repeats a row): 0.94-0.98
    from fifty points and for correlations up to 0.9, where least squares cover 0.3-0.95. With ten to thirty points a
    correlation cannot be told from a trend: 0.97-1.00 up to a correlation of 0.6 (too wide), 0.90-0.94 at 0.9. What is
    not covered: slow drift (0.9) under as much independent noise, 0.79 at 50 points and 0.93 at 200; a correlation of
    0.97, 0.82 at 50 points. The assumption that fails first: residuals are stationary about a polynomial. A step (a
    changed clamp, a restarted test) is neither.

    References
    ----------
    Harville 1974, restricted likelihood, 10.1093/biomet/61.2.383. Kiefer and Vogelsang 2005, fixed-b,
    10.1017/S0266466605050565. Berger and Yang 1994, priors for AR(1), 10.1017/S026646660000863X.
    """
    abscissa, values = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    _check(abscissa, values, degree)
    sizes = _relative(relative, len(abscissa))
    tested = len(abscissa) >= max(FEWEST_FOR_SHAPE, degree + 3)
    highest = max(degree, 3) if tested else degree
    gaps = np.diff(abscissa)
    made = filter_for(grid_for(gaps / gaps.min()))
    basis = _basis(abscissa, highest)
    centre = float(values.mean())
    scale = float(np.abs(values - centre).max()) or 1.0
    columns = np.column_stack([_vandermonde(abscissa, abscissa, highest) @ basis, (values - centre) / scale])
    white = whitened(columns / sizes[:, None], made)
    full = _posterior(white, made, highest)
    posterior = full if highest == degree else _posterior(white, made, degree)
    bent = _bent(full, len(abscissa) - highest - 1) if tested else math.nan
    kept = basis[: degree + 1, : degree + 1]
    return _trend(abscissa, values, sizes, posterior, white, made, kept, (centre, scale), bent)


def _relative(relative: ArrayLike | None, count: int) -> Array:
    """Relative sizes with a mean weight of one."""
    if relative is None:
        return np.ones(count)
    sizes = np.asarray(relative, dtype=float)
    if sizes.shape != (count,) or not (np.isfinite(sizes).all() and (sizes > 0).all()):
        raise FitError(
            f"Relative sizes of residuals must be {count} finite positive numbers; found shape {sizes.shape}."
        )
    return sizes * math.sqrt(float(np.mean(sizes**-2.0)))


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


@dataclass(frozen=True, slots=True)
class _Posterior:
    """Weights, coefficients and covariances over the grid, in units of the scaled values; inverse normal matrices."""

    weights: Array
    coefficients: Array
    covariances: Array
    inverse: Array


def _posterior(white: Array, made: Filter, degree: int) -> _Posterior:
    inner, target = white[:, :, : degree + 1], white[:, :, -1]
    inverse = np.linalg.inv(np.einsum("nki,nkj->kij", inner, inner))
    coefficients = np.einsum("kij,kj->ki", inverse, np.einsum("nki,nk->ki", inner, target))
    squares = ((target - np.einsum("nki,ki->nk", inner, coefficients)) ** 2).sum(axis=0)
    squares = np.maximum(squares, len(white) * 1e-28)
    dof = len(white) - degree - 1
    logarithm = made.grid.log_prior - log_determinant(made) + 0.5 * np.linalg.slogdet(inverse)[1]
    logarithm = logarithm - 0.5 * dof * np.log(squares)
    weights = np.exp(logarithm - logarithm.max())
    weights /= weights.sum()
    return _Posterior(weights, coefficients, inverse * (squares / dof)[:, None, None], inverse)


def _trend(
    x: Array, y: Array, sizes: Array, found: _Posterior, white: Array, made: Filter, basis: Array,
    units: tuple[float, float], bent: float,
) -> Trend:  # fmt: skip
    centre, scale = units
    degree = len(basis) - 1
    dof = len(x) - degree - 1
    hat = np.einsum("kij,nkj->nki", found.inverse, white[:, :, : degree + 1])
    operator: Array = np.einsum("k,nki->in", found.weights, transposed(hat, made)) / sizes
    coefficients = found.coefficients * scale
    coefficients[:, 0] += centre
    fitted = _vandermonde(x, x, degree) @ basis @ (found.weights @ coefficients)
    neighbours = made.grid.correlation * (1.0 - made.grid.share)
    return Trend(
        x=x,
        weights=found.weights,
        coefficients=coefficients,
        covariances=found.covariances * scale**2,
        operator=operator,
        basis=basis,
        dof=dof,
        correlation=float(found.weights @ neighbours),
        memory=float(found.weights @ made.grid.correlation),
        residual_std=float(np.sqrt((((y - fitted) / sizes) ** 2).sum() / dof)),
        bent=bent,
    )


def _bent(full: _Posterior, dof: int) -> float:
    extra = full.coefficients[:, 2:]
    count = extra.shape[1]
    statistic = np.einsum("ki,kij,kj->k", extra, np.linalg.inv(full.covariances[:, 2:, 2:]), extra) / count
    return float(full.weights @ special.fdtrc(count, dof, statistic))


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
