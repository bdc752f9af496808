"""Which event of one log is which event of another, and could it as well be the one beside it?

Every pair of events of the one log whose distance recurs in the other proposes a relation of the clocks; each proposal
grows from its two events outwards, and the one that makes the events most probable wins. Then two questions are asked:
would unrelated logs match as well (`Match.chance`), and does a relation that pairs the events differently leave hardly
more of them without a partner (`Match.rival`)? Equal cycles of charge and discharge do exactly that.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from interlith.errors import FitError
from interlith.numerics.clocks.event_proposals import GATE, Marks, Window, nearest, normals_of, prior, proposals, solved

Array = NDArray[np.float64]

#: Standard uncertainties are tried as declared and inflated by these factors (latencies that nobody declared).
INFLATIONS = (1.0, 3.0, 10.0)
#: An event in the time that both logs cover is taken to be missing from one of them at least this often.
LEAST_MISSING = 0.1
#: Logs meant for each other run together for at least this share of the shorter one; a relation with less is no rival.
LEAST_COMMON = 0.5
#: Different relations that are looked at closely.
_FINALISTS = 40
#: Largest probability of a chance match at which another relation is a rival at all.
RIVAL_CHANCE = 0.01


@dataclass(frozen=True, slots=True)
class Match:
    """A correspondence of events.

    Parameters
    ----------
    pairs
        Indices into the first and second events, shape (k, 2), ascending.
    offset, drift
        Second minus first at `middle` (s), and its change per second.
    unmatched
        Events without a partner in the time that both logs cover, in either log.
    inflation
        Factor on the declared standard uncertainties at which the events are most probable.
    chance
        Bound on the probability that unrelated events match as well.
    rival
        Offset at `middle` (s) of the best relation that pairs the events differently, nan where there is none.
    rival_pairs, rival_unmatched
        Its pairs, and the events that it leaves without a partner.
    lead
        Logarithm of the odds against the rival, by its unmatched events and its scatter; inf where there is no rival.
    """

    pairs: NDArray[np.intp]
    offset: float
    drift: float
    middle: float
    unmatched: int
    inflation: float
    chance: float
    rival: float = math.nan
    rival_pairs: int = 0
    rival_unmatched: int = 0
    lead: float = math.inf


@dataclass(frozen=True, slots=True)
class _Relation:
    """One relation with the pairs it makes; `score` is a log-likelihood against unrelated events, `overlap` the fewer of
    the events in the time that both logs cover, `common` that time over the shorter log's."""

    offset: float
    drift: float
    pairs: NDArray[np.intp]
    unmatched: int
    chi_square: float
    score: float
    overlap: int
    common: float


def correspond(marks: Marks, window: Window) -> Match:
    """Find the most probable correspondence of two sets of events.

    Parameters
    ----------
    marks
        The events.
    window
        Where to look.

    Raises
    ------
    FitError
        If no relation in the window pairs at least two events (one where `window.near` is given).
    """
    best: tuple[float, list[_Relation], float] | None = None
    for inflation in INFLATIONS:
        relations = _relations(marks, window, inflation)
        if relations and (best is None or relations[0].score > best[0]):
            best = (relations[0].score, relations, inflation)
        if best is not None and inflation == 1.0 and _settled(marks, window, best[1][0]):
            break
    if best is None:
        where = "" if window.near is None else f" with an offset of {window.near:g} +- {window.tolerance:g} s"
        raise FitError(
            f"No relation{where} pairs the {marks.first.size} events of the one log with the {marks.second.size} of the other; "
            "check that both logs show the same events, or declare offset and drift."
        )
    _, relations, inflation = best
    return _judge(marks, window, relations, inflation)


def _settled(marks: Marks, window: Window, winner: _Relation) -> bool:
    """Whether larger uncertainties could not bring in more pairs of a relation that is more than chance."""
    if _chance(marks, window, winner, 1.0) > RIVAL_CHANCE:
        return False
    return len(_pairs(marks, INFLATIONS[-1], winner.offset, winner.drift)) == len(winner.pairs)


