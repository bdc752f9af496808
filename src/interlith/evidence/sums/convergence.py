"""Do independent routes to one quantity agree, what do they say together, and does one of them stand apart?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from interlith.errors import StudyError
from interlith.evidence.sums.convergence_figure import convergence_figure
from interlith.evidence.sums.convergence_routes import Read, Routes, read_routes
from interlith.evidence.wording import difference_unit, interval_words, named, number
from interlith.model import Finding, Observable, Statement
from interlith.model.finding import Verdict
from interlith.numerics.sums.routes import (
    Mean,
    apart,
    extra_interval,
    homogeneity,
    largest_disagreement,
    scattered_mean,
    stated_mean,
    steadied,
)

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Judged:
    """Everything that the routes say together."""

    read: Read
    own: Array
    stated: Mean
    wide: Mean
    chance: float
    difference: Array
    spread: Array
    adjusted: Array
    bound: float
    named: str | None
    rest_agree: bool


def convergence(
    items: Routes,
    *,
    quantity: str,
    unit: str,
    tolerance: float | None = None,
    level: float = 0.95,
    simulated: bool = False,
) -> Statement:
    """Whether independent routes to one quantity agree, and their combined value.

    Parameters
    ----------
    items
        Name of the route -> observable, or observables (named by technique or method). One with only one finite limit is a
        bound (``low=-inf, high=0.5``): it is held against the others and moves no mean. An asymmetric interval counts with the
        side towards the mean.
    quantity, unit
        Name and unit of what all routes are routes to; units are turned into this one.
    tolerance
        Largest disagreement, in `unit`, that still counts as agreement. Without it agreement is never supported: wide errors
        agree with everything.
    level
        Of intervals and tests.
    simulated
        Whether the numbers come from a simulation.

    Returns
    -------
    Findings ``convergence``, ``combined_value`` and ``stands_apart``, and ``bound`` for each route that is one; observable ``combined_<quantity>``, with the interval that allows for extra scatter.

    Raises
    ------
    StudyError
        With fewer than two routes, a level or tolerance outside its set, or routes that are no observables.
    UnitError
        If a route cannot be turned into `unit`.

    Notes
    -----
    Routes are weighted by what each has alone, common sources are carried as correlations. The interval from the stated errors
    trusts them; the one with extra scatter (Paule and Mandel, Hartung and Knapp) holds 0.94-0.97 also where each route errs on
    its own beyond what it states, and 0.90-0.99 where stated errors differ tenfold (``benchmarks/convergence_coverage.py``).
    A route is named only where it differs from the mean of the others (Bonferroni) while these agree; two routes never show
    which of them errs. The assumption that fails first: routes err independently. A model that two of them share and neither
    declares makes them agree in error.

    References
    ----------
    Birge 1932, 10.1103/PhysRev.40.207. Paule and Mandel 1982, 10.6028/jres.087.022. Hartung and Knapp 2001, 10.1002/sim.791.
    """
    if not 0.5 <= level < 1:
        raise StudyError(f"level is {level}; write a probability such as 0.95.")
    if tolerance is not None and not (math.isfinite(tolerance) and tolerance > 0):
        raise StudyError(f"tolerance is {tolerance}; write the largest disagreement that is none, above zero.")
    read = read_routes(items, unit)
    told = _notes(read, simulated)
    if len(read.routes) < 2:
        return _too_few(read, quantity, unit, level, told, simulated)
    judged = _judge(read, level)
    combined = _observable(judged, quantity, unit, level)
    findings = [
        _agreement(judged, quantity, unit, tolerance, level, told),
        _combined(judged, combined, quantity, unit, level, told),
        _apart(judged, quantity, unit, level),
        *_bounds(judged, quantity, unit, level),
    ]
    drawn = convergence_figure(read, judged.stated, judged.wide, judged.named, quantity, unit, level, simulated)
    return Statement(tuple(findings), (combined,), (drawn,))


def _judge(read: Read, level: float) -> Judged:
    values, shared = read.values, read.shared()
    own, degrees = steadied(read.settled(level), read.degrees)
    # A route all of whose error is shared with another one still needs a size of its own for the matrix to be of full rank.
    own = np.maximum(own, 1e-9 * float(np.sqrt(np.square(own) + np.square(shared).sum(axis=0)).max()))
    count = len(values)
    difference, spread, chance = apart(values, own, shared, degrees)
    adjusted = np.minimum(1.0, chance * count)
    found, rest_agree = None, True
    worst = int(np.argmin(adjusted))
    if count > 2 and adjusted[worst] < 1 - level:
        kept = np.arange(count) != worst
        rest = homogeneity(values[kept], own[kept], shared[:, kept], degrees[kept])[1]
        rest_agree = bool(rest >= 1 - level)
        found = read.routes[worst].name if rest_agree else None
    return Judged(
        read, own, stated_mean(values, own, shared, level=level), scattered_mean(values, own, shared, level=level),
        float(homogeneity(values, own, shared, degrees)[1]), difference, spread, adjusted,
        float(largest_disagreement(values, own, shared, degrees, level=level)), found, rest_agree,
    )  # fmt: skip


def _notes(read: Read, simulated: bool) -> tuple[str, ...]:
    notes = ["The data are simulated."] if simulated else []
    notes += [f"{name} cannot be judged and is left out: {reason}." for name, _, reason in read.unjudged]
    if read.common:
        notes.append(f"Carried as common to several routes: {', '.join(read.common)}.")
    samples = [name for name in dict.fromkeys(route.observable.sample for route in read.routes) if name]
    if len(samples) == 1:
        notes.append(f"One specimen ({samples[0]}) says nothing of others.")
    elif len(samples) > 1:
        notes.append(f"The routes were taken on {len(samples)} specimens; how far these differ counts as disagreement.")
    return tuple(notes)


def _too_few(read: Read, quantity: str, unit: str, level: float, told: tuple[str, ...], simulated: bool) -> Statement:
    lost = [name for name, _, _ in read.unjudged]
    kept = [route.name for route in read.routes] + [bound.name for bound in read.bounds]
    text = f"Whether the routes to the {named(quantity)} agree cannot be judged: {len(read.routes)} of them has a value with known uncertainty"
    text += f" ({', '.join(lost)} without)." if lost else "."
    verdict: Verdict = "undecided"
    lows = [bound.limit for bound in read.bounds if not bound.upper]
    highs = [bound.limit for bound in read.bounds if bound.upper]
    if lows and highs and max(lows) > min(highs):
        verdict = "contradicted"
        text = f"The bounds on the {named(quantity)} exclude each other: above {max(lows):g} and below {min(highs):g} {unit}."
    finding = Finding(
        "convergence", text, verdict, quantity, level=level, unit=unit, caveats=told, details={"routes": len(kept)}
    )
    drawn = convergence_figure(read, None, None, None, quantity, unit, level, simulated)
    return Statement((finding,), (), (drawn,))


def _observable(judged: Judged, quantity: str, unit: str, level: float) -> Observable:
    mean = judged.wide
    read = judged.read
    parts = dict(zip(read.common, (read.shared() @ mean.weights).tolist(), strict=True))
    names = "+".join(route.name for route in read.routes)
    parts |= {f"fit:convergence/{names}/{quantity}": float(mean.scatter)}
    samples = {route.observable.sample for route in read.routes}
    variants = {route.observable.variant for route in read.routes}
    return Observable(
        quantity=f"combined_{quantity}",
        value=float(mean.value),
        unit=unit,
        sample=samples.pop() if len(samples) == 1 else "",
        variant=variants.pop() if len(variants) == 1 else "",
        components=parts,
        low=float(mean.value - mean.half),
        high=float(mean.value + mean.half),
        level=level,
        method=f"weighted mean of {len(read.routes)} routes with extra scatter (Paule-Mandel, Hartung-Knapp)",
        flag="one route stands apart" if judged.named else ("the routes disagree" if judged.chance < 1 - level else ""),
    )


def _agreement(
    judged: Judged, quantity: str, unit: str, tolerance: float | None, level: float, told: tuple[str, ...]
) -> Finding:
    read, count = judged.read, len(judged.read.routes)
    birge = math.sqrt(float(judged.stated.chi2) / (count - 1))
    tail = "" if unit == "1" else f" {unit}"
    bound = number(judged.bound, judged.bound / 3) + tail
    names = ", ".join(route.name for route in read.routes)
    chi = f"chi-square {float(judged.stated.chi2):.3g} for {count - 1} degrees of freedom, probability {_chance(judged.chance)}"
    if judged.chance < 1 - level:
        verdict: Verdict = "contradicted"
        words = f"disagree ({chi}); they scatter {birge:.1f} times as much as their errors explain"
    elif tolerance is not None and judged.bound <= tolerance:
        verdict = "supported"
        words = f"agree within the declared {tolerance:g}{tail} ({chi}); the largest disagreement still compatible is {bound}"
    else:
        verdict = "undecided"
        words = f"show no disagreement ({chi}), but one of up to {bound} is still compatible with their errors"
        words += "" if tolerance is None else f", more than the declared {tolerance:g}{tail}"
    low, high = extra_interval(read.values, judged.own, read.shared(), level=level)
    details: dict[str, float | int | str | None] = {
        "chi2": float(judged.stated.chi2), "degrees_of_freedom": count - 1, "probability_if_all_agree": judged.chance,
        "birge_ratio": birge, "largest_disagreement_compatible": judged.bound, "tolerance": tolerance,
        "extra_scatter": float(judged.wide.extra), "extra_scatter_low": float(low), "extra_scatter_high": float(high),
    }  # fmt: skip
    if tolerance is None and verdict == "undecided":
        told = (
            *told,
            "No tolerance is declared, so agreement cannot be supported: declare the disagreement that matters.",
        )
    identifiers = tuple(route.observable.id for route in read.routes if route.observable.id)
    return Finding(
        "convergence", f"{count} routes to the {named(quantity)} ({names}) {words}.", verdict, quantity, judged.bound, 0.0,
        judged.bound, level, unit, supporting=() if verdict == "contradicted" else identifiers,
        opposing=identifiers if verdict == "contradicted" else (), caveats=told, details=details,
    )  # fmt: skip


def _chance(probability: float) -> str:
    return "below 0.001" if probability < 0.001 else f"{probability:.2g}"


def _combined(
    judged: Judged, combined: Observable, quantity: str, unit: str, level: float, told: tuple[str, ...]
) -> Finding:
    wide, plain = judged.wide, judged.stated
    low, high = combined.interval()
    half = float(wide.half)
    tail = "" if unit == "1" else f" {unit}"
    shown = "" if unit == "1" else unit
    ends = (float(plain.value - plain.half), float(plain.value + plain.half))
    share = f"{100 * level:.4g} %"
    text = (
        f"Together {len(judged.read.routes)} routes put the {named(quantity)} at {number(float(wide.value), half)}{tail} ({share} interval "
        f"{interval_words(low, high, half, shown)} with room for scatter beyond the stated errors; "
        f"{interval_words(*ends, float(plain.half), shown)} if these are complete)."
    )
    notes = list(told)
    if half < float(plain.half):
        notes.append(
            "The routes agree better than they state, so the interval from their scatter is the narrower; quote the wider."
        )
    if len(judged.read.routes) == 2:
        notes.append(
            "Two routes leave one degree of freedom: the interval with room for scatter is 12.7 standard errors at 95 %."
        )
    if judged.named:
        notes.append(f"{judged.named} stands apart and is in the mean; see what is said of it.")
    if (plain.weights < 0).any():
        notes.append(
            "Common sources are so large that a route gets a negative weight; the mean may lie outside all routes."
        )
    details: dict[str, float | int | str | None] = {
        "stated_value": float(plain.value), "stated_low": ends[0], "stated_high": ends[1], "stated_std": float(np.hypot(plain.scatter, plain.shared)),
        "extra_scatter": float(wide.extra),
    }  # fmt: skip
    details |= {
        f"weight of {route.name}": float(share) for route, share in zip(judged.read.routes, wide.weights, strict=True)
    }
    without = _without(judged, level)
    details |= without
    return Finding(
        "combined_value", text, "descriptive", quantity, float(wide.value), low, high, level, unit, caveats=tuple(notes), details=details
    )  # fmt: skip


def _without(judged: Judged, level: float) -> dict[str, float | int | str | None]:
    """The combined value without the route that stands apart."""
    if judged.named is None:
        return {}
    kept = np.array([route.name != judged.named for route in judged.read.routes])
    mean = scattered_mean(judged.read.values[kept], judged.own[kept], judged.read.shared()[:, kept], level=level)
    return {
        f"without {judged.named}": float(mean.value),
        f"without {judged.named}, low": float(mean.value - mean.half),
        f"without {judged.named}, high": float(mean.value + mean.half),
    }


def _apart(judged: Judged, quantity: str, unit: str, level: float) -> Finding:
    routes = judged.read.routes
    tail = f" {difference_unit(unit)}" if difference_unit(unit) else ""
    details: dict[str, float | int | str | None] = {
        f"adjusted probability of {route.name}": float(p) for route, p in zip(routes, judged.adjusted, strict=True)
    }
    worst = int(np.argmin(judged.adjusted))
    difference, spread = float(judged.difference[worst]), float(judged.spread[worst])
    if len(routes) == 2:
        text = f"With two routes to the {named(quantity)} none can be said to stand apart: either may be the one that errs."
        return Finding("stands_apart", text, "undecided", quantity, level=level, unit=unit)
    half = float(special.ndtri(0.5 + level / 2)) * spread
    if judged.named is not None:
        side = "above" if difference > 0 else "below"
        text = (
            f"{judged.named} stands apart: it lies {number(abs(difference), half)}{tail} {side} what the other {len(routes) - 1} routes to "
            f"the {named(quantity)} agree on (probability {_chance(float(judged.adjusted[worst]))} by chance, for {len(routes)} looked at)."
        )
        verdict: Verdict = "supported"
    elif not judged.rest_agree:
        text = (
            f"No single route to the {named(quantity)} can be said to stand apart: the others disagree without it too."
        )
        verdict = "undecided"
    elif judged.chance < 1 - level:
        text = f"The routes to the {named(quantity)} disagree, but none stands apart clearly enough to be named."
        verdict = "undecided"
    else:
        text = f"No route to the {named(quantity)} stands apart; {routes[worst].name} lies farthest from the others ({number(abs(difference), half)}{tail} from their mean, {abs(difference) / spread:.1f} times its uncertainty)."
        verdict = "contradicted"
    return Finding(
        "stands_apart", text, verdict, quantity, difference, difference - half, difference + half, level, unit, details=details
    )  # fmt: skip


def _bounds(judged: Judged, quantity: str, unit: str, level: float) -> list[Finding]:
    mean, found = judged.wide, []
    tail = "" if unit == "1" else f" {unit}"
    for bound in judged.read.bounds:
        own = bound.observable.std
        spread = float(np.hypot(mean.half, 1.96 * own if math.isfinite(own) else 0.0))
        beyond = (float(mean.value) - bound.limit) * (1.0 if bound.upper else -1.0)
        word = "below" if bound.upper else "above"
        if beyond > spread:
            verdict: Verdict = "contradicted"
            words = f"does not hold for what the other routes say together ({number(float(mean.value), float(mean.half))}{tail})"
        elif beyond < -spread:
            verdict, words = "supported", "agrees with what the other routes say together"
        else:
            verdict, words = "undecided", "lies inside the interval of what the other routes say together"
        text = f"{bound.name} puts the {named(quantity)} {word} {bound.limit:g}{tail}, which {words}."
        found.append(Finding(
            "bound", text, verdict, quantity, float(mean.value), float(mean.value - mean.half),
            float(mean.value + mean.half), level, unit, details={"bound": bound.limit},
            caveats=("A bound moves no mean; it is only held against it.",),
        ))  # fmt: skip
    return found
