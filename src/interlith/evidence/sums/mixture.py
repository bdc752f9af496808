"""Is one curve a weighted sum of others, and with which weights?

The parts are unknown true curves that were seen with errors, so that their errors do not bend the weights (attenuation); see
`interlith.numerics.sums.mixing`. Near 0 and 1 intervals follow Feldman and Cousins. Where a variant has several specimens their mean is
used, and how they differ is carried as a source of its own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import special

from interlith.errors import FitError, StudyError, nearest
from interlith.evidence.kernel import quantile
from interlith.evidence.selection import Source
from interlith.evidence.sums.mixture_curves import Aligned, align
from interlith.evidence.sums.mixture_figure import mixture_figure
from interlith.evidence.wording import interval_words, named, number
from interlith.model import Finding, Observable, Statement
from interlith.model.finding import Verdict
from interlith.numerics.sums.mixing import Mixing, departure, solve
from interlith.numerics.sums.mixtures import Weights, weights

Array = NDArray[np.float64]

#: Probability above which two parts are told to be alike, and share of the allowed range that an interval says nothing by.
ALIKE, NOTHING = 0.05, 0.999


@dataclass(frozen=True, slots=True)
class Mixed:
    """What was asked and what came of it."""

    aligned: Aligned
    problem: Mixing
    found: Weights
    quantity: str
    against: str
    level: float
    stated: bool
    simulated: bool
    alike: tuple[tuple[str, str, float], ...]

    @property
    def unit(self) -> str:
        """Unit of the curves."""
        return self.aligned.curves[0][0].unit

    @property
    def model(self) -> Array:
        """The weighted sum at the states, shape (m,)."""
        return np.asarray(self.found.coefficients @ self.problem.parts)


def mixture(
    source: Source,
    quantity: str,
    *,
    against: str,
    of: str,
    parts: Sequence[str],
    sum_to_one: bool = True,
    non_negative: bool = True,
    offset: bool = False,
    scale: bool = False,
    states: Literal["auto", "common", "interpolated"] = "auto",
    tolerance: float | None = None,
    exclude: Mapping[str, str] | None = None,
    errors: Literal["scaled", "stated"] = "scaled",
    level: float = 0.95,
    simulated: bool = False,
) -> Statement:
    """One curve as weighted sum of two to four others, all of them measured.

    Parameters
    ----------
    source, quantity, against, of, parts
        Observables, the quantity that mixes, the state axis, and the names of the curve and its parts: variants, else specimens.
    sum_to_one, non_negative, offset, scale
        Whether weights are shares; may not be negative; whether a constant, or a factor common to all parts, is free too.
    states
        ``common``: only states at which all were measured (their intervals overlap). ``interpolated``: parts on straight lines
        to the states of the curve, with an error from their curvature. ``auto``: common ones if they are enough.
    tolerance, exclude
        Largest departure from the sum that still counts as a mixture (without it that is at best not contradicted); sample ->
        reason.
    errors
        ``scaled``: own errors give relative sizes, the absolute one follows from the scatter about the sum. ``stated``: taken at
        their word. Unknown ones count as large as the largest known one, and then always as ``scaled``.
    level, simulated
        Of each interval; whether the numbers come from a simulation.

    Returns
    -------
    A finding ``mixture`` (is it one, and where not) and one finding ``weight`` a part; observables ``weight_of_<part>``.

    Raises
    ------
    StudyError
        If curves are missing, have too few states together, or arguments are outside their sets.

    Notes
    -----
    The assumption that fails first: that the curve is a mixture of these parts and of nothing else. Measured over two to four
    parts, 5 to 40 points and errors of 3 to 30 %: 0.94-0.97; errors stated at half their size 0.66 (0.94 when scaled), a
    curve that is no mixture 0.39 (the test finds it; ``benchmarks/mixture_coverage.py``). States are taken as exact.

    References
    ----------
    Feldman and Cousins 1998, 10.1103/PhysRevD.57.3873. York et al. 2004, 10.1119/1.1632486.
    """
    _check(of, parts, errors, states, level, tolerance)
    free = len(parts) - int(sum_to_one and not scale) + int(offset)
    aligned = align(source, quantity, against, (of, *parts), exclude, states, free + SPARE_POINTS)
    stated = errors == "stated" and aligned.sized
    problem = aligned.problem(sum_to_one=sum_to_one, non_negative=non_negative, offset=offset, scale=scale)
    try:
        found = weights(problem, stated=stated, level=level)
    except (FitError, np.linalg.LinAlgError) as error:
        raise StudyError(f"The weights of {', '.join(parts)} in {of} cannot be found: {error}") from error
    alike = _alike(problem, found, parts, tied=sum_to_one and not scale)
    return _stated(
        Mixed(aligned, problem, found, quantity, against, level, stated, simulated, alike), tolerance, errors
    )


def _stated(mixed: Mixed, tolerance: float | None, errors: str) -> Statement:
    notes = _notes(mixed, errors)
    whole = _whole(mixed, tolerance, notes)
    sound = whole.verdict != "contradicted"
    if not sound:
        notes = (
            *notes,
            f"{mixed.aligned.names[0]} is no mixture of these parts within the stated errors, so the weights have no sure meaning.",
        )
    each = [_weight(mixed, place, notes, sound=sound) for place in range(mixed.problem.count)]
    drawn = mixture_figure(
        mixed.aligned, mixed.problem, mixed.found, mixed.model, mixed.quantity, mixed.against, mixed.level, mixed.simulated
    )  # fmt: skip
    return Statement((whole, *(finding for finding, _ in each)), tuple(item for _, item in each), (drawn,))


#: States needed beyond free parameters.
SPARE_POINTS = 2


def _check(of: str, parts: Sequence[str], errors: str, states: str, level: float, tolerance: float | None) -> None:
    if isinstance(parts, str) or not 2 <= len(parts) <= 4 or len(set(parts)) != len(parts) or of in parts:
        raise StudyError(f"parts is {parts!r} for '{of}'; name two to four different curves other than '{of}'.")
    if errors not in ("scaled", "stated"):
        raise StudyError(f"errors is '{errors}'; {nearest(errors, ('scaled', 'stated'))}.")
    if states not in ("auto", "common", "interpolated"):
        raise StudyError(f"states is '{states}'; {nearest(states, ('auto', 'common', 'interpolated'))}.")
    if not 0.5 <= level < 1:
        raise StudyError(f"level is {level}; write a probability such as 0.95.")
    if tolerance is not None and not (math.isfinite(tolerance) and tolerance > 0):
        raise StudyError(f"tolerance is {tolerance}; write the largest departure that is none, above zero.")


def _alike(problem: Mixing, found: Weights, parts: Sequence[str], *, tied: bool) -> tuple[tuple[str, str, float], ...]:
    """Pairs of parts that cannot be told apart within their errors, with the probability of that; the most alike first."""
    pairs = []
    offset = problem.parts.shape[0] > problem.count
    for one in range(problem.count):
        for two in range(one + 1, problem.count):
            kept = [two, *([problem.count] if offset else [])]
            rows = np.zeros((int(tied), len(kept)))
            rows[:, :1] = 1.0
            curves = [one + 1, *(place + 1 for place in kept)]
            pair = Mixing(
                problem.parts[one], problem.parts[kept], problem.own[curves], problem.shared[:, curves], rows,
                np.ones(int(tied)), 1, low=-math.inf, high=math.inf,
            )  # fmt: skip
            squares = float(solve(pair, size=found.size).squares)
            pairs.append((parts[one], parts[two], _chance(squares, pair.dof)))
    return tuple(sorted((pair for pair in pairs if pair[2] > ALIKE), key=lambda pair: -pair[2]))


def _chance(squares: float, dof: int) -> float:
    return float(special.chdtrc(max(dof, 1), squares))


def _notes(mixed: Mixed, errors: str) -> tuple[str, ...]:
    aligned = mixed.aligned
    notes = ["The data are simulated."] if mixed.simulated else []
    if aligned.interpolated:
        notes.append(
            f"The curves were not measured at the same states: parts are interpolated on straight lines to {aligned.x.size} states of "
            f"{aligned.names[0]}, with an error from their curvature; a step between two states is not seen."
        )
    elif aligned.left_out:
        notes.append(
            f"Only the {aligned.x.size} states at which all curves were measured are used; {aligned.left_out} are left out."
        )
    if errors == "stated" and not mixed.stated:
        notes.append("Some points state no uncertainty, so the size of the errors is taken from the scatter.")
    single = [name for name, samples in zip(aligned.names, aligned.specimens, strict=True) if len(samples) == 1]
    if single:
        notes.append(f"{', '.join(single)}: one specimen each, which says nothing of others.")
    few = [name for name, samples in zip(aligned.names, aligned.specimens, strict=True) if 1 < len(samples) < 5]
    if few:
        notes.append(
            f"How specimens of {', '.join(few)} differ is known from few of them, so the intervals are somewhat too narrow."
        )
    if aligned.unknown:
        notes.append(f"The intervals are lower bounds: the size of {', '.join(aligned.unknown)} is unknown.")
    return tuple(notes)


def _whole(mixed: Mixed, tolerance: float | None, notes: tuple[str, ...]) -> Finding:
    aligned, problem = mixed.aligned, mixed.problem
    squares, dof, chance, standard = departure(problem)
    residual = problem.target - mixed.model
    own = problem.own[0] + np.einsum("p,pmn->mn", np.square(mixed.found.coefficients), problem.own[1:])
    spread = np.sqrt(float(mixed.found.size) * np.diag(own))
    bound = float((np.abs(residual) + quantile(2 * mixed.level - 1, math.inf) * spread).max())
    worst = int(np.argmax(np.abs(standard)))
    names = _joined(aligned.names[1:])
    curve = f"The {named(mixed.quantity)} of {aligned.names[0]}"
    tail = "" if mixed.unit == "1" else f" {mixed.unit}"
    shown = number(bound, bound / 3) + tail
    axis = aligned.curves[0][0].axis_unit
    where = f"{named(mixed.against)} {aligned.x[worst]:g}{'' if axis == '1' else ' ' + axis}"
    fit = (
        f"chi-square {float(squares):.3g} for {int(dof)} degrees of freedom, probability {_probability(float(chance))}"
    )
    if not aligned.sized:
        verdict: Verdict = "undecided"
        words = f"may be a mixture of {names}; that cannot be tested, because some points state no uncertainty (departure up to {shown})"
    elif aligned.unknown:
        verdict, words = "undecided", f"may be a mixture of {names}; a shared error of unknown size leaves no verdict"
    elif float(chance) < 1 - mixed.level:
        verdict = "contradicted"
        words = f"is no mixture of {names} within the stated errors ({fit}); it departs most at {where}"
    elif tolerance is not None and bound <= tolerance:
        verdict, words = "supported", f"is a mixture of {names} to within the declared {tolerance:g}{tail} ({fit})"
    else:
        verdict = "undecided"
        words = f"shows no departure from a mixture of {names} ({fit}), but one of up to {shown} is compatible with the errors"
    told = notes
    if tolerance is None and verdict == "undecided":
        told = (*notes, "No tolerance is declared, so that it is a mixture cannot be supported, only not contradicted.")
    details: dict[str, float | int | str | None] = {
        "chi2": float(squares), "degrees_of_freedom": int(dof), "probability_if_mixture": float(chance), "largest_departure": float(np.abs(residual).max()),
        "largest_departure_compatible": bound, "departs_most_at": float(aligned.x[worst]), "standardised_there": float(standard[worst]),
        "states": int(aligned.x.size), "states_used": "interpolated" if aligned.interpolated else "common", "tolerance": tolerance,
    }  # fmt: skip
    if problem.parts.shape[0] > problem.count:
        details["offset"] = float(mixed.found.coefficients[-1])
    if problem.scaled:
        details["scale"] = float(mixed.found.coefficients[: problem.count].sum())
    identifiers = tuple(i for group in aligned.curves for curve in group for i in curve.identifiers)
    return Finding(
        "mixture", f"{curve} {words}.", verdict, mixed.quantity, bound, 0.0, bound, mixed.level, mixed.unit,
        units={name: len(samples) for name, samples in zip(aligned.names, aligned.specimens, strict=True)},
        supporting=() if verdict == "contradicted" else identifiers, opposing=identifiers if verdict == "contradicted" else (),
        caveats=told, details=details,
    )  # fmt: skip


def _joined(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _probability(chance: float) -> str:
    return "below 0.001" if chance < 0.001 else f"{chance:.2g}"


def _observable(mixed: Mixed, place: int, low: float, high: float) -> Observable:
    aligned, found, problem = mixed.aligned, mixed.found, mixed.problem
    operator = found.operator[place]
    coefficients = found.coefficients
    signs = np.concatenate([[1.0], -coefficients])
    parts = {source: float(operator @ (signs[: len(aligned.y)] @ sizes)) for source, sizes in aligned.shared.items()}
    own = problem.own[0] + np.einsum("p,pmn->mn", np.square(coefficients), problem.own[1:])
    fit = math.sqrt(max(0.0, float(found.size) * float(operator @ own @ operator)))
    target, part = aligned.names[0], aligned.names[place + 1]
    parts[f"fit:mixture/{target}/{part}/{mixed.quantity}"] = fit
    parts |= dict.fromkeys(aligned.unknown, math.inf)
    samples = aligned.specimens[0]
    return Observable(
        quantity=f"weight_of_{part}",
        value=float(found.value[place]),
        unit="1",
        sample=samples[0] if len(samples) == 1 else "",
        variant=aligned.curves[0][0].variant,
        components=parts,
        low=low,
        high=high,
        level=mixed.level,
        method="least squares with errors in all curves, limits after Feldman and Cousins",
    )


def _weight(mixed: Mixed, place: int, notes: tuple[str, ...], *, sound: bool) -> tuple[Finding, Observable]:
    aligned, found, problem = mixed.aligned, mixed.found, mixed.problem
    target, part = aligned.names[0], aligned.names[place + 1]
    value, low, high = float(found.value[place]), float(found.low[place]), float(found.high[place])
    alike = next((pair for pair in mixed.alike if part in pair[:2]), None)
    span = problem.high - problem.low
    lost = not math.isfinite(low) or (math.isinf(high) and math.isfinite(problem.high))
    lost = lost or math.isinf(high) or (math.isfinite(span) and high - low >= NOTHING * span)
    head = f"The weight of {part} in the {named(mixed.quantity)} of {target}"
    unknown = bool(aligned.unknown)
    if alike is not None or lost:
        reason = f"{alike[0]} and {alike[1]} are too alike within their errors" if alike else _nearest_pair(mixed, part)
        text = f"{head} is not identifiable: {reason}."
        item = replace(_observable(mixed, place, problem.low, problem.high), value=None, flag="not identifiable")
        details: dict[str, float | int | str | None] = {"best_fit": value}
        finding = Finding("weight", text, "undecided", f"weight_of_{part}", None, problem.low, problem.high, mixed.level, "1", caveats=notes, details=details)  # fmt: skip
        return finding, item
    half = (high - low) / 2
    at_least = " at least as wide as" if unknown else ""
    share = f"{100 * mixed.level:.4g} % interval{at_least}"
    if low <= problem.low and value <= problem.low + 1e-12:
        text = f"{head} is {number(value, half)}, at its lower limit ({share} up to {number(high, half)})"
    elif high >= problem.high and value >= problem.high - 1e-12:
        text = f"{head} is {number(value, half)}, at its upper limit ({share} from {number(low, half)})"
    else:
        text = f"{head} is {number(value, half)} ({share} {interval_words(low, high, half, '')})"
    verdict: Verdict = "supported" if low > 0 or high < 0 else "undecided"
    text += "." if verdict == "supported" else "; that it is absent is not excluded."
    verdict = "undecided" if unknown or not sound else verdict
    shown = (-math.inf, math.inf) if unknown else (low, high)
    details = {"without_limits": float(found.free[place]), "std_without_limits": float(found.std[place])}
    if unknown:
        details |= {"low_of_known": low, "high_of_known": high}
    item = _observable(mixed, place, *shown)
    finding = Finding(
        "weight", text, verdict, item.quantity, value, *shown, mixed.level, "1", caveats=notes, details=details,
        units={name: len(samples) for name, samples in zip(aligned.names, aligned.specimens, strict=True)},
    )  # fmt: skip
    return finding, item


def _nearest_pair(mixed: Mixed, part: str) -> str:
    """Which other part it is confused with most: the one whose curve differs least from its own."""
    names = mixed.aligned.names[1:]
    here = names.index(part)
    y = mixed.problem.parts[: mixed.problem.count]
    others = [place for place in range(len(names)) if place != here]
    closest = min(others, key=lambda place: float(np.std(y[place] - y[here])))
    return f"the errors are too large to tell {part} from {names[closest]}"
