"""How much of everything is there, what does not diffract included, when a weighed standard was mixed in?"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from interlith.errors import StudyError
from interlith.techniques.diffraction.quantity import Fractions, with_standard
from interlith.techniques.diffraction.quantity_shares import sources
from interlith.techniques.diffraction.refinement.amounts import Amount, bounded


@dataclass(frozen=True, slots=True)
class Standard:
    """A crystalline standard that was mixed into the specimen.

    Parameters
    ----------
    phase
        Its name among the phases.
    added, added_std
        Its weight over that of the whole mixture, and the standard uncertainty of that (1).

    Raises
    ------
    StudyError
        If its share is not between 0 and 1.
    """

    phase: str
    added: float
    added_std: float = 0.0

    def __post_init__(self) -> None:
        if not 0 < self.added < 1:
            raise StudyError(
                f"The share of the standard {self.phase} is {self.added:g}; write a number between 0 and 1."
            )
        if not (self.added_std >= 0 and math.isfinite(self.added_std)):
            raise StudyError(
                f"The uncertainty of the share of the standard {self.phase} is {self.added_std:g}; write a number, 0 or above."
            )


def absolute_amounts(fractions: Fractions, standard: Standard, own: str, specimen: str) -> dict[str, Amount]:
    """Weight fractions in the specimen before the standard was mixed in, and that of what does not diffract, ``amorphous``.

    Parameters
    ----------
    fractions
        Of the crystalline part, by weight.
    standard
        What was mixed in.
    own
        Text that no other pattern has: begins the sources of uncertainty.
    specimen
        Text that all patterns of the specimen have: its standard was weighed once.

    Raises
    ------
    StudyError
        If the standard is none of the phases or was not seen.
    """
    found = with_standard(fractions, standard.phase, standard.added, standard.added_std)
    weighed = Fractions(found.names, found.values, {"standard": found.parts["standard"]})
    others = replace(found, parts={cause: one for cause, one in found.parts.items() if cause != "standard"})
    amounts = {}
    by_pattern, by_weighing = sources(others, f"{own}/absolute"), sources(weighed, f"{specimen}/weighed standard")
    for place, name in enumerate(found.names):
        parts = by_pattern[place] | by_weighing[place]
        # Below zero an amorphous share says that the standard is seen too strongly: that must be seen.
        amounts[name] = bounded(float(found.values[place]), parts)
    return amounts
