"""Within which bound is a quantity unchanged, in place of "no difference was seen"?"""

from __future__ import annotations

import math
from collections.abc import Mapping

from interlith.errors import StudyError
from interlith.evidence.contrasts import excluded_samples
from interlith.evidence.estimates import Estimate, Kind, estimate
from interlith.evidence.selection import Conditions, Selection, Source, check_conditions, select
from interlith.evidence.units_of_replication import Layout, lay_out
from interlith.evidence.wording import basis_words, difference_unit, named, number, state_words, unit_words
from interlith.model import Finding, Replication, Study
from interlith.model.finding import Verdict
from interlith.units import convert, parse


def equivalent(
    observables: Source,
    quantity: str,
    *,
    at: Mapping[str, float] | None = None,
    to: str | None = None,
    bound: str | float | None = None,
    kind: Kind | None = None,
    study: Study | None = None,
    replication: Replication | None = None,
    conditions: Conditions | None = None,
    allow_unlike: bool = False,
    exclude: Mapping[str, str] | None = None,
    level: float = 0.95,
) -> tuple[Finding, ...]:
    """Show that a variant does not differ from the reference by more than a bound: one finding a variant.

    Parameters
    ----------
    observables, quantity, at, to, study, replication, conditions, allow_unlike, exclude
        As for `interlith.evidence.compare`.
    bound
        Largest difference that does not matter: ``"2 %"`` of the reference, or ``"0.1 eV"`` in the unit of the
        quantity; a bare number is in the unit of the quantity. `None` reports the smallest bound that holds.
    kind
        ``ratio`` or ``difference``; by default ``ratio`` for a bound in per cent, else ``difference``.
    level
        Confidence that the difference lies within the bound (two one-sided tests at 1 - level each).

    Raises
    ------
    StudyError
        As `compare`, and if the bound is not positive.
    UnitError
        If the bound has another dimension than the quantity.

    Notes
    -----
    Assumption that fails first: equal scatter of independent units in both variants. ``details["smallest_bound"]`` is
    the smallest bound within which the difference lies at `level`; ``low`` and ``high`` are the ends of the two-sided
    interval at 2 level - 1 (90 %) that belongs to the two one-sided tests.

    References
    ----------
    Schuirmann, 10.1007/BF01068419.
    """
    reference = to or (study.reference if study else None)
    if not reference:
        raise StudyError("No reference variant is named; pass to='bare' or declare `reference: bare` in study.yaml.")
    at = dict(at or {})
    reasons = excluded_samples(study) | dict(exclude or {})
    chosen = select(observables, quantity, at, reasons, needed=(reference,))
    told = check_conditions(chosen.used, conditions or {}, allow_unlike=allow_unlike)
    limit, scale = _bound(bound, kind, chosen.unit)
    rules = replication or (study.replication if study else Replication())
    told = (*chosen.caveats, *told)
    variants = dict.fromkeys(item.variant for item in chosen.used if item.variant != reference)
    return tuple(_one(chosen, (name, reference), at, (limit, scale), rules, level, told) for name in variants)


def _one(
    chosen: Selection,
    names: tuple[str, str],
    at: Mapping[str, float],
    bound: tuple[float | None, Kind],
    rules: Replication,
    level: float,
    told: tuple[str, ...],
) -> Finding:
    limit, scale = bound
    layout = lay_out(chosen.used, *names, rules, logarithmic=scale == "ratio")
    quantity = chosen.used[0].quantity
    effect = estimate(layout, scale, quantity=quantity, rules=rules, level=2 * level - 1)
    return _finding(effect, layout, chosen, names, at, limit, rules, level, (*layout.caveats, *told))


