"""How do the changes of one curve read in a report, and which observables come of them?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from interlith.evidence.curves import Curve
from interlith.evidence.onsets.onset_curve import Analysis, Options, Placed
from interlith.evidence.wording import named, number
from interlith.model import Finding, Observable, State
from interlith.model.finding import Verdict
from interlith.numerics.changes.change_forms import BETWEEN_STATES

ORDINALS = ("first", "second", "third")
#: Probability of no onset above which a found one is called barely found: 0.81 of their intervals hold the truth.
BARELY = 0.005
FORM_WORDS = {
    "kink": "kink",
    "step": "step",
    "jump": "jump between two lines",
    "plateau_end": "end of a plateau",
    "plateau_start": "beginning of a plateau",
}


def onset_name(quantity: str, place: int, several: bool) -> str:
    """``onset_of_resistance``, or ``second_onset_of_resistance`` where there are several."""
    return f"{ORDINALS[place]}_onset_of_{quantity}" if several else f"onset_of_{quantity}"


def axis_unit(curve: Curve) -> str:
    """Unit of the axis as it is shown."""
    return "" if curve.axis_unit == "1" else curve.axis_unit


def placed_words(curve: Curve, value: str) -> str:
    """``4.41 V``, or ``cycle 60`` on an axis without a unit."""
    return f"{named(curve.axis)} {value}" if curve.axis_unit == "1" else f"{value} {curve.axis_unit}"


def _who(curve: Curve) -> str:
    return "" if curve.name == "all" else f" of {curve.name}"


def observables_of_changes(item: Analysis, options: Options) -> tuple[Observable, ...]:
    """Observables of the changes of a curve; one without a value where none is found."""
    curve = item.curve
    owner = curve.samples[0] if len(curve.samples) == 1 else curve.name
    blank = Observable("", None, curve.axis_unit, owner, variant=curve.variant, level=options.level)
    if not item.placed:
        name = onset_name(curve.quantity, 0, False)
        reach = State(curve.axis, float(curve.x[-1]), float(curve.x[0]), float(curve.x[-1]), curve.axis_unit)
        if item.why:
            return (replace(blank, quantity=name, method=f"change along {curve.axis}", flag=item.why),)
        words = f"no onset up to {placed_words(curve, f'{curve.x[-1]:g}')}"
        method = f"change along {curve.axis}"
        return (replace(blank, quantity=name, state=reach, method=method, flag=words),)
    made = []
    for place, one in enumerate(item.placed):
        name = onset_name(curve.quantity, place, len(item.placed) > 1)
        fit = f"fit:onset/{owner}/{name}"
        parts = {fit: one.position.std, **one.parts, **dict.fromkeys(one.unknown, math.inf)}
        low, high = (-math.inf, math.inf) if one.unknown else (one.low, one.high)
        method = f"{FORM_WORDS[item.form]} along {curve.axis}, likelihood ratio with simulated critical values"
        made.append(
            replace(
                blank,
                quantity=name,
                value=one.value,
                components=parts,
                low=low,
                high=high,
                method=method,
                flag=_flag(one),
            )
        )
    return tuple(made)


def _flag(one: Placed) -> str:
    ends = [name for name, there in (("lower", one.position.open_low), ("upper", one.position.open_high)) if there]
    return f"the {' and '.join(ends)} end of the axis cannot be excluded" if ends else ""


def finding_of(
    item: Analysis, observables: Sequence[Observable], options: Options, relevant: float | None, simulated: bool
) -> list[Finding]:
    """One finding a change, or one that says that there is none, or that nothing can be said."""
    curve = item.curve
    caveats = (["The data are simulated."] if simulated else []) + list(item.notes) + _outlier_words(item)
    if len(curve.samples) == 1:
        caveats.append("This is one specimen and says nothing of others.")
    if item.presence is None:
        text = f"Nothing can be said of an onset of the {named(curve.quantity)}{_who(curve)}: {item.why}"
        return [
            Finding("onset", text, "undecided", observables[0].quantity, level=options.level, caveats=tuple(caveats))
        ]
    if not item.placed:
        return [_no_onset(item, options, relevant, tuple(caveats))]
    return [
        _one(item, place, observables[place], options, tuple(caveats + _caveats(item, place)))
        for place in range(len(item.placed))
    ]


def _one(
    item: Analysis, place: int, observable: Observable, options: Options, caveats: tuple[str, ...]
) -> Finding:  # fmt: skip
    one, curve = item.placed[place], item.curve
    everywhere = one.position.open_low and one.position.open_high
    verdict: Verdict = "undecided" if one.unknown or everywhere or item.smooth_better else "supported"
    unit, half = axis_unit(curve), (one.high - one.low) / 2
    ends = f"{number(one.low, half)} to {number(one.high, half)} {unit}".rstrip()
    wide = "at least as wide as " if one.unknown else ""
    bracket = f"({100 * options.level:.4g} % interval {wide}{ends}, {FORM_WORDS[item.form]})"
    at = placed_words(curve, number(one.value, half))
    subject = f"The {named(curve.quantity)}{_who(curve)}"
    text = f"{subject} {_verb(item, place, at)} {bracket}"
    if everywhere:
        text = f"{subject} changes along the {named(curve.axis)}, but where cannot be told {bracket}"
    if item.smooth_better:
        text += "; a smooth bend describes the values better than a sharp change, so whether there is an onset is open"
    low, high = (-math.inf, math.inf) if one.unknown else (one.low, one.high)
    return Finding(
        kind="onset", statement=text + ".", verdict=verdict, quantity=observable.quantity, estimate=one.value, low=low,
        high=high, level=options.level, unit=curve.axis_unit, supporting=curve.identifiers, caveats=caveats,
        details=_details(item, place),
    )  # fmt: skip


def _verb(item: Analysis, place: int, at: str) -> str:
    assert item.model is not None
    sizes = item.model.sizes
    if item.form in ("step", "jump"):
        size = float(sizes[place if item.form == "step" else 0])
        return f"{'rises' if size > 0 else 'falls'} by a step at {at}"
    if item.form == "plateau_start" or (item.form == "plateau_end" and place == 1):
        return f"levels off at {at}"
    if item.form == "plateau_end":
        return f"{'rises' if sizes[0] > 0 else 'falls'} from {at} on"
    slopes = [float(item.model.coefficients[1]) + float(sizes[:k].sum()) for k in (place, place + 1)]
    if abs(slopes[1]) < 0.1 * abs(slopes[0]):
        return f"levels off at {at}"
    if abs(slopes[0]) < 0.1 * abs(slopes[1]):
        return f"{'rises' if slopes[1] > 0 else 'falls'} from {at} on"
    if slopes[0] * slopes[1] < 0:
        return f"turns from {'falling to rising' if slopes[1] > 0 else 'rising to falling'} at {at}"
    steep = "more steeply" if abs(slopes[1]) > abs(slopes[0]) else "less steeply"
    return f"{'rises' if slopes[1] > 0 else 'falls'} {steep} from {at} on"


def _no_onset(item: Analysis, options: Options, relevant: float | None, caveats: tuple[str, ...]) -> Finding:
    assert item.presence is not None
    assert item.bound is not None
    curve, bound = item.curve, item.bound
    unit = "" if curve.unit == "1" else f" {curve.unit}"
    reach = f"from {placed_words(curve, f'{curve.x[0]:g} to {curve.x[-1]:g}')}"
    most = f"{number(bound.departure, bound.departure)}{unit}"
    without = {0: "a constant", 1: "a straight line", 2: "a parabola"}[options.degree]
    text = (
        f"No onset of the {named(curve.quantity)}{_who(curve)} is found {reach}: {without} describes it (probability "
        f"{item.presence.probability:.2g}), and with {100 * options.level:.4g} % confidence a change makes it depart from a "
        f"straight line by {most} at most"
    )
    verdict: Verdict = "descriptive"
    if relevant is not None:
        verdict = "supported" if bound.departure < relevant else "undecided"
        word = "below" if verdict == "supported" else "not below"
        text += f", {word} the {relevant:g}{unit} that matter"
    words = (
        *caveats,
        "That none is found does not exclude an onset smaller than this bound, or beyond the end of the axis.",
    )
    details = _common_details(item) | {
        "largest_departure": bound.departure,
        "largest_departure_if_from": bound.position,
        "change_of_line_over_axis": bound.change,
        "change_of_line_over_axis_std": bound.change_error,
    }
    return Finding(
        kind="no_onset", statement=text + ".", verdict=verdict, quantity=onset_name(curve.quantity, 0, False),
        level=options.level, unit=curve.axis_unit, supporting=curve.identifiers, caveats=words, details=details,
    )  # fmt: skip


def _common_details(item: Analysis) -> dict[str, float | int | str | None]:
    assert item.presence is not None
    rivals = item.rivals
    details: dict[str, float | int | str | None] = {
        "form": item.form,
        "probability_without": item.presence.probability,
        "points": len(item.curve),
    }
    if len(rivals) > 1:
        details |= {"runner_up": rivals[1][0], "margin": rivals[1][1] - rivals[0][1]}
    return details


def _details(item: Analysis, place: int) -> dict[str, float | int | str | None]:
    assert item.model is not None
    one, sizes = item.placed[place], item.model.sizes
    details = _common_details(item) | {
        "number_of_changes": len(item.placed),
        "size": float(sizes[min(place, len(sizes) - 1)]),
        "low_without_states_and_shared": one.position.low,
        "high_without_states_and_shared": one.position.high,
        "probability_if_parabola": item.smooth,
    }
    if one.unknown:
        details |= {"low_of_known": one.low, "high_of_known": one.high}
    for more, chance in enumerate(item.further):
        details[f"probability_without_{ORDINALS[min(more + 1, 2)]}"] = chance
    return details


def _outlier_words(item: Analysis) -> list[str]:
    curve = item.curve
    return [
        f"The point at {curve.x[k]:g} {axis_unit(curve)} ({curve.y[k]:.4g} {curve.unit}) lies far off and is left out."
        for k in range(len(item.kept))
        if not item.kept[k]
    ]


def _caveats(item: Analysis, place: int) -> list[str]:
    one, curve, words = item.placed[place], item.curve, list[str]()
    unit = axis_unit(curve)
    states = sorted(set(curve.x.tolist()))
    before = [state for state in states if state <= one.value]
    after = [state for state in states if state > one.value]
    if item.form in BETWEEN_STATES and before and after:
        words.append(
            f"The change lies between two states ({before[-1]:g} and {after[0]:g} {unit}); nothing in between was measured."
        )
    elif before and after and one.high - one.low < after[0] - before[-1]:
        words.append(
            f"The place within the gap from {before[-1]:g} to {after[0]:g} {unit} rests on the form ({FORM_WORDS[item.form]}), not "
            "on a measured point."
        )
    if min(len(before), len(after)) <= 1:
        lonely = (before or after)[0] if len(before) <= 1 else after[-1]
        words.append(f"It rests on the single state {lonely:g} {unit}; one wrong point there would look the same.")
    if one.position.open_low != one.position.open_high:
        words.append(
            f"The interval reaches the {'lower' if one.position.open_low else 'upper'} end of the axis; beyond it nothing is known."
        )
    if item.presence is not None and item.presence.probability > BARELY:
        words.append(
            f"It is barely told from none (probability {item.presence.probability:.2g}); onsets that are found by luck are placed "
            "worse than their interval says."
        )
    if one.position.pieces > 1:
        words.append(f"The set of positions has {one.position.pieces} separate parts; the interval is their hull.")
    if item.smooth is not None and item.smooth >= 0.05 and not item.smooth_better:
        words.append(f"A smooth bend (parabola) is not excluded (probability {item.smooth:.2g}).")
    rivals = item.rivals
    if len(rivals) > 1 and rivals[1][1] - rivals[0][1] < 6:
        words.append(
            f"Runner-up form: {FORM_WORDS[rivals[1][0]]}, behind by {rivals[1][1] - rivals[0][1]:.1f} in the information criterion."
        )
    if one.unknown:
        words.append(f"The interval is a lower bound, as the size of {', '.join(one.unknown)} is unknown; declare it.")
    return words
