"""By how much does a variant differ from the reference, and may that be said of more than these specimens?"""

from __future__ import annotations

import math
from collections.abc import Mapping

from interlith.errors import StudyError, nearest
from interlith.evidence.criteria import Criterion, Judgement, is_primary, read_criterion
from interlith.evidence.details import contrast_details, criterion_details, power_details
from interlith.evidence.estimates import Estimate, Kind
from interlith.evidence.question import Question, effect, judge_contrast
from interlith.evidence.selection import Conditions, Selection, Source, check_conditions, select
from interlith.evidence.units_of_replication import Layout
from interlith.evidence.wording import contrast_sentence, difference_unit, plural
from interlith.model import Finding, Observable, Primary, Replication, Study

#: Ratio of standard deviations beyond which the text warns that the common degrees of freedom are too many.
UNEQUAL_SCATTER = 3.0


def compare(
    observables: Source,
    quantity: str,
    *,
    at: Mapping[str, float] | None = None,
    to: str | None = None,
    kind: Kind = "ratio",
    study: Study | None = None,
    replication: Replication | None = None,
    primary: Primary | None = None,
    number_of_secondary: int | None = None,
    conditions: Conditions | None = None,
    allow_unlike: bool = False,
    exclude: Mapping[str, str] | None = None,
    level: float = 0.95,
) -> tuple[Finding, ...]:
    """Contrast of every variant with the reference: one finding a variant, with interval and verdict.

    Parameters
    ----------
    observables
        A result, several, a table of observables or the observables themselves.
    quantity, at, to
        Which quantity at which state (``{"cycle": 200}``), against which variant; by default the study's reference.
    kind
        ``ratio``: relative change of the geometric mean in per cent of the reference; ``difference``: in the unit of
        the quantity (percentage points where that is per cent).
    study, replication, primary
        Declarations; those passed singly take precedence over those of the study.
    number_of_secondary
        How many contrasts outside the primary endpoint the whole report makes; by default those of this call.
    conditions, allow_unlike
        sample -> condition (``rate``, ``temperature``) -> (value, tolerance, unit); unlike ones only where allowed.
    exclude
        sample -> reason; the result without these samples is given, the one with them stands in ``details``.
    level
        Confidence of the two-sided interval, over all secondary contrasts together.

    Raises
    ------
    StudyError
        If quantity, state, reference or unit of replication do not exist, conditions are unlike, an exclusion has no
        reason, or a ratio is asked of values that are not positive.

    Notes
    -----
    Assumption that fails first: that units (cells) are independent and scatter alike in both variants. The scatter of
    the units carries what differs between them (mass, channel, assembly); what they share is added by component and
    does not average out; outliers are never removed. Values are compared where they exist: a cell that died before the
    state drops out, which favours the variant it belongs to. An error common to one variant only (all its cells on one
    uncalibrated rack) is not in the interval unless it is declared as a shared source.

    References
    ----------
    Pustejovsky and Tipton, 10.1080/07350015.2016.1247004 (cluster variance and degrees of freedom).
    """
    reasons = excluded_samples(study) | dict(exclude or {})
    reference = _reference(to, study)
    if at is not None and not isinstance(at, Mapping):
        raise StudyError(f"The state is '{at}'; write it as a mapping, for instance at={{'cycle': 200}}.")
    at = dict(at or {})
    chosen = select(observables, quantity, at, reasons, needed=(reference,))
    told = check_conditions(chosen.used, conditions or {}, allow_unlike=allow_unlike)
    variants = [name for name in dict.fromkeys(item.variant for item in chosen.everything) if name != reference]
    if not variants:
        raise StudyError(
            f"Only the reference '{reference}' has values of {quantity}; there is nothing to compare it with."
        )
    if kind not in ("ratio", "difference"):
        raise StudyError(f"kind is '{kind}'; {nearest(str(kind), ('ratio', 'difference'))}.")
    rules = replication or (study.replication if study else Replication())
    endpoint = primary or (study.primary if study else None)
    main = endpoint if is_primary(endpoint, quantity, at) else None
    comparisons = 1 if main else max(1, len(variants), number_of_secondary or 0)
    simulated = bool(study and study.simulated)
    question = Question(quantity, at, reference, kind, rules, main, comparisons, level, simulated)
    common = (*chosen.caveats, *told, *_multiplicity(question, endpoint, len(variants)))
    return tuple(_finding(chosen, name, question, common) for name in variants)