def _judge(marks: Marks, window: Window, relations: list[_Relation], inflation: float) -> Match:
    winner = relations[0]
    missing = max(LEAST_MISSING, winner.unmatched / (2 * len(winner.pairs) + winner.unmatched))
    chance = _chance(marks, window, winner, inflation)
    rival, lead = None, math.inf
    for other in relations[1:]:
        if _shared(winner, other) > 0.5 or other.common < LEAST_COMMON:
            continue
        if chance > RIVAL_CHANCE:
            # What chance could have made is told from its rivals by likelihood alone.
            behind = winner.score - other.score
        elif _chance(marks, window, other, inflation) <= RIVAL_CHANCE:
            behind = (other.unmatched - winner.unmatched) * -math.log(missing)
            behind += _looser(winner, other)
        else:
            continue
        if behind < lead:
            rival, lead = other, behind
    found = Match(winner.pairs, winner.offset, winner.drift, marks.middle, winner.unmatched, inflation, chance)
    if rival is None:
        return found
    return Match(
        winner.pairs, winner.offset, winner.drift, marks.middle, winner.unmatched, inflation, chance,
        rival.offset, len(rival.pairs), rival.unmatched, max(lead, 0.0),
    )  # fmt: skip


def _looser(winner: _Relation, other: _Relation) -> float:
    """What the larger scatter of another relation says against it: minus the logarithm of the probability of such an F.

    The plain ratio of likelihoods would not do: in exactly equal cycles both scatters are the same noise, and their
    difference grows with the number of events all the same.
    """
    freedom, other_freedom = max(len(winner.pairs) - 2, 1), max(len(other.pairs) - 2, 1)
    ratio = other.chi_square / other_freedom / max(winner.chi_square / freedom, 1.0)
    return max(0.0, -math.log(max(2 * float(special.fdtrc(other_freedom, freedom, ratio)), 1e-300)))


def _shared(one: _Relation, other: _Relation) -> float:
    mine = {(int(i), int(j)) for i, j in one.pairs}
    return sum((int(i), int(j)) in mine for i, j in other.pairs) / max(len(other.pairs), 1)


def _chance(marks: Marks, window: Window, relation: _Relation, inflation: float) -> float:
    """Bound on the probability that unrelated events would make as many pairs in any relation of the window.

    Two pairs are used up by offset and drift; the others must fall together by chance; as many relations are tried as
    there are distinct offsets and drifts.
    """
    std = inflation * math.sqrt(float(np.median(marks.first_std)) ** 2 + float(np.median(marks.second_std)) ** 2)
    length = max(float(np.ptp(marks.first)), std)
    hit = -math.expm1(-2 * 3 * std * _density(marks.second, marks.second_span))
    drifts = max(1.0, window.drift_limit * length / (3 * std))
    used = 2 if drifts > 1 else 1
    places = float(marks.first.size * marks.second.size)
    if window.near is not None:
        places = min(places, max(1.0, window.tolerance / (3 * std)))
    more, among = len(relation.pairs) - used, max(relation.overlap, len(relation.pairs)) - used
    if more <= 0:
        return 1.0
    return float(min(1.0, places * drifts * special.bdtrc(more - 1, among, min(hit, 1.0))))


def _density(events: Array, span: tuple[float, float]) -> float:
    return events.size / max(span[1] - span[0], 1e-9)


def _relations(marks: Marks, window: Window, inflation: float) -> list[_Relation]:
    """Distinct relations, the most probable first."""
    offsets, drifts = (found[:_FINALISTS] for found in proposals(marks, window, inflation))
    found = [_settle(marks, window, inflation, *relation) for relation in zip(offsets, drifts, strict=True)]
    fewest = 2 if window.near is None else 1
    inside = [one for one in found if len(one.pairs) >= fewest and _within(marks, window, one)]
    unique = {one.pairs.tobytes(): one for one in inside}
    return sorted(unique.values(), key=lambda one: -one.score)


