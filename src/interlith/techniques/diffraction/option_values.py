"""How is a single value of an option read: a number with its unit, a range, names with numbers?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from interlith.errors import StudyError, UnitError, nearest
from interlith.units import convert, parse


def quantity(value: Any, unit: str, what: str) -> float:
    """A number with unit, or a bare one in inside units.

    Raises
    ------
    StudyError
        If it is none, or its unit is of another dimension.
    """
    if isinstance(value, bool) or value is None:
        raise StudyError(f"{what} is '{value}'; write a number such as '1 {unit}'.")
    try:
        given = parse(value, what=what)
        return convert(given.value, given.unit, unit) if given.unit else given.value
    except UnitError as error:
        said = str(error)
        raise StudyError(said if said.startswith(what) else f"{what}: {said}") from error


def span(value: Any, what: str) -> tuple[float, float]:
    """Two ascending angles (deg).

    Raises
    ------
    StudyError
        If they are not two, or do not ascend.
    """
    if not isinstance(value, (list, tuple)) or len(value) != 2:
        raise StudyError(f"{what} is '{value}'; write two angles in brackets, [20 deg, 80 deg].")
    low, high = (quantity(one, "deg", what) for one in value)
    if not low < high:
        raise StudyError(f"{what} runs from {low:g} to {high:g} deg; the first must be the smaller.")
    return low, high


def words_of(value: Any, allowed: tuple[str, ...], what: str) -> Mapping[str, Any]:
    """A mapping whose keys are all allowed.

    Raises
    ------
    StudyError
        If it is no mapping, or a key is not allowed.
    """
    if not isinstance(value, Mapping):
        raise StudyError(f"{what} is '{value}'; write words with values, of {', '.join(allowed)}.")
    for word in value:
        if word not in allowed:
            raise StudyError(f"{what}: '{word}' is unknown; {nearest(str(word), allowed)}.")
    return value


def number(value: Any, what: str) -> float:
    """A bare number.

    Raises
    ------
    StudyError
        If it is none.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise StudyError(f"{what} is '{value}'; write a number.")
    return float(value)


def texts(value: Any, what: str) -> tuple[str, ...]:
    """One text, or several in brackets.

    Raises
    ------
    StudyError
        If it is something else.
    """
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, (list, tuple)) or not all(isinstance(one, str) for one in listed):
        raise StudyError(f"{what} is '{value}'; write names in brackets.")
    return tuple(listed)
