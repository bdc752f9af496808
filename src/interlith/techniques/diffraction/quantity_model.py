"""How far can the numbers of a refinement be off because its model is not the specimen, as the misfit itself tells?"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlith.errors import StudyError
from interlith.techniques.diffraction.quantity_information import Information, information, inverted, stretches

Array = NDArray[np.float64]
#: Directions that the rest of a pattern tells by less than this are not looked at without a stretch.
_SEEN = 1e-6
#: Below this lie 95 % of the law of Tracy and Widom for real numbers.
_TRACY_WIDOM = 0.9793
Rows = NDArray[np.intp]


def peak_blocks(bragg: ArrayLike, std: ArrayLike, count: int = 24) -> Rows:
    """Stretches of a pattern that hold about equally much information, cut between peaks.

    Parameters
    ----------
    bragg
        Calculated intensity above the background, in the order of angle, shape (n,).
    std
        Standard uncertainty of each point, infinite where it is left out, shape (n,).
    count
        Number of stretches aimed at.

    Returns
    -------
    Number of the stretch of each point, ascending from 0, shape (n,).

    Raises
    ------
    StudyError
        If there is no intensity above the background.
    """
    height = np.maximum(np.asarray(bragg, dtype=float), 0.0)
    told = np.cumsum(height / np.asarray(std, dtype=float))
    if not (len(told) and told[-1] > 0):
        raise StudyError(
            "No intensity stands above the background, so that there are no stretches of peaks to compare."
        )
    aims = np.searchsorted(told, told[-1] * np.arange(1, count) / count)
    half = max(2, len(height) // (4 * count))
    cuts = []
    for aim in aims:
        low, high = max(0, aim - half), min(len(height), aim + half + 1)
        cuts.append(low + int(np.argmin(height[low:high])))
    inside = np.unique([cut for cut in cuts if 0 < cut < len(height)])
    return np.searchsorted(inside, np.arange(len(height)), side="right")


def misfit_covariance(jacobian: ArrayLike | Information, residual: ArrayLike, blocks: ArrayLike) -> Array:
    """Covariance of parameters from the misfit as it is found, stretch by stretch.

    Parameters
    ----------
    jacobian
        Slopes of the calculated intensity over the standard uncertainty of each point, shape (p, n), or what they tell if that was
        worked out already.
    residual
        Observed less calculated, over the same, shape (n,).
    blocks
        Number of the stretch of each point, shape (n,); see `peak_blocks`.

    Returns
    -------
    H^-1 (sum over stretches of g g^T) H^-1 B / (B - 1), H = J J^T and g the pull of one stretch on all parameters: what the
    parameters would scatter by if each of the B stretches were wrong as much as here, each in its own way. Shape (p, p).

    Raises
    ------
    StudyError
        If there are fewer than three stretches, or shapes differ.

    Notes
    -----
    Within a stretch any misfit is taken to be of one cause, so that wrong shapes and wrong intensities of peaks count in full,
    where a standard uncertainty from counting shrinks with every point. The assumption that fails first: that different
    stretches are wrong independently; an error common to all reflections of a phase, such as absorption, leaves no misfit.

    References
    ----------
    K.-Y. Liang, S. L. Zeger, Biometrika 73 (1986) 13-22, 10.1093/biomet/73.1.13 (robust covariance of clustered data).
    """
    told, misfit = information(jacobian), np.asarray(residual, dtype=float)
    number = np.asarray(blocks, dtype=np.intp)
    if told.slopes.shape[1:] != misfit.shape or number.shape != misfit.shape:
        raise StudyError(
            f"Slopes of shape {told.slopes.shape}, residuals of {misfit.shape} and stretches of {number.shape} do not belong together."
        )
    each = stretches(told, misfit, number)
    count = len(each.parts)
    if count < 3:
        raise StudyError(f"There are {count} stretches of peaks; the spread between them needs three.")
    moved = each.pulls @ told.inverse
    found: Array = moved.T @ moved * (count / (count - 1.0))
    return found / np.outer(told.size, told.size)


def left_out_covariance(jacobian: ArrayLike | Information, residual: ArrayLike, blocks: ArrayLike) -> Array:
    """Covariance of parameters from how far each stretch alone pulls them: leave one out.

    Parameters
    ----------
    jacobian, residual, blocks
        As in `misfit_covariance`.

    Returns
    -------
    (B - 1) / B times the sum of the squares of what the parameters would change by without each of the B stretches, shape (p, p).

    Notes
    -----
    A fit bends to the strongest peaks, so that what is left over there is less than what is wrong: `misfit_covariance` is too small
    where few peaks carry a phase. Without the stretch the fit cannot bend to it. What only one stretch shows is taken as it is.
    The assumption that fails first: that the fit is nearly linear in what one stretch changes.

    References
    ----------
    R. G. Miller, Biometrika 61 (1974) 1-15, 10.1093/biomet/61.1.1 (jackknife); J. G. MacKinnon, H. White, J. Econometrics 29 (1985)
    305-325, 10.1016/0304-4076(85)90158-7.
    """
    told = information(jacobian)
    each = stretches(told, residual, blocks)
    rest = inverted(*np.linalg.eigh(told.matrix - each.matrices), _SEEN)
    moved = (rest @ each.pulls[..., None])[..., 0]
    found: Array = moved.T @ moved * (1.0 - 1.0 / len(moved))
    return found / np.outer(told.size, told.size)


def beyond_counting(
    misfit: ArrayLike, counting: ArrayLike, stretches: int, left_out: Callable[[], Array] | None = None
) -> Array:
    """What the misfit says beyond counting, shape (n, n).

    Parameters
    ----------
    misfit
        See `misfit_covariance`, shape (n, n).
    counting
        By the stated uncertainties, shape (n, n), positive.
    stretches
        Number of stretches that the first was found from.
    left_out
        Gives what is taken where there is misfit, and is asked only then, see `left_out_covariance`; the first by default.

    Notes
    -----
    Where the model is right misfit and counting agree but for scatter. Only if the largest ratio of the variances is above what 95 %
    of such scatter stays below is there misfit at all.

    References
    ----------
    I. M. Johnstone, Ann. Statist. 29 (2001) 295-327, 10.1214/aos/1009210544 (largest ratio under scatter alone).
    """
    known, seen = np.asarray(counting, dtype=float), np.asarray(misfit, dtype=float)
    root = np.linalg.cholesky(known)
    inverse = np.linalg.inv(root)
    ends = np.sqrt(max(stretches - 1.0, 1.0)), np.sqrt(float(len(known)))
    edge = (sum(ends) ** 2 + _TRACY_WIDOM * sum(ends) * (1 / ends[0] + 1 / ends[1]) ** (1 / 3)) / stretches
    if not np.linalg.eigvalsh(inverse @ seen @ inverse.T).max() > edge:
        return np.zeros_like(known)
    taken = seen if left_out is None else left_out()
    ratios, ways = np.linalg.eigh(inverse @ taken @ inverse.T)
    moved = root @ ways
    return np.asarray((moved * np.maximum(ratios - 1.0, 0.0)) @ moved.T)


def few_stretches(slopes: ArrayLike, blocks: ArrayLike) -> Array:
    """By how much uncertainties must be wider since few stretches told them, shape (n,).

    Parameters
    ----------
    slopes
        By each scale, over the standard uncertainty of the points, shape (n, m).
    blocks
        Number of the stretch of each point, shape (m,).

    Returns
    -------
    The factor of Student at 95 % over that of Gauss, for as many degrees of freedom as stretches of equal weight would tell the
    scale as surely, two at least.

    References
    ----------
    F. E. Satterthwaite, Biometrics Bull. 2 (1946) 110-114, 10.2307/3002019 (effective degrees of freedom).
    """
    from scipy import special

    told = np.array([np.bincount(np.asarray(blocks), row**2) for row in np.asarray(slopes, dtype=float)])
    many = told.sum(axis=1) ** 2 / np.maximum((told**2).sum(axis=1), 1e-300)
    return np.asarray(special.stdtrit(np.maximum(many, 2.0), 0.975) / special.ndtri(0.975))
