"""How is a number with its uncertainty written, so that nobody reads more into it than was measured?"""

from __future__ import annotations

import math
import re
from decimal import ROUND_HALF_EVEN, Decimal

UNKNOWN = "uncertainty unknown"
RESOLUTION = "resolution only"
#: A relative standard uncertainty below this is a resolution, not an accuracy: no cycler is calibrated so well, and its
#: digits would be read as if it were.
NEGLIGIBLE = 1e-5
NOTHING = "—"
#: Outside of 10^-4 ... 10^6 a power of ten is split off.
SMALL, LARGE = -4, 6
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_EXPONENT = re.compile(r"\^\(?(-?\d+)\)?")
_ACRONYMS = {
    "dqdv": "dQ/dV", "dvdq": "dV/dQ", "cv": "CV", "cc": "CC", "eis": "EIS", "gitt": "GITT", "one": "1", "ice": "ICE",
    "soc": "SOC", "xrd": "XRD",
}  # fmt: skip


def with_uncertainty(value: float | None, std: float | None, unit: str = "", *, flag: str = "") -> str:
    """Write a value with its standard uncertainty, both to the second significant digit of the uncertainty.

    Parameters
    ----------
    value
        In `unit`; `None` (or not a number) becomes a dash with its flag.
    std
        Standard uncertainty in `unit`; `None` or infinite is said in words, never taken for zero.
    unit
        As shown; ``1`` and the empty unit are not written.
    flag
        Words that explain a missing value.

    Notes
    -----
    An uncertainty below `NEGLIGIBLE` of the value is the resolution of a counter only: five digits are shown, and said
    to be no more than that.

    Examples
    --------
    >>> with_uncertainty(131.42, 2.64, "mAh/g")
    '131.4 ± 2.6 mAh/g'
    >>> with_uncertainty(0.3236199021, 4.9e-9, "mAh")
    '0.32362 mAh (resolution only)'
    >>> with_uncertainty(48.1, float("inf"), "ohm")
    '48.10 Ω (uncertainty unknown)'
    >>> with_uncertainty(None, None, "%", flag="incomplete half-cycle")
    '— (incomplete half-cycle)'
    """
    if value is None or not math.isfinite(value):
        return f"{NOTHING} ({flag})" if flag else NOTHING
    tail = unit_text(unit)
    if std is None or not math.isfinite(std):
        return f"{significant(value, 4)}{tail} ({UNKNOWN})"
    if std == 0:
        return f"{significant(value, 6)} ± 0{tail}"
    if std < NEGLIGIBLE * abs(value):
        return f"{significant(value, 5)}{tail} ({RESOLUTION})"
    power = power_of_ten(max(abs(value), std))
    scale = power if power < SMALL or power >= LARGE else 0
    digits = 1 - power_of_ten(_round(std, 1 - power_of_ten(std))) + scale
    body = f"{fixed(value, digits, scale)} ± {fixed(std, digits, scale)}"
    if scale:
        return f"({body}) × 10{str(scale).translate(_SUPERSCRIPT)}{tail}"
    return f"{body}{tail}"


def significant(value: float | None, digits: int = 4) -> str:
    """A number to some significant digits, without uncertainty, in positional notation where that is readable."""
    if value is None or math.isnan(value):
        return NOTHING
    if math.isinf(value):
        return "−∞" if value < 0 else "∞"
    if value == 0:
        return "0"
    power = power_of_ten(_round(value, digits - 1 - power_of_ten(value)))
    scale = power if power < SMALL or power >= LARGE else 0
    body = fixed(value, digits - 1 - power + scale, scale)
    return f"{body} × 10{str(scale).translate(_SUPERSCRIPT)}" if scale else body


def interval_text(low: float | None, high: float | None, unit: str = "", *, level: float = 0.95) -> str:
    """An interval to two significant digits of its half width: ``95 % interval 1.2 to 4.8 %``; open ends in words."""
    if low is None or high is None or math.isnan(low) or math.isnan(high):
        return "no interval"
    name = f"{100 * level:.4g} % interval"
    if math.isinf(low) and math.isinf(high):
        return f"{name} unknown"
    width = (high - low) / 2
    if math.isinf(width) or width == 0:
        ends = (significant(low, 4), significant(high, 4))
    else:
        digits = 1 - power_of_ten(width)
        power = power_of_ten(max(abs(low), abs(high), width))
        scale = power if power < SMALL or power >= LARGE else 0
        ends = (fixed(low, digits + scale, scale), fixed(high, digits + scale, scale))
        if scale:
            return f"{name} ({ends[0]} to {ends[1]}) × 10{str(scale).translate(_SUPERSCRIPT)}{unit_text(unit)}"
    return f"{name} {ends[0]} to {ends[1]}{unit_text(unit)}"


def unit_text(unit: str | None) -> str:
    """A unit as it follows a number, with its space: ``" mAh/g"``, ``""`` for plain numbers."""
    if unit in (None, "", "1"):
        return ""
    return " " + pretty_unit(str(unit))


def pretty_unit(unit: str) -> str:
    """A unit with true exponents: ``mAh/cm^2`` -> ``mAh/cm²``, ``degC`` -> ``°C``."""
    text = _EXPONENT.sub(lambda found: found[1].translate(_SUPERSCRIPT), unit)
    return text.replace("degC", "°C").replace("ohm", "Ω")


def title(quantity: str) -> str:
    """A quantity as people say it: ``initial_coulombic_efficiency`` -> ``Initial coulombic efficiency``."""
    words = [_ACRONYMS.get(word, word) for word in quantity.replace("-", "_").split("_") if word]
    text = " ".join(words)
    return text[:1].upper() + text[1:] if text[:2] not in ("dQ", "dV") else text


def state_text(name: str | None, value: float | None, unit: str | None = "") -> str:
    """``cycle 200``, ``voltage 4.7 V``."""
    if not name or value is None:
        return ""
    tail = f" {pretty_unit(unit)}" if unit and unit != "1" else ""
    number = f"{value:.0f}" if float(value).is_integer() and abs(value) < 1e9 else significant(value, 4)
    return f"{name.replace('_', ' ')} {number}{tail}"


def bytes_text(size: int) -> str:
    """A file size: ``4.2 MB``."""
    number, names = float(size), ("B", "kB", "MB", "GB", "TB")
    place = 0
    while number >= 1000 and place < len(names) - 1:
        number, place = number / 1000, place + 1
    return f"{number:.0f} {names[place]}" if place == 0 else f"{number:.3g} {names[place]}"


def power_of_ten(value: float) -> int:
    return math.floor(math.log10(abs(value))) if value else 0


def _round(value: float, digits: int) -> float:
    return float(_decimal(value, digits))


def _decimal(value: float, digits: int) -> Decimal:
    return Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_EVEN)


def fixed(value: float, digits: int, scale: int) -> str:
    """Decimal text with a true minus; ``digits`` below zero rounds to tens and hundreds."""
    number = _decimal(float(Decimal(repr(float(value))).scaleb(-scale)), digits)
    text = f"{number:.{max(digits, 0)}f}"
    if float(text) == 0:
        text = text.lstrip("-")
    return text.replace("-", "−")
