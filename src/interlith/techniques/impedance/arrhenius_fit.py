"""Is the logarithm of a rate straight in the reciprocal temperature, how steep is it, and if it bends, how?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, special

from interlith.errors import FitError

Array = NDArray[np.float64]

#: Boltzmann constant (eV/K), exact in the SI of 2019: 1.380649e-23 / 1.602176634e-19.
BOLTZMANN = 1.380649e-23 / 1.602176634e-19


@dataclass(frozen=True, slots=True)
class Line:
    """Activation energy of a straight line, or the local ones of a bent one.

    Parameters
    ----------
    energy, std
        (eV): mean slope over the temperatures, and its standard uncertainty.
    quantile
        Multiple of `std` in the 95 % interval.
    scatter
        Standard deviation of ln(rate) beyond the stated ones.
    bend_chance
        Probability of curvature at least this strong if the line were straight; nan below four temperatures.
    local, local_std
        (eV), shape (2,): slopes at the coldest and the warmest temperature by a parabola; nan below four temperatures.
    local_quantile
        Multiple of `local_std` in the 95 % interval.
    fitted
        ln(rate) of the line, shape (n,).
    operator
        (eV), shape (n,): energy = operator @ ln(rate), for errors that are common to several points.
    """

    energy: float
    std: float
    quantile: float
    scatter: float
    bend_chance: float
    local: tuple[float, float]
    local_std: tuple[float, float]
    local_quantile: float
    fitted: Array
    operator: Array


@dataclass(frozen=True, slots=True)
class Vogel:
    """ln(rate) = offset - energy / (k (T - zero)): energy (eV) and zero (K) with 95 % intervals, scatter of ln(rate).

    Where the interval of zero reaches 0 K, the law of Arrhenius is among the allowed ones.
    """

    energy: float
    energy_low: float
    energy_high: float
    zero: float
    zero_low: float
    zero_high: float
    offset: float
    scatter: float
    fitted: Array


def arrhenius(temperature: ArrayLike, logarithm: ArrayLike, std: ArrayLike, temperature_std: ArrayLike = 0.0) -> Line:
    """Fit a straight line of ln(rate) against 1/kT, and see whether it is one.

    Parameters
    ----------
    temperature
        (K), shape (n,).
    logarithm
        ln(rate), shape (n,).
    std
        Standard uncertainties of ln(rate), shape (n,); independent from point to point.
    temperature_std
        (K), shape (n,) or one for all; independent from point to point.

    Raises
    ------
    FitError
        If fewer than three different temperatures are given, or numbers are not finite.

    Notes
    -----
    Between points there is scatter that no fit of one spectrum shows (waiting time, gradients): where chi squared exceeds its
    degrees of freedom, a common variance is added to the stated ones until it does not (Paule and Mandel); where it is below,
    all are scaled. The interval is that of Student t, so that only the relative size of the stated ones is trusted. The
    assumption that fails first: independence from one temperature to the next, for instance a cell that changes on heating.

    References
    ----------
    R. C. Paule and J. Mandel, J. Res. Natl. Bur. Stand. 87 (1982) 377, 10.6028/jres.087.022.
    """
    kelvin, values, stated, drift = (np.asarray(one, dtype=float) for one in np.broadcast_arrays(
        temperature, logarithm, std, temperature_std
    ))  # fmt: skip
    if not (np.isfinite(kelvin).all() and np.isfinite(values).all() and (kelvin > 0).all()):
        raise FitError("An activation energy needs finite rates at absolute temperatures above zero.")
    if np.unique(kelvin).size < 3:
        raise FitError(
            f"An activation energy with an interval needs three temperatures; there are {np.unique(kelvin).size}."
        )
    x = 1 / (BOLTZMANN * kelvin)
    middle = float(x.mean())
    first = np.polynomial.polynomial.polyfit(x - middle, values, 1)
    # A temperature that is wrong moves the point along the line.
    squares = np.where(np.isfinite(stated), stated, 0.0) ** 2 + (first[1] * x * drift / kelvin) ** 2
    straight = _polynomial(x - middle, values, squares, 1)
    bend, local_quantile = math.nan, math.nan
    local: list[float] = [math.nan, math.nan]
    local_std: list[float] = [math.nan, math.nan]
    if np.unique(kelvin).size >= 4 and kelvin.size >= 5:
        bent = _polynomial(x - middle, values, squares, 2)
        ends = np.array([x.max() - middle, x.min() - middle])
        slopes = [np.array([0.0, 1.0, 2 * end]) for end in ends]
        local = [-float(one @ bent.coefficients) for one in slopes]
        local_std = [math.sqrt(float(one @ bent.covariance @ one)) for one in slopes]
        local_quantile = _quantile(bent.dof)
        bend = _chance(float(bent.coefficients[2]) / math.sqrt(float(bent.covariance[2, 2])), bent.dof)
    return Line(
        -float(straight.coefficients[1]), math.sqrt(float(straight.covariance[1, 1])), _quantile(straight.dof),
        math.sqrt(straight.extra), bend, (local[0], local[1]), (local_std[0], local_std[1]), local_quantile, straight.fitted,
        -straight.operator[1],
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Polynomial:
    coefficients: Array
    covariance: Array
    extra: float
    dof: int
    fitted: Array
    operator: Array


def _polynomial(x: Array, y: Array, squares: Array, degree: int) -> _Polynomial:
    """Weighted polynomial with a common variance that is added until chi squared equals its degrees of freedom."""
    left = x.size - degree - 1
    scale = float(np.abs(x).max())
    columns = np.vander(x / scale, degree + 1, increasing=True)

    def solved(extra: float) -> tuple[Array, Array, float]:
        sizes = np.sqrt(squares + extra)
        white = columns / sizes[:, None]
        inverse = np.asarray(np.linalg.inv(white.T @ white), dtype=np.float64)
        coefficients = inverse @ (white.T @ (y / sizes))
        return coefficients, inverse, float(np.square((y - columns @ coefficients) / sizes).sum())

    plain = np.linalg.lstsq(columns, y, rcond=None)[0]
    ceiling = float(np.square(y - columns @ plain).sum()) / max(left, 1) * 4 + 1e-24
    floor = 1e-12 * ceiling
    extra = 0.0
    if (squares <= 0).any() or solved(0.0)[2] > left:
        low, high = (floor, ceiling)
        extra = floor if solved(low)[2] < left else float(optimize.brentq(lambda v: solved(v)[2] - left, low, high))
    coefficients, inverse, misfit = solved(extra)
    units = scale ** -np.arange(degree + 1.0)
    covariance = inverse * (misfit / left) * units[:, None] * units
    operator = units[:, None] * (inverse @ (columns / (squares + extra)[:, None]).T)
    return _Polynomial(coefficients * units, covariance, extra, left, columns @ coefficients, operator)


def _quantile(dof: int) -> float:
    return float(special.stdtrit(dof, 0.975))


def _chance(pull: float, dof: int) -> float:
    return float(2 * special.stdtr(dof, -abs(pull)))


def vogel(temperature: ArrayLike, logarithm: ArrayLike, std: ArrayLike) -> Vogel:
    """Fit the law of Vogel, Tammann and Fulcher, which bends as electrolytes above their glass transition do.

    Parameters
    ----------
    temperature, logarithm
        (K) and ln(rate), shape (n,).
    std
        Relative weights are 1 / std^2; the scatter gives their size. Shape (n,).

    Raises
    ------
    FitError
        If there are fewer than five temperatures.

    Notes
    -----
    For every zero temperature the rest is linear; intervals are profiles of the sum of squares. Only the three numbers together
    mean something: zero and energy are strongly correlated.

    References
    ----------
    G. S. Fulcher, J. Am. Ceram. Soc. 8 (1925) 339, 10.1111/j.1151-2916.1925.tb16731.x, eq. 5.
    """
    kelvin, y, sizes = (np.asarray(one, dtype=float) for one in np.broadcast_arrays(temperature, logarithm, std))
    if kelvin.size < 5 or np.unique(kelvin).size < 5:
        raise FitError(
            f"The law of Vogel, Tammann and Fulcher needs five temperatures; there are {np.unique(kelvin).size}."
        )
    weights = 1 / np.where(np.isfinite(sizes) & (sizes > 0), sizes, 1.0)

    def at(zero: float) -> tuple[Array, float]:
        columns = np.stack([np.ones(kelvin.size), -1 / (BOLTZMANN * (kelvin - zero))], axis=1) * weights[:, None]
        found, *_ = np.linalg.lstsq(columns, y * weights, rcond=None)
        return np.asarray(found, dtype=np.float64), float(np.square(y * weights - columns @ found).sum())

    coldest = float(kelvin.min())
    # Near the coldest temperature the law diverges, at zero it is that of Arrhenius: equal steps of 1 / (T - zero).
    zeros = coldest - 1 / np.linspace(1 / (0.02 * coldest), 1 / coldest, 1500)
    reciprocal = -1 / (BOLTZMANN * (kelvin - zeros[:, None]))
    shares = weights**2 / np.sum(weights**2)
    away, rise = reciprocal - (reciprocal @ shares)[:, None], y - float(y @ shares)
    slopes = (away * rise) @ shares / (away**2 @ shares)
    squares = np.square((rise - slopes[:, None] * away) * weights).sum(axis=1)
    best = int(np.argmin(squares))
    left = kelvin.size - 3
    allowed = squares[best] * (1 + float(special.fdtri(1, left, 0.95)) / left)
    inside = np.flatnonzero(squares <= allowed)
    first, last = int(inside.min()), int(inside.max())
    low, high = sorted((zeros[first], zeros[last]))
    (offset, energy), rest = at(float(zeros[best]))
    energies = [float(at(float(zeros[k]))[0][1]) for k in (first, last)]
    return Vogel(
        float(energy), min(energies), max(energies), float(zeros[best]), float(low), float(high), float(offset),
        math.sqrt(rest / left / float(np.mean(weights**2))),
        np.asarray(offset - energy / (BOLTZMANN * (kelvin - zeros[best]))),
    )  # fmt: skip