def _bound(bound: str | float | None, kind: Kind | None, unit: str) -> tuple[float | None, Kind]:
    if bound is None:
        return None, kind or "difference"
    value = parse(bound, what="the bound")
    scale: Kind = kind or ("ratio" if value.unit == "%" else "difference")
    if scale == "ratio":
        limit = convert(value.value, value.unit or "%", "%")
    else:
        limit = value.value if value.unit == "" else value.to(unit).value if value.unit != "degC" else value.value
    if not limit > 0:
        raise StudyError(f"The bound is {bound}; it must be positive.")
    return limit, scale


def _finding(
    effect: Estimate,
    layout: Layout,
    chosen: Selection,
    names: tuple[str, str],
    at: Mapping[str, float],
    limit: float | None,
    rules: Replication,
    level: float,
    caveats: tuple[str, ...],
) -> Finding:
    low, high = (-math.inf, math.inf) if effect.unknown else effect.interval()
    smallest = max(abs(low), abs(high))
    verdict, probability = _judge(effect, smallest, limit, level)
    unit = "%" if effect.kind == "ratio" else difference_unit(chosen.unit)
    if effect.unknown:
        caveats = (f"Lower bound: {', '.join(effect.unknown)} is of unknown size.", *caveats)
    quantity = chosen.used[0].quantity
    labels = tuple(item.id or f"{item.sample}/{quantity}" for item in chosen.used if item.variant in names)
    return Finding(
        kind="equivalence",
        statement=_statement(effect, layout, names, quantity, at, (limit, smallest, unit), rules.unit, verdict, level),
        verdict=verdict,
        quantity=quantity,
        estimate=effect.value,
        low=low,
        high=high,
        level=effect.level,
        unit="%" if effect.kind == "ratio" else chosen.unit,
        probability=probability,
        units=dict(zip(names, layout.counts, strict=True)),
        supporting=labels if verdict != "contradicted" else (),
        opposing=labels if verdict == "contradicted" else (),
        caveats=caveats,
        details={
            "variant": names[0],
            "reference": names[1],
            **at,
            "bound": limit,
            "smallest_bound": smallest,
            "bound_level": level,
            "basis": effect.basis,
            "degrees_of_freedom": effect.spread.degrees,
        },
    )


def _judge(effect: Estimate, smallest: float, limit: float | None, level: float) -> tuple[Verdict, float | None]:
    if effect.basis in ("measurement only", "these batches") or limit is None:
        return "descriptive", None
    if effect.unknown or not math.isfinite(smallest) or effect.spread.scatter == 0:
        return "undecided", None
    below = -limit if effect.kind == "difference" or limit < 100 else -100.0
    inside = effect.probability_above(below) - effect.probability_above(limit)
    if smallest <= limit:
        return "supported", inside
    low, high = effect.interval(level)
    return ("contradicted" if low > limit or high < -limit else "undecided"), inside


def _statement(
    effect: Estimate,
    layout: Layout,
    names: tuple[str, str],
    quantity: str,
    at: Mapping[str, float],
    sizes: tuple[float | None, float, str],
    of: str,
    verdict: Verdict,
    level: float,
) -> str:
    limit, smallest, unit = sizes
    subject = f"{named(quantity)} of {names[0]}{state_words(at)}"
    within = f"{number(smallest, smallest)} {unit}".rstrip()
    counts = unit_words(layout, of)
    if not math.isfinite(smallest):
        return f"No bound can be given for the change of the {subject} against {names[1]} ({counts})."
    if effect.basis in ("measurement only", "these batches"):
        return (
            f"In these specimens, the {subject} lies within {within} of that of {names[1]} "
            f"({basis_words(effect, effect.level)}, {counts})."
        )
    text = f"The {subject} lies within {within} of that of {names[1]} ({100 * level:g} % confidence, {counts})"
    if limit is None:
        return f"{text}; no bound was declared."
    word = {"supported": "which is inside", "contradicted": "and certainly outside"}.get(
        verdict, "which does not show that it is inside"
    )
    return f"{text}, {word} the declared bound of {limit:g} {unit}".rstrip() + "."
