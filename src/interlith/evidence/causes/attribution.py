"""Which of several rival quantities explains an outcome, or can that not be told from these samples?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from interlith.errors import StudyError, nearest
from interlith.evidence.causes.attribution_figure import figure_of
from interlith.evidence.causes.attribution_table import Table, joined
from interlith.evidence.causes.attribution_verdict import Asked, Judged, settle
from interlith.evidence.causes.attribution_words import (
    blocked_sentence,
    model_name,
    none_sentence,
    overall,
    rival_sentence,
    standing_caveats,
)
from interlith.evidence.causes.trend_fit import Errors
from interlith.evidence.kernel import half_width
from interlith.evidence.selection import Source
from interlith.evidence.wording import named
from interlith.model import Finding, Observable, Statement


def attribution(
    source: Source,
    quantity: str,
    *,
    rivals: Sequence[str],
    against: str | None = None,
    at: Mapping[str, float] | None = None,
    together: int = 2,
    exclude: Mapping[str, str] | None = None,
    errors: Errors = "scaled",
    level: float = 0.95,
    simulated: bool = False,
) -> Statement:
    """Compare rival explanations of an outcome: the answer first, then one finding a rival, then none of them.

    Parameters
    ----------
    source
        Result, outcome of a study, table of observables, or a list of observables and results.
    quantity, rivals
        Name of the outcome, and of quantities of the same samples that might explain it.
    against
        State axis: changes from state to state within each sample are compared, so that what a sample keeps and a steady
        drift of everything do not count. Without it one value a sample is used.
    at
        State at which outcome and rivals are taken, ``{"cycle": 200}``; a value without a state holds at all.
    together
        Largest number of rivals in one explanation.
    exclude
        Sample -> reason.
    errors
        ``scaled``: the outcome's own uncertainties are relative weights and its scatter gives the size; ``stated``: they
        are all the scatter there is. Those of the rivals are always taken at their word.
    level, simulated
        Confidence of intervals, and probability from which on a rival is said to take part; said in statement and figure.

    Returns
    -------
    Statement
        `probability` of a finding is that the rival takes part, among the explanations named, all equally likely before.
        Observables ``effect_of_<rival>_on_<quantity>`` (error of the rival corrected) and ``share_of_<quantity>_by_<rival>``.

    Raises
    ------
    StudyError
        If a quantity or state does not exist, a sample has several values, or an argument is none of the allowed ones.

    Notes
    -----
    The assumption that fails first: nothing hidden goes with a rival (a hidden cause correlated by 0.9 makes it "take
    part" in most simulated studies); then: linear effects. "Not identifiable" where rivals vary within their error,
    inflate each other's variance tenfold, share an error with the outcome, differ between fewer than six variants only,
    or fewer than five comparisons are left. Samples are compared within their variants. Calibration:
    ``benchmarks/attribution_calibration.py``.

    References
    ----------
    Liang et al. 2008, 10.1198/016214507000001337 (evidence). Carroll et al., Measurement Error in Nonlinear Models (2006),
    chapter 4 (calibration of variables measured with error).
    """
    names = _checked(quantity, rivals, errors, together, level)
    table = joined(source, (quantity, *names), against=against, at=dict(at or {}), exclude=dict(exclude or {}))
    asked = Asked(quantity, names, errors, together, level, simulated)
    table, judged = settle(table, asked)
    if judged is None or judged.found is None:
        return _nothing(table, asked, table.blocked or (judged.blocked if judged else ""), judged)
    observables = tuple(item for number in range(len(names)) for item in _observables(table, judged, asked, number))
    each = [_rival(table, judged, asked, number) for number in range(len(names))]
    findings = (_overall(table, judged, asked), *each, _none(table, judged, asked))
    return Statement(findings, observables, (figure_of(table, judged, asked),))


def _checked(quantity: str, rivals: Sequence[str], errors: str, together: int, level: float) -> tuple[str, ...]:
    if isinstance(rivals, str) or not rivals:
        raise StudyError("rivals is a list of names of quantities, such as ['spinel_share', 'defect_density'].")
    names = tuple(rivals)
    if len(set(names)) != len(names) or quantity in names:
        raise StudyError(f"The rivals {', '.join(names)} must differ from each other and from the outcome {quantity}.")
    if len(names) > 6:
        raise StudyError(
            f"{len(names)} rivals are named; more than six cannot be told apart by the samples of a study."
        )
    if errors not in ("scaled", "stated"):
        raise StudyError(f"errors is '{errors}'; {nearest(errors, ('scaled', 'stated'))}.")
    if together not in (1, 2, 3):
        raise StudyError(f"together is {together}; allowed are 1, 2 and 3 rivals in one explanation.")
    if not 0.5 < level < 1:
        raise StudyError(f"level is {level}; a confidence between 0.5 and 1 is needed, such as 0.95.")
    return names


def _nothing(table: Table, asked: Asked, why: str, judged: Judged | None = None) -> Statement:
    words = blocked_sentence(asked, why)
    caveats = standing_caveats(asked, table, None)
    reasons = judged.reasons if judged else {}
    first = Finding("attribution", words, "undecided", asked.quantity, level=asked.level, caveats=caveats)
    rest = [
        Finding(
            "attribution",
            f"Whether the {named(name)} takes part in the {named(asked.quantity)} is not identifiable: {reasons.get(number, why)}.",
            "undecided",
            asked.quantity,
            level=asked.level,
            caveats=caveats,
            details={"rival": name, "not_identifiable": reasons.get(number, why)},
        )
        for number, name in enumerate(asked.rivals)
    ]
    return Statement((first, *rest), (), (figure_of(table, judged, asked),))


def _overall(table: Table, judged: Judged, asked: Asked) -> Finding:
    found = judged.known
    verdict, words = overall(table, judged, asked)
    chances = {
        model_name(subset, judged.names, "and"): float(chance)
        for subset, chance in zip(found.subsets, found.probability, strict=True)
    }
    return Finding(
        kind="attribution",
        statement=words,
        verdict=verdict,
        quantity=asked.quantity,
        level=asked.level,
        probability=max(chances.values()),
        units=_units(table),
        supporting=table.identifiers,
        caveats=standing_caveats(asked, table, judged),
        details={f"probability of {name}": chance for name, chance in chances.items()}
        | {
            "bayes_factor_of_the_best_to_the_next": judged.to_next,
            "comparisons": found.dof,
            "basis": table.basis,
        },
    )


def _units(table: Table) -> dict[str, int]:
    names = list(dict.fromkeys(table.variants))
    return (
        {name or "samples": table.variants.count(name) for name in names}
        if len(names) < 8
        else {"samples": len(table.names)}
    )


def _rival(table: Table, judged: Judged, asked: Asked, number: int) -> Finding:
    verdict, words = rival_sentence(table, judged, asked, number)
    place = judged.place(number)
    found = judged.known
    common = {"rival": asked.rivals[number], "not_identifiable": judged.reasons.get(number, "")}
    if place is None:
        return Finding(
            "attribution", words, verdict, asked.quantity, level=asked.level, units=_units(table),
            caveats=standing_caveats(asked, table, judged), details=common,
        )  # fmt: skip
    alone = next(k for k, subset in enumerate(found.subsets) if subset == (place,))
    return Finding(
        kind="attribution",
        statement=words,
        verdict=verdict,
        quantity=asked.quantity,
        estimate=100 * float(found.share[place]),
        low=100 * float(found.share_low[place]),
        high=100 * float(found.share_high[place]),
        level=asked.level,
        unit="%",
        probability=None if number in judged.reasons else float(found.takes_part(place)),
        units=_units(table),
        supporting=table.identifiers,
        caveats=standing_caveats(asked, table, judged),
        details=common
        | {
            "probability_of_taking_part": float(found.takes_part(place)),
            "probability_alone": float(found.probability[alone]),
            "bayes_factor_alone_to_none": math.exp(min(float(found.log_bayes[alone]), 700.0)),
            "effect": float(found.slope[place]),
            "reliability": float(found.reliability[place]),
            "variance_inflation": float(found.alike[place]),
            "common_error": judged.common[number],
        },
    )


def _none(table: Table, judged: Judged, asked: Asked) -> Finding:
    chance = float(judged.known.probability[0])
    verdict = "supported" if chance >= asked.level else ("contradicted" if chance <= 1 - asked.level else "undecided")
    if judged.open:
        verdict = "undecided"
    return Finding(
        kind="attribution",
        statement=none_sentence(table, judged, asked),
        verdict=verdict,  # type: ignore[arg-type]
        quantity=asked.quantity,
        level=asked.level,
        probability=chance,
        units=_units(table),
        caveats=standing_caveats(asked, table, judged),
        details={"rival": "none of them"},
    )


def _observables(table: Table, judged: Judged, asked: Asked, number: int) -> list[Observable]:
    """Effect of a rival, its shared errors by component, and the share of the variance that it explains."""
    place = judged.place(number)
    if place is None:
        return []
    found, rival = judged.known, asked.rivals[number]
    value, std = float(found.slope[place]), float(found.slope_std[place])
    degrees = math.inf if asked.errors == "stated" else found.dof - 1
    shared = _propagated(table, judged, asked, place, number)
    unknown = dict.fromkeys(table.unknown, math.inf)
    size = math.sqrt(sum(part**2 for part in shared.values()))
    half = math.inf if unknown else float(half_width(np.asarray(std), degrees, asked.level, shared=size))
    unit = f"{table.units[0] or '1'}/({table.units[1 + number] or '1'})"
    flag = judged.reasons.get(number, "")
    effect = Observable(
        f"effect_of_{rival}_on_{asked.quantity}",
        value,
        unit,
        components={f"fit:attribution/{rival}/{asked.quantity}": std} | shared | unknown,
        method=f"slope over {table.basis}, error of the rival corrected",
        flag=flag,
        low=value - half,
        high=value + half,
        level=asked.level,
    )
    low, high = float(found.share_low[place]), float(found.share_high[place])
    share = Observable(
        f"share_of_{asked.quantity}_by_{rival}",
        float(found.share[place]),
        "1",
        components={f"fit:attribution/share/{rival}/{asked.quantity}": (high - low) / 3.92},
        method="squared correlation over the reliability of the rival, Fisher's interval",
        flag=flag,
        low=low,
        high=high,
        level=asked.level,
    )
    return [effect, share]


def _propagated(table: Table, judged: Judged, asked: Asked, place: int, number: int) -> dict[str, float]:
    """Change of the effect by one standard uncertainty of each source that several rows share."""
    parts = {}
    for source, sizes in table.shared.items():
        if not (sizes[:, 0].any() or sizes[:, 1 + number].any()):
            continue
        # Symmetric small steps: the effect is a ratio, whose change by a whole standard uncertainty is not linear.
        step = 1e-3
        ends = [
            _slope(replace(table, values=table.values + sign * step * sizes), judged, asked, place) for sign in (1, -1)
        ]
        parts[source] = (ends[0] - ends[1]) / (2 * step)
    return parts


def _slope(table: Table, judged: Judged, asked: Asked, place: int) -> float:
    return float(judged.compared(table, asked).slope[place])
