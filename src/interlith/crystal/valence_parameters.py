"""Which numbers turn the length of a bond into its valence?"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from interlith.crystal.radii import ion_of, parse_ion
from interlith.errors import StudyError, nearest


@dataclass(frozen=True, slots=True)
class Pair:
    """Bond-valence parameters of a cation and an anion: s = exp((r0 - R) / b).

    Parameters
    ----------
    cation, anion
        Ions, such as ``Mn4+`` and ``O2-``.
    r0, b
        Length of a bond of valence one, and softness (angstrom).
    source
        Short name of the source; `sources` spells it out.
    few
        Whether the source fitted few structures or assumed one of the two numbers.
    """

    cation: str
    anion: str
    r0: float
    b: float
    source: str
    few: bool = False


@cache
def document() -> dict[str, Any]:
    """The table as it is shipped."""
    text = (resources.files("interlith.reference") / "bond_valence.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def sources() -> dict[str, str]:
    """Short name of a source -> the reference."""
    return dict(document()["sources"])


def usual_charges(element: str) -> list[float]:
    """Charges that an element takes in oxides and halides, the usual one first.

    Raises
    ------
    StudyError
        If the element is not in the table.
    """
    rows: Mapping[str, list[float]] = document()["charges"]
    if element not in rows:
        raise StudyError(
            f"The usual charges of {element} are not in the table; declare its charge. Known: {', '.join(rows)}."
        )
    return [float(charge) for charge in rows[element]]


def pair(cation: str, anion: str, *, source: str | None = None) -> Pair:
    """Bond-valence parameters of a cation and an anion.

    Parameters
    ----------
    cation, anion
        Ions, such as ``Li+`` and ``O2-``.
    source
        Short name of a source (``GH15``, ``BA85``, ``BO91``); by default the first that has the pair.

    Raises
    ------
    StudyError
        If there are none.
    """
    element, charge = parse_ion(cation)
    partner, negative = parse_ion(anion)
    if charge < 0 or negative > 0:
        raise StudyError(f"{cation} and {anion} are no pair of a cation and an anion; give them in this order.")
    tables: Mapping[str, Mapping[str, list[list[Any]]]] = document()["parameters"]
    if partner not in tables:
        raise StudyError(f"There are no bond-valence parameters with {anion}; {nearest(partner, tables)}.")
    table = tables[partner]
    name = ion_of(element, charge)
    sets = table.get(name) or table.get(element)
    if not sets:
        same = [ion for ion in table if ion.rstrip("+0123456789") == element]
        raise StudyError(
            f"There are no bond-valence parameters of {name} with {anion}; of {element} there are "
            f"{', '.join(same) or 'none'}, all cations: {', '.join(table)}."
        )
    for r0, b, words in sets:
        key, _, few = str(words).partition(" ")
        if source is None or key == source:
            return Pair(name, anion, float(r0), float(b), key, bool(few))
    there = ", ".join(str(words) for _, _, words in sets)
    raise StudyError(f"Source '{source}' has no parameters of {name} with {anion}; those that have: {there}.")


def ideal_length(parameters: Pair, valence: float) -> float:
    """Length (angstrom) of a bond of some valence: R = r0 - b ln s.

    Raises
    ------
    StudyError
        If the valence is not positive.
    """
    if not valence > 0:
        raise StudyError(
            f"A bond of valence {valence:g} has no length; give a positive one, such as charge / neighbours."
        )
    return parameters.r0 - parameters.b * math.log(valence)