def _reference(to: str | None, study: Study | None) -> str:
    name = to or (study.reference if study else None)
    if not name:
        raise StudyError("No reference variant is named; pass to='bare' or declare `reference: bare` in study.yaml.")
    return name


def excluded_samples(study: Study | None) -> dict[str, str]:
    """Samples that the study excludes altogether, with the reason; one that still has an included file stays in."""
    if study is None:
        return {}
    kept = {item.sample.name for item in study.measurements}
    return {item.sample.name: reason for item, reason in study.excluded if item.sample.name not in kept}


def _multiplicity(question: Question, endpoint: Primary | None, variants: int) -> tuple[str, ...]:
    if question.primary is not None:
        if variants == 1:
            return ()
        return (
            f"{variants} variants are compared at the primary endpoint, each at its full level; the chance that at least "
            f"one interval misses is up to {100 * min(1.0, variants * (1 - question.level)):.0f} %.",
        )
    words = [] if endpoint else ["No primary endpoint is declared for this study: the comparison is exploratory."]
    if question.comparisons > 1:
        words.append(
            f"Secondary endpoint: the interval is one of {question.comparisons} that hold together with "
            f"{100 * question.level:g} % confidence (Bonferroni, {100 * question.each_level:.4g} % each)."
        )
    return tuple(words)


def _finding(chosen: Selection, variant: str, question: Question, common: tuple[str, ...]) -> Finding:
    if not any(item.variant == variant for item in chosen.used):
        return _nothing(variant, question, common)
    found, layout = effect(chosen.used, variant, question, question.kind)
    criterion = read_criterion(question.primary, chosen.unit) if question.primary else None
    judged = judge_contrast(chosen, variant, question, criterion)
    details = contrast_details(chosen, variant, question, found, layout)
    if criterion:
        details |= criterion_details(chosen, variant, question, criterion)
    details |= power_details(layout, found, question, criterion)
    low, high = (-math.inf, math.inf) if found.unknown else found.interval()
    if found.unknown:
        details |= {"low_of_known": found.interval()[0], "high_of_known": found.interval()[1]}
    unit = "%" if found.kind == "ratio" else chosen.unit
    against, supporting = _sides(chosen.used, variant, question.reference, found.value)
    return Finding(
        kind=found.kind,
        statement=_statement(found, layout, variant, question, criterion, judged, chosen.unit),
        verdict=judged.verdict,
        quantity=question.quantity,
        estimate=found.value,
        low=low,
        high=high,
        level=question.each_level,
        unit=unit,
        probability=judged.probability,
        units={variant: layout.counts[0], question.reference: layout.counts[1]},
        supporting=supporting,
        opposing=against,
        caveats=(*_caveats(found, layout, question, chosen), *layout.caveats, *common),
        details=details,
    )


def _nothing(variant: str, question: Question, common: tuple[str, ...]) -> Finding:
    words = f"Nothing can be said of {variant}: none of its specimens has a value of {question.quantity} that is not excluded."
    return Finding(question.kind, words, "undecided", question.quantity, units={variant: 0}, caveats=common)


