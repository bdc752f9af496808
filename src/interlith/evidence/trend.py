"""How steeply does a quantity change along a state axis, for each specimen and over the specimens of a variant?"""

from __future__ import annotations

import math
from collections.abc import Mapping

from interlith.errors import StudyError, nearest
from interlith.evidence.curves import By, curves
from interlith.evidence.selection import Source
from interlith.evidence.trend_figure import figure_of
from interlith.evidence.trend_findings import Asked, by_variant, finding_of, mean_of, observable_of
from interlith.evidence.trend_fit import Errors, Residuals, fit_slope
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
    degree
        1 for a line; with 2 or 3 the slope is the mean one, that of the best line through the curve.
    per
        Length on the axis for which the slope is told: 100 for "per 100 cycles".
    bound
        Largest change over the range of states that does not matter, in the unit of the quantity or as ``"0.1 ohm"``: the
        verdict is then whether the change stays within it.
    residuals
        ``autocorrelated``: neighbouring residuals may be alike, which is estimated from ten states on; ``independent``
        where each point was made anew.
    errors
        ``scaled``: the points' own uncertainties are relative weights and the scatter gives the size (Student t);
        ``stated``: they are taken at their word (normal), and residuals as independent.
    level
        Confidence of the intervals; a bound is tested at 1 - `level` on either side.
    simulated
        Said in the statement and on the figure.

    Returns
    -------
    Statement
        Observables ``slope_of_<quantity>`` of each curve and ``mean_slope_of_<quantity>`` of each variant, with what they
        share by component: `interlith.evidence.compare` tells the slopes of two variants apart.

    Raises
    ------
    StudyError
        As `curves`, and if an argument is none of the allowed ones, or a size is unknown that was to be taken at its word.

    Notes
    -----
    Assumption that fails first: residuals are stationary about the polynomial. A step (a restarted test) is neither.
    Coverage of the 95 % interval over 1,000 repeats a row (``benchmarks/evidence_trend_coverage.py``): 0.94-0.96 for
    independent residuals of any number of points and unequal weights; for autocorrelated ones 0.94-0.98 from 50 states
    on, 0.97-1.00 at 10 to 30 states, where a correlation cannot be told from a trend. Below ten states residuals count as
    independent. Theil and Sen's slope and Kendall's test stand in the details; where a point is named as an outlier, the
    verdict needs the interval with and without it.

    References
    ----------
    Harville 1974, 10.1093/biomet/61.2.383. Sen 1968, 10.1080/01621459.1968.10480934. Schuirmann 1987, 10.1007/BF01068419.
    """
    _check(errors, residuals, degree, per, level)
    found = curves(source, quantity, against=against, by=by, exclude=exclude)
    asked = Asked(per, _bound(bound, found[0].unit), level, errors, residuals, degree, simulated)
    fits = [fit_slope(curve, degree=degree, errors=errors, residuals=residuals, level=level) for curve in found]
    if not any(fits):
        raise StudyError(
            f"No curve of {quantity} has points at {degree + 2} different states of {against}; a trend cannot be told."
        )
    findings, observables = [], []
    for curve, slope in zip(found, fits, strict=True):
        findings.append(finding_of(curve, slope, asked))
        observables += [] if slope is None else [observable_of(curve, slope, asked)]
    for variant, members in by_variant(found, fits).items():
        finding, observable = mean_of(variant, members, asked)
        findings.append(finding)
        observables.append(observable)
    return Statement(tuple(findings), tuple(observables), (figure_of(found, fits, per, level, simulated=simulated),))


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
