"""How far can the numbers of a refinement be off because its model is not the specimen, as the misfit itself tells?"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlith.errors import StudyError

Array = NDArray[np.float64]
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


def misfit_covariance(jacobian: ArrayLike, residual: ArrayLike, blocks: ArrayLike) -> Array:
    """Covariance of parameters from the misfit as it is found, stretch by stretch.

    Parameters
    ----------
    jacobian
        Slopes of the calculated intensity over the standard uncertainty of each point, shape (p, n).
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
    slopes, misfit = np.asarray(jacobian, dtype=float), np.asarray(residual, dtype=float)
    number = np.asarray(blocks, dtype=np.intp)
    if slopes.shape[1:] != misfit.shape or number.shape != misfit.shape:
        raise StudyError(
            f"Slopes of shape {slopes.shape}, residuals of {misfit.shape} and stretches of {number.shape} do not belong together."
        )
    kinds = np.unique(number)
    if len(kinds) < 3:
        raise StudyError(f"There are {len(kinds)} stretches of peaks; the spread between them needs three.")
    size = np.sqrt((slopes**2).sum(axis=1))
    size[size == 0] = 1.0
    scaled = slopes / size[:, None]
    pulls = np.array([scaled[:, number == kind] @ misfit[number == kind] for kind in kinds])
    inverse = np.linalg.pinv(scaled @ scaled.T, hermitian=True)
    moved = pulls @ inverse
    found: Array = moved.T @ moved * (len(kinds) / (len(kinds) - 1.0))
    return found / np.outer(size, size)


def beyond_counting(misfit: ArrayLike, counting: ArrayLike, stretches: int) -> Array:
    """What a covariance from the misfit says beyond that from counting, shape (n, n).

    Parameters
    ----------
    misfit
        See `misfit_covariance`, shape (n, n).
    counting
        By the stated uncertainties, shape (n, n), positive.
    stretches
        Number of stretches that the first was found from.

    Notes
    -----
    Where the model is right the two agree but for scatter: the ratio of the variances lies between ``(1 -+ sqrt(n / B))^2``
    for B stretches. Along directions where the ratio is above that, all of it beyond 1 is misfit; along the others there is none.

    References
    ----------
    V. A. Marchenko, L. A. Pastur, Math. USSR Sb. 1 (1967) 457, 10.1070/SM1967v001n04ABEH001994 (spread of the ratios).
    """
    known, seen = np.asarray(counting, dtype=float), np.asarray(misfit, dtype=float)
    root = np.linalg.cholesky(known)
    inverse = np.linalg.inv(root)
    ratios, ways = np.linalg.eigh(inverse @ seen @ inverse.T)
    edge = (1.0 + np.sqrt(len(known) / stretches)) ** 2
    moved = root @ ways
    return np.asarray((moved * np.where(ratios > edge, ratios - 1.0, 0.0)) @ moved.T)
