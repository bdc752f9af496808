"""Which words may stand under ``analyses: diffraction:``, and is what they say understood?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from interlith.errors import InterlithError, StudyError, nearest
from interlith.techniques.diffraction import refinement_words
from interlith.techniques.diffraction.named_files import crystals
from interlith.techniques.diffraction.option_values import quantity, span

#: Words under ``expansion:``.
EXPANSION_WORDS = ("reference", "of", "per_lithium", "formulas", "degree")

OPTIONS: dict[str, str] = {
    "against": "state that a series runs along: test_time, temperature, voltage, dose, cycle, or pattern for the order of the files; the likeliest by default",
    "limits": "part of the patterns that is used: [20 deg, 80 deg]",
    "masks": "ranges left out, in all patterns or in some: {all: [[35.8 deg, 36.2 deg]], 12: [[40 deg, 41 deg]]}, patterns numbered from 0",
    "skip": "numbers of patterns left out, from 0: [17, 18]",
    "wavelength": "wavelength where the files do not say it: 1.5406 angstrom",
    "peaks": "on: search and track peaks without naming them; each: also list the peaks of every pattern by itself",
    "tracks": "peaks to be tracked, each with the angle where it begins: {'003': 18.7 deg, '101': 36.6 deg}",
    "cell": "crystal system by which edges follow from named tracks: cubic, tetragonal, hexagonal or orthorhombic",
    "candidates": "structures ranked against the peaks of the first pattern: [LNMO.cif, LaNiO3.cif], or shipped for all shipped ones",
    "expansion": "cell on heating against that of a reference specimen: {reference: LLTO, of: cell_volume, per_lithium: 1.1 +- 0.2 angstrom^3, formulas: 2}",
    "widths": "narrowest and widest full width of a peak: [0.05 deg, 1 deg]",
    **refinement_words.SENTENCES,
}


def plain(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options as numbers in inside units (deg, angstrom), as the steps take them; words of others unchanged.

    Parameters
    ----------
    options
        As a study writes them, or a verb in a notebook: texts with units or bare numbers in inside units.

    Raises
    ------
    StudyError
        If a value is not understood: the message names the word, what was found, and what is allowed.
    """
    return {
        word: _READ[word](value) if word in _READ and value is not None else value for word, value in options.items()
    }


def check_options(options: Mapping[str, Any]) -> None:
    """Refuse words and values that are not understood.

    Raises
    ------
    StudyError
        The message names the word, what was found, and what is allowed.
    """
    for word, value in options.items():
        if word not in OPTIONS:
            raise StudyError(f"analyses: diffraction: '{word}' is unknown; {nearest(word, OPTIONS)}.")
        if value is None or word not in _READ:
            continue
        try:
            _READ[word](value)
        except InterlithError as error:
            raise StudyError(f"analyses: diffraction: {error}") from error
    try:
        refinement_words.check(plain(options))
    except InterlithError as error:
        raise StudyError(f"analyses: diffraction: {error}") from error


def _angles(value: Any) -> dict[str, float]:
    if not isinstance(value, Mapping) or not value:
        raise StudyError(f"tracks is '{value}'; name each peak with the angle where it begins, {{'003': 18.7 deg}}.")
    found = {str(name): quantity(one, "deg", f"tracks: {name}") for name, one in value.items()}
    wrong = next((name for name, one in found.items() if not 0 < one < 180), None)
    if wrong is not None:
        raise StudyError(f"tracks: {wrong} is {found[wrong]:g} deg; two theta lies between 0 and 180 deg.")
    return found


def _masks(value: Any) -> dict[int, tuple[tuple[float, float], ...]]:
    if not isinstance(value, Mapping):
        raise StudyError(f"masks is '{value}'; write {{all: [[35.8 deg, 36.2 deg]]}}.")
    found = {}
    for name, ranges in value.items():
        text = str(name)
        if text != "all" and not text.lstrip("-").isdigit():
            raise StudyError(f"masks: '{name}' is no number of a pattern; write all or a number from 0.")
        if not isinstance(ranges, (list, tuple)):
            raise StudyError(f"masks: {name} is '{ranges}'; write ranges in brackets, [[35.8 deg, 36.2 deg]].")
        found[-1 if text == "all" else int(text)] = tuple(span(one, f"masks: {name}") for one in ranges)
    return found


def _numbers(value: Any) -> tuple[int, ...]:
    if not isinstance(value, (list, tuple)) or not all(isinstance(one, int) and one >= 0 for one in value):
        raise StudyError(f"skip is '{value}'; write numbers of patterns from 0 in brackets, [17, 18].")
    return tuple(value)


def _wavelength(value: Any) -> float:
    found = quantity(value, "angstrom", "wavelength")
    if not 0 < found < 100:
        raise StudyError(f"wavelength is {found:g} angstrom; write one such as '1.5406 angstrom'.")
    return found


def _word(word: str, allowed: tuple[str, ...]) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if str(value) not in allowed:
            raise StudyError(f"{word} is '{value}'; {nearest(str(value), allowed)}.")
        return value

    return read


def _switch(value: Any) -> Any:
    if value not in (True, False, "on", "off", "each"):
        raise StudyError(f"peaks is '{value}'; write on, each or off.")
    return value


def _candidates(value: Any) -> Any:
    if value not in (True, False, "on", "off", "shipped"):
        crystals(value, "candidates")
    return value


def _expansion(value: Any) -> Any:
    if not isinstance(value, Mapping) or "reference" not in value:
        raise StudyError(
            f"expansion is '{value}'; name the specimen that only expands, {{reference: LLTO, of: cell_volume}}."
        )
    for word, given in value.items():
        if word not in EXPANSION_WORDS:
            raise StudyError(f"expansion: '{word}' is unknown; {nearest(str(word), EXPANSION_WORDS)}.")
        if word in ("formulas", "degree") and (
            not isinstance(given, (int, float)) or isinstance(given, bool) or given <= 0
        ):
            raise StudyError(f"expansion: {word} is '{given}'; write a number above 0.")
    return value


_READ: dict[str, Callable[[Any], Any]] = {
    "limits": lambda value: span(value, "limits"),
    "masks": _masks,
    "skip": _numbers,
    "wavelength": _wavelength,
    "peaks": _switch,
    "tracks": _angles,
    "cell": _word("cell", ("cubic", "tetragonal", "hexagonal", "orthorhombic")),
    "candidates": _candidates,
    "expansion": _expansion,
    "widths": lambda value: span(value, "widths"),
    **refinement_words.READ,
}
