"""How many polynomials does the background of a series want?"""

from __future__ import annotations

import math
from collections.abc import Sequence

from interlith.model import Choice
from interlith.model.recording import target_of
from interlith.numerics.background_terms import Wanted, wanted_terms
from interlith.techniques.diffraction.refinement.members import Member

#: Patterns that are asked, spread over the series: the hardest background of them decides.
_ASKED = 3


def chosen_background(members: Sequence[Member]) -> tuple[int, Choice]:
    """Number of Chebyshev polynomials that follow what is under the peaks, and the choice.

    Parameters
    ----------
    members
        Patterns with points, at least one.

    Notes
    -----
    The assumption that fails first: that the series has one background. A pattern between those asked may want more.
    """
    places = {round(number * (len(members) - 1) / (_ASKED - 1)) for number in range(_ASKED)}
    found: list[tuple[Wanted, Member]] = []
    for place in sorted(places):
        points = members[place].points
        assert points is not None
        found.append((wanted_terms(points.two_theta, points.intensity, points.std), members[place]))
    most, one = max(found, key=lambda pair: pair[0].best.count)
    reason = f"By the curve under the peaks of {len(found)} patterns: one term less or more is not worth its parameter."
    if most.with_hump is not None and most.with_hump.hump is not None:
        hump = most.with_hump.hump
        reason += f" {most.with_hump.count} polynomials and a hump at {hump.position:.1f} deg, {hump.width:.0f} deg wide, would follow it better."
    return most.best.count, Choice(
        target_of(one.item, f"pattern {one.number}"), "background", str(most.best.count), str(most.runner_up.count),
        1 - math.exp(-most.lead / 2), (), reason,
    )  # fmt: skip
