"""What do a few patterns of a series say of the model before all are refined: is its background long enough, do its atoms swing as assumed?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from interlith.model import Choice
from interlith.techniques.diffraction.refinement.background import asked_of, with_more_terms
from interlith.techniques.diffraction.refinement.chain import Refined, Start, refined_series
from interlith.techniques.diffraction.refinement.displacements import judged_phases, with_displacements
from interlith.techniques.diffraction.refinement.members import Member
from interlith.techniques.diffraction.refinement.setup import Setup


def refined_after_few(
    setup: Setup, members: Sequence[Member], background: Choice | None, start: Start, known: Mapping[int, Mapping[str, float]],
    before: Mapping[int, float] | None = None,
) -> tuple[Setup, list[Refined], list[Choice]]:  # fmt: skip
    """The series refined with the model that a few of its patterns ask for.

    Parameters
    ----------
    setup
        As the person says, with the number of polynomials by the curve under the peaks where nobody says one.
    background
        Why it is that; `None` where a person says it.
    members, start, known, before
        As for `interlith.techniques.diffraction.refinement.chain.refined_series`.

    Returns
    -------
    The setup in the end, the patterns refined with it, and the choices.

    Notes
    -----
    Up to three patterns are refined first; what they leave over may ask for more, once.
    """
    if background is None and not judged_phases(setup):
        return setup, refined_series(setup, members, start=start, known=known, before=before), []
    usable = [one for one in members if one.points is not None]
    alone = len(usable) == 1
    # What is chosen must not depend on where a series is begun.
    word: Start = start if alone else "fresh"
    tried = refined_series(setup, members if alone else asked_of(usable), start=word, known=known, before=before)
    good = [one for one in tried if one.good and one.fitted is not None]
    wanted, choices = setup, list[Choice]()
    if background is not None:
        wanted, told = with_more_terms(setup, good, background)
        choices.append(told)
    wanted, swung = with_displacements(wanted, good)
    choices += swung
    if not good or (alone and wanted is setup):
        refined = tried if alone else refined_series(setup, members, start=start, known=known, before=before)
        return setup, refined, choices
    own = {one.member.number: one.fitted.named for one in good if one.fitted is not None}
    # What the patterns did not have yet begins at nothing.
    fresh = {f"background_{number}": 0.0 for number in range(wanted.background)}
    fresh |= {f"{name}_overall_u": 0.0 for name in wanted.pattern.names}
    seeds = {number: fresh | dict(values) for number, values in {**own, **known}.items()}
    word = "own" if alone else start
    return wanted, refined_series(wanted, members, start=word, known=seeds, before=before), choices
