"""At which state does a quantity reach a level: how much dose is held by the surface before a second phase appears?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from interlith.errors import StudyError, nearest
from interlith.evidence.causes.trend_fit import REFUTED
from interlith.evidence.curves import By, Curve, curves
from interlith.evidence.levels.threshold_figure import threshold_figure
from interlith.evidence.levels.threshold_fit import Asked, Errors, Found, clipped_points, fit_threshold
from interlith.evidence.levels.threshold_words import caveats, sentence, subject
from interlith.evidence.selection import Source, observables_of
from interlith.model import Finding, Observable, Statement
from interlith.model.finding import Verdict
from interlith.numerics.trends.trend import BENT

Details = dict[str, float | int | str | None]
_ALLOWED: Mapping[str, tuple[str, ...]] = {
    "shape": ("auto", "line", "hinge"),
    "method": ("fieller", "bootstrap", "both"),
    "errors": ("scaled", "stated"),
    "outliers": ("keep", "leave_out"),
}


def threshold(
    source: Source,
    quantity: str,
    *,
    against: str,
    at: float = 0.0,
    by: By = None,
    shape: Literal["auto", "line", "hinge"] = "auto",
    method: Literal["fieller", "bootstrap", "both"] = "both",
    errors: Errors = "scaled",
    outliers: Literal["keep", "leave_out"] = "keep",
    exclude: Mapping[str, str] | None = None,
    level: float = 0.95,
    simulated: bool = False,
) -> Statement:
    """The state at which a straight line through a quantity reaches a level: one finding a curve.

    Parameters
    ----------
    source, quantity, against, by, exclude
        As for `interlith.evidence.curves.curves`. A missing value with a finite upper end is a bound, and one at the level
        that is the floor of all values is clipped: both enter a hinge and are left out of a line.
    at
        (unit of the quantity) Level; zero asks for the intercept with the axis.
    shape
        ``line``; ``hinge``: the level up to the threshold, then straight; ``auto``: a hinge where points are clipped, bounded
        or before its threshold, unless values beyond the level speak for a line (by 2 in the log-likelihood).
    method
        Interval of a line: ``fieller`` (exact for normal errors), ``bootstrap`` (wild, for scatter of unequal size), or
        ``both``: Fieller's is told, the bootstrap's in the details. That of a hinge is by likelihood ratio.
    errors, level, simulated
        As for `interlith.evidence.causes.trend.trend`.
    outliers
        Points off the line through the others (p < 0.01 over all points) are named. ``keep`` tells the threshold with
        them, ``leave_out`` without; the other one stands in the details.

    Returns
    -------
    Statement
        Observable ``threshold_of_<quantity>`` in the unit of the axis; a calibration common to all values leaves it alone.

    Raises
    ------
    StudyError
        As `curves`; if an argument is not allowed, no curve has enough points, or a size to be taken at its word is unknown.

    Notes
    -----
    Assumption that fails first: the quantity runs straight to the level (a hinge taken for a line: 0.5). A bend leaves the
    verdict undecided, but few points cannot show it. State intervals enter as errors of the measured state. Coverage of the
    95 % interval (``benchmarks/threshold_coverage.py``): lines and hinges 0.94 to 0.96; errors that shrink ninefold untold
    0.86 to 0.91 by Fieller, 0.94 to 0.97 by bootstrap; one outlier of 8 sigma 0.98 kept, 0.92 left out where named.

    References
    ----------
    Fieller 1954, 10.1111/j.2517-6161.1954.tb00159.x. York et al. 2004, 10.1119/1.1632486. Davidson and Flachaire 2008,
    10.1016/j.jeconom.2008.08.003. Tobin 1958, 10.2307/1907382.
    """
    asked = _asked(at, shape, method, errors, outliers, level, simulated)
    items, bounded = _with_bounds(source, quantity)
    found = curves(items, quantity, against=against, by=by, exclude=exclude)
    return _statement(found, asked, bounded)


def _statement(found: tuple[Curve, ...], asked: Asked, bounded: frozenset[int]) -> Statement:
    clipped = [clipped_points(curve, asked.at, bounded) for curve in found]
    pairs = [_both(curve, asked, points) for curve, points in zip(found, clipped, strict=True)]
    if not any(told for told, _ in pairs):
        fewest = 3 if asked.errors == "scaled" else 2
        raise StudyError(
            f"No curve of {found[0].quantity} has {fewest} measured points at two different states of {found[0].axis}; no "
            "threshold can be asked."
        )
    findings = [
        _finding(curve, told, other, asked, points)
        for curve, (told, other), points in zip(found, pairs, clipped, strict=True)
    ]
    observables = [
        _observable(curve, told, asked) for curve, (told, _) in zip(found, pairs, strict=True) if told is not None
    ]
    figure = threshold_figure(found, [told for told, _ in pairs], asked)
    return Statement(tuple(findings), tuple(observables), (figure,))


def _asked(
    at: float, shape: str, method: str, errors: str, outliers: str, level: float, simulated: bool
) -> Asked:  # fmt: skip
    given = {"shape": shape, "method": method, "errors": errors, "outliers": outliers}
    for name, word in given.items():
        if word not in _ALLOWED[name]:
            raise StudyError(f"{name} is '{word}'; {nearest(str(word), _ALLOWED[name])}.")
    if not math.isfinite(at):
        raise StudyError(f"at is {at}; a finite level of the quantity is needed, such as 0.")
    if not 0.5 < level < 1:
        raise StudyError(f"level is {level}; a confidence between 0.5 and 1 is needed, such as 0.95.")
    return Asked(at, shape, method, errors, outliers, level, simulated)  # type: ignore[arg-type]


def _with_bounds(source: Source, quantity: str) -> tuple[list[Observable], frozenset[int]]:
    """All observables, those without a value but with an upper end taken as bounds there."""
    items, bounded = [], set()
    for item in observables_of(source):
        if item.quantity == quantity and item.value is None and item.high is not None and math.isfinite(item.high):
            item = replace(item, value=item.high)
            bounded.add(id(item))
        items.append(item)
    return items, frozenset(bounded)


def _both(curve: Curve, asked: Asked, clipped: NDArray[np.bool_]) -> tuple[Found | None, Found | None]:
    """The threshold as it is told, and the one with outliers treated the other way (where any are named)."""
    everything = tuple(range(len(curve)))
    first = fit_threshold(curve, asked, clipped, everything)
    if first is None or not first.outliers:
        return first, None
    rest = tuple(number for number in everything if number not in first.outliers)
    second = fit_threshold(curve, asked, clipped, rest)
    if second is None or asked.outliers == "keep":
        return first, second
    return replace(second, outliers=first.outliers), first


def _observable(curve: Curve, found: Found, asked: Asked) -> Observable:
    samples = curve.samples
    flags = ["a straight line is not the right shape"] if found.bent < BENT else []
    flags += [] if found.bounded else ["the slope is not distinct from zero"]
    value = found.value if found.bounded else None
    ends = (-math.inf, math.inf) if curve.unknown else (found.low, found.high)
    form = "x-intercept of a weighted straight line" if found.shape == "line" else "threshold of a hinge"
    means = (
        "likelihood ratio"
        if found.shape == "hinge"
        else ("wild bootstrap" if asked.method == "bootstrap" else "Fieller")
    )
    return Observable(
        f"threshold_of_{curve.quantity}",
        value,
        curve.axis_unit,
        samples[0] if len(samples) == 1 else curve.name,
        {f"fit:threshold/{curve.name}/{curve.quantity}": found.std} | curve.propagate(found.gradient),
        variant=curve.variant,
        batch=curve.observables[0].batch if len({item.batch for item in curve.observables}) == 1 else "",
        method=f"{form}, interval by {means}",
        flag="; ".join(flags),
        low=ends[0],
        high=ends[1],
        level=asked.level,
    )


def _finding(
    curve: Curve, found: Found | None, other: Found | None, asked: Asked, clipped: NDArray[np.bool_]
) -> Finding:
    if found is None:
        measured = int((~clipped).sum())
        words = f"{subject(curve)} has {measured} measured points, too few for a threshold."
        return Finding("threshold", words, "undecided", curve.quantity, level=asked.level, supporting=curve.identifiers)
    told = [found] if other is None else [found, other]
    text = sentence(curve, found, asked)
    if other is not None:
        how = "without" if asked.outliers == "keep" else "with"
        text += f"; {how} the outlier{'s' if len(found.outliers) > 1 else ''} it would be {other.value:.3g} ({other.low:.3g} to {other.high:.3g})"
    ends = (-math.inf, math.inf) if curve.unknown else (found.low, found.high)
    return Finding(
        kind="threshold",
        statement=f"{text}.",
        verdict=_verdict(curve, told),
        quantity=curve.quantity,
        estimate=found.value if found.bounded else None,
        low=ends[0],
        high=ends[1],
        level=asked.level,
        unit=curve.axis_unit,
        units={curve.variant or curve.name: len(curve.samples)},
        supporting=curve.identifiers,
        caveats=caveats(curve, found, asked),
        details=_details(curve, found, other, asked, clipped),
    )


def _verdict(curve: Curve, told: list[Found]) -> Verdict:
    sure = all(item.bounded and not item.bent < BENT and not item.misfit < REFUTED for item in told)
    if curve.unknown or not sure:
        return "undecided"
    about_variant = curve.variant != "" and curve.name == curve.variant
    return "descriptive" if about_variant and len(curve.samples) < 2 else "supported"


def _details(curve: Curve, found: Found, other: Found | None, asked: Asked, clipped: NDArray[np.bool_]) -> Details:
    details: Details = {
        "points": len(found.used),
        "below_detection": int(clipped.sum()),
        "shape": found.shape,
        "slope": found.slope,
        "degrees_of_freedom": found.dof if math.isfinite(found.dof) else None,
        "p_straight": _number(found.bent),
        "p_errors": _number(found.misfit),
    }
    if found.wild is not None:
        details |= {"bootstrap_low": found.wild[0], "bootstrap_high": found.wild[1]}
    if found.gap is not None:
        details |= {"excluded_from": found.gap[0], "excluded_to": found.gap[1]}
    if other is not None:
        name = "without_outliers" if asked.outliers == "keep" else "with_outliers"
        details |= {"outliers": ", ".join(f"{curve.x[k]:g}" for k in found.outliers)}
        details |= {name: _number(other.value), f"{name}_low": other.low, f"{name}_high": other.high}
    if curve.unknown:
        details |= {"low_of_known": found.low, "high_of_known": found.high}
    second = _other_shape(curve, found, asked, clipped)
    if second is not None:
        details |= {
            f"if_{second.shape}": _number(second.value),
            f"if_{second.shape}_low": second.low,
            f"if_{second.shape}_high": second.high,
        }
    return details


def _other_shape(curve: Curve, found: Found, asked: Asked, clipped: NDArray[np.bool_]) -> Found | None:
    """The threshold by the other shape, where the choice was automatic and makes a difference."""
    if asked.shape != "auto" or found.shape == "line":
        return None
    return fit_threshold(curve, replace(asked, shape="line", method="fieller"), clipped, tuple(range(len(curve))))


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
