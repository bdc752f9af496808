"""What does a person declare for a design, and how sure are they: a number, an interval or a range?"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from interlith.errors import StudyError, UnitError
from interlith.units import convert, parse

Array = NDArray[np.float64]

_UNSIGNED = r"(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?"
_RANGE = re.compile(
    rf"^\s*(?P<low>[-\u2212]?{_UNSIGNED})(?:\s*[-\u2013]\s*(?P<high>{_UNSIGNED})|\s+to\s+(?P<other>[-\u2212]?{_UNSIGNED}))(?P<unit>\s*[^\d\s.].*)?$"
)


@dataclass(frozen=True, slots=True)
class Uncertain:
    """A declared number.

    Parameters
    ----------
    value, std, unit
        Value and standard uncertainty in `unit`; `std` is nan where nothing was said of it, 0 where it is declared exact.
    low, high
        Ends of a range, else value -+ std.
    shape
        ``normal``, ``uniform`` (a range of which nothing more is known) or ``exact`` (no uncertainty was given: propagated
        as exact, and every answer says so).
    """

    value: float
    std: float
    unit: str
    low: float
    high: float
    shape: Literal["normal", "uniform", "exact"]

    def sample(self, random: np.random.Generator, count: int) -> Array:
        """Draws of the number, shape (count,)."""
        if self.shape == "uniform":
            return random.uniform(self.low, self.high, count)
        if self.shape == "normal":
            return random.normal(self.value, self.std, count)
        return np.full(count, self.value)

    @property
    def size(self) -> float:
        """Standard uncertainty for propagation: ``inf`` where nothing is known of it."""
        return math.inf if math.isnan(self.std) else self.std

    def times(self, factor: float, unit: str) -> Uncertain:
        """The number multiplied by an exact positive one."""
        return Uncertain(
            self.value * factor, self.std * factor, unit, self.low * factor, self.high * factor, self.shape
        )


def uncertain(
    text: str | float | Sequence[str | float] | Uncertain, unit: str, what: str, *, positive: bool = True
) -> Uncertain:
    """Read a declared number.

    Parameters
    ----------
    text
        ``"0.255 +- 0.02 J/m^2"`` or ``"8.17(1) angstrom"`` (normal), ``"0.22-0.29 J/m^2"``, ``"1 to 2 nm"`` or a pair of these
        ends (uniform), ``"0.16 J/m^2"`` or a bare number in `unit` (nothing known of its uncertainty).
    unit
        The unit wanted.
    what
        Words for messages, such as ``the gain``.
    positive
        Whether zero and negative numbers are refused.

    Raises
    ------
    UnitError
        If it cannot be read, or is of another dimension.
    StudyError
        If it must be positive and is not, or a range falls.
    """
    if isinstance(text, Uncertain):
        return _checked(text.times(convert(1.0, text.unit, unit), unit) if text.unit != unit else text, what, positive)
    ends = _ends(text)
    if ends is not None:
        low, high = (_one(end, unit, what)[0] for end in ends)
        if not low < high:
            raise StudyError(f"{what} is {text}; a range must rise: write the smaller number first.")
        return _checked(
            Uncertain((low + high) / 2, (high - low) / math.sqrt(12), unit, low, high, "uniform"), what, positive
        )
    assert isinstance(text, (str, int, float))
    value, std = _one(text, unit, what)
    if math.isnan(std):
        return _checked(Uncertain(value, math.nan, unit, value, value, "exact"), what, positive)
    return _checked(Uncertain(value, std, unit, value - std, value + std, "normal" if std else "exact"), what, positive)


def _ends(text: str | float | Sequence[str | float]) -> tuple[str | float, str | float] | None:
    if isinstance(text, (list, tuple)):
        if len(text) != 2:
            raise StudyError(f"A range has two ends, not {len(text)}: {text}.")
        return text[0], text[1]
    if not isinstance(text, str):
        return None
    found = _RANGE.match(text)
    if found is None or "+-" in text or "\u00b1" in text:
        return None
    unit = found["unit"] or ""
    return f"{found['low']}{unit}", f"{found['high'] or found['other']}{unit}"


def _one(text: str | float, unit: str, what: str) -> tuple[float, float]:
    given = parse(text, what=what)
    if given.unit == "" and not isinstance(text, str):
        return given.value, given.std
    if given.unit == "" and unit not in ("", "1"):
        raise UnitError(f"{what} is '{text}' without a unit; write for instance '{text} {unit}'.")
    try:
        scale = abs(convert(1.0, given.unit, unit) - convert(0.0, given.unit, unit))
    except UnitError as error:
        raise UnitError(f"{what} is '{text}'; it needs the dimension of {unit}: {error}") from error
    return convert(given.value, given.unit, unit), given.std * scale


def _checked(found: Uncertain, what: str, positive: bool) -> Uncertain:
    if not math.isfinite(found.value):
        raise StudyError(f"{what} is not a number; write for instance '1 {found.unit}'.")
    if positive and not min(found.value, found.low if found.shape == "uniform" else found.value) > 0:
        raise StudyError(
            f"{what} is {found.low if found.shape == 'uniform' else found.value:g} {found.unit}; it must be positive."
        )
    return found
