"""Which words may stand under ``analyses: polarisation:``, and is what they say understood?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from interlith.errors import InterlithError, StudyError, nearest
from interlith.techniques.polarisation.records import declared

OPTIONS: dict[str, str] = {
    "blocks": "what the contacts block: ions (the steady current is electronic) or electrons (it is ionic); nothing in a file says it",
    "thickness": "of the pellet or layer, '0.50 +- 0.01 mm', or one for each specimen: {S1: 0.5 mm}",
    "diameter": "of the contacts, '10 +- 0.05 mm', instead of the area in measurements.csv; or one for each specimen",
    "lead_resistance": "of leads and contacts, '0.10 +- 0.02 ohm', taken off the resistance; or one for each specimen",
    "skip": "time after each step that is left out of the tail, for instance 1 s",
    "transference": "Bruce-Vincent: {before: 50 +- 2 ohm, after: 55 +- 2 ohm, total: 120 +- 2 ohm}; resistances of the interfaces, and of all of the cell where known",
}
UNITS = {"thickness": "m", "diameter": "m", "lead_resistance": "ohm", "skip": "s"}
BLOCKS = ("ions", "electrons")
TRANSFERENCE = ("before", "after", "total")


def check_options(options: Mapping[str, Any]) -> None:
    """Refuse words and values that are not understood.

    Raises
    ------
    StudyError
        The message names the word, what was found, and what is allowed.
    """
    for word, value in options.items():
        if word not in OPTIONS:
            raise StudyError(f"analyses: polarisation: '{word}' is unknown; {nearest(word, OPTIONS)}.")
        wrong = "" if value is None else _wrong(word, value)
        if wrong:
            raise StudyError(f"analyses: polarisation: {word}: {wrong}.")


def _wrong(word: str, value: Any) -> str:
    if word == "blocks":
        return "" if value in BLOCKS else f"'{value}' is unknown; {nearest(str(value), BLOCKS)}"
    if word == "transference":
        if not isinstance(value, Mapping):
            return f"'{value}' is no list of words in braces"
        unknown = [name for name in value if name not in TRANSFERENCE]
        if unknown:
            return f"'{unknown[0]}' is unknown; {nearest(str(unknown[0]), TRANSFERENCE)}"
        missing = [name for name in ("before", "after") if value.get(name) is None]
        if missing:
            return f"it lacks {' and '.join(missing)}, the resistances of the interfaces (ohm)"
        return next((wrong for one in value.values() if one is not None and (wrong := _number("ohm")(one))), "")
    given = list(value.values()) if isinstance(value, Mapping) else [value]
    return next((wrong for one in given if (wrong := _number(UNITS[word])(one))), "")


def _number(unit: str) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        try:
            declared(value, unit, "it")
        except InterlithError as error:
            return str(error).rstrip(".")
        return ""

    return check


def of_sample(options: Mapping[str, Any], word: str, sample: str) -> tuple[float, float] | None:
    """A declared number of a specimen in its inside unit and its standard uncertainty; `None` where none is declared."""
    value = options.get(word)
    if isinstance(value, Mapping):
        value = value.get(sample)
    return None if value is None else declared(value, UNITS[word], word)
