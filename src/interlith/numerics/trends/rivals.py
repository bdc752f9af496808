"""Which of a few explanatory variables, all measured with error, does an outcome depend on, and can that be told at all?"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from interlith.errors import FitError

Array = NDArray[np.float64]
Subset = tuple[int, ...]

#: Grid over the logarithm of g: steps, and how far it reaches below and above the number of points.
_STEPS, _BELOW, _ABOVE = 220, 8.0, 38.0
#: Least share of a variable's variance that counts as true, so that a matrix can be inverted.
_LEAST = 0.02
_LARGEST_CORRELATION = 0.999


@dataclass(frozen=True, slots=True)
class Rivals:
    """Rival explanations of an outcome, for one data set or for many of one layout.

    Parameters
    ----------
    subsets
        Variables of each model; the first is none of them.
    probability
        Posterior probability of each model, all equally likely before, shape (..., m).
    log_bayes
        Logarithm of the Bayes factor against the first model, shape (..., m).
    explained
        Share of the outcome's scatter that each model explains in the data, shape (..., m).
    reliability
        Share of the variance of each variable that is not its own error, shape (..., p); may be negative.
    varies
        Probability of so much variation of each variable by its own error alone, shape (..., p); zero without errors.
    alike
        Variance inflation of each variable by the others, errors taken off, shape (..., p).
    slope, slope_std
        Of the outcome on each variable alone, corrected for the variable's error, shape (..., p).
    share, share_low, share_high
        Share of the outcome's variance explained by each variable alone, error of the variable corrected, and interval.
    dof
        Independent comparisons that are left: points less nuisance columns.
    """

    subsets: tuple[Subset, ...]
    probability: Array
    log_bayes: Array
    explained: Array
    reliability: Array
    varies: Array
    alike: Array
    slope: Array
    slope_std: Array
    share: Array
    share_low: Array
    share_high: Array
    dof: int

    def takes_part(self, rival: int) -> Array:
        """Probability that a variable is in the model, shape (...)."""
        inside = np.array([rival in subset for subset in self.subsets])
        return np.asarray(self.probability[..., inside].sum(axis=-1))


def compare_rivals(
    y: ArrayLike,
    x: ArrayLike,
    x_std: ArrayLike,
    *,
    y_std: ArrayLike | None = None,
    nuisance: ArrayLike | None = None,
    stated: bool = False,
    together: int = 2,
    level: float = 0.95,
) -> Rivals:
    """Compare linear models of an outcome on every subset of up to `together` variables by their marginal likelihood.

    Parameters
    ----------
    y, y_std
        Outcome, shape (..., n), and its standard uncertainties, shape (n,): weights, or all the scatter if `stated`.
    x, x_std
        Variables and their known standard uncertainties, shape (..., n, p).
    nuisance
        Columns that every model has, shape (n, q); a constant by default, or one indicator a group.
    together, level
        Largest number of variables in one model; confidence of the shares.

    Raises
    ------
    FitError
        If shapes do not fit, a number is not finite, or fewer than three comparisons are left.

    Notes
    -----
    Each variable is replaced by the expectation of its normal true value given all measured ones (regression calibration),
    so that precision alone beats no rival. Coefficients have Zellner and Siow's Cauchy prior, its scale integrated out.
    The assumption that fails first: linear effects, and nothing hidden that is correlated with a variable.

    References
    ----------
    Liang et al. 2008, mixtures of g priors, 10.1198/016214507000001337.
    """
    outcome, values, sizes = (np.asarray(item, dtype=float) for item in (y, x, x_std))
    count, rivals = values.shape[-2:]
    weights = np.asarray(np.ones(count) if y_std is None else y_std, dtype=float)
    columns = np.asarray(np.ones((count, 1)) if nuisance is None else nuisance, dtype=float)
    _check(outcome, values, sizes, weights, columns)
    dof, moved = count - columns.shape[1], _residual(values, columns)
    true, reliability = _true_covariance(moved, sizes, dof)
    subsets = tuple(
        subset for size in range(min(together, rivals, dof - 2) + 1) for subset in combinations(range(rivals), size)
    )
    hats, left = _calibrated(moved, sizes, true)
    found = [_weighed(outcome, hats, left, weights, columns, subset, stated) for subset in subsets]
    log_bayes, explained = (np.stack([item[part] for item in found], axis=-1) for part in (0, 1))
    log_bayes = log_bayes - log_bayes[..., :1]
    slope, slope_std, share = _alone(outcome, moved, sizes, reliability, weights, columns, stated)
    low, high = _share_interval(share, reliability, dof, level)
    return Rivals(
        subsets,
        special.softmax(log_bayes, axis=-1),
        log_bayes,
        explained,
        reliability,
        _by_error_alone(moved, sizes, dof),
        np.maximum(_inflation(_covariance(hats)), _inflation(true)),
        slope,
        slope_std,
        np.minimum(share / np.maximum(reliability, _LEAST), 1.0),
        low,
        high,
        dof,
    )


def _check(y: Array, x: Array, x_std: Array, y_std: Array, columns: Array) -> None:
    count = x.shape[-2]
    if y.shape != x.shape[:-1] or np.broadcast_shapes(x_std.shape, x.shape) != x.shape or y_std.shape != (count,):
        raise FitError(
            f"Rivals need y (..., n), x and x_std (..., n, p), y_std (n,); found {y.shape}, {x.shape}, {x_std.shape}, {y_std.shape}."
        )
    if not all(np.isfinite(item).all() for item in (y, x, x_std, y_std)) or (y_std <= 0).any() or (x_std < 0).any():
        raise FitError(
            "Rivals need finite numbers, and uncertainties that are not negative. Leave incomplete samples out."
        )
    if count - columns.shape[1] < 3:
        raise FitError(f"{count} points and {columns.shape[1]} nuisance columns leave fewer than three comparisons.")


def _residual(values: Array, columns: Array) -> Array:
    """Values along axis -2 less what the nuisance columns explain."""
    basis, _ = np.linalg.qr(columns)
    return np.asarray(values - basis @ (basis.T @ values))


def _covariance(moved: Array) -> Array:
    return np.asarray(np.swapaxes(moved, -1, -2) @ moved)


def _by_error_alone(moved: Array, x_std: Array, dof: int) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        squares = np.where(x_std > 0, np.square(moved / x_std), np.inf).sum(axis=-2)
    return np.asarray(special.chdtrc(dof, squares))


def _true_covariance(moved: Array, x_std: Array, dof: int) -> tuple[Array, Array]:
    """Covariance of the true values, errors taken off, and the share of each variance that is left."""
    seen = _covariance(moved) / dof
    variances = np.maximum(np.diagonal(seen, axis1=-2, axis2=-1), 1e-300)
    errors = np.broadcast_to(np.square(x_std), moved.shape).mean(axis=-2)
    reliability = 1.0 - errors / variances
    kept = np.sqrt(variances * np.clip(reliability, _LEAST, 1.0))
    largest = _LARGEST_CORRELATION * kept[..., :, None] * kept[..., None, :]
    true = np.clip(seen, -largest, largest)
    diagonal = np.arange(moved.shape[-1])
    true[..., diagonal, diagonal] = kept**2
    scale = kept[..., :, None] * kept[..., None, :]
    roots, vectors = np.linalg.eigh(true / scale)
    return (vectors * np.maximum(roots, 1e-6)[..., None, :]) @ np.swapaxes(vectors, -1, -2) * scale, reliability


def _calibrated(moved: Array, x_std: Array, true: Array) -> tuple[Array, Array]:
    """Expected true values given the measured ones, shape (..., n, p), and the covariance that is left, (..., n, p, p)."""
    rivals = moved.shape[-1]
    errors = np.broadcast_to(np.square(x_std), moved.shape)[..., None] * np.eye(rivals)
    wide = true[..., None, :, :]
    tiny = 1e-12 * np.einsum("...ii->...", wide)[..., None, None] * np.eye(rivals)
    gain = wide @ np.linalg.inv(wide + errors + tiny)
    return (gain @ moved[..., None])[..., 0], wide - gain @ wide


def _weighed(
    y: Array, hats: Array, left: Array, y_std: Array, columns: Array, subset: Subset, stated: bool
) -> tuple[Array, Array]:  # fmt: skip
    """Logarithm of the marginal likelihood of a model, up to a constant of the data, and the share it explains."""
    chosen = hats[..., list(subset)]
    std = np.broadcast_to(y_std, y.shape)
    total, gained, slope = _regressed(y, chosen, std, columns)
    if stated and subset:
        # What is not known of the true value adds to the scatter, by an amount that depends on the slope itself.
        kept = left[..., list(subset), :][..., list(subset)]
        for _ in range(3):
            added = np.einsum("...i,...nij,...j->...n", slope, kept, slope)
            std = np.sqrt(np.square(y_std) + np.maximum(added, 0.0))
            total, gained, slope = _regressed(y, chosen, std, columns)
    dof, size = y.shape[-1] - columns.shape[1], len(subset)
    share = np.clip(gained / np.maximum(total, 1e-300), 0.0, 1.0 - 1e-12)
    if stated:
        white = columns / std[..., None]
        constant = (
            -np.log(std).sum(axis=-1) - 0.5 * np.linalg.slogdet(np.swapaxes(white, -1, -2) @ white)[1] - 0.5 * total
        )
        return constant + (_integrated(size, dof, gained=gained) if size else 0.0), share
    return (_integrated(size, dof, share=share) if size else np.zeros(y.shape[:-1])), share


def _regressed(y: Array, chosen: Array, std: Array, columns: Array) -> tuple[Array, Array, Array]:
    """Weighted sums of squares about the nuisance columns: in all and explained; and the coefficients."""
    white = columns / std[..., None]
    turned = np.swapaxes(white, -1, -2)
    both = np.concatenate([chosen, y[..., None]], axis=-1) / std[..., None]
    both = both - white @ np.linalg.solve(turned @ white, turned @ both)
    inner, target = both[..., :-1], both[..., -1:]
    total = np.square(target[..., 0]).sum(axis=-1)
    if not chosen.shape[-1]:
        return total, np.zeros_like(total), np.zeros((*total.shape, 0))
    cross = np.swapaxes(inner, -1, -2) @ target
    slope = np.linalg.pinv(_covariance(inner), hermitian=True) @ cross
    return total, np.maximum((slope * cross).sum(axis=(-1, -2)), 0.0), slope[..., 0]


def _integrated(size: int, dof: int, *, share: Array | None = None, gained: Array | None = None) -> Array:
    """Logarithm of the Bayes factor against no variable, g integrated under its inverse-gamma prior (eq. 6 and 13)."""
    points = dof + 1.0
    log_g = np.linspace(np.log(points) - _BELOW, np.log(points) + _ABOVE, _STEPS)
    g = np.exp(log_g)
    prior = 0.5 * np.log(points / 2 / np.pi) - 0.5 * log_g - points / (2 * g)
    if gained is not None:
        inner = -0.5 * size * np.log1p(g) + 0.5 * gained[..., None] * g / (1 + g)
    else:
        assert share is not None
        inner = 0.5 * (dof - size) * np.log1p(g) - 0.5 * dof * np.log1p((1 - share[..., None]) * g)
    return np.asarray(special.logsumexp(prior + inner, axis=-1) + np.log(log_g[1] - log_g[0]))


def _alone(
    y: Array, moved: Array, x_std: Array, reliability: Array, y_std: Array, columns: Array, stated: bool
) -> tuple[Array, Array, Array]:  # fmt: skip
    """Corrected slope on each variable alone, its standard uncertainty, and the share explained as measured."""
    dof = y.shape[-1] - columns.shape[1]
    slopes, sizes, shares = [], [], []
    for rival in range(moved.shape[-1]):
        column = moved[..., rival : rival + 1]
        std = np.broadcast_to(y_std, y.shape)
        total, gained, flat = _regressed(y, column, std, columns)
        white = _residual(column / y_std[:, None], columns / y_std[:, None])
        length = np.maximum(np.square(white).sum(axis=(-1, -2)), 1e-300)
        scatter = 1.0 if stated else (total - gained) / max(dof - 1, 1)
        true = np.clip(reliability[..., rival], _LEAST, 1.0)
        slope = flat[..., 0] / true
        # The reliability is itself known from so many points only.
        unsure = slope * (1 - true) / true * np.sqrt(2.0 / dof)
        slopes.append(slope)
        sizes.append(np.hypot(np.sqrt(scatter / length) / true, unsure))
        shares.append(gained / np.maximum(total, 1e-300))
    return np.stack(slopes, axis=-1), np.stack(sizes, axis=-1), np.clip(np.stack(shares, axis=-1), 0.0, 1.0 - 1e-12)


def _share_interval(share: Array, reliability: Array, dof: int, level: float) -> tuple[Array, Array]:
    """Interval of a squared correlation by Fisher's transformation, over the reliability of the variable."""
    root = np.arctanh(np.sqrt(share))
    half = special.ndtri(0.5 + level / 2) / np.sqrt(max(dof - 2, 1))
    true = np.clip(reliability, _LEAST, 1.0)
    low = np.square(np.tanh(np.maximum(root - half, 0.0)))
    return np.minimum(low / true, 1.0), np.minimum(np.square(np.tanh(root + half)) / true, 1.0)


def _inflation(covariance: Array) -> Array:
    """Variance inflation of each variable: diagonal of the inverse of the correlation matrix."""
    diagonal = np.sqrt(np.maximum(np.diagonal(covariance, axis1=-2, axis2=-1), 1e-300))
    correlation = covariance / diagonal[..., :, None] / diagonal[..., None, :]
    rivals = correlation.shape[-1]
    # A little on the diagonal keeps two copies of one variable at a large number instead of a singular matrix.
    return np.asarray(np.diagonal(np.linalg.inv(correlation + 1e-9 * np.eye(rivals)), axis1=-2, axis2=-1))
