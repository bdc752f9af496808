"""Which of several onsets comes first, and how sure is the whole order?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Literal

import numpy as np

from interlith.errors import StudyError
from interlith.evidence.curves import Array
from interlith.evidence.onsets.order_events import Group, Onsets, chance_words, groups_of, onsets_of, wanted
from interlith.evidence.onsets.order_figure import order_figure
from interlith.evidence.wording import named, number
from interlith.model import Finding, Observable, Statement
from interlith.model.finding import Verdict
from interlith.numerics.changes.ordering import precedes


@dataclass(frozen=True, slots=True)
class Pair:
    """Two events of a group: probability that the first precedes the second (nan if unknown), and their distance."""

    first: str
    second: str
    probability: float
    distance: Array | None
    words: str = ""


def order(
    onsets: Onsets,
    *,
    sequence: Sequence[str] | None = None,
    by: Literal["variant", "sample"] = "variant",
    level: float = 0.95,
    simulated: bool = False,
) -> Statement:
    """Probability that one onset precedes another, for each variant and pair, and for the whole declared sequence.

    Parameters
    ----------
    onsets
        What `onset` returned for several quantities, or observables of onsets, all on one axis.
    sequence
        Declared order, by the names of the quantities (``["vacancies", "DoD", "DoO"]``); without it every pair is told in the
        order in which it most probably is.
    by
        One set of findings a ``variant``, or one a ``sample``.
    level
        An order is claimed where its probability is at least 0.5 + level / 2 (0.975): of coinciding onsets, one
        is then said to precede the other in at most 5 %.
    simulated
        Whether the data are simulated.

    Returns
    -------
    Statement
        A finding a pair (estimate: second minus first), and one of the whole order where it has three onsets or more;
        observables ``<second>_after_<first>``.

    Raises
    ------
    StudyError
        If there are fewer than two onsets, the sequence names one that is not there, or a specimen has one twice.

    Notes
    -----
    With two or more specimens of a variant the scatter between them decides (paired Student t where both onsets
    were found in the same specimens); with one, its intervals, tails and asymmetry included, and the verdict for a
    variant is descriptive. What two onsets of a specimen share (its clock, if declared by ``states="common"``) cancels. An onset that was not
    found up to the end of its axis counts as later than that end, which holds only if it is not too small to be found. The
    assumption that fails first: that the two onsets are of one kind. The interval of a kink rests on its form, and a
    rounded curve shifts it. Measured (``benchmarks/order_calibration.py``): over 1,000 pairs a row the share truly in the
    stated order is 0.89-0.93 where 0.87-0.92 were stated; of coinciding onsets one is said to precede in 0.027-0.056.

    References
    ----------
    Cunen, Hermansen and Hjort 2018, confidence distributions of change-points, 10.1016/j.jspi.2017.09.009.
    """
    if not 0 < level < 1:
        raise StudyError(f"level is {level:g}; write a confidence between 0 and 1, for instance 0.95.")
    items = onsets_of(onsets)
    events = wanted(sequence, items)
    unit = items[0].unit
    findings, observables, pairs = list[Finding](), list[Observable](), dict[str, list[Pair]]()
    groups = groups_of(items, events, by, level)
    for group in groups:
        pairs[group.name] = [_pair(group, *two, declared=sequence is not None) for two in combinations(events, 2)]
        for pair in pairs[group.name]:
            made = _finding(group, pair, unit, by, level, sequence is not None, simulated)
            findings.append(made)
            observables.append(_observable(group, pair, made, unit, by))
        if len(events) > 2:
            findings.append(_whole(group, events, by, level, sequence is not None, simulated))
    figure = order_figure(groups, pairs, events, unit, level, simulated)
    return Statement(tuple(findings), tuple(observables), (figure,))


def _pair(group: Group, first: str, second: str, *, declared: bool) -> Pair:
    found, after = group.draws, group.after
    if first in found and second in found:
        chance = precedes(found[first], found[second])
        if not declared and chance < 0.5:
            first, second, chance = second, first, 1.0 - chance
        return Pair(first, second, chance, found[second] - found[first])
    for one, other, forward in ((first, second, True), (second, first, False)):
        if one in found and other in after:
            chance = float(np.mean(found[one] < after[other]))
            words = f"{named(other)} shows no onset up to {_reach(group, other)}"
            if forward or not declared:
                return Pair(one, other, chance, None, words)
            return Pair(first, second, 1.0 - chance, None, words)
    return Pair(first, second, math.nan, None, "; ".join(_why(group, event) for event in (first, second)))


def _reach(group: Group, event: str) -> str:
    """How far an axis was looked at without an onset, with its unit."""
    unit = next(iter(group.events[event].values())).unit
    return f"{group.after[event]:g} {'' if unit == '1' else unit}".rstrip()


def _why(group: Group, event: str) -> str:
    parts = group.events[event]
    if not parts:
        return f"{named(event)} was not looked at"
    if event in group.after:
        return f"{named(event)} shows no onset up to {_reach(group, event)}"
    if event in group.draws:
        return f"{named(event)} has an onset"
    if any(one.value is None for one in parts.values()):
        return f"{named(event)} has an onset in some specimens only"
    return f"the interval of {named(event)} is open"


def _claim(chance: float, level: float, declared: bool, specimens: int, by: str) -> tuple[Verdict, str]:
    """Verdict, and what is said of the order: precedes, follows or nothing."""
    sure = 0.5 + level / 2
    word = "precedes" if chance >= sure else "follows" if chance <= 1.0 - sure else ""
    if not word:
        return "undecided", word
    if by == "variant" and specimens < 2:
        return "descriptive", word
    return ("supported" if word == "precedes" or not declared else "contradicted"), word


def _finding(
    group: Group, pair: Pair, unit: str, by: str, level: float, declared: bool, simulated: bool
) -> Finding:  # fmt: skip
    count = _specimens(group, pair.first, pair.second)
    caveats = ["The data are simulated."] if simulated else []
    caveats += _caveats(group, pair, count)
    where = f"In {group.name}" + ("" if by == "sample" else f" ({count} specimen{'s' if count != 1 else ''})")
    names = f"the onset of {named(pair.first)}", f"that of {named(pair.second)}"
    quantity = f"{pair.second}_after_{pair.first}"
    shown = "" if unit == "1" else unit
    if math.isnan(pair.probability):
        text = f"{where}, the order of {names[0]} and {names[1]} cannot be told: {pair.words}"
        return Finding(
            "order",
            text + ".",
            "undecided",
            quantity,
            level=level,
            unit=unit,
            units={group.name: count},
            caveats=tuple(caveats),
        )
    verdict, word = _claim(pair.probability, level, declared, count, by)
    estimate, low, high = _distance(pair, level)
    chance = pair.probability if word != "follows" else 1.0 - pair.probability
    likely = f"probability {chance_words(chance)}"
    if pair.distance is not None and estimate is not None:
        sign = -1.0 if word == "follows" else 1.0
        ends = sorted((sign * (low or 0.0), sign * (high or 0.0)))
        half = (ends[1] - ends[0]) / 2
        size = f"{number(sign * estimate, half)} {shown}".rstrip()
        likely = (
            f"{100 * level:.4g} % interval {number(ends[0], half)} to {number(ends[1], half)} {shown}".rstrip()
            + f", {likely}"
        )
        by_words = f" by {size}"
    else:
        by_words, likely = "", f"{pair.words}; {likely}"
    if word:
        text = f"{where}, {names[0]} {word} {names[1]}{by_words} ({likely})"
    else:
        text = f"{where}, whether {names[0]} precedes {names[1]} cannot be told ({likely})"
    return Finding(
        "order", text + ".", verdict, quantity, estimate, low, high, level, unit, pair.probability,
        units={group.name: count}, caveats=tuple(caveats), details={"first": pair.first, "second": pair.second},
    )  # fmt: skip


def _distance(pair: Pair, level: float) -> tuple[float | None, float | None, float | None]:
    if pair.distance is None:
        return None, None, None
    low, middle, high = np.quantile(pair.distance, [0.5 - level / 2, 0.5, 0.5 + level / 2])
    return float(middle), float(low), float(high)


def _specimens(group: Group, *events: str) -> int:
    return max(0, min(len(group.events[event]) for event in events))


def _caveats(group: Group, pair: Pair, count: int) -> list[str]:
    words = []
    if count == 1:
        words.append("This is one specimen and says nothing of others.")
    if pair.distance is None and not math.isnan(pair.probability):
        words.append(
            "An onset too small to be found is not excluded; see the largest change compatible in its own finding."
        )
    if pair.distance is not None and not group.paired:
        words.append("The onsets come from different specimens, so nothing that a specimen shares cancels.")
    return words


def _observable(group: Group, pair: Pair, made: Finding, unit: str, by: str) -> Observable:
    alone = by == "sample" or len(group.specimens) == 1
    blank = Observable(
        f"{pair.second}_after_{pair.first}",
        None,
        unit,
        sample=group.specimens[0] if alone else "",
        variant=group.name if by == "variant" else "",
        level=made.level,
        method="difference of onsets",
        flag=pair.words,
    )
    if made.estimate is None or pair.distance is None:
        return blank
    central = np.quantile(pair.distance, [0.158655, 0.841345])
    parts = {f"fit:order/{group.name}/{blank.quantity}": float(central[1] - central[0]) / 2}
    return replace(blank, value=made.estimate, components=parts, low=made.low, high=made.high)


def _whole(
    group: Group, events: Sequence[str], by: str, level: float, declared: bool, simulated: bool
) -> Finding:  # fmt: skip
    count = _specimens(group, *events)
    caveats = ("The data are simulated.",) if simulated else ()
    late = [event for event in events if event in group.after]
    where = f"In {group.name}" + ("" if by == "sample" else f" ({count} specimen{'s' if count != 1 else ''})")
    if len(late) > 1 or any(event not in group.draws and event not in group.after for event in events):
        open_ = [_why(group, event) for event in events if event not in group.draws]
        text = (
            f"{where}, the order of {', '.join(named(event) for event in events)} cannot be told: {'; '.join(open_)}."
        )
        return Finding("order_of_all", text, "undecided", level=level, units={group.name: count}, caveats=caveats)
    size = len(next(iter(group.draws.values())))
    columns = np.column_stack([group.draws.get(event, np.full(size, group.after.get(event, 0.0))) for event in events])
    ranks = np.argsort(columns, axis=1, kind="stable")
    kinds, counts = np.unique(ranks, axis=0, return_counts=True)
    top = [events[k] for k in kinds[int(counts.argmax())]]
    shares = {tuple(int(k) for k in kind): float(each) / size for kind, each in zip(kinds, counts, strict=True)}
    asked = list(events) if declared else top
    chance = shares.get(tuple(events.index(event) for event in asked), 0.0)
    verdict: Verdict = "supported" if chance >= level else "contradicted" if chance <= 1.0 - level else "undecided"
    if verdict != "undecided" and by == "variant" and count < 2:
        verdict = "descriptive"
    text = f"{where}, the order {' before '.join(named(event) for event in asked)} has a probability of {chance_words(chance)}"
    if asked != top:
        text += f"; the most probable order is {' before '.join(named(event) for event in top)} ({chance_words(counts.max() / size)})"
    return Finding(
        "order_of_all", text + ".", verdict, level=level, probability=chance, units={group.name: count}, caveats=caveats,
        details={"order": " < ".join(asked), "most_probable": " < ".join(top)},
    )  # fmt: skip
