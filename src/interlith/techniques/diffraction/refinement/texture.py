"""Do grains of a phase lie along an axis, as what the refined patterns leave over tells, and what does that do to its share?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from interlith.errors import StudyError
from interlith.model import Choice
from interlith.model.choice import Effect
from interlith.model.recording import target_of
from interlith.techniques.diffraction.quantity_texture import LEAST, Axis, expected_gains, texture_axes
from interlith.techniques.diffraction.refinement.amounts import amounts
from interlith.techniques.diffraction.refinement.chain import Refined, refined_series
from interlith.techniques.diffraction.refinement.lone_phase import slope_by
from interlith.techniques.diffraction.refinement.one import Fitted
from interlith.techniques.diffraction.refinement.setup import Setup

Array = NDArray[np.float64]

#: Patterns that are asked, spread over the series.
_ASKED = 3


@dataclass(frozen=True, slots=True)
class Judged:
    """Axes of one phase with the share of chi squared that each would take away, the best first."""

    name: str
    axes: tuple[tuple[Axis, float], ...]

    @property
    def textured(self) -> bool:
        """Whether the best is worth refining."""
        return self.axes[0][1] >= LEAST


def with_textures(setup: Setup, refined: Sequence[Refined]) -> tuple[Setup, list[Refined], list[Choice]]:
    """Patterns refined on with the textures that they ask for.

    Parameters
    ----------
    setup, refined
        Of the series, refined without those textures.

    Returns
    -------
    The same, refined again from where they were if any phase is textured, and a choice for each phase that was judged.

    Notes
    -----
    An axis is taken up where a score test over up to three patterns says that its March coefficient takes away 1 % of chi squared.
    The assumption that fails first: that it is texture which makes intensities wrong, not a wrong structure.
    """
    asked = [one for one in refined if one.good and one.fitted is not None]
    if not asked:
        return setup, list(refined), []
    places = sorted({round(number * (len(asked) - 1) / (_ASKED - 1)) for number in range(_ASKED)})
    judged = _judged(setup, [one.fitted for one in (asked[place] for place in places) if one.fitted is not None])
    planes = {one.name: one.axes[0][0] for one in judged if one.textured}
    if not planes:
        return setup, list(refined), [_choice(setup, setup, asked[0], asked[0], one) for one in judged]
    fresh = replace(setup, pattern=setup.pattern.with_textures(planes), models={})
    known = {
        one.member.number: dict.fromkeys((f"{name}_texture" for name in planes), 1.0) | _values(one) for one in asked
    }
    again = refined_series(fresh, [one.member for one in refined], start="own", known=known)
    after = {one.member.number: one for one in again}
    first = next((one for one in asked if after[one.member.number].good), None)
    if first is None:
        return setup, list(refined), []
    return fresh, again, [_choice(setup, fresh, first, after[first.member.number], one) for one in judged]


def _values(one: Refined) -> dict[str, float]:
    return {} if one.fitted is None else one.fitted.named


def _judged(setup: Setup, fits: Sequence[Fitted]) -> list[Judged]:
    """Every phase whose texture is looked for, with its axes."""
    left = [(one.points.intensity - one.calculated) / one.points.std for one in fits]
    whole = sum(float(one @ one) for one in left)
    free = [one.model.with_slopes(one.values, one.moving)[1][one.moving] / one.points.std for one in fits]
    found = []
    for number, phase in enumerate(setup.pattern.phases):
        axes = texture_axes(phase.structure) if phase.texture == "auto" else ()
        if not axes or any(phase.name in one.held for one in fits):
            continue
        gains = np.zeros(len(axes))
        for one, misfit, slopes in zip(fits, left, free, strict=True):
            added = np.array([slope_by(setup, number, one, "texture", texture=axis) for axis in axes])
            gains += [float(expected_gains(row[None], slopes, misfit)[0]) for row in added]
        order = np.argsort(-gains)
        found.append(Judged(phase.name, tuple((axes[place], float(gains[place]) / whole) for place in order)))
    return found


def _choice(setup: Setup, fresh: Setup, before: Refined, after: Refined, judged: Judged) -> Choice:
    (best, gain), rivals = judged.axes[0], judged.axes[1:]
    item, place = after.member.item, f"pattern {after.member.number}"
    target = f"{target_of(item, place)}/{judged.name}"
    words = " ".join(map(str, best))
    quantity = f"{judged.name}_weight_fraction"
    moves = (quantity,) if len(setup.phases) > 1 else ()
    reason = f"A March coefficient about ({words}) would take away {100 * gain:.2g} % of chi squared; {100 * LEAST:g} % is asked for."
    if not judged.textured:
        return Choice(target, "texture", "none", words, 1 - gain / LEAST, moves, reason)
    rival, second = rivals[0] if rivals else ((0, 0, 0), 0.0)
    margins = {"none": 1 - LEAST / gain, " ".join(map(str, rival)): 1 - second / gain}
    runner_up = min(margins, key=margins.__getitem__) if second >= LEAST else "none"
    effects = []
    shares = [_share(own, one, judged.name) for own, one in ((setup, before), (fresh, after))]
    if None not in shares and moves:
        (other, _), (value, std) = (one for one in shares if one is not None)
        reason += f" Its share is {value:.2%} with it, {other:.2%} without."
        effects = [Effect(quantity, item.sample.name, place, value, other, std, "1")] if runner_up == "none" else []
    return Choice(target, "texture", words, runner_up, margins[runner_up], moves, reason, effects=tuple(effects))


def _share(setup: Setup, one: Refined, name: str) -> tuple[float, float] | None:
    if one.fitted is None or len(setup.phases) < 2:
        return None
    try:
        by_weight, _, _ = amounts(setup, one.fitted, "texture")
    except StudyError:
        return None
    found = by_weight[name]
    return found.value, float(np.sqrt(sum(size**2 for size in found.components.values())))
