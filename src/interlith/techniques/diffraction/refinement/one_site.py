"""Which displacements of a phase belong to atoms on one site, so that no pattern tells them apart?"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from interlith.numerics.fitting.parameters import Sum, Tie
from interlith.physics.powder.phase_lines import PhaseLines

#: Coordinates that are the same (in units of the cell edges).
_SAME = 1e-4


def on_one_site(
    phases: Sequence[PhaseLines], ties: Sequence[Tie | Sum], held: Collection[str]
) -> tuple[tuple[str, ...], ...]:  # fmt: skip
    """Names of refined displacements of atoms that stand on one site, a group a site; without those that are tied or held.

    Parameters
    ----------
    phases
        With the names that are refined.
    ties
        Those of the person.
    held
        Names that are not refined.

    Notes
    -----
    Where two displacements on one site are equal, their slopes are proportional: the pattern fixes their mean only.
    """
    known = {*held, *(name for one in ties for name in named(one))}
    groups = []
    for phase in phases:
        found: list[tuple[tuple[float, float, float], list[str]]] = []
        for column in phase.strengths.columns:
            name = f"{phase.name}_{column.name}"
            if column.kind != "u_iso" or name in known:
                continue
            place = phase.structure.sites[column.sites[0]].fraction
            for other, names in found:
                away = np.subtract(place, other)
                if np.abs(away - np.round(away)).max() < _SAME:
                    names.append(name)
                    break
            else:
                found.append((place, [name]))
        groups += [tuple(names) for _, names in found if len(names) > 1]
    return tuple(groups)


def named(tie: Tie | Sum) -> tuple[str, ...]:
    """Names that a tie joins."""
    return tuple(tie.terms) if isinstance(tie, Sum) else (tie.name, *tie.terms)
