"""What must a person know of refined patterns beside their numbers?"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from interlith.model import Flag
from interlith.techniques.diffraction.refinement.attempt import LITTLE
from interlith.techniques.diffraction.refinement.chain import Refined
from interlith.techniques.diffraction.refinement.one import Fitted
from interlith.techniques.diffraction.refinement.quality import FAR, not_fixed, quality

#: Correlation beyond which two names are hardly told apart.
_HARDLY = 0.995


def noticed(refined: Sequence[Refined]) -> list[Flag]:
    """What a person must know of the refined patterns: misfit, names that are not fixed or hardly told apart, names at a bound.

    Parameters
    ----------
    refined
        A series.
    """
    flags = []
    good = [one for one in refined if one.good and one.fitted is not None]
    fits = [one.fitted for one in good if one.fitted is not None]
    goodness = np.sqrt([max(one.reduced_cost, 0.0) for one in fits])
    far = (goodness < FAR[0]) | (goodness > FAR[1])
    if far.any():
        said = (
            f"Goodness of fit is far from 1 in {int(far.sum())} of {len(fits)} patterns (median {np.median(goodness[far]):.2f}): standard "
            "uncertainties by the stated weights are not to be trusted; those given are widened for residuals that run together."
        )
        flags.append(Flag("goodness_far_from_one", said))
    little = [100 * value for value in (quality(one).r_wp_peaks for one in fits) if value**2 > LITTLE]
    if little:
        said = (
            f"The phases explain less than half of what stands above the background in {len(little)} of {len(fits)} patterns (R_wp of the peaks "
            f"{np.median(little):.0f} %): their numbers hold only if their lines are among the peaks. Look at the pattern; "
            "a phase, or the wavelength, is missing or wrong."
        )
        flags.append(Flag("little_explained", said))
    named: dict[str, int] = {}
    hardly: dict[str, int] = {}
    for one in fits:
        groups = not_fixed(one)
        for group in groups:
            text = " and ".join(group)
            named[text] = named.get(text, 0) + 1
        for text in _hardly(one, {name for group in groups for name in group}):
            hardly[text] = hardly.get(text, 0) + 1
    for text, count in named.items():
        flags.append(Flag("not_identified", f"The data do not fix {text} ({_of(count, len(fits))}).", text))
    for text, count in hardly.items():
        flags.append(
            Flag("hardly_told_apart", f"The data hardly tell {text} apart ({_of(count, len(fits))}).", text, "note")
        )
    ended: dict[str, int] = {}
    for one in fits:
        for name in _at_bounds(one):
            ended[name] = ended.get(name, 0) + 1
    for name, count in ended.items():
        said = f"{name} ended at its bound ({_of(count, len(fits))}): the pattern wants more than is allowed. Look at it, or release the bounds."
        flags.append(Flag("at_bound", said, name))
    return flags


def _at_bounds(fitted: Fitted) -> list[str]:
    """Names at a bound that is no zero of physics: there a value means something, beyond others it is cut off."""
    found = []
    for place, name in enumerate(fitted.model.names):
        side = int(fitted.fit.side[0, place])
        if side and not (side < 0 and fitted.values[place] == 0) and not name.startswith(("gauss_", "background_")):
            found.append(name)
    return found


def _hardly(fitted: Fitted, known: Collection[str]) -> list[str]:
    spread = np.sqrt(np.maximum(np.diag(np.where(np.isfinite(fitted.covariance), fitted.covariance, 0.0)), 0.0))
    unit = np.divide(1.0, spread, out=np.zeros_like(spread), where=spread > 0)
    own = np.isin(np.arange(len(unit)), list(fitted.fit.problem.parameters.independent))
    unit = np.where(own, unit, 0.0)  # what follows from others is no finding
    alike = np.where(np.isfinite(fitted.covariance), fitted.covariance, 0.0) * unit[:, None] * unit
    rows, columns = np.nonzero(np.triu(np.abs(alike), 1) > _HARDLY)
    names = fitted.model.names
    return [
        f"{names[row]} and {names[column]}"
        for row, column in zip(rows, columns, strict=True)
        if not names[row].startswith("background_") and not (names[row] in known and names[column] in known)
    ]


def _of(count: int, whole: int) -> str:
    return "one pattern" if whole == 1 else f"{count} of {whole} patterns"
