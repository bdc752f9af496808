"""Does a sum close within its errors, what would have to be missing, and which number should be measured better?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from interlith.errors import StudyError, nearest
from interlith.evidence.sums.balance_asked import Asked, Missing, lacking, residual_observable, whose
from interlith.evidence.sums.balance_figure import balance_figure
from interlith.evidence.sums.balance_open import missing_term, next_measurement
from interlith.evidence.sums.balance_terms import Sum, Terms, sums
from interlith.evidence.wording import float_is_zero, interval_words, named, number
from interlith.model import Finding, Observable, Statement
from interlith.model.finding import Verdict
from interlith.model.observable import KINDS
from interlith.numerics.sums.sums import familywise_level


def balance(
    terms: Terms,
    *,
    closes_to: float = 0.0,
    tolerance: float | None = None,
    missing: Missing | None = None,
    against: str | None = None,
    quantity: str = "balance",
    unit: str | None = None,
    errors: Literal["scaled", "stated"] = "scaled",
    needs: Sequence[str] = ("calibration",),
    level: float = 0.95,
    simulated: bool = False,
) -> Statement:
    """Whether a weighted sum of observables is what it should be.

    Parameters
    ----------
    terms
        Name -> observable, several observables (replicates, or one a state), or a pair of these and a coefficient; or a list
        of (coefficient, observables). Coefficients are exact: +1 for what is lost, -1 for what accounts for it.
    closes_to, tolerance
        What the sum should be, and the largest residual that still counts as closed, both in `unit`. Without a tolerance
        nothing is ever said to close: zero inside a wide interval is no proof.
    missing
        Name -> (coefficient, (lowest, highest possible value)) of one term that was not measured.
    against, quantity, unit
        State axis along which the sum is made, at the states that all terms have; name and unit (by default of the first term).
    errors
        ``scaled``: replicates of a term count by their scatter (Student t); a single value is taken at its word, with the
        degrees of freedom that its own interval implies. ``stated``: every stated uncertainty is taken at its word.
    needs
        Kinds of uncertainty that every term must include, else the interval is a lower bound and there is no verdict. An
        absolute sum stands on calibrations; pass ``()`` only where the terms have none.
    level, simulated
        Of the interval, over all states together; whether the numbers come from a simulation.

    Returns
    -------
    Findings ``balance``, ``missing_term`` where asked, and ``next_measurement``; observables ``residual_of_<quantity>``.

    Raises
    ------
    StudyError
        With fewer than two terms, a term without values, no common state, or arguments outside their sets.

    Notes
    -----
    Shared sources add over the terms before they are squared, so that a common mass cancels where the sum closes. The
    assumption that fails first: stated single uncertainties are complete. At half their true size the 95 % interval holds
    the truth in 0.67, and a drift common to the replicates of one term gives 0.73. Otherwise 0.94-0.97, with terms of two or
    three replicates among them (``benchmarks/balance_coverage.py``). Along a state axis the band holds everywhere together.

    References
    ----------
    Welch 1947, 10.1093/biomet/34.1-2.28.
    """
    _check(tolerance, missing, errors, needs, level)
    shown = unit or _first_unit(terms)
    made = sums(terms, against=against, closes_to=closes_to, unit=shown, errors=errors, needs=needs)
    each = familywise_level(_matrix(made), level)
    asked = Asked(quantity, shown, tolerance, level, each, against, simulated)
    residuals = tuple(residual_observable(item, asked) for item in made)
    findings, extra = [_closure(made, asked)], list[Observable]()
    if missing:
        found, extra = missing_term(made, missing, asked)
        findings.append(found)
    findings.append(next_measurement(made, asked))
    drawn = balance_figure(made, each, quantity, shown, against, tolerance, simulated)
    return Statement(tuple(findings), (*residuals, *extra), (drawn,))


def _check(tolerance: float | None, missing: Missing | None, errors: str, needs: Sequence[str], level: float) -> None:
    if errors not in ("scaled", "stated"):
        raise StudyError(f"errors is '{errors}'; {nearest(errors, ('scaled', 'stated'))}.")
    if not 0.5 <= level < 1:
        raise StudyError(f"level is {level}; write a probability such as 0.95.")
    if tolerance is not None and not (math.isfinite(tolerance) and tolerance > 0):
        raise StudyError(
            f"tolerance is {tolerance}; write the largest residual that still counts as closed, above zero."
        )
    kinds = sorted(set(KINDS.values()))
    for kind in needs:
        if kind not in kinds:
            raise StudyError(f"needs names '{kind}'; {nearest(kind, kinds)}.")
    if missing and len(missing) != 1:
        raise StudyError(f"missing names {len(missing)} terms; one sum gives one unknown. Name a single one.")
    for name, (coefficient, (low, high)) in (missing or {}).items():
        if coefficient == 0 or not low < high:
            raise StudyError(
                f"The missing term '{name}' has coefficient {coefficient:g} and limits {low:g} to {high:g}; the coefficient "
                "must not be zero and the limits must rise."
            )


def _first_unit(terms: Terms) -> str:
    entries = list(terms.values()) if isinstance(terms, Mapping) else [value for _, value in terms]
    for entry in entries:
        value = entry[0] if isinstance(entry, tuple) else entry
        first = (
            value if isinstance(value, Observable) else next(iter(value), None) if isinstance(value, Sequence) else None
        )
        if isinstance(first, Observable):
            return first.unit
    raise StudyError("A balance needs terms: a mapping from a name to observables, or to (observables, coefficient).")


def _matrix(made: Sequence[Sum]) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    sources = list(dict.fromkeys(source for item in made for source in item.sizes))
    return np.array([[item.sizes.get(source, 0.0) for source in sources] for item in made]).reshape(len(made), -1)


def _replication(item: Sum) -> tuple[str, bool, tuple[str, ...]]:
    """Words for whose balance it is, whether a verdict may be given, and what must be said of the specimens."""
    samples, variants = whose(item)
    if len(samples) <= 1:
        words = f" of {samples[0]}" if samples else ""
        caveat = (f"One specimen ({samples[0]}) says nothing of others.",) if samples else ()
        return words, True, caveat
    counts = {term.name: len({o.sample for o in term.observables}) for term in item.terms}
    words = f" of {variants[0]}" if len(variants) == 1 else f" over {len(samples)} specimens"
    single = [name for name, count in counts.items() if count == 1]
    if single:
        return words, False, (
            f"The terms come from {len(samples)} specimens and {', '.join(single)} from one only: how far specimens differ is "
            "not in the interval.",
        )  # fmt: skip
    return words, True, ()


def _closure(made: Sequence[Sum], asked: Asked) -> Finding:
    owner, replicated, caveats = _replication(made[0])
    lacks = lacking(made)
    unknown = tuple(dict.fromkeys(source for item in made for source in item.unknown))
    ends = [item.interval(asked.each_level) for item in made]
    worst = max(range(len(made)), key=lambda place: abs(made[place].residual) / max(made[place].std, 1e-300))
    verdict, words = _judge(made, ends, asked, worst)
    if unknown:
        verdict, words = (
            "undecided",
            f"whether it closes cannot be said, because the size of {', '.join(unknown)} is unknown",
        )
    elif lacks:
        told = "; ".join(f"{', '.join(names)} without {kind}" for kind, names in lacks.items())
        verdict, words = "undecided", f"there is no verdict, because the interval is a lower bound ({told})"
    elif not replicated:
        verdict = "descriptive"
        words = f"in these specimens {words}"
    low, high = ends[worst]
    details: dict[str, float | int | str | None] = {
        "closes_to": made[0].closes_to, "tolerance": asked.tolerance, "std": made[worst].std, "states": len(made),
        "largest_residual_compatible": max(max(abs(one), abs(two)) for one, two in ends),
    }  # fmt: skip
    details |= {f"term {term.name}": term.value for term in made[worst].terms}
    if unknown:
        details |= {"low_of_known": low, "high_of_known": high}
    notes = list(caveats)
    if asked.simulated:
        notes.insert(0, "The data are simulated.")
    if asked.tolerance is None and not unknown:
        notes.append(
            "No tolerance is declared, so closing cannot be supported: declare the largest residual that matters."
        )
    if any(math.isfinite(term.degrees) and term.degrees < 2 for item in made for term in item.terms):
        notes.append("A term rests on two values; a third would narrow the interval most cheaply.")
    identifiers = tuple(dict.fromkeys(o.id for item in made for t in item.terms for o in t.observables if o.id))
    return Finding(
        kind="balance",
        statement=_sentence(made, worst, ends, asked, owner, words, bool(unknown or lacks)),
        verdict=verdict,
        quantity=asked.quantity,
        estimate=made[worst].residual,
        low=-math.inf if unknown else low,
        high=math.inf if unknown else high,
        level=asked.each_level,
        unit=asked.unit,
        supporting=() if verdict == "contradicted" else identifiers,
        opposing=identifiers if verdict == "contradicted" else (),
        caveats=tuple(notes),
        details=details,
    )


def _judge(made: Sequence[Sum], ends: Sequence[tuple[float, float]], asked: Asked, worst: int) -> tuple[Verdict, str]:
    unit = f" {asked.shown_unit}" if asked.shown_unit else ""
    largest = max(max(abs(low), abs(high)) for low, high in ends)
    open_at = [place for place, (low, high) in enumerate(ends) if low > 0 or high < 0]
    within = asked.tolerance is not None and largest <= asked.tolerance
    if open_at:
        side = "too large" if made[worst].residual > 0 else "too small"
        where = "" if len(made) == 1 else f" at {len(open_at)} of {len(made)} states"
        small = f", though the gap is smaller than the declared {asked.tolerance:g}{unit}" if within else ""
        return "contradicted", f"it does not close{where} (the sum is {side}){small}"
    everywhere = "" if len(made) == 1 else f" at all {len(made)} states"
    if within:
        return "supported", f"it closes within the declared {asked.tolerance:g}{unit}{everywhere}"
    bound = f"a residual of up to {number(largest, largest / 3)}{unit} is compatible with the data"
    if asked.tolerance is None:
        return "undecided", f"zero lies inside{everywhere}, but {bound}"
    return "undecided", f"zero lies inside{everywhere}, but {bound}, more than the declared {asked.tolerance:g}{unit}"


def _formula(item: Sum) -> str:
    pieces = []
    for term in item.terms:
        negative = _sign(term.name, item) < 0
        pieces.append((" - " if negative else " + ") + term.name)
    text = "".join(pieces)
    return text[3:] if text.startswith(" + ") else "-" + text[3:]


def _sign(name: str, item: Sum) -> float:
    term = next(term for term in item.terms if term.name == name)
    raw = sum(o.value or 0.0 for o in term.observables)
    return 1.0 if raw == 0 or term.value * raw >= 0 else -1.0


def _sentence(
    made: Sequence[Sum], worst: int, ends: Sequence[tuple[float, float]], asked: Asked, owner: str, words: str, bound: bool
) -> str:  # fmt: skip
    item, (low, high) = made[worst], ends[worst]
    half = (high - low) / 2
    value = number(item.residual, half)
    value = value if value.startswith("-") or float_is_zero(value) else f"+{value}"
    where = (
        ""
        if item.state is None
        else f" is largest against its error at {named(asked.against or '')} {item.state:g} and"
    )
    share = f"{100 * asked.level:.4g} %" + (" band" if len(made) > 1 else " interval")
    wide = " at least as wide as" if bound else ""
    formula = f"{_formula(item)}" + (f" against {item.closes_to:g}" if item.closes_to else "")
    unit = f" {asked.shown_unit}" if asked.shown_unit else ""
    return (
        f"The {named(asked.quantity)}{owner} ({formula}){where} leaves {value}{unit} ({share}{wide} "
        f"{interval_words(low, high, half, asked.shown_unit)}): {words}."
    )
