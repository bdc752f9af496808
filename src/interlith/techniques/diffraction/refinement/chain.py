"""How does a series go from pattern to pattern: forth, back, each by itself, or from the nearest good one?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from interlith.errors import FitError
from interlith.techniques.diffraction.refinement.attempt import Points
from interlith.techniques.diffraction.refinement.members import Member
from interlith.techniques.diffraction.refinement.one import Fitted, refine_fresh, refine_from
from interlith.techniques.diffraction.refinement.setup import Setup

Start = Literal["previous", "forward", "backward", "fresh", "nearest-good", "own"]
STARTS = ("previous", "forward", "backward", "fresh", "nearest-good")

#: Chi squared per degree of freedom over that of good neighbours beyond which a pattern is tried afresh, and beyond which it is
#: not believed.
_SUSPECT, _UNLIKE = 1.5, 4.0
#: Patterns before it, in the end about it, that a pattern is compared with.
_MEMORY = 9
_ABOUT = [away for away in range(-(_MEMORY // 2), _MEMORY // 2 + 1) if away]


@dataclass(frozen=True, slots=True, eq=False)
class Refined:
    """A member of the series with what came of it."""

    member: Member
    fitted: Fitted | None
    reason: str = ""
    seed: int | None = None

    @property
    def good(self) -> bool:
        """Whether its numbers may be used, and start a neighbour."""
        return self.fitted is not None and not self.reason


def refined_series(
    setup: Setup, members: Sequence[Member], *, start: Start = "previous", known: Mapping[int, Mapping[str, float]] | None = None,
    before: Mapping[int, float] | None = None,
) -> list[Refined]:  # fmt: skip
    """All members refined, in their order.

    Parameters
    ----------
    setup
        Of the series.
    members
        In order.
    start
        ``previous`` (also ``forward``) from the last good pattern before, ``backward`` from the one behind, ``fresh`` each by
        itself, ``nearest-good`` from the nearest good one on either side, ``own`` from what is known of itself.
    known
        Number of a pattern -> values of its names from an earlier refinement: good patterns that may start others.
    before
        Number of a pattern -> chi squared per degree of freedom of good patterns of an earlier refinement: with them the new ones are
        compared too.

    Notes
    -----
    A pattern that ended badly is tried afresh and the lower cost kept. One that failed, or is much worse than the good ones
    before it, never starts a neighbour.
    """
    order = list(members) if start != "backward" else list(reversed(members))
    seeds = {number: dict(values) for number, values in (known or {}).items()}
    found: dict[int, Refined] = {}
    own = {one.number for one in members}
    others = {number: cost for number, cost in (before or {}).items() if number not in own}
    near = sorted(others, key=lambda number: abs(number - order[0].number)) if order else []
    costs = [others[number] for number in near[:_MEMORY]]
    for one in order:
        seed = None if start == "fresh" else _nearest(one.number, seeds, start)
        made = _one(setup, one, None if seed is None else (seed, seeds[seed]), costs)
        found[one.number] = made
        if made.fitted is not None and made.fitted.converged:
            # Those that are not believed count too: where a whole part of a series is worse, it is so for a reason.
            costs = [*costs, made.fitted.reduced_cost][-_MEMORY:]
        if made.good and made.fitted is not None and start != "fresh":
            seeds[one.number] = made.fitted.named
    return _judged([found[one.number] for one in members], others)


def _judged(series: Sequence[Refined], others: Mapping[int, float]) -> list[Refined]:
    """The series with patterns taken back that are much worse than their neighbours on both sides."""
    costs = dict(others)
    for one in series:
        if one.fitted is not None and one.fitted.converged:
            costs[one.member.number] = one.fitted.reduced_cost
    out = []
    for one in series:
        number = one.member.number
        near = [costs[number + away] for away in _ABOUT if number + away in costs]
        if number not in costs or not near:
            out.append(one)
            continue
        usual, said = float(np.median(near)), ""
        if costs[number] > _UNLIKE * usual:
            said = (
                f"chi squared per degree of freedom is {costs[number]:.3g}, that of the patterns about it {usual:.3g}"
            )
        out.append(replace(one, reason=said))
    return out


def _nearest(number: int, seeds: Mapping[int, Mapping[str, float]], start: str) -> int | None:
    """The good pattern that a pattern starts from."""
    if start == "own" and number in seeds:
        return number
    if start in ("previous", "forward"):
        allowed = [one for one in seeds if one < number] or list(seeds)
    elif start == "backward":
        allowed = [one for one in seeds if one > number] or list(seeds)
    else:
        allowed = [one for one in seeds if one != number] or list(seeds)
    return min(allowed, key=lambda one: abs(one - number), default=None)


def _one(setup: Setup, member: Member, seed: tuple[int, Mapping[str, float]] | None, costs: Sequence[float]) -> Refined:
    if member.points is None:
        return Refined(member, None, member.reason)
    usual = float(np.median(costs)) if costs else None
    best, reason, origin = None, "", None
    if seed is not None:
        best, reason = _tried(setup, member.points, seed[1])
        origin = seed[0]
    if best is None or not best.converged or (usual is not None and best.reduced_cost > _SUSPECT * usual):
        other, said = _tried(setup, member.points, None)
        if other is not None and (best is None or _better(other, best)):
            best, origin = other, None
        reason = reason or said
    if best is None:
        return Refined(member, None, reason)
    if not best.converged:
        return Refined(member, best, best.fit.reason(0), origin)
    if len(best.held) == len(setup.phases):
        return Refined(
            member,
            None,
            "none of the phases is seen: are wavelength, limits and cells right, is a phase missing?",
            origin,
        )
    if usual is not None and best.reduced_cost > _UNLIKE * usual:
        return Refined(member, best, "worse than the patterns before it", origin)
    return Refined(member, best, "", origin)


def _better(one: Fitted, other: Fitted) -> bool:
    if one.converged != other.converged:
        return one.converged
    return one.reduced_cost < other.reduced_cost * (1 - 1e-6)


def _tried(setup: Setup, points: Points, seed: Mapping[str, float] | None) -> tuple[Fitted | None, str]:
    try:
        return (refine_fresh(setup, points) if seed is None else refine_from(setup, points, seed)), ""
    except FitError as error:
        return None, str(error)
