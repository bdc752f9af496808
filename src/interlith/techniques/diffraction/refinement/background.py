"""How many polynomials does the background of a series want?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from interlith.model import Choice
from interlith.model.recording import target_of
from interlith.numerics.background_terms import MOST, Wanted, wanted_terms
from interlith.numerics.background_waves import More, Waves, more_terms, waves_left
from interlith.techniques.diffraction.refinement.chain import Refined
from interlith.techniques.diffraction.refinement.members import Member
from interlith.techniques.diffraction.refinement.one import Fitted
from interlith.techniques.diffraction.refinement.setup import Setup

#: Patterns that are asked, spread over the series: the hardest background of them decides.
_ASKED = 3


def asked_of(members: Sequence[Member]) -> list[Member]:
    """The patterns that decide for all, spread evenly."""
    places = {round(number * (len(members) - 1) / (_ASKED - 1)) for number in range(_ASKED)}
    return [members[place] for place in sorted(places)]


def chosen_background(asked: Sequence[Member]) -> tuple[int, Choice]:
    """Number of Chebyshev polynomials that follow what is under the peaks, and the choice.

    Parameters
    ----------
    asked
        Patterns with points, at least one.

    Notes
    -----
    The assumption that fails first: that the series has one background. A pattern between those asked may want more.
    """
    found: list[tuple[Wanted, Member]] = []
    for member in asked:
        points = member.points
        assert points is not None
        found.append((wanted_terms(points.two_theta, points.intensity, points.std), member))
    most, one = max(found, key=lambda pair: pair[0].best.count)
    reason = (
        f"By the curve under the peaks of {_patterns(len(found))}: one term less or more is not worth its parameter."
    )
    if most.best.count == MOST:
        reason = f"By the curve under the peaks of {_patterns(len(found))}, which asks for at least as many as may be."
    if most.with_hump is not None and most.with_hump.hump is not None:
        hump = most.with_hump.hump
        reason += f" {most.with_hump.count} polynomials and a hump at {hump.position:.1f} deg, {hump.width:.0f} deg wide, would follow it better."
    return most.best.count, Choice(
        target_of(one.item, f"pattern {one.number}"), "background", str(most.best.count), str(most.runner_up.count),
        1 - math.exp(-most.lead / 2), (), reason,
    )  # fmt: skip


def with_more_terms(setup: Setup, tried: Sequence[Refined], choice: Choice) -> tuple[Setup, Choice]:
    """As many polynomials as refined patterns ask for by what they leave over, and the choice with what they had to say.

    Parameters
    ----------
    setup, choice
        With the number by the curve under the peaks, and why it is that.
    tried
        A few patterns refined with it.

    Notes
    -----
    A weak phase takes a wave of the background for its own that no single pattern would show.
    """
    waves = [_waves(one.fitted, setup.background) for one in tried if one.fitted is not None]
    told = [one for one in waves if one is not None]
    if not told:
        return setup, choice
    more = more_terms(told)
    if more.count > setup.background:
        setup = replace(setup, background=more.count, models={})
    return setup, _told(choice, more, len(told))


def _waves(fitted: Fitted, count: int) -> Waves | None:
    points, moving = fitted.points, fitted.moving
    slopes = fitted.model.with_slopes(fitted.values, moving)[1][moving]
    return waves_left(points.two_theta, points.intensity - fitted.calculated, points.std, slopes, count)


def _told(choice: Choice, more: More, patterns: int) -> Choice:
    """The choice with what the refined patterns had to say."""
    first = int(choice.value)
    which = f"polynomial {more.tried}" if more.tried == first + 1 else f"polynomials {first + 1} to {more.tried}"
    compared = (
        f"{which} would take away {more.gain:.1f} times as much of chi squared as faster ones, which "
        f"no background needs; by chance so much in {_share(more.chance)}"
    )
    if more.count == first:
        return replace(
            choice, reason=f"{choice.reason} Refined with them, {_patterns(patterns)} ask for no more: {compared}."
        )
    words = f"Refined with {first}, the number by the curve under the peaks, {_patterns(patterns)} ask for more: {compared}."
    if more.count == MOST:
        words += f" More than {MOST} are not tried."
    return replace(choice, value=str(more.count), runner_up=str(first), margin=1 - more.chance, reason=words)


def _patterns(count: int) -> str:
    return "one pattern" if count == 1 else f"{count} patterns"


def _share(chance: float) -> str:
    return "fewer than one case of 1,000" if chance < 1e-3 else f"{100 * chance:.2g} % of cases"