def _within(marks: Marks, window: Window, relation: _Relation) -> bool:
    # A drift just beyond the limit is the limit's own uncertainty, not another clock.
    std = math.sqrt(float(np.median(marks.first_std)) ** 2 + float(np.median(marks.second_std)) ** 2)
    slack = 3 * GATE * std / max(float(np.ptp(marks.first)), std)
    if abs(relation.drift - window.drift) > window.drift_limit + slack:
        return False
    if window.near is None:
        return True
    there = relation.offset + relation.drift * (window.at - marks.middle)
    return abs(there - window.near) <= window.tolerance


def _settle(marks: Marks, window: Window, inflation: float, offset: float, drift: float) -> _Relation:
    """Pair one to one, fit, pair again; count what is left without a partner where both logs were running."""
    x = marks.first - marks.middle
    for _ in range(3):
        i, j = _pairs(marks, inflation, offset, drift).T
        if i.size == 0:
            break
        weight = 1 / (inflation**2 * (marks.first_std[i] ** 2 + marks.second_std[j] ** 2))
        normal = normals_of(weight, x[i], marks.second[j] - marks.first[i]).sum(0) + prior(window)
        offset, drift = (float(number) for number in solved(normal))
    pairs = _pairs(marks, inflation, offset, drift)
    i, j = pairs.T
    variance = inflation**2 * (marks.first_std[i] ** 2 + marks.second_std[j] ** 2)
    apart = marks.second[j] - marks.first[i] - offset - drift * x[i]
    chi_square = float(np.sum(apart**2 / variance))
    expected = marks.first + offset + drift * x
    returned = marks.middle + (marks.second - marks.middle - offset) / (1 + drift)
    here = (expected >= marks.second_span[0]) & (expected <= marks.second_span[1])
    there = (returned >= marks.first_span[0]) & (returned <= marks.first_span[1])
    here[i], there[j] = True, True
    unmatched = int(here.sum() + there.sum()) - 2 * len(pairs)
    # Events are at least as rare as their own uncertainty allows, also where a log shows a single one.
    rarity = np.minimum(np.sqrt(2 * np.pi * variance) * _density(marks.second, marks.second_span), 1.0)
    gain = -np.log(rarity)
    score = float(gain.sum()) - chi_square / 2 + _partners(len(pairs), unmatched)
    overlap = int(min(here.sum(), there.sum()))
    start, end = (edge + offset + drift * (edge - marks.middle) for edge in marks.first_span)
    both = min(end, marks.second_span[1]) - max(start, marks.second_span[0])
    shorter = min(end - start, marks.second_span[1] - marks.second_span[0])
    common = both / shorter if shorter > 0 else 1.0
    return _Relation(offset, drift, pairs, unmatched, chi_square, score, overlap, common)


def _partners(pairs: int, unmatched: int) -> float:
    """Largest log-probability that of these events so many have a partner and so many have none."""
    missing = min(max(unmatched / max(2 * pairs + unmatched, 1), 0.02), 0.98)
    return 2 * pairs * math.log1p(-missing) + unmatched * math.log(missing)


def _pairs(marks: Marks, inflation: float, offset: float, drift: float) -> NDArray[np.intp]:
    """Events that are each other's nearest within the gate; such pairs never cross."""
    expected = marks.first + offset + drift * (marks.first - marks.middle)
    forth = nearest(marks.second, expected)
    back = nearest(expected, marks.second)
    number = np.arange(expected.size)
    std = inflation * np.sqrt(marks.first_std**2 + marks.second_std[forth] ** 2)
    taken = (back[forth] == number) & (np.abs(marks.second[forth] - expected) <= GATE * std)
    return np.stack((number[taken], forth[taken]), axis=1)
