"""Do atoms of a phase swing as its structure says, and do the patterns know better?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from interlith.model import Choice, Flag
from interlith.model.recording import target_of
from interlith.techniques.diffraction.quantity_shares import DISPLACEMENT, has_displacements
from interlith.techniques.diffraction.refinement.chain import Refined
from interlith.techniques.diffraction.refinement.lone_phase import slope_by
from interlith.techniques.diffraction.refinement.one import Fitted
from interlith.techniques.diffraction.refinement.pattern import Phase
from interlith.techniques.diffraction.refinement.setup import Setup

Array = NDArray[np.float64]

#: Standard uncertainties by which a common displacement must differ from none, and by how much (angstrom^2): less moves no size or
#: strain that counts.
_SURE, _LEAST = 4.0, 5e-4
#: Share of what a displacement is good for that comes with a structure, or is assumed, to which every pattern must tell it better: then it
#: is refined without being asked for. A test of significance would leave those that just fail it to bias sizes and strains.
_BETTER = 0.5
#: Scale over its standard uncertainty below which a phase says nothing of displacements.
_STRONG = 50.0
#: Patterns that are asked, spread over the series.
_ASKED = 3


@dataclass(frozen=True, slots=True)
class _Asked:
    """A common displacement that patterns ask for: mean and standard uncertainty (angstrom^2), and the largest of a single pattern."""

    mean: float
    std: float
    largest: float

    @property
    def off(self) -> bool:
        """Whether it differs from none by more than scatter, and by so much that it matters."""
        return abs(self.mean) > _SURE * self.std and abs(self.mean) > _LEAST


def judged_phases(setup: Setup) -> list[int]:
    """Numbers of the phases whose displacements are looked at, and refined where a few patterns ask for it.

    Notes
    -----
    Those of which a person says nothing else. Not where the roughness of a surface is refined, which weakens lines alike.
    """
    if "roughness" in setup.common or (setup.pattern.refine is not None and "roughness" in setup.pattern.refine):
        return []
    return [number for number, one in enumerate(setup.pattern.phases) if one.displacement == "auto" and _open(one)]


def _open(phase: Phase) -> bool:
    """Whether intensities follow from atoms whose displacements nobody refines."""
    usual = {"cell", "size", "strain"} <= set(phase.refine)
    return usual and phase.intensities == "structure" and not phase.moves_atoms


def with_displacements(setup: Setup, tried: Sequence[Refined]) -> tuple[Setup, list[Choice]]:
    """A displacement common to all sites refined in phases whose patterns know it better than the structure does.

    Parameters
    ----------
    setup
        Of the series.
    tried
        A few patterns refined, good ones.

    Notes
    -----
    Only where each of these patterns tells the displacement twice as surely as structures do (see
    `interlith.techniques.diffraction.quantity_shares.DISPLACEMENT`): where a phase is weak, a displacement that is free makes its share unsure.
    What is wrong by less than patterns show at a glance still moves sizes and strains by their standard uncertainties.
    """
    taken, choices = [], []
    for number in judged_phases(setup):
        phase = setup.pattern.phases[number]
        fits = [one.fitted for one in tried if one.fitted is not None and _shows(one.fitted, phase.name)]
        found = _asked(setup, number, fits) if fits and len(fits) == len(tried) else None
        # B = 8 pi^2 U.
        good_for = DISPLACEMENT[has_displacements(phase.structure)] / (8 * np.pi**2)
        if found is None or found.largest > _BETTER * good_for:
            continue
        taken.append(phase.name)
        first = tried[0].member
        target = f"{target_of(first.item, f'pattern {first.number}')}/{phase.name}"
        moves = tuple(f"{phase.name}_{word}" for word in ("crystallite_size", "microstrain"))
        choices.append(
            Choice(
                target, "displacement", "refined", "structure", 1 - found.largest / good_for, moves,
                f"{_patterns(len(fits))} tell it to {found.largest:.4f} angstrom^2 each, where what the structure says or was assumed is good for "
                f"{good_for:.4f}; they ask for {found.mean:+.4f} +- {found.std:.4f} beside it.",
            )
        )  # fmt: skip
    if not taken:
        return setup, []
    return replace(setup, pattern=setup.pattern.with_displacements(taken), models={}), choices


def displacements_off(setup: Setup, refined: Sequence[Refined]) -> list[Flag]:
    """A flag for each phase whose displacements the refined patterns contradict.

    Parameters
    ----------
    setup, refined
        Of the series.

    Notes
    -----
    One step towards a displacement that is common to all sites of a phase, with all that is refined following, in up to three patterns that
    show the phase. Wrong displacements leave little in chi squared, since widths and shares take them up: a size or a strain may be off by
    several of its standard uncertainties. The assumption that fails first: that nothing else does the same, such as an absorption.
    """
    good = [one for one in refined if one.good and one.fitted is not None]
    flags = []
    for number, phase in enumerate(setup.pattern.phases):
        if phase.intensities != "structure" or phase.moves_atoms:
            continue
        showing = [one for one in good if one.fitted is not None and _shows(one.fitted, phase.name)]
        places = (
            sorted({round(place * (len(showing) - 1) / (_ASKED - 1)) for place in range(_ASKED)}) if showing else []
        )
        fits = [one.fitted for one in (showing[place] for place in places) if one.fitted is not None]
        found = _asked(setup, number, fits)
        if found is not None and found.off:
            said = _said(phase.name, found.mean, found.std)
            flags.append(Flag("displacements_off", said, f"pattern {showing[places[0]].member.number}"))
    return flags


def _asked(setup: Setup, number: int, fits: Sequence[Fitted]) -> _Asked | None:
    steps = [_step(setup, number, one) for one in fits]
    known = np.array([one for one in steps if np.isfinite(one[1]) and one[1] > 0]).reshape(-1, 2)
    if not len(known):
        return None
    weight = 1 / known[:, 1] ** 2
    return _Asked(float(weight @ known[:, 0] / weight.sum()), float(weight.sum() ** -0.5), float(known[:, 1].max()))


def _shows(fitted: Fitted, name: str) -> bool:
    """Whether a pattern shows a phase so well that it says something of displacements."""
    place = fitted.model.place_of(f"{name}_scale")
    size = float(np.sqrt(fitted.covariance[place, place]))
    return name not in fitted.held and size > 0 and float(fitted.values[place]) > _STRONG * size


def _step(setup: Setup, number: int, fitted: Fitted) -> tuple[float, float]:
    """A common displacement (angstrom^2) that one phase asks for, and its standard uncertainty by the misfit that is found."""
    moving = fitted.moving
    free = fitted.model.with_slopes(fitted.values, moving)[1][moving] / fitted.points.std
    added = slope_by(setup, number, fitted, "overall_u", overall=True)
    columns = np.vstack([free, added])
    size = np.sqrt((columns**2).sum(axis=1))
    if size[-1] == 0:
        return 0.0, np.inf
    scaled = columns / np.where(size > 0, size, 1.0)[:, None]
    inverse = np.linalg.pinv(scaled @ scaled.T, rcond=1e-10, hermitian=True)
    misfit = (fitted.points.intensity - fitted.calculated) / fitted.points.std
    step = float(inverse[-1] @ (scaled @ misfit)) / size[-1]
    return step, float(np.sqrt(max(inverse[-1, -1], 0.0) * max(fitted.reduced_cost, 1.0)) / size[-1])


def _said(name: str, mean: float, std: float) -> str:
    return (
        f"The atoms of {name} swing otherwise than its structure says: a common displacement of {mean:+.4f} +- {std:.4f} angstrom^2 is asked for. "
        f"Its size, strain and share may be off; refine it: Phase(..., refine=('cell', 'size', 'strain', 'overall'))."
    )


def _patterns(count: int) -> str:
    return "One pattern" if count == 1 else f"{count} patterns"