def _statement(
    found: Estimate,
    layout: Layout,
    variant: str,
    question: Question,
    criterion: Criterion | None,
    judged: Judgement,
    unit: str,
) -> str:
    shown_unit = "%" if found.kind == "ratio" else difference_unit(unit)
    text = contrast_sentence(
        found,
        layout,
        (variant, question.reference),
        question.quantity,
        question.at,
        unit=shown_unit,
        of=question.rules.unit,
        relative=found.kind == "ratio" and unit == "%",
    )
    if judged.verdict == "descriptive":
        text = f"In these specimens, {text[0].lower() + text[1:] if text.startswith('The ') else text}"
    if criterion is None:
        return text + "."
    if judged.probability is None:
        return f"{text}; whether it is {criterion.words} cannot be said from these data."
    word = {"supported": "is met", "contradicted": "is not met"}.get(
        judged.verdict, "is neither met nor missed for sure"
    )
    return (
        f"{text}; the criterion '{criterion.words}' {word} (probability {_chance(judged.probability)} that it is met)."
    )


def _chance(probability: float) -> str:
    if probability > 0.999:
        return "over 99.9 %"
    if probability < 0.001:
        return "below 0.1 %"
    return f"{100 * probability:.3g} %"


def _sides(
    items: tuple[Observable, ...], variant: str, reference: str, effect: float
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Observables against the direction of the effect (cells beyond the other group's mean), and those for it."""
    groups = {name: [item for item in items if item.variant == name] for name in (variant, reference)}
    means = {name: sum(item.value or 0.0 for item in group) / len(group) for name, group in groups.items()}
    sign = 1.0 if effect >= 0 else -1.0
    against: list[str] = []
    supporting: list[str] = []
    for name, other, direction in ((variant, reference, sign), (reference, variant, -sign)):
        for item in groups[name]:
            label = item.id or f"{item.sample}/{item.quantity}"
            agrees = direction * ((item.value or 0.0) - means[other]) > 0
            (supporting if agrees else against).append(label)
    return tuple(against), tuple(supporting)


def _caveats(found: Estimate, layout: Layout, question: Question, chosen: Selection) -> tuple[str, ...]:
    words = ["The data are simulated."] if question.simulated else []
    unit = question.rules.unit
    if found.basis == "measurement only":
        words.append(
            f"Below two {plural(unit)} a variant the interval is the measurement only; it says nothing of other specimens."
        )
        if chosen.unit != "%" and not _calibrated(chosen):
            words.append("No calibration uncertainty is declared for every cell, so this interval is a lower bound.")
    if found.basis == "declared spread":
        size, source = question.rules.spread[question.quantity]
        words.append(f"The spread between units is declared, not observed: {100 * size:g} % ({source}).")
    if found.unknown:
        words.append(
            f"The interval is a lower bound, and there is no verdict: {', '.join(found.unknown)} is shared by several units "
            "and of unknown size; declare its uncertainty."
        )
    if found.basis == "replicates" and chosen.unit != "%" and not _calibrated(chosen):
        cancels = "cancels" if found.kind == "ratio" else "scales the difference"
        words.append(
            "No calibration uncertainty is declared for every cell: errors that differ between cells are in their scatter, "
            f"one common to all {cancels}, one common to a single variant would not be seen."
        )
    if found.spread.scatter == 0 and found.basis == "replicates":
        words.append("All units of each variant agree to the last digit, which is no measure of their scatter.")
    return (*words, *_scatter_caveat(layout))


def _calibrated(chosen: Selection) -> bool:
    return all("calibration" in item.includes for item in chosen.used)


def _scatter_caveat(layout: Layout) -> tuple[str, ...]:
    if min(layout.counts) < 2:
        return ()
    sizes = sorted(float(layout.group(side).std(ddof=1)) for side in (True, False))
    if sizes[0] == 0 or sizes[1] / sizes[0] < UNEQUAL_SCATTER:
        return ()
    return (
        f"One variant scatters {sizes[1] / sizes[0]:.1f} times as much as the other; if that is real the interval is "
        "somewhat too narrow, see the Welch interval in the details.",
    )
