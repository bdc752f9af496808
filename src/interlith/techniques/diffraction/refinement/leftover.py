"""Which peaks do the phases of a refinement leave over, since when, and which further crystal would account for them?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlith.crystal.phases import phase, shipped, shipped_elements
from interlith.crystal.structure import Structure
from interlith.model import Choice
from interlith.model.recording import target_of
from interlith.numerics.peak_search import Candidates, search, threshold
from interlith.physics.powder.line_match import Seen, predicted_lines
from interlith.physics.powder.profile import pseudo_voigt_width
from interlith.techniques.diffraction.candidates import ranked, reason_of
from interlith.techniques.diffraction.refinement.chain import Refined
from interlith.techniques.diffraction.refinement.one import Fitted
from interlith.techniques.diffraction.refinement.setup import Setup

Array = NDArray[np.float64]

#: A peak of the difference is none of the phases' if it is at least this share of what they have there: misfits of strong lines
#: leave differences of some percent.
_OWN = 0.5
#: Patterns in a row that must show a peak, or all if there are fewer.
_ROW = 3
#: A crystal is proposed if it accounts for this share of what is left over, with so many peaks.
_EXPLAINS, _PEAKS = 0.6, 2
#: Patterns that are looked at most; of a longer series so many, spread evenly.
_MOST = 200


@dataclass(frozen=True, slots=True, eq=False)
class LeftOver:
    """Peaks that no phase accounts for.

    Parameters
    ----------
    number
        Of the pattern they were found in.
    peaks
        In the difference between observed and calculated.
    """

    number: int
    peaks: Candidates


def left_over(refined: Sequence[Refined]) -> list[LeftOver]:
    """Peaks that stand out of the differences of refined patterns, of those that show some.

    Parameters
    ----------
    refined
        The series.

    Notes
    -----
    A peak counts where it is as high as half of what the phases have there, and where neighbouring patterns show it too. The
    assumption that fails first: that the shapes of strong lines are right to half their height.
    """
    # One that is worse than its neighbours may be so because of what is left over.
    good = [one for one in refined if one.fitted is not None and one.fitted.converged]
    step = max(1, -(-len(good) // _MOST))
    found = [
        LeftOver(one.member.number, _peaks(one.fitted)) for one in good[::step] if one.fitted is not None
    ]  # fmt: skip
    return [one for one in _lasting(found) if len(one.peaks)]


def _peaks(fitted: Fitted) -> Candidates:
    points, model = fitted.points, fitted.model
    lines = model.lines(fitted.values)
    width, _ = pseudo_voigt_width(lines.gauss, lines.lorentz)
    inside = (lines.position > points.two_theta[0]) & (lines.position < points.two_theta[-1]) & (lines.area > 0)
    middle = float(np.median(width[inside])) if inside.any() else 0.1
    narrow, wide = 0.6 * middle, 5 * middle
    x = points.two_theta
    goodness = max(1.0, float(np.sqrt(fitted.reduced_cost)))
    least = threshold(float(x[-1] - x[0]), narrow, wide)
    found = search(
        x, points.intensity - fitted.calculated, points.std * goodness, narrow=narrow, wide=wide, least=least
    )
    bragg = np.interp(found.position, x, fitted.calculated - model.background_of(fitted.values))
    return found.only(np.flatnonzero(found.height > _OWN * bragg))


def _lasting(found: Sequence[LeftOver]) -> list[LeftOver]:
    """Those peaks that are seen in some patterns in a row."""
    row = min(_ROW, len(found))
    kept = []
    for place, one in enumerate(found):
        lasting = []
        for peak in range(len(one.peaks)):
            at, size = one.peaks.position[peak], one.peaks.width[peak]
            run = 1
            for way in (-1, 1):
                other = place + way
                while 0 <= other < len(found) and _has(found[other].peaks, float(at), float(size)):
                    run, other = run + 1, other + way
            if run >= row:
                lasting.append(peak)
        kept.append(LeftOver(one.number, one.peaks.only(np.array(lasting, dtype=np.intp))))
    return kept


def _has(peaks: Candidates, position: float, width: float) -> bool:
    return bool(len(peaks) and np.abs(peaks.position - position).min() < width)


def plausible(setup: Setup) -> list[Structure]:
    """Shipped structures of no other elements than the phases have, oxygen, carbon and hydrogen aside: what could come of them."""
    here = {element for own in setup.phases for element in own.structure.composition} | {"O", "C", "H"}
    return [phase(name) for name in shipped() if shipped_elements(name) <= here]


def proposals(
    setup: Setup, refined: Sequence[Refined], found: Sequence[LeftOver], offered: Sequence[Structure]
) -> list[Choice]:
    """A further phase, if peaks that are left over ask for one that is offered.

    Parameters
    ----------
    setup, refined
        The series.
    found
        What it leaves over.
    offered
        Crystals that may be there.

    Returns
    -------
    Choices of the field ``phase``: taken was no further phase; the runner-up is the crystal that accounts for what is left over.
    """
    if not found:
        return []
    most = max(found, key=lambda one: float((one.peaks.height * one.peaks.width).sum()))
    one = next(each for each in refined if each.member.number == most.number)
    fitted = one.fitted
    assert fitted is not None
    x = fitted.points.two_theta
    area = most.peaks.height * most.peaks.width
    error = area / most.peaks.significance
    seen = Seen(
        most.peaks.position, most.peaks.width, area, error, float(x[0]), float(x[-1]), 5 * float(np.median(error))
    )  # fmt: skip
    wave = setup.instrument.wavelengths[0]
    known = {own.structure.name for own in setup.phases}
    others = [each for each in offered if each.name not in known]
    promised = [predicted_lines(each, wave, seen.low, seen.high) for each in others]
    best = ranked(others, promised, seen, wave, seen.area)
    if not best:
        return []
    structure, match = best[0]
    matched = int(np.unique(match.partner[match.partner >= 0]).size)
    if match.explained < _EXPLAINS or matched < min(_PEAKS, len(most.peaks)):
        return []
    return [
        Choice(
            target_of(one.member.item, "phases"), "phase", "no further phase", structure.name, max(0.0, 1.0 - match.explained),
            tuple(f"{own.name}_weight_fraction" for own in setup.phases),
            f"{told_left_over(found)} {reason_of(structure, match, seen)}",
        )
    ]  # fmt: skip


def told_left_over(found: Sequence[LeftOver]) -> str:
    """In words: which peaks belong to no phase, and in which patterns."""
    most = max(found, key=lambda one: float((one.peaks.height * one.peaks.width).sum()))
    places = ", ".join(f"{at:.2f}" for at in most.peaks.position[np.argsort(-most.peaks.significance)][:6])
    which = (
        f"pattern {found[0].number}" if len(found) == 1 else f"{len(found)} patterns, the first being {found[0].number}"
    )
    return f"Peaks that belong to no phase stand out in {which}; in pattern {most.number} at {places} deg."


def left_over_table(refined: Sequence[Refined], found: Sequence[LeftOver]) -> pl.DataFrame:
    """One row a pattern and peak: place and width (deg), height (as the intensity), and how far it stands out."""
    samples = {one.member.number: one.member.item.sample.name for one in refined}
    return pl.DataFrame(
        [
            {
                "sample": samples[one.number], "pattern": one.number, "two_theta": float(one.peaks.position[row]),
                "width": float(one.peaks.width[row]), "height": float(one.peaks.height[row]),
                "significance": float(one.peaks.significance[row]),
            }
            for one in found
            for row in range(len(one.peaks))
        ]
    )  # fmt: skip
