"""How much of each phase does a refined pattern hold, and how much of an element is in one of them?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from interlith.crystal.cell import cell_of
from interlith.crystal.structure import Structure
from interlith.errors import StudyError, nearest
from interlith.model.observable import NORMAL_95
from interlith.techniques.diffraction.quantity import Fractions, mole_fractions
from interlith.techniques.diffraction.quantity_shares import Refined, shares, sources
from interlith.techniques.diffraction.refinement.one import Fitted
from interlith.techniques.diffraction.refinement.setup import Setup

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Amount:
    """A share with its uncertainty by cause, and its interval where that is not the normal one."""

    value: float
    components: Mapping[str, float]
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Element:
    """Which share of an element is asked for: atoms of `element` in `phase` over atoms of `per` in all phases."""

    element: str
    phase: str
    per: tuple[str, ...] = ()


def refined_structures(setup: Setup, fitted: Fitted) -> list[Structure]:
    """Structures of the phases with their cells as refined."""
    found = []
    for number, phase in enumerate(setup.phases):
        own = fitted.values[fitted.model.slice_of(number)]
        six = phase.freedom.six(own[1 : 1 + len(phase.freedom.names)])
        found.append(phase.structure.with_cell(cell_of(list(map(float, six))), name=phase.name))
    return found


def amounts(setup: Setup, fitted: Fitted, own: str) -> tuple[dict[str, Amount], dict[str, Amount], Fractions]:
    """Weight and mole fractions by phase, with the fractions by weight.

    Parameters
    ----------
    setup, fitted
        Of the series, of the pattern.
    own
        Text that no other pattern has: begins the sources of uncertainty.

    Raises
    ------
    StudyError
        If nothing scatters, or the pattern cannot tell scales apart.

    Notes
    -----
    A phase at the bound 0 has the value 0 and an interval from 0; one near it an interval cut at 0.
    """
    model, points = fitted.model, fitted.points
    moving = np.flatnonzero(fitted.moving)
    _, slopes = model.with_slopes(fitted.values, fitted.moving)
    structures = refined_structures(setup, fitted)
    scales = [model.place_of(f"{one.name}_scale") for one in setup.phases]
    rows = np.array([int(np.flatnonzero(moving == one)[0]) for one in scales], dtype=np.intp)
    radii = [one.radius for one in setup.pattern.phases]
    # A parameter at its bound does not move: it must not widen the others.
    free = (fitted.fit.side[0, moving] == 0) | np.isin(np.arange(len(moving)), rows)
    told = slopes[moving[free]]
    told /= points.std
    seen = Refined(
        structures, np.cumsum(free)[rows] - 1, fitted.values[moving[free]], told,
        (points.intensity - fitted.calculated) / points.std, fitted.calculated - model.background_of(fitted.values), points.std,
        model.two_theta, setup.instrument.wavelengths[0], fitted.named.get("roughness", 0.0), setup.instrument.radiation == "x-ray",
    )  # fmt: skip
    known = [float(one) for one in radii if one is not None]
    found = shares(seen, radii=known if len(known) == len(radii) else None)
    by_weight = _listed(found, own)
    formulas = np.array([one.mass / one.units_in_cell for one in structures])
    return by_weight, _listed(mole_fractions(found, formulas), f"{own}/mole"), found


def element_amount(setup: Setup, fractions: Fractions, asked: Element, own: str) -> Amount:
    """Atoms of an element in one phase over atoms of some elements in all phases.

    Raises
    ------
    StudyError
        If the phase is unknown or does not hold the element, or nothing holds the others.
    """
    # Atoms and their masses do not depend on the cell.
    structures = [phase.structure for phase in setup.phases]
    names = list(fractions.names)
    if asked.phase not in names:
        raise StudyError(f"element_fraction names the phase '{asked.phase}'; {nearest(asked.phase, names)}.")
    place = names.index(asked.phase)
    counts = [one.composition for one in structures]
    if not counts[place].get(asked.element):
        raise StudyError(f"{asked.phase} holds no {asked.element}; it holds {', '.join(counts[place])}.")
    per = asked.per or (asked.element,)
    mass = np.array([one.mass for one in structures])
    here = np.zeros(len(names))
    here[place] = counts[place][asked.element] / mass[place]
    there = np.array([sum(one.get(word, 0.0) for word in per) for one in counts]) / mass
    top, bottom = float(here @ fractions.values), float(there @ fractions.values)
    if bottom <= 0:
        raise StudyError(f"No phase holds {' or '.join(per)}, which element_fraction is counted by.")
    slope = here / bottom - top / bottom**2 * there
    parts: dict[str, float] = {}
    for phase, one in enumerate(sources(fractions, own)):
        for source, size in one.items():
            parts[source] = parts.get(source, 0.0) + float(slope[phase]) * size
    return bounded(top / bottom, parts)


def _listed(fractions: Fractions, own: str) -> dict[str, Amount]:
    parts = sources(fractions, own)
    return {name: bounded(float(fractions.values[row]), parts[row]) for row, name in enumerate(fractions.names)}


def bounded(value: float, parts: Mapping[str, float]) -> Amount:
    """A share with its interval kept from 0 to 1 where the normal one leaves it; a share outside keeps the normal one."""
    size = math.sqrt(sum(one * one for one in parts.values()))
    low, high = value - NORMAL_95 * size, value + NORMAL_95 * size
    if (low >= 0 and high <= 1) or not 0 <= value <= 1:
        return Amount(value, parts)
    return Amount(value, parts, max(low, 0.0), min(high, 1.0))
