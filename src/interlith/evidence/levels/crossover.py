"""At which state do two variants change places: from where on is the coated one the better?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from interlith.errors import StudyError, nearest
from interlith.evidence.causes.trend_fit import Errors
from interlith.evidence.curves import By, curves
from interlith.evidence.levels.crossover_figure import crossover_figure
from interlith.evidence.levels.crossover_fit import MOST_DEGREE, Degree, Pair, bends_left, make_pair
from interlith.evidence.levels.crossover_words import apart_sentence, caveats, crossing_sentence, open_sentence
from interlith.evidence.selection import Source
from interlith.model import Finding, Observable, Statement
from interlith.model.finding import Verdict
from interlith.numerics.levels.crossings import Piece, closest, crossing_pieces
from interlith.numerics.trends.trend import BENT

#: Step of the numerical slope of the difference, over the common range.
_STEP = 1e-4
#: Places looked at on either side of a crossing.
_PLACES = 101


def crossover(
    source: Source,
    quantity: str,
    *,
    against: str,
    between: tuple[str, str],
    by: By = None,
    degree: Degree = "auto",
    within: tuple[float, float] | None = None,
    errors: Errors = "scaled",
    exclude: Mapping[str, str] | None = None,
    level: float = 0.95,
    simulated: bool = False,
) -> Statement:
    """The state at which the curves of two variants cross: one finding a crossing, or one that there is none.

    Parameters
    ----------
    source, quantity, against, by, exclude, simulated
        As for `interlith.evidence.causes.trend.trend`: by default a curve is a specimen.
    between
        Two variants, or two curves by name. With several specimens of either variant the scatter of specimens is the error;
        with one of each that of the points about their curves is, and the finding is descriptive.
    degree
        Of the polynomial through each specimen, 1 to 3; ``auto``: the lowest beyond which no bend shows (p of at least
        0.10); ``interpolation``: straight pieces between states, which asks for no smooth shape and needs several specimens
        a variant, repeated states, or ``errors="stated"``.
    within
        (axis unit) Range of states to look at; by default all that every curve reaches.
    errors
        As for `interlith.evidence.causes.trend.trend`; of the points, where there is one specimen of each.
    level
        Confidence at each state: the set of states holds a true crossing with this probability.

    Returns
    -------
    Statement
        Observable ``crossover_of_<quantity>`` for each crossing, in the unit of the axis; what both curves share cancels.

    Raises
    ------
    StudyError
        As `curves`; if `between` names no curve, or the curves have too few points or no common range.

    Notes
    -----
    A crossing is told where the difference is distinct from zero, with opposite sign, on both sides (for straight pieces: at
    the level divided among the states). Assumption that fails first: the degree fits; a missed bend shifts the crossing (0.85
    where it is weak, 0.04 as a line). Else (``benchmarks/crossover_coverage.py``) coverage is 0.94 to 0.96.

    References
    ----------
    Fieller 1954, 10.1111/j.2517-6161.1954.tb00159.x (two straight lines). Welch 1947, 10.1093/biomet/34.1-2.28.
    """
    _check(between, degree, errors, level)
    found = curves(source, quantity, against=against, by=by, exclude=exclude)
    pair = make_pair(found, between, degree=degree, errors=errors, level=level)
    limits = _limits(pair, within)
    pieces = crossing_pieces(pair.difference, *limits)
    told = caveats(pair, simulated=simulated)
    if not pieces:
        findings = [_apart(pair, limits, told)]
    else:
        findings = [
            _finding(pair, piece, limits, told, shown=_shown(pair, pieces, k, limits)) for k, piece in enumerate(pieces)
        ]
    observables = [_observable(pair, piece, limits) for piece in pieces if piece.roots]
    figure = crossover_figure(pair, pieces, limits, simulated=simulated)
    return Statement(tuple(findings), tuple(observables), (figure,))


def _check(between: tuple[str, str], degree: Degree, errors: str, level: float) -> None:
    if isinstance(between, str) or len(between) != 2:
        raise StudyError(f"between is {between!r}; name two variants or curves, such as ('bare', 'coated').")
    if errors not in ("scaled", "stated"):
        raise StudyError(f"errors is '{errors}'; {nearest(errors, ('scaled', 'stated'))}.")
    words = ("auto", "interpolation")
    if degree not in words and degree not in range(1, MOST_DEGREE + 1):
        raise StudyError(f"degree is '{degree}'; {nearest(str(degree), (*words, '1', '2', '3'))}.")
    if not 0.5 < level < 1:
        raise StudyError(f"level is {level}; a confidence between 0.5 and 1 is needed, such as 0.95.")


def _limits(pair: Pair, within: tuple[float, float] | None) -> tuple[float, float]:
    low, high = max(pair.first.low, pair.second.low), min(pair.first.high, pair.second.high)
    if within is None:
        return low, high
    inner = max(low, within[0]), min(high, within[1])
    if not inner[0] < inner[1]:
        raise StudyError(
            f"within is {within[0]:g} to {within[1]:g}, and the curves have {low:g} to {high:g} in common; ask in there."
        )
    return inner


def _verdict(pair: Pair, *, shown: bool) -> Verdict:
    if pair.unknown or not shown or bends_left(pair) < BENT:
        return "undecided"
    about_variants = all(side.curves[0].variant == side.name for side in pair.sides)
    lone = any(len(side.samples) < 2 for side in pair.sides)
    return "descriptive" if about_variants and lone else "supported"


def _apart(pair: Pair, limits: tuple[float, float], told: tuple[str, ...]) -> Finding:
    near = closest(pair.difference, *limits)
    return _made(
        pair,
        apart_sentence(pair, limits, near),
        _verdict(pair, shown=True),
        told,
        {"crossings": 0, "closest_at": near[0], "closest_difference": near[1], "least_distance": near[2]},
    )


def _shown(pair: Pair, pieces: tuple[Piece, ...], number: int, limits: tuple[float, float]) -> bool:
    """Whether the difference changes its sign for sure around a piece.

    Straight pieces between states are as many chances for a false sign as there are states, which is allowed for.
    """
    piece = pieces[number]
    if not piece.crosses or pair.degree != "interpolation":
        return piece.crosses
    states = np.unique(np.concatenate([curve.x for curve in pair.curves]))
    strict = replace(pair, level=1 - (1 - pair.level) / states.size)
    before = pieces[number - 1].high if number else limits[0]
    after = pieces[number + 1].low if number + 1 < len(pieces) else limits[1]
    sides = []
    for low, high in ((before, piece.low), (piece.high, after)):
        middle, half = strict.difference(np.linspace(low, high, _PLACES))
        sides.append(bool((np.abs(middle) > half).any()))
    return all(sides)


def _finding(pair: Pair, piece: Piece, limits: tuple[float, float], told: tuple[str, ...], *, shown: bool) -> Finding:
    value = _value(piece)
    text = (
        crossing_sentence(pair, piece, value)
        if piece.crosses and value is not None
        else open_sentence(pair, piece, limits)
    )
    details: dict[str, float | int | str | None] = {"set_low": piece.low, "set_high": piece.high}
    details["sign_before"], details["sign_after"] = piece.before, piece.after
    if len(piece.roots) > 1:
        details["zeros"] = ", ".join(f"{root:.6g}" for root in piece.roots)
    low = piece.low if piece.before else -math.inf
    high = piece.high if piece.after else math.inf
    if pair.unknown:
        low, high = -math.inf, math.inf
    return _made(pair, text, _verdict(pair, shown=shown), told, details, value, low, high)


def _made(
    pair: Pair, text: str, verdict: Verdict, told: tuple[str, ...], details: Mapping[str, float | int | str | None],
    estimate: float | None = None, low: float | None = None, high: float | None = None,
) -> Finding:  # fmt: skip
    curve = pair.curves[0]
    bent = bends_left(pair)
    common = {
        "degree": pair.degree,
        "p_shape": bent if math.isfinite(bent) else None,
        "replicated": int(pair.replicated),
    }
    return Finding(
        kind="crossover",
        statement=f"{text}.",
        verdict=verdict,
        quantity=curve.quantity,
        estimate=estimate,
        low=low,
        high=high,
        level=pair.level,
        unit=curve.axis_unit,
        units={side.name: len(side.samples) for side in pair.sides},
        supporting=tuple(name for side in pair.sides for name in side.identifiers),
        caveats=told,
        details={**details, **common},
    )


def _value(piece: Piece) -> float | None:
    """The zero of the difference in a piece; the middle one of several."""
    return piece.roots[len(piece.roots) // 2] if piece.roots else None


def _observable(pair: Pair, piece: Piece, limits: tuple[float, float]) -> Observable:
    value = _value(piece)
    assert value is not None
    curve = pair.curves[0]
    step = _STEP * (limits[1] - limits[0])
    ends = np.clip([value - step, value + step], *limits)
    slope = float(np.diff(pair.difference(ends)[0])[0] / np.diff(ends)[0])
    _, spread, _, shared = pair.parts(np.array([value]))
    source = f"fit:crossover/{pair.first.name}-{pair.second.name}/{curve.quantity}"
    parts = {source: abs(float(spread[0]) / slope)} if slope else {source: math.inf}
    parts |= {name: -float(size[0]) / slope for name, size in shared.items() if slope}
    parts |= dict.fromkeys(pair.unknown, math.inf)
    known = not pair.unknown
    return Observable(
        f"crossover_of_{curve.quantity}",
        value,
        curve.axis_unit,
        f"{pair.first.name}-{pair.second.name}",
        parts,
        method=f"crossing of {pair.first.name} and {pair.second.name}, test on the difference inverted",
        flag="" if piece.crosses else "a crossing is not shown",
        low=piece.low if piece.before and known else -math.inf,
        high=piece.high if piece.after and known else math.inf,
        level=pair.level,
    )
