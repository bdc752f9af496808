"""Which phases have atoms that swing more or less than their structures say, though nobody asked?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from interlith.model import Flag
from interlith.techniques.diffraction.refinement.chain import Refined
from interlith.techniques.diffraction.refinement.lone_phase import slope_by
from interlith.techniques.diffraction.refinement.one import Fitted
from interlith.techniques.diffraction.refinement.setup import Setup

Array = NDArray[np.float64]

#: Standard uncertainties by which a common displacement must differ from none, and by how much (angstrom^2): less moves no size or
#: strain that counts.
_SURE, _LEAST = 4.0, 5e-4
#: Patterns that are asked, spread over the series.
_ASKED = 3


def displacements_off(setup: Setup, refined: Sequence[Refined]) -> list[Flag]:
    """A flag for each phase whose displacements the patterns contradict.

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
        showing = [one for one in good if one.fitted is not None and phase.name not in one.fitted.held]
        places = (
            sorted({round(place * (len(showing) - 1) / (_ASKED - 1)) for place in range(_ASKED)}) if showing else []
        )
        steps = [
            _step(setup, number, one.fitted) for one in (showing[place] for place in places) if one.fitted is not None
        ]
        known = np.array([one for one in steps if np.isfinite(one[1]) and one[1] > 0]).reshape(-1, 2)
        if not len(known):
            continue
        weight = 1 / known[:, 1] ** 2
        mean, std = float(weight @ known[:, 0] / weight.sum()), float(weight.sum() ** -0.5)
        if abs(mean) > _SURE * std and abs(mean) > _LEAST:
            flags.append(
                Flag("displacements_off", _said(phase.name, mean, std), f"pattern {showing[places[0]].member.number}")
            )
    return flags


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
