"""Which oxidation numbers does a composition ask for?"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from interlith.crystal.structure import Structure
from interlith.crystal.valence_parameters import usual_charges
from interlith.errors import StudyError, nearest

#: A composition is neutral if its charges cancel to this share of the negative ones: printed occupancies such as 0.333 and
#: 0.13 miss by about as much.
NEUTRAL = 0.01


@dataclass(frozen=True, slots=True)
class Oxidation:
    """Oxidation numbers of the elements of a composition.

    Parameters
    ----------
    charges
        Element -> oxidation number, the mean one where an element has two.
    mixed
        Elements whose mean is no whole number.
    words
        How they were found.
    """

    charges: dict[str, float]
    mixed: tuple[str, ...]
    words: str


def oxidation_numbers(composition: Mapping[str, float], *, declared: Mapping[str, float] | None = None) -> Oxidation:
    """Usual oxidation numbers that make a composition neutral.

    Parameters
    ----------
    composition
        Element -> amount, in any unit.
    declared
        Element -> oxidation number where it is known; these are kept, and where all are declared nothing is searched.

    Raises
    ------
    StudyError
        If no usual charges are neutral, or a declared element does not occur.

    Notes
    -----
    Of several answers that with the most usual charges is taken, weighed by amount. One element may take a mean between its
    lowest and highest usual charge: Mn 3.5 in LiMn2O4. The assumption that fails first: that oxygen is O2- throughout, also in
    a charged electrode.
    """
    known = dict(declared or {})
    for element in known:
        if element not in composition:
            raise StudyError(
                f"A charge of {element} is declared, which does not occur; {nearest(element, composition)}."
            )
    amounts = {element: float(amount) for element, amount in composition.items() if amount > 0}
    if all(element in known for element in amounts):
        total = sum(amount * known[element] for element, amount in amounts.items())
        negative = -sum(amount * min(0.0, known[element]) for element, amount in amounts.items())
        cancel = abs(total) <= NEUTRAL * negative
        mixed = tuple(element for element in amounts if abs(known[element] - round(known[element])) > 1e-6)
        declared_charges = {element: float(known[element]) for element in amounts}
        return Oxidation(declared_charges, mixed, "declared" if cancel else "declared; they do not cancel")
    states = {element: [known[element]] if element in known else usual_charges(element) for element in amounts}
    answers = [*_whole(amounts, states), *_with_a_mean(amounts, states)]
    if not answers:
        told = ", ".join(f"{element} {charges}" for element, charges in states.items())
        raise StudyError(f"No usual charges make the composition neutral ({told}); declare them, such as {{'Mn': 4}}.")
    _, charges, free = min(answers, key=lambda answer: round(answer[0], 9))
    if free:
        words = f"the usual charges, with {free} at the mean that makes the composition neutral"
        return Oxidation(charges, (free,), words)
    return Oxidation(charges, (), "the usual charges that make the composition neutral")


#: Cost, charges, and the element that takes a mean or "".
_Answer = tuple[float, dict[str, float], str]


def _whole(amounts: Mapping[str, float], states: Mapping[str, list[float]]) -> list[_Answer]:
    scale = sum(amount * max(0.0, -min(states[element])) for element, amount in amounts.items())
    found: list[_Answer] = []
    for drawn in itertools.product(*(list(enumerate(states[element])) for element in amounts)):
        total = sum(amount * charge for amount, (_, charge) in zip(amounts.values(), drawn, strict=True))
        if abs(total) <= NEUTRAL * scale:
            cost = sum(amount * rank for amount, (rank, _) in zip(amounts.values(), drawn, strict=True))
            found.append((cost, {element: charge for element, (_, charge) in zip(amounts, drawn, strict=True)}, ""))
    return found


def _with_a_mean(amounts: Mapping[str, float], states: Mapping[str, list[float]]) -> list[_Answer]:
    found: list[_Answer] = []
    for free in (element for element in amounts if len(states[element]) > 1 and min(states[element]) > 0):
        others = [element for element in amounts if element != free]
        order = np.argsort(states[free])
        for drawn in itertools.product(*(list(enumerate(states[element])) for element in others)):
            total = sum(amounts[element] * charge for element, (_, charge) in zip(others, drawn, strict=True))
            mean = -total / amounts[free]
            if min(states[free]) <= mean <= max(states[free]):
                rank = float(np.interp(mean, np.array(states[free])[order], order))
                cost = amounts[free] * rank + sum(
                    amounts[element] * rank for element, (rank, _) in zip(others, drawn, strict=True)
                )
                charges = {element: charge for element, (_, charge) in zip(others, drawn, strict=True)}
                found.append((cost, {**charges, free: mean}, free))
    return found


def site_charges(structure: Structure, declared: Mapping[str, float] | None = None) -> NDArray[np.float64]:
    """Oxidation number of each site of a structure, shape (number of sites,).

    Parameters
    ----------
    structure
        The crystal. Charges of its sites are used where every site has one and nothing is declared.
    declared
        Element -> oxidation number.

    Raises
    ------
    StudyError
        As `oxidation_numbers`.
    """
    own = [site.charge for site in structure.sites]
    if declared is None and all(charge is not None for charge in own):
        return np.array([charge for charge in own if charge is not None], dtype=float)
    given = dict(declared or {})
    for site in structure.sites:
        if site.charge is not None and site.element not in given and math.isfinite(site.charge):
            same = {other.charge for other in structure.sites if other.element == site.element}
            if len(same) == 1:
                given[site.element] = site.charge
    found = oxidation_numbers(structure.composition, declared=given).charges
    return np.array([found.get(site.element, 0.0) for site in structure.sites], dtype=float)
