"""How steeply does a quantity change along a state axis, for each specimen and over the specimens of a variant?"""

from __future__ import annotations

import math
from collections.abc import Mapping

from interlith.errors import StudyError, nearest
from interlith.evidence.causes.trend_figure import figure_of
from interlith.evidence.causes.trend_findings import Asked, by_variant, finding_of, mean_of, observable_of
from interlith.evidence.causes.trend_fit import Errors, Residuals, fit_slope
from interlith.evidence.curves import By, curves
from interlith.evidence.selection import Source
from interlith.model import Statement
from interlith.units import parse


def trend(
    source: Source,
    quantity: str,
    *,
    against: str,
    by: By = None,
    degree: int = 1,
    per: float = 1.0,
    bound: str | float | None = None,
    residuals: Residuals = "autocorrelated",
    exclude: Mapping[str, str] | None = None,
    errors: Errors = "scaled",
    level: float = 0.95,
    simulated: bool = False,
) -> Statement:
    """Slope of a quantity along a state axis: one finding a curve, then one a variant of at least two specimens.

    Parameters
    ----------
    source, quantity, against, by, exclude
        As for `interlith.evidence.curves.curves`: by default a curve is a specimen.
    degree, per
        1 for a line; with 2 or 3 the slope is that of the best line through the curve. Told per 100 cycles for `per` 100.
    bound
        Largest change over the range of states that does not matter, in the unit of the quantity or as ``"0.1 ohm"``: the
        verdict is then whether the change stays within it.
    residuals
        ``autocorrelated``: neighbours may be alike, estimated from ten states on; ``independent``: each was made anew.
    errors
        ``scaled``: the points' own uncertainties are relative weights and the scatter gives the size (Student t);
        ``stated``: they are taken at their word (normal), and residuals as independent.
    level, simulated
        Confidence of intervals (a bound is tested at 1 - `level` on either side); said in statement and figure.

    Returns
    -------
    Statement
        Observables ``slope_of_<quantity>`` of each curve and ``mean_slope_of_<quantity>`` of each variant.

    Raises
    ------
    StudyError
        As `curves`, and if an argument is not allowed, or a size is unknown that was to be taken at its word.

    Notes
    -----
    Assumption that fails first: residuals are stationary about the polynomial. A step (a restarted test) is neither.
    Coverage (``benchmarks/evidence_trend_coverage.py``): 0.94-0.97 for independent residuals of any number and weights,
    0.95-0.98 for autocorrelated ones from 50 states on; at 12 to 30 states 0.98-0.99 without correlation, 0.92-0.94 at 0.9.
    Below ten states residuals count as independent: 0.77 at a correlation of 0.6. Theil and Sen's slope and Kendall's test
    stand in the details; where an outlier is named, the verdict needs the interval with and without it.

    References
    ----------
    Harville 1974, 10.1093/biomet/61.2.383. Sen 1968, 10.1080/01621459.1968.10480934. Schuirmann 1987, 10.1007/BF01068419.
    """
    _check(errors, residuals, degree, per, level)
    found = curves(source, quantity, against=against, by=by, exclude=exclude)
    asked = Asked(per, _bound(bound, found[0].unit), level, errors, residuals, degree, simulated)
    fits = [fit_slope(curve, degree=degree, errors=errors, residuals=residuals, level=level) for curve in found]
    if not any(fits):
        raise StudyError(f"No curve of {quantity} has points at {degree + 2} different states of {against}.")
    findings = [finding_of(curve, slope, asked) for curve, slope in zip(found, fits, strict=True)]
    observables = [observable_of(curve, slope, asked) for curve, slope in zip(found, fits, strict=True) if slope]
    means = [mean_of(variant, members, asked) for variant, members in by_variant(found, fits).items()]
    return Statement(
        (*findings, *(finding for finding, _ in means)),
        (*observables, *(item for _, item in means)),
        (figure_of(found, fits, per, level, simulated=simulated),),
    )


def _check(errors: str, residuals: str, degree: int, per: float, level: float) -> None:
    if errors not in ("scaled", "stated"):
        raise StudyError(f"errors is '{errors}'; {nearest(errors, ('scaled', 'stated'))}.")
    if residuals not in ("autocorrelated", "independent"):
        raise StudyError(f"residuals is '{residuals}'; {nearest(residuals, ('autocorrelated', 'independent'))}.")
    if degree not in (1, 2, 3):
        raise StudyError(f"degree is {degree}; allowed are 1, 2 and 3, since higher ones follow the scatter.")
    if not (math.isfinite(per) and per > 0):
        raise StudyError(f"per is {per}; a positive length on the axis is needed, such as 100 for per 100 cycles.")
    if not 0.5 < level < 1:
        raise StudyError(f"level is {level}; a confidence between 0.5 and 1 is needed, such as 0.95.")


def _bound(bound: str | float | None, unit: str) -> float | None:
    if bound is None:
        return None
    value = parse(bound, what="the bound")
    size = value.to(unit).value if value.unit not in ("", unit) else value.value
    if not (math.isfinite(size) and size > 0):
        raise StudyError(f"The bound is '{bound}'; it is a largest change and must be positive.")
    return size
