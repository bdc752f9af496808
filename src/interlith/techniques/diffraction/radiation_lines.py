"""Which wavelengths does a pattern have: as its file says, as a tube gives them, or as a person says?"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from interlith.errors import StudyError

#: K-alpha 2 over K-alpha 1 of a tube: the statistical weights of the two levels. Files state 0.5 or measured values near it.
USUAL_RATIO = 0.5
#: Wavelengths that agree to this (relative) are one; the scales of Bearden 1967 and of today differ by up to 3e-5.
ONE_WAVELENGTH = 1e-5
#: Wavelengths that differ by more (relative) are of different instruments: no calibration moves one so far.
SAME_INSTRUMENT = 1e-3
#: A wavelength this close (relative) to a line of a tube, or to the mean of its doublet, is that; the two are 8e-4 apart for Cu.
_LINE = 2e-4
_TUBE = re.compile(r"(?P<anode>[A-Z][a-z])(?P<line>[\s_-]*[Kk][\s_-]*(alpha|a|α)[\s_-]*(?P<one>1?))?$")


@dataclass(frozen=True, slots=True)
class Lines:
    """Wavelengths and what was assumed of them.

    Parameters
    ----------
    wavelengths
        None, one, or two of a doublet, the stronger first (angstrom).
    ratio
        I(2) / I(1); 0 for one wavelength.
    notes
        Sentences on what was taken of several statements.
    assumed
        Sentences on what no one said.
    """

    wavelengths: tuple[float, ...] = ()
    ratio: float = 0.0
    notes: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()


@cache
def anodes() -> Mapping[str, tuple[float, float]]:
    """Anode -> K-alpha 1 and K-alpha 2 (angstrom)."""
    text = (resources.files("interlith.reference") / "characteristic_lines.toml").read_text(encoding="utf-8")
    return {name: (first, second) for name, (first, second) in tomllib.loads(text)["k_alpha"].items()}


def tube_lines(word: str) -> Lines | None:
    """Lines of a tube that a word names: ``Cu``, ``Cu K-alpha`` or ``CuKa`` for the doublet, ``CuKa1`` for K-alpha 1 alone.

    Returns
    -------
    `None` where the word is no such name.
    """
    found = _TUBE.match(word.strip())
    if found is None or found["anode"] not in anodes():
        return None
    first, second = anodes()[found["anode"]]
    if found["one"]:
        return Lines((first,))
    said = f"The K-alpha 2 line of {found['anode']} was taken for half as strong as K-alpha 1, which the levels' weights give."
    return Lines((first, second), USUAL_RATIO, assumed=(said,))


def anode_of(wavelength: float) -> str:
    """Anode whose K-alpha 1, or mean of the doublet, a wavelength (angstrom) is; nothing where it is none."""
    for name, (first, second) in anodes().items():
        if any(_near(wavelength, one) < _LINE for one in (first, _mean(first, second))):
            return name
    return ""


def said_lines(words: Mapping[str, Any], where: str) -> Lines:
    """Wavelengths by the words of a file.

    Parameters
    ----------
    words
        Of ``metadata["instrument"]``: ``wavelengths``, ``ratio``, ``anode``.
    where
        Which file says it, for sentences.

    Notes
    -----
    Where a file names an anode and no wavelength, or the mean of the doublet as the only one, both lines are taken.
    """
    given = tuple(float(one) for one in words.get("wavelengths", ()) or ())[:2]
    ratio = words.get("ratio")
    anode = str(words.get("anode", ""))
    if len(given) == 2:
        if ratio is None:
            said = f"{where} names two wavelengths and not their ratio; the second was taken for half as strong."
            return Lines(given, USUAL_RATIO, assumed=(said,))
        return Lines(given, float(ratio)) if float(ratio) > 0 else Lines(given[:1])
    known = anodes().get(anode)
    if known is None or (given and _near(given[0], _mean(*known)) > _LINE):
        return Lines(given)
    how = f"the mean wavelength of {anode} K-alpha, {given[0]:g} angstrom," if given else f"the anode {anode}"
    said = f"{where} names {how} and no single lines; {listed(known)} angstrom were taken, the second half as strong."
    return Lines(known, USUAL_RATIO if ratio is None else float(ratio), assumed=(said,))


def agreed_lines(first: Lines, second: Lines, names: tuple[str, str]) -> Lines:
    """The first of two statements, or the second where the first says nothing.

    Parameters
    ----------
    first, second
        As the instrument file and the data file say.
    names
        Who says them, for sentences.

    Raises
    ------
    StudyError
        If they are of different instruments.
    """
    if not first.wavelengths or not second.wavelengths:
        return first if first.wavelengths else second
    away = _near(second.wavelengths[0], first.wavelengths[0])
    told = f"{names[0]} says {listed(first.wavelengths)} and {names[1]} {listed(second.wavelengths)} angstrom"
    if away > SAME_INSTRUMENT:
        raise StudyError(
            f"{told}: two instruments. Name the instrument file of this measurement, or the wavelength (angstrom)."
        )
    differ = away > ONE_WAVELENGTH or len(first.wavelengths) != len(second.wavelengths)
    said = (f"{told}; the former was taken.",) if differ else ()
    return Lines(first.wavelengths, first.ratio, (*first.notes, *said), first.assumed)


def asked_lines(found: Lines, wavelength: float | None) -> Lines:
    """Wavelengths as a person asks for them, else as they were found.

    Parameters
    ----------
    found
        What files say.
    wavelength
        Of the stronger line (angstrom); a doublet that files name keeps the distance and ratio of its lines.

    Raises
    ------
    StudyError
        If it is no wavelength.
    """
    if wavelength is None:
        return found
    if not 0 < wavelength < 100:
        raise StudyError(f"A wavelength is between 0 and 100 angstrom; got {wavelength:g}.")
    if found.wavelengths and _near(wavelength, found.wavelengths[0]) <= SAME_INSTRUMENT:
        factor = wavelength / found.wavelengths[0]
        scaled = (wavelength, *(one * factor for one in found.wavelengths[1:]))
        differs = abs(factor - 1) > ONE_WAVELENGTH
        said = (f"The wavelength asked for, {wavelength:g} angstrom, replaces {found.wavelengths[0]:g}.",) * differs
        return Lines(scaled, found.ratio, (*found.notes, *said), found.assumed)
    if found.wavelengths:
        said = (f"The wavelength asked for, {wavelength:g} angstrom, replaces {listed(found.wavelengths)}.",)
        return Lines((wavelength,), 0.0, said)
    return Lines((wavelength,))


def alone(wavelength: float) -> tuple[str, ...]:
    """Sentence on the missing K-alpha 2 where one wavelength (angstrom) of a tube is all that is known; nothing for others."""
    anode = anode_of(wavelength)
    if not anode:
        return ()
    return (
        f"{wavelength:.7g} angstrom is the radiation of a {anode} tube and no one names K-alpha 2; none was taken. Name the instrument "
        f"'{anode}' where it was not filtered out.",
    )


def listed(wavelengths: Sequence[float]) -> str:
    """Wavelengths as words."""
    return " and ".join(f"{one:.7g}" for one in wavelengths)


def _mean(first: float, second: float) -> float:
    return (first + USUAL_RATIO * second) / (1 + USUAL_RATIO)


def _near(one: float, other: float) -> float:
    return abs(one / other - 1)
