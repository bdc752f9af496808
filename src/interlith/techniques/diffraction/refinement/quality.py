"""How good is a refined pattern: residuals, their likeness from point to point, what was expected?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from interlith.techniques.diffraction.refinement.one import Fitted

#: Goodness of fit (root of chi squared per degree of freedom) beyond which stated uncertainties are not what they say.
FAR = (0.7, 1.5)
#: Correlation from which parameters that the data do not fix belong together.
_TOGETHER = 0.99


@dataclass(frozen=True, slots=True)
class Quality:
    """Residuals of one pattern.

    Parameters
    ----------
    r_p, r_wp, r_exp
        Profile residual, weighted profile residual and the one expected from the weights (1).
    r_wp_peaks
        Weighted residual with the background taken out of the observed intensity (1).
    goodness
        Root of chi squared per degree of freedom.
    durbin_watson
        2 for residuals that know nothing of their neighbours, below where they run together.
    inflation
        Median of inflated over stated standard uncertainty of the refined names.

    References
    ----------
    R. A. Young (ed.), The Rietveld Method (1993), chapter 1, table 1.3. Hill and Flack 1987, 10.1107/S0021889887086485
    (Durbin-Watson). Berar and Lelann 1991, 10.1107/S0021889890008391.
    """

    r_p: float
    r_wp: float
    r_exp: float
    r_wp_peaks: float
    goodness: float
    durbin_watson: float
    inflation: float


def quality(fitted: Fitted) -> Quality:
    """Residuals of one refined pattern."""
    points = fitted.points
    left = points.intensity - fitted.calculated
    weighted = left / points.std
    whole = float(((points.intensity / points.std) ** 2).sum())
    peaks = float((((points.intensity - fitted.model.background_of(fitted.values)) / points.std) ** 2).sum())
    power = float(weighted @ weighted)
    total = float(np.abs(points.intensity).sum())
    change = np.diff(weighted)
    stated = np.sqrt(np.diag(np.where(np.isfinite(fitted.covariance), fitted.covariance, 0.0)))
    wide = np.sqrt(np.diag(np.where(np.isfinite(fitted.inflated), fitted.inflated, 0.0)))
    some = stated > 0
    return Quality(
        r_p=float(np.abs(left).sum()) / total if total > 0 else math.nan,
        r_wp=math.sqrt(power / whole) if whole > 0 else math.nan,
        r_exp=math.sqrt(max(float(fitted.fit.dof[0]), 0.0) / whole) if whole > 0 else math.nan,
        r_wp_peaks=math.sqrt(power / peaks) if peaks > 0 else math.nan,
        goodness=math.sqrt(max(fitted.reduced_cost, 0.0)),
        durbin_watson=float(change @ change) / power if power > 0 else math.nan,
        inflation=float(np.median(wide[some] / stated[some])) if some.any() else math.nan,
    )


def not_fixed(fitted: Fitted) -> tuple[tuple[str, ...], ...]:
    """Groups of names that the data do not fix.

    Notes
    -----
    Beside exact null directions these are displacements of atoms on one site, which were taken as equal, and names whose standard
    uncertainty exceeds the whole range that they are allowed.
    """
    names, problem = fitted.model.names, fitted.fit.problem
    groups = [*fitted.fit.entangled[0], *fitted.one_site]
    known = {name for group in groups for name in group}
    low, high = (problem.parameters.table(word, 1)[0, : len(names)] for word in ("low", "high"))
    spread = np.sqrt(np.maximum(np.diag(np.where(np.isfinite(fitted.covariance), fitted.covariance, 0.0)), 0.0))
    loose = [place for place in np.flatnonzero(spread > high - low) if names[place] not in known]
    while loose:
        first = loose.pop(0)
        with_it = [one for one in loose if abs(fitted.covariance[first, one]) > _TOGETHER * spread[first] * spread[one]]
        loose = [one for one in loose if one not in with_it]
        groups.append(tuple(names[one] for one in (first, *with_it)))
    return tuple(groups)
