"""What does a printed number or range say, and how far was it rounded?"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from interlith.errors import UnitError, nearest
from interlith.evidence.auditing.amounts import base_factor
from interlith.units import Value, parse

LAST_DIGIT, NONE = "last printed digit", "none"
LONGEST = 300
_WHOLE = re.compile(r"^\s*[-+\u2212]?\d+(?![\d.eE(])")
_NULLS = ("", "~", "null", "Null", "NULL", "?")
_NUMBER = r"[-+\u2212]?(?:\d+(?:\.\d+)?|\.\d+|\d+\.(?!\.))(?:[eE][-+\u2212]?\d+)?(?:\(\d+\))?"
#: Between the ends of a range: hyphens, dashes, a minus sign (as many print it), dots, or the word.
_DASH = r"[-\u2010\u2011\u2012\u2013\u2014\u2212]"
_SPACED = rf"\s+{_DASH}\s+|\s*(?:\.{{2,3}}|\u2026)\s*|\s+to\s+"
_UNIT = r"[^\s\d.\u2026][^\s.\u2026]{0,40}(?:\s[^\s\d.\u2026\u2010-\u2014\u2212-][^\s.\u2026]{0,40}){0,4}"
_RANGE = re.compile(
    rf"^\s*(?P<low>{_NUMBER})(?:{_DASH}|{_SPACED})(?P<high>{_NUMBER}(?![\d.]))\s*(?P<unit>[^\d].*)?$", re.DOTALL
)
_WITH_BOTH_UNITS = re.compile(
    rf"^\s*(?P<low>{_NUMBER})\s*(?P<first>{_UNIT}?)(?:{_SPACED})(?P<high>{_NUMBER}(?![\d.]))\s*(?P<unit>[^\d].*)$",
    re.DOTALL,
)
#: A dash close to the second number only, a tilde, or a unit twice with the dash close to both: meant as a range, or not?
_LIKE_A_RANGE = re.compile(
    rf"^\s*{_NUMBER}(?:\s+{_DASH}{_NUMBER}\s|\s*~\s*\d|\s*(?P<twice>[^\s\d.][^\s.]{{0,40}}){_DASH}{_NUMBER}\s*(?P=twice)\s*$)"
)


@dataclass(frozen=True, slots=True)
class Printed:
    """A printed number: value in `unit`, standard uncertainty if printed, half-width of its rounding otherwise.

    `value` is nan where the source gives none. `whole` marks a number without decimal point, taken as exact. A range
    has `ends`, each a printed number of its own, and as `value` the middle.
    """

    text: str
    value: float
    unit: str
    std: float
    half: float
    whole: bool
    statement: str = ""
    ends: tuple[Printed, Printed] | None = None

    @property
    def missing(self) -> bool:
        """Whether the source gives no number."""
        return math.isnan(self.value)


def read_printed(text: str, rounding: str, *, what: str, statement: str = "") -> Printed:
    """A printed number, or range of numbers, with the uncertainty that its digits imply.

    A printed standard uncertainty stands for itself. Without one, a number with a decimal point (or an exponent) was
    rounded by at most half of its last digit; a whole number is nominal (a 10 mm die, 60 parts) and taken as exact. The
    ends of a range, ``0.22-0.29 J/m^2`` or ``380 degC .. 450 degC``, are rounded each for itself.

    Raises
    ------
    UnitError
        If it is no number with a unit, a range runs downwards, or the rounding is none of the allowed ones.
    """
    if text.strip() in _NULLS:
        return Printed(text, math.nan, "", math.nan, 0.0, False, statement)
    if len(text) > LONGEST:
        raise UnitError(f"{what} has {len(text)} characters; a printed number has at most {LONGEST}")
    found = _ends(text)
    if found is None:
        if _LIKE_A_RANGE.match(text):
            raise UnitError(
                f"{what} is '{text}', which may be a range; write '10-20 nm', '10 - 20 nm' or '10 nm .. 20 nm', "
                "with the dash close to both numbers or to neither"
            )
        return _number(text, _parsed(text, what), rounding, statement)
    return _range(text, found, rounding, what, statement)


def _parsed(text: str, what: str) -> Value:
    try:
        return parse(text, what=what)
    except OverflowError as error:
        raise UnitError(f"{what} is '{text}', which is too large a number to be read") from error


def _ends(text: str) -> tuple[str, str, str, str] | None:
    """Lower end, upper end and the unit of each, if the text is a range."""
    found = _RANGE.match(text)
    if found is not None:
        unit = (found["unit"] or "").strip()
        return found["low"], found["high"], unit, unit
    found = _WITH_BOTH_UNITS.match(text)
    return None if found is None else (found["low"], found["high"], found["first"].strip(), found["unit"].strip())


def _range(text: str, found: tuple[str, str, str, str], rounding: str, what: str, statement: str) -> Printed:
    low_text, high_text, low_unit, unit = found
    low, high = _parsed(f"{low_text} {low_unit}", what), _parsed(f"{high_text} {unit}", what)
    ends = _number(low_text, low, rounding, ""), _number(high_text, high, rounding, "")
    first = low.value if low_unit == unit else low.to(unit).value
    if not first < high.value:
        raise UnitError(
            f"{what} is '{text}', a range whose first end is not below its second; write the smaller number first, "
            "or, where one number is meant, without the dash"
        )
    whole = ends[0].whole and ends[1].whole
    return Printed(text, 0.5 * (first + high.value), unit, math.nan, 0.0, whole, statement, ends)


def _number(text: str, value: Value, rounding: str, statement: str) -> Printed:
    base_factor(value.unit)
    whole = bool(_WHOLE.match(text))
    half = 0.0
    if math.isnan(value.std):
        half, whole = _half_width(text, rounding, value, whole)
    return Printed(text, value.value, value.unit, value.std, half, whole and math.isnan(value.std), statement)


def _half_width(text: str, rounding: str, value: Value, whole: bool) -> tuple[float, bool]:
    if rounding == LAST_DIGIT:
        return (0.0 if whole else value.resolution / 2), whole
    if rounding == NONE:
        return 0.0, False
    try:
        size = parse(rounding, what="the rounding")
    except UnitError:
        raise UnitError(
            f"the rounding of '{text}' is '{rounding}'; {nearest(rounding, (LAST_DIGIT, NONE))}, or a half-width such as "
            "0.5 % or 0.05 mAh/g"
        ) from None
    if size.unit == "%" and value.unit != "%":
        return abs(value.value) * size.value / 100, False
    return abs(size.to(value.unit).value if size.unit else size.value), False
